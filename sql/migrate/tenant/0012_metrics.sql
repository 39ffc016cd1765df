-- Metrics, alerts, planning and connectors: what is kept beside the records of
-- these (their tables are made of sql/entity/), and views under the names people
-- know. Amounts and quantities are integers in units of 1/10000; the views show
-- them as numbers for reading.
-- up

-- ---- alerts ----
CREATE UNIQUE INDEX alert_unresolved ON alert(kind, subject) WHERE status <> 'resolved' AND deleted_at IS NULL;
CREATE INDEX alert_resolved ON alert(kind, subject, resolved_at) WHERE status = 'resolved';
CREATE INDEX alert_made ON alert(created_at);

-- How often an alert was raised in the state it has.
CREATE TABLE alert_seen (
  alert   TEXT PRIMARY KEY,
  times   INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What went out: every state of an alert once over every route.
CREATE TABLE alert_notice (
  id      INTEGER PRIMARY KEY,
  alert   TEXT NOT NULL,
  state   TEXT NOT NULL,
  route   TEXT NOT NULL,
  at      INTEGER NOT NULL,
  sent_at INTEGER,                        -- NULL: it waits
  job     INTEGER,                        -- that sends it; NULL: nothing is to be sent
  UNIQUE (alert, state, route)
);
CREATE INDEX alert_notice_held ON alert_notice(route) WHERE sent_at IS NULL;

INSERT INTO alert_route (id, name, kind, severity, channel, active, created_at, created_by, updated_at, updated_by)
VALUES ('00000000-0000-7000-8000-000000001201', 'everything on the page', '*', 'info', 'page', 1,
        0, 'outpost', 0, 'outpost');

-- ---- metrics ----
CREATE INDEX idx_dq_alerts ON data_quality_alert(created_at) WHERE NOT resolved AND deleted_at IS NULL;
CREATE INDEX data_quality_alert_metric ON data_quality_alert(metric_id);

CREATE VIEW metrics (metric_id, tenant_id, metric_type, metric_value, metric_date, created_at, data, source,
                     derived_value) AS
SELECT m.id, o.id, m.metric_type, m.metric_value / 10000.0, m.metric_date,
       strftime('%Y-%m-%dT%H:%M:%S', m.created_at / 1000000, 'unixepoch') || printf('.%06dZ', m.created_at % 1000000),
       m.data, m.source, m.derived_value / 10000.0
FROM metric m, organizations o WHERE m.deleted_at IS NULL;

CREATE VIEW data_quality_alerts (alert_id, tenant_id, metric_id, alert_type, severity, message, resolved, resolved_at,
                                 created_at, dedupe_key) AS
SELECT a.id, o.id, a.metric_id, a.alert_type, a.severity, a.message, a.resolved,
       CASE WHEN a.resolved THEN strftime('%Y-%m-%dT%H:%M:%S', coalesce(a.resolved_at, a.updated_at) / 1000000, 'unixepoch')
                                 || printf('.%06dZ', coalesce(a.resolved_at, a.updated_at) % 1000000) END,
       strftime('%Y-%m-%dT%H:%M:%S', a.created_at / 1000000, 'unixepoch') || printf('.%06dZ', a.created_at % 1000000),
       a.dedupe_key
FROM data_quality_alert a, organizations o WHERE a.deleted_at IS NULL;

-- Revenue by category: of data.categories, or all of it under data.category; what the
-- categories leave over has none, so that the rows of a day always add up to its revenue.
CREATE VIEW daily_revenue_by_category (tenant_id, metric_date, category, total_revenue, amount) AS
WITH part (metric_date, category, amount) AS (
  SELECT m.metric_date, c.key, CAST(round(CAST(c.value AS REAL) * 10000) AS INTEGER)
  FROM metric m, json_each(m.data, '$.categories') c
  WHERE m.metric_type = 'revenue' AND m.deleted_at IS NULL
  UNION ALL
  SELECT m.metric_date, m.data ->> '$.category',
         m.metric_value - (SELECT coalesce(sum(CAST(round(CAST(c.value AS REAL) * 10000) AS INTEGER)), 0)
                           FROM json_each(m.data, '$.categories') c)
  FROM metric m
  WHERE m.metric_type = 'revenue' AND m.deleted_at IS NULL)
SELECT o.id, metric_date, category, sum(amount) / 10000.0, sum(amount)
FROM part, organizations o
GROUP BY metric_date, category
HAVING sum(amount) <> 0 OR category IS NOT NULL;

-- Months whose metrics changed since they were added up.
CREATE TABLE metric_dirty (month TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TRIGGER metric_added AFTER INSERT ON metric WHEN new.metric_type = 'revenue'
BEGIN
  INSERT OR IGNORE INTO metric_dirty VALUES (substr(new.metric_date, 1, 7) || '-01');
END;
CREATE TRIGGER metric_changed AFTER UPDATE ON metric
WHEN (new.metric_type = 'revenue' OR old.metric_type = 'revenue')
     AND (new.metric_value <> old.metric_value OR new.metric_date <> old.metric_date
          OR new.metric_type <> old.metric_type OR new.deleted_at IS NOT old.deleted_at)
BEGIN
  INSERT OR IGNORE INTO metric_dirty VALUES (substr(new.metric_date, 1, 7) || '-01');
  INSERT OR IGNORE INTO metric_dirty VALUES (substr(old.metric_date, 1, 7) || '-01');
END;
CREATE TRIGGER metric_removed AFTER DELETE ON metric WHEN old.metric_type = 'revenue'
BEGIN
  INSERT OR IGNORE INTO metric_dirty VALUES (substr(old.metric_date, 1, 7) || '-01');
END;

-- Double-buffered: a refresh writes the months that changed under the next generation, which
-- nobody sees until monthly_revenue_state is moved to it, in one step.
CREATE TABLE monthly_revenue_store (
  month      TEXT NOT NULL,               -- its first day
  generation INTEGER NOT NULL,
  total      INTEGER NOT NULL,
  days       INTEGER NOT NULL             -- 0: the month has nothing any more
);
CREATE UNIQUE INDEX idx_monthly_revenue ON monthly_revenue_store(month, generation);
CREATE TABLE monthly_revenue_state (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  generation   INTEGER NOT NULL,
  refreshed_at INTEGER                    -- UTC microseconds; NULL: never
);
INSERT INTO monthly_revenue_state VALUES (1, 0, NULL);

-- The average is rounded half to even, to four decimals.
CREATE VIEW monthly_revenue (tenant_id, month, total_revenue, avg_daily_revenue, days_with_data, total, average) AS
WITH seen AS (
  SELECT s.month, s.total, s.days,
         s.total / s.days + (2 * (s.total % s.days) > s.days
                             OR (2 * (s.total % s.days) = s.days AND s.total / s.days % 2)) AS average
  FROM monthly_revenue_store s
  WHERE s.days > 0 AND s.generation = (SELECT max(x.generation) FROM monthly_revenue_store x, monthly_revenue_state t
                                       WHERE x.month = s.month AND x.generation <= t.generation))
SELECT o.id, month, total / 10000.0, average / 10000.0, days, total, average FROM seen, organizations o;

-- ---- planning ----
-- How every item stands in every warehouse, as it was worked out last.
CREATE TABLE stock_risk (
  item          INTEGER NOT NULL,         -- stock_name
  warehouse     INTEGER NOT NULL,         -- stock_name
  checked_at    INTEGER NOT NULL,
  on_hand       INTEGER NOT NULL,
  available     INTEGER NOT NULL,         -- on hand and not reserved
  incoming      INTEGER NOT NULL,         -- ordered, and not there yet
  days          INTEGER NOT NULL,         -- past days that demand was taken from
  mean          REAL NOT NULL,            -- demand of a day: for reading, no sum is made of it
  deviation     REAL NOT NULL,            -- its standard deviation
  lead_days     REAL NOT NULL,
  reorder_point INTEGER NOT NULL,
  risk          REAL,                     -- NULL: not worked out yet
  method        TEXT,                     -- how the risk was worked out: exact, normal, none
  state         TEXT NOT NULL,            -- ok, at_risk, low, out
  since         INTEGER NOT NULL,         -- in this state
  told          TEXT,                     -- the state that the inbox knows; NULL: ok
  PRIMARY KEY (item, warehouse)
) WITHOUT ROWID;
CREATE INDEX stock_risk_state ON stock_risk(state);

-- How far in the ledger the followers of inventory-events have worked.
CREATE TABLE plan_position (
  name   TEXT PRIMARY KEY,
  ledger INTEGER NOT NULL
) WITHOUT ROWID;

-- What the consumer groups took, by day and type.
CREATE TABLE event_tally (
  grp    TEXT NOT NULL,
  day    TEXT NOT NULL,
  type   TEXT NOT NULL,
  events INTEGER NOT NULL,
  PRIMARY KEY (grp, day, type)
) WITHOUT ROWID;

-- Answers that were worked out before anybody asks, with the moment they speak of.
CREATE TABLE cached_figure (
  name TEXT PRIMARY KEY,
  at   INTEGER NOT NULL,
  json TEXT NOT NULL
) WITHOUT ROWID;

CREATE UNIQUE INDEX reorder_proposal_open ON reorder_proposal(sku, warehouse)
  WHERE status = 'proposed' AND deleted_at IS NULL;
CREATE INDEX reorder_proposal_incoming ON reorder_proposal(sku, warehouse, status);

-- Works for every item until somebody says otherwise.
INSERT INTO reorder_rule (id, service_level, lead_time_days, lead_time_sd, method, order_cost, holding_rate,
                          cover_days, window_days, active, note, created_at, created_by, updated_at, updated_by)
VALUES ('00000000-0000-7000-8000-000000001202', 9500, 700, 0, 'eoq', NULL, 2500, 30, 90, 1,
        'holds where nothing else is said', 0, 'outpost', 0, 'outpost');

-- ---- connectors ----
-- One that was never read is due from when it was made on.
CREATE VIEW connectors (connector_id, tenant_id, name, type, credentials, sync_frequency, last_sync_at, next_sync_at,
                        status, error_message, created_at, updated_at) AS
SELECT c.id, o.id, c.name, c.type, c.credentials, c.sync_frequency, c.last_sync_at,
       CASE WHEN c.sync_frequency <> 'manual' THEN coalesce(c.next_sync_at, c.created_at) END, c.status,
       c.error_message, c.created_at, c.updated_at
FROM connector c, organizations o WHERE c.deleted_at IS NULL;
CREATE INDEX idx_connectors_next_sync ON connector(next_sync_at) WHERE status = 'active';
-- down
DROP VIEW connectors;
DROP TABLE cached_figure;
DROP TABLE event_tally;
DROP TABLE plan_position;
DROP TABLE stock_risk;
DROP VIEW monthly_revenue;
DROP TABLE monthly_revenue_state;
DROP TABLE monthly_revenue_store;
DROP TRIGGER metric_removed;
DROP TRIGGER metric_changed;
DROP TRIGGER metric_added;
DROP TABLE metric_dirty;
DROP VIEW daily_revenue_by_category;
DROP VIEW data_quality_alerts;
DROP VIEW metrics;
DROP TABLE alert_notice;
DROP TABLE alert_seen;
