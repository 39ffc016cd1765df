-- What a server remembers of requests.
-- up

-- What was answered to a request with an Idempotency-Key: put down in the transaction that did what it asked for
-- (src/http/idempotent.c). It is kept for a day and is no part of the change log.
CREATE TABLE idempotent_reply (
  user     TEXT    NOT NULL,        -- who asked: keys of others are not his
  key      TEXT    NOT NULL,        -- as it was sent
  at       INTEGER NOT NULL,        -- UTC microseconds
  request  BLOB    NOT NULL,        -- SHA-256 of method, address and body
  status   INTEGER NOT NULL,
  location TEXT,
  etag     TEXT,
  reply    TEXT,                    -- the body; NULL: it was too large to be kept
  PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotent_reply_by_age ON idempotent_reply(at);
-- down
DROP TABLE idempotent_reply;
