// The API as a client sees it: requests, uploads, imports, live events.
import assert from 'node:assert/strict';
import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import { sleep } from './lib.mjs';

// { status, headers, json, body }. body: text, bytes, an object (JSON), or an async iterable.
export function ask(server, target, { method = 'GET', headers = {}, body } = {}) {
  const object = body && typeof body === 'object' && !Buffer.isBuffer(body) && !body[Symbol.asyncIterator];
  const bytes = object ? JSON.stringify(body) : body;
  return new Promise((resolve, reject) => {
    const all = { ...(object ? { 'content-type': 'application/json' } : {}), ...headers };
    if (method !== 'GET' && typeof bytes === 'string') all['content-length'] ??= Buffer.byteLength(bytes);
    const request = http.request({ host: '127.0.0.1', port: server.port, path: target, method, headers: all, agent: false }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const got = Buffer.concat(parts);
        const json = /[/+]json(;|$)/.test(response.headers['content-type'] ?? '') && got.length ? JSON.parse(response.headers['content-encoding'] === 'gzip' ? gunzipSync(got) : got) : undefined;
        resolve({ status: response.statusCode, headers: response.headers, body: got, json, complete: response.complete });
      });
    });
    request.on('error', reject);
    if (bytes?.[Symbol.asyncIterator]) {
      (async () => {
        for await (const part of bytes) if (!request.write(part)) await new Promise((drained) => request.once('drain', drained));
        request.end();
      })().catch(reject);
    } else request.end(bytes);
  });
}

export const post = (server, target, body, headers) => ask(server, target, { method: 'POST', body: body ?? '', headers });
export const remove = (server, target, headers) => ask(server, target, { method: 'DELETE', headers });

// The data of a success.
export async function data(promise, status = 200) {
  const answer = await promise;
  assert.equal(answer.status, status, `${answer.status} ${answer.body}`);
  assert.equal(answer.json.success, true);
  return answer.json.data;
}

// A problem document with this status; its sentence.
export async function problem(promise, status, pattern) {
  const answer = await promise;
  assert.equal(answer.status, status, String(answer.body));
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  assert.equal(answer.json.status, status);
  assert.ok(answer.json.detail.length > 10);
  if (pattern) assert.match(answer.json.detail, pattern);
  return answer.json;
}

const OVER = ['done', 'failed', 'cancelled'];
// Waits for an import that was accepted: its document.
export async function finished(server, accepted, seconds = 240) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const task = await data(ask(server, accepted.href));
    if (OVER.includes(task.state)) return task;
    assert.ok(Date.now() < until, `still ${task.state} after ${seconds} s`);
    await sleep(20);
  }
}

export const query = (parameters) =>
  parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');

export async function upload(server, name, body, headers) {
  return data(ask(server, `/api/uploads?${query([['name', name]])}`, { method: 'POST', body, headers }), 201);
}

// Imports a file and waits: its document. parameters: [[name, value]].
export async function imported(server, name, body, parameters = []) {
  const accepted = await data(ask(server, `/api/imports?${query([['name', name], ...parameters])}`, { method: 'POST', body }), 202);
  return finished(server, accepted);
}

// A stream of events: { status, headers, events: [{ id, event, data }], retry, comments, until, close }.
export function stream(t, server, target = '/api/events', headers = {}) {
  const s = { events: [], comments: 0, retry: undefined, lastId: undefined, ended: false };
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: server.port, path: target, headers, agent: false }, (response) => {
      s.status = response.statusCode;
      s.headers = response.headers;
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        rest += part;
        for (let end; (end = rest.indexOf('\n\n')) >= 0; rest = rest.slice(end + 2)) block(s, rest.slice(0, end));
      });
      response.on('error', () => {});
      response.on('close', () => (s.ended = true));
      s.close = () => {
        request.destroy();
        s.ended = true;
      };
      t.after(s.close);
      s.changes = () => s.events.filter((e) => e.event === 'change').map((e) => e.data);
      s.until = async (is, what = 'what was waited for', seconds = 10) => {
        const until = Date.now() + seconds * 1000;
        while (!is(s)) {
          assert.ok(Date.now() < until, `${what} did not come within ${seconds} s`);
          await sleep(10);
        }
      };
      resolve(s);
    });
    request.on('error', reject);
    request.end();
  });
}

// By the rules of the HTML standard: an id counts without an event, too.
function block(s, text) {
  const event = { event: 'message', data: [] };
  for (const line of text.split('\n')) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === '') s.comments++;
    else if (field === 'data') event.data.push(value);
    else if (field === 'event') event.event = value;
    else if (field === 'id') s.lastId = event.id = Number(value);
    else if (field === 'retry') s.retry = Number(value);
    else assert.fail(`no field of an event: ${line}`);
  }
  if (event.data.length) s.events.push({ ...event, data: JSON.parse(event.data.join('\n')) });
}
