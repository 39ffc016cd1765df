-- Work that runs itself: the durable queue.
-- up
INSERT INTO job_queue (id, name, help, weight, attempts, backoff_ms, backoff_cap_ms, jitter, at_once,
                       created_at, created_by, updated_at, updated_by)
SELECT printf('00000000-0000-7000-8000-0000000008%02x', column1), column2, column3, column4, column5, column6, column7,
       column8, column9, 0, 'outpost', 0, 'outpost'
FROM (VALUES
 (1,  'default',                'work of no particular kind',                       2, 5, 1000,  300000,  1, 0),
 (2,  'graph',                  'tasks of graphs',                                  2, 3, 1000,  300000,  1, 0),
 (3,  'bulk-upload',            'files that people hand in: tries again after exactly 2 s and 4 s',
                                                                                    2, 3, 2000,  60000,   0, 0),
 (4,  'document-queue',         'documents that are read and filed',                1, 5, 2000,  300000,  1, 2),
 (5,  'gap-analysis-queue',     'what is missing for a standard',                   1, 5, 2000,  300000,  1, 2),
 (6,  'rfq-queue',              'requests for quotations',                          1, 5, 2000,  300000,  1, 2),
 (7,  'competency-gap-queue',   'skills that are missing, and what is done about it', 1, 5, 2000, 300000, 1, 2),
 (8,  'email-queue',            'mails that go out, tried again for days',          2, 240, 15000, 3600000, 1, 2),
 (9,  'compliance-notif-queue', 'what is overdue, and who is told',                 1, 5, 2000,  300000,  1, 2),
 (10, 'trial-queue',            'subscriptions and their ends',                     1, 5, 2000,  300000,  1, 1),
 (11, 'maintenance',            'what the program does for itself',                 1, 3, 60000, 3600000, 1, 1),
 (12, 'webhook-queue',          'requests that tell other programs of something',   2, 60, 5000, 3600000, 1, 4));

CREATE TABLE job (
  id             INTEGER PRIMARY KEY,       -- never given twice (the newest job stays): effects are keyed by it
  kind           TEXT NOT NULL,
  queue          TEXT NOT NULL,             -- job_queue.name
  state          TEXT NOT NULL DEFAULT 'waiting' -- an IN of more than two would be a table that each write makes
                 CHECK (state = 'waiting' OR state = 'running' OR state = 'done' OR state = 'dead' OR state = 'cancelled'),
  delayed        INTEGER NOT NULL DEFAULT 0 CHECK (delayed IN (0, 1)), -- waiting for due_at
  priority       INTEGER NOT NULL DEFAULT 0,
  due_at         INTEGER NOT NULL,
  due_boot       INTEGER,                   -- of a second attempt: the same moment by the clock of `boot`, in
                                            -- microseconds, which nobody can set
  payload        TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(payload)),
  unique_key     TEXT,
  attempts       INTEGER NOT NULL DEFAULT 0, -- begun, since it was made or replayed
  attempts_max   INTEGER NOT NULL,
  retry_ms       INTEGER,                   -- between attempts, when it is not the queue's backoff
  lost           INTEGER NOT NULL DEFAULT 0, -- times that its process ended before it did
  fence          INTEGER NOT NULL DEFAULT 0, -- counts claims and cancels: who has an older one may not write
  worker         TEXT,                      -- the process that has or had it
  boot           TEXT,                      -- the machine's start that lease_until and due_boot belong to
  lease_until    INTEGER,                   -- microseconds since that start
  progress_done  INTEGER, progress_total INTEGER, progress_text TEXT,
  cause          TEXT,                      -- why the last attempt failed
  result         TEXT,                      -- JSON
  graph_run      INTEGER, graph_task TEXT, item TEXT, -- the task of a graph that it is
  window_from    INTEGER, window_to INTEGER, backfill INTEGER,
  created_at     INTEGER NOT NULL, created_by TEXT NOT NULL,
  started_at     INTEGER, ended_at INTEGER  -- of the last attempt
);
CREATE INDEX job_ready ON job(queue, priority DESC, id) WHERE state = 'waiting' AND delayed = 0;
CREATE INDEX job_due ON job(due_at) WHERE state = 'waiting' AND delayed = 1;
CREATE INDEX job_due_boot ON job(due_boot) WHERE state = 'waiting' AND delayed = 1 AND due_boot IS NOT NULL;
CREATE INDEX job_running ON job(queue, kind) WHERE state = 'running';
CREATE INDEX job_over ON job(queue, state, ended_at) WHERE state = 'done' OR state = 'dead' OR state = 'cancelled';
CREATE INDEX job_failed ON job(id) WHERE state = 'dead' OR state = 'cancelled';
CREATE INDEX job_graph ON job(graph_run) WHERE graph_run IS NOT NULL;
CREATE UNIQUE INDEX job_unique ON job(kind, unique_key)
WHERE unique_key IS NOT NULL AND state IN ('waiting', 'running');

-- Attempts that failed or had something to say. The last one of a job stands in the job itself as well.
CREATE TABLE job_try (
  job        INTEGER NOT NULL,
  n          INTEGER NOT NULL,              -- the fence it had
  started_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  worker     TEXT NOT NULL,
  outcome    TEXT NOT NULL CHECK (outcome IN ('done', 'failed', 'lost', 'released', 'cancelled')),
  cause      TEXT,
  log        TEXT NOT NULL DEFAULT '',      -- lines
  PRIMARY KEY (job, n)
) WITHOUT ROWID;

-- Steps that are done, each with its effects in one transaction.
CREATE TABLE job_step (
  job  INTEGER NOT NULL,
  name TEXT NOT NULL,
  at   INTEGER NOT NULL,
  PRIMARY KEY (job, name)
) WITHOUT ROWID;

-- Where the queues stand: start-time fair queueing and a token bucket. The row '' has the common virtual time.
CREATE TABLE job_queue_state (
  queue  TEXT PRIMARY KEY,
  pass   INTEGER NOT NULL DEFAULT 0,        -- virtual time at which its next job may begin
  tokens INTEGER NOT NULL DEFAULT 0,        -- in millionths of a job
  boot   TEXT NOT NULL DEFAULT '',
  filled INTEGER NOT NULL DEFAULT 0         -- microseconds since that start of the machine
) WITHOUT ROWID;
-- down
DROP TABLE job_queue_state;
DROP TABLE job_step;
DROP TABLE job_try;
DROP TABLE job;
