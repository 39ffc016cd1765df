// The reference of the parts `orders` and `http`: Express and pg with a pool of 20 connections, as one process or as several (cluster).
// PORT, PGPORT and PROCESSES are in the environment. An order is what outpost makes of it: the store is looked up, prices are
// the products', sums are exact (numeric), order and lines are one durable transaction, the reply holds the order.
import cluster from 'node:cluster';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(path.join(process.env.MODULES, 'node_modules/'));
const express = require('express');
const pg = require('pg');
const processes = Number(process.env.PROCESSES ?? 1);

function serve() {
  const pool = new pg.Pool({ host: '127.0.0.1', port: Number(process.env.PGPORT), user: 'bench', database: 'postgres', max: 20 });
  pool.on('error', () => {}); // PostgreSQL ends before this does
  const app = express();
  app.use(express.json());
  app.post('/api/orders', async (request, response) => {
    const client = await pool.connect();
    try {
      const { store_id: code, items } = request.body;
      await client.query('BEGIN');
      const store = (await client.query({ name: 'store', text: 'SELECT id, name FROM stores WHERE customer_id = $1', values: [code] })).rows[0];
      const products = (await client.query({ name: 'products', text: 'SELECT id, name, sku, unit_price FROM products WHERE sku = ANY($1)', values: [items.map((i) => i.sku)] })).rows;
      const bySku = new Map(products.map((p) => [p.sku, p]));
      const lines = items.map((i) => ({ product: bySku.get(i.sku), quantity: i.quantity, total: (Number(bySku.get(i.sku).unit_price) * i.quantity).toFixed(2) }));
      const total = lines.reduce((sum, l) => sum + Number(l.total), 0).toFixed(2);
      const order = (await client.query({ name: 'order', text: "INSERT INTO orders (number, store_id, order_date, due_date, status, total_amount, item_count) VALUES ('SO-' || nextval('order_number'), $1, current_date, current_date + 30, 'pending', $2, $3) RETURNING *", values: [store.id, total, lines.length] })).rows[0];
      const values = lines.flatMap((l, i) => [order.id, i + 1, l.product.id, l.quantity, l.product.unit_price, l.total]);
      const rows = lines.map((_, i) => `($${6 * i + 1}, $${6 * i + 2}, $${6 * i + 3}, $${6 * i + 4}, $${6 * i + 5}, $${6 * i + 6})`);
      const saved = (await client.query({ name: `lines ${lines.length}`, text: `INSERT INTO order_items (order_id, position, product_id, quantity, unit_price, total_price) VALUES ${rows} RETURNING *`, values })).rows;
      await client.query('COMMIT');
      response.status(201).json({ success: true, data: { ...order, store_name: store.name, items: saved } });
    } catch (error) {
      await client.query('ROLLBACK');
      response.status(500).json({ success: false, error: error.message });
    } finally {
      client.release();
    }
  });
  app.get('/api/dashboard/summary', async (request, response) => {
    const one = async (text) => (await pool.query(text)).rows;
    const [[stores], [products], [orders], top, best] = await Promise.all([
      one('SELECT count(*) FROM stores'), one('SELECT count(*) FROM products'),
      one('SELECT count(*) AS n, sum(total) AS revenue, round(sum(total) / count(*), 2) AS average FROM (SELECT invoice_id, sum(total_price) AS total FROM invoice_items GROUP BY invoice_id UNION ALL SELECT id::text, total_amount FROM orders) x'),
      one('SELECT s.id, s.name, sum(i.total_price) AS total_revenue, count(DISTINCT i.invoice_id) AS orders FROM invoice_items i JOIN stores s ON s.id = i.store_id GROUP BY s.id, s.name ORDER BY 3 DESC LIMIT 5'),
      one('SELECT p.id, p.name, sum(i.total_price) AS total_revenue, sum(i.quantity) AS quantity FROM invoice_items i JOIN products p ON p.id = i.product_id GROUP BY p.id, p.name ORDER BY 3 DESC LIMIT 5'),
    ]);
    response.json({ success: true, data: { total_stores: stores.count, total_products: products.count, total_orders: orders.n, total_revenue: orders.revenue, average_order_value: orders.average, top_stores: top, top_products: best } });
  });
  app.get('/api/stores', async (request, response) => {
    const { rows } = await pool.query({ name: 'stores', text: 'SELECT * FROM stores ORDER BY name LIMIT $1', values: [Number(request.query.limit)] });
    response.json({ success: true, data: rows, total: rows.length });
  });
  app.listen(Number(process.env.PORT), '127.0.0.1');
}

if (cluster.isPrimary && processes > 1) {
  for (let i = 0; i < processes; i++) cluster.fork();
  process.on('SIGTERM', () => process.exit(0));
} else serve();
