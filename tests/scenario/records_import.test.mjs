// Tables of records: what a list was written to comes back as it is, for every entity; and what people write by hand.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { installed } from '../browser/outpost.mjs';
import { ask, data, post, problem } from './api.mjs';
import { addUser, as, email, token } from './auth.mjs';
import { ENTITIES, makeOne } from './entities.mjs';
import { json, ok, one, outpost, parseCsv, place, random, refuses, serve, sound } from './lib.mjs';

const entries = (p) => one(p.db, "SELECT count(*) FROM change_log WHERE event LIKE 'RECORD_%'");
const send = (server, entity, table, more = '', headers = {}) => post(server, `/api/records/${entity}/import?${more}`, table, { 'content-type': 'text/csv', ...headers });
const list = (p, entity) => json(['record', 'list', entity, ...p.args]);

test('the list of every entity, written as a table, comes back, and nothing changes', async (t) => {
  const p = place(t);
  const r = random(47);
  for (const entity of ENTITIES) makeOne(entity, r, 1, p);
  const server = await serve(t, p.data, '--rate', '0', '--workers', '0'); // nobody else changes anything
  for (const entity of ENTITIES) {
    const table = (await ask(server, `/api/records/${entity.name}`, { headers: { accept: 'text/csv' } })).body;
    const rows = parseCsv(String(table)).length - 1;
    const before = entries(p);
    const same = await data(send(server, entity.name, table));
    assert.deepEqual([same.rows, same.added, same.changed, same.ignored], [rows, 0, 0, ''], entity.name);
    assert.equal(entries(p), before, entity.name);
  }
  await server.stop();
  sound(p);
});

test('texts that break programs go out as a table and come in as they were', async (t) => {
  const p = place(t);
  ok(['tenant', 'add', 'other', '--data', p.data]);
  const server = await serve(t, p.data, '--rate', '0');
  const texts = [...createRequire(installed())('big-list-of-naughty-strings').filter(Boolean), '=HYPERLINK("http://x")', '-2+3', '+1', '@SUM(A1)', '\t=1', "'=x", "''=x", 'a;=b', 'a\n=b', "'", '=1;+2', '－1', '＝1', ' lead', 'trail ', '\r\n', '1e5', '007'];
  for (const [i, notes] of texts.entries()) await data(post(server, '/api/records/store?tenant=demo', { customer_id: `N${i}`, name: 'n', notes }), 201);
  const { body } = await ask(server, '/api/records/store?tenant=demo&limit=10000', { headers: { accept: 'text/csv' } });
  const before = entries(p);
  const same = await data(send(server, 'store', body, 'tenant=demo'));
  assert.deepEqual([same.rows, same.added, same.changed], [texts.length, 0, 0]);
  assert.equal(entries(p), before);
  const there = await data(send(server, 'store', String(body).replace(/^id,/, 'nr,'), 'tenant=other'));
  assert.deepEqual([there.added, there.changed, there.ignored], [texts.length, 0, 'nr']);
  const got = new Map((await data(ask(server, '/api/records/store?tenant=other&limit=10000'))).map((s) => [s.customer_id, s.notes]));
  for (const [i, notes] of texts.entries()) assert.equal(got.get(`N${i}`), notes.replace(/^[ \t\r\n\f\v]+|[ \t\r\n\f\v]+$/g, '') || null, JSON.stringify(notes));
});

const TABLE = '\ufeffCustomer ID;Shop;City;Fax;Status\r\nC-1;Müller "A" & Söhne;Köln;1;active\r\n"C-2";"\'=HYPERLINK(""x"")";Pune;;\r\n';

test('a table that people wrote: headings, references by key, numbers and days as their columns have them', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'stores.csv');
  fs.writeFileSync(file, TABLE);
  const stores = (...more) => json(['record', 'import', 'store', file, '--map', 'name=Shop', ...more, ...p.args]);
  const before = entries(p);
  assert.deepEqual(stores('--dry-run'), { rows: 2, added: 2, changed: 0, ignored: 'Fax', dry_run: true });
  assert.equal(entries(p), before, 'a dry run leaves nothing');
  assert.deepEqual(stores(), { rows: 2, added: 2, changed: 0, ignored: 'Fax', dry_run: false });
  assert.deepEqual(stores(), { rows: 2, added: 0, changed: 0, ignored: 'Fax', dry_run: false });
  assert.deepEqual(list(p, 'store').map((s) => [s.customer_id, s.name, s.city, s.status, s.version]).sort(), [['C-1', 'Müller "A" & Söhne', 'Köln', 'active', 1], ['C-2', '=HYPERLINK("x")', 'Pune', 'active', 1]]);

  fs.writeFileSync(file, 'customer_id,name,city\nC-1,,Bonn\nC-3,drei,\n'); // an empty cell leaves things as they are
  assert.deepEqual(json(['record', 'import', 'store', file, ...p.args]), { rows: 2, added: 1, changed: 1, ignored: '', dry_run: false });
  assert.deepEqual(list(p, 'store').filter((s) => s.customer_id === 'C-1').map((s) => [s.name, s.city, s.version]), [['Müller "A" & Söhne', 'Bonn', 2]]);

  fs.writeFileSync(file, 'customer_id,name,city\nC-4,vier,\nC-4,vier,\nC-4,,Ulm\n'); // rows of one record may repeat and complete each other
  assert.deepEqual(json(['record', 'import', 'store', file, ...p.args]), { rows: 3, added: 1, changed: 1, ignored: '', dry_run: false });
  assert.deepEqual(json(['record', 'import', 'store', file, ...p.args]), { rows: 3, added: 0, changed: 0, ignored: '', dry_run: false });
  assert.deepEqual(list(p, 'store').filter((s) => s.customer_id === 'C-4').map((s) => [s.name, s.city]), [['vier', 'Ulm']]);

  const orders = path.join(p.dir, 'orders.csv');
  fs.writeFileSync(orders, 'Number\tStore ID\tOrder-Date\tStatus\tTotal Amount\tItem Count\nA1\tC-1\t28/02/2024\tdraft\t0\t0\nA2\tC-3\t1/03/2024\tdraft\t0,00\t0\n');
  ok(['record', 'import', 'order', orders, ...p.args]);
  const ids = Object.fromEntries(list(p, 'store').map((s) => [s.customer_id, s.id]));
  assert.deepEqual(list(p, 'order').map((o) => [o.number, o.store_id, o.order_date]).sort(), [['A1', ids['C-1'], '2024-02-28'], ['A2', ids['C-3'], '2024-03-01']]);
  const items = path.join(p.dir, 'items.csv');
  fs.writeFileSync(items, 'SKU;Unit Cost;Active;Details\nS1;1.234,50;yes;"{""a"":1}"\nS2;12,5;No;\n');
  ok(['record', 'import', 'stock_item', items, ...p.args]);
  assert.deepEqual(list(p, 'stock_item').map((s) => [s.sku, s.unit_cost, s.active, s.details]), [['S1', '1234.5', true, { a: 1 }], ['S2', '12.5', false, {}]]);
  ok(['record', 'import', 'store', '-', ...p.args], { input: '[{"customer_id":"J-1","name":"json"}]' });
  assert.equal(list(p, 'store').length, 5);
  sound(p);
});

test('all of a table or none of it: what is wrong is told of each row, with its line', async (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'x.csv');
  const wrong = (entity, text, pattern, code = 1, ...more) => {
    fs.writeFileSync(file, text);
    const before = entries(p);
    const ended = outpost(['record', 'import', entity, file, ...more, ...p.args]);
    assert.equal(ended.code, code, ended.err + ended.out);
    assert.match(ended.err, pattern);
    assert.equal(entries(p), before);
  };
  wrong('stock_item', 'sku,unit_cost,reorder_method,supplier\nS1,1,eoq,\nS2,x,nix,\nS3,-1,eoq,ACME\n', /^ *line 3: unit_cost is a number[^]*^ *line 3: reorder_method[^]*^ *line 4: supplier: there is no stock_supplier ACME[^]*2 of 3 rows/m);
  wrong('stock_item', 'id,sku\n01a1fc1f-1778-78ed-80cb-4684bbc176b3,S1\n', /line 2: there is no stock_item 01a1fc1f/);
  wrong('store', 'a,b\n1,2\n', /no heading.*a, b; a store has customer_id, name, address/);
  wrong('store', 'Kundennummer,Name,Ort\nK1,a,b\nK2,c,d\n', /^  no column is customer_id, .*; passed over were Kundennummer, Ort: .* customer_id="Kundennummer"\noutpost: .*2 of 2 rows/);
  wrong('store', 'customer_id,name\nC,a\nD,x\nC,b\n', /line 4: name is 'b' here and 'a' in line 2, which is the same store\n.*1 of 3 rows/);
  wrong('store', 'customer_id,name\nC,n\n', /no column 'Nix'/, 1, '--map', 'name=Nix');
  wrong('store', 'customer_id,name\nC,n\n', /has no 'nix'/, 1, '--map', 'nix=name');
  wrong('store', 'customer_id,name\nC,n\n', /PROPERTY=HEADING/, 1, '--map', 'name');
  wrong('store', 'name,name\na,b\n', /no column is customer_id, .*; passed over were name 2: /);
  wrong('nix', 'a\n1\n', /no entity nix/, 4);
  refuses(['record', 'import', 'store', path.join(p.dir, 'none.csv'), ...p.args], /none\.csv/, 4);

  addUser(p, 'sales');
  addUser(p, 'auditor');
  addUser(p, 'admin');
  ok(['tenant', 'add', 'other', '--data', p.data]);
  const server = await serve(t, p.data);
  const by = async (role) => ({ authorization: `Bearer ${await token(server, email(role), undefined, { tenant: 'demo' })}` });
  const table = 'customer_id,name\nC-1,one\nC-2,\n';
  const told = await problem(send(server, 'store', table, '', await by('sales')), 422, /1 of 2 rows/);
  assert.deepEqual(told.errors.map((e) => e.detail.slice(0, 23)), ['nothing was stored, bec', 'line 3: name is needed:']);
  assert.equal(told.errors[1].field, 'name');
  await problem(send(server, 'store', table, '', await by('auditor')), 403);
  assert.doesNotMatch((await problem(send(server, 'store', 'customer_id,name\nA\0,b\n', '', await by('sales')), 422)).detail, /\//, 'nothing of where it lies');
  await problem(send(server, 'stock_supplier', 'code,name\nA,b\n', '', await by('sales')), 403);
  await problem(send(server, 'user', 'email,role\nx@example.org,admin\n', '', await by('sales')), 403);
  await problem(send(server, 'store', table), 401);
  // Nobody gives more than he has, by a table either.
  const role = await data(send(server, 'role', 'name,permissions,help\nclerk,"people.write",accounts\n', '', await by('admin')));
  assert.equal(role.added, 1);
  ok(['user', 'add', 'clerk@example.org', '--role', 'clerk', '--password', 'canary-Kartoffel-7', ...p.args]);
  await problem(send(server, 'user', 'email,name,role\nx@example.org,x,admin\n', '', await by('clerk')), 403, /more than he/);
  await problem(send(server, 'role', 'name,permissions\nclerk,*.write\n', '', await by('clerk')), 403, /more than he/);
  await problem(send(server, 'store', table, 'tenant=other', await by('admin')), 404);
  const key = { ...(await by('sales')), 'idempotency-key': 'table-1' };
  for (let i = 0; i < 2; i++) assert.deepEqual(await data(send(server, 'store', 'customer_id,name\nC-1,one\n', 'map=name%3Dname', key)), { rows: 1, added: 1, changed: 0, ignored: '', dry_run: false });
  assert.deepEqual((await data(as(server, (await by('admin')).authorization.slice(7), '/api/stores'))).map((s) => [s.customer_id, s.created_by]), [['C-1', email('sales')]]);
  await server.stop();
  sound(p);
});
