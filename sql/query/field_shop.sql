-- A store with all that belongs to it.

-- name: shop_sums
SELECT orders, revenue FROM field_store WHERE store_id = ?1;

-- name: shop_segment
SELECT segment_name, segment_value, total_revenue, order_frequency, churn_risk, recency_score, frequency_score, monetary_score,
       last_order
FROM customer_segments WHERE store_id = ?1 AND deleted_at IS NULL;

-- name: shop_prediction
SELECT id, predicted_date, confidence, priority, total_amount FROM predicted_orders
WHERE store_id = ?1 AND status = 'pending' AND deleted_at IS NULL ORDER BY predicted_date, id LIMIT 1;

-- name: shop_preferences
SELECT coalesce(p.call_frequency, 'weekly'), coalesce(p.payment_terms, 30), p.credit_limit,
       coalesce(p.auto_approve_predictions, 0), coalesce(p.version, 0)
FROM (SELECT ?1 AS store) x LEFT JOIN store_preferences p ON p.store_id = x.store AND p.deleted_at IS NULL;

-- name: shop_preference_id
SELECT id FROM store_preferences WHERE store_id = ?1 AND deleted_at IS NULL;

-- name: shop_categories
SELECT DISTINCT category FROM products WHERE category IS NOT NULL AND deleted_at IS NULL ORDER BY category;

-- name: shop_brands
SELECT DISTINCT brand FROM products WHERE brand IS NOT NULL AND deleted_at IS NULL ORDER BY brand;

-- name: upsell_rules
SELECT r.product_id, p.name, r.because_id, c.name, r.both, r.because, r.other, r.baskets, r.basket, p.unit_price, count(*) OVER ()
FROM field_rule r JOIN products p ON p.id = r.product_id JOIN products c ON c.id = r.because_id
WHERE ?2 IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(?2) WHERE NOT
  format('%s %s %s %s %s %s %s %s %s %s', p.name, p.sku, p.barcode, p.category, p.brand, c.name, c.sku, c.barcode, c.category, c.brand) LIKE value ESCAPE '\')
ORDER BY 1.0 * r.both / r.because DESC, r.because_id, r.product_id LIMIT ?1;
