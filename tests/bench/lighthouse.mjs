// What Lighthouse says of the page, in Debian's Chromium against `outpost serve --demo`: how fast and how
// accessible are the login and, for who is logged in, the dashboard, the lists of field sales and quick entry. Scores
// are of 100, with Lighthouse's own slow telephone; the figures are the points that are missing. Nothing is fetched from elsewhere.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const PATIENCE = 240; // looks at the browser's port, two a second: the 50 that are usual are over before Chromium is up on a busy machine (ECONNREFUSED)
const CATEGORIES = ['performance', 'accessibility'];
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const MISSING_MOST = 5;
const INSIDE = ['dashboard', 'stores', 'products', 'orders', 'predictions', 'orders/new'];

// { base, email, password, stop }
async function demo(outpost, data) {
  const child = spawn(outpost, ['serve', '--demo', '--data', data, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const stop = () => child.kill('SIGTERM') && ended;
  let said = '';
  child.stderr.on('data', (bytes) => (said += bytes));
  const found = await new Promise((resolve, reject) => {
    child.stdout.on('data', (bytes) => {
      const [, email, password, base] = /log in as (\S+) with the password (\S+)\s+(http:\/\/[^\s/]+)\/\n/.exec((said += bytes)) ?? [];
      if (base) resolve({ base, email, password });
    });
    ended.then((code) => reject(new Error(`serve ended with ${code}: ${said}`)));
  });
  return { ...found, stop };
}

async function cookieOf({ base, email, password }) {
  const reply = await fetch(`${base}/api/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json', origin: base }, body: JSON.stringify({ email, password }) });
  if (!reply.ok) throw new Error(`login: ${reply.status} ${await reply.text()}`);
  return reply.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
}

async function filled(base, cookie) {
  for (;;) {
    const { data } = await (await fetch(`${base}/api/dashboard/summary`, { headers: { cookie } })).json();
    if (data?.total_orders) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export async function lighthouse(figures, { outpost, folder, home, runs }) {
  const require = createRequire(path.join(home, 'package.json'));
  const { default: audit } = await import(pathToFileURL(require.resolve('lighthouse')));
  const { launch } = await import(pathToFileURL(require.resolve('chrome-launcher')));
  const data = path.join(folder, 'data-lighthouse');
  fs.rmSync(data, { recursive: true, force: true });
  const server = await demo(outpost, data);
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'outpost-lighthouse-'));
  try {
    const cookie = await cookieOf(server);
    await filled(server.base, cookie);
    const views = [{ name: 'login', at: 'dashboard' }, ...INSIDE.map((at) => ({ name: at.replace('/', '_'), at, extraHeaders: { Cookie: cookie } }))];
    for (const { name, at, extraHeaders = {} } of views) {
      const missing = Object.fromEntries(CATEGORIES.map((id) => [id, []]));
      for (let i = 0; i < runs; i++) {
        const chrome = await launch({ chromePath: '/usr/bin/chromium', chromeFlags: FLAGS, maxConnectionRetries: PATIENCE, userDataDir: fs.mkdtempSync(path.join(profile, name)) }); // each has nothing yet
        const { lhr } = await audit(`${server.base}/#/${at}`, { port: chrome.port, onlyCategories: CATEGORIES, extraHeaders, logLevel: 'error' }).finally(() => chrome.kill());
        if (lhr.runtimeError) throw new Error(`${name}: ${lhr.runtimeError.message}`);
        for (const id of CATEGORIES) missing[id].push(Math.round(100 - 100 * lhr.categories[id].score));
        console.log(`lighthouse: ${name}: ${CATEGORIES.map((id) => `${id} ${100 - missing[id][i]}`).join(', ')}`);
        for (const { id, weight } of CATEGORIES.flatMap((name) => lhr.categories[name].auditRefs)) {
          const { score, title, displayValue = '' } = lhr.audits[id];
          if (weight && score !== null && score < 0.9) console.log(`  ${title}: ${displayValue}`);
        }
      }
      for (const id of CATEGORIES) figures.against(`lighthouse_${name}_${id}`, `${name}: ${id}, missing of 100`, 'points', missing[id], MISSING_MOST);
    }
  } finally {
    await server.stop();
    fs.rmSync(profile, { recursive: true, force: true });
  }
}
