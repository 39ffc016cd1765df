-- Who may do what.
-- up
CREATE TABLE credential (id TEXT PRIMARY KEY) WITHOUT ROWID;
-- down
DROP TABLE credential;
