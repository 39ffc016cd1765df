-- The desk: what people decide about exceptions, and what they note on rows.
-- up
CREATE TABLE review (
  id         TEXT PRIMARY KEY,
  exception  INTEGER NOT NULL,            -- reject.id
  assignee   TEXT,                        -- who looks at it
  decision   TEXT CHECK (decision IN ('accepted')), -- NULL: none yet
  reason     TEXT,                        -- of the decision
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
  deleted_at INTEGER, deleted_by TEXT,
  CHECK (decision IS NULL OR reason IS NOT NULL)
) WITHOUT ROWID;
CREATE UNIQUE INDEX review_exception ON review(exception) WHERE deleted_at IS NULL;
CREATE TRIGGER review_touched AFTER UPDATE ON review WHEN new.updated_at = old.updated_at
BEGIN
  UPDATE review SET updated_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), updated_by = 'sql'
  WHERE id = new.id;
END;

-- A row that a note speaks of is not removed by an undo.
CREATE TABLE note (
  id         TEXT PRIMARY KEY,
  dataset    TEXT NOT NULL,
  key        TEXT NOT NULL,               -- of the row
  text       TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
  deleted_at INTEGER, deleted_by TEXT
) WITHOUT ROWID;
CREATE INDEX note_row ON note(dataset, key) WHERE deleted_at IS NULL;
CREATE TRIGGER note_touched AFTER UPDATE ON note WHEN new.updated_at = old.updated_at
BEGIN
  UPDATE note SET updated_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), updated_by = 'sql'
  WHERE id = new.id;
END;

DROP VIEW exceptions;
CREATE VIEW exceptions (id, run_id, original_record_id, error_category, pipeline_stage, error_details, timestamp,
                        raw_data, line, state, faults, byte_offset, byte_length) AS
SELECT x.id, r.uuid, x.id & 0xffffffff, x.category, x.stage,
       (SELECT group_concat(value ->> 'reason', '; ') FROM json_each(x.faults)),
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000),
       CAST(x.raw AS TEXT), x.line, coalesce(v.decision, x.state), x.faults, x.offset, length(x.raw)
FROM reject x JOIN run r ON r.id = x.id >> 32
LEFT JOIN review v ON v.exception = x.id AND v.deleted_at IS NULL AND x.state = 'open'
WHERE r.id NOT IN (SELECT run FROM run_undone);
-- down
DROP VIEW exceptions;
CREATE VIEW exceptions (id, run_id, original_record_id, error_category, pipeline_stage, error_details, timestamp,
                        raw_data, line, state, faults, byte_offset, byte_length) AS
SELECT x.id, r.uuid, x.id & 0xffffffff, x.category, x.stage,
       (SELECT group_concat(value ->> 'reason', '; ') FROM json_each(x.faults)),
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000),
       CAST(x.raw AS TEXT), x.line, x.state, x.faults, x.offset, length(x.raw)
FROM reject x JOIN run r ON r.id = x.id >> 32;

DROP TABLE note;
DROP TABLE review;
