-- report: validation_results
-- columns: id int, run_id text, record_id int, validation_stage text, control_type text, status text,
-- columns: failure_reason text, timestamp text, control text, rule_version int
SELECT id, run_id, record_id, validation_stage, control_type, status, failure_reason, timestamp, control, rule_version
FROM validation_results
WHERE :run IS NULL OR run_id = :run;
