-- Stores, products, invoices.
-- up
CREATE TABLE circuit_breaker (name TEXT PRIMARY KEY) WITHOUT ROWID;
-- down
DROP TABLE circuit_breaker;
