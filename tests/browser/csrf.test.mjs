// A page of another origin in the browser of somebody who is logged in: whatever it sends with his cookie is refused, and
// nothing that he has changes. Other ports of one address are the same site, so that even a SameSite=Strict cookie
// goes along; localhost is another one than 127.0.0.1.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { WAIT, context } from './chromium.mjs';
import { dataFolder, run, serve } from './outpost.mjs';

const PASSWORD = 'four words to remember';
const ADMIN = 'asha@example.org';
const query = (db, sql) => execFileSync('sqlite3', ['-readonly', '-separator', '|', db, sql], { encoding: 'utf8' }).trim();
const everything = (db) => query(db, `SELECT (SELECT max(seq) FROM change_log), (SELECT count(*) FROM users), (SELECT count(*) FROM stores), (SELECT count(*) FROM orders), (SELECT count(*) FROM sessions WHERE revoked_at IS NULL), (SELECT count(*) FROM run)`);

// The stranger's page: empty, and it may run anything. { port }
async function stranger(t) {
  const server = http.createServer((_, reply) => reply.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>stranger</title>'));
  await new Promise((resolve) => server.listen(0, resolve));
  t.after(() => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }));
  return server.address();
}

// What each would do, if it were let in. A form of text/plain can be JSON: its one name and value have "=" between them.
const STORE = '{"customer_id":"EVIL","name":"Evil","notes":"=","city":"x"}';
const USER = `{"email":"evil@example.org","name":"Evil=","role":"admin","password":"${PASSWORD}"}`;
const FORMS = [
  { to: '/api/stores', enctype: 'text/plain', body: STORE },
  { to: '/api/stores', enctype: 'application/x-www-form-urlencoded', body: STORE },
  { to: '/api/stores', enctype: 'multipart/form-data', body: STORE },
  { to: '/api/users', enctype: 'text/plain', body: USER },
  { to: '/api/bulk-upload', enctype: 'multipart/form-data', file: 'invoice_id,invoice_date\n1,2024-01-01\n' },
  { to: '/api/imports?filename=evil.csv', enctype: 'text/plain', body: 'a,b\n1,=2\n' },
  { to: '/api/auth/logout', enctype: 'application/x-www-form-urlencoded', body: 'a=b' },
  { to: '/api/jobs', enctype: 'text/plain', body: '{"kind":"predict_orders","args":{"x":"="}}' },
];
const FETCHES = [
  { to: '/api/stores', mode: 'no-cors', type: 'text/plain', body: STORE },
  { to: '/api/users', mode: 'no-cors', type: 'text/plain', body: USER },
  { to: '/api/stores', mode: 'no-cors', type: 'application/x-www-form-urlencoded', body: STORE },
  { to: '/api/stores', mode: 'cors', type: 'application/json', body: STORE },
  { to: '/api/auth/logout', mode: 'no-cors', type: 'text/plain', body: '' },
  { to: '/api/auth/refresh', mode: 'no-cors', type: 'text/plain', body: '' },
  { to: '/api/stores/EVIL', mode: 'cors', method: 'DELETE' },
];

const submit = ([base, { to, enctype, body, file }]) => {
  const form = document.createElement('form');
  Object.assign(form, { method: 'POST', action: base + to, enctype });
  const input = document.createElement('input');
  if (file) {
    input.type = 'file';
    input.name = 'file';
    const all = new DataTransfer();
    all.items.add(new File([file], 'evil.csv', { type: 'text/csv' }));
    input.files = all.files;
  } else {
    const [name, ...value] = body.split('=');
    Object.assign(input, { type: 'hidden', name, value: value.join('=') });
  }
  form.append(input);
  document.body.append(form);
  form.submit();
};

const send = async ([base, { to, mode, type, body, method = 'POST' }]) => {
  try {
    const reply = await fetch(base + to, { method, mode, credentials: 'include', headers: type ? { 'content-type': type } : {}, body });
    return { type: reply.type, said: await reply.text() };
  } catch (error) {
    return { failed: error.name };
  }
};

// Resolves with what came: 'open' with what it said first, or 'refused'.
const listen = ([address, kind]) => new Promise((resolve) => {
  const Line = kind === 'socket' ? window.WebSocket : window.EventSource;
  const line = new Line(address, kind === 'socket' ? undefined : { withCredentials: true });
  line.onopen = () => resolve('open');
  line.onmessage = (event) => resolve(event.data);
  line.onerror = () => resolve('refused');
});

test('a page of another origin does nothing with the cookie of who is logged in, and learns nothing', async (t) => {
  const data = dataFolder(t, 'demo');
  run(['user', 'add', ADMIN, '--name', 'Asha', '--role', 'admin', '--password', PASSWORD, '--data', data, '--tenant', 'demo']);
  const server = await serve(t, data, '--rate', '0');
  const db = path.join(data, 'tenants/demo.db');
  const own = await context(t, {});
  const login = await own.request.post(`${server.base}/api/auth/login`, { data: { email: ADMIN, password: PASSWORD }, headers: { origin: server.base } });
  assert.equal(login.status(), 200);
  assert.equal((await own.cookies()).filter((one) => one.httpOnly && one.sameSite === 'Strict').length >= 1, true);

  // The same from our own page is let in: what follows is refused for where it comes from, and for nothing else.
  const page = await own.newPage();
  await page.goto(server.base);
  const made = await page.evaluate(send, [server.base, { to: '/api/stores', mode: 'cors', type: 'application/json', body: STORE.replaceAll('EVIL', 'GOOD') }]);
  assert.equal(JSON.parse(made.said).success, true, made.said);
  assert.equal(await page.evaluate(listen, [`${server.base.replace('http', 'ws')}/realtime`, 'socket']), 'open');
  await page.close();

  const before = everything(db);
  const { port } = await stranger(t);
  const cookies = [];
  const seen = async (page, act) => {
    const reply = page.waitForResponse((one) => one.url().startsWith('http') && new URL(one.url()).port === String(server.port) && one.request().method() !== 'OPTIONS', WAIT);
    const [{ status, sent }] = await Promise.all([reply.then(async (one) => ({ status: one.status(), sent: (await one.request().allHeaders()).cookie })), act()]);
    cookies.push(!!sent);
    return status;
  };
  for (const from of ['127.0.0.1', 'localhost']) {
    for (const to of ['127.0.0.1', 'localhost']) {
      const base = `http://${to}:${server.port}`;
      const home = `http://${from}:${port}/`;
      for (const form of FORMS) {
        const tab = await own.newPage();
        await tab.goto(home);
        const status = await seen(tab, () => tab.evaluate(submit, [base, form]).catch(() => {}));
        await tab.close();
        assert.equal(status, 403, `${from} to ${to}: a form to ${form.to} as ${form.enctype}: ${status}`);
      }
      const evil = await own.newPage();
      await evil.goto(home);
      for (const one of FETCHES) {
        const got = await evil.evaluate(send, [base, one]);
        assert.ok(got.failed || got.type === 'opaque', `${from} to ${to}: ${one.mode} ${one.to}: ${JSON.stringify(got)}`);
        assert.ok(!got.said, 'it learns nothing');
      }
      for (const path of ['/api/users', '/api/auth/me', '/api/stores']) assert.ok((await evil.evaluate(send, [base, { to: path, mode: 'cors', method: 'GET' }])).failed, path);
      assert.equal(await evil.evaluate(listen, [`${base.replace('http', 'ws')}/realtime`, 'socket']), 'refused', `${from} to ${to}: WebSocket`);
      assert.equal(await evil.evaluate(listen, [`${base}/api/events`, 'events']), 'refused', `${from} to ${to}: events`);
      await evil.close();
      assert.equal(everything(db), before, `${from} to ${to}`);
    }
  }
  assert.ok(cookies.some((sent) => sent), 'the cookie did go along where the site is the same');

  // A browser that says nothing of where a request comes from: with the cookie alone nothing changes.
  const cookie = (await own.cookies()).filter((one) => one.httpOnly).map(({ name, value }) => `${name}=${value}`).join('; ');
  const silent = await new Promise((resolve, reject) => {
    const headers = { cookie, 'content-type': 'application/json', 'content-length': Buffer.byteLength(STORE) };
    http.request({ host: '127.0.0.1', port: server.port, path: '/api/stores', method: 'POST', headers }, (reply) => resolve(reply.resume().statusCode)).on('error', reject).end(STORE);
  });
  assert.equal(silent, 403);
  assert.equal(everything(db), before);
  const me = await (await own.request.get(`${server.base}/api/auth/me`)).json();
  assert.equal(me.data.user.email, ADMIN, 'he is still logged in');
});
