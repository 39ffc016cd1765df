-- name: topic_names
SELECT name FROM topic WHERE deleted_at IS NULL ORDER BY name;

-- name: topic_count
SELECT count(*) FROM topic WHERE deleted_at IS NULL;

-- name: topic_all
SELECT name, help, source, partitions, fields, types, key, retention_days, retention_bytes, beyond_groups
FROM topic WHERE deleted_at IS NULL ORDER BY name;

-- name: topic_by_name
SELECT name, help, source, partitions, fields, types, key, retention_days, retention_bytes, beyond_groups
FROM topic WHERE name = ?1 AND deleted_at IS NULL;

-- name: topic_by_id
SELECT name, help, source, partitions, fields, types, key, retention_days, retention_bytes, beyond_groups
FROM topic WHERE id = ?1;

-- Topics that hold events, or are read, under a name that there is not.
-- name: topic_lost
SELECT topic FROM (SELECT topic FROM event_partition UNION SELECT topic FROM event_group)
WHERE topic NOT IN (SELECT name FROM topic WHERE deleted_at IS NULL) LIMIT 1;

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

-- name: event_members
SELECT member, lease_until, boot FROM event_member WHERE topic = ?1 AND grp = ?2;

-- name: event_member_put
INSERT INTO event_member (topic, grp, member, lease_until, boot, joined_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO UPDATE SET lease_until = excluded.lease_until, boot = excluded.boot;

-- name: event_member_drop
DELETE FROM event_member WHERE topic = ?1 AND grp = ?2 AND member = ?3;

-- name: event_group_add
INSERT INTO event_group (topic, name, help, outside, created_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING;

-- name: event_position_add
INSERT INTO event_position (topic, grp, partition) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING;

-- What there is to read of a topic, and how far a group has come.
-- name: event_places
SELECT x.partition, x.first, x.next, coalesce(p.next, x.first), coalesce(p.fence, 0), p.member,
       coalesce(p.lease_until, 0), coalesce(p.boot, '')
FROM event_partition x
LEFT JOIN event_position p ON p.topic = x.topic AND p.grp = ?2 AND p.partition = x.partition
WHERE x.topic = ?1 ORDER BY x.partition;

-- The same for the change log: its offsets are the numbers of its entries.
-- name: event_places_changes
SELECT 0, 1, x.next, coalesce(p.next, 1), coalesce(p.fence, 0), p.member,
       coalesce(p.lease_until, 0), coalesce(p.boot, '')
FROM (SELECT coalesce(max(seq), 0) + 1 AS next FROM change_log) x
LEFT JOIN event_position p ON p.topic = ?1 AND p.grp = ?2 AND p.partition = 0;

-- name: event_lease_take
UPDATE event_position SET member = ?4, lease_until = ?5, boot = ?6, fence = fence + 1
WHERE topic = ?1 AND grp = ?2 AND partition = ?3;

-- name: event_lease_renew
UPDATE event_position SET lease_until = ?5, boot = ?6
WHERE topic = ?1 AND grp = ?2 AND partition = ?3 AND member = ?4;

-- name: event_lease_drop
UPDATE event_position SET member = NULL, lease_until = 0 WHERE topic = ?1 AND grp = ?2 AND partition = ?3;

-- name: event_lease_drop_all
UPDATE event_position SET member = NULL, lease_until = 0 WHERE topic = ?1 AND grp = ?2 AND member = ?3;

-- A position moves forward only, by who holds the lease, while the lease lasts.
-- name: event_position_move
UPDATE event_position SET next = ?8, updated_at = ?9
WHERE topic = ?1 AND grp = ?2 AND partition = ?3 AND member = ?4 AND fence = ?5 AND lease_until > ?6 AND boot = ?7
  AND next <= ?8;

-- name: event_minute_add
INSERT INTO event_minute (topic, grp, minute, events, errors) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO UPDATE SET events = events + excluded.events, errors = errors + excluded.errors;

-- name: event_group_latency
SELECT latency FROM event_group WHERE topic = ?1 AND name = ?2;

-- name: event_group_consumed
UPDATE event_group SET consumed = consumed + ?3, latency = ?4, attempts = 0, cause = NULL
WHERE topic = ?1 AND name = ?2;

-- name: event_group_failed
UPDATE event_group SET errors = errors + 1, attempts = attempts + 1, cause = ?3
WHERE topic = ?1 AND name = ?2 RETURNING attempts;

-- The entries of the change log as events: what is read is composed in changes.c.
-- name: event_changes
SELECT seq, at, actor, unit, event, tbl, key, before, after, count, text FROM change_log
WHERE seq >= ?1 ORDER BY seq;

-- name: event_parked_count
SELECT count(*) FROM event_parked
WHERE (?1 IS NULL OR topic = ?1) AND (?2 IS NULL OR grp = ?2) AND (?3 IS NULL OR state = ?3);

-- name: event_parked_room
SELECT count(*), coalesce(sum(length(body)), 0) FROM event_parked WHERE state = 'waiting';

-- name: event_parked_list
SELECT id, topic, grp, event, partition, position, reason, line, times, state, at, actor, body, cut, ended_at, ended_by,
       ended_text
FROM event_parked
WHERE (?1 IS NULL OR topic = ?1) AND (?2 IS NULL OR grp = ?2) AND (?3 IS NULL OR state = ?3) AND id < ?4
ORDER BY id DESC LIMIT ?5;

-- name: event_parked_one
SELECT id, topic, grp, event, partition, position, reason, line, times, state, at, actor, body, cut, ended_at, ended_by,
       ended_text
FROM event_parked WHERE id = ?1;

-- name: event_parked_end
UPDATE event_parked SET state = ?2, ended_at = ?3, ended_by = ?4, ended_text = ?5 WHERE id = ?1;

-- name: event_parked_next
SELECT id FROM event_parked WHERE state = 'waiting' AND id > ?1 AND (?2 IS NULL OR topic = ?2) ORDER BY id LIMIT 1;

-- Segments from an offset on that came before a moment.
-- name: event_segments_old
SELECT id, first, count, plain, codec, published_at FROM event_segment
WHERE topic = ?1 AND partition = ?2 AND first >= ?3 AND published_at < ?4 ORDER BY first;

-- name: event_segment_drop
DELETE FROM event_segment WHERE id = ?1 AND topic = ?2;

-- name: event_segments_oldest
SELECT first, count, published_at, length(body) FROM event_segment WHERE topic = ?1 AND partition = ?2 ORDER BY first;

-- name: event_bytes
SELECT coalesce(sum(length(body)), 0) FROM event_segment WHERE topic = ?1 AND partition = ?2;

-- name: event_slowest
SELECT min(next) FROM event_position WHERE topic = ?1 AND partition = ?2;

-- name: event_held
SELECT 1 FROM legal_hold WHERE subject IN ('topic ' || ?1, 'event_segment') AND deleted_at IS NULL LIMIT 1;

-- name: event_segments_expire
DELETE FROM event_segment WHERE topic = ?1 AND partition = ?2 AND first < ?3;

-- name: event_seen_expire
DELETE FROM event_seen WHERE topic = ?1 AND partition = ?2 AND position < ?3;

-- name: event_partition_first
UPDATE event_partition SET first = ?3 WHERE topic = ?1 AND partition = ?2;

-- name: event_minutes_forget
DELETE FROM event_minute WHERE minute < ?1;

-- name: event_minute_of
SELECT events, errors FROM event_minute WHERE topic = ?1 AND grp = ?2 AND minute = ?3;

-- name: event_groups
SELECT topic, name, help, outside, active, consumed, errors, cause, latency FROM event_group
WHERE ?1 IS NULL OR topic = ?1;

-- name: event_lease_of
SELECT member FROM event_position WHERE topic = ?1 AND grp = ?2 AND partition = ?3;

-- name: event_sizes
SELECT x.partition, x.first, x.next, coalesce(sum(length(s.body)), 0), coalesce(sum(s.plain), 0), count(s.id)
FROM event_partition x LEFT JOIN event_segment s ON s.topic = x.topic AND s.partition = x.partition
WHERE x.topic = ?1 GROUP BY x.partition ORDER BY x.partition;

-- name: event_sizes_changes
SELECT 0, 1, coalesce(max(seq), 0) + 1, 0, 0, 0 FROM change_log;
