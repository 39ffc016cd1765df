// A request that is sent again: one effect, the same reply; also when the server was killed in between.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ask, data, post, problem, remove } from './api.mjs';
import { addUser, as, bearer, email, token } from './auth.mjs';
import { OUTPOST_TEST, one, place, serve, serveWith, sleep, sound, sqlite } from './lib.mjs';

const crashes = spawnSync(OUTPOST_TEST, ['version'], { env: { ...process.env, OUTPOST_CRASH: '' } }).status === 0;
const key = (text) => ({ 'idempotency-key': text });
const items = (p) => Number(one(p.db, 'SELECT count(*) FROM stock_items'));

test('a repetition gets the reply of the first time, and nothing happens', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const item = { sku: 'A-1', name: 'one' };
  const first = await post(server, '/api/stock-items', item, key('k1'));
  assert.equal(first.status, 201);
  assert.equal(first.headers['idempotent-replayed'], undefined);
  for (let i = 0; i < 3; i++) {
    const again = await post(server, '/api/stock-items', item, key('k1'));
    assert.deepEqual([again.status, again.headers.location, again.headers.etag, String(again.body)], [201, first.headers.location, first.headers.etag, String(first.body)]);
    assert.equal(again.headers['idempotent-replayed'], 'true');
  }
  assert.equal(items(p), 1);

  // Without the key it is another request, and so it is with another body, address or method.
  await problem(post(server, '/api/stock-items', item), 409, /same sku/);
  await problem(post(server, '/api/stock-items', { ...item, name: 'two' }, key('k1')), 422, /another request/);
  await problem(post(server, '/api/warehouses', item, key('k1')), 422, /another request/);
  await problem(remove(server, first.headers.location, key('k1')), 422, /another request/);
  assert.equal(items(p), 1);

  // Changing and deleting, too.
  const changed = await ask(server, first.headers.location, { method: 'PATCH', body: { name: 'new' }, headers: { ...key('k2'), 'if-match': '"1"' } });
  assert.deepEqual([changed.status, changed.headers.etag], [200, '"2"']);
  const twice = await ask(server, first.headers.location, { method: 'PATCH', body: { name: 'new' }, headers: { ...key('k2'), 'if-match': '"1"' } });
  assert.deepEqual([twice.status, twice.headers.etag, String(twice.body)], [200, '"2"', String(changed.body)]);
  await data(remove(server, first.headers.location, key('k3')));
  await data(remove(server, first.headers.location, key('k3')));
  await problem(remove(server, first.headers.location), 409, /deleted already/);

  // What failed may go better the next time.
  await problem(post(server, '/api/stock-items', { sku: '' }, key('k4')), 422);
  await problem(post(server, '/api/stock-items', { sku: '' }, key('k4')), 422);
  assert.equal((await post(server, '/api/stock-items', { sku: 'A-2' }, key('k4'))).status, 201);

  // Work that is no single transaction is done once, too.
  const job = { kind: 'jobs_tidy' };
  const one_ = await post(server, '/api/jobs', job, key('k5'));
  const two = await post(server, '/api/jobs', job, key('k5'));
  assert.deepEqual([two.status, String(two.body)], [one_.status, String(one_.body)]);
  const file = await post(server, '/api/uploads?name=a.csv', 'a,b\n1,2\n', key('k6'));
  assert.deepEqual(String((await post(server, '/api/uploads?name=a.csv', 'a,b\n1,2\n', key('k6'))).body), String(file.body));

  for (const wrong of ['', 'a b', 'x'.repeat(256)]) {
    const answer = await post(server, '/api/stock-items', { sku: 'never' }, key(wrong));
    assert.ok(wrong === '' || answer.status === 400, `${wrong}: ${answer.status}`);
  }
  // After a day it is forgotten.
  sqlite(p.db, 'UPDATE idempotent_reply SET at = at - 86400000001;');
  await problem(post(server, '/api/stock-items', { sku: 'A-2' }, key('k4')), 409, /same sku/);
  assert.equal((await post(server, '/api/stock-items', { sku: 'A-3' }, key('k1'))).status, 201);
  assert.equal(one(p.db, 'SELECT count(*) FROM idempotent_reply'), '1');
  await server.stop();
  sound(p);
});

test('many with one key at once: one effect; each gets that reply or is told to wait', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(Array.from({ length: 24 }, () => post(server, '/api/stock-items', { name: `n${round}`, sku: `B-${round}` }, key(`r${round}`))));
    const good = answers.filter((a) => a.status === 201);
    assert.ok(good.length >= 1);
    assert.equal(new Set(good.map((a) => String(a.body))).size, 1);
    for (const a of answers.filter((x) => x.status !== 201)) {
      await problem(a, 409, /under way/);
      assert.ok(Number(a.headers['retry-after']) >= 1);
    }
  }
  assert.equal(items(p), 5);
  await server.stop();
  sound(p);
});

test('killed anywhere on the way: the repetition gives one effect and one reply', { skip: crashes ? false : 'no crash points' }, async (t) => {
  const p = place(t);
  let killed = 0;
  let replayed = 0;
  for (let n = 1; n < 400; n++) {
    process.env.OUTPOST_CRASH = String(n);
    const server = await serveWith(OUTPOST_TEST, t, p.data, '--workers', '0').catch(() => null);
    delete process.env.OUTPOST_CRASH;
    if (!server) continue; // before it listened
    const sku = `K-${n}`;
    const cut = await post(server, '/api/stock-items', { sku }, key(sku)).catch((e) => e.code);
    await server.stop('SIGKILL');
    if (!cut.status) killed++;
    const next = await serve(t, p.data, '--workers', '0');
    const again = await post(next, '/api/stock-items', { sku }, key(sku));
    assert.equal(again.status, 201, `${n}: ${again.body}`);
    if (cut.status) assert.equal(String(cut.body), String(again.body));
    if (!cut.status && again.headers['idempotent-replayed']) replayed++;
    assert.equal(one(p.db, `SELECT count(*) FROM stock_items WHERE sku = '${sku}'`), '1');
    await next.stop();
    if (cut.status) break; // it needs no more than that
    await sleep(0);
  }
  assert.ok(killed >= 3, `killed ${killed} times`);
  assert.ok(replayed >= 1, 'at least once between the commit and the reply');
  sound(p);
});

test('two tokens of one name have keys of their own', async (t) => {
  const p = place(t);
  addUser(p, 'admin');
  const server = await serve(t, p.data);
  const admin = await token(server, email('admin'));
  const machine = async () => (await data(as(server, admin, '/api/tokens', 'POST', { name: 'till', role: 'operator' }), 201)).token;
  const add = (who, sku) => post(server, '/api/stock-items', { sku, name: sku }, { ...bearer(who), ...key('same') });
  const [one_, two] = [await machine(), await machine()];
  for (const [who, sku] of [[one_, 'T-1'], [two, 'T-2'], [one_, 'T-1']]) assert.equal((await data(add(who, sku), 201)).sku, sku);
  assert.equal(items(p), 2);
});
