-- What a server remembers of requests.
-- up
CREATE TABLE idempotent_reply (key TEXT PRIMARY KEY) WITHOUT ROWID;
-- down
DROP TABLE idempotent_reply;
