-- Versions: a run may put a row in the place of an older one, and may be undone.
--
-- The versions of a key form a stack, by the rank of their runs. On top is what `sale` holds; below
-- it, in `sale_past`, what it took the place of. A run that is undone takes its
-- versions out of the stacks, and where it was on top, the next one below comes
-- back. So what there is depends only on which runs count, not on the order in
-- which they were undone and redone. `sale_current` adds up what is on top.
-- up
-- Both as its settings have them, which are too long to be read for every run.
ALTER TABLE run ADD COLUMN kind TEXT NOT NULL DEFAULT 'file';
ALTER TABLE run ADD COLUMN rank INTEGER NOT NULL DEFAULT 0; -- its place in the stacks: its own number, or that of the run that it was judged again for
ALTER TABLE run ADD COLUMN rows_updated INTEGER NOT NULL DEFAULT 0;   -- of the clean ones: took an older row's place
ALTER TABLE run ADD COLUMN rows_unchanged INTEGER NOT NULL DEFAULT 0; -- ... and said the same as it
UPDATE run SET kind = coalesce(settings ->> '$.kind', 'file'), rank = coalesce(settings ->> '$.rank', id);
CREATE INDEX run_rank ON run(rank);
-- What sums over runs need. Every edit of a row is a run, and there may be many thousands.
CREATE INDEX run_counts ON run(dataset, state, kind, rows_clean, rows_read, rows_rejected);

CREATE TABLE sale_past (
  key        TEXT NOT NULL,               -- all columns as in sale
  run        INTEGER NOT NULL,
  record     INTEGER NOT NULL,
  order_id   TEXT,
  order_date INTEGER NOT NULL,
  region     INTEGER NOT NULL,
  product    INTEGER NOT NULL,
  quantity   INTEGER NOT NULL,
  revenue    INTEGER NOT NULL,
  PRIMARY KEY (key, run)
) WITHOUT ROWID;
CREATE INDEX sale_past_run ON sale_past(run, key);

CREATE TABLE sale_current (
  order_date INTEGER NOT NULL,
  region     INTEGER NOT NULL,
  product    INTEGER NOT NULL,
  orders     INTEGER NOT NULL,
  quantity   INTEGER NOT NULL,
  revenue    INTEGER NOT NULL,
  PRIMARY KEY (order_date, region, product)
) WITHOUT ROWID;
INSERT INTO sale_current
SELECT order_date, region, product, count(*), sum(quantity), sum(revenue) FROM sale GROUP BY 1, 2, 3;

-- Runs that do not count at present.
CREATE TABLE run_undone (
  run   INTEGER PRIMARY KEY REFERENCES run(id),
  at    INTEGER NOT NULL,
  actor TEXT NOT NULL
);

-- Rows that an undone run brought and that stay all the same, and why.
CREATE TABLE undo_kept (
  run    INTEGER NOT NULL REFERENCES run(id),
  key    TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (run, key)
) WITHOUT ROWID;

-- A file that was taken back to schema 4 and comes again: the log knows what was undone
-- and replaced. The replaced rows themselves come back by `outpost rebuild`.
INSERT INTO run_undone
SELECT r.id, c.at, c.actor FROM run r JOIN change_log c ON c.seq =
  (SELECT max(seq) FROM change_log WHERE unit = r.uuid AND event IN ('RUN_UNDONE', 'RUN_REDONE'))
WHERE c.event = 'RUN_UNDONE';
INSERT INTO undo_kept
SELECT u.run, k.value ->> 'key', k.value ->> 'reason'
FROM run_undone u JOIN run r ON r.id = u.run, json_each((SELECT after FROM change_log c WHERE c.unit = r.uuid
  AND c.event = 'RUN_UNDONE' ORDER BY c.seq DESC LIMIT 1), '$.kept') k;
UPDATE run SET (rows_updated, rows_unchanged) =
  (SELECT coalesce(after ->> 'updated', 0), coalesce(after ->> 'unchanged', 0) FROM change_log c
   WHERE c.unit = run.uuid AND c.event = 'RUN_COMPLETED')
WHERE uuid IN (SELECT unit FROM change_log WHERE event = 'RUN_COMPLETED');

DROP VIEW validation_results;
CREATE VIEW validation_results (id, run_id, record_id, validation_stage, control_type, status, failure_reason,
                                timestamp, control, rule_version) AS
SELECT (s.run << 32 | s.record) << 8 | c.position, r.uuid, s.record, c.stage, c.kind, 'PASS', NULL,
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000),
       c.control, c.version
FROM (SELECT run, record FROM sale UNION ALL SELECT run, record FROM sale_past) s JOIN run r ON r.id = s.run JOIN run_control c ON c.run = s.run
WHERE s.run NOT IN (SELECT run FROM run_undone)
UNION ALL
SELECT x.id << 8 | c.position, r.uuid, x.id & 0xffffffff, c.stage, c.kind,
       CASE WHEN f.value IS NULL THEN 'PASS' ELSE 'FAIL' END, f.value ->> 'reason',
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000),
       c.control, c.version
FROM reject x JOIN run r ON r.id = x.id >> 32 JOIN run_control c ON c.run = r.id
LEFT JOIN json_each(x.faults) f ON f.value ->> 'control' = c.control
WHERE r.dataset = 'sales' AND r.id NOT IN (SELECT run FROM run_undone);

DROP VIEW analytics_summary;
CREATE VIEW analytics_summary (id, run_id, total_revenue, total_orders, region, product, daily_sales,
                               calculation_date, created_timestamp) AS
SELECT row_number() OVER (), r.uuid, t.revenue / 10000.0, t.orders, a.text, p.text,
       CASE WHEN t.order_date IS NOT NULL THEN t.revenue / 10000.0 END, date(t.order_date * 86400, 'unixepoch'),
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000)
FROM (SELECT run, NULL AS region, NULL AS product, NULL AS order_date, sum(revenue) AS revenue, sum(orders) AS orders
      FROM sale_total GROUP BY run
      UNION ALL
      SELECT run, region, NULL, NULL, sum(revenue), sum(orders) FROM sale_total GROUP BY run, region
      UNION ALL
      SELECT run, NULL, product, NULL, sum(revenue), sum(orders) FROM sale_total GROUP BY run, product
      UNION ALL
      SELECT run, NULL, NULL, order_date, sum(revenue), sum(orders) FROM sale_total GROUP BY run, order_date) t
JOIN run r ON r.id = t.run LEFT JOIN term a ON a.id = t.region LEFT JOIN term p ON p.id = t.product
WHERE t.run NOT IN (SELECT run FROM run_undone);
-- down
DROP VIEW analytics_summary;
CREATE VIEW analytics_summary (id, run_id, total_revenue, total_orders, region, product, daily_sales,
                               calculation_date, created_timestamp) AS
SELECT row_number() OVER (), r.uuid, t.revenue / 10000.0, t.orders, a.text, p.text,
       CASE WHEN t.order_date IS NOT NULL THEN t.revenue / 10000.0 END, date(t.order_date * 86400, 'unixepoch'),
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000)
FROM (SELECT run, NULL AS region, NULL AS product, NULL AS order_date, sum(revenue) AS revenue, sum(orders) AS orders
      FROM sale_total GROUP BY run
      UNION ALL
      SELECT run, region, NULL, NULL, sum(revenue), sum(orders) FROM sale_total GROUP BY run, region
      UNION ALL
      SELECT run, NULL, product, NULL, sum(revenue), sum(orders) FROM sale_total GROUP BY run, product
      UNION ALL
      SELECT run, NULL, NULL, order_date, sum(revenue), sum(orders) FROM sale_total GROUP BY run, order_date) t
JOIN run r ON r.id = t.run LEFT JOIN term a ON a.id = t.region LEFT JOIN term p ON p.id = t.product;

DROP VIEW validation_results;
CREATE VIEW validation_results (id, run_id, record_id, validation_stage, control_type, status, failure_reason,
                                timestamp, control, rule_version) AS
SELECT (s.run << 32 | s.record) << 8 | c.position, r.uuid, s.record, c.stage, c.kind, 'PASS', NULL,
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000),
       c.control, c.version
FROM sale s JOIN run r ON r.id = s.run JOIN run_control c ON c.run = s.run
UNION ALL
SELECT x.id << 8 | c.position, r.uuid, x.id & 0xffffffff, c.stage, c.kind,
       CASE WHEN f.value IS NULL THEN 'PASS' ELSE 'FAIL' END, f.value ->> 'reason',
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000),
       c.control, c.version
FROM reject x JOIN run r ON r.id = x.id >> 32 JOIN run_control c ON c.run = r.id
LEFT JOIN json_each(x.faults) f ON f.value ->> 'control' = c.control
WHERE r.dataset = 'sales';

DROP TABLE undo_kept;
DROP TABLE run_undone;
DROP TABLE sale_current;
DROP TABLE sale_past;
DROP INDEX run_counts;
DROP INDEX run_rank;
ALTER TABLE run DROP COLUMN rows_unchanged;
ALTER TABLE run DROP COLUMN rows_updated;
ALTER TABLE run DROP COLUMN rank;
ALTER TABLE run DROP COLUMN kind;
