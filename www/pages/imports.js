/* Imports: every run, newest first; those under way on top, as they go. */
import { useState } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { count, percent } from '../lib/decimal.js';
import { formatAgo, formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { imports, running, useLive } from '../lib/live.js';
import { at, here, link, replace } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Choice } from '../parts/chart_card.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { figureOf, Why } from '../parts/why.js';
import { ImportWizard } from './import.js';
import { useImport, Watch } from './import_watch.js';
import { Run } from './run.js';
import { RunState } from './run_state.js';

const RUNS_AT_ONCE = 50;
const KINDS = ['', 'file', 'correction', 'edit', 'rejudge'];
const kindOf = (run) => run.kind ?? 'file';

/* Every figure leads to what is behind it: the explanation, the list, or the report. An
** undone run has no exceptions on the desk. */
const own = (run) => run.state === 'done' || run.state === 'undone';
const figure = (measure, label, show) => (run) => (own(run) ? html`<${Why} figure=${figureOf(measure, { run: run.run }, run.dataset)} label=${t(`column.${label}`)}>${show(run)}<//>` : show(run));
const inReport = (show) => (run) => html`<a href=${link(at('imports', run.run))}>${show(run)}</a>`;
function rejected(run) {
  const n = count(run.rows.rejected);
  if (!run.rows.rejected || run.undone || !own(run)) return figure('rejected', 'rejected', () => n)(run);
  return html`<a class="ink-bad" href=${link('exceptions', { run: run.run, state: 'all' })}>${n}</a>`;
}

const when = (run) => html`<time datetime=${run.started} title=${formatMoment(run.started)}>${formatAgo(run.started)}</time>`;

const COLUMNS = [
  { id: 'source', label: t('column.source'), kind: 'name', value: (run) => html`<a href=${link(at('imports', run.run))} data-run=${run.run}>${formatSource(run.source)}</a>` },
  { id: 'state', label: t('column.state'), value: (run) => html`<${RunState} run=${run} />` },
  { id: 'kind', label: t('column.kind'), value: (run) => nameOf('kind', kindOf(run)) },
  { id: 'read', label: t('column.read'), align: 'end', value: figure('read', 'read', (run) => count(run.rows.read)) },
  { id: 'created', label: t('column.created'), align: 'end', value: inReport((run) => count(run.rows.created ?? run.rows.clean)) },
  { id: 'updated', label: t('column.updated'), align: 'end', value: inReport((run) => count(run.rows.updated ?? 0)) },
  { id: 'rejected', label: t('column.rejected'), align: 'end', value: rejected },
  { id: 'quality', label: t('column.quality'), align: 'end', value: figure('quality', 'quality', (run) => percent(run.rows.clean, run.rows.read) || t('stat.none')) },
  { id: 'when', label: t('column.when'), value: when },
  { id: 'actor', label: t('column.actor'), value: (run) => run.actor },
];

function List({ query }) {
  const [limit, setLimit] = useState(RUNS_AT_ONCE);
  const { answer, error, again } = useLive(address('/api/runs', { limit }));
  const shown = useKept(answer);
  if (error && !shown) return html`<${Failed} error=${error} again=${again} />`;
  if (!shown) return html`<${Skeleton} shape="table" n=${8} />`;
  const runs = shown.data.filter((run) => !query.kind || kindOf(run) === query.kind);
  return html`
    ${runs.length
      ? html`<div class="import-list"><${Table} caption=${t('page.imports')} columns=${COLUMNS} rows=${runs} keyOf=${(run) => run.run} busy=${!answer} /></div>`
      : html`<${Empty} title=${t('empty.kind.title')}><p>${t('empty.kind.advice')}</p><//>`}
    ${shown.data.length < shown.total && html`<button type="button" class="more" onClick=${() => setLimit(limit + RUNS_AT_ONCE)}>${t('runs.more', { n: count(shown.total - shown.data.length) })}</button>`}
  `;
}

function One({ id, name }) {
  const { doc } = useImport(id);
  return html`<li><p><b>${name}</b></p><${Watch} doc=${doc} label=${t('import.going_of', { name })} /></li>`;
}

/* Those under way, above those that are done. */
function Running() {
  const list = imports.value && running();
  if (!list.length) return null;
  return html`<${Card} title=${t('imports.running')}>
    <ul class="running">${list.map((doc) => html`<${One} key=${doc.import} id=${doc.import} name=${doc.name} />`)}</ul>
  <//>`;
}

function ImportList({ query }) {
  const kinds = KINDS.map((id) => ({ id, label: id ? t(`kinds.${id}`) : t('exceptions.all') }));
  return html`<div class="page">
    <${PageHead} title=${t('page.imports')} note=${t('imports.note')} />
    <${Running} />
    <${Card} title=${t('runs.title')} actions=${html`<${Choice} label=${t('column.kind')} options=${kinds} value=${query.kind ?? ''} onChange=${(kind) => replace(here({ kind }))} />`}>
      <${List} query=${query} />
    <//>
  </div>`;
}

export function Imports({ id, query }) {
  if (!id) return html`<${ImportList} query=${query} />`;
  if (id === 'new') return html`<${ImportWizard} />`;
  return html`<${Run} id=${id} query=${query} />`;
}
