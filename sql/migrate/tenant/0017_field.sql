-- Field sales: invoice lines as they came, and what follows from them.
--
-- Amounts, quantities and percents are integers in units of 1/10000; codes are rows of `term`.
-- Stores and products are records (sql/entity). Everything else below is derived from the
-- rows that count, and `populate` makes it again (src/field/field.h).
-- up
CREATE TABLE mangalam_invoices (
  key              TEXT NOT NULL PRIMARY KEY,  -- see src/field/invoices.h
  run              INTEGER NOT NULL,
  record           INTEGER NOT NULL,
  id               INTEGER GENERATED ALWAYS AS (run << 32 | record) VIRTUAL,  -- of the row: the run, and the record of it
  invoice_id       TEXT,  -- NULL: the key itself
  invoice_date     INTEGER NOT NULL,  -- days since 1970-01-01
  customer_id      INTEGER NOT NULL,  -- term, as all whole numbers below that are no amounts
  customer_name    INTEGER NOT NULL,
  product_id       INTEGER NOT NULL,
  item_name        INTEGER NOT NULL,
  quantity         INTEGER NOT NULL,  -- 1/10000, as all amounts, quantities and percents
  total            INTEGER NOT NULL,
  line_number      TEXT NOT NULL,  -- of the invoice, where the file has it
  customer_gstin   INTEGER NOT NULL,
  customer_phone   INTEGER NOT NULL,
  customer_email   INTEGER NOT NULL,
  billing_address  INTEGER NOT NULL,
  billing_city     INTEGER NOT NULL,
  billing_state    INTEGER NOT NULL,
  billing_pin      INTEGER NOT NULL,
  shipping_address INTEGER NOT NULL,
  shipping_city    INTEGER NOT NULL,
  shipping_state   INTEGER NOT NULL,
  shipping_pin     INTEGER NOT NULL,
  place_of_supply  INTEGER NOT NULL,
  category_name    INTEGER NOT NULL,
  brand            INTEGER NOT NULL,
  sku              INTEGER NOT NULL,
  barcode          INTEGER NOT NULL,
  hsn_code         INTEGER NOT NULL,
  unit             INTEGER NOT NULL,
  free_quantity    INTEGER,  -- what came with it at no price
  rate             INTEGER,
  discount_percent INTEGER,
  discount_amount  INTEGER,
  taxable_value    INTEGER,
  gst_rate         INTEGER,
  cgst             INTEGER,
  sgst             INTEGER,
  igst             INTEGER,
  cess             INTEGER,
  round_off        INTEGER,
  due_date         INTEGER,  -- days since 1970-01-01, or NULL
  payment_terms    INTEGER NOT NULL,
  po_number        TEXT NOT NULL,
  salesperson      INTEGER NOT NULL,
  notes            TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE mangalam_invoice_past (
  key              TEXT NOT NULL,  -- see src/field/invoices.h
  run              INTEGER NOT NULL,
  record           INTEGER NOT NULL,
  invoice_id       TEXT,
  invoice_date     INTEGER NOT NULL,
  customer_id      INTEGER NOT NULL,
  customer_name    INTEGER NOT NULL,
  product_id       INTEGER NOT NULL,
  item_name        INTEGER NOT NULL,
  quantity         INTEGER NOT NULL,
  total            INTEGER NOT NULL,
  line_number      TEXT NOT NULL,
  customer_gstin   INTEGER NOT NULL,
  customer_phone   INTEGER NOT NULL,
  customer_email   INTEGER NOT NULL,
  billing_address  INTEGER NOT NULL,
  billing_city     INTEGER NOT NULL,
  billing_state    INTEGER NOT NULL,
  billing_pin      INTEGER NOT NULL,
  shipping_address INTEGER NOT NULL,
  shipping_city    INTEGER NOT NULL,
  shipping_state   INTEGER NOT NULL,
  shipping_pin     INTEGER NOT NULL,
  place_of_supply  INTEGER NOT NULL,
  category_name    INTEGER NOT NULL,
  brand            INTEGER NOT NULL,
  sku              INTEGER NOT NULL,
  barcode          INTEGER NOT NULL,
  hsn_code         INTEGER NOT NULL,
  unit             INTEGER NOT NULL,
  free_quantity    INTEGER,
  rate             INTEGER,
  discount_percent INTEGER,
  discount_amount  INTEGER,
  taxable_value    INTEGER,
  gst_rate         INTEGER,
  cgst             INTEGER,
  sgst             INTEGER,
  igst             INTEGER,
  cess             INTEGER,
  round_off        INTEGER,
  due_date         INTEGER,
  payment_terms    INTEGER NOT NULL,
  po_number        TEXT NOT NULL,
  salesperson      INTEGER NOT NULL,
  notes            TEXT NOT NULL,
  PRIMARY KEY (key, run)
) WITHOUT ROWID;
CREATE INDEX mangalam_invoice_past_run ON mangalam_invoice_past(run, key);

CREATE TABLE mangalam_invoice_total (
  run           INTEGER NOT NULL,
  invoice_date  INTEGER NOT NULL,
  billing_state INTEGER NOT NULL,
  category_name INTEGER NOT NULL,
  orders        INTEGER NOT NULL,          -- lines
  quantity      INTEGER NOT NULL,
  total         INTEGER NOT NULL,
  PRIMARY KEY (run, invoice_date, billing_state, category_name)
) WITHOUT ROWID;

CREATE TABLE mangalam_invoice_current (
  invoice_date  INTEGER NOT NULL,
  billing_state INTEGER NOT NULL,
  category_name INTEGER NOT NULL,
  orders        INTEGER NOT NULL,
  quantity      INTEGER NOT NULL,
  total         INTEGER NOT NULL,
  PRIMARY KEY (invoice_date, billing_state, category_name)
) WITHOUT ROWID;

-- Lines by store and product. What came free with a row is a line of its own, of price 0:
-- that is why 14,464 rows can have 14,539 lines.
CREATE TABLE invoice_items (
  id           INTEGER PRIMARY KEY,        -- that of the row, times two, and one more for what came free
  key          TEXT NOT NULL,              -- of the row in mangalam_invoices
  run          INTEGER NOT NULL,
  invoice_id   TEXT NOT NULL,
  invoice_date INTEGER NOT NULL,           -- days since 1970-01-01
  store_id     TEXT NOT NULL REFERENCES stores(id),
  product_id   TEXT NOT NULL REFERENCES products(id),
  free         INTEGER NOT NULL CHECK (free IN (0, 1)),
  quantity     INTEGER NOT NULL,           -- 1/10000
  unit_price   INTEGER NOT NULL,           -- 1/10000
  total_price  INTEGER NOT NULL            -- 1/10000
);
CREATE INDEX invoice_items_store ON invoice_items(store_id, invoice_date);
CREATE INDEX invoice_items_product ON invoice_items(product_id);

-- What the invoices last said of a store or a product. Only what they say anew is saved, so that what
-- people have changed by hand stays; and what they say no longer, and nobody else needs, goes.
CREATE TABLE field_source (
  entity  TEXT NOT NULL,
  key     TEXT NOT NULL,                   -- customer_id; name of the product
  record  TEXT NOT NULL,                   -- its id
  made    INTEGER NOT NULL,                -- 1: the invoices brought it
  said    TEXT NOT NULL,                   -- JSON: the properties as they were derived
  variant TEXT NOT NULL,                   -- JSON: what else was said of it, and how often
  PRIMARY KEY (entity, key)
) WITHOUT ROWID;

-- How far it is: `wanted` grows whenever rows begin or cease to count.
CREATE TABLE follow_up (
  dataset TEXT NOT NULL PRIMARY KEY,
  wanted  INTEGER NOT NULL,
  done    INTEGER NOT NULL
) WITHOUT ROWID;

-- What populate did, and what it decided where invoices disagree.
CREATE TABLE sync_log (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  stage   TEXT NOT NULL,                   -- of src/field/populate.c
  entity  TEXT NOT NULL,
  key     TEXT,                            -- of the record that it is about
  event   TEXT NOT NULL CHECK (event IN ('created', 'changed', 'removed', 'restored', 'kept', 'variant', 'summary')),
  detail  TEXT NOT NULL CHECK (json_valid(detail))
);
CREATE INDEX sync_log_entity ON sync_log(entity, key);

CREATE TABLE bulk_upload_jobs (
  id                INTEGER PRIMARY KEY,   -- of the job
  source            TEXT NOT NULL,         -- file name as given
  path              TEXT NOT NULL,         -- where its bytes wait
  bytes             INTEGER NOT NULL,
  sha256            TEXT NOT NULL,
  options           TEXT NOT NULL CHECK (json_valid(options)),
  state             TEXT NOT NULL CHECK (state IN ('queued', 'processing', 'completed', 'failed')),
  run               TEXT,                  -- uuid, once it was imported
  total_records     INTEGER NOT NULL DEFAULT 0,
  processed_records INTEGER NOT NULL DEFAULT 0,
  failed_records    INTEGER NOT NULL DEFAULT 0,
  batches           INTEGER NOT NULL DEFAULT 0,
  failed_batches    INTEGER NOT NULL DEFAULT 0,
  cause             TEXT,
  actor             TEXT NOT NULL,
  created_at        INTEGER NOT NULL,
  started_at        INTEGER,
  ended_at          INTEGER
);

-- Rows that every control let pass and the database refused.
CREATE TABLE bulk_upload_errors (
  id      INTEGER PRIMARY KEY,             -- that of the exception: run << 32 | record
  batch   INTEGER NOT NULL,                -- of the run, from 1
  message TEXT NOT NULL,
  at      INTEGER NOT NULL
);

-- Work that keeps failing is not let through for a while (src/job/breaker.h).
CREATE TABLE circuit_breaker (
  name      TEXT NOT NULL PRIMARY KEY,
  state     TEXT NOT NULL CHECK (state IN ('closed', 'open', 'half-open')),
  failures  INTEGER NOT NULL,              -- one after the other
  opened    INTEGER NOT NULL,              -- how often it did
  opened_at INTEGER,
  cause     TEXT,                          -- of the last failure
  at        INTEGER NOT NULL               -- of its last change
) WITHOUT ROWID;

INSERT INTO rule (id, dataset, name, stage, kind, field, params, category, message, position,
                  created_at, created_by, updated_at, updated_by)
SELECT printf('00000000-0000-7000-8000-0000000017%02x', column1), 'invoices', column2, column3, column4, column5,
       column6, column7, column8, column1 * 10, 0, 'outpost', 0, 'outpost'
FROM (VALUES
 (1,  'record_readable',       'schema',     'readable',    NULL,            '{}',
  'DATA_FORMAT_ERROR',       'the record can be read as a row of the table'),
 (2,  'columns_complete',      'schema',     'columns',     NULL,            '{}',
  'MISSING_REQUIRED_FIELD',  'the row has a cell for every required column'),
 (3,  'no_extra_cells',        'schema',     'extra_cells', NULL,            '{}',
  'DATA_FORMAT_ERROR',       'the row has no more cells than the table has headings'),
 (4,  'quantity_is_number',    'schema',     'type',        'quantity',      '{}',
  'DATA_FORMAT_ERROR',       'quantity is a number'),
 (5,  'total_is_number',       'schema',     'type',        'total',         '{}',
  'DATA_FORMAT_ERROR',       'total is a number'),
 (6,  'total_not_negative',    'business',   'range',       'total',         '{"min":"0"}',
  'BUSINESS_RULE_VIOLATION', 'total is 0 or more'),
 (7,  'quantity_positive',     'business',   'range',       'quantity',      '{"above":"0"}',
  'BUSINESS_RULE_VIOLATION', 'quantity is above 0'),
 (8,  'free_quantity_not_negative', 'business', 'range',    'free_quantity', '{"min":"0"}',
  'BUSINESS_RULE_VIOLATION', 'free_quantity is 0 or more'),
 (9,  'gstin_of_15',           'business',   'pattern',     'customer_gstin', '{"like":"???????????????"}',
  'BUSINESS_RULE_VIOLATION', 'customer_gstin has 15 characters'),
 (10, 'invoice_id_present',    'quality',    'required',    'invoice_id',    '{}',
  'MISSING_REQUIRED_FIELD',  'invoice_id is not empty'),
 (11, 'invoice_date_present',  'quality',    'required',    'invoice_date',  '{}',
  'MISSING_REQUIRED_FIELD',  'invoice_date is not empty'),
 (12, 'customer_id_present',   'quality',    'required',    'customer_id',   '{}',
  'MISSING_REQUIRED_FIELD',  'customer_id is not empty'),
 (13, 'item_name_present',     'quality',    'required',    'item_name',     '{}',
  'MISSING_REQUIRED_FIELD',  'item_name is not empty'),
 (14, 'quantity_present',      'quality',    'required',    'quantity',      '{}',
  'MISSING_REQUIRED_FIELD',  'quantity is not empty'),
 (15, 'total_present',         'quality',    'required',    'total',         '{}',
  'MISSING_REQUIRED_FIELD',  'total is not empty'),
 (16, 'invoice_date_format',   'quality',    'type',        'invoice_date',  '{}',
  'DATA_FORMAT_ERROR',       'invoice_date is a date'),
 (17, 'invoice_date_not_future', 'quality',  'not_future',  'invoice_date',  '{"days":"1"}',
  'DATA_QUALITY_ISSUE',      'invoice_date is not in the future'),
 (18, 'line_unique',           'duplicates', 'unique',      'invoice_id',
  '{"fields":["invoice_id","line_number|product_id|item_name"]}',
  'DATA_QUALITY_ISSUE',      'no row before it has the same invoice and line'));

INSERT INTO graph (id, name, help, owner, retries, retry_delay_s, tasks, created_at, created_by, updated_at, updated_by)
VALUES ('00000000-0000-7000-8000-000000001780', 'process_bulk_upload_complete',
        'What follows from invoices: stores, products, line items, predictions, segments and suggestions', 'sales', 3, 10,
  '[{"name":"populate_stores","kind":"populate_stores","after":[]},'
  || '{"name":"populate_products","kind":"populate_products","after":[]},'
  || '{"name":"populate_items","kind":"populate_items","after":["populate_stores","populate_products"]},'
  || '{"name":"predict_orders","kind":"predict_orders","after":["populate_items"]},'
  || '{"name":"segment_customers","kind":"segment_customers","after":["populate_items"]},'
  || '{"name":"find_upselling","kind":"find_upselling","after":["populate_items"]}]',
        0, 'outpost', 0, 'outpost');
-- down
DELETE FROM graph WHERE id = '00000000-0000-7000-8000-000000001780';
DELETE FROM rule WHERE dataset = 'invoices';
DROP TABLE circuit_breaker;
DROP TABLE bulk_upload_errors;
DROP TABLE bulk_upload_jobs;
DROP TABLE sync_log;
DROP TABLE follow_up;
DROP TABLE field_source;
DROP TABLE invoice_items;
DROP TABLE mangalam_invoice_current;
DROP TABLE mangalam_invoice_total;
DROP TABLE mangalam_invoice_past;
DROP TABLE mangalam_invoices;
