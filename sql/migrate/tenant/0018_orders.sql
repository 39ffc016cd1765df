-- Orders, predictions, segments, recommendations.
-- up
CREATE TABLE field_state (name TEXT PRIMARY KEY) WITHOUT ROWID;
-- down
DROP TABLE field_state;
