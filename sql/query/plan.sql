-- name: plan_rules
SELECT sku, warehouse, category, service_level, lead_time_days, lead_time_sd, reorder_point, method, order_quantity,
       order_up_to, order_cost, holding_rate, pack_size, minimum_order, cover_days, window_days
FROM reorder_rule WHERE deleted_at IS NULL AND active
ORDER BY (sku IS NOT NULL) * 4 + (category IS NOT NULL) * 2 + (warehouse IS NOT NULL) DESC, id;

-- name: plan_rule_twins
SELECT count(*) FROM reorder_rule a JOIN reorder_rule b
  ON b.id <> a.id AND b.deleted_at IS NULL AND b.sku IS a.sku AND b.warehouse IS a.warehouse AND b.category IS a.category
WHERE a.id = ?1 AND a.deleted_at IS NULL;

-- name: plan_pair
SELECT i.text, w.text, m.name, m.category, coalesce(s.name, s.code), coalesce(m.active, 1),
       (SELECT sum(l.on_hand) FROM stock_level l WHERE l.item = ?1 AND l.warehouse = ?2),
       (SELECT sum(l.reserved) FROM stock_level l WHERE l.item = ?1 AND l.warehouse = ?2),
       m.unit_cost, m.reorder_point, m.reorder_quantity, m.lead_time_days, m.reorder_method, s.lead_time_days,
       (SELECT t.first_day FROM stock_metric t WHERE t.item = ?1 AND t.warehouse = ?2),
       r.state, r.since
FROM stock_name i JOIN stock_name w ON w.id = ?2
LEFT JOIN stock_items m ON m.sku = i.text AND m.deleted_at IS NULL
LEFT JOIN stock_suppliers s ON s.id = m.supplier AND s.deleted_at IS NULL
LEFT JOIN stock_risk r ON r.item = ?1 AND r.warehouse = ?2
WHERE i.id = ?1;

-- name: plan_issues
WITH RECURSIVE d (day) AS (SELECT ?3 UNION ALL SELECT day + 1 FROM d WHERE day + 1 < ?4)
SELECT s.issued FROM d CROSS JOIN stock_daily s ON s.day = d.day AND s.item = ?1 AND s.warehouse = ?2
WHERE s.issued > 0;

-- name: plan_orders
SELECT id, status, quantity, decided_at FROM reorder_proposal
WHERE sku = ?1 AND warehouse = ?2 AND status IN ('accepted', 'ordered', 'received') AND deleted_at IS NULL
  AND decided_at > ?3
ORDER BY decided_at;

-- name: plan_receipts
SELECT at, quantity FROM stock_transactions
WHERE item = ?1 AND at >= ?3 AND warehouse = ?2 AND kind = 3 AND quantity > 0
ORDER BY at, id;

-- name: plan_keep
INSERT INTO stock_risk (item, warehouse, checked_at, on_hand, available, incoming, days, mean, deviation, lead_days,
                        reorder_point, risk, method, state, since)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, CAST(?8 AS REAL), CAST(?9 AS REAL), CAST(?10 AS REAL), ?11, CAST(?12 AS REAL),
        ?13, ?14, ?15)
ON CONFLICT (item, warehouse) DO UPDATE SET checked_at = excluded.checked_at, on_hand = excluded.on_hand,
  available = excluded.available, incoming = excluded.incoming, days = excluded.days, mean = excluded.mean,
  deviation = excluded.deviation, lead_days = excluded.lead_days, reorder_point = excluded.reorder_point,
  risk = excluded.risk, method = excluded.method, state = excluded.state, since = excluded.since;

-- name: plan_pairs_after
SELECT DISTINCT item, warehouse FROM stock_level WHERE (item, warehouse) > (?1, ?2) ORDER BY item, warehouse LIMIT ?3;

-- name: plan_pairs_moved
SELECT DISTINCT item, warehouse FROM stock_transactions WHERE id > ?1 AND id <= ?2
ORDER BY item, warehouse;

-- name: plan_ledger_end
SELECT coalesce(max(id), 0) FROM stock_transactions;

-- name: plan_position
SELECT ledger FROM plan_position WHERE name = ?1;

-- name: plan_position_set
INSERT INTO plan_position (name, ledger) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET ledger = excluded.ledger;

-- name: plan_untold
SELECT r.item, r.warehouse, i.text, w.text, r.state, r.available, r.reorder_point, r.mean, r.lead_days, r.risk, r.on_hand,
       r.incoming, r.method
FROM stock_risk r JOIN stock_name i ON i.id = r.item JOIN stock_name w ON w.id = r.warehouse
WHERE r.state IS NOT coalesce(r.told, 'ok') LIMIT ?1;

-- name: plan_told
UPDATE stock_risk SET told = state WHERE item = ?1 AND warehouse = ?2;

-- name: plan_states
SELECT state, count(*) FROM stock_risk GROUP BY state;

-- name: plan_worst
SELECT i.text, w.text, r.state, r.available, r.reorder_point, r.risk, r.incoming
FROM stock_risk r JOIN stock_name i ON i.id = r.item JOIN stock_name w ON w.id = r.warehouse
WHERE r.state <> 'ok'
ORDER BY CASE r.state WHEN 'out' THEN 0 WHEN 'low' THEN 1 ELSE 2 END, r.risk DESC, i.text LIMIT 20;

-- name: plan_needing
SELECT item, warehouse FROM stock_risk
WHERE (item, warehouse) > (?1, ?2)
  AND (state <> 'ok' OR available + incoming <= reorder_point
       OR EXISTS (SELECT 1 FROM reorder_proposal p JOIN stock_name i ON i.id = stock_risk.item
                  JOIN stock_name w ON w.id = stock_risk.warehouse
                  WHERE p.sku = i.text AND p.warehouse = w.text AND p.status = 'proposed' AND p.deleted_at IS NULL))
ORDER BY item, warehouse LIMIT ?3;

-- name: cache_put
INSERT INTO cached_figure (name, at, json) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET at = excluded.at, json = excluded.json;

-- name: cache_get
SELECT at, json FROM cached_figure WHERE name = ?1;

-- name: tally_add
INSERT INTO event_tally (grp, day, type, events) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (grp, day, type) DO UPDATE SET events = events + excluded.events;

-- name: reorder_open
SELECT id, quantity, state, reason FROM reorder_proposal
WHERE sku = ?1 AND warehouse = ?2 AND status = 'proposed' AND deleted_at IS NULL;

-- name: reorder_dismissed
SELECT 1 FROM reorder_proposal
WHERE sku = ?1 AND warehouse = ?2 AND status = 'dismissed' AND decided_at >= ?3 AND state = ?4 AND deleted_at IS NULL LIMIT 1;

-- name: reorder_one
SELECT sku, warehouse, status, quantity, supplier, reason, unit_cost FROM reorder_proposal
WHERE id = ?1 AND deleted_at IS NULL;

-- name: reorder_list
SELECT p.id, p.sku, i.name, p.warehouse, p.status, p.quantity, p.unit_cost, p.supplier, p.method, p.state, p.available,
       p.incoming, p.reorder_point, p.risk, p.reason, coalesce(p.detail, '{}'), p.created_at, p.updated_at, p.decided_at, p.note,
       p.reference
FROM reorder_proposal p LEFT JOIN stock_items i ON i.sku = p.sku AND i.deleted_at IS NULL
WHERE p.deleted_at IS NULL AND (?1 = 'all' OR p.status = ?1)
ORDER BY CASE p.state WHEN 'out' THEN 0 WHEN 'low' THEN 1 ELSE 2 END, p.risk DESC, p.created_at DESC LIMIT ?2;

-- name: reorder_counts
SELECT status, count(*) FROM reorder_proposal WHERE deleted_at IS NULL GROUP BY status;

-- name: reorder_undecided
SELECT 1 FROM reorder_proposal
WHERE id = ?1 AND status IN ('accepted', 'ordered', 'received') AND decided_at IS NULL AND deleted_at IS NULL;

-- name: plan_figures
SELECT i.text, w.text,
       (SELECT sum(l.on_hand - l.reserved) FROM stock_level l WHERE l.item = ?1 AND l.warehouse = ?2),
       (SELECT day FROM stock_position), m.issued_28, m.issued_28_day, m.issued_365, m.net_365, m.net_365_day, m.on_hand,
       m.first_day, m.last_day
FROM stock_metric m JOIN stock_name i ON i.id = m.item JOIN stock_name w ON w.id = m.warehouse
WHERE m.item = ?1 AND m.warehouse = ?2;
