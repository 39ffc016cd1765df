-- report: clean_invoices
-- columns: id int, run_id text, invoice_id text, invoice_date day, customer_id text, customer_name text,
-- columns: product_id text, item_name text, quantity dec4.0, total dec4.2, line_number text,
-- columns: customer_gstin text, customer_phone text, customer_email text, billing_address text,
-- columns: billing_city text, billing_state text, billing_pin text, shipping_address text,
-- columns: shipping_city text, shipping_state text, shipping_pin text, place_of_supply text,
-- columns: category_name text, brand text, sku text, barcode text, hsn_code text, unit text,
-- columns: free_quantity dec4.0, rate dec4.2, discount_percent dec4.0, discount_amount dec4.2,
-- columns: taxable_value dec4.2, gst_rate dec4.0, cgst dec4.2, sgst dec4.2, igst dec4.2, cess dec4.2,
-- columns: round_off dec4.2, due_date day, payment_terms text, po_number text, salesperson text, notes text,
-- columns: processed_timestamp time
SELECT m.id, r.uuid, coalesce(m.invoice_id, m.key), m.invoice_date, t2.text, t3.text, t4.text, t5.text,
       m.quantity, m.total, m.line_number, t9.text, t10.text, t11.text, t12.text, t13.text, t14.text,
       t15.text, t16.text, t17.text, t18.text, t19.text, t20.text, t21.text, t22.text, t23.text, t24.text,
       t25.text, t26.text, m.free_quantity, m.rate, m.discount_percent, m.discount_amount, m.taxable_value,
       m.gst_rate, m.cgst, m.sgst, m.igst, m.cess, m.round_off, m.due_date, t39.text, m.po_number, t41.text,
       m.notes, r.ended_at
FROM mangalam_invoices m JOIN run r ON r.id = m.run
JOIN term t2 ON t2.id = m.customer_id JOIN term t3 ON t3.id = m.customer_name
JOIN term t4 ON t4.id = m.product_id JOIN term t5 ON t5.id = m.item_name
JOIN term t9 ON t9.id = m.customer_gstin JOIN term t10 ON t10.id = m.customer_phone
JOIN term t11 ON t11.id = m.customer_email JOIN term t12 ON t12.id = m.billing_address
JOIN term t13 ON t13.id = m.billing_city JOIN term t14 ON t14.id = m.billing_state
JOIN term t15 ON t15.id = m.billing_pin JOIN term t16 ON t16.id = m.shipping_address
JOIN term t17 ON t17.id = m.shipping_city JOIN term t18 ON t18.id = m.shipping_state
JOIN term t19 ON t19.id = m.shipping_pin JOIN term t20 ON t20.id = m.place_of_supply
JOIN term t21 ON t21.id = m.category_name JOIN term t22 ON t22.id = m.brand JOIN term t23 ON t23.id = m.sku
JOIN term t24 ON t24.id = m.barcode JOIN term t25 ON t25.id = m.hsn_code JOIN term t26 ON t26.id = m.unit
JOIN term t39 ON t39.id = m.payment_terms JOIN term t41 ON t41.id = m.salesperson
WHERE :run IS NULL OR r.uuid = :run;
