-- Sales: the clean rows under their unique key, the totals, and the views that
-- carry the names people know. Amounts and quantities are integers in units of
-- 1/10000; the views show them as numbers for reading, sums belong to the tables.
-- up
CREATE TABLE sale (
  key        TEXT NOT NULL PRIMARY KEY,   -- order id, or "field=value" parts joined by U+001F
  run        INTEGER NOT NULL,
  record     INTEGER NOT NULL,
  order_id   TEXT,                        -- NULL: the key itself
  order_date INTEGER NOT NULL,            -- days since 1970-01-01
  region     INTEGER NOT NULL,            -- term
  product    INTEGER NOT NULL,              -- term
  quantity   INTEGER NOT NULL,
  revenue    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE sale_total (
  run        INTEGER NOT NULL,
  order_date INTEGER NOT NULL,
  region     INTEGER NOT NULL,
  product    INTEGER NOT NULL,
  orders     INTEGER NOT NULL,
  quantity   INTEGER NOT NULL,
  revenue    INTEGER NOT NULL,
  PRIMARY KEY (run, order_date, region, product)
) WITHOUT ROWID;

-- Revenue per unit: two decimals, half to even. With the remainder m of the
-- integer division: up when 2m > quantity, or 2m = quantity and the digit is odd.
CREATE VIEW clean_sales (id, run_id, order_id, order_date, region, product, quantity, revenue, revenue_per_unit,
                         processed_timestamp) AS
SELECT s.run << 32 | s.record, r.uuid, coalesce(s.order_id, s.key), date(s.order_date * 86400, 'unixepoch'),
       a.text, p.text, s.quantity / 10000.0, s.revenue / 10000.0,
       (s.revenue * 100 / s.quantity
        + (2 * abs(s.revenue * 100 % s.quantity) > abs(s.quantity)
           OR (2 * abs(s.revenue * 100 % s.quantity) = abs(s.quantity) AND s.revenue * 100 / s.quantity % 2))
          * CASE WHEN (s.revenue < 0) = (s.quantity < 0) THEN 1 ELSE -1 END) / 100.0,
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', r.ended_at % 1000000)
FROM sale s JOIN run r ON r.id = s.run JOIN term a ON a.id = s.region JOIN term p ON p.id = s.product;

-- One row per control and record. Clean rows passed all; a rejected one failed
-- those that its faults name and passed the others.
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

-- Overall (no region, product, date), by region, by product, by day: what a
-- dashboard shows of a run.
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
-- down
DROP VIEW analytics_summary;
DROP VIEW validation_results;
DROP VIEW clean_sales;
DROP TABLE sale_total;
DROP TABLE sale;
