// Jobs: they are done, once, in the order that their queues say, whatever happens to those who do them.
// The kinds test_* exist in test builds (src/job/test_kinds.c). What was done is counted by the sqlite3
// shell: inside in the tenant's log, outside in the file of another tenant.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { serveWith } from '../browser/outpost.mjs';
import { ask, data, post, problem, stream } from './api.mjs';
import * as lib from './lib.mjs';
import { LONG, OUTPOST_TEST, one, query, sleep } from './lib.mjs';

const sanitized = /[/](asan|tsan)[/]/.test(OUTPOST_TEST); // a heart that beats slowly
const B = { binary: OUTPOST_TEST };
const ok = (args, more) => lib.ok(args, { ...B, ...more });
const json = (args, more) => lib.json(args, { ...B, ...more });
const refuses = (args, pattern, code) => lib.refuses(args, pattern, code, B);

function place(t, ...others) {
  const p = lib.place(t);
  for (const slug of others) ok(['tenant', 'add', slug, '--data', p.data]);
  return p;
}
const add = (p, kind, payload = {}, ...more) => json(['jobs', 'add', kind, JSON.stringify(payload), ...more, ...p.args]);
const show = (p, id) => json(['jobs', 'show', String(id), ...p.args]);
const list = (p, ...more) => json(['jobs', 'list', '--limit', '10000', ...more, ...p.args]);
const work = (p, more) => ok(['jobs', 'work', '--until-idle', ...p.args], more);
const us = (iso) => Date.parse(`${iso.slice(0, 19)}Z`) * 1000 + Number(iso.slice(20, 26));

// Changes by hand, while a server may be writing.
const sqlite = (db, sql) => lib.sqlite(db, `.timeout 5000\n${sql}`);

// Orders many at once, by SQL: the rows that `jobs add` makes.
const many = (kind, queue, count, payload) => `INSERT INTO job (kind, queue, due_at, payload, attempts_max, created_at, created_by)
    SELECT '${kind}', '${queue}', 1, '${JSON.stringify(payload)}', 5, 1, 'test' FROM generate_series(1, ${count});`;
const addMany = (p, ...what) => sqlite(p.db, many(...what));

async function until(is, what, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const got = await is();
    if (got) return got;
    assert.ok(Date.now() < end, `${what} did not come within ${seconds} s`);
    await sleep(20);
  }
}

// Every effect of every job: Map('job/step' -> times), inside and outside.
const inside = (p) => query(p.db, "SELECT key, count(*) FROM change_log WHERE event = 'TEST_EFFECT' GROUP BY key");
const order = (p) => query(p.db, "SELECT key FROM change_log WHERE event = 'TEST_EFFECT' ORDER BY seq").map(([key]) => Number(key.split('/')[0]));

test('a kind that rests: the next of its key begins so many times later as the last one took, another key at once', (t) => {
  const p = place(t);
  const due = (key) => {
    const { id } = add(p, 'test_rest', { ms: 300 }, '--unique-key', key);
    return query(p.db, `SELECT due_at, created_at FROM job WHERE id = ${id}`)[0].map(Number);
  };
  assert.equal(due('a')[0], due('a')[1], 'the first one has nothing to rest from');
  work(p);
  const [began, ended] = query(p.db, "SELECT started_at, ended_at FROM job WHERE state = 'done'")[0].map(Number);
  assert.ok(ended - began >= 300000, 'it took its time');
  assert.equal(due('a')[0], ended + 10 * (ended - began));
  assert.equal(due('b')[0], due('b')[1]);
});

test('a job\'s life in the terminal: ordered, done, its steps, its result', (t) => {
  const p = place(t, 'side');
  const made = add(p, 'test_effect', { steps: 2, side: 'side' }, '--priority', '7');
  assert.deepEqual([made.id, made.state, made.queue, made.priority, made.attempts, made.attempts_max, made.cause], [1, 'waiting', 'default', 7, 0, 5, null]);
  work(p);
  const done = show(p, 1);
  assert.deepEqual([done.state, done.attempts, done.progress], ['done', 1, { done: 2, total: 2, text: 'step 1' }]);
  assert.deepEqual(done.steps.map((s) => s.name), ['step 0', 'step 1']);
  assert.ok(us(done.created_at) <= us(done.started_at) && us(done.started_at) <= us(done.steps[0].at) && us(done.steps[1].at) <= us(done.ended_at));
  assert.deepEqual(done.tries.map((x) => [x.n, x.outcome, x.cause]), [[1, 'done', null]]);
  add(p, 'test_nothing', { a: '1.50', list: [1, 2] });
  work(p);
  assert.deepEqual(show(p, 2).result, { a: '1.50', list: [1, 2] });
  assert.deepEqual(list(p).map((j) => j.id), [2, 1]);
  assert.deepEqual(list(p, '--kind', 'test_effect', '--state', 'done').map((j) => j.id), [1]);
  refuses(['jobs', 'add', 'nothing_like_it', ...p.args], /there is no kind of job nothing_like_it; there are: .*test_effect/, 1);
  refuses(['jobs', 'add', 'test_nothing', '[1]', ...p.args], /payload.*JSON object/, 1);
  refuses(['jobs', 'add', 'test_nothing', '--queue', 'mine', ...p.args], /no queue mine; there are: bulk-upload, /, 1);
  refuses(['jobs', 'show', '99', ...p.args], /no job 99/, 4);
  refuses(['jobs', 'show', 'x', ...p.args], /named by its number/, 2);
  refuses(['jobs', 'retry', '1', ...p.args], /job 1 is done/, 5);
  refuses(['jobs', 'list', '--state', 'gone', ...p.args], /waiting, running, done, dead or cancelled/, 1);
});

// What is left is done; on a slow machine one may be stopped ten times before its first step.
function finish(p) {
  work(p);
  ok(['jobs', 'replay-dead', ...p.args]);
  for (let i = 0; i < 2; i++) work(p);
}

// Of jobs with three effects each.
function eachOnce(p, jobs) {
  assert.deepEqual(query(p.db, 'SELECT state, count(*) FROM job GROUP BY state'), [['done', String(jobs)]]);
  const effects = inside(p);
  assert.equal(effects.length, jobs * 3);
  assert.deepEqual(effects.filter(([, times]) => times !== '1'), []);
  const side = path.join(p.data, 'tenants/side.db');
  assert.equal(one(side, 'SELECT count(*) FROM test_effect'), String(jobs * 3)); // keyed by job and step: one each ...
}

test(`kill -9 at ${LONG ? 1000 : 25} moments: every effect inside and outside happens exactly once`, { timeout: LONG ? 3_600_000 : 600_000 }, async (t) => {
  const p = place(t, 'side');
  const kills = LONG ? 1000 : 25;
  const r = lib.random(8);
  let jobs = 0;
  for (let k = 0; k < kills; k++) {
    const left = Number(one(p.db, "SELECT count(*) FROM job WHERE state IN ('waiting', 'running')"));
    if (left < 6) addMany(p, 'test_effect', r.pick(['default', 'graph', 'rfq-queue']), 12, { steps: 3, side: 'side', ms: 1 }), (jobs += 12);
    // Half of them die at a chosen place of the code, half at a moment.
    const env = r.chance(0.5) ? { OUTPOST_CRASH: String(20 + r.below(400)) } : {};
    const worker = lib.start(['jobs', 'work', ...p.args], { ...B, env });
    const timer = env.OUTPOST_CRASH ? setTimeout(() => worker.child.kill('SIGKILL'), 3000) : setTimeout(() => worker.child.kill('SIGKILL'), 10 + r.below(150));
    const end = await worker.ended;
    clearTimeout(timer);
    assert.equal(end.signal, 'SIGKILL', end.err);
  }
  finish(p);
  eachOnce(p, jobs);
  const side = path.join(p.data, 'tenants/side.db');
  const again = Number(one(side, 'SELECT sum(times) FROM test_effect')) - jobs * 3;
  const lost = Number(one(p.db, "SELECT count(*) FROM job_try WHERE outcome = 'lost'"));
  assert.ok(lost > 0 && again <= lost, `${again} attempts to repeat one, ${lost} lost attempts`);
  assert.equal(one(p.db, 'SELECT count(*) FROM (SELECT job, name FROM job_step GROUP BY 1, 2)'), String(jobs * 3));
  lib.sound(p);
  t.diagnostic(`${jobs} jobs, ${lost} attempts lost, ${again} outside effects asked for twice`);
});

test('what failed is tried again after exactly 2 s and 4 s, then it is dead; the log of each attempt is kept', async (t) => {
  const p = place(t);
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  const { id } = await data(post(server, '/api/jobs', { kind: 'test_fail', payload: {} }), 201);
  const job = await until(async () => {
    const j = await data(ask(server, `/api/jobs/${id}`));
    return j.state === 'dead' && j;
  }, 'its death');
  assert.deepEqual([job.attempts, job.attempts_max, job.cause], [3, 3, 'the world is sick']);
  assert.deepEqual(job.tries.map((x) => [x.outcome, x.cause, x.log.length]), Array(3).fill(['failed', 'the world is sick', 1]));
  [2e6, 4e6].forEach((wait, i) => {
    const gap = us(job.tries[i + 1].started_at) - us(job.tries[i].ended_at);
    assert.ok(gap >= wait && gap < wait + 500000, `${gap} after attempt ${i + 1}`);
  });
  const wrong = await data(post(server, '/api/jobs', { kind: 'test_fail', payload: { code: 'invalid' } }), 201);
  const dead = await until(async () => {
    const j = await data(ask(server, `/api/jobs/${wrong.id}`));
    return j.state === 'dead' && j;
  }, 'its death');
  assert.deepEqual([dead.attempts, dead.cause], [1, 'the data is wrong']);
  assert.deepEqual(query(p.db, "SELECT key FROM change_log WHERE event = 'JOB_DEAD' ORDER BY seq"), [[String(id)], [String(wrong.id)]]);
});

test('dead ones are begun again: one, with another payload, those of a queue, all; each act is in the log', async (t) => {
  const p = place(t);
  for (let i = 0; i < 4; i++) add(p, 'test_fail', { code: 'invalid' });
  add(p, 'test_fail', { code: 'invalid' }, '--queue', 'rfq-queue');
  add(p, 'test_fail', { code: 'invalid', times: 9 }, '--unique-key', 'k');
  work(p);
  assert.equal(list(p, '--state', 'dead').length, 6);
  refuses(['jobs', 'edit', '1', 'nonsense', ...p.args], /JSON/, 1);
  json(['jobs', 'edit', '1', '{"times":0}', ...p.args]);
  assert.equal(json(['jobs', 'retry', '1', ...p.args]).state, 'waiting');
  work(p);
  assert.deepEqual([show(p, 1).state, show(p, 1).attempts, show(p, 1).tries.length], ['done', 1, 2]);
  assert.deepEqual(json(['jobs', 'replay-dead', '--queue', 'rfq-queue', ...p.args]), { replayed: 1 });
  assert.equal(show(p, 5).state, 'waiting');
  work(p);
  // 6 is of a key that is on its way again by then: it would be the second one.
  add(p, 'test_fail', { times: 0 }, '--unique-key', 'k', '--delay', '3600');
  refuses(['jobs', 'retry', '6', ...p.args], /job 7 does the same/, 5);
  assert.deepEqual(json(['jobs', 'replay-dead', ...p.args]), { replayed: 4 });
  assert.equal(show(p, 6).state, 'dead');
  const acts = query(p.db, "SELECT event, count(*) FROM change_log WHERE tbl = 'job' GROUP BY 1 ORDER BY 1");
  assert.deepEqual(acts, [['JOB_DEAD', '7'], ['JOB_EDITED', '1'], ['JOB_REPLAYED', '6']]);
  lib.sound(p);
});

test('there is one job of a key at a time', async (t) => {
  const p = place(t);
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  const body = { kind: 'test_sleep', payload: { ms: 400 }, unique: 'nightly' };
  const ids = new Set();
  for (let i = 0; i < 5; i++) ids.add((await data(post(server, '/api/jobs', body), 201)).id);
  assert.equal(ids.size, 1);
  const [id] = ids;
  await until(async () => (await data(ask(server, `/api/jobs/${id}`))).state === 'done', 'its end');
  assert.equal((await data(post(server, '/api/jobs', body), 201)).id, id + 1);
  // Twenty at once.
  const many = await Promise.all(Array.from({ length: 20 }, () => data(post(server, '/api/jobs', { ...body, unique: 'other' }), 201)));
  assert.equal(new Set(many.map((j) => j.id)).size, 1);
});

test('cancelled: one that waits, one that runs and listens, one that runs and is deaf', async (t) => {
  const p = place(t);
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  const run = async (payload) => {
    const { id } = await data(post(server, '/api/jobs', { kind: 'test_sleep', payload }), 201);
    await until(async () => (await data(ask(server, `/api/jobs/${id}`))).state === 'running', 'its start');
    return id;
  };
  const later = await data(post(server, '/api/jobs', { kind: 'test_sleep', due_at: '2099-01-01T00:00:00Z' }), 201);
  assert.equal((await data(post(server, `/api/jobs/${later.id}/cancel`))).state, 'cancelled');
  const listens = await run({ ms: 60000 });
  const deaf = await run({ ms: 1500, deaf: 1 });
  for (const id of [listens, deaf]) {
    const job = await data(post(server, `/api/jobs/${id}/cancel`));
    assert.deepEqual([job.state, job.tries.at(-1).outcome, job.tries.at(-1).cause], ['cancelled', 'cancelled', 'cancelled by http']);
  }
  await sleep(2500); // the deaf one has come to its effect by now
  assert.deepEqual(inside(p), []);
  assert.deepEqual((await ask(server, '/api/jobs')).json.counts, { waiting: 0, running: 0, done: 0, dead: 0, cancelled: 3 });
  await problem(post(server, `/api/jobs/${deaf}/cancel`), 409, /cancelled already/);
  const again = await data(post(server, `/api/jobs/${deaf}/retry`));
  assert.equal(again.state, 'waiting');
  await until(async () => (await data(ask(server, `/api/jobs/${deaf}`))).state === 'done', 'its end');
  assert.deepEqual(inside(p), [[`${deaf}/slept`, '1']]);
  await problem(post(server, '/api/jobs/99999/retry'), 404, /no job 99999/);
  await problem(post(server, '/api/jobs/x/retry'), 404, /named by its number/);
  await problem(post(server, '/api/jobs', { payload: {} }), 422, /kind is needed/);
  await problem(post(server, '/api/jobs', { kind: 'test_sleep', payload: 'x' }), 422, /JSON object/);
  await problem(post(server, '/api/jobs', { kind: 'test_sleep', priority: 'high' }), 422, /whole number/);
  await problem(post(server, '/api/jobs', { kind: 'test_sleep', due_at: 'soon' }), 422, /instant/);
  await problem(post(server, `/api/jobs/${deaf}/edit`, {}), 422, /payload is needed/);
});

test('priority within a queue, shares between queues by weight, at once no more than allowed', async (t) => {
  const p = place(t);
  for (const priority of [1, 9, -3, 9, 4]) add(p, 'test_effect', { steps: 1 }, '--priority', String(priority), '--queue', 'maintenance');
  work(p); // maintenance: one at once
  assert.deepEqual(order(p), [2, 4, 5, 1, 3]);
  sqlite(p.db, "UPDATE job_queue SET weight = CASE name WHEN 'rfq-queue' THEN 3 ELSE 1 END, at_once = 1, updated_at = 1");
  addMany(p, 'test_sleep', 'rfq-queue', 60, { ms: 5 });
  addMany(p, 'test_sleep', 'trial-queue', 60, { ms: 5 });
  const server = await serveWith(OUTPOST_TEST, t, p.data, '--workers', '1');
  await until(() => order(p).length >= 5 + 60, 'half of them');
  await server.stop();
  const share = order(p).slice(5, 5 + 60).filter((id) => id <= 65).length;
  assert.ok(Math.abs(share - 45) <= 3, `${share} of 60, 45 by the weights`);

  // No two of a kind at once, though four workers could.
  const q = place(t);
  addMany(q, 'test_single', 'default', 12, { ms: 30 });
  const two = await serveWith(OUTPOST_TEST, t, q.data, '--workers', '4');
  let most = 0;
  while (order(q).length < 12) most = Math.max(most, Number(one(q.db, "SELECT count(*) FROM job WHERE state = 'running'")));
  assert.equal(most, 1);
  assert.equal(two.log.includes('FAILED'), false);

  // However many of a kind that is full stand in front, another kind is not held up by them.
  addMany(q, 'test_single', 'default', 1500, { ms: 60000 });
  const behind = add(q, 'test_effect', { steps: 1 });
  await until(() => show(q, behind.id).state === 'done', 'the one behind 1,500');
});

test('a rate is kept, also by two processes together', async (t) => {
  const p = place(t);
  sqlite(p.db, "UPDATE job_queue SET rate_count = 10, rate_seconds = 1, updated_at = 1 WHERE name = 'default'");
  addMany(p, 'test_effect', 'default', 40, { steps: 1 });
  const workers = [1, 2].map(() => lib.start(['jobs', 'work', ...p.args], B));
  await until(() => order(p).length === 40, 'all of them');
  for (const w of workers) w.child.kill('SIGTERM');
  for (const w of workers) assert.equal((await w.ended).code, 0);
  const begun = query(p.db, 'SELECT started_at FROM job ORDER BY 1').map(([at]) => Number(at));
  for (let i = 0; i + 20 < begun.length; i++) assert.ok(begun[i + 20] - begun[i] >= 0.95e6, 'a bucket of ten and ten a second');
  const took = (begun.at(-1) - begun[0]) / 1e6;
  assert.ok(took > 2.9 && took < 4.5, `${took} s for 40, ten of them at once`);
});

test('a process that stands still longer than its lease: another one takes over, and the late one cannot commit', async (t) => {
  const p = place(t);
  process.env.OUTPOST_LEASE_MS = '600';
  t.after(() => delete process.env.OUTPOST_LEASE_MS);
  const { id } = add(p, 'test_sleep', { ms: 1000, deaf: 1 });
  const first = lib.start(['jobs', 'work', ...p.args], B);
  t.after(() => first.child.kill('SIGKILL'));
  await until(() => show(p, id).state === 'running', 'its start');
  // Not while it writes: whoever stands still with the lock of the file in his hand holds up everybody.
  const lock = p.db.replace(/db$/, 'lock');
  await until(async () => {
    first.child.kill('SIGSTOP');
    await sleep(5);
    if (spawnSync('flock', ['-n', lock, 'true']).status === 0) return true;
    first.child.kill('SIGCONT');
    return false;
  }, 'a moment without a write');
  const second = lib.start(['jobs', 'work', ...p.args], B);
  t.after(() => second.child.kill('SIGKILL'));
  const before = show(p, id).tries.at(-1).worker;
  await until(() => show(p, id).state === 'running' && show(p, id).tries.at(-1).worker !== before, 'the other one');
  first.child.kill('SIGCONT');
  await until(() => show(p, id).state === 'done', 'its end');
  await sleep(1200);
  const job = show(p, id);
  assert.deepEqual(inside(p), [[`${id}/slept`, '1']]);
  assert.deepEqual(job.tries.map((x) => x.outcome), ['lost', 'done']);
  assert.match(job.tries[0].cause, /stood still longer than its lease/);
  // The late one came to its effect first, and was refused: it is the other one's.
  const at = Number(one(p.db, "SELECT at FROM change_log WHERE event = 'TEST_EFFECT'"));
  assert.ok(at - us(job.tries[1].started_at) > 0.9e6, `${at - us(job.tries[1].started_at)} after the second began`);
  assert.equal(job.attempts, 1);
  for (const w of [first, second]) w.child.kill('SIGTERM');
  for (const w of [first, second]) assert.deepEqual([(await w.ended).code, (await w.ended).signal], [0, null]);
});

test('a thousand times one of several processes stands still longer than its lease, wherever it is: every effect happens exactly once', { skip: !LONG && 'long', timeout: 3_600_000 }, async (t) => {
  const p = place(t, 'side');
  process.env.OUTPOST_LEASE_MS = '600';
  t.after(() => delete process.env.OUTPOST_LEASE_MS);
  const r = lib.random(18);
  let [jobs, pauses] = [0, 0];
  // By somebody who waits for the file while others go on, as one of them may stand still with the lock in his hand.
  let ordered = Promise.resolve();
  const more = async () => {
    if (Number(one(p.db, "SELECT count(*) FROM job WHERE state IN ('waiting', 'running')")) > 60) return;
    const sql = many('test_effect', r.pick(['default', 'graph', 'rfq-queue']), 40, { steps: 3, side: 'side', ms: 30 });
    const { code, err } = await lib.start([p.db, '-cmd', '.timeout 60000', sql], { binary: 'sqlite3' }).ended;
    assert.equal(code, 0, err);
    jobs += 40;
  };
  const stopping = async () => {
    const worker = lib.start(['jobs', 'work', ...p.args], B);
    t.after(() => worker.child.kill('SIGKILL'));
    while (pauses < 1000) {
      if (pauses++ % 4 === 0) ordered = ordered.then(more);
      await sleep(100 + r.below(200));
      worker.child.kill('SIGSTOP');
      await sleep(700 + r.below(300));
      worker.child.kill('SIGCONT');
    }
    worker.child.kill('SIGTERM');
    const { code, signal, err } = await worker.ended;
    assert.deepEqual([code, signal], [0, null], err);
  };
  await more();
  await Promise.all(Array.from({ length: 4 }, stopping));
  await ordered;
  finish(p);
  eachOnce(p, jobs);
  const lost = Number(one(p.db, "SELECT count(*) FROM job_try WHERE outcome = 'lost'"));
  assert.ok(lost > 100, `${lost} lost attempts`);
  lib.sound(p);
  t.diagnostic(`${pauses} pauses, ${jobs} jobs, ${lost} attempts lost`);
});

test('a clock that jumps by eight hours neither breaks a lease nor holds up a second attempt', async (t) => {
  const p = place(t);
  const clock = path.join(p.dir, 'clock');
  const jump = (hours) => fs.writeFileSync(clock, String(hours * 3600e6));
  jump(0);
  Object.assign(process.env, { OUTPOST_CLOCK: clock, OUTPOST_LEASE_MS: sanitized ? '2500' : '500' });
  t.after(() => ['OUTPOST_CLOCK', 'OUTPOST_LEASE_MS'].forEach((name) => delete process.env[name]));
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  const other = lib.start(['jobs', 'work', ...p.args], B);
  t.after(() => other.child.kill('SIGKILL'));
  const long = add(p, 'test_sleep', { ms: 3000 }).id;
  const sick = add(p, 'test_fail', { times: 1 }).id;
  await until(() => show(p, long).state === 'running' && show(p, sick).attempts === 1 && show(p, sick).state === 'waiting', 'their start');
  const began = Date.now();
  jump(-8);
  await until(() => show(p, sick).state === 'done', 'the second attempt', 8);
  assert.ok(Date.now() - began < 3500, 'two seconds, whatever the clock on the wall says');
  jump(8);
  await sleep(300);
  jump(-8);
  await until(() => show(p, long).state === 'done', 'its end');
  assert.equal(one(p.db, `SELECT fence FROM job WHERE id = ${long}`), '1');
  assert.deepEqual(inside(p), [[`${long}/slept`, '1']]);
  // What is due at a time of day is due when the clock says so.
  const due = await data(post(server, '/api/jobs', { kind: 'test_nothing', due_at: new Date(Date.now() - 3600e3).toISOString() }), 201);
  assert.equal(show(p, due.id).state, 'waiting');
  jump(0);
  await until(() => show(p, due.id).state === 'done', 'its time', 3);
});

test('a clock that is put right holds up neither what waits a moment nor the next of what ran meanwhile', async (t) => {
  const p = place(t);
  const clock = path.join(p.dir, 'clock');
  const jump = (hours) => fs.writeFileSync(clock, String(hours * 3600e6));
  jump(0);
  process.env.OUTPOST_CLOCK = clock;
  t.after(() => delete process.env.OUTPOST_CLOCK);
  await serveWith(OUTPOST_TEST, t, p.data);
  const long = add(p, 'test_rest', { ms: 1000 }, '--unique-key', 'a').id;
  await until(() => show(p, long).state === 'running', 'its start');
  jump(10000);
  await until(() => show(p, long).state === 'done', 'its end');
  const next = add(p, 'test_rest', { ms: 1 }, '--unique-key', 'a').id;
  const [due, made] = query(p.db, `SELECT due_at, created_at FROM job WHERE id = ${next}`)[0].map(Number);
  assert.ok(due > made && due <= made + 3600e6, `${(due - made) / 3600e6} hours`);
  const soon = add(p, 'test_nothing', {}, '--delay', '2').id;
  assert.equal(show(p, soon).state, 'waiting');
  jump(0);
  await until(() => show(p, soon).state === 'done', 'its time');
});

test('progress comes as it is made, and a client that comes back is told what ended meanwhile', async (t) => {
  const p = place(t);
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  const s = await stream(t, server);
  const { id } = await data(post(server, '/api/jobs', { kind: 'test_sleep', payload: { ms: 1500 } }), 201);
  const mine = (x) => x.events.filter((e) => e.event === 'job' && e.data.id === id).map((e) => e.data);
  await s.until((x) => mine(x).some((j) => j.state === 'done'), 'its end');
  const progress = mine(s).filter((j) => j.progress).map((j) => j.progress);
  assert.ok(progress.length >= 4, `${progress.length} times`);
  progress.forEach((x, i) => assert.ok(x.total === 1500 && x.text === 'sleeping' && (i === 0 || x.done >= progress[i - 1].done), JSON.stringify(progress)));
  const last = Number(one(p.db, 'SELECT max(seq) FROM change_log'));
  s.close();
  const missed = await data(post(server, '/api/jobs', { kind: 'test_effect', payload: { steps: 1 } }), 201);
  await until(() => show(p, missed.id).state === 'done', 'its end');
  await server.stop();
  const next = await serveWith(OUTPOST_TEST, t, p.data);
  const back = await stream(t, next, '/api/events', { 'last-event-id': String(last - 1) });
  await back.until((x) => x.events.some((e) => e.event === 'job' && e.data.id === missed.id && e.data.state === 'done'), 'what it missed');
});

test('a page is told of jobs that another process runs, and of those that are ordered', async (t) => {
  const p = place(t);
  const server = await serveWith(OUTPOST_TEST, t, p.data, '--workers', '1');
  const s = await stream(t, server);
  const told = (id) => s.events.filter((e) => e.event === 'job' && e.data.id === id).map((e) => e.data);
  const busy = add(p, 'test_sleep', { ms: 2500 }).id; // the server's one worker
  await s.until(() => told(busy).some((j) => j.state === 'running'), 'its start');
  const { id } = add(p, 'test_sleep', { ms: 1800 });
  await s.until(() => told(id).some((j) => j.state === 'waiting'), 'the order');
  const other = lib.start(['jobs', 'work', ...p.args], B);
  t.after(() => other.child.kill('SIGKILL'));
  await s.until(() => told(id).some((j) => j.state === 'done'), 'its end');
  assert.ok(told(id).filter((j) => j.state === 'running' && j.progress?.total === 1800).length >= 1, JSON.stringify(told(id)));
  assert.notEqual(one(p.db, `SELECT worker FROM job WHERE id = ${id}`), one(p.db, `SELECT worker FROM job WHERE id = ${busy}`));
});

test('what another process does is noticed at once, and a new tenant, and one that is broken stops nobody', async (t) => {
  const p = place(t, 'broken');
  fs.writeFileSync(path.join(p.data, 'tenants/broken.db'), 'this is no file of SQLite');
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  const { id } = add(p, 'test_nothing');
  await until(() => show(p, id).state === 'done', 'its end', 2);
  ok(['tenant', 'add', 'late', '--data', p.data]);
  const late = { args: ['--data', p.data, '--tenant', 'late'] };
  const job = add(late, 'test_nothing');
  await until(() => show(late, job.id).state === 'done', 'its end', 4);
  await until(() => /TENANT_NOT_OPENED.*broken/.test(server.log), 'a word of the broken one');
});

test('SIGTERM: what listens is given back at once and costs no attempt; the next server goes on', async (t) => {
  const p = place(t);
  const server = await serveWith(OUTPOST_TEST, t, p.data, '--workers', '2');
  addMany(p, 'test_sleep', 'default', 6, { ms: 60000 });
  await until(() => list(p, '--state', 'running').length === 2, 'their start');
  const began = Date.now();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.ok(Date.now() - began < 4000, `${Date.now() - began} ms`);
  assert.deepEqual(query(p.db, 'SELECT state, attempts, lost FROM job GROUP BY 1, 2, 3'), [['waiting', '0', '0']]);
  sqlite(p.db, `UPDATE job SET payload = '{"ms":1}'`);
  work(p);
  assert.equal(list(p, '--state', 'done').length, 6);
});

test('a job that is deaf is given back after ten seconds', { skip: !LONG && 'long' }, async (t) => {
  const p = place(t);
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  addMany(p, 'test_sleep', 'default', 1, { ms: 120000, deaf: 1 });
  await until(() => list(p, '--state', 'running').length === 1, 'its start');
  const began = Date.now();
  assert.equal((await server.stop()).code, 0);
  assert.ok(Date.now() - began < 15000);
  assert.equal(one(p.db, 'SELECT state FROM job'), 'waiting');
});

test('a job that takes its process with it is dead in the end, and a kind that nobody knows at once', async (t) => {
  const p = place(t);
  addMany(p, 'test_crash', 'default', 1, {});
  addMany(p, 'of_another_version', 'default', 1, {});
  addMany(p, 'test_sleep', 'default', 20, { ms: 200 }); // these run beside it, and are lost with it at first
  for (let i = 0; i < 40 && one(p.db, 'SELECT state FROM job WHERE id = 1') !== 'dead'; i++) lib.outpost(['jobs', 'work', '--until-idle', ...p.args], B);
  work(p);
  const job = show(p, 1);
  assert.equal(job.state, 'dead');
  assert.match(job.cause, /lost 10 times .* the process that worked on it ended/);
  assert.match(show(p, 2).cause, /no kind of job of_another_version/);
  assert.equal(list(p, '--state', 'done').length, 20);
});

test('old jobs go, and the newest one stays, whose number would be given again', (t) => {
  const p = place(t);
  addMany(p, 'test_effect', 'default', 30, { steps: 1 });
  addMany(p, 'test_fail', 'default', 2, { code: 'invalid' });
  addMany(p, 'test_effect', 'default', 2, { steps: 1 });
  work(p);
  sqlite(p.db, 'UPDATE job SET ended_at = ended_at - 31 * 86400000000');
  work(p); // orders jobs_tidy by itself
  assert.deepEqual(query(p.db, 'SELECT id, state FROM job ORDER BY id'), [['31', 'dead'], ['32', 'dead'], ['35', 'done']]);
  assert.equal(one(p.db, 'SELECT count(*) FROM job_step'), '0');
  assert.deepEqual(show(p, 35).result, { forgotten: 32 });
  sqlite(p.db, 'UPDATE job SET ended_at = ended_at - 31 * 86400000000 WHERE id = 35');
  work(p);
  assert.equal(one(p.db, 'SELECT max(id) FROM job'), '35');
});

test('a hundred tenants at rest cost next to nothing', { skip: !LONG && 'long' }, async (t) => {
  const p = place(t);
  for (let i = 0; i < 100; i++) ok(['tenant', 'add', `t${i}`, '--data', p.data]);
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  await sleep(5000);
  const cpu = () => fs.readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number).reduce((a, b) => a + b);
  const before = cpu();
  await sleep(10000);
  const share = (cpu() - before) / 1000; // of ten seconds, in hundredths
  t.diagnostic(`${(share * 100).toFixed(1)} % of a processor`);
  assert.ok(share < 0.05);
});
