// Rules that are tried on history: what `rules try` says has to be what comes out when
// the same files are imported, in the same order, into an empty tenant that has the
// changed rules from the start. Both tenants are read by the sqlite3 shell.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import * as lib from './lib.mjs';
import { copyPlace, importFile, json, ok, one, place, query, refuses, serve, sound } from './lib.mjs';

const RULE = Object.fromEntries(Object.keys(lib.CONTROLS).map((name, i) => [name, `00000000-0000-7000-8000-0000000002${(i + 1).toString(16).padStart(2, '0')}`]));
const ITEM = Object.fromEntries(['North', 'South', 'East', 'West', 'Central'].map((name, i) => [name, `00000000-0000-7000-8000-00000000010${i + 1}`]));

const tryRules = (p, changes, ...more) => json(['rules', 'try', JSON.stringify(changes), ...p.args, ...more]);
const promote = (p, changes, ...more) => json(['rules', 'promote', JSON.stringify(changes), ...p.args, ...more]);

const added = (name, kind, field, params) => ({ dataset: 'sales', name, stage: 'business', kind, ...(field ? { field } : {}), params, category: 'BUSINESS_RULE_VIOLATION', message: `${name} holds` });

// One thing that people change about rules.
function randomChange(r, n) {
  const money = () => String(r.below(100000));
  return r.pick([
    () => ({ rules: [{ id: RULE.quantity_positive, params: { above: String(r.below(30)) } }] }),
    () => ({ rules: [{ id: RULE.quantity_positive, params: r.chance(0.5) ? { min: '-5' } : { min: '1', max: String(5 + r.below(40)) } }] }),
    () => ({ rules: [{ id: RULE.revenue_not_negative, params: { min: r.chance(0.5) ? '-1' : money() } }] }),
    () => ({ rules: [{ id: RULE.revenue_not_negative, active: false }] }),
    () => ({ items: [{ list: 'regions', value: 'Mars' }, { id: ITEM[r.pick(Object.keys(ITEM))], deleted: true }] }),
    () => ({ items: [{ list: 'regions', value: r.pick(['north', 'Mars']) }] }),
    () => ({ items: [{ list: `own${n}`, value: 'Dairy' }, { list: `own${n}`, value: 'Sauces' }], rules: [added(`own${n}`, 'reference', 'product', { list: `own${n}` })] }),
    () => ({ rules: [{ id: RULE[r.pick(['region_present', 'product_present', 'order_id_present', 'quantity_present'])], active: false }] }),
    () => ({ rules: [{ id: RULE[r.pick(['region_known', 'no_extra_cells', 'columns_complete', 'order_date_format'])], active: false }] }),
    () => ({ rules: [{ id: RULE.order_date_not_future, params: { days: '100000' } }] }),
    () => ({ rules: [added(`form${n}`, 'pattern', 'order_id', { like: r.pick(['A-?*1*', 'A-*[13579]', 'A-1*']) })] }),
    () => ({ rules: [added(`ratio${n}`, 'expression', null, { sql: r.pick(['quantity * 500 <= revenue', "region <> 'East' OR quantity < 20", "order_date >= '2015-01-01'", 'product IS NOT NULL']) })] }),
    () => ({ rules: [added(`most${n}`, 'range', 'revenue', { max: money() })] }),
    () => ({ rules: [{ id: RULE.order_unique, name: `once${n}` }] }),
    () => ({ rules: [{ id: RULE[r.pick(['product_present', 'quantity_is_number'])], deleted: true }] }),
  ])();
}

// Several of them, no rule twice.
function randomChanges(r, n) {
  const all = { rules: [], items: [] };
  const seen = new Set();
  for (let i = 1 + r.below(3); i > 0; i--) {
    const { rules = [], items = [] } = randomChange(r, `${n}_${i}`);
    const names = [...rules, ...items].map((o) => o.id ?? o.name ?? `${o.list}/${o.value}`);
    if (names.some((name) => seen.has(name))) continue;
    names.forEach((name) => seen.add(name));
    all.rules.push(...rules);
    all.items.push(...items);
  }
  return all;
}

// What a tenant has: of each run that counts, by its place among them, Map(record -> fault
// names, [] when clean); and the figures of all of them.
function outcome(p) {
  const runs = query(p.db, "SELECT id, uuid FROM run WHERE state = 'done' AND id NOT IN (SELECT run FROM run_undone) ORDER BY id");
  const place = new Map(runs.map(([id], i) => [id, i]));
  const rows = runs.map(() => new Map());
  for (const [run, record] of query(p.db, 'SELECT run, record FROM sale')) rows[place.get(run)]?.set(Number(record), []);
  for (const [run, record, faults] of query(p.db, "SELECT id >> 32, id & 0xffffffff, faults FROM reject"))
    rows[place.get(run)]?.set(Number(record), JSON.parse(faults).map((f) => f.control));
  const [orders, quantity, revenue] = query(p.db, 'SELECT count(*), coalesce(sum(quantity), 0), coalesce(sum(revenue), 0) FROM sale')[0];
  return { uuids: runs.map((r) => r[1]), rows, figures: { orders: Number(orders), quantity: lib.print(BigInt(quantity)), revenue: lib.print(BigInt(revenue)) } };
}

const unique = (p) => query(p.db, "SELECT name FROM rule WHERE dataset = 'sales' AND kind = 'unique' AND active = 1 AND deleted_at IS NULL")[0][0];

// What `try` said (of p) against what came out (in q).
function compare(said, before, after, uniqueName) {
  const rejected = [];
  const released = [];
  assert.deepEqual(said.runs.map((r) => r.run), before.uuids);
  before.rows.forEach((rows, i) => {
    assert.deepEqual([...rows.keys()].sort(), [...after.rows[i].keys()].sort(), 'the same records');
    const mine = { newly_rejected: 0, newly_released: 0 };
    for (const [record, faults] of [...rows].sort(([a], [b]) => a - b)) {
      const now = after.rows[i].get(record);
      if (!faults.length && now.length) rejected.push({ run: before.uuids[i], record, faults: now }), mine.newly_rejected++;
      if (faults.length && !now.length) released.push({ run: before.uuids[i], record, faults }), mine.newly_released++;
    }
    const { newly_rejected, newly_released } = said.runs[i];
    assert.deepEqual({ newly_rejected, newly_released }, mine, `run ${i + 1}`);
    assert.equal(said.runs[i].rows, rows.size);
  });
  assert.equal(said.rows, before.rows.reduce((sum, rows) => sum + rows.size, 0));
  assert.equal(said.newly_rejected.total, rejected.length);
  assert.equal(said.newly_released.total, released.length);
  assert.deepEqual(said.figures, { before: before.figures, after: after.figures });
  // Controls: a key that is taken is told of a row that has no other fault.
  const by = {};
  for (const row of rejected) for (const name of row.faults) if (name !== uniqueName || row.faults.length === 1) by[name] = (by[name] ?? 0) + 1;
  assert.deepEqual(said.newly_rejected.by_control, by);
  assert.deepEqual(said.newly_released.by_control, lib.count(released.flatMap((row) => row.faults), (name) => name));
  // Examples: the first fifty.
  const id = (row) => `${row.run}/${row.record}`;
  assert.deepEqual(said.newly_rejected.sample.map(id), rejected.slice(0, 50).map(id));
  assert.deepEqual(said.newly_released.sample.map(id), released.slice(0, 50).map(id));
  return { rejected: rejected.length, released: released.length };
}

function files(dir, seed, count, rows) {
  return Array.from({ length: count }, (_, i) => {
    const file = path.join(dir, `file${i + 1}.csv`);
    fs.writeFileSync(file, lib.messySales(seed * 100 + i, rows)); // the same keys in all of them
    return file;
  });
}

for (let seed = 1; seed <= (lib.LONG ? 60 : 12); seed++) {
  test(`property: rules tried on history come out as tried (seed ${seed})`, (t) => {
    const r = lib.random(seed);
    const p = place(t);
    const all = files(p.dir, seed, 2 + r.below(3), 40 + r.below(120));
    const changes = [];
    // Some runs were judged by rules that have been changed since.
    all.forEach((file, i) => {
      if (i > 0 && r.chance(0.4)) {
        changes.push(randomChanges(r, `${seed}_${i}`));
        try {
          promote(p, changes.at(-1));
        } catch {
          changes.pop(); // it changes what is deleted by now
        }
      }
      importFile(p, file);
    });
    const before = outcome(p);
    let again;
    for (let k = 0; k < 3; k++) {
      const change = randomChanges(r, `try${seed}_${k}`);
      const q = place(t);
      let possible = true;
      try {
        [...changes, change].forEach((c) => promote(q, c));
      } catch {
        possible = false;
      }
      if (!possible) continue;
      all.forEach((file) => importFile(q, file));
      const log = query(p.db, 'SELECT count(*), max(seq) FROM change_log');
      const tried = tryRules(p, change);
      compare(tried, before, outcome(q), unique(q));
      if (k === 0) again = [change, tried, outcome(q)];
      assert.deepEqual(query(p.db, 'SELECT count(*), max(seq) FROM change_log'), log, 'trying writes nothing');
    }
    if (!again) return;
    // History judged again, run by run: what was tried, too, and what the rows are in the fresh tenant.
    const [change, tried, fresh] = again;
    const done = promote(p, change, '--rejudge');
    const now = outcome(p);
    assert.deepEqual(now.figures, tried.figures.after);
    assert.deepEqual(now.rows, fresh.rows);
    assert.deepEqual(done.rejudged.map((x) => [x.run, x.replaced_by, x.message]), before.uuids.map((run, i) => [run, now.uuids[i], null]));
    done.rejudged.forEach((x, i) => {
      assert.equal(x.before.clean + x.before.rejected, tried.runs[i].rows);
      assert.equal(x.after.clean + x.after.rejected, tried.runs[i].rows);
    });
    sound(p);
  });
}

// Corrections are files like others: they settle exceptions that have to be there.
for (let seed = 1; seed <= (lib.LONG ? 30 : 6); seed++) {
  test(`property: rules tried on a history with corrections (seed ${seed})`, (t) => {
    const r = lib.random(seed + 1000);
    const p = place(t);
    const all = files(p.dir, seed, 2, 60);
    all.forEach((file) => importFile(p, file));
    for (let i = 0; i < 2; i++) {
      const [heading, ...rows] = lib.parseCsv(ok(['exceptions', '--run', r.pick(query(p.db, 'SELECT uuid FROM run LIMIT 2'))[0], '--file', ...p.args]));
      const repaired = rows.filter(() => r.chance(0.6)).map((row) => {
        const cells = row.slice(0, heading.length);
        while (cells.length < heading.length) cells.push('');
        const set = (name, values, wrong) => (wrong || r.chance(0.2)) && (cells[heading.indexOf(name)] = r.pick(values));
        if (r.chance(0.3)) cells[2] = `C-${r.below(40)}`;
        set('order_date', ['2020-01-02', '2031-01-01'], true);
        set('region', ['East', 'Mars'], true);
        set('product', ['Dairy'], true);
        set('quantity', ['3', '12', '0'], true);
        set('revenue', ['10.5', '70000'], true);
        return lib.csvLine(cells);
      });
      const twice = repaired.slice(0, 3); // the same exception again
      const file = path.join(p.dir, `repair${i}.csv`);
      fs.writeFileSync(file, `${[lib.csvLine(heading), ...repaired, ...twice].join('\n')}\n`);
      importFile(p, file);
      all.push(file);
    }
    const before = outcome(p);
    for (let k = 0; k < 4; k++) {
      const change = randomChanges(r, `corr${seed}_${k}`);
      const q = place(t);
      try {
        promote(q, change);
      } catch {
        continue;
      }
      all.forEach((file) => importFile(q, file));
      compare(tryRules(p, change), before, outcome(q), unique(q));
    }
  });
}

// As an undo leaves it: the run's rows are gone, its bytes and exceptions are not.
for (let seed = 1; seed <= (lib.LONG ? 20 : 4); seed++) {
  test(`property: rules tried on a history with a run that was undone (seed ${seed})`, (t) => {
    const r = lib.random(seed + 2000);
    const p = place(t);
    const all = files(p.dir, seed + 50, 3, 80);
    all.forEach((file) => importFile(p, file));
    const undone = 1 + r.below(3);
    ok(['undo', query(p.db, `SELECT uuid FROM run WHERE id = ${undone}`)[0][0], ...p.args]);
    all.splice(undone - 1, 1);
    const before = outcome(p);
    for (const change of [{}, randomChanges(r, `undo${seed}`), randomChanges(r, `more${seed}`)]) {
      const q = place(t);
      try {
        promote(q, change);
      } catch {
        continue;
      }
      all.forEach((file) => importFile(q, file));
      compare(tryRules(p, change), before, outcome(q), unique(q));
    }
  });
}

const HEADING = 'order_id,order_date,region,product,quantity,revenue\n';
const write = (p, name, text) => {
  const file = path.join(p.dir, name);
  fs.writeFileSync(file, text);
  return file;
};

test('keys change hands: between rows of a file, and between runs', (t) => {
  const p = place(t);
  const a = importFile(p, write(p, 'a.csv', `${HEADING}K1,2024-01-01,North,Dairy,1,10\nK1,2024-01-01,North,Dairy,5,20\nK2,2024-01-01,North,Dairy,0,30\n`));
  const b = importFile(p, write(p, 'b.csv', `${HEADING}K1,2024-01-01,North,Dairy,6,40\nK2,2024-01-01,North,Dairy,7,50\n`));
  // 1 is not above 1: the second row of the file has the key then.
  const stricter = tryRules(p, { rules: [{ id: RULE.quantity_positive, params: { above: '1' } }] });
  assert.deepEqual(stricter.newly_rejected.sample.map((x) => [x.run, x.record, x.line]), [[a.run, 2, 2]]);
  assert.deepEqual(stricter.newly_rejected.sample[0].faults.map((f) => [f.control, f.version]), [['quantity_positive', 2]]);
  assert.equal(stricter.newly_rejected.sample[0].raw, 'K1,2024-01-01,North,Dairy,1,10\n');
  assert.deepEqual(stricter.newly_released.sample.map((x) => [x.run, x.record]), [[a.run, 3]]);
  assert.deepEqual(stricter.figures, { before: { orders: 2, quantity: '8.00', revenue: '60.00' }, after: { orders: 2, quantity: '12.00', revenue: '70.00' } });
  // 0 is allowed: K2 of the first file takes its key from the second file's row.
  const looser = tryRules(p, { rules: [{ id: RULE.quantity_positive, active: false }] });
  assert.deepEqual(looser.newly_released.sample.map((x) => [x.run, x.record]), [[a.run, 4]]);
  assert.deepEqual(looser.newly_rejected.sample.map((x) => [x.run, x.record, x.faults[0].control]), [[b.run, 3, 'order_unique']]);
  assert.deepEqual(looser.newly_rejected.by_control, { order_unique: 1 });
  assert.deepEqual(looser.figures.after, { orders: 2, quantity: '1.00', revenue: '40.00' });
  // One run alone is judged beside what the others have: K2 is taken.
  const alone = tryRules(p, { rules: [{ id: RULE.quantity_positive, active: false }] }, '--run', a.run);
  assert.deepEqual([alone.runs.length, alone.newly_released.total, alone.newly_rejected.total], [1, 0, 0]);
  const text = ok(['rules', 'try', JSON.stringify({ rules: [{ id: RULE.quantity_positive, params: { above: '1' } }] }), ...p.args]);
  assert.match(text, /newly rejected +1\n +quantity_positive +1\n/);
  assert.match(text, /revenue +60\.00 +70\.00/);
});

test('where a run has put rows in the place of older ones, the row on top counts', (t) => {
  const p = place(t);
  importFile(p, write(p, 'a.csv', `${HEADING}K1,2024-01-01,North,Dairy,5,10\nK2,2024-01-01,North,Dairy,6,20\n`));
  importFile(p, write(p, 'b.csv', `${HEADING}K1,2024-01-01,North,Dairy,9,40\nK1,2024-01-01,North,Dairy,1,50\nK4,2024-01-01,North,Dairy,0,1\nK4,2024-01-01,North,Dairy,2,2\n`), '--existing', 'update');
  const said = (params) => {
    const tried = tryRules(p, { rules: [{ id: RULE.quantity_positive, params }] });
    const rows = (list) => list.sample.map((x) => x.raw.split(',')[0] + x.raw.split(',')[4]);
    assert.deepEqual(tried.figures.before, { orders: 3, quantity: '17.00', revenue: '62.00' }); // K1 9, K2 6, K4 2
    return [rows(tried.newly_rejected), rows(tried.newly_released), tried.figures.after];
  };
  assert.deepEqual(said({ above: '0' }), [[], [], { orders: 3, quantity: '17.00', revenue: '62.00' }]);
  // Below the row on top nothing counts.
  assert.deepEqual(said({ above: '5' }), [['K15', 'K42'], [], { orders: 2, quantity: '15.00', revenue: '60.00' }]);
  // Without it the next row of the file has the key, not the older one.
  assert.deepEqual(said({ above: '0', max: '8' }), [['K19'], ['K11'], { orders: 3, quantity: '9.00', revenue: '72.00' }]);
  // And without both the older one comes back.
  assert.deepEqual(said({ above: '1', max: '8' }), [['K19'], [], { orders: 3, quantity: '13.00', revenue: '32.00' }]);
  // A row that is released first in its file keeps the next one from the key.
  assert.deepEqual(said({ min: '0' }), [['K42'], ['K40'], { orders: 3, quantity: '15.00', revenue: '61.00' }]);
  assert.deepEqual(said({ above: '9' }), [['K15', 'K26', 'K19', 'K42'], [], { orders: 0, quantity: '0.00', revenue: '0.00' }]);
});

test('imports that update, edits and undone runs: what was tried is what judging again makes of them', (t) => {
  const p = place(t);
  importFile(p, write(p, 'a.csv', `${HEADING}K1,2024-01-01,North,Dairy,5,10\nK2,2024-01-01,North,Dairy,6,20\nK3,2024-01-01,North,Dairy,1,30\n`));
  const b = importFile(p, write(p, 'b.csv', `${HEADING}K1,2024-01-01,North,Dairy,9,40\nK1,2024-01-01,North,Dairy,1,50\nK4,2024-01-01,North,Dairy,0,1\nK4,2024-01-01,North,Dairy,2,2\n`), '--existing', 'update');
  assert.deepEqual(b.rows, { read: 4, clean: 2, rejected: 2, created: 1, updated: 1, unchanged: 0 });
  ok(['edit', 'K2', 'quantity=3', ...p.args]);
  const gone = importFile(p, write(p, 'c.csv', `${HEADING}K1,2024-01-01,North,Dairy,99,400\nK5,2024-01-01,North,Dairy,7,1\n`), '--existing', 'update');
  ok(['undo', gone.run, ...p.args]);
  for (const [n, params] of [{ above: '0' }, { above: '5' }, { above: '0', max: '8' }, { above: '1', max: '8' }, { min: '0' }, { above: '9' }, { above: '3' }].entries()) {
    const change = { rules: [{ id: RULE.quantity_positive, params }] };
    const tried = tryRules(p, change);
    assert.deepEqual(tried.figures.before, { orders: 4, quantity: '15.00', revenue: '92.00' }); // K1 9, K2 3, K3 1, K4 2
    assert.ok(!tried.runs.some((run) => run.run === gone.run));
    const q = copyPlace(p, `try${n}`);
    const done = promote(q, change, '--rejudge');
    assert.deepEqual(done.rejudged.map((x) => x.message), [null, null, null]);
    const { figures } = outcome(q);
    assert.deepEqual(figures, tried.figures.after, JSON.stringify(params));
    sound(q);
    // The edit is still one, and each new run can be taken back.
    assert.deepEqual(query(q.db, 'SELECT kind FROM run WHERE id NOT IN (SELECT run FROM run_undone) ORDER BY id').flat(), ['rejudge', 'rejudge', 'edit']);
  }
  const text = ok(['rules', 'promote', '{}', '--rejudge', ...p.args]);
  assert.equal(text.match(/^[0-9a-f-]{36} [0-9a-f-]{36} +\d+ +\d+ +\d+ +\d+  /gm).length, 3);
});

test('a change that cannot be is refused with the place of its fault, and changes nothing', (t) => {
  const p = place(t);
  const before = query(p.db, 'SELECT count(*) FROM change_log');
  for (const what of ['try', 'promote']) {
    const call = (changes, pattern, code) => refuses(['rules', what, typeof changes === 'string' ? changes : JSON.stringify(changes), ...p.args], pattern, code);
    call({ rules: [{ id: RULE.quantity_positive, params: { above: 'much' } }] }, /quantity_positive cannot be used: above is not a number/, 1);
    call({ rules: [{ id: RULE.quantity_positive, active: false }, { name: 'x' }] }, /dataset is needed/, 1);
    call({ rules: {} }, /rules is an array/, 1);
    call({ rule: [] }, /rules and items/, 1);
    call('[', /./, 4);
    call({ items: [{ deleted: true }] }, /named by its id/, 1);
    call({ items: [{ id: '01890000-0000-7000-8000-000000000000', deleted: true }] }, /there is no reference_item/, 4);
    call({ items: Object.values(ITEM).map((id) => ({ id, deleted: true })) }, /list regions is empty/, 1);
    call({ rules: [added('x', 'expression', null, { sql: 'quantity >' })] }, /expression|syntax|incomplete/, 1);
    call({ rules: [{ id: RULE.quantity_positive, version: 7, active: false }] }, /changed meanwhile/, 5);
    call({ items: Array.from({ length: 1001 }, (_, i) => ({ list: 'many', value: String(i) })) }, /at most 1000/, 1);
  }
  refuses(['rules', 'try', JSON.stringify({ rules: [{ id: RULE.order_unique, params: { fields: ['order_id', 'product'] } }] }), ...p.args], /another unique key \(order_id,product instead of order_id\)/, 1);
  refuses(['rules', 'try', '{}', '--run', 'nothing', ...p.args], /there is no run/, 4);
  assert.deepEqual(query(p.db, 'SELECT count(*) FROM change_log'), before);
  sound(p);
});

test('what was promoted judges new files; old results keep the version that judged them', (t) => {
  const p = place(t);
  const file = write(p, 'a.csv', `${HEADING}K1,2024-01-01,North,Dairy,1,10\nK2,2024-01-01,Mars,Dairy,1,10\n`);
  const a = importFile(p, file);
  const done = promote(p, { rules: [{ id: RULE.quantity_positive, params: { above: '1' } }], items: [{ list: 'regions', value: 'Mars' }] });
  assert.deepEqual(done.rules.map((x) => [x.name, x.version, x.params]), [['quantity_positive', 2, { above: '1' }]]);
  assert.deepEqual(done.items.map((x) => [x.list, x.value, x.version]), [['regions', 'Mars', 1]]);
  const b = importFile(p, write(p, 'b.csv', `${HEADING}K3,2024-01-01,Mars,Dairy,1,10\nK4,2024-01-01,Mars,Dairy,2,10\n`));
  const versions = (run) => query(p.db, `SELECT DISTINCT rule_version FROM validation_results WHERE run_id = '${run}' AND control = 'quantity_positive'`).flat();
  assert.deepEqual(versions(a.run), ['1']);
  assert.deepEqual(versions(b.run), ['2']);
  assert.deepEqual(query(p.db, "SELECT c.run, c.version, c.failed FROM run_control c WHERE control = 'quantity_positive' ORDER BY run"), [['1', '1', '0'], ['2', '2', '1']]);
  assert.deepEqual(query(p.db, "SELECT x.id >> 32, f.value ->> 'control', f.value ->> 'version' FROM reject x, json_each(x.faults) f ORDER BY x.id"), [['1', 'region_known', '1'], ['2', 'quantity_positive', '2']]);
  // And the run report says the same.
  const controls = (run) => json(['run', 'show', run, ...p.args]).controls.find((c) => c.control === 'quantity_positive').version;
  assert.deepEqual([controls(a.run), controls(b.run)], [1, 2]);
  // Nothing more to promote: the present rules tried on history are what a re-judge would do.
  const now = tryRules(p, {});
  assert.deepEqual([now.newly_rejected.total, now.newly_released.total], [1, 0]); // K2 has too few of it now
  assert.match(ok(['rules', ...p.args]), /quantity_positive +2 +on +business +range +quantity .*"above":"1"/);
  sound(p);
});

test('a trial waits for no writer, and changes no file', async (t) => {
  const p = place(t);
  importFile(p, write(p, 'a.csv', `${HEADING}K1,2024-01-01,North,Dairy,1,10\n`));
  const digest = () => lib.sha256(fs.readFileSync(p.db));
  const before = digest();
  const lock = lib.start(['-x', path.join(p.data, 'tenants/demo.lock'), 'sleep', '20'], { binary: 'flock' });
  t.after(() => lock.child.kill());
  await lib.sleep(200);
  const began = Date.now();
  assert.equal(tryRules(p, { rules: [{ id: RULE.quantity_positive, params: { above: '1' } }] }).newly_rejected.total, 1);
  assert.ok(Date.now() - began < 2000);
  assert.equal(digest(), before);
});

test('over HTTP: the same answers, and the same refusals', async (t) => {
  const p = place(t);
  importFile(p, write(p, 'a.csv', `${HEADING}K1,2024-01-01,North,Dairy,1,10\nK2,2024-01-01,North,Dairy,2,10\n`));
  const server = await serve(t, p.data);
  const post = async (address, body) => {
    const reply = await fetch(server.base + address, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', Origin: server.base } });
    return { status: reply.status, ...(await reply.json()) };
  };
  const change = { rules: [{ id: RULE.quantity_positive, params: { above: '1' } }] };
  const tried = await post('/api/rules/try?as=sales', change);
  assert.equal(tried.status, 200);
  const said = tryRules(p, change);
  delete said.seconds;
  delete tried.data.seconds;
  assert.deepEqual(tried.data, said);
  assert.equal(said.newly_rejected.total, 1);
  const wrong = await post('/api/rules/promote', { rules: [{ id: RULE.quantity_positive, params: { above: 'much' } }] });
  assert.deepEqual([wrong.status, wrong.errors[0].field], [422, 'rules[0].params']);
  assert.equal((await post('/api/rules/try?as=nothing', change)).status, 404);
  assert.equal((await post('/api/rules/try?run=nothing', change)).status, 404);
  const promoted = await post('/api/rules/promote', change);
  assert.deepEqual([promoted.status, promoted.data.rules[0].version, promoted.data.items], [200, 2, []]);
});

test('what was decided about exceptions goes with them when their run is judged again', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'c.csv');
  const row = (cells) => cells.join(',');
  fs.writeFileSync(file, ['order_id,order_date,region,product,quantity,revenue', row(['A', '2024-01-01', 'North', 'Dairy', 1, 5]), row(['B', '', 'North', 'Dairy', 1, 5]), row(['C', '2024-01-01', 'Nort', 'Dairy', 1, 5]), row(['D', '2024-01-01', 'North', 'Dairy', 1, -5]), ''].join('\n'));
  importFile(p, file);
  const [b, c, d] = query(p.db, 'SELECT id FROM reject ORDER BY id').map(([id]) => id);
  ok(['exception', 'fix', b, 'order_date=2024-01-02', ...p.args]);
  const correction = one(p.db, `SELECT uuid FROM run WHERE id = (SELECT solved_run FROM reject WHERE id = ${b})`);
  ok(['exception', 'accept', c, '--reason', 'known', ...p.args]);
  ok(['exception', 'assign', d, '--to', 'kim', ...p.args]);
  const rule = { dataset: 'sales', name: 'small', stage: 'business', kind: 'range', field: 'quantity', params: { max: '100' }, category: 'BUSINESS_RULE_VIOLATION', message: 'small' };
  ok(['rules', 'promote', JSON.stringify({ rules: [rule] }), '--rejudge', ...p.args]);
  const again = one(p.db, "SELECT id FROM run WHERE kind = 'rejudge'");
  const carried = query(p.db, `SELECT exception & 0xffffffff, coalesce(assignee, ''), coalesce(decision, ''), coalesce(reason, '') FROM review WHERE exception >> 32 = ${again} ORDER BY 1`);
  assert.deepEqual(carried.map((r) => r.slice(0, 3)), [['3', '', 'accepted'], ['4', '', 'accepted'], ['5', 'kim', '']]);
  assert.match(carried[0][3], new RegExp(correction));
  assert.equal(carried[1][3], 'known');
  assert.deepEqual(query(p.db, "SELECT state, count(*) FROM exceptions WHERE state <> 'corrected' GROUP BY 1 ORDER BY 1"), [['accepted', '2'], ['open', '1']]);
  assert.equal(one(p.db, 'SELECT count(*) FROM sale'), '2');
  ok(['verify', ...p.args]);
  ok(['rebuild', ...p.args]);
});
