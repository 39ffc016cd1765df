// Runs over HTTP: taken back, brought back, judged again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ask, data, finished, imported, post, problem, remove, stream } from './api.mjs';
import * as lib from './lib.mjs';
import { generate, json, one, place, serve, sleep, sound } from './lib.mjs';

const HEADING = 'order_id,order_date,region,product,quantity,revenue\n';
const FIRST = `${HEADING}A1,2024-01-01,North,Widget,1,10.00\nA2,2024-01-01,South,Widget,2,20.00\nA3,2024-01-02,East,Gadget,3,30.00\nA4,2024-01-02,East,Gadget,-3,30.00\n`;
const SECOND = `${HEADING}A1,2024-01-01,North,Widget,4,40.00\nA2,2024-01-01,South,Widget,2,20.00\nA5,2024-01-03,West,Widget,5,50.00\n`;

// All that an undo may change, the log beside.
const TABLES = ['sale', 'sale_past', 'sale_current', 'sale_total', 'run', 'run_undone', 'undo_kept', 'reject', 'raw_chunk', 'change_log'];
const state = (p) => Object.fromEntries(TABLES.map((name) => [name, lib.sha256(lib.sqlite(p.db, `SELECT * FROM ${name} ORDER BY 1`))]));
const revenue = async (server) => (await data(ask(server, '/api/figures'))).totals.revenue;
const undo = (server, run, more = '') => post(server, `/api/runs/${run}/undo${more}`);
const redo = (server, run, more = '') => post(server, `/api/runs/${run}/redo${more}`);
const rejudge = (server, run, more = '') => post(server, `/api/runs/${run}/rejudge${more}`);

async function twoRuns(t) {
  const p = place(t);
  const server = await serve(t, p.data);
  const first = await imported(server, 'first.csv', FIRST);
  const second = await imported(server, 'second.csv', SECOND, [['existing', 'update']]);
  assert.deepEqual([first.state, second.state], ['done', 'done']);
  return { p, server, first, second };
}

test('an import that updates says what it created, updated and found unchanged; undone and redone, the figures follow', async (t) => {
  const { p, server, first, second } = await twoRuns(t);
  assert.deepEqual(second.result.rows, { read: 3, clean: 3, rejected: 0, created: 1, updated: 1, unchanged: 1, edits: 0 });
  assert.equal(await revenue(server), '140.00');
  const before = state(p);

  const tried = await data(undo(server, second.run, '?dry_run=1'));
  assert.deepEqual([tried.run, tried.action, tried.dry_run], [second.run, 'undo', true]);
  assert.deepEqual(tried.rows, { removed: 1, restored: 2, kept: 0, blocked: 0, reopened: 0 });
  assert.deepEqual(tried.figures, { before: { orders: 4, quantity: '14.00', revenue: '140.00' }, after: { orders: 3, quantity: '6.00', revenue: '60.00' } });
  assert.deepEqual(state(p), before);

  const done = await data(undo(server, second.run));
  assert.deepEqual({ ...done, seconds: 0 }, { ...tried, dry_run: false, seconds: 0 });
  assert.equal(await revenue(server), '60.00');
  const runs = await data(ask(server, '/api/runs'));
  assert.deepEqual(runs.map((r) => [r.run, r.state, r.undone?.actor]), [[second.run, 'undone', 'http'], [first.run, 'done', undefined]]);
  const undone = state(p);
  await problem(undo(server, second.run), 409, /undone already/);
  await problem(undo(server, second.run, '?dry_run=1'), 409, /undone already/);
  assert.deepEqual(state(p), undone);

  const back = await data(redo(server, second.run, '?dry_run=1'));
  assert.deepEqual([back.action, back.rows], ['redo', { placed: 1, replaced: 2, below: 0, there: 0, settled: 0 }]);
  assert.deepEqual(state(p), undone);
  assert.deepEqual((await data(redo(server, second.run))).figures, { before: tried.figures.after, after: tried.figures.before });
  const again = state(p);
  for (const name of ['sale', 'sale_past', 'sale_current', 'sale_total', 'run_undone', 'reject']) assert.equal(again[name], before[name], name);
  await problem(redo(server, second.run), 409, /undone|counts/);
  sound(p);
});

test('what a person or a later run made stays when an older run is undone, and is named', async (t) => {
  const { p, server, first, second } = await twoRuns(t);
  const edit = await data(post(server, '/api/row?as=sales&key=A3', { quantity: '7' }));
  const done = await data(undo(server, first.run));
  assert.deepEqual(done.rows, { removed: 0, restored: 0, kept: 3, blocked: 0, reopened: 0 });
  assert.deepEqual(done.kept.map((k) => [k.key, k.run, k.actor]), [['A1', second.run, 'http'], ['A2', second.run, 'http'], ['A3', edit.run, 'http']]);
  assert.match(done.kept[2].reason, /person/);
  sound(p);
});

test('undo, redo and judging again refuse what they cannot do', async (t) => {
  const { p, server, first } = await twoRuns(t);
  const before = state(p);
  for (const what of ['undo', 'redo', 'rejudge']) {
    await problem(post(server, `/api/runs/nothing/${what}`), 404, /nothing/);
    await problem(post(server, `/api/runs/${first.run}/${what}?dry_run=perhaps`), 422, /dry_run/);
    await problem(post(server, `/api/runs/${first.run}/${what}`, { really: true }), 413, /no body/);
    await problem(ask(server, `/api/runs/${first.run}/${what}`), 405);
    await problem(post(server, `/api/runs/${first.run}/${what}`, '', { origin: 'http://elsewhere.example' }), 403);
    await problem(post(server, `/api/runs/${first.run}/${what}?tenant=nobody`), 404, /no tenant/);
  }
  await problem(redo(server, first.run), 409);
  assert.deepEqual(state(p), before);
});

test('the events of an undo and of a redo come over the stream', async (t) => {
  const { server, second } = await twoRuns(t);
  const s = await stream(t, server);
  await undo(server, second.run, '?dry_run=1');
  await data(undo(server, second.run));
  await data(redo(server, second.run));
  await s.until(() => s.changes().length >= 2, 'two changes');
  assert.deepEqual(s.changes().map((c) => [c.event, c.unit, c.actor]), [['RUN_UNDONE', second.run, 'http'], ['RUN_REDONE', second.run, 'http']]);
});

test('a run judged again by the present rules stands in the place of the old one; a try changes nothing', async (t) => {
  const { p, server, first, second } = await twoRuns(t);
  const rule = one(p.db, "SELECT id FROM rule WHERE dataset = 'sales' AND name = 'quantity_positive'");
  await data(post(server, '/api/rules/promote', { rules: [{ id: rule, params: { above: '2' } }] }));
  const before = state(p);
  const tried = await finished(server, await data(rejudge(server, second.run, '?dry_run=1'), 202));
  assert.deepEqual([tried.state, tried.run, tried.result.rows.clean, tried.result.rows.rejected], ['done', null, 2, 1]);
  assert.deepEqual(state(p), before);

  const accepted = await rejudge(server, second.run);
  assert.deepEqual([accepted.status, accepted.headers.location], [202, accepted.json.data.href]);
  const task = await finished(server, accepted.json.data);
  assert.deepEqual([task.state, task.name, task.as, task.bytes, task.bytes_total], ['done', 'second.csv', 'sales', SECOND.length, SECOND.length]);
  assert.deepEqual(task.result.rows, { read: 3, clean: 2, rejected: 1, created: 1, updated: 1, unchanged: 0, edits: 0 });
  assert.deepEqual(task.result.sample.map((x) => x.raw), ['A2,2024-01-01,South,Widget,2,20.00']);
  assert.equal(await revenue(server), '140.00'); // A1 40, A2 20 of the first file, A3 30, A5 50
  const runs = await data(ask(server, '/api/runs'));
  assert.deepEqual(runs.map((r) => [r.run, r.kind, r.state]), [[task.run, 'rejudge', 'done'], [second.run, 'file', 'undone'], [first.run, 'file', 'done']]);
  await problem(rejudge(server, second.run), 409, /undone/);
  await problem(redo(server, second.run), 409, /stands|counts/);
  sound(p);
});

// A run of many rows, and the same judged again and under way.
async function largeUnderWay(t) {
  const p = place(t);
  const server = await serve(t, p.data);
  const { file } = generate(p.dir, 300000, 8);
  const run = lib.importFile(p, file).run;
  const before = state(p);
  const accepted = await data(rejudge(server, run), 202);
  for (;;) {
    const task = await data(ask(server, accepted.href));
    assert.notEqual(task.state, 'done', 'it was too fast to be stopped');
    if (task.rows > 0) return { p, server, run, before, href: accepted.href };
    await sleep(5);
  }
}

// Only the note that it began and failed is new.
function asItWas(p, before, run) {
  const now = state(p);
  for (const name of TABLES) if (!['run', 'change_log'].includes(name)) assert.equal(now[name], before[name], name);
  assert.deepEqual(lib.query(p.db, 'SELECT state, kind, message FROM run ORDER BY id'), [['done', 'file', null], ['failed', 'rejudge', 'cancelled']]);
  assert.equal(json(['run', 'show', run, ...p.args]).undone, null);
  sound(p);
}

test('judging again can be cancelled: the old run stays as it was', async (t) => {
  const { p, server, run, before, href } = await largeUnderWay(t);
  assert.equal((await data(remove(server, href))).state, 'cancelled');
  await server.stop();
  asItWas(p, before, run);
});

test('a server that is told to stop while it judges again leaves the old run as it was', async (t) => {
  const { p, server, run, before } = await largeUnderWay(t);
  const began = Date.now();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.ok(Date.now() - began < 3000);
  asItWas(p, before, run);
});

test('that rows were replaced is suggested for the next file of these headings, and never done unasked', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const look = async (more = '') => (await data(ask(server, `/api/uploads/${(await data(post(server, '/api/uploads?name=x.csv', SECOND), 201)).upload}${more}`)));
  await imported(server, 'first.csv', FIRST);
  assert.deepEqual([(await look()).existing, (await look()).remembered], ['reject', false]);
  await imported(server, 'try.csv', SECOND, [['existing', 'update'], ['dry_run', '1']]);
  assert.equal((await look()).existing, 'reject');
  await imported(server, 'second.csv', SECOND, [['existing', 'update']]);
  assert.deepEqual([(await look()).existing, (await look()).remembered], ['update', true]);
  assert.equal((await look('?existing=reject')).existing, 'reject');
  // Not asked for: rejected, as ever.
  assert.deepEqual((await imported(server, 'second.csv', SECOND)).result.rows, { read: 3, clean: 0, rejected: 3, created: 0, updated: 0, unchanged: 0, edits: 0 });
  assert.equal((await look()).existing, 'update');
  // Who says otherwise with the mapping is remembered, too.
  await imported(server, 'third.csv', SECOND, [['existing', 'reject'], ['unique', 'order_id']]);
  assert.equal((await look()).existing, 'reject');
  await problem(post(server, '/api/imports?existing=replace', SECOND), 422, /reject or update/);
});

test('one run judged again twice at once: the second is told that it is undone, and nothing is counted twice', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const { file } = generate(p.dir, 20000, 5);
  const first = await imported(server, 'first.csv', fs.readFileSync(file, 'utf8'));
  assert.equal(first.state, 'done');
  const before = await revenue(server);
  const both = await Promise.all([1, 2].map(() => data(rejudge(server, first.run), 202)));
  const ended = await Promise.all(both.map((accepted) => finished(server, accepted)));
  assert.deepEqual(ended.map((e) => e.state).sort(), ['done', 'failed']);
  assert.match(ended.find((e) => e.state === 'failed').message, /is undone/);
  assert.equal(await revenue(server), before);
  sound(p);
});

test('a kind or a place in the stacks that is not the one of the settings is found', async (t) => {
  const { p, server, second } = await twoRuns(t);
  await server.stop?.();
  sound(p);
  for (const [column, other] of [['kind', "'rejudge'"], ['rank', '1']]) {
    const before = one(p.db, `SELECT quote(${column}) FROM run WHERE uuid = '${second.run}'`);
    lib.sqlite(p.db, `UPDATE run SET ${column} = ${other} WHERE uuid = '${second.run}'`);
    const wrong = lib.verify(p).checks.filter((c) => !c.ok);
    assert.deepEqual(wrong.map((c) => [c.check, c.run]), [['rows', second.run]], column);
    lib.sqlite(p.db, `UPDATE run SET ${column} = ${before} WHERE uuid = '${second.run}'`);
  }
  sound(p);
});
