// The engine room in Chromium: jobs, schedules, graphs, topics, health; each as it happens.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { audit, drawn, open, overflow, settled, WAIT } from './chromium.mjs';
import { dataFolder, OUTPOST, run, serve } from './outpost.mjs';

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor(WAIT);
const post = async (server, path, body) => {
  const reply = await fetch(`${server.base}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body ?? {}) });
  return { status: reply.status, body: await reply.json() };
};
const event = (n, more = {}) => ({ eventId: `e-${n}`, eventType: 'INVENTORY_UPDATE', sku: `SKU-${n % 7}`, warehouseId: `W-${n % 2}`, quantityChange: 5, timestamp: '2026-01-01T00:00:00Z', ...more });
const publish = (data, events) =>
  JSON.parse(execFileSync(OUTPOST, ['events', 'publish', 'inventory-events', '-', '--data', data, '--json'], { input: events.map((e) => JSON.stringify(e)).join('\n') + '\n', encoding: 'utf8' }));

async function started(t, ...more) {
  const data = dataFolder(t, 'demo');
  const server = await serve(t, data, ...more);
  return { data, server };
}

test('a job that cannot be done is seen, changed, run again and cancelled', async (t) => {
  const { data, server } = await started(t);
  const page = await open(t, `${server.base}/#/jobs`);
  await heading(page, 'Jobs');
  await page.getByText('No jobs of this kind').waitFor(WAIT);
  // Nobody may reach a private address: the job is dead at once, and the page tells without being asked.
  run(['jobs', 'add', 'webhook_send', JSON.stringify({ url: 'ftp://nowhere', body: {}, key: 'k' }), '--data', data]);
  await page.getByRole('row', { name: /Webhook send/ }).getByText('Dead').waitFor(WAIT);
  await page.getByRole('button', { name: /Details Job/ }).click();
  const drawer = page.getByRole('dialog');
  await drawer.getByText('"ftp://nowhere"').waitFor(WAIT);
  await drawer.getByRole('button', { name: 'Change it' }).click();
  const text = drawer.getByLabel('What it is to do');
  await text.fill('{ "url": ');
  await drawer.getByRole('button', { name: 'Save' }).click();
  await drawer.getByText(/JSON/).first().waitFor(WAIT);
  await text.fill(JSON.stringify({ url: 'gopher://nowhere', body: {}, key: 'k' }));
  await drawer.getByRole('button', { name: 'Save' }).click();
  await drawer.getByText('"gopher://nowhere"').waitFor(WAIT);
  await drawer.getByRole('button', { name: 'Run again' }).click();
  await drawer.getByText('Attempt 2').waitFor(WAIT);
  await page.keyboard.press('Escape');
  await page.getByRole('radio', { name: /Dead/ }).check({ force: true });
  await page.getByRole('row', { name: /Webhook send/ }).waitFor(WAIT);
  assert.deepEqual(page.faults, []);
});

test('a queue is paused and goes on', async (t) => {
  const { server } = await started(t);
  const page = await open(t, `${server.base}/#/jobs`);
  await page.getByRole('button', { name: 'Pause maintenance' }).click();
  await page.getByRole('button', { name: 'Resume maintenance' }).waitFor(WAIT);
  const { data } = await (await fetch(`${server.base}/api/queues`)).json();
  assert.equal(data.find((queue) => queue.name === 'maintenance').paused, true);
  await page.getByRole('button', { name: 'Resume maintenance' }).click();
  await page.getByRole('button', { name: 'Pause maintenance' }).waitFor(WAIT);
});

test('a schedule is made, says in words what it means, runs, pauses and goes', async (t) => {
  const { server } = await started(t);
  const page = await open(t, `${server.base}/#/schedules`);
  await page.getByRole('row', { name: /inventory-etl.*02:00/ }).waitFor(WAIT);
  await page.getByRole('button', { name: 'New schedule' }).click();
  const drawer = page.getByRole('dialog');
  await drawer.getByLabel('Name').fill('weekday-check');
  await drawer.getByLabel('Cron').fill('61 * * * *');
  await drawer.getByRole('status').getByText(/0.*59|minute/).first().waitFor(WAIT);
  await drawer.getByLabel('Cron').fill('30 6 * * 1-5');
  await drawer.getByText(/06:30/).first().waitFor(WAIT);
  await drawer.getByLabel('Zone').fill('Europe/Berlin');
  await drawer.getByLabel('Graph').selectOption('transaction_aggregation');
  await drawer.getByRole('button', { name: 'Save' }).click();
  await drawer.getByText('Starts the graph transaction_aggregation').waitFor(WAIT);
  await drawer.getByRole('button', { name: 'Run now' }).click();
  await page.getByText('weekday-check was started').waitFor(WAIT);
  await drawer.getByRole('button', { name: 'Pause' }).click();
  await drawer.getByRole('button', { name: 'Resume' }).waitFor(WAIT);
  await drawer.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog', { name: /Delete the schedule/ }).getByRole('button', { name: 'Delete' }).click();
  await page.getByText('weekday-check was deleted').waitFor(WAIT);
});

test('a graph is drawn as it is, runs under the eyes, and a run opens', async (t) => {
  const { data, server } = await started(t);
  publish(data, Array.from({ length: 50 }, (_, n) => event(n)));
  const page = await open(t, `${server.base}/#/graphs/inventory_etl`);
  await heading(page, 'inventory_etl');
  const boxes = await page.locator('.flow-node').evaluateAll((all) => Object.fromEntries(all.map((one) => [one.dataset.node, one.getBoundingClientRect().x])));
  assert.ok(boxes.extract_inventory_data < boxes.transform_and_load && boxes.transform_and_load < boxes.generate_aggregated_metrics);
  assert.equal(boxes.transform_and_load, boxes.data_quality_check, 'both follow the extraction');
  // on a telephone it goes from top to bottom, and nothing of it is out of sight
  await page.setViewportSize({ width: 390, height: 844 });
  await page.locator('.flow-box[data-down]').waitFor(WAIT);
  const small = await page.locator('.flow-node').evaluateAll((all) => Object.fromEntries(all.map((one) => [one.dataset.node, one.getBoundingClientRect()].map((v) => v.toJSON?.() ?? v))));
  assert.ok(small.extract_inventory_data.bottom < small.transform_and_load.top && small.transform_and_load.bottom < small.generate_aggregated_metrics.top);
  assert.ok(small.transform_and_load.right < small.data_quality_check.left || small.data_quality_check.right < small.transform_and_load.left);
  for (const { left, right } of Object.values(small)) assert.ok(left >= 0 && right <= 390, `${left} to ${right}`);
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.getByRole('button', { name: /Run now/ }).click();
  await heading(page, /inventory_etl · \d+/);
  await page.locator('.flow-node-ok').nth(3).waitFor(WAIT);
  await page.locator('[data-node="data_quality_check"]').click();
  await page.getByRole('heading', { level: 2, name: 'Data quality check' }).waitFor(WAIT);
  await page.getByRole('button', { name: 'Clear and run again' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Clear and run again' }).click();
  await page.getByText('Data quality check runs again').waitFor(WAIT);
  await page.locator('.flow-node-ok').nth(3).waitFor(WAIT);
  await page.getByRole('link', { name: 'inventory_etl' }).click();
  await page.getByRole('textbox', { name: 'From' }).fill('2026-01-01');
  await page.getByRole('textbox', { name: 'To' }).fill('2026-01-03');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('3 runs were ordered').waitFor(WAIT);
  await page.getByRole('row', { name: /Backfill/ }).nth(2).waitFor(WAIT);
  assert.deepEqual(page.faults, []);
});

test('topics: lag drains, an event opens, what was refused is corrected and played again', async (t) => {
  const { data, server } = await started(t);
  const page = await open(t, `${server.base}/#/topics`);
  await heading(page, 'Topics');
  publish(data, [...Array.from({ length: 200 }, (_, n) => event(n)), event(900, { quantityChange: 'five' }), event(901, { eventType: 'NOPE' })]);
  const card = page.locator('.card', { has: page.getByRole('heading', { name: 'inventory-events' }) });
  await card.getByText('200 events').waitFor(WAIT);
  await card.getByText('has read everything').first().waitFor(WAIT);
  await card.getByRole('link', { name: /Events/ }).click();
  await page.getByRole('button', { name: /Details Event e-/ }).first().click();
  await page.getByRole('dialog').getByText('"quantityChange": 5').waitFor(WAIT);
  await page.keyboard.press('Escape');
  await page.goto(`${server.base}/#/topics/parked`);
  await page.getByRole('row', { name: /quantityChange has to be a number/ }).getByRole('button').click();
  const drawer = page.getByRole('dialog');
  const body = drawer.getByLabel('Event, as JSON');
  await drawer.getByRole('button', { name: 'Play again' }).click();
  await drawer.getByRole('alert').getByText(/quantityChange/).waitFor(WAIT);
  await body.fill(JSON.stringify(event(900, { quantityChange: 12 })));
  await drawer.getByRole('button', { name: 'Play again' }).click();
  await page.getByText('The event was taken').waitFor(WAIT);
  await page.getByRole('row', { name: /NOPE/ }).getByRole('button').click();
  await page.getByRole('dialog').getByLabel('Why it is not needed').fill('a test of the scanner');
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await page.getByText('Nothing is parked.').waitFor(WAIT);
  const levels = JSON.parse(run(['stock', 'levels', '--data', data, '--json']));
  assert.equal(levels.reduce((sum, one) => sum + one.quantity_on_hand, 0), 200 * 5 + 12);
});

test('health says in words how everything does', async (t) => {
  const { server } = await started(t);
  const page = await open(t, `${server.base}/#/health`);
  await heading(page, 'Health');
  await page.locator('.cards .card').nth(4).waitFor(WAIT);
  assert.deepEqual(page.faults, []);
});

const PAGES = ['jobs', 'jobs?job=1', 'schedules', 'schedules?schedule=inventory-etl', 'schedules?schedule=new', 'graphs', 'graphs/inventory_etl', 'graphs/run/1', 'topics', 'topics/inventory-events', 'topics/parked', 'health'];

for (const dark of [false, true])
  test(`axe finds nothing, and nothing is wider than a small screen, ${dark ? 'by night' : 'by day'}`, async (t) => {
    const { data, server } = await started(t);
    publish(data, [...Array.from({ length: 60 }, (_, n) => event(n)), event(900, { quantityChange: 'five' })]);
    assert.equal((await post(server, '/api/graphs/inventory_etl/run')).status, 202);
    const page = await open(t, 'about:blank', { dark, forAxe: true });
    for (const name of PAGES) {
      await page.setViewportSize({ width: 1280, height: 860 });
      await page.goto(`${server.base}/#/${name}`);
      await page.getByRole('heading', { level: 1 }).waitFor(WAIT);
      if (name.includes('?')) await page.getByRole('dialog').locator('.details, .stack, form').first().waitFor(WAIT);
      else await page.locator('main .card').first().waitFor(WAIT);
      await settled(page);
      assert.deepEqual(await audit(page), [], name);
      await page.setViewportSize({ width: 320, height: 700 });
      await drawn(page);
      assert.equal(await overflow(page), 0, `${name} at 320`);
    }
    assert.deepEqual(page.faults, []);
  });
