// Schedules (T11, F14): slots of ten years beside two other computations, what becomes of slots
// while nothing runs, clocks that jump, and people's verbs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { installed } from '../browser/outpost.mjs';
import { ask, data, post, problem } from './api.mjs';
import * as lib from './lib.mjs';
import { OUTPOST_TEST, json, one, place, query, refuses, serve, sleep } from './lib.mjs';
import { movedPlace, until } from './moved.mjs';

const noTestBuild = spawnSync(OUTPOST_TEST, ['version']).status === 0 ? false : `there is no test build at ${OUTPOST_TEST}`;
const seconds = (instants) => instants.map((at) => Date.parse(at) / 1000);

// ---- ten years beside others ----

// from <= slot < to, two days.
const slotsOf = (cron, zone, from, to) => {
  const last = new Date(Date.parse(to) - 86400e3).toISOString().slice(0, 10);
  return seconds(json(['schedule', 'next', cron, '--zone', zone, '--from', from, '--until', last]).next);
};

const SPARSE = ['30 2 * * *', '0 0 * * *', '30 0 * * sat,sun', '0 1 * * mon', '0 12 31 * *', '5 4 1,15 * 5', '0 3 * feb,mar,oct-dec sat'];
const DENSE = ['0 * * * *', '*/20 1-3 * * *', '10,40 0-23 * * *', '15,45 */2 * * *', '*/7 0-22 * * *'];
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'America/Sao_Paulo', 'Africa/Casablanca'];

// Morocco decides its weeks of Ramadan late: a node whose zones are older than 2023c does not know them.
const untilOf = (zone) => (zone === 'Africa/Casablanca' && process.versions.tz < '2023d' ? '2023-01-01' : '2026-01-01');

function theirs(CronExpressionParser, cron, tz, from, to) {
  const it = CronExpressionParser.parse(cron, { tz, currentDate: new Date(Date.parse(from) - 1000) });
  const all = [];
  for (let at; (at = it.next().getTime()) < Date.parse(to);) all.push(at / 1000);
  return all;
}

test('ten years of slots are those of cron-parser', () => {
  const { CronExpressionParser } = createRequire(installed())('cron-parser');
  const compare = (cron, zone, from, to) => {
    const [ours, other] = [slotsOf(cron, zone, from, to), theirs(CronExpressionParser, cron, zone, from, to)];
    assert.ok(other.length > 0);
    assert.deepEqual(ours, other, `${cron} in ${zone}`);
  };
  const day = (seconds_) => new Date(seconds_ * 1000).toISOString().slice(0, 10);
  for (const zone of lib.LONG ? [...ZONES, 'America/St_Johns', 'Asia/Beirut', 'Asia/Tehran'] : ZONES) {
    for (const cron of lib.LONG ? [...SPARSE, ...DENSE] : SPARSE) compare(cron, zone, '2016-01-01', untilOf(zone));
    // What comes often, in the days around every change of the clock.
    for (const at of changesOf(zone, '2016-01-01', untilOf(zone)).slice(lib.LONG ? 0 : -6))
      for (const cron of DENSE) compare(cron, zone, day(at - 86400 * 1.5), day(at + 86400 * 2.5));
  }
});

// Offsets in minutes as ICU has them.
function offsetOf(zone) {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' });
  return (at) => {
    const p = Object.fromEntries(format.formatToParts(at * 1000).map((x) => [x.type, Number(x.value)]));
    return (Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute) / 1000 - Math.floor(at / 60) * 60) / 60;
  };
}

function changesOf(zone, from, to) {
  const offset = offsetOf(zone);
  const found = [];
  for (let at = Date.parse(from) / 1000; at < Date.parse(to) / 1000; at += 86400) {
    if (offset(at) === offset(at + 86400)) continue;
    let [low, high] = [at, at + 86400];
    while (high - low > 60) {
      const mid = Math.floor((low + high) / 120) * 60;
      if (offset(mid) === offset(low)) low = mid;
      else high = mid;
    }
    found.push(high);
  }
  return found;
}

// The stated rules, minute by minute: every minute's wall time, and whether it was shown before.
function counted(fields, zone, from, to) {
  const [minutes, hours, weekdays] = fields;
  const offset = offsetOf(zone);
  const changes = changesOf(zone, from, to);
  const fixed = hours.size < 24;
  const slots = new Set();
  const fits = (wall) => {
    const d = new Date(wall * 1000);
    return minutes.has(d.getUTCMinutes()) && hours.has(d.getUTCHours()) && weekdays.has(d.getUTCDay());
  };
  let now = offset(Date.parse(from) / 1000);
  let next = 0;
  const shown = new Set(); // walls of the last days
  for (let at = Date.parse(from) / 1000; at < Date.parse(to) / 1000; at += 60) {
    if (at === changes[next]) {
      const before = now;
      now = offset(at);
      next++;
      for (let wall = at + before * 60; fixed && wall < at + now * 60; wall += 60) if (fits(wall)) slots.add(wall - before * 60);
      shown.clear();
      for (let wall = at + now * 60; wall < at + before * 60; wall += 60) shown.add(wall);
    }
    const wall = at + now * 60;
    if (fits(wall) && !(fixed && shown.has(wall))) slots.add(at);
  }
  return [...slots].sort((a, b) => a - b);
}

test('where a clock moves by half an hour, slots are those of a count of all minutes', () => {
  const set = (...values) => new Set(values);
  const all = (n) => new Set(Array.from({ length: n }, (_, i) => i));
  const cases = {
    '15 2 * * *': [set(15), set(2), all(7)],
    '59 1 * * *': [set(59), set(1), all(7)],
    '*/20 1-3 * * *': [set(0, 20, 40), set(1, 2, 3), all(7)],
    '10,40 * * * sun': [set(10, 40), all(24), set(0)],
    '0 */6 * * *': [set(0), set(0, 6, 12, 18), all(7)],
  };
  for (const zone of ['Australia/Lord_Howe', 'Europe/Berlin'])
    for (const [cron, fields] of Object.entries(cases)) {
      const [from, to] = ['2016-01-01', lib.LONG ? '2026-01-01' : '2020-01-01'];
      assert.deepEqual(slotsOf(cron, zone, from, to), counted(fields, zone, from, to), `${cron} in ${zone}`);
    }
});

// ---- what is saved ----

test('what cannot work is not saved, and says what would', (t) => {
  const p = place(t);
  const save = (object, pattern) => refuses(['record', 'save', 'schedule', JSON.stringify({ name: 'x', cron: '0 2 * * *', kind: 'jobs_tidy', ...object }), ...p.args], pattern, 1);
  save({ cron: '0 25 * * *' }, /hour '25': the number is out of its range; a hour is 0 to 23/);
  save({ cron: '0 2 * *' }, /five are needed/);
  save({ cron: '0 0 31 2 *' }, /never comes/);
  save({ zone: 'Mars/Olympus' }, /there is no time zone Mars\/Olympus/);
  save({ zone: '../../etc/passwd' }, /no name of a time zone/);
  save({ kind: 'make_coffee' }, /there is no kind of job make_coffee; write graph to start a graph, or one of .*jobs_tidy/);
  save({ kind: 'graph' }, /the name of the graph is missing; there are .*inventory_etl/);
  save({ kind: 'graph', graph: 'nothing' }, /there is no graph nothing; there are inventory_etl/);
  save({ graph: 'inventory_etl' }, /starts no graph/);
  save({ payload: [1] }, /payload is an object/);
  save({ name: 'two words' }, /letters, digits/);
  save({ catch_up: 'sometimes' }, /skip/);
  assert.equal(json(['schedule', 'list', ...p.args]).some((s) => s.name === 'x'), false);
});

test('the schedules of the references are there', (t) => {
  const p = place(t);
  const list = json(['schedule', 'list', ...p.args]);
  assert.deepEqual(Object.fromEntries(list.map((s) => [s.name, [s.cron, s.zone, s.graph ?? s.kind]])), {
    'refresh-monthly-revenue': ['0 1 * * *', 'UTC', 'monthly_revenue_refresh'],
    'sync-hourly-connectors': ['0 * * * *', 'UTC', 'sync_connectors'],
    'sync-daily-connectors': ['0 2 * * *', 'UTC', 'sync_connectors'],
    'sync-weekly-connectors': ['0 2 * * 1', 'UTC', 'sync_connectors'],
    'check-missing-data': ['0 3 * * *', 'UTC', 'missing_data_check'],
    'inventory-etl': ['0 2 * * *', 'UTC', 'inventory_etl'],
    'transaction-aggregation': ['0 * * * *', 'UTC', 'transaction_aggregation'],
    'low-stock-alerts': ['0 */6 * * *', 'UTC', 'low_stock_alerts'],
    'weekly-summary': ['0 1 * * 1', 'UTC', 'weekly_summary'],
    'daily-backup': ['30 3 * * *', 'UTC', 'backup_daily'],
    archive: ['0 4 * * 0', 'UTC', 'archive_run'],
  });
  assert.ok(list.every((s) => s.active && s.next.length === 3 && s.words && s.help));
});

// ---- slots ----

const jobsOf = (p, kind = 'test_nothing') => query(p.db, `SELECT id FROM job WHERE kind = '${kind}'`).length;
const states = (slots) => slots.map((s) => `${s.slot} ${s.state}`);
const settled = (p, name, count) => until(() => (p.slots(name).length >= count ? p.slots(name) : null), `${count} slots of ${name}`);

test('a slot is queued at its time, once, also with two processes that look', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '2027-03-01T11:50:00Z');
  p.quiet();
  p.save('schedule', { name: 'noon', cron: '0 12 * * *', kind: 'test_nothing', payload: { a: 1 } });
  p.set('2027-03-01T11:59:58.5Z'); // however long the above took
  const workers = [p.work(), p.work()];
  const slots = await settled(p, 'noon', 1);
  const late = Date.parse(slots[0].at) - Date.parse('2027-03-01T12:00:00Z');
  assert.ok(late >= 0 && late < 2000, `${late} ms late`);
  await until(() => one(p.db, "SELECT state FROM job WHERE kind = 'test_nothing'") === 'done', 'its job');
  await Promise.all(workers.map((w) => w.stop()));
  assert.deepEqual(states(p.slots('noon')), ['2027-03-01T12:00Z queued']);
  assert.equal(jobsOf(p), 1);
  assert.deepEqual(query(p.db, "SELECT payload, created_by FROM job WHERE kind = 'test_nothing'"), [['{"a":1}', 'schedule:noon']]);
});

// Off from the evening of the 1st until the 4th.
async function threeDaysOff(t, catchUp, cron = '0 6,18 * * *') {
  const p = movedPlace(t, '2027-03-01T19:00:00Z');
  p.quiet();
  p.save('schedule', { name: 's', cron, kind: 'test_nothing', catch_up: catchUp });
  let w = p.work();
  await until(() => one(p.db, "SELECT position FROM schedule_state WHERE schedule = (SELECT id FROM schedule WHERE name = 's')"), 'the first look');
  await w.stop();
  p.set('2027-03-04T20:00:00Z');
  assert.equal(p.json('schedule', 'show', 's').schedule.overdue_since, '2027-03-02T06:00:00.000000Z', 'before anything runs it says so');
  w = p.work();
  await settled(p, 's', 6);
  await w.stop();
  w = p.work(); // again: nothing more
  await sleep(400);
  await w.stop();
  return p;
}
const SIX = ['2027-03-02T06:00Z', '2027-03-02T18:00Z', '2027-03-03T06:00Z', '2027-03-03T18:00Z', '2027-03-04T06:00Z', '2027-03-04T18:00Z'];

test('off for three days, skip: all are missed', { skip: noTestBuild }, async (t) => {
  const p = await threeDaysOff(t, 'skip');
  assert.deepEqual(states(p.slots('s')), SIX.map((s) => `${s} missed`));
  assert.ok(p.slots('s').every((s) => s.reason === 'nothing ran at that time'));
  assert.equal(p.json('schedule', 'show', 's').schedule.missed, 6);
  assert.equal(jobsOf(p), 0);
});

test('off for three days, once: one run for all of them', { skip: noTestBuild }, async (t) => {
  const p = await threeDaysOff(t, 'once');
  assert.deepEqual(states(p.slots('s')), [...SIX.slice(0, 5).map((s) => `${s} skipped`), `${SIX[5]} queued`]);
  assert.equal(jobsOf(p), 1);
});

test('off for three days, all: each of them, oldest first', { skip: noTestBuild }, async (t) => {
  const p = await threeDaysOff(t, 'all');
  const slots = p.slots('s');
  assert.deepEqual(states(slots), SIX.map((s) => `${s} queued`));
  assert.deepEqual(slots.map((s) => s.job), [...slots.map((s) => s.job)].sort((a, b) => a - b));
  assert.equal(jobsOf(p), 6);
});

test('off for so long that slots are no longer counted one by one', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '2027-03-01T19:00:00Z');
  p.quiet();
  p.save('schedule', { name: 's', cron: '* * * * *', kind: 'test_nothing', catch_up: 'skip' });
  p.set('2027-03-03T19:00:30Z');
  const w = p.work();
  const slots = await settled(p, 's', 1000);
  await w.stop();
  assert.equal(slots.at(-1).state, 'queued', 'the newest is not late');
  assert.equal(slots[0].since, '2027-03-01T19:01:00.000000Z');
  assert.equal(slots[0].state, 'missed');
  assert.equal(slots.length, 1001);
});

test('the clock jumps eight hours ahead and back: nothing happens twice, and nothing is forgotten', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '2027-06-01T09:30:00Z');
  p.quiet();
  p.save('schedule', { name: 'hourly', cron: '0 * * * *', kind: 'test_nothing', catch_up: 'skip' });
  p.set('2027-06-01T09:59:59Z');
  const w = p.work();
  await settled(p, 'hourly', 1); // 10:00
  p.set('2027-06-01T18:00:10Z'); // +8 h: 11 to 17 passed unseen, 18:00 is on time
  await settled(p, 'hourly', 9);
  assert.deepEqual(states(p.slots('hourly')), ['2027-06-01T10:00Z queued', ...[11, 12, 13, 14, 15, 16, 17].map((h) => `2027-06-01T${h}:00Z missed`), '2027-06-01T18:00Z queued']);
  p.set('2027-06-01T10:59:59Z'); // back: 11:00 comes again, and was not queued before
  await until(() => p.slots('hourly').some((s) => s.slot === '2027-06-01T11:00Z' && s.state === 'queued'), '11:00');
  p.set('2027-06-01T17:59:59.5Z'); // 12 to 16 pass unseen; 17 is beyond the grace; 18:00 was queued before the clock was set back
  await sleep(1200);
  await w.stop();
  assert.deepEqual(states(p.slots('hourly')), ['2027-06-01T10:00Z queued', '2027-06-01T11:00Z queued', ...[12, 13, 14, 15, 16, 17].map((h) => `2027-06-01T${h}:00Z missed`), '2027-06-01T18:00Z queued']);
  assert.equal(jobsOf(p), 3);
});

test('a clock that was years ahead does not stop a schedule, one that was never set starts nothing', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '1970-01-02T00:00:00Z');
  p.quiet();
  p.save('schedule', { name: 'hourly', cron: '0 * * * *', kind: 'test_nothing', catch_up: 'once' });
  const w = p.work();
  await sleep(500);
  assert.equal(p.slots('hourly').length, 0);
  p.set('2039-01-01T00:00:10Z');
  await until(() => p.slots('hourly').some((s) => s.slot === '2039-01-01T00:00Z' && s.state === 'queued'), 'the slot of 2039');
  p.set('2027-06-01T09:59:59Z');
  await until(() => p.slots('hourly').some((s) => s.slot === '2027-06-01T10:00Z' && s.state === 'queued'), 'the slot of the right time');
  await w.stop();
  assert.equal(jobsOf(p), 2);
});

test('daylight saving: the night that is an hour shorter and the one that is longer have one slot each', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '2027-03-28T00:30:00Z');
  p.quiet();
  p.save('schedule', { name: 'night', cron: '30 2 * * *', zone: 'Europe/Berlin', kind: 'test_nothing', catch_up: 'skip' });
  p.save('schedule', { name: 'often', cron: '30 * * * *', zone: 'Europe/Berlin', kind: 'test_nothing', catch_up: 'skip' });
  const w = p.work();
  await sleep(300);
  const steps = ['2027-03-28T00:30:01', '2027-03-28T01:30:01', '2027-03-28T02:30:01', '2027-10-30T23:29:30', '2027-10-31T00:30:01', '2027-10-31T01:30:01', '2027-10-31T02:30:01'];
  for (const at of steps) {
    p.set(`${at}Z`);
    await sleep(500);
  }
  await w.stop();
  const queued = (name, day) => states(p.slots(name).filter((s) => s.state === 'queued' && s.slot.startsWith(day)));
  assert.deepEqual(queued('night', '2027-03-28'), ['2027-03-28T01:30Z queued'], '02:30 does not exist: 03:30 of the new time');
  assert.deepEqual(queued('night', '2027-10-31'), ['2027-10-31T00:30Z queued'], '02:30 comes twice: the first');
  assert.deepEqual(queued('often', '2027-10-31'), [0, 1, 2].map((h) => `2027-10-31T0${h}:30Z queued`));
});

test('a year with both changes of the clock in five zones: each slot once, those of a count of all minutes', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '2027-01-01T00:00:30Z');
  p.quiet();
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'America/Santiago'];
  zones.forEach((zone, i) => p.save('schedule', { name: `z${i}`, cron: '15,45 1-2 * * *', zone, kind: 'test_nothing', catch_up: 'all' }));
  const changes = zones.flatMap((zone) => changesOf(zone, '2027-01-01', '2028-01-01')).sort((a, b) => a - b);
  assert.equal(changes.length, 10);
  const w = p.work();
  await until(() => one(p.db, "SELECT count(*) FROM schedule_state WHERE position IS NOT NULL AND schedule IN (SELECT id FROM schedule WHERE name LIKE 'z_')") === '5', 'the first look');
  for (const change of changes)
    for (const minutes of lib.LONG ? [-90, -1, 1, 31, 61, 200] : [-30, 20, 180]) {
      const to = (change + minutes * 60) * 1000;
      if (to > p.now()) p.set(new Date(to).toISOString());
      await sleep(300);
    }
  await until(() => one(p.db, "SELECT count(*) FROM job WHERE state <> 'done'") === '0', 'all jobs');
  await w.stop();
  const end = one(p.db, "SELECT max(at) FROM schedule_slot").slice(0, -6);
  zones.forEach((zone, i) => {
    const [fields, slots] = [[new Set([15, 45]), new Set([1, 2]), new Set([0, 1, 2, 3, 4, 5, 6])], p.slots(`z${i}`)];
    const due = counted(fields, zone, '2027-01-01', '2028-01-01').filter((at) => at > Date.parse('2027-01-01T00:00:30Z') / 1000 && at <= Number(end));
    assert.deepEqual(slots.map((s) => Date.parse(s.slot) / 1000), due, zone);
    assert.ok(slots.every((s) => s.state === 'queued'));
    assert.equal(new Set(slots.map((s) => s.job)).size, slots.length);
  });
});

test('another expression holds at once; what the old one still owed is missed', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '2027-03-01T08:00:30Z');
  p.quiet();
  const { id } = p.save('schedule', { name: 's', cron: '0 9 * * *', kind: 'test_nothing', catch_up: 'all' });
  let w = p.work();
  await until(() => one(p.db, 'SELECT max(position) FROM schedule_state'), 'the first look');
  p.save('schedule', { id, cron: `1 8 * * *` });
  p.set('2027-03-01T08:00:59.7Z');
  const slots = await settled(p, 's', 1);
  assert.deepEqual(states(slots), ['2027-03-01T08:01Z queued']);
  await w.stop();
  p.set('2027-03-02T12:00:00Z'); // 08:01 passed unseen
  p.save('schedule', { id, cron: '0 13 * * *' });
  w = p.work();
  await settled(p, 's', 2);
  await w.stop();
  assert.deepEqual(p.slots('s').slice(1).map((s) => [s.slot, s.state, s.reason]), [['2027-03-02T08:01Z', 'missed', 'the schedule was changed before it ran']]);
});

test('paused, resumed, deleted, run by hand', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '2027-03-01T08:00:30Z');
  p.quiet();
  const { id } = p.save('schedule', { name: 's', cron: '*/10 * * * *', kind: 'test_nothing', catch_up: 'all' });
  const w = p.work();
  await until(() => one(p.db, 'SELECT max(position) FROM schedule_state'), 'the first look');
  p.json('schedule', 'pause', 's');
  assert.deepEqual(p.json('schedule', 'show', 's').schedule.next, []);
  p.set('2027-03-01T09:00:30Z');
  await sleep(500);
  assert.deepEqual(p.slots('s'), [], 'while it is paused it has no slots');
  p.json('schedule', 'resume', 's');
  await sleep(300);
  p.set('2027-03-01T09:10:01Z');
  assert.deepEqual(states(await settled(p, 's', 1)), ['2027-03-01T09:10Z queued']);
  await w.stop();
  const [a, b] = [p.json('schedule', 'run', 's'), p.json('schedule', 'run', 's')];
  assert.equal(a.job, b.job, 'while one waits there is no second');
  assert.equal(p.slots('s').length, 1, 'a run by hand is no slot');
  p.refuses(['schedule', 'run', 'nothing'], /there is no schedule nothing; there are .*daily-backup/, 4);
  lib.json(['record', 'delete', 'schedule', id, ...p.args], p.options);
  p.refuses(['schedule', 'show', 's'], /there is no schedule s/, 4);
});

test('a slot whose work is not known is missed, and says why', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '2027-03-01T08:30:00Z');
  p.quiet();
  const { id } = p.save('schedule', { name: 's', cron: '0 * * * *', kind: 'test_nothing' });
  const w = p.work();
  await until(() => one(p.db, 'SELECT max(position) FROM schedule_state'), 'the first look');
  lib.sqlite(p.db, `UPDATE schedule SET kind = 'gone' WHERE id = '${id}';`);
  p.set('2027-03-01T08:59:59.5Z');
  const [slot] = await settled(p, 's', 1);
  await w.stop();
  assert.equal(slot.state, 'missed');
  assert.match(slot.reason, /there is no kind of job gone/);
});

test('a thousand schedules: next to nothing while they wait, and all of one minute in time', { skip: noTestBuild }, async (t) => {
  const p = movedPlace(t, '2027-03-03T11:00:10Z');
  p.quiet();
  const made = Math.round(p.now() * 1000);
  lib.sqlite(p.db, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO schedule (id, name, cron, zone, kind, created_at, created_by, updated_at, updated_by)
    SELECT printf('00000000-0000-7000-8000-1000%08x', i), 's' || i, CASE i % 3 WHEN 0 THEN '0 12 * * *' WHEN 1 THEN '0 */6 * * *' ELSE '0 * * * wed' END,
           CASE i % 2 WHEN 0 THEN 'UTC' ELSE 'Africa/Abidjan' END, 'test_nothing', ${made}, 'test', ${made}, 'test' FROM n;`);
  const w = p.work();
  await until(() => one(p.db, 'SELECT count(*) FROM schedule_state WHERE position IS NOT NULL') === '1000', 'the first look');
  await sleep(500);
  const cpu = () => fs.readFileSync(`/proc/${w.child.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((a, b) => a + Number(b), 0) * 10;
  const before = cpu();
  await sleep(3000);
  const idle = cpu() - before;
  p.set('2027-03-03T11:59:59Z');
  await until(() => one(p.db, "SELECT count(*) FROM job WHERE kind = 'test_nothing' AND state = 'done'") === '1000', 'all of them', 30);
  await w.stop();
  const noon = Date.parse('2027-03-03T12:00:00Z') * 1000;
  const [late, started] = query(p.db, `SELECT (max(created_at) - ${noon}) / 1000, (max(started_at) - ${noon}) / 1000 FROM job WHERE kind = 'test_nothing'`)[0].map(Number);
  t.diagnostic(`${idle} ms of CPU in 3 s idle; the last was queued ${late} ms and begun ${started} ms after its slot`);
  assert.ok(idle <= 150, `${idle} ms of CPU in 3 s`);
  assert.ok(late < 2000, `${late} ms late`);
  assert.equal(one(p.db, "SELECT count(*) FROM schedule_slot WHERE state = 'queued'"), '1000');
  const began = Date.now();
  assert.equal(p.json('schedule', 'list').filter((s) => s.last).length, 1000);
  assert.ok(Date.now() - began < 3000, 'the list of all of them');
});

// ---- the API ----

test('the API: lists, slots, previews, verbs, and what is wrong', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data, '--workers', '0');
  const list = await data(ask(server, '/api/schedules'));
  const backup = list.find((s) => s.name === 'daily-backup');
  assert.equal(backup.words, 'at 03:30 every day');
  assert.equal(backup.last, null);
  assert.equal((await data(post(server, '/api/schedules/daily-backup/pause'))).active, false);
  assert.equal((await data(post(server, '/api/schedules/daily-backup/resume'))).active, true);
  const answer = await post(server, '/api/schedules/daily-backup/run');
  assert.equal(answer.status, 202);
  assert.equal(answer.headers.location, `/api/jobs/${answer.json.data.job}`);
  assert.deepEqual(await data(ask(server, '/api/schedules/daily-backup/slots')), []);
  const preview = await data(ask(server, `/api/schedule-preview?cron=${encodeURIComponent('30 2 * * *')}&zone=Europe/Berlin&count=2&from=2027-03-28`));
  assert.deepEqual(preview, { cron: '30 2 * * *', zone: 'Europe/Berlin', words: 'at 02:30 every day', next: ['2027-03-28T01:30:00.000000Z', '2027-03-29T00:30:00.000000Z'] });
  await problem(ask(server, '/api/schedule-preview?cron=61+*+*+*+*'), 422, /minute '61'/);
  await problem(ask(server, '/api/schedule-preview?cron=@daily&zone=Nowhere/Here'), 422, /no time zone/);
  await problem(ask(server, '/api/schedules/nothing/slots'), 404, /there is no schedule nothing/);
  await problem(post(server, '/api/schedules/nothing/run'), 404, /there is no schedule nothing/);
  await problem(post(server, '/api/records/schedule', { name: 'a', cron: '0 24 * * *', kind: 'graph', graph: 'inventory_etl' }), 422, /hour '24'/);
});
