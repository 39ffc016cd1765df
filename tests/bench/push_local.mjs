// What replication costs those who write here: orders over HTTP with a headquarters that takes all of them meanwhile, against the
// same with replication paused; 64 connections, and one that waits for each. Headquarters is another machine in life, so
// outpost has half of the processors for itself, PostgreSQL and wrk share the others, and PostgreSQL leaves the disk alone.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SCRIPT, wrk } from './orders.mjs';
import { startPostgres } from './postgres.mjs';
import { enroll } from './push.mjs';
import { answers, ended, freePort, importShop } from './shop.mjs';

const SECONDS = 5;
const CAUGHT_UP_MS = 180_000;

const HALF = Math.max(1, os.cpus().length >> 1);
const ours = `0-${HALF - 1}`;
const others = os.cpus().length > 1 ? `${HALF}-${os.cpus().length - 1}` : '0';
const pin = (processors) => execFileSync('taskset', ['-a', '-c', '-p', processors, String(process.pid)], { stdio: 'ignore' });

const post = async (url) => {
  const reply = await fetch(url, { method: 'POST', headers: { connection: 'close' } });
  if (!reply.ok) throw new Error(`${url}: ${await reply.text()}`);
};

async function caughtUp(base) {
  for (const began = Date.now(); Date.now() - began < CAUGHT_UP_MS; await new Promise((again) => setTimeout(again, 200))) {
    const { data } = await (await fetch(`${base}/api/sync`, { headers: { connection: 'close' } })).json();
    if (data.lanes.every((lane) => !lane.behind_rows)) return;
  }
  throw new Error(`headquarters did not catch up within ${CAUGHT_UP_MS / 1000} s`);
}

export async function pushLocal(figures, { outpost, folder, runs }) {
  const data = path.join(folder, 'data-local');
  const elsewhere = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : folder, 'outpost-bench-'));
  let child, pg;
  pin(others); // and all that is started from here on
  try {
    pg = await startPostgres(elsewhere, ['fsync=off']);
    importShop(outpost, folder, data);
    enroll(outpost, pg, data);
    const base = `http://127.0.0.1:${await freePort()}`;
    child = spawn('taskset', ['-c', ours, outpost, 'serve', '--data', data, '--listen', base.slice(7), '--rate', '1000000'], { stdio: 'ignore' });
    await answers(`${base}/api/health`);
    const each = { off: [], on: [], off_one: [], on_one: [] };
    for (let round = 0; round <= runs; round++)
      for (const way of ['off', 'on']) {
        await caughtUp(base);
        if (way === 'off') await post(`${base}/api/sync/pause`);
        const many = wrk(folder, `${base}/api/orders`, SCRIPT, SECONDS, 64, round * 4 + (way === 'on') * 2);
        if (way === 'on') await caughtUp(base);
        const one = wrk(folder, `${base}/api/orders`, SCRIPT, SECONDS, 1, round * 4 + (way === 'on') * 2 + 1);
        if (many.errors + one.errors) throw new Error('orders were not taken');
        if (way === 'off') await post(`${base}/api/sync/resume`);
        console.error(`push_local: ${round ? `round ${round}` : 'warm-up'} ${way}: ${many.rate.toFixed(0)} orders/s, p99 ${many.p99.toFixed(1)} ms; one after the other ${one.rate.toFixed(0)}/s`);
        if (!round) continue;
        each[way].push(1e6 / many.rate);
        each[`${way}_one`].push(1e6 / one.rate);
      }
    const limit = { limit: 1.1 };
    figures.ratio('push_local', 'an order with replication on, 64 connections', 'µs each', each.on, each.off, 'the same with it paused', limit);
    figures.ratio('push_local_one', 'an order with replication on, one connection', 'µs each', each.on_one, each.off_one, 'the same with it paused', limit);
  } finally {
    pin(`0-${os.cpus().length - 1}`);
    if (child) await ended(child);
    await pg?.stop();
    fs.rmSync(elsewhere, { recursive: true, force: true });
  }
}
