-- Accounts, sessions, logins that went wrong.

-- name: auth_account
SELECT u.id, u.email, u.name, u.active AND u.deleted_at IS NULL, u.must_change, r.name, r.permissions, c.password, c.pin
FROM users u JOIN roles r ON r.id = u.role LEFT JOIN credential c ON c.user_id = u.id WHERE u.id = ?1;

-- name: auth_account_by_email
SELECT u.id, u.email, u.name, u.active, u.must_change, r.name, r.permissions, c.password, c.pin
FROM users u JOIN roles r ON r.id = u.role LEFT JOIN credential c ON c.user_id = u.id
WHERE u.email = ?1 AND u.deleted_at IS NULL;

-- name: auth_account_by_badge
SELECT u.id, u.email, u.name, u.active, u.must_change, r.name, r.permissions, c.password, c.pin
FROM credential c JOIN users u ON u.id = c.user_id JOIN roles r ON r.id = u.role
WHERE c.badge = ?1 AND u.deleted_at IS NULL;

-- Is there an account that can log in with a password, or could before it was deleted?
-- name: auth_any_account
SELECT 1 FROM credential WHERE password IS NOT NULL LIMIT 1;

-- Whoever can log in, and what he may do.
-- name: auth_active
SELECT u.id, r.permissions FROM credential c JOIN users u ON u.id = c.user_id JOIN roles r ON r.id = u.role
WHERE c.password IS NOT NULL AND u.active AND u.deleted_at IS NULL AND r.deleted_at IS NULL;

-- Was there ever somebody who looked after the accounts?
-- name: auth_kept
SELECT 1 FROM credential WHERE keeper LIMIT 1;

-- name: auth_keeper_mark
UPDATE credential SET keeper = 1 WHERE user_id = ?1 AND NOT keeper;

-- name: auth_role
SELECT permissions FROM roles WHERE id = ?1;

-- name: auth_role_by_name
SELECT id FROM roles WHERE name = ?1 AND deleted_at IS NULL;

-- name: auth_role_names
SELECT group_concat(name, ', ') FROM (SELECT name FROM roles WHERE deleted_at IS NULL ORDER BY name);

-- name: auth_password_set
INSERT INTO credential (user_id, password, changed_at) VALUES (?1, ?2, ?3)
ON CONFLICT (user_id) DO UPDATE SET password = excluded.password, changed_at = excluded.changed_at;

-- name: auth_pin_set
INSERT INTO credential (user_id, pin, changed_at) VALUES (?1, ?2, ?3)
ON CONFLICT (user_id) DO UPDATE SET pin = excluded.pin, changed_at = excluded.changed_at;

-- name: auth_badge_set
INSERT INTO credential (user_id, badge, changed_at) VALUES (?1, ?2, ?3)
ON CONFLICT (user_id) DO UPDATE SET badge = excluded.badge, changed_at = excluded.changed_at;

-- Of a deleted account: somebody else has it now.
-- name: auth_badge_free
UPDATE credential SET badge = NULL
WHERE badge = ?1 AND user_id IN (SELECT id FROM users WHERE deleted_at IS NOT NULL);

-- name: auth_users
SELECT u.id, u.email, u.name, r.name, u.active, u.must_change, c.password IS NOT NULL, c.pin IS NOT NULL, c.badge IS NOT NULL,
  (SELECT max(s.created_at) FROM sessions s WHERE s.user_id = u.id AND s.kind IN ('login', 'pin'))
FROM users u JOIN roles r ON r.id = u.role LEFT JOIN credential c ON c.user_id = u.id
WHERE u.deleted_at IS NULL ORDER BY u.email;

-- name: session_add
INSERT INTO sessions (id, family, kind, user_id, name, role, token, created_at, created_by, expires_at, over_at, address, agent)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);

-- Who a session stands for: by its id (?1), or by what is stored of its token (?2). user_id of a machine's token is who made it:
-- the token may do what both roles may, for as long as its maker may log in.
-- name: session_who
SELECT s.id, s.kind, iif(s.kind = 'token', NULL, s.user_id), iif(s.kind = 'token', s.name, u.email),
  iif(s.kind = 'token', s.name, u.name), r.name, r.permissions, s.kind <> 'token' AND u.must_change,
  s.created_at, s.expires_at, s.over_at, s.last_seen_at,
  s.revoked_at IS NULL AND r.deleted_at IS NULL
    AND (s.user_id IS NULL OR (u.active AND u.deleted_at IS NULL AND m.deleted_at IS NULL)),
  coalesce(m.permissions, '*.write')
FROM sessions s LEFT JOIN users u ON u.id = s.user_id LEFT JOIN roles m ON m.id = u.role
  JOIN roles r ON r.id = iif(s.kind = 'token', s.role, u.role)
WHERE s.id = coalesce(?1, (SELECT id FROM sessions WHERE token = ?2));

-- Of whom a session is, or by whom a machine's token was made.
-- name: session_maker
SELECT user_id FROM sessions WHERE id = ?1;

-- name: session_by_token
SELECT id, kind, family, user_id, expires_at, over_at, used_at, revoked_at FROM sessions WHERE token = ?1;

-- name: session_use
UPDATE sessions SET used_at = ?2 WHERE id = ?1 AND used_at IS NULL;

-- name: session_seen
UPDATE sessions SET last_seen_at = ?2 WHERE id = ?1;

-- name: session_end_family
UPDATE sessions SET revoked_at = ?2, revoked_by = ?3 WHERE family = ?1 AND revoked_at IS NULL;

-- All of somebody, but not those that belong to the session ?4 (or NULL); ?5: the machines' tokens that he made, too.
-- name: session_end_user
UPDATE sessions SET revoked_at = ?2, revoked_by = ?3
WHERE user_id = ?1 AND revoked_at IS NULL AND (?5 OR kind <> 'token') AND (?4 IS NULL OR family <> (SELECT family FROM sessions WHERE id = ?4));

-- name: session_end_setup
UPDATE sessions SET revoked_at = ?1, revoked_by = ?2
WHERE kind = 'setup' AND user_id IS ?3 AND revoked_at IS NULL AND used_at IS NULL;

-- name: session_find
SELECT s.family, iif(s.kind = 'token', NULL, s.user_id), s.kind, iif(s.kind = 'token', s.name, u.email),
  r.permissions, coalesce(m.permissions, '*.write')
FROM sessions s LEFT JOIN users u ON u.id = s.user_id LEFT JOIN roles m ON m.id = u.role
  LEFT JOIN roles r ON r.id = iif(s.kind = 'token', s.role, u.role)
WHERE s.id = ?1 AND s.revoked_at IS NULL AND s.expires_at > ?2;

-- One row for what somebody sees as one session: the last login of a family. ?2: of this account only, or NULL;
-- ?3: machines' tokens instead of people's sessions.
-- name: session_list
SELECT s.id, s.kind, iif(?3, NULL, s.user_id), iif(?3, s.name, u.email), r.name, s.address, s.agent,
  (SELECT min(f.created_at) FROM sessions f WHERE f.family = s.family), s.last_seen_at,
  (SELECT max(f.expires_at) FROM sessions f WHERE f.family = s.family AND f.revoked_at IS NULL), s.created_by
FROM sessions s LEFT JOIN users u ON u.id = s.user_id LEFT JOIN roles r ON r.id = iif(?3, s.role, u.role)
WHERE s.revoked_at IS NULL AND s.expires_at > ?1 AND s.over_at > ?1 AND (?2 IS NULL OR s.user_id = ?2)
  AND iif(?3, s.kind = 'token', s.kind IN ('login', 'pin'))
  AND NOT EXISTS (SELECT 1 FROM sessions n WHERE n.family = s.family AND n.kind = s.kind AND n.id > s.id)
ORDER BY s.id DESC LIMIT 1000;

-- name: session_forget
DELETE FROM sessions WHERE expires_at < ?1;

-- name: session_forget_all
DELETE FROM sessions;

-- name: login_failures
SELECT failures, last_at, until FROM login_failure WHERE name = ?1;

-- name: login_failed
INSERT INTO login_failure (name, failures, last_at, until, account) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, until = excluded.until;

-- name: login_failure_forget
DELETE FROM login_failure WHERE name = ?1;

-- name: login_failures_forget
DELETE FROM login_failure WHERE last_at < ?1;

-- name: login_failures_forget_all
DELETE FROM login_failure;

-- name: login_failures_unlock
DELETE FROM login_failure WHERE account = ?1;

-- A lock of more than ?3 was made by another clock.
-- name: login_waits
SELECT coalesce(max(until), 0) FROM login_failure WHERE account = ?1 AND until > ?2 AND until <= ?2 + ?3;

-- name: auth_setting
SELECT id FROM dashboard_settings WHERE user IS ?1 AND deleted_at IS NULL ORDER BY id LIMIT 1;
