-- The ledger of stock and the levels: see src/inventory/ledger.h, levels.h and move.h.

-- name: stock_name_find
SELECT id FROM stock_name WHERE kind = ?1 AND text = ?2;

-- name: stock_name_add
INSERT INTO stock_name (kind, text) VALUES (?1, ?2);

-- name: stock_item_known
-- A deleted record counts: nobody wants it back as a stub.
SELECT 1 FROM stock_items WHERE sku = ?1 LIMIT 1;

-- name: stock_warehouse_known
SELECT 1 FROM warehouses WHERE code = ?1 LIMIT 1;

-- name: ledger_end
SELECT coalesce((SELECT max(id) FROM stock_transactions), 0),
       coalesce((SELECT recorded_at FROM stock_transactions ORDER BY id DESC LIMIT 1), 0),
       EXISTS (SELECT 1 FROM stock_archived_event);

-- name: ledger_add
INSERT INTO stock_transactions (id, event_id, kind, item, warehouse, location, lot, serial, quantity, reserved,
  on_hand_after, reserved_after, at, recorded_at, reference_id, notes, actor, device, device_seq, unit_cost)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
ON CONFLICT (event_id) DO NOTHING;

-- LEDGER_ROWS of them in one statement, which ends at the first event that is known; the rows before it stay.
-- name: ledger_add_rows
INSERT OR FAIL INTO stock_transactions (id, event_id, kind, item, warehouse, location, lot, serial, quantity, reserved,
  on_hand_after, reserved_after, at, recorded_at, reference_id, notes, actor, device, device_seq, unit_cost)
VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: ledger_by_event
SELECT kind, item, warehouse, location, lot, serial, quantity, reserved, at, reference_id, notes, device, device_seq,
       unit_cost
FROM stock_transactions WHERE event_id = ?1;

-- name: ledger_archived_event
SELECT 1 FROM stock_archived_event WHERE event_id = ?1;

-- name: ledger_batches
-- Every batch of the change log: first and last row, and the digest of them.
SELECT after ->> 'first', after ->> 'last', after ->> 'sha256' FROM change_log WHERE event = 'STOCK_MOVED' ORDER BY seq;

-- name: ledger_range
SELECT id, kind, item, warehouse, location, lot, serial, quantity, reserved, on_hand_after, reserved_after, at,
       recorded_at, actor, device, device_seq, unit_cost, event_id, reference_id, notes
FROM stock_transactions WHERE id BETWEEN ?1 AND ?2 ORDER BY id;

-- name: ledger_count
SELECT count(*) FROM stock_transactions;

-- name: ledger_archived_count
SELECT count(*) FROM stock_archived_event;

-- name: stock_level_at
SELECT on_hand, reserved FROM stock_level WHERE item = ?1 AND warehouse = ?2 AND location = ?3 AND lot = ?4;

-- name: stock_level_set
INSERT INTO stock_level (item, warehouse, location, lot, on_hand, reserved, last_id, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT DO UPDATE SET on_hand = excluded.on_hand, reserved = excluded.reserved, last_id = excluded.last_id,
  updated_at = excluded.updated_at;

-- name: stock_serial_at
SELECT warehouse, location, lot FROM stock_serial_place WHERE item = ?1 AND serial = ?2;

-- name: stock_serial_put
INSERT INTO stock_serial_place (item, serial, warehouse, location, lot, last_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: stock_serial_take
DELETE FROM stock_serial_place WHERE item = ?1 AND serial = ?2;

-- name: replay_archived
SELECT item, warehouse, location, lot, sum(net), sum(reserved) FROM stock_archived GROUP BY 1, 2, 3, 4;

-- name: replay_rows
SELECT id, item, warehouse, location, lot, quantity, reserved, on_hand_after, reserved_after, at, recorded_at
FROM stock_transactions ORDER BY id;

-- name: replay_levels
SELECT item, warehouse, location, lot, on_hand, reserved FROM stock_level;

-- name: replay_pieces
-- Pieces with a serial number: what the ledger says against where they are; a row for each that differs. Rows that
-- were archived count through what follows them.
WITH last AS (
  SELECT item, serial, max(id) AS id FROM stock_transactions WHERE serial > 0 AND quantity <> 0 GROUP BY item, serial),
said AS (
  SELECT t.item, t.serial, t.warehouse, t.location, t.lot FROM last l JOIN stock_transactions t ON t.id = l.id
  WHERE t.quantity > 0)
SELECT item, warehouse, serial FROM (
  SELECT * FROM said EXCEPT SELECT item, serial, warehouse, location, lot FROM stock_serial_place)
UNION ALL
SELECT p.item, p.warehouse, p.serial FROM stock_serial_place p JOIN last l ON l.item = p.item AND l.serial = p.serial
WHERE NOT EXISTS (SELECT 1 FROM said s WHERE s.item = p.item AND s.serial = p.serial)
LIMIT 1;

-- name: replay_clear
DELETE FROM stock_level;

-- name: stock_code
SELECT text FROM stock_name WHERE id = ?1;

-- name: stock_reserved_by
SELECT item, warehouse, location, lot, quantity FROM stock_reserved WHERE id = ?1;

-- name: stock_reserved_set
INSERT INTO stock_reserved (id, item, warehouse, location, lot, quantity) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO UPDATE SET item = excluded.item, warehouse = excluded.warehouse, location = excluded.location,
  lot = excluded.lot, quantity = excluded.quantity;

-- name: stock_reserved_drop
DELETE FROM stock_reserved WHERE id = ?1;

-- name: stock_reservation_now
SELECT sku, warehouse, coalesce(location, ''), coalesce(lot, ''),
       CASE WHEN state = 'open' AND deleted_at IS NULL THEN quantity ELSE 0 END, coalesce(reference, ''), state
FROM stock_reservations WHERE id = ?1;

-- name: stock_levels_list
SELECT sku, name, category, warehouse, quantity_on_hand, quantity_reserved, quantity_available, reorder_point, updated_at
FROM stock_levels
WHERE (?1 IS NULL OR sku = ?1) AND (?2 IS NULL OR warehouse = ?2) ORDER BY sku, warehouse;

-- name: stock_history
-- Of an item, newest first, before the row ?6 of the time ?5.
SELECT t.id, k.name, t.quantity, t.reserved, t.on_hand_after, t.reserved_after, t.at, t.recorded_at, i.text, w.text,
       l.text, o.text, s.text, t.reference_id, t.notes, a.text, d.text, t.device_seq, t.unit_cost, t.event_id
FROM stock_transactions t INDEXED BY stock_transactions_item JOIN stock_kind k ON k.id = t.kind JOIN stock_name i ON i.id = t.item
JOIN stock_name w ON w.id = t.warehouse JOIN stock_name a ON a.id = t.actor
LEFT JOIN stock_name l ON l.id = t.location LEFT JOIN stock_name o ON o.id = t.lot
LEFT JOIN stock_name s ON s.id = t.serial LEFT JOIN stock_name d ON d.id = t.device
WHERE t.item = ?1 AND (?2 = 0 OR t.warehouse = ?2) AND t.at >= ?3 AND t.at < ?4 AND (t.at, t.id) < (?5, ?6)
ORDER BY t.at DESC, t.id DESC LIMIT ?7;

-- name: stock_history_in
-- Of a warehouse, all items: its partition is read from and to the times that are asked for, and nothing else.
SELECT t.id, k.name, t.quantity, t.reserved, t.on_hand_after, t.reserved_after, t.at, t.recorded_at, i.text, w.text,
       l.text, o.text, s.text, t.reference_id, t.notes, a.text, d.text, t.device_seq, t.unit_cost, t.event_id
FROM stock_transactions t INDEXED BY stock_transactions_part JOIN stock_kind k ON k.id = t.kind JOIN stock_name i ON i.id = t.item
JOIN stock_name w ON w.id = t.warehouse JOIN stock_name a ON a.id = t.actor
LEFT JOIN stock_name l ON l.id = t.location LEFT JOIN stock_name o ON o.id = t.lot
LEFT JOIN stock_name s ON s.id = t.serial LEFT JOIN stock_name d ON d.id = t.device
WHERE t.warehouse = ?2 AND ?1 = 0 AND t.at >= ?3 AND t.at < ?4 AND (t.at, t.id) < (?5, ?6)
ORDER BY t.at DESC, t.id DESC LIMIT ?7;
