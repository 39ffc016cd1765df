// The exceptions desk (R155, R196, R205, R206): what it counts and lists against the
// tables as the sqlite3 shell reads them, reviews and corrections of many, files that
// come back from a spreadsheet, a death in the middle.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { importFile, json, ok, one, place, query, refuses, serve, sleep, sound } from './lib.mjs';

const crashes = spawnSync(lib.OUTPOST_TEST, ['version'], { env: { ...process.env, OUTPOST_CRASH: '' } }).status === 0;
const HEADING = 'order_id,order_date,region,product,quantity,revenue\n';
const LIMIT = 10000;

function write(p, name, text) {
  const file = path.join(p.dir, name);
  fs.writeFileSync(file, text);
  return file;
}

// A row with other cells.
const put = (row, cells) => row.map((cell, i) => cells[i] ?? cell);

// ---- the second opinion: every exception, from the tables ----

function isoWeek(us) {
  const day = new Date(Math.floor(us / 86400e6) * 86400e3);
  const thursday = new Date(day.getTime() + (4 - (day.getUTCDay() || 7)) * 86400e3);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return `${thursday.getUTCFullYear()}-W${String(1 + Math.floor((thursday - first) / (7 * 86400e3))).padStart(2, '0')}`;
}

// attempts: ids that are not to be on the desk, as the test knows them.
function opinion(p, attempts = new Set()) {
  const reviews = new Map(query(p.db, 'SELECT exception, assignee, decision, reason FROM review WHERE deleted_at IS NULL').map(([id, ...rest]) => [id, rest]));
  const rows = query(p.db, 'SELECT x.id, r.uuid, r.source, r.started_at, x.category, x.stage, x.state, x.faults, hex(x.raw), x.id >> 32 FROM reject x JOIN run r ON r.id = x.id >> 32 WHERE r.id NOT IN (SELECT run FROM run_undone) ORDER BY x.id');
  return rows.filter((r) => !attempts.has(Number(r[0]))).map(([id, run, source, started, category, stage, state, faults, raw, runNumber]) => {
    const [assignee, decision, reason] = reviews.get(id) ?? [null, null, null];
    return { id: Number(id), run, runNumber, source, week: isoWeek(Number(started)), category, stage, state: state === 'open' && decision ? decision : state, assignee, reason, faults: JSON.parse(faults), raw: Buffer.from(raw, 'hex').toString().replace(/[\r\n]+$/, '') };
  });
}

const fits = (x, f) =>
  (!f.run || x.run === f.run) && (!f.category || x.category === f.category) && (!f.stage || x.stage === f.stage) && (!f.source || x.source === f.source) && (!f.week || x.week === f.week) &&
  (!f.state || f.state === 'all' || x.state === f.state) && (!f.assignee || (f.assignee === '-' ? x.assignee === null : x.assignee === f.assignee)) &&
  (!f.control || x.faults.some((fault) => fault.control === f.control)) && (!f.q || x.raw.toLowerCase().includes(f.q.toLowerCase()));

function tally(rows, names) {
  const groups = new Map();
  for (const x of rows)
    for (const name of new Set(names(x))) {
      const g = groups.get(name) ?? { name, open: 0, corrected: 0, accepted: 0 };
      g[x.state]++;
      groups.set(name, g);
    }
  return [...groups.values()].sort((a, b) => String(a.name).localeCompare(String(b.name)));
}
const sorted = (list) => [...list].sort((a, b) => String(a.name).localeCompare(String(b.name)));

function patternsOf(rows) {
  const groups = new Map();
  for (const x of rows)
    for (const { control, field, value } of x.faults) {
      const g = groups.get(JSON.stringify([control, field, value])) ?? { control, field, value, count: 0, runs: new Set() };
      g.count++;
      g.runs.add(x.run);
      groups.set(JSON.stringify([control, field, value]), g);
    }
  return [...groups.values()].filter((g) => g.count >= 3).map((g) => ({ ...g, runs: g.runs.size })).sort((a, b) => b.count - a.count);
}

function compareSummary(p, rows, f, got) {
  const mine = rows.filter((x) => fits(x, f));
  const label = JSON.stringify(f);
  const { open, corrected, accepted } = lib.count(mine, (x) => x.state);
  assert.deepEqual([got.total, got.open, got.corrected, got.accepted], [mine.length, open ?? 0, corrected ?? 0, accepted ?? 0], label);
  assert.equal(got.complete, true);
  assert.deepEqual(sorted(got.by_category), tally(mine, (x) => [x.category]), label);
  assert.deepEqual(sorted(got.by_control), tally(mine, (x) => x.faults.map((fault) => fault.control)), label);
  assert.deepEqual(sorted(got.by_source), tally(mine, (x) => [x.source]), label);
  assert.deepEqual(sorted(got.by_week), tally(mine, (x) => [x.week]), label);
  assert.deepEqual(sorted(got.by_assignee), tally(mine, (x) => [x.assignee]), label);
  const trends = lib.count(mine.flatMap((x) => x.faults.map((fault) => `${x.week} ${fault.control}`)), (t) => t);
  assert.deepEqual(Object.fromEntries(got.trends.map((t) => [`${t.week} ${t.control}`, t.count])), trends, label);
  const patterns = patternsOf(f.state && f.state !== 'all' ? mine : mine.filter((x) => x.state === 'open'));
  assert.deepEqual(got.patterns.map((t) => t.count), patterns.slice(0, 50).map((t) => t.count), label);
  for (const t of got.patterns) {
    const own = patterns.find((m) => m.control === t.control && m.field === t.field && m.value === t.value);
    assert.deepEqual([own?.count, own?.runs], [t.count, t.runs], JSON.stringify(t));
  }
}

// ---- the server ----

async function client(t, p) {
  const server = await serve(t, p.data, '--workers', '0'); // nothing changes but by what is asked
  const call = async (method, at, body) => {
    const answer = await fetch(server.base + at, { method, headers: body === undefined ? {} : { 'Content-Type': 'application/json' }, body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body) });
    return { status: answer.status, type: answer.headers.get('content-type'), ...(await answer.json()) };
  };
  const get = async (at) => {
    const answer = await call('GET', at);
    assert.equal(answer.status, 200, `${at}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const post = async (at, body) => {
    const answer = await call('POST', at, body);
    assert.equal(answer.status, 200, `${at}: ${JSON.stringify(answer)}`);
    return answer.data;
  };
  const refused = async (method, at, body, status, pattern) => {
    const answer = await call(method, at, body);
    assert.equal(answer.status, status, `${at}: ${JSON.stringify(answer)}`);
    if (pattern) assert.match(answer.detail, pattern);
    return answer;
  };
  return { server, call, get, post, refused };
}
const filterQuery = (f) => new URLSearchParams(f).toString();

// Several runs with everything that can be wrong; some corrected, accepted, given away.
function busy(t) {
  const p = place(t);
  const runs = [lib.messySales(1, 400), lib.messySales(2, 300), lib.messySales(3, 200), lib.generate(p.dir, 600, 5, 4).text].map((text, i) => importFile(p, write(p, `file ${i % 3}.csv`, i ? text.replaceAll('A-', `A${i}-`) : text)).run);
  const rows = opinion(p);
  const r = lib.random(77);
  const regions = rows.filter((x) => x.faults.length === 1 && x.faults[0].control === 'region_known');
  for (const x of regions.slice(0, 6)) assert.equal(json(['exception', 'fix', String(x.id), 'region=East', ...p.args]).corrected, true);
  const open = opinion(p).filter((x) => x.state === 'open');
  const some = (n) => Array.from({ length: n }, () => String(r.pick(open).id));
  ok(['exception', 'accept', ...some(25), '--reason', 'known', ...p.args]);
  ok(['exception', 'assign', ...some(30), '--to', 'mo', ...p.args]);
  ok(['exception', 'assign', ...some(20), '--to', 'Ünal "Ü"', ...p.args]);
  return { p, runs };
}

test('what the desk counts and lists is what the tables hold', async (t) => {
  const { p, runs } = busy(t);
  const api = await client(t, p);
  const compare = async () => {
    const rows = opinion(p);
    const r = lib.random(5);
    const filters = [{}, { state: 'open' }, { state: 'accepted' }, { state: 'corrected' }, { assignee: 'mo' }, { assignee: '-' }, { assignee: 'Ünal "Ü"' }, { run: runs[1] }, { week: '1999-W01' }, { category: 'NONE' }, { control: 'nobody' }];
    for (let i = 0; i < 25; i++) {
      const x = r.pick(rows);
      const f = { run: x.run, category: x.category, control: x.faults[0].control, stage: x.stage, source: x.source, week: x.week, state: x.state, assignee: x.assignee ?? '-' };
      for (const name of Object.keys(f)) if (r.chance(0.7)) delete f[name];
      filters.push(f);
    }
    for (const f of filters) {
      compareSummary(p, rows, f, (await api.get(`/api/exceptions/summary?${filterQuery(f)}`)).data);
      const mine = rows.filter((x) => fits(x, f));
      const page = await api.get(`/api/exceptions?limit=1000&${filterQuery(f)}`);
      assert.equal(page.total, mine.length);
      assert.deepEqual(page.data.map((x) => x.id), mine.slice(0, 1000).map((x) => x.id), JSON.stringify(f));
    }
    for (const x of (await api.get('/api/exceptions?limit=1000')).data) {
      const own = rows.find((y) => y.id === x.id);
      assert.deepEqual([x.run, x.record, x.source, x.week, x.category, x.stage, x.state, x.assignee, x.reason, x.raw], [own.run, own.id % 2 ** 32, own.source, own.week, own.category, own.stage, own.state, own.assignee, own.reason, own.raw]);
      assert.deepEqual(x.faults, own.faults);
    }
    return rows;
  };
  const rows = await compare();
  assert.ok(new Set(rows.map((x) => x.state)).size === 3 && new Set(rows.map((x) => x.assignee)).size === 3);

  // Pages, one after the other, are the whole list; so are those of a search.
  for (const f of [{ state: 'open' }, { q: 'DAIRY' }, { q: 'ünïcode' }, { q: 'a', control: 'region_known' }]) {
    const ids = [];
    for (let after = 0; after !== null; ) {
      const page = await api.get(`/api/exceptions?limit=37&after=${after}&${filterQuery(f)}`);
      ids.push(...page.data.map((x) => x.id));
      if (!f.q) assert.equal(page.total, rows.filter((x) => fits(x, f)).length);
      after = page.next;
    }
    const folded = { ...f, q: f.q === 'ünïcode' ? 'Ünïcode' : f.q };
    if (f.q !== 'ünïcode') assert.deepEqual(ids, rows.filter((x) => fits(x, folded)).map((x) => x.id), JSON.stringify(f));
  }
  // The terminal shows the same, and so does a run that is not the first the server saw.
  assert.deepEqual(json(['exceptions', '--state', 'open', '--source', rows[0].source, ...p.args]).map((x) => x.id), rows.filter((x) => fits(x, { state: 'open', source: rows[0].source })).map((x) => x.id));
  compareSummary(p, rows, {}, json(['exceptions', '--summary', ...p.args]));
  importFile(p, write(p, 'later.csv', lib.messySales(9, 150).replaceAll('A-', 'L-')));
  const more = await compare();
  assert.ok(more.length > rows.length);

  // A run that is undone is off the desk, and back when it is redone.
  assert.equal((await api.call('POST', `/api/runs/${runs[1]}/undo`)).status, 200);
  const less = await compare();
  assert.ok(less.length < more.length && less.every((x) => x.run !== runs[1]));
  assert.deepEqual(json(['exceptions', ...p.args]).map((x) => x.id), less.map((x) => x.id));
  const gone = String(more.find((x) => x.run === runs[1] && x.state === 'open').id);
  refuses(['exception', 'show', gone, ...p.args], /undone/, 4);
  refuses(['exception', 'assign', gone, '--to', 'mo', ...p.args], /undone/, 5);
  refuses(['exception', 'fix', gone, ...p.args], /undone/, 5);
  assert.equal(lib.parseCsv(ok(['exceptions', '--run', runs[1], '--file', ...p.args])).length, 1);
  await api.refused('GET', `/api/exceptions/${gone}`, undefined, 404, /undone/);
  await api.refused('POST', '/api/exceptions/review', { ids: [gone], assignee: 'mo' }, 409, /undone/);
  await api.refused('POST', `/api/exceptions/${gone}/fix`, { changes: {} }, 409, /undone/);
  assert.equal((await api.call('POST', `/api/runs/${runs[1]}/redo`)).status, 200);
  assert.equal((await compare()).length, more.length);
  sound(p);
});

test('one exception with its cells and what became of it', async (t) => {
  const p = place(t);
  const file = write(p, 'in.csv', 'Note,Order No,When,Region,Product,Qty,Amount\nx,A1,2024-01-01,East,Dairy,1,1.00\n"a ""b""",A2,,Mars,Dairy,2,2.50\n,A3,2024-01-01,East,Dairy,3\ny,A4,2024-01-01,East,Dairy,3,4,5\n');
  importFile(p, file, '--map', 'order_id=Order No', '--map', 'order_date=When', '--map', 'quantity=Qty', '--map', 'revenue=Amount');
  const api = await client(t, p);
  const [a2, a3, a4] = (await api.get('/api/exceptions')).data;
  const x = (await api.get(`/api/exceptions/${a2.id}`)).data;
  assert.deepEqual(x.cells, [
    { heading: 'Note', field: null, value: 'a "b"', controls: [] },
    { heading: 'Order No', field: 'order_id', value: 'A2', controls: [] },
    { heading: 'When', field: 'order_date', value: '', controls: ['order_date_present'] },
    { heading: 'Region', field: 'region', value: 'Mars', controls: ['region_known'] },
    { heading: 'Product', field: 'product', value: 'Dairy', controls: [] },
    { heading: 'Qty', field: 'quantity', value: '2', controls: [] },
    { heading: 'Amount', field: 'revenue', value: '2.50', controls: [] },
  ]);
  for (const name of Object.keys(a2)) assert.deepEqual(x[name], a2[name], name);
  assert.deepEqual([x.extra, x.review, x.settled_by, x.history], [0, null, null, []]);
  assert.equal((await api.get(`/api/exceptions/${a4.id}`)).data.extra, 1);

  await api.post('/api/exceptions/review', { ids: [a2.id], assignee: 'mo' });
  await api.post('/api/exceptions/review', { ids: [String(a2.id)], decision: 'accepted', reason: ' it is  known ' });
  const accepted = (await api.get(`/api/exceptions/${a2.id}`)).data;
  assert.deepEqual([accepted.state, accepted.assignee, accepted.reason], ['accepted', 'mo', 'it is  known']);
  assert.equal(one(p.db, `SELECT id FROM review WHERE exception = ${a2.id}`), accepted.review);
  await api.post('/api/exceptions/review', { ids: [a2.id], decision: null });
  assert.equal((await api.post('/api/exceptions/review', { ids: [a2.id], decision: null })).changed, 0);

  // Not right yet: nothing is left behind. Then right, by field and by heading.
  const runs = one(p.db, 'SELECT count(*) FROM run');
  const half = await api.post(`/api/exceptions/${a2.id}/fix`, { changes: { region: 'West' } });
  assert.deepEqual([half.corrected, half.run, half.faults.map((f) => f.control)], [false, null, ['order_date_present']]);
  assert.deepEqual([one(p.db, 'SELECT count(*) FROM run'), one(p.db, 'SELECT count(*) FROM reject')], [runs, '3']);
  const done = await api.post(`/api/exceptions/${a2.id}/fix`, { changes: { region: 'West', When: '2024-03-05' } });
  assert.deepEqual([done.corrected, done.faults], [true, []]);
  const settled = (await api.get(`/api/exceptions/${a2.id}`)).data;
  assert.deepEqual([settled.state, settled.settled_by.run], ['corrected', done.run]);
  assert.deepEqual(settled.history.map((h) => h.text), ['given to mo', 'accepted: it is  known', 'opened again', 'the record came again, right']);
  await api.refused('POST', '/api/exceptions/review', { ids: [a2.id], assignee: 'mo' }, 409, /settled/);
  await api.refused('POST', `/api/exceptions/${a2.id}/fix`, { changes: {} }, 409, /settled/);
  await api.refused('POST', `/api/exceptions/${a4.id}/fix`, { changes: { revenue: '1' } }, 409, /more cells/);
  assert.equal((await api.post(`/api/exceptions/${a3.id}/fix`, { changes: { revenue: '7' } })).corrected, true);
  sound(p);
});

test('340 times the same wrong region: one correction', async (t) => {
  const p = place(t);
  const good = (i) => `K${i},2024-01-${String((i % 28) + 1).padStart(2, '0')},North,Dairy,${i % 9 || 1},${i}.25`;
  const bad = (i) => good(i).replace('North', i % 34 === 0 ? 'nort' : 'Nort').replace(/^K/, 'B');
  const lines = Array.from({ length: 1000 }, (_, i) => good(i)).concat(Array.from({ length: 350 }, (_, i) => bad(i)));
  // Ten of them have something else wrong, too; they stay.
  for (let i = 0; i < 10; i++) lines[1000 + i * 30 + 1] = lines[1000 + i * 30 + 1].replace(/,\d+,/, ',0,');
  const parts = [lines.slice(0, 1100), lines.slice(1100, 1250), lines.slice(1250)];
  const runs = parts.map((part, i) => importFile(p, write(p, `part ${i}.csv`, HEADING + part.join('\n') + '\n')).run);
  const api = await client(t, p);
  const before = (await api.get('/api/exceptions/summary')).data;
  const nort = before.patterns.find((x) => x.value === 'Nort');
  assert.deepEqual([nort.field, nort.count, nort.runs, nort.text], ['region', 339, 3, 'region "Nort" 339 times in 3 files']);
  const done = await api.post('/api/exceptions/fix', { filter: { pattern: nort.pattern }, changes: { region: 'North' } });
  assert.deepEqual([done.corrected, done.still_open, done.runs.length, done.faults.length], [329, 10, 3, 10]);
  assert.ok(done.faults.every((x) => x.faults.length === 1 && x.faults[0].control === 'quantity_positive'));
  assert.equal(one(p.db, "SELECT count(*) FROM reject WHERE state = 'corrected'"), '329');
  assert.equal(one(p.db, 'SELECT count(*) FROM reject'), '350', 'a correction that fails leaves nothing behind');
  assert.equal(one(p.db, "SELECT count(*) FROM sale s JOIN term t ON t.id = s.region WHERE t.text = 'North' AND s.key LIKE 'B%'"), '329');
  assert.equal(one(p.db, `SELECT count(*) FROM run WHERE uuid IN ('${done.runs.join("','")}') AND rows_rejected = 0 AND rows_clean > 0`), '3');
  const after = (await api.get('/api/exceptions/summary')).data;
  assert.deepEqual([after.open, after.corrected], [21, 329]);
  compareSummary(p, opinion(p), {}, after);
  // The rest from the terminal: another case, then the other fault by numbers.
  const second = json(['exception', 'fix', '--search', ',nort,', '--run', runs[0], '--state', 'open', 'region=North', 'quantity=1', ...p.args]);
  assert.ok(second.corrected > 0 && second.still_open === 0);
  const rest = json(['exceptions', '--state', 'open', ...p.args]).map((x) => String(x.id));
  assert.equal(json(['exception', 'fix', ...rest, 'region=North', 'quantity=1', ...p.args]).corrected, rest.length);
  assert.equal(one(p.db, 'SELECT count(*) FROM sale'), '1350');
  // Nothing fits: nothing happens.
  const none = await api.post('/api/exceptions/fix', { filter: { control: 'region_known' }, changes: { region: 'North' } });
  assert.deepEqual([none.run, none.corrected, none.still_open], [null, 0, 0]);
  sound(p);
  ok(['rebuild', ...p.args]);
});

test('a rule or a list that changed: the same records again, as they stand', async (t) => {
  const p = place(t);
  importFile(p, write(p, 'in.csv', `${HEADING}${Array.from({ length: 20 }, (_, i) => `K${i},2024-01-01,${i < 15 ? 'Overseas' : 'Mars'},Dairy,1,1`).join('\n')}\n`));
  ok(['record', 'save', 'reference_item', '{"list":"regions","value":"Overseas"}', ...p.args]);
  const api = await client(t, p);
  const done = await api.post('/api/exceptions/fix', { filter: { state: 'open' }, changes: {} });
  assert.deepEqual([done.corrected, done.still_open], [15, 5]);
  sound(p);
});

test('a repaired file that is still wrong does not double what is open', async (t) => {
  const p = place(t);
  const first = importFile(p, write(p, 'in.csv', `${HEADING}A1,,East,Dairy,1,5\nA2,2024-01-01,Mars,Dairy,1,5\nA3,2024-01-01,East,Dairy,-1,5\n`));
  const api = await client(t, p);
  const file = () => lib.parseCsv(ok(['exceptions', '--run', first.run, '--file', ...p.args]));
  const rows = file();
  rows[1][3] = '2024-02-30'; // wrong in another way
  rows[2][4] = 'West'; // right
  rows.push(['', '', 'A9', '', 'East', 'Dairy', '1', '1']); // a new row, wrong, too
  const second = importFile(p, write(p, 'back.csv', rows.map(lib.csvLine).join('\n') + '\n'));
  assert.deepEqual([second.rows.clean, second.rows.rejected], [1, 3]);
  const tried = query(p.db, `SELECT x.id, hex(x.raw) FROM reject x JOIN run r ON r.id = x.id >> 32 WHERE r.uuid = '${second.run}'`);
  assert.deepEqual(query(p.db, 'SELECT kind FROM run ORDER BY id').map(([kind]) => kind), ['file', 'correction']);
  const attempts = tried.filter(([, raw]) => /^\d/.test(Buffer.from(raw, 'hex').toString())).map(([id]) => Number(id));
  assert.equal(attempts.length, 2);

  const list = await api.get('/api/exceptions');
  assert.deepEqual(list.data.map((x) => [x.raw.replace(/^,,/, '').slice(0, 2), x.state]), [['A1', 'open'], ['A2', 'corrected'], ['A3', 'open'], ['A9', 'open']]);
  compareSummary(p, opinion(p, new Set(attempts)), {}, (await api.get('/api/exceptions/summary')).data);
  // They are its history, and are shown where their run is asked for.
  const [a1] = list.data;
  const { history } = (await api.get(`/api/exceptions/${a1.id}`)).data;
  assert.deepEqual(history.map((h) => [h.event, h.run, h.exception, h.faults[0].value]), [['CORRECTION_FAILED', second.run, attempts[0], '2024-02-30']]);
  assert.deepEqual((await api.get(`/api/exceptions?run=${second.run}`)).data.map((x) => [x.state, x.attempt_of ?? null]), [['attempt', a1.id], ['attempt', list.data[2].id], ['open', null]]);
  assert.deepEqual((await api.get('/api/exceptions?state=attempt')).data.map((x) => x.id), attempts);
  await api.refused('POST', `/api/exceptions/${attempts[0]}/fix`, { changes: { order_date: '2024-02-28' } }, 409, new RegExp(`correction of exception ${a1.id}`));

  // The file of that run goes back to the exceptions that it was for.
  const again = lib.parseCsv(ok(['exceptions', '--run', second.run, '--file', ...p.args]));
  assert.deepEqual(again[0], ['outpost_exception', 'outpost_reasons', ...lib.FIELDS]);
  assert.deepEqual(again.slice(1, 3).map((r) => Number(r[0])), [a1.id, list.data[2].id]);
  again[1][3] = '2024-02-28';
  again[2][6] = '4';
  again[3][3] = '2024-02-28';
  const third = importFile(p, write(p, 'third.csv', again.map(lib.csvLine).join('\n') + '\n'));
  assert.deepEqual([third.rows.clean, third.rows.rejected], [3, 0]);
  const end = (await api.get('/api/exceptions/summary')).data;
  assert.deepEqual([end.total, end.open, end.corrected], [4, 0, 4]);
  assert.deepEqual((await api.get('/api/exceptions?state=attempt')).data.map((x) => x.id), attempts);
  assert.equal(file().length, 1);
  sound(p);
});

test('a row doubled in the repaired file is not lost: the second one is open', async (t) => {
  const p = place(t);
  const first = importFile(p, write(p, 'in.csv', `${HEADING}A1,,East,Dairy,1,5\n`));
  const rows = lib.parseCsv(ok(['exceptions', '--run', first.run, '--file', ...p.args]));
  const double = [put(rows[1], { 3: '2024-01-01' }), put(rows[1], { 3: '2024-01-01', 2: 'A2' })];
  importFile(p, write(p, 'back.csv', [rows[0], ...double].map(lib.csvLine).join('\n') + '\n'));
  assert.deepEqual(json(['exceptions', ...p.args]).map((x) => x.state), ['corrected', 'open']);
});

// ---- files that come back from a spreadsheet ----

test('an exception file may be changed by a spreadsheet in every usual way', async (t) => {
  const ways = {
    'as it was': (rows) => rows.map(lib.csvLine).join('\r\n') + '\r\n',
    'columns in another order': (rows) => rows.map((r) => lib.csvLine([r[5], r[0], r[7], r[3], r[2], r[4], r[6], r[1]])).join('\n') + '\n',
    'a byte order mark, semicolons, CRLF': (rows) => `\ufeff${rows.map((r) => r.map((c) => (/[";\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c)).join(';')).join('\r\n')}\r\n`,
    'everything quoted, blanks around': (rows) => rows.map((r, i) => r.map((c) => `"${i ? ` ${c} ` : c}"`.replace(/(?<=^".*)"(?=.*"$)/g, '""')).join(',')).join('\n') + '\n',
    'tabs, UTF-16': (rows) => Buffer.from(`\ufeff${rows.map((r) => r.map((c) => (/["\t\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c)).join('\t')).join('\r\n')}\r\n`, 'utf16le'),
    'empty columns and lines at the end': (rows) => rows.map((r) => `${lib.csvLine(r)},,`).join('\r\n') + '\r\n,,,,,,,,,\r\n,,,,,,,,,\r\n',
    'apostrophes in front of numbers': (rows) => rows.map((r, i) => lib.csvLine(i ? [`'${r[0]}`, ...r.slice(1)] : r)).join('\n') + '\n',
    'the reasons removed, one column more': (rows) => rows.map((r, i) => lib.csvLine([r[0], ...r.slice(2), i ? 'done' : 'checked by'])).join('\n') + '\n',
  };
  for (const [way, make] of Object.entries(ways)) {
    const p = place(t);
    const bad = ['N1,,East,"a, ""b"", ₹",2,10.5', 'N2,2024-01-05,Mars,=cmd,3,20.25', 'N3,2024-01-06,West,Dairy,x,30.125'];
    const first = importFile(p, write(p, 'in.csv', `${HEADING}G1,2024-01-01,East,Dairy,1,1.00\n${bad.join('\n')}\n`));
    const api = await client(t, p);
    const answer = await fetch(`${api.server.base}/api/exceptions/file?run=${first.run}`);
    assert.match(answer.headers.get('content-disposition') ?? '', /attachment/);
    const rows = lib.parseCsv(await answer.text());
    assert.equal(rows.length, 4);
    rows[1][3] = '2024-02-01';
    rows[2][4] = 'North';
    rows[3][6] = '7';
    const sent = await fetch(`${api.server.base}/api/imports?as=sales&name=back.csv`, { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: make(rows) });
    const started = await sent.json();
    assert.equal(sent.status, 202, `${way}: ${JSON.stringify(started)}`);
    let state = started.data;
    for (let i = 0; i < 200 && !['done', 'failed', 'cancelled'].includes(state.state); i++) {
      await sleep(25);
      state = (await api.get(`/api/imports/${started.data.import}`)).data;
    }
    assert.equal(state.state, 'done', `${way}: ${JSON.stringify(state)}`);
    const summary = (await api.get('/api/exceptions/summary')).data;
    assert.deepEqual([way, summary.total, summary.corrected], [way, 3, 3]);
    const stored = query(p.db, "SELECT coalesce(order_id, key), date(order_date * 86400, 'unixepoch'), r.text, p.text, quantity, revenue FROM sale JOIN term r ON r.id = region JOIN term p ON p.id = product ORDER BY 1");
    assert.deepEqual(stored.slice(1), [['N1', '2024-02-01', 'East', 'a, "b", ₹', '20000', '105000'], ['N2', '2024-01-05', 'North', '=cmd', '30000', '202500'], ['N3', '2024-01-06', 'West', 'Dairy', '70000', '301250']], way);
    sound(p);
    await api.server.stop();
  }
});

test('numbers that a spreadsheet would spoil are written so that it does not, and spoilt ones are refused', (t) => {
  const p = place(t);
  for (let i = 0; i < 24; i++) importFile(p, write(p, `${i}.csv`, `${HEADING}A${i},,East,Dairy,1,5\n`));
  const rows = lib.parseCsv(ok(['exceptions', '--file', ...p.args]));
  assert.match(rows[1][0], /^x\d{12}$/);
  const spoilt = write(p, 'spoilt.csv', [rows[0], put(rows[1], { 0: '1.03079E+11', 3: '2024-01-01' })].map(lib.csvLine).join('\n') + '\n');
  refuses(['import', spoilt, '--as', 'sales', ...p.args], /1\.03079E\+11.*no number of an exception/);
  importFile(p, write(p, 'back.csv', [rows[0], put(rows[1], { 3: '2024-01-01' })].map(lib.csvLine).join('\n') + '\n'));
  assert.equal(json(['exceptions', '--state', 'corrected', ...p.args]).length, 1);
  // In the middle of a file, it is that row which is refused.
  const back = lib.parseCsv(ok(['exceptions', '--run', json(['exceptions', ...p.args])[0].run, '--file', ...p.args]));
  const mixed = importFile(p, write(p, 'mixed.csv', [back[0], put(back[1], { 3: '2024-01-01' }), put(back[1], { 0: '4.2E+09', 2: 'B1', 3: '2024-01-01' })].map(lib.csvLine).join('\n') + '\n'));
  assert.deepEqual([mixed.rows.clean, mixed.rows.rejected], [1, 1]);
  sound(p);
});

// ---- many ----

test('as many as fit at once are accepted in one go, and one more is refused', async (t) => {
  const p = place(t);
  importFile(p, write(p, 'in.csv', HEADING + Array.from({ length: LIMIT + 5 }, (_, i) => `A${i},,${i < 5 ? 'Mars' : 'East'},Dairy,1,5`).join('\n') + '\n'));
  const api = await client(t, p);
  const tooMany = await api.refused('POST', '/api/exceptions/review', { filter: {}, decision: 'accepted', reason: 'x' }, 413, /10005 exceptions fit this filter, and at most 10000/);
  assert.equal(tooMany.errors[0].field, 'filter');
  assert.equal((await api.post('/api/exceptions/review', { filter: { control: 'region_known' }, assignee: 'mo' })).changed, 5);
  const began = Date.now();
  const done = await api.post('/api/exceptions/review', { filter: { assignee: '-' }, decision: 'accepted', reason: 'an old file' });
  const seconds = (Date.now() - began) / 1000;
  assert.deepEqual([done.changed, done.chosen], [LIMIT, LIMIT]);
  assert.ok(seconds < 8, `${seconds} s`);
  t.diagnostic(`${LIMIT} accepted in ${seconds} s`);
  assert.equal(one(p.db, "SELECT count(*) FROM review WHERE decision = 'accepted' AND reason = 'an old file'"), String(LIMIT));
  assert.equal(one(p.db, "SELECT count(DISTINCT unit) FROM change_log WHERE tbl = 'review' AND event = 'RECORD_CREATED'"), '2', 'one unit of work for each request');
  assert.deepEqual(((s) => [s.open, s.accepted])((await api.get('/api/exceptions/summary')).data), [5, LIMIT]);
  assert.equal(json(['exception', 'reopen', '--state', 'accepted', ...p.args]).changed, LIMIT);
  sound(p);
});

test('killed in the middle of accepting many: all or none', { skip: !crashes }, (t) => {
  const p = place(t);
  importFile(p, write(p, 'in.csv', HEADING + Array.from({ length: 40 }, (_, i) => `A${i},,East,Dairy,1,5`).join('\n') + '\n'));
  let died = 0;
  for (let n = 1; ; n++) {
    const q = lib.copyPlace(p, `copy-${n}`);
    const ended = lib.outpost(['exception', 'accept', '--state', 'open', '--reason', 'x', ...q.args], { binary: lib.OUTPOST_TEST, env: { OUTPOST_CRASH: String(n) } });
    const accepted = json(['exceptions', '--state', 'accepted', ...q.args]).length;
    assert.ok(accepted === 0 || accepted === 40, `${accepted} of 40 after crash point ${n}`);
    if (n % 7 === 0) sound(q);
    fs.rmSync(q.data, { recursive: true });
    if (ended.signal !== 'SIGKILL') {
      assert.equal(ended.code, 0, ended.err);
      assert.equal(accepted, 40);
      break;
    }
    died++;
  }
  assert.ok(died >= 40);
});

test('what is wrong with a request is said, and nothing changes', async (t) => {
  const p = place(t);
  importFile(p, write(p, 'in.csv', `${HEADING}A1,,East,Dairy,1,5\nA2,,East,Dairy,1,5\n`));
  const [{ id }, other] = json(['exceptions', ...p.args]);
  const api = await client(t, p);
  const before = lib.sqlite(p.db, '.dump review run reject sale sale_past change_log');
  const review = (body, status, pattern) => api.refused('POST', '/api/exceptions/review', body, status, pattern);
  const fix = (body, status, pattern) => api.refused('POST', '/api/exceptions/fix', body, status, pattern);
  await review({ ids: [id], decision: 'accepted' }, 422, /reason is missing/);
  await review({ ids: [id], decision: 'accepted', reason: '  ' }, 422, /reason is missing/);
  await review({ ids: [id], decision: 'rejected', reason: 'x' }, 422, /rejected/);
  await review({ ids: [id], reason: 'x' }, 422, /decision/);
  await review({ ids: [id] }, 422, /assignee, or a decision/);
  await review({ ids: [id], assignee: ['mo'] }, 422, /assignee/);
  await review({ assignee: 'mo' }, 422, /which exceptions/);
  await review({ ids: [id], filter: {}, assignee: 'mo' }, 422, /which exceptions/);
  await review({ ids: [], assignee: 'mo' }, 422, /array/);
  await review({ ids: ['x'], assignee: 'mo' }, 422, /entry 1/);
  await review({ ids: [id, 99], assignee: 'mo' }, 404, /no exception 99/);
  await review({ filter: { colour: 'red' }, assignee: 'mo' }, 422, /colour/);
  await review({ filter: { week: '2024-5' }, assignee: 'mo' }, 422, /2024-5/);
  await review({ filter: { run: 'zzz' }, assignee: 'mo' }, 404, /zzz/);
  await review({ filter: [], assignee: 'mo' }, 422, /object/);
  await review({ ids: [id], assignee: 'mo', colour: 'red' }, 422, /colour/);
  await review('[1]', 422);
  await review('{', 400);
  await fix({ ids: [id] }, 422, /changes/);
  await fix({ ids: [id], changes: [] }, 422, /changes/);
  await fix({ ids: [id], changes: { order_date: {} } }, 422, /order_date/);
  await fix({ ids: [id], changes: { colour: 'red' } }, 422, /no column 'colour'.*order_id, order_date/);
  await fix({ ids: [id, 99], changes: {} }, 404, /99/);
  await api.refused('POST', '/api/exceptions/abc/fix', { changes: {} }, 404, /abc/);
  await api.refused('POST', '/api/exceptions/99/fix', { changes: {} }, 404, /99/);
  await api.refused('GET', '/api/exceptions/99', undefined, 404, /99/);
  await api.refused('GET', '/api/exceptions/abc', undefined, 404, /abc/);
  await api.refused('GET', '/api/exceptions?state=lost', undefined, 422, /lost/);
  await api.refused('GET', '/api/exceptions?week=2020-53', undefined, 422, /2020-W53/);
  await api.refused('GET', '/api/exceptions?limit=0', undefined, 422);
  await api.refused('GET', '/api/exceptions?run=zzz', undefined, 404);
  await api.refused('GET', '/api/exceptions/file', undefined, 422, /run/);
  await api.refused('GET', '/api/exceptions/file?run=zzz', undefined, 404, /zzz/);
  await api.refused('DELETE', `/api/exceptions/${id}`, undefined, 405);
  const stranger = await fetch(`${api.server.base}/api/exceptions/review`, { method: 'POST', headers: { Origin: 'http://evil.example', 'Content-Type': 'application/json' }, body: JSON.stringify({ ids: [id], assignee: 'x' }) });
  assert.equal(stranger.status, 403);
  refuses(['exception', 'accept', String(id), ...p.args], /--reason/, 2);
  refuses(['exception', 'accept', '--reason', 'x', ...p.args], /which exceptions/, 2);
  refuses(['exception', 'assign', String(id), ...p.args], /--to/, 2);
  refuses(['exception', 'assign', String(id), 'x', '--to', 'mo', ...p.args], /'x'/, 2);
  const saved = (object) => ['record', 'save', 'review', JSON.stringify(object), ...p.args];
  refuses(saved({ exception: id, decision: 'accepted' }), /reason is missing/, 1);
  refuses(saved({ exception: id, decision: 'lost', reason: 'x' }), /'lost'/, 1);
  refuses(saved({ exception: 99, assignee: 'mo' }), /no exception 99/, 4);
  refuses(['exceptions', '--state', 'lost', ...p.args], /lost/, 1);
  refuses(['exceptions', '--file', '--state', 'open', ...p.args], /filters/, 2);
  assert.equal(lib.sqlite(p.db, '.dump review run reject sale sale_past change_log'), before);
  // Two at once on one exception: it has one review.
  await Promise.all(Array.from({ length: 8 }, (_, i) => api.post('/api/exceptions/review', { ids: [id, other.id], assignee: `a${i}` })));
  assert.equal(one(p.db, 'SELECT count(*) FROM review'), '2');
  sound(p);
});
