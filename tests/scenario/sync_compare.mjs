// Headquarters and an edge, held against each other by SQL on both sides: the sqlite3 shell here, psql there. What the
// program says of itself is not asked.
import assert from 'node:assert/strict';
import { query } from './lib.mjs';

const micros = (column) => `(extract(epoch FROM ${column}) * 1000000)::bigint`;
const units = (column) => `(${column} * 10000)::bigint`;
const lower = (column) => `lower(hex(${column}))`;
const hex = (column) => `encode(${column}, 'hex')`;
const kept = (v) => `(EXISTS (SELECT 1 FROM outpost.run r WHERE r.organization_id = ${v}.organization_id AND r.origin = ${v}.origin AND r.run = ${v}.run AND r.counts)
  OR EXISTS (SELECT 1 FROM outpost.undo_kept k WHERE k.organization_id = ${v}.organization_id AND k.origin = ${v}.origin AND k.run = ${v}.run AND k.key = ${v}.key))`;

// [what, here, there]
const PAIRS = [
  ['change_log', `SELECT seq, hlc, at, actor, unit, event, tbl, key, before, after, count, text, ${lower('hash')} FROM change_log ORDER BY seq`,
    `SELECT seq, hlc, ${micros('at')}, actor, unit, event, tbl, key, before, after, count, text, ${hex('hash')} FROM outpost.change_log ORDER BY seq`],
  ['run', `SELECT r.id, uuid, dataset, source, state, kind, rank, state = 'done' AND u.run IS NULL, started_at, ended_at, r.actor, bytes, sha256, rows_read, rows_clean, rows_rejected, rows_updated, rows_unchanged, clean_crc, reject_crc, total_crc, key_min, key_max, memory_bytes, settings, message, u.at, u.actor
     FROM run r LEFT JOIN run_undone u ON u.run = r.id ORDER BY r.id`,
    `SELECT run, uuid, dataset, source, state, kind, rank, counts::int, ${micros('started_at')}, ${micros('ended_at')}, actor, bytes, sha256, rows_read, rows_clean, rows_rejected, rows_updated, rows_unchanged, clean_crc, reject_crc, total_crc, key_min, key_max, memory_bytes, settings, message, ${micros('undone_at')}, undone_by
     FROM outpost.run ORDER BY run`],
  ['undo_kept', 'SELECT run, key, reason FROM undo_kept ORDER BY run, key', 'SELECT run, key, reason FROM outpost.undo_kept ORDER BY run, key COLLATE "C"'],
  ['reject', `SELECT id >> 32, id & 0xffffffff, line, offset, category, stage, faults, ${lower('raw')} FROM reject ORDER BY id`,
    `SELECT run, record, line, "offset", category, stage, faults, ${hex('raw')} FROM outpost.reject ORDER BY run, record`],
  ['reject_solved', 'SELECT id >> 32, id & 0xffffffff, solved_run, note, updated_at, updated_by FROM reject WHERE solved_run IS NOT NULL ORDER BY id',
    `SELECT run, record, solved_run, note, ${micros('updated_at')}, updated_by FROM outpost.reject_solved ORDER BY run, record`],
  ['raw_chunk', `SELECT id >> 24, id & 0xffffff, offset, line, record, count, crc, ${lower('records')}, ${lower('bytes')} FROM raw_chunk ORDER BY id`,
    `SELECT run, chunk, "offset", line, record, count, crc, ${hex('records')}, ${hex('bytes')} FROM outpost.raw_chunk ORDER BY run, chunk`],
  ['sale', `SELECT v.run, record, v.key, coalesce(order_id, v.key), date(order_date * 86400, 'unixepoch'), a.text, p.text, quantity, revenue
     FROM (SELECT * FROM sale UNION ALL SELECT * FROM sale_past) v LEFT JOIN term a ON a.id = region LEFT JOIN term p ON p.id = product ORDER BY v.run, v.key`,
    `SELECT v.run, record, v.key, order_id, order_date, region, product, ${units('quantity')}, ${units('revenue')} FROM outpost.sale v WHERE ${kept('v')} ORDER BY v.run, v.key COLLATE "C"`],
  ['stock_transactions', `SELECT x.id, lower(hex(event_id)), k.name, i.text, w.text, l.text, t.text, s.text, quantity, reserved, on_hand_after, reserved_after, at, recorded_at, reference_id, notes, a.text, d.text, device_seq, unit_cost
     FROM stock_transactions x JOIN stock_kind k ON k.id = x.kind LEFT JOIN stock_name i ON i.id = item LEFT JOIN stock_name w ON w.id = warehouse LEFT JOIN stock_name l ON l.id = location
     LEFT JOIN stock_name t ON t.id = lot LEFT JOIN stock_name s ON s.id = serial LEFT JOIN stock_name a ON a.id = x.actor LEFT JOIN stock_name d ON d.id = device ORDER BY x.id`,
    `SELECT id, replace(event_id, '-', ''), kind, item, warehouse, location, lot, serial, ${units('quantity')}, ${units('reserved')}, ${units('on_hand_after')}, ${units('reserved_after')}, ${micros('at')}, ${micros('recorded_at')}, reference_id, notes, actor, device, device_seq, ${units('unit_cost')}
     FROM outpost.stock_transactions ORDER BY id`],
];

// Rows as arrays of texts, NULL as null: COPY says each value exactly, whatever is in it.
const ESCAPES = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const unescaped = (cell) => (cell === '\\N' ? null : cell.replace(/\\(.)/g, (_, c) => ESCAPES[c] ?? c));
export const rowsOf = (hq, sql) =>
  hq.psql(`COPY (${sql}) TO STDOUT`).split('\n').filter((line) => line !== '').map((line) => line.split('\t').map(unescaped));

function same(here, there, what) {
  const n = Math.max(here.length, there.length);
  for (let i = 0; i < n; i++) assert.deepEqual(there[i], here[i], `${what}, row ${i + 1} of ${here.length} here and ${there.length} there`);
}

// Records of which the log speaks, column by column, by the type that it has at headquarters.
function records(p, hq) {
  let compared = 0;
  const tables = query(p.db, "SELECT DISTINCT tbl FROM change_log WHERE key IS NOT NULL AND event LIKE 'RECORD%' ORDER BY 1").map(([name]) => name);
  for (const table of tables) {
    const columns = hq.rows(`SELECT column_name, data_type, coalesce(numeric_scale, 0) FROM information_schema.columns WHERE table_schema = 'outpost' AND table_name = '${table}'
      AND column_name NOT LIKE 'sync\\_%' AND column_name NOT IN ('organization_id', 'extra') ORDER BY 1`);
    if (!columns.length) continue;
    const there = columns.map(([name, type, scale]) =>
      type.startsWith('timestamp') ? micros(`"${name}"`) : type === 'numeric' ? `("${name}" * 10 ^ ${scale})::numeric(40,0)` : type === 'boolean' ? `"${name}"::int` : `"${name}"`);
    const here = query(p.db, `SELECT ${columns.map(([name]) => `"${name}"`)} FROM ${table} WHERE id IN (SELECT key FROM change_log WHERE tbl = '${table}') ORDER BY id`);
    same(here, rowsOf(hq, `SELECT ${there} FROM outpost.${table} ORDER BY id COLLATE "C"`), table);
    compared += here.length;
  }
  return compared;
}

// All that the edge has is at headquarters, once, and provably so. The edge is the only one. How many rows were compared.
export function holdsAll(p, hq) {
  let rows = 0;
  for (const [what, here, there] of PAIRS) {
    const mine = query(p.db, here);
    same(mine, rowsOf(hq, there), what);
    rows += mine.length;
  }
  rows += records(p, hq);
  const [[organization, origin]] = hq.rows('SELECT organization_id, origin FROM outpost.origin');
  assert.deepEqual(hq.rows(`SELECT * FROM outpost.check_chain('${organization}', ${origin})`), [], 'the chain of the log');
  assert.deepEqual(hq.rows(`SELECT * FROM outpost.check_batches('${organization}', ${origin})`), [], 'roots and receipts');
  for (const [lane, count, least, greatest, at] of hq.rows(`SELECT b.lane, count(*), min(b.sequence), max(b.sequence), l.sequence FROM outpost.batch b
    JOIN outpost.lane l ON l.organization_id = b.organization_id AND l.origin = b.origin AND l.lane = b.lane GROUP BY b.lane, l.sequence`)) {
    assert.deepEqual([least, greatest, at], ['1', count, count], `batches of lane ${lane} have no gap`);
    assert.deepEqual(query(p.db, `SELECT count(*), max(sequence) FROM sync_batch WHERE lane = '${lane}'`), [[count, count]], `batches of lane ${lane} here`);
  }
  return rows;
}
