// The statements that are asked most often find their rows by an index (R045): counted and judged while a server with some
// years of data does what it does all day. The build for tests tells every statement with its plan (OUTPOST_PLANS).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, data, imported, post } from './api.mjs';
import { addUser, as, email, login, token } from './auth.mjs';
import { importInvoices, invoiceFile, market } from './field.mjs';
import { OUTPOST_TEST, generate, importFile, ok, one, place, query, serveWith, sqlite } from './lib.mjs';

const HOTTEST = 30;
const FEW = 400; // rows of a table that may be looked through as a whole: roles, queues, schedules

test(`the ${HOTTEST} statements that are asked most go through no large table`, { timeout: 300e3 }, async (t) => {
  const p = place(t);
  for (const role of ['admin', 'sales', 'operator']) addUser(p, role);
  importInvoices(p, invoiceFile(p, 'invoices.csv', market(3, { stores: 60, days: 400, lines: 3, items: 40 })));
  importFile(p, generate(p.dir, 20000, 3, 2).file);
  ok(['jobs', 'work', '--until-idle', ...p.args]);
  for (const code of ['W1', 'W2']) ok(['record', 'save', 'warehouse', JSON.stringify({ code, name: code }), ...p.args]);
  sqlite(p.db, `
    INSERT INTO job (kind, queue, state, priority, due_at, payload, attempts_max, created_at, created_by, ended_at)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT 'jobs_tidy', 'maintenance', 'done', 0, i, '{}', 3, i, 'x', (SELECT max(at) FROM change_log) FROM n;`);
  process.env.OUTPOST_PLANS = '1';
  const server = await serveWith(OUTPOST_TEST, t, p.data, '--rate', '0');
  delete process.env.OUTPOST_PLANS;
  const admin = await token(server, email('admin'));
  const stores = await data(as(server, admin, '/api/stores?limit=60'));
  const products = await data(as(server, admin, '/api/products?limit=40'));
  for (let i = 0; i < 100; i++) await data(as(server, admin, '/api/stock-items', 'POST', { sku: `S-${i}`, name: `s ${i}` }), 201);
  // A day: people look, orders come in, stock moves, machines ask who they are.
  for (let i = 0; i < 12; i++) {
    const store = stores[(i * 7) % stores.length];
    const items = [0, 1, 2].map((k) => ({ product_id: products[(i + k) % products.length].id, quantity: '2' }));
    const order = await data(as(server, admin, '/api/orders', 'POST', { store_id: store.id, items }), 201);
    await as(server, admin, '/api/stock/adjust', 'POST', { sku: `S-${i}`, warehouse: 'W1', quantity: '20', reason: 'begin' });
    await as(server, admin, '/api/stock/transfer', 'POST', { sku: `S-${i}`, from: 'W1', to: 'W2', quantity: '3' });
    await as(server, admin, `/api/stores/${store.id}`, 'PATCH', { notes: `n ${i}` });
    await as(server, admin, '/api/jobs', 'POST', { kind: 'test_nothing' });
    for (const at of [
      '/api/auth/me', '/api/dashboard/summary', '/api/stores?limit=50', `/api/stores?q=${store.customer_id}`, `/api/stores/${store.id}`, '/api/products?limit=50', '/api/orders?limit=50', '/api/orders/recent', `/api/orders/${order.id}`,
      `/api/upselling/suggestions/${store.id}`, '/api/predicted-orders', '/api/stock/levels', `/api/stock/items/S-${i}`, `/api/stock/history?sku=S-${i}`, `/api/stock/scan?code=S-${i}`, '/api/exceptions?limit=50', '/api/rows?as=sales&limit=50', '/api/jobs?limit=50', '/api/alerts', '/api/changes?limit=50', '/api/runs', '/healthz', '/api/records/stock_item?limit=50',
    ]) assert.ok((await as(server, admin, at)).status < 300, at);
    if (i % 4 === 0) await login(server, email('sales'));
  }
  const told = server.log.split('\n').filter((line) => line.includes('"STATEMENT"')).map((line) => JSON.parse(line));
  const asked = new Map();
  for (const { sql, plan, scanned } of told) {
    const seen = asked.get(sql) ?? { sql, plan, times: 0, scanned: 0 };
    seen.times++;
    seen.scanned = Math.max(seen.scanned, Number(scanned));
    asked.set(sql, seen);
  }
  const large = query(p.db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").map(([name]) => [name, Number(one(p.db, `SELECT count(*) FROM "${name}"`))]).filter(([, rows]) => rows > FEW).map(([name]) => name);
  for (const name of ['change_log', 'sale', 'mangalam_invoices', 'invoice_items', 'job']) assert.ok(large.includes(name), `${name} is large: ${large}`);
  const hot = [...asked.values()].filter((s) => /\b(FROM|INTO|UPDATE)\b/.test(s.sql)).sort((a, b) => b.times - a.times);
  const hottest = hot.slice(0, HOTTEST);
  assert.equal(hottest.length, HOTTEST);
  assert.ok(hottest.at(-1).times >= 10, `${hottest.at(-1).times} times: ${hottest.at(-1).sql}`);
  const slow = hottest.filter((s) => s.scanned > FEW);
  assert.deepEqual(slow.map((s) => `${s.times} times, through ${s.scanned} rows: ${s.sql} | ${s.plan}`), []);
  // Of all the others only those that count or add up a whole table: lists of jobs and of the log say how many there are, and
  // the number of sales stands in a reply that is kept. A job that predicts reads all that was sold, and its turn may come meanwhile.
  const others = hot.filter((s) => s.scanned > FEW && !/^SELECT (count\(\*\)|coalesce\(sum\(orders\), 0\)|'waiting', |store_id, day, .* FROM field_line$)/.test(s.sql.trim()));
  assert.deepEqual(others.map((s) => `${s.times} times, through ${s.scanned} rows: ${s.sql} | ${s.plan}`), []);
});
