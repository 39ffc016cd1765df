-- Work that runs itself: the durable queue.
-- up
CREATE TABLE job (id INTEGER PRIMARY KEY);
-- down
DROP TABLE job;
