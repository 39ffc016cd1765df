// What happens, over a WebSocket: judged by the package ws; live events judged by the package eventsource; and what
// no client of theirs would send, by bare sockets.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import net from 'node:net';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ask, data, post, problem, remove, stream } from './api.mjs';
import { addUser, bearer, token } from './auth.mjs';
import { installed } from '../browser/outpost.mjs';
import { LONG, generate, importFile, ok, one, place, query, random, serve, sleep } from './lib.mjs';

const load = (name) => import(pathToFileURL(createRequire(installed()).resolve(name)).href);
const { default: Client } = await load('ws');
const { EventSource } = await load('eventsource');

const last = (p) => Number(one(p.db, 'SELECT max(seq) FROM change_log'));
const save = (server, value, headers) => data(post(server, '/api/records/reference_item', { list: 'regions', value }, headers), 201);

async function until(is, what, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  while (!is()) {
    assert.ok(Date.now() < end, `${what} did not come within ${seconds} s`);
    await sleep(10);
  }
}

// A WebSocket and all that it was told: { messages, updates(), closed: { code, reason }, refused: status }.
function watch(t, server, { target = '/realtime', headers = {}, ...more } = {}) {
  const socket = new Client(`ws://127.0.0.1:${server.port}${target}`, { headers, ...more });
  const w = { socket, messages: [], pings: 0, closed: undefined, refused: undefined };
  socket.on('message', (bytes, binary) => (assert.ok(!binary), w.messages.push(JSON.parse(bytes))));
  socket.on('ping', () => w.pings++);
  socket.on('close', (code, reason) => (w.closed = { code, reason: String(reason) }));
  socket.on('unexpected-response', (request, response) => ((w.refused = response.statusCode), (w.headers = response.headers), request.destroy()));
  socket.on('error', () => {});
  w.updates = () => w.messages.filter((m) => m.type === 'data-update');
  w.ready = () => until(() => w.messages.length || w.refused || w.closed, 'the first word');
  t.after(() => socket.terminate());
  return w;
}

// The log after an entry, as the sqlite3 shell has it, in the form of the messages.
const log = (p, after = 0) =>
  query(p.db, `SELECT seq, event, tbl, key FROM change_log WHERE seq > ${after} ORDER BY seq`).map(([seq, event, table, key]) => ({ seq: Number(seq), event, table: table || null, key: key || null }));
const brief = (updates) => updates.map(({ seq, event, table, key }) => ({ seq, event, table: table || null, key: key || null }));

test('after every commit, whoever wrote it, two hundred are told', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const then = last(p);
  const all = Array.from({ length: 200 }, () => watch(t, server));
  await Promise.all(all.map((w) => w.ready()));
  for (const w of all) assert.deepEqual(w.messages[0], { type: 'ready', seq: then });
  const saved = await save(server, 'Overseas');
  const before = Date.now();
  await data(post(server, '/api/records/reference_item', { id: saved.id, value: 'Beyond' }));
  await until(() => all[0].updates().length >= 2, 'the update', 5);
  assert.ok(Date.now() - before < 5000);
  await data(remove(server, `/api/records/reference_item/${saved.id}`));
  ok(['record', 'save', 'reference_item', '{"list":"regions","value":"Moon"}', ...p.args]);
  importFile(p, generate(p.dir, 40, 1).file);
  await until(() => all.every((w) => w.updates().at(-1)?.seq >= last(p)), 'all of it');
  const expected = log(p, then);
  for (const w of all) assert.deepEqual(brief(w.updates()), expected);
  assert.deepEqual(all[7].updates().slice(0, 4).map((m) => [m.op, m.table, m.key === saved.id]), [['create', 'reference_item', true], ['update', 'reference_item', true], ['delete', 'reference_item', true], ['create', 'reference_item', false]]);
  assert.ok(all[7].updates().some((m) => m.op === 'run_completed' && m.table === 'run'));
});

test('a client that is cut again and again, by itself and by the server, misses nothing and hears nothing twice', async (t) => {
  const p = place(t);
  const r = random(11);
  let server = await serve(t, p.data);
  const all = [];
  let after = 0;
  for (let round = 0; round < 7; round++) {
    const w = watch(t, server, round % 2 ? { target: `/realtime?after=${after}` } : {});
    await w.ready();
    if (round % 2 === 0) w.socket.send(JSON.stringify({ after }));
    for (let i = 0; i < 4; i++) {
      await save(server, `${round}-${i}`);
      await sleep(r.below(20));
    }
    if (round === 2 || round === 5) {
      await server.stop(round === 2 ? 'SIGTERM' : 'SIGKILL');
      await until(() => w.closed, 'the end');
      if (round === 2) assert.deepEqual(w.closed, { code: 1001, reason: 'the server stops' });
      importFile(p, generate(p.dir, 20, round).file); // while nobody listens
      server = await serve(t, p.data);
    } else {
      await sleep(r.below(100));
      w.socket.terminate();
    }
    const since = w.updates().filter((m) => m.seq > after); // what came before the client said where it is, comes again
    const seqs = since.map((m) => m.seq);
    const fresh = since.filter((m, i) => seqs.lastIndexOf(m.seq) === i);
    const gap = fresh.findIndex((m, i) => m.seq !== after + 1 + i);
    all.push(...(gap < 0 ? fresh : fresh.slice(0, gap)));
    after = all.at(-1)?.seq ?? 0;
  }
  const rest = watch(t, server, { target: `/realtime?after=${after}` });
  await until(() => after === last(p) || rest.updates().at(-1)?.seq >= last(p), 'the rest');
  all.push(...rest.updates());
  assert.deepEqual(brief(all), log(p));
});

test('a browser\'s EventSource goes on after a restart: no gap, no double', async (t) => {
  const p = place(t);
  let server = await serve(t, p.data);
  const { port } = server;
  const seen = [];
  const source = new EventSource(`http://127.0.0.1:${port}/api/events?after=0`);
  t.after(() => source.close());
  source.addEventListener('change', (event) => seen.push([Number(event.lastEventId), JSON.parse(event.data).seq]));
  for (let i = 0; i < 5; i++) await save(server, `a${i}`);
  await until(() => seen.at(-1)?.[0] >= last(p), 'what was first');
  await server.stop('SIGKILL');
  importFile(p, generate(p.dir, 50, 3).file);
  server = await serve(t, p.data, '--listen', `127.0.0.1:${port}`);
  for (let i = 0; i < 5; i++) await save(server, `b${i}`);
  await until(() => seen.at(-1)?.[0] >= last(p), 'the rest', 40);
  assert.deepEqual(seen, Array.from({ length: last(p) }, (_, i) => [i + 1, i + 1]));
});

test('who comes from another page, or speaks no WebSocket, is refused before anything is agreed on', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const refused = async (status, options) => {
    const w = watch(t, server, options);
    await w.ready();
    assert.equal(w.refused, status, JSON.stringify(options));
    return w.headers;
  };
  for (const origin of ['http://evil.example', `https://127.0.0.1:${server.port}`, `http://127.0.0.1:${server.port + 1}`, 'null']) await refused(403, { headers: { origin } });
  const own = watch(t, server, { headers: { origin: server.base } });
  await own.ready();
  assert.equal(own.messages[0]?.type, 'ready');
  assert.equal((await refused(426, { protocolVersion: 8 }))['upgrade'], 'websocket');
  await refused(421, { headers: { host: 'evil.example' } });
  await refused(422, { target: '/realtime?after=x' });
  await refused(422, { target: '/realtime?after=-1' });
  const plain = await problem(ask(server, '/realtime'), 426, /WebSocket/);
  void plain;
  await problem(ask(server, '/realtime', { headers: { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13', 'sec-websocket-key': 'short' } }), 400, /Sec-WebSocket-Key/);
});

// ---- bare sockets ----

const mask = (payload, key) => Buffer.from(payload.map((b, i) => b ^ key[i & 3]));
function frame(opcode, payload, { fin = true, masked = true, length = payload.length } = {}) {
  const head = length < 126 ? [length] : length < 65536 ? [126, length >> 8, length & 255] : [127, ...[...Array(8)].map((_, i) => Number((BigInt(length) >> BigInt(56 - 8 * i)) & 255n))];
  head[0] |= masked ? 0x80 : 0;
  const key = randomBytes(4);
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, ...head]), masked ? key : Buffer.alloc(0), masked ? mask(Buffer.from(payload), key) : Buffer.from(payload)]);
}

// Greets, sends bytes, and gives the code with which it is closed; undefined when the connection ends without.
function bare(t, server, bytes) {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const socket = net.connect(server.port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.setTimeout(20000, () => reject(new Error(`still open; got ${got.length} bytes`)));
    socket.write(`GET /realtime HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`);
    let greeted = false;
    socket.on('data', (part) => {
      got = Buffer.concat([got, part]);
      const end = got.indexOf('\r\n\r\n');
      if (!greeted && end >= 0) {
        greeted = true;
        assert.match(got.subarray(0, end).toString(), /^HTTP\/1\.1 101 /);
        got = got.subarray(end + 4);
        socket.write(bytes);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      let code;
      for (let at = 0; greeted && at + 2 <= got.length; ) {
        const n = got[at + 1] & 127;
        const skip = n === 126 ? 4 : n === 127 ? 10 : 2;
        const size = n === 126 ? got.readUInt16BE(at + 2) : n === 127 ? Number(got.readBigUInt64BE(at + 2)) : n;
        if ((got[at] & 15) === 8 && size >= 2) code = got.readUInt16BE(at + skip);
        at += skip + size;
      }
      resolve(code);
    });
  });
}

test('frames that no browser sends end the connection with the code that says why', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const text = Buffer.from('{"after":0}');
  const cases = [
    [1009, frame(1, Buffer.alloc(0), { length: 2 ** 31 })], // 2 GiB are announced
    [1009, frame(1, Buffer.alloc(65537, 'x'))],
    [1009, Buffer.concat([frame(1, Buffer.alloc(40000, 'x'), { fin: false }), frame(0, Buffer.alloc(40000, 'x'))])],
    [1002, frame(1, text, { masked: false })],
    [1002, frame(3, text)],
    [1002, frame(9, Buffer.alloc(126))],
    [1002, frame(0, text)],
    [1003, frame(2, text)],
    [1007, frame(1, Buffer.from([0xff, 0xfe]))],
    [1008, frame(1, Buffer.from('hello'))],
    [1008, frame(1, Buffer.from('{"after":-1}'))],
    [1008, frame(1, Buffer.from('{"after":"x"}'))],
    [1008, Buffer.concat(Array.from({ length: 30 }, () => frame(1, text)))], // a flood
    [1000, frame(8, Buffer.from([0x03, 0xe8]))],
    [undefined, frame(8, Buffer.alloc(0))],
  ];
  for (const [code, bytes] of cases) assert.equal(await bare(t, server, bytes), code, bytes.subarray(0, 16).toString('hex'));
  assert.equal((await ask(server, '/healthz')).status, 200);

  // Pings are answered with what they hold, fragments are put together.
  const w = watch(t, server);
  await w.ready();
  const pong = new Promise((resolve) => w.socket.once('pong', resolve));
  w.socket.ping('hello');
  assert.equal(String(await pong), 'hello');
  w.socket._socket.write(Buffer.concat([frame(1, Buffer.from('{"af'), { fin: false }), frame(9, Buffer.from('x')), frame(0, Buffer.from('ter":0}'))]));
  await until(() => w.updates().length === last(p), 'everything');
  w.socket.close(4001, 'enough');
  await until(() => w.closed, 'the end');
  assert.deepEqual(w.closed, { code: 4001, reason: '' });
});

// Sends the same bytes as fast as they are taken, from a thread of its own.
function pour(t, port, target, head, bytes) {
  const code = `
    const { workerData: w } = require('node:worker_threads');
    const s = require('node:net').connect(w.port, '127.0.0.1');
    s.on('error', () => {}).resume().write('GET ' + w.target + ' HTTP/1.1\\r\\nHost: 127.0.0.1:' + w.port + '\\r\\n' + w.head + '\\r\\n');
    const pour = () => { while (s.write(w.bytes)) continue; };
    s.on('drain', pour);
    setTimeout(pour, 300);`;
  const worker = new Worker(code, { eval: true, workerData: { port, target, head, bytes } });
  t.after(() => worker.terminate());
}

test('who sends without a pause holds up nobody', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data, '--rate', '0');
  const greeting = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n`;
  const many = (kind) => Buffer.concat(Array.from({ length: 20000 }, () => frame(kind, Buffer.alloc(0))));
  for (let i = 0; i < 2; i++) {
    pour(t, server.port, '/realtime', greeting, many(10));
    pour(t, server.port, '/realtime', greeting, many(9));
    pour(t, server.port, '/api/events', '', Buffer.alloc(1 << 20, 'x'));
  }
  await sleep(1000);
  const end = Date.now() + 4000;
  while (Date.now() < end) {
    const began = Date.now();
    assert.equal((await fetch(`${server.base}/healthz`, { signal: AbortSignal.timeout(10e3) })).status, 200);
    assert.ok(Date.now() - began < 2000, `an answer took ${Date.now() - began} ms`);
    await sleep(20);
  }
});

test('a thousand watch', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const all = [];
  for (let i = 0; i < 10; i++) {
    const some = Array.from({ length: 100 }, () => watch(t, server));
    await Promise.all(some.map((w) => w.ready()));
    all.push(...some);
  }
  assert.ok(all.every((w) => w.messages[0]?.type === 'ready'));
  await save(server, 'Overseas');
  await until(() => all.every((w) => w.updates().length === 1), 'the update', 30);
  assert.equal((await ask(server, '/api/runs')).status, 200);
  await until(() => all.every((w) => w.pings > 0), 'a ping', 60);
  assert.ok(all.every((w) => !w.closed));
});

test('who answers no ping is let go', { skip: !LONG }, async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const [mute, well] = [watch(t, server, { autoPong: false }), watch(t, server)];
  await until(() => mute.closed, 'its end', 120);
  assert.deepEqual(mute.closed, { code: 1001, reason: 'no answer to a ping' });
  assert.ok(!well.closed);
});

test('each is told what he may see, and a session that ends while he watches ends that', async (t) => {
  const p = place(t);
  for (const role of ['admin', 'sales', 'operator']) addUser(p, role);
  const server = await serve(t, p.data);
  const [admin, sales, operator] = await Promise.all(['admin', 'sales', 'operator'].map((role) => token(server, `${role}@example.org`)));
  const nobody = watch(t, server);
  const wrong = watch(t, server, { headers: bearer(`${sales}x`) });
  await Promise.all([nobody.ready(), wrong.ready()]);
  assert.deepEqual([nobody.refused, wrong.refused, (await stream(t, server)).status], [401, 401, 401]);

  const [a, s, o] = [admin, sales, operator].map((one) => watch(t, server, { headers: bearer(one) }));
  const live = await stream(t, server, '/api/events', bearer(sales));
  await Promise.all([a.ready(), s.ready(), o.ready(), live.until(() => live.lastId !== undefined)]);
  const begin = last(p);
  const make = (kind, body) => data(post(server, `/api/records/${kind}`, body, bearer(admin)), 201);
  await make('net_allow', { peer: '10.0.0.0/8', note: 'the office' });
  await make('warehouse', { code: 'W9', name: 'Nine' });
  await make('store', { customer_id: 'C-1', name: 'Corner' });
  await make('product', { name: 'Tea', sku: 'T-1' });
  const tables = (updates) => new Set(updates.map((m) => m.table));
  for (const w of [s, o]) await until(() => tables(w.updates()).has('products'), 'the product');
  await until(() => a.updates().at(-1)?.seq >= last(p), 'all for the admin');
  assert.deepEqual(brief(a.updates()), log(p, begin));
  assert.ok(tables(a.updates()).has('net_allow'));
  await live.until(() => tables(live.changes()).has('products'));
  for (const told of [tables(s.updates()), tables(o.updates()), tables(live.changes())]) {
    for (const name of ['warehouses', 'stores', 'products']) assert.ok(told.has(name), name);
    for (const name of told) assert.ok(!['net_allow', 'users', 'roles', 'sessions', 'credential'].includes(name), name);
  }

  // Logged out, the watching ends; others go on.
  assert.equal((await ask(server, '/api/auth/logout', { method: 'POST', headers: bearer(sales), body: '' })).status, 200);
  await until(() => s.closed && live.ended, 'the end of the session');
  assert.deepEqual(s.closed, { code: 1008, reason: 'the session has ended' });
  await make('store', { customer_id: 'C-2', name: 'Second' });
  await until(() => a.updates().at(-1)?.seq >= last(p), 'the admin goes on');
  assert.ok(!o.closed);
});
