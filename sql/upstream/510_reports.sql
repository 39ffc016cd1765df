-- Figures under the names that people know, each of the invoker's organizations only (security_invoker: the policies of the tables
-- behind a view hold for who asks). What an organization has several edges of is told apart by edge_id.

CREATE OR REPLACE VIEW outpost.clean_sales WITH (security_invoker = true) AS
SELECT organization_id, edge_id, id, run_id, order_id, order_date, region, product, quantity, revenue,
       round(revenue / nullif(quantity, 0), 2) AS revenue_per_unit, processed_timestamp
FROM (SELECT DISTINCT ON (s.organization_id, o.edge_id, s.key)
             s.*, o.edge_id, (s.run << 32) | s.record AS id, r.uuid AS run_id, r.ended_at AS processed_timestamp
      FROM outpost.sale s
      JOIN outpost.origin o ON o.organization_id = s.organization_id AND o.origin = s.origin
      JOIN outpost.run r ON r.organization_id = s.organization_id AND r.origin = s.origin AND r.run = s.run
      WHERE r.counts OR EXISTS (SELECT FROM outpost.undo_kept k WHERE k.organization_id = s.organization_id
                                AND k.origin = s.origin AND k.run = s.run AND k.key = s.key)
      ORDER BY s.organization_id, o.edge_id, s.key, r.rank DESC, s.origin DESC) s;

CREATE OR REPLACE VIEW outpost.clean_invoices WITH (security_invoker = true) AS
SELECT organization_id, edge_id, id, run_id, invoice_id, invoice_date, customer_id, customer_name, product_id,
       item_name, quantity, total, line_number, customer_gstin, customer_phone, customer_email, billing_address, billing_city,
       billing_state, billing_pin, shipping_address, shipping_city, shipping_state, shipping_pin, place_of_supply, category_name,
       brand, sku, barcode, hsn_code, unit, free_quantity, rate, discount_percent, discount_amount, taxable_value, gst_rate, cgst,
       sgst, igst, cess, round_off, due_date, payment_terms, po_number, salesperson, notes, processed_timestamp
FROM (SELECT DISTINCT ON (s.organization_id, o.edge_id, s.key)
             s.*, o.edge_id, (s.run << 32) | s.record AS id, r.uuid AS run_id, r.ended_at AS processed_timestamp
      FROM outpost.mangalam_invoices s
      JOIN outpost.origin o ON o.organization_id = s.organization_id AND o.origin = s.origin
      JOIN outpost.run r ON r.organization_id = s.organization_id AND r.origin = s.origin AND r.run = s.run
      WHERE r.counts OR EXISTS (SELECT FROM outpost.undo_kept k WHERE k.organization_id = s.organization_id
                                AND k.origin = s.origin AND k.run = s.run AND k.key = s.key)
      ORDER BY s.organization_id, o.edge_id, s.key, r.rank DESC, s.origin DESC) s;

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
       (SELECT string_agg(f.value->>'reason', '; ' ORDER BY f.ordinality) FROM json_array_elements(x.faults) WITH ORDINALITY f) AS error_details,
       r.ended_at AS timestamp, x.raw AS raw_data, x.line,
       CASE WHEN EXISTS (SELECT FROM outpost.reject_solved v JOIN outpost.run c ON c.organization_id = v.organization_id AND c.origin = v.origin
                                AND c.run = v.solved_run AND c.counts
                         WHERE v.organization_id = x.organization_id AND v.origin = x.origin AND v.run = x.run AND v.record = x.record)
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

CREATE OR REPLACE VIEW outpost.analytics_summary WITH (security_invoker = true) AS
SELECT organization_id, edge_id, region, product, order_date, sum(revenue) AS total_revenue, count(*) AS total_orders,
       sum(quantity) AS total_quantity
FROM outpost.clean_sales
GROUP BY organization_id, edge_id, GROUPING SETS ((), (region), (product), (order_date));

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
-- row-level security knows no materialized views: one would show everybody all organizations. Whoever reads it while it is made
-- anew sees the old figures until the commit, as with CONCURRENTLY; its key is the unique index that that takes.
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

GRANT SELECT ON outpost.clean_sales, outpost.clean_invoices, outpost.invoice_items, outpost.exceptions, outpost.audit_log,
  outpost.analytics_summary, outpost.metrics, outpost.data_quality_alerts, outpost.connectors, outpost.monthly_revenue,
  outpost.daily_revenue_by_category TO outpost_hq;
