/* Lists that come in pages with a `next` to go on after.
**
** The server looks through a budget of rows for each answer, so a page may be
** short, or empty, and have a next all the same: asking goes on by itself until
** there are as many items as are to be shown. What is shown stays while a changed
** question is being answered. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from './api.js';
import { useChanges } from './live.js';

const plainPick = (answer) => ({ items: answer.data, next: answer.next });

function withAfter(path, name, value) {
  const [base, query = ''] = path.split('?');
  const all = new URLSearchParams(query);
  all.set(name, value);
  return `${base}?${all}`;
}

/* Asks from the beginning until there are `wanted` items or no more. */
async function collect(path, from, wanted, { pick, after, signal }) {
  let { items, next, first } = from;
  while (items.length < wanted && (next !== null || !first)) {
    const answer = await get(next === null ? path : withAfter(path, after, next), signal);
    const page = pick(answer);
    items = [...items, ...page.items];
    next = page.next || null; /* 0 is none, too */
    first ??= answer;
  }
  return { items, next, first };
}

const NOTHING = { items: [], next: null, first: null };

/* { items, first (the first answer), more, busy, stale, error, again, onMore }; items is
** null until something has come; stale: they answer another question than the present. pick(answer) gives { items, next } of an answer; after is
** the parameter that goes on; of: tables whose changes concern it (useChanges). */
export function useSearch(path, { pick = plainPick, after = 'after', size = 50, of } = {}) {
  const [state, setState] = useState({ path: null, got: NOTHING });
  const [wanted, setWanted] = useState({ path, n: size });
  const [turn, setTurn] = useState(0);
  const n = wanted.path === path ? wanted.n : size;
  const known = useRef(null);
  known.current = { state, turn };

  useEffect(() => {
    if (!path) return undefined;
    const stop = new AbortController();
    const last = known.current.state;
    const goesOn = last.path === path && last.turn === turn && !last.error;
    const settle = (change) => !stop.signal.aborted && setState((s) => ({ got: s.got, ...change, path, turn }));
    collect(path, goesOn ? last.got : NOTHING, n, { pick, after, signal: stop.signal }).then(
      (got) => settle({ got, error: null }),
      (error) => settle({ error, got: last.path === path ? last.got : NOTHING }),
    );
    return () => stop.abort();
  }, [path, n, turn]);

  useChanges(() => setTurn((i) => i + 1), of, path);

  const { got, error } = state;
  const own = state.path === path;
  return {
    items: got.first ? got.items : null,
    first: got.first,
    more: own && got.next !== null,
    stale: !own && !error,
    busy: !error && (!own || state.turn !== turn || (got.next !== null && got.items.length < n)),
    error: own ? error : null,
    again: () => setTurn((i) => i + 1),
    onMore: () => setWanted({ path, n: got.items.length + size }),
  };
}
