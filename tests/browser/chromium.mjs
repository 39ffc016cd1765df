// One Chromium for a test file, and pages in it that remember what went wrong.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { installed } from './outpost.mjs';

const require = createRequire(installed());
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const WAIT = { timeout: 30000 }; // far more than it takes: on a busy machine nothing may hang on it

let browser, profile;
before(async () => {
  profile = mkdtempSync(path.join(os.tmpdir(), 'outpost-browser-'));
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS, env: { ...process.env, HOME: profile } });
});
after(async () => {
  await browser?.close();
  rmSync(profile, { recursive: true, force: true });
});

// A browser of its own for the test t. Its page is not kept by a service worker unless the
// test asks for that: { serviceWorkers: 'allow' }.
export async function context(t, options) {
  const own = await browser.newContext({ serviceWorkers: 'block', ...options });
  t.after(() => own.close());
  return own;
}

// A page; page.faults is everything that went wrong in it. forAxe: the page may run
// what the test gives it.
export async function open(t, url, { width = 1280, height = 860, dark = false, forAxe = false, ...more } = {}) {
  const own = await context(t, { viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', ...more, bypassCSP: forAxe, locale: 'en-IN', timezoneId: 'UTC' });
  const page = await own.newPage();
  page.faults = [];
  page.asking = new Set(); // requests under way, but the streams that never end
  page.on('request', (request) => /\/(events|realtime)\b/.test(request.url()) || page.asking.add(request));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => page.asking.delete(request));
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => /error|warning/.test(message.type()) && !/Service Worker registration blocked/.test(message.text()) && page.faults.push(`${message.text()} ${message.location().url}`));
  page.on('dialog', (dialog) => page.faults.push(`dialog: ${dialog.message()}`));
  await page.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`)));
  await page.goto(url);
  return page;
}

// Until the page shows what it asked for: nothing is under way, nothing is a placeholder, and all of it is drawn.
const DRAWN = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
export const drawn = (page) => page.evaluate(DRAWN);
export async function settled(page) {
  for (const end = Date.now() + WAIT.timeout; ;) {
    await page.waitForFunction(() => !document.querySelector('main .skeleton, dialog .skeleton'), null, WAIT);
    await drawn(page);
    if (!page.asking.size && !(await page.locator('main .skeleton, dialog .skeleton').count())) return;
    if (Date.now() > end) throw new Error(`the page still asks for ${[...page.asking].map((one) => one.url())}`);
  }
}

// What axe finds on the page, as 'rule: elements'.
export async function audit(page) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`);
}

// How many pixels the page can be scrolled sideways: none, please.
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
