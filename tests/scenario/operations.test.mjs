// Figures for Prometheus, the dashboard and the rules that use them, health in sentences, doctor (T32).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT, generate, importFile, json, ok, outpost, place, query, serve, sleep } from './lib.mjs';

const get = async (server, address) => {
  const answer = await fetch(server.base + address);
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
};
const health = async (server, tenant = 'demo') => {
  const { data } = JSON.parse((await get(server, `/api/health?tenant=${tenant}`)).text);
  return { state: data.state, ...Object.fromEntries(data.sections.map((s) => [s.section, s])) };
};

// The text format of Prometheus, read strictly: { families: name -> { type, help }, samples: [{ name, labels, value }] }.
function read(text) {
  const families = new Map();
  const samples = [];
  const seen = new Set();
  let open;
  assert.ok(text.endsWith('\n'));
  for (const line of text.trimEnd().split('\n')) {
    const head = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (head?.[1] === 'HELP') {
      assert.ok(!families.has(head[2]), `${head[2]} begins twice`);
      open = head[2];
      families.set(open, { help: head[3] });
      continue;
    }
    if (head) {
      assert.equal(head[2], open, 'HELP and TYPE stand together');
      assert.match(head[3], /^(counter|gauge|histogram|summary)$/);
      families.get(open).type = head[3];
      continue;
    }
    const m = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/.exec(line);
    assert.ok(m, `no sample: ${line}`);
    const [, name, inside = '', value] = m;
    const labels = Object.fromEntries([...inside.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map((l) => [l[1], l[2]]));
    assert.ok(name === open || (['_bucket', '_sum', '_count'].some((end) => name === open + end) && families.get(open).type === 'histogram'), `${name} stands under ${open}`);
    assert.ok(Number.isFinite(Number(value)), line);
    const series = `${name}{${inside}}`;
    assert.ok(!seen.has(series), `${series} is there twice`);
    seen.add(series);
    samples.push({ name, labels, value: Number(value) });
  }
  for (const [name, { type }] of families) {
    assert.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
    if (type === 'histogram') checkBuckets(name, samples);
  }
  return { families, samples };
}

function checkBuckets(name, samples) {
  const groups = new Map();
  for (const s of samples.filter((x) => x.name === `${name}_bucket`)) {
    const { le, ...rest } = s.labels;
    const key = JSON.stringify(rest);
    groups.set(key, [...(groups.get(key) ?? []), [le === '+Inf' ? Infinity : Number(le), s.value]]);
  }
  for (const [key, buckets] of groups) {
    buckets.slice(1).forEach(([le, n], i) => assert.ok(le > buckets[i][0] && n >= buckets[i][1], `${name} ${key}`));
    const count = samples.find((s) => s.name === `${name}_count` && JSON.stringify(s.labels) === key);
    assert.deepEqual(buckets.at(-1), [Infinity, count.value]);
    assert.ok(samples.some((s) => s.name === `${name}_sum` && JSON.stringify(s.labels) === key));
  }
}

const value = (all, name, labels = {}) => all.samples.filter((s) => s.name === name && Object.entries(labels).every(([k, v]) => s.labels[k] === v)).reduce((sum, s) => sum + s.value, 0);

// Names and labels are a contract with other people's dashboards: here they are, once more.
const NAMES = {
  process_resident_memory_bytes: [], process_resident_memory_peak_bytes: [], process_open_fds: [], process_max_fds: [], process_threads: [], process_cpu_seconds_total: [], process_start_time_seconds: [],
  outpost_disk_free_bytes: [], outpost_disk_size_bytes: [], outpost_build_info: ['version'],
  outpost_http_requests_total: ['route', 'status'], outpost_http_request_duration_seconds: ['route'], outpost_job_duration_seconds: ['kind', 'outcome'], outpost_http_cache_total: ['route', 'outcome'], outpost_slow_statements_total: ['file'], outpost_units_total: ['kind', 'end'],
  outpost_connections: [], outpost_connections_live: [], outpost_requests_serving: [], outpost_requests_queued: [], outpost_reply_bytes_owed: [],
  outpost_connections_accepted_total: [], outpost_connections_refused_total: [], outpost_connections_evicted_total: [], outpost_connections_timed_out_total: [],
  outpost_jobs: ['tenant', 'queue', 'state'], outpost_job_oldest_seconds: ['tenant', 'queue'], outpost_job_attempts_lost: ['tenant'],
  outpost_schedule_late_seconds: ['tenant'], outpost_schedule_slots_missed: ['tenant', 'schedule'], outpost_graph_runs: ['tenant', 'graph', 'state'],
  outpost_import_runs_total: ['tenant', 'dataset', 'state'], outpost_import_rows_total: ['tenant', 'dataset', 'result'], outpost_import_last_seconds: ['tenant', 'dataset'], outpost_import_memory_peak_bytes: ['tenant', 'dataset'],
  outpost_outbox: ['tenant', 'channel', 'state'], outpost_backup_age_seconds: ['tenant'], outpost_alerts_open: ['tenant', 'severity'], outpost_breaker_state: ['tenant', 'breaker'], outpost_changes_total: ['tenant'],
  outpost_sync_up: ['tenant'], outpost_sync_behind_entries: ['tenant'], outpost_sync_age_seconds: ['tenant', 'lane'], outpost_sync_batches_total: ['tenant'], outpost_sync_rows_total: ['tenant'], outpost_sync_bytes_total: ['tenant'],
  outpost_tenant_up: ['tenant'], outpost_tenant_file_bytes: ['tenant'], outpost_tenant_wal_bytes: ['tenant'],
  outpost_topic_lag: ['tenant', 'topic', 'group'], outpost_topic_consumed_total: ['tenant', 'topic', 'group'], outpost_topic_errors_total: ['tenant', 'topic', 'group'], outpost_topic_parked: ['tenant', 'topic', 'group'], outpost_topic_latency_seconds: ['tenant', 'topic', 'group', 'quantile'],
};

test('figures parse strictly, have their names and labels, and count what happened', async (t) => {
  const p = place(t);
  const { text, ledger } = generate(p.dir, 400, 3, 5);
  fs.writeFileSync(path.join(p.dir, 'in.csv'), text);
  const run = importFile(p, path.join(p.dir, 'in.csv'));
  assert.ok(ledger.size > 0);
  ok(['tenant', 'add', 'broken', '--data', p.data]);
  ok(['record', 'save', 'net_allow', '{"peer":"127.0.0.1"}', ...p.args]);
  const server = await serve(t, p.data, '--workers', '2');
  fs.writeFileSync(path.join(p.data, 'tenants/broken.db'), 'no database at all');
  for (let i = 0; i < 5; i++) await get(server, '/api/runs?tenant=demo');
  await get(server, '/api/runs?tenant=canary-7Qx9');
  await get(server, '/canary-7Qx9/x');
  ok(['jobs', 'add', 'webhook_send', '{"target":"http://canary-7qx9.invalid/"}', ...p.args]);
  ok(['jobs', 'add', 'webhook_send', '{"target":"canary-7Qx9"}', ...p.args]);
  await sleep(1500);
  const before = read((await get(server, '/metrics')).text);
  const answer = await get(server, '/metrics');
  assert.equal(answer.type, 'text/plain; version=0.0.4; charset=utf-8');
  const all = read(answer.text);
  assert.deepEqual([...all.families.keys()].sort(), Object.keys(NAMES).sort());
  for (const s of all.samples) {
    const family = s.name in NAMES ? s.name : s.name.replace(/_(bucket|sum|count)$/, '');
    assert.deepEqual(Object.keys(s.labels).filter((l) => l !== 'le'), NAMES[family], s.name);
  }
  assert.ok(!answer.text.includes('canary'), 'no label holds what came in');
  assert.equal(value(all, 'outpost_http_requests_total', { route: 'GET /api/runs', status: '200' }), 5);
  assert.equal(value(all, 'outpost_http_request_duration_seconds_count', { route: 'GET /api/runs' }), 6);
  assert.equal(value(all, 'outpost_http_requests_total', { route: 'GET /metrics' }), value(before, 'outpost_http_requests_total', { route: 'GET /metrics' }) + 1);
  assert.equal(value(all, 'outpost_import_rows_total', { tenant: 'demo', result: 'clean' }), run.rows.clean);
  assert.equal(value(all, 'outpost_import_rows_total', { tenant: 'demo', result: 'rejected' }), run.rows.rejected);
  assert.ok(value(all, 'outpost_import_memory_peak_bytes', { dataset: 'sales' }) > 1e6);
  assert.equal(value(all, 'outpost_tenant_up', { tenant: 'demo' }), 1);
  assert.equal(value(all, 'outpost_tenant_up', { tenant: 'broken' }), 0);
  assert.equal(value(all, 'outpost_jobs', { queue: 'webhook-queue', state: 'dead' }), 1);
  assert.equal(value(all, 'outpost_jobs', { queue: 'webhook-queue', state: 'delayed' }), 1);
  assert.equal(value(all, 'outpost_changes_total', { tenant: 'demo' }), Number(query(p.db, 'SELECT max(seq) FROM change_log')[0][0]));
  assert.ok(value(all, 'process_resident_memory_bytes') > 4e6 && value(all, 'process_open_fds') > 5);
  assert.ok(Math.abs(value(all, 'process_start_time_seconds') - Date.now() / 1000) < 120);
  assert.equal(value(all, 'outpost_tenant_file_bytes', { tenant: 'demo' }), fs.statSync(p.db).size);
  // Wrong data is no error of the system: a client that asks for nonsense does not wake anybody.
  assert.ok(value(all, 'outpost_units_total', { kind: 'http', end: 'data' }) >= 2);
  assert.equal(value(all, 'outpost_units_total', { kind: 'http', end: 'system' }), 0);
  assert.equal(value(all, 'outpost_units_total', { kind: 'job', end: 'data' }), 1);
  assert.equal(value(all, 'outpost_job_duration_seconds_count', { kind: 'webhook_send', outcome: 'failed' }), value(all, 'outpost_units_total', { kind: 'job', end: 'data' }) + value(all, 'outpost_units_total', { kind: 'job', end: 'system' }));
  const tool = spawnSync('promtool', ['check', 'metrics'], { input: answer.text, encoding: 'utf8' });
  if (!tool.error) assert.equal(tool.status, 0, tool.stderr + tool.stdout);
  // The log of all this: one JSON object a line, with its fields, and no address of a client's own making.
  await server.stop();
  const lines = fs.readFileSync(path.join(p.data, 'logs/outpost.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  for (const line of lines) {
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.ok(['error', 'warning', 'info', 'debug'].includes(line.level) && line.event && typeof line.message === 'string');
  }
  // A job that fails is told, as a request is; who reads only the log sees what was begun end.
  const failed = lines.filter((line) => line.event === 'JOB_FAILED');
  assert.ok(failed.length >= value(all, 'outpost_job_duration_seconds_count', { kind: 'webhook_send', outcome: 'failed' }), 'each that was counted');
  for (const line of failed) assert.ok(line.jobId > 0 && line.kind === 'webhook_send' && line.attempt > 0 && line.message, JSON.stringify(line));
});

test('the dashboard and the rules use names and labels that there are', () => {
  const known = (expr, where) => {
    // A gauge that goes down would count as one that began anew: as if all of what is left had just been added.
    for (const [, name] of expr.matchAll(/\b(?:increase|rate|irate)\(([a-z0-9_]+)/g)) assert.match(name, /_(total|bucket|sum|count)$/, `${where}: ${name} is no counter`);
    for (const [name] of expr.matchAll(/\b(?:outpost|process)_[a-z0-9_]+/g)) assert.ok(name in NAMES || name.replace(/_(bucket|sum|count)$/, '') in NAMES, `${where}: ${name}`);
    for (const [, name, inside] of expr.matchAll(/\b((?:outpost|process)_[a-z0-9_]+)\{([^}]*)\}/g)) {
      const labels = [...inside.matchAll(/([a-z_]+)\s*=~?/g)].map((m) => m[1]);
      const has = [...(NAMES[name] ?? NAMES[name.replace(/_(bucket|sum|count)$/, '')]), 'job', 'instance', 'le'];
      for (const label of labels) assert.ok(has.includes(label), `${where}: ${name} has no ${label}`);
    }
  };
  const board = JSON.parse(fs.readFileSync(path.join(ROOT, 'packaging/grafana/outpost.json'), 'utf8'));
  const panels = board.panels.filter((panel) => panel.type !== 'row');
  assert.ok(panels.length > 20);
  assert.equal(new Set(board.panels.map((panel) => panel.id)).size, board.panels.length);
  for (const panel of panels) for (const target of panel.targets) known(target.expr, panel.title);
  for (const variable of board.templating.list) known(variable.definition ?? '', variable.name);
  const rules = path.join(ROOT, 'packaging/prometheus/outpost-rules.yml');
  const exprs = [...fs.readFileSync(rules, 'utf8').matchAll(/^\s+expr: (.*)$/gm)].map((m) => m[1]);
  assert.ok(exprs.length > 10);
  for (const expr of exprs) known(expr, 'rules');
  const tool = spawnSync('promtool', ['check', 'rules', rules], { encoding: 'utf8' });
  if (!tool.error) assert.equal(tool.status, 0, tool.stderr + tool.stdout);
});

test('health tells in a sentence what is wrong, and doctor finds the same', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data, '--workers', '0');
  const fine = await health(server);
  assert.deepEqual(Object.keys(fine), ['state', 'engine', 'queues', 'schedules', 'topics', 'wal', 'backups', 'mail', 'disk', 'memory', 'errors']);
  for (const name of ['engine', 'queues', 'schedules', 'topics', 'wal', 'backups', 'mail', 'errors']) assert.equal(fine[name].state, 'ok', fine[name].text);
  // Nobody works (--workers 0): a mail has been due for two minutes, and there is no server to hand it to.
  ok(['jobs', 'add', 'mail_send', '{"to":"a@example.org","subject":"s","text":"t"}', ...p.args]);
  spawnSync('sqlite3', [p.db, '.timeout 5000', 'UPDATE job SET due_at = due_at - 120000000']);
  const sick = await health(server);
  assert.equal(sick.state, 'bad');
  assert.deepEqual([sick.engine.state, sick.mail.state], ['bad', 'bad']);
  assert.match(sick.engine.text, /1 jobs have been due for a minute and nobody works/);
  assert.match(sick.mail.text, /1 mails wait for a mail server, and there is none/);
  const doctor = outpost(['doctor', '--data', p.data]);
  assert.equal(doctor.code, 1);
  assert.match(doctor.out, /BAD +performance +demo: 1 jobs have been due/);
  assert.match(doctor.out, /BAD +connection +demo: 1 mails wait for a mail server/);
  // A mail server that is not there.
  const [job] = json(['jobs', 'list', ...p.args]);
  ok(['jobs', 'cancel', String(job.id), ...p.args]);
  ok(['record', 'save', 'mail_server', '{"name":"main","host":"127.0.0.1","port":1,"sender":"a@example.org"}', ...p.args]);
  ok(['jobs', 'add', 'webhook_send', '{"target":"nobody"}', ...p.args]);
  ok(['jobs', 'work', '--until-idle', ...p.args]);
  const after = await health(server);
  assert.equal(after.queues.state, 'warn');
  assert.match(after.queues.text, /1 jobs are dead/);
  const again = outpost(['doctor', '--data', p.data]);
  assert.match(again.out, /BAD +connection +demo: the mail server main \(127\.0\.0\.1:1\) cannot be used: .*(refused|connect)/i);
  assert.match(again.out, /ok +data +demo: .*1 jobs are dead/);
  const wrong = await get(server, '/api/health?tenant=nobody');
  assert.equal(wrong.status, 404);
  await server.stop();
});

test('what went out is listed, secrets go in and never out, a mail is tried, over HTTP', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data, '--workers', '1');
  const post = async (address, body) => {
    const answer = await fetch(`${server.base}${address}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return { status: answer.status, json: await answer.json() };
  };
  const hook = json(['record', 'save', 'webhook', '{"name":"erp","url":"http://127.0.0.1:1/"}', ...p.args]);
  assert.deepEqual((await post('/api/secrets', { entity: 'webhook', id: hook.id, value: 'canary-7Qx9' })).json.data, { set: true });
  assert.equal((await post('/api/secrets', { entity: 'rule', id: hook.id, value: 'x' })).status, 422);
  assert.equal((await post('/api/secrets', { entity: 'webhook', id: 'x', value: 'x' })).status, 404);
  assert.equal((await post('/api/secrets', { entity: 'webhook', id: hook.id })).status, 422);
  assert.equal((await post('/api/secrets', { entity: 'webhook', id: hook.id, value: 'a\nb' })).status, 422);
  assert.equal((await post('/api/mail/test', { to: 'a@example.org' })).status, 404);
  ok(['record', 'save', 'mail_server', '{"name":"main","host":"127.0.0.1","port":1,"sender":"a@example.org"}', ...p.args]);
  const tried = await post('/api/mail/test', { to: 'a@example.org' });
  assert.equal(tried.status, 503);
  assert.match(tried.json.detail, /not sent.*(connect|refused)/i);
  assert.equal((await post('/api/mail/test', { to: 'a' })).status, 422);
  await post('/api/jobs', { kind: 'webhook_send', payload: { target: 'erp' } });
  for (let i = 0; i < 50 && !JSON.parse((await get(server, '/api/outbox')).text).data[0]?.answer; i++) await sleep(100);
  const { data } = JSON.parse((await get(server, '/api/outbox?channel=webhook')).text);
  assert.deepEqual([data[0].state, data[0].target], ['dead', 'http://127.0.0.1:1/']);
  assert.match(data[0].answer, /not to be called without TLS/);
  assert.equal(JSON.parse((await get(server, '/api/outbox?channel=mail')).text).data.length, 0);
  await server.stop();
});
