-- The figures of field sales, see field/dashboard.h.

-- name: dashboard_total
SELECT orders, revenue FROM field_total;

-- name: dashboard_stores
SELECT count(*) FROM stores WHERE deleted_at IS NULL;

-- name: dashboard_products
SELECT count(*) FROM products WHERE deleted_at IS NULL;

-- name: dashboard_waiting
SELECT count(*) FROM predicted_orders WHERE status = 'pending' AND deleted_at IS NULL;

-- name: dashboard_high
SELECT count(*) FROM customer_segments WHERE segment_value = 'high' AND deleted_at IS NULL;

-- name: dashboard_top_stores
SELECT f.store_id, coalesce(s.name, ''), f.revenue, f.orders
FROM (SELECT * FROM field_store ORDER BY revenue DESC, store_id LIMIT ?1) f LEFT JOIN stores s ON s.id = f.store_id
ORDER BY f.revenue DESC, f.store_id;

-- name: dashboard_top_products
SELECT f.product_id, coalesce(p.name, ''), f.revenue, f.quantity
FROM (SELECT * FROM field_product ORDER BY revenue DESC, product_id LIMIT ?1) f LEFT JOIN products p ON p.id = f.product_id
ORDER BY f.revenue DESC, f.product_id;

-- name: dashboard_again
WITH made (orders, revenue) AS (
  SELECT count(DISTINCT o.id), coalesce(sum(i.total_price), 0) * 100 FROM orders o
  JOIN order_items i ON i.order_id = o.id AND i.deleted_at IS NULL
  WHERE o.deleted_at IS NULL AND o.status IN ('pending', 'approved')),
came (orders, revenue) AS (
  SELECT (SELECT count(*) FROM (SELECT DISTINCT coalesce(invoice_id, key), customer_id, invoice_date FROM mangalam_invoices)),
         (SELECT coalesce(sum(total), 0) FROM mangalam_invoices)),
born (tbl, n) AS (
  SELECT tbl, sum(CASE event WHEN 'RECORD_DELETED' THEN -1 WHEN 'RECORD_UPDATED' THEN 0 ELSE 1 END) FROM change_log
  WHERE tbl IN ('stores', 'products') AND event LIKE 'RECORD\_%' ESCAPE '\' GROUP BY tbl),
latest (tbl, key, seq) AS (
  SELECT tbl, key, max(seq) FROM change_log WHERE tbl IN ('predicted_orders', 'customer_segments') GROUP BY tbl, key)
SELECT coalesce((SELECT n FROM born WHERE tbl = 'stores'), 0), coalesce((SELECT n FROM born WHERE tbl = 'products'), 0),
       came.orders + made.orders, came.revenue + made.revenue,
       (SELECT count(*) FROM latest l JOIN change_log c ON c.seq = l.seq WHERE l.tbl = 'predicted_orders'
          AND c.after ->> 'status' = 'pending' AND c.after ->> 'deleted_at' IS NULL),
       (SELECT count(*) FROM latest l JOIN change_log c ON c.seq = l.seq WHERE l.tbl = 'customer_segments'
          AND c.after ->> 'segment_value' = 'high' AND c.after ->> 'deleted_at' IS NULL)
FROM came, made;

-- name: dashboard_top_stores_again
SELECT s.id, s.name, sum(x.revenue), sum(x.orders)
FROM (SELECT t.text AS customer, sum(m.total) AS revenue, count(DISTINCT coalesce(m.invoice_id, m.key) || ' ' || m.invoice_date) AS orders
      FROM mangalam_invoices m JOIN term t ON t.id = m.customer_id GROUP BY m.customer_id
      UNION ALL
      SELECT st.customer_id, sum(i.total_price) * 100, count(DISTINCT o.id) FROM orders o JOIN stores st ON st.id = o.store_id
      JOIN order_items i ON i.order_id = o.id AND i.deleted_at IS NULL
      WHERE o.deleted_at IS NULL AND o.status IN ('pending', 'approved') GROUP BY o.store_id) x
JOIN stores s ON s.customer_id = x.customer AND s.deleted_at IS NULL
GROUP BY s.id ORDER BY 3 DESC, 1 LIMIT ?1;

-- name: dashboard_top_products_again
SELECT p.id, p.name, sum(x.revenue), sum(x.quantity)
FROM (SELECT t.text AS product, sum(m.total) AS revenue, sum(m.quantity + coalesce(m.free_quantity, 0)) AS quantity
      FROM mangalam_invoices m JOIN term t ON t.id = m.item_name GROUP BY m.item_name
      UNION ALL
      SELECT pr.name, sum(i.total_price) * 100, sum(i.quantity) FROM orders o
      JOIN order_items i ON i.order_id = o.id AND i.deleted_at IS NULL JOIN products pr ON pr.id = i.product_id
      WHERE o.deleted_at IS NULL AND o.status IN ('pending', 'approved') GROUP BY i.product_id) x
JOIN products p ON p.name = x.product AND p.deleted_at IS NULL
GROUP BY p.id ORDER BY 3 DESC, 1 LIMIT ?1;

-- name: trend
SELECT CASE ?1 WHEN 0 THEN day WHEN 1 THEN day - ((day + 3) % 7)
            ELSE CAST(julianday(date(day * 86400, 'unixepoch', 'start of month')) - 2440587.5 AS INTEGER) END AS first,
       count(*), sum(revenue), count(DISTINCT store_id)
FROM field_sale
WHERE (?2 IS NULL OR day >= CAST(julianday(?2) - 2440587.5 AS INTEGER))
  AND (?3 IS NULL OR day <= CAST(julianday(?3) - 2440587.5 AS INTEGER)) AND (?4 IS NULL OR store_id = ?4)
GROUP BY first ORDER BY first;

-- The same of one product: its lines, and the documents that they stand in.
-- name: trend_of_product
SELECT CASE ?1 WHEN 0 THEN day WHEN 1 THEN day - ((day + 3) % 7)
            ELSE CAST(julianday(date(day * 86400, 'unixepoch', 'start of month')) - 2440587.5 AS INTEGER) END AS first,
       count(DISTINCT kind || ' ' || store_id || ' ' || day || ' ' || ref), sum(revenue), count(DISTINCT store_id)
FROM field_line
WHERE (?2 IS NULL OR day >= CAST(julianday(?2) - 2440587.5 AS INTEGER))
  AND (?3 IS NULL OR day <= CAST(julianday(?3) - 2440587.5 AS INTEGER)) AND (?4 IS NULL OR store_id = ?4)
  AND product_id = ?5
GROUP BY first ORDER BY first;

-- name: bought_by_store
SELECT l.product_id, p.name, sum(l.quantity), sum(l.revenue) AS revenue, count(DISTINCT l.kind || ' ' || l.day || ' ' || l.ref), max(l.day)
FROM field_line l JOIN products p ON p.id = l.product_id
WHERE l.store_id = ?1 GROUP BY l.product_id ORDER BY revenue DESC, l.product_id LIMIT ?2;

-- name: bought_of_product
SELECT l.store_id, s.name, sum(l.quantity), sum(l.revenue) AS revenue, count(DISTINCT l.kind || ' ' || l.day || ' ' || l.ref), max(l.day)
FROM field_line l JOIN stores s ON s.id = l.store_id
WHERE l.product_id = ?1 GROUP BY l.store_id ORDER BY revenue DESC, l.store_id LIMIT ?2;

-- name: sums_forget_sales
DELETE FROM field_sale;
-- name: sums_sales
INSERT INTO field_sale (kind, ref, store_id, day, revenue, lines)
SELECT 0, invoice_id, store_id, invoice_date, sum(total_price), count(*) FROM invoice_items
GROUP BY invoice_id, store_id, invoice_date
UNION ALL
SELECT 1, id, store_id, CAST(julianday(order_date) - 2440587.5 AS INTEGER), total_amount * 100, item_count FROM orders
WHERE deleted_at IS NULL AND status IN ('pending', 'approved');
-- name: sums_forget_stores
DELETE FROM field_store;
-- name: sums_stores
INSERT INTO field_store (store_id, orders, revenue, open)
SELECT store_id, count(*), sum(revenue), sum(kind * revenue) FROM field_sale GROUP BY store_id;
-- name: sums_forget_products
DELETE FROM field_product;
-- name: sums_products
INSERT INTO field_product (product_id, lines, quantity, revenue)
SELECT product_id, count(*), sum(quantity), sum(revenue) FROM field_line GROUP BY product_id;
-- name: sums_total
UPDATE field_total SET orders = (SELECT count(*) FROM field_sale),
                       revenue = (SELECT coalesce(sum(revenue), 0) FROM field_sale);

-- How many rows of the sums are not as they should be.
-- name: sums_wrong
WITH sale AS (
  SELECT 0 AS kind, invoice_id AS ref, store_id, invoice_date AS day, sum(total_price) AS revenue, count(*) AS lines
  FROM invoice_items GROUP BY invoice_id, store_id, invoice_date
  UNION ALL
  SELECT 1, id, store_id, CAST(julianday(order_date) - 2440587.5 AS INTEGER), total_amount * 100, item_count FROM orders
  WHERE deleted_at IS NULL AND status IN ('pending', 'approved'))
SELECT
  (SELECT count(*) FROM (SELECT * FROM sale EXCEPT SELECT kind, ref, store_id, day, revenue, lines FROM field_sale))
+ (SELECT count(*) FROM (SELECT kind, ref, store_id, day, revenue, lines FROM field_sale EXCEPT SELECT * FROM sale))
+ (SELECT count(*) FROM (SELECT store_id, count(*), sum(revenue), sum(kind * revenue) FROM sale GROUP BY store_id
                         EXCEPT SELECT store_id, orders, revenue, open FROM field_store))
+ (SELECT count(*) FROM (SELECT store_id FROM field_store EXCEPT SELECT store_id FROM sale))
+ (SELECT count(*) FROM (SELECT product_id, count(*), sum(quantity), sum(revenue) FROM field_line GROUP BY product_id
                         EXCEPT SELECT product_id, lines, quantity, revenue FROM field_product))
+ (SELECT count(*) FROM (SELECT product_id FROM field_product EXCEPT SELECT product_id FROM field_line))
+ (SELECT orders <> (SELECT count(*) FROM sale) OR revenue <> (SELECT coalesce(sum(revenue), 0) FROM sale) FROM field_total);
