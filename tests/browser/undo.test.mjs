// Undo and redo of an import by the page: first the plan, then the deed. What must
// go and what must come back is known from the files.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { audit, open, WAIT } from './chromium.mjs';
import { dataFolder, run, serve } from './outpost.mjs';

const HEADING = 'order_id,order_date,region,product,quantity,revenue';
const text = (rows) => `${HEADING}\n${rows.join('\n')}\n`;
const OLD = text(['A1,2024-01-02,North,Tea,2,10.50', 'A2,2024-01-03,South,Oil,1,4.00']);
const NEW = text(['A2,2024-01-03,South,Oil,3,12.00', 'A3,2024-01-04,East,Oil,1,5.00']);

// Two files; the second changes A2 and adds A3: 10.50 + 12.00 + 5.00.
function imported(t) {
  const data = dataFolder(t, 'demo');
  const runs = [['old.csv', OLD], ['new.csv', NEW]].map(([name, content]) => {
    const file = path.join(path.dirname(data), name);
    fs.writeFileSync(file, content);
    return JSON.parse(run(['import', file, '--data', data, '--as', 'sales', '--existing', 'update', '--json'])).run;
  });
  return { data, runs };
}

const revenue = async (base) => (await (await fetch(`${base}/api/figures`)).json()).data.totals.revenue;
const state = (page, word) => page.locator('.page-title .badge', { hasText: word }).waitFor(WAIT);

test('undo shows its plan, does it, and redo brings it back', async (t) => {
  const { data, runs } = imported(t);
  const server = await serve(t, data);
  const page = await open(t, `${server.base}/#/imports/${runs[1]}`, { forAxe: true });
  await state(page, 'Reconciled');
  assert.equal(Number(await revenue(server.base)), 27.5);

  await page.getByRole('button', { name: 'Undo this import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Undo new.csv?' });
  await dialog.locator('[data-stat="removed"]').waitFor(WAIT);
  const figure = (id) => dialog.locator(`[data-stat="${id}"] dd`).first().textContent();
  assert.deepEqual([await figure('removed'), await figure('restored')], ['1', '1']);
  const rows = await dialog.locator('tbody tr').evaluateAll((all) => all.map((tr) => [...tr.cells].map((cell) => cell.textContent)));
  assert.deepEqual(rows.find(([name]) => name === 'Revenue'), ['Revenue', '27.50', '14.50']);
  assert.deepEqual(await audit(page), []);
  assert.equal(Number(await revenue(server.base)), 27.5, 'a plan changes nothing');

  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached', ...WAIT });
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Undo this import/);
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Undo the import' }).click();
  await dialog.waitFor({ state: 'detached', ...WAIT });
  await state(page, 'Undone');
  assert.equal(Number(await revenue(server.base)), 14.5);

  await page.locator('.toasts').getByRole('button', { name: 'Redo' }).click();
  await state(page, 'Reconciled');
  assert.equal(Number(await revenue(server.base)), 27.5);
  assert.deepEqual(page.faults, []);
});
