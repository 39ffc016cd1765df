// A dataset is one file: a program that has one more is built here, and its rows are imported, corrected, replaced, undone,
// explained, exported and sent to headquarters. What must come of them is worked out here, from the file alone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ask, data } from './api.mjs';
import * as lib from './lib.mjs';
import { json, ok, one, place, query, refuses, serveWith, sound } from './lib.mjs';
import { HEAD, buildNewer, unbuilt } from './newer.mjs';
import { startPostgres } from './postgres.mjs';

const RETURNS = `# of a test
dataset  returns
table    goods_return
since    ${HEAD + 1}
key      return_id, item|article
ratio    price amount / pieces
batch    100

return_id  text essential
  return no|credit note
day        date essential group
  returned on
article    code group
item       text optional
pieces     decimal 4.0 essential total
amount     decimal 4.2 essential total
  refund
reason     code optional
seen_on    date optional
`;
const HEADING = 'credit note,returned on,article,item,pieces,refund,reason,seen on';
const FIRST = ['R-1,2024-02-29,Lamp,1,2,10.5000,broken,2024-03-01', 'R-1,2024-02-29,Lamp,2,1,5.25,,', 'R-2,2024-03-01,Chair,,1.5,30,too late,', 'R-3,soon,Lamp,,1,1,,', 'R-1,2024-02-29,Lamp,2,9,9,,', 'R-4,2024-03-01,Chair,,1,,,'];
const AGAIN = ['R-2,2024-03-02,Chair,,2,40,too late,', 'R-5,2024-03-02,Lamp,,1,3,,'];
const columns = (row) => [row.return_id, row.day, row.article, row.item, row.pieces, row.amount, row.reason, row.seen_on, row.price];
const SHOWN = [['R-1', '2024-02-29', 'Lamp', '1', '2', '10.50', 'broken', '2024-03-01', '5.25'], ['R-1', '2024-02-29', 'Lamp', '2', '1', '5.25', '', '', '5.25'], ['R-2', '2024-03-01', 'Chair', '', '1.5', '30.00', 'too late', '', '20.00']];

let dir;
let newer;
before(() => {
  if (unbuilt) return;
  dir = fs.mkdtempSync(path.join(lib.ROOT, 'build/new-dataset-'));
  newer = buildNewer(dir, 'newer', { 'returns.dataset': RETURNS });
});
after(() => dir && fs.rmSync(dir, { recursive: true, force: true }));

const with_ = () => ({ binary: newer });
const write = (p, name, rows) => {
  fs.writeFileSync(path.join(p.dir, name), `${[HEADING, ...rows].join('\n')}\n`);
  return path.join(p.dir, name);
};
const bring = (p, name, rows, ...more) => json(['import', write(p, name, rows), '--as', 'returns', ...p.args, ...more], with_());
const exported = (p, name) => lib.table(ok(['export', name, '--csv', ...p.args], with_()));
const shown = (p) => exported(p, 'clean_returns').map(columns).sort();
const sums = (p, table, by = '') => query(p.db, `SELECT ${by} date(day * 86400, 'unixepoch'), (SELECT text FROM term WHERE id = article), orders, pieces, amount FROM ${table} ORDER BY 1, 2, 3`);

test('a file is enough: its tables, its rules, its rows', { skip: unbuilt, timeout: 300_000 }, async (t) => {
  const p = place(t); // by the program that does not know it
  refuses(['import', write(p, 'first.csv', FIRST), '--as', 'returns', ...p.args], /there is no dataset returns; there are sales, invoices/);
  const run = bring(p, 'first.csv', FIRST);
  assert.deepEqual([run.rows.read, run.rows.clean, run.rows.rejected], [6, 3, 3]);
  assert.equal(one(p.db, 'PRAGMA user_version'), String(HEAD + 1));
  assert.deepEqual(shown(p), SHOWN);
  assert.deepEqual(query(p.db, 'SELECT x.id & 0xffffffff, f.value ->> \'control\' FROM reject x, json_each(x.faults) f ORDER BY 1, 2'), [['5', 'day_format'], ['6', 'return_id_unique'], ['7', 'amount_present']]);
  assert.deepEqual(sums(p, 'goods_return_current'), [['2024-02-29', 'Lamp', '2', '30000', '157500'], ['2024-03-01', 'Chair', '1', '15000', '300000']]);
  assert.deepEqual(exported(p, 'raw_returns').length, FIRST.length);
  sound(p, with_());

  // Another file replaces a row and brings one; undone, all is as before; redone, rebuilt and taken down and up, as after.
  const second = bring(p, 'again.csv', AGAIN, '--existing', 'update');
  const then = [...SHOWN.slice(0, 2), ['R-2', '2024-03-02', 'Chair', '', '2', '40.00', 'too late', '', '20.00'], ['R-5', '2024-03-02', 'Lamp', '', '1', '3.00', '', '', '3.00']];
  assert.deepEqual(shown(p), then);
  assert.equal(one(p.db, 'SELECT count(*) FROM goods_return_past'), '1');
  ok(['undo', second.run, ...p.args], with_());
  assert.deepEqual(shown(p), SHOWN);
  ok(['redo', second.run, ...p.args], with_());
  assert.deepEqual(shown(p), then);
  ok(['rebuild', ...p.args], with_());
  assert.deepEqual(shown(p), then);
  assert.deepEqual(sums(p, 'goods_return_total', 'run,'), [['1', '2024-02-29', 'Lamp', '2', '30000', '157500'], ['1', '2024-03-01', 'Chair', '1', '15000', '300000'], ['2', '2024-03-02', 'Chair', '1', '20000', '400000'], ['2', '2024-03-02', 'Lamp', '1', '10000', '30000']]);
  sound(p, with_());

  // The API knows it.
  const server = await serveWith(newer, t, p.data);
  const figures = (await ask(server, '/api/figures?as=returns')).json.data;
  assert.equal(figures.totals.amount, '58.75');
  const table = (await data(ask(server, '/api/catalogue'))).tables.find((x) => x.name === 'goods_return');
  assert.match(table.description, /the clean rows of returns that count now/);
  await server.stop();

  // A step down drops the tables, and the rows come back from the files as they were.
  json(['migrate', '--to', String(HEAD), ...p.args], with_());
  assert.equal(one(p.db, "SELECT (SELECT count(*) FROM sqlite_schema WHERE name LIKE 'goods_return%') + (SELECT count(*) FROM rule WHERE dataset = 'returns')"), '0');
  ok(['rebuild', ...p.args], with_());
  assert.deepEqual(shown(p), then);
  sound(p, with_());
});

test('headquarters has its tables and views, and both say the same', { skip: unbuilt, timeout: 300_000 }, async (t) => {
  const hq = await startPostgres(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  ok(['upstream', 'init', '--dsn', hq.dsn()], with_());
  const p = place(t, 'demo', with_());
  const all = (...args) => ok([...args, ...p.args], with_());
  all('upstream', 'enroll', '--dsn', hq.dsn(), '--name', 'door', '--organization', 'demo');
  bring(p, 'first.csv', FIRST);
  all('undo', bring(p, 'again.csv', AGAIN, '--existing', 'update').run);
  all('sync', '--once');
  assert.deepEqual(hq.rows("SELECT return_id, day, article, item, pieces::float8, amount, reason, coalesce(seen_on::text, ''), price FROM outpost.clean_returns ORDER BY 1, 4"), SHOWN.map((row) => row.map((cell, i) => (i === 5 ? `${cell}00` : cell))));
  assert.deepEqual(hq.rows('SELECT count(*) FROM outpost.raw_returns'), [[String(FIRST.length + AGAIN.length)]]);
  assert.equal(hq.psql("SELECT has_table_privilege('outpost_hq', 'outpost.clean_returns', 'SELECT')"), 't');
  all('sync', 'verify');
  sound(p, with_());
});
