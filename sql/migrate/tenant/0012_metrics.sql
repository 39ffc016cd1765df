-- Metrics, alerts and planning.
-- up
CREATE TABLE monthly_revenue_store (id INTEGER PRIMARY KEY);
-- down
DROP TABLE monthly_revenue_store;
