-- name: reply_find
SELECT request, status, location, etag, reply FROM idempotent_reply WHERE user = ?1 AND key = ?2 AND at > ?3;

-- name: reply_put
INSERT INTO idempotent_reply (user, key, at, request, status, location, etag, reply) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (user, key) DO UPDATE SET at = excluded.at, request = excluded.request, status = excluded.status,
  location = excluded.location, etag = excluded.etag, reply = excluded.reply;

-- name: reply_forget
DELETE FROM idempotent_reply WHERE at <= ?1;
