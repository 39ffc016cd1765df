-- name: run_next
SELECT coalesce(max(id), 0) + 1 FROM run;

-- name: run_add
INSERT INTO run (id, uuid, dataset, source, state, started_at, actor, bytes, settings, kind, rank, rule_set)
VALUES (?1, ?2, ?3, ?4, 'running', ?5, ?6, ?7, ?8, coalesce(?8 ->> '$.kind', 'file'), coalesce(?8 ->> '$.rank', ?1),
        (SELECT id FROM rule_set WHERE sha256 = ?9));

-- name: rule_set_add
INSERT INTO rule_set (sha256, json) VALUES (?1, ?2) ON CONFLICT (sha256) DO NOTHING;

-- name: run_finish
UPDATE run
SET state = 'done', ended_at = ?2, sha256 = ?3, rows_read = ?4, rows_clean = ?5, rows_rejected = ?6,
    clean_crc = ?7, reject_crc = ?8, total_crc = ?9, memory_bytes = ?10, bytes = ?11, key_min = ?12, key_max = ?13,
    rows_updated = ?14, rows_unchanged = ?15
WHERE id = ?1;

-- name: run_fail
UPDATE run SET state = ?2, ended_at = ?3, message = ?4 WHERE id = ?1;

-- name: run_unfinished
SELECT id, uuid, source FROM run WHERE state = 'running' ORDER BY id;

-- name: run_rows_so_far
SELECT coalesce(sum(rows_clean), 0) FROM run WHERE dataset = ?1 AND state = 'done';

-- name: run_control_add
INSERT INTO run_control (run, position, control, version, stage, kind, field, category, failed)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: run_category_add
INSERT INTO run_category (run, category, rows) VALUES (?1, ?2, ?3);

-- name: run_check_add
INSERT INTO run_check (run, position, name, ok, expected, actual, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (run, position) DO UPDATE
SET name = excluded.name, ok = excluded.ok, expected = excluded.expected, actual = excluded.actual, text = excluded.text;

-- name: raw_chunk_add
INSERT INTO raw_chunk (id, offset, line, record, count, crc, records, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: term_id
SELECT id FROM term WHERE text = ?1;

-- name: term_add
INSERT INTO term (text) VALUES (?1);

-- name: reject_solve
UPDATE reject SET state = 'corrected', solved_run = ?2, updated_at = ?3, updated_by = ?4
WHERE id = ?1 AND state = 'open';

-- name: reject_records
SELECT id & 0xffffffff FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY id;

-- name: reject_reopen
UPDATE reject SET state = 'open', solved_run = NULL, updated_at = NULL, updated_by = NULL WHERE solved_run = ?1;

-- name: reject_categories
SELECT category, count(*) FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 GROUP BY category;

-- name: run_categories
SELECT category, rows FROM run_category WHERE run = ?1 ORDER BY category;

-- name: reject_digest
SELECT coalesce(sum(crc32(id, line, offset, category, stage, faults, raw)), 0) FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1;

-- name: change_steps
SELECT event FROM unit_log
WHERE unit = ?1 AND event IN ('RUN_STARTED', 'DATA_INGESTED', 'DATA_VALIDATED', 'EXCEPTIONS_STORED', 'DATA_TRANSFORMED',
                              'ANALYTICS_CREATED', 'RUN_COMPLETED')
ORDER BY seq;

-- name: run_by_prefix
SELECT id, uuid, dataset, source, state, sha256, bytes, rows_read, rows_clean, rows_rejected, clean_crc, reject_crc,
       total_crc, settings, key_min, key_max, (SELECT json FROM rule_set WHERE id = run.rule_set),
       strftime('%Y-%m-%dT%H:%M:%S', started_at / 1000000, 'unixepoch') || printf('.%06dZ', started_at % 1000000),
       actor, kind, rank, settings ->> '$.existing', EXISTS (SELECT 1 FROM run_undone u WHERE u.run = run.id),
       rows_updated, rows_unchanged
FROM run WHERE uuid >= ?1 AND uuid < ?1 || x'7f' ORDER BY uuid LIMIT 2;

-- name: run_latest
SELECT id, uuid, dataset, source, state, sha256, bytes, rows_read, rows_clean, rows_rejected, clean_crc, reject_crc,
       total_crc, settings, key_min, key_max, (SELECT json FROM rule_set WHERE id = run.rule_set),
       strftime('%Y-%m-%dT%H:%M:%S', started_at / 1000000, 'unixepoch') || printf('.%06dZ', started_at % 1000000),
       actor, kind, rank, settings ->> '$.existing', EXISTS (SELECT 1 FROM run_undone u WHERE u.run = run.id),
       rows_updated, rows_unchanged
FROM run ORDER BY id DESC LIMIT 1;

-- name: run_done
SELECT id, uuid, dataset, source, state, sha256, bytes, rows_read, rows_clean, rows_rejected, clean_crc, reject_crc,
       total_crc, settings, key_min, key_max, (SELECT json FROM rule_set WHERE id = run.rule_set),
       strftime('%Y-%m-%dT%H:%M:%S', started_at / 1000000, 'unixepoch') || printf('.%06dZ', started_at % 1000000),
       actor, kind, rank, settings ->> '$.existing', EXISTS (SELECT 1 FROM run_undone u WHERE u.run = run.id),
       rows_updated, rows_unchanged
FROM run WHERE state = 'done' ORDER BY id;

-- name: raw_chunk_from
SELECT offset, bytes FROM raw_chunk
WHERE id >= (SELECT max(id) FROM raw_chunk WHERE id BETWEEN ?1 << 24 AND (?1 + 1 << 24) - 1 AND offset <= ?2)
  AND id < ?1 + 1 << 24
ORDER BY id;

-- name: raw_chunk_ends
SELECT (SELECT min(id) FROM raw_chunk WHERE id BETWEEN ?1 << 24 AND (?1 + 1 << 24) - 1),
       (SELECT max(id) FROM raw_chunk WHERE id BETWEEN ?1 << 24 AND (?1 + 1 << 24) - 1);

-- name: raw_chunk_begin
SELECT record, line, offset FROM raw_chunk WHERE id = ?1;

-- name: raw_chunk_index
SELECT offset, line, record, records FROM raw_chunk WHERE id = ?1;

-- name: raw_chunk_whole
SELECT offset, line, record, records, crc, bytes FROM raw_chunk WHERE id = ?1;

-- name: raw_chunk_indices
SELECT offset, line, record, records FROM raw_chunk WHERE id BETWEEN ?1 << 24 AND (?1 + 1 << 24) - 1 ORDER BY id;

-- name: rule_datasets
SELECT DISTINCT dataset FROM rule WHERE active = 1 AND deleted_at IS NULL;

-- name: raw_chunk_crcs
SELECT crc, records, bytes, offset FROM raw_chunk WHERE id BETWEEN ?1 << 24 AND (?1 + 1 << 24) - 1 ORDER BY id;

-- name: run_sealed
SELECT after ->> 'sha256', after ->> 'clean_crc', after ->> 'reject_crc', after ->> 'total_crc', after ->> 'run_crc',
       after ->> 'settled_crc', after ->> 'updated', after ->> 'unchanged'
FROM unit_log WHERE unit = ?1 AND event = 'RUN_COMPLETED';

-- name: settled_digest
SELECT coalesce(sum(crc32(id, state, solved_run, note, updated_at, updated_by)), 0) FROM reject WHERE solved_run = ?1;

-- name: verdicts_unfounded
SELECT count(*) FROM reject
WHERE CASE state WHEN 'open' THEN coalesce(solved_run, note, updated_at, updated_by) IS NOT NULL
                 WHEN 'corrected' THEN solved_run IS NULL ELSE 1 END;

-- name: audit_sealed
SELECT after ->> 'check_crc' FROM unit_log WHERE unit = ?1 AND event = 'RUN_AUDITED' ORDER BY seq DESC LIMIT 1;

-- name: run_digest
SELECT (SELECT crc32(uuid, dataset, source, state, started_at, ended_at, actor, bytes, sha256, rows_read, rows_clean,
                     rows_rejected, key_min, key_max, settings, (SELECT json FROM rule_set s WHERE s.id = run.rule_set))
               + (kind <> coalesce(settings ->> '$.kind', 'file') OR rank <> coalesce(settings ->> '$.rank', id))
        FROM run WHERE id = ?1)
     + (SELECT coalesce(sum(crc32(position, control, version, stage, kind, field, category, failed)), 0)
        FROM run_control WHERE run = ?1)
     + (SELECT coalesce(sum(crc32(category, rows)), 0) FROM run_category WHERE run = ?1);

-- name: run_check_digest
SELECT coalesce(sum(crc32(position, name, ok, expected, actual, text)), 0) FROM run_check WHERE run = ?1;

-- name: reject_only_by
SELECT 1 FROM reject WHERE id = ?1 AND json_array_length(faults) = 1 AND faults ->> '$[0].control' IN (?2, ?3);

-- name: reject_state
SELECT x.state, r.dataset FROM reject x JOIN run r ON r.id = x.id >> 32 WHERE x.id = ?1;

-- name: run_uuid
SELECT uuid FROM run WHERE id = ?1 AND state = 'done';

-- name: reject_settler
SELECT uuid FROM run WHERE id = (SELECT solved_run FROM reject WHERE id = ?1);

-- name: run_unaudited
SELECT id FROM run r WHERE state = 'done' AND NOT EXISTS (SELECT 1 FROM run_check c WHERE c.run = r.id) ORDER BY id LIMIT 1;

-- name: reject_clear
DELETE FROM reject;

-- name: verdicts_forget
DELETE FROM kept_verdict;

-- name: verdicts_keep
INSERT INTO kept_verdict (id, state, solved_run, note, updated_at, updated_by)
SELECT id, state, solved_run, note, updated_at, updated_by FROM reject WHERE state <> 'open';

-- name: verdicts_restore
UPDATE reject SET (state, solved_run, note, updated_at, updated_by) =
  (SELECT state, solved_run, note, updated_at, updated_by FROM kept_verdict v WHERE v.id = reject.id)
WHERE id IN (SELECT id FROM kept_verdict);

-- name: mapping_memory_of
SELECT headings, maps, unique_key, existing FROM mapping_memory
WHERE dataset = ?1 AND deleted_at IS NULL ORDER BY updated_at DESC LIMIT ?2;

-- name: mapping_memory_find
SELECT id, maps, coalesce(unique_key, ''), coalesce(existing, '') FROM mapping_memory WHERE dataset = ?1 AND headings = ?2 AND deleted_at IS NULL;

-- name: mapping_memory_all
SELECT dataset, maps, coalesce(existing, 'reject') FROM mapping_memory WHERE deleted_at IS NULL;

-- name: run_rank
SELECT rank, kind = 'edit' FROM run WHERE id = ?1;

-- name: undone_add
INSERT INTO run_undone (run, at, actor) VALUES (?1, ?2, ?3);

-- name: undone_remove
DELETE FROM run_undone WHERE run = ?1;

-- name: undo_kept_add
INSERT INTO undo_kept (run, key, reason) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING;

-- name: undo_kept_forget
DELETE FROM undo_kept WHERE run = ?1;

-- name: undo_kept_list
SELECT key, reason FROM undo_kept WHERE run = ?1 ORDER BY key;

-- name: undo_reviews
SELECT count(*) FROM review WHERE exception BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 AND deleted_at IS NULL;

-- name: undo_corrected
SELECT count(*) FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 AND state = 'corrected';

-- name: undo_duplicates
SELECT count(*) FROM reject x JOIN run r ON r.id = x.id >> 32
WHERE x.id >= ?1 + 1 << 32 AND r.dataset = ?2 AND r.id NOT IN (SELECT run FROM run_undone)
  AND x.faults LIKE '% of run ' || ?1 || '"%';

-- name: undo_in_its_place
SELECT uuid FROM run
WHERE rank = (SELECT rank FROM run WHERE id = ?1) AND id <> ?1 AND state = 'done' AND id NOT IN (SELECT run FROM run_undone);

-- name: undo_sealed
SELECT event, after ->> 'kept_crc', after FROM unit_log
WHERE unit = ?1 AND event IN ('RUN_UNDONE', 'RUN_REDONE') ORDER BY seq DESC LIMIT 1;

-- name: undo_differs
WITH noted AS (SELECT value ->> 'key' AS key, value ->> 'reason' AS reason FROM json_each(?2, '$.kept')),
     there AS (SELECT key, reason FROM undo_kept WHERE run = ?1)
SELECT (SELECT count(*) FROM (SELECT * FROM noted EXCEPT SELECT * FROM there))
     + (SELECT count(*) FROM (SELECT * FROM there EXCEPT SELECT * FROM noted))
     + (SELECT count(*) FROM run_undone u WHERE u.run = ?1 AND NOT EXISTS
         (SELECT 1 FROM unit_log c WHERE c.unit = ?3 AND c.event = 'RUN_UNDONE' AND c.at = u.at AND c.actor = u.actor));

-- name: run_events
SELECT r.id, c.event, c.after, c.at, c.actor FROM change_log c JOIN run r ON r.uuid = c.unit
WHERE c.event IN ('RUN_COMPLETED', 'RUN_UNDONE', 'RUN_REDONE') ORDER BY c.seq;

-- name: undone_clear
DELETE FROM run_undone;

-- name: undo_kept_clear
DELETE FROM undo_kept;

-- name: note_subject
SELECT dataset, key FROM note WHERE id = ?1 AND deleted_at IS NULL;

-- name: bulk_error_add
INSERT INTO bulk_upload_errors (id, batch, message, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING;

-- name: bulk_error_list
SELECT id & 0xffffffff, message FROM bulk_upload_errors WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY id;
