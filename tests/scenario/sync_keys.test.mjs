// Two places make records with the same unique key while neither knows of the other: who is later chooses, and whatever is chosen, in
// whatever order it arrives, no record is lost and all sides come to the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, data, post, problem } from './api.mjs';
import { addUser, as, bearer, email, token } from './auth.mjs';
import { LONG, json, ok, one, outpost, place, query, random, refuses, serve, sound } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

async function world(t, n) {
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const edges = Array.from({ length: n }, (_, i) => {
    const p = place(t);
    ok(['upstream', 'enroll', '--dsn', hq.dsn(), '--name', `Till ${i}`, '--organization', 'demo', ...p.args]);
    return {
      ...p,
      sync: () => ok(['sync', '--once', ...p.args]),
      save: (entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args]).id,
      open: () => query(p.db, "SELECT id, record, json_extract(won, '$.id') FROM sync_conflicts WHERE state = 'open' ORDER BY id").map(([id, mine, theirs]) => ({ id, mine, theirs })),
      parked: () => query(p.db, 'SELECT key FROM sync_parked ORDER BY 1').flat(),
      rows: (table, columns) => query(p.db, `SELECT id, ${columns}, deleted_at IS NULL FROM ${table} ORDER BY id`),
    };
  });
  return { hq, edges };
}

// Until nothing moves any more.
function settle(edges, rounds = 3) {
  for (let i = 0; i < rounds; i++) for (const edge of edges) edge.sync();
}

function same(edges, table, columns) {
  const [first, ...others] = edges.map((edge) => edge.rows(table, columns));
  for (const rows of others) assert.deepEqual(rows, first);
  for (const edge of edges) {
    const verdict = JSON.parse(outpost(['sync', 'verify', ...edge.args, '--json']).out);
    assert.equal(verdict.same, true, verdict.sentence);
    assert.deepEqual(edge.parked(), []);
    sound(edge);
  }
  return first;
}

test('the later one gets another key, at the place that made it', { timeout: 300e3 }, async (t) => {
  const { edges: [a, b] } = await world(t, 2);
  const first = a.save('product', { sku: 'X-1', name: 'Rice of a', unit_price: '10' });
  const later = b.save('product', { sku: 'X-1', name: 'Rice of b', unit_price: '11', notes: 'new' });
  settle([a, b], 2);
  assert.deepEqual([a.open(), a.parked()], [[], [later]], 'the earlier one is asked nothing');
  const [{ id, mine, theirs }, ...more] = b.open();
  assert.deepEqual([mine, theirs, more, b.parked()], [later, first, [], [first]]);
  const alert = (edge) => query(edge.db, "SELECT status, address, text FROM alert WHERE kind = 'sync_parked'");
  assert.match(alert(a)[0][2], /The one here was made earlier/);
  assert.deepEqual(alert(b)[0].slice(0, 2), ['open', '#/conflicts']);
  const head = () => one(b.db, 'SELECT max(seq) FROM change_log');
  const before = head();
  b.sync();
  assert.equal(head(), before, 'it is said once');

  for (const role of ['admin', 'auditor']) addUser(b, role);
  const server = await serve(t, b.data);
  const [admin, auditor] = await Promise.all(['admin', 'auditor'].map((role) => token(server, email(role))));
  const [shown] = await data(as(server, auditor, '/api/sync/conflicts'));
  assert.deepEqual([shown.property, shown.field, shown.base, shown.title, shown.lost_by], ['key', 'id', ['sku'], 'Rice of b', 'here']);
  assert.deepEqual([shown.lost.name, shown.lost.notes, shown.won.name, shown.won.id], ['Rice of b', 'new', 'Rice of a', first]);
  assert.equal(shown.theirs.who, one(a.db, `SELECT created_by FROM products WHERE id = '${first}'`));
  assert.ok(shown.theirs.at < shown.mine.at);
  const act = (who, what, body) => ask(server, `/api/sync/conflicts/${id}/${what}`, { method: 'POST', headers: bearer(who), body });
  await problem(act(auditor, 'rename', { values: { sku: 'X-2' } }), 403);
  await problem(act(admin, 'rename', {}), 422, /another sku is needed/);
  await problem(act(admin, 'rename', { values: { name: 'Y' } }), 422, /name is no part of the key; that is sku/);
  await problem(act(admin, 'rename', { values: { sku: 'X-1' } }), 409, /sku is the same as theirs still/);
  await problem(act(admin, 'take', {}), 409, /another record has the key/);
  await data(act(admin, 'rename', { values: { sku: 'X-2' }, note: 'a new shelf' }));
  await problem(act(admin, 'rename', { values: { sku: 'X-3' } }), 409, /decided already: it is taken/);
  await problem(act(admin, 'reopen', {}), 409, /change the records themselves/);
  assert.deepEqual(query(b.db, 'SELECT sku, name FROM products ORDER BY 1'), [['X-1', 'Rice of a'], ['X-2', 'Rice of b']], 'theirs is there at once');
  assert.deepEqual(b.parked(), []);
  await server.stop();
  settle([b, a, b], 1);
  assert.deepEqual(same([a, b], 'products', 'sku, name').map((row) => row.slice(1)).sort(), [['X-1', 'Rice of a', '1'], ['X-2', 'Rice of b', '1']]);
  assert.equal(alert(a)[0][0], 'resolved');
});

test('theirs takes the place of mine, and what refers to mine follows, without the line', { timeout: 300e3 }, async (t) => {
  const { hq, edges: [a, b] } = await world(t, 2);
  const theirs = a.save('store', { customer_id: 'C-1', name: 'Corner of a' });
  const mine = b.save('store', { customer_id: 'C-1', name: 'Corner of b' });
  const [theirProduct, product] = [a, b].map((edge) => edge.save('product', { sku: 'A-1', name: edge === a ? 'Rice of a' : 'Rice of b', unit_price: '10' }));
  const preference = b.save('store_preference', { store_id: mine });
  const server = await serve(t, b.data);
  const order = (await data(post(server, '/api/orders', { store_id: mine, order_date: '2024-03-01', items: [{ product_id: product, quantity: 2 }] }), 201)).id;
  await server.stop();
  settle([a, b], 2);
  const open = b.open();
  assert.deepEqual(open.map((c) => c.mine).sort(), [mine, product].sort());
  await hq.stop();
  for (const { id } of open) ok(['sync', 'keep', id, ...b.args]);
  refuses(['sync', 'keep', open[0].id, ...b.args], /decided already: it is kept/);
  assert.deepEqual(query(b.db, 'SELECT o.store_id, i.product_id, o.total_amount FROM orders o JOIN order_items i ON i.order_id = o.id'), [[theirs, theirProduct, '2000']]);
  assert.equal(one(b.db, `SELECT store_id FROM store_preferences WHERE id = '${preference}' AND deleted_at IS NULL`), theirs);
  assert.equal(one(b.db, `SELECT name FROM stores WHERE id = '${theirs}' AND deleted_at IS NULL`), 'Corner of a');
  assert.deepEqual(query(b.db, `SELECT deleted_at IS NOT NULL FROM stores WHERE id = '${mine}' UNION ALL SELECT deleted_at IS NOT NULL FROM products WHERE id = '${product}'`), [['1'], ['1']]);
  await hq.start();
  settle([b, a, b], 1);
  same([a, b], 'stores', 'customer_id, name');
  same([a, b], 'products', 'sku, name');
  assert.deepEqual(hq.rows(`SELECT store_id FROM outpost.orders WHERE id = '${order}'`), [[theirs]]);
  assert.deepEqual([...a.open(), ...b.open()], []);
});

test('somebody else settles it: the other one is renamed, or deleted', { timeout: 300e3 }, async (t) => {
  const { edges: [a, b] } = await world(t, 2);
  const made = ['S-1', 'S-2'].map((sku) => [a.save('product', { sku, name: `${sku} of a` }), b.save('product', { sku, name: `${sku} of b` })]);
  settle([a, b], 2);
  assert.equal(b.open().length, 2);
  a.save('product', { id: made[0][0], sku: 'S-1a' });
  ok(['record', 'delete', 'product', made[1][0], ...a.args]);
  settle([a, b, a], 1);
  assert.deepEqual([b.open(), query(b.db, 'SELECT DISTINCT state FROM sync_conflicts')], [[], [['settled']]]);
  settle([b, a], 1);
  same([a, b], 'products', 'sku, name');
});

// Records that name the one that gives way: of the place that chooses, of a third one, and of one that has neither seen nor sent anything for long.
test('theirs takes the place of mine at every place, in whatever order it is heard of', { timeout: 300e3 }, async (t) => {
  const { hq, edges } = await world(t, 4);
  const [a, b, c] = edges;
  const named = Object.fromEntries(['b', 'c', 'd'].map((name, i) => [name, edges[i + 1]]));
  const [suppliers, items, lots] = [new Map(), new Map(), []];
  for (const order of ['bcd', 'cbd', 'dcb']) {
    const theirs = a.save('stock_supplier', { name: order, notes: 'of a' });
    const mine = b.save('stock_supplier', { name: order, notes: 'of b' });
    for (const edge of Object.values(named)) edge.sync(); // a is silent: mine is everywhere, theirs is nowhere
    for (const [name, edge] of Object.entries(named)) {
      items.set(edge.save('stock_item', { sku: `${order}-${name}`, supplier: mine }), [theirs, '1']);
      lots.push([edge, theirs, edge.save('stock_lot', { sku: order, code: `L-${name}`, supplier: mine })]);
    }
    const gone = c.save('stock_item', { sku: `${order}-gone`, supplier: mine });
    ok(['record', 'delete', 'stock_item', gone, ...c.args]);
    items.set(gone, [mine, '0']);
    suppliers.set(theirs, '1').set(mine, '0');
    a.sync();
    b.sync();
    const [conflict] = b.open();
    assert.deepEqual([conflict.mine, conflict.theirs], [mine, theirs]);
    ok(['sync', 'keep', conflict.id, ...b.args]);
    for (const name of order) named[name].sync();
    settle(edges, 1);
  }
  settle(edges, 1);
  assert.deepEqual(new Map(same(edges, 'stock_suppliers', 'name').map(([id, , there]) => [id, there])), suppliers);
  assert.deepEqual(new Map(same(edges, 'stock_items', 'supplier').map(([id, ...row]) => [id, row])), items);
  for (const [edge, theirs, id] of lots) {
    assert.equal(one(edge.db, `SELECT supplier FROM stock_lots WHERE id = '${id}'`), theirs);
    assert.equal(hq.psql(`SELECT supplier FROM outpost.stock_lots WHERE id = '${id}'`), theirs);
  }
  for (const edge of edges) assert.deepEqual([edge.open(), query(edge.db, "SELECT text FROM alert WHERE kind = 'sync_parked' AND status <> 'resolved'")], [[], []]);
});

// The model: who gave way to whom; a record names the one that it was given, or who has its place by then.
test('three places name, give way and arrive at random, and nothing names what is deleted', { timeout: LONG ? 3_600_000 : 500_000 }, async (t) => {
  const { hq, edges } = await world(t, 3);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const { next, below, pick } = random(seed);
  const [heirs, items, lots] = [new Map(), new Map(), new Map()];
  const heir = (id) => (heirs.has(id) ? heir(heirs.get(id)) : id);
  let made = 0;
  function choose(edge) {
    const conflict = pick(edge.open());
    if (!conflict) return;
    if (next() < 0.1) {
      ok(['sync', 'rename', conflict.id, JSON.stringify({ name: `N-${made += 1}` }), ...edge.args]);
    } else {
      ok(['sync', 'keep', conflict.id, ...edge.args]);
      if (one(edge.db, `SELECT state FROM sync_conflicts WHERE id = '${conflict.id}'`) === 'kept') heirs.set(conflict.mine, conflict.theirs);
    }
  }
  const suppliers = (edge) => query(edge.db, 'SELECT id FROM stock_suppliers WHERE deleted_at IS NULL ORDER BY created_at DESC LIMIT 2').flat();
  const note = (map, id, edge, supplier) => map.set(id, { edge, given: [...(map.get(id)?.given ?? []), supplier] });
  for (let step = 0; step < (LONG ? 400 : 60); step++) {
    const edge = pick(edges);
    const what = next();
    const supplier = pick(suppliers(edge));
    if (what < 0.2) outpost(['record', 'save', 'stock_supplier', JSON.stringify({ name: `K-${Math.floor(step / 15)}` }), ...edge.args]);
    else if (what < 0.4 && supplier) note(items, edge.save('stock_item', { sku: `I-${made += 1}`, supplier }), edge, supplier);
    else if (what < 0.5 && supplier) note(lots, edge.save('stock_lot', { sku: 'I', code: `L-${made += 1}`, supplier }), edge, supplier);
    else if (what < 0.55 && supplier) {
      const id = pick(query(edge.db, 'SELECT id FROM stock_items').flat());
      if (id) note(items, edge.save('stock_item', { id, supplier }), edge, supplier);
    } else if (what < 0.85) edge.sync();
    else choose(edge);
  }
  for (let round = 0; round < 40; round++) {
    settle(edges, 2);
    if (edges.every((edge) => !edge.open().length && !edge.parked().length)) break;
    assert.ok(round < 39, `SEED=${seed}: ${JSON.stringify(edges.map((edge) => [edge.open(), query(edge.db, 'SELECT * FROM sync_parked')]))}`);
    for (const edge of edges) while (edge.open().length) choose(edge);
  }
  settle(edges, 2);
  const there = new Map(same(edges, 'stock_suppliers', 'name').map(([id, , yes]) => [id, yes === '1']));
  for (const [id, yes] of there) assert.equal(yes, !heirs.has(id), `SEED=${seed}: ${id}`);
  const rows = same(edges, 'stock_items', 'supplier');
  assert.deepEqual(rows.map(([id]) => id).sort(), [...items.keys()].sort());
  for (const [id, supplier] of rows) {
    assert.ok(there.get(supplier), `SEED=${seed}: ${id} names a supplier that is deleted`);
    assert.ok(items.get(id).given.some((given) => heir(given) === supplier), `SEED=${seed}: ${id} names ${supplier}`);
  }
  for (const [id, { edge, given }] of lots) {
    const said = [one(edge.db, `SELECT supplier FROM stock_lots WHERE id = '${id}'`), hq.psql(`SELECT supplier FROM outpost.stock_lots WHERE id = '${id}'`)];
    assert.deepEqual(said, [heir(given.at(-1)), heir(given.at(-1))], `SEED=${seed}: ${id}`);
  }
  t.diagnostic(`${heirs.size} gave way, ${items.size} items, ${lots.size} lots`);
});

// Every record that was made stays under some key, but those for which somebody chose that theirs takes their place.
test('three places make and change keys at random, and choose at random', { timeout: LONG ? 3_600_000 : 500_000 }, async (t) => {
  const { hq, edges } = await world(t, 3);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const { next, below, pick } = random(seed);
  const [made, given] = [new Map(), new Set()];
  let fresh = 0;
  function choose(edge) {
    const conflict = pick(edge.open());
    if (!conflict) return;
    if (next() < 0.5) {
      ok(['sync', 'rename', conflict.id, JSON.stringify({ sku: `N-${fresh += 1}` }), ...edge.args]);
    } else {
      ok(['sync', 'keep', conflict.id, ...edge.args]);
      if (one(edge.db, `SELECT state FROM sync_conflicts WHERE id = '${conflict.id}'`) === 'kept') given.add(conflict.mine);
    }
  }
  for (let step = 0; step < (LONG ? 400 : 45); step++) {
    const edge = pick(edges);
    const what = next();
    if (what < 0.4) {
      const sku = `K-${below(4)}`;
      const name = `product ${made.size}`;
      const { code, out } = outpost(['record', 'save', 'product', JSON.stringify({ sku, name }), ...edge.args, '--json']);
      if (code === 0) made.set(JSON.parse(out).id, name);
    } else if (what < 0.75) edge.sync();
    else choose(edge);
  }
  for (let round = 0; round < 40; round++) {
    settle(edges, 2);
    if (edges.every((edge) => !edge.open().length && !edge.parked().length)) break;
    assert.ok(round < 39, `SEED=${seed}: ${JSON.stringify(edges.map((edge) => [edge.open(), edge.parked()]))}`);
    for (const edge of edges) while (edge.open().length) choose(edge);
  }
  settle(edges, 2);
  const rows = same(edges, 'products', 'sku, name');
  assert.deepEqual(rows.map(([id, , name]) => [id, name]).sort(), [...made].sort(), `SEED=${seed}: all that were made are there`);
  for (const [id, , , there] of rows) assert.equal(there === '0', given.has(id), `SEED=${seed}: ${id}`);
  const keys = rows.filter((row) => row[3] === '1').map((row) => row[1]);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(hq.psql('SELECT count(*) FROM outpost.products WHERE deleted_at IS NULL'), String(keys.length));
});
