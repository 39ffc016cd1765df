// An import is one undoable unit (T06): undo, redo, edits and imports that replace, against
// a model of their own (versions.mjs), and against power cuts, full disks and changes by hand.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { copyPlace, json, ok, place, query, random, refuses, serve, sound, verify } from './lib.mjs';
import { Model, digest, fileOf, lastSeq, tables } from './versions.mjs';

const PRODUCTS = ['Dairy', 'say "cheese"', 'Ünïcode ₹', 'a, b'];
const KEYS = ['A-1', "it's", 'say "no"', 'Ünï-₹', 'a,b', '%', 'A=1'];

const someRow = (r, key) => [
  key,
  `2024-0${1 + r.below(3)}-1${r.below(3)}`,
  r.pick(lib.REGIONS.slice(0, 3)),
  r.pick(PRODUCTS),
  r.chance(0.15) ? '-1' : String(1 + r.below(9)),
  `${r.below(1000)}.${10 + r.below(90)}`,
];
const someChange = (r) => r.pick([{ quantity: '5' }, { quantity: '0' }, { revenue: `${r.below(99)}.5` }, { region: 'West', product: 'a, b' }, { order_date: '2024-03-05' }]);

async function step(m, r, server) {
  const n = r.next();
  const run = m.runs.length ? r.pick(m.runs) : null;
  if (n < 0.25 || !run) {
    const rows = Array.from({ length: r.below(7) + (r.chance(0.1) ? 0 : 1) }, () => someRow(r, r.pick(KEYS)));
    return m.import(rows, r.chance(0.5)), 'import';
  }
  if (n < 0.36) return m.edit(r.pick(KEYS), someChange(r)), 'edit';
  if (n < 0.5) return m.note(r.pick(KEYS)), 'note';
  if (n < 0.55) return await m.rejudge(run, server), 'rejudge';
  if (n < 0.64) {
    const all = m.runs.flatMap((one) => one.rejects).filter((x) => !x.attempt);
    if (all.length) m.fix(r.pick(all), { quantity: '3', ...(r.chance(0.6) ? { order_id: r.pick(KEYS) } : {}) });
    return 'fix';
  }
  if (n < 0.82) return m.undo(r.pick(m.runs.filter((one) => !one.undone).concat(run))), 'undo';
  return m.redo(r.pick(m.runs.filter((one) => one.undone).concat(run))), 'redo';
}

for (let seed = 1; seed <= (lib.LONG ? 80 : 8); seed++)
  test(`property: any sequence of imports, edits, corrections, notes, undo and redo (seed ${seed})`, async (t) => {
    const r = random(seed);
    const p = place(t);
    const m = new Model(p);
    const server = await serve(t, p.data);
    const done = [];
    try {
      for (let i = 0; i < (lib.LONG ? 40 : 25); i++) {
        done.push(await step(m, r, server));
        m.check(done.at(-1));
      }
      await server.stop();
      sound(p);
      const before = digest(p);
      ok(['rebuild', ...p.args]);
      assert.deepEqual(digest(p), before, 'rebuild');
      sound(p);
    } catch (e) {
      e.message = `seed ${seed}, step ${done.length}: ${done.join(' ')}: ${e.message}`;
      throw e;
    }
  });

// ---- single cases ----

const crashes = spawnSync(lib.OUTPOST_TEST, ['version'], { env: { ...process.env, OUTPOST_CRASH: '' } }).status === 0;
const skip = crashes ? false : `there is no test build at ${lib.OUTPOST_TEST}`;

const row = (key, quantity = '2', revenue = '10.50') => [key, '2024-01-02', 'North', 'Dairy', quantity, revenue];

test('a row that stayed because of a note, replaced by an import, edited: redo finds it where it is', (t) => {
  const m = new Model(place(t));
  const a = m.import([row('K'), row('L'), row('M')], false);
  m.note('K');
  m.note('L');
  m.undo(a);
  m.check('undo');
  m.import([row('K', '3')], true);
  m.edit('L', { quantity: '9' });
  m.check('replaced');
  assert.equal(m.redo(a).rows.there, 2);
  m.check('redo');
  sound(m.p);
});

test('an exception that was corrected by another run meanwhile: the first correction waits for the second', (t) => {
  const m = new Model(place(t));
  const a = m.import([row('K', '-1'), row('L')], false);
  const [x] = a.rejects;
  const first = m.fix(x, { quantity: '1' });
  assert.equal(m.undo(first).rows.reopened, 1);
  const second = m.fix(x, { quantity: '2', order_id: 'Z' });
  const said = refuses(['redo', first.uuid, ...m.p.args], /exception \d+, which this run had settled, was settled by run/, 5);
  assert.ok(said.includes(second.uuid));
  m.check('refused');
  m.undo(second);
  assert.equal(m.redo(first).rows.settled, 1);
  m.check('redone');
  refuses(['redo', second.uuid, ...m.p.args], /was settled by run/, 5);
  sound(m.p);
});

test('a run of no clean rows, undone twice, redone twice; a run that died', (t) => {
  const m = new Model(place(t));
  const a = m.import([row('K', '-1'), row('L', '-1')], false);
  for (let i = 0; i < 2; i++) {
    m.undo(a);
    m.undo(a); // refused
    m.check('undone');
    m.redo(a);
    m.redo(a); // refused
    m.check('redone');
  }
  refuses(['undo', '00000000-0000-7000-8000-000000000000', ...m.p.args], /no run/);
  if (skip) return;
  const file = path.join(m.p.dir, 'dies.csv');
  fs.writeFileSync(file, fileOf([row('K')]));
  let died = { state: 'none' };
  for (let n = 2; died.state !== 'interrupted'; n++) { // until one dies in the middle
    assert.equal(lib.outpost(['import', file, '--as', 'sales', ...m.p.args], { binary: lib.OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } }).signal, 'SIGKILL');
    [died] = json(['runs', ...m.p.args]);
  }
  refuses(['undo', died.run, ...m.p.args], /is interrupted: there is nothing of it that could be undone/, 5);
  refuses(['redo', died.run, ...m.p.args], /is interrupted: there is nothing of it that could be redone/, 5);
  sound(m.p);
});

test('an edit: of nothing, of a row whose run is undone, of a key of several columns', (t) => {
  const m = new Model(place(t));
  const a = m.import([row('K'), row('L')], false);
  const same = m.edit('K', { quantity: '2.0', region: 'North' });
  m.check('nothing differs');
  m.undo(a);
  m.check('what the person saw stays');
  m.edit('L', { quantity: '3' }); // refused: it is gone
  m.edit('K', { quantity: '3' });
  m.undo(same);
  m.redo(a);
  m.check('edited again');
  sound(m.p);

  const p = place(t);
  const file = path.join(p.dir, 'shops.csv');
  fs.writeFileSync(file, `${lib.FIELDS.join(',')},Shop "A",Kasse ü\n${[row('1').concat('it\'s', '1'), row('1').concat('x,y', '1'), row('1').concat('x,y', '2')].map(lib.csvLine).join('\n')}\n`);
  const run = lib.importFile(p, file, '--unique', 'order_id,Shop "A",Kasse ü');
  assert.equal(run.rows.clean, 3);
  const before = tables(p);
  const [key] = before.top.find((one) => one[0].includes('x,y') && one[0].includes('2'));
  const said = json(['edit', key, 'revenue=99.99', ...p.args]);
  assert.equal(said.changed, true);
  const after = tables(p);
  assert.deepEqual(after.top.map((one) => [one[0], one[7]]).sort(), before.top.map((one) => [one[0], one[0] === key ? '999900' : one[7]]).sort());
  refuses(['edit', key, 'order_id=2', ...p.args], /stays/);
  json(['undo', run.run, ...p.args]);
  assert.deepEqual(tables(p).top.map((one) => one[0]), [key]);
  json(['undo', said.run, ...p.args]);
  assert.deepEqual(tables(p).top, []);
  json(['redo', said.run, ...p.args]);
  json(['redo', run.run, ...p.args]);
  const { undone, ...all } = tables(p);
  assert.deepEqual({ undone, ...all }, after);
  sound(p);
});

test('undo in any order, redo in any order: what there is depends only on which runs count', (t) => {
  const p = place(t);
  const m = new Model(p);
  const r = random(6);
  for (let i = 0; i < 3; i++) m.import(KEYS.map((key) => row(key, String(1 + r.below(3)), `${r.below(100)}.25`)).slice(0, 4 + i), i > 0);
  m.edit(KEYS[1], { quantity: '7' });
  const all = tables(p);
  for (const go of ['undo', 'redo']) // from the top of the stacks down, and in the same order up again
    for (const run of [...m.runs].reverse()) m[go](run), m.check(`${go} of run ${run.no}`);
  const orders = (list) => (list.length < 2 ? [list] : list.flatMap((one) => orders(list.filter((o) => o !== one)).map((rest) => [one, ...rest])));
  const some = orders(m.runs.map((run) => run.uuid)).filter((_, i) => lib.LONG || i % 5 === 0);
  some.forEach((order, i) => {
    const q = copyPlace(p, `order-${i}`);
    for (const run of order.slice(0, 3)) json(['undo', run, ...q.args]);
    const left = tables(q);
    assert.deepEqual([left.past, left.top.length ? new Set(left.top.map((one) => one[1])).size : 1], [[], 1], 'one run is left, and its rows');
    json(['undo', order[3], ...q.args]);
    assert.deepEqual([tables(q).top, tables(q).current], [[], []]);
    for (const run of r.chance(0.5) ? order : [...order].reverse()) json(['redo', run, ...q.args]);
    assert.deepEqual(tables(q), all);
    if (i % 4 === 0) sound(q);
    fs.rmSync(q.data, { recursive: true });
  });
});

// ---- T06 ----

test('T06: ten thousand rows, some of them changed since, taken back and brought back, to the cent', (t) => {
  const p = place(t);
  const m = new Model(p);
  const r = random(36);
  const cells = (i, n) => [`O-${i}`, `2024-0${1 + (i % 9)}-1${n}`, lib.REGIONS[i % 5], PRODUCTS[i % 4], i % 211 === n ? '-1' : String(1 + r.below(40)), `${r.below(5000)}.${10 + r.below(90)}`];
  const rows = (from, to, n) => Array.from({ length: to - from + 1 }, (_, i) => cells(from + i, n));
  const older = m.import(rows(1, 2500, 0), false);
  m.import(rows(2401, 4000, 1), true);
  const main = m.import(rows(3001, 13000, 2), true);
  assert.ok(main.clean.size > 9900 && main.count.updated > 900 && main.rejects.length > 40);
  const keys = [...main.clean.keys()];
  const created = keys.filter((key) => m.stack(key).length === 1);
  const edited = [...created.filter((_, i) => i % 400 === 7).slice(0, 20), ...keys.filter((key) => m.stack(key).length > 1).filter((_, i) => i % 40 === 3).slice(0, 17)];
  assert.equal(edited.length, 37);
  const edits = edited.map((key, i) => m.edit(key, { revenue: `${1000 + i}.37` }));
  const noted = created.filter((key) => !edited.includes(key)).slice(100, 106);
  noted.forEach((key) => m.note(key));
  m.note(edited[0]); // it is changed and noted: what the person made stays
  const corrected = main.rejects.filter((x) => !m.stack(x.cells[0]).length).slice(5, 9);
  corrected.forEach((x, i) => assert.ok(m.fix(x, { quantity: String(i + 1) })));
  const later = m.import([...created.slice(500, 530).map((key) => row(key)), ...Array.from({ length: 10 }, (_, i) => row(`NEW-${i}`))], false);
  assert.deepEqual([later.clean.size, later.rejects.length], [10, 30]);
  m.check('all of it');
  const before = digest(p);
  const entry = lastSeq(p);

  const said = m.undo(main);
  m.check('undone');
  assert.equal(lastSeq(p), entry + 1, 'one entry of the log; of the dry run none');
  assert.deepEqual(said.kept.map((one) => one.key).sort(), [...edited].sort());
  for (const one of said.kept) {
    assert.equal(one.run, edits[edited.indexOf(one.key)].uuid);
    assert.match(one.reason, /a person/);
    assert.ok(one.actor);
  }
  assert.deepEqual(said.blocked.map((one) => one.key).sort(), [...noted].sort());
  for (const one of said.blocked) assert.match(one.reason, /note/);
  assert.equal(Object.values(said.rows).reduce((a, b) => a + b), main.clean.size, 'every row has a fate, and no exception was settled');
  assert.deepEqual(said.dependents.map(({ kind, count }) => [kind, count]), [['exceptions', 30], ['corrections', 4]]);

  // What is left, added up from the files alone.
  const left = new Map();
  const put = (one) => one.forEach((c) => lib.units(c[4]) > 0n && left.set(c[0], c));
  put(older.rows);
  put(m.runs[1].rows);
  put(main.rows.filter((c) => noted.includes(c[0])));
  edits.forEach((run) => put(run.rows));
  corrected.forEach((x, i) => put([x.cells.map((c, f) => (f === 4 ? String(i + 1) : c))]));
  put(later.rows.slice(30));
  const sum = (f) => [...left.values()].reduce((all, c) => all + lib.units(c[f]), 0n);
  assert.deepEqual(said.figures.after, { orders: left.size, quantity: lib.print(sum(4)), revenue: lib.print(sum(5)) });
  for (const from of ['count(*), sum(quantity), sum(revenue) FROM sale', 'sum(orders), sum(quantity), sum(revenue) FROM sale_current'])
    assert.deepEqual(query(p.db, `SELECT ${from}`), [[String(left.size), String(sum(4)), String(sum(5))]]);
  sound(p);

  m.redo(main);
  m.check('redone');
  assert.deepEqual(digest(p), before, 'every table is as it was');
  sound(p);
});

// ---- power cuts ----

// A folder in which there is something of everything; { p, m, runs }.
function busy(t) {
  const p = place(t);
  const m = new Model(p);
  const a = m.import([row('A'), row('B'), row('C'), row('D', '-1')], false);
  const b = m.import([row('B', '3'), row('C', '4'), row('E', '5'), row('F'), row('G', '-1')], true);
  const fixed = m.fix(b.rejects[0], { quantity: '1' });
  m.edit('C', { quantity: '8' });
  m.note('E');
  return { p, m, a, b, fixed };
}

const CUTS = {
  'an undo': ({ b }) => ['undo', b.uuid],
  'an undo of a correction': ({ fixed }) => ['undo', fixed.uuid],
  'a redo': ({ m, b }) => (m.undo(b), ['redo', b.uuid]),
  'a redo of a correction': ({ m, fixed }) => (m.undo(fixed), ['redo', fixed.uuid]),
  'an edit': () => ['edit', 'A', 'quantity=6'],
  'an import that replaces': ({ p }) => {
    fs.writeFileSync(path.join(p.dir, 'more.csv'), fileOf([row('A', '7'), row('E', '7'), row('Z', '7')]));
    return ['import', path.join(p.dir, 'more.csv'), '--as', 'sales', '--existing', 'update'];
  },
  'a run judged again': ({ m, a, fixed }) => (m.undo(a), m.undo(fixed), ['rules', 'promote', '{"rules":[{"id":"00000000-0000-7000-8000-000000000207","params":{"above":"3"}}]}', '--rejudge']),
};

for (const [what, prepare] of Object.entries(CUTS))
  test(`kill -9 at every crash point of ${what}`, { skip }, (t) => {
    const all = busy(t);
    const args = prepare(all);
    if (args[0] === 'rules') all.m.undo(all.m.runs.at(-1)); // one run is left
    const before = JSON.stringify(tables(all.p));
    const seen = new Set();
    let finished;
    for (let n = 1, last = false; !last; n++) {
      assert.ok(n < 2000, 'it never finishes');
      const p = copyPlace(all.p, `cut-${n}`);
      const ended = lib.outpost([...args, ...p.args], { binary: lib.OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
      last = ended.signal !== 'SIGKILL';
      if (last) assert.equal(ended.code, 0, ended.err);
      json(['runs', ...p.args]); // whoever opens it makes good what is to be made good
      const now = JSON.stringify(tables(p));
      seen.add(now);
      if (last) finished = now;
      if (last || n % 7 === 1 || lib.LONG) sound(p);
      fs.rmSync(p.data, { recursive: true });
    }
    assert.ok([...seen].every((now) => now === before || now === finished), 'before it or after it');
    assert.equal(seen.size, 2);
  });

// ---- changes by hand ----

const BY_HAND = {
  'a run counts again': 'DELETE FROM run_undone',
  'a run does not count': "INSERT INTO run_undone SELECT id, started_at, actor FROM run WHERE id = 1",
  'somebody else has undone it': "UPDATE run_undone SET actor = 'nobody'",
  'it was undone at another time': 'UPDATE run_undone SET at = at - 1',
  'why a row stays': "UPDATE undo_kept SET reason = 'it is nice'",
  'a row does not stay': 'DELETE FROM undo_kept',
  'one more stays': "INSERT INTO undo_kept VALUES (2, 'A', 'a note speaks of it')",
  'a run that counts has one that stays': "INSERT INTO undo_kept VALUES (1, 'A', 'a note speaks of it')",
  'an older version': 'UPDATE sale_past SET revenue = revenue + 1',
  'an older version goes': 'DELETE FROM sale_past',
  'the sums of what counts': 'UPDATE sale_current SET revenue = revenue + 1',
  'the number of orders': 'UPDATE sale_current SET orders = orders + 1',
  'a row that stayed': "UPDATE sale SET quantity = 1 WHERE key = 'E'",
  'a removed row is back': "INSERT INTO sale SELECT 'F', 2, 5, order_id, order_date, region, product, quantity, revenue FROM sale WHERE key = 'A'",
  'a removed row is back, below': "INSERT INTO sale_past SELECT 'F', 2, 5, order_id, order_date, region, product, quantity, revenue FROM sale WHERE key = 'A'",
  'how many rows were replaced': 'UPDATE run SET rows_updated = 0 WHERE rows_updated > 0',
  'the older version is on top': "UPDATE sale SET run = 1, record = (SELECT record FROM sale_past WHERE run = 1 AND key = 'C'), quantity = (SELECT quantity FROM sale_past WHERE run = 1 AND key = 'C') WHERE key = 'C'",
};

test('verify finds what was changed by hand of undone runs, older versions and sums', (t) => {
  const { p, m, b } = busy(t);
  m.undo(b);
  m.check('undone');
  sound(p);
  for (const [what, sql] of Object.entries(BY_HAND)) {
    const q = copyPlace(p, 'hand');
    lib.sqlite(q.db, `PRAGMA foreign_keys = OFF; ${sql};`);
    const verdict = verify(q);
    assert.equal(verdict.ok, false, what);
    assert.notEqual(verdict.code, 0, what);
    fs.rmSync(q.data, { recursive: true });
  }
});

// ---- a full disk, two at once ----

test('a full disk during an undo and a redo: a sentence, and nothing has changed', (t) => {
  const p = place(t);
  const g = lib.generate(p.dir, 20000, 3);
  const D = `${p.dir}/mnt/data`;
  const script = `
    set -e
    mount -t tmpfs -o size=60m tmpfs ${p.dir}/mnt
    O=${lib.OUTPOST}; D=${D}
    $O init $D; $O tenant add demo --data $D
    $O import ${g.file} --as sales --data $D --json
    state() { sqlite3 $D/tenants/demo.db 'SELECT count(*), sum(record), sum(revenue) FROM sale; SELECT count(*) FROM run_undone; SELECT sum(orders), sum(revenue) FROM sale_current' | tr '\\n' ' '; echo; }
    fill() { head -c 60m /dev/zero > ${p.dir}/mnt/filler 2>/dev/null || true; }
    for what in undo redo; do
      echo "state $(state)"; fill; set +e
      $O $what latest --data $D --json; echo "$what=$?" >&2
      set -e; rm ${p.dir}/mnt/filler; echo "state $(state)"
      $O verify --data $D --json
      $O $what latest --data $D --json
    done
    echo "state $(state)"
    $O verify --data $D --json
    umount ${p.dir}/mnt
  `;
  fs.mkdirSync(path.join(p.dir, 'mnt'));
  const own = spawnSync('unshare', ['-m', 'true']).status === 0 ? ['-m'] : ['-m', '--propagation', 'unchanged'];
  const ended = spawnSync('unshare', [...own, 'bash', '-c', script], { encoding: 'utf8', timeout: 60000 });
  if (ended.error || /Operation not permitted|only root|must be superuser|permission denied/.test(ended.stderr)) return t.skip(`mounting is not permitted here: ${ended.error ?? ended.stderr.trim()}`);
  assert.equal(ended.status, 0, ended.stderr + ended.stdout);
  assert.match(ended.stderr, /undo=1\b/);
  assert.match(ended.stderr, /redo=1\b/);
  assert.match(ended.stderr, /no space left|disk/);
  const states = ended.stdout.split('\n').filter((line) => line.startsWith('state '));
  assert.equal(states[0], states[1], 'undo');
  assert.equal(states[2], states[3], 'redo');
  assert.equal(states[4], states[0]);
  assert.notEqual(states[2], states[0]);
  for (const line of ended.stdout.split('\n').filter((one) => one.startsWith('{')))
    if (JSON.parse(line).checks) assert.deepEqual(JSON.parse(line).checks.filter((c) => !c.ok), []);
});

test('two at once: one of two undos wins; an undo and an import are both whole', async (t) => {
  const p = place(t);
  const m = new Model(p);
  const a = m.import(Array.from({ length: 3000 }, (_, i) => row(`K${i}`)), false);
  const go = (args) => lib.start([...args, ...p.args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] }).ended;
  const both = await Promise.all([go(['undo', a.uuid]), go(['undo', a.uuid])]);
  assert.deepEqual(both.map((one) => one.code).sort(), [0, 5]);
  m.takeBack(a, []);
  m.check('undone once');
  const file = path.join(p.dir, 'more.csv');
  fs.writeFileSync(file, fileOf(Array.from({ length: 3000 }, (_, i) => row(`K${i + 1500}`, '4'))));
  const more = await Promise.all([go(['redo', a.uuid]), go(['import', file, '--as', 'sales', '--existing', 'update'])]);
  assert.deepEqual(more.map((one) => one.code), [0, 0]);
  assert.deepEqual(tables(p).top.map((one) => [one[0], one[1]]).sort(), Array.from({ length: 4500 }, (_, i) => [`K${i}`, i < 1500 ? '1' : '2']).sort());
  assert.equal(tables(p).past.length, 1500);
  sound(p);
});
