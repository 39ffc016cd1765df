// The real binary for a test: a data folder of its own, a port of its own, and
// both gone afterwards.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
export const OUTPOST = path.resolve(ROOT, process.env.OUTPOST ?? 'build/outpost');

// What could not be removed after its test, because a server was still writing there: hooks run in the order in which they were
// added, and one that throws keeps the later ones, which end the server, from being called.
const left = new Set();
process.on('exit', () => left.forEach((dir) => fs.rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })));

// A folder with its cleaning-up: t is the test that owns it.
export function folder(t) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'outpost-test-'));
  t.after(() => {
    try {
      fs.rmSync(dir, { recursive: true, force: true });
    } catch {
      left.add(dir);
    }
  });
  return dir;
}

export function run(args, options = {}) {
  return execFileSync(OUTPOST, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'pipe'], ...options });
}

// A data folder with tenants.
export function dataFolder(t, ...tenants) {
  const data = path.join(folder(t), 'data');
  run(['init', data]);
  for (const slug of tenants) run(['tenant', 'add', slug, '--data', data]);
  return data;
}

// Generates rows and imports them; { file, text, ledger: [{ line, defect }], run }.
export function importGenerated(data, tenant, rows, seed = 1) {
  const file = path.join(path.dirname(data), `generated-${seed}.csv`);
  const ledgerFile = `${file}.ledger`;
  const text = run(['generate', 'sales', '--rows', String(rows), '--seed', String(seed), '--ledger', ledgerFile]);
  fs.writeFileSync(file, text);
  const ledger = fs
    .readFileSync(ledgerFile, 'utf8')
    .trim()
    .split('\n')
    .map((row) => row.split(','))
    .filter(([line]) => /^\d+$/.test(line))
    .map(([line, defect]) => ({ line: Number(line), defect }));
  const outcome = JSON.parse(run(['import', file, '--data', data, '--tenant', tenant, '--as', 'sales', '--json']));
  return { file, text, ledger, run: outcome.run, outcome };
}

// Starts the server and waits for its address: { base, port, pid, stop, log }.
export const serve = (t, data, ...more) => serveWith(OUTPOST, t, data, ...more);
export async function serveWith(binary, t, data, ...more) {
  const child = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0', ...more]);
  const server = { child, pid: child.pid, log: '' };
  child.stderr.on('data', (bytes) => (server.log += bytes));
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  server.stop = (signal = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  server.base = await new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (bytes) => {
      out += bytes;
      const found = /^(https?:\/\/\S+)\/\n/m.exec(out);
      if (found) resolve(found[1]);
    });
    ended.then((how) => reject(new Error(`serve ended: ${JSON.stringify(how)} ${server.log}`)));
  });
  server.port = Number(new URL(server.base).port);
  return server;
}

// A folder that one process can make. Who died with it has it for two minutes.
function taken(turn) {
  try {
    fs.mkdirSync(turn);
    return true;
  } catch {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    const made = fs.statSync(turn, { throwIfNoEntry: false })?.mtimeMs;
    if (made && Date.now() - made > 120_000) fs.rmSync(turn, { recursive: true, force: true });
    return false;
  }
}

function install(home, lock) {
  fs.copyFileSync(lock, path.join(home, 'package-lock.json'));
  fs.copyFileSync(path.join(ROOT, 'tests/package.json'), path.join(home, 'package.json'));
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home, stdio: 'pipe' });
}

// The packages of tests/package.json, installed below build/ when they are not yet. Test
// files run at the same time: one of them does it, and the others wait.
export function installed() {
  const home = path.join(ROOT, 'build/tests');
  const lock = path.join(ROOT, 'tests/package-lock.json');
  const stamp = path.join(home, 'installed.json');
  const turn = path.join(home, 'turn');
  const wanted = fs.readFileSync(lock, 'utf8');
  const ready = () => fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted;
  fs.mkdirSync(home, { recursive: true });
  while (!ready()) {
    if (!taken(turn)) continue;
    try {
      if (!ready()) install(home, lock);
      fs.writeFileSync(stamp, wanted);
    } finally {
      fs.rmdirSync(turn);
    }
  }
  return path.join(home, 'package.json');
}
