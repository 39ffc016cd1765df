/* Revenue, orders and their average over time: of everything, or of one store or product.
** The range stands in the address; the period is as fine as the range is short. */
import { useMemo, useState } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { SPANS } from '../lib/days.js';
import { count, position } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { here, replace } from '../lib/route.js';
import { range as usual, rangeOf, RANGES, saveSettings } from '../lib/settings.js';
import { t } from '../lib/text.js';
import { ChartCard, Choice } from '../parts/chart_card.js';
import { LineChart, Place } from '../parts/line_chart.js';
import { Failed } from '../parts/state.js';
import { toastFailure } from '../parts/toast.js';
import { amount, ORDER_TABLES, rupees } from './shop.js';

const MEASURES = ['revenue', 'orders', 'average_order_value'];
const shown = (measure, value) => (measure === 'orders' ? count(value) : rupees(value));
const set = (range) => replace(here({ range }));

/* The last day that anything was ordered on. */
function useLastDay() {
  const { answer } = useLive(address('/api/orders/recent'), ORDER_TABLES);
  return useKept(answer)?.data[0]?.order_date ?? null;
}

const finest = ({ from, to }) => {
  const days = from && to ? (Date.parse(to) - Date.parse(from)) / 86400000 : Infinity;
  return days <= 62 ? 'day' : days <= 400 ? 'week' : 'month';
};

const Select = ({ label, value, options, onChange }) => html`<label class="select-small"><span class="hidden">${label}</span>
  <select value=${value} onChange=${(event) => onChange(event.target.value)}>${options.map((o) => html`<option key=${o.id} value=${o.id} selected=${o.id === value}>${o.label}</option>`)}</select>
</label>`;

const Day = ({ name, value, min, max, onChange }) => html`<label class="scope-field"><span>${t(`scope.${name}`)}</span>
  <input type="date" value=${value ?? ''} min=${min} max=${max} onChange=${(event) => event.target.checkValidity() && onChange(event.target.value)} /></label>`;

function Range({ range, days }) {
  const own = range.includes('/');
  const options = [...RANGES.map((id) => ({ id, label: t(`range.${id}`) })), { id: 'own', label: t('scope.preset.own') }];
  const known = RANGES.includes(range) || own ? options : [{ id: range, label: range }, ...options];
  const choose = (id) => set(id === 'own' ? `${days.from ?? ''}/${days.to ?? ''}` : id);
  return html`<${Select} label=${t('scope.days')} value=${own ? 'own' : range} options=${known} onChange=${choose} />
    ${own && html`<${Day} name="from" value=${days.from} max=${days.to} onChange=${(from) => set(`${from}/${days.to ?? ''}`)} /><${Day} name="to" value=${days.to} min=${days.from} onChange=${(to) => set(`${days.from ?? ''}/${to}`)} />`}`;
}

const COLUMNS = [
  { id: 'period', label: t('trend.period'), kind: 'name', value: (row) => row.name },
  { id: 'revenue', label: t('trend.revenue'), align: 'end', value: (row) => amount(row.revenue) },
  { id: 'orders', label: t('trend.orders'), align: 'end', value: (row) => count(row.orders) },
  { id: 'average_order_value', label: t('trend.average_order_value'), align: 'end', value: (row) => amount(row.average_order_value) },
  { id: 'stores', label: t('trend.stores'), align: 'end', value: (row) => count(row.stores) },
];

/* of: { store } or { product }. */
export function Trend({ query, of = {}, range = query.range ?? usual() }) {
  const last = useLastDay();
  const [from, to] = rangeOf(range, last);
  const days = { from: from || null, to: to || null };
  const period = query.period ?? finest(days);
  const [measure, setMeasure] = useState('revenue');
  const { answer, error, again } = useLive(last && address('/api/analytics/trends', { period, ...days, ...of }), ORDER_TABLES);
  const kept = useKept(answer)?.data;
  const rows = useMemo(() => (kept ?? []).map((row) => {
    const at = SPANS[period].start(row.from);
    return { ...row, at, name: SPANS[period].name(at) };
  }), [kept, period]);
  const points = useMemo(() => rows.map((row) => ({ at: row.at, size: position(String(row[measure])), text: `${row.name}  \u00b7  ${shown(measure, row[measure])}` })), [rows, measure]);
  const title = t('trend.title', { measure: t(`trend.${measure}`) });
  const keep = !of.store && !of.product && range !== usual();
  const actions = html`
    <${Select} label=${t('sales.measure')} value=${measure} options=${MEASURES.map((id) => ({ id, label: t(`trend.${id}`) }))} onChange=${setMeasure} />
    <${Choice} label=${t('sales.span.label')} options=${['day', 'week', 'month'].map((id) => ({ id, label: t(`sales.span.${id}`) }))} value=${period} onChange=${(id) => replace(here({ period: id }))} />
    <${Range} range=${range} days=${days} />
    ${keep && html`<button type="button" class="quiet" onClick=${() => saveSettings({ default_date_range: range }).catch(toastFailure)}>${t('range.keep')}</button>`}`;
  if (error && !kept) return html`<${Failed} error=${error} again=${again} />`;
  const choose = (from, to) => set(`${new Date(from * 1000).toISOString().slice(0, 10)}/${new Date(SPANS[period].end(to) * 1000).toISOString().slice(0, 10)}`);
  return html`<${ChartCard} wide title=${title} columns=${COLUMNS} rows=${rows} actions=${actions}>
    ${kept ? html`<${LineChart} points=${points} rest=${t('trend.rest', { from: rows[0]?.name ?? '', to: rows.at(-1)?.name ?? '' })} onSelect=${choose} />` : html`<${Place} />`}
  <//>`;
}
