-- report: audit_log
-- columns: id int, run_id text, event_type text, event_description text, record_count int, timestamp text, actor text,
-- columns: hlc text, hash text
SELECT id, run_id, event_type, event_description, record_count, timestamp, actor, hlc, hash
FROM audit_log
WHERE (:run IS NULL OR run_id = :run)
  AND (:hidden IS NULL OR id NOT IN (SELECT seq FROM change_log WHERE tbl IN (SELECT value FROM json_each(:hidden))))
ORDER BY id;
