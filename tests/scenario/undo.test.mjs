// An import is one undoable unit (T06): undo, redo, edits and imports that replace, against
// a model of their own (versions.mjs), and against power cuts, full disks and changes by hand.
import assert from 'node:assert/strict';
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
