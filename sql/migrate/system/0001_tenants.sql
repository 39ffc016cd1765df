-- The system file knows who the tenants are, and nothing of their business.
-- up
CREATE TABLE organizations (
  id         TEXT PRIMARY KEY,            -- UUIDv7; the tenant's file holds the same
  slug       TEXT NOT NULL UNIQUE,        -- also the file's name
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL,            -- UTC microseconds, like every instant here
  created_by TEXT NOT NULL
) WITHOUT ROWID;
-- down
DROP TABLE organizations;
