// What headquarters has of an edge: every name that users of such systems know, with its columns; the views say what the edge says; and
// what is compared is all of it.
import assert from 'node:assert/strict';
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
