// A model of runs, versions and undo that shares nothing with the program: runs are lists of
// rows, a key's stack is what is found in them, and every table is predicted from that.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { ask, data, finished, problem } from './api.mjs';
import { csvLine, json, ok, one, outpost, print, query, refuses, sha256, units, FIELDS } from './lib.mjs';

export const HEADING = FIELDS.join(',');
export const fileOf = (rows) => `${[HEADING, ...rows.map(csvLine)].join('\n')}\n`;

const ROW = "key, run, record, date(order_date * 86400, 'unixepoch'), (SELECT text FROM term WHERE id = region), (SELECT text FROM term WHERE id = product), quantity, revenue";

// What there is, as the sqlite3 shell sees it.
export function tables(p) {
  return {
    top: query(p.db, `SELECT ${ROW} FROM sale ORDER BY key`),
    past: query(p.db, `SELECT ${ROW} FROM sale_past ORDER BY key, run`),
    current: query(p.db, "SELECT date(order_date * 86400, 'unixepoch'), (SELECT text FROM term WHERE id = region) AS a, (SELECT text FROM term WHERE id = product) AS b, orders, quantity, revenue FROM sale_current ORDER BY order_date, a, b"),
    exceptions: query(p.db, 'SELECT id >> 32, id & 0xffffffff, state, solved_run FROM reject ORDER BY id'),
    undone: query(p.db, 'SELECT run FROM run_undone ORDER BY run'),
    stayed: query(p.db, 'SELECT run, key FROM undo_kept ORDER BY run, key'),
  };
}

// A digest of every table's rows, but for the log of what was done and `but`.
export function digest(p, but = []) {
  const names = query(p.db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").flat();
  const left = names.filter((name) => !['change_log', ...but].includes(name));
  return Object.fromEntries(left.map((name) => [name, sha256(query(p.db, `SELECT * FROM "${name}"`).map((row) => JSON.stringify(row)).sort().join('\n'))]));
}

const byText = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

export class Model {
  constructor(p) {
    this.p = p;
    this.runs = [];
    this.notes = new Map(); // key -> id of the note
  }

  // The versions of a key, the lowest first.
  stack(key) {
    const found = this.runs.filter((run) => run.clean.has(key) && (!run.undone || run.stayed.has(key)));
    return found.sort((a, b) => a.rank - b.rank || a.no - b.no).map((run) => ({ run, row: run.clean.get(key) }));
  }

  keys() {
    return [...new Set(this.runs.flatMap((run) => [...run.clean.keys()]))].filter((key) => this.stack(key).length).sort(byText);
  }

  open() {
    return this.runs.filter((run) => !run.undone).flatMap((run) => run.rejects).filter((x) => !x.solved);
  }

  // Rows (cells; of each the exception that it corrects, or none) as a run of this kind would have them.
  judge(rows, update, settles = [], rank = Infinity) {
    const clean = new Map();
    const rejects = [];
    const count = { created: 0, updated: 0, unchanged: 0 };
    let edits = 0; // of the updated: rows that a person had made
    rows.forEach((cells, i) => {
      const [key, date, region, product, quantity, revenue] = cells;
      const top = this.stack(key).at(-1);
      const row = { record: i + 2, cells, solves: settles[i] };
      const under = this.stack(key).filter((version) => version.run.rank <= rank).at(-1);
      const free = !under || update || under.run.rank === rank;
      if (units(quantity) <= 0n || clean.has(key) || !free || row.solves?.solved) return rejects.push({ record: i + 2, cells, attempt: settles[i] });
      const same = top && top.run === under?.run && FIELDS.every((_, f) => (f < 4 ? top.row.cells[f] === cells[f] : units(top.row.cells[f]) === units(cells[f])));
      count[!top || top.run !== under?.run ? 'created' : same ? 'unchanged' : 'updated']++;
      if (top && top.run === under?.run && !same && top.run.kind === 'edit') edits++;
      clean.set(key, row);
      assert.ok(date && region && product && revenue);
    });
    return { clean, rejects, count, rows, settles, edits };
  }

  add(uuid, kind, update, judged) {
    const run = { uuid, kind, update, no: this.runs.length + 1, ...judged, stayed: new Set(), undone: false };
    run.rank ??= run.no;
    run.rejects.forEach((x) => Object.assign(x, { run, id: BigInt(run.no) * (1n << 32n) + BigInt(x.record) }));
    for (const row of run.clean.values()) if (row.solves) row.solves.solved = run;
    this.runs.push(run);
    return run;
  }

  // Takes it back; what stayed of it is `blocked`.
  takeBack(run, blocked) {
    for (const x of this.runs.flatMap((r) => r.rejects)) if (x.solved === run) x.solved = null;
    run.undone = true;
    run.stayed = new Set(blocked);
  }

  // What an undo comes to; nothing is done.
  undoing(run) {
    const rows = { removed: 0, restored: 0, kept: 0, blocked: 0, reopened: 0 };
    const blocked = [];
    const kept = [];
    for (const key of [...run.clean.keys()].sort(byText)) {
      const stack = this.stack(key);
      const top = stack.at(-1).run;
      if (top !== run) kept.push({ key, run: top.uuid }), rows.kept++;
      else if (stack.length > 1) rows.restored++;
      else if (this.notes.has(key)) blocked.push(key), rows.blocked++;
      else rows.removed++;
    }
    rows.reopened = this.runs.flatMap((r) => r.rejects).filter((x) => x.solved === run).length;
    return { rows, kept, blocked };
  }

  redoing(run) {
    const rows = { placed: 0, replaced: 0, below: 0, there: 0, settled: 0 };
    for (const [key, row] of run.clean) {
      const top = this.stack(key).at(-1);
      if (run.stayed.has(key)) rows.there++;
      else if (!top) rows.placed++;
      else rows[top.run.rank > run.rank ? 'below' : 'replaced']++;
      if (row.solves) rows.settled++;
    }
    return rows;
  }

  // Exceptions that this run settled and that another run, which counts, has settled meanwhile.
  contested(run) {
    return [...run.clean.values()].some((row) => row.solves?.solved);
  }

  tables() {
    const show = (version) => {
      const [key, date, region, product, quantity, revenue] = version.row.cells;
      return [key, String(version.run.no), String(version.row.record), date, region, product, String(units(quantity)), String(units(revenue))];
    };
    const stacks = this.keys().map((key) => this.stack(key));
    const groups = new Map();
    for (const stack of stacks) {
      const [, , , date, region, product, quantity, revenue] = show(stack.at(-1));
      const name = JSON.stringify([date, region, product]);
      const g = groups.get(name) ?? [0n, 0n, 0n];
      groups.set(name, [g[0] + 1n, g[1] + BigInt(quantity), g[2] + BigInt(revenue)]);
    }
    const order = (a, b) => byText(a[0], b[0]) || byText(a[1], b[1]) || byText(a[2], b[2]);
    return {
      top: stacks.map((stack) => show(stack.at(-1))),
      past: stacks.flatMap((stack) => stack.slice(0, -1).sort((a, b) => a.run.no - b.run.no).map(show)),
      current: [...groups].map(([name, sums]) => [...JSON.parse(name), ...sums.map(String)]).sort(order),
      exceptions: this.runs.flatMap((run) => run.rejects.map((x) => [String(run.no), String(x.record), x.solved ? 'corrected' : 'open', x.solved ? String(x.solved.no) : null])),
      undone: this.runs.filter((run) => run.undone).map((run) => [String(run.no)]),
      stayed: this.runs.flatMap((run) => [...run.stayed].sort(byText).map((key) => [String(run.no), key])),
    };
  }

  figures() {
    const tops = this.keys().map((key) => this.stack(key).at(-1).row.cells);
    const sum = (f) => print(tops.reduce((all, cells) => all + units(cells[f]), 0n));
    return { orders: tops.length, quantity: sum(4), revenue: sum(5) };
  }

  check(what) {
    assert.deepEqual(tables(this.p), this.tables(), what);
  }

  // ---- what people do, in the program and in the model ----

  import(rows, update, ...more) {
    const file = path.join(this.p.dir, `file-${this.runs.length + 1}.csv`);
    fs.writeFileSync(file, fileOf(rows));
    const judged = this.judge(rows, update);
    const said = json(['import', file, '--as', 'sales', '--existing', update ? 'update' : 'reject', ...this.p.args, ...more]);
    assert.deepEqual(said.rows, { read: rows.length, clean: judged.clean.size, rejected: judged.rejects.length, ...judged.count });
    assert.equal(said.reconciled, true);
    return this.add(said.run, 'file', update, judged);
  }

  edit(key, changes) {
    const args = ['edit', key, ...Object.entries(changes).map(([name, value]) => `${name}=${value}`), ...this.p.args];
    const top = this.stack(key).at(-1);
    if (!top) return refuses(args, /no row/, undefined), null;
    const cells = FIELDS.map((name, f) => changes[name] ?? top.row.cells[f]);
    if (units(cells[4]) <= 0n) return refuses(args), null;
    const judged = this.judge([cells], true);
    const said = json(args);
    assert.equal(said.changed, judged.count.updated === 1);
    return this.add(said.run, 'edit', true, judged);
  }

  note(key) {
    const id = this.notes.get(key);
    if (id) {
      ok(['record', 'delete', 'note', id, ...this.p.args]);
      this.notes.delete(key);
    } else if (this.stack(key).length) {
      const [saved] = [json(['record', 'save', 'note', JSON.stringify({ dataset: 'sales', key, text: 'looked at' }), ...this.p.args])].flat();
      this.notes.set(key, saved.id);
    }
  }

  fix(x, changes) {
    const args = ['exception', 'fix', String(x.id), ...Object.entries(changes).map(([name, value]) => `${name}=${value}`), ...this.p.args];
    if (x.solved || x.run.undone) return refuses(args, x.run.undone ? /undone/ : /settled already/), null;
    const judged = this.judge([FIELDS.map((name, f) => changes[name] ?? x.cells[f])], false, [x]);
    const ended = outpost([...args, '--json']);
    const said = JSON.parse(ended.out);
    assert.equal(said.corrected, judged.clean.size === 1, ended.err);
    return said.corrected ? this.add(said.run, 'correction', false, judged) : null;
  }

  undo(run) {
    const args = ['undo', run.uuid, ...this.p.args];
    if (run.undone) return refuses(args, /undone already/, 5);
    const coming = this.undoing(run);
    const before = this.figures();
    const tried = json([...args, '--dry-run']);
    this.check('a dry run changed something');
    const said = json(args);
    assert.deepEqual(said.rows, coming.rows);
    assert.deepEqual(said.kept.map(({ key, run }) => ({ key, run })), coming.kept);
    assert.deepEqual(said.blocked.map((b) => b.key), coming.blocked);
    assert.deepEqual({ ...tried, dry_run: false, seconds: 0 }, { ...said, seconds: 0 }, 'the dry run said something else');
    this.takeBack(run, coming.blocked);
    assert.deepEqual(said.figures, { before, after: this.figures() });
    return said;
  }

  // Its bytes judged once more, by the rules of today, which are the same.
  async rejudge(run, server) {
    const asked = ask(server, `/api/runs/${run.uuid}/rejudge`, { method: 'POST', body: '' });
    if (run.undone) return problem(asked, 409, /undone/);
    const task = await finished(server, await data(asked, 202));
    assert.equal(task.state, 'done', task.message);
    this.takeBack(run, this.undoing(run).blocked);
    const judged = this.judge(run.rows, run.update, run.settles, run.rank);
    const { read, clean, rejected, edits, ...count } = task.result.rows;
    assert.equal(edits, judged.edits);
    assert.deepEqual({ read, clean, rejected, ...count }, { read: run.rows.length, clean: judged.clean.size, rejected: judged.rejects.length, ...judged.count });
    return this.add(task.run, run.kind === 'file' ? 'rejudge' : run.kind, run.update, { ...judged, rank: run.rank });
  }

  redo(run) {
    const args = ['redo', run.uuid, ...this.p.args];
    if (!run.undone) return refuses(args, /not undone/, 5);
    if (this.runs.some((other) => other !== run && other.rank === run.rank && !other.undone)) return refuses(args, /stands in the place/, 5);
    if (this.contested(run)) return refuses(args, /settled|corrected/, 5);
    const coming = this.redoing(run);
    const before = this.figures();
    const tried = json([...args, '--dry-run']);
    this.check('a dry run changed something');
    const said = json(args);
    assert.deepEqual(said.rows, coming);
    assert.deepEqual({ ...tried, dry_run: false, seconds: 0 }, { ...said, seconds: 0 }, 'the dry run said something else');
    run.undone = false;
    run.stayed = new Set();
    for (const row of run.clean.values()) if (row.solves) row.solves.solved = run;
    assert.deepEqual(said.figures, { before, after: this.figures() });
    return said;
  }
}

export const lastSeq = (p) => Number(one(p.db, 'SELECT max(seq) FROM change_log'));
