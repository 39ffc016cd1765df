// Proofs (N12): what a third party can check without the machine that made them, and that every lie is named. The
// verifier is tests/proof/verify.mjs, run as such; forgeries are made here, also with a key of the forger's own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ROOT, copyPlace, generate, importFile, json, judge, messySales, ok, one, outpost, place, print, query, refuses, serve, sha256, sqlite, start, sums } from './lib.mjs';

const VERIFY = path.join(ROOT, 'tests/proof/verify.mjs');

function verify(...args) {
  const ended = spawnSync(process.execPath, [VERIFY, ...args], { encoding: 'utf8' });
  assert.equal(ended.stderr, '');
  return { code: ended.status, out: ended.stdout };
}

function holds(...args) {
  const { code, out } = verify(...args);
  assert.equal(code, 0, out);
  return out;
}

function refused(pattern, ...args) {
  const { code, out } = verify(...args);
  assert.equal(code, 1, out);
  assert.match(out.trim(), /^REFUSED  [^\n]*$/);
  assert.match(out, pattern);
}

function prove(p, name, ...more) {
  const file = path.join(p.dir, name);
  ok(['prove', ...more, '--out', file, ...p.args]);
  return file;
}

const read = (file) => fs.readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));

function write(p, lines) {
  const file = path.join(p.dir, 'forged.jsonl');
  fs.writeFileSync(file, lines.map((l) => `${JSON.stringify(l)}\n`).join(''));
  return file;
}

const forger = generateKeyPairSync('ec', { namedCurve: 'P-256' });

// The same lines, signed by somebody else who has taken the place of the key, too.
function resigned(lines) {
  const pem = forger.publicKey.export({ type: 'spki', format: 'pem' });
  const fingerprint = sha256(forger.publicKey.export({ type: 'spki', format: 'der' }));
  const body = lines.filter((l) => l.kind !== 'signature').map((l) => (l.kind === 'header' ? { ...l, key: { ...l.key, pem, fingerprint } } : l));
  const bytes = body.map((l) => `${JSON.stringify(l)}\n`).join('');
  const signature = createSign('sha256').update(bytes).sign(forger.privateKey, 'base64');
  return [...body, { kind: 'signature', algorithm: 'ECDSA-P256-SHA256', fingerprint, signature }];
}

const fingerprintOf = (p) => json(['prove', '--key', ...p.args.slice(0, 2)]).fingerprint;

test('a proof holds: signature, chain, rules, figures, rows, and the source file', (t) => {
  const p = place(t);
  const { file, text } = generate(p.dir, 3000, 5, 2);
  const { run } = importFile(p, file);
  const proof = prove(p, 'p.jsonl', run.slice(0, 13), '--with-rows');
  const out = holds(proof, file, '--fingerprint', fingerprintOf(p));
  const { clean, rejected } = judge(text);
  assert.match(out, new RegExp(`${clean.length} clean and ${rejected.length} exceptions add up`));
  assert.match(out, /3000 records lie where the proof says/);

  // The same figures by the second opinion, from the text of the file.
  const lines = read(proof);
  const figure = (group, name) => lines.find((l) => l.kind === 'figure' && l.group === group && l.name === name);
  for (const [name, by] of [['region', (r) => r.region], ['product', (r) => r.product], ['order_date', (r) => r.date]])
    for (const [value, sum] of sums(clean, by)) {
      assert.equal(figure(name, value).orders, sum.orders);
      assert.equal(figure(name, value).revenue, print(sum.revenue));
      assert.equal(figure(name, value).quantity, print(sum.quantity));
    }
  assert.equal(figure(null, null).orders, clean.length);
  for (const l of lines.filter((l) => l.kind === 'exception')) {
    const line = text.split('\n')[Number(l.sealed.line) - 1];
    assert.equal(l.sealed.raw, `${line}\n`);
    assert.equal(text.slice(0, Number(l.sealed.offset)).split('\n').length, Number(l.sealed.line));
  }
  const gz = `${file}.gz`;
  fs.writeFileSync(gz, gzipSync(text));
  holds(proof, gz);
});

test('corrections are runs like others; a run that is undone is proved without rows', (t) => {
  const p = place(t);
  const { run } = importFile(p, generate(p.dir, 400, 12).file);
  const [id] = query(p.db, "SELECT id FROM reject WHERE faults LIKE '%order_date_present%' LIMIT 1")[0];
  json(['exception', 'fix', id, 'order_date=2024-03-05', ...p.args]);
  const correction = one(p.db, 'SELECT uuid FROM run ORDER BY id DESC LIMIT 1');
  assert.notEqual(correction, run);
  assert.match(holds(prove(p, 'c.jsonl', correction, '--with-rows')), /rows: 1 clean and 0 exceptions/);
  const old = prove(p, 'o.jsonl', run, '--with-rows');
  holds(old);
  assert.equal(read(old).filter((l) => l.kind === 'exception' && l.state === 'corrected').length, 1);
  sqlite(p.db, "INSERT INTO run_undone SELECT id, 1700000000000000, 'somebody' FROM run WHERE id = 1; DELETE FROM sale WHERE run = 1");
  assert.match(holds(prove(p, 'u.jsonl', run)), /undone 2023-11-14T22:13:20/);
  refuses(['prove', run, '--with-rows', ...p.args], /is undone, so that its rows are not there/, 5);
  assert.ok(!fs.existsSync(path.join(p.dir, 'x.jsonl')));
  refuses(['prove', run, '--with-rows', '--out', path.join(p.dir, 'x.jsonl'), ...p.args], /is undone/, 5);
  assert.deepEqual(fs.readdirSync(p.dir).filter((f) => f.startsWith('x.')), [], 'nothing half is left');
});

test('openssl agrees with the signature', { skip: spawnSync('openssl', ['version']).status !== 0 }, (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 50, 1).file);
  const bytes = fs.readFileSync(prove(p, 'p.jsonl'));
  const end = bytes.lastIndexOf(10, bytes.length - 2) + 1;
  const put = (name, what) => (fs.writeFileSync(path.join(p.dir, name), what), path.join(p.dir, name));
  const pem = put('k.pem', ok(['prove', '--key', ...p.args]));
  const body = put('body', bytes.subarray(0, end));
  const signature = put('sig', Buffer.from(JSON.parse(bytes.subarray(end)).signature, 'base64'));
  const check = () => spawnSync('openssl', ['dgst', '-sha256', '-verify', pem, '-signature', signature, body], { encoding: 'utf8' });
  assert.equal(check().status, 0, check().stderr);
  const der = spawnSync('openssl', ['pkey', '-pubin', '-in', pem, '-outform', 'DER']).stdout;
  assert.equal(sha256(der), fingerprintOf(p));
  fs.writeFileSync(body, `${bytes.subarray(0, end)} `);
  assert.notEqual(check().status, 0);
});

test('rows with everything that can be wrong with text are proved, too', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'messy.csv');
  const text = messySales(11, 400).replace('Dairy', 'Da\u2028iry').replaceAll('\n', '\r\n') + 'M1,2024-01-01,North,"Two\r\nlines, ""so""",1,1\r\nM2,2024-01-01,North,One,2,3\r\n';
  fs.writeFileSync(file, text);
  importFile(p, file);
  holds(prove(p, 'p.jsonl', '--with-rows'), file);
  const latin = path.join(p.dir, 'm\xfcnchen.csv');
  const bytes = Buffer.from('order_id;order_date;region;product;quantity;revenue\n' + Array.from({ length: 60 }, (_, i) => `L${i};0${1 + (i % 9)}.1${i % 3}.2023;North;Käse Öl;${i + 1};1.234,5${i % 10}\n`).join('') + 'L60;31.13.2023;North;Brühe;1;1,00\n', 'latin1');
  fs.writeFileSync(latin, bytes);
  importFile(p, latin);
  const proof = prove(p, 'latin.jsonl', '--with-rows');
  assert.match(holds(proof, latin), /written in a way that was not compared/);
  const exception = read(proof).find((l) => l.kind === 'exception');
  assert.deepEqual(Buffer.from(exception.sealed.raw.base64, 'base64'), Buffer.from('L60;31.13.2023;North;Brühe;1;1,00\n', 'latin1'));
});

test('entries of others: told apart, or all of them, up to the head of the log', (t) => {
  const p = place(t);
  const first = importFile(p, generate(p.dir, 40, 1).file).run;
  json(['record', 'save', 'reference_item', '{"list":"regions","value":"Geheim"}', ...p.args]);
  importFile(p, generate(p.dir, 30, 2).file);
  const own = prove(p, 'own.jsonl', first);
  assert.match(holds(own), /8 entries were hashed again; that 9 more, of others, lead from one hash to the next is the signer's word/);
  assert.ok(!fs.readFileSync(own, 'utf8').includes('Geheim'));
  const all = prove(p, 'all.jsonl', first, '--with-log');
  assert.match(holds(all), /17 entries were hashed again\n/);
  assert.ok(fs.readFileSync(all, 'utf8').includes('Geheim'));
  const head = one(p.db, 'SELECT lower(hex(hash)) FROM change_log ORDER BY seq DESC LIMIT 1');
  assert.equal(read(own).filter((l) => l.kind === 'gap').at(-1).hash, head);
  assert.equal(read(all).filter((l) => l.kind === 'entry').at(-1).hash, head);

  const lines = read(own);
  lines.find((l) => l.kind === 'gap').previous = '0'.repeat(64);
  refused(/entries \d+ to \d+ of the change log: hash before them/, write(p, resigned(lines)));
});

test('every lie is refused by its name, whoever signs it', (t) => {
  const p = place(t);
  const { file } = generate(p.dir, 200, 3, 3);
  importFile(p, file);
  const proof = prove(p, 'p.jsonl', '--with-rows');
  const pick = (lines, kind, test = () => true) => lines.find((l) => l.kind === kind && test(l));
  const fromLog = (lines, event) => pick(lines, 'entry', (l) => l.event === event);
  const rehash = (lines) => {
    // As a forger would: every hash from the first entry on is made again.
    let previous;
    for (const e of lines.filter((l) => l.kind === 'entry')) {
      previous = previous ?? e.previous;
      const h = createHash('sha256').update(Buffer.from(previous, 'hex'));
      const int = (v) => { const b = Buffer.alloc(8); b.writeBigInt64LE(BigInt(v)); h.update(b); };
      const str = (v) => { if (v === null) return int(-1); int(Buffer.byteLength(v)); h.update(v); };
      [e.seq, e.hlc, e.at].forEach(int);
      [e.actor, e.unit, e.event, e.tbl, e.key, e.before, e.after].forEach(str);
      int(e.count);
      str(e.text);
      e.hash = previous = h.digest('hex');
    }
  };
  const lies = {
    'a figure': [(l) => (pick(l, 'figure', (f) => f.name === 'North').revenue = '1.00'), /figure region North: revenue: it says 10000, and the stored totals/],
    'the total': [(l) => pick(l, 'figure').orders++, /figure all: orders/],
    'a figure left out': [(l) => l.splice(l.findIndex((f) => f.kind === 'figure' && f.name === 'South'), 1), /figure region South: the stored totals have it/],
    'a cell': [(l) => (pick(l, 'cell').sealed.revenue = '5'), /figure all: revenue/],
    'a row': [(l) => (pick(l, 'row').values.quantity = '77777'), /figure all: quantity: .* the rows add up to/],
    'two rows whose sum stays': [(l) => { const [a, b] = l.filter((x) => x.kind === 'row' && x.values.region === 'North'); [a.key, b.key] = [b.key, a.key]; }, /rows: digest, as the log seals it/],
    'a row left out': [(l) => l.splice(l.findIndex((x) => x.kind === 'row'), 1), /figure all: orders: .* the rows add up to/],
    'a row twice': [(l) => l.splice(l.findIndex((x) => x.kind === 'row'), 0, pick(l, 'row')), /row of record \d+: it is there twice/],
    'a rule': [(l) => { const r = pick(l, 'run'); r.sealed.rules = r.sealed.rules.replace('"min":"0"', '"min":"-9"'); }, /SHA-256 of the rules/],
    'a rule and its digest': [(l) => { const r = pick(l, 'run'); r.sealed.rules = r.sealed.rules.replace('"min":"0"', '"min":"-9"'); r.rules_sha256 = sha256(r.sealed.rules); }, /run, rules, controls or categories: digest, as the log seals it/],
    'a setting': [(l) => { const r = pick(l, 'run'); r.sealed.settings = r.sealed.settings.replace('order_date', 'order_datum'); }, /run, rules, controls or categories: digest/],
    'the digest of the file': [(l) => (pick(l, 'run').sealed.sha256 = sha256('another file')), /run: SHA-256 of the file, as the log seals it/],
    'a control': [(l) => (pick(l, 'control', (c) => c.sealed.failed !== '0').sealed.failed = '0'), /run, rules, controls or categories: digest/],
    'a version of a rule': [(l) => (pick(l, 'control').sealed.version = '7'), /control record_readable: version of its rule/],
    'a category': [(l) => (pick(l, 'category').sealed.rows = '0'), /run, rules, controls or categories: digest/],
    'a check': [(l) => (pick(l, 'check').sealed.text = 'all is well'), /self-audit: digest/],
    'a check that failed': [(l) => (pick(l, 'check').sealed.ok = '0'), /self-audit source_vs_clean/],
    'an exception': [(l) => (pick(l, 'exception').sealed.category = 'DATA_FORMAT_ERROR'), /exceptions of category|exceptions: digest/],
    'bytes of an exception': [(l) => { const x = pick(l, 'exception'); x.sealed.raw = x.sealed.raw.replace(/\d/, '9').replace('ORD', 'ORE'); }, /exceptions: digest, as the log seals it/],
    'an exception left out': [(l) => l.splice(l.findIndex((x) => x.kind === 'exception'), 1), /exceptions: number/],
    'an entry of the log': [(l) => (fromLog(l, 'DATA_INGESTED').text = 'nothing happened'), /entry \d+ of the change log: hash/],
    'an entry left out': [(l) => l.splice(l.findIndex((e) => e.event === 'DATA_VALIDATED'), 1), /entry \d+ of the change log: hash|number of the entry/],
    'what the log seals': [(l) => { fromLog(l, 'RUN_COMPLETED').after = fromLog(l, 'RUN_COMPLETED').after.replace(/"clean_crc":\d+/, '"clean_crc":1'); rehash(l); }, /rows: digest, as the log seals it/],
    'another run': [(l) => (pick(l, 'header').run = '00000000-0000-7000-8000-000000000000'), /run: it is/],
    'no log': [(l) => l.splice(0, l.length, ...l.filter((x) => x.kind !== 'entry')), /no header, run or log/],
  };
  const fingerprint = fingerprintOf(p);
  for (const [name, [lie, pattern]] of Object.entries(lies)) {
    const lines = read(proof);
    lie(lines);
    refused(pattern, write(p, lines)); // signed by us, but not these bytes
    refused(pattern, write(p, resigned(lines))); // signed by the forger
    assert.ok(name);
  }

  // Where the content tells nothing, the signature does, and the fingerprint who signed.
  const when = read(proof);
  when[0].created = '2001-01-01T00:00:00.000000Z';
  refused(/signature: these are not the bytes/, write(p, when));
  assert.match(holds(write(p, resigned(when))), /whose it is was not checked/);
  refused(/key: it is [0-9a-f]{64}, and should be/, write(p, resigned(when)), '--fingerprint', fingerprint);
  const state = read(proof);
  pick(state, 'exception').state = 'corrected';
  refused(/signature: these are not the bytes/, write(p, state));
  const swapped = read(proof);
  swapped.at(-1).fingerprint = 'f'.repeat(64);
  refused(/signature: fingerprint of the key/, write(p, swapped));
  const pem = read(proof);
  pem[0].key.pem = forger.publicKey.export({ type: 'spki', format: 'pem' });
  refused(/fingerprint of the key/, write(p, pem));
  const longer = read(proof);
  longer.push(longer[5]);
  refused(/something follows the signature/, write(p, longer));
  assert.equal(createPublicKey(read(proof)[0].key.pem).asymmetricKeyType, 'ec');
});

test('a proof that was cut is refused wherever it was cut', (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 60, 4).file);
  const bytes = fs.readFileSync(prove(p, 'p.jsonl', '--with-rows'));
  const ends = [...bytes.keys()].filter((i) => bytes[i] === 10);
  const file = path.join(p.dir, 'cut.jsonl');
  for (const end of [0, 1, 100, 5000, bytes.length - 40, bytes.length - 1, ends[2] + 1, ends[40] + 1, ends.at(-2) + 1]) {
    fs.writeFileSync(file, bytes.subarray(0, end));
    refused(/cut short/, file);
  }
});

test('another source file, and rows that lie elsewhere in it, are refused', (t) => {
  const p = place(t);
  const { file, text } = generate(p.dir, 120, 6);
  importFile(p, file);
  const proof = prove(p, 'p.jsonl', '--with-rows');
  const changed = path.join(p.dir, 'changed.csv');
  fs.writeFileSync(changed, text.replace(/\d/, (d) => String((Number(d) + 1) % 10)));
  refused(/source file: SHA-256/, proof, changed);
  fs.writeFileSync(changed, `${text}\n`);
  refused(/source file: SHA-256/, proof, changed);
  const move = (change, pattern) => {
    const lines = read(proof);
    change(lines.filter((l) => l.kind === 'row'));
    refused(pattern, write(p, resigned(lines)), file);
  };
  move(([a]) => a.line++, /row of record \d+: line/);
  move((rows) => { const [a, b] = [rows[3], rows[4]]; [a.offset, a.line, a.length, b.offset, b.line, b.length] = [b.offset, b.line, b.length, a.offset, a.line, a.length]; }, /the source file has ".*" on line \d+, the proof has "/);
});

test('what was changed in the file behind the program\'s back does not pass', (t) => {
  const p = place(t);
  const { run } = importFile(p, generate(p.dir, 80, 7).file);
  const cases = [
    ['UPDATE sale SET revenue = revenue + 1 WHERE key = (SELECT min(key) FROM sale)', /figure .* the rows add up to/],
    ['UPDATE sale_total SET orders = orders + 1 WHERE order_date = (SELECT min(order_date) FROM sale_total)', /figure all: orders|stored totals: digest|run: clean/],
    ["UPDATE reject SET category = 'DATA_QUALITY_ISSUE'", /exceptions/],
    ["DROP TRIGGER change_log_stays; UPDATE change_log SET actor = 'nobody' WHERE event = 'RUN_COMPLETED'", /entry \d+ of the change log: hash/],
    ["UPDATE run SET source = 'other.csv'", /run, rules, controls or categories: digest/],
    ["UPDATE rule_set SET json = replace(json, '\"min\":\"0\"', '\"min\":\"1\"')", /SHA-256 of the rules/],
  ];
  cases.forEach(([sql, pattern], i) => {
    const q = copyPlace(p, `copy${i}`);
    sqlite(q.db, sql);
    refused(pattern, prove(q, `changed${i}.jsonl`, run, '--with-rows'));
  });
});

test('the key: made once, its owner\'s alone, and nowhere else', async (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 50, 8).file);
  const several = await Promise.all(Array.from({ length: 12 }, () => start(['prove', '--key', '--json', ...p.args]).ended));
  assert.deepEqual(new Set(several.map((e) => e.code)), new Set([0]), several.map((e) => e.err).join());
  assert.equal(new Set(several.map((e) => JSON.parse(e.out).fingerprint)).size, 1);
  const key = path.join(p.data, 'keys/signing.pem');
  assert.equal(fs.statSync(key).mode & 0o777, 0o600);
  assert.equal(fs.statSync(path.dirname(key)).mode & 0o777, 0o700);
  assert.deepEqual(fs.readdirSync(path.dirname(key)), ['signing.pem']);

  prove(p, 'p.jsonl', '--with-rows', '--with-log');
  ok(['backup', 'create', ...p.args]);
  ok(['support-bundle', '--out', path.join(p.dir, 'b.tar.gz'), ...p.args.slice(0, 2)]);
  // The first line of the PEM holds the private number; what follows is the public key. And the number by itself.
  const [, base64] = fs.readFileSync(key, 'utf8').split('\n');
  const number = createPrivateKey(fs.readFileSync(key)).export({ format: 'jwk' }).d;
  const secret = [Buffer.from(base64), Buffer.from(number), Buffer.from(number, 'base64url')];
  const walk = (dir) => fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(path.join(dir, e.name)) : [path.join(dir, e.name)]));
  for (const file of walk(p.dir).filter((f) => f !== key)) {
    const bytes = fs.readFileSync(file);
    for (const part of secret) assert.ok(!bytes.includes(part), `${file} holds the key`);
  }

  fs.chmodSync(key, 0o640);
  refuses(['prove', ...p.args], /can be read by others/);
  fs.chmodSync(key, 0o600);
  fs.writeFileSync(key, 'no key\n');
  refuses(['prove', ...p.args], /is not a signing key/);
  fs.rmSync(key);
  assert.notEqual(fingerprintOf(p), JSON.parse(several[0].out).fingerprint);
});

test('over HTTP it is the same document; what cannot be proved is said', async (t) => {
  const p = place(t);
  const { file } = generate(p.dir, 500, 9);
  const { run } = importFile(p, file);
  const server = await serve(t, p.data);
  const get = (address) => fetch(server.base + address);
  const before = await (await get('/api/governance')).json();
  assert.equal(before.data.proof.key_fingerprint, null);
  const reply = await get(`/api/proof?run=${run}&rows=1`);
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('content-type'), 'application/jsonl');
  assert.match(reply.headers.get('content-disposition'), /attachment; filename="?outpost-proof-[0-9a-f-]{36}\.jsonl/);
  const saved = path.join(p.dir, 'http.jsonl');
  fs.writeFileSync(saved, Buffer.from(await reply.arrayBuffer()));
  const { data } = await (await get('/api/governance')).json();
  holds(saved, file, '--fingerprint', data.proof.key_fingerprint);
  assert.equal(data.proof.key_fingerprint, fingerprintOf(p));
  assert.equal((await get('/api/proof?run=ffff')).status, 404);
  assert.equal((await get('/api/proof?rows=maybe')).status, 422);
  refuses(['prove', 'ffff', ...p.args], /there is no run ffff/, 4);
  const empty = place(t);
  refuses(['prove', ...empty.args], /there is no run yet/, 4);
  assert.equal(outpost(['prove', '--out', '/nonexistent/x', ...p.args]).code, 1);
});
