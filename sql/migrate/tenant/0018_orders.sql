-- Orders, predictions, segments, recommendations, and the sums that the dashboard shows.
-- up

-- A document that counts: an invoice (by the lines of one store and day), or an order made here that is
-- neither a draft, nor cancelled, nor settled by an invoice. Amounts in 1/10000.
CREATE TABLE field_sale (
  kind     INTEGER NOT NULL,               -- 0 an invoice, 1 an order
  ref      TEXT NOT NULL,                  -- number of the invoice, id of the order
  store_id TEXT NOT NULL,
  day      INTEGER NOT NULL,               -- days since 1970-01-01
  revenue  INTEGER NOT NULL,
  lines    INTEGER NOT NULL,
  PRIMARY KEY (kind, ref, store_id, day)
) WITHOUT ROWID;
-- Of invoices alone: orders have their own, and an index more is a page more that each order writes.
CREATE INDEX field_sale_day ON field_sale(kind, day, ref) WHERE kind = 0;
CREATE INDEX field_sale_store ON field_sale(store_id, day) WHERE kind = 0;

-- Sums over field_sale, and over the lines behind it; kept by triggers. What fires when a row of field_sale is added has
-- no upsert, with which SQLite would copy each page before it is changed.
CREATE TABLE field_total (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  orders  INTEGER NOT NULL,
  revenue INTEGER NOT NULL,
  held    INTEGER NOT NULL DEFAULT 0       -- 1: within a transaction that adds them up anew at its end
);
INSERT INTO field_total (id, orders, revenue) VALUES (1, 0, 0);
CREATE TABLE field_store (
  store_id TEXT NOT NULL PRIMARY KEY,
  orders   INTEGER NOT NULL,
  revenue  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE field_product (
  product_id TEXT NOT NULL PRIMARY KEY,
  lines      INTEGER NOT NULL,
  quantity   INTEGER NOT NULL,
  revenue    INTEGER NOT NULL
) WITHOUT ROWID;

-- What is there already.
INSERT INTO field_sale (kind, ref, store_id, day, revenue, lines)
SELECT 0, invoice_id, store_id, invoice_date, sum(total_price), count(*) FROM invoice_items
GROUP BY invoice_id, store_id, invoice_date;
INSERT INTO field_store (store_id, orders, revenue) SELECT store_id, count(*), sum(revenue) FROM field_sale GROUP BY store_id;
INSERT INTO field_product (product_id, lines, quantity, revenue)
SELECT product_id, count(*), sum(quantity), sum(total_price) FROM invoice_items GROUP BY product_id;
UPDATE field_total SET orders = (SELECT count(*) FROM field_sale), revenue = (SELECT coalesce(sum(revenue), 0) FROM field_sale);

CREATE TRIGGER field_sale_added AFTER INSERT ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders + 1, revenue = revenue + new.revenue;
  INSERT INTO field_store (store_id, orders, revenue)
  SELECT new.store_id, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM field_store WHERE store_id = new.store_id);
  UPDATE field_store SET orders = orders + 1, revenue = revenue + new.revenue WHERE store_id = new.store_id;
END;
CREATE TRIGGER field_sale_changed AFTER UPDATE ON field_sale
WHEN new.revenue <> old.revenue AND NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET revenue = revenue + new.revenue - old.revenue;
  UPDATE field_store SET revenue = revenue + new.revenue - old.revenue WHERE store_id = new.store_id;
END;
CREATE TRIGGER field_sale_removed AFTER DELETE ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders - 1, revenue = revenue - old.revenue;
  UPDATE field_store SET orders = orders - 1, revenue = revenue - old.revenue WHERE store_id = old.store_id;
  DELETE FROM field_store WHERE store_id = old.store_id AND orders = 0;
END;

-- Lines of invoices.
CREATE TRIGGER invoice_items_added AFTER INSERT ON invoice_items WHEN NOT (SELECT held FROM field_total)
BEGIN
  INSERT INTO field_sale (kind, ref, store_id, day, revenue, lines)
  VALUES (0, new.invoice_id, new.store_id, new.invoice_date, new.total_price, 1)
  ON CONFLICT (kind, ref, store_id, day) DO UPDATE SET revenue = revenue + excluded.revenue, lines = lines + 1;
  INSERT INTO field_product (product_id, lines, quantity, revenue) VALUES (new.product_id, 1, new.quantity, new.total_price)
  ON CONFLICT (product_id) DO UPDATE SET lines = lines + 1, quantity = quantity + excluded.quantity,
                                         revenue = revenue + excluded.revenue;
END;
CREATE TRIGGER invoice_items_removed AFTER DELETE ON invoice_items WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_sale SET revenue = revenue - old.total_price, lines = lines - 1
  WHERE kind = 0 AND ref = old.invoice_id AND store_id = old.store_id AND day = old.invoice_date;
  DELETE FROM field_sale
  WHERE kind = 0 AND ref = old.invoice_id AND store_id = old.store_id AND day = old.invoice_date AND lines = 0;
  UPDATE field_product SET lines = lines - 1, quantity = quantity - old.quantity, revenue = revenue - old.total_price
  WHERE product_id = old.product_id;
  DELETE FROM field_product WHERE product_id = old.product_id AND lines = 0;
END;
CREATE TRIGGER invoice_items_changed AFTER UPDATE ON invoice_items WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_sale SET revenue = revenue - old.total_price, lines = lines - 1
  WHERE kind = 0 AND ref = old.invoice_id AND store_id = old.store_id AND day = old.invoice_date;
  INSERT INTO field_sale (kind, ref, store_id, day, revenue, lines)
  VALUES (0, new.invoice_id, new.store_id, new.invoice_date, new.total_price, 1)
  ON CONFLICT (kind, ref, store_id, day) DO UPDATE SET revenue = revenue + excluded.revenue, lines = lines + 1;
  DELETE FROM field_sale
  WHERE kind = 0 AND ref = old.invoice_id AND store_id = old.store_id AND day = old.invoice_date AND lines = 0;
  UPDATE field_product SET lines = lines - 1, quantity = quantity - old.quantity, revenue = revenue - old.total_price
  WHERE product_id = old.product_id;
  INSERT INTO field_product (product_id, lines, quantity, revenue) VALUES (new.product_id, 1, new.quantity, new.total_price)
  ON CONFLICT (product_id) DO UPDATE SET lines = lines + 1, quantity = quantity + excluded.quantity,
                                         revenue = revenue + excluded.revenue;
  DELETE FROM field_product WHERE product_id = old.product_id AND lines = 0;
END;

-- Orders made here. New ones, and new lines, are counted by the door (src/field/counted.h says why).
CREATE TRIGGER orders_recounted AFTER UPDATE OF store_id, order_date, status, total_amount, item_count, deleted_at ON orders
BEGIN
  DELETE FROM field_sale WHERE kind = 1 AND ref = old.id;
  INSERT INTO field_sale (kind, ref, store_id, day, revenue, lines)
  SELECT 1, new.id, new.store_id, CAST(julianday(new.order_date) - 2440587.5 AS INTEGER), new.total_amount * 100,
         new.item_count
  WHERE new.deleted_at IS NULL AND new.status IN ('pending', 'approved');
END;
CREATE TRIGGER orders_products AFTER UPDATE OF status, deleted_at ON orders
WHEN (new.deleted_at IS NULL AND new.status IN ('pending', 'approved')) <>
     (old.deleted_at IS NULL AND old.status IN ('pending', 'approved'))
BEGIN
  INSERT INTO field_product (product_id, lines, quantity, revenue)
  SELECT i.product_id, s.sign, i.quantity * s.sign, i.total_price * 100 * s.sign
  FROM order_items i,
       (SELECT iif(new.deleted_at IS NULL AND new.status IN ('pending', 'approved'), 1, -1) AS sign) s
  WHERE i.order_id = new.id AND i.deleted_at IS NULL
  ON CONFLICT (product_id) DO UPDATE SET lines = lines + excluded.lines, quantity = quantity + excluded.quantity,
                                         revenue = revenue + excluded.revenue;
  DELETE FROM field_product
  WHERE lines = 0 AND product_id IN (SELECT i.product_id FROM order_items i WHERE i.order_id = new.id);
END;
CREATE TRIGGER order_items_recounted AFTER UPDATE OF order_id, product_id, quantity, total_price, deleted_at ON order_items
BEGIN
  UPDATE field_product SET lines = lines - 1, quantity = quantity - old.quantity, revenue = revenue - old.total_price * 100
  WHERE product_id = old.product_id AND old.deleted_at IS NULL AND
        (SELECT o.deleted_at IS NULL AND o.status IN ('pending', 'approved') FROM orders o WHERE o.id = old.order_id);
  INSERT INTO field_product (product_id, lines, quantity, revenue)
  SELECT new.product_id, 1, new.quantity, new.total_price * 100
  WHERE new.deleted_at IS NULL AND
        (SELECT o.deleted_at IS NULL AND o.status IN ('pending', 'approved') FROM orders o WHERE o.id = new.order_id)
  ON CONFLICT (product_id) DO UPDATE SET lines = lines + 1, quantity = quantity + excluded.quantity,
                                         revenue = revenue + excluded.revenue;
  DELETE FROM field_product WHERE product_id = old.product_id AND lines = 0;
END;

-- What counts, line by line: for what is worked out from it.
CREATE VIEW field_line (kind, ref, store_id, day, product_id, quantity, revenue) AS
SELECT 0, invoice_id, store_id, invoice_date, product_id, quantity, total_price FROM invoice_items
UNION ALL
SELECT 1, o.id, o.store_id, CAST(julianday(o.order_date) - 2440587.5 AS INTEGER), i.product_id, i.quantity,
       i.total_price * 100
FROM orders o JOIN order_items i ON i.order_id = o.id AND i.deleted_at IS NULL
WHERE o.deleted_at IS NULL AND o.status IN ('pending', 'approved');

-- Rules "who buys the one buys the other", see src/field/rules.h. Derived.
CREATE TABLE field_rule (
  because_id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  both       INTEGER NOT NULL,             -- baskets with the two
  because    INTEGER NOT NULL,             -- baskets with the one
  other      INTEGER NOT NULL,             -- baskets with the other
  baskets    INTEGER NOT NULL,
  basket     TEXT NOT NULL,                -- what a basket is: invoice, day or month
  chance     REAL NOT NULL,                -- of so many or more together, if they had nothing to do with each other
  PRIMARY KEY (because_id, product_id)
) WITHOUT ROWID;

CREATE INDEX orders_number_deleted ON orders(number) WHERE deleted_at IS NOT NULL;
CREATE INDEX order_items_deleted ON order_items(order_id) WHERE deleted_at IS NOT NULL; -- others: by order and position
CREATE INDEX orders_day ON orders(order_date, number);
CREATE INDEX orders_of_source ON orders(source_id) WHERE source_id IS NOT NULL;
CREATE INDEX customer_segments_value ON customer_segments(segment_value) WHERE deleted_at IS NULL;
CREATE INDEX predicted_orders_state ON predicted_orders(status) WHERE deleted_at IS NULL;
CREATE INDEX mangalam_invoices_po ON mangalam_invoices(po_number) WHERE po_number <> '';
-- down
DROP INDEX mangalam_invoices_po;
DROP TABLE field_rule;
DROP VIEW field_line;
DROP TRIGGER invoice_items_changed;
DROP TRIGGER invoice_items_removed;
DROP TRIGGER invoice_items_added;
DROP TABLE field_product;
DROP TABLE field_store;
DROP TABLE field_total;
DROP TABLE field_sale;
