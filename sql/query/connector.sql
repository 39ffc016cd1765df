-- name: connector_find
SELECT id, name, type, settings, credentials, sync_frequency, status, last_sync_at FROM connector
WHERE (name = ?1 OR id = ?1) AND deleted_at IS NULL;

-- name: connector_row
SELECT type, settings, sync_frequency FROM connector WHERE id = ?1 AND deleted_at IS NULL;

-- name: connectors_due
SELECT name FROM connector
WHERE deleted_at IS NULL AND status <> 'paused' AND sync_frequency <> 'manual'
  AND (?2 IS NULL OR sync_frequency = ?2) AND coalesce(next_sync_at, 0) <= ?1
ORDER BY name;

-- name: connector_imported
SELECT uuid FROM run
WHERE state = 'done' AND sha256 = ?1 AND source = ?2 AND id NOT IN (SELECT run FROM run_undone) LIMIT 1;

-- name: bulk_add
INSERT INTO bulk_upload_jobs (id, source, path, bytes, sha256, options, state, actor, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8);

-- name: bulk_get
SELECT source, path, options, run, bytes FROM bulk_upload_jobs WHERE id = ?1;

-- name: bulk_begin
UPDATE bulk_upload_jobs SET state = 'processing', started_at = ?2, total_records = ?3 WHERE id = ?1;

-- name: bulk_imported
UPDATE bulk_upload_jobs SET run = ?2, batches = ?3, failed_batches = ?4 WHERE id = ?1;

-- name: bulk_completed
UPDATE bulk_upload_jobs
SET state = 'completed', ended_at = ?2, cause = NULL,
    (total_records, processed_records, failed_records) =
      (SELECT rows_read, rows_read, rows_rejected FROM run WHERE uuid = bulk_upload_jobs.run)
WHERE id = ?1;

-- name: bulk_show
SELECT b.id, CASE WHEN b.state = 'completed' THEN b.state WHEN j.state = 'dead' THEN 'failed' WHEN j.state = 'cancelled' THEN 'cancelled'
                  WHEN j.id IS NULL THEN 'failed' ELSE b.state END,
       b.source, b.bytes, b.total_records, b.processed_records, b.failed_records, b.batches, b.failed_batches,
       b.created_at, coalesce(b.started_at, j.started_at),
       CASE WHEN b.state = 'completed' THEN b.ended_at WHEN j.state = 'dead' OR j.state = 'cancelled' THEN j.ended_at
            WHEN j.id IS NULL THEN b.started_at END,
       b.run, coalesce(j.cause, b.cause), b.options ->> '$.dataset', coalesce(j.attempts, 0)
FROM bulk_upload_jobs b LEFT JOIN job j ON j.id = b.id WHERE b.id = ?1;

-- name: bulk_newest
SELECT id FROM bulk_upload_jobs ORDER BY id DESC LIMIT ?1;

-- name: bulk_errors
SELECT x.id & 0xffffffff, x.line, x.category, x.faults FROM reject x
WHERE x.id BETWEEN (SELECT id FROM run WHERE uuid = ?1) << 32 AND ((SELECT id FROM run WHERE uuid = ?1) + 1 << 32) - 1
ORDER BY x.id LIMIT ?2;

-- name: bulk_file_needed
SELECT 1 FROM bulk_upload_jobs b JOIN job j ON j.id = b.id WHERE b.path = ?1 AND b.state <> 'completed';
