// HTTP as clients and attackers meet it: the real binary, a real port.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { OUTPOST, dataFolder, folder, importGenerated, serve } from '../browser/outpost.mjs';

// One request, exactly as stated: { status, headers, body (Buffer), json }.
function ask(server, target, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: server.port, path: target, method, headers, agent: false });
    request.on('error', reject);
    request.on('response', (reply) => {
      const parts = [];
      reply.on('data', (bytes) => parts.push(bytes));
      reply.on('end', () => {
        const bytes = Buffer.concat(parts);
        const isJson = /json/.test(reply.headers['content-type'] ?? '') && bytes.length;
        resolve({ status: reply.statusCode, headers: reply.headers, raw: reply.rawHeaders, body: bytes, json: isJson ? JSON.parse(bytes) : null });
      });
    });
    request.end(body);
  });
}

// Bytes on a socket; resolves with all that came back until the other side closed
// or was silent for a while after it had spoken.
function talk(server, text, silence = 700) {
  return new Promise((resolve) => {
    const socket = net.connect(server.port, '127.0.0.1');
    let answer = '';
    const done = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(20_000, done);
    socket.on('data', (bytes) => {
      answer += bytes;
      socket.setTimeout(silence);
    });
    socket.on('close', done);
    socket.on('error', done);
    socket.write(text);
  });
}

function isProblem(reply, status) {
  assert.equal(reply.status, status);
  assert.equal(reply.headers['content-type'], 'application/problem+json');
  assert.equal(reply.json.status, status);
  for (const member of ['type', 'title', 'detail', 'instance']) assert.equal(typeof reply.json[member], 'string', member);
  assert.ok(Array.isArray(reply.json.errors));
}

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; " +
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
};

test('one tenant with one run', async (t) => {
  const data = dataFolder(t, 'demo');
  const imported = importGenerated(data, 'demo', 2000, 7);
  const server = await serve(t, data);

  await t.test('it is alive and ready', async () => {
    assert.equal((await ask(server, '/healthz')).status, 200);
    assert.equal((await ask(server, '/readyz')).status, 200);
  });

  await t.test('a success has an envelope', async () => {
    const { json } = await ask(server, '/api/runs');
    assert.equal(json.success, true);
    assert.equal(json.total, 1);
    assert.equal(json.data[0].run, imported.run);
  });

  await t.test('a run is found by its id, by the beginning of it, and as the latest', async () => {
    for (const id of [imported.run, imported.run.slice(0, 30), 'latest']) {
      const { json } = await ask(server, `/api/runs/${id}`);
      assert.equal(json.data.run, imported.run);
      assert.equal(json.data.rows.read, 2000);
    }
  });

  await t.test('limit and offset choose a part of the runs', async () => {
    assert.equal((await ask(server, '/api/runs?limit=1&offset=0')).json.data.length, 1);
    assert.equal((await ask(server, '/api/runs?limit=1&offset=1')).json.data.length, 0);
  });

  await t.test('a wrong parameter is named', async () => {
    for (const query of ['limit=0', 'limit=-1', 'limit=x', 'limit=1e3', 'limit=99999', 'limit=99999999999999999999', 'offset=-1']) {
      const reply = await ask(server, `/api/runs?${query}`);
      isProblem(reply, 422);
      assert.equal(reply.json.errors[0].field, query.split('=')[0], query);
    }
    isProblem(await ask(server, `/api/runs?tenant=${'a'.repeat(5000)}`), 422);
    isProblem(await ask(server, '/api/runs?tenant=a%00b'), 422);
    isProblem(await ask(server, '/api/runs?tenant=%ff'), 422);
  });

  await t.test('a parameter that an address does not know is refused, and which it takes is said', async () => {
    const refused = async (method, target, name, pattern) => {
      const answer = await ask(server, target, { method });
      isProblem(answer, 422);
      const { json } = answer;
      assert.match(json.detail, pattern, target);
      assert.equal(json.errors[0].field, name, target);
    };
    await refused('GET', '/api/changes?after=1', 'after', /^there is no parameter after here; this address takes before, limit, unit, event, table, key, actor, from, to$/);
    await refused('GET', '/api/runs?Limit=1', 'Limit', /takes limit, /);
    await refused('GET', '/api/records/store?f%69lters[name]=x', 'filters[name]', /takes q, filter, /);
    await refused('GET', '/api/records/store?filter=x', 'filter', /^a filter is filter\[PROPERTY\]=V /);
    await refused('GET', '/api/records/store?limit[gte]=1', 'limit[gte]', /takes q, filter, /);
    await refused('GET', '/api/system?verbose', 'verbose', /takes none$/);
    await refused('GET', '/api/figures?nonsense=1', 'nonsense', /there are as, run, /);
    await refused('POST', '/api/records/store/import?dryrun=1', 'dryrun', /takes map, dry_run$/);
    for (const twice of ['/api/changes?limit=1&limit=2', '/api/changes?limit=1&event=x&l%69mit=', '/api/runs?tenant=demo&tenant=other', '/api/figures?as=sales&as=sales']) await refused('GET', twice, /(as|limit|tenant)=/.exec(twice)[1], /is given twice$/);
    for (const fine of ['/api/changes?&limit=1&', '/api/changes?before=&limit=1&tenant=demo', '/api/records/store?filter[name][gte]=a&filter[name][gte]=b', '/api/figures?region=North', '/?utm=1&utm=2']) assert.equal((await ask(server, fine)).status, 200, fine);
  });

  await t.test('what is not there is 404', async () => {
    for (const target of ['/nothing', '/api/nothing', '/api/', '/api', '/api/runs/', '/api/runs/00000000-0000-7000-8000-000000000000', '/api/runs/x/y', '/api/runs?tenant=nobody'])
      isProblem(await ask(server, target), 404);
  });

  await t.test('a wrong method is 405 and the right ones are named', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const reply = await ask(server, '/api/runs', { method });
      isProblem(reply, 405);
      assert.equal(reply.headers.allow, 'GET, HEAD');
    }
  });

  await t.test('HEAD is GET without the body', async () => {
    for (const target of ['/', '/api/runs', '/app.js']) {
      const get = await ask(server, target);
      const head = await ask(server, target, { method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(head.body.length, 0);
      for (const name of ['content-length', 'content-type', 'etag']) assert.equal(head.headers[name], get.headers[name]);
    }
    assert.equal((await ask(server, '/nothing', { method: 'HEAD' })).status, 404);
  });

  await t.test('an unchanged answer is 304', async () => {
    for (const target of ['/', '/app.js', '/api/runs', '/api/runs/latest']) {
      const { etag } = (await ask(server, target)).headers;
      assert.match(etag, /^"[^"]+"$/);
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await ask(server, target, { headers: { 'If-None-Match': tags } });
        assert.equal(again.status, 304, `${target} ${tags}`);
        assert.equal(again.body.length, 0);
        assert.equal(again.headers.etag, etag);
      }
      assert.equal((await ask(server, target, { headers: { 'If-None-Match': '"other"' } })).status, 200);
      const lines = `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nIf-None-Match: "other"\r\nIf-None-Match: ${etag}\r\nConnection: close\r\n\r\n`;
      assert.match(await talk(server, lines), /^HTTP\/1\.1 304 /, 'a list in two lines');
    }
  });

  await t.test('files are compressed for who takes it and the same for who does not', async () => {
    for (const target of ['/', '/app.js', '/app.css', '/favicon.svg']) {
      const plain = await ask(server, target);
      const packed = await ask(server, target, { headers: { 'Accept-Encoding': 'br, gzip' } });
      const refused = await ask(server, target, { headers: { 'Accept-Encoding': 'gzip;q=0' } });
      assert.equal(packed.headers['content-encoding'], 'gzip');
      assert.equal(plain.headers['content-encoding'], undefined);
      assert.equal(refused.headers['content-encoding'], undefined);
      assert.deepEqual(gunzipSync(packed.body), plain.body);
      assert.notEqual(packed.headers.etag, plain.headers.etag);
      assert.equal(packed.headers['cache-control'], 'no-cache');
    }
    assert.match((await ask(server, '/')).headers['content-type'], /^text\/html/);
  });

  await t.test('every answer carries the security headers and no banner', async () => {
    const { etag } = (await ask(server, '/')).headers;
    const replies = [
      await ask(server, '/'),
      await ask(server, '/', { headers: { 'If-None-Match': etag } }),
      await ask(server, '/api/runs'),
      await ask(server, '/nothing'),
      await ask(server, '/', { method: 'POST' }),
      await ask(server, '/', { headers: { Host: 'elsewhere.example' } }),
    ];
    assert.deepEqual(replies.map((r) => r.status), [200, 304, 200, 404, 405, 421]);
    for (const reply of replies) {
      for (const [name, value] of Object.entries(SECURITY)) assert.equal(reply.headers[name], value, `${reply.status} ${name}`);
      assert.equal(reply.headers.server, undefined);
      assert.ok(reply.headers.date);
      assert.equal(reply.headers['access-control-allow-origin'], undefined);
    }
    const malformed = await talk(server, 'NONSENSE\r\n\r\n');
    for (const value of Object.values(SECURITY)) assert.ok(malformed.includes(value));
    assert.doesNotMatch(malformed, /civetweb|^Server:/im);
  });

  await t.test('it answers to its own name only', async () => {
    const { port } = server;
    const own = [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `127.0.0.2:${port}`, `[::1]:${port}`];
    const foreign = ['evil.example', `evil.example:${port}`, 'localhost', `localhost:${port + 1}`, `127.0.0.1.evil.example:${port}`, `localhost.evil.example:${port}`, '127.0.0.1:x', ':', `192.168.1.5:${port}`, `[::2]:${port}`];
    for (const Host of own) assert.equal((await ask(server, '/api/runs', { headers: { Host } })).status, 200, Host);
    for (const Host of foreign) isProblem(await ask(server, '/api/runs', { headers: { Host } }), 421);
    assert.match(await talk(server, 'GET /api/runs HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(await talk(server, 'GET /api/runs HTTP/1.1\r\nHost:\r\n\r\n'), /^HTTP\/1\.1 421 /);
  });

  await t.test('a request of unclear length is refused and the connection closed', async () => {
    const host = `Host: 127.0.0.1:${server.port}\r\n`;
    const many = (n) => Array.from({ length: n }, (_, i) => `X-${i}: 1\r\n`).join('');
    const cases = [
      ['both lengths', `GET / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
      ['both lengths, the other way', `GET / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, 400],
      ['two lengths', `GET / HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello`, 400],
      ['two codings', `GET / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`, 400],
      ['an unknown coding', `GET / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 400],
      ['a length that is a list', `GET / HTTP/1.1\r\n${host}Content-Length: 5, 5\r\n\r\nhello`, 400],
      ['a length with a sign', `GET / HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\nhello`, 400],
      ['a negative length', `GET / HTTP/1.1\r\n${host}Content-Length: -5\r\n\r\n`, 4],
      ['a hexadecimal length', `GET / HTTP/1.1\r\n${host}Content-Length: 0x5\r\n\r\nhello`, 400],
      ['two hosts', `GET / HTTP/1.1\r\n${host}${host}\r\n`, 400],
      ['a body where none belongs', `GET / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`, 413],
      ['a chunked body where none belongs', `GET / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, 413],
      ['too many headers', `GET / HTTP/1.1\r\n${host}${many(100)}\r\n`, 431],
      ['too long headers', `GET / HTTP/1.1\r\n${host}X: ${'x'.repeat(20000)}\r\n\r\n`, 4],
      ['a blank before the colon and a second line', `GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n`, 400],
      ['a version of its own', `GET / HTTP/3.0\r\n${host}\r\n`, 505],
      ['no version', `GET /\r\n${host}\r\n`, 400],
      ['an unknown method', `HACK / HTTP/1.1\r\n${host}\r\n`, 400],
      ['control characters in the address', `GET /\x01 HTTP/1.1\r\n${host}\r\n`, 4],
    ];
    for (const [name, text, status] of cases) {
      const answer = await talk(server, text);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status}`), name);
      assert.match(answer, /^Connection: close\r$/im, name);
      assert.equal(answer.match(/^HTTP\/1\.1 /gm).length, 1, `${name}: one answer`);
    }
    assert.match(await talk(server, `GET / HTTP/1.1\r\n${host}${many(40)}\r\n`), /^HTTP\/1\.1 200 /);
  });

  await t.test('a connection is kept, also after a 404, and HTTP/1.0 is closed', async () => {
    const host = `Host: 127.0.0.1:${server.port}\r\n`;
    const two = `GET /nothing HTTP/1.1\r\n${host}\r\nGET /healthz HTTP/1.1\r\n${host}\r\n`;
    assert.equal((await talk(server, two)).match(/HTTP\/1\.1 (404|200) /g).length, 2);
    assert.match(await talk(server, `GET /healthz HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n`), /^Connection: close\r$/im);
  });

  await t.test('exceptions are paged without a gap and without a double', async () => {
    const seen = [];
    let target = `/api/runs/${imported.run}/exceptions?limit=37&tenant=demo`;
    let total = 0;
    while (target) {
      const { json, headers } = await ask(server, target);
      total = json.total;
      seen.push(...json.data);
      assert.equal(Boolean(json.next), Boolean(headers.link));
      target = headers.link && /^<([^>]+)>; rel="next"$/.exec(headers.link)[1];
    }
    assert.equal(seen.length, total);
    assert.equal(new Set(seen.map((e) => e.id)).size, total);
    assert.deepEqual(seen.map((e) => e.line).sort((a, b) => a - b), imported.ledger.map((e) => e.line).sort((a, b) => a - b));
    const lines = imported.text.split('\n');
    for (const e of seen) assert.equal(e.raw.replace(/\r?\n$/, ''), lines[e.line - 1].replace(/\r$/, ''));
  });

  await t.test('exceptions of a category and of a control', async () => {
    const report = (await ask(server, '/api/runs/latest')).json.data;
    for (const [category, n] of Object.entries(report.rejected)) {
      const { json } = await ask(server, `/api/runs/latest/exceptions?limit=1000&category=${category}`);
      assert.equal(json.total, n);
      assert.ok(json.data.every((e) => e.category === category));
    }
    const control = report.controls.find((c) => c.failed);
    const { json } = await ask(server, `/api/runs/latest/exceptions?control=${control.control}`);
    assert.equal(json.total, control.failed);
    assert.equal((await ask(server, '/api/runs/latest/exceptions?category=NONE')).json.total, 0);
  });

  await t.test('it is small when idle', () => {
    const kib = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
    if (!/asan|tsan/.test(OUTPOST)) assert.ok(kib <= 30 * 1024, `${kib} KiB`);
  });

  await t.test('a request leaves one line in the log', async () => {
    await ask(server, '/api/runs?limit=3');
    const lines = server.log.trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.some((line) => line.event === 'request' && /^GET \/api\/runs 200 /.test(line.message)));
  });
});

test('no path leads out of the page', async (t) => {
  const data = dataFolder(t, 'demo');
  const www = path.join(folder(t), 'www');
  fs.mkdirSync(path.join(www, 'sub'), { recursive: true });
  fs.writeFileSync(path.join(www, 'index.html'), '<!doctype html>mine');
  fs.writeFileSync(path.join(www, 'sub/a.txt'), 'inside');
  fs.writeFileSync(path.join(www, '.secret'), 'SECRET');
  fs.writeFileSync(path.join(www, '../secret.txt'), 'SECRET');
  fs.symlinkSync('/etc/passwd', path.join(www, 'link.txt'));
  fs.symlinkSync('/etc', path.join(www, 'etc'));

  const targets = [
    '/../secret.txt', '/sub/../../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/%2e%2e%2fsecret.txt', '/..%5csecret.txt',
    '/..\\secret.txt', '/....//secret.txt', '/%c0%ae%c0%ae/secret.txt', '/%252e%252e/secret.txt', '/index.html%00.txt', '/index.html/',
    '/index.html/x', '//etc/passwd', '///etc/passwd', '/etc/passwd', '/link.txt', '/etc', '/.secret', '/sub', '/sub/', '/./.secret', '/..', '/.',
    `/${'a/'.repeat(400)}`, `/${'a'.repeat(4000)}`,
  ];
  for (const more of [['--www', www], []]) {
    const server = await serve(t, data, ...more);
    for (const target of targets) {
      const answer = await talk(server, `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 4\d\d /, target);
      assert.doesNotMatch(answer, /SECRET|root:/, target);
    }
    if (!more.length) continue;
    assert.equal(String((await ask(server, '/')).body), '<!doctype html>mine');
    assert.equal(String((await ask(server, '/sub/a.txt')).body), 'inside');
    fs.writeFileSync(path.join(www, 'index.html'), 'changed');
    assert.equal(String((await ask(server, '/')).body), 'changed');
  }
});

test('which tenant is meant', async (t) => {
  const data = dataFolder(t);
  const server = await serve(t, data);
  isProblem(await ask(server, '/api/runs'), 404);
  assert.deepEqual((await ask(server, '/api/tenants')).json.data, []);

  const { execFileSync } = await import('node:child_process');
  const add = (slug) => execFileSync(OUTPOST, ['tenant', 'add', slug, '--data', data], { stdio: 'pipe' });
  add('north'); // while the server runs
  assert.equal((await ask(server, '/api/runs')).json.total, 0);
  add('south');
  const unclear = await ask(server, '/api/runs');
  isProblem(unclear, 422);
  assert.match(unclear.json.detail, /north.*south/);
  assert.equal((await ask(server, '/api/runs?tenant=south')).json.total, 0);
  isProblem(await ask(server, '/api/runs?tenant=..%2fnorth'), 404);
  assert.equal((await ask(server, '/readyz')).json.data.tenants, 2);
});

test('it listens on loopback or not at all', (t) => {
  const data = dataFolder(t, 'demo');
  for (const listen of ['0.0.0.0:0', '[::]:0', '[::2]:0', '::1:0', '[::1:0', '192.168.1.5:8080', '8.8.8.8:80', 'example.org:8080', '*:8080', ':8080', '8080', '127.0.0.1', '127.0.0.1:99999', '127.0.0.1:http', '127.0.0.1.evil.example:80', '']) {
    const ended = spawnSync(OUTPOST, ['serve', '--data', data, '--listen', listen], { encoding: 'utf8', timeout: 5000 });
    assert.ok(ended.status > 0, listen);
    assert.equal(ended.stdout, '', listen);
    assert.match(ended.stderr, /listen|address|--public/, listen);
  }
});

test('the account of a look around is never made for an address that others reach', (t) => {
  const data = path.join(dataFolder(t, 'demo'), 'aside');
  for (const [...args] of [['--listen', '0.0.0.0:0'], ['--tls', '--listen', '0.0.0.0:0'], ['--public', '--listen', '127.0.0.1:0']]) {
    const ended = spawnSync(OUTPOST, ['serve', '--demo', '--data', data, ...args], { encoding: 'utf8', timeout: 5000 });
    assert.equal(ended.status, 2, args.join(' '));
    assert.equal(ended.stdout, '');
    assert.equal(fs.existsSync(data), false, 'and nothing was made');
  }
});

// A pipe holds 64 KiB, which is less than half of these lines.
test('a log that nobody reads holds no request up; how many lines were dropped is said later, and the file has all', async (t) => {
  const data = dataFolder(t, 'demo');
  const server = await serve(t, data, '--rate', '0');
  server.child.stderr.pause();
  const far = `/api/nowhere/${'x'.repeat(150)}`;
  for (let i = 0; i < 40; i++) {
    const all = await Promise.race([Promise.all(Array.from({ length: 25 }, () => ask(server, far))), new Promise((resolve) => setTimeout(resolve, 20000, []))]);
    assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([404]), `requests ${25 * i} and on`);
  }
  server.child.stderr.resume();
  for (let i = 0; !server.log.includes('LOG_DROPPED'); i++) {
    assert.ok(i < 100, 'the lines that are missing are counted');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await ask(server, far);
  }
  await server.stop();
  const lines = (text) => text.trimEnd().split('\n').map((line) => JSON.parse(line));
  const said = lines(server.log);
  const kept = lines(fs.readFileSync(path.join(data, 'logs/outpost.jsonl'), 'utf8'));
  const dropped = said.filter(({ event }) => event === 'LOG_DROPPED').reduce((sum, line) => sum + line.lines, 0);
  assert.ok(dropped > 0);
  assert.equal(kept.filter(({ event }) => event === 'request').length, said.filter(({ event }) => event === 'request').length + dropped);
});

test('a taken port is said so', async (t) => {
  const data = dataFolder(t, 'demo');
  const server = await serve(t, data);
  const second = spawnSync(OUTPOST, ['serve', '--data', data, '--listen', `127.0.0.1:${server.port}`], { encoding: 'utf8', timeout: 5000 });
  assert.ok(second.status > 0);
  assert.match(second.stderr, new RegExp(`127\\.0\\.0\\.1:${server.port}`));
});

test('it stops within two seconds, also when connections are open', async (t) => {
  const data = dataFolder(t, 'demo');
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const server = await serve(t, data);
    const half = net.connect(server.port, '127.0.0.1').on('error', () => {});
    half.write('GET / HT');
    const idle = net.connect(server.port, '127.0.0.1').on('error', () => {});
    await ask(server, '/healthz');
    const began = Date.now();
    const how = await server.stop(signal);
    assert.ok(Date.now() - began < 2000, signal);
    assert.deepEqual(how, { code: 0, signal: null });
    half.destroy();
    idle.destroy();
  }
});

test('slow clients do not keep others out for long', async (t) => {
  const data = dataFolder(t, 'demo');
  const server = await serve(t, data);
  const slow = Array.from({ length: 40 }, () => net.connect(server.port, '127.0.0.1').on('error', () => {}));
  for (const socket of slow) socket.write('GET / HTTP/1.1\r\nX: ');
  const began = Date.now();
  assert.equal((await ask(server, '/healthz')).status, 200);
  assert.ok(Date.now() - began < 20000);
  for (const socket of slow) socket.destroy();
});

test('who takes a table slowly holds no old state of the file, and gets all of it', async (t) => {
  const data = dataFolder(t, 'demo');
  importGenerated(data, 'demo', 100_000);
  const server = await serve(t, data);
  const target = '/api/tables/clean_sales';
  const whole = (await ask(server, target)).body;
  assert.ok(whole.length > 11e6, 'more than sockets hold');
  const begun = () => new Promise((resolve) => http.get({ host: '127.0.0.1', port: server.port, path: target, agent: false }, resolve));
  const pause = () => new Promise((resolve) => setTimeout(resolve, 200));
  const rest = async (reply, parts) => {
    for await (const bytes of reply) parts.push(bytes);
    assert.ok(Buffer.concat(parts).equals(whole));
  };

  const slow = await begun();
  const parts = [];
  const write = await ask(server, '/api/records/product', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"sku":"S-1","name":"while it is read"}' });
  assert.equal(write.status, 201);
  // A WAL from which somebody reads cannot be emptied.
  const emptied = () => spawnSync('sqlite3', [path.join(data, 'tenants/demo.db'), 'PRAGMA wal_checkpoint(TRUNCATE)'], { encoding: 'utf8' }).stdout.trim() === '0|0|0';
  for (const since = Date.now(); !emptied(); await pause()) {
    assert.ok(Date.now() - since < 60_000, 'the state is held');
    parts.push(slow.read() ?? '');
  }
  assert.ok(parts.reduce((sum, part) => sum + part.length, 0) < whole.length / 2, 'it was not there yet');
  await rest(slow, parts.map((part) => Buffer.from(part)));

  // Where nothing can be put aside, it is waited for.
  fs.rmSync(path.join(data, 'uploads'), { recursive: true });
  const other = await begun();
  await pause();
  await rest(other, []);
});
