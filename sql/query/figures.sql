-- name: scope_undone
SELECT 1 FROM run_undone WHERE run = ?1;

-- name: term_text
SELECT text FROM term WHERE id = ?1;

-- name: quality_runs
SELECT coalesce(sum(rows_read), 0), coalesce(sum(rows_clean), 0), coalesce(sum(rows_rejected), 0)
FROM run r
WHERE dataset = ?1 AND state = 'done'
  AND CASE WHEN ?2 IS NULL THEN kind IN ('file', 'rejudge') AND id NOT IN (SELECT run FROM run_undone) ELSE id = ?2 END;

-- name: quality_categories
SELECT c.category, sum(c.rows)
FROM run_category c JOIN run r ON r.id = c.run
WHERE r.dataset = ?1 AND r.state = 'done'
  AND CASE WHEN ?2 IS NULL THEN r.kind IN ('file', 'rejudge') AND r.id NOT IN (SELECT run FROM run_undone) ELSE r.id = ?2 END
GROUP BY 1 ORDER BY 1;

-- name: quality_controls
SELECT c.control, max(c.version), c.stage, c.field, c.category, sum(r.rows_read), sum(c.failed), count(*)
FROM run_control c JOIN run r ON r.id = c.run
WHERE r.dataset = ?1 AND r.state = 'done'
  AND CASE WHEN ?2 IS NULL THEN r.kind IN ('file', 'rejudge') AND r.id NOT IN (SELECT run FROM run_undone) ELSE r.id = ?2 END
GROUP BY c.control ORDER BY max(r.id) DESC, min(c.position);

-- name: quality_corrected
SELECT count(*)
FROM reject x JOIN run r ON r.id = x.id >> 32
WHERE x.solved_run IS NOT NULL AND r.dataset = ?1
  AND CASE WHEN ?2 IS NULL THEN r.kind IN ('file', 'rejudge') AND r.id NOT IN (SELECT run FROM run_undone) ELSE r.id = ?2 END;

-- name: quality_accepted
SELECT count(*)
FROM review v JOIN reject x ON x.id = v.exception JOIN run r ON r.id = x.id >> 32
WHERE v.deleted_at IS NULL AND v.decision = 'accepted' AND x.state = 'open' AND r.dataset = ?1
  AND CASE WHEN ?2 IS NULL THEN r.kind IN ('file', 'rejudge') AND r.id NOT IN (SELECT run FROM run_undone) ELSE r.id = ?2 END;

-- name: quality_trend
SELECT * FROM
 (SELECT id, uuid, source, started_at, rows_read, rows_clean, rows_rejected
  FROM run
  WHERE dataset = ?1 AND state = 'done' AND kind IN ('file', 'rejudge') AND id NOT IN (SELECT run FROM run_undone)
  ORDER BY id DESC LIMIT 100)
ORDER BY id;

-- name: rows_run
SELECT r.uuid, r.source, r.kind, r.actor, r.started_at, u.at IS NOT NULL
FROM run r LEFT JOIN run_undone u ON u.run = r.id WHERE r.id = ?1;

-- name: rows_is_reject
SELECT 1 FROM reject WHERE id = ?1;

-- name: row_notes
SELECT id, text, updated_at, updated_by FROM note WHERE dataset = ?1 AND key = ?2 AND deleted_at IS NULL ORDER BY created_at;

-- name: row_controls
SELECT control, version, stage, field FROM run_control WHERE run = ?1 ORDER BY position;

-- name: line_exception
SELECT x.id, x.category, x.stage, coalesce(v.decision, x.state), x.faults, x.raw,
       (SELECT group_concat(value ->> 'reason', '; ') FROM json_each(x.faults)), (SELECT uuid FROM run WHERE id = x.solved_run)
FROM reject x LEFT JOIN review v ON v.exception = x.id AND v.deleted_at IS NULL AND x.state = 'open'
WHERE x.id = ?1;
