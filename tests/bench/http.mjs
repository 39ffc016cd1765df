// How fast requests are answered: a list of 211 records for somebody who has logged in, against civetweb alone
// (bare_civetweb.c, 50 threads) that answers a constant body of the same size, against nginx that sends a file of that
// size, where it is installed (its package would start a server, so it is not installed for this), and against Express and pg over the
// same rows (orders_express.mjs), which does not ask who it is, nor count or log. All are asked by wrk over 16 connections that are kept,
// in turn. Then 64 connections of which every second request is an order of three lines, durable, and the others read: what 99 of 100
// of these take. wrk counts a wait once for each request that was due in it, so one stall of the disk of 60 ms in 4 s is more than
// one in a hundred. What the disk does by itself is therefore measured in the same rounds (bare_sync.c: one page, as often as
// a group of orders is synced), and so is the same load with the tenant's file in memory, where a sync takes no time: what is
// left is ours. And what good clients see while a thousand others are slow (../scenario/slow.mjs and slowhttptest).
//
// Ours asks who it is, may he, counts, logs each request to a file, and looks whether the list has changed.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { goodClient, slowClients } from '../scenario/slow.mjs';
import { startPostgres } from './postgres.mjs';
import { ended, importShop, loadShop, startExpress } from './shop.mjs';

const SECONDS = Number(process.env.BENCH_HTTP_SECONDS ?? 4);
const ROWS = 211;
const SLOW = 1000;
const SLOW_SECONDS = 20;
const MIXED = 64;
const MIXED_MS = 10;
const MIXED_SHARE = MIXED_MS / 1.5; // where nginx's p99 is 1.5 ms
const MEMORY = '/dev/shm';
const MEMORY_BYTES = 1 << 30; // wanted there
const SYNC_BYTES = 4096;
const SYNCS_A_SECOND = 400;

// Every second request is an order; the others are what a page asks for.
const MIXED_SCRIPT = `
local n, threads = 0, 0
function setup(thread) threads = threads + 1; thread:set("id", threads) end
function init() n = id * 100000 end
local reads = { "/api/stores?limit=50", "/api/dashboard/summary", "/api/orders/recent", "/api/products?limit=20" }
request = function()
  n = n + 1
  if n % 2 == 0 then return wrk.format("GET", reads[1 + n / 2 % 4]) end
  local items = {}
  for i = 1, 3 do items[i] = string.format('{"sku":"SKU-%05d","quantity":%d}', 1 + (n * 13 + i * 31) % 400, 1 + i) end
  wrk.headers["Content-Type"] = "application/json"
  return wrk.format("POST", "/api/orders", nil, string.format('{"store_id":"CUST-%04d","items":[%s]}', 1 + (n * 7) % 200, table.concat(items, ",")))
end
`;

// The first line that a server prints, once it answers.
function started(command, args, options) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], ...options });
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (bytes) => {
      out += bytes;
      if (out.includes('\n')) resolve({ child, line: out.split('\n')[0] });
    });
    child.on('exit', (code) => reject(new Error(`${command} ended with ${code}`)));
  });
}

function prepare(outpost, data, folder) {
  const run = (...args) => execFileSync(outpost, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  importShop(outpost, folder, data);
  run('user', 'add', 'bench@example.org', '--role', 'admin', '--password', 'long enough for a bench', '--data', data);
  return run('token', 'create', 'bench', '--role', 'admin', '--data', data).trim().split('\n').at(-1).trim();
}

// { rate, p50, p99, requests }: requests a second, ms.
function wrk(url, token, connections = 16, script = path.join(path.dirname(new URL(import.meta.url).pathname), 'wrk.lua')) {
  const out = execFileSync('wrk', ['-t2', `-c${connections}`, `-d${SECONDS}`, '-s', script, '-H', `Authorization: Bearer ${token}`, url], { encoding: 'utf8' });
  const found = JSON.parse(out.trim().split('\n').at(-1));
  if (found.errors) throw new Error(`wrk: ${found.errors} of ${found.requests} requests to ${url} failed`);
  return found;
}

function nginx(folder, bytes) {
  const root = path.join(folder, 'nginx');
  fs.mkdirSync(root, { recursive: true });
  fs.writeFileSync(path.join(root, 'list.json'), 'x'.repeat(bytes));
  const port = 20000 + (process.pid % 20000);
  fs.writeFileSync(path.join(root, 'nginx.conf'), `
    daemon off; worker_processes 4; pid ${root}/pid; error_log /dev/null;
    events { worker_connections 1024; }
    http { access_log ${root}/access.log; client_body_temp_path ${root}; proxy_temp_path ${root}; fastcgi_temp_path ${root};
           uwsgi_temp_path ${root}; scgi_temp_path ${root}; sendfile on; keepalive_requests 100000000;
           server { listen 127.0.0.1:${port} backlog=1024; root ${root}; } }`);
  return { child: spawn('nginx', ['-p', root, '-c', path.join(root, 'nginx.conf')], { stdio: 'ignore' }), url: `http://127.0.0.1:${port}/list.json` };
}

async function answers(url) {
  for (let i = 0; i < 200; i++) {
    if ((await fetch(url).catch(() => null))?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} does not answer`);
}

const serve = (outpost, data, log) => started(outpost, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--rate', '1000000', '--workers', '0'], { stdio: ['ignore', 'pipe', log] });

// A copy of the data in memory, or null where there is too little of it.
function inMemory(data) {
  if (!fs.existsSync(MEMORY)) return null;
  const { bavail, bsize } = fs.statfsSync(MEMORY);
  if (bavail * bsize < MEMORY_BYTES) return null;
  const copy = fs.mkdtempSync(path.join(MEMORY, 'outpost-bench-'));
  fs.cpSync(data, copy, { recursive: true });
  return copy;
}

// disk, memory: the addresses of two servers; sync: the program.
function mixed(figures, { disk, memory, sync, token, other, folder, runs }) {
  const script = path.join(folder, 'mixed.lua');
  fs.writeFileSync(script, MIXED_SCRIPT + fs.readFileSync(path.join(path.dirname(new URL(import.meta.url).pathname), 'wrk.lua'), 'utf8'));
  const sides = {
    disk: () => wrk(disk, token, MIXED, script).p99,
    ...(other && { nginx: () => wrk(other.url, token, MIXED).p99 }),
    sync: () => Number(execFileSync(sync, [path.join(folder, 'bare_sync'), SYNC_BYTES, SYNCS_A_SECOND, SECONDS].map(String), { encoding: 'utf8' })),
    ...(memory && { memory: () => wrk(memory, token, MIXED, script).p99 }),
  };
  const seen = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round <= runs; round++) {
    process.stderr.write('http: mixed, p99');
    for (const [name, p99] of Object.entries(sides)) {
      const ms = p99();
      if (round) seen[name].push(ms);
      process.stderr.write(`  ${name} ${ms.toFixed(1)} ms`);
    }
    process.stderr.write('\n');
  }
  const what = `p99 at ${MIXED} connections, every second request an order of three lines, durable`;
  const held = (name, values, where) => {
    figures.against(name, what + where, 'ms', values, MIXED_MS);
    if (other) figures.ratio(`${name}_nginx`, what + where, 'ms', values, seen.nginx, 'nginx, a file', { limit: MIXED_SHARE });
  };
  held('http_mixed', seen.disk, '');
  figures.ratio('http_mixed_sync', what, 'ms', seen.disk, seen.sync, `a page synced ${SYNCS_A_SECOND} times a second by nothing else`);
  if (memory) held('http_mixed_memory', seen.memory, ', where a sync takes no time');
}

async function speed(figures, { outpost, bare, sync, folder, home, runs }) {
  const data = path.join(folder, 'data-http');
  const token = prepare(outpost, data, folder);
  const log = fs.openSync(path.join(folder, 'http.log'), 'w');
  const copy = inMemory(data);
  const ours = await serve(outpost, data, log);
  const memory = copy && await serve(outpost, copy, log);
  const url = `${ours.line}api/stores?limit=${ROWS}`;
  const bytes = (await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).arrayBuffer()).byteLength;
  const theirs = await started(bare, [String(bytes)]);
  const other = spawnSync('nginx', ['-v']).status === 0 ? nginx(folder, bytes) : null;
  if (other) await answers(other.url);
  const pg = await startPostgres(folder);
  loadShop(pg, path.join(data, 'tenants', 'bench.db'));
  const express = [await startExpress(pg, home, 1), await startExpress(pg, home, 4)];
  const stores = `/api/stores?limit=${ROWS}`;
  const sides = { outpost: url, civetweb: `http://127.0.0.1:${theirs.line}/`, ...(other && { nginx: other.url }), express: express[0].base + stores, express4: express[1].base + stores };
  const seen = { outpost: [], civetweb: [], nginx: [], express: [], express4: [] };
  for (let round = 0; round <= runs; round++)
    for (const [name, at] of Object.entries(sides)) {
      const one = wrk(at, token);
      if (round) seen[name].push(one);
      process.stderr.write(`http: ${name} ${Math.round(one.rate)}/s, p99 ${one.p99.toFixed(1)} ms\n`);
    }
  const us = (name) => seen[name].map((one) => 1e6 / one.rate);
  const what = `a list of ${ROWS} records, ${bytes} bytes, 16 connections`;
  figures.ratio('http', what, 'us', us('outpost'), us('civetweb'), 'bare civetweb, constant body', { limit: 2.5 });
  if (other) figures.ratio('http_nginx', what, 'us', us('outpost'), us('nginx'), 'nginx, a file');
  if (other) figures.ratio('http_p99', `p99 of ${what}`, 'ms', seen.outpost.map((o) => o.p99), seen.nginx.map((o) => o.p99), 'nginx, a file');
  figures.ratio('http_express', what, 'us', us('outpost'), us('express'), `Express + pg ${pg.version}, one process`, { limit: 1 / 15 });
  figures.ratio('http_express4', what, 'us', us('outpost'), us('express4'), 'the same, four processes', { limit: 1 / 4 });
  mixed(figures, { disk: ours.line, memory: memory?.line, sync, token, other, folder, runs });
  const rss = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${ours.child.pid}/status`, 'utf8'))[1]) / 1024;
  console.log(`http: ${rss.toFixed(1)} MiB of memory after ${seen.outpost.reduce((sum, one) => sum + one.requests, 0)} requests`);
  for (const child of [ours.child, theirs.child, other?.child]) child?.kill();
  if (memory) await ended(memory.child), fs.rmSync(copy, { recursive: true });
  for (const { child } of express) await ended(child);
  await pg.stop();
}

async function slow(figures, { outpost, folder, data }) {
  const ours = await started(outpost, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--rate', '0', '--workers', '0']);
  const port = Number(new URL(ours.line).port);
  const paths = ['/healthz', '/', '/app.js'];
  for (const kind of ['header', 'body', 'large', 'read']) {
    const clients = slowClients(port, kind, SLOW);
    const seen = await goodClient(port, SLOW_SECONDS, paths);
    clients.stop();
    console.log(`http: ${SLOW} slow, ${kind}: ${seen.asked} good requests, ${seen.bad} failed, p50 ${seen.p50.toFixed(1)} ms, p99 ${seen.p99.toFixed(1)} ms, most ${seen.most.toFixed(1)} ms`);
    figures.against(`http_slow_${kind}`, `p99 of good requests beside ${SLOW} slow clients (${kind})`, 'ms', [seen.bad ? Infinity : seen.p99], 1000);
  }
  for (const [mode, ...more] of [['-H'], ['-B'], ['-X', '-w', '10', '-y', '20', '-n', '5', '-z', '32', '-k', '3']]) {
    const prefix = path.join(folder, 'slowhttptest');
    const probe = goodClient(port, SLOW_SECONDS, paths);
    await new Promise((resolve, reject) => {
      const child = spawn('slowhttptest', [mode, '-c', String(SLOW), '-r', '500', '-i', '5', '-l', String(SLOW_SECONDS), '-p', '3', '-g', '-o', prefix, '-u', `http://127.0.0.1:${port}/app.js`, ...more], { stdio: 'ignore' });
      child.on('close', resolve).on('error', reject);
    });
    const seen = await probe;
    const rows = fs.readFileSync(`${prefix}.csv`, 'utf8').trim().split('\n').slice(1).map((row) => row.split(','));
    const available = rows.filter((row) => Number(row.at(-1)) > 0).length;
    console.log(`http: slowhttptest ${mode}: available in ${available} of ${rows.length} samples; ${seen.asked} good requests, ${seen.bad} failed, p99 ${seen.p99.toFixed(1)} ms`);
    figures.against(`http_slowhttptest${mode}`, `slowhttptest ${mode}, p99 of good requests`, 'ms', [seen.bad || available < rows.length ? Infinity : seen.p99], 1000);
  }
  ours.child.kill();
}

export const http = speed;

export async function slowly(figures, options) {
  const data = path.join(options.folder, 'data-slow');
  fs.rmSync(data, { recursive: true, force: true });
  execFileSync(options.outpost, ['init', data]);
  await slow(figures, { ...options, data });
}
