// Low stock (T44): events -> demand -> risk -> state -> alert -> mail -> proposal -> order,
// against a model in BigInt and doubles of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parsed, smtp } from '../fake/smtp.mjs';
import { ask, data, post, problem } from './api.mjs';
import * as lib from './lib.mjs';
import { json, ok, one, place, query, refuses, serve, sleep, sound } from './lib.mjs';

const DAY = 864e5;
const TODAY = Math.floor(Date.now() / DAY);

// ---- events ----

let count = 0;
const event = (eventType, sku, quantityChange, daysAgo, more = {}) => ({
  eventId: `ev-${process.pid}-${count++}`, eventType, sku, warehouseId: 'W1', quantityChange,
  timestamp: new Date(daysAgo === 0 ? Date.now() : (TODAY - daysAgo) * DAY + 36e5 * 9).toISOString(), ...more,
});
function publish(p, events) {
  const file = path.join(p.dir, `events-${count++}.jsonl`);
  fs.writeFileSync(file, events.map((e) => JSON.stringify(e)).join('\n'));
  const answer = json(['events', 'publish', 'inventory-events', file, ...p.args]);
  assert.deepEqual([answer.taken, answer.refused], [events.length, 0], JSON.stringify(answer));
}
const record = (p, entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args]);
function run(p, ...kinds) {
  for (const kind of kinds) {
    const { id } = json(['jobs', 'add', kind, ...p.args]);
    ok(['jobs', 'work', '--until-idle', ...p.args]);
    const job = json(['jobs', 'show', String(id), ...p.args]);
    assert.equal(job.state, 'done', JSON.stringify(job));
  }
}
const GRAPH = ['low_stock_check', 'low_stock_risk', 'low_stock_alerts', 'low_stock_notify', 'low_stock_dashboard', 'low_stock_reorder'];
// The jobs of the groups wait two seconds, so that a burst of events is one: here they are begun at once.
function work(p) {
  for (const [id] of query(p.db, "SELECT id FROM job WHERE state = 'waiting' AND kind IN ('analytics_service', 'data_pipeline', 'reorder_service')")) ok(['jobs', 'retry', id, ...p.args]);
  ok(['jobs', 'work', '--until-idle', ...p.args]);
}
function follow(p) {
  ok(['events', 'work', '--until-idle', ...p.args]);
  work(p);
}
const risks = (p) => new Map(query(p.db, "SELECT i.text, r.available, r.days, r.mean, r.deviation, r.reorder_point, r.risk, r.method, r.state, r.incoming FROM stock_risk r JOIN stock_name i ON i.id = r.item").map((r) => [r[0], { available: Number(r[1]) / 1e4, days: Number(r[2]), mean: Number(r[3]), deviation: Number(r[4]), point: Number(r[5]) / 1e4, risk: Number(r[6]), method: r[7], state: r[8], incoming: Number(r[9]) / 1e4 }]));
const mails = (p) => query(p.db, "SELECT payload FROM job WHERE kind = 'mail_send' ORDER BY id").map((r) => JSON.parse(r[0]));
const proposals = (p, state = 'all') => json(['stock', 'reorder', '--state', state, ...p.args]);
const topic = (p, name) => ok(['events', 'tail', name, ...p.args, '--json']).trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));

// ---- the model ----

// The chance that a standard normal is above z: the series of Marsaglia (2004), or for large z the continued fraction.
function above(z) {
  if (z < 0) return 1 - above(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 6) {
    let f = 0;
    for (let k = 200; k > 0; k--) f = k / (z + f);
    return density / (z + f);
  }
  let sum = z;
  let term = z;
  for (let k = 3; k < 400; k += 2) sum += term = (term * z * z) / k;
  return 0.5 - density * sum;
}
function quantile(p) {
  let z = 0;
  for (let i = 0; i < 100; i++) z += (p - (1 - above(z))) / (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
  return z;
}
// The exact distribution of the demand of `lead` days, as a map from a sum to its share.
function lead(issues, days, leadDays) {
  const day = new Map([[0, (days - issues.length) / days]]);
  for (const x of issues) day.set(x, (day.get(x) ?? 0) + 1 / days);
  let sums = new Map([[0, 1]]);
  for (let i = 0; i < leadDays; i++) {
    const next = new Map();
    for (const [a, pa] of sums) for (const [b, pb] of day) next.set(a + b, (next.get(a + b) ?? 0) + pa * pb);
    sums = next;
  }
  return sums;
}
function model({ issues, days, available, leadDays, deviation = 0, service = 0.95 }) {
  const n = days;
  const mean = issues.reduce((a, b) => a + b, 0) / n;
  const variance = (issues.reduce((a, b) => a + b * b, 0) - n * mean * mean) / (n - 1);
  const M = mean * leadDays;
  const V = variance * leadDays + mean * mean * deviation * deviation;
  const step = issues.reduce((a, b) => { while (b) [a, b] = [b, a % b]; return a; }, 0) || 1;
  const point = Math.ceil((M + quantile(service) * Math.sqrt(V)) / step - 1e-9) * step;
  let risk;
  let method = 'exact';
  if (available <= 0) risk = 1;
  else if (deviation === 0 && available / step <= 512) risk = [...lead(issues, days, leadDays)].filter(([x]) => x > available).reduce((a, [, s]) => a + s, 0);
  else {
    method = 'normal';
    risk = above((available - M) / Math.sqrt(V));
  }
  return { mean, deviation: Math.sqrt(variance), point, risk, method };
}
const near = (a, b, what, e = 1e-9) => assert.ok(Math.abs(a - b) <= e * Math.max(1, Math.abs(b)), `${what}: ${a}, not ${b}`);

test('property: mean, deviation, reorder point and risk are those of an independent model', (t) => {
  const p = place(t);
  const r = lib.random(44);
  record(p, 'reorder_rule', { category: 'vague', lead_time_days: '5', lead_time_sd: '1.5', service_level: '0.99' });
  const items = [];
  const events = [];
  for (let i = 0; i < 24; i++) {
    const kind = r.pick(['slow', 'fast', 'lumpy', 'vague']);
    const leadDays = 1 + r.below(kind === 'slow' ? 14 : 7);
    const sku = `${kind}-${i}`;
    const days = 20 + r.below(60);
    const issues = [];
    record(p, 'stock_item', kind === 'vague' ? { sku, category: 'vague' } : { sku, lead_time_days: leadDays });
    let sold = 0;
    for (let d = days; d >= 1; d--) {
      const sells = d === days || r.chance(kind === 'slow' ? 0.3 : 0.9); // the first day counts from the first movement on
      const x = !sells ? 0 : kind === 'slow' ? 1 + r.below(3) : kind === 'lumpy' ? 12 * (1 + r.below(4)) : 20 + r.below(60);
      if (x) {
        const parts = r.chance(0.3) && x > 1 ? [1, x - 1] : [x];
        for (const part of parts) events.push(event('SALE', sku, -part, d));
        issues.push(x);
        sold += x;
      }
    }
    const M = (sold / days) * leadDays;
    const available = Math.max(1, Math.round(M * (0.6 + r.below(120) / 100)));
    events.push(event('RECEIPT', sku, sold + available, days));
    events.push(event('SALE', sku, -3, 0), event('RECEIPT', sku, 3, 0)); // today does not count yet
    items.push({ sku, issues, days, available, ...(kind === 'vague' ? { leadDays: 5, deviation: 1.5, service: 0.99 } : { leadDays }) });
  }
  publish(p, events);
  run(p, 'low_stock_check', 'low_stock_risk');
  const got = risks(p);
  const methods = new Set();
  for (const item of items) {
    const want = model(item);
    const have = got.get(item.sku);
    methods.add(have.method);
    assert.deepEqual([have.available, have.days, have.method], [item.available, item.days, want.method], item.sku);
    near(have.mean, want.mean, `${item.sku} mean`);
    near(have.deviation, want.deviation, `${item.sku} deviation`);
    near(have.point, want.point, `${item.sku} reorder point`);
    near(have.risk, want.risk, `${item.sku} risk`, 1e-8);
    const state = item.available <= want.point ? 'low' : want.risk > 1 - (item.service ?? 0.95) ? 'at_risk' : 'ok';
    assert.equal(have.state, state, item.sku);
  }
  assert.deepEqual([...methods].sort(), ['exact', 'normal']);
  sound(p);
});

// Sells one a day for 40 days, of which `left` remain.
const steady = (sku, left, more = []) => [event('RECEIPT', sku, 40 + left, 40), ...Array.from({ length: 40 }, (_, i) => event('SALE', sku, -1, 40 - i)), ...more];

test('an event makes a risk, an alert, one mail and a proposal, and accepting it a purchase order (T44)', (t) => {
  const p = place(t);
  record(p, 'alert_route', { name: 'buyers', kind: 'low_*', channel: 'email', target: 'buyer@example.org' });
  record(p, 'stock_supplier', { name: 'Acme' });
  const supplier = json(['record', 'list', 'stock_supplier', ...p.args])[0].id;
  record(p, 'stock_item', { sku: 'LAPTOP', unit_cost: '100', lead_time_days: 7, supplier });
  record(p, 'reorder_rule', { sku: 'LAPTOP', order_cost: '50', pack_size: '5' });
  publish(p, steady('LAPTOP', 20));
  follow(p);
  assert.equal(risks(p).get('LAPTOP').state, 'ok');
  assert.deepEqual([mails(p).length, proposals(p).length, topic(p, 'reorder-events').length], [0, 0, 0]);

  publish(p, [event('SALE', 'LAPTOP', -14, 0)]);
  follow(p);
  const have = risks(p).get('LAPTOP');
  assert.deepEqual([have.available, have.point, have.state], [6, 7, 'low']); // 1 a day, no variance: 7 in 7 days
  near(have.risk, 1, 'seven will be asked for, six are there');
  const [alert] = json(['alerts', 'list', ...p.args]);
  assert.deepEqual([alert.kind, alert.subject, alert.state, alert.severity, alert.sent], ['low_stock', 'LAPTOP in W1', 'low', 'warning', 1]);
  const [mail, ...others] = mails(p);
  assert.equal(others.length, 0);
  assert.equal(mail.to, 'buyer@example.org');
  assert.match(mail.subject, /LAPTOP in W1 is low/);
  assert.match(mail.text, /6 available, reorder point 7/);

  // sqrt(2 * 365 * 50 / (0.25 * 100)) = 38.2: 39, in packs of 5: 40.
  const [proposal] = proposals(p, 'proposed');
  assert.deepEqual([proposal.sku, proposal.quantity, proposal.method, proposal.supplier, proposal.status], ['LAPTOP', 40, 'eoq', 'Acme', 'proposed']);
  assert.match(proposal.reason, /^40 LAPTOP: because 6 available is not more than the reorder point 7 .*39 is the economic order quantity.*40 in packs of 5\.$/);
  assert.deepEqual(topic(p, 'reorder-events').map((e) => [e.type, e.data.sku, e.data.quantity]), [['REORDER_TRIGGERED', 'LAPTOP', 40], ['REORDER_RECOMMENDED', 'LAPTOP', 40]]);

  // The graph that runs every six hours finds nothing new, however often it runs.
  for (let i = 0; i < 2; i++) run(p, ...GRAPH);
  assert.deepEqual([mails(p).length, proposals(p).length, json(['alerts', 'list', ...p.args]).length, topic(p, 'reorder-events').length], [1, 1, 1, 2]);

  // Out is another state: one more mail, critical. The proposal is changed, not doubled.
  publish(p, [event('SALE', 'LAPTOP', -6, 0)]);
  follow(p);
  assert.deepEqual(json(['alerts', 'list', ...p.args]).map((a) => [a.state, a.severity]), [['out', 'critical']]);
  assert.match(mails(p)[1].subject, /critical: LAPTOP in W1 is out of stock/);
  assert.deepEqual(proposals(p).map((x) => [x.id, x.state, x.quantity]), [[proposal.id, 'out', 40]]);

  refuses(['record', 'save', 'reorder_proposal', JSON.stringify({ id: proposal.id, status: 'accepted' }), ...p.args], /stock reorder accept/);
  ok(['stock', 'reorder', 'accept', proposal.id, '--reason', 'by phone', ...p.args]);
  refuses(['stock', 'reorder', 'accept', proposal.id, ...p.args], /accepted already/, 5);
  const order = topic(p, 'reorder-events').at(-1);
  assert.deepEqual([order.type, order.data.purchaseOrderId, order.data.quantity, order.data.supplierId], ['PURCHASE_ORDER_CREATED', proposal.id, 40, 'Acme']);
  run(p, ...GRAPH);
  assert.deepEqual([risks(p).get('LAPTOP').incoming, proposals(p).length], [40, 1], 'what is on its way is not ordered again');

  publish(p, [event('RECEIPT', 'LAPTOP', 15, 0)]);
  run(p, ...GRAPH);
  assert.deepEqual([risks(p).get('LAPTOP').incoming, risks(p).get('LAPTOP').state, proposals(p)[0].status], [25, 'ok', 'accepted']);
  assert.deepEqual(json(['alerts', 'list', ...p.args]), [], 'it settles itself');
  publish(p, [event('RECEIPT', 'LAPTOP', 25, 0)]);
  follow(p);
  assert.deepEqual([risks(p).get('LAPTOP').incoming, proposals(p)[0].status], [0, 'received']);
  assert.equal(topic(p, 'reorder-events').at(-1).type, 'PURCHASE_ORDER_RECEIVED');
  assert.equal(mails(p).length, 2);

  // What came in before an order was accepted is not what was ordered.
  publish(p, [event('RECEIPT', 'LAPTOP', 20, 0), event('SALE', 'LAPTOP', -58, 0)]);
  run(p, ...GRAPH);
  const second = proposals(p, 'proposed')[0];
  ok(['stock', 'reorder', 'accept', second.id, ...p.args]);
  run(p, ...GRAPH);
  assert.deepEqual([risks(p).get('LAPTOP').available, risks(p).get('LAPTOP').incoming], [2, second.quantity]);
  sound(p);
});

test('a server with a mail server: from the event to the mail in seconds, once', async (t) => {
  const box = await smtp(t);
  const p = place(t);
  record(p, 'mail_server', { name: 'main', host: '127.0.0.1', port: box.port, sender: 'out@post.example', authorities: box.ca });
  record(p, 'alert_route', { name: 'buyers', kind: 'low_*', channel: 'email', target: 'buyer@example.org' });
  const server = await serve(t, p.data);
  const send = async (events) => assert.equal((await ask(server, '/api/topics/inventory-events/events', { method: 'POST', body: JSON.stringify(events), headers: { 'content-type': 'application/json' } })).status, 200);
  await send(steady('LAPTOP', 20));
  await send([event('SALE', 'LAPTOP', -14, 0)]);
  for (let i = 0; i < 200 && !box.mails.length; i++) await sleep(100);
  assert.equal((await parsed(box.mails[0])).subject, 'warning: LAPTOP in W1 is low');
  assert.deepEqual(box.mails[0].to, ['buyer@example.org']);
  await send([event('SALE', 'LAPTOP', -1, 0)]);
  for (let i = 0; i < 100 && (await ask(server, '/api/reorders')).json.data[0]?.available !== 5; i++) await sleep(100);
  const { data: list } = (await ask(server, '/api/reorders')).json;
  assert.deepEqual(list.map((x) => [x.sku, x.state, x.available, x.quantity]), [['LAPTOP', 'low', 5, 32]]);
  assert.equal(box.mails.length, 1);
});

test('events that come while the services work are looked at, too', async (t) => {
  const p = place(t);
  publish(p, steady('A', 3));
  ok(['events', 'work', '--until-idle', ...p.args]);
  await sleep(2200);
  const positions = () => Object.fromEntries(query(p.db, 'SELECT name, ledger FROM plan_position'));
  for (let n = 60; n < 3000 && !('reorder-service/end' in positions()); n += 25) lib.outpost(['jobs', 'work', '--until-idle', ...p.args], { binary: lib.OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
  assert.equal(positions()['reorder-service'], undefined, 'it was killed before its end');
  publish(p, steady('B', 3)); // its job is there already, and goes only as far as it went before
  ok(['events', 'work', '--until-idle', ...p.args]);
  ok(['jobs', 'work', '--until-idle', ...p.args]);
  work(p);
  assert.deepEqual([...risks(p).keys()].sort(), ['A', 'B']);
  const groups = query(p.db, 'SELECT grp, sum(events) FROM event_tally GROUP BY 1 ORDER BY 1');
  assert.deepEqual(groups, ['analytics-service', 'data-pipeline-service', 'reorder-service'].map((g) => [g, '82']));
  assert.deepEqual(new Set(['analytics-service', 'data-pipeline-service', 'reorder-service'].map((g) => positions()[g])), new Set(['82']));
  sound(p);
});

test('a stock that swings around its reorder point is one alert', (t) => {
  const p = place(t);
  record(p, 'alert_route', { name: 'buyers', kind: 'low_stock', channel: 'email', target: 'buyer@example.org' });
  record(p, 'stock_item', { sku: 'S', reorder_point: '20' });
  publish(p, [event('RECEIPT', 'S', 30, 3)]);
  const swing = (change, state) => {
    publish(p, [event('ADJUSTMENT', 'S', change, 0)]);
    run(p, ...GRAPH);
    assert.equal(risks(p).get('S').state, state, String(change));
    return mails(p).length;
  };
  assert.equal(swing(-5, 'ok'), 0); // 25
  assert.equal(swing(-5, 'low'), 1); // 20: at the reorder point
  assert.equal(swing(+1, 'low'), 1); // 21: not yet above 1.1 times it
  assert.equal(swing(-1, 'low'), 1);
  assert.equal(swing(+2, 'low'), 1); // 22
  assert.equal(swing(+1, 'ok'), 1); // 23
  assert.equal(swing(-3, 'low'), 1); // 20 again within the hour: the same alert, and it was told
  assert.equal(json(['alerts', 'list', '--state', 'all', ...p.args]).length, 1);
});

test('many items at once are one mail; each its own alert', (t) => {
  const p = place(t);
  record(p, 'alert_route', { name: 'buyers', kind: '*', channel: 'email', target: 'buyer@example.org' });
  record(p, 'alert_route', { name: 'erp', kind: 'low_*', channel: 'webhook', target: 'https://erp.example/hook' });
  record(p, 'alert_route', { name: 'not mine', kind: 'job_*', channel: 'email', target: 'other@example.org' });
  record(p, 'alert_route', { name: 'only the worst', kind: '*', severity: 'critical', channel: 'email', target: 'boss@example.org' });
  for (const bad of [{ channel: 'email', target: 'nobody' }, { channel: 'email' }, { channel: 'webhook', target: 'ftp://x' }, { channel: 'email', target: 'a@b\r\nBcc: c@d' }]) refuses(['record', 'save', 'alert_route', JSON.stringify({ name: 'bad', kind: '*', ...bad }), ...p.args], /target/);
  publish(p, Array.from({ length: 12 }, (_, i) => steady(`S${i}`, i % 4 === 0 ? 0 : 3)).flat());
  run(p, ...GRAPH);
  assert.equal(json(['alerts', 'list', '--kind', 'low_*', ...p.args]).length, 12);
  const sent = mails(p);
  assert.deepEqual(sent.map((m) => m.to).sort(), ['boss@example.org', 'boss@example.org', 'boss@example.org', 'buyer@example.org']);
  const digest = sent.find((m) => m.to === 'buyer@example.org');
  assert.match(digest.subject, /^12 alerts/);
  for (let i = 0; i < 12; i++) assert.match(digest.text, new RegExp(`S${i} in W1`));
  const hooks = query(p.db, "SELECT payload FROM job WHERE kind = 'webhook_send'").map((r) => JSON.parse(r[0]));
  assert.equal(hooks.length, 1);
  assert.equal(hooks[0].target, 'https://erp.example/hook');
  assert.equal(hooks[0].data.alerts.length, 12);
  assert.equal(proposals(p).length, 12);
});

test('what is dismissed is proposed again only when the state changes; what is not needed is withdrawn', (t) => {
  const p = place(t);
  publish(p, [...steady('A', 5), ...steady('B', 5)]);
  run(p, ...GRAPH);
  const [a, b] = ['A', 'B'].map((sku) => proposals(p, 'proposed').find((x) => x.sku === sku));
  assert.equal(a.method, 'min_max'); // nothing is known of costs: up to the reorder point and 30 days of demand
  assert.equal(a.quantity, 7 + 30 - 5);
  ok(['stock', 'reorder', 'dismiss', a.id, ...p.args]);
  run(p, ...GRAPH);
  assert.deepEqual(proposals(p, 'proposed').map((x) => x.sku), ['B']);
  publish(p, [event('SALE', 'A', -5, 0), event('RECEIPT', 'B', 100, 0)]);
  run(p, ...GRAPH);
  assert.deepEqual(proposals(p, 'proposed').map((x) => [x.sku, x.state]), [['A', 'out']]);
  const withdrawn = proposals(p).find((x) => x.id === b.id);
  assert.deepEqual([withdrawn.status, withdrawn.note, withdrawn.decided_at], ['dismissed', 'not needed any more', null]);
  // An item that is not used any more may run out.
  const item = json(['record', 'list', 'stock_item', ...p.args]).find((x) => x.sku === 'A');
  record(p, 'stock_item', { id: item.id, active: false });
  run(p, ...GRAPH);
  assert.deepEqual([proposals(p, 'proposed').length, json(['alerts', 'list', ...p.args]).length], [0, 0]);
  sound(p);
});

test('rules hold from the particular to the general, each figure by itself', (t) => {
  const p = place(t);
  record(p, 'stock_item', { sku: 'A', category: 'C', lead_time_days: 3 });
  record(p, 'stock_item', { sku: 'B', category: 'C' });
  record(p, 'reorder_rule', { category: 'C', lead_time_days: '10', pack_size: '6' });
  record(p, 'reorder_rule', { warehouse: 'W1', lead_time_days: '20', pack_size: '100' });
  record(p, 'reorder_rule', { sku: 'B', warehouse: 'W1', reorder_point: '50' });
  refuses(['record', 'save', 'reorder_rule', '{"category":"C","pack_size":"7"}', ...p.args], /already/, 5);
  publish(p, [...steady('A', 2), ...steady('B', 2), ...steady('Z', 2)]);
  run(p, ...GRAPH);
  const points = Object.fromEntries([...risks(p)].map(([sku, r]) => [sku, r.point]));
  assert.deepEqual(points, { A: 3, B: 50, Z: 20 });
  const quantities = Object.fromEntries(proposals(p).map((x) => [x.sku, x.quantity]));
  assert.deepEqual(quantities, { A: 36, B: 78, Z: 100 }); // 3+30-2=31, 50+30-2=78, 20+30-2=48; packs of 6, 6, 100
  assert.match(proposals(p).find((x) => x.sku === 'Z').reason, /by the rule for W1/);
});

test('the page asks: what runs low, proposals, decisions', async (t) => {
  const p = place(t);
  publish(p, [...steady('A', 0), ...steady('B', 5), ...steady('C', 500)]);
  run(p, ...GRAPH);
  const server = await serve(t, p.data);
  const low = await data(ask(server, '/api/low-stock'));
  assert.deepEqual(low.figures.states, { low: 1, ok: 1, out: 1 });
  assert.deepEqual(low.figures.worst.map((w) => [w.sku, w.state]), [['A', 'out'], ['B', 'low']]);
  assert.ok(Date.parse(low.at) <= Date.now());
  assert.deepEqual((await data(ask(server, '/api/kept/low_stock'))).figures, low.figures);
  const kept = await data(ask(server, '/api/kept/stock/W1/B'));
  assert.deepEqual([kept.figures.available, kept.figures.velocity, kept.figures.days_of_cover], [5, 0.9643, 5.1852]); // 27 of the 28 days before today
  await problem(ask(server, '/api/kept/stock/W1/NONE'), 404, /nothing is kept/);
  const list = (await ask(server, '/api/reorders')).json;
  assert.deepEqual([list.data.map((x) => x.sku), list.counts], [['A', 'B'], { proposed: 2 }]);
  await data(post(server, `/api/reorders/${list.data[0].id}/accept`, { note: 'now' }));
  await problem(post(server, `/api/reorders/${list.data[0].id}/dismiss`, {}), 409, /accepted already/);
  await problem(post(server, '/api/reorders/none/accept', {}), 404, /no proposal/);
  await problem(ask(server, '/api/reorders?state=lost'), 422, /proposed, accepted/);
  await data(post(server, `/api/reorders/${list.data[1].id}/dismiss`, {}));
  assert.deepEqual((await ask(server, '/api/reorders?state=all')).json.data.map((x) => [x.sku, x.status, x.note]), [['A', 'accepted', 'now'], ['B', 'dismissed', null]]);
});

test('kill -9 in the chain: every alert, mail, proposal and event once', (t) => {
  const p = place(t);
  record(p, 'alert_route', { name: 'buyers', kind: '*', channel: 'email', target: 'buyer@example.org' });
  publish(p, Array.from({ length: 4 }, (_, i) => steady(`S${i}`, i)).flat());
  let killed = 0;
  for (const kind of GRAPH) {
    json(['jobs', 'add', kind, ...p.args]);
    for (let n = 20; n < 2000; n = Math.ceil(n * (lib.LONG ? 1.15 : 2.1))) {
      const ended = lib.outpost(['jobs', 'work', '--until-idle', ...p.args], { binary: lib.OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
      if (ended.signal === 'SIGKILL') killed++;
    }
    ok(['jobs', 'work', '--until-idle', ...p.args]);
  }
  assert.ok(killed > 0);
  assert.equal(json(['alerts', 'list', ...p.args]).filter((a) => a.kind === 'low_stock').length, 4);
  assert.equal(mails(p).filter((m) => /S\d in W1/.test(m.subject)).length, 4);
  assert.equal(proposals(p).length, 4);
  assert.deepEqual(topic(p, 'reorder-events').map((e) => `${e.type} ${e.data.sku}`).sort(), [0, 1, 2, 3].flatMap((i) => [`REORDER_RECOMMENDED S${i}`, `REORDER_TRIGGERED S${i}`]).sort());
  sound(p);
});
