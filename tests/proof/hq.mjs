#!/usr/bin/env node
// hq.mjs DSN|FILE [ORIGIN] [--receipts FILE] [--export FILE] - checks what headquarters holds of an edge, with node and psql alone: nothing of Outpost's
// code, and none of its functions in the database. src/store/change.h, src/replicate/merkle.h and receipt.h say what is checked:
//
//   the change log's chain, without a gap, from where the epoch began to where the lane is
//   every batch: its number, the one before it, its root over its leaves, its hash, and the signature of the edge's key
//   the leaves of rows that never change, computed again from the rows that are stored
//
//   --receipts FILE  lines of lane|sequence|hash|receipt, as the edge keeps them (sync_batch, in hex): headquarters has the same
//
//   --export FILE    writes what it would look at into a file, a JSON object a line, and checks nothing: whoever has no access to
//                    headquarters gets that file, and checks it as he would the database: hq.mjs FILE
//
// DSN is of somebody who may read: a member of the organization, or the administrator. Ends with 0, or 1 and the first that does
// not hold of each origin.
import { spawnSync } from 'node:child_process';
import { createHash, createVerify } from 'node:crypto';
import fs from 'node:fs';

const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : null);
const receiptFile = option('--receipts');
const exportFile = option('--export');
const [dsn, only] = args;
if (!dsn) {
  console.error('usage: hq.mjs DSN|FILE [ORIGIN] [--receipts FILE] [--export FILE]');
  process.exit(2);
}

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const hex = (h) => h.toString('hex');

// Rows as objects; every value is the text that PostgreSQL prints, or null.
function ask(sql) {
  const wrapped = `SET timezone = 'UTC'; SET datestyle = 'ISO'; SELECT row_to_json(q) FROM (${sql}) q`;
  const ended = spawnSync('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', dsn, '-c', wrapped], { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (ended.status !== 0) throw new Error(`psql: ${ended.stderr}`);
  return ended.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
const quote = (text) => `'${text.replaceAll("'", "''")}'`;
const name = (text) => `"${text.replaceAll('"', '""')}"`;

class Broken extends Error {}
const must = (holds, text) => {
  if (!holds) throw new Broken(text);
};

// ---- texts of rows ----

const part = (v) => (v === null ? '-' : `${Buffer.byteLength(v)}:${v}`);
const instant = (v) => v.replace(/^([^.+]*)(?:\.(\d+))?\+00$/, (_, t, us = '') => `${t}.${us.padEnd(6, '0')}+00`);
const PRINT = { 'timestamp with time zone': instant, boolean: (v) => v[0] };
const of = (o, table = 'c') => `${table}.organization_id = '${o.organization_id}' AND ${table}.origin = ${o.origin}`;

// What is looked at: of the database, or of a file that --export wrote. Rows are arrays of texts, as PostgreSQL prints them.
function database() {
  const types = new Map();
  return {
    origins: () => ask(`SELECT o.organization_id, o.origin, e.name, e.public_key, o.fork_seq::text, encode(o.fork_hash, 'hex') AS fork_hash, l.head_seq::text, encode(l.head_hash, 'hex') AS head_hash
      FROM outpost.origin o JOIN outpost.edge e USING (organization_id, edge_id) LEFT JOIN outpost.lane l ON l.organization_id = o.organization_id AND l.origin = o.origin AND l.lane = 'log'
      ORDER BY o.organization_id, o.origin`),
    lanes: (o) => ask(`SELECT lane, sequence::text, encode(batch_hash, 'hex') AS hash FROM outpost.lane c WHERE ${of(o)} ORDER BY lane`),
    batches: (o) => ask(`SELECT lane, sequence::text, encode(previous, 'hex') AS previous, position_from, position_to, first_seq::text, last_seq::text, row_count::text, byte_count::text, sections,
      encode(leaves, 'hex') AS leaves, encode(root, 'hex') AS root, encode(hash, 'hex') AS hash, encode(signature, 'hex') AS signature, encode(receipt, 'hex') AS receipt,
      (extract(epoch FROM made_at) * 1000000)::bigint::text AS made_at FROM outpost.batch c WHERE ${of(o)} ORDER BY c.lane, c.sequence`),
    entries: (o) => ask(`SELECT seq::text, hlc::text, (extract(epoch FROM at) * 1000000)::bigint::text AS at, actor, unit, event, tbl, key, before::text AS before, after::text AS after, count::text, text, encode(hash, 'hex') AS hash
      FROM outpost.change_log c WHERE ${of(o)} ORDER BY c.seq`),
    types(table) {
      if (!types.has(table)) types.set(table, Object.fromEntries(ask(`SELECT column_name AS c, data_type AS t FROM information_schema.columns WHERE table_schema = 'outpost' AND table_name = ${quote(table)}`).map(({ c, t }) => [c, t])));
      return types.get(table);
    },
    // of the section's range; without first and last: all
    rows(o, { table, columns, keys, first, last }) {
      const known = this.types(table);
      const bound = (values) => values.map((v, i) => `${quote(v)}::${known[keys.split(',')[i]]}`).join(', ');
      const sorted = keys.split(',').map(name).join(', ');
      const names = columns.split(',');
      const range = first ? `AND (${sorted}) >= (${bound(first)}) AND (${sorted}) <= (${bound(last)})` : '';
      return ask(`SELECT ${names.map((c, i) => `${name(c)}::text AS c${i}`).join(', ')} FROM outpost.${name(table)} c WHERE ${of(o)} ${range} ORDER BY ${sorted}`).map((row) => names.map((_, i) => row[`c${i}`]));
    },
  };
}

function file(lines) {
  const all = lines.map((line) => JSON.parse(line));
  const whose = (o) => `${o.organization_id} ${o.origin}`;
  const pick = (kind, o) => all.filter((x) => x.kind === kind && whose(x) === whose(o));
  const compare = (a, b, type) => (type === 'text' ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : Number(BigInt(a) - BigInt(b)));
  return {
    origins: () => all.filter((x) => x.kind === 'origin'),
    lanes: (o) => pick('lane', o),
    batches: (o) => pick('batch', o),
    entries: (o) => pick('entry', o),
    types: (table) => all.find((x) => x.kind === 'types' && x.table === table).types,
    rows(o, { table, columns, keys, first, last }) {
      const known = this.types(table);
      const places = keys.split(',').map((k) => [columns.split(',').indexOf(k), known[k]]);
      const order = (a, b) => places.reduce((so, [i, type], n) => so || compare(a[i], b[n] ?? '', type), 0);
      const found = pick('rows', o).find((x) => x.table === table && x.columns === columns)?.rows ?? [];
      return found.filter((row) => order(row, first) >= 0 && order(row, last) <= 0);
    },
  };
}

const source = fs.existsSync(dsn) ? file(fs.readFileSync(dsn, 'utf8').split('\n').filter(Boolean)) : database();

function rowsOf(o, section) {
  const names = section.columns.split(',');
  const known = source.types(section.table);
  return source.rows(o, section).map((row) => row.map((v, i) => part(v === null ? null : (PRINT[known[names[i]]] ?? String)(v))).join(''));
}

// Everything that the checks ask for.
function exportTo(path, origins) {
  const out = fs.openSync(path, 'w');
  const put = (kind, o, what) => fs.writeSync(out, `${JSON.stringify({ kind, organization_id: o?.organization_id, origin: o?.origin, ...what })}\n`);
  const told = new Set();
  for (const o of origins) {
    put('origin', o, o);
    for (const kind of ['lane', 'batch', 'entry']) source[{ lane: 'lanes', batch: 'batches', entry: 'entries' }[kind]](o).forEach((x) => put(kind, o, x));
    for (const { table, columns, keys } of source.batches(o).flatMap((b) => JSON.parse(b.sections)).filter((s) => s.keys)) {
      if (!told.has(table)) put('types', null, { table, types: source.types(table) });
      told.add(table);
      const which = `${o.organization_id} ${o.origin} ${table} ${columns}`;
      if (!told.has(which)) put('rows', o, { table, columns, rows: source.rows(o, { table, columns, keys }) });
      told.add(which);
    }
  }
  fs.closeSync(out);
}

// ---- the tree ----

function rootOf(leaves) {
  if (leaves.length === 0) return sha256('');
  if (leaves.length === 1) return leaves[0];
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return sha256([1], rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)));
}

const leavesOf = (table, rows) => Array.from({ length: Math.ceil(rows.length / 256) }, (_, i) => sha256([0], table, [0x1f], rows.slice(i * 256, i * 256 + 256).join('')));

function checkRows(o, batch, leaves) {
  let place = 0;
  for (const section of JSON.parse(batch.sections)) {
    if (section.keys) {
      const now = leavesOf(section.table, rowsOf(o, section));
      for (let i = 0; i < Math.max(section.leaves, now.length); i++)
        must(i < now.length && i < section.leaves && now[i].equals(leaves[place + i]), `batch ${batch.sequence} of lane ${batch.lane}: block ${i + 1} of ${section.table} is not what was signed`);
    }
    place += section.leaves;
  }
  must(place === leaves.length, `batch ${batch.sequence} of lane ${batch.lane} has other leaves than sections`);
}

// ---- batches ----

function checkBatches(o, receipts) {
  const all = source.batches(o);
  let count = 0;
  for (const lane of source.lanes(o)) {
    let previous = '00'.repeat(32);
    let sequence = 0;
    const batches = all.filter((b) => b.lane === lane.lane);
    for (const b of batches) {
      const which = `batch ${b.sequence} of lane ${b.lane}`;
      must(Number(b.sequence) === ++sequence, `batch ${sequence} of lane ${lane.lane} is missing`);
      must(b.previous === previous, `${which} does not follow the one before it`);
      const leaves = b.leaves.match(/.{64}/g)?.map((h) => Buffer.from(h, 'hex')) ?? [];
      must(hex(rootOf(leaves)) === b.root, `${which}: its root is not that of its leaves`);
      const said = ['outpost-batch-1', o.organization_id, String(o.origin), b.lane, b.sequence, b.previous, b.position_from, b.position_to, b.first_seq, b.last_seq, b.row_count, b.byte_count, b.sections, b.root, b.made_at];
      must(hex(sha256(said.map(part).join(''))) === b.hash, `${which} was changed`);
      must(createVerify('sha256').update(Buffer.from(said.map(part).join(''))).verify(o.public_key, Buffer.from(b.signature, 'hex')), `${which} was not signed by this edge`);
      checkRows(o, b, leaves);
      const kept = receipts?.get(`${b.lane}|${b.sequence}`);
      must(!kept || kept === `${b.hash}|${b.receipt}`, `${which} is not the one that headquarters gave a receipt for`);
      receipts?.delete(`${b.lane}|${b.sequence}`);
      previous = b.hash;
      count++;
    }
    must(sequence === Number(lane.sequence) && (sequence === 0 || lane.hash === previous), `lane ${lane.lane} ends with batch ${sequence}, and had ${lane.sequence}`);
  }
  return count;
}

// ---- the change log ----

const int64 = (v) => {
  const b = Buffer.alloc(8);
  b.writeBigInt64LE(BigInt(v));
  return b;
};
const counted = (v) => (v === null ? [int64(-1)] : [int64(Buffer.byteLength(v)), Buffer.from(v)]);

function checkChain(o) {
  let previous = Buffer.from(o.fork_hash ?? '00'.repeat(32), 'hex');
  let seq = BigInt(o.fork_seq ?? 0);
  const entries = source.entries(o);
  for (const e of entries) {
    seq++;
    must(BigInt(e.seq) === seq, `entry ${seq} is missing`);
    const hashed = (value) => sha256(previous, int64(e.seq), int64(e.hlc), int64(e.at), ...['actor', 'unit', 'event', 'tbl', 'key', 'before', 'after'].flatMap((k) => counted(k === 'before' || k === 'after' ? e[k] : value(e[k]))), int64(e.count), ...counted(value(e.text)));
    let hash = hashed((v) => v);
    // PostgreSQL has no place for a zero byte: it stands there as U+2400.
    if (hex(hash) !== e.hash) hash = hashed((v) => v?.replaceAll('\u2400', '\0') ?? null);
    must(hex(hash) === e.hash, `entry ${seq} was changed`);
    previous = hash;
  }
  must(BigInt(o.head_seq ?? o.fork_seq ?? 0) === seq && (!o.head_hash || o.head_hash === hex(previous)), `the log ends with entry ${seq}, and headquarters had ${o.head_seq}`);
  return entries.length;
}

// ---- all of it ----

const origins = source.origins().filter((o) => !only || o.origin === Number(only));
if (exportFile) {
  exportTo(exportFile, origins);
  process.exit(0);
}
const receipts = receiptFile && new Map(fs.readFileSync(receiptFile, 'utf8').split('\n').filter(Boolean).map((line) => line.split('|')).map(([lane, sequence, hash, receipt]) => [`${lane}|${sequence}`, `${hash}|${receipt}`.toLowerCase()]));
let broken = 0;
for (const o of origins) {
  for (const [what, check] of [['entries', () => checkChain(o)], ['batches', () => checkBatches(o, receipts)]]) {
    try {
      console.log(`ok      origin ${o.origin} (${o.name}): ${check()} ${what}`);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      console.log(`BROKEN  origin ${o.origin} (${o.name}): ${error.message}`);
      broken++;
    }
  }
}
for (const left of receipts?.keys() ?? []) {
  console.log(`BROKEN  headquarters gave a receipt for batch ${left.replace('|', ' ')}, and does not hold it`);
  broken++;
}
process.exit(broken || origins.length === 0 ? 1 : 0);
