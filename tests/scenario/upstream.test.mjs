// Headquarters' database: made, brought up to date, and who is let in. All by the real program against a real PostgreSQL.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ROOT, folder, importFile, json, ok, one, outpost, place, query, refuses, start, verify } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

const init = (dsn) => json(['upstream', 'init', '--dsn', dsn]);
const enroll = (p, dsn, ...more) => json(['upstream', 'enroll', '--dsn', dsn, ...p.args, ...more]);
const ORGANIZATION = '00000000-0000-7000-8000-00000000000a';

// What a database is, but for when it was made.
const shape = (hq, database) =>
  hq.psql(
    `SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
       SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '') || a.attnotnull AS line
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
       WHERE c.relnamespace = 'outpost'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 'i'
       UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'outpost'::regnamespace
       UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'outpost'::regnamespace
       UNION ALL SELECT tablename || policyname || permissive || roles::text || cmd || coalesce(qual, '') || coalesce(with_check, '') FROM pg_policies WHERE schemaname = 'outpost'
       UNION ALL SELECT oid::regprocedure || md5(prosrc) || prosecdef FROM pg_proc WHERE pronamespace IN ('outpost'::regnamespace, 'outpost_seal'::regnamespace)
       UNION ALL SELECT grantee || ' ' || privilege_type || ' ' || table_name FROM information_schema.role_table_grants WHERE table_schema = 'outpost') x`,
    { database },
  );

test('init makes the schema, again it does nothing, and what is missing it makes', { timeout: 300_000 }, async (t) => {
  const hq = await startPostgres(t);
  const dsn = hq.dsn();
  const first = init(dsn);
  assert.ok(first.done.includes('table products was made'), first.done.join('\n'));
  assert.ok(first.done.includes('table sale was made'));
  assert.ok(!first.done.some((line) => line.includes('table users')), 'what says sync none stays at the edge');
  const made = shape(hq);
  assert.deepEqual(init(dsn), { schema: first.schema, done: [] });
  assert.match(ok(['upstream', 'init', '--dsn', dsn]), /^nothing to do: headquarters has schema \d+\n$/);
  assert.equal(shape(hq), made);
  // types
  const type = (table, column) => hq.psql(`SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'outpost.${table}'::regclass AND attname = '${column}'`);
  assert.equal(type('products', 'unit_price'), 'numeric(20,4)');
  assert.equal(type('orders', 'approved_at'), 'timestamp with time zone');
  assert.equal(type('orders', 'order_date'), 'date');
  assert.equal(type('sale', 'revenue'), 'numeric(19,4)');
  assert.equal(type('sale', 'region'), 'text');

  await t.test('an older one gets tables and columns, and what newer edges sent of them', () => {
    hq.psql(`ALTER TABLE outpost.products DROP COLUMN brand; ALTER TABLE outpost.products DROP COLUMN gst_rate CASCADE; DROP TABLE outpost.stock_lots; ALTER TABLE outpost.mangalam_invoices RENAME COLUMN notes TO old_notes;
      DELETE FROM outpost.schema_part WHERE name IN ('table products', 'table stock_lots', 'table mangalam_invoices'); UPDATE outpost.hq SET version = 17;
      INSERT INTO outpost.products (organization_id, id, name, extra, sync_at, sync_origin) VALUES
        ('${ORGANIZATION}', 'p1', 'Tea', '{"brand":"Tata","gst_rate":"5.25","later":{"a":[1,"\\u0041"]}}', 77, 3),
        ('${ORGANIZATION}', 'p2', 'Milk', '{"gst_rate":"much"}', 78, 3), ('${ORGANIZATION}', 'p3', 'Salt', NULL, 79, 3)`);
    const { done } = init(dsn);
    hq.psql('ALTER TABLE outpost.mangalam_invoices DROP COLUMN notes; ALTER TABLE outpost.mangalam_invoices RENAME COLUMN old_notes TO notes');
    assert.deepEqual(done.filter((line) => !line.startsWith('part')), [
      'column mangalam_invoices.notes was added',
      'column products.brand was added; newer devices had sent 1 values of it',
      'column products.gst_rate was added; newer devices had sent 1 values of it',
      'table stock_lots was made',
      `the schema has number ${first.schema} now`,
    ]);
    assert.equal(shape(hq), made, 'as one that was made at once');
    assert.deepEqual(hq.rows(`SELECT id, brand, gst_rate, extra, sync_at, sync_origin, version FROM outpost.products ORDER BY id`), [
      ['p1', 'Tata', '5.2500', '{ "later" : {"a":[1,"\\u0041"]} }', '77', '3', '1'],
      ['p2', '', '', '{"gst_rate":"much"}', '78', '3', '1'],
      ['p3', '', '', '', '79', '3', '1'],
    ]);
    assert.deepEqual(init(dsn).done, []);
  });

  await t.test('what the documents tell to ask is answered', () => {
    hq.psql(`INSERT INTO outpost.organizations VALUES ('${ORGANIZATION}', 'acme', 'Acme')`);
    const [, told] = /```sql\n(CREATE ROLE jane [\s\S]*?)```/.exec(fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8'));
    hq.psql(undefined, { input: `${told}; SELECT outpost.refresh_dashboard();` });
    assert.equal(hq.psql('SELECT name FROM outpost.organizations', { user: 'jane', password: 'secret' }), 'Acme');
    hq.psql(undefined, { input: fs.readFileSync(path.join(ROOT, 'packaging/postgres/watch.sql'), 'utf8') });
  });

  await t.test('two at once: one makes it, the other finds it made', async () => {
    hq.psql('CREATE DATABASE twice');
    const at = hq.dsn({ database: 'twice' });
    const both = await Promise.all([1, 2].map(() => start(['upstream', 'init', '--dsn', at, '--json']).ended));
    assert.deepEqual(both.map((e) => [e.code, e.err]), [[0, ''], [0, '']]);
    assert.deepEqual(both.map((e) => JSON.parse(e.out).done.length > 0).sort(), [false, true]);
    assert.equal(shape(hq, 'twice'), made);
  });

  await t.test('killed or refused on its way it leaves nothing', () => {
    hq.psql('CREATE DATABASE half');
    hq.psql("CREATE SCHEMA outpost AUTHORIZATION outpost_owner; CREATE VIEW outpost.stores AS SELECT 1 AS one", { database: 'half' });
    refuses(['upstream', 'init', '--dsn', hq.dsn({ database: 'half' })], /stores/);
    assert.equal(hq.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'outpost'::regnamespace", { database: 'half' }), '1');
  });

  await t.test('who may not administer is told what it takes', () => {
    hq.psql("CREATE ROLE nobody_special LOGIN PASSWORD 'n'");
    hq.psql('CREATE DATABASE closed');
    refuses(['upstream', 'init', '--dsn', hq.dsn({ user: 'nobody_special', password: 'n', database: 'closed' })], /this login may not administer headquarters: .*CREATEROLE.*42501/);
  });

  await t.test('a schema of a newer program is left as it is', () => {
    hq.psql('UPDATE outpost.hq SET version = 9999');
    const before = shape(hq);
    refuses(['upstream', 'init', '--dsn', dsn], /has schema 9999, made by a newer program; this one knows \d+/, 5);
    refuses(['upstream', 'list', '--dsn', dsn], /made by a newer program/, 5);
    assert.equal(shape(hq), before);
  });
});

test('a headquarters of the first released program, with what is in it, is brought up to date', { timeout: 120_000 }, async (t) => {
  const hq = await startPostgres(t);
  const made = init(hq.dsn());
  hq.psql('CREATE DATABASE released');
  const old = { database: 'released' };
  const dump = gunzipSync(fs.readFileSync(path.join(ROOT, 'tests/data/headquarters.sql.gz'))).toString();
  const [role] = /outpost_demo_[0-9a-f]{8}/.exec(dump);
  hq.psql(`CREATE ROLE ${role} LOGIN IN ROLE outpost_edge`);
  hq.psql(undefined, { ...old, input: dump });
  const chain = "SELECT o.origin, c.problem FROM outpost.origin o, outpost.check_chain(o.organization_id, o.origin) c UNION ALL SELECT o.origin, b.problem FROM outpost.origin o, outpost.check_batches(o.organization_id, o.origin) b";
  const held = () => ['change_log', 'sale', 'reject', 'run', 'raw_chunk', 'stores', 'batch', 'clean_sales', 'exceptions'].map((table) => hq.psql(`SELECT count(*) FROM outpost.${table}`, old));
  const before = held();
  assert.ok(before.every((n) => Number(n) > 0), before.join());
  const { done, schema } = init(hq.dsn(old));
  assert.ok(done.includes('part 030 checks was run') && done.includes('part view raw_sales was made'), done.join('\n'));
  assert.equal(schema, made.schema);
  assert.equal(shape(hq, 'released'), shape(hq), 'as one that was made at once');
  assert.deepEqual(held(), before);
  assert.equal(hq.psql(chain, old), '');
  const [[read, clean]] = hq.rows('SELECT rows_read, rows_clean FROM outpost.run', old);
  assert.deepEqual([hq.psql('SELECT count(*) FROM outpost.raw_sales', old), hq.psql('SELECT count(*) FROM outpost.clean_sales', old)], [read, clean]);
  assert.deepEqual(init(hq.dsn(old)).done, []);
});

test('what people at headquarters write with plain SQL is checked and stamped', { timeout: 120_000 }, async (t) => {
  const hq = await startPostgres(t);
  init(hq.dsn());
  hq.psql(`CREATE ROLE jane LOGIN PASSWORD 'j' IN ROLE outpost_hq; INSERT INTO outpost.organizations VALUES ('${ORGANIZATION}', 'acme', 'Acme');
    INSERT INTO outpost.member VALUES ('${ORGANIZATION}', 'jane', 'hq')`);
  const jane = { user: 'jane', password: 'j' };
  const row = (columns) => hq.rows(`SELECT ${columns} FROM outpost.products`, jane)[0];
  hq.psql("INSERT INTO outpost.products (id, name, unit_price) VALUES ('p1', 'Tea', 12.5)", jane);
  assert.deepEqual(row('organization_id, unit_price, active, version, created_by, sync_origin, sync_stamps'), [ORGANIZATION, '12.5000', 't', '1', 'jane', '', '']);
  const [at, xid] = row('sync_at, sync_xid');
  hq.psql("UPDATE outpost.products SET unit_price = 13 WHERE id = 'p1'", jane);
  const [later, laterXid, version, stamps] = row('sync_at, sync_xid, version, sync_stamps');
  assert.ok(BigInt(later) > BigInt(at) && BigInt(laterXid) > BigInt(xid));
  assert.equal(version, '2');
  assert.deepEqual(Object.keys(JSON.parse(stamps)).sort(), ['', 'unit_price', 'updated_at']);
  hq.psql('UPDATE outpost.products SET name = NULL', { ...jane, refused: /name is required/ });
  hq.psql('UPDATE outpost.products SET organization_id = gen_random_uuid()', { ...jane, refused: /the id of a record stays|row-level security/ });
  hq.psql("INSERT INTO outpost.stores (customer_id, name, status) VALUES ('C1', 'Shop', 'ajar')", { ...jane, refused: /status must be one of active\|inactive\|blocked, not "ajar"/ });
  hq.psql('DELETE FROM outpost.products', { ...jane, refused: /permission denied/ });
  hq.psql('DELETE FROM outpost.products', { refused: /records are never removed: UPDATE outpost.products SET deleted_at = now\(\) instead/ });
  hq.psql("UPDATE outpost.products SET deleted_at = now() WHERE id = 'p1'", jane);
  assert.deepEqual(row('deleted_at IS NOT NULL, deleted_by'), ['t', 'jane']);
  hq.psql("INSERT INTO outpost.orders (number) VALUES ('SO-1')", { ...jane, refused: /permission denied for table orders/ });
  assert.equal(hq.psql('SELECT outpost.refresh_dashboard()', jane), '1');
  assert.equal(hq.psql('SELECT outpost.refresh_dashboard()', jane), '0', 'not older than five minutes');
  assert.deepEqual(hq.rows('SELECT organization_id, stores, products FROM outpost.dashboard_summary', jane), [[ORGANIZATION, '0', '0']]);
});

test('an edge is enrolled once, its secret is nowhere to be read, and revoked it is out at once', { timeout: 120_000 }, async (t) => {
  // log_statement: what the server writes down of the making of a role must not be its password
  const hq = await startPostgres(t, { log_statement: 'all', log_min_messages: 'info' });
  const p = place(t, 'acme');
  const dsn = hq.dsn();
  refuses(['upstream', 'enroll', '--dsn', dsn, ...p.args], /`outpost upstream init/);
  init(dsn);
  const edge = enroll(p, dsn, '--name', 'till-1');
  assert.match(edge.role, /^outpost_acme_[0-9a-f]{8}$/);
  assert.equal(edge.origin, 1);
  assert.equal(edge.organization_id, one(p.db, 'SELECT id FROM organizations'));
  const said = refuses(['upstream', 'enroll', '--dsn', dsn, ...p.args], /this tenant is enrolled already, as till-1/, 5);
  assert.ok(said.includes(edge.edge));
  assert.equal(one(p.db, "SELECT count(*) FROM change_log WHERE event = 'SYNC_ENROLLED'"), '1');
  const kept = one(p.db, 'SELECT dsn FROM sync_upstream');
  assert.match(kept, /sslmode='verify-full'/);
  assert.ok(kept.includes(`sslrootcert='${hq.ca}'`) && kept.includes(`user='${edge.role}'`) && !kept.includes('password'), kept);
  assert.match(hq.log, /CREATE ROLE "outpost_acme_[0-9a-f]{8}" LOGIN .* PASSWORD 'SCRAM-SHA-256\$4096:/, 'the server is given no password that it could write down');
  assert.match(hq.psql(`SELECT rolpassword FROM pg_authid WHERE rolname = '${edge.role}'`), /^SCRAM-SHA-256\$4096:/);
  assert.match(hq.psql(`SELECT public_key FROM outpost.edge`), /^-----BEGIN PUBLIC KEY-----/);
  const [listed] = json(['upstream', 'list', '--dsn', dsn]);
  assert.deepEqual([listed.organization, listed.name, listed.edge, listed.revoked_at, listed.epochs], ['acme', 'till-1', edge.edge, null, 1]);
  assert.equal(verify(p).ok, true);

  await t.test('a second device of the organization names it', () => {
    const q = place(t, 'acme');
    refuses(['upstream', 'enroll', '--dsn', dsn, ...q.args, '--name', 'till-2'], /an organization acme already, of another tenant's file; .*--organization acme/, 5);
    refuses(['upstream', 'enroll', '--dsn', dsn, ...q.args, '--organization', 'acme', '--name', 'till-1'], /acme has an edge that is called till-1 already/, 5);
    assert.equal(one(q.db, 'SELECT count(*) FROM sync_upstream'), '0');
    const second = enroll(q, dsn, '--name', 'till-2', '--organization', 'acme');
    assert.equal(second.organization_id, edge.organization_id);
    assert.deepEqual([second.origin, second.role === edge.role], [2, false]);
    const other = place(t, 'branch');
    assert.equal(enroll(other, dsn, '--name', 'till-3', '--organization', 'acme').organization_id, edge.organization_id);
    json(['upstream', 'revoke', '--dsn', dsn, '--edge', 'till-3']);
    assert.equal(enroll(other, dsn, '--name', 'till-3').organization, 'acme', 'it stays where it was');
    assert.notEqual(enroll(place(t, 'other'), dsn).organization_id, edge.organization_id);
  });

  await t.test('revoked', async () => {
    hq.psql(`ALTER ROLE ${edge.role} PASSWORD 'known'`);
    const session = hq.session({ user: edge.role, password: 'known' });
    assert.equal(await session.ask("BEGIN; SELECT count(*) FROM outpost.organizations"), '1');
    const out = json(['upstream', 'revoke', '--dsn', dsn, '--edge', 'till-1']);
    assert.deepEqual([out.edge, out.connections_ended], [edge.edge, 1]);
    assert.match(await session.ask('SELECT 1'), /terminating connection|server closed/);
    await session.ended;
    hq.psql('SELECT 1', { user: edge.role, password: 'known', refused: /not permitted to log in|password authentication failed/ });
    refuses(['upstream', 'revoke', '--dsn', dsn, '--edge', 'till-1'], /there is no edge till-1 that could be revoked/, 4);
    const again = enroll(p, dsn, '--name', 'till-1');
    assert.deepEqual([again.edge, again.origin], [edge.edge, edge.origin], 'enrolled again it is the edge that it was');
    assert.notEqual(again.role, edge.role);
  });

  await t.test('wrong addresses are told in a sentence', () => {
    refuses(['upstream', 'init'], /--dsn DSN says where/, 2);
    refuses(['upstream', 'init', '--dsn', 'nonsense'], /./);
    refuses(['upstream', 'init', '--dsn', hq.dsn({ sslrootcert: hq.otherCa })], /certificate/);
    refuses(['upstream', 'init', '--dsn', hq.dsn({ password: 'wrong' })], /password/);
    refuses(['upstream', 'revoke', '--dsn', dsn], /--edge EDGE/, 2);
  });
});

test('who administers a hosted database, and is no superuser, can do all of it', { timeout: 120_000 }, async (t) => {
  const hq = await startPostgres(t);
  hq.psql("CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'd'");
  hq.psql('CREATE DATABASE hosted OWNER dba');
  const service = path.join(folder(t), 'pg_service.conf');
  fs.writeFileSync(service, `[hosted]\nhost=localhost\nport=${hq.port}\ndbname=hosted\nuser=dba\nsslmode=verify-full\nsslrootcert=${hq.ca}\n`);
  // the password and all the rest come from where libpq's users keep them
  const env = { PGSERVICEFILE: service, PGPASSWORD: 'd' };
  const p = place(t, 'acme');
  const call = (...args) => {
    const ended = outpost([...args, '--dsn', 'service=hosted', '--json'], { env });
    assert.equal(ended.code, 0, ended.err);
    return JSON.parse(ended.out);
  };
  assert.ok(call('upstream', 'init').done.length > 40);
  assert.deepEqual(call('upstream', 'init').done, []);
  const edge = call('upstream', 'enroll', ...p.args);
  assert.match(one(p.db, 'SELECT dsn FROM sync_upstream'), /host='localhost' .*port='\d+'.*sslmode='verify-full'/);
  const as = { user: 'dba', password: 'd', database: 'hosted' };
  // Who owns everything sees who is enrolled, and nothing of what anybody has.
  hq.psql(`SET session_replication_role = replica; INSERT INTO outpost.products (organization_id, name, sync_at) VALUES ('${edge.organization_id}', 'Tea', 1)`, { database: 'hosted' });
  assert.equal(hq.psql('SET ROLE outpost_owner; SELECT count(*) FROM outpost.products', as), '0');
  assert.equal(hq.psql('SET ROLE outpost_owner; SELECT count(*) FROM outpost.edge', as), '1');
  const session = hq.session({ ...as, user: edge.role, password: (hq.psql(`ALTER ROLE ${edge.role} PASSWORD 'known'`), 'known') });
  assert.equal(await session.ask('SELECT count(*) FROM outpost.products'), '1');
  assert.equal(call('upstream', 'revoke', '--edge', edge.edge).connections_ended, 1);
  await session.end();
});

test('the views at headquarters say what those of the device say', { timeout: 300_000 }, async (t) => {
  const hq = await startPostgres(t);
  init(hq.dsn());
  const p = place(t, 'acme');
  const edge = enroll(p, hq.dsn());
  hq.psql(`CREATE ROLE jane LOGIN PASSWORD 'j' IN ROLE outpost_hq; INSERT INTO outpost.member VALUES ('${edge.organization_id}', 'jane', 'hq')`);
  const jane = { user: 'jane', password: 'j' };
  const compare = (full = true) => {
    ok(['sync', '--once', ...p.args]);
    const of = (local, view) => {
      const there = hq.rows(view, jane).map((cells) => cells.join('|'));
      const here = query(p.db, local).map((cells) => cells.map((cell) => cell ?? '').join('|'));
      assert.deepEqual(there.sort(), here.sort(), view);
      assert.ok(here.length > 0 || !full, local);
    };
    of("SELECT run_id, order_id, order_date, region, product, printf('%.4f', quantity), printf('%.4f', revenue), printf('%.2f', revenue_per_unit) FROM clean_sales",
      'SELECT run_id, order_id, order_date, region, product, quantity, revenue, revenue_per_unit FROM outpost.clean_sales');
    of('SELECT run_id, original_record_id, error_category, pipeline_stage, error_details, line, state, byte_offset, byte_length FROM exceptions',
      'SELECT run_id, original_record_id, error_category, pipeline_stage, error_details, line, state, byte_offset, byte_length FROM outpost.exceptions');
    of("SELECT id, run_id, event_type, record_count, actor, hlc, hash FROM audit_log WHERE id <= (SELECT json_extract(position, '$.seq') FROM sync_lane WHERE lane = 'log')",
      'SELECT id, run_id, event_type, record_count, actor, hlc, hash FROM outpost.audit_log');
    const figures = "SELECT coalesce(region, ''), coalesce(product, ''), sum(total_orders), printf('%.4f', sum(total_revenue)) FROM analytics_summary";
    of(`${figures} WHERE region IS NOT NULL OR product IS NOT NULL GROUP BY 1, 2`,
      'SELECT region, product, total_orders, total_revenue FROM outpost.analytics_summary WHERE region IS NOT NULL OR product IS NOT NULL');
  };
  const write = (name, text) => (fs.writeFileSync(path.join(p.dir, name), text), path.join(p.dir, name));
  const head = 'order_id,order_date,region,product,quantity,revenue\n';
  const first = importFile(p, write('a.csv', `${head}A-1,2024-01-05,North,Tea,2,10.5\nA-2,2024-01-06,South,"Milk | fresh",3,7.25\nA-3,2024-13-06,South,Milk,3,7\nA-4,2024-01-06,Mars,Milk,3,7\n`.replace(' | ', ' - ')));
  compare();
  // nothing replaced: the sums of runs are the sums of what counts
  const second = importFile(p, write('b.csv', `${head}A-5,2024-02-05,East,Tea,1,1\n`));
  compare();
  ok(['undo', second.run, ...p.args]);
  compare();
  ok(['redo', second.run, ...p.args]);
  ok(['exception', 'accept', one(p.db, 'SELECT min(id) FROM exceptions'), '--reason', 'a trial', ...p.args]);
  compare();
  ok(['undo', first.run, ...p.args]);
  compare(false);
  assert.equal(hq.psql('SELECT count(*) FROM outpost.clean_sales', jane), '1');
  ok(['redo', first.run, ...p.args]);
  const third = importFile(p, write('c.csv', `${head}A-1,2024-01-05,North,Tea,2,11.5\n`), '--existing', 'update');
  ok(['sync', '--once', ...p.args]);
  assert.equal(hq.psql("SELECT revenue FROM outpost.clean_sales WHERE order_id = 'A-1'", jane), '11.5000', 'the newer version');
  ok(['undo', third.run, ...p.args]);
  compare();
});
