-- report: audit_log
-- columns: id int, run_id text, event_type text, event_description text, record_count int, timestamp text, actor text,
-- columns: hlc text, hash text
SELECT id, run_id, event_type, event_description, record_count, timestamp, actor, hlc, hash
FROM audit_log
WHERE :run IS NULL OR run_id = :run ORDER BY id;
