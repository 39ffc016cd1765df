// The inbox of changes that did not hold, over HTTP: who said what, who may decide, and how a choice is taken back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, data, problem } from './api.mjs';
import { addUser, as, bearer, email, token } from './auth.mjs';
import { json, ok, one, place, query, serve, sound } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

// Two edges of one organization that changed the same store and the same product; what b did is known at headquarters, and did not hold.
async function world(t) {
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const [a, b] = ['Depot', 'Till 3'].map((name) => {
    const p = place(t);
    ok(['upstream', 'enroll', '--dsn', hq.dsn(), '--name', name, '--organization', 'demo', ...p.args]);
    const edge = { ...p, sync: () => ok(['sync', '--once', ...p.args]), save: (entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args]) };
    edge.value = (table, id, column) => one(p.db, `SELECT ${column} FROM ${table} WHERE id = '${id}'`);
    return edge;
  });
  const store = a.save('store', { customer_id: 'C-1', name: 'Corner shop', city: 'Pune' });
  const product = a.save('product', { sku: 'A-1', name: 'Rice 5 kg', unit_price: '10' });
  a.sync();
  b.sync();
  b.save('store', { id: store.id, name: 'of b', city: 'of b' });
  b.save('product', { id: product.id, unit_price: '11' });
  a.save('store', { id: store.id, name: 'of a' });
  a.save('product', { id: product.id, unit_price: '12' });
  for (const edge of [a, b, b]) edge.sync();
  return { hq, a, b, store: store.id, product: product.id };
}

const post = (server, who, target, body = {}) => ask(server, target, { method: 'POST', headers: bearer(who), body });

test('who may, decides; a choice is taken back as long as nobody went on from it', { timeout: 300e3 }, async (t) => {
  const { a, b, hq, store, product } = await world(t);
  for (const role of ['admin', 'sync-agent', 'auditor', 'operator']) addUser(b, role);
  const server = await serve(t, b.data);
  const [admin, agent, auditor, operator] = await Promise.all(['admin', 'sync-agent', 'auditor', 'operator'].map((role) => token(server, email(role))));

  // What the inbox says, and to whom.
  const rows = async (state = 'open') => data(as(server, auditor, `/api/sync/conflicts?state=${state}`));
  const open = await rows();
  assert.deepEqual(open.map((c) => [c.kind, c.title, c.field, c.property, c.access, c.base, c.lost, c.won, c.lost_by, c.state, c.decided_by]).sort(), [
    ['product', 'Rice 5 kg', 'unit_price', 'decimal', 'sales', '10', '11', '12', 'here', 'open', null],
    ['store', 'C-1', 'name', 'text', 'sales', 'Corner shop', 'of b', 'of a', 'here', 'open', null],
  ]);
  for (const { kind, mine, theirs, happened_at: found } of open) {
    const table = `${kind}s`;
    assert.equal(mine.who, one(b.db, `SELECT actor FROM change_log WHERE tbl = '${table}' AND unit NOT LIKE 'hq:%' ORDER BY seq DESC LIMIT 1`));
    assert.equal(theirs.who, one(a.db, `SELECT actor FROM change_log WHERE tbl = '${table}' ORDER BY seq DESC LIMIT 1`));
    assert.ok(mine.at <= theirs.at && theirs.at <= found, `${mine.at} ${theirs.at} ${found}`);
  }
  await problem(as(server, operator, '/api/sync/conflicts'), 403);
  await problem(as(server, admin, '/api/sync/conflicts?state=other'), 422, /open or decided/);
  const first = await as(server, admin, '/api/sync/conflicts?limit=1');
  assert.equal(first.json.total, 2);
  const second = await as(server, admin, `/api/sync/conflicts?limit=1&cursor=${encodeURIComponent(first.json.next)}`);
  assert.deepEqual([...first.json.data, ...second.json.data].map((c) => c.id), open.map((c) => c.id));
  assert.equal(second.json.next, null);

  // It takes the permission for the inbox and that for the record.
  const name = open.find((c) => c.field === 'name').id;
  const price = open.find((c) => c.field === 'unit_price').id;
  const act = (who, id, what, body) => post(server, who, `/api/sync/conflicts/${id}/${what}`, body);
  for (const who of [auditor, agent, operator]) for (const what of ['take', 'keep', 'reopen']) await problem(act(who, name, what), 403);
  await problem(act(admin, '01900000-0000-7000-8000-000000000000', 'take'), 404, /no conflict/);
  await problem(act(admin, name, 'take', { remark: 'x' }), 422);
  assert.equal(b.value('stores', store, 'name'), 'of a');

  // Taken, and taken back; kept, and taken back. What else was changed stays.
  const alerts = () => one(b.db, "SELECT count(*) FROM alert WHERE kind = 'sync_conflict' AND status = 'open'");
  assert.equal(alerts(), '2');
  await data(act(admin, name, 'take', { note: 'the sign says so' }));
  assert.deepEqual([b.value('stores', store, 'name'), b.value('stores', store, 'city'), alerts()], ['of b', 'of b', '1']);
  const taken = (await rows('decided'))[0];
  assert.deepEqual([taken.id, taken.state, taken.note, taken.decided_by], [name, 'taken', 'the sign says so', email('admin')]);
  assert.ok(Math.abs(Date.now() - new Date(taken.decided_at)) < 300e3, taken.decided_at);
  await problem(act(admin, name, 'keep'), 409, /decided already: it is taken/);
  await data(act(admin, name, 'reopen'));
  await data(act(admin, name, 'reopen')); // a repetition does nothing
  assert.deepEqual([b.value('stores', store, 'name'), b.value('stores', store, 'city'), alerts()], ['of a', 'of b', '2']);
  assert.deepEqual((await rows()).map((c) => c.id), open.map((c) => c.id));
  await data(act(admin, name, 'keep'));
  await data(act(admin, name, 'reopen'));
  assert.deepEqual([b.value('stores', store, 'name'), one(b.db, `SELECT state FROM sync_conflicts WHERE id = '${name}'`)], ['of a', 'open']);

  // Somebody went on from it.
  await data(act(admin, price, 'take'));
  assert.equal(b.value('products', product, 'unit_price'), '110000');
  b.save('product', { id: product, unit_price: '13' });
  await problem(act(admin, price, 'reopen'), 409, /changed since/);
  assert.equal(b.value('products', product, 'unit_price'), '130000');

  // What was decided arrives, and both places have the same.
  await data(act(admin, name, 'take'));
  await server.stop();
  for (const edge of [b, a, b]) edge.sync();
  for (const edge of [a, b]) {
    assert.deepEqual([edge.value('stores', store, 'name'), edge.value('products', product, 'unit_price')], ['of b', '130000']);
    sound(edge);
  }
  assert.equal(hq.psql("SELECT count(*) FROM outpost.conflict WHERE state = 'open'"), '0');
});

test('a record that was deleted elsewhere comes back with the change, and goes again when the choice is taken back', { timeout: 300e3 }, async (t) => {
  const { a, b, product } = await world(t);
  b.save('product', { id: product, notes: 'of b' });
  ok(['record', 'delete', 'product', product, ...a.args]);
  for (const edge of [a, b, b]) edge.sync();
  ok(['sync', 'pause', ...b.args]); // what headquarters makes of a choice does not come between them
  const server = await serve(t, b.data);
  const notes = (await data(ask(server, '/api/sync/conflicts'))).find((c) => c.field === 'notes');
  assert.deepEqual([notes.lost, notes.won, notes.property], ['of b', null, 'text']);
  assert.ok(notes.theirs.at >= notes.mine.at);
  const there = () => query(b.db, `SELECT notes, deleted_at IS NULL FROM products WHERE id = '${product}'`)[0];
  assert.equal(there()[1], '0');
  const act = (what) => data(ask(server, `/api/sync/conflicts/${notes.id}/${what}`, { method: 'POST', body: {} }));
  await act('take');
  assert.deepEqual(there(), ['of b', '1']);
  await act('reopen');
  assert.equal(there()[1], '0');
  await act('take');
  assert.deepEqual(there(), ['of b', '1']);
});

test('a metered line is set over HTTP', { timeout: 120e3 }, async (t) => {
  const { b } = await world(t);
  for (const role of ['admin', 'auditor']) addUser(b, role);
  const server = await serve(t, b.data);
  const [admin, auditor] = await Promise.all(['admin', 'auditor'].map((role) => token(server, email(role))));
  const set = (who, bytes) => post(server, who, '/api/sync/metered', { bytes_a_day: bytes });
  await problem(set(auditor, 1), 403);
  for (const wrong of [-1, 'many', null, 1.5]) await problem(set(admin, wrong), 422, /so many bytes a day/);
  assert.equal((await data(set(admin, 5_000_000))).metered.bytes_a_day, 5_000_000);
  assert.equal(one(b.db, 'SELECT metered_bytes FROM sync_upstream'), '5000000');
  const state = await data(set(admin, 0));
  assert.deepEqual([state.metered, state.connection.tls, state.connection.role], [null, 'verify-full', one(b.db, 'SELECT role FROM sync_upstream')]);
});

test('that what holds is right is said at headquarters, too, and so is that somebody thought better of it', { timeout: 300e3 }, async (t) => {
  const { b, hq, store } = await world(t);
  const id = one(b.db, "SELECT id FROM sync_conflicts WHERE field = 'name'");
  const there = () => hq.rows("SELECT field, state FROM outpost.conflict ORDER BY 1");
  assert.deepEqual(there(), [['name', 'open'], ['unit_price', 'open']]);
  ok(['sync', 'keep', id, ...b.args]);
  b.sync();
  assert.deepEqual(there(), [['name', 'settled'], ['unit_price', 'open']]);
  ok(['sync', 'reopen', id, ...b.args]);
  b.sync();
  assert.deepEqual(there(), [['name', 'open'], ['unit_price', 'open']]);
  ok(['sync', 'keep', id, ...b.args]);
  ok(['sync', 'reopen', id, ...b.args]);
  ok(['sync', 'keep', id, '--reason', 'it stays', ...b.args]);
  b.sync();
  b.sync();
  assert.deepEqual(there(), [['name', 'settled'], ['unit_price', 'open']]);
  assert.deepEqual(query(b.db, `SELECT state, note FROM sync_conflicts WHERE id = '${id}'`), [['kept', 'it stays']]);
  assert.equal(b.value('stores', store, 'name'), 'of a');
  sound(b);
});
