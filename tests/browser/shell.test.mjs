// The frame around every page: navigation, addresses, live changes, weight.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { audit, open, overflow, settled, WAIT } from './chromium.mjs';
import { dataFolder, importGenerated, run, serve } from './outpost.mjs';

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor(WAIT);

test('the page follows what happens, and finds back after an interruption', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  const server = await serve(t, data);
  const page = await open(t, 'about:blank');
  await page.clock.install();
  await page.goto(`${server.base}/#/imports`);
  await page.locator('.connection', { hasText: 'Live' }).waitFor(WAIT);
  await page.clock.runFor(2000); // what was gathered meanwhile
  await settled(page);
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.clock.runFor(25_000);
  await settled(page);
  assert.deepEqual(asked.filter((path) => path !== '/api/tenants'), [], 'it does not ask while nothing happens');
  importGenerated(data, 'demo', 70, 2);
  await page.getByRole('link', { name: 'generated-2.csv' }).waitFor(WAIT);

  await server.stop();
  await page.locator('.connection', { hasText: 'Offline' }).waitFor(WAIT);
  await page.getByRole('link', { name: 'generated-2.csv' }).waitFor(WAIT); // what was there stays
  importGenerated(data, 'demo', 80, 3);
  await serve(t, data, '--listen', `127.0.0.1:${server.port}`);
  await page.getByRole('link', { name: 'generated-3.csv' }).waitFor({ timeout: 20000 });
  await page.locator('.connection', { hasText: 'Live' }).waitFor({ timeout: 40000 });
});

test('it asks now and then where there is no stream', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  const server = await serve(t, data);
  const page = await open(t, 'about:blank');
  await page.route('**/api/events*', (route) => route.fulfill({ status: 503 }));
  await page.goto(`${server.base}/#/imports`);
  await page.locator('.connection', { hasText: 'Updating' }).waitFor(WAIT);
  importGenerated(data, 'demo', 70, 2);
  await page.getByRole('link', { name: 'generated-2.csv' }).waitFor(WAIT);
});

test('the scope goes along from page to page, the rest does not', async (t) => {
  const data = dataFolder(t, 'demo', 'other');
  const { run: id } = importGenerated(data, 'demo', 200, 1);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/exceptions?tenant=demo&run=${id}&category=X`);
  await heading(page, 'Exceptions');
  await page.getByRole('navigation').getByRole('link', { name: 'Audit trail' }).click();
  await heading(page, 'Audit Trail');
  const query = new URLSearchParams(new URL(page.url()).hash.split('?')[1]);
  assert.deepEqual(Object.fromEntries(query), { tenant: 'demo', run: id });
  await page.getByLabel('Tenant').selectOption('other');
  await heading(page, 'Nothing imported yet');
  await page.goBack();
  await heading(page, 'Audit Trail');
  await page.goto(`${server.base}/#/runs/${id}/quality?tenant=demo`); // an address of before
  await heading(page, 'Data Quality');
  assert.match(page.url(), new RegExp(`#/quality\\?tenant=demo&run=${id}$`));
  assert.deepEqual(page.faults, []);
});

test('a narrow page has its navigation below, and the rest behind More', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/`, { width: 390, height: 844, forAxe: true });
  await heading(page, 'Sales Analytics');
  const bar = await page.locator('.bar-nav').boundingBox();
  assert.equal(Math.round(bar.y + bar.height), 844);
  await page.getByRole('button', { name: 'More', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'All pages' });
  await dialog.waitFor(WAIT);
  assert.deepEqual(await audit(page), []);
  await dialog.getByRole('link', { name: 'Controls' }).click();
  await heading(page, 'Controls Summary');
  assert.equal(await dialog.count(), 0);
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(page.faults, []);
});

const LIGHT = 120_000; // bytes on the wire, headers and all; what the API answers weighs what the business weighs

// A first view in a browser that has nothing yet: { files: [path], bytes, figures: bytes of the API, jumped }.
async function firstView(t, address, ready) {
  const page = await open(t, 'about:blank');
  const seen = { files: [], bytes: 0, figures: 0 };
  const wire = await page.context().newCDPSession(page);
  const paths = new Map(); // of what is not there yet
  wire.on('Network.requestWillBeSent', ({ requestId, request }) => /^http/.test(request.url) && paths.set(requestId, new URL(request.url).pathname));
  wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const path = paths.get(requestId);
    if (!path) return;
    paths.delete(requestId);
    if (path.startsWith('/api/')) seen.figures += encodedDataLength;
    else {
      seen.files.push(path);
      seen.bytes += encodedDataLength;
    }
  });
  await wire.send('Network.enable');
  await page.addInitScript(() => {
    globalThis.jumped = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.jumped += entry.value))).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(address);
  await ready(page);
  await page.waitForFunction(() => document.readyState === 'complete' && !document.querySelector('main .skeleton'), null, { timeout: 60000 });
  const under = () => [...paths.values()].some((path) => !path.startsWith('/api/'));
  while (under()) await page.evaluate(() => new Promise(requestAnimationFrame));
  seen.jumped = await page.evaluate(() => globalThis.jumped);
  await page.context().close();
  return seen;
}

test('the first view is light and does not jump, whichever it is', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 2000, 1);
  const invoices = path.join(path.dirname(data), 'invoices.csv');
  writeFileSync(invoices, run(['generate', 'invoices', '--stores', '12', '--products', '20', '--invoices', '300', '--seed', '5']));
  run(['import', invoices, '--as', 'invoices', '--data', data]);
  const server = await serve(t, data);
  const drawn = (page) => page.locator('canvas').first().waitFor({ timeout: 60000 });
  const views = {
    sales: drawn,
    dashboard: drawn,
    'orders/new': (page) => page.getByRole('combobox').first().waitFor(WAIT),
    login: (page) => page.getByLabel('Password', { exact: true }).waitFor(WAIT),
  };
  for (const [name, ready] of Object.entries(views)) {
    if (name === 'login') run(['user', 'add', 'asha@example.org', '--name', 'asha', '--role', 'admin', '--password', 'four words to remember', '--data', data, '--tenant', 'demo']);
    const { files, bytes, figures, jumped } = await firstView(t, `${server.base}/#/${name}`, ready);
    t.diagnostic(`${name}: ${bytes} bytes in ${files.length} files, and ${figures} of the API`);
    assert.ok(files.includes('/app.js') && files.includes('/app.css'), files.join(' '));
    assert.ok(bytes > 30000, `${name}: ${bytes} bytes: that cannot be all`);
    assert.ok(bytes <= LIGHT, `${name}: ${bytes} bytes`);
    assert.ok(jumped < 0.1, `${name}: layout shift ${jumped}`);
  }
});

test('every word comes from the catalogue', async (t) => {
  const data = dataFolder(t, 'demo');
  const { run: id } = importGenerated(data, 'demo', 300, 1);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/`);
  for (const view of ['sales', 'quality', 'exceptions', 'audit', 'controls', 'imports', `imports/${id}`, 'imports/new', 'rules', 'governance']) {
    await page.goto(`${server.base}/#/${view}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor(WAIT);
    await page.waitForFunction(() => !document.querySelector('.skeleton'), null, WAIT);
    const words = await page.locator('body').innerText();
    const word = /(?:^|\s)(?:page|nav|stat|column|import|undo|scope|empty|failed|desk|rules|governance|catalogue|why)\.[a-z_]+(?:\.[a-z_]+)*/.exec(words);
    assert.equal(word, null, `${view}: ${word}`);
  }
});
