// Events published and consumed, against `sqlite3 .import` of the same lines: see run.mjs, part `events`.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { rounds, timed } from './measure.mjs';

// The reference's JSON, one event a line; the same lines each time.
function eventLines(name, count) {
  if (fs.existsSync(name)) return name;
  let state = 7;
  const below = (n) => { // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return Math.floor((((z ^ (z >>> 14)) >>> 0) / 2 ** 32) * n);
  };
  const hex = (digits) => below(16 ** digits).toString(16).padStart(digits, '0');
  const out = fs.openSync(name, 'w');
  let part = '';
  for (let i = 0; i < count; i++) {
    part += `${JSON.stringify({
      eventId: `${hex(4)}${hex(4)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(4)}${hex(4)}${hex(4)}`,
      eventType: 'INVENTORY_UPDATE',
      sku: `SKU-${String(below(2000)).padStart(5, '0')}`,
      warehouseId: `WAREHOUSE-${String(below(10)).padStart(3, '0')}`,
      quantityChange: below(20) - 10 || 1,
      timestamp: new Date(Date.UTC(2024, 0, 1) + i * 7000).toISOString().replace('.000Z', 'Z'),
      referenceId: `ORDER-${below(100000)}`,
      notes: 'Sale transaction',
    })}\n`;
    if (part.length < 1 << 20 && i + 1 < count) continue;
    fs.writeSync(out, part);
    part = '';
  }
  fs.closeSync(out);
  return name;
}

export function events({ figures, folder, fresh, outpost, runs, count, large }) {
  const lines = (n) => eventLines(path.join(folder, `events-${n}.jsonl`), n);
  const publishing = (name, n) => () => {
    const data = fresh(name);
    execFileSync(outpost, ['init', data], { stdio: 'pipe' });
    execFileSync(outpost, ['tenant', 'add', 'bench', '--data', data], { stdio: 'pipe' });
    const file = lines(n);
    return () => {
      const published = timed(folder, outpost, ['events', 'publish', 'inventory-events', file, '--data', data, '--tenant', 'bench', '--json']);
      const drained = timed(folder, outpost, ['events', 'work', '--until-idle', '--data', data, '--tenant', 'bench']);
      const groups = JSON.parse(execFileSync(outpost, ['events', 'groups', 'inventory-events', '--data', data, '--tenant', 'bench', '--json'], { encoding: 'utf8' }));
      if (JSON.parse(published.stdout).taken !== n) throw new Error(`not all events were taken: ${published.stdout}`);
      if (groups.length < 3 || groups.some((g) => g.lag !== 0 || g.consumed !== n)) throw new Error(`not all groups have read all events: ${JSON.stringify(groups)}`);
      return { seconds: published.seconds + drained.seconds, published, drained, mib: Math.max(published.mib, drained.mib) };
    };
  };
  const imported = () => {
    const database = fresh('events.db');
    const script = path.join(folder, 'events.sql');
    fs.writeFileSync(script, `PRAGMA journal_mode=WAL;\nCREATE TABLE t (line TEXT);\n.mode list\n.separator "\\001" "\\n"\n.import ${lines(count)} t\n`);
    return () => timed(folder, 'sqlite3', [database], { input: script });
  };
  const r = rounds('events', runs, folder, { outpost: publishing('data-events', count), '.import': imported });
  const seconds = (list) => list.map((result) => result.seconds);
  const what = `${count.toLocaleString('en')} events`;
  const theirs = seconds(r['.import']);
  figures.ratio('events_time', `${what} published and read by three groups`, 's', seconds(r.outpost), theirs, 'sqlite3 .import of the lines', { limit: 1 / 0.3 });
  figures.ratio('events_published', 'of that, published', 's', seconds(r.outpost.map((x) => x.published)), theirs, 'the same');
  figures.ratio('events_drained', 'of that, read', 's', seconds(r.outpost.map((x) => x.drained)), theirs, 'the same');
  const few = r.outpost.map((x) => x.mib);
  if (!large) return figures.against('events_memory', 'peak memory of it', 'MiB', few, 384);
  const many = publishing('data-events', 3 * count)()();
  figures.ratio('events_memory', 'peak memory, three times as many events', 'MiB', few.map(() => many.mib), few, what, { limit: 1.15 });
}
