/* Exceptions: every rejected row with its original line and all its faults. */
import { useRef, useState } from 'preact/hooks';
import { address, useAnswer } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { here, replace, route } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Choice } from '../parts/chart_card.js';
import { Drawer } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { Original, Reasons } from './original.js';

const ROWS = 50;

const COLUMNS = [
  { id: 'line', label: t('column.line'), align: 'end', kind: 'name', value: (row) => count(row.line) },
  { id: 'reason', label: t('column.reason'), value: (row) => html`<${Reasons} faults=${row.faults} />` },
  { id: 'category', label: t('column.category'), value: (row) => html`<span class="badge tone-plain">${nameOf('category', row.category)}</span>` },
  { id: 'raw', label: t('column.original'), kind: 'code', value: (row) => html`<${Original} raw=${row.raw} faults=${row.faults} />` },
];
const FAULTS = [
  { id: 'field', label: t('column.field'), kind: 'name', value: (row) => nameOf('field', row.field) },
  { id: 'value', label: t('column.value'), kind: 'code', value: (row) => (row.value ? html`<code>${row.value}</code>` : html`<em>${t('exceptions.blank')}</em>`) },
  { id: 'reason', label: t('column.reason'), value: (row) => row.reason },
  { id: 'control', label: t('column.control'), value: (row) => `${nameOf('control', row.control)} \u00b7 ${t('controls.version', { n: row.version })}` },
];

function Detail({ row, onClose }) {
  const facts = [
    ['line', count(row.line)],
    ['category', nameOf('category', row.category)],
    ['stage', nameOf('stage', row.stage)],
    ['state', nameOf('exception_state', row.state)],
    ['record', count(row.record)],
  ];
  return html`<${Drawer} title=${t('exceptions.detail', { line: count(row.line) })} onClose=${onClose}>
    <h3>${t('column.original')}</h3>
    <pre class="original-block" tabindex="0"><${Original} raw=${row.raw} faults=${row.faults} /></pre>
    <h3>${t('exceptions.faults', { n: row.faults.length })}</h3>
    <${Table} caption=${t('exceptions.faults', { n: row.faults.length })} columns=${FAULTS} rows=${row.faults} />
    <dl class="details">${facts.map(([id, value]) => html`<div key=${id}><dt>${t(`column.${id}`)}</dt><dd>${value}</dd></div>`)}</dl>
  <//>`;
}

/* ---- filters ---- */

function Filters({ run, filter, onFilter }) {
  const byCategory = Object.entries(run.rejected).filter(([, n]) => n);
  const options = [{ id: '', label: t('exceptions.all'), mark: count(run.rows.rejected) }, ...byCategory.map(([id, n]) => ({ id, label: nameOf('category', id), mark: count(n) }))];
  const controls = run.controls.filter((c) => c.failed);
  return html`<div class="filters">
    <${Choice} label=${t('column.category')} options=${options} value=${filter.category ?? ''} onChange=${(category) => onFilter({ ...filter, category })} />
    <label class="field">
      <span>${t('column.control')}</span>
      <select value=${filter.control ?? ''} onChange=${(event) => onFilter({ ...filter, control: event.target.value })}>
        <option value="">${t('exceptions.any')}</option>
        ${controls.map((c) => html`<option key=${c.control} value=${c.control}>${nameOf('control', c.control)} (${count(c.failed)})</option>`)}
      </select>
    </label>
  </div>`;
}

function Pager({ from, rows, total, onBack, onNext }) {
  return html`<div class="pager">
    <span role="status">${t('pager.shown', { from: count(from + 1), to: count(from + rows), total: count(total) })}</span>
    <button type="button" class="quiet" disabled=${!onBack} onClick=${onBack}><${Icon} name="back" /> ${t('pager.back')}</button>
    <button type="button" class="quiet" disabled=${!onNext} onClick=${onNext}>${t('pager.next')} <${Icon} name="next" /></button>
  </div>`;
}

/* ---- together ---- */

function Rows({ run, filter }) {
  const [pages, setPages] = useState([0]); /* ids to go on after; the last is the page shown */
  const [open, setOpen] = useState(null);
  const after = pages[pages.length - 1];
  const path = address(`/api/runs/${encodeURIComponent(run.run)}/exceptions`, { ...filter, limit: ROWS, after });
  const { answer, error, again } = useAnswer(path);
  const last = useRef(null);
  if (answer) last.current = answer;
  const shown = answer ?? last.current; /* the old page stays until the new one is there */
  if (error) return html`<${Failed} error=${error} again=${again} />`;
  if (!shown) return html`<${Skeleton} shape="table" n=${8} />`;
  if (!shown.data.length) return html`<${Empty} icon="check" title=${t('empty.filter.title')}><p>${t('empty.filter.advice')}</p><//>`;
  return html`
    <${Table} caption=${t('page.exceptions')} columns=${COLUMNS} rows=${shown.data} keyOf=${(row) => row.id} busy=${!answer}
      onOpen=${setOpen} openLabel=${(row) => t('exceptions.detail', { line: count(row.line) })} />
    <${Pager} from=${(pages.length - 1) * ROWS} rows=${shown.data.length} total=${shown.total}
      onBack=${pages.length > 1 && (() => setPages(pages.slice(0, -1)))}
      onNext=${answer?.next ? () => setPages([...pages, answer.next]) : null} />
    ${open && html`<${Detail} row=${open} onClose=${() => setOpen(null)} />`}
  `;
}

export function Exceptions({ run }) {
  const { category, control } = route.value.query;
  const filter = { category, control };
  if (!run.rows.rejected)
    return html`<${Card} title=${t('page.exceptions')}><${Empty} icon="check" title=${t('empty.rejected.title')}><p>${t('empty.rejected.advice')}</p><//><//>`;
  return html`<${Card} title=${t('page.exceptions')} note=${t('exceptions.note')}>
    <${Filters} run=${run} filter=${filter} onFilter=${(to) => replace(here(to))} />
    <${Rows} key=${`${category}|${control}`} run=${run} filter=${filter} />
  <//>`;
}
