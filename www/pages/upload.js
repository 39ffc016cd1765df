/* An invoices file: sent, taken in batches by a job, and what comes of it as it goes. */
import { useEffect, useState } from 'preact/hooks';
import { address, get } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatSeconds } from '../lib/format.js';
import { html } from '../lib/html.js';
import { here, link, replace } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { DropZone } from '../parts/drop_zone.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Progress } from '../parts/progress.js';
import { Sending, useSending } from '../parts/sending.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { bringFile, brought } from './import_draft.js';
import { Reasons } from './original.js';

const ASK_MS = 500;
const went = (doc) => doc.status === 'completed';
/* Also when all that follows from it is there. */
const isOver = (doc) => ['failed', 'cancelled'].includes(doc.status) || (went(doc) && (!doc.run || doc.followed));

/* { doc, error } of a job, asked until it is over. */
function useStatus(job) {
  const [state, setState] = useState({});
  useEffect(() => {
    if (!job) return undefined;
    const stop = new AbortController();
    let timer = 0;
    const ask = () => get(address(`/api/bulk-upload/status/${encodeURIComponent(job)}`), stop.signal).then(
      ({ data }) => {
        setState({ job, doc: data });
        if (!isOver(data)) timer = setTimeout(ask, ASK_MS);
      },
      (error) => {
        if (error.name === 'AbortError') return;
        setState((old) => ({ ...old, job, error }));
        if (error.status !== 404) timer = setTimeout(ask, ASK_MS * 4);
      },
    );
    ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [job]);
  return state.job === job ? state : {};
}

/* ---- as it goes ---- */

const ERRORS = [
  { id: 'line', label: t('column.line'), align: 'end', kind: 'name', value: (row) => count(row.line) },
  { id: 'category', label: t('column.category'), value: (row) => nameOf('category', row.category) },
  { id: 'reason', label: t('column.reason'), value: (row) => html`<${Reasons} faults=${row.faults} />` },
];

function Going({ doc }) {
  const { progress, errors = [], breaker } = doc;
  const done = isOver(doc);
  const tone = went(doc) ? (doc.failed_records ? 'warn' : 'ok') : done ? 'bad' : undefined;
  return html`
    ${done && html`<p class=${`notice tone-${tone}`} role="status"><${Icon} name=${tone === 'ok' ? 'check' : 'warn'} /> <span>${t(went(doc) ? (doc.failed_records ? 'upload.done_some' : 'upload.done') : 'upload.failed', { n: doc.failed_records, shown: { n: count(doc.failed_records) } })} ${!went(doc) && doc.cause}</span></p>`}
    <${Card} title=${t(`upload.title_${done ? 'done' : 'going'}`)}>
      <${Progress} label=${t('upload.going')} share=${Number(progress) / 100} tone=${went(doc) ? 'ok' : done ? 'bad' : undefined} note=${t(went(doc) && !done ? 'upload.following' : 'upload.rows', { n: count(doc.processed_records) })} />
      <${Stats} label=${t('upload.going')} rows=${[
        { id: 'processed', label: t('upload.processed'), value: count(doc.processed_records) },
        { id: 'failed', label: t('upload.failed_rows'), value: count(doc.failed_records), tone: doc.failed_records ? 'bad' : undefined },
        { id: 'batches', label: t('upload.batches'), value: count(doc.batches), note: doc.failed_batches ? t('upload.failed_batches', { n: doc.failed_batches }) : null },
        { id: 'time', label: t('upload.time'), value: formatSeconds(doc.duration_ms / 1000) },
        { id: 'breaker', label: t('upload.breaker'), value: nameOf('breaker', breaker.state), tone: breaker.state === 'closed' ? undefined : 'warn' },
      ].filter(Boolean)} />
      ${errors.length > 0 && html`<h3>${t('upload.errors')}</h3><${Table} caption=${t('upload.errors')} columns=${ERRORS} rows=${errors} first=${20} />`}
    <//>
    ${done && went(doc) && html`<div class="next-steps"><a class="button" href=${link('dashboard')}><${Icon} name="board" /> ${t('upload.to_dashboard')}</a>
      ${doc.failed_records > 0 && html`<a class="plain" href=${link('exceptions', { run: doc.run })}>${t('upload.to_exceptions')}</a>`}
      <button type="button" class="plain" onClick=${() => replace(here({ file: null }))}>${t('upload.another')}</button></div>`}
    ${done && !went(doc) && html`<div class="next-steps"><button type="button" class="button" onClick=${() => replace(here({ file: null }))}>${t('upload.another')}</button>
      <a class="plain" href=${link('imports/new')}>${t('upload.to_wizard')}</a></div>`}`;
}

function Failure({ error, file }) {
  return html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${error.message || t('import.not_sent', { name: file.name })}</span></p>`;
}

export function Upload({ query }) {
  const { state, send, stop } = useSending((file) => address('/api/bulk-upload', { filename: file.name }), (data) => replace(here({ file: data.job_id })));
  const { doc, error } = useStatus(query.file);
  useEffect(() => { /* dropped anywhere on the page */
    if (!brought.value) return;
    const file = brought.value;
    brought.value = null;
    send(file);
  }, [brought.value]);
  let body;
  if (state && !state.error) body = html`<${Sending} state=${state} onStop=${stop} />`;
  else if (doc) body = html`<${Going} doc=${doc} />`;
  else if (query.file && !error) body = null;
  else {
    body = html`${(state?.error || error) && html`<${Failure} error=${state?.error ?? error} file=${state?.file ?? { name: '' }} />`}
      <${DropZone} title=${t('upload.drop')} note=${t('upload.drop_note')} button=${t('drop.button')} accept=".csv,.txt,.tsv,.gz,text/csv" onFile=${bringFile} />
      <${Card} title=${t('upload.columns')} note=${t('upload.columns_note')}><ul class="chips">${['invoice_id', 'invoice_date', 'customer_id', 'customer_name', 'product_id', 'item_name', 'quantity', 'total'].map((name) => html`<li key=${name}><code>${name}</code></li>`)}</ul><//>`;
  }
  return html`<div class="page page-narrow"><${PageHead} title=${t('upload.title')} note=${t('upload.note')} back=${{ href: link('dashboard'), label: t('page.dashboard') }} />${body}</div>`;
}
