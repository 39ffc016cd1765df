// What is new goes to headquarters as a file, and its receipt comes back the same way.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { OUTPOST, ROOT, generate, json, ok, one, outpost, place, query, refuses } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

// A file that is another one each time that it is opened (tests/fake/stick.c).
function importChanging(at, dsn, contents) {
  const library = `${at}.so`;
  execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-o', library, path.join(ROOT, 'tests/fake/stick.c'), '-ldl']);
  contents.forEach((bytes, i) => fs.writeFileSync(`${at}.${i + 1}`, bytes));
  return outpost(['sync', 'bundle', 'import', at, ...dsn], { env: { LD_PRELOAD: library, STICK: at } });
}

const save = (p, entity, object) => JSON.parse(ok(['record', 'save', entity, JSON.stringify(object), ...p.args])).id;

test('a bundle carries what a connection would, once, whole and in its order', { timeout: 180_000 }, async (t) => {
  const hq = await startPostgres(t);
  const p = place(t);
  const dsn = ['--dsn', hq.dsn()];
  const file = (name) => path.join(p.dir, name);
  const bring = (name, pattern) => refuses(['sync', 'bundle', 'import', file(name), ...dsn], pattern);
  ok(['upstream', 'init', ...dsn]);
  ok(['upstream', 'enroll', ...dsn, ...p.args]);
  save(p, 'store', { customer_id: 'C-1', name: 'Ünï "shop"\t\\1' });
  ok(['import', generate(p.dir, 1200, 1, 10).file, '--as', 'sales', ...p.args]);
  ok(['stock', 'adjust', 'A-1', 'WAREHOUSE-001', '5', ...p.args]);

  const out = json(['sync', 'bundle', 'export', file('a'), ...p.args]);
  assert.ok(out.batches >= 3 && out.rows > 1200);
  assert.equal(out.bytes, fs.statSync(file('a')).size);
  refuses(['sync', 'bundle', 'export', file('a'), ...p.args], /exists|taken|already/);

  // Cut, changed, something else, of a stranger: nothing of it is taken.
  const bytes = fs.readFileSync(file('a'));
  for (const n of [20, 100, Math.floor(bytes.length / 2), bytes.length - 1]) {
    fs.writeFileSync(file('cut'), bytes.subarray(0, n));
    bring('cut', /was cut|no bundle|damaged/);
  }
  for (const n of [25, 300, Math.floor(bytes.length / 2), bytes.length - 60]) {
    const other = Buffer.from(bytes);
    other[n] ^= 1;
    fs.writeFileSync(file('changed'), other);
    bring('changed', /damaged|was changed|was cut|too long|does not know/);
  }
  fs.writeFileSync(file('other'), 'hello');
  bring('other', /is no bundle/);
  const stranger = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', stranger.dsn()]);
  refuses(['sync', 'bundle', 'import', file('a'), '--dsn', stranger.dsn()], /does not know the edge/);
  assert.equal(hq.psql('SELECT count(*) FROM outpost.batch'), '0');

  // A later one waits for the first.
  const taken = json(['sync', 'bundle', 'import', file('a'), ...dsn]);
  assert.deepEqual([taken.batches, taken.known, taken.rows], [out.batches, 0, out.rows]);
  assert.equal(hq.psql('SELECT name FROM outpost.stores').trim(), 'Ünï "shop"\t\\1');
  assert.equal(hq.psql('SELECT count(*) FROM outpost.clean_sales'), one(p.db, 'SELECT count(*) FROM sale'));
  for (const table of ['reference_item', 'rule', 'schedule'])
    assert.deepEqual(hq.rows(`SELECT id FROM outpost.${table} WHERE sync_at = 0 ORDER BY id COLLATE "C"`), query(p.db, `SELECT id FROM ${table} WHERE created_at = 0 ORDER BY id`), `${table}: what came with the program`);
  assert.deepEqual(hq.rows('SELECT b.lane, b.problem FROM outpost.origin o, outpost.check_batches(o.organization_id, o.origin) b'), []);
  const again = json(['sync', 'bundle', 'import', file('a'), ...dsn]);
  assert.deepEqual([again.batches, again.known], [0, out.batches]);

  // Before the receipt is here, the edge makes the same once more, and headquarters does not take it twice.
  assert.equal(one(p.db, "SELECT count(*) FROM sync_lane WHERE sequence > 0"), '0');
  const receipt = taken.receipt;
  assert.equal(receipt, `${file('a')}.receipt`);
  const forged = JSON.parse(fs.readFileSync(receipt, 'utf8'));
  forged.batches[0].hash = '00'.repeat(32);
  fs.writeFileSync(file('forged'), JSON.stringify(forged));
  refuses(['sync', 'bundle', 'receipt', file('forged'), ...p.args], /did not make/);
  fs.writeFileSync(file('cut.receipt'), fs.readFileSync(receipt, 'utf8').slice(0, 100));
  refuses(['sync', 'bundle', 'receipt', file('cut.receipt'), ...p.args], /no receipt/);
  assert.equal(json(['sync', 'bundle', 'receipt', receipt, ...p.args]).batches, out.batches);
  assert.equal(json(['sync', 'bundle', 'receipt', receipt, ...p.args]).batches, 0);
  assert.deepEqual(query(p.db, 'SELECT lane, sequence, lower(hex(receipt)) FROM sync_batch ORDER BY 1, 2'), hq.rows("SELECT lane, sequence, encode(receipt, 'hex') FROM outpost.batch ORDER BY 1, 2"));
  const nothing = json(['sync', 'bundle', 'export', file('nothing'), ...p.args]);
  assert.deepEqual([nothing.batches, fs.existsSync(file('nothing'))], [0, false]);

  // Two more; the second one cannot come first. Then a connection goes on where the stick ended.
  save(p, 'store', { customer_id: 'C-2', name: 'two' });
  ok(['sync', 'bundle', 'export', file('b'), ...p.args]);
  const early = Buffer.from(fs.readFileSync(file('b')));
  assert.equal(json(['sync', 'bundle', 'import', file('b'), ...dsn]).batches, 1);
  ok(['sync', 'bundle', 'receipt', `${file('b')}.receipt`, ...p.args]);
  save(p, 'store', { customer_id: 'C-3', name: 'three' });
  ok(['sync', 'bundle', 'export', file('c'), ...p.args]);
  hq.psql(`SET session_replication_role = replica; DELETE FROM outpost.batch WHERE lane = 'log' AND sequence = 2;
    UPDATE outpost.lane SET sequence = 1, batch_hash = (SELECT hash FROM outpost.batch WHERE lane = 'log' AND sequence = 1) WHERE lane = 'log';
    DELETE FROM outpost.stores WHERE customer_id = 'C-2'; DELETE FROM outpost.change_log WHERE seq > (SELECT last_seq FROM outpost.batch WHERE lane = 'log')`);
  bring('c', /batch 2 of lane log comes first/);
  fs.writeFileSync(file('b'), early);
  assert.equal(json(['sync', 'bundle', 'import', file('b'), ...dsn]).batches, 1);
  ok(['sync', '--once', ...p.args]);
  bring('c', /has another batch 3 of lane log/);
  const verdict = outpost(['sync', 'verify', ...p.args, '--json']);
  assert.equal(verdict.code, 0, verdict.out + verdict.err);
  assert.equal(hq.psql('SELECT count(*) FROM outpost.stores'), '3');

  // A receipt begins where its bundle does; and what was looked at is what is taken.
  const told = [];
  for (const [name, code] of [['d', 'C-4'], ['e', 'C-5']]) {
    save(p, 'store', { customer_id: code, name: code });
    ok(['sync', 'bundle', 'export', file(name), ...p.args]);
    told.push(fs.readFileSync(file(name)));
  }
  if (!/[/](asan|tsan)[/]/.test(OUTPOST)) { // a sanitizer wants to be loaded first
    const changing = importChanging(file('stick'), dsn, [told[0], told[0], told[1]]);
    assert.deepEqual([changing.code, hq.psql('SELECT count(*) FROM outpost.stores')], [5, '3'], changing.err);
    assert.match(changing.err, /is not what it was a moment ago/);
  }
  const last = json(['sync', 'bundle', 'import', file('e'), ...dsn]);
  assert.deepEqual([last.batches, hq.psql('SELECT count(*) FROM outpost.stores')], [1, '5']);
  assert.deepEqual(JSON.parse(fs.readFileSync(last.receipt, 'utf8')).batches.map((b) => [b.lane, b.sequence]), [['log', Number(one(p.db, "SELECT sequence FROM sync_lane WHERE lane = 'log'")) + 1]]);
  assert.equal(json(['sync', 'bundle', 'receipt', last.receipt, ...p.args]).batches, 1);
  ok(['sync', 'verify', ...p.args]);
});
