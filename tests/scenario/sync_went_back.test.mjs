// Headquarters goes back to an older backup of itself: its devices notice before anything is sent, say it, and send once more what it lost when
// somebody has said so. The backup is a copy of the cluster's files, as they were while it was down.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { generate, json, ok, one, outpost, place, query, refuses } from './lib.mjs';
import { holdsAll } from './sync_compare.mjs';
import { startPostgres } from './postgres.mjs';

const save = (p, entity, object) => JSON.parse(ok(['record', 'save', entity, JSON.stringify(object), ...p.args])).id;
const sync = (p) => ok(['sync', '--once', ...p.args]);

async function copyAway(hq) {
  await hq.stop();
  fs.cpSync(path.join(hq.dir, 'data'), path.join(hq.dir, 'backup'), { recursive: true, preserveTimestamps: true });
  await hq.start();
}

// The files of before take the place of what is there, and belong to whoever the server runs as.
async function putBack(hq) {
  await hq.stop();
  const { uid, gid } = fs.statSync(path.join(hq.dir, 'data'));
  fs.rmSync(path.join(hq.dir, 'data'), { recursive: true });
  fs.renameSync(path.join(hq.dir, 'backup'), path.join(hq.dir, 'data'));
  const own = (file) => {
    fs.chownSync(file, uid, gid);
    if (fs.lstatSync(file).isDirectory()) fs.readdirSync(file).forEach((name) => own(path.join(file, name)));
  };
  own(path.join(hq.dir, 'data'));
  fs.chmodSync(path.join(hq.dir, 'data'), 0o700);
  await hq.start();
}

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
