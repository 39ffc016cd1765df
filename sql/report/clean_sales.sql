-- report: clean_sales
-- columns: id int, run_id text, order_id text, order_date day, region text, product text,
-- columns: quantity dec4.0, revenue dec4.2, revenue_per_unit dec2.2, processed_timestamp time
SELECT s.run << 32 | s.record, r.uuid, coalesce(s.order_id, s.key), s.order_date, a.text, p.text, s.quantity, s.revenue,
       per_unit(s.revenue, s.quantity), r.ended_at
FROM sale s JOIN run r ON r.id = s.run JOIN term a ON a.id = s.region JOIN term p ON p.id = s.product
WHERE :run IS NULL OR r.uuid = :run;
