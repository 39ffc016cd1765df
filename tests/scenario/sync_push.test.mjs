// What an edge has arrives at headquarters whole and once, whatever happens on the way: cuts, kills, lost answers.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startProxy } from '../fake/proxy.mjs';
import { LONG, OUTPOST_TEST, generate, importFile, json, ok, one, outpost, place, query, random, sleep, start } from './lib.mjs';
import { startPostgres } from './postgres.mjs';
import { holdsAll } from './sync_compare.mjs';

// over: the edge dials through a line that can be made bad. The proxy lives in this process: what goes through it is not waited for
// by a call that blocks.
async function enrolled(t, over) {
  const hq = await startPostgres(t);
  const line = over && (await startProxy(t, hq.port));
  const p = place(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const { code, err } = await start(['upstream', 'enroll', '--dsn', hq.dsn(line ? { port: line.port } : {}), ...p.args]).ended;
  assert.equal(code, 0, err);
  return { hq, line, p };
}

const save = (p, entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args]);
const sync = (p, options) => outpost(['sync', '--once', ...p.args], { timeout: 120_000, ...options });
const synced = (p, options) => ok(['sync', '--once', ...p.args], { timeout: 120_000, ...options });

const HARD = 'tab\there, back\\slash, \\N, "quotes" \'and\' ü 漢字 😀 \u2028 end';

// A bit of everything: rows, exceptions, edits, undo, records, stock.
function work(p, rows, seed) {
  const { file } = generate(p.dir, rows, seed, 2);
  importFile(p, file, '--existing', 'update');
  const [[key], [other]] = query(p.db, 'SELECT key FROM sale ORDER BY key LIMIT 2');
  const note = save(p, 'note', { dataset: 'sales', key, text: HARD });
  save(p, 'note', { id: note.id, text: `${HARD}\nsecond line\r\nthird` });
  const gone = save(p, 'note', { dataset: 'sales', key: other, text: 'to be deleted' });
  ok(['record', 'delete', 'note', gone.id, ...p.args]);
  const product = save(p, 'product', { sku: `P-${seed}`, name: `thing ${seed}`, unit_price: '12.5', active: false });
  save(p, 'product', { id: product.id, unit_price: '9999999999.9999', notes: '' });
  ok(['edit', other, 'quantity=7', '--as', 'sales', ...p.args]);
  ok(['stock', 'adjust', `SKU-${seed}`, 'WAREHOUSE-001', '10.25', '--kind', 'RECEIPT', '--reference', HARD.slice(0, 20), ...p.args]);
  ok(['stock', 'adjust', `SKU-${seed}`, 'WAREHOUSE-001', '-0.0001', ...p.args]);
}

test('everything arrives, whatever its type; undo, redo, edits and deletes, too', { timeout: 300_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  work(p, 1500, 1);
  synced(p);
  const rows = holdsAll(p, hq);
  assert.ok(rows > 1400, `${rows} rows were compared`);

  ok(['undo', one(p.db, "SELECT uuid FROM run WHERE kind = 'file' ORDER BY id LIMIT 1"), ...p.args]);
  assert.ok(Number(one(p.db, 'SELECT count(*) FROM undo_kept')) > 0, 'a note keeps a row');
  synced(p);
  holdsAll(p, hq);
  ok(['redo', one(p.db, 'SELECT uuid FROM run ORDER BY id LIMIT 1'), ...p.args]);
  work(p, 700, 2);
  synced(p);
  holdsAll(p, hq);

  // Undone before it was ever sent, and brought back later: its rows are sent then.
  const { file } = generate(p.dir, 300, 3);
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll('ORD-', 'NEW-'));
  importFile(p, file);
  ok(['undo', 'latest', ...p.args]);
  synced(p);
  holdsAll(p, hq);
  ok(['redo', 'latest', ...p.args]);
  synced(p);
  holdsAll(p, hq);
  assert.equal(hq.psql("SELECT count(*) FROM outpost.sale WHERE key LIKE 'NEW-%'").trim(), one(p.db, "SELECT count(*) FROM sale WHERE key LIKE 'NEW-%'"));
  const before = hq.rows('SELECT lane, sequence FROM outpost.lane ORDER BY 1');
  synced(p);
  assert.deepEqual(hq.rows('SELECT lane, sequence FROM outpost.lane ORDER BY 1'), before, 'nothing new, nothing sent');
});

test('exceptions that were corrected are settled there, and open again when the correction is undone', { timeout: 300_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  const file = path.join(p.dir, 'bad.csv');
  fs.writeFileSync(file, 'order_id,order_date,region,product,quantity,revenue\nA-1,2024-01-05,North,Sauces,2,10\nA-2,2024-01-05,Nowhere,Sauces,2,10\nA-3,2024-01-05,North,Sauces,x,10\n');
  importFile(p, file);
  synced(p);
  holdsAll(p, hq);
  const right = path.join(p.dir, 'right.csv');
  fs.writeFileSync(right, ok(['exceptions', '--run', 'latest', '--file', ...p.args]).replace(',Nowhere,', ',East,'));
  importFile(p, right);
  assert.equal(one(p.db, 'SELECT count(*) FROM reject WHERE solved_run IS NOT NULL'), '1');
  synced(p);
  holdsAll(p, hq);
  ok(['undo', 'latest', ...p.args]);
  assert.equal(one(p.db, 'SELECT count(*) FROM reject WHERE solved_run IS NOT NULL'), '0');
  synced(p);
  holdsAll(p, hq);
});

test('killed at every crash point on the way, it goes on and nothing is lost or doubled', { timeout: LONG ? 3_600_000 : 300_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  const env = { OUTPOST_SYNC_ROWS: '150' };
  let kills = 0;
  for (let round = 0; round < (LONG ? 8 : 1); round++) {
    work(p, 600, round + 1);
    for (let n = 1; ; n += LONG ? 1 : 3) {
      const ended = sync(p, { binary: OUTPOST_TEST, env: { ...env, OUTPOST_CRASH: String(n) } });
      if (ended.code === 0) break;
      assert.equal(ended.signal, 'SIGKILL', ended.err);
      kills++;
    }
    holdsAll(p, hq);
  }
  t.diagnostic(`${kills} kills`);
  assert.ok(kills >= (LONG ? 200 : 5), `${kills} kills`);
});

// Tries until it is through, while something is done to the line or the server.
async function through(p, disturb, tries) {
  let failed = 0;
  for (let i = 0; i < tries; i++) {
    await disturb(i);
    const run = start(['sync', '--once', ...p.args], { binary: OUTPOST_TEST, env: { OUTPOST_SYNC_ROWS: '200' } });
    let over = false;
    run.ended.then(() => (over = true));
    await disturb(i, () => over);
    const { code, signal, err } = await run.ended;
    assert.equal(signal, null, err);
    if (code !== 0) failed++;
  }
  return failed;
}

test('cut at random bytes, either way, it goes on and nothing is lost or doubled', { timeout: LONG ? 3_600_000 : 300_000 }, async (t) => {
  const { hq, p, line } = await enrolled(t, true);
  const r = random(20261121);
  const cuts = LONG ? 200 : 20;
  let failed = 0;
  for (let i = 0; i < cuts; i++) {
    if (i % 10 === 0) work(p, 500, i + 1);
    line.cut({ way: r.below(2) ? 'up' : 'down', after: r.below(r.below(3) ? 12_000 : 300_000) });
    failed += await through(p, async () => {}, 1);
    line.heal();
  }
  assert.equal(await through(p, async () => {}, 1), 0);
  assert.ok(failed > cuts / 4, `${failed} of ${cuts} were cut before the end`);
  assert.ok(holdsAll(p, hq) > 500);
});

test('backends are terminated, also between a commit and its answer, and nothing is lost or doubled', { timeout: LONG ? 3_600_000 : 300_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  const r = random(7);
  const rounds = LONG ? 60 : 4;
  let killed = 0;
  for (let i = 0; i < rounds; i++) {
    work(p, 800, i + 1);
    await through(p, async (k, over) => {
      if (!over) return;
      for (let n = 0; n < 10 && !over(); n++) {
        await sleep(r.below(40));
        killed += Number(hq.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'outpost'"));
      }
    }, 2);
  }
  synced(p);
  assert.ok(killed > 0, `${killed} backends were terminated`);
  holdsAll(p, hq);
});
