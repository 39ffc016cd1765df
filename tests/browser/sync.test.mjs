// Headquarters in Chromium, with a real PostgreSQL: what it holds, as it goes up; what is wrong, while it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyAway, putBack, startPostgres } from '../scenario/postgres.mjs';
import { audit, drawn, open, overflow, settled, WAIT } from './chromium.mjs';
import { dataFolder, run, serve } from './outpost.mjs';

const state = (page, name) => page.locator(`[data-state=${name}]`).waitFor(WAIT);
const region = (data, value) => run(['record', 'save', 'reference_item', JSON.stringify({ list: 'regions', value }), '--data', data]);

test('the page says what headquarters holds, follows what happens, and lets people pause', { timeout: 240e3 }, async (t) => {
  const hq = await startPostgres(t);
  run(['upstream', 'init', '--dsn', hq.dsn()]);
  const data = dataFolder(t, 'acme');
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/sync`);
  await page.getByText('This place has no headquarters').waitFor(WAIT);

  run(['upstream', 'enroll', '--dsn', hq.dsn(), '--data', data, '--tenant', 'acme', '--name', 'Till 3']);
  await state(page, 'up_to_date');
  await page.getByText(/Headquarters holds everything up to/).waitFor(WAIT);
  assert.equal(await page.getByText(hq.ca).count(), 0, 'of the dsn there is the place alone');

  await page.getByRole('button', { name: 'Pause' }).click();
  await state(page, 'paused');
  region(data, 'Overseas');
  await page.locator('[data-stat=rows] dd').first().filter({ hasText: /^1$/ }).waitFor(WAIT);
  assert.equal(hq.psql("SELECT count(*) FROM outpost.reference_item WHERE value = 'Overseas'"), '0');
  await page.getByRole('button', { name: 'Go on' }).click();
  await state(page, 'up_to_date');
  assert.equal(hq.psql("SELECT count(*) FROM outpost.reference_item WHERE value = 'Overseas'"), '1');

  await hq.stop('immediate');
  region(data, 'Moon');
  await state(page, 'waiting');
  await page.getByText(/The next try is at/).waitFor(WAIT);
  await hq.start();
  await page.getByRole('button', { name: 'Try now' }).click();
  await state(page, 'up_to_date');
  assert.equal(hq.psql("SELECT count(*) FROM outpost.reference_item WHERE value = 'Moon'"), '1');

  await page.getByLabel('Metered line').check();
  await page.getByLabel('At most').fill('7');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('7.0 MiB of 7.0 MiB are left today').waitFor(WAIT);
  await page.getByLabel('Metered line').uncheck();
  await page.getByText('Everything is sent as fast as the line takes it').waitFor(WAIT);
  await page.getByText('encrypted, and headquarters proves who it is').waitFor(WAIT);
  await page.locator('[data-stat=conflicts] a').click();
  await page.getByRole('heading', { level: 1, name: /conflict/i }).waitFor(WAIT);
  assert.deepEqual(page.faults, []);

  for (const dark of [false, true]) {
    const other = await open(t, `${server.base}/#/sync`, { dark, forAxe: true });
    await other.locator('.sync-history').waitFor(WAIT);
    await settled(other);
    assert.deepEqual(await audit(other), []);
    await other.setViewportSize({ width: 320, height: 700 });
    await drawn(other);
    assert.equal(await overflow(other), 0);
  }
});

test('headquarters went back: a button says that it is right so', { timeout: 240e3 }, async (t) => {
  const hq = await startPostgres(t);
  run(['upstream', 'init', '--dsn', hq.dsn()]);
  const data = dataFolder(t, 'acme');
  const args = ['--data', data, '--tenant', 'acme'];
  run(['upstream', 'enroll', '--dsn', hq.dsn(), ...args]);
  run(['sync', '--once', ...args]);
  await copyAway(hq);
  region(data, 'Overseas');
  run(['sync', '--once', ...args]);
  await putBack(hq);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/sync`, { forAxe: true });
  await state(page, 'refused');
  const button = page.getByRole('button', { name: 'Send it once more' });
  await button.click();
  const dialog = page.getByRole('dialog', { name: 'Is this the right headquarters?' });
  await dialog.getByText('Nothing is deleted here').waitFor(WAIT);
  assert.deepEqual(await audit(page), []);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await state(page, 'refused');
  assert.equal(hq.psql("SELECT count(*) FROM outpost.reference_item WHERE value = 'Overseas'"), '0');
  await button.focus();
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Send it once more' }).click();
  await state(page, 'up_to_date');
  await button.waitFor({ ...WAIT, state: 'detached' });
  assert.equal(hq.psql("SELECT count(*) FROM outpost.reference_item WHERE value = 'Overseas'"), '1');
  assert.deepEqual(page.faults, []);
});
