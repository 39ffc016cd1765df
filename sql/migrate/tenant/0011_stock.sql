-- The ledger of stock, and what is derived from it. See src/inventory/ledger.h.
-- up
-- What codes stand for in the tables below. 0 stands for none.
CREATE TABLE stock_name (
  id   INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 7), -- 1 item 2 warehouse 3 location 4 lot 5 serial 6 actor 7 device
  text TEXT NOT NULL,
  UNIQUE (kind, text)
);

-- The ledger: every change of stock, in the order in which it became known. Append-only.
CREATE TABLE stock_transactions (
  id             INTEGER PRIMARY KEY,           -- 1, 2, 3 ... without a gap
  event_id       BLOB NOT NULL UNIQUE,          -- a UUID's 16 bytes; other ids as text
  kind           INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 10), -- see stock_kind
  -- Numbers of stock_name; only book_name gives them. Foreign keys would be a tenth of the price of a row.
  item           INTEGER NOT NULL,
  warehouse      INTEGER NOT NULL,
  location       INTEGER NOT NULL DEFAULT 0,
  lot            INTEGER NOT NULL DEFAULT 0,
  serial         INTEGER NOT NULL DEFAULT 0,
  quantity       INTEGER NOT NULL,              -- change of what is on hand, in units of 0.0001
  reserved       INTEGER NOT NULL DEFAULT 0,    -- change of what is reserved
  on_hand_after  INTEGER NOT NULL,              -- of item, warehouse, location and lot, after this row
  reserved_after INTEGER NOT NULL,
  at             INTEGER NOT NULL,              -- when it happened, UTC microseconds
  recorded_at    INTEGER NOT NULL,              -- when it became known; never goes back
  reference_id   TEXT,
  notes          TEXT,
  actor          INTEGER NOT NULL,
  device         INTEGER,
  device_seq     INTEGER,
  unit_cost      INTEGER                        -- in units of 0.0001
);
-- Partitions by warehouse and time: a question about one of them reads nothing else.
CREATE INDEX stock_transactions_part ON stock_transactions(warehouse, at);
CREATE INDEX stock_transactions_item ON stock_transactions(item, at);
CREATE INDEX stock_transactions_device ON stock_transactions(device, device_seq) WHERE device IS NOT NULL;
CREATE TRIGGER stock_transactions_kept BEFORE UPDATE ON stock_transactions
BEGIN
  SELECT raise(ABORT, 'the ledger of stock is only added to: book what corrects it');
END;

CREATE TABLE stock_kind (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
INSERT INTO stock_kind VALUES (1, 'INVENTORY_UPDATE'), (2, 'SALE'), (3, 'RECEIPT'), (4, 'RETURN'), (5, 'ADJUSTMENT'),
  (6, 'TRANSFER_OUT'), (7, 'TRANSFER_IN'), (8, 'STOCK_COUNT'), (9, 'RESERVATION'), (10, 'RELEASE');

-- What rows come to that were moved out of the ledger into files: they leave it only while stock_archiving
-- names their warehouse and time, and only when they are in stock_daily.
CREATE TABLE stock_archiving (
  warehouse INTEGER NOT NULL,
  from_at   INTEGER NOT NULL,
  to_at     INTEGER NOT NULL -- before it
);
CREATE TABLE stock_archived (
  day INTEGER NOT NULL, item INTEGER NOT NULL, warehouse INTEGER NOT NULL,
  location INTEGER NOT NULL, lot INTEGER NOT NULL,
  received INTEGER NOT NULL, issued INTEGER NOT NULL, returned INTEGER NOT NULL, adjusted INTEGER NOT NULL,
  transferred INTEGER NOT NULL, net INTEGER NOT NULL, reserved INTEGER NOT NULL,
  transactions INTEGER NOT NULL, last_id INTEGER NOT NULL,
  PRIMARY KEY (day, item, warehouse, location, lot)
) WITHOUT ROWID;
CREATE TABLE stock_archived_event (event_id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TRIGGER stock_transactions_archived BEFORE DELETE ON stock_transactions
BEGIN
  SELECT raise(ABORT, 'the ledger of stock is only added to: book what corrects it')
  WHERE NOT EXISTS (SELECT 1 FROM stock_archiving
                    WHERE warehouse = old.warehouse AND old.at >= from_at AND old.at < to_at);
  SELECT raise(ABORT, 'this row of the ledger is not aggregated yet: it cannot be archived')
  FROM stock_position WHERE ledger < old.id;
  INSERT INTO stock_archived_event VALUES (old.event_id);
  INSERT INTO stock_archived
  SELECT (old.at - (old.at % 86400000000 + 86400000000) % 86400000000) / 86400000000, old.item, old.warehouse,
         old.location, old.lot,
         CASE WHEN old.kind = 3 OR (old.kind = 1 AND old.quantity > 0) THEN old.quantity ELSE 0 END,
         CASE WHEN old.kind = 2 OR (old.kind = 1 AND old.quantity <= 0) THEN -old.quantity ELSE 0 END,
         CASE WHEN old.kind = 4 THEN old.quantity ELSE 0 END,
         CASE WHEN old.kind IN (5, 8) THEN old.quantity ELSE 0 END,
         CASE WHEN old.kind IN (6, 7) THEN old.quantity ELSE 0 END, old.quantity, old.reserved, 1, old.id
  WHERE true
  ON CONFLICT DO UPDATE SET received = received + excluded.received, issued = issued + excluded.issued,
    returned = returned + excluded.returned, adjusted = adjusted + excluded.adjusted,
    transferred = transferred + excluded.transferred, net = net + excluded.net,
    reserved = reserved + excluded.reserved, transactions = transactions + 1,
    last_id = max(last_id, excluded.last_id);
END;

-- What there is: derived, `outpost stock replay` proves it.
CREATE TABLE stock_level (
  item INTEGER NOT NULL, warehouse INTEGER NOT NULL, location INTEGER NOT NULL, lot INTEGER NOT NULL,
  on_hand INTEGER NOT NULL, reserved INTEGER NOT NULL,
  last_id INTEGER NOT NULL,    -- of the ledger
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (item, warehouse, location, lot)
) WITHOUT ROWID;
-- Where each single piece is.
CREATE TABLE stock_serial_place (
  item INTEGER NOT NULL, serial INTEGER NOT NULL, warehouse INTEGER NOT NULL, location INTEGER NOT NULL,
  lot INTEGER NOT NULL, last_id INTEGER NOT NULL,
  PRIMARY KEY (item, serial)
) WITHOUT ROWID;
-- What a record of stock_reservation holds back.
CREATE TABLE stock_reserved (
  id TEXT PRIMARY KEY, -- of the record
  item INTEGER NOT NULL, warehouse INTEGER NOT NULL, location INTEGER NOT NULL, lot INTEGER NOT NULL,
  quantity INTEGER NOT NULL
) WITHOUT ROWID;

-- Sums by day: of an item in a warehouse. See src/inventory/daily.h.
CREATE TABLE stock_daily (
  day INTEGER NOT NULL,   -- since 1970, UTC
  item INTEGER NOT NULL, warehouse INTEGER NOT NULL,
  received INTEGER NOT NULL, issued INTEGER NOT NULL, returned INTEGER NOT NULL, adjusted INTEGER NOT NULL,
  transferred INTEGER NOT NULL, net INTEGER NOT NULL, reserved INTEGER NOT NULL,
  transactions INTEGER NOT NULL, last_id INTEGER NOT NULL,
  PRIMARY KEY (day, item, warehouse)
) WITHOUT ROWID;
CREATE TABLE stock_weekly (
  week INTEGER NOT NULL,  -- its Monday, days since 1970
  item INTEGER NOT NULL, warehouse INTEGER NOT NULL,
  received INTEGER NOT NULL, issued INTEGER NOT NULL, returned INTEGER NOT NULL, adjusted INTEGER NOT NULL,
  transferred INTEGER NOT NULL, net INTEGER NOT NULL, reserved INTEGER NOT NULL,
  transactions INTEGER NOT NULL, last_id INTEGER NOT NULL,
  PRIMARY KEY (week, item, warehouse)
) WITHOUT ROWID;
CREATE TABLE stock_dirty_week (week INTEGER PRIMARY KEY); -- weeks whose days changed since

-- How far the ledger is aggregated, and the day that the windows of stock_metric end with.
CREATE TABLE stock_position (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  ledger INTEGER NOT NULL,
  day INTEGER NOT NULL,
  published INTEGER NOT NULL -- up to which row figures were published to analytics-events
);
INSERT INTO stock_position VALUES (1, 0, 0, 0);
-- The weeks as they were reported.
CREATE TABLE stock_report (
  week INTEGER PRIMARY KEY, -- its Monday, days since 1970
  made_at INTEGER NOT NULL,
  json TEXT NOT NULL CHECK (json_valid(json))
);
-- Sums over windows of days: what velocity, trend, turnover and cover are made of, see src/inventory/metric.h.
CREATE TABLE stock_metric (
  item INTEGER NOT NULL, warehouse INTEGER NOT NULL,
  issued_28 INTEGER NOT NULL,      -- over 28 days
  issued_28_day INTEGER NOT NULL,  -- the same times the number of the day since 2020-01-01
  issued_365 INTEGER NOT NULL,
  net_365 INTEGER NOT NULL,
  net_365_day INTEGER NOT NULL,
  on_hand INTEGER NOT NULL,        -- at the end of the last day
  first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,
  PRIMARY KEY (item, warehouse)
) WITHOUT ROWID;

-- What there was at the end of a day, as it was known when the snapshot was made. Never changed.
CREATE TABLE stock_snapshot_day (
  day INTEGER PRIMARY KEY,
  made_at INTEGER NOT NULL,
  ledger INTEGER NOT NULL,  -- the last row that was known
  rows INTEGER NOT NULL
);
CREATE TABLE stock_snapshot (
  day INTEGER NOT NULL, item INTEGER NOT NULL, warehouse INTEGER NOT NULL,
  on_hand INTEGER NOT NULL, reserved INTEGER NOT NULL,
  velocity INTEGER NOT NULL,       -- in units of 0.0001
  trend INTEGER NOT NULL,          -- in units of 0.000001
  turnover INTEGER,                -- in units of 0.0001
  days_of_cover INTEGER,           -- in units of 0.0001
  name TEXT, category TEXT, warehouse_name TEXT,
  PRIMARY KEY (day, item, warehouse)
) WITHOUT ROWID;
CREATE TRIGGER stock_snapshot_whole BEFORE INSERT ON stock_snapshot
WHEN EXISTS (SELECT 1 FROM stock_snapshot_day WHERE day = new.day)
BEGIN
  SELECT raise(ABORT, 'the snapshot of this day is made: it does not change');
END;
CREATE TRIGGER stock_snapshot_kept BEFORE UPDATE ON stock_snapshot
BEGIN
  SELECT raise(ABORT, 'a snapshot does not change');
END;
CREATE TRIGGER stock_snapshot_stays BEFORE DELETE ON stock_snapshot
BEGIN
  SELECT raise(ABORT, 'a snapshot does not change');
END;

-- What the quality checks found, run by run.
CREATE TABLE stock_check_run (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  ledger INTEGER NOT NULL,
  failed INTEGER NOT NULL -- checks that found something
);
CREATE TABLE stock_check (
  run INTEGER NOT NULL REFERENCES stock_check_run(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  found INTEGER NOT NULL,
  samples TEXT NOT NULL CHECK (json_valid(samples)),
  PRIMARY KEY (run, name)
) WITHOUT ROWID;

CREATE VIEW stock_levels AS
SELECT i.text AS sku, m.name AS name, m.category AS category, w.text AS warehouse, l.on_hand AS quantity_on_hand,
       l.reserved AS quantity_reserved, l.on_hand - l.reserved AS quantity_available,
       m.reorder_point AS reorder_point, l.updated_at AS updated_at, l.item AS item_id, l.warehouse AS warehouse_id
FROM (SELECT item, warehouse, sum(on_hand) AS on_hand, sum(reserved) AS reserved, max(updated_at) AS updated_at
      FROM stock_level GROUP BY item, warehouse) l
JOIN stock_name i ON i.id = l.item JOIN stock_name w ON w.id = l.warehouse
LEFT JOIN stock_items m ON m.sku = i.text AND m.deleted_at IS NULL;
-- down
DROP VIEW stock_levels;
DROP TABLE stock_report;
DROP TABLE stock_check;
DROP TABLE stock_check_run;
DROP TABLE stock_snapshot;
DROP TABLE stock_snapshot_day;
DROP TABLE stock_metric;
DROP TABLE stock_dirty_week;
DROP TABLE stock_weekly;
DROP TABLE stock_daily;
DROP TABLE stock_reserved;
DROP TABLE stock_serial_place;
DROP TABLE stock_level;
DROP TABLE stock_transactions;
DROP TABLE stock_archived_event;
DROP TABLE stock_archived;
DROP TABLE stock_archiving;
DROP TABLE stock_position;
DROP TABLE stock_kind;
DROP TABLE stock_name;
