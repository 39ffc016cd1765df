-- name: topic_names
SELECT name FROM topic ORDER BY name;

-- name: topic_count
SELECT count(*) FROM topic;

-- name: topic_all
SELECT name, help, source, partitions, fields, types, key, retention_days, retention_bytes, beyond_groups
FROM topic ORDER BY name;

-- name: topic_by_name
SELECT name, help, source, partitions, fields, types, key, retention_days, retention_bytes, beyond_groups
FROM topic WHERE name = ?1;

-- name: event_partitions
SELECT partition, first, next FROM event_partition WHERE topic = ?1 ORDER BY partition;

-- name: event_partition_moved
INSERT INTO event_partition (topic, partition, next) VALUES (?1, ?2, ?3)
ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next;

-- name: event_segment_add
INSERT INTO event_segment (topic, partition, first, count, plain, crc, codec, published_at, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- The segment that holds an offset, or the first one behind it.
-- name: event_segment_at
SELECT id, first, count, plain, crc, codec, published_at, body FROM event_segment
WHERE topic = ?1 AND partition = ?2 AND first + count > ?3
  AND first >= coalesce((SELECT max(first) FROM event_segment WHERE topic = ?1 AND partition = ?2 AND first <= ?3), 0)
ORDER BY first LIMIT 1;

-- name: event_seen_add
INSERT INTO event_seen (topic, id, crc, partition, position) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING;

-- name: event_seen_crc
SELECT crc FROM event_seen WHERE topic = ?1 AND id = ?2;

-- name: event_park
INSERT INTO event_parked (topic, grp, event, partition, position, digest, body, cut, reason, line, at, actor, unit)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (topic, grp, digest) WHERE state = 'waiting'
DO UPDATE SET times = times + 1, reason = excluded.reason, line = excluded.line;
