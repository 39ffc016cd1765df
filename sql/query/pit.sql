-- name: pit_has_table
SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1;

-- name: pit_point
SELECT seq, at FROM change_log WHERE hlc <= (?1 / 1000 << 16 | 65535) ORDER BY seq DESC LIMIT 1;

-- name: pit_log_begins
SELECT at FROM change_log ORDER BY seq LIMIT 1;

-- name: pit_ledger_end
SELECT coalesce(max(after ->> 'last'), 0) FROM change_log WHERE event = 'STOCK_MOVED' AND seq <= ?1;

-- name: pit_schema_changed
SELECT count(*) FROM change_log WHERE event IN ('SCHEMA_MIGRATED', 'TENANT_CREATED') AND seq > ?1;

-- name: pit_triggers
SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND sql IS NOT NULL ORDER BY name;

-- name: pit_cut_log
DELETE FROM change_log WHERE seq > ?1;

-- name: pit_event_ends
WITH ends AS (
  SELECT c.after ->> 'topic' AS topic, r.value ->> 'partition' AS partition,
         max((r.value ->> 'first') + (r.value ->> 'count')) AS next
  FROM change_log c, json_each(c.after, '$.ranges') r
  WHERE c.event = 'EVENTS_PUBLISHED' AND c.seq <= ?1 GROUP BY 1, 2)
SELECT p.topic, p.partition, max(p.first, coalesce(e.next, 0))
FROM event_partition p LEFT JOIN ends e ON e.topic = p.topic AND e.partition = p.partition ORDER BY 1, 2;

-- name: pit_event_drop
DELETE FROM event_segment WHERE topic = ?1 AND partition = ?2 AND first >= ?3;

-- name: pit_event_shorten
UPDATE event_segment SET count = ?2, plain = ?3, crc = ?4, codec = 0, body = ?5 WHERE id = ?1;

-- name: pit_event_end
UPDATE event_partition SET next = ?3 WHERE topic = ?1 AND partition = ?2;

-- name: pit_event_unsee
DELETE FROM event_seen WHERE topic = ?1 AND partition = ?2 AND position >= ?3;

-- name: pit_event_back
UPDATE event_position SET next = min(next, ?3) WHERE topic = ?1 AND partition = ?2;

-- name: pit_archived_since
SELECT DISTINCT p.month, p.place FROM archive_partition p
WHERE p.tbl = ?1 AND p.path NOT IN (SELECT key FROM change_log WHERE event = 'ARCHIVED' AND seq <= ?2);

-- name: pit_parts_of
SELECT id, path, path IN (SELECT key FROM change_log WHERE event = 'ARCHIVED' AND seq <= ?4), purged_at, last_id
FROM archive_partition WHERE tbl = ?1 AND month = ?2 AND place = ?3 ORDER BY part;

-- name: pit_part_forget
DELETE FROM archive_partition WHERE id = ?1;
