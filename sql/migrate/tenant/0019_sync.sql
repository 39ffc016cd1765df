-- The way to headquarters: where it is, how far each lane is there, and how it went. See src/replicate/state.h.
-- None of it is a business record; enrolment and new epochs are entries of the change log.
-- up

-- Where headquarters is, and who we are there. The password is the secret "upstream". metered_bytes: what may go up
-- in a day over a link that costs money, and only the lane `log`; 0: no such link.
CREATE TABLE sync_upstream (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  dsn TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  edge_id TEXT NOT NULL,
  role TEXT NOT NULL,
  name TEXT NOT NULL,
  enrolled_at INTEGER NOT NULL,
  paused INTEGER NOT NULL DEFAULT 0,
  metered_bytes INTEGER NOT NULL DEFAULT 0
);

-- The epochs of this edge, see epoch.h. instance: of the file; fork: the last entry that was there before it.
CREATE TABLE sync_origin (
  origin INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  instance TEXT NOT NULL,
  fork_seq INTEGER NOT NULL,
  fork_hash BLOB,
  opened_at INTEGER NOT NULL,
  current INTEGER NOT NULL
);
CREATE UNIQUE INDEX sync_origin_current ON sync_origin (current) WHERE current;

-- How far headquarters confirmed each lane. position: JSON, whose "seq" is the last entry that is wholly there.
CREATE TABLE sync_lane (
  lane TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  position TEXT NOT NULL,
  batch_hash BLOB,
  confirmed_at INTEGER
) WITHOUT ROWID;

-- Every batch that went up, or waits in a bundle, with headquarters' receipt.
CREATE TABLE sync_batch (
  origin INTEGER NOT NULL,
  lane TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  previous BLOB NOT NULL,
  position_from TEXT NOT NULL,
  position_to TEXT NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  sections TEXT NOT NULL,
  root BLOB NOT NULL,
  hash BLOB NOT NULL,
  signature BLOB NOT NULL,
  made_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  received_at INTEGER,
  receipt BLOB,
  PRIMARY KEY (origin, lane, sequence)
) WITHOUT ROWID;
CREATE INDEX sync_batch_confirmed ON sync_batch (confirmed_at);

-- Anchors between this machine's clock and headquarters', see clock.h.
CREATE TABLE sync_contact (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  boot_at INTEGER NOT NULL,
  hq_at INTEGER NOT NULL,
  round_trip INTEGER NOT NULL,
  seq INTEGER NOT NULL
);

-- What is wrong now: one row, or none.
CREATE TABLE sync_error (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  code TEXT NOT NULL,
  sentence TEXT NOT NULL,
  since INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  next_try INTEGER NOT NULL
);

-- What went up, day by day, and how long it took: for the forecast, and for links that are metered.
CREATE TABLE sync_day (
  day INTEGER PRIMARY KEY,
  batches INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  took INTEGER NOT NULL
);

-- What happened, for people: the last few hundred.
CREATE TABLE sync_history (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL
);

-- down
DROP TABLE sync_history;
DROP TABLE sync_day;
DROP TABLE sync_error;
DROP TABLE sync_contact;
DROP TABLE sync_batch;
DROP TABLE sync_lane;
DROP TABLE sync_origin;
DROP TABLE sync_upstream;
