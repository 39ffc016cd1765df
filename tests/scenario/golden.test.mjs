// golden.test.mjs - ugly files and what must come of them.
//
// A case is a folder tests/golden/csv/NAME with input.* and expected.json:
//
//   about      what is ugly about it
//   args       settings given on the command line, if any
//   rows       the cells that `outpost peek --csv` prints, header first
//   error      instead of rows: a part of the sentence with which it is refused
//   decisions  a part of what `outpost peek --json` says: dialect, newline, kind,
//              columns by heading, codes of oddities
//
// A new case needs no code.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readCsv } from '../pollock/csv.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const program = process.env.OUTPOST ?? join(here, '../../build/outpost');
const cases = join(here, '../golden/csv');

function peek(file, format, args) {
  const got = spawnSync(program, ['peek', file, format, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(got.signal, null, got.stderr);
  return got;
}

function checkColumns(columns, want) {
  for (const [heading, parts] of Object.entries(want)) {
    const column = columns.find((c) => c.heading === heading);
    assert.ok(column, `there is no column ${heading}, only ${columns.map((c) => c.heading)}`);
    for (const [key, value] of Object.entries(parts))
      assert.deepEqual(column[key], value, `${key} of ${heading}: ${column.evidence}`);
  }
}

function checkDecisions(profile, { columns = {}, oddities = [], dialect = {}, ...rest }) {
  checkColumns(profile.columns, columns);
  for (const [key, value] of Object.entries(dialect)) assert.equal(profile.dialect[key], value, key);
  for (const [key, value] of Object.entries(rest)) assert.equal(profile[key], value, key);
  const codes = profile.oddities.map((o) => o.code);
  for (const code of oddities) assert.ok(codes.includes(code), `${code} is not among ${codes}`);
}

for (const name of readdirSync(cases).sort()) {
  const folder = join(cases, name);
  const file = join(folder, readdirSync(folder).find((f) => f.startsWith('input.')));
  const { about, rows, error, args = [], decisions } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
  test(`${name}: ${about}`, () => {
    const csv = peek(file, '--csv', args);
    if (error) {
      assert.notEqual(csv.status, 0);
      assert.ok(csv.stderr.includes(error), csv.stderr);
      return;
    }
    assert.equal(csv.status, 0, csv.stderr);
    assert.deepEqual(readCsv(csv.stdout), rows);
    if (decisions) checkDecisions(JSON.parse(peek(file, '--json', args).stdout), decisions);
  });
}
