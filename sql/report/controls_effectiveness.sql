-- report: controls_effectiveness
-- columns: dataset text, control text, rule_version int, validation_stage text, control_type text, field text,
-- columns: error_category text, runs int, records int, failed int, pass_rate text, first_seen time, last_seen time,
-- columns: last_caught time
SELECT r.dataset, c.control, c.version, c.stage, c.kind, c.field, c.category, count(*), sum(r.rows_read), sum(c.failed),
       CASE WHEN sum(r.rows_read) THEN printf('%.6f', 1.0 - 1.0 * sum(c.failed) / sum(r.rows_read)) END,
       min(r.started_at), max(r.started_at), max(CASE WHEN c.failed THEN r.started_at END)
FROM run_control c JOIN run r ON r.id = c.run
WHERE r.state = 'done' AND r.id NOT IN (SELECT run FROM run_undone) AND (:run IS NULL OR r.uuid = :run)
GROUP BY r.dataset, c.control, c.version ORDER BY r.dataset, min(c.position), c.control, c.version;
