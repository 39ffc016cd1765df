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
