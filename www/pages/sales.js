/* Sales Analytics: what the clean rows add up to, narrowed by the scope, and the
** rows themselves. Every figure opens the drawer that explains it. */
import { useMemo, useState } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { csvText, saveText } from '../lib/csv.js';
import { dayOf, groupDays, SPANS } from '../lib/days.js';
import { dataset, moneyOf } from '../lib/dataset.js';
import { compare, count, percent, position, sum } from '../lib/decimal.js';
import { scopeOf, shownFigure } from '../lib/figure.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { here, link, replace, SCOPE } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Bars } from '../parts/bars.js';
import { ChartCard, Choice } from '../parts/chart_card.js';
import { LineChart } from '../parts/line_chart.js';
import { PageHead } from '../parts/page_head.js';
import { ScopeBar } from '../parts/scope_bar.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { figureOf, Why } from '../parts/why.js';
import { FigureStats } from './figure_stats.js';
import { RowsCard } from './rows.js';

const BARS_MOST = 10;
const DAYS_DRAWN_SINGLY = 200;
/* What a change must be about to touch these figures. */
const FIGURE_TABLES = ['run', 'sale', 'mangalam_invoices', 'run_undone'];

/* ---- columns of a table of groups ---- */

const measureColumn = (measure, figure) => ({
  id: measure.name,
  label: nameOf('column', measure.name),
  align: 'end',
  value: (row) => html`<${Why} figure=${figure(row, measure.name)} label=${`${row.name}, ${nameOf('measure', measure.name)}`}>${shownFigure(measure.name, row[measure.name])}<//>`,
  plain: (row) => row[measure.name],
});

function groupColumns(label, measures, figure) {
  return [{ id: 'name', label, kind: 'name', value: (row) => row.name, plain: (row) => row.name }, ...measures.map((m) => measureColumn(m, figure))];
}

const download = (name, columns, rows) => () => saveText(`${name}.csv`, csvText(columns.map((c) => ({ heading: c.label, value: c.plain ?? c.value })), rows));

/* ---- by name ---- */

/* The largest, and one bar for all the rest. */
function barsOf(sorted, { total, measure, figure, choose, chosen }) {
  const bar = (row) => ({
    name: row.name,
    size: position(String(row[measure.name])),
    text: shownFigure(measure.name, row[measure.name]),
    figure: figure(row, measure.name),
    note: [measure.name !== 'orders' && t('sales.orders', { n: row.orders, shown: { n: count(row.orders) } }), percent(String(row[measure.name]), String(total), 1)].filter(Boolean).join(' \u00b7 '),
    onOpen: () => choose(row.name),
    chosen: row.name === chosen,
  });
  const rest = sorted.slice(BARS_MOST);
  const bars = sorted.slice(0, rest.length === 1 ? BARS_MOST + 1 : BARS_MOST).map(bar);
  if (rest.length < 2) return bars;
  const others = { name: t('sales.others', { n: count(rest.length) }), orders: rest.reduce((n, row) => n + row.orders, 0) };
  others[measure.name] = measure.kind === 'count' ? rest.reduce((n, row) => n + row[measure.name], 0) : sum(rest.map((row) => row[measure.name]));
  return [...bars, { ...bar(others), size: undefined, figure: null, onOpen: null, chosen: undefined }];
}

function ByName({ group, data, scope, measure }) {
  const rows = data[`by_${group.name}`];
  const label = nameOf('column', group.name);
  const sorted = useMemo(() => [...rows].sort((a, b) => compare(String(b[measure.name]), String(a[measure.name]))), [rows, measure.name]);
  const figure = (row, name) => figureOf(name, { ...scope, [group.name]: row.name });
  const chosen = scope[group.name];
  const choose = (name) => replace(here({ [group.name]: name === chosen ? null : name }));
  const columns = groupColumns(label, data.measures, figure);
  const title = t('sales.by', { measure: nameOf('measure', measure.name), group: label.toLowerCase() });
  return html`<${ChartCard} title=${title} columns=${columns} rows=${sorted} onSave=${download(`${measure.name}_by_${group.name}`, columns, sorted)}>
    <${Bars} rows=${barsOf(sorted, { total: data.totals[measure.name], measure, figure, choose, chosen })} />
  <//>`;
}

/* One of a few, where there is no room for all of them beside each other. */
const Select = ({ label, options, value, onChange }) => html`<label class="select-small"><span class="hidden">${label}</span>
  <select value=${value} onChange=${(event) => onChange(event.target.value)}>${options.map((o) => html`<option key=${o.id} value=${o.id} selected=${o.id === value}>${o.label}</option>`)}</select>
</label>`;

/* ---- by time ---- */

function ByTime({ data, scope, measure, choice }) {
  const [chosen, setSpan] = useState(null);
  const days = data.by_day;
  const span = chosen ?? (days.length > DAYS_DRAWN_SINGLY ? 'week' : 'day');
  const rows = useMemo(() => groupDays(days, span, data.measures), [days, span]);
  const told = (row) => [row.name, shownFigure(measure.name, row[measure.name]), measure.name !== 'orders' && t('sales.orders', { n: row.orders, shown: { n: count(row.orders) } })].filter(Boolean).join('  \u00b7  ');
  const points = useMemo(() => rows.map((row) => ({ at: row.at, size: position(String(row[measure.name])), text: told(row) })), [rows, measure.name]);
  const highest = rows.reduce((best, row) => (compare(String(row[measure.name]), String(best[measure.name])) > 0 ? row : best), rows[0]);
  const within = (row) => ({ from: scope.from > row.from ? scope.from : row.from, to: scope.to && scope.to < row.to ? scope.to : row.to });
  const columns = groupColumns(t('column.span'), data.measures, (row, name) => figureOf(name, { ...scope, ...within(row) }));
  const options = Object.keys(SPANS).map((id) => ({ id, label: t(`sales.span.${id}`) }));
  const narrow = (from, to) => replace(here({ from: within({ from: dayOf(from) }).from, to: within({ to: dayOf(SPANS[span].end(to)) }).to }));
  const actions = html`${(scope.from || scope.to) && html`<a class="quiet" href=${here({ from: null, to: null })}>${t('sales.all_days')}</a>`}
    ${choice}
    <${Choice} label=${t('sales.span.label')} options=${options} value=${span} onChange=${setSpan} />`;
  const title = t('sales.over_time', { measure: nameOf('measure', measure.name) });
  return html`<${ChartCard} wide title=${title} note=${t('sales.drag')} columns=${columns} rows=${rows} actions=${actions} onSave=${download(`${measure.name}_by_${span}`, columns, rows)}>
    <${LineChart} points=${points} rest=${highest ? t('sales.highest', { what: told(highest) }) : ''} onSelect=${narrow} />
  <//>`;
}

/* ---- together ---- */

const Waiting = () => html`<${Skeleton} shape="stats" n=${4} /><${Skeleton} shape="cards" n=${3} />`;

const None = ({ scope, data }) =>
  Object.keys(scope).length
    ? html`<${Empty} icon="chart" title=${t('empty.scope.title')}><p>${t('empty.scope.advice')}</p><a class="button" href=${link('sales', Object.fromEntries(SCOPE.map((name) => [name, null])))}>${t('empty.scope.reset')}</a><//>`
    : html`<${Empty} title=${t('empty.figures.title')}><p>${t('empty.figures.advice')}</p><a class="button" href=${link('imports/new')}>${t('empty.figures.import')}</a><//>`;

function Figures({ data, scope, busy }) {
  const [chosen, setMeasure] = useState(null);
  const measure = data.measures.find((m) => m.name === (chosen ?? moneyOf())) ?? data.measures[0];
  if (!data.totals.orders) return html`<${None} scope=${scope} data=${data} />`;
  const options = data.measures.map((m) => ({ id: m.name, label: nameOf('measure', m.name) }));
  return html`<div class="stack" aria-busy=${String(busy)}>
    <${FigureStats} scope=${scope} label=${t('sales.total.title')} measures=${[moneyOf(), 'orders', 'quantity', 'average']} values=${data.totals} />
    <div class="cards">
      <${ByTime} data=${data} scope=${scope} measure=${measure} choice=${html`<${Select} label=${t('sales.measure')} options=${options} value=${measure.name} onChange=${setMeasure} />`} />
      ${data.groups.filter((g) => g.kind === 'code').map((group) => html`<${ByName} key=${group.name} group=${group} data=${data} scope=${scope} measure=${measure} />`)}
    </div>
    <${RowsCard} scope=${scope} total=${data.totals.orders} />
  </div>`;
}

export function Sales({ query }) {
  const scope = scopeOf(query);
  const { answer, error, again } = useLive(address('/api/figures', { as: dataset.value, ...scope }), FIGURE_TABLES);
  const shown = useKept(answer)?.data;
  return html`<div class="page">
    <${PageHead} title=${t('page.sales')} note=${t('page_note.sales')} />
    <${ScopeBar} />
    ${error && !answer ? html`<${Failed} error=${error} again=${again} />` : shown ? html`<${Figures} data=${shown} scope=${scope} busy=${!answer} />` : html`<${Waiting} />`}
  </div>`;
}
