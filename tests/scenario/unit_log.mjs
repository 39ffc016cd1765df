// What the log tells by unit of work, compared with a look at every entry.
import assert from 'node:assert/strict';
import { query, sqlite } from './lib.mjs';

const COLUMNS = 'unit, seq, hlc, at, actor, event, tbl, key, before, after, count, text, hash';

// { entries: [{ seq, unit, on }], stretches: unit -> how many }
export function checkUnits(db) {
  const entries = query(db, 'SELECT seq, unit, goes_on FROM change_log ORDER BY seq').map(([seq, unit, on]) => ({ seq: Number(seq), unit, on: on === '1' }));
  const stretches = new Map();
  const seqs = new Map();
  entries.forEach(({ seq, unit, on }, i) => {
    if (on) assert.deepEqual(entries[i - 1] && [entries[i - 1].seq, entries[i - 1].unit], [seq - 1, unit], `entry ${seq} goes on from one of another unit`);
    else stretches.set(unit, (stretches.get(unit) ?? 0) + 1);
    seqs.set(unit, [...(seqs.get(unit) ?? []), seq]);
  });
  const asked = [...seqs.keys()].map((unit) => `SELECT coalesce(group_concat(seq), '') FROM (SELECT seq FROM unit_log WHERE unit = '${unit}' ORDER BY seq);`);
  assert.deepEqual(sqlite(db, asked.join('\n')).trimEnd().split('\n'), [...seqs.values()].map(String));
  const [left, right] = ['change_log', 'unit_log'].map((name) => `SELECT ${COLUMNS} FROM ${name}`);
  assert.deepEqual(query(db, `SELECT (SELECT count(*) FROM (${left} EXCEPT ${right})), (SELECT count(*) FROM (${right} EXCEPT ${left})), (SELECT count(*) FROM unit_log)`), [['0', '0', String(entries.length)]]);
  return { entries, stretches };
}
