#!/usr/bin/env node
// verify.mjs PROOF [SOURCE] [--fingerprint F] - checks a proof that `outpost prove` wrote (src/export/proof.h says
// what is in it), with node alone: no package, no network, no access to the machine that wrote it.
//
//   SOURCE          the file that was imported, as it was or gzipped: its digest, and that every row and exception
//                   of the proof is what stands there at its line and bytes
//   --fingerprint F the key that must have signed; without it anybody's key will do, and that is said
//
// Ends with 0 when everything holds, or 1 and the first thing that does not. What was checked, and what could not
// be, is printed.
import { createHash, createPublicKey, createVerify } from 'node:crypto';
import fs from 'node:fs';
import zlib from 'node:zlib';

const args = process.argv.slice(2);
const at = args.indexOf('--fingerprint');
const expected = at >= 0 ? args.splice(at, 2)[1] : null;
const [proofFile, sourceFile] = args;
if (!proofFile || (at >= 0 && !expected)) {
  console.error('usage: verify.mjs PROOF [SOURCE] [--fingerprint F]');
  process.exit(2);
}

class Refused extends Error {}
const refuse = (what, why) => {
  throw new Refused(`${what}: ${why}`);
};
const must = (ok, what, why) => ok || refuse(what, why);
const same = (a, b, what) => must(String(a) === String(b), what, `it is ${b}, and should be ${a}`);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

// ---- digests: CRC-32 over texts, each followed by a zero byte ----

const TABLE = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});
const crcOf = zlib.crc32 ?? ((b) => (b.reduce((c, x) => TABLE[(c ^ x) & 255] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0);
const bytesOf = (v) => (v === null || v === undefined ? Buffer.alloc(0) : v.base64 !== undefined ? Buffer.from(v.base64, 'base64') : Buffer.from(String(v)));
const digest = (values) => BigInt(crcOf(Buffer.concat(values.flatMap((v) => [bytesOf(v), Buffer.alloc(1)]))));

// ---- exact figures: dates as days, decimals as integers at their scale ----

const days = (text) => String(Date.parse(`${text}T00:00:00Z`) / 86400e3);
function units(text, scale) {
  const m = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (!m || (m[3] ?? '').length > scale) return null;
  return BigInt(m[1] + m[2] + (m[3] ?? '').padEnd(scale, '0'));
}

// ---- the change log ----

const int64 = (v) => {
  const b = Buffer.alloc(8);
  b.writeBigInt64LE(BigInt(v));
  return b;
};
const counted = (v) => (v === null ? int64(-1) : [int64(bytesOf(v).length), bytesOf(v)]);
const entryHash = (previous, e) =>
  sha256(Buffer.concat([Buffer.from(previous, 'hex'), int64(e.seq), int64(e.hlc), int64(e.at), ...['actor', 'unit', 'event', 'tbl', 'key', 'before', 'after'].flatMap((k) => counted(e[k])), int64(e.count), ...counted(e.text)].flat()));

// ---- what is read, line by line ----

const seen = { crc: { run: 0n, clean: 0n, reject: 0n, total: 0n, check: 0n }, count: {}, notes: [] };
let header, run, rules, fields, totals, groups, last;
const figures = new Map(); // stated: "group\0name" -> sums
const fromCells = new Map();
const fromRows = new Map();
const categories = new Map();
const stated = new Map();
const failed = new Map(); // control -> exceptions that it failed
const controls = new Map();
const records = new Set();
const gaps = [];
let previous = null;
let sealed = null;
let sealedChecks = null;

function add(sums, key, values) {
  const have = sums.get(key) ?? values.map(() => 0n);
  sums.set(key, have.map((v, i) => v + values[i]));
}

function addGroups(sums, names, values) {
  add(sums, '\0', values);
  for (const g of groups) add(sums, `${g.name}\0${names[g.name]}`, values);
}

function compare(sums, what) {
  for (const [key, values] of figures) {
    const [group, name] = key.split('\0');
    const label = group ? `${group} ${name}` : 'all';
    const have = sums.get(key) ?? values.map(() => 0n);
    values.forEach((v, i) => must(have[i] === v, `figure ${label}: ${['orders', ...totals.map((t) => t.name)][i]}`, `it says ${v}, and ${what} add up to ${have[i]} (in the smallest unit)`));
  }
  for (const [key] of sums) must(figures.has(key) || sums.get(key).every((v) => v === 0n), `figure ${key.replace('\0', ' ')}`, `${what} have it, the figures do not`);
}

const spans = []; // [offset, length, line, what it says] to be compared with the source

const take = {
  header(l) {
    must(!header, 'header', 'there are two');
    header = l;
    same('outpost-proof/1', l.format, 'format');
    fields = l.dataset.fields;
    totals = fields.filter((f) => f.total);
    groups = fields.filter((f) => f.group);
    const der = createPublicKey(l.key.pem).export({ type: 'spki', format: 'der' });
    same(sha256(der), l.key.fingerprint, 'fingerprint of the key');
  },
  run(l) {
    run = l.sealed;
    same(header.run, run.uuid, 'run');
    same(l.rules_sha256, sha256(bytesOf(run.rules)), 'SHA-256 of the rules');
    rules = new Map(JSON.parse(run.rules).rules.map((r) => [r.name, r]));
    seen.crc.run += digest(Object.values(run));
  },
  control(l) {
    const c = l.sealed;
    controls.set(c.control, c);
    if (Number(c.version) > 0) same(rules.get(c.control)?.version, c.version, `control ${c.control}: version of its rule`);
    seen.crc.run += digest(Object.values(c));
  },
  category(l) {
    stated.set(l.sealed.category, Number(l.sealed.rows));
    seen.crc.run += digest(Object.values(l.sealed));
  },
  check(l) {
    same(1, l.sealed.ok, `self-audit ${l.sealed.name}`);
    same(l.sealed.expected, l.sealed.actual, `self-audit ${l.sealed.name}`);
    seen.crc.check += digest(Object.values(l.sealed));
  },
  figure(l) {
    const key = l.group === null ? '\0' : `${l.group}\0${l.name}`;
    must(!figures.has(key), `figure ${key}`, 'it is there twice');
    figures.set(key, [BigInt(l.orders), ...totals.map((t) => units(l[t.name], t.scale))]);
  },
  cell(l) {
    const names = Object.fromEntries(groups.map((g) => [g.name, g.kind === 'date' ? new Date(Number(l.sealed[g.name]) * 86400e3).toISOString().slice(0, 10) : l.names[g.name]]));
    addGroups(fromCells, names, [BigInt(l.sealed.orders), ...totals.map((t) => BigInt(l.sealed[t.name]))]);
    seen.crc.total += digest(Object.values(l.sealed));
  },
  row(l) {
    const v = l.values;
    must(!records.has(l.record), `row of record ${l.record}`, 'it is there twice');
    records.add(l.record);
    addGroups(fromRows, v, [1n, ...totals.map((t) => units(v[t.name], t.scale))]);
    const raw = fields.map((f) => (v[f.name] === null ? null : f.kind === 'date' ? days(v[f.name]) : f.kind === 'decimal' ? units(v[f.name], f.scale) : v[f.name]));
    seen.crc.clean += digest([l.key, l.record, ...raw]);
    if (sourceFile) spans.push([l.offset, l.length, l.line, `row of record ${l.record}`, v]);
  },
  exception(l) {
    const x = l.sealed;
    const record = Number(BigInt(x.id) & 0xffffffffn);
    must(!records.has(record), `exception of record ${record}`, 'there is a row or an exception of this record already');
    records.add(record);
    categories.set(x.category, (categories.get(x.category) ?? 0) + 1);
    for (const control of new Set(JSON.parse(x.faults).map((f) => f.control))) failed.set(control, (failed.get(control) ?? 0) + 1);
    seen.crc.reject += digest(Object.values(x));
    same(bytesOf(x.raw).length, l.length, `exception of record ${record}: length`);
    if (sourceFile) spans.push([Number(x.offset), l.length, Number(x.line), `exception of record ${record}`, bytesOf(x.raw)]);
  },
  entry(l) {
    if (previous === null) previous = l.previous;
    const hash = entryHash(previous, l);
    same(hash, l.hash, `entry ${l.seq} of the change log: hash`);
    if (last !== undefined) same(last + 1, l.seq, 'change log: number of the entry');
    previous = hash;
    last = Number(l.seq);
    if (l.unit === header.run && l.event === 'RUN_COMPLETED') sealed = JSON.parse(l.after);
    if (l.unit === header.run && l.event === 'RUN_AUDITED') sealedChecks = JSON.parse(l.after);
  },
  gap(l) {
    same(previous, l.previous, `entries ${l.from} to ${l.to} of the change log: hash before them`);
    same(last + 1, l.from, 'change log: number of the entry');
    gaps.push(l);
    previous = l.hash;
    last = l.to;
  },
};

// ---- the end: everything together ----

function settle() {
  must(header && run && last !== undefined, 'proof', 'it has no header, run or log');
  must(sealed, 'change log', 'the entry RUN_COMPLETED of the run is missing');
  same(sealed.sha256, run.sha256, 'run: SHA-256 of the file, as the log seals it');
  same(sealed.run_crc, seen.crc.run, 'run, rules, controls or categories: digest, as the log seals it');
  compare(fromCells, 'the stored totals');
  same(sealed.total_crc, seen.crc.total, 'stored totals: digest, as the log seals it');
  same(5, seen.count.check ?? 0, 'self-audit: number of checks');
  same(sealedChecks?.check_crc, seen.crc.check, 'self-audit: digest, as the log seals it');
  same(run.rows_clean, figures.get('\0')?.[0], 'figure all: orders');
  same(run.rows_read, Number(run.rows_clean) + Number(run.rows_rejected), 'run: clean and rejected rows');
  same(run.rows_rejected, [...stated.values()].reduce((a, b) => a + b, 0), 'categories: number of exceptions');
  if (!header.with.rows) return;
  compare(fromRows, 'the rows');
  same(run.rows_clean, seen.count.row ?? 0, 'rows: number');
  same(run.rows_rejected, seen.count.exception ?? 0, 'exceptions: number');
  for (const [name, n] of stated) same(n, categories.get(name) ?? 0, `exceptions of category ${name}: number`);
  for (const [name, c] of controls) same(c.failed, failed.get(name) ?? 0, `exceptions that failed ${name}: number`);
  same(sealed.clean_crc, seen.crc.clean, 'rows: digest, as the log seals it');
  same(sealed.reject_crc, seen.crc.reject, 'exceptions: digest, as the log seals it');
}

// ---- the source file ----

// The cells of one record; null where its dialect is beyond this script.
function cellsOf(text, d) {
  const delimiter = d.delimiter === 'tab' ? '\t' : d.delimiter;
  if (!delimiter || (d.escape && d.escape !== d.quote && d.escape !== 'none')) return null;
  const cells = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (quoted) {
      if (text[i] !== d.quote) cell += text[i];
      else if (text[i + 1] === d.quote) cell += text[i++];
      else quoted = false;
    } else if (text[i] === d.quote && cell.trim() === '') [quoted, cell] = [true, ''];
    else if (text.startsWith(delimiter, i)) {
      cells.push(cell);
      [cell, i] = ['', i + delimiter.length - 1];
    } else cell += text[i];
  }
  return [...cells, cell.replace(/[\r\n]+$/, '')];
}

// Is the value what the cell says? null: it is written in a way that only the reader's rules explain.
function agrees(f, cell, value) {
  const text = cell.trim();
  if (f.kind === 'date') return /^\d{4}-\d\d-\d\d$/.test(text) ? text === value : null;
  if (f.kind === 'decimal') return units(text, f.scale) === null ? null : units(text, f.scale) === units(value, f.scale);
  return text === (value ?? '') ? true : text.normalize('NFC').replace(/\s+/g, ' ') === (value ?? '') ? true : null;
}

function checkSource() {
  let bytes = fs.readFileSync(sourceFile);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = zlib.gunzipSync(bytes);
  same(run.sha256, sha256(bytes), 'source file: SHA-256');
  same(run.bytes, bytes.length, 'source file: bytes');
  const settings = JSON.parse(run.settings);
  let decoder = null; // null: an encoding that node does not know
  try {
    decoder = new TextDecoder(settings.dialect?.encoding ?? 'utf-8');
  } catch {
    seen.notes.push(`source file: cells in ${settings.dialect.encoding} were not compared`);
  }
  const column = new Map(settings.mapping.map((m) => [m.field, Number(m.column) - 1]));
  const end = bytes.includes(10) ? 10 : 13; // what ends a line
  let [line, offset, compared, unclear] = [1, 0, 0, 0];
  for (const [from, length, begins, what, says] of spans.sort((a, b) => a[0] - b[0])) {
    for (; offset < from; offset++) line += bytes[offset] === end;
    if (!/^UTF-?16|^UTF-?32/i.test(settings.dialect?.encoding ?? '')) same(line, begins, `${what}: line`);
    const span = bytes.subarray(from, from + length);
    if (Buffer.isBuffer(says)) {
      must(span.equals(says), what, `the source file has other bytes at ${from}`);
      continue;
    }
    const cells = decoder && cellsOf(decoder.decode(span), settings.dialect ?? {});
    for (const f of fields) {
      if (!cells || !column.has(f.name) || !(column.get(f.name) >= 0)) continue;
      const good = agrees(f, cells[column.get(f.name)] ?? '', says[f.name]);
      must(good !== false, `${what}: ${f.name}`, `the source file has "${cells[column.get(f.name)]}" on line ${begins}, the proof has "${says[f.name]}"`);
      good ? compared++ : unclear++;
    }
  }
  seen.notes.push(`source file: SHA-256 ${run.sha256}; ${spans.length} records lie where the proof says, ${compared} of their cells say the same${unclear ? `, ${unclear} are written in a way that was not compared` : ''}`);
}

// ---- the walk ----

// Lines as bytes; `whole` is false for a last one without its end.
async function* lines(file) {
  let rest = [];
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1 << 20 })) {
    let from = 0;
    for (let end; (end = chunk.indexOf(10, from)) >= 0; from = end + 1) {
      yield { bytes: Buffer.concat([...rest, chunk.subarray(from, end + 1)]), whole: true };
      rest = [];
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length) yield { bytes: Buffer.concat(rest), whole: false };
}

let first = null; // the first thing that does not hold; the signature is looked at all the same
let signature = null;
let number = 0;
const verifier = createVerify('sha256');

function attempt(fn) {
  try {
    fn();
  } catch (e) {
    first ??= e instanceof Refused ? e.message : `line ${number} cannot be understood: ${e.message}`;
  }
}

function one({ bytes, whole }) {
  must(whole, 'proof', `it was cut short in line ${number}`);
  must(!signature, 'proof', 'something follows the signature');
  const l = JSON.parse(bytes);
  if (l.kind === 'signature') return (signature = l);
  verifier.update(bytes);
  seen.count[l.kind] = (seen.count[l.kind] ?? 0) + 1;
  must(take[l.kind], `line ${number}`, `the kind ${l.kind} is not known`);
  return take[l.kind](l);
}

for await (const line of lines(proofFile)) {
  number++;
  attempt(() => one(line));
}
attempt(() => must(signature, 'proof', 'it was cut short: there is no signature'));
attempt(settle);
attempt(() => sourceFile && checkSource());
attempt(() => same(header.key.fingerprint, signature.fingerprint, 'signature: fingerprint of the key'));
attempt(() => must(verifier.verify(header.key.pem, signature.signature, 'base64'), 'signature', 'these are not the bytes that were signed with this key'));
attempt(() => expected && same(expected, header.key.fingerprint, 'key'));

if (first) {
  console.log(`REFUSED  ${first}`);
  process.exit(1);
}
const all = figures.get('\0');
const amounts = totals.map((t, i) => `${t.name} ${all[i + 1]} / 10^${t.scale}`).join(', ');
console.log(`HOLDS    run ${header.run} of ${header.tenant.name}: ${all[0]} orders, ${amounts}; ${run.rows_rejected} exceptions; made ${header.created}${header.undone ? `; undone ${header.undone.at}` : ''}`);
for (const note of [
  ...seen.notes,
  expected ? `key: ${expected}, as expected` : `key: ${header.key.fingerprint}; whose it is was not checked, because no --fingerprint was given`,
  header.with.rows ? `rows: ${seen.count.row ?? 0} clean and ${seen.count.exception ?? 0} exceptions add up to the figures, and to the digests that the log seals` : 'rows: not in the proof; the figures were checked against the stored totals, and these against the log',
  `change log: ${seen.count.entry} entries were hashed again${gaps.length ? `; that ${gaps.reduce((n, g) => n + g.to - g.from + 1, 0)} more, of others, lead from one hash to the next is the signer's word` : ''}`,
  ...(sourceFile ? [] : ['source file: not given, so not compared']),
]) console.log(`         ${note}`);
