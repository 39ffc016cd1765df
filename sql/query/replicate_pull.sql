-- What comes down from headquarters (src/replicate/pull.h), and what did not hold (conflict.h).

-- name: pull_get
SELECT since, upto, last_key, shape FROM sync_pull WHERE tbl = ?1;

-- name: pull_put
INSERT OR REPLACE INTO sync_pull (tbl, since, upto, last_key, shape) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: pull_edits
SELECT seq, hlc, before, after FROM change_log
WHERE tbl = ?1 AND key = ?2 AND seq > ?3 AND unit NOT LIKE 'hq:%' AND after IS NOT NULL ORDER BY seq;

-- name: pull_log_end
SELECT coalesce(max(seq), 0) FROM change_log;

-- name: pull_schema
SELECT max(version) FROM schema_migration;

-- name: pull_shipped
-- What this file's schema brought has been sent.
SELECT 1 FROM sync_pull WHERE tbl = '*' AND since = CAST((SELECT max(version) FROM schema_migration) AS TEXT);

-- name: pull_park
INSERT INTO sync_parked (tbl, key, reason, since) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (tbl, key) DO UPDATE SET reason = excluded.reason;

-- name: pull_parked_so
SELECT 1 FROM sync_parked WHERE tbl = ?1 AND key = ?2 AND reason = ?3;

-- name: pull_parked_is
SELECT 1 FROM sync_parked WHERE tbl = ?1 AND key = ?2;

-- name: pull_unpark
DELETE FROM sync_parked WHERE tbl = ?1 AND key = ?2;

-- name: pull_parked
SELECT json_group_array(key) FROM (SELECT key FROM sync_parked WHERE tbl = ?1 ORDER BY since, key LIMIT 500) HAVING count(*) > 0;

-- name: pull_read_only
SELECT 1 FROM sync_pull WHERE tbl = ?1 AND substr(shape, 1, 10) = 'read only ';

-- name: pull_parked_any
SELECT 1 FROM sync_parked WHERE tbl = ?1 LIMIT 1;

-- name: conflict_state
SELECT state FROM sync_conflicts WHERE id = ?1;

-- name: conflict_get
SELECT kind, record, field, lost, state FROM sync_conflicts WHERE id = ?1 AND deleted_at IS NULL;

-- name: conflict_decided
SELECT kind, record, field, lost_by, coalesce(title, record), state FROM sync_conflicts WHERE id = ?1 AND deleted_at IS NULL;

-- name: conflict_taken
-- What taking it made of the record: the entries of the unit of work that decided.
SELECT (SELECT before FROM change_log r WHERE r.unit = c.unit AND r.tbl = ?2 AND r.key = ?3 ORDER BY r.seq LIMIT 1),
       (SELECT after FROM change_log r WHERE r.unit = c.unit AND r.tbl = ?2 AND r.key = ?3 ORDER BY r.seq DESC LIMIT 1)
FROM change_log c
WHERE c.tbl = 'sync_conflicts' AND c.key = ?1 AND json_extract(c.after, '$.state') = 'taken' ORDER BY c.seq DESC LIMIT 1;

-- name: same_key_ours
SELECT 1 FROM change_log WHERE tbl = ?1 AND key = ?2 AND unit NOT LIKE 'hq:%' LIMIT 1;

-- name: same_key_open
SELECT id FROM sync_conflicts
WHERE state = 'open' AND deleted_at IS NULL AND kind = ?1 AND field = 'id' AND json_extract(won, '$.id') = ?2 AND id <> ?3 LIMIT 1;

-- name: conflict_said
-- Who made a field (?3, a path) what it is in one of the two (?4, JSON), or took the record away, and when; last. Here, or (?5) elsewhere.
-- ?6: it is a number, which headquarters writes with all its digits.
WITH entry AS (
  SELECT seq, coalesce(json_extract(after, '$.updated_by'), actor) AS who, coalesce(json_extract(after, '$.updated_at'), at) AS at,
         json_extract(before, ?3) AS was, json_extract(after, ?3) AS now, json_extract(?4, '$') AS said,
         json_extract(before, '$.deleted_at') AS was_gone, json_extract(after, '$.deleted_at') AS gone
  FROM change_log WHERE tbl = ?1 AND key = ?2 AND after IS NOT NULL AND (unit LIKE 'hq:%') = ?5)
SELECT who, at FROM entry
WHERE (CASE WHEN ?6 THEN CAST(now AS REAL) = CAST(said AS REAL) AND CAST(was AS REAL) IS NOT CAST(said AS REAL)
       ELSE now IS said AND was IS NOT said END)
   OR (?4 IS NULL AND gone IS NOT NULL AND was_gone IS NULL)
ORDER BY seq DESC LIMIT 1;

-- name: conflict_open
SELECT count(*) FROM sync_conflicts WHERE state = 'open' AND deleted_at IS NULL;

-- name: request_put
INSERT INTO sync_request (request, job, refused) VALUES (?1, ?2, ?3);

-- name: request_known
SELECT 1 FROM sync_request WHERE request = ?1;

-- name: request_ended
SELECT r.request, r.refused, j.state, j.cause, j.result FROM sync_request r LEFT JOIN job j ON j.id = r.job
WHERE r.told = 0 AND (r.refused IS NOT NULL OR j.id IS NULL OR j.state IN ('done', 'dead', 'cancelled'));

-- name: request_told
UPDATE sync_request SET told = 1 WHERE request = ?1;
