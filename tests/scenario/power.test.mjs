// Power cuts and failing syncs (F2, F5), with a disk that says what it has taken (tests/fake/disk.c): of the WAL nothing is left
// but what a sync has taken that went well. Every order that was answered is there then, once.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import * as lib from './lib.mjs';
import { place, query, serve, serveWith, sleep, sound } from './lib.mjs';
import { post } from './api.mjs';
import { importInvoices, invoiceFile, market } from './field.mjs';

const CLIENTS = 24;
const skip = /[/](asan|tsan)[/]/.test(lib.OUTPOST) && 'a sanitizer wants to be loaded before the disk';

function shop(t) {
  const p = place(t);
  importInvoices(p, invoiceFile(p, 'invoices.csv', market(5, { stores: 6, days: 60, items: 8 })));
  p.products = query(p.db, 'SELECT id FROM products WHERE unit_price IS NOT NULL').map(([id]) => id);
  p.stores = query(p.db, 'SELECT id FROM stores').map(([id]) => id);
  return p;
}

// The program on such a disk: { server, ledger }.
async function onDisk(t, p, lies = false) {
  const library = path.join(p.dir, 'disk.so');
  const wrapper = path.join(p.dir, lies ? 'lying' : 'honest');
  const ledger = path.join(p.dir, `ledger-${randomUUID()}`);
  const built = spawnSync('gcc', ['-O1', '-shared', '-fPIC', '-o', library, path.join(lib.ROOT, 'tests/fake/disk.c'), '-ldl'], { encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
  fs.writeFileSync(ledger, Buffer.alloc(24));
  fs.writeFileSync(wrapper, `#!/bin/sh\nDISK_LEDGER=${ledger} LD_PRELOAD=${library} ${lies ? 'DISK_LIES=1 ' : ''}exec ${lib.OUTPOST} "$@"\n`, { mode: 0o755 });
  const server = await serveWith(wrapper, t, p.data, '--rate', '0');
  return {
    server,
    number: (i) => Number(fs.readFileSync(ledger).readBigInt64LE(8 * i)),
    failNext(n) {
      const fd = fs.openSync(ledger, 'r+');
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(n));
      fs.writeSync(fd, bytes, 0, 8, 16);
      fs.closeSync(fd);
    },
  };
}

// Clients that order as fast as they are answered, until they are stopped: what was answered, and what was refused.
function ordering(p, server) {
  const seen = { taken: [], refused: [], over: false };
  const one = async (i) => {
    for (let n = 0; !seen.over; n++) {
      const notes = randomUUID();
      const body = { store_id: p.stores[i % p.stores.length], notes, items: [{ product_id: p.products[(i + n) % p.products.length], quantity: 1 + (n % 5) }] };
      const answer = await post(server, '/api/orders', body).catch(() => null); // it died
      if (answer?.status === 201) seen.taken.push(notes);
      else if (answer) seen.refused.push({ status: answer.status });
      else break;
    }
  };
  const all = Promise.all(Array.from({ length: CLIENTS }, (_, i) => one(i)));
  seen.stop = () => ((seen.over = true), all);
  seen.died = () => all;
  return seen;
}

const atLeast = async (what, n) => {
  for (let tries = 0; what() < n; tries++) {
    assert.ok(tries < 3000, `only ${what()} of ${n}`);
    await sleep(20);
  }
};

// What the disk has not taken is gone.
async function cut(p, disk) {
  await disk.server.stop('SIGKILL');
  const wal = `${p.db}-wal`;
  const had = fs.statSync(wal).size;
  fs.truncateSync(wal, Math.min(had, disk.number(0)));
  fs.rmSync(`${p.db}-shm`, { force: true });
  return had - disk.number(0);
}

function lost(p, taken) {
  const times = new Map();
  for (const [notes] of query(p.db, 'SELECT notes FROM orders')) times.set(notes, (times.get(notes) ?? 0) + 1);
  assert.ok([...times.values()].every((n) => n === 1), 'none is there twice');
  return taken.filter((notes) => !times.has(notes));
}

for (let round = 1; round <= (lib.LONG ? 40 : 3); round++)
  test(`a power cut among orders of ${CLIENTS} clients (${round})`, { skip }, async (t) => {
    const p = shop(t);
    const disk = await onDisk(t, p);
    const seen = ordering(p, disk.server);
    await atLeast(() => seen.taken.length, 40 * round);
    await sleep(Math.random() * 50); // in the middle of whatever is going on
    await cut(p, disk);
    await seen.died();
    const server = await serve(t, p.data); // opens and heals the file
    await post(server, '/api/orders', { store_id: p.stores[0], items: [{ product_id: p.products[0], quantity: 1 }] });
    await server.stop();
    assert.deepEqual(lost(p, seen.taken), []);
    assert.ok(disk.number(1) < seen.taken.length, 'several orders share a sync');
    sound(p);
  });

test('the same on a disk that lies: orders are lost, so the cut is one', { skip }, async (t) => {
  const p = shop(t);
  const disk = await onDisk(t, p, true);
  const seen = ordering(p, disk.server);
  await atLeast(() => seen.taken.length, 60);
  await cut(p, disk);
  await seen.died();
  assert.ok(lost(p, seen.taken).length >= 60);
});

test('a sync that fails: nothing of it is answered, and the rest only when all of it is safe', { skip }, async (t) => {
  const p = shop(t);
  const disk = await onDisk(t, p);
  const seen = ordering(p, disk.server);
  for (const failures of [1, 5]) {
    await atLeast(() => seen.taken.length, seen.taken.length + 50);
    const before = seen.refused.length;
    disk.failNext(failures);
    await atLeast(() => seen.refused.length - before, 1);
    await atLeast(() => -disk.number(2), 0);
  }
  await atLeast(() => seen.taken.length, seen.taken.length + 50);
  await cut(p, disk);
  await seen.died();
  assert.ok(seen.refused.every(({ status }) => status >= 500));
  assert.match(disk.server.log, /SYNC_FAILED.*the disk failed/);
  const server = await serve(t, p.data);
  await server.stop();
  assert.deepEqual(lost(p, seen.taken), []);
  sound(p);
});
