/* Sales Analytics: what the clean rows add up to. */
import { useMemo, useState } from 'preact/hooks';
import { compare, count, divide, money, parse, percent, position, quantity, sum } from '../lib/decimal.js';
import { formatDay, formatMonth } from '../lib/format.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Bars } from '../parts/bars.js';
import { Card } from '../parts/card.js';
import { ChartCard, Choice } from '../parts/chart_card.js';
import { LineChart } from '../parts/line_chart.js';
import { Empty } from '../parts/state.js';
import { Stats } from '../parts/stat.js';

const BARS_MOST = 10;
const DAYS_DRAWN_SINGLY = 200;

const columnsOf = (label) => [
  { id: 'name', label, kind: 'name', value: (row) => row.name },
  { id: 'orders', label: t('column.orders'), align: 'end', value: (row) => count(row.orders) },
  { id: 'quantity', label: t('column.quantity'), align: 'end', value: (row) => quantity(row.quantity) },
  { id: 'revenue', label: t('column.revenue'), align: 'end', value: (row) => money(row.revenue) },
];
const SPAN_COLUMNS = [
  { id: 'name', label: t('column.span'), kind: 'name', value: (row) => row.name },
  { id: 'orders', label: t('column.orders'), align: 'end', value: (row) => count(row.orders) },
  { id: 'revenue', label: t('column.revenue'), align: 'end', value: (row) => money(row.revenue) },
];

/* ---- by name ---- */

function bar(row, total) {
  return {
    name: row.name,
    size: position(row.revenue),
    text: money(row.revenue),
    note: [t('sales.orders', { n: row.orders, shown: { n: count(row.orders) } }), percent(row.revenue, total)].filter(Boolean).join(' \u00b7 '),
  };
}

/* The largest, and one bar for all the rest. */
function barsOf(sorted, total) {
  const rest = sorted.slice(BARS_MOST);
  const bars = sorted.slice(0, BARS_MOST).map((row) => bar(row, total));
  if (rest.length === 1) return [...bars, bar(rest[0], total)];
  if (!rest.length) return bars;
  const orders = rest.reduce((n, row) => n + row.orders, 0);
  const others = { name: t('sales.others', { n: count(rest.length) }), orders, revenue: sum(rest.map((row) => row.revenue)) };
  return [...bars, { ...bar(others, total), size: undefined }];
}

function ByName({ title, label, rows, total }) {
  const sorted = useMemo(() => [...rows].sort((a, b) => compare(b.revenue, a.revenue)), [rows]);
  return html`<${ChartCard} title=${title} columns=${columnsOf(label)} rows=${sorted}>
    <${Bars} rows=${barsOf(sorted, total)} />
  <//>`;
}

/* ---- by time ---- */

const DAY_S = 86400;
const secondsOf = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;
/* Monday of the week: 1970-01-01 was a Thursday. */
const weekOf = (at) => at - ((((at / DAY_S + 3) % 7) + 7) % 7) * DAY_S;
const isoOf = (at) => new Date(at * 1000).toISOString();

const SPANS = {
  day: { start: (day) => secondsOf(day), name: (at) => formatDay(isoOf(at)) },
  week: { start: (day) => weekOf(secondsOf(day)), name: (at) => t('sales.week', { day: formatDay(isoOf(at)) }) },
  month: { start: (day) => secondsOf(`${day.slice(0, 7)}-01`), name: (at) => formatMonth(isoOf(at)) },
};

function groupDays(days, span) {
  const { start, name } = SPANS[span];
  const groups = new Map();
  for (const row of days) {
    const at = start(row.day);
    const group = groups.get(at) ?? { at, name: name(at), orders: 0, parts: [] };
    group.orders += row.orders;
    group.parts.push(row.revenue);
    groups.set(at, group);
  }
  return [...groups.values()].sort((a, b) => a.at - b.at).map((g) => ({ ...g, revenue: sum(g.parts) }));
}

const told = (row) => [row.name, money(row.revenue), t('sales.orders', { n: row.orders, shown: { n: count(row.orders) } })].join('  \u00b7  ');

function ByTime({ days, lead }) {
  const [span, setSpan] = useState(days.length > DAYS_DRAWN_SINGLY ? 'week' : 'day');
  const rows = useMemo(() => groupDays(days, span), [days, span]);
  const points = useMemo(() => rows.map((row) => ({ at: row.at, size: position(row.revenue), text: told(row) })), [rows]);
  const highest = rows.reduce((best, row) => (compare(row.revenue, best.revenue) > 0 ? row : best), rows[0]);
  const options = Object.keys(SPANS).map((id) => ({ id, label: t(`sales.span.${id}`) }));
  const choice = html`<${Choice} label=${t('sales.span.label')} options=${options} value=${span} onChange=${setSpan} />`;
  return html`<${ChartCard} wide title=${t('sales.by_time')} columns=${SPAN_COLUMNS} rows=${rows} actions=${choice} lead=${lead}>
    <${LineChart} points=${points} rest=${t('sales.highest', { what: told(highest) })} />
  <//>`;
}

/* ---- together ---- */

/* Revenue of an order, exact to the paisa. */
function mean(revenue, orders) {
  const d = parse(revenue);
  if (!d || !orders) return '';
  const cents = divide(d.v * 100n, BigInt(orders) * 10n ** BigInt(d.scale));
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return money(`${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`);
}

export function Sales({ run }) {
  const { totals, by_region: regions, by_product: products, by_day: days } = run;
  if (!run.rows.clean)
    return html`<${Card} title=${t('page.sales')}><${Empty} title=${t('empty.clean.title')}><p>${t(`empty.${run.state === 'done' ? (run.rows.read ? 'clean' : 'rows') : 'ended'}.advice`)}</p><//><//>`;
  const rows = [
    { id: 'orders', label: t('sales.total.orders'), value: count(totals.orders) },
    { id: 'quantity', label: t('sales.total.quantity'), value: quantity(totals.quantity) },
    { id: 'mean', label: t('sales.total.mean'), value: mean(totals.revenue, totals.orders) },
  ];
  return html`<div class="cards">
    <${ByTime} key=${run.run} days=${days} lead=${html`<${Stats} label=${t('sales.total.title')} rows=${rows} />`} />
    <${ByName} title=${t('sales.by_region')} label=${t('column.region')} rows=${regions} total=${totals.revenue} />
    <${ByName} title=${t('sales.by_product')} label=${t('column.product')} rows=${products} total=${totals.revenue} />
  </div>`;
}
