/* The one way to the server: GET with the ETag of the last answer; POST, DELETE
** and uploads.
**
** An answer that has not changed (304) is the very object of last time, so
** nothing is drawn again. A failure is a Failure with what the server said: the
** sentence, and for each field of a form its own. */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';

const KEPT_MOST = 60;
const kept = new Map(); /* path -> { etag, answer }, the oldest first */

/* Whose data: a slug, or null when there is one tenant. Set by the frame; every
** address() names it. */
export const tenant = signal(null);
/* Did the server answer the last question? */
export const reachable = signal(true);

export class Failure extends Error {
  /* problem: the problem+json of the answer, or null. status 0: no answer at all. */
  constructor(status, problem) {
    super(problem?.detail ?? '');
    this.status = status;
    this.fields = Object.fromEntries((problem?.errors ?? []).map((error) => [error.field, error.detail]));
  }
}

function keep(path, etag, answer) {
  kept.delete(path);
  if (etag) kept.set(path, { etag, answer });
  if (kept.size > KEPT_MOST) kept.delete(kept.keys().next().value);
}

async function ask(path, options) {
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

async function answerOf(reply) {
  const answer = await reply.json().catch(() => null);
  if (!reply.ok || !answer) throw new Failure(reply.status, answer);
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

export const post = async (path, body, signal) =>
  answerOf(await ask(path, { method: 'POST', signal, ...(body !== undefined && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }) }));

export const del = async (path) => answerOf(await ask(path, { method: 'DELETE' }));

/* Sends a file as it is; onProgress(sent, all) while it goes. XMLHttpRequest, for
** fetch tells nothing of what has been sent. */
export function upload(path, file, { onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.responseType = 'json';
    request.upload.onprogress = (event) => onProgress?.(event.loaded, file.size);
    request.onload = () => (request.status < 300 && request.response ? resolve(request.response) : reject(new Failure(request.status, request.response)));
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
** which asks again when something has changed. */
export function useAnswer(path, every = 0) {
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
      setState((s) => ({ answer: s.path === path ? s.answer : undefined, ...change, path }));
      if (every) timer = setTimeout(run, every);
    };
    const run = () => {
      if (document.hidden && every) timer = setTimeout(run, every);
      else get(path, stop.signal).then((answer) => settle({ answer, error: null }), (error) => settle({ error }));
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
