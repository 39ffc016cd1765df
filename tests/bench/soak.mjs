// soak.mjs [MINUTES] - a server under mixed load for a while (F23): imports, events, jobs, mails that nobody takes,
// requests, live streams that come and go, and a reader that keeps an old state open. Every ten seconds it asks
// /metrics; at the end it says how memory, files, threads and the write-ahead log went, and fails when
// memory grows by more than 1 MB an hour after the first half, or anything else grows at all.
//
//   node tests/bench/soak.mjs 10
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
const OUTPOST = path.resolve(ROOT, process.env.OUTPOST ?? 'build/outpost');
const minutes = Number(process.argv[2] ?? 10);
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'outpost-soak-'));
const data = path.join(dir, 'data');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const run = (...args) => {
  const ended = spawnSync(OUTPOST, [...args, '--data', data], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (ended.status !== 0) throw new Error(`${args.join(' ')}: ${ended.err ?? ended.stderr}`);
  return ended.stdout;
};

spawnSync(OUTPOST, ['init', data]);
run('tenant', 'add', 'soak');
const child = spawn(OUTPOST, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] });
const base = await new Promise((resolve) => child.stdout.on('data', (bytes) => /http:\S+(?=\/\n)/.test(bytes) && resolve(/http:\S+(?=\/\n)/.exec(bytes)[0])));
const over = Date.now() + minutes * 60000;
const counts = {};
const did = (what) => (counts[what] = (counts[what] ?? 0) + 1);

async function ask(address, options) {
  const answer = await fetch(base + address, { ...options, signal: AbortSignal.timeout(20000) });
  const text = await answer.text();
  did(`${options?.method ?? 'GET'} ${address.replace(/\?.*/, '')} ${answer.status}`);
  return text;
}
const post = (address, body) => ask(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

// Each kind of load goes on by itself until the time is over.
async function load(pause, fn) {
  for (let i = 0; Date.now() < over; i++) {
    try {
      await fn(i);
    } catch (error) {
      did(`failed: ${error.message.slice(0, 60)}`);
    }
    await sleep(pause);
  }
}

const loads = [
  load(5000, async (i) => {
    const file = path.join(dir, 'rows.csv');
    fs.writeFileSync(file, spawnSync(OUTPOST, ['generate', 'sales', '--rows', '500', '--seed', String(i), '--format-errors', '2'], { encoding: 'utf8' }).stdout);
    await new Promise((resolve) => spawn(OUTPOST, ['import', file, '--as', 'sales', '--existing', 'update', '--data', data], { stdio: 'ignore' }).on('close', resolve));
    did('import');
  }),
  load(250, (i) => post('/api/topics/inventory-events/events', Array.from({ length: 20 }, (_, k) => ({ eventId: `soak-${i}-${k}`, eventType: 'RECEIPT', sku: `SKU-${k}`, warehouseId: `W${i % 3}`, quantityChange: 1, timestamp: new Date().toISOString() })))),
  load(500, (i) => post('/api/jobs', { kind: 'webhook_send', payload: { target: 'http://127.0.0.1:1/', data: { i } } })),
  load(1000, (i) => i < 100 && post('/api/jobs', { kind: 'mail_send', payload: { to: 'a@example.org', subject: `s${i}`, text: 't' } })),
  ...['/api/health', '/api/jobs', '/api/runs', '/api/topics', '/api/records/stock_item', '/'].map((address) => load(300, () => ask(address))),
  load(2000, async () => {
    const stop = new AbortController();
    const answer = await fetch(`${base}/api/events`, { signal: stop.signal });
    await sleep(1500);
    stop.abort();
    did(`stream ${answer.status}`);
  }),
];
// Somebody who keeps an old state of the file open, and gives it back now and then.
const reader = load(3000, async () => {
  const shell = spawn('sqlite3', ['-readonly', path.join(data, 'tenants/soak.db')], { stdio: ['pipe', 'ignore', 'ignore'] });
  shell.stdin.write('BEGIN; SELECT count(*) FROM change_log;\n');
  await sleep(Math.min(20000, Math.max(0, over - Date.now())));
  shell.stdin.end();
});

const samples = [];
const figure = (text, name) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
const sampler = load(10000, async () => {
  const text = await ask('/metrics');
  samples.push({ at: Date.now(), rss: figure(text, 'process_resident_memory_bytes'), fds: figure(text, 'process_open_fds'), threads: figure(text, 'process_threads'), wal: figure(text, 'outpost_tenant_wal_bytes'), system: figure(text, 'outpost_units_total\\{kind="http",end="system"\\}') || 0 });
  const s = samples.at(-1);
  if (process.stdout.isTTY || samples.length % 6 === 1) console.log(`${Math.round((s.at - samples[0].at) / 1000)} s: ${(s.rss / 1048576).toFixed(1)} MiB, ${s.fds} files, ${s.threads} threads, WAL ${(s.wal / 1048576).toFixed(1)} MiB`);
});
await Promise.all([...loads, reader, sampler]);
child.kill('SIGTERM');
await new Promise((resolve) => child.on('exit', resolve));

// The slope by least squares, of the second half: the first one fills caches and pools.
const half = samples.slice(Math.floor(samples.length / 2));
const slope = (pick) => {
  const n = half.length;
  const x = half.map((s) => (s.at - half[0].at) / 3600000);
  const y = half.map(pick);
  const mean = (v) => v.reduce((a, b) => a + b, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  return x.reduce((sum, v, i) => sum + (v - mx) * (y[i] - my), 0) / x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
};
const most = (pick) => Math.max(...samples.map(pick));
console.log(JSON.stringify(counts, null, 1));
const verdicts = [
  ['memory, MB an hour', slope((s) => s.rss) / 1e6, 1],
  ['files an hour', slope((s) => s.fds), 30],
  ['threads an hour', slope((s) => s.threads), 30],
  ['largest WAL, MiB', most((s) => s.wal) / 1048576, 64],
  ['answers of 500 and more', most((s) => s.system), 0],
];
let failed = 0;
for (const [what, got, limit] of verdicts) {
  failed += got > limit;
  console.log(`${got > limit ? 'NOT' : 'ok '} ${what}: ${got.toFixed(2)} (at most ${limit})`);
}
fs.rmSync(dir, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
