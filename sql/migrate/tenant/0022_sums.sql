-- A document more, added up without an INSERT that reads its own table: for that SQLite makes a temporary table each time.
-- up
DROP TRIGGER field_sale_added;
CREATE TRIGGER field_sale_added AFTER INSERT ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders + 1, revenue = revenue + new.revenue;
  UPDATE field_store SET orders = orders + 1, revenue = revenue + new.revenue WHERE store_id = new.store_id;
  INSERT INTO field_store (store_id, orders, revenue) SELECT new.store_id, 1, new.revenue WHERE changes() = 0;
END;
-- down
DROP TRIGGER field_sale_added;
CREATE TRIGGER field_sale_added AFTER INSERT ON field_sale WHEN NOT (SELECT held FROM field_total)
BEGIN
  UPDATE field_total SET orders = orders + 1, revenue = revenue + new.revenue;
  INSERT INTO field_store (store_id, orders, revenue)
  SELECT new.store_id, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM field_store WHERE store_id = new.store_id);
  UPDATE field_store SET orders = orders + 1, revenue = revenue + new.revenue WHERE store_id = new.store_id;
END;
