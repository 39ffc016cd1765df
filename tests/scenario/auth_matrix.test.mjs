// Every route and every entity, as every role, and with what belongs to another tenant. What may be done by whom
// is written down here once more, so that a change of it is noticed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { data, post } from './api.mjs';
import { ROLES, addUser, as, claims, email, entities, routes, token } from './auth.mjs';

const { serve, LONG } = lib;

// What each role may write, and what it may only read.
const WRITES = {
  admin: 'sales data stock work alerts archive people system audit sync',
  planner: 'sales data stock work alerts',
  sales: 'sales alerts',
  operator: 'stock data alerts',
  inspector: 'data alerts',
  auditor: '',
  'sync-agent': 'sync data',
};
const READS = {
  admin: '',
  planner: 'archive audit system',
  sales: 'data stock',
  operator: 'sales work',
  inspector: 'stock sales audit',
  auditor: 'sales data stock work alerts archive people system audit sync',
  'sync-agent': 'sales stock work',
};
const may = (role, need) => {
  if (need === 'login') return true;
  const [group, verb] = need.split('.');
  return WRITES[role].split(' ').includes(group) || (verb === 'read' && READS[role].split(' ').includes(group));
};

const OPEN = ['/api/auth/login', '/api/auth/pin', '/api/auth/refresh', '/api/auth/logout', '/api/auth/me', '/api/auth/setup', '/api/trust', '/ca.crt', '/ca.pem', '/problems/{id}', '/api/problems', '/openapi.json', '/healthz', '/readyz', '/*'];
const NOBODY = '01900000-0000-7000-8000-000000000000';
const ROUTES = routes();
const ENTITIES = entities();

// Only the status: a stream would not end.
function status(server, t, method, target, body) {
  return new Promise((resolve, reject) => {
    const headers = { ...(t ? { authorization: `Bearer ${t}` } : {}), ...(body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}) };
    const request = http.request({ host: '127.0.0.1', port: server.port, path: target, method, headers, agent: false }, (response) => {
      resolve(response.statusCode);
      response.destroy();
    });
    request.on('error', reject);
    request.end(body);
  });
}

// The addresses of a route, with what each needs: an entity's has one for each entity.
function addresses(route) {
  const fill = (first, rest = NOBODY) => route.pattern.replace('{id}', first).replaceAll('{id}', rest).replace('*', 'x');
  if (!route.need?.startsWith('record.')) return [{ target: fill(NOBODY), need: route.need }];
  const verb = route.need.split('.')[1];
  const of = (key) => ENTITIES.filter((e) => e[key]).map((e) => ({ target: fill(e[key]), need: `${e.access}.${verb}` }));
  return route.by === 'PATH' ? of('path') : of('name');
}

async function inTurn(list, width, act) {
  const rest = [...list];
  await Promise.all(Array.from({ length: width }, async () => {
    for (let one; (one = rest.shift()); ) await act(one);
  }));
}

test('what is open to everybody is on a list', () => {
  assert.ok(ROUTES.length > 120 && ENTITIES.length > 30);
  for (const route of ROUTES) if (route.open) assert.ok(OPEN.includes(route.pattern), `${route.method} ${route.pattern} is open to everybody`);
  for (const route of ROUTES) assert.ok(route.open || route.need, `${route.method} ${route.pattern} does not say who may use it`);
  for (const name of ['/api/auth/login', '/healthz', '/*']) assert.ok(ROUTES.some((r) => r.pattern === name && r.open), name);
});

test('every route and every entity as every role: no difference to the list', { timeout: 300e3 }, async (t) => {
  const p = lib.place(t);
  for (const role of ROLES) addUser(p, role);
  const server = await serve(t, p.data, '--rate', '0', '--workers', '0');
  const tokens = Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await token(server, email(role))])));
  const cases = ROUTES.filter((r) => !r.open).flatMap((route) => addresses(route).map((address) => ({ route, ...address })));
  const differences = [];
  let asked = 0;
  await inTurn(cases, 8, async ({ route, target, need }) => {
    const ask = (t) => status(server, t, route.method, target, route.body ? '{}' : undefined);
    const stranger = await ask();
    asked++;
    if (stranger !== 401) differences.push(`nobody: ${route.method} ${target} is ${stranger}`);
    for (const role of ROLES) {
      const got = await ask(tokens[role]);
      asked++;
      const allowed = got !== 401 && got !== 403;
      if (allowed !== may(role, need)) differences.push(`${role}: ${route.method} ${target} (${need}) is ${got}`);
    }
  });
  assert.deepEqual(differences, []);
  assert.ok(asked > 1000, String(asked));
});

test('a table that tells of more than the data takes the permission for that', async (t) => {
  const p = lib.place(t);
  for (const role of ['admin', 'sales', 'inspector']) addUser(p, role);
  const server = await serve(t, p.data, '--workers', '0');
  const admin = await token(server, email('admin'));
  const table = async (who, name, format = 'csv') => (await as(server, who, `/api/tables/${name}?format=${format}`)).status;
  const [sales, inspector] = [await token(server, email('sales')), await token(server, email('inspector'))];
  for (const format of ['csv', 'json', 'parquet']) {
    assert.equal(await table(sales, 'audit_log', format), 403, format);
    assert.equal(await table(inspector, 'audit_log', format), 200, format);
    assert.equal(await table(sales, 'runs', format), 200, format);
  }
  await data(as(server, admin, '/api/roles', 'POST', { name: 'figures', permissions: 'data.read' }), 201);
  const { token: figures } = await data(as(server, admin, '/api/tokens', 'POST', { name: 'figures', role: 'figures' }), 201);
  assert.equal(await table(figures, 'stock_transactions', 'parquet'), 403);
  assert.equal(await table(sales, 'stock_transactions', 'parquet'), 200);

  // Who may read the log, but not accounts, finds nothing of them in it.
  const seen = async (who, name) => (await as(server, who, `/api/changes?table=${name}`)).json.total;
  for (const name of ['users', 'roles', 'sessions']) {
    assert.ok(await seen(admin, name) > 0, name);
    assert.equal(await seen(inspector, name), 0, name);
  }
  const { data: log } = (await as(server, inspector, '/api/changes?limit=1000')).json;
  assert.ok(log.length > 0 && !JSON.stringify(log).includes(email('admin')), 'the page of the log is free of them, too');
});

test('formulas are made harmless on their way out; without that only for who may change the settings', async (t) => {
  const p = lib.place(t);
  for (const role of ['admin', 'sales', 'auditor']) addUser(p, role);
  const file = path.join(p.dir, 'formulas.csv');
  const products = ['=HYPERLINK("http://x")', '+1+2', '@SUM(A1)', '-2+3', 'plain'];
  fs.writeFileSync(file, `order_id,order_date,region,product,quantity,revenue\n${products.map((name, i) => `F-${i},2024-01-05,North,"${name.replaceAll('"', '""')}",2,10`).join('\n')}\n`);
  lib.importFile(p, file);
  const server = await serve(t, p.data, '--workers', '0');
  const of = {};
  for (const role of ['admin', 'sales', 'auditor']) of[role] = await token(server, email(role));
  const names = async (who, query) => {
    const answer = await as(server, of[who], `/api/tables/clean_sales?${query}`);
    return answer.status === 200 ? lib.table(String(answer.body)).map((row) => row.product) : answer.status;
  };
  for (const role of Object.keys(of)) assert.deepEqual(await names(role, 'format=csv'), products.map((name) => (name === 'plain' ? name : `'${name}`)), role);
  for (const role of ['sales', 'auditor']) for (const query of ['plain=1', 'plain=true&format=csv', 'plain=1&format=json']) assert.equal(await names(role, query), 403, `${role} ${query}`);
  assert.deepEqual(await names('admin', 'plain=1'), products);
  assert.equal(await names('admin', 'plain=maybe'), 422);
});

// A tenant with something of everything in it: { p, ids }.
function furnished(data, slug) {
  lib.ok(['tenant', 'add', slug, '--data', data]);
  const p = { data, tenant: slug, dir: path.dirname(data), db: path.join(data, 'tenants', `${slug}.db`), args: ['--data', data, '--tenant', slug] };
  for (const role of ['admin', 'auditor']) lib.json(['user', 'add', `${role}@${slug}.example`, '--role', role, '--password', 'canary-Kartoffel-7', ...p.args]);
  return p;
}

const CANARY = 'kanarienvogel';
function fill(p) {
  const file = path.join(p.dir, `${CANARY}.csv`);
  fs.writeFileSync(file, `order_id,order_date,region,product,quantity,revenue\n${CANARY}-1,2024-01-05,North,${CANARY},2,10\n${CANARY}-2,2024-01-05,Mars,x,2,10\n`);
  lib.importFile(p, file);
  lib.ok(['record', 'save', 'warehouse', JSON.stringify({ code: CANARY, name: CANARY }), ...p.args]);
  lib.ok(['record', 'save', 'stock_item', JSON.stringify({ sku: CANARY, name: CANARY, unit: 'kg' }), ...p.args]);
  lib.ok(['stock', 'adjust', CANARY, CANARY, '5', ...p.args]);
  lib.ok(['jobs', 'add', 'backup_daily', ...p.args]);
  lib.ok(['token', 'create', CANARY, '--role', 'operator', ...p.args]);
  const ids = ['SELECT uuid FROM run', 'SELECT id FROM job', 'SELECT id FROM reject', 'SELECT id FROM users', 'SELECT id FROM sessions', 'SELECT id FROM warehouses', 'SELECT id FROM stock_items', 'SELECT id FROM organizations'].flatMap((sql) => lib.query(p.db, sql).map(([id]) => id));
  return [...new Set([...ids, CANARY, p.tenant, `${CANARY}-1`])];
}

test('of another tenant there is nothing, whatever is asked and by whichever id', { timeout: 600e3 }, async (t) => {
  const dir = lib.folder(t);
  const folder = path.join(dir, 'data');
  lib.ok(['init', folder]);
  const a = furnished(folder, 'anna');
  const b = furnished(folder, 'berta');
  const ids = fill(b);
  const server = await serve(t, folder, '--rate', '0', '--workers', '0');
  const one = await token(server, 'admin@anna.example', undefined, { tenant: 'anna' });
  const other = await token(server, 'admin@berta.example', undefined, { tenant: 'berta' });
  assert.equal((await post(server, '/api/auth/login', { email: 'admin@anna.example', password: 'canary-Kartoffel-7' })).status, 422, 'where there are several, it has to be said which');
  assert.equal((await post(server, '/api/auth/login', { email: 'admin@anna.example', password: 'canary-Kartoffel-7', tenant: 'berta' })).status, 401);
  assert.equal((await post(server, '/api/auth/login', { email: 'admin@anna.example', password: 'canary-Kartoffel-7', tenant: 'nobody' })).status, 401);
  ids.push(claims(other).jti, claims(other).sub);

  const seen = await as(server, other, '/api/runs');
  assert.match(String(seen.body), new RegExp(CANARY), 'its own admin sees it');
  const before = lib.sha256(lib.sqlite(b.db, '.dump'));
  const wrong = [];
  const check = async (route, target, must404) => {
    if (route.pattern === '/api/events') return; // has no end; below
    const answer = await as(server, one, target, route.method, route.body ? '{}' : undefined);
    const text = String(answer.body).replaceAll(target, '').replaceAll(encodeURIComponent(target), '');
    const leaks = route.method === 'GET' && answer.status < 400 && (text.includes(CANARY) || text.includes('berta'));
    if (leaks || (must404 && answer.status !== 404)) wrong.push(`${route.method} ${target} is ${answer.status} ${String(answer.body).slice(0, 150)}`);
  };
  const cases = [];
  const targets = (route) => (route.need?.startsWith('record.') ? addresses(route).map((address) => address.target) : [route.pattern.replace('*', 'x')]);
  for (const route of ROUTES.filter((r) => !r.open)) {
    for (const target of targets(route)) {
      const open = target.replaceAll(NOBODY, '{id}');
      if (!open.includes('{id}')) {
        cases.push([route, open, false]);
        cases.push([route, `${open}${open.includes('?') ? '&' : '?'}tenant=berta`, route.need !== 'login' && route.method === 'GET' && !['/api/entities', '/api/job-kinds', '/api/tables', '/metrics', '/api/support', '/api/schedule-preview', '/api/system', '/openapi.json'].includes(route.pattern)]);
      } else for (const id of ids) cases.push([route, open.replaceAll('{id}', id), false]);
    }
  }
  const r = lib.random(5);
  const some = LONG ? cases : cases.filter(([route, target]) => !target.includes(NOBODY) && (route.method === 'GET' ? r.chance(0.6) : r.chance(0.3)));
  await inTurn(some, 8, ([route, target, must404]) => check(route, target, must404));
  assert.deepEqual(wrong.slice(0, 10), []);
  assert.ok(some.length > 1000, String(some.length));
  assert.equal(lib.sha256(lib.sqlite(b.db, '.dump')), before, 'and nothing of it was changed');
  assert.deepEqual((await data(as(server, one, '/api/tenants'))).map((row) => row.slug), ['anna']);
  assert.equal((await as(server, one, '/api/events?tenant=berta')).status, 404);
  lib.sound(a);
});

test('a tenant\'s file is its own: a link, or a copy of another one, is not taken for it', async (t) => {
  const dir = lib.folder(t);
  const folder = path.join(dir, 'data');
  lib.ok(['init', folder]);
  for (const slug of ['anna', 'berta']) lib.ok(['tenant', 'add', slug, '--data', folder]);
  lib.ok(['record', 'save', 'warehouse', JSON.stringify({ code: CANARY, name: 'x' }), '--data', folder, '--tenant', 'berta']);
  const file = path.join(folder, 'tenants/anna.db');
  const ask = () => lib.outpost(['record', 'list', 'warehouse', '--data', folder, '--tenant', 'anna']);
  const plant = async (how, pattern) => {
    for (const one of fs.readdirSync(path.dirname(file))) if (one.startsWith('anna.db')) fs.rmSync(path.join(path.dirname(file), one));
    how();
    const said = ask();
    assert.notEqual(said.code, 0);
    assert.match(said.err, pattern);
    const server = await serve(t, folder, '--workers', '0');
    const answer = await as(server, '', '/api/records/warehouse?tenant=anna');
    assert.ok(answer.status >= 400 && !String(answer.body).includes(CANARY), String(answer.status));
    await server.stop();
  };
  await plant(() => fs.symlinkSync('berta.db', file), /symbolic link/);
  await plant(() => fs.symlinkSync('/etc/passwd', file), /symbolic link|no SQLite file/);
  await plant(() => fs.copyFileSync(path.join(folder, 'tenants/berta.db'), file), /another copy/);
  assert.match(lib.ok(['record', 'list', 'warehouse', '--data', folder, '--tenant', 'berta']), new RegExp(CANARY));
});
