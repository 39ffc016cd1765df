// Records and the one door to them: stamps, versions, soft delete, history (T04);
// controls that people edit, and expressions that are up to no good.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ENTITIES, maker } from './entities.mjs';
import * as lib from './lib.mjs';
import { importFile, json, ok, one, place, query, refuses, sleep, sound, sqlite } from './lib.mjs';

const record = (p, verb, entity, ...more) => json(['record', verb, entity, ...more, ...p.args]);
const save = (p, entity, object) => record(p, 'save', entity, JSON.stringify(object));
const list = (p, entity, ...more) => record(p, 'list', entity, ...more);
const history = (p, entity, id) => record(p, 'history', entity, id);
const HEADING = 'order_id,order_date,region,product,quantity,revenue\n';

test('there is a description of every entity, and every table of one belongs to it', (t) => {
  const p = place(t);
  const tables = query(p.db, "SELECT m.name FROM sqlite_master m WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'deleted_at') ORDER BY 1").map((r) => r[0]);
  assert.deepEqual(tables, ENTITIES.map((e) => e.table).sort());
  const files = fs.readdirSync(path.join(lib.ROOT, 'sql/entity')).map((name) => name.replace(/\.entity$/, ''));
  assert.deepEqual(ENTITIES.map((e) => e.name), files.sort());
});

for (const how of ENTITIES.map((e) => maker(e))) {
  const entity = how.entity.name;
  test(`property: any sequence of changes to ${entity}`, async (t) => {
    const p = place(t);
    const r = lib.random(entity.length * 1000 + 7);
    const model = new Map(); // id -> { props, version, deleted, created, updated, events }
    how.prepare(p);
    const builtIn = new Map(list(p, entity, '--deleted').map((row) => [row.id, row]));
    const moments = [];
    const user = os.userInfo().username;
    const call = (_, ...args) => json(['record', ...args, ...p.args], { env: { USER: 'somebody-else' } }); // who acts is no matter of words
    for (let i = 0; i < (lib.LONG ? 300 : 20); i++) {
      const began = Date.now() * 1000;
      const ids = [...model.keys()];
      const id = r.pick(ids);
      const what = ids.length < Math.min(3, how.most) ? 'make' : r.pick([ids.length < how.most ? 'make' : 'change', 'change', 'change', 'delete', 'restore']);
      const m = model.get(id);
      if (what === 'make') {
        const props = how.make(r, i, p);
        const row = call(user, 'save', entity, JSON.stringify(props));
        assert.match(row.id, /^[0-9a-f-]{14}7[0-9a-f-]{21}$/);
        assert.equal(row.version, 1);
        assert.equal(row.created_by, `cli:${user}`);
        assert.equal(row.created_at, row.updated_at);
        assert.ok(row.created_at >= began - 1000 && row.created_at <= Date.now() * 1000 + 1000);
        model.set(row.id, { props, version: 1, deleted: false, created: [row.created_at, row.created_by], updated: [row.updated_at, row.updated_by], events: ['RECORD_CREATED'] });
      } else if (what === 'change') {
        const props = how.change(r);
        if (m.deleted) {
          refuses(['record', 'save', entity, JSON.stringify({ id, ...props }), ...p.args], /restore it first/, 5);
        } else {
          refuses(['record', 'save', entity, JSON.stringify({ id, version: m.version + 1, ...props }), ...p.args], /meanwhile/, 5);
          const row = call(user, 'save', entity, JSON.stringify({ id, version: m.version, ...props }));
          Object.assign(m.props, props);
          m.version++;
          assert.equal(row.version, m.version);
          assert.ok(row.updated_at > m.updated[0]);
          m.updated = [row.updated_at, `cli:${user}`];
          m.events.push('RECORD_UPDATED');
        }
      } else {
        const deleting = what === 'delete';
        if (m.deleted === deleting) {
          refuses(['record', what, entity, id, ...p.args], deleting ? /deleted already/ : /not deleted/, 5);
        } else {
          const row = call(user, what, entity, id);
          m.deleted = deleting;
          m.version++;
          m.updated = [row.updated_at, `cli:${user}`];
          assert.equal(row.deleted_by, deleting ? `cli:${user}` : null);
          assert.equal(row.deleted_at, deleting ? row.updated_at : null);
          m.events.push(deleting ? 'RECORD_DELETED' : 'RECORD_RESTORED');
        }
      }
      if (i % 9 === 8) {
        await sleep(3);
        moments.push([new Date().toISOString(), JSON.stringify(list(p, entity)), JSON.stringify(list(p, entity, '--deleted'))]);
        await sleep(3);
      }
    }
    // Now is what the model says, in the table and in the list.
    const now = new Map(list(p, entity, '--deleted').map((row) => [row.id, row]));
    const live = new Set(list(p, entity).map((row) => row.id));
    assert.equal(now.size, model.size + builtIn.size);
    for (const [id, m] of model) {
      const row = now.get(id);
      for (const [name, value] of Object.entries(m.props)) assert.deepEqual(row[name], value, `${id} ${name}`);
      assert.equal(row.version, m.version);
      assert.deepEqual([row.created_at, row.created_by], m.created);
      assert.deepEqual([row.updated_at, row.updated_by], m.updated);
      assert.equal(live.has(id), !m.deleted);
      assert.equal(row.deleted_at !== null, m.deleted);
      const told = history(p, entity, id);
      assert.deepEqual(told.map((h) => h.event), m.events);
      assert.equal(told[0].before, null);
      told.slice(1).forEach((h, i) => assert.deepEqual(h.before, told[i].after));
      assert.deepEqual(told.at(-1).after, row);
      told.forEach((h, i) => assert.equal(h.after.version, i + 1));
    }
    // The past is what it was.
    for (const [at, then, thenAll] of moments) {
      const sorted = (rows) => rows.map((row) => JSON.stringify(row)).sort();
      assert.deepEqual(sorted(list(p, entity, '--as-of', at)), sorted(JSON.parse(then)), `as of ${at}`);
      assert.deepEqual(sorted(list(p, entity, '--as-of', at, '--deleted')), sorted(JSON.parse(thenAll)));
    }
    assert.equal(Number(one(p.db, `SELECT count(*) FROM change_log WHERE tbl = '${how.entity.table}' AND key IN (${[...model.keys()].map((id) => `'${id}'`)})`)), [...model.values()].reduce((n, m) => n + m.events.length, 0));
    sound(p);
  });

  if (how.natural.length) test(`the natural key of ${entity}: made anew, the deleted one cannot come back`, (t) => {
    const p = place(t);
    how.prepare(p);
    const props = how.make(lib.random(1), 1, p);
    const first = save(p, entity, props);
    refuses(['record', 'save', entity, JSON.stringify(props), ...p.args], null, 5);
    record(p, 'delete', entity, first.id);
    const second = save(p, entity, props);
    assert.notEqual(second.id, first.id);
    refuses(['record', 'restore', entity, first.id, ...p.args], null, 5);
    record(p, 'delete', entity, second.id);
    assert.equal(record(p, 'restore', entity, first.id).deleted_at, null);
    refuses(['record', 'restore', entity, second.id, ...p.args], null, 5);
    assert.deepEqual(list(p, entity).filter((row) => how.natural.every((k) => row[k] === props[k])).map((row) => row.id), [first.id]);
    sound(p);
  });

  test(`what is wrong with a ${entity} is said, and nothing is stored`, (t) => {
    const p = place(t);
    const good = how.make(lib.random(2), 2, p);
    const before = sqlite(p.db, '.dump');
    refuses(['record', 'save', entity, JSON.stringify({ ...good, nonesuch: 'red' }), ...p.args], /nonesuch/, 1);
    refuses(['record', 'save', entity, JSON.stringify({ ...good, id: 'x' }), ...p.args], /id/, 1);
    for (const { name } of how.entity.properties.filter((x) => x.required && x.kind !== 'json')) {
      refuses(['record', 'save', entity, JSON.stringify({ ...good, [name]: undefined }), ...p.args], new RegExp(name), 1);
      refuses(['record', 'save', entity, JSON.stringify({ ...good, [name]: '' }), ...p.args], new RegExp(name), 1);
      refuses(['record', 'save', entity, JSON.stringify({ ...good, [name]: ['a'] }), ...p.args], new RegExp(name), 1);
    }
    for (const text of ['', '[]', '3', '{', '{"a":1,"a":2}', `${'['.repeat(100000)}`]) refuses(['record', 'save', entity, text, ...p.args]);
    refuses(['record', 'delete', entity, '01a1fc1f-1778-78ed-80cb-4684bbc176b3', ...p.args], /no /, 4);
    refuses(['record', 'list', 'nothing', ...p.args], /nothing/, 4);
    refuses(['record', 'list', entity, '--as-of', 'yesterday', ...p.args], /yesterday/, 2);
    assert.equal(sqlite(p.db, '.dump'), before);
  });
}

test('a row changed with the shell says so', (t) => {
  const p = place(t);
  const [row] = list(p, 'reference_item');
  sqlite(p.db, `UPDATE reference_item SET value = 'Nordwest' WHERE id = '${row.id}';`);
  const now = list(p, 'reference_item').find((r) => r.id === row.id);
  assert.equal(now.updated_by, 'sql');
  assert.ok(Math.abs(now.updated_at - Date.now() * 1000) < 10e6);
});

// ---- controls ----

function judged(p, rows, name) {
  const file = path.join(p.dir, `${name}.csv`);
  fs.writeFileSync(file, HEADING + rows.map((r) => r.join(',')).join('\n') + '\n');
  return importFile(p, file);
}
const faults = (p, run) => Object.fromEntries(json(['exceptions', '--run', run, '--limit', '10000', ...p.args]).map((x) => [x.line, x.faults.map((f) => `${f.control} v${f.version}`)]));

test('an edited control judges the next run, and a result keeps the version that judged it', (t) => {
  const p = place(t);
  const rows = [['a', '2024-01-01', 'East', 'Dairy', '5', '10.00'], ['b', '2024-01-01', 'East', 'Dairy', '50', '10.00']];
  const first = judged(p, [...rows, ['z', '2024-01-01', 'East', 'Dairy', '0', '1']], 'one');
  assert.deepEqual(faults(p, first.run), { 4: ['quantity_positive v1'] });
  const rule = list(p, 'rule').find((r) => r.dataset === 'sales' && r.name === 'quantity_positive');
  assert.equal(save(p, 'rule', { id: rule.id, params: { above: '0', max: '20' }, message: 'quantity is above 0 and at most 20' }).version, 2);
  const second = judged(p, rows.map(([id, ...rest]) => [`${id}2`, ...rest]), 'two');
  assert.deepEqual(faults(p, second.run), { 3: ['quantity_positive v2'] });
  assert.deepEqual(faults(p, first.run), { 4: ['quantity_positive v1'] });
  const versions = query(p.db, "SELECT DISTINCT run_id, rule_version FROM validation_results WHERE control = 'quantity_positive'");
  assert.deepEqual(Object.fromEntries(versions), { [first.run]: '1', [second.run]: '2' });
  sound(p); // the first run is proved by the rules it had

  // Switched off, deleted, restored.
  save(p, 'rule', { id: rule.id, active: false });
  assert.equal(judged(p, [['c', '2024-01-01', 'East', 'Dairy', '50', '10.00']], 'three').rows.clean, 1);
  save(p, 'rule', { id: rule.id, active: true });
  record(p, 'delete', 'rule', rule.id);
  assert.equal(judged(p, [['d', '2024-01-01', 'East', 'Dairy', '50', '10.00']], 'four').rows.clean, 1);
  record(p, 'restore', 'rule', rule.id);
  assert.deepEqual(Object.values(faults(p, judged(p, [['e', '2024-01-01', 'East', 'Dairy', '50', '10.00']], 'five').run)), [['quantity_positive v6']]);
  sound(p);
});

test('a reference list that grows', (t) => {
  const p = place(t);
  const row = (id) => [[id, '2024-01-01', 'Overseas', 'Dairy', '5', '10.00']];
  assert.deepEqual(Object.values(faults(p, judged(p, row('a'), 'one').run)), [['region_known v1']]);
  const item = save(p, 'reference_item', { list: 'regions', value: 'Overseas' });
  assert.equal(judged(p, row('b'), 'two').rows.clean, 1);
  record(p, 'delete', 'reference_item', item.id);
  assert.equal(judged(p, row('c'), 'three').rows.clean, 0);
  sound(p);
});

const expression = (sql, more = {}) => ({ dataset: 'sales', name: 'own', stage: 'business', kind: 'expression', params: { sql }, category: 'BUSINESS_RULE_VIOLATION', message: 'the own rule', ...more });

test('a control of one\'s own, in SQL', (t) => {
  const p = place(t);
  const r = lib.random(77);
  const rows = Array.from({ length: 400 }, (_, i) => [`E${i}`, `2024-${String(1 + r.below(12)).padStart(2, '0')}-15`, r.pick(lib.REGIONS), r.pick(['Dairy', 'Snacks']), String(1 + r.below(20)), `${r.below(200)}.${r.below(10)}0`]);
  save(p, 'rule', expression("revenue <= quantity * 10 OR (product = 'Snacks' AND order_date >= '2024-07-01' AND upper(region) <> 'EAST')"));
  const bad = rows.map((row, i) => [i + 2, row]).filter(([, [, date, region, product, q, rev]]) => !(lib.units(rev) <= lib.units(q) * 10n || (product === 'Snacks' && date >= '2024-07-01' && region !== 'East')));
  const run = judged(p, rows, 'own');
  assert.ok(bad.length > 50);
  assert.deepEqual(Object.keys(faults(p, run.run)).map(Number), bad.map(([line]) => line));
  assert.deepEqual(new Set(Object.values(faults(p, run.run)).flat()), new Set(['own v1']));
  sound(p);
});

test('an expression that is up to no good is refused or stopped', (t) => {
  const p = place(t);
  const secret = path.join(p.dir, 'secret.txt');
  fs.writeFileSync(secret, 'secret');
  const refused = [
    'select 1; attach database \'/tmp/x.db\' as x', "1) FROM (SELECT 1); ATTACH '/tmp/x.db' AS y; SELECT (1", 'ATTACH \'x\' AS y',
    '(SELECT count(*) FROM sqlite_master)', '(SELECT sql FROM sqlite_schema)', '(SELECT 1 FROM rule)', '(SELECT count(*) FROM pragma_table_list)',
    `readfile('${secret}')`, `writefile('${secret}', 'x')`, "load_extension('x')", 'randomblob(1000000000)', 'zeroblob(1000000000)', 'random() > 0',
    "printf('%.*c', 2000000000, 'x') > ''", "format('%2000000000d', 1) > ''",
    "(SELECT max(value) FROM generate_series(1, 1000000000))", 'nothing > 1', 'quantity >', '', ')', '1 2', '(SELECT * FROM json_each(\'[1]\'))', 'PRAGMA user_version', "edit('x')",
    'quantity > 0; DROP TABLE rule', `${'('.repeat(200)}1${')'.repeat(200)}`, 'a'.repeat(20000), 'crc32(1) > 0 AND sqlite_version() > 0 AND nothing',
  ];
  for (const sql of refused) {
    const began = Date.now();
    refuses(['record', 'save', 'rule', JSON.stringify(expression(sql)), ...p.args], null, undefined);
    assert.ok(Date.now() - began < 2000, sql);
  }
  assert.equal(list(p, 'rule').filter((r) => r.name === 'own').length, 0);

  // Those that can be written down are stopped when they run away.
  for (const [n, sql] of ["(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c) > 0", "length(replace(replace(replace(replace(hex(product), '6', 'bbbbbbbbbbbbbbbb'), 'b', 'cccccccccccccccc'), 'c', 'dddddddddddddddd'), 'd', 'eeeeeeeeeeeeeeee')) > 0", "product LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b'", "product GLOB '*a*a*a*a*a*a*a*a*a*a*a*a*a*b'", 'abs(-9223372036854775808) > 0'].entries()) {
    const saved = lib.outpost(['record', 'save', 'rule', JSON.stringify(expression(sql)), ...p.args]);
    assert.equal(saved.signal, null, sql);
    if (saved.code !== 0) continue;
    const began = Date.now();
    const run = judged(p, Array.from({ length: 20 }, (_, i) => [`H${n}-${i}`, '2024-01-01', 'East', 'a'.repeat(n < 2 ? 32 : 5000), '1', '1.00']), `hostile-${n}`);
    assert.ok(Date.now() - began < 2000, `${sql} took ${Date.now() - began} ms`);
    assert.equal(run.rows.read, 20);
    record(p, 'delete', 'rule', list(p, 'rule').find((r) => r.name === 'own').id);
  }
  assert.equal(fs.readFileSync(secret, 'utf8'), 'secret');
  assert.ok(!fs.existsSync('/tmp/x.db'));
  sound(p);
});

test('a control that cannot be used is not saved', (t) => {
  const p = place(t);
  const before = list(p, 'rule', '--deleted').length;
  for (const wrong of [{ kind: 'magic' }, { field: 'colour' }, { params: { min: 'much' } }, { params: {} }, { stage: 'later' }, { category: 'BAD' }, { kind: 'reference', params: { list: 'nowhere' } }, { kind: 'unique', params: { fields: ['order_id'] } },
    { dataset: 'nothing' }, { kind: 'not_future' }, { field: 'region' }, { kind: 'pattern', params: {} }, { position: 'first' }])
    refuses(['record', 'save', 'rule', JSON.stringify({ dataset: 'sales', name: 'wrong', stage: 'business', kind: 'range', field: 'quantity', params: { min: '1' }, category: 'DATA_QUALITY_ISSUE', message: 'm', active: true, ...wrong }), ...p.args]);
  assert.equal(list(p, 'rule', '--deleted').length, before);
  const pattern = save(p, 'rule', { dataset: 'sales', name: 'code', stage: 'business', kind: 'pattern', field: 'order_id', params: { like: 'A-??*' }, category: 'DATA_QUALITY_ISSUE', message: 'm' });
  const run = judged(p, ['A-1', 'A-12', 'A-123', 'B-12', 'XA-12'].map((id) => [id, '2024-01-01', 'East', 'Dairy', '1', '1']), 'pattern');
  assert.deepEqual(Object.keys(faults(p, run.run)), ['2', '5', '6']);
  assert.equal(pattern.active, true);
  sound(p);
});
