-- What left the tables for files, and how long anything is kept.
-- up
-- A file of rows that left their table: DIR/archive/SLUG/path. A row of a table is in the table,
-- or in one of these.
CREATE TABLE archive_partition (
  id         INTEGER PRIMARY KEY,
  tbl        TEXT NOT NULL,
  month      TEXT NOT NULL,               -- 2024-01: when its rows happened
  place      TEXT NOT NULL DEFAULT '',    -- the warehouse; '' where the table has none
  part       INTEGER NOT NULL,            -- 1, 2, ...: rows that came late have a file of their own
  path       TEXT NOT NULL,
  rows       INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  first_id   INTEGER NOT NULL, last_id INTEGER NOT NULL,
  first_at   INTEGER NOT NULL, last_at INTEGER NOT NULL,
  first_key  TEXT, last_key TEXT,         -- the smallest and largest item
  sha256     TEXT NOT NULL,               -- of the file
  digest     TEXT NOT NULL,               -- of its rows, see format/parquet.h
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  purged_at  INTEGER, purged_by TEXT      -- the file was deleted, as the policy says
);
CREATE UNIQUE INDEX archive_partition_place ON archive_partition(tbl, place, month, part);
CREATE INDEX archive_partition_month ON archive_partition(tbl, month);

-- A file that was taken back to an older schema and comes again: the log knows what lies in files.
INSERT INTO archive_partition (tbl, month, place, part, path, rows, bytes, first_id, last_id, first_at, last_at,
                               first_key, last_key, sha256, digest, created_at, created_by, purged_at, purged_by)
SELECT c.tbl, c.after ->> 'month', c.after ->> 'place', c.after ->> 'part', c.key, c.after ->> 'rows',
       c.after ->> 'bytes', c.after ->> 'first_id', c.after ->> 'last_id', c.after ->> 'first_at',
       c.after ->> 'last_at', c.after ->> 'first_key', c.after ->> 'last_key', c.after ->> 'sha256',
       c.after ->> 'digest', c.at, c.actor, p.at, p.actor
FROM change_log c
LEFT JOIN change_log p ON p.tbl = c.tbl AND p.key = c.key AND p.event = 'ARCHIVE_PURGED'
WHERE c.event = 'ARCHIVED' ORDER BY c.seq;

-- Copies that were made, opened and verified; see archive/backups.h.
CREATE TABLE backup_made (
  id         INTEGER PRIMARY KEY,
  file       TEXT NOT NULL,
  made_at    INTEGER NOT NULL,            -- the state that it holds
  last_seq   INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  sha256     TEXT NOT NULL,
  verified_at INTEGER NOT NULL,
  drilled_at INTEGER,                     -- restored into a folder aside, and compared
  removed_at INTEGER                      -- rotated away
);

INSERT INTO retention_policy (id, subject, cold_days, active, created_at, created_by, updated_at, updated_by)
VALUES ('00000000-0000-7000-8000-000000001401', 'stock_transactions', 730, 0, 0, 'outpost', 0, 'outpost');
-- down
DROP TABLE backup_made;
DROP TABLE archive_partition;
