-- Runs: what came in, byte for byte, and what became of every record of it.
-- up
-- The rules and reference items that runs were judged by, as they were: JSON
-- {"rules": [...], "items": [...]}. One row for as many runs as share it.
CREATE TABLE rule_set (
  id     INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  json   TEXT NOT NULL
);

CREATE TABLE run (
  id            INTEGER PRIMARY KEY,
  uuid          TEXT NOT NULL UNIQUE,
  dataset       TEXT NOT NULL,
  source        TEXT NOT NULL,            -- file name as given
  state         TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
  started_at    INTEGER NOT NULL,
  ended_at      INTEGER,
  actor         TEXT NOT NULL,
  bytes         INTEGER NOT NULL DEFAULT 0,
  sha256        TEXT,                     -- of the bytes, all raw_chunks in order
  rows_read     INTEGER NOT NULL DEFAULT 0,
  rows_clean    INTEGER NOT NULL DEFAULT 0,
  rows_rejected INTEGER NOT NULL DEFAULT 0,
  clean_crc     INTEGER NOT NULL DEFAULT 0, -- sums of CRC-32 over the rows, see src/ingest/digest.h
  reject_crc    INTEGER NOT NULL DEFAULT 0,
  total_crc     INTEGER NOT NULL DEFAULT 0,
  key_min       TEXT,                     -- its clean rows lie between these keys
  key_max       TEXT,
  memory_bytes  INTEGER NOT NULL DEFAULT 0, -- peak of the process
  settings      TEXT NOT NULL DEFAULT '{}', -- JSON: dialect, mapping, unique key, decisions, oddities
  rule_set      INTEGER REFERENCES rule_set(id),
  message       TEXT                      -- why it failed
);

CREATE INDEX run_rule_set ON run(rule_set);

-- About half a MiB of the file, whole records. `records` says for each its length
-- and what it is: varint(length << 3 | breaks << 2 | kind), and varint(lines)
-- where breaks is 1; kind 0 outside the table, 1 a data record.
CREATE TABLE raw_chunk (
  id      INTEGER PRIMARY KEY,            -- run << 24 | number in the run
  offset  INTEGER NOT NULL,               -- of the first byte in the file
  line    INTEGER NOT NULL,               -- of the first record, from 1
  record  INTEGER NOT NULL,               -- number of the first record, from 1, headings counted
  count   INTEGER NOT NULL,
  crc     INTEGER NOT NULL,               -- CRC-32 of bytes, then records: names the place of damage
  records BLOB NOT NULL,
  bytes   BLOB NOT NULL
);

-- Distinct texts of coded columns.
CREATE TABLE term (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
);

CREATE TABLE reject (
  id         INTEGER PRIMARY KEY,         -- run << 32 | record
  line       INTEGER NOT NULL,            -- where it begins in the file, from 1
  offset     INTEGER NOT NULL,            -- its first byte in the file; its last is offset + length(raw) - 1
  category   TEXT NOT NULL,               -- of the first fault
  stage      TEXT NOT NULL,
  faults     TEXT NOT NULL,               -- JSON [{control, version, field, value, reason}], all of them
  raw        BLOB NOT NULL,               -- the original bytes
  state      TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'corrected', 'accepted')),
  solved_run INTEGER REFERENCES run(id),  -- the run that brought the correction
  note       TEXT,
  updated_at INTEGER, updated_by TEXT
);
CREATE INDEX reject_solved ON reject(solved_run) WHERE solved_run IS NOT NULL;

-- Where verdicts wait while exceptions are derived again; otherwise empty.
CREATE TABLE kept_verdict (
  id         INTEGER PRIMARY KEY,
  state      TEXT NOT NULL,
  solved_run INTEGER,
  note       TEXT,
  updated_at INTEGER, updated_by TEXT
);

-- The controls of a run as they were, and how they did.
CREATE TABLE run_control (
  run      INTEGER NOT NULL REFERENCES run(id),
  position INTEGER NOT NULL,
  control  TEXT NOT NULL,
  version  INTEGER NOT NULL,
  stage    TEXT NOT NULL,
  kind     TEXT NOT NULL,
  field    TEXT,
  category TEXT NOT NULL,
  failed   INTEGER NOT NULL,              -- rows; passed is the rest of the run's rows
  PRIMARY KEY (run, position)
) WITHOUT ROWID;

CREATE TABLE run_category (
  run      INTEGER NOT NULL REFERENCES run(id),
  category TEXT NOT NULL,
  rows     INTEGER NOT NULL,
  PRIMARY KEY (run, category)
) WITHOUT ROWID;

CREATE TABLE run_check (
  run      INTEGER NOT NULL REFERENCES run(id),
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  ok       INTEGER NOT NULL CHECK (ok IN (0, 1)),
  expected TEXT NOT NULL,
  actual   TEXT NOT NULL,
  text     TEXT NOT NULL,
  PRIMARY KEY (run, position)
) WITHOUT ROWID;

CREATE VIEW exceptions (id, run_id, original_record_id, error_category, pipeline_stage, error_details, timestamp,
                        raw_data, line, state, faults, byte_offset, byte_length) AS
SELECT x.id, r.uuid, x.id & 0xffffffff, x.category, x.stage,
       (SELECT group_concat(value ->> 'reason', '; ') FROM json_each(x.faults)),
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000),
       CAST(x.raw AS TEXT), x.line, x.state, x.faults, x.offset, length(x.raw)
FROM reject x JOIN run r ON r.id = x.id >> 32;

-- How effective the controls of a run were.
CREATE VIEW validation_summary (run_id, validation_stage, control, rule_version, field, error_category, records,
                                passed, failed, pass_rate) AS
SELECT r.uuid, c.stage, c.control, c.version, c.field, c.category, r.rows_read, r.rows_read - c.failed, c.failed,
       CASE WHEN r.rows_read THEN round(1.0 - 1.0 * c.failed / r.rows_read, 6) END
FROM run_control c JOIN run r ON r.id = c.run;
-- down
DROP VIEW validation_summary;
DROP VIEW exceptions;
DROP TABLE run_check;
DROP TABLE run_category;
DROP TABLE run_control;
DROP TABLE kept_verdict;
DROP TABLE reject;
DROP TABLE term;
DROP TABLE raw_chunk;
DROP TABLE run;
DROP TABLE rule_set;
