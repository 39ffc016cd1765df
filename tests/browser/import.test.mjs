// Bringing files in by the page: the wizard on generated and on real files, drag and
// drop, by keyboard alone. Figures are computed here from the files.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { audit, open, overflow, settled, WAIT } from './chromium.mjs';
import { grouped, parseCsv, rupees } from './oracle.mjs';
import { dataFolder, importGenerated, OUTPOST, run, serve } from './outpost.mjs';

const LONG = { timeout: 30000 };
const SUPERSTORE = new URL('../data/superstore.csv.gz', import.meta.url);

// ---- what is in the file ----

const SCALE = 6;
const scaled = (text) => {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  return BigInt(sign + whole + fraction.padEnd(SCALE, '0'));
};
const plain = (v) => `${v / 10n ** BigInt(SCALE)}.${String(v % 10n ** BigInt(SCALE)).padStart(SCALE, '0')}`;

// { rows, revenue } of those lines of a file that `keep` accepts.
function sumOf(text, column, keep = () => true) {
  const [heading, ...rows] = parseCsv(text);
  const at = heading.indexOf(column);
  const kept = rows.filter((row, i) => row.length === heading.length && keep(row, i + 2));
  return { rows: kept.length, revenue: plain(kept.reduce((sum, row) => sum + scaled(row[at]), 0n)) };
}

function generated(data, rows, seed) {
  const file = path.join(path.dirname(data), `orders-${seed}.csv`);
  const ledger = `${file}.ledger`;
  fs.writeFileSync(file, run(['generate', 'sales', '--rows', String(rows), '--seed', String(seed), '--ledger', ledger]));
  const rejected = new Set(fs.readFileSync(ledger, 'utf8').split('\n').map((line) => Number(line.split(',')[0])).filter(Boolean));
  const text = fs.readFileSync(file, 'utf8');
  return { file, text, rejected, ...sumOf(text, parseCsv(text)[0].find((h) => /revenue/i.test(h)), (_, line) => !rejected.has(line)) };
}

// ---- the wizard ----

const heading = (page, name) => page.getByRole('heading', { name }).waitFor(LONG);
const stat = (page, id) => page.locator(`.stats [data-stat="${id}"] dd`).first().textContent();
const step = (page, id) => page.locator(`.wizard[data-step="${id}"]`).waitFor(WAIT);
const forward = (page) => page.locator('.wizard-foot button[type=submit]');

async function choose(page, file) {
  await page.setInputFiles('input[type=file]', file);
  await page.locator('.wizard .stats').waitFor(LONG);
}

async function tryRun(page) {
  await forward(page).click();
  await step(page, 'test');
  await page.locator('[data-stat="quality"]').waitFor(LONG);
}

async function importNow(page) {
  await forward(page).click();
  await step(page, 'go');
  await page.locator('a.proof').waitFor(LONG);
}

// Everything through, with what was found; the id of the run.
async function bring(page, base, file) {
  await page.goto(`${base}/#/imports/new`);
  await choose(page, file);
  await forward(page).click();
  await step(page, 'mapping');
  await tryRun(page);
  await importNow(page);
  return /run=([^&]+)/.exec(await page.getByRole('link', { name: 'See the figures' }).getAttribute('href'))[1];
}

const revenueNow = async (base) => {
  const { data } = await (await fetch(`${base}/api/runs?limit=100`)).json();
  return data;
};

// ---- the tests ----

test('a file comes in by the wizard', async (t) => {
  const data = dataFolder(t, 'demo');
  const own = generated(data, 3000, 21);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/`, { forAxe: true });
  await heading(page, 'Nothing imported yet');
  await page.getByRole('banner').getByRole('link', { name: 'Import' }).click();
  await heading(page, 'Which file?');

  await t.test('the file is recognised', async () => {
    await choose(page, own.file);
    assert.equal(await stat(page, 'encoding'), 'UTF-8');
    assert.equal(await stat(page, 'delimiter'), 'Comma');
    assert.ok(Math.abs(Number((await stat(page, 'rows')).replace(/\D/g, '')) - 3000) < 150);
    const first = await page.locator('.sample tbody tr').first().locator('td, th').allTextContents();
    assert.deepEqual(first, parseCsv(own.text)[1]);
    assert.deepEqual(await audit(page), []);
  });

  await t.test('the mapping is suggested, and what is missing is said', async () => {
    await forward(page).click();
    await step(page, 'mapping');
    assert.equal(await page.locator('.map-row').count(), 6);
    assert.equal(await forward(page).isEnabled(), true);
    assert.deepEqual(await audit(page), []);
  });

  await t.test('the test run tells what would come, and stores nothing', async () => {
    await tryRun(page);
    assert.equal(await stat(page, 'read'), '3,000');
    assert.equal(await stat(page, 'created'), grouped(String(own.rows)));
    assert.equal(await stat(page, 'rejected'), grouped(String(own.rejected.size)));
    assert.equal(await stat(page, 'revenue'), rupees(own.revenue));
    await page.getByRole('button', { name: /^Show all/ }).click();
    const lines = await page.locator('[data-column="line"]').allTextContents();
    assert.ok(lines.length > 20);
    for (const line of lines) assert.ok(own.rejected.has(Number(line.replace(/,/g, ''))), line);
    const byCategory = await page.locator('.bars .bar-text').allTextContents();
    assert.equal(byCategory.reduce((sum, n) => sum + Number(n.replace(/,/g, '')), 0), own.rejected.size);
    assert.deepEqual(await audit(page), []);
    assert.deepEqual(await revenueNow(server.base), [], 'nothing is stored');
  });

  await t.test('the import', async () => {
    assert.equal(await forward(page).textContent(), `Import ${grouped(String(own.rows))} rows`);
    await importNow(page);
    assert.deepEqual(await page.locator('a.proof .tick').evaluateAll((all) => all.map((one) => one.dataset.ok)), Array(5).fill('true'));
    assert.deepEqual(await audit(page), []);
    const [stored] = await revenueNow(server.base);
    assert.equal(stored.rows.clean, own.rows);
    await page.getByRole('link', { name: 'Report of this import' }).click();
    await heading(page, 'orders-21.csv');
    assert.equal(await stat(page, 'revenue'), rupees(own.revenue));
    assert.deepEqual(await audit(page), []);
  });

  assert.deepEqual(page.faults, []);
});

test('a real file, whose headings are its own and whose order ids repeat', async (t) => {
  const data = dataFolder(t, 'demo');
  const text = gunzipSync(fs.readFileSync(SUPERSTORE)).toString('utf8');
  const file = path.join(path.dirname(data), 'superstore.csv');
  fs.writeFileSync(file, text);
  const own = sumOf(text, 'Sales', (row) => /^\d+$/.test(row[0]));
  assert.equal(own.rows, 9994);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports/new`);
  await choose(page, file);
  await page.getByText('another table of 2 columns', { exact: false }).waitFor(WAIT);
  await forward(page).click();
  await step(page, 'mapping');
  assert.equal(await page.locator('[data-field="revenue"] select').inputValue(), 'Sales');
  assert.match(await page.locator('[data-field="revenue"] .badge').textContent(), /synonym/);
  await page.locator('[data-field="revenue"] .map-examples', { hasText: '261.96' }).waitFor(WAIT);

  // by Order ID half of the lines are repetitions
  await tryRun(page);
  assert.equal(await stat(page, 'rejected'), '4,985');
  await page.getByText('4,985 rows have the key (Order ID) of an earlier row of this file.', { exact: false }).waitFor(WAIT);
  await page.getByRole('button', { name: 'Back' }).click();
  await step(page, 'mapping');
  await page.getByRole('button', { name: 'Order ID: take away' }).click();
  await page.locator('.unique select').selectOption('Row ID');
  await tryRun(page);
  assert.equal(await stat(page, 'created'), '9,994');
  assert.equal(await stat(page, 'rejected'), '0');
  assert.equal(await page.locator('[data-notice="repeated"]').count(), 0);
  assert.equal(await stat(page, 'revenue'), rupees(own.revenue));
  await importNow(page);
  assert.deepEqual(await page.locator('a.proof .tick').evaluateAll((all) => all.map((one) => one.dataset.ok)), Array(5).fill('true'));
  assert.deepEqual(page.faults, []);
});

test('the page of a run says later, too, that its key repeats, until the run is undone', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = path.join(path.dirname(data), 'lines.csv');
  fs.writeFileSync(file, 'order_id,order_date,region,product,quantity,revenue\nA1,2024-01-02,North,Tea,2,10.50\nA1,2024-01-02,North,Oil,1,4.00\nA2,2024-01-03,South,Oil,1,4.00\n');
  const { run: id } = JSON.parse(run(['import', file, '--as', 'sales', '--data', data, '--json']));
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports/${id}`);
  await page.locator('[data-notice="repeated"]', { hasText: '1 rows have the key (order_id) of an earlier row of this file.' }).waitFor(WAIT);
  run(['undo', id, '--data', data]);
  await page.locator('[data-state="undone"]').waitFor(WAIT);
  assert.equal(await page.locator('[data-notice="repeated"]').count(), 0);
  assert.deepEqual(page.faults, []);
});

test('a mapping made by hand is remembered', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = path.join(path.dirname(data), 'own.csv');
  fs.writeFileSync(file, 'nr,tag,wo,was,menge,wert\nA1,2024-01-02,North,Tea,2,10.50\nA2,2024-01-03,South,Oil,1,4.00\n');
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports/new`);
  await choose(page, file);
  await forward(page).click();
  await step(page, 'mapping');
  await page.locator('.notice', { hasText: 'Choose the column' }).waitFor(WAIT);
  assert.equal(await forward(page).isDisabled(), true);
  const map = { order_id: 'nr', order_date: 'tag', region: 'wo', product: 'was', quantity: 'menge', revenue: 'wert' };
  for (const [field, column] of Object.entries(map)) await page.locator(`[data-field="${field}"] select`).selectOption(column);
  assert.equal(await page.locator('.notice').count(), 0);
  await tryRun(page);
  assert.equal(await stat(page, 'created'), '2');
  assert.equal(await stat(page, 'revenue'), '14.50');
  await importNow(page);

  fs.writeFileSync(file, 'nr,tag,wo,was,menge,wert\nA2,2024-01-03,South,Oil,3,12.00\nA3,2024-01-04,South,Oil,1,4.00\n');
  await page.getByRole('button', { name: 'Import another file' }).click();
  await choose(page, file);
  await forward(page).click();
  await step(page, 'mapping');
  await page.locator('.map-row .badge', { hasText: 'Remembered' }).first().waitFor(WAIT);
  assert.equal(await page.locator('.map-row .badge', { hasText: 'Remembered' }).count(), 6);
  await tryRun(page);
  assert.equal(await stat(page, 'created'), '1');
  assert.equal(await stat(page, 'rejected'), '1'); // A2 is there already
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('radio', { name: /Update them/ }).check();
  await tryRun(page);
  assert.equal(await stat(page, 'created'), '1');
  assert.equal(await stat(page, 'updated'), '1');
  assert.equal(await page.locator('[data-notice="edits"]').count(), 0);

  run(['edit', 'A2', 'quantity=9', '--data', data]); // a person was here meanwhile
  await page.getByRole('button', { name: 'Back' }).click();
  await tryRun(page);
  assert.match(await page.locator('[data-notice="edits"]').textContent(), /^ ?1 of the changed rows/);
  assert.deepEqual(page.faults, []);
});

test('the file can be read in another way', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = path.join(path.dirname(data), 'dates.csv');
  fs.writeFileSync(file, 'order_id,order_date,region,product,quantity,revenue\nA1,03/04/2024,North,Tea,2,10.50\nA2,05/06/2024,South,Oil,1,4.00\n');
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports/new`);
  await choose(page, file);
  await forward(page).click();
  await step(page, 'mapping');
  await page.getByText('Read the file in another way').click();
  await page.getByLabel('Order of dates').selectOption('dmy');
  await page.getByRole('button', { name: 'Look again' }).click();
  await tryRun(page);
  await importNow(page);
  const { data: table } = { data: await (await fetch(`${server.base}/api/tables/clean_sales?format=csv`)).text() };
  assert.match(table, /2024-04-03/);
  assert.match(table, /2024-06-05/);
  assert.deepEqual(page.faults, []);
});

test('by keyboard alone', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/`);
  await heading(page, 'Sales Analytics');
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const tabTo = async (text) => {
    for (let i = 0; i < 80; i++) {
      const now = await page.evaluate(() => document.activeElement.matches('a, button, summary, input, select, textarea') && `${document.activeElement.textContent} ${document.activeElement.getAttribute('aria-label') ?? ''} ${document.activeElement.placeholder ?? ''}`);
      if (now && text.test(now.trim())) return;
      await press('Tab');
    }
    assert.fail(`Tab never comes to ${text}`);
  };
  await press('i');
  await heading(page, 'Which file?');
  await tabTo(/Paste rows instead/);
  await press('Enter');
  await tabTo(/order_id,order_date/);
  await page.keyboard.insertText('order_id,order_date,region,product,quantity,revenue\nK1,2024-02-03,North,Tea,2,10.50\nK2,2024-02-30,North,Tea,2,10.50\n');
  await tabTo(/Use these rows/);
  await press('Enter');
  await page.locator('.wizard .stats').waitFor(LONG);
  await tabTo(/To the mapping/);
  await press('Enter');
  await step(page, 'mapping');
  await page.waitForFunction(() => document.activeElement.id === 'wizard-heading', null, WAIT); // so that Tab goes on from there
  await tabTo(/^Test run/);
  await press('Enter');
  await page.locator('[data-stat="quality"]').waitFor(LONG);
  assert.equal(await stat(page, 'rejected'), '1');
  await tabTo(/^Import 1 row/);
  await press('Enter');
  await page.locator('a.proof').waitFor(LONG);
  await tabTo(/Report of this import/);
  await press('Enter');
  await heading(page, 'pasted.csv');
  assert.deepEqual(page.faults, []);
});

test('a file dropped anywhere opens the wizard', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/quality`);
  await heading(page, 'Data Quality');
  const transfer = await page.evaluateHandle(() => {
    const all = new DataTransfer();
    all.items.add(new File(['order_id,order_date,region,product,quantity,revenue\nD1,2024-02-03,North,Tea,2,10.50\n'], 'dropped.csv', { type: 'text/csv' }));
    return all;
  });
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
  await page.getByText('Drop the file to import it').waitFor(WAIT);
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  await heading(page, 'Import dropped.csv');
  assert.equal(await page.getByText('Drop the file to import it').count(), 0);
  assert.equal(await page.locator('.sample .table-box').first().locator('tbody tr').count(), 1);
  assert.deepEqual(page.faults, []);
});

test('an import under way can be watched and cancelled', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = path.join(path.dirname(data), 'large.csv');
  const out = fs.openSync(file, 'w'); // large enough to be met on its way
  execFileSync(OUTPOST, ['generate', 'sales', '--rows', '1500000', '--seed', '5'], { stdio: ['ignore', out, 'pipe'] });
  fs.closeSync(out);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports/new`);
  await choose(page, file);
  await forward(page).click();
  await step(page, 'mapping');
  await forward(page).click();
  await step(page, 'test');
  await page.getByRole('progressbar').waitFor(WAIT);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Cancelled. Nothing was stored.').waitFor(LONG);
  await page.getByRole('button', { name: 'Back' }).click();
  await step(page, 'mapping');
  await tryRun(page);
  await forward(page).click();
  await step(page, 'go');
  await page.goto(`${server.base}/#/imports`); // it goes on without its page
  await page.locator('.running').getByRole('progressbar').waitFor(WAIT);
  await page.locator('.running').getByRole('button', { name: 'Cancel' }).click();
  await page.locator('.running').waitFor({ state: 'detached', ...LONG });
  const clean = await (await fetch(`${server.base}/api/tables/clean_sales?format=csv`)).text();
  assert.equal(clean.trim().split('\n').length, 1, 'nothing is stored');
  assert.deepEqual(page.faults, []);
});

test('what cannot be read is said in words', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = path.join(path.dirname(data), 'empty.csv');
  fs.writeFileSync(file, '');
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports/new`);
  await page.setInputFiles('input[type=file]', file);
  await page.getByRole('alert').waitFor(WAIT);
  assert.ok((await page.getByRole('alert').textContent()).trim().length > 10);
  assert.equal(await forward(page).isDisabled(), true);

  const workbook = path.join(path.dirname(data), 'orders.xlsx');
  fs.writeFileSync(workbook, Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(26), Buffer.from('[Content_Types].xml'), Buffer.alloc(400)]));
  await page.setInputFiles('input[type=file]', workbook);
  await page.getByRole('alert').filter({ hasText: 'orders.xlsx is an office document' }).waitFor(WAIT);
  assert.equal(await page.locator('.wizard .stats').count(), 0, 'figures of no table');
  assert.equal(await forward(page).isDisabled(), true);
  await choose(page, generated(data, 100, 3).file); // the next file needs nothing undone
  assert.equal(await page.getByRole('alert').count(), 0);
  assert.equal(await forward(page).isDisabled(), false);
});

test('the wizard fits a telephone', async (t) => {
  const data = dataFolder(t, 'demo');
  const own = generated(data, 300, 8);
  const server = await serve(t, data);
  for (const [width, height, dark] of [[390, 844, false], [320, 256, true]]) {
    const page = await open(t, `${server.base}/#/imports/new`, { width, height, dark, forAxe: true });
    await choose(page, own.file);
    const look = async () => {
      assert.ok((await overflow(page)) <= 0, `${width} ${await page.locator('.wizard').getAttribute('data-step')}`);
      assert.deepEqual(await audit(page), []);
    };
    await look();
    await forward(page).click();
    await step(page, 'mapping');
    await look();
    await tryRun(page);
    await look();
  }
});

// What the server says of an undo is given here, so that every part of it is there:
// kept and blocked rows, what builds on the import, a refusal.
test('the dialog of an undo shows the whole plan, and a refusal in words', async (t) => {
  const data = dataFolder(t, 'demo');
  const { run: id } = importGenerated(data, 'demo', 60, 1);
  const server = await serve(t, data);
  const page = await open(t, 'about:blank', { forAxe: true });
  let undone = null, refusal = null;
  await page.route(`**/api/runs/${id}*`, async (route) => {
    const reply = await route.fetch();
    const answer = await reply.json();
    Object.assign(answer.data, { kind: 'file', undone });
    await route.fulfill({ json: answer });
  });
  const plan = {
    rows: { removed: 1785, restored: 12, kept: 1, blocked: 1, reopened: 3, placed: 1785, replaced: 12, below: 0, settled: 3 },
    kept: [{ key: 'ORD-0000012', reason: 'edited since', run: id, actor: 'page', at: '2026-11-20T10:00:00Z' }],
    blocked: [{ key: 'ORD-0000044', reason: 'the older version is gone' }],
    dependents: [{ kind: 'correction', count: 3, text: '3 corrections build on it' }],
    figures: { before: { orders: 17000, quantity: '83456', revenue: '123456789.50' }, after: { orders: 15203, quantity: '73456', revenue: '113456789.5' } },
  };
  const asked = [];
  await page.route(/\/api\/runs\/[^/]+\/(undo|redo)/, async (route) => {
    const url = new URL(route.request().url());
    const action = url.pathname.split('/').pop();
    asked.push(`${action}${url.search}`);
    if (!url.searchParams.get('dry_run')) {
      if (refusal) return route.fulfill({ status: 409, contentType: 'application/problem+json', json: { title: 'Conflict', status: 409, detail: refusal } });
      undone = action === 'undo' ? { at: '2026-11-21T10:00:00Z', actor: 'page' } : null;
    }
    return route.fulfill({ json: { success: true, data: { action, ...plan } } });
  });
  await page.goto(`${server.base}/#/imports/${id}`);
  const button = page.getByRole('button', { name: 'Undo this import' });
  await button.click();
  const dialog = page.getByRole('dialog', { name: /^Undo/ });
  await dialog.locator('[data-stat="removed"]').waitFor(WAIT);
  assert.deepEqual(await dialog.locator('.stat').evaluateAll((all) => all.map((one) => [one.dataset.stat, one.querySelector('dd').textContent])), [['removed', '1,785'], ['restored', '12'], ['kept', '1'], ['blocked', '1'], ['reopened', '3']]);
  const rows = await dialog.locator('tbody').first().locator('tr').evaluateAll((all) => all.map((tr) => [...tr.cells].map((cell) => cell.textContent)));
  assert.deepEqual(rows, [['Orders', '17,000', '15,203'], ['Quantity', '83,456', '73,456'], ['Revenue', rupees('123456789.50'), rupees('113456789.50')]]);
  await dialog.getByText('Kept rows (1)').click();
  await dialog.getByText('edited since').waitFor(WAIT);
  await dialog.getByText('Blocked rows (1)').click();
  await dialog.getByText('the older version is gone').waitFor(WAIT);
  await dialog.getByText('3 corrections build on it').waitFor(WAIT);
  assert.deepEqual(await audit(page), []);
  assert.deepEqual(asked, ['undo?dry_run=1'], 'looking changes nothing');

  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached', ...WAIT });
  assert.equal(await button.evaluate((own) => own === document.activeElement), true);

  refusal = 'the run is undone already';
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Undo the import' }).click();
  await dialog.getByRole('alert').getByText(/the run is undone already/i).waitFor(WAIT);
  refusal = null;
  await dialog.getByRole('button', { name: 'Undo the import' }).click();
  await dialog.waitFor({ state: 'detached', ...WAIT });
  await page.locator('.page-title .badge', { hasText: 'Undone' }).waitFor(WAIT);
  await page.locator('.toasts').getByRole('button', { name: 'Redo' }).click();
  await page.waitForFunction(() => document.querySelector('.toasts').textContent.includes('redone'), null, WAIT);
  assert.deepEqual(asked.filter((one) => !one.includes('dry_run')), ['undo', 'undo', 'redo']);
});

// Where each character of an element's text is drawn, from the left.
const places = (element) => {
  const all = [];
  const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walk.nextNode())
    for (let i = 0; i < walk.currentNode.length; i++) {
      const range = document.createRange();
      range.setStart(walk.currentNode, i);
      range.setEnd(walk.currentNode, i + 1);
      const { left, top } = range.getBoundingClientRect();
      all.push({ text: String(range), left, top });
    }
  return all;
};

test('a file with sixty columns and names from right to left: nothing is wider than the page, and a line stands as its bytes do', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = path.join(path.dirname(data), `foreign-${'x'.repeat(90)}.csv`);
  const more = Array.from({ length: 54 }, (_, i) => (i ? `Extra column ${i}` : `A heading of many words ${'x'.repeat(90)}`));
  const rows = ['A-1,2026-01-05,North,Rice,2,10.50', 'A-2,2026-01-06,South,نخيل,3,-148.50', 'A-3,2026-01-07,South,\u202Eecir,4,-3.00'];
  fs.writeFileSync(file, [['Order ID,Order Date,Region,Product,Quantity,Revenue', ...more].join(','), ...rows.map((row) => [row, ...more.map((_, i) => `v${i}`)].join(','))].join('\n'));
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports/new`, { width: 1024, height: 768, forAxe: true });
  await choose(page, file);
  await forward(page).click();
  await step(page, 'mapping');
  assert.ok((await overflow(page)) <= 0, 'the mapping');
  await tryRun(page);
  assert.ok((await overflow(page)) <= 0, 'the test run');
  for (const line of ['A-2', 'A-3']) {
    const drawn = await page.locator('.original', { hasText: line }).evaluate(places);
    const text = drawn.map((one) => one.text).join('');
    const at = (part) => drawn[text.indexOf(part)];
    const order = [`${line},`, 'South', line === 'A-2' ? ',3,' : ',4,', line === 'A-2' ? '-148' : '-3.00', 'v0'].map(at).sort((a, b) => a.top - b.top || a.left - b.left);
    assert.deepEqual(order.map((one) => drawn.indexOf(one)), order.map((one) => drawn.indexOf(one)).sort((a, b) => a - b), line);
  }
  // A rule that rejects rows is a step away, and what was chosen is there when one comes back.
  await page.getByRole('link', { name: 'Revenue not negative' }).click();
  await page.getByRole('heading', { level: 1, name: 'Revenue not negative' }).waitFor(WAIT);
  await page.goBack();
  await step(page, 'test');
  await importNow(page);
  await page.getByRole('link', { name: 'Report of this import' }).click();
  await page.getByText('54 columns').waitFor(WAIT);
  assert.ok((await overflow(page)) <= 0, 'the report');
  assert.deepEqual(await audit(page), []);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const view of ['audit', 'imports', 'imports/latest', 'exceptions', 'sales', 'quality', 'compare', 'rules/revenue_not_negative']) {
    await page.goto(`${server.base}/#/${view}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor(WAIT);
    await settled(page);
    assert.ok((await overflow(page)) <= 0, `${view} on a telephone`);
  }
  assert.deepEqual(page.faults, []);
});
