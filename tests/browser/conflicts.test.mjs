// The inbox of conflicts in Chromium: what it shows, a choice by key, finger and several at once, the way back, and all of it
// without the server. What became of it is asked of the sqlite3 shell.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { audit, drawn, open, overflow, settled, WAIT } from './chromium.mjs';
import { dataFolder, run, serve } from './outpost.mjs';

const query = (db, sql) => execFileSync('sqlite3', ['-readonly', '-separator', '|', db, sql], { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
const save = (data, entity, object) => JSON.parse(run(['record', 'save', entity, JSON.stringify(object), '--data', data, '--json'])).id;

// A product that n people changed here and elsewhere: the price of each holds as it was said elsewhere.
function conflicts(data, n, more = {}) {
  return Array.from({ length: n }, (_, i) => {
    const record = save(data, 'product', { sku: `A-${i + 1}`, name: `Thing ${i + 1}`, unit_price: String(10 * i + 11) });
    save(data, 'product', { id: record, unit_price: String(10 * i + 12) });
    const id = save(data, 'sync_conflict', { kind: 'product', record, title: `Thing ${i + 1}`, field: 'unit_price', base: '10', lost: String(10 * i + 11), won: String(10 * i + 12), lost_by: 'here', policy: 'review', happened_at: `2024-03-0${9 - i}T10:00:00Z`, ...more });
    return { id, record };
  });
}

function place(t) {
  const data = dataFolder(t, 'demo');
  const db = path.join(data, 'tenants/demo.db');
  const state = ({ id }) => query(db, `SELECT state FROM sync_conflicts WHERE id = '${id}'`)[0];
  const price = ({ record }) => Number(query(db, `SELECT unit_price FROM products WHERE id = '${record}'`)[0]) / 10000;
  return { data, db, state, price };
}

// Until it is so.
async function becomes(page, what, wanted) {
  for (const end = Date.now() + WAIT.timeout; ;) {
    const now = what();
    if (now === wanted) return;
    assert.ok(Date.now() < end, `it is ${now}, not ${wanted}`);
    await drawn(page);
  }
}
const card = (page, { id }) => page.locator(`.conflict[data-id="${id}"]`);
const gone = (page, one) => card(page, one).waitFor({ ...WAIT, state: 'detached' });
// As fingers type: keys that follow faster are a scanner's.
const press = async (page, keys) => { for (const key of keys) await page.keyboard.press(key, { delay: 60 }); };

test('one key a choice, several at once, and the way back', { timeout: 240e3 }, async (t) => {
  const { data, state, price } = place(t);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/conflicts`, { forAxe: true });
  await page.getByText('Nothing to decide').waitFor(WAIT);
  const mark = page.getByRole('navigation').getByRole('link', { name: 'Conflicts' }).locator('.nav-mark');
  assert.equal(await mark.count(), 0);

  const [first, second, third, fourth] = conflicts(data, 4);
  await card(page, fourth).waitFor(WAIT);
  await mark.filter({ hasText: '4' }).waitFor(WAIT);
  const said = async (side) => (await card(page, first).locator(`[data-side=${side}] .conflict-value`).innerText()).trim();
  assert.deepEqual([await said('base'), await said('mine'), await said('theirs')], ['10', '11', '12']);
  assert.match(await card(page, first).locator('[data-side=theirs] h3').innerText(), /holds now/);
  assert.match(await card(page, first).locator('[data-side=mine] .note').innerText(), /cli:/);
  assert.deepEqual(await audit(page), []);

  // Mine, by a key; the next one is the present one then.
  await press(page, ['j', 'm']);
  await gone(page, first);
  await becomes(page, () => state(first), 'taken');
  assert.equal(price(first), 11);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.id), second.id);
  await press(page, ['h']);
  await gone(page, second);
  await becomes(page, () => state(second), 'kept');
  assert.equal(price(second), 22);
  await mark.filter({ hasText: '2' }).waitFor(WAIT);

  // And back, the last one first.
  await press(page, ['u']);
  await card(page, second).waitFor(WAIT);
  await becomes(page, () => state(second), 'open');
  await press(page, ['u']);
  await card(page, first).waitFor(WAIT);
  await becomes(page, () => state(first), 'open');
  assert.equal(price(first), 12);

  // Several at once, and the way back in the words that told it.
  await card(page, second).focus();
  await press(page, ['x', 'j', 'j', 'x']);
  await page.getByRole('group', { name: '2 chosen' }).getByRole('button', { name: 'Use mine' }).click();
  for (const one of [second, fourth]) await becomes(page, () => state(one), 'taken');
  assert.deepEqual([state(first), state(third)], ['open', 'open']);
  await page.locator('.toast', { hasText: '2 decided' }).getByRole('button', { name: 'Undo' }).click();
  for (const one of [second, fourth]) await becomes(page, () => state(one), 'open');
  assert.equal(price(fourth), 42);

  // What was decided can be seen, and taken back there.
  await card(page, third).getByRole('button', { name: /Use theirs/ }).click();
  await becomes(page, () => state(third), 'kept');
  await page.getByRole('radio', { name: /^Decided/ }).check();
  await card(page, third).getByRole('button', { name: /Undo/ }).click();
  await becomes(page, () => state(third), 'open');
  await page.getByText('Nothing was decided yet').waitFor(WAIT);
  assert.deepEqual(page.faults, []);
});

test('with a finger on a narrow page, light and dark', { timeout: 240e3 }, async (t) => {
  const { data, state } = place(t);
  const [first, second] = conflicts(data, 2);
  const server = await serve(t, data);
  for (const [dark, one, side] of [[false, first, 'mine'], [true, second, 'theirs']]) {
    const page = await open(t, `${server.base}/#/conflicts`, { width: 390, height: 844, dark, forAxe: true, hasTouch: true, isMobile: true });
    await card(page, one).waitFor(WAIT);
    await settled(page);
    assert.deepEqual(await audit(page), []);
    const button = card(page, one).locator(`[data-side=${side}] button`);
    assert.ok((await button.boundingBox()).height >= 44);
    await button.tap();
    await becomes(page, () => state(one), side === 'mine' ? 'taken' : 'kept');
    await page.setViewportSize({ width: 320, height: 700 });
    await drawn(page);
    assert.ok((await overflow(page)) <= 0);
    assert.deepEqual(page.faults, []);
  }
});

test('without the server: choices are kept, survive a reload, can be taken back, and arrive once', { timeout: 240e3 }, async (t) => {
  const { data, db, state, price } = place(t);
  const [first, second, third] = conflicts(data, 3);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/conflicts`, { serviceWorkers: 'allow' });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller, null, WAIT);
  await card(page, third).waitFor(WAIT);
  await server.stop();
  await page.locator('.connection', { hasText: 'Offline' }).waitFor(WAIT);
  await card(page, first).getByRole('button', { name: /Use mine/ }).click();
  await gone(page, first);
  await card(page, second).getByRole('button', { name: /Use theirs/ }).click();
  await gone(page, second);
  await page.getByText('2 choices are kept in this browser').waitFor(WAIT);
  await page.reload();
  await page.getByText('2 choices are kept in this browser').waitFor(WAIT);
  await card(page, third).waitFor(WAIT);
  assert.deepEqual([await card(page, first).count(), await card(page, second).count()], [0, 0]);
  await page.getByRole('radio', { name: /^Decided/ }).check();
  await card(page, second).getByRole('button', { name: /Undo/ }).click();
  await gone(page, second);
  assert.deepEqual([state(first), state(second)], ['open', 'open']);

  await serve(t, data, '--listen', `127.0.0.1:${server.port}`);
  await becomes(page, () => state(first), 'taken');
  await page.locator('.notice', { hasText: 'choice' }).waitFor({ ...WAIT, state: 'detached' });
  assert.deepEqual([state(second), state(third), price(first)], ['open', 'open', 11]);
  assert.deepEqual(query(db, `SELECT count(*) FROM change_log WHERE tbl = 'sync_conflicts' AND key = '${first.id}'`), ['2'], 'it was decided once');
  assert.deepEqual(query(db, `SELECT count(*) FROM change_log WHERE tbl = 'sync_conflicts' AND key = '${second.id}'`), ['1'], 'what was taken back was never sent');
});

test('who may not change the record may look', { timeout: 120e3 }, async (t) => {
  const { data } = place(t);
  const [first] = conflicts(data, 1);
  run(['user', 'add', 'asha@example.org', '--role', 'auditor', '--password', 'four words to remember', '--data', data, '--tenant', 'demo']);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/conflicts`);
  await page.getByLabel('Email', { exact: true }).fill('asha@example.org');
  await page.getByLabel('Password', { exact: true }).fill('four words to remember');
  await page.keyboard.press('Enter');
  await card(page, first).getByText('Your role may look at this').waitFor(WAIT);
  assert.equal(await card(page, first).getByRole('button').count(), 0);
  assert.equal(await card(page, first).getByRole('checkbox').count(), 0);
});

test('who logs out is told of choices that were not sent', { timeout: 120e3 }, async (t) => {
  const { data, state } = place(t);
  const [first] = conflicts(data, 1);
  run(['user', 'add', 'asha@example.org', '--role', 'admin', '--password', 'four words to remember', '--data', data, '--tenant', 'demo']);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/conflicts`);
  const logIn = async () => {
    await page.getByLabel('Email', { exact: true }).fill('asha@example.org');
    await page.getByLabel('Password', { exact: true }).fill('four words to remember');
    await page.keyboard.press('Enter');
  };
  const logOut = async () => {
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('button', { name: 'Log out' }).click();
  };
  await logIn();
  await card(page, first).waitFor(WAIT);
  await page.route('**/api/sync/conflicts/*/take', (route) => route.abort());
  await card(page, first).getByRole('button', { name: /Use mine/ }).click();
  await gone(page, first);
  await logOut();
  const asked = page.getByRole('dialog', { name: '1 choice is not sent yet' });
  await asked.getByRole('button', { name: 'Cancel' }).click();
  await logOut();
  await asked.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor(WAIT);
  assert.equal(state(first), 'open');
  await page.unroute('**/api/sync/conflicts/*/take');
  await logIn();
  await becomes(page, () => state(first), 'taken');
});

// A product whose sku another place gave away earlier: the one of headquarters waits.
function sameKeys(data, db, n) {
  return Array.from({ length: n }, (_, i) => {
    const record = save(data, 'product', { sku: `K-${i + 1}`, name: `Mine ${i + 1}`, unit_price: '11', notes: 'of here' });
    const lost = JSON.parse(query(db, `SELECT after FROM change_log WHERE key = '${record}'`)[0]);
    const won = { ...lost, id: `0190f3a2-0000-7000-8000-00000000000${i}`, name: `Theirs ${i + 1}`, notes: null, created_at: lost.created_at - 1e6, created_by: 'till-7' };
    const id = save(data, 'sync_conflict', { kind: 'product', record, title: `Mine ${i + 1}`, field: 'id', base: ['sku'], lost, won, lost_by: 'here', happened_at: `2024-03-0${9 - i}T10:00:00Z` });
    return { id, record };
  });
}

test('two records with one key: mine gets another by the keyboard, or theirs takes its place, without the server, too', { timeout: 240e3 }, async (t) => {
  const { data, db, state } = place(t);
  const [first, second, third] = sameKeys(data, db, 3);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/conflicts`, { forAxe: true, serviceWorkers: 'allow' });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller, null, WAIT);
  await card(page, third).waitFor(WAIT);
  assert.equal(await card(page, first).locator('[data-side=base]').count(), 0);
  assert.match(await card(page, first).locator('[data-side=mine]').innerText(), /Mine 1[^]*of here/);
  assert.match(await card(page, first).locator('[data-side=theirs]').innerText(), /Theirs 1[^]*till-7/);
  assert.deepEqual(await audit(page), []);

  // What both hold steps back; values stand below each other; on a telephone one record stands above the other, each button in its own.
  const side = (name) => card(page, first).locator(`[data-side=${name}]`);
  assert.deepEqual(await side('mine').locator('div:not(.conflict-same) > dt').allInnerTexts(), ['Name', 'Notes']);
  const lefts = await side('mine').locator('dd').evaluateAll((all) => all.map((e) => e.getBoundingClientRect().left));
  assert.equal(new Set(lefts).size, 1);
  await page.setViewportSize({ width: 360, height: 740 });
  const [mine, theirs] = await Promise.all([side('mine').boundingBox(), side('theirs').boundingBox()]);
  assert.ok(mine.x === theirs.x && theirs.y >= mine.y + mine.height);
  for (const box of await card(page, first).locator('.conflict-side button').all()) assert.equal(await box.evaluate((e) => e.scrollWidth > e.clientWidth), false);
  assert.ok((await overflow(page)) <= 0);
  await page.setViewportSize({ width: 1280, height: 860 });

  // The same key is no choice; another one is, and what is in the way is said.
  save(data, 'product', { sku: 'TAKEN', name: 'in the way' });
  const input = card(page, first).getByLabel('Another SKU for mine');
  await card(page, first).focus();
  await press(page, ['m']);
  assert.equal(await input.evaluate((e) => e === document.activeElement), true);
  assert.equal(await card(page, first).getByRole('button', { name: /Keep mine as well/ }).isDisabled(), true);
  await page.keyboard.type('TAKEN', { delay: 60 });
  await page.keyboard.press('Enter');
  await card(page, first).getByRole('alert').filter({ hasText: /same sku already/ }).waitFor(WAIT);
  assert.equal(state(first), 'open');
  await card(page, first).focus();
  await press(page, ['m']);
  await page.keyboard.type('K-1b', { delay: 60 });
  await page.keyboard.press('Enter');
  await gone(page, first);
  await becomes(page, () => state(first), 'taken');
  assert.deepEqual(query(db, "SELECT sku, name FROM products WHERE sku LIKE 'K-1%' ORDER BY 1"), ['K-1|Theirs 1', 'K-1b|Mine 1']);
  await press(page, ['h']);
  await gone(page, second);
  await becomes(page, () => state(second), 'kept');
  assert.deepEqual(query(db, "SELECT name, deleted_at IS NULL FROM products WHERE sku = 'K-2' ORDER BY 1"), ['Mine 2|0', 'Theirs 2|1']);

  await server.stop();
  await page.locator('.connection', { hasText: 'Offline' }).waitFor(WAIT);
  await card(page, third).focus();
  await press(page, ['m']);
  await page.keyboard.type('K-3b', { delay: 60 });
  await page.keyboard.press('Enter');
  await gone(page, third);
  await page.getByText('one choice is kept in this browser').waitFor(WAIT);
  await page.getByRole('radio', { name: /^Decided/ }).check();
  await card(page, third).getByText(/Mine was given another key by you/).waitFor(WAIT);
  await page.reload();
  await serve(t, data, '--listen', `127.0.0.1:${server.port}`);
  await becomes(page, () => state(third), 'taken');
  assert.deepEqual(query(db, "SELECT sku, name FROM products WHERE sku LIKE 'K-3%' ORDER BY 1"), ['K-3|Theirs 3', 'K-3b|Mine 3']);
  await card(page, third).getByText(/Mine was given another key/).waitFor(WAIT);
  assert.equal(await card(page, third).getByRole('button', { name: /Undo/ }).count(), 0);
  await page.setViewportSize({ width: 320, height: 700 });
  await drawn(page);
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(page.faults.filter((fault) => !/Failed to load resource/.test(fault)), []); // the server was away, and said no once
});
