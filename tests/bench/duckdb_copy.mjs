// duckdb_copy.mjs DATABASE PARQUET          - the rows of a Parquet file as DuckDB's own table `t`
// duckdb_copy.mjs DATABASE OUT CODEC        - COPY t TO OUT, on one thread
//
// Prints one JSON object; `seconds` is that of the COPY alone, without starting node and opening
// the database. codec: gzip, snappy (what COPY takes when nothing is said), ...
import { createRequire } from 'node:module';
import fs from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const home = fileURLToPath(new URL('../../build/bench/package.json', import.meta.url));
const { DuckDBInstance } = await import(pathToFileURL(createRequire(home).resolve('@duckdb/node-api')).href);
const [database, file, codec] = process.argv.slice(2);
const text = (s) => `'${s.replaceAll("'", "''")}'`;

const instance = await DuckDBInstance.create(database);
const connection = await instance.connect();
await connection.run('SET threads = 1');
const began = process.hrtime.bigint();
await connection.run(codec ? `COPY t TO ${text(file)} (FORMAT parquet, COMPRESSION ${codec})` : `CREATE TABLE t AS SELECT * FROM ${text(file)}`);
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
if (!codec) await connection.run('CHECKPOINT');
const [{ rows }] = (await connection.runAndReadAll('SELECT count(*) AS rows FROM t')).getRowObjectsJson();
connection.closeSync();
instance.closeSync();
console.log(JSON.stringify({ seconds, rows: Number(rows), bytes: fs.statSync(file).size }));
