// Replication to headquarters, in a PostgreSQL of its own (postgres.mjs, fsync on, loopback without TLS on all sides).
//
//   push_bulk   a million clean rows of one import, from the first batch that is composed to the last row that is committed, against
//               psql's \copy of the same rows into the same table with its primary key: over one connection and over three
//   push_small  100,000 changes of single records, each an entry of the log, against the same \copy, row by row, though an entry is
//               twelve times as long as such a row; and against \copy of the same entries and records into the same tables. And how
//               long after its commit here a change is seen there, against commits of single rows in the same server
// Each round begins with an empty headquarters and a copy of the folder that has not sent anything yet.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { freePort } from '../scenario/postgres.mjs';
import { startPostgres } from './postgres.mjs';
import { timed } from './measure.mjs';

const EXCEPTIONS = 20_000; // in five rounds of changes
const CHANGES = 5 * EXCEPTIONS;
const SINGLE = 300;
const SAME = ['change_log', 'review'];
const TABLES = 'lane, batch, sale, change_log, run, raw_chunk, reject, reject_solved, undo_kept, review, products';

const run = (outpost, ...args) => execFileSync(outpost, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
const dsn = (pg) => `postgresql://bench@127.0.0.1:${pg.port}/postgres?sslmode=disable`;

// A folder whose tenant is enrolled, with what `fill` puts in.
async function edge(outpost, pg, data, fill) {
  fs.rmSync(data, { recursive: true, force: true });
  run(outpost, 'init', data);
  run(outpost, 'tenant', 'add', 'bench', '--data', data);
  await fill(['--data', data, '--tenant', 'bench']);
  enroll(outpost, pg, data);
}

export function enroll(outpost, pg, data) {
  run(outpost, 'upstream', 'init', '--dsn', dsn(pg));
  run(outpost, 'upstream', 'enroll', '--dsn', dsn(pg), '--data', data, '--tenant', 'bench', '--organization', path.basename(data).replaceAll('_', '-'));
}

async function serving(outpost, data, use) {
  const port = await freePort();
  const child = spawn(outpost, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(`${base}/api/health`).catch(() => null)); tries++) {
    if (tries > 200) throw new Error('the server did not start');
    await new Promise((again) => setTimeout(again, 50));
  }
  try {
    return await use(async (address, body) => {
      const reply = await fetch(base + address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      if (!reply.ok) throw new Error(`${address}: ${await reply.text()}`);
      return reply.json();
    });
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

// Seconds that a lane took, its rows, batches and bytes.
function drained(outpost, pg, from, lane, connections) {
  const data = `${from}-now`;
  fs.rmSync(data, { recursive: true, force: true });
  fs.cpSync(from, data, { recursive: true });
  pg.psql(`TRUNCATE ${TABLES.split(', ').map((name) => `outpost.${name}`)}`);
  pg.psql('CHECKPOINT');
  execFileSync(outpost, ['sync', '--once', '--data', data, '--tenant', 'bench'], { encoding: 'utf8', env: { ...process.env, OUTPOST_SYNC_CONNECTIONS: String(connections) } });
  const [seconds, rows, batches, bytes] = pg.psql(`SELECT extract(epoch FROM max(received_at) FILTER (WHERE lane = '${lane}') - min(made_at)), sum(row_count) FILTER (WHERE lane = '${lane}'),
    count(*) FILTER (WHERE lane = '${lane}'), sum(byte_count) FILTER (WHERE lane = '${lane}') FROM outpost.batch`).trim().split('|').map(Number);
  const { cost } = JSON.parse(run(outpost, 'sync', 'status', '--json', '--data', data, '--tenant', 'bench'));
  return { seconds, rows, batches, bytes, cost };
}

// bytes: of the rows themselves; the program's own count, over all lanes, is of statements with their values.
const show = (what, { rows, batches, bytes, cost }) =>
  console.error(`${what}: ${batches} transactions, ${((batches / rows) * 1000).toFixed(2)} and ${Math.round(((bytes / rows) * 1000) / 1024)} KiB of rows for 1,000 rows; ${cost.statements_a_thousand_rows} statements and ${Math.round(cost.bytes_a_thousand_rows / 1024)} KiB in all`);

// What stands in a table of headquarters, as \copy reads it.
function taken(pg, table, file) {
  fs.writeFileSync(file, execFileSync('psql', ['-h', '127.0.0.1', '-p', String(pg.port), '-U', 'bench', '-d', 'postgres', '-q', '-c', `COPY outpost.${table} TO STDOUT`], { maxBuffer: 1 << 30 }));
  return file;
}

function copied(folder, pg, file, table = 'sale') {
  pg.psql(`DROP TABLE IF EXISTS copied; CREATE TABLE copied (LIKE outpost.${table} INCLUDING ALL)`);
  pg.psql('CHECKPOINT');
  return timed(folder, 'psql', ['-h', '127.0.0.1', '-p', String(pg.port), '-U', 'bench', '-d', 'postgres', '-q', '-c', `\\copy copied FROM '${file}'`]).seconds;
}

const p99 = (list) => list.sort((a, b) => a - b)[Math.ceil(list.length * 0.99) - 1];

// How long a change takes from its commit until it is seen, and what a commit of a single row costs. Milliseconds.
async function seen(outpost, pg, data, home) {
  const { default: node } = await import(createRequire(path.join(home, 'x.js')).resolve('pg'));
  const client = new node.Client(pg.connection);
  await client.connect();
  const visible = [];
  const commits = [];
  try {
    await watch(outpost, client, data, visible, commits);
  } finally {
    await client.end();
  }
  return { visible: p99(visible), commits: p99(commits) };
}

async function watch(outpost, client, data, visible, commits) {
  await client.query('CREATE TABLE IF NOT EXISTS single (id serial PRIMARY KEY, text text)');
  await serving(outpost, data, async (post) => {
    for (let i = 0; i < SINGLE; i++) {
      const { data: { id } } = await post('/api/records/product', { sku: `S-${process.hrtime.bigint()}`, name: `seen there ${process.hrtime.bigint()}` });
      const committed = performance.now();
      while (!(await client.query('SELECT 1 FROM outpost.products WHERE id = $1', [id])).rowCount) if (performance.now() - committed > 60_000) throw new Error('a product was not seen within a minute');
      visible.push(performance.now() - committed);
      const began = performance.now();
      await client.query('INSERT INTO single (text) VALUES ($1)', ['seen there']);
      commits.push(performance.now() - began);
    }
  });
}

export async function push(figures, { outpost, folder, home, runs, generated, rows, bulk, small }) {
  const pg = await startPostgres(folder);
  const data = path.join(folder, 'data_bulk');
  const changed = path.join(folder, 'data_small');
  const pathOf = (table) => path.join(pg.dir ?? folder, `${table}-rows.txt`);
  const file = pathOf('sale');
  const [copy, one, three, changes, same, visible, commits] = [[], [], [], [], [], [], []];
  try {
    await edge(outpost, pg, data, (args) => run(outpost, 'import', generated(rows), '--as', 'sales', ...args));
    drained(outpost, pg, data, 'rows', 3);
    taken(pg, 'sale', file);
    const clean = Number(pg.psql('SELECT count(*) FROM outpost.sale'));
    if (small) {
      const bad = path.join(folder, 'exceptions.csv');
      fs.writeFileSync(bad, `order_id,order_date,region,product,quantity,revenue\n${Array.from({ length: EXCEPTIONS }, (_, i) => `B-${i},2024-01-05,Nowhere,Sauces,2,10\n`).join('')}`);
      await edge(outpost, pg, changed, async (args) => {
        run(outpost, 'import', bad, '--as', 'sales', ...args);
        const ids = execFileSync('sqlite3', [path.join(changed, 'tenants/bench.db'), 'SELECT id FROM reject'], { encoding: 'utf8' }).trim().split('\n').map(Number);
        await serving(outpost, changed, async (post) => {
          for (let round = 0; round < CHANGES / EXCEPTIONS; round++) for (let i = 0; i < EXCEPTIONS; i += 5000) await post('/api/exceptions/review', { ids: ids.slice(i, i + 5000), assignee: `person ${round}` });
        });
      });
    }
    for (let round = 0; round <= runs; round++) {
      const took = { copy: copied(folder, pg, file) };
      if (bulk) [took.one, took.three] = [drained(outpost, pg, data, 'rows', 1), drained(outpost, pg, data, 'rows', 3)];
      if (small) {
        took.changes = drained(outpost, pg, changed, 'log', 3);
        const files = round ? SAME.map(pathOf) : SAME.map((table) => taken(pg, table, pathOf(table)));
        took.same = SAME.reduce((sum, table, i) => sum + copied(folder, pg, files[i], table), 0);
      }
      process.stderr.write(`push: ${round ? `round ${round} of ${runs}` : 'warm-up'}  ${Object.entries(took).map(([name, t]) => `${name} ${(t.seconds ?? t).toFixed(2)} s`).join('  ')}\n`);
      if (!round) for (const name of ['one', 'changes']) if (took[name]) show(name, took[name]);
      if (!round) continue;
      copy.push(took.copy);
      if (bulk) one.push((took.one.seconds / took.one.rows) * clean), three.push((took.three.seconds / took.three.rows) * clean);
      if (small) changes.push((took.changes.seconds / took.changes.rows) * clean), same.push((took.same / took.changes.rows) * clean);
    }
    const server = `psql \\copy, PostgreSQL ${pg.version.split(' ')[0]}, the same table with its key`;
    if (bulk) {
      figures.ratio('push_bulk', `${clean} rows to headquarters, one connection`, 's', one, copy, server, { limit: 1 / 0.8 });
      figures.ratio('push_bulk_three', 'the same, three connections', 's', three, copy, server, { limit: 1 });
    }
    if (small) {
      figures.ratio('push_small', 'as many changes of single records, the log and the records', 's', changes, copy, server, { limit: 1 / 0.3 });
      figures.ratio('push_small_same', 'the same', 's', changes, same, 'psql \\copy of the same entries and records into the same tables', { limit: 1 / 0.3 });
      drained(outpost, pg, changed, 'log', 3);
      for (let round = 0; round < runs; round++) {
        const { visible: there, commits: single } = await seen(outpost, pg, `${changed}-now`, home);
        visible.push(there);
        commits.push(single);
      }
      figures.ratio('push_visible', 'from a commit here until it is seen there, p99', 'ms', visible, commits, 'a commit of a single row in the same server, p99', { limit: 20 });
    }
  } finally {
    await pg.stop();
    for (const name of [data, `${data}-now`, changed, `${changed}-now`]) fs.rmSync(name, { recursive: true, force: true });
  }
}
