// The frame around every page: navigation, addresses, live changes, weight.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, open, overflow, WAIT } from './chromium.mjs';
import { dataFolder, importGenerated, run, serve } from './outpost.mjs';

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor(WAIT);

test('the page follows what happens, and finds back after an interruption', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports`);
  await page.locator('.connection', { hasText: 'Live' }).waitFor(WAIT);
  await page.waitForTimeout(1500);
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.waitForTimeout(1500);
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

test('the first view is light and does not jump', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 2000, 1);
  const server = await serve(t, data);
  const page = await open(t, 'about:blank');
  let bytes = 0;
  const files = [];
  page.on('requestfinished', async (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/')) return; // figures weigh what the business weighs
    files.push(pathname);
    const { responseBodySize } = await request.sizes();
    bytes += responseBodySize;
  });
  await page.addInitScript(() => {
    globalThis.jumped = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.jumped += entry.value))).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(`${server.base}/`);
  await heading(page, 'Sales Analytics');
  await page.locator('canvas').first().waitFor(WAIT);
  await page.waitForTimeout(500);
  assert.ok(files.includes('/app.js') && files.includes('/app.css'), files.join(' '));
  assert.ok(bytes > 30000, `${bytes} bytes: that cannot be all`);
  assert.ok(bytes <= 120_000, `${bytes} bytes`);
  const jumped = await page.evaluate(() => globalThis.jumped);
  assert.ok(jumped < 0.1, `layout shift ${jumped}`);
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
    const path = /(?:^|\s)(?:page|nav|stat|column|import|undo|scope|empty|failed|desk|rules|governance|catalogue|why)\.[a-z_]+(?:\.[a-z_]+)*/.exec(words);
    assert.equal(path, null, `${view}: ${path}`);
  }
});
