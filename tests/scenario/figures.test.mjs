// Every figure that is shown equals one computed here from the file (T28), and
// whoever changes a stored thing by hand is found out by `outpost verify`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import * as lib from './lib.mjs';
import { copyPlace, importFile, json, one, place, sqlite, sums, units, verify } from './lib.mjs';

function messyFile(p, seed, rows) {
  const file = path.join(p.dir, `messy-${seed}.csv`);
  const text = lib.messySales(seed, rows);
  fs.writeFileSync(file, text);
  return { file, text };
}

const groups = (map) => [...map].map(([name, g]) => [name, g.orders, g.quantity, g.revenue]).sort((a, b) => (a[0] < b[0] ? -1 : 1));
const shown = (list, name) => list.map((g) => [g[name], g.orders, units(g.quantity), units(g.revenue)]).sort((a, b) => (a[0] < b[0] ? -1 : 1));

for (const seed of [101, 202, 303, 404, 505, 606]) {
  test(`every figure of a run with random data, seed ${seed}`, (t) => {
    const p = place(t);
    const runs = [];
    const taken = new Set();
    for (const [n, rows] of [[0, 300], [1, 450]]) {
      const { file, text } = messyFile(p, seed + n, rows);
      runs.push({ file, text, result: importFile(p, file), opinion: lib.judge(text, taken) });
    }
    for (const { file, text, result, opinion } of runs) {
      const run = json(['run', 'show', result.run, ...p.args]);
      const read = opinion.clean.length + opinion.rejected.length;
      const revenue = opinion.clean.reduce((sum, r) => sum + r.revenue, 0n);
      const quantity = opinion.clean.reduce((sum, r) => sum + r.quantity, 0n);
      assert.equal(run.run, result.run);
      assert.equal(run.dataset, 'sales');
      assert.equal(run.source, file);
      assert.equal(run.state, 'done');
      assert.ok(Date.parse(run.started) <= Date.parse(run.ended));
      assert.deepEqual(run.rows, lib.rowCounts(read, opinion.clean.length, opinion.rejected.length));
      assert.deepEqual(run.rejected, lib.count(opinion.rejected, (x) => x.category));
      assert.equal(run.reconciled, true);
      assert.ok(Math.abs(run.quality - opinion.clean.length / read) < 0.00006);
      assert.equal(units(run.revenue), revenue);
      assert.equal(run.sha256, lib.sha256(text));
      assert.equal(run.bytes, Buffer.byteLength(text));
      assert.ok(run.memory_bytes > 1 << 20 && run.memory_bytes < 1 << 29);
      assert.deepEqual(run.totals, { orders: opinion.clean.length, quantity: lib.print(quantity), revenue: lib.print(revenue) });
      assert.deepEqual(shown(run.by_region, 'name'), groups(sums(opinion.clean, (r) => r.region)));
      assert.deepEqual(shown(run.by_product, 'name'), groups(sums(opinion.clean, (r) => r.product)));
      assert.deepEqual(run.by_day.map((d) => [d.day, d.orders, units(d.revenue)]), groups(sums(opinion.clean, (r) => r.date)).map(([day, orders, , rev]) => [day, orders, rev]));
      const failed = lib.count(opinion.rejected.flatMap((x) => x.faults), (name) => name);
      for (const c of run.controls) {
        assert.equal(c.failed, failed[c.control] ?? 0, c.control);
        assert.equal(c.passed, read - c.failed, c.control);
      }
      assert.deepEqual(Object.keys(lib.CONTROLS).filter((name) => !run.controls.some((c) => c.control === name)), []);
      assert.equal(run.audits.length, 5);
      for (const a of run.audits) assert.ok(a.ok && a.expected === a.actual, a.check);
      const step = Object.fromEntries(run.timeline.map((e) => [e.event, e.count]));
      assert.equal(step.DATA_INGESTED, read);
      assert.equal(step.DATA_VALIDATED, read * run.controls.length);
      assert.equal(step.EXCEPTIONS_STORED, opinion.rejected.length);
      assert.equal(step.DATA_TRANSFORMED, opinion.clean.length);
      assert.equal(step.RUN_COMPLETED, read);
      // analytics_summary says the same by its own SQL, in the plain shell.
      const summary = lib.query(p.db, `SELECT coalesce(region, ''), coalesce(product, ''), coalesce(calculation_date, ''), total_orders, printf('%.4f', total_revenue) FROM analytics_summary WHERE run_id = '${result.run}'`);
      const wanted = [
        ['', '', '', opinion.clean.length, revenue],
        ...groups(sums(opinion.clean, (r) => r.region)).map(([n, o, , r]) => [n, '', '', o, r]),
        ...groups(sums(opinion.clean, (r) => r.product)).map(([n, o, , r]) => ['', n, '', o, r]),
        ...groups(sums(opinion.clean, (r) => r.date)).map(([n, o, , r]) => ['', '', n, o, r]),
      ].map((row) => [...row.slice(0, 3), String(row[3]), lib.print(row[4], 4, 4)].join('|')).sort();
      assert.deepEqual(summary.map((row) => row.join('|')).sort(), wanted);
    }
    const list = json(['runs', ...p.args]);
    assert.deepEqual(list.map((r) => [r.run, r.rows.clean]), runs.map((r) => [r.result.run, r.opinion.clean.length]).reverse());
    lib.sound(p);
  });
}

test('large amounts add up exactly', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'large.csv');
  const rows = Array.from({ length: 2000 }, (_, i) => [`L${i}`, `2024-01-${String(1 + (i % 28)).padStart(2, '0')}`, 'East', 'Dairy', '99999999.9999', `9999999999.${String(9999 - i)}`]);
  fs.writeFileSync(file, `order_id,order_date,region,product,quantity,revenue\n${rows.map((r) => r.join(',')).join('\n')}\n`);
  importFile(p, file);
  const run = json(['run', 'show', ...p.args]);
  assert.equal(run.totals.revenue, lib.print(rows.reduce((sum, r) => sum + units(r[5]), 0n)));
  assert.equal(run.totals.quantity, lib.print(rows.reduce((sum, r) => sum + units(r[4]), 0n)));
  lib.sound(p);
});

// ---- tampering ----

let dir; // one honest folder for all of them, each works on a copy
let honest;
let early; // the tenant's file as it was after the first import
let number = 0;
before(() => {
  const t = { after: (fn) => (dir = fn) };
  honest = place(t);
  importFile(honest, messyFile(honest, 1, 400).file);
  early = path.join(honest.dir, 'early.db');
  fs.copyFileSync(honest.db, early);
  importFile(honest, lib.generate(honest.dir, 600, 8, 2).file);
  const [rule] = json(['record', 'list', 'rule', ...honest.args]).filter((r) => r.dataset === 'sales');
  lib.ok(['record', 'save', 'rule', JSON.stringify({ id: rule.id, message: 'must be readable' }), ...honest.args]);
  lib.sound(honest);
});
after(() => dir());

// It exits 1, and a check that fails matches.
function found(p, check, text) {
  const verdict = verify(p);
  assert.equal(verdict.code, 1);
  assert.equal(verdict.ok, false);
  const bad = verdict.checks.filter((c) => !c.ok);
  assert.ok(bad.some((c) => check.test(c.check) && text.test(`${c.run ?? ''} ${c.text}`)), JSON.stringify(bad));
}

const first = "(SELECT min(id) FROM run)";
const tampered = [
  ['an amount of a clean row', 'UPDATE sale SET revenue = revenue + 1 WHERE key = (SELECT max(key) FROM sale WHERE run = 1)', /rows/, /clean rows were changed/],
  ['two amounts of clean rows, so that the sum stays', `UPDATE sale SET revenue = revenue + CASE record % 2 WHEN 0 THEN 1 ELSE -1 END
     WHERE record IN (SELECT record FROM sale WHERE run = 2 AND record IN (SELECT min(record) FROM sale WHERE run = 2 GROUP BY record % 2)) AND run = 2`, /rows/, /clean/],
  ['the date of a clean row', 'UPDATE sale SET order_date = order_date + 1 WHERE run = 1 AND record = (SELECT min(record) FROM sale WHERE run = 1)', /rows/, /clean/],
  ['the region of a clean row', "UPDATE sale SET region = (SELECT id FROM term WHERE text <> 'East' LIMIT 1) WHERE key = (SELECT key FROM sale WHERE region = (SELECT id FROM term WHERE text = 'East') LIMIT 1)", /rows/, /clean/],
  ['the key of a clean row', "UPDATE sale SET key = 'x' || key WHERE key = (SELECT min(key) FROM sale WHERE run = 2)", /rows/, /clean/],
  ['a clean row removed', 'DELETE FROM sale WHERE key = (SELECT min(key) FROM sale WHERE run = 2)', /rows|source_vs_clean/, /clean/],
  ['a clean row added', "INSERT INTO sale SELECT key || 'z', run, 999999, NULL, order_date, region, product, quantity, revenue FROM sale WHERE run = 1 LIMIT 1", /rows|source_vs_clean/, /clean/],
  ['a clean row given to another run', 'UPDATE sale SET run = 2 WHERE key = (SELECT min(key) FROM sale WHERE run = 1)', /rows/, /clean/],
  ['a total', 'UPDATE sale_total SET revenue = revenue + 100 WHERE run = 2 AND order_date = (SELECT min(order_date) FROM sale_total WHERE run = 2)', /rows|analytics|dashboard/, /total/],
  ['a total removed', 'DELETE FROM sale_total WHERE run = 2 AND order_date = (SELECT min(order_date) FROM sale_total WHERE run = 2)', /rows|analytics|dashboard/, /total/],
  ['the category of an exception', "UPDATE reject SET category = 'DATA_QUALITY_ISSUE' WHERE id = (SELECT min(id) FROM reject WHERE category <> 'DATA_QUALITY_ISSUE')", /rows|exception/, /exceptions/],
  ['the reasons of an exception', "UPDATE reject SET faults = replace(faults, 'is', 'was') WHERE id = (SELECT min(id) FROM reject WHERE faults LIKE '%is%')", /rows/, /exceptions/],
  ['the bytes of an exception', "UPDATE reject SET raw = CAST(replace(CAST(raw AS TEXT), '2', '3') AS BLOB) WHERE id = (SELECT max(id) FROM reject WHERE CAST(raw AS TEXT) LIKE '%2%')", /rows/, /exceptions/],
  ['the line of an exception', 'UPDATE reject SET line = line + 1 WHERE id = (SELECT max(id) FROM reject)', /rows/, /exceptions/],
  ['the stage of an exception', "UPDATE reject SET stage = 'quality' WHERE id = (SELECT max(id) FROM reject WHERE stage <> 'quality')", /rows/, /exceptions/],
  ['the state of an exception', "UPDATE reject SET state = 'corrected', solved_run = 2 WHERE id = (SELECT max(id) FROM reject)", /rows|exception/, /exceptions?/, 'what settled an exception is not in the change log yet'],
  ['an exception removed', 'DELETE FROM reject WHERE id = (SELECT max(id) FROM reject)', /rows|exception|source/, /exceptions/],
  ['a text of a coded column', "UPDATE term SET text = 'Nord' WHERE text = 'North'", /rows|dashboard/, /clean/],
  ['a byte of the original', "UPDATE raw_chunk SET bytes = CAST(replace(CAST(bytes AS TEXT), 'ORD-0000007', 'ORD-0000008') AS BLOB) WHERE id = (SELECT max(id) FROM raw_chunk)", /raw/, /bytes from offset/],
  ['a byte of the original, and its CRC with it', null, /raw/, /SHA-256/],
  ['the index of the original', 'UPDATE raw_chunk SET records = zeroblob(length(records)) WHERE id = (SELECT max(id) FROM raw_chunk)', /raw/, /bytes|record/],
  ['the original removed', 'DELETE FROM raw_chunk WHERE id = (SELECT max(id) FROM raw_chunk)', /raw/, /bytes/],
  ['the SHA-256 of a run', "UPDATE run SET sha256 = replace(sha256, substr(sha256, 1, 1), 'e') || 'f' WHERE id = 1", /raw|rows/, /./],
  ['the counts of a run', 'UPDATE run SET rows_clean = rows_clean + 1, rows_rejected = rows_rejected - 1 WHERE id = 2', /./, /./],
  ['the count of a control', 'UPDATE run_control SET failed = failed + 1 WHERE run = 2 AND position = 3', /./, /control/],
  ['the count of a category', 'UPDATE run_category SET rows = rows + 1 WHERE run = 2', /exception/, /categor/],
  ['an entry of the audit trail', "UPDATE change_log SET text = 'nothing happened' WHERE seq = 4", /change_log|audit/, /entry 4\b/],
  ['the count of an entry', 'UPDATE change_log SET count = count + 1 WHERE seq = 3', /change_log|audit/, /entry 3\b/],
  ['an entry of the audit trail removed', 'DELETE FROM change_log WHERE seq = 5', /change_log|audit/, /entry 5\b/],
  ['two entries exchanged', 'UPDATE change_log SET seq = -1 WHERE seq = 3; UPDATE change_log SET seq = 3 WHERE seq = 4; UPDATE change_log SET seq = 4 WHERE seq = -1', /change_log|audit/, /entry 3\b/],
  ['the last entry of the audit trail removed', 'DELETE FROM change_log WHERE seq = (SELECT max(seq) FROM change_log)', /high_water/, /acknowledged/],
  ['an entry of the audit trail added', "INSERT INTO change_log SELECT seq + 1, hlc + 1, at, actor, unit, event, tbl, key, before, after, count, text, hash, NULL FROM change_log ORDER BY seq DESC LIMIT 1", /change_log/, /entry \d+/],
  ['an entry put into the unit of work before it', "UPDATE change_log SET goes_on = 1 WHERE seq = (SELECT max(seq) FROM change_log WHERE event = 'RUN_STARTED')", /change_log/, /entry \d+/],
];

for (const [what, sql, check, text] of tampered) {
  test(`found: ${what}`, () => {
    const p = copyPlace(honest, `copy-${++number}`);
    const content = () => sqlite(p.db, '.dump').split('\n').sort().join('\n');
    const before = content();
    sqlite(p.db, 'DROP TRIGGER change_log_keeps; DROP TRIGGER change_log_stays;');
    if (sql) {
      sqlite(p.db, `PRAGMA foreign_keys = OFF; ${sql};`);
    } else {
      // CRC-32 of the changed chunk, as someone who knows the format would put it.
      const last = 'FROM raw_chunk WHERE id = (SELECT max(id) FROM raw_chunk)';
      const part = (column) => Buffer.from(one(p.db, `SELECT hex(${column}) ${last}`), 'hex');
      const [records, bytes] = [part('records'), part('bytes')];
      const orders = [() => crc32(Buffer.concat([records, bytes])), () => crc32(Buffer.concat([bytes, records]))];
      const digest = orders.find((f) => String(f()) === one(p.db, `SELECT crc ${last}`));
      assert.ok(digest, 'the stored CRC is over bytes and records');
      bytes[bytes.length - 5] ^= 1;
      const crc = digest();
      sqlite(p.db, `UPDATE raw_chunk SET bytes = x'${bytes.toString('hex')}', crc = ${crc} WHERE id = (SELECT max(id) FROM raw_chunk);`);
    }
    for (const kept of ["CREATE TRIGGER change_log_keeps BEFORE DELETE ON change_log\nBEGIN SELECT raise(ABORT, 'the change log is never deleted from'); END", "CREATE TRIGGER change_log_stays BEFORE UPDATE ON change_log\nBEGIN SELECT raise(ABORT, 'the change log is never changed'); END"]) sqlite(p.db, `${kept};`);
    assert.ok(content() !== before, 'something was changed');
    found(p, check, text);
    fs.rmSync(p.data, { recursive: true });
  });
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

test('the change log refuses to be changed from the shell', () => {
  const p = copyPlace(honest, `copy-${++number}`);
  for (const sql of ["UPDATE change_log SET text = '' WHERE seq = 2;", 'DELETE FROM change_log WHERE seq = 2;'])
    assert.throws(() => sqlite(p.db, sql), /never/);
  lib.sound(p);
});

test('found: an older copy put in the place of the file', () => {
  const p = copyPlace(honest, `copy-${++number}`);
  fs.copyFileSync(early, p.db);
  found(p, /high_water/, /acknowledged/);
  lib.refuses(['runs', ...p.args], /older copy|acknowledged/);
  lib.refuses(['import', path.join(p.dir, 'messy-1.csv'), '--as', 'sales', ...p.args], /acknowledged/);
});

test('found: a copy with another history put in the place of the file', () => {
  const p = copyPlace(honest, `copy-${++number}`);
  const q = copyPlace(honest, `copy-${++number}`);
  for (const [at, seed] of [[p, 31], [q, 32]]) importFile(at, lib.generate(at.dir, 60, seed).file);
  fs.copyFileSync(q.db, p.db);
  found(p, /high_water/, /another copy|acknowledged/);
  lib.refuses(['runs', ...p.args], /history of its own|acknowledged/);
});

test('found: the file cut short', () => {
  const p = copyPlace(honest, `copy-${++number}`);
  const size = fs.statSync(p.db).size;
  for (const left of [size - 1, size - 4096, Math.floor(size / 2), 40000, 1000, 10]) {
    fs.truncateSync(p.db, left);
    const verdict = verify(p);
    assert.equal(verdict.code, 1, `${left} bytes left`);
    assert.match(JSON.stringify(verdict.checks), /cut short|damaged/);
    lib.refuses(['runs', ...p.args], /cut short|damaged/, 1);
  }
});

// A reader keeps the WAL from being emptied, as a server would; then both are gone.
async function importWithWal(p, file) {
  const reader = spawn('sqlite3', ['-batch', p.db], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => reader.on('exit', resolve));
  try {
    await new Promise((resolve) => {
      reader.stdout.on('data', resolve);
      reader.stdin.write('BEGIN; SELECT count(*) FROM run;\n');
    });
    importFile(p, file);
  } finally {
    reader.kill('SIGKILL');
    await gone;
  }
}

test('found: the WAL removed while nobody was there', async () => {
  const p = copyPlace(honest, `copy-${++number}`);
  await importWithWal(p, lib.generate(p.dir, 500, 99).file);
  assert.ok(fs.statSync(`${p.db}-wal`).size > 32768, 'a WAL is there');
  const q = copyPlace(p, `copy-${++number}`);
  lib.sound(q); // with its WAL all is there
  for (const end of ['-wal', '-shm']) fs.rmSync(`${p.db}${end}`, { force: true });
  found(p, /high_water/, /acknowledged/);
  lib.refuses(['runs', ...p.args], /acknowledged/);
});

test('found: the WAL cut short', async () => {
  const p = copyPlace(honest, `copy-${++number}`);
  await importWithWal(p, lib.generate(p.dir, 500, 98).file);
  fs.rmSync(`${p.db}-shm`, { force: true });
  fs.truncateSync(`${p.db}-wal`, fs.statSync(`${p.db}-wal`).size - 40000);
  found(p, /high_water/, /acknowledged/);
});

// A flipped bit anywhere: it is found, or it changed nothing that can be read.
test('found: flipped bits at random places', (t) => {
  const p = copyPlace(honest, `copy-${++number}`);
  const bytes = fs.readFileSync(p.db);
  const dump = lib.sha256(sqlite(p.db, '.dump'));
  const r = lib.random(2024);
  const missed = [];
  let changed = 0;
  for (let i = 0; i < (lib.LONG ? 1000 : 120); i++) {
    let at = r.below(bytes.length);
    while (!bytes[at]) at = r.below(bytes.length); // most of a small file is room that nothing uses yet
    const bit = 1 << r.below(8);
    bytes[at] ^= bit;
    fs.writeFileSync(p.db, bytes);
    const ended = lib.outpost(['verify', ...p.args]);
    assert.equal(ended.signal, null, `bit ${bit} at ${at}: ${ended.err}`);
    let now = '';
    try {
      now = lib.sha256(sqlite(p.db, '.dump'));
    } catch {
      now = 'damaged';
    }
    if (now !== dump) changed++;
    if (now !== dump && ended.code === 0) {
      missed.push(at);
      if (process.env.KEEP) fs.writeFileSync(`/tmp/flip-${at}.db`, bytes);
    }
    bytes[at] ^= bit;
  }
  t.diagnostic(`${changed} changed something, ${missed.length} were missed`);
  assert.deepEqual(missed, []);
  assert.ok(changed > 10);
});
