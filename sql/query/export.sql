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
