// People, roles and tokens; what is stored is read by the sqlite3 shell, and what is given out is tried.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { WAIT, audit, open, overflow } from './chromium.mjs';
import { dataFolder, run, serve } from './outpost.mjs';

const PASSWORD = 'four words to remember';
const query = (db, sql) => execFileSync('sqlite3', ['-readonly', '-separator', '|', db, sql], { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor(WAIT);
const toast = (page, text) => page.locator('.toast', { hasText: text }).first().waitFor(WAIT);
const logIn = (base, body, route = 'login') => fetch(`${base}/api/auth/${route}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

// An admin who has logged in, at the page that is asked for.
async function place(t, where = 'people', options) {
  const data = dataFolder(t, 'demo');
  run(['user', 'add', 'asha@example.org', '--name', 'Asha Rao', '--role', 'admin', '--password', PASSWORD, '--data', data, '--tenant', 'demo']);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/${where}`, { forAxe: true, ...options });
  await page.getByLabel('Email', { exact: true }).fill('asha@example.org');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'People');
  return { db: path.join(data, 'tenants/demo.db'), base: server.base, page };
}

async function add(page, name, email, role) {
  await page.getByRole('button', { name: 'Add somebody' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Email').fill(email);
  await dialog.getByLabel('Role').selectOption({ label: role });
  await dialog.getByRole('button', { name: 'Add somebody' }).click();
  await dialog.getByText('Link to set the password').waitFor(WAIT);
  const link = await dialog.locator('code').textContent();
  await dialog.getByRole('button', { name: 'Done' }).click();
  return link;
}

test('somebody is added, and sets a password by the link that was handed over, once', async (t) => {
  const { db, base, page } = await place(t);
  const link = await add(page, 'Ravi Menon', 'ravi@example.org', 'Planner');
  await page.locator('tbody tr', { hasText: 'Ravi Menon' }).waitFor(WAIT);
  assert.deepEqual(query(db, "SELECT u.name, r.name, u.created_by FROM users u JOIN roles r ON r.id = u.role WHERE u.email = 'ravi@example.org'"), ['Ravi Menon|planner|asha@example.org']);
  assert.equal((await logIn(base, { email: 'ravi@example.org', password: PASSWORD })).status, 401);
  const ravi = await open(t, link, { forAxe: true });
  await heading(ravi, 'Welcome');
  assert.deepEqual(await audit(ravi), []);
  await ravi.getByLabel('Password', { exact: true }).fill('another four good words');
  await ravi.keyboard.press('Enter');
  await heading(ravi, /Nothing imported yet|Sales Analytics|Dashboard/);
  assert.equal((await logIn(base, { email: 'ravi@example.org', password: 'another four good words' })).status, 200);
  const again = await open(t, link);
  await again.getByLabel('Password', { exact: true }).fill('a third four good words');
  await again.keyboard.press('Enter');
  await again.getByRole('alert').waitFor(WAIT);
  assert.deepEqual([...page.faults, ...ravi.faults], []);
});

test('one account: role, PIN, unlocking, sessions, and deactivation', async (t) => {
  const { db, base, page } = await place(t);
  await add(page, 'Ravi Menon', 'ravi@example.org', 'Planner');
  await page.locator('tbody tr', { hasText: 'Ravi Menon' }).getByRole('button', { name: /Details/ }).click();
  const drawer = page.getByRole('dialog');
  await drawer.getByLabel('Role').waitFor(WAIT);
  assert.deepEqual(await audit(page), []);
  await drawer.getByLabel('Role').selectOption({ label: 'Operator' });
  await drawer.getByRole('button', { name: 'Save' }).click();
  await toast(page, 'Ravi Menon is saved');
  assert.deepEqual(query(db, "SELECT r.name FROM users u JOIN roles r ON r.id = u.role WHERE u.email = 'ravi@example.org'"), ['operator']);
  for (const [act, label, value] of [['Set a PIN', 'Set a PIN', '274915'], ['Set a badge', 'Set a badge', '0004711'], ['Set a password', 'Set a password', 'given by the admin']]) {
    await drawer.getByRole('button', { name: act }).click();
    await drawer.getByLabel(label).fill(value);
    await drawer.getByLabel(label).press('Enter');
    await drawer.getByRole('button', { name: act }).waitFor(WAIT);
  }
  const reply = await logIn(base, { user: '0004711', pin: '274915' }, 'pin');
  assert.equal(reply.status, 200);

  let status = 401;
  for (let i = 0; i < 20 && status === 401; i++) ({ status } = await logIn(base, { email: 'ravi@example.org', password: 'guessed' }));
  assert.equal(status, 429, 'guessing is slowed down');
  execFileSync('sqlite3', [db, 'UPDATE login_failure SET until = until + 600000000']); // longer than any test takes
  await page.reload();
  await drawer.getByText(/Locked until/).waitFor(WAIT);
  await drawer.getByText('Set: password, PIN, badge.').waitFor(WAIT);
  await drawer.getByRole('button', { name: 'Unlock' }).click();
  await toast(page, 'Ravi Menon can try again');
  await drawer.getByText(/Locked until/).waitFor({ ...WAIT, state: 'detached' });

  await drawer.getByRole('button', { name: 'Deactivate' }).click();
  await page.getByRole('dialog', { name: 'Deactivate Ravi Menon?' }).getByRole('button', { name: 'Deactivate' }).click();
  await toast(page, 'can no longer log in');
  assert.deepEqual(query(db, "SELECT active FROM users WHERE email = 'ravi@example.org'"), ['0']);
  assert.equal((await logIn(base, { user: '0004711', pin: '274915' }, 'pin')).ok, false);
  const { data } = await reply.json();
  assert.equal((await fetch(`${base}/api/records/warehouse`, { headers: { authorization: `Bearer ${data.token}` } })).status, 401, 'a session that was open ends at once');
  await drawer.getByRole('button', { name: 'Activate' }).waitFor(WAIT);
  assert.deepEqual(page.faults, []);
});

test('who was given a password has to choose one of his own', async (t) => {
  const { base, page } = await place(t);
  await page.getByRole('button', { name: 'Add somebody' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Olga');
  await dialog.getByLabel('Email').fill('olga@example.org');
  await dialog.getByLabel('Role').selectOption({ label: 'Auditor' });
  await dialog.getByLabel('Password').fill('given by the admin');
  await dialog.getByRole('button', { name: 'Add somebody' }).click();
  await dialog.getByText('Hand over the password').waitFor(WAIT);
  const olga = await open(t, `${base}/#/settings`, { forAxe: true });
  await olga.getByLabel('Email', { exact: true }).fill('olga@example.org');
  await olga.getByLabel('Password', { exact: true }).fill('given by the admin');
  await olga.keyboard.press('Enter');
  await heading(olga, 'A password of your own');
  assert.deepEqual(await audit(olga), []);
  await olga.getByLabel('Present password').fill('given by the admin');
  await olga.getByLabel('New password').fill('four words of my own');
  await olga.keyboard.press('Enter');
  await heading(olga, 'Settings');
  assert.equal((await logIn(base, { email: 'olga@example.org', password: 'four words of my own' })).status, 200);
  assert.deepEqual(olga.faults.filter((fault) => !/status of 401/.test(fault)), []);
});

// The same table from the file, by itself: "sales.write stock.read *.read".
function cellOf(permissions, group) {
  const words = permissions.split(/[ ,]+/).map((word) => word.split('.')).filter(([name]) => name === group || name === '*');
  return words.some(([, verb]) => verb === 'write') ? 'Change' : words.length ? 'See' : 'Nothing';
}

test('what each role may do is a table', async (t) => {
  const { db, base, page } = await place(t);
  await page.getByRole('tab', { name: 'Roles' }).click();
  await page.locator('tbody tr').first().waitFor(WAIT);
  const roles = query(db, 'SELECT name, permissions FROM roles ORDER BY name').map((line) => line.split('|'));
  const shown = await page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].slice(1).map((cell) => cell.textContent.trim())));
  const groups = ['sales', 'data', 'stock', 'work', 'alerts', 'archive', 'people', 'system', 'audit', 'sync'];
  assert.deepEqual(shown, groups.map((group) => roles.map(([, permissions]) => cellOf(permissions, group))));
  assert.deepEqual(await audit(page), []);
  const narrow = await open(t, 'about:blank', { width: 320, height: 640, dark: true, forAxe: true });
  await narrow.context().addCookies(await page.context().cookies());
  for (const part of ['people', 'people/roles', 'people/tokens', 'account']) {
    await narrow.goto(`${base}/#/${part}`);
    await narrow.locator('tbody tr, .empty').first().waitFor(WAIT);
    assert.ok((await overflow(narrow)) <= 0, part);
    assert.deepEqual(await audit(narrow), [], part);
  }
  assert.deepEqual([...page.faults, ...narrow.faults], []);
});

test('a token is shown once, works, and no longer when it is revoked', async (t) => {
  const { base, page } = await place(t, 'people/tokens');
  await page.getByText('No token yet').waitFor(WAIT);
  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Nightly');
  await dialog.getByLabel('Role').selectOption({ label: 'Auditor' });
  await dialog.getByRole('button', { name: 'New token' }).click();
  const token = await dialog.locator('code').textContent();
  assert.deepEqual(await audit(page), []);
  await dialog.getByRole('button', { name: 'Done' }).click();
  const ask = async (method = 'GET') => (await fetch(`${base}/api/records/warehouse`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...(method === 'POST' && { body: '{"code":"A","name":"A"}' }) })).status;
  assert.deepEqual([await ask(), await ask('POST')], [200, 403]);
  const row = page.locator('tbody tr', { hasText: 'Nightly' });
  await row.waitFor(WAIT);
  assert.ok(!(await page.content()).includes(token));
  await row.getByRole('button', { name: /Revoke/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await toast(page, 'Nightly is revoked');
  assert.equal(await ask(), 401);
  await page.getByText('No token yet').waitFor(WAIT);
  assert.deepEqual(page.faults, []);
});

test('one sees where one is logged in, ends the others, and changes the password', async (t) => {
  const { base, page } = await place(t);
  const other = await (await logIn(base, { email: 'asha@example.org', password: PASSWORD })).json();
  await page.goto(`${base}/#/account`);
  await heading(page, 'Asha Rao');
  await page.locator('tbody tr').nth(1).waitFor(WAIT);
  assert.equal(await page.getByText('here', { exact: true }).count(), 1);
  assert.deepEqual(await audit(page), []);
  await page.getByRole('button', { name: /End it/ }).first().click();
  await toast(page, 'That session is ended');
  assert.equal((await fetch(`${base}/api/tenants`, { headers: { authorization: `Bearer ${other.data.token}` } })).status, 401);
  await page.getByLabel('Present password').fill('wrong');
  await page.getByLabel('New password').fill('five words to remember now');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByRole('alert').waitFor(WAIT);
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await toast(page, 'Your password is changed');
  assert.equal((await logIn(base, { email: 'asha@example.org', password: PASSWORD })).status, 401);
  await page.reload();
  await heading(page, 'Asha Rao');
  assert.deepEqual(page.faults.filter((fault) => !/status of 403/.test(fault)), []);
});
