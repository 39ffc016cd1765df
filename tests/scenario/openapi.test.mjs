// The document of the API: linted by two programs, the same as the table of routes, and every operation of it tried (T29).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { installed } from '../browser/outpost.mjs';
import { ask, data, imported, post } from './api.mjs';
import { OUTPOST_TEST, ROOT, generate, json, place, serve, serveWith } from './lib.mjs';

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
  const source = fs.readFileSync(path.join(ROOT, 'src/http/routes.c'), 'utf8');
  const rows = [...source.matchAll(/\{ \.method = "(\w+)",\s*\.pattern = "([^"]+)",([\s\S]*?)\},\n/g)].map(([, method, pattern, rest]) => ({ method, pattern, byPath: /ENTITY_BY_PATH/.test(rest), byName: /ENTITY_BY_NAME/.test(rest) })).filter((r) => !['/*', '/realtime'].includes(r.pattern));
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

test('every operation is tried: what comes back is what the document says', async (t) => {
  const f = await filled(t);
  const doc = await document(f.server);
  const Ajv = require('ajv/dist/2020').default;
  const ajv = new Ajv({ strict: false, allErrors: true });
  require('ajv-formats').default(ajv);
  ajv.addFormat('decimal', /^-?\d+(\.\d+)?$/);
  ajv.addSchema(doc, 'doc');
  const pointer = (...parts) => `doc#/${parts.map((x) => encodeURIComponent(String(x).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
  const ids = IDS(f);
  const queries = QUERIES(f);
  const tried = { good: 0, bad: 0 };
  const wrong = [];
  const check = async (o, answer) => {
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
