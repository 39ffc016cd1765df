-- What every tenant's file stands on: whose it is, and the one log.
-- up
CREATE TABLE organizations (
  id         TEXT PRIMARY KEY,            -- UUIDv7, the same as in system.db
  slug       TEXT NOT NULL,
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL,            -- UTC microseconds, like every instant here
  created_by TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE change_log (
  seq    INTEGER PRIMARY KEY,             -- gapless from 1
  hlc    INTEGER NOT NULL,                -- hybrid logical clock: milliseconds << 16 | counter
  at     INTEGER NOT NULL,                -- this machine's clock
  actor  TEXT NOT NULL,
  unit   TEXT NOT NULL,                   -- unit of work: a run, a request, a command
  event  TEXT NOT NULL,                   -- RUN_STARTED, RECORD_UPDATED, ...
  tbl    TEXT,                            -- what changed
  key    TEXT,                            -- one row; NULL when the entry stands for a range
  before TEXT,                            -- JSON, NULL when it did not exist
  after  TEXT,                            -- JSON, NULL when it is gone; a range names itself here
  count  INTEGER NOT NULL,                -- rows this entry stands for
  text   TEXT NOT NULL,                   -- a sentence for people
  hash   BLOB NOT NULL                    -- SHA-256 over the hash before it and this entry
);
CREATE INDEX change_log_row ON change_log(tbl, key, seq);
CREATE INDEX change_log_unit ON change_log(unit, seq);

CREATE TRIGGER change_log_keeps BEFORE DELETE ON change_log
BEGIN SELECT raise(ABORT, 'the change log is never deleted from'); END;
CREATE TRIGGER change_log_stays BEFORE UPDATE ON change_log
BEGIN SELECT raise(ABORT, 'the change log is never changed'); END;

CREATE VIEW audit_log (id, run_id, event_type, event_description, record_count, timestamp, actor, hlc, hash) AS
SELECT seq, unit, event, text, count,
       strftime('%Y-%m-%dT%H:%M:%S', at / 1000000, 'unixepoch') || printf('.%06dZ', at % 1000000),
       actor, hlc, lower(hex(hash))
FROM change_log;
-- down
DROP VIEW audit_log;
DROP TABLE change_log;
DROP TABLE organizations;
