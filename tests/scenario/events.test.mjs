// Live events: every entry of the change log, once, in order, whoever wrote it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { ask, data, imported, post, problem, stream } from './api.mjs';
import * as lib from './lib.mjs';
import { OUTPOST, generate, importFile, ok, one, place, query, serve, sleep, sqlite } from './lib.mjs';

const COLUMNS = ['seq', 'actor', 'unit', 'event', 'table', 'key', 'count', 'text'];
// The log after an entry, as the sqlite3 shell has it.
const log = (p, after = 0, until = 1e15) =>
  query(p.db, `SELECT seq, actor, unit, event, tbl, key, count, text, at FROM change_log WHERE seq > ${after} AND seq <= ${until} ORDER BY seq`).map((row) => ({
    ...Object.fromEntries(COLUMNS.map((name, i) => [name, ['seq', 'count'].includes(name) ? Number(row[i]) : row[i]])),
    at: new Date(Number(row[8]) / 1000).toISOString().replace('Z', '') + row[8].slice(-3) + 'Z',
  }));
const last = (p) => Number(one(p.db, 'SELECT max(seq) FROM change_log'));
const caughtUp = (p) => (s) => s.changes().length > 0 && s.changes().at(-1).seq >= last(p);
const cpu = (server) => fs.readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number).reduce((a, b) => a + b);

function same(p, changes, after) {
  assert.deepEqual(changes.map((c) => c.seq), changes.map((_, i) => after + 1 + i), 'a gap or a double');
  assert.deepEqual(changes, log(p, after, changes.at(-1)?.seq ?? after));
}

test('from now on: what the server and what other processes write', async (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 50, 1).file);
  const server = await serve(t, p.data);
  const then = last(p);
  const s = await stream(t, server);
  assert.equal(s.status, 200);
  assert.equal(s.headers['content-type'], 'text/event-stream');
  assert.equal(s.headers['cache-control'], 'no-store');
  await s.until(() => s.lastId !== undefined, 'the position');
  assert.deepEqual([s.retry, s.lastId, s.events], [3000, then, []]);
  await data(post(server, '/api/records/reference_item', { list: 'regions', value: 'Overseas' }), 201);
  await s.until(() => s.changes().length === 1, 'the change by HTTP', 2);
  importFile(p, generate(p.dir, 60, 2).file);
  await s.until(caughtUp(p), 'the import by the command', 2);
  ok(['record', 'save', 'reference_item', '{"list":"regions","value":"Moon"}', ...p.args]);
  await s.until(caughtUp(p), 'the change by the command', 2);
  same(p, s.changes(), then);
  assert.deepEqual([s.changes()[0].event, s.changes()[0].table, s.changes()[0].actor], ['RECORD_CREATED', 'reference_item', 'http']);
  assert.ok(s.changes().some((c) => c.event === 'RUN_COMPLETED' && c.count === 60));
});

test('from now on is from the request on, however late the first words come', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const one = async (i) => {
    const s = await stream(t, server);
    const { location } = (await post(server, '/api/records/reference_item', { list: 'colours', value: `n${i}` })).headers;
    await s.until(() => s.changes().some((c) => location.endsWith(c.key)), `change ${i}`);
    s.close();
  };
  for (let i = 0; i < 100; i += 10) await Promise.all(Array.from({ length: 10 }, (_, k) => one(i + k)));
});

test('a stream that is cut again and again, by client and by server, misses nothing and says nothing twice', async (t) => {
  const p = place(t);
  const r = lib.random(5);
  let server = await serve(t, p.data);
  const all = [];
  let after = 0;
  for (let round = 0; round < 8; round++) {
    const writing = (async () => {
      for (let i = 0; i < 4; i++) {
        await data(post(server, '/api/records/reference_item', { list: 'colours', value: `${round}-${i}` }), 201);
        await sleep(r.below(30));
      }
    })();
    const s = round % 2 ? await stream(t, server, `/api/events?after=${after}`) : await stream(t, server, '/api/events?after=0', { 'last-event-id': String(after) });
    await sleep(r.below(500));
    if (round === 3 || round === 6) {
      await writing;
      await server.stop(round === 3 ? 'SIGTERM' : 'SIGKILL');
      await s.until(() => s.ended, 'the end of the stream', 3);
      importFile(p, generate(p.dir, 30, round).file); // while nobody listens
      server = await serve(t, p.data);
    } else {
      s.close();
      await writing;
    }
    all.push(...s.changes());
    if (s.changes().length) after = s.lastId;
    assert.equal(after, all.at(-1)?.seq ?? 0);
  }
  const rest = await stream(t, server, '/api/events', { 'last-event-id': String(after) });
  await rest.until((s) => last(p) === after || caughtUp(p)(s));
  all.push(...rest.changes());
  assert.ok(all.length > 40);
  same(p, all, 0);
});

test('a long log comes whole', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  sqlite(p.db, `INSERT INTO change_log (seq, hlc, at, actor, unit, event, tbl, key, count, text, hash)
    WITH RECURSIVE n(i) AS (SELECT (SELECT max(seq) FROM change_log) + 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    SELECT i, i, 1000000 * i, 'a', 'u', 'E', 't', i, 1, 'line' || char(10) || 'break ' || i || ' data: ü', x'00' FROM n`);
  const s = await stream(t, server, '/api/events?after=0');
  await s.until(() => s.changes().length >= 3000, 'all of it', 10);
  same(p, s.changes(), 0);
  // As pages, newest first.
  const seen = [];
  let before = '';
  do {
    const { json } = await ask(server, `/api/changes?limit=700${before}`);
    assert.equal(json.total, 3000);
    seen.push(...json.data);
    before = json.next ? `&before=${json.next}` : '';
  } while (before);
  assert.deepEqual(seen.map(({ before: _, after: __, ...c }) => c).reverse(), log(p));
});

test('the log by its filters', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const run = importFile(p, generate(p.dir, 50, 1).file).run;
  const saved = await data(post(server, '/api/records/reference_item', { list: 'regions', value: 'Overseas' }), 201);
  await data(post(server, '/api/records/reference_item', { id: saved.id, value: 'Beyond' }, { origin: server.base }));
  const ask1 = async (filter) => (await ask(server, `/api/changes?${filter}`)).json;
  const expect = async (filter, where) => {
    const { data: rows, total } = await ask1(`limit=1000&${filter}`);
    const seqs = query(p.db, `SELECT seq FROM change_log WHERE ${where} ORDER BY seq DESC`).map((row) => Number(row[0]));
    assert.ok(seqs.length > 0, filter);
    assert.deepEqual([rows.map((c) => c.seq), total], [seqs, seqs.length], filter);
    return rows;
  };
  await expect(`unit=${run}`, `unit = '${run}'`);
  await expect('event=RUN_COMPLETED', "event = 'RUN_COMPLETED'");
  await expect('table=run&event=RUN_STARTED', "tbl = 'run' AND event = 'RUN_STARTED'");
  await expect('actor=page', "actor = 'page'");
  const rows = await expect(`table=reference_item&key=${saved.id}`, `key = '${saved.id}'`);
  assert.deepEqual([rows[0].event, rows[0].before.value, rows[0].after.value, rows[1].before], ['RECORD_UPDATED', 'Overseas', 'Beyond', null]);
  const today = new Date().toISOString().slice(0, 10);
  await expect(`from=${today}&to=${today}`, '1');
  await expect(`from=${rows[0].at}`, `seq >= ${rows[0].seq}`);
  await expect(`to=${rows[1].at}&table=reference_item&key=${saved.id}`, `seq = ${rows[1].seq}`);
  assert.equal((await ask1('to=2020-01-01')).total, 0);
  await problem(ask(server, '/api/changes?from=soon'), 422, /soon/);
  await problem(ask(server, '/api/changes?limit=0'), 422, /limit/);
});

test('how far an import is', async (t) => {
  const ROWS = 900000; // long enough to be told of several times
  const p = place(t);
  const server = await serve(t, p.data);
  const { text } = generate(p.dir, ROWS, 3);
  const s = await stream(t, server);
  const began = Date.now();
  const task = await imported(server, 'big.csv', text);
  const seconds = (Date.now() - began) / 1000;
  await s.until(() => s.events.some((e) => e.event === 'progress' && e.data.state === 'done'), 'the end');
  const told = s.events.filter((e) => e.event === 'progress');
  assert.ok(told.length >= 3 && told.length <= 5 * seconds + 3, `${told.length} in ${seconds} s`);
  assert.ok(told.every((e) => e.id === undefined && e.data.import === task.import && e.data.name === 'big.csv' && !('result' in e.data)));
  told.slice(1).forEach((e, i) => assert.ok(e.data.rows >= told[i].data.rows && e.data.bytes >= told[i].data.bytes));
  const { rows, clean, rejected, bytes, bytes_total: total } = told.at(-1).data;
  assert.deepEqual([rows, clean + rejected, bytes, total], [ROWS, ROWS, Buffer.byteLength(text), Buffer.byteLength(text)]);
  await s.until(caughtUp(p));
});

test('another tenant\'s events are not told; what is wrong is said', async (t) => {
  const p = place(t);
  ok(['tenant', 'add', 'other', '--data', p.data]);
  const server = await serve(t, p.data);
  await problem(ask(server, '/api/events'), 422, /demo.*other/);
  const s = await stream(t, server, '/api/events?tenant=other');
  await imported(server, 'a.csv', 'order_id,order_date,region,product,quantity,revenue\na,2024-01-01,North,Dairy,1,1\n', [['tenant', 'demo']]).catch(() => {});
  importFile(p, generate(p.dir, 50, 1).file);
  await sleep(600);
  assert.deepEqual(s.events, []);
  for (const id of ['x', '-1', '1.5', '99999999999999999999']) await problem(ask(server, '/api/events?tenant=demo', { headers: { 'last-event-id': id } }), 422, /Last-Event-ID/);
  await problem(ask(server, '/api/events?tenant=demo&after=x'), 422, /after/);
  assert.equal((await ask(server, '/api/events?tenant=demo', { method: 'POST' })).status, 405);
});

test('a client that knows more than the log begins anew', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const s = await stream(t, server, '/api/events?after=1000000');
  await s.until(() => s.events.length > 0);
  assert.deepEqual(s.events[0], { event: 'reset', id: last(p), data: { seq: last(p) } });
  await data(post(server, '/api/records/reference_item', { list: 'regions', value: 'Overseas' }), 201);
  await s.until(() => s.changes().length === 1);
  assert.equal(s.changes()[0].seq, last(p));
});

test('five hundred watch, and everybody else is served as before', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const streams = await Promise.all(Array.from({ length: 500 }, () => stream(t, server)));
  assert.ok(streams.every((s) => s.status === 200));
  await Promise.all(streams.map((s) => s.until(() => s.lastId !== undefined, 'the position', 20)));
  const times = [];
  for (let i = 0; i < 40; i++) {
    const began = performance.now();
    assert.equal((await ask(server, i % 2 ? '/api/runs' : '/')).status, 200);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  assert.ok(times[36] < 500, `${times[36]} ms`);

  for (let i = 0; i < 3; i++) await data(post(server, '/api/records/reference_item', { list: 'regions', value: `Overseas ${i}` }), 201);
  await Promise.all(streams.map((s) => s.until(() => s.changes().length >= 3, 'the changes', 20)));
  for (const s of streams) same(p, s.changes(), s.changes()[0].seq - 1);

  // Idle they cost next to nothing.
  const began = cpu(server);
  await sleep(3600);
  const ticks = cpu(server) - began;
  if (!/asan|tsan/.test(OUTPOST)) assert.ok(ticks < 60, `${ticks * 10} ms of 3600`);
  await Promise.all(streams.map((s) => s.until(() => s.comments > 0, 'a comment now and then', 40)));
  streams.forEach((s) => s.close());
  const stopping = Date.now();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.ok(Date.now() - stopping < 5000);
});

test('who reads slowly is behind and holds up nobody; who does not read is dropped', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data, '--workers', '0'); // nobody writes after what the shell puts into the log
  sqlite(p.db, `INSERT INTO change_log (seq, hlc, at, actor, unit, event, count, text, hash)
    WITH RECURSIVE n(i) AS (SELECT (SELECT max(seq) FROM change_log) + 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
    SELECT i, i, i, 'a', 'u', 'E', 1, replace(hex(zeroblob(500)), '0', 'x'), x'00' FROM n`);
  const deaf = Array.from({ length: 60 }, () => {
    const socket = net.connect(server.port, '127.0.0.1').on('error', () => {});
    socket.pause();
    socket.write(`GET /api/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
    t.after(() => socket.destroy());
    return socket;
  });
  const slow = deaf.pop();
  let text = '';
  let slowly = true;
  slow.setEncoding('utf8').on('data', (part) => {
    text += part;
    if (slowly) slow.pause();
  });
  const sips = setInterval(() => slow.resume(), 300);
  t.after(() => clearInterval(sips));
  const s = await stream(t, server, '/api/events?after=0');
  await s.until(() => s.changes().length >= 40000, 'all of it', 120);
  assert.equal(s.changes().at(-1).seq, 40000);
  // As quick as a pause that is still a sip now and then, also where a program with sanitizers imports.
  const rows = /asan|tsan/.test(OUTPOST) ? 1000 : 20000;
  for (let i = 0; i < 5; i++) importFile(p, generate(p.dir, rows, 20 + i).file);
  await s.until(caughtUp(p), 'the imports', 20);
  const wal = `${p.db}-wal`;
  assert.ok(!fs.existsSync(wal) || fs.statSync(wal).size < 16 << 20, `${fs.existsSync(wal) && fs.statSync(wal).size}`);
  const kib = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
  if (!/asan|tsan/.test(OUTPOST)) assert.ok(kib < 96 * 1024, `${kib} KiB`);

  // Who read a little now and then gets all of it in order.
  slowly = false;
  slow.resume();
  const until = Date.now() + 120000;
  while (!text.includes(`\nid: ${last(p)}\n`) && Date.now() < until) await sleep(50);
  const seqs = [...text.matchAll(/^id: (\d+)\nevent: change$/gm)].map((m) => Number(m[1]));
  assert.deepEqual(seqs, Array.from({ length: last(p) }, (_, i) => i + 1));
  if (!lib.LONG) return;
  // The others are let go after half a minute.
  const watching = async () => (await data(ask(server, '/api/system'))).services.find((service) => service.name === 'realtime').counters.streams;
  const end = Date.now() + 120000;
  while ((await watching()) > 2 && Date.now() < end) await sleep(1000);
  assert.equal(await watching(), 2);
});
