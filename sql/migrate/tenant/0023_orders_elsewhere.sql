-- Orders whose amount counts nowhere: with field_total they are all that there are, without counting the others one by one.
-- up
CREATE INDEX orders_elsewhere ON orders(status, deleted_at)
WHERE deleted_at IS NULL AND status NOT IN ('pending', 'approved');
-- down
DROP INDEX orders_elsewhere;
