-- The stock as pages show it: see src/inventory/report.h and scan.h.

-- name: report_names
SELECT i.text, m.name, m.category, w.text, h.name,
       (SELECT coalesce(sum(on_hand - reserved), 0) FROM stock_level WHERE item = i.id AND warehouse = w.id)
FROM stock_name i JOIN stock_name w ON w.id = ?2 LEFT JOIN stock_items m ON m.sku = i.text AND m.deleted_at IS NULL
LEFT JOIN warehouses h ON h.code = w.text AND h.deleted_at IS NULL
WHERE i.id = ?1;

-- name: report_metrics
SELECT item, warehouse, issued_28, issued_28_day, issued_365, net_365, net_365_day, on_hand, first_day, last_day
FROM stock_metric WHERE (?1 = 0 OR item = ?1) AND (?2 = 0 OR warehouse = ?2) ORDER BY item, warehouse;

-- name: report_item
SELECT id, sku, name, barcode, category, unit, tracked, unit_cost, reorder_point, reorder_quantity, lead_time_days, active
FROM stock_items WHERE sku = ?1 AND deleted_at IS NULL;

-- name: report_item_levels
SELECT w.text, l.text, o.text, v.on_hand, v.reserved, t.expires, v.updated_at
FROM stock_level v JOIN stock_name i ON i.id = v.item JOIN stock_name w ON w.id = v.warehouse
LEFT JOIN stock_name l ON l.id = v.location LEFT JOIN stock_name o ON o.id = v.lot
LEFT JOIN stock_lots t ON t.sku = i.text AND t.code = o.text AND t.deleted_at IS NULL
WHERE v.item = ?1 ORDER BY w.text, l.text, t.expires, o.text;

-- name: report_item_warehouses
SELECT DISTINCT m.warehouse, w.text FROM stock_metric m JOIN stock_name w ON w.id = m.warehouse
WHERE m.item = ?1 ORDER BY w.text;

-- name: report_item_lots
SELECT code, made, expires, iif(blocked, 'yes', 'no'), notes FROM stock_lots
WHERE sku = ?1 AND deleted_at IS NULL ORDER BY expires, code;

-- name: report_item_serials
-- Pieces that are in stock, and those that a record speaks of.
SELECT x.code, r.lot, r.state, w.text, l.text
FROM (SELECT s.text AS code FROM stock_serial_place p JOIN stock_name s ON s.id = p.serial
      JOIN stock_name i ON i.id = p.item WHERE i.kind = 1 AND i.text = ?1
      UNION SELECT code FROM stock_serials WHERE sku = ?1 AND deleted_at IS NULL) x
LEFT JOIN stock_serials r ON r.sku = ?1 AND r.code = x.code AND r.deleted_at IS NULL
LEFT JOIN stock_name i ON i.kind = 1 AND i.text = ?1 LEFT JOIN stock_name s ON s.kind = 5 AND s.text = x.code
LEFT JOIN stock_serial_place p ON p.item = i.id AND p.serial = s.id
LEFT JOIN stock_name w ON w.id = p.warehouse LEFT JOIN stock_name l ON l.id = p.location
ORDER BY x.code LIMIT 500;

-- name: report_item_reservations
SELECT id, warehouse, location, lot, quantity, reference, customer, until FROM stock_reservations
WHERE sku = ?1 AND state = 'open' AND deleted_at IS NULL ORDER BY created_at LIMIT 500;

-- name: scan_item
SELECT sku FROM stock_items WHERE sku = ?1 AND deleted_at IS NULL;

-- name: scan_barcode
-- A GTIN as it may be printed: with 14, 13, 12 or 8 digits; else the text as it is.
SELECT sku FROM stock_items WHERE barcode IN (?1, ?2, ltrim(?2, '0'), substr(?2, 2), substr(?2, 3), substr(?2, 7))
  AND barcode <> '' AND deleted_at IS NULL ORDER BY sku;

-- name: scan_location
SELECT warehouse, code FROM stock_locations WHERE (barcode = ?1 OR code = ?1) AND deleted_at IS NULL ORDER BY barcode = ?1 DESC, warehouse LIMIT 20;

-- name: scan_lot
SELECT sku, code, expires FROM stock_lots WHERE code = ?1 AND deleted_at IS NULL ORDER BY sku LIMIT 20;

-- name: scan_serial
SELECT i.text, w.text, l.text FROM stock_name s JOIN stock_serial_place p ON p.serial = s.id
JOIN stock_name i ON i.id = p.item JOIN stock_name w ON w.id = p.warehouse LEFT JOIN stock_name l ON l.id = p.location
WHERE s.kind = 5 AND s.text = ?1 ORDER BY i.text LIMIT 20;

-- name: scan_serial_record
SELECT sku FROM stock_serials WHERE code = ?1 AND deleted_at IS NULL ORDER BY sku LIMIT 20;

-- name: scan_booked
SELECT text FROM stock_name WHERE kind = 1 AND text = ?1;
