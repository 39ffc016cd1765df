// Replies that are kept: right after every write, whoever wrote, and no more of them than fit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask, data, post, remove } from './api.mjs';
import { LONG, json, ok, one, place, random, serve, sound, sqlite, start } from './lib.mjs';

const cacheOf = async (server) => {
  const { body } = await ask(server, '/metrics');
  const counts = { hit: 0, miss: 0 };
  for (const m of String(body).matchAll(/outpost_http_cache_total\{route="[^"]*",outcome="(\w+)"\} (\d+)/g)) counts[m[1]] += Number(m[2]);
  return counts;
};

test('whoever takes gzip gets a long reply as gzip, kept or not, and the same by its tag', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const list = (headers, path = '/api/stock-items?sort=sku') => ask(server, path, { headers });
  const gzip = { 'accept-encoding': 'br, gzip' };
  for (let i = 0; i < 60; i++) await data(post(server, '/api/stock-items', { sku: `Z-${i}`, name: `the item of the number ${i}` }), 201);
  const packed = await list(gzip);
  const plain = await list({});
  assert.deepEqual([packed.headers['content-encoding'], plain.headers['content-encoding']], ['gzip', undefined]);
  assert.equal(String(gunzipSync(packed.body)), String(plain.body));
  assert.ok(packed.body.length < plain.body.length / 3, `${packed.body.length} ${plain.body.length}`);
  assert.equal(packed.headers.etag, `W/${plain.headers.etag}`);
  for (const tag of [packed.headers.etag, plain.headers.etag]) for (const more of [gzip, {}]) assert.equal((await list({ ...more, 'if-none-match': tag })).status, 304);
  const [made] = plain.json.data;
  for (const more of [gzip, {}]) assert.equal((await list(more, `/api/stock-items/${made.id}`)).headers.etag, `"${made.version}"`, 'a version is no other for being asked with gzip');
  const entities = await list(gzip, '/api/entities');
  assert.deepEqual([entities.headers['content-encoding'], entities.json], ['gzip', (await list({}, '/api/entities')).json]);
  for (const no of ['gzip;q=0', 'gzip; q=0.000', 'identity', 'br']) assert.equal((await list({ 'accept-encoding': no })).headers['content-encoding'], undefined, no);
  await data(post(server, '/api/stock-items', { sku: 'Z-60', name: 'one more' }), 201);
  assert.equal((await list({})).headers['content-encoding'], undefined);
  assert.equal((await list(gzip)).json.total, 61, 'kept as it was asked for first, and the newest');
  assert.equal((await list(gzip, '/api/stock-items?limit=1')).headers['content-encoding'], undefined, 'a short one does not pay');
});

test('a list is the one of the file after any write: by a request, a command, the shell', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const r = random(7);
  const list = async (more = '') => (await ask(server, `/api/stock-items?sort=sku${more}`)).json;
  const truth = () => JSON.parse(sqlite(p.db, "SELECT json_group_array(json_array(sku, name, version)) FROM (SELECT * FROM stock_items WHERE deleted_at IS NULL ORDER BY sku);"));
  const ids = [];
  const writes = [
    async (i) => ids.push((await data(post(server, '/api/stock-items', { sku: `H-${i}`, name: 'by request' }), 201)).id),
    async (i) => ids.push(json(['record', 'save', 'stock_item', JSON.stringify({ sku: `C-${i}`, name: 'by command' }), ...p.args]).id),
    async (i) => ids.length && sqlite(p.db, `UPDATE stock_items SET name = 'by shell ${i}' WHERE id = '${r.pick(ids)}';`),
    async (i) => ids.length && ask(server, `/api/stock-items/${r.pick(ids)}`, { method: 'PATCH', body: { name: `again ${i}` } }),
    async () => ids.length > 5 && (await remove(server, `/api/stock-items/${ids.splice(r.below(ids.length), 1)}`)),
  ];
  for (let i = 0; i < (LONG ? 300 : 60); i++) {
    await r.pick(writes)(i);
    const now = truth();
    for (let k = 0; k < 2; k++) {
      const answer = await list();
      assert.deepEqual(answer.data.map((x) => [x.sku, x.name, x.version]), now, `after write ${i}, asked ${k}`);
      assert.equal(answer.total, now.length);
    }
  }
  const { hit, miss } = await cacheOf(server);
  assert.ok(hit >= 50 && miss >= 50, `${hit} ${miss}`);
});

// What a writer was told is stored he finds in the list, while others, also another process, write and read.
test('what no write can change may be kept for a quarter of an hour; what one can change is asked for again', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const life = async (target, more) => (await ask(server, target, more)).headers['cache-control'];
  for (const target of ['/openapi.json', '/api/entities', '/api/problems', '/problems/invalid']) {
    const { headers } = await ask(server, target);
    assert.equal(headers['cache-control'], 'private, max-age=900', target);
    const same = await ask(server, target, { headers: { 'if-none-match': headers.etag } });
    assert.deepEqual([same.status, same.headers['cache-control']], [304, 'private, max-age=900'], target);
  }
  for (const target of ['/api/products', '/api/products/categories', '/api/products/brands', '/api/stores', '/api/catalogue', '/api/schedules']) assert.equal(await life(target), 'no-cache', target);
  assert.equal(await life('/problems/none'), 'no-store');
  // A catalogue of what people keep is the new one right after a write, with a tag of its own.
  const before = await ask(server, '/api/products/categories');
  await data(post(server, '/api/products', { name: 'Tea', category: 'Drinks' }), 201);
  const after = await ask(server, '/api/products/categories', { headers: { 'if-none-match': before.headers.etag } });
  assert.deepEqual([before.json.data, after.status, after.json.data], [[], 200, ['Drinks']]);
});

test('many writers and readers: nobody sees less than what he wrote', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const writer = async (n) => {
    const { id } = await data(post(server, '/api/stock-items', { sku: `W-${n}`, name: '0' }), 201);
    for (let i = 1; i <= (LONG ? 200 : 40); i++) {
      await data(ask(server, `/api/stock-items/${id}`, { method: 'PATCH', body: { name: String(i) } }));
      const mine = (await data(ask(server, '/api/stock-items'))).find((x) => x.id === id);
      assert.equal(mine.name, String(i));
    }
  };
  let last = 0;
  let over = false;
  const reader = async () => {
    for (let seen = 0; !over; ) {
      const rows = await data(ask(server, '/api/stock-items?fields=version'));
      const sum = rows.reduce((n, x) => n + x.version, 0);
      assert.ok(sum >= seen, 'a list went back in time');
      seen = sum;
      last = Math.max(last, sum);
    }
  };
  const other = async () => {
    for (let i = 0; i < 10; i++) {
      const name = `X-${i}`;
      await start(['record', 'save', 'stock_item', JSON.stringify({ sku: name, name: 'other' }), ...p.args]).ended;
      assert.ok((await data(ask(server, '/api/stock-items'))).some((x) => x.sku === name), 'what another process wrote is there');
    }
  };
  const readers = [1, 2, 3].map(reader);
  await Promise.all([...[1, 2, 3, 4].map(writer), other()]);
  over = true;
  await Promise.all(readers);
  assert.equal(Number(one(p.db, 'SELECT sum(version) FROM stock_items')), (await data(ask(server, '/api/stock-items'))).reduce((n, x) => n + x.version, 0));
  await server.stop();
  sound(p);
});

test('the tag of a reply, what it depends on, and a file that is replaced', async (t) => {
  const p = place(t);
  ok(['tenant', 'add', 'other', '--data', p.data]);
  const server = await serve(t, p.data);
  await data(post(server, '/api/stock-items?tenant=demo', { sku: 'A' }), 201);
  const at = '/api/stock-items?tenant=demo';
  const first = await ask(server, at);
  const again = await ask(server, at);
  assert.deepEqual([again.headers.etag, String(again.body)], [first.headers.etag, String(first.body)]);
  assert.equal((await ask(server, at, { headers: { 'if-none-match': first.headers.etag } })).status, 304);
  assert.equal((await fetch(server.base + at, { method: 'HEAD' })).headers.get('content-length'), first.headers['content-length']);
  assert.equal((await ask(server, '/api/stock-items?tenant=other')).json.total, 0, 'each tenant has its own');
  assert.equal((await ask(server, '/api/stock-items?tenant=nobody')).status, 404);
  const page = await ask(server, `${at}&limit=1&deleted=1`);
  assert.equal(page.headers.link, (await ask(server, `${at}&limit=1&deleted=1`)).headers.link);
  const copy = `${p.dir}/copy.outpost`;
  ok(['backup', 'create', '--out', copy, ...p.args]);
  await data(post(server, at, { sku: 'B' }), 201);
  assert.equal((await ask(server, at)).json.total, 2);
  ok(['backup', 'restore', copy, ...p.args]);
  assert.equal((await ask(server, at)).json.total, 1, 'the file that was put in the other\'s place');
  const more = await ask(server, `${at}&q=${'x'.repeat(480)}&sort=${'-sku,'.repeat(7)}sku`);
  assert.equal(more.status, 200, String(more.body));
});

test('what is kept is bounded', { skip: process.env.OUTPOST?.includes('san') }, async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  for (let i = 0; i < 40; i++) await data(post(server, '/api/stock-items', { sku: `K-${i}`, name: 'x'.repeat(20), details: { long: 'y'.repeat(8000) } }), 201);
  const size = (await ask(server, '/api/stock-items')).body.length; // a third of a megabyte
  assert.ok(size > 300e3);
  const { readFileSync } = await import('node:fs');
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
  for (let i = 0; i < 30; i++) await ask(server, `/api/stock-items?limit=${1000 + i}`);
  const before = rss();
  for (let i = 100; i < 300; i++) await ask(server, `/api/stock-items?limit=${1000 + i}`);
  assert.ok(rss() - before < 16, `${before} -> ${rss()} MiB for 200 lists of ${size} bytes`);
});

// A shop whose tables are written by different requests.
async function shop(t) {
  const p = place(t);
  const s = await serve(t, p.data);
  const stores = [];
  const products = [];
  for (let i = 0; i < 4; i++) stores.push(await data(post(s, '/api/stores', { customer_id: `C-${i}`, name: `Store ${i}` }), 201));
  for (let i = 0; i < 4; i++) products.push(await data(post(s, '/api/products', { sku: `P-${i}`, name: `Product ${i}`, unit_price: '2.50' }), 201));
  const order = (i, quantity = 1) => data(post(s, '/api/orders', { store_id: `C-${i % 4}`, items: [{ sku: `P-${i % 4}`, quantity }] }), 201);
  return { p, s, stores, products, order };
}

test('a reply holds while others write what it was not made of, and not a write longer', async (t) => {
  const { p, s, stores, order } = await shop(t);
  const missed = async (asks) => {
    const before = await cacheOf(s);
    await asks();
    return (await cacheOf(s)).miss - before.miss;
  };
  const ordered = async () => (await ask(s, '/api/orders')).json.total;
  const names = async () => (await data(ask(s, '/api/stores?sort=customer_id'))).map((x) => x.name);
  await names();
  await data(ask(s, '/api/products'));
  assert.equal(await ordered(), 0);
  const made = await missed(async () => {
    for (let i = 0; i < 20; i++) {
      await order(i);
      assert.equal(await ordered(), i + 1, 'what is made of orders knows each of them');
      assert.deepEqual([(await names()).length, (await data(ask(s, '/api/products'))).length], [4, 4]);
    }
  });
  assert.ok(made >= 20 && made <= 25, `${made} of 60 replies were made: those of orders, and few of stores and products`);
  await data(ask(s, `/api/stores/${stores[0].id}`, { method: 'PATCH', body: { name: 'Anew' } }));
  assert.equal((await names())[0], 'Anew');
  await order(1);
  sqlite(p.db, "UPDATE stores SET name = 'by shell' WHERE customer_id = 'C-0';");
  assert.equal((await names())[0], 'by shell');
  await order(2);
  sqlite(p.db, "CREATE TRIGGER named AFTER INSERT ON orders BEGIN UPDATE stores SET name = 'by ' || new.number WHERE id = new.store_id; END;");
  const last = await order(0);
  assert.equal((await names())[0], `by ${last.number}`, 'a trigger that somebody else has made');
  await order(4);
  assert.notEqual((await names())[0], `by ${last.number}`);
  sqlite(p.db, 'DROP TRIGGER named;');
  await s.stop();
});

// Each client changes one thing in one of the tables and looks for it in a list of that table at once, by this server; two other programs change things of their own meanwhile.
test('64 clients, another process and the shell: everybody finds what was written before he asked', async (t) => {
  const { p, s, order } = await shop(t);
  const rounds = LONG ? 60 : 8;
  const find = async (path, id) => (await data(ask(s, `${path}?limit=1000`))).find((x) => x.id === id);
  const kinds = [
    async (n, own) => {
      const name = `store of ${n} ${own.round}`;
      own.id ??= (await data(post(s, '/api/stores', { customer_id: `W-${n}`, name: 'new' }), 201)).id;
      await data(ask(s, `/api/stores/${own.id}`, { method: 'PATCH', body: { name } }));
      assert.equal((await find('/api/stores', own.id)).name, name);
    },
    async (n, own) => {
      const name = `product of ${n} ${own.round}`;
      own.id ??= (await data(post(s, '/api/products', { sku: `W-${n}`, name: `new ${n}` }), 201)).id;
      await data(ask(s, `/api/products/${own.id}`, { method: 'PATCH', body: { name } }));
      assert.equal((await find('/api/products', own.id)).name, name);
    },
    async (n) => {
      const made = await order(n, 1 + (n % 7));
      assert.ok(await find('/api/orders', made.id), 'the order is in the list');
      assert.ok((await data(ask(s, '/api/dashboard/summary'))).total_orders >= Number(made.number.slice(3)), 'and counted');
    },
  ];
  let over = false;
  const client = async (n) => {
    const own = {};
    for (own.round = 0; own.round < rounds; own.round++) await kinds[n % kinds.length](n, own);
  };
  const process = async () => {
    for (let i = 0; !over; i++) {
      await start(['record', 'save', 'store', JSON.stringify({ customer_id: `X-${i}`, name: 'other' }), ...p.args]).ended;
      assert.ok((await data(ask(s, '/api/stores?limit=1000'))).some((x) => x.customer_id === `X-${i}`), 'what another process wrote is there');
    }
  };
  const shell = async () => {
    for (let i = 0; !over; i++) {
      sqlite(p.db, `PRAGMA busy_timeout=20000; UPDATE products SET notes = 'shell ${i}' WHERE sku = 'P-1';`);
      assert.equal((await data(ask(s, '/api/products?limit=1000'))).find((x) => x.sku === 'P-1').notes, `shell ${i}`);
    }
  };
  const beside = [process(), shell()];
  await Promise.all(Array.from({ length: 64 }, (_, n) => client(n))).finally(() => (over = true));
  await Promise.all(beside);
  assert.equal((await ask(s, '/api/orders?limit=1')).json.total, Number(one(p.db, 'SELECT count(*) FROM orders')));
  await s.stop();
});

test('what many ask for at once is made once; what fails or is a file is answered to each of them', async (t) => {
  const { s, p } = await shop(t);
  sqlite(p.db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO stock_items (id, sku, name, created_at, created_by, updated_at, updated_by) SELECT printf('01900000-0000-7000-8000-%012d', i), 'M-' || i, 'many', 0, 'x', 0, 'x' FROM n;");
  const all = (path) => Promise.all(Array.from({ length: 60 }, () => ask(s, path)));
  await ask(s, '/api/stock-items?limit=1');
  const before = await cacheOf(s);
  const lists = await all('/api/stock-items?limit=1000&sort=-name,sku');
  const after = await cacheOf(s);
  for (const one of lists) assert.deepEqual([one.status, one.headers.etag, one.json.data.length], [200, lists[0].headers.etag, 1000]);
  assert.ok(after.miss - before.miss <= 3 && after.hit - before.hit >= 57, `made ${after.miss - before.miss} times`);
  for (const one of await all('/api/stock-items?sort=nothing')) assert.equal(one.status, 422, String(one.body));
  const files = await all('/api/stock-items?format=csv');
  for (const one of files) assert.deepEqual([one.status, String(one.body).trim().split('\n').length], [200, 1001]);
  await s.stop();
});

test('a table or JSON, as the client would rather have it, whether the list is kept or not', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  await data(post(server, '/api/stores', { customer_id: 'C-1', name: 'one' }), 201);
  const cases = [
    ['text/csv', true], ['text/csv; header=present', true], ['TEXT/CSV, */*;q=0.1', true], ['text/html, text/csv', true], ['application/json;q=0.5, text/csv;q=0.55', true], ['text/csv, application/json', true],
    ['*/*', false], ['application/json', false], ['application/json, text/csv', false], ['text/csv;q=0, application/json', false], ['text/csv;q=0', false], ['text/csv; q=0.1, application/*', false],
    ['text/csvx', false], ['image/png', false], ['', false], [',;q=,', false],
  ];
  for (let round = 0; round < 2; round++)
    for (const [accept, csv] of cases) {
      const answer = await ask(server, '/api/stores', { headers: { accept } });
      assert.deepEqual([answer.status, /^text\/csv/.test(answer.headers['content-type'])], [200, csv], accept);
    }
  await server.stop();
});
