/* One run: what it is, its figures, the proof, what the reader decided, what it did;
** and its undoing. */
import { useState } from 'preact/hooks';
import { address, post, useAnswer } from '../lib/api.js';
import { moneyOf } from '../lib/dataset.js';
import { count, money, percent } from '../lib/decimal.js';
import { formatBytes, formatMoment, formatSeconds, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { confirm } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { Tick } from '../parts/tick.js';
import { toastFailure } from '../parts/toast.js';
import { InDrawer, figureOf } from '../parts/why.js';
import { isOver, useImport, Watch } from './import_watch.js';
import { Repeated } from './repeated.js';
import { useRun } from './use_run.js';
import { RunState } from './run_state.js';
import { Timeline } from './timeline.js';
import { UndoDialog } from './undo.js';

/* ---- headline ---- */

/* A run that has ended explains its figures; of one under way or failed there are none. */
function headline(run) {
  const why = (measure) => (run.state === 'done' || run.state === 'undone' ? figureOf(measure, { run: run.run }, run.dataset) : undefined);
  const { read, clean, rejected, created, updated, unchanged } = run.rows;
  const parts = created === undefined ? percent(clean, read, 2) : [t('run.created', { n: count(created) }), updated && t('run.updated', { n: count(updated) }), unchanged && t('import.unchanged', { n: count(unchanged) })].filter(Boolean).join(', ');
  return [
    { id: 'read', label: t('stat.read'), value: count(read), why: why('read'), note: formatSeconds(run.seconds) },
    { id: 'clean', label: t('stat.clean'), value: count(clean), why: why('clean'), note: parts },
    { id: 'rejected', label: t('stat.rejected'), value: count(rejected), ...(rejected && !run.undone ? { href: link('exceptions', { run: run.run, state: 'all' }) } : { why: why('rejected') }), tone: rejected ? 'bad' : undefined, note: percent(rejected, read, 2) },
    { id: 'quality', label: t('stat.quality'), value: percent(clean, read, 2) || t('stat.none'), why: why('quality'), share: read ? clean / read : 0 },
    { id: 'revenue', label: t('stat.revenue'), value: money(run[moneyOf(run.dataset)]), why: why(moneyOf(run.dataset)), note: t('stat.clean_only') },
  ];
}

export function Proof({ run }) {
  const bad = run.audits.filter((audit) => !audit.ok).length;
  const words = bad ? t('proof.bad', { n: bad, all: run.audits.length }) : t('proof.ok', { n: run.audits.length });
  if (!run.audits.length) return html`<p class="proof">${t(run.state === 'running' ? 'proof.running' : 'proof.none')}</p>`;
  return html`<a class=${`proof ${bad ? 'proof-bad' : 'proof-ok'}`} href=${link('audit', { run: run.run })}>
    <span class="proof-ticks">${run.audits.map((audit) => html`<${Tick} key=${audit.check} ok=${audit.ok} label=${`${nameOf('check', audit.check)}: ${t(audit.ok ? 'tick.ok' : 'tick.bad')}`} />`)}</span>
    <span class="proof-words">${words}</span>
    <${Icon} name="next" />
  </a>`;
}

/* ---- what the reader made of the file ---- */

const DECISIONS = [
  { id: 'subject', label: t('column.subject'), kind: 'name', value: (row) => nameOf('subject', row.subject) },
  { id: 'decision', label: t('column.decision'), value: (row) => row.decision },
  { id: 'evidence', label: t('column.evidence'), value: (row) => row.evidence },
];
const odditiesOf = (run) => [
  { id: 'text', label: t('column.oddity'), kind: 'name', value: (row) => row.text },
  { id: 'line', label: t('column.first_line'), align: 'end', value: (row) => (row.line ? html`<${InDrawer} kind="line" value=${`${run.run}:${row.line}`} label=${t('row.line_open', { line: count(row.line) })}>${count(row.line)}<//>` : '') },
  { id: 'count', label: t('column.count'), align: 'end', value: (row) => count(row.count) },
];
const MAPPING = [
  { id: 'field', label: t('column.field'), kind: 'name', value: (row) => nameOf('field', row.field) },
  { id: 'heading', label: t('column.heading'), value: (row) => row.heading },
  { id: 'how', label: t('column.how'), value: (row) => nameOf('how', row.how) },
];

/* A card with a table, or with a sentence instead of an empty table. */
const TableCard = ({ title, columns, rows, none }) => html`<${Card} title=${title}>
  ${rows.length ? html`<${Table} caption=${title} columns=${columns} rows=${rows} />` : html`<p class="note">${none}</p>`}
<//>`;

const UNUSED_SHOWN = 12; /* columns; more are behind their number */
function Unused({ names }) {
  const list = html`<span class="chips">${names.map((name) => html`<code key=${name}>${name}</code>`)}</span>`;
  return names.length > UNUSED_SHOWN ? html`<details><summary>${t('catalogue.columns', { n: names.length })}</summary>${list}</details>` : list;
}

const Source = ({ run }) => html`<${Card} title=${t('quality.source')}>
  <dl class="details">
    <div><dt>${t('quality.path')}</dt><dd class="wrap">${run.source}</dd></div>
    <div><dt>${t('quality.bytes')}</dt><dd>${formatBytes(run.bytes ?? 0)}</dd></div>
    ${run.unique?.length > 0 && html`<div><dt>${t('run.unique')}</dt><dd class="chips">${run.unique.map((name) => html`<code key=${name}>${name}</code>`)}</dd></div>`}
    ${run.existing && html`<div><dt>${t('import.existing.title')}</dt><dd>${t(`import.existing.${run.existing}.name`)}</dd></div>`}
    ${run.unknown_columns.length > 0 && html`<div><dt>${t('quality.unknown')}</dt><dd><${Unused} names=${run.unknown_columns} /></dd></div>`}
    <div><dt>${t('quality.sha256')}</dt><dd><code class="wrap">${run.sha256}</code></dd></div>
    ${run.memory_bytes > 0 && html`<div><dt>${t('quality.memory')}</dt><dd>${formatBytes(run.memory_bytes)}</dd></div>`}
  </dl>
<//>`;

/* Every exported table, with what it holds of this run. */
function Downloads({ run }) {
  const { answer } = useAnswer(address('/api/tables'));
  const own = (answer?.data ?? []).filter(({ name, columns }) => name !== 'runs' && (name !== 'audit_log' || may('audit.read')) && columns.some((column) => column.name === 'run_id'));
  if (!own.length) return null;
  return html`<${Card} title=${t('run.downloads')} note=${t('run.downloads_note')}>
    <ul class="downloads">
      ${own.map(({ name }) => html`<li key=${name}><a class="quiet" download href=${address(`/api/tables/${name}`, { format: 'csv', run: run.run })}><${Icon} name="download" /> ${nameOf('table_name', name)}</a></li>`)}
      ${may('audit.read') && html`<li><a class="quiet" download href=${address('/api/proof', { run: run.run })}><${Icon} name="shield" /> ${t('run.proof')}</a></li>`}
    </ul>
  <//>`;
}

/* Undone by somebody, or by the run that judged the same bytes again. */
function Undone({ undone }) {
  const when = { when: formatMoment(undone.at), who: undone.actor };
  if (!undone.replaced_by) return html`<p class="notice tone-plain"><${Icon} name="undo" /> <span>${t('run.undone', when)}</span></p>`;
  return html`<p class="notice tone-plain"><${Icon} name="again" /> <span>${t('run.replaced', when)} <a href=${link(at('imports', undone.replaced_by), { run: null })}>${t('trial.new_run')}</a></span></p>`;
}

/* ---- acts ---- */

function Rejudge({ run, onBusy }) {
  const act = async () => {
    if (!(await confirm({ title: t('rejudge.title'), text: t('rejudge.text'), ok: t('rejudge.do') }))) return;
    post(address(`/api/runs/${encodeURIComponent(run.run)}/rejudge`)).then(({ data }) => onBusy(data.import), toastFailure);
  };
  return html`<button type="button" class="plain" onClick=${act}><${Icon} name="again" /> ${t('rejudge.button')}</button>`;
}

function Judging({ id }) {
  const { doc } = useImport(id);
  if (!isOver(doc)) return html`<${Card} title=${t('rejudge.going')}><${Watch} doc=${doc} label=${t('rejudge.going')} /><//>`;
  if (doc.state !== 'done') return html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${doc.message ?? t('import.cancelled')}</span></p>`;
  return html`<p class="notice tone-ok" role="status"><${Icon} name="check" /> <span>${t('rejudge.done')} <a href=${link(`imports/${doc.run}`)}>${t('import.to.run')}</a></span></p>`;
}

/* What a server can do it says by what it tells of a run. */
export const canUndo = (run) => (run.state === 'done' || run.state === 'undone') && 'undone' in run;

function Actions({ run, onUndo, onBusy }) {
  const done = run.state === 'done' || run.state === 'undone';
  const action = run.undone ? 'redo' : 'undo';
  return html`
    ${may('data.write') && canUndo(run) && !run.undone?.replaced_by && html`<button type="button" class="plain" onClick=${() => onUndo(action)}><${Icon} name=${action} /> ${t(`${action}.button`)}</button>`}
    ${may('data.write') && done && !run.undone && ['file', 'rejudge'].includes(run.kind) && html`<${Rejudge} run=${run} onBusy=${onBusy} />`}
    ${done && html`<a class="plain" href=${link('compare', { a: run.run, b: 'current' })}><${Icon} name="compare" /> ${t('run.compare')}</a>`}
    <button type="button" class="quiet print-button" onClick=${() => globalThis.print()}><${Icon} name="print" /> ${t('report.print')}</button>
  `;
}

const Waiting = () => html`<div class="page" role="status" aria-label=${t('report.loading')}>
  <${Skeleton} shape="title" n=${2} />
  <${Skeleton} shape="stats" n=${5} />
  <${Skeleton} shape="cards" n=${3} />
</div>`;

export function Run({ id }) {
  const { run, error, again } = useRun(id);
  const [undo, setUndo] = useState(null);
  const [busy, setBusy] = useState(null);
  if (error && !run) return html`<${Failed} page error=${error} again=${again} />`;
  if (!run) return html`<${Waiting} />`;
  const facts = [nameOf('dataset', run.dataset), nameOf('kind', run.kind ?? 'file'), formatMoment(run.started), run.rows_per_second > 0 && t('report.speed', { n: count(Math.round(run.rows_per_second)) }), run.actor];
  const source = formatSource(run.source);
  return html`<article class="page" data-run=${run.run} data-state=${run.state}>
    <${PageHead} title=${source} back=${{ href: link('imports'), label: t('page.imports') }} badge=${html`<${RunState} run=${run} />`}
      actions=${html`<${Actions} run=${run} onUndo=${setUndo} onBusy=${setBusy} />`}>
      <p class="facts">${facts.filter(Boolean).map((fact, i) => html`<span key=${i}>${fact}</span>`)}<code title=${t('report.run')}>${run.run}</code></p>
    <//>
    ${run.undone && html`<${Undone} undone=${run.undone} />`}
    ${run.replaces && html`<p class="notice tone-plain"><${Icon} name="again" /> <span>${t('run.replaces')} <a href=${link(at('imports', run.replaces), { run: null })}>${t('run.replaces_it')}</a></span></p>`}
    ${run.message && html`<p class="notice tone-bad"><${Icon} name="warn" /> <span>${run.message}</span></p>`}
    ${run.state === 'done' && html`<${Repeated} result=${run} stored />`}
    ${busy && html`<${Judging} id=${busy} />`}
    <${Stats} label=${t('stat.all')} rows=${headline(run)} />
    <${Proof} run=${run} />
    <div class="columns">
      <${TableCard} title=${t('quality.mapping')} columns=${MAPPING} rows=${run.mapping} none=${t('quality.no_mapping')} />
      <${Source} run=${run} />
      <${TableCard} title=${t('quality.decisions')} columns=${DECISIONS} rows=${run.decisions} none=${t('quality.no_decisions')} />
      <${TableCard} title=${t('quality.oddities')} columns=${odditiesOf(run)} rows=${run.oddities} none=${t('quality.no_oddities')} />
      <${Card} title=${t('audit.timeline')}><${Timeline} steps=${run.timeline} /><//>
      <${Downloads} run=${run} />
    </div>
    ${undo && html`<${UndoDialog} run=${run.run} source=${source} action=${undo} onClose=${() => setUndo(null)} onDone=${again} />`}
  </article>`;
}
