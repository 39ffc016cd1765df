// Files that are handed in (T30): forms and bodies, progress, errors, the breaker, and kill -9 at any moment.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { ask, data, post, problem } from './api.mjs';
import * as lib from './lib.mjs';
import { OUTPOST_TEST, json, ok, one, place, query, serve, serveWith, sound, sqlite } from './lib.mjs';
import { movedPlace, until } from './moved.mjs';

const year = (...options) => ok(['generate', 'invoices', ...options.map(String)]);
const small = (seed) => year('--stores', 8, '--products', 24, '--invoices', 300, '--seed', seed);
const CSV = { 'content-type': 'text/csv' };
const hand = (server, text, name = 'a.csv', more = '') => data(post(server, `/api/bulk-upload?filename=${encodeURIComponent(name)}${more}`, text, CSV), 202);
const status = (server, id) => data(ask(server, `/api/bulk-upload/status/${id}`));
const over = (server, id, also = () => true) => until(async () => {
  const now = await status(server, id);
  return ['completed', 'failed', 'cancelled'].includes(now.status) && also(now) && now;
}, `the end of upload ${id}`, 120);

const form = (parts, boundary = 'X-12', end = '--\r\n') => Buffer.concat([...parts.flatMap(([head, body]) => [Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), Buffer.from(body), Buffer.from('\r\n')]), Buffer.from(`--${boundary}${end}`)]);
const filePart = (name, body) => [`Content-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/csv`, body];
const FORM = { 'content-type': 'multipart/form-data; boundary=X-12' };

test('a file that is handed in becomes six tables; how far it is never goes back', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const text = year('--seed', 21);
  const body = form([['Content-Disposition: form-data; name="note"', 'from the shop'], filePart('C:\\books\\sales 2025.csv', text)]);
  const answer = await post(server, '/api/bulk-upload', body, FORM);
  assert.deepEqual([answer.status, answer.headers.location], [202, `/api/bulk-upload/status/${answer.json.data.job_id}`]);
  const { job_id: id, status_url, bytes, sha256 } = answer.json.data;
  assert.deepEqual([bytes, sha256, answer.json.data.status], [Buffer.byteLength(text), lib.sha256(text), 'queued']);
  const seen = [];
  const last = await until(async () => {
    seen.push(await data(ask(server, status_url)));
    return seen.at(-1).followed && seen.at(-1);
  }, 'what follows', 120);
  seen.reduce((a, b) => (assert.ok(b.progress >= a.progress && b.processed_records >= a.processed_records, `${a.progress} % and then ${b.progress} %`), b));
  assert.ok(seen.every((s) => s.progress === 100 ? s.status === 'completed' : s.status !== 'completed'));
  assert.deepEqual([last.status, last.source, last.total_records, last.processed_records, last.failed_records, last.batches, last.failed_batches, last.errors, last.breaker.state], ['completed', 'sales 2025.csv', 14464, 14464, 0, 15, 0, [], 'closed']);
  assert.ok(last.duration_ms > 0);
  assert.ok(seen.every((s) => s.eta_ms === null || (s.status === 'processing' && s.eta_ms >= 0)) && last.eta_ms === null);
  assert.deepEqual(query(p.db, 'SELECT (SELECT count(*) FROM mangalam_invoices), (SELECT count(*) FROM stores), (SELECT count(*) FROM products), (SELECT count(*) FROM invoice_items), (SELECT sum(total_price) FROM invoice_items)'), [['14464', '211', '424', '14539', '424783444000']]);
  assert.deepEqual(fs.readdirSync(path.join(p.data, 'bulk', 'demo')), [], 'the file is not kept twice');
  // As the reference logs it.
  const log = fs.readFileSync(path.join(p.data, 'logs/outpost.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const start = log.find((l) => l.event === 'BULK_UPLOAD_START');
  assert.deepEqual([start.jobId, start.recordCount, new Date(start.timestamp) > 0], [id, 14464, true]);
  assert.ok(log.find((l) => l.event === 'PROCESSING_COMPLETE' && l.jobId === id).duration > 0);
  // Once more, as a plain body: all of them are there already.
  const again = await over(server, (await hand(server, text, 'again.csv')).job_id);
  assert.deepEqual([again.processed_records, again.failed_records, again.errors.length], [14464, 14464, 100]);
  assert.equal(again.errors[0].faults[0].control, 'line_unique');
  assert.deepEqual((await data(ask(server, '/api/bulk-upload'))).map((u) => u.source), ['again.csv', 'sales 2025.csv']);
  sound(p);
});

test('a batch that is refused, rows that replace older ones, another dataset', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const text = small(3);
  const bad = text.split('\n')[151].split(',')[0];
  sqlite(p.db, `CREATE TRIGGER poison BEFORE INSERT ON mangalam_invoices WHEN new.invoice_id = '${bad}' BEGIN SELECT RAISE(ABORT, 'not this one'); END;`);
  const done = await over(server, (await hand(server, text, 'p.csv', '&batch=50')).job_id);
  assert.deepEqual([done.processed_records, done.failed_records, done.failed_batches], [300, 1, 1]);
  assert.ok(done.batches >= 6);
  assert.deepEqual(done.errors.map((e) => [e.line, e.faults[0].reason]), [[152, 'the database refused the row: not this one']]);
  sqlite(p.db, 'DROP TRIGGER poison;');
  const update = await over(server, (await hand(server, text, 'u.csv', '&existing=update')).job_id);
  assert.deepEqual([update.failed_records, one(p.db, 'SELECT count(*) FROM mangalam_invoices')], [0, '300']);
  const sales = lib.generate(p.dir, 100, 1);
  assert.equal((await over(server, (await hand(server, sales.text, 's.csv', '&as=sales')).job_id)).dataset, 'sales');
  // A file that is none says why, at once, and is no failure of the service.
  const wrong = await over(server, (await hand(server, 'a,b\n1,2\n', 'wrong.csv')).job_id);
  assert.deepEqual([wrong.status, wrong.run, wrong.breaker.state, wrong.breaker.failures], ['failed', null, 'closed', 0]);
  assert.match(wrong.cause, /no column was found for invoice_id/);
  assert.ok(wrong.started_at <= wrong.ended_at);
  assert.equal((await status(server, wrong.job_id)).duration_ms, wrong.duration_ms, 'what has ended takes no longer by being looked at');
  const bytes = await over(server, (await hand(server, 'a,b\n1,\0\n', 'bytes.csv')).job_id);
  assert.deepEqual([bytes.status, bytes.started_at <= bytes.ended_at], ['failed', true]);
  sound(p);
});

test('what is no form with a file is refused, and leaves nothing', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const send = (body, headers = FORM) => post(server, '/api/bulk-upload', body, headers);
  const part = filePart('a.csv', 'x');
  const forms = [
    [form([filePart('a.csv', 'x'), filePart('b.csv', 'y')]), /two files/],
    [form([['Content-Disposition: form-data; name="file"', 'x']]), /no file/],
    [form([filePart('a.csv', '')]), /needs a body/],
    [form([part]).subarray(0, -6), /ends before its last boundary/],
    [Buffer.concat([Buffer.from('hello\r\n'), form([part])]), /begin with its boundary/],
    [Buffer.concat([form([part]), Buffer.from('more')]), /follows its last boundary/],
    [form([['Content-Type: text/csv', 'x']]), /no Content-Disposition/],
    [form([['Content-Disposition: form-data; filename="a.csv"', 'x']]), /no name/],
    [form([['Content-Disposition: attachment; name="file"', 'x']]), /not form-data/],
    [form([[`${part[0]}\r\nContent-Transfer-Encoding: base64`, 'x']]), /encoded/],
    [form([[`${part[0]}\r\nContent-Disposition: form-data; name="b"`, 'x']]), /two Content-Dispositions/],
    [form([[`X: ${'y'.repeat(5000)}\r\n${part[0]}`, 'x']]), /too long/],
    [form(Array.from({ length: 20 }, (_, i) => [`Content-Disposition: form-data; name="n${i}"`, 'x'])), /too many parts/],
    [form([[part[0].replace('name=', 'na\0me='), 'x']]), /zero byte|Disposition/],
    [Buffer.from(form([part]).toString().replaceAll('\r\n', '\n')), /boundary|begin/],
  ];
  for (const [body, pattern] of forms) await problem(send(body), 422, pattern);
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="a\u00e9"', `multipart/form-data; boundary=${'x'.repeat(71)}`, 'multipart/mixed; boundary=X-12']) await problem(send(form([part]), { 'content-type': type }), 422, /boundary|parameters|Content-Type/);
  await problem(send('', CSV), 422, /needs a body/);
  await problem(post(server, '/api/bulk-upload?as=nothing', 'x', CSV), 404, /no dataset nothing/);
  await problem(post(server, '/api/bulk-upload?batch=0', 'x', CSV), 422);
  await problem(post(server, '/api/bulk-upload?existing=maybe', 'x', CSV), 422, /reject or update/);
  await problem(ask(server, '/api/bulk-upload/status/99'), 404);
  await problem(ask(server, '/api/bulk-upload/status/x'), 404);
  // One that breaks off.
  await new Promise((resolve) => {
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write('POST /api/bulk-upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\nContent-Type: text/csv\r\n\r\nhalf a file', () => setImmediate(() => socket.destroy())));
    socket.on('close', resolve);
    socket.on('error', () => {});
  });
  await until(() => fs.readdirSync(path.join(p.data, 'bulk', 'demo')).length === 0, 'an empty folder');
  assert.equal(one(p.db, 'SELECT count(*) FROM bulk_upload_jobs'), '0');
  // A name with quotes and a boundary that is nearly in the file.
  const odd = form([['content-disposition: form-data; name="file"; filename="a \\"b\\".csv"', small(2).replaceAll('\n', '\r\n') + '\r\n--X-1\r\n--X-1']]);
  assert.equal((await data(send(odd), 202)).source, 'a "b".csv');
});

const sanitized = /[/](asan|tsan)[/]/.test(lib.OUTPOST) && 'a sanitizer wants to be loaded before the disk';
test('one that is complete has no time left, also as long as the disk takes its end', { skip: sanitized }, async (t) => {
  const p = place(t);
  const file = (name) => path.join(p.dir, name);
  fs.writeFileSync(file('slow.c'), '#include <sys/syscall.h>\n#include <unistd.h>\nint fdatasync(int fd) { usleep(100000); return (int)syscall(SYS_fdatasync, fd); }\n');
  const built = spawnSync('gcc', ['-D_GNU_SOURCE', '-shared', '-fPIC', '-o', file('slow.so'), file('slow.c')], { encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
  fs.writeFileSync(file('slow'), `#!/bin/sh\nLD_PRELOAD=${file('slow.so')} exec ${lib.OUTPOST} "$@"\n`, { mode: 0o755 });
  const server = await serveWith(file('slow'), t, p.data, '--rate', '0');
  const { job_id: id } = await hand(server, small(29));
  const seen = [];
  await until(async () => seen.push(await status(server, id)) && seen.at(-1).followed, 'what follows', 120);
  const complete = seen.filter((s) => s.status === 'completed');
  assert.ok(complete.length > 0 && complete.every((s) => s.eta_ms === null), `${complete.filter((s) => s.eta_ms !== null).length} of ${complete.length}`);
});

test('after three failures of the system nothing is taken for a minute; then one as a trial', async (t) => {
  const p = movedPlace(t, '2027-03-01T10:00:00Z');
  const server = await p.serve();
  const work = () => ok(['jobs', 'work', '--until-idle', ...p.args], p.options);
  const lose = () => fs.readdirSync(path.join(p.data, 'bulk', 'demo')).forEach((f) => fs.rmSync(path.join(p.data, 'bulk', 'demo', f)));
  const fail = async () => {
    const { job_id: id } = await hand(server, small(5));
    lose(); // the disk forgot it
    return id;
  };
  const id = await fail();
  for (const [failures, state] of [[1, 'closed'], [2, 'closed'], [3, 'open']]) {
    work();
    const { breaker } = await status(server, id);
    assert.deepEqual([breaker.failures, breaker.state], [failures, state]);
    if (failures < 3) ok(['jobs', 'retry', String(id), ...p.args], p.options);
  }
  const refused = await post(server, '/api/bulk-upload', small(6), CSV);
  assert.equal(refused.status, 503);
  assert.match(refused.json.detail, /3 times/);
  assert.match(String((await ask(server, '/metrics')).body), /outpost_breaker_state\{tenant="demo",breaker="bulk-upload"\} 2\n/);
  assert.equal((await data(ask(server, '/api/system'))).breakers.find((b) => b.name === 'bulk-upload').state, 'open');
  const wait = Number(refused.headers['retry-after']);
  assert.ok(wait > 0 && wait <= 60, `${wait}`);
  p.set('2027-03-01T10:30:00Z');
  assert.equal((await status(server, id)).breaker.state, 'half-open');
  // The trial fails: open for another minute.
  const trial = await fail();
  assert.equal((await post(server, '/api/bulk-upload', small(6), CSV)).status, 503, 'one at a time');
  work();
  assert.deepEqual([(await status(server, trial)).breaker.state, (await status(server, trial)).breaker.opened], ['open', 2]);
  assert.equal((await post(server, '/api/bulk-upload', small(6), CSV)).status, 503);
  for (const lost of [id, trial]) ok(['jobs', 'cancel', String(lost), ...p.args], p.options); // else they are tried again beside the good one
  p.set('2027-03-01T11:00:00Z');
  const good = await hand(server, small(6));
  work();
  const end = await status(server, good.job_id);
  assert.deepEqual([end.status, end.breaker.state, end.breaker.failures], ['completed', 'closed', 0]);
  await hand(server, small(6));
  await server.stop();
});

test(`kill -9 while files are handed in and processed (${lib.LONG ? 60 : 12} times): each is stored once`, async (t) => {
  const p = place(t);
  const r = lib.random(17);
  const accepted = [];
  for (let k = 0; k < (lib.LONG ? 60 : 12); k++) {
    const server = await serveWith(OUTPOST_TEST, t, p.data);
    const name = `file-${k}.csv`;
    const text = small(k + 1).replaceAll('INV/', `K${k}/`);
    const answer = await post(server, `/api/bulk-upload?filename=${name}`, text, CSV).catch(() => null);
    if (answer?.status === 202) accepted.push(name);
    if (k % 2) await lib.sleep(r.below(120)); // a moment, not a wait: anything may be under way
    await server.stop('SIGKILL');
  }
  assert.ok(accepted.length > 5);
  ok(['jobs', 'work', '--until-idle', ...p.args]); // finds those that were killed while they ran
  ok(['jobs', 'replay-dead', ...p.args]); // on a slow machine one may have been killed too often
  await until(() => (ok(['jobs', 'work', '--until-idle', ...p.args]), one(p.db, "SELECT count(*) FROM job WHERE state IN ('waiting', 'running')") === '0'), 'the end of all jobs', 60);
  const runs = query(p.db, "SELECT source, count(*), sum(rows_clean) FROM run WHERE state = 'done' GROUP BY source ORDER BY source");
  const all = query(p.db, 'SELECT source, state FROM bulk_upload_jobs ORDER BY source');
  for (const name of accepted) assert.ok(all.some(([source]) => source === name), `${name} was accepted`);
  assert.deepEqual(all.filter(([, state]) => state !== 'completed'), []);
  assert.deepEqual(runs, all.map(([source]) => [source, '1', '300']));
  assert.equal(one(p.db, 'SELECT count(*) FROM mangalam_invoices'), String(all.length * 300));
  assert.equal(one(p.db, 'SELECT sum(total_price) FROM invoice_items'), one(p.db, 'SELECT sum(total) FROM mangalam_invoices'));
  sound(p);
});
