// What the benchmarks measure with: processes one after the other in rounds, their
// time and memory, medians, and figures as a table and as JSON lines.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Runs a program to its end: { seconds, mib, stdout }. The memory is the peak of its
// resident set, as the kernel has counted it for GNU time. input and output name files.
export function timed(scratch, command, args, { input, output } = {}) {
  const peak = path.join(scratch, 'peak');
  const files = [input ? fs.openSync(input) : 'ignore', output ? fs.openSync(output, 'w') : 'pipe', 'pipe'];
  const began = process.hrtime.bigint();
  const done = spawnSync('/usr/bin/time', ['-q', '-f', '%M', '-o', peak, command, ...args],
    { stdio: files, encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, OUTPOST_DATA: '', NO_COLOR: '1' } });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  for (const file of files) if (typeof file === 'number') fs.closeSync(file);
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${done.status}\n${done.stderr}`);
  return { seconds, mib: Number(fs.readFileSync(peak, 'utf8')) / 1024, stdout: done.stdout };
}

// All sides in turn, round after round, after one round that does not count; what an
// earlier run left to be written is on the disk before the next one starts.
// sides: { name: () => result } with functions that prepare when called and return
// what is to be measured. Returns { name: [result of each round] }.
export function rounds(title, count, folder, sides) {
  const names = Object.keys(sides);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round <= count; round++) {
    process.stderr.write(`${title}: ${round ? `round ${round} of ${count}` : 'warm-up'}`);
    for (const name of names) {
      const start = sides[name]();
      spawnSync('sync', ['-f', folder]);
      const result = start();
      if (round) results[name].push(result);
      process.stderr.write(`  ${name} ${result.seconds.toFixed(2)} s`);
    }
    process.stderr.write('\n');
  }
  return results;
}

export class Figures {
  constructor() {
    this.list = [];
  }

  // One figure: outpost's values against a reference's of the same rounds. The ratio is
  // that of the medians; low and high are the least and the greatest of the rounds.
  ratio(name, what, unit, ours, theirs, reference, { limit, aim } = {}) {
    const each = ours.map((value, i) => value / theirs[i]);
    this.add({
      figure: name, what, unit, outpost: median(ours), reference, reference_value: median(theirs), ratio: median(ours) / median(theirs),
      low: Math.min(...each), high: Math.max(...each), runs: ours.length, limit, aim,
    });
  }

  // A figure that is held against a fixed limit: its ratio is the share of it.
  against(name, what, unit, values, most) {
    const each = values.map((value) => value / most);
    this.add({
      figure: name, what, unit, outpost: median(values), reference: 'limit', reference_value: most, ratio: median(each),
      low: Math.min(...each), high: Math.max(...each), runs: values.length, limit: 1,
    });
  }

  add(figure) {
    this.list.push({ ...figure, met: figure.limit === undefined ? undefined : figure.ratio <= figure.limit });
  }

  get missed() {
    return this.list.filter((f) => f.met === false);
  }

  print() {
    const number = (x) => (x >= 100 ? x.toFixed(0) : x >= 1 ? x.toFixed(2) : x.toFixed(3));
    const rows = this.list.map((f) => [
      f.what, `${number(f.outpost)} ${f.unit}`, `${f.reference} ${number(f.reference_value)} ${f.unit}`, number(f.ratio),
      `${number(f.low)}..${number(f.high)}`, f.limit === undefined ? '' : number(f.limit) + (f.aim ? `, aim ${number(f.aim)}` : ''), f.met === undefined ? '' : f.met ? 'met' : 'MISSED',
    ]);
    const head = ['figure', 'outpost', 'reference', 'ratio', 'rounds', 'at most', ''];
    const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
    for (const row of [head, ...rows]) console.log(row.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd());
    console.log();
    const round = (key, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);
    for (const { what, ...f } of this.list) console.log(JSON.stringify(f, round));
    for (const f of this.missed) console.log(`MISSED: ${f.what}: ${number(f.ratio)} of ${f.reference}, demanded at most ${number(f.limit)}`);
  }
}

export function machine() {
  const kernel = os.release().split(/[-+]/)[0];
  return `${os.cpus().length} cores ${os.cpus()[0].model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${kernel} ${os.arch()}, load ${os.loadavg()[0].toFixed(1)}`;
}
