-- name: backup_made_add
INSERT INTO backup_made (file, made_at, last_seq, bytes, sha256, verified_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: backup_made_list
SELECT id, file, made_at, last_seq, bytes, sha256, verified_at, drilled_at, removed_at
FROM backup_made ORDER BY made_at DESC, id DESC;

-- name: backup_made_newest
SELECT id, file FROM backup_made WHERE removed_at IS NULL ORDER BY made_at DESC, id DESC LIMIT 1;

-- name: backup_made_remove
UPDATE backup_made SET removed_at = ?2 WHERE id = ?1;

-- name: backup_made_drilled
UPDATE backup_made SET drilled_at = ?2 WHERE id = ?1;

-- name: backup_tables
SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name;
