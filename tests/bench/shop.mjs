// The shop of the parts `orders` and `http`: invoices imported, the same rows in a PostgreSQL of its own (postgres.mjs), and
// servers over the two: outpost, and Express with pg (orders_express.mjs).
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const STORE = ['address', 'city', 'state', 'pin', 'phone', 'email', 'gstin', 'salesperson', 'status', 'notes', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by'];

// A tenant `bench` with 14,464 invoices of 211 stores and 424 products.
export function importShop(outpost, folder, data) {
  const csv = path.join(folder, 'invoices.csv');
  const run = (...args) => execFileSync(outpost, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  fs.rmSync(data, { recursive: true, force: true });
  fs.writeFileSync(csv, execFileSync(outpost, ['generate', 'invoices', '--stores', '211', '--products', '424', '--invoices', '14464', '--seed', '1'], { maxBuffer: 1 << 28 }));
  run('init', data);
  run('tenant', 'add', 'bench', '--data', data);
  run('import', csv, '--as', 'invoices', '--data', data, '--tenant', 'bench');
}

export const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

export async function answers(url) {
  for (let i = 0; i < 200; i++) {
    if (await fetch(url).then((r) => r.ok, () => false)) return;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`${url} does not answer`);
}

// The same rows as in the tenant's file, with the indexes that one would make.
export function loadShop(pg, db) {
  const rows = (sql) => execFileSync('sqlite3', ['-csv', db, sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
  pg.psql(`CREATE TABLE stores (id text PRIMARY KEY, customer_id text UNIQUE, name text NOT NULL, ${STORE.map((name) => `${name} text`)});
    CREATE TABLE products (id text PRIMARY KEY, sku text UNIQUE, name text NOT NULL, unit_price numeric(14,4));
    CREATE TABLE invoice_items (id bigint PRIMARY KEY, invoice_id text NOT NULL, invoice_date int, store_id text REFERENCES stores(id), product_id text REFERENCES products(id), quantity numeric(14,4), total_price numeric(14,4));
    CREATE INDEX ON invoice_items (store_id); CREATE INDEX ON invoice_items (product_id); CREATE INDEX ON invoice_items (invoice_id);
    CREATE SEQUENCE order_number;
    CREATE TABLE orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), number text UNIQUE NOT NULL, store_id text NOT NULL REFERENCES stores(id), order_date date, due_date date, status text, total_amount numeric(14,2), item_count int, created_at timestamptz DEFAULT now());
    CREATE INDEX ON orders (store_id); CREATE INDEX ON orders (order_date);
    CREATE TABLE order_items (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), order_id uuid NOT NULL REFERENCES orders(id), position int, product_id text REFERENCES products(id), quantity numeric(14,4), unit_price numeric(14,4), total_price numeric(14,2));
    CREATE INDEX ON order_items (order_id); CREATE INDEX ON order_items (product_id);`);
  const copy = (table, sql) => pg.psql(`COPY ${table} FROM STDIN WITH (FORMAT csv)`, { input: rows(sql) });
  copy('stores', `SELECT id, customer_id, name, ${STORE} FROM stores`);
  copy('products', 'SELECT id, sku, name, unit_price / 10000.0 FROM products');
  copy('invoice_items', 'SELECT id, invoice_id, invoice_date, store_id, product_id, quantity / 10000.0, total_price / 10000.0 FROM invoice_items');
  pg.psql('ANALYZE');
}

// Express with so many processes, once it answers: { child, base }.
export async function startExpress(pg, home, processes) {
  const port = await freePort();
  const child = spawn(process.execPath, [path.join(HERE, 'orders_express.mjs')], { env: { ...process.env, PORT: String(port), PGPORT: String(pg.port), PROCESSES: String(processes), MODULES: home, NODE_ENV: 'production' }, stdio: 'ignore' });
  await answers(`http://127.0.0.1:${port}/api/dashboard/summary`);
  return { child, base: `http://127.0.0.1:${port}` };
}

export async function ended(child) {
  child.kill('SIGTERM');
  await new Promise((done) => (child.exitCode === null && child.signalCode === null ? child.once('exit', done) : done()));
}
