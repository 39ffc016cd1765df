/* The one way to the server: GET with the ETag of the last answer; POST, PUT, PATCH,
** DELETE and uploads.
**
** An answer that has not changed (304) is the very object of last time, so
** nothing is drawn again. A failure is a Failure with what the server said: the
** sentence, and for each field of a form its own.
**
** Two answers are not handed on but waited out. 401: nobody is logged in (any more); the
** question waits until somebody is, and is asked again, so that nothing that was typed is
** lost. 429: too much was asked; a GET is repeated after Retry-After. */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';

const KEPT_MOST = 60;
const SLOW_MS = 1000; /* 429 without Retry-After, and the spread of those who wait */
const kept = new Map(); /* path -> { etag, answer }, the oldest first */

/* Whose data: a slug, or null when there is one tenant. Set by the frame; every
** address() names it. */
export const tenant = signal(null);
/* Did the server answer the last question? */
export const reachable = signal(true);
/* Does the server want somebody to log in first? Set here, taken back by session.js. */
export const shut = signal(false);
/* Until when (milliseconds of the clock) questions wait, for too much was asked; or 0. */
export const slowed = signal(0);

export class Failure extends Error {
  /* problem: the problem+json of the answer, or null. status 0: no answer at all.
  ** after: the seconds of Retry-After, or null. */
  constructor(status, problem, after = null) {
    super(problem?.detail ?? '');
    this.status = status;
    this.after = after;
    this.errors = problem?.errors ?? [];
    this.fields = Object.fromEntries(this.errors.map((error) => [error.field, error.detail]));
  }
}

function keep(path, etag, answer) {
  kept.delete(path);
  if (etag) kept.set(path, { etag, answer });
  if (kept.size > KEPT_MOST) kept.delete(kept.keys().next().value);
}

const afterOf = (reply) => {
  const seconds = Number(reply.headers.get('Retry-After') ?? NaN);
  return Number.isFinite(seconds) ? seconds : null;
};

/* Resolves when done(stop) calls back, rejects when it was given up. */
const waitFor = (begin, given) => new Promise((resolve, reject) => {
  let end = () => {};
  const settle = (how, value) => {
    given?.removeEventListener('abort', gone);
    queueMicrotask(() => end());
    how(value);
  };
  const gone = () => settle(reject, new DOMException('', 'AbortError'));
  given?.addEventListener('abort', gone);
  end = begin(() => settle(resolve));
});

const untilOpen = (given) => waitFor((done) => shut.subscribe((now) => now || done()), given);

async function slowDown(after, given) {
  const ms = (after ?? 0) * 1000 + SLOW_MS * Math.random() + (after === null ? SLOW_MS : 0);
  slowed.value = Math.max(slowed.value, Date.now() + ms);
  await waitFor((done) => {
    const timer = setTimeout(done, ms);
    return () => clearTimeout(timer);
  }, given);
  if (slowed.value <= Date.now() + SLOW_MS) slowed.value = 0;
}

async function once(path, options) {
  try {
    const reply = await fetch(path, { ...options, cache: 'no-store' });
    reachable.value = true;
    return reply;
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    reachable.value = false;
    throw new Failure(0);
  }
}

/* A session lasts a day, and is renewed by a cookie that lasts a month. Asked once, whoever needs it. */
let renewing = null;
export function renew() {
  renewing ??= once('/api/auth/refresh', { method: 'POST' }).then((reply) => reply.ok, () => false).finally(() => {
    renewing = null;
  });
  return renewing;
}

/* atDoor: what is asked by who logs in, and does not wait for itself. */
async function ask(path, { atDoor, ...options } = {}) {
  for (;;) {
    const reply = await once(path, options);
    if (reply.status === 401 && !atDoor) {
      if (!shut.value && !(await renew())) shut.value = true;
      await untilOpen(options.signal);
    } else if (reply.status === 429 && !options.method) {
      await slowDown(afterOf(reply), options.signal);
    } else {
      return reply;
    }
  }
}

async function answerOf(reply) {
  const answer = await reply.json().catch(() => null);
  if (!reply.ok || !answer) throw new Failure(reply.status, answer, afterOf(reply));
  return answer;
}

/* Each gives the envelope { data, total?, next? }. */
export async function get(path, signal) {
  const known = kept.get(path);
  const reply = await ask(path, { signal, headers: known ? { 'If-None-Match': known.etag } : {} });
  if (reply.status === 304) return kept.get(path)?.answer ?? known.answer;
  const answer = await answerOf(reply);
  keep(path, reply.headers.get('ETag'), answer);
  return answer;
}

/* more: { signal, headers, atDoor }. */
const send = async (method, path, body, { headers, ...more } = {}) =>
  answerOf(await ask(path, { method, ...more, headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers }, ...(body !== undefined && { body: JSON.stringify(body) }) }));

export const post = (path, body, signal) => send('POST', path, body, { signal });
export const put = (path, body) => send('PUT', path, body);
export const patch = (path, body) => send('PATCH', path, body);
export const del = (path) => send('DELETE', path);
/* What is asked before anybody is logged in; 401 is an answer here. */
export const atDoor = {
  get: async (path) => answerOf(await ask(path, { atDoor: true })),
  post: (path, body) => send('POST', path, body, { atDoor: true }),
};

/* Sends a file as it is; onProgress(sent, all) while it goes. XMLHttpRequest, for
** fetch tells nothing of what has been sent. */
export function upload(path, file, { onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const loaded = () => {
      if (request.status < 300 && request.response) return resolve(request.response);
      if (request.status !== 401) return reject(new Failure(request.status, request.response));
      return renew().then((ok) => { shut.value ||= !ok; }).then(() => untilOpen(signal)).then(() => upload(path, file, { onProgress, signal })).then(resolve, reject);
    };
    request.open('POST', path);
    request.responseType = 'json';
    request.upload.onprogress = (event) => onProgress?.(event.loaded, file.size);
    request.onload = loaded;
    request.onerror = () => reject(new Failure(0));
    request.onabort = () => reject(new DOMException('', 'AbortError'));
    signal?.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/* '/api/runs' and { limit: 50, from: null } is '/api/runs?limit=50&tenant=SLUG'. A
** list gives the name once for each: { map: ['a=B', 'c=D'] }. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ tenant: tenant.value, ...parameters }))
    for (const one of Array.isArray(value) ? value : [value]) if (one || one === 0) query.append(name, one);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/* { answer, error, loading, again }: what is at the path (null: nothing is
** asked), asked again every so many milliseconds while somebody looks. The last
** answer of a path stays when a later question fails. lib/live.js has useLive,
** which asks again when something has changed. how: get, or atDoor.get. */
export function useAnswer(path, every = 0, how = get) {
  const [state, setState] = useState({ path });
  const [turn, setTurn] = useState(0);
  const latest = useRef(path);
  latest.current = path;

  useEffect(() => {
    if (!path) return undefined;
    const stop = new AbortController();
    let timer = 0;
    const settle = (change) => {
      if (stop.signal.aborted || latest.current !== path) return;
      setState((s) => {
        const next = { answer: s.path === path ? s.answer : undefined, ...change, path };
        const same = s.path === path && s.answer === next.answer && s.error === next.error;
        return same && !every ? s : next; /* what is asked now and then tells the time, too */
      });
      if (every) timer = setTimeout(run, every);
    };
    const run = () => {
      if (document.hidden && every) timer = setTimeout(run, every);
      else how(path, stop.signal).then((answer) => settle({ answer, error: null }), (error) => settle({ error }));
    };
    run();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, every, turn]);

  const own = state.path === path ? state : {};
  return { answer: own.answer, error: own.error, loading: !!path && !own.answer && !own.error, again: () => setTurn((n) => n + 1) };
}

/* The last answer that there was, while the next one is under way: so that a
** filter does not empty the page. */
export function useKept(answer) {
  const last = useRef(null);
  if (answer) last.current = answer;
  return answer ?? last.current;
}
