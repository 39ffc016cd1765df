-- What is worked out from invoices and orders, and orders themselves.

-- name: history_products
SELECT id, name, unit_price, deleted_at IS NULL AND active FROM products ORDER BY id;

-- name: history_stores
SELECT id, name FROM stores WHERE deleted_at IS NULL ORDER BY id;

-- name: history_lines
SELECT store_id, day, kind, ref, product_id, quantity, revenue FROM field_line;

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

-- Products by what a line names.
-- name: order_product_by_id
SELECT id, name, unit_price, sku, unit FROM products WHERE id = ?1 AND active AND deleted_at IS NULL;
-- name: order_product_by_sku
SELECT id, name, unit_price, sku, unit FROM products WHERE sku = ?1 AND active AND deleted_at IS NULL;
-- name: order_product_by_barcode
SELECT id, name, unit_price, sku, unit FROM products WHERE barcode = ?1 AND active AND deleted_at IS NULL;
-- name: order_product_by_name
SELECT id, name, unit_price, sku, unit FROM products WHERE name = ?1 AND active AND deleted_at IS NULL;
-- name: order_product_by_code
SELECT id, name, unit_price, sku, unit FROM products WHERE barcode = ?1 AND active AND deleted_at IS NULL
UNION ALL SELECT id, name, unit_price, sku, unit FROM products WHERE sku = ?1 AND active AND deleted_at IS NULL
UNION ALL SELECT id, name, unit_price, sku, unit FROM products WHERE name = ?1 AND active AND deleted_at IS NULL
UNION ALL SELECT id, name, unit_price, sku, unit FROM products WHERE name = ?1 COLLATE NOCASE AND active AND deleted_at IS NULL
LIMIT 1;

-- name: order_store
SELECT id, status, name FROM stores WHERE id = ?1 AND deleted_at IS NULL
UNION ALL SELECT id, status, name FROM stores WHERE customer_id = ?1 AND deleted_at IS NULL LIMIT 1;

-- name: order_terms
SELECT payment_terms, credit_limit FROM store_preferences WHERE store_id = ?1 AND deleted_at IS NULL;

-- name: order_open_amount
SELECT coalesce((SELECT open FROM field_store WHERE store_id = ?1), 0) / 100
     - coalesce((SELECT total_amount FROM orders
                 WHERE id = ?2 AND store_id = ?1 AND status IN ('pending', 'approved') AND deleted_at IS NULL), 0);

-- Numbers of deleted orders are not given again. ?1: what they begin with, "SO-"; behind it seven digits, or a letter
-- and seven digits: what else begins so is none of ours.
-- name: order_last_number
SELECT max(coalesce((SELECT number FROM orders WHERE number BETWEEN ?1 || '0000000' AND ?1 || 'Z9999999~'
                       AND ltrim(substr(number, length(?1) + 1, 1), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') || substr(number, length(?1) + 2, 7)
                         GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9]*'
                       AND deleted_at IS NULL ORDER BY number DESC LIMIT 1), ''),
           coalesce((SELECT number FROM orders WHERE number BETWEEN ?1 || '0000000' AND ?1 || 'Z9999999~'
                       AND ltrim(substr(number, length(?1) + 1, 1), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') || substr(number, length(?1) + 2, 7)
                         GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9]*'
                       AND deleted_at IS NOT NULL ORDER BY number DESC LIMIT 1), ''));

-- What is new: the lines of this order count; the order itself; a line of it.
-- name: counted_line
SELECT 1 FROM orders WHERE id = ?1 AND status IN ('pending', 'approved') AND deleted_at IS NULL;
-- name: counted_sale_add
INSERT OR FAIL INTO field_sale (kind, ref, store_id, day, revenue, lines) VALUES (1, ?1, ?2, ?3, ?4, ?5);
-- name: counted_product
UPDATE field_product SET lines = lines + 1, quantity = quantity + ?2, revenue = revenue + ?3 WHERE product_id = ?1;
-- name: counted_product_add
INSERT INTO field_product (product_id, lines, quantity, revenue) VALUES (?1, 1, ?2, ?3);

-- name: order_now
SELECT store_id, status, order_date, notes, total_amount, version FROM orders WHERE id = ?1 AND deleted_at IS NULL;

-- name: order_lines_present
SELECT id, product_id, quantity, unit_price, total_price, note FROM order_items
WHERE order_id = ?1 AND deleted_at IS NULL ORDER BY position;

-- name: order_item_now
SELECT quantity, unit_price, total_price FROM order_items WHERE id = ?1 AND deleted_at IS NULL;

-- name: order_sums
SELECT o.id, coalesce(sum(i.total_price), 0), o.total_amount, count(i.id), o.item_count, o.updated_at, o.deleted_at IS NOT NULL,
       EXISTS (SELECT 1 FROM order_items x WHERE x.order_id = o.id AND x.deleted_at IS NOT NULL)
FROM orders o LEFT JOIN order_items i ON i.order_id = o.id AND i.deleted_at IS NULL WHERE o.id = ?1 GROUP BY o.id;

-- name: order_sums_of_item
SELECT o.id, coalesce(sum(i.total_price), 0), o.total_amount, count(i.id), o.item_count, o.updated_at, o.deleted_at IS NOT NULL,
       EXISTS (SELECT 1 FROM order_items x WHERE x.order_id = o.id AND x.deleted_at IS NOT NULL)
FROM orders o LEFT JOIN order_items i ON i.order_id = o.id AND i.deleted_at IS NULL
WHERE o.id = (SELECT order_id FROM order_items WHERE id = ?1) GROUP BY o.id;

-- Orders that an invoice names and that are not settled, and settled ones that none names.
-- name: order_unsettled
SELECT o.id, min(coalesce(m.invoice_id, m.key)) FROM orders o CROSS JOIN mangalam_invoices m ON m.po_number = o.number AND m.po_number <> '' -- in this order: by the index
WHERE o.deleted_at IS NULL AND o.status IN ('draft', 'pending', 'approved') GROUP BY o.id
UNION ALL
SELECT o.id, NULL FROM orders o
WHERE o.deleted_at IS NULL AND o.status = 'invoiced'
  AND NOT EXISTS (SELECT 1 FROM mangalam_invoices m WHERE m.po_number = o.number AND m.po_number <> '');

-- name: order_prediction
SELECT store_id, predicted_date, status FROM predicted_orders WHERE id = ?1 AND deleted_at IS NULL;

-- name: order_prediction_of_store
SELECT p.id FROM predicted_orders p WHERE p.store_id = ?1 AND p.status = 'pending' AND p.deleted_at IS NULL
  AND EXISTS (SELECT 1 FROM predicted_order_items i WHERE i.predicted_order_id = p.id AND i.deleted_at IS NULL)
ORDER BY p.predicted_date, p.id LIMIT 1;

-- name: order_predicted_lines
SELECT product_id, quantity, unit_price FROM predicted_order_items
WHERE predicted_order_id = ?1 AND deleted_at IS NULL ORDER BY chance DESC, product_id;

-- name: order_earlier
SELECT 0, id, store_id FROM orders WHERE id = ?1 AND deleted_at IS NULL
UNION ALL SELECT 0, id, store_id FROM orders WHERE number = ?1 AND deleted_at IS NULL
UNION ALL SELECT 1, ref, store_id FROM field_sale WHERE kind = 0 AND ref = ?1 LIMIT 1;

-- name: order_order_lines
SELECT product_id, quantity, unit_price FROM order_items WHERE order_id = ?1 AND deleted_at IS NULL ORDER BY position;

-- name: order_invoice_lines
SELECT i.product_id, i.quantity, i.unit_price FROM field_sale s
JOIN invoice_items i ON i.store_id = s.store_id AND i.invoice_date = s.day AND i.invoice_id = s.ref
WHERE s.kind = 0 AND s.ref = ?1 AND NOT i.free ORDER BY i.id;

-- name: order_last_of_store
SELECT ref FROM (
  SELECT * FROM (SELECT 0 AS kind, ref, day FROM field_sale
                 WHERE kind = 0 AND store_id = ?1 ORDER BY day DESC, ref DESC LIMIT 1)
  UNION ALL
  SELECT 1, id, CAST(julianday(order_date) - 2440587.5 AS INTEGER) FROM orders
  WHERE store_id = ?1 AND status IN ('pending', 'approved') AND deleted_at IS NULL)
ORDER BY day DESC, kind DESC, ref DESC LIMIT 1;

-- name: order_approval_wanted
SELECT EXISTS (SELECT 1 FROM store_preferences WHERE auto_approve_predictions AND deleted_at IS NULL);

-- name: order_wanted
SELECT p.id, p.store_id, p.predicted_date
FROM store_preferences f JOIN predicted_orders p ON p.store_id = f.store_id
WHERE f.auto_approve_predictions AND f.deleted_at IS NULL AND p.status = 'pending' AND p.deleted_at IS NULL
  AND EXISTS (SELECT 1 FROM predicted_order_items i WHERE i.predicted_order_id = p.id AND i.deleted_at IS NULL)
ORDER BY p.predicted_date DESC, p.id DESC;

-- name: order_one
SELECT o.id, o.number, o.store_id, s.name, o.order_date, o.requested_date, o.due_date, o.status, o.source,
       o.total_amount * 100, o.item_count, o.invoice_id, o.notes, o.source_id, o.over_limit, o.approved_at, o.approved_by,
       o.version, o.created_at, o.created_by, o.updated_at, o.updated_by
FROM orders o LEFT JOIN stores s ON s.id = o.store_id
WHERE o.deleted_at IS NULL AND o.id = (SELECT id FROM orders WHERE id = ?1
                                       UNION ALL SELECT id FROM orders WHERE number = ?1 AND deleted_at IS NULL LIMIT 1)
UNION ALL
SELECT 'i' || hex(f.ref), f.ref, f.store_id, s.name, date(f.day * 86400, 'unixepoch'), NULL, NULL, 'invoiced', 'invoice',
       f.revenue, f.lines, f.ref, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM field_sale f LEFT JOIN stores s ON s.id = f.store_id WHERE f.kind = 0 AND f.ref = ?1
LIMIT 1;

-- name: order_items_of_order
SELECT i.id, i.product_id, p.name, p.sku, p.unit, i.quantity, i.unit_price, i.total_price * 100, i.note
FROM order_items i LEFT JOIN products p ON p.id = i.product_id
WHERE i.order_id = ?1 AND i.deleted_at IS NULL ORDER BY i.position;

-- name: order_items_of_invoice
SELECT i.id, i.product_id, p.name, p.sku, p.unit, i.quantity, i.unit_price, i.total_price, iif(i.free, 'free', NULL)
FROM field_sale f JOIN invoice_items i ON i.store_id = f.store_id AND i.invoice_date = f.day AND i.invoice_id = f.ref
LEFT JOIN products p ON p.id = i.product_id
WHERE f.kind = 0 AND f.ref = ?1 ORDER BY i.id;

-- name: order_count
-- given: ?1 order_count_of_store
SELECT
 (SELECT count(*) FROM orders o
  WHERE o.deleted_at IS NULL AND (?1 IS NULL OR o.store_id = ?1) AND (?2 IS NULL OR o.status = ?2) AND (?3 IS NULL OR o.source = ?3)
    AND (?4 IS NULL OR o.order_date >= ?4) AND (?5 IS NULL OR o.order_date <= ?5)
    AND (?6 IS NULL OR o.number LIKE ?6 ESCAPE '\'
         OR o.store_id IN (SELECT id FROM stores WHERE name LIKE ?6 ESCAPE '\')))
 + iif(?7 OR coalesce(?2 <> 'invoiced', 0) OR coalesce(?3 <> 'invoice', 0), 0,
 (SELECT count(*) FROM field_sale f
  WHERE f.kind = 0 AND (?1 IS NULL OR f.store_id = ?1)
    AND (?4 IS NULL OR f.day >= CAST(julianday(?4) - 2440587.5 AS INTEGER))
    AND (?5 IS NULL OR f.day <= CAST(julianday(?5) - 2440587.5 AS INTEGER))
    AND (?6 IS NULL OR f.ref LIKE ?6 ESCAPE '\' OR f.store_id IN (SELECT id FROM stores WHERE name LIKE ?6 ESCAPE '\'))));

-- The same without a condition: invoices and orders that count are added up by triggers, the others have an index of their own.
-- name: order_count_all
SELECT orders + (SELECT count(*) FROM orders WHERE deleted_at IS NULL AND status NOT IN ('pending', 'approved')) FROM field_total;

-- ?8, ?9: day and number of the last row of the page before.
-- name: order_list
-- given: ?1 order_list_of_store
SELECT * FROM (
 SELECT * FROM (
  SELECT o.id, o.number, o.store_id, (SELECT name FROM stores WHERE id = o.store_id), o.order_date AS day, o.requested_date,
         o.due_date, o.status, o.source, o.total_amount * 100, o.item_count, o.invoice_id, o.notes
  FROM orders o
  WHERE o.deleted_at IS NULL AND (?1 IS NULL OR o.store_id = ?1) AND (?2 IS NULL OR o.status = ?2) AND (?3 IS NULL OR o.source = ?3)
    AND (?4 IS NULL OR o.order_date >= ?4) AND (?5 IS NULL OR o.order_date <= ?5)
    AND (?6 IS NULL OR o.number LIKE ?6 ESCAPE '\'
         OR o.store_id IN (SELECT id FROM stores WHERE name LIKE ?6 ESCAPE '\'))
    AND (?8 IS NULL OR (o.order_date, o.number) < (?8, ?9))
  ORDER BY o.order_date DESC, o.number DESC LIMIT ?10)
 UNION ALL
 SELECT * FROM (
  SELECT 'i' || hex(f.ref), f.ref, f.store_id, (SELECT name FROM stores WHERE id = f.store_id), date(f.day * 86400, 'unixepoch'), NULL, NULL,
         'invoiced', 'invoice', f.revenue, f.lines, f.ref, NULL
  FROM field_sale f
  WHERE f.kind = 0 AND NOT (?7 OR coalesce(?2 <> 'invoiced', 0) OR coalesce(?3 <> 'invoice', 0)) AND (?1 IS NULL OR f.store_id = ?1)
    AND (?4 IS NULL OR f.day >= CAST(julianday(?4) - 2440587.5 AS INTEGER))
    AND (?5 IS NULL OR f.day <= CAST(julianday(?5) - 2440587.5 AS INTEGER))
    AND (?6 IS NULL OR f.ref LIKE ?6 ESCAPE '\' OR f.store_id IN (SELECT id FROM stores WHERE name LIKE ?6 ESCAPE '\'))
    AND (?8 IS NULL OR (f.day, f.ref) < (CAST(julianday(?8) - 2440587.5 AS INTEGER), ?9))
  ORDER BY f.day DESC, f.ref DESC LIMIT ?10))
ORDER BY 5 DESC, 2 DESC LIMIT ?10;

-- name: predict_day
SELECT CASE WHEN date(last, '+' || ?2 || ' days') < ?1 THEN date(last, '+1 day') ELSE ?1 END
FROM (SELECT max(explanation ->> 'as_of') last FROM predicted_orders WHERE status = 'pending' AND deleted_at IS NULL);

-- name: predict_list
-- ?7: what the row before had, json_array(?4 IS NOT NULL, k1, k2, k3, k4, id). One row without an id where there is none.
WITH fits AS MATERIALIZED (
 SELECT p.id, p.store_id, s.name, p.predicted_date, p.confidence, p.priority, p.total_amount, p.status, p.method, p.days,
        p.explanation, p.notes, o.id AS order_id, o.number, p.version, p.created_at,
        CASE WHEN ?4 IS NULL THEN p.predicted_date ELSE CASE p.priority WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END END AS k1,
        CASE WHEN ?4 IS NULL THEN 0 ELSE -p.total_amount END AS k2,
        CASE p.priority WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END AS k3, coalesce(s.name, '') AS k4
 FROM predicted_orders p LEFT JOIN stores s ON s.id = p.store_id
 LEFT JOIN orders o ON o.source_id = p.id AND o.source = 'prediction' AND o.deleted_at IS NULL
 WHERE (p.deleted_at IS NULL OR ?6 IS NOT NULL) AND (?1 IS NULL OR p.status = ?1) AND (?2 IS NULL OR p.store_id = ?2)
   AND (?4 IS NULL OR p.predicted_date <= ?4) AND (?6 IS NULL OR p.id = ?6)
   AND (?5 IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(?5) WHERE NOT
     format('%s %s %s %s %s %s %s', s.name, s.customer_id, s.city, s.phone, s.gstin, s.salesperson, o.number) LIKE value ESCAPE '\')))
SELECT f.id, store_id, name, predicted_date, confidence, priority, total_amount, status, method, days, explanation, notes, order_id,
       number, version, created_at, total, json_array(?4 IS NOT NULL, k1, k2, k3, k4, f.id)
FROM (SELECT count(*) AS total FROM fits) LEFT JOIN (SELECT * FROM fits
  WHERE ?7 IS NULL OR (k1, k2, k3, k4, id) > (?7 ->> 1, ?7 ->> 2, ?7 ->> 3, ?7 ->> 4, ?7 ->> 5)
  ORDER BY k1, k2, k3, k4, id LIMIT ?3) f
ORDER BY k1, k2, k3, k4, f.id;

-- name: predict_items
SELECT i.product_id, p.name, i.quantity, i.unit_price, i.total_price, i.chance
FROM predicted_order_items i LEFT JOIN products p ON p.id = i.product_id
WHERE i.predicted_order_id = ?1 AND i.deleted_at IS NULL ORDER BY i.chance DESC, i.product_id;
