// The pages of figures: each number against computations of this file's own, and each
// figure down to the bytes of the line it is made of.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { audit, context, open, overflow, WAIT } from './chromium.mjs';
import { grouped, rupees } from './oracle.mjs';
import { dataFolder, run, serve } from './outpost.mjs';

// ---- the files, and a second computation over them ----

const lakh = (n) => grouped(String(n));
const SCALE = 4n;
const scaled = (text) => {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  return BigInt(sign + whole + fraction.padEnd(Number(SCALE), '0'));
};
const plain = (v) => `${v < 0n ? '-' : ''}${String(v < 0n ? -v : v).padStart(Number(SCALE) + 1, '0').replace(/(\d{4})$/, '.$1')}`;
const money = (v) => rupees(plain(v));
// '2310110000' of scale 4 is '2,31,011': as many places as there are.
const quantity = (v) => {
  const [whole, fraction] = plain(v).split('.');
  const rest = fraction.replace(/0+$/, '');
  return grouped(whole) + (rest && `.${rest}`);
};

// A file of generated rows with keys of its own, imported; { name, file, run, rows }:
// rows are the clean ones, as objects, with line and span.
function bring(data, name, rows, seed) {
  const file = path.join(path.dirname(data), `${name}.csv`);
  const ledgerFile = `${file}.ledger`;
  const text = run(['generate', 'sales', '--rows', String(rows), '--seed', String(seed), '--ledger', ledgerFile]).replaceAll('ORD-', `${name.toUpperCase()}-`);
  fs.writeFileSync(file, text);
  const bad = new Set(fs.readFileSync(ledgerFile, 'utf8').split('\n').map((row) => Number(row.split(',')[0])).filter(Boolean));
  const outcome = JSON.parse(run(['import', file, '--data', data, '--tenant', 'demo', '--as', 'sales', '--json']));
  const [heading, ...lines] = text.split('\n');
  const fields = heading.trim().split(',');
  let offset = Buffer.byteLength(heading) + 1;
  const clean = [];
  lines.forEach((raw, i) => {
    const line = i + 2;
    const length = Buffer.byteLength(raw);
    if (raw && !bad.has(line)) clean.push({ ...Object.fromEntries(raw.trim().split(',').map((cell, k) => [fields[k], cell])), run: outcome.run, line, offset, raw: raw.replace(/\r$/, '') });
    offset += length + 1;
  });
  return { name, file, run: outcome.run, rows: clean, read: lines.filter(Boolean).length, bad: bad.size };
}

function select(rows, { run: only, from, to, region, product }) {
  return rows.filter((row) => (!only || row.run === only) && (!from || row.order_date >= from) && (!to || row.order_date <= to) && (!region || row.region === region) && (!product || row.product === product));
}

function addUp(rows) {
  return rows.reduce((sum, row) => ({ orders: sum.orders + 1, quantity: sum.quantity + scaled(row.quantity), revenue: sum.revenue + scaled(row.revenue) }), { orders: 0, quantity: 0n, revenue: 0n });
}

function addUpBy(rows, field) {
  const groups = new Map();
  for (const row of rows) groups.set(row[field], [...(groups.get(row[field]) ?? []), row]);
  return new Map([...groups].map(([name, own]) => [name, addUp(own)]));
}

// To the nearest paisa, halves to the even one.
function average({ orders, revenue }) {
  const cents = revenue / 100n;
  const exact = { v: revenue * 10n ** 10n, n: BigInt(orders) };
  assert.ok(cents >= 0n);
  const places = exact.v / exact.n; /* scale 14 */
  return rupees(`${places / 10n ** 14n}.${String(places % 10n ** 14n).padStart(14, '0')}`);
}

const shell = (data, sql) => execFileSync('sqlite3', ['-readonly', path.join(data, 'tenants/demo.db'), sql], { encoding: 'utf8' }).trim();

// ---- reading the page ----

const ready = (page, title) => page.getByRole('heading', { level: 1, name: title }).waitFor(WAIT);
const card = (page, title) => page.locator('.card', { has: page.getByRole('heading', { name: title, exact: true }) });
const drawer = (page) => page.getByRole('dialog').last();
const stat = (page, id) => page.locator(`main [data-stat="${id}"] dd`).first();

async function settled(page) {
  await page.waitForFunction(() => !document.querySelector('.skeleton, main [aria-busy="true"], .tick-wait'), null, WAIT);
}

async function tableOf(box) {
  await box.locator('tbody tr').first().waitFor(WAIT);
  const more = box.getByRole('button', { name: /^Show all/ });
  if (await more.count()) await more.click();
  return box.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
}

const barsOf = (box) => box.locator('.bars li').evaluateAll((rows) => rows.map((row) => [row.dataset.name, row.querySelector('.bar-text').textContent, row.querySelector('.bar-note')?.textContent ?? '']));
const address = (page) => page.evaluate(() => location.hash);

const query = (filter) => String(new URLSearchParams(Object.entries(filter).filter(([, value]) => value)));

// A small generator, so that a failure can be repeated.
function random(seed) {
  return (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
}

// ---- the tests ----

test('every figure of Sales, for filters by chance', async (t) => {
  const data = dataFolder(t, 'demo');
  const files = [bring(data, 'north', 3000, 21), bring(data, 'south', 2000, 22)];
  const rows = files.flatMap((file) => file.rows);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/sales`);
  await ready(page, 'Sales Analytics');
  const next = random(7);
  const one = (list) => list[next(list.length)];
  const days = [...new Set(rows.map((row) => row.order_date))].sort();
  const filters = [{}, { run: files[0].run }];
  for (let i = 0; i < 5; i++) {
    const [a, b] = [one(days), one(days)].sort();
    filters.push({ run: next(2) ? one(files).run : undefined, from: next(3) ? a : undefined, to: next(3) ? b : undefined, region: next(2) ? one(rows).region : undefined, product: next(2) ? one(rows).product : undefined });
  }

  for (const filter of filters)
    await t.test(query(filter) || 'everything', async () => {
      await page.goto('about:blank');
      await page.goto(`${server.base}/#/sales?${query(filter)}`);
      const own = select(rows, filter);
      const sum = addUp(own);
      await stat(page, 'revenue').waitFor(WAIT);
      await settled(page);
      assert.equal(await stat(page, 'revenue').textContent(), money(sum.revenue));
      assert.equal(await stat(page, 'orders').textContent(), lakh(sum.orders));
      assert.equal(await stat(page, 'quantity').textContent(), quantity(sum.quantity));
      assert.equal(await stat(page, 'average').textContent(), average(sum));
      const ticks = await page.locator('main .stats .tick').evaluateAll((all) => all.map((tick) => tick.dataset.ok));
      assert.deepEqual(ticks, Array(4).fill('true'), 'a second computation agrees with each');

      for (const [title, field] of [['Revenue by region', 'region'], ['Revenue by product', 'product']]) {
        const groups = addUpBy(own, field);
        const bars = await barsOf(card(page, title));
        assert.deepEqual(bars.map(([name, text]) => [name, text]).sort(), [...groups].map(([name, group]) => [name, money(group.revenue)]).sort(), title);
        for (const [name, , note] of bars) assert.match(note, new RegExp(`^${lakh(groups.get(name).orders)} orders?`));
      }

      const box = card(page, 'Revenue over time');
      await box.getByRole('radio', { name: 'Day' }).check();
      await box.getByRole('button', { name: 'Table' }).click();
      const groups = [...addUpBy(own, 'order_date')].sort();
      const names = await page.evaluate((list) => { // by the browser: node's words for a day can be older
        const name = new Intl.DateTimeFormat('en-IN', { dateStyle: 'medium', timeZone: 'UTC' });
        return list.map((day) => name.format(new Date(`${day}T00:00:00Z`)));
      }, groups.map(([day]) => day));
      assert.deepEqual(await tableOf(box), groups.map(([, group], i) => [names[i], lakh(group.orders), quantity(group.quantity), money(group.revenue)]));
    });
  assert.deepEqual(page.faults, []);
});

test('from a figure to the bytes of a line, and back', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = bring(data, 'north', 1500, 5);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/sales`);
  await card(page, 'Revenue by region').locator('.bars li').first().waitFor(WAIT);
  const [name, shown] = (await barsOf(card(page, 'Revenue by region')))[1];
  const own = select(file.rows, { region: name });
  const figure = card(page, 'Revenue by region').locator(`li[data-name="${name}"] a`);
  await figure.focus();
  await page.keyboard.press('Enter');

  await t.test('why it is what it is', async () => {
    await drawer(page).locator('.tick-panel[data-ok="true"]').waitFor(WAIT);
    assert.equal(await drawer(page).locator('.why-value').textContent(), shown);
    const pair = await drawer(page).locator('.pair dd').allTextContents();
    assert.deepEqual(pair, [shown, shown]);
    await drawer(page).getByText(`${lakh(own.length)} rows`).waitFor(WAIT);
  });

  await t.test('its SQL says the same in the sqlite3 shell', async () => {
    await drawer(page).getByText('The same in SQL').click();
    const sql = await drawer(page).locator('.command-block code').textContent();
    const said = shell(data, sql);
    assert.equal(money(BigInt(said)), shown, said); // the shell says ten-thousandths
  });

  await t.test('all its rows, page by page', async () => {
    while (await drawer(page).getByRole('button', { name: 'Show more' }).count()) {
      const before = await drawer(page).locator('tbody tr').count();
      await drawer(page).getByRole('button', { name: 'Show more' }).click();
      await page.waitForFunction((n) => document.querySelectorAll('dialog tbody tr').length > n, before, WAIT);
    }
    const keys = await drawer(page).locator('tbody th').allTextContents();
    assert.deepEqual(keys.map((key) => key.trim()).sort(), own.map((row) => row.order_id).sort());
  });

  const chosen = own[own.length >> 1];
  await t.test('one row and its bytes', async () => {
    await drawer(page).getByRole('link', { name: `Row ${chosen.order_id}`, exact: true }).click();
    await drawer(page).locator('.byte-tick[data-ok="true"]').waitFor(WAIT);
    const bytes = fs.readFileSync(file.file).subarray(chosen.offset, chosen.offset + Buffer.byteLength(chosen.raw) + 1); // with its line break
    assert.equal(await drawer(page).locator('.original').textContent(), chosen.raw);
    assert.equal(bytes.toString(), `${chosen.raw}\n`);
    await drawer(page).getByText(createHash('sha256').update(bytes).digest('hex')).waitFor(WAIT);
    await drawer(page).getByText(`${lakh(chosen.offset)} to ${lakh(chosen.offset + bytes.length - 1)}`).waitFor(WAIT);
    await drawer(page).locator('.original mark').first().waitFor(WAIT);
    const marked = await drawer(page).locator('.original mark').allTextContents();
    assert.deepEqual(marked, [chosen.region, chosen.revenue], 'the cells that this figure is made of');
  });

  await t.test('what came of its line', async () => {
    await drawer(page).getByRole('link', { name: `Line ${lakh(chosen.line)}: what came of it` }).click();
    await drawer(page).locator('[data-fate="clean"]').waitFor(WAIT);
    assert.equal(await page.getByRole('dialog').count(), 3);
  });

  await t.test('the address shows the same to somebody else', async () => {
    const other = await open(t, `${server.base}/${await address(page)}`);
    await other.locator('dialog [data-fate="clean"]').waitFor(WAIT);
    assert.equal(await other.getByRole('dialog').count(), 3);
    assert.deepEqual(other.faults, []);
  });

  await t.test('Escape goes back one by one, and the focus where it was', async () => {
    for (const left of [2, 1, 0]) {
      await page.keyboard.press('Escape');
      await page.waitForFunction((n) => document.querySelectorAll('dialog').length === n, left, WAIT);
    }
    assert.equal(await figure.evaluate((own) => own === document.activeElement), true);
  });
  assert.deepEqual(page.faults, []);
});

test('a row that was changed past Outpost turns its figures red', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = bring(data, 'north', 400, 6);
  const server = await serve(t, data);
  const victim = file.rows[10];
  execFileSync('sqlite3', [path.join(data, 'tenants/demo.db'), `PRAGMA busy_timeout=5000; UPDATE sale SET revenue = revenue + 10000 WHERE key = '${victim.order_id}'`]);
  const page = await open(t, `${server.base}/#/sales?why=${encodeURIComponent('sales/revenue')}`);
  const panel = drawer(page).locator('.tick-panel');
  await drawer(page).locator('.tick-panel[data-ok="false"]').waitFor(WAIT);
  const [first, second] = await panel.locator('.pair dd').allTextContents();
  assert.notEqual(first, second);
  assert.ok([first, second].includes(money(addUp(file.rows).revenue)), 'one of them is what the file says');
  await panel.getByText('outpost verify').waitFor(WAIT);
  await page.keyboard.press('Escape');
  await page.locator('main [data-stat="revenue"] .tick[data-ok="false"]').waitFor(WAIT);

  await page.goto(`${server.base}/#/sales?row=${victim.order_id}`);
  await drawer(page).locator('.byte-tick[data-ok="false"]').waitFor(WAIT);
});

test('Quality: every number, and where it leads', async (t) => {
  const data = dataFolder(t, 'demo');
  const files = [bring(data, 'north', 1200, 31), bring(data, 'south', 800, 32)];
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/quality`);
  const cells = (sql) => new Map(shell(data, sql).split('\n').filter(Boolean).map((line) => line.split('|')));
  for (const only of [undefined, files[1].run]) {
    await page.goto(`${server.base}/#/quality?${query({ run: only })}`);
    await page.waitForFunction((run) => (new URLSearchParams(location.hash.split('?')[1]).get('run') ?? '') === run, only ?? '', WAIT);
    const own = files.filter((file) => !only || file.run === only);
    const read = own.reduce((n, file) => n + file.read, 0);
    const rejected = own.reduce((n, file) => n + file.bad, 0);
    await page.waitForFunction((n) => document.querySelector('main [data-stat="read"] dd')?.textContent === n, lakh(read), WAIT);
    await settled(page);
    assert.equal(await stat(page, 'clean').textContent(), lakh(read - rejected));
    assert.equal(await stat(page, 'rejected').textContent(), lakh(rejected));
    const hundredths = (BigInt(read - rejected) * 1000000n) / BigInt(read);
    assert.equal((await stat(page, 'quality').textContent()).replace(/\s/, ' '), `${rupees(`${hundredths / 10000n}.${String(hundredths % 10000n).padStart(4, '0')}`)} %`);
    const where = only ? `WHERE r.uuid = '${only}'` : '';
    const categories = cells(`SELECT category, count(*) FROM reject x JOIN run r ON r.id = x.id >> 32 ${where} GROUP BY 1`);
    const bars = await barsOf(card(page, 'Rejected rows by category'));
    assert.deepEqual(bars.map(([, n]) => n).sort(), [...categories.values()].map(lakh).sort());
    const controls = cells(`SELECT f.value ->> 'control', count(DISTINCT x.id) FROM reject x JOIN run r ON r.id = x.id >> 32, json_each(x.faults) f ${where} GROUP BY 1`);
    const worst = await barsOf(card(page, 'Controls that fail most'));
    assert.deepEqual(worst.map(([, n]) => n).sort(), [...controls.values()].map(lakh).sort());
    const funnel = await barsOf(card(page, 'Stage by stage'));
    assert.equal(funnel[0][1], lakh(read));
    assert.equal(funnel.at(-1)[1], lakh(read - rejected));
    assert.equal(funnel.at(-2)[1], lakh(read - rejected), 'after the last stage only clean rows are left');
  }
  const first = (await barsOf(card(page, 'Rejected rows by category')))[0];
  await card(page, 'Rejected rows by category').locator('.bars a').first().click();
  await drawer(page).locator('.why-value').waitFor(WAIT);
  assert.equal(await drawer(page).locator('.why-value').textContent(), first[1]);
  await drawer(page).locator('.tick-panel[data-ok="true"]').waitFor(WAIT);
  await page.keyboard.press('Escape');
  await card(page, 'Rejected rows by category').locator('.bars button').first().click();
  await ready(page, 'Exceptions');
  assert.match(await address(page), /category=/);
  assert.deepEqual(page.faults, []);
});

test('two runs beside each other', async (t) => {
  const data = dataFolder(t, 'demo');
  const files = [bring(data, 'north', 900, 41), bring(data, 'south', 700, 42)];
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/compare`);
  await ready(page, 'Compare two runs');
  await page.getByLabel('First').selectOption(files[0].run);
  await page.getByLabel('Second').selectOption(files[1].run);
  await card(page, 'Totals').waitFor(WAIT);
  const sums = files.map((file) => addUp(file.rows));
  const signed = (v, show) => (v > 0n ? `+${show(v)}` : v < 0n ? `\u2212${show(-v)}` : show(0n));
  const totals = new Map((await tableOf(card(page, 'Totals'))).map(([name, ...rest]) => [name, rest]));
  const difference = sums[1].revenue - sums[0].revenue;
  assert.deepEqual(totals.get('Revenue').slice(0, 3), [money(sums[0].revenue), money(sums[1].revenue), signed(difference, money)]);
  assert.deepEqual(totals.get('Orders').slice(0, 3), [lakh(sums[0].orders), lakh(sums[1].orders), signed(BigInt(sums[1].orders - sums[0].orders), (v) => lakh(v))]);
  const regions = await tableOf(card(page, 'Revenue by region'));
  const by = files.map((file) => addUpBy(file.rows, 'region'));
  for (const [name, a, b, c] of regions) {
    const [x, y] = by.map((groups) => groups.get(name)?.revenue ?? 0n);
    assert.deepEqual([a, b, c], [money(x), money(y), signed(y - x, money)], name);
  }
  assert.equal(regions.length, new Set(by.flatMap((groups) => [...groups.keys()])).size);

  await page.getByLabel('Second').selectOption('current');
  const all = addUp(files.flatMap((file) => file.rows));
  await card(page, 'Totals').getByText(money(all.revenue)).waitFor(WAIT);
  assert.deepEqual(page.faults, []);
});

test('a page of one\u2019s own, by keyboard alone', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = bring(data, 'north', 600, 51);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/sales`);
  await ready(page, 'Sales Analytics');
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const tabTo = async (label) => {
    for (let i = 0; i < 60; i++) {
      await press('Tab');
      const found = await page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent);
      if (found.trim().startsWith(label)) return;
    }
    assert.fail(`Tab does not come to ${label}`);
  };
  await tabTo('New page');
  await press('Enter');
  await ready(page, 'New page');
  await tabTo('Title of the page');
  await page.keyboard.type('Head office');
  await tabTo('Shown as');
  await page.keyboard.type('One');
  await tabTo('Add a card');
  await press('Enter');
  await page.locator('[data-card="1"]').waitFor(WAIT);
  await tabTo('Save the page');
  await press('Enter');
  await ready(page, 'Head office');
  await settled(page);
  assert.equal(await stat(page, 'revenue').textContent(), money(addUp(file.rows).revenue));
  const groups = addUpBy(file.rows, 'region');
  const bars = await barsOf(card(page, 'Revenue by region'));
  assert.deepEqual(bars.map(([name, text]) => [name, text]).sort(), [...groups].map(([name, group]) => [name, money(group.revenue)]).sort());
  await page.getByRole('navigation').getByRole('link', { name: 'Head office' }).waitFor(WAIT);

  await t.test('changed, moved and deleted, and brought back', async () => {
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByRole('button', { name: 'Down, card 1' }).click();
    const only = page.locator('[data-card="1"]').getByLabel(/^Only region/);
    await only.selectOption('North');
    await page.getByRole('button', { name: 'Save the page' }).click();
    await page.getByRole('link', { name: 'Edit' }).waitFor(WAIT);
    await settled(page);
    await page.waitForFunction((text) => document.querySelector('main [data-stat="revenue"] dd')?.textContent === text, money(groups.get('North').revenue), WAIT);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await ready(page, 'Sales Analytics');
    await page.getByRole('button', { name: 'Restore' }).click();
    await ready(page, 'Head office');
  });
  assert.deepEqual(page.faults, []);
});

test('a note on a row, and a value that is changed', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = bring(data, 'north', 300, 61);
  const server = await serve(t, data);
  const row = file.rows[20];
  const page = await open(t, `${server.base}/#/sales?row=${row.order_id}`);
  await drawer(page).locator('.byte-tick[data-ok="true"]').waitFor(WAIT);

  await t.test('a note', async () => {
    await drawer(page).getByLabel('A note on this row').fill('Asked the shop; it is right.');
    await drawer(page).getByRole('button', { name: 'Add the note' }).click();
    await drawer(page).locator('.notes').getByText('Asked the shop; it is right.').waitFor(WAIT);
  });

  await t.test('a value that no rule lets through stays in the form, with the reason at its field', async () => {
    await drawer(page).getByRole('button', { name: 'Edit' }).click();
    await drawer(page).getByRole('textbox', { name: 'Revenue' }).fill('-1');
    await drawer(page).getByRole('button', { name: 'Save the change' }).click();
    await drawer(page).locator('[data-field="revenue"] .error').waitFor(WAIT);
    page.faults.length = 0; // the refusal is in the browser's console
  });

  await t.test('one that is right becomes a new version, and the figures follow', async () => {
    const before = addUp(file.rows).revenue;
    await drawer(page).getByRole('textbox', { name: 'Revenue' }).fill('1234.56');
    await drawer(page).getByRole('button', { name: 'Save the change' }).click();
    await drawer(page).getByText('2 versions').waitFor(WAIT);
    await drawer(page).locator('.versions .current').getByText('Edit').waitFor(WAIT);
    const now = before - scaled(row.revenue) + scaled('1234.56');
    await page.waitForFunction((text) => document.querySelector('main [data-stat="revenue"] dd')?.textContent === text, money(now), WAIT);
  });
  assert.deepEqual(page.faults, []);
});

test('the audit trail tells everything, and one entry what it changed', async (t) => {
  const data = dataFolder(t, 'demo');
  const file = bring(data, 'north', 200, 71);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/audit`);
  await page.locator('.timeline li').first().waitFor(WAIT);
  const entries = Number(shell(data, 'SELECT count(*) FROM change_log'));
  await page.getByText(`${lakh(entries)} of ${lakh(entries)} shown`).waitFor(WAIT);
  await page.goto(`${server.base}/#/audit?run=${file.run}`);
  await page.getByRole('heading', { name: 'What the run did' }).waitFor(WAIT);
  await page.locator('.timeline a').first().click();
  await drawer(page).locator('.details').waitFor(WAIT);
  await page.keyboard.press('Escape');

  await t.test('what happens appears by itself', async () => {
    await page.goto(`${server.base}/#/audit`);
    const n = await page.locator('.timeline li').count();
    bring(data, 'south', 60, 72);
    await page.waitForFunction((before) => document.querySelectorAll('.timeline li').length > before, n, WAIT);
  });
  assert.deepEqual(page.faults, []);
});

test('axe finds nothing on them, and nothing scrolls sideways', async (t) => {
  const data = dataFolder(t, 'demo');
  const files = [bring(data, 'north', 400, 81), bring(data, 'south', 300, 82)];
  const row = files[0].rows[3];
  run(['record', 'save', 'tab', JSON.stringify({ title: 'Mine', cards: [{ kind: 'stat', title: 'Orders', measure: 'orders' }, { kind: 'line', title: 'Days', measure: 'revenue', span: 2 }, { kind: 'table', title: 'Products', measure: 'revenue', group: 'product' }, { kind: 'bars', title: 'Means', measure: 'average', group: 'region' }] }), '--data', data, '--tenant', 'demo']);
  const tab = shell(data, 'SELECT id FROM tab');
  const server = await serve(t, data);
  const why = (figure) => `why=${encodeURIComponent(figure)}`;
  const views = ['sales', `sales?run=${files[1].run}&region=North`, 'sales?region=Nowhere', 'quality', 'audit', 'controls', `compare?a=${files[0].run}&b=${files[1].run}`, `tab/${tab}`, `tab/${tab}?edit=1`, 'tab/new',
    `sales?${why('sales/revenue?region=North')}`, `quality?${why('sales/rejected')}`, `sales?row=${row.order_id}`, `sales?line=${row.run}:${row.line}`, 'audit?entry=3', 'controls?impact=rule:order_date_present', `sales?${why('nonsense')}`];
  for (const [width, height] of [[1280, 860], [390, 844], [320, 256]]) {
    for (const dark of [false, true]) {
      const page = await open(t, `${server.base}/`, { width, height, dark, forAxe: true });
      for (const view of views) {
        await page.goto('about:blank');
        await page.goto(`${server.base}/#/${view}`);
        await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached', ...WAIT });
        await page.waitForFunction(() => !document.querySelector('.skeleton, .tick-wait'), null, WAIT);
        const where = `${width} ${dark ? 'dark' : 'light'} ${view}`;
        assert.ok((await overflow(page)) <= 0, `${where} scrolls sideways`);
        assert.deepEqual(await audit(page), [], where);
      }
    }
  }
});

test('every figure is large enough for a finger', async (t) => {
  const data = dataFolder(t, 'demo');
  const files = [bring(data, 'north', 200, 91), bring(data, 'south', 200, 92)];
  const server = await serve(t, data);
  const own = await context(t, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const page = await own.newPage();
  for (const view of ['sales', 'quality', 'audit', 'controls', `compare?a=${files[0].run}&b=${files[1].run}`, 'tab/new', `sales?why=${encodeURIComponent('sales/revenue')}`, `sales?row=${files[0].rows[0].order_id}`]) {
    await page.goto('about:blank');
    await page.goto(`${server.base}/#/${view}`);
    await page.locator('main .why, main select, dialog .why').first().waitFor(WAIT);
    await page.waitForFunction(() => !document.querySelector('.skeleton, .tick-wait'), null, WAIT);
    const small = await page.locator('main button, main select, main .choice label, summary, dialog button, .quiet, .button, .plain, .why, tbody a, .chip').evaluateAll((all) =>
      all.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.9).map((e) => e.outerHTML.slice(0, 120)),
    );
    assert.deepEqual(small, [], view);
  }
});
