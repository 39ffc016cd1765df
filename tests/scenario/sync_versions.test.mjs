// Programs of several ages work with one headquarters: what one of them does not know is kept, and given back. The newer
// program is this one with a column and an entity more. With LONG=1 there are programs of before, too, built from this repository's history.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { LONG, OUTPOST, ROOT, generate, json, ok, outpost, place, query, refuses } from './lib.mjs';
import { random } from './merge_model.mjs';
import { HEAD, buildNewer, unbuilt } from './newer.mjs';
import { startPostgres } from './postgres.mjs';

const NEWER = {
  'product.entity': `${fs.readFileSync(path.join(ROOT, 'sql/entity/product.entity'), 'utf8')}colour      text max 50 since ${HEAD + 1}         how it looks\n`,
  'gadget.entity': `entity   gadget\ntable    gadgets\nsince    ${HEAD + 1}\nhelp     something made up\naccess   sales\nsync     both\n\ncode  text required unique  its code\nsize  integer default 1    how large\nheld  decimal 2 default 100 merge delta  how many there are\n`,
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
  const p = place(t, 'demo', { binary });
  const e = { ...p, name, use: (other) => (e.options = { binary: other }), options: { binary } };
  const all = (args) => ok([...args, ...p.args], e.options);
  all(['upstream', 'enroll', '--dsn', hq.dsn(), '--name', name, '--organization', 'demo']);
  e.sync = () => all(['sync', '--once']);
  e.save = (entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args], e.options);
  e.remove = (entity, id) => all(['record', 'delete', entity, id]);
  e.status = () => json(['sync', 'status', ...p.args], e.options);
  e.row = (table, id, columns) => query(p.db, `SELECT ${columns} FROM ${table} WHERE id = '${id}'`)[0];
  e.restore = (entity, id) => all(['record', 'restore', entity, id]);
  e.load = (seed) => all(['import', generate(p.dir, 300, seed, 2).file, '--as', 'sales', '--existing', 'update']);
  e.move = (quantity) => all(['stock', 'adjust', 'A-1', 'WAREHOUSE-001', String(quantity)]);
  e.same = () => {
    const ended = outpost(['sync', 'verify', ...p.args, '--json'], e.options);
    assert.equal(ended.code, 0, `${name}: ${ended.err} ${ended.out && JSON.stringify(JSON.parse(ended.out).first)}`);
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

test('a quantity that several places change is the sum of what they did, through deletions, in whatever order it arrives', { skip: unbuilt, timeout: LONG ? 3_600_000 : 300_000 }, async (t) => {
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()], { binary: newer });
  const edges = [1, 2].map((n) => edge(t, hq, newer, `edge ${n}`));
  const { id } = edges[0].save('gadget', { code: 'G-1' });
  round(...edges);
  const r = random(105);
  let sum = 10_000;
  const text = (cents) => `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
  const change = (e, by) => {
    e.save('gadget', { id, held: text(Number(e.row('gadgets', id, 'held')[0]) + by) });
    sum += by;
  };
  // 100 that one made 95 and another 110, neither knowing of it, is 105.
  change(edges[0], -500);
  change(edges[1], 1000);
  round(...edges);
  for (const e of edges) assert.equal(e.row('gadgets', id, 'held')[0], '10500');
  for (let step = 0; step < (LONG ? 400 : 40); step++) {
    const e = r.of(edges);
    const dice = r.below(100);
    const by = r.below(4001) - 2000;
    const there = e.row('gadgets', id, 'deleted_at IS NULL')[0] === '1';
    if (dice < 30) e.sync();
    else if (dice < 40) {
      // What comes down meets what was not sent.
      hq.psql('REVOKE INSERT ON outpost.change_log FROM outpost_edge');
      outpost(['sync', '--once', ...e.args], e.options);
      hq.psql('GRANT INSERT ON outpost.change_log TO outpost_edge');
    } else if (dice < 50) (there ? e.remove : e.restore)('gadget', id);
    else if (dice < 65) {
      hq.psql(`UPDATE outpost.gadgets SET held = held + ${text(by)}`);
      sum += by;
    } else if (there && by) change(e, by);
  }
  round(...edges);
  round(...edges);
  assert.equal(hq.psql('SELECT held FROM outpost.gadgets'), text(sum));
  for (const e of edges) {
    assert.equal(e.row('gadgets', id, 'held')[0], String(sum));
    e.same();
  }
  assert.equal(hq.psql("SELECT count(*) FROM outpost.conflict WHERE field = 'held'"), '0', 'a sum has no losers');
});

// ---- programs of before ----

// The first that went both ways, and the first whose headquarters later ones bring up to date.
const BEFORE = ['55fc2ef', '88d1ad1'];
const history = LONG && BEFORE.every((commit) => spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: ROOT }).status === 0);

// Built once, beside this one; what it is made of is cached.
function programOf(commit) {
  const binary = path.join(ROOT, 'build/programs', commit);
  if (fs.existsSync(binary)) return binary;
  const tree = path.join(ROOT, 'build', `at-${commit}`);
  const run = (command, args, cwd = ROOT) => execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 1 << 28 });
  run('git', ['worktree', 'add', '--detach', '--force', tree, commit]);
  try {
    fs.mkdirSync(path.join(tree, 'build'), { recursive: true });
    for (const part of ['deps', 'apt']) run('cp', ['-a', path.join(ROOT, 'build', part), path.join(tree, 'build')]);
    run('make', ['-j2', 'build/outpost'], tree);
    fs.mkdirSync(path.dirname(binary), { recursive: true });
    fs.copyFileSync(path.join(tree, 'build/outpost'), binary);
  } finally {
    run('git', ['worktree', 'remove', '--force', tree]);
  }
  return binary;
}

const FIELDS = ['category', 'brand', 'notes'];

// Everybody edits, deletes and restores at random what he has, and sends and hears at random. What was written is noted.
function atRandom(r, edges, hq, made, steps) {
  let serial = made.length;
  for (let step = 0; step < steps; step++) {
    const e = r.of(edges);
    const rows = query(e.db, `SELECT id, deleted_at IS NULL, ${FIELDS} FROM products WHERE name LIKE 'thing%' ORDER BY id`);
    const [id, there, ...values] = r.of(rows);
    const dice = r.below(100);
    if (dice < 35) e.sync();
    else if (dice < 42) (there === '1' ? e.remove : e.restore)('product', id);
    else if (dice < 55) {
      const field = r.of(FIELDS);
      const value = `${field} ${++serial} of headquarters`;
      const base = hq.psql(`SELECT ${field} FROM outpost.products WHERE id = '${id}'`);
      if (hq.psql(`UPDATE outpost.products SET ${field} = '${value}' WHERE id = '${id}' AND deleted_at IS NULL RETURNING id`)) made.push({ id, field, value, base });
    } else if (there === '1') {
      const object = { id };
      FIELDS.forEach((field) => r.chance(0.5) && (object[field] = `${field} ${++serial} of ${e.name}`));
      if (Object.keys(object).length === 1) continue;
      e.save('product', object);
      FIELDS.forEach((field, i) => object[field] && made.push({ id, field, value: object[field], base: values[i] }));
    }
  }
}

test('programs of before, of now and of later at one headquarters that grows with them', { skip: unbuilt || (history ? false : 'with LONG=1 and the history of the repository'), timeout: 3_600_000 }, async (t) => {
  const programs = [...BEFORE.map(programOf), OUTPOST, newer];
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()], { binary: programs[1] });
  const edges = programs.map((binary, i) => edge(t, hq, binary, `edge ${i + 1}`));
  const young = edges.at(-1);
  const r = random(2026);
  const made = [];
  for (const n of [1, 2, 3, 4]) edges[0].save('product', { name: `thing ${n}` });
  const lamp = edges[0].save('product', { name: 'lamp' });
  round(...edges);
  const gadget = young.save('gadget', { code: 'G-1' });
  const shown = (e) => query(e.db, `SELECT id, ${FIELDS}, version, deleted_at IS NULL FROM products ORDER BY id`);
  for (const [stage, binary] of programs.slice(1).entries()) {
    ok(['upstream', 'init', '--dsn', hq.dsn()], { binary });
    young.save('product', { id: lamp.id, colour: `colour ${stage}` });
    young.save('gadget', { id: gadget.id, size: 10 + stage });
    edges.forEach((e, i) => {
      e.load(10 * stage + i);
      e.move(stage + 1);
    });
    atRandom(r, edges, hq, made, 60);
    round(...edges);
    round(...edges);
    const there = hq.rows(`SELECT id, ${FIELDS}, version, (deleted_at IS NULL)::int FROM outpost.products ORDER BY id`);
    for (const e of edges) {
      assert.deepEqual(shown(e).map((row) => row.map((cell) => cell ?? '')), there, `${e.name}, stage ${stage}`);
      e.same();
    }
    assert.equal(young.row('products', lamp.id, 'colour')[0], `colour ${stage}`, 'what three of four do not know is kept');
    assert.equal(young.row('gadgets', gadget.id, 'size')[0], String(10 + stage));
    for (const [i, e] of edges.entries()) assert.equal(query(e.db, 'SELECT sum(quantity) / 10000 FROM stock_transactions')[0][0], String(((stage + 1) * (stage + 2)) / 2), `edge ${i + 1}`);
  }
  // What was written shows, was built upon, or is listed.
  const listed = new Set(hq.rows("SELECT lost #>> '{}' FROM outpost.conflict").flat());
  const built = new Set(made.map((m) => m.base));
  const shows = new Set(shown(edges[0]).flat());
  const later = (m) => made.some((x) => x.id === m.id && x.field === m.field && x.value.endsWith(m.value.split(' of ')[1]) && Number(x.value.split(' ')[1]) > Number(m.value.split(' ')[1]));
  assert.deepEqual(made.filter((m) => !shows.has(m.value) && !built.has(m.value) && !listed.has(m.value) && !later(m)), []);
  assert.deepEqual(hq.rows('SELECT size FROM outpost.gadgets'), [[String(10 + programs.length - 2)]]);
  t.diagnostic(`${made.length} edits, ${listed.size} lost values`);
});
