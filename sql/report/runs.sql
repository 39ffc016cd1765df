-- report: runs
-- columns: run_id text, dataset text, source text, state text, started time, ended time, actor text, rows_read int,
-- columns: rows_clean int, rows_rejected int, bytes int, sha256 text, message text
SELECT uuid, dataset, source, state, started_at, ended_at, actor, rows_read, rows_clean, rows_rejected, bytes, sha256, message
FROM run
WHERE :run IS NULL OR uuid = :run ORDER BY id;
