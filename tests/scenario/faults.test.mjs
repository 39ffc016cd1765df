// Power cuts, full disks, locks, damaged files (F1, F4, F7, F9, F10): a clear
// sentence, nothing lost, nothing twice.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { OUTPOST, OUTPOST_TEST, LONG, copyPlace, exported, generate, importFile, json, ok, one, place, refuses, sleep, sound, start } from './lib.mjs';

const crashes = spawnSync(OUTPOST_TEST, ['version'], { env: { ...process.env, OUTPOST_CRASH: '' } }).status === 0;
const noCrashBuild = crashes ? false : `there is no test build at ${OUTPOST_TEST}`;

const states = (p) => json(['runs', ...p.args]).map((r) => r.state);

// All runs that are done hold exactly what the opinion says; nothing else is there.
function whole(p, opinion, done) {
  assert.equal(one(p.db, 'SELECT count(*) FROM sale'), String(done ? opinion.clean.length : 0));
  assert.equal(one(p.db, 'SELECT count(DISTINCT run) FROM sale'), done ? '1' : '0');
  assert.equal(one(p.db, 'SELECT coalesce(sum(orders), 0) FROM sale_total'), String(done ? opinion.clean.length : 0));
  assert.equal(one(p.db, 'SELECT coalesce(sum(revenue), 0) FROM sale_total'), String(done ? opinion.clean.reduce((sum, r) => sum + r.revenue, 0n) : 0n));
  assert.equal(one(p.db, 'SELECT count(DISTINCT id >> 24) FROM raw_chunk'), done ? '1' : '0');
  const { runs } = { runs: json(['runs', ...p.args]) };
  assert.equal(runs.filter((r) => r.state === 'done').length, done ? 1 : 0);
}

// Runs a command at every crash point, from the first to the one that is never reached.
// check(p, n, out) gets a fresh copy each time, after the crash.
function everyCrash(base, args, check, { step = 1, least = 5 } = {}) {
  let n = 1;
  for (; ; n += step) {
    assert.ok(n < 3000, 'it never finishes');
    const p = copyPlace(base, `crash-${n}`);
    const ended = lib.outpost([...args, ...p.args], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    if (ended.signal !== 'SIGKILL') {
      assert.equal(ended.code, 0, ended.err);
      check(p, n, true);
      fs.rmSync(p.data, { recursive: true });
      break;
    }
    assert.match(ended.err, /crash point/);
    check(p, n, false, ended.err);
    fs.rmSync(p.data, { recursive: true });
  }
  assert.ok(n > least, `only ${n} crash points`);
  return n;
}

test('kill -9 at every crash point of an import', { skip: noCrashBuild }, (t) => {
  const base = place(t);
  const g = generate(base.dir, 300, 5, 2);
  const opinion = lib.judge(g.text);
  const seen = new Set();
  const n = everyCrash(base, ['import', g.file, '--as', 'sales'], (p, at, finished) => {
    const state = states(p); // this opens the tenant: what is to be recovered, is
    assert.ok(state.length <= 1, `crash ${at}`);
    if (finished) assert.deepEqual(state, ['done']);
    else assert.ok(['done', 'interrupted', undefined].includes(state[0]), `crash ${at}: ${state}`);
    seen.add(String(state[0]));
    whole(p, opinion, state[0] === 'done');
    sound(p);
    if (state[0] !== 'done') {
      // The same file goes in as if nothing had been.
      const again = importFile(p, g.file);
      assert.deepEqual(again.rows, lib.rowCounts(300, opinion.clean.length, opinion.rejected.length));
      assert.equal(again.reconciled, true);
      sound(p);
    } else {
      const run = json(['run', 'show', ...p.args]);
      assert.equal(run.reconciled, true);
      assert.equal(run.audits.length, 5);
    }
  });
  t.diagnostic(`${n} crash points, ${[...seen]}`);
  assert.ok(seen.has('interrupted') && seen.has('done'));
});

test('kill -9 at every crash point of a correction', { skip: noCrashBuild }, (t) => {
  const base = place(t);
  const file = path.join(base.dir, 'in.csv');
  fs.writeFileSync(file, 'order_id,order_date,region,product,quantity,revenue\nG1,2024-01-01,East,Dairy,1,1.00\nB1,,East,Dairy,2,20.00\n');
  importFile(base, file);
  const [x] = json(['exceptions', ...base.args]);
  everyCrash(base, ['exception', 'fix', String(x.id), 'order_date=2024-05-05'], (p, at) => {
    const [{ state }] = json(['exceptions', '--limit', '10', ...p.args]).filter((e) => e.id === x.id);
    const there = exported(p, 'clean_sales').filter((r) => r.order_id === 'B1').length;
    assert.equal(there, state === 'corrected' ? 1 : 0, `crash ${at}`);
    sound(p);
    if (state === 'open') assert.equal(json(['exception', 'fix', String(x.id), 'order_date=2024-05-05', ...p.args]).corrected, true);
  });
});

test('kill -9 at every crash point of a change to a record', { skip: noCrashBuild }, (t) => {
  const base = place(t);
  everyCrash(base, ['record', 'save', 'reference_item', '{"list":"regions","value":"Overseas"}'], (p, at, finished) => {
    const found = json(['record', 'list', 'reference_item', ...p.args]).filter((r) => r.value === 'Overseas');
    const entries = one(p.db, "SELECT count(*) FROM change_log WHERE tbl = 'reference_item'");
    assert.equal(String(found.length), entries, `crash ${at}`);
    if (finished) assert.equal(found.length, 1);
    sound(p);
  }, { least: 3 });
});

test('kill -9 at every crash point of making a folder and a tenant', { skip: noCrashBuild }, (t) => {
  const dir = lib.folder(t);
  for (let n = 1, finished = false; !finished; n++) {
    assert.ok(n < 1000);
    const data = path.join(dir, `init-${n}`);
    const ended = lib.outpost(['init', data], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    finished = ended.code === 0;
    ok(['init', data]); // goes on where it stopped
    ok(['tenant', 'add', 'demo', '--data', data]);
    fs.rmSync(data, { recursive: true });
  }
  for (let n = 1, finished = false; !finished; n++) {
    assert.ok(n < 1000);
    const data = path.join(dir, `add-${n}`);
    ok(['init', data]);
    const ended = lib.outpost(['tenant', 'add', 'demo', '--data', data], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    finished = ended.code === 0;
    // Either it is there, or it can be added now.
    if (json(['tenant', 'list', '--data', data]).length === 0) ok(['tenant', 'add', 'demo', '--data', data]);
    assert.equal(json(['tenant', 'list', '--data', data]).length, 1);
    sound({ args: ['--data', data] });
    fs.rmSync(data, { recursive: true });
  }
});

test('kill -9 at every crash point of a backup and of a restore', { skip: noCrashBuild }, (t) => {
  const base = place(t);
  importFile(base, generate(base.dir, 200, 1).file);
  const copy = path.join(base.dir, 'copy.db');
  ok(['backup', 'create', '--out', copy, ...base.args]);
  importFile(base, generate(base.dir, 100, 2, 0).file, '--unique', 'order_id,revenue');
  const rows = (p) => Number(one(p.db, 'SELECT count(*) FROM run'));
  everyCrash(base, ['backup', 'create'], (p, at, finished) => {
    const made = fs.existsSync(path.join(p.data, 'backups')) ? fs.readdirSync(path.join(p.data, 'backups')).filter((f) => f.endsWith('.db')) : [];
    for (const file of made) ok(['backup', 'verify', path.join(p.data, 'backups', file)]);
    if (finished) assert.equal(made.length, 1);
    sound(p);
  }, { least: 0 });
  everyCrash(base, ['backup', 'restore', copy], (p, at, finished, err) => {
    const verdict = lib.verify(p);
    // Old or new, never neither: if it is not sound, the same command again makes it so.
    if (!verdict.ok) {
      assert.ok(!finished);
      t.diagnostic(`crash ${at} (${err.trim()}) needs the restore again`);
      ok(['backup', 'restore', copy, ...p.args]);
    }
    sound(p);
    assert.ok([1, 2].includes(rows(p)));
    if (finished) assert.equal(rows(p), 1);
  }, { least: 2 });
});

test(`kill -9 at ${LONG ? 1000 : 50} random moments of a larger import`, { timeout: LONG ? 3600000 : 900000 }, async (t) => {
  const base = place(t);
  const g = generate(base.dir, 40000, 9, 1);
  const opinion = lib.judge(g.text);
  const began = process.hrtime.bigint();
  const timing = copyPlace(base, 'timing');
  importFile(timing, g.file);
  const whole1 = Number(process.hrtime.bigint() - began) / 1e6;
  fs.rmSync(timing.data, { recursive: true });
  const r = lib.random(4711);
  const counts = {};
  let p = copyPlace(base, 'random');
  for (let i = 0; i < (LONG ? 1000 : 50); i++) {
    const { child, ended } = start(['import', g.file, '--as', 'sales', ...p.args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    await sleep(r.next() * whole1 * 1.1);
    child.kill('SIGKILL');
    const how = await ended;
    const last = states(p)[0];
    counts[last ?? 'nothing'] = (counts[last ?? 'nothing'] ?? 0) + 1;
    if (how.code === 0) assert.equal(last, 'done', how.err);
    assert.ok(['done', 'interrupted', undefined].includes(last));
    assert.ok(states(p).slice(1).every((s) => s === 'interrupted'));
    whole(p, opinion, last === 'done');
    if (last === 'done' || i % 10 === 0) sound(p);
    if (last === 'done') {
      fs.rmSync(p.data, { recursive: true });
      p = copyPlace(base, `random-${i}`);
    }
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.interrupted > 5);
  sound(p);
});

// ---- full disks ----

test('a full disk: the import fails with a sentence, nothing is lost, and it works when there is room', (t) => {
  const p = place(t);
  const g = generate(p.dir, 240000, 3);
  const small = generate(p.dir, 100, 4);
  const room = 2 * fs.statSync(p.db).size + (3 << 20); // an empty file and its WAL while it is made
  const script = `
    set -e
    mount -t tmpfs -o size=${room} tmpfs ${p.dir}/mnt
    O=${OUTPOST}; D=${p.dir}/mnt/data
    $O init $D; $O tenant add demo --data $D
    $O import ${small.file} --as sales --data $D --json
    set +e
    $O import ${g.file} --as sales --data $D; echo "full=$?" >&2
    set -e
    $O verify --data $D --json
    $O runs --data $D --json
    mount -o remount,size=400m ${p.dir}/mnt
    $O import ${g.file} --as sales --unique order_id,revenue --data $D --json
    $O verify --data $D --json
    $O runs --data $D --json
    umount ${p.dir}/mnt
  `;
  fs.mkdirSync(path.join(p.dir, 'mnt'));
  // In a chroot / is no mount point whose propagation could be changed; the script unmounts what it mounts.
  const own = spawnSync('unshare', ['-m', 'true']).status === 0 ? ['-m'] : ['-m', '--propagation', 'unchanged'];
  const ended = spawnSync('unshare', [...own, 'bash', '-c', script], { encoding: 'utf8', timeout: 60000 });
  if (ended.error || /Operation not permitted|only root|must be superuser|permission denied/.test(ended.stderr)) return t.skip(`mounting is not permitted here: ${ended.error ?? ended.stderr.trim()}`);
  assert.equal(ended.status, 0, ended.stderr + ended.stdout);
  assert.match(ended.stderr, /full=1\b/);
  assert.match(ended.stderr, /outpost: .*(no space left|disk)/);
  const docs = ended.stdout.split('\n').filter((line) => /^[[{]/.test(line)).map((line) => JSON.parse(line));
  const [first, verdict, runs, second, verdict2, runs2] = docs;
  assert.deepEqual(verdict.checks.filter((c) => !c.ok), []);
  assert.deepEqual(verdict2.checks.filter((c) => !c.ok), []);
  assert.equal(runs.filter((r) => r.state === 'done').length, 1);
  assert.equal(runs.filter((r) => r.state === 'running').length, 0);
  assert.ok(['failed', 'interrupted'].includes(runs[0].state) || runs.length === 1);
  assert.equal(first.rows.read, 100);
  assert.equal(second.rows.read, 240000);
  assert.equal(runs2[0].state, 'done');
});

test('files that may not grow (RLIMIT_FSIZE)', (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 100, 4).file);
  const g = generate(p.dir, 30000, 3);
  const before = lib.sha256(exported(p, 'clean_sales').map((r) => JSON.stringify(r)).join());
  for (const kib of [900, 1100, 1500, 2000, 3000]) {
    const ended = spawnSync('bash', ['-c', `ulimit -f ${kib}; exec "$@"`, 'sh', OUTPOST, 'import', g.file, '--as', 'sales', ...p.args], { encoding: 'utf8', timeout: 60000 });
    assert.equal(ended.signal, null, `${kib} KiB: ${ended.signal}`);
    assert.equal(ended.status, 1, `${kib} KiB: ${ended.stdout}${ended.stderr}`);
    assert.equal(ended.stderr.trim().split('\n').length, 1, ended.stderr);
    assert.match(ended.stderr, /^outpost: .*(disk|space|written|large)/i);
    assert.equal(lib.sha256(exported(p, 'clean_sales').map((r) => JSON.stringify(r)).join()), before);
    assert.ok(!states(p).includes('running'));
    sound(p);
  }
  assert.equal(importFile(p, g.file, '--unique', 'order_id,revenue').rows.read, 30000);
  sound(p);
});

test('output that cannot be written is told', (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 5000, 4).file);
  const full = spawnSync('bash', ['-c', '"$0" export clean_sales "$@" > /dev/full', OUTPOST, ...p.args], { encoding: 'utf8' });
  assert.equal(full.status, 1);
  assert.match(full.stderr, /could not be written/);
  const ledger = spawnSync(OUTPOST, ['generate', 'sales', '--rows', '50000', '--ledger', '/dev/full'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(ledger.status, 1);
});

// ---- folders, locks, other versions, damage ----

// Root may write anywhere; nobody may not.
test('a folder that may only be read', (t) => {
  const p = place(t);
  const g = generate(p.dir, 100, 4);
  importFile(p, g.file);
  if (process.getuid() !== 0) return t.skip('needs root, to become somebody else');
  const asNobody = (...args) => {
    const bin = path.join(p.dir, 'outpost');
    if (!fs.existsSync(bin)) fs.copyFileSync(OUTPOST, bin);
    fs.chmodSync(bin, 0o755);
    return lib.outpost(args, { binary: bin, uid: 65534, gid: 65534, cwd: '/' });
  };
  fs.chmodSync(p.dir, 0o755);
  for (const [dir, file] of [[0o555, 0o444], [0o700, 0o600]]) {
    for (const d of [p.data, path.join(p.data, 'tenants')]) fs.chmodSync(d, dir);
    for (const f of fs.readdirSync(p.data, { recursive: true }).map((f) => path.join(p.data, f))) if (fs.statSync(f).isFile()) fs.chmodSync(f, file);
    const ended = asNobody('import', g.file, '--as', 'sales', ...p.args);
    assert.equal(ended.signal, null);
    assert.notEqual(ended.code, 0);
    assert.equal(ended.err.trim().split('\n').length, 1);
    assert.match(ended.err, /cannot be|permission|denied|no data folder/i);
    const made = asNobody('init', path.join(p.data, 'inner'));
    assert.equal(made.code, 1);
    assert.match(made.err, /cannot make/);
  }
  for (const d of [p.data, path.join(p.data, 'tenants')]) fs.chmodSync(d, 0o700);
  sound(p);
});

// A sqlite3 shell that does `sql` and keeps the file open until it is ended.
async function shell(db, sql) {
  const child = spawn('sqlite3', ['-batch', db], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => child.on('exit', resolve));
  await new Promise((resolve) => {
    child.stdout.once('data', resolve);
    child.stdin.write(`.timeout 10000\n${sql}; SELECT 'there';\n`);
  });
  return () => {
    child.stdin.end('ROLLBACK;\n.quit\n');
    return gone;
  };
}

test('a file that another program has locked', async (t) => {
  const p = place(t);
  const g = generate(p.dir, 100, 4);
  const release = await shell(p.db, 'BEGIN IMMEDIATE');
  try {
    assert.deepEqual(states(p), []); // reading goes on
    const began = Date.now();
    refuses(['import', g.file, '--as', 'sales', ...p.args], /locked|another/, 75);
    assert.ok(Date.now() - began < 20000);
  } finally {
    await release();
  }
  assert.equal(importFile(p, g.file).rows.read, 100);
  sound(p);
});

test('a file that another outpost writes', async (t) => {
  const p = place(t);
  const g = generate(p.dir, 100, 4);
  const lock = path.join(p.data, 'tenants', 'demo.lock');
  fs.closeSync(fs.openSync(lock, 'a'));
  const holder = spawn('flock', [lock, 'sh', '-c', 'echo locked; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => holder.on('exit', resolve));
  try {
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    assert.deepEqual(states(p), []);
    refuses(['import', g.file, '--as', 'sales', ...p.args], /written by another process/, 75);
  } finally {
    holder.stdin.end();
    await gone;
  }
  assert.equal(importFile(p, g.file).rows.read, 100);
  sound(p);
});

test('files of another version, of another program, damaged files: each is refused and left as it is', (t) => {
  const base = place(t);
  const g = generate(base.dir, 300, 4);
  importFile(base, g.file);
  const cases = {
    'a newer schema': [(p) => lib.sqlite(p.db, 'PRAGMA user_version = 99;'), /newer version/],
    'another program': [(p) => lib.sqlite(p.db, 'PRAGMA application_id = 7;'), /not one of Outpost/],
    'a migration in another wording': [(p) => lib.sqlite(p.db, "UPDATE schema_migration SET checksum = replace(checksum, 'a', 'b') WHERE version = 2;"), /wording/],
    'no SQLite file': [(p) => fs.writeFileSync(p.db, 'this is a text, not a database\n'.repeat(3000)), /no SQLite file|damaged/],
    'random bytes': [(p) => fs.writeFileSync(p.db, Buffer.from(Array.from({ length: 65536 }, (_, i) => (i * 7919 + 13) % 251))), /no SQLite file|damaged/],
    'an empty file': [(p) => fs.writeFileSync(p.db, ''), /no SQLite file|damaged/],
    'a truncated file': [(p) => fs.truncateSync(p.db, Math.floor(fs.statSync(p.db).size / 3)), /cut short/],
    'a file that is gone': [(p) => fs.rmSync(p.db), /missing/],
    'a folder in its place': [(p) => { fs.rmSync(p.db); fs.mkdirSync(p.db); }, /./],
    'pages of zeros': [(p) => { const b = fs.readFileSync(p.db); b.fill(0, 32768); fs.writeFileSync(p.db, b); }, /damaged/],
    'a mark that is none': [(p) => fs.writeFileSync(p.db.replace(/db$/, 'mark'), 'garbage garbage garbage'), /high-water mark/],
  };
  for (const [what, [damage, sentence]] of Object.entries(cases)) {
    const p = copyPlace(base, what.replaceAll(' ', '-'));
    damage(p);
    const content = () => (fs.existsSync(p.db) && fs.statSync(p.db).isFile() ? lib.sha256(fs.readFileSync(p.db)) : 'none');
    const before = content();
    for (const args of [['runs', ...p.args], ['import', g.file, '--as', 'sales', ...p.args], ['export', 'clean_sales', ...p.args], ['record', 'save', 'reference_item', '{"list":"regions","value":"X"}', ...p.args]])
      try {
        refuses(args, sentence);
      } catch (e) {
        e.message = `${what}: ${e.message}`;
        throw e;
      }
    const verdict = lib.outpost(['verify', ...p.args]);
    assert.equal(verdict.signal, null, what);
    assert.notEqual(verdict.code, 0, what);
    assert.equal(content(), before, `${what}: the file was changed`);
    fs.rmSync(p.data, { recursive: true });
  }
  sound(base);
});

test('a damaged or newer system.db', (t) => {
  const base = place(t);
  for (const damage of [(f) => lib.sqlite(f, 'PRAGMA user_version = 99;'), (f) => fs.writeFileSync(f, 'x'.repeat(5000)), (f) => fs.truncateSync(f, 5000), (f) => fs.writeFileSync(f, '')]) {
    const p = copyPlace(base, 'system');
    damage(path.join(p.data, 'system.db'));
    refuses(['runs', ...p.args]);
    refuses(['tenant', 'add', 'other', '--data', p.data]);
    fs.rmSync(p.data, { recursive: true });
  }
});

// ---- at the same time ----

test('two imports at once: both are whole', async (t) => {
  const p = place(t);
  const a = generate(p.dir, 15000, 3);
  const b = generate(p.dir, 12000, 4);
  const both = [a, b].map((g) => start(['import', g.file, '--as', 'sales', '--unique', 'order_id,revenue,quantity', ...p.args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] }).ended);
  for (const [i, ended] of (await Promise.all(both)).entries()) {
    assert.equal(ended.code, 0, ended.err);
    assert.equal(JSON.parse(ended.out).rows.read, [15000, 12000][i]);
    assert.equal(JSON.parse(ended.out).reconciled, true);
  }
  assert.deepEqual(states(p), ['done', 'done']);
  sound(p);
});

test('many small changes from many processes at once: none is lost', async (t) => {
  const p = place(t);
  const all = Array.from({ length: 24 }, (_, i) => start(['record', 'save', 'reference_item', JSON.stringify({ list: 'places', value: `Place ${i}` }), ...p.args], { stdio: ['ignore', 'pipe', 'pipe'] }).ended);
  for (const ended of await Promise.all(all)) assert.equal(ended.code, 0, ended.err);
  assert.equal(json(['record', 'list', 'reference_item', ...p.args]).filter((r) => r.list === 'places').length, 24);
  sound(p);
});

test('an import while the server runs', async (t) => {
  const p = place(t);
  const server = await lib.serve(t, p.data);
  const g = generate(p.dir, 3000, 6);
  const result = importFile(p, g.file);
  const reply = await fetch(`${server.base}/api/runs/${result.run}`);
  assert.equal(reply.status, 200);
  const { data } = await reply.json();
  const opinion = lib.judge(g.text);
  assert.deepEqual(data.rows, lib.rowCounts(3000, opinion.clean.length, opinion.rejected.length));
  assert.equal(lib.units(data.revenue), opinion.clean.reduce((sum, r) => sum + r.revenue, 0n));
  sound(p);
  const ended = await server.stop();
  assert.deepEqual(ended, { code: 0, signal: null });
  sound(p);
});

test('a server that is killed loses nothing', async (t) => {
  const p = place(t);
  const g = generate(p.dir, 3000, 6);
  const server = await lib.serve(t, p.data);
  const result = importFile(p, g.file);
  await server.stop('SIGKILL');
  assert.deepEqual(states(p), ['done']);
  assert.equal(json(['run', 'show', ...p.args]).run, result.run);
  sound(p);
  const again = await lib.serve(t, p.data);
  const { data } = await (await fetch(`${again.base}/api/runs/latest`)).json();
  assert.equal(data.run, result.run);
});
