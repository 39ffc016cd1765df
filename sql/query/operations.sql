-- Figures for GET /metrics and the health of a tenant. In the first part every statement is a family of
-- export/operations.c: its columns are the labels, by their names, and the last one is the value. ?1 is now.

-- name: ops_jobs
SELECT queue, 'ready' AS state, count(*) FROM job WHERE state = 'waiting' AND delayed = 0 GROUP BY queue
UNION ALL SELECT queue, 'delayed', count(*) FROM job INDEXED BY job_due WHERE state = 'waiting' AND delayed = 1 GROUP BY queue
UNION ALL SELECT queue, 'running', count(*) FROM job WHERE state = 'running' GROUP BY queue
UNION ALL SELECT queue, 'dead', count(*) FROM job WHERE state = 'dead' AND state IN ('done', 'dead', 'cancelled') GROUP BY queue;

-- name: ops_job_oldest
SELECT queue, (?1 - min(due_at)) / 1e6 FROM job WHERE state = 'waiting' AND delayed = 0 AND due_at < ?1 GROUP BY queue;

-- name: ops_job_lost
SELECT count(*) FROM job_try WHERE outcome = 'lost';

-- name: ops_schedule_late
SELECT max(0, ?1 - coalesce(min(s.next), ?1)) / 1e6 FROM schedule_state s JOIN schedule e ON e.id = s.schedule
WHERE e.active AND e.deleted_at IS NULL AND s.next > 0;

-- name: ops_schedule_missed
SELECT e.name AS schedule, count(*) FROM schedule_slot s JOIN schedule e ON e.id = s.schedule WHERE s.state = 'missed' GROUP BY e.name;

-- name: ops_graph_runs
SELECT graph, state, count(*) FROM graph_run GROUP BY graph, state;

-- name: ops_import_runs
SELECT dataset, state, count(*) FROM run GROUP BY dataset, state;

-- name: ops_import_rows
SELECT dataset, 'clean' AS result, sum(rows_clean) FROM run GROUP BY dataset
UNION ALL SELECT dataset, 'rejected', sum(rows_rejected) FROM run GROUP BY dataset;

-- name: ops_import_seconds
SELECT dataset, (ended_at - started_at) / 1e6 FROM run
WHERE id IN (SELECT max(id) FROM run WHERE state = 'done' GROUP BY dataset);

-- name: ops_import_memory
SELECT dataset, memory_bytes FROM run WHERE id IN (SELECT max(id) FROM run WHERE state = 'done' GROUP BY dataset);

-- name: ops_outbox
SELECT channel, state, count(*) FROM outbox GROUP BY channel, state;

-- name: ops_backup_age
SELECT (?1 - max(made_at)) / 1e6 FROM backup_made WHERE removed_at IS NULL HAVING count(*) > 0;

-- name: ops_alerts
SELECT severity, count(*) FROM alert WHERE status = 'open' AND deleted_at IS NULL GROUP BY severity;

-- name: ops_breakers
SELECT name AS breaker, CASE state WHEN 'open' THEN 2 WHEN 'half-open' THEN 1 ELSE 0 END FROM circuit_breaker;

-- name: ops_changes
SELECT seq FROM change_log ORDER BY seq DESC LIMIT 1;

-- Replication: nothing where the tenant is not enrolled.
-- name: ops_sync_up
SELECT NOT EXISTS (SELECT 1 FROM sync_error) FROM sync_upstream;

-- name: ops_sync_behind
SELECT (SELECT coalesce(max(seq), 0) FROM change_log) - coalesce((SELECT position ->> 'seq' FROM sync_lane WHERE lane = 'log'), 0)
FROM sync_upstream;

-- name: ops_sync_age
SELECT lane, (?1 - confirmed_at) / 1e6 FROM sync_lane WHERE confirmed_at IS NOT NULL;

-- name: ops_sync_batches
SELECT sum(batches) FROM sync_day;

-- name: ops_sync_rows
SELECT sum(rows) FROM sync_day;

-- name: ops_sync_bytes
SELECT sum(bytes) FROM sync_day;

-- What a sentence about a tenant's health is made of.
-- name: health_jobs
SELECT (SELECT count(*) FROM job WHERE state = 'waiting' AND delayed = 0 AND due_at < ?1 - 60000000
          AND queue NOT IN (SELECT name FROM job_queue WHERE paused AND deleted_at IS NULL)),
       (SELECT count(*) FROM job WHERE state = 'dead' AND state IN ('done', 'dead', 'cancelled')),
       (SELECT count(*) FROM job WHERE state = 'running'),
       (SELECT group_concat(name, ', ') FROM job_queue WHERE paused AND deleted_at IS NULL),
       (SELECT count(*) FROM job WHERE state = 'waiting');

-- name: health_schedules
SELECT (SELECT (?1 - min(s.next)) / 1000000 FROM schedule_state s JOIN schedule e ON e.id = s.schedule
        WHERE e.active AND e.deleted_at IS NULL AND s.next BETWEEN 1 AND ?1),
       (SELECT count(*) FROM schedule_slot WHERE state = 'missed' AND at > ?1 - 86400000000),
       (SELECT count(*) FROM schedule WHERE active AND deleted_at IS NULL),
       (SELECT count(*) FROM graph_run WHERE state = 'failed' AND ended_at > ?1 - 86400000000);

-- name: health_outbox
SELECT (SELECT count(*) FROM outbox WHERE state IN ('dead', 'unclear') AND changed_at > ?1 - 7 * 86400000000),
       (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending', 'ending')),
       (SELECT answer FROM outbox WHERE state IN ('waiting', 'sending', 'ending') AND answer IS NOT NULL ORDER BY changed_at DESC LIMIT 1),
       (SELECT count(*) FROM mail_servers WHERE active AND deleted_at IS NULL),
       (SELECT count(*) FROM job WHERE kind = 'mail_send' AND state = 'waiting');

-- name: health_backups
SELECT (?1 - max(made_at)) / 3600000000, (SELECT min(at) FROM change_log) FROM backup_made WHERE removed_at IS NULL;

-- name: health_sync
SELECT u.paused, e.sentence, (SELECT max(confirmed_at) FROM sync_lane) FROM sync_upstream u LEFT JOIN sync_error e ON e.id = 1;
