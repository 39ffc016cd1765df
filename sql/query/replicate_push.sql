-- What goes up to headquarters, see src/replicate/stream.h: the columns in its order, and last the value to go on after (?2, as
-- text, empty at first). ?1 is what the entry speaks of, ?3 how many rows at most.

-- name: push_log
SELECT seq, hlc, at, actor, unit, event, tbl, key, before, after, count, text, hash
FROM change_log WHERE seq > ?1 ORDER BY seq LIMIT ?2;

-- name: push_head
SELECT coalesce(max(seq), 0) FROM change_log;

-- name: push_next
SELECT c.seq, c.event, r.id, r.dataset, r.key_min, r.key_max, r.rows_clean, c.after ->> 'first', c.after ->> 'last'
FROM change_log c LEFT JOIN run r ON r.uuid = c.unit
WHERE c.seq > ?1 AND (c.event IN ('RUN_STARTED', 'RUN_COMPLETED', 'RUN_FAILED', 'RUN_INTERRUPTED', 'RUN_UNDONE', 'RUN_REDONE',
                                  'RUN_AUDITED', 'STOCK_MOVED'))
ORDER BY c.seq LIMIT 1;

-- name: push_run
SELECT r.id, r.uuid, r.dataset, r.source, r.state, r.kind, r.rank, u.run IS NULL AND r.state = 'done', r.started_at, r.ended_at,
       r.actor, r.bytes, r.sha256, r.rows_read, r.rows_clean, r.rows_rejected, r.rows_updated, r.rows_unchanged, r.clean_crc,
       r.reject_crc, r.total_crc, r.key_min, r.key_max, r.memory_bytes, r.settings, r.message, u.at, u.actor, r.id
FROM run r LEFT JOIN run_undone u ON u.run = r.id WHERE r.id = ?1 AND r.id > CAST(?2 AS INTEGER) LIMIT ?3;

-- name: push_undo_kept
SELECT run, key, reason, key FROM undo_kept WHERE run = ?1 AND key > ?2 ORDER BY key LIMIT ?3;

-- name: push_reject
SELECT id >> 32, id & 0xffffffff, line, offset, category, stage, faults, raw, id & 0xffffffff
FROM reject WHERE id > (?1 << 32) + CAST(?2 AS INTEGER) AND id < ?1 + 1 << 32 ORDER BY id LIMIT ?3;

-- name: push_reject_solved
SELECT id >> 32, id & 0xffffffff, solved_run, note, updated_at, updated_by, id
FROM reject WHERE solved_run = ?1 AND id > CAST(?2 AS INTEGER) ORDER BY id LIMIT ?3;

-- The latest epoch whose lane of rows began before run ?1 ended. Of one that is on its way: the present one.
-- name: push_run_origin
SELECT o.origin FROM sync_origin o
WHERE coalesce((SELECT b.position_from ->> 'seq' FROM sync_batch b WHERE b.origin = o.origin AND b.lane = 'rows' AND b.sequence = 1),
               CASE WHEN o.current THEN (SELECT l.position ->> 'seq' FROM sync_lane l WHERE l.lane = 'rows') ELSE o.fork_seq END, 0)
      < coalesce((SELECT max(c.seq) FROM run r JOIN unit_log c ON c.unit = r.uuid
                  WHERE r.id = ?1 AND c.event IN ('RUN_COMPLETED', 'RUN_FAILED', 'RUN_INTERRUPTED')), 9223372036854775807)
ORDER BY o.epoch DESC LIMIT 1;

-- name: push_run_control
SELECT run, position, control, version, stage, kind, field, category, failed, position
FROM run_control WHERE run = ?1 AND position > coalesce(CAST(nullif(?2, '') AS INTEGER), -1) ORDER BY position LIMIT ?3;

-- name: push_run_category
SELECT run, category, rows, category FROM run_category WHERE run = ?1 AND category > ?2 ORDER BY category LIMIT ?3;

-- name: push_run_check
SELECT run, position, name, ok, expected, actual, text, position
FROM run_check WHERE run = ?1 AND position > coalesce(CAST(nullif(?2, '') AS INTEGER), -1) ORDER BY position LIMIT ?3;

-- name: push_run_rule_set
SELECT r.id, s.sha256, r.id FROM run r JOIN rule_set s ON s.id = r.rule_set WHERE r.id = ?1 AND r.id > CAST(?2 AS INTEGER) LIMIT ?3;

-- name: push_rule_set
SELECT s.sha256, s.json, s.id FROM run r JOIN rule_set s ON s.id = r.rule_set
WHERE r.id = ?1 AND s.id > CAST(?2 AS INTEGER) AND NOT EXISTS (SELECT 1 FROM run o WHERE o.rule_set = r.rule_set AND o.id < r.id)
LIMIT ?3;

-- name: push_raw_chunk
SELECT id >> 24, id & 0xffffff, offset, line, record, count, crc, records, bytes, id & 0xffffff
FROM raw_chunk WHERE id > (?1 << 24) + coalesce(CAST(nullif(?2, '') AS INTEGER), -1) AND id < ?1 + 1 << 24 ORDER BY id LIMIT ?3;

-- name: push_stock_transactions
SELECT x.id,
       CASE WHEN typeof(x.event_id) = 'blob'
            THEN lower(substr(hex(x.event_id), 1, 8) || '-' || substr(hex(x.event_id), 9, 4) || '-' || substr(hex(x.event_id), 13, 4)
                 || '-' || substr(hex(x.event_id), 17, 4) || '-' || substr(hex(x.event_id), 21)) ELSE x.event_id END,
       k.name, i.text, w.text, l.text, t.text, s.text, x.quantity, x.reserved, x.on_hand_after, x.reserved_after, x.at,
       x.recorded_at, x.reference_id, x.notes, a.text, d.text, x.device_seq, x.unit_cost, x.id
FROM stock_transactions x JOIN stock_kind k ON k.id = x.kind
LEFT JOIN stock_name i ON i.id = x.item LEFT JOIN stock_name w ON w.id = x.warehouse
LEFT JOIN stock_name l ON l.id = x.location LEFT JOIN stock_name t ON t.id = x.lot LEFT JOIN stock_name s ON s.id = x.serial
LEFT JOIN stock_name a ON a.id = x.actor LEFT JOIN stock_name d ON d.id = x.device
WHERE x.id > max(?1, CAST(?2 AS INTEGER)) AND x.id <= ?4 ORDER BY x.id LIMIT ?3;

-- name: push_archived
SELECT 1 FROM archive_partition WHERE tbl = 'stock_transactions' AND first_id <= ?2 AND last_id >= ?1 AND purged_at IS NULL LIMIT 1;

-- name: push_waits
-- Are movements from ?1 to ?2 still to go up?
SELECT 1 FROM sync_upstream, change_log c
WHERE c.seq > coalesce((SELECT position ->> 'seq' FROM sync_lane WHERE lane = 'rows'), 0) AND c.event = 'STOCK_MOVED' AND c.after ->> 'first' <= ?2 AND c.after ->> 'last' >= ?1 LIMIT 1;

-- name: push_batch_add
INSERT INTO sync_batch (origin, lane, sequence, previous, position_from, position_to, first_seq, last_seq, rows, bytes, sections,
                        root, hash, signature, made_at, confirmed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
ON CONFLICT (origin, lane, sequence) DO UPDATE
SET previous = excluded.previous, position_from = excluded.position_from, position_to = excluded.position_to,
    first_seq = excluded.first_seq, last_seq = excluded.last_seq, rows = excluded.rows, bytes = excluded.bytes,
    sections = excluded.sections, root = excluded.root, hash = excluded.hash, signature = excluded.signature,
    made_at = excluded.made_at, confirmed_at = excluded.confirmed_at, received_at = NULL, receipt = NULL
WHERE hash <> excluded.hash;
