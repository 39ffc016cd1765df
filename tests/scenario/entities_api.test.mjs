// Every operation on every entity over HTTP: made, read, kept apart, changed by version, taken back, deleted, restored, as it
// was; and texts that break programs, which stay texts (T04, T29, S1, S8, S19).
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { installed } from '../browser/outpost.mjs';
import { ask, data, post, problem, remove } from './api.mjs';
import { ENTITIES, maker } from './entities.mjs';
import { generate, importFile, ok, one, parseCsv, place, random, serve, sleep, sound } from './lib.mjs';

const patch = (server, at, body, headers) => ask(server, at, { method: 'PATCH', body, headers });
const put = (server, at, body, headers) => ask(server, at, { method: 'PUT', body, headers });
const STAMPS = ['id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'deleted_at', 'deleted_by'];
const body = (row) => Object.fromEntries(Object.entries(row).filter(([name]) => !STAMPS.includes(name)));
const instant = () => new Date().toISOString();

test('one record of each entity goes through all that records can go through', async (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 800, 2, 4).file);
  ok(['tenant', 'add', 'other', '--data', p.data]);
  const server = await serve(t, p.data);
  const r = random(31);
  for (const [i, entity] of ENTITIES.entries()) {
    const how = maker(entity);
    how.prepare(p);
    const bases = [`/api/records/${entity.name}`, ...(entity.path ? [`/api/${entity.path}`] : [])];
    const own = (at) => `${at}?tenant=demo`;
    const base = r.pick(bases);
    // Orders, stores and others have handlers of their own at some of their addresses: what is of every entity is at /api/records.
    const all = bases[0];
    const before = instant();
    await sleep(2);
    const made = await post(server, own(all), how.make(r, i, p));
    assert.equal(made.status, 201, `${entity.name}: ${made.body}`);
    const row = made.json.data;
    const at = `${all}/${row.id}`;
    assert.deepEqual([row.version, row.created_by, row.updated_by, row.deleted_at, made.headers.etag], [1, 'http', 'http', null, '"1"'], entity.name);
    assert.ok(Math.abs(row.created_at / 1000 - Date.now()) < 60000 && row.created_at === row.updated_at);
    const read = await ask(server, own(at));
    assert.deepEqual([read.json.data, read.headers.etag], [row, '"1"']);
    assert.equal((await ask(server, own(at), { headers: { 'if-none-match': '"1"' } })).status, 304);
    assert.ok((await data(ask(server, own(all)))).some((x) => x.id === row.id));
    assert.ok([200, 405].includes((await ask(server, own(base))).status));

    // Another tenant has none of it, under any verb.
    for (const verb of ['GET', 'PUT', 'PATCH', 'DELETE']) assert.equal((await ask(server, `${at}?tenant=other`, { method: verb, body: verb === 'GET' || verb === 'DELETE' ? undefined : body(row) })).status, 404, `${verb} ${entity.name}`);
    for (const more of ['restore', 'history']) assert.equal((await ask(server, `${at}/${more}?tenant=other`, { method: more === 'restore' ? 'POST' : 'GET' })).status, 404);

    // Changed by who has seen the last version, and by nobody else.
    await sleep(2);
    const between = instant();
    await sleep(2);
    const change = how.change(r);
    const changed = await patch(server, own(at), change, { 'if-match': '"1"' });
    assert.equal(changed.status, 200, `${entity.name}: ${JSON.stringify(change)} ${changed.body}`);
    assert.equal(changed.headers.etag, '"2"');
    for (const match of ['"1"', 'W/"2"', '"7", "8"']) assert.equal((await patch(server, own(at), change, { 'if-match': match })).status, 412, match);
    assert.equal((await remove(server, own(at), { 'if-match': '"1"' })).status, 412);
    await problem(patch(server, own(at), { id: '01a1fc1f-1778-78ed-80cb-4684bbc176b3' }), 422, /its id cannot be changed/);
    const whole = await put(server, own(at), body(row), { 'if-match': '"2", "9"' });
    assert.equal(whole.status, 200, `${entity.name}: ${whole.body}`);
    assert.deepEqual(body(whole.json.data), body(row), entity.name);

    // Gone, back, and as it was at any time.
    const gone = await data(remove(server, own(at), { 'if-match': '*' }));
    assert.ok(gone.deleted_at && gone.deleted_by === 'http');
    await problem(patch(server, own(at), change), 409, /deleted/);
    assert.ok(!(await data(ask(server, own(all)))).some((x) => x.id === row.id));
    const back = await data(post(server, own(`${at}/restore`)));
    assert.deepEqual([back.version, back.deleted_at], [5, null]);
    assert.deepEqual(await data(ask(server, `${own(at)}&as_of=${between}`)), row, entity.name);
    await problem(ask(server, `${own(at)}&as_of=${before}`), 404, /then/);
    assert.deepEqual((await data(ask(server, `${own(all)}&as_of=${between}`))).find((x) => x.id === row.id), row);
    const history = await data(ask(server, own(`${at}/history`)));
    assert.deepEqual(history.map((h) => h.event.slice('RECORD_'.length)), ['CREATED', 'UPDATED', 'UPDATED', 'DELETED', 'RESTORED'], entity.name);
    assert.deepEqual(history.at(-1).after, back);

    // The same list as a table.
    const csv = await ask(server, own(all), { headers: { accept: 'text/csv' } });
    const [heading, ...rows] = parseCsv(String(csv.body));
    assert.match(csv.headers['content-type'], /^text\/csv/);
    assert.deepEqual(heading, Object.keys(back));
    assert.equal(rows.length, (await ask(server, own(all))).json.total);
    assert.equal(rows.find((x) => x[0] === row.id)[heading.indexOf('version')], '5');
    assert.equal(String((await ask(server, `${own(all)}&format=csv`)).body), String(csv.body));
    for (const fields of ['', '&fields=version,id'])
      assert.deepEqual(parseCsv(String((await ask(server, `${own(all)}&filter[id]=none&format=csv${fields}`)).body)), [fields ? ['id', 'version'] : heading]);
  }
  await problem(ask(server, '/api/records/note?tenant=demo&format=xml'), 422, /json or csv/);
  await server.stop();
  sound(p);
});

test('by the key that people know it by', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const { id } = await data(post(server, '/api/stock-items', { sku: 'LAPTOP-001', name: 'one' }), 201);
  assert.equal((await data(ask(server, '/api/stock-items/LAPTOP-001'))).id, id);
  assert.equal((await data(patch(server, '/api/stock-items/LAPTOP-001', { name: 'two' }))).name, 'two');
  assert.deepEqual((await data(put(server, '/api/stock-items/LAPTOP-001', { sku: 'LAPTOP-002', unit: 'box' }))), { ...(await data(ask(server, `/api/stock-items/${id}`))), name: null, unit: 'box' });
  assert.equal((await data(ask(server, '/api/stock-items/LAPTOP-002/changes'))).length, 3);
  await problem(ask(server, '/api/stock-items/LAPTOP-001'), 404);
  await data(remove(server, '/api/stock-items/LAPTOP-002'));
  await problem(ask(server, '/api/stock-items/LAPTOP-002'), 404);
  await data(post(server, `/api/stock-items/${id}/restore`));
  await problem(ask(server, '/api/nothing/x'), 404);
  await problem(put(server, '/api/stock-items/LAPTOP-002', {}), 422, /sku/);
  // Who deleted it and made another of the same key is told when the first comes back.
  await data(remove(server, `/api/stock-items/${id}`));
  const second = await data(post(server, '/api/stock-items', { sku: 'LAPTOP-002' }), 201);
  await problem(post(server, `/api/stock-items/${id}/restore`), 409, new RegExp(`same sku.*${second.id}`));
  assert.equal((await data(ask(server, '/api/stock-items/LAPTOP-002'))).id, second.id);
});

test('texts that break programs stay texts, in every way out', async (t) => {
  const p = place(t);
  const list = createRequire(installed())('big-list-of-naughty-strings/blns.json');
  const more = ['=HYPERLINK("http://x")', '-2+3', '+1+1', '@SUM(A1)', '\t=1', '\r=1', "'=1", "''=1", '=1\n=2', '-5', '1e5', ';=1', '<script>alert(1)</script>', '%s%n', '{{7*7}}', '../../etc/passwd', "'; DROP TABLE stock_items;--", '\u202eabc', 'a\u0000b'];
  const server = await serve(t, p.data);
  const texts = [...new Set([...list, ...more])].filter((x) => x !== '' && x.length < 60000);
  const stored = new Map();
  const sku = (i) => `N-${String(i).padStart(4, '0')}`;
  for (let from = 0; from < texts.length; from += 40) {
    const some = texts.slice(from, from + 40);
    const answers = await Promise.all(some.map((name, k) => post(server, '/api/stock-items', { sku: sku(from + k), name })));
    for (const [k, answer] of answers.entries()) {
      if (some[k].includes('\0')) await problem(answer, 400);
      else assert.deepEqual([answer.status, answer.json.data?.name], [201, some[k]], String(answer.body));
      if (answer.status === 201) stored.set(sku(from + k), some[k]);
    }
  }
  assert.ok(stored.size > 400);
  const rows = await data(ask(server, '/api/stock-items?sort=sku&limit=10000'));
  assert.deepEqual(rows.map((x) => [x.sku, x.name]), [...stored]);
  for (const [code, text] of [...stored].filter((_, i) => i % 20 === 0 && i)) assert.equal((await data(ask(server, `/api/stock-items?filter[name]=${encodeURIComponent(text).slice(0, 500)}&fields=sku,name`))).some((x) => x.sku === code && x.name === text) || text.length > 100, true, JSON.stringify(text));

  // In a spreadsheet none of them computes, and without the guard each is what it was.
  const [heading, ...cells] = parseCsv(String((await ask(server, '/api/stock-items?sort=sku&limit=10000&format=csv')).body));
  const column = heading.indexOf('name');
  assert.equal(cells.length, stored.size);
  for (const row of cells) {
    const was = stored.get(row[heading.indexOf('sku')]);
    const cell = row[column];
    assert.ok(!/^[=+\-@\t]/.test(cell) || /^-?\d+(\.\d+)?$/.test(cell), `${JSON.stringify(cell)} would be computed`);
    // An apostrophe more at the start, and behind whatever a spreadsheet may cut at.
    const guarded = was.replace(/(?<=^|[;\t\r\n])(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?='*[\t\r\n])/g, "'");
    assert.equal(cell, /^-?\d+(\.\d+)?$/.test(was) ? was : guarded);
  }
  assert.equal(one(p.db, 'SELECT count(*) FROM stock_items'), String(stored.size));
  await server.stop();
  sound(p);
});
