// Files that come in over HTTP: sent, looked at, tried, imported, cancelled.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask, data, finished, imported, post, problem, query, remove, upload } from './api.mjs';
import * as lib from './lib.mjs';
import { OUTPOST, generate, importFile, json, one, place, serve, sleep, sound } from './lib.mjs';

const HEADING = 'order_id,order_date,region,product,quantity,revenue\n';
const tables = ['sale', 'sale_total', 'reject', 'raw_chunk', 'run_control', 'run_category'];
const counts = (p) => Object.fromEntries(tables.map((name) => [name, one(p.db, `SELECT count(*) FROM ${name}`)]));
const memory = (server) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
const uploads = (p) => fs.readdirSync(path.join(p.data, 'uploads'));

function figures(rows) {
  const total = lib.sums(rows, () => 'all').get('all') ?? { orders: 0, quantity: 0n, revenue: 0n };
  return { orders: total.orders, quantity: lib.print(total.quantity), revenue: lib.print(total.revenue) };
}

test('a file is sent, looked at, tried and imported; the figures are those of a second opinion', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const text = lib.messySales(11, 600);
  const sent = await upload(server, 'C:\\Users\\x\\märz.csv', text);
  assert.equal(sent.name, 'märz.csv');
  assert.equal(sent.bytes, Buffer.byteLength(text));
  assert.equal(sent.sha256, lib.sha256(text));

  const seen = await data(ask(server, `/api/uploads/${sent.upload}?as=sales`));
  assert.deepEqual([seen.name, seen.bytes, seen.kind, seen.problem, seen.remembered, seen.existing], ['märz.csv', sent.bytes, 'csv', null, false, 'reject']);
  assert.deepEqual(seen.columns.map((c) => [c.index, c.heading]), lib.FIELDS.map((name, i) => [i + 1, name]));
  assert.deepEqual(seen.mapping.map((m) => [m.field, m.heading, m.how]), lib.FIELDS.map((name) => [name, name, 'name']));
  assert.deepEqual(seen.unique, ['order_id']);
  assert.deepEqual(seen.sample, lib.parseCsv(text).slice(1, 6).map((row) => lib.FIELDS.map((_, i) => row[i] ?? '')));
  assert.ok(seen.columns.every((c) => c.examples.length <= 3 && new Set(c.examples).size === c.examples.length));
  assert.ok(Math.abs(seen.rows_estimate - 600) < 20, seen.rows_estimate);
  assert.ok(seen.decisions.some((d) => d.subject === 'encoding' && d.decision === 'UTF-8'));

  const { clean, rejected } = lib.judge(text);
  const before = counts(p);
  const expected = (task) => {
    assert.equal(task.state, 'done', task.message);
    assert.deepEqual(task.result.rows, { read: 600, clean: clean.length, rejected: rejected.length, created: clean.length, updated: 0, unchanged: 0, edits: 0 });
    assert.deepEqual(task.result.rejected, lib.count(rejected, (r) => r.category));
    assert.deepEqual(task.result.figures, figures(clean));
    assert.deepEqual([task.rows, task.clean, task.rejected, task.bytes, task.bytes_total], [600, clean.length, rejected.length, sent.bytes, sent.bytes]);
    assert.deepEqual(task.result.sample.map((r) => [r.line, r.category, r.raw]), rejected.slice(0, 50).map((r) => [r.line, r.category, r.raw]));
    task.result.sample.forEach((r, i) => assert.deepEqual(r.faults.map((f) => f.control), rejected[i].faults));
    const failed = lib.count(rejected.flatMap((r) => r.faults), (name) => name);
    for (const c of task.result.controls) assert.equal(c.failed, failed[c.control] ?? 0, c.control);
    assert.equal(task.result.reconciled, true);
  };
  const tried = await finished(server, await data(post(server, `/api/imports?as=sales&dry_run=1&upload=${sent.upload}`), 202));
  expected(tried);
  assert.deepEqual([tried.dry_run, tried.run, tried.name], [true, null, 'märz.csv']);
  assert.deepEqual(counts(p), before);
  assert.equal(one(p.db, 'SELECT count(*) FROM run'), '0');

  const done = await finished(server, await data(post(server, `/api/imports?upload=${sent.upload}`), 202));
  expected(done);
  assert.equal(done.run, one(p.db, 'SELECT uuid FROM run'));
  const report = await data(ask(server, `/api/runs/${done.run}`));
  assert.equal(report.source, 'märz.csv');
  assert.deepEqual(report.totals, done.result.figures);
  assert.equal(one(p.db, 'SELECT actor FROM run'), 'http');
  await problem(ask(server, `/api/uploads/${sent.upload}`), 404, /send the file again/);
  assert.deepEqual(uploads(p), []);

  const { json: list } = await ask(server, '/api/imports');
  assert.deepEqual(list.data.map((i) => i.import), [done.import, tried.import]);
  assert.equal(list.total, 2);
  await server.stop();
  sound(p);
});

test('what is imported over HTTP is what the command imports', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const { file, text } = generate(p.dir, 3000, 5, 3);
  const here = lib.copyPlace(p, 'second');
  const byCommand = importFile(here, file);
  const task = await imported(server, path.basename(file), gzipSync(text), [['as', 'sales']]);
  assert.equal(task.state, 'done', task.message);
  assert.deepEqual([task.result.rows.clean, task.result.rows.rejected, task.result.rejected], [byCommand.rows.clean, byCommand.rows.rejected, byCommand.rejected]);
  const rows = (place) => lib.query(place.db, 'SELECT key, order_date, region, product, quantity, revenue FROM sale ORDER BY key');
  assert.deepEqual(rows(p), rows(here));
  assert.equal(one(p.db, 'SELECT sha256 FROM run'), lib.sha256(text));
});

test('a body of any size goes to the disk as it comes', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data, '--workers', '0');
  await ask(server, '/healthz');
  const idle = memory(server);
  const block = Buffer.from(`${'x'.repeat(1023)}\n`.repeat(1024));
  async function* bytes(blocks) {
    for (let i = 0; i < blocks; i++) yield block;
  }
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, memory(server))), 20);
  for (const headers of [{}, { 'content-length': 96 * block.length }]) {
    const sent = await upload(server, 'large.txt', bytes(96), headers);
    assert.equal(sent.bytes, 96 * block.length);
    assert.equal(fs.statSync(path.join(p.data, 'uploads', sent.upload)).size, sent.bytes);
    assert.equal((await data(remove(server, `/api/uploads/${sent.upload}`))).deleted, true);
    assert.deepEqual(uploads(p), []);
    await problem(remove(server, `/api/uploads/${sent.upload}`), 404);
  }
  clearInterval(watch);
  if (!/asan|tsan/.test(OUTPOST)) assert.ok(most < idle + 16384 /* a sixth of one body */, `${idle} KiB, and ${most} KiB while files came`);

  // One that breaks off leaves nothing.
  const net = await import('node:net');
  const socket = net.connect(server.port, '127.0.0.1').on('error', () => {});
  socket.write(`POST /api/uploads HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 1000000\r\n\r\n${'y'.repeat(50000)}`);
  await sleep(200);
  assert.equal(uploads(p).length, 1);
  socket.destroy();
  for (let i = 0; i < 100 && uploads(p).length; i++) await sleep(100);
  assert.deepEqual(uploads(p), []);
  // And those of an earlier server are gone with it.
  await upload(server, 'left.csv', HEADING);
  assert.equal(uploads(p).length, 1);
  server.child.kill('SIGKILL');
  await sleep(100);
  const next = await serve(t, p.data);
  assert.deepEqual(uploads(p), []);
  await upload(next, 'left.csv', HEADING);
  await next.stop();
  assert.deepEqual(uploads(p), []);
});

test('what is wrong is refused with a sentence, and nothing is kept', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const good = `${HEADING}a,2024-01-01,North,Dairy,1,1\n`;
  const evil = { origin: 'http://evil.example' };
  await problem(post(server, '/api/imports', good, evil), 403);
  await problem(post(server, '/api/uploads', good, evil), 403);
  await problem(post(server, '/api/imports', good, { 'sec-fetch-site': 'cross-site' }), 403);
  await problem(post(server, '/api/imports', good, { 'sec-fetch-site': 'same-site' }), 403);
  await problem(post(server, '/api/imports?as=purchases', good), 404, /purchases.*sales/);
  await problem(post(server, '/api/imports?map=colour%3DX', good), 422, /colour.*order_id, order_date/);
  await problem(post(server, '/api/imports?map=region', good), 422, /region/);
  await problem(post(server, '/api/imports?map=region%3Da&map=region%3Db', good), 422, /region.*twice/);
  await problem(post(server, '/api/imports?delimiter=%22', good), 422, /delimiter/);
  await problem(post(server, '/api/imports?encoding=klingon', good), 422, /encoding/);
  await problem(post(server, '/api/imports?date-order=abc', good), 422, /date-order/);
  await problem(post(server, '/api/imports?dry_run=perhaps', good), 422, /dry_run/);
  await problem(post(server, '/api/imports?existing=delete', good), 422, /reject or update/);
  await problem(post(server, '/api/imports?tenant=nobody', good), 404, /demo/);
  await problem(post(server, '/api/imports'), 422, /body/);
  await problem(post(server, '/api/uploads'), 422, /body/);
  await problem(post(server, `/api/uploads?name=${'n'.repeat(300)}`, good), 422, /name/);
  await problem(post(server, '/api/imports?upload=01a1fc1f-1778-78ed-80cb-4684bbc176b3'), 404, /send the file again/);
  await problem(post(server, '/api/imports?upload=..%2f..%2fsystem.db'), 404);
  await problem(ask(server, '/api/uploads/system.db'), 404);
  await problem(ask(server, '/api/imports/nothing'), 404, /runs/);
  await problem(remove(server, '/api/imports/nothing'), 404);
  await problem(post(server, '/api/imports', '', { 'content-length': String(9 * 2 ** 30) }), 413, /most/);
  assert.equal((await ask(server, '/api/imports', { method: 'PUT', body: good })).status, 405);
  assert.deepEqual(uploads(p), []);
  assert.deepEqual(await data(ask(server, '/api/imports')), []);
  const sent = await upload(server, 'a.csv', good);
  await problem(post(server, `/api/imports?upload=${sent.upload}`, good), 422, /one file/);
  await problem(ask(server, `/api/uploads/${sent.upload}?as=purchases`), 404, /sales/);
  await problem(ask(server, `/api/uploads/${sent.upload}?map=a%3Db`), 422, /no field 'a'/);

  // What shows only when the file is read fails the import; the upload stays for another try.
  const failed = await finished(server, await data(post(server, `/api/imports?upload=${sent.upload}&${query([['map', 'region=Nowhere']])}`), 202));
  assert.equal(failed.state, 'failed');
  assert.match(failed.message, /Nowhere.*order_id, order_date/);
  assert.deepEqual([failed.result, failed.run], [null, null]);
  await problem(remove(server, `/api/imports/${failed.import}`), 409, /over.*failed/);
  assert.equal((await finished(server, await data(post(server, `/api/imports?upload=${sent.upload}`), 202))).state, 'done');
  const empty = await imported(server, 'zip.bin', Buffer.from('PK\x03\x04\0\0\0\0'));
  assert.equal(empty.state, 'failed');
  assert.match(empty.message, /zip\.bin/);
  assert.deepEqual(uploads(p), []);
  assert.equal(one(p.db, 'SELECT count(*) FROM sale'), '1');
});

test('a file that is no table, and one whose columns nobody knows, are looked at all the same', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const nothing = await upload(server, 'photo.png', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR'));
  const seen = await data(ask(server, `/api/uploads/${nothing.upload}`));
  assert.match(seen.problem, /photo\.png/);
  assert.deepEqual([seen.kind, seen.columns, seen.sample, seen.rows_estimate], [null, [], [], null]);
  assert.deepEqual(seen.mapping.map((m) => [m.field, m.heading]), lib.FIELDS.map((f) => [f, null]));

  const odd = await upload(server, 'odd.csv', 'Alpha;Beta;Region\n1;x;North\n2;y;South\n');
  const look = await data(ask(server, `/api/uploads/${odd.upload}?${query([['map', 'order_id=Alpha'], ['unique', 'Alpha,Beta']])}`));
  assert.match(look.problem, /order_date, product, quantity, revenue/);
  assert.deepEqual(look.mapping.map((m) => [m.heading, m.how]), [['Alpha', 'given'], [null, null], ['Region', 'name'], [null, null], [null, null], [null, null]]);
  assert.ok(look.mapping.every((m) => m.help && m.kind && typeof m.essential === 'boolean'));
  assert.deepEqual(look.columns.map((c) => c.examples), [['1', '2'], ['x', 'y'], ['North', 'South']]);
  const other = await data(ask(server, `/api/uploads/${odd.upload}?delimiter=comma`));
  assert.equal(other.columns.length, 1);
});

// ---- cancelled and interrupted ----

async function underWay(server, target, body) {
  const accepted = await data(ask(server, target, { method: 'POST', body }), 202);
  for (let i = 0; i < 2000; i++) {
    const task = await data(ask(server, accepted.href));
    assert.ok(['waiting', 'running'].includes(task.state), `${task.state}: too quick to be interrupted`);
    if (task.rows > 0) return { ...accepted, task };
    await sleep(2);
  }
  return assert.fail('it never began');
}

test('a cancelled import leaves nothing but the note of it', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  assert.equal((await imported(server, 'first.csv', lib.messySales(1, 50))).state, 'done');
  const before = counts(p);
  const { text } = generate(p.dir, 600000, 8);
  for (const dry of [false, true]) {
    const running = await underWay(server, `/api/imports?name=big.csv${dry ? '&dry_run=1' : ''}`, text);
    assert.ok(running.task.rows < 600000 && running.task.clean + running.task.rejected > 0);
    const began = Date.now();
    const cancelled = await data(remove(server, running.href));
    assert.equal(cancelled.state, 'cancelled');
    assert.ok(Date.now() - began < 2500);
    assert.deepEqual([cancelled.message, cancelled.result], ['cancelled', null]);
    await problem(remove(server, running.href), 409, /cancelled/);
    assert.deepEqual(counts(p), before);
  }
  assert.deepEqual(lib.query(p.db, 'SELECT state, message FROM run ORDER BY id'), [['done', null], ['failed', 'cancelled']]);
  assert.deepEqual(uploads(p), []);
  assert.equal((await imported(server, 'next.csv', `${HEADING}n,2024-01-01,North,Dairy,1,1\n`)).state, 'done');
  await server.stop();
  sound(p);
});

test('one waits for the other, and may be cancelled while it waits; too many are refused', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const { text } = generate(p.dir, 600000, 8);
  const running = await underWay(server, '/api/imports?name=big.csv', text);
  const small = `${HEADING}n,2024-01-01,North,Dairy,1,1\n`;
  const waiting = [];
  for (let i = 0; i < 7; i++) waiting.push(await data(post(server, `/api/imports?name=w${i}.csv`, small), 202));
  const refused = await ask(server, '/api/imports', { method: 'POST', body: small });
  assert.equal(refused.status, 503);
  assert.ok(refused.headers['retry-after']);
  await Promise.all([...waiting, running].map((one) => remove(server, one.href)));
  for (const one of waiting) assert.ok(['cancelled', 'done'].includes((await finished(server, one)).state));
  assert.equal((await finished(server, running)).state, 'cancelled');
  await server.stop();
  sound(p);
});

test('a server that is told to stop in the middle of an import stops soon, and nothing is stored', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const { text } = generate(p.dir, 600000, 8);
  const before = counts(p);
  await underWay(server, '/api/imports?name=big.csv', text);
  const began = Date.now();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.ok(Date.now() - began < 3000, `${Date.now() - began} ms`);
  assert.deepEqual(counts(p), before);
  assert.deepEqual(lib.query(p.db, 'SELECT state, message FROM run'), [['failed', 'cancelled']]);
  assert.deepEqual(uploads(p), []);
  sound(p);
});

// ---- memory of mappings ----

test('a file whose headings nobody knows is mapped once by hand, and never again', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const headings = ['Bon', 'Tag', 'Bereich', 'Zeug', 'Wieviel', 'Geld', 'Kunde'];
  const file = (name, id) => `${headings.join(';')}\n${id};2024-01-05;North;Dairy;3;10.50;K1\n${id};2024-01-06;South;Dairy;3;10.50;K2\n`;
  const maps = lib.FIELDS.map((field, i) => ['map', `${field}=${headings[i]}`]);
  const blind = await imported(server, 'a.csv', file('a', 1));
  assert.equal(blind.state, 'failed');
  assert.equal((await imported(server, 'a.csv', file('a', 1), [...maps, ['dry_run', '1'], ['unique', 'Bon,Kunde']])).result.rows.clean, 2);
  assert.deepEqual(await data(ask(server, '/api/records/mapping_memory')), []); // a try is not remembered
  assert.equal((await imported(server, 'a.csv', file('a', 1), [...maps, ['unique', 'Bon,Kunde']])).result.rows.clean, 2);
  const [memory] = await data(ask(server, '/api/records/mapping_memory'));
  assert.deepEqual(memory.maps, Object.fromEntries(lib.FIELDS.map((field, i) => [field, headings[i]])));

  // Again, by HTTP and by the command: mapped, and keyed, as before.
  const sent = await upload(server, 'b.csv', file('b', 2));
  const seen = await data(ask(server, `/api/uploads/${sent.upload}`));
  assert.deepEqual([seen.problem, seen.remembered, seen.unique], [null, true, ['Bon', 'Kunde']]);
  assert.deepEqual(seen.mapping.map((m) => m.how), lib.FIELDS.map(() => 'remembered'));
  assert.equal((await imported(server, 'b.csv', file('b', 2))).result.rows.clean, 2);
  fs.writeFileSync(path.join(p.dir, 'c.csv'), file('c', 3));
  assert.equal(importFile(p, path.join(p.dir, 'c.csv')).rows.clean, 2);
  const report = json(['run', 'show', ...p.args]);
  assert.deepEqual(report.mapping.map((m) => [m.field, m.heading, m.how]), lib.FIELDS.map((field, i) => [field, headings[i], 'remembered']));

  // What is stated wins, and is remembered from then on; single headings help in other files.
  assert.equal((await imported(server, 'd.csv', file('d', 4), [['map', 'product=Kunde'], ['unique', 'Bon,Tag']])).result.rows.clean, 2);
  assert.deepEqual(lib.query(p.db, "SELECT DISTINCT t.text FROM sale s JOIN term t ON t.id = s.product WHERE s.order_id = '4' ORDER BY 1"), [['K1'], ['K2']]);
  assert.equal((await data(ask(server, '/api/records/mapping_memory'))).length, 1);
  const other = await upload(server, 'e.csv', 'Zeug;Nr;Bon;Tag;Region;Quantity;Geld\nx;1;9;2024-01-01;North;1;1\n');
  const look = await data(ask(server, `/api/uploads/${other.upload}`));
  assert.deepEqual(look.mapping.map((m) => [m.heading, m.how]), [['Bon', 'remembered'], ['Tag', 'remembered'], ['Region', 'name'], [null, null], ['Quantity', 'name'], ['Geld', 'remembered']]);

  // Forgotten, it is unknown again; and the runs that it mapped are still proved.
  await data(remove(server, `/api/records/mapping_memory/${memory.id}`));
  assert.equal((await imported(server, 'f.csv', file('f', 6))).state, 'failed');
  await server.stop();
  sound(p);
});

test('of more than two hundred headings nine in ten are right, at once or the second time', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const labelled = JSON.parse(fs.readFileSync(path.join(lib.ROOT, 'tests/data/headings.json'), 'utf8'));
  const all = Object.values(labelled).flat().length;
  const most = Math.max(...Object.values(labelled).map((list) => list.length));
  const steps = { order_id: 1, order_date: 5, region: 7, product: 11, quantity: 13, revenue: 17 };
  // File i of a round: one heading of each field, in an order of its own; in the second
  // round no file has the same headings as one of the first.
  const pick = (round, i) => Object.fromEntries(lib.FIELDS.map((f) => [f, labelled[f][(i * (round ? steps[f] : 1) + round) % labelled[f].length]]));
  const value = { order_id: (i) => `Z${i}`, order_date: () => '2024-03-05', region: () => 'North', product: () => 'Dairy', quantity: () => '2', revenue: () => '9.50' };
  const right = [new Set(), new Set()];
  for (const round of [0, 1]) {
    for (let i = 0; i < (round ? 40 : most); i++) {
      const headings = pick(round, i);
      const order = lib.FIELDS.map((f, k) => lib.FIELDS[(k * 5 + i) % 6]);
      const rows = [1, 2, 3].map((k) => order.map((f) => value[f](round * 1000 + i * 10 + k)));
      const text = [order.map((f) => headings[f]), ...rows].map((row) => lib.csvLine(row)).join('\n');
      const sent = await upload(server, `${round}-${i}.csv`, `${text}\n`);
      const seen = await data(ask(server, `/api/uploads/${sent.upload}`));
      for (const m of seen.mapping) if (m.heading === headings[m.field]) right[round].add(`${m.field} ${m.heading}`);
      const wrong = seen.mapping.filter((m) => m.heading !== headings[m.field]);
      const maps = wrong.map((m) => ['map', `${m.field}=${headings[m.field]}`]);
      if (round === 0) assert.equal((await finished(server, await data(post(server, `/api/imports?${query([['upload', sent.upload], ...maps])}`), 202))).result?.rows.clean, 3, text);
      else await remove(server, `/api/uploads/${sent.upload}`);
    }
  }
  t.diagnostic(`${all} headings: ${right[0].size} right at first sight, ${right[1].size} the second time`);
  assert.ok(right[0].size >= 0.7 * all, `${right[0].size} of ${all} at first sight`);
  assert.ok(right[1].size >= 0.9 * all, `${right[1].size} of ${all} the second time`);
});
