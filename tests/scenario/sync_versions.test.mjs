// Programs of several ages work with one headquarters: what one of them does not know is kept, and given back. The newer
// program is this one with a column and an entity more. With LONG=1 there are programs of before, too, built from this repository's history.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { LONG, OUTPOST, ROOT, json, ok, one, outpost, place, query, refuses } from './lib.mjs';
import { HEAD, buildNewer, unbuilt } from './newer.mjs';
import { startPostgres } from './postgres.mjs';

const NEWER = {
  'product.entity': `${fs.readFileSync(path.join(ROOT, 'sql/entity/product.entity'), 'utf8')}colour      text max 50 since ${HEAD + 1}         how it looks\n`,
  'gadget.entity': `entity   gadget\ntable    gadgets\nsince    ${HEAD + 1}\nhelp     something made up\naccess   sales\nsync     both\n\ncode  text required unique  its code\nsize  integer default 1    how large\n`,
};

let dir;
let newer;
before(() => {
  if (unbuilt) return;
  dir = fs.mkdtempSync(path.join(ROOT, 'build/newer-'));
  newer = buildNewer(dir, 'newer', NEWER);
});
after(() => dir && fs.rmSync(dir, { recursive: true, force: true }));

// An edge with a program of its own.
function edge(t, hq, binary, name) {
  const p = place(t);
  const e = { ...p, name, use: (other) => (e.options = { binary: other }), options: { binary } };
  const all = (args) => ok([...args, ...p.args], e.options);
  all(['upstream', 'enroll', '--dsn', hq.dsn(), '--name', name, '--organization', 'demo']);
  e.sync = () => all(['sync', '--once']);
  e.save = (entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args], e.options);
  e.remove = (entity, id) => all(['record', 'delete', entity, id]);
  e.status = () => json(['sync', 'status', ...p.args], e.options);
  e.row = (table, id, columns) => query(p.db, `SELECT ${columns} FROM ${table} WHERE id = '${id}'`)[0];
  e.same = () => {
    const ended = outpost(['sync', 'verify', ...p.args, '--json'], e.options);
    assert.equal(ended.code, 0, `${name}: ${ended.err} ${ended.out.slice(0, 2000)}`);
    assert.equal(outpost(['verify', ...p.args], e.options).code, 0, name);
  };
  return e;
}

const round = (...edges) => [...edges, ...edges].forEach((e) => e.sync());

test('an edge that is newer than headquarters, and one that is older: nothing is lost on the way, and each says how it is', { skip: unbuilt, timeout: 300_000 }, async (t) => {
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const old = edge(t, hq, OUTPOST, 'old');
  const young = edge(t, hq, newer, 'young');

  // Headquarters knows neither the column nor the entity.
  const { id } = young.save('product', { name: 'lamp', colour: 'red', notes: 'n' });
  const gadget = young.save('gadget', { code: 'G-1', size: 3 });
  const gone = young.save('gadget', { code: 'G-2' });
  young.save('gadget', { id: gadget.id, size: 4 });
  young.remove('gadget', gone.id);
  round(young, old);
  assert.match(young.status().sentence, new RegExp(`headquarters' schema ${HEAD} is older than this program \\(${HEAD + 1}\\).*outpost upstream init`));
  assert.deepEqual([old.status().schema, old.status().upstream_schema], [HEAD, HEAD]);
  assert.doesNotMatch(old.status().sentence, /schema/);
  assert.deepEqual(hq.rows("SELECT name, extra->>'colour' FROM outpost.products"), [['lamp', 'red']]);
  assert.equal(hq.psql("SELECT count(*) FROM outpost.change_log WHERE tbl = 'gadgets'"), '4');

  // Who does not know the column changes the record, and it stays.
  old.save('product', { id, notes: 'of old' });
  round(old, young);
  assert.deepEqual(young.row('products', id, 'notes, colour'), ['of old', 'red']);
  young.save('product', { id, colour: 'blue' });
  old.save('product', { id, category: 'c' });
  round(young, old);
  assert.deepEqual(young.row('products', id, 'category, colour'), ['c', 'blue']);
  young.same();
  old.same();

  // Headquarters learns: the column takes over what stood beside, the table what the log says.
  const said = ok(['upstream', 'init', '--dsn', hq.dsn()], { binary: newer });
  assert.match(said, /column products\.colour was added; newer devices had sent 1 values of it/);
  assert.match(said, /newer devices had sent 4 changes of gadgets/);
  assert.deepEqual(hq.rows('SELECT name, colour, extra FROM outpost.products'), [['lamp', 'blue', '']]);
  assert.deepEqual(hq.rows('SELECT code, size, version, deleted_at IS NULL FROM outpost.gadgets ORDER BY code'), [['G-1', '4', '2', 't'], ['G-2', '1', '2', 'f']]);
  refuses(['upstream', 'init', '--dsn', hq.dsn()], /made by a newer program/);
  round(old, young);
  assert.match(old.status().sentence, new RegExp(`headquarters' schema ${HEAD + 1} is newer than this program \\(${HEAD}\\)`));
  assert.doesNotMatch(young.status().sentence, /schema/);

  // People at headquarters and the newer edge use what the older does not know, which goes on with what it knows.
  hq.psql(`UPDATE outpost.products SET colour = 'green', unit_price = 5`);
  hq.psql(`UPDATE outpost.gadgets SET size = 9 WHERE code = 'G-1'`);
  old.save('product', { id, notes: 'of old, again' });
  round(old, young);
  assert.deepEqual(young.row('products', id, 'notes, colour, unit_price'), ['of old, again', 'green', '50000']);
  assert.deepEqual(old.row('products', id, 'notes, unit_price'), ['of old, again', '50000']);
  assert.deepEqual(young.row('gadgets', gadget.id, 'size'), ['9']);
  old.remove('product', id);
  round(old, young);
  assert.deepEqual(young.row('products', id, 'colour, deleted_at IS NULL'), ['green', '0']);
  young.same();
  old.same();

  // The older one is updated, and has everything.
  old.use(newer);
  round(old, young);
  assert.deepEqual(old.row('gadgets', gadget.id, 'code, size'), ['G-1', '9']);
  assert.deepEqual(old.row('products', id, 'colour, deleted_at IS NULL'), ['green', '0']);
  old.save('gadget', { id: gadget.id, size: 10 });
  round(old, young);
  assert.deepEqual(young.row('gadgets', gadget.id, 'size'), ['10']);
  for (const e of [old, young]) e.same();
  assert.equal(hq.psql("SELECT count(*) FROM outpost.conflict WHERE state = 'open'"), '0');
});
