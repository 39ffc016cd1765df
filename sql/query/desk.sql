-- name: desk_runs
SELECT id, uuid, source, started_at, rows_rejected, settings ->> '$.dialect.encoding',
       kind = 'correction'
       OR EXISTS (SELECT 1 FROM raw_chunk c WHERE c.id = run.id << 24
                  AND instr(CAST(substr(c.bytes, 1, 4096) AS TEXT), 'outpost_exception'))
FROM run WHERE id >= ?1 AND state = 'done' AND rows_rejected > 0 ORDER BY id;

-- name: desk_run_uuid
SELECT uuid FROM run WHERE id = ?1 AND state = 'done';

-- name: desk_last_run
SELECT id FROM run WHERE state = 'done' AND rows_rejected > 0 ORDER BY id DESC LIMIT 1;

-- name: desk_rejects
SELECT id, category, stage, faults FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY id;

-- name: desk_rejects_raw
SELECT id, raw FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY id;

-- name: desk_undone
SELECT run FROM run_undone;

-- name: desk_left_out
SELECT coalesce(sum(rows_rejected), 0) FROM run
WHERE id < ?1 AND state = 'done' AND id NOT IN (SELECT run FROM run_undone);

-- name: desk_settled
SELECT id, solved_run FROM reject WHERE solved_run IS NOT NULL;

-- name: desk_reviews
SELECT exception, assignee, decision IS NOT NULL FROM review WHERE deleted_at IS NULL;

-- name: desk_origin
SELECT x.solved_run, r.dataset FROM reject x JOIN run r ON r.id = x.id >> 32 WHERE x.id = ?1;

-- name: desk_row
SELECT x.line, x.offset, length(x.raw), x.category, x.stage, x.raw, x.faults, x.solved_run,
       v.assignee, v.decision, v.reason, v.id
FROM reject x LEFT JOIN review v ON v.exception = x.id AND v.deleted_at IS NULL
WHERE x.id = ?1;

-- name: desk_raw
SELECT raw FROM reject WHERE id = ?1;

-- name: desk_run_short
SELECT uuid, started_at, actor FROM run WHERE id = ?1;

-- name: desk_history
SELECT seq, at, actor, event, before, after FROM change_log
WHERE tbl = 'review' AND key IN (SELECT id FROM review WHERE exception = ?1) ORDER BY seq;

-- name: review_of
SELECT id, assignee, decision, reason FROM review WHERE exception = ?1 AND deleted_at IS NULL;

-- name: review_subject
SELECT v.exception, x.state, (SELECT 1 FROM run_undone u WHERE u.run = v.exception >> 32)
FROM review v LEFT JOIN reject x ON x.id = v.exception
WHERE v.id = ?1 AND v.deleted_at IS NULL;

-- name: review_exception
SELECT x.state, (SELECT 1 FROM run_undone u WHERE u.run = x.id >> 32) FROM reject x WHERE x.id = ?1;

-- name: correct_reject
SELECT x.state, x.raw, (SELECT 1 FROM run_undone u WHERE u.run = x.id >> 32) FROM reject x WHERE x.id = ?1;

-- name: correct_faults
SELECT id, faults FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY id;

-- name: review_carry
SELECT y.id, v.assignee, v.decision, v.reason, c.uuid
FROM reject x JOIN reject y ON y.id = ?2 << 32 | (x.id & 0xffffffff)
LEFT JOIN review v ON v.exception = x.id AND v.deleted_at IS NULL
LEFT JOIN run c ON c.id = x.solved_run AND c.id NOT IN (SELECT run FROM run_undone)
WHERE x.id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 AND y.state = 'open' AND (v.id IS NOT NULL OR c.id IS NOT NULL)
ORDER BY y.id;
