// The page in a real Chromium on a real import. What it shows is compared with
// what this file computes from the imported text by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, context, open, overflow, WAIT } from './chromium.mjs';
import { grouped, parseCsv, rupees } from './oracle.mjs';
import { dataFolder, importGenerated, run, serve } from './outpost.mjs';

// ---- the second computation ----

const SCALE = 6;
const scaled = (text) => {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  return BigInt(sign + whole + fraction.padEnd(SCALE, '0'));
};
const lakh = (n) => grouped(String(n));
const shown = (v) => rupees(`${v < 0n ? '-' : ''}${String(v < 0n ? -v : v).padStart(SCALE + 1, '0').replace(new RegExp(`(\\d{${SCALE}})$`), '.$1')}`);

function compute({ text, ledger }) {
  const [heading, ...rows] = parseCsv(text);
  const at = (name) => heading.findIndex((h) => h.toLowerCase().replace(/[^a-z]+/g, '_') === name);
  const [region, product, date, revenue] = ['region', 'product', 'order_date', 'revenue'].map(at);
  const rejected = new Set(ledger.map((entry) => entry.line));
  const clean = rows.filter((_, i) => !rejected.has(i + 2));
  const by = (column) => {
    const totals = new Map();
    for (const row of clean) {
      const total = totals.get(row[column]) ?? { orders: 0, revenue: 0n };
      total.orders++;
      total.revenue += scaled(row[revenue]);
      totals.set(row[column], total);
    }
    return totals;
  };
  return { read: rows.length, clean: clean.length, rejected: rejected.size, revenue: clean.reduce((sum, row) => sum + scaled(row[revenue]), 0n), regions: by(region), products: by(product), days: by(date) };
}

// ---- reading the page ----

const stat = (page, id) => page.locator(`[data-stat="${id}"] dd`).first().textContent();
const PAGES = { Sales: 'Sales Analytics', Quality: 'Data Quality', Exceptions: 'Exceptions', 'Audit trail': 'Audit Trail', Controls: 'Controls Summary', Imports: 'Imports' };
async function tab(page, name) {
  await page.getByRole('navigation').getByRole('link', { name }).click();
  await ready(page, PAGES[name]);
}
const card = (page, title) => page.locator('.card', { has: page.getByRole('heading', { name: title, exact: true }) });

async function ready(page, source) {
  await page.getByRole('heading', { level: 1, name: source }).waitFor(WAIT);
}

async function tableOf(box) {
  await box.locator('tbody tr').first().waitFor(WAIT);
  const more = box.getByRole('button', { name: /^Show all/ });
  if (await more.count()) await more.click();
  return box.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
}

async function barsOf(box) {
  return box.locator('.bars li').evaluateAll((rows) => rows.map((row) => [row.dataset.name, row.querySelector('.bar-text').textContent, row.querySelector('.bar-note')?.textContent]));
}

// ---- the tests ----

test('a report shows what the file says', async (t) => {
  const data = dataFolder(t, 'demo');
  const imported = importGenerated(data, 'demo', 5000, 3);
  const own = compute(imported);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports/${imported.run}`);
  await ready(page, 'generated-3.csv');

  await t.test('headline figures', async () => {
    assert.equal(own.rejected, 425);
    assert.equal(await stat(page, 'read'), lakh(own.read));
    assert.equal(await stat(page, 'clean'), lakh(own.clean));
    assert.equal(await stat(page, 'rejected'), lakh(own.rejected));
    assert.equal((await stat(page, 'quality')).replace(/\s/, ' '), `${((own.clean / own.read) * 100).toFixed(2)} %`);
    assert.equal(await stat(page, 'revenue'), shown(own.revenue));
  });

  await t.test('all five checks are green', async () => {
    const ticks = await page.locator('a.proof .tick').evaluateAll((all) => all.map((tick) => tick.dataset.ok));
    assert.deepEqual(ticks, Array(5).fill('true'));
    await page.locator('a.proof').click();
    await ready(page, 'Audit Trail');
    await page.locator('.ticks li').first().waitFor(WAIT);
    const pairs = await page.locator('.ticks li').evaluateAll((all) => all.map((li) => [...li.querySelectorAll('dd')].map((dd) => dd.textContent)));
    assert.equal(pairs.length, 5);
    for (const [expected, actual] of pairs) assert.equal(expected, actual);
    await page.locator('.timeline li').nth(5).waitFor(WAIT);
  });

  await t.test('revenue by region and by product', async () => {
    await tab(page, 'Sales');
    await page.locator('.bars').first().waitFor(WAIT);
    assert.equal(await stat(page, 'orders'), lakh(own.clean));
    for (const [title, totals] of [['Revenue by region', own.regions], ['Revenue by product', own.products]]) {
      const bars = await barsOf(card(page, title));
      assert.equal(bars.length, totals.size);
      for (const [name, text, note] of bars) {
        assert.equal(text, shown(totals.get(name).revenue), name);
        assert.match(note, new RegExp(`^${lakh(totals.get(name).orders)} orders`));
      }
      const order = bars.map(([name]) => totals.get(name).revenue);
      assert.deepEqual(order, [...order].sort((a, b) => (a < b ? 1 : -1)));
    }
  });

  await t.test('revenue by day, as a table behind the line', async () => {
    const box = card(page, 'Revenue over time');
    await box.locator('canvas').waitFor(WAIT);
    await box.getByRole('radio', { name: 'Day' }).check();
    await box.getByRole('button', { name: 'Table' }).click();
    const rows = await tableOf(box);
    const days = new Map([...own.days].map(([day, total]) => [day, [lakh(total.orders), shown(total.revenue)]]));
    assert.equal(rows.length, days.size);
    const names = await page.evaluate((list) => { // by the browser: node's words for a day can be older
      const name = new Intl.DateTimeFormat('en-IN', { dateStyle: 'medium', timeZone: 'UTC' });
      return list.map((day) => name.format(new Date(`${day}T00:00:00Z`)));
    }, [...days.keys()]);
    for (const [i, [day, expected]] of [...days].entries()) {
      const found = rows.find(([text]) => text === names[i]);
      assert.deepEqual([found?.[1], found?.[3]], expected, day);
    }
  });

  await t.test('rejected rows by category, and from there to the rows', async () => {
    await tab(page, 'Quality');
    await page.locator('.bars').first().waitFor(WAIT);
    const bars = await barsOf(card(page, 'Rejected rows by category'));
    const planted = new Map();
    for (const { defect } of imported.ledger) planted.set(defect, (planted.get(defect) ?? 0) + 1);
    assert.deepEqual(bars.map(([, n]) => Number(n)).sort(), [...planted.values()].sort());
    await card(page, 'Rejected rows by category').locator('.bars button').first().click();
    await ready(page, 'Exceptions');
    await page.locator('.desk-row').first().waitFor(WAIT);
    assert.match(await page.locator('.desk-card [role=status]').textContent(), new RegExp(`of ${bars[0][1]} rows$`));
  });

  await t.test('every exception has its original line', async () => {
    await page.goto(`${server.base}/#/exceptions?run=${imported.run}`);
    const lines = imported.text.split('\n').map((line) => line.replace(/\r$/, ''));
    const seen = [];
    const more = page.getByRole('button', { name: /^Show more/ });
    await page.locator('.desk-row').first().waitFor(WAIT);
    for (let n = await page.locator('.desk-row').count(); await more.count(); n = await page.locator('.desk-row').count()) {
      await more.click();
      await page.waitForFunction((before) => document.querySelectorAll('.desk-row').length > before, n, WAIT);
    }
    const rows = await page.locator('.desk-row').evaluateAll((all) => all.map((tr) => ['.desk-where .link', '.original', '.reasons'].map((one) => tr.querySelector(one).textContent)));
    for (const [line, raw, reason] of rows) {
      const n = Number(line.replace(/\D/g, ''));
      seen.push(n);
      assert.equal(raw, lines[n - 1], `line ${n}`);
      assert.ok(reason.trim().length > 5);
    }
    assert.deepEqual(seen.sort((a, b) => a - b), imported.ledger.map((e) => e.line).sort((a, b) => a - b));
  });

  await t.test('details of one, and back by Escape to where one was', async () => {
    const row = page.locator('.desk-row').first();
    await row.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor(WAIT);
    await page.getByRole('dialog').locator('.original').waitFor(WAIT);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached', ...WAIT });
    await page.waitForFunction(() => document.activeElement === document.querySelector('.desk-row'), null, WAIT);
  });

  await t.test('controls count every row', async () => {
    await tab(page, 'Controls');
    const rows = await tableOf(card(page, 'Control by control'));
    const failed = rows.map((cells) => Number(cells[6].replace(/,/g, '')));
    assert.equal(failed.reduce((a, b) => a + b, 0), own.rejected); /* the generator plants one fault a row */
  });

  await t.test('a new run appears by itself', async () => {
    await tab(page, 'Imports');
    importGenerated(data, 'demo', 100, 4);
    await page.getByRole('link', { name: /generated-4\.csv/ }).waitFor(WAIT);
  });

  assert.deepEqual(page.faults, []);
});

test('keyboard alone', async (t) => {
  const data = dataFolder(t, 'demo');
  for (const seed of [1, 2, 3]) importGenerated(data, 'demo', 60, seed);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/`);
  await ready(page, 'Sales Analytics');
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };

  await press('Tab');
  assert.equal(await focused(), 'Skip to the content');
  await press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');

  const nav = page.getByRole('navigation').getByRole('link', { name: 'Quality' });
  await nav.focus();
  assert.equal(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'solid');
  await press('Enter');
  await ready(page, 'Data Quality');
  assert.equal(await nav.getAttribute('aria-current'), 'page');
  await page.waitForFunction(() => document.activeElement.id === 'main', null, WAIT); // the reader is taken to the page
  await press('6');
  await ready(page, 'Imports');
  await press('1');
  await ready(page, 'Sales Analytics');

  await press('?');
  await page.getByRole('dialog', { name: 'Help' }).waitFor(WAIT);
  await page.getByRole('checkbox').uncheck();
  await press('Escape', '?');
  assert.equal(await page.getByRole('dialog').count(), 0, 'single keys are off');

  await page.goBack();
  await page.goForward();
  assert.deepEqual(page.faults, []);
});

test('axe finds nothing, and nothing scrolls sideways', async (t) => {
  const data = dataFolder(t, 'demo', 'empty');
  const imported = importGenerated(data, 'demo', 500, 9);
  const server = await serve(t, data);
  const views = ['', 'sales', 'quality', 'exceptions', 'audit', 'controls', 'rules', 'rules/region_known', 'rules/new', 'rules/lists', 'governance', 'catalogue', 'imports', `imports/${imported.run}`, 'imports/nothing', 'nowhere'].map((name) => `#/${name}?tenant=demo`);
  views.push(`#/sales?tenant=demo&run=${imported.run}`, '#/?tenant=empty', '#/?tenant=nobody');
  for (const [width, height] of [[1280, 860], [1024, 768], [360, 740], [320, 256]]) {
    for (const dark of [false, true]) {
      const page = await open(t, `${server.base}/`, { width, height, dark, forAxe: true });
      for (const view of views) {
        await page.goto('about:blank');
        await page.goto(`${server.base}/${view}`);
        await page.getByRole('heading', { level: 1 }).first().waitFor(WAIT);
        await page.waitForFunction(() => !document.querySelector('.skeleton'), null, WAIT);
        const where = `${width} ${dark ? 'dark' : 'light'} ${view}`;
        assert.ok((await overflow(page)) <= 0, `${where} scrolls sideways`);
        assert.deepEqual(await audit(page), [], where);
      }
    }
  }
});

test('dialogs pass axe, too', async (t) => {
  const data = dataFolder(t, 'demo');
  const imported = importGenerated(data, 'demo', 500, 9);
  const server = await serve(t, data);
  for (const dark of [false, true]) {
    const page = await open(t, `${server.base}/#/exceptions?run=${imported.run}`, { dark, forAxe: true });
    for (const show of [() => page.keyboard.press('?'), () => page.locator('.desk-row').first().click()]) {
      await page.locator('.desk-row').first().waitFor(WAIT);
      await show();
      await page.getByRole('dialog').waitFor(WAIT);
      assert.deepEqual(await audit(page), []);
      await page.keyboard.press('Escape');
    }
  }
});

test('themes', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/`);
  await ready(page, 'Sales Analytics');
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  const toggle = page.getByRole('button', { name: /^Colours/ });
  await toggle.click();
  assert.equal(await ground(), light);
  await toggle.click();
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await ready(page, 'Sales Analytics');
  assert.equal(await ground(), dark, 'the choice is kept');

  await page.emulateMedia({ media: 'print' }); // paper is white, and shows the report although it is narrow
  await page.setViewportSize({ width: 760, height: 1080 });
  assert.equal(await page.getByRole('heading', { level: 1, name: 'Sales Analytics' }).isVisible(), true);
  assert.equal(await page.getByRole('navigation').isVisible(), false);
  assert.equal(await ground(), 'rgb(255, 255, 255)');
  assert.deepEqual(page.faults, []);
});

test('touch targets are large', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 60, 1);
  const server = await serve(t, data);
  const page = await (await context(t, { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true })).newPage();
  await page.goto(`${server.base}/#/exceptions`);
  await page.locator('.desk-row').first().waitFor(WAIT);
  const TARGETS = 'button:not([tabindex="-1"]), select, summary, .choice label, .nav-entry, a.button, a.plain, a.quiet, a.proof, a.back, a.brand, .chip, .switch, main a:not(p a, li span a)';
  for (const view of ['exceptions', 'sales', 'quality', 'audit', 'controls', 'imports', 'imports/latest', 'imports/new', 'rules', 'governance', 'catalogue', 'records', 'stock', 'jobs', 'graphs']) {
    await page.goto(`${server.base}/#/${view}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor(WAIT);
    await page.waitForFunction(() => !document.querySelector('.skeleton'), null, WAIT);
    const small = await page.locator(TARGETS).evaluateAll((all) =>
      all.filter((e) => e.checkVisibility() && (e.getBoundingClientRect().height < 43.9 || e.getBoundingClientRect().width < 43.9)).map((e) => e.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(small, [], view);
  }
});

test('states that say what to do', async (t) => {
  const data = dataFolder(t);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/`);
  await page.getByText('outpost tenant add').waitFor(WAIT);
  run(['tenant', 'add', 'demo', '--data', data]);
  await ready(page, 'Nothing imported yet'); // by itself
  assert.equal(await page.getByRole('button', { name: 'Choose a file' }).isVisible(), true);
  importGenerated(data, 'demo', 60, 1);
  await ready(page, 'Sales Analytics'); // by itself
  await page.goto(`${server.base}/#/imports/nothing`);
  await page.getByRole('alert').waitFor(WAIT);
  page.faults.length = 0; // the 404 above is in the browser's console

  await page.goto(`${server.base}/#/`);
  await ready(page, 'Sales Analytics');
  await page.getByRole('button', { name: 'Table' }).first().waitFor(WAIT);
  await server.stop();
  await page.getByText('Offline').waitFor(WAIT);
  assert.equal(await page.getByRole('button', { name: 'Table' }).first().isVisible(), true, 'what was there stays');
});

test('hostile text is only text', async (t) => {
  const data = dataFolder(t, 'demo');
  const evil = ['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', "javascript:alert(1)//'", '{{7*7}}', '${alert(1)}', '\u202Eevil', '=HYPERLINK("http://x")'];
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  const rows = evil.map((text, i) => `${quoted(`${i}${text}`)},2024-01-0${i + 1},${quoted(text)},${quoted(text)},1,${i % 2 ? '-1' : '10.00'}`);
  const csv = `order_id,order_date,region,product,quantity,revenue\n${rows.join('\n')}\n`;
  run(['import', '-', '--data', data, '--tenant', 'demo', '--as', 'sales'], { input: csv });
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/runs/latest/sales`);
  await page.getByRole('heading', { level: 1 }).waitFor(WAIT);
  for (const name of ['Quality', 'Exceptions', 'Audit trail', 'Controls', 'Imports', 'Sales']) {
    await tab(page, name);
    await page.waitForFunction(() => !document.querySelector('.skeleton'), null, WAIT);
  }
  await tab(page, 'Exceptions');
  await page.locator('.desk-row').first().click();
  await page.getByRole('dialog').waitFor(WAIT);
  assert.equal(await page.locator('img, script:not([src], #parts)').count(), 0);
  assert.deepEqual(page.faults, []);
});
