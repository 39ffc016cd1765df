-- Topics, what was published to them, and who has read how far.
-- up
CREATE TABLE event_partition (
  topic     TEXT NOT NULL,
  partition INTEGER NOT NULL,
  first     INTEGER NOT NULL DEFAULT 0,   -- the oldest offset that is kept
  next      INTEGER NOT NULL DEFAULT 0,   -- the offset that the next event gets
  PRIMARY KEY (topic, partition)
) WITHOUT ROWID;

CREATE TABLE event_segment (
  id           INTEGER PRIMARY KEY,
  topic        TEXT NOT NULL,
  partition    INTEGER NOT NULL,
  first        INTEGER NOT NULL,          -- offset of its first event
  count        INTEGER NOT NULL CHECK (count > 0),
  plain        INTEGER NOT NULL,          -- bytes of its events as they are written down
  crc          INTEGER NOT NULL,          -- CRC-32 of these
  codec        INTEGER NOT NULL,          -- 0 as they are, 1 zlib
  published_at INTEGER NOT NULL,          -- when the last of its events came
  body         BLOB NOT NULL
);
CREATE UNIQUE INDEX event_segment_place ON event_segment(topic, partition, first);

CREATE TABLE event_seen (
  topic     TEXT NOT NULL,
  id        TEXT NOT NULL,
  crc       INTEGER NOT NULL,             -- of the event's body
  partition INTEGER NOT NULL,
  position  INTEGER NOT NULL,             -- its offset; it is forgotten with its segment
  PRIMARY KEY (topic, id)
) WITHOUT ROWID;

CREATE TABLE event_parked (
  id         INTEGER PRIMARY KEY,
  topic      TEXT NOT NULL,
  grp        TEXT NOT NULL DEFAULT '',    -- the group that could not take it; '' when it was refused at the door
  event      TEXT,                        -- its id, if that could be read
  partition  INTEGER,
  position   INTEGER,
  digest     BLOB NOT NULL,               -- SHA-256 of the body: what comes again is one row
  body       BLOB NOT NULL,               -- as it came
  cut        INTEGER NOT NULL DEFAULT 0,  -- it was longer
  reason     TEXT NOT NULL,
  line       INTEGER NOT NULL DEFAULT 0,
  times      INTEGER NOT NULL DEFAULT 1,
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'discarded')),
  at         INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  unit       TEXT NOT NULL,
  ended_at   INTEGER,
  ended_by   TEXT,
  ended_text TEXT
);
CREATE UNIQUE INDEX event_parked_once ON event_parked(topic, grp, digest) WHERE state = 'waiting';

CREATE TABLE event_group (
  topic      TEXT NOT NULL,
  name       TEXT NOT NULL,
  help       TEXT NOT NULL,
  outside    INTEGER NOT NULL DEFAULT 0,  -- its members are clients, not this program
  active     INTEGER NOT NULL DEFAULT 1,
  consumed   INTEGER NOT NULL DEFAULT 0,  -- events, in all
  errors     INTEGER NOT NULL DEFAULT 0,  -- failed attempts
  attempts   INTEGER NOT NULL DEFAULT 0,  -- failed ones of the batch that comes next
  cause      TEXT,                        -- of the last failure
  latency    BLOB NOT NULL DEFAULT x'',   -- histogram: how long events waited, see measure.h
  created_at INTEGER NOT NULL,
  PRIMARY KEY (topic, name)
) WITHOUT ROWID;

CREATE TABLE event_position (
  topic       TEXT NOT NULL,
  grp         TEXT NOT NULL,
  partition   INTEGER NOT NULL,
  next        INTEGER NOT NULL DEFAULT 0, -- the offset that it reads next
  fence       INTEGER NOT NULL DEFAULT 0, -- counts leases: an older holder cannot commit
  member      TEXT,                       -- who holds the lease
  lease_until INTEGER NOT NULL DEFAULT 0, -- CLOCK_BOOTTIME, microseconds
  boot        TEXT NOT NULL DEFAULT '',   -- of which start of the machine
  updated_at  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, grp, partition)
) WITHOUT ROWID;

CREATE TABLE event_member (
  topic       TEXT NOT NULL,
  grp         TEXT NOT NULL,
  member      TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  boot        TEXT NOT NULL,
  joined_at   INTEGER NOT NULL,
  PRIMARY KEY (topic, grp, member)
) WITHOUT ROWID;

CREATE TABLE event_minute (
  topic    TEXT NOT NULL,
  grp      TEXT NOT NULL,                 -- '' counts what was published
  minute   INTEGER NOT NULL,              -- since 1970
  events   INTEGER NOT NULL,
  errors   INTEGER NOT NULL,
  PRIMARY KEY (topic, grp, minute)
) WITHOUT ROWID;

-- The fields of inventory-events stand in the order of enum inventory_event_field.
INSERT INTO topic (id, name, help, source, partitions, fields, types, key, created_at, created_by, updated_at, updated_by)
SELECT printf('00000000-0000-7000-8000-000000000a%02x', column1), column2, column3, column4, column5, column6, column7, column8,
       0, 'outpost', 0, 'outpost'
FROM (VALUES
(1, 'inventory-events', 'updates, transactions and level changes of the stock', 'published', 4,
 '[{"name":"sku","kind":"text"},{"name":"warehouseId","kind":"text"},{"name":"quantityChange","kind":"decimal"},{"name":"referenceId","kind":"text"},{"name":"notes","kind":"text"},{"name":"location","kind":"text"},{"name":"lot","kind":"text"},{"name":"serial","kind":"text"},{"name":"unitCost","kind":"decimal"},{"name":"deviceId","kind":"text"},{"name":"deviceSeq","kind":"integer"}]',
 '{"INVENTORY_UPDATE":["sku","warehouseId","quantityChange"],"SALE":["sku","warehouseId","quantityChange"],"RECEIPT":["sku","warehouseId","quantityChange"],"RETURN":["sku","warehouseId","quantityChange"],"ADJUSTMENT":["sku","warehouseId","quantityChange"],"TRANSFER_OUT":["sku","warehouseId","quantityChange"],"TRANSFER_IN":["sku","warehouseId","quantityChange"],"RESERVATION":["sku","warehouseId","quantityChange"],"RELEASE":["sku","warehouseId","quantityChange"],"STOCK_COUNT":["sku","warehouseId","quantityChange"]}',
 '["warehouseId","sku"]'),
(2, 'reorder-events', 'recommendations, purchase orders and triggers of reordering', 'published', 4,
 '[{"name":"sku","kind":"text"},{"name":"warehouseId","kind":"text"},{"name":"quantity","kind":"decimal"},{"name":"reason","kind":"text"},{"name":"reorderPoint","kind":"decimal"},{"name":"available","kind":"decimal"},{"name":"supplierId","kind":"text"},{"name":"purchaseOrderId","kind":"text"},{"name":"proposalId","kind":"text"},{"name":"referenceId","kind":"text"},{"name":"expectedAt","kind":"instant"},{"name":"notes","kind":"text"}]',
 '{"REORDER_RECOMMENDED":["sku","warehouseId","quantity"],"REORDER_TRIGGERED":["sku","warehouseId"],"PURCHASE_ORDER_CREATED":["purchaseOrderId","sku","warehouseId","quantity"],"PURCHASE_ORDER_CHANGED":["purchaseOrderId"],"PURCHASE_ORDER_RECEIVED":["purchaseOrderId"]}',
 '["warehouseId","sku"]'),
(3, 'analytics-events', 'metrics, velocities and trends that were calculated', 'published', 4,
 '[{"name":"sku","kind":"text"},{"name":"warehouseId","kind":"text"},{"name":"metric","kind":"text"},{"name":"value","kind":"decimal"},{"name":"unit","kind":"text"},{"name":"from","kind":"instant"},{"name":"to","kind":"instant"},{"name":"day","kind":"text"},{"name":"direction","kind":"text"},{"name":"details","kind":"json"}]',
 '{"METRIC_CALCULATED":["metric","value"],"VELOCITY_CALCULATED":["sku","warehouseId","value"],"TREND_CALCULATED":["sku","warehouseId","direction"],"EVENTS_PROCESSED":["metric","value"]}',
 '["warehouseId","sku"]'),
(4, 'record-changes', 'every entry of the change log: records, runs, everything', 'changes', 1, '[]', '{}', '[]'));
-- down
DROP TABLE event_minute;
DROP TABLE event_member;
DROP TABLE event_position;
DROP TABLE event_group;
DROP TABLE event_parked;
DROP TABLE event_seen;
DROP TABLE event_segment;
DROP TABLE event_partition;
