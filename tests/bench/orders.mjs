// Orders over HTTP, durable on both sides, 64 connections with three lines each; and the dashboard over 14,464 invoices: outpost
// against Express + pg (orders_express.mjs), one process and four, with the same rows in a PostgreSQL of its own (postgres.mjs).
// wrk asks; each side has its turn in every round. The dashboard is asked once between orders (so that nothing is kept from
// before) and then in a row.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { median } from './measure.mjs';
import { startPostgres } from './postgres.mjs';
import { answers, ended, freePort, importShop, loadShop, startExpress } from './shop.mjs';

const CONNECTIONS = 64;

// Orders of three lines each.
export const SCRIPT = `
local n = tonumber(os.getenv("SEED")) * 100000
request = function()
  n = n + 1
  local items = {}
  for i = 1, 3 do items[i] = string.format('{"sku":"SKU-%05d","quantity":%d}', 1 + (n * 13 + i * 31) % 400, 1 + i) end
  return wrk.format("POST", "/api/orders", {["Content-Type"]="application/json"},
    string.format('{"store_id":"CUST-%04d","items":[%s]}', 1 + (n * 7) % 200, table.concat(items, ",")))
end
done = function(summary, latency) io.write(string.format("RESULT %f %d %f\\n", summary.requests / summary.duration * 1e6, summary.errors.status + summary.errors.timeout, latency:percentile(99) / 1000)) end
`;
const ASK = 'done = function(summary, latency) io.write(string.format("RESULT %f %d %f\\n", summary.requests / summary.duration * 1e6, summary.errors.status + summary.errors.timeout, latency:percentile(99) / 1000)) end\n';

// { rate, errors, p99 (ms) }
export function wrk(folder, url, script, seconds, connections, seed) {
  const file = path.join(folder, 'wrk.lua');
  fs.writeFileSync(file, script);
  const out = execFileSync('wrk', [`-t${Math.min(2, connections)}`, `-c${connections}`, `-d${seconds}`, '--latency', '-s', file, url], { encoding: 'utf8', env: { ...process.env, SEED: String(seed) } });
  const [, rate, errors, p99] = /RESULT (\S+) (\S+) (\S+)/.exec(out);
  return { rate: Number(rate), errors: Number(errors), p99: Number(p99) };
}

// Milliseconds of the first summary after an order: the median of so many.
async function firstAfterOrder(base, times = 21) {
  const headers = { connection: 'close' }; // one that waits for the next question is closed by Express after five seconds, perhaps just then
  const order = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ store_id: 'CUST-0001', items: [{ sku: 'SKU-00001', quantity: 1 }] }) };
  const all = [];
  for (let i = 0; i < times; i++) {
    const taken = await fetch(`${base}/api/orders`, order);
    if (taken.status !== 201) throw new Error(`an order was not taken: ${await taken.text()}`);
    await taken.text();
    const began = performance.now();
    await (await fetch(`${base}/api/dashboard/summary`, { headers })).text();
    all.push(performance.now() - began);
  }
  return median(all);
}

export async function orders(figures, { outpost, folder, home, runs, seconds = 5 }) {
  const data = path.join(folder, 'data-orders');
  importShop(outpost, folder, data);
  const pg = await startPostgres(folder);
  const started = [];
  try {
    loadShop(pg, path.join(data, 'tenants', 'bench.db'));
    const keep = (side) => (started.push(side.child), side);
    const port = await freePort();
    const ours = keep({ child: spawn(outpost, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`], { stdio: 'ignore' }), base: `http://127.0.0.1:${port}` });
    await answers(`${ours.base}/api/dashboard/summary`);
    const sides = { outpost: ours, express: keep(await startExpress(pg, home, 1)), express4: keep(await startExpress(pg, home, 4)) };
    const got = { posts: {}, p99: {}, asks: {}, first: {} };
    for (let round = 0; round <= runs; round++)
      for (const [name, side] of Object.entries(sides)) {
        const post = wrk(folder, side.base, SCRIPT, seconds, CONNECTIONS, round * 10 + started.length);
        if (post.errors) throw new Error(`${name}: ${post.errors} orders were not taken`);
        const first = await firstAfterOrder(side.base);
        const ask = wrk(folder, `${side.base}/api/dashboard/summary`, ASK, Math.min(seconds, 3), 16, 0);
        if (!round) continue; // warming up
        for (const [what, v] of Object.entries({ posts: post.rate, p99: post.p99, asks: ask.rate, first })) (got[what][name] ??= []).push(v);
        console.error(`orders: round ${round} ${name}: ${post.rate.toFixed(0)} orders/s, p99 ${post.p99.toFixed(1)} ms; first summary ${first.toFixed(2)} ms, then ${ask.rate.toFixed(0)}/s`);
      }
    const what = `POST /api/orders, durable, three lines, ${CONNECTIONS} connections`;
    const each = (rates) => rates.map((rate) => 1e6 / rate);
    figures.ratio('orders_one', what, 'µs each', each(got.posts.outpost), each(got.posts.express), `Express + pg ${pg.version}, one process`, { limit: 1 / 5 });
    figures.ratio('orders_four', what, 'µs each', each(got.posts.outpost), each(got.posts.express4), 'the same, four processes', { limit: 1 / 3 });
    figures.ratio('summary_one', 'GET /api/dashboard/summary, 14,464 invoices, 16 connections', 'µs each', each(got.asks.outpost), each(got.asks.express), 'Express + pg, one process', { limit: 1 / 100 });
    figures.ratio('summary_first', 'the first one after an order', 'ms', got.first.outpost, got.first.express, 'the same', { limit: 1 / 10 });
  } finally {
    for (const child of started) await ended(child);
    await pg.stop();
  }
}
