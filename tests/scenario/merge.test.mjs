// Merging at headquarters against its model: thousands of random sets of edits by several origins, each set in several orders
// of arrival, come to one state, and nothing that was lost is missing in the list of conflicts.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { LONG, ROOT } from './lib.mjs';
import { arrival, edits, lost, random, state } from './merge_model.mjs';
import { startPostgres } from './postgres.mjs';

const ORGANIZATION = '00000000-0000-7000-8000-000000000001';
const PARTS = ['000_roles', '010_tables', '020_records', '060_merge'];
const TABLE = `CREATE TABLE outpost.thing (organization_id uuid NOT NULL, id text NOT NULL, a text, b json, c timestamptz, n numeric(20,2), version bigint NOT NULL DEFAULT 1,
  created_at timestamptz, created_by text, updated_at timestamptz, updated_by text, deleted_at timestamptz, deleted_by text, extra json,
  sync_origin integer, sync_at bigint, sync_stamps json, sync_xid xid8 NOT NULL DEFAULT pg_current_xact_id(), PRIMARY KEY (organization_id, id));
CREATE TRIGGER added BEFORE INSERT ON outpost.thing FOR EACH ROW WHEN (new.sync_at IS NULL) EXECUTE FUNCTION outpost.added_by_hand();
CREATE TRIGGER changed BEFORE UPDATE ON outpost.thing FOR EACH ROW WHEN (new.sync_at IS NOT DISTINCT FROM old.sync_at) EXECUTE FUNCTION outpost.changed_by_hand();`;

async function headquarters(t) {
  const hq = await startPostgres(t);
  const parts = PARTS.map((name) => fs.readFileSync(path.join(ROOT, 'sql/upstream', `${name}.sql`), 'utf8'));
  hq.psql(undefined, { input: [...parts, TABLE].join('\n') });
  return hq;
}

// The state of the model as an edge's log says it. a is text, b JSON, c an instant, and d is a member that HQ has no column for.
const instant = (text) => `2026-01-01T00:${String(Math.floor(Number(text.slice(1)) / 60)).padStart(2, '0')}:${String(Number(text.slice(1)) % 60).padStart(2, '0')}.000000Z`;
function document(id, s, stamp) {
  if (!s) return null;
  const at = Number(BigInt(stamp) % 1_000_000n) * 1000;
  return JSON.stringify({ id, a: s.a, b: { is: s.b }, c: instant(s.c), n: `${s.n}.5`, d: s.a, version: s.version, created_at: 1000, created_by: 'x', updated_at: at, updated_by: 'x', deleted_at: s.deleted ? at : null, deleted_by: s.deleted ? 'x' : null });
}
const quote = (text) => (text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`);
const call = (id, e) =>
  `SELECT outpost.merge_rows('${ORGANIZATION}', 'thing', ${e.origin}, '{${id}}', ARRAY[${quote(document(id, e.before, e.stamp))}]::json[], ` +
  `ARRAY[${quote(document(id, e.after, e.stamp))}]::json[], ARRAY['{"": ${e.stamp}}']::jsonb[], '{"n": "delta"}');`;

// What is shown of each record, and which values of it are in the list.
const SHOWN = `SELECT id, json_build_object('a', a, 'b', b->>'is', 'c', 'c' || extract(epoch FROM c - '2026-01-01Z')::bigint, 'n', n - 0.5, 'd', extra->>'d', 'deleted', deleted_at IS NOT NULL, 'version', version,
  'stamps', (SELECT jsonb_object_agg(k, v) FROM jsonb_each(sync_stamps::jsonb) s(k, v))) FROM outpost.thing ORDER BY id`;
const LISTED = `SELECT key, string_agg(CASE WHEN state = 'open' THEN field || ':' || lost_stamp || ':' || lost_origin END, ',') FROM outpost.conflict WHERE field <> 'd' GROUP BY key`;

test('edits of several origins come to one state in every order of arrival, and what was lost is listed', { timeout: 600_000 }, async (t) => {
  const hq = await headquarters(t);
  const sets = LONG ? 2000 : 100;
  const orders = 5;
  const r = random(20261121);
  const expected = new Map();
  let script = [];
  let count = 0;
  const run = () => {
    hq.psql(undefined, { input: `BEGIN;\n${script.join('\n')}\nCOMMIT;` });
    count += script.length;
    script = [];
  };
  for (let i = 0; i < sets; i++) {
    const all = edits(r, { origins: 2 + r.below(2), count: 4 + r.below(8) });
    for (let k = 0; k < orders; k++) {
      const id = `${i}-${k}`;
      expected.set(id, all);
      for (const e of arrival(r, all)) script.push(call(id, e));
    }
    if (script.length > 2000) run();
  }
  run();
  const listed = new Map(hq.rows(LISTED).map(([key, text]) => [key, text ? text.split(',').sort() : []]));
  let conflicts = 0;
  let first;
  for (const [id, text] of hq.rows(SHOWN)) {
    const { stamps, d, ...row } = JSON.parse(text);
    const all = expected.get(id);
    assert.deepEqual({ ...row, n: Number(row.n) }, state(all), id);
    assert.equal(d, row.a, `${id}: a member without a column`);
    if (id.endsWith('-0')) first = stamps;
    assert.deepEqual(stamps, first, `${id}: stamps`);
    const restored = all.some((e) => e.before?.deleted && !e.after.deleted);
    const missing = lost(all).filter((one) => !(listed.get(id) ?? []).includes(one) && !(restored && one.startsWith('deleted')));
    assert.deepEqual(missing, [], `${id}: nothing is lost`);
    if (!restored) assert.deepEqual(listed.get(id) ?? [], lost(all), id);
    conflicts += (listed.get(id) ?? []).length;
    expected.delete(id);
  }
  assert.equal(expected.size, 0);
  assert.ok(conflicts > sets, `${conflicts} conflicts`);
  t.diagnostic(`${sets} sets of edits in ${orders} orders, ${count} edits, ${conflicts} conflicts`);
});

test('who changes a record at headquarters saw what is there: his word holds, and an edge that did not know of it is told', { timeout: 120_000 }, async (t) => {
  const hq = await headquarters(t);
  const now = `(SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint << 16)`;
  const stamp = BigInt(hq.psql(`SELECT ${now}`));
  const is = (a, b, n, version) => ({ a, b, c: 'c0', n, deleted: false, version });
  const edge = (before, after, at) => hq.psql(call('x', { origin: 1, stamp: at, before, after }));
  const shows = (expected) => assert.equal(hq.psql(`SELECT concat_ws(' ', a, b->>'is', n, version, updated_by) FROM outpost.thing`), expected);
  edge(null, is('a0', 'b0', 100, 1), stamp - 1000n);
  hq.psql(`UPDATE outpost.thing SET a = 'of hq', n = n - 3`);
  shows('of hq b0 97.50 2 postgres');
  // Earlier than that, and not knowing of it: another field, the same field, the amount.
  edge(is('a0', 'b0', 100, 1), is('a1', 'b1', 110, 2), stamp - 500n);
  shows('of hq b1 107.50 3 postgres');
  assert.deepEqual(hq.rows(`SELECT field, base#>>'{}', lost#>>'{}', lost_origin, won#>>'{}', won_origin, state FROM outpost.conflict WHERE field = 'a'`), [['a', 'a0', 'a1', '1', 'of hq', '0', 'open']]);
  // Later: it shows, and what headquarters had said is the loser.
  edge(is('a1', 'b1', 110, 2), is('a2', 'b1', 110, 3), stamp + (3600_000n << 16n));
  shows('a2 b1 107.50 4 x');
  assert.deepEqual(hq.rows(`SELECT lost#>>'{}', lost_origin, state FROM outpost.conflict WHERE field = 'a' ORDER BY lost_origin`), [['of hq', '0', 'open'], ['a1', '1', 'settled']]);
  // Who brings back what was lost settles it; a stamp of headquarters is above all of the row, whatever its clock says.
  hq.psql(`UPDATE outpost.thing SET a = 'of hq, again'`);
  shows('of hq, again b1 107.50 5 postgres');
  edge(is('a2', 'b1', 110, 3), is('a2', 'b2', 110, 4), stamp + (3601_000n << 16n));
  shows('of hq, again b2 107.50 6 x');

});
