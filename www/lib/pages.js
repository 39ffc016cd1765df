/* A long list, page by page, as one: { rows, total, next, error, loading, more,
** again }. make(after) is the address of the page after a mark (null: the first).
** When something that `of` accepts changes, all pages so far are asked again, so
** that rows which are gone go, and the place on the screen stays. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from './api.js';
import { useChanges } from './live.js';

async function ask(make, pages, signal) {
  const all = { rows: [], total: 0, next: null };
  for (let n = 0, after = null; n < pages; n++, after = all.next) {
    const answer = await get(make(after), signal);
    all.rows.push(...answer.data);
    all.total = answer.total ?? all.rows.length;
    all.next = answer.next ?? null;
    if (!all.next) break;
  }
  return all;
}

export function usePages(make, of) {
  const key = make(null);
  const [state, setState] = useState({ key });
  const [turn, setTurn] = useState(0);
  const [busy, setBusy] = useState(false);
  const pages = useRef(1);
  const last = useRef(key);
  if (last.current !== key) pages.current = 1;
  last.current = key;

  useEffect(() => {
    const stop = new AbortController();
    ask(make, pages.current, stop.signal).then(
      (all) => stop.signal.aborted || (setState({ key, all }), setBusy(false)),
      (error) => stop.signal.aborted || (setState((s) => ({ ...(s.key === key && s), key, error })), setBusy(false)),
    );
    return () => stop.abort();
  }, [key, turn]);

  const again = () => setTurn((n) => n + 1);
  useChanges(again, of);
  const more = () => {
    if (busy) return;
    setBusy(true);
    pages.current++;
    again();
  };
  const own = state.key === key ? state : {};
  const before = useRef(null); /* the rows of the last filter stay until the new ones are there */
  if (own.all) before.current = own.all;
  const shown = own.all ?? (own.error ? null : before.current);
  return { rows: shown?.rows, total: shown?.total, next: shown?.next, stale: !own.all, error: own.error, loading: !shown && !own.error, busy, more, again };
}
