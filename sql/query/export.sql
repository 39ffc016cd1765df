-- name: tab_cards
SELECT title, cards FROM tab WHERE deleted_at IS NULL;

-- name: steward_subjects
SELECT subject FROM steward WHERE deleted_at IS NULL;

-- name: subject_is_table
SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ?1;

-- name: subject_is_column
SELECT 1 FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type IN ('table', 'view') AND s.name = ?1 AND c.name = ?2;

-- name: subject_is_rule
SELECT 1 FROM rule WHERE name = ?1 AND deleted_at IS NULL;

-- name: changes_time
SELECT at FROM change_log WHERE seq = ?1;

-- name: changes_since
SELECT seq, at, actor, unit, event, tbl, key, count, text FROM change_log WHERE seq > ?1 ORDER BY seq LIMIT ?2;

-- name: changes_count
-- given: ?1 changes_count_of_unit
SELECT count(*) FROM change_log
WHERE (?1 IS NULL OR seq IN (SELECT seq FROM unit_log WHERE unit = ?1)) AND (?2 IS NULL OR event = ?2) AND (?3 IS NULL OR tbl = ?3) AND (?4 IS NULL OR key = ?4)
  AND (?5 IS NULL OR actor = ?5) AND (?6 IS NULL OR at >= ?6) AND (?7 IS NULL OR at < ?7)
  AND (?8 IS NULL OR coalesce(tbl, '') NOT IN (SELECT value FROM json_each(?8)));

-- name: changes_before
-- given: ?1 changes_before_of_unit
SELECT seq, at, actor, unit, event, tbl, key, count, text, before, after FROM change_log
WHERE (?1 IS NULL OR seq IN (SELECT seq FROM unit_log WHERE unit = ?1)) AND (?2 IS NULL OR event = ?2) AND (?3 IS NULL OR tbl = ?3) AND (?4 IS NULL OR key = ?4)
  AND (?5 IS NULL OR actor = ?5) AND (?6 IS NULL OR at >= ?6) AND (?7 IS NULL OR at < ?7)
  AND (?8 IS NULL OR coalesce(tbl, '') NOT IN (SELECT value FROM json_each(?8)))
  AND seq < ?9
ORDER BY seq DESC LIMIT ?10;
