#include "sales/sales.h"

/* Amounts keep four decimals, as some systems export them (957.5775): nothing
** is rounded on the way in, figures are rounded half to even when shown. */
enum { AMOUNT_SCALE = 4 };

static const struct field fields[] = {
  {
      .name = "order_id",
      .kind = FIELD_TEXT,
      .synonyms =
          "order id|order no|order no.|order number|order nr|order #|order|orderid|invoice no|invoice id|"
          "invoice number|bill no|bestellnummer|auftragsnummer|auftrag|numero de pedido|pedido|commande",
  },
  {
      .name = "order_date",
      .kind = FIELD_DATE,
      .essential = true,
      .group = true,
      .synonyms =
          "order date|date|ordered on|order day|sale date|sales date|invoice date|bill date|transaction date|"
          "bestelldatum|datum|auftragsdatum|fecha|fecha de pedido",
  },
  {
      .name = "region",
      .kind = FIELD_CODE,
      .group = true,
      .synonyms = "sales region|zone|area|territory|gebiet|verkaufsgebiet|zona",
  },
  {
      .name = "product",
      .kind = FIELD_CODE,
      .group = true,
      .synonyms = "product name|item|item name|article|description|category|product category|sku "
                  "name|produkt|artikel|"
                  "producto|articulo",
  },
  {
      .name = "quantity",
      .kind = FIELD_DECIMAL,
      .scale = AMOUNT_SCALE,
      .essential = true,
      .total = true,
      .synonyms = "qty|qty.|units|units sold|pieces|pcs|count|order quantity|menge|anzahl|cantidad",
  },
  {
      .name = "revenue",
      .kind = FIELD_DECIMAL,
      .scale = AMOUNT_SCALE,
      .essential = true,
      .total = true,
      .synonyms =
          "amount|sales|total|sales amount|net amount|order amount|order total|line total|value|turnover|"
          "umsatz|betrag|importe|ventas|total amount",
  },
};

const struct dataset sales_dataset = {
  .name = "sales",
  .table = "sale",
  .total_table = "sale_total",
  .key_field = "order_id",
  .fields = fields,
  .field_count = sizeof fields / sizeof *fields,
};
