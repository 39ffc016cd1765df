-- When work is due, and graphs of tasks. The records of schedules and graphs are entities (sql/entity).
-- up

-- How far each schedule is. `next` 0: look at it again, its record was changed.
CREATE TABLE schedule_state (
  schedule TEXT PRIMARY KEY,           -- schedule.id
  cron     TEXT, zone TEXT,            -- what position and next were worked out with; NULL before the first time
  position INTEGER,                    -- every slot up to here is in schedule_slot, or was none of its business
  next     INTEGER NOT NULL            -- the first slot behind it; NULL is not used: the end of time instead
) WITHOUT ROWID;
CREATE INDEX schedule_state_next ON schedule_state(next);
CREATE INDEX schedule_state_position ON schedule_state(position);

CREATE TRIGGER schedule_made AFTER INSERT ON schedule
BEGIN
  INSERT OR REPLACE INTO schedule_state (schedule, next) VALUES (new.id, 0);
END;
CREATE TRIGGER schedule_altered AFTER UPDATE ON schedule
BEGIN
  UPDATE schedule_state SET next = 0 WHERE schedule = new.id;
END;

-- What became of each slot. One row a slot, so that it can be queued once only.
CREATE TABLE schedule_slot (
  schedule TEXT NOT NULL,
  slot     INTEGER NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('queued', 'missed', 'skipped')),
  since    INTEGER,                    -- stands for all slots from this one on, up to `slot`
  reason   TEXT,                       -- of what was not queued
  at       INTEGER NOT NULL,           -- when that was decided
  job      INTEGER,                    -- what it started: a job,
  run      INTEGER,                    -- or a run of a graph
  PRIMARY KEY (schedule, slot)
) WITHOUT ROWID;
CREATE INDEX schedule_slot_missed ON schedule_slot(schedule, at) WHERE state = 'missed';

CREATE TABLE graph_run (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  graph       TEXT NOT NULL,           -- graph.name
  cause       TEXT NOT NULL CHECK (cause IN ('manual', 'schedule', 'backfill')),
  state       TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  window_from INTEGER NOT NULL,        -- what it covers: from <= t < to
  window_to   INTEGER NOT NULL,
  payload     TEXT NOT NULL CHECK (json_valid(payload)),
  tasks       TEXT NOT NULL CHECK (json_valid(tasks)), -- the graph as it was when the run was made
  retries     INTEGER NOT NULL, retry_delay_s INTEGER NOT NULL,
  notify      TEXT,                    -- an address that is told when it ends
  created_at  INTEGER NOT NULL, created_by TEXT NOT NULL,
  started_at  INTEGER,
  ended_at    INTEGER
);
CREATE INDEX graph_run_graph ON graph_run(graph, id);
CREATE INDEX graph_run_open ON graph_run(graph, state) WHERE state IN ('waiting', 'running');

-- A task of a run; of a mapped one, a row an item once these are known.
CREATE TABLE graph_task (
  run        INTEGER NOT NULL,
  name       TEXT NOT NULL,
  item       TEXT NOT NULL DEFAULT '',
  place      INTEGER NOT NULL,         -- in the declaration
  state      TEXT NOT NULL CHECK (state IN ('waiting', 'queued', 'done', 'failed', 'upstream_failed', 'cancelled')),
  job        INTEGER,                  -- that does it or did it last
  attempts   INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER,
  ended_at   INTEGER,
  cause      TEXT,                     -- why it failed
  output     TEXT,                     -- JSON
  PRIMARY KEY (run, name, item)
) WITHOUT ROWID;
CREATE INDEX graph_task_queued ON graph_task(run, name) WHERE state = 'queued';

INSERT INTO graph (id, name, help, owner, start_day, tasks, created_at, created_by, updated_at, updated_by)
SELECT printf('00000000-0000-7000-8000-0000000009a%x', column1), column2, column3, column4, column5, column6,
       0, 'outpost', 0, 'outpost'
FROM (VALUES
 (1, 'inventory_etl', 'Daily: stock is read, put into the tables of analytics, measured and checked', 'inventory', NULL,
  '[{"name":"extract_inventory_data","kind":"stock_extract","after":[]},'
  || '{"name":"transform_and_load","kind":"stock_transform_load","after":["extract_inventory_data"]},'
  || '{"name":"generate_aggregated_metrics","kind":"stock_aggregate_metrics","after":["transform_and_load"]},'
  || '{"name":"data_quality_check","kind":"stock_quality","after":["extract_inventory_data"]}]'),
 (2, 'transaction_aggregation', 'Hourly: movements by day and week, velocity and trend', 'inventory', NULL,
  '[{"name":"aggregate_transactions","kind":"stock_aggregate","after":[]},'
  || '{"name":"load_aggregated_data","kind":"stock_load_aggregates","after":["aggregate_transactions"]}]'),
 (3, 'low_stock_alerts', 'Every 6 hours: what runs low, how likely it runs out, and who is told', 'inventory', NULL,
  '[{"name":"check_low_stock","kind":"low_stock_check","after":[]},'
  || '{"name":"calculate_stockout_risk","kind":"low_stock_risk","after":["check_low_stock"]},'
  || '{"name":"generate_alerts","kind":"low_stock_alerts","after":["calculate_stockout_risk"]},'
  || '{"name":"send_notifications","kind":"low_stock_notify","after":["generate_alerts"]},'
  || '{"name":"update_dashboard","kind":"low_stock_dashboard","after":["generate_alerts"]},'
  || '{"name":"trigger_reorder","kind":"low_stock_reorder","after":["generate_alerts"]}]'),
 (4, 'weekly_summary', 'Monday: the week in figures, reports and dashboards', 'inventory', NULL,
  '[{"name":"aggregate_weekly_data","kind":"stock_week_aggregate","after":[]},'
  || '{"name":"calculate_weekly_metrics","kind":"stock_week_metrics","after":["aggregate_weekly_data"]},'
  || '{"name":"generate_reports","kind":"stock_week_report","after":["calculate_weekly_metrics"]},'
  || '{"name":"update_dashboards","kind":"stock_week_dashboard","after":["generate_reports"]}]'),
 (5, 'sync_connectors', 'One task for each connector that is due', 'dyocense', '2024-11-01',
  '[{"name":"sync_connector","kind":"connector_sync","after":[],"map":"connectors"}]'));

INSERT INTO schedule (id, name, cron, kind, graph, payload, catch_up, owner, help,
                      created_at, created_by, updated_at, updated_by)
SELECT printf('00000000-0000-7000-8000-0000000009%02x', column1), column2, column3, column4, column5, column6,
       'once', column7, column8, 0, 'outpost', 0, 'outpost'
FROM (VALUES
 (1,  'refresh-monthly-revenue', '0 1 * * *',   'monthly_revenue_refresh', NULL, '{}', 'metrics', 'Revenue by month is worked out anew'),
 (2,  'sync-hourly-connectors',  '0 * * * *',   'graph', 'sync_connectors', '{"frequency":"hourly"}', 'dyocense', 'Connectors that are read every hour'),
 (3,  'sync-daily-connectors',   '0 2 * * *',   'graph', 'sync_connectors', '{"frequency":"daily"}',  'dyocense', 'Connectors that are read every day'),
 (4,  'sync-weekly-connectors',  '0 2 * * 1',   'graph', 'sync_connectors', '{"frequency":"weekly"}', 'dyocense', 'Connectors that are read every week'),
 (5,  'check-missing-data',      '0 3 * * *',   'missing_data_check', NULL, '{}', 'metrics', 'Days without data among the last thirty'),
 (6,  'inventory-etl',           '0 2 * * *',   'graph', 'inventory_etl', '{}', 'inventory', 'The daily pipeline of stock'),
 (7,  'transaction-aggregation', '0 * * * *',   'graph', 'transaction_aggregation', '{}', 'inventory', 'The hourly pipeline of movements'),
 (8,  'low-stock-alerts',        '0 */6 * * *', 'graph', 'low_stock_alerts', '{}', 'inventory', 'What runs low'),
 (9,  'weekly-summary',          '0 1 * * 1',   'graph', 'weekly_summary', '{}', 'inventory', 'The summary of the week'),
 (10, 'daily-backup',            '30 3 * * *',  'backup_daily', NULL, '{}', 'outpost', 'A copy of the file, opened and verified'),
 (11, 'archive',                 '0 4 * * 0',   'archive_run', NULL, '{}', 'outpost', 'Old movements go to files'));
-- down
DROP TABLE graph_task;
DROP TABLE graph_run;
DROP TABLE schedule_slot;
DROP TABLE schedule_state;
