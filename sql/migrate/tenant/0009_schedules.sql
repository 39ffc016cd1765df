-- When work is due, and graphs of it.
-- up
CREATE TABLE schedule_state (id INTEGER PRIMARY KEY);
-- down
DROP TABLE schedule_state;
