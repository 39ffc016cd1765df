// Metrics of days and months: constraints, the trusted clock, outliers, missing days,
// revenue derived from sales; every figure against an independent computation.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ask, data, problem } from './api.mjs';
import * as lib from './lib.mjs';
import { generate, importFile, json, ok, one, place, query, refuses, serve, sound } from './lib.mjs';

const E4 = (text) => {
  const [whole, part = ''] = String(text).split('.');
  return BigInt(whole) * 10000n + BigInt(part.padEnd(4, '0')) * (whole.startsWith('-') ? -1n : 1n);
};
const save = (p, object, options) => json(['record', 'save', 'metric', JSON.stringify(object), ...p.args], options);
const work = (p, kind, options) => {
  const { id } = json(['jobs', 'add', kind, ...p.args], options);
  ok(['jobs', 'work', '--until-idle', ...p.args], options);
  const job = json(['jobs', 'show', String(id), ...p.args], options);
  assert.equal(job.state, 'done', JSON.stringify(job));
  return job.result;
};
const dayBefore = (n, from = Date.now()) => new Date(from - n * 864e5).toISOString().slice(0, 10);
const gaps = (p) => query(p.db, "SELECT dedupe_key, resolved FROM data_quality_alerts WHERE alert_type = 'missing' ORDER BY 1");

test('a metric is of a known kind, not below zero, one for a day, and not of the future', (t) => {
  const p = place(t);
  const good = { metric_type: 'costs', metric_date: '2024-02-29', metric_value: '12.5' };
  save(p, good);
  const bad = (change, pattern, code) => refuses(['record', 'save', 'metric', JSON.stringify({ ...good, ...change }), ...p.args], pattern, code);
  bad({}, /metric_type|there is a|already/, 5);
  bad({ metric_date: '2024-03-01', metric_value: '-0.0001' }, /at least 0/);
  bad({ metric_type: 'sales' }, /revenue, inventory, staffing or costs/);
  bad({ metric_date: '2023-02-29' }, /metric_date/);
  bad({ metric_date: dayBefore(-1) }, /future/);
  bad({ metric_date: '2024-03-01', data: { categories: { A: 'much' } } }, /category A/);
  bad({ metric_date: '2024-03-01', data: { categories: { A: '1.00001' } } }, /category A/);
  save(p, { ...good, metric_date: new Date().toISOString().slice(0, 10) });
  assert.equal(one(p.db, 'SELECT count(*) FROM metrics'), '2');
  // The shell meets the same walls.
  assert.throws(() => lib.sqlite(p.db, "UPDATE metric SET metric_value = -1;"), /CHECK/);
  assert.throws(() => lib.sqlite(p.db, "UPDATE metric SET metric_type = 'sales';"), /CHECK/);
  assert.throws(() => lib.sqlite(p.db, "UPDATE metric SET metric_date = '2024-02-29';"), /UNIQUE/);
  sound(p);
});

test('what the future is says the trusted clock: the machine may be behind, the log does not go back', (t) => {
  const p = place(t);
  const clock = path.join(p.dir, 'clock');
  const at = (days) => {
    fs.writeFileSync(clock, String(days * 86400 * 1e6));
    return { binary: lib.OUTPOST_TEST, env: { OUTPOST_CLOCK: clock } };
  };
  const metric = (days) => ({ metric_type: 'costs', metric_date: dayBefore(-days), metric_value: '1' });
  refuses(['record', 'save', 'metric', JSON.stringify(metric(1)), ...p.args], /future/, undefined, at(0));
  save(p, metric(9), at(10)); // the log has seen the day after tomorrow now
  save(p, metric(8), at(-20 * 365)); // a dead battery: the machine says 20 years ago
  refuses(['record', 'save', 'metric', JSON.stringify(metric(12)), ...p.args], /future/, undefined, at(-20 * 365));
  sound(p, at(0));
});

test('revenue of more than 1,000,000 is kept and told once; corrected, it is settled', (t) => {
  const p = place(t);
  save(p, { metric_type: 'revenue', metric_date: '2024-01-01', metric_value: '1000000' });
  save(p, { metric_type: 'costs', metric_date: '2024-01-01', metric_value: '5000000' });
  assert.equal(one(p.db, 'SELECT count(*) FROM data_quality_alerts'), '0');
  const { id } = save(p, { metric_type: 'revenue', metric_date: '2024-01-02', metric_value: '1000000.0001' });
  const alert = () => query(p.db, "SELECT metric_id, alert_type, severity, message, resolved, resolved_at IS NOT NULL FROM data_quality_alerts");
  assert.deepEqual(alert(), [[id, 'outlier', 'warning', 'Revenue value unusually high: 1000000.0001', '0', '0']]);
  save(p, { id, data: { category: 'A' } });
  assert.equal(alert().length, 1);
  assert.deepEqual(json(['alerts', 'list', ...p.args]).map((a) => [a.kind, a.subject, a.status]), [['metric_outlier', 'revenue 2024-01-02', 'open']]);
  save(p, { id, metric_value: '999' });
  assert.deepEqual(alert()[0].slice(4), ['1', '1']);
  assert.deepEqual(json(['alerts', 'list', ...p.args]), []);
  assert.equal(json(['alerts', 'list', '--state', 'all', ...p.args])[0].resolved_by, 'itself');
  // Somebody has dealt with it: the same value is not told again, another is.
  save(p, { id, metric_value: '2000000' });
  const known = json(['record', 'list', 'data_quality_alert', ...p.args])[0];
  json(['record', 'save', 'data_quality_alert', JSON.stringify({ id: known.id, resolved: true }), ...p.args]);
  save(p, { id, data: { category: 'B' } });
  assert.deepEqual(alert().map((a) => a[4]), ['1']);
  save(p, { id, metric_value: '3000000' });
  assert.deepEqual(alert().map((a) => a[4]), ['0']);
  sound(p);
});

test('missing days are told once however often the check runs, and settle when they arrive', (t) => {
  const p = place(t);
  assert.deepEqual(work(p, 'missing_data_check'), { missing: 0, new: 0, settled: 0 });
  for (const n of [40, 12, 11, 9, 5, 4, 3, 2, 1]) save(p, { metric_type: 'staffing', metric_date: dayBefore(n), metric_value: '3' });
  for (const n of [3, 1, 0]) save(p, { metric_type: 'inventory', metric_date: dayBefore(n), metric_value: '3' });
  const expected = [];
  for (let n = 30; n >= 1; n--) if (![12, 11, 9, 5, 4, 3, 2, 1].includes(n)) expected.push(`missing/staffing/${dayBefore(n)}`);
  expected.push(`missing/inventory/${dayBefore(2)}`); // before its first day nothing is expected
  const first = work(p, 'missing_data_check');
  assert.deepEqual(first, { missing: expected.length, new: expected.length, settled: 0 });
  assert.deepEqual(gaps(p), expected.sort().map((key) => [key, '0']));
  const inbox = json(['alerts', 'list', ...p.args]);
  assert.deepEqual(inbox.map((a) => [a.kind, a.subject]).sort(), [['metric_missing', 'inventory'], ['metric_missing', 'staffing']]);

  const entries = one(p.db, 'SELECT count(*) FROM change_log');
  assert.deepEqual(work(p, 'missing_data_check'), { missing: expected.length, new: 0, settled: 0 });
  assert.equal(one(p.db, 'SELECT count(*) FROM change_log'), entries, 'a second run changes nothing');
  assert.equal(gaps(p).length, expected.length);

  save(p, { metric_type: 'inventory', metric_date: dayBefore(2), metric_value: '3' });
  const closed = json(['record', 'list', 'data_quality_alert', ...p.args]).find((a) => a.dedupe_key === `missing/staffing/${dayBefore(10)}`);
  json(['record', 'save', 'data_quality_alert', JSON.stringify({ id: closed.id, resolved: true }), ...p.args]);
  assert.deepEqual(work(p, 'missing_data_check'), { missing: expected.length - 1, new: 0, settled: 1 });
  assert.deepEqual(json(['alerts', 'list', ...p.args]).map((a) => a.subject), ['staffing']);
  const resolved = gaps(p).filter((g) => g[1] === '1').map((g) => g[0]);
  assert.deepEqual(resolved, [`missing/inventory/${dayBefore(2)}`, `missing/staffing/${dayBefore(10)}`]);

  // A gap that comes back is told again; what somebody resolved is not.
  const { id } = json(['record', 'list', 'metric', ...p.args]).find((m) => m.metric_type === 'inventory' && m.metric_date === dayBefore(2));
  json(['record', 'delete', 'metric', id, ...p.args]);
  assert.equal(work(p, 'missing_data_check').new, 1);
  sound(p);
});

// What the sales add up to, from the rows alone.
function revenueOf(p) {
  const days = new Map();
  for (const [day, product, revenue] of query(p.db, "SELECT order_date, product, revenue FROM clean_sales")) {
    const d = days.get(day) ?? { total: 0n, parts: new Map() };
    const value = E4(revenue);
    d.total += value;
    d.parts.set(product, (d.parts.get(product) ?? 0n) + value);
    days.set(day, d);
  }
  return days;
}

// Rounded half to even, as the view says.
function average(total, days) {
  const n = BigInt(days);
  const q = total / n;
  const twice = 2n * (total % n);
  return q + (twice > n || (twice === n && q % 2n === 1n) ? 1n : 0n);
}

function compareMonths(p) {
  const wanted = new Map();
  for (const [day, value] of query(p.db, "SELECT metric_date, metric_value FROM metric WHERE metric_type = 'revenue' AND deleted_at IS NULL")) {
    const m = wanted.get(day.slice(0, 7)) ?? { total: 0n, days: 0 };
    m.total += BigInt(value);
    m.days++;
    wanted.set(day.slice(0, 7), m);
  }
  const got = query(p.db, 'SELECT month, total, average, days_with_data FROM monthly_revenue ORDER BY 1');
  assert.deepEqual(got, [...wanted].sort().map(([month, m]) => [`${month}-01`, String(m.total), String(average(m.total, m.days)), String(m.days)]));
  return got.length;
}

test('revenue is derived from the sales that count now, and follows them through undo and redo', (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 3000, 5).file);
  const second = importFile(p, generate(p.dir, 500, 6).file).run;
  const agree = () => {
    const days = revenueOf(p);
    assert.deepEqual(
      query(p.db, "SELECT metric_date, metric_value, derived_value, source FROM metric WHERE metric_type = 'revenue' AND deleted_at IS NULL ORDER BY 1"),
      [...days].sort().map(([day, d]) => [day, String(d.total), String(d.total), 'derived']),
    );
    assert.deepEqual(
      query(p.db, 'SELECT metric_date, category, amount FROM daily_revenue_by_category ORDER BY 1, 2'),
      [...days].sort().flatMap(([day, d]) => [...d.parts].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([product, v]) => [day, product, String(v)])),
    );
    return days.size;
  };
  const first = work(p, 'monthly_revenue_refresh');
  assert.equal(first.days, agree());
  assert.equal(first.changed, first.days);
  assert.equal(first.months, compareMonths(p));
  const entries = one(p.db, 'SELECT count(*) FROM change_log');
  assert.equal(work(p, 'monthly_revenue_refresh').changed, 0);
  assert.equal(one(p.db, 'SELECT count(*) FROM change_log'), entries);
  ok(['undo', second, ...p.args]);
  const after = work(p, 'monthly_revenue_refresh');
  assert.ok(after.changed > 0);
  agree();
  compareMonths(p);
  ok(['redo', second, ...p.args]);
  work(p, 'monthly_revenue_refresh');
  agree();
  compareMonths(p);
  sound(p);
});

test('what people give wins over what is derived, and both are told', (t) => {
  const p = place(t);
  fs.writeFileSync(path.join(p.dir, 's.csv'), 'order_id,order_date,region,product,quantity,revenue\nA,2024-01-05,North,Dairy,1,10\nB,2024-01-06,North,Café,1,20\nC,2024-01-07,North,Dairy,1,30\n');
  ok(['record', 'save', 'reference_item', '{"list":"products","value":"Café"}', ...p.args]);
  importFile(p, path.join(p.dir, 's.csv'));
  save(p, { metric_type: 'revenue', metric_date: '2024-01-05', metric_value: '11' });
  const r = work(p, 'revenue_metrics');
  assert.deepEqual(r, { days: one(p.db, 'SELECT count(DISTINCT order_date) FROM clean_sales') * 1, changed: 3, kept_as_given: 1, refused: 0 });
  const six = json(['record', 'list', 'metric', ...p.args]).find((m) => m.metric_date === '2024-01-06');
  save(p, { id: six.id, metric_value: '21' });
  work(p, 'revenue_metrics');
  const rows = () => query(p.db, "SELECT metric_date, metric_value / 10000, derived_value / 10000, source FROM metric WHERE deleted_at IS NULL ORDER BY 1");
  assert.deepEqual(rows(), [['2024-01-05', '11', '10', 'given'], ['2024-01-06', '21', '20', 'given'], ['2024-01-07', '30', '30', 'derived']]);
  const entries = one(p.db, 'SELECT count(*) FROM change_log');
  work(p, 'revenue_metrics');
  assert.equal(one(p.db, 'SELECT count(*) FROM change_log'), entries, 'nothing is left to do');
  sound(p);
});

test('property: months are the same whether they follow every change or are added up anew', (t) => {
  const p = place(t);
  const r = lib.random(11);
  const ids = [];
  for (let i = 0; i < (lib.LONG ? 40 : 8); i++) {
    for (let k = 0; k < 12; k++) {
      const what = r.pick(['add', 'add', 'change', 'move', 'delete']);
      const id = r.pick(ids);
      if (what === 'add' || !id) {
        const day = `202${r.below(4)}-${String(1 + r.below(12)).padStart(2, '0')}-${String(1 + r.below(28)).padStart(2, '0')}`;
        const made = lib.outpost(['record', 'save', 'metric', JSON.stringify({ metric_type: r.pick(['revenue', 'revenue', 'costs']), metric_date: day, metric_value: `${r.below(1e6)}.${r.below(10000)}` }), ...p.args, '--json']);
        if (made.code === 0) ids.push(JSON.parse(made.out).id);
      } else if (what === 'change') lib.outpost(['record', 'save', 'metric', JSON.stringify({ id, metric_value: String(r.below(1e6)) }), ...p.args]);
      else if (what === 'move') lib.outpost(['record', 'save', 'metric', JSON.stringify({ id, metric_date: `2019-0${1 + r.below(9)}-1${r.below(9)}` }), ...p.args]);
      else lib.outpost(['record', 'delete', 'metric', id, ...p.args]);
    }
    assert.notEqual(one(p.db, 'SELECT count(*) FROM metric_dirty'), '0');
    const before = query(p.db, 'SELECT * FROM monthly_revenue');
    if (r.chance(0.3)) assert.deepEqual(query(p.db, 'SELECT * FROM monthly_revenue'), before, 'stale until it is refreshed, and never half');
    work(p, 'monthly_revenue_refresh');
    compareMonths(p);
    assert.equal(one(p.db, 'SELECT count(*) FROM metric_dirty'), '0');
  }
  assert.equal(one(p.db, 'SELECT count(*) FROM (SELECT month FROM monthly_revenue_store GROUP BY month HAVING count(*) > 1)'), '0', 'what was superseded is gone');
  assert.match(query(p.db, 'EXPLAIN QUERY PLAN SELECT * FROM monthly_revenue_store WHERE month = 1').join(), /idx_monthly_revenue/);
  sound(p);
});

test('a kill in the middle of a refresh leaves the old months, and the next one finishes', (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 800, 9).file);
  work(p, 'monthly_revenue_refresh');
  const before = query(p.db, 'SELECT * FROM monthly_revenue ORDER BY month');
  importFile(p, generate(p.dir, 300, 10).file);
  let killed = 0;
  for (let n = 10; n < 4000; n = Math.ceil(n * (lib.LONG ? 1.2 : 1.9))) {
    json(['jobs', 'add', 'monthly_revenue_refresh', ...p.args]);
    const ended = lib.outpost(['jobs', 'work', '--until-idle', ...p.args], { binary: lib.OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    if (ended.signal !== 'SIGKILL') continue;
    killed++;
    const now = query(p.db, 'SELECT * FROM monthly_revenue ORDER BY month');
    if (one(p.db, 'SELECT count(*) FROM metric_dirty') !== '0') assert.deepEqual(now, before);
  }
  assert.ok(killed > 0);
  work(p, 'monthly_revenue_refresh');
  compareMonths(p);
  sound(p);
});

test('metrics are imported from a file: refused rows are told and stop nobody', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'm.csv');
  fs.writeFileSync(file, 'Type;Date;Value;Category\nrevenue;01.02.2024;1.234,50;A\nrevenue;02.02.2024;-5,00;A\nstaff;03.02.2024;7,00;\ncosts;31.12.2999;7,00;\nrevenue;13.02.2024;10,25;B\nrevenue;01.02.2024;1.000,00;A\n');
  const r = json(['metrics', 'import', file, ...p.args]);
  assert.deepEqual([r.rows, r.added, r.changed], [6, 2, 1]);
  assert.deepEqual(r.refused.map((x) => x.line), [3, 4, 5]);
  assert.match(r.refused[2].why, /future/);
  assert.equal(lib.outpost(['metrics', 'import', file, '--strict', ...p.args]).code, 3);
  assert.deepEqual(query(p.db, 'SELECT metric_date, category, amount FROM daily_revenue_by_category'), [['2024-02-01', 'A', '10000000'], ['2024-02-13', 'B', '102500']]);
  fs.writeFileSync(file, '{"metric_type":"staffing","metric_date":"2024-02-01","metric_value":4}\n{"metric_type":"staffing","metric_date":"2024-02-02","metric_value":"4.5"}\n');
  assert.equal(json(['metrics', 'import', file, ...p.args]).added, 2);
  refuses(['metrics', 'import', path.join(p.dir, 'none.csv'), ...p.args], /none\.csv/);
  fs.writeFileSync(file, 'a,b\n1,2\n');
  refuses(['metrics', 'import', file, ...p.args], /metric_type/);
  sound(p);
});

test('GET /metrics/{tenant} answers {metrics, count, period} and nothing else', async (t) => {
  const p = place(t);
  for (const [day, value] of [['2024-01-01', '10'], ['2024-01-02', '20.5'], ['2024-01-03', '0.0001']]) save(p, { metric_type: 'revenue', metric_date: day, metric_value: value, data: { category: 'A' } });
  save(p, { metric_type: 'costs', metric_date: '2024-01-02', metric_value: '1' });
  const server = await serve(t, p.data);
  const target = (tenant, q) => `/metrics/${tenant}?${new URLSearchParams(q)}`;
  const q = { metric_type: 'revenue', start_date: '2024-01-02', end_date: '2024-01-31' };
  const { status, json: body, headers } = await ask(server, target('demo', q));
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^application\/json/);
  assert.deepEqual(Object.keys(body), ['metrics', 'count', 'period']);
  assert.equal(body.count, 2);
  assert.deepEqual(body.period, { start: '2024-01-02', end: '2024-01-31' });
  assert.deepEqual(body.metrics.map((m) => [m.metric_type, m.metric_date, m.metric_value, m.data]), [['revenue', '2024-01-02', 20.5, { category: 'A' }], ['revenue', '2024-01-03', 0.0001, { category: 'A' }]]);
  const id = one(p.db, 'SELECT id FROM organizations');
  assert.deepEqual((await ask(server, target(id, q))).json, body);
  assert.equal(body.metrics[0].tenant_id, id);
  assert.deepEqual((await ask(server, target('demo', { ...q, start_date: '2025-01-01', end_date: '2025-01-01' }))).json, { metrics: [], count: 0, period: { start: '2025-01-01', end: '2025-01-01' } });
  await problem(ask(server, target('other', q)), 404, /no tenant other/);
  for (const name of Object.keys(q)) await problem(ask(server, target('demo', { ...q, [name]: '' })), 422, new RegExp(name));
  for (const bad of [{ metric_type: 'sales' }, { start_date: '2024-02-30' }, { start_date: 'yesterday' }, { end_date: '2024-01-01' }]) await problem(ask(server, target('demo', { ...q, ...bad })), 422);
  await problem(ask(server, target('demo', q), { method: 'POST' }), 405);

  const monthly = (await ask(server, '/api/monthly-revenue')).json;
  assert.deepEqual([monthly.data, monthly.refreshed_at, monthly.stale, monthly.months_changed], [[], null, true, 1]);
  work(p, 'monthly_revenue_refresh');
  const fresh = (await ask(server, '/api/monthly-revenue')).json;
  assert.deepEqual(fresh.data, [{ month: '2024-01-01', total_revenue: '30.5001', avg_daily_revenue: '10.1667', days_with_data: 3 }]);
  assert.equal(fresh.stale, false);
  assert.deepEqual(await data(ask(server, '/api/daily-revenue?from=2024-01-03')), [{ metric_date: '2024-01-03', category: 'A', total_revenue: '0.0001' }]);
});
