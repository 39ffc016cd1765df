// The archive (T27, T48, R387-R393): rows of old months leave the ledger for Parquet files. The
// judges are the sqlite3 shell, which saw every row before, and DuckDB, which reads the files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { installed } from '../browser/outpost.mjs';
import * as lib from './lib.mjs';
import { movedPlace } from './moved.mjs';
import { LONG, OUTPOST, OUTPOST_TEST, copyPlace, json, ok, one, outpost, place, query, refuses, sqlite } from './lib.mjs';

const { DuckDBInstance } = await import(pathToFileURL(createRequire(installed()).resolve('@duckdb/node-api')).href);
async function duckdb(sql) {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const POLICY = '00000000-0000-7000-8000-000000001401';
const policy = (p, more) => ok(['record', 'save', 'retention_policy', JSON.stringify({ id: POLICY, active: true, cold_days: 60, ...more }), ...p.args]);
const MONTHS = 5; // so many whole months back, and this one
const WAREHOUSES = ['MAIN', 'Über/Lager 2', 'W3'];
const US = 1_000_000n;

// Rows of the ledger, written by the shell: ids from `first`, spread over months before now.
function fill(p, rows, first = 1, seed = 1) {
  const r = lib.random(seed);
  const now = BigInt(Date.now()) * 1000n;
  const span = BigInt((MONTHS + 1) * 30 * 86400);
  const text = (s) => (s === null ? 'NULL' : `'${s.replaceAll("'", "''")}'`);
  const values = [];
  for (let i = first; i < first + rows; i++) {
    const at = now - (BigInt(Math.floor(r.next() * 1e9)) * span * US) / 1000000000n;
    const id = r.chance(0.8) ? `x'${lib.sha256(`${seed}-${i}`).slice(0, 32)}'` : `'event ${seed}-${i}'`;
    values.push(`(${i},${id},${1 + r.below(8)},${100 + r.below(30)},${2 + r.below(3)},${(r.below(2000) - 1000) * 2500},0,${r.below(1e6)},0,${at},${now - BigInt(1e9 - i)},${text(r.chance(0.5) ? `ORDER-${i}` : null)},${text(r.chance(0.2) ? `note ₹ "${i}"\n` : null)},1,${r.chance(0.5) ? r.below(1e6) : 'NULL'})`);
  }
  sqlite(p.db, `BEGIN; PRAGMA foreign_keys = OFF;
INSERT OR IGNORE INTO stock_name (id, kind, text) VALUES (1,6,'cli'),${WAREHOUSES.map((w, i) => `(${i + 2},2,'${w}')`).join(',')},${Array.from({ length: 30 }, (_, i) => `(${100 + i},1,'SKU-${i}')`).join(',')};
INSERT INTO stock_transactions (id,event_id,kind,item,warehouse,quantity,reserved,on_hand_after,reserved_after,at,recorded_at,reference_id,notes,actor,unit_cost) VALUES ${values.join(',')};
UPDATE stock_position SET ledger = ${first + rows - 1}; COMMIT;`);
}

// Rows as [id, event, kind, sku, warehouse, quantity, after, at, reference, notes, cost], by id.
const uuid = (h) => `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
const inTable = (db) =>
  query(db, `SELECT t.id, CASE WHEN typeof(event_id) = 'blob' THEN lower(hex(event_id)) END, CAST(event_id AS TEXT), k.name, i.text, w.text, quantity, on_hand_after, at, reference_id, notes, unit_cost
    FROM stock_transactions t JOIN stock_kind k ON k.id = t.kind JOIN stock_name i ON i.id = t.item JOIN stock_name w ON w.id = t.warehouse ORDER BY t.id`)
    .map(([id, hex, event, ...rest]) => [id, hex ? uuid(hex) : event, ...rest]);
const units = (c) => `CAST(${c} * 10000 AS BIGINT)::VARCHAR`;
const READ = `id::VARCHAR, event_id, kind, sku, warehouse, ${units('quantity')}, ${units('on_hand_after')}, epoch_us("at")::VARCHAR, reference_id, notes, ${units('unit_cost')}`;
const filesOf = (p) => query(p.db, 'SELECT path FROM archive_partition WHERE purged_at IS NULL ORDER BY path').map((r) => path.join(p.data, 'archive', p.tenant, r[0]));
const inFiles = async (p) => {
  const files = filesOf(p);
  return files.length ? duckdb(`SELECT ${READ} FROM read_parquet([${files.map((f) => `'${f.replaceAll("'", "''")}'`).join(',')}], hive_partitioning = false) ORDER BY id`) : [];
};
const byId = (rows) => [...rows].sort((a, b) => Number(a[0]) - Number(b[0]));
const archived = (v) => v.checks.filter((c) => c.check === 'archive');

// Every row is in one place, and as it was.
async function whole(p, all) {
  const table = inTable(p.db);
  const files = await inFiles(p);
  assert.deepEqual(byId([...table, ...files]), all);
  return { table: table.length, files: files.length };
}

test('whole months leave the table, row for row, and are found again', async (t) => {
  const p = place(t);
  fill(p, 6000);
  const all = inTable(p.db);
  assert.equal(all.length, 6000);
  assert.equal(json(['archive', 'run', ...p.args]).rows, 0, 'no policy is active at first');
  policy(p);
  const dry = json(['archive', 'run', '--dry-run', ...p.args]);
  assert.ok(dry.rows > 1000);
  assert.equal(fs.existsSync(path.join(p.data, 'archive')), false);
  const run = json(['archive', 'run', ...p.args]);
  assert.equal(run.rows, dry.rows);
  const { table, files } = await whole(p, all);
  assert.equal(files, run.rows);
  assert.equal(table, 6000 - run.rows);
  // Nothing younger than the policy says, and only whole months.
  const bound = new Date(Date.now() - 60 * 864e5);
  const month = Date.UTC(bound.getUTCFullYear(), bound.getUTCMonth(), 1) * 1000;
  assert.ok(Number(one(p.db, 'SELECT min(at) FROM stock_transactions WHERE id < 6000')) >= month, 'but for the last row, which the next one is numbered after');
  assert.ok(Number(one(p.db, 'SELECT max(last_at) FROM archive_partition')) < month);
  // The layout that other programs know.
  const glob = path.join(p.data, 'archive', p.tenant, 'stock_transactions');
  const hive = await duckdb(`SELECT DISTINCT strftime("at", '%Y-%m') = "date", warehouse FROM read_parquet('${glob}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false) ORDER BY 2`);
  assert.deepEqual(hive, WAREHOUSES.map((w) => [true, w]).sort((a, b) => (a[1] < b[1] ? -1 : 1)));
  // The log names each, and the files are what it says.
  assert.equal(Number(one(p.db, "SELECT sum(count) FROM change_log WHERE event = 'ARCHIVED'")), run.rows);
  for (const [file, sha, rows] of query(p.db, 'SELECT path, sha256, rows FROM archive_partition')) {
    assert.equal(lib.sha256(fs.readFileSync(path.join(p.data, 'archive', p.tenant, file))), sha);
    assert.ok(Number(rows) > 0);
  }
  assert.deepEqual(archived(lib.verify(p)).map((c) => c.ok), [true]);
  assert.equal(json(['archive', 'run', ...p.args]).rows, 0);
  // Exported, it is one table again.
  const out = path.join(p.dir, 'all.parquet');
  ok(['archive', 'export', 'stock_transactions', '--out', out, ...p.args]);
  assert.deepEqual(await duckdb(`SELECT ${READ} FROM '${out}' ORDER BY id`), all);
  const server = await lib.serve(t, p.data);
  const sent = Buffer.from(await (await fetch(`${server.base}/api/tables/stock_transactions?format=parquet`)).arrayBuffer());
  assert.deepEqual(sent, fs.readFileSync(out));
  await server.stop();
  // An older program was here: the index of the files comes back from the log.
  const index = () => query(p.db, 'SELECT tbl, month, place, part, path, rows, bytes, first_id, last_id, first_at, last_at, first_key, last_key, sha256, digest, created_at, created_by FROM archive_partition ORDER BY path');
  const before = index();
  ok(['migrate', '--to', '13', ...p.args]);
  ok(['runs', ...p.args]);
  assert.deepEqual(index(), before);
  assert.deepEqual(archived(lib.verify(p)).map((c) => c.ok), [true]);
});

test('rows that come late for an archived month make a second file', async (t) => {
  const p = place(t);
  fill(p, 3000);
  policy(p);
  const first = json(['archive', 'run', ...p.args]);
  fill(p, 500, 3001, 2);
  const all = byId([...inTable(p.db), ...(await inFiles(p))]);
  const second = json(['archive', 'run', ...p.args]);
  assert.ok(second.rows > 100);
  assert.ok(second.partitions.every((s) => s.path.endsWith('part-0002.parquet')));
  const sums = await whole(p, all);
  assert.equal(sums.files, first.rows + second.rows);
});

test('questions read only what can hold an answer (T48)', async (t) => {
  const p = place(t);
  fill(p, 8000);
  const all = inTable(p.db);
  policy(p);
  json(['archive', 'run', ...p.args]);
  const files = await inFiles(p);
  const ask = (...more) => {
    const lines = ok(['archive', 'rows', 'stock_transactions', '--summary', ...more, ...p.args]).trimEnd().split('\n').map((l) => JSON.parse(l));
    return { effort: lines.pop(), rows: lines };
  };
  const day = (us) => new Date(Number(us) / 1000).toISOString().slice(0, 10);
  const months = [...new Set(files.map((r) => day(r[7]).slice(0, 7)))].sort();
  for (const warehouse of WAREHOUSES) {
    const { effort, rows } = ask('--warehouse', warehouse, '--from', `${months[1]}-05`, '--to', `${months[1]}-20`, '--sku', 'SKU-7');
    const wanted = files.filter((r) => r[4] === warehouse && r[3] === 'SKU-7' && day(r[7]) >= `${months[1]}-05` && day(r[7]) <= `${months[1]}-20`);
    assert.deepEqual(rows.map((r) => String(r.id)), wanted.map((r) => r[0]));
    assert.deepEqual([effort.files, effort.files_read, effort.groups_read], [1, 1, 1], 'one file of a month and a warehouse');
  }
  assert.equal(ask().effort.rows, files.length);
  assert.deepEqual([ask('--sku', 'A').effort.files_read, ask('--warehouse', 'none').effort.files], [0, 0]);
  assert.ok(all.length > files.length);
  // And so does the plan say, of the very statements that are run.
  const blocks = Object.fromEntries(fs.readFileSync(path.join(lib.ROOT, 'sql/query/archive.sql'), 'utf8').split(/^-- name: /m).slice(1).map((b) => [b.slice(0, b.indexOf('\n')).trim(), b.slice(b.indexOf('\n'))]));
  const plan = (name) => sqlite(p.db, `EXPLAIN QUERY PLAN ${blocks[name].replace(/\?\d/g, "'x'")}`);
  assert.match(plan('archive_partitions_of_place'), /SEARCH archive_partition USING INDEX archive_partition_place \(tbl=\? AND place=\? AND month>\? AND month<\?\)/);
  assert.match(plan('archive_partitions'), /SEARCH archive_partition USING INDEX archive_partition_month \(tbl=\? AND month>\? AND month<\?\)/);
  // What is still in the table is found by its partition index.
  assert.match(sqlite(p.db, "EXPLAIN QUERY PLAN SELECT * FROM stock_transactions WHERE warehouse = 2 AND at >= 0 AND at < 9"), /SEARCH stock_transactions USING INDEX stock_transactions_part \(warehouse=\? AND at>\? AND at<\?\)/);
});

test('the history of an item goes on in the files, page by page', async (t) => {
  const p = place(t);
  fill(p, 4000);
  const all = inTable(p.db);
  policy(p);
  const { rows: moved } = json(['archive', 'run', ...p.args]);
  assert.ok(moved > 1000);
  const server = await lib.serve(t, p.data);
  for (const [question, fits] of [['sku=SKU-5', (r) => r[3] === 'SKU-5'], ['sku=SKU-9&warehouse=W3', (r) => r[3] === 'SKU-9' && r[4] === 'W3'], ['warehouse=MAIN', (r) => r[4] === 'MAIN']]) {
    const wanted = all.filter(fits).sort((a, b) => (BigInt(b[7]) > BigInt(a[7]) ? 1 : BigInt(b[7]) < BigInt(a[7]) ? -1 : Number(b[0]) - Number(a[0])));
    const got = [];
    for (let cursor = ''; ; ) {
      const page = await (await fetch(`${server.base}/api/stock/history?${question}&limit=50${cursor && `&cursor=${cursor}`}`)).json();
      got.push(...page.data);
      if (!page.next) break;
      cursor = page.next;
      assert.equal(page.data.length, 50);
    }
    assert.deepEqual(got.map((r) => String(r.id)), wanted.map((r) => r[0]), question);
    assert.deepEqual(got.map((r) => [r.event_id, r.type, r.sku, r.warehouse, String(Math.round(r.quantity * 1e4)), r.reference ?? null, r.notes ?? null, r.unit_cost === undefined ? null : String(Math.round(r.unit_cost * 1e4))]),
      wanted.map((r) => [r[1], r[2], r[3], r[4], r[5], r[8], r[9], r[10]]), question);
  }
  const { data: files } = await (await fetch(`${server.base}/api/archive`)).json();
  assert.equal(files.reduce((n, f) => n + f.rows, 0), moved);
  assert.equal((await (await fetch(`${server.base}/api/backups`)).json()).data.age_seconds, null);
});

test('a legal hold keeps rows in the table and files on the disk, until it is released', async (t) => {
  const p = place(t);
  fill(p, 3000);
  const all = inTable(p.db);
  policy(p);
  const { id } = json(['archive', 'hold', 'add', 'stock_transactions', '--warehouse', 'MAIN', '--reason', 'tax audit', ...p.args]);
  refuses(['archive', 'hold', 'add', 'nothing', '--reason', 'x', ...p.args], /nothing is held back of 'nothing'; a hold is on stock_transactions/, 1);
  refuses(['archive', 'hold', 'add', 'stock_transactions', ...p.args], /reason is needed/, 1);
  const run = json(['archive', 'run', ...p.args]);
  assert.ok(run.held > 0);
  assert.ok(run.partitions.filter((s) => s.place === 'MAIN').every((s) => s.held === 'tax audit' && s.path === null));
  const main = all.filter((r) => r[4] === 'MAIN').length;
  assert.equal(inTable(p.db).filter((r) => r[4] === 'MAIN').length, main);
  await whole(p, all);
  // One item of one month: a file that holds it is not deleted, the others are.
  const files = await inFiles(p);
  const hold = files[10];
  const month = new Date(Number(hold[7]) / 1000).toISOString().slice(0, 7);
  ok(['archive', 'hold', 'add', 'stock_transactions', '--warehouse', hold[4], '--sku', hold[3], '--from', `${month}-01`, '--to', `${month}-28`, '--reason', 'a claim', ...p.args]);
  policy(p, { keep_days: 61 });
  const purge = json(['archive', 'run', ...p.args]);
  const kept = purge.partitions.filter((s) => s.path && s.held);
  assert.deepEqual(kept.map((s) => [s.month, s.place, s.held]), [[month, hold[4], 'a claim']]);
  assert.ok(purge.purged > 3);
  assert.equal(Number(one(p.db, "SELECT count(*) FROM change_log WHERE event = 'ARCHIVE_PURGED'")), purge.purged);
  for (const [file, gone] of query(p.db, 'SELECT path, purged_at IS NOT NULL FROM archive_partition')) assert.equal(fs.existsSync(path.join(p.data, 'archive', p.tenant, file)), gone === '0');
  assert.ok((await inFiles(p)).some((r) => r[0] === hold[0]));
  assert.deepEqual(archived(lib.verify(p)).map((c) => c.ok), [true]);
  ok(['archive', 'hold', 'release', id, ...p.args]);
  assert.ok(json(['archive', 'run', ...p.args]).rows > 0);
  assert.equal(one(p.db, "SELECT count(*) FROM change_log WHERE tbl = 'legal_hold'"), '3');
});

test('a clock that jumps ten years ahead deletes no file, until it has been so for a month', { skip: spawnSync(OUTPOST_TEST, ['version']).status === 0 ? false : 'no test build' }, (t) => {
  const p = movedPlace(t, new Date().toISOString());
  fill(p, 600);
  policy(p);
  assert.ok(p.json('archive', 'run').rows > 0);
  const files = () => Number(one(p.db, 'SELECT count(*) FROM archive_partition WHERE purged_at IS NULL'));
  const before = files();
  policy(p, { keep_days: 400 });
  const later = (days) => new Date(Date.now() + days * 86400e3).toISOString();
  p.set(later(3650));
  const run = p.json('archive', 'run');
  assert.equal(run.purged, 0);
  assert.ok(run.partitions.some((s) => /nothing happened here between/.test(s.held ?? '')));
  assert.ok(files() >= before);
  for (const path_ of filesOf(p)) assert.ok(fs.existsSync(path_));
  p.set(later(3650 + 31));
  assert.ok(p.json('archive', 'run').purged > 0);
});

test('killed at any point, every row is in the table or in a registered file', { skip: spawnSync(OUTPOST_TEST, ['version']).status === 0 ? false : 'no test build' }, async (t) => {
  const base = place(t);
  fill(base, 400);
  policy(base, { keep_days: 100 });
  const all = inTable(base.db);
  const kept = (p) => query(p.db, 'SELECT id, rows, path FROM archive_partition WHERE purged_at IS NOT NULL');
  let n = 1;
  let kills = 0;
  for (; n < 2000; n += LONG ? 1 : 1 + Math.floor(n / 6)) {
    const p = copyPlace(base, `kill-${n}`);
    const ended = outpost(['archive', 'run', ...p.args], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    const seen = async () => {
      const rows = [...inTable(p.db), ...(await inFiles(p))];
      assert.equal(new Set(rows.map((r) => r[0])).size, rows.length, `crash ${n}: a row is in both`);
      const gone = kept(p).reduce((sum, r) => sum + Number(r[1]), 0);
      assert.equal(rows.length + gone, all.length, `crash ${n}: a row is in neither`);
    };
    await seen();
    if (ended.signal === 'SIGKILL') kills++;
    else assert.equal(ended.code, 0, ended.err);
    ok(['archive', 'run', ...p.args]);
    await seen();
    for (const [, , file] of kept(p)) assert.equal(fs.existsSync(path.join(p.data, 'archive', p.tenant, file)), false);
    assert.ok(archived(lib.verify(p)).every((c) => c.ok), `crash ${n}`);
    // Nothing is left over: whoever reads all files reads no row twice.
    const found = spawnSync('find', [path.join(p.data, 'archive'), '-name', '*.parquet'], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean).sort();
    assert.deepEqual(found, filesOf(p).sort());
    fs.rmSync(p.data, { recursive: true });
    if (ended.signal !== 'SIGKILL') break;
  }
  t.diagnostic(`${kills} kills, the last at point ${n}`);
  assert.ok(kills > 12);
});

test('a file that was changed or is missing is named', async (t) => {
  const p = place(t);
  fill(p, 1500);
  policy(p);
  json(['archive', 'run', ...p.args]);
  const [file] = filesOf(p);
  const good = fs.readFileSync(file);
  const bytes = Buffer.from(good);
  bytes[Math.floor(bytes.length / 2)] ^= 4;
  fs.writeFileSync(file, bytes);
  let [found] = archived(lib.verify(p)).filter((c) => !c.ok);
  assert.match(found.text, /date=.*part-0001\.parquet: its SHA-256/);
  assert.equal(lib.verify(p).code, 1);
  refuses(['archive', 'rows', 'stock_transactions', ...p.args], /part-0001\.parquet is damaged/, 1);
  fs.rmSync(file);
  [found] = archived(lib.verify(p)).filter((c) => !c.ok);
  assert.match(found.text, /part-0001\.parquet.*No such file/);
  refuses(['archive', 'rows', 'stock_transactions', ...p.args], /is missing: rows that were archived are in it/, 1);
  fs.writeFileSync(file, good);
  assert.ok(archived(lib.verify(p)).every((c) => c.ok));
  sqlite(p.db, "UPDATE archive_partition SET rows = rows + 1 WHERE id = 1;");
  assert.match(archived(lib.verify(p)).find((c) => !c.ok).text, /not noted as the change log says/);
});

test('a full disk: nothing is lost, and a sentence says why (F7)', async (t) => {
  if (spawnSync('unshare', ['-m', 'true']).status !== 0 && spawnSync('unshare', ['-m', '--propagation', 'unchanged', 'true']).status !== 0) return t.skip('no mounts here');
  const p = place(t);
  fill(p, 20000);
  const all = inTable(p.db);
  policy(p);
  const script = `set -e
    mkdir ${p.dir}/mnt
    mount -t tmpfs -o size=200k tmpfs ${p.dir}/mnt
    ln -s ${p.dir}/mnt ${p.data}/archive
    set +e
    ${OUTPOST} archive run ${p.args.join(' ')}; echo "code $?"
    find ${p.dir}/mnt -name '*.parquet' | wc -l
    cp -r ${p.dir}/mnt ${p.dir}/kept`;
  const own = spawnSync('unshare', ['-m', 'true']).status === 0 ? ['-m'] : ['-m', '--propagation', 'unchanged'];
  const ended = spawnSync('unshare', [...own, 'bash', '-c', script], { encoding: 'utf8', timeout: 60000 });
  assert.match(ended.stdout, /code 1/, ended.stdout + ended.stderr);
  assert.match(ended.stderr, /^outpost: .*part-0001\.parquet could not be written: No space left on device\n$/);
  fs.rmSync(path.join(p.data, 'archive'));
  fs.renameSync(path.join(p.dir, 'kept'), path.join(p.data, 'archive'));
  const { files } = await whole(p, all);
  ok(['archive', 'run', ...p.args]);
  assert.ok((await whole(p, all)).files > files);
});
