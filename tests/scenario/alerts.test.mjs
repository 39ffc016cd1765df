// The inbox of alerts: everything once, whoever raises it; what people do with it; what goes out.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ask, data, post, problem } from './api.mjs';
import * as lib from './lib.mjs';
import { json, ok, one, place, query, refuses, serve, sound } from './lib.mjs';

const TEST = { binary: lib.OUTPOST_TEST };
const save = (p, entity, object, options) => json(['record', 'save', entity, JSON.stringify(object), ...p.args], options);
const alerts = (p, ...more) => json(['alerts', 'list', ...more, ...p.args]);
const work = (p, options) => ok(['jobs', 'work', '--until-idle', ...p.args], options);
const mails = (p) => query(p.db, "SELECT payload FROM job WHERE kind = 'mail_send' ORDER BY id").map((r) => JSON.parse(r[0]));
// A metric beyond 1,000,000 raises an alert; a small one settles it.
const revenue = (p, day, value, options) => {
  const known = json(['record', 'list', 'metric', ...p.args], options).find((m) => m.metric_date === day);
  return save(p, 'metric', known ? { id: known.id, metric_value: value } : { metric_type: 'revenue', metric_date: day, metric_value: value }, options);
};

test('an alert goes out once over every route that takes it', (t) => {
  const p = place(t);
  save(p, 'alert_route', { name: 'a', kind: 'metric_*', channel: 'email', target: 'a@example.org' });
  save(p, 'alert_route', { name: 'b', kind: '*', severity: 'critical', channel: 'email', target: 'b@example.org' });
  save(p, 'alert_route', { name: 'c', kind: '*', channel: 'email', target: 'c@example.org', active: false });
  save(p, 'alert_route', { name: 'd', kind: 'metric_outlier', channel: 'webhook', target: 'http://127.0.0.1:9/x' });
  revenue(p, '2024-01-01', '2000000');
  revenue(p, '2024-01-01', '2000001');
  assert.deepEqual(mails(p).map((m) => [m.to, m.subject]), [['a@example.org', 'warning: Revenue of 2024-01-01 is unusually high']]);
  const hook = JSON.parse(one(p.db, "SELECT payload FROM job WHERE kind = 'webhook_send'"));
  assert.deepEqual([hook.target, hook.type, hook.data.alerts.map((a) => [a.kind, a.state])], ['http://127.0.0.1:9/x', 'outpost.alert.raised', [['metric_outlier', 'outlier']]]);
  const [a] = alerts(p);
  assert.deepEqual([a.times, a.sent, a.status], [2, 2, 'open']);
  work(p); // the mail is tried and given up: there is no mail server
  revenue(p, '2024-01-01', '1'); // gone, and back within the hour: the same alert, told already
  assert.deepEqual(alerts(p, '--kind', 'metric_*'), []);
  revenue(p, '2024-01-01', '3000000');
  assert.ok(alerts(p).some((x) => x.id === a.id));
  const to = (who) => mails(p).filter((m) => m.to === who).length;
  assert.equal(to('a@example.org'), 1);
  revenue(p, '2024-01-02', '2000000');
  assert.equal(to('a@example.org'), 2);
  sound(p);
});

test('what is back after more than an hour is a new alert', (t) => {
  const p = place(t);
  const clock = path.join(p.dir, 'clock');
  const at = (minutes) => (fs.writeFileSync(clock, String(minutes * 60e6)), { ...TEST, env: { OUTPOST_CLOCK: clock } });
  revenue(p, '2024-01-01', '2000000', at(0));
  revenue(p, '2024-01-01', '1', at(1));
  revenue(p, '2024-01-01', '2000000', at(50));
  assert.equal(alerts(p, '--state', 'all').length, 1);
  revenue(p, '2024-01-01', '1', at(51));
  revenue(p, '2024-01-01', '2000000', at(113));
  assert.deepEqual(alerts(p, '--state', 'all').map((a) => a.status), ['open', 'resolved']);
});

test('people acknowledge and resolve; the terminal and the API agree', async (t) => {
  const p = place(t);
  for (const day of ['2024-01-01', '2024-01-02', '2024-01-03']) revenue(p, day, '2000000');
  const [third, second, first] = alerts(p);
  ok(['alerts', 'ack', first.id, '--reason', 'looking', ...p.args]);
  ok(['alerts', 'resolve', second.id, ...p.args]);
  refuses(['alerts', 'resolve', second.id, ...p.args], /resolved already/, 5);
  refuses(['alerts', 'ack', second.id, ...p.args], /resolved already/, 5);
  refuses(['alerts', 'ack', 'none', ...p.args], /no alert none/, 4);
  refuses(['alerts', 'list', '--state', 'lost', ...p.args], /open, acknowledged/);
  assert.deepEqual(alerts(p).map((a) => [a.id, a.status, a.note]), [[third.id, 'open', null], [first.id, 'acknowledged', 'looking']]);
  assert.match(ok(['alerts', 'list', ...p.args]), /unusually high/);
  // Acknowledged, and raised again in the same state: somebody looks already.
  save(p, 'data_quality_alert', { id: json(['record', 'list', 'data_quality_alert', ...p.args])[0].id, resolved: true });
  revenue(p, '2024-01-01', '4000000');
  assert.equal(alerts(p, '--state', 'acknowledged').length, 1);

  const server = await serve(t, p.data);
  const list = (await ask(server, '/api/alerts')).json;
  assert.deepEqual(list.counts, { open: 1, acknowledged: 1, resolved: 1 });
  assert.deepEqual(list.data.map((a) => a.id), [third.id, first.id]);
  assert.deepEqual((await data(ask(server, '/api/alerts?state=all&kind=metric_*'))).length, 3);
  assert.deepEqual(await data(ask(server, '/api/alerts?state=all&kind=other')), []);
  assert.equal((await data(ask(server, '/api/alerts?state=all&limit=1'))).length, 1);
  await data(post(server, `/api/alerts/${third.id}/acknowledge`, { note: 'mine' }));
  await data(post(server, `/api/alerts/${third.id}/resolve`, {}));
  await problem(post(server, `/api/alerts/${third.id}/resolve`, {}), 409, /resolved already/);
  await problem(post(server, '/api/alerts/none/resolve', {}), 404, /no alert/);
  await problem(ask(server, '/api/alerts?state=lost'), 422);
  await problem(post(server, `/api/alerts/${first.id}/resolve`, 'no json', { 'content-type': 'application/json' }), 400);
  const done = (await data(ask(server, '/api/alerts?state=resolved'))).find((a) => a.id === third.id);
  assert.deepEqual([done.resolved_by, done.note], ['people', 'mine']);
  const history = json(['record', 'history', 'alert', third.id, ...p.args]);
  assert.deepEqual(history.map((h) => h.after.status), ['open', 'acknowledged', 'resolved']);
  // The cause is still there at its next change: a new alert.
  revenue(p, '2024-01-02', '5000000');
  assert.equal(alerts(p, '--state', 'all').length, 4);
  sound(p);
});

test('what fails in the machinery is told: dead jobs, runs of graphs, quality checks', (t) => {
  const p = place(t);
  save(p, 'alert_route', { name: 'ops', kind: '*', severity: 'critical', channel: 'email', target: 'ops@example.org' });
  const options = { binary: lib.OUTPOST_TEST };
  // No mail server is set up: the mails die, too, and that is told once and not for ever.
  for (let i = 0; i < 3; i++) json(['jobs', 'add', 'webhook_send', '{}', ...p.args], options);
  for (let i = 0; i < 4; i++) work(p, options);
  const dead = alerts(p).filter((a) => a.kind === 'job_dead');
  assert.ok(dead.length >= 1 && dead.length <= 2, JSON.stringify(dead));
  const hook = dead.find((a) => a.subject === 'webhook_send');
  assert.deepEqual([hook.severity, hook.times], ['critical', 3]);
  assert.equal(mails(p).filter((m) => /webhook_send is dead/.test(m.subject)).length, 1);
  assert.ok(mails(p).length <= 2);

  save(p, 'graph', { name: 'bad', help: 'fails', owner: 'test', retries: 0, tasks: [{ name: 'a', kind: 'webhook_send', after: [] }] });
  assert.equal(lib.outpost(['dag', 'run', 'bad', ...p.args], options).code, 1);
  assert.deepEqual(alerts(p, '--kind', 'graph_failed').map((a) => [a.subject, a.state]), [['bad', 'failed']]);
  save(p, 'graph', { id: json(['record', 'list', 'graph', ...p.args]).find((g) => g.name === 'bad').id, tasks: [{ name: 'a', kind: 'missing_data_check', after: [] }] });
  ok(['dag', 'run', 'bad', ...p.args], options);
  assert.deepEqual(alerts(p, '--kind', 'graph_failed'), []);

  fs.writeFileSync(path.join(p.dir, 'e.jsonl'), JSON.stringify({ eventId: 'e1', eventType: 'SALE', sku: 'NEW', warehouseId: 'W1', quantityChange: -5, timestamp: new Date().toISOString() }));
  ok(['events', 'publish', 'inventory-events', path.join(p.dir, 'e.jsonl'), ...p.args]);
  json(['jobs', 'add', 'stock_quality', ...p.args]);
  work(p, options);
  const found = alerts(p, '--kind', 'stock_quality').map((a) => a.subject);
  assert.ok(found.some((name) => /negative/.test(name)), String(found));
  ok(['stock', 'adjust', 'NEW', 'W1', '50', '--reason', 'found', ...p.args]);
  json(['jobs', 'add', 'stock_quality', ...p.args]);
  work(p, options);
  assert.ok(!alerts(p, '--kind', 'stock_quality').some((a) => /negative_on_hand/.test(a.subject)));
  sound(p);
});
