// Accounts: who gets in, who does not, and who is out at once.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, webcrypto } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as lib from './lib.mjs';
import { installed } from '../browser/outpost.mjs';
import { ask, data, post, problem, remove } from './api.mjs';
import { PASSWORD, addUser, as, bearer, claims, email, everything, head, holdsNone, login, token } from './auth.mjs';

const need = createRequire(installed());
const { serve, OUTPOST_TEST, LONG } = lib;

const me = (server, t) => ask(server, '/api/auth/me', { headers: bearer(t) });
const logged = (p, event) => lib.query(p.db, `SELECT actor, text FROM change_log WHERE event = '${event}' ORDER BY seq`);

test('without an account everybody at this machine may do everything, and with the first one nobody may', async (t) => {
  const p = lib.place(t);
  const server = await serve(t, p.data);
  assert.deepEqual((await data(ask(server, '/api/auth/me'))).open, true);
  await data(ask(server, '/api/runs'));
  await data(post(server, '/api/records/warehouse', { code: 'W1', name: 'one' }), 201);
  addUser(p, 'admin'); // in another process
  await problem(ask(server, '/api/runs'), 401);
  assert.equal((await ask(server, '/')).status, 200);
  const who = await data(ask(server, '/api/auth/me'));
  assert.deepEqual([who.user, who.open, who.permissions, who.setup], [null, false, [], false]);
  const good = await token(server, email('admin'));
  await data(as(server, good, '/api/runs'));
  assert.equal((await data(me(server, good))).user.email, email('admin'));
  assert.equal((await data(login(server, ' ADMIN@Example.org '))).expires_in, 86400);
});

test('the first account is made by the page as well, and by a link once', async (t) => {
  const p = lib.place(t);
  const server = await serve(t, p.data);
  const made = await data(post(server, '/api/users', { email: 'boss@example.org', role: 'admin' }), 201);
  assert.equal((await data(ask(server, '/api/auth/me'))).open, true, 'an account without a password closes nothing');
  const link = made.setup_link.replace('/#/setup/', '');
  await problem(post(server, '/api/auth/setup', { token: link, password: 'short' }), 422, /at least 8/);
  await problem(post(server, '/api/auth/setup', { token: `${link}x`, password: PASSWORD }), 401);
  const first = await data(post(server, '/api/auth/setup', { token: link, password: PASSWORD }));
  assert.equal((await data(me(server, first.token))).user.role, 'admin');
  await problem(post(server, '/api/auth/setup', { token: link, password: PASSWORD }), 401, /once/);
  await problem(ask(server, '/api/runs'), 401);
  const second = await data(as(server, first.token, '/api/users', 'POST', { email: 'b@example.org', role: 'sales', password: 'somebody knows it' }), 201);
  assert.equal(second.user.must_change, true);
  const b = await token(server, 'b@example.org', 'somebody knows it');
  await problem(as(server, b, '/api/stock/levels'), 403, /new password first/);
  await data(as(server, b, '/api/auth/password', 'POST', { old: 'somebody knows it', new: 'nobody else does' }));
  assert.notEqual((await as(server, b, '/api/stock/levels')).status, 403);
  await problem(login(server, 'b@example.org', 'somebody knows it'), 401);
});

test('thirty tokens that are nearly right', async (t) => {
  const p = lib.place(t);
  lib.ok(['tenant', 'add', 'other', '--data', p.data]);
  const user = addUser(p, 'admin');
  const second = addUser(p, 'sales');
  const server = await serve(t, p.data, '--rate', '0');
  const good = await token(server, email('admin'), PASSWORD, { tenant: 'demo' });
  const key = fs.readFileSync(path.join(p.data, 'keys/token-1.key'));
  const { kid } = head(good);
  const right = claims(good);
  const now = Math.floor(Date.now() / 1000);
  const jwt = need('jsonwebtoken');
  const sign = (payload, header = {}, secret = key) => jwt.sign(payload, secret, { algorithm: 'HS256', header: { alg: 'HS256', typ: 'JWT', kid, ...header } });
  const b64 = (v) => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');
  const raw = (header, payload, secret = key) => {
    const text = `${b64(header)}.${b64(payload)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  assert.equal(raw(head(good), right), good, 'the tests sign as the program does');
  assert.equal((await me(server, sign(right))).status, 200, 'and so does another library');
  globalThis.crypto ??= webcrypto; // node 18 has it, but not there; nor does it take jose by require
  const jose = await import(pathToFileURL(need.resolve('jose')).href);
  await jose.jwtVerify(good, key, { issuer: 'outpost', audience: 'demo', algorithms: ['HS256'] });

  const without = (name) => Object.fromEntries(Object.entries(right).filter(([k]) => k !== name));
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [h, c, s] = good.split('.');
  const bad = {
    'no algorithm': `${b64({ alg: 'none', typ: 'JWT', kid })}.${c}.`,
    'no algorithm, capital': `${b64({ alg: 'None', typ: 'JWT', kid })}.${c}.`,
    'no algorithm, signed': raw({ alg: 'none', typ: 'JWT', kid }, right),
    'HS512': jwt.sign(right, Buffer.concat([key, key]), { algorithm: 'HS512', header: { alg: 'HS512', typ: 'JWT', kid } }),
    'HS384 with the same key': jwt.sign(right, key, { algorithm: 'HS384', header: { alg: 'HS384', typ: 'JWT', kid } }),
    'RS256': await new jose.SignJWT(right).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(pair.privateKey),
    'RS256, signed by the public key': raw({ alg: 'RS256', typ: 'JWT', kid }, right, pair.publicKey.export({ type: 'spki', format: 'pem' })),
    'signed by another key': sign(right, {}, Buffer.alloc(32, 7)),
    'signed by nothing': sign(right, { kid: '../../dev/null' }, Buffer.from([0])),
    'a key of SQL': sign(right, { kid: "x' UNION SELECT 'a" }),
    'an unknown key': sign(right, { kid: '0000000000000000' }),
    'no key': raw({ alg: 'HS256', typ: 'JWT' }, right),
    'a critical header': raw({ alg: 'HS256', typ: 'JWT', kid, crit: ['exp'] }, right),
    'its own key': raw({ alg: 'HS256', typ: 'JWT', kid, jwk: { kty: 'oct', k: 'AAAA' } }, right),
    'an empty signature': `${h}.${c}.`,
    'no signature': `${h}.${c}`,
    'a signature cut short': good.slice(0, -2),
    'a signature too long': `${good}AA`,
    'a bit of the signature': `${h}.${c}.${s.slice(0, -4)}${s.at(-4) === 'A' ? 'B' : 'A'}${s.slice(-3)}`,
    'another spelling of the signature': `${good.slice(0, -1)}${String.fromCharCode(good.charCodeAt(good.length - 1) + 1)}`,
    'a padded signature': `${good}=`,
    'a dot too many': `${h}.${c}.${s}.`,
    'a dot between': `${h}..${c}.${s}`,
    'expired': sign({ ...right, iat: now - 90000, nbf: now - 90000, exp: now - 3600 }),
    'expires in a hundred years': sign({ ...right, exp: now + 3e9 }),
    'expires as a text': raw(head(good), JSON.stringify(right).replace(/"exp":(\d+)/, '"exp":"$1"')),
    'expires as a fraction': raw(head(good), JSON.stringify(right).replace(/"exp":(\d+)/, '"exp":$1.5')),
    'expires twice': raw(head(good), JSON.stringify(right).replace('}', ',"exp":9999999999}')),
    'not yet': sign({ ...right, nbf: now + 3600 }),
    'for another tenant': sign({ ...right, aud: 'other' }),
    'for a tenant that is none': sign({ ...right, aud: '../system' }),
    'for several tenants': sign({ ...right, aud: ['demo', 'other'] }),
    'by somebody else': sign({ ...right, iss: 'somebody' }),
    'of another account': sign({ ...right, sub: second.id }),
    'of no session': sign({ ...right, jti: '0190f3a2-0000-7000-8000-000000000000' }),
    'with more to say': sign({ ...right, admin: true }),
    'no object': raw(head(good), '["a"]'),
    'too long': raw(head(good), { ...right, role: 'x'.repeat(4000) }),
    'nothing': '',
    'a refresh token': (await data(login(server, email('admin'), PASSWORD, { tenant: 'demo' }))).refresh_token,
    'a user': user.id,
    ...Object.fromEntries(Object.keys(right).map((name) => [`without ${name}`, raw(head(good), without(name))])),
  };
  assert.ok(Object.keys(bad).length >= 30);
  for (const [what, one] of Object.entries(bad)) {
    assert.equal((await me(server, one)).status, 401, `${what}, of who it is`);
    const answer = await ask(server, '/api/runs', { headers: bearer(one) });
    assert.equal(answer.status, 401, what);
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
    assert.doesNotMatch(answer.json.detail, /sign|expire|key|jti/, 'and nobody is told why');
  }
  for (const header of ['Basic YWRtaW46eA==', `bearer`, `Token ${good}`]) assert.equal((await ask(server, '/api/runs', { headers: { authorization: header } })).status, 401, header);
  await data(as(server, good, '/api/runs'));
});

test('ended is ended: at once, in all processes, and after kill -9', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  const sales = addUser(p, 'sales');
  let server = await serve(t, p.data, '--rate', '0');
  const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map(() => token(server, email('admin'))));
  await Promise.all([a, b, c, d].map((one) => data(as(server, one, '/api/runs'))));
  await data(as(server, a, '/api/auth/logout', 'POST'));
  await problem(as(server, a, '/api/runs'), 401);
  lib.ok(['session', 'revoke', claims(b).jti, ...p.args]);
  await problem(as(server, b, '/api/runs'), 401);
  assert.equal((await data(as(server, c, '/api/auth/sessions'))).length, 2);
  await data(as(server, c, `/api/auth/sessions/${claims(d).jti}`, 'DELETE'));
  await problem(as(server, d, '/api/runs'), 401);

  const s = await token(server, email('sales'));
  assert.equal((await as(server, s, '/api/jobs')).status, 403);
  await problem(as(server, s, `/api/auth/sessions/${claims(c).jti}`, 'DELETE'), 404);
  await problem(as(server, s, '/api/auth/sessions?user=all'), 403);
  lib.ok(['user', 'role', email('sales'), 'planner', ...p.args]);
  assert.equal((await as(server, s, '/api/jobs')).status, 200, 'a role changes at once');
  await data(as(server, c, `/api/users/${sales.id}`, 'PATCH', { active: false }));
  await problem(as(server, s, '/api/runs'), 401);
  await problem(login(server, email('sales')), 401);
  await data(as(server, c, `/api/users/${sales.id}`, 'PATCH', { active: true }));
  await problem(as(server, s, '/api/runs'), 401);
  const s2 = await token(server, email('sales'));
  await data(as(server, c, `/api/users/${sales.id}/password`, 'POST', { password: 'another one, then' }));
  await problem(as(server, s2, '/api/runs'), 401);

  await server.stop('SIGKILL');
  server = await serve(t, p.data);
  await data(as(server, c, '/api/runs'));
  await problem(as(server, a, '/api/runs'), 401);
  lib.ok(['token', 'rotate-key', '--data', p.data]);
  await data(as(server, c, '/api/runs'));
  const e = await token(server, email('admin'));
  assert.notEqual(head(e).kid, head(c).kid);
  lib.ok(['token', 'rotate-key', '--data', p.data]);
  await problem(as(server, c, '/api/runs'), 401);
  await data(as(server, e, '/api/runs'));
  lib.sound(p);
});

test('a refresh token is good once; whoever comes with it again ends the session', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  const server = await serve(t, p.data);
  const first = await data(login(server, email('admin')));
  const other = await data(login(server, email('admin')));
  const second = await data(post(server, '/api/auth/refresh', { refresh_token: first.refresh_token }));
  await data(as(server, second.token, '/api/runs'));
  const third = await data(post(server, '/api/auth/refresh', { refresh_token: second.refresh_token }));
  await problem(post(server, '/api/auth/refresh', { refresh_token: first.refresh_token }), 401);
  for (const one of [first.token, second.token, third.token]) await problem(as(server, one, '/api/runs'), 401);
  await problem(post(server, '/api/auth/refresh', { refresh_token: third.refresh_token }), 401);
  await data(as(server, other.token, '/api/runs'));
  assert.equal(logged(p, 'TOKEN_REUSED').length, 1);
  for (const text of ['', 'x', 'refresh.demo.', `refresh.none.${first.refresh_token.split('.')[2]}`, `outpost.${first.refresh_token.slice(8)}`])
    await problem(post(server, '/api/auth/refresh', { refresh_token: text }), 401);
});

test('guessing has to wait, longer each time; an account that is not there looks like any other', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  addUser(p, 'sales');
  const clock = path.join(p.dir, 'clock');
  fs.writeFileSync(clock, '0');
  process.env.OUTPOST_CLOCK = clock;
  const server = await lib.serveWith(OUTPOST_TEST, t, p.data, '--rate', '0');
  delete process.env.OUTPOST_CLOCK;
  const ahead = (seconds) => fs.writeFileSync(clock, String(seconds * 1e6));

  const within = await token(server, email('admin'));
  const logins = () => data(as(server, within, '/api/users/logins'));
  const replies = [];
  for (const who of [email('admin'), 'nobody@example.org']) {
    const got = [];
    for (let i = 0; i < 5; i++) got.push(await problem(login(server, who, 'wrong'), 401));
    const locked = await login(server, who, PASSWORD);
    assert.equal(locked.status, 429);
    assert.ok(Number(locked.headers['retry-after']) >= 1 && Number(locked.headers['retry-after']) <= 4);
    replies.push([...got, locked.json].map(({ instance: _, ...rest }) => ({ ...rest, detail: rest.detail.replace(/\d+/, 'N') })));
  }
  assert.deepEqual(replies[0], replies[1]);
  assert.equal((await login(server, email('sales'))).status, 200, 'others get in');
  let at = 0;
  const waits = [];
  for (let i = 0; i < 12; i++) {
    ahead((at += 1000));
    await problem(login(server, email('admin'), 'wrong'), 401);
    const locked = await login(server, email('admin'));
    assert.equal(locked.status, 429);
    waits.push(Number(locked.headers['retry-after']));
    assert.deepEqual((await logins()).filter((row) => row.locked_until).map((row) => row.email), [email('admin')]);
  }
  assert.ok(waits.every((w, i) => i === 0 || w >= waits[i - 1] - 1), waits.join());
  assert.ok(waits[0] > 4 && waits.at(-1) > 890 && waits.at(-1) <= 900, waits.join());
  lib.ok(['user', 'unlock', email('admin'), ...p.args]);
  await data(login(server, email('admin')));
  const rows = await logins();
  assert.equal(rows.filter((row) => row.locked_until).length, 0);
  assert.deepEqual(Object.fromEntries(rows.map((row) => [row.email, [row.password, row.pin, row.badge, !!row.last_login]]))[email('admin')], [true, false, false, true]);
  await problem(as(server, await token(server, email('sales')), '/api/users/logins'), 403);
  for (let i = 0; i < 5; i++) await login(server, email('admin'), 'wrong');
  assert.equal((await login(server, email('admin'))).status, 429);
  ahead(at + 4000);
  await data(login(server, email('admin')));
  const told = [...logged(p, 'LOGIN_FAILED'), ...logged(p, 'LOGIN_LOCKED')];
  assert.ok(told.length > 5 && told.every(([, text]) => !text.includes('nobody@')), 'what is no account is not written down');
});

test('guessing at many places at once, or by the badge and the email in turn, tries no more than guessing does', async (t) => {
  const p = lib.place(t);
  for (const role of ['admin', 'operator', 'sales']) addUser(p, role);
  lib.outpost(['user', 'pin', email('operator'), ...p.args], { input: '482915\n' });
  const server = await serve(t, p.data, '--rate', '0');
  const boss = await token(server, email('admin'));
  const { id } = (await data(as(server, boss, '/api/users'))).find((u) => u.email === email('operator'));
  await data(as(server, boss, `/api/users/${id}/badge`, 'POST', { badge: 'B-77' }));

  const guesses = await Promise.all(Array.from({ length: 24 }, (_, i) => login(server, email('sales'), i === 23 ? PASSWORD : `wrong ${i}`)));
  const count = (status) => guesses.filter((r) => r.status === status).length;
  assert.equal(count(401), 5, guesses.map((r) => r.status).join(' '));
  assert.equal(count(401) + count(429) + count(503), 24, 'the right one came too late');

  const pin = (user, number) => post(server, '/api/auth/pin', { user, pin: number });
  await data(pin('B-77', '482915'));
  for (const user of ['B-77', email('operator'), 'B-77', 'Operator@Example.org', 'B-77']) await problem(pin(user, '593026'), 401);
  for (const user of ['B-77', email('operator')]) await problem(pin(user, '482915'), 429);
  await problem(login(server, email('operator')), 429);
  const locked = (await data(as(server, boss, '/api/users/logins'))).filter((row) => row.locked_until).map((row) => row.email);
  assert.deepEqual(locked, [email('operator'), email('sales')]);
  lib.ok(['user', 'unlock', email('operator'), ...p.args]);
  await data(pin('B-77', '482915'));
});

test('what is wrong with a new password is said of the member that it stands in; to log out takes no body, and "{}" is none', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  const server = await serve(t, p.data);
  const mine = await token(server, email('admin'));
  const wrong = await problem(as(server, mine, '/api/auth/password', 'POST', { old: PASSWORD, new: 'short' }), 422, /at least 8/);
  assert.deepEqual(wrong.errors.map((e) => e.pointer), ['/new']);
  await problem(as(server, mine, '/api/auth/logout', 'POST', '[]'), 413);
  await problem(as(server, mine, '/api/auth/logout', 'POST', { a: 1 }), 413);
  await data(as(server, mine, '/api/auth/me'));
  await data(as(server, mine, '/api/auth/logout', 'POST', {}));
  await problem(as(server, mine, '/api/runs'), 401);
});

test('clocks: what has expired stays so, and a wrong clock ends no session for ever', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  const clock = path.join(p.dir, 'clock');
  fs.writeFileSync(clock, '0');
  const start = async () => {
    process.env.OUTPOST_CLOCK = clock;
    const server = await lib.serveWith(OUTPOST_TEST, t, p.data);
    delete process.env.OUTPOST_CLOCK;
    return server;
  };
  const hours = (n) => fs.writeFileSync(clock, String(n * 3600e6));
  let server = await start();
  const first = await token(server, email('admin'));
  await data(as(server, first, '/api/runs'));
  hours(23);
  await data(as(server, first, '/api/runs'));
  hours(25);
  await problem(as(server, first, '/api/runs'), 401);
  hours(1);
  await problem(as(server, first, '/api/runs'), 401);
  const second = await token(server, email('admin'));
  await data(as(server, second, '/api/runs'));
  hours(10 * 365 * 24);
  await problem(as(server, second, '/api/runs'), 401);
  await token(server, email('admin')); // the log has seen it now
  hours(1);
  await server.stop();
  server = await start();
  await problem(as(server, second, '/api/runs'), 401);
  const third = await token(server, email('admin'));
  await data(as(server, third, '/api/runs'));
  hours(24);
  await data(as(server, third, '/api/runs'));
  hours(26);
  await problem(as(server, third, '/api/runs'), 401);
  hours(-50 * 365 * 24);
  await problem(as(server, third, '/api/runs'), 401);
  const fourth = await token(server, email('admin'));
  await data(as(server, fourth, '/api/runs'));
  hours(2);
  await problem(as(server, fourth, '/api/runs'), 401);
  await data(as(server, await token(server, email('admin')), '/api/runs'));
});

test('a browser has a cookie that no script sees, and only our own page changes anything with it', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  const server = await serve(t, p.data);
  const own = { origin: server.base, 'sec-fetch-site': 'same-origin' };
  const plain = await login(server, email('admin'));
  assert.equal(plain.headers['set-cookie'], undefined, 'a program gets none');
  const answer = await ask(server, '/api/auth/login', { method: 'POST', headers: own, body: { email: email('admin'), password: PASSWORD } });
  const cookies = answer.headers['set-cookie'];
  assert.equal(cookies.length, 2);
  for (const one of cookies) assert.match(one, /; HttpOnly; SameSite=Strict$/);
  assert.match(cookies[0], /^outpost=ey[^;]+; Path=\/; Max-Age=86400;/);
  assert.match(cookies[1], /^outpost-refresh=refresh[^;]+; Path=\/api\/auth;/);
  const cookie = cookies.map((one) => one.split(';')[0]).join('; ');
  const target = '/api/records/warehouse';
  const body = { code: 'W9', name: 'nine' };
  assert.equal((await ask(server, '/api/runs', { headers: { cookie } })).status, 200);
  await problem(ask(server, target, { method: 'POST', headers: { cookie }, body }), 403, /own page/);
  for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }, { origin: server.base, 'sec-fetch-site': 'cross-site' }])
    await problem(ask(server, target, { method: 'POST', headers: { cookie, ...headers }, body }), 403);
  await data(ask(server, target, { method: 'POST', headers: { cookie, ...own }, body }), 201);
  const fresh = await ask(server, '/api/auth/refresh', { method: 'POST', headers: { cookie, ...own }, body: '' });
  assert.equal(fresh.status, 200);
  assert.equal((await ask(server, '/api/auth/refresh', { method: 'POST', headers: { cookie, ...own }, body: '' })).status, 200, 'another tab at the same time');
  await problem(ask(server, '/api/auth/refresh', { method: 'POST', headers: { cookie }, body: '' }), 403);
  const next = fresh.headers['set-cookie'].map((one) => one.split(';')[0]).join('; ');
  const out = await ask(server, '/api/auth/logout', { method: 'POST', headers: { cookie: next, ...own }, body: '' });
  assert.equal(out.status, 200);
  assert.ok(out.headers['set-cookie'].every((one) => /=; .*Max-Age=0;/.test(one)));
  for (const old of [cookie, next]) assert.equal((await ask(server, '/api/runs', { headers: { cookie: old } })).status, 401);
});

test('a shift begins with a badge and a PIN', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  const worker = addUser(p, 'operator');
  const server = await serve(t, p.data, '--rate', '0');
  const admin = await token(server, email('admin'));
  const pin = (user, code) => post(server, '/api/auth/pin', { user, pin: code });
  await problem(pin(email('operator'), '4711'), 401);
  for (const bad of ['12', '1234', '9876', '0000', 'abcd', '1234567890123']) await problem(as(server, admin, `/api/users/${worker.id}/pin`, 'POST', { pin: bad }), 422);
  await data(as(server, admin, `/api/users/${worker.id}/pin`, 'POST', { pin: '4711' }));
  await data(as(server, admin, `/api/users/${worker.id}/badge`, 'POST', { badge: 'canary-badge-00471' }));
  await problem(as(server, admin, `/api/users/${claims(admin).sub}/badge`, 'POST', { badge: 'canary-badge-00471' }), 409);
  for (const user of [email('operator'), 'canary-badge-00471']) {
    const granted = await data(pin(user, '4711'));
    assert.deepEqual([granted.expires_in, granted.refresh_token, granted.user.role], [28800, null, 'operator']);
    assert.equal((await as(server, granted.token, '/api/stock/levels')).status, 200);
  }
  await problem(pin('canary-badge-00471', '4712'), 401);
  await problem(login(server, email('operator'), '4711'), 401);
  await problem(pin('canary-badge-00472', '4711'), 401);
  await data(as(server, admin, `/api/users/${worker.id}/pin`, 'POST', { pin: '' }));
  await problem(pin(email('operator'), '4711'), 401);

  // Who is gone leaves his badge to somebody else.
  await data(as(server, admin, `/api/users/${worker.id}`, 'DELETE'));
  await data(as(server, admin, `/api/users/${claims(admin).sub}/badge`, 'POST', { badge: 'canary-badge-00471' }));
  await data(as(server, admin, `/api/users/${worker.id}/restore`, 'POST'));
  assert.equal(lib.one(p.db, `SELECT badge IS NULL FROM credential WHERE user_id = '${worker.id}'`), '1');
});

test('somebody always remains who can look after the accounts', async (t) => {
  const p = lib.place(t);
  const boss = addUser(p, 'admin');
  addUser(p, 'sales');
  const server = await serve(t, p.data, '--rate', '0');
  const admin = await token(server, email('admin'));
  const roles = await data(as(server, admin, '/api/roles'));
  const role = (name) => roles.find((r) => r.name === name);
  const change = (body) => as(server, admin, `/api/users/${boss.id}`, 'PATCH', body);
  await problem(change({ active: false }), 409, /look after the accounts/);
  await problem(change({ role: role('planner').id }), 409);
  await problem(as(server, admin, `/api/users/${boss.id}`, 'DELETE'), 409);
  await problem(as(server, admin, `/api/roles/${role('admin').id}`, 'PATCH', { permissions: '*.read' }), 409);
  await problem(as(server, admin, `/api/roles/${role('admin').id}`, 'DELETE'), 409);
  await problem(as(server, admin, '/api/roles', 'POST', { name: 'x', permissions: 'sales.all' }), 422, /no permission/);
  lib.refuses(['user', 'disable', email('admin'), ...p.args], /look after/, 5);
  await data(as(server, admin, `/api/roles/${role('admin').id}`, 'PATCH', { permissions: 'people.write' }));
  assert.equal((await as(server, admin, '/api/runs')).status, 403, 'and what a role loses is lost at once');
  lib.ok(['user', 'role', email('sales'), 'admin', ...p.args]);
  await data(change({ active: false }));
  await problem(as(server, admin, '/api/runs'), 401);
});

test('a machine has a token of its own', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  const server = await serve(t, p.data);
  const admin = await token(server, email('admin'));
  const made = await data(as(server, admin, '/api/tokens', 'POST', { name: 'scale 7', role: 'operator', days: 30 }), 201);
  await data(as(server, made.token, '/api/stock/levels'));
  await problem(as(server, made.token, '/api/users'), 403);
  await problem(as(server, made.token, '/api/auth/password', 'POST', { old: 'a', new: 'bbbbbbbbb' }), 409);
  await data(as(server, made.token, '/api/records/warehouse', 'POST', { code: 'M', name: 'm' }), 201);
  assert.equal(lib.one(p.db, "SELECT created_by FROM warehouses WHERE code = 'M'"), 'scale 7');
  const [listed] = await data(as(server, admin, '/api/tokens'));
  assert.deepEqual([listed.name, listed.role, listed.created_by, Object.values(listed).includes(made.token)], ['scale 7', 'operator', email('admin'), false]);
  await data(as(server, admin, `/api/tokens/${made.id}`, 'DELETE'));
  await problem(as(server, made.token, '/api/stock/levels'), 401);
  for (const body of [{ name: 'x', role: 'nobody' }, { role: 'operator' }, { name: 'x', role: 'operator', days: 0 }, { name: 'x', role: 'operator', days: 99999 }, { name: email('admin'), role: 'operator' }])
    assert.ok([404, 422].includes((await as(server, admin, '/api/tokens', 'POST', body)).status), JSON.stringify(body));
});

test('everybody has his own settings', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  addUser(p, 'auditor');
  const server = await serve(t, p.data);
  const [a, b] = [await token(server, email('admin')), await token(server, email('auditor'))];
  assert.equal((await data(as(server, b, '/api/settings'))).theme, 'system');
  await data(as(server, b, '/api/settings', 'PUT', { theme: 'dark', layout_config: { a: [1, '2.50'] } }));
  await data(as(server, b, '/api/settings', 'PUT', { default_date_range: '7d' }));
  const mine = await data(as(server, b, '/api/settings'));
  assert.deepEqual([mine.theme, mine.layout_config, mine.default_date_range, mine.user], ['dark', { a: [1, '2.50'] }, '7d', claims(b).sub]);
  assert.equal((await data(as(server, a, '/api/settings'))).theme, 'system');
  await problem(as(server, b, '/api/settings', 'PUT', { theme: 'pink' }), 422);
  await problem(as(server, b, '/api/settings', 'PUT', { user: claims(a).sub }), 422);
});

test('no password, PIN, badge or token is ever written down or told', async (t) => {
  const p = lib.place(t);
  const worker = addUser(p, 'admin');
  const server = await serve(t, p.data, '--rate', '0');
  const secrets = [PASSWORD, 'canary-pin-', '58204716', 'canary-badge-1', 'canary-new-password'];
  const granted = await data(login(server, email('admin')));
  const headers = (key) => ({ ...bearer(granted.token), 'idempotency-key': key });
  await problem(login(server, PASSWORD, PASSWORD), 401);
  await data(ask(server, `/api/users/${worker.id}/pin`, { method: 'POST', headers: headers('1'), body: { pin: '58204716' } }));
  await data(ask(server, `/api/users/${worker.id}/badge`, { method: 'POST', headers: headers('2'), body: { badge: 'canary-badge-1' } }));
  const machine = await data(ask(server, '/api/tokens', { method: 'POST', headers: headers('3'), body: { name: 'm', role: 'admin' } }), 201);
  const made = await data(ask(server, '/api/users', { method: 'POST', headers: headers('4'), body: { email: 'c@example.org', role: 'admin' } }), 201);
  const fresh = await data(post(server, '/api/auth/refresh', { refresh_token: granted.refresh_token }));
  await data(as(server, fresh.token, '/api/auth/password', 'POST', { old: PASSWORD, new: 'canary-new-password' }));
  const opaque = [granted.refresh_token, fresh.refresh_token, machine.token, made.setup_link.replace('/#/setup/', '')];
  const all = [...secrets, ...opaque, ...opaque.map((one) => one.split('.')[2]), granted.token, fresh.token];
  for (const one of query(p, 'password')) all.push(one);
  const shown = [];
  const paths = ['/api/users', '/api/records/user', `/api/records/user/${worker.id}`, `/api/records/user/${worker.id}/history`, '/api/changes?limit=1000', '/api/auth/sessions?user=all', '/api/tokens', '/api/auth/me', '/api/support', '/api/catalogue', '/api/governance', '/metrics', '/api/tables'];
  for (const target of paths) {
    const answer = await as(server, fresh.token, target);
    assert.equal(answer.status, 200, target);
    shown.push(answer.body);
  }
  for (const args of [['user', 'list'], ['session', 'list'], ['token', 'list'], ['record', 'list', 'user'], ['record', 'history', 'user', worker.id], ['support-bundle', '--out', path.join(p.dir, 'b.tar.gz')]])
    shown.push(Buffer.from(lib.ok([...args, ...(args[0] === 'support-bundle' ? ['--data', p.data] : p.args)])));
  holdsNone(Buffer.concat(shown), all, 'a reply');
  holdsNone(Buffer.from(server.log), all, 'the log of the server');
  await server.stop();
  const outside = all.filter((one) => !one.startsWith('$argon2id')); // hashes are in the tenant's file, and nowhere else
  holdsNone(everything(p.data), outside, 'the data folder');
  lib.sqlite(p.db, 'DELETE FROM credential;');
  lib.sqlite(p.db, 'VACUUM;');
  holdsNone(everything(p.data), all, 'the data folder without its credentials');
});

function query(p, column) {
  return lib.query(p.db, `SELECT ${column} FROM credential WHERE ${column} IS NOT NULL`).map(([one]) => one);
}

test('what is put back from a copy lets nobody in who was put out since', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  let server = await serve(t, p.data);
  const granted = await data(login(server, email('admin')));
  const file = path.join(p.dir, 'copy.db');
  lib.ok(['backup', 'create', '--out', file, ...p.args]);
  await data(as(server, granted.token, '/api/auth/logout', 'POST'));
  await server.stop();
  lib.ok(['backup', 'restore', file, ...p.args]);
  server = await serve(t, p.data);
  await problem(as(server, granted.token, '/api/runs'), 401);
  await problem(post(server, '/api/auth/refresh', { refresh_token: granted.refresh_token }), 401);
  await data(as(server, await token(server, email('admin')), '/api/runs'));
  lib.sound(p);
});

test('a password that is changed lets nobody in who was just proving the old one', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  addUser(p, 'sales');
  const server = await serve(t, p.data, '--rate', '0');
  const granted = [];
  let over = false;
  const proving = Array.from({ length: 8 }, async () => {
    while (!over) {
      const answer = await login(server, email('sales'));
      assert.ok([200, 401, 429, 503].includes(answer.status), String(answer.body));
      if (answer.status !== 200) return;
      granted.push(answer.json.data.token);
    }
  });
  while (!granted.length) await lib.sleep(10);
  const changed = await lib.start(['user', 'passwd', email('sales'), '--password', 'canary-Tomate-8', ...p.args], { binary: lib.OUTPOST }).ended;
  assert.equal(changed.code, 0, changed.err);
  over = true;
  await Promise.all(proving);
  for (const one of granted) assert.equal((await as(server, one, '/api/auth/sessions')).status, 401);
  assert.equal((await login(server, email('sales'), 'canary-Tomate-8')).status, 200);
});

test('many log in at once, and others are still answered', async (t) => {
  const p = lib.place(t);
  for (const role of ['admin', 'sales', 'operator', 'planner']) addUser(p, role);
  const server = await serve(t, p.data, '--rate', '0');
  const good = await token(server, email('admin'));
  let over = false;
  const waits = [];
  const asking = (async () => {
    while (!over) {
      const began = performance.now();
      await data(as(server, good, '/api/runs'));
      waits.push(performance.now() - began);
    }
  })();
  const roles = ['sales', 'operator', 'planner'];
  const outcomes = await Promise.all(Array.from({ length: 200 }, (_, i) => login(server, email(roles[i % 3]))));
  over = true;
  await asking;
  const counts = lib.count(outcomes, (one) => one.status);
  assert.deepEqual(Object.keys(counts).filter((status) => !['200', '503'].includes(status)), [], JSON.stringify(counts));
  assert.ok(counts[200] >= 20, JSON.stringify(counts));
  for (const one of outcomes) if (one.status === 503) assert.ok(one.headers['retry-after']);
  waits.sort((a, b) => a - b);
  assert.ok(waits[Math.floor(waits.length * 0.9)] < 3000, `${waits.length} requests, the slowest took ${waits.at(-1)} ms`);
});

// The milliseconds of CPU that a program has used, all its threads together.
function cpu(pid) {
  let ns = 0;
  for (const task of fs.readdirSync(`/proc/${pid}/task`)) ns += Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  return ns / 1e6;
}

// By how much known differs from unknown, as a part of the whole: the least that the measurement leaves room for. Two rounds, one
// in each order, are one difference, so that neither who comes first nor what else the machine does favours anybody; the median of these,
// and three of its standard errors, as the spread of the differences gives them.
function unequal({ known, unknown }) {
  const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const differences = [];
  for (let i = 0; i + 1 < known.length; i += 2) differences.push((known[i] + known[i + 1] - unknown[i] - unknown[i + 1]) / 2);
  const middle = median(differences);
  const error = (1.2533 * 1.4826 * median(differences.map((d) => Math.abs(d - middle)))) / Math.sqrt(differences.length);
  return { part: Math.max(0, Math.abs(middle) - 3 * error) / median(unknown), middle, error, whole: median(unknown) };
}

// In short: the same work is done at all. LONG=1: two thousand logins, which differ by less than 2 % - in what they take by the clock, and in
// what the server works for them.
test('knowing an account or not takes as long', { timeout: 1200e3 }, async (t) => {
  const [rounds, most] = LONG ? [1000, 0.02] : [24, 0.5];
  const p = lib.place(t);
  addUser(p, 'admin');
  const clock = path.join(p.dir, 'clock');
  fs.writeFileSync(clock, '0');
  process.env.OUTPOST_CLOCK = clock;
  const server = await lib.serveWith(OUTPOST_TEST, t, p.data, '--rate', '0', '--workers', '0');
  delete process.env.OUTPOST_CLOCK;
  const [clockTimes, workTimes] = [{ known: [], unknown: [] }, { known: [], unknown: [] }];
  for (let i = 0; i < rounds; i++) {
    fs.writeFileSync(clock, String(i * 7200e6)); // so that nothing is locked
    const both = [['known', email('admin')], ['unknown', 'nobody@example.org']];
    for (const [what, who] of i % 2 ? both : both.reverse()) {
      const [worked, began] = [cpu(server.child.pid), performance.now()];
      await problem(login(server, who, 'wrong'), 401);
      clockTimes[what].push(performance.now() - began);
      workTimes[what].push(cpu(server.child.pid) - worked);
    }
  }
  for (const times of [clockTimes, workTimes]) {
    const found = unequal(times);
    t.diagnostic(JSON.stringify(found));
    assert.ok(found.part < most, JSON.stringify(found));
  }
});

test('live events tell only what may be seen, and end with the session', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  addUser(p, 'sales');
  const server = await serve(t, p.data, '--rate', '0');
  const [admin, sales] = [await token(server, email('admin')), await token(server, email('sales'))];
  const listen = async (one) => {
    const answer = await fetch(`${server.base}/api/events?after=0`, { headers: bearer(one) });
    assert.equal(answer.status, 200);
    const heard = { text: '', ended: false };
    heard.over = (async () => {
      for await (const part of answer.body) heard.text += Buffer.from(part);
      heard.ended = true;
    })().catch(() => {}); // the server's end cuts it
    return heard;
  };
  const [all, some] = [await listen(admin), await listen(sales)];
  await data(as(server, admin, '/api/records/warehouse', 'POST', { code: 'LIVE-1', name: 'l' }), 201);
  const told = async (heard, what) => {
    while (!heard.text.includes(what)) await lib.sleep(20);
  };
  await Promise.all([told(all, '"table":"warehouses"'), told(some, '"table":"warehouses"')]);
  assert.match(all.text, /"event":"LOGIN"/);
  assert.doesNotMatch(some.text, /"table":"(users|sessions|credential|roles)"/);
  await data(as(server, admin, `/api/auth/sessions/${claims(sales).jti}`, 'DELETE'));
  await some.over;
  assert.equal(all.ended, false);
});

test('a session says when it was there last', async (t) => {
  const p = lib.place(t);
  addUser(p, 'admin');
  const server = await serve(t, p.data, '--rate', '0');
  const one = await token(server, email('admin'));
  await data(as(server, one, '/api/runs'));
  for (let seen = null; !seen; [{ last_seen_at: seen }] = await data(as(server, one, '/api/auth/sessions'))) {
    await data(as(server, one, '/api/records/reference_item', 'POST', { list: 'colours', value: String(Math.random()) }), 201); // wakes the engine
    await lib.sleep(50);
  }
});

test('a server for others is never open, and its cookies go by TLS only', async (t) => {
  const p = lib.place(t);
  const server = await serve(t, p.data, '--tls', '--public');
  const ask = (target, method = 'GET', body = '', headers = {}) =>
    new Promise((resolve, reject) => {
      const request = https.request({ host: '127.0.0.1', port: server.port, path: target, method, rejectUnauthorized: false, agent: false, headers: { ...headers, ...(body ? { 'content-type': 'application/json', 'content-length': body.length } : {}) } }, async (answer) => {
        const parts = [];
        for await (const part of answer) parts.push(part);
        resolve({ status: answer.statusCode, headers: answer.headers, json: JSON.parse(Buffer.concat(parts)) });
      });
      request.on('error', reject);
      request.end(body);
    });
  const { data: who } = (await ask('/api/auth/me')).json;
  assert.deepEqual([who.open, who.setup, who.permissions], [false, true, []]);
  assert.equal((await ask('/api/runs')).status, 401);
  assert.equal((await ask('/api/users', 'POST', '{"email":"a@example.org","role":"admin"}')).status, 401);
  addUser(p, 'admin');
  const own = { origin: `https://127.0.0.1:${server.port}`, 'sec-fetch-site': 'same-origin' };
  const answer = await ask('/api/auth/login', 'POST', JSON.stringify({ email: email('admin'), password: PASSWORD }), own);
  assert.equal(answer.status, 200);
  assert.match(answer.headers['set-cookie'][0], /^__Host-outpost=[^;]+; Path=\/; .*; Secure$/);
  assert.match(answer.headers['set-cookie'][1], /^__Secure-outpost-refresh=[^;]+; Path=\/api\/auth; .*; Secure$/);
  assert.equal((await ask('/api/runs', 'GET', '', { cookie: answer.headers['set-cookie'][0].split(';')[0] })).status, 200);
  assert.equal((await ask('/api/runs', 'GET', '', { cookie: answer.headers['set-cookie'][0].split(';')[0].replace('__Host-', '') })).status, 401);
});
