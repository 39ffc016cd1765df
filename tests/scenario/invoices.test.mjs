// Invoices (T30): the generated year has its figures, an import fills the tables, undo and redo take what
// follows along. What is right is computed here from the CSV, with BigInt.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { halfEven, json, ok, one, outpost, parseCsv, place, query, refuses, sound, sqlite, units, verify } from './lib.mjs';

const generated = (p, name, ...options) => {
  const file = path.join(p.dir, `${name}.csv`);
  const truth = `${file}.json`;
  fs.writeFileSync(file, ok(['generate', 'invoices', '--truth', truth, ...options.map(String)]));
  return { file, rows: table(fs.readFileSync(file, 'utf8')), truth: JSON.parse(fs.readFileSync(truth, 'utf8')) };
};
function table(text) {
  const [head, ...rows] = parseCsv(text);
  return rows.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i]])));
}
const take = (p, file, ...more) => json(['import', file, '--as', 'invoices', ...p.args, ...more]);
const SMALL = ['--stores', 8, '--products', 24, '--invoices', 300];

// What the rows say: the latest value that is not empty, by date and then place; and what else was said.
function latest(rows, key, columns) {
  const found = new Map();
  rows.forEach((row, at) => {
    const one = found.get(row[key]) ?? found.set(row[key], { value: {}, when: {}, all: {} }).get(row[key]);
    for (const [property, pick] of Object.entries(columns)) {
      const value = pick(row);
      if (!value) continue;
      (one.all[property] ??= new Map()).set(value, (one.all[property].get(value) ?? 0) + 1);
      const when = `${row.invoice_date} ${String(at).padStart(9, '0')}`;
      if (!(one.when[property] >= when)) (one.when[property] = when), (one.value[property] = value);
    }
  });
  return found;
}
const STORE = { name: (r) => r.customer_name, address: (r) => r.billing_address, city: (r) => r.billing_city, state: (r) => r.billing_state, pin: (r) => r.billing_pin, phone: (r) => r.customer_phone, email: (r) => r.customer_email, gstin: (r) => r.customer_gstin, salesperson: (r) => r.salesperson };
const PRODUCT = { sku: (r) => r.sku || r.product_id, barcode: (r) => r.barcode, category: (r) => r.category_name, brand: (r) => r.brand, unit: (r) => r.unit, hsn: (r) => r.hsn_code };

const alive = (p, of, columns) => query(p.db, `SELECT ${columns.join()} FROM ${of} WHERE deleted_at IS NULL ORDER BY 1`);
function checkRecords(p, rows) {
  const stores = latest(rows, 'customer_id', STORE);
  assert.deepEqual(alive(p, 'stores', ['customer_id', ...Object.keys(STORE)]), [...stores].sort().map(([key, s]) => [key, ...Object.keys(STORE).map((name) => s.value[name] ?? null)]));
  const products = latest(rows, 'item_name', PRODUCT);
  const prices = latest(rows, 'item_name', { price: (r) => r.rate });
  assert.deepEqual(alive(p, 'products', ['name', ...Object.keys(PRODUCT), 'unit_price']), [...products].sort((a, b) => (Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])))).map(([key, s]) => [key, ...Object.keys(PRODUCT).map((name) => s.value[name] ?? null), String(units(prices.get(key).value.price))]));
  return stores;
}
const LINES = 'SELECT i.invoice_id, s.customer_id, p.name, i.free, i.quantity, i.unit_price, i.total_price FROM invoice_items i JOIN stores s ON s.id = i.store_id JOIN products p ON p.id = i.product_id';
function linesOf(rows) {
  return rows.flatMap((r) => {
    const quantity = units(r.quantity);
    const total = units(r.total);
    const price = r.rate ? units(r.rate) : halfEven(total * 10000n, quantity);
    const line = [r.invoice_id, r.customer_id, r.item_name, '0', String(quantity), String(price), String(total)];
    const free = r.free_quantity ? units(r.free_quantity) : 0n;
    return free > 0n ? [line, [r.invoice_id, r.customer_id, r.item_name, '1', String(free), '0', '0']] : [line];
  });
}
const sorted = (rows) => rows.map((r) => r.map((x) => x ?? '').join('\x1f')).sort();
function checkLines(p, rows) {
  assert.deepEqual(sorted(query(p.db, LINES)), sorted(linesOf(rows)));
}

test('a generated year has exactly these figures, whatever the seed', (t) => {
  const p = place(t);
  for (const seed of [1, 20240229, 1 + (Date.now() % 100000)]) {
    const { rows, truth } = generated(p, 'g', '--stores', 211, '--products', 424, '--invoices', 14464, '--seed', seed);
    const distinct = (column) => new Set(rows.map((r) => r[column])).size;
    t.diagnostic(`seed ${seed}`);
    assert.deepEqual([rows.length, distinct('invoice_id'), distinct('customer_id'), distinct('item_name'), distinct('product_id')], [14464, 14464, 211, 424, 424]);
    assert.equal(rows.reduce((sum, r) => sum + units(r.total), 0n), 424783444000n);
    assert.equal(rows.filter((r) => Number(r.free_quantity) > 0).length, 75);
    assert.deepEqual([truth.lines, truth.revenue], [14539, '42478344.40']);
    assert.equal(Object.keys(rows[0]).length + 1, 44, 'and the id');
    for (const r of rows) assert.equal(['taxable_value', 'cgst', 'sgst', 'igst', 'cess', 'round_off'].reduce((sum, name) => sum + units(r[name]), 0n), units(r.total), r.invoice_id);
    // What is hidden in it is there: baskets are a store's invoices of a day.
    const baskets = new Map();
    for (const r of rows) baskets.set(r.customer_id + r.invoice_date, (baskets.get(r.customer_id + r.invoice_date) ?? new Set()).add(r.item_name));
    for (const { first, then, chance } of truth.rules) {
      const having = [...baskets.values()].filter((b) => b.has(first));
      const both = having.filter((b) => b.has(then)).length;
      assert.ok(having.length >= 15 && both / having.length > Number(chance) - 0.35 && both >= 5, `${first} -> ${then}: ${both} of ${having.length}, wanted ${chance}`);
    }
    for (const { customer_id, property, before, after, since } of truth.variants) for (const r of rows) if (r.customer_id === customer_id) assert.equal(r[property === 'city' ? 'billing_city' : 'customer_name'], r.invoice_date < since ? before : after);
  }
  const same = (seed) => ok(['generate', 'invoices', ...SMALL.map(String), '--seed', String(seed)]);
  assert.equal(same(5), same(5));
  assert.notEqual(same(5), same(6));
  refuses(['generate', 'invoices', '--stores', '10', '--products', '3', '--invoices', '9'], /as many invoices as stores/);
});

test('14,464 rows become 211 stores, 424 products, 14,539 lines; undone nothing is left, redone all is back', (t) => {
  const p = place(t);
  const { file, rows, truth } = generated(p, 'year', '--seed', 7);
  const began = performance.now();
  const answer = take(p, file);
  t.diagnostic(`the whole chain took ${Math.round(performance.now() - began)} ms`);
  assert.deepEqual([answer.rows.read, answer.rows.clean, answer.reconciled], [14464, 14464, true]);
  assert.deepEqual(query(p.db, 'SELECT (SELECT count(*) FROM mangalam_invoices), (SELECT count(*) FROM stores), (SELECT count(*) FROM products), (SELECT count(*) FROM invoice_items), (SELECT sum(total_price) FROM invoice_items), (SELECT count(*) FROM customer_segments)'), [['14464', '211', '424', '14539', '424783444000', '211']]);
  assert.deepEqual(query(p.db, "SELECT (SELECT count(*) FROM predicted_orders WHERE deleted_at IS NULL AND status = 'pending'), (SELECT count(*) FROM customer_segments WHERE segment_value = 'high')"), [['77', '87']]);
  const stores = checkRecords(p, rows);
  checkLines(p, rows);
  // All 43 columns as they came.
  const kept = lib.table(ok(['export', 'clean_invoices', '--csv', ...p.args]));
  assert.equal(kept.length, 14464);
  const by = new Map(kept.map((r) => [r.invoice_id, r]));
  const decimals = new Set(['quantity', 'total', 'free_quantity', 'rate', 'discount_percent', 'discount_amount', 'taxable_value', 'gst_rate', 'cgst', 'sgst', 'igst', 'cess', 'round_off']);
  for (const r of rows) for (const [name, value] of Object.entries(r)) decimals.has(name) && value ? assert.equal(units(by.get(r.invoice_id)[name]), units(value), name) : assert.equal(by.get(r.invoice_id)[name].replace(/^'(?=[=+@-])/, ''), value, name);
  // Where the invoices disagree, the log has it.
  const disagree = [...stores].filter(([, s]) => Object.values(s.all).some((values) => values.size > 1));
  const told = query(p.db, "SELECT key, detail FROM sync_log WHERE event = 'variant' AND entity = 'store' ORDER BY key");
  assert.deepEqual(told.map(([key]) => key), disagree.map(([key]) => key).sort());
  assert.ok(told.length > 10 && told.length <= truth.variants.length);
  for (const [key, detail] of told) for (const [property, { kept: shown, others }] of Object.entries(JSON.parse(detail))) {
    const s = stores.get(key);
    assert.equal(shown, s.value[property]);
    assert.deepEqual(others.map((o) => [o.value, o.rows]), [...s.all[property]].filter(([value]) => value !== shown).sort((a, b) => b[1] - a[1]));
  }
  sound(p);

  // The same file again brings nothing new, and nothing follows.
  const before = one(p.db, 'SELECT max(id) FROM sync_log');
  const again = take(p, file);
  assert.deepEqual([again.rows.clean, again.rejected.DATA_QUALITY_ISSUE], [0, 14464]);
  assert.equal(one(p.db, 'SELECT max(id) FROM sync_log'), before);

  const counts = () => query(p.db, 'SELECT (SELECT count(*) FROM invoice_items), (SELECT count(*) FROM stores WHERE deleted_at IS NULL), (SELECT count(*) FROM products WHERE deleted_at IS NULL), (SELECT count(*) FROM predicted_orders WHERE deleted_at IS NULL), (SELECT count(*) FROM customer_segments WHERE deleted_at IS NULL)')[0];
  const full = counts();
  ok(['undo', answer.run, ...p.args]);
  assert.deepEqual(counts(), ['0', '0', '0', '0', '0']);
  sound(p);
  ok(['redo', answer.run, ...p.args]);
  assert.deepEqual(counts(), full);
  checkRecords(p, rows);
  checkLines(p, rows);
  ok(['rebuild', ...p.args]);
  checkLines(p, rows);
  sound(p);
});

test('what people changed stays; what nobody else needs goes', (t) => {
  const p = place(t);
  const year = generated(p, 'a', ...SMALL, '--seed', 3);
  const save = (entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args]);
  const made = save('store', { customer_id: 'CUST-0001', name: 'By hand' });
  const run = take(p, year.file).run;
  const stores = latest(year.rows, 'customer_id', STORE);
  const get = (customer) => Object.fromEntries(['id', 'name', 'city', 'phone', 'deleted_at'].map((name, i) => [name, query(p.db, `SELECT id, name, city, phone, deleted_at FROM stores WHERE customer_id = '${customer}'`)[0][i]]));
  // What somebody made is filled in where it is empty, and not renamed.
  assert.deepEqual([get('CUST-0001').id, get('CUST-0001').name, get('CUST-0001').city], [made.id, 'By hand', stores.get('CUST-0001').value.city]);
  save('store', { id: get('CUST-0002').id, phone: '0000' });
  // Newer rows that say the same of the phone, and something new of the city.
  const second = year.rows.filter((r) => r.customer_id === 'CUST-0002').slice(-1)[0];
  const later = path.join(p.dir, 'later.csv');
  fs.writeFileSync(later, `${Object.keys(second).join()}\n${lib.csvLine(Object.values({ ...second, invoice_id: 'LATER-1', invoice_date: '2025-09-15', due_date: '', billing_city: 'Newtown', customer_phone: stores.get('CUST-0002').value.phone }))}\n`);
  const run2 = take(p, later).run;
  assert.deepEqual([get('CUST-0002').phone, get('CUST-0002').city], ['0000', 'Newtown']);
  ok(['undo', run2, ...p.args]);
  assert.deepEqual([get('CUST-0002').phone, get('CUST-0002').city], ['0000', stores.get('CUST-0002').value.city]);
  ok(['undo', run, ...p.args]);
  // Stores that people made or changed stay, all others go.
  assert.deepEqual(alive(p, 'stores', ['customer_id']), [['CUST-0001'], ['CUST-0002']]);
  assert.equal(one(p.db, 'SELECT count(*) FROM products WHERE deleted_at IS NULL'), '0');
  // One that somebody deletes stays deleted, and its lines count.
  ok(['redo', run, ...p.args]);
  const removed = outpost(['record', 'delete', 'store', get('CUST-0003').id, ...p.args]);
  if (removed.code === 0) {
    save('product', { id: one(p.db, 'SELECT min(id) FROM products WHERE deleted_at IS NULL'), notes: 'x' });
    ok(['edit', one(p.db, "SELECT min(key) FROM mangalam_invoices"), 'notes=once more', '--as', 'invoices', ...p.args]);
    assert.notEqual(get('CUST-0003').deleted_at, null);
  } else {
    assert.match(removed.err, /is the .* of the /, 'other records speak of it');
  }
  assert.equal(one(p.db, 'SELECT sum(total_price) FROM invoice_items'), one(p.db, 'SELECT sum(total) FROM mangalam_invoices'));
  sound(p);
});

test('a row is known by its invoice and what tells its lines apart; columns may be missing', (t) => {
  const p = place(t);
  const write = (name, text) => (fs.writeFileSync(path.join(p.dir, name), text), path.join(p.dir, name));
  const few = write('few.csv', 'Invoice No,Date,Party Code,Item Name,Qty,Amount,Sl No,Item Code\nA,2024-01-05,C1,Rice,1,10,1,X\nA,2024-01-05,C1,Rice,2,20,2,X\nA,2024-01-05,C1,Dal,3,30.5,,Y\nA,2024-01-05,C1,Soap,4,40,,\nA,2024-01-05,C1,Soap,5,50,,\n');
  const answer = take(p, few);
  assert.deepEqual([answer.rows.clean, answer.rejected], [4, { DATA_QUALITY_ISSUE: 1 }]);
  assert.deepEqual(query(p.db, 'SELECT key FROM mangalam_invoices ORDER BY key').flat(), ['invoice_id=A\x1fitem_name=Soap', 'invoice_id=A\x1fline_number=1', 'invoice_id=A\x1fline_number=2', 'invoice_id=A\x1fproduct_id=Y'].sort());
  assert.deepEqual(query(p.db, "SELECT rate, due_date, unit_price FROM mangalam_invoices m JOIN invoice_items i ON i.key = m.key WHERE m.key LIKE '%Y'"), [[null, null, String(halfEven(305000n * 10000n, 30000n))]]);
  assert.equal(one(p.db, "SELECT name FROM stores"), 'C1', 'a store without a name is called by its number');
  // With another key both lines of soap are there.
  const both = take(p, write('both.csv', 'Invoice No,Date,Party Code,Item Name,Qty,Amount\nB,2024-01-05,C1,Soap,4,40\nB,2024-01-05,C1,Soap,5,50\n'), '--unique', 'invoice_id,item_name,quantity');
  assert.equal(both.rows.clean, 2);
  // Neither line number, product nor name: the place in the file tells them apart, and the name is missed.
  const none = take(p, write('none.csv', 'Invoice No,Date,Party Code,Item Name,Qty,Amount\nC,2024-01-05,C1,,4,40\nC,2024-01-05,C1,,5,50\n'));
  assert.deepEqual(none.rejected, { MISSING_REQUIRED_FIELD: 2 });
  // In German words and figures, and without anything that says so.
  take(p, write('rechnungen.csv', 'Rechnungsnummer;Rechnungsdatum;Kundennummer;Kunde;Artikelnummer;Artikelbezeichnung;Menge;Einzelpreis;Gesamtbetrag\nR-1;03.02.2025;K1;Bäcker Müller;M1;Mehl;10;1,20;12,00\nR-2;13.02.2025;K2;Café Süd;M1;Mehl;1.000;1,20;1.200,00\n'));
  assert.deepEqual(query(p.db, "SELECT i.invoice_id, date(i.invoice_date * 86400, 'unixepoch'), s.customer_id, s.name, r.sku, i.quantity, i.unit_price, i.total_price FROM invoice_items i JOIN stores s ON s.id = i.store_id JOIN products r ON r.id = i.product_id WHERE i.invoice_id LIKE 'R-%' ORDER BY 1"),
    [['R-1', '2025-02-03', 'K1', 'Bäcker Müller', 'M1', '100000', '12000', '120000'], ['R-2', '2025-02-13', 'K2', 'Café Süd', 'M1', '10000000', '12000', '12000000']]);
  refuses(['import', write('bad.csv', 'Invoice No,Date,Item Name,Qty,Amount\nC,2024-01-05,Soap,5,50\n'), '--as', 'invoices', ...p.args], /no column was found for customer_id/);
  // A row is edited, explained and found like any other.
  ok(['edit', 'invoice_id=A\x1fproduct_id=Y', 'rate=11', 'total=33', '--as', 'invoices', ...p.args]);
  assert.deepEqual(query(p.db, "SELECT unit_price, total_price FROM invoice_items WHERE key LIKE '%Y'"), [['110000', '330000']]);
  ok(['rebuild', ...p.args]);
  sound(p);
});

test('a batch that the database refuses is divided until the row stands alone', (t) => {
  const p = place(t);
  const { file, rows } = generated(p, 'poisoned', '--seed', 4);
  const bad = [rows[776], rows[777], rows[9998], rows.at(-1)];
  sqlite(p.db, `CREATE TRIGGER poison BEFORE INSERT ON mangalam_invoices WHEN new.invoice_id IN (${bad.map((r) => `'${r.invoice_id}'`)}) BEGIN SELECT RAISE(ABORT, 'no such thing'); END;`);
  const answer = take(p, file);
  assert.deepEqual([answer.rows.read, answer.rows.clean, answer.rejected, answer.reconciled], [14464, 14460, { DATA_QUALITY_ISSUE: 4 }, true]);
  sqlite(p.db, 'DROP TRIGGER poison;');
  const told = query(p.db, "SELECT x.id & 0xffffffff, x.faults ->> '$[0].control', x.faults ->> '$[0].reason', e.batch FROM reject x JOIN bulk_upload_errors e ON e.id = x.id ORDER BY x.id");
  assert.deepEqual(told.map((r) => r.slice(0, 3)), [778, 779, 10000, 14465].map((n) => [String(n), 'row_stored', 'the database refused the row: no such thing']));
  assert.deepEqual(told.map((r) => r[3]), ['1', '1', '10', '15']);
  const good = rows.filter((r) => !bad.includes(r));
  checkLines(p, good);
  sound(p);
  ok(['rebuild', ...p.args]);
  sound(p);
  ok(['undo', 'latest', ...p.args]);
  ok(['redo', 'latest', ...p.args]);
  checkLines(p, good);
  sound(p);
  // Once nothing refuses them any more, the file brings just these.
  assert.equal(take(p, file).rows.clean, 4);
  checkLines(p, rows);
  sound(p);
});

test('poisoned rows are exceptions, each for its own reason', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'poison.csv');
  fs.writeFileSync(file, ok(['generate', 'invoices', ...SMALL.map(String), '--seed', '9', '--poison', '40', '--ledger', `${file}.ledger`]));
  const ledger = new Map(fs.readFileSync(`${file}.ledger`, 'utf8').trim().split('\n').slice(1).map((line) => line.split(',')));
  assert.equal(ledger.size, 40);
  assert.deepEqual([take(p, file).rows.clean, one(p.db, 'SELECT count(*) FROM reject')], [300, '40']);
  const control = { no_customer: 'customer_id_present', bad_date: 'invoice_date_format', bad_quantity: 'quantity_is_number', negative_total: 'total_not_negative', repeated_line: 'line_unique' };
  assert.deepEqual(query(p.db, "SELECT line, faults ->> '$[0].control' FROM reject ORDER BY id"), [...ledger].map(([line, defect]) => [line, control[defect]]));
});

test('a file in the watched folder becomes figures of the dashboard, and nobody does anything', async (t) => {
  const p = place(t);
  const { file, truth } = generated(p, 'inbox', ...SMALL, '--seed', 11);
  json(['record', 'save', 'connector', JSON.stringify({ name: 'in', type: 'folder', settings: { folder: 'in', dataset: 'invoices' }, sync_frequency: 'hourly' }), ...p.args]);
  const inbox = path.join(p.data, 'inbox', p.tenant, 'in');
  fs.mkdirSync(inbox, { recursive: true });
  fs.copyFileSync(file, path.join(inbox, 'today.csv'));
  const then = Date.now() / 1000 - 60;
  fs.utimesSync(path.join(inbox, 'today.csv'), then, then);
  ok(['dag', 'run', 'sync_connectors', ...p.args]); // what the schedule starts every hour
  ok(['jobs', 'work', '--until-idle', ...p.args]); // what a server does
  const server = await lib.serve(t, p.data);
  const { data } = await (await fetch(`${server.base}/api/dashboard/summary`)).json();
  assert.deepEqual([data.total_stores, data.total_products, data.total_orders], [truth.stores, truth.products, truth.invoices]);
  assert.equal(data.total_revenue.toFixed(2), truth.revenue);
});

test('the graph process_bulk_upload_complete comes to the same', (t) => {
  const p = place(t);
  const { file, rows } = generated(p, 'graph', ...SMALL, '--seed', 12);
  take(p, file);
  sqlite(p.db, 'DELETE FROM invoice_items;');
  assert.equal(verify(p).checks.find((c) => c.check === 'invoice_items').ok, false);
  const run = json(['dag', 'run', 'process_bulk_upload_complete', ...p.args]);
  assert.equal(run.state, 'done', JSON.stringify(run));
  checkLines(p, rows);
  checkRecords(p, rows);
  sound(p);
});
