-- What a proof holds: see src/export/proof.h. A statement of `sealed` columns has them in the order and the form in
-- which a digest of ingest.sql takes them: run_digest, run_check_digest, reject_digest.

-- name: raw_chunk_spans
SELECT offset, line, record, records FROM raw_chunk WHERE id BETWEEN ?1 << 24 AND (?1 + 1 << 24) - 1 ORDER BY id;

-- name: proof_run
SELECT uuid, dataset, source, state, started_at, ended_at, actor, bytes, sha256, rows_read, rows_clean, rows_rejected,
       key_min, key_max, settings, (SELECT json FROM rule_set s WHERE s.id = run.rule_set) AS rules
FROM run WHERE id = ?1;

-- name: proof_rule_set
SELECT s.sha256 FROM rule_set s JOIN run r ON r.rule_set = s.id WHERE r.id = ?1;

-- name: proof_controls
SELECT position, control, version, stage, kind, field, category, failed FROM run_control WHERE run = ?1 ORDER BY position;

-- name: proof_categories
SELECT category, rows FROM run_category WHERE run = ?1 ORDER BY category;

-- name: proof_checks
SELECT position, name, ok, expected, actual, text FROM run_check WHERE run = ?1 ORDER BY position;

-- name: proof_exceptions
SELECT id, line, offset, category, stage, faults, raw, state, length(raw) AS length
FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY id;

-- name: proof_undone
SELECT at, actor FROM run_undone WHERE run = ?1;

-- name: proof_log
-- From the entry before the run's first one on; the last column says whether it speaks of the run.
SELECT seq, hlc, at, actor, unit, event, tbl, key, before, after, count, text, hash,
       unit = ?1 OR (tbl = 'run' AND key = ?1)
FROM change_log
WHERE seq >= (SELECT min(seq) - 1 FROM change_log WHERE unit = ?1 AND goes_on IS NULL) ORDER BY seq;

-- name: proof_tenant
SELECT id, slug, name, (SELECT max(version) FROM schema_migration) FROM organizations LIMIT 1;
