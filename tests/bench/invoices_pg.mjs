// The reference's way of taking an invoice file (field-sales-system: "Processing Flow"): csv-parse, and pg with batches of 1,000
// rows, a savepoint each, in one transaction, into the raw table alone: `each`, a statement a row, as such loops are mostly
// written, or `many`, a statement a batch. invoices_pg.mjs FILE PORT each|many; prints the rows that are there.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(process.env.BENCH_MODULES);
const { parse } = require('csv-parse/sync');
const { Client } = require('pg');
const BATCH = 1000;

const [file, port, how] = process.argv.slice(2);
const records = parse(fs.readFileSync(file), { columns: true });
const client = new Client({ host: '127.0.0.1', port: Number(port), user: 'bench', database: 'postgres' });
await client.connect();
const names = Object.keys(records[0]);
const empty = (value) => (value === '' ? null : value);
await client.query('BEGIN');
for (let at = 0, index = 0; at < records.length; at += BATCH, index++) {
  const batch = records.slice(at, at + BATCH);
  await client.query(`SAVEPOINT batch_${index}`);
  for (const lot of how === 'many' ? [batch] : batch.map((record) => [record])) {
    const values = lot.flatMap((record) => names.map((name) => empty(record[name])));
    const rows = lot.map((_, i) => `(${names.map((__, k) => `$${i * names.length + k + 1}`)})`);
    await client.query(`INSERT INTO mangalam_invoices (${names}) VALUES ${rows}`, values);
  }
  await client.query(`RELEASE SAVEPOINT batch_${index}`);
}
await client.query('COMMIT');
const { rows: [{ count }] } = await client.query('SELECT count(*) FROM mangalam_invoices');
console.log(count);
await client.end();
