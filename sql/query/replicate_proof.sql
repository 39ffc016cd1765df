-- name: sync_contact_add
INSERT INTO sync_contact (at, boot_id, boot_at, hq_at, round_trip, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- Of contacts between which nothing was logged the first and the last say all. ?1: the entry.
-- name: sync_contact_between
DELETE FROM sync_contact WHERE seq = ?1 AND hq_at > (SELECT min(hq_at) FROM sync_contact WHERE seq = ?1);

-- name: sync_contacts
SELECT at, boot_id, boot_at, hq_at, seq FROM sync_contact ORDER BY seq, hq_at;

-- name: sync_hash_at
SELECT hash FROM change_log WHERE seq = ?1;

-- name: sync_origin_past
UPDATE sync_origin SET current = 0 WHERE current;

-- name: sync_origin_add
INSERT INTO sync_origin (origin, epoch, instance, fork_seq, fork_hash, opened_at, current) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1);

-- name: sync_changed_since
SELECT coalesce(max(CASE WHEN unit GLOB 'hq:*' THEN 1 ELSE 2 END), 0) FROM change_log WHERE tbl = ?1 AND key = ?2 AND seq > ?3;

-- name: sync_run_here
SELECT 1 FROM run WHERE uuid = ?1
UNION ALL
SELECT 1 FROM run WHERE dataset = ?2 AND sha256 = ?3 AND state = 'done' AND ?4 = 'file'
  AND id NOT IN (SELECT run FROM run_undone) LIMIT 1;

-- name: sync_runs_fetched
SELECT seq, after FROM change_log WHERE tbl = 'sync_run' AND seq > (SELECT fork_seq FROM sync_origin WHERE origin = ?1);
