-- name: alert_open
SELECT id, state, severity FROM alert
WHERE kind = ?1 AND subject = ?2 AND status <> 'resolved' AND deleted_at IS NULL;

-- name: alert_settled_lately
SELECT id, state FROM alert
WHERE kind = ?1 AND subject = ?2 AND status = 'resolved' AND resolved_by = 'itself' AND resolved_at >= ?3
  AND deleted_at IS NULL
ORDER BY resolved_at DESC LIMIT 1;

-- name: alert_seen
INSERT INTO alert_seen (alert, times, last_at) VALUES (?1, 1, ?2)
ON CONFLICT (alert) DO UPDATE SET times = times + 1, last_at = excluded.last_at;

-- name: alert_routes
SELECT id, channel, target FROM alert_route
WHERE deleted_at IS NULL AND active AND ?1 GLOB kind
  AND CASE severity WHEN 'info' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END <= ?2
ORDER BY id;

-- name: alert_notice_add
INSERT OR IGNORE INTO alert_notice (alert, state, route, at) VALUES (?1, ?2, ?3, ?4);

-- name: alert_notice_sent
UPDATE alert_notice SET sent_at = ?2, job = ?3 WHERE id = ?1;

-- name: alert_notice_drop
DELETE FROM alert_notice WHERE alert = ?1 AND sent_at IS NULL;

-- name: alert_notice_held
SELECT n.id, r.id, r.channel, r.target, a.id, a.kind, a.subject, n.state, a.severity, a.title, a.text, a.detail,
       a.address
FROM alert_notice n JOIN alert a ON a.id = n.alert JOIN alert_route r ON r.id = n.route
WHERE n.sent_at IS NULL AND a.kind = ?1
ORDER BY r.id, CASE a.severity WHEN 'info' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END, a.subject;

-- name: alert_status
SELECT status FROM alert WHERE id = ?1 AND deleted_at IS NULL;

-- name: alert_list
SELECT a.id, a.kind, a.subject, a.state, a.severity, a.title, a.text, a.detail, a.address, a.status, a.note,
       a.created_at, coalesce(s.times, 1), coalesce(s.last_at, a.created_at), a.resolved_at, a.resolved_by,
       a.updated_by,
       (SELECT count(*) FROM alert_notice n JOIN alert_route r ON r.id = n.route
        WHERE n.alert = a.id AND n.sent_at IS NOT NULL AND r.channel <> 'page')
FROM alert a LEFT JOIN alert_seen s ON s.alert = a.id
WHERE a.deleted_at IS NULL AND (?2 IS NULL OR a.kind GLOB ?2)
  AND CASE ?1 WHEN 'all' THEN 1 WHEN 'unresolved' THEN a.status <> 'resolved' ELSE a.status = ?1 END
ORDER BY a.created_at DESC, a.id DESC LIMIT ?3;

-- name: alert_counts
SELECT total(status = 'open'), total(status = 'acknowledged'), total(status = 'resolved') FROM alert
WHERE deleted_at IS NULL;

-- name: alert_route_of
SELECT channel, target, EXISTS (SELECT 1 FROM webhooks w WHERE w.name = r.target AND w.deleted_at IS NULL)
FROM alert_route r WHERE id = ?1 AND deleted_at IS NULL;
