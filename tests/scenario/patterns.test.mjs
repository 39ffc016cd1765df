// The same wrong value many times: the summary names it, and its number as a filter
// finds exactly its rows - not those whose text holds it somewhere.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { importFile, ok, one, place, serve, sqlite } from './lib.mjs';

const HEADING = 'order_id,order_date,region,product,quantity,revenue';

test('a pattern is a filter', async (t) => {
  const p = place(t);
  const wrong = (i) => (i % 4 === 0 ? 'Nort' : i % 4 === 1 ? 'Northern' : 'East');
  const rows = Array.from({ length: 40 }, (_, i) => `Nort-${i},2024-01-15,${wrong(i)},Dairy,1,10.00`);
  const file = path.join(p.dir, 'nort.csv');
  fs.writeFileSync(file, `${[HEADING, ...rows].join('\n')}\n`);
  importFile(p, file);
  const { base } = await serve(t, p.data);
  const get = async (at) => (await fetch(base + at)).json();

  const { patterns } = (await get('/api/exceptions/summary')).data;
  assert.deepEqual(patterns.map((one) => [one.value, one.count]).sort(), [['Nort', 10], ['Northern', 10]]);
  for (const { pattern, value } of patterns) {
    const found = await get(`/api/exceptions?pattern=${pattern}&limit=100`);
    const own = sqlite(p.db, `SELECT count(*) FROM reject, json_each(faults) WHERE value ->> 'value' = '${value}'`);
    assert.equal(found.total, Number(own));
    assert.ok(found.data.every((one) => one.raw.split(',')[2] === value));
  }
  assert.equal((await get(`/api/exceptions?pattern=${'1'.repeat(16)}`)).total, 0);
  const refused = await get('/api/exceptions?pattern=Nort');
  assert.equal(refused.errors[0].field, 'pattern');

  // And on the command line: one wrong value, all its records, no other.
  const { pattern } = patterns.find((each) => each.value === 'Nort');
  ok(['exception', 'fix', '--pattern', pattern, 'region=North', ...p.args]);
  assert.equal(one(p.db, "SELECT count(*) FROM reject WHERE state = 'corrected'"), '10');
  assert.equal(one(p.db, "SELECT count(*) FROM reject, json_each(faults) WHERE state = 'corrected' AND value ->> 'value' <> 'Nort'"), '0');
});
