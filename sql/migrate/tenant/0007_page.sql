-- What the page remembers: how files were mapped, tabs of one's own, who answers for what.
-- up
CREATE TABLE mapping_memory (
  id         TEXT PRIMARY KEY,
  dataset    TEXT NOT NULL,
  headings   TEXT NOT NULL,               -- of the file, compared as mapping.h says, joined by U+001F
  maps       TEXT NOT NULL CHECK (json_valid(maps)), -- {"field": "Heading"}
  unique_key TEXT,                        -- fields or headings, joined by commas
  existing   TEXT,                        -- reject or update
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
  deleted_at INTEGER, deleted_by TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX mapping_memory_headings ON mapping_memory(dataset, headings) WHERE deleted_at IS NULL;
CREATE TRIGGER mapping_memory_touched AFTER UPDATE ON mapping_memory WHEN new.updated_at = old.updated_at
BEGIN
  UPDATE mapping_memory SET updated_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), updated_by = 'sql'
  WHERE id = new.id;
END;

CREATE TABLE tab (
  id         TEXT PRIMARY KEY,
  title      TEXT NOT NULL,
  cards      TEXT NOT NULL CHECK (json_valid(cards)),
  position   INTEGER NOT NULL DEFAULT 100,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
  deleted_at INTEGER, deleted_by TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX tab_title ON tab(title) WHERE deleted_at IS NULL;
CREATE TRIGGER tab_touched AFTER UPDATE ON tab WHEN new.updated_at = old.updated_at
BEGIN
  UPDATE tab SET updated_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), updated_by = 'sql'
  WHERE id = new.id;
END;

CREATE TABLE steward (
  id          TEXT PRIMARY KEY,
  subject     TEXT NOT NULL,              -- a table, "table.column", or "rule NAME"
  owner       TEXT,
  description TEXT,
  version     INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
  deleted_at INTEGER, deleted_by TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX steward_subject ON steward(subject) WHERE deleted_at IS NULL;
CREATE TRIGGER steward_touched AFTER UPDATE ON steward WHEN new.updated_at = old.updated_at
BEGIN
  UPDATE steward SET updated_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), updated_by = 'sql'
  WHERE id = new.id;
END;
-- down
DROP TABLE steward;
DROP TABLE tab;
DROP TABLE mapping_memory;
