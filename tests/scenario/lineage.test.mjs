// Every figure explains itself (T41): from the figure to its rows, from each row to the bytes
// of the file as it lies on the disk, and back; and whatever is changed by hand turns a tick red.
// Sums, lines and values are computed here from the files, never taken from the program.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import zlib from 'node:zlib';
import * as lib from './lib.mjs';
import { copyPlace, importFile, ok, one, outpost, place, serve, sqlite, units } from './lib.mjs';

// ---- the files, read by this test ----

// Records of a CSV file with their places: [{ cells, line, offset, length }], quoted line breaks included.
function records(bytes, delimiter = ',') {
  const list = [];
  let line = 1;
  let at = 0;
  while (at < bytes.length) {
    let end = at;
    let quoted = false;
    while (end < bytes.length && (quoted || bytes[end] !== 10)) {
      if (bytes[end] === 34) quoted = !quoted;
      end++;
    }
    end = Math.min(end + 1, bytes.length);
    const text = bytes.subarray(at, end).toString('utf8');
    list.push({ cells: cut(text, delimiter), line, offset: at, length: end - at, text: text.replace(/\r?\n$/, '') });
    line += text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    at = end;
  }
  return list;
}

const cut = (text, delimiter) => lib.parseCsv(delimiter === ',' ? text : text.replaceAll(delimiter, ','))[0] ?? [];

const isoDay = (us) => us.split('/').map((n) => n.padStart(2, '0')).reduce((_, __, ___, [m, d, y]) => `${y}-${m}-${d}`);

// What the columns of each file mean.
const PLAIN = (c) => ({ order_id: c[0].trim(), order_date: c[1].trim(), region: c[2].trim(), product: c[3].trim(), quantity: c[4].trim(), revenue: c[5].trim() });
const SUPERSTORE = (c) => ({ order_id: c[1], order_date: isoDay(c[2]), region: c[12], product: c[16], quantity: c[18], revenue: c[17] });

// The tenant of most tests: three files, and this test's own list of their clean rows.
async function threeFiles(t) {
  const p = place(t);
  const superstore = path.join(p.dir, 'superstore.csv');
  fs.writeFileSync(superstore, zlib.gunzipSync(fs.readFileSync(lib.SUPERSTORE)));
  const messy = path.join(p.dir, 'messy.csv');
  fs.writeFileSync(messy, lib.messySales(77, 500));
  const generated = lib.generate(p.dir, 3000, 5).file;
  const rows = [];
  const files = [];
  for (const [file, values] of [[generated, PLAIN], [messy, PLAIN], [superstore, SUPERSTORE]]) {
    const bytes = fs.readFileSync(file);
    const all = records(bytes).slice(1).filter((r) => values === PLAIN || r.cells.length === 21); // superstore.csv has more tables behind
    let clean;
    if (values === SUPERSTORE) {
      const seen = new Set();
      clean = all.filter((r) => !seen.has(r.cells[1]) && seen.add(r.cells[1]));
    } else {
      const lines = new Set(lib.judge(bytes.toString('utf8')).clean.map((r) => r.line));
      clean = all.filter((r) => lines.has(r.line));
    }
    const result = importFile(p, file);
    assert.equal(result.rows.clean, clean.length);
    files.push({ file, bytes, run: result.run, all, clean, values });
    for (const r of clean) {
      const v = values(r.cells);
      rows.push({ ...r, ...v, run: result.run, bytes, quantity: units(v.quantity), revenue: units(v.revenue), values });
    }
  }
  const server = await serve(t, p.data);
  const get = async (address) => {
    const response = await fetch(`${server.base}/api/${address}`);
    return { status: response.status, ...(await response.json()) };
  };
  const data = async (address) => {
    const got = await get(address);
    assert.equal(got.status, 200, `${address}: ${got.detail}`);
    return got;
  };
  return { p, rows, files, get, data, server };
}

const address = (filter) => Object.entries(filter).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');

function chosen(rows, { region, product, from, to, run }) {
  return rows.filter(
    (r) => (!region || r.region === region) && (!product || r.product === product) && (!from || r.order_date >= from) && (!to || r.order_date <= to) && (!run || r.run === run),
  );
}

function figureOf(rows, measure) {
  const sum = rows.reduce((all, r) => all + (measure === 'quantity' ? r.quantity : r.revenue), 0n);
  if (measure === 'orders') return rows.length;
  if (measure === 'average') return lib.print(rows.length ? lib.halfEven(sum, BigInt(rows.length) * 100n) : 0n, 2, 2);
  return lib.print(sum);
}

// Every page of the rows behind a filter.
async function allRows(data, filter, limit) {
  const rows = [];
  let after = '';
  for (;;) {
    const page = await data(`rows?${address({ ...filter, limit, ...(after && { after }) })}`);
    rows.push(...page.data);
    if (!page.next) return rows;
    assert.notEqual(page.next, after, 'a page goes on');
    after = page.next;
  }
}

// The row that the program shows is this one of the file on the disk.
function sameRow(shown, own) {
  assert.equal(shown.key, own.order_id);
  assert.equal(shown.run, own.run);
  assert.deepEqual([shown.line, shown.offset, shown.length], [own.line, own.offset, own.length], own.order_id);
  const raw = own.bytes.subarray(shown.offset, shown.offset + shown.length).toString('utf8');
  const values = own.values(lib.parseCsv(raw)[0]); // the bytes that it names, parsed anew
  for (const name of ['order_id', 'order_date', 'region', 'product']) assert.equal(shown.values[name], values[name], name);
  for (const name of ['quantity', 'revenue']) assert.equal(units(shown.values[name]), units(values[name]), name);
  return raw;
}

test('fifty random figures, each followed to its rows and to the lines of their files', async (t) => {
  const { p, rows, files, data } = await threeFiles(t);
  const r = lib.random(4711);
  const byKey = new Map(rows.map((row) => [row.order_id, row]));
  assert.equal(byKey.size, rows.length);
  let followed = 0;
  for (let n = 0; n < 50; n++) {
    const some = r.pick(rows);
    const days = [r.pick(rows).order_date, r.pick(rows).order_date].sort();
    const filter = {
      ...(r.chance(0.5) && { region: some.region }),
      ...(r.chance(0.4) && { product: some.product }),
      ...(r.chance(0.4) && { from: days[0] }),
      ...(r.chance(0.4) && { to: days[1] }),
      ...(r.chance(0.5) && { run: some.run }),
    };
    const measure = r.pick(['orders', 'quantity', 'revenue', 'average']);
    const want = chosen(rows, filter);
    const why = (await data(`why/sales/${measure}?${address({ ...filter, limit: 5 })}`)).data;
    assert.equal(why.value, figureOf(want, measure), `${measure} ${address(filter)}`);
    assert.deepEqual([why.tick.ok, why.tick.first, why.tick.second], [true, String(why.value), String(why.value)]);
    assert.equal(why.rows.total, want.length);
    assert.equal(why.rows.kind, 'rows');
    // A page of them may end earlier, after a time of looking; then it says where it goes on.
    const items = why.rows.items;
    for (let after = why.rows.next; after && items.length < 5; ) {
      const { rows: page } = (await data(`why/sales/${measure}?${address({ ...filter, limit: 5 - items.length, after })}`)).data;
      items.push(...page.items);
      after = page.next;
    }
    assert.equal(items.length, Math.min(5, want.length));
    for (const item of items) assert.equal(item.raw, byKey.get(item.key).text);

    // all rows of the figure: none more, none less, and their sum is the figure
    const shown = await allRows(data, filter, r.pick([1000, 300]));
    assert.deepEqual(shown.map((s) => s.key), want.map((w) => w.order_id).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    for (const s of shown) sameRow(s, byKey.get(s.key));
    const values = shown.map((s) => ({ quantity: units(s.values.quantity), revenue: units(s.values.revenue) }));
    assert.equal(figureOf(values, measure), why.value);

    // one of them in full: its bytes and their digest
    if (!shown.length) continue;
    followed++;
    const pick = r.pick(shown);
    const row = (await data(`row?key=${encodeURIComponent(pick.key)}`)).data;
    const own = byKey.get(pick.key);
    sameRow(row, own);
    assert.equal(row.sha256, lib.sha256(own.bytes.subarray(own.offset, own.offset + own.length)));
    assert.equal(row.raw, own.text);
    assert.equal(row.tick.ok, true, row.tick.text);
    assert.deepEqual(row.versions.map((v) => [v.run, v.current, v.kind]), [[own.run, true, 'file']]);
    assert.ok(row.controls.length >= 17 && row.controls.every((c) => c.status === 'PASS'));
  }
  assert.ok(followed > 25);

  // and the SQL that the page shows gives the same in the sqlite3 shell
  const odd = { region: 'East', from: '2011-01-01', to: '2024-12-31', run: files[1].run };
  const why = (await data(`why/sales/revenue?${address(odd)}`)).data;
  assert.equal(lib.print(BigInt(one(p.db, why.sql))), why.value);
});

test('figures of the page: totals and groups, of a run and of all that counts now', async (t) => {
  const { rows, files, data } = await threeFiles(t);
  for (const filter of [{}, { run: files[0].run }, { run: files[2].run, region: 'South' }, { from: '2012-03-04', to: '2016-05-06' }, { order_date: rows[9].order_date }]) {
    const d = (await data(`figures?${address(filter)}`)).data;
    const days = filter.order_date ? { from: filter.order_date, to: filter.order_date } : {};
    const want = chosen(rows, { ...filter, ...days });
    assert.deepEqual(d.totals, { orders: want.length, quantity: figureOf(want, 'quantity'), revenue: figureOf(want, 'revenue') });
    for (const [list, name, by] of [['by_region', 'name', 'region'], ['by_product', 'name', 'product'], ['by_day', 'day', 'order_date']]) {
      const groups = [...lib.sums(want, (x) => x[by])].map(([n, g]) => [n, g.orders, g.quantity, g.revenue]);
      const order = (a, b) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0]));
      assert.deepEqual(d[list].map((g) => [g[name], g.orders, units(g.quantity), units(g.revenue)]), groups.sort(order), list);
    }
    const all = chosen(rows, { run: filter.run }).map((x) => x.order_date).sort();
    assert.deepEqual([d.first_day, d.last_day], [all[0], all.at(-1)]);
    assert.equal(d.scope, filter.run ? 'run' : 'current');
  }
});

test('figures of quality, and the rejected records behind them', async (t) => {
  const { files, data } = await threeFiles(t);
  const messy = files[1];
  const opinion = lib.judge(messy.bytes.toString('utf8'));
  const run = messy.run;
  const why = async (measure, more = {}) => (await data(`why/sales/${measure}?${address({ run, limit: 1000, ...more })}`)).data;
  const read = await why('read');
  assert.equal(read.value, messy.all.length);
  assert.deepEqual(read.rows.items.map((i) => [i.line, i.offset, i.length, i.raw]), messy.all.map((r) => [r.line, r.offset, r.length, r.text]));
  assert.equal((await why('clean')).value, opinion.clean.length);
  assert.equal((await why('quality')).value, Number((opinion.clean.length / messy.all.length).toFixed(4)));
  const rejected = await why('rejected');
  assert.equal(rejected.value, opinion.rejected.length);
  assert.deepEqual(rejected.rows.items.map((i) => i.line), opinion.rejected.map((r) => r.line));
  for (const [category, n] of Object.entries(lib.count(opinion.rejected, (r) => r.category))) {
    const d = await why('rejected', { category });
    assert.deepEqual([d.value, d.tick.ok, d.rows.items.length], [n, true, n], category);
  }
  for (const control of Object.keys(lib.CONTROLS)) {
    const want = opinion.rejected.filter((r) => r.faults.includes(control));
    const d = await why('rejected', { control });
    assert.deepEqual([d.value, d.tick.ok], [want.length, true], control);
    assert.deepEqual(d.rows.items.map((i) => i.line), want.map((r) => r.line), control);
  }
  // of all files together
  const quality = (await data('quality')).data;
  const clean = files.reduce((n, f) => n + f.clean.length, 0);
  const all = files.reduce((n, f) => n + f.all.length, 0);
  assert.deepEqual(quality.rows, { read: all, clean, rejected: all - clean });
  assert.deepEqual(quality.settled, { open: all - clean, corrected: 0, accepted: 0 });
  assert.deepEqual(quality.trend.map((x) => [x.run, x.read, x.clean]), files.map((f) => [f.run, f.all.length, f.clean.length]));
  for (const measure of ['read', 'clean', 'rejected', 'quality', 'corrected']) {
    const d = (await data(`why/sales/${measure}`)).data;
    assert.equal(d.tick.ok, true, measure);
    if (measure !== 'corrected') assert.equal(d.value, { read: all, clean, rejected: all - clean, quality: Number((clean / all).toFixed(4)) }[measure]);
    assert.deepEqual(d.rows.items.map((i) => i.run), files.map((f) => f.run));
  }
});

test('forward: what became of every line of a file', async (t) => {
  const { files, data, get } = await threeFiles(t);
  const messy = files[1];
  const { byLine } = lib.judge(messy.bytes.toString('utf8'));
  const heading = (await data(`line?run=${messy.run}&line=1`)).data;
  assert.deepEqual([heading.kind, heading.fate, heading.raw], ['heading', 'none', 'order_id,order_date,region,product,quantity,revenue']);
  for (const r of messy.all) {
    const by = { 0: `line=${r.line}`, 1: `record=${r.line}`, 2: `offset=${r.offset + (r.length >> 1)}` }[r.line % 3];
    const d = (await data(`line?run=${messy.run}&${by}`)).data;
    assert.deepEqual([d.line, d.offset, d.length, d.raw, d.kind, d.intact], [r.line, r.offset, r.length, r.text, 'data', true]);
    assert.equal(d.sha256, lib.sha256(messy.bytes.subarray(r.offset, r.offset + r.length)));
    const own = byLine.get(r.line);
    assert.equal(d.fate, own.faults.length ? 'exception' : 'clean', r.text);
    if (own.faults.length) {
      assert.equal(d.exception.category, own.category);
      assert.deepEqual(d.exception.faults.map((f) => f.control), own.faults);
      assert.ok(d.figures.includes(`sales/rejected?category=${own.category}&run=${messy.run}`));
    } else {
      assert.equal(d.row.key, own.cells[0].trim());
      assert.equal(d.row.tick.ok, true);
      assert.ok(d.figures.includes(`sales/revenue?region=${own.region}`));
    }
  }
  assert.equal((await get(`line?run=${messy.run}&line=${messy.all.at(-1).line + 1}`)).status, 404);
  assert.equal((await get(`line?run=${messy.run}`)).status, 422);
  assert.equal((await get(`line?run=${messy.run}&line=2&record=2`)).status, 422);
});

// ---- whoever changes something by hand is found out ----

// { tick of the figure, tick of the row } after a change.
function ticks(p, figure, key) {
  const of = (operand) => {
    const ended = outpost(['why', operand, ...p.args, '--json']);
    const d = JSON.parse(ended.out);
    assert.equal(ended.code, d.tick.ok ? 0 : 1, operand);
    return d.tick.ok;
  };
  return { figure: of(figure), row: key && of(`sales:${key}`) };
}

test('a tick turns red when rows, sums, terms, counts or bytes are changed by hand', async (t) => {
  const { p, rows, files } = await threeFiles(t);
  const row = rows.find((r) => r.run === files[0].run && r.region === 'West');
  const figure = `sales/revenue?run=${row.run}`;
  const key = row.order_id;
  let n = 0;
  const after = (sql, what, of = figure) => {
    const copy = copyPlace(p, `copy-${n++}`);
    sqlite(copy.db, sql);
    const found = ticks(copy, of, key);
    assert.deepEqual(found, what, sql);
  };
  assert.deepEqual(ticks(p, figure, key), { figure: true, row: true });
  assert.deepEqual(ticks(p, 'sales/revenue?region=West', key), { figure: true, row: true });
  const run = one(p.db, `SELECT id FROM run WHERE uuid = '${row.run}'`);
  after(`UPDATE sale SET revenue = revenue + 1 WHERE key = '${key}'`, { figure: false, row: false });
  after(`UPDATE sale SET revenue = revenue + 1 WHERE key = '${key}'`, { figure: false, row: false }, 'sales/average?region=West');
  after(`UPDATE sale SET region = (SELECT id FROM term WHERE text = 'East') WHERE key = '${key}'`, { figure: false, row: false }, 'sales/orders?region=East');
  after(`UPDATE sale SET order_date = order_date + 1 WHERE key = '${key}'`, { figure: true, row: false });
  after(`DELETE FROM sale WHERE key > '${key}' AND run = ${run}`, { figure: false, row: true });
  after(`UPDATE sale_total SET revenue = revenue - 5 WHERE run = ${run}`, { figure: false, row: true });
  after('UPDATE sale_current SET revenue = revenue - 5', { figure: false, row: true }, 'sales/revenue?region=West');
  after('UPDATE sale_current SET orders = orders + 1', { figure: false, row: true }, 'sales/orders');
  // rows and sums changed alike: the figure's two ways agree, the original bytes do not
  after(
    `UPDATE sale SET revenue = revenue + 1 WHERE key = '${key}';
     UPDATE sale_total SET revenue = revenue + 1 WHERE run = ${run} AND order_date = (SELECT order_date FROM sale WHERE key = '${key}')
       AND region = (SELECT region FROM sale WHERE key = '${key}') AND product = (SELECT product FROM sale WHERE key = '${key}')`,
    { figure: true, row: false },
  );
  after("UPDATE term SET text = 'Vest' WHERE text = 'West'", { figure: true, row: false });
  // a byte of the kept file: in this row, and far from it in the same chunk
  const chunk = one(p.db, `SELECT min(id) FROM raw_chunk WHERE id >> 24 = ${run}`);
  const change = (at, text) => `UPDATE raw_chunk SET bytes = CAST(substr(bytes, 1, ${at}) || '${text}' || substr(bytes, ${at + 2}) AS BLOB) WHERE id = ${chunk}`;
  const digit = row.offset + row.text.length - 1;
  after(change(digit, row.text.endsWith('1') ? '2' : '1'), { figure: true, row: false });
  after(change(files[0].bytes.length - 3, '%'), { figure: true, row: false });
  // the index of the records: cut, garbled, gone with its bytes
  const read = `sales/read?run=${row.run}`;
  after(`UPDATE raw_chunk SET records = CAST(substr(records, 1, length(records) - 4) AS BLOB) WHERE id = ${chunk}`, { figure: false, row: false }, read);
  after(`UPDATE raw_chunk SET records = zeroblob(length(records)) WHERE id = ${chunk}`, { figure: false, row: false }, read);
  after(`UPDATE raw_chunk SET records = CAST(replace(hex(records), '9', 'F') AS BLOB) WHERE id = ${chunk}`, { figure: false, row: false }, read);
  after(`DELETE FROM raw_chunk WHERE id >> 24 = ${run}`, { figure: false, row: false }, read);
  // what is counted about the records
  after(`UPDATE run SET rows_read = rows_read + 1 WHERE id = ${run}`, { figure: false, row: true }, `sales/read?run=${row.run}`);
  after(`UPDATE run_category SET rows = rows + 1 WHERE run = ${run} AND category = 'MISSING_REQUIRED_FIELD'`, { figure: false, row: true }, 'sales/rejected?category=MISSING_REQUIRED_FIELD');
  after(`UPDATE run_control SET failed = failed + 1 WHERE run = ${run} AND control = 'order_unique'`, { figure: false, row: true }, 'sales/rejected?control=order_unique');
  after(`DELETE FROM reject WHERE id = (SELECT max(id) FROM reject WHERE id >> 32 = ${run})`, { figure: false, row: true }, `sales/rejected?run=${row.run}`);
  after(`UPDATE reject SET state = 'corrected' WHERE id = (SELECT max(id) FROM reject WHERE id >> 32 = ${run})`, { figure: false, row: true }, 'sales/corrected');
  after(`DELETE FROM sale WHERE key = '${rows.find((r) => r.run === row.run && r !== row).order_id}'`, { figure: false, row: true }, `sales/clean?run=${row.run}`);
});

// ---- files of other forms ----

test('a row of any file is read again as it was read: JSON, no headings, UTF-16, decimal commas, footers', (t) => {
  const p = place(t);
  const write = (name, bytes) => {
    fs.writeFileSync(path.join(p.dir, name), bytes);
    return path.join(p.dir, name);
  };
  const many = (n, line) => Array.from({ length: n }, (_, i) => line(i)).join('');
  const object = (id) => (i) => `{"order_id":"${id}${i}","order_date":"2024-01-${String(1 + (i % 28)).padStart(2, '0')}","region":"North","product":"Ünï ₹","quantity":${i + 1},"revenue":"${i}.25"}`;
  const cases = [
    ['lines.jsonl', many(3000, (i) => `${object('L')(i)}\n`), [], 'L2999', '"2024-01-04"'],
    ['array.json', `[\n${Array.from({ length: 50 }, (_, i) => object('R')(i)).join(',\n')}\n]\n`, [], 'R49', '49.25'],
    ['bare.csv', many(9000, (i) => `N${i},2024-02-03,South,Dairy,${1 + (i % 9)},${i}.5\n`),
      ['--header', 'no', ...['order_id', 'order_date', 'region', 'product', 'quantity', 'revenue'].flatMap((f, i) => ['--map', `${f}=#${i + 1}`])], 'N8999', '8999.5'],
    ['wide.csv', Buffer.from(`\ufefforder_id\torder_date\tregion\tproduct\tquantity\trevenue\r\n${many(2000, (i) => `W${i}\t2024-03-0${1 + (i % 9)}\tEast\tKäse\t2\t${i}.75\r\n`)}`, 'utf16le'), [], 'W1999', '1999.75'],
    ['comma.csv', `Bericht 2024;;;;;\n\nBestellnummer;Bestelldatum;Gebiet;Produkt;Menge;Umsatz\n${many(8000, (i) => `C${i};${String(1 + (i % 28)).padStart(2, '0')}.04.2024;West;"Wurst; fein";3;1.${String(i % 1000).padStart(3, '0')},${10 + (i % 90)}\n`)}Summe;;;;24000;9.999.999,00\n`,
      [], 'C7999', '1.999,89'],
  ];
  for (const [name, bytes, args, key, part] of cases) {
    const file = write(name, bytes);
    const result = importFile(p, file, ...args);
    const all = fs.readFileSync(file);
    const d = JSON.parse(ok(['why', `sales:${key}`, ...p.args, '--json']));
    assert.equal(d.tick.ok, true, `${name}: ${d.tick.text}`);
    assert.equal(d.run, result.run);
    const raw = all.subarray(d.offset, d.offset + d.length);
    assert.ok(raw.toString(name === 'wide.csv' ? 'utf16le' : 'utf8').includes(key), name);
    assert.ok(d.raw.includes(part), `${name}: ${d.raw}`);
    assert.equal(d.sha256, lib.sha256(raw));
    const first = JSON.parse(ok(['why', `sales:${key[0]}0`, ...p.args, '--json']));
    assert.equal(first.tick.ok, true, `${name}: ${first.tick.text}`);
    const line = JSON.parse(ok(['why', `${result.run.slice(0, 18)}:${d.line}`, ...p.args, '--json']));
    assert.deepEqual([line.fate, line.row?.key], ['clean', key], name);
  }
  const db = p.db;
  for (const [, , , key] of cases) sqlite(db, `UPDATE sale SET quantity = quantity + 1 WHERE key = '${key}'`);
  for (const [name, , , key] of cases) assert.equal(outpost(['why', `sales:${key}`, ...p.args]).code, 1, name);
});

// ---- questions that are wrong, or odd ----

test('odd texts are filters, and what does not exist is said', async (t) => {
  const { p, rows, get, data } = await threeFiles(t);
  for (const product of ['say "cheese"', 'a, b', '=1+1', 'Ünïcode ₹', "O'Brien; DROP TABLE sale", '%', '\u{1F600}', 'x'.repeat(2000)]) {
    const want = chosen(rows, { product });
    const why = (await data(`why/sales/revenue?${address({ product })}`)).data;
    assert.equal(why.value, figureOf(want, 'revenue'), product);
    assert.equal(why.tick.ok, true);
    assert.equal((await data(`figures?${address({ product })}`)).data.totals.orders, want.length);
    assert.equal((await allRows(data, { product }, 1000)).length, want.length);
  }
  const says = async (what, status, pattern) => {
    const got = await get(what);
    assert.equal(got.status, status, what);
    assert.match(got.detail, pattern, what);
  };
  await says('why/sales/profit', 404, /orders, quantity, revenue.*rejected/);
  await says('why/stock/orders', 404, /there are: sales/);
  await says('why/sales/revenue?regoin=North', 422, /regoin.*region/);
  await says('why/sales/revenue?from=yesterday', 422, /from is a day/);
  await says('why/sales/revenue?from=2024-02-30', 422, /from is a day/);
  await says('why/sales/revenue?from=2024-02-02&to=2024-02-01', 422, /before/);
  await says('why/sales/revenue?run=ffff', 404, /no run ffff/);
  await says('why/sales/read?region=North', 422, /whole runs/);
  await says('why/sales/rejected?category=LATE', 404, /MISSING_REQUIRED_FIELD/);
  await says('why/sales/rejected?control=nothing', 404, /control nothing/);
  await says('why/sales/rejected?control=order_unique&category=DATA_QUALITY_ISSUE', 422, /one of them/);
  await says('why/sales/revenue?limit=0', 422, /from 1 to 1000/);
  await says('rows?after=nonsense', 422, /after/);
  await says('row?key=nobody', 404, /no row with the key nobody/);
  await says('row', 422, /key/);
  await says('figures?region=North&region=South', 422, /twice/);
  await says('figures?region=%ff', 422, /UTF-8/);
  await says('compare?a=latest', 422, /\bb\b/);
  await says('quality?region=North', 422, /whole runs/);
  await says('impact', 422, /one of rule/);
  await says('impact?column=colour', 404, /order_id, order_date, region/);
  for (const figure of ['sales/revenue', 'sales/orders?region=Nowhere']) ok(['why', figure, ...p.args, '--limit', '1']);
});

test('pages go on where they ended, and keys are found by their beginning', async (t) => {
  const { rows, data } = await threeFiles(t);
  const keys = (list) => list.map((r) => r.key ?? r.order_id).sort();
  for (const limit of [1, 7, 999]) {
    const some = { region: 'East', from: '2015-01-01', to: '2015-03-31' };
    assert.deepEqual(keys(await allRows(data, some, limit)), keys(chosen(rows, some)));
  }
  for (const q of ['A-1', 'CA-2017-15', 'ORD-00003', 'zzz', 'CA-2015-115812'])
    assert.deepEqual(keys(await allRows(data, { q }, 5)), keys(rows.filter((r) => r.order_id.startsWith(q))), q);
  assert.deepEqual(keys(await allRows(data, { q: 'A-', region: 'North' }, 3)), keys(rows.filter((r) => r.order_id.startsWith('A-') && r.region === 'North')));
});

test('two runs are compared, and what depends on something is told', async (t) => {
  const { rows, files, data, p } = await threeFiles(t);
  ok(['record', 'save', 'rule', '{"dataset":"sales","name":"small","stage":"business","kind":"range","field":"quantity","params":{"max":"40"},"category":"BUSINESS_RULE_VIOLATION","message":"quantity is at most 40"}', ...p.args]);
  const next = path.join(p.dir, 'next.csv');
  fs.writeFileSync(next, 'order_id,order_date,region,product,quantity,revenue\nX-1,2024-05-01,North,Dairy,2,10.50\nX-2,2024-05-02,Central,New,41,1\nX-3,2024-05-02,Central,New,4,1\nORD-0000001,2024-05-02,West,New,4,1\n');
  const taken = rows.some((r) => r.order_id === 'ORD-0000001');
  const last = importFile(p, next);
  const d = (await data(`compare?a=${files[0].run}&b=latest`)).data;
  const a = chosen(rows, { run: files[0].run });
  const expect = [2n * 10000n, 4n * 10000n, ...(taken ? [] : [4n * 10000n])];
  const quantity = expect.reduce((x, y) => x + y);
  assert.deepEqual(d.totals[0], { measure: 'orders', a: a.length, b: expect.length, difference: expect.length - a.length });
  assert.equal(units(d.totals[1].difference), quantity - units(figureOf(a, 'quantity')));
  const central = d.by_region.find((g) => g.name === 'Central');
  const before = chosen(a, { region: 'Central' });
  assert.deepEqual([central.a.orders, central.b.orders, central.difference.orders], [before.length, 1, 1 - before.length]);
  assert.deepEqual(d.by_product.find((g) => g.name === 'New').a, { orders: 0, quantity: '0.00', revenue: '0.00' });
  assert.deepEqual(d.rules_changed, ['small']);
  assert.deepEqual(d.controls.find((c) => c.control === 'small'), { control: 'small', a_failed: null, b_failed: 1, a_version: null, b_version: 1 });
  assert.deepEqual([d.a.run, d.b.run], [files[0].run, last.run]);

  const impact = async (what) => (await data(`impact?${what}`)).data;
  const rule = await impact('rule=small');
  assert.deepEqual(rule.items.filter((i) => i.kind === 'run').map((i) => [i.name, i.count]), [[last.run, 1]]);
  assert.equal(rule.counts.exceptions, 1);
  const column = await impact('column=quantity');
  assert.deepEqual(column.items.filter((i) => i.kind === 'rule').map((i) => i.name).sort(), ['quantity_is_number', 'quantity_positive', 'quantity_present', 'small']);
  assert.deepEqual(column.items.filter((i) => i.kind === 'run').map((i) => [i.name, i.count]).sort(), [['Quantity', 1], ['quantity', 3]]);
  assert.ok(column.items.some((i) => i.kind === 'figure' && i.name === 'sales/quantity'));
  const list = await impact('list=regions');
  assert.ok(list.items.some((i) => i.kind === 'rule' && i.name === 'region_known'));
  const file = await impact(`file=${files[0].run}`);
  assert.equal(file.counts.rows_current, files[0].clean.length);
  assert.deepEqual(file.items.filter((i) => i.kind === 'run').map((i) => [i.name, i.count]), taken ? [[last.run, 1]] : []);
});

// The tables as they are after a run was undone, and after a later run brought newer rows.
test('a run that was undone is shown as it was imported, from its bytes; replaced rows are told as such', async (t) => {
  const { p, rows, files, data, get } = await threeFiles(t);
  const gone = files[1];
  const old = rows.filter((r) => r.run === files[0].run);
  const replaced = old.filter((_, i) => i % 5 === 0);
  const ids = Object.fromEntries(lib.query(p.db, 'SELECT uuid, id FROM run').map(([uuid, id]) => [uuid, id]));
  sqlite(
    p.db,
    `INSERT INTO run_undone (run, at, actor) VALUES (${ids[gone.run]}, 1, 'test');
     DELETE FROM sale WHERE run = ${ids[gone.run]};
     INSERT INTO sale_past SELECT * FROM sale WHERE key IN (${replaced.map((r) => `'${r.order_id}'`)});
     UPDATE sale SET run = ${ids[files[2].run]}, record = 2, quantity = 10000 WHERE key IN (${replaced.map((r) => `'${r.order_id}'`)})`,
  );
  // undone: value, rows and lines as they were imported; nothing to add up a second time
  const want = rows.filter((r) => r.run === gone.run);
  for (const filter of [{}, { region: 'North' }, { from: '2015-01-01', to: '2019-12-31' }]) {
    const own = chosen(want, filter);
    const why = (await data(`why/sales/revenue?${address({ ...filter, run: gone.run, limit: 3 })}`)).data;
    assert.equal(why.value, figureOf(own, 'revenue'));
    assert.equal(why.tick, null);
    assert.match(why.tick_reason, /undone/);
    const shown = await allRows(data, { ...filter, run: gone.run }, 50);
    assert.deepEqual(shown.map((s) => s.key).sort(), own.map((r) => r.order_id).sort());
    for (const s of shown) {
      sameRow(s, want.find((r) => r.order_id === s.key));
      assert.equal(s.fate, 'undone');
    }
  }
  const line = (await data(`line?run=${gone.run}&line=${want[0].line}`)).data;
  assert.deepEqual([line.fate, line.row], ['undone', null]);
  assert.equal((await get(`row?key=${want[0].order_id}`)).status, 404);
  const only = (await data(`why/sales/orders?run=${gone.run}&tick=1`)).data;
  assert.deepEqual([only.value, only.tick], [want.length, null]);
  assert.equal((await data('quality')).data.rows.read, files[0].all.length + files[2].all.length);

  // replaced: the run's figures and rows are those of its import, whoever is on top now
  const why = (await data(`why/sales/quantity?run=${files[0].run}`)).data;
  assert.deepEqual([why.value, why.tick.ok], [figureOf(old, 'quantity'), true]);
  const shown = await allRows(data, { run: files[0].run }, 200);
  assert.deepEqual(shown.map((s) => [s.key, s.fate]), old.map((r) => [r.order_id, replaced.includes(r) ? 'replaced' : 'clean']).sort((a, b) => (a[0] < b[0] ? -1 : 1)));
  for (const s of shown) sameRow(s, old.find((r) => r.order_id === s.key));
  const past = (await data(`line?run=${files[0].run}&line=${replaced[1].line}`)).data;
  assert.deepEqual([past.fate, past.row.fate, past.row.tick.ok], ['replaced', 'replaced', true]);
  const top = (await data(`row?key=${replaced[1].order_id}`)).data;
  assert.deepEqual(top.versions.map((v) => [v.run, v.current]), [[files[2].run, true], [files[0].run, false]]);
  assert.equal(top.tick.ok, false, 'the row on top was made by hand');
  assert.equal((await data(`impact?file=${files[0].run}`)).data.counts.rows_replaced, replaced.length);
});

test('the SQL of a figure can be run whatever a control is called', async (t) => {
  const p = place(t);
  const rule = { dataset: 'sales', name: "it's small", stage: 'business', kind: 'range', field: 'quantity', params: { max: '3' }, category: 'BUSINESS_RULE_VIOLATION', message: 'quantity is at most 3' };
  lib.ok(['rules', 'promote', JSON.stringify({ rules: [rule] }), ...p.args]);
  const file = path.join(p.dir, 'small.csv');
  fs.writeFileSync(file, 'order_id,order_date,region,product,quantity,revenue\nA1,2024-01-01,North,Widget,4,10.00\nA2,2024-01-01,North,Widget,2,10.00\n');
  lib.importFile(p, file);
  const why = lib.json(['why', 'sales/rejected?control=it%27s%20small', ...p.args]);
  assert.equal(String(why.value), '1');
  assert.equal(one(p.db, why.sql), '1');
});
