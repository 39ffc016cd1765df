-- Topics, what was published to them, and who has read how far.
-- up
CREATE TABLE topic (id INTEGER PRIMARY KEY);
-- down
DROP TABLE topic;
