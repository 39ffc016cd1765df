-- What is worked out from invoices and orders, and orders themselves.

-- name: history_products
SELECT id, name, unit_price, deleted_at IS NULL AND active FROM products ORDER BY id;

-- name: history_lines
SELECT l.store_id, s.name, l.day, l.kind, l.ref, l.product_id, l.quantity, l.revenue
FROM field_line l JOIN stores s ON s.id = l.store_id AND s.deleted_at IS NULL
ORDER BY l.store_id, l.day, l.kind, l.ref, l.product_id, l.quantity, l.revenue;

-- name: segment_present
SELECT id, store_id FROM customer_segments WHERE deleted_at IS NULL;

-- name: field_setting
SELECT method = 'legacy', horizon_days, min_confidence, min_count, false_rate, order_prefix FROM prediction_settings
WHERE deleted_at IS NULL ORDER BY name LIMIT 1;

-- name: rules_forget
DELETE FROM field_rule;

-- name: rule_put
INSERT INTO field_rule (because_id, product_id, both, because, other, baskets, basket, chance)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, CAST(?8 AS REAL));

-- name: upsell_present
SELECT id, store_id || ' ' || product_id FROM upselling_recommendations WHERE deleted_at IS NULL;

-- An order by its id or number, an invoice by its number, a store by its id or customer_id.
-- name: upsell_subject
SELECT 'order', id FROM orders WHERE id = ?1 AND deleted_at IS NULL
UNION ALL SELECT 'order', id FROM orders WHERE number = ?1 AND deleted_at IS NULL
UNION ALL SELECT 'store', id FROM stores WHERE id = ?1 AND deleted_at IS NULL
UNION ALL SELECT 'store', id FROM stores WHERE customer_id = ?1 AND deleted_at IS NULL
UNION ALL SELECT 'invoice', ref FROM field_sale WHERE kind = 0 AND ref = ?1
LIMIT 1;

-- name: upsell_of_order
WITH basket (id) AS (SELECT product_id FROM order_items WHERE order_id = ?1 AND deleted_at IS NULL),
best AS (
  SELECT r.*, row_number() OVER (PARTITION BY r.product_id
    ORDER BY 1.0 * r.both / r.because DESC, 1.0 * r.both / r.because / r.other DESC, r.because_id) AS place
  FROM basket b JOIN field_rule r ON r.because_id = b.id WHERE r.product_id NOT IN (SELECT id FROM basket))
SELECT b.product_id, p.name, b.because_id, c.name, b.both, b.because, b.other, b.baskets, b.basket, p.unit_price
FROM best b JOIN products p ON p.id = b.product_id JOIN products c ON c.id = b.because_id
WHERE b.place = 1 AND p.active AND p.deleted_at IS NULL
ORDER BY 1.0 * b.both / b.because DESC, 1.0 * b.both / b.because / b.other DESC, b.product_id LIMIT ?2;

-- name: upsell_of_invoice
WITH basket (id) AS (SELECT product_id FROM field_sale s JOIN invoice_items i
  ON i.store_id = s.store_id AND i.invoice_date = s.day AND i.invoice_id = s.ref WHERE s.kind = 0 AND s.ref = ?1),
best AS (
  SELECT r.*, row_number() OVER (PARTITION BY r.product_id
    ORDER BY 1.0 * r.both / r.because DESC, 1.0 * r.both / r.because / r.other DESC, r.because_id) AS place
  FROM (SELECT DISTINCT id FROM basket) b JOIN field_rule r ON r.because_id = b.id
  WHERE r.product_id NOT IN (SELECT id FROM basket))
SELECT b.product_id, p.name, b.because_id, c.name, b.both, b.because, b.other, b.baskets, b.basket, p.unit_price
FROM best b JOIN products p ON p.id = b.product_id JOIN products c ON c.id = b.because_id
WHERE b.place = 1 AND p.active AND p.deleted_at IS NULL
ORDER BY 1.0 * b.both / b.because DESC, 1.0 * b.both / b.because / b.other DESC, b.product_id LIMIT ?2;

-- name: upsell_of_store
SELECT u.product_id, p.name, u.because_id, c.name, r.both, r.because, r.other, r.baskets, r.basket, p.unit_price
FROM upselling_recommendations u JOIN field_rule r ON r.because_id = u.because_id AND r.product_id = u.product_id
JOIN products p ON p.id = u.product_id JOIN products c ON c.id = u.because_id
WHERE u.store_id = ?1 AND u.deleted_at IS NULL
ORDER BY u.confidence DESC, u.lift DESC, u.product_id LIMIT ?2;

-- name: predict_present
SELECT id, store_id FROM predicted_orders WHERE status = 'pending' AND method <> 'given' AND deleted_at IS NULL;

-- name: predict_items_present
SELECT i.id, i.predicted_order_id || ' ' || i.product_id
FROM predicted_order_items i JOIN predicted_orders p ON p.id = i.predicted_order_id
WHERE p.status = 'pending' AND p.method <> 'given' AND p.deleted_at IS NULL AND i.deleted_at IS NULL;

-- name: predict_decided
SELECT 1 FROM predicted_orders
WHERE store_id = ?1 AND status <> 'pending' AND method <> 'given' AND based_on >= ?2 AND deleted_at IS NULL LIMIT 1;
