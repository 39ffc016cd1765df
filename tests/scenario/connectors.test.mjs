// Connectors: which are due, a task for each, what becomes of one that cannot be read; the watched folder.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { generate, json, ok, one, place, query, refuses, sound } from './lib.mjs';

const save = (p, object) => json(['record', 'save', 'connector', JSON.stringify(object), ...p.args]);
const sync = (p, frequency, options) => lib.outpost(['dag', 'run', 'sync_connectors', ...(frequency ? ['--payload', JSON.stringify({ frequency })] : []), ...p.args, '--json'], options);
const rows = (p) => Object.fromEntries(query(p.db, 'SELECT name, status, error_message, last_sync_at, next_sync_at FROM connectors').map(([name, ...more]) => [name, more]));
const inbox = (p, folder, ...more) => path.join(p.data, 'inbox', p.tenant, folder, ...more);
function put(p, folder, name, text, ageSeconds = 60) {
  fs.mkdirSync(inbox(p, folder), { recursive: true });
  fs.writeFileSync(inbox(p, folder, name), text);
  const then = Date.now() / 1000 - ageSeconds;
  fs.utimesSync(inbox(p, folder, name), then, then);
}
const files = (p, folder, sub = '') => fs.readdirSync(inbox(p, folder, sub), { withFileTypes: true }).filter((e) => !e.isDirectory()).map((e) => e.name).sort();

test('a connector is due when it is made, then by its frequency; each is a task of its own', (t) => {
  const p = place(t);
  const made = Date.now() * 1000;
  for (const [name, sync_frequency] of [['h', 'hourly'], ['d', 'daily'], ['w', 'weekly'], ['m', 'manual'], ['off', 'hourly']]) save(p, { name, type: 'folder', settings: { folder: name, dataset: 'sales' }, sync_frequency });
  save(p, { id: json(['record', 'list', 'connector', ...p.args]).find((c) => c.name === 'off').id, status: 'paused' });
  for (const [name, row] of Object.entries(rows(p))) name === 'm' ? assert.equal(row[3], null) : assert.ok(Number(row[3]) >= made - 1e6);
  assert.equal(sync(p, 'hourly').code, 0);
  assert.deepEqual(Object.entries(rows(p)).filter(([, r]) => r[2]).map(([name]) => name), ['h']);
  assert.equal(sync(p).code, 0);
  const now = rows(p);
  assert.deepEqual(Object.entries(now).filter(([, r]) => r[2]).map(([name]) => name).sort(), ['d', 'h', 'w']);
  const next = (name) => new Date(Number(now[name][3]) / 1000);
  const last = (name) => new Date(Number(now[name][2]) / 1000);
  assert.equal(next('h') - new Date(last('h')).setUTCMinutes(0, 0, 0), 36e5);
  assert.equal(next('d') - new Date(last('d')).setUTCHours(0, 0, 0, 0), 864e5);
  assert.deepEqual([next('w').getUTCDay(), next('w').getUTCHours(), next('w') > last('w'), next('w') - last('w') <= 7 * 864e5], [1, 0, true, true]);
  // None is due now: a run without tasks.
  sync(p);
  assert.deepEqual(rows(p), now);
  sound(p);
});

test('a type that nobody reads fails with the cause; it recovers when it is one that can be read', (t) => {
  const p = place(t);
  const { id } = save(p, { name: 'crm', type: 'salesforce', credentials: 'crm-token' });
  json(['jobs', 'add', 'connector_sync', '{"connector":"crm"}', ...p.args]);
  ok(['jobs', 'work', '--until-idle', ...p.args]);
  assert.match(one(p.db, "SELECT cause FROM job WHERE kind = 'connector_sync'"), /reads no salesforce; it reads: folder/);
  assert.deepEqual(rows(p).crm.slice(0, 1), ['error']);
  assert.match(rows(p).crm[1], /salesforce/);
  assert.ok(json(['alerts', 'list', ...p.args]).some((a) => a.kind === 'job_dead' && a.subject === 'connector_sync'));
  save(p, { id, type: 'folder', settings: { folder: 'crm', dataset: 'sales' } });
  assert.equal(sync(p).code, 0);
  assert.deepEqual(rows(p).crm.slice(0, 2), ['active', null]);
});

test('files of a watched folder are imported once and put away', (t) => {
  const p = place(t);
  save(p, { name: 'orders', type: 'folder', settings: { folder: 'orders', dataset: 'sales' }, sync_frequency: 'hourly' });
  const good = generate(p.dir, 200, 3).text;
  put(p, 'orders', 'a.csv', good);
  put(p, 'orders', 'b.csv', 'nothing of this\nis a table of sales\n');
  const beingWritten = () => put(p, 'orders', 'c.csv', good, -50); // its time moves on, on a slow machine, too
  beingWritten();
  put(p, 'orders', '.hidden', good);
  put(p, 'orders', 'd.csv.part', good);
  fs.symlinkSync('/etc/passwd', inbox(p, 'orders', 'link.csv'));
  assert.equal(sync(p).code, 0);
  assert.deepEqual(files(p, 'orders'), ['.hidden', 'c.csv', 'd.csv.part', 'link.csv']);
  assert.deepEqual(files(p, 'orders', 'done'), ['a.csv']);
  assert.deepEqual(files(p, 'orders', 'failed'), ['b.csv', 'b.csv.why.txt']);
  assert.ok(fs.readFileSync(inbox(p, 'orders', 'failed', 'b.csv.why.txt'), 'utf8').length > 20);
  const runs = json(['runs', ...p.args]);
  assert.equal(one(p.db, "SELECT count(*) FROM run WHERE state = 'done'"), '1');
  assert.ok(JSON.stringify(runs).includes('a.csv'));
  // The same file again under its name is known.
  put(p, 'orders', 'a.csv', good);
  beingWritten();
  json(['jobs', 'add', 'connector_sync', '{"connector":"orders"}', ...p.args]);
  ok(['jobs', 'work', '--until-idle', ...p.args]);
  assert.equal(one(p.db, "SELECT count(*) FROM run WHERE state = 'done'"), '1');
  assert.equal(files(p, 'orders', 'done').length, 2);
  sound(p);
});

test('kill -9 between import and move: the file counts once', (t) => {
  const p = place(t);
  save(p, { name: 'orders', type: 'folder', settings: { folder: 'orders', dataset: 'sales' } });
  put(p, 'orders', 'a.csv', generate(p.dir, 100, 4).text);
  json(['jobs', 'add', 'connector_sync', '{"connector":"orders"}', ...p.args]);
  let killed = 0;
  for (let n = 10; n < 3000 && files(p, 'orders').length; n = Math.ceil(n * 1.3)) {
    if (lib.outpost(['jobs', 'work', '--until-idle', ...p.args], { binary: lib.OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } }).signal === 'SIGKILL') killed++;
  }
  ok(['jobs', 'work', '--until-idle', ...p.args]);
  assert.ok(killed > 3, String(killed));
  assert.deepEqual(files(p, 'orders', 'done'), ['a.csv']);
  assert.equal(one(p.db, "SELECT count(*) FROM run WHERE state = 'done'"), '1');
  sound(p);
});

test('a folder is a name, not a way out', (t) => {
  const p = place(t);
  for (const folder of ['../..', '/etc', 'a/b', '.', '', 'a b', 'x'.repeat(64)]) refuses(['record', 'save', 'connector', JSON.stringify({ name: 'n', type: 'folder', settings: { folder } }), ...p.args], /letters, digits/);
  refuses(['record', 'save', 'connector', JSON.stringify({ name: 'n', type: 'folder', settings: { folder: 'a', dataset: 'none' } }), ...p.args], /no dataset none/);
  refuses(['record', 'save', 'connector', JSON.stringify({ name: 'n', type: 'folder', settings: { folder: 'a', existing: 'maybe' } }), ...p.args], /reject or update/);
});
