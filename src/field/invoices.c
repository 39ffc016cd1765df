#include "field/invoices.h"

static const struct field fields[] = {
  {
      .name = "invoice_id",
      .kind = FIELD_TEXT,
      .essential = true,
      .synonyms = "invoice id|invoice no|invoice number|invoice #|inv no|inv number|invoice|bill no|"
                  "bill number|voucher no|voucher number|document no|doc no|tax invoice no|चालान संख्या",
  },
  {
      .name = "invoice_date",
      .kind = FIELD_DATE,
      .essential = true,
      .group = true,
      .synonyms = "invoice date|inv date|bill date|date|voucher date|document date|date of invoice|"
                  "दिनांक",
  },
  {
      .name = "customer_id",
      .kind = FIELD_CODE,
      .essential = true,
      .synonyms = "customer id|customer code|customer no|customer number|cust id|cust code|party code|"
                  "account code|buyer id|client id|store id|outlet id|outlet code",
  },
  {
      .name = "customer_name",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "customer name|customer|party name|party|buyer name|buyer|bill to name|bill to|"
                  "client name|client|store name|outlet name|account name|company name",
  },
  {
      .name = "product_id",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "product id|item id|product code|item code|item no|material code|article no|"
                  "product no",
  },
  {
      .name = "item_name",
      .kind = FIELD_CODE,
      .essential = true,
      .synonyms = "item name|item|product name|product|description of goods|item description|"
                  "product description|description|particulars|goods|material|article",
  },
  {
      .name = "quantity",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .essential = true,
      .total = true,
      .synonyms = "qty|quantity|billed qty|billed quantity|invoice qty|qty billed|units|nos|pcs|pieces|"
                  "मात्रा",
  },
  {
      .name = "total",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .essential = true,
      .total = true,
      .synonyms = "total|item total|line total|total amount|amount|net amount|gross amount|"
                  "invoice value|invoice amount|line amount|value|राशि",
  },
  {
      .name = "line_number",
      .kind = FIELD_TEXT,
      .optional = true,
      .synonyms = "line number|line no|line|sr no|s no|sl no|serial no|item sr no|line item no|"
                  "position|pos",
  },
  {
      .name = "customer_gstin",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "customer gstin|gstin|gst no|gst number|gstin uin|gst identification number|"
                  "gst identification number gstin|party gstin|buyer gstin|gstin of recipient|"
                  "recipient gstin",
  },
  {
      .name = "customer_phone",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "customer phone|phone|mobile|mobile no|phone no|phone number|contact no|"
                  "contact number|mobile number",
  },
  {
      .name = "customer_email",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "customer email|email|e mail|email id|email address|mail",
  },
  {
      .name = "billing_address",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "billing address|bill to address|address|customer address|party address|"
                  "address line 1",
  },
  {
      .name = "billing_city",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "billing city|bill to city|city|town|customer city|party city",
  },
  {
      .name = "billing_state",
      .kind = FIELD_CODE,
      .optional = true,
      .group = true,
      .synonyms = "billing state|bill to state|state|customer state|party state|state name",
  },
  {
      .name = "billing_pin",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "billing pin|billing code|bill to pin|pin|pincode|pin code|postal code|zip|zip code|"
                  "billing pincode|billing postal code",
  },
  {
      .name = "shipping_address",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "shipping address|ship to address|delivery address|consignee address",
  },
  {
      .name = "shipping_city",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "shipping city|ship to city|delivery city|consignee city",
  },
  {
      .name = "shipping_state",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "shipping state|ship to state|delivery state|consignee state",
  },
  {
      .name = "shipping_pin",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "shipping pin|shipping code|ship to pin|delivery pin|consignee pin|shipping pincode|"
                  "shipping postal code",
  },
  {
      .name = "place_of_supply",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "place of supply|pos state|supply state|place of supply with state code",
  },
  {
      .name = "category_name",
      .kind = FIELD_CODE,
      .optional = true,
      .group = true,
      .synonyms = "category name|category|item category|product category|product group|item group|"
                  "stock group|group",
  },
  {
      .name = "brand",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "brand|brand name|manufacturer|make|company brand",
  },
  {
      .name = "sku",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "sku|sku code|stock keeping unit|seller sku",
  },
  {
      .name = "barcode",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "barcode|bar code|ean|ean code|gtin|upc",
  },
  {
      .name = "hsn_code",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "hsn code|hsn|hsn sac|hsn sac code|sac|hsn no",
  },
  {
      .name = "unit",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "unit|uom|usage unit|unit of measure|units of measure|uqc|per",
  },
  {
      .name = "free_quantity",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "free quantity|free qty|free|scheme qty|scheme quantity|bonus qty|free goods",
  },
  {
      .name = "rate",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "rate|item price|unit price|price|price per unit|selling price|basic rate",
  },
  {
      .name = "discount_percent",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "discount percent|discount %|disc %|disc percent|discount percentage|trade discount %",
  },
  {
      .name = "discount_amount",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "discount amount|discount|disc|disc amount|disc amt|item discount amount|"
                  "trade discount",
  },
  {
      .name = "taxable_value",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "taxable value|taxable amount|taxable|assessable value|taxable amt|sub total|subtotal",
  },
  {
      .name = "gst_rate",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "gst rate|gst %|tax rate|tax %|item tax %|gst percent|tax percent|rate of tax",
  },
  {
      .name = "cgst",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "cgst|cgst amount|cgst amt|central tax|central tax amount",
  },
  {
      .name = "sgst",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "sgst|sgst amount|sgst amt|state tax|state ut tax|utgst|sgst utgst|state tax amount",
  },
  {
      .name = "igst",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "igst|igst amount|igst amt|integrated tax|integrated tax amount",
  },
  {
      .name = "cess",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "cess|cess amount|cess amt|compensation cess",
  },
  {
      .name = "round_off",
      .kind = FIELD_DECIMAL,
      .scale = INVOICE_SCALE,
      .optional = true,
      .synonyms = "round off|rounding|roundoff|round off amount|rounding off|round off amt|adjustment",
  },
  {
      .name = "due_date",
      .kind = FIELD_DATE,
      .optional = true,
      .synonyms = "due date|payment due date|due on|pay by|date due",
  },
  {
      .name = "payment_terms",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "payment terms|terms|payment terms label|credit days|credit period|payment term|"
                  "terms of payment",
  },
  {
      .name = "po_number",
      .kind = FIELD_TEXT,
      .optional = true,
      .synonyms = "po number|po no|purchase order|purchase order no|purchase order number|"
                  "purchaseorder|buyer order no|buyers order no|customer po",
  },
  {
      .name = "salesperson",
      .kind = FIELD_CODE,
      .optional = true,
      .synonyms = "salesperson|sales person|sales man|salesman|sales rep|sales representative|"
                  "sales executive|agent|sold by|salesperson name",
  },
  {
      .name = "notes",
      .kind = FIELD_TEXT,
      .optional = true,
      .synonyms = "notes|remarks|narration|comments|note|memo",
  },
};

const struct dataset invoices_dataset = {
  .name = "invoices",
  .table = "mangalam_invoices",
  .total_table = "mangalam_invoice_total",
  .past_table = "mangalam_invoice_past",
  .current_table = "mangalam_invoice_current",
  .key_field = "invoice_id",
  .fields = fields,
  .field_count = sizeof fields / sizeof *fields,
  .batch = 1000,
  .follow = "populate",
};
