// Settings: they are applied at once, everywhere, and are the same after a reload, in another window and
// on another device. About: what it counts is counted once more. Trust: what it shows is what TLS shows.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { WAIT, audit, open, overflow } from './chromium.mjs';
import { dataFolder, importGenerated, run, serve } from './outpost.mjs';

const PASSWORD = 'four words to remember';
const query = (db, sql) => execFileSync('sqlite3', ['-readonly', '-separator', '|', db, sql], { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor(WAIT);
const background = (page, dark) => page.waitForFunction((wanted) => (getComputedStyle(document.body).backgroundColor === 'rgb(17, 19, 21)') === wanted, dark, WAIT);
const addressOf = (page, pattern) => page.waitForFunction((text) => new RegExp(text).test(location.hash), pattern, WAIT);

async function logIn(page, email) {
  await page.getByLabel('Email', { exact: true }).fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
}

test('what somebody chooses is so on all his devices, and only on his', async (t) => {
  const data = dataFolder(t, 'demo');
  const db = path.join(data, 'tenants/demo.db');
  importGenerated(data, 'demo', 300, 1);
  for (const name of ['asha', 'ravi']) run(['user', 'add', `${name}@example.org`, '--role', 'admin', '--password', PASSWORD, '--data', data, '--tenant', 'demo']);
  const { base } = await serve(t, data);
  const [one, two, other] = await Promise.all([0, 1, 2].map(() => open(t, `${base}/#/settings`, { forAxe: true })));
  await logIn(one, 'asha@example.org');
  await logIn(two, 'asha@example.org');
  await logIn(other, 'ravi@example.org');
  for (const page of [one, two, other]) {
    await heading(page, 'Settings');
    await page.locator('.connection', { hasText: 'Live' }).waitFor(WAIT);
  }
  assert.deepEqual(await audit(one), []);

  await one.getByRole('radio', { name: 'Dark' }).click();
  await background(one, true);
  await background(two, true); // told by the server
  const before = await one.locator('.setting').first().evaluate((element) => element.offsetHeight);
  await one.getByRole('radio', { name: 'Compact' }).click();
  await one.waitForFunction((height) => document.querySelector('.setting').offsetHeight < height, before, WAIT);
  await two.waitForFunction(() => document.documentElement.dataset.density === 'compact', null, WAIT);
  await one.getByLabel('First page').selectOption({ label: 'Audit trail' });
  await one.getByRole('radio', { name: '30 days' }).click();
  await two.waitForFunction(() => document.querySelector('input[name="Days shown at first"]:checked')?.parentNode.textContent === '30 days', null, WAIT);
  assert.deepEqual(query(db, 'SELECT count(*), min(theme), min(default_date_range) FROM dashboard_settings'), ['1|dark|30d']);
  await background(other, false);

  for (const page of [one, two]) {
    await page.goto(`${base}/`);
    await page.reload();
    await heading(page, 'Audit Trail');
    await background(page, true);
    await page.getByRole('navigation').getByRole('link', { name: 'Quality', exact: true }).click();
    await heading(page, 'Data Quality');
  }
  const last = query(db, 'SELECT max(order_date) FROM sale')[0];
  const day = /^\d+$/.test(last) ? new Date(Number(last) * 86400000).toISOString().slice(0, 10) : last.slice(0, 10);
  const first = new Date(Date.parse(day) - 29 * 86400000).toISOString().slice(0, 10);
  await addressOf(one, `from=${first}&to=${day}`);
  await one.getByRole('navigation').getByRole('link', { name: 'Sales', exact: true }).click();
  await heading(one, 'Sales Analytics');
  await one.getByLabel(/^Days/).selectOption({ label: 'All days' });
  await one.waitForFunction(() => !location.hash.includes('from='), null, WAIT);
  await one.getByRole('navigation').getByRole('link', { name: 'Quality', exact: true }).click();
  await heading(one, 'Data Quality');
  assert.ok(!one.url().includes('from='), 'who chooses all days has them');
  assert.deepEqual(await audit(one), []);
  assert.deepEqual([one, two, other].flatMap((page) => page.faults.filter((fault) => !/status of 401|ERR_/.test(fault))), []);
});

test('a choice that the server was not told of is not forgotten', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  const { base } = await serve(t, data);
  const page = await open(t, `${base}/#/audit`);
  await heading(page, 'Audit Trail');
  await page.locator('.connection', { hasText: 'Live' }).waitFor(WAIT);
  await page.getByRole('button', { name: /^Colours/ }).click();
  await page.getByRole('button', { name: /^Colours/ }).click();
  await page.reload(); // before anything was sent
  await heading(page, 'Audit Trail');
  await background(page, true);
  const fresh = await open(t, `${base}/#/audit`);
  await heading(fresh, 'Audit Trail');
  await background(fresh, true);
  assert.deepEqual(page.faults, []);
});

test('about counts what there is', async (t) => {
  const data = dataFolder(t, 'demo');
  const db = path.join(data, 'tenants/demo.db');
  const { base } = await serve(t, data);
  const page = await open(t, `${base}/#/about`, { forAxe: true });
  await page.locator('[data-count="tables"]').waitFor(WAIT);
  const shown = async (name) => Number((await page.locator(`[data-count="${name}"] dd`).textContent()).replace(/\D/g, ''));
  assert.equal(await shown('tables'), Number(query(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")[0]));
  assert.equal(await shown('entities'), (await (await fetch(`${base}/api/entities`)).json()).data.length);
  assert.equal(await page.locator('tbody tr', { hasText: 'Gateway' }).count(), 1);
  assert.deepEqual(await audit(page), []);
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(page.faults, []);
});

test('trust shows the fingerprint of the authority, and gives its certificate', async (t) => {
  const data = dataFolder(t, 'demo');
  const { base } = await serve(t, data, '--tls');
  assert.match(base, /^https:/);
  const page = await open(t, `${base}/#/trust`, { forAxe: true, ignoreHTTPSErrors: true });
  await heading(page, 'Trust this server');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download the certificate' }).click()]);
  const printed = execFileSync('openssl', ['x509', '-in', await download.path(), '-inform', 'DER', '-noout', '-fingerprint', '-sha256'], { encoding: 'utf8' });
  const shown = await page.locator('.fingerprint').textContent();
  assert.equal(shown.replaceAll(' ', ''), printed.split('=')[1].trim().replaceAll(':', ''));
  for (const system of ['Windows', 'macOS', 'Android', 'iPhone, iPad', 'Linux', 'Firefox']) {
    await page.getByRole('radio', { name: system }).click();
    assert.ok((await page.locator('.numbered li').count()) >= 3, system);
  }
  assert.deepEqual(await audit(page), []);
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(page.faults, []);
});
