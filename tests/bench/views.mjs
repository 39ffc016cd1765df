// views.mjs - how long every view of the page takes with a million clean rows in the
// tenant, while files are being imported into it.
//
// The server runs as it does for users. Beside it, another process imports without a
// pause: a small file that stays, then a million rows as a dry run, which does all the
// work and takes it back, so that the tenant stays the size that is stated. Each view is
// asked for BENCH_VIEWS times (60), all views in turn, with filters, keys and lines drawn
// at random; one request at a time, as one page asks. What counts is the 99th percentile.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const MOST_MS = 100;
const TIMES = Number(process.env.BENCH_VIEWS ?? 60);

// What is asked: each a function of what is there, so that every request differs.
function viewsOf(there, pick) {
  const { runs, keys, rejects, days, regions, products, lines } = there;
  const run = runs[0];
  const day = () => pick(days);
  const span = () => [day(), day()].sort();
  const own = {
    figures: () => '/api/figures',
    'figures of a run': () => `/api/figures?run=${run}`,
    'figures, filtered': () => `/api/figures?region=${pick(regions)}&from=${span()[0]}`,
    quality: () => '/api/quality',
    'quality of a run': () => `/api/quality?run=${run}`,
    compare: () => `/api/compare?a=${run}&b=current`,
    'why revenue': () => '/api/why/sales/revenue',
    'why revenue, filtered': () => `/api/why/sales/revenue?region=${pick(regions)}&product=${encodeURIComponent(pick(products))}`,
    'why average of a day in a run': () => `/api/why/sales/average?from=${day()}&to=${day() > '' ? '2030-01-01' : ''}&run=${run}`,
    'why read': () => `/api/why/sales/read?run=${run}`,
    'why rejected by a control': () => `/api/why/sales/rejected?control=order_unique&run=${run}`,
    'why rejected by a rare control': () => `/api/why/sales/rejected?control=order_date_not_future&run=${run}`,
    'why quality': () => '/api/why/sales/quality',
    rows: () => '/api/rows',
    'rows, filtered': () => `/api/rows?region=${pick(regions)}&product=${encodeURIComponent(pick(products))}`,
    'rows of one day': () => { const d = day(); return `/api/rows?from=${d}&to=${d}&region=${pick(regions)}`; },
    'rows of a run, from the middle': () => `/api/rows?run=${run}&after=1.2~${pick(keys)}`,
    'rows by key': () => `/api/rows?q=${pick(keys).slice(0, -2)}`,
    row: () => `/api/row?key=${pick(keys)}`,
    line: () => `/api/line?run=${run}&line=${2 + Math.floor(pick(lines))}`,
    'impact of a rule': () => '/api/impact?rule=region_known',
    'impact of a field': () => '/api/impact?column=region',
    'impact of a list': () => '/api/impact?list=regions',
    'impact of a file': () => `/api/impact?file=${run}`,
    runs: () => '/api/runs',
    'run report': () => `/api/runs/${run}`,
    'exceptions of a run': () => `/api/runs/${run}/exceptions`,
    exceptions: () => '/api/exceptions',
    'exceptions, filtered': () => `/api/exceptions?control=region_known&run=${run}`,
    'exceptions summary': () => '/api/exceptions/summary',
    'one exception': () => `/api/exceptions/${pick(rejects)}`,
    changes: () => '/api/changes',
    governance: () => '/api/governance',
    catalogue: () => '/api/catalogue',
    rules: () => '/api/records/rule',
    entities: () => '/api/entities',
    tables: () => '/api/tables',
    imports: () => '/api/imports',
    tenants: () => '/api/tenants',
    page: () => '/',
  };
  return Object.entries(own);
}

function lookAround(database) {
  const column = (sql) => execFileSync('sqlite3', ['-readonly', database, sql], { encoding: 'utf8', maxBuffer: 1 << 26 }).trim().split('\n');
  return {
    runs: column('SELECT uuid FROM run ORDER BY id LIMIT 1'),
    keys: column('SELECT key FROM sale WHERE record % 997 = 3'),
    rejects: column('SELECT id FROM reject WHERE id % 97 = 3'),
    days: column("SELECT DISTINCT date(order_date * 86400, 'unixepoch') FROM sale_total"),
    regions: column('SELECT DISTINCT text FROM sale_total JOIN term ON id = region'),
    products: column('SELECT DISTINCT text FROM sale_total JOIN term ON id = product'),
    lines: column('SELECT rows_read * (abs(random()) % 1000) / 1000 FROM run, generate_series(1, 200) WHERE run.id = 1'),
    clean: Number(column('SELECT count(*) FROM sale')[0]),
  };
}

async function startServer(outpost, data) {
  const child = spawn(outpost, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const base = await new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (bytes) => {
      const found = /http:\/\/[^\s/]+/.exec((out += bytes));
      if (found && out.includes('\n')) resolve(found[0]);
    });
    child.on('exit', (code) => reject(new Error(`serve ended with ${code}`)));
  });
  return { child, base };
}

// Imports one after the other until it is told to stop; { stop, count }.
function keepImporting(outpost, data, files, small) {
  let stopped = false;
  let child;
  const state = { imports: 0 };
  const one = (file, ...more) => new Promise((resolve, reject) => {
    child = spawn(outpost, ['import', file, '--data', data, '--tenant', 'bench', '--as', 'sales', ...more], { stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.on('data', (bytes) => (err += bytes));
    child.on('exit', (code) => (code === 0 || stopped ? resolve() : reject(new Error(`import: ${err}`))));
  });
  const loop = (async () => {
    while (!stopped) {
      await one(small(state.imports++));
      if (!stopped) await one(files.large, '--dry-run');
    }
  })();
  state.stop = async () => {
    stopped = true;
    child.kill('SIGTERM');
    await loop;
  };
  return state;
}

const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)];

// outpost: the program; data: a folder whose tenant bench holds the rows; large: a file of as many
// new rows; smallFile(n): makes a small file of rows that were never there.
export async function views(figures, { outpost, data, large, small }) {
  const there = lookAround(path.join(data, 'tenants/bench.db'));
  const pick = (list) => list[Math.floor(Math.random() * list.length)];
  const list = viewsOf(there, pick);
  const { child, base } = await startServer(outpost, data);
  const importing = keepImporting(outpost, data, { large }, small);
  const times = new Map(list.map(([name]) => [name, []]));
  try {
    for (let i = -1; i < TIMES; i++) { // the first round warms up
      for (const [name, address] of list) {
        const url = base + address();
        const began = process.hrtime.bigint();
        const response = await fetch(url);
        await response.arrayBuffer();
        const ms = Number(process.hrtime.bigint() - began) / 1e6;
        if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
        if (i >= 0) times.get(name).push(ms);
      }
      if (i % 10 === 9) process.stderr.write(`views: ${i + 1} of ${TIMES}\n`);
    }
  } finally {
    await importing.stop();
    child.kill('SIGTERM');
  }
  const many = there.clean.toLocaleString('en');
  const all = [...times.values()].flat().sort((a, b) => a - b);
  for (const [name, ms] of times) {
    const sorted = ms.sort((a, b) => a - b);
    figures.against(`view_${name.replaceAll(/[^a-z]+/g, '_')}`, `${name} (p50 ${percentile(sorted, 0.5).toFixed(1)} ms), p99`, 'ms', [percentile(sorted, 0.99)], MOST_MS);
  }
  figures.against('views', `all views, ${many} clean rows, ${importing.imports} imports meanwhile, p99`, 'ms', [percentile(all, 0.99)], MOST_MS);
}

// Files for the imports beside it, from one that was generated: the same rows under other keys.
export function otherKeys(from, to, prefix, rows = Infinity) {
  if (rows === Infinity && fs.existsSync(to)) return to;
  const text = fs.readFileSync(from, 'latin1');
  const lines = rows === Infinity ? text : text.split('\n', rows + 1).join('\n');
  fs.writeFileSync(to, lines.replaceAll('ORD-', prefix), 'latin1');
  return to;
}
