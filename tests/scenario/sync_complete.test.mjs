// What headquarters has of an edge: every name that users of such systems know, with its columns; the views say what the edge says; and
// what is compared is all of it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { generate, json, ok, one, outpost, place, query } from './lib.mjs';
import { rowsOf } from './sync_compare.mjs';
import { startPostgres } from './postgres.mjs';

// Tables and columns as those systems call them. `id` of mangalam_invoices is that of clean_invoices: the table holds all versions.
const REGISTER = {
  raw_sales: 'id run_id ingestion_timestamp source_name order_id order_date region product quantity revenue',
  validation_results: 'id run_id record_id validation_stage control_type status failure_reason timestamp',
  clean_sales: 'id run_id order_id order_date region product quantity revenue revenue_per_unit processed_timestamp',
  exceptions: 'id run_id original_record_id error_category pipeline_stage error_details timestamp raw_data',
  audit_log: 'id run_id event_type event_description record_count timestamp',
  analytics_summary: 'id run_id total_revenue total_orders region product daily_sales calculation_date created_timestamp',
  metrics: 'metric_id tenant_id metric_type metric_value metric_date created_at data',
  connectors: 'connector_id tenant_id name type credentials sync_frequency last_sync_at next_sync_at status error_message created_at updated_at',
  data_quality_alerts: 'alert_id tenant_id metric_id alert_type severity message resolved resolved_at created_at',
  monthly_revenue: 'tenant_id month total_revenue avg_daily_revenue days_with_data',
  daily_revenue_by_category: 'tenant_id metric_date category total_revenue',
  mangalam_invoices: 'invoice_id invoice_date customer_id customer_name product_id item_name quantity total billing_city category_name brand',
  clean_invoices: 'id invoice_id invoice_date customer_id customer_name product_id item_name quantity total',
  invoice_items: 'id invoice_id product_id quantity unit_price total_price',
  stores: 'id name address phone email created_at',
  products: 'id name category brand unit_price created_at',
  predicted_orders: 'id store_id predicted_date confidence priority total_amount status',
  predicted_order_items: 'predicted_order_id product_id',
  upselling_recommendations: 'store_id product_id',
  customer_segments: 'store_id segment_name segment_value total_revenue order_frequency churn_risk',
  store_preferences: 'store_id call_frequency payment_terms credit_limit auto_approve_predictions',
  stock_items: 'created_by updated_by created_at updated_at deleted_at deleted_by',
  stock_levels: 'sku warehouse quantity_on_hand',
  stock_lots: 'created_by updated_by created_at updated_at deleted_at deleted_by',
  stock_locations: 'created_by updated_by created_at updated_at deleted_at deleted_by',
  stock_reservations: 'created_by updated_by created_at updated_at deleted_at deleted_by',
  stock_serials: 'created_by updated_by created_at updated_at deleted_at deleted_by',
  stock_transactions: 'event_id kind item warehouse quantity at reference_id notes',
  dashboard_summary: 'organization_id refreshed_at',
  organizations: 'organization_id name',
  change_log: 'seq before after hash',
  run: 'uuid sha256',
  raw_chunk: 'bytes',
};
// Of the device and its people.
const STAYS = ['dashboard_settings'];

async function enrolled(t) {
  const hq = await startPostgres(t);
  const p = place(t);
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  ok(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]);
  return { hq, p };
}
const sync = (p) => ok(['sync', '--once', ...p.args]);
const verified = (p) => JSON.parse(outpost(['sync', 'verify', ...p.args, '--json']).out);
const shown = (rows) => rows.map((r) => r.map((v) => v ?? '').join('|'));

test('every name of the register is there, with its columns and its rows', { timeout: 180_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  const columns = new Map();
  for (const [table, column] of hq.rows("SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'outpost'::regnamespace AND a.attnum > 0 AND c.relkind IN ('r', 'v')")) {
    if (!columns.has(table)) columns.set(table, new Set());
    columns.get(table).add(column);
  }
  for (const [table, names] of Object.entries(REGISTER)) {
    assert.ok(columns.has(table), `headquarters has no ${table}`);
    assert.ok(columns.get(table).has('organization_id') || columns.get(table).has('tenant_id'), table);
    for (const name of names.split(' ')) assert.ok(columns.get(table).has(name), `${table} has no column ${name}`);
  }
  const stays = verified(p).stays;
  for (const table of STAYS) assert.ok(stays.some((s) => s.table === table && s.how === 'here' && s.why.length > 10), table);
  // Whatever the file has besides: it is there, or somebody said why not.
  const missing = query(p.db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").flat().filter((name) => !columns.has(name) && !stays.some((s) => s.table === name));
  assert.deepEqual(missing.filter((name) => !/^(sale|mangalam_invoice)_(past|total|current)$/.test(name)), []);

  // Figures of the views are those of the edge.
  const file = path.join(p.dir, 'odd.csv');
  fs.writeFileSync(file, 'Order ID,order_date,region,product,quantity,revenue\nA-1,2024-02-29,North,Sauces,2,10.50\n"A-2",2024-03-01," South",  Dairy ,"1","2,50"\nA-3,,East,"Say ""hi"", now",3,9\nA-4,2024-03-02,Nowhere,Snacks,-1,7\n');
  ok(['import', file, '--as', 'sales', ...p.args]);
  ok(['import', generate(p.dir, 700, 1, 20).file, '--as', 'sales', ...p.args]);
  ok(['stock', 'adjust', 'A-1', 'WAREHOUSE-001', '5', ...p.args]);
  ok(['stock', 'adjust', 'A-1', 'WAREHOUSE-001', '-2.5', ...p.args]);
  sync(p);
  const fields = ['order_id', 'order_date', 'region', 'product', 'quantity', 'revenue'];
  const raw = json(['export', 'raw_sales', ...p.args]).map((r) => [String(r.id), r.run_id, r.source_name, ...fields.map((f) => String(r[f] ?? ''))]);
  assert.equal(raw.length, 704);
  assert.deepEqual(shown(rowsOf(hq, `SELECT id, run_id, source_name, ${fields} FROM outpost.raw_sales ORDER BY id`)), shown(raw));
  const results = query(p.db, 'SELECT id, run_id, record_id, validation_stage, control_type, status, failure_reason, control, rule_version FROM validation_results ORDER BY id');
  assert.ok(results.length > 5000 && results.some((r) => r[5] === 'FAIL'));
  assert.deepEqual(shown(rowsOf(hq, 'SELECT id, run_id, record_id, validation_stage, control_type, status, failure_reason, control, rule_version FROM outpost.validation_results ORDER BY id')), shown(results));
  assert.deepEqual(
    hq.rows('SELECT id, order_id, quantity::numeric(19,2), revenue::numeric(19,2), revenue_per_unit FROM outpost.clean_sales ORDER BY id'),
    json(['export', 'clean_sales', ...p.args]).sort((a, b) => a.id - b.id).map((r) => [String(r.id), r.order_id, Number(r.quantity).toFixed(2), Number(r.revenue).toFixed(2), Number(r.revenue_per_unit).toFixed(2)]),
  );
  assert.deepEqual(hq.rows('SELECT sku, warehouse, quantity_on_hand::numeric(9,1) FROM outpost.stock_levels'), [['A-1', 'WAREHOUSE-001', '2.5']]);
  assert.equal(hq.psql('SELECT total_orders FROM outpost.analytics_summary WHERE coalesce(region, product, order_date::text) IS NULL'), one(p.db, 'SELECT count(*) FROM sale'));
  for (const table of ['run_control', 'run_category', 'run_check']) assert.equal(hq.psql(`SELECT count(*) FROM outpost.${table}`), one(p.db, `SELECT count(*) FROM ${table}`), table);
  assert.deepEqual(hq.rows('SELECT sha256 FROM outpost.rule_set ORDER BY 1'), query(p.db, 'SELECT sha256 FROM rule_set ORDER BY 1'));
  assert.equal(hq.psql('SELECT count(*) FROM outpost.run_rule_set'), '2');
  assert.equal(hq.psql("SELECT count(*) FROM outpost.rule_set WHERE sha256 <> encode(sha256(convert_to(json::text, 'UTF8')), 'hex')"), '0');
});

test('all of it is compared, and the first difference is named', { timeout: 180_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  const bad = path.join(p.dir, 'bad.csv');
  fs.writeFileSync(bad, 'order_id,order_date,region,product,quantity,revenue\nA-1,2024-02-29,North,Sauces,2,10.50\nA-2,,South,Dairy,1,2.50\n');
  ok(['import', bad, '--as', 'sales', ...p.args]);
  ok(['exception', 'fix', one(p.db, 'SELECT id FROM reject'), 'order_date=2024-03-01', ...p.args]);
  ok(['import', generate(p.dir, 300, 1, 20).file, '--as', 'sales', ...p.args]);
  ok(['undo', 'latest', ...p.args]);
  sync(p);
  const sound = verified(p);
  assert.deepEqual([sound.same, sound.first], [true, null], sound.sentence);
  const rows = Object.fromEntries(sound.tables.map((x) => [x.table, x.rows]));
  for (const table of ['run', 'reject_solved', 'run_control', 'run_category', 'run_check', 'run_rule_set', 'rule_set']) assert.ok(rows[table] > 0, table);
  assert.equal(rows.undo_kept, 0);
  for (const [table, column, change, key] of [
    ['run', 'counts', 'counts = NOT counts WHERE run = 3', '3'],
    ['run', 'rows_read', 'rows_read = rows_read + 1 WHERE run = 1', '1'],
    ['reject_solved', 'note', "note = 'x'", /^1, \d+, 2$/],
    ['run_control', 'failed', 'failed = failed + 1 WHERE run = 1 AND position = 2', '1, 2'],
    ['run_category', 'rows', 'rows = 77 WHERE run = 1', /^1, MISSING/],
    ['run_check', 'actual', "actual = '' WHERE run = 3 AND position = 1", '3, 1'],
    ['run_rule_set', 'sha256', "sha256 = 'x' WHERE run = 2", '2'],
    ['rule_set', 'json', "json = '{}'", /^[0-9a-f]{64}$/],
  ]) {
    hq.psql(`CREATE TABLE kept AS SELECT * FROM outpost.${table}; UPDATE outpost.${table} SET ${change}`);
    const { same, first } = verified(p);
    assert.deepEqual([same, first?.table, first?.column], [false, table, column], JSON.stringify(first));
    if (key instanceof RegExp) assert.match(first.key, key);
    else assert.equal(first.key, key);
    hq.psql(`DELETE FROM outpost.${table}; INSERT INTO outpost.${table} SELECT * FROM kept; DROP TABLE kept`);
  }
  hq.psql("INSERT INTO outpost.undo_kept SELECT organization_id, origin, run, 'A-1', 'nobody' FROM outpost.run WHERE run = 3");
  assert.match(verified(p).first.text, /^undo_kept 3, A-1 is at headquarters only$/);
  hq.psql('DELETE FROM outpost.undo_kept');
  assert.equal(verified(p).same, true);
});

// ---- an old run, after the file went back in time ----

test('what becomes of a run after a new epoch is said of the run where it stands', { timeout: 180_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  const bad = path.join(p.dir, 'bad.csv');
  fs.writeFileSync(bad, 'order_id,order_date,region,product,quantity,revenue\nA-1,2024-02-29,North,Sauces,2,10.50\nA-2,,South,Dairy,1,2.50\n');
  ok(['import', bad, '--as', 'sales', ...p.args]);
  ok(['import', generate(p.dir, 300, 1, 20).file, '--as', 'sales', ...p.args]);
  sync(p);
  ok(['backup', 'create', '--out', path.join(p.dir, 'old.db'), ...p.args]);
  ok(['record', 'save', 'store', '{"customer_id":"C-1","name":"lost"}', ...p.args]);
  sync(p);
  ok(['backup', 'restore', path.join(p.dir, 'old.db'), ...p.args]);
  sync(p);
  assert.deepEqual(hq.rows('SELECT origin, epoch FROM outpost.origin ORDER BY 1'), [['1', '1'], ['2', '2']]);
  const counted = () => Number(hq.psql('SELECT count(*) FROM outpost.clean_sales'));
  const same = () => {
    const { same, sentence, first } = verified(p);
    assert.deepEqual([same, first], [true, null], sentence);
    assert.equal(counted(), Number(one(p.db, 'SELECT count(*) FROM sale')));
    assert.deepEqual(hq.rows("SELECT state, count(*) FROM outpost.exceptions GROUP BY 1 ORDER BY 1"), query(p.db, 'SELECT state, count(*) FROM exceptions GROUP BY 1 ORDER BY 1'));
    assert.equal(hq.psql(`SELECT count(*) FROM outpost.raw_sales`), String(json(['export', 'raw_sales', ...p.args]).length));
  };
  same();
  const second = one(p.db, 'SELECT uuid FROM run WHERE id = 2');
  ok(['undo', second, ...p.args]);
  sync(p);
  same();
  ok(['exception', 'fix', one(p.db, 'SELECT id FROM reject WHERE id >> 32 = 1'), 'order_date=2024-03-01', ...p.args]);
  sync(p);
  same();
  ok(['redo', second, ...p.args]);
  sync(p);
  same();
  assert.deepEqual(hq.rows('SELECT origin, run, counts FROM outpost.run ORDER BY 1, 2'), [['1', '1', 't'], ['1', '2', 't'], ['2', '3', 't']]);
  assert.equal(hq.psql('SELECT count(*) FROM outpost.origin o, outpost.check_batches(o.organization_id, o.origin)'), '0');
});

// ---- zero bytes ----

test('a zero byte in a text is taken for what it was, and breaks no view', { timeout: 180_000 }, async (t) => {
  const { hq, p } = await enrolled(t);
  // far behind the head of a file, where one is no reason to refuse it
  const file = path.join(p.dir, 'zero.csv');
  const rows = Array.from({ length: 12000 }, (_, i) => `Z-${i},2024-02-29,North,Sauces,2,10.50`);
  rows.push('Y-1,2024-02-29,So\0uth,Sauces,2,10.50', 'Y-2,2024-\0,North,Sauces,2,10.50');
  fs.writeFileSync(file, `order_id,order_date,region,product,quantity,revenue\n${rows.join('\n')}\n`);
  ok(['import', file, '--as', 'sales', ...p.args]);
  sync(p);
  assert.equal(verified(p).same, true);
  const rejected = one(p.db, 'SELECT count(*) FROM reject');
  assert.ok(Number(rejected) > 0);
  assert.equal(hq.psql('SELECT count(error_details) FROM outpost.exceptions'), rejected);
  assert.equal(hq.psql("SELECT count(*) FROM outpost.validation_results WHERE status = 'FAIL'"), one(p.db, "SELECT count(*) FROM validation_results WHERE status = 'FAIL'"));
  assert.equal(hq.psql("SELECT count(raw_data) FROM outpost.raw_sales WHERE line > 12000"), '3');

  // An entry of the log that an edge wrote with one: its hash covers the byte.
  const [[organization, seq, hlc, hash]] = hq.rows("SELECT organization_id, seq + 1, hlc + 1, encode(hash, 'hex') FROM outpost.change_log ORDER BY seq DESC LIMIT 1");
  const int = (v) => { const b = Buffer.alloc(8); b.writeBigInt64LE(BigInt(v)); return b; };
  const text = (v) => (v === null ? [int(-1)] : [int(Buffer.byteLength(v)), Buffer.from(v)]);
  const entry = (said) => createHash('sha256').update(Buffer.concat([Buffer.from(hash, 'hex'), int(seq), int(hlc), int(0), ...['me', 'u', 'NOTED', null, null, null, null].flatMap(text), int(1), ...text(said)])).digest('hex');
  const chain = (said, covered) =>
    hq.psql(`BEGIN; INSERT INTO outpost.change_log (organization_id, origin, seq, hlc, at, actor, unit, event, count, text, hash)
      VALUES ('${organization}', 1, ${seq}, ${hlc}, 'epoch', 'me', 'u', 'NOTED', 1, '${said}', '\\x${covered}'); SELECT problem FROM outpost.check_chain('${organization}', 1); ROLLBACK`);
  assert.equal(chain('a\u2400b', entry('a\0b')), '');
  assert.equal(chain('a\u2400b', entry('a\u2400b')), '');
  assert.match(chain('a\u2400c', entry('a\0b')), /was changed/);

  // At headquarters nobody puts one into a record, and one that has it can be mended.
  hq.psql(`CREATE ROLE jane LOGIN PASSWORD 'j' IN ROLE outpost_hq; INSERT INTO outpost.member VALUES ('${organization}', 'jane', 'hq')`);
  const jane = { user: 'jane', password: 'j' };
  const rule = (id, params) => `INSERT INTO outpost.rule (id, dataset, name, stage, kind, category, message, params) VALUES ('${id}', 'sales', '${id}', 'business', 'range', 'DATA_QUALITY_ISSUE', 'm', '${params}')`;
  hq.psql(rule('r1', '{"a":"\\u0000"}'), { ...jane, refused: /a zero character .* no device can take it/ });
  hq.psql(rule('r2', '{"a":"\\\\u0000"}'), jane);
  hq.psql(`UPDATE outpost.rule SET params = '{"a":"\\u0000"}' WHERE id = 'r2'`, { ...jane, refused: /a zero character/ });
  hq.psql(`SET session_replication_role = replica; UPDATE outpost.rule SET params = '{"a":"\\u0000"}' WHERE id = 'r2'`);
  hq.psql("UPDATE outpost.rule SET message = 'other' WHERE id = 'r2'", jane);
  hq.psql("UPDATE outpost.rule SET params = '{}' WHERE id = 'r2'", jane);
  assert.deepEqual(Object.keys(JSON.parse(hq.psql("SELECT sync_stamps FROM outpost.rule WHERE id = 'r2'"))).sort(), ['', 'message', 'params', 'updated_at']);
});
