/* Controls Summary: which rules judged the rows, what each of them found, and what
** would be touched if one changed. */
import { address, useKept } from '../lib/api.js';
import { csvText, saveText } from '../lib/csv.js';
import { dataset } from '../lib/dataset.js';
import { count, percent } from '../lib/decimal.js';
import { scopeOf } from '../lib/figure.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Drawer } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { ScopeBar } from '../parts/scope_bar.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { figureOf, InDrawer, Why } from '../parts/why.js';
import { ImpactList } from './impact.js';

const TABLES = ['run', 'rule', 'reject', 'run_undone'];
const EFFECT_TONE = { catches: 'ok', silent: 'plain', off: 'warn' };

const Rate = ({ c }) => {
  const all = c.passed + c.failed;
  return html`<span class="rate"><span class="meter" aria-hidden="true"><span style=${{ '--share': all ? c.passed / all : 0 }}></span></span><span>${percent(c.passed, all, 2) || t('stat.none')}</span></span>`;
};

const columnsOf = (scope, effects) => [
  { id: 'control', label: t('column.control'), kind: 'name', sort: (c) => nameOf('control', c.control), value: (c) => html`<a href=${link(at('rules', c.control))}>${nameOf('control', c.control)}</a>`, plain: (c) => c.control },
  { id: 'version', label: t('column.version'), align: 'end', sort: (c) => c.version, value: (c) => t('controls.version', { n: c.version }), plain: (c) => c.version },
  { id: 'stage', label: t('column.stage'), sort: (c) => nameOf('stage', c.stage), value: (c) => nameOf('stage', c.stage), plain: (c) => c.stage },
  { id: 'field', label: t('column.field'), sort: (c) => nameOf('field', c.field), value: (c) => nameOf('field', c.field), plain: (c) => c.field },
  { id: 'category', label: t('column.category'), sort: (c) => nameOf('category', c.category), value: (c) => nameOf('category', c.category), plain: (c) => c.category },
  { id: 'passed', label: t('column.passed'), align: 'end', sort: (c) => c.passed, value: (c) => html`<${Why} figure=${figureOf('rejected', { ...scope, control: c.control })} label=${nameOf('control', c.control)}>${count(c.passed)}<//>`, plain: (c) => c.passed },
  {
    id: 'failed',
    label: t('column.failed'),
    align: 'end',
    sort: (c) => c.failed,
    value: (c) => html`<${Why} figure=${figureOf('rejected', { ...scope, control: c.control })} label=${nameOf('control', c.control)}>${count(c.failed)}<//>`,
    plain: (c) => c.failed,
  },
  { id: 'rate', label: t('column.rate'), align: 'end', sort: (c) => c.passed / (c.passed + c.failed || 1), value: (c) => html`<${Rate} c=${c} />`, plain: (c) => percent(c.passed, c.passed + c.failed, 2) },
  ...(effects.size
    ? [{ id: 'effective', label: t('column.effective'), value: (c) => effects.has(c.control) && html`<${Badge} tone=${EFFECT_TONE[effects.get(c.control).effective]}>${nameOf('effective', effects.get(c.control).effective)}<//>`, plain: (c) => effects.get(c.control)?.effective }]
    : []),
  {
    id: 'links',
    label: t('column.links'),
    value: (c) => html`<span class="cell-links">
      ${c.failed > 0 && html`<a href=${link('exceptions', { ...scope, control: c.control })} aria-label=${t('controls.open', { n: count(c.failed), control: nameOf('control', c.control) })}>${t('controls.exceptions')}</a>`}
      <${InDrawer} kind="impact" value=${`rule:${c.control}`} label=${t('controls.impact_of', { control: nameOf('control', c.control) })}>${t('controls.impact')}<//>
    </span>`,
    plain: () => '',
  },
];

function headline(controls, scope) {
  const failing = controls.filter((c) => c.failed);
  const worst = failing.reduce((a, b) => (b.failed > (a?.failed ?? 0) ? b : a), null);
  return [
    { id: 'controls', label: t('controls.all'), value: count(new Set(controls.map((c) => c.control)).size), href: link('rules') },
    { id: 'failing', label: t('controls.failing'), value: count(new Set(failing.map((c) => c.control)).size), href: link('exceptions', { ...scope, state: 'all' }) },
    { id: 'worst', label: t('controls.worst'), value: worst ? nameOf('control', worst.control) : t('stat.none'), why: worst ? figureOf('rejected', { ...scope, control: worst.control }) : undefined, note: worst && t('controls.failed_rows', { n: worst.failed, shown: { n: count(worst.failed) } }) },
  ];
}

function Summary({ data, scope, busy }) {
  const governed = useKept(useLive(address('/api/governance', { as: dataset.value }), TABLES).answer)?.data;
  const effects = new Map((governed?.controls ?? []).map((c) => [c.control, c]));
  const columns = columnsOf(scope, effects);
  const save = () => saveText('controls.csv', csvText(columns.filter((c) => c.id !== 'links').map((c) => ({ heading: c.label, value: c.plain })), data.controls));
  const actions = html`<button type="button" class="quiet" onClick=${save}><${Icon} name="download" /> ${t('table.csv')}</button>`;
  if (!data.controls.length) return html`<${Card} title=${t('page.controls')}><${Empty} title=${t('empty.controls.title')}><p>${t('empty.controls.advice')}</p><//><//>`;
  return html`<div class="stack controls" aria-busy=${String(busy)}>
    <${Stats} label=${t('stat.all')} rows=${headline(data.controls, scope)} />
    <${Card} title=${t('controls.title')} note=${t('controls.note')} actions=${actions}>
      <${Table} caption=${t('controls.title')} columns=${columns} rows=${data.controls} keyOf=${(c) => `${c.control}/${c.version}`} sort=${{ id: 'failed', down: true }} />
    <//>
  </div>`;
}

export function Controls({ query }) {
  const scope = scopeOf(query, ['run']);
  const { answer, error, again } = useLive(address('/api/quality', { as: dataset.value, ...scope }), TABLES);
  const data = useKept(answer)?.data;
  return html`<div class="page">
    <${PageHead} title=${t('page.controls')} note=${t('page_note.controls')} />
    <${ScopeBar} only=${['run']} />
    ${error && !answer ? html`<${Failed} error=${error} again=${again} />` : data ? html`<${Summary} data=${data} scope=${scope} busy=${!answer} />` : html`<${Skeleton} shape="cards" n=${2} />`}
  </div>`;
}

/* ---- what breaks if it changes: impact=rule:NAME, file:RUN, column:FIELD, list:NAME ---- */

export function ImpactDrawer({ value, onClose }) {
  const [, kind, name] = /^(\w+):(.*)$/.exec(value) ?? [];
  const what = kind === 'rule' ? nameOf('control', name) : name;
  return html`<${Drawer} title=${t('controls.impact_of', { control: what ?? value })} note=${t('impact.note')} onClose=${onClose}>
    ${kind ? html`<${ImpactList} subject=${{ [kind]: name }} />` : html`<p>${t('controls.no_impact', { value })}</p>`}
  <//>`;
}
