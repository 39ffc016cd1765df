// The entries of a unit of work stand one after another, and the index leads to the first of them: whatever wrote, all are found.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import * as lib from './lib.mjs';
import { generate, json, ok, one, place, query, serve, sound, sqlite } from './lib.mjs';
import { ask, data, imported, post } from './api.mjs';
import { importInvoices, invoiceFile, market } from './field.mjs';
import { checkUnits } from './unit_log.mjs';

test('64 who order, of whom some fail halfway, with imports, an undo and another process among them', async (t) => {
  const p = place(t);
  importInvoices(p, invoiceFile(p, 'invoices.csv', market(3, { stores: 6, days: 120, items: 8 })));
  const products = query(p.db, 'SELECT id FROM products WHERE unit_price IS NOT NULL').map(([id]) => id);
  const stores = query(p.db, 'SELECT id FROM stores').map(([id]) => id);
  sqlite(p.db, "CREATE TRIGGER unlucky BEFORE INSERT ON order_items WHEN new.quantity = 130000 BEGIN SELECT raise(ABORT, 'unlucky'); END;");
  const s = await serve(t, p.data);
  const rounds = lib.LONG ? 60 : 6;
  const made = [];
  let failed = 0;
  let left = 64;
  const client = async (n) => {
    for (let i = 0; i < rounds; i++) {
      const fails = (n + i) % 5 === 0;
      const items = [1, 2, fails ? 13 : 3].map((quantity, k) => ({ product_id: products[(n + i + k) % products.length], quantity }));
      const answer = await post(s, '/api/orders', { store_id: stores[(n + i) % stores.length], items });
      assert.equal(answer.status === 201, !fails, `${answer.status} ${answer.body}`);
      if (fails) failed++;
      else made.push(answer.json.data.id);
    }
    left--;
  };
  const imports = async () => {
    for (let i = 0; left > 0 || i < 2; i++) {
      const run = await imported(s, `${i}.csv`, fs.readFileSync(generate(p.dir, 300, 10 + i).file), [['as', 'sales'], ['unique', 'order_id,revenue,quantity']]);
      assert.equal(run.state, 'done', JSON.stringify(run));
    }
  };
  const process = async () => {
    for (let i = 0; left > 0; i++) {
      const { code, err } = await lib.start(['record', 'save', 'store', JSON.stringify({ customer_id: `X-${i}`, name: 'other' }), ...p.args]).ended;
      assert.equal(code, 0, err);
    }
  };
  await Promise.all([...Array.from({ length: 64 }, (_, n) => client(n)), imports(), process()]);
  sqlite(p.db, 'DROP TRIGGER unlucky;');
  const run = one(p.db, "SELECT uuid FROM run WHERE dataset = 'sales' ORDER BY id LIMIT 1");
  ok(['undo', run, ...p.args]);
  assert.ok(failed > 10 && made.length > 100);

  const { entries, stretches } = checkUnits(p.db);
  // An order and its lines are the four entries of a request: one begins, three go on.
  const units = query(p.db, `SELECT unit FROM change_log WHERE tbl = 'orders' AND key IN (${made.map((id) => `'${id}'`)})`).map(([unit]) => unit);
  assert.equal(new Set(units).size, made.length);
  const own = new Set(units);
  const of = entries.filter(({ unit }) => own.has(unit));
  assert.equal(of.length, 4 * made.length);
  assert.equal(of.filter(({ on }) => on).length, 3 * made.length);
  assert.ok(stretches.get(run) >= 2, 'another process began another stretch');
  // The same as the program says it.
  const told = query(p.db, `SELECT seq FROM change_log WHERE unit = '${run}' ORDER BY seq DESC`).map(([seq]) => Number(seq));
  const page = await ask(s, `/api/changes?unit=${run}&limit=1000`);
  assert.deepEqual(page.json.data.map((entry) => entry.seq), told);
  assert.equal(page.json.total, told.length);
  assert.deepEqual((await data(ask(s, `/api/changes?unit=${units[0]}&limit=2&before=${Math.max(...of.filter(({ unit }) => unit === units[0]).map(({ seq }) => seq))}`))).map((entry) => entry.unit), [units[0], units[0]]);
  assert.deepEqual(await data(ask(s, '/api/changes?unit=nobody')), []);
  assert.equal(json(['run', 'show', run, ...p.args]).timeline.length, told.length);
  await s.stop();
  sound(p);
});
