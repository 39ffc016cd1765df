-- The orders of a store by an index whose entries stand in blocks of a hundred numbers, so that orders which come at the same time stand
-- together, whoever ordered: led by the store, each of a group of orders changed a page of its own, a third of what a commit
-- wrote. Who asks for a store skips from block to block. SQLite does that where it knows that many rows share what an
-- index begins with (https://www.sqlite.org/optoverview.html#the_skip_scan_optimization), which sqlite_stat1 tells: the rows are its usual
-- guess for a table that nobody has counted.
-- And what is open of a store stands with its sums, for the credit limit.
-- up
DROP INDEX orders_of_store_id;
CREATE INDEX orders_of_store_id ON orders(substr(number, 1, length(number) - 2), store_id);
ANALYZE orders_of_store_id;
DELETE FROM sqlite_stat1 WHERE idx = 'orders_of_store_id';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('orders', 'orders_of_store_id', '1048576 100 1');

ALTER TABLE field_store ADD COLUMN open INTEGER NOT NULL DEFAULT 0; -- revenue of orders, which nothing settles yet
UPDATE field_store SET open = o.revenue
FROM (SELECT store_id, sum(revenue) AS revenue FROM field_sale WHERE kind = 1 GROUP BY store_id) o
WHERE o.store_id = field_store.store_id;
DROP TRIGGER field_sale_added;
CREATE TRIGGER field_sale_added AFTER INSERT ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders + 1, revenue = revenue + new.revenue;
  UPDATE field_store SET orders = orders + 1, revenue = revenue + new.revenue, open = open + new.kind * new.revenue
  WHERE store_id = new.store_id;
  INSERT INTO field_store (store_id, orders, revenue, open)
  SELECT new.store_id, 1, new.revenue, new.kind * new.revenue WHERE changes() = 0;
END;
DROP TRIGGER field_sale_changed;
CREATE TRIGGER field_sale_changed AFTER UPDATE ON field_sale
WHEN new.revenue <> old.revenue AND NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET revenue = revenue + new.revenue - old.revenue;
  UPDATE field_store SET revenue = revenue + new.revenue - old.revenue,
                         open = open + new.kind * (new.revenue - old.revenue)
  WHERE store_id = new.store_id;
END;
DROP TRIGGER field_sale_removed;
CREATE TRIGGER field_sale_removed AFTER DELETE ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders - 1, revenue = revenue - old.revenue;
  UPDATE field_store SET orders = orders - 1, revenue = revenue - old.revenue, open = open - old.kind * old.revenue
  WHERE store_id = old.store_id;
  DELETE FROM field_store WHERE store_id = old.store_id AND orders = 0;
END;
-- down
DROP TRIGGER field_sale_added;
CREATE TRIGGER field_sale_added AFTER INSERT ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders + 1, revenue = revenue + new.revenue;
  UPDATE field_store SET orders = orders + 1, revenue = revenue + new.revenue WHERE store_id = new.store_id;
  INSERT INTO field_store (store_id, orders, revenue) SELECT new.store_id, 1, new.revenue WHERE changes() = 0;
END;
DROP TRIGGER field_sale_changed;
CREATE TRIGGER field_sale_changed AFTER UPDATE ON field_sale
WHEN new.revenue <> old.revenue AND NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET revenue = revenue + new.revenue - old.revenue;
  UPDATE field_store SET revenue = revenue + new.revenue - old.revenue WHERE store_id = new.store_id;
END;
DROP TRIGGER field_sale_removed;
CREATE TRIGGER field_sale_removed AFTER DELETE ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders - 1, revenue = revenue - old.revenue;
  UPDATE field_store SET orders = orders - 1, revenue = revenue - old.revenue WHERE store_id = old.store_id;
  DELETE FROM field_store WHERE store_id = old.store_id AND orders = 0;
END;
ALTER TABLE field_store DROP COLUMN open;
DROP INDEX orders_of_store_id;
CREATE INDEX orders_of_store_id ON orders(store_id);
DROP TABLE sqlite_stat1;
