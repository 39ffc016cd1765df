-- The durable queue (src/job).

-- name: job_add
INSERT INTO job (kind, queue, delayed, priority, due_at, payload, unique_key, attempts_max, retry_ms, graph_run,
                 graph_task, item, window_from, window_to, backfill, created_at, created_by, due_boot, boot)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19);

-- name: job_by_unique
SELECT id FROM job WHERE kind = ?1 AND unique_key = ?2 AND state IN ('waiting', 'running');

-- name: job_last_done
SELECT started_at, ended_at FROM job
WHERE id > (SELECT max(id) FROM job) - 1000 AND kind = ?1 AND unique_key = ?2 AND state = 'done' ORDER BY id DESC LIMIT 1;

-- name: job_queue_names
SELECT name FROM job_queue WHERE deleted_at IS NULL ORDER BY name;

-- name: job_queue_settings
SELECT weight, paused, attempts, backoff_ms, backoff_cap_ms, jitter, rate_count, rate_seconds, at_once, keep_days
FROM job_queue WHERE name = ?1 AND deleted_at IS NULL;

-- name: job_queue_state_get
SELECT pass, tokens, boot, filled FROM job_queue_state WHERE queue = ?1;

-- name: job_queue_state_put
UPDATE job_queue_state SET pass = ?2, tokens = ?3, boot = ?4, filled = ?5 WHERE queue = ?1;

-- name: job_queue_state_add
INSERT INTO job_queue_state (queue, pass, tokens, boot, filled) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: job_next_queue
SELECT queue FROM job WHERE state = 'waiting' AND delayed = 0 AND queue > ?1 ORDER BY queue LIMIT 1;

-- name: job_ready
SELECT id, kind, lost FROM job WHERE state = 'waiting' AND delayed = 0 AND queue = ?1 ORDER BY priority DESC, id LIMIT ?2;

-- name: job_running_in_queue
SELECT count(*) FROM job WHERE state = 'running' AND queue = ?1;

-- name: job_running_of_kind
SELECT count(*) FROM job WHERE state = 'running' AND kind = ?1;

-- name: job_running_suspects
SELECT count(*) FROM job WHERE state = 'running' AND lost >= ?1;

-- name: job_running_others
SELECT id, worker, boot, lease_until FROM job WHERE state = 'running' AND worker <> ?1;

-- name: job_first_due
SELECT due_at FROM job WHERE state = 'waiting' AND delayed = 1 ORDER BY due_at LIMIT 1;

-- name: job_first_due_boot
SELECT due_boot FROM job
WHERE state = 'waiting' AND delayed = 1 AND due_boot IS NOT NULL AND boot = ?1 ORDER BY due_boot LIMIT 1;

-- name: job_promote
UPDATE job SET delayed = 0, due_boot = NULL WHERE id IN (
  SELECT id FROM job WHERE state = 'waiting' AND delayed = 1 AND due_at <= ?1 ORDER BY due_at LIMIT 1000);

-- name: job_promote_boot
UPDATE job SET delayed = 0, due_boot = NULL WHERE id IN (
  SELECT id FROM job WHERE state = 'waiting' AND delayed = 1 AND due_boot IS NOT NULL AND due_boot <= ?1 AND boot = ?2
  ORDER BY due_boot LIMIT 1000);

-- name: job_to_claim
SELECT kind, queue, fence + 1, attempts + 1, attempts_max, payload, graph_run, graph_task, item, window_from, window_to,
  backfill, retry_ms
FROM job WHERE id = ?1;

-- name: job_claim
UPDATE job SET state = 'running', fence = fence + 1, attempts = attempts + 1, worker = ?2, boot = ?3, lease_until = ?4,
  started_at = ?5, ended_at = NULL, progress_done = NULL, progress_total = NULL, progress_text = NULL
WHERE id = ?1;

-- name: job_held
SELECT 1 FROM job WHERE id = ?1 AND fence = ?2 AND state = 'running';

-- name: job_renew
UPDATE job SET lease_until = ?3 WHERE id = ?1 AND fence = ?2 AND state = 'running';

-- name: job_progress
UPDATE job SET progress_done = ?3, progress_total = ?4, progress_text = ?5, lease_until = ?6
WHERE id = ?1 AND fence = ?2 AND state = 'running';

-- name: job_end
UPDATE job SET state = ?3, cause = ?4, result = coalesce(?5, result), ended_at = ?6, lease_until = NULL,
  progress_done = coalesce(?7, progress_done), progress_total = coalesce(?8, progress_total),
  progress_text = coalesce(?9, progress_text)
WHERE id = ?1 AND fence = ?2 AND state = 'running';

-- name: job_wait_again
UPDATE job SET state = 'waiting', delayed = ?3, due_at = ?4, due_boot = ?5, boot = ?6, cause = ?7, ended_at = ?8,
  attempts = attempts - ?9, lost = lost + ?10, lease_until = NULL
WHERE id = ?1 AND fence = ?2 AND state = 'running';

-- name: job_try_add
INSERT INTO job_try (job, n, started_at, ended_at, worker, outcome, cause, log)
SELECT id, fence, started_at, ?2, worker, ?3, ?4, ?5 FROM job WHERE id = ?1;

-- name: job_step_at
SELECT at FROM job_step WHERE job = ?1 AND name = ?2;

-- name: job_step_add
INSERT INTO job_step (job, name, at) VALUES (?1, ?2, ?3);

-- name: job_not_lost
UPDATE job SET lost = 0 WHERE id = ?1 AND lost > 0;

-- name: job_state
SELECT state, delayed, queue, kind, unique_key, fence, graph_run, graph_task, item, attempts, payload, cause, lost
FROM job WHERE id = ?1;

-- name: job_begin_again
UPDATE job SET state = 'waiting', delayed = 0, due_at = ?2, due_boot = NULL, attempts = 0, lost = 0, ended_at = NULL
WHERE id = ?1;

-- name: job_edit
UPDATE job SET payload = ?2 WHERE id = ?1;

-- name: job_cancel
UPDATE job SET state = 'cancelled', fence = fence + 1, ended_at = ?2, lease_until = NULL, delayed = 0 WHERE id = ?1;

-- name: job_dead_ids
SELECT id FROM job WHERE state = 'dead' AND (?1 IS NULL OR queue = ?1) ORDER BY id;

-- name: job_row
SELECT id, queue, kind, state, priority, due_at, attempts, attempts_max, progress_done, progress_total, progress_text,
  cause, unique_key, created_at, created_by, started_at, ended_at, graph_run, graph_task, payload, result, item, fence,
  worker, window_from, window_to, backfill, lost
FROM job WHERE id = ?1;

-- name: job_since
SELECT id FROM job
WHERE state = 'running' OR ((state = 'done' OR state = 'dead' OR state = 'cancelled') AND ended_at > ?1)
ORDER BY id DESC LIMIT ?2;

-- Lists, each by the index that its states have; ?1 to ?3 state, queue and kind, ?4 below this id, ?5 so many.

-- name: job_list
SELECT id FROM job WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR queue = ?2) AND (?3 IS NULL OR kind = ?3)
  AND id < ?4 ORDER BY id DESC LIMIT ?5;

-- name: job_list_waiting
SELECT id FROM job WHERE ((state = 'waiting' AND delayed = 0) OR (state = 'waiting' AND delayed = 1)) AND state = ?1
  AND (?2 IS NULL OR queue = ?2) AND (?3 IS NULL OR kind = ?3) AND id < ?4 ORDER BY id DESC LIMIT ?5;

-- name: job_list_running
SELECT id FROM job INDEXED BY job_running WHERE state = 'running' AND state = ?1 AND (?2 IS NULL OR queue = ?2)
  AND (?3 IS NULL OR kind = ?3) AND id < ?4 ORDER BY id DESC LIMIT ?5;

-- name: job_list_failed
SELECT id FROM job INDEXED BY job_failed WHERE (state = 'dead' OR state = 'cancelled') AND state = ?1
  AND (?2 IS NULL OR queue = ?2) AND (?3 IS NULL OR kind = ?3) AND id < ?4 ORDER BY id DESC LIMIT ?5;

-- name: job_list_count
SELECT count(*) FROM job WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR queue = ?2) AND (?3 IS NULL OR kind = ?3);

-- name: job_list_count_waiting
SELECT count(*) FROM job WHERE ((state = 'waiting' AND delayed = 0) OR (state = 'waiting' AND delayed = 1))
  AND state = ?1 AND (?2 IS NULL OR queue = ?2) AND (?3 IS NULL OR kind = ?3);

-- name: job_list_count_running
SELECT count(*) FROM job INDEXED BY job_running WHERE state = 'running' AND state = ?1 AND (?2 IS NULL OR queue = ?2)
  AND (?3 IS NULL OR kind = ?3);

-- name: job_list_count_failed
SELECT count(*) FROM job INDEXED BY job_failed WHERE (state = 'dead' OR state = 'cancelled') AND state = ?1
  AND (?2 IS NULL OR queue = ?2) AND (?3 IS NULL OR kind = ?3);

-- name: job_news
SELECT kind, queue, state, attempts, progress_done, progress_total, progress_text, cause FROM job
WHERE id = ?1 AND worker IS NOT ?2;

-- name: job_news_running
SELECT id FROM job INDEXED BY job_running WHERE state = 'running' AND worker <> ?1 LIMIT ?2;

-- name: job_news_new
SELECT id FROM job WHERE id > ?1 ORDER BY id DESC LIMIT ?2;

-- name: job_last_id
SELECT max(id) FROM job;

-- name: job_steps
SELECT name, at FROM job_step WHERE job = ?1 ORDER BY at, name;

-- name: job_tries
SELECT n, started_at, ended_at, worker, outcome, cause, log FROM job_try WHERE job = ?1 ORDER BY n;

-- name: job_counts
SELECT 'waiting', (SELECT count(*) FROM job WHERE state = 'waiting' AND delayed = 0)
  + (SELECT count(*) FROM job WHERE state = 'waiting' AND delayed = 1)
UNION ALL SELECT 'running', count(*) FROM job WHERE state = 'running'
UNION ALL SELECT state, count(*) FROM job INDEXED BY job_over
  WHERE state = 'done' OR state = 'dead' OR state = 'cancelled' GROUP BY state;

-- name: job_queue_report
SELECT q.name, q.help, q.weight, q.paused, q.attempts, q.backoff_ms, q.backoff_cap_ms, q.jitter, q.rate_count,
  q.rate_seconds, q.at_once, q.keep_days, q.id,
  (SELECT count(*) FROM job j WHERE j.state = 'waiting' AND j.delayed = 0 AND j.queue = q.name),
  (SELECT count(*) FROM job j WHERE j.state = 'waiting' AND j.delayed = 1 AND j.queue = q.name),
  (SELECT count(*) FROM job j WHERE j.state = 'running' AND j.queue = q.name),
  (SELECT count(*) FROM job j WHERE (j.state = 'done' OR j.state = 'dead' OR j.state = 'cancelled') AND j.queue = q.name AND j.state = 'dead'),
  (SELECT count(*) FROM job j WHERE (j.state = 'done' OR j.state = 'dead' OR j.state = 'cancelled') AND j.queue = q.name AND j.state = 'done'
     AND j.ended_at > ?1 - 86400000000),
  (SELECT min(j.created_at) FROM job j WHERE j.state = 'waiting' AND j.delayed = 0 AND j.queue = q.name)
FROM job_queue q WHERE q.deleted_at IS NULL ORDER BY q.name;

-- name: job_old
SELECT id FROM job WHERE (state = 'done' OR state = 'dead' OR state = 'cancelled') AND queue = ?1 AND state = ?2 AND ended_at < ?3
  AND id < (SELECT max(id) FROM job) -- whose number would be given again
ORDER BY ended_at LIMIT ?4;

-- name: job_forget
DELETE FROM job WHERE id = ?1;

-- name: job_forget_tries
DELETE FROM job_try WHERE job = ?1;

-- name: job_forget_steps
DELETE FROM job_step WHERE job = ?1;

-- name: job_kind_at_work
SELECT 1 FROM job j LEFT JOIN job_queue q ON q.name = j.queue AND q.deleted_at IS NULL
WHERE j.kind = ?1 AND (j.state = 'running' OR j.state = 'waiting' AND j.delayed = 0 AND NOT coalesce(q.paused, 0)) LIMIT 1;

-- name: breaker_get
SELECT name, state, failures, opened, opened_at, cause, at FROM circuit_breaker WHERE name = ?1;

-- name: breaker_list
SELECT name, state, failures, opened, opened_at, cause, at FROM circuit_breaker ORDER BY name;

-- name: breaker_put
INSERT INTO circuit_breaker (name, state, failures, opened, opened_at, cause, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (name) DO UPDATE
SET state = excluded.state, failures = excluded.failures, opened = excluded.opened,
    opened_at = coalesce(excluded.opened_at, opened_at), cause = excluded.cause, at = excluded.at;
