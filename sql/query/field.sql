-- name: field_term_most
SELECT coalesce(max(id), 0) FROM term;

-- name: field_sources
SELECT key, record, made, said, variant FROM field_source WHERE entity = ?1;

-- name: field_source_put
INSERT INTO field_source (entity, key, record, made, said, variant) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (entity, key) DO UPDATE
SET record = excluded.record, made = excluded.made, said = excluded.said, variant = excluded.variant;

-- name: field_source_unneeded
SELECT key, record, made FROM field_source f
WHERE entity = ?1 AND NOT EXISTS (SELECT 1 FROM invoice_items i WHERE i.store_id = f.record OR i.product_id = f.record);

-- name: field_source_forget
DELETE FROM field_source WHERE entity = ?1 AND key = ?2;

-- name: sync_log_add
INSERT INTO sync_log (at, stage, entity, key, event, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: follow_up_wanted
INSERT INTO follow_up (dataset, wanted, done) VALUES (?1, 1, 0)
ON CONFLICT (dataset) DO UPDATE SET wanted = wanted + 1;

-- name: follow_up_get
SELECT wanted, done FROM follow_up WHERE dataset = ?1;

-- name: follow_up_done
UPDATE follow_up SET done = max(done, ?2) WHERE dataset = ?1;

-- name: field_items_gone
DELETE FROM invoice_items
WHERE NOT EXISTS (SELECT 1 FROM mangalam_invoices m
                  WHERE m.key = invoice_items.key AND m.run = invoice_items.run
                    AND m.record = invoice_items.id >> 1 & 0xffffffff);

-- name: field_items_count_gone
SELECT count(*) FROM invoice_items
WHERE NOT EXISTS (SELECT 1 FROM mangalam_invoices m
                  WHERE m.key = invoice_items.key AND m.run = invoice_items.run
                    AND m.record = invoice_items.id >> 1 & 0xffffffff);

-- name: field_items_count_missing
SELECT (SELECT count(*) FROM mangalam_invoices) - (SELECT count(*) FROM invoice_items WHERE free = 0);

-- One statement for all of them, because each one notes the old state of the pages that it touches. A price is the
-- rate, or what a unit came to, half to even; a record that was deleted keeps its lines. Each store and each product that is
-- spoken of is looked up once.
-- name: field_items_add
WITH missing AS MATERIALIZED (
  SELECT id, key, run, invoice_id, invoice_date, quantity, free_quantity, rate, total, customer_id, item_name
  FROM mangalam_invoices m WHERE NOT EXISTS (SELECT 1 FROM invoice_items i WHERE i.id = m.id << 1)),
store_of AS MATERIALIZED (
  SELECT c.id AS term,
         coalesce((SELECT s.id FROM stores s WHERE s.customer_id = c.text AND s.deleted_at IS NULL),
                  (SELECT s.id FROM stores s WHERE s.customer_id = c.text ORDER BY s.deleted_at DESC LIMIT 1)) AS store
  FROM (SELECT DISTINCT customer_id FROM missing) CROSS JOIN term c ON c.id = customer_id),
product_of AS MATERIALIZED (
  SELECT n.id AS term,
         coalesce((SELECT p.id FROM products p WHERE p.name = n.text AND p.deleted_at IS NULL),
                  (SELECT p.id FROM products p WHERE p.name = n.text ORDER BY p.deleted_at DESC LIMIT 1)) AS product
  FROM (SELECT DISTINCT item_name FROM missing) CROSS JOIN term n ON n.id = item_name)
INSERT INTO invoice_items (id, key, run, invoice_id, invoice_date, store_id, product_id, free, quantity, unit_price, total_price)
SELECT id << 1 | free, key, run, coalesce(invoice_id, key), invoice_date, store, product, free,
       iif(free, free_quantity, quantity),
       CASE WHEN free THEN 0 WHEN rate IS NOT NULL THEN rate WHEN quantity = 0 THEN 0
            WHEN abs(total) >= 900000000000000 THEN total / quantity * 10000
            ELSE total * 10000 / quantity
                 + (2 * abs(total * 10000 % quantity) > abs(quantity)
                    OR (2 * abs(total * 10000 % quantity) = abs(quantity) AND total * 10000 / quantity % 2))
                   * iif((total < 0) = (quantity < 0), 1, -1) END,
       iif(free, 0, total)
FROM missing m CROSS JOIN store_of s ON s.term = m.customer_id CROSS JOIN product_of p ON p.term = m.item_name
     CROSS JOIN (SELECT 0 AS free UNION ALL SELECT 1) f ON f.free = 0 OR m.free_quantity > 0
WHERE store IS NOT NULL AND product IS NOT NULL; -- else the door refused the record, and sync_log says why

-- name: field_items_check
SELECT (SELECT count(*) FROM mangalam_invoices), (SELECT coalesce(sum(total), 0) FROM mangalam_invoices),
       (SELECT coalesce(sum(quantity), 0) + coalesce(sum(max(coalesce(free_quantity, 0), 0)), 0) FROM mangalam_invoices),
       (SELECT count(*) FROM invoice_items WHERE free = 0), (SELECT coalesce(sum(total_price), 0) FROM invoice_items),
       (SELECT coalesce(sum(quantity), 0) FROM invoice_items),
       (SELECT count(*) FROM invoice_items i WHERE NOT EXISTS (SELECT 1 FROM mangalam_invoices m WHERE m.key = i.key AND m.run = i.run));

-- name: field_term_text
SELECT text FROM term WHERE id = ?1;
