-- name: graph_names
SELECT group_concat(name, ', ') FROM (SELECT name FROM graph WHERE deleted_at IS NULL ORDER BY name LIMIT 40);

-- name: graph_of_name
SELECT tasks, retries, retry_delay_s, max_active, start_day FROM graph WHERE name = ?1 AND deleted_at IS NULL;

-- name: graph_schedules
SELECT name, cron, zone, active FROM schedule
WHERE kind = 'graph' AND graph = ?1 AND deleted_at IS NULL ORDER BY active DESC, name;

-- name: graph_run_add
INSERT INTO graph_run (graph, cause, state, window_from, window_to, payload, tasks, retries, retry_delay_s, notify,
                       created_at, created_by)
VALUES (?1, ?2, 'waiting', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: graph_run_read
SELECT graph, cause, state, window_from, window_to, payload, tasks, retries, retry_delay_s, notify
FROM graph_run WHERE id = ?1;

-- name: graph_run_begin
UPDATE graph_run SET state = 'running', started_at = coalesce(started_at, ?2), ended_at = NULL WHERE id = ?1;

-- name: graph_run_end
UPDATE graph_run SET state = ?2, ended_at = ?3 WHERE id = ?1;

-- name: graph_run_wait
UPDATE graph_run SET state = 'waiting', ended_at = NULL WHERE id = ?1;

-- name: graph_run_active
SELECT count(*) FROM graph_run WHERE graph = ?1 AND state = 'running';

-- name: graph_run_waiting
SELECT id FROM graph_run WHERE graph = ?1 AND state = 'waiting' ORDER BY cause = 'backfill', id LIMIT 1;

-- name: graph_run_covered
SELECT max(window_to) FROM graph_run WHERE graph = ?1 AND cause <> 'backfill' AND state = 'done';

-- name: graph_run_old
SELECT id FROM graph_run WHERE graph = ?1 AND state IN ('done', 'failed', 'cancelled') ORDER BY id DESC LIMIT 50 OFFSET ?2;

-- name: graph_run_forget
DELETE FROM graph_run WHERE id = ?1;

-- name: graph_task_forget
DELETE FROM graph_task WHERE run = ?1;

-- name: graph_task_add
INSERT INTO graph_task (run, name, item, place, state) VALUES (?1, ?2, ?3, ?4, 'waiting');

-- name: graph_task_drop
DELETE FROM graph_task WHERE run = ?1 AND name = ?2;

-- name: graph_task_counts
SELECT place, count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'queued'),
       count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state IN ('failed', 'upstream_failed', 'cancelled'))
FROM graph_task WHERE run = ?1 GROUP BY place;

-- name: graph_task_waiting
SELECT item, job FROM graph_task WHERE run = ?1 AND name = ?2 AND state = 'waiting' ORDER BY item;

-- name: graph_task_queue
UPDATE graph_task SET state = 'queued', job = ?4, started_at = NULL, ended_at = NULL, cause = NULL, output = NULL
WHERE run = ?1 AND name = ?2 AND item = ?3;

-- name: graph_task_fail
UPDATE graph_task SET state = ?4, cause = ?5, ended_at = ?6 WHERE run = ?1 AND name = ?2 AND item = ?3;

-- name: graph_task_block
UPDATE graph_task SET state = 'upstream_failed', cause = ?3, ended_at = ?4 WHERE run = ?1 AND name = ?2 AND state = 'waiting';

-- name: graph_task_empty
UPDATE graph_task SET state = 'done', output = '[]', started_at = ?3, ended_at = ?3, cause = 'there was nothing to do: the list is empty'
WHERE run = ?1 AND name = ?2;

-- name: graph_task_of_job
SELECT state FROM graph_task WHERE run = ?1 AND name = ?2 AND item = ?3 AND job = ?4;

-- name: graph_task_end
UPDATE graph_task SET state = ?4, cause = ?5, output = ?6, attempts = ?7, ended_at = ?8,
       started_at = (SELECT started_at FROM job WHERE id = job)
WHERE run = ?1 AND name = ?2 AND item = ?3;

-- name: graph_task_at_work
SELECT 1 FROM graph_task WHERE run = ?1 AND name = ?2 AND state = 'queued' LIMIT 1;

-- name: graph_task_jobs
SELECT job FROM graph_task WHERE run = ?1 AND state = 'queued' AND (?2 IS NULL OR name = ?2);

-- name: graph_task_cancel
UPDATE graph_task SET state = 'cancelled', ended_at = ?2 WHERE run = ?1 AND state IN ('waiting', 'queued');

-- name: graph_task_again
UPDATE graph_task SET state = 'waiting', cause = NULL, ended_at = NULL
WHERE run = ?1 AND state IN ('failed', 'cancelled') AND (?2 IS NULL OR name = ?2);

-- name: graph_task_unblock
UPDATE graph_task SET state = 'waiting', cause = NULL, ended_at = NULL WHERE run = ?1 AND state = 'upstream_failed';

-- name: graph_listed
SELECT name, help, owner, retries, retry_delay_s, start_day, catch_up, max_active, tasks
FROM graph WHERE deleted_at IS NULL ORDER BY name;

-- name: graph_tally
SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'failed') FROM graph_run WHERE graph = ?1;

-- name: graph_durations
SELECT ended_at - started_at FROM (
  SELECT started_at, ended_at FROM graph_run WHERE graph = ?1 AND state = 'done' AND started_at IS NOT NULL
  ORDER BY id DESC LIMIT 51)
ORDER BY 1;

-- name: graph_runs_listed
SELECT id, graph, cause, state, window_from, window_to, created_at, created_by, started_at, ended_at
FROM graph_run WHERE (?1 IS NULL OR graph = ?1) AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT ?3;

-- name: graph_run_one
SELECT id, graph, cause, state, window_from, window_to, created_at, created_by, started_at, ended_at, payload, notify
FROM graph_run WHERE id = ?1;

-- name: graph_tasks_listed
SELECT t.name, t.item, t.place, t.state, t.job,
       CASE WHEN t.state = 'queued' THEN coalesce(j.attempts, 0) ELSE t.attempts END,
       CASE WHEN t.state = 'queued' THEN j.started_at ELSE t.started_at END,
       t.ended_at, coalesce(t.cause, j.cause), t.output, j.state, j.progress_done, j.progress_total, j.progress_text
FROM graph_task t LEFT JOIN job j ON j.id = t.job WHERE t.run = ?1 ORDER BY t.place, t.item;

-- name: graph_task_log
SELECT log FROM job_try WHERE job = ?1 AND log <> '' ORDER BY n;

-- name: graph_run_latest
SELECT max(id) FROM graph_run WHERE ?1 IS NULL OR graph = ?1;
