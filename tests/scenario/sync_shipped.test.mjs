// Records that came with the program, and that nobody touched, are at headquarters, too; and any edit of anybody wins over them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, one, outpost, place, query, sound, sqlite } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

const TABLES = ['reference_item', 'rule', 'graph', 'schedule', 'topic', 'retention_policy', 'reorder_rule'];

test('what came with the program goes up once, is compared, and gives way to every edit', { timeout: 300e3 }, async (t) => {
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const [a, b] = ['Depot', 'Till'].map((name) => {
    const p = place(t);
    ok(['upstream', 'enroll', '--dsn', hq.dsn(), '--name', name, '--organization', 'demo', ...p.args]);
    return { ...p, sync: () => ok(['sync', '--once', ...p.args]) };
  });
  const verdict = (p) => JSON.parse(outpost(['sync', 'verify', ...p.args, '--json']).out);
  const tables = TABLES.map((table) => query(a.db, `SELECT '${table}', (SELECT name FROM sqlite_master WHERE name = '${table}' OR name = '${table}s' ORDER BY name LIMIT 1)`)[0][1]);
  const shipped = (table) => query(a.db, `SELECT id FROM ${table} WHERE created_at = 0 ORDER BY id`).flat();
  const there = (table) => hq.rows(`SELECT id FROM outpost.${table} WHERE sync_at = 0 ORDER BY id COLLATE "C"`).flat();
  // Somebody edits one before anything was sent.
  const [edited, second, third] = shipped('reference_item');
  ok(['record', 'save', 'reference_item', JSON.stringify({ id: edited, value: 'edited by a' }), ...a.args]);
  const head = (p) => one(p.db, 'SELECT max(seq) FROM change_log');
  const before = head(b);
  for (const p of [b, a, b]) p.sync();
  for (const table of tables) {
    const own = shipped(table).filter((id) => id !== edited);
    assert.ok(shipped(table).length > 0, table);
    assert.deepEqual(there(table), own, table);
  }
  assert.equal(one(b.db, `SELECT value FROM reference_item WHERE id = '${edited}'`), 'edited by a');
  assert.equal(Number(head(b)) - Number(before), 1, 'but for what was edited nothing comes down');
  for (const p of [a, b]) assert.deepEqual([verdict(p).same, verdict(p).tables.find((one) => one.table === 'reference_item').rows], [true, shipped('reference_item').length], verdict(p).sentence);

  // An edit of either place, or of a person at headquarters, comes to all.
  ok(['record', 'save', 'reference_item', JSON.stringify({ id: second, value: 'edited by b' }), ...b.args]);
  hq.psql(`UPDATE outpost.reference_item SET value = 'edited there' WHERE id = '${third}'`);
  for (const p of [a, b, a]) p.sync();
  for (const p of [a, b]) {
    assert.deepEqual([second, third].map((id) => one(p.db, `SELECT value FROM reference_item WHERE id = '${id}'`)), ['edited by b', 'edited there']);
    assert.equal(verdict(p).same, true, verdict(p).sentence);
    assert.equal(one(p.db, 'SELECT count(*) FROM sync_conflicts'), '0');
    sound(p);
  }

  // One that is missing there is named.
  const [lost] = there('reference_item');
  hq.psql(`SET session_replication_role = replica; DELETE FROM outpost.reference_item WHERE id = '${lost}'`);
  assert.match(verdict(a).sentence, new RegExp(`reference_item ${lost} is here only`));
  // A device that was enrolled by a program that knew nothing of this, and a schema that brings more.
  const more = '00000000-0000-7000-8000-00000000ffff';
  sqlite(a.db, `INSERT INTO reference_item (id, list, value, created_at, created_by, updated_at, updated_by) VALUES ('${more}', 'regions', 'brought later', 0, 'outpost', 0, 'outpost');
    UPDATE sync_pull SET shape = 'of before', since = NULL WHERE tbl = '*'`);
  assert.equal(verdict(a).same, true, 'it is not sent yet');
  a.sync();
  assert.equal(hq.psql(`SELECT count(*) FROM outpost.reference_item WHERE id IN ('${lost}', '${more}')`), '2');
  assert.equal(verdict(a).same, true, verdict(a).sentence);
  b.sync();
  assert.equal(one(b.db, `SELECT count(*) FROM reference_item WHERE id = '${more}'`), '0', 'each place has those of its own program');
  assert.equal(verdict(b).same, true, verdict(b).sentence);
});
