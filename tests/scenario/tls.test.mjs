// The machine's own authority and the certificate that it gives the server, judged by OpenSSL and by node.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { OUTPOST, OUTPOST_TEST, json, ok, outpost, place, refuses } from './lib.mjs';

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
    child.on('exit', (code) => resolve({ code, out }));
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
