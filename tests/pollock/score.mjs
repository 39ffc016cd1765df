// score.mjs - the benchmark's score of a program that prints a file as clean CSV.
//
//   node tests/pollock/score.mjs BINARY [--groups]
//
// BINARY is called as  BINARY peek --csv FILE  for every polluted file
// (pollute.mjs). As in the paper a file earns up to 10 points: 1 for being loaded
// at all, and precision, recall and F1 of the header's cells, of the records and
// of all cells, each compared as a bag. Records are compared cell by cell run
// together, without regard to case and to how a number is written. The simple
// score is the mean over all files, the weighted one counts a file as often as its
// pollution was met in real files. A file without any byte counts as loaded when
// the program prints nothing, whether it calls that an error or not.
//
// The best published scores are the goals: 9.961 simple and 9.599 weighted, with
// the dialect given; here nothing is given.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCsv } from './csv.mjs';
import { pollutions } from './pollute.mjs';

const goals = { simple: 9.961, weighted: 9.599 };

function normal(text) {
  if (/^[-+]?\d+$/.test(text)) return String(BigInt(text));
  if (/^[-+]?\d*\.\d+$/.test(text)) return String(Number(text));
  return text.toLowerCase();
}

function measure(source, loaded) {
  if (!source.length) return [1, 1, 1];
  const bag = new Map();
  for (const s of source) bag.set(s, (bag.get(s) ?? 0) + 1);
  let common = 0;
  for (const l of loaded) {
    const n = bag.get(l) ?? 0;
    if (n) { common++; bag.set(l, n - 1); }
  }
  if (!common) return [0, 0, 0];
  const p = common / source.length, r = common / loaded.length;
  return [p, r, (2 * p * r) / (p + r)];
}

function points(expected, output) {
  if (!expected.length) return 10;
  const loaded = readCsv(output), records = (rows) => rows.slice(1).map((r) => r.map(normal).join(''));
  const parts = [
    ...measure(expected[0].map(normal), (loaded[0] ?? []).map(normal)),
    ...measure(records(expected), records(loaded)),
    ...measure(expected.flat(), loaded.flat()),
  ];
  return 1 + parts.reduce((a, b) => a + b);
}

function load(binary, path) {
  return new Promise((resolve) => {
    execFile(binary, ['peek', '--csv', path], { maxBuffer: 1 << 28, encoding: 'utf8' },
      (error, stdout) => resolve({ failed: Boolean(error), stdout }));
  });
}

async function scoreAll(binary, folder) {
  const waiting = [...pollutions()], done = [];
  async function worker() {
    for (let file = waiting.pop(); file; file = waiting.pop()) {
      const path = join(folder, `${file.name}.csv`);
      writeFileSync(path, file.text);
      const { failed, stdout } = await load(binary, path);
      const refused = failed && (file.text !== '' || stdout !== '');
      done.push({ ...file, points: refused ? 0 : points(file.expected, stdout) });
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return done;
}

function printGroups(files) {
  const groups = new Map();
  for (const f of files) {
    const name = f.name.replace(/_?(row)?\d+_col\d+$/, '').replace(/_\d+_0x20$/, '');
    groups.set(name, [...(groups.get(name) ?? []), f]);
  }
  for (const [name, list] of [...groups].sort()) {
    const mean = list.reduce((a, f) => a + f.points, 0) / list.length;
    const worst = list.reduce((a, f) => (f.points < a.points ? f : a));
    if (mean < 9.9999) console.log(`${mean.toFixed(4).padStart(8)}  ${name} (${list.length})  worst ${worst.points.toFixed(4)} ${worst.name}`);
  }
}

const [binary, option] = process.argv.slice(2);
if (!binary) {
  console.error('usage: node tests/pollock/score.mjs BINARY [--groups]');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'pollock-'));
try {
  const files = await scoreAll(binary, folder);
  const weights = files.reduce((a, f) => a + f.weight, 0);
  const simple = files.reduce((a, f) => a + f.points, 0) / files.length;
  const weighted = files.reduce((a, f) => a + f.points * f.weight, 0) / weights;
  if (option === '--groups') printGroups(files);
  console.log(`${files.length} polluted files: simple ${simple.toFixed(3)}, weighted ${weighted.toFixed(3)} of 10`);
  process.exitCode = simple >= goals.simple && weighted >= goals.weighted ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
