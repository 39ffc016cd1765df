// The page without its server: its files, its lists, and orders that arrive exactly once however
// often the connection breaks. What arrived is counted by the sqlite3 shell.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { WAIT, audit, open, overflow } from './chromium.mjs';
import { dataFolder, run, serve } from './outpost.mjs';

const FLIPS = process.env.LONG ? 1000 : 60;
const LONG_WAIT = { timeout: 120_000 };
const AWAY = /net::ERR_|Failed to load resource/; // what a browser says of a server that is away
const query = (db, sql) => execFileSync('sqlite3', ['-readonly', '-separator', '|', db, sql], { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor(WAIT);

const asked = async (base, where, body) => {
  const reply = await fetch(`${base}${where}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  assert.equal(reply.status, 201, await reply.clone().text());
  return (await reply.json()).data;
};

// A tenant with a store and a product.
async function place(t) {
  const data = dataFolder(t, 'demo');
  const server = await serve(t, data, '--rate', '0');
  const store = await asked(server.base, '/api/records/store', { customer_id: 'C-1', name: 'Sri Balaji Stores' });
  const product = await asked(server.base, '/api/records/product', { name: 'Masala', unit_price: '10' });
  return { data, db: path.join(data, 'tenants/demo.db'), server, store, product };
}

// A page whose files its service worker has kept.
async function kept(t, url, options) {
  const page = await open(t, url, { serviceWorkers: 'allow', ...options });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller, null, WAIT);
  return page;
}

// As lib/outbox.js keeps orders: { key, owner, order, ... }, each under a key of its own.
const queue = (page, orders, more = {}) => page.evaluate(async ([all, rest]) => {
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open('outpost');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const transaction = db.transaction('orders', 'readwrite');
  for (const order of all) transaction.objectStore('orders').put({ key: crypto.randomUUID(), owner: 'local', tenant: null, order, shown: { store: 'Sri Balaji Stores', total: '10.00' }, made: Date.now(), tries: 0, state: 'waiting', ...rest });
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  db.close();
  new BroadcastChannel('outpost-orders').postMessage('changed');
  dispatchEvent(new Event('online'));
}, [orders, more]);

const inBrowser = (page) => page.evaluate(() => new Promise((resolve) => {
  const request = indexedDB.open('outpost');
  request.onsuccess = () => {
    const all = request.result.transaction('orders').objectStore('orders').getAll();
    all.onsuccess = () => {
      request.result.close();
      resolve(all.result);
    };
  };
}));
const states = async (page) => {
  const rows = await inBrowser(page);
  return Object.fromEntries(['waiting', 'sent', 'refused'].map((state) => [state, rows.filter((row) => row.state === state).length]));
};
const until = async (page, what) => {
  for (const end = Date.now() + LONG_WAIT.timeout; ;) {
    const now = await states(page);
    if (what(now)) return now;
    assert.ok(Date.now() < end, JSON.stringify(now));
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await page.waitForTimeout(100);
  }
};

test('the page opens without the server, and without the network', async (t) => {
  const { server } = await place(t);
  const page = await kept(t, `${server.base}/#/settings`);
  await heading(page, 'Settings');
  const names = await page.evaluate(() => caches.keys());
  assert.equal(names.length, 1);
  assert.match(names[0], /^shell-[0-9a-f]{16}$/);
  const files = await page.evaluate(async () => (await (await caches.open((await caches.keys())[0])).keys()).map((request) => new URL(request.url).pathname));
  assert.ok(files.length > 50 && files.includes('/') && files.includes('/app.js'), files.join(' '));
  assert.deepEqual(files.filter((file) => file.startsWith('/api/')), [], 'what the API says is never kept there');
  await server.stop();
  await page.reload();
  await heading(page, 'Settings');
  await page.context().setOffline(true);
  await page.goto(`${server.base}/#/waiting`); // a part that was not shown before
  await page.reload();
  await heading(page, 'Waiting to be sent');
  await page.locator('.connection', { hasText: 'Offline' }).waitFor(WAIT);
  assert.deepEqual(page.faults.filter((fault) => !AWAY.test(fault)), []);
});

test('it can be installed', async (t) => {
  const { server } = await place(t);
  const page = await open(t, `${server.base}/#/settings`);
  const manifest = await page.evaluate(async () => (await fetch(document.querySelector('link[rel="manifest"]').href)).json());
  assert.equal(manifest.display, 'standalone');
  for (const icon of manifest.icons) {
    const reply = await fetch(new URL(icon.src, server.base));
    assert.equal(reply.status, 200, icon.src);
    assert.equal(reply.headers.get('content-type'), icon.type);
    if (icon.type !== 'image/png') continue;
    const png = Buffer.from(await reply.arrayBuffer());
    assert.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, icon.sizes);
  }
  const worker = await fetch(`${server.base}/sw.js`);
  assert.match(worker.headers.get('content-type'), /^text\/javascript/);
  assert.equal(worker.headers.get('cache-control'), 'no-cache');
  const policy = worker.headers.get('content-security-policy');
  for (const source of ['worker', 'manifest', 'script', 'connect']) assert.ok(policy.includes(`${source}-src 'self';`), source);
  assert.deepEqual(page.faults, []);
});

test('an order that is refused says why, and can be sent again or discarded', async (t) => {
  const { db, server, store, product } = await place(t);
  const page = await open(t, `${server.base}/#/waiting`, { forAxe: true });
  await heading(page, 'Waiting to be sent');
  await page.getByText('Everything has arrived').waitFor(WAIT);
  const items = [{ product_id: product.id, quantity: 1 }];
  await queue(page, [{ store_id: store.id, items, notes: 'good' }, { store_id: store.id, items: [{ product_id: product.id, quantity: -1 }], notes: 'wrong' }]);
  const refused = page.locator('.waiting[data-state="refused"]');
  await refused.waitFor(WAIT);
  await page.locator('.waiting[data-state="sent"]').waitFor(WAIT);
  assert.match(await refused.textContent(), /quantity/);
  await page.getByRole('link', { name: '1 order not taken' }).waitFor(WAIT); // on every page
  assert.deepEqual(query(db, 'SELECT notes FROM orders'), ['good']);
  await page.getByText(`It is order ${query(db, 'SELECT number FROM orders')[0]}.`).waitFor(WAIT);
  assert.deepEqual(await audit(page), []);
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok((await overflow(page)) <= 0);

  const before = (await inBrowser(page)).find((row) => row.state === 'refused').key;
  await refused.getByRole('button', { name: /Send again/ }).click();
  await page.waitForFunction((key) => document.querySelector('.waiting[data-state="refused"]') && !document.querySelector(`[data-key="${key}"]`), before, WAIT);
  await refused.getByRole('button', { name: /Discard/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await refused.waitFor({ state: 'detached', ...WAIT });
  assert.deepEqual(await states(page), { waiting: 0, sent: 1, refused: 0 });
  assert.deepEqual(query(db, 'SELECT count(*) FROM orders'), ['1']);
  assert.deepEqual(page.faults.filter((fault) => !/status of 4\d\d/.test(fault)), []);
});

test('the answer of a stranger is none', async (t) => {
  const { db, server, store, product } = await place(t);
  const page = await open(t, `${server.base}/#/waiting`);
  await heading(page, 'Waiting to be sent');
  let portal = true;
  await page.route('**/api/orders', (route) => (portal ? route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>Hotel</h1>' }) : route.continue()));
  await queue(page, [{ store_id: store.id, items: [{ product_id: product.id, quantity: 2 }], notes: 'travels' }]);
  await page.getByText(/Sent once, without an answer/).waitFor(WAIT);
  assert.equal((await states(page)).waiting, 1);
  portal = false;
  await until(page, (now) => now.sent === 1);
  assert.deepEqual(query(db, 'SELECT notes FROM orders'), ['travels']);
});

test('what was sent so long ago that the server has forgotten its key is not sent by itself', async (t) => {
  const { db, server, store, product } = await place(t);
  const page = await open(t, `${server.base}/#/waiting`, { width: 320, height: 640, forAxe: true });
  await heading(page, 'Waiting to be sent');
  const order = { store_id: store.id, items: [{ product_id: product.id, quantity: 2 }], notes: 'old' };
  await queue(page, [order], { tries: 1, first: { at: Date.now() - 25 * 3600_000, by: 'local' } });
  await page.getByText(/It may have arrived/).waitFor(WAIT);
  await page.getByRole('link', { name: '1 order to send' }).waitFor(WAIT);
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(await audit(page), []);
  assert.deepEqual(query(db, 'SELECT count(*) FROM orders'), ['0']);
  await page.getByRole('button', { name: /Send again/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
  await page.locator('.waiting[data-state="sent"]').waitFor(WAIT);
  assert.deepEqual(query(db, 'SELECT notes FROM orders'), ['old']);
  assert.deepEqual(page.faults, []);
});

async function logIn(page, email) {
  await page.getByLabel('Email', { exact: true }).fill(email);
  await page.getByLabel('Password', { exact: true }).fill('four words to remember');
  await page.keyboard.press('Enter');
  await page.locator('.frame').waitFor(WAIT);
}

const keptLists = (page) => page.evaluate(() => new Promise((resolve) => {
  const request = indexedDB.open('outpost');
  request.onsuccess = () => {
    const all = request.result.transaction('lists').objectStore('lists').getAll();
    all.onsuccess = () => {
      request.result.close();
      resolve(all.result.map((list) => list.rows.length));
    };
  };
}));

test('an order is written from a cold start without the server; it is his who wrote it, and the lists go when he goes', async (t) => {
  const { data, db, server } = await place(t);
  for (const name of ['asha', 'ravi']) run(['user', 'add', `${name}@example.org`, '--role', 'sales', '--password', 'four words to remember', '--data', data, '--tenant', 'demo']);
  const page = await kept(t, `${server.base}/#/orders/new`);
  await logIn(page, 'asha@example.org');
  await page.locator('[role="option"]').first().waitFor(WAIT);
  assert.deepEqual(await keptLists(page), [1, 1]);
  await server.stop('SIGKILL');
  await page.reload();
  await heading(page, 'New order');
  await page.locator('[role="option"]', { hasText: 'Sri Balaji' }).waitFor(WAIT);
  await page.keyboard.press('Enter');
  await page.getByRole('combobox', { name: 'Product' }).fill('mas');
  await page.locator('[role="option"]', { hasText: 'Masala' }).waitFor(WAIT);
  await page.keyboard.press('Enter');
  await page.keyboard.type('7');
  await page.keyboard.press('Control+Enter');
  await page.getByText(/is kept here and waits to be sent/).waitFor(WAIT);
  await serve(t, data, '--rate', '0', '--listen', `127.0.0.1:${server.port}`);
  await until(page, (now) => now.sent === 1);
  assert.deepEqual(query(db, 'SELECT o.created_by, s.name, o.total_amount FROM orders o JOIN stores s ON s.id = o.store_id'), ['asha@example.org|Sri Balaji Stores|7000']);

  await page.route('**/api/orders', (route) => route.abort());
  const { order } = (await inBrowser(page))[0];
  const [asha] = query(db, "SELECT id FROM users WHERE email = 'asha@example.org'");
  await queue(page, [{ ...order, notes: 'not yet' }], { owner: asha });
  await page.goto(`${server.base}/#/waiting`);
  await page.getByText(/Sent .*without an answer/).waitFor(WAIT);
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('dialog', { name: '1 order is not sent yet' }).getByRole('button', { name: 'Log out' }).click();
  await heading(page, 'Log in');
  assert.deepEqual(await keptLists(page), []);
  await page.unroute('**/api/orders');
  await logIn(page, 'ravi@example.org');
  await page.getByText('Everything has arrived').waitFor(WAIT);
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await heading(page, 'Log in');
  assert.deepEqual(query(db, 'SELECT count(*) FROM orders'), ['1']);
  await logIn(page, 'asha@example.org');
  await until(page, (now) => now.sent === 2);
  assert.deepEqual(query(db, "SELECT created_by FROM orders WHERE notes = 'not yet'"), ['asha@example.org']);
});

test('who logs out while the server is away is out, and stays out when it is back', async (t) => {
  const { data, server } = await place(t);
  run(['user', 'add', 'asha@example.org', '--role', 'sales', '--password', 'four words to remember', '--data', data, '--tenant', 'demo']);
  const page = await kept(t, `${server.base}/#/orders/new`);
  await logIn(page, 'asha@example.org');
  await page.locator('[role="option"]').first().waitFor(WAIT);
  await server.stop('SIGKILL');
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await heading(page, 'Log in');
  assert.deepEqual(await keptLists(page), []);
  await page.reload();
  await heading(page, 'Log in');
  await serve(t, data, '--rate', '0', '--listen', `127.0.0.1:${server.port}`);
  const who = () => page.evaluate(async () => (await (await fetch('/api/auth/me')).json()).data.user?.email ?? null);
  for (const end = Date.now() + WAIT.timeout; (await who().catch(() => null)) !== 'asha@example.org';) assert.ok(Date.now() < end, 'her cookie is still there');
  await page.reload();
  await heading(page, 'Log in');
  await page.waitForFunction(() => localStorage.getItem('parting') === null, null, WAIT);
  assert.equal(await who(), null);
  assert.deepEqual(query(path.join(data, 'tenants/demo.db'), 'SELECT count(*) FROM sessions WHERE revoked_at IS NULL'), ['0']);
  await logIn(page, 'asha@example.org');
  await page.locator('[role="option"]').first().waitFor(WAIT);
  await page.reload();
  await heading(page, 'New order');
});

// A generator of its own, so that a failure can be had again.
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
function chance(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

test(`nothing is lost and nothing doubled in ${FLIPS} flips of the network`, { timeout: FLIPS * 5000 + 240_000 }, async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const random = chance(SEED);
  const { data, db, server, store, product } = await place(t);
  const page = await kept(t, `${server.base}/#/waiting`);
  await heading(page, 'Waiting to be sent');
  let running = server;
  let made = 0;
  for (let flip = 0; flip < FLIPS; flip++) {
    const orders = Array.from({ length: random(3) }, () => ({ store_id: store.id, items: [{ product_id: product.id, quantity: 1 + random(5) }], notes: `n-${made++}` }));
    await queue(page, orders);
    switch (random(5)) {
      case 0: // killed, at any time while orders are on their way
        await page.waitForTimeout(random(60));
        await running.stop('SIGKILL');
        running = await serve(t, data, '--rate', '0', '--listen', `127.0.0.1:${server.port}`);
        break;
      case 1: // the answer is lost, though the order arrived
        await page.context().setOffline(true);
        await page.context().setOffline(false);
        break;
      case 2:
        await page.context().setOffline(true);
        break;
      case 3:
        await page.reload();
        break;
      default:
        await page.context().setOffline(false);
        await page.waitForTimeout(random(80));
    }
  }
  await page.context().setOffline(false);
  const end = await until(page, (now) => now.waiting === 0);
  assert.deepEqual(end, { waiting: 0, sent: made, refused: 0 });
  assert.deepEqual(query(db, 'SELECT count(*), count(DISTINCT notes), count(DISTINCT number) FROM orders'), [`${made}|${made}|${made}`]);
  const numbers = (await inBrowser(page)).map((row) => `${row.order.notes}|${row.answer.number}`).sort();
  assert.deepEqual(query(db, 'SELECT notes, number FROM orders').sort(), numbers, 'each was told its own number');
  assert.deepEqual(page.faults.filter((fault) => !AWAY.test(fault)), []);
});
