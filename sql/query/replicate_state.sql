-- What an edge knows of its way to headquarters, see src/replicate/state.h.

-- name: sync_upstream_get
SELECT u.dsn, u.organization_id, u.edge_id, u.role, u.name, u.enrolled_at, u.paused, u.metered_bytes, o.origin, o.epoch, o.instance
FROM sync_upstream u LEFT JOIN sync_origin o ON o.current = 1;

-- name: sync_upstream_put
INSERT INTO sync_upstream (id, dsn, organization_id, edge_id, role, name, enrolled_at) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (id) DO UPDATE SET dsn = excluded.dsn, organization_id = excluded.organization_id, edge_id = excluded.edge_id,
  role = excluded.role, name = excluded.name, enrolled_at = excluded.enrolled_at;

-- name: sync_origin_left
UPDATE sync_origin SET current = 0 WHERE current = 1;

-- name: sync_origin_put
INSERT INTO sync_origin (origin, epoch, instance, fork_seq, opened_at, current) VALUES (?1, ?2, ?3, 0, ?4, 1);

-- name: sync_lanes_clear
DELETE FROM sync_lane;

-- name: sync_pause
UPDATE sync_upstream SET paused = ?1;

-- name: sync_metered
UPDATE sync_upstream SET metered_bytes = ?1;

-- name: sync_lane_get
SELECT sequence, position, batch_hash, confirmed_at, coalesce(position ->> 'seq', 0) FROM sync_lane WHERE lane = ?1;

-- name: sync_lane_put
INSERT INTO sync_lane (lane, sequence, position, batch_hash, confirmed_at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (lane) DO UPDATE SET sequence = excluded.sequence, position = excluded.position, batch_hash = excluded.batch_hash,
  confirmed_at = excluded.confirmed_at;

-- Entries, what they come to as far as the first few thousand tell, and when the first of them was written.
-- name: sync_behind_log
SELECT n, CASE WHEN looked > 0 THEN bytes * n / looked ELSE 0 END, since
FROM (SELECT coalesce(max(seq), ?1) - ?1 AS n FROM change_log),
     (SELECT count(*) AS looked, coalesce(sum(size), 0) AS bytes, min(at) AS since
      FROM (SELECT at, 160 + coalesce(length("before"), 0) + coalesce(length("after"), 0) + length(text) AS size
            FROM change_log WHERE seq > ?1 ORDER BY seq LIMIT 2000));

-- Rows of runs and movements of stock, at the size that rows of this lane had lately.
-- name: sync_behind_rows
SELECT n, n * coalesce((SELECT sum(bytes) / max(1, sum(rows)) FROM sync_batch WHERE lane = 'rows'), 150), since
FROM (SELECT coalesce(sum(CASE WHEN c.event = 'RUN_COMPLETED' THEN r.rows_clean + r.rows_rejected
                               WHEN c.event = 'STOCK_MOVED' THEN c.count ELSE 1 END), 0) AS n, min(c.at) AS since
      FROM change_log c LEFT JOIN run r ON r.uuid = c.unit
      WHERE c.seq > ?1 AND c.event IN ('RUN_STARTED', 'RUN_COMPLETED', 'RUN_FAILED', 'RUN_INTERRUPTED', 'RUN_UNDONE', 'RUN_REDONE',
                                       'RUN_AUDITED', 'STOCK_MOVED'));

-- Controls, categories and checks of runs: some twenty rows each.
-- name: sync_behind_checks
SELECT 20 * n, 2000 * n, since
FROM (SELECT count(*) AS n, min(at) AS since FROM change_log
      WHERE seq > ?1 AND event IN ('RUN_COMPLETED', 'RUN_FAILED', 'RUN_INTERRUPTED', 'RUN_AUDITED'));

-- Bytes travel as text, two letters each.
-- name: sync_behind_raw
SELECT count(k.id), coalesce(sum(2 * length(k.bytes)), 0), min(c.at)
FROM change_log c JOIN run r ON r.uuid = c.unit JOIN raw_chunk k ON k.id >= r.id << 24 AND k.id < (r.id + 1) << 24
WHERE c.seq > ?1 AND c.event IN ('RUN_COMPLETED', 'RUN_FAILED', 'RUN_INTERRUPTED');

-- name: sync_day_add
INSERT INTO sync_day (day, batches, rows, bytes, took, statements, spoken, counted) VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?2)
ON CONFLICT (day) DO UPDATE SET batches = batches + 1, rows = rows + excluded.rows, bytes = bytes + excluded.bytes,
  took = took + excluded.took, statements = statements + excluded.statements, spoken = spoken + excluded.spoken,
  counted = counted + excluded.counted;

-- What a thousand rows cost, over the last days on which something went up: rows, statements in tenths, bytes; rows whose statements
-- were counted.
-- name: sync_cost
SELECT rows, statements * 10000 / nullif(rows, 0), spoken * 1000 / nullif(rows, 0)
FROM (SELECT coalesce(sum(counted), 0) AS rows, sum(statements) AS statements, sum(spoken) AS spoken
      FROM (SELECT counted, statements, spoken FROM sync_day ORDER BY day DESC LIMIT 7));

-- name: sync_metered_left
SELECT u.metered_bytes, coalesce(d.bytes, 0) FROM sync_upstream u LEFT JOIN sync_day d ON d.day = ?1;

-- Bytes a second, over the last days on which something went up.
-- name: sync_speed
SELECT coalesce(sum(bytes) * 1000000 / nullif(sum(took), 0), 0) FROM (SELECT bytes, took FROM sync_day ORDER BY day DESC LIMIT 7);

-- name: sync_error_get
SELECT code, sentence, since, tries, next_try FROM sync_error;

-- name: sync_error_put
INSERT INTO sync_error (id, code, sentence, since, tries, next_try) VALUES (1, ?1, ?2, ?3, 1, ?4)
ON CONFLICT (id) DO UPDATE SET code = excluded.code, sentence = excluded.sentence, tries = tries + 1, next_try = excluded.next_try;

-- name: sync_error_remove
DELETE FROM sync_error;

-- name: sync_history_put
INSERT INTO sync_history (at, kind, text) VALUES (?1, ?2, ?3);

-- name: sync_history_cut
DELETE FROM sync_history WHERE id <= (SELECT max(id) FROM sync_history) - 500;

-- name: sync_history_list
SELECT id, at, kind, text FROM sync_history ORDER BY id DESC LIMIT ?1;

-- name: sync_batches_list
SELECT lane, sequence, rows, bytes, made_at, confirmed_at, lower(hex(substr(hash, 1, 8))), receipt IS NOT NULL
FROM sync_batch ORDER BY confirmed_at IS NOT NULL, coalesce(confirmed_at, made_at) DESC, lane LIMIT ?1;

-- name: sync_last_receipt
SELECT lane, sequence, received_at, lower(hex(receipt)) FROM sync_batch WHERE receipt IS NOT NULL ORDER BY confirmed_at DESC LIMIT 1;

-- The file was put back to an earlier time, and headquarters was not seen since.
-- name: sync_put_back
SELECT seq, at FROM change_log WHERE seq > coalesce((SELECT seq FROM sync_contact ORDER BY id DESC LIMIT 1), 0) AND event = 'RESTORED'
ORDER BY seq DESC LIMIT 1;

-- name: sync_there
SELECT CAST(last_key AS INTEGER) FROM sync_pull WHERE tbl = '*';

-- name: sync_last_contact
SELECT max(at) FROM (SELECT at FROM sync_contact ORDER BY id DESC LIMIT 1);

-- Batches that were confirmed and are to be sent once more. ?1: origin; ?2: lane; ?3: the last one that is there.
-- name: sync_batches_behind
SELECT count(*), coalesce(sum(rows), 0) FROM sync_batch WHERE origin = ?1 AND lane = ?2 AND sequence > ?3 AND confirmed_at IS NOT NULL;

-- name: sync_batches_forget
DELETE FROM sync_batch WHERE origin = ?1 AND lane = ?2 AND sequence > ?3;

-- name: sync_received_since
SELECT count(DISTINCT tbl || ' ' || key) FROM unit_log WHERE seq > ?1 AND unit GLOB 'hq:*' AND event GLOB 'RECORD_*';

-- name: sync_pull_forget
DELETE FROM sync_pull;
