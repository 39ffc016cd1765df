// Headquarters -> edges, with a real PostgreSQL and edges that are data folders of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, ok, one, place, query, refuses, sound } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

// Headquarters with so many edges of one organization; edges[i].sync() goes there and back once.
async function world(t, count) {
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const edges = [];
  for (let i = 0; i < count; i++) {
    const p = place(t);
    ok(['upstream', 'enroll', '--dsn', hq.dsn(), '--name', `edge ${i + 1}`, ...p.args]);
    edges.push({
      ...p,
      sync: (options) => ok(['sync', '--once', ...p.args], options),
      save: (entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args]),
      get: (table, id, columns = '*') => query(p.db, `SELECT ${columns} FROM ${table} WHERE id = '${id}'`)[0],
    });
  }
  return { hq, edges };
}

test('try', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  const saved = a.save('product', { sku: 'A-1', name: 'first', unit_price: '10' });
  console.log(saved);
  console.log(a.sync());
  console.log(hq.psql('SELECT organization_id, sku, name, unit_price, sync_origin, sync_stamps, version from outpost.products'));
  console.log(b.sync());
  console.log(query(b.db, 'select sku, name from products'), query(b.db, 'select * from sync_pull'));
  console.log(ok(['sync', 'status', ...b.args]));
});
