// An invoice file of 14,464 rows: the whole way into six tables with predictions, segments and suggestions, against the
// reference's way of storing the raw rows alone (invoices_pg.mjs) in a PostgreSQL of its own, with a statement a row and with one
// a batch. All are whole processes.
// 43 columns times 1,000 rows are fewer parameters than PostgreSQL's 65,535, so its batches are single statements.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rounds, timed } from './measure.mjs';
import { startPostgres } from './postgres.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const NUMBERS = new Set(['quantity', 'total', 'free_quantity', 'rate', 'discount_percent', 'discount_amount', 'taxable_value', 'gst_rate', 'cgst', 'sgst', 'igst', 'cess', 'round_off']);
const ROWS = 14464;

export async function invoices(figures, { outpost, folder, home, runs }) {
  const file = path.join(folder, 'invoices.csv');
  fs.writeFileSync(file, execFileSync(outpost, ['generate', 'invoices', '--seed', '1'], { maxBuffer: 1 << 28 }));
  const names = fs.readFileSync(file, 'utf8').split('\n', 1)[0].split(',');
  const kind = (name) => (NUMBERS.has(name) ? 'numeric(15,4)' : /_date$/.test(name) ? 'date' : 'varchar(500)');
  const data = path.join(folder, 'data-invoices');
  const pg = await startPostgres(folder);
  process.env.BENCH_MODULES = path.join(home, 'x.js');
  const reference = (how) => {
    pg.psql(`DROP TABLE IF EXISTS mangalam_invoices; CREATE TABLE mangalam_invoices (id serial PRIMARY KEY, ${names.map((name) => `${name} ${kind(name)}`)});`);
    return () => timed(folder, process.execPath, [path.join(HERE, 'invoices_pg.mjs'), file, String(pg.port), how]);
  };
  try {
    const measured = rounds('invoices', runs, folder, {
      outpost: () => {
        fs.rmSync(data, { recursive: true, force: true });
        execFileSync(outpost, ['init', data]);
        execFileSync(outpost, ['tenant', 'add', 'bench', '--data', data]);
        return () => timed(folder, outpost, ['import', file, '--as', 'invoices', '--data', data, '--tenant', 'bench']);
      },
      each: () => reference('each'),
      many: () => reference('many'),
    });
    for (const { stdout } of [...measured.each, ...measured.many]) if (Number(stdout) !== ROWS) throw new Error(`the reference stored ${stdout} rows`);
    const [there] = execFileSync('sqlite3', [path.join(data, 'tenants/bench.db'), 'SELECT (SELECT count(*) FROM mangalam_invoices) || "," || (SELECT count(*) FROM invoice_items) || "," || (SELECT count(*) FROM customer_segments)'], { encoding: 'utf8' }).split('\n');
    if (there !== `${ROWS},14539,211`) throw new Error(`outpost stored ${there}`);
    const seconds = (list) => list.map((r) => r.seconds);
    const what = '14,464 invoice rows to six tables, predictions and segments';
    const pair = `csv-parse + pg, PostgreSQL ${pg.version.split(' ')[0]}`;
    figures.ratio('invoices', what, 's', seconds(measured.outpost), seconds(measured.each), `${pair}, raw rows alone, a statement a row`, { limit: 0.1 });
    figures.ratio('invoices_batches', what, 's', seconds(measured.outpost), seconds(measured.many), `${pair}, raw rows alone, a statement a batch`, { limit: 0.5 });
    figures.against('invoices_chain', 'the same, against three seconds', 's', seconds(measured.outpost), 3);
  } finally {
    await pg.stop();
  }
}
