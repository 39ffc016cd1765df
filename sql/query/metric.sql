-- name: metric_row
SELECT metric_type, metric_date, metric_value, deleted_at IS NOT NULL FROM metric WHERE id = ?1;

-- name: metric_find
SELECT m.id, o.id, m.metric_type, m.metric_value, m.metric_date, m.created_at, m.data
FROM metric m, organizations o
WHERE m.metric_type = ?1 AND m.metric_date BETWEEN ?2 AND ?3 AND m.deleted_at IS NULL
ORDER BY m.metric_date;

-- name: metric_of_day
SELECT id, metric_value, source, derived_value, data FROM metric
WHERE metric_type = ?1 AND metric_date = ?2 AND deleted_at IS NULL;

-- name: metric_derived_days
SELECT metric_date, metric_value, source, derived_value, data FROM metric
WHERE metric_type = 'revenue' AND derived_value IS NOT NULL AND deleted_at IS NULL;

-- name: metric_sales
SELECT c.order_date, t.text, sum(c.revenue), d.total
FROM sale_current c
JOIN term t ON t.id = c.product
JOIN (SELECT order_date, sum(revenue) AS total FROM sale_current GROUP BY order_date) d ON d.order_date = c.order_date
GROUP BY c.order_date, c.product
ORDER BY c.order_date, sum(c.revenue) DESC, t.text;

-- name: quality_of
SELECT id, message, resolved, resolved_by FROM data_quality_alert WHERE dedupe_key = ?1 AND deleted_at IS NULL;

-- name: metric_gaps
WITH RECURSIVE day (day) AS (
  SELECT date(?1, '-30 days') UNION ALL SELECT date(day, '+1 day') FROM day WHERE day < date(?1, '-1 day')),
kind (kind, first) AS ( -- what the program itself puts down once a week need not be there every day
  SELECT metric_type, min(metric_date) FROM metric
  WHERE deleted_at IS NULL AND (metric_type = 'revenue' OR source = 'given') GROUP BY metric_type)
SELECT k.kind, d.day FROM kind k JOIN day d ON d.day >= k.first
WHERE NOT EXISTS (SELECT 1 FROM metric m
                  WHERE m.metric_type = k.kind AND m.metric_date = d.day AND m.deleted_at IS NULL)
ORDER BY k.kind, d.day;

-- name: metric_gaps_filled
SELECT q.dedupe_key FROM data_quality_alert q
WHERE q.alert_type = 'missing' AND NOT q.resolved AND q.deleted_at IS NULL
  AND EXISTS (SELECT 1 FROM metric m
              WHERE 'missing/' || m.metric_type || '/' || m.metric_date = q.dedupe_key AND m.deleted_at IS NULL);

-- name: metric_gaps_open
SELECT substr(dedupe_key, 9, length(dedupe_key) - 19) AS kind, count(*), max(substr(dedupe_key, -10))
FROM data_quality_alert
WHERE alert_type = 'missing' AND NOT resolved AND deleted_at IS NULL
GROUP BY 1;

-- name: metric_gap_alerts
SELECT subject FROM alert WHERE kind = 'metric_missing' AND status <> 'resolved' AND deleted_at IS NULL;

-- name: monthly_dirty
SELECT month FROM metric_dirty ORDER BY month LIMIT ?1;

-- name: monthly_sum
INSERT INTO monthly_revenue_store (month, generation, total, days)
SELECT ?1, (SELECT generation + 1 FROM monthly_revenue_state), coalesce(sum(metric_value), 0), count(*)
FROM metric
WHERE metric_type = 'revenue' AND deleted_at IS NULL
  AND metric_date >= ?1 AND metric_date < date(?1, '+1 month')
ON CONFLICT (month, generation) DO UPDATE SET total = excluded.total, days = excluded.days;

-- name: monthly_clean
DELETE FROM metric_dirty WHERE month = ?1;

-- name: monthly_move
UPDATE monthly_revenue_state SET refreshed_at = ?1,
  generation = generation + EXISTS (SELECT 1 FROM monthly_revenue_store s WHERE s.generation > monthly_revenue_state.generation);

-- name: monthly_forget
DELETE FROM monthly_revenue_store
WHERE EXISTS (SELECT 1 FROM monthly_revenue_store x, monthly_revenue_state t
              WHERE x.month = monthly_revenue_store.month AND x.generation > monthly_revenue_store.generation
                AND x.generation <= t.generation);

-- name: monthly_list
SELECT month, total, average, days_with_data FROM monthly_revenue ORDER BY month;

-- name: monthly_state
SELECT refreshed_at, (SELECT count(*) FROM metric_dirty),
       EXISTS (SELECT 1 FROM monthly_revenue_store s WHERE s.generation > t.generation)
FROM monthly_revenue_state t;

-- name: metric_daily
SELECT metric_date, category, amount FROM daily_revenue_by_category
WHERE metric_date BETWEEN coalesce(?1, '0000') AND coalesce(?2, '9999')
ORDER BY metric_date, category IS NULL, category;
