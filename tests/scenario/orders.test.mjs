// Orders that are made here, and the figures of the dashboard: what is right is computed in BigInt from the rows alone.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as lib from './lib.mjs';
import { halfEven, ok, one, place, print, query, random, serve, sound, sqlite, units } from './lib.mjs';
import { ask, data, post, problem } from './api.mjs';
import { countedLines, importInvoices, invoiceFile, market, summaryIn, summaryOf } from './field.mjs';

async function shop(t, rows = market(3, { stores: 6, days: 120, items: 8 })) {
  const p = place(t);
  importInvoices(p, invoiceFile(p, 'invoices.csv', rows));
  const s = await serve(t, p.data);
  p.products = query(p.db, 'SELECT id, name, unit_price FROM products WHERE deleted_at IS NULL AND unit_price IS NOT NULL ORDER BY name').map(([id, name, price]) => ({ id, name, price: BigInt(price) }));
  p.stores = query(p.db, 'SELECT id, customer_id FROM stores WHERE deleted_at IS NULL ORDER BY customer_id').map(([id, code]) => ({ id, code }));
  return { p, s };
}
const patch = (s, target, body, headers) => ask(s, target, { method: 'PATCH', body, headers });
const put = (s, target, body, headers) => ask(s, target, { method: 'PUT', body, headers });
const del = (s, target) => ask(s, target, { method: 'DELETE' });
const lineTotal = (quantity, price) => halfEven(quantity * price, 1000000n);

async function checkSummary(p, s) {
  const answer = await ask(s, '/api/dashboard/summary');
  assert.deepEqual(summaryIn(String(answer.body)), summaryOf(countedLines(p.db)));
  return answer.json.data;
}

test('an order of several lines: prices, sums and terms, exact, and the dashboard right after it', async (t) => {
  const { p, s } = await shop(t);
  const [a, b, c] = p.products;
  await data(patch(s, `/api/products/${a.id}`, { sku: 'A-1', barcode: '4006381333931' }));
  const answer = await post(s, '/api/orders', { store_id: p.stores[0].code, order_date: '2024-03-01', items: [{ sku: 'A-1', quantity: 3 }, { product_id: b.id, quantity: '1.2345', unit_price: '99.9999' }, { code: c.name.toUpperCase(), quantity: '0.5' }, { code: '4006381333931', quantity: 1, unit_price: 0, note: 'gift' }] });
  const order = await data(Promise.resolve(answer), 201);
  assert.equal(answer.headers.location, `/api/orders/${order.id}`);
  assert.deepEqual(await data(ask(s, answer.headers.location)), order); // the reply is composed of what is known, not read
  const totals = [lineTotal(30000n, a.price), lineTotal(12345n, 999999n), lineTotal(5000n, c.price), 0n];
  assert.deepEqual(order.items.map((i) => i.total_price.toFixed(2)), totals.map((v) => print(v, 2, 2)));
  assert.match(String(answer.body), new RegExp(`"total_amount":${print(totals.reduce((x, y) => x + y), 2, 2).replace('.', '\\.')},`));
  assert.deepEqual([order.number, order.status, order.source, order.order_date, order.due_date, order.item_count], ['SO-0000001', 'pending', 'manual', '2024-03-01', '2024-03-31', 4]);
  await checkSummary(p, s);
  const recent = await data(ask(s, '/api/orders/recent'));
  assert.equal(recent.length, 10);
  assert.deepEqual(recent.map((o) => o.order_date), [...recent.map((o) => o.order_date)].sort().reverse());
  assert.deepEqual((await data(ask(s, '/api/orders/pending'))).map((o) => o.number), ['SO-0000001']);
  const store = await data(ask(s, `/api/stores/${p.stores[0].code}`));
  assert.equal(store.orders.length, Math.min(20, store.total_orders));
  assert.ok(store.orders.every((o) => o.store_id === p.stores[0].id));
  assert.equal(store.total_revenue.toFixed(2), print(countedLines(p.db).filter((l) => l.store === p.stores[0].code).reduce((x, l) => x + l.revenue, 0n), 4, 2));
  sound(p);
});

test('what is wrong with an order is said with its place, and nothing is stored', async (t) => {
  const { p, s } = await shop(t);
  const product_id = p.products[0].id;
  const store_id = p.stores[0].id;
  const good = { store_id, items: [{ product_id, quantity: 1 }] };
  const before = query(p.db, 'SELECT count(*), (SELECT count(*) FROM order_items), (SELECT max(seq) FROM change_log) FROM orders');
  const cases = [
    [{ ...good, store_id: 'nobody' }, 'store_id', /there is no store/], [{ items: good.items }, 'store_id', /needed/],
    [{ ...good, items: [] }, 'items', /at least one line/], [{ ...good, items: {} }, 'items', /list/], [{ store_id }, 'items', /at least one/],
    [{ ...good, items: [good.items[0], { product_id, quantity: 0 }] }, 'items/1/quantity', /more than 0/],
    [{ ...good, items: [{ product_id, quantity: '1.23456' }] }, 'items/0/quantity', /at most 4 digits/],
    [{ ...good, items: [{ product_id, quantity: -1 }] }, 'items/0/quantity', /0 or more/], [{ ...good, items: [{ product_id, quantity: 'many' }] }, 'items/0/quantity', /number/],
    [{ ...good, items: [{ sku: 'none', quantity: 1 }] }, 'items/0/sku', /no product with the sku none/], [{ ...good, items: [{ quantity: 1 }] }, 'items/0', /names its product/],
    [{ ...good, items: [{ product_id, quantity: 1, price: 2 }] }, 'items/0/price', /no 'price'/], [{ ...good, items: ['x'] }, 'items/0', /object/],
    [{ ...good, items: [{ product_id, quantity: '99999999999999', unit_price: '99999999999999' }] }, 'items/0/quantity', /too large/],
    [{ ...good, order_date: '2024-02-30' }, 'order_date', /day/], [{ ...good, status: 'invoiced' }, 'status', /draft, pending or approved/],
    [{ ...good, device: 'a b' }, 'device', /capital letters/], [{ ...good, total_amount: 5 }, 'total_amount', /cannot|can be set/],
    [{ ...good, items: Array.from({ length: 501 }, () => good.items[0]) }, 'items', /at most 500/],
  ];
  for (const [body, field, pattern] of cases) {
    const answer = await post(s, '/api/orders', body);
    assert.ok([409, 413, 422].includes(answer.status), `${JSON.stringify(body).slice(0, 100)}: ${answer.status}`);
    assert.equal(answer.json.errors[0].field, field);
    assert.match(answer.json.detail, pattern);
  }
  // All of it at once: members, store and lines.
  const fields = async (promise) => (await problem(promise, 422)).errors.map((error) => error.pointer);
  const bad = { store_id: 7, order_date: 'x', due_date: '2024-02-30', status: 'gone', device: 'a b', override: 'yes', colour: 'red', items: [{ quantity: 'x' }, good.items[0], { product_id, quantity: -1, unit_price: 'z', price: 1 }] };
  const wanted = ['/colour', '/order_date', '/due_date', '/override', '/device', '/status', '/store_id', '/items/0', '/items/0/quantity', '/items/2/price', '/items/2/quantity', '/items/2/unit_price'];
  assert.deepEqual(await fields(post(s, '/api/orders', bad)), wanted);
  assert.deepEqual(await fields(post(s, '/api/orders', { store_id: 'none', items: [{ sku: 'a', quantity: 1 }, good.items[0], { sku: 'b', quantity: 1 }] })), ['/store_id', '/items/0/sku', '/items/2/sku']);
  for (const [body, pattern] of [[{}, /what the order is made from/], [{ prediction_id: store_id }, /no prediction/], [{ template_order_id: 'x' }, /no order or invoice/]]) await problem(post(s, '/api/orders/generate', body), 422, pattern);
  await problem(ask(s, `/api/orders/${store_id}`), 404, /no order or invoice/);
  await problem(patch(s, `/api/orders/${store_id}`, {}), 404, /no order/);
  await problem(ask(s, '/api/orders?cursor=abc'), 422, /cursor/);
  assert.deepEqual(query(p.db, 'SELECT count(*), (SELECT count(*) FROM order_items), (SELECT max(seq) FROM change_log) FROM orders'), before);
  sqlite(p.db, `UPDATE stores SET status = 'blocked' WHERE id = '${store_id}'`);
  await problem(post(s, '/api/orders', good), 409, /blocked/);
  assert.equal((await data(post(s, '/api/orders', { ...good, store_id: p.stores[1].id }), 201)).number, 'SO-0000001');
});

test('orders as CSV are the same page of the same list', async (t) => {
  const { p, s } = await shop(t);
  await data(post(s, '/api/orders', { store_id: p.stores[0].id, notes: '=1+1; \'=2, "x"', items: [{ product_id: p.products[0].id, quantity: '1.5' }] }), 201);
  const text = (value) => (value === null ? '' : String(value));
  for (const list of ['/api/orders?limit=7', '/api/orders?status=pending', `/api/orders?store=${p.stores[1].code}&limit=3`, '/api/orders/pending?limit=5', '/api/orders/recent?']) {
    const { json, headers } = await ask(s, list);
    for (const answer of [await ask(s, `${list}&format=csv`), await ask(s, list, { headers: { accept: 'text/csv' } })]) {
      assert.deepEqual([answer.status, answer.headers['content-type'], answer.headers['content-disposition']], [200, 'text/csv; charset=utf-8', 'attachment; filename="orders.csv"']);
      assert.equal(answer.headers.link?.replace('&format=csv', ''), headers.link, 'the next page');
      const rows = lib.table(String(answer.body));
      assert.deepEqual(rows.map(({ notes, total_amount, ...row }) => [row, Number(total_amount)]), json.data.map(({ notes, total_amount, ...row }) => [Object.fromEntries(Object.entries(row).map(([name, value]) => [name, text(value)])), total_amount]));
      assert.deepEqual(rows.map((row) => row.notes), json.data.map((row) => (row.notes ? "'=1+1; '=2, \"x\"" : '')));
    }
    assert.deepEqual((await ask(s, `${list}&format=json`)).json, json);
  }
  const next = await ask(s, '/api/orders?limit=7&format=csv');
  const second = await ask(s, /<(.*)>/.exec(next.headers.link)[1]);
  assert.deepEqual(lib.table(String(second.body)).map((row) => row.number), (await data(ask(s, '/api/orders?limit=14'))).slice(7).map((row) => row.number));
  const none = await ask(s, '/api/orders?q=nowhere&format=csv');
  assert.equal(String(none.body), `${String(next.body).split('\r\n')[0]}\r\n`, 'the heading stands over no rows, too');
  await problem(ask(s, '/api/orders?format=xml'), 422, /json or csv/);
});

test('a status that cannot be: what may follow is said, from where the order is', async (t) => {
  const { p, s } = await shop(t);
  const body = { store_id: p.stores[0].id, items: [{ product_id: p.products[0].id, quantity: 1 }] };
  const made = await data(post(s, '/api/orders', { ...body, status: 'draft' }), 201);
  const turn = (status, how = put) => how(s, `/api/orders/${made.id}`, { ...body, status });
  for (const how of [put, patch]) await problem(turn('gone', how), 422, /is draft: it stays draft, or becomes pending or approved, or is cancelled .*'gone'/);
  assert.equal((await data(turn('pending'))).status, 'pending');
  for (const status of ['invoiced', 'cancelled', 'Pending']) await problem(turn(status), 422, /is pending: it stays pending, or becomes approved, or is cancelled \(POST /);
  await problem(turn('draft'), 409, /is pending: .* becomes approved, .* does not become 'draft'/);
  assert.equal((await data(turn('approved', patch))).status, 'approved');
  for (const status of ['draft', 'pending']) await problem(turn(status), 409, /is approved: it stays approved, or is cancelled/);
  assert.equal((await data(turn('approved'))).status, 'approved');
  await problem(post(s, '/api/orders', { ...body, status: 'gone' }), 422, /^an order is made as draft, pending or approved/);
  await data(post(s, `/api/orders/${made.id}/cancel`, {}));
  await problem(turn('approved'), 409, /cancelled: it is not changed/);
});

test('property: any sequence of changes to orders, and the figures after each', async (t) => {
  const { p, s } = await shop(t);
  const r = random(Number(process.env.SEED ?? 5));
  const orders = new Map(); // id -> { status, lines, deleted, number }
  const numbers = { SO: 0, TAB: 0 };
  const lines = () => Array.from({ length: 1 + r.below(5) }, () => ({ product: r.pick(p.products), quantity: BigInt(1 + r.below(200000)), price: r.chance(0.5) ? null : BigInt(r.below(2000000)) }));
  const asked = (l) => ({ product_id: l.product.id, quantity: print(l.quantity, 4, 0), ...(l.price === null ? {} : { unit_price: print(l.price, 4, 0) }) });
  const totalOf = (ls) => ls.reduce((sum, l) => sum + lineTotal(l.quantity, l.price ?? l.product.price), 0n);
  const pickLive = (...states) => r.pick([...orders.entries()].filter(([, o]) => !o.deleted && states.includes(o.status)).concat([[null, null]]));
  for (let step = 0; step < (lib.LONG ? 400 : 60); step++) {
    const what = r.below(8);
    const [id, o] = what < 3 ? [] : pickLive('draft', 'pending', 'approved', 'cancelled');
    if (what < 3) {
      const ls = lines();
      const device = r.pick(['SO', 'TAB']);
      const made = await data(post(s, '/api/orders', { store_id: r.pick(p.stores).id, items: ls.map(asked), status: r.pick(['draft', 'pending', 'approved']), order_date: r.pick(['2024-02-01', '2024-05-05']), ...(device === 'TAB' ? { device } : {}) }), 201);
      assert.equal(made.number, `${device}-${String(++numbers[device]).padStart(7, '0')}`);
      assert.deepEqual(await data(ask(s, `/api/orders/${made.id}`)), made);
      orders.set(made.id, { status: made.status, lines: ls, deleted: false, number: made.number });
    } else if (!id) continue;
    else if (what < 5) {
      const ls = lines();
      const body = { items: ls.map(asked), notes: `n${step}` };
      const answer = await (what === 3 ? patch : put)(s, `/api/orders/${r.chance(0.5) ? id : o.number}`, body);
      assert.equal(answer.status, o.status === 'cancelled' ? 409 : 200, String(answer.body));
      if (answer.status === 200) o.lines = ls;
    } else if (what === 5) {
      const answer = await post(s, `/api/orders/${id}/approve`, { note: 'yes' });
      assert.equal(answer.status, ['draft', 'pending'].includes(o.status) ? 200 : 409);
      if (answer.status === 200) o.status = 'approved';
    } else if (what === 6) {
      const answer = await post(s, `/api/orders/${id}/cancel`);
      assert.equal(answer.status, o.status === 'cancelled' ? 409 : 200);
      o.status = 'cancelled';
    } else {
      await data(del(s, `/api/orders/${id}`));
      o.deleted = true;
      if (r.chance(0.5)) {
        await data(post(s, `/api/orders/${id}/restore`));
        o.deleted = false;
      }
    }
    await checkSummary(p, s);
  }
  for (const [id, o] of orders) {
    if (o.deleted) {
      await problem(ask(s, `/api/orders/${id}`), 404);
      continue;
    }
    const answer = await ask(s, `/api/orders/${id}`);
    assert.equal(answer.json.data.status, o.status);
    assert.equal(/"total_amount":([0-9.]+)/.exec(String(answer.body))[1], print(totalOf(o.lines), 2, 2));
    assert.deepEqual(answer.json.data.items.map((i) => [i.product_id, i.quantity]), o.lines.map((l) => [l.product.id, Number(print(l.quantity, 4, 0))]));
  }
  const listed = [];
  for (let next = ''; next !== null; ) {
    const page = (await ask(s, `/api/orders?limit=7${next && `&cursor=${next}`}`)).json;
    listed.push(...page.data.map((o) => o.number));
    next = page.next;
  }
  assert.equal(new Set(listed).size, listed.length);
  assert.equal(listed.length, [...orders.values()].filter((o) => !o.deleted).length + Number(one(p.db, 'SELECT count(DISTINCT invoice_id) FROM mangalam_invoices')));
  assert.equal(one(p.db, 'SELECT count(*) FROM orders'), String(numbers.SO + numbers.TAB), 'what is deleted keeps its number');
  assert.ok((await ask(s, '/api/dashboard/audit')).json.ok);
  await s.stop();
  sound(p);
});

test('the credit limit and the payment terms of a store are kept', async (t) => {
  const { p, s } = await shop(t);
  const [store] = p.stores;
  const order = (total, more = {}) => post(s, '/api/orders', { store_id: store.id, order_date: '2024-03-01', items: [{ product_id: p.products[0].id, quantity: 1, unit_price: total }], ...more });
  assert.deepEqual(await data(ask(s, `/api/stores/${store.code}/preferences`)), { store_id: store.id, call_frequency: 'weekly', payment_terms: 30, credit_limit: null, auto_approve_predictions: false, version: 0 });
  const kept = await data(put(s, `/api/stores/${store.code}/preferences`, { credit_limit: '100.00', payment_terms: 7 }));
  assert.deepEqual([kept.credit_limit, kept.payment_terms, kept.call_frequency, kept.version], [100, 7, 'weekly', 1]);
  const first = await data(order('60'), 201);
  assert.equal(first.due_date, '2024-03-08');
  await problem(order('40.01'), 409, /limit of this store is 100\.00; 60\.00 are open already, and this order is 40\.01/);
  const draft = await data(order('500', { status: 'draft' }), 201);
  await problem(post(s, `/api/orders/${draft.id}/approve`), 409, /credit limit/);
  await data(order('40.00'), 201);
  await problem(patch(s, `/api/orders/${first.id}`, { items: [{ product_id: p.products[0].id, quantity: 1, unit_price: '60.01' }] }), 409, /credit limit/);
  await data(patch(s, `/api/orders/${first.id}`, { items: [{ product_id: p.products[0].id, quantity: 1, unit_price: '10' }] }));
  await data(order('50'), 201);
  assert.equal((await data(order('1', { override: true }), 201)).over_limit, true);
  await problem(put(s, `/api/stores/${store.code}/preferences`, { credit_limit: -1 }), 422, /credit_limit/);
  await problem(put(s, `/api/stores/${store.code}/preferences`, { payment_terms: 9 }, { 'if-match': '"7"' }), 412, /version/);
  for (const none of ['none', '01a200e0-976a-7009-b6d5-5e1dac0b32a9']) {
    await problem(ask(s, `/api/stores/${none}/preferences`), 404, /no store/);
    await problem(put(s, `/api/stores/${none}/preferences`, { payment_terms: 9 }), 404, /no store/);
  }
});

test('the tag of an order and of preferences is what If-Match takes', async (t) => {
  const { p, s } = await shop(t);
  const made = await post(s, '/api/orders', { store_id: p.stores[0].id, items: [{ product_id: p.products[0].id, quantity: 1 }] });
  const { id, number } = made.json.data;
  for (const address of [`/api/orders/${number}`, `/api/stores/${p.stores[0].code}/preferences`]) {
    const body = (notes) => address.includes('orders') ? { notes } : { payment_terms: notes.length };
    const { etag } = (await ask(s, address)).headers;
    assert.equal((await ask(s, address, { headers: { 'if-none-match': etag } })).status, 304);
    const both = await Promise.all(['one', 'other'].map((notes) => ask(s, address, { method: 'PUT', body: body(notes), headers: { 'if-match': etag } })));
    assert.deepEqual(both.map((b) => b.status).sort(), [200, 412], address);
    const won = both.find((b) => b.status === 200);
    assert.equal((await ask(s, address)).headers.etag, won.headers.etag, 'the reply to a change has the tag of what is there now');
    assert.notEqual(won.headers.etag, etag);
    await data(put(s, address, body('third'), { 'if-match': won.headers.etag }));
    // No tag but one that was given out for it: not its version with anything behind it, nor that of something else.
    const now = (await ask(s, address)).headers.etag;
    const [version] = /\d+/.exec(now);
    const other = (await ask(s, `/api/stores/${p.stores[1].code}`)).headers.etag.replace(/^"\d+/, `"${version}`);
    const none = [`"${version}-anything"`, `"${version}-"`, now.replace(/.(?="$)/, (c) => (c === '0' ? '1' : '0')), now.replace(/-./, (c) => (c === '-0' ? '-1' : '-0')), other,
      `W/${now}`, now.slice(1, -1), `*${now}`, `"x, ${now.slice(1)}`, `${now}x`, ''];
    for (const tag of none) await problem(put(s, address, body('fourth'), { 'if-match': tag }), 412, /at version/);
    for (const list of [(tag) => tag, (tag) => `"other" , W/"x",${tag}`, () => '*', (tag) => ` ${tag} `])
      assert.equal((await put(s, address, body('third'), { 'if-match': list((await ask(s, address)).headers.etag) })).status, 200, String(list));
    const then = (await ask(s, address)).headers.etag;
    for (const tag of [then, `W/${then}`, '*']) await problem(put(s, address, body('fourth'), { 'if-none-match': tag }), 412, /If-None-Match/);
    assert.equal((await put(s, address, body('third'), { 'if-none-match': '"other"' })).status, 200);
  }
  assert.match(made.headers.etag, /^"1-/);
  await problem(ask(s, `/api/orders/${id}`, { method: 'DELETE', headers: { 'if-match': made.headers.etag } }), 412, /at version/);
  const invoice = (await data(ask(s, '/api/orders?source=invoice&limit=1')))[0];
  assert.match((await ask(s, `/api/orders/${invoice.id}`)).headers.etag, /^"[0-9a-f]{32}"$/);
});

test('the reply to a change of a prediction or an order is what its address shows then', async (t) => {
  const { p, s } = await shop(t);
  const same = async (answer, status, address) => {
    assert.equal(answer.status, status, String(answer.body));
    const shown = await ask(s, address ?? answer.headers.location);
    assert.deepEqual(answer.json.data, shown.json.data);
    assert.equal(answer.headers.etag, shown.headers.etag);
    return answer.json.data;
  };
  const body = { store_id: p.stores[0].id, predicted_date: '2030-01-02', confidence: 0.81, total_amount: 100.5 };
  const made = await same(await post(s, '/api/predicted-orders', body), 201);
  assert.deepEqual([made.confidence, made.total_amount, made.store_name, made.items], [0.81, 100.5, 'Store C001', []]);
  const at = `/api/predicted-orders/${made.id}`;
  assert.equal((await same(await ask(s, at, { method: 'PATCH', body: { total_amount: '7.25' } }), 200, at)).total_amount, 7.25);
  const put = await same(await ask(s, at, { method: 'PUT', body: { ...body, confidence: '0.5' } }), 200, at);
  assert.deepEqual([put.confidence, put.version], [0.5, 3]);
  await same(await post(s, '/api/predicted-orders', { id: made.id, notes: 'x' }), 200, at);
  assert.deepEqual(await data(ask(s, at, { method: 'DELETE' })), { id: made.id, deleted: true });
  await problem(ask(s, at, { method: 'PATCH', body: { notes: 'y' } }), 409, /deleted/);
  await same(await post(s, `${at}/restore`), 200, at);
  await problem(post(s, '/api/predicted-orders', { ...body, confidence: 'high' }), 422, /confidence/);
  await problem(ask(s, '/api/predicted-orders/01a200e0-976a-7009-b6d5-5e1dac0b32a9', { method: 'PATCH', body: {} }), 404, /no predicted_order/);
  // At the address of every entity it is the record, as that of any other.
  assert.equal((await data(ask(s, `/api/records/predicted_order/${made.id}`))).confidence, '0.5');

  const order = await data(post(s, '/api/orders', { store_id: p.stores[0].id, items: [{ product_id: p.products[0].id, quantity: 1 }] }), 201);
  await data(ask(s, `/api/orders/${order.number}`, { method: 'DELETE' }));
  assert.equal((await same(await post(s, `/api/orders/${order.number}/restore`), 200, `/api/orders/${order.id}`)).items.length, 1);
});

test('a list of a store by its code; what a list does not know is refused, and not passed over', async (t) => {
  const { p, s } = await shop(t);
  const [store] = p.stores;
  await data(post(s, '/api/orders', { store_id: store.id, items: [{ product_id: p.products[0].id, quantity: 1 }] }), 201);
  for (const list of ['/api/orders?limit=5', '/api/orders/pending?limit=5', '/api/predicted-orders?status=all', '/api/analytics/trends?period=day', '/api/analytics/bought?limit=5']) {
    const byId = await data(ask(s, `${list}&store=${store.id}`));
    assert.ok(byId.length > 0 || list.includes('predicted'), list);
    assert.deepEqual(await data(ask(s, `${list}&store=${store.code}`)), byId, list);
    assert.deepEqual(await data(ask(s, `${list}&store=nobody`)), [], list);
  }
  await problem(ask(s, '/api/orders?status=open'), 422, /^status is draft, pending, approved, invoiced or cancelled, not 'open'$/);
  await problem(ask(s, '/api/orders?source=fax'), 422, /^source is invoice, /);
  await problem(ask(s, '/api/predicted-orders?status=x'), 422, /^status is pending, approved, rejected or all, /);
  for (const [list, word] of [['/api/orders?filter[status]=pending', 'filter'], ['/api/orders?sort=-total_amount', 'sort'], ['/api/dashboard/summary?format=csv', 'format'], ['/api/orders/recent?cursor=x', 'cursor'], ['/api/dashboard/summary?fields=total_stores', 'fields']]) assert.equal((await problem(ask(s, list), 422, /there is no .* here; this address takes /)).errors[0].field, word);
  const recent = await ask(s, '/api/orders/recent');
  assert.deepEqual([recent.json.next, recent.headers.link], [null, undefined], 'the ten newest have no second page');
  for (const fine of ['/api/orders?status=', '/api/stores?filter[status]=active&sort=name&fields=name&format=json']) await data(ask(s, fine));
});

test('an invoice that names an order settles it, and when it is taken back the order counts again', async (t) => {
  const { p, s } = await shop(t);
  const [store] = p.stores;
  const made = await data(post(s, '/api/orders', { store_id: store.id, items: [{ product_id: p.products[0].id, quantity: 2, unit_price: '10' }] }), 201);
  await s.stop();
  const run = importInvoices(p, invoiceFile(p, 'settles.csv', [{ invoice: 'S-1', day: '2024-04-01', store: store.code, item: p.products[0].name, quantity: '2', total: '19.50', po: made.number }])).run;
  const again = await serve(t, p.data);
  const settled = await data(ask(again, `/api/orders/${made.id}`));
  assert.deepEqual([settled.status, settled.invoice_id], ['invoiced', 'S-1']);
  await checkSummary(p, again);
  await problem(patch(again, `/api/orders/${made.id}`, { notes: 'x' }), 409, /invoiced/);
  await problem(del(again, `/api/orders/${made.id}`), 409, /books/);
  const [shown] = (await data(ask(again, '/api/orders?status=invoiced&limit=1&q=S-1')));
  assert.deepEqual([shown.number, shown.source, shown.total_amount], ['S-1', 'invoice', 19.5]);
  assert.equal((await data(ask(again, `/api/orders/${shown.id}`))).items[0].product, p.products[0].name);
  await data(post(again, `/api/runs/${run}/undo`));
  const until = Date.now() + 60000;
  for (;;) {
    const now = await data(ask(again, `/api/orders/${made.id}`));
    if (now.status === 'approved' && now.invoice_id === null) break;
    assert.ok(Date.now() < until, now.status);
    await lib.sleep(50);
  }
  await checkSummary(p, again);
  await again.stop();
  sound(p);
});

test('orders from an earlier one, for a store, and from a prediction, each once', async (t) => {
  const { p, s } = await shop(t, market(8, { stores: 10, days: 200, noise: 0.05 }));
  const [prediction] = await data(ask(s, '/api/predicted-orders'));
  assert.ok(prediction.items.length && prediction.explanation.text);
  const made = await data(post(s, '/api/orders/generate', { prediction_id: prediction.id }, { 'idempotency-key': 'one' }), 201);
  const repeated = await post(s, '/api/orders/generate', { prediction_id: prediction.id }, { 'idempotency-key': 'one' });
  assert.deepEqual([repeated.status, repeated.json.data.id], [201, made.id]);
  assert.deepEqual(made.items.map((i) => [i.product_id, i.quantity]), prediction.items.map((i) => [i.product_id, i.quantity]));
  assert.deepEqual([made.source, made.source_id, made.store_id], ['prediction', prediction.id, prediction.store_id]);
  await problem(post(s, '/api/orders/generate', { prediction_id: prediction.id }), 409, /approved already/);
  const [approved] = await data(ask(s, '/api/predicted-orders?status=approved'));
  assert.deepEqual([approved.id, approved.order_number], [prediction.id, made.number]);
  const copy = await data(post(s, '/api/orders/generate', { template_order_id: made.number, status: 'draft' }), 201);
  assert.deepEqual(copy.items.map((i) => [i.product_id, i.quantity]), made.items.map((i) => [i.product_id, i.quantity]));
  const [invoice] = await data(ask(s, '/api/orders?source=invoice&limit=1'));
  const from = await data(post(s, '/api/orders/generate', { template_order_id: invoice.id }), 201);
  assert.equal(from.store_id, invoice.store_id);
  assert.ok((await data(post(s, '/api/orders/generate', { store_id: p.stores[3].code }), 201)).items.length);
  await checkSummary(p, s);
});

test('an order that was entered from a prediction decides on it, however late it arrives, and never twice', async (t) => {
  const { s } = await shop(t, market(8, { stores: 10, days: 200, noise: 0.05 }));
  const predictions = await data(ask(s, '/api/predicted-orders'));
  const [first, second] = predictions;
  const other = predictions.find((one) => one.store_id !== first.store_id);
  const order = (prediction, more) => ({ store_id: prediction.store_id, prediction_id: prediction.id, items: [{ product_id: prediction.items[0].product_id, quantity: 3 }], source: 'quick', ...more });
  const status = async ({ id }) => (await data(ask(s, '/api/predicted-orders?status=all'))).find((one) => one.id === id).status;

  await data(post(s, '/api/orders', order(first, { status: 'draft' })), 201);
  const elsewhere = await data(post(s, '/api/orders', order(first, { store_id: other.store_id })), 201);
  await problem(post(s, '/api/orders', order(first, { items: [{ product_id: 'nothing', quantity: 1 }] })), 422, /nothing/);
  assert.deepEqual([await status(first), elsewhere.source, elsewhere.source_id ?? null], ['pending', 'quick', null]);

  const made = await data(post(s, '/api/orders', order(first), { 'idempotency-key': 'late' }), 201);
  const repeated = await post(s, '/api/orders', order(first), { 'idempotency-key': 'late' });
  assert.deepEqual([made.source, made.source_id, repeated.json.data.id, await status(first)], ['prediction', first.id, made.id, 'approved']);
  const again = await data(post(s, '/api/orders', order(first)), 201); // another one of the same store: it stands, and decides nothing
  assert.deepEqual([again.source, again.source_id ?? null], ['quick', null]);

  await data(ask(s, `/api/predicted-orders/${second.id}`, { method: 'PATCH', body: { status: 'rejected' } }));
  assert.equal((await data(post(s, '/api/orders', order(second)), 201)).source, 'quick');
  assert.equal(await status(second), 'rejected');
  assert.equal((await data(post(s, '/api/orders', order(first, { prediction_id: 'gone' })), 201)).source, 'quick');
});

test('each of the nine figures turns red when somebody changes a row by hand', async (t) => {
  const { p, s } = await shop(t);
  await data(post(s, '/api/orders', { store_id: p.stores[0].id, items: [{ product_id: p.products[0].id, quantity: 2 }] }), 201);
  const red = async () => (await ask(s, '/api/dashboard/audit')).json.data.filter((x) => !x.ok).map((x) => x.name);
  assert.deepEqual(await red(), []);
  const hold = 'PRAGMA foreign_keys=OFF;';
  const cases = [
    ['UPDATE field_total SET revenue = revenue + 1', 'UPDATE field_total SET revenue = revenue - 1', ['total_revenue']],
    ['UPDATE field_total SET orders = orders + 1', 'UPDATE field_total SET orders = orders - 1', ['total_orders', 'average_order_value']],
    ['UPDATE mangalam_invoices SET total = total + 100000 WHERE key = (SELECT min(key) FROM mangalam_invoices)', 'UPDATE mangalam_invoices SET total = total - 100000 WHERE key = (SELECT min(key) FROM mangalam_invoices)', ['total_revenue']],
    [`${hold} UPDATE stores SET deleted_at = 1 WHERE customer_id = 'C001'`, "UPDATE stores SET deleted_at = NULL WHERE customer_id = 'C001'", ['total_stores']],
    [`${hold} UPDATE products SET deleted_at = 1 WHERE name = 'Item 1'`, "UPDATE products SET deleted_at = NULL WHERE name = 'Item 1'", ['total_products']],
    ["UPDATE customer_segments SET segment_value = 'low', segment_name = 'was high' WHERE segment_value = 'high'", "UPDATE customer_segments SET segment_value = 'high' WHERE segment_name = 'was high'", ['high_value_customers']],
    ["INSERT INTO predicted_orders (id, store_id, predicted_date, created_at, created_by, updated_at, updated_by) SELECT 'x', id, '2024-01-01', 0, 'x', 0, 'x' FROM stores LIMIT 1", "DELETE FROM predicted_orders WHERE id = 'x'", ['pending_predictions']],
    ['UPDATE field_store SET revenue = revenue + 10000', 'UPDATE field_store SET revenue = revenue - 10000', ['top_stores']],
    ['UPDATE field_product SET revenue = revenue + 10000', 'UPDATE field_product SET revenue = revenue - 10000', ['top_products']],
  ];
  for (const [spoil, mend, names] of cases) {
    sqlite(p.db, spoil);
    const found = await red();
    for (const name of names) assert.ok(found.includes(name), `${spoil}: ${found}`);
    sqlite(p.db, mend);
    assert.deepEqual(await red(), [], mend);
  }
  await s.stop();
  for (const spoil of ['UPDATE field_total SET orders = 7', 'UPDATE field_total SET orders = (SELECT count(*) FROM field_sale); UPDATE field_store SET open = open + 1']) {
    sqlite(p.db, spoil);
    assert.ok(lib.verify(p).checks.some((c) => c.check === 'field_sums' && !c.ok), spoil);
  }
  ok(['rebuild', ...p.args]);
  assert.ok(lib.verify(p).checks.every((c) => c.check !== 'field_sums' || c.ok));
});

test('trends by day, week and month are what the rows come to', async (t) => {
  const { p, s } = await shop(t);
  await data(post(s, '/api/orders', { store_id: p.stores[0].id, order_date: '2024-12-30', items: [{ product_id: p.products[0].id, quantity: 2 }] }), 201);
  const rows = countedLines(p.db);
  const week = (day) => {
    const thursday = new Date((day - ((day + 3) % 7) + 3) * 86400e3);
    const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
    return `${thursday.getUTCFullYear()}-W${String(1 + Math.floor((thursday - first) / 86400e3 / 7)).padStart(2, '0')}`;
  };
  const iso = (day) => new Date(day * 86400e3).toISOString();
  for (const [period, of] of [['day', (d) => iso(d).slice(0, 10)], ['week', week], ['month', (d) => iso(d).slice(0, 7)]]) {
    const wanted = new Map();
    for (const l of rows) {
      const g = wanted.get(of(l.day)) ?? { documents: new Set(), stores: new Set(), revenue: 0n };
      g.documents.add(`${l.ref} ${l.store} ${l.day}`);
      g.stores.add(l.store);
      g.revenue += l.revenue;
      wanted.set(of(l.day), g);
    }
    const answer = await ask(s, `/api/analytics/trends?period=${period}`);
    assert.deepEqual(
      answer.json.data.map((x) => [x.period, x.orders, x.revenue.toFixed(2), x.average_order_value.toFixed(2), x.stores]),
      [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, g]) => [name, g.documents.size, print(g.revenue, 4, 2), print(halfEven(g.revenue, BigInt(g.documents.size) * 100n), 2, 2), g.stores.size]));
  }
  const some = await data(ask(s, `/api/analytics/trends?period=day&from=2024-02-01&to=2024-02-10&store=${p.stores[1].id}`));
  assert.equal(some.reduce((n, x) => n + x.orders, 0), new Set(rows.filter((l) => l.store === p.stores[1].code && iso(l.day) >= '2024-02-01' && iso(l.day).slice(0, 10) <= '2024-02-10').map((l) => l.ref)).size);
  await problem(ask(s, '/api/analytics/trends?period=year'), 422, /day, week or month/);
});

// The log says in which order all of it happened: what each entry relied on is what the entries before it say.
function checkLog(db, prices) {
  const now = { price: new Map(prices), gone: new Set(), limit: new Map(), blocked: new Set(), open: new Map() };
  const counted = { lines: 0, orders: 0, changes: 0 };
  for (const [table, event, after] of query(db, "SELECT tbl, event, after FROM change_log WHERE tbl IN ('products', 'stores', 'store_preferences', 'orders', 'order_items') AND key IS NOT NULL ORDER BY seq")) {
    const row = JSON.parse(after);
    if (table === 'products') {
      now.price.set(row.id, row.unit_price);
      now.gone[row.active ? 'delete' : 'add'](row.id);
      counted.changes++;
    } else if (table === 'stores') now.blocked[row.status === 'blocked' ? 'add' : 'delete'](row.id);
    else if (table === 'store_preferences') now.limit.set(row.store_id, row.credit_limit);
    else if (table === 'orders' && event === 'RECORD_CREATED') {
      assert.ok(!now.blocked.has(row.store_id), `${row.number}: its store was blocked before`);
      const open = (now.open.get(row.store_id) ?? 0n) + units(row.total_amount);
      const limit = now.limit.get(row.store_id);
      assert.ok(limit === undefined || limit === null || open <= units(limit), `${row.number}: ${print(open)} are open, and the limit was ${limit}`);
      now.open.set(row.store_id, open);
      counted.orders++;
    } else if (table === 'order_items') {
      assert.equal(row.unit_price, now.price.get(row.product_id), `line ${row.id}: the price before it`);
      assert.ok(!now.gone.has(row.product_id), `line ${row.id}: its product was not sold any more`);
      counted.lines++;
    }
  }
  return counted;
}

test('64 who order while prices, limits and stores change, here and from another process: nothing is decided by what was', async (t) => {
  const { p, s } = await shop(t);
  const prices = query(p.db, "SELECT id, printf('%.4f', unit_price / 10000.0) FROM products").map(([id, price]) => [id, print(units(price), 4, 0)]);
  const products = p.products.slice(0, 4);
  const stores = p.stores.slice(0, 3);
  await data(put(s, `/api/stores/${stores[0].code}/preferences`, { credit_limit: '900000' }));
  let made = 0;
  let refused = 0;
  let left = 0;
  const buyer = async (n) => {
    for (let i = 0; i < 6; i++) {
      const items = [0, 1].map((k) => ({ product_id: products[(n + i + k) % products.length].id, quantity: 1 + ((n + i) % 3) }));
      const answer = await post(s, '/api/orders', { store_id: stores[(n * 7 + i) % stores.length].code, items });
      assert.ok([201, 409, 422].includes(answer.status), String(answer.body));
      if (answer.status === 201) made++;
      else refused++;
    }
    left--;
  };
  const changer = async (of, act) => {
    for (let i = 1; left > 0; i++) await act(i, of[i % of.length]);
  };
  const other = async (i, product) => {
    const { code, err } = await lib.start(['record', 'save', 'product', JSON.stringify({ id: product.id, unit_price: `${i}.5` }), ...p.args]).ended;
    assert.equal(code, 0, err);
  };
  const round = (...changers) => {
    left = 64;
    return Promise.all([...Array.from({ length: 64 }, (_, n) => buyer(n)), ...changers.map((begin) => begin())]);
  };
  await round(
    () => changer(products, async (i, product) => data(patch(s, `/api/products/${product.id}`, { unit_price: `${10 + (i % 50)}.25`, active: i % 5 !== 0 }))),
    () => changer([stores[0]], async (i, store) => data(put(s, `/api/stores/${store.code}/preferences`, { credit_limit: String(200 + (i % 7) * 100) }))),
    () => changer([stores[1]], async (i, store) => data(patch(s, `/api/stores/${store.id}`, { status: i % 3 ? 'active' : 'blocked' }))),
    () => changer(products, other),
  );
  await data(patch(s, `/api/stores/${stores[1].id}`, { status: 'active' }));
  await round(() => changer(products, other)); // nobody here writes products
  const counted = checkLog(p.db, prices);
  assert.deepEqual([counted.orders, counted.lines, made + refused], [made, 2 * made, 2 * 64 * 6]);
  assert.ok(made > 50 && refused > 5 && counted.changes > 5, JSON.stringify({ made, refused, ...counted }));
  await checkSummary(p, s);
  sound(p);
});

test('kill -9 while orders are posted: what was acknowledged is there once, and numbers have no gap', async (t) => {
  const { p, s } = await shop(t);
  let server = s;
  const acknowledged = new Map();
  let key = 0;
  for (let round = 0; round < (lib.LONG ? 10 : 3); round++) {
    let killed = false;
    const client = async () => {
      while (!killed) {
        const mine = `k${key++}`;
        const body = { store_id: p.stores[key % p.stores.length].id, items: [{ product_id: p.products[0].id, quantity: 1 }, { product_id: p.products[1].id, quantity: 2 }], notes: mine };
        const answer = await post(server, '/api/orders', body, { 'idempotency-key': mine }).catch(() => null);
        if (answer?.status === 201) acknowledged.set(mine, answer.json.data.number);
        else if (!answer) return mine;
      }
    };
    const clients = [1, 2, 3, 4, 5, 6].map(client);
    const enough = acknowledged.size + 25;
    while (acknowledged.size < enough) await lib.sleep(5);
    killed = true;
    await server.stop('SIGKILL');
    const unknown = (await Promise.all(clients)).filter(Boolean);
    server = await serve(t, p.data);
    for (const mine of unknown) { // the client asks again, and it happens once
      const body = { store_id: p.stores[(Number(mine.slice(1)) + 1) % p.stores.length].id, items: [{ product_id: p.products[0].id, quantity: 1 }, { product_id: p.products[1].id, quantity: 2 }], notes: mine };
      const answer = await post(server, '/api/orders', body, { 'idempotency-key': mine });
      assert.equal(answer.status, 201, String(answer.body));
      acknowledged.set(mine, answer.json.data.number);
    }
  }
  const rows = query(p.db, 'SELECT notes, number FROM orders ORDER BY number');
  assert.deepEqual(rows.map(([, number]) => number), rows.map((_, i) => `SO-${String(i + 1).padStart(7, '0')}`));
  const byNote = new Map(rows);
  assert.equal(byNote.size, rows.length, 'none twice');
  for (const [mine, number] of acknowledged) assert.equal(byNote.get(mine), number);
  await checkSummary(p, server);
  await server.stop();
  sound(p);
});

test('how many orders there are, whatever became of them', async (t) => {
  const { p, s } = await shop(t);
  const make = (status) => data(post(s, '/api/orders', { store_id: p.stores[0].id, status, items: [{ product_id: p.products[0].id, quantity: 1 }] }), 201);
  const total = async () => {
    const [[made, came]] = query(p.db, 'SELECT (SELECT count(*) FROM orders WHERE deleted_at IS NULL), (SELECT count(*) FROM field_sale WHERE kind = 0)').map((row) => row.map(Number));
    assert.equal((await ask(s, '/api/orders?limit=1')).json.total, made + came);
    assert.equal((await ask(s, '/api/orders/recent')).json.total, made + came);
    return made;
  };
  assert.equal(await total(), 0);
  const orders = [await make('draft'), await make('pending'), await make('pending'), await make('draft')];
  assert.equal(await total(), 4);
  await data(post(s, `/api/orders/${orders[1].id}/cancel`, {}));
  await data(post(s, `/api/orders/${orders[2].id}/approve`, {}));
  assert.equal(await total(), 4);
  for (const one of orders) await data(del(s, `/api/orders/${one.id}`));
  assert.equal(await total(), 0);
  await data(post(s, `/api/records/order/${orders[0].id}/restore`));
  await data(post(s, `/api/records/order/${orders[2].id}/restore`));
  assert.equal(await total(), 2);
  sound(p);
});

// Who has given a number knows the next one (stmt_learn), unless somebody else wrote.
test('a number follows the last one, whoever gave it', async (t) => {
  const { p, s } = await shop(t);
  const body = { store_id: p.stores[0].id, items: [{ product_id: p.products[0].id, quantity: 1 }] };
  const make = async (more) => (await data(post(s, '/api/orders', { ...body, ...more }), 201)).number;
  assert.deepEqual([await make(), await make(), await make({ device: 'TAB' }), await make()], ['SO-0000001', 'SO-0000002', 'TAB-0000001', 'SO-0000003']);
  sqlite(p.db, "UPDATE orders SET number = 'SO-0000041' WHERE number = 'SO-0000003'");
  assert.equal(await make(), 'SO-0000042', 'by the shell');
  await problem(post(s, '/api/orders', { ...body, items: [...body.items, { product_id: 'none', quantity: 1 }] }), 422, /product/);
  assert.deepEqual([await make(), await make({ device: 'TAB' })], ['SO-0000043', 'TAB-0000002']);
  sqlite(p.db, "DELETE FROM orders WHERE number > 'SO-0000002' AND number < 'SO-0000043'; UPDATE orders SET deleted_at = 1, deleted_by = 'x' WHERE number = 'SO-0000043'");
  assert.equal(await make(), 'SO-0000044', 'what is deleted keeps its number');
});

test('behind 9,999,999 numbers go on with a letter, in the same order, and end with a word', async (t) => {
  const { p, s } = await shop(t);
  const body = { store_id: p.stores[0].id, order_date: '2024-03-01', items: [{ product_id: p.products[0].id, quantity: 1 }] };
  const make = async (more) => (await data(post(s, '/api/orders', { ...body, ...more }), 201)).number;
  const last = (number) => sqlite(p.db, `UPDATE orders SET number = '${number}' WHERE id = (SELECT id FROM orders ORDER BY id DESC LIMIT 1)`);
  await make();
  last('SO-9999998');
  assert.deepEqual([await make(), await make(), await make(), await make({ device: 'TAB' })], ['SO-9999999', 'SO-A0000000', 'SO-A0000001', 'TAB-0000001']);
  sqlite(p.db, "UPDATE orders SET deleted_at = 1, deleted_by = 'x' WHERE number = 'SO-A0000001'");
  assert.equal(await make(), 'SO-A0000002', 'by a look at the table');
  sqlite(p.db, "UPDATE orders SET number = 'SO-A0000002 (2)' WHERE number = 'SO-A0000002'");
  assert.equal(await make(), 'SO-A0000003');
  sqlite(p.db, "UPDATE orders SET number = 'SO-Nord 12' WHERE number = 'SO-A0000000'");
  assert.equal(await make(), 'SO-A0000004', 'whatever else begins so');
  assert.deepEqual((await data(ask(s, '/api/orders?limit=4&source=manual'))).map((o) => o.number), ['TAB-0000001', 'SO-Nord 12', 'SO-A0000004', 'SO-A0000003']);
  assert.deepEqual((await data(ask(s, '/api/orders?q=A000000&limit=9'))).map((o) => o.number), ['SO-A0000004', 'SO-A0000003', 'SO-A0000002 (2)']);
  assert.equal((await data(ask(s, '/api/orders/SO-A0000004'))).number, 'SO-A0000004');
  last('SO-B9999999');
  assert.equal(await make(), 'SO-C0000000');
  last('SO-Z9999999');
  await problem(post(s, '/api/orders', body), 409, /numbers of SO-.*order_prefix/);
  assert.equal(await make({ device: 'TAB' }), 'TAB-0000002');
});

// Their index stands in blocks of numbers (0024): what it finds is compared with a look at every order.
test('the orders of a store are found, whatever their numbers look like', async (t) => {
  const { p, s } = await shop(t);
  const stores = p.stores.slice(0, 3);
  const make = (i) => data(post(s, '/api/orders', { store_id: stores[(i >> 2) % 3].id, ...(i % 7 ? {} : { device: `K${i % 3}` }), items: [{ product_id: p.products[0].id, quantity: 1 + (i % 5) }] }), 201);
  for (let i = 0; i < 240; i += 12) await Promise.all(Array.from({ length: 12 }, (_, k) => make(i + k)));
  const ids = query(p.db, 'SELECT id FROM orders ORDER BY id').flat();
  ['', 'A', '12', '123', 'ÄÖ-7', 'x'.repeat(40), 'SO-00001', 'so-0000001'].forEach((number, i) => sqlite(p.db, `UPDATE orders SET number = '${number}' WHERE id = '${ids[i * 17]}'`));
  for (const store of stores) {
    const wanted = query(p.db, `SELECT id FROM orders NOT INDEXED WHERE store_id = '${store.id}' ORDER BY order_date DESC, number DESC`).flat();
    assert.ok(wanted.length > 20);
    const found = [];
    for (let cursor = ''; cursor !== null;) {
      const { json } = await ask(s, `/api/orders?store=${store.id}&source=manual&limit=50${cursor && `&cursor=${cursor}`}`);
      assert.equal(json.total, wanted.length);
      found.push(...json.data.map((o) => o.id));
      cursor = json.next ?? null;
    }
    assert.deepEqual(found, wanted);
    const open = one(p.db, `SELECT sum(total_amount) * 100 FROM orders NOT INDEXED WHERE store_id = '${store.id}'`);
    assert.equal(one(p.db, `SELECT open FROM field_store WHERE store_id = '${store.id}'`), open);
  }
  await s.stop();
  assert.equal(one(p.db, 'PRAGMA integrity_check'), 'ok');
});
