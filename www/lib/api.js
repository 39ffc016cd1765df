/* The one way to the server: GET, with the ETag of the last answer.
**
** An answer that has not changed (304) is the very object of last time, so
** nothing is drawn again. A failure is a Failure with what the server said. */
import { useEffect, useRef, useState } from 'preact/hooks';

const KEPT_MOST = 40;
const kept = new Map(); /* path -> { etag, answer }, the oldest first */

export class Failure extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? '');
    this.status = status; /* 0: no answer at all */
  }
}

function keep(path, etag, answer) {
  kept.delete(path);
  if (etag) kept.set(path, { etag, answer });
  if (kept.size > KEPT_MOST) kept.delete(kept.keys().next().value);
}

async function ask(path, signal) {
  const known = kept.get(path);
  const headers = known ? { 'If-None-Match': known.etag } : {};
  try {
    return await fetch(path, { headers, signal, cache: 'no-store' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Failure(0);
  }
}

export async function get(path, signal) {
  const reply = await ask(path, signal);
  if (reply.status === 304) return kept.get(path).answer;
  const answer = await reply.json().catch(() => null);
  if (!reply.ok || !answer) throw new Failure(reply.status, answer);
  keep(path, reply.headers.get('ETag'), answer);
  return answer;
}

/* '/api/runs' and { limit: 50, tenant: null } is '/api/runs?limit=50'. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value || value === 0) query.set(name, value);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/* { answer, error, loading, again }: what is at the path (null: nothing is
** asked), asked again every so many milliseconds while somebody looks. The last
** answer of a path stays when a later question fails. */
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
      if (document.hidden) timer = setTimeout(run, every || 1000);
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
