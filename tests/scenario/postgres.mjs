// Headquarters for a test: a real PostgreSQL that is the test's own, in a temporary folder, on a free port of the loopback
// interface, over TLS and SCRAM only, run by an ordinary user. It is gone when the test ends, and when node dies.
//
// A fresh cluster takes seconds to make and a copy of one takes a tenth, so the first test that wants it makes a template in
// build/test/postgres-VERSION (initdb, an authority, a certificate for localhost and 127.0.0.1) and all others copy it.
//
//   const hq = await startPostgres(t);            // t, or null: then close() is the caller's
//   hq.dsn()                                      // the superuser's, a URI with verify-full and the authority's certificate
//   hq.dsn({ user, password, database, port })    // somebody else's, or through a proxy
//   hq.psql('SELECT 1')                           // what psql prints, unaligned; options as of dsn(), and input, format, refused
//   const s = hq.session(); await s.ask('BEGIN')  // a connection that stays open; s.end()
//   await hq.stop('immediate'); await hq.start()  // and restart(); the port stays
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
const LIB = '/usr/lib/postgresql';
const VERSIONS = fs.existsSync(LIB) ? fs.readdirSync(LIB).filter((v) => fs.existsSync(path.join(LIB, v, 'bin/initdb'))) : [];
export const VERSION = VERSIONS.sort((a, b) => Number(a) - Number(b)).at(-1);
const bin = (name) => path.join(LIB, VERSION, 'bin', name);
const PASSWORD = 'of the superuser';
const SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' };

// The server refuses root: then it runs as the package's own user, or as nobody.
function ordinaryUser() {
  if (process.getuid() !== 0) return null;
  const row = fs.readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).find(([name]) => name === 'postgres');
  return row ? { uid: Number(row[2]), gid: Number(row[3]) } : { uid: 65534, gid: 65534 };
}
const USER = ordinaryUser();

function run(program, args, options = {}) {
  return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', cwd: '/', timeout: 120_000, ...options });
}

const give = (dir) => USER && run('chown', ['-R', `${USER.uid}:${USER.gid}`, dir]);

// ---- the template ----

const BASE = `listen_addresses = '127.0.0.1'
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '64MB'
dynamic_shared_memory_type = mmap
log_min_messages = fatal
log_line_prefix = ''
`;
const HBA = `hostssl all all all scram-sha-256
`;

function certificates(dir) {
  const openssl = (...args) => run('openssl', args, { cwd: dir });
  const authority = (name) => openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`);
  authority('ca');
  authority('other-ca');
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr');
  fs.writeFileSync(path.join(dir, 'san'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '3650', '-extfile', 'san', '-out', 'server.pem');
}

function makeTemplate(dir) {
  const data = path.join(dir, 'data');
  fs.writeFileSync(path.join(dir, 'password'), `${PASSWORD}\n`);
  give(dir);
  const made = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', path.join(dir, 'password'), '-E', 'UTF8', '--locale=C', '--wal-segsize=4', '--no-sync', '--no-instructions'];
  run(bin('initdb'), made, USER ?? {});
  certificates(dir);
  for (const file of ['server.pem', 'server.key']) fs.renameSync(path.join(dir, file), path.join(data, file));
  fs.chmodSync(path.join(data, 'server.key'), 0o600);
  fs.appendFileSync(path.join(data, 'postgresql.conf'), BASE);
  fs.writeFileSync(path.join(data, 'pg_hba.conf'), HBA);
  give(data);
}

// Made beside its place and then renamed: of two that make it at the same time one comes first.
function template() {
  assert.ok(VERSION, `no PostgreSQL in ${LIB}: apt-get install postgresql-15`);
  const home = path.join(ROOT, 'build/test', `postgres-${VERSION}`);
  if (fs.existsSync(home)) return home;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'outpost-postgres-'));
  const beside = `${home}.${process.pid}`;
  try {
    fs.chmodSync(dir, 0o755);
    makeTemplate(dir);
    fs.mkdirSync(path.dirname(home), { recursive: true });
    run('cp', ['-a', dir, beside]);
    fs.renameSync(beside, home);
  } catch (error) {
    if (!fs.existsSync(home)) throw error;
  } finally {
    for (const left of [dir, beside]) fs.rmSync(left, { recursive: true, force: true });
  }
  return home;
}

// ---- one server ----

export const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const alive = new Set();
process.on('exit', () => alive.forEach((hq) => hq.remove()));

// settings: lines of postgresql.conf, as { wal_level: 'logical' }. A test that wants what a power cut leaves says fsync: 'on'.
export async function startPostgres(t, settings = {}) {
  const home = template();
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'outpost-hq-'));
  run('cp', ['-a', `${home}/.`, dir]);
  fs.chmodSync(dir, 0o755);
  const hq = new Postgres(dir, await freePort(), { fsync: 'off', full_page_writes: 'off', ...settings });
  alive.add(hq);
  t?.after(() => hq.close());
  await hq.start();
  return hq;
}

class Postgres {
  constructor(dir, port, settings) {
    Object.assign(this, { dir, port, settings, child: null, ca: path.join(dir, 'ca.pem'), otherCa: path.join(dir, 'other-ca.pem') });
  }

  get log() {
    return fs.readFileSync(path.join(this.dir, 'log'), 'utf8');
  }

  async start() {
    const args = Object.entries({ ...this.settings, port: this.port, unix_socket_directories: '' }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // However node ends, the server gets SIGQUIT then and takes its backends with it.
    const who = USER ? [`--reuid=${USER.uid}`, `--regid=${USER.gid}`, '--clear-groups'] : [];
    // Into a file: a pipe would be full while node waits for something else, and the server would wait for node.
    const log = fs.openSync(path.join(this.dir, 'log'), 'a');
    this.child = spawn('setpriv', [...who, '--pdeathsig', 'QUIT', bin('postgres'), '-D', path.join(this.dir, 'data'), ...args], { cwd: '/', stdio: ['ignore', 'ignore', log] });
    fs.closeSync(log);
    this.ended = new Promise((resolve) => this.child.on('exit', resolve));
    const begun = Date.now();
    while (spawnSync(bin('pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(this.port)]).status !== 0) {
      assert.equal(this.child.exitCode, null, `PostgreSQL did not start: ${this.log}`);
      assert.ok(Date.now() - begun < 60_000, `PostgreSQL is not ready after a minute: ${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  // smart, fast, immediate (it recovers at the next start) or kill (the postmaster alone).
  async stop(how = 'fast') {
    this.child.kill(SIGNALS[how]);
    await this.ended;
  }

  async restart(how = 'fast') {
    await this.stop(how);
    await this.start();
  }

  async close() {
    await this.stop('immediate');
    this.remove();
  }

  // In a hurry, when node ends: the server may still be writing while its folder goes.
  remove() {
    if (!alive.delete(this)) return;
    this.child.kill('SIGQUIT');
    fs.rmSync(this.dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  // more: whatever a URI may have, { sslmode: 'require', sslrootcert, application_name, options, ... }
  dsn({ user = 'postgres', password = user === 'postgres' ? PASSWORD : undefined, database = 'postgres', host = 'localhost', port = this.port, ...more } = {}) {
    const who = password === undefined ? user : `${user}:${encodeURIComponent(password)}`;
    const query = new URLSearchParams({ sslmode: 'verify-full', sslrootcert: this.ca, ...more });
    return `postgresql://${who}@${host}:${port}/${database}?${query.toString().replaceAll('+', '%20')}`;
  }

  // format: 'csv' has headings. refused: a pattern that what psql says must match; it is returned.
  psql(sql, { input, format = 'unaligned', refused, ...whose } = {}) {
    const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=terse', `--${format === 'csv' ? 'csv' : 'no-align'}`, ...(format === 'csv' ? [] : ['-t']), '-d', this.dsn(whose)];
    const ended = spawnSync(bin('psql'), [...args, ...(sql === undefined ? [] : ['-c', sql])], { encoding: 'utf8', input, cwd: '/', maxBuffer: 1 << 29, timeout: 120_000 });
    if (refused) {
      assert.notEqual(ended.status, 0, `it should have refused: ${sql}`);
      assert.match(ended.stderr, refused);
      return ended.stderr;
    }
    assert.equal(ended.status, 0, `psql: ${ended.stderr}\n${(sql ?? input).slice(0, 500)}`);
    return ended.stdout.trimEnd();
  }

  // Rows as arrays of texts, an empty text for NULL; cells must hold neither line breaks nor bars.
  rows(sql, whose) {
    const out = this.psql(sql, whose);
    return out === '' ? [] : out.split('\n').map((line) => line.split('|'));
  }

  // ask() answers with what was printed, errors included: "ERROR:  ...".
  session(whose) {
    const child = spawn(bin('psql'), ['-X', '-q', '-A', '-t', '-v', 'VERBOSITY=terse', '-d', this.dsn(whose)], { cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    let text = '';
    let told = () => {};
    const take = (bytes) => {
      text += bytes;
      told();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.stdin.on('error', () => {}); // it ended before it was told to
    let turn = 0;
    const ask = async (sql) => {
      const mark = `--- ${++turn} ---`;
      child.stdin.write(`${sql}\n;\n\\warn '${mark}'\n\\echo '${mark}'\n`);
      while (text.split(mark).length < 3 && child.exitCode === null && child.signalCode === null) {
        await Promise.race([new Promise((resolve) => (told = resolve)), ended]);
      }
      const said = text.split('\n').filter((line) => !line.startsWith('---')).join('\n');
      text = '';
      return said.trim();
    };
    return { ask, ended, end: () => (child.stdin.end('\\q\n'), ended) };
  }
}

// A backup of the cluster's files, as they were while it was down.
export async function copyAway(hq) {
  await hq.stop();
  fs.cpSync(path.join(hq.dir, 'data'), path.join(hq.dir, 'backup'), { recursive: true, preserveTimestamps: true });
  await hq.start();
}

// The files of before take the place of what is there, and belong to whoever the server runs as.
export async function putBack(hq) {
  await hq.stop();
  const { uid, gid } = fs.statSync(path.join(hq.dir, 'data'));
  fs.rmSync(path.join(hq.dir, 'data'), { recursive: true });
  fs.renameSync(path.join(hq.dir, 'backup'), path.join(hq.dir, 'data'));
  const own = (file) => {
    fs.chownSync(file, uid, gid);
    if (fs.lstatSync(file).isDirectory()) fs.readdirSync(file).forEach((name) => own(path.join(file, name)));
  };
  own(path.join(hq.dir, 'data'));
  fs.chmodSync(path.join(hq.dir, 'data'), 0o700);
  await hq.start();
}
