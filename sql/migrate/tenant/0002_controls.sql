-- Controls and reference lists: what people may change about how data is judged.
-- up
CREATE TABLE rule (
  id         TEXT PRIMARY KEY,
  dataset    TEXT NOT NULL,
  name       TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,  -- counts changes; every result keeps the one that judged it
  stage      TEXT NOT NULL CHECK (stage IN ('schema', 'business', 'quality', 'duplicates')),
  kind       TEXT NOT NULL,               -- see src/ingest/judge.h
  field      TEXT,
  params     TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(params)),
  category   TEXT NOT NULL CHECK (category IN ('MISSING_REQUIRED_FIELD', 'BUSINESS_RULE_VIOLATION',
                                               'DATA_FORMAT_ERROR', 'DATA_QUALITY_ISSUE')),
  message    TEXT NOT NULL,               -- what would be right, for people
  active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  position   INTEGER NOT NULL DEFAULT 100,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
  deleted_at INTEGER, deleted_by TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX rule_name ON rule(dataset, name) WHERE deleted_at IS NULL;

CREATE TABLE reference_item (
  id         TEXT PRIMARY KEY,
  list       TEXT NOT NULL,
  value      TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
  deleted_at INTEGER, deleted_by TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX reference_item_value ON reference_item(list, value) WHERE deleted_at IS NULL;

-- A row changed from outside the program still says when.
CREATE TRIGGER rule_touched AFTER UPDATE ON rule WHEN new.updated_at = old.updated_at
BEGIN
  UPDATE rule SET updated_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), updated_by = 'sql'
  WHERE id = new.id;
END;
CREATE TRIGGER reference_item_touched AFTER UPDATE ON reference_item WHEN new.updated_at = old.updated_at
BEGIN
  UPDATE reference_item SET updated_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), updated_by = 'sql'
  WHERE id = new.id;
END;

INSERT INTO reference_item (id, list, value, created_at, created_by, updated_at, updated_by)
SELECT printf('00000000-0000-7000-8000-0000000001%02x', column1), column2, column3, 0, 'outpost', 0, 'outpost'
FROM (VALUES (1, 'regions', 'North'), (2, 'regions', 'South'), (3, 'regions', 'East'),
             (4, 'regions', 'West'), (5, 'regions', 'Central'),
             (6, 'products', 'Sauces'), (7, 'products', 'Ready-to-Eat'), (8, 'products', 'Dairy'),
             (9, 'products', 'Snacks'), (10, 'products', 'Beverages'));

INSERT INTO rule (id, dataset, name, stage, kind, field, params, category, message, position,
                  created_at, created_by, updated_at, updated_by)
SELECT printf('00000000-0000-7000-8000-0000000002%02x', column1), 'sales', column2, column3, column4, column5,
       column6, column7, column8, column1 * 10, 0, 'outpost', 0, 'outpost'
FROM (VALUES
 (1,  'record_readable',      'schema',     'readable',    NULL,         '{}',
  'DATA_FORMAT_ERROR',       'the record can be read as a row of the table'),
 (2,  'columns_complete',     'schema',     'columns',     NULL,         '{}',
  'MISSING_REQUIRED_FIELD',  'the row has a cell for every required column'),
 (3,  'no_extra_cells',       'schema',     'extra_cells', NULL,         '{}',
  'DATA_FORMAT_ERROR',       'the row has no more cells than the table has headings'),
 (4,  'quantity_is_number',   'schema',     'type',        'quantity',   '{}',
  'DATA_FORMAT_ERROR',       'quantity is a number'),
 (5,  'revenue_is_number',    'schema',     'type',        'revenue',    '{}',
  'DATA_FORMAT_ERROR',       'revenue is a number'),
 (6,  'revenue_not_negative', 'business',   'range',       'revenue',    '{"min":"0"}',
  'BUSINESS_RULE_VIOLATION', 'revenue is 0 or more'),
 (7,  'quantity_positive',    'business',   'range',       'quantity',   '{"above":"0"}',
  'BUSINESS_RULE_VIOLATION', 'quantity is above 0'),
 (8,  'region_known',         'business',   'reference',   'region',     '{"list":"regions"}',
  'BUSINESS_RULE_VIOLATION', 'region is one of the reference list "regions"'),
 (9,  'order_id_present',     'quality',    'required',    'order_id',   '{}',
  'MISSING_REQUIRED_FIELD',  'order_id is not empty'),
 (10, 'order_date_present',   'quality',    'required',    'order_date', '{}',
  'MISSING_REQUIRED_FIELD',  'order_date is not empty'),
 (11, 'region_present',       'quality',    'required',    'region',     '{}',
  'MISSING_REQUIRED_FIELD',  'region is not empty'),
 (12, 'product_present',      'quality',    'required',    'product',    '{}',
  'MISSING_REQUIRED_FIELD',  'product is not empty'),
 (13, 'quantity_present',     'quality',    'required',    'quantity',   '{}',
  'MISSING_REQUIRED_FIELD',  'quantity is not empty'),
 (14, 'revenue_present',      'quality',    'required',    'revenue',    '{}',
  'MISSING_REQUIRED_FIELD',  'revenue is not empty'),
 (15, 'order_date_format',    'quality',    'type',        'order_date', '{}',
  'DATA_FORMAT_ERROR',       'order_date is a date'),
 (16, 'order_date_not_future','quality',    'not_future',  'order_date', '{"days":"1"}',
  'DATA_QUALITY_ISSUE',      'order_date is not in the future'),
 (17, 'order_unique',         'duplicates', 'unique',      'order_id',   '{"fields":["order_id"]}',
  'DATA_QUALITY_ISSUE',      'no row before it has the same key'));
-- down
DROP TABLE reference_item;
DROP TABLE rule;
