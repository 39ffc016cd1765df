/* What happens on the server, as it happens.
**
** One stream of events (GET /api/events) for the page. Where it cannot be had -
** too many of them are open, a proxy holds it back - the page asks every half
** minute instead. Nothing is missed on the way: a stream is resumed after the
** last change that was seen, and whoever listens is called once after each gap.
**
**   live                signal: 'live' | 'polling' | 'offline'
**   onChange(fn, of)    fn(change | null) for every change that `of` accepts (a list of
**                       tables, or a function of the change); null: something may
**                       have changed. Gives a function that ends it.
**   useChanges(fn, of, path)  the same for a part of the page; anew when the path is another
**   useLive(path, of)   useAnswer that asks again when a change concerns it
**                       (what happens to a job comes as a change of the table 'job')
**   imports             signal: imports under way, { [id]: document of GET /api/imports/ID }
*/
import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { address, get, reachable, shut, useAnswer } from './api.js';
import { may } from './session.js';

const POLL_MS = 30000;
const AGAIN_MS = [1000, 3000, 10000, 30000];
const GATHER_MS = 250; /* an import is many changes: the page is drawn once */
const OVER = ['done', 'failed', 'cancelled'];

export const live = signal('polling');
export const imports = signal({});

const listeners = new Set();
let source = null;
let seen = null; /* the number of the last change */
let failures = 0;
let timer = 0;
let poll = 0;

export function onChange(fn, of) {
  const accepts = typeof of === 'function' ? of : of ? (change) => of.includes(change.table) : () => true;
  const listener = (change) => (change === null || accepts(change)) && fn(change);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = (change) => [...listeners].forEach((listener) => listener(change));

/* An import that is over stays for whoever shows it until the next page load. */
export function progressed(document) {
  imports.value = { ...imports.value, [document.import]: document };
}

export const running = () => Object.values(imports.value).filter((one) => !OVER.includes(one.state) && !one.dry_run);

async function ask() {
  tell(null);
  try {
    const { data } = await get(may('data.read') ? address('/api/imports') : '/api/tenants');
    for (const one of data) if (one.import && (imports.value[one.import] || !OVER.includes(one.state))) progressed(one);
  } catch {
    /* told by reachable */
  }
  live.value = !reachable.value ? 'offline' : source?.readyState === 1 ? 'live' : 'polling';
}

function startPolling() {
  clearInterval(poll);
  poll = setInterval(() => !document.hidden && ask(), POLL_MS);
}

function open() {
  clearTimeout(timer);
  source?.close();
  source = new EventSource(address('/api/events', { after: seen }));
  source.onopen = () => {
    failures = 0;
    clearInterval(poll);
    ask();
  };
  source.onerror = () => {
    source.close();
    startPolling();
    ask();
    if (!shut.value) timer = setTimeout(open, AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)]);
  };
  source.addEventListener('change', (event) => {
    const change = JSON.parse(event.data);
    seen = change.seq;
    tell(change);
  });
  source.addEventListener('job', (event) => tell({ table: 'job', job: JSON.parse(event.data) }));
  source.addEventListener('progress', (event) => progressed(JSON.parse(event.data)));
}

/* Begins, or begins anew for another tenant. */
export function connect() {
  seen = null;
  failures = 0;
  imports.value = {};
  open();
}

/* Nobody is told anything before he has logged in again. */
effect(() => {
  if (!shut.value && source?.readyState === EventSource.CLOSED) open();
});

/* A page that goes must give its stream back: the server has few. */
addEventListener('pagehide', () => {
  clearTimeout(timer);
  clearInterval(poll);
  source?.close();
});
addEventListener('pageshow', (event) => event.persisted && open());

/* fn when a change concerns it: of many at once only once, a moment later. */
export function useChanges(fn, of, path) {
  useEffect(() => {
    let gathered = 0;
    const end = onChange(() => {
      gathered ||= setTimeout(() => {
        gathered = 0;
        fn();
      }, GATHER_MS);
    }, of);
    return () => {
      clearTimeout(gathered);
      end();
    };
  }, [path]);
}

export function useLive(path, of) {
  const result = useAnswer(path);
  useChanges(result.again, of, path);
  return result;
}
