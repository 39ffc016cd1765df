// The machine's own authority and the certificate that it gives the server, judged by OpenSSL and by node.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import nodeTls from 'node:tls';
import { pathToFileURL } from 'node:url';
import { installed } from '../browser/outpost.mjs';
import { LONG, OUTPOST, OUTPOST_TEST, generate, json, ok, outpost, place, refuses, serve, sleep } from './lib.mjs';

const crashes = spawnSync(OUTPOST_TEST, ['version'], { env: { ...process.env, OUTPOST_CRASH: '' } }).status === 0;
const DAY = 86400e3;

const openssl = (args, options = {}) => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], ...options });
const verifies = (authority, leaf, ...more) => spawnSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', authority, ...more, leaf], { encoding: 'utf8' });
const key = (p, name) => path.join(p.data, 'keys', name);
const tls = (p, ...args) => json(['tls', ...args, '--data', p.data]);
const crt = (file) => new X509Certificate(fs.readFileSync(file));
const names = (file) => crt(file).subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, '').toLowerCase());

// Options of a call by the test build whose clock is so many days off.
function later(p, days) {
  const clock = path.join(p.dir, 'clock');
  fs.writeFileSync(clock, String(days * DAY * 1000));
  return { binary: OUTPOST_TEST, env: { OUTPOST_CLOCK: clock } };
}

// A key and certificate of somebody else.
function foreign(p, name, subject = 'shop.example.com', constraints = 'CA:FALSE', ...more) {
  const file = path.join(p.dir, name);
  openssl(['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${file}.key`, '-out', `${file}.crt`, '-subj', `/CN=${subject}`,
    '-addext', `subjectAltName=DNS:${subject}`, '-addext', `basicConstraints=critical,${constraints}`, '-days', '90', ...more]);
  return [`${file}.crt`, `${file}.key`];
}

// The authority's certificate, for openssl.
function authority(p) {
  const file = path.join(p.dir, 'authority.pem');
  fs.writeFileSync(file, ok(['tls', 'ca', '--data', p.data]));
  return file;
}

test('an authority and a certificate for all names of this machine', (t) => {
  const p = place(t);
  refuses(['tls', 'show', '--data', p.data], /no certificate yet/, 4);
  refuses(['tls', 'ca', '--data', p.data], /no authority yet/, 4);
  const told = tls(p, 'renew', '--name', 'shop.example.com,192.0.2.77');
  const leaf = key(p, 'tls-server.pem');
  for (const name of ['tls-server.pem', 'tls-authority.pem']) assert.equal(fs.statSync(key(p, name)).mode & 0o777, 0o600);
  assert.equal(fs.statSync(path.join(p.data, 'keys')).mode & 0o777, 0o700);
  const ca = authority(p);
  assert.ok(!fs.readFileSync(ca, 'utf8').includes('PRIVATE'));

  // What is told is what is in the certificates.
  const mine = crt(leaf);
  assert.deepEqual([told.source, told.fingerprint, told.authority.fingerprint, told.public], ['own', mine.fingerprint256, crt(ca).fingerprint256, false]);
  assert.deepEqual([told.names.length, Date.parse(told.until)], [names(leaf).length, Date.parse(mine.validTo)]);
  assert.ok(mine.verify(crt(ca).publicKey) && crt(ca).ca && !mine.ca);
  assert.equal(verifies(ca, leaf).status, 0);
  const host = os.hostname().toLowerCase();
  for (const name of ['localhost', 'shop.example.com', host, `${host.split('.')[0]}.local`]) assert.equal(verifies(ca, leaf, '-verify_hostname', name).status, 0, name);
  const addresses = Object.values(os.networkInterfaces()).flat().filter((a) => !/^fe80/.test(a.address));
  for (const address of ['192.0.2.77', ...addresses.map((a) => a.address)]) assert.equal(verifies(ca, leaf, '-verify_ip', address).status, 0, address);
  assert.notEqual(verifies(ca, leaf, '-verify_hostname', 'example.com').status, 0);
  assert.notEqual(verifies(ca, leaf, '-verify_ip', '192.0.2.78').status, 0);

  // As browsers want it: not longer than 398 days, made for servers, P-256.
  const days = (Date.parse(mine.validTo) - Date.parse(mine.validFrom)) / DAY;
  assert.ok(days > 390 && days <= 398, `${days}`);
  const text = openssl(['x509', '-in', leaf, '-noout', '-text']);
  assert.match(text, /ASN1 OID: prime256v1[\s\S]*CA:FALSE[\s\S]*Key Usage: critical\n\s*Digital Signature\n[\s\S]*TLS Web Server Authentication/);
  assert.match(text, /Signature Algorithm: ecdsa-with-SHA256/);

  // Once more: another leaf of the same authority. With its word, another authority.
  const again = tls(p, 'renew', '--name', 'shop.example.com');
  assert.notEqual(again.fingerprint, told.fingerprint);
  assert.equal(again.authority.fingerprint, told.authority.fingerprint);
  assert.equal(verifies(ca, leaf).status, 0);
  const other = tls(p, 'renew', '--authority');
  assert.notEqual(other.authority.fingerprint, told.authority.fingerprint);
  assert.notEqual(verifies(ca, leaf).status, 0);
  assert.equal(verifies(authority(p), leaf).status, 0);
});

test('the authority can pass for nobody but this machine and its network', (t) => {
  const p = place(t);
  tls(p, 'renew');
  const ca = authority(p);
  const sign = (names) => {
    const [csr, leaf, ext] = ['x.csr', 'x.crt', 'x.ext'].map((name) => path.join(p.dir, name));
    openssl(['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path.join(p.dir, 'x.key'), '-out', csr, '-subj', '/O=Somebody']);
    fs.writeFileSync(ext, `subjectAltName=${names}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n`);
    openssl(['x509', '-req', '-in', csr, '-CA', key(p, 'tls-authority.pem'), '-CAkey', key(p, 'tls-authority.pem'), '-CAcreateserial', '-days', '9', '-extfile', ext, '-out', leaf]);
    return verifies(ca, leaf);
  };
  for (const good of ['DNS:till-3.local', 'DNS:a.b.lan', 'IP:10.200.3.4', 'IP:fd00::9']) assert.equal(sign(good).status, 0, good);
  for (const bad of ['DNS:bank.example', 'DNS:notlocal', 'IP:93.184.216.34', 'IP:2001:db8::1', 'DNS:till.local,DNS:bank.example'])
    assert.match(sign(bad).stderr + sign(bad).stdout, /permitted subtree violation/, bad);

  // So a name that it was made without is not just added.
  refuses(['tls', 'renew', '--name', 'bank.example', '--data', p.data], /may not vouch.*--authority --name bank\.example/, 1);
  assert.ok(tls(p, 'renew', '--authority', '--name', 'bank.example').names.includes('bank.example'));
  for (const bad of ['a b', '-x', '*.x.y', '1.2.3']) refuses(['tls', 'renew', '--name', bad, '--data', p.data], /no name of a server|may not vouch/, 1);
});

test('what is broken is said, and what can be made again is', (t) => {
  const p = place(t);
  const { authority: before } = tls(p, 'renew');
  const leaf = key(p, 'tls-server.pem');
  for (const text of ['', 'no certificate', fs.readFileSync(leaf, 'utf8').slice(0, 400)]) {
    fs.writeFileSync(leaf, text);
    if (text) refuses(['tls', 'show', '--data', p.data], /tls-server\.pem/, 1);
    assert.equal(tls(p, 'renew').authority.fingerprint, before.fingerprint);
    assert.equal(verifies(authority(p), leaf).status, 0);
  }
  const file = key(p, 'tls-authority.pem');
  const good = fs.readFileSync(file);
  fs.chmodSync(file, 0o644);
  refuses(['tls', 'renew', '--data', p.data], /can be read by others/, 1);
  fs.chmodSync(file, 0o600);
  for (const text of ['', 'x', good.subarray(0, 300), fs.readFileSync(leaf)]) {
    fs.writeFileSync(file, text);
    refuses(['tls', 'renew', '--data', p.data], /is not this machine's authority.*every device/, 1);
  }
  fs.writeFileSync(file, good);
  assert.equal(tls(p, 'renew').authority.fingerprint, before.fingerprint);
});

test('it is renewed in time, and a clock that was wrong does no harm', { skip: !crashes }, (t) => {
  const p = place(t);
  const at = (days) => {
    const told = json(['tls', 'renew', '--if-due', '--data', p.data], later(p, days));
    const now = Date.now() + days * DAY;
    assert.ok(Date.parse(told.from) <= now && Date.parse(told.until) > now + 59 * DAY && Date.parse(told.authority.until) > now + 59 * DAY);
    return [told.fingerprint, told.authority.fingerprint];
  };
  const first = at(0);
  assert.deepEqual(at(300), first);
  const second = at(340);
  assert.deepEqual([second[0] !== first[0], second[1]], [true, first[1]]);
  assert.deepEqual(at(341), second);
  const back = at(0); // what was made is not valid yet
  assert.deepEqual([back[0] !== second[0], back[1]], [true, first[1]]);
  assert.notEqual(at(21 * 366)[1], first[1]); // after 20 years there is another authority

  const q = place(t);
  const early = json(['tls', 'renew', '--data', q.data], later(q, -30 * 365));
  const now = tls(q, 'renew', '--if-due');
  assert.notEqual(now.fingerprint, early.fingerprint);
  assert.equal(now.authority.fingerprint, early.authority.fingerprint);
  assert.equal(verifies(authority(q), key(q, 'tls-server.pem')).status, 0);
});

test('killed at any point of the first start: no half file, and the next start goes on', { skip: !crashes }, (t) => {
  let killed = 0;
  for (let n = 1; n < 20; n++) {
    const p = place(t);
    const ended = outpost(['tls', 'renew', '--data', p.data], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    const ca = key(p, 'tls-authority.pem');
    for (const name of ['tls-authority.pem', 'tls-server.pem'])
      if (fs.existsSync(key(p, name))) assert.match(fs.readFileSync(key(p, name), 'utf8'), /^-----BEGIN EC PRIVATE KEY-----[^]*-----END CERTIFICATE-----\n$/);
    const made = fs.existsSync(ca) && crt(ca).fingerprint256;
    const told = tls(p, 'renew');
    if (made) assert.equal(told.authority.fingerprint, made);
    assert.equal(verifies(authority(p), key(p, 'tls-server.pem')).status, 0);
    assert.deepEqual(fs.readdirSync(path.join(p.data, 'keys')).sort(), ['tls-authority.pem', 'tls-server.pem']);
    if (ended.signal !== 'SIGKILL') break;
    killed++;
  }
  assert.ok(killed >= 4, `${killed}`);
});

test('two that make them at once agree on one authority', async (t) => {
  const p = place(t);
  const all = await Promise.all(Array.from({ length: 8 }, () => new Promise((resolve) => {
    let out = '';
    const child = spawn(OUTPOST, ['tls', 'renew', '--json', '--data', p.data]);
    child.stdout.on('data', (part) => (out += part));
    child.stderr.on('data', (part) => (out += part));
    child.on('close', (code) => resolve({ code, out }));
  })));
  for (const { code, out } of all) assert.equal(code, 0, out);
  assert.equal(new Set(all.map(({ out }) => JSON.parse(out).authority.fingerprint)).size, 1);
  assert.equal(verifies(authority(p), key(p, 'tls-server.pem')).status, 0);
});

test('a certificate of somebody else is taken when it holds', (t) => {
  const p = place(t);
  tls(p, 'renew');
  const [cert, secret] = foreign(p, 'good');
  const told = tls(p, 'import', cert, secret);
  assert.deepEqual([told.source, told.names, told.fingerprint, told.public, told.authority], ['imported', ['shop.example.com'], crt(cert).fingerprint256, false, undefined]);
  assert.equal(fs.statSync(key(p, 'tls-imported.pem')).mode & 0o777, 0o600);

  const bad = (args, pattern) => refuses(['tls', 'import', ...args, '--data', p.data], pattern, 1);
  const [otherCert, otherSecret] = foreign(p, 'other');
  bad([cert, otherSecret], /do not belong together/);
  bad([cert, cert], /key of .* cannot be read/);
  bad([secret, secret], /no certificate/);
  bad([path.join(p.dir, 'none'), secret], /cannot be read/);
  fs.chmodSync(otherSecret, 0o644);
  bad([otherCert, otherSecret], /everybody.*chmod 600/);
  bad(foreign(p, 'ca', 'a.example', 'CA:TRUE'), /authority's/);
  bad(foreign(p, 'mail', 'b.example', 'CA:FALSE', '-addext', 'extendedKeyUsage=emailProtection'), /not made for servers/);
  const weak = path.join(p.dir, 'weak');
  openssl(['req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-keyout', `${weak}.key`, '-out', `${weak}.crt`, '-subj', '/CN=w', '-days', '9']);
  bad([`${weak}.crt`, `${weak}.key`], /too weak/);
  const locked = path.join(p.dir, 'locked.key');
  openssl(['pkey', '-in', secret, '-aes256', '-passout', 'pass:x', '-out', locked]);
  bad([cert, locked], /key of/);
  if (crashes) refuses(['tls', 'import', cert, secret, '--data', p.data], /ended on/, 1, later(p, 91)); // the test build
  assert.equal(tls(p, 'show').fingerprint, told.fingerprint); // all of that changed nothing

  ok(['tls', 'forget', '--data', p.data]);
  assert.equal(tls(p, 'show').source, 'own');
  refuses(['tls', 'forget', '--data', p.data], /no certificate was imported/, 4);
});

// ---- the server ----

const served = (t, p, ...more) => serve(t, p.data, '--tls', ...more);

// A server that does not start says why, and then the log says it, too.
function doesNotStart(args, pattern) {
  const ended = outpost(['serve', ...args]);
  assert.ok(ended.code === 1 || ended.code === 2, `${ended.code} ${ended.signal}`);
  assert.match(ended.err.split('\n')[0], pattern);
}

// A request by https, with the authority's certificate unless told otherwise: { status, headers, body, peer } or { error }.
function get(server, target, { ca = server.ca, host = 'localhost', headers = {}, method = 'GET', body, ...more } = {}) {
  return new Promise((resolve) => {
    const request = https.request({ host: '127.0.0.1', port: server.port, servername: net.isIP(host) ? '' : host, path: target, method, ca, agent: false, headers: { host: `${host}:${server.port}`, ...headers }, checkServerIdentity: (_, cert) => nodeTls.checkServerIdentity(host, cert), ...more }, (response) => {
      const parts = [];
      const peer = response.socket.getPeerX509Certificate();
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts), peer, protocol: response.socket.getProtocol(), cipher: response.socket.getCipher().name }));
    });
    request.on('error', (error) => resolve({ error: error.code ?? String(error) }));
    request.end(body);
  });
}

// What openssl s_client says after a greeting; its exit code tells whether there was one.
function client(server, ...args) {
  const ended = spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${server.port}`, '-servername', 'localhost', ...args], { encoding: 'utf8', input: '', timeout: 20000 });
  return { ok: ended.status === 0, text: ended.stdout + ended.stderr };
}

const cpu = (server) => fs.readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number).reduce((a, b) => a + b);

test('https from the first start on: names, protocols, suites', async (t) => {
  const p = place(t);
  const server = await served(t, p);
  assert.match(server.base, /^https:\/\/127\.0\.0\.1:\d+$/);
  server.ca = fs.readFileSync(authority(p));
  const good = await get(server, '/healthz');
  assert.deepEqual([good.status, good.protocol, good.cipher], [200, 'TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256']);
  assert.equal(good.headers['strict-transport-security'], undefined);
  assert.equal(good.peer.fingerprint256, tls(p, 'show').fingerprint);
  for (const host of ['127.0.0.1', os.hostname(), `${os.hostname().split('.')[0]}.local`]) assert.equal((await get(server, '/healthz', { host })).status, 200, host);
  assert.equal((await get(server, '/healthz', { host: 'bank.example' })).error, 'ERR_TLS_CERT_ALTNAME_INVALID');
  assert.match((await get(server, '/healthz', { ca: null })).error, /^UNABLE_TO/);
  // Who does not look at names is refused by the name that he asks for.
  const lax = { checkServerIdentity: () => undefined };
  assert.equal((await get(server, '/healthz', { ...lax, host: 'bank.example' })).status, 421);
  assert.equal((await get(server, '/healthz', { ...lax, headers: { host: 'localhost' } })).status, 200); // through another port
  const change = (origin) => get(server, '/api/records/reference_item', { method: 'POST', body: '{"list":"a","value":"b"}', headers: { 'content-type': 'application/json', origin } });
  assert.equal((await change(`https://localhost:${server.port}`)).status, 201);
  for (const origin of [`http://localhost:${server.port}`, `https://localhost:${server.port + 1}`, 'https://localhost', `https://127.0.0.1:${server.port}`]) assert.equal((await change(origin)).status, 403, origin);

  // Nothing older than TLS 1.2, nothing without authenticated encryption and a fresh key.
  for (const old of ['-tls1', '-tls1_1']) assert.match(client(server, old, '-cipher', 'ALL:@SECLEVEL=0').text, /alert protocol version/, old);
  for (const weak of ['ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'AES128-GCM-SHA256', 'DHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'aNULL', 'RC4', '3DES'].map((c) => `${c}:@SECLEVEL=0`))
    assert.ok(!client(server, '-tls1_2', '-cipher', weak).ok, weak);
  for (const strong of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305']) assert.match(client(server, '-tls1_2', '-cipher', strong).text, new RegExp(`Cipher is ${strong}`));
  for (const [group, word] of [['X25519:P-256', /X25519/], ['P-256', /P-256|prime256v1/]] /* without P-256 a client cannot check the certificate */) assert.match(client(server, '-groups', group).text, word);
  assert.ok(!client(server, '-groups', 'P-521').ok);
  assert.match(client(server, '-alpn', 'h2,http/1.1').text, /ALPN protocol: http\/1\.1/);
  assert.ok(!client(server, '-alpn', 'h2').ok);

  // Who comes back with a ticket is spared the long greeting.
  const ticket = path.join(p.dir, 'ticket');
  assert.match(client(server, '-sess_out', ticket).text, /^New, /m);
  assert.match(client(server, '-sess_in', ticket).text, /^Reused, /m);
});

test('a client that speaks plain HTTP is shown the way, and nothing else goes through in plain', async (t) => {
  const p = place(t);
  const server = await served(t, p);
  const plain = (text) => new Promise((resolve) => {
    let got = '';
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (part) => (got += part)).on('error', () => {}).on('close', () => resolve(got));
  });
  assert.match(await plain('GET /api/runs HTTP/1.1\r\nHost: localhost:1234\r\n\r\n'), /^HTTP\/1\.1 307 [^]*Location: https:\/\/localhost:1234\/\r\n/);
  for (const own of ['127.0.0.1', `[::1]:${server.port}`, os.hostname(), 'LOCALHOST'])
    assert.match(await plain(`GET / HTTP/1.1\r\nHost: ${own}\r\n\r\n`), /^HTTP\/1\.1 307 [^]*Location: https:/, own);
  // Who makes a link does not decide where it leads.
  for (const other of ['evil.example', `evil.example:${server.port}`, `localhost.evil.example`, '[::2]', `${'a.'.repeat(150)}localhost`])
    assert.match(await plain(`GET / HTTP/1.1\r\nHost: ${other}\r\n\r\n`), /^HTTP\/1\.1 4(21|00) (?![^]*(Location|evil))[^]*https:\/\//, other);
  for (const none of ['a"b', 'localhost:x', 'localhost:0', ''])
    assert.match(await plain(`GET /api/runs HTTP/1.1\r\nHost: ${none}\r\n\r\n`), /^HTTP\/1\.1 400 (?![^]*Location)/, none);
  assert.match(await plain('POST / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 400 /);
  for (const noise of ['\x00\x01\x02', 'hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '\x80\x2e\x01\x00\x02']) assert.ok(!/HTTP/.test(await Promise.race([plain(noise), sleep(7000).then(() => '')])));
  assert.equal((await get(server, '/healthz', { ca: fs.readFileSync(authority(p)) })).status, 200);
});

test('connections that say nothing, or half a greeting, cost no time', async (t) => {
  const p = place(t);
  const server = await served(t, p);
  server.ca = fs.readFileSync(authority(p));
  const hello = execFileSync('node', ['-e', `
    const net = require('net'), tls = require('tls');
    const s = net.createServer((c) => c.once('data', (d) => { process.stdout.write(d.toString('hex')); process.exit(); })).listen(0, '127.0.0.1', () => tls.connect({ port: s.address().port, host: '127.0.0.1' }).on('error', () => {}));`], { encoding: 'utf8' });
  const idle = Array.from({ length: 12 }, (_, i) => {
    const socket = net.connect(server.port, '127.0.0.1').on('error', () => {});
    if (i >= 3) socket.write(Buffer.from(hello, 'hex').subarray(0, i >= 6 ? undefined : 40)); // and then nothing
    t.after(() => socket.destroy());
    return socket;
  });
  await get(server, '/healthz');
  const began = cpu(server);
  await sleep(2500);
  if (!/asan|tsan/.test(OUTPOST)) assert.ok(cpu(server) - began < 40, `${(cpu(server) - began) * 10} ms of 2500`);
  assert.equal((await get(server, '/healthz')).status, 200);
  const closed = new Promise((resolve) => idle[5].resume().on('close', resolve));
  assert.equal(await Promise.race([closed.then(() => 'closed'), sleep(30000).then(() => 'open')]), 'closed');
  const stopping = Date.now();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.ok(Date.now() - stopping < 5000);
});

test('beyond this machine nothing is open and nothing is plain', async (t) => {
  const p = place(t);
  doesNotStart(['--data', p.data, '--listen', '0.0.0.0:0'], /0\.0\.0\.0 can be reached.*--public/);
  doesNotStart(['--data', p.data, '--name', 'a.example'], /--name belongs to/);
  const server = await serve(t, p.data, '--public', '--listen', '0.0.0.0:0', '--name', 'shop.example.com', '--name', '192.0.2.55');
  assert.equal(new URL(server.base).hostname, 'shop.example.com');
  const shown = await get(server, '/ca.crt', { rejectUnauthorized: false });
  server.ca = await get(server, '/ca.pem', { rejectUnauthorized: false }).then((r) => r.body);
  assert.deepEqual([shown.status, shown.headers['content-type'], new X509Certificate(shown.body).fingerprint256], [200, 'application/x-x509-ca-cert', new X509Certificate(server.ca).fingerprint256]);
  assert.equal(String(server.ca), fs.readFileSync(authority(p), 'utf8'));
  for (const host of ['shop.example.com', '192.0.2.55', 'localhost']) assert.equal((await get(server, '/healthz', { host })).status, 200, host);
  const trust = JSON.parse((await get(server, '/api/trust')).body).data;
  assert.deepEqual([trust.secure, trust.source, trust.authority.fingerprint, trust.file], [true, 'own', new X509Certificate(server.ca).fingerprint256, undefined]);
  for (const target of ['/api/runs', '/api/records/reference_item', '/api/events', '/realtime', '/api/changes', '/metrics']) assert.equal((await get(server, target)).status, 401, target);
  // Neither on its own name for this machine, nor with a page of its own.
  assert.equal((await get(server, '/api/runs', { host: '127.0.0.1' })).status, 401);
  assert.equal((await get(server, '/')).status, 200);
});

test('a certificate of somebody else: shown, read again when it changes, and only a public one is for ever', async (t) => {
  const p = place(t);
  const root = path.join(p.dir, 'root');
  openssl(['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${root}.key`, '-out', `${root}.crt`, '-subj', '/CN=Root', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign', '-days', '90']);
  const issue = (name) => {
    const file = path.join(p.dir, name);
    fs.writeFileSync(`${file}.ext`, `subjectAltName=DNS:localhost,DNS:*.shop.example\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`);
    openssl(['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', '/CN=localhost']);
    openssl(['x509', '-req', '-in', `${file}.csr`, '-CA', `${root}.crt`, '-CAkey', `${root}.key`, '-CAcreateserial', '-days', '30', '-extfile', `${file}.ext`, '-out', `${file}.crt`]);
    return file;
  };
  const first = issue('first');
  const use = ['--cert', `${first}.crt`, '--cert-key', `${first}.key`];
  const ca = fs.readFileSync(`${root}.crt`);
  const inside = await serve(t, p.data, ...use);
  const shown = await get(inside, '/healthz', { ca });
  assert.deepEqual([shown.status, shown.cipher, shown.headers['strict-transport-security']], [200, 'ECDHE-RSA-AES128-GCM-SHA256', undefined]);
  assert.equal((await get(inside, '/healthz', { ca, host: 'a.shop.example' })).status, 200);
  assert.equal((await get(inside, '/healthz', { ca, host: 'a.b.shop.example', checkServerIdentity: () => undefined })).status, 421);
  assert.equal((await get(inside, '/ca.crt', { ca })).status, 404);
  assert.ok(!fs.existsSync(key(p, 'tls-authority.pem')));
  await inside.stop();

  process.env.OUTPOST_CA_FILE = `${root}.crt`;
  t.after(() => delete process.env.OUTPOST_CA_FILE);
  const outside = await serve(t, p.data, ...use);
  assert.equal((await get(outside, '/healthz', { ca })).headers['strict-transport-security'], 'max-age=15552000');
  assert.deepEqual(JSON.parse((await get(outside, '/api/trust', { ca })).body).data.public, true);
  if (LONG) { // it looks once a minute
    const second = issue('second');
    fs.copyFileSync(`${second}.crt`, `${first}.crt`); // for a moment they do not belong together
    await sleep(1000);
    fs.copyFileSync(`${second}.key`, `${first}.key`);
    const wanted = crt(`${second}.crt`).fingerprint256;
    for (let i = 0; (await get(outside, '/healthz', { ca })).peer.fingerprint256 !== wanted; i++) {
      assert.ok(i < 150, 'the new certificate is not shown');
      await sleep(1000);
    }
  }
  await outside.stop();
  doesNotStart(['--data', p.data, '--cert', `${root}.crt`, '--cert-key', `${first}.key`], /do not belong together/);
  doesNotStart(['--data', p.data, '--cert-key', `${first}.key`], /--cert-key belongs to --cert/);
});

test('much in both directions, and events, go through TLS as without', async (t) => {
  const p = place(t);
  const server = await served(t, p);
  server.ca = fs.readFileSync(authority(p));
  const { text } = generate(p.dir, 60000, 4);
  const accepted = await get(server, '/api/imports?as=sales&name=big.csv', { method: 'POST', body: text, headers: { 'content-type': 'text/csv', origin: `https://localhost:${server.port}` } });
  assert.equal(accepted.status, 202, String(accepted.body));
  const id = JSON.parse(accepted.body).data.import;
  let state;
  for (let i = 0; i < 600 && !['done', 'failed'].includes(state); i++) {
    await sleep(100);
    state = JSON.parse((await get(server, `/api/imports/${id}`)).body).data.state;
  }
  assert.equal(state, 'done');
  const sent = await get(server, '/api/tables/clean_sales?format=csv');
  assert.equal(sent.status, 200);
  assert.equal(String(sent.body), ok(['export', 'clean_sales', '--csv', ...p.args]));
  assert.ok(sent.body.length > 1 << 20);

  const { default: Client } = await import(pathToFileURL(createRequire(installed()).resolve('ws')).href);
  const socket = new Client(`wss://localhost:${server.port}/realtime`, { ca: server.ca });
  t.after(() => socket.terminate());
  const told = [];
  socket.on('message', (bytes) => told.push(JSON.parse(bytes)));
  for (let i = 0; i < 200 && !told.length; i++) await sleep(50);
  ok(['record', 'save', 'reference_item', '{"list":"regions","value":"Moon"}', ...p.args]);
  for (let i = 0; i < 200 && told.length < 2; i++) await sleep(50);
  assert.deepEqual([told[0].type, told.at(-1).table], ['ready', 'reference_item']);
});

test('killed while it starts for the first time, the server starts the next time', { skip: !crashes }, async (t) => {
  for (let n = 1; n <= 4; n++) {
    const p = place(t);
    const ended = outpost(['serve', '--tls', '--listen', '127.0.0.1:0', '--workers', '0', '--data', p.data], { binary: OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    assert.equal(ended.signal, 'SIGKILL');
    const server = await served(t, p);
    assert.equal((await get(server, '/healthz', { ca: fs.readFileSync(authority(p)) })).status, 200);
    await server.stop();
  }
});

// What these find is their own word: nothing of medium weight or more.
test('sslscan and testssl find nothing', { skip: !LONG || spawnSync('sslscan', ['--version']).error }, async (t) => {
  const p = place(t);
  const server = await served(t, p);
  const scan = execFileSync('sslscan', ['--no-colour', `localhost:${server.port}`], { encoding: 'utf8' });
  assert.match(scan, /TLSv1\.0 +disabled[^]*TLSv1\.1 +disabled[^]*TLSv1\.2 +enabled/);
  assert.ok(!/Accepted +TLSv1\.[01]|CBC|_SHA\b|RC4|3DES/.test(scan), scan);
  if (spawnSync('testssl', ['--version']).error) return;
  const report = path.join(p.dir, 'testssl.json');
  const ended = spawnSync('testssl', ['--quiet', '--color', '0', '--fast', '--jsonfile', report, '--add-ca', authority(p), `localhost:${server.port}`], { timeout: 1800e3 });
  assert.equal(ended.signal, null, 'testssl came to its end');
  const bad = JSON.parse(fs.readFileSync(report, 'utf8')).filter((f) => /MEDIUM|HIGH|CRITICAL/.test(f.severity));
  // BREACH takes a secret in a compressed reply, and a stranger who can have it asked for: tokens and links stand in replies
  // to a POST alone, which are never compressed, and the cookie goes with no page but our own (SameSite=Strict).
  const ca = fs.readFileSync(authority(p));
  for (const target of ['/api/auth/login', '/api/auth/refresh', '/api/auth/setup', '/api/tokens', '/api/users']) assert.equal((await get(server, target, { ca, method: 'POST', body: '{}', headers: { 'accept-encoding': 'gzip, br', 'content-type': 'application/json' } })).headers['content-encoding'], undefined);
  assert.deepEqual(bad.map((f) => `${f.id}: ${f.finding}`).filter((f) => !/^BREACH|cert_(revocation|chain)|no revocation|OCSP|CAA|trust/i.test(f)), []);
});
