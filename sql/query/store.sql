-- name: organization_list system
SELECT slug, name, id, created_at FROM organizations ORDER BY slug;

-- name: organization_by_slug system
SELECT id, name FROM organizations WHERE slug = ?1;

-- name: organization_add system
INSERT INTO organizations (id, slug, name, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: tenant_identity_add
INSERT INTO organizations (id, slug, name, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: change_last
SELECT seq, hlc, hash FROM change_log ORDER BY seq DESC LIMIT 1;

-- name: change_hash
SELECT hash FROM change_log WHERE seq = ?1;

-- OR FAIL: a task that fails is undone as a whole, so this statement need not be, for which SQLite would copy pages.
-- name: change_add
INSERT OR FAIL INTO change_log (seq, hlc, at, actor, unit, event, tbl, key, before, after, count, text, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);

-- Of the same unit of work as the entry before. The other one serves files of older schemas, too: a step between them is an entry.
-- name: change_add_on
INSERT OR FAIL INTO change_log (seq, hlc, at, actor, unit, event, tbl, key, before, after, count, text, hash, goes_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 1);

-- name: change_astray
SELECT seq FROM change_log c
WHERE goes_on IS NOT NULL AND NOT EXISTS (SELECT 1 FROM change_log b WHERE b.seq = c.seq - 1 AND b.unit = c.unit) ORDER BY seq LIMIT 1;

-- name: change_walk
SELECT seq, hlc, at, actor, unit, event, tbl, key, before, after, count, text, hash
FROM change_log WHERE seq > ?1 ORDER BY seq;

-- name: change_before_unit
SELECT seq, hash FROM change_log WHERE seq < (SELECT min(seq) FROM change_log WHERE unit = ?1 AND goes_on IS NULL)
ORDER BY seq DESC LIMIT 1;

-- name: ledger_digest
SELECT coalesce(sum(crc32(version, name, checksum, applied_at, down)), 0)
     + (SELECT coalesce(sum(crc32(id, slug, name, created_at, created_by)), 0) FROM organizations)
FROM schema_migration;

-- name: ledger_sealed
SELECT after ->> 'ledger_crc' FROM change_log WHERE event IN ('TENANT_CREATED', 'SCHEMA_MIGRATED') ORDER BY seq DESC LIMIT 1;

-- name: schema_objects
SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name;
