// The stock's figures over a million movements of a year: all of them from the beginning, against one
// GROUP BY item, warehouse, day over the same ledger in the sqlite3 shell; and a day more, against that full
// computation. The days go by on the clock of a test build, so that the windows move, too. The day's time is that
// of its transaction, as the command tells it; the others are whole processes.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { rounds, timed } from './measure.mjs';

const DAY = 86400000;
const ITEMS = 500;
const WAREHOUSES = 4;

function random(seed) { // mulberry32
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// So many movements, evenly over the time from `from` to `to`.
function movements(file, count, from, to, seed) {
  const next = random(seed);
  const out = fs.openSync(file, 'w');
  let lines = [];
  for (let i = 0; i < count; i++) {
    const k = next();
    const type = k < 0.7 ? 'SALE' : k < 0.9 ? 'RECEIPT' : k < 0.95 ? 'RETURN' : 'ADJUSTMENT';
    const quantity = type === 'SALE' ? -(1 + Math.floor(next() * 5)) : 1 + Math.floor(next() * 20);
    lines.push(JSON.stringify({
      eventId: randomUUID(), eventType: type, sku: `SKU-${Math.floor(next() * ITEMS)}`, warehouseId: `W${Math.floor(next() * WAREHOUSES)}`,
      quantityChange: quantity, timestamp: new Date(from + Math.floor((i * (to - from)) / count)).toISOString(), referenceId: `ORDER-${i}`,
    }));
    if (lines.length === 20000 || i + 1 === count) {
      fs.writeSync(out, `${lines.join('\n')}\n`);
      lines = [];
    }
  }
  fs.closeSync(out);
  return file;
}

export function stock(figures, { outpost, test, folder, rows, runs }) {
  const data = path.join(folder, 'data-stock');
  const clock = path.join(folder, 'stock-clock');
  const midnight = Math.floor(Date.now() / DAY) * DAY;
  const where = ['--data', data, '--tenant', 'bench'];
  fs.rmSync(data, { recursive: true, force: true });
  execFileSync(outpost, ['init', data]);
  execFileSync(outpost, ['tenant', 'add', 'bench', '--data', data]);
  execFileSync(outpost, ['events', 'publish', 'inventory-events', movements(path.join(folder, 'stock.jsonl'), rows, midnight - 365 * DAY, midnight, 7), ...where]);
  const db = path.join(data, 'tenants', 'bench.db');
  const measured = rounds('stock', runs, folder, {
    full: () => () => timed(folder, outpost, ['stock', 'aggregate', '--full', ...where]),
    group_by: () => () => timed(folder, 'sqlite3', [db, 'SELECT count(*), sum(q) FROM (SELECT item, warehouse, at / 86400000000, sum(quantity) AS q, count(*) FROM stock_transactions GROUP BY 1, 2, 3);']),
  });
  const seconds = (list) => list.map((r) => r.seconds);
  figures.ratio('stock_full', 'velocity, trend, turnover of a year from the beginning', 's', seconds(measured.full), seconds(measured.group_by), 'GROUP BY', { limit: 3 });

  const env = { ...process.env, OUTPOST_CLOCK: clock };
  const days = [];
  for (let n = 1; n <= runs; n++) {
    const file = movements(path.join(folder, 'stock-day.jsonl'), Math.round(rows / 365), midnight + n * DAY, midnight + (n + 1) * DAY - 1000, 100 + n);
    fs.writeFileSync(clock, String(((n + 1) * DAY - 1000 - (Date.now() - midnight)) * 1000)); // a second before the day ends
    execFileSync(test, ['events', 'publish', 'inventory-events', file, ...where], { env });
    days.push(JSON.parse(execFileSync(test, ['stock', 'aggregate', '--json', ...where], { env, encoding: 'utf8' })).seconds);
  }
  figures.ratio('stock_day', 'one day more', 's', days, seconds(measured.full).slice(0, days.length), 'from the beginning', { limit: 0.01 });
}
