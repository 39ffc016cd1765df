// Getting in: the first account, logging in and out, by badge and PIN, and coming back to where one was
// with what one had typed. Sessions are counted by the sqlite3 shell.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { WAIT, audit, open, overflow } from './chromium.mjs';
import { dataFolder, importGenerated, run, serve } from './outpost.mjs';

const PASSWORD = 'four words to remember';
const query = (db, sql) => execFileSync('sqlite3', ['-readonly', '-separator', '|', db, sql], { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor(WAIT);
const expected = (page) => page.faults.splice(0).filter((fault) => !/status of (401|403|429)/.test(fault));
const user = (data, email, role) => run(['user', 'add', email, '--name', email.split('@')[0], '--role', role, '--password', PASSWORD, '--data', data, '--tenant', 'demo']);

async function logIn(page, email, password = PASSWORD) {
  await page.getByLabel('Email', { exact: true }).fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
}

async function place(t, users = { 'asha@example.org': 'admin' }, ...more) {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  for (const [email, role] of Object.entries(users)) user(data, email, role);
  return { data, db: path.join(data, 'tenants/demo.db'), server: await serve(t, data, ...more) };
}

test('while there is no account everything is open, and a banner leads to the first', async (t) => {
  const { db, server } = await place(t, {});
  const page = await open(t, `${server.base}/#/audit`, { forAxe: true });
  await heading(page, 'Audit Trail');
  await page.getByText(/Nobody has to log in here yet/).waitFor(WAIT);
  assert.deepEqual(await audit(page), []);
  await page.getByRole('link', { name: 'Make the first account' }).click();
  await heading(page, 'The first account');
  assert.deepEqual(await audit(page), []);
  await page.getByLabel('Your name').fill('Asha Rao');
  await page.getByLabel('Email').fill('Asha@Example.org');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor(WAIT);
  assert.deepEqual(query(db, 'SELECT count(*) FROM users'), ['0']);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'Sales Analytics');
  assert.equal(await page.locator('.open-banner').count(), 0);
  assert.deepEqual(query(db, 'SELECT u.email, u.name, r.name FROM users u JOIN roles r ON r.id = u.role'), ['asha@example.org|Asha Rao|admin']);
  const cookies = await page.context().cookies();
  assert.ok(cookies.length > 0 && cookies.every((cookie) => cookie.httpOnly && cookie.sameSite === 'Strict'), JSON.stringify(cookies));
  assert.equal(await page.evaluate(() => document.cookie), '');
  assert.deepEqual(page.faults.splice(0).filter((fault) => !/status of 4(01|22)/.test(fault)), []);

  const stranger = await open(t, `${server.base}/#/audit`);
  await heading(stranger, 'Log in');
});

test('who is not logged in comes to the door, and from there to where he wanted', async (t) => {
  const { db, server } = await place(t);
  const page = await open(t, `${server.base}/#/audit?table=run`, { forAxe: true });
  await heading(page, 'Log in');
  assert.equal(await page.getByRole('navigation').count(), 0);
  assert.deepEqual(await audit(page), []);
  await logIn(page, 'asha@example.org', 'not this one');
  const said = await page.getByRole('alert').textContent();
  await logIn(page, 'nobody@example.org');
  await page.waitForFunction((text) => document.querySelector('[role="alert"]')?.textContent === text, said, WAIT); // the same words
  await logIn(page, 'asha@example.org');
  await heading(page, 'Audit Trail');
  assert.match(page.url(), /#\/audit\?table=run$/);
  assert.deepEqual(expected(page), []);

  await page.reload();
  await heading(page, 'Audit Trail');
  await page.getByRole('button', { name: /^Account/ }).click();
  assert.deepEqual(await audit(page), []);
  await page.getByRole('button', { name: 'Log out' }).click();
  await heading(page, 'Log in');
  assert.deepEqual(query(db, "SELECT count(*) FROM sessions WHERE kind IN ('login', 'refresh') AND revoked_at IS NULL"), ['0']);
  assert.equal(await page.evaluate(() => localStorage.getItem('me')), null);
  assert.deepEqual(expected(page), []);
});

test('an address at the beginning of a sentence stays as it is written', async (t) => {
  const { server } = await place(t);
  const page = await open(t, `${server.base}/#/audit`);
  await logIn(page, 'asha@example.org');
  await page.getByText('asha@example.org logged in from').first().waitFor(WAIT);
  const first = (text) => page.getByText(text).first().evaluate((element) => getComputedStyle(element, '::first-letter').textTransform);
  assert.equal(await first('asha@example.org logged in from'), 'none');
  assert.equal(await first('totals by group were stored'), 'uppercase');
  assert.deepEqual(expected(page), []);
});

test('a session that ends takes nothing away that was typed', async (t) => {
  const { db, server } = await place(t, { 'asha@example.org': 'admin', 'ravi@example.org': 'sales' });
  const page = await open(t, `${server.base}/#/records/warehouse/new`, { forAxe: true });
  await logIn(page, 'asha@example.org');
  await heading(page, /new record/);
  await page.getByLabel('Code').fill('WH-9');
  await page.getByLabel('Name').fill('Behind the hill');
  await page.context().clearCookies();
  await page.evaluate(() => document.querySelector('form.form').requestSubmit()); // the door may be there before
  const door = page.locator('.door-veil');
  await door.waitFor(WAIT);
  assert.deepEqual(query(db, 'SELECT count(*) FROM warehouses'), ['0']);
  assert.deepEqual(await audit(page), []);
  await page.keyboard.press('Escape'); // there is no way around it
  assert.equal(await door.isVisible(), true);
  assert.equal(await page.evaluate(() => document.activeElement.name), 'password');
  assert.equal(await page.getByLabel('Email', { exact: true }).inputValue(), 'asha@example.org');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'WH-9'); // what was asked was asked again
  assert.deepEqual(query(db, 'SELECT code, name, created_by FROM warehouses'), ['WH-9|Behind the hill|asha@example.org']);

  await page.getByLabel('Name').fill('Secret plans');
  await page.context().clearCookies();
  await page.evaluate(() => document.querySelector('form.form').requestSubmit()); // the door may be there before
  await door.waitFor(WAIT);
  await logIn(page, 'ravi@example.org'); // somebody else begins anew
  await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.door-veil'), null, WAIT);
  assert.ok(!(await page.content()).includes('Secret plans'));
  assert.deepEqual(query(db, 'SELECT name FROM warehouses'), ['Behind the hill']);
  assert.deepEqual(expected(page).filter((fault) => !/ERR_/.test(fault)), []);
});

test('what a role may not do is not offered, and says what it takes when it is asked for', async (t) => {
  const { server } = await place(t, { 'asha@example.org': 'admin', 'olga@example.org': 'auditor', 'sven@example.org': 'sales' });
  const page = await open(t, `${server.base}/#/imports`, { forAxe: true });
  await logIn(page, 'olga@example.org'); // sees everything and changes nothing
  await heading(page, 'Imports');
  const nav = await page.getByRole('navigation').getByRole('link').allTextContents();
  assert.ok(['Jobs', 'People', 'Governance'].every((name) => nav.includes(name)), nav.join());
  for (const name of ['Import', 'New page']) assert.equal(await page.getByRole('link', { name, exact: true }).count(), 0, name);
  await page.goto(`${server.base}/#/records/warehouse`);
  await heading(page, 'Warehouse');
  assert.equal(await page.getByRole('link', { name: 'New record' }).count(), 0);
  await page.goto(`${server.base}/#/schedules`);
  await page.getByRole('heading', { level: 1, name: 'Schedules' }).waitFor(WAIT);
  await page.locator('tbody tr').first().waitFor(WAIT);
  assert.equal(await page.getByRole('button', { name: /Run now|New schedule/ }).count(), 0);
  assert.deepEqual(page.faults.splice(0), [], 'it asks nothing that it may not');

  const two = await open(t, `${server.base}/#/people`, { forAxe: true });
  await logIn(two, 'sven@example.org');
  await heading(two, 'You may not see this');
  await two.getByText(/people\.read/).waitFor(WAIT);
  assert.deepEqual(await audit(two), []);
  const names = await two.getByRole('navigation').getByRole('link').allTextContents();
  for (const name of ['Jobs', 'People', 'Governance', 'Health']) assert.ok(!names.includes(name), name);
  await two.getByRole('link', { name: /^Sales/ }).first().click();
  await heading(two, 'Sales Analytics');
  assert.deepEqual(two.faults.splice(0), []);
});

test('a badge and a PIN, with large keys or a scanner', async (t) => {
  const { db, server } = await place(t);
  const id = query(db, 'SELECT id FROM users')[0];
  const admin = await open(t, `${server.base}/#/`);
  await logIn(admin, 'asha@example.org');
  await heading(admin, 'Sales Analytics');
  for (const [what, value] of [['badge', '0004711'], ['pin', '274915']])
    assert.equal(await admin.evaluate(async ([where, body]) => (await fetch(where, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } })).status, [`/api/users/${id}/${what}`, { [what]: value }]), 200, what);

  const page = await open(t, `${server.base}/#/`, { width: 1024, height: 768, forAxe: true });
  await heading(page, 'Log in');
  await page.getByRole('radio', { name: 'Badge and PIN' }).click();
  await page.getByLabel('Badge or email').waitFor(WAIT);
  assert.deepEqual(await audit(page), []);
  const sizes = await page.locator('.key').evaluateAll((keys) => keys.map((key) => Math.min(key.offsetHeight, key.offsetWidth)));
  assert.ok(Math.min(...sizes) >= 60, sizes.join());
  for (const key of '0004711') await page.keyboard.press(key); // as a scanner types
  await page.keyboard.press('Enter');
  await page.getByLabel('PIN', { exact: true }).waitFor(WAIT);
  for (const key of '111111') await page.getByRole('button', { name: key, exact: true }).click();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('alert').waitFor(WAIT);
  for (const key of '2749150') await page.getByRole('button', { name: key, exact: true }).click();
  await page.getByRole('button', { name: 'Take the last one back' }).click();
  await page.getByRole('button', { name: 'Go on' }).click();
  await heading(page, 'Sales Analytics');
  assert.deepEqual(query(db, "SELECT count(*) FROM sessions WHERE kind = 'pin' AND revoked_at IS NULL"), ['1']);
  assert.deepEqual(expected(page), []);
});

test('a terminal that many share locks itself, and opens for the same person where he was', async (t) => {
  const { db, server } = await place(t);
  const page = await open(t, 'about:blank');
  await page.clock.install();
  await page.goto(`${server.base}/#/settings`);
  await logIn(page, 'asha@example.org');
  await heading(page, 'Settings');
  await page.getByLabel('Lock by itself').selectOption({ label: 'After 2 minutes' });
  await page.goto(`${server.base}/#/records/warehouse/new`);
  await heading(page, /new record/);
  await page.getByLabel('Code').fill('HALF');
  await page.clock.fastForward(60_000);
  assert.equal(await page.locator('.door-veil').count(), 0);
  await page.clock.fastForward(70_000);
  await page.locator('.door-veil').waitFor(WAIT);
  assert.deepEqual(query(db, "SELECT count(*) FROM sessions WHERE kind = 'login' AND revoked_at IS NULL"), ['0'], 'it is no mere curtain');
  await page.getByRole('radio', { name: 'Email and password' }).click();
  await logIn(page, 'asha@example.org');
  await page.locator('.door-veil').waitFor({ state: 'detached', ...WAIT });
  assert.equal(await page.getByLabel('Code').inputValue(), 'HALF');
});

test('too many questions are waited out', async (t) => {
  const { server } = await place(t, { 'asha@example.org': 'admin' });
  const page = await open(t, `${server.base}/#/audit`);
  await logIn(page, 'asha@example.org');
  await heading(page, 'Audit Trail');
  let refused = 0;
  await page.route('**/api/governance*', (route) => (refused++ ? route.continue() : route.fulfill({ status: 429, headers: { 'Retry-After': '1' }, contentType: 'application/problem+json', body: '{"status":429,"detail":"too much"}' })));
  await page.goto(`${server.base}/#/governance`);
  await page.locator('.connection', { hasText: 'Waiting' }).waitFor(WAIT);
  await heading(page, 'Governance');
  await page.waitForFunction(() => !document.querySelector('.skeleton'), null, WAIT);
  await page.locator('.connection', { hasText: 'Live' }).waitFor(WAIT);
  assert.equal(refused, 2);
});

test('the door fits a telephone, by night, too', async (t) => {
  const { server } = await place(t);
  for (const dark of [false, true]) {
    const page = await open(t, `${server.base}/`, { width: 320, height: 568, dark, forAxe: true });
    await heading(page, 'Log in');
    for (const way of ['Badge and PIN', 'Email and password']) {
      await page.getByRole('radio', { name: way }).click();
      assert.ok((await overflow(page)) <= 0, way);
      assert.deepEqual(await audit(page), [], way);
    }
    await page.getByRole('link', { name: /browser warns/ }).click();
    await heading(page, 'Trust this server');
    await page.locator('.card').first().waitFor(WAIT);
    assert.ok((await overflow(page)) <= 0);
    assert.deepEqual(await audit(page), []);
  }
});
