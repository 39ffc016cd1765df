// Parquet (T27): what two programs that share no code with ours make of our files, row for row:
// hyparquet (JavaScript) and DuckDB (C++). The tables come from the unit tests, written
// beside their JSON twins, and from the program, compared with its CSV.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { installed } from '../browser/outpost.mjs';
import * as lib from './lib.mjs';
import { OUTPOST_TEST, generate, importFile, json, ok, place, refuses } from './lib.mjs';

const load = (name) => import(pathToFileURL(createRequire(installed()).resolve(name)).href);
const { asyncBufferFromFile, parquetMetadataAsync, parquetRead } = await load('hyparquet');
const { compressors } = await load('hyparquet-compressors');
const { DuckDBInstance } = await load('@duckdb/node-api');

// Rows by hyparquet, values as the texts that the twins hold. It gives decimals as doubles:
// at scale 4 they are exact enough to be rounded back below 2^53.
async function byHyparquet(name, kinds) {
  const file = await asyncBufferFromFile(name);
  const metadata = await parquetMetadataAsync(file);
  const rows = [];
  await parquetRead({ file, metadata, compressors, utf8: false, onComplete: (all) => rows.push(...all) });
  const show = {
    int: String,
    boolean: (v) => (v ? '1' : '0'),
    decimal: (v) => String(Math.round(v * 1e4)),
    day: (v) => String(v.getTime() / 864e5),
    time: (v) => String(v.getTime()), // milliseconds: a Date has no more
    text: String,
    bytes: (v) => Buffer.from(v).toString('hex'),
  };
  return { metadata, rows: rows.map((row) => row.map((v, i) => (v === null || v === undefined ? null : show[kinds[i]](v)))) };
}

async function byDuckdb(name, columns, kinds) {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const show = {
    int: (c) => `${c}::VARCHAR`,
    boolean: (c) => `CASE WHEN ${c} THEN '1' ELSE '0' END`,
    decimal: (c) => `replace(${c}::VARCHAR, '.', '')::BIGINT::VARCHAR`,
    day: (c) => `(${c} - DATE '1970-01-01')::VARCHAR`,
    time: (c) => `epoch_us(${c})::VARCHAR`,
    text: (c) => c,
    bytes: (c) => `lower(hex(${c}))`,
  };
  const select = columns.map((name) => `"${name}"`).map((c, i) => `CASE WHEN ${c} IS NULL THEN NULL ELSE ${show[kinds[i]](c)} END`).join(', ');
  const rows = (await connection.runAndReadAll(`SELECT ${select} FROM read_parquet('${name}', file_row_number = true) ORDER BY file_row_number`)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const COLUMNS = ['id', 'flag', 'amount', 'day', 'at', 'few', 'text', 'bytes'];
const KINDS = ['int', 'boolean', 'decimal', 'day', 'time', 'text', 'text', 'bytes'];

test('random tables: all kinds, nulls, unicode, no rows, several groups, dictionaries that overflow', async (t) => {
  const dir = lib.folder(t);
  const unit = path.join(path.dirname(OUTPOST_TEST), 'unit');
  const made = spawnSync(unit, ['parquet_for_others'], { env: { ...process.env, OUTPOST_PARQUET: dir }, encoding: 'utf8' });
  assert.equal(made.status, 0, made.stdout);
  const files = fs.readdirSync(dir).filter((f) => f.endsWith('.parquet')).sort();
  assert.equal(files.length, 7);
  const seen = { groups: 0, encodings: new Set(), codecs: new Set(), rows: 0 };
  for (const f of files) {
    const name = path.join(dir, f);
    const twin = fs.readFileSync(name.replace(/parquet$/, 'jsonl'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
    const { metadata, rows } = await byHyparquet(name, KINDS);
    const inMilliseconds = twin.map((row) => row.map((v, i) => (KINDS[i] === 'time' && v !== null ? String(Math.floor(Number(BigInt(v) / 1000n))) : v)));
    assert.equal(rows.length, twin.length);
    assert.deepEqual(rows, inMilliseconds, `${f} by hyparquet`);
    assert.deepEqual(await byDuckdb(name, COLUMNS, KINDS), twin, `${f} by DuckDB`);
    assert.equal(metadata.key_value_metadata.find((kv) => kv.key === 'table').value, 'random');
    seen.groups = Math.max(seen.groups, metadata.row_groups.length);
    seen.rows += twin.length;
    for (const group of metadata.row_groups)
      for (const { meta_data: chunk } of group.columns) {
        chunk.encodings.forEach((e) => seen.encodings.add(e));
        seen.codecs.add(chunk.codec);
        const at = COLUMNS.indexOf(chunk.path_in_schema[0]);
        assert.equal(Number(chunk.statistics.null_count), 0 + nulls(twin, metadata, group, at), `${f} ${chunk.path_in_schema}`);
      }
  }
  assert.ok(seen.groups >= 3);
  assert.deepEqual([...seen.encodings].sort(), ['DELTA_BINARY_PACKED', 'PLAIN', 'RLE', 'RLE_DICTIONARY']);
  assert.deepEqual([...seen.codecs].sort(), ['GZIP', 'UNCOMPRESSED']);
});

function nulls(twin, metadata, group, column) {
  const at = metadata.row_groups.indexOf(group);
  const before = metadata.row_groups.slice(0, at).reduce((n, g) => n + Number(g.num_rows), 0);
  return twin.slice(before, before + Number(group.num_rows)).filter((row) => row[column] === null).length;
}

// ---- exported tables ----

async function duckdb(sql) {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

// What the CSV says, as DuckDB's texts of the Parquet file would: the guard of formulas off.
const plain = (v) => (v === '' || v === null ? null : /^'+[=+\-@\t\r']/.test(v) ? v.slice(1) : v);

test('every table: as CSV and as Parquet the same rows', async (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'messy.csv');
  fs.writeFileSync(file, lib.messySales(5, 400));
  importFile(p, file);
  importFile(p, generate(p.dir, 3000, 8, 3).file);
  const server = await lib.serve(t, p.data);
  const { data: tables } = await (await fetch(`${server.base}/api/tables`)).json();
  for (const { name, columns } of tables) {
    const out = path.join(p.dir, `${name}.parquet`);
    const answer = json(['archive', 'export', name, '--out', out, ...p.args]);
    assert.equal(answer.bytes, fs.statSync(out).size);
    const csv = lib.parseCsv(ok(['export', name, '--csv', ...p.args])).slice(1).map((row) => row.map(plain));
    const show = {
      time: (c) => `strftime(${c} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`,
      decimal: (c) => `regexp_replace(regexp_replace(${c}::VARCHAR, '0+$', ''), '\\.$', '')`,
      text: (c) => `nullif(${c}, '')`,
    };
    const select = columns.map(({ name: c, kind }) => (show[kind] ?? ((x) => `${x}::VARCHAR`))(`"${c}"`)).join(', ');
    const rows = await duckdb(`SELECT ${select} FROM read_parquet('${out}', file_row_number = true) ORDER BY file_row_number`);
    const trimmed = csv.map((row) => row.map((v, i) => (columns[i].kind === 'decimal' && v?.includes('.') ? v.replace(/0+$/, '').replace(/\.$/, '') : v)));
    assert.deepEqual(rows, trimmed, name);
  }
});

test('days from and to, and what is refused', async (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 2000, 9).file);
  const out = path.join(p.dir, 'sales.parquet');
  ok(['archive', 'export', 'clean_sales', '--out', out, '--from', '2024-03-01', '--to', '2024-03-31', ...p.args]);
  const march = lib.exported(p, 'clean_sales').filter((row) => row.order_date.startsWith('2024-03'));
  assert.ok(march.length > 50);
  const rows = await duckdb(`SELECT order_id FROM '${out}' ORDER BY 1`);
  assert.deepEqual(rows.map((r) => r[0]), march.map((row) => row.order_id).sort());
  refuses(['archive', 'export', 'nothing', '--out', out, ...p.args], /there is no table nothing; there are/, 4);
  refuses(['archive', 'export', 'raw_sales', '--from', '2024-01-01', '--out', out, ...p.args], /no day/, 1);
  refuses(['archive', 'export', 'clean_sales', '--from', 'soon', '--out', out, ...p.args], /takes a day/, 2);
  refuses(['archive', 'export', 'clean_sales', '--out', path.join(p.dir, 'no/such/folder.parquet'), ...p.args], /cannot be written/, 1);
  assert.deepEqual(fs.readdirSync(p.dir).filter((f) => f.endsWith('.part')), []);
});

test('the API sends the same file', async (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 500, 10).file);
  const out = path.join(p.dir, 'x.parquet');
  ok(['archive', 'export', 'clean_sales', '--out', out, ...p.args]);
  const server = await lib.serve(t, p.data);
  const reply = await fetch(`${server.base}/api/tables/clean_sales?format=parquet`);
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('content-type'), 'application/vnd.apache.parquet');
  assert.match(reply.headers.get('content-disposition'), /clean_sales\.parquet/);
  assert.deepEqual(Buffer.from(await reply.arrayBuffer()), fs.readFileSync(out));
  assert.equal((await fetch(`${server.base}/api/tables/clean_sales?format=xml`)).status, 422);
});

test('a file has one writer at a time, and what a dead one left is no hindrance', async (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 50, 3).file);
  const out = path.join(p.dir, 'one.parquet');
  fs.writeFileSync(`${out}.part`, 'half of a file');
  const args = ['archive', 'export', 'clean_sales', '--out', out, ...p.args];
  const second = spawnSync('flock', [`${out}.part`, lib.OUTPOST, ...args], { encoding: 'utf8' });
  assert.notEqual(second.status, 0);
  assert.match(second.stderr, /one\.parquet is being written by another process/);
  assert.equal(fs.readFileSync(`${out}.part`, 'utf8'), 'half of a file');
  ok(args);
  assert.ok(!fs.existsSync(`${out}.part`));
  const file = await asyncBufferFromFile(out);
  assert.ok((await parquetMetadataAsync(file)).num_rows > 0n);
});
