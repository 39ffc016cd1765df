// Much at once on the way to headquarters: many edges, a long backlog, rows that have left their table, an end in the middle of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startProxy } from '../fake/proxy.mjs';
import { data, post } from './api.mjs';
import { LONG, OUTPOST, OUTPOST_TEST, folder, generate, importFile, json, ok, one, outpost, place, query, serve, sleep, start } from './lib.mjs';
import { freePort, startPostgres } from './postgres.mjs';
import { rowsOf } from './sync_compare.mjs';

const sanitized = /[/](asan|tsan)[/]/.test(OUTPOST);
const status = (p) => json(['sync', 'status', ...p.args]);

// Until `so` says yes; `what` is what it was waited for.
async function until(what, so, seconds = 240) {
  const end = Date.now() + seconds * 1000;
  while (!(await so())) {
    assert.ok(Date.now() < end, `${what}: not within ${seconds} seconds`);
    await sleep(50);
  }
}

// The highest that the process had in memory, in MiB.
function watched(child) {
  let most = 0;
  const look = setInterval(() => {
    const said = /VmHWM:\s+(\d+)/.exec(fs.existsSync(`/proc/${child.pid}/status`) ? fs.readFileSync(`/proc/${child.pid}/status`, 'utf8') : '');
    if (said) most = Math.max(most, Number(said[1]) / 1024);
  }, 20);
  return () => {
    clearInterval(look);
    return most;
  };
}

// An edge's rows, entries and proofs are at headquarters, once.
function arrived(p, hq) {
  const [[organization, origin]] = hq.rows(`SELECT o.organization_id, o.origin FROM outpost.origin o JOIN outpost.edge e USING (organization_id, edge_id) WHERE e.edge_id = '${one(p.db, 'SELECT edge_id FROM sync_upstream')}'`);
  const there = (sql) => rowsOf(hq, sql.replaceAll('$', `organization_id = '${organization}' AND origin = ${origin}`));
  assert.deepEqual(there('SELECT seq, encode(hash, \'hex\') FROM outpost.change_log WHERE $ ORDER BY seq'), query(p.db, 'SELECT seq, lower(hex(hash)) FROM change_log ORDER BY seq'));
  assert.deepEqual(there('SELECT run, key, (quantity * 10000)::bigint, (revenue * 10000)::bigint FROM outpost.sale WHERE $ ORDER BY run, key COLLATE "C"'),
    query(p.db, 'SELECT run, key, quantity, revenue FROM (SELECT run, key, quantity, revenue FROM sale UNION ALL SELECT run, key, quantity, revenue FROM sale_past) ORDER BY run, key'));
  assert.deepEqual(hq.rows(`SELECT * FROM outpost.check_chain('${organization}', ${origin})`), [], 'the chain of the log');
  assert.deepEqual(hq.rows(`SELECT * FROM outpost.check_batches('${organization}', ${origin})`), [], 'roots and receipts');
  return organization;
}

test('many edges push at once, also what they share', { timeout: 900_000 }, async (t) => {
  const EDGES = 20;
  const hq = await startPostgres(t, { max_connections: '200' });
  const dir = folder(t);
  const all = path.join(dir, 'data');
  const { file } = generate(dir, LONG ? 20_000 : 300, 5);
  ok(['init', all]);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const edges = [];
  for (let i = 1; i <= EDGES; i++) {
    const tenant = `edge-${i}`;
    const p = { dir, data: all, tenant, db: path.join(all, 'tenants', `${tenant}.db`), args: ['--data', all, '--tenant', tenant] };
    ok(['tenant', 'add', tenant, '--data', all]);
    importFile(p, file);
    ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args, '--organization', 'chain', '--name', tenant]);
    // Records that every edge was shipped with: all of them change the same ones, in another order each.
    const shared = query(p.db, "SELECT id, value FROM reference_item WHERE list = 'regions' ORDER BY id");
    for (const [id, value] of i % 2 ? shared : shared.reverse()) ok(['record', 'save', 'reference_item', JSON.stringify({ id, value: `${value} ${i % 3}` }), ...p.args]);
    ok(['record', 'save', 'product', JSON.stringify({ sku: `SKU-${i}`, name: `thing of ${tenant}` }), ...p.args]);
    edges.push(p);
  }
  await serve(t, all);
  const done = (p) => Number(one(p.db, "SELECT count(*) FROM sync_lane WHERE lane = 'rows' AND sequence > 0")) > 0 && status(p).state === 'up to date';
  await until('all edges are up to date', () => edges.every(done));
  for (const p of edges) arrived(p, hq);
  assert.equal(hq.psql("SELECT count(*) FROM outpost.products WHERE name LIKE 'thing of %'").trim(), String(EDGES));
  assert.equal(hq.psql('SELECT sum(deadlocks) FROM pg_stat_database').trim(), '0', 'nobody waited for somebody who waited for him');

  // No wake-up is lost: a change in each file, by another process, arrives without anybody asking for it.
  await Promise.all(edges.map((p) => start(['record', 'save', 'product', JSON.stringify({ sku: `LATER-${p.tenant}`, name: `later ${p.tenant}` }), ...p.args]).ended));
  await until('the later change of every edge', () => hq.psql("SELECT count(*) FROM outpost.products WHERE name LIKE 'later %'").trim() === String(EDGES));
});

// Exceptions that are given to somebody: 5,000 entries of the log with every request.
async function manyEntries(t, p, entries) {
  const bad = path.join(p.dir, 'bad.csv');
  fs.writeFileSync(bad, `order_id,order_date,region,product,quantity,revenue\n${Array.from({ length: 5000 }, (_, i) => `B-${i},2024-01-05,Nowhere,Sauces,2,10\n`).join('')}`);
  importFile(p, bad);
  const ids = query(p.db, 'SELECT id FROM reject ORDER BY id DESC LIMIT 5000').map(([id]) => Number(id));
  const server = await serve(t, p.data);
  for (let n = 0; n < entries; n += ids.length) await data(post(server, '/api/exceptions/review', { ids, assignee: `person ${n}` }));
  await server.stop();
}

test('a long time without a link: it is told how much waits, and it goes up in bounded memory', { timeout: 1_800_000 }, async (t) => {
  const hq = await startPostgres(t);
  const p = place(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]);
  ok(['sync', 'pause', ...p.args]);
  const entries = LONG ? 300_000 : 30_000;
  for (let i = 1; i <= 3; i++) {
    const { file } = generate(p.dir, LONG ? 100_000 : 5000, i);
    importFile(p, file, '--existing', 'update');
  }
  await manyEntries(t, p, entries);
  const began = performance.now();
  const waiting = status(p);
  const took = performance.now() - began;
  const [log] = waiting.lanes;
  assert.equal(log.behind_rows, Number(one(p.db, 'SELECT max(seq) FROM change_log')));
  assert.ok(waiting.forecast.rows > entries, `${waiting.forecast.rows} rows wait`);
  assert.ok(waiting.forecast.bytes > entries * 100, `${waiting.forecast.bytes} bytes wait`);
  ok(['sync', 'resume', ...p.args]);
  const run = start(['sync', '--once', ...p.args]);
  const most = watched(run.child);
  const { code, err } = await run.ended;
  const memory = most();
  assert.equal(code, 0, err);
  t.diagnostic(`${waiting.forecast.rows} rows waited, told in ${Math.round(took)} ms; ${memory.toFixed(0)} MiB at most`);
  assert.ok(took < 20_000, `the status took ${took} ms`);
  if (!sanitized) assert.ok(memory < 200, `${memory} MiB`);
  arrived(p, hq);
  const after = status(p);
  assert.equal(after.forecast.rows, 0);
  assert.ok(after.cost.rows > entries && after.cost.statements_a_thousand_rows > 0 && after.cost.bytes_a_thousand_rows > 100_000, JSON.stringify(after.cost));
  const [verified] = [start(['sync', 'verify', ...p.args])];
  assert.equal((await verified.ended).code, 0, 'both sides hold the same');
});

test('the end comes at once, though three connections wait for an answer', { timeout: 300_000 }, async (t) => {
  const hq = await startPostgres(t);
  const line = await startProxy(t, hq.port);
  const p = place(t);
  const { file } = generate(p.dir, 30_000, 9);
  importFile(p, file);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const made = await start(['upstream', 'enroll', '--dsn', hq.dsn({ port: line.port }), ...p.args]).ended;
  assert.equal(made.code, 0, made.err);
  const before = line.count;
  line.delay(15);
  const server = start(['serve', '--data', p.data, '--listen', `127.0.0.1:${await freePort()}`], { binary: OUTPOST_TEST, env: { OUTPOST_SYNC_ROWS: '200' } });
  t.after(() => server.child.kill('SIGKILL'));
  await until('three connections send', () => line.count >= before + 3, 120);
  line.half('down'); // what headquarters answers never arrives
  const began = Date.now();
  server.child.kill('SIGTERM');
  const ended = await Promise.race([server.ended, sleep(60_000)]);
  assert.ok(ended, 'the server ended');
  assert.equal(ended.signal, null);
  assert.ok(Date.now() - began < 30_000, `${Date.now() - began} ms`);
  line.break();
  line.heal();
  const { code, err } = await start(['sync', '--once', ...p.args]).ended;
  assert.equal(code, 0, err);
  arrived(p, hq);
});

// 600 movements of 600 days; what is older than 400 may leave, and than `keep` may go.
function oldMovements(p, more = {}) {
  const file = path.join(p.dir, 'moves.csv');
  const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
  const lines = Array.from({ length: 600 }, (_, i) => `SKU-${i % 7},${i % 2 ? 'MAIN' : 'EAST'},${(i % 13) + 1}.25,RECEIPT,${day(900 - i)},ORDER-${i},"note ${i} ""é"""`);
  fs.writeFileSync(file, `sku,warehouse,quantity,type,date,reference,notes\n${lines.join('\n')}\n`);
  json(['stock', 'import', file, ...p.args]);
  const all = query(p.db, 'SELECT id, quantity, on_hand_after, at, reference_id, notes FROM stock_transactions ORDER BY id');
  assert.equal(all.length, 600);
  ok(['record', 'save', 'retention_policy', JSON.stringify({ id: '00000000-0000-7000-8000-000000001401', active: true, cold_days: 400, ...more }), ...p.args]);
  ok(['stock', 'aggregate', ...p.args]); // what days are summed up may leave
  return all;
}
const movementsThere = (hq) => rowsOf(hq, 'SELECT id, (quantity * 10000)::bigint, (on_hand_after * 10000)::bigint, (extract(epoch FROM at) * 1000000)::bigint, reference_id, notes FROM outpost.stock_transactions ORDER BY id');

test('movements that were archived before they were sent reach headquarters', { timeout: 300_000 }, async (t) => {
  const hq = await startPostgres(t);
  const p = place(t);
  const all = oldMovements(p);
  const moved = json(['archive', 'run', ...p.args]).rows;
  assert.ok(moved > 100 && moved < 600, `${moved} movements left the table`);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]);
  ok(['sync', '--once', ...p.args], { binary: OUTPOST_TEST, env: { OUTPOST_SYNC_ROWS: '170' }, timeout: 120_000 }); // pages end within files
  assert.deepEqual(movementsThere(hq), all);
  arrived(p, hq);
  const verdict = JSON.parse(outpost(['sync', 'verify', ...p.args, '--json']).out);
  assert.deepEqual([verdict.same, verdict.tables.find((one) => one.table === 'stock_transactions').rows], [true, 600], verdict.sentence);
  hq.psql("SET session_replication_role = replica; DELETE FROM outpost.stock_transactions WHERE id = (SELECT min(id) FROM outpost.stock_transactions)");
  assert.match(JSON.parse(outpost(['sync', 'verify', ...p.args, '--json']).out).first.text, /stock_transactions \d+ is here only/);
});

test('a file that a policy would delete waits until headquarters has its rows', { timeout: 300_000 }, async (t) => {
  const hq = await startPostgres(t);
  const p = place(t);
  const all = oldMovements(p, { keep_days: 500 });
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]);
  const alerts = () => query(p.db, "SELECT status, state FROM alert WHERE kind = 'archive_waits'");
  json(['archive', 'run', '--dry-run', ...p.args]);
  for (let again = 0; again < 2; again++) {
    const run = json(['archive', 'run', ...p.args]);
    assert.equal(run.purged, 0);
    const waiting = run.partitions.filter((s) => s.path && s.held);
    assert.ok(waiting.length > 3 && waiting.every((s) => /not gone up to headquarters yet/.test(s.held)), JSON.stringify(waiting[0]));
    assert.deepEqual(alerts(), [['open', 'waiting']]);
  }
  ok(['sync', '--once', ...p.args]);
  const run = json(['archive', 'run', ...p.args]);
  assert.ok(run.purged > 3, JSON.stringify(run));
  assert.equal(alerts()[0][0], 'resolved');
  assert.deepEqual(movementsThere(hq), all, 'headquarters has what is nowhere here');
  const verdict = JSON.parse(outpost(['sync', 'verify', ...p.args, '--json']).out);
  assert.equal(verdict.same, true, verdict.sentence);
});
