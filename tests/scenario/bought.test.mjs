// Who buys what, and how one product goes: worked out here from the rows that were written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from './api.mjs';
import { countedLines, importInvoices, invoiceFile, market } from './field.mjs';
import { halfEven, one, place, print, query, serve } from './lib.mjs';

const isoDay = (n) => new Date(n * 86400e3).toISOString().slice(0, 10);
const sum = (lines, of) => lines.reduce((all, line) => all + of(line), 0n);
const documents = (lines) => new Set(lines.map((line) => `${line.ref} ${line.store} ${line.day}`)).size;

// { [name]: [quantity, revenue, orders, last] } of lines, by `by`.
function expected(lines, by) {
  const names = [...new Set(lines.map(by))];
  return Object.fromEntries(names.map((name) => {
    const own = lines.filter((line) => by(line) === name);
    return [name, [print(sum(own, (line) => line.quantity), 4, 0), print(sum(own, (line) => line.revenue), 4, 2), documents(own), isoDay(Math.max(...own.map((line) => line.day)))]];
  }));
}

// Numbers as they stand in the text of the reply.
const rowsIn = (text) => [...text.matchAll(/"name":"([^"]*)","quantity":([0-9.]+),"total_revenue":([0-9.]+),"orders":(\d+),"last_order":"([^"]*)"/g)].map((m) => m.slice(1));

test('what a store buys, who buys a product, and how it goes month by month', async (t) => {
  const p = place(t);
  const rows = market(11, { stores: 6, days: 200, items: 7, lines: 3 });
  importInvoices(p, invoiceFile(p, 'a.csv', rows));
  const server = await serve(t, p.data);
  const [[store, customer]] = query(p.db, 'SELECT id, customer_id FROM stores LIMIT 1');
  const [[product, name]] = query(p.db, 'SELECT id, name FROM products LIMIT 1');
  // an order that counts, and one that does not
  for (const status of ['pending', 'draft'])
    assert.equal((await ask(server, '/api/orders', { method: 'POST', body: { store_id: store, status, items: [{ product_id: product, quantity: '2.5', unit_price: '3.33' }] } })).status, 201);
  const lines = countedLines(p.db);
  assert.ok(lines.some((line) => !line.invoice));

  for (const [what, id, mine, by] of [['store', store, (line) => line.store === customer, (line) => line.item], ['product', product, (line) => line.item === name, (line) => line.store]]) {
    const reply = await ask(server, `/api/analytics/bought?${what}=${id}`);
    const got = rowsIn(String(reply.body));
    const wanted = expected(lines.filter(mine), by);
    const called = (shown) => (what === 'store' ? shown : one(p.db, `SELECT customer_id FROM stores WHERE name = '${shown}'`));
    assert.deepEqual(Object.fromEntries(got.map(([shown, quantity, revenue, orders, last]) => [called(shown), [quantity, revenue, Number(orders), last]])), wanted, what);
    const revenues = reply.json.data.map((row) => row.total_revenue);
    assert.deepEqual(revenues, [...revenues].sort((a, b) => b - a));
  }
  assert.equal((await ask(server, `/api/analytics/bought?store=${store}&limit=2`)).json.data.length, 2);

  const trend = await ask(server, `/api/analytics/trends?product=${product}&period=month`);
  const own = lines.filter((line) => line.item === name);
  const months = [...new Set(own.map((line) => isoDay(line.day).slice(0, 7)))].sort();
  const wanted = months.map((month) => {
    const within = own.filter((line) => isoDay(line.day).startsWith(month));
    const revenue = sum(within, (line) => line.revenue);
    return [month, String(documents(within)), print(revenue, 4, 2), print(halfEven(revenue, BigInt(documents(within)) * 100n), 2, 2), String(new Set(within.map((line) => line.store)).size)];
  });
  assert.deepEqual([...String(trend.body).matchAll(/"period":"([^"]*)","from":"[^"]*","orders":(\d+),"revenue":([0-9.]+),"average_order_value":([0-9.]+),"stores":(\d+)/g)].map((m) => m.slice(1)), wanted);

  for (const query of ['', `?store=${store}&product=${product}`, `?store=${store}&limit=0`]) {
    const reply = await ask(server, `/api/analytics/bought${query}`);
    assert.equal(reply.status, 422, query);
    assert.ok(reply.json.errors.length);
  }
  assert.deepEqual((await ask(server, '/api/analytics/bought?store=nobody')).json.data, []);
});
