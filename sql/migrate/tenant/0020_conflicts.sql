-- What comes down from headquarters. See src/replicate/pull.h; conflicts are records, sql/entity/sync_conflict.entity.
-- up

-- How far each table of headquarters was read: everything that the snapshot `since` saw, and of what `upto` sees besides
-- the rows up to last_key. shape: what was asked for; another one reads from the beginning.
CREATE TABLE sync_pull (
  tbl TEXT PRIMARY KEY,
  since TEXT,
  upto TEXT,
  last_key TEXT NOT NULL DEFAULT '',
  shape TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

-- Rows that break a rule of this file: asked for again until they fit.
CREATE TABLE sync_parked (
  tbl TEXT NOT NULL,
  key TEXT NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (tbl, key)
) WITHOUT ROWID;

-- What headquarters asked for, and the job that does it. told: headquarters knows how it ended.
CREATE TABLE sync_request (
  request TEXT PRIMARY KEY,
  job INTEGER,
  refused TEXT,
  told INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- down
DROP TABLE sync_request;
DROP TABLE sync_parked;
DROP TABLE sync_pull;
