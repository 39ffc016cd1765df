-- The ledger of stock, and what is derived from it.
-- up
CREATE TABLE stock_transactions (id INTEGER PRIMARY KEY);
-- down
DROP TABLE stock_transactions;
