// The desk in a real Chromium: what it counts is counted again by the sqlite3 shell,
// and what is done on it is looked for in the tenant's file.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { WAIT, audit, context, open, overflow } from './chromium.mjs';
import { grouped } from './oracle.mjs';
import { dataFolder, importGenerated, run, serve } from './outpost.mjs';

const HEADING = 'order_id,order_date,region,product,quantity,revenue';
const lakh = (n) => grouped(String(n));

const query = (db, sql) => execFileSync('sqlite3', ['-readonly', '-separator', '|', db, sql], { encoding: 'utf8' }).trim().split('\n').filter(Boolean).map((line) => line.split('|'));
const one = (db, sql) => query(db, sql)[0]?.[0];

// A tenant with generated faults, and a file with the same two typing errors again
// and again: { data, db, base, typo (the file's run) }.
async function place(t) {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 1000, 5);
  const wrong = (i) => (i % 3 === 0 ? 'Nort' : i % 10 === 1 ? 'Souht' : 'East');
  const rows = Array.from({ length: 90 }, (_, i) => `T-${i},2024-02-${String(1 + (i % 28)).padStart(2, '0')},${wrong(i)},Dairy,2,${10 + i}.50`);
  const file = path.join(path.dirname(data), 'typo.csv');
  fs.writeFileSync(file, `${[HEADING, ...rows].join('\n')}\n`);
  const typo = JSON.parse(run(['import', file, '--data', data, '--tenant', 'demo', '--as', 'sales', '--json'])).run;
  const { base } = await serve(t, data);
  return { data, db: path.join(data, 'tenants/demo.db'), base, typo };
}

const rows = (page) => page.locator('.desk-list:not([aria-busy]) .desk-row');
const stateCount = async (page, state) => (await page.locator(`[data-state="${state}"] .desk-state-count`).textContent()).replace(/,/g, '');
const facet = (page, name) => page.locator(`[data-facet="${name}"] .facet-row`).evaluateAll((all) => all.map((row) => [row.dataset.name, row.querySelector('.facet-count').textContent.replace(/,/g, '')]));
const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};
const until = (page, what, arg) => page.waitForFunction(what, arg, WAIT);
const open_ = (n) => [(count) => document.querySelector('[data-state="open"] .desk-state-count')?.textContent.replace(/,/g, '') === String(count), n];
const sorted = (pairs) => [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));

test('what the desk counts is what the file holds', async (t) => {
  const { db, base, typo } = await place(t);
  const page = await open(t, `${base}/#/exceptions`);
  await rows(page).first().waitFor(WAIT);
  const all = one(db, 'SELECT count(*) FROM reject');
  assert.equal(await stateCount(page, 'open'), all);
  assert.equal(await stateCount(page, 'all'), all);
  assert.equal(await stateCount(page, 'accepted'), '0');
  assert.deepEqual(sorted(await facet(page, 'category')), sorted(query(db, 'SELECT category, count(*) FROM reject GROUP BY 1')));
  assert.deepEqual(sorted(await facet(page, 'control')), sorted(query(db, "SELECT f.value ->> 'control', count(DISTINCT x.id) FROM reject x, json_each(x.faults) f GROUP BY 1")));
  assert.match(await page.locator('.desk-card [role=status]').first().textContent(), new RegExp(`^50 of ${lakh(all)} rows$`));

  await t.test('a pattern leads to exactly its rows', async () => {
    const n = one(db, "SELECT count(*) FROM reject, json_each(faults) WHERE value ->> 'value' = 'Nort'");
    const pattern = page.locator('[data-pattern="Nort"]');
    assert.equal(await pattern.locator('.pattern-count').textContent(), `${n} times`);
    await pattern.locator('.pattern-count').click();
    await page.getByText(`${n} of ${n} rows`).waitFor(WAIT);
    const regions = await rows(page).locator('.original').evaluateAll((raws) => [...new Set(raws.map((raw) => raw.textContent.split(',')[2]))]);
    assert.deepEqual(regions, ['Nort']);
  });

  await t.test('a filter stands in the address, and goes by a click', async () => {
    await page.getByRole('button', { name: 'Clear filters' }).click();
    const n = one(db, "SELECT count(*) FROM reject WHERE category = 'MISSING_REQUIRED_FIELD'");
    await page.locator('[data-facet="category"] [data-name="MISSING_REQUIRED_FIELD"]').click();
    await until(page, ...open_(n));
    assert.match(page.url(), /category=MISSING_REQUIRED_FIELD/);
    await page.reload();
    await until(page, ...open_(n));
    await page.getByRole('button', { name: /^Without the filter Category/ }).click();
    await until(page, ...open_(all));
  });

  await t.test('of one run, and a search in the lines', async () => {
    await page.goto(`${base}/#/exceptions?run=${typo}`);
    await until(page, ...open_(one(db, "SELECT count(*) FROM reject x JOIN run r ON r.id = x.id >> 32 WHERE r.source LIKE '%typo.csv'")));
    await page.getByRole('searchbox').fill('Souht');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=Souht/);
    await until(page, () => [...document.querySelectorAll('.desk-row .original')].every((raw) => raw.textContent.includes('Souht')) && document.querySelectorAll('.desk-row').length > 0);
  });

  await t.test('the course over the weeks as a table', async () => {
    await page.goto(`${base}/#/exceptions`);
    await page.getByRole('button', { name: 'Table' }).click();
    const table = page.locator('.card', { hasText: 'Over the weeks' }).locator('tbody tr');
    await table.first().waitFor(WAIT);
    const shown = await table.evaluateAll((all) => all.map((tr) => [tr.cells[0].querySelector('a').getAttribute('href').replace(/.*control=(\w+).*/, '$1'), tr.cells[1].textContent.replace(/,/g, '')]));
    assert.deepEqual(sorted(shown), sorted(query(db, "SELECT f.value ->> 'control', count(DISTINCT x.id) FROM reject x, json_each(x.faults) f GROUP BY 1")));
  });
  assert.deepEqual(page.faults, []);
});

test('three exceptions corrected by keyboard alone', async (t) => {
  const { db, base, typo } = await place(t);
  const page = await open(t, `${base}/#/exceptions?run=${typo}`);
  await rows(page).first().waitFor(WAIT);
  const before = Number(await stateCount(page, 'open'));
  const keys = query(db, "SELECT CAST(raw AS TEXT) FROM reject x JOIN run r ON r.id = x.id >> 32 WHERE r.source LIKE '%typo.csv' ORDER BY x.id LIMIT 3").map(([raw]) => raw.split(',')[0]);

  await press(page, 'j', 'Enter');
  for (const key of keys) {
    await until(page, (wanted) => document.querySelector('dialog .original')?.textContent.startsWith(`${wanted},`) && document.activeElement?.name === 'region', key);
    await page.keyboard.type('East'); // the faulty cell has the focus, and its text is selected
    await press(page, 'Enter');
  }
  await until(page, (done) => !document.querySelector('dialog .original')?.textContent.startsWith(`${done},`), keys[2]);
  await press(page, 'Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached', ...WAIT });
  await until(page, ...open_(before - 3)); // by itself
  assert.equal(await stateCount(page, 'corrected'), '3');
  const left = (done) => document.activeElement?.matches('.desk-row') && !done.some((key) => [...document.querySelectorAll('.desk-row .original')].some((raw) => raw.textContent.startsWith(`${key},`)));
  await until(page, left, keys); // what is corrected goes from the list, and the next row has the focus

  assert.deepEqual(query(db, `SELECT s.key, t.text FROM sale s JOIN term t ON t.id = s.region WHERE s.key IN (${keys.map((key) => `'${key}'`)}) ORDER BY s.run, s.record`).map(([, region]) => region), ['East', 'East', 'East']);
  assert.equal(one(db, "SELECT count(*) FROM reject WHERE state = 'corrected'"), '3');

  await t.test('what is still wrong says so, at its field', async () => {
    await press(page, 'Enter');
    await until(page, () => document.activeElement?.name === 'region');
    await page.keyboard.type('Atlantis');
    await press(page, 'Enter');
    await page.getByText('It still fails').waitFor(WAIT);
    assert.match(await page.locator('[data-cell="region"] .error').textContent(), /Atlantis/);
    assert.equal(one(db, "SELECT count(*) FROM reject WHERE state = 'corrected'"), '3');
    await press(page, 'Escape');
  });
  assert.deepEqual(page.faults, []);
});

test('the same mistake corrected everywhere', async (t) => {
  const { db, base } = await place(t);
  const page = await open(t, `${base}/#/exceptions`);
  const wrong = "SELECT count(*) FROM reject, json_each(faults) WHERE state = 'open' AND value ->> 'value' = 'Nort'";
  const n = Number(one(db, wrong));
  const before = Number(one(db, "SELECT count(*) FROM reject WHERE state = 'open'"));
  await page.locator('[data-pattern="Nort"]').getByRole('button', { name: /^Fix all/ }).click();
  const dialog = page.getByRole('dialog', { name: `Fix ${n} exceptions` });
  await until(page, () => document.querySelector('#bulk-value')?.value === 'North'); // the list has a word like it
  await dialog.getByRole('button', { name: `Fix all ${n}` }).click();
  await page.getByText(`${n} exceptions corrected`).waitFor(WAIT);
  await until(page, ...open_(before - n));
  assert.equal(one(db, wrong), '0');
  assert.equal(one(db, "SELECT count(*) FROM sale s JOIN term t ON t.id = s.region WHERE s.key LIKE 'T-%' AND t.text = 'North'"), String(n));
  assert.equal(await page.locator('[data-pattern="Nort"]').count(), 0);
  assert.deepEqual(page.faults, []);
});

test('accepted with a reason, assigned to somebody', async (t) => {
  const { db, base, typo } = await place(t);
  const page = await open(t, `${base}/#/exceptions?run=${typo}`);
  await rows(page).first().waitFor(WAIT);
  const before = Number(await stateCount(page, 'open'));

  await press(page, 'j', 'x', 'j', 'j', 'x', 'Shift+ArrowDown', 'Shift+ArrowDown'); // the first, and three in a row
  await page.getByText('4 chosen', { exact: true }).waitFor(WAIT);
  const ids = await page.locator('.desk-row[aria-selected="true"]').evaluateAll((all) => all.map((row) => row.dataset.id));
  assert.equal(ids.length, 4);
  await press(page, 'r');
  await page.getByRole('dialog', { name: 'Accept 4 exceptions' }).waitFor(WAIT);
  await page.getByLabel('Why it may stay out').fill('Rows of the old till');
  await page.getByRole('button', { name: 'Accept all 4' }).click();
  await until(page, ...open_(before - 4));
  assert.equal(await stateCount(page, 'accepted'), '4');
  assert.deepEqual(query(db, "SELECT exception, reason FROM review WHERE decision = 'accepted' AND deleted_at IS NULL ORDER BY exception"), [...ids].sort((a, b) => a - b).map((id) => [id, 'Rows of the old till']));

  await page.goto(`${base}/#/exceptions`);
  await until(page, ...open_(one(db, "SELECT count(*) FROM exceptions WHERE state = 'open'")));
  assert.deepEqual(sorted(await facet(page, 'category')), sorted(query(db, "SELECT error_category, count(*) FROM exceptions WHERE state = 'open' GROUP BY 1")));

  await t.test('and taken back', async () => {
    await page.goto(`${base}/#/exceptions?run=${typo}&state=accepted&exception=${ids[0]}`);
    await page.getByText('Rows of the old till').first().waitFor(WAIT);
    await page.getByRole('button', { name: 'Take the decision back' }).click();
    await page.getByRole('button', { name: 'Accept …' }).first().waitFor(WAIT);
    assert.equal(one(db, "SELECT count(*) FROM exceptions WHERE state = 'accepted'"), '3');
    await press(page, 'Escape');
  });

  await t.test('all that fit a filter, also those that are not loaded', async () => {
    await page.goto(`${base}/#/exceptions`);
    await rows(page).first().waitFor(WAIT);
    const n = Number(await stateCount(page, 'open'));
    await page.getByRole('checkbox', { name: 'Choose all that are shown' }).click();
    await page.getByRole('button', { name: `Choose all ${lakh(n)} that fit` }).click();
    await page.getByText(`${lakh(n)} chosen`).waitFor(WAIT);
    await press(page, 'a');
    await page.getByLabel('Who looks at it').fill('asha');
    await page.getByRole('button', { name: 'Assign', exact: true }).click();
    await page.locator('[data-facet="assignee"] [data-name="asha"]').waitFor(WAIT);
    assert.equal(one(db, "SELECT count(*) FROM review WHERE assignee = 'asha' AND deleted_at IS NULL"), String(n));
    assert.deepEqual(await facet(page, 'assignee'), [['asha', String(n)]]);
  });
  assert.deepEqual(page.faults, []);
});

test('repaired in a spreadsheet, and brought back', async (t) => {
  const { db, base } = await place(t);
  const page = await open(t, `${base}/#/exceptions`);
  const typos = "SELECT count(*) FROM reject x JOIN run r ON r.id = x.id >> 32 WHERE r.source LIKE '%typo.csv' AND x.state =";
  const n = Number(one(db, `${typos} 'open'`));
  await page.getByRole('button', { name: 'Repair in a spreadsheet' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'typo.csv' }).click()]);
  const text = fs.readFileSync(await download.path(), 'utf8');
  assert.equal(text.trim().split('\n').length, n + 1);
  const repaired = text.replace(/,Nort,/g, ',North,').replace(/,Souht,/g, ',South,');
  await page.locator('dialog input[type=file]').setInputFiles({ name: 'exceptions.csv', mimeType: 'text/csv', buffer: Buffer.from(repaired) });
  for (const button of ['To the mapping', 'Test run', `Import ${n} rows`]) {
    await page.getByRole('button', { name: button }).click();
  }
  await page.getByRole('link', { name: 'Sales', exact: true }).first().waitFor(WAIT);
  await until(page, () => document.querySelector('[data-step="go"], .notice.tone-ok'));
  await page.goto(`${base}/#/exceptions?state=corrected`);
  await until(page, (wanted) => document.querySelector('[data-state="corrected"] .desk-state-count')?.textContent === wanted, String(n));
  assert.equal(one(db, `${typos} 'corrected'`), String(n));
  assert.equal(one(db, "SELECT count(*) FROM sale WHERE key LIKE 'T-%'"), '90');
  assert.deepEqual(page.faults, []);
});

test('axe finds nothing on the desk, in its dialogs and drawers', async (t) => {
  const { db, base, typo } = await place(t);
  const id = one(db, 'SELECT max(id) FROM reject');
  for (const dark of [false, true]) {
    const page = await open(t, `${base}/`, { dark, forAxe: true });
    const look = async (what) => {
      await until(page, () => !document.querySelector('.skeleton'));
      assert.deepEqual(await audit(page), [], `${dark ? 'dark' : 'light'} ${what}`);
      assert.ok((await overflow(page)) <= 0, `${what} scrolls sideways`);
    };
    for (const [width, height] of [[1440, 900], [1024, 768], [390, 844], [320, 640]]) {
      await page.setViewportSize({ width, height });
      await page.goto('about:blank');
      await page.goto(`${base}/#/exceptions?run=${typo}`);
      await rows(page).first().waitFor(WAIT);
      await press(page, 'j', 'x');
      await page.locator('.bulk-bar').waitFor(WAIT);
      await look(`${width} list with a choice`);
      for (const key of ['f', 'a', 'r']) {
        await press(page, key);
        await page.getByRole('dialog').waitFor(WAIT);
        await look(`${width} dialog of ${key}`);
        await press(page, 'Escape');
      }
      await page.goto(`${base}/#/exceptions?state=all&exception=${id}`);
      await page.locator('.cells').waitFor(WAIT);
      await look(`${width} drawer`);
      await press(page, 'Escape');
      await page.goto(`${base}/#/exceptions?state=accepted`);
      await page.getByRole('heading', { name: 'Nothing accepted' }).waitFor(WAIT);
      await look(`${width} empty`);
    }
  }
});

test('touch targets of the desk are large', async (t) => {
  const { base, db } = await place(t);
  const page = await (await context(t, { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true })).newPage();
  const id = one(db, 'SELECT max(id) FROM reject');
  for (const view of ['exceptions', 'exceptions?control=region_known', `exceptions?exception=${id}`]) {
    await page.goto(`${base}/#/${view}`);
    await page.locator(view.includes('exception=') ? '.cells' : '.desk-row').first().waitFor(WAIT);
    const small = await page.locator('button:not([tabindex="-1"]), select, input:not([type=checkbox]):not([type=file]), .desk-choose label, .nav-entry, a.button, a.plain').evaluateAll((all) =>
      all.filter((e) => e.checkVisibility() && (e.getBoundingClientRect().height < 43.9 || e.getBoundingClientRect().width < 43.9)).map((e) => e.outerHTML.slice(0, 90)),
    );
    assert.deepEqual(small, [], view);
  }
});
