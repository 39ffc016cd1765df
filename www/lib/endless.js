/* A list of any length, whose rows come as they are looked at: { rows, total, busy,
** stale, error, loading, again, need }. make(after, limit) is the address of a page; a mark
** holds what the last row was sorted by, so that a page is asked again alone.
**
** need(from, to) says which rows are looked at: they and some more are fetched, one page
** after the other. When something that `of` accepts changes, only pages that are looked at
** are asked again; one that ends elsewhere than before takes the pages behind it along. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from './api.js';
import { useChanges } from './live.js';

const FIRST = 100; /* rows: there at once */
const NEXT = 500;
const FAR = 1000; /* somebody dragged the scroll bar: fewer questions, but none that takes long to read */
const AHEAD = 200;

class List {
  constructor(make, told) {
    Object.assign(this, { make, told, pages: [], rows: [], total: null, error: null, from: 0, to: FIRST, running: null, ended: false });
  }

  end() {
    this.ended = true;
    this.running?.abort();
  }

  need(from, to) {
    [this.from, this.to] = [from, to];
    this.go();
  }

  changed() {
    this.error = null;
    for (const page of this.pages) page.stale = true;
    this.go();
  }

  /* The page to ask: one that is looked at and may be others by now, or the next. */
  wanted() {
    let start = 0;
    for (const [i, page] of this.pages.entries()) {
      if (page.stale && start < this.to && start + page.rows.length >= this.from) return i;
      start += page.rows.length;
    }
    const last = this.pages.at(-1);
    return !last || (last.next && start < this.to + AHEAD) ? this.pages.length : null;
  }

  async go() {
    if (this.running || this.ended || this.error) return;
    const at = this.wanted();
    if (at === null) return;
    this.running = new AbortController();
    const old = this.pages[at];
    const after = at ? this.pages[at - 1].next : null;
    const limit = old?.limit ?? (at ? (this.to - this.rows.length > NEXT ? FAR : NEXT) : FIRST);
    try {
      this.take(at, after, limit, await get(this.make(after, limit), this.running.signal));
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.error = error;
    }
    this.running = null;
    this.told();
    this.go();
  }

  take(at, after, limit, answer) {
    const page = { limit, rows: answer.data, next: answer.next ?? null, stale: false };
    const behind = this.pages[at]?.next === page.next ? this.pages.slice(at + 1) : [];
    const same = this.pages[at]?.rows === page.rows; /* 304: the very rows of last time */
    this.pages = [...this.pages.slice(0, at), page, ...behind];
    if (!same) this.rows = [].concat(...this.pages.map((one) => one.rows));
    this.total = answer.total ?? this.rows.length;
  }
}

export function useEndless(make, of) {
  const key = make(null, FIRST);
  const [, draw] = useState(0);
  const own = useRef(null);
  const before = useRef(null); /* the rows of the last filter stay until the new ones are there */
  if (own.current?.key !== key) {
    own.current?.list.end();
    if (own.current?.list.pages.length) before.current = own.current.list;
    const list = new List(make, () => draw((n) => n + 1));
    own.current = { key, list };
  }
  const { list } = own.current;
  useEffect(() => {
    list.go();
  }, [list]);
  useChanges(() => own.current.list.changed(), of);
  useEffect(() => () => own.current.list.end(), []);

  const ready = list.pages.length > 0;
  const shown = ready || list.error ? list : before.current;
  return {
    rows: shown?.pages.length ? shown.rows : undefined,
    total: shown?.total,
    stale: !ready,
    busy: !!list.running,
    error: list.error,
    loading: !shown,
    again: () => list.changed(),
    need: (from, to) => ready && list.need(from, to),
  };
}
