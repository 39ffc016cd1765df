/* One import as it goes: its document, from the stream of events and, at the end or
** without a stream, from the server. */
import { useEffect, useState } from 'preact/hooks';
import { address, del, get } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatBytes, formatSeconds } from '../lib/format.js';
import { html } from '../lib/html.js';
import { imports, progressed } from '../lib/live.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { Progress } from '../parts/progress.js';
import { toastFailure } from '../parts/toast.js';

const ASK_MS = 600;
const OVER = ['done', 'failed', 'cancelled'];
export const isOver = (doc) => !!doc && OVER.includes(doc.state);

/* { doc, error }: doc has its result as soon as it is over. */
export function useImport(id) {
  const [own, setOwn] = useState({});
  useEffect(() => {
    if (!id) return undefined;
    const stop = new AbortController();
    let timer = 0;
    const ask = () =>
      get(address(`/api/imports/${id}`), stop.signal).then(
        ({ data }) => {
          setOwn({ id, doc: data });
          progressed(data);
          if (!isOver(data)) timer = setTimeout(ask, ASK_MS);
        },
        (error) => {
          if (error.name === 'AbortError') return;
          setOwn((before) => ({ ...before, id, error }));
          if (error.status === 0 || error.status >= 500) timer = setTimeout(ask, ASK_MS * 4);
        },
      );
    ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id]);
  const passing = imports.value[id];
  const mine = own.id === id ? own : {};
  const doc = isOver(mine.doc) || !passing || isOver(passing) || (mine.doc?.seconds ?? 0) >= passing.seconds ? mine.doc : { ...mine.doc, ...passing };
  return { doc, error: mine.error };
}

export const cancel = (id) => del(address(`/api/imports/${id}`)).then(({ data }) => data?.import && progressed(data), toastFailure);

/* Rows, bytes, rate and time left, in one line. */
function told(doc) {
  const rate = doc.seconds > 0.2 ? Math.round(doc.rows / doc.seconds) : 0;
  return [
    t('import.rows', { n: doc.rows, shown: { n: count(doc.rows) } }),
    t('import.bytes', { done: formatBytes(doc.bytes), all: formatBytes(doc.bytes_total) }),
    rate > 0 && t('report.speed', { n: count(rate) }),
    doc.seconds_left > 0 && t('import.left', { time: formatSeconds(doc.seconds_left) }),
  ].filter(Boolean).join(' \u00b7 ');
}

export function Watch({ doc, label }) {
  const waiting = !doc || doc.state === 'waiting';
  const share = waiting || !doc.bytes_total ? null : doc.bytes / doc.bytes_total;
  return html`<div class="watch">
    <${Progress} label=${label} share=${share} note=${waiting ? t('import.waiting') : told(doc)} />
    ${doc && !isOver(doc) && html`<button type="button" class="plain" onClick=${() => cancel(doc.import)}><${Icon} name="cross" /> ${t('import.cancel')}</button>`}
  </div>`;
}
