-- Who writes many lines at once does so without the triggers and adds the sums up afterwards (src/field/items.c), so that
-- the triggers need not ask for each row whether they are wanted.
-- up
DROP TRIGGER field_sale_added;
DROP TRIGGER field_sale_changed;
DROP TRIGGER field_sale_removed;
DROP TRIGGER invoice_items_added;
DROP TRIGGER invoice_items_removed;
DROP TRIGGER invoice_items_changed;
ALTER TABLE field_total DROP COLUMN held;
CREATE TRIGGER field_sale_added AFTER INSERT ON field_sale
BEGIN
  UPDATE field_total SET orders = orders + 1, revenue = revenue + new.revenue;
  UPDATE field_store SET orders = orders + 1, revenue = revenue + new.revenue, open = open + new.kind * new.revenue
  WHERE store_id = new.store_id;
  INSERT INTO field_store (store_id, orders, revenue, open)
  SELECT new.store_id, 1, new.revenue, new.kind * new.revenue WHERE changes() = 0;
END;
CREATE TRIGGER field_sale_changed AFTER UPDATE ON field_sale
WHEN new.revenue <> old.revenue
BEGIN
  UPDATE field_total SET revenue = revenue + new.revenue - old.revenue;
  UPDATE field_store SET revenue = revenue + new.revenue - old.revenue,
                         open = open + new.kind * (new.revenue - old.revenue)
  WHERE store_id = new.store_id;
END;
CREATE TRIGGER field_sale_removed AFTER DELETE ON field_sale
BEGIN
  UPDATE field_total SET orders = orders - 1, revenue = revenue - old.revenue;
  UPDATE field_store SET orders = orders - 1, revenue = revenue - old.revenue, open = open - old.kind * old.revenue
  WHERE store_id = old.store_id;
  DELETE FROM field_store WHERE store_id = old.store_id AND orders = 0;
END;
CREATE TRIGGER invoice_items_added AFTER INSERT ON invoice_items
BEGIN
  INSERT INTO field_sale (kind, ref, store_id, day, revenue, lines)
  VALUES (0, new.invoice_id, new.store_id, new.invoice_date, new.total_price, 1)
  ON CONFLICT (kind, ref, store_id, day) DO UPDATE SET revenue = revenue + excluded.revenue, lines = lines + 1;
  INSERT INTO field_product (product_id, lines, quantity, revenue) VALUES (new.product_id, 1, new.quantity, new.total_price)
  ON CONFLICT (product_id) DO UPDATE SET lines = lines + 1, quantity = quantity + excluded.quantity,
                                         revenue = revenue + excluded.revenue;
END;
CREATE TRIGGER invoice_items_removed AFTER DELETE ON invoice_items
BEGIN
  UPDATE field_sale SET revenue = revenue - old.total_price, lines = lines - 1
  WHERE kind = 0 AND ref = old.invoice_id AND store_id = old.store_id AND day = old.invoice_date;
  DELETE FROM field_sale
  WHERE kind = 0 AND ref = old.invoice_id AND store_id = old.store_id AND day = old.invoice_date AND lines = 0;
  UPDATE field_product SET lines = lines - 1, quantity = quantity - old.quantity, revenue = revenue - old.total_price
  WHERE product_id = old.product_id;
  DELETE FROM field_product WHERE product_id = old.product_id AND lines = 0;
END;
CREATE TRIGGER invoice_items_changed AFTER UPDATE ON invoice_items
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
-- down
DROP TRIGGER field_sale_added;
DROP TRIGGER field_sale_changed;
DROP TRIGGER field_sale_removed;
DROP TRIGGER invoice_items_added;
DROP TRIGGER invoice_items_removed;
DROP TRIGGER invoice_items_changed;
ALTER TABLE field_total RENAME TO field_total_was;
CREATE TABLE field_total (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  orders  INTEGER NOT NULL,
  revenue INTEGER NOT NULL,
  held    INTEGER NOT NULL DEFAULT 0       -- 1: within a transaction that adds them up anew at its end
);
INSERT INTO field_total (id, orders, revenue) SELECT id, orders, revenue FROM field_total_was;
DROP TABLE field_total_was;
CREATE TRIGGER field_sale_added AFTER INSERT ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders + 1, revenue = revenue + new.revenue;
  UPDATE field_store SET orders = orders + 1, revenue = revenue + new.revenue, open = open + new.kind * new.revenue
  WHERE store_id = new.store_id;
  INSERT INTO field_store (store_id, orders, revenue, open)
  SELECT new.store_id, 1, new.revenue, new.kind * new.revenue WHERE changes() = 0;
END;
CREATE TRIGGER field_sale_changed AFTER UPDATE ON field_sale
WHEN new.revenue <> old.revenue AND NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET revenue = revenue + new.revenue - old.revenue;
  UPDATE field_store SET revenue = revenue + new.revenue - old.revenue,
                         open = open + new.kind * (new.revenue - old.revenue)
  WHERE store_id = new.store_id;
END;
CREATE TRIGGER field_sale_removed AFTER DELETE ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders - 1, revenue = revenue - old.revenue;
  UPDATE field_store SET orders = orders - 1, revenue = revenue - old.revenue, open = open - old.kind * old.revenue
  WHERE store_id = old.store_id;
  DELETE FROM field_store WHERE store_id = old.store_id AND orders = 0;
END;
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
