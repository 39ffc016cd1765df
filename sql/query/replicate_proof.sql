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

-- name: sync_last_entry
SELECT max(seq) FROM change_log WHERE tbl = ?1 AND key = ?2;

-- name: sync_origins
SELECT origin, fork_seq FROM sync_origin ORDER BY epoch;

-- name: sync_log_between
SELECT seq, hlc, at, actor, unit, event, tbl, key, before, after, count, text, hash
FROM change_log WHERE seq > ?1 AND seq <= ?2 ORDER BY seq;

-- Runs whose story lies in a part of the log, and whether they count. ?1, ?2: the part; the last entry of a run is at most ?3.
-- name: sync_runs_between
SELECT r.id, r.state = 'done' AND r.id NOT IN (SELECT run FROM run_undone) FROM run r
WHERE (SELECT max(c.seq) FROM unit_log c WHERE c.unit = r.uuid AND c.event IN ('RUN_COMPLETED', 'RUN_FAILED', 'RUN_INTERRUPTED'))
      BETWEEN ?1 + 1 AND ?2
  AND (SELECT max(c.seq) FROM unit_log c WHERE c.unit = r.uuid) <= ?3
ORDER BY r.id;

-- name: sync_stock_until
SELECT coalesce(max(CAST(after ->> 'last' AS INTEGER)), 0) FROM change_log WHERE event = 'STOCK_MOVED' AND seq <= ?1;

-- name: sync_purged
SELECT place, first_id, last_id, first_at, last_at FROM archive_partition
WHERE tbl = 'stock_transactions' AND purged_at IS NOT NULL ORDER BY first_id;

-- name: sync_receipt_next
SELECT origin, lane, min(sequence), max(sequence) FROM sync_batch WHERE receipt IS NULL AND confirmed_at IS NOT NULL
GROUP BY origin, lane ORDER BY origin, lane LIMIT 1;

-- name: sync_receipt_set
UPDATE sync_batch SET receipt = ?5, received_at = ?6 WHERE origin = ?1 AND lane = ?2 AND sequence = ?3 AND hash = ?4;

-- name: sync_batch_find
SELECT position_to, hash FROM sync_batch WHERE origin = ?1 AND lane = ?2 AND sequence = ?3 AND lower(hex(hash)) = ?4;

-- name: sync_batch_confirm
UPDATE sync_batch SET confirmed_at = ?4, received_at = ?5, receipt = ?6 WHERE origin = ?1 AND lane = ?2 AND sequence = ?3;

-- The rules of all runs that the log speaks of up to ?1.
-- name: sync_rule_sets
SELECT s.sha256, s.json FROM rule_set s
WHERE EXISTS (SELECT 1 FROM run r JOIN unit_log c ON c.unit = r.uuid
              WHERE r.rule_set = s.id AND c.seq <= ?1 AND c.event IN ('RUN_STARTED', 'RUN_COMPLETED', 'RUN_FAILED', 'RUN_INTERRUPTED'))
ORDER BY s.sha256;
