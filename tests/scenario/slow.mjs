// Clients that are slow on purpose, and what a good one sees meanwhile. Used by the scenarios and by the bench.
import net from 'node:net';
import http from 'node:http';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// How each begins, and what it does once a second. They open again what was closed on them.
const HOST = 'Host: 127.0.0.1';
const KINDS = {
  header: { begin: (port) => `GET / HTTP/1.1\r\n${HOST}:${port}\r\n`, each: () => `X-${Math.random()}: y\r\n` },
  body: { begin: (port) => `POST /api/imports HTTP/1.1\r\n${HOST}:${port}\r\nContent-Length: 40000\r\n\r\nab`, each: () => 'c' },
  large: { begin: (port) => `POST /api/uploads?name=x HTTP/1.1\r\n${HOST}:${port}\r\nContent-Length: 40000000\r\n\r\nab`, each: () => 'c' },
  read: { begin: (port) => `GET /app.js HTTP/1.1\r\n${HOST}:${port}\r\n\r\n`.repeat(100), each: () => '', deaf: true },
  nothing: { begin: () => '', each: () => '' },
};

// { stop, reopened }: count connections of a kind.
export function slowClients(port, kind, count) {
  const { begin, each, deaf } = KINDS[kind];
  const sockets = new Set();
  const state = { open: sockets, reopened: 0, over: false };
  const connect = () => {
    const socket = net.connect({ port, host: '127.0.0.1', highWaterMark: 1 }).on('error', () => {});
    sockets.add(socket);
    if (deaf) socket.pause();
    else socket.resume();
    socket.write(begin(port));
    socket.on('close', () => {
      sockets.delete(socket);
      if (state.over) return;
      state.reopened++;
      setTimeout(connect, 100).unref();
    });
  };
  for (let i = 0; i < count; i++) connect();
  const timer = setInterval(() => {
    for (const socket of sockets) socket.writable && socket.write(each());
  }, 1000);
  state.stop = () => {
    state.over = true;
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
  return state;
}

function once(port, path) {
  const began = performance.now();
  return new Promise((resolve) => {
    const done = (good) => resolve({ good, ms: performance.now() - began });
    const request = http.get({ host: '127.0.0.1', port, path, agent: false, timeout: 20000 }, (reply) => {
      reply.resume();
      reply.on('close', () => done(reply.complete && reply.statusCode === 200)); // one that is cut off has no end
    });
    request.on('error', () => done(false)).on('timeout', () => request.destroy());
  });
}

// Asks on a new connection each time, one after the other: { asked, bad, p50, p99, most } in ms.
export async function goodClient(port, seconds, paths = ['/healthz', '/api/runs', '/']) {
  const end = performance.now() + seconds * 1000;
  const times = [];
  let bad = 0;
  for (let i = 0; performance.now() < end; i++) {
    const { good, ms } = await once(port, paths[i % paths.length]);
    if (!good) bad++;
    times.push(ms);
    await sleep(10);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { asked: times.length, bad, p50: at(0.5), p99: at(0.99), most: times.at(-1) };
}
