-- name: secret_set
INSERT INTO secret (name, sealed, set_at, set_by) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, set_at = excluded.set_at, set_by = excluded.set_by;

-- name: secret_get
SELECT sealed FROM secret WHERE name = ?1;

-- name: secret_remove
DELETE FROM secret WHERE name = ?1;

-- name: notify_identity
SELECT id, slug FROM organizations;

-- name: net_allowed
SELECT peer FROM net_allow WHERE deleted_at IS NULL ORDER BY peer;

-- name: net_allow_row
SELECT peer FROM net_allow WHERE id = ?1 AND deleted_at IS NULL;

-- The one that mails are handed to: ?1 its name, or NULL for the first.
-- name: mail_server_find
SELECT id, name, host, port, security, login, sender, authorities, hold_unclear FROM mail_servers
WHERE deleted_at IS NULL AND active AND (?1 IS NULL OR name = ?1) ORDER BY name LIMIT 1;

-- name: mail_server_row
SELECT host, security, login, sender, name FROM mail_servers WHERE id = ?1 AND deleted_at IS NULL;

-- name: webhook_find
SELECT id, url, authorities FROM webhooks WHERE deleted_at IS NULL AND active AND (name = ?1 OR url = ?1) ORDER BY name = ?1 DESC LIMIT 1;

-- name: webhook_row
SELECT url, events FROM webhooks WHERE id = ?1 AND deleted_at IS NULL;

-- A dead one is begun again with what its job says by now, when a person has retried that (?9).
-- name: outbox_put
INSERT INTO outbox (key, channel, job, sender, target, subject, body, made_at, changed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
ON CONFLICT (key) DO UPDATE SET job = excluded.job, sender = excluded.sender, target = excluded.target, subject = excluded.subject,
  body = excluded.body, state = 'waiting', changed_at = excluded.changed_at
WHERE state = 'dead' AND ?9;

-- name: outbox_get
SELECT id, sender, target, subject, body, state, tries, answer FROM outbox WHERE key = ?1;

-- name: outbox_begin
UPDATE outbox SET state = 'sending', job = ?2, tries = tries + 1, repeats = repeats + (state IN ('ending', 'unclear')), changed_at = ?3
WHERE id = ?1 AND state IN ('waiting', 'sending', 'ending', 'unclear');

-- name: outbox_mark
UPDATE outbox SET state = ?2, code = ?3, answer = ?4, changed_at = ?5 WHERE id = ?1 AND state <> 'sent';

-- name: outbox_forget
DELETE FROM outbox WHERE id IN
  (SELECT id FROM outbox WHERE state = 'sent' AND changed_at < ?1 ORDER BY changed_at LIMIT 100);

-- name: outbox_list
SELECT id, channel, job, sender, target, subject, state, tries, repeats, code, answer, made_at, changed_at FROM outbox
WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR channel = ?2) AND (?3 = 0 OR id < ?3) ORDER BY id DESC LIMIT ?4;

-- name: webhook_id
SELECT id FROM webhooks WHERE deleted_at IS NULL AND name = ?1;

-- name: mail_server_id
SELECT id, name FROM mail_servers WHERE deleted_at IS NULL AND (?1 IS NULL OR name = ?1) ORDER BY name LIMIT 1;

-- name: webhook_begin
INSERT INTO webhook_position (webhook, seq) SELECT ?1, coalesce(max(seq), 0) FROM change_log WHERE true ON CONFLICT DO NOTHING;

-- name: webhook_behind
SELECT w.id, w.name, w.events, p.seq FROM webhooks w JOIN webhook_position p ON p.webhook = w.id
WHERE w.deleted_at IS NULL AND w.active AND p.seq < (SELECT max(seq) FROM change_log) LIMIT 1;

-- name: webhook_changes
SELECT seq, at, actor, unit, event, tbl, key, count, text, CASE WHEN event LIKE 'RUN!_%' ESCAPE '!' OR event LIKE 'JOB!_%' ESCAPE '!' THEN after END,
       CASE WHEN event LIKE 'JOB!_%' ESCAPE '!' THEN (SELECT kind FROM job WHERE id = CAST(change_log.key AS INTEGER)) END
FROM change_log WHERE seq > ?1 ORDER BY seq LIMIT ?2;

-- name: webhook_told
UPDATE webhook_position SET seq = ?2 WHERE webhook = ?1 AND seq = ?3;
