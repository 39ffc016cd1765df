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

-- name: field_items_missing
SELECT m.id, m.key, m.run, coalesce(m.invoice_id, m.key), m.invoice_date, m.customer_id, m.item_name, m.quantity,
       m.free_quantity, m.rate, m.total
FROM mangalam_invoices m WHERE NOT EXISTS (SELECT 1 FROM invoice_items i WHERE i.id = m.id << 1);

-- name: field_item_add
INSERT INTO invoice_items (id, key, run, invoice_id, invoice_date, store_id, product_id, free, quantity, unit_price, total_price)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: field_items_clear
DELETE FROM invoice_items;

-- name: field_store_ids
SELECT (SELECT id FROM term WHERE text = s.customer_id), s.id FROM stores s ORDER BY s.deleted_at IS NULL, s.deleted_at;

-- name: field_product_ids
SELECT (SELECT id FROM term WHERE text = p.name), p.id FROM products p ORDER BY p.deleted_at IS NULL, p.deleted_at;

-- name: field_items_check
SELECT (SELECT count(*) FROM mangalam_invoices), (SELECT coalesce(sum(total), 0) FROM mangalam_invoices),
       (SELECT coalesce(sum(quantity), 0) + coalesce(sum(max(coalesce(free_quantity, 0), 0)), 0) FROM mangalam_invoices),
       (SELECT count(*) FROM invoice_items WHERE free = 0), (SELECT coalesce(sum(total_price), 0) FROM invoice_items),
       (SELECT coalesce(sum(quantity), 0) FROM invoice_items),
       (SELECT count(*) FROM invoice_items i WHERE NOT EXISTS (SELECT 1 FROM mangalam_invoices m WHERE m.key = i.key AND m.run = i.run));

-- name: field_term_text
SELECT text FROM term WHERE id = ?1;
