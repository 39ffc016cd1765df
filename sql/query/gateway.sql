-- name: reply_find
SELECT request, status, location, etag, reply FROM idempotent_reply WHERE user = ?1 AND key = ?2 AND at > ?3;

-- name: reply_put
INSERT INTO idempotent_reply (user, key, at, request, status, location, etag, reply) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (user, key) DO UPDATE SET at = excluded.at, request = excluded.request, status = excluded.status,
  location = excluded.location, etag = excluded.etag, reply = excluded.reply;

-- name: reply_forget
DELETE FROM idempotent_reply WHERE at <= ?1;

-- What a file is made of: tables, indexes, triggers, views.
-- name: system_schema
SELECT type, count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' GROUP BY type;

-- What has been put into it that works by itself.
-- name: system_instances
SELECT 'topics', count(*) FROM topic WHERE deleted_at IS NULL
UNION ALL SELECT 'schedules', count(*) FROM schedule WHERE deleted_at IS NULL AND active
UNION ALL SELECT 'graphs', count(*) FROM graph WHERE deleted_at IS NULL
UNION ALL SELECT 'queues', count(*) FROM job_queue WHERE deleted_at IS NULL
UNION ALL SELECT 'rules', count(*) FROM rule WHERE deleted_at IS NULL AND active
UNION ALL SELECT 'roles', count(*) FROM roles WHERE deleted_at IS NULL
UNION ALL SELECT 'connectors', count(*) FROM connector WHERE deleted_at IS NULL;

-- The services of the field-sales system, each with what it has done; ?1 now.
-- name: system_services
SELECT 'bulk_upload', 'files', count(*) FROM bulk_upload_jobs
UNION ALL SELECT 'prediction', 'predictions', count(*) FROM predicted_orders WHERE deleted_at IS NULL
UNION ALL SELECT 'prediction', 'segments', count(*) FROM customer_segments WHERE deleted_at IS NULL
UNION ALL SELECT 'prediction', 'suggestions', count(*) FROM upselling_recommendations WHERE deleted_at IS NULL
UNION ALL SELECT 'queue', 'jobs', count(*) FROM job
UNION ALL SELECT 'store', 'changes', ifnull(max(seq), 0) FROM change_log
UNION ALL SELECT 'sessions', 'live', count(*) FROM sessions WHERE revoked_at IS NULL AND expires_at > ?1;
