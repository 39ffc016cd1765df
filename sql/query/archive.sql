-- name: archive_policies
SELECT subject, cold_days, keep_days FROM retention_policy WHERE active = 1 AND deleted_at IS NULL ORDER BY subject;

-- name: archive_partitions
SELECT id, path, rows, month, place, part, first_key, last_key, purged_at, sha256, bytes, digest, last_at, first_id, last_id
FROM archive_partition WHERE tbl = ?1 AND month BETWEEN ?2 AND ?3 ORDER BY month, place, part;

-- name: archive_partitions_of_place
SELECT id, path, rows, month, place, part, first_key, last_key, purged_at, sha256, bytes, digest, last_at, first_id, last_id
FROM archive_partition WHERE tbl = ?1 AND place = ?4 AND month BETWEEN ?2 AND ?3 ORDER BY month, part;

-- name: archive_partition_next
SELECT coalesce(max(part), 0) + 1 FROM archive_partition WHERE tbl = ?1 AND place = ?2 AND month = ?3;

-- name: archive_partition_add
INSERT INTO archive_partition (tbl, month, place, part, path, rows, bytes, first_id, last_id, first_at, last_at, first_key,
                               last_key, sha256, digest, created_at, created_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17);

-- name: archive_entry_before
SELECT at FROM change_log WHERE at < ?1 ORDER BY seq DESC LIMIT 1;

-- name: archive_partition_purge
UPDATE archive_partition SET purged_at = ?2, purged_by = ?3 WHERE id = ?1 AND purged_at IS NULL;

-- name: archive_partition_list
SELECT id, tbl, month, place, part, path, rows, bytes, first_id, last_id, first_at, last_at, first_key, last_key,
       sha256, digest, created_at, created_by, purged_at, purged_by
FROM archive_partition ORDER BY tbl, month, place, part;

-- name: archive_holds
SELECT id, warehouse, sku, from_day, until_day, reason FROM legal_hold
WHERE subject = ?1 AND deleted_at IS NULL AND (warehouse IS NULL OR warehouse = ?2)
  AND (from_day IS NULL OR from_day <= ?4) AND (until_day IS NULL OR until_day >= ?3)
ORDER BY created_at;

-- name: archive_where
SELECT (SELECT file FROM pragma_database_list WHERE name = 'main'), slug FROM organizations;

-- name: archive_unsealed
SELECT path FROM archive_partition p
WHERE NOT EXISTS (SELECT 1 FROM change_log c WHERE c.tbl = p.tbl AND c.key = p.path AND c.event = 'ARCHIVED'
                  AND c.after ->> 'sha256' = p.sha256 AND c.after ->> 'digest' = p.digest AND c.after ->> 'rows' = p.rows)
UNION ALL
SELECT c.key FROM change_log c
WHERE c.event = 'ARCHIVED' AND NOT EXISTS (SELECT 1 FROM archive_partition p WHERE p.path = c.key)
LIMIT 1;

-- name: archive_months
SELECT DISTINCT month FROM archive_partition
WHERE tbl = ?1 AND month BETWEEN ?2 AND ?3 AND (?4 IS NULL OR place = ?4) AND purged_at IS NULL ORDER BY month DESC;
