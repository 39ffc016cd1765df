// Rules that are tried on history: what `rules try` says has to be what comes out when
// the same files are imported, in the same order, into an empty tenant that has the
// changed rules from the start. Both tenants are read by the sqlite3 shell.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import * as lib from './lib.mjs';
import { importFile, json, ok, place, query, refuses } from './lib.mjs';

const RULE = Object.fromEntries(Object.keys(lib.CONTROLS).map((name, i) => [name, `00000000-0000-7000-8000-0000000002${(i + 1).toString(16).padStart(2, '0')}`]));
const ITEM = Object.fromEntries(['North', 'South', 'East', 'West', 'Central'].map((name, i) => [name, `00000000-0000-7000-8000-00000000010${i + 1}`]));

const tryRules = (p, changes, ...more) => json(['rules', 'try', JSON.stringify(changes), ...p.args, ...more]);
const promote = (p, changes) => json(['rules', 'promote', JSON.stringify(changes), ...p.args]);

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

const unique = (p) => query(p.db, "SELECT name FROM rule WHERE kind = 'unique' AND active = 1 AND deleted_at IS NULL")[0][0];

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
      compare(tryRules(p, change), before, outcome(q), unique(q));
      assert.deepEqual(query(p.db, 'SELECT count(*), max(seq) FROM change_log'), log, 'trying writes nothing');
    }
  });
}
