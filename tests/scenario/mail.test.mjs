// Mail: what goes out, to a server that speaks SMTP for real; refused, cut off, offline, killed (T38).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { certificate, parsed, refuse, smtp } from '../fake/smtp.mjs';
import { LONG, OUTPOST_TEST, count, json, ok, one, outpost, place, query, random, refuses, serve, sleep, start } from './lib.mjs';

const noCrashBuild = spawnSync(OUTPOST_TEST, ['version']).status === 0 ? false : `there is no test build at ${OUTPOST_TEST}`;
const save = (p, entity, object) => json(['record', 'save', entity, JSON.stringify(object), ...p.args]);
const add = (p, payload, ...more) => json(['jobs', 'add', 'mail_send', JSON.stringify(payload), ...more, ...p.args]);
const job = (p, id) => json(['jobs', 'show', String(id), ...p.args]);
const mails = (p) => json(['mail', 'list', ...p.args]);

// Beside this process, whose server must answer meanwhile.
async function run(args, options) {
  const ended = await start(args, options).ended;
  assert.equal(ended.signal, null, ended.err);
  return ended;
}
const work = (p) => run(['jobs', 'work', '--until-idle', ...p.args]);

async function until(what, seconds = 20, state = () => '') {
  const last = Date.now() + seconds * 1000;
  for (;;) {
    const got = await what();
    if (got) return got;
    assert.ok(Date.now() < last, `it did not come about within ${seconds} s: ${what} ${Date.now() < last ? '' : state()}`);
    await sleep(50);
  }
}

// A tenant with this mail server, and a queue that does not wait long.
function withServer(t, post, more = {}) {
  const p = place(t);
  const [queue] = json(['record', 'list', 'job_queue', ...p.args]).filter((q) => q.name === 'email-queue');
  save(p, 'job_queue', { id: queue.id, backoff_ms: 20, backoff_cap_ms: 200 });
  p.server = save(p, 'mail_server', { name: 'main', host: '127.0.0.1', port: post.port, sender: 'Außenposten <out@post.example>', authorities: post.ca, ...more });
  return p;
}
const setPassword = (p, password, name = 'main') => ok(['mail', 'set-password', name, ...p.args], { input: `${password}\n` });

const TEXT = 'Grüße,\n\n.the dot stays\n€ = euro, and a line that is long: ' + 'x'.repeat(300) + '  \nblanks above\n\n';

for (const [security, method] of [['starttls', 'PLAIN'], ['starttls', 'LOGIN'], ['tls', 'PLAIN']]) {
  test(`a mail arrives as it was written, over ${security} with ${method}`, async (t) => {
    const post = await smtp(t, { security, user: 'out', password: 'påss "word"', methods: [method] });
    const p = withServer(t, post, { security, login: 'out' });
    setPassword(p, 'påss "word"');
    const { id } = add(p, { to: 'Chef <boss@example.org>, second@example.org', subject: 'Lager: 3 Artikel – niedrig 📦', text: TEXT });
    await work(p);
    assert.equal(job(p, id).state, 'done', JSON.stringify(job(p, id)));
    assert.equal(post.mails.length, 2);
    assert.deepEqual(post.mails.map((m) => m.to).sort(), [['boss@example.org'], ['second@example.org']]);
    for (const mail of post.mails) {
      const read = await parsed(mail);
      assert.equal(mail.from, 'out@post.example');
      assert.deepEqual([mail.secure, mail.user], [true, 'out']);
      assert.equal(read.subject, 'Lager: 3 Artikel – niedrig 📦');
      assert.equal(read.text.trimEnd(), TEXT.trimEnd());
      assert.deepEqual([read.from.name, read.from.address], ['Außenposten', 'out@post.example']);
      assert.deepEqual(read.to.map((a) => [a.name, a.address]), [['Chef', 'boss@example.org'], ['', 'second@example.org']]);
      assert.ok(Math.abs(Date.parse(read.date) - Date.now()) < 60000);
      assert.match(mail.id, /^[0-9a-f]{32}@post\.example$/);
      assert.ok(mail.bytes.toString('latin1').split('\r\n').every((line) => line.length <= 78 && /^[\x20-\x7e]*$/.test(line)));
    }
    assert.notEqual(post.mails[0].id, post.mails[1].id);
    assert.deepEqual(post.logins.map((l) => [l.method, l.secure]), [[method, true], [method, true]]);
    assert.deepEqual(mails(p).map((m) => [m.state, m.tries, m.repeats, m.code, m.answer]), [['sent', 1, 0, 250, '250 kept'], ['sent', 1, 0, 250, '250 kept']]);
    assert.deepEqual(mails(p).map((m) => `${one(p.db, `SELECT key FROM outbox WHERE id = ${m.id}`)}@post.example`).sort(), post.mails.map((m) => m.id).sort());
    ok(['verify', ...p.args]);
  });
}

test('without the encryption that was asked for nothing is sent, and no password', async (t) => {
  const plain = await smtp(t, { security: 'none', user: 'out', password: 'word', authMethods: ['PLAIN'], allowInsecureAuth: true });
  const p = withServer(t, plain, { login: 'out' });
  setPassword(p, 'word');
  const { id } = add(p, { to: 'a@example.org', subject: 's', text: 't' });
  await work(p);
  assert.match(job(p, id).cause, /STARTTLS|SSL|TLS/i);
  assert.equal(job(p, id).state, 'waiting');
  assert.deepEqual([plain.logins, plain.tries], [[], []]);
  // A certificate that nobody vouches for, and one for another name.
  const strange = await smtp(t, {});
  save(p, 'mail_server', { id: p.server.id, port: strange.port, login: null, authorities: certificate(t).cert });
  const ended = await run(['mail', 'test', 'a@example.org', ...p.args]);
  assert.equal(ended.code, 75);
  assert.match(ended.err, /certificate/);
  save(p, 'mail_server', { id: p.server.id, host: '127.0.0.2', authorities: strange.ca });
  assert.equal((await run(['mail', 'test', 'a@example.org', ...p.args])).code, 75);
  save(p, 'mail_server', { id: p.server.id, host: 'localhost' });
  assert.equal((await run(['mail', 'test', 'a@example.org', ...p.args])).code, 0);
  assert.equal(strange.mails.length, 1);
  refuses(['record', 'save', 'mail_server', JSON.stringify({ id: p.server.id, security: 'none', login: 'x' }), ...p.args], /not sent without TLS/);
  for (const [bad, why] of [[{ sender: 'x' }, /mail address/], [{ sender: 'a@b.c\r\nBcc: d@e.f' }, /line breaks/], [{ host: 'a b' }, /host/], [{ host: '10.0.0.0/8' }, /host/], [{ port: 0 }, /port/], [{ security: 'maybe' }, /security/]])
    refuses(['record', 'save', 'mail_server', JSON.stringify({ id: p.server.id, ...bad }), ...p.args], why);
});

test('4xx is tried again, 5xx is dead with the words of the server, and one recipient does not hold up another', async (t) => {
  const post = await smtp(t);
  const p = withServer(t, post);
  const seen = {};
  post.on.rcpt = (address) => {
    seen[address] = (seen[address] ?? 0) + 1;
    if (address === 'never@example.org') return refuse(550, 'no such mailbox here');
    if (address === 'later@example.org' && seen[address] < 4) return refuse(450, 'greylisted');
    return null;
  };
  const { id } = add(p, { to: ['never@example.org', 'later@example.org', 'now@example.org'], subject: 's', text: 't' });
  const server = await serve(t, p.data, '--workers', '2');
  await until(() => job(p, id).state === 'dead', 20, () => JSON.stringify([job(p, id), mails(p)]));
  assert.deepEqual(post.mails.map((m) => m.to[0]), ['now@example.org', 'later@example.org']);
  assert.deepEqual(seen, { 'never@example.org': 1, 'later@example.org': 4, 'now@example.org': 1 });
  assert.equal(job(p, id).cause, 'never@example.org: 550 no such mailbox here');
  const state = Object.fromEntries(mails(p).map((m) => [m.target, [m.state, m.tries, m.code]]));
  assert.deepEqual(state, { 'never@example.org': ['dead', 1, 550], 'later@example.org': ['sent', 4, 250], 'now@example.org': ['sent', 1, 250] });
  // The content itself is refused: dead, too. A person retries it when the server has come to reason.
  post.on.data = () => Promise.reject(refuse(554, 'looks like spam'));
  const second = add(p, { to: 'now@example.org', subject: 'spam', text: 't' }).id;
  await until(() => job(p, second).state === 'dead');
  assert.equal(job(p, second).cause, 'now@example.org: 554 looks like spam');
  post.on.data = () => Promise.reject(refuse(452, 'disk full'));
  ok(['jobs', 'retry', String(second), ...p.args]);
  await until(() => Number(mails(p)[0].tries) > 3);
  assert.match(job(p, second).cause, /452 disk full/);
  post.on.data = null;
  await until(() => job(p, second).state === 'done');
  // An address that was wrong is put right in the dead job.
  ok(['jobs', 'edit', String(id), JSON.stringify({ to: ['always@example.org', 'later@example.org', 'now@example.org'], subject: 's', text: 't' }), ...p.args]);
  ok(['jobs', 'retry', String(id), ...p.args]);
  await until(() => job(p, id).state === 'done');
  assert.deepEqual(count(post.mails, (m) => m.to[0]), { 'now@example.org': 2, 'later@example.org': 1, 'always@example.org': 1 });
  await server.stop();
});

test('what is no mail is dead at once, and says why', async (t) => {
  const post = await smtp(t);
  const p = withServer(t, post);
  const bad = [
    [{ to: 'a@example.org', subject: 'x\r\nBcc: b@example.org', text: 't' }, /subject is one line/],
    [{ to: 'a@example.org\r\nRCPT TO:<b@example.org>', subject: 's', text: 't' }, /line breaks/],
    [{ to: 'a@example.org> <b@example.org', subject: 's', text: 't' }, /no mail address/],
    [{ to: 'nobody', subject: 's', text: 't' }, /'nobody' is no mail address/],
    [{ to: [], subject: 's', text: 't' }, /at least one recipient/],
    [{ subject: 's', text: 't' }, /recipient/],
    [{ to: 'a@example.org', subject: 's' }, /"text"/],
    [{ to: Array.from({ length: 101 }, (_, i) => `a${i}@example.org`), subject: 's', text: 't' }, /100 recipients/],
  ];
  const ids = bad.map(([payload]) => add(p, payload).id);
  await work(p);
  ids.forEach((id, i) => {
    assert.equal(job(p, id).state, 'dead');
    assert.match(job(p, id).cause, bad[i][1]);
  });
  assert.equal(post.sessions, 0);
});

test('offline, mails wait; without a mail server, too; and they go out when it is there', async (t) => {
  const p = place(t);
  const { id } = add(p, { to: 'a@example.org', subject: 'waits', text: 't' });
  await work(p);
  assert.equal(job(p, id).state, 'waiting');
  assert.match(job(p, id).cause, /no mail server/);
  const [queue] = json(['record', 'list', 'job_queue', ...p.args]).filter((q) => q.name === 'email-queue');
  assert.ok(queue.attempts * queue.backoff_cap_ms / 2 > 3 * 86400e3, 'the attempts of the queue last for days');
  assert.ok(queue.backoff_cap_ms <= 3600e3);
  save(p, 'job_queue', { id: queue.id, backoff_ms: 20, backoff_cap_ms: 200 });
  ok(['jobs', 'retry', String(id), ...p.args]); // an hour is long for a test
  const spare = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => spare.once('listening', resolve));
  const { port } = spare.address();
  await new Promise((resolve) => spare.close(resolve));
  const post = await smtp(t, { port });
  save(p, 'mail_server', { name: 'main', host: '127.0.0.1', port, sender: 'out@post.example', authorities: post.ca });
  await post.stop();
  const server = await serve(t, p.data);
  await until(() => job(p, id).attempts > 2);
  assert.match(job(p, id).cause, /connect|refused/i);
  const again = await smtp(t, { port });
  save(p, 'mail_server', { id: json(['record', 'list', 'mail_server', ...p.args])[0].id, authorities: again.ca });
  await until(() => job(p, id).state === 'done');
  assert.equal(again.mails.length, 1);
  await server.stop();
});

test('a wrong password, a connection that is cut in the middle of DATA, an answer that never comes: later, once', async (t) => {
  const post = await smtp(t, { user: 'out', password: 'right' });
  const p = withServer(t, post, { login: 'out' });
  setPassword(p, 'wrong');
  const { id } = add(p, { to: 'a@example.org', subject: 's', text: 'x'.repeat(100000) });
  const server = await serve(t, p.data);
  await until(() => job(p, id).attempts > 1);
  assert.match(job(p, id).cause, /535|denied|password/i);
  assert.equal(post.tries.length, 0);
  // Cut while the body is under way: it cannot have been taken.
  post.on.part = (session) => post.server.connections.forEach((c) => c.id === session.id && c._socket.destroy());
  setPassword(p, 'right');
  await until(() => job(p, id).attempts > 4, 120);
  post.on.part = null;
  await until(() => job(p, id).state === 'done');
  assert.equal(post.mails.length, 1);
  // Cut after the end of DATA, before the answer: it was taken, and nobody here can know. Again, the same Message-ID.
  let cut = 2;
  post.on.data = (mail, session) => {
    if (cut-- > 0) post.server.connections.forEach((c) => c.id === session.id && c._socket.destroy());
  };
  const second = add(p, { to: 'b@example.org', subject: 's', text: 't' }).id;
  await until(() => job(p, second).state === 'done');
  const copies = post.mails.filter((m) => m.to[0] === 'b@example.org');
  assert.equal(copies.length, 3);
  assert.equal(new Set(copies.map((m) => m.id)).size, 1);
  assert.deepEqual(copies.map((m) => m.bytes.toString()), Array(3).fill(copies[0].bytes.toString()));
  assert.equal(mails(p)[0].repeats, 2);
  // Who would rather have it missing than twice says so; a person decides.
  save(p, 'mail_server', { id: p.server.id, hold_unclear: true });
  cut = 1;
  const third = add(p, { to: 'c@example.org', subject: 's', text: 't' }).id;
  await until(() => job(p, third).state === 'dead');
  assert.match(job(p, third).cause, /may have been taken/);
  assert.equal(mails(p)[0].state, 'unclear');
  assert.equal(post.mails.filter((m) => m.to[0] === 'c@example.org').length, 1);
  ok(['jobs', 'retry', String(third), ...p.args]);
  await until(() => job(p, third).state === 'done');
  assert.equal(new Set(post.mails.filter((m) => m.to[0] === 'c@example.org').map((m) => m.id)).size, 1);
  await server.stop();
});

test(`${LONG ? 100 : 15} kills: every mail arrives, and none twice where the Message-ID is looked at`, { skip: noCrashBuild, timeout: 600000 }, async (t) => {
  const r = random(38);
  const post = await smtp(t);
  const p = withServer(t, post);
  post.on.data = () => sleep(r.below(15));
  const wanted = new Set();
  const kills = LONG ? 100 : 15;
  for (let kill = 0; kill < kills; kill++) {
    for (let i = 0; i < 4; i++) {
      const to = `m${kill}-${i}@example.org`;
      wanted.add(to);
      add(p, { to, subject: `mail ${kill} ${i}`, text: TEXT });
    }
    // One in three dies at a chosen point of sending, the others at any time at all.
    const chosen = r.chance(0.33);
    const { child, ended } = start(['jobs', 'work', ...p.args], { binary: OUTPOST_TEST, env: chosen ? { OUTPOST_CRASH: String(1 + r.below(60)) } : {} });
    if (!chosen) setTimeout(() => child.kill('SIGKILL'), 80 + r.below(500));
    else setTimeout(() => child.kill('SIGKILL'), 3000);
    await ended;
  }
  const left = () => {
    ok(['jobs', 'replay-dead', ...p.args]); // a job that took ten processes with it waits for a person
    return json(['jobs', 'list', '--limit', '1000', ...p.args]).filter((j) => j.state !== 'done').length;
  };
  const server = await serve(t, p.data);
  await until(() => left() === 0, 30, () => JSON.stringify(json(['jobs', 'list', '--limit', '1000', ...p.args]).filter((j) => j.state !== 'done')));
  await server.stop();
  const byTo = new Map();
  for (const m of post.mails) byTo.set(m.to[0], (byTo.get(m.to[0]) ?? new Set()).add(m.id));
  assert.deepEqual(new Set(byTo.keys()), wanted);
  for (const [to, ids] of byTo) assert.equal(ids.size, 1, `${to} has ${[...ids]}`);
  const repeats = post.mails.length - wanted.size;
  const known = Number(one(p.db, 'SELECT sum(repeats) FROM outbox'));
  t.diagnostic(`${wanted.size} mails, ${kills} kills: ${repeats} came again with the same Message-ID (${known} tries knew that they might)`);
  assert.ok(repeats <= known, 'no mail came twice that was known to have been taken');
  assert.ok(repeats <= kills);
  assert.deepEqual(query(p.db, "SELECT state, count(*) FROM outbox GROUP BY 1"), [['sent', String(wanted.size)]]);
  ok(['verify', ...p.args]);
});

test('passwords are nowhere in the folder, the logs, the support bundle or an export', async (t) => {
  const CANARY = 'canary-7Qx9';
  const post = await smtp(t, { user: 'out', password: CANARY });
  const p = withServer(t, post, { login: 'out' });
  setPassword(p, CANARY);
  save(p, 'webhook', { name: 'erp', url: 'https://erp.example/' });
  ok(['webhook', 'set-secret', 'erp', ...p.args], { input: `${CANARY}\n` });
  const server = await serve(t, p.data);
  const { id } = add(p, { to: 'a@example.org', subject: 's', text: 't' });
  await until(() => job(p, id).state === 'done');
  setPassword(p, `${CANARY}-wrong`);
  const bad = add(p, { to: 'b@example.org', subject: 's', text: 't' }).id;
  await until(() => job(p, bad).attempts > 0 && job(p, bad).state === 'waiting');
  const told = [server.log];
  for (const args of [['support-bundle', '--out', path.join(p.dir, 'bundle.tar.gz')], ['backup', 'create'], ['catalogue'], ['governance'], ['doctor'], ['mail', 'list'], ['record', 'list', 'mail_server'], ['export', 'audit_log', '--json'], ['config', '--json']]) {
    const ended = outpost([...args, '--data', p.data, ...(['doctor', 'config'].includes(args[0]) ? [] : ['--tenant', p.tenant])]);
    told.push(ended.out, ended.err);
  }
  const core = path.join(p.dir, 'proc');
  fs.writeFileSync(core, fs.readFileSync(`/proc/${server.pid}/limits`));
  assert.match(fs.readFileSync(core, 'utf8'), /Max core file size\s+0\s/);
  await server.stop();
  const bundle = path.join(p.dir, 'bundle.tar.gz');
  if (fs.existsSync(bundle)) told.push(spawnSync('gzip', ['-dc', bundle]).stdout.toString('latin1'));
  for (const text of told) assert.ok(!text.includes(CANARY));
  const inside = spawnSync('grep', ['-rlaF', CANARY, p.dir], { encoding: 'utf8' });
  assert.equal(inside.stdout, '', 'found in files');
  assert.equal(fs.statSync(path.join(p.data, 'keys/secrets.key')).mode & 0o777, 0o400);
  // Not with another key, and not under another name.
  const key = path.join(p.data, 'keys/secrets.key');
  fs.rmSync(key);
  const lost = await run(['mail', 'test', 'a@example.org', ...p.args]);
  assert.notEqual(lost.code, 0);
  assert.match(lost.err, /secrets\.key.*enter it again/);
  refuses(['mail', 'set-password', 'other', ...p.args], /no mail server 'other'/, 4, { input: 'x\n' });
  ok(['verify', ...p.args]);
});
