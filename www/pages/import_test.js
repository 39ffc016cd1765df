/* Step 3: the whole way with nothing stored, and what would come of it. */
import { moneyOf } from '../lib/dataset.js';
import { count, money, percent, quantity } from '../lib/decimal.js';
import { formatSeconds } from '../lib/format.js';
import { html } from '../lib/html.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Bars } from '../parts/bars.js';
import { Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { Empty } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { figureOf } from '../parts/why.js';
import { Original, Reasons } from './original.js';
import { draft } from './import_draft.js';
import { isOver, Watch } from './import_watch.js';
import { Repeated } from './repeated.js';

/* run: the one that stored them, if any: then each figure explains itself. */
export function outcome(rows, run, of) {
  const why = (measure) => (run ? figureOf(measure, { run }, of) : undefined);
  return [
    { id: 'read', label: t('stat.read'), value: count(rows.read), why: why('read') },
    { id: 'created', label: t('import.created'), value: count(rows.created), why: why('clean'), note: t('import.created_note') },
    { id: 'updated', label: t('import.updated'), value: count(rows.updated), why: why('clean'), note: t('import.unchanged', { n: count(rows.unchanged) }) },
    { id: 'rejected', label: t('stat.rejected'), value: count(rows.rejected), why: why('rejected'), tone: rows.rejected ? 'bad' : undefined, note: percent(rows.rejected, rows.read, 2) },
    { id: 'quality', label: t('stat.quality'), value: percent(rows.clean, rows.read, 2) || t('stat.none'), why: why('quality'), share: rows.read ? rows.clean / rows.read : 0 },
  ];
}

const SAMPLE_AT_FIRST = 10;

const CONTROLS = [
  { id: 'control', label: t('column.control'), kind: 'name', value: (row) => html`<a href=${link(at('rules', row.control))}>${nameOf('control', row.control)}</a>` },
  { id: 'stage', label: t('column.stage'), value: (row) => nameOf('stage', row.stage) },
  { id: 'failed', label: t('column.failed'), align: 'end', value: (row) => count(row.failed) },
];
const SAMPLE = [
  { id: 'line', label: t('column.line'), align: 'end', kind: 'name', value: (row) => count(row.line) },
  { id: 'reason', label: t('column.reason'), value: (row) => html`<${Reasons} faults=${row.faults} />` },
  { id: 'raw', label: t('column.original'), kind: 'code', value: (row) => html`<${Original} raw=${row.raw} faults=${row.faults} />` },
];

const categories = (result) =>
  Object.entries(result.rejected).filter(([, n]) => n).sort((a, b) => b[1] - a[1]).map(([name, n]) => ({ name: nameOf('category', name), size: n, text: count(n), note: t('quality.share', { share: percent(n, result.rows.read, 2) }) }));

function Rejected({ result }) {
  const failed = result.controls.filter((c) => c.failed).sort((a, b) => b.failed - a.failed);
  if (!result.rows.rejected) return html`<${Card} title=${t('import.rejected')}><${Empty} icon="check" title=${t('empty.rejected.title')}><p>${t('empty.rejected.advice')}</p><//><//>`;
  return html`
    <div class="two">
      <${Card} title=${t('quality.rejected')}><${Bars} rows=${categories(result)} tone="bad" /><//>
      <${Card} title=${t('import.by_control')}><${Table} caption=${t('import.by_control')} columns=${CONTROLS} rows=${failed} keyOf=${(row) => row.control} /><//>
    </div>
    ${result.sample?.length > 0 && html`<${Card} title=${t('import.rejected')} note=${t('import.rejected_note', { n: count(result.sample.length), all: count(result.rows.rejected) })}>
      <${Table} caption=${t('import.rejected')} columns=${SAMPLE} rows=${result.sample} first=${SAMPLE_AT_FIRST} keyOf=${(row) => row.record} />
    <//>`}
  `;
}

const Figures = ({ figures, seconds, as }) => html`<${Card} title=${t('import.figures')} note=${t('import.figures_note', { time: formatSeconds(seconds) })}>
  <${Stats} label=${t('import.figures')} rows=${[
    { id: 'orders', label: t('column.orders'), value: count(figures.orders) },
    { id: 'quantity', label: t('column.quantity'), value: quantity(figures.quantity) },
    { id: 'revenue', label: t(`column.${moneyOf(as)}`), value: money(figures[moneyOf(as)]) },
  ]} />
<//>`;

export const Ended = ({ doc }) => html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${doc.state === 'cancelled' ? t('import.cancelled') : doc.message ?? t('import.failed')}</span></p>`;

export function TestStep({ test }) {
  const { doc, error } = test;
  if (error && !doc) return html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${error.message}</span></p>`;
  if (!isOver(doc)) return html`<div class="card"><${Watch} doc=${doc} label=${t('import.testing')} /></div>`;
  if (!doc.result) return html`<${Ended} doc=${doc} />`;
  const { result } = doc;
  return html`
    <p class=${`notice tone-${result.rows.clean ? 'ok' : 'warn'}`} role="status"><${Icon} name=${result.rows.clean ? 'check' : 'warn'} /> <span>${t(result.rows.clean ? 'import.tested' : 'import.none_clean')}</span></p>
    ${result.rows.edits > 0 && html`<p class="notice tone-warn" data-notice="edits"><${Icon} name="warn" /> <span>${t('import.edits', { n: count(result.rows.edits) })}</span></p>`}
    <${Repeated} result=${result} />
    <${Stats} label=${t('stat.all')} rows=${outcome(result.rows)} />
    ${result.figures && result.rows.clean > 0 && html`<${Figures} figures=${result.figures} seconds=${result.seconds} as=${draft.value.as} />`}
    <${Rejected} result=${result} />
  `;
}
