-- Who may do what: roles, and what is known of accounts that belongs into no log.
-- up

-- How somebody proves who he is. Nothing of it is ever shown: password and pin are argon2id (PHC strings),
-- badge is the SHA-256 of its code. keeper: could look after the accounts once, so that somebody must be left who can.
CREATE TABLE credential (
  user_id TEXT PRIMARY KEY,
  password TEXT,
  pin TEXT,
  badge BLOB UNIQUE,
  keeper INTEGER NOT NULL DEFAULT 0,
  changed_at INTEGER NOT NULL
) WITHOUT ROWID;

-- A login, and what follows from it (family): tokens that refresh it. Machine tokens and links for new
-- accounts are sessions, too. token: the SHA-256 of what its owner holds, NULL where that is signed.
-- over_at: the end by the clock that never goes back.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  family TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('login', 'pin', 'refresh', 'token', 'setup')),
  user_id TEXT,
  name TEXT,
  role TEXT,
  token BLOB UNIQUE,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  over_at INTEGER NOT NULL,
  last_seen_at INTEGER,
  used_at INTEGER,
  revoked_at INTEGER,
  revoked_by TEXT,
  address TEXT NOT NULL,
  agent TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_family ON sessions (family);
CREATE INDEX sessions_user ON sessions (user_id, created_at);
CREATE INDEX sessions_expired ON sessions (expires_at);

-- Logins that went wrong lately: of an account, from an address, of an account from an address. name and
-- account are SHA-256, so that what was mistyped (a password as the email) is not kept.
CREATE TABLE login_failure (
  name BLOB PRIMARY KEY,
  account BLOB,
  failures INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX login_failure_account ON login_failure (account);
CREATE INDEX login_failure_last ON login_failure (last_at);

-- What was revoked since a copy was made does not live again when it is put back.
CREATE TRIGGER sessions_restored AFTER INSERT ON change_log WHEN new.event = 'RESTORED' BEGIN
  DELETE FROM sessions;
  DELETE FROM login_failure;
END;

INSERT INTO roles (id, name, help, permissions, created_at, created_by, updated_at, updated_by)
SELECT printf('00000000-0000-7000-8000-0000000015%02x', column1), column2, column3, column4, 0, 'outpost', 0, 'outpost'
FROM (VALUES
 (1, 'admin',      'may do everything, accounts included', '*.write'),
 (2, 'planner',    'plans stock and orders, and runs the work behind them',
     'sales.write data.write stock.write work.write alerts.write archive.read audit.read system.read'),
 (3, 'sales',      'sells: stores, orders, predictions', 'sales.write data.read stock.read alerts.write'),
 (4, 'operator',   'works on the shop floor: moves and counts stock, brings files', 'stock.write data.write alerts.write sales.read work.read'),
 (5, 'inspector',  'looks after quality: exceptions, rules, corrections', 'data.write alerts.write stock.read sales.read audit.read'),
 (6, 'auditor',    'sees everything and changes nothing', '*.read'),
 (7, 'sync-agent', 'a machine that exchanges data with other places', 'sync.write data.write sales.read stock.read work.read'));
-- down
DROP TRIGGER sessions_restored;
DROP TABLE login_failure;
DROP TABLE sessions;
DROP TABLE credential;
