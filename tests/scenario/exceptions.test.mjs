// Exceptions are worked off: in place, or by repairing the exception file.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { exported, importFile, json, ok, one, place, query, refuses, units } from './lib.mjs';

const HEADING = 'order_id,order_date,region,product,quantity,revenue\n';

function write(p, name, text) {
  const file = path.join(p.dir, name);
  fs.writeFileSync(file, text);
  return file;
}

const states = (p, run) => Object.fromEntries(json(['exceptions', '--run', run, '--limit', '10000', ...p.args]).map((x) => [x.line, x.state]));

// An independent hand at the keyboard: what would make each row right.
function repair(cells, used) {
  const [id, date, region, product, quantity, revenue] = [...cells, '', '', '', '', '', ''];
  const fixed = [
    id && !used.has(id) ? id : `FIXED-${used.size}`,
    /^\d{4}-\d\d-\d\d$/.test(date) && !date.startsWith('2191') && !Number.isNaN(Date.parse(date)) && new Date(date).toISOString().startsWith(date) ? date : '2023-06-15',
    lib.REGIONS.includes(region) ? region : 'Central',
    product || 'Snacks',
    units(quantity) > 0n ? quantity : '7',
    units(revenue) >= 0n && units(revenue) !== null ? revenue : '70.07',
  ];
  used.add(fixed[0]);
  return fixed;
}

test('a repaired exception file settles its exceptions', async (t) => {
  for (const make of [(p) => lib.generate(p.dir, 1200, 7, 3).text, () => lib.messySales(44, 500)]) {
    const p = place(t);
    const text = make(p);
    const file = write(p, 'in.csv', text);
    const first = importFile(p, file);
    const opinion = lib.judge(text);
    const exceptions = lib.parseCsv(ok(['exceptions', '--run', first.run, '--file', ...p.args]));
    assert.deepEqual(exceptions[0], ['outpost_exception', 'outpost_reasons', ...lib.FIELDS]);
    assert.equal(exceptions.length - 1, opinion.rejected.length);

    // One half is repaired, the other comes back as it was.
    const used = new Set(opinion.clean.map((row) => row.cells[0]));
    const half = Math.floor(opinion.rejected.length / 2);
    const rows = exceptions.slice(1).map(([id, reasons, ...cells], i) => [id, reasons, ...(i < half ? repair(cells.map((c) => c.replace(/^'(?=[=+@-])/, '')), used) : cells.slice(0, 6))]);
    const back = write(p, 'back.csv', `${[exceptions[0], ...rows].map(lib.csvLine).join('\n')}\n`);
    const second = importFile(p, back);
    // Cells beyond the headings are not in the file, so a row that had no other fault is right now, too.
    const again = lib.judge(`${HEADING}${rows.map((r) => lib.csvLine(r.slice(2))).join('\n')}\n`, new Set(opinion.clean.map((row) => row.cells[0])));
    const good = new Set(again.clean.map((row) => row.line - 2));
    assert.ok(good.size >= half && good.size < rows.length);
    assert.equal(second.rows.clean, good.size);
    assert.equal(second.rows.rejected, rows.length - good.size);
    const state = states(p, first.run);
    opinion.rejected.forEach((x, i) => assert.equal(state[x.line], good.has(i) ? 'corrected' : 'open', x.raw));
    assert.equal(one(p.db, `SELECT count(*) FROM reject x JOIN run r ON r.id = x.solved_run WHERE r.uuid = '${second.run}'`), String(good.size));
    assert.equal(one(p.db, 'SELECT count(*) FROM sale'), String(opinion.clean.length + good.size));

    // What is open is exactly what a new exception file has.
    const open = lib.parseCsv(ok(['exceptions', '--run', first.run, '--file', ...p.args]));
    assert.deepEqual(open.slice(1).map((r) => r[0]), exceptions.slice(1).filter((_, i) => !good.has(i)).map((r) => r[0]));
    // The original bytes of a corrected exception stay.
    assert.equal(one(p.db, `SELECT count(*) FROM reject WHERE length(raw) > 0`), String(opinion.rejected.length + rows.length - good.size));
    lib.sound(p);
  }
});

test('one exception is corrected in place', (t) => {
  const p = place(t);
  const file = write(p, 'in.csv', `${HEADING}G1,2024-01-01,East,Dairy,1,1.00\nB1,,East,Dairy,2,20.00\nB2,2024-01-02,Mars,Dairy,0,30.00\nB3,2024-01-02,West,Dairy,5,-30.00\n`);
  const first = importFile(p, file);
  assert.equal(first.rows.rejected, 3);
  const [b1, b2, b3] = json(['exceptions', ...p.args]);

  const done = json(['exception', 'fix', String(b1.id), 'order_date=2024-03-05', ...p.args]);
  assert.equal(done.corrected, true);
  assert.equal(done.exception, b1.id);
  assert.deepEqual(states(p, first.run), { 3: 'corrected', 4: 'open', 5: 'open' });
  const row = exported(p, 'clean_sales').find((r) => r.order_id === 'B1');
  assert.deepEqual([row.order_date, row.region, row.quantity, row.revenue, row.revenue_per_unit], ['2024-03-05', 'East', '2', '20.00', '10.00']);

  // A correction that is not enough leaves it open, and says so.
  const half = lib.outpost(['exception', 'fix', String(b2.id), 'region=West', '--json', ...p.args]);
  assert.equal(half.code, 3);
  assert.equal(JSON.parse(half.out).corrected, false);
  assert.equal(states(p, first.run)[4], 'open');
  const both = json(['exception', 'fix', String(b2.id), 'region=West', 'quantity=4', ...p.args]);
  assert.equal(both.corrected, true);

  refuses(['exception', 'fix', String(b1.id), 'order_date=2024-03-06', ...p.args], /settled/, 5);
  refuses(['exception', 'fix', '99', 'order_date=2024-03-06', ...p.args], /99/, 4);
  refuses(['exception', 'fix', String((1n << 32n) + 777n), 'order_date=2024-03-06', ...p.args], /777|no exception/, 4);
  refuses(['exception', 'fix', String(b3.id), 'colour=red', ...p.args], /colour/, 1);
  refuses(['exception', 'fix', String(b3.id), 'nonsense', ...p.args], /nonsense/, 1);
  refuses(['exception', 'fix', 'three', 'revenue=1', ...p.args], /three/, 2);
  assert.equal(states(p, first.run)[5], 'open');
  lib.sound(p);
});

test('a correction cannot take a key that is taken', (t) => {
  const p = place(t);
  const first = importFile(p, write(p, 'in.csv', `${HEADING}G1,2024-01-01,East,Dairy,1,1.00\nG1,2024-01-02,East,Dairy,2,20.00\n`));
  const [x] = json(['exceptions', ...p.args]);
  const wrong = lib.outpost(['exception', 'fix', String(x.id), 'revenue=3', '--json', ...p.args]);
  assert.equal(JSON.parse(wrong.out).corrected, false);
  assert.equal(json(['exception', 'fix', String(x.id), 'order_id=G2', ...p.args]).corrected, true);
  assert.deepEqual(exported(p, 'clean_sales').map((r) => r.order_id), ['G1', 'G2']);
  assert.deepEqual(states(p, first.run), { 3: 'corrected' });
  lib.sound(p);
});

test('a file with a mapping, a key and month-first dates comes back with them', (t) => {
  const p = place(t);
  const heading = 'Pos,Number,When,Zone,Thing,Pieces,Worth';
  const rows = [['1', 'N1', '3/25/2024', 'East', 'Dairy', '1', '1,5'], ['2', 'N1', '4/5/2024', 'East', 'Dairy', '2', '2,5'], ['3', 'N1', '', 'East', 'Dairy', '3', '3,25'], ['4', 'N2', '2/3/2024', 'Pluto', 'Dairy', '3', '4,25']];
  const file = write(p, 'in.csv', `${heading.replaceAll(',', ';')}\n${rows.map((r) => r.join(';')).join('\n')}\n`);
  const map = ['order_id=Number', 'order_date=When', 'product=Thing', 'quantity=Pieces', 'revenue=Worth'].flatMap((m) => ['--map', m]);
  const first = importFile(p, file, ...map, '--unique', 'Pos', '--decimal', ',');
  assert.deepEqual(first.rows, lib.rowCounts(4, 2, 2));
  const lines = lib.parseCsv(ok(['exceptions', '--file', ...p.args]));
  assert.deepEqual(lines[0].slice(2), heading.split(','));
  lines[1][4] = '4/6/2024';
  lines[2][5] = 'West';
  const second = importFile(p, write(p, 'back.csv', `${lines.map(lib.csvLine).join('\r\n')}\r\n`));
  assert.deepEqual(second.rows, lib.rowCounts(2, 2, 0));
  const clean = exported(p, 'clean_sales').map((r) => [r.order_id, r.order_date, r.revenue]).sort();
  assert.deepEqual(clean, [['N1', '2024-03-25', '1.50'], ['N1', '2024-04-05', '2.50'], ['N1', '2024-04-06', '3.25'], ['N2', '2024-02-03', '4.25']]);
  assert.deepEqual(Object.values(states(p, first.run)), ['corrected', 'corrected']);
  lib.sound(p);
});

test('what a spreadsheet would take for a formula is guarded going out and comes back as it was', (t) => {
  const p = place(t);
  const evil = ['=HYPERLINK("http://x")', '-2+3', '+1', '@SUM(A1)', "'quoted", '=1', '-x', '−5', "'=kept", "''=kept", '\t=1'];
  const text = HEADING + evil.map((e, i) => lib.csvLine([`F${i}`, '', 'East', e, '1', '1.00'])).join('\n') + `\n${lib.csvLine(['=F', '2024-01-01', 'East', '=cmd|calc', '1', '5.00'])}\n`;
  importFile(p, write(p, 'in.csv', text));
  const out = ok(['exceptions', '--file', ...p.args]);
  for (const row of lib.parseCsv(out).slice(1)) assert.ok(!/^[=@\t\r]/.test(row[5]) && !/^[+-](?![\d.,]*$)/.test(row[5]), `unguarded: ${row[5]}`);
  for (const row of lib.parseCsv(ok(['export', 'clean_sales', '--csv', ...p.args])).slice(1)) for (const cell of row) assert.ok(!/^[=@\t\r]/.test(cell), cell);
  for (const row of lib.parseCsv(ok(['export', 'raw_sales', '--csv', ...p.args])).slice(1)) for (const cell of row) assert.ok(!/^[=@\t\r]/.test(cell), cell);

  const lines = lib.parseCsv(out);
  lines.slice(1).forEach((row) => (row[3] = '2024-05-05'));
  const back = importFile(p, write(p, 'back.csv', `${lines.map(lib.csvLine).join('\n')}\n`));
  assert.equal(back.rows.clean, evil.length);
  const stored = new Map(query(p.db, 'SELECT coalesce(order_id, key), text FROM sale JOIN term t ON t.id = product'));
  evil.forEach((e, i) => assert.equal(stored.get(`F${i}`), e.trim()));
  assert.equal(stored.get('=F'), '=cmd|calc');
  // JSON has no formulas: nothing is guarded there.
  const plain = JSON.parse(ok(['export', 'clean_sales', '--json', ...p.args]));
  assert.ok(plain.some((r) => r.product === '=cmd|calc'));
});

// What stands at the beginning of a cell for somebody who cuts lines at semicolons, and heeds quotes only at the beginning of a cell.
const cutAtSemicolons = (text) => text.split(/\r\n|\r|\n/).flatMap((line) => line.split(/[;\t]/));
const HARMFUL = /^(?:[=@\t\r\n\uff1d\uff0b\uff0d\uff20]|[+-](?![\d.]*(?:,|$)))/;
const HIDDEN = ['a;=1', 'a;b;+2+3', 'a;-4', 'a;@x', "a;'=kept", "a;''=kept;=1", 'a\t=1', 'a\n=1', 'a\r\n@x', ';=1', '\uff1dSUM(A1)', 'x;\uff0b1', "it's; 'fine'", "a;'b", '"=1"', '=1;=2;=3'];

test('a formula is harmless where a spreadsheet cuts at semicolons, too, and comes back as it was', (t) => {
  const p = place(t);
  const line = (product, i) => lib.csvLine([`H${i}`, '', 'East', product, '1', '1.00']);
  const first = importFile(p, write(p, 'in.csv', HEADING + HIDDEN.map(line).join('\n') + '\n'));
  const harmless = (text) => cutAtSemicolons(text).forEach((cell) => assert.ok(!HARMFUL.test(cell), JSON.stringify(cell)));
  const out = ok(['exceptions', '--file', ...p.args]);
  harmless(out);
  const back = (text, name) => {
    const lines = lib.parseCsv(text);
    lines.slice(1).forEach((row) => (row[3] = '2024-05-05'));
    return importFile(p, write(p, name, `${lines.map(lib.csvLine).join('\n')}\n`));
  };
  assert.equal(back(out, 'back.csv').rows.clean, HIDDEN.length);
  const stored = (db) => query(db, 'SELECT order_id, t.text FROM sale JOIN term t ON t.id = product ORDER BY 1').length;
  assert.equal(stored(p.db), HIDDEN.length);
  const products = (one) => new Map(JSON.parse(ok(['export', 'clean_sales', '--json', ...one.args])).map((row) => [row.order_id, row.product]));
  const wanted = new Map(HIDDEN.map((product, i) => [`H${i}`, product.trim()]));
  assert.deepEqual(new Map([...products(p)].sort()), new Map([...wanted].sort()));
  lib.sound(p);

  // The clean rows as a table, imported somewhere else: the same values, and they stay so when it is all derived again.
  for (const table of ['clean_sales', 'raw_sales']) {
    const csv = ok(['export', table, '--csv', ...p.args, ...(table === 'raw_sales' ? ['--run', first.run] : [])]);
    harmless(csv);
    const other = place(t);
    const rows = lib.parseCsv(csv);
    const day = rows[0].indexOf('order_date');
    rows.slice(1).forEach((row) => (row[day] ||= '2024-05-05'));
    const more = importFile(other, write(other, 'table.csv', `${rows.map(lib.csvLine).join('\n')}\n`), '--existing', 'update');
    assert.equal(more.rows.rejected, 0, table);
    assert.deepEqual(new Map([...products(other)].sort()), new Map([...wanted].sort()), table);
    lib.sound(other);
  }
  // A file of somebody else keeps its apostrophes.
  const foreign = place(t);
  importFile(foreign, write(foreign, 'own.csv', `${HEADING}${lib.csvLine(['X', '2024-01-01', 'East', "'=1", '1', '1.00'])}\n`));
  assert.equal(products(foreign).get('X'), "'=1");
});

test('a correction that fails goes out again guarded once, and comes back as it was', (t) => {
  const p = place(t);
  importFile(p, write(p, 'in.csv', `${HEADING}${lib.csvLine(['A', '', 'East', '=1;=2', '1', '1.00'])}\n`));
  let text = ok(['exceptions', '--file', ...p.args]);
  for (let i = 0; i < 2; i++) {
    const run = importFile(p, write(p, `back${i}.csv`, text.replace('East', `East${' '.repeat(i)}`)));
    assert.equal(run.rows.rejected, 1);
    text = ok(['exceptions', '--file', '--run', run.run, ...p.args]);
    assert.equal(lib.parseCsv(text)[1][5], "'=1;'=2");
  }
});

test('negative numbers stay numbers', (t) => {
  const p = place(t);
  const g = lib.generate(p.dir, 400, 3);
  importFile(p, g.file);
  const lines = lib.parseCsv(ok(['exceptions', '--file', ...p.args])).slice(1);
  const negative = lines.filter((row) => row[7].startsWith('-'));
  assert.equal(negative.length, [...g.ledger.values()].filter((d) => d === 'negative_revenue').length);
  for (const row of negative) assert.match(row[7], /^-\d+\.\d\d$/);
  const raw = exported(p, 'raw_sales').filter((r) => r.revenue.startsWith('-'));
  assert.equal(raw.length, negative.length);

  // Where negative revenue is allowed, figures with it are right, too.
  const [rule] = json(['record', 'list', 'rule', ...p.args]).filter((r) => r.name === 'revenue_not_negative');
  ok(['record', 'save', 'rule', JSON.stringify({ id: rule.id, active: false }), ...p.args]);
  const q = importFile(p, write(p, 'returns.csv', `${HEADING}R1,2024-01-01,East,Dairy,2,-0.05\nR2,2024-01-01,East,Dairy,2,-0.15\nR3,2024-01-01,East,Dairy,3,(10.00)\nR4,2024-01-01,East,Dairy,8,-1.00\n`));
  assert.deepEqual(q.rows, lib.rowCounts(4, 4, 0));
  const got = Object.fromEntries(exported(p, 'clean_sales', '--run', q.run).map((r) => [r.order_id, [r.revenue, r.revenue_per_unit]]));
  const wanted = (revenue, quantity) => [revenue, lib.perUnit(units(revenue), units(quantity))];
  assert.deepEqual(got, { R1: wanted('-0.05', '2'), R2: wanted('-0.15', '2'), R3: wanted('-10.00', '3'), R4: wanted('-1.00', '8') });
  assert.equal(json(['run', 'show', q.run, ...p.args]).revenue, '-11.20');
  lib.sound(p);
});

test('exceptions can be asked for by run, category and control', (t) => {
  const p = place(t);
  const text = lib.messySales(5, 400);
  const a = importFile(p, write(p, 'a.csv', text));
  importFile(p, lib.generate(p.dir, 300, 2).file);
  const opinion = lib.judge(text);
  for (const category of new Set(opinion.rejected.map((x) => x.category))) {
    const got = json(['exceptions', '--run', a.run, '--category', category, ...p.args]).map((x) => x.line);
    assert.deepEqual(got, opinion.rejected.filter((x) => x.category === category).map((x) => x.line));
  }
  for (const control of Object.keys(lib.CONTROLS)) {
    const got = json(['exceptions', '--run', a.run, '--control', control, ...p.args]).map((x) => x.line);
    assert.deepEqual(got, opinion.rejected.filter((x) => x.faults.includes(control)).map((x) => x.line), control);
  }
  assert.equal(json(['exceptions', '--limit', '5', ...p.args]).length, 5);
});

test('a run without exceptions, an exception that another run owns', (t) => {
  const p = place(t);
  const clean = importFile(p, write(p, 'clean.csv', `${HEADING}Z1,2024-01-01,East,Dairy,1,1.00\n`));
  assert.deepEqual(lib.parseCsv(ok(['exceptions', '--run', clean.run, '--file', ...p.args])), [['outpost_exception', 'outpost_reasons', ...lib.FIELDS]]);
  // A number that stands in an exception file but is no exception settles nothing.
  const file = write(p, 'forged.csv', `outpost_exception,outpost_reasons,${HEADING}4294967999,x,Z2,2024-01-01,East,Dairy,1,1.00\n`);
  const forged = lib.outpost(['import', file, '--as', 'sales', ...p.args, '--json']);
  assert.equal(forged.signal, null);
  assert.equal(one(p.db, "SELECT count(*) FROM reject WHERE state <> 'open'"), '0');
  lib.sound(p);
});

test('an exception is settled once, and what came too late stays rejected when all is derived again', (t) => {
  const p = place(t);
  const first = importFile(p, write(p, 'in.csv', `${HEADING}A1,,North,x,1,5\nA2,2024-01-01,North,x,1,5\n`));
  const [{ id }] = json(['exceptions', '--run', first.run, ...p.args]);
  const repaired = `outpost_exception,${HEADING}${id},B1,2024-01-02,North,x,1,5\n${id},B2,2024-01-02,North,x,1,5\n99,B3,2024-01-02,North,x,1,5\n`;
  const second = importFile(p, write(p, 'repaired.csv', repaired));
  assert.deepEqual(second.rows, lib.rowCounts(3, 1, 2));
  assert.deepEqual(states(p, first.run), { 2: 'corrected' });
  ok(['rebuild', ...p.args]);
  assert.deepEqual(states(p, first.run), { 2: 'corrected' });
  assert.equal(exported(p, 'clean_sales').length, 2);
  ok(['verify', ...p.args]);
});

test('sums that do not fit refuse the file, and the tenant stays open', (t) => {
  const p = place(t);
  const rows = Array.from({ length: 9500 }, (_, i) => `K${i},2024-01-0${(i % 9) + 1},North,a,1,100000000000`);
  const file = write(p, 'big.csv', `${HEADING}${rows.join('\n')}\n`);
  refuses(['import', file, '--as', 'sales', ...p.args], /too large/, 1);
  assert.equal(json(['runs', ...p.args])[0].state, 'failed');
  ok(['verify', ...p.args]);
});
