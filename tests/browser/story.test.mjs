// A day with the page, from beginning to end, in a real Chromium against the real
// binary: a file dropped, mapped by hand, tried, imported; exceptions corrected by
// keyboard and in a spreadsheet; a rule changed, tried, put into force, and the old
// import judged again by it; undone, redone; a figure followed to the bytes of its
// line; two imports compared. What must be shown is worked out here from the files.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { WAIT, audit, open, overflow } from './chromium.mjs';
import { grouped, parseCsv, rupees } from './oracle.mjs';
import { dataFolder, run, serve } from './outpost.mjs';

const LONG = { timeout: 30000 };
const SUPERSTORE = new URL('../data/superstore.csv.gz', import.meta.url);

// ---- what is right ----

const query = (db, sql) => execFileSync('sqlite3', ['-readonly', '-separator', '|', db, sql], { encoding: 'utf8' }).trim().split('\n').filter(Boolean).map((line) => line.split('|'));
const one = (db, sql) => query(db, sql)[0]?.[0];
const lakh = (n) => grouped(String(n));

// Exact: hundredths of hundredths, so that '12.5' and '12.50' are the same.
const scaled = (text) => {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,4}))?$/.exec(text);
  return BigInt(sign + whole + fraction.padEnd(4, '0'));
};
const plain = (v) => (v < 0n ? `-${plain(-v)}` : `${v / 10000n}.${String(v % 10000n).padStart(4, '0')}`);
const revenueOf = (rows) => plain(rows.reduce((sum, row) => sum + scaled(row.revenue), 0n));

// A generated file with headings that nobody could guess, and its rows:
// { line, key, region, revenue, bad }. A line is bad if the generator's ledger says so.
function ownFile(dir, n, seed) {
  const ledger = path.join(dir, `ledger-${seed}`);
  const made = run(['generate', 'sales', '--rows', String(n), '--seed', String(seed), '--ledger', ledger]);
  const bad = new Set(fs.readFileSync(ledger, 'utf8').split('\n').map((line) => Number(line.split(',')[0])).filter(Boolean));
  const text = made.replace(/^[^\n]*/, 'nr,tag,wo,was,menge,wert');
  const rows = parseCsv(text).slice(1).map(([key, day, region, product, quantity, revenue], i) => ({ line: i + 2, key, day, region, product, quantity, revenue, bad: bad.has(i + 2) }));
  return { name: `orders-${seed}.csv`, text, rows, clean: rows.filter((row) => !row.bad), bad };
}

// The rows of a file that pass, in its order: a key that was turned away may come again.
function judge(rows, least) {
  const taken = new Set();
  return rows.filter((row) => {
    const passes = row.day !== '' && scaled(row.revenue) >= least && !taken.has(row.key);
    if (passes) taken.add(row.key);
    return passes;
  });
}

// ---- the page ----

const stat = (page, id) => page.locator(`.stats [data-stat="${id}"] dd`).first().textContent();
const step = (page, id) => page.locator(`.wizard[data-step="${id}"]`).waitFor(WAIT);
const forward = (page) => page.locator('.wizard-foot button[type=submit]');
const until = (page, what, arg) => page.waitForFunction(what, arg, LONG);
const heading = (page, name) => page.getByRole('heading', { name, level: 1 }).waitFor(LONG);
const state = (page, word) => page.locator('.page-title .badge', { hasText: word }).waitFor(WAIT);
const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

async function drop(page, name, text) {
  const transfer = await page.evaluateHandle(([name, text]) => {
    const all = new DataTransfer();
    all.items.add(new File([text], name, { type: 'text/csv' }));
    return all;
  }, [name, text]);
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
  await page.getByText('Drop the file to import it').waitFor(WAIT);
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  await page.locator('.wizard .stats').waitFor(LONG);
}

async function tryRun(page) {
  await forward(page).click();
  await step(page, 'test');
  await page.locator('[data-stat="quality"]').waitFor(LONG);
}

// The id of the run.
async function importNow(page) {
  await forward(page).click();
  await step(page, 'go');
  await page.locator('a.proof').waitFor(LONG);
  assert.deepEqual(await page.locator('a.proof .tick').evaluateAll((all) => all.map((tick) => tick.dataset.ok)), Array(5).fill('true'));
  return /run=([^&]+)/.exec(await page.getByRole('link', { name: 'See the figures' }).getAttribute('href'))[1];
}

// What all data adds up to, as the page says it and as the file says it.
async function agree(page, base, db, rows, revenue) {
  await page.goto(`${base}/#/sales`);
  await until(page, (wanted) => document.querySelector('[data-stat="revenue"] dd')?.textContent === wanted, rupees(revenue));
  assert.equal(await stat(page, 'orders'), lakh(rows));
  assert.equal(one(db, 'SELECT count(*) FROM sale'), String(rows));
  await until(page, () => !document.querySelector('.stats .tick-wait'));
  assert.deepEqual(await page.locator('.stats dt .tick').evaluateAll((all) => [...new Set(all.map((tick) => tick.dataset.ok))]), ['true']);
}

for (const dark of [false, true])
  test(`a day, ${dark ? 'dark' : 'light'}`, async (t) => {
    const data = dataFolder(t, 'demo');
    const db = path.join(data, 'tenants/demo.db');
    const own = ownFile(path.dirname(data), dark ? 3000 : 20000, dark ? 32 : 31);
    const { base } = await serve(t, data);
    const page = await open(t, `${base}/#/imports`, { dark, forAxe: true, width: dark ? 1024 : 1440, height: dark ? 768 : 900 });
    const look = async (what) => {
      assert.deepEqual(await audit(page), [], what);
      assert.ok((await overflow(page)) <= 0, `${what} scrolls sideways`);
    };
    await page.getByRole('heading', { level: 1 }).waitFor(WAIT);

    // What counts at each moment: by key.
    const now = new Map(own.clean.map((row) => [row.key, row]));
    const sumNow = () => revenueOf([...now.values()]);
    assert.deepEqual(judge(own.rows, 0n), own.clean, 'the ledger and the rules mean the same');
    let first, again;

    await t.test('a file is dropped and mapped by hand', async () => {
      await drop(page, own.name, own.text);
      await look('file');
      await forward(page).click();
      await step(page, 'mapping');
      await page.locator('.notice', { hasText: 'Choose the columns' }).waitFor(WAIT);
      assert.equal(await forward(page).isDisabled(), true);
      const map = { order_id: 'nr', order_date: 'tag', region: 'wo', product: 'was', quantity: 'menge', revenue: 'wert' };
      for (const [field, column] of Object.entries(map)) await page.locator(`[data-field="${field}"] select`).selectOption(column);
      await look('mapping');
    });

    await t.test('the test run says what would come and stores nothing', async () => {
      await tryRun(page);
      assert.deepEqual([await stat(page, 'read'), await stat(page, 'created'), await stat(page, 'rejected')], [own.rows.length, own.clean.length, own.bad.size].map(lakh));
      assert.equal(await stat(page, 'revenue'), rupees(sumNow()));
      assert.equal(one(db, "SELECT count(*) FROM run"), '0');
      await look('test run');
    });

    await t.test('the import, watched', async () => {
      const shares = page.evaluate(() => new Promise((resolve) => {
        const seen = new Set();
        const looking = setInterval(() => {
          const bar = document.querySelector('[data-step="go"] [role=progressbar]');
          if (bar) seen.add(bar.getAttribute('aria-valuenow') ?? 'open');
          if (document.querySelector('a.proof')) clearInterval(looking), resolve([...seen]);
        }, 5);
      }));
      first = await importNow(page);
      assert.ok((await shares).length > 0, 'it showed how far it was');
      assert.equal(one(db, 'SELECT count(*) FROM sale'), String(own.clean.length));
      await look('imported');
      await agree(page, base, db, own.clean.length, sumNow());
    });

    await t.test('every figure of its report explains itself', async () => {
      await page.goto(`${base}/#/imports/${first}`);
      await heading(page, own.name);
      const links = await page.locator('.stats .stat').evaluateAll((all) => all.map((one) => [one.dataset.stat, one.querySelector('dd a')?.getAttribute('href')]));
      assert.deepEqual(links.map(([id]) => id), ['read', 'clean', 'rejected', 'quality', 'revenue']);
      assert.ok(links.every(([id, href]) => (id === 'rejected' ? /exceptions/ : new RegExp(`why=sales%2F${id}`)).test(href ?? '')), JSON.stringify(links));
      for (const [id, value] of [['read', lakh(own.rows.length)], ['clean', lakh(own.clean.length)], ['revenue', rupees(sumNow())]]) {
        await page.locator(`[data-stat="${id}"] dd a`).click();
        await until(page, (wanted) => document.querySelector('.why-value')?.textContent === wanted, value);
        await page.locator('.tick-panel[data-ok="true"]').waitFor(LONG);
        if (id === 'clean') await look('explained');
        await press(page, 'Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached', ...WAIT });
      }
      await look('report');
    });

    await t.test('three exceptions corrected by keyboard', async () => {
      const wrong = query(db, "SELECT x.id, CAST(raw AS TEXT) FROM reject x, json_each(faults) f WHERE json_array_length(faults) = 1 AND f.value ->> 'control' = 'order_date_present' ORDER BY x.id LIMIT 3").map(([id, raw]) => ({ id, key: raw.split(',')[0], revenue: raw.trim().split(',')[5] }));
      assert.equal(wrong.length, 3);
      await page.goto(`${base}/#/exceptions?control=order_date_present`);
      await page.locator('.desk-list:not([aria-busy]) .desk-row').first().waitFor(WAIT);
      await look('desk');
      const open = Number(one(db, "SELECT count(*) FROM reject WHERE state = 'open'"));
      const only = new Set(wrong.map(({ id }) => id));
      await press(page, 'j', 'Enter');
      for (let done = 0; done < 3; ) {
        await until(page, () => document.activeElement?.name === 'order_date');
        const id = await page.evaluate(() => new URLSearchParams(location.hash.split('?')[1]).get('exception'));
        if (only.has(id)) {
          await page.keyboard.type('2024-05-06');
          await press(page, 'Enter');
          done++;
        } else await page.getByRole('dialog').getByRole('button', { name: /^Next/ }).press('Enter');
        await until(page, (was) => new URLSearchParams(location.hash.split('?')[1]).get('exception') !== was, id);
      }
      if (await page.getByRole('dialog').count()) {
        await look('exception');
        await press(page, 'Escape');
      }
      assert.equal(one(db, "SELECT count(*) FROM reject WHERE state = 'open'"), String(open - 3));
      for (const row of wrong) now.set(row.key, row);
      await agree(page, base, db, now.size, sumNow());
    });

    await t.test('the rest repaired in a file, and dropped back', async () => {
      await page.goto(`${base}/#/exceptions?run=${first}`);
      await page.getByRole('button', { name: 'Repair in a spreadsheet' }).click();
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('dialog').getByRole('link', { name: own.name }).click()]);
      const [headings, ...lines] = parseCsv(fs.readFileSync(await download.path(), 'utf8').replace(/^\uFEFF/, ''));
      assert.equal(lines.length, own.bad.size - 3);
      const at = Object.fromEntries(['nr', 'tag', 'wo', 'was', 'menge', 'wert'].map((name) => [name, headings.indexOf(name)]));
      const mended = [];
      lines.forEach((cells, i) => {
        if (cells[at.tag] !== '' || i % 2) return; // half of those that lack their day
        cells[at.tag] = '2024-05-07';
        mended.push({ key: cells[at.nr], revenue: cells[at.wert] });
      });
      assert.ok(mended.length > 1, `${mended.length} lines lack their day`);
      const quoted = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
      await press(page, 'Escape');
      await drop(page, 'repaired.csv', [headings, ...lines].map((cells) => cells.map(quoted).join(',')).join('\r\n').concat('\r\n'));
      await forward(page).click();
      await step(page, 'mapping');
      const covered = await forward(page).evaluate((button) => {
        const { x, y, width, height } = button.getBoundingClientRect();
        return document.elementFromPoint(x + width / 2, y + height / 2)?.closest('.toasts')?.textContent;
      });
      assert.equal(covered, undefined, 'what was told of the corrections lies over no button');
      await tryRun(page);
      assert.equal(await stat(page, 'created'), lakh(mended.length));
      assert.equal(await stat(page, 'rejected'), lakh(lines.length - mended.length));
      await importNow(page);
      for (const row of mended) now.set(row.key, row);
      assert.equal(one(db, "SELECT count(*) FROM reject WHERE state = 'corrected'"), String(mended.length + 3));
      await agree(page, base, db, now.size, sumNow());
    });

    const LEAST = 500n * 10000n;
    const enough = (row) => scaled(row.revenue) >= LEAST;
    const judged = judge(own.rows, LEAST);
    const corrected = () => [...now.values()].filter((row) => !('line' in row));
    await t.test('a rule is changed, tried on history and put into force', async () => {
      await page.goto(`${base}/#/rules/revenue_not_negative`);
      await page.getByLabel('At least').fill('500');
      await page.getByRole('button', { name: 'Try on history' }).click();
      await page.locator('.trial-result').waitFor(LONG);
      const out = [...now.values()].filter((row) => !enough(row));
      assert.ok(out.length > 0);
      assert.equal(await page.locator('[data-side="newly_rejected"] .trial-count').textContent(), lakh(out.length));
      const money = await page.locator('.trial-result table').first().locator('tbody tr').evaluateAll((all) => [...all.at(-1).cells].map((cell) => cell.textContent));
      assert.equal(await page.locator('[data-side="newly_released"] .trial-count').textContent(), lakh(judged.filter((row) => row.bad).length));
      assert.deepEqual(money.slice(1, 3), [rupees(sumNow()), rupees(revenueOf([...judged, ...corrected().filter(enough)]))]);
      await look('trial');
      await page.getByRole('button', { name: 'Put into force' }).click();
      await page.getByRole('heading', { name: 'In force' }).waitFor(WAIT);
      assert.equal(one(db, 'SELECT count(*) FROM sale'), String(now.size), 'what is imported stays');
    });

    await t.test('the old import is judged again', async () => {
      const line = page.locator(`[data-run="${first}"]`);
      await line.getByRole('button', { name: /^Judge again/ }).click();
      await line.getByText('Judged again').waitFor(LONG);
      await look('judged again');
      again = /imports\/([^?]+)/.exec(await line.getByRole('link', { name: 'Show the new run' }).getAttribute('href'))[1];
      const kept = corrected();
      now.clear();
      for (const row of [...judged, ...kept]) now.set(row.key, row);
      await agree(page, base, db, now.size, sumNow());
      await page.goto(`${base}/#/imports/${first}`);
      await state(page, 'Replaced');
      await page.getByRole('link', { name: 'Show the new run' }).waitFor(WAIT);
      await look('an undone run');
      await page.goto(`${base}/#/imports`);
      await page.locator(`tbody [data-run="${again}"]`).waitFor(WAIT);
      assert.deepEqual(await page.locator('tbody tr').evaluateAll((all) => all.map((tr) => ['kind', 'state'].map((id) => tr.querySelector(`[data-column="${id}"]`).textContent.trim())).filter(([kind]) => kind !== 'Correction')), [['Judged again', 'Reconciled'], ['File', 'Replaced']]);
      await look('imports');
    });

    await t.test('undone with its plan, and redone', async () => {
      const lost = judged;
      const after = new Map(corrected().map((row) => [row.key, row]));
      await page.goto(`${base}/#/imports/${again}`);
      await page.getByRole('button', { name: 'Undo this import' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.locator('[data-stat="removed"]').waitFor(LONG);
      assert.equal(await dialog.locator('[data-stat="removed"] dd').first().textContent(), lakh(lost.length));
      const plan = await dialog.locator('tbody tr').evaluateAll((all) => all.map((tr) => [...tr.cells].map((cell) => cell.textContent)));
      assert.deepEqual(plan.find(([name]) => name === 'Revenue').slice(1), [rupees(sumNow()), rupees(revenueOf([...after.values()]))]);
      await look('plan');
      assert.equal(one(db, 'SELECT count(*) FROM sale'), String(now.size), 'a plan changes nothing');
      await dialog.getByRole('button', { name: 'Undo the import' }).click();
      await state(page, 'Undone');
      await agree(page, base, db, after.size, revenueOf([...after.values()]));
      await page.locator('.toasts').getByRole('button', { name: 'Redo' }).click();
      await until(page, () => document.querySelector('.toasts').textContent.includes('redone'));
      await agree(page, base, db, now.size, sumNow());
    });

    await t.test('a figure is followed to the bytes of a line', async () => {
      const { region } = judged[0];
      await page.goto(`${base}/#/sales?run=${first}&why=${encodeURIComponent(`sales/revenue?run=${again}&region=${region}`)}`);
      const rows = judged.filter((row) => row.region === region);
      await until(page, (wanted) => document.querySelector('.why-value')?.textContent === wanted, rupees(revenueOf(rows)));
      const key = page.locator('dialog a[href*="row="]').first();
      await key.click();
      await page.getByText('SHA-256 of the bytes').waitFor(WAIT);
      const wanted = new URLSearchParams((await page.evaluate(() => location.hash)).split('?')[1]).get('row');
      const row = judged.find((one) => one.key === wanted);
      const bytes = Buffer.from(own.text).toString('latin1').split('\n')[row.line - 1];
      const sha = (text) => createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex');
      const shown = await page.locator('.details > div', { hasText: 'SHA-256 of the bytes' }).locator('code').textContent();
      assert.ok([sha(bytes), sha(`${bytes}\n`)].includes(shown), `${shown} is not of: ${bytes}`);
      await page.locator('.byte-tick[data-ok="true"]').waitFor(WAIT);
      await look('a row');
    });

    await t.test('a real file, and two imports beside each other', async () => {
      await page.goto('about:blank');
      await page.goto(`${base}/#/imports`);
      await page.getByRole('heading', { level: 1 }).waitFor(WAIT);
      const text = gunzipSync(fs.readFileSync(SUPERSTORE)).toString('utf8');
      const cells = parseCsv(text);
      const sales = cells[0].indexOf('Sales');
      const real = cells.slice(1).filter((row) => row.length === cells[0].length && /^\d+$/.test(row[0])).map((row) => ({ revenue: row[sales] }));
      await drop(page, 'superstore.csv', text);
      await forward(page).click();
      await step(page, 'mapping');
      await page.getByRole('button', { name: 'Order ID: take away' }).click();
      await page.locator('.unique select').selectOption('Row ID');
      await tryRun(page);
      const counted = await stat(page, 'created');
      const left = real.filter(enough);
      assert.equal(counted, lakh(left.length), 'the rule in force judges this file, too');
      assert.equal(await stat(page, 'revenue'), rupees(revenueOf(left)));
      const second = await importNow(page);
      await agree(page, base, db, now.size + left.length, revenueOf([...now.values(), ...left]));
      await page.goto(`${base}/#/compare?a=${again}&b=${second}`);
      await page.locator('.compare-cards').waitFor(LONG);
      const a = judged;
      const totals = await page.locator('.compare-cards table').first().locator('tbody tr').evaluateAll((all) => all.map((tr) => [...tr.cells].map((cell) => cell.textContent)));
      assert.deepEqual(totals.find(([name]) => name === 'Orders').slice(1, 3), [lakh(a.length), lakh(left.length)]);
      assert.deepEqual(totals.find(([name]) => name === 'Revenue').slice(1, 3), [rupees(revenueOf(a)), rupees(revenueOf(left))]);
      assert.deepEqual(await page.locator('.compare-cards .card').first().locator('.table-box').evaluateAll((all) => all.map((box) => box.scrollWidth <= box.clientWidth)), [true], 'the totals are not cut');
      await look('compare');
    });
    assert.deepEqual(page.faults, []);
  });
