-- The quality checks of the stock: see src/inventory/quality.h. Each gives a row for every fault:
-- its subject, and what is wrong, in words. ?1 is now, UTC microseconds.

-- name: stock_quality_negative_on_hand
SELECT i.text || ' in ' || w.text || coalesce(', location ' || l.text, '') || coalesce(', lot ' || o.text, ''),
       'on hand is ' || (v.on_hand / 10000.0)
FROM stock_level v JOIN stock_name i ON i.id = v.item JOIN stock_name w ON w.id = v.warehouse
LEFT JOIN stock_name l ON l.id = v.location LEFT JOIN stock_name o ON o.id = v.lot
WHERE v.on_hand < 0 AND ?1 > 0 ORDER BY 1;

-- name: stock_quality_negative_reserved
SELECT i.text || ' in ' || w.text || coalesce(', location ' || l.text, '') || coalesce(', lot ' || o.text, ''),
       'reserved is ' || (v.reserved / 10000.0)
FROM stock_level v JOIN stock_name i ON i.id = v.item JOIN stock_name w ON w.id = v.warehouse
LEFT JOIN stock_name l ON l.id = v.location LEFT JOIN stock_name o ON o.id = v.lot
WHERE v.reserved < 0 AND ?1 > 0 ORDER BY 1;

-- name: stock_quality_negative_reorder_point
SELECT sku, 'the reorder point is ' || (reorder_point / 10000.0) FROM stock_items
WHERE reorder_point < 0 AND deleted_at IS NULL AND ?1 > 0 ORDER BY 1;

-- name: stock_quality_over_reserved
SELECT sku || ' in ' || warehouse,
       'reserved ' || (quantity_reserved / 10000.0) || ' of ' || (quantity_on_hand / 10000.0)
FROM stock_levels WHERE quantity_reserved > max(quantity_on_hand, 0) AND ?1 > 0 ORDER BY 1;

-- name: stock_quality_invalid_reservation
-- An open one of nothing, of an item or in a warehouse that there is not, or whose time is over.
SELECT coalesce(r.reference, r.id),
       CASE WHEN r.quantity <= 0 THEN 'holds ' || (r.quantity / 10000.0) || ' of ' || r.sku
            WHEN NOT EXISTS (SELECT 1 FROM stock_items i WHERE i.sku = r.sku AND i.deleted_at IS NULL)
            THEN 'there is no item ' || r.sku
            WHEN NOT EXISTS (SELECT 1 FROM warehouses w WHERE w.code = r.warehouse AND w.deleted_at IS NULL)
            THEN 'there is no warehouse ' || r.warehouse
            ELSE 'held until ' || r.until || ' and is still open' END
FROM stock_reservations r
WHERE r.state = 'open' AND r.deleted_at IS NULL
  AND (r.quantity <= 0 OR r.until < date(?1 / 1000000, 'unixepoch')
       OR NOT EXISTS (SELECT 1 FROM stock_items i WHERE i.sku = r.sku AND i.deleted_at IS NULL)
       OR NOT EXISTS (SELECT 1 FROM warehouses w WHERE w.code = r.warehouse AND w.deleted_at IS NULL))
ORDER BY 1;

-- name: stock_quality_reservation_conflict
-- Two open ones for the same purpose, or one that is not booked as its record says.
SELECT reference, count(*) || ' reservations of ' || sku || ' in ' || warehouse || ' are open'
FROM stock_reservations WHERE state = 'open' AND deleted_at IS NULL AND reference IS NOT NULL AND ?1 > 0
GROUP BY reference, sku, warehouse, location, lot HAVING count(*) > 1
UNION ALL
SELECT coalesce(r.reference, x.id), 'its record says ' || coalesce(r.wanted, 0) / 10000.0 || ', booked is '
       || coalesce(b.quantity, 0) / 10000.0
FROM (SELECT id FROM stock_reservations UNION SELECT id FROM stock_reserved) x
LEFT JOIN (SELECT id, reference, iif(state = 'open' AND deleted_at IS NULL, max(quantity, 0), 0) AS wanted
           FROM stock_reservations) r ON r.id = x.id
LEFT JOIN stock_reserved b ON b.id = x.id
WHERE coalesce(r.wanted, 0) <> coalesce(b.quantity, 0)
ORDER BY 1;

-- name: stock_quality_missing_sku
-- Booked under a code that no item has.
SELECT n.text, 'booked, and there is no such item' FROM stock_name n
WHERE n.kind = 1 AND ?1 > 0 AND trim(n.text) <> ''
  AND NOT EXISTS (SELECT 1 FROM stock_items i WHERE i.sku = n.text AND i.deleted_at IS NULL)
  AND EXISTS (SELECT 1 FROM stock_level v WHERE v.item = n.id) ORDER BY 1;

-- name: stock_quality_missing_warehouse
SELECT n.text, 'booked, and there is no such warehouse' FROM stock_name n
WHERE n.kind = 2 AND ?1 > 0 AND trim(n.text) <> ''
  AND NOT EXISTS (SELECT 1 FROM warehouses w WHERE w.code = n.text AND w.deleted_at IS NULL)
  AND EXISTS (SELECT 1 FROM stock_level v WHERE v.warehouse = n.id) ORDER BY 1;

-- name: stock_quality_missing_product
SELECT sku, 'without ' || substr(iif(name IS NULL, ', name', '') || iif(category IS NULL, ', category', '')
                                 || iif(unit_cost IS NULL, ', unit cost', ''), 3)
FROM stock_items WHERE (name IS NULL OR category IS NULL OR unit_cost IS NULL) AND active AND deleted_at IS NULL AND ?1 > 0
ORDER BY 1;

-- name: stock_quality_missing_transaction
-- A device numbers what it books: numbers that lie between two of its own and never came.
SELECT n.text || ' after ' || before, seq - before - 1 || ' movements of this device are missing before ' || seq
FROM (SELECT device, device_seq AS seq, lag(device_seq) OVER (PARTITION BY device ORDER BY device_seq) AS before
      FROM stock_transactions WHERE device IS NOT NULL AND device_seq IS NOT NULL) t JOIN stock_name n ON n.id = t.device
WHERE seq > before + 1 AND ?1 > 0 ORDER BY n.text, before;

-- name: stock_quality_duplicate_transaction
-- The same movement at the same time under another event id, or a number of a device used twice.
SELECT 'row ' || max(t.id), 'says the same as row ' || min(t.id)
FROM stock_transactions t WHERE ?1 > 0
GROUP BY t.item, t.at, t.warehouse, t.location, t.lot, t.serial, t.kind, t.quantity, t.reserved, t.reference_id
HAVING count(*) > 1
UNION ALL
SELECT 'row ' || max(t.id), 'has number ' || t.device_seq || ' of its device, as row ' || min(t.id) || ' has'
FROM stock_transactions t WHERE t.device IS NOT NULL AND t.device_seq IS NOT NULL GROUP BY t.device, t.device_seq
HAVING count(*) > 1
ORDER BY 1;

-- name: stock_quality_invalid_type
SELECT 'row ' || t.id, CASE WHEN k.id IS NULL THEN 'type ' || t.kind || ' is none'
                            WHEN t.kind IN (9, 10) THEN 'a ' || k.name || ' changes what is on hand'
                            ELSE 'a ' || k.name || ' changes what is reserved' END
FROM stock_transactions t LEFT JOIN stock_kind k ON k.id = t.kind
WHERE ?1 > 0 AND (k.id IS NULL OR (t.kind IN (9, 10) AND t.quantity <> 0) OR (t.kind < 9 AND t.reserved <> 0))
ORDER BY t.id;

-- name: stock_quality_balance
-- The balance of a row is that of the row before it, and its own change. Where rows lie in files, what is left of the
-- chain is told by `outpost stock replay` alone.
SELECT 'row ' || id, 'its balance is ' || on_hand_after / 10000.0 || ', before it was ' || coalesce(before, 0) / 10000.0
       || ', its change is ' || quantity / 10000.0
FROM (SELECT id, quantity, on_hand_after, reserved, reserved_after,
             lag(on_hand_after) OVER (PARTITION BY item, warehouse, location, lot ORDER BY id) AS before,
             lag(reserved_after) OVER (PARTITION BY item, warehouse, location, lot ORDER BY id) AS held
      FROM stock_transactions)
WHERE ?1 > 0 AND NOT EXISTS (SELECT 1 FROM stock_archived)
  AND (on_hand_after <> coalesce(before, 0) + quantity OR reserved_after <> coalesce(held, 0) + reserved)
ORDER BY id;

-- name: stock_quality_sequence
-- Rows that are missing between two of the ledger, and a device's movements whose times contradict their numbers.
SELECT 'row ' || id, 'rows ' || (before + 1) || ' to ' || (id - 1) || ' are missing before it'
FROM (SELECT id, lag(id, 1, 0) OVER (ORDER BY id) AS before FROM stock_transactions)
WHERE ?1 > 0 AND id > before + 1 AND NOT EXISTS (SELECT 1 FROM stock_archived)
UNION ALL
SELECT 'row ' || t.id, 'number ' || t.device_seq || ' of ' || n.text || ' happened before number ' || t.before
FROM (SELECT id, device, device_seq, at, lag(at) OVER d AS earlier, lag(device_seq) OVER d AS before
      FROM stock_transactions WHERE device IS NOT NULL AND device_seq IS NOT NULL
      WINDOW d AS (PARTITION BY device ORDER BY device_seq)) t JOIN stock_name n ON n.id = t.device
WHERE t.at < t.earlier
ORDER BY 1;

-- name: stock_quality_timestamps
-- From the future as seen when it became known, from before 2000, or known before the row before it.
SELECT 'row ' || id, CASE WHEN at > recorded_at + 600000000 THEN 'happened after it became known'
                          WHEN at < 946684800000000 THEN 'happened before 2000'
                          ELSE 'became known before the row before it' END
FROM (SELECT id, at, recorded_at, lag(recorded_at) OVER (ORDER BY id) AS earlier FROM stock_transactions)
WHERE ?1 > 0 AND (at > recorded_at + 600000000 OR at < 946684800000000 OR recorded_at < earlier)
ORDER BY id;

-- name: stock_quality_null_values
-- Codes that say nothing, and rows that lead to no code at all.
SELECT 'row ' || t.id, 'its item or its warehouse has no code' FROM stock_transactions t
LEFT JOIN stock_name i ON i.id = t.item AND i.kind = 1 AND trim(i.text) <> ''
LEFT JOIN stock_name w ON w.id = t.warehouse AND w.kind = 2 AND trim(w.text) <> ''
WHERE ?1 > 0 AND (i.id IS NULL OR w.id IS NULL)
UNION ALL
SELECT 'item ' || id, 'its SKU is blank' FROM stock_items WHERE trim(sku) = '' AND deleted_at IS NULL
UNION ALL
SELECT 'warehouse ' || id, 'its code is blank' FROM warehouses WHERE trim(code) = '' AND deleted_at IS NULL
ORDER BY 1;

-- name: stock_quality_duplicate_records
-- Records that stand for one thing: codes that differ only in case and blanks, and one barcode on two items.
SELECT max(sku), 'is written like ' || min(sku) FROM stock_items WHERE deleted_at IS NULL AND ?1 > 0
GROUP BY lower(replace(sku, ' ', '')) HAVING count(*) > 1
UNION ALL
SELECT max(code), 'is written like ' || min(code) FROM warehouses WHERE deleted_at IS NULL
GROUP BY lower(replace(code, ' ', '')) HAVING count(*) > 1
UNION ALL
SELECT max(sku), 'has the barcode of ' || min(sku) FROM stock_items WHERE barcode IS NOT NULL AND deleted_at IS NULL
GROUP BY barcode HAVING count(*) > 1
ORDER BY 1;

-- name: stock_quality_consistency
-- Levels that are not what the ledger comes to.
SELECT i.text || ' in ' || w.text, 'the level says ' || l.on_hand / 10000.0 || ' (reserved ' || l.reserved / 10000.0
       || '), the ledger ' || l.sum_on_hand / 10000.0 || ' (' || l.sum_reserved / 10000.0 || ')'
FROM (SELECT item, warehouse, location, lot, sum(on_hand) AS on_hand, sum(reserved) AS reserved,
             sum(q) AS sum_on_hand, sum(r) AS sum_reserved
      FROM (SELECT item, warehouse, location, lot, on_hand, reserved, 0 AS q, 0 AS r FROM stock_level
            UNION ALL SELECT item, warehouse, location, lot, 0, 0, quantity, reserved FROM stock_transactions
            UNION ALL SELECT item, warehouse, location, lot, 0, 0, net, reserved FROM stock_archived)
      GROUP BY item, warehouse, location, lot) l
LEFT JOIN stock_name i ON i.id = l.item LEFT JOIN stock_name w ON w.id = l.warehouse
WHERE ?1 > 0 AND (l.on_hand <> l.sum_on_hand OR l.reserved <> l.sum_reserved)
ORDER BY 1;

-- name: stock_quality_run_add
INSERT INTO stock_check_run (at, ledger, failed)
VALUES (?1, (SELECT coalesce(max(id), 0) FROM stock_transactions), ?2);

-- name: stock_quality_add
INSERT INTO stock_check (run, name, found, samples) VALUES (?1, ?2, ?3, ?4);

-- name: stock_quality_forget
-- So many runs are kept.
DELETE FROM stock_check_run WHERE id <= (SELECT max(id) FROM stock_check_run) - ?1;

-- name: stock_quality_latest
SELECT id, at, ledger, failed FROM stock_check_run ORDER BY id DESC LIMIT 1;

-- name: stock_quality_results
SELECT name, found, samples FROM stock_check WHERE run = ?1;

-- name: stock_quality_runs
SELECT id, at, ledger, failed FROM stock_check_run ORDER BY id DESC LIMIT ?1;

-- name: stock_quality_verdict
SELECT assignee, verdict, note FROM stock_reviews WHERE check_name = ?1 AND subject = ?2 AND deleted_at IS NULL;
