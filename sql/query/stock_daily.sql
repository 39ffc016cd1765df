-- The ledger added up: see src/inventory/daily.h.

-- name: ledger_last
SELECT coalesce(max(id), 0) FROM stock_transactions;

-- name: daily_position
SELECT ledger, day FROM stock_position WHERE id = 1;

-- name: daily_position_set
UPDATE stock_position SET ledger = ?1, day = ?2 WHERE id = 1 AND (ledger <> ?1 OR day <> ?2);

-- name: daily_groups
-- Rows ?1 < id <= ?2 of the ledger by day, item and warehouse, in the order of stock_daily.
SELECT (at - (at % 86400000000 + 86400000000) % 86400000000) / 86400000000 AS day, item, warehouse,
       sum(iif(kind = 3 OR (kind = 1 AND quantity > 0), quantity, 0)),
       sum(iif(kind = 2 OR (kind = 1 AND quantity <= 0), -quantity, 0)),
       sum(iif(kind = 4, quantity, 0)), sum(iif(kind IN (5, 8), quantity, 0)),
       sum(iif(kind IN (6, 7), quantity, 0)), sum(quantity), sum(reserved), count(*), max(id)
FROM stock_transactions WHERE id > ?1 AND id <= ?2 GROUP BY 1, 2, 3;

-- name: daily_groups_archived
SELECT day, item, warehouse, sum(received), sum(issued), sum(returned), sum(adjusted), sum(transferred), sum(net),
       sum(reserved), sum(transactions), max(last_id)
FROM stock_archived GROUP BY day, item, warehouse;

-- name: daily_add
INSERT INTO stock_daily VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT DO UPDATE SET received = received + ?4, issued = issued + ?5, returned = returned + ?6,
  adjusted = adjusted + ?7, transferred = transferred + ?8, net = net + ?9, reserved = reserved + ?10,
  transactions = transactions + ?11, last_id = max(last_id, ?12);

-- name: daily_between
SELECT day, item, warehouse, issued, net FROM stock_daily WHERE day BETWEEN ?1 AND ?2 ORDER BY day, item, warehouse;

-- name: daily_series
-- One item in one warehouse: a look-up for each day.
WITH RECURSIVE d(day) AS (SELECT ?3 UNION ALL SELECT day + 1 FROM d WHERE day < ?4)
SELECT s.day, s.issued FROM d CROSS JOIN stock_daily s ON s.day = d.day AND s.item = ?1 AND s.warehouse = ?2;

-- name: daily_dirty
INSERT INTO stock_dirty_week VALUES (?1) ON CONFLICT DO NOTHING;

-- name: daily_clear
DELETE FROM stock_daily;

-- name: daily_again_gone
-- Days of ?1..?2 that the ledger up to ?3 does not know.
DELETE FROM stock_daily WHERE day BETWEEN ?1 AND ?2 AND NOT EXISTS (
  SELECT 1 FROM stock_transactions t WHERE t.warehouse = stock_daily.warehouse AND t.at >= stock_daily.day * 86400000000
    AND t.at < (stock_daily.day + 1) * 86400000000 AND t.item = stock_daily.item AND t.id <= ?3)
  AND NOT EXISTS (SELECT 1 FROM stock_archived a WHERE a.day = stock_daily.day AND a.item = stock_daily.item
                    AND a.warehouse = stock_daily.warehouse);

-- name: daily_again
-- What the ledger up to ?3 comes to on the days ?1..?2, where it is not so already.
WITH live AS (
  SELECT (at - (at % 86400000000 + 86400000000) % 86400000000) / 86400000000 AS day, item, warehouse,
         iif(kind = 3 OR (kind = 1 AND quantity > 0), quantity, 0) AS received,
         iif(kind = 2 OR (kind = 1 AND quantity <= 0), -quantity, 0) AS issued,
         iif(kind = 4, quantity, 0) AS returned, iif(kind IN (5, 8), quantity, 0) AS adjusted,
         iif(kind IN (6, 7), quantity, 0) AS transferred, quantity AS net, reserved, 1 AS transactions, id AS last_id
  FROM stock_transactions
  WHERE id <= ?3 AND warehouse IN (SELECT id FROM stock_name WHERE kind = 2)
    AND at >= ?1 * 86400000000 AND at < (?2 + 1) * 86400000000
  UNION ALL
  SELECT day, item, warehouse, received, issued, returned, adjusted, transferred, net, reserved, transactions, last_id
  FROM stock_archived WHERE day BETWEEN ?1 AND ?2)
INSERT INTO stock_daily
SELECT day, item, warehouse, sum(received), sum(issued), sum(returned), sum(adjusted), sum(transferred), sum(net),
       sum(reserved), sum(transactions), max(last_id)
FROM live WHERE true GROUP BY day, item, warehouse
ON CONFLICT DO UPDATE SET received = excluded.received, issued = excluded.issued, returned = excluded.returned,
  adjusted = excluded.adjusted, transferred = excluded.transferred, net = excluded.net, reserved = excluded.reserved,
  transactions = excluded.transactions, last_id = excluded.last_id
WHERE (received, issued, returned, adjusted, transferred, net, reserved, transactions, last_id)
  <> (excluded.received, excluded.issued, excluded.returned, excluded.adjusted, excluded.transferred, excluded.net,
      excluded.reserved, excluded.transactions, excluded.last_id);

-- name: stock_metric_at
SELECT issued_28, issued_28_day, issued_365, net_365, net_365_day, on_hand, first_day, last_day
FROM stock_metric WHERE item = ?1 AND warehouse = ?2;

-- name: stock_metric_set
INSERT INTO stock_metric VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT DO UPDATE SET issued_28 = ?3, issued_28_day = ?4, issued_365 = ?5, net_365 = ?6, net_365_day = ?7,
  on_hand = ?8, first_day = ?9, last_day = ?10;

-- name: stock_metric_clear
DELETE FROM stock_metric;

-- name: weekly_add_group
INSERT INTO stock_weekly VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT DO UPDATE SET received = received + ?4, issued = issued + ?5, returned = returned + ?6,
  adjusted = adjusted + ?7, transferred = transferred + ?8, net = net + ?9, reserved = reserved + ?10,
  transactions = transactions + ?11, last_id = max(last_id, ?12);

-- name: weekly_clear
DELETE FROM stock_weekly;

-- name: weekly_dirty_count
SELECT count(*) FROM stock_dirty_week;

-- name: weekly_forget
DELETE FROM stock_weekly WHERE week IN (SELECT week FROM stock_dirty_week);

-- name: weekly_add
INSERT INTO stock_weekly
SELECT w.week, d.item, d.warehouse, sum(d.received), sum(d.issued), sum(d.returned), sum(d.adjusted),
       sum(d.transferred), sum(d.net), sum(d.reserved), sum(d.transactions), max(d.last_id)
FROM stock_dirty_week w CROSS JOIN stock_daily d ON d.day BETWEEN w.week AND w.week + 6
GROUP BY w.week, d.item, d.warehouse;

-- name: weekly_clean
DELETE FROM stock_dirty_week;

-- name: snapshot_day
SELECT made_at, ledger FROM stock_snapshot_day WHERE day = ?1;

-- name: snapshot_days
SELECT day, made_at, ledger, rows FROM stock_snapshot_day ORDER BY day DESC LIMIT ?1;

-- name: snapshot_reserved
-- At the end of the day ?3: what is reserved now, less what came after.
SELECT (SELECT coalesce(sum(reserved), 0) FROM stock_level WHERE item = ?1 AND warehouse = ?2)
     - (SELECT coalesce(sum(reserved), 0) FROM stock_daily WHERE day > ?3 AND item = ?1 AND warehouse = ?2);

-- name: snapshot_add
INSERT INTO stock_snapshot (day, item, warehouse, on_hand, reserved, velocity, trend, turnover, days_of_cover, name,
  category, warehouse_name)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, m.name, m.category, h.name
FROM stock_name i JOIN stock_name w ON w.id = ?3
LEFT JOIN stock_items m ON m.sku = i.text AND m.deleted_at IS NULL
LEFT JOIN warehouses h ON h.code = w.text AND h.deleted_at IS NULL
WHERE i.id = ?2;

-- name: snapshot_seal
INSERT INTO stock_snapshot_day (day, made_at, ledger, rows)
VALUES (?1, ?2, (SELECT ledger FROM stock_position WHERE id = 1), ?3);

-- name: snapshot_rows
SELECT i.text, w.text, s.on_hand, s.reserved, s.velocity, s.trend, s.turnover, s.days_of_cover, s.name, s.category,
       s.warehouse_name
FROM stock_snapshot s JOIN stock_name i ON i.id = s.item JOIN stock_name w ON w.id = s.warehouse
WHERE s.day = ?1 ORDER BY i.text, w.text;

-- name: snapshot_known
-- Rows that happened before ?1 and were known before ?2, those in files among them as far as days tell.
SELECT i.text, w.text, sum(q), sum(r)
FROM (SELECT item, warehouse, quantity AS q, reserved AS r FROM stock_transactions WHERE at < ?1 AND recorded_at < ?2
      UNION ALL
      SELECT item, warehouse, net, reserved FROM stock_archived WHERE day < ?1 / 86400000000) t
JOIN stock_name i ON i.id = t.item JOIN stock_name w ON w.id = t.warehouse
GROUP BY t.item, t.warehouse ORDER BY i.text, w.text;

-- name: publish_position
SELECT published FROM stock_position WHERE id = 1;

-- name: publish_position_set
UPDATE stock_position SET published = ledger WHERE id = 1;

-- name: publish_moved
-- Items and warehouses with movements that no figure told of.
SELECT i.text, w.text, m.issued_28, m.issued_28_day, m.issued_365, m.net_365, m.net_365_day, m.on_hand, m.first_day,
       m.last_day, m.item, m.warehouse
FROM (SELECT DISTINCT t.item, t.warehouse FROM stock_position p CROSS JOIN stock_transactions t
        ON t.id > p.published AND t.id <= p.ledger) t
JOIN stock_metric m ON m.item = t.item AND m.warehouse = t.warehouse
JOIN stock_name i ON i.id = m.item JOIN stock_name w ON w.id = m.warehouse
ORDER BY m.item, m.warehouse;

-- name: publish_days
SELECT sum(received), sum(issued), sum(returned), sum(adjusted), sum(net), sum(transactions), max(last_id), day
FROM stock_daily WHERE day BETWEEN ?1 AND ?2 GROUP BY day;

-- name: publish_weeks
SELECT sum(received), sum(issued), sum(returned), sum(adjusted), sum(net), sum(transactions), max(last_id), week
FROM stock_weekly WHERE week BETWEEN ?1 AND ?2 GROUP BY week;

-- name: week_totals
SELECT coalesce(sum(received), 0), coalesce(sum(issued), 0), coalesce(sum(returned), 0), coalesce(sum(adjusted), 0),
       coalesce(sum(transferred), 0), coalesce(sum(net), 0), coalesce(sum(transactions), 0)
FROM stock_weekly WHERE week = ?1;

-- name: week_warehouses
SELECT n.text, sum(received), sum(issued), sum(returned), sum(adjusted), sum(transferred), sum(net), sum(transactions)
FROM stock_weekly w JOIN stock_name n ON n.id = w.warehouse WHERE week = ?1
GROUP BY w.warehouse ORDER BY sum(issued) DESC, n.text LIMIT ?2;

-- name: week_items
SELECT n.text, sum(received), sum(issued), sum(returned), sum(adjusted), sum(transferred), sum(net), sum(transactions)
FROM stock_weekly w JOIN stock_name n ON n.id = w.item WHERE week = ?1
GROUP BY w.item ORDER BY sum(issued) DESC, n.text LIMIT ?2;

-- name: week_report_set
INSERT INTO stock_report VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET made_at = excluded.made_at, json = excluded.json WHERE json <> excluded.json;

-- name: week_report_get
SELECT json FROM stock_report WHERE week = ?1;

-- name: week_units
-- In stock at the end of the day: what there is, less what came after.
SELECT (SELECT coalesce(sum(on_hand), 0) FROM stock_level)
     - (SELECT coalesce(sum(net), 0) FROM stock_daily WHERE day > ?1);
