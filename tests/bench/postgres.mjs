// A PostgreSQL of its own: a fresh cluster in a folder, on a port of the loopback interface, as Debian configures it
// (fsync and synchronous_commit on), run by an unprivileged user because it refuses root. stop() ends it and removes all.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '../scenario/postgres.mjs';

const BIN = fs.existsSync('/usr/lib/postgresql') ? path.join('/usr/lib/postgresql', fs.readdirSync('/usr/lib/postgresql').sort((a, b) => a - b).at(-1), 'bin') : '';
const NOBODY = 65534;
const as = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

export const hasPostgres = () => Boolean(BIN) && fs.existsSync(path.join(BIN, 'initdb'));

// { port, version, connection (for pg), psql(sql, input), stop() }; settings: [name=value] besides.
export async function startPostgres(folder, settings = []) {
  const dir = fs.mkdtempSync(path.join(folder, 'postgres-'));
  if (as.uid) fs.chownSync(dir, as.uid, as.gid);
  for (let at = dir; as.uid && at !== '/'; at = path.dirname(at)) fs.chmodSync(at, fs.statSync(at).mode | 0o011); // nobody has to get there
  const data = path.join(dir, 'data');
  const port = await freePort();
  execFileSync(path.join(BIN, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C'], { ...as, cwd: '/', stdio: 'pipe' });
  const child = spawn(path.join(BIN, 'postgres'), ['-D', data, '-p', String(port), '-k', dir, '-h', '127.0.0.1', ...['max_connections=200', ...settings].flatMap((setting) => ['-c', setting])], { ...as, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (bytes) => (log += bytes));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const psql = (sql, more = {}) => execFileSync(path.join(BIN, 'psql'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'bench', '-d', 'postgres', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', sql], { encoding: 'utf8', stdio: 'pipe', maxBuffer: 1 << 28, ...more });
  for (let tries = 0; ; tries++) {
    try {
      psql('SELECT 1');
      break;
    } catch (error) {
      if (tries > 100 || child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${log || error.message}`);
      await new Promise((again) => setTimeout(again, 100));
    }
  }
  return {
    port,
    version: psql('SHOW server_version').trim(),
    connection: { host: '127.0.0.1', port, user: 'bench', database: 'postgres' },
    psql,
    async stop() {
      child.kill('SIGINT');
      await ended;
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
}
