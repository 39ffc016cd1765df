-- What a support bundle tells of a tenant's file: states, counts and times; nothing that came in with a file, and
-- nothing that people wrote. See src/export/support.h.

-- name: support_file
SELECT (SELECT page_size FROM pragma_page_size), (SELECT page_count FROM pragma_page_count),
       (SELECT freelist_count FROM pragma_freelist_count), (SELECT journal_mode FROM pragma_journal_mode),
       (SELECT max(version) FROM schema_migration), (SELECT max(seq) FROM change_log);

-- name: support_runs
SELECT id, uuid, dataset, source, state, kind, started_at, ended_at, actor, bytes, rows_read, rows_clean, rows_rejected,
       rows_updated, rows_unchanged, memory_bytes, settings ->> '$.dialect.encoding', length(message),
       (SELECT count(*) = 5 AND min(ok) FROM run_check c WHERE c.run = run.id),
       EXISTS (SELECT 1 FROM run_undone u WHERE u.run = run.id)
FROM run ORDER BY id DESC LIMIT ?1;

-- name: support_run_controls
-- Names of rules that people made are theirs.
SELECT control, version, kind, failed,
       version = 0 OR EXISTS (SELECT 1 FROM rule u WHERE u.name = c.control AND u.created_by = 'outpost')
FROM run_control c WHERE run = ?1 AND failed > 0 ORDER BY position;

-- name: support_log
SELECT seq, at, actor, unit, event, tbl, count FROM change_log ORDER BY seq DESC LIMIT ?1;
