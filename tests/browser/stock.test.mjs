// Stock and alerts in Chromium: search and scan, book, move, count, what runs low.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { audit, drawn, open, overflow, settled, WAIT } from './chromium.mjs';
import { dataFolder, OUTPOST, run, serve } from './outpost.mjs';

const DAY = 86400000;
const at = (days) => new Date(Date.now() - days * DAY).toISOString();
const json = (data, ...args) => JSON.parse(run([...args, '--data', data, '--json']));

/* Three items in two warehouses; BOLT-7 sells 10 a day and has little left. */
function events() {
  const all = [];
  let n = 0;
  const add = (sku, warehouseId, quantityChange, days, eventType) => all.push({ eventId: `s-${n++}`, eventType, sku, warehouseId, quantityChange, timestamp: at(days), referenceId: `R-${n}` });
  for (const [sku, many] of [['LAPTOP-001', 40], ['BOLT-7', 300], ['PAINT-9', 12]]) add(sku, 'MAIN', many, 40, 'RECEIPT');
  add('LAPTOP-001', 'NORTH', 5, 40, 'RECEIPT');
  for (let day = 29; day > 0; day--) add('BOLT-7', 'MAIN', -10, day, 'SALE');
  return all;
}

async function started(t) {
  const data = dataFolder(t, 'demo');
  execFileSync(OUTPOST, ['events', 'publish', 'inventory-events', '-', '--data', data], { input: events().map((e) => JSON.stringify(e)).join('\n') + '\n' });
  const item = json(data, 'record', 'list', 'stock_item').find((one) => one.sku === 'PAINT-9');
  run(['record', 'save', 'stock_item', JSON.stringify({ id: item.id, name: 'Red paint', barcode: '4006381333931' }), '--data', data]);
  return { data, server: await serve(t, data) };
}

const onHand = (data, sku, warehouse) => json(data, 'stock', 'levels', '--sku', sku).find((one) => one.warehouse === warehouse)?.quantity_on_hand;

/* A scanner types faster than people, and ends with Enter. */
async function scan(page, code) {
  await page.evaluate((text) => {
    const target = document.activeElement ?? document.body;
    for (const key of [...text, 'Enter']) target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  }, code);
}

// Keys as they come in time: gaps[i] ms before the i-th character, the last of them before the end.
const strokes = (page, text, gaps, end = 'Enter') => page.evaluate(([keys, times]) => {
  const target = document.activeElement ?? document.body;
  let at = (globalThis.at = (globalThis.at ?? performance.now()) + 5000);
  keys.forEach((key, i) => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
    Object.defineProperty(event, 'timeStamp', { value: (at += times[i]) });
    target.dispatchEvent(event);
  });
  globalThis.at = at;
}, [[...text, end], gaps]);

test('a scan is one with pauses in it, too; typing is none', async (t) => {
  const { server } = await started(t);
  const page = await open(t, `${server.base}/#/stock`);
  const found = page.getByRole('dialog').getByRole('heading', { name: 'PAINT-9' });
  await page.getByRole('row', { name: /LAPTOP-001.*MAIN/ }).waitFor(WAIT);
  const code = '4006381333931';
  const gaps = (late) => Array.from({ length: code.length + 1 }, (_, i) => late[i] ?? 3);
  const scans = [[{}], [{ 4: 60 }], [{ 1: 200, 9: 200 }], [{ 13: 120 }], [{}, 'Tab']];
  for (const [late, end] of scans) {
    await page.getByRole('heading', { level: 1 }).focus();
    await strokes(page, code, gaps(late), end);
    await found.waitFor(WAIT);
    await page.keyboard.press('Escape');
    await found.waitFor({ ...WAIT, state: 'detached' });
  }
  // a hand, a quick hand, one that rolls over the keys
  for (const hand of [() => 120, () => 45, (i) => (i % 2 ? 15 : 60)]) await strokes(page, code, gaps(Object.fromEntries(Array.from({ length: 14 }, (_, i) => [i, hand(i)]))));
  for (const short of ['tee', '4711']) await strokes(page, short, Array.from({ length: 5 }, (_, i) => (i === 2 ? 60 : 20)));
  await page.waitForTimeout(500);
  assert.equal(await found.count(), 0);
  assert.deepEqual(page.faults, []);
});

test('an item is found by text and by scan; a movement is booked, one that cannot be is refused', async (t) => {
  const { data, server } = await started(t);
  const page = await open(t, `${server.base}/#/stock`);
  await page.getByRole('row', { name: /LAPTOP-001.*MAIN/ }).waitFor(WAIT);
  await page.getByText('Every level is the sum of its movements', { exact: true }).waitFor(WAIT);
  await page.waitForFunction(() => [...document.querySelectorAll('td[data-column="days_of_cover"]')].some((cell) => cell.textContent.trim()), null, WAIT);
  const cover = (await page.locator('td[data-column="days_of_cover"]').allTextContents()).filter(Boolean);
  assert.ok(cover.length && cover.every((text) => /^[\d,]+\.\d$/.test(text.trim())), `days with one place: ${cover.join(' ')}`);
  await page.getByRole('searchbox').fill('paint');
  await page.getByRole('row', { name: /LAPTOP-001/ }).first().waitFor({ ...WAIT, state: 'detached' });
  await page.getByRole('row', { name: /PAINT-9.*Red paint/ }).waitFor(WAIT);
  await page.getByRole('heading', { level: 1 }).focus();
  const began = Date.now();
  await scan(page, '4006381333931');
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('heading', { name: 'PAINT-9' }).waitFor(WAIT);
  t.diagnostic(`${Date.now() - began} ms from the scan to its item`);
  await drawer.getByRole('tab', { name: 'Book a movement' }).click();
  await drawer.getByLabel(/Change/).fill('-100');
  await drawer.getByRole('button', { name: 'Book it' }).click();
  await drawer.getByText(/would leave -88/).waitFor(WAIT);
  await drawer.getByLabel(/Change/).fill('-2.5');
  await drawer.getByLabel(/Why/).fill('spilt');
  await drawer.getByRole('button', { name: 'Book it' }).click();
  await page.getByText('PAINT-9: -2.5 booked in MAIN').waitFor(WAIT);
  assert.equal(onHand(data, 'PAINT-9', 'MAIN'), 9.5);
  await drawer.getByRole('tab', { name: 'Movements' }).click();
  await drawer.getByRole('row', { name: /Adjustment.*2\.5.*spilt/ }).waitFor(WAIT);
  await drawer.getByRole('tab', { name: 'Move to another warehouse' }).click();
  await drawer.getByLabel('To warehouse').fill('NORTH');
  await drawer.getByLabel('Quantity').fill('1.5');
  await drawer.getByRole('button', { name: 'Move it' }).click();
  await drawer.getByRole('row', { name: /NORTH.*1\.5/ }).waitFor(WAIT);
  assert.equal(onHand(data, 'PAINT-9', 'NORTH'), 1.5);
  assert.match(run(['stock', 'replay', '--data', data]), /levels are what/);
});

test('stock is counted by scanning; the sheet survives a reload; the difference is booked', async (t) => {
  const { data, server } = await started(t);
  const page = await open(t, `${server.base}/#/stock/count`);
  await page.getByRole('heading', { level: 1, name: 'Count stock' }).waitFor(WAIT);
  await page.waitForFunction(() => document.querySelector('[list="warehouses"]')?.value === 'MAIN', null, WAIT);
  await scan(page, 'LAPTOP-001');
  await page.locator('[data-sku="LAPTOP-001"]').waitFor(WAIT);
  await scan(page, 'LAPTOP-001');
  await page.waitForFunction(() => document.querySelector('[data-sku="LAPTOP-001"] input')?.value === '2', null, WAIT);
  await page.locator('[data-sku="LAPTOP-001"] input').fill('38');
  await page.reload();
  await page.waitForFunction(() => document.querySelector('[data-sku="LAPTOP-001"] input')?.value === '38', null, WAIT);
  await page.getByLabel('Scan or type an item').fill('NEW-1');
  await page.keyboard.press('Enter');
  await page.locator('[data-sku="NEW-1"]').waitFor(WAIT);
  await page.getByRole('button', { name: 'Book 2 lines' }).click();
  await page.getByText('2 differences were booked').waitFor(WAIT);
  assert.equal(onHand(data, 'LAPTOP-001', 'MAIN'), 38);
  assert.equal(onHand(data, 'NEW-1', 'MAIN'), 1);
});

test('what runs low is alerted, proposed and accepted', async (t) => {
  const { data, server } = await started(t);
  run(['dag', 'run', 'inventory_etl', '--data', data]);
  run(['dag', 'run', 'low_stock_alerts', '--data', data]);
  const page = await open(t, `${server.base}/#/alerts`);
  const alert = page.locator('[data-alert*="BOLT-7"]').first();
  await alert.waitFor(WAIT);
  await alert.getByRole('button', { name: /I look at it/ }).click();
  await alert.waitFor({ ...WAIT, state: 'detached' });
  await page.getByRole('radio', { name: /Looked at/ }).check({ force: true });
  await alert.waitFor(WAIT);
  await page.goto(`${server.base}/#/stock/reorders`);
  const row = page.getByRole('row', { name: /BOLT-7/ });
  await row.waitFor(WAIT);
  await row.getByRole('button', { name: 'Accept BOLT-7' }).click();
  await page.getByText(/The order of .* BOLT-7 was passed on/).waitFor(WAIT);
  await row.waitFor({ ...WAIT, state: 'detached' });
  const { data: list } = await (await fetch(`${server.base}/api/topics/reorder-events/events?limit=100`)).json();
  assert.ok(list.some((one) => one.type.startsWith('PURCHASE_ORDER')), 'the order is an event');
});

for (const dark of [false, true])
  test(`axe finds nothing, and nothing is wider than a small screen, ${dark ? 'by night' : 'by day'}`, async (t) => {
    const { data, server } = await started(t);
    run(['dag', 'run', 'inventory_etl', '--data', data]);
    run(['dag', 'run', 'low_stock_alerts', '--data', data]);
    const page = await open(t, 'about:blank', { dark, forAxe: true });
    for (const name of ['stock', 'stock?item=BOLT-7', 'stock/count', 'stock/quality', 'stock/reorders', 'alerts', 'alerts?state=all']) {
      await page.setViewportSize({ width: 1280, height: 860 });
      await page.goto(`${server.base}/#/${name}`);
      await page.getByRole('heading', { level: 1 }).waitFor(WAIT);
      await page.locator(name.includes('item=') ? 'dialog table' : 'main .card').first().waitFor(WAIT);
      await settled(page);
      assert.deepEqual(await audit(page), [], name);
      await page.setViewportSize({ width: 320, height: 700 });
      await drawn(page);
      assert.equal(await overflow(page), 0, `${name} at 320`);
    }
    assert.deepEqual(page.faults, []);
  });
