/* The page without the server: its files are kept by this worker, and nothing else. What the
** API answers is never kept here, for it belongs to who asked; lib/offline.js keeps what an
** order needs.
**
** VERSION and SHELL come from the build: a digest of all files, and their names. A build is one
** cache. The cache before it stays, too: a page that was loaded from it may yet ask for a part that
** the server no longer has.
**
** Parts have their digest in their name, so the kept one is as good. Everything else is asked for
** first, and taken from the cache when the server is away or slow. */
/* global VERSION, SHELL */
const PREFIX = 'shell-';
const NAME = PREFIX + VERSION;
const CACHES_KEPT = 2;
const PATIENCE_MS = 4000;
const PART = /\/part-[A-Z0-9]+\.js$/;

const shellPaths = new Set(SHELL.map((file) => new URL(file, self.registration.scope).pathname));

async function install() {
  const cache = await caches.open(NAME);
  await cache.addAll(SHELL.map((file) => new Request(file, { cache: 'no-cache' })));
  await self.skipWaiting();
}

async function activate() {
  const own = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(own.slice(0, Math.max(0, own.length + 1 - CACHES_KEPT)).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/* The newest build first. */
async function keptOf(request) {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
  for (const name of [NAME, ...names.reverse()]) {
    const found = await (await caches.open(name)).match(request, { ignoreSearch: true, ignoreVary: true });
    if (found) return found;
  }
  return null;
}

async function networkFirst(request) {
  try {
    const reply = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (reply.ok) return reply;
    return (await keptOf(request)) ?? reply;
  } catch (error) {
    const found = await keptOf(request);
    if (found) return found;
    throw error;
  }
}

const keptFirst = async (request) => (await keptOf(request)) ?? fetch(request);

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== self.location.origin) return;
  if (PART.test(pathname)) event.respondWith(keptFirst(event.request));
  else if (shellPaths.has(pathname)) event.respondWith(networkFirst(event.request));
});
