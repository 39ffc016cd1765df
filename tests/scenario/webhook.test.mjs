// Requests that tell other programs of something: signed, once, refused, later, and never to where they must not (S13, R246, F16).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import { certificate } from '../fake/smtp.mjs';
import { LONG, OUTPOST_TEST, importFile, generate, json, ok, one, place, query, random, refuses, serve, sleep, start } from './lib.mjs';

const noCrashBuild = spawnSync(OUTPOST_TEST, ['version']).status === 0 ? false : `there is no test build at ${OUTPOST_TEST}`;
const save = (p, entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args]);
const add = (p, payload) => json(['jobs', 'add', 'webhook_send', JSON.stringify(payload), ...p.args]).id;
const job = (p, id) => json(['jobs', 'show', String(id), ...p.args]);
const hooks = (p) => json(['webhook', 'list', ...p.args]);

async function until(what, seconds = 20) {
  const last = Date.now() + seconds * 1000;
  for (;;) {
    const got = await what();
    if (got) return got;
    assert.ok(Date.now() < last, `it did not come about within ${seconds} s: ${what}`);
    await sleep(50);
  }
}

// { port, got: [{ headers, body, at }], answer: (request) => [status, headers, body] }
async function receiver(t, tls) {
  const r = { got: [], answer: () => [204] };
  const server = (tls ? https : http).createServer(tls ?? {}, (req, res) => {
    const parts = [];
    req.on('data', (part) => parts.push(part));
    req.on('end', () => {
      const one = { method: req.method, url: req.url, headers: req.headers, body: Buffer.concat(parts), at: Date.now() };
      r.got.push(one);
      const [status, headers = {}, body = ''] = r.answer(one, req) ?? [];
      if (!status) return;
      res.writeHead(status, headers);
      res.end(body);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  r.port = server.address().port;
  t.after(() => (server.closeAllConnections?.(), server.close()));
  return r;
}

function hurried(t) {
  const p = place(t);
  const [queue] = json(['record', 'list', 'job_queue', ...p.args]).filter((q) => q.name === 'webhook-queue');
  save(p, 'job_queue', { id: queue.id, backoff_ms: 20, backoff_cap_ms: 100 });
  return p;
}
// The signature as a receiver checks it, by Standard Webhooks' own words.
const signed = (secret, one) => `v1,${crypto.createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64')).update(`${one.headers['webhook-id']}.${one.headers['webhook-timestamp']}.${one.body}`).digest('base64')}`;

test('an event is posted as a CloudEvent, signed, over TLS, and once', async (t) => {
  const pair = certificate(t);
  const r = await receiver(t, pair);
  const p = hurried(t);
  save(p, 'net_allow', { peer: '127.0.0.0/8' });
  save(p, 'webhook', { name: 'erp', url: `https://localhost:${r.port}/hook?x=1`, authorities: pair.cert });
  const { secret } = json(['webhook', 'set-secret', 'erp', '--generate', ...p.args]);
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const server = await serve(t, p.data);
  const id = add(p, { target: 'erp', type: 'outpost.test', subject: 'thing/1', data: { amount: 1234567890.12, text: 'Grüße €', list: [1, null, true] } });
  await until(() => job(p, id).state === 'done');
  assert.equal(r.got.length, 1);
  const [one] = r.got;
  assert.deepEqual([one.method, one.url], ['POST', '/hook?x=1']);
  assert.equal(one.headers['content-type'], 'application/cloudevents+json; charset=UTF-8');
  assert.equal(one.headers['idempotency-key'], one.headers['webhook-id']);
  assert.equal(one.headers['webhook-signature'], signed(secret, one));
  assert.ok(Math.abs(Number(one.headers['webhook-timestamp']) * 1000 - Date.now()) < 60000);
  const event = JSON.parse(one.body);
  assert.deepEqual([event.specversion, event.id, event.source, event.type, event.subject], ['1.0', one.headers['webhook-id'], '/outpost/demo', 'outpost.test', 'thing/1']);
  assert.deepEqual(event.data, { amount: 1234567890.12, text: 'Grüße €', list: [1, null, true] });
  assert.ok(one.body.includes('1234567890.12'));
  assert.deepEqual(hooks(p).map((h) => [h.state, h.tries, h.code]), [['sent', 1, 204]]);
  // Without the authority that vouches for it: not at all.
  const [{ id: hook }] = json(['record', 'list', 'webhook', ...p.args]);
  save(p, 'webhook', { id: hook, authorities: null });
  const second = add(p, { target: 'erp' });
  await until(() => job(p, second).attempts > 1);
  assert.match(job(p, second).cause, /certificate|CA/i);
  assert.equal(r.got.length, 1);
  await server.stop();
});

test('5xx, 429 and silence are tried again under the same key, not before Retry-After; other answers are dead', async (t) => {
  const r = await receiver(t);
  const p = hurried(t);
  save(p, 'net_allow', { peer: 'localhost' });
  const url = `http://localhost:${r.port}/`;
  const server = await serve(t, p.data);
  const answers = [[500, {}, 'oh'], null, [502], [429, { 'retry-after': '2' }], [503, { 'retry-after': new Date(Date.now() - 5000).toUTCString() }], [200]];
  let i = 0;
  r.answer = (one, req) => {
    const answer = answers[i++];
    if (!answer) req.socket.destroy();
    return answer;
  };
  const id = add(p, { target: url, data: { n: 1 } });
  await until(() => job(p, id).state === 'done', 30);
  assert.equal(r.got.length, answers.length);
  assert.equal(new Set(r.got.map((g) => g.headers['idempotency-key'])).size, 1);
  assert.equal(new Set(r.got.map((g) => String(g.body))).size, 1);
  assert.ok(r.got[4].at - r.got[3].at >= 1950, `${r.got[4].at - r.got[3].at} ms after Retry-After: 2`);
  for (const [status, words] of [[400, 'no such field'], [401, ''], [404, ''], [410, ''], [422, 'x'.repeat(1000)], [301, ''], [302, '']]) {
    r.answer = () => [status, { location: 'http://localhost/elsewhere' }, words];
    const before = r.got.length;
    const bad = add(p, { target: url, data: { status } });
    await until(() => job(p, bad).state === 'dead');
    assert.equal(r.got.length, before + 1);
    assert.ok(job(p, bad).cause.includes(`answered ${status}`) && job(p, bad).cause.includes(words.slice(0, 100)), job(p, bad).cause);
    assert.deepEqual([hooks(p)[0].state, hooks(p)[0].code], ['dead', status]);
  }
  // A person retries it when the receiver is mended: the key is the same.
  r.answer = () => [200];
  const [{ job: last }] = hooks(p);
  ok(['jobs', 'retry', String(last), ...p.args]);
  await until(() => job(p, last).state === 'done');
  assert.equal(r.got.at(-1).headers['webhook-id'], r.got.at(-2).headers['webhook-id']);
  // An answer that does not end is cut off.
  r.answer = () => [200, {}, 'x'.repeat(1 << 20)];
  const much = add(p, { target: url });
  await until(() => job(p, much).state !== 'waiting' && job(p, much).state !== 'running');
  assert.match(job(p, much).cause ?? '', /more than 65536 bytes/);
  await server.stop();
});

test('an address leads nowhere on this machine or its network, however it is spelled', async (t) => {
  const r = await receiver(t);
  const p = hurried(t);
  const { port } = r;
  const bad = [`http://127.0.0.1:${port}/`, `http://127.1:${port}/`, `http://localhost:${port}/`, `http://[::ffff:127.0.0.1]:${port}/`, `http://0x7f000001:${port}/`, `http://2130706433:${port}/`, `http://0:${port}/`, `https://127.0.0.1:${port}/`, 'http://169.254.169.254/latest/meta-data/', 'http://[::1]/', 'gopher://127.0.0.1/x', 'file:///etc/passwd', `http://user:word@127.0.0.1:${port}/`, 'nobody'];
  const ids = bad.map((target) => add(p, { target }));
  await start(['jobs', 'work', '--until-idle', ...p.args]).ended;
  ids.forEach((id, i) => assert.equal(job(p, id).state, 'dead', `${bad[i]}: ${job(p, id).cause}`));
  assert.match(job(p, ids[0]).cause, /127\.0\.0\.1, which is not to be called without TLS: an entry in .*net_allow/);
  assert.match(job(p, ids[7]).cause, /this machine or a private network/);
  assert.equal(r.got.length, 0);
  // Allowed by name: that name only. Allowed by network: these addresses only.
  save(p, 'net_allow', { peer: 'localhost' });
  const named = add(p, { target: bad[2] });
  const numbered = add(p, { target: bad[0] });
  await start(['jobs', 'work', '--until-idle', ...p.args]).ended;
  assert.deepEqual([job(p, named).state, job(p, numbered).state, r.got.length], ['done', 'dead', 1]);
  for (const [entity, object, why] of [['net_allow', { peer: '10.0.0.0/40' }, /no address/], ['webhook', { name: 'x', url: 'ftp://x/' }, /https and http/], ['webhook', { name: 'x', url: 'https://a:b@x/' }, /no user/], ['webhook', { name: 'x', url: 'https://x/', events: 'Ä' }, /events/]])
    refuses(['record', 'save', entity, JSON.stringify(object), ...p.args], why);
});

test('webhooks are told of runs and dead jobs, once each, over kills', { skip: noCrashBuild, timeout: 120000 }, async (t) => {
  const r = await receiver(t);
  const p = hurried(t);
  importFile(p, generate(p.dir, 50, 1).file); // before there was a webhook: it is not told of this
  save(p, 'net_allow', { peer: '127.0.0.1' });
  save(p, 'webhook', { name: 'all', url: `http://127.0.0.1:${r.port}/all`, events: '*' });
  save(p, 'webhook', { name: 'runs', url: `http://127.0.0.1:${r.port}/runs`, events: 'run.completed, note.created' });
  save(p, 'webhook', { name: 'none', url: `http://127.0.0.1:${r.port}/none`, events: '-' });
  const runs = [2, 3].map((seed) => importFile(p, generate(p.dir, 60, seed).file).run);
  ok(['record', 'save', 'note', JSON.stringify({ dataset: 'sales', key: query(p.db, 'SELECT min(key) FROM sale')[0][0], text: 'looked at' }), ...p.args]);
  const rand = random(246);
  for (let i = 0; i < (LONG ? 40 : 6); i++) {
    const { child, ended } = start(['jobs', 'work', ...p.args], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(1 + rand.below(25)) } });
    const timer = setTimeout(() => child.kill('SIGKILL'), 400);
    await ended;
    clearTimeout(timer);
  }
  const server = await serve(t, p.data);
  const last = () => Number(query(p.db, 'SELECT max(seq) FROM change_log')[0][0]);
  await until(() => one(p.db, "SELECT min(p.seq) FROM webhook_position p JOIN webhooks w ON w.id = p.webhook") === String(last()), 30);
  await until(() => {
    ok(['jobs', 'replay-dead', ...p.args]); // what took ten processes with it
    return json(['jobs', 'list', '--limit', '1000', ...p.args]).every((j) => j.state === 'done');
  }, 30);
  const once = (name) => [...new Map(r.got.filter((g) => g.url === `/${name}`).map((g) => [g.headers['webhook-id'], JSON.parse(g.body)])).values()];
  assert.deepEqual(once('runs').filter((e) => e.type === 'outpost.run.completed').map((e) => e.data.unit).sort(), [...runs].sort());
  assert.deepEqual(once('runs').filter((e) => e.type !== 'outpost.run.completed').map((e) => [e.type, e.data.table]), [['outpost.note.created', 'note']]);
  assert.equal(once('none').length, 0);
  const seqs = once('all').map((e) => e.data.seq).sort((a, b) => a - b);
  assert.equal(new Set(seqs).size, seqs.length);
  const told = new Set(seqs);
  const begins = Math.min(...seqs);
  for (let seq = begins; seq <= last(); seq++) assert.ok(told.has(seq), `entry ${seq} was told`);
  // The receiver refuses: dead, and nobody is told of that, or it would never end.
  r.answer = () => [400];
  ok(['record', 'save', 'steward', '{"subject":"sale","owner":"A"}', ...p.args]);
  await until(() => hooks(p)[0].state === 'dead');
  await sleep(1000);
  const count = r.got.length;
  await sleep(1000);
  assert.equal(r.got.length, count);
  await server.stop();
});

test('events that come three times, shuffled and again after an error, have one effect', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const r = random(16);
  const events = Array.from({ length: LONG ? 3000 : 300 }, (_, i) => ({ eventId: `e-${i}`, eventType: 'RECEIPT', sku: `S-${i % 7}`, warehouseId: 'W1', quantityChange: 1 + (i % 5), timestamp: '2024-02-29T12:00:00Z' }));
  const all = [...events, ...events, ...events];
  for (let i = all.length - 1; i > 0; i--) {
    const k = r.below(i + 1);
    [all[i], all[k]] = [all[k], all[i]];
  }
  const totals = { taken: 0, known: 0, refused: 0 };
  await Promise.all([0, 1, 2, 3].map(async (lane) => {
    for (let i = lane; i < all.length; i += 4) {
      const began = Date.now();
      const answer = await fetch(`${server.base}/api/topics/inventory-events/events?tenant=demo`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(all[i]) });
      assert.equal(answer.status, 200);
      assert.ok(Date.now() - began < 10000);
      const { data } = await answer.json();
      for (const key of Object.keys(totals)) totals[key] += data[key];
    }
  }));
  assert.deepEqual(totals, { taken: events.length, known: 2 * events.length, refused: 0 });
  const wanted = {};
  for (const e of events) wanted[e.sku] = (wanted[e.sku] ?? 0) + e.quantityChange;
  const levels = Object.fromEntries(json(['stock', 'levels', ...p.args]).map((l) => [l.sku, l.quantity_on_hand]));
  assert.deepEqual(levels, wanted);
  ok(['stock', 'replay', ...p.args]);
  await server.stop();
});
