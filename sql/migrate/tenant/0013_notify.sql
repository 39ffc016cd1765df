-- What goes out to people and programs: mail and webhooks.
-- up
-- Passwords and keys, as base/seal.h makes them: the key is not in this file.
CREATE TABLE secret (
  name   TEXT PRIMARY KEY,     -- what it is for: "mail_server main", "webhook erp"
  sealed BLOB NOT NULL,        -- AES-256-GCM
  set_at INTEGER NOT NULL, set_by TEXT NOT NULL
) WITHOUT ROWID;

-- One row for each mail and recipient, and for each request: see src/notify/outbox.h.
CREATE TABLE outbox (
  id         INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,     -- its own for ever: Message-ID, Idempotency-Key
  channel    TEXT NOT NULL CHECK (channel IN ('mail', 'webhook')),
  job        INTEGER NOT NULL,         -- that sends it
  sender     TEXT,                     -- of a mail: local@domain
  target     TEXT NOT NULL,            -- local@domain, or an address of the web
  subject    TEXT NOT NULL,            -- of a mail, or the type of the event
  body       BLOB,                     -- every byte, the same at every attempt; NULL: forgotten since
  state      TEXT NOT NULL DEFAULT 'waiting'
             CHECK (state IN ('waiting', 'sending', 'ending', 'sent', 'dead', 'unclear')),
  tries      INTEGER NOT NULL DEFAULT 0,
  repeats    INTEGER NOT NULL DEFAULT 0, -- tries that began when it might have arrived already
  code       INTEGER,                  -- of the last answer
  answer     TEXT,                     -- its words, or what went wrong
  made_at    INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
);
CREATE INDEX outbox_job ON outbox(job);
CREATE INDEX outbox_state ON outbox(state, changed_at);

-- How far each webhook has been told of the change log.
CREATE TABLE webhook_position (
  webhook TEXT PRIMARY KEY,            -- webhooks.id
  seq     INTEGER NOT NULL
) WITHOUT ROWID;
-- down
DROP TABLE webhook_position;
DROP TABLE outbox;
DROP TABLE secret;
