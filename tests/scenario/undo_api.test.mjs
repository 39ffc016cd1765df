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
