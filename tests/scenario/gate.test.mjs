// What stands between the network and the workers: bytes as nobody sends them by accident, and clients that are slow on
// purpose. Raw sockets throughout.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { addUser, email, login } from './auth.mjs';
import { LONG, place, serve, sleep } from './lib.mjs';
import { goodClient, slowClients } from './slow.mjs';

const sanitized = /[/](asan|tsan)[/]/.test(process.env.OUTPOST ?? '');
const fds = (server) => fs.readdirSync(`/proc/${server.pid}/fd`).length;
const threads = (server) => fs.readdirSync(`/proc/${server.pid}/task`).length;
const rss = (server) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);

// Sends the parts, one after the other with a pause between, until the other side closes or has sent `replies` whole
// answers: all that came.
function talk(server, parts, { replies = Infinity, end = false, pause = 20 } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect(server.port, '127.0.0.1');
    let got = '';
    const done = () => {
      socket.destroy();
      resolve(got);
    };
    socket.setTimeout(60000, () => {
      got += '(nothing more came)';
      done();
    });
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1');
      if (whole(got).length >= replies) done();
    });
    socket.on('close', done).on('error', done);
    (async () => {
      for (const part of [parts].flat()) {
        if (socket.destroyed) return;
        socket.write(Buffer.from(part, 'latin1'));
        await sleep(pause);
      }
      if (end) socket.end();
    })();
  });
}

// The answers in these bytes that are whole: [{ status, head, body }]. 100 Continue counts.
function whole(text) {
  const found = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0 || !text.startsWith('HTTP/1.1 ', at)) break;
    const head = text.slice(at, end);
    const status = Number(head.slice(9, 12));
    const length = status === 100 || status === 304 ? 0 : Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? NaN);
    if (!(text.length >= end + 4 + length)) break;
    found.push({ status, head, body: text.slice(end + 4, end + 4 + length) });
    at = end + 4 + length;
  }
  return found;
}

const H = (server) => `Host: 127.0.0.1:${server.port}\r\n`;
const statuses = (text) => whole(text).map((answer) => answer.status);

// Whatever is wrong with the first, the second is never answered: it may be the body of the first.
test('a request that could be read in two ways is refused, and what follows it is not looked at', async (t) => {
  const server = await serve(t, place(t).data);
  const h = H(server);
  const hidden = `GET /healthz HTTP/1.1\r\n${h}\r\n`;
  const many = (n) => Array.from({ length: n }, (_, i) => `X-${i}: 1\r\n`).join('');
  const post = `POST /api/imports HTTP/1.1\r\n${h}`;
  const cases = [
    ['both lengths', `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['both lengths, the other way', `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, 400],
    ['the same length twice', `${post}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`, 400],
    ['two lengths', `${post}Content-Length: 0\r\ncontent-length: 5\r\n\r\nhello`, 400],
    ['a list of lengths', `${post}Content-Length: 5, 5\r\n\r\nhello`, 400],
    ['a length with a sign', `${post}Content-Length: +5\r\n\r\nhello`, 400],
    ['a negative length', `${post}Content-Length: -5\r\n\r\n`, 400],
    ['a hexadecimal length', `${post}Content-Length: 0x5\r\n\r\nhello`, 400],
    ['a length with a blank in it', `${post}Content-Length: 5 0\r\n\r\nhello`, 400],
    ['an empty length', `${post}Content-Length: \r\n\r\nhello`, 400],
    ['a length beyond 64 bits', `${post}Content-Length: 18446744073709551621\r\n\r\nhello`, 400],
    ['a length with a fraction', `${post}Content-Length: 5.0\r\n\r\nhello`, 400],
    ['two codings', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a list of codings', `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 400],
    ['chunked before something else', `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`, 400],
    ['an unknown coding', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
    ['identity', `${post}Transfer-Encoding: identity\r\n\r\n`, 400],
    ['a coding behind a control character', `${post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`, 400],
    ['a coding in quotes', `${post}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`, 400],
    ['a coding in HTTP/1.0', `POST /api/imports HTTP/1.0\r\n${h}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a blank before the colon', `${post}Content-Length : 5\r\n\r\nhello`, 400],
    ['a tab before the colon', `${post}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a header that goes on in the next line', `${post}X: a\r\n Content-Length: 5\r\n\r\nhello`, 400],
    ['a first header that begins with a blank', `POST / HTTP/1.1\r\n ${h}\r\n`, 400],
    ['a line that ends in LF', `${post}X: a\nContent-Length: 5\r\n\r\nhello`, 400],
    ['a line that ends in CR', `${post}X: a\rContent-Length: 5\r\n\r\nhello`, 400],
    ['a head that ends in LF', `GET / HTTP/1.1\r\n${h}\n`, 400],
    ['only LF', `GET / HTTP/1.1\nHost: x\n\n`, 400],
    ['a zero in a header', `${post}X: a\0b\r\n\r\n`, 400],
    ['a zero in a name', `${post}X\0: a\r\n\r\n`, 400],
    ['a header without a colon', `${post}Content-Length\r\n\r\n`, 400],
    ['a header without a name', `${post}: a\r\n\r\n`, 400],
    ['a name with brackets', `${post}X(a): b\r\n\r\n`, 400],
    ['two hosts', `GET / HTTP/1.1\r\n${h}${h}\r\n`, 400],
    ['two blanks in the first line', `GET  / HTTP/1.1\r\n${h}\r\n`, 400],
    ['a tab in the first line', `GET\t/ HTTP/1.1\r\n${h}\r\n`, 400],
    ['a blank at the end of the first line', `GET / HTTP/1.1 \r\n${h}\r\n`, 400],
    ['a blank in the address', `GET /a b HTTP/1.1\r\n${h}\r\n`, 400],
    ['a byte beyond ASCII in the address', `GET /\xe4 HTTP/1.1\r\n${h}\r\n`, 400],
    ['an address of another kind', `GET ftp://127.0.0.1:${server.port}/ HTTP/1.1\r\n${h}\r\n`, 400],
    ['an address with a password', `GET http://a:b@127.0.0.1:${server.port}/ HTTP/1.1\r\n${h}\r\n`, 400],
    ['an address without a host', `GET http:///healthz HTTP/1.1\r\n${h}\r\n`, 400],
    ['an address with a host, and no header', `GET http://127.0.0.1:${server.port}/ HTTP/1.1\r\n\r\n`, 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a host that cannot be one', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
    ['a proxy is asked for', `CONNECT 127.0.0.1:80 HTTP/1.1\r\n${h}\r\n`, 400],
    ['a star', `OPTIONS * HTTP/1.1\r\n${h}\r\n`, 400],
    ['a method in small letters', `get / HTTP/1.1\r\n${h}\r\n`, 400],
    ['a method of its own', `TRACE / HTTP/1.1\r\n${h}\r\n`, 400],
    ['HTTP/2 as text', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['another version', `GET / HTTP/1.2\r\n${h}\r\n`, 505],
    ['a version in small letters', `GET / http/1.1\r\n${h}\r\n`, 400],
    ['no version', `GET /\r\n${h}\r\n`, 400],
    ['two empty lines first', `\r\n\r\nGET / HTTP/1.1\r\n${h}\r\n`, 400],
    ['another expectation', `${post}Expect: payment\r\nContent-Length: 5\r\n\r\nhello`, 417],
    ['101 headers', `GET / HTTP/1.1\r\n${h}${many(100)}\r\n`, 431],
    ['a header of 17 KiB', `GET / HTTP/1.1\r\n${h}X: ${'x'.repeat(17000)}\r\n\r\n`, 431],
    ['a flood without an end', `GET / HTTP/1.1\r\n${h}${'X: y\r\n'.repeat(4000)}`, 431],
    ['a name of 17 KiB', `GET / HTTP/1.1\r\n${'x'.repeat(17000)}`, 431],
    ['a chunk without a size', `${post}Transfer-Encoding: chunked\r\n\r\n\r\n`, 400],
    ['a chunk with a sign', `${post}Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n`, 400],
    ['a chunk with 0x', `${post}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`, 400],
    ['a chunk that ends in LF', `${post}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`, 400],
    ['a chunk longer than it says', `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n`, 400],
    ['a chunk of 2^64 bytes', `${post}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n`, 400],
    ['an extension without an end', `${post}Transfer-Encoding: chunked\r\n\r\n5;${'a'.repeat(500)}`, 400],
    ['trailers without an end', `${post}Transfer-Encoding: chunked\r\n\r\n0\r\n${'A: b\r\n'.repeat(1000)}`, 400],
  ];
  for (const [name, text, status] of cases) {
    const got = await talk(server, text + hidden);
    assert.deepEqual(statuses(got), [status], `${name}: ${got.slice(0, 300)}`);
    assert.match(got, /^Connection: close\r$/im, name);
    assert.match(got, /^Content-Type: application\/problem\+json\r$/im, name);
  }
  assert.ok(cases.length >= 40);
});

test('what is unusual and clear is answered', async (t) => {
  const server = await serve(t, place(t).data);
  const h = H(server);
  const json = 'Content-Type: application/json\r\n';
  const record = '{"list":"regions","value":"R"}';
  const cut = (text, n) => text.match(new RegExp(`[^]{1,${n}}`, 'g'));
  const chunks = `POST /api/records/reference_item HTTP/1.1\r\n${h}${json}Transfer-Encoding: CHUNKED\r\n\r\n` +
    [...record.replace('"R"', '"Q"')].map((c) => `1;x="y"\r\n${c}\r\n`).join('') + '0\r\nA-Trailer: x\r\n\r\n';
  const cases = [
    ['one empty line first', `\r\nGET /healthz HTTP/1.1\r\n${h}\r\n`, [200]],
    ['100 headers', `GET /healthz HTTP/1.1\r\n${h}${Array.from({ length: 99 }, (_, i) => `X-${i}: 1\r\n`).join('')}\r\n`, [200]],
    ['byte by byte', cut(`GET /healthz HTTP/1.1\r\n${h}\r\n`, 1), [200]],
    ['a body in two pieces', [`POST /api/records/reference_item HTTP/1.1\r\n${h}${json}Content-Length: ${record.length}\r\n\r\n{`, record.slice(1)], [201]],
    ['a body in chunks of one byte', cut(chunks, 100), [201]],
    ['a whole address', `GET http://127.0.0.1:${server.port}/healthz HTTP/1.1\r\n${h}\r\n`, [200]],
    ['a whole address, whose host counts', `GET HTTP://localhost:${server.port}/healthz?a=/ HTTP/1.1\r\nHost: evil.example\r\n\r\n`, [200]],
    ['a whole address of another server', `GET http://evil.example/healthz HTTP/1.1\r\n${h}\r\nGET /healthz HTTP/1.1\r\n${h}\r\n`, [421, 200]],
    ['a whole address that asks for TLS', `GET https://127.0.0.1:${server.port}/healthz HTTP/1.1\r\n${h}\r\n`, [421]],
    ['a whole address without a path', `GET http://127.0.0.1:${server.port} HTTP/1.1\r\n${h}\r\n`, [200]],
    ['a whole address, and a body', `POST http://127.0.0.1:${server.port}/api/records/reference_item HTTP/1.1\r\n${h}${json}Content-Length: 2\r\n\r\n{}`, [422]],
    ['three at once', `GET /healthz HTTP/1.1\r\n${h}\r\n`.repeat(3), [200, 200, 200]],
    ['three at once, in order', `GET /nothing HTTP/1.1\r\n${h}\r\nGET /healthz HTTP/1.1\r\n${h}\r\nHEAD /nothing HTTP/1.1\r\n${h}\r\n`, [404, 200]],
    ['a body, and the next right behind it', `POST /api/records/reference_item HTTP/1.1\r\n${h}${json}Content-Length: 2\r\n\r\n{}GET /healthz HTTP/1.1\r\n${h}\r\n`, [422, 200]],
    ['headers of ours', `GET /healthz HTTP/1.1\r\n${h}X-Outpost-Conn: 0.1\r\nConnection: X-Outpost-Conn, keep-alive\r\n\r\n`, [200]],
    ['asked to wait', [`POST /api/records/reference_item HTTP/1.1\r\n${h}${json}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`, '{}'], [100, 422]],
  ];
  for (const [name, text, expected] of cases)
    assert.deepEqual(statuses(await talk(server, text, { replies: expected.length })), expected, name);

  const hundred = await talk(server, `GET /healthz HTTP/1.1\r\n${h}\r\n`.repeat(100), { replies: 100 });
  assert.deepEqual(new Set(statuses(hundred)), new Set([200]));
  for (const version of ['1.0', '1.1']) {
    const closed = await talk(server, `GET /healthz HTTP/${version}\r\n${h}${version === '1.1' ? 'Connection: close\r\n' : 'Connection: keep-alive\r\n'}\r\n`.repeat(2));
    assert.deepEqual(statuses(closed), [200], version);
    assert.match(closed, /^Connection: close\r$/im);
  }
  const half = await talk(server, `GET /healthz HTTP/1.1\r\n${h}\r\n`, { end: true });
  assert.deepEqual(statuses(half), [200], 'who sends no more may still read');
});

test('a large body is asked for when it is wanted, and not otherwise', async (t) => {
  const server = await serve(t, place(t).data);
  const head = (path, more) => `POST ${path} HTTP/1.1\r\n${H(server)}Content-Length: 200000\r\nExpect: 100-continue\r\n${more ?? ''}\r\n`;
  const taken = await talk(server, [head('/api/uploads?name=a.csv'), 'x'.repeat(100000), 'y'.repeat(100000)], { replies: 2 });
  assert.deepEqual(statuses(taken), [100, 201]);
  const refused = await talk(server, head('/api/nothing'));
  assert.deepEqual(statuses(refused), [404]);
  assert.match(refused, /^Connection: close\r$/im);
  // Refused while it is still being sent: the answer arrives all the same.
  const sent = await talk(server, [`POST /api/records/reference_item HTTP/1.1\r\n${H(server)}Content-Length: 3000000\r\n\r\n`, ...Array(30).fill('z'.repeat(100000))], { pause: 1 });
  assert.deepEqual(statuses(sent), [413]);
});

test('a head has five seconds, a body has to move', async (t) => {
  const server = await serve(t, place(t).data);
  const [silent, head, body] = await Promise.all([
    talk(server, ''),
    talk(server, `GET / HTTP/1.1\r\n${H(server)}`),
    talk(server, `POST /api/imports HTTP/1.1\r\n${H(server)}Content-Length: 100\r\n\r\nabc`),
  ]);
  assert.equal(silent, '');
  assert.deepEqual(statuses(head), [408]);
  assert.deepEqual(statuses(body), [408]);
  const drops = Array.from({ length: 24 }, (_, i) => `X-${i}: y\r\n`);
  assert.deepEqual(statuses(await talk(server, [`GET / HTTP/1.1\r\n${H(server)}`, ...drops], { pause: 500 })), [408], 'a drop now and then is no head');
});

// The modes of slowhttptest, and some of its own: at least as many of them as there are workers several times over.
for (const kind of ['nothing', 'header', 'body', 'large', 'read'])
  test(`good requests are answered while others are slow: ${kind}`, { timeout: 300000 }, async (t) => {
    const server = await serve(t, place(t).data, '--workers', '0');
    await goodClient(server.port, 0.2);
    const before = { fds: fds(server), threads: threads(server) };
    const slow = slowClients(server.port, kind, LONG ? 1000 : 300);
    t.after(slow.stop);
    while (fds(server) < before.fds + (LONG ? 900 : 250)) await sleep(20);
    const seen = await goodClient(server.port, LONG ? 30 : 4);
    assert.equal(seen.bad, 0, JSON.stringify(seen));
    assert.ok(seen.p99 < (LONG && !sanitized ? 1000 : 10000), JSON.stringify(seen));
    assert.equal(threads(server), before.threads, 'nobody gets a thread');
    if (!sanitized) assert.ok(rss(server) < 160 * 1024, `${rss(server)} KiB`);
    slow.stop();
    while (fds(server) > before.fds + 175) await sleep(50); // 80 workers have two each
  });

test('at the ceiling those that wait longest make room', async (t) => {
  const server = await serve(t, place(t).data, '--connections', '100');
  const slow = slowClients(server.port, 'header', 200); // those that are closed come back ten times a second
  t.after(slow.stop);
  await sleep(500);
  const seen = await goodClient(server.port, 3);
  assert.ok(seen.bad <= 2 + seen.asked / 20, JSON.stringify(seen)); // on a busy machine it is slow itself now and then
  assert.ok(slow.reopened > 0);
  let told; // by one that may have to make room itself
  for (let tries = 0; !told && tries < 50; tries++) told = await fetch(`${server.base}/metrics`, { signal: AbortSignal.timeout(5000) }).then((r) => r.text()).catch(() => undefined);
  const figure = (name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(told)[1]);
  assert.ok(figure('outpost_connections') <= 100 && figure('outpost_connections') > 50);
  assert.ok(figure('outpost_connections_evicted_total') >= 100);
  assert.equal(figure('outpost_requests_serving'), 1);
  assert.ok(fds(server) < 250, `${fds(server)}`);
});

test('one address has so many connections and no more', async (t) => {
  const server = await serve(t, place(t).data, '--connections-per-address', '20');
  const slow = slowClients(server.port, 'nothing', 100);
  t.after(slow.stop);
  await sleep(500);
  const other = await new Promise((resolve, reject) => {
    const socket = net.connect({ port: server.port, host: '127.0.0.1', localAddress: '127.0.0.9' });
    socket.on('data', (bytes) => resolve(String(bytes))).on('error', reject);
    socket.write(`GET /healthz HTTP/1.1\r\n${H(server)}\r\n`);
  });
  assert.match(other, /^HTTP\/1\.1 200 /);
  assert.ok(fds(server) < 100, `${fds(server)}`);
});

// A log-in takes a tenth of a second of a processor, and two are made at once: these all came first.
test('what takes long does not keep what is short waiting', async (t) => {
  const p = place(t);
  addUser(p, 'admin');
  const server = await serve(t, p.data, '--rate', '0');
  let open = 0, begun;
  const all = new Promise((resolve) => (begun = resolve));
  const long = Array.from({ length: 24 }, async () => {
    open++;
    const reply = await login(server, email('admin')).finally(() => open--);
    begun();
    return reply.status;
  });
  await all; // they are on their way: the first is back
  const short = await talk(server, `GET /healthz HTTP/1.1\r\n${H(server)}\r\n`, { replies: 1 });
  const before = open;
  assert.deepEqual(statuses(short), [200]);
  assert.deepEqual([...new Set(await Promise.all(long))], [200]);
  assert.ok(before >= 8, `${before} of 24 log-ins were still open when a short request was answered`);
});

test('it stops at once: what is being answered is answered, the rest is closed', async (t) => {
  const p = place(t);
  const server = await serve(t, p.data);
  const idle = ['nothing', 'header', 'body', 'read'].map((kind) => slowClients(server.port, kind, 20));
  t.after(() => idle.forEach((slow) => slow.stop()));
  await goodClient(server.port, 0.3);
  const began = Date.now();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.ok(Date.now() - began < 10000);
  assert.deepEqual(fs.readdirSync(p.data).filter((name) => name.startsWith('.workers')), []);
});
