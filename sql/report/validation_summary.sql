-- report: validation_summary
-- columns: run_id text, validation_stage text, control text, rule_version int, field text, error_category text,
-- columns: records int, passed int, failed int, pass_rate text
SELECT run_id, validation_stage, control, rule_version, field, error_category, records, passed, failed, pass_rate
FROM validation_summary
WHERE :run IS NULL OR run_id = :run;
