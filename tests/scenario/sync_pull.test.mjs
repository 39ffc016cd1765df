// Headquarters -> edges, with a real PostgreSQL and edges that are data folders of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, ok, one, place, query, sound } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

// Headquarters with so many edges of one organization; sync() goes there and back once.
async function world(t, count) {
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const edges = [];
  for (let i = 0; i < count; i++) {
    const p = place(t);
    ok(['upstream', 'enroll', '--dsn', hq.dsn(), '--name', `edge ${i + 1}`, ...p.args]);
    edges.push({
      ...p,
      sync: () => ok(['sync', '--once', ...p.args]),
      save: (entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args]),
      remove: (entity, id) => ok(['record', 'delete', entity, id, ...p.args]),
      row: (table, id, columns) => query(p.db, `SELECT ${columns} FROM ${table} WHERE id = '${id}'`)[0],
      head: () => Number(one(p.db, 'SELECT max(seq) FROM change_log')),
      conflicts: () => query(p.db, `SELECT field, lost, won, lost_by, policy, state FROM sync_conflicts ORDER BY field, lost`),
      parked: () => query(p.db, 'SELECT tbl, key, reason FROM sync_parked'),
    });
  }
  const organization = hq.psql('SELECT organization_id FROM outpost.organizations');
  return { hq, edges, organization };
}

const SHOWN = 'name, sku, unit_price, active, notes, version, deleted_at IS NULL';
// The same columns at headquarters, as SQLite stores them.
const shownThere = (hq, id) => hq.rows(`SELECT name, sku, (unit_price * 10000)::bigint, active::int, notes, version, (deleted_at IS NULL)::int FROM outpost.products WHERE id = '${id}'`)[0];
const text = (row) => row.map((cell) => cell ?? '');

function agree(hq, edges, id) {
  const there = shownThere(hq, id);
  for (const e of edges) assert.deepEqual(text(e.row('products', id, SHOWN)), there, e.data);
  return there;
}

test('records go from an edge to headquarters and to another edge, and come to rest', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  const { id } = a.save('product', { sku: 'A-1', name: 'first', unit_price: '10.5', notes: 'x "y"\n\\ ü' });
  a.sync();
  b.sync();
  assert.deepEqual(b.row('products', id, SHOWN), ['first', 'A-1', '105000', '1', 'x "y"\n\\ ü', '1', '1']);
  assert.equal(one(b.db, `SELECT substr(unit, 1, 3) FROM change_log WHERE key = '${id}'`), 'hq:');

  b.save('product', { id, name: 'of b' });
  b.sync();
  a.sync();
  assert.equal(a.row('products', id, 'name')[0], 'of b');

  // A person at headquarters, and one that was deleted there.
  hq.psql(`UPDATE outpost.products SET unit_price = 11.25, active = false WHERE id = '${id}'`);
  a.sync();
  b.sync();
  assert.deepEqual(b.row('products', id, 'unit_price, active, version'), ['112500', '0', '3']);
  hq.psql(`UPDATE outpost.products SET deleted_at = now() WHERE id = '${id}'`);
  for (const e of [a, b]) {
    e.sync();
    assert.equal(e.row('products', id, 'deleted_at IS NULL')[0], '0');
  }

  // Nothing goes round in circles.
  const quiet = () => [a.head(), b.head(), hq.psql('SELECT count(*) FROM outpost.change_log'), hq.psql('SELECT sum(sync_at) FROM outpost.products')];
  for (const e of [a, b]) e.sync();
  const before = quiet();
  for (let i = 0; i < 5; i++) for (const e of [a, b]) e.sync();
  assert.deepEqual(quiet(), before);
  for (const e of [a, b]) sound(e);
});

test('a transaction that is open for long at headquarters hides no row and keeps none waiting', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a], organization } = await world(t, 1);
  const add = (n) => `INSERT INTO outpost.products (organization_id, id, name, sku) VALUES ('${organization}', '0190f3a2-0000-7000-8000-${String(n).padStart(12, '0')}', 'n${n}', 's${n}')`;
  const names = () => query(a.db, 'SELECT name FROM products ORDER BY name').map(([name]) => name);
  const long = hq.session();
  await long.ask('BEGIN');
  assert.equal(await long.ask(add(1)), '');
  hq.psql(add(2));
  a.sync();
  assert.deepEqual(names(), ['n2']);
  hq.psql(add(3));
  hq.psql(`UPDATE outpost.products SET name = 'n2!' WHERE name = 'n2'`);
  a.sync();
  assert.deepEqual(names(), ['n2!', 'n3']);
  assert.equal(await long.ask('COMMIT'), '');
  hq.psql(add(4));
  a.sync();
  assert.deepEqual(names(), ['n1', 'n2!', 'n3', 'n4']);
  await long.end();
});

test('an empty edge gets everything, page by page; a row that breaks a rule here waits and keeps nobody waiting', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b], organization } = await world(t, 2);
  hq.psql(`INSERT INTO outpost.products (organization_id, id, name, sku) SELECT '${organization}', gen_random_uuid()::text, 'product ' || i, 'sku ' || i FROM generate_series(1, 1234) i`);
  a.sync();
  assert.equal(one(a.db, 'SELECT count(*) FROM products'), '1234');
  const mine = b.save('product', { sku: 'sku 7', name: 'mine' });
  b.sync();
  assert.equal(one(b.db, 'SELECT count(*) FROM products'), '1234');
  const [[table, key, reason]] = b.parked();
  assert.equal(table, 'products');
  assert.match(reason, /the same sku already/);
  // The name that is in the way is given up, and the row comes.
  b.save('product', { id: mine.id, sku: 'mine too' });
  b.sync();
  b.sync();
  assert.deepEqual(b.parked(), []);
  assert.equal(b.row('products', key, 'sku')[0], 'sku 7');
  assert.equal(hq.psql('SELECT count(*), count(DISTINCT sku) FROM outpost.products'), '1235|1235');
  sound(b);
});

test('two edges and headquarters change one record without knowing of each other', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  const { id } = a.save('product', { sku: 'A-1', name: 'first', unit_price: '10', category: 'c' });
  a.sync();
  b.sync();
  // Other fields: both stand. The same field: the later one, and the other is told.
  a.save('product', { id, name: 'of a', category: 'of a' });
  b.save('product', { id, name: 'of b', brand: 'of b' });
  a.sync();
  b.sync();
  a.sync();
  assert.deepEqual(a.row('products', id, 'name, category, brand, version'), ['of b', 'of a', 'of b', '3']);
  agree(hq, [a, b], id);
  assert.deepEqual(a.conflicts(), [['name', '"of a"', '"of b"', 'here', 'latest', 'open']]);
  assert.equal(one(a.db, `SELECT count(*) FROM alert WHERE kind = 'sync_conflict' AND status = 'open'`), '1');
  assert.equal(hq.psql(`SELECT count(*) FROM outpost.conflict WHERE state = 'open'`), '1');
  for (const e of [a, b]) sound(e);
});
