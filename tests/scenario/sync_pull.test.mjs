// Headquarters -> edges, with a real PostgreSQL and edges that are data folders of their own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startProxy } from '../fake/proxy.mjs';
import { LONG, OUTPOST_TEST, json, ok, one, outpost, place, query, refuses, serve, sleep, sound, start } from './lib.mjs';
import { random } from './merge_model.mjs';
import { startPostgres } from './postgres.mjs';

// Headquarters with so many edges of one organization; sync() goes there and back once.
async function world(t, count) {
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const edges = [];
  for (let i = 0; i < count; i++) {
    const p = place(t);
    ok(['upstream', 'enroll', '--dsn', hq.dsn(), '--name', `edge ${i + 1}`, '--organization', 'demo', ...p.args]);
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
  for (let i = 0; i < (LONG ? 100 : 5); i++) for (const e of [a, b]) e.sync();
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
  const told = () => query(b.db, `SELECT status, text = '${reason.replaceAll("'", "''")}' FROM alert WHERE kind = 'sync_parked'`);
  assert.deepEqual(told(), [['open', '1']]);
  const before = b.head();
  b.sync();
  assert.equal(b.head(), before, 'it is tried again and nothing is said twice');
  // The name that is in the way is given up, and the row comes.
  b.save('product', { id: mine.id, sku: 'mine too' });
  b.sync();
  b.sync();
  assert.deepEqual(b.parked(), []);
  assert.deepEqual(told(), [['resolved', '1']]);
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

// Nothing can be sent, and what is new there comes down all the same: so it meets what was not sent.
async function cutOff(hq, e, perhaps) {
  hq.psql('REVOKE INSERT ON outpost.change_log FROM outpost_edge');
  const { code } = outpost(['sync', '--once', ...e.args]);
  assert.ok(perhaps || code !== 0, 'there was something to send');
  hq.psql('GRANT INSERT ON outpost.change_log TO outpost_edge');
}

test('what comes down meets what was not sent yet: field by field, and what did not hold is in the inbox and can be brought back', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  const store = a.save('store', { customer_id: 'C-1', name: 'shop', city: 'x', phone: '1' });
  const terms = a.save('store_preference', { store_id: store.id, credit_limit: '100', payment_terms: 10 });
  a.sync();
  b.sync();
  b.save('store', { id: store.id, name: 'of b', city: 'of b' });
  b.save('store_preference', { id: terms.id, credit_limit: '95', payment_terms: 5 });
  a.save('store', { id: store.id, name: 'of a', phone: 'of a' });
  a.save('store_preference', { id: terms.id, credit_limit: '110', payment_terms: 20 });
  a.sync();
  hq.psql(`UPDATE outpost.stores SET notes = 'of hq', name = 'of hq' WHERE id = '${store.id}'`);
  await cutOff(hq, b);
  // b's are the earlier ones: its name, limit and terms did not hold, its city stands.
  assert.deepEqual(b.row('stores', store.id, 'name, city, phone, notes, version'), ['of hq', 'of b', 'of a', 'of hq', '4']);
  assert.deepEqual(b.row('store_preferences', terms.id, 'credit_limit, payment_terms, version'), ['11000', '20', '3']);
  const lost = [['credit_limit', '"95"', '"110"', 'here', 'latest', 'open'], ['name', '"of b"', '"of hq"', 'here', 'latest', 'open'], ['payment_terms', '5', '20', 'here', 'latest', 'open']];
  assert.deepEqual(b.conflicts(), lost);
  assert.equal(one(b.db, `SELECT count(*) FROM alert WHERE kind = 'sync_conflict' AND status = 'open'`), '3');

  // Headquarters comes to the same when it is sent, under the same ids.
  b.sync();
  a.sync();
  b.sync();
  assert.deepEqual(b.conflicts(), lost);
  assert.equal(hq.psql(`SELECT string_agg(conflict_id::text, ' ' ORDER BY conflict_id) FROM outpost.conflict WHERE state = 'open' AND lost_origin = 2`), query(b.db, 'SELECT id FROM sync_conflicts ORDER BY id').join(' '));
  for (const e of [a, b]) {
    assert.deepEqual(e.row('stores', store.id, 'name, city, phone, notes, version'), ['of hq', 'of b', 'of a', 'of hq', '4']);
    assert.deepEqual(e.row('store_preferences', terms.id, 'credit_limit, payment_terms, version'), ['11000', '20', '3']);
  }
  assert.equal(hq.psql('SELECT name, city, version FROM outpost.stores'), 'of hq|of b|4');
  assert.equal(hq.psql('SELECT credit_limit, payment_terms, version FROM outpost.store_preferences'), '110.00|20|3');

  // Without a link: one is brought back, of the other what holds is right. Both are decided once.
  const id = (field) => one(b.db, `SELECT id FROM sync_conflicts WHERE field = '${field}'`);
  ok(['sync', 'take', id('name'), ...b.args]);
  ok(['sync', 'keep', id('payment_terms'), ...b.args]);
  ok(['sync', 'keep', id('credit_limit'), ...b.args]);
  refuses(['sync', 'take', id('name'), ...b.args], /decided already/);
  assert.deepEqual(json(['sync', 'conflicts', ...b.args]), []);
  assert.deepEqual(b.conflicts().map((c) => c.at(-1)), ['kept', 'taken', 'kept']);
  assert.equal(one(b.db, `SELECT count(*) FROM alert WHERE kind = 'sync_conflict' AND status = 'open'`), '0');
  b.sync();
  a.sync();
  assert.equal(a.row('stores', store.id, 'name')[0], 'of b');
  assert.equal(hq.psql(`SELECT state FROM outpost.conflict WHERE field = 'name' AND lost_origin = 2`), 'settled');
  for (const e of [a, b]) sound(e);
});

test('deleted here and changed there: the deletion stands, and the change comes back with the record', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  const { id } = a.save('product', { name: 'thing', unit_price: '1' });
  a.sync();
  b.sync();
  b.save('product', { id, unit_price: '2' });
  a.remove('product', id);
  a.sync();
  await cutOff(hq, b);
  assert.deepEqual(b.row('products', id, 'unit_price, deleted_at IS NULL'), ['20000', '0']);
  assert.deepEqual(b.conflicts(), [['unit_price', '"2"', 'null', 'here', 'review', 'open']]);
  b.sync();
  assert.equal(hq.psql('SELECT unit_price, deleted_at IS NULL FROM outpost.products'), '2.0000|f');
  ok(['sync', 'take', one(b.db, 'SELECT id FROM sync_conflicts'), ...b.args]);
  b.sync();
  a.sync();
  agree(hq, [a, b], id);
  assert.deepEqual(a.row('products', id, 'unit_price, deleted_at IS NULL'), ['20000', '1']);
});

test('an edge gets what is in its scope, and gives back what is not', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b], organization } = await world(t, 2);
  const edge = hq.psql("SELECT edge_id FROM outpost.edge WHERE name = 'edge 2'");
  const scope = (value) => hq.psql(`INSERT INTO outpost.scope VALUES ('${organization}', '${edge}', 'stores', 'city', '${value}')`);
  for (const city of ['Pune', 'Goa', 'Delhi']) a.save('store', { customer_id: city, name: city, city });
  scope('Pune');
  a.sync();
  b.sync();
  const cities = (e) => query(e.db, 'SELECT city FROM stores WHERE deleted_at IS NULL ORDER BY city').map(([city]) => city);
  assert.deepEqual(cities(b), ['Pune']);
  hq.psql(`DELETE FROM outpost.scope`);
  scope('Goa');
  scope('Delhi');
  b.sync();
  assert.deepEqual(cities(b), ['Delhi', 'Goa']);
  // That was no deletion: nothing of it goes up, and the others have it.
  b.sync();
  a.sync();
  assert.deepEqual(cities(a), ['Delhi', 'Goa', 'Pune']);
  assert.equal(hq.psql('SELECT count(*) FROM outpost.stores WHERE deleted_at IS NULL'), '3');
  hq.psql(`DELETE FROM outpost.scope`);
  b.sync();
  assert.deepEqual(cities(b), ['Delhi', 'Goa', 'Pune']);
  // A record that leaves the scope by a change leaves the edge.
  scope('Goa');
  b.sync();
  hq.psql(`UPDATE outpost.stores SET city = 'Agra' WHERE city = 'Goa'`);
  b.sync();
  assert.deepEqual(cities(b), []);
  for (const e of [a, b]) {
    sound(e);
    ok(['sync', 'verify', ...e.args]);
  }
});

test('what headquarters keeps for itself can be read and not changed, by whatever door, until it is given back', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b], organization } = await world(t, 2);
  const edge = hq.psql("SELECT edge_id FROM outpost.edge WHERE name = 'edge 2'");
  const { id } = a.save('product', { sku: 'A-1', name: 'thing', unit_price: '1' });
  const gone = a.save('product', { name: 'gone' }).id;
  a.remove('product', gone);
  a.sync();
  b.sync();
  // What b changed before it heard of it goes up, and is merged.
  b.save('product', { id, notes: 'of b' });
  hq.psql(`INSERT INTO outpost.scope VALUES ('${organization}', '${edge}', 'products', '*', 'read only')`);
  b.sync();
  assert.equal(hq.psql(`SELECT notes FROM outpost.products WHERE id = '${id}'`), 'of b');

  const kept = /headquarters keeps products for itself: a product is changed there/;
  refuses(['record', 'save', 'product', JSON.stringify({ name: 'new' }), ...b.args], kept, 5);
  refuses(['record', 'save', 'product', JSON.stringify({ id, name: 'other' }), ...b.args], kept, 5);
  refuses(['record', 'delete', 'product', id, ...b.args], kept, 5);
  refuses(['record', 'restore', 'product', gone, ...b.args], kept, 5);
  const server = await serve(t, b.data);
  const ask = async (method, path, body) => {
    const reply = await fetch(`${server.base}${path}`, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
    const text = await reply.text();
    assert.equal(reply.status, 409, `${method} ${path}: ${text}`);
    assert.match(text, kept);
  };
  await ask('POST', '/api/products', { name: 'new' });
  await ask('PATCH', `/api/products/${id}`, { name: 'other' });
  await ask('PUT', `/api/records/product/${id}`, { name: 'other' });
  await ask('DELETE', `/api/products/${id}`);
  await ask('POST', `/api/products/${gone}/restore`);
  await server.stop();
  b.save('store', { customer_id: 'C-1', name: 'other tables are as they were' });
  a.save('product', { id, name: 'of a' });
  hq.psql(`UPDATE outpost.products SET unit_price = 2 WHERE id = '${id}'`);
  for (const e of [a, b]) e.sync();
  assert.deepEqual(b.row('products', id, 'name, unit_price'), ['of a', '20000']);

  hq.psql('DELETE FROM outpost.scope');
  b.sync();
  b.save('product', { id, name: 'of b, again' });
  for (const e of [b, a]) e.sync();
  agree(hq, [a, b], id);
  for (const e of [a, b]) {
    sound(e);
    ok(['sync', 'verify', ...e.args]);
  }
});

test('a price that two places changed shows the later one, and waits for a person, with the line or without', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  const { id } = a.save('product', { sku: 'A-1', name: 'thing', unit_price: '10' });
  a.sync();
  b.sync();
  a.save('product', { id, unit_price: '11' });
  b.save('product', { id, unit_price: '12' });
  for (const e of [b, a, b, a]) e.sync();
  assert.deepEqual(a.conflicts().map(([field, lost, won, ...more]) => [field, Number(lost), Number(won), ...more]), [['unit_price', 11, 12, 'here', 'review', 'open']]);
  agree(hq, [a, b], id);
  await hq.stop();
  ok(['sync', 'take', one(a.db, 'SELECT id FROM sync_conflicts'), ...a.args]);
  assert.equal(a.row('products', id, 'unit_price')[0], '110000');
  assert.deepEqual(json(['sync', 'conflicts', ...a.args]), []);
  await hq.start();
  for (const e of [a, b]) e.sync();
  assert.equal(agree(hq, [a, b], id)[2], '110000');
  assert.equal(hq.psql('SELECT state FROM outpost.conflict'), 'settled');
});

test('a clock leaps back while what was not sent meets what came down: who was later stays later', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  const clock = path.join(b.dir, 'clock');
  const at = (days) => (fs.writeFileSync(clock, String(days * 86_400e6)), { binary: OUTPOST_TEST, env: { OUTPOST_CLOCK: clock } });
  const change = (days, object) => json(['record', 'save', 'product', JSON.stringify(object), ...b.args], at(days));
  const { id } = a.save('product', { sku: 'A-1', name: 'first' });
  a.sync();
  ok(['sync', '--once', ...b.args], at(3650));
  for (const [n, days] of [3650, -1, -20_000, 0].entries()) {
    change(days, { id, name: `of b ${n}`, notes: `of b ${n}` });
    a.save('product', { id, name: `of a ${n}` });
    a.sync();
    // The clock is another one when the two meet, before anything of b was sent.
    hq.psql('REVOKE INSERT ON outpost.change_log FROM outpost_edge');
    assert.notEqual(outpost(['sync', '--once', ...b.args], at(days - 1)).code, 0);
    hq.psql('GRANT INSERT ON outpost.change_log TO outpost_edge');
    // A clock that had gone right since the last contact dates b's change before a's. Where it leapt since then, the change was made between
    // two contacts, and that is all that anybody knows of it.
    if (n === 0) assert.deepEqual(b.row('products', id, 'name, notes'), ['of a 0', 'of b 0']);
    ok(['sync', '--once', ...b.args], at(days - 1));
    a.sync();
    assert.match(agree(hq, [a, b], id)[0], new RegExp(`^of [ab] ${n}$`), `${days} days`);
    // And who comes after that is later, whatever his clock says.
    change(days - 1, { id, name: `of b after ${n}` });
    ok(['sync', '--once', ...b.args], at(days - 2));
    a.sync();
    assert.equal(agree(hq, [a, b], id)[0], `of b after ${n}`);
  }
});

test('three edges and headquarters change the same records at random, send and hear of each other at random, and come to one state', { timeout: LONG ? 3_600_000 : 500_000 }, async (t) => {
  const { hq, edges } = await world(t, 3);
  const r = random(77);
  const FIELDS = ['name', 'city', 'phone'];
  const store = edges[0].save('store', { customer_id: 'C-1', name: 'n', city: 'c', phone: 'p' });
  for (const e of edges) e.sync();
  const made = []; // { who, field, base, value }
  let serial = 0;
  const change = (who, read, write) => {
    const now = Object.fromEntries(FIELDS.map((field, i) => [field, read()[i]]));
    const object = {};
    for (const field of FIELDS) if (r.chance(0.5)) object[field] = `${field} ${++serial} of ${who}`;
    if (Object.keys(object).length === 0) object.name = `name ${++serial} of ${who}`;
    write(object);
    for (const [field, value] of Object.entries(object)) made.push({ who, field, base: now[field], value });
  };
  for (let step = 0; step < (LONG ? 600 : 45); step++) {
    const k = r.below(3);
    const e = edges[k];
    const dice = r.below(100);
    if (dice < 35) change(k + 1, () => e.row('stores', store.id, FIELDS.join()), (object) => e.save('store', { id: store.id, ...object }));
    else if (dice < 50) change(0, () => hq.rows(`SELECT ${FIELDS.join()} FROM outpost.stores`)[0], (object) => hq.psql(`UPDATE outpost.stores SET ${Object.entries(object).map(([f, v]) => `${f} = '${v}'`).join()}`));
    else if (dice < 85) e.sync();
    else await cutOff(hq, e, true);
  }
  for (let round = 0; round < 2; round++) for (const e of edges) e.sync();
  for (const e of edges) e.sync();

  const there = hq.rows(`SELECT ${FIELDS.join()}, version FROM outpost.stores`)[0];
  for (const e of edges) assert.deepEqual(e.row('stores', store.id, `${FIELDS.join()}, version`), there, e.data);

  // Every value shows, or somebody went on from it, or it is in the list.
  const listed = new Set(hq.rows(`SELECT lost#>>'{}' FROM outpost.conflict`).map(([value]) => value));
  made.forEach((m, i) => {
    const goneOn = made.some((x, n) => x.field === m.field && n > i && (x.who === m.who || x.base === m.value));
    assert.ok(goneOn || there.includes(m.value) || listed.has(m.value), `"${m.value}" is lost`);
  });
  // Who lost something has it in his inbox.
  for (const [i, e] of edges.entries()) {
    const open = hq.rows(`SELECT conflict_id FROM outpost.conflict WHERE state = 'open' AND lost_origin = ${i + 1} ORDER BY 1`).map(([id]) => id);
    assert.deepEqual(query(e.db, `SELECT id FROM sync_conflicts WHERE state = 'open' AND lost_by = 'here' ORDER BY id`).map(([id]) => id), open, e.data);
    sound(e);
    ok(['sync', 'verify', ...e.args]);
  }
  t.diagnostic(`${made.length} edits, ${listed.size} lost values`);
});

test('headquarters asks for a job: it is done once, and the outcome goes back', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a], organization } = await world(t, 1);
  const ask = (kind, payload = '{}') => hq.psql(`INSERT INTO outpost.request (organization_id, edge_id, kind, payload) SELECT '${organization}', edge_id, '${kind}', '${payload}' FROM outpost.edge RETURNING request_id`);
  const answer = (id) => hq.rows(`SELECT state, coalesce(result->>'error', '') FROM outpost.request WHERE request_id = '${id}'`)[0];
  const good = ask('jobs_tidy');
  const unknown = ask('no_such_kind');
  const private_ = ask('bulk_upload');
  const dead = ask('mail_send', '{"mail": "none"}');
  a.sync();
  a.sync();
  assert.deepEqual(answer(good), ['taken', '']);
  assert.equal(answer(unknown)[0], 'failed');
  assert.match(answer(unknown)[1], /there is no kind of job no_such_kind/);
  assert.match(answer(private_)[1], /ordered by the program alone/);
  assert.equal(one(a.db, `SELECT count(*) FROM job WHERE unique_key = '${good}'`), '1');
  ok(['jobs', 'work', '--until-idle', ...a.args]);
  a.sync();
  a.sync();
  assert.equal(answer(good)[0], 'done');
  assert.equal(answer(dead)[0], 'failed');
  assert.equal(one(a.db, `SELECT count(*) FROM job WHERE unique_key = '${good}'`), '1');
});

test('headquarters with a column more, and with one less: what one side does not know is kept and comes back', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  hq.psql("ALTER TABLE outpost.products ADD COLUMN colour text; ALTER TABLE outpost.products DROP COLUMN brand; DELETE FROM outpost.schema_part WHERE name LIKE '%products%'");
  const { id } = a.save('product', { name: 'thing', brand: 'of a', notes: 'n' });
  a.sync();
  hq.psql("UPDATE outpost.products SET colour = 'red'");
  b.sync();
  assert.deepEqual(b.row('products', id, 'name, brand, notes'), ['thing', 'of a', 'n']);
  b.save('product', { id, brand: 'of b', notes: 'm' });
  b.sync();
  a.sync();
  assert.deepEqual(a.row('products', id, 'name, brand, notes'), ['thing', 'of b', 'm']);
  assert.deepEqual(hq.rows("SELECT name, colour, notes, extra->>'brand' FROM outpost.products"), [['thing', 'red', 'm', 'of b']]);
  // It learns the column: what stood beside it moves in, and all edges look again.
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  assert.equal(hq.psql('SELECT brand FROM outpost.products'), 'of b');
  for (const e of [a, b]) {
    e.sync();
    assert.equal(e.row('products', id, 'brand')[0], 'of b');
    sound(e);
  }
});

test('nothing new at headquarters is one round trip, whatever there is; one new row brings what is new', { timeout: 300_000 }, async (t) => {
  const hq = await startPostgres(t);
  const line = await startProxy(t, hq.port);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const p = place(t);
  assert.equal((await start(['upstream', 'enroll', '--dsn', hq.dsn({ port: line.port }), ...p.args]).ended).code, 0);
  const turns = async () => {
    const before = line.turns;
    const { code, err } = await start(['sync', '--once', ...p.args]).ended;
    assert.equal(code, 0, err);
    return line.turns - before;
  };
  const first = await turns();
  const idle = await turns();
  assert.equal(await turns(), idle);
  // It was 13 questions of the tables, conflicts and requests: what is left is dialling, the time, and the lanes.
  assert.ok(idle <= first - 15, `${first} round trips at first, ${idle} when nothing is new`);
  const organization = hq.psql('SELECT organization_id FROM outpost.organizations');
  hq.psql(`INSERT INTO outpost.products (organization_id, name) VALUES ('${organization}', 'new')`);
  hq.psql(`INSERT INTO outpost.request (organization_id, edge_id, kind) SELECT organization_id, edge_id, 'low_stock_check' FROM outpost.edge`);
  await turns();
  assert.equal(one(p.db, 'SELECT name FROM products'), 'new');
  assert.equal(one(p.db, 'SELECT count(*) FROM sync_request'), '1');

  // A server looks every ten seconds: one look is followed by nothing for seconds.
  const server = await serve(t, p.data);
  let quiet = 0;
  for (let at = line.turns, since = Date.now(), begun = since, looks = 0; looks < 2; await sleep(20)) {
    assert.ok(Date.now() - begun < 200_000, 'it does not come to rest');
    if (line.turns === at) continue;
    quiet = Date.now() - since;
    looks = line.turns === at + 1 && quiet > 4000 ? looks + 1 : 0;
    since = Date.now();
    at = line.turns;
  }
  await server.stop();
  t.diagnostic(`${first} round trips at first, ${idle} with dialling when nothing is new; ${quiet} ms between looks of a server`);
});

test('killed at every crash point while a first load comes in, it goes on: each record once', { timeout: 600_000 }, async (t) => {
  const { hq, edges: [a], organization } = await world(t, 1);
  hq.psql(`INSERT INTO outpost.products (organization_id, id, name, sku) SELECT '${organization}', gen_random_uuid()::text, 'product ' || i, 'sku ' || i FROM generate_series(1, 1700) i`);
  let kills = 0;
  for (let n = 1; n < 400; n += LONG ? 1 : 3) {
    const { signal, code } = outpost(['sync', '--once', ...a.args], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    if (signal === null && code === 0) break;
    kills++;
  }
  assert.ok(kills > 3, `${kills} kills`);
  a.sync();
  assert.equal(one(a.db, 'SELECT count(*) FROM products'), '1700');
  assert.equal(one(a.db, `SELECT count(*) || ' ' || count(DISTINCT key) FROM change_log WHERE tbl = 'products' AND unit LIKE 'hq:%'`), '1700 1700');
  sound(a);
  t.diagnostic(`${kills} kills`);
});

test('an old copy of a file is put back: what headquarters sends meets it without a conflict', { timeout: 300_000 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  const { id } = a.save('product', { name: 'thing', notes: '1' });
  a.sync();
  b.sync();
  const old = fs.readFileSync(a.db);
  a.save('product', { id, notes: '2' });
  a.sync();
  b.sync();
  b.save('product', { id, category: 'of b' });
  b.sync();
  for (const end of ['-wal', '-shm']) fs.rmSync(a.db + end, { force: true });
  fs.rmSync(a.db.replace(/db$/, 'mark'), { force: true });
  fs.writeFileSync(a.db, old);
  a.sync();
  a.sync();
  assert.equal(hq.psql('SELECT count(*) FROM outpost.origin'), '3');
  assert.deepEqual(a.row('products', id, 'notes, category'), ['2', 'of b']);
  a.save('product', { id, notes: '3' });
  a.sync();
  b.sync();
  agree(hq, [a, b], id);
  assert.deepEqual([...a.conflicts(), ...b.conflicts()], []);
  for (const e of [a, b]) sound(e);
});
