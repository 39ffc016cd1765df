-- name: record_changes
SELECT seq, at, actor, event, before, after FROM change_log WHERE tbl = ?1 AND key = ?2 ORDER BY seq;

-- name: record_known_at
SELECT after FROM change_log WHERE tbl = ?1 AND key = ?2 AND at <= ?3 ORDER BY seq DESC LIMIT 1;

-- name: record_before_first
SELECT before FROM change_log WHERE tbl = ?1 AND key = ?2 AND at > ?3 ORDER BY seq LIMIT 1;

-- name: record_known_until
SELECT after FROM change_log WHERE tbl = ?1 AND key = ?2 AND seq <= ?3 ORDER BY seq DESC LIMIT 1;

-- name: record_before_entry
SELECT before FROM change_log WHERE tbl = ?1 AND key = ?2 AND seq > ?3 ORDER BY seq LIMIT 1;

-- name: record_changed_after
SELECT DISTINCT key FROM change_log WHERE tbl = ?1 AND seq > ?2 AND key IS NOT NULL ORDER BY key;
