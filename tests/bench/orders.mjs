// Orders over HTTP, durable on both sides, 64 connections with three lines each; and the dashboard over 14,464 invoices: outpost
// against Express + pg (orders_express.mjs), one process and four, with the same rows in a PostgreSQL of its own (postgres.mjs).
// wrk asks; each side has its turn in every round. The dashboard is asked once between orders (so that nothing is kept from
// before) and then in a row.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from './postgres.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const CONNECTIONS = 64;

const SCRIPT = `
local n = tonumber(os.getenv("SEED")) * 100000
request = function()
  n = n + 1
  local items = {}
  for i = 1, 3 do items[i] = string.format('{"sku":"SKU-%05d","quantity":%d}', 1 + (n * 13 + i * 31) % 400, 1 + i) end
  return wrk.format("POST", "/api/orders", {["Content-Type"]="application/json"},
    string.format('{"store_id":"CUST-%04d","items":[%s]}', 1 + (n * 7) % 200, table.concat(items, ",")))
end
done = function(summary, latency) io.write(string.format("RESULT %f %d %f\\n", summary.requests / summary.duration * 1e6, summary.errors.status + summary.errors.timeout, latency:percentile(99) / 1000)) end
`;
const ASK = 'done = function(summary, latency) io.write(string.format("RESULT %f %d %f\\n", summary.requests / summary.duration * 1e6, summary.errors.status + summary.errors.timeout, latency:percentile(99) / 1000)) end\n';

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

async function answers(url) {
  for (let i = 0; i < 200; i++) {
    if (await fetch(url).then((r) => r.ok, () => false)) return;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`${url} does not answer`);
}

// { rate, errors, p99 (ms) }
function wrk(folder, url, script, seconds, connections, seed) {
  const file = path.join(folder, 'wrk.lua');
  fs.writeFileSync(file, script);
  const out = execFileSync('wrk', ['-t2', `-c${connections}`, `-d${seconds}`, '--latency', '-s', file, url], { encoding: 'utf8', env: { ...process.env, SEED: String(seed) } });
  const [, rate, errors, p99] = /RESULT (\S+) (\S+) (\S+)/.exec(out);
  return { rate: Number(rate), errors: Number(errors), p99: Number(p99) };
}

// The same rows as in the tenant's file, with the indexes that one would make.
function load(pg, db) {
  const rows = (sql) => execFileSync('sqlite3', ['-csv', db, sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
  pg.psql(`CREATE TABLE stores (id text PRIMARY KEY, customer_id text UNIQUE, name text NOT NULL);
    CREATE TABLE products (id text PRIMARY KEY, sku text UNIQUE, name text NOT NULL, unit_price numeric(14,4));
    CREATE TABLE invoice_items (id bigint PRIMARY KEY, invoice_id text NOT NULL, invoice_date int, store_id text REFERENCES stores(id), product_id text REFERENCES products(id), quantity numeric(14,4), total_price numeric(14,4));
    CREATE INDEX ON invoice_items (store_id); CREATE INDEX ON invoice_items (product_id); CREATE INDEX ON invoice_items (invoice_id);
    CREATE SEQUENCE order_number;
    CREATE TABLE orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), number text UNIQUE NOT NULL, store_id text NOT NULL REFERENCES stores(id), order_date date, due_date date, status text, total_amount numeric(14,2), item_count int, created_at timestamptz DEFAULT now());
    CREATE INDEX ON orders (store_id); CREATE INDEX ON orders (order_date);
    CREATE TABLE order_items (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), order_id uuid NOT NULL REFERENCES orders(id), position int, product_id text REFERENCES products(id), quantity numeric(14,4), unit_price numeric(14,4), total_price numeric(14,2));
    CREATE INDEX ON order_items (order_id); CREATE INDEX ON order_items (product_id);`);
  const copy = (table, sql) => pg.psql(`COPY ${table} FROM STDIN WITH (FORMAT csv)`, { input: rows(sql) });
  copy('stores', 'SELECT id, customer_id, name FROM stores');
  copy('products', 'SELECT id, sku, name, unit_price / 10000.0 FROM products');
  copy('invoice_items', 'SELECT id, invoice_id, invoice_date, store_id, product_id, quantity / 10000.0, total_price / 10000.0 FROM invoice_items');
  pg.psql('ANALYZE');
}

export async function orders(figures, { outpost, folder, home, runs, seconds = 5 }) {
  const data = path.join(folder, 'data-orders');
  const csv = path.join(folder, 'invoices.csv');
  fs.writeFileSync(csv, execFileSync(outpost, ['generate', 'invoices', '--stores', '211', '--products', '424', '--invoices', '14464', '--seed', '1'], { maxBuffer: 1 << 28 }));
  execFileSync(outpost, ['init', data]);
  execFileSync(outpost, ['tenant', 'add', 'bench', '--data', data]);
  execFileSync(outpost, ['import', csv, '--as', 'invoices', '--data', data, '--tenant', 'bench']);
  const pg = await startPostgres(folder);
  const started = [];
  const run = async (command, args, env, port, path) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    started.push(child);
    await answers(`http://127.0.0.1:${port}${path}`);
    return { child, base: `http://127.0.0.1:${port}` };
  };
  try {
    load(pg, path.join(data, 'tenants', 'bench.db'));
    const ports = [await freePort(), await freePort(), await freePort()];
    const express = (port, processes) => run(process.execPath, [path.join(HERE, 'orders_express.mjs')], { PORT: String(port), PGPORT: String(pg.port), PROCESSES: String(processes), MODULES: home, NODE_ENV: 'production' }, port, '/api/dashboard/summary');
    const sides = {
      outpost: await run(outpost, ['serve', '--data', data, '--listen', `127.0.0.1:${ports[0]}`], {}, ports[0], '/api/dashboard/summary'),
      express: await express(ports[1], 1),
      express4: await express(ports[2], 4),
    };
    const got = { posts: {}, p99: {}, asks: {}, first: {} };
    for (let round = 0; round <= runs; round++)
      for (const [name, side] of Object.entries(sides)) {
        const post = wrk(folder, side.base, SCRIPT, seconds, CONNECTIONS, round * 10 + started.length);
        if (post.errors) throw new Error(`${name}: ${post.errors} orders were not taken`);
        const began = performance.now();
        await (await fetch(`${side.base}/api/dashboard/summary`)).text();
        const first = performance.now() - began;
        const ask = wrk(folder, `${side.base}/api/dashboard/summary`, ASK, Math.min(seconds, 3), 16, 0);
        if (!round) continue; // warming up
        for (const [what, v] of Object.entries({ posts: post.rate, p99: post.p99, asks: ask.rate, first })) (got[what][name] ??= []).push(v);
        console.error(`orders: round ${round} ${name}: ${post.rate.toFixed(0)} orders/s, p99 ${post.p99.toFixed(1)} ms; first summary ${first.toFixed(2)} ms, then ${ask.rate.toFixed(0)}/s`);
      }
    const what = `POST /api/orders, durable, three lines, ${CONNECTIONS} connections`;
    const each = (rates) => rates.map((rate) => 1e6 / rate);
    figures.ratio('orders_one', what, 'µs each', each(got.posts.outpost), each(got.posts.express), `Express + pg ${pg.version}, one process`, { limit: 1 / 5 });
    figures.ratio('orders_four', what, 'µs each', each(got.posts.outpost), each(got.posts.express4), 'the same, four processes', { limit: 1 / 3 });
    figures.ratio('summary_one', 'GET /api/dashboard/summary, 14,464 invoices, 16 connections', 'µs each', each(got.asks.outpost), each(got.asks.express), 'Express + pg, one process', { limit: 1 / 100 });
    figures.ratio('summary_first', 'the first one after orders', 'ms', got.first.outpost, got.first.express, 'the same', { limit: 1 / 10 });
  } finally {
    for (const child of started) {
      child.kill('SIGTERM');
      await new Promise((ended) => (child.exitCode === null && child.signalCode === null ? child.once('exit', ended) : ended()));
    }
    await pg.stop();
  }
}
