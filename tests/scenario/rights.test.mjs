// Nobody gives more than he has: accounts, roles, tokens, links, passwords, jobs; and nobody sees in the log what he may not read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { data, post, problem, stream } from './api.mjs';
import { PASSWORD, addUser, as, bearer, email, login, token } from './auth.mjs';

const { serve } = lib;
const GROUPS = ['sales', 'data', 'stock', 'work', 'alerts', 'archive', 'people', 'system', 'audit', 'sync'];

// What a list allows, written down once more: "sales.write *.read".
function closure(list) {
  const all = new Set();
  for (const word of list.split(' ').filter(Boolean)) {
    const [group, verb] = word.split('.');
    for (const one of group === '*' ? GROUPS : [group]) {
      all.add(`${one}.read`);
      if (verb === 'write') all.add(`${one}.write`);
    }
  }
  return all;
}
const within = (list, of) => [...closure(list)].every((one) => closure(of).has(one));

// Roles of a test, and an account for each.
function people(p, roles) {
  for (const [name, permissions] of Object.entries(roles)) {
    lib.ok(['record', 'save', 'role', JSON.stringify({ name, permissions }), ...p.args]);
    addUser(p, name);
  }
}
const rows = (p, table) => Object.fromEntries(lib.query(p.db, `SELECT ${table === 'users' ? 'email' : 'name'}, id FROM ${table}`));

const ROLES = {
  nothing: 'alerts.read', seller: 'sales.write', clerk: 'people.write sales.write alerts.read', reader: 'people.write *.read', viewer: '*.read', twin: 'people.write alerts.read sales.write', chief: '*.write',
};
const ACTORS = ['clerk', 'reader', 'chief', 'seller'];
const kept = (p) => lib.sqlite(p.db, 'SELECT * FROM users ORDER BY id; SELECT * FROM roles ORDER BY id; SELECT * FROM credential ORDER BY user_id; SELECT id, kind, user_id, role, revoked_at FROM sessions ORDER BY id; SELECT count(*) FROM change_log;');

test('nobody gives or changes more than he has himself, whichever way he tries', { timeout: 300e3 }, async (t) => {
  const p = lib.place(t);
  people(p, ROLES);
  for (const name of Object.keys(ROLES)) {
    lib.ok(['record', 'save', 'role', JSON.stringify({ name: `spare ${name}`, permissions: ROLES[name] }), ...p.args]);
    lib.json(['user', 'add', `victim-${name}@example.org`, '--role', name, '--password', PASSWORD, ...p.args]);
  }
  const server = await serve(t, p.data, '--rate', '0');
  const [users, roles] = [rows(p, 'users'), rows(p, 'roles')];
  const tokens = Object.fromEntries(await Promise.all(ACTORS.map(async (name) => [name, await token(server, email(name))])));
  const differences = [];
  let tried = 0;
  for (const actor of ACTORS)
    for (const target of Object.keys(ROLES)) {
      const victim = `victim-${target}@example.org`;
      const victims = JSON.parse(Buffer.from((await token(server, victim)).split('.')[1], 'base64url')).jti;
      const machine = lib.json(['token', 'create', `m-${target}`, '--role', target, ...p.args]).id;
      const own = `${actor}-${target}`;
      const user = `/api/users/${users[victim]}`;
      const ways = [
        ['an account', 'POST', '/api/users', { email: `new-${own}@example.org`, role: target, password: PASSWORD }, 201],
        ['the same as a record', 'POST', '/api/records/user', { email: `rec-${own}@example.org`, name: 'x', role: roles[target] }, 201],
        ['an account with a link', 'POST', '/api/users', { email: `link-${own}@example.org`, role: target }, 201],
        ['a role', 'POST', '/api/roles', { name: `new ${own}`, permissions: ROLES[target] }, 201],
        ['a role that it was', 'PATCH', `/api/roles/${roles[`spare ${target}`]}`, { help: own }, 200],
        ['a token', 'POST', '/api/tokens', { name: own, role: target }, 201],
        ['a password', 'POST', `${user}/password`, { password: PASSWORD, must_change: false }, 200],
        ['a link', 'POST', `${user}/password`, {}, 200],
        ['a PIN', 'POST', `${user}/pin`, { pin: '4711' }, 200],
        ['a badge', 'POST', `${user}/badge`, { badge: own }, 200],
        ['another try', 'POST', `${user}/unlock`, undefined, 200],
        ['another name', 'PATCH', user, { name: own }, 200],
        ['another email', 'PUT', user, { email: victim, name: own, role: roles[target] }, 200],
        ['no way in', 'PATCH', user, { active: false }, 200],
        ['a way in', 'PATCH', user, { active: true }, 200],
        ['its end', 'DELETE', user, undefined, 200],
        ['its return', 'POST', `${user}/restore`, undefined, 200],
        ['the end of a token', 'DELETE', `/api/tokens/${machine}`, undefined, 200],
        ['the end of a session', 'DELETE', `/api/auth/sessions/${victims}`, undefined, 200],
      ];
      for (const [what, method, at, body, good] of ways) {
        const may = closure(ROLES[actor]).has('people.write') && within(ROLES[target], ROLES[actor]);
        const before = may ? '' : kept(p);
        const got = await as(server, tokens[actor], at, method, body);
        tried++;
        // With the account its sessions ended, if it came so far. A seller's DELETE of a foreign session finds none.
        const wanted = may ? (what === 'the end of a session' ? 404 : good) : what === 'the end of a session' && actor === 'seller' ? 404 : 403;
        if (got.status !== wanted || (!may && kept(p) !== before)) differences.push(`${actor} -> ${target}, ${what}: ${got.status}, not ${wanted}: ${String(got.body).slice(0, 200)}`);
        if (got.status === 403 && actor !== 'seller') assert.match(got.json.detail, /nobody may give or change more than he has himself/);
      }
    }
  assert.deepEqual(differences, []);
  assert.equal(tried, ACTORS.length * Object.keys(ROLES).length * 19);

  // A role that somebody has himself he cannot make larger, and giving himself another one is giving, too.
  await problem(as(server, tokens.clerk, `/api/roles/${roles.clerk}`, 'PATCH', { permissions: '*.write' }), 403, /archive\.|data\./);
  await problem(as(server, tokens.clerk, `/api/users/${users[email('clerk')]}`, 'PATCH', { role: roles.chief }), 403);
  await problem(as(server, tokens.clerk, `/api/users/${users[email('clerk')]}`, 'PATCH', { role: roles.admin }), 403);
  // Not by a token of his own either.
  const { token: machine } = await data(as(server, tokens.clerk, '/api/tokens', 'POST', { name: 'his', role: 'twin' }), 201);
  await problem(as(server, machine, '/api/tokens', 'POST', { name: 'more', role: 'admin' }), 403);
  await data(as(server, machine, '/api/tokens', 'POST', { name: 'as much', role: 'seller' }), 201);
  lib.ok(['user', 'role', 'victim-nothing@example.org', 'admin', ...p.args]); // the owner of the files may
  lib.sound(p);
});

test('a link lets its holder in, whoever else is logged in beside him', async (t) => {
  const p = lib.place(t);
  people(p, ROLES);
  const server = await serve(t, p.data, '--rate', '0');
  const [chief, seller] = [await token(server, email('chief')), await token(server, email('seller'))];
  const { setup_link: link } = await data(as(server, chief, '/api/users', 'POST', { email: 'boss@example.org', role: 'chief' }), 201);
  const got = await data(post(server, '/api/auth/setup', { token: link.replace('/#/setup/', ''), password: 'canary-Zwiebel-9' }, bearer(seller)));
  assert.equal(got.user.role, 'chief');
});

test('a token may never do more than its maker may now', { timeout: 120e3 }, async (t) => {
  const p = lib.place(t);
  people(p, ROLES);
  const server = await serve(t, p.data, '--rate', '0');
  const [users, roles] = [rows(p, 'users'), rows(p, 'roles')];
  const [chief, clerk] = [await token(server, email('chief')), await token(server, email('clerk'))];
  const make = async (who, name, role) => (await data(as(server, who, '/api/tokens', 'POST', { name, role }), 201)).token;
  const [selling, keeping] = [await make(clerk, 'selling', 'seller'), await make(clerk, 'keeping', 'twin')];
  const grandchild = await make(keeping, 'grandchild', 'seller');
  const free = lib.json(['token', 'create', 'free', '--role', 'seller', ...p.args]).token;
  const bound = [selling, grandchild];
  const status = async (one, at, method, body) => (await as(server, one, at, method, body)).status;
  const stores = (one) => status(one, '/api/stores');
  for (const one of [...bound, keeping, free]) assert.equal(await stores(one), 200);
  assert.equal(await status(keeping, '/api/tokens'), 200);

  // Another password is no reason: machines go on.
  await data(as(server, chief, `/api/users/${users[email('clerk')]}/password`, 'POST', { password: 'canary-Gurke-12', must_change: false }));
  for (const one of [...bound, keeping]) assert.equal(await stores(one), 200);
  // His role loses something, he gets another role, he is put out, he comes back, he is deleted.
  await data(as(server, chief, `/api/roles/${roles.clerk}`, 'PATCH', { permissions: 'people.write sales.read alerts.read' }));
  for (const one of bound) assert.deepEqual([await stores(one), await status(one, '/api/stores', 'POST', { customer_id: 'A', name: 'a' })], [200, 403]);
  assert.equal(await status(free, '/api/stores', 'POST', { customer_id: 'A', name: 'a' }), 201);
  await data(as(server, chief, `/api/users/${users[email('clerk')]}`, 'PATCH', { role: roles.viewer }));
  assert.equal(await status(keeping, '/api/tokens', 'POST', { name: 'x', role: 'nothing' }), 403);
  assert.equal(await stores(keeping), 200);
  const listening = await stream(t, server, '/api/events', bearer(selling));
  await data(as(server, chief, `/api/users/${users[email('clerk')]}`, 'PATCH', { active: false }));
  for (const one of [...bound, keeping]) assert.equal(await stores(one), 401);
  await listening.until((s) => s.ended, 'the end of what the token watched');
  await data(as(server, chief, `/api/users/${users[email('clerk')]}`, 'PATCH', { active: true }));
  for (const one of [...bound, keeping]) assert.equal(await stores(one), 401, 'it does not live again');
  assert.deepEqual((await data(as(server, chief, '/api/tokens'))).map((row) => [row.name, row.user_id]), [['free', null]]);
  assert.equal(await stores(free), 200);

  const again = await make(chief, 'of chief', 'seller');
  lib.ok(['user', 'role', email('clerk'), 'chief', ...p.args]);
  await data(as(server, (await data(login(server, email('clerk'), 'canary-Gurke-12'))).token, `/api/users/${users[email('chief')]}`, 'DELETE'));
  assert.equal(await stores(again), 401);
  lib.sound(p);
});

test('which jobs somebody may order: every kind, by every door', { timeout: 180e3 }, async (t) => {
  const p = lib.place(t);
  const WORK = { worker: 'work.write', planner2: 'work.write stock.write sales.write data.write alerts.write archive.read audit.read system.read', all: '*.write' };
  people(p, WORK);
  const server = await serve(t, p.data, '--rate', '0', '--workers', '0');
  const tokens = Object.fromEntries(await Promise.all(Object.keys(WORK).map(async (name) => [name, await token(server, email(name))])));
  const kinds = await data(as(server, tokens.all, '/api/job-kinds'));
  const need = Object.fromEntries(kinds.map((k) => [k.name, k.need]));
  assert.ok(kinds.length > 25, String(kinds.length));
  // As it is meant, so that a change is noticed.
  assert.equal(need.bulk_upload, null);
  for (const name of ['analytics_service', 'data_pipeline', 'reorder_service']) assert.equal(need[name], 'stock.write', name);
  for (const name of ['mail_send', 'webhook_send']) assert.equal(need[name], 'system.write', name);
  for (const name of ['archive_run', 'backup_daily', 'backup_drill']) assert.equal(need[name], 'archive.write', name);
  for (const k of kinds) assert.ok(k.need === null || /^[a-z]+\.write$/.test(k.need), k.name);
  const wrong = [];
  let n = 0;
  for (const [who, permissions] of Object.entries(WORK))
    for (const { name: kind } of kinds) {
      const may = need[kind] !== null && closure(permissions).has(need[kind]);
      const doors = [
        ['job', '/api/jobs', { kind }],
        ['schedule', '/api/records/schedule', { name: `s${++n}`, cron: '0 3 * * *', kind, active: false }],
        ['graph', '/api/records/graph', { name: `g${n}`, tasks: [{ name: 'one', kind: 'jobs_tidy' }, { name: 'two', kind, after: ['one'] }] }],
      ];
      for (const [door, at, body] of doors) {
        const got = await as(server, tokens[who], at, 'POST', body);
        if (got.status !== (may ? 201 : 403)) wrong.push(`${who} ${door} ${kind}: ${got.status} ${String(got.body).slice(0, 160)}`);
      }
    }
  assert.deepEqual(wrong, []);

  // What somebody else drew nobody starts, plans or changes who could not have drawn it.
  const { worker, all } = tokens;
  await data(as(server, all, '/api/records/graph', 'POST', { name: 'posting', tasks: [{ name: 'post', kind: 'mail_send', payload: { to: 'a@example.org', subject: 's', text: 't' } }] }), 201);
  const nightly = await data(as(server, all, '/api/records/schedule', 'POST', { name: 'nightly', cron: '0 3 * * *', kind: 'graph', graph: 'posting' }), 201);
  await problem(as(server, worker, '/api/graphs/posting/run', 'POST', { payload: { to: 'b@example.org' } }), 403, /system\.write/);
  await problem(as(server, worker, '/api/graphs/posting/backfill', 'POST', { from: '2026-01-01', to: '2026-01-02' }), 403);
  await problem(as(server, worker, '/api/schedules/nightly/run', 'POST'), 403);
  await problem(as(server, worker, '/api/schedules/nightly/pause', 'POST'), 403);
  await problem(as(server, worker, `/api/records/schedule/${nightly.id}`, 'PATCH', { payload: { to: 'b@example.org' } }), 403);
  await problem(as(server, worker, '/api/records/schedule', 'POST', { name: 'mine', cron: '0 3 * * *', kind: 'graph', graph: 'posting', payload: { to: 'b@example.org' } }), 403);
  await problem(as(server, worker, '/api/schedules/daily-backup/run', 'POST'), 403, /archive\.write/);
  const run = await data(as(server, all, '/api/graphs/posting/run', 'POST', {}), 202);
  const job = (await data(as(server, all, '/api/jobs?kind=mail_send'))).find((row) => row.graph_run === run.id).id;
  await problem(as(server, worker, `/api/jobs/${job}/edit`, 'POST', { payload: { to: 'b@example.org' } }), 403);
  await data(as(server, worker, `/api/jobs/${job}/cancel`, 'POST'));
  await data(as(server, all, `/api/jobs/${job}/edit`, 'POST', { payload: { to: 'c@example.org' } }));
  // Being told of a run's end is no way to make requests wherever one likes.
  await data(as(server, all, '/api/records/webhook', 'POST', { name: 'orchestrator', url: 'https://orchestrator.example.org/done', events: '-' }), 201);
  await data(as(server, all, '/api/records/graph', 'POST', { name: 'tidying', tasks: [{ name: 'one', kind: 'jobs_tidy' }] }), 201);
  const told = (who, notify) => as(server, who, '/api/graphs/tidying/run', 'POST', { notify });
  await problem(told(worker, 'https://elsewhere.example.org/'), 403, /system\.write/);
  await problem(told(worker, 'nobody'), 422);
  for (const notify of ['orchestrator', 'https://orchestrator.example.org/done']) await data(told(worker, notify), 202);
  await data(told(all, 'https://elsewhere.example.org/'), 202);
  // Nor does the owner of the files order what only makes sense when it is due.
  lib.refuses(['jobs', 'add', 'bulk_upload', ...p.args], /ordered by the program alone/, 1);
});

test('of the log everybody sees what he may read, by every way that leads there', { timeout: 180e3 }, async (t) => {
  const p = lib.place(t);
  people(p, { auditor2: 'audit.read', topics: 'work.read', everything: '*.read', chief: '*.write', figures: 'audit.read data.read' });
  const { file } = lib.generate(p.dir, 50, 3);
  lib.importFile(p, file);
  const server = await serve(t, p.data, '--rate', '0', '--workers', '0');
  const of = Object.fromEntries(await Promise.all(['auditor2', 'topics', 'everything', 'chief', 'figures'].map(async (name) => [name, await token(server, email(name))])));
  await data(as(server, of.chief, '/api/records/warehouse', 'POST', { code: 'WAREHOUSE-CANARY', name: 'w' }), 201);
  const hook = await data(as(server, of.chief, '/api/records/webhook', 'POST', { name: 'hook-canary', url: 'https://canary.example.org/', events: 'run.completed' }), 201);
  await data(as(server, of.chief, '/api/secrets', 'POST', { entity: 'webhook', id: hook.id, value: 'x' }));
  // Since the run began: what a proof tells of, too.
  await data(as(server, of.chief, '/api/users', 'POST', { email: 'account-canary@example.org', role: 'figures', password: PASSWORD }), 201);

  const canaries = { people: 'account-canary', system: 'hook-canary', stock: 'WAREHOUSE-CANARY' };
  const text = async (who, at, ...more) => {
    const answer = await as(server, of[who], at, ...more);
    assert.equal(answer.status, 200, `${who} ${at} ${answer.body}`);
    return String(answer.body);
  };
  const check = (body, seen, what) => {
    for (const [group, canary] of Object.entries(canaries)) assert.equal(body.includes(canary), seen.includes(group), `${what}: ${group}`);
  };
  const all = ['people', 'system', 'stock'];
  for (const [who, seen] of [['auditor2', []], ['figures', []], ['everything', all], ['chief', all]]) {
    check(await text(who, '/api/changes?limit=1000'), seen, `${who} changes`);
    check(await text(who, '/api/proof?run=latest&log=1'), seen, `${who} proof`);
    if (who !== 'auditor2') {
      const log = JSON.parse(await text(who, '/api/tables/audit_log?format=json'));
      assert.equal(JSON.stringify(log).includes(canaries.people), seen.includes('people'), `${who} audit_log`);
      assert.equal(log.length, (await as(server, of[who], '/api/changes?limit=1')).json.total, `${who} audit_log`);
    }
    const live = await stream(t, server, '/api/events?after=0', bearer(of[who]));
    await live.until((s) => s.changes().some((c) => c.event === 'RUN_COMPLETED'), 'the run');
    if (seen.length) await live.until((s) => JSON.stringify(s.changes()).includes(canaries.people), 'the account');
    const accounts = live.changes().filter((c) => ['users', 'roles', 'sessions', 'credential'].includes(c.table));
    assert.equal(accounts.length > 0, seen.includes('people'), `${who} live`);
  }
  // The topic of changes is for those who work with topics: they see of it what they may read.
  for (const at of ['/api/topics/record-changes/events?limit=1000', '/api/topics/record-changes/events?limit=1000&partition=0&q=canary', '/api/topics/record-changes/poll?group=g&member=m&max=1000']) {
    check(await text('topics', at), [], at);
    check(await text('everything', at.replace('group=g', 'group=h')), at.includes('q=canary') ? ['people', 'system'] : all, at);
  }
  const { positions } = (await as(server, of.topics, '/api/topics/record-changes/poll?group=g&member=m&max=1000')).json;
  assert.equal(positions.length, 1, 'whoever sees nothing gets on all the same');
  // A record's own history needs the permission of its entity.
  const id = rows(p, 'users')['account-canary@example.org'];
  await problem(as(server, of.auditor2, `/api/users/${id}/changes`), 403);
  assert.match(await text('everything', `/api/users/${id}/changes`), /account-canary/);
});
