-- Figures under the names that people know, each of the invoker's organizations only (security_invoker: the policies of the tables
-- behind a view hold for who asks). What an organization has several edges of is told apart by edge_id.

-- What came free with a row is a line of its own, without a price.
CREATE OR REPLACE VIEW outpost.invoice_items WITH (security_invoker = true) AS
SELECT organization_id, edge_id, id << 1 | f.free AS id, invoice_id, invoice_date, product_id, item_name,
       CASE f.free WHEN 1 THEN free_quantity ELSE quantity END AS quantity,
       CASE f.free WHEN 1 THEN 0 ELSE coalesce(rate, round(total / nullif(quantity, 0), 4)) END AS unit_price,
       CASE f.free WHEN 1 THEN 0 ELSE total END AS total_price
FROM outpost.clean_invoices JOIN (VALUES (0), (1)) f (free) ON f.free = 0 OR free_quantity > 0;

CREATE OR REPLACE VIEW outpost.exceptions WITH (security_invoker = true) AS
SELECT x.organization_id, o.edge_id, (x.run << 32) | x.record AS id, r.uuid AS run_id, x.record AS original_record_id,
       x.category AS error_category, x.stage AS pipeline_stage,
       (SELECT string_agg(f.value->>'reason', '; ' ORDER BY f.ordinality) FROM json_array_elements(outpost.no_zero(x.faults)) WITH ORDINALITY f) AS error_details,
       r.ended_at AS timestamp, x.raw AS raw_data, x.line,
       CASE WHEN EXISTS (SELECT FROM outpost.reject_solved v JOIN outpost.run c ON c.organization_id = v.organization_id AND c.origin = v.origin
                                AND c.run = v.solved_run AND c.counts
                         WHERE v.organization_id = x.organization_id AND v.run = x.run AND v.record = x.record
                           AND v.origin IN (SELECT q.origin FROM outpost.origin q WHERE q.organization_id = o.organization_id
                                            AND q.edge_id = o.edge_id AND q.origin >= x.origin)
                           -- a later epoch may have given the run's number to another one
                           AND NOT EXISTS (SELECT FROM outpost.run n JOIN outpost.origin q ON q.organization_id = n.organization_id
                                           AND q.origin = n.origin WHERE n.organization_id = x.organization_id AND n.run = x.run
                                           AND n.origin > x.origin AND n.origin <= v.origin AND q.edge_id = o.edge_id AND n.uuid <> r.uuid))
              THEN 'corrected'
            WHEN EXISTS (SELECT FROM outpost.review w JOIN outpost.origin q ON q.organization_id = w.organization_id AND q.origin = w.sync_origin
                         WHERE w.organization_id = x.organization_id AND w.exception = ((x.run << 32) | x.record) AND q.edge_id = o.edge_id
                               AND w.decision = 'accepted' AND w.deleted_at IS NULL)
              THEN 'accepted'
            ELSE 'open' END AS state,
       x.faults, x."offset" AS byte_offset, length(x.raw) AS byte_length
FROM outpost.reject x
JOIN outpost.origin o ON o.organization_id = x.organization_id AND o.origin = x.origin
JOIN outpost.run r ON r.organization_id = x.organization_id AND r.origin = x.origin AND r.run = x.run
WHERE r.undone_at IS NULL;

CREATE OR REPLACE VIEW outpost.audit_log WITH (security_invoker = true) AS
SELECT c.organization_id, o.edge_id, c.origin, c.seq AS id, c.unit AS run_id, c.event AS event_type, c.text AS event_description,
       c.count AS record_count, c.at AS timestamp, c.actor, c.hlc, encode(c.hash, 'hex') AS hash
FROM outpost.change_log c
JOIN outpost.origin o ON o.organization_id = c.organization_id AND o.origin = c.origin;

-- What counts now, by region, product and day. run_id: the last run that brought a row of it.
CREATE OR REPLACE VIEW outpost.analytics_summary WITH (security_invoker = true) AS
SELECT organization_id, edge_id, region, product, order_date, sum(revenue) AS total_revenue, count(*) AS total_orders,
       sum(quantity) AS total_quantity,
       row_number() OVER () AS id, max(run_id::text COLLATE "C")::uuid AS run_id, CASE WHEN order_date IS NOT NULL THEN sum(revenue) END AS daily_sales,
       order_date AS calculation_date, max(processed_timestamp) AS created_timestamp
FROM outpost.clean_sales
GROUP BY organization_id, edge_id, GROUPING SETS ((), (region), (product), (order_date));

-- How effective the controls of a run were.
CREATE OR REPLACE VIEW outpost.validation_summary WITH (security_invoker = true) AS
SELECT r.organization_id, o.edge_id, r.uuid AS run_id, c.stage AS validation_stage, c.control, c.version AS rule_version, c.field,
       c.category AS error_category, r.rows_read AS records, r.rows_read - c.failed AS passed, c.failed,
       round(1 - c.failed::numeric / nullif(r.rows_read, 0), 6) AS pass_rate
FROM outpost.run_control c
JOIN outpost.origin o ON o.organization_id = c.organization_id AND o.origin = c.origin
JOIN outpost.run r ON r.organization_id = c.organization_id AND r.origin = c.origin AND r.run = c.run;

-- What there is, by the movements of all edges. One that an edge fetched back after an older copy of its file took its place came
-- up again in a new epoch, with the same event_id.
CREATE OR REPLACE VIEW outpost.stock_levels WITH (security_invoker = true) AS
SELECT t.organization_id, t.item AS sku, m.name, m.category, t.warehouse, sum(t.quantity) AS quantity_on_hand,
       sum(t.reserved) AS quantity_reserved, sum(t.quantity) - sum(t.reserved) AS quantity_available, m.reorder_point,
       max(t.recorded_at) AS updated_at
FROM (SELECT DISTINCT ON (x.organization_id, o.edge_id, x.event_id) x.* FROM outpost.stock_transactions x
      JOIN outpost.origin o ON o.organization_id = x.organization_id AND o.origin = x.origin
      ORDER BY x.organization_id, o.edge_id, x.event_id, x.origin) t
LEFT JOIN LATERAL (SELECT i.name, i.category, i.reorder_point FROM outpost.stock_items i
                   WHERE i.organization_id = t.organization_id AND i.sku = t.item AND i.deleted_at IS NULL ORDER BY i.id LIMIT 1) m ON true
GROUP BY t.organization_id, t.item, t.warehouse, m.name, m.category, m.reorder_point;

CREATE OR REPLACE VIEW outpost.metrics WITH (security_invoker = true) AS
SELECT organization_id, id AS metric_id, organization_id AS tenant_id, metric_type, metric_value, metric_date, created_at, data, source,
       derived_value
FROM outpost.metric WHERE deleted_at IS NULL;

CREATE OR REPLACE VIEW outpost.data_quality_alerts WITH (security_invoker = true) AS
SELECT organization_id, id AS alert_id, organization_id AS tenant_id, metric_id, alert_type, severity, message, resolved, resolved_at,
       created_at, dedupe_key
FROM outpost.data_quality_alert WHERE deleted_at IS NULL;

CREATE OR REPLACE VIEW outpost.connectors WITH (security_invoker = true) AS
SELECT organization_id, id AS connector_id, organization_id AS tenant_id, name, type, credentials, sync_frequency, last_sync_at,
       next_sync_at, status, error_message, created_at, updated_at
FROM outpost.connector WHERE deleted_at IS NULL;

CREATE OR REPLACE VIEW outpost.monthly_revenue WITH (security_invoker = true) AS
SELECT organization_id, organization_id AS tenant_id, to_char(metric_date, 'YYYY-MM') AS month, sum(metric_value) AS total_revenue,
       round(avg(metric_value), 4) AS avg_daily_revenue, count(*) AS days_with_data
FROM outpost.metric WHERE metric_type = 'revenue' AND deleted_at IS NULL
GROUP BY organization_id, to_char(metric_date, 'YYYY-MM');

CREATE OR REPLACE VIEW outpost.daily_revenue_by_category WITH (security_invoker = true) AS
WITH part AS (
  SELECT m.organization_id, m.metric_date, c.key AS category, c.value::numeric AS amount
  FROM outpost.metric m CROSS JOIN json_each_text(m.data->'categories') c
  WHERE m.metric_type = 'revenue' AND m.deleted_at IS NULL AND json_typeof(m.data->'categories') = 'object'
  UNION ALL
  SELECT m.organization_id, m.metric_date, m.data->>'category',
         m.metric_value - coalesce((SELECT sum(c.value::numeric) FROM json_each_text(CASE json_typeof(m.data->'categories') WHEN 'object' THEN m.data->'categories' END) c), 0)
  FROM outpost.metric m WHERE m.metric_type = 'revenue' AND m.deleted_at IS NULL)
SELECT organization_id, organization_id AS tenant_id, metric_date, category, sum(amount) AS total_revenue
FROM part GROUP BY organization_id, metric_date, category HAVING sum(amount) <> 0 OR category IS NOT NULL;

-- What a dashboard shows of an organization, kept: reading it costs a row. It is a table and not a materialized view, because
-- row-level security knows no materialized views. Whoever may read one sees all organizations; to read it only through a view that
-- filters, that view must have its owner's rights, which none here has; and REFRESH reads as the owner, whom the policies bind like
-- everybody, so it would find nothing. Whoever reads this table while it is made anew sees the old figures until the commit, as
-- with CONCURRENTLY; its key is the unique index that that takes.
CREATE TABLE IF NOT EXISTS outpost.dashboard_summary (
  organization_id  uuid NOT NULL PRIMARY KEY,
  stores           bigint NOT NULL,
  products         bigint NOT NULL,
  open_orders      bigint NOT NULL,
  orders_amount    numeric NOT NULL,
  invoices         bigint NOT NULL,
  invoices_amount  numeric NOT NULL,
  sales            bigint NOT NULL,
  sales_amount     numeric NOT NULL,
  open_exceptions  bigint NOT NULL,
  refreshed_at     timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON outpost.dashboard_summary TO outpost_hq;

-- For pg_cron every five minutes, or whenever: does nothing where the figures are not older than that. Says how many it made anew.
CREATE OR REPLACE FUNCTION outpost.refresh_dashboard(older_than interval DEFAULT '5 minutes') RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog AS $$
  WITH made AS (
    INSERT INTO outpost.dashboard_summary AS d
    SELECT g.organization_id,
           (SELECT count(*) FROM outpost.stores x WHERE x.organization_id = g.organization_id AND x.deleted_at IS NULL),
           (SELECT count(*) FROM outpost.products x WHERE x.organization_id = g.organization_id AND x.deleted_at IS NULL),
           (SELECT count(*) FROM outpost.orders x WHERE x.organization_id = g.organization_id AND x.deleted_at IS NULL AND x.status IN ('pending', 'approved')),
           (SELECT coalesce(sum(x.total_amount), 0) FROM outpost.orders x WHERE x.organization_id = g.organization_id AND x.deleted_at IS NULL AND x.status <> 'cancelled'),
           (SELECT count(DISTINCT x.invoice_id) FROM outpost.clean_invoices x WHERE x.organization_id = g.organization_id),
           (SELECT coalesce(sum(x.total), 0) FROM outpost.clean_invoices x WHERE x.organization_id = g.organization_id),
           (SELECT count(*) FROM outpost.clean_sales x WHERE x.organization_id = g.organization_id),
           (SELECT coalesce(sum(x.revenue), 0) FROM outpost.clean_sales x WHERE x.organization_id = g.organization_id),
           (SELECT count(*) FROM outpost.exceptions x WHERE x.organization_id = g.organization_id AND x.state = 'open'),
           clock_timestamp()
    FROM outpost.organizations g
    WHERE NOT EXISTS (SELECT FROM outpost.dashboard_summary f WHERE f.organization_id = g.organization_id AND f.refreshed_at > clock_timestamp() - older_than)
    ON CONFLICT (organization_id) DO UPDATE SET stores = excluded.stores, products = excluded.products, open_orders = excluded.open_orders,
      orders_amount = excluded.orders_amount, invoices = excluded.invoices, invoices_amount = excluded.invoices_amount, sales = excluded.sales,
      sales_amount = excluded.sales_amount, open_exceptions = excluded.open_exceptions, refreshed_at = excluded.refreshed_at
    RETURNING 1)
  SELECT count(*) FROM made
$$;

GRANT SELECT ON outpost.invoice_items, outpost.exceptions, outpost.audit_log,
  outpost.analytics_summary, outpost.validation_summary, outpost.stock_levels, outpost.metrics, outpost.data_quality_alerts, outpost.connectors, outpost.monthly_revenue,
  outpost.daily_revenue_by_category TO outpost_hq;
