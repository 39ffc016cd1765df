// What the scenarios share: the program as a command, the sqlite3 shell as a
// judge, a CSV reader and exact decimals of their own, and a second opinion on
// which rows of a sales file are good. Nothing here asks the program what is right.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OUTPOST, folder, serve, serveWith } from '../browser/outpost.mjs';

export { OUTPOST, folder, serve, serveWith };
export const ROOT = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
export const OUTPOST_TEST = path.resolve(ROOT, process.env.OUTPOST_TEST ?? 'build/test/outpost');
export const LONG = Boolean(process.env.LONG);
export const SUPERSTORE = path.join(ROOT, 'tests/data/superstore.csv.gz');

// ---- the program ----

// { code, signal, out, err }; never more than a minute unless told so.
export function outpost(args, { binary = OUTPOST, env = {}, timeout = 60000, ...more } = {}) {
  const ended = spawnSync(binary, args, { encoding: 'utf8', maxBuffer: 1 << 29, timeout, env: { ...process.env, ...env }, ...more });
  assert.ok(!(ended.error && ended.error.code === 'ETIMEDOUT'), `outpost ${args.join(' ')} did not end within ${timeout} ms`);
  if (ended.error && ended.error.code !== 'EPIPE') throw ended.error;
  return { code: ended.status, signal: ended.signal, out: ended.stdout, err: ended.stderr };
}

export function ok(args, options) {
  const ended = outpost(args, options);
  assert.equal(ended.code, 0, `outpost ${args.join(' ')}: ${ended.signal ?? ended.code} ${ended.err}${ended.out.slice(-800)}`);
  return ended.out;
}

export const json = (args, options) => JSON.parse(ok([...args, '--json'], options));

// It must refuse: an exit code other than 0, and one sentence that says why.
export function refuses(args, pattern, code, options) {
  const ended = outpost(args, options);
  assert.equal(ended.signal, null, `outpost ${args.join(' ')} died of ${ended.signal}: ${ended.err}`);
  assert.notEqual(ended.code, 0, `outpost ${args.join(' ')} should have refused: ${ended.out}`);
  if (code !== undefined) assert.equal(ended.code, code, ended.err);
  const lines = ended.err.trim().split('\n');
  assert.equal(lines.length, 1, `one sentence, not: ${ended.err}`);
  assert.match(lines[0], /^(outpost: |\{"error")/);
  if (pattern) assert.match(lines[0], pattern);
  return ended.err;
}

// Started, not waited for: { child, ended: Promise<{ code, signal, out, err }> }.
export function start(args, { binary = OUTPOST, env = {}, ...more } = {}) {
  const child = spawn(binary, args, { env: { ...process.env, ...env }, ...more });
  let out = '';
  let err = '';
  child.stdout?.on('data', (bytes) => (out += bytes));
  child.stderr?.on('data', (bytes) => (err += bytes));
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, out, err })));
  return { child, ended };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// ---- a data folder with one tenant ----

// { dir, data, db, args }: args are what every command of the tenant takes. options: as of ok(), who makes it.
export function place(t, tenant = 'demo', options = {}) {
  const dir = folder(t);
  const data = path.join(dir, 'data');
  ok(['init', data], options);
  ok(['tenant', 'add', tenant, '--data', data], options);
  return { dir, data, tenant, db: path.join(data, 'tenants', `${tenant}.db`), args: ['--data', data, '--tenant', tenant] };
}

// The same folder again, under another name.
export function copyPlace(p, name) {
  const data = path.join(p.dir, name);
  fs.cpSync(p.data, data, { recursive: true });
  return { ...p, data, db: path.join(data, 'tenants', `${p.tenant}.db`), args: ['--data', data, '--tenant', p.tenant] };
}

export const importFile = (p, file, ...more) => json(['import', file, '--as', 'sales', ...p.args, ...more]);

export function verify(p, options) {
  const ended = outpost(['verify', ...p.args, '--json'], options);
  assert.equal(ended.signal, null, ended.err);
  assert.ok(ended.out, ended.err);
  return { code: ended.code, ...JSON.parse(ended.out) };
}

export function sound(p, options) {
  const verdict = verify(p, options);
  assert.deepEqual(verdict.checks.filter((c) => !c.ok), []);
  assert.equal(verdict.ok, true);
  assert.equal(verdict.code, 0);
  return verdict;
}

// ---- generated files ----

// { file, text, lines (of the file, from 1), ledger: Map(line -> defect) }
export function generate(dir, rows, seed, formatErrors = 0) {
  const file = path.join(dir, `sales-${rows}-${seed}-${formatErrors}.csv`);
  const args = ['generate', 'sales', '--rows', String(rows), '--seed', String(seed), '--ledger', `${file}.ledger`];
  if (formatErrors) args.push('--format-errors', String(formatErrors));
  const text = ok(args);
  fs.writeFileSync(file, text);
  const [heading, ...rest] = fs.readFileSync(`${file}.ledger`, 'utf8').trimEnd().split('\n');
  assert.equal(heading, 'line,defect');
  const ledger = new Map(rest.map((line) => line.split(',')).map(([line, defect]) => [Number(line), defect]));
  assert.equal(ledger.size, rest.length, 'a line has one defect');
  return { file, text, lines: ['', ...text.split('\n')], ledger };
}

// ---- the judge: the sqlite3 shell ----

export function sqlite(db, sql, ...flags) {
  const ended = spawnSync('sqlite3', ['-batch', '-bail', '-cmd', '.timeout 20000', ...flags, db], { input: sql, encoding: 'utf8', maxBuffer: 1 << 29, timeout: 60000 });
  assert.equal(ended.status, 0, `sqlite3: ${ended.stderr}\n${sql.slice(0, 500)}`);
  return ended.stdout;
}

// Rows as arrays of texts, NULL as '\0'.
export function query(db, sql) {
  const out = sqlite(db, sql, '-csv', '-nullvalue', '\x01');
  return parseCsv(out).map((row) => row.map((cell) => (cell === '\x01' ? null : cell)));
}

export const one = (db, sql) => query(db, sql)[0]?.[0];

// ---- CSV by RFC 4180 ----

export function parseCsv(text) {
  const rows = [];
  let row = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[i++];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',') {
      row.push(cell);
      cell = '';
    } else if (c === '\n') {
      row.push(cell);
      rows.push(row);
      row = [];
      cell = '';
    } else if (c !== '\r') cell += c;
  }
  if (cell !== '' || row.length) rows.push([...row, cell]);
  return rows;
}

// A table of CSV as objects by heading.
export function table(text) {
  const [heading, ...rows] = parseCsv(text);
  return rows.map((row) => {
    assert.equal(row.length, heading.length, row.join(','));
    return Object.fromEntries(heading.map((name, i) => [name, row[i]]));
  });
}

export const exported = (p, name, ...more) => table(ok(['export', name, '--csv', ...p.args, ...more]));

export const csvLine = (cells) => cells.map((c) => (/[",\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c)).join(',');

// ---- exact decimals ----

export const SCALE = 10000n; // amounts and quantities keep four decimals

// "12.5" -> 125000n; null for what is no plain number.
export function units(text) {
  const m = /^([-+]?)(\d+)(?:\.(\d{0,4}))?$/.exec(text);
  if (!m) return null;
  const v = BigInt(m[2]) * SCALE + BigInt((m[3] ?? '').padEnd(4, '0') || '0');
  return m[1] === '-' ? -v : v;
}

// The quotient, a tie to the even neighbour; b above 0.
export function halfEven(a, b) {
  const negative = a < 0n;
  const n = negative ? -a : a;
  let q = n / b;
  const twice = 2n * (n % b);
  if (twice > b || (twice === b && q % 2n === 1n)) q++;
  return negative ? -q : q;
}

// In units of 10^-scale, with at least `least` decimals.
export function print(v, scale = 4, least = 2) {
  const digits = String(v < 0n ? -v : v).padStart(scale + 1, '0');
  let part = digits.slice(digits.length - scale);
  while (part.length > least && part.endsWith('0')) part = part.slice(0, -1);
  return `${v < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}${part ? `.${part}` : ''}`;
}

// Revenue per unit: two decimals.
export const perUnit = (revenue, quantity) => print(halfEven(revenue * 100n, quantity), 2, 2);

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

// ---- the second opinion ----

export const REGIONS = ['North', 'South', 'East', 'West', 'Central'];
export const FIELDS = ['order_id', 'order_date', 'region', 'product', 'quantity', 'revenue'];

// The controls that come with the program, in their order, each with its stage and category.
export const CONTROLS = {
  record_readable: ['schema', 'DATA_FORMAT_ERROR'],
  columns_complete: ['schema', 'MISSING_REQUIRED_FIELD'],
  no_extra_cells: ['schema', 'DATA_FORMAT_ERROR'],
  quantity_is_number: ['schema', 'DATA_FORMAT_ERROR'],
  revenue_is_number: ['schema', 'DATA_FORMAT_ERROR'],
  revenue_not_negative: ['business', 'BUSINESS_RULE_VIOLATION'],
  quantity_positive: ['business', 'BUSINESS_RULE_VIOLATION'],
  region_known: ['business', 'BUSINESS_RULE_VIOLATION'],
  order_id_present: ['quality', 'MISSING_REQUIRED_FIELD'],
  order_date_present: ['quality', 'MISSING_REQUIRED_FIELD'],
  region_present: ['quality', 'MISSING_REQUIRED_FIELD'],
  product_present: ['quality', 'MISSING_REQUIRED_FIELD'],
  quantity_present: ['quality', 'MISSING_REQUIRED_FIELD'],
  revenue_present: ['quality', 'MISSING_REQUIRED_FIELD'],
  order_date_format: ['quality', 'DATA_FORMAT_ERROR'],
  order_date_not_future: ['quality', 'DATA_QUALITY_ISSUE'],
  order_unique: ['duplicates', 'DATA_QUALITY_ISSUE'],
};

function isDate(text) {
  const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!m) return false;
  const d = new Date(Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3])));
  return d.toISOString().slice(0, 10) === text;
}

// Cells in the order of FIELDS (dates ISO, numbers plain) -> the controls that
// the row fails, in order. `cells` may be too short or too long.
function faultsOf(cells, taken, key) {
  const [id, date, region, product, quantity, revenue] = FIELDS.map((_, i) => (cells[i] ?? '').trim());
  const q = units(quantity);
  const r = units(revenue);
  const failed = new Set();
  const fails = (name, when) => when && failed.add(name);
  fails('columns_complete', cells.length < FIELDS.length);
  fails('no_extra_cells', cells.length > FIELDS.length);
  fails('quantity_is_number', quantity !== '' && q === null);
  fails('revenue_is_number', revenue !== '' && r === null);
  fails('revenue_not_negative', r !== null && r < 0n);
  fails('quantity_positive', q !== null && q <= 0n);
  fails('region_known', region !== '' && !REGIONS.includes(region));
  [id, date, region, product, quantity, revenue].forEach((text, i) => fails(`${FIELDS[i]}_present`, text === ''));
  fails('order_date_format', date !== '' && !isDate(date));
  fails('order_date_not_future', isDate(date) && Date.parse(date) > Date.now() + 86400e3);
  fails('order_unique', key !== '' && taken.has(key));
  return Object.keys(CONTROLS).filter((name) => failed.has(name));
}

// Judges the text of a file without line breaks in cells. taken: keys of clean rows
// of earlier runs, which grows. { clean: [row], rejected: [row], byLine: Map }.
export function judge(text, taken = new Set(), keyOf = (cells) => (cells[0] ?? '').trim()) {
  const clean = [];
  const rejected = [];
  const byLine = new Map();
  text.replace(/\n$/, '').split('\n').slice(1).forEach((raw, i) => {
    const cells = parseCsv(raw)[0] ?? [];
    const faults = faultsOf(cells, taken, keyOf(cells));
    const row = { line: i + 2, raw, cells, faults };
    if (faults.length) {
      row.category = CONTROLS[faults[0]][1];
      row.stage = CONTROLS[faults[0]][0];
      rejected.push(row);
    } else {
      row.quantity = units(cells[4].trim());
      row.revenue = units(cells[5].trim());
      row.region = cells[2].trim();
      row.product = cells[3].trim();
      row.date = cells[1].trim();
      taken.add(keyOf(cells));
      clean.push(row);
    }
    byLine.set(row.line, row);
  });
  return { clean, rejected, byLine };
}

// Sums of clean rows by something: Map(name -> { orders, quantity, revenue }).
export function sums(rows, by) {
  const groups = new Map();
  for (const row of rows) {
    const g = groups.get(by(row)) ?? { orders: 0, quantity: 0n, revenue: 0n };
    groups.set(by(row), { orders: g.orders + 1, quantity: g.quantity + row.quantity, revenue: g.revenue + row.revenue });
  }
  return groups;
}

export function count(items, by) {
  const counts = {};
  for (const item of items) counts[by(item)] = (counts[by(item)] ?? 0) + 1;
  return counts;
}

// ---- random numbers that can be repeated (mulberry32) ----

export function random(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return { next, below, pick: (list) => list[below(list.length)], chance: (p) => next() < p };
}

// A sales file with everything that can go wrong, several things in one row at times.
export function messySales(seed, rows) {
  const r = random(seed);
  const two = (n) => String(n).padStart(2, '0');
  const lines = ['order_id,order_date,region,product,quantity,revenue'];
  for (let i = 1; i <= rows; i++) {
    const cells = [
      `A-${r.chance(0.1) ? r.below(i) : i}`,
      `20${two(10 + r.below(14))}-${two(1 + r.below(12))}-${two(1 + r.below(28))}`,
      r.pick(REGIONS),
      r.pick(['Sauces', 'Dairy', 'Ready-to-Eat', 'Ünïcode ₹', 'say "cheese"', 'a, b', "=1+1"]),
      r.chance(0.7) ? String(1 + r.below(50)) : `${r.below(9)}.${1 + r.below(9999)}`,
      `${r.below(100000)}.${String(r.below(10000)).padStart(4, '0').slice(0, 1 + r.below(4))}`,
    ];
    while (r.chance(0.35)) {
      const what = r.below(8);
      if (what === 0) cells[0] = '';
      if (what === 1) cells[1] = r.pick(['', '2023-02-30', 'soon', '2023-13-01', '2191-01-01']);
      if (what === 2) cells[2] = r.pick(['', 'Mars', 'north']);
      if (what === 3) cells[3] = '';
      if (what === 4) cells[4] = r.pick(['', '0', '-3', 'many', '1.2.3']);
      if (what === 5) cells[5] = r.pick(['', '-0.01', 'free', '12,3,4']);
      if (what === 6) cells.push('more');
      if (what === 7) cells.length = Math.max(2, cells.length - 1);
    }
    lines.push(csvLine(cells));
  }
  return `${lines.join('\n')}\n`;
}

/* The counts of an import that replaced nothing. */
export const rowCounts = (read, clean, rejected) => ({ read, clean, rejected, created: clean, updated: 0, unchanged: 0 });
