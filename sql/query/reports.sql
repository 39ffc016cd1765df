-- name: report_run_count
SELECT count(*) FROM run;

-- name: report_runs
SELECT r.id, r.uuid, r.dataset, r.source, r.state, r.started_at, r.ended_at, r.actor, r.rows_read, r.rows_clean,
       r.rows_rejected, r.sha256, r.bytes, r.memory_bytes, r.settings, r.message,
       (SELECT count(*) = 5 AND min(ok) FROM run_check c WHERE c.run = r.id),
       r.kind, r.rows_updated, r.rows_unchanged, u.at, u.actor,
       CASE WHEN u.run IS NOT NULL THEN (SELECT n.uuid FROM run n
         WHERE n.settings ->> '$.replaces' = r.uuid AND n.state = 'done' AND n.id NOT IN (SELECT run FROM run_undone)) END
FROM run r LEFT JOIN run_undone u ON u.run = r.id ORDER BY r.id DESC LIMIT ?1 OFFSET ?2;

-- name: report_run
SELECT r.id, r.uuid, r.dataset, r.source, r.state, r.started_at, r.ended_at, r.actor, r.rows_read, r.rows_clean,
       r.rows_rejected, r.sha256, r.bytes, r.memory_bytes, r.settings, r.message,
       (SELECT count(*) = 5 AND min(ok) FROM run_check c WHERE c.run = r.id),
       r.kind, r.rows_updated, r.rows_unchanged, u.at, u.actor,
       CASE WHEN u.run IS NOT NULL THEN (SELECT n.uuid FROM run n
         WHERE n.settings ->> '$.replaces' = r.uuid AND n.state = 'done' AND n.id NOT IN (SELECT run FROM run_undone)) END
FROM run r LEFT JOIN run_undone u ON u.run = r.id WHERE r.id = ?1;

-- name: report_controls
SELECT control, version, stage, field, category, failed FROM run_control WHERE run = ?1 ORDER BY position;

-- name: report_checks
SELECT name, ok, expected, actual, text FROM run_check WHERE run = ?1 ORDER BY position;

-- name: report_timeline
SELECT seq, at, event, text, count FROM unit_log WHERE unit = ?1 ORDER BY seq;

-- Rows with the key of an earlier row of the run's file; nothing of a run that was made before this was noted.
-- name: report_repeated
SELECT after ->> 'repeated' FROM unit_log WHERE unit = ?1 AND event = 'RUN_COMPLETED';

-- name: report_exception_count
SELECT count(*) FROM reject x
WHERE (?1 IS NULL OR x.id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1)
  AND (?2 IS NULL OR x.category = ?2)
  AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(x.faults) WHERE value ->> 'control' = ?3));

-- name: report_exceptions
SELECT x.id, r.uuid, x.line, x.category, x.stage, x.state, x.raw, x.faults, r.settings ->> '$.dialect.encoding',
       r.source, x.offset, length(x.raw)
FROM reject x JOIN run r ON r.id = x.id >> 32
WHERE x.id > ?4 AND (?1 IS NULL OR x.id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1)
  AND (?2 IS NULL OR x.category = ?2)
  AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(x.faults) WHERE value ->> 'control' = ?3))
ORDER BY x.id LIMIT ?5;

-- name: reject_open_of_run
SELECT id, (SELECT group_concat(value ->> 'reason', '; ') FROM json_each(faults)), raw
FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 AND state = 'open'
  AND NOT EXISTS (SELECT 1 FROM review v WHERE v.exception = reject.id AND v.deleted_at IS NULL AND v.decision IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM run_undone u WHERE u.run = ?1)
ORDER BY id;

-- name: doctor_runs
SELECT count(*), coalesce(sum(state IN ('failed', 'interrupted') AND id > (SELECT coalesce(max(id), 0) FROM run WHERE state = 'done')), 0),
       (SELECT count(DISTINCT run) FROM run_check WHERE ok = 0),
       (SELECT rows_read * 1000000 / (ended_at - started_at) FROM run
        WHERE state = 'done' AND ended_at > started_at ORDER BY id DESC LIMIT 1)
FROM run;
