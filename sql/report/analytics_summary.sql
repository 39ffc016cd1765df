-- report: analytics_summary
-- columns: id int, run_id text, total_revenue dec4.2, total_orders int, region text, product text, daily_sales dec4.2,
-- columns: calculation_date day, created_timestamp time
SELECT row_number() OVER (), r.uuid, t.revenue, t.orders, a.text, p.text,
       CASE WHEN t.order_date IS NOT NULL THEN t.revenue END, t.order_date, r.ended_at
FROM (SELECT run, NULL AS region, NULL AS product, NULL AS order_date, sum(revenue) AS revenue, sum(orders) AS orders
      FROM sale_total GROUP BY run
      UNION ALL
      SELECT run, region, NULL, NULL, sum(revenue), sum(orders) FROM sale_total GROUP BY run, region
      UNION ALL
      SELECT run, NULL, product, NULL, sum(revenue), sum(orders) FROM sale_total GROUP BY run, product
      UNION ALL
      SELECT run, NULL, NULL, order_date, sum(revenue), sum(orders) FROM sale_total GROUP BY run, order_date) t
JOIN run r ON r.id = t.run LEFT JOIN term a ON a.id = t.region LEFT JOIN term p ON p.id = t.product
WHERE :run IS NULL OR r.uuid = :run;
