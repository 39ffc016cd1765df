// Graphs of tasks (T12): order, branches, maps, retries, resumption, backfill, and that everything
// happens once whatever kills the program.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ask, data, post, problem } from './api.mjs';
import * as lib from './lib.mjs';
import { LONG, OUTPOST_TEST, json, one, outpost, place, query, refuses, sleep, sound, start } from './lib.mjs';
import { movedPlace, until } from './moved.mjs';

const noTestBuild = spawnSync(OUTPOST_TEST, ['version']).status === 0 ? false : `there is no test build at ${OUTPOST_TEST}`;
const skip = noTestBuild;
const NOW = '2027-03-03T10:30:00Z';

const task = (name, kind, after = [], more = {}) => ({ name, kind, after, ...more });
const shape = (run) => Object.fromEntries(run.tasks.map((x) => [x.item ? `${x.name}/${x.item}` : x.name, x.state]));
const at = (run, name) => run.tasks.find((x) => x.name === name);

// A place of its own with one graph `g`: { ...moved, run(...), status(run) }.
function graphPlace(t, tasks, more = {}) {
  const p = movedPlace(t, NOW);
  p.quiet();
  p.save('graph', { name: 'g', tasks, retries: 0, retry_delay_s: 0, ...more });
  p.status = (run = 'latest') => p.json('dag', 'status', String(run));
  // In the foreground: the run, whatever became of it.
  p.run = (...args) => {
    const ended = outpost(['dag', 'run', 'g', ...args, ...p.args, '--json'], p.options);
    assert.ok(ended.out, ended.err);
    const run = JSON.parse(ended.out);
    assert.equal(ended.code, run.state === 'done' ? 0 : 1);
    return run;
  };
  p.idle = () => lib.ok(['jobs', 'work', '--until-idle', ...p.args], p.options);
  return p;
}

test('the graphs of the references are there as they are drawn', (t) => {
  const p = place(t);
  const drawn = {
    inventory_etl: { extract_inventory_data: [], transform_and_load: ['extract_inventory_data'], generate_aggregated_metrics: ['transform_and_load'], data_quality_check: ['extract_inventory_data'] },
    transaction_aggregation: { aggregate_transactions: [], load_aggregated_data: ['aggregate_transactions'] },
    low_stock_alerts: { check_low_stock: [], calculate_stockout_risk: ['check_low_stock'], generate_alerts: ['calculate_stockout_risk'], send_notifications: ['generate_alerts'], update_dashboard: ['generate_alerts'], trigger_reorder: ['generate_alerts'] },
    weekly_summary: { aggregate_weekly_data: [], calculate_weekly_metrics: ['aggregate_weekly_data'], generate_reports: ['calculate_weekly_metrics'], update_dashboards: ['generate_reports'] },
    sync_connectors: { sync_connector: [] },
    process_bulk_upload_complete: { populate_stores: [], populate_products: [], populate_items: ['populate_stores', 'populate_products'], predict_orders: ['populate_items'], segment_customers: ['populate_items'], find_upselling: ['populate_items'] },
  };
  const list = json(['dag', 'list', ...p.args]);
  assert.deepEqual(Object.fromEntries(list.map((g) => [g.name, Object.fromEntries(g.tasks.map((x) => [x.name, x.after]))])), drawn);
  for (const g of list) assert.deepEqual([g.retries, g.retry_delay_s, g.catch_up, g.max_active], [3, g.name === 'process_bulk_upload_complete' ? 10 : 300, false, 1]);
  const sync = list.find((g) => g.name === 'sync_connectors');
  assert.deepEqual([sync.owner, sync.start_day, sync.tasks[0].map, sync.schedules.length], ['dyocense', '2024-11-01', 'connectors', 3]);
});

test('what cannot work is not saved, and says what would', (t) => {
  const p = place(t);
  const save = (tasks, pattern) => refuses(['record', 'save', 'graph', JSON.stringify({ name: 'g', tasks }), ...p.args], pattern, 1);
  save([], /at least one task/);
  save({}, /at least one task/);
  save([task('a', 'make_coffee')], /task a: there is no kind of job make_coffee; there are .*jobs_tidy/);
  save([task('a', 'jobs_tidy', ['b'])], /task a: it is after b, and there is no such task; there are a/);
  save([task('a', 'jobs_tidy'), task('a', 'jobs_tidy')], /task a: there are two of this name/);
  save([task('a', 'jobs_tidy', ['a'])], /wait for each other.*: a$/m);
  save([task('x', 'jobs_tidy'), task('a', 'jobs_tidy', ['c']), task('b', 'jobs_tidy', ['a']), task('c', 'jobs_tidy', ['b'])], /these tasks wait for each other, so none could begin: a, b, c/);
  save([task('a', 'jobs_tidy', [], { map: 'planets' })], /there is no list planets/);
  save([task('two words', 'jobs_tidy')], /a name of letters, digits/);
  save([task('a', 'jobs_tidy', [], { retries: -1 })], /retries is a whole number/);
  save([task('a', 'jobs_tidy', [], { retrys: 1 })], /there is no property retrys/);
  save([{ name: 'a' }], /its kind is missing/);
  save(Array.from({ length: 201 }, (_, i) => task(`t${i}`, 'jobs_tidy')), /at most 200 tasks/);
  refuses(['dag', 'run', 'nothing', ...p.args], /there is no graph nothing; there are .*inventory_etl/, 4);
  refuses(['dag', 'status', 'latest', ...p.args], /no graph has run yet/, 4);
  refuses(['dag', 'status', '77', ...p.args], /there is no run 77/, 4);
});

test('tasks run in their order, branches side by side, and a run shows them as they end', { skip }, (t) => {
  const ms = { payload: { ms: 400 } };
  const p = graphPlace(t, [task('extract', 'test_sleep', [], { payload: { ms: 50 } }), task('load', 'test_sleep', ['extract'], ms), task('metrics', 'test_nothing', ['load']), task('quality', 'test_sleep', ['extract'], ms)]);
  const run = p.run();
  assert.deepEqual(shape(run), { extract: 'done', load: 'done', metrics: 'done', quality: 'done' });
  const [extract, load, metrics, quality] = ['extract', 'load', 'metrics', 'quality'].map((name) => at(run, name));
  for (const [first, then] of [[extract, load], [extract, quality], [load, metrics]]) assert.ok(first.ended_at <= then.started_at, `${first.name} before ${then.name}`);
  assert.ok(load.started_at < quality.ended_at && quality.started_at < load.ended_at, 'load and quality overlap');
  assert.deepEqual(metrics.output, {});
  const text = outpost(['dag', 'run', 'g', ...p.args], p.options);
  assert.equal(text.code, 0);
  const lines = text.out.trimEnd().split('\n');
  assert.match(lines[0], /^ {2}done +extract, /);
  assert.match(lines.at(-1), /^run 2 of g: done, covering /);
  assert.equal(lines.length, 5);
});

test('a task is tried again 3 times, 5 minutes apart, and then what waits for it is told', { skip }, async (t) => {
  const p = movedPlace(t, NOW);
  p.quiet();
  p.save('graph', { name: 'g', tasks: [task('a', 'test_fail', [], { payload: { times: 100, code: 'fail' } }), task('b', 'test_nothing', ['a']), task('c', 'test_fail', [], { payload: { times: 2, code: 'busy' } })] }); // defaults: 3, 300 s
  p.json('dag', 'run', 'g', '--detach');
  const w = p.work();
  const attempts = (name) => Number(one(p.db, `SELECT attempts FROM job WHERE graph_task = '${name}' AND state <> 'running'`) ?? -1);
  for (let n = 1; n <= 3; n++) {
    await until(() => attempts('a') === n, `attempt ${n}`);
    if (n < 3) await until(() => attempts('c') === n, `attempt ${n} of c`);
    const began = Date.parse(NOW) + (n - 1) * 300e3;
    p.set(new Date(Math.max(began + 290e3, p.now())).toISOString());
    await sleep(600);
    assert.equal(attempts('a'), n, 'not before the five minutes are over');
    p.set(new Date(began + 302e3 + n * 1000).toISOString());
  }
  await until(() => p.json('dag', 'status', 'latest').state === 'failed', 'the end');
  await w.stop();
  const run = p.json('dag', 'status', 'latest');
  assert.deepEqual(shape(run), { a: 'failed', b: 'upstream_failed', c: 'done' });
  assert.deepEqual([at(run, 'a').attempts, at(run, 'c').attempts], [4, 3]);
  assert.equal(at(run, 'a').cause, 'the world is sick');
  assert.match(at(run, 'b').cause, /waits for a/);
  assert.deepEqual(at(run, 'a').log.map((line) => line.split(' ').slice(1).join(' ')), [1, 2, 3, 4].map((n) => `attempt ${n}`));
});

test('a failed run goes on where it failed; a cleared task is done again with all after it', { skip }, (t) => {
  const p = graphPlace(t, [task('a', 'test_effect', [], { payload: { steps: 2 } }), task('b', 'test_fail', ['a'], { payload: { code: 'invalid' } }), task('c', 'test_nothing', ['b']), task('d', 'test_nothing', ['a'])]);
  const failed = p.run();
  assert.deepEqual(shape(failed), { a: 'done', b: 'failed', c: 'upstream_failed', d: 'done' });
  assert.equal(at(failed, 'b').cause, 'the data is wrong');
  assert.equal(at(failed, 'b').attempts, 1, 'wrong data is not tried again');
  p.refuses(['dag', 'retry', String(failed.id), 'nothing'], /run \d+ has no task nothing; it has a, b, c, d/, 4);
  p.json('jobs', 'edit', String(at(failed, 'b').job), '{"times":0}');
  p.json('dag', 'retry', String(failed.id));
  p.idle();
  const again = p.status(failed.id);
  assert.deepEqual([again.state, ...Object.values(shape(again))], ['done', 'done', 'done', 'done', 'done']);
  for (const name of ['a', 'd', 'b']) assert.equal(at(again, name).job, at(failed, name).job, `${name} is not made anew`);
  p.refuses(['dag', 'retry', String(failed.id)], /no task of run \d+ of g has failed, so there is nothing to try again; the run is done/, 5);
  p.refuses(['dag', 'cancel', String(failed.id)], /is done already/, 5);
  p.json('dag', 'clear', String(failed.id), 'b');
  p.idle();
  const cleared = p.status(failed.id);
  assert.deepEqual(shape(cleared), { a: 'done', b: 'failed', c: 'upstream_failed', d: 'done' }, 'b is as declared again');
  assert.equal(at(cleared, 'a').job, at(failed, 'a').job);
  assert.notEqual(at(cleared, 'b').job, at(failed, 'b').job);
  assert.deepEqual(query(p.db, "SELECT event FROM change_log WHERE event LIKE 'GRAPH_%' ORDER BY seq").map((r) => r[0]), ['GRAPH_RETRIED', 'GRAPH_CLEARED']);
  sound(p, p.options);
});

test('a dead job that is replayed by itself takes its run with it', { skip }, (t) => {
  const p = graphPlace(t, [task('a', 'test_fail', [], { payload: { code: 'invalid' } }), task('b', 'test_nothing', ['a'])]);
  const failed = p.run();
  p.json('jobs', 'edit', String(at(failed, 'a').job), '{"times":0}');
  p.json('jobs', 'retry', String(at(failed, 'a').job));
  p.idle();
  assert.deepEqual([p.status().state, shape(p.status())], ['done', { a: 'done', b: 'done' }]);
});

test('a mapped task: one job an item, a failed item alone is tried again, an empty list is done', { skip }, (t) => {
  const p = graphPlace(t, [task('first', 'test_nothing'), task('each', 'test_effect', ['first'], { map: 'test_items', payload: { steps: 1 } }), task('last', 'test_nothing', ['each'])], { max_active: 5 });
  const run = p.run('--payload', JSON.stringify({ items: ['north', 'süd', 'c/3'] }));
  assert.deepEqual(shape(run), { first: 'done', 'each/c/3': 'done', 'each/north': 'done', 'each/süd': 'done', last: 'done' });
  assert.deepEqual(query(p.db, "SELECT item FROM job WHERE graph_task = 'each' ORDER BY 1").map((r) => r[0]), ['c/3', 'north', 'süd']);
  const empty = p.run('--payload', '{"items":[]}');
  assert.deepEqual([empty.state, shape(empty)], ['done', { first: 'done', each: 'done', last: 'done' }]);
  assert.deepEqual(at(empty, 'each').output, []);
  const many = p.run('--payload', JSON.stringify({ items: Array.from({ length: LONG ? 1000 : 200 }, (_, i) => `c${i}`) }));
  assert.equal(many.state, 'done');
  assert.equal(many.tasks.length, (LONG ? 1000 : 200) + 2);
  assert.equal(one(p.db, 'SELECT count(*) FROM (SELECT key FROM change_log WHERE event = \'TEST_EFFECT\' GROUP BY key HAVING count(*) > 1)'), '0');
});

test('an item of a map that fails', { skip }, (t) => {
  const p = graphPlace(t, [task('each', 'test_fail', [], { map: 'test_items', payload: { items: ['a', 'b'], code: 'invalid' } }), task('last', 'test_nothing', ['each'])]);
  const run = p.run();
  assert.deepEqual(shape(run), { 'each/a': 'failed', 'each/b': 'failed', last: 'upstream_failed' });
  const job = (item) => run.tasks.find((x) => x.item === item).job;
  p.json('jobs', 'edit', String(job('a')), '{"times":0}');
  p.json('dag', 'retry', String(run.id), 'each');
  p.idle();
  assert.deepEqual(shape(p.status()), { 'each/a': 'done', 'each/b': 'failed', last: 'upstream_failed' });
  p.json('jobs', 'edit', String(job('b')), '{"times":0}');
  p.json('dag', 'retry', String(run.id));
  p.idle();
  assert.deepEqual([p.status().state, shape(p.status())], ['done', { 'each/a': 'done', 'each/b': 'done', last: 'done' }]);
});

test('runs wait for each other unless more may be at work; a cancelled one makes room', { skip }, async (t) => {
  const p = graphPlace(t, [task('a', 'test_sleep', [], { payload: { ms: 60000 } }), task('b', 'test_nothing', ['a'])]);
  const [one_, two] = [p.json('dag', 'run', 'g', '--detach'), p.json('dag', 'run', 'g', '--detach')];
  assert.deepEqual([one_.state, two.state], ['running', 'waiting']);
  const w = p.work();
  await until(() => at(p.status(one_.id), 'a').state === 'running', 'the first task');
  p.json('dag', 'cancel', String(one_.id));
  assert.deepEqual(shape(p.status(one_.id)), { a: 'cancelled', b: 'cancelled' });
  await until(() => at(p.status(two.id), 'a').state === 'running', 'the second run');
  const g = p.json('record', 'list', 'graph').find((x) => x.name === 'g');
  p.save('graph', { id: g.id, max_active: 2 });
  const three = p.json('dag', 'run', 'g', '--detach');
  assert.equal(three.state, 'running', 'two may be at work now');
  await until(() => at(p.status(three.id), 'a').state === 'running', 'the third run');
  p.json('dag', 'retry', String(one_.id));
  assert.equal(p.status(one_.id).state, 'waiting', 'a run that goes on waits for its turn');
  for (const run of [two, three]) p.json('dag', 'cancel', String(run.id));
  await w.stop();
  assert.match(at(p.status(one_.id), 'a').state, /ready|running/, 'a cancelled run can go on');
  p.json('dag', 'cancel', String(one_.id));
});

test('a task that is at work when it is cleared ends unnoticed, and is done anew', { skip }, async (t) => {
  const p = graphPlace(t, [task('a', 'test_sleep', [], { payload: { ms: 60000 } }), task('b', 'test_nothing', ['a'])]);
  const { id } = p.json('dag', 'run', 'g', '--detach');
  const w = p.work();
  await until(() => at(p.status(id), 'a').state === 'running', 'the task');
  const old = at(p.status(id), 'a').job;
  p.json('dag', 'clear', String(id), 'a');
  await until(() => at(p.status(id), 'a').state === 'running', 'the new job');
  const run = p.status(id);
  assert.deepEqual([run.state, shape(run)], ['running', { a: 'running', b: 'waiting' }]);
  assert.notEqual(at(run, 'a').job, old);
  assert.equal(p.json('jobs', 'show', String(old)).state, 'cancelled');
  p.json('dag', 'cancel', String(id));
  await w.stop();
});

test('a backfill has a run for every slot of past days, and leaves live positions where they are', { skip }, (t) => {
  const p = graphPlace(t, [task('a', 'test_nothing')]);
  p.save('schedule', { name: 'daily-g', cron: '0 2 * * *', zone: 'Europe/Berlin', kind: 'graph', graph: 'g' });
  const live = p.run();
  assert.deepEqual([live.cause, live.from, live.to > '2027-03-03T10:30'], ['manual', '2027-03-03T01:00:00.000000Z', true], 'from the slot before');
  const filled = p.json('dag', 'backfill', 'g', '--from', '2027-02-27', '--to', '2027-03-01');
  assert.equal(filled.runs, 3);
  p.idle();
  const runs = p.json('dag', 'runs', 'g').filter((r) => r.cause === 'backfill').reverse();
  assert.deepEqual(runs.map((r) => [r.from.slice(0, 16), r.to.slice(0, 16), r.state]), [['2027-02-26T01:00', '2027-02-27T01:00', 'done'], ['2027-02-27T01:00', '2027-02-28T01:00', 'done'], ['2027-02-28T01:00', '2027-03-01T01:00', 'done']]);
  assert.deepEqual(query(p.db, "SELECT DISTINCT backfill FROM job WHERE graph_run IN (SELECT id FROM graph_run WHERE cause = 'backfill')"), [['1']]);
  assert.equal(p.run().from, live.to, 'the next live run begins where the last live one ended');
  const one_ = p.json('dag', 'backfill', 'g', '--from', '2027-03-28', '--to', '2027-03-28'); // 02:00 does not exist
  assert.deepEqual([one_.runs, p.status(one_.first).to], [1, '2027-03-28T01:00:00.000000Z']);
  p.refuses(['dag', 'backfill', 'g', '--from', '2027-03-02', '--to', '2027-03-01'], /lies before the first/, 1);
  p.refuses(['dag', 'backfill', 'g', '--from', '2020-01-01', '--to', '2027-03-01'], /more than 1000 slots/, 1);
  p.refuses(['dag', 'backfill', 'g', '--from', 'soon', '--to', '2027-03-01'], /--from takes a day/, 2);
  p.save('graph', { name: 'free', tasks: [task('a', 'test_nothing')] });
  const days = p.json('dag', 'backfill', 'free', '--from', '2024-02-28', '--to', '2024-03-01');
  assert.deepEqual([days.runs, p.status(days.last).from, p.status(days.last).to], [3, '2024-03-01T00:00:00.000000Z', '2024-03-02T00:00:00.000000Z']);
});

test('a schedule starts a run that covers the time since the slot before, or since the first one it stands for', { skip }, async (t) => {
  const p = graphPlace(t, [task('a', 'test_nothing')]);
  p.save('schedule', { name: 'hourly-g', cron: '0 * * * *', kind: 'graph', graph: 'g', catch_up: 'once', payload: { x: 1 } });
  const w = p.work();
  await sleep(300);
  p.set('2027-03-03T11:00:00Z');
  const first = await until(() => p.json('dag', 'runs', 'g')[0], 'a run');
  assert.deepEqual([first.cause, first.from.slice(11, 16), first.to.slice(11, 16), first.created_by], ['schedule', '10:00', '11:00', 'schedule:hourly-g']);
  p.set('2027-03-03T15:00:10Z'); // 12, 13, 14 passed unseen
  const later = await until(() => p.json('dag', 'runs', 'g').find((r) => r.to.slice(11, 16) === '15:00'), 'the run for all of them');
  await until(() => p.status(later.id).state === 'done', 'its end');
  await w.stop();
  assert.equal(later.from.slice(11, 16), '11:00');
  assert.equal(p.slots('hourly-g').at(-1).run, later.id);
  assert.deepEqual(at(p.status(later.id), 'a').output, { x: 1 });
});

test('nothing runs before the start day; with catch_up every slot since then does', { skip }, async (t) => {
  const p = graphPlace(t, [task('a', 'test_nothing')], { start_day: '2027-03-01', catch_up: true, max_active: 100 });
  p.save('graph', { name: 'later', tasks: [task('a', 'test_nothing')], start_day: '2027-03-04' });
  p.save('schedule', { name: 'since', cron: '0 6,18 * * *', kind: 'graph', graph: 'g' });
  p.save('schedule', { name: 'not-yet', cron: '0 * * * *', kind: 'graph', graph: 'later', catch_up: 'all' });
  const w = p.work();
  await until(() => p.slots('since').length >= 5, 'the slots');
  p.set('2027-03-03T12:00:01Z');
  await until(() => p.slots('not-yet').length >= 2, 'slots that are too early');
  await w.stop();
  assert.deepEqual(p.slots('since').map((s) => `${s.slot} ${s.state}`), ['01T06', '01T18', '02T06', '02T18', '03T06'].map((s) => `2027-03-${s}:00Z queued`));
  assert.deepEqual(p.slots('not-yet').map((s) => [s.state, s.reason]), Array(2).fill(['skipped', 'before the start day of the graph']));
});

test('a kind that is not known makes its task fail, and says so', { skip }, (t) => {
  const p = graphPlace(t, [task('a', 'test_nothing'), task('b', 'test_nothing', ['a'])]);
  lib.sqlite(p.db, `UPDATE graph SET tasks = '[{"name":"a","kind":"gone"},{"name":"b","kind":"test_nothing","after":["a"]}]' WHERE name = 'g';`);
  const run = p.run();
  assert.deepEqual([run.state, shape(run)], ['failed', { a: 'failed', b: 'upstream_failed' }]);
  assert.match(at(run, 'a').cause, /there is no kind of job gone/);
});

// ---- once, whatever happens ----

const DIAMOND = [
  task('a', 'test_effect', [], { payload: { steps: 2 } }),
  task('b', 'test_effect', ['a'], { map: 'test_items', payload: { steps: 1, items: ['x', 'y', 'z'] } }),
  task('c', 'test_effect', ['a'], { payload: { steps: 3 } }),
  task('d', 'test_effect', ['b', 'c'], { payload: { steps: 1 } }),
];
const EFFECTS = 2 + 3 + 3 + 1;

function checkOnce(p, runs) {
  const effects = query(p.db, "SELECT key, count(*) FROM change_log WHERE event = 'TEST_EFFECT' GROUP BY key");
  assert.deepEqual(effects.filter(([, n]) => n !== '1'), []);
  assert.equal(effects.length, runs * EFFECTS);
  assert.equal(one(p.db, "SELECT count(*) FROM job WHERE graph_run IS NOT NULL"), String(runs * 6), 'no task was made twice');
  assert.equal(one(p.db, "SELECT count(*) FROM job WHERE graph_run IS NOT NULL AND state <> 'done'"), '0');
  assert.equal(one(p.db, "SELECT count(*) FROM graph_task WHERE state <> 'done'"), '0');
  assert.equal(one(p.db, "SELECT count(*) FROM graph_run WHERE state = 'done'"), String(runs));
}

test('killed at its crash points one after the other, a run is finished by the next process and everything happened once', { skip }, (t) => {
  const p = graphPlace(t, DIAMOND);
  const stride = LONG ? 3 : 17;
  let kills = 0;
  for (let n = 1; ; n += stride) {
    p.json('dag', 'run', 'g', '--detach');
    const ended = outpost(['jobs', 'work', '--until-idle', ...p.args], { ...p.options, env: { ...p.options.env, OUTPOST_CRASH: String(n) } });
    if (ended.signal === 'SIGKILL') {
      kills++;
      p.idle();
    } else assert.equal(ended.code, 0, ended.err);
    assert.equal(p.status().state, 'done', `after a kill at crash point ${n}`);
    if (ended.signal !== 'SIGKILL') break;
    assert.ok(n < 5000, 'it comes to an end');
  }
  assert.ok(kills >= 15, `${kills} kills`);
  checkOnce(p, Number(one(p.db, 'SELECT count(*) FROM graph_run')));
  sound(p, p.options);
});

test('killed at any moment while two processes work, everything happens once', { skip }, async (t) => {
  const p = graphPlace(t, DIAMOND.map((x) => ({ ...x, payload: { ...x.payload, ms: 15 } })), { max_active: 3 });
  const r = lib.random(12);
  const rounds = LONG ? 200 : 20;
  for (let i = 0; i < rounds / 5; i++) p.json('dag', 'run', 'g', '--detach');
  const begin = () => start(['jobs', 'work', ...p.args], p.options);
  const workers = [begin(), begin()];
  t.after(() => workers.forEach((w) => w.child.kill('SIGKILL')));
  for (let i = 0; i < rounds; i++) {
    await sleep(60 + r.below(150));
    const who = r.below(2);
    workers[who].child.kill('SIGKILL');
    await workers[who].ended;
    workers[who] = begin();
  }
  const open = () => Number(one(p.db, "SELECT count(*) FROM graph_run WHERE state IN ('waiting', 'running')"));
  await until(() => open() === 0, 'the end of all runs', 60);
  for (const w of workers) {
    w.child.kill('SIGTERM');
    await w.ended;
  }
  checkOnce(p, rounds / 5);
  sound(p, p.options);
});

// ---- the API ----

test('an orchestrator outside starts runs, asks for their state, and is told of their end', { skip }, async (t) => {
  const p = graphPlace(t, [task('a', 'test_fail', [], { payload: { times: 1, code: 'invalid' } }), task('b', 'test_nothing', ['a'])]);
  const server = await p.serve();
  const answer = await post(server, '/api/graphs/g/run', { payload: { note: 'from outside' }, notify: 'https://orchestrator.example/done' });
  assert.equal(answer.status, 202, String(answer.body));
  const { id } = answer.json.data;
  assert.equal(answer.headers.location, `/api/graph-runs/${id}`);
  assert.deepEqual([answer.json.data.state, answer.json.data.cause, answer.json.data.payload], ['running', 'manual', { note: 'from outside' }]);
  await problem(post(server, `/api/graph-runs/${id}/retry`), 409, /nothing to try again/);
  await server.stop();
  p.idle();
  const again = await p.serve();
  const run = await data(ask(again, `/api/graph-runs/${id}`));
  assert.deepEqual([run.state, shape(run)], ['failed', { a: 'failed', b: 'upstream_failed' }]);
  const told = query(p.db, "SELECT payload FROM job WHERE kind = 'webhook_send'").map((row) => JSON.parse(row[0]));
  assert.deepEqual(told, [{ target: 'https://orchestrator.example/done', type: 'outpost.graph_run.ended', subject: `graph-runs/${id}`, data: { run: id, graph: 'g', cause: 'manual', state: 'failed', address: `/api/graph-runs/${id}` } }]);
  assert.equal((await data(post(again, `/api/graph-runs/${id}/retry`, { task: 'a' }))).state, 'running');
  assert.equal((await data(post(again, `/api/graph-runs/${id}/cancel`))).state, 'cancelled');
  assert.deepEqual(query(p.db, "SELECT payload ->> '$.data.state' FROM job WHERE kind = 'webhook_send' ORDER BY id").map((r) => r[0]), ['failed', 'cancelled']);
  assert.equal((await data(post(again, `/api/graph-runs/${id}/clear`, { task: 'a' }))).state, 'running');
  assert.equal((await data(ask(again, '/api/graphs/g/runs'))).length, 1);
  const g = (await data(ask(again, '/api/graphs'))).find((x) => x.name === 'g');
  assert.equal(g.last_run.id, id);
  assert.deepEqual(await data(post(again, '/api/graphs/g/backfill', { from: '2024-02-28', to: '2024-03-01' }), 202), { runs: 3, first: id + 1, last: id + 3 });
  await problem(post(again, '/api/graphs/nothing/run'), 404, /there is no graph nothing/);
  await problem(post(again, '/api/graphs/g/run', { notify: 'ftp://x' }), 422);
  await problem(post(again, '/api/graphs/g/run', { payload: [] }), 422, /payload is an object/);
  await problem(post(again, '/api/graphs/g/backfill', { from: 'x', to: '2024-03-01' }), 422, /from is a day/);
  await problem(post(again, `/api/graph-runs/${id}/clear`, {}), 422, /task is needed/);
  await problem(post(again, `/api/graph-runs/${id}/clear`, { task: 'zzz' }), 404, /has no task zzz/);
  await problem(ask(again, '/api/graph-runs/999'), 404, /there is no run 999/);
});
