// Topics (T13, F16): what is published, who reads it, and what of it is there after a crash. Segments
// are read by the sqlite3 shell and node alone; envelopes are judged by the package cloudevents.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';
import { installed } from '../browser/outpost.mjs';
import { ask, data, post, problem } from './api.mjs';
import * as lib from './lib.mjs';
import { LONG, OUTPOST_TEST, json, ok, one, outpost, place, query, refuses, serve, sleep, sound, sqlite, start } from './lib.mjs';

const load = (name) => import(pathToFileURL(createRequire(installed()).resolve(name)).href);
const TOPIC = 'inventory-events';

// ---- events, and a model of what the log must hold ----

const uuid = (r) => {
  const hex = Array.from({ length: 32 }, () => r.below(16).toString(16)).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
};

const someEvents = (seed, n, more = {}) => {
  const r = lib.random(seed);
  return Array.from({ length: n }, (_, i) => ({
    eventId: uuid(r),
    eventType: r.pick(['INVENTORY_UPDATE', 'SALE', 'RECEIPT', 'RETURN']),
    sku: `SKU-${r.below(40)}`,
    warehouseId: `W-${r.below(3)}`,
    quantityChange: r.below(20) + 1,
    timestamp: new Date(Date.UTC(2024, 0, 1) + i * 1000).toISOString(),
    referenceId: `ORDER-${r.below(1000)}`,
    notes: r.pick(['Sale transaction', 'back "again" \\ ₹', '']),
    ...more,
  }));
};

function shuffled(r, list) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const k = r.below(i + 1);
    [out[i], out[k]] = [out[k], out[i]];
  }
  return out;
}

const lines = (events) => events.map((e) => `${JSON.stringify(e)}\n`).join('');
const publish = (p, events, options = {}) => json(['events', 'publish', options.topic ?? TOPIC, '-', ...p.args], { input: typeof events === 'string' ? events : lines(events), ...options });
const partitionOf = (e) => crc32(Buffer.from(`${e.warehouseId}/${e.sku}`)) % 4;

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const b of bytes) {
    crc ^= b;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

// The segments of a topic by the story in segment.h: [{ partition, offset, body }], every rule of it checked.
function segments(db, topic = TOPIC) {
  const all = [];
  const ends = new Map();
  for (const [partition, first, count, plain, crc, codec, hex] of query(db, `SELECT partition, first, count, plain, crc, codec, hex(body) FROM event_segment WHERE topic = '${topic}' ORDER BY partition, first`)) {
    const stored = Buffer.from(hex, 'hex');
    const body = codec === '1' ? zlib.inflateSync(stored) : stored;
    assert.equal(body.length, Number(plain));
    assert.equal(crc32(body), Number(crc));
    if (ends.has(partition)) assert.equal(Number(first), ends.get(partition), 'no gap between segments');
    let at = 0;
    let n = 0;
    for (; at < body.length; n++) {
      let length = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = body[at++];
        length |= (byte & 0x7f) << shift;
        if (!(byte & 0x80)) break;
      }
      all.push({ partition: Number(partition), offset: Number(first) + n, body: body.subarray(at, at + length).toString() });
      at += length;
    }
    assert.equal(n, Number(count));
    ends.set(partition, Number(first) + n);
  }
  for (const [partition, next] of query(db, `SELECT partition, next FROM event_partition WHERE topic = '${topic}'`)) if (ends.has(partition)) assert.equal(Number(next), ends.get(partition));
  return all;
}

const stock = (p) => Object.fromEntries(json(['stock', 'levels', ...p.args]).map((l) => [`${l.warehouse}/${l.sku}`, l.quantity_on_hand]));

function sums(events) {
  const levels = {};
  for (const e of events) {
    const key = `${e.warehouseId}/${e.sku}`;
    levels[key] = (levels[key] ?? 0) + e.quantityChange;
  }
  return Object.fromEntries(Object.entries(levels).sort());
}

const sorted = (object) => Object.fromEntries(Object.entries(object).sort());

// ---- publishing ----

test('what is published lies in segments as their story says, by key, in order, without a gap', (t) => {
  const p = place(t);
  const events = someEvents(1, 3000);
  assert.deepEqual(publish(p, events), { topic: TOPIC, taken: 3000, known: 0, refused: 0, refusals: [] });
  const there = segments(p.db);
  assert.equal(there.length, 3000);
  for (let partition = 0; partition < 4; partition++) {
    const expected = events.filter((e) => partitionOf(e) === partition).map((e) => JSON.stringify(e));
    assert.deepEqual(there.filter((s) => s.partition === partition).map((s) => s.body), expected);
    assert.ok(expected.length > 300, 'keys spread');
  }
  // The row of the ledger and the event are one.
  assert.equal(one(p.db, 'SELECT count(*) FROM stock_transactions'), '3000');
  assert.deepEqual(sorted(stock(p)), sums(events));
  ok(['stock', 'replay', ...p.args]);
  sound(p);
  const entries = query(p.db, "SELECT after, count FROM change_log WHERE event = 'EVENTS_PUBLISHED'");
  assert.equal(entries.reduce((n, [, count]) => n + Number(count), 0), 3000);
  for (const [after, count] of entries) assert.equal(JSON.parse(after).ranges.reduce((n, r) => n + r.count, 0), Number(count));
});

const GOOD = { eventId: 'e', eventType: 'SALE', sku: 'A', warehouseId: 'W', quantityChange: -2, timestamp: '2024-01-01T00:00:00Z' };
const BAD = [
  ['{"eventId":', /no JSON.*too early/],
  ['nothing', /no JSON/],
  ['[1]', /no JSON/],
  ['"text"', /no JSON/],
  [{ ...GOOD, eventId: undefined }, /eventId is missing/],
  [{ ...GOOD, eventId: '' }, /eventId is missing/],
  [{ ...GOOD, eventId: 7 }, /eventId has to be a text/],
  [{ ...GOOD, eventId: 'x'.repeat(200) }, /eventId is longer/],
  [{ ...GOOD, eventType: 'SOLD' }, /eventType SOLD is unknown.*INVENTORY_UPDATE/],
  [{ ...GOOD, eventType: undefined }, /eventType is missing/],
  [{ ...GOOD, sku: undefined }, /sku is missing/],
  [{ ...GOOD, sku: null }, /sku is missing/],
  [{ ...GOOD, sku: '  ' }, /sku is empty/],
  [{ ...GOOD, sku: 12 }, /sku has to be a text/],
  [{ ...GOOD, warehouseId: undefined }, /warehouseId is missing/],
  [{ ...GOOD, quantityChange: undefined }, /quantityChange is missing/],
  [{ ...GOOD, quantityChange: '5' }, /quantityChange has to be a number/],
  [{ ...GOOD, quantityChange: true }, /quantityChange has to be a number/],
  [{ ...GOOD, quantityChange: {} }, /quantityChange has to be a number/],
  [{ ...GOOD, quantityChange: 1.00001 }, /too many decimals/],
  [JSON.stringify(GOOD).replace('-2', '1e40'), /too large/],
  [JSON.stringify(GOOD).replace('-2', '007'), /zero too many/],
  [JSON.stringify(GOOD).replace('-2', 'NaN'), /no JSON/],
  [{ ...GOOD, timestamp: undefined }, /timestamp is missing/],
  [{ ...GOOD, timestamp: '2024-01-01T00:00:00' }, /timestamp has to be an instant with its zone/],
  [{ ...GOOD, timestamp: '2024-02-30T00:00:00Z' }, /timestamp has to be an instant/],
  [{ ...GOOD, timestamp: 1704067200 }, /timestamp has to be a text/],
  [{ ...GOOD, timestamp: new Date(Date.now() + 11 * 60000).toISOString() }, /in the future/],
  [{ ...GOOD, notes: 'x'.repeat(70000) }, /too long/],
  ['{"eventId":"a","eventId":"b"}', /eventId stands twice/],
  ['{"eventId":"a","x":1,"\\u0078":2}', /x stands twice/],
  [{ ...GOOD, more: JSON.parse('['.repeat(60) + ']'.repeat(60)) }, /more: /],
  [`${JSON.stringify(GOOD).slice(0, -1)},"more":{"a":1,"a":2}}`, /more: .*(duplicate|twice)/i],
  [`${JSON.stringify(GOOD)}x`, /something follows/],
  [Buffer.from('{"eventId":"a\xff"}', 'latin1'), /UTF-8/],
  ['{"eventId":"a\\ud800"}', /half a character/],
  ['{"eventId":"a\tb"}', /control character/],
  [{ ...GOOD, deviceSeq: 1.5 }, /deviceSeq is no whole number/],
];

test('every kind of bad event is refused with its reason and line, parked, and stops no other', (t) => {
  const p = place(t);
  const parts = [];
  BAD.forEach(([bad], i) => {
    parts.push(Buffer.isBuffer(bad) ? bad : Buffer.from(typeof bad === 'string' ? bad : JSON.stringify(bad)), Buffer.from('\n\n'));
    parts.push(Buffer.from(`${JSON.stringify({ ...GOOD, eventId: `good-${i}`, timestamp: i % 2 ? '2024-01-01T02:30:00.123456789+02:00' : GOOD.timestamp, quantityChange: 1, extra: { kept: [i] } })}\n`));
  });
  const input = Buffer.concat(parts);
  const said = publish(p, '', { input });
  assert.equal(said.taken, BAD.length);
  assert.equal(said.refused, BAD.length);
  BAD.forEach(([, pattern], i) => {
    assert.equal(said.refusals[i].line, i * 3 + 1);
    assert.match(said.refusals[i].why, pattern);
  });
  assert.equal(said.refusals.find((r) => /SOLD/.test(r.why)).id, 'e');
  assert.deepEqual(segments(p.db).length, BAD.length);
  const parked = json(['events', 'parked', ...p.args]);
  assert.equal(parked.length, BAD.length);
  for (const one of parked) assert.equal(one.why ?? one.reason, said.refusals.find((r) => r.line === one.line).why);
  const kept = parked.find((one) => /SOLD/.test(one.reason));
  assert.equal(kept.body, JSON.stringify({ ...GOOD, eventType: 'SOLD' }));
  // The same again: all known, and the parked ones only count.
  const again = publish(p, '', { input });
  assert.deepEqual([again.taken, again.known, again.refused], [0, BAD.length, BAD.length]);
  assert.equal(one(p.db, 'SELECT count(*) FROM event_parked'), String(BAD.length));
  assert.equal(one(p.db, 'SELECT min(times) FROM event_parked'), '2');
  assert.equal(outpost(['events', 'publish', TOPIC, '-', '--strict', ...p.args], { input }).code, 3);
  assert.equal(one(p.db, "SELECT count(*) FROM stock_transactions WHERE at = 1704069000123456"), String(Math.floor(BAD.length / 2)));
});

test('what waits for a person is bounded: a device that went mad does not fill the disk', (t) => {
  const p = place(t);
  const plant = (n, bytes) => sqlite(p.db, `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${n})
    INSERT INTO event_parked (topic, digest, body, reason, at, actor, unit) SELECT '${TOPIC}', randomblob(32), zeroblob(${bytes}), 'x', 0, 'a', 'u' FROM n`);
  const [bad, worse] = ['{"eventType":"SOLD"}', '{"eventType":"LENT"}'];
  const good = JSON.stringify({ ...GOOD, eventId: 'good-one' });
  const refused = (line) => refuses(['events', 'publish', TOPIC, '-', ...p.args], /wait for a person \(at most 100000, and 256 MiB\)/, 75, { input: `${line}\n${good}\n` });
  plant(99999, 2);
  assert.equal(publish(p, '', { input: `${bad}\n` }).refused, 1);
  refused(worse);
  assert.equal(one(p.db, 'SELECT count(*) FROM stock_transactions'), '0', 'nothing of it was taken');
  assert.equal(publish(p, '', { input: `${bad}\n${good}\n` }).taken, 1, 'what waits already takes no room');
  assert.match(outpost(['doctor', '--data', p.data]).out, /100000 events that were refused wait for a person, and no more are kept/);
  sqlite(p.db, "DELETE FROM event_parked WHERE reason = 'x'");
  publish(p, '', { input: `${worse}\n` });
  plant(257, 1 << 20);
  refused('{"eventType":"STOLEN"}');
});

test('a parked event is published again as it is, corrected, or discarded with a reason, and the log says so', (t) => {
  const p = place(t);
  publish(p, `${JSON.stringify({ ...GOOD, eventType: 'SOLD' })}\n{"eventId":"twin"}\n{"eventId":"junk"}\n`);
  const [junk, twin, sold] = json(['events', 'parked', ...p.args]).map((one) => one.id);
  refuses(['events', 'replay-parked', String(sold), ...p.args], /SOLD is unknown/);
  assert.deepEqual(json(['events', 'replay-parked', ...p.args]), { replayed: 0, refused: 3 });
  ok(['events', 'replay-parked', String(sold), JSON.stringify(GOOD), ...p.args]);
  assert.deepEqual(segments(p.db).map((s) => s.body), [JSON.stringify(GOOD)]);
  refuses(['events', 'replay-parked', String(sold), ...p.args], /replayed already/, 5);
  refuses(['events', 'discard', String(junk), ...p.args], /why/);
  ok(['events', 'discard', String(junk), '--reason', 'a test device', ...p.args]);
  refuses(['events', 'replay-parked', '99', ...p.args], /no parked event 99/, 4);
  assert.deepEqual(json(['events', 'parked', '--state', 'all', ...p.args]).map((one) => [one.id, one.state, one.ended_text]), [[junk, 'discarded', 'a test device'], [twin, 'waiting', null], [sold, 'replayed', 'corrected']]);
  const log = query(p.db, "SELECT event, key, after FROM change_log WHERE tbl = 'event_parked' ORDER BY seq").map(([event, key, after]) => [event, Number(key), JSON.parse(after)]);
  assert.deepEqual(log.map((entry) => entry.slice(0, 2)), [['EVENT_REPLAYED', sold], ['EVENT_DISCARDED', junk]]);
  assert.equal(log[0][2].edited, JSON.stringify(GOOD));
  assert.equal(log[1][2].reason, 'a test device');
  // What was refused when the type was unknown is taken when the topic knows it.
  publish(p, `${JSON.stringify({ ...GOOD, eventId: 'later', eventType: 'AUDITED' })}\n`, { topic: 'analytics-events' });
  const [topic] = json(['record', 'list', 'topic', ...p.args]).filter((r) => r.name === 'analytics-events');
  ok(['record', 'save', 'topic', JSON.stringify({ id: topic.id, types: { ...topic.types, AUDITED: ['sku'] } }), ...p.args]);
  assert.equal(json(['events', 'replay-parked', ...p.args]).replayed, 1);
  assert.equal(segments(p.db, 'analytics-events').length, 1);
});

test('the same id with other content is refused; topics keep what they are', (t) => {
  const p = place(t);
  const e = { eventId: '1', eventType: 'METRIC_CALCULATED', metric: 'm', value: 1.5, timestamp: '2024-01-01T00:00:00Z' };
  assert.equal(publish(p, [e, e], { topic: 'analytics-events' }).known, 1);
  assert.match(publish(p, [{ ...e, value: 2 }], { topic: 'analytics-events' }).refusals[0].why, /other content/);
  publish(p, [GOOD]);
  assert.match(publish(p, [{ ...GOOD, quantityChange: 3 }]).refusals[0].why, /other content/);
  refuses(['events', 'publish', 'no-such-topic', '-', ...p.args], /no topic no-such-topic; there are .*inventory-events/, 4, { input: '' });
  refuses(['events', 'publish', 'record-changes', '-', ...p.args], /reads the change log/, undefined, { input: '{}' });
  const topic = json(['record', 'list', 'topic', ...p.args]).find((r) => r.name === TOPIC);
  refuses(['record', 'delete', 'topic', topic.id, ...p.args], /holds events/, 5);
  refuses(['record', 'save', 'topic', JSON.stringify({ id: topic.id, name: 'other' }), ...p.args], /neither renamed/, 5);
  refuses(['record', 'save', 'topic', JSON.stringify({ id: topic.id, types: { SALE: ['colour'] } }), ...p.args], /a field that there is not/);
});

test('a stream is taken as it comes: before its end, in lines of any length, without a last line break', async (t) => {
  const p = place(t);
  const events = someEvents(3, 5);
  const { child, ended } = start(['events', 'publish', TOPIC, '-', ...p.args, '--json']);
  child.stdin.write(lines(events.slice(0, 2)));
  const count = () => Number(one(p.db, 'SELECT count(*) FROM stock_transactions'));
  for (let i = 0; i < 100 && count() < 2; i++) await sleep(50);
  assert.equal(count(), 2, 'acknowledged while the stream goes on');
  const third = JSON.stringify(events[2]);
  child.stdin.write(third.slice(0, 50));
  await sleep(100);
  assert.equal(count(), 2);
  child.stdin.write(`${third.slice(50)}\r\n${'x'.repeat(3 << 20)}\n${JSON.stringify(events[3])}\n${JSON.stringify(events[4])}`);
  child.stdin.end();
  const { code, out, err } = await ended;
  assert.equal(code, 0, err);
  const said = JSON.parse(out);
  assert.deepEqual([said.taken, said.refused], [5, 1]);
  assert.equal(said.refusals[0].line, 4);
  assert.match(said.refusals[0].why, /too long/);
  assert.equal(one(p.db, 'SELECT length(body) || cut FROM event_parked'), `${1 << 20}1`);
});

test('memory does not grow with the number of events', async (t) => {
  const most = async (n) => {
    const p = place(t);
    const file = path.join(p.dir, 'events.jsonl');
    const out = fs.openSync(file, 'w');
    for (let i = 0; i < n; i += 20000) fs.writeSync(out, lines(someEvents(i, 20000)));
    fs.closeSync(out);
    const { child, ended } = start(['events', 'publish', TOPIC, file, ...p.args, '--json']);
    let peak = 0;
    const watch = setInterval(() => {
      try {
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0));
      } catch {} // it has ended
    }, 10);
    assert.equal(JSON.parse((await ended).out).taken, n);
    clearInterval(watch);
    fs.rmSync(p.data, { recursive: true });
    return peak / 1024;
  };
  const limit = /asan|tsan/.test(lib.OUTPOST) ? 3000 : 300; // a sanitizer keeps what was freed
  if (!LONG) return assert.ok((await most(200_000)) < limit);
  const [small, large] = [await most(1_000_000), await most(3_000_000)];
  assert.ok(large < small * 1.15 + 16, `${small} MB, then ${large} MB`);
});

// ---- once, whatever comes ----

test('replayed three times in any order: the same ledger, levels and log', (t) => {
  const p = place(t);
  const events = someEvents(5, LONG ? 100_000 : 8_000);
  const r = lib.random(6);
  let before;
  for (let round = 0; round < 3; round++) {
    const mixed = shuffled(r, [...events, ...events.slice(0, 500)]);
    const said = publish(p, mixed);
    assert.equal(said.refused, 0);
    assert.equal(said.taken, round ? 0 : events.length);
    assert.equal(said.known, mixed.length - said.taken);
    const state = createHash('sha256').update(sqlite(p.db, 'SELECT * FROM stock_transactions; SELECT * FROM stock_level; SELECT topic, partition, first, next FROM event_partition;')).digest('hex');
    if (round) assert.equal(state, before);
    before = state;
  }
  assert.deepEqual(sorted(stock(p)), sums(events));
  assert.equal(segments(p.db).length, events.length);
});

// What there is after a crash: the ledger and the log say the same, event by event.
function consistent(p) {
  const inLog = segments(p.db).map((s) => JSON.parse(s.body).eventId);
  const inLedger = query(p.db, 'SELECT lower(hex(event_id)) FROM stock_transactions').map(([hex]) => `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`);
  assert.equal(new Set(inLog).size, inLog.length, 'no event twice');
  assert.deepEqual([...inLog].sort(), inLedger.sort(), 'no event without its row, no row without its event');
  return inLog;
}

test('killed at any point while publishing and consuming: every event and every effect exactly once', { timeout: LONG ? 3_600_000 : 120_000 }, (t) => {
  const p = place(t);
  ok(['tenant', 'add', 'effects', '--data', p.data]);
  const r = lib.random(11);
  const groups = { binary: OUTPOST_TEST, env: { OUTPOST_TEST_GROUPS: p.data, USER: 'crash' } };
  const rounds = LONG ? 200 : 25;
  const all = someEvents(12, rounds * 60);
  let kills = 0;
  for (let round = 0; round < rounds; round++) {
    const batch = all.slice(round * 60, (round + 1) * 60);
    const crash = (most) => ({ ...groups, env: { ...groups.env, OUTPOST_CRASH: String(1 + r.below(most)) } });
    kills += outpost(['events', 'publish', TOPIC, '-', ...p.args], { ...crash(18), input: lines(batch) }).signal === 'SIGKILL';
    consistent(p);
    ok(['events', 'publish', TOPIC, '-', ...p.args], { ...groups, input: lines(batch) });
    kills += outpost(['events', 'work', '--until-idle', ...p.args], crash(60)).signal === 'SIGKILL';
    if (r.chance(0.3)) kills += outpost(['events', 'keep', '--now', ...p.args], crash(10)).signal === 'SIGKILL';
  }
  assert.ok(kills > rounds, `${kills} kills`);
  ok(['events', 'work', '--until-idle', ...p.args], groups);
  const ids = consistent(p).sort();
  assert.deepEqual(ids, all.map((e) => e.eventId).sort());
  assert.deepEqual(query(p.db, "SELECT id FROM event_seen WHERE topic = 'test-inside' ORDER BY id").map(([id]) => id), ids, 'in the file: exactly once');
  assert.equal(one(p.db, 'SELECT count(*) FROM event_parked'), '0', 'nothing was consumed twice');
  const effects = path.join(p.data, 'tenants/effects.db');
  assert.deepEqual(query(effects, 'SELECT id FROM test_event ORDER BY id').map(([id]) => id), ids, 'elsewhere, by event id: exactly one each');
  for (const group of json(['events', 'groups', TOPIC, ...p.args], groups)) assert.deepEqual([group.lag, group.consumed], [0, ids.length]);
  assert.deepEqual(sorted(stock(p)), sums(all));
  sound(p);
});

// ---- groups ----

const tail = (p, group, ...more) =>
  ok(['events', 'tail', TOPIC, '--group', group, '--json', ...p.args, ...more])
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test('a group reads on from where it was; groups do not disturb each other', (t) => {
  const p = place(t);
  const events = someEvents(21, 300);
  publish(p, events);
  const a = [...tail(p, 'a', '--limit', '100'), ...tail(p, 'a', '--limit', '150')];
  assert.equal(json(['events', 'lag', ...p.args]).find((g) => g.group === 'a').lag, 50);
  a.push(...tail(p, 'a'));
  assert.deepEqual(tail(p, 'a'), []);
  assert.deepEqual(a.map((e) => e.id).sort(), events.map((e) => e.eventId).sort());
  for (const e of a) assert.equal(e.partition, partitionOf(e.data));
  for (let partition = 0; partition < 4; partition++) {
    const offsets = a.filter((e) => e.partition === partition).map((e) => e.offset);
    assert.deepEqual(offsets, offsets.map((_, i) => i), 'in order, without a gap');
  }
  assert.equal(tail(p, 'b').length, 300);
  refuses(['events', 'tail', TOPIC, '--group', 'no group', ...p.args], /letters, digits/);
});

test('members share the partitions, take over from the dead, and cannot commit what they lost', async (t) => {
  const p = place(t);
  publish(p, someEvents(22, 400));
  const server = await serve(t, p.data, '--workers', '0');
  const poll = (member, more = '') => ask(server, `/api/topics/${TOPIC}/poll?group=g&member=${member}&max=10${more}`).then((a) => (assert.equal(a.status, 200, String(a.body)), a.json));
  const commit = (member, positions) => post(server, `/api/topics/${TOPIC}/commit`, { group: 'g', member, positions });
  const held = async () => {
    const topics = await data(ask(server, '/api/topics'));
    return topics.find((x) => x.name === TOPIC).groups.find((g) => g.group === 'g').positions.map((x) => x.member);
  };
  const first = await poll('a');
  assert.deepEqual(await held(), ['a', 'a', 'a', 'a']);
  assert.equal(first.data.length, 10);
  assert.deepEqual((await poll('a')).data, first.data, 'what was not committed comes again');
  await poll('b'); // joins
  await poll('a'); // gives two back
  await poll('b'); // takes them
  assert.deepEqual((await held()).sort(), ['a', 'a', 'b', 'b']);
  const kept = first.positions.filter((x) => x.partition === first.data[0].partition);
  const b = await poll('b');
  assert.ok(b.data.every((e) => !first.positions.some((x) => x.partition === e.partition) || true));
  await data(commit('b', b.positions));
  await problem(commit('b', b.positions.map((x) => ({ ...x, offset: x.offset - 1 }))), 409, /lease|behind/);
  await problem(commit('b', b.positions.map((x) => ({ ...x, offset: x.offset + 1, fence: x.fence - 1 }))), 409, /lost/);
  await problem(commit('b', [{ partition: b.positions[0].partition, offset: 1e9, fence: b.positions[0].fence }]), 422, /ends at/);
  await problem(commit('b', []), 422, /positions/);
  await data(post(server, `/api/topics/${TOPIC}/leave`, { group: 'g', member: 'b' }));
  const alone = await poll('a');
  assert.deepEqual(await held(), ['a', 'a', 'a', 'a']);
  await problem(commit('b', b.positions.map((x) => ({ ...x, offset: x.offset + 1 }))), 409, /lost/);
  await data(commit('a', alone.positions));
  assert.ok(kept.length > 0);
  await problem(ask(server, `/api/topics/${TOPIC}/poll?group=g`), 422, /member/);
  await problem(ask(server, '/api/topics/nothing/poll?group=g&member=a'), 404, /no topic/);
});

test('a member that stands still beyond its lease is replaced, and cannot commit when it goes on', async (t) => {
  const p = place(t);
  publish(p, someEvents(23, 900));
  const env = { OUTPOST_LEASE_MS: '700' };
  const still = start(['events', 'tail', TOPIC, '--group', 'g', '--json', ...p.args], { binary: OUTPOST_TEST, env });
  still.child.stdout.pause(); // the pipe is full after some events: it stands between printing and committing
  for (let i = 0; i < 100 && one(p.db, "SELECT count(*) FROM event_position WHERE member IS NOT NULL") !== '4'; i++) await sleep(30);
  still.child.kill('SIGSTOP');
  const other = () => ok(['events', 'tail', TOPIC, '--group', 'g', '--json', ...p.args], { binary: OUTPOST_TEST, env }).split('\n').filter(Boolean).length;
  assert.equal(other(), 0, 'while the lease lasts');
  await sleep(800);
  assert.equal(other(), 900, 'nothing was committed: all of it comes again');
  still.child.kill('SIGCONT');
  still.child.stdout.resume();
  const { code, err } = await still.ended;
  assert.equal(code, 5, err);
  assert.match(err, /lease .* lost/);
  assert.equal(one(p.db, "SELECT sum(next) FROM event_position WHERE grp = 'g'"), '900');
});

test('a member that was killed is replaced at once', async (t) => {
  const p = place(t);
  publish(p, someEvents(24, 900));
  const dead = start(['events', 'tail', TOPIC, '--group', 'g', '--json', ...p.args]);
  dead.child.stdout.pause();
  for (let i = 0; i < 100 && one(p.db, "SELECT count(*) FROM event_position WHERE member IS NOT NULL") !== '4'; i++) await sleep(30);
  dead.child.kill('SIGKILL');
  dead.child.stdout.resume();
  await dead.ended;
  assert.equal(tail(p, 'g').length, 900);
});

test('an event that a group cannot take is parked alone; the world’s illness is waited for', (t) => {
  const p = place(t);
  ok(['tenant', 'add', 'effects', '--data', p.data]);
  const groups = { binary: OUTPOST_TEST, env: { OUTPOST_TEST_GROUPS: p.data } };
  const events = someEvents(31, 500);
  for (const i of [7, 8, 250]) events[i].notes = 'poison';
  publish(p, events);
  ok(['events', 'work', '--until-idle', ...p.args], groups);
  const parked = json(['events', 'parked', '--group', 'test-inside', ...p.args]);
  assert.deepEqual(parked.map((x) => x.event).sort(), [7, 8, 250].map((i) => events[i].eventId).sort());
  for (const x of parked) assert.equal(x.reason, 'poison');
  assert.equal(one(p.db, "SELECT count(*) FROM event_seen WHERE topic = 'test-inside'"), '497');
  const group = () => json(['events', 'groups', ...p.args], groups).find((g) => g.group === 'test-inside');
  assert.deepEqual([group().lag, group().consumed, group().errors, group().parked], [0, 500, 3, 3]);
  // Corrected, and given to the group again.
  refuses(['events', 'replay-parked', String(parked[0].id), ...p.args], /poison/, undefined, groups);
  ok(['events', 'replay-parked', String(parked[0].id), JSON.stringify({ ...JSON.parse(parked[0].body), notes: 'fine' }), ...p.args], groups);
  assert.equal(one(p.db, "SELECT count(*) FROM event_seen WHERE topic = 'test-inside'"), '498');
  // A sick world: nothing is parked, what stands behind it in the partition waits, the others go on.
  const more = someEvents(32, 100);
  more[0].notes = 'sick';
  publish(p, more);
  ok(['events', 'work', '--until-idle', ...p.args], groups);
  assert.ok(group().errors > 3);
  assert.match(group().cause, /sick/);
  assert.ok(group().lag > 0);
  assert.equal(json(['events', 'groups', ...p.args], groups).find((g) => g.group === 'test-slow').lag, 0);
  for (let i = 0; i < 14; i++) ok(['events', 'work', '--until-idle', ...p.args], groups);
  assert.equal(group().lag, 0, 'one event does not stop a group for ever');
  assert.equal(json(['events', 'parked', '--group', 'test-inside', ...p.args]).filter((x) => x.event === more[0].eventId).length, 1);
  assert.equal(one(p.db, "SELECT count(*) FROM event_seen WHERE topic = 'test-inside'"), String(498 + 99));
});

test('a server’s groups follow what is published, and their waiting times are counted', async (t) => {
  const p = place(t);
  ok(['tenant', 'add', 'effects', '--data', p.data]);
  const groups = { binary: OUTPOST_TEST, env: { OUTPOST_TEST_GROUPS: p.data } };
  const server = start(['serve', '--data', p.data, '--listen', '127.0.0.1:0'], groups);
  t.after(async () => {
    server.child.kill('SIGKILL');
    await server.ended;
  });
  for (let i = 0; i < 5; i++) publish(p, someEvents(41 + i, 200), groups);
  const lag = () => json(['events', 'lag', ...p.args], groups).filter((g) => g.group.startsWith('test-'));
  for (let i = 0; i < 100 && lag().some((g) => g.lag); i++) await sleep(100);
  assert.deepEqual(lag().map((g) => g.lag), [0, 0, 0]);
  for (const g of json(['events', 'groups', ...p.args], groups).filter((x) => x.group.startsWith('test-'))) {
    assert.equal(g.consumed, 1000);
    assert.ok(g.latency.p50_ms > 0 && g.latency.p50_ms <= g.latency.p95_ms && g.latency.p95_ms <= g.latency.p99_ms && g.latency.p99_ms < 20000, JSON.stringify(g.latency));
  }
  const [[minutes]] = query(p.db, "SELECT sum(events) FROM event_minute WHERE grp = 'test-slow'");
  assert.equal(minutes, '1000');
  server.child.kill('SIGTERM');
  assert.equal((await server.ended).code, 0);
});

// ---- keeping ----

test('old segments are joined and packed: smaller, and the same to every reader', (t) => {
  const p = place(t);
  const events = someEvents(51, 2000);
  for (let i = 0; i < 20; i++) publish(p, events.slice(i * 100, i * 100 + 100));
  const before = segments(p.db);
  const count = () => Number(one(p.db, 'SELECT count(*) FROM event_segment'));
  assert.equal(count(), 80);
  assert.equal(json(['events', 'keep', ...p.args]).packed, 0, 'new ones are left alone');
  const said = json(['events', 'keep', '--now', ...p.args]);
  assert.deepEqual([said.joined, said.packed, count()], [80, 4, 4]);
  assert.deepEqual(segments(p.db), before);
  const [plain, stored] = query(p.db, 'SELECT sum(plain), sum(length(body)) FROM event_segment')[0].map(Number);
  assert.deepEqual([said.bytes_plain, said.bytes], [plain, stored]);
  assert.ok(stored * 3 < plain, `${stored} of ${plain} bytes`);
  assert.equal(tail(p, 'late').length, 2000);
  publish(p, someEvents(52, 50));
  assert.equal(segments(p.db).length, 2050);
  // One flipped byte is noticed, and said.
  sqlite(p.db, "UPDATE event_segment SET body = substr(body, 1, 99) || x'00' || substr(body, 101) WHERE partition = 0 AND first = 0");
  refuses(['events', 'tail', TOPIC, '--group', 'later', ...p.args], /segment at offset 0 of partition 0 is damaged/);
});

test('retention by size and age takes the oldest, but nothing that a group has not read or a hold names', (t) => {
  const p = place(t);
  const topic = json(['record', 'list', 'topic', ...p.args]).find((r) => r.name === 'analytics-events');
  const settle = (settings) => ok(['record', 'save', 'topic', JSON.stringify({ id: topic.id, ...settings }), ...p.args]);
  const metric = (i) => ({ eventId: `m-${i}`, eventType: 'METRIC_CALCULATED', metric: `metric-${i % 50}`, value: i, sku: `S${i % 50}`, warehouseId: 'W', timestamp: '2024-01-01T00:00:00Z' });
  const options = { topic: 'analytics-events' };
  for (let i = 0; i < 10; i++) publish(p, Array.from({ length: 100 }, (_, k) => metric(i * 100 + k)), options);
  const keep = (more) => json(['events', 'keep', ...p.args], more);
  const all = segments(p.db, 'analytics-events');
  assert.equal(all.length, 1000);
  assert.equal(keep().expired, 0, 'without a limit nothing goes');
  ok(['events', 'tail', 'analytics-events', '--group', 'slow', '--limit', '10', ...p.args]);
  settle({ retention_bytes: 5000 });
  const first = keep();
  assert.equal(first.expired, 0, 'the slow group has read ten events of one partition');
  ok(['record', 'save', 'legal_hold', JSON.stringify({ subject: 'topic analytics-events', reason: 'an audit' }), ...p.args]);
  ok(['events', 'tail', 'analytics-events', '--group', 'slow', ...p.args]);
  assert.deepEqual([keep().expired, keep().held], [0, 1]);
  const [hold] = json(['record', 'list', 'legal_hold', ...p.args]);
  ok(['record', 'delete', 'legal_hold', hold.id, ...p.args]);
  const gone = keep();
  assert.ok(gone.expired_events > 700, JSON.stringify(gone));
  const left = segments(p.db, 'analytics-events');
  assert.equal(left.length, 1000 - gone.expired_events);
  assert.deepEqual(left, all.filter((a) => left.some((l) => l.partition === a.partition && l.offset === a.offset)), 'the newest stay, with their offsets');
  for (let partition = 0; partition < 4; partition++) assert.ok(Number(one(p.db, `SELECT coalesce(sum(length(body)), 0) FROM event_segment WHERE topic = 'analytics-events' AND partition = ${partition}`)) <= 5000);
  assert.equal(query(p.db, "SELECT sum(count) FROM change_log WHERE event = 'EVENTS_EXPIRED'")[0][0], String(gone.expired_events));
  assert.equal(one(p.db, 'SELECT count(*) FROM event_seen'), String(left.length), 'ids go with their events');
  // A new group begins with the oldest that is there.
  assert.equal(ok(['events', 'tail', 'analytics-events', '--group', 'new', '--json', ...p.args]).split('\n').filter(Boolean).length, left.length);
  // By age, on a clock that is moved on; beyond a group that has read nothing only when the topic says so.
  ok(['events', 'tail', 'analytics-events', '--group', 'idle', '--limit', '1', ...p.args]);
  settle({ retention_bytes: 0, retention_days: 30 });
  const clock = path.join(p.dir, 'clock');
  fs.writeFileSync(clock, String(31 * 86400e6));
  const later = { binary: OUTPOST_TEST, env: { OUTPOST_CLOCK: clock } };
  assert.equal(keep().expired, 0);
  const before = segments(p.db, 'analytics-events').length;
  keep(later);
  assert.ok(segments(p.db, 'analytics-events').length > before / 2);
  settle({ beyond_groups: true });
  keep(later);
  assert.equal(segments(p.db, 'analytics-events').length, 0);
  assert.equal(json(['events', 'lag', ...p.args]).find((g) => g.group === 'idle').lag, 0);
});

// ---- outward ----

test('events go out as CloudEvents that the package cloudevents takes, and come in as such', async (t) => {
  const { CloudEvent, HTTP } = await load('cloudevents');
  const p = place(t);
  const events = someEvents(61, 50);
  publish(p, events);
  const out = ok(['events', 'tail', TOPIC, '--json', ...p.args]).trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(out.length, 50);
  for (const e of out) {
    const strict = new CloudEvent(e, true); // throws when it is none
    assert.equal(strict.validate(), true);
    assert.deepEqual([strict.id, strict.type, strict.subject, strict.source], [e.data.eventId, e.data.eventType, `${e.data.warehouseId}/${e.data.sku}`, `/tenants/demo/topics/${TOPIC}`]);
    assert.equal(new Date(strict.time).getTime(), new Date(e.data.timestamp).getTime());
    assert.deepEqual(e.data, events.find((x) => x.eventId === e.id));
  }
  // In: what the package writes in structured mode.
  const server = await serve(t, p.data, '--workers', '0');
  const { eventId, eventType, timestamp, ...payload } = someEvents(62, 1)[0];
  const message = HTTP.structured(new CloudEvent({ id: eventId, type: eventType, time: timestamp, source: '/shop', data: payload }));
  const target = `/api/topics/${TOPIC}/events`;
  assert.equal((await data(post(server, target, message.body, message.headers))).taken, 1);
  const plain = JSON.parse(segments(p.db).map((s) => s.body).find((body) => body.includes(eventId)));
  assert.deepEqual(plain, { eventId, eventType, timestamp, ...payload });
  assert.equal((await data(post(server, target, { eventId, eventType, timestamp, ...payload }))).known, 1, 'the same, plain');
  const envelope = JSON.parse(message.body);
  const refused = async (body, pattern) => assert.match((await data(post(server, target, body))).refusals[0].why, pattern);
  await refused({ ...envelope, specversion: '0.3' }, /specversion/);
  await refused({ ...envelope, data: undefined, data_base64: 'e30=' }, /data has to be an object/);
  await refused({ ...envelope, data: { ...payload, eventId: 'other' } }, /not what the envelope says/);
  await refused({ ...envelope, id: undefined }, /id is missing/);
});

test('the API publishes one, an array or lines, lists, filters, and deals with what was parked', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data, '--workers', '0');
  const target = `/api/topics/${TOPIC}/events`;
  const [a, b, c, d] = someEvents(71, 4);
  assert.equal((await data(post(server, target, a))).taken, 1);
  assert.equal((await data(post(server, target, JSON.stringify(b, null, 2)))).taken, 1);
  const mixed = await data(post(server, target, JSON.stringify([a, c, { ...d, sku: '' }, d])));
  assert.deepEqual([mixed.taken, mixed.known, mixed.refused, mixed.refusals[0].line], [2, 1, 1, 3]);
  const more = await data(post(server, target, lines(someEvents(72, 30))));
  assert.equal(more.taken, 30);
  await problem(post(server, target, ''), 422, /events/);
  await problem(post(server, '/api/topics/nothing/events', a), 404, /no topic/);
  await problem(post(server, '/api/topics/record-changes/events', a), 422, /change log/);
  await problem(post(server, target, Buffer.alloc(9 << 20, 32)), 413);
  const broken = await data(post(server, target, `[${JSON.stringify(a)}, {"eventId":`));
  assert.deepEqual([broken.known, broken.refused], [1, 1]);

  const topics = await data(ask(server, '/api/topics'));
  const inventory = topics.find((x) => x.name === TOPIC);
  assert.equal(inventory.events, 34);
  assert.equal(inventory.partitions.reduce((n, x) => n + x.next - x.first, 0), 34);
  assert.deepEqual(topics.map((x) => x.name).sort(), ['analytics-events', 'inventory-events', 'record-changes', 'reorder-events']);
  const listed = await data(ask(server, `${target}?limit=1000`));
  assert.equal(listed.length, 34);
  const sales = await data(ask(server, `${target}?type=SALE&limit=1000`));
  assert.deepEqual(sales.map((e) => e.id).sort(), listed.filter((e) => e.type === 'SALE').map((e) => e.id).sort());
  assert.deepEqual((await data(ask(server, `${target}?q=${a.eventId}`))).map((e) => e.id), [a.eventId]);
  const page = (await ask(server, `${target}?partition=0&limit=3`)).json;
  assert.deepEqual(page.data.map((e) => e.offset), [0, 1, 2]);
  assert.equal((await ask(server, `${target}?partition=0&offset=${page.next}&limit=1`)).json.data[0].offset, 3);

  const parked = (await ask(server, '/api/parked?state=waiting')).json;
  assert.equal(parked.total, 2);
  const empty = parked.data.find((x) => /sku is empty/.test(x.reason));
  await problem(post(server, `/api/parked/${empty.id}/replay`, {}), 422, /sku is empty/);
  await data(post(server, `/api/parked/${empty.id}/replay`, { body: { ...d, eventId: uuid(lib.random(73)) } }));
  await problem(post(server, `/api/parked/${empty.id}/replay`, {}), 409, /already/);
  const other = parked.data.find((x) => x.id !== empty.id);
  await problem(post(server, `/api/parked/${other.id}/discard`, { reason: ' ' }), 422, /why/);
  await data(post(server, `/api/parked/${other.id}/discard`, { reason: 'cut off' }));
  assert.deepEqual(await data(post(server, '/api/parked/replay', {})), { replayed: 0, refused: 0 });
  await problem(post(server, '/api/parked/99/replay', {}), 404);
});

test('a body of many events is taken in pieces, between which others write', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const events = someEvents(77, 9000);
  const body = [...events.slice(0, 5000), {}, ...events.slice(5000)];
  const told = await data(ask(server, `/api/topics/${TOPIC}/events`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }));
  assert.deepEqual([told.taken, told.known, told.refused, told.refusals.map(({ line }) => line)], [9000, 0, 1, [5001]]);
  const pieces = query(p.db, "SELECT count FROM change_log WHERE event = 'EVENTS_PUBLISHED' ORDER BY seq").map(([n]) => Number(n));
  assert.deepEqual(pieces, [2048, 2048, 2047, 2048, 809]);
  await server.stop();
  sound(p);
});

test('a poll waits for the first event', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data, '--workers', '0');
  publish(p, someEvents(81, 1));
  const poll = (wait) => ask(server, `/api/topics/${TOPIC}/poll?group=w&member=m&wait_ms=${wait}`);
  const first = (await poll(0)).json;
  await data(post(server, `/api/topics/${TOPIC}/commit`, { group: 'w', member: 'm', positions: first.positions }));
  const began = Date.now();
  const waiting = poll(10000);
  await sleep(300);
  await data(post(server, `/api/topics/${TOPIC}/events`, { ...GOOD, sku: first.data[0].data.sku, warehouseId: first.data[0].data.warehouseId }));
  assert.deepEqual((await waiting).json.data.map((e) => e.id), ['e']);
  assert.ok(Date.now() - began < 3000);
});

test('record-changes is the change log, entry by entry', (t) => {
  const p = place(t);
  ok(['record', 'save', 'reference_item', '{"list":"regions","value":"Overseas"}', ...p.args]);
  publish(p, someEvents(91, 10));
  const read = (...more) => ok(['events', 'tail', 'record-changes', '--json', ...p.args, ...more]).trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const log = query(p.db, 'SELECT seq, event, actor, tbl, key, text FROM change_log ORDER BY seq');
  const all = read();
  assert.deepEqual(all.map((e) => [String(e.offset), e.type, e.data.actor, e.data.table ?? null, e.data.key ?? null, e.data.text]), log);
  const saved = all.find((e) => e.data.table === 'reference_item');
  assert.equal(saved.data.after.value, 'Overseas');
  assert.equal(read('--group', 'audit', '--limit', '2').length, 2);
  assert.deepEqual(read('--group', 'audit').map((e) => e.offset), all.slice(2).map((e) => e.offset));
  assert.deepEqual(read('--group', 'audit'), []);
});
