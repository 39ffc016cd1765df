// The stock: a ledger behind inventory-events, levels that follow from it (T14), figures that come out the same
// however often they are added up (T16), snapshots, quality checks, files, scans, and what people do.
// What is right is computed here, with BigInt, from the events alone.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import zlib from 'node:zlib';
import * as lib from './lib.mjs';
import { OUTPOST_TEST, json, ok, one, outpost, place, query, refuses, serve, sound, sqlite } from './lib.mjs';

const noTestBuild = spawnSync(OUTPOST_TEST, ['version']).status === 0 ? false : `there is no test build at ${OUTPOST_TEST}`;
const DAY = 86400000;
const day = (t) => Math.floor(t / DAY);
const iso = (d) => new Date(d * DAY).toISOString().slice(0, 10);
const stock = (p, ...args) => json(['stock', ...args, ...p.args]);
const text = (v) => lib.print(v, 4, 0);

const publish = (p, events, options = {}) => json(['events', 'publish', 'inventory-events', '-', ...p.args], { input: events.map((e) => (typeof e === 'string' ? e : JSON.stringify(e))).join('\n'), ...options });
// Quantities as they are written, not as a double.
const event = (type, sku, warehouseId, quantity, more = {}) => {
  const { at, ...rest } = more;
  const e = { eventId: randomUUID(), eventType: type, sku, warehouseId, quantityChange: 0, timestamp: new Date(at ?? Date.now()).toISOString(), ...rest };
  return JSON.stringify(e).replace('"quantityChange":0', `"quantityChange":${quantity}`);
};

// ---- a second opinion ----

const HELD = new Set(['RESERVATION', 'RELEASE']);
const COLUMN = { SALE: 'issued', RECEIPT: 'received', RETURN: 'returned', ADJUSTMENT: 'adjusted', STOCK_COUNT: 'adjusted', TRANSFER_OUT: 'transferred', TRANSFER_IN: 'transferred' };
const halfEven = lib.halfEven;

class Oracle {
  levels = new Map(); // "sku|warehouse" -> [on hand, reserved]
  days = new Map(); // "day|sku|warehouse" -> sums

  take(e) {
    const q = lib.units(e.q);
    const key = `${e.sku}|${e.warehouse}`;
    const level = this.levels.get(key) ?? [0n, 0n];
    const held = HELD.has(e.type);
    level[held ? 1 : 0] += q;
    this.levels.set(key, level);
    const at = `${day(e.at)}|${key}`;
    const d = this.days.get(at) ?? { received: 0n, issued: 0n, returned: 0n, adjusted: 0n, transferred: 0n, net: 0n, reserved: 0n, transactions: 0n };
    if (held) d.reserved += q;
    else {
      const column = COLUMN[e.type] ?? (q > 0n ? 'received' : 'issued');
      d[column] += column === 'issued' ? -q : q;
      d.net += q;
    }
    d.transactions += 1n;
    this.days.set(at, d);
  }

  // As levels are listed: quantities as texts.
  list() {
    return [...this.levels].map(([key, [on, held]]) => [...key.split('|'), text(on), text(held)]).sort();
  }

  // Sums by day, or by what a day becomes.
  sums(of = (d) => d) {
    const out = new Map();
    for (const [at, d] of this.days) {
      const [n, sku, warehouse] = at.split('|');
      const key = `${of(Number(n))}|${sku}|${warehouse}`;
      const s = out.get(key) ?? { received: 0n, issued: 0n, returned: 0n, adjusted: 0n, transferred: 0n, net: 0n, reserved: 0n, transactions: 0n };
      for (const name of Object.keys(d)) s[name] += d[name];
      out.set(key, s);
    }
    return [...out].map(([key, s]) => [...key.split('|'), ...Object.values(s).map(String)]).sort();
  }

  // The formulas of metric.h, as they read.
  metric(sku, warehouse, D) {
    const of = (d) => this.days.get(`${d}|${sku}|${warehouse}`) ?? { issued: 0n, net: 0n };
    const mine = [...this.days.keys()].map((k) => k.split('|')).filter((k) => k[1] === sku && k[2] === warehouse).map((k) => Number(k[0]));
    const first = Math.min(...mine);
    const y = Array.from({ length: 28 }, (_, i) => of(D - 27 + i).issued);
    const sy = y.reduce((a, b) => a + b, 0n);
    const sxy = y.reduce((a, b, i) => a + b * BigInt(i), 0n);
    const [n, sx, sxx] = [28n, 378n, 6930n];
    let on = 0n;
    for (const d of mine) if (d < D - 364) on += of(d).net;
    let stock = 0n;
    let issued = 0n;
    for (let d = D - 364; d <= D; d++) {
      on += of(d).net;
      stock += on;
      issued += of(d).issued;
    }
    const days = BigInt(Math.min(365, D - first + 1));
    const [onHand, held] = this.levels.get(`${sku}|${warehouse}`);
    const available = onHand > held ? onHand - held : 0n;
    const signed = (a, b) => (b < 0n ? halfEven(-a, -b) : halfEven(a, b));
    return {
      velocity: text(halfEven(sy, n)),
      trend: lib.print(halfEven((n * sxy - sx * sy) * 100n, n * sxx - sx * sx), 6, 0),
      average_on_hand: text(signed(stock, days)),
      turnover: stock > 0n ? text(signed(issued * 365n * 10000n, stock)) : null,
      days_of_cover: sy > 0n ? text(halfEven(available * 28n * 10000n, sy)) : null,
    };
  }
}

const levelsOf = (p) => {
  // JSON numbers as they are written.
  const raw = ok(['stock', 'levels', '--json', ...p.args]);
  return JSON.parse(raw.replace(/("quantity_\w+":)(-?[\d.]+)/g, '$1"$2"')).map((l) => [l.sku, l.warehouse, l.quantity_on_hand, l.quantity_reserved]).sort();
};
const metricsOf = (p, ...more) => JSON.parse(ok(['stock', 'metrics', '--json', ...more, ...p.args]).replace(/("(?:velocity|trend|average_on_hand|turnover|days_of_cover)":)(-?[\d.]+)/g, '$1"$2"'));
const NAMES = 'JOIN stock_name i ON i.id = x.item JOIN stock_name w ON w.id = x.warehouse';
const SUMS = 'x.received, x.issued, x.returned, x.adjusted, x.transferred, x.net, x.reserved, x.transactions';
const dailyOf = (p) => query(p.db, `SELECT x.day, i.text, w.text, ${SUMS} FROM stock_daily x ${NAMES}`).sort();
const weeklyOf = (p) => query(p.db, `SELECT x.week, i.text, w.text, ${SUMS} FROM stock_weekly x ${NAMES}`).sort();
const derived = (p) => ['stock_daily', 'stock_weekly', 'stock_metric', 'stock_position'].map((name) => query(p.db, `SELECT * FROM ${name}`));
const monday = (d) => d - ((((d + 3) % 7) + 7) % 7);

// Movements of all kinds, some of them back-dated, some of them known or wrong.
function movements(r, n, from, to) {
  const skus = ['LAPTOP-001', 'MOUSE-2', 'Käse "A"', 'X'];
  const warehouses = ['W1', 'W2', 'Lager 3'];
  const list = [];
  while (list.length < n) {
    const at = r.chance(0.7) ? from + Math.floor(((to - from) * list.length) / n) : from + r.below(to - from);
    const type = r.pick(['SALE', 'SALE', 'SALE', 'RECEIPT', 'RETURN', 'ADJUSTMENT', 'INVENTORY_UPDATE', 'STOCK_COUNT', 'TRANSFER', 'RESERVATION', 'RELEASE']);
    const amount = BigInt(1 + r.below(r.chance(0.2) ? 2000000 : 90000)) * (r.chance(0.7) ? 10000n : 1n) % 900000000n + 1n;
    const sign = { SALE: r.chance(0.05) ? 1n : -1n, RECEIPT: 1n, RETURN: r.chance(0.2) ? -1n : 1n, RESERVATION: 1n, RELEASE: -1n }[type] ?? (r.chance(0.5) ? 1n : -1n);
    const one = { sku: r.pick(skus), warehouse: r.pick(warehouses), at, type, q: text(amount * sign) };
    if (type === 'TRANSFER') {
      const to = r.pick(warehouses.filter((w) => w !== one.warehouse));
      list.push({ ...one, type: 'TRANSFER_OUT', q: text(-amount) }, { ...one, type: 'TRANSFER_IN', warehouse: to, q: text(amount) });
    } else list.push(one);
  }
  return list.map((m) => ({ ...m, id: randomUUID(), json: null })).map((m) => {
    m.json = event(m.type, m.sku, m.warehouse, m.q, { at: m.at, referenceId: `R-${m.q}` }).replace(/"eventId":"[^"]*"/, `"eventId":"${m.id}"`);
    return m;
  });
}

test('property: ten thousand movements; levels, replay, days, weeks and figures are those of an independent computation', (t) => {
  const p = place(t);
  const r = lib.random(14);
  const now = Date.now();
  const all = movements(r, lib.LONG ? 40000 : 10000, now - 500 * DAY, now - 1000);
  const oracle = new Oracle();
  const taken = [];
  for (let i = 0; i < all.length;) {
    const batch = all.slice(i, i + 1 + r.below(900));
    i += batch.length;
    const lines = [];
    let [known, refused] = [0, 0];
    for (const m of batch) {
      lines.push(m.json);
      taken.push(m);
      oracle.take(m);
      if (r.chance(0.05)) lines.push(r.pick(taken).json), known++;
      if (r.chance(0.03)) lines.push(r.pick(taken).json.replace(/"quantityChange":[^,]*/, '"quantityChange":7777777')), refused++;
      if (r.chance(0.03)) lines.push(r.pick(['{"eventId":"q"', event('SALE', '', 'W1', -1), event('SALE', 'X', 'W1', '"two"'), event('SALE', 'X', 'W1', 0.00001), event('GIFT', 'X', 'W1', 1), event('RELEASE', 'X', 'W1', 1), event('SALE', 'X', 'W1', 1e10), event('SALE', 'X', 'W1', 1, { at: now + DAY })])), refused++;
    }
    const answer = publish(p, lines);
    assert.deepEqual([answer.taken, answer.known, answer.refused], [batch.length, known, refused]);
    if (r.chance(0.4)) stock(p, 'aggregate');
  }
  assert.deepEqual(levelsOf(p), oracle.list());
  assert.equal(stock(p, 'replay').ok, true);
  stock(p, 'aggregate');
  assert.deepEqual(dailyOf(p), oracle.sums());
  assert.deepEqual(weeklyOf(p), oracle.sums(monday));
  const D = day(Date.now());
  const same = (list, D) => {
    assert.ok(list.length > 5);
    for (const m of list) {
      assert.deepEqual({ velocity: m.velocity, trend: m.trend, average_on_hand: m.average_on_hand, turnover: m.turnover, days_of_cover: m.days_of_cover }, oracle.metric(m.sku, m.warehouse, D), `${m.sku} ${m.warehouse}`);
    }
  };
  same(metricsOf(p), D);
  for (const past of [D - 3, D - 100, D - 400]) same(metricsOf(p, '--as-of', iso(past)), past);
  // All at once comes to the same, and nothing new writes nothing.
  const step_by_step = derived(p);
  stock(p, 'aggregate', '--full');
  assert.deepEqual(derived(p), step_by_step);
  const entries = one(p.db, 'SELECT max(seq) FROM change_log');
  assert.equal(stock(p, 'aggregate').movements, 0);
  assert.equal(one(p.db, 'SELECT max(seq) FROM change_log'), entries);
  // There is no row without its event and no event without its row.
  assert.equal(one(p.db, 'SELECT sum(count) FROM event_segment WHERE topic = \'inventory-events\''), String(taken.length));
  assert.equal(one(p.db, 'SELECT count(*) FROM stock_transactions'), String(taken.length));
  sound(p);
  const before = levelsOf(p);
  json(['rebuild', ...p.args]);
  assert.deepEqual(levelsOf(p), before);
  assert.deepEqual(derived(p), step_by_step);
});

test('windows move on with the days, and come to the same as from the beginning', { skip: noTestBuild }, (t) => {
  const p = place(t);
  const r = lib.random(16);
  const clock = path.join(p.dir, 'clock');
  const env = { OUTPOST_CLOCK: clock };
  const run = (...args) => json(['stock', ...args, ...p.args], { binary: OUTPOST_TEST, env });
  const oracle = new Oracle();
  let shift = -800 * DAY;
  fs.writeFileSync(clock, String(shift * 1000));
  for (let i = 0; i < (lib.LONG ? 60 : 14); i++) {
    const now = Date.now() + shift;
    const batch = movements(r, 20 + r.below(60), now - (r.chance(0.2) ? 420 : 12) * DAY, now - 1000);
    if (r.chance(0.8)) {
      publish(p, batch.map((m) => m.json), { binary: OUTPOST_TEST, env });
      for (const m of batch) oracle.take(m);
    }
    run('aggregate');
    const step_by_step = derived(p);
    run('aggregate', '--full');
    assert.deepEqual(derived(p), step_by_step, `after ${i} days' work`);
    shift += r.pick([1, 1, 1, 2, 7, 29, 90, 366]) * DAY;
    fs.writeFileSync(clock, String(shift * 1000));
  }
  assert.deepEqual(dailyOf(p), oracle.sums());
});

test('figures of a small example, by hand', (t) => {
  const p = place(t);
  const now = Date.now();
  const D = day(now);
  const at = (d) => (D - d) * DAY + 3600000;
  // 100 came 9 days ago; on each of the last 4 days 1, 2, 3, 4 were sold; 6 are reserved.
  const lines = [event('RECEIPT', 'A', 'W', 100, { at: at(9) }), event('RESERVATION', 'A', 'W', 6, { at: at(9) })];
  for (let i = 0; i < 4; i++) lines.push(event('SALE', 'A', 'W', -(i + 1), { at: i === 3 ? now - 1000 : at(3 - i) }));
  publish(p, lines);
  stock(p, 'aggregate');
  const [m] = stock(p, 'metrics', 'A');
  assert.equal(m.velocity, 0.3571); // 10 / 28
  // Sxy = 24*1 + 25*2 + 26*3 + 27*4 = 260; (28*260 - 378*10) / (28*6930 - 378^2) = 3500 / 51156
  assert.equal(m.trend, 0.068418);
  assert.equal(m.direction, 'up');
  // On hand at the end of the ten days: 100 six times, 99, 97, 94, 90: 980 / 10
  assert.equal(m.average_on_hand, 98);
  assert.equal(m.turnover, 3.7245); // 10 * 36.5 / 98
  assert.equal(m.days_of_cover, 235.2); // 84 / (10 / 28)
});

test('a snapshot never changes; what was known on which day is in the ledger', { skip: noTestBuild }, (t) => {
  const p = place(t);
  const clock = path.join(p.dir, 'clock');
  const env = { OUTPOST_CLOCK: clock };
  const D = day(Date.now());
  const go = (days) => fs.writeFileSync(clock, String(days * DAY * 1000));
  const run = (args) => json([...args, ...p.args], { binary: OUTPOST_TEST, env });
  const dag = () => ok(['dag', 'run', 'inventory_etl', ...p.args], { binary: OUTPOST_TEST, env });
  go(-10);
  run(['record', 'save', 'stock_item', '{"sku":"A","name":"Apple","category":"Fruit","unit_cost":"2"}']);
  publish(p, [event('RECEIPT', 'A', 'W', 100, { at: Date.now() - 11 * DAY })], { binary: OUTPOST_TEST, env });
  dag();
  const put = run(['stock', 'snapshot', iso(D - 11)]);
  assert.deepEqual(put.rows.map((x) => [x.sku, x.warehouse, x.on_hand, x.name, x.category]), [['A', 'W', 100, 'Apple', 'Fruit']]);
  go(-5);
  publish(p, [event('SALE', 'A', 'W', -30, { at: Date.now() - 11 * DAY + 1 })], { binary: OUTPOST_TEST, env }); // back-dated
  run(['record', 'save', 'stock_item', JSON.stringify({ id: one(p.db, 'SELECT id FROM stock_items'), name: 'Pear' })]);
  dag();
  assert.deepEqual(run(['stock', 'snapshot', iso(D - 11)]), put, 'the snapshot is as it was');
  assert.equal(run(['stock', 'snapshot', iso(D - 11), '--as-of', iso(D - 10)]).rows[0].on_hand, 100, 'as known then');
  assert.equal(run(['stock', 'snapshot', iso(D - 11), '--as-of', iso(D - 5)]).rows[0].on_hand, 70, 'as known later');
  assert.equal(run(['stock', 'snapshot', iso(D - 6)]).rows[0].on_hand, 70);
  for (const sql of ['UPDATE stock_snapshot SET on_hand = 1', 'DELETE FROM stock_snapshot', `INSERT INTO stock_snapshot (day, item, warehouse, on_hand, reserved, velocity, trend) VALUES (${D - 11}, 9, 9, 1, 0, 0, 0)`, 'UPDATE stock_transactions SET quantity = 1', 'DELETE FROM stock_transactions'])
    assert.match(spawnSync('sqlite3', [p.db, sql], { encoding: 'utf8' }).stderr, /does not change|only added to/, sql);
});

test('a graph run twice writes nothing the second time; filling in the past leaves the position alone', (t) => {
  const p = place(t);
  const now = Date.now();
  publish(p, Array.from({ length: 40 }, (_, i) => event(i % 3 ? 'SALE' : 'RECEIPT', `S${i % 4}`, 'W', i % 3 ? -1 : 9, { at: now - (i % 20) * DAY - 1000 })));
  const tables = ['stock_daily', 'stock_weekly', 'stock_metric', 'stock_position', 'stock_snapshot', 'stock_snapshot_day', 'stock_report', 'event_segment', 'stock_dirty_week'];
  const state = () => tables.map((name) => query(p.db, `SELECT * FROM ${name} ORDER BY 1`));
  for (const graph of ['inventory_etl', 'transaction_aggregation', 'weekly_summary']) {
    ok(['dag', 'run', graph, ...p.args]);
    const first = state();
    ok(['dag', 'run', graph, ...p.args]);
    assert.deepEqual(state(), first, graph);
  }
  const events = (type) => ok(['events', 'tail', 'analytics-events', '--json', ...p.args]).trim().split('\n').map((line) => JSON.parse(line)).filter((e) => e.type === type);
  assert.deepEqual([...new Set(events('VELOCITY_CALCULATED').map((e) => e.data.sku))].sort(), ['S0', 'S1', 'S2', 'S3']);
  assert.ok(events('TREND_CALCULATED').length >= 4 && events('METRIC_CALCULATED').length >= 6);
  // A day's sums are spoilt, its snapshot was never made: a backfill corrects both, and nothing else.
  const spoilt = day(now) - 4;
  const good = state();
  const position = one(p.db, 'SELECT ledger || \' \' || day || \' \' || published FROM stock_position');
  sqlite(p.db, `UPDATE stock_daily SET issued = issued + 5 WHERE day = ${spoilt}; DELETE FROM stock_daily WHERE day = ${spoilt - 1};`);
  ok(['dag', 'backfill', 'inventory_etl', '--from', iso(spoilt - 1), '--to', iso(spoilt), ...p.args]);
  for (let i = 0; i < 200 && json(['dag', 'runs', ...p.args]).some((x) => x.state === 'running'); i++) ok(['jobs', 'work', '--until-idle', ...p.args]);
  assert.deepEqual(query(p.db, 'SELECT * FROM stock_daily ORDER BY 1'), good[0]);
  assert.equal(one(p.db, 'SELECT ledger || \' \' || day || \' \' || published FROM stock_position'), position);
  const put = query(p.db, 'SELECT day FROM stock_snapshot_day ORDER BY 1').flat().map(Number);
  assert.ok(put.includes(spoilt - 1) && put.includes(spoilt), 'a run covers the time since the slot before it');
  sound(p);
});

// ---- quality ----

const QUALITY = {
  negative_on_hand: (p) => publish(p, [event('SALE', 'A', 'W', -500)]),
  negative_reserved: (p) => publish(p, [event('RELEASE', 'A', 'W', -3)]),
  negative_reorder_point: (p) => {
    const [name, create] = query(p.db, "SELECT name, sql FROM sqlite_schema WHERE name = 'stock_items_fits_changed'")[0];
    sqlite(p.db, `DROP TRIGGER ${name}; UPDATE stock_items SET reorder_point = -1 WHERE sku = 'A'; ${create};`);
  },
  over_reserved: (p) => publish(p, [event('RESERVATION', 'A', 'W', 500)]),
  invalid_reservation: (p) => ok(['record', 'save', 'stock_reservation', '{"sku":"A","warehouse":"W","quantity":"1","reference":"O-1","until":"2024-01-01"}', ...p.args]),
  reservation_conflict: (p) => ['1', '2'].forEach((quantity) => ok(['record', 'save', 'stock_reservation', JSON.stringify({ sku: 'A', warehouse: 'W', quantity, reference: 'O-1' }), ...p.args])),
  missing_sku: (p) => ok(['record', 'delete', 'stock_item', one(p.db, "SELECT id FROM stock_items WHERE sku = 'A'"), ...p.args]),
  missing_warehouse: (p) => ok(['record', 'delete', 'warehouse', one(p.db, "SELECT id FROM warehouses WHERE code = 'W'"), ...p.args]),
  missing_product: (p) => publish(p, [event('RECEIPT', 'NEW', 'W', 1)]),
  missing_transaction: (p) => publish(p, [1, 2, 5].map((n) => event('RECEIPT', 'A', 'W', n, { deviceId: 'D', deviceSeq: n, at: Date.now() - 100000 + n }))),
  duplicate_transaction: (p) => { const at = Date.now() - 5000; publish(p, [event('RECEIPT', 'A', 'W', 3, { at }), event('RECEIPT', 'A', 'W', 3, { at })]); },
  invalid_type: (p) => sqlite(p.db, `PRAGMA ignore_check_constraints=1; INSERT INTO stock_transactions SELECT max(id) + 1, 'x', 77, item, warehouse, 0, 0, 0, 0, 0, on_hand_after, reserved_after, at + 1, recorded_at, NULL, NULL, actor, NULL, NULL, NULL FROM stock_transactions;`),
  balance: (p) => sqlite(p.db, `INSERT INTO stock_transactions SELECT max(id) + 1, 'x', 3, item, warehouse, 0, 0, 0, 0, 0, on_hand_after + 5, reserved_after, at + 1, recorded_at, NULL, NULL, actor, NULL, NULL, NULL FROM stock_transactions;`),
  sequence: (p) => sqlite(p.db, `INSERT INTO stock_transactions SELECT max(id) + 3, 'x', 3, item, warehouse, 0, 0, 0, 0, 0, on_hand_after, reserved_after, at + 1, recorded_at, NULL, NULL, actor, NULL, NULL, NULL FROM stock_transactions;`),
  timestamps: (p) => publish(p, [event('RECEIPT', 'A', 'W', 1, { at: Date.UTC(1999, 1, 1) })]),
  null_values: (p) => sqlite(p.db, `INSERT INTO stock_name VALUES (900, 1, '  '); INSERT INTO stock_transactions SELECT max(id) + 1, 'x', 3, 900, warehouse, 0, 0, 0, 0, 0, 0, 0, at + 1, recorded_at, NULL, NULL, actor, NULL, NULL, NULL FROM stock_transactions;`),
  duplicate_records: (p) => ok(['record', 'save', 'stock_item', '{"sku":" a","name":"a","category":"c","unit_cost":"1"}', ...p.args]),
  consistency: (p) => sqlite(p.db, 'UPDATE stock_level SET on_hand = on_hand + 1;'),
};

test('quality checks: each finds the fault that is planted for it, and no other does', (t) => {
  const base = place(t);
  ok(['record', 'save', 'stock_item', '{"sku":"A","name":"Apple","category":"Fruit","unit_cost":"2","reorder_point":"5"}', ...base.args]);
  publish(base, [event('RECEIPT', 'A', 'W', 100, { at: Date.now() - 3600000, deviceId: 'E', deviceSeq: 1 })]);
  const bad = (p) => stock(p, 'quality').filter((c) => !c.passed);
  const checks = stock(base, 'quality');
  assert.deepEqual(checks.map((c) => c.check).sort(), Object.keys(QUALITY).sort());
  assert.deepEqual(checks.filter((c) => !c.passed), []);
  const follows = { missing_sku: [], negative_reserved: [], sequence: [] };
  for (const [name, plant] of Object.entries(QUALITY)) {
    const p = lib.copyPlace(base, `with-${name}`);
    plant(p);
    const found = bad(p);
    assert.deepEqual(found.map((c) => c.check), [name, ...(follows[name] ?? [])], name);
    assert.equal(found[0].failed, 1, name);
    assert.ok(found[0].samples[0].subject && found[0].samples[0].text, name);
  }
});

test('what is found can be reviewed: given to somebody, and a verdict', async (t) => {
  const p = place(t);
  publish(p, [event('SALE', 'A', 'W', -5)]);
  ok(['record', 'save', 'stock_review', '{"check_name":"negative_on_hand","subject":"A in W","assignee":"mo","verdict":"accepted","note":"counted tomorrow"}', ...p.args]);
  ok(['jobs', 'add', 'stock_quality', '{}', ...p.args]);
  ok(['jobs', 'work', '--until-idle', ...p.args]);
  const server = await serve(t, p.data);
  const reply = await (await fetch(`${server.base}/api/stock/quality`)).json();
  const found = reply.data.find((c) => c.check === 'negative_on_hand');
  assert.deepEqual(found.samples, [{ subject: 'A in W', text: 'on hand is -5.0', assignee: 'mo', verdict: 'accepted', note: 'counted tomorrow' }]);
  assert.equal(reply.runs.length, 1);
  // One alert for each check that fails, however often it is made, settled when it passes.
  const alerts = () => query(p.db, "SELECT subject, status FROM alert WHERE kind = 'stock_quality' ORDER BY 1");
  assert.deepEqual(alerts(), [['missing_product', 'open'], ['negative_on_hand', 'open']]);
  publish(p, [event('RECEIPT', 'A', 'W', 5)]);
  ok(['jobs', 'add', 'stock_quality', '{}', ...p.args]);
  ok(['jobs', 'work', '--until-idle', ...p.args]);
  assert.deepEqual(alerts(), [['missing_product', 'open'], ['negative_on_hand', 'resolved']]);
});

// ---- people ----

test('adjust, count, transfer, reserve: what leads below zero is refused, unless it is said', (t) => {
  const p = place(t);
  const levels = () => Object.fromEntries(stock(p, 'levels').map((l) => [`${l.sku} ${l.warehouse}`, [l.quantity_on_hand, l.quantity_reserved]]));
  const adjust = (...args) => stock(p, 'adjust', ...args);
  assert.equal(adjust('A', 'W1', '10', '--kind', 'RECEIPT', '--reference', 'PO-1').quantity_on_hand, 10);
  refuses(['stock', 'adjust', 'A', 'W1', '-10.0001', ...p.args], /there is 10 of A in W1: taking 10.0001 would leave -0.0001/, 5);
  refuses(['stock', 'adjust', 'A', 'W1', 'many', ...p.args], /number such as 12/, 1);
  refuses(['stock', 'adjust', 'A', 'W1', '1', '--kind', 'GIFT', ...p.args], /GIFT/, 1);
  refuses(['stock', 'adjust', 'A', 'W1', '1', '--kind', 'TRANSFER_IN', ...p.args], /own verb/, 1);
  refuses(['stock', 'transfer', 'A', 'W1', 'W2', '11', ...p.args], /would leave -1/, 5);
  refuses(['stock', 'transfer', 'A', 'W1', 'W1', '1', ...p.args], /another warehouse/, 1);
  refuses(['stock', 'adjust', 'A', 'W1', '11', '--kind', 'RESERVATION', ...p.args], /10 of A in W1 is available/, 5);
  assert.equal(one(p.db, 'SELECT count(*) FROM stock_transactions'), '1', 'what is refused leaves nothing');
  const [out, into] = stock(p, 'transfer', 'A', 'W1', 'W2', '4');
  assert.equal(out.reference, into.reference);
  assert.deepEqual(levels(), { 'A W1': [6, 0], 'A W2': [4, 0] });
  assert.equal(stock(p, 'count', 'A', 'W2', '1.5').quantity, -2.5);
  assert.equal(adjust('A', 'W1', '-7', '--allow-negative').quantity_on_hand, -1);
  adjust('A', 'W1', '6');
  const held = json(['record', 'save', 'stock_reservation', '{"sku":"A","warehouse":"W1","quantity":"3","reference":"ORDER-1"}', ...p.args]);
  assert.deepEqual(levels()['A W1'], [5, 3]);
  refuses(['record', 'save', 'stock_reservation', '{"sku":"A","warehouse":"W1","quantity":"2.5","reference":"ORDER-2"}', ...p.args], /2 of A in W1 is available/, 5);
  assert.equal(one(p.db, 'SELECT count(*) FROM stock_reservations'), '1', 'a reservation that cannot be booked is no record');
  json(['record', 'save', 'stock_reservation', JSON.stringify({ id: held.id, quantity: '5' }), ...p.args]);
  assert.deepEqual(levels()['A W1'], [5, 5]);
  json(['record', 'save', 'stock_reservation', JSON.stringify({ id: held.id, state: 'fulfilled' }), ...p.args]);
  assert.deepEqual(levels()['A W1'], [5, 0]);
  json(['record', 'save', 'stock_reservation', JSON.stringify({ id: held.id, state: 'open', quantity: '1' }), ...p.args]);
  ok(['record', 'delete', 'stock_reservation', held.id, ...p.args]);
  assert.deepEqual(levels()['A W1'], [5, 0]);
  ok(['record', 'restore', 'stock_reservation', held.id, ...p.args]);
  assert.deepEqual(levels()['A W1'], [5, 1]);
  // Pieces: one each, in one place at a time.
  adjust('P', 'W1', '1', '--serial', 'S1');
  refuses(['stock', 'adjust', 'P', 'W2', '1', '--serial', 'S1', ...p.args], /in stock already/, 1);
  refuses(['stock', 'adjust', 'P', 'W1', '2', '--serial', 'S2', ...p.args], /1 or -1/, 1);
  refuses(['stock', 'adjust', 'P', 'W2', '-1', '--serial', 'S1', '--allow-negative', ...p.args], /not there/, 1);
  stock(p, 'transfer', 'P', 'W1', 'W2', '1', '--serial', 'S1');
  assert.deepEqual(stock(p, 'scan', 'S1'), { code: 'S1', kind: 'serial', matches: [{ sku: 'P', warehouse: 'W2' }] });
  assert.equal(stock(p, 'replay').ok, true);
  sound(p);
});

test('replay names the first difference, and verify sees what was changed in the ledger', (t) => {
  const p = place(t);
  for (const sku of ['B', 'A', 'C']) stock(p, 'adjust', sku, 'W', '10');
  const broken = lib.copyPlace(p, 'level');
  sqlite(broken.db, "UPDATE stock_level SET on_hand = on_hand + 5000, reserved = 10000 WHERE item IN (SELECT id FROM stock_name WHERE text IN ('B', 'C'));");
  const ended = outpost(['stock', 'replay', '--json', ...broken.args]);
  assert.equal(ended.code, 1);
  const { difference } = JSON.parse(ended.out);
  assert.deepEqual([difference.sku, difference.warehouse, difference.stored, difference.recomputed], ['B', 'W', { quantity_on_hand: 10.5, quantity_reserved: 1 }, { quantity_on_hand: 10, quantity_reserved: 0 }]);
  assert.equal(outpost(['stock', 'replay', ...broken.args]).out, 'B in W: stored 10.5 (reserved 1), the ledger comes to 10 (0)\n');
  assert.deepEqual(lib.verify(broken).checks.filter((c) => !c.ok).map((c) => c.check), ['stock_levels']);
  assert.equal(json(['rebuild', ...broken.args]).corrected, 2);
  sound(broken);
  for (const [name, sql] of Object.entries({ changed: "UPDATE stock_transactions SET notes = 'x' WHERE id = 2", removed: 'DELETE FROM stock_transactions WHERE id = 3', added: "INSERT INTO stock_transactions SELECT 4, 'x', kind, item, warehouse, 0, 0, 0, 0, 0, on_hand_after, 0, at, recorded_at, NULL, NULL, actor, NULL, NULL, NULL FROM stock_transactions WHERE id = 3" })) {
    const q = lib.copyPlace(p, name);
    const triggers = query(q.db, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'stock_transactions'");
    sqlite(q.db, `${triggers.map(([n]) => `DROP TRIGGER ${n};`).join('')}${sql};${triggers.map(([, s]) => `${s};`).join('')}`);
    assert.ok(lib.verify(q).checks.some((c) => c.check === 'stock_ledger' && !c.ok), name);
  }
});

test('kill -9 while a transfer is booked: both sides and both events, or nothing', { skip: noTestBuild }, (t) => {
  const base = place(t);
  stock(base, 'adjust', 'A', 'W1', '10');
  let done = 0;
  for (let n = 1; n < 60 && !done; n++) {
    const p = lib.copyPlace(base, `kill-${n}`);
    const ended = outpost(['stock', 'transfer', 'A', 'W1', 'W2', '4', ...p.args], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    done = ended.signal ? 0 : 1;
    const rows = Number(one(p.db, 'SELECT count(*) FROM stock_transactions'));
    assert.ok(rows === 1 || rows === 3, `${rows} rows`);
    assert.equal(Number(one(p.db, "SELECT sum(count) FROM event_segment WHERE topic = 'inventory-events'")), rows);
    assert.deepEqual(levelsOf(p), rows === 1 ? [['A', 'W1', '10', '0']] : [['A', 'W1', '6', '0'], ['A', 'W2', '4', '0']]);
    sound(p);
  }
  assert.ok(done, 'it ends some time');
});

// ---- files, scans, addresses ----

test('movements from a file: headings, signs, days, refusals with their lines; the same file changes nothing', (t) => {
  const p = place(t);
  const csv = path.join(p.dir, 'moves.csv');
  fs.writeFileSync(csv, ['Item Code;Site;Qty;Movement Type;Date;Ref;Batch;Colour', 'A-1;W1;10;Receipt;05/01/2026;PO-1;L1;red', 'A-1;W1;3;Sale;25/01/2026;SO-1;L1;', 'A-1;W1;x;Sale;25/01/2026;;;', 'A-2;;5;Receipt;25/01/2026;;;', 'A-2;W1;5;Gift;25/01/2026;;;', 'A-2;W1;1.234,5;Receipt;25/01/2026;;;', ''].join('\n'));
  const first = stock(p, 'import', csv);
  assert.deepEqual([first.rows, first.taken, first.known, first.refused, first.ignored_columns], [6, 3, 0, 3, 'Colour']);
  assert.deepEqual(first.refusals.map((r) => r.line), [4, 5, 6]);
  assert.match(first.refusals.map((r) => r.why).join('\n'), /no number: 'x'\nwarehouse.*\n.*'Gift'/);
  fs.writeFileSync(`${csv}.gz`, zlib.gzipSync(fs.readFileSync(csv)));
  const again = stock(p, 'import', `${csv}.gz`);
  assert.deepEqual([again.taken, again.known, again.refused], [0, 3, 3]);
  assert.deepEqual(levelsOf(p), [['A-1', 'W1', '7', '0'], ['A-2', 'W1', '1234.5', '0']]);
  assert.equal(one(p.db, "SELECT group_concat(date(at / 1000000, 'unixepoch')) FROM stock_transactions"), '2026-01-05,2026-01-25,2026-01-25');
  const lines = path.join(p.dir, 'opening.jsonl');
  fs.writeFileSync(lines, '{"sku":"B-1","quantity":4}\n{"sku":"B-2","quantity":0.25}\n');
  refuses(['stock', 'import', lines, ...p.args], /--warehouse/, 1);
  assert.equal(stock(p, 'import', lines, '--warehouse', 'W9').taken, 2);
  assert.equal(outpost(['stock', 'import', csv, '--strict', ...p.args]).code, 3);
  fs.writeFileSync(csv, 'name,colour\na,b\n');
  refuses(['stock', 'import', csv, ...p.args], /no column for the item.*name, colour/, 1);
});

test('scans: SKU, barcode, location, lot, GS1 element strings as printed and as scanned', (t) => {
  const p = place(t);
  ok(['record', 'save', 'stock_item', '{"sku":"A","barcode":"9521234543213"}', ...p.args]);
  ok(['record', 'save', 'stock_location', '{"warehouse":"W","code":"A-01","barcode":"LOC77"}', ...p.args]);
  ok(['record', 'save', 'stock_lot', '{"sku":"A","code":"L-9","expires":"2027-02-28"}', ...p.args]);
  const scan = (code) => stock(p, 'scan', code);
  assert.deepEqual(scan('A').matches, [{ sku: 'A' }]);
  for (const code of ['9521234543213', '09521234543213']) assert.deepEqual([scan(code).kind, scan(code).matches], ['item', [{ sku: 'A' }]]);
  assert.deepEqual([scan('LOC77').kind, scan('LOC77').matches], ['location', [{ warehouse: 'W', location: 'A-01' }]]);
  assert.deepEqual(scan('L-9').matches, [{ sku: 'A', lot: 'L-9', expires: '2027-02-28' }]);
  const parsed = { gtin: '09521234543213', lot: 'L-9', serial: 'X1', expires: '2027-02-28', count: 12 };
  for (const code of ['(01)09521234543213(17)270228(10)L-9(21)X1(30)12', ']d20109521234543213' + '17270228' + '10L-9\x1d21X1\x1d3012', '\x1d0109521234543213' + '1727022810L-9\x1d21X1\x1d3012\x1d', '(01)09521234543213(17)270200(10)L-9(21)X1(37)12']) {
    const seen = scan(code);
    assert.deepEqual([seen.kind, seen.gs1, seen.matches], ['gs1', parsed, [{ sku: 'A' }]], code);
  }
  for (const [code, why] of [['(01)09521234543214', /check digit/], ['(01)0952', /14 digits/], ['(17)270231(10)A', /no day/], ['(10)A(10)B', /twice/], ['nothing', /no SKU/]]) refuses(['stock', 'scan', code, ...p.args], why, 4);
});

test('the addresses of the stock, and what they refuse', async (t) => {
  const p = place(t);
  ok(['record', 'save', 'stock_item', '{"sku":"A","name":"Apple","category":"Fruit","reorder_point":"5"}', ...p.args]);
  const now = Date.now();
  publish(p, Array.from({ length: 30 }, (_, i) => event('RECEIPT', 'A', 'W1', 1, { at: now - (i + 1) * DAY })));
  publish(p, [event('RECEIPT', 'B', 'W2', 4, { at: now - 2000 })]);
  stock(p, 'aggregate');
  const server = await serve(t, p.data);
  const ask = async (method, address, body) => {
    const reply = await fetch(server.base + address, { method, body: body && JSON.stringify(body), headers: body ? { 'content-type': 'application/json' } : {} });
    return { status: reply.status, ...(await reply.json()) };
  };
  const get = (address) => ask('GET', address);
  const levels = await get('/api/stock/levels?sort=-on_hand');
  assert.deepEqual(levels.data.map((l) => [l.sku, l.warehouse, l.on_hand, l.available, l.state, l.name]), [['A', 'W1', 30, 30, 'ok', 'Apple'], ['B', 'W2', 4, 4, 'ok', null]]);
  assert.deepEqual([levels.totals.levels, levels.totals.on_hand, levels.next], [2, 34, null]);
  assert.equal((await get('/api/stock/levels?limit=1')).next, '1');
  assert.deepEqual((await get('/api/stock/levels?q=appl')).data.map((l) => l.sku), ['A']);
  assert.equal((await ask('POST', '/api/stock/adjust', { sku: 'A', warehouse: 'W1', quantity: -26, type: 'SALE', reference: 'O-1' })).data[0].quantity_on_hand, 4);
  assert.deepEqual((await get('/api/stock/levels?state=low')).data.map((l) => l.sku), ['A']);
  assert.equal((await ask('POST', '/api/stock/adjust', { sku: 'A', warehouse: 'W1', quantity: '-5' })).status, 409);
  assert.equal((await ask('POST', '/api/stock/adjust', { sku: 'A', quantity: 1 })).status, 422);
  for (const [where, body, name] of [
    ['/api/stock/adjust', { sku: 'A', warehouse: 'W1', quantity: 1, kind: 'SALE' }, 'kind'],
    ['/api/stock/count', { warehouse: 'W1', lines: [{ sku: 'A', counted: 5, quantity: 5 }] }, 'quantity'],
    ['/api/stock/transfer', { sku: 'A', warehouse: 'W1', to: 'W2', quantity: 1 }, 'warehouse'],
    ['/api/jobs', { kind: 'stock_quality', priorty: 5 }, 'priorty'],
    ['/api/jobs/replay-dead', { queu: 'mail' }, 'queu'],
    ['/api/jobs/replay-dead', ['mail'], 'object'],
    ['/api/parked/replay', { topics: 'x' }, 'topics'],
  ]) {
    const refused = await ask('POST', where, body);
    assert.equal(refused.status, 422, where);
    assert.match(JSON.stringify(refused), new RegExp(name));
  }
  const counted = await ask('POST', '/api/stock/count', { warehouse: 'W1', lines: [{ sku: 'A', counted: 5 }, { sku: 'C', location: 'L', counted: '2.5' }] });
  assert.deepEqual(counted.data.map((l) => l.quantity), [1, 2.5]);
  assert.equal((await ask('POST', '/api/stock/transfer', { sku: 'A', from: 'W1', to: 'W2', quantity: 2 })).data[1].quantity_on_hand, 2);
  assert.equal((await ask('POST', '/api/stock/transfer', { sku: 'A', from: 'W1', to: 'W2', quantity: 200 })).status, 409);
  // History in pages, all of it once.
  const seen = [];
  for (let next = ''; next !== null;) {
    const page = await get(`/api/stock/history?sku=A&limit=7${next && `&cursor=${next}`}`);
    seen.push(...page.data.map((m) => m.id));
    next = page.next;
  }
  assert.equal(seen.length, 34);
  assert.equal(new Set(seen).size, 34);
  assert.equal((await get(`/api/stock/history?warehouse=W1&from=${iso(day(now) - 3)}&to=${iso(day(now) - 2)}`)).data.length, 2);
  const item = await get('/api/stock/items/A');
  assert.deepEqual([item.data.item.name, item.data.levels.length, item.data.movements.length, item.data.trends.length], ['Apple', 2, 20, 1]);
  assert.match(item.data.formulas.velocity, /28/);
  assert.equal((await get('/api/stock/items/nothing')).status, 404);
  assert.equal((await get('/api/stock/replay')).data.ok, true);
  assert.equal((await get('/api/stock/quality?now=1')).data.length, Object.keys(QUALITY).length);
  assert.equal((await get(`/api/stock/snapshots?day=${iso(day(now) - 10)}`)).data.rows[0].on_hand, 21);
  assert.equal((await get('/api/stock/scan?code=A')).data.kind, 'item');
  assert.equal((await get('/api/stock/scan?code=%5Dd210L-1%1D21S-1')).data.gs1.serial, 'S-1');
  for (const bad of ['levels?sort=colour', 'levels?state=red', 'history', 'history?sku=A&cursor=x', 'snapshots?day=never', 'scan']) assert.equal((await get(`/api/stock/${bad}`)).status, 422, bad);
});

test('questions about a part of the ledger read that part alone', (t) => {
  const p = place(t);
  const sql = fs.readFileSync(path.join(lib.ROOT, 'sql/query/stock.sql'), 'utf8');
  const named = (name) => sql.split(new RegExp(`^-- name: ${name}$`, 'm'))[1].split(/^-- name:/m)[0];
  const plan = (name) => sqlite(p.db, `EXPLAIN QUERY PLAN ${named(name)}`);
  assert.match(plan('stock_history_in'), /SEARCH t USING INDEX stock_transactions_part \(warehouse=\? AND at>\? AND at<\?\)/);
  assert.match(plan('stock_history'), /SEARCH t USING INDEX stock_transactions_item \(item=\? AND at>\? AND at<\?\)/);
  assert.doesNotMatch(plan('stock_history_in') + plan('stock_history'), /SCAN t\b/);
});
