// Predictions, segments and recommendations, against a second opinion (field.mjs) from the rows alone.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as lib from './lib.mjs';
import { ok, one, place, query, random, serve, sound } from './lib.mjs';
import { ask, data } from './api.mjs';
import { asOf, countedLines, dayNumber, derived, importInvoices, invoiceFile, isoDay, market, nextDay, predictedOf, rulesOf, segmentsOf, storesOf, work } from './field.mjs';

const setting = (p, values) => ok(['record', 'save', 'prediction_setting', JSON.stringify({ name: 'standard', ...values }), ...p.args]);

test('which stores get a prediction, and for when', (t) => {
  const p = place(t);
  const rows = [...market(21, { stores: 60, days: 400, noise: 0.2 }), ...market(22, { stores: 60, days: 400, noise: 0.6, skip: 0.15 }).map((r) => ({ ...r, store: `S${r.store}`, invoice: `S${r.invoice}` }))];
  for (let s = 1; s <= 10; s++) // Tuesdays, and fifths of a month
    for (let d = 1; d < 400; d++) {
      const day = isoDay(dayNumber('2024-01-01') + d);
      if (s <= 5 ? d % 7 === 1 && d % 5 : new Date(`${day}T00:00:00Z`).getUTCDate() === 3 + s % 3) rows.push({ invoice: `R-${s}-${d}`, day, store: `R${s}`, item: 'Item 1', quantity: '1', total: '10' });
    }
  importInvoices(p, invoiceFile(p, 'invoices.csv', rows));
  const lines = countedLines(p.db);
  const wanted = predictedOf(lines).map((x) => [x.store, isoDay(x.next.day), String(x.next.window), x.next.kind]);
  assert.ok(wanted.length > 15 && ['interval', 'weekly', 'monthly'].every((kind) => wanted.some((x) => x[3] === kind)), JSON.stringify(wanted.map((x) => x[3])));
  const found = () => query(p.db, `SELECT s.customer_id, p.predicted_date, p.days, p.explanation ->> 'method' FROM predicted_orders p JOIN stores s ON s.id = p.store_id WHERE p.deleted_at IS NULL AND p.status = 'pending' ORDER BY 1`);
  assert.deepEqual(found(), wanted);
  setting(p, { horizon_days: 3 });
  ok(['jobs', 'add', 'predict_orders', ...p.args]);
  work(p);
  assert.deepEqual(found().map((x) => x[0]), predictedOf(lines, 3).map((x) => x.store));
  sound(p);
});

// Predictions are put down on a day; what comes after it is looked up.
test('the stated confidence is the share that holds, on days that the program has not seen', (t) => {
  const bins = new Map();
  let predictions = 0;
  let held = 0;
  for (const [seed, noise] of [[1, 0.1], [2, 0.3], [3, 0.6], [4, 0.9]]) {
    const all = market(seed, { stores: lib.LONG ? 1200 : 400, days: 420, noise });
    const byStore = storesOf(all.map((r) => ({ store: r.store, day: dayNumber(r.day), ref: r.invoice, revenue: 0n })));
    const p = place(t);
    const cut = isoDay(dayNumber('2024-01-01') + 360);
    importInvoices(p, invoiceFile(p, 'before.csv', all.filter((r) => r.day <= cut)));
    const known = dayNumber(one(p.db, "SELECT date(max(invoice_date) * 86400, 'unixepoch') FROM invoice_items"));
    for (const [store, day, confidence, days] of query(p.db, `SELECT s.customer_id, p.predicted_date, p.confidence, p.days FROM predicted_orders p JOIN stores s ON s.id = p.store_id WHERE p.deleted_at IS NULL`)) {
      const next = byStore.find((x) => x.store === store).days.find((d) => d > known);
      const holds = next !== undefined && Math.abs(next - dayNumber(day)) <= Number(days);
      const bin = bins.get(Math.floor(Number(confidence) / 20)) ?? { n: 0, stated: 0, held: 0 };
      bin.n++;
      bin.stated += Number(confidence) / 100;
      bin.held += holds;
      bins.set(Math.floor(Number(confidence) / 20), bin);
      predictions++;
      held += holds;
    }
  }
  const stated = [...bins.values()].reduce((a, b) => a + b.stated, 0);
  t.diagnostic(`${predictions} predictions, stated ${(stated / predictions).toFixed(3)}, achieved ${(held / predictions).toFixed(3)}; ${[...bins].sort(([a], [b]) => a - b).map(([k, b]) => `${k * 20} %: ${b.n}, ${(b.stated / b.n).toFixed(2)} / ${(b.held / b.n).toFixed(2)}`).join('; ')}`);
  assert.ok(predictions > 900);
  assert.ok(Math.abs(stated - held) / predictions < 0.03);
  for (const b of bins.values()) if (b.n >= 100) assert.ok(Math.abs(b.stated - b.held) / b.n < 0.08, JSON.stringify(b));
});

test('amounts are foretold better than by the last one, and the legacy formula is there', (t) => {
  const p = place(t);
  importInvoices(p, invoiceFile(p, 'invoices.csv', market(5, { stores: 80, days: 300, noise: 0.2 })));
  const errors = query(p.db, "SELECT sum(explanation ->> 'amount_error'), sum(explanation ->> 'amount_error_naive') FROM predicted_orders WHERE deleted_at IS NULL")[0].map(Number);
  assert.ok(errors[0] < errors[1], String(errors));
  setting(p, { method: 'legacy', horizon_days: 30 });
  ok(['jobs', 'add', 'predict_orders', ...p.args]);
  work(p);
  const lines = countedLines(p.db);
  const now = asOf(lines);
  const wanted = segmentsOf(lines).map((s) => {
    const gaps = s.days.length - 1;
    const day = s.days.at(-1) + Math.floor((2 * (s.days.at(-1) - s.days[0]) + gaps) / (2 * gaps));
    const tenth = Number(s.frequency) / 10;
    return [s.store, day, Math.min(100, 75 + (tenth % 1 === 0.5 ? 2 * Math.round(tenth / 2) : Math.round(tenth)))];
  }).filter(([, day]) => day > now && day - now <= 30).map(([store, day, confidence]) => [store, isoDay(day), String(confidence)]);
  assert.ok(wanted.length > 10);
  assert.deepEqual(query(p.db, "SELECT s.customer_id, p.predicted_date, p.confidence FROM predicted_orders p JOIN stores s ON s.id = p.store_id WHERE p.deleted_at IS NULL AND p.method = 'legacy' ORDER BY 1"), wanted);
});

test('segments: scores, value and churn risk by their formulas', (t) => {
  const p = place(t);
  const rows = market(9, { stores: 70, days: 300 }).filter((r) => !(r.store < 'C015' && r.day > '2024-06-01'));
  importInvoices(p, invoiceFile(p, 'invoices.csv', rows));
  const found = query(p.db, `SELECT s.customer_id, g.recency_score, g.frequency_score, g.monetary_score, g.segment_value, g.order_frequency, g.orders, g.last_order, g.churn_risk, g.segment_name
    FROM customer_segments g JOIN stores s ON s.id = g.store_id WHERE g.deleted_at IS NULL ORDER BY 1`);
  const wanted = segmentsOf(countedLines(p.db));
  assert.deepEqual(found.map((x) => x.slice(0, 8)), wanted.map((s) => [s.store, String(s.last_score), String(s.frequency_score), String(s.revenue_score), s.value, String(s.frequency), String(s.orders), isoDay(s.last)]));
  wanted.forEach((s, i) => assert.ok(Math.abs(Number(found[i][8]) / 100 - s.churn) <= 0.00501, `${s.store}: ${found[i][8]} and ${s.churn}`));
  assert.ok(found.filter((x) => x[0] < 'C015').every((x) => ['Lost', 'At risk', 'Cannot lose'].includes(x[9])), JSON.stringify(found.slice(0, 15)));
  assert.ok(found.filter((x) => x[0] >= 'C015').filter((x) => x[9] !== 'Lost').length > 40);
  const high = found.filter((x) => x[4] === 'high').length;
  assert.ok(high > 0 && high < found.length);
  sound(p);
});

test('rules: those that were planted are found, noise is not, and all are what Fisher says', async (t) => {
  const p = place(t);
  const r = random(14);
  const rows = [];
  for (let i = 0; i < 1500; i++) {
    const items = new Set(Array.from({ length: 1 + r.below(3) }, () => `Item ${1 + r.below(40)}`));
    if (items.has('Item 7') && r.chance(0.8)) items.add('Planted A');
    if (items.has('Item 11') && r.chance(0.6)) items.add('Planted B');
    [...items].forEach((item, k) => rows.push({ invoice: `I-${i}`, day: isoDay(dayNumber('2024-01-01') + (i % 200)), store: `C${String(i % 30).padStart(2, '0')}`, item, quantity: '1', total: '10', line: k + 1 }));
  }
  importInvoices(p, invoiceFile(p, 'invoices.csv', rows));
  const found = new Map(query(p.db, 'SELECT a.name, b.name, r.both, r.because, r.other, r.baskets, r.basket FROM field_rule r JOIN products a ON a.id = r.because_id JOIN products b ON b.id = r.product_id').map((x) => [`${x[0]}|${x[1]}`, x.slice(2)]));
  const baskets = new Map();
  for (const row of rows) baskets.set(row.invoice, [...(baskets.get(row.invoice) ?? []), row.item]);
  const wanted = rulesOf([...baskets.values()], 5, 0.05);
  assert.deepEqual([...found.keys()].sort(), [...wanted.keys()].flatMap((k) => [k, k.split('|').reverse().join('|')]).sort());
  for (const [key, w] of wanted) assert.deepEqual(found.get(key), [String(w.both), String(w.a), String(w.b), String(baskets.size), 'invoice']);
  assert.ok(found.has('Item 7|Planted A') && found.has('Item 11|Planted B'));
  assert.ok(found.size <= 6, 'noise is no rule');
  const s = await serve(t, p.data);
  for (const words of ['planted', 'planted 7', ' PLANTED  11 b ', '%', '_tem', '\\', 'nobody']) {
    const { json: { total } } = await ask(s, `/api/analytics/rules?limit=1&q=${encodeURIComponent(words)}`);
    assert.equal(total, [...found.keys()].filter((key) => words.toLowerCase().trim().split(/ +/).every((word) => key.toLowerCase().includes(word))).length, words);
  }
  const product = (name) => one(p.db, `SELECT id FROM products WHERE name = '${name}'`);
  const order = (await ask(s, '/api/orders', { method: 'POST', body: { store_id: 'C00', items: [{ name: 'Item 7', quantity: 1 }] } })).json.data;
  const [first, ...rest] = await data(ask(s, `/api/upselling/suggestions/${order.id}`));
  assert.deepEqual([first.product, first.because, rest.length], ['Planted A', 'Item 7', 0]);
  const w = wanted.get('Item 7|Planted A');
  assert.equal(first.confidence, Math.round((w.both / w.a) * 10000) / 10000);
  assert.match(first.reason, new RegExp(`${w.both} of ${w.a} baskets`));
  const both = (await ask(s, '/api/orders', { method: 'POST', body: { store_id: 'C00', items: [{ name: 'Item 7', quantity: 1 }, { product_id: product('Planted A'), quantity: 1 }] } })).json.data;
  assert.deepEqual(await data(ask(s, `/api/upselling/suggestions/${both.number}`)), [], 'what is in it is not suggested');
  const kept = query(p.db, `SELECT s.customer_id, p.name, b.name FROM upselling_recommendations u JOIN stores s ON s.id = u.store_id JOIN products p ON p.id = u.product_id JOIN products b ON b.id = u.because_id WHERE u.deleted_at IS NULL`);
  for (const [store, item, because] of kept) {
    const bought = new Set(rows.filter((x) => x.store === store).map((x) => x.item));
    assert.ok(!bought.has(item) && bought.has(because) && found.has(`${because}|${item}`));
  }
});

test('property: whatever comes in whatever order, what follows is the same as from all of it at once', (t) => {
  const r = random(Number(process.env.SEED ?? 31));
  const all = market(33, { stores: 25, days: 220, lines: 3 });
  const parts = [[], [], [], []];
  const of = new Map();
  for (const row of all) {
    const part = of.get(row.invoice) ?? r.below(4);
    of.set(row.invoice, part);
    parts[part].push(row);
  }
  const whole = place(t);
  const wholeFile = invoiceFile(whole, 'all.csv', all);
  importInvoices(whole, wholeFile);
  const wanted = derived(whole.db);
  assert.ok(wanted.predictions.length > 3 && wanted.segments.length === 25);
  for (let round = 0; round < (lib.LONG ? 6 : 2); round++) {
    const p = place(t);
    const order = [0, 1, 2, 3].sort(() => r.next() - 0.5);
    for (const [i, part] of order.entries()) {
      const run = importInvoices(p, invoiceFile(p, `part-${part}.csv`, parts[part])).run;
      if (i === 1) { // taken back, and brought back
        ok(['undo', run, ...p.args]);
        if (r.chance(0.5)) work(p);
        ok(['redo', run, ...p.args]);
      }
    }
    work(p);
    assert.deepEqual(derived(p.db), wanted);
    const before = one(p.db, 'SELECT max(seq) FROM change_log');
    for (const kind of ['predict_orders', 'segment_customers', 'find_upselling']) ok(['jobs', 'add', kind, ...p.args]);
    work(p);
    assert.equal(one(p.db, `SELECT count(*) FROM change_log WHERE seq > ${before} AND event LIKE 'RECORD%'`), '0', 'what did not change is not saved');
    ok(['rebuild', ...p.args]);
    sound(p);
    assert.deepEqual(derived(p.db).sums, wanted.sums);
  }
});

test('whose calls are due: what matters most first, on the day that follows old data', async (t) => {
  const p = place(t);
  importInvoices(p, invoiceFile(p, 'invoices.csv', market(8, { stores: 20, days: 200, noise: 0.05 })));
  const s = await serve(t, p.data);
  const all = await data(ask(s, '/api/predicted-orders'));
  const last = all.map((one) => one.explanation.as_of).sort().at(-1);
  const after = (days) => new Date(Date.parse(last) + days * 86400000).toISOString().slice(0, 10);
  const rank = ({ priority }) => ['high', 'medium', 'low'].indexOf(priority);
  for (const [asked, day] of [[after(0), after(0)], [after(3), after(3)], [after(14), after(14)], [after(15), after(1)], [after(900), after(1)]]) {
    const due = all.filter((one) => one.predicted_date <= day).sort((a, b) => rank(a) - rank(b) || b.total_amount - a.total_amount);
    const { json: found } = await ask(s, `/api/predicted-orders?due=${asked}&limit=3`);
    assert.deepEqual([found.day, found.total, found.data.map((one) => one.id)], [day, due.length, due.slice(0, 3).map((one) => one.id)]);
  }
  assert.equal((await ask(s, '/api/predicted-orders?due=tomorrow')).status, 422);

  // Words, each of which stands somewhere: also in the list of a day, and counted beyond the limit.
  const [, one] = all;
  const [code, name] = query(p.db, `SELECT customer_id, name FROM stores WHERE id = '${one.store_id}'`)[0];
  ok(['record', 'save', 'store', JSON.stringify({ id: one.store_id, city: '50% off_Town' }), ...p.args]);
  const found = async (q, more = '') => (await ask(s, `/api/predicted-orders?q=${encodeURIComponent(q)}${more}`)).json;
  for (const words of [code, code.toLowerCase(), `${name} 50%`, 'OFF_town']) assert.deepEqual((await found(words)).data.map(({ id }) => id), [one.id], words);
  for (const words of ['50_', `${code} nobody`]) assert.equal((await found(words)).total, 0, words);
  assert.equal((await found('c', '&limit=1')).total, all.length);
  assert.equal((await found('off_town', `&due=${after(-1)}`)).total, 0);
  assert.equal((await ask(s, `/api/predicted-orders?q=${'a+'.repeat(17)}`)).status, 422);
});

test('predictions come in pages, whatever happens in between, and one is told in the words of the list', async (t) => {
  const p = place(t);
  importInvoices(p, invoiceFile(p, 'invoices.csv', market(8, { stores: 20, days: 200, noise: 0.05 })));
  const s = await serve(t, p.data);
  const all = await data(ask(s, '/api/predicted-orders'));
  assert.ok(all.length > 6);
  const day = all.map((one) => one.predicted_date).sort()[Math.floor(all.length / 2)];
  const walk = async (list, limit, between = () => {}) => {
    const rows = [];
    for (let cursor = null, n = 0; n === 0 || cursor; n++) {
      const answer = await ask(s, `${list}&limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`);
      assert.equal(answer.status, 200, String(answer.body));
      rows.push(...answer.json.data);
      assert.equal(answer.json.next === null, answer.headers.link === undefined);
      cursor = answer.json.next;
      assert.ok(answer.json.data.length === limit || !cursor);
      if (cursor) await between(answer.json);
    }
    return rows.map(({ id }) => id);
  };
  for (const list of ['/api/predicted-orders?status=all', '/api/predicted-orders?q=s', `/api/predicted-orders?due=${day}`]) {
    const { data: whole, total } = (await ask(s, list)).json;
    assert.ok(whole.length > 2 && total === whole.length);
    for (const limit of [1, 3, whole.length - 1, whole.length, whole.length + 1]) assert.deepEqual(await walk(list, limit), whole.map(({ id }) => id), `${list} by ${limit}`);
    assert.equal((await ask(s, `${list}&limit=1`)).json.total, total);
  }
  // One that goes on a page that was seen moves nothing on the pages that follow; the last page knows the total, too.
  const [gone] = all;
  let n = 0;
  const seen = await walk('/api/predicted-orders?status=all', 2, () => n++ || data(ask(s, `/api/predicted-orders/${gone.id}`, { method: 'DELETE' })));
  assert.deepEqual(seen, all.map(({ id }) => id));
  const { next } = (await ask(s, '/api/predicted-orders?limit=1')).json;
  for (const wrong of [`/api/predicted-orders?due=${day}&cursor=${next}`, '/api/predicted-orders?cursor=abc', `/api/orders?cursor=${next}`, '/api/predicted-orders?cursor=W10']) assert.equal((await ask(s, wrong)).status, 422, wrong);

  const [, one] = all;
  const shown = await ask(s, `/api/predicted-orders/${one.id}`);
  assert.deepEqual(shown.json.data, one);
  assert.ok(typeof one.confidence === 'number' && typeof one.total_amount === 'number' && one.items.length);
  assert.equal((await ask(s, `/api/predicted-orders/${one.id}`, { method: 'PATCH', body: { notes: 'x' }, headers: { 'if-match': shown.headers.etag } })).status, 200);
  assert.equal((await ask(s, `/api/predicted-orders/${one.id}`, { method: 'PATCH', body: { notes: 'y' }, headers: { 'if-match': shown.headers.etag } })).status, 412);
  assert.equal((await data(ask(s, `/api/predicted-orders/${one.id}`))).notes, 'x');
  assert.equal((await data(ask(s, `/api/predicted-orders/${gone.id}`))).id, gone.id, 'a deleted one, too');
});

test('a store whose predictions are approved without asking gets its order, once', async (t) => {
  const p = place(t);
  importInvoices(p, invoiceFile(p, 'invoices.csv', market(8, { stores: 20, days: 200, noise: 0.05 })));
  const s = await serve(t, p.data);
  const [prediction] = await data(ask(s, '/api/predicted-orders'));
  await data(ask(s, `/api/stores/${prediction.store_id}/preferences`, { method: 'PUT', body: { auto_approve_predictions: true } }));
  const until = Date.now() + 60000;
  let made = [];
  while (!made.length && Date.now() < until) {
    await lib.sleep(100);
    made = await data(ask(s, '/api/orders?source=prediction'));
  }
  assert.deepEqual([made[0]?.store_id, made[0]?.status, made.length], [prediction.store_id, 'approved', 1]);
  const [approved] = await data(ask(s, '/api/predicted-orders?status=approved'));
  assert.deepEqual([approved.id, approved.order_id], [prediction.id, made[0].id]);
  await s.stop();
  for (let i = 0; i < 3; i++) {
    ok(['jobs', 'add', 'predict_orders', ...p.args]);
    work(p);
  }
  assert.equal(one(p.db, "SELECT count(*) FROM orders WHERE source = 'prediction'"), '1');
  sound(p);
});

test('the way of a single store: too few, overdue, gone', () => {
  assert.equal(nextDay([0, 7, 14, 21], 21), null);
  assert.equal(nextDay([0, 7, 14, 21, 28], 28).day, 35);
  assert.equal(nextDay([0, 7, 14, 21, 28], 35), null);
});
