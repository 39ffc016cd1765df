#include "sales/sales.h"

/* Amounts keep four decimals, as some systems export them (957.5775): nothing
** is rounded on the way in, figures are rounded half to even when shown. */
enum { AMOUNT_SCALE = 4 };

static const struct field fields[] = {
  {
      .name = "order_id",
      .kind = FIELD_TEXT,
      .synonyms = "order id|order no|order number|order nr|order num|order #|order ref|order reference|"
                  "order code|orderid|order|sales order|sales order no|sales order number|so number|"
                  "so no|invoice no|invoice id|invoice number|invoice #|invoice|bill no|bill number|"
                  "receipt no|receipt number|transaction id|document no|doc no|bestellnummer|bestell nr|"
                  "bestellnr|auftragsnummer|auftrags nr|auftragsnr|auftrag|belegnummer|beleg nr|"
                  "rechnungsnummer|numero de pedido|nro pedido|n pedido|pedido|id pedido|"
                  "numero de factura|factura|numero de commande|no commande|n commande|commande|"
                  "id commande|numero facture|facture|numero ordine|n ordine|ordine|id ordine|"
                  "numero fattura|numero do pedido|nota fiscal|ऑर्डर आईडी|ऑर्डर नंबर|आदेश संख्या",
  },
  {
      .name = "order_date",
      .kind = FIELD_DATE,
      .essential = true,
      .group = true,
      .synonyms = "order date|date|ordered on|order day|ordered|ordered at|order placed|date of order|"
                  "sale date|sales date|date of sale|sold on|invoice date|bill date|billing date|"
                  "transaction date|posting date|document date|created date|bestelldatum|auftragsdatum|"
                  "rechnungsdatum|belegdatum|verkaufsdatum|buchungsdatum|datum|fecha de pedido|"
                  "fecha pedido|fecha de venta|fecha venta|fecha factura|fecha|date de commande|"
                  "date commande|date de vente|date facture|data ordine|data dell ordine|data vendita|"
                  "data fattura|data do pedido|data pedido|data da venda|data|ऑर्डर दिनांक|ऑर्डर तिथि|"
                  "दिनांक|तारीख",
  },
  {
      .name = "region",
      .kind = FIELD_CODE,
      .group = true,
      .synonyms = "sales region|region name|zone|area|territory|sales territory|sales area|market|"
                  "district|gebiet|verkaufsgebiet|vertriebsgebiet|absatzgebiet|zona|zona de ventas|"
                  "territorio|secteur|zone de vente|regione|area vendite|regiao|zona de vendas|क्षेत्र|"
                  "ज़ोन",
  },
  {
      .name = "product",
      .kind = FIELD_CODE,
      .group = true,
      .synonyms = "product name|product title|product description|item|item name|item description|"
                  "article|article name|article description|description|goods|material|"
                  "material description|sku name|product category|category|product group|produkt|"
                  "produktname|produktbezeichnung|artikel|artikelname|artikelbezeichnung|bezeichnung|"
                  "ware|producto|nombre del producto|nombre producto|articulo|descripcion|produit|"
                  "nom du produit|libelle|designation|prodotto|nome prodotto|articolo|descrizione|"
                  "produto|nome do produto|descricao|उत्पाद|वस्तु|उत्पाद का नाम",
  },
  {
      .name = "quantity",
      .kind = FIELD_DECIMAL,
      .scale = AMOUNT_SCALE,
      .essential = true,
      .total = true,
      .synonyms = "qty|quantity sold|quantity ordered|qty sold|qty ordered|order quantity|order qty|"
                  "units|units sold|no of units|number of units|pieces|pcs|volume|count|nos|menge|"
                  "anzahl|stuck|stuckzahl|verkaufsmenge|bestellmenge|cantidad|cant|unidades|"
                  "cantidad vendida|quantite|qte|nombre|nb|unites|quantita|qta|pezzi|quantidade|qtd|"
                  "qtde|मात्रा|संख्या",
  },
  {
      .name = "revenue",
      .kind = FIELD_DECIMAL,
      .scale = AMOUNT_SCALE,
      .essential = true,
      .total = true,
      .synonyms = "amount|sales|sales amount|sales value|total sales|total|total amount|total price|"
                  "total value|net amount|net sales|net value|net total|gross amount|gross sales|"
                  "order amount|order value|order total|line total|line amount|line value|"
                  "extended price|invoice amount|invoice value|value|turnover|umsatz|umsatzerlos|"
                  "umsatzerlose|nettoumsatz|betrag|gesamtbetrag|nettobetrag|summe|gesamt|erlos|importe|"
                  "importe total|ventas|ingresos|monto|valor|total venta|chiffre d affaires|ca|montant|"
                  "montant total|montant net|ventes|recettes|fatturato|importo|importo totale|ricavi|"
                  "ricavo|vendite|totale|receita|faturamento|valor total|vendas|राजस्व|राशि|कुल|बिक्री",
  },
};

static const struct field_ratio per_unit = { "revenue_per_unit", "revenue", "quantity" };

const struct dataset sales_dataset = {
  .name = "sales",
  .table = "sale",
  .total_table = "sale_total",
  .past_table = "sale_past",
  .current_table = "sale_current",
  .key_field = "order_id",
  .ratio = &per_unit,
  .fields = fields,
  .field_count = sizeof fields / sizeof *fields,
};
