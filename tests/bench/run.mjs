// run.mjs [PART...] - how fast and how small outpost is, against named references.
//
// Parts (all of them when none is named; `make bench BENCH="import duckdb"`):
//   import    a million generated rows through the whole pipeline, against
//             `sqlite3 .import` of the same file into a fresh WAL file: one untyped
//             table without an index, nothing checked. At most 1.0 of its time; aim 0.6.
//   shuffled  the same rows in random order of keys, against the ordered ones.
//   duckdb    the same work done by DuckDB with four threads (duckdb.mjs): at most half
//             of its time and an eighth of its memory. What both found must be equal.
//   memory    peak memory of an import at one and at ten million rows: at most 128 MiB.
//   serve     from starting the server to its page answering: under 1 s; memory of the
//             idle server after its page was looked at: at most 30 MiB; size of the
//             stripped binary: at most 12 MiB.
//   rows      4,000 and 50,000 rows in bulk, against committing each clean row singly
//             with the sqlite3 shell into the same table. At most 1 s and 10 s.
//   rejudge   rules tried on a million rows that were imported: the whole process against the
//             validation of the import, which is the work of the thread that parses and
//             judges, without waiting. At most 1.0 of it, for rules that reject more rows,
//             release rows, change a list and change nothing.
//   undo      a million imported rows taken back and brought back, against their import: undo at
//             most 0.5 of it. The same of an import of them that replaces all rows of an
//             older one, against that import.
//   views     every view of the page with a million clean rows, while files are imported
//             (views.mjs): 99 of 100 requests within 100 ms.
//   parquet   a million clean rows as a Parquet file, the whole process with reading them from the
//             tenant's file, against DuckDB's COPY of the same rows from its own table on one thread,
//             the COPY alone (duckdb_copy.mjs): at least 0.5 of its speed, and a file of at most 1.3 of
//             its size, once against gzip, which is what we write, and once against snappy, which
//             COPY takes when nothing is said. Ours encodes on a second thread; DuckDB's is one.
//   jobs      jobs ordered and done durably with 8 workers, against rows committed one by one
//             by SQLite itself on the same disk (jobs_bench.c): at least twice the rate.
//   stock     figures of the stock over a million movements from the beginning, against one GROUP BY over
//             them in the sqlite3 shell: at most 3 of its time. A day more: at most a hundredth of that.
//   events    a million events published (with their rows of the ledger) and read by the three groups of
//             inventory-events, both processes whole, against `sqlite3 .import` of the same lines
//             into one text column of a fresh WAL file: at least 0.3 of its speed. Peak
//             memory at a million and at three million: at most 1.15 of it (events.mjs).
//   invoices  14,464 invoice rows into six tables with predictions, segments and suggestions, against csv-parse and pg storing
//             the raw rows alone in savepoints of 1,000 (invoices.mjs): wanted is a tenth of the time of a
//             statement a row, and half of that of a statement a batch; at most 3 s.
//   orders    POST /api/orders, durable, 64 connections, and the dashboard over 14,464 invoices, against Express
//             and pg (pool of 20) with a PostgreSQL of its own (orders.mjs): a fifth of the time of one
//             process, a third of four; the dashboard a hundredth.
//   push_bulk, push_small  what goes up to headquarters, against psql's \copy of the same rows (push.mjs).
//   push_local  what an order costs here while headquarters takes all of them, against the same with replication paused
//             (push_local.mjs): at most 1.1.
//   http      a list of 211 records for somebody who has logged in, against bare civetweb and nginx (at most 2.5 of the time of a
//             request to civetweb alone) and Express with pg (a fifteenth of one process, a quarter of four), and 64
//             connections that read and order (http.mjs): p99 10 ms, or that of nginx on this machine times 10 / 1.5; on the disk,
//             beside what the disk does by itself (bare_sync.c), and with the file in memory.
//   slow      good requests beside a thousand slow clients (http.mjs): p99 under 1 s, none fails.
//   lighthouse  what Lighthouse says of the login, the dashboard and the pages of field sales (lighthouse.mjs): performance and
//             accessibility at least 95 of 100 each.
//   parts     benchmarks of single parts, tests/bench/*.c, with limits of their own.
//
// How: every figure is a ratio within one run of this program. The sides of a
// comparison take turns (A B C A B C), one round for warming up and then BENCH_RUNS
// rounds (5); the ratio is that of the medians, and the column "rounds" shows the least
// and the greatest ratio of a single round. Times are wall times of whole processes,
// from fork to exit, including closing the database with its last fsync. Each run
// starts with a fresh file or data folder: `outpost init` and `tenant add` are not part
// of the time, as neither is making DuckDB's tables, nor node's start before DuckDB's
// work. Before each run all of the folder's data is synced. Peak memory is the kernel's
// count of the process; for DuckDB a second figure takes off what node and the loaded
// library need before any work. Figures against a limit are shares of it.
//
// The program under test is a copy of build/outpost made at the start, so that building
// meanwhile changes nothing. On a machine that does other work the ratios hold better
// than the seconds; the machine line shows the load.
//
//   BENCH_RUNS=5 BENCH_ROWS=1000000   rounds; rows of import, shuffled, duckdb, memory
//   BENCH_LARGE=1 | 0                 ten million rows even if they take more than three
//                                     minutes, or not at all
//   BENCH_STRICT=1                    exit code 1 when a demanded figure is missed
//   BENCH_DIR=DIR                     where the files are made (build/bench/files)
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { events } from './events.mjs';
import { http, slowly } from './http.mjs';
import { otherKeys, views } from './views.mjs';
import { invoices } from './invoices.mjs';
import { lighthouse } from './lighthouse.mjs';
import { orders } from './orders.mjs';
import { push } from './push.mjs';
import { pushLocal } from './push_local.mjs';
import { stock } from './stock.mjs';
import { Figures, machine, median, rounds, timed } from './measure.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../..');
const HOME = path.join(ROOT, 'build/bench');
const FILES = path.resolve(process.env.BENCH_DIR ?? path.join(HOME, 'files'));
const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const ROWS = Number(process.env.BENCH_ROWS ?? 1000000);
const LARGE_ROWS = 10000000;
const LARGE_SECONDS = 180; // more than that only when asked for
const PARTS = ['import', 'shuffled', 'duckdb', 'memory', 'serve', 'rows', 'rejudge', 'undo', 'views', 'parquet', 'jobs', 'events', 'stock', 'invoices', 'orders', 'push_bulk', 'push_small', 'push_local', 'http', 'slow', 'lighthouse', 'parts'];
const DUCKDB_THREADS = 4;
const MIB = 2 ** 20;

const wanted = process.argv.slice(2);
const unknown = wanted.find((part) => !PARTS.includes(part));
if (unknown || !(RUNS >= 1) || !(ROWS >= 1)) {
  console.error(unknown ? `bench: there is no part ${unknown}; parts are ${PARTS.join(' ')}` : 'bench: BENCH_RUNS and BENCH_ROWS are numbers from 1');
  process.exit(2);
}
const does = (...parts) => wanted.length === 0 || parts.some((part) => wanted.includes(part));

const OUTPOST = path.join(FILES, 'outpost');
const file = (name) => path.join(FILES, name);
const figures = new Figures();

// The packages of tests/bench/package.json, installed in build/bench when they are not yet.
function install() {
  const lock = fs.readFileSync(path.join(HERE, 'package-lock.json'), 'utf8');
  const stamp = path.join(HOME, 'installed.json');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  console.error('bench: installing the packages of tests/bench in build/bench');
  for (const name of ['package.json', 'package-lock.json']) fs.copyFileSync(path.join(HERE, name), path.join(HOME, name));
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: HOME, stdio: ['ignore', 'ignore', 'inherit'] });
  fs.writeFileSync(stamp, lock);
}

function generated(rows) {
  const name = file(`rows-${rows}.csv`);
  if (!fs.existsSync(name)) timed(FILES, OUTPOST, ['generate', 'sales', '--rows', String(rows), '--seed', '7'], { output: name });
  return name;
}

// The same records in an order that has nothing to do with their keys, the same each time.
function shuffled(rows) {
  const name = file(`rows-${rows}-shuffled.csv`);
  if (fs.existsSync(name)) return name;
  const [heading, ...lines] = fs.readFileSync(generated(rows), 'latin1').trimEnd().split('\n');
  let state = 7;
  const random = () => { // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = lines.length - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1));
    [lines[i], lines[k]] = [lines[k], lines[i]];
  }
  fs.writeFileSync(name, `${[heading, ...lines].join('\n')}\n`, 'latin1');
  return name;
}

function fresh(name) {
  for (const suffix of ['', '-wal', '-shm', '.wal', '.tmp']) fs.rmSync(file(name) + suffix, { recursive: true, force: true });
  return file(name);
}

// ---- the sides --------------------------------------------------------------------

function outpostImport(csv, name = 'data') {
  const data = fresh(name);
  execFileSync(OUTPOST, ['init', data], { stdio: 'pipe' });
  execFileSync(OUTPOST, ['tenant', 'add', 'bench', '--data', data], { stdio: 'pipe' });
  return () => {
    const result = timed(FILES, OUTPOST, ['import', csv, '--data', data, '--tenant', 'bench', '--as', 'sales', '--json']);
    result.answer = JSON.parse(result.stdout);
    if (!result.answer.reconciled) throw new Error(`the import of ${csv} is not reconciled: ${result.stdout}`);
    return result;
  };
}

function sqliteImport(csv) {
  const database = fresh('import.db');
  return () => timed(FILES, 'sqlite3', [database, '-cmd', 'PRAGMA journal_mode=WAL', `.import --csv ${csv} t`]);
}

function duckdbImport(csv) {
  const database = fresh('duck.db');
  return () => {
    const result = timed(FILES, process.execPath, [path.join(HERE, 'duckdb.mjs'), csv, database, String(DUCKDB_THREADS)]);
    result.answer = JSON.parse(result.stdout);
    if (!result.answer.reconciled) throw new Error(`DuckDB's checks fail: ${result.stdout}`);
    return { ...result, seconds: result.answer.seconds };
  };
}

// Every clean row of an imported file as an INSERT that is committed by itself.
function singleCommits(script) {
  const database = fresh('single.db');
  return () => timed(FILES, 'sqlite3', ['-bail', database], { input: script });
}

function tenantSql(sql, ...options) {
  return execFileSync('sqlite3', ['-readonly', ...options, path.join(file('data'), 'tenants/bench.db'), sql], { encoding: 'utf8', maxBuffer: 1 << 28 }).trim();
}

function insertScript(csv) {
  const name = `${csv}.sql`;
  outpostImport(csv)();
  const rows = tenantSql('SELECT * FROM sale ORDER BY run, record', '-cmd', '.mode insert sale');
  fs.writeFileSync(name, `PRAGMA journal_mode=WAL;\nPRAGMA synchronous=FULL;\n${tenantSql('.schema sale')}\n${rows}\n`);
  return name;
}

// ---- the parts --------------------------------------------------------------------

// Both must have found the same: counts, categories, the sum of amounts to the last
// digit, and the same rows (the sum of clean rows' lines tells which duplicate won).
function compareWithDuckdb(ours, theirs) {
  const [revenue, lines] = tenantSql("SELECT printf('%d', sum(revenue)), printf('%d', sum(record)) FROM sale").split('|');
  const sorted = (object) => Object.fromEntries(Object.entries(object).sort());
  const a = JSON.stringify({ rows: ours.rows, rejected: sorted(ours.rejected), revenue, lines: Number(lines) });
  const b = JSON.stringify({ rows: theirs.rows, rejected: sorted(theirs.rejected), revenue: theirs.revenue.replace('.', ''), lines: theirs.lines });
  if (a !== b) throw new Error(`outpost and DuckDB do not agree:\n${a}\n${b}`);
}

const column = (results, name) => results.map((result) => result[name]);

function millionRows() {
  const csv = generated(ROWS);
  const sides = { outpost: () => outpostImport(csv) };
  if (does('import')) sides['.import'] = () => sqliteImport(csv);
  if (does('duckdb')) sides.duckdb = () => duckdbImport(csv);
  // Last of a round, so that what is looked at after it is the ordered file's data.
  if (does('shuffled')) {
    const mixed = shuffled(ROWS);
    sides.shuffled = () => outpostImport(mixed, 'data-shuffled');
  }
  const r = rounds('import', RUNS, FILES, sides);
  const seconds = column(r.outpost, 'seconds');
  const many = ROWS.toLocaleString('en');
  if (does('import'))
    figures.ratio('import_time', `import of ${many} rows`, 's', seconds, column(r['.import'], 'seconds'), 'sqlite3 .import', { limit: 1, aim: 0.6 });
  if (does('shuffled')) figures.ratio('shuffled_time', 'the same, shuffled', 's', column(r.shuffled, 'seconds'), seconds, 'ordered rows');
  if (does('duckdb')) {
    const last = r.duckdb[RUNS - 1].answer;
    compareWithDuckdb(r.outpost[RUNS - 1].answer, last);
    const bare = timed(FILES, process.execPath, [path.join(HERE, 'duckdb.mjs')]).mib;
    const memory = column(r.duckdb, 'mib');
    const name = `DuckDB ${last.version}`;
    figures.ratio('duckdb_time', 'the same, time', 's', seconds, column(r.duckdb, 'seconds'), name, { limit: 0.5 });
    figures.ratio('duckdb_memory', 'the same, peak memory', 'MiB', column(r.outpost, 'mib'), memory, name, { limit: 1 / 8 });
    figures.ratio('duckdb_memory_net', 'the same, peak memory', 'MiB', column(r.outpost, 'mib'), memory.map((mib) => mib - bare), `${name} without node`);
  }
  if (does('memory')) {
    figures.against('memory', `peak memory, ${many} rows`, 'MiB', column(r.outpost, 'mib'), 128);
    largeFile(median(seconds) * (LARGE_ROWS / ROWS));
  }
}

function largeFile(expected) {
  const asked = process.env.BENCH_LARGE;
  if (asked === '0' || (!asked && expected > LARGE_SECONDS)) {
    console.error(`bench: ten million rows left out (about ${expected.toFixed(0)} s); BENCH_LARGE=1 asks for them`);
    return;
  }
  console.error('memory: ten million rows, once');
  const csv = generated(LARGE_ROWS);
  const result = outpostImport(csv, 'data-large')();
  fresh('data-large');
  fs.rmSync(csv);
  figures.against('memory_large', `peak memory, ${LARGE_ROWS.toLocaleString('en')} rows`, 'MiB', [result.mib], 128);
  figures.ratio('large_time', `import of ${LARGE_ROWS.toLocaleString('en')} rows`, 's', [result.seconds], [expected], `${LARGE_ROWS / ROWS} times ${ROWS.toLocaleString('en')} rows`);
}

function fewRows() {
  for (const [rows, most] of [[4000, 1], [50000, 10]]) {
    const csv = generated(rows);
    const script = insertScript(csv);
    const r = rounds(`${rows} rows`, RUNS, FILES, { outpost: () => outpostImport(csv), singly: () => singleCommits(script) });
    const many = rows.toLocaleString('en');
    figures.against(`rows_${rows}`, `import of ${many} rows`, 's', column(r.outpost, 'seconds'), most);
    figures.ratio(`rows_${rows}_singly`, 'bulk, with all checks', 's', column(r.outpost, 'seconds'), column(r.singly, 'seconds'), 'a commit per row');
  }
}

// What is tried: by id, as they come with the program.
const TRIALS = {
  'a stricter limit': { rules: [{ id: '00000000-0000-7000-8000-000000000207', params: { above: '1' } }] },
  'half of the rows rejected': { rules: [{ id: '00000000-0000-7000-8000-000000000206', params: { min: '5000' } }] },
  'a rule switched off': { rules: [{ id: '00000000-0000-7000-8000-00000000020c', active: false }] },
  'a shorter list': { items: [{ id: '00000000-0000-7000-8000-000000000101', deleted: true }] },
  'the present rules': {},
};

function rejudge() {
  const csv = generated(ROWS);
  const sides = { import: () => outpostImport(csv, 'data-rejudge') };
  for (const [name, changes] of Object.entries(TRIALS))
    sides[name] = () => () => {
      const result = timed(FILES, OUTPOST, ['rules', 'try', JSON.stringify(changes), '--data', file('data-rejudge'), '--tenant', 'bench', '--json']);
      if (JSON.parse(result.stdout).rows !== ROWS) throw new Error(`not all rows were judged again: ${result.stdout.slice(0, 500)}`);
      return result;
    };
  const r = rounds('rejudge', RUNS, FILES, sides);
  const validation = r.import.map((result) => result.answer.stages.validation);
  Object.keys(TRIALS).forEach((name, i) =>
    figures.ratio(`rejudge_${i + 1}`, `${ROWS.toLocaleString('en')} rows tried: ${name}`, 's', column(r[name], 'seconds'), validation, 'validation', { limit: 1 }));
  figures.against('rejudge_memory', 'the same, peak memory', 'MiB', Object.keys(TRIALS).flatMap((name) => column(r[name], 'mib')), 128);
}

// A command about the newest run of data-undo.
function ofLatest(command, expected) {
  return () => () => {
    const result = timed(FILES, OUTPOST, [command, 'latest', '--data', file('data-undo'), '--tenant', 'bench', '--json']);
    const { rows } = JSON.parse(result.stdout);
    if (rows[expected] < ROWS / 2) throw new Error(`${command} has not ${expected} the rows: ${result.stdout.slice(0, 500)}`);
    return result;
  };
}

function undo() {
  const csv = generated(ROWS);
  const again = () => () => {
    const result = timed(FILES, OUTPOST, ['import', csv, '--data', file('data-undo'), '--tenant', 'bench', '--as', 'sales', '--existing', 'update', '--json']);
    const { rows } = JSON.parse(result.stdout);
    if (rows.updated + rows.unchanged !== rows.clean) throw new Error(`not all rows were replaced: ${result.stdout.slice(0, 500)}`);
    return result;
  };
  const r = rounds('undo', RUNS, FILES, {
    import: () => outpostImport(csv, 'data-undo'),
    undo: ofLatest('undo', 'removed'),
    redo: ofLatest('redo', 'placed'),
    update: again,
    'undo of the update': ofLatest('undo', 'restored'),
    'redo of the update': ofLatest('redo', 'replaced'),
  });
  const seconds = (name) => column(r[name], 'seconds');
  const many = ROWS.toLocaleString('en');
  figures.ratio('undo_time', `undo of ${many} rows`, 's', seconds('undo'), seconds('import'), 'their import', { limit: 0.5 });
  figures.ratio('redo_time', `redo of ${many} rows`, 's', seconds('redo'), seconds('import'), 'their import');
  figures.ratio('update_time', `${many} rows replaced`, 's', seconds('update'), seconds('import'), 'an import into nothing');
  figures.ratio('undo_update_time', 'undo of that', 's', seconds('undo of the update'), seconds('update'), 'that import', { limit: 0.5 });
  figures.ratio('redo_update_time', 'redo of that', 's', seconds('redo of the update'), seconds('update'), 'that import');
  figures.against('undo_memory', 'peak memory of all of these', 'MiB', Object.values(r).flatMap((results) => column(results, 'mib')), 128);
}

// Starts the server on data that is there already; { seconds, mib }.
async function startServer() {
  const began = process.hrtime.bigint();
  const child = spawn(OUTPOST, ['serve', '--data', file('data'), '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (bytes) => (log += bytes));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  try {
    let out = '';
    const base = await new Promise((resolve, reject) => {
      child.stdout.on('data', (bytes) => {
        const found = /http:\/\/[^\s/]+/.exec((out += bytes));
        if (found && out.includes('\n')) resolve(found[0]);
      });
      ended.then((code) => reject(new Error(`serve ended with ${code}: ${log}`)));
    });
    const page = await fetch(`${base}/`);
    const html = await page.text();
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    if (page.status !== 200) throw new Error(`the page answers ${page.status}`);
    // What a browser would ask for, then quiet.
    const parts = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map((match) => new URL(match[1], `${base}/`).href);
    const { data: [run] = [] } = await (await fetch(`${base}/api/runs`)).json();
    for (const url of [...parts, `${base}/api/runs/${run?.run}`]) await (await fetch(url)).arrayBuffer();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return { seconds, mib: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024 };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function server() {
  outpostImport(generated(ROWS))();
  const results = [];
  await startServer();
  for (let i = 0; i < RUNS; i++) results.push(await startServer());
  figures.against('serve_start', 'from start to the page', 's', column(results, 'seconds'), 1);
  figures.against('serve_memory', 'idle memory of the server', 'MiB', column(results, 'mib'), 30);
  figures.against('binary_size', 'stripped binary', 'MiB', [fs.statSync(OUTPOST).size / MIB], 12);
}

// A tenth more rows than are asked for: that many are clean.
async function viewTimes() {
  const csv = generated(Math.round(ROWS * 1.1));
  outpostImport(csv, 'data-views')();
  const large = otherKeys(csv, file('views-large.csv'), 'DRY-');
  const few = generated(4000);
  await views(figures, { outpost: OUTPOST, data: file('data-views'), large, small: (n) => otherKeys(few, file('views-small.csv'), `N${n}-`, 4000) });
}

function parquet() {
  outpostImport(generated(Math.round(ROWS * 1.1)), 'data-parquet')();
  const ours = file('ours.parquet');
  const database = fresh('parquet.duckdb');
  const duckdb = (...args) => JSON.parse(execFileSync('node', [path.join(HERE, 'duckdb_copy.mjs'), database, ...args], { encoding: 'utf8' }));
  const outpost = () => {
    const result = timed(FILES, OUTPOST, ['archive', 'export', 'clean_sales', '--out', ours, '--data', file('data-parquet'), '--tenant', 'bench']);
    return { ...result, bytes: fs.statSync(ours).size };
  };
  outpost();
  const { rows } = duckdb(ours);
  const copy = (codec) => () => () => duckdb(file(`theirs.${codec}`), codec);
  const r = rounds('parquet', RUNS, FILES, { outpost: () => outpost, gzip: copy('gzip'), snappy: copy('snappy') });
  const what = `${rows} rows to Parquet`;
  figures.ratio('parquet_time', `${what}, gzip, reading on one thread and encoding on another`, 's', column(r.outpost, 'seconds'), column(r.gzip, 'seconds'), "DuckDB's COPY, gzip, one thread", { limit: 2 });
  figures.ratio('parquet_size', 'size of the file', 'MiB', column(r.outpost, 'bytes').map((b) => b / MIB), column(r.gzip, 'bytes').map((b) => b / MIB), 'the same', { limit: 1.3 });
  figures.ratio('parquet_time_snappy', `${what}, gzip`, 's', column(r.outpost, 'seconds'), column(r.snappy, 'seconds'), "DuckDB's COPY, snappy, one thread", { limit: 2 });
  figures.ratio('parquet_size_snappy', 'size of the file', 'MiB', column(r.outpost, 'bytes').map((b) => b / MIB), column(r.snappy, 'bytes').map((b) => b / MIB), 'the same, snappy', { limit: 1.3 });
  figures.against('parquet_memory', 'peak memory of it', 'MiB', column(r.outpost, 'mib'), 64);
}

// Days pass on the clock of the test build.
function stockFigures() {
  const test = file('outpost-test');
  fs.copyFileSync(path.join(ROOT, 'build/test/outpost'), test);
  fs.chmodSync(test, 0o755);
  stock(figures, { outpost: OUTPOST, test, folder: FILES, rows: ROWS, runs: RUNS });
}

// tests/bench/*.c, built by make: each prints its own figures and fails beyond its limits.
function parts() {
  const names = fs.readdirSync(HERE).filter((name) => name.endsWith('_bench.c')).map((name) => name.slice(0, -2)).sort();
  for (const name of names) {
    if (!does(name === 'jobs_bench' ? 'jobs' : 'parts')) continue;
    const program = path.join(HOME, name);
    if (!fs.existsSync(program)) throw new Error(`${program} is not there; make bench builds it`);
    console.log(name);
    const done = spawnSync(program, [FILES], { stdio: 'inherit' });
    console.log(done.status === 0 ? '' : `MISSED: ${name}, see above\n`);
    if (done.status !== 0) partsMissed.push(name);
  }
}

const partsMissed = [];
fs.mkdirSync(FILES, { recursive: true });
try {
  if (does('duckdb', 'parquet', 'invoices', 'orders', 'http', 'push_small', 'lighthouse')) install();
  fs.copyFileSync(path.join(ROOT, 'build/outpost'), OUTPOST);
  fs.chmodSync(OUTPOST, 0o755);
  const version = execFileSync(OUTPOST, ['version'], { encoding: 'utf8' }).trim().split('\n')[0];
  const sqlite = execFileSync('sqlite3', ['-version'], { encoding: 'utf8' }).split(' ')[0];
  console.log(`${machine()}\n${version}; sqlite3 shell ${sqlite}; node ${process.version}; ${RUNS} rounds\n`);
  if (does('jobs', 'parts')) parts();
  if (does('import', 'shuffled', 'duckdb', 'memory')) millionRows();
  if (does('serve')) await server();
  if (does('rows')) fewRows();
  if (does('rejudge')) rejudge();
  if (does('undo')) undo();
  if (does('views')) await viewTimes();
  if (does('parquet')) parquet();
  if (does('stock')) stockFigures();
  if (does('invoices')) await invoices(figures, { outpost: OUTPOST, folder: FILES, home: HOME, runs: RUNS });
  if (does('push_bulk', 'push_small'))
    await push(figures, { outpost: OUTPOST, folder: FILES, home: HOME, runs: RUNS, generated, rows: ROWS, bulk: does('push_bulk'), small: does('push_small') });
  if (does('push_local')) await pushLocal(figures, { outpost: OUTPOST, folder: FILES, runs: RUNS });
  if (does('orders')) await orders(figures, { outpost: OUTPOST, folder: FILES, home: HOME, runs: RUNS });
  if (does('http')) await http(figures, { outpost: OUTPOST, bare: path.join(HOME, 'bare_civetweb'), sync: path.join(HOME, 'bare_sync'), folder: FILES, home: HOME, runs: RUNS });
  if (does('slow')) await slowly(figures, { outpost: OUTPOST, folder: FILES });
  if (does('lighthouse')) await lighthouse(figures, { outpost: OUTPOST, folder: FILES, home: HOME, runs: RUNS });
  if (does('events')) events({ figures, folder: FILES, fresh, outpost: OUTPOST, runs: RUNS, count: ROWS, large: process.env.BENCH_LARGE !== '0' });
  figures.print();
} finally {
  fs.rmSync(FILES, { recursive: true, force: true });
}
if (process.env.BENCH_STRICT === '1' && (figures.missed.length || partsMissed.length)) process.exit(1);
