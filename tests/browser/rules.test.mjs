// Rules, governance and the catalogue in a real Chromium. What a change of a rule would
// do is computed here from the file itself, and what the page counts is counted again
// by the sqlite3 shell.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WAIT, audit, context, open, overflow } from './chromium.mjs';
import { grouped, rupees } from './oracle.mjs';
import { dataFolder, importGenerated, run, serve } from './outpost.mjs';

const HEADING = 'order_id,order_date,region,product,quantity,revenue';
const VERIFY = fileURLToPath(new URL('../proof/verify.mjs', import.meta.url));
const lakh = (n) => grouped(String(n));

const query = (db, sql) => execFileSync('sqlite3', ['-readonly', '-separator', '|', db, sql], { encoding: 'utf8' }).trim().split('\n').filter(Boolean).map((line) => line.split('|'));
const one = (db, sql) => query(db, sql)[0]?.[0];

// A file without a fault but the region Nort: revenue is whole hundreds.
function rowsOf(n) {
  return Array.from({ length: n }, (_, i) => ({ key: `R-${i}`, region: i % 10 === 3 ? 'Nort' : ['North', 'South', 'East'][i % 3], quantity: 1 + (i % 9), revenue: ((i * 37) % 100) * 100 }));
}

async function place(t, n = 200) {
  const data = dataFolder(t, 'demo');
  const rows = rowsOf(n);
  const file = path.join(path.dirname(data), 'rows.csv');
  fs.writeFileSync(file, `${[HEADING, ...rows.map((r) => `${r.key},2024-03-04,${r.region},Dairy,${r.quantity},${r.revenue}.00`)].join('\n')}\n`);
  const imported = JSON.parse(run(['import', file, '--data', data, '--tenant', 'demo', '--as', 'sales', '--json'])).run;
  const { base } = await serve(t, data);
  const clean = rows.filter((r) => r.region !== 'Nort');
  return { data, db: path.join(data, 'tenants/demo.db'), base, rows, clean, file, run: imported };
}

const until = (page, what, arg) => page.waitForFunction(what, arg, WAIT);
const side = async (page, id) => (await page.locator(`[data-side="${id}"] .trial-count`).textContent()).replace(/,/g, '');
const figures = (page) => page.locator('.trial-result table').first().locator('tbody tr').evaluateAll((all) => all.map((tr) => [...tr.cells].map((cell) => cell.textContent)));
const total = (rows) => rows.reduce((sum, r) => sum + r.revenue, 0);
async function attempt(page) {
  await page.getByRole('button', { name: 'Try on history' }).click();
  await page.locator('.trial-result').waitFor(WAIT);
}
async function promote(page) {
  await page.getByRole('button', { name: 'Put into force' }).click();
  await page.getByRole('heading', { name: 'In force' }).waitFor(WAIT);
}

test('the list of rules', async (t) => {
  const { data, db, base } = await place(t);
  importGenerated(data, 'demo', 1000, 5);
  const page = await open(t, `${base}/#/rules`);
  await page.locator('[data-rule]').first().waitFor(WAIT);
  const failed = Object.fromEntries(query(db, "SELECT f.value ->> 'control', count(DISTINCT x.id) FROM reject x, json_each(x.faults) f GROUP BY 1"));
  const shown = () => page.locator('[data-rule]').evaluateAll((all) => all.map((line) => [line.dataset.rule, line.querySelector('.rule-failed').textContent.replace(/,/g, '')]));
  await until(page, () => document.querySelector('.rule-failed a'));
  const rules = query(db, "SELECT name FROM rule WHERE deleted_at IS NULL AND dataset = 'sales' ORDER BY position").map(([name]) => name);
  assert.deepEqual((await shown()).sort(), rules.map((name) => [name, failed[name] ?? '0']).sort());
  assert.equal(await page.locator('[data-rule="revenue_not_negative"] p').textContent(), 'Revenue is at least 0');
  await page.locator('.scope select').selectOption('invoices');
  await page.locator('[data-rule="customer_id_present"]').waitFor(WAIT);
  assert.deepEqual((await shown()).map(([name]) => name).sort(), query(db, "SELECT name FROM rule WHERE deleted_at IS NULL AND dataset = 'invoices'").map(([name]) => name).sort());
  await page.goto(`${base}/#/rules`);
  await page.locator('[data-rule="region_known"] .rule-failed a').click();
  await page.locator('.desk-row').first().waitFor(WAIT);
  assert.match(page.url(), /control=region_known/);
  assert.deepEqual(page.faults, []);
});

test('a rule is changed, tried on history, put into force', async (t) => {
  const { db, base, clean, run: imported } = await place(t);
  const page = await open(t, `${base}/#/rules/revenue_not_negative`);
  const limit = 5000;
  const out = clean.filter((r) => r.revenue < limit);
  const left = clean.filter((r) => r.revenue >= limit);

  await page.getByLabel('At least').fill(String(limit));
  assert.equal(await page.locator('.rule-says').textContent(), 'Revenue is at least 5000');
  await attempt(page);
  assert.equal(await side(page, 'newly_rejected'), String(out.length));
  assert.equal(await side(page, 'newly_released'), '0');
  const [orders, , revenue] = await figures(page);
  assert.deepEqual(orders.slice(1), [lakh(clean.length), lakh(left.length), `\u2212${lakh(out.length)}`]);
  assert.deepEqual(revenue.slice(1), [rupees(`${total(clean)}.00`), rupees(`${total(left)}.00`), rupees(`-${total(out)}.00`)]);
  assert.equal(one(db, "SELECT version FROM rule WHERE dataset = 'sales' AND name = 'revenue_not_negative'"), '1', 'a trial stores nothing');
  assert.equal(one(db, 'SELECT count(*) FROM sale'), String(clean.length));

  await promote(page);
  assert.deepEqual(query(db, "SELECT version, params ->> 'min' FROM rule WHERE dataset = 'sales' AND name = 'revenue_not_negative'"), [['2', String(limit)]]);
  await page.locator('.versions .diff').waitFor(WAIT); // by itself
  assert.match(await page.locator('.versions').textContent(), /v2.*Parameters min 0 min 5000/s);
  assert.equal(one(db, 'SELECT count(*) FROM sale'), String(clean.length), 'old runs stay as they are');

  await t.test('the page follows a run that is judged again', async () => {
    const line = page.locator(`[data-run="${imported}"]`);
    await line.getByRole('button', { name: /^Judge again/ }).click();
    await line.getByText('Judged again').waitFor(WAIT);
    const href = await line.getByRole('link', { name: 'Show the new run' }).getAttribute('href');
    assert.deepEqual(query(db, 'SELECT r.uuid, r.kind, u.run IS NOT NULL FROM run r LEFT JOIN run_undone u ON u.run = r.id ORDER BY r.id'), [[imported, 'file', '1'], [/imports\/([^?]+)/.exec(href)[1], 'rejudge', '0']]);
    assert.equal(one(db, 'SELECT count(*) FROM sale'), String(left.length));
    assert.deepEqual(query(db, 'SELECT key FROM sale ORDER BY key').flat(), left.map((r) => r.key).sort());
    const { data: figures } = await (await fetch(`${base}/api/figures`)).json();
    assert.equal(Number(figures.totals.revenue), total(left));
    await page.goto(`${base}/#/imports/${imported}`);
    await page.locator('.page-title .badge', { hasText: 'Replaced' }).waitFor(WAIT);
    assert.equal(await page.getByRole('button', { name: 'Redo this import' }).count(), 0, 'the new run would have to go first');
    await page.getByRole('link', { name: 'Show the new run' }).click();
    await page.locator('.page-title .badge', { hasText: 'Reconciled' }).waitFor(WAIT);
    await page.getByRole('link', { name: 'Show the older run' }).waitFor(WAIT);
  });
  assert.deepEqual(page.faults, []);
});

test('a rule is turned off by the same way', async (t) => {
  const { db, base, rows, clean } = await place(t);
  const page = await open(t, `${base}/#/rules/region_known`);
  await page.getByLabel('Active: rows are asked').uncheck();
  await attempt(page);
  assert.equal(await side(page, 'newly_released'), String(rows.length - clean.length));
  assert.equal(await side(page, 'newly_rejected'), '0');
  await promote(page);
  assert.equal(one(db, "SELECT active FROM rule WHERE dataset = 'sales' AND name = 'region_known'"), '0');
  await page.getByText('Off', { exact: true }).waitFor(WAIT); // the page's heading says so, by itself
  assert.deepEqual(page.faults, []);
});

test('words are added to a list and taken from it', async (t) => {
  const { db, base, rows, clean } = await place(t);
  const page = await open(t, `${base}/#/rules/lists`);
  await page.getByLabel('Add to Regions').fill('Nort');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Remove East' }).click();
  await attempt(page);
  assert.equal(await side(page, 'newly_released'), String(rows.length - clean.length));
  assert.equal(await side(page, 'newly_rejected'), String(clean.filter((r) => r.region === 'East').length));
  await promote(page);
  assert.deepEqual(query(db, "SELECT value FROM reference_item WHERE list = 'regions' AND deleted_at IS NULL ORDER BY 1").map(([value]) => value), ['Central', 'Nort', 'North', 'South', 'West']);
  await until(page, () => !document.querySelector('.item-new, .item-gone')); // the lists as they are now
  assert.equal(await page.locator('[data-list="regions"] .item').count(), 5);
  assert.deepEqual(page.faults, []);
});

test('a new rule, step by step', async (t) => {
  const { db, base, clean } = await place(t);
  const page = await open(t, `${base}/#/rules`);
  await page.getByRole('link', { name: 'New rule' }).click();
  await page.getByRole('radio', { name: /^Within limits/ }).check();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Field').selectOption('quantity');
  await page.getByLabel('At most').fill('6');
  assert.equal(await page.locator('.rule-says').textContent(), 'Quantity is at most 6');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Name').fill('region_known');
  await page.getByText('There is a rule region_known already').waitFor(WAIT);
  assert.equal(await page.getByRole('button', { name: 'Next' }).isDisabled(), true);
  await page.getByLabel('Name').fill('quantity_small');
  await page.getByRole('button', { name: 'Next' }).click();
  await attempt(page);
  assert.equal(await side(page, 'newly_rejected'), String(clean.filter((r) => r.quantity > 6).length));
  await promote(page);
  assert.deepEqual(query(db, "SELECT kind, field, params ->> 'max', version, message FROM rule WHERE dataset = 'sales' AND name = 'quantity_small'"), [['range', 'quantity', '6', '1', 'Quantity is at most 6']]);
  await page.getByRole('link', { name: 'It is in force. Open the rule' }).click();
  await page.getByRole('heading', { level: 1, name: 'Quantity small' }).waitFor(WAIT);
  assert.deepEqual(page.faults, []);
});

test('a rule that cannot be used is refused with a sentence', async (t) => {
  const { db, base } = await place(t);
  const page = await open(t, `${base}/#/rules/revenue_not_negative`);
  await page.getByLabel('At least').fill('many');
  await page.getByRole('button', { name: 'Try on history' }).click();
  await page.getByRole('alert').waitFor(WAIT);
  assert.match(await page.getByRole('alert').textContent(), /revenue_not_negative/);
  assert.equal(one(db, "SELECT version FROM rule WHERE dataset = 'sales' AND name = 'revenue_not_negative'"), '1');
});

test('governance is what the file says, and its proof holds', async (t) => {
  const { data, db, base, file } = await place(t);
  importGenerated(data, 'demo', 1000, 5);
  run(['record', 'save', 'rule', JSON.stringify({ id: one(db, "SELECT id FROM rule WHERE dataset = 'sales' AND name = 'quantity_positive'"), message: 'quantity is more than nothing' }), '--data', data, '--tenant', 'demo']);
  const page = await open(t, `${base}/#/governance`);
  await page.locator('[data-stat="runs"]').waitFor(WAIT);
  const stat = async (id) => (await page.locator(`[data-stat="${id}"] dd`).first().textContent()).replace(/,/g, '');
  assert.equal(await stat('runs'), one(db, "SELECT count(*) FROM run WHERE state = 'done'"));
  assert.equal(await stat('open'), one(db, "SELECT count(*) FROM exceptions WHERE state = 'open'"));
  assert.equal(await stat('corrected'), '0');
  const controls = await page.locator('.governance tbody tr').evaluateAll((all) => all.map((tr) => ['control', 'records', 'failed'].map((id) => tr.querySelector(`[data-column="${id}"]`).textContent.replace(/,/g, ''))));
  const failed = query(db, "SELECT f.value ->> 'control', count(DISTINCT x.id) FROM reject x, json_each(x.faults) f GROUP BY 1");
  const words = (name) => name.replace(/_/g, ' ').replace(/^./, (c) => c.toUpperCase());
  for (const [name, n] of failed) assert.equal(controls.find(([control]) => control === words(name))?.[2], n, name);
  const read = one(db, 'SELECT sum(rows_read) FROM run');
  assert.ok(controls.every(([, records]) => records === read));
  assert.match(await page.locator('.card', { has: page.getByRole('heading', { name: 'The log', exact: true }) }).textContent(), new RegExp(`Entries${lakh(one(db, 'SELECT count(*) FROM change_log'))}`));
  await page.getByText('quantity_positive').or(page.locator('.story a', { hasText: 'Quantity positive' })).first().waitFor(WAIT);

  await t.test('a signed proof', async () => {
    await page.locator('#proof-run').selectOption({ label: await page.locator('#proof-run option', { hasText: 'rows.csv' }).textContent() });
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Signed proof' }).click()]);
    const proof = path.join(path.dirname(data), 'proof.jsonl');
    await download.saveAs(proof);
    const fingerprint = await page.locator('.fingerprint code').textContent(WAIT); // it is there by itself
    execFileSync('node', [VERIFY, proof, file, '--fingerprint', fingerprint], { encoding: 'utf8' });
    assert.throws(() => execFileSync('node', [VERIFY, proof, '--fingerprint', fingerprint.replace(/^./, (c) => (c === '0' ? '1' : '0'))], { stdio: 'pipe' }), 'another key is found');
    const text = fs.readFileSync(proof, 'utf8');
    fs.writeFileSync(proof, text.replace(/"revenue":"(\d)/, (_, digit) => `"revenue":"${(Number(digit) + 1) % 10}`));
    assert.throws(() => execFileSync('node', [VERIFY, proof], { stdio: 'pipe' }), 'one changed figure is found');
  });

  await t.test('on paper', async () => {
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.getByRole('heading', { level: 1, name: 'Governance' }).isVisible(), true);
    assert.equal(await page.getByRole('link', { name: 'Signed proof' }).isVisible(), false);
    assert.equal(await page.getByText(/^As of /).isVisible(), true);
    await page.emulateMedia({ media: 'screen' });
  });
  assert.deepEqual(page.faults, []);
});

test('the catalogue: found, owned, traced', async (t) => {
  const { db, base } = await place(t);
  const page = await open(t, `${base}/#/catalogue`);
  await page.locator('[data-table]').first().waitFor(WAIT);
  assert.match(await page.locator('[data-table="sales"] .entry-facts').textContent(), new RegExp(`^${lakh(one(db, 'SELECT count(*) FROM sale'))} rows`));
  assert.match(await page.locator('[data-table="rule"] .entry-facts').textContent(), new RegExp(`^${one(db, 'SELECT count(*) FROM rule WHERE deleted_at IS NULL')} rows`));
  await page.getByRole('searchbox').fill('order_unique');
  await until(page, () => [...document.querySelectorAll('[data-table]')].every((one) => one.textContent.includes('Order unique')));
  await page.locator('[data-column="sales.order_id"]').waitFor(WAIT);

  await page.locator('[data-column="sales.order_id"] .owner').click();
  await page.getByLabel('Owner', { exact: true }).fill('asha');
  await page.getByLabel('Description').fill('The number on the bill');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('[data-column="sales.order_id"]').getByText('The number on the bill').waitFor(WAIT);
  assert.deepEqual(query(db, 'SELECT subject, owner, description, version FROM steward WHERE deleted_at IS NULL'), [['sales.order_id', 'asha', 'The number on the bill', '1']]);
  await page.locator('[data-column="sales.order_id"] .owner').click();
  await page.getByLabel('Owner', { exact: true }).fill('ravi');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('[data-column="sales.order_id"] .owner', { hasText: 'ravi' }).waitFor(WAIT);
  assert.deepEqual(query(db, 'SELECT owner, version FROM steward WHERE deleted_at IS NULL'), [['ravi', '2']]);
  await page.getByRole('searchbox').fill('ravi');
  await until(page, () => [...document.querySelectorAll('[data-table]')].every((one) => one.textContent.includes('ravi')));
  assert.equal(await page.locator('[data-column="sales.order_id"]').count(), 1);

  await page.goto(`${base}/#/catalogue`);
  await page.getByRole('button', { name: 'What depends on it region', exact: true }).click();
  const kinds = page.locator('dialog [data-kind="rule"]');
  await kinds.first().waitFor(WAIT);
  assert.equal(await kinds.count(), Number(one(db, "SELECT count(*) FROM rule WHERE field = 'region' AND deleted_at IS NULL")));
  assert.deepEqual(page.faults, []);
});

test('axe finds nothing in rules, governance and the catalogue', async (t) => {
  const { base } = await place(t);
  for (const dark of [false, true]) {
    const page = await open(t, `${base}/`, { dark, forAxe: true });
    const look = async (what) => {
      await until(page, () => !document.querySelector('.skeleton'));
      assert.deepEqual(await audit(page), [], `${dark ? 'dark' : 'light'} ${what}`);
      assert.ok((await overflow(page)) <= 0, `${what} scrolls sideways`);
    };
    for (const [width, height] of [[1440, 900], [1024, 768], [390, 844], [320, 640]]) {
      await page.setViewportSize({ width, height });
      for (const view of ['rules', 'rules/new', 'rules/nothing', 'governance', 'catalogue', 'catalogue?q=xyzzy']) {
        await page.goto('about:blank');
        await page.goto(`${base}/#/${view}`);
        await page.getByRole('heading', { level: 1 }).waitFor(WAIT);
        await look(`${width} ${view}`);
      }
      await page.goto(`${base}/#/rules/revenue_not_negative`);
      await page.getByLabel('At least').fill('5000');
      await attempt(page);
      await look(`${width} a trial`);
      await page.goto(`${base}/#/rules/lists`);
      await page.getByRole('button', { name: 'Remove East' }).click();
      await look(`${width} lists`);
      await page.goto(`${base}/#/catalogue`);
      await page.locator('.owner').first().click();
      await page.getByRole('dialog').waitFor(WAIT);
      await look(`${width} owner`);
    }
  }
});

test('touch targets of these pages are large', async (t) => {
  const { base } = await place(t);
  const page = await (await context(t, { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true })).newPage();
  for (const view of ['rules', 'rules/region_known', 'rules/new', 'rules/lists', 'governance', 'catalogue']) {
    await page.goto(`${base}/#/${view}`);
    await page.getByRole('heading', { level: 1 }).waitFor(WAIT);
    await until(page, () => !document.querySelector('.skeleton'));
    const small = await page.locator('button:not([tabindex="-1"]), select, input:not([type=checkbox]):not([type=radio]):not([type=file]), summary, .chip, a.button, a.plain').evaluateAll((all) =>
      all.filter((e) => e.checkVisibility() && (e.getBoundingClientRect().height < 43.9 || e.getBoundingClientRect().width < 43.9)).map((e) => e.outerHTML.slice(0, 90)),
    );
    assert.deepEqual(small, [], view);
  }
});
