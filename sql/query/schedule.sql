-- name: schedule_look
SELECT (SELECT min(next) FROM schedule_state), (SELECT max(position) FROM schedule_state);

-- name: schedule_due
SELECT s.id, s.name, s.cron, s.zone, s.kind, s.graph, s.payload, s.catch_up, s.active AND s.deleted_at IS NULL,
       s.updated_at, t.cron, t.zone, t.position
FROM schedule_state t JOIN schedule s ON s.id = t.schedule
WHERE t.next <= ?1 ORDER BY t.next LIMIT ?2;

-- name: schedule_state_set
UPDATE schedule_state SET cron = ?2, zone = ?3, position = ?4, next = ?5 WHERE schedule = ?1;

-- name: schedule_set_back
UPDATE schedule_state SET position = ?1, next = 0 WHERE position > ?1;

-- name: schedule_slot_state
SELECT state FROM schedule_slot WHERE schedule = ?1 AND slot = ?2;

-- name: schedule_slot_queued
INSERT OR REPLACE INTO schedule_slot (schedule, slot, state, at, job, run) VALUES (?1, ?2, 'queued', ?3, ?4, ?5);

-- name: schedule_slot_passed
INSERT OR IGNORE INTO schedule_slot (schedule, slot, state, since, reason, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: schedule_slot_any
SELECT 1 FROM schedule_slot WHERE schedule = ?1 LIMIT 1;

-- name: schedule_slot_prune
DELETE FROM schedule_slot WHERE schedule = ?1 AND slot < (
  SELECT slot FROM schedule_slot WHERE schedule = ?1 ORDER BY slot DESC LIMIT 1 OFFSET ?2);

-- name: schedule_graph
SELECT start_day, catch_up FROM graph WHERE name = ?1 AND deleted_at IS NULL;

-- name: schedule_of_name
SELECT id, kind, graph, payload, active, cron, zone FROM schedule WHERE name = ?1 AND deleted_at IS NULL;

-- name: schedule_of_id
SELECT name, cron, zone, kind, graph, payload, deleted_at IS NOT NULL, active FROM schedule WHERE id = ?1;

-- name: schedule_names
SELECT group_concat(name, ', ') FROM (SELECT name FROM schedule WHERE deleted_at IS NULL ORDER BY name LIMIT 40);

-- name: schedule_listed
SELECT s.id, s.name, s.cron, s.zone, s.kind, s.graph, s.payload, s.catch_up, s.active, s.owner, s.help, t.next,
       (SELECT count(*) FROM schedule_slot m WHERE m.schedule = s.id AND m.state = 'missed' AND m.at > ?2),
       l.slot, l.state, l.job, l.run
FROM schedule s LEFT JOIN schedule_state t ON t.schedule = s.id
LEFT JOIN schedule_slot l ON l.schedule = s.id AND l.slot = (SELECT max(slot) FROM schedule_slot x WHERE x.schedule = s.id)
WHERE s.deleted_at IS NULL AND (?1 IS NULL OR s.name = ?1) ORDER BY s.name;

-- name: schedule_slots_of
SELECT slot, state, since, reason, at, job, run FROM schedule_slot WHERE schedule = ?1 ORDER BY slot DESC LIMIT ?2;
