// What the program tells of itself is what others count: the source, the file, the requests.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ask, data, post } from './api.mjs';
import { routes } from './auth.mjs';
import { ROOT, json, ok, one, place, query, serve, sqlite, verify } from './lib.mjs';

const files = (folder, end) => fs.readdirSync(path.join(ROOT, folder)).filter((f) => f.endsWith(end));
const read = (file) => fs.readFileSync(path.join(ROOT, file), 'utf8');

test('counts are those of the source and of the file', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const system = await data(ask(server, '/api/system'));
  const counts = Object.fromEntries(system.counts.map((c) => [c.name, c.count]));
  const doc = (await ask(server, '/openapi.json')).json;
  const of = (type) => Number(one(p.db, `SELECT count(*) FROM sqlite_schema WHERE type = '${type}' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`));
  const entities = files('sql/entity', '.entity').map((f) => read(`sql/entity/${f}`));
  const expected = {
    routes: routes().length,
    operations: Object.values(doc.paths).reduce((n, item) => n + Object.keys(item).length, 0),
    entities: entities.length,
    migrations: files('sql/migrate/tenant', '.sql').length + files('sql/migrate/system', '.sql').length,
    tables: of('table'), indexes: of('index'), triggers: of('trigger'), views: of('view'),
    job_kinds: (await data(ask(server, '/api/job-kinds'))).length,
    reports: files('sql/report', '.sql').length + files('sql/dataset', '.dataset').length, // each dataset has one
    topics: Number(one(p.db, 'SELECT count(*) FROM topic')), rules: Number(one(p.db, 'SELECT count(*) FROM rule WHERE active')), roles: Number(one(p.db, 'SELECT count(*) FROM roles')),
    properties: (await data(ask(server, '/api/entities'))).reduce((n, e) => n + e.properties.length, 0),
  };
  for (const [name, count] of Object.entries(expected)) assert.equal(counts[name], count, name);
  assert.ok(Object.values(counts).every((n) => Number.isInteger(n) && n >= 0));
  assert.deepEqual(system.libraries.map((l) => l.name), ok(['version', '--libs']).split('\n').slice(1).filter(Boolean).map((l) => l.trim().split(/\s+/)[0]));
});

test('each service of old is there, with counters that live', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const services = async () => Object.fromEntries((await data(ask(server, '/api/system'))).services.map((s) => [s.name, s]));
  const before = await services();
  for (const was of ['API Gateway', 'Bulk Upload', 'Prediction Service', 'Queue Processor', 'Frontend', 'PostgreSQL', 'Redis']) assert.ok(Object.values(before).some((s) => s.was.startsWith(was) && s.state === 'up'), was);
  await data(post(server, '/api/stock-items', { sku: 'A' }), 201);
  await data(post(server, '/api/jobs', { kind: 'jobs_tidy' }), 201);
  // The job commits at a moment of its own, and then a list is made anew.
  let after;
  for (const end = Date.now() + 20000; !after || after.cache.counters.hits < before.cache.counters.hits + 2; after = await services()) {
    assert.ok(Date.now() < end, 'lists are not kept');
    await ask(server, '/api/stock-items');
  }
  assert.ok(after.gateway.counters.requests >= before.gateway.counters.requests + 5);
  assert.ok(after.queue.counters.jobs > before.queue.counters.jobs);
  assert.ok(after.store.counters.changes > before.store.counters.changes);
});

// ---- the schema ----

// Each line of an order would write a page more for it, and nothing asks for the lines of a product.
const UNINDEXED = ['order_items.product_id'];
// The index begins with a block of numbers, and who asks skips from block to block.
const SKIPPED = ['orders.store_id'];

test('every foreign key has an index, every reference is one or is looked at, and a row that points nowhere is found', (t) => {
  const p = place(t);
  const keys = query(p.db, "SELECT m.name, k.\"from\", k.\"table\", k.seq FROM sqlite_schema m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table'");
  assert.ok(keys.length > 15);
  for (const [table, from] of keys) {
    if ([...UNINDEXED, ...SKIPPED].includes(`${table}.${from}`)) continue;
    const led = query(p.db, `SELECT i.name FROM pragma_index_list('${table}') i, pragma_index_info(i.name) c WHERE c.seqno = 0 AND c.name = '${from}'`);
    const first = one(p.db, `SELECT name FROM pragma_table_info('${table}') WHERE pk = 1`);
    assert.ok(led.length || first === from, `${table}.${from} has no index that begins with it`);
  }
  for (const e of json(['record', 'entities']))
    for (const x of e.properties.filter((y) => y.kind === 'reference')) {
      const led = query(p.db, `SELECT i.name FROM pragma_index_list('${e.table}') i, pragma_index_info(i.name) c WHERE c.seqno = 0 AND c.name = '${x.name}'`);
      assert.equal(led.length > 0, ![...UNINDEXED, ...SKIPPED].includes(`${e.table}.${x.name}`), `${e.table}.${x.name} has an index that begins with it, unless it is named`);
    }
  for (const key of SKIPPED) {
    const [table, column] = key.split('.');
    assert.match(sqlite(p.db, `EXPLAIN QUERY PLAN SELECT * FROM ${table} WHERE ${column} = 'x'`), new RegExp(`USING INDEX ${table}_of_${column} \\(ANY\\(<expr>\\) AND ${column}=\\?\\)`));
  }
  const real = new Set(keys.map(([table, from]) => `${table}.${from}`));
  for (const column of ['customer_segments.store_id', 'predicted_orders.store_id', 'predicted_order_items.predicted_order_id', 'predicted_order_items.product_id', 'upselling_recommendations.product_id', 'order_items.product_id']) assert.ok(real.has(column), `${column} is no foreign key`);

  // With the keys on, the table itself refuses; with them off, as the shell has them, verify finds it.
  const nobody = '01a1fc1f-1778-78ed-80cb-4684bbc176b3';
  const row = (id) => `INSERT INTO store_preferences (id, store_id, created_at, created_by, updated_at, updated_by) VALUES ('${id}', '${nobody}', 1, 'x', 1, 'x');`;
  assert.throws(() => sqlite(p.db, `PRAGMA foreign_keys = ON; ${row(nobody)}`), /FOREIGN KEY/);
  sqlite(p.db, row(nobody));
  const wrong = () => verify(p).checks.filter((c) => !c.ok).map((c) => c.text).join('; ');
  assert.match(wrong(), /rows of store_preferences refer to rows that are gone/);
  sqlite(p.db, `DELETE FROM store_preferences WHERE id = '${nobody}';`);
  assert.equal(wrong(), '');
  const item = json(['record', 'save', 'stock_item', '{"sku":"A"}', ...p.args]); // its supplier is one of before there were keys
  sqlite(p.db, `UPDATE stock_items SET supplier = '${nobody}' WHERE id = '${item.id}';`);
  assert.match(wrong(), /stock_item/);
});
