// What headquarters holds can be proven: chain, roots, seals and receipts name what was touched; both sides are compared row by
// row; a file that went back in time, a twin and clocks that are wrong lose nothing and disturb nothing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { copyPlace, generate, json, LONG, ok, one, OUTPOST_TEST, outpost, place, query, refuses, ROOT, serve } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

// A tenant that is enrolled at a headquarters of its own.
async function enrolled(t) {
  const hq = await startPostgres(t);
  const p = place(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]);
  return { hq, p };
}

const save = (p, entity, object, options) => JSON.parse(ok(['record', 'save', entity, JSON.stringify(object), ...p.args], options)).id;
const sync = (p, options) => ok(['sync', '--once', ...p.args], options);
const load = (p, file) => ok(['import', file, '--as', 'sales', ...p.args]);
const move = (p, quantity) => ok(['stock', 'adjust', 'A-1', 'WAREHOUSE-001', String(quantity), ...p.args]);

function verified(p) {
  const ended = outpost(['sync', 'verify', ...p.args, '--json']);
  assert.ok(ended.out, ended.err);
  return { code: ended.code, ...JSON.parse(ended.out) };
}

function same(p) {
  const verdict = verified(p);
  assert.deepEqual([verdict.code, verdict.same, verdict.first, verdict.seals, verdict.not_sent, verdict.rows_not_sent], [0, true, null, [], 0, 0], verdict.sentence);
  return verdict;
}

const CHECKS = `SELECT 'entry', c.seq, c.problem FROM outpost.origin o, outpost.check_chain(o.organization_id, o.origin) c
UNION ALL SELECT b.lane, b.sequence, b.problem FROM outpost.origin o, outpost.check_batches(o.organization_id, o.origin) b`;

test('what was changed, removed or cut off at headquarters is located, and both sides are compared', { timeout: 180_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  save(p, 'store', { customer_id: 'C-1', name: 'Ünï "shop"\t\\1', city: 'A' });
  load(p, generate(p.dir, 1500, 1, 20).file);
  move(p, 5);
  const before = verified(p);
  assert.equal(before.code, 0);
  assert.ok(before.not_sent > 0);
  assert.match(before.sentence, /entries of the log and \d+ rows are not sent yet/);
  sync(p);
  const verdict = same(p);
  const rows = Object.fromEntries(verdict.tables.map((x) => [x.table, x.rows]));
  assert.equal(rows.change_log, Number(one(p.db, 'SELECT count(*) FROM change_log')));
  assert.equal(rows.sale, Number(one(p.db, 'SELECT count(*) FROM sale')));
  assert.equal(rows.reject, Number(one(p.db, 'SELECT count(*) FROM reject')));
  assert.equal(rows.raw_chunk, Number(one(p.db, 'SELECT count(*) FROM raw_chunk')));

  // Receipts came back, and they are headquarters' own.
  assert.equal(one(p.db, 'SELECT count(*) FROM sync_batch WHERE receipt IS NULL'), '0');
  const kept = query(p.db, 'SELECT lane, sequence, lower(hex(hash)), lower(hex(receipt)) FROM sync_batch ORDER BY 1, 2');
  assert.deepEqual(kept, hq.rows("SELECT lane, sequence, encode(hash, 'hex'), encode(receipt, 'hex') FROM outpost.batch ORDER BY 1, 2"));
  const role = one(p.db, 'SELECT role FROM sync_upstream');
  assert.equal(hq.psql('SELECT count(*) FROM outpost.batch b WHERE NOT outpost_seal.receipt_holds(b)'), '0');
  assert.equal(hq.psql("SELECT has_table_privilege('" + role + "', 'outpost_seal.key', 'SELECT') OR has_function_privilege('" + role + "', 'outpost_seal.hmac(bytea)', 'EXECUTE')"), 'f');

  // Whoever is allowed to do everything there touches something, and it is named.
  assert.equal(hq.psql(CHECKS), '');
  const found = (sql) => hq.psql(`BEGIN; SET session_replication_role = replica; ${sql}; ${CHECKS}; ROLLBACK`);
  const last = Number(one(p.db, 'SELECT max(seq) FROM change_log'));
  for (const [sql, pattern] of [
    ["UPDATE outpost.change_log SET text = text || '.' WHERE seq = 3", /entry\|3\|entry 3 was changed[\s\S]*log\|1\|batch 1 of lane log: block 1, of change_log/],
    ['DELETE FROM outpost.change_log WHERE seq = 3', /entry\|3\|entry 3 is missing/],
    [`DELETE FROM outpost.change_log WHERE seq = ${last}`, new RegExp(`entry\\|${last}\\|the log ends with entry ${last - 1}, and headquarters had received up to ${last}`)],
    ["UPDATE outpost.sale SET region = region || 'x' WHERE record = 700", /rows\|\d+\|batch \d+ of lane rows: block \d+, of sale, 1, .* is not what was signed: it held 256 rows, and holds 256/],
    ['DELETE FROM outpost.sale WHERE record = 700', /block \d+, of sale/],
    ['UPDATE outpost.reject SET line = line + 1 WHERE record = (SELECT min(record) FROM outpost.reject)', /of reject/],
    ["UPDATE outpost.stock_transactions SET quantity = 6", /block \d+, of stock_transactions, 1 to 1,/],
    ['TRUNCATE outpost.raw_chunk', /raw\|1\|batch 1 of lane raw: block 1, of raw_chunk.* it held 1 rows, and holds 0/],
    ["DELETE FROM outpost.batch WHERE lane = 'log' AND sequence = 1", /log\|1\|lane log ends with batch 0, and had 1/],
    ["UPDATE outpost.batch SET row_count = row_count - 1 WHERE lane = 'rows' AND sequence = 1", /rows\|1\|batch 1 of lane rows was changed/],
    ["UPDATE outpost.batch SET receipt = sha256(receipt) WHERE lane = 'raw'", /raw\|1\|the receipt of batch 1 of lane raw was not given by headquarters/],
    ["UPDATE outpost.batch SET received_at = received_at - interval '1 day' WHERE lane = 'raw'", /raw\|1\|the receipt/],
  ])
    assert.match(found(sql), pattern, sql);

  // An auditor with node alone comes to the same.
  const receipts = path.join(p.dir, 'receipts');
  fs.writeFileSync(receipts, kept.map((row) => row.join('|')).join('\n'));
  const audit = () => spawnSync('node', [path.join(ROOT, 'tests/proof/hq.mjs'), hq.dsn(), '1', '--receipts', receipts], { encoding: 'utf8', timeout: 60_000 });
  const sound = audit();
  assert.equal(sound.status, 0, sound.stdout + sound.stderr);
  assert.match(sound.stdout, new RegExp(`: ${last} entries\n.*: ${kept.length} batches\n$`));
  // One who has no access gets a file, and comes to the same; somebody who changes a row in it is found out.
  const hqmjs = (...more) => spawnSync('node', [path.join(ROOT, 'tests/proof/hq.mjs'), ...more], { encoding: 'utf8', timeout: 60_000 });
  const carried = path.join(p.dir, 'carried');
  assert.equal(hqmjs(hq.dsn(), '--export', carried).status, 0);
  const apart = hqmjs(carried, '1', '--receipts', receipts);
  assert.deepEqual([apart.status, apart.stdout], [0, sound.stdout], apart.stderr);
  const lines = fs.readFileSync(carried, 'utf8');
  for (const [from, to, pattern] of [[/"kind":"entry"(.*?)"count":"\d+"/, '"kind":"entry"$1"count":"77"', /BROKEN.*entry 1 was changed/], [/("table":"sale".*?"rows":\[\[.*?)North/, '$1Nord', /BROKEN.*of lane rows: block \d+ of sale/]]) {
    assert.match(lines, from);
    fs.writeFileSync(carried, lines.replace(from, to));
    const ended = hqmjs(carried);
    assert.equal(ended.status, 1, ended.stderr);
    assert.match(ended.stdout, pattern);
  }
  const audited = (sql, pattern) => {
    hq.psql(`SET session_replication_role = replica; ${sql}`);
    const ended = audit();
    assert.equal(ended.status, 1, ended.stderr);
    assert.match(ended.stdout, pattern);
  };
  audited('UPDATE outpost.change_log SET count = count + 1 WHERE seq = 4', /BROKEN {2}.*: entry 4 was changed/);
  hq.psql('SET session_replication_role = replica; UPDATE outpost.change_log SET count = count - 1 WHERE seq = 4');
  audited("UPDATE outpost.batch SET signature = sha256('') WHERE lane = 'raw'", /batch 1 of lane raw was not signed by this edge/);
  audited("DELETE FROM outpost.batch WHERE lane = 'raw'; UPDATE outpost.lane SET sequence = 0 WHERE lane = 'raw'", /gave a receipt for batch raw 1, and does not hold it/);

  // The same from the edge, which knows what should stand there.
  const tamper = (sql, text) => {
    hq.psql(`SET session_replication_role = replica; ${sql}`);
    const bad = verified(p);
    assert.deepEqual([bad.code, bad.same], [1, false]);
    assert.match(bad.first.text, text);
    return bad;
  };
  const key = one(p.db, 'SELECT key FROM sale ORDER BY key LIMIT 1 OFFSET 400');
  const region = one(p.db, `SELECT t.text FROM sale s JOIN term t ON t.id = s.region WHERE s.key = '${key}'`);
  tamper(`UPDATE outpost.stores SET city = 'Z'`, /^stores .*: city is A here and Z at headquarters$/);
  tamper(`UPDATE outpost.sale SET region = 'X' WHERE key = '${key}'`, new RegExp(`^sale 1, ${key}: region is ${region} here and X at headquarters$`));
  const bad = tamper(`DELETE FROM outpost.sale WHERE key = '${key}'`, new RegExp(`^sale 1, ${key} is here only$`));
  assert.ok(bad.seals.some((text) => /of sale/.test(text)));
  tamper(`INSERT INTO outpost.reject SELECT (json_populate_record(r, '{"record":0}')).* FROM outpost.reject r LIMIT 1`, /^reject 1, 0 is at headquarters only$/);
});

test('a backup that was put back opens an epoch and fetches back what it lost; a copied folder goes its own way', { timeout: 240_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  const [first, lost, later] = [generate(p.dir, 800, 1).file, generate(p.dir, 1200, 2).file, generate(p.dir, 400, 3).file];
  const a = save(p, 'store', { customer_id: 'C-1', name: 'one', city: 'A' });
  load(p, first);
  sync(p);
  ok(['backup', 'create', '--out', path.join(p.dir, 'old.db'), ...p.args]);

  const b = save(p, 'store', { customer_id: 'C-2', name: 'two' });
  const twice = save(p, 'store', { customer_id: 'C-4', name: 'earlier four' });
  save(p, 'store', { id: a, city: 'B' });
  load(p, lost);
  move(p, 5);
  sync(p);
  const had = query(p.db, 'SELECT key FROM sale ORDER BY key').flat();
  const held = hq.rows('SELECT seq, encode(hash, \'hex\') FROM outpost.change_log WHERE origin = 1 ORDER BY seq');

  ok(['backup', 'restore', path.join(p.dir, 'old.db'), ...p.args]);
  assert.equal(one(p.db, `SELECT count(*) FROM stores WHERE id = '${b}'`), '0');
  const c = save(p, 'store', { customer_id: 'C-3', name: 'three' });
  const again = save(p, 'store', { customer_id: 'C-4', name: 'later four' });
  save(p, 'store', { id: a, name: 'ONE' });
  load(p, later);
  move(p, 2);
  sync(p);
  same(p);

  // Nothing that headquarters held is gone or another.
  assert.deepEqual(hq.rows('SELECT seq, encode(hash, \'hex\') FROM outpost.change_log WHERE origin = 1 ORDER BY seq'), held);
  const backup = Number(one(path.join(p.dir, 'old.db'), 'SELECT max(seq) FROM change_log'));
  assert.deepEqual(hq.rows('SELECT origin, epoch, fork_seq FROM outpost.origin ORDER BY origin'), [['1', '1', ''], ['2', '2', String(backup)]]);
  assert.equal(hq.psql(CHECKS), '');
  // Nor here: records, rows, movements are all there, of both times.
  const names = () => Object.fromEntries(query(p.db, 'SELECT id, customer_id || \'|\' || name || \'|\' || coalesce(city, \'\') FROM stores'));
  const wanted = { [a]: 'C-1|ONE|B', [b]: 'C-2|two|', [c]: 'C-3|three|', [twice]: 'C-4 (2)|earlier four|', [again]: 'C-4|later four|' };
  assert.deepEqual(names(), wanted);
  assert.deepEqual(Object.fromEntries(hq.rows("SELECT id, customer_id || '/' || name || '/' || coalesce(city, '') FROM outpost.stores").map(([id, text]) => [id, text.replaceAll('/', '|')])), wanted);
  const keys = new Set(query(p.db, 'SELECT key FROM sale').flat());
  assert.deepEqual(had.filter((k) => !keys.has(k)), []);
  assert.equal(Number(hq.psql('SELECT count(*) FROM outpost.clean_sales')), keys.size);
  assert.equal(one(p.db, 'SELECT sum(quantity) FROM stock_transactions'), '70000');
  assert.match(one(p.db, "SELECT text FROM alert WHERE kind = 'sync_epoch'"), /an older copy of the file.* went on.*1 runs, 1 movements/);
  assert.match(one(p.db, "SELECT text FROM alert WHERE kind = 'sync_number'"), /Both are there; the earlier one is called C-4 \(2\) now/);
  assert.equal(verified(p).code, 0);
  assert.equal(outpost(['verify', ...p.args]).code, 0);

  // It goes on in its epoch; a second time is no third one.
  save(p, 'store', { id: c, city: 'C' });
  sync(p);
  assert.equal(hq.psql('SELECT count(*) FROM outpost.origin'), '2');
  same(p);

  // A copied folder, keys and all: whoever comes second moves away, and both go on.
  const twin = copyPlace(p, 'twin');
  const here = save(p, 'store', { customer_id: 'C-5', name: 'here' });
  const there = save(twin, 'store', { customer_id: 'C-6', name: 'there' });
  sync(p);
  sync(twin);
  sync(p);
  assert.deepEqual(hq.rows('SELECT origin, epoch FROM outpost.origin ORDER BY origin'), [['1', '1'], ['2', '2'], ['3', '3']]);
  assert.equal(one(twin.db, `SELECT name FROM stores WHERE id = '${here}'`), 'here');
  assert.equal(hq.psql(`SELECT count(*) FROM outpost.stores WHERE id IN ('${here}', '${there}')`), '2');
  save(p, 'store', { id: here, city: 'H' });
  save(twin, 'store', { id: there, city: 'T' });
  sync(twin);
  sync(p);
  assert.equal(hq.psql('SELECT count(*) FROM outpost.origin'), '3');
  assert.equal(hq.psql(`SELECT string_agg(city, ',' ORDER BY city) FROM outpost.stores WHERE id IN ('${here}', '${there}')`), 'H,T');
  assert.equal(hq.psql(CHECKS), '');
});

test('taken back to a time: it says that headquarters gives it back, wants to be told twice, and says so until then', { timeout: 240_000 }, async (t) => {
  const { p } = await enrolled(t);
  const clock = path.join(p.dir, 'clock');
  const at = (minutes) => (fs.writeFileSync(clock, String(minutes * 60e6)), { binary: OUTPOST_TEST, env: { OUTPOST_CLOCK: clock } });
  save(p, 'store', { customer_id: 'C-1', name: 'one' });
  sync(p);
  const moment = new Date(Date.now() + 60e3).toISOString().slice(0, 19);
  save(p, 'store', { customer_id: 'C-2', name: 'two' }, at(5));
  save(p, 'store', { customer_id: 'C-3', name: 'three' }, at(5));
  sync(p, at(5));
  const head = one(p.db, 'SELECT max(seq) FROM change_log');
  refuses(['backup', 'restore', '--at', moment, ...p.args], /headquarters holds what would be taken back.*undo.*--force/, 5, at(6));
  assert.equal(one(p.db, 'SELECT max(seq) FROM change_log'), head, 'nothing was done');
  const answer = json(['backup', 'restore', '--at', moment, '--force', ...p.args], at(6));
  assert.equal(answer.comes_back, true);
  assert.equal(one(p.db, 'SELECT count(*) FROM stores'), '1');
  const status = () => json(['sync', 'status', ...p.args], at(6));
  assert.match(status().sentence, /^the file was put back at .*: \d+ entries that headquarters holds come back with the next sync$/);
  assert.notEqual(status().put_back_at, null);
  sync(p, at(6));
  assert.equal(one(p.db, 'SELECT count(*) FROM stores'), '3');
  assert.equal(status().put_back_at, null);
  assert.match(status().sentence, /headquarters holds everything up to/);
  same(p);
});

test('killed anywhere while it comes back, all of it comes back', { timeout: 240_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  const a = save(p, 'store', { customer_id: 'C-1', name: 'one', city: 'A' });
  const pen = save(p, 'product', { name: 'Pen', sku: 'PEN', unit_price: '2.50' });
  // Without the line: a server would bring back by itself what this test wants to be killed at.
  const order = async () => {
    await hq.stop();
    const server = await serve(t, p.data);
    const reply = await fetch(`${server.base}/api/orders`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ store_id: a, items: [{ product_id: pen, quantity: 3 }] }) });
    assert.equal(reply.status, 201);
    await server.stop();
    await hq.start();
    return (await reply.json()).data;
  };
  sync(p);
  ok(['backup', 'create', '--out', path.join(p.dir, 'old.db'), ...p.args]);
  save(p, 'store', { id: a, city: 'B' });
  save(p, 'store', { customer_id: 'C-4', name: 'earlier' });
  const first = await order();
  load(p, generate(p.dir, 300, 2).file);
  move(p, 5);
  sync(p);
  const had = one(p.db, 'SELECT group_concat(key) FROM (SELECT key FROM sale ORDER BY key)');
  ok(['backup', 'restore', path.join(p.dir, 'old.db'), ...p.args]);
  save(p, 'store', { customer_id: 'C-4', name: 'later' });
  move(p, 2);
  const second = await order();
  assert.deepEqual([first.number, second.number], ['SO-0000001', 'SO-0000001']);
  let killed = 0;
  for (let n = LONG ? 1 : 3; n < 2000; n = Math.ceil(LONG ? n + 1 : n * 1.5)) {
    const ended = outpost(['sync', '--once', ...p.args], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    if (!ended.signal && ended.code === 0) break;
    assert.equal(ended.signal, 'SIGKILL', ended.err);
    killed++;
  }
  assert.ok(killed > 4, `killed ${killed} times`);
  sync(p);
  same(p);
  assert.equal(one(p.db, 'SELECT group_concat(key) FROM (SELECT key FROM sale ORDER BY key)'), had);
  assert.equal(one(p.db, "SELECT group_concat(s) FROM (SELECT customer_id || ' ' || name || ' ' || coalesce(city, '') AS s FROM stores ORDER BY 1)"), 'C-1 one B,C-4 (2) earlier ,C-4 later ');
  assert.equal(one(p.db, 'SELECT sum(quantity) FROM stock_transactions'), '70000');
  assert.equal(hq.psql(CHECKS), '');
  // An order comes back with its lines, beside the one that has its number now, and numbers go on.
  assert.deepEqual(query(p.db, 'SELECT o.number, o.id, count(*) FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY 1 ORDER BY 1'), [['SO-0000001', second.id, '1'], ['SO-0000001 (2)', first.id, '1']]);
  assert.equal((await order()).number, 'SO-0000002');
  assert.equal(outpost(['verify', ...p.args]).code, 0);
});

test('clocks in 1970, ten years ahead and a day behind do not disturb the order, and are told', { timeout: 180_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  const clock = path.join(p.dir, 'clock');
  const options = { binary: OUTPOST_TEST, env: { OUTPOST_CLOCK: clock } };
  const hour = 3_600_000_000;
  const began = Date.now();
  const id = save(p, 'store', { customer_id: 'C-1', name: 'at 0' });
  sync(p);
  const stamps = [hq.rows(`SELECT sync_at FROM outpost.stores WHERE id = '${id}'`)[0][0]];
  const offsets = [87_600 * hour, -Date.now() * 1000 + hour, -24 * hour, 0];
  for (const [n, offset] of offsets.entries()) {
    fs.writeFileSync(clock, String(offset));
    save(p, 'store', { id, name: `at ${n + 1}` }, options);
    sync(p, options);
    const [name, at] = hq.rows(`SELECT name, sync_at FROM outpost.stores WHERE id = '${id}'`)[0];
    assert.equal(name, `at ${n + 1}`);
    stamps.push(at);
    const alert = query(p.db, "SELECT state FROM alert WHERE kind = 'clock_off' AND status <> 'resolved'").flat();
    assert.deepEqual(alert, offset > 0 ? ['ahead'] : offset < 0 ? ['behind'] : []);
  }
  for (let i = 1; i < stamps.length; i++) assert.ok(BigInt(stamps[i]) > BigInt(stamps[i - 1]), `${stamps}`);
  for (const s of stamps) {
    const ms = Number(BigInt(s) >> 16n);
    assert.ok(ms >= began - 5000 && ms <= Date.now() + 5000, `${new Date(ms).toISOString()}`);
  }
  same(p);
});
