-- Headquarters' own tables, beside those that schema.c makes of entities and datasets.
--
-- organization_id leads every key. `origin` is a small number of the organization: one edge in one epoch; rows that
-- an edge wrote carry it, so a restored backup that goes on in a new epoch never overwrites what it wrote before.
-- There are no foreign keys: lanes arrive in their own order, and what belongs together is compared by hash.

CREATE TABLE IF NOT EXISTS outpost.hq (
  one        boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (one),
  id         uuid NOT NULL DEFAULT gen_random_uuid(), -- tells this database from another, and from a copy of it
  created_at timestamptz NOT NULL DEFAULT now(),
  version    integer NOT NULL DEFAULT 0               -- of the schema: UPSTREAM_VERSION of the program that made it
);

CREATE TABLE IF NOT EXISTS outpost.schema_part (
  name    text PRIMARY KEY,                           -- a file of sql/upstream, a table, a column
  version text NOT NULL,                              -- SHA-256 of its text
  at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS outpost.organizations (
  organization_id uuid PRIMARY KEY,
  slug            text NOT NULL,
  name            text NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now()
);

-- Who may see an organization: login roles. Every policy asks this table, and nothing else.
CREATE TABLE IF NOT EXISTS outpost.member (
  organization_id uuid NOT NULL,
  role_name       name NOT NULL,
  kind            text NOT NULL CHECK (kind IN ('edge', 'hq')),
  PRIMARY KEY (organization_id, role_name)
);
CREATE INDEX IF NOT EXISTS member_role ON outpost.member (role_name, organization_id);

CREATE TABLE IF NOT EXISTS outpost.edge (
  organization_id uuid NOT NULL,
  edge_id         uuid NOT NULL,
  name            text NOT NULL,
  role_name       name NOT NULL,
  public_key      text,                               -- PEM: batches are signed with the key that belongs to it
  enrolled_at     timestamptz NOT NULL DEFAULT now(),
  revoked_at      timestamptz,
  last_seen_at    timestamptz,
  version         text,                               -- of its program
  PRIMARY KEY (organization_id, edge_id)
);

CREATE TABLE IF NOT EXISTS outpost.origin (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  edge_id         uuid NOT NULL,
  epoch           integer NOT NULL,
  instance        uuid,                               -- of the data folder: two that say the same epoch are told apart
  fork_seq        bigint,                             -- the last entry of the log that it shares with the epoch before
  fork_hash       bytea,
  opened_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, origin),
  UNIQUE (organization_id, edge_id, epoch)
);

-- How far each lane is. Moved in the transaction of the batch, after SELECT ... FOR UPDATE and a look at the sequence.
CREATE TABLE IF NOT EXISTS outpost.lane (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  lane            text NOT NULL,
  sequence        bigint NOT NULL DEFAULT 0,          -- of the last batch that is here
  position        text,                               -- JSON: up to where, in the words of the edge
  batch_hash      bytea,
  head_seq        bigint,                             -- the end of the edge's log, as far as it is here
  head_hash       bytea,
  moved_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, origin, lane)
);

CREATE TABLE IF NOT EXISTS outpost.batch (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  lane            text NOT NULL,
  sequence        bigint NOT NULL,
  previous        bytea NOT NULL,
  position_from   text,
  position_to     text,
  first_seq       bigint,
  last_seq        bigint,
  row_count       bigint NOT NULL,
  byte_count      bigint NOT NULL,
  sections        text,                               -- JSON: which tables, columns, rows, leaves
  leaves          bytea NOT NULL,                     -- 32 bytes a block of rows
  root            bytea NOT NULL,
  hash            bytea NOT NULL,
  signature       bytea,
  made_at         timestamptz NOT NULL,
  received_at     timestamptz NOT NULL DEFAULT now(),
  receipt         bytea,
  PRIMARY KEY (organization_id, origin, lane, sequence)
);

-- json, not jsonb: the hash of an entry covers the bytes as they were.
CREATE TABLE IF NOT EXISTS outpost.change_log (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  seq             bigint NOT NULL,
  hlc             bigint NOT NULL,
  at              timestamptz NOT NULL,
  actor           text NOT NULL,
  unit            text NOT NULL,
  event           text NOT NULL,
  tbl             text,
  key             text,
  before          json,
  after           json,
  count           bigint NOT NULL,
  text            text NOT NULL,
  hash            bytea NOT NULL,
  stamp           bigint,                             -- when, by headquarters' clock: see src/replicate/clock.h
  PRIMARY KEY (organization_id, origin, seq)
);
-- No statement asks for the entries of one record, and each entry would pay for it.
DROP INDEX IF EXISTS outpost.change_log_row;

CREATE TABLE IF NOT EXISTS outpost.run (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  run             bigint NOT NULL,
  uuid            uuid NOT NULL,
  dataset         text NOT NULL,
  source          text NOT NULL,
  state           text NOT NULL,
  kind            text NOT NULL,
  rank            bigint NOT NULL,
  counts          boolean NOT NULL,                   -- its rows count: it is done, and not undone
  started_at      timestamptz NOT NULL,
  ended_at        timestamptz,
  actor           text NOT NULL,
  bytes           bigint NOT NULL,
  sha256          text,
  rows_read       bigint NOT NULL,
  rows_clean      bigint NOT NULL,
  rows_rejected   bigint NOT NULL,
  rows_updated    bigint NOT NULL,
  rows_unchanged  bigint NOT NULL,
  clean_crc       bigint NOT NULL,
  reject_crc      bigint NOT NULL,
  total_crc       bigint NOT NULL,
  key_min         text,
  key_max         text,
  memory_bytes    bigint NOT NULL,
  settings        json NOT NULL,
  message         text,
  undone_at       timestamptz,
  undone_by       text,
  PRIMARY KEY (organization_id, origin, run)
);
CREATE INDEX IF NOT EXISTS run_uuid ON outpost.run (organization_id, uuid);

-- Rows of a run that was undone and that stayed, because a record speaks of them.
CREATE TABLE IF NOT EXISTS outpost.undo_kept (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  run             bigint NOT NULL,
  key             text NOT NULL,
  reason          text NOT NULL,
  PRIMARY KEY (organization_id, origin, run, key)
);

CREATE TABLE IF NOT EXISTS outpost.reject (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  run             bigint NOT NULL,
  record          bigint NOT NULL,
  line            bigint NOT NULL,
  "offset"        bigint NOT NULL,                    -- of its first byte in the file
  category        text NOT NULL,
  stage           text NOT NULL,
  faults          json NOT NULL,
  raw             bytea NOT NULL,
  PRIMARY KEY (organization_id, origin, run, record)
);

-- Rejected rows that a later run brought right: settled as long as that run counts.
CREATE TABLE IF NOT EXISTS outpost.reject_solved (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  run             bigint NOT NULL,
  record          bigint NOT NULL,
  solved_run      bigint NOT NULL,
  note            text,
  updated_at      timestamptz,
  updated_by      text,
  PRIMARY KEY (organization_id, origin, run, record, solved_run)
);
CREATE INDEX IF NOT EXISTS reject_solved_by ON outpost.reject_solved (organization_id, origin, solved_run);

-- The bytes of a file as they came; all chunks of a run in their order are the file.
CREATE TABLE IF NOT EXISTS outpost.raw_chunk (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  run             bigint NOT NULL,
  chunk           bigint NOT NULL,
  "offset"        bigint NOT NULL,
  line            bigint NOT NULL,
  record          bigint NOT NULL,
  count           bigint NOT NULL,
  crc             bigint NOT NULL,
  records         bytea NOT NULL,
  bytes           bytea NOT NULL,
  PRIMARY KEY (organization_id, origin, run, chunk)
);

CREATE TABLE IF NOT EXISTS outpost.stock_transactions (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  id              bigint NOT NULL,
  event_id        text NOT NULL,                      -- a UUID, or as its sender called it
  kind            text NOT NULL,
  item            text NOT NULL,
  warehouse       text NOT NULL,
  location        text,
  lot             text,
  serial          text,
  quantity        numeric(19,4) NOT NULL,
  reserved        numeric(19,4) NOT NULL,
  on_hand_after   numeric(19,4) NOT NULL,
  reserved_after  numeric(19,4) NOT NULL,
  at              timestamptz NOT NULL,
  recorded_at     timestamptz NOT NULL,
  reference_id    text,
  notes           text,
  actor           text,
  device          text,
  device_seq      bigint,
  unit_cost       numeric(19,4),
  PRIMARY KEY (organization_id, origin, id)
);
CREATE INDEX IF NOT EXISTS stock_transactions_item ON outpost.stock_transactions (organization_id, item, warehouse, at);

-- Two sides changed a field and did not know of each other: one row for every value that lost and that nobody built upon. Its id
-- follows from the edit that lost, so it is the same whoever finds out, and however often. See src/replicate/merge.h.
CREATE TABLE IF NOT EXISTS outpost.conflict (
  organization_id uuid NOT NULL,
  conflict_id     uuid NOT NULL,
  tbl             text NOT NULL,
  key             text NOT NULL,
  field           text NOT NULL,
  base            jsonb,                              -- what the loser had before
  lost            jsonb,
  lost_stamp      bigint NOT NULL,
  lost_origin     integer NOT NULL,                   -- 0: headquarters
  won             jsonb,
  won_stamp       bigint NOT NULL,
  won_origin      integer NOT NULL,
  state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled')),
  at              timestamptz NOT NULL DEFAULT now(),
  sync_xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (organization_id, conflict_id)
);
CREATE INDEX IF NOT EXISTS conflict_row ON outpost.conflict (organization_id, tbl, key, field);
CREATE INDEX IF NOT EXISTS conflict_lost ON outpost.conflict (organization_id, lost_origin, sync_xid);

-- Which records an edge gets: those whose field has one of these values. A table without a row here: all.
CREATE TABLE IF NOT EXISTS outpost.scope (
  organization_id uuid NOT NULL,
  edge_id         uuid NOT NULL,
  tbl             text NOT NULL,
  field           text NOT NULL,
  value           text NOT NULL,
  PRIMARY KEY (organization_id, edge_id, tbl, field, value)
);

-- What headquarters asks of an edge; it answers in `result`.
CREATE TABLE IF NOT EXISTS outpost.request (
  organization_id uuid NOT NULL,
  request_id      uuid NOT NULL DEFAULT gen_random_uuid(),
  edge_id         uuid NOT NULL,
  kind            text NOT NULL,
  payload         json NOT NULL DEFAULT '{}',
  state           text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'done', 'failed', 'cancelled')),
  result          json,
  created_at      timestamptz NOT NULL DEFAULT now(),
  done_at         timestamptz,
  PRIMARY KEY (organization_id, request_id)
);
CREATE INDEX IF NOT EXISTS request_waiting ON outpost.request (organization_id, edge_id) WHERE state IN ('waiting', 'taken');

-- ---- who may do what with them; the policies (900_access.sql) say with whose ----

GRANT SELECT ON outpost.hq, outpost.schema_part, outpost.organizations, outpost.member, outpost.edge, outpost.origin, outpost.lane,
  outpost.batch, outpost.change_log, outpost.run, outpost.undo_kept, outpost.reject, outpost.reject_solved, outpost.raw_chunk,
  outpost.stock_transactions, outpost.conflict, outpost.scope, outpost.request TO outpost_edge, outpost_hq;
-- What is written once: the log, the batches, rows, bytes. What is said of a run is replaced as a whole.
GRANT INSERT ON outpost.batch, outpost.change_log, outpost.reject, outpost.raw_chunk, outpost.stock_transactions TO outpost_edge;
GRANT UPDATE (counts, message) ON outpost.run TO outpost_edge;
GRANT INSERT, DELETE ON outpost.run, outpost.undo_kept, outpost.reject_solved TO outpost_edge;
GRANT INSERT, UPDATE ON outpost.lane, outpost.conflict TO outpost_edge;
GRANT INSERT, UPDATE (fork_seq, fork_hash, instance) ON outpost.origin TO outpost_edge;
GRANT UPDATE (last_seen_at, version) ON outpost.edge TO outpost_edge;
GRANT UPDATE (state, result, done_at) ON outpost.request TO outpost_edge;
GRANT UPDATE (state, sync_xid) ON outpost.conflict TO outpost_hq;
GRANT INSERT, UPDATE, DELETE ON outpost.scope TO outpost_hq;
GRANT INSERT, UPDATE (state) ON outpost.request TO outpost_hq;
