// duckdb.mjs FILE DATABASE THREADS - the reference: DuckDB does to FILE what the
// pipeline "sales" does, as a person who knows DuckDB would write it.
//
// One transaction, a database file that is checkpointed at the end, and the same
// tables: raw rows with their line, clean rows with types under a primary key,
// exceptions with all their reasons, results by control, totals, audit trail, five
// reconciliation checks. Where two ways were possible the faster one is taken: the line
// of a raw row follows from its rowid (numbering rows while reading takes 0.7 s more for a
// million), and duplicates are found by grouping, not by failing constraints. It is
// spared keeping the file's bytes, hashing them, and the hash chain of the trail.
// Prints one JSON object; `seconds` is from BEGIN to having closed the database:
// without node's own start and without making the tables.
//
// Without FILE it only loads the library: what memory that takes is not DuckDB's work.
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const home = fileURLToPath(new URL('../../build/bench/package.json', import.meta.url));
const { DuckDBInstance } = await import(pathToFileURL(createRequire(home).resolve('@duckdb/node-api')).href);

const [file, database, threads = '4'] = process.argv.slice(2);

// Control, condition of failing, category, reason. Empty cells are NULL after reading.
const CONTROLS = [
  ['order_id_present', 'order_id IS NULL', 'MISSING_REQUIRED_FIELD', "'order_id is empty'"],
  ['order_date_present', 'order_date IS NULL', 'MISSING_REQUIRED_FIELD', "'order_date is empty'"],
  ['region_present', 'region IS NULL', 'MISSING_REQUIRED_FIELD', "'region is empty'"],
  ['product_present', 'product IS NULL', 'MISSING_REQUIRED_FIELD', "'product is empty'"],
  ['quantity_present', 'quantity IS NULL', 'MISSING_REQUIRED_FIELD', "'quantity is empty'"],
  ['revenue_present', 'revenue IS NULL', 'MISSING_REQUIRED_FIELD', "'revenue is empty'"],
  ['order_date_format', 'order_date IS NOT NULL AND day IS NULL', 'DATA_FORMAT_ERROR', "'order_date \"' || order_date || '\" is not a date'"],
  ['quantity_is_number', 'quantity IS NOT NULL AND pieces IS NULL', 'DATA_FORMAT_ERROR', "'quantity \"' || quantity || '\" is not a number'"],
  ['revenue_is_number', 'revenue IS NOT NULL AND amount IS NULL', 'DATA_FORMAT_ERROR', "'revenue \"' || revenue || '\" is not a number'"],
  ['revenue_not_negative', 'amount < 0', 'BUSINESS_RULE_VIOLATION', "'revenue ' || revenue || ' is below 0'"],
  ['quantity_positive', 'pieces <= 0', 'BUSINESS_RULE_VIOLATION', "'quantity ' || quantity || ' is not above 0'"],
  ['region_known', 'region NOT IN (SELECT value FROM region_list)', 'BUSINESS_RULE_VIOLATION', "'region \"' || region || '\" is not in the list'"],
  ['order_date_not_future', 'day > current_date + 1', 'DATA_QUALITY_ISSUE', "'order_date ' || order_date || ' is in the future'"],
];
const DUPLICATE = `['order_unique: a row before it has order_id ' || order_id]`;

const text = (s) => `'${s.replaceAll("'", "''")}'`;
const fails = CONTROLS.map(([, condition]) => `(${condition})`);
const reasons = CONTROLS.map(([name, condition, , reason]) => `CASE WHEN ${condition} THEN ${text(`${name}: `)} || ${reason} END`);
const category = `CASE ${CONTROLS.map(([, condition, name]) => `WHEN ${condition} THEN ${text(name)}`).join(' ')} END`;
const step = (event, count) => `INSERT INTO audit_log SELECT nextval('audit_id'), 'run-1', '${event}', (${count}), now();`;

const PREPARE = `
  SET threads = ${Number(threads)};
  CREATE TABLE region_list(value VARCHAR PRIMARY KEY);
  INSERT INTO region_list VALUES ('North'), ('South'), ('East'), ('West'), ('Central');
  CREATE TABLE raw_sales(order_id VARCHAR, order_date VARCHAR, region VARCHAR, product VARCHAR, quantity VARCHAR, revenue VARCHAR);
  CREATE VIEW raw_lines AS SELECT rowid - (SELECT min(rowid) FROM raw_sales) + 2 AS line, * FROM raw_sales;
  CREATE TABLE clean_sales(order_id VARCHAR PRIMARY KEY, line BIGINT NOT NULL, order_date DATE NOT NULL,
    region VARCHAR NOT NULL, product VARCHAR NOT NULL, quantity DECIMAL(18,4) NOT NULL, revenue DECIMAL(18,4) NOT NULL,
    revenue_per_unit DECIMAL(18,2));
  CREATE TABLE exceptions(line BIGINT NOT NULL, category VARCHAR NOT NULL, reasons VARCHAR[] NOT NULL,
    order_id VARCHAR, order_date VARCHAR, region VARCHAR, product VARCHAR, quantity VARCHAR, revenue VARCHAR);
  CREATE TABLE run_control(control VARCHAR, failed BIGINT);
  CREATE TABLE analytics_summary(order_date DATE, region VARCHAR, product VARCHAR, orders BIGINT,
    quantity DECIMAL(38,4), revenue DECIMAL(38,4));
  CREATE TABLE audit_log(id BIGINT, run VARCHAR, event VARCHAR, count BIGINT, moment TIMESTAMPTZ);
  CREATE SEQUENCE audit_id;
  CREATE TABLE run_check(name VARCHAR, ok BOOLEAN, expected VARCHAR, actual VARCHAR);`;

const IMPORT = `
  BEGIN;
  ${step('RUN_STARTED', 'SELECT 0')}
  INSERT INTO raw_sales SELECT * FROM read_csv(${text(file ?? '')}, all_varchar = true, header = true);
  ${step('DATA_INGESTED', 'SELECT count(*) FROM raw_sales')}
  CREATE TEMP TABLE judged AS
    SELECT *, ${fails.map((f) => `coalesce(${f}, false)`).join(' OR ')} AS failed
    FROM (SELECT *, TRY_CAST(order_date AS DATE) AS day, TRY_CAST(quantity AS DECIMAL(18,4)) AS pieces,
            TRY_CAST(revenue AS DECIMAL(18,4)) AS amount FROM raw_lines);
  CREATE TEMP TABLE first AS SELECT order_id, min(line) AS line FROM judged WHERE NOT failed GROUP BY order_id;
  ${step('DATA_VALIDATED', 'SELECT count(*) FROM judged')}
  INSERT INTO exceptions
    SELECT line, ${category}, list_filter([${reasons.join(', ')}], lambda r: r IS NOT NULL),
      order_id, order_date, region, product, quantity, revenue
    FROM judged WHERE failed;
  INSERT INTO exceptions
    SELECT line, 'DATA_QUALITY_ISSUE', ${DUPLICATE}, order_id, order_date, region, product, quantity, revenue
    FROM judged WHERE NOT failed AND line NOT IN (SELECT line FROM first);
  INSERT INTO run_control
    SELECT unnest([${CONTROLS.map(([name]) => text(name)).join(', ')}]), unnest([${fails.map((f) => `count(*) FILTER (WHERE ${f})`).join(', ')}])
    FROM judged WHERE failed;
  INSERT INTO run_control
    SELECT 'order_unique', count(*) FROM exceptions WHERE reasons[1] LIKE 'order_unique%';
  ${step('EXCEPTIONS_STORED', 'SELECT count(*) FROM exceptions')}
  INSERT INTO clean_sales
    SELECT j.order_id, j.line, day, region, product, pieces, amount, round_even(amount / pieces, 2)
    FROM judged j JOIN first f ON f.line = j.line;
  ${step('DATA_TRANSFORMED', 'SELECT count(*) FROM clean_sales')}
  INSERT INTO analytics_summary
    SELECT order_date, region, product, count(*), sum(quantity), sum(revenue) FROM clean_sales GROUP BY ALL;
  ${step('ANALYTICS_CREATED', 'SELECT count(*) FROM analytics_summary')}
  INSERT INTO run_check
    SELECT 'source_vs_clean', expected = actual, expected, actual
    FROM (SELECT (SELECT count(*) FROM raw_sales) AS expected,
                 (SELECT count(*) FROM clean_sales) + (SELECT count(*) FROM exceptions) AS actual);
  INSERT INTO run_check
    SELECT 'analytics_vs_raw', expected = actual, expected, actual
    FROM (SELECT (SELECT sum(TRY_CAST(revenue AS DECIMAL(18,4))) FROM raw_sales)
               - (SELECT coalesce(sum(TRY_CAST(revenue AS DECIMAL(18,4))), 0) FROM exceptions) AS expected,
                 (SELECT sum(revenue) FROM analytics_summary) AS actual);
  INSERT INTO run_check
    SELECT 'exception_count', expected = actual, expected, actual
    FROM (SELECT (SELECT sum(failed) FROM run_control) AS expected,
                 (SELECT sum(len(reasons)) FROM exceptions) AS actual);
  INSERT INTO run_check
    SELECT 'audit_completeness', count(DISTINCT event) = 6, 6, count(DISTINCT event) FROM audit_log WHERE run = 'run-1';
  INSERT INTO run_check
    SELECT 'dashboard_consistency', count(*) = 0, 0, count(*)
    FROM (SELECT order_date, region, product, count(*) AS orders, sum(quantity) AS quantity, sum(revenue) AS revenue
          FROM clean_sales GROUP BY ALL
          EXCEPT SELECT order_date, region, product, orders, quantity, revenue FROM analytics_summary);
  COMMIT;
  CHECKPOINT;`;

if (file) {
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  const rows = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  const statements = IMPORT.split(/;\n/).map((s) => s.trim().replace(/;$/, '')).filter(Boolean);
  await connection.run(PREPARE);
  const began = process.hrtime.bigint();
  const times = [];
  for (const sql of statements) {
    const start = process.hrtime.bigint();
    await connection.run(sql);
    times.push([Number(process.hrtime.bigint() - start) / 1e9, sql.replace(/\s+/g, ' ').slice(0, 60)]);
  }
  // The answer is asked for before closing and not part of the time.
  const asked = process.hrtime.bigint();
  const [all] = await rows(`SELECT (SELECT count(*) FROM raw_sales) AS read, (SELECT count(*) FROM clean_sales) AS clean,
    (SELECT count(*) FROM exceptions) AS rejected, (SELECT sum(revenue) FROM analytics_summary)::VARCHAR AS revenue,
    (SELECT bool_and(ok) FROM run_check) AS reconciled,
    (SELECT sum(line) FROM clean_sales) AS lines`);
  const categories = await rows('SELECT category, count(*) AS n FROM exceptions GROUP BY 1 ORDER BY 1');
  const [{ version }] = await rows('SELECT version() AS version');
  const answered = process.hrtime.bigint();
  connection.closeSync();
  instance.closeSync();
  const seconds = Number(process.hrtime.bigint() - began - (answered - asked)) / 1e9;
  if (process.env.BENCH_TIMES) for (const [s, sql] of times) console.error(s.toFixed(3), sql);
  console.log(JSON.stringify({
    rows: { read: Number(all.read), clean: Number(all.clean), rejected: Number(all.rejected) },
    rejected: Object.fromEntries(categories.map((c) => [c.category, Number(c.n)])),
    revenue: all.revenue, reconciled: all.reconciled, lines: Number(all.lines), seconds, version,
  }));
}
