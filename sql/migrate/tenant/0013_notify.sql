-- What goes out to people: mail and webhooks.
-- up
CREATE TABLE outbox (id INTEGER PRIMARY KEY);
-- down
DROP TABLE outbox;
