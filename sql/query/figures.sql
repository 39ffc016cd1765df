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
SELECT r.uuid, r.source, r.kind, r.actor, r.started_at, u.at IS NOT NULL, r.settings ->> '$.dialect.encoding'
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

-- name: figure_records
SELECT coalesce(sum(rows_read), 0) FROM run WHERE state = 'done';

-- name: figure_runs
SELECT id, uuid, source, started_at, rows_read, rows_clean, rows_rejected
FROM run r
WHERE dataset = ?1 AND state = 'done'
  AND CASE WHEN ?2 IS NULL THEN kind IN ('file', 'rejudge') AND id NOT IN (SELECT run FROM run_undone) ELSE id = ?2 END
ORDER BY id;

-- name: figure_category
SELECT coalesce(sum(c.rows), 0)
FROM run_category c JOIN run r ON r.id = c.run
WHERE r.dataset = ?1 AND r.state = 'done' AND c.category = ?3
  AND CASE WHEN ?2 IS NULL THEN r.kind IN ('file', 'rejudge') AND r.id NOT IN (SELECT run FROM run_undone) ELSE r.id = ?2 END;

-- name: figure_control
SELECT coalesce(sum(c.failed), 0)
FROM run_control c JOIN run r ON r.id = c.run
WHERE r.dataset = ?1 AND r.state = 'done' AND c.control = ?3
  AND CASE WHEN ?2 IS NULL THEN r.kind IN ('file', 'rejudge') AND r.id NOT IN (SELECT run FROM run_undone) ELSE r.id = ?2 END;

-- name: figure_knows_category
SELECT group_concat(category) FROM (SELECT category FROM run_category UNION SELECT category FROM rule);

-- name: figure_knows_control
SELECT 1 FROM run_control WHERE control = ?1 UNION ALL SELECT 1 FROM rule WHERE name = ?1 LIMIT 1;

-- One run's rejected rows. ?4: a piece of text that the faults hold, before they are read as JSON.
-- name: figure_rejects
SELECT count(*) FROM reject
WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1
  AND (?2 IS NULL OR category = ?2)
  AND (?3 IS NULL OR ((?4 IS NULL OR instr(faults, ?4)) AND EXISTS (SELECT 1 FROM json_each(faults) WHERE value ->> 'control' = ?3)))
  AND (?5 IS NULL OR state = ?5);

-- name: figure_reject_list
SELECT x.id, x.line, x.offset, length(x.raw), x.category, x.stage, coalesce(v.decision, x.state),
       (SELECT group_concat(value ->> 'reason', '; ') FROM json_each(x.faults)), x.raw
FROM reject x LEFT JOIN review v ON v.exception = x.id AND v.deleted_at IS NULL AND x.state = 'open'
WHERE x.id > ?6 AND x.id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1
  AND (?2 IS NULL OR x.category = ?2)
  AND (?3 IS NULL OR ((?4 IS NULL OR instr(x.faults, ?4)) AND EXISTS (SELECT 1 FROM json_each(x.faults) WHERE value ->> 'control' = ?3)))
  AND (?5 IS NULL OR x.state = ?5)
ORDER BY x.id LIMIT ?7;

-- Names of rules and reference lists that differ between two sets as runs keep them.
-- name: compare_rules
WITH a (name, v) AS (
  SELECT value ->> 'name', json_array(value -> 'stage', value -> 'kind', value -> 'field', value -> 'params', value -> 'category', value -> 'message', value -> 'active')
  FROM json_each(?1, '$.rules') UNION ALL SELECT 'list ' || (value ->> 'list'), value ->> 'value' FROM json_each(?1, '$.items')),
b (name, v) AS (
  SELECT value ->> 'name', json_array(value -> 'stage', value -> 'kind', value -> 'field', value -> 'params', value -> 'category', value -> 'message', value -> 'active')
  FROM json_each(?2, '$.rules') UNION ALL SELECT 'list ' || (value ->> 'list'), value ->> 'value' FROM json_each(?2, '$.items'))
SELECT DISTINCT name FROM (SELECT * FROM (SELECT * FROM a EXCEPT SELECT * FROM b)
                           UNION ALL SELECT * FROM (SELECT * FROM b EXCEPT SELECT * FROM a)) ORDER BY name;

-- name: impact_rule
SELECT name, version, kind, field, params FROM rule WHERE dataset = ?1 AND name = ?2 AND deleted_at IS NULL;

-- name: impact_rule_runs
SELECT r.uuid, r.source, c.failed, c.version, u.run IS NOT NULL
FROM run_control c JOIN run r ON r.id = c.run LEFT JOIN run_undone u ON u.run = r.id
WHERE r.dataset = ?1 AND c.control = ?2 AND r.state = 'done' ORDER BY r.id DESC;

-- name: impact_rule_exceptions
SELECT count(*), coalesce(sum(x.state = 'open'), 0)
FROM reject x JOIN run r ON r.id = x.id >> 32
WHERE r.dataset = ?1 AND r.id NOT IN (SELECT run FROM run_undone) AND (?3 IS NULL OR instr(x.faults, ?3))
  AND EXISTS (SELECT 1 FROM json_each(x.faults) WHERE value ->> 'control' = ?2);

-- Rules that look at a field: by themselves, or by a word of their parameters.
-- name: impact_rules_of_field
SELECT name, kind, field, params FROM rule
WHERE dataset = ?1 AND deleted_at IS NULL AND active = 1 AND (field = ?2 OR instr(params, ?2)) ORDER BY position, name;

-- name: impact_rules_of_list
SELECT name, kind, field, params FROM rule
WHERE dataset = ?1 AND deleted_at IS NULL AND active = 1 AND kind = 'reference' AND params ->> 'list' = ?2 ORDER BY position, name;

-- name: impact_list
SELECT count(*), coalesce(sum(deleted_at IS NULL), 0) FROM reference_item WHERE list = ?1;

-- name: impact_headings
SELECT m.value ->> 'heading', count(*) FROM run r, json_each(r.settings, '$.mapping') m
WHERE r.dataset = ?1 AND r.state = 'done' AND m.value ->> 'field' = ?2 GROUP BY 1 ORDER BY 2 DESC;

-- name: impact_views
SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'view' AND c.name = ?1 ORDER BY 1;

-- name: impact_tabs
SELECT title, cards FROM tab WHERE deleted_at IS NULL ORDER BY position, title;

-- name: impact_corrections
SELECT s.uuid, s.source, count(*) FROM reject x JOIN run s ON s.id = x.solved_run
WHERE x.solved_run IS NOT NULL AND x.id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 GROUP BY s.id ORDER BY s.id;

-- ?2: how the reason of a taken key ends that names this run.
-- name: impact_duplicates
SELECT r.uuid, r.source, count(*) FROM reject x JOIN run r ON r.id = x.id >> 32
WHERE x.id >= ?1 + 1 << 32 AND instr(x.faults, ?2) GROUP BY r.id ORDER BY r.id;
