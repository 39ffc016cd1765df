// A file in, figures and exceptions out, against a ledger of what was planted and
// a second opinion written here (T07).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as lib from './lib.mjs';
import { exported, generate, importFile, judge, ok, one, place, query, refuses, sums, table, units } from './lib.mjs';

// What a ledger's defect is called when it is found: category and control.
const DEFECTS = {
  missing_date: ['MISSING_REQUIRED_FIELD', ['order_date_present']],
  duplicate_order_id: ['DATA_QUALITY_ISSUE', ['order_unique']],
  negative_revenue: ['BUSINESS_RULE_VIOLATION', ['revenue_not_negative']],
  format_error: ['DATA_FORMAT_ERROR', ['quantity_is_number', 'revenue_is_number', 'order_date_format']],
};

for (const [rows, seed, errors] of [[5000, 1, 0], [4000, 2, 0], [5000, 77, 3], [4000, 123456789, 3], [5000, 4, 0]]) {
  test(`${rows} generated rows of seed ${seed} with ${errors} % format errors`, async (t) => {
    const p = place(t);
    const g = generate(p.dir, rows, seed, errors);
    const result = importFile(p, g.file);
    const opinion = judge(g.text);

    await t.test('the ledger has exactly the shares that are promised', () => {
      const planted = lib.count(g.ledger.values(), (d) => d);
      assert.equal(g.lines.length - 3, rows);
      assert.equal(planted.missing_date, rows * 0.05);
      assert.equal(planted.duplicate_order_id, rows * 0.02);
      assert.equal(planted.negative_revenue, rows * 0.015);
      assert.equal(planted.format_error ?? 0, (rows * errors) / 100);
    });

    await t.test('detected is injected, line by line, in the right category', () => {
      const found = exported(p, 'exceptions');
      assert.deepEqual(found.map((x) => Number(x.line)).sort((a, b) => a - b), [...g.ledger.keys()].sort((a, b) => a - b));
      const faults = new Map(lib.json(['exceptions', '--limit', '100000', ...p.args]).map((x) => [x.line, x.faults]));
      for (const x of found) {
        const [category, controls] = DEFECTS[g.ledger.get(Number(x.line))];
        assert.equal(x.error_category, category, x.raw_data);
        assert.equal(x.raw_data, g.lines[Number(x.line)]);
        assert.ok(faults.get(Number(x.line)).some((f) => controls.includes(f.control)), x.raw_data);
      }
      assert.deepEqual(result.rejected, lib.count(g.ledger.values(), (d) => DEFECTS[d][0]));
    });

    await t.test('every record is either clean or an exception, with its own content', () => {
      assert.deepEqual(result.rows, lib.rowCounts(rows, rows - g.ledger.size, g.ledger.size));
      const raw = exported(p, 'raw_sales');
      assert.equal(raw.length, rows);
      raw.forEach((row, i) => assert.equal(lib.FIELDS.map((f) => row[f]).join(','), g.lines[i + 2]));
      const clean = new Map(exported(p, 'clean_sales').map((row) => [row.id, row]));
      const rejected = new Map(exported(p, 'exceptions').map((row) => [row.id, row]));
      assert.equal(clean.size + rejected.size, rows);
      for (const row of raw) assert.ok(clean.has(row.id) !== rejected.has(row.id), row.id);
      for (const row of opinion.clean) {
        const stored = clean.get(raw[row.line - 2].id);
        assert.equal(stored.order_id, row.cells[0]);
        assert.equal(stored.order_date, row.date);
        assert.equal(stored.region, row.region);
        assert.equal(stored.product, row.product);
        assert.equal(units(stored.quantity), row.quantity);
        assert.equal(units(stored.revenue), row.revenue);
        assert.equal(stored.revenue_per_unit, lib.perUnit(row.revenue, row.quantity));
      }
    });

    await t.test('each record was judged by each control', () => {
      const controls = Number(one(p.db, 'SELECT count(*) FROM run_control'));
      assert.ok(controls >= Object.keys(lib.CONTROLS).length);
      assert.equal(one(p.db, 'SELECT count(*) FROM validation_results'), String(rows * controls));
      assert.equal(one(p.db, 'SELECT count(*) FROM (SELECT DISTINCT record_id, control FROM validation_results)'), String(rows * controls));
      const failed = query(p.db, "SELECT control, count(*) FROM validation_results WHERE status = 'FAIL' GROUP BY 1 ORDER BY 1");
      const wanted = lib.count(opinion.rejected.flatMap((x) => x.faults), (name) => name);
      assert.deepEqual(Object.fromEntries(failed.map(([name, n]) => [name, Number(n)])), wanted);
    });

    await t.test('the SHA-256 is that of sha256sum', () => {
      assert.equal(result.sha256, execFileSync('sha256sum', [g.file], { encoding: 'utf8' }).slice(0, 64));
      assert.equal(one(p.db, 'SELECT sha256 FROM run'), result.sha256);
    });

    await t.test('all holds together', () => {
      assert.equal(result.reconciled, true);
      lib.sound(p);
    });
  });
}

test('the same seed gives the same file, another seed another one', (t) => {
  const dir = lib.folder(t);
  const a = generate(dir, 1000, 5);
  const b = generate(dir, 1000, 6);
  assert.equal(ok(['generate', 'sales', '--rows', '1000', '--seed', '5']), a.text);
  assert.notEqual(a.text, b.text);
  assert.equal(ok(['generate', 'sales', '--rows', '0']), 'order_id,order_date,region,product,quantity,revenue\n');
});

test('rows with several faults at once have all of them reported', async (t) => {
  for (const seed of [1, 2, 3]) {
    const p = place(t);
    const file = path.join(p.dir, 'messy.csv');
    const text = lib.messySales(seed, 800);
    fs.writeFileSync(file, text);
    const opinion = judge(text);
    const result = importFile(p, file);
    const found = lib.json(['exceptions', '--limit', '100000', ...p.args]);
    assert.ok(opinion.rejected.filter((x) => x.faults.length > 1).length > 50);
    assert.deepEqual(
      found.map((x) => [x.line, x.category, x.stage, x.faults.map((f) => f.control)]),
      opinion.rejected.map((x) => [x.line, x.category, x.stage, x.faults]),
    );
    assert.deepEqual(found.map((x) => x.raw.replace(/\n$/, '')), opinion.rejected.map((x) => x.raw));
    for (const x of found) for (const f of x.faults) assert.equal(f.version, 1);
    assert.equal(result.rows.clean, opinion.clean.length);
    assert.deepEqual(result.rejected, lib.count(opinion.rejected, (x) => x.category));
    for (const row of exported(p, 'clean_sales')) {
      const wanted = opinion.byLine.get(Number(BigInt(row.id) & 0xffffffffn));
      assert.equal(row.revenue_per_unit, lib.perUnit(wanted.revenue, wanted.quantity));
      assert.equal(row.revenue, lib.print(wanted.revenue, 4, 2));
    }
    lib.sound(p);
  }
});

test('revenue per unit is rounded half to even', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'ties.csv');
  const r = lib.random(8);
  const rows = [['0.01', '2'], ['0.03', '2'], ['0.05', '2'], ['0.07', '2'], ['1', '8'], ['3', '8'], ['0.0001', '3'], ['99999999.9999', '0.0001'], ['10', '3'], ['20', '3'], ['0', '7']];
  for (let i = 0; i < 500; i++) rows.push([`${r.below(1000)}.${r.below(10)}${r.pick(['', '5', '25', '05'])}`, String(r.pick([2, 4, 8, 16, 40, 0.5, 1.25]))]);
  const text = `order_id,order_date,region,product,quantity,revenue\n${rows.map(([rev, q], i) => `T${i},2024-01-01,East,Dairy,${q},${rev}\n`).join('')}`;
  fs.writeFileSync(file, text);
  assert.equal(importFile(p, file).rows.clean, rows.length);
  const got = new Map(exported(p, 'clean_sales').map((row) => [row.order_id, row.revenue_per_unit]));
  const inShell = new Map(query(p.db, "SELECT order_id, printf('%.2f', revenue_per_unit) FROM clean_sales"));
  rows.forEach(([rev, q], i) => {
    const wanted = lib.perUnit(units(rev), units(q));
    assert.equal(got.get(`T${i}`), wanted, `${rev} / ${q}`);
    if (wanted.length < 14) assert.equal(inShell.get(`T${i}`), wanted, `${rev} / ${q} in the view`);
  });
});

test('the tables in the plain shell are those of `outpost export`', async (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'messy.csv');
  fs.writeFileSync(file, lib.messySales(9, 600));
  importFile(p, file);
  importFile(p, generate(p.dir, 300, 9).file);
  const asNumber = (text) => (text === '' ? '' : lib.print(units(Number(text).toFixed(4))));
  for (const [name, numbers] of [
    ['clean_sales', ['quantity', 'revenue', 'revenue_per_unit']],
    ['analytics_summary', ['total_revenue', 'daily_sales']],
    ['exceptions', []],
    ['validation_results', []],
    ['audit_log', []],
  ]) {
    await t.test(name, () => {
      const rows = exported(p, name);
      const columns = Object.keys(rows[0]);
      const shell = table(lib.sqlite(p.db, `SELECT ${columns.join(', ')} FROM ${name}`, '-csv', '-header'));
      assert.equal(shell.length, rows.length);
      const plain = (list) =>
        list
          .map((row) => columns.map((c) => {
            const text = row[c].replace(/[\r\n]+$/, '').replace(/^'(?=[=+@\t\r-])/, '');
            return numbers.includes(c) ? asNumber(text) : text;
          }).join('|'))
          .sort();
      assert.deepEqual(plain(rows), plain(shell));
      const lines = JSON.parse(ok(['export', name, '--json', ...p.args]));
      assert.equal(lines.length, rows.length);
      assert.deepEqual(Object.keys(lines[0]), columns);
    });
  }

  await t.test('raw_sales holds the rows of the files', () => {
    const wanted = [...lib.parseCsv(fs.readFileSync(file, 'utf8')).slice(1), ...lib.parseCsv(fs.readFileSync(generate(p.dir, 300, 9).file, 'utf8')).slice(1)];
    const got = exported(p, 'raw_sales').map((row) => lib.FIELDS.map((f) => row[f].replace(/^'(?=[=+@\t\r-])/, '')));
    assert.deepEqual(got, wanted.map((cells) => lib.FIELDS.map((_, i) => cells[i] ?? '')));
  });

  await t.test('one run only', () => {
    const [latest, first] = lib.json(['runs', ...p.args]);
    assert.equal(exported(p, 'raw_sales', '--run', latest.run).length, 300);
    assert.equal(exported(p, 'raw_sales', '--run', 'latest').length, 300);
    assert.equal(exported(p, 'clean_sales', '--run', first.run).length, first.rows.clean);
  });
});

test('a second import of the same file', (t) => {
  const p = place(t);
  const g = generate(p.dir, 2000, 12, 2);
  const first = importFile(p, g.file);
  const taken = new Set(judge(g.text).clean.map((row) => row.cells[0]));
  const second = importFile(p, g.file);
  const opinion = judge(g.text, taken);
  assert.equal(opinion.clean.length, 0);
  assert.deepEqual(second.rows, lib.rowCounts(2000, 0, 2000));
  assert.deepEqual(second.rejected, lib.count(opinion.rejected, (x) => x.category));
  const found = lib.json(['exceptions', '--run', second.run, '--limit', '10000', ...p.args]);
  assert.deepEqual(found.map((x) => x.faults.map((f) => f.control)), opinion.rejected.map((x) => x.faults));
  assert.equal(one(p.db, 'SELECT count(*) FROM sale'), String(first.rows.clean));
  lib.sound(p);
});

test('of several rows with one key the first that passes every other control survives', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'same.csv');
  fs.writeFileSync(file, [
    'order_id,order_date,region,product,quantity,revenue',
    'K1,,East,Dairy,1,10.00',
    'K1,2024-01-01,East,Dairy,1,-5',
    'K1,2024-01-02,East,Dairy,2,20.00',
    'K1,2024-01-03,East,Dairy,3,30.00',
    'K1,2024-01-04,Mars,Dairy,0,30.00',
    'K2,2024-01-03,West,Dairy,3,30.00\n'].join('\n'));
  const result = importFile(p, file);
  assert.deepEqual(result.rows, lib.rowCounts(6, 2, 4));
  assert.deepEqual(exported(p, 'clean_sales').map((r) => [r.order_id, r.quantity]), [['K1', '2'], ['K2', '3']]);
  const faults = lib.json(['exceptions', ...p.args]).map((x) => [x.line, ...x.faults.map((f) => f.control)]);
  assert.deepEqual(faults, [
    [2, 'order_date_present'],
    [3, 'revenue_not_negative'],
    [5, 'order_unique'],
    [6, 'quantity_positive', 'region_known', 'order_unique'],
  ]);
});

test('a key of several columns', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'lines.csv');
  const rows = [];
  for (let i = 0; i < 400; i++) rows.push(['O' + (i % 50), String(i % 7), '2024-01-01', 'East', 'Dairy', '1', '1.00']);
  const keys = new Set(rows.map((r) => `${r[0]}/${r[1]}`));
  fs.writeFileSync(file, `order_id,Position,order_date,region,product,quantity,revenue\n${rows.map((r) => r.join(',')).join('\n')}\n`);
  assert.equal(importFile(p, file, '--unique', 'order_id,Position', '--dry-run').rows.clean, keys.size);
  assert.equal(importFile(p, file, '--unique', 'order_id,Position').rows.clean, keys.size);
  assert.equal(importFile(p, file, '--unique', 'order_id').rows.clean, 50);
  assert.deepEqual(new Set(exported(p, 'clean_sales').map((r) => r.order_id)), new Set(rows.map((r) => r[0])));
  refuses(['import', file, '--as', 'sales', '--unique', 'order_id,Nowhere', ...p.args], /Nowhere/, 1);
  lib.sound(p);
});

test('columns by heading, by synonym, by hand; what is not known is reported and kept', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'own.csv');
  fs.writeFileSync(file, 'Order No.,Rep,Invoice Date,Zone,Item Name,Qty,Net Amount (INR),Gross\nA1,Ann,2024-02-01,East,Dairy,2,10.50,12.00\nA2,Bob,2024-02-02,West,Snacks,3,7.25,9.99\n');
  const result = importFile(p, file);
  assert.equal(result.rows.clean, 2);
  const run = lib.json(['run', 'show', ...p.args]);
  assert.deepEqual(Object.fromEntries(run.mapping.map((m) => [m.field, m.heading])), {
    order_id: 'Order No.', order_date: 'Invoice Date', region: 'Zone', product: 'Item Name', quantity: 'Qty', revenue: 'Net Amount (INR)',
  });
  assert.deepEqual(run.unknown_columns, ['Rep', 'Gross']);
  assert.equal(run.revenue, '17.75');

  const q = place(t);
  assert.equal(importFile(q, file, '--map', 'revenue=Gross', '--map', 'order_id=#2').rows.clean, 2);
  assert.equal(lib.json(['run', 'show', ...q.args]).revenue, '21.99');
  assert.deepEqual(exported(q, 'clean_sales').map((r) => r.order_id), ['Ann', 'Bob']);
  refuses(['import', file, '--as', 'sales', '--map', 'revenue=Nothing', ...q.args], /Nothing/, 1);
  refuses(['import', file, '--as', 'sales', '--map', 'prize=Gross', ...q.args], /prize/, 1);

  const lacking = path.join(p.dir, 'lacking.csv');
  fs.writeFileSync(lacking, 'order_id,region\nA1,East\n');
  const err = refuses(['import', lacking, '--as', 'sales', ...q.args], /order_date/, 1);
  assert.match(err, /quantity/);
});

test('exit codes and usage', (t) => {
  const p = place(t);
  const g = generate(p.dir, 100, 1);
  const good = path.join(p.dir, 'good.csv');
  fs.writeFileSync(good, 'order_id,order_date,region,product,quantity,revenue\nX1,2024-01-01,East,Dairy,1,1.00\n');
  const run = (...args) => lib.outpost(args).code;
  assert.equal(run('import', g.file, '--as', 'sales', '--strict', '--dry-run', ...p.args), 3);
  assert.equal(run('import', good, '--as', 'sales', '--strict', '--dry-run', ...p.args), 0);
  assert.equal(run('import', g.file, '--as', 'sales', ...p.args), 0);
  for (const args of [['import'], ['import', g.file], ['import', g.file, '--as', 'nothing'], ['import', g.file, '--as', 'sales', '--colour', 'red'],
    ['nonsense'], ['export'], ['export', 'clean_sales', 'another'], ['import', g.file, '--as'], ['generate', 'sales', '--rows', 'many']])
    refuses([...args, ...(args[0] === 'nonsense' || args[0] === 'generate' ? [] : args.at(-1) === '--as' ? [] : p.args)], null, 2);
  refuses(['export', 'nothing', ...p.args], /clean_sales/, 4);
  refuses(['run', 'show', 'ffffffff', ...p.args], /ffffffff/, 4);
  refuses(['runs', '--data', p.data, '--tenant', 'nobody'], /nobody/, 4);
  refuses(['runs', '--data', path.join(p.dir, 'nowhere')], /nowhere/, 4);
  refuses(['import', path.join(p.dir, 'missing.csv'), '--as', 'sales', ...p.args], /missing\.csv/);
  refuses(['tenant', 'add', p.tenant, '--data', p.data], /demo/, 5);
  for (const slug of ['../evil', 'Über', '', 'a/b', 'A', '-x', 'x'.repeat(64)]) refuses(['tenant', 'add', '--data', p.data, '--', slug], null, 1);
  assert.equal(fs.readdirSync(path.join(p.data, 'tenants')).filter((f) => f.endsWith('.db')).length, 1);
});

test('the help has every command once, in a group, and an example of each', () => {
  const groups = lib.ok(['help']).split(/\n\n(?=[A-Z])/).slice(1);
  const names = groups.flatMap((group) => [...group.matchAll(/^ {2}(\S+(?: \S+)?) {2,}\S/gm)].map((m) => m[1]));
  assert.ok(names.length > 80, `${names.length} commands`);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(lib.ok(['help', ...name.split(' ')]), new RegExp(`^ {2}.*outpost ${name}\\b`, 'm'), name);
});

test('the answer of import --json', (t) => {
  const p = place(t);
  const g = generate(p.dir, 500, 3, 1);
  const result = importFile(p, g.file);
  assert.deepEqual(Object.keys(result).sort(), ['reconciled', 'rejected', 'repeated', 'rows', 'rows_per_second', 'run', 'seconds', 'sha256', 'source', 'stages']);
  assert.match(result.run, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(result.source, g.file);
  assert.equal(result.rows.read, result.rows.clean + result.rows.rejected);
  assert.equal(Object.values(result.rejected).reduce((a, b) => a + b), result.rows.rejected);
  assert.equal(typeof result.seconds, 'number');
  assert.ok(result.rows_per_second > 0);
});

test('standard input, and a compressed file', (t) => {
  const g = generate(lib.folder(t), 700, 21);
  const zipped = `${g.file}.gz`;
  fs.writeFileSync(zipped, gzipSync(g.text));
  const a = place(t);
  const b = place(t);
  const c = place(t);
  const plain = importFile(a, g.file);
  const piped = lib.json(['import', '-', '--as', 'sales', ...b.args], { input: g.text });
  const unzipped = importFile(c, zipped);
  for (const result of [piped, unzipped]) assert.deepEqual(result.rows, plain.rows);
  assert.equal(piped.sha256, plain.sha256);
  const table1 = exported(a, 'clean_sales').map((r) => ({ ...r, run_id: '', processed_timestamp: '' }));
  for (const p of [b, c]) assert.deepEqual(exported(p, 'clean_sales').map((r) => ({ ...r, run_id: '', processed_timestamp: '' })), table1);
  lib.sound(b);
  lib.sound(c);
});

test('a dry run changes nothing and counts the same', (t) => {
  const p = place(t);
  const content = () => lib.sha256(lib.sqlite(p.db, '.dump'));
  const g = generate(p.dir, 1500, 31, 1);
  const before = content();
  const dry = importFile(p, g.file, '--dry-run');
  assert.equal(dry.dry_run, true);
  assert.equal(content(), before);
  assert.equal(lib.json(['runs', ...p.args]).length, 0);
  const wet = importFile(p, g.file);
  assert.deepEqual(dry.rows, wet.rows);
  assert.deepEqual(dry.rejected, wet.rejected);
  assert.equal(dry.reconciled, true);
  const between = content();
  assert.equal(importFile(p, g.file, '--dry-run').rows.clean, 0);
  assert.equal(content(), between);
});

test('files that hold nothing, or nothing useful', (t) => {
  const p = place(t);
  const write = (name, bytes) => {
    const file = path.join(p.dir, name);
    fs.writeFileSync(file, bytes);
    return file;
  };
  const heading = 'order_id,order_date,region,product,quantity,revenue\n';
  const empty = lib.outpost(['import', write('empty.csv', ''), '--as', 'sales', ...p.args, '--json']);
  assert.equal(empty.signal, null);
  if (empty.code === 0) assert.deepEqual(JSON.parse(empty.out).rows, lib.rowCounts(0, 0, 0));
  else assert.match(empty.err, /empty/);
  assert.deepEqual(importFile(p, write('heading.csv', heading), '--header', 'yes').rows, lib.rowCounts(0, 0, 0));

  const r = lib.random(1);
  const binary = lib.outpost(['import', write('binary.bin', Buffer.from(Array.from({ length: 20000 }, () => r.below(256)))), '--as', 'sales', ...p.args, '--json']);
  assert.equal(binary.signal, null);
  assert.equal(binary.code, 1);

  // The last row ends within a quoted cell: its bytes must not be lost.
  const cut = write('cut.csv', `${heading}C1,2024-01-01,East,Dairy,1,1.00\nC2,2024-01-02,West,"Dai`);
  const result = importFile(p, cut);
  assert.equal(result.rows.read, 2);
  assert.equal(result.rows.rejected, 1);
  assert.equal(result.sha256, lib.sha256(fs.readFileSync(cut)));
  assert.match(lib.json(['exceptions', '--run', 'latest', ...p.args])[0].raw, /^C2,2024-01-02,West,"Dai/);
  lib.sound(p);
});

test('peek shows what the reader makes of a file', (t) => {
  const dir = lib.folder(t);
  const file = path.join(dir, 'german.csv');
  fs.writeFileSync(file, Buffer.from('Auftrag;Datum;Betrag;Ort\n1;13.02.2024;1.234,50;Köln\n2;14.02.2024;0,99;"Mün;chen"\n', 'latin1'));
  const seen = lib.json(['peek', file]);
  const text = JSON.stringify(seen);
  assert.match(text, /;/);
  assert.match(text, /dmy/);
  assert.deepEqual(lib.parseCsv(ok(['peek', file, '--csv'])), [
    ['Auftrag', 'Datum', 'Betrag', 'Ort'], ['1', '13.02.2024', '1.234,50', 'Köln'], ['2', '14.02.2024', '0,99', 'Mün;chen'],
  ]);
  assert.ok(ok(['peek', file]).length > 100);
  assert.deepEqual(fs.readdirSync(dir), ['german.csv']);
  refuses(['peek', path.join(dir, 'none.csv')], /none\.csv/);
});

test('a real file: 9,994 order lines, month first, other headings', async (t) => {
  const p = place(t);
  const result = importFile(p, lib.SUPERSTORE, '--unique', 'Row ID');
  const text = gunzipSync(fs.readFileSync(lib.SUPERSTORE)).toString();
  const records = lib.parseCsv(text);
  const heading = records[0];
  const rows = records.slice(1).filter((cells) => cells.length === heading.length).map((cells) => Object.fromEntries(heading.map((h, i) => [h, cells[i]])));
  const total = rows.reduce((sum, row) => sum + units(row.Sales), 0n);

  assert.equal(rows.length, 9994);
  assert.equal(total, 22972008603n); // 2,297,200.8603
  assert.deepEqual(result.rows, lib.rowCounts(9994, 9994, 0));
  const run = lib.json(['run', 'show', ...p.args]);
  assert.equal(units(run.revenue), total);
  assert.equal(run.totals.quantity, lib.print(rows.reduce((sum, row) => sum + units(row.Quantity), 0n)));
  assert.ok(run.unknown_columns.includes('Profit'));

  const wanted = new Map(rows.map((row) => [row['Row ID'], row]));
  const iso = (mdy) => mdy.split('/').map((n) => n.padStart(2, '0')).join('-').replace(/^(..)-(..)-(....)$/, '$3-$1-$2');
  const days = new Map();
  for (const row of rows) days.set(iso(row['Order Date']), (days.get(iso(row['Order Date'])) ?? 0n) + units(row.Sales));
  assert.deepEqual(new Map(run.by_day.map((d) => [d.day, units(d.revenue)])), new Map([...days].sort()));
  const clean = exported(p, 'clean_sales');
  const key = new Map(query(p.db, "SELECT run << 32 | record, replace(key, 'Row ID=', '') FROM sale"));
  for (const row of clean) {
    const from = wanted.get(key.get(row.id));
    assert.equal(row.order_id, from['Order ID']);
    assert.equal(row.order_date, iso(from['Order Date']));
    assert.equal(row.product.replace(/^'/, ''), from['Product Name'].replace(/^'/, '').trim());
    assert.equal(units(row.revenue), units(from.Sales));
  }
  assert.deepEqual(new Map(run.by_region.map((g) => [g.name, units(g.revenue)])), new Map([...sums(rows.map((r) => ({ region: r.Region, quantity: units(r.Quantity), revenue: units(r.Sales) })), (r) => r.region)].map(([name, g]) => [name, g.revenue]).sort()));
  // Order ids repeat over lines: with the usual key the later lines are exceptions, not lost.
  const q = place(t);
  const repeated = importFile(q, lib.SUPERSTORE);
  assert.deepEqual(repeated.rows, lib.rowCounts(9994, new Set(rows.map((r) => r['Order ID'])).size, 9994 - new Set(rows.map((r) => r['Order ID'])).size));
  // ... and it is said what can be done about it, also in words. The same file once more repeats nothing within itself.
  const again = 9994 - new Set(rows.map((r) => r['Order ID'])).size;
  assert.deepEqual(repeated.repeated, { rows: again, key: 'Order ID' });
  assert.equal(result.repeated, null);
  assert.deepEqual([lib.json(['run', 'show', '--json', ...q.args]).repeated, lib.json(['run', 'show', '--json', ...p.args]).repeated], [repeated.repeated, null], 'a run that is looked at later says the same');
  const said = new RegExp(`${again} rows have the key \\(Order ID\\).*outpost undo ${repeated.run}.* --unique "Order ID,\\.\\.\\."`);
  assert.match(ok(['run', 'show', ...q.args]), said);
  assert.match(ok(['import', lib.SUPERSTORE, '--as', 'sales', '--dry-run', ...place(t).args]), new RegExp(`${again} rows have the key \\(Order ID\\).* --unique "Order ID,\\.\\.\\."`));
  assert.equal(importFile(p, lib.SUPERSTORE, '--unique', 'Row ID').repeated, null);
  ok(['undo', 'latest', ...q.args]);
  assert.doesNotMatch(ok(['run', 'show', ...q.args]), said, 'it has been seen to');
  lib.sound(p);
  lib.sound(q);
});

test('a format that was stated is kept with the run', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'stated.csv');
  fs.writeFileSync(file, 'order_id;order_date;region;product;quantity;revenue\nS1;03/04/2024;East;Dairy;1;1,500\nS2;05/06/2024;East;Dairy;2;2,250\nS3;;East;Dairy;2;4,125\n');
  assert.deepEqual(importFile(p, file, '--decimal', ',', '--date-order', 'dmy').rows, lib.rowCounts(3, 2, 1));
  assert.deepEqual(exported(p, 'clean_sales').map((r) => [r.order_date, r.revenue]), [['2024-04-03', '1.50'], ['2024-06-05', '2.25']]);
  lib.sound(p); // which reads the kept bytes again
  const [x] = lib.json(['exceptions', ...p.args]);
  ok(['exception', 'fix', String(x.id), 'order_date=07/08/2024', ...p.args]);
  assert.deepEqual(exported(p, 'clean_sales', '--run', 'latest').map((r) => [r.order_date, r.revenue]), [['2024-08-07', '4.125']]);
  lib.sound(p);
});

test('an import says what it left out of a file that people wrote, and of no table what it is', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'office.csv');
  const row = (n) => `A-${n};${10 + n}.01.2024;North;Dairy;${n};1.0${n}0,50;x\n`;
  fs.writeFileSync(file, `Report;;;;;;\nby the office;;;;;;\nOrder ID;Order Date;Region;Product;Quantity;Revenue;Remark\n${[1, 2, 3, 4, 5].map(row).join('')}Total;;;;15;5.152,50;\n`);
  const said = ok(['import', file, '--as', 'sales', ...p.args]);
  const shown = ok(['run', 'show', ...p.args]);
  assert.match(said, /^clean {4}5$/m);
  for (const text of [said, shown]) {
    assert.match(text, /^ {2}lines before the table .*\(line 1 first\), 2 times\n {2}lines below the table .*\n {2}columns that are no field, .*: Remark$/m);
  }
  assert.match(shown, /^ {2}revenue +Revenue +name$/m);
  fs.writeFileSync(file, 'order_id,order_date,region,product,quantity,revenue\n');
  assert.match(ok(['import', file, '--as', 'sales', '--dry-run', ...p.args]), /headings and no rows/);

  const zip = (name) => Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(26), Buffer.from(name)]);
  const none = { 'is a ZIP archive: unpack it': zip('orders.csv'), 'is an office document': zip('[Content_Types].xml'), 'is a web page or XML': '\ufeff\n<HTML><table><tr><td>Order ID</td></tr></table>' };
  for (const [what, bytes] of Object.entries(none)) {
    fs.writeFileSync(file, bytes);
    refuses(['import', file, '--as', 'sales', ...p.args], new RegExp(what));
    refuses(['record', 'import', 'store', file, ...p.args], new RegExp(what));
  }
});
