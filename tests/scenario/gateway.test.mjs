// What every request meets: failures with a name, JSON that is no JSON, other origins, logs, slow statements (T29, T32).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ask, data, post, problem } from './api.mjs';
import { addUser, as, email, token } from './auth.mjs';
import { generate, importFile, outpost, place, serve, sqlite } from './lib.mjs';

const logged = (server) => server.log.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
const until = async (is) => {
  for (const end = Date.now() + 20000; ; await new Promise((go) => setTimeout(go, 10))) {
    const found = is();
    if (found) return found;
    assert.ok(Date.now() < end, 'it did not come');
  }
};

test('a failure has a type with a page, a status, an id that the log knows, and a pointer to the field', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const kinds = await data(ask(server, '/api/problems'));
  assert.ok(kinds.length > 10);
  for (const kind of kinds) {
    const page = await ask(server, kind.type);
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html/);
    assert.ok(String(page.body).includes(kind.title));
  }
  const cases = [
    [() => ask(server, '/api/nothing'), 404, 'not-found'], [() => ask(server, '/api/runs', { method: 'DELETE' }), 405, 'method'], [() => post(server, '/api/stock-items', { sku: '' }), 422, 'invalid', 'sku', '/sku'],
    [() => post(server, '/api/stock-items', '{'), 400, 'malformed'], [() => post(server, '/api/stock-items', '[]'), 422, 'invalid', 'body', ''], [() => post(server, '/api/stock-items', `{"sku":"${'x'.repeat(1 << 20)}"}`), 413, 'too-large'], [() => ask(server, '/api/runs?limit=x'), 422, 'invalid', 'limit', undefined],
    [() => ask(server, '/api/runs', { headers: { host: 'evil.example' } }), 421, 'misdirected'], [() => post(server, '/api/stock-items', { sku: 'x' }, { origin: 'http://evil.example' }), 403, 'denied'], [() => post(server, '/api/stock-items', { sku: 'x', unit_cost: 'y' }), 422, 'invalid', 'unit_cost', '/unit_cost'],
  ];
  for (const [request, status, name, field, pointer] of cases) {
    const document = await problem(request(), status);
    assert.equal(document.type, `/problems/${name}`);
    assert.ok(kinds.some((k) => k.type === document.type && k.status === status && k.title === document.title), document.type);
    assert.deepEqual(document.errors.map((e) => [e.field, e.pointer]), field ? [[field, pointer]] : []);
    const id = document.instance.slice('urn:uuid:'.length);
    const line = await until(() => logged(server).find((l) => l.unit === id));
    assert.equal(line.status, status);
    for (const secret of ['SELECT', 'INSERT', p.dir]) assert.ok(!JSON.stringify(document).includes(secret));
  }
  const item = await data(post(server, '/api/stock-items', { sku: 'A' }), 201);
  assert.equal((await problem(ask(server, `/api/stock-items/${item.id}`, { method: 'PATCH', body: { name: 'x' }, headers: { 'if-match': '"7"' } }), 412)).type, '/problems/changed');
  assert.equal((await post(server, '/api/stock-items', { sku: '' })).headers.allow, undefined, 'the method was right');
  await problem(post(server, '/api/stock-items', '{"sku":"a\\u0000"}'), 400, /^the JSON has \\u0000 in a text$/);
  const broken = await post(server, '/problems/nothing');
  assert.equal(broken.status, 405);
});

// What would tell a stranger how it is built: SQL, names of the database, places in the source, addresses of memory.
const INNARDS = /sqlite|SQLITE|\bSELECT .* FROM\b|INSERT INTO|syntax error|no such (?:table|column)|constraint failed|unrecognized token|\b\w+\.[ch]:\d+|0x[0-9a-f]{6,}|\/(?:tmp|home|root|usr|var)\/|stack|backtrace|Assertion/;
const NASTY = ["'", "''; DROP TABLE users; --", '1 OR 1=1', "x' UNION VALUES (1) --", '") OR ("1"="1', '%27', '\u0000', '-1', '9223372036854775808', '[', '{"a":1}', '../../etc/passwd', '*', '=1+1'];

test('whatever stands in a parameter is data, and no failure tells how the program is built', { timeout: 300e3 }, async (t) => {
  const p = place(t);
  addUser(p, 'admin');
  importFile(p, generate(p.dir, 200, 3, 5).file);
  const server = await serve(t, p.data, '--rate', '0', '--workers', '0');
  const admin = await token(server, email('admin'));
  const before = sqlite(p.db, '.schema') + sqlite(p.db, 'SELECT count(*) FROM users; SELECT count(*) FROM credential; SELECT count(*) FROM stock_items;');
  const doc = (await ask(server, '/openapi.json')).json;
  const wrong = [];
  const statuses = {};
  const check = async (method, at, body) => {
    const answer = await as(server, admin, at, method, body);
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    const told = answer.status >= 400 ? String(answer.body) : '';
    if (answer.status >= 500 || INNARDS.test(told) || answer.headers.server || answer.headers['x-powered-by']) wrong.push(`${method} ${at} is ${answer.status}: ${told.slice(0, 300)}`);
  };
  const cases = [];
  for (const [at, item] of Object.entries(doc.paths))
    for (const [method, operation] of Object.entries(item)) {
      if (['/api/events', '/api/support', '/openapi.json', '/api/auth/logout'].includes(at)) continue;
      const fixed = at.replace('{entity}', 'stock_item').replace('/{id}/events', '/inventory-events/events');
      NASTY.forEach((nasty, i) => {
        const text = encodeURIComponent(nasty);
        if (fixed.includes('{')) cases.push([method.toUpperCase(), fixed.replaceAll(/\{\w+\}/g, text), method === 'get' ? undefined : '{}']);
        const names = (operation.parameters ?? []).filter((x) => x.in === 'query').map((x) => (x.name === 'filter' ? 'filter[sku]' : x.name));
        if (method === 'get' && names.length) cases.push(['GET', `${fixed.replaceAll(/\{\w+\}/g, 'latest')}?${encodeURIComponent(names[i % names.length])}=${text}`]);
        if (method === 'get' && names.includes('filter[sku]')) cases.push(['GET', `${fixed}?filter[${text}][${text}]=1`], ['GET', `${fixed}?sort=${text}`], ['GET', `${fixed}?fields=${text}&cursor=${text}`]);
      });
      if (operation.requestBody) for (const body of ['{', '[]', '{"x":1}', '{"id":"\'"}', '']) cases.push([method.toUpperCase(), fixed.replaceAll(/\{\w+\}/g, 'latest'), body]);
    }
  const rest = [...cases];
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let one; (one = rest.shift()); ) await check(...one);
  }));
  assert.deepEqual(wrong.slice(0, 10), []);
  assert.ok(cases.length > 2000 && statuses[422] > 500, JSON.stringify(statuses));
  assert.equal(sqlite(p.db, '.schema') + sqlite(p.db, 'SELECT count(*) FROM users; SELECT count(*) FROM credential; SELECT count(*) FROM stock_items;'), before);
});

test('documents that are bombs are refused within moments', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  await post(server, '/api/stock-items', { sku: 'warm' });
  const digits = '9'.repeat(1e5);
  const bombs = ['['.repeat(1e5), '{"a":'.repeat(1e5), `{"sku":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, `{"unit_cost":${digits}}`, `{"unit_cost":0.${digits}}`, `{"unit_cost":1e${digits}}`, `{"unit_cost":-${digits}.${digits}e-${digits}}`, '{"a":1,"a":2}', '{"sku":"x","sku":"x"}', '{"sku":"\\ud800"}', '{"sku":"x"', '{"sku":01}', '{"sku":+1}', '{"sku":NaN}', '{"sku":1e}', '{sku:1}', "{'sku':1}", '{"sku":1,}', '{"sku":1}//', '\u0000', '{"sku":"\u0001"}', `${'{"a":'.repeat(63)}1${'}'.repeat(63)}`, '"'.repeat(1e5), `{"${'k'.repeat(1e5)}`, `{"sku":[${'0,'.repeat(4e5)}0]}`, `[${'{},'.repeat(3e5)}{}]`, `{"sku":"x","a":[${'"",'.repeat(2e5)}""]}`];
  for (const bomb of bombs) {
    const took = [];
    for (let i = 0; i < 3; i++) {
      const began = process.hrtime.bigint();
      const document = await problem(post(server, '/api/stock-items', bomb, { 'content-type': 'application/json' }), 400);
      took.push(Number(process.hrtime.bigint() - began) / 1e6);
      assert.equal(document.type, '/problems/malformed');
    }
    assert.ok(Math.min(...took) < 1000, `${bomb.slice(0, 20)}: ${took}`);
    // What the server itself spent, without the loopback and this process.
    const spent = logged(server).filter((l) => l.event === 'request' && l.status === 400).slice(-3).map((l) => l.duration_us / 1000);
    if (!process.env.OUTPOST?.includes('san')) assert.ok(Math.min(...spent) < 50, `${bomb.slice(0, 20)}: ${spent} ms`);
  }
  assert.deepEqual((await data(ask(server, '/api/stock-items'))).map((x) => x.sku), ['warm']);
});

test('pages of other origins: those on the list, without cookies', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data, '--allow-origin', 'https://shop.example,http://localhost:3000');
  const from = (origin, method) => ({ method: 'OPTIONS', headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization' } });
  for (const origin of ['https://shop.example', 'http://localhost:3000']) {
    const asked = await ask(server, '/api/stock-items', from(origin, 'PUT'));
    assert.equal(asked.status, 204);
    assert.equal(asked.body.length, 0);
    assert.equal(asked.headers['access-control-allow-origin'], origin);
    assert.match(asked.headers['access-control-allow-methods'], /PUT/);
    assert.match(asked.headers['access-control-allow-headers'], /Authorization/);
    assert.match(asked.headers.vary, /Origin/);
    const done = await post(server, '/api/stock-items', { sku: origin }, { origin, 'sec-fetch-site': 'cross-site' });
    assert.equal(done.status, 201);
    assert.equal(done.headers['access-control-allow-origin'], origin);
    assert.equal(done.headers['access-control-allow-credentials'], undefined);
    assert.match(done.headers['access-control-expose-headers'], /ETag/);
    assert.equal((await ask(server, '/api/stock-items', { headers: { origin } })).headers['access-control-allow-origin'], origin, 'also a list that is kept');
  }
  for (const origin of ['https://shop.example.evil', 'https://shop.exampl', 'http://shop.example', 'null', 'https://shop.example:444']) {
    const asked = await ask(server, '/api/stock-items', from(origin, 'PUT'));
    assert.equal(asked.status, 403);
    assert.equal(asked.headers['access-control-allow-origin'], undefined);
    await problem(post(server, '/api/stock-items', { sku: 'x' }, { origin }), 403);
    const read = await ask(server, '/api/stock-items', { headers: { origin } });
    assert.equal(read.headers['access-control-allow-origin'], undefined);
    assert.match(read.headers.vary, /Origin/);
  }
  const own = await ask(server, '/api/stock-items', { headers: { origin: server.base } });
  assert.equal(own.headers['access-control-allow-origin'], undefined);
  for (const wrong of ['*', 'shop.example', 'https://', 'https://*.example', 'https://a.example/x'])
    assert.equal(outpost(['serve', '--data', p.data, '--listen', '127.0.0.1:0', '--allow-origin', wrong]).code, 1, wrong);
});

test('pages of other origins of one tenant: not another one\'s, from the login on', async (t) => {
  const p = place(t);
  outpost(['tenant', 'add', 'other', '--data', p.data]);
  const people = { [p.args[p.args.indexOf('--tenant') + 1]]: 'a@example.org', other: 'b@example.org' };
  for (const [tenant, email] of Object.entries(people)) assert.equal(outpost(['user', 'add', email, '--role', 'admin', '--password', 'canary-Kartoffel-7', '--data', p.data, '--tenant', tenant]).code, 0);
  const server = await serve(t, p.data, '--allow-origin', 'other=https://shop.example', '--allow-origin', 'https://all.example');
  const shown = (reply) => reply.headers['access-control-allow-origin'];
  for (const [tenant, email] of Object.entries(people)) {
    for (const origin of ['https://shop.example', 'https://all.example']) {
      const may = tenant === 'other' || origin === 'https://all.example', wanted = may ? origin : undefined;
      const asked = await ask(server, '/api/stock-items', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } });
      assert.deepEqual([asked.status, shown(asked)], [204, origin], 'who asks beforehand shows no token');
      const login = await post(server, '/api/auth/login', { email, password: 'canary-Kartoffel-7', tenant }, { origin });
      assert.deepEqual([login.status, shown(login)], [may ? 200 : 403, wanted]);
      const { token } = await data(post(server, '/api/auth/login', { email, password: 'canary-Kartoffel-7', tenant }));
      for (const address of ['/api/auth/me', '/api/stock-items', '/api/stores']) {
        const read = await ask(server, address, { headers: { origin, authorization: `Bearer ${token}` } });
        assert.deepEqual([read.status, shown(read)], [may ? 200 : 403, wanted], `${tenant} ${origin} ${address}`);
      }
      const made = await post(server, '/api/stock-items', { sku: `${origin} ${tenant}` }, { origin, authorization: `Bearer ${token}` });
      assert.deepEqual([made.status, shown(made)], [may ? 201 : 403, wanted]);
    }
  }
  for (const wrong of ['=https://a.example', 'other=', 'other=a.example', 'other=https://a.example/x'])
    assert.equal(outpost(['serve', '--data', p.data, '--listen', '127.0.0.1:0', '--allow-origin', wrong]).code, 1, wrong);
});

test('the log is JSON lines: who asked what, how long it took, and ids that lead to it', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const answer = await ask(server, '/api/runs?limit=3', { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01`, 'x-request-id': 'mine "1"' } });
  const id = answer.headers['x-request-id'];
  const line = await until(() => logged(server).find((l) => l.unit === id));
  assert.deepEqual([line.event, line.method, line.route, line.status, line.level, line.trace, line.request_id], ['request', 'GET', '/api/runs', 200, 'info', trace, 'mine "1"']);
  assert.ok(line.duration_us > 0 && line.actor && !Number.isNaN(Date.parse(line.time)));
  await ask(server, '/api/runs', { headers: { traceparent: '00-xyz-1' } });
  const last = await until(() => logged(server).filter((l) => l.event === 'request')[1]);
  assert.equal(last.trace, undefined);
  const file = fs.readFileSync(path.join(p.data, 'logs/outpost.jsonl'), 'utf8').trim().split('\n').map((l) => JSON.parse(l));
  assert.ok(file.some((l) => l.unit === id && l.route === '/api/runs'));
});

test('a log that has become long makes room: the one before it is kept, and no line is lost', async (t) => {
  const p = place(t);
  const [now, before] = ['outpost.jsonl', 'outpost.1.jsonl'].map((name) => path.join(p.data, 'logs', name));
  const server = await serve(t, p.data, '--rate', '0');
  const line = '{"event":"filler"}\n';
  fs.writeFileSync(before, 'older\n');
  fs.appendFileSync(now, line.repeat(Math.ceil((64 * 1024 * 1024 - 50000) / line.length)));
  for (let i = 0; i < 700; i++) await (await fetch(`${server.base}/api/runs?limit=1`)).arrayBuffer();
  assert.notEqual(outpost(['runs', '--data', p.data, '--tenant', 'nobody']).code, 0);
  const requests = (file) => fs.readFileSync(file, 'utf8').split('"route":"/api/runs"').length - 1;
  await until(() => fs.statSync(before).size > 1e6 && requests(now) + requests(before) === 700);
  assert.ok(requests(now) > 0 && requests(now) < 700 && fs.statSync(now).size < 1e6);
  assert.match(fs.readFileSync(now, 'utf8'), /"event":"COMMAND_FAILED"/);
  fs.rmSync(now); // somebody tidies up: after a while there is one again
  for (let i = 0; i < 300; i++) await (await fetch(`${server.base}/api/runs?limit=1`)).arrayBuffer();
  await until(() => fs.existsSync(now) && requests(now) > 0);
});

test('a statement that takes long is told with its plan and without what was asked', async (t) => {
  const p = place(t);
  importFile(p, generate(p.dir, 20000, 5).file);
  const server = await serve(t, p.data, '--slow-query', '1');
  let line;
  for (let i = 0; !line && i < 50; i++) {
    await ask(server, '/api/rows?q=secret-canary&limit=1000&region=North');
    await ask(server, '/api/figures?region=North');
    await ask(server, '/api/why/sales/revenue?region=North&tick=1');
    line = logged(server).find((l) => l.event === 'SLOW_QUERY' && l.sql.startsWith('SELECT'));
  }
  assert.ok(line, 'none was slow');
  assert.match(line.plan, /SCAN|SEARCH/);
  assert.match(line.sql, /SELECT/);
  assert.ok(line.duration_ms >= 1 && line.level === 'warning');
  assert.ok(!JSON.stringify(logged(server).filter((l) => l.event === 'SLOW_QUERY')).includes('canary'));
  assert.equal(outpost(['serve', '--data', p.data, '--slow-query', 'soon']).code, 2);
});

test('a hundred requests a minute for a token, and for an address without one', async (t) => {
  const p = place(t);
  for (const role of ['admin', 'sales']) addUser(p, role);
  const server = await serve(t, p.data);
  const [first, second] = [await token(server, email('admin')), await token(server, email('sales'))];
  const began = Date.now();
  const many = async (n, one) => {
    const answers = [];
    for (let i = 0; i < n; i += 20) answers.push(...(await Promise.all(Array.from({ length: 20 }, one))));
    return answers;
  };
  const answers = await many(200, () => as(server, first, '/api/tenants'));
  const good = answers.filter((a) => a.status === 200).length;
  const most = 100 + ((Date.now() - began) / 60000) * 100;
  assert.ok(good >= 100 && good <= most + 1, `${good} of 200 passed, not 100 to ${most}`);
  const refused = answers.find((a) => a.status === 429);
  const document = await problem(refused, 429, /100 requests a minute/);
  assert.equal(document.type, '/problems/rate');
  assert.ok(Number(refused.headers['retry-after']) >= 1);
  assert.match(refused.headers['ratelimit-policy'], /^"default";q=100;w=60$/);
  assert.match(refused.headers.ratelimit, /^"default";r=0;t=\d+$/);

  // Others are not concerned; and it goes on when it was said to.
  const other = await as(server, second, '/api/tenants');
  assert.equal(other.status, 200);
  assert.match(other.headers.ratelimit, /^"default";r=99;t=1$/);
  const wait = Number((await as(server, first, '/api/tenants')).headers['retry-after'] ?? 0);
  assert.ok(wait <= 2, String(wait));
  const until_ = Date.now() + 20000;
  while ((await as(server, first, '/api/tenants')).status !== 200) assert.ok(Date.now() < until_, 'it did not go on');

  // Nobody in particular: by address. A browser that has logged in asks in bursts, and may.
  const nobody = await many(120, () => ask(server, '/api/tenants'));
  assert.ok(nobody.filter((a) => a.status === 401).length >= 95 && nobody.some((a) => a.status === 429));
  assert.equal((await ask(server, '/healthz')).status, 200);
  assert.equal((await ask(server, '/')).status, 200, 'the page itself has no limit');
});

test('no limit where none is wanted', async (t) => {
  const p = place(t);
  addUser(p, 'admin');
  for (const more of [['--rate', '0'], ['--rate-exempt', '10.9.8.7,127.0.0.1']]) {
    const server = await serve(t, p.data, ...more);
    const mine = await token(server, email('admin'));
    for (let i = 0; i < 8; i++) for (const a of await Promise.all(Array.from({ length: 20 }, () => as(server, mine, '/api/tenants')))) assert.deepEqual([a.status, a.headers.ratelimit], [200, undefined]);
    await server.stop();
  }
  for (const wrong of [['--rate', '-1'], ['--rate', 'many']]) assert.equal(outpost(['serve', '--data', p.data, ...wrong]).code, 2, wrong.join(' '));
});

test('the settings in force are all told, and a line of the configuration that is none is said so', (t) => {
  const p = place(t);
  const file = path.join(p.dir, 'my.conf');
  const config = (text, env = {}) => {
    fs.writeFileSync(file, text);
    return outpost(['config', '--json'], { env: { OUTPOST_CONF: file, ...env } });
  };
  const good = config('# ours\n\nrate = 5 # a minute\npublic=yes\nname = shop.example\n', { OUTPOST_RATE: '7' });
  assert.equal(good.code, 0, good.err);
  const settings = Object.fromEntries(JSON.parse(good.out).map((s) => [s.name, [s.value, s.origin]]));
  assert.deepEqual([settings.rate, settings.public, settings.name, settings.workers], [['7', 'OUTPOST_RATE'], ['yes', file], ['shop.example', file], ['4', 'default']]);
  const taken = /Options\n([^]*)/.exec(outpost(['help', 'serve']).out)[1].match(/--[a-z-]+/g).map((name) => name.slice(2)).filter((name) => name !== 'demo');
  assert.deepEqual([...new Set(taken)].filter((name) => !settings[name]), [], 'what a server may be told can stand there');
  for (const [text, pattern] of [['pubic = yes\n', /no setting pubic/], ['rate = 5\nlisten\n', /line 2/]]) {
    const bad = config(text);
    assert.equal(bad.code, 1);
    assert.match(bad.err, pattern);
  }
  const none = config('', { OUTPOST_CONF: `${file}.not` });
  assert.equal(none.code, 4);
  assert.match(none.err, /cannot be read/);
});
