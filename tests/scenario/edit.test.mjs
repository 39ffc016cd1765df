// A person changes a clean row: over HTTP, judged like a file, undoable like a run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ask, data, post, problem } from './api.mjs';
import { importFile, one, place, serve, sound } from './lib.mjs';

const FILE = 'order_id,order_date,region,product,quantity,revenue\nA-1,2024-01-02,North,Tea,2,10.50\nA-2,2024-01-03,South,Rice,1,20.25\n';

function small(t) {
  const p = place(t);
  const file = path.join(p.dir, 'small.csv');
  fs.writeFileSync(file, FILE);
  importFile(p, file);
  return p;
}
const change = (server, key, body) => post(server, `/api/row?as=sales&key=${encodeURIComponent(key)}`, body);
const totals = async (server) => (await data(ask(server, '/api/figures?as=sales'))).totals;

test('a change is a run of its own, and the figures follow to the digit', async (t) => {
  const p = small(t);
  const server = await serve(t, p.data);
  assert.equal((await totals(server)).revenue, '30.75');
  const done = await data(change(server, 'A-1', { revenue: '11.75', region: 'West' }));
  assert.equal(done.key, 'A-1');
  assert.equal(one(p.db, `SELECT kind FROM run WHERE uuid = '${done.run}'`), 'edit');
  const row = await data(ask(server, '/api/row?as=sales&key=A-1'));
  assert.deepEqual(row.versions.map((v) => [v.kind, v.values.revenue, v.values.region, v.current]).sort(), [['edit', '11.75', 'West', true], ['file', '10.50', 'North', false]]);
  assert.deepEqual(await totals(server), { orders: 2, quantity: '3.00', revenue: '32.00' });
  await server.stop();
  sound(p);
});

test('what a control refuses leaves nothing behind', async (t) => {
  const p = small(t);
  const server = await serve(t, p.data);
  const runs = one(p.db, 'SELECT count(*) FROM run');
  const refused = await problem(change(server, 'A-1', { quantity: '-3' }), 422);
  assert.deepEqual(refused.errors.map((e) => e.field), ['quantity']);
  await problem(change(server, 'A-1', { colour: 'red' }), 422, /colour/);
  await problem(change(server, 'A-1', { order_id: 'B-1' }), 422, /order_id/);
  await problem(change(server, 'A-1', { revenue: [5] }), 422, /text/);
  await problem(change(server, 'A-1', {}), 422, /object of fields/);
  await problem(change(server, 'A-9', { quantity: '3' }), 404, /A-9/);
  await problem(post(server, '/api/row?as=sales', { quantity: '3' }), 422, /key/);
  assert.equal(one(p.db, 'SELECT count(*) FROM run'), runs);
  assert.equal((await totals(server)).revenue, '30.75');
  await server.stop();
  sound(p);
});
