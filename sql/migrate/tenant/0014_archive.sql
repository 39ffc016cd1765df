-- What left the tables for files, and how long anything is kept.
-- up
CREATE TABLE archive_partition (id INTEGER PRIMARY KEY);
-- down
DROP TABLE archive_partition;
