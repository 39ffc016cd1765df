// What may go wrong between an edge and its headquarters: each has a sentence that says what to do, what was done meanwhile is
// kept, and when it is over everything is there once, without anybody's help. A real PostgreSQL, and a bad line in between.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startProxy } from '../fake/proxy.mjs';
import { post } from './api.mjs';
import { generate, importFile, json, LONG, ok, one, outpost, OUTPOST_TEST, place, query, random, refuses, serve, sleep, start } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

const EPISODES = LONG ? 200 : 20;
const KILLED = LONG ? 500 : 50;
let turn = 0;
const region = () => JSON.stringify({ list: 'regions', value: `Region ${++turn}` });
const work = (p) => ok(['record', 'save', 'reference_item', region(), ...p.args]);
const status = (p) => json(['sync', 'status', ...p.args]);
const role = (p) => one(p.db, 'SELECT role FROM sync_upstream');

async function enrolled(t, hq, port = hq.port) {
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const p = place(t);
  const made = await start(['upstream', 'enroll', '--dsn', hq.dsn({ port }), ...p.args]).ended;
  assert.equal(made.code, 0, made.err);
  return p;
}

// Every entry of the log is there, once, as it is here; batches follow each other without a gap.
function same(p, hq) {
  const here = query(p.db, 'SELECT seq, lower(hex(hash)) FROM change_log ORDER BY seq').map((row) => row.join('|'));
  assert.deepEqual(hq.psql("SELECT seq, encode(hash, 'hex') FROM outpost.change_log ORDER BY origin, seq").split('\n'), here);
  assert.equal(hq.psql('SELECT count(*) FROM (SELECT origin, lane, sequence - row_number() OVER (PARTITION BY origin, lane ORDER BY sequence) AS gap FROM outpost.batch) b WHERE gap <> 0'), '0');
  assert.deepEqual(
    hq.psql("SELECT value FROM outpost.reference_item WHERE value LIKE 'Region %' ORDER BY id").split('\n'),
    query(p.db, "SELECT value FROM reference_item WHERE value LIKE 'Region %' ORDER BY id").map(([value]) => value),
  );
}

// What is broken at headquarters, how it is told, and how it heals; state as in GET /api/sync.
const FAULTS = [
  {
    name: 'another authority: somebody may be in between',
    state: 'refused',
    pattern: /certificate is not from the authority/,
    break: (hq, p, kept) => { kept.ca = fs.readFileSync(hq.ca); fs.copyFileSync(hq.otherCa, hq.ca); },
    heal: (hq, p, kept) => fs.writeFileSync(hq.ca, kept.ca),
  },
  {
    name: 'the password was changed',
    state: 'refused',
    pattern: /refused this edge's password/,
    break: (hq, p, kept) => {
      kept.word = hq.psql(`SELECT rolpassword FROM pg_authid WHERE rolname = '${role(p)}'`);
      hq.psql(`ALTER ROLE ${role(p)} PASSWORD 'another'`);
    },
    heal: (hq, p, kept) => hq.psql(`ALTER ROLE ${role(p)} PASSWORD '${kept.word}'`),
  },
  {
    name: 'the edge was revoked, and is enrolled again',
    state: 'refused',
    pattern: /revoked/,
    break: (hq, p) => ok(['upstream', 'revoke', '--dsn', hq.dsn(), '--edge', one(p.db, 'SELECT edge_id FROM sync_upstream')]),
    heal: (hq, p) => ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]),
  },
  {
    name: 'the server is dead',
    state: 'waiting',
    pattern: /cannot be reached/,
    break: (hq) => hq.stop('immediate'),
    heal: (hq) => hq.start(),
  },
  {
    name: 'the database is read-only',
    state: 'waiting',
    pattern: /read-only/,
    break: (hq) => { hq.psql('ALTER SYSTEM SET default_transaction_read_only = on'); hq.psql('SELECT pg_reload_conf()'); },
    heal: (hq) => { hq.psql('ALTER SYSTEM RESET default_transaction_read_only', { options: '-c default_transaction_read_only=off' }); hq.psql('SELECT pg_reload_conf()'); },
  },
  {
    name: 'the disk is full',
    state: 'waiting',
    pattern: /the disk at headquarters is full/,
    break: (hq) => hq.psql(`CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'no space'; END$$;
      CREATE TRIGGER full_disk BEFORE INSERT ON outpost.change_log FOR EACH STATEMENT EXECUTE FUNCTION public.full()`),
    heal: (hq) => hq.psql('DROP FUNCTION public.full() CASCADE'),
  },
  {
    name: 'the schema is older than the program',
    state: 'waiting',
    pattern: /outpost upstream init/,
    break: (hq) => hq.psql('ALTER TABLE outpost.batch RENAME TO batch_later'),
    heal: (hq) => hq.psql('ALTER TABLE outpost.batch_later RENAME TO batch'),
  },
  {
    name: 'no connection is left',
    state: 'waiting',
    pattern: /no connection left/,
    break: (hq, p) => hq.psql(`ALTER ROLE ${role(p)} CONNECTION LIMIT 0`),
    heal: (hq, p) => hq.psql(`ALTER ROLE ${role(p)} CONNECTION LIMIT -1`),
  },
];

test('whatever is wrong has a sentence, and nothing is lost by it', { timeout: 600e3 }, async (t) => {
  const hq = await startPostgres(t);
  const p = await enrolled(t, hq);
  ok(['sync', '--once', ...p.args]);
  for (const fault of FAULTS) {
    await t.test(fault.name, async () => {
      const kept = {};
      await fault.break(hq, p, kept);
      work(p);
      refuses(['sync', '--once', ...p.args], fault.pattern);
      const bad = status(p);
      assert.equal(bad.state, fault.state);
      assert.match(bad.error.sentence, fault.pattern);
      assert.match(bad.sentence, /headquarters holds everything up to/);
      assert.ok(!JSON.stringify(bad).includes('password='), 'no password is told');
      assert.equal(bad.lanes[0].behind_rows > 0, true);
      const told = json(['alerts', 'list', '--kind', 'sync', ...p.args]);
      assert.deepEqual(told.map((a) => [a.subject, a.state, a.severity]), fault.state === 'refused' ? [['headquarters', 'refused', 'critical']] : []);
      await fault.heal(hq, p, kept);
      ok(['sync', '--once', ...p.args]);
      const good = status(p);
      assert.deepEqual([good.state, good.error, good.forecast.rows], ['up to date', null, 0]);
      assert.deepEqual(json(['alerts', 'list', '--kind', 'sync', ...p.args]), [], 'it is settled by itself');
      same(p, hq);
    });
  }
  await t.test('a day without headquarters is told to people', async () => {
    const clock = path.join(p.dir, 'clock');
    const at = (hours) => (fs.writeFileSync(clock, String(hours * 3600e6)), { binary: OUTPOST_TEST, env: { OUTPOST_CLOCK: clock } });
    const told = () => json(['alerts', 'list', '--kind', 'sync', ...p.args], at(0)).map((a) => a.state);
    await hq.stop('immediate');
    refuses(['sync', '--once', ...p.args], /cannot be reached/, 75, at(0));
    refuses(['sync', '--once', ...p.args], /cannot be reached/, 75, at(23));
    assert.deepEqual(told(), []);
    refuses(['sync', '--once', ...p.args], /cannot be reached/, 75, at(25));
    assert.deepEqual(told(), ['unreached']);
    await hq.start();
    ok(['sync', '--once', ...p.args]);
    assert.deepEqual(told(), []);
    same(p, hq);
  });
  await t.test('a newer schema is no obstacle', () => {
    hq.psql("UPDATE outpost.hq SET version = version + 5; ALTER TABLE outpost.reference_item ADD COLUMN colour text DEFAULT 'red'");
    work(p);
    ok(['sync', '--once', ...p.args]);
    same(p, hq);
  });
  await t.test('a link that is metered takes so much a day, and the log alone', () => {
    ok(['sync', 'metered', '100', ...p.args]);
    work(p);
    ok(['sync', '--once', ...p.args]);
    work(p);
    ok(['sync', '--once', ...p.args]);
    const left = status(p);
    assert.deepEqual([left.metered.left_today, left.state], [0, 'sending']);
    assert.ok(left.forecast.rows > 0);
    refuses(['sync', 'metered', 'some', ...p.args], /bytes a day/);
    ok(['sync', 'metered', 'off', ...p.args]);
    ok(['sync', '--once', ...p.args]);
    same(p, hq);
  });
  await t.test('paused, it does nothing', () => {
    ok(['sync', 'pause', ...p.args]);
    work(p);
    refuses(['sync', '--once', ...p.args], /paused/, 5);
    assert.equal(status(p).state, 'paused');
    ok(['sync', 'resume', ...p.args]);
    ok(['sync', '--once', ...p.args]);
    same(p, hq);
  });
});

// A file system of one megabyte for one table of headquarters; it takes root.
test('a disk that is really full: it is said, nothing is lost, and with room it goes on', { skip: process.getuid() !== 0 && 'it takes root', timeout: 300e3 }, async (t) => {
  const hq = await startPostgres(t);
  const p = await enrolled(t, hq);
  ok(['sync', '--once', ...p.args]);
  const small = path.join(hq.dir, 'small');
  const { uid, gid } = fs.statSync(path.join(hq.dir, 'data'));
  fs.mkdirSync(small);
  const mount = (...args) => spawnSync('mount', args, { encoding: 'utf8' });
  const made = mount('-t', 'tmpfs', '-o', `size=1m,uid=${uid},gid=${gid},mode=700`, 'tmpfs', small);
  if (made.status !== 0) return t.skip(`nothing can be mounted here: ${made.stderr}`);
  try {
    hq.psql(`CREATE TABLESPACE small LOCATION '${small}'`);
    hq.psql('ALTER TABLE outpost.sale SET TABLESPACE small');
    importFile(p, generate(p.dir, 20_000, 1).file);
    work(p);
    refuses(['sync', '--once', ...p.args], /the disk at headquarters is full: somebody must make room there; nothing is lost here/);
    const bad = status(p);
    assert.equal(bad.state, 'waiting');
    // What people did is there; the rows of the file wait.
    assert.equal(hq.psql(`SELECT count(*) FROM outpost.reference_item WHERE value = 'Region ${turn}'`), '1');
    assert.ok(bad.lanes[1].behind_rows > 0);
    assert.equal(mount('-o', 'remount,size=64m', small).status, 0);
    ok(['sync', '--once', ...p.args]);
    assert.deepEqual([status(p).state, status(p).error], ['up to date', null]);
    same(p, hq);
    ok(['sync', 'verify', ...p.args]);
  } finally {
    await hq.stop('immediate');
    spawnSync('umount', [small]);
  }
});

const until = async (what, holds) => {
  for (const begun = Date.now(); !(await holds()); await sleep(50)) assert.ok(Date.now() - begun < 120_000, `two minutes later it is still not so: ${what}`);
};

test('a line that cuts, swallows, delays and trickles, and a server that ends connections: it goes on by itself', { timeout: LONG ? 3600e3 : 600e3 }, async (t) => {
  const hq = await startPostgres(t);
  const line = await startProxy(t, hq.port);
  const p = await enrolled(t, hq, line.port);
  const server = await serve(t, p.data, '--rate', '0');
  const { below } = random(7);
  const state = async () => (await (await fetch(`${server.base}/api/sync`)).json()).data;
  const write = async () => {
    const made = await post(server, '/api/records/reference_item', region(), { 'Content-Type': 'application/json' });
    assert.equal(made.status, 201, made.text);
  };
  const drained = () => until('all is there', async () => {
    await post(server, '/api/sync/now');
    return (await state()).state === 'up to date';
  });
  await drained();

  await t.test('another process is told that a server does it', async () => {
    const other = await start(['sync', '--once', ...p.args]).ended;
    assert.equal(other.code, 75);
    assert.match(other.err, /another process replicates this tenant/);
  });
  await t.test('cut at any byte, either way', async () => {
    for (let i = 0; i < EPISODES; i++) {
      line.cut({ way: below(2) ? 'up' : 'down', after: below(20_000) });
      line.break();
      await write();
      await post(server, '/api/sync/now');
      if (below(3) === 0) await drained();
    }
    line.heal();
    await drained();
    same(p, hq);
  });
  await t.test('backends terminated', async () => {
    for (let i = 0; i < KILLED; i++) {
      await write();
      hq.psql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role(p)}'`);
      if (below(3) === 0) await drained();
    }
    await drained();
    same(p, hq);
  });
  await t.test('slow, and byte by byte', async () => {
    line.delay(LONG ? 1000 : 20);
    line.break();
    await write();
    await drained();
    line.heal();
    line.trickle(true);
    line.break();
    await write();
    await drained();
    line.heal();
    same(p, hq);
  });
  await t.test('killed in the middle', async () => {
    for (let i = 0; i < (LONG ? 20 : 1); i++) {
      await write();
      await hq.stop('immediate');
      await write();
      await until('it is told', async () => (await state()).error !== null);
      await hq.start();
      await drained();
    }
    same(p, hq);
  });
  await t.test('a line that is rejected, then there again', async () => {
    line.reject(true);
    line.break();
    await write();
    await until('it waits', async () => (await state()).state === 'waiting');
    line.heal();
    await drained();
    same(p, hq);
  });
  if (LONG)
    await t.test('half open: what headquarters says vanishes; noticed within half a minute, and writers do not wait', async () => {
      line.half('down');
      await write();
      const begun = Date.now();
      await until('it is noticed', async () => {
        const asked = Date.now();
        await write();
        assert.ok(Date.now() - asked < 5000, 'the writer waited for headquarters');
        await sleep(500);
        return (await state()).state === 'waiting';
      });
      assert.ok(Date.now() - begun < 60_000);
      line.heal();
      line.break();
      await drained();
      same(p, hq);
    });
  const stopped = await server.stop();
  assert.equal(stopped.code, 0, server.log);
});

test('two places and headquarters by hand change the same records over lines that are cut: one state in the end, and no loser is lost', { timeout: LONG ? 3600e3 : 600e3 }, async (t) => {
  const FIELDS = ['category', 'brand', 'notes'];
  const hq = await startPostgres(t);
  const places = [];
  for (const n of [1, 2]) {
    const line = await startProxy(t, hq.port);
    const p = n === 1 ? await enrolled(t, hq, line.port) : place(t);
    if (n === 2) {
      const made = await start(['upstream', 'enroll', '--dsn', hq.dsn({ port: line.port }), '--organization', 'demo', '--name', 'second', ...p.args]).ended;
      assert.equal(made.code, 0, made.err);
    }
    places.push({ p, line, who: `place ${n}`, server: await serve(t, p.data, '--rate', '0') });
  }
  const ask = async (at, method, address, object) => {
    const reply = await fetch(`${at.server.base}${address}`, { method, headers: { 'content-type': 'application/json' }, body: object && JSON.stringify(object) });
    return { status: reply.status, ...(await reply.json()) };
  };
  const now = (at) => ask(at, 'POST', '/api/sync/now');
  const rows = (at) => query(at.p.db, `SELECT id, ${FIELDS}, version FROM products ORDER BY id`).map((row) => row.map((cell) => cell ?? ''));
  const there = () => hq.rows(`SELECT id, ${FIELDS}, version FROM outpost.products ORDER BY id`);
  const even = () => until('all have the same', async () => {
    for (const at of places) await now(at);
    const all = there();
    return places.every((at) => JSON.stringify(rows(at)) === JSON.stringify(all)) && (await Promise.all(places.map((at) => ask(at, 'GET', '/api/sync')))).every((one) => one.data.state === 'up to date');
  });
  for (const name of ['one', 'two', 'three']) assert.equal((await ask(places[0], 'POST', '/api/products', { name })).status, 201);
  await even();

  const made = [];
  const { below } = random(11);
  const person = hq.session();
  for (let step = 0; step < (LONG ? 1000 : 80); step++) {
    const at = places[below(2)];
    const list = rows(at);
    const row = list[below(list.length)];
    const k = below(FIELDS.length);
    const note = (who, base) => (made.push({ id: row[0], field: FIELDS[k], who, base, value: `${FIELDS[k]} ${step} of ${who}` }), made.at(-1).value);
    const dice = below(100);
    if (dice < 15) {
      at.line.cut({ way: below(2) ? 'up' : 'down', after: below(20_000) });
      at.line.break();
      await now(at);
    } else if (dice < 35) {
      // Only where it is still what he saw. Not by a call that blocks: a place may hold the row, and its line is in this process.
      const base = await person.ask(`SELECT ${FIELDS[k]} FROM outpost.products WHERE id = '${row[0]}'`);
      const value = note('headquarters', base);
      if (!(await person.ask(`UPDATE outpost.products SET ${FIELDS[k]} = '${value}' WHERE id = '${row[0]}' AND coalesce(${FIELDS[k]}, '') = '${base}' RETURNING id`))) made.pop();
    } else {
      const version = Number(row.at(-1));
      const value = note(at.who, row[1 + k]);
      const { status } = await ask(at, 'PATCH', `/api/products/${row[0]}`, { [FIELDS[k]]: value, version });
      if (status !== 200) made.pop(); // somebody else's change came down meanwhile
    }
  }
  await person.end();
  for (const at of places) at.line.heal();
  await even();

  const listed = new Set(hq.rows("SELECT lost #>> '{}' FROM outpost.conflict").flat());
  const shows = new Set(there().flat());
  const built = new Set(made.map((m) => m.base));
  const wentOn = (m) => made.some((x) => x.id === m.id && x.field === m.field && x.who === m.who && x !== m && made.indexOf(x) > made.indexOf(m));
  assert.deepEqual(made.filter((m) => ![shows, built, listed].some((set) => set.has(m.value)) && !wentOn(m)), []);
  for (const at of places) {
    assert.equal((await at.server.stop()).code, 0, at.server.log);
    const verified = await start(['sync', 'verify', ...at.p.args]).ended;
    assert.equal(verified.code, 0, verified.err + verified.out);
  }
  t.diagnostic(`${made.length} edits, ${listed.size} lost values, ${places.map((at) => at.line.count).join(' and ')} connections`);
});

test('a server stops at once while headquarters hangs', { timeout: 300e3 }, async (t) => {
  const hq = await startPostgres(t);
  const line = await startProxy(t, hq.port);
  const p = await enrolled(t, hq, line.port);
  line.half('down');
  const server = await serve(t, p.data);
  await until('it dials', () => line.bytes.up > 0);
  const begun = Date.now();
  assert.equal((await server.stop()).code, 0);
  assert.ok(Date.now() - begun < 8000, 'it waited for headquarters');
  assert.equal(outpost(['verify', ...p.args]).code, 0);
});

test('while headquarters hangs, no old state of the file is held: the WAL can begin anew', { timeout: 300e3 }, async (t) => {
  const hq = await startPostgres(t);
  const line = await startProxy(t, hq.port);
  const p = await enrolled(t, hq, line.port);
  const server = await serve(t, p.data);
  await until('it is up to date', () => status(p).state === 'up to date');
  line.half('down');
  const before = line.bytes.up;
  const began = Date.now();
  work(p);
  for (let i = 0; i < 50 && line.bytes.up === before; i++) await sleep(100); // or it waited for an answer already
  await until('nobody reads what was before', () => query(p.db, 'PRAGMA wal_checkpoint(TRUNCATE)')[0][0] === '0');
  assert.ok(Date.now() - began < 25_000, 'it was held until the silence was noticed');
  line.heal();
  line.break();
  await until('it arrives', () => hq.psql(`SELECT count(*) FROM outpost.reference_item WHERE value = 'Region ${turn}'`) === '1');
  assert.equal((await server.stop()).code, 0);
});
