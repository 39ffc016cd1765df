// Power cuts and failing syncs (F2, F5), with a disk that says what it has taken (tests/fake/disk.c): of the WAL nothing is left
// but what a sync has taken that went well. Every order that was answered is there then, once; and headquarters has nothing that is gone.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import * as lib from './lib.mjs';
import { ok, outpost, place, query, serve, serveWith, sleep, sound } from './lib.mjs';
import { post } from './api.mjs';
import { importInvoices, invoiceFile, market } from './field.mjs';
import { startPostgres } from './postgres.mjs';

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
  fs.writeFileSync(ledger, Buffer.alloc(32));
  fs.writeFileSync(wrapper, `#!/bin/sh\nDISK_LEDGER=${ledger} LD_PRELOAD=${library} ${lies ? 'DISK_LIES=1 ' : ''}exec ${lib.OUTPOST} "$@"\n`, { mode: 0o755 });
  const server = await serveWith(wrapper, t, p.data, '--rate', '0');
  const put = (i, n) => {
    const fd = fs.openSync(ledger, 'r+');
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(n));
    fs.writeSync(fd, bytes, 0, 8, 8 * i);
    fs.closeSync(fd);
  };
  return {
    server,
    number: (i) => Number(fs.readFileSync(ledger).readBigInt64LE(8 * i)),
    failNext: (n) => put(2, n),
    slow: () => put(3, 1),
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

// Nobody has anything left to write: half a second without a sync.
async function quiet(disk) {
  for (let looks = 0, last = disk.number(1); looks < 25; looks++) {
    await sleep(20);
    if (disk.number(1) !== last) [looks, last] = [0, disk.number(1)];
  }
}

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

// A commit is seen by those who read a moment before the disk has it: here the moment lasts until the power goes.
test('headquarters never has what a power cut takes away here', { skip, timeout: 240_000 }, async (t) => {
  const hq = await startPostgres(t);
  const p = shop(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]);
  const there = (notes) => Number(hq.psql(`SELECT count(*) FROM outpost.orders WHERE notes = '${notes}'`));
  const order = (server, notes) => post(server, '/api/orders', { store_id: p.stores[0], notes, items: [{ product_id: p.products[0], quantity: 1 }] });
  const known = [];
  for (let round = 0; round < (lib.LONG ? 20 : 2); round++) {
    const [safe, unsafe] = [randomUUID(), randomUUID()];
    const disk = await onDisk(t, p);
    assert.equal((await order(disk.server, safe)).status, 201);
    await atLeast(() => there(safe), 1); // the line stands
    await quiet(disk);
    disk.slow();
    const before = disk.number(1);
    const answer = order(disk.server, unsafe).then(() => 'answered', () => 'died');
    await atLeast(() => disk.number(1) - before, 2); // the order, and who wants to send it
    assert.equal(there(unsafe), 0, 'headquarters has an order that is not on the disk');
    await cut(p, disk);
    assert.equal(await answer, 'died');
    ok(['sync', '--once', ...p.args]); // opens and heals the file
    known.push(safe);
    assert.deepEqual(lost(p, [...known, unsafe]), [unsafe]);
    assert.equal(there(unsafe), 0);
  }
  assert.equal(hq.psql('SELECT count(*) FROM outpost.origin'), '1', 'nobody thinks that the file went back');
  const verdict = outpost(['sync', 'verify', ...p.args, '--json']);
  assert.equal(verdict.code, 0, verdict.out + verdict.err);
  sound(p);
});
