/* Who is to be called today: stores whose next order is due, the most important first. */
import { address, patch, post, useKept } from '../lib/api.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';
import { amount, Because, Confidence, MOST, ORDER_TABLES, Phone, PREDICTION_TABLES, rupees, State, storeLink, today, useNamed, When } from './shop.js';

const SHOWN = 4;

/* ---- what is done about a prediction ---- */

export async function accept(prediction, name) {
  try {
    const { data } = await post(address('/api/orders/generate'), { prediction_id: prediction.id });
    toast({ text: t('predictions.accepted', { store: name, number: data.number }), href: link(at('orders', data.id)), hrefLabel: t('orders.show') });
  } catch (error) {
    toastFailure(error);
  }
}

export async function dismiss(prediction, name) {
  const set = (status) => patch(address(`/api/predicted-orders/${at(prediction.id)}`), { status });
  try {
    await set('rejected');
    toast({ text: t('predictions.dismissed', { store: name }), action: { label: t('predictions.take_back'), run: () => set('pending').catch(toastFailure) } });
  } catch (error) {
    toastFailure(error);
  }
}

export function Acts({ prediction, name }) {
  if (!may('sales.write') || prediction.status !== 'pending') return null;
  return html`<span class="cell-acts">
    <a class="button" href=${link('orders/new', { prediction: prediction.id })}>${t('predictions.order')}<span class="hidden"> ${name}</span></a>
    <button type="button" class="plain" onClick=${() => accept(prediction, name)}>${t('predictions.accept')}<span class="hidden"> ${name}</span></button>
    <button type="button" class="quiet square" title=${t('predictions.dismiss')} aria-label=${`${t('predictions.dismiss')} ${name}`} onClick=${() => dismiss(prediction, name)}><${Icon} name="cross" /></button>
  </span>`;
}

/* ---- the list ---- */

/* { due, total, day, error, again }: pending predictions up to that day, the most important first. The day
** is today, or of older data the day after its last one. */
function useDue(limit) {
  const { answer, error, again } = useLive(address('/api/predicted-orders', { due: today(), limit }), [...PREDICTION_TABLES, ...ORDER_TABLES]);
  const { data, total, day } = useKept(answer) ?? {};
  const due = data?.map((row) => ({ ...row, name: row.store_name ?? row.store_id.slice(-6) }));
  return { due, total, day, error, again };
}

const Since = ({ day }) => day && day !== today() && html`<p class="note">${t('calls.since', { day: formatDay(day) })}</p>`;

const columnsOf = (stores) => [
  { id: 'store', label: t('shop_column.store'), kind: 'name', value: (row) => html`${storeLink(row.store_id, row.name)}${stores.get(row.store_id)?.city && html`<p class="note">${stores.get(row.store_id).city}</p>`}` },
  { id: 'priority', label: t('shop_column.priority'), value: (row) => html`<${State} of="priority" state=${row.priority} />` },
  { id: 'phone', label: t('shop_column.phone'), value: (row) => html`<${Phone} of=${stores.get(row.store_id)} />` },
  { id: 'predicted_date', label: t('shop_column.due'), value: (row) => html`<${When} day=${row.predicted_date} />` },
  { id: 'total_amount', label: t('shop_column.expected'), align: 'end', value: (row) => amount(row.total_amount) },
  { id: 'confidence', label: t('shop_column.confidence'), value: (row) => html`<${Confidence} prediction=${row} /> <${Because} id=${row.id} label=${row.name} />` },
  { id: 'act', label: t('table.act'), quiet: true, align: 'end', value: (row) => html`<${Acts} prediction=${row} name=${row.name} />` },
];

export function Calls() {
  const { due, day, error, again } = useDue(MOST);
  const columns = columnsOf(useNamed('stores'));
  let body = html`<${Skeleton} shape="table" n=${6} />`;
  if (error && !due) body = html`<${Failed} error=${error} again=${again} />`;
  else if (due && !due.length) body = html`<${Empty} icon="check" title=${t('calls.none')}><p>${t('calls.none_advice')}</p><//>`;
  else if (due) body = html`<${Table} caption=${t('calls.title')} columns=${columns} rows=${due} keyOf=${(row) => row.id} />`;
  return html`<div class="page">
    <${PageHead} title=${t('calls.title')} note=${t('calls.note')} back=${{ href: link('stores'), label: t('page.stores') }} />
    <${Card} title=${t('calls.list')}><${Since} day=${day} />${body}<//>
  </div>`;
}

/* The first of them, as a part of the dashboard. */
export function DueCard() {
  const { due, total, day } = useDue(SHOWN);
  const all = html`<a class="quiet" href=${link('stores/calls')}>${t('calls.all')}</a>`;
  let body = html`<${Skeleton} n=${4} />`;
  if (due && !due.length) body = html`<p class="note">${t('calls.none')}</p>`;
  else if (due) body = html`<ul class="due">${due.map((row) => html`<li key=${row.id}>
    <div>${storeLink(row.store_id, row.name)} <${State} of="priority" state=${row.priority} /><p class="note"><${When} day=${row.predicted_date} /> \u00b7 ${rupees(row.total_amount)}<br /><${Confidence} prediction=${row} /></p></div>
    ${may('sales.write') && html`<a class="plain" href=${link('orders/new', { prediction: row.id })}>${t('predictions.order')}<span class="hidden"> ${row.name}</span></a>`}
  </li>`)}</ul>`;
  return html`<${Card} title=${t('calls.today', { n: total ?? '' })} actions=${total > 0 && all}><${Since} day=${day} />${body}<//>`;
}
