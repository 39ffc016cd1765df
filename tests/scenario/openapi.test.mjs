// The document of the API: linted by two programs, the same as the table of routes, and every operation of it tried (T29).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { installed } from '../browser/outpost.mjs';
import { ask, data, imported, post } from './api.mjs';
import { as, addUser, email, login, routes } from './auth.mjs';
import { importInvoices, invoiceFile, market } from './field.mjs';
import { OUTPOST_TEST, ROOT, generate, json, place, serve, serveWith, sleep } from './lib.mjs';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const require = createRequire(installed());
const document = async (server) => (await ask(server, '/openapi.json')).json;
const operations = (doc) => Object.entries(doc.paths).flatMap(([at, item]) => METHODS.filter((m) => item[m]).map((method) => ({ at, method, ...item[method] })));

test('two linters find nothing, and the table of routes is what it says', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const answer = await ask(server, '/openapi.json');
  assert.equal((await ask(server, '/openapi.json', { headers: { 'if-none-match': answer.headers.etag } })).status, 304);
  const doc = answer.json;
  assert.equal(doc.openapi, '3.1.0');
  await require('@apidevtools/swagger-parser').validate(structuredClone(doc));
  const file = path.join(p.dir, 'openapi.json');
  fs.writeFileSync(file, answer.body);
  const cli = path.join(path.dirname(installed()), 'node_modules/.bin/redocly');
  const linted = spawnSync(cli, ['lint', file, '--format=json'], { encoding: 'utf8', env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }, timeout: 120000, cwd: p.dir });
  const { totals, problems } = JSON.parse(linted.stdout.slice(linted.stdout.indexOf('{')));
  assert.deepEqual([totals.errors, totals.warnings], [0, 0], JSON.stringify(problems.slice(0, 5).map((x) => [x.ruleId, x.message, x.location[0].pointer])));

  // Rows of the table, read from the source, against the operations.
  const rows = routes().map((r) => ({ ...r, byPath: r.by === 'PATH', byName: r.by === 'NAME' })).filter((r) => !['/*', '/realtime'].includes(r.pattern));
  assert.ok(rows.length > 100);
  const all = await data(ask(server, '/api/entities'));
  const wanted = new Set();
  for (const { method, pattern, byPath, byName } of rows) {
    const named = pattern.replace('*', '{name}');
    const expand = byPath ? all.filter((e) => e.path).map((e) => named.replace('{id}', e.path)) : [byName ? named.replace('{id}', '{entity}') : named.replace(/\{id\}(.*)\{id\}/, '{id}$1{id2}')];
    for (const one of expand) wanted.add(`${method} ${one}`);
  }
  assert.deepEqual(operations(doc).map((o) => `${o.method.toUpperCase()} ${o.at}`).sort(), [...wanted].sort());
  for (const o of operations(doc)) assert.ok(o.security.length || o['x-permission'] === undefined, `${o.at} is open and has a permission`);
});

// What stands in the place of a parameter of a path, so that there is something.
async function filled(t) {
  const p = place(t);
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  const { file } = generate(p.dir, 400, 3, 6);
  const run = (await imported(server, 'sales.csv', fs.readFileSync(file), [['as', 'sales']])).run;
  const upload = (await data(ask(server, '/api/uploads?name=a.csv', { method: 'POST', body: 'sku,warehouse,quantity\nA-1,W1,5\n' }), 201)).upload;
  await data(post(server, '/api/warehouses', { code: 'W1' }), 201);
  const item = await data(post(server, '/api/stock-items', { sku: 'A-1', name: 'one' }), 201);
  await data(post(server, '/api/stock/adjust', { sku: 'A-1', warehouse: 'W1', quantity: '20', reason: 'begin' }));
  const exception = (await data(ask(server, '/api/exceptions?limit=1')))[0].id;
  const key = (await data(ask(server, '/api/rows?limit=1')))[0].key;
  const job = (await data(post(server, '/api/jobs', { kind: 'jobs_tidy' }), 201)).id;
  const task = (await data(ask(server, '/api/imports')))[0].import;
  const graph = await data(post(server, '/api/graphs/low_stock_alerts/run', {}), 202);
  return { p, server, run, upload, item, exception, key, job, task, graph: String(graph.run ?? graph.id) };
}

const QUERIES = (f) => ({
  '/api/line': `?run=${f.run}&line=2`, '/api/row': `?as=sales&key=${encodeURIComponent(f.key)}`, '/api/compare': `?as=sales&a=${f.run}&b=current`, '/api/impact': '?as=sales&rule=region_known', '/api/schedule-preview': '?cron=0+3+*+*+*', '/api/stock/scan': '?code=A-1', '/api/figures': '?as=sales', '/api/rows': '?as=sales', '/api/quality': '?as=sales', '/api/governance': '?as=sales',
  '/api/exceptions/file': `?run=${f.run}`, '/metrics/{id}': '?metric_type=revenue&start_date=2024-01-01&end_date=2024-01-31', '/api/topics/{id}/poll': '?group=g&member=m', '/api/stock/history': '?sku=A-1', '/api/uploads/{id}': '?as=sales',
});
const IDS = (f) => ({
  '/api/runs/': f.run, '/api/jobs/': f.job, '/api/imports/': f.task, '/api/uploads/': f.upload, '/api/exceptions/': f.exception, '/api/stock/items/': 'A-1', '/api/schedules/': 'daily-backup', '/api/graphs/': 'low_stock_alerts', '/api/graph-runs/': f.graph, '/api/stock/weeks/': '2024-02-29', '/api/topics/': 'inventory-events', '/api/tables/': 'runs', '/api/kept/': 'low_stock', '/metrics/': f.p.tenant, '/problems/': 'invalid', '/api/stock-items/': f.item.id, '/api/records/': 'stock_item',
});
// Reads that may answer 4xx in a folder as small as this one, and why.
const FEW = {
  '/api/kept/{name}': 'nothing was worked out yet', '/api/low-stock': 'the same', '/ca.crt': 'no TLS', '/ca.pem': 'no TLS', '/api/trust': 'no TLS', '/api/stock/weeks/{id}': 'there is no report of that week', '/api/events': 'never ends', '/api/analytics/bought': 'there is no store yet',
};

// What the document says, to compare answers with: check(operation, answer).
function checker(doc) {
  const Ajv = require('ajv/dist/2020').default;
  const ajv = new Ajv({ strict: false, allErrors: true });
  require('ajv-formats').default(ajv);
  ajv.addFormat('decimal', /^-?\d+(\.\d+)?$/);
  ajv.addSchema(doc, 'doc');
  const pointer = (...parts) => `doc#/${parts.map((x) => encodeURIComponent(String(x).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
  const tried = { good: 0, bad: 0 };
  const wrong = [];
  const check = (o, answer) => {
    const said = answer.status < 400 ? String(answer.status) : `${String(answer.status)[0]}XX`;
    const response = o.responses[said];
    if (!response) return wrong.push(`${o.method} ${o.at}: ${answer.status} is not among ${Object.keys(o.responses)}: ${String(answer.body).slice(0, 200)}`);
    tried[answer.status < 400 ? 'good' : 'bad']++;
    const type = (answer.headers['content-type'] ?? '').split(';')[0];
    if (!response.content?.[type]) return wrong.push(`${o.method} ${o.at}: ${answer.status} is of the type ${type}`);
    if (!response.content[type].schema || !answer.json) return undefined;
    const validate = ajv.getSchema(pointer('paths', o.at, o.method, 'responses', said, 'content', type, 'schema'));
    if (!validate(answer.json)) wrong.push(`${o.method} ${o.at} ${answer.status}: ${validate.errors.slice(0, 4).map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`).join('; ')}`);
    return undefined;
  };
  return { check, tried, wrong };
}

test('every operation is tried: what comes back is what the document says', async (t) => {
  const f = await filled(t);
  const doc = await document(f.server);
  const { check, tried, wrong } = checker(doc);
  const ids = IDS(f);
  const queries = QUERIES(f);
  const address = (o) => {
    const prefix = Object.keys(ids).sort((a, b) => b.length - a.length).find((x) => o.at.startsWith(x) && o.at[x.length] === '{');
    let at = o.at;
    if (o.at.startsWith('/api/records/{entity}')) at = at.replace('{entity}', 'stock_item').replace('{id}', f.item.id);
    else if (o.at.startsWith('/api/why/')) at = '/api/why/sales/revenue';
    else if (prefix) at = at.replace(/\{\w+\}/, ids[prefix]);
    return at.replace(/\{\w+\}/g, 'nothing');
  };
  const all = operations(doc);
  // Reads first, then what a body of nonsense does, then what one record goes through.
  for (const o of all.filter((x) => x.method === 'get' && x.at !== '/api/events')) {
    const answer = await ask(f.server, address(o) + (queries[o.at] ?? ''));
    await check(o, answer);
    const few = FEW[o.at] ?? (o.at.includes('{') && !Object.keys(ids).some((x) => o.at.startsWith(x)) && !o.at.startsWith('/api/why'));
    if (!few && answer.status !== 200) wrong.push(`get ${o.at}: ${answer.status} ${String(answer.body).slice(0, 200)}`);
  }
  for (const o of all.filter((x) => x.requestBody))
    for (const body of ['{', '{"no such member":1}', '[]']) await check(o, await ask(f.server, address(o), { method: o.method.toUpperCase(), body, headers: { 'content-type': 'application/json' } }));
  const stock = (method, at) => all.find((o) => o.method === method && o.at === at);
  const made = await post(f.server, '/api/stock-items', { sku: 'B-2' });
  await check(stock('post', '/api/stock-items'), made);
  const one = `/api/stock-items/${made.json.data.id}`;
  await check(stock('put', '/api/stock-items/{id}'), await ask(f.server, one, { method: 'PUT', body: { sku: 'B-3', unit_cost: '1.50' } }));
  await check(stock('patch', '/api/stock-items/{id}'), await ask(f.server, one, { method: 'PATCH', body: { name: 'x' } }));
  await check(stock('delete', '/api/stock-items/{id}'), await ask(f.server, one, { method: 'DELETE' }));
  await check(stock('post', '/api/stock-items/{id}/restore'), await post(f.server, `${one}/restore`));
  await check(stock('get', '/api/stock-items/{id}/changes'), await ask(f.server, `${one}/changes`));
  // All that is left: the other verbs, on what there is.
  for (const o of all.filter((x) => x.method !== 'get' && !x.requestBody)) await check(o, await ask(f.server, address(o), { method: o.method.toUpperCase() }));
  assert.equal(wrong.length, 0, wrong.join('\n'));
  // The build for tests tells of parameters and members that the table does not name.
  assert.deepEqual([...new Set(f.server.log.split('\n').filter((l) => l.includes('NOT_IN_ROUTES')).map((l) => JSON.parse(l).message))], []);
  assert.ok(tried.good > 120 && tried.bad > 120, JSON.stringify(tried));
  assert.equal(json(['verify', ...f.p.args]).ok, true);
});

// Addresses whose parameter is no id of anything that is kept, and what stands for it instead.
const NOT_IDS = { '/api/records/{entity}': 'nothing', '/api/stock/weeks/{id}': '1999-01-01' };

test('what an address asks of that is not there is not found, whatever stands behind it', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const all = operations(await document(server)).filter((o) => o.method === 'get' && o.at.includes('{'));
  assert.ok(all.length > 60);
  const wrong = [];
  for (const { at } of all)
    for (const id of ['NONE', '999999', '01a1fc1f-1778-78ed-80cb-4684bbc176b3']) {
      const target = at.replace('{entity}', at === '/api/records/{entity}' ? NOT_IDS[at] : 'store').replace(/\{\w+\}/g, NOT_IDS[at] ?? id) + (QUERIES({ p })[at]?.replace('format=csv', '') ?? '');
      const answer = await ask(server, target);
      if (answer.status !== 404) wrong.push(`${target}: ${answer.status} ${String(answer.body).slice(0, 120)}`);
    }
  assert.deepEqual(wrong, []);
  // A graph without a run has none; one that was deleted has left its own.
  assert.deepEqual(await data(ask(server, '/api/graphs/low_stock_alerts/runs')), []);
  await data(post(server, '/api/graphs/low_stock_alerts/run', {}), 202);
  assert.equal((await data(ask(server, '/api/graphs/low_stock_alerts/runs'))).length, 1);
});

// Where a reply has a form that is data of somebody, and not ours: named here, one by one.
const DATA = [
  'payload', 'result', 'output', 'data', 'before', 'after', 'detail', 'layout_config', 'widget_preferences', 'explanation', 'blocked', 'dependents', // JSON that others keep
  'figures', // of a report that is kept
  'value', 'a', 'b', 'difference', 'first', 'second', 'default', 'min', 'max', // a number or a text, by what it is of
  'unknown_columns', 'oddities', 'rule_changes', 'notes', 'items', 'matches', 'gs1', 'movements', 'edited_by', 'breakers', 'id', 'kept', 'position',
  'base', 'lost', 'won', // of a field of any kind
];

// The places of a schema that say nothing of what is there: [path].
function holes(schema, at = '') {
  if (!schema || schema.$ref) return [];
  const keys = Object.keys(schema).filter((k) => k !== 'description');
  if (keys.length === 0) return [at];
  const here = [schema.type].flat().includes('object') && (!schema.properties || schema.additionalProperties === undefined) && typeof schema.additionalProperties !== 'object' ? [at] : [];
  return [
    ...here,
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) => holes(one, `${at}/${name}`)),
    ...(schema.items ? holes(schema.items, `${at}/[]`) : []),
    ...(typeof schema.additionalProperties === 'object' ? holes(schema.additionalProperties, `${at}/*`) : []),
  ];
}

test('no reply has a hole in its form but where the form is data', async (t) => {
  const p = place(t);
  const doc = await document(await serve(t, p.data));
  const found = [];
  for (const o of operations(doc))
    for (const [status, response] of Object.entries(o.responses)) {
      if (status[0] !== '2') continue;
      const schema = response.content?.['application/json']?.schema;
      if (!schema || o.at.startsWith('/api/records/') || ['/api/stock/weeks/{id}', '/api/rules/promote'].includes(o.at)) continue; // records of any entity; a report that is kept as it was made
      for (const hole of holes(schema, '')) if (!hole.split('/').some((part) => DATA.includes(part) && part !== 'data') && !/^\/data\/(?:\[\]\/)?data$/.test(hole)) found.push(`${o.method} ${o.at} ${status}: ${hole || '/'}`);
    }
  assert.deepEqual(found, []);
});

test('the replies of a folder that is full are what the document says, member by member', { timeout: 180e3 }, async (t) => {
  const p = place(t);
  importInvoices(p, invoiceFile(p, 'invoices.csv', market(5, { stores: 6, days: 250, lines: 3, skip: 0.1 })));
  const server = await serveWith(OUTPOST_TEST, t, p.data);
  const doc = await document(server);
  const { check, tried, wrong } = checker(doc);
  const all = operations(doc);
  // METHOD address, with what stands for its parameters and behind it.
  const send = async (method, at, target, body, who) => {
    const o = all.find((x) => x.method === method && x.at === at);
    assert.ok(o, `${method} ${at}`);
    const answer = who ? await as(who.server, who.token, target, method.toUpperCase(), body) : await ask(server, target, { method: method.toUpperCase(), body: method === 'get' ? undefined : (body ?? '') });
    if (answer.status >= 300) wrong.push(`${method} ${target}: ${answer.status} ${String(answer.body).slice(0, 300)}`);
    else check(o, answer);
    return answer.json?.data;
  };
  const get = (at, ...targets) => Promise.all((targets.length ? targets : [at]).map((target) => send('get', at, target)));

  const { file } = generate(p.dir, 400, 3, 6);
  const { run } = await imported(server, 'sales.csv', fs.readFileSync(file), [['as', 'sales']]);
  const bad = 'order_id,order_date,region,product,quantity,revenue\nX-1,2024-02-05,North,Pen,2,10\nX-2,2024-02-05,Mars,x,2,10\n,2024-02-05,North,x,-2,10\n';
  const second = (await imported(server, 'second.csv', bad, [['as', 'sales']])).run;
  await imported(server, 'third.csv', bad.replace('2,10', '3,11'), [['as', 'sales'], ['existing', 'update']]);
  await send('post', '/api/products', '/api/products', { name: 'Tea', category: 'Drinks', brand: 'Own' });
  const upload = await send('post', '/api/uploads', '/api/uploads?name=a.csv', 'sku,warehouse,quantity\nA-1,W1,5\n');
  for (const code of ['W1', 'W2']) await send('post', '/api/warehouses', '/api/warehouses', { code });
  await send('post', '/api/stock-items', '/api/stock-items', { sku: 'A-1', name: 'one' });
  await send('post', '/api/stock/adjust', '/api/stock/adjust', { sku: 'A-1', warehouse: 'W1', quantity: '20', reason: 'begin' });
  await send('post', '/api/stock/transfer', '/api/stock/transfer', { sku: 'A-1', from: 'W1', to: 'W2', quantity: '2.5' });

  await send('post', '/api/runs/{id}/undo', `/api/runs/${second}/undo?dry_run=1`);
  await send('post', '/api/runs/{id}/undo', `/api/runs/${second}/undo`);
  await get('/api/runs', '/api/runs');
  await get('/api/runs/{id}', ...[run, second, 'latest'].map((id) => `/api/runs/${id}`));
  await send('post', '/api/runs/{id}/redo', `/api/runs/${second}/redo`);
  await send('post', '/api/runs/{id}/rejudge', `/api/runs/${second}/rejudge?dry_run=1`);
  const rule = { dataset: 'sales', name: 'quantity_sane', stage: 'business', kind: 'range', field: 'quantity', params: { max: '10' }, category: 'BUSINESS_RULE_VIOLATION', message: 'quantity is at most 10' };
  await send('post', '/api/rules/try', '/api/rules/try', { rules: [rule] });
  await send('post', '/api/rules/promote', '/api/rules/promote', { rules: [rule] });
  const exceptions = await data(ask(server, '/api/exceptions?limit=30'));
  await send('post', '/api/exceptions/{id}/fix', `/api/exceptions/${exceptions[0].id}/fix`, { changes: { region: 'North' } });
  const [{ key }] = await data(ask(server, '/api/rows?as=sales&limit=1'));
  const graph = await send('post', '/api/graphs/{id}/run', '/api/graphs/inventory_etl/run', {});
  for (const until = Date.now() + 60e3; (await data(ask(server, `/api/graph-runs/${graph.id}`))).ended_at === null; await sleep(50)) assert.ok(Date.now() < until, 'the graph ends');
  await get('/api/graph-runs/{id}', `/api/graph-runs/${graph.id}`, '/api/graph-runs/latest');
  await get('/api/graphs/{id}/runs', '/api/graphs/inventory_etl/runs');

  const [store, another] = await data(ask(server, '/api/stores'));
  const [product] = await data(ask(server, '/api/products'));
  const order = await send('post', '/api/orders', '/api/orders', { store_id: store.id, items: [{ product_id: product.id, quantity: '3' }] });
  await send('put', '/api/stores/{id}/preferences', `/api/stores/${store.id}/preferences`, { payment_terms: 30, credit_limit: '100000.50' });
  await send('post', '/api/orders/generate', '/api/orders/generate', { store_id: another.id });
  await send('patch', '/api/orders/{id}', `/api/orders/${order.id}`, { notes: 'x' });
  await send('post', '/api/orders/{id}/approve', `/api/orders/${order.id}/approve`);
  const orders = await data(ask(server, '/api/orders'));
  await get('/api/orders/{id}', ...[order, ...orders.slice(0, 5)].map((o) => `/api/orders/${o.id}`));
  await get('/api/stores/{id}', ...[store, another].map((o) => `/api/stores/${o.id}`));
  await get('/api/stores/{id}/preferences', `/api/stores/${store.id}/preferences`);
  await get('/api/upselling/suggestions/{id}', `/api/upselling/suggestions/${order.id}`, `/api/upselling/suggestions/${another.id}`);
  await get('/api/analytics/bought', `/api/analytics/bought?store=${store.id}`);
  await send('post', '/api/orders/{id}/cancel', `/api/orders/${order.id}/cancel`);
  await send('delete', '/api/orders/{id}', `/api/orders/${order.id}`);
  const bulk = await send('post', '/api/bulk-upload', '/api/bulk-upload?filename=a.csv', 'invoice_id,invoice_date,customer_id,customer_name,item_name,quantity,total\nZ1,2024-01-01,C001,Store,Item 1,1,10\nZ2,bad,C001,Store,Item 1,1,10\n');
  const status = `/api/bulk-upload/status/${bulk.job_id}`;
  for (const until = Date.now() + 60e3; (await send('get', '/api/bulk-upload/status/{id}', status)).ended_at === null; await sleep(50)) assert.ok(Date.now() < until, 'the upload ends');

  const job = await send('post', '/api/jobs', '/api/jobs', { kind: 'test_nothing', due_at: '2099-01-01' });
  await send('post', '/api/jobs/{id}/edit', `/api/jobs/${job.id}/edit`, { payload: { a: 1 } });
  await send('post', '/api/jobs/{id}/cancel', `/api/jobs/${job.id}/cancel`);
  await send('post', '/api/jobs/{id}/retry', `/api/jobs/${job.id}/retry`);
  await get('/api/jobs/{id}', ...(await data(ask(server, '/api/jobs?limit=60'))).map((j) => `/api/jobs/${j.id}`));
  for (const [verb, schedule] of [['pause', 'daily-backup'], ['resume', 'daily-backup'], ['run', 'daily-backup']]) await send('post', `/api/schedules/{id}/${verb}`, `/api/schedules/${schedule}/${verb}`);
  await get('/api/exceptions/{id}', ...exceptions.slice(0, 10).map((e) => `/api/exceptions/${e.id}`));
  await get('/api/uploads/{id}', `/api/uploads/${upload.upload}?as=sales`);
  await get('/api/stock/items/{id}', '/api/stock/items/A-1');
  await get('/api/topics/{id}/events', '/api/topics/inventory-events/events', '/api/topics/record-changes/events?limit=50');
  await get('/api/topics/{id}/poll', '/api/topics/record-changes/poll?group=g&member=m');
  await get('/api/why/{id}/{id2}', '/api/why/sales/revenue', '/api/why/sales/orders?region=North');
  const asked = {
    '/api/line': [`run=${run}&line=2`, `run=${second}&line=3`], '/api/row': [`as=sales&key=${encodeURIComponent(key)}`, 'as=sales&key=X-1'], '/api/compare': [`as=sales&a=${run}&b=current`, `as=sales&a=${run}&b=${second}`], '/api/impact': ['as=sales&rule=region_known', 'as=sales&column=revenue'], '/api/stock/scan': ['code=A-1'],
    '/api/figures': ['as=sales', 'as=invoices', `as=sales&run=${run}`], '/api/rows': ['as=sales', 'as=invoices'], '/api/quality': ['as=sales', 'as=invoices'], '/api/governance': ['as=sales', ''], '/api/stock/history': ['sku=A-1'], '/api/analytics/trends': ['', 'period=week'], '/api/changes': ['limit=1000'], '/api/schedule-preview': ['cron=0+3+*+*+*'],
  };
  for (const at of [...Object.keys(asked), '/api/imports', '/api/orders', '/api/orders/recent', '/api/orders/pending', '/api/predicted-orders', '/api/dashboard/summary', '/api/dashboard/audit', '/api/analytics/rules', '/api/products/brands', '/api/products/categories', '/api/jobs', '/api/queues', '/api/job-kinds', '/api/schedules', '/api/graphs', '/api/topics', '/api/stock/levels', '/api/stock/metrics', '/api/stock/quality', '/api/stock/snapshots', '/api/alerts', '/api/reorders', '/api/exceptions', '/api/exceptions/summary', '/api/catalogue', '/api/tables', '/api/entities', '/api/system', '/api/health', '/api/backups', '/api/archive', '/api/bulk-upload', '/api/settings', '/api/problems', '/api/tenants'])
    for (const query of asked[at] ?? ['']) await send('get', at, query ? `${at}?${query}` : at);

  const q = place(t);
  for (const role of ['admin', 'sales']) addUser(q, role);
  const theirs = await serveWith(OUTPOST_TEST, t, q.data, '--rate', '0');
  const of = (at) => all.find((o) => o.method === 'post' && o.at === at);
  const good = (at, answer) => {
    assert.equal(answer.status, 200, `${at} ${answer.body}`);
    check(of(at), answer);
    return answer.json.data;
  };
  const mine = good('/api/auth/login', await login(theirs, email('admin')));
  const who = { server: theirs, token: mine.token };
  for (const [method, at, target, body] of [['get', '/api/auth/me', '/api/auth/me'], ['get', '/api/auth/sessions', '/api/auth/sessions?user=all'], ['put', '/api/settings', '/api/settings', { theme: 'dark' }], ['get', '/api/settings', '/api/settings']]) await send(method, at, target, body, who);
  const machine = await send('post', '/api/tokens', '/api/tokens', { name: 'm', role: 'operator' }, who);
  await send('get', '/api/auth/me', '/api/auth/me', undefined, { server: theirs, token: machine.token });
  await send('get', '/api/tokens', '/api/tokens', undefined, who);
  await send('delete', '/api/tokens/{id}', `/api/tokens/${machine.id}`, undefined, who);
  const { user, setup_link: link } = await send('post', '/api/users', '/api/users', { email: 'x@example.org', role: 'sales' }, who);
  good('/api/auth/setup', await post(theirs, '/api/auth/setup', { token: link.replace('/#/setup/', ''), password: 'canary-Kohlrabi-4' }));
  for (const [verb, body] of [['password', {}], ['pin', { pin: '4711' }], ['badge', { badge: 'b' }], ['unlock', undefined]]) await send('post', `/api/users/{id}/${verb}`, `/api/users/${user.id}/${verb}`, body, who);
  await send('get', '/api/users/logins', '/api/users/logins', undefined, who);
  good('/api/auth/pin', await post(theirs, '/api/auth/pin', { user: 'x@example.org', pin: '4711' }));
  good('/api/auth/refresh', await post(theirs, '/api/auth/refresh', { refresh_token: mine.refresh_token }));
  await send('post', '/api/auth/logout', '/api/auth/logout', undefined, who);
  assert.equal(wrong.length, 0, wrong.join('\n'));
  assert.ok(tried.good > 150 && tried.bad === 0, JSON.stringify(tried));
});

test('the page asks for nothing that is not in the document', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  // What the page puts in at run time (*) may be anything; so may a parameter of the document.
  const paths = Object.keys((await document(server)).paths).map((at) => at.split('/'));
  const fits = (at) => paths.some((path_) => path_.length === at.length && path_.every((part, i) => part === at[i] || part.startsWith('{') || at[i].includes('*')));
  const asked = new Map();
  for (const file of fs.readdirSync(path.join(ROOT, 'www'), { recursive: true }).filter((f) => f.endsWith('.js')))
    for (const [, literal] of fs.readFileSync(path.join(ROOT, 'www', file), 'utf8').matchAll(/['`](\/(?:api|metrics|ca|openapi)[^'`\s]*)['`]/g)) {
      const at = literal.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '*').replace(/\?.*/, '');
      if (!at.endsWith('/')) asked.set(at, file);
    }
  assert.ok(asked.size > 60, `${asked.size} addresses`);
  assert.deepEqual([...asked].filter(([at]) => !fits(at.split('/'))), []);
});
