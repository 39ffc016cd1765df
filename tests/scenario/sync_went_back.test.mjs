// Headquarters goes back to an older backup of itself: its devices notice before anything is sent, say it, and send once more what it lost when
// somebody has said so. The backup is a copy of the cluster's files, as they were while it was down.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, data, post, problem } from './api.mjs';
import { addUser, bearer, email, token } from './auth.mjs';
import { generate, json, ok, one, outpost, place, query, refuses, serve } from './lib.mjs';
import { holdsAll } from './sync_compare.mjs';
import { copyAway, putBack, startPostgres } from './postgres.mjs';

const save = (p, entity, object) => JSON.parse(ok(['record', 'save', entity, JSON.stringify(object), ...p.args])).id;
const sync = (p) => ok(['sync', '--once', ...p.args]);

test('headquarters went back: nothing is sent until somebody says so, then all of it, once', { timeout: 240_000 }, async (t) => {
  const hq = await startPostgres(t);
  const p = place(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]);
  hq.psql("CREATE ROLE jane LOGIN PASSWORD 'j' IN ROLE outpost_hq; INSERT INTO outpost.member SELECT organization_id, 'jane', 'hq' FROM outpost.organizations");
  const jane = { user: 'jane', password: 'j' };
  const a = save(p, 'store', { customer_id: 'C-1', name: 'one' });
  ok(['import', generate(p.dir, 300, 1, 20).file, '--as', 'sales', ...p.args]);
  sync(p);
  refuses(['sync', 'resend', ...p.args], /holds all that it has confirmed/, 5);
  await copyAway(hq);

  save(p, 'store', { id: a, city: 'A' });
  const b = save(p, 'store', { customer_id: 'C-2', name: 'two' });
  ok(['import', generate(p.dir, 400, 2, 20).file, '--as', 'sales', ...p.args]);
  ok(['stock', 'adjust', 'A-1', 'WAREHOUSE-001', '5', ...p.args]);
  sync(p);
  hq.psql(`UPDATE outpost.stores SET name = 'one of jane' WHERE id = '${a}'`, jane);
  sync(p);
  assert.equal(one(p.db, `SELECT name FROM stores WHERE id = '${a}'`), 'one of jane');
  const had = query(p.db, 'SELECT origin, lane, sequence, lower(hex(hash)) FROM sync_batch ORDER BY 1, 2, 3');

  await putBack(hq);
  const state = () => json(['sync', 'status', ...p.args]);
  const before = hq.psql('SELECT count(*), max(sequence) FROM outpost.batch');
  save(p, 'store', { id: b, city: 'B' });
  const said = refuses(['sync', '--once', ...p.args], /headquarters went back in time: it had confirmed batch \d+ of lane log .* has batch 1 now.*outpost sync resend/);
  assert.deepEqual([state().state, state().sentence.includes('went back in time')], ['refused', true], said);
  assert.equal(hq.psql('SELECT count(*), max(sequence) FROM outpost.batch'), before, 'nothing was sent');
  assert.match(one(p.db, "SELECT text FROM alert WHERE kind = 'sync' AND status <> 'resolved'"), /went back in time/);
  assert.deepEqual(query(p.db, 'SELECT origin, lane, sequence, lower(hex(hash)) FROM sync_batch ORDER BY 1, 2, 3'), had);

  const told = json(['sync', 'resend', ...p.args]);
  assert.equal(told.batches, had.length - Number(before.split('|')[0]));
  assert.ok(told.rows > 400 && told.received === 1, JSON.stringify(told));
  assert.match(told.sentence, /are sent once more.* of the 1 records that headquarters had changed here since/);
  assert.match(one(p.db, "SELECT text FROM change_log WHERE event = 'SYNC_RESENT'"), /went back in time/);
  sync(p);
  assert.equal(state().state, 'up to date');
  assert.equal(one(p.db, "SELECT count(*) FROM alert WHERE kind = 'sync' AND status <> 'resolved'"), '0');
  assert.ok(holdsAll(p, hq) > 700);
  const verdict = JSON.parse(outpost(['sync', 'verify', ...p.args, '--json']).out);
  assert.deepEqual([verdict.same, verdict.first, verdict.seals], [true, null, []], verdict.sentence);
  assert.equal(one(p.db, 'SELECT count(*) FROM sync_batch WHERE receipt IS NULL'), '0');
  assert.equal(hq.psql('SELECT count(*) FROM outpost.origin'), '1', 'it is no new epoch');
  assert.deepEqual(hq.rows('SELECT customer_id, name, city FROM outpost.stores ORDER BY 1'), [['C-1', 'one', 'A'], ['C-2', 'two', 'B']]);
  assert.deepEqual(query(p.db, 'SELECT customer_id, name, city FROM stores ORDER BY 1'), [['C-1', 'one', 'A'], ['C-2', 'two', 'B']], 'what jane wrote is gone there, and so here');
  refuses(['sync', 'resend', ...p.args], /holds all that it has confirmed/, 5);

  // A dump in another cluster bears numbers of transactions that are still to come there.
  hq.psql("SET session_replication_role = replica; UPDATE outpost.stores SET sync_xid = '4000000000', city = 'Z', sync_at = sync_at + 1, sync_origin = NULL WHERE customer_id = 'C-2'");
  sync(p);
  assert.equal(one(p.db, `SELECT city FROM stores WHERE id = '${b}'`), 'B');
  hq.psql('SELECT outpost.restored()', { ...jane, refused: /permission denied/ });
  assert.equal(hq.psql('SELECT outpost.restored()'), '1');
  sync(p);
  assert.equal(one(p.db, `SELECT city FROM stores WHERE id = '${b}'`), 'Z');
});

test('who may, says over HTTP that it is right so', { timeout: 240_000 }, async (t) => {
  const hq = await startPostgres(t);
  const p = place(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]);
  sync(p);
  await copyAway(hq);
  for (const role of ['admin', 'auditor']) addUser(p, role);
  save(p, 'store', { customer_id: 'C-1', name: 'one' });
  sync(p);
  await putBack(hq);
  refuses(['sync', '--once', ...p.args], /went back in time/);
  const server = await serve(t, p.data);
  const [admin, auditor] = await Promise.all(['admin', 'auditor'].map((role) => token(server, email(role))));
  const resend = (who) => post(server, '/api/sync/resend', null, bearer(who));
  const state = () => data(ask(server, '/api/sync', { headers: bearer(auditor) }));
  assert.equal((await state()).went_back, true);
  await problem(resend(auditor), 403);
  assert.equal((await state()).went_back, true);
  const told = await data(resend(admin));
  assert.ok(told.batches > 0 && told.rows > 0, JSON.stringify(told));
  for (const end = Date.now() + 120e3; (await state()).state !== 'up to date';) {
    assert.ok(Date.now() < end, JSON.stringify(await state()));
    await new Promise((resume) => setTimeout(resume, 100));
  }
  assert.equal((await state()).went_back, false);
  assert.deepEqual(hq.rows('SELECT customer_id FROM outpost.stores'), [['C-1']]);
  await problem(resend(admin), 409, /holds all that it has confirmed/);
});
