// One binary, an empty folder, no network: everything works, and nothing is
// asked of anybody (T01).
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as lib from './lib.mjs';
import { OUTPOST } from './lib.mjs';

const has = (tool, ...args) => spawnSync(tool, args, { stdio: 'ignore' }).status === 0;
const sanitized = /[/](asan|tsan)[/]/.test(OUTPOST) && 'a sanitizer cannot be traced and brings a library of its own';
const why = sanitized ? sanitized : !has('strace', '-V') ? 'strace is not installed' : !has('unshare', '-n', 'true') ? 'a network of its own (unshare -n) is not permitted here' : !has('strace', '-f', 'true') ? 'tracing is not permitted here' : false;

// Everything that speaks to the network but listening and answering. The server's workers are reached within the process.
const own = /connect\(\d+, \{sa_family=AF_UNIX, sun_path="\/proc\/self\/fd\//;
const calls = (file) =>
  fs.readFileSync(file, 'utf8').split('\n').filter((line) => /\b(connect|sendto|sendmsg|sendmmsg)\(/.test(line) && !own.test(line));

test('the whole way in an empty folder without a network', { skip: why, timeout: 60000 }, (t) => {
  const dir = lib.folder(t);
  const g = lib.generate(dir, 1000, 3);
  const script = `
    set -e
    cd ${dir}; mkdir here; cp ${OUTPOST} here/outpost; cd here
    trace() { strace -f -qq -e trace=network -o ../trace.$1 ./outpost "\${@:2}"; }
    ip link set lo up 2>/dev/null || true
    trace init init outpost-data > /dev/null
    trace tenant tenant add demo > /dev/null
    trace import import ${g.file} --as sales --json
    trace show run show --json > ../show.json
    trace export export clean_sales --csv > ../clean.csv
    trace verify verify --json
    trace backup backup create --json
    trace peek peek ${g.file} --json > /dev/null
    strace -f -qq -e trace=network -o ../trace.serve ./outpost serve --listen 127.0.0.1:8099 > ../serve.out 2> ../serve.err &
    for i in $(seq 100); do grep -q http ../serve.out && break; sleep 0.1; done
    node -e '
      (async () => {
        const get = async (p) => { const r = await fetch("http://127.0.0.1:8099" + p); return [r.status, await r.text()]; };
        const page = await get("/");
        const links = [...page[1].matchAll(/(?:src|href)="([^"#]+)"/g)].map((m) => m[1]);
        const parts = [];
        for (const l of links) parts.push([l, /^https?:/.test(l) ? 0 : (await get(l.startsWith("/") ? l : "/" + l))[0]]);
        console.log(JSON.stringify({ page: page[0], foreign: [...page[1].matchAll(/https?:[^"\\x27 )]+/g)].map(String), parts, run: JSON.parse((await get("/api/runs/latest"))[1]).data.rows, health: (await get("/healthz"))[0] }));
      })();
    '
    kill -TERM $(pgrep -P $! outpost || echo $!); wait $! || true
    ls
  `;
  const ended = spawnSync('unshare', ['-n', 'bash', '-c', script], { encoding: 'utf8', timeout: 50000, env: { PATH: process.env.PATH, HOME: dir } });
  if (/ip: (command )?not found/.test(ended.stderr)) return t.skip('there is no ip to bring the loopback up');
  assert.equal(ended.status, 0, ended.stderr + ended.stdout + (fs.existsSync(path.join(dir, 'serve.err')) ? fs.readFileSync(path.join(dir, 'serve.err')) : ''));
  const docs = ended.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const [result, verdict, backup, page] = docs;
  const opinion = lib.judge(g.text);
  assert.deepEqual(result.rows, lib.rowCounts(1000, opinion.clean.length, opinion.rejected.length));
  assert.equal(verdict.ok, true);
  assert.ok(backup.sha256);
  assert.equal(page.page, 200);
  assert.equal(page.health, 200);
  assert.deepEqual(page.run, result.rows);
  assert.ok(page.parts.length >= 2, JSON.stringify(page.parts));
  for (const [link, status] of page.parts) assert.equal(status, 200, link);
  assert.deepEqual(page.foreign, []);
  assert.match(ended.stdout, /outpost\noutpost-data\n$/); // nothing else was left in the folder

  const traces = fs.readdirSync(dir).filter((f) => f.startsWith('trace.'));
  assert.equal(traces.length, 9);
  for (const f of traces) {
    const asked = calls(path.join(dir, f)).filter((line) => f !== 'trace.serve' || /\bconnect\(/.test(line));
    assert.deepEqual(asked, [], f);
    const sockets = fs.readFileSync(path.join(dir, f), 'utf8').split('\n').filter((line) => /\bsocket\(/.test(line));
    if (f !== 'trace.serve') assert.deepEqual(sockets, [], f);
  }
  assert.match(fs.readFileSync(path.join(dir, 'trace.serve'), 'utf8'), /listen\(/);
});

test('the binary needs the C library and nothing else', { skip: sanitized || (has('ldd', '--version') ? false : 'there is no ldd') }, () => {
  const names = execFileSync('ldd', [OUTPOST], { encoding: 'utf8' }).split('\n').map((line) => line.trim().split(/[ (]/)[0]).filter(Boolean).map((f) => path.basename(f));
  for (const name of names) assert.match(name, /^(linux-vdso\.so|libc\.so|libm\.so|libpthread\.so|libdl\.so|librt\.so|ld-linux)/);
});

test('the server listens on loopback only', (t) => {
  const p = lib.place(t);
  for (const address of ['0.0.0.0:8098', '[::]:8098', '192.0.2.1:8098', ':8098', 'example.org:80', '127.0.0.1', '127.0.0.1:99999', '127.0.0.1:x'])
  {
    const ended = lib.outpost(['serve', '--data', p.data, '--listen', address], { timeout: 5000 });
    assert.ok([1, 2].includes(ended.code), `${address}: ${ended.code}`);
    assert.match(ended.err, /^outpost: /);
  }
});
