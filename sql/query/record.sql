-- name: record_changes
SELECT seq, at, actor, event, before, after FROM change_log WHERE tbl = ?1 AND key = ?2 ORDER BY seq;

-- name: record_known_at
SELECT after FROM change_log WHERE tbl = ?1 AND key = ?2 AND at <= ?3 ORDER BY seq DESC LIMIT 1;

-- name: record_before_first
SELECT before FROM change_log WHERE tbl = ?1 AND key = ?2 AND at > ?3 ORDER BY seq LIMIT 1;
