-- name: catalogue_columns
-- Tables and views of the file with their columns, and the text that made them: comments in it describe columns.
SELECT m.type, m.name, m.sql, x.name, x.type
FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) x
WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'
ORDER BY m.type, m.name, x.cid;

-- name: catalogue_stewards
SELECT subject, owner, description FROM steward WHERE deleted_at IS NULL;

-- name: catalogue_fresh
-- The newest change of every table. It reads an index of the log, and of the log itself one entry for each.
SELECT c.tbl, l.at FROM (SELECT tbl, max(seq) AS seq FROM change_log WHERE tbl IS NOT NULL GROUP BY tbl) c
JOIN change_log l ON l.seq = c.seq
UNION ALL
SELECT 'change_log', (SELECT at FROM change_log ORDER BY seq DESC LIMIT 1)
UNION ALL
SELECT 'run', max(ended_at) FROM run WHERE id = (SELECT max(id) FROM run WHERE ended_at IS NOT NULL);

-- name: catalogue_sums
-- What is many is not counted row by row.
SELECT (SELECT coalesce(sum(rows_rejected), 0) FROM run WHERE state = 'done'),
       (SELECT coalesce(max(seq), 0) FROM change_log);

-- name: catalogue_read
SELECT coalesce(sum(rows_read), 0) FROM run WHERE state = 'done' AND dataset = ?1;

-- name: catalogue_rules
-- Of a dataset: what looks at which field; fields of a key and of a condition stand in the parameters.
SELECT name, kind, field, params FROM rule
WHERE dataset = ?1 AND active = 1 AND deleted_at IS NULL ORDER BY position, name;

-- name: catalogue_lineage
-- Which headings the fields of a dataset were taken from by its last runs, and how each was found.
SELECT m.value ->> 'field', m.value ->> 'heading', m.value ->> 'how', count(*)
FROM (SELECT settings FROM run WHERE dataset = ?1 AND state = 'done' ORDER BY id DESC LIMIT 50) r,
     json_each(r.settings, '$.mapping') m
WHERE m.value ->> 'heading' IS NOT NULL
GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2;
