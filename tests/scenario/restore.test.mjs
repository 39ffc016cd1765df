// Backups that make themselves (F21), restore drills, and the way back to a chosen minute (T33).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { LONG, OUTPOST_TEST, copyPlace, generate, importFile, json, ok, one, outpost, place, query, refuses, sleep, sqlite, start } from './lib.mjs';

const noTestBuild = spawnSync(OUTPOST_TEST, ['version']).status === 0 ? false : `there is no test build at ${OUTPOST_TEST}`;
const copies = (p) => fs.readdirSync(path.join(p.data, 'backups')).filter((f) => /^demo-\d.*\.db$/.test(f)).sort();

// ---- the daily copy ----

test('drills under write load: every copy is a beginning of what was acknowledged', async (t) => {
  const p = place(t);
  const acknowledged = [];
  let stop = false;
  const writer = (async () => {
    for (let i = 0; !stop; i++) {
      const ended = await start(['record', 'save', 'reference_item', JSON.stringify({ list: 'regions', value: `R${i}` }), '--json', ...p.args], { stdio: ['ignore', 'pipe', 'pipe'] }).ended;
      assert.equal(ended.code, 0, ended.err);
      acknowledged.push(JSON.parse(ended.out).value);
    }
  })();
  const importer = (async () => {
    for (let i = 0; !stop && i < 12; i++) {
      const ended = await start(['import', generate(p.dir, 3000, 500 + i).file, '--as', 'sales', '--unique', 'order_id,revenue,quantity', ...p.args], { stdio: ['ignore', 'pipe', 'pipe'] }).ended;
      assert.equal(ended.code, 0, ended.err);
    }
  })();
  refuses(['backup', 'drill', ...p.args], /no copy.*backup run/, 4);
  for (let i = 0; i < (LONG ? 100 : 5); i++) {
    const before = acknowledged.length;
    const made = await start(['backup', 'run', '--json', ...p.args], { stdio: ['ignore', 'pipe', 'pipe'] }).ended;
    assert.equal(made.code, 0, made.err);
    const { file, last_change: last } = JSON.parse(made.out);
    const values = query(file, "SELECT value FROM reference_item WHERE value GLOB 'R[0-9]*' ORDER BY length(value), value").map((r) => r[0]);
    assert.deepEqual(values, Array.from({ length: values.length }, (_, k) => `R${k}`), 'a beginning, without gaps');
    assert.ok(values.length >= before, `what was acknowledged before is in it: ${values.length} of ${before}`);
    const drill = await start(['backup', 'drill', '--json', ...p.args], { stdio: ['ignore', 'pipe', 'pipe'] }).ended;
    assert.equal(drill.code, 0, drill.err);
    const answer = JSON.parse(drill.out);
    assert.ok(answer.tables > 20 && answer.rows > 10 && answer.last_change >= last);
    assert.equal(fs.existsSync(path.join(p.data, 'backups/.drill-demo')), false);
  }
  stop = true;
  await Promise.all([writer, importer]);
  const { age_seconds: age, drilled_at: drilled, copies: listed } = json(['backup', 'list', ...p.args]);
  assert.ok(age < 60 && drilled && listed.length >= 1);
  assert.equal(lib.verify(p).code, 0);
});

test('a copy that was changed fails its drill', (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 300, 3).file);
  const { file } = json(['backup', 'run', ...p.args]);
  const bytes = fs.readFileSync(file);
  bytes[bytes.length - 3000] ^= 1;
  fs.writeFileSync(file, bytes);
  refuses(['backup', 'drill', ...p.args], /SHA-256/, 1);
  assert.equal(one(p.db, 'SELECT count(*) FROM backup_made WHERE drilled_at IS NOT NULL'), '0');
});

test('as jobs: a copy, a drill; a failure is an alert, and settles itself', (t) => {
  const p = place(t);
  const job = (kind, payload = {}) => {
    const { id } = json(['jobs', 'add', kind, JSON.stringify(payload), ...p.args]);
    ok(['jobs', 'work', '--until-idle', ...p.args]);
    return json(['jobs', 'show', String(id), ...p.args]);
  };
  const told = (state) => query(p.db, `SELECT title FROM alert WHERE kind = 'backup_failed' AND status ${state} 'resolved'`).map((r) => r[0]);
  const made = job('backup_daily', { daily: 2, weekly: 0, monthly: 0 });
  assert.equal(made.state, 'done', made.cause);
  assert.deepEqual(copies(p), [made.result.file]);
  const drill = job('backup_drill');
  assert.equal(drill.state, 'done', drill.cause);
  assert.equal(drill.result.file, made.result.file);
  assert.equal(job('archive_run').state, 'done');
  assert.equal(query(p.db, "SELECT count(*) FROM schedule WHERE kind IN ('backup_daily', 'archive_run') AND active = 1")[0][0], '2');
  const folder = path.join(p.data, 'backups');
  fs.renameSync(folder, `${folder}-aside`);
  fs.writeFileSync(folder, 'in the way');
  assert.equal(job('backup_daily').state, 'dead');
  assert.deepEqual(told('<>'), ['The daily backup failed']);
  fs.rmSync(folder);
  fs.renameSync(`${folder}-aside`, folder);
  assert.equal(job('backup_daily').state, 'done');
  assert.deepEqual([told('<>'), told('=')], [[], ['The daily backup failed']]);
  assert.match(job('backup_daily', { daily: 'many' }).cause, /daily is how many copies are kept/);
});

test('rotation keeps seven days, four weeks and twelve months, and what people made', (t) => {
  const p = place(t);
  ok(['backup', 'create', ...p.args]); // by hand: not among those that are rotated
  const hand = copies(p);
  const DAY = 86400e6;
  const now = Date.now() * 1000;
  const r = lib.random(4);
  const all = [];
  fs.mkdirSync(path.join(p.data, 'backups'), { recursive: true });
  for (let d = 1; d < 500; d += r.chance(0.8) ? 1 : 3)
    for (let k = 0; k < 1 + r.below(2); k++) {
      const at = now - d * DAY - r.below(6e9);
      const file = `demo-0000-${d}-${k}.db`;
      fs.writeFileSync(path.join(p.data, 'backups', file), 'x');
      fs.writeFileSync(path.join(p.data, 'backups', `${file}.sha256`), 'x');
      all.push({ file, at });
    }
  sqlite(p.db, `INSERT INTO backup_made (file, made_at, last_seq, bytes, sha256, verified_at) VALUES ${all.map((c) => `('${c.file}', ${c.at}, 1, 1, 'x', ${c.at})`).join(',')};`);
  const { file } = json(['backup', 'run', ...p.args]);
  all.push({ file: path.basename(file), at: now + 1e6 });
  all.sort((a, b) => b.at - a.at);
  // The second opinion: periods by the calendar of JavaScript.
  const keep = new Set([all[0].file]);
  const iso = (at) => new Date(at / 1000).toISOString();
  const monday = (at) => Math.floor((Math.floor(at / DAY) + 3) / 7);
  for (const [period, most] of [[(at) => iso(at).slice(0, 10), 7], [monday, 4], [(at) => iso(at).slice(0, 7), 12]]) {
    const seen = new Set();
    for (const c of all) {
      if (seen.has(period(c.at))) continue;
      seen.add(period(c.at));
      if (seen.size > most) break;
      keep.add(c.file);
    }
  }
  assert.deepEqual(copies(p).filter((f) => !hand.includes(f)), [...keep].sort());
  assert.ok(keep.size >= 15 && keep.size <= 23);
  assert.deepEqual(json(['backup', 'list', ...p.args]).copies.map((c) => c.file).sort(), [...keep].sort());
  for (const f of fs.readdirSync(path.join(p.data, 'backups')).filter((n) => n.endsWith('.sha256'))) assert.ok(fs.existsSync(path.join(p.data, 'backups', f.slice(0, -7))), f);
});

test('killed at any point, a copy is whole or not there (F3)', { skip: noTestBuild }, (t) => {
  const base = place(t);
  importFile(base, generate(base.dir, 200, 5).file);
  let n = 1;
  for (; n < 500; n += LONG ? 1 : 3) {
    const p = copyPlace(base, `kill-${n}`);
    const ended = outpost(['backup', 'run', ...p.args], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    const folder = path.join(p.data, 'backups');
    for (const file of fs.existsSync(folder) ? copies(p) : []) ok(['backup', 'verify', path.join(folder, file)]);
    for (const [file] of query(p.db, 'SELECT file FROM backup_made WHERE removed_at IS NULL')) assert.ok(copies(p).includes(file));
    ok(['backup', 'run', ...p.args]);
    ok(['backup', 'drill', ...p.args]);
    fs.rmSync(p.data, { recursive: true });
    if (ended.signal !== 'SIGKILL') break;
  }
  t.diagnostic(`${n} crash points`);
  assert.ok(n > 10);
});

// ---- a chosen minute ----

// Not compared: whose turn it is, what was worked out and is worked out again, numbers of codes, what went out.
const STATED = new Set(['change_log', 'job_queue_state', 'event_minute', 'event_tally', 'event_member', 'stock_name', 'cached_figure', 'monthly_revenue_store', 'monthly_revenue_state',
  'metric_dirty', 'alert_seen', 'alert_notice', 'schedule_state', 'schedule_slot', 'backup_made', 'stock_position', 'stock_daily', 'stock_weekly', 'stock_dirty_week', 'stock_metric', 'stock_risk', 'secret',
  'sqlite_sequence', 'schema_migration']);
// How a segment is packed, and which row touched a level last, when it lies in a file.
const UNSTATED = { event_segment: ['id', 'plain', 'crc', 'codec', 'body'], stock_level: ['last_id', 'updated_at'], stock_serial_place: ['last_id'] };
const tablesOf = (db) => query(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1").map((r) => r[0]).filter((name) => !STATED.has(name));

function manifest(p) {
  const names = tablesOf(p.db);
  const sql = names.map((name) => {
    const columns = query(p.db, `SELECT name FROM pragma_table_info('${name}')`).map((r) => r[0]).filter((c) => !UNSTATED[name]?.includes(c));
    return `SELECT '${name}' || char(1) || ${columns.map((c) => `quote("${c}")`).join(` || '|' || `)} FROM ${name} ORDER BY 1;`;
  }).join('\n');
  const rows = sqlite(p.db, sql, '-list').split('\n');
  const tables = Object.fromEntries(names.map((n) => [n, []]));
  for (const row of rows) if (row.includes('\x01')) tables[row.slice(0, row.indexOf('\x01'))].push(row);
  return {
    tables: Object.fromEntries(Object.entries(tables).map(([n, list]) => [n, lib.sha256(list.join('\n'))])),
    rows: tables,
    log: query(p.db, 'SELECT seq, hex(hash) FROM change_log ORDER BY seq').map((r) => r.join()),
  };
}

class Work {
  constructor(p, seed) {
    this.p = p;
    this.r = lib.random(seed);
    this.clock = path.join(p.dir, 'clock');
    this.offset = 0; // seconds: the clock of the test runs ahead
    this.n = 0;
    this.tick(0);
  }
  tick(seconds) {
    this.offset += seconds;
    fs.writeFileSync(this.clock, String(this.offset * 1e6));
  }
  get options() {
    return { binary: OUTPOST_TEST, env: { OUTPOST_CLOCK: this.clock } };
  }
  now() {
    return new Date(Date.now() + this.offset * 1000);
  }
  run(args, codes = [0]) {
    const ended = outpost([...args, ...this.p.args], { binary: OUTPOST_TEST, env: { OUTPOST_CLOCK: this.clock } });
    assert.ok(codes.includes(ended.code), `outpost ${args.join(' ')}: ${ended.code} ${ended.err}`);
    return ended.out;
  }
  save(entity, object) {
    return JSON.parse(this.run(['record', 'save', entity, JSON.stringify(object), '--json']));
  }
  list(entity) {
    const all = JSON.parse(this.run(['record', 'list', entity, '--json']));
    return Array.isArray(all) ? all : all.data;
  }
  step() {
    const { r } = this;
    const i = this.n++;
    const runs = query(this.p.db, "SELECT uuid, id IN (SELECT run FROM run_undone) FROM run WHERE state = 'done'");
    const keys = query(this.p.db, 'SELECT key FROM sale ORDER BY key LIMIT 50').map((x) => x[0]);
    const sku = () => `SKU-${r.below(6)}`;
    const where = () => r.pick(['MAIN', 'WEST']);
    const what = r.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 12, 13, 13]);
    if (what === 0 || runs.length < 2) {
      const file = path.join(this.p.dir, `f${i}.csv`);
      fs.writeFileSync(file, lib.messySales(1000 + i, 20 + r.below(60)));
      this.run(['import', file, '--as', 'sales', '--existing', r.pick(['update', 'reject'])]);
    } else if (what === 1) {
      const [uuid, undone] = r.pick(runs);
      this.run([undone === '1' ? 'redo' : 'undo', uuid], [0, 5]);
    } else if (what === 2 && keys.length) this.run(['edit', r.pick(keys), `quantity=${1 + r.below(99)}`], [0, 1, 5]);
    else if (what === 3 && keys.length) this.save('note', { dataset: 'sales', key: r.pick(keys), text: `note ₹ ${i}` });
    else if (what === 4) this.save('reference_item', { list: 'regions', value: `Region ${i}` });
    else if (what === 5) {
      const item = r.pick(this.list('reference_item'));
      this.run(['record', 'delete', 'reference_item', item.id], [0, 5]);
    } else if (what === 6) {
      const [rule] = this.list('rule').filter((x) => x.name === 'quantity_positive');
      this.save('rule', { id: rule.id, message: `quantity is above 0 (${i})` });
    } else if (what === 7) {
      const open = query(this.p.db, "SELECT id FROM reject WHERE state = 'open' AND id >> 32 NOT IN (SELECT run FROM run_undone) ORDER BY id LIMIT 20");
      if (open.length) this.run(['exception', 'fix', r.pick(open)[0], `order_id=FIX-${i}`, 'order_date=2023-01-02', 'region=North', 'product=Dairy', 'quantity=1', 'revenue=2'], [0, 1, 3, 5]);
    } else if (what === 8) {
      const open = query(this.p.db, "SELECT id FROM reject WHERE state = 'open' AND id >> 32 NOT IN (SELECT run FROM run_undone) ORDER BY id DESC LIMIT 20");
      if (open.length) this.run(['exception', 'accept', r.pick(open)[0], '--reason', `because ${i}`], [0, 5]);
    } else if (what === 9) this.run(['stock', 'adjust', sku(), where(), String(1 + r.below(50)), '--reason', `count ${i}`]);
    else if (what === 10) this.run(['record', 'save', 'stock_reservation', JSON.stringify({ sku: sku(), warehouse: where(), quantity: '1', reference: `O-${i}` })], [0, 5]);
    else if (what === 11) {
      const [open] = this.list('stock_reservation').filter((x) => x.state === 'open');
      if (open) this.save('stock_reservation', { id: open.id, state: 'released' });
    } else if (what === 12) {
      const file = path.join(this.p.dir, `e${i}.jsonl`);
      const lines = Array.from({ length: 1 + r.below(8) }, (_, k) => JSON.stringify({ eventId: `00000000-0000-4000-8000-${String(i * 100 + k).padStart(12, '0')}`, eventType: 'RECEIPT', sku: sku(), warehouseId: where(), quantityChange: 1 + r.below(9), timestamp: new Date(this.now().getTime() - (r.below(200) + 1) * 864e5).toISOString() }));
      fs.writeFileSync(file, `${lines.join('\n')}\n`);
      this.run(['events', 'publish', 'inventory-events', file]);
    } else {
      // The ledger counts as added up, so that its old months may leave.
      sqlite(this.p.db, 'UPDATE stock_position SET ledger = (SELECT coalesce(max(id), 0) FROM stock_transactions);');
      this.run(['archive', 'run']);
    }
  }
}

test('back to a minute: every table is what it was then', { skip: noTestBuild }, (t) => {
  const base = place(t);
  const w = new Work(base, 17);
  w.save('retention_policy', { id: '00000000-0000-7000-8000-000000001401', active: true, cold_days: 40 });
  w.tick(60);
  const minutes = [];
  const count = LONG ? 50 : 18;
  for (let m = 0; m < count; m++) {
    for (let k = 0; k < 1 + w.r.below(4); k++) w.step();
    w.tick(20);
    minutes.push({ at: w.now().toISOString().slice(0, 19), seen: manifest(base) });
    w.tick(40);
  }
  const archived = Number(one(base.db, "SELECT count(*) FROM change_log WHERE event = 'ARCHIVED'"));
  t.diagnostic(`${one(base.db, 'SELECT count(*) FROM change_log')} entries, ${archived} files of the archive, ${one(base.db, 'SELECT count(*) FROM run')} runs`);
  const asked = LONG ? minutes : minutes.filter((_, i) => i % 3 === 0 || i === minutes.length - 1);
  for (const { at, seen } of asked) {
    const p = copyPlace(base, 'back');
    const answer = json(['backup', 'restore', '--at', at, ...p.args], w.options);
    const now = manifest(p);
    assert.equal(answer.last_change, seen.log.length, at);
    assert.deepEqual(now.log.slice(0, seen.log.length), seen.log, 'the log up to there');
    for (const name of Object.keys(seen.tables)) if (now.tables[name] !== seen.tables[name]) assert.deepEqual(now.rows[name], seen.rows[name], `${name} at ${at}`);
    assert.match(one(p.db, "SELECT text FROM change_log WHERE event = 'RESTORED'"), /restored to 20/);
    assert.equal(lib.verify(p).code, 0, JSON.stringify(lib.verify(p).checks.filter((c) => !c.ok)));
    ok(['stock', 'replay', ...p.args]);
    ok(['backup', 'verify', answer.kept]);
    // What was there is kept, and life goes on.
    assert.equal(query(answer.kept, 'SELECT max(seq) FROM change_log')[0][0], one(base.db, 'SELECT max(seq) FROM change_log'));
    importFile(p, generate(p.dir, 50, 900).file, '--unique', 'order_id,revenue');
    ok(['archive', 'run', ...p.args]);
    assert.equal(lib.verify(p).code, 0);
    fs.rmSync(p.data, { recursive: true });
  }
});

test('back to a minute from a copy, when the file itself is gone', { skip: noTestBuild }, (t) => {
  const p = place(t);
  const w = new Work(p, 3);
  for (let k = 0; k < 6; k++) w.step();
  w.tick(60);
  const early = { at: w.now().toISOString().slice(0, 19), seen: manifest(p) };
  w.tick(60);
  w.run(['backup', 'run']);
  for (let k = 0; k < 4; k++) w.step();
  w.tick(60);
  const late = manifest(p);
  w.run(['backup', 'run']);
  fs.writeFileSync(p.db, 'gone');
  for (const f of ['-wal', '-shm']) fs.rmSync(p.db + f, { force: true });
  refuses(['runs', ...p.args]);
  const answer = json(['backup', 'restore', '--at', early.at, ...p.args], w.options);
  assert.match(answer.restored_from, /backups\/demo-/);
  const now = manifest(p);
  for (const name of Object.keys(early.seen.tables)) if (now.tables[name] !== early.seen.tables[name]) assert.deepEqual(now.rows[name], early.seen.rows[name], name);
  assert.equal(lib.verify(p).code, 0);
  assert.ok(late.log.length > early.seen.log.length);
});

test('what cannot be is refused, and changes nothing', (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 100, 1).file);
  const before = manifest(p);
  refuses(['backup', 'restore', '--at', '2001-01-01T00:00', ...p.args], /the log begins at/, 1);
  refuses(['backup', 'restore', '--at', '2191-01-01T00:00', ...p.args], /still to come/, 1);
  refuses(['backup', 'restore', '--at', 'noon', ...p.args], /2024-02-29T10:15/, 2);
  refuses(['backup', 'restore', ...p.args], /needs a backup, or --at/, 2);
  assert.deepEqual(manifest(p), before);
  assert.deepEqual(fs.readdirSync(p.data).filter((f) => f.startsWith('.restore')), []);
});

test('killed on the way back, the file is the old one or the new one', { skip: noTestBuild }, (t) => {
  const base = place(t);
  const w = new Work(base, 5);
  for (let k = 0; k < 5; k++) w.step();
  w.tick(60);
  const at = w.now().toISOString().slice(0, 19);
  const early = manifest(base);
  w.tick(60);
  for (let k = 0; k < 4; k++) w.step();
  const late = manifest(base);
  const same = (a, b) => Object.keys(b.tables).every((n) => a.tables[n] === b.tables[n]);
  let n = 1;
  const seen = new Set();
  for (; n < 3000; n += LONG ? 7 : 90) {
    const p = copyPlace(base, `kill-${n}`);
    const ended = outpost(['backup', 'restore', '--at', at, ...p.args], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n), OUTPOST_CLOCK: w.clock } });
    const now = manifest(p);
    assert.ok(same(now, early) || same(now, late), `crash ${n}`);
    seen.add(same(now, late) ? 'old' : 'new');
    ok(['runs', ...p.args]);
    fs.rmSync(p.data, { recursive: true });
    if (ended.signal !== 'SIGKILL') break;
  }
  t.diagnostic(`${n} crash points`);
  assert.ok(seen.has('old') && seen.has('new'));
});
