// Records and tables over HTTP: the same door as the command's, and the same files.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { ask, data, post, problem, remove } from './api.mjs';
import * as lib from './lib.mjs';
import { OUTPOST, generate, importFile, json, ok, one, place, query, serve, sleep, sound, sqlite } from './lib.mjs';

const record = (p, ...args) => json(['record', ...args, ...p.args]);
const iso = (us) => new Date(us / 1000).toISOString().replace('Z', `${String(us % 1000).padStart(3, '0')}Z`);

test('every entity is described, and is what the file has', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const { json: all } = await ask(server, '/api/entities');
  assert.equal(all.total, all.data.length);
  const stamps = ['id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'deleted_at', 'deleted_by'];
  for (const entity of all.data) {
    const given = query(p.db, `SELECT name, dflt_value FROM pragma_table_info('${entity.table}')`).filter(([name, value]) => !stamps.includes(name) && value !== null);
    const inSql = (x) => (x.kind === 'boolean' ? String(Number(x.default)) : x.kind === 'decimal' ? String(Math.round(Number(x.default) * 10 ** x.scale)) : x.kind === 'integer' ? String(x.default) : `'${x.kind === 'json' ? JSON.stringify(x.default) : x.default.replaceAll("'", "''")}'`);
    assert.deepEqual(entity.properties.filter((x) => x.default !== undefined).map((x) => [x.name, inSql(x)]).sort(), given.sort(), `defaults of ${entity.name}`);
    const columns = query(p.db, `SELECT name, "notnull", dflt_value IS NULL FROM pragma_table_info('${entity.table}')`).filter(([name]) => !stamps.includes(name));
    assert.deepEqual(entity.properties.map((x) => x.name).sort(), columns.map(([name]) => name).sort(), entity.name);
    for (const x of entity.properties) {
      assert.ok(['text', 'integer', 'decimal', 'boolean', 'day', 'instant', 'json', 'choice', 'reference'].includes(x.kind) && x.help.length > 2);
      assert.deepEqual(x.required ? ['1', '1'] : null, x.required ? columns.find(([name]) => name === x.name).slice(1) : null, `${entity.name}.${x.name}`);
    }
    assert.ok(Array.isArray(await data(ask(server, `/api/records/${entity.name}`))));
  }
  for (const name of ['rule', 'reference_item', 'mapping_memory', 'tab', 'steward']) assert.ok(all.data.some((e) => e.name === name), name);
});

test('a record\'s life by HTTP is the one that the command sees', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const added = await post(server, '/api/records/steward', { subject: 'sale.region', owner: 'Sales' });
  assert.equal(added.status, 201);
  const { id } = added.json.data;
  assert.equal(added.headers.location, `/api/records/steward/${id}`);
  assert.deepEqual([added.json.data.version, added.json.data.created_by, added.json.data.owner], [1, 'http', 'Sales']);
  assert.deepEqual(record(p, 'list', 'steward'), [added.json.data]);
  assert.deepEqual(await data(ask(server, added.headers.location)), added.json.data);
  await sleep(5);
  const between = iso(Date.now() * 1000);
  await sleep(5);

  const own = { origin: server.base, 'sec-fetch-site': 'same-origin' };
  const changed = await data(post(server, '/api/records/steward', { id, version: 1, owner: 'Finance' }, own));
  assert.deepEqual([changed.version, changed.updated_by, changed.created_by, changed.subject], [2, 'page', 'http', 'sale.region']);
  const conflict = await problem(post(server, '/api/records/steward', { id, version: 1, owner: 'Nobody' }), 409, /meanwhile.*2/);
  assert.equal(conflict.errors[0].field, 'version');
  await problem(post(server, '/api/records/steward', { subject: 'sale.region' }), 409);

  const gone = await data(remove(server, `/api/records/steward/${id}`));
  assert.ok(gone.deleted_at && gone.deleted_by === 'http' && gone.version === 3);
  await problem(remove(server, `/api/records/steward/${id}`), 409, /deleted already/);
  await problem(post(server, '/api/records/steward', { id, owner: 'x' }), 409, /restore/);
  assert.deepEqual(await data(ask(server, '/api/records/steward')), []);
  assert.deepEqual(await data(ask(server, '/api/records/steward?deleted=1')), [gone]);
  const then = await ask(server, `/api/records/steward?as_of=${between}`);
  assert.deepEqual([then.json.data, then.json.total], [[added.json.data], 1]);
  await problem(ask(server, `/api/records/steward?as_of=${between}&limit=1`), 422, /cut/);
  await problem(ask(server, `/api/records/steward?as_of=${between}&format=csv`), 422, /table/);
  const back = await data(post(server, `/api/records/steward/${id}/restore`));
  assert.deepEqual([back.version, back.deleted_at, back.owner], [4, null, 'Finance']);
  await problem(post(server, `/api/records/steward/${id}/restore`), 409, /not deleted/);

  const history = await data(ask(server, `/api/records/steward/${id}/history`));
  assert.deepEqual(history, record(p, 'history', 'steward', id));
  assert.deepEqual(history.map((h) => [h.event, h.actor]), [['RECORD_CREATED', 'http'], ['RECORD_UPDATED', 'page'], ['RECORD_DELETED', 'http'], ['RECORD_RESTORED', 'http']]);
  await server.stop();
  sound(p);
});

test('an address that knows only what is there now does not answer for another day', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const { id } = await data(post(server, '/api/stores', { customer_id: 'C-1', name: 'one' }), 201);
  for (const address of [`/api/stores/${id}`, `/api/orders`, `/api/dashboard/summary`, '/api/predicted-orders']) await problem(ask(server, `${address}?as_of=2024-01-01`), 422, /as_of/);
  await problem(ask(server, `/api/records/store/${id}?as_of=2024-01-01`), 404, /then/);
  assert.equal((await data(ask(server, `/api/records/store/${id}?as_of=2124-01-01`))).name, 'one');
});

test('many at once: each is stored once, and of those for one version one wins', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const ids = (await Promise.all(Array.from({ length: 60 }, (_, i) => data(post(server, '/api/records/reference_item', { list: 'colours', value: `c${i}` }), 201)))).map((r) => r.id);
  assert.equal(new Set(ids).size, 60);
  const answers = await Promise.all(ids.slice(0, 20).flatMap((id) => [1, 2, 3].map((k) => post(server, '/api/records/reference_item', { id, version: 1, value: `${id} ${k}` }))));
  assert.equal(answers.filter((a) => a.status === 200).length, 20);
  assert.equal(answers.filter((a) => a.status === 409).length, 40);
  assert.equal(one(p.db, "SELECT count(*) FROM change_log WHERE tbl = 'reference_item'"), '80');
  await server.stop();
  sound(p);
});

test('all that is wrong in a record is told at once: each field, where it stands, and what would be right', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const told = ({ errors }) => errors.map(({ field, pointer }) => [field, pointer]);
  const id = '01a1fc1f-1778-78ed-80cb-4684bbc176b3';
  const before = one(p.db, 'SELECT count(*) FROM change_log');
  const bad = { sku: '', unit_cost: '1.23456', lead_time_days: 'soon', active: 'perhaps', reorder_method: 'none', supplier: id, colour: 'red', shape: 'round' };
  const wanted = ['colour', 'shape', ...(await data(ask(server, '/api/entities'))).find((e) => e.name === 'stock_item').properties.map((x) => x.name).filter((name) => name in bad && name !== 'supplier'), 'supplier'];
  const all = await problem(post(server, '/api/stock-items', bad), 422, /colour/);
  assert.deepEqual(told(all), wanted.map((name) => [name, `/${name}`]));
  assert.equal(all.detail, all.errors[0].detail);
  for (const { field, detail } of all.errors) assert.match(detail, new RegExp(field));

  // The same of a change, as a whole and in part: only what is given.
  const made = await data(post(server, '/api/stock-items', { sku: 'A-1' }), 201);
  assert.notEqual(one(p.db, 'SELECT count(*) FROM change_log'), before);
  for (const method of ['PUT', 'PATCH']) {
    const answer = await problem(ask(server, `/api/stock-items/${made.id}`, { method, body: { unit_cost: 'x', active: 3, supplier: id, ...(method === 'PUT' && { sku: null }) } }), 422);
    assert.deepEqual(told(answer).map(([name]) => name), wanted.filter((name) => ['unit_cost', 'active', 'supplier'].includes(name) || (method === 'PUT' && name === 'sku')));
  }
  // What was changed meanwhile is that alone; and there is an end to what is told.
  assert.deepEqual(told(await problem(post(server, '/api/stock-items', { id: made.id, version: 9, unit_cost: 'x', foo: 1 }), 409)), [['version', '/version']]);
  assert.deepEqual(told(await problem(ask(server, `/api/stock-items/${id}`, { method: 'PATCH', body: { foo: 1, bar: 2 } }), 404)), [['id', '/id']]);
  const many = await problem(post(server, '/api/stock-items', Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x${i}`, i]))), 422, /x0/);
  assert.deepEqual(told(many), Array.from({ length: 32 }, (_, i) => [`x${i}`, `/x${i}`]));
  // Many at once share a transaction: each is told of its own.
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => post(server, '/api/stock-items', i % 2 ? { sku: `S-${i}`, unit_cost: `a${i}`, [`n${i}`]: 1 } : { sku: `S-${i}` })));
  answers.forEach((a, i) => assert.deepEqual(i % 2 ? told(a.json).map(([name]) => name) : a.status, i % 2 ? [`n${i}`, 'unit_cost'] : 201));
  await server.stop();
  sound(p);
});

test('a text that is needed is more than blanks, an email looks like one; what came before stays as it is', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const good = { customer_id: 'C-1', name: 'Corner' };
  for (const blank of [' ', '   ', '\t', '\n ']) assert.deepEqual((await problem(post(server, '/api/stores', { customer_id: blank, name: blank }), 422, /blanks/)).errors.map((x) => x.field), ['customer_id', 'name']);
  for (const email of ['nobody', '@', 'a@', '@b', 'a@b@c', 'a b@c', 'a@b c', 'a@b\n', ' a@b', 7]) assert.equal((await problem(post(server, '/api/stores', { ...good, email }), 422, /address such as/)).errors[0].field, 'email', String(email));
  const made = await data(post(server, '/api/stores', { ...good, email: 'me@shop', notes: '  ' }), 201);
  assert.deepEqual([made.email, made.notes], ['me@shop', '  ']);
  for (const [i, email] of ["o'neil+shop@example.co.in", 'π@παράδειγμα.ελ', null, ''].entries()) assert.equal((await data(post(server, '/api/stores', { customer_id: `D-${i}`, name: 'x', email }), 201)).email, email || null);
  const shown = (await data(ask(server, '/api/entities'))).flatMap((e) => e.properties.filter((x) => x.format).map((x) => [e.name, x.name, x.format]));
  assert.deepEqual(shown, [['stock_supplier', 'email', 'email'], ['store', 'email', 'email']]);
  // One that is there already, from before: it is changed as long as nobody gives the field itself.
  sqlite(p.db, `UPDATE stores SET email = 'none', name = ' ' WHERE id = '${made.id}'`);
  assert.deepEqual([(await data(ask(server, `/api/stores/${made.id}`, { method: 'PATCH', body: { city: 'Pune' } }))).email], ['none']);
  await problem(ask(server, `/api/stores/${made.id}`, { method: 'PATCH', body: { email: 'none' } }), 422, /email/);
  assert.equal((await data(ask(server, `/api/stores/${made.id}`, { method: 'PUT', body: good }))).email, null);
  await server.stop();
  ok(['verify', ...p.args]);
});

test('a deleted record is restored by its key, too, where it alone had it', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const restore = (name) => post(server, `/api/stores/${name}/restore`);
  const one = await data(post(server, '/api/stores', { customer_id: 'C-1', name: 'first' }), 201);
  await problem(restore('C-1'), 409, /not deleted/);
  await problem(restore('C-2'), 404, /no store C-2/);
  await data(remove(server, '/api/stores/C-1'));
  assert.deepEqual([(await data(restore('C-1'))).id, (await data(ask(server, '/api/stores/C-1'))).name], [one.id, 'first']);
  await data(remove(server, '/api/stores/C-1'));
  const second = await data(post(server, '/api/stores', { customer_id: 'C-1', name: 'second' }), 201);
  await problem(restore('C-1'), 409, /not deleted/); // who has the key now is who is meant
  await data(remove(server, `/api/stores/${second.id}`));
  await problem(restore('C-1'), 409, /several stores with the customer_id C-1/);
  assert.equal((await data(restore(second.id))).name, 'second');
  await server.stop();
  sound(p);
});

test('the terminal knows a record by its key, too: deleted, restored, and its history', (t) => {
  const p = place(t);
  const key = 'CUSTOMER-OF-A-VERY-LONG-NAME-WITH-MORE-THAN-36-CHARACTERS';
  const act = (...args) => lib.json(['record', ...args, ...p.args]);
  const { id } = act('save', 'store', JSON.stringify({ customer_id: key, name: 'first' }));
  assert.equal(act('delete', 'store', key).id, id);
  lib.refuses(['record', 'delete', 'store', key, ...p.args], new RegExp(`no store ${key}`));
  assert.equal(act('restore', 'store', key).id, id);
  assert.deepEqual(act('history', 'store', key), act('history', 'store', id));
  assert.equal(act('history', 'store', key).length, 3);
  const refused = (name, pattern) => lib.refuses(['record', 'restore', 'store', name, ...p.args], pattern);
  refused(key, /not deleted/);
  refused('C-2', /no store C-2/);
  act('delete', 'store', key);
  assert.equal(act('history', 'store', key).length, 4, 'of one that is deleted, too');
  const second = act('save', 'store', JSON.stringify({ customer_id: key, name: 'second' }));
  refused(key, /not deleted/);
  act('delete', 'store', second.id);
  refused(key, /several stores/);
  assert.equal(act('restore', 'store', second.id).name, 'second');
  sound(p);
});

test('what was known of a deleted record is found by its key, too', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const { id } = await data(post(server, '/api/stores', { customer_id: 'C-1', name: 'first' }), 201);
  const then = new Date().toISOString();
  await sleep(5);
  await data(remove(server, '/api/stores/C-1'));
  for (const base of ['/api/stores', '/api/records/store']) {
    const past = base === '/api/stores' ? 'changes' : 'history';
    const byId = await data(ask(server, `${base}/${id}/${past}`));
    assert.deepEqual(byId.map((h) => h.event), ['RECORD_CREATED', 'RECORD_DELETED']);
    assert.deepEqual(await data(ask(server, `${base}/C-1/${past}`)), byId);
    await problem(ask(server, `${base}/C-2/${past}`), 404, /no store C-2/);
    await problem(ask(server, `${base}/C-1`), 404, /no store C-1/);
  }
  assert.equal((await data(ask(server, `/api/records/store/C-1?as_of=${then}`))).name, 'first');
  // Who has the key now is who is meant; of several that had it nobody is.
  const second = await data(post(server, '/api/stores', { customer_id: 'C-1', name: 'second' }), 201);
  assert.deepEqual((await data(ask(server, '/api/stores/C-1/changes'))).map((h) => h.after.name), ['second']);
  await data(remove(server, `/api/stores/${second.id}`));
  await problem(ask(server, '/api/stores/C-1/changes'), 409, /several stores with the customer_id C-1/);
  await server.stop();
  sound(p);
});

test('what is wrong is refused with a sentence that names it, and nothing is stored', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const item = { list: 'regions', value: 'Overseas' };
  const before = one(p.db, 'SELECT count(*) FROM change_log');
  const to = '/api/records/reference_item';
  const raw = (body, headers = {}) => ask(server, to, { method: 'POST', body, headers });
  for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { origin: `http://127.0.0.1:${server.port + 1}` }, { 'sec-fetch-site': 'cross-site' }]) {
    await problem(post(server, to, item, headers), 403);
    await problem(remove(server, `${to}/01a1fc1f-1778-78ed-80cb-4684bbc176b3`, headers), 403);
  }
  await problem(post(server, to, item, { host: 'evil.example' }), 421);
  for (const body of ['', '   ', '[]', '3', '"x"', 'null']) await problem(raw(body), 422);
  for (const body of ['{', '{"a":1,"a":2}', '{"list":"a"} x', '\xff', '['.repeat(100000), '{"a":'.repeat(60) + '1' + '}'.repeat(60)]) await problem(raw(body), 400);
  await problem(raw(Buffer.from([0x7b, 0xff, 0x7d])), 400);
  await problem(raw(`{"list":"regions","value":"${'x'.repeat(1 << 20)}"}`), 413, /most/);
  async function* endless() {
    for (let i = 0; i < 400; i++) yield Buffer.alloc(8192, 0x20);
  }
  const cut = await ask(server, to, { method: 'POST', body: endless() }).catch((error) => ({ status: error.code }));
  assert.ok([413, 'EPIPE', 'ECONNRESET'].includes(cut.status), String(cut.status));
  await problem(raw('{}', { 'content-type': 'multipart/form-data; boundary=x' }), 415, /JSON/);
  const wrong = await problem(post(server, to, { list: 'regions', colour: 'red' }), 422, /colour.*list, value/);
  assert.equal(wrong.errors[0].field, 'colour');
  await problem(post(server, to, { list: 'regions' }), 422, /value/);
  await problem(post(server, to, { ...item, id: 'x' }), 422, /id/);
  for (const path of ['/api/records/nothing', '/api/records/sale', '/api/records/run']) {
    await problem(ask(server, path), 404, /there are .*rule/);
    await problem(post(server, path, item), 404, /there are .*rule/);
  }
  const nobody = '01a1fc1f-1778-78ed-80cb-4684bbc176b3';
  for (const id of [nobody, 'x', 'a'.repeat(300)]) {
    await problem(ask(server, `${to}/${id}`), 404);
    await problem(ask(server, `${to}/${id}/history`), 404);
    await problem(remove(server, `${to}/${id}`), 404);
    await problem(post(server, `${to}/${id}/restore`), 404);
  }
  await problem(ask(server, `${to}?as_of=yesterday`), 422, /yesterday/);
  await problem(ask(server, `${to}?deleted=perhaps`), 422, /deleted/);
  for (const [method, path, allow] of [['PUT', to, /GET.*POST/], ['POST', `${to}/${nobody}`, /GET.*DELETE/], ['DELETE', to, /POST/]]) {
    const answer = await ask(server, path, { method, body: method === 'DELETE' ? undefined : '{}' });
    assert.equal(answer.status, 405);
    assert.match(answer.headers.allow, allow);
  }
  await problem(ask(server, `${to}/${nobody}/restore`, { method: 'POST', body: '{"a":1}' }), 413, /no body/);
  assert.equal(one(p.db, 'SELECT count(*) FROM change_log'), before);
  // And the same connection goes on after a body that was read.
  const good = await data(ask(server, to, { method: 'POST', body: (async function* () { yield '{"list":"regions",'; yield '"value":"Overseas"}'; })() }), 201);
  assert.equal(good.value, 'Overseas');
});

test('a tab shows only what there is', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const card = { kind: 'bars', title: 'By region', measure: 'revenue', group: 'region', filter: { product: 'Dairy', from: '2024-01-01' }, span: 2 };
  const saved = await data(post(server, '/api/records/tab', { title: 'Mine', cards: [card, { kind: 'stat', title: 'Orders', measure: 'orders', group: null, span: 1 }] }), 201);
  assert.deepEqual(saved.cards[0], card);
  for (const [change, pattern] of [
    [{ kind: 'pie' }, /stat, bars, line or table/], [{ title: '' }, /title/], [{ title: 'x'.repeat(300) }, /title/], [{ measure: 'profit' }, /orders, quantity, revenue/], [{ measure: 'region' }, /orders/],
    [{ group: 'customer' }, /order_date, region, product/], [{ group: 'revenue' }, /region/], [{ group: null }, /group/], [{ filter: { colour: 'x' } }, /colour/], [{ filter: 'North' }, /filter/], [{ filter: { region: ['a'] } }, /region/],
    [{ span: 9 }, /span/], [{ span: 'wide' }, /span/], [{ colour: 'red' }, /colour/], [{ dataset: 'purchases' }, /sales/],
  ])
    await problem(post(server, '/api/records/tab', { title: 'Wrong', cards: [card, { ...card, ...change }] }), 422, pattern);
  await problem(post(server, '/api/records/tab', { title: 'Wrong', cards: ['x'] }), 422, /object/);
  await problem(post(server, '/api/records/tab', { title: 'Wrong', cards: {} }), 422, /array/);
  await problem(post(server, '/api/records/tab', { title: 'Wrong', cards: Array(30).fill(card) }), 422, /24/);
  for (const [subject, fits] of [['sale', 1], ['sale.region', 1], ['clean_sales.revenue', 1], ['raw_sales', 1], ['exceptions', 1], ['rule region_known', 1], ['sale.colour', 0], ['rule nothing', 0], ['x', 0], ['raw_purchases', 0], ["sale' OR 1", 0]])
    assert.equal((await post(server, '/api/records/steward', { subject })).status, fits ? 201 : 422, subject);
  assert.equal((await data(ask(server, '/api/records/tab'))).length, 1);
});

// ---- tables ----

test('a table over HTTP is byte for byte the one that the command writes', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const first = importFile(p, generate(p.dir, 2500, 1, 2).file);
  const second = importFile(p, generate(p.dir, 700, 2, 2).file);
  const list = await data(ask(server, '/api/tables'));
  assert.ok(list.length >= 8 && list.some((x) => x.name === 'raw_sales'));
  for (const { name, columns } of list)
    for (const format of ['csv', 'json'])
      for (const run of [null, first.run, second.run.slice(0, 30)]) {
        const answer = await ask(server, `/api/tables/${name}?format=${format}${run ? `&run=${run}` : ''}`);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['content-disposition'], `attachment; filename="${name}.${format}"`);
        assert.match(answer.headers['content-type'], format === 'csv' ? /^text\/csv/ : /^application\/json/);
        assert.equal(answer.headers['transfer-encoding'], 'chunked');
        const expected = ok(['export', name, format === 'csv' ? '--csv' : '--json', ...(run ? ['--run', run] : []), ...p.args]);
        assert.equal(String(answer.body), expected, `${name} ${format} ${run}`);
        const names = columns.map((c) => c.name);
        if (format === 'csv') assert.deepEqual(lib.parseCsv(expected)[0], names);
        else for (const row of JSON.parse(expected)) assert.deepEqual(Object.keys(row), names);
      }
  await problem(ask(server, '/api/tables/sale'), 404, /clean_sales/);
  await problem(ask(server, '/api/tables/runs?format=xlsx'), 422, /csv, json or parquet/);
  await problem(ask(server, '/api/tables/runs?run=zzz'), 404, /zzz/);
  assert.equal((await ask(server, '/api/tables/runs', { method: 'HEAD' })).body.length, 0);
});

test('a large table is sent while it is made', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  importFile(p, generate(p.dir, 200000, 3).file);
  await ask(server, '/api/tables/clean_sales?run=latest');
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, rss())), 10);
  const answer = await ask(server, '/api/tables/clean_sales');
  clearInterval(watch);
  assert.equal(String(answer.body).split('\r\n').length - 2, Number(one(p.db, 'SELECT count(*) FROM sale')));
  assert.ok(answer.body.length > 15e6);
  if (!/asan|tsan/.test(OUTPOST)) assert.ok(most < 24 * 1024, `${most} KiB for ${answer.body.length} bytes`);
});

test('what cannot be processed is called so, in the reply and in its status line', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const reply = await fetch(`http://127.0.0.1:${server.port}/api/runs?limit=x`);
  assert.deepEqual([reply.status, reply.statusText, (await reply.json()).title], [422, 'Unprocessable Content', 'Unprocessable Content']);
});
