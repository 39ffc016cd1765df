// An import is one undoable unit (T06): undo, redo, edits and imports that replace, against
// a model of their own (versions.mjs), and against power cuts, full disks and changes by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { copyPlace, json, ok, place, query, random, refuses, sound, verify } from './lib.mjs';
import { Model, digest, fileOf, lastSeq, tables } from './versions.mjs';

const PRODUCTS = ['Dairy', 'say "cheese"', 'Ünïcode ₹', 'a, b'];
const KEYS = ['A-1', 'A-2', "it's", 'say "no"', 'Ünï-₹', 'a,b', 'A-7', '%', 'a b', 'A=1'];

const someRow = (r, key) => [
  key,
  `2024-0${1 + r.below(3)}-1${r.below(3)}`,
  r.pick(lib.REGIONS.slice(0, 3)),
  r.pick(PRODUCTS),
  r.chance(0.15) ? '-1' : String(1 + r.below(9)),
  `${r.below(1000)}.${10 + r.below(90)}`,
];
const someChange = (r) => r.pick([{ quantity: '5' }, { quantity: '0' }, { revenue: `${r.below(99)}.5` }, { region: 'West', product: 'a, b' }, { order_date: '2024-03-05' }]);

function step(m, r) {
  const n = r.next();
  const run = m.runs.length ? r.pick(m.runs) : null;
  if (n < 0.25 || !run) {
    const rows = Array.from({ length: r.below(7) + (r.chance(0.1) ? 0 : 1) }, () => someRow(r, r.pick(KEYS)));
    return m.import(rows, r.chance(0.5)), 'import';
  }
  if (n < 0.4) return m.edit(r.pick(KEYS), someChange(r)), 'edit';
  if (n < 0.5) return m.note(r.pick(KEYS)), 'note';
  if (n < 0.62) {
    const all = m.runs.flatMap((one) => one.rejects);
    if (all.length) m.fix(r.pick(all), { quantity: '3', ...(r.chance(0.6) ? { order_id: r.pick(KEYS) } : {}) });
    return 'fix';
  }
  if (n < 0.82) return m.undo(r.pick(m.runs.filter((one) => !one.undone).concat(run))), 'undo';
  return m.redo(r.pick(m.runs.filter((one) => one.undone).concat(run))), 'redo';
}

for (let seed = 1; seed <= (lib.LONG ? 80 : 12); seed++)
  test(`property: any sequence of imports, edits, corrections, notes, undo and redo (seed ${seed})`, (t) => {
    const r = random(seed);
    const p = place(t);
    const m = new Model(p);
    const done = [];
    try {
      for (let i = 0; i < (lib.LONG ? 40 : 25); i++) {
        done.push(step(m, r));
        m.check(done.at(-1));
      }
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
