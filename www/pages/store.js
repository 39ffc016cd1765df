/* One store: who it is, how it does, what it is expected to order, and what it agreed to. */
import { address, put, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { toast } from '../parts/toast.js';
import { Acts } from './calls.js';
import { Trend } from './dashboard_trend.js';
import { Bought, useBought } from './bought.js';
import { Explained, ruleColumns, usePredictionLines } from './predictions.js';
import { History } from './record.js';
import { amount, Churn, Facts, ORDER_TABLES, orderLink, Phone, PREDICTION_TABLES, rupees, Scores, State, useNamed } from './shop.js';

const ORDERS_SHOWN = 8;

/* ---- what kind of customer it is ---- */

function Segment({ segment }) {
  if (!segment) return html`<${Card} title=${t('segments.one')}><p class="note">${t('segments.not_yet')}</p><//>`;
  return html`<${Card} title=${t('segments.one')} actions=${html`<${State} of="value" state=${segment.segment_value} />`}>
    <p class="segment-name"><b>${segment.segment_name}</b> <${Scores} segment=${segment} /></p>
    <p class="note">${t('segments.why', { last: formatDay(segment.last_order), orders: count(segment.orders), often: String(segment.order_frequency), revenue: rupees(segment.total_revenue) })}</p>
  <//>`;
}

/* ---- what it is expected to order ---- */

function Next({ id, name }) {
  const { answer } = useLive(address('/api/predicted-orders', { store: id, limit: 1 }), PREDICTION_TABLES);
  const prediction = useKept(answer)?.data[0];
  const lines = usePredictionLines(prediction);
  if (!answer) return html`<${Card} title=${t('predictions.next')}><${Skeleton} n=${4} /><//>`;
  if (!prediction) return html`<${Card} title=${t('predictions.next')}><p class="note">${t('predictions.no_next')}</p><//>`;
  return html`<${Card} title=${t('predictions.next')} actions=${html`<${State} of="priority" state=${prediction.priority} />`}>
    <${Explained} prediction=${prediction} lines=${lines} />
    <div class="card-acts"><${Acts} prediction=${prediction} name=${name} /></div>
  <//>`;
}

function Suggestions({ id }) {
  const { answer } = useLive(address(`/api/upselling/suggestions/${at(id)}`), ['upselling_recommendations', ...ORDER_TABLES]);
  const products = useNamed('products');
  const rows = useKept(answer)?.data;
  if (!rows?.length) return html`<${Card} title=${t('upselling.for_store')}><p class="note">${t('upselling.none')}</p><//>`;
  return html`<${Card} title=${t('upselling.for_store')} note=${t('upselling.for_store_note')}>
    <${Table} caption=${t('upselling.for_store')} columns=${ruleColumns(products)} rows=${rows} keyOf=${(row) => row.product_id} />
  <//>`;
}

/* ---- what was agreed ---- */

const FIELDS = [
  { name: 'call_frequency', kind: 'text' },
  { name: 'payment_terms', kind: 'integer' },
  { name: 'credit_limit', kind: 'decimal' },
  { name: 'auto_approve_predictions', kind: 'boolean' },
].map((field) => ({ ...field, label: t(`preference.${field.name}`), help: t(`preference.${field.name}_help`) }));

function Preferences({ id, name }) {
  const path = address(`/api/stores/${at(id)}/preferences`);
  const { answer } = useLive(path, ['store_preferences']);
  const own = useKept(answer)?.data;
  const save = async (_, changed) => {
    await put(path, changed);
    toast({ text: t('preference.saved', { store: name }) });
  };
  return html`<${Card} title=${t('preference.title')}>
    ${own ? html`<${Form} key=${JSON.stringify(FIELDS.map((field) => own[field.name]))} fields=${may('sales.write') ? FIELDS : FIELDS.map((field) => ({ ...field, disabled: true }))} value=${own} onSave=${save} />` : html`<${Skeleton} n=${4} />`}
  <//>`;
}

/* ---- what it ordered ---- */

const ORDERS = [
  { id: 'number', label: t('shop_column.number'), kind: 'name', value: orderLink },
  { id: 'order_date', label: t('shop_column.day'), value: (row) => formatDay(row.order_date) },
  { id: 'status', label: t('shop_column.status'), value: (row) => html`<${State} of="order" state=${row.status} />` },
  { id: 'total_amount', label: t('shop_column.amount'), align: 'end', value: (row) => amount(row.total_amount) },
];

const Orders = ({ id, orders }) => html`<${Card} title=${t('stores.orders')} actions=${html`<a class="quiet" href=${link('orders', { store: id })}>${t('stores.all_orders')}</a>`}>
  ${orders.length ? html`<${Table} caption=${t('stores.orders')} columns=${ORDERS} rows=${orders.slice(0, ORDERS_SHOWN)} keyOf=${(row) => row.id ?? row.invoice_id} />` : html`<p class="note">${t('orders.none')}</p>`}
<//>`;

const Contact = ({ store }) => html`<${Card} title=${t('stores.contact')} actions=${may('sales.write') && html`<a class="quiet" href=${link(at('records', 'store', store.id))}><${Icon} name="edit" /> ${t('stores.edit')}</a>`}>
  <${Facts} rows=${[
    [t('shop_column.phone'), store.phone && html`<${Phone} of=${store} />`],
    [t('stores.email'), store.email && html`<a href=${`mailto:${store.email}`}>${store.email}</a>`],
    [t('stores.address'), [store.address, [store.pin, store.city].filter(Boolean).join(' '), store.state].filter(Boolean).join(', ')],
    [t('shop_column.salesperson'), store.salesperson],
    ['GSTIN', store.gstin],
    store.notes && [t('stores.notes'), store.notes],
  ]} />
<//>`;

/* ---- together ---- */

export function Store({ id, query }) {
  const { answer, error, again } = useLive(address(`/api/stores/${at(id)}`), ['stores', ...ORDER_TABLES]);
  const store = useKept(answer)?.data;
  const kind = useKept(useLive(store ? address('/api/customer-segments', { 'filter[store_id][eq]': store.id, limit: 1 }) : null, ['customer_segments']).answer);
  const bought = useBought(store ? { store: store.id } : null);
  if (error && !store) return html`<${Failed} page error=${error} again=${again} />`;
  if (!store) return html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="cards" n=${4} /></div>`;
  const segment = kind?.data[0];
  const actions = may('sales.write') && html`<a class="button" href=${link('orders/new', { store: store.id })}><${Icon} name="plus" /> ${t('orders.new')}</a>`;
  const head = segment && [
    { id: 'revenue', label: t('shop_column.revenue'), value: rupees(segment.total_revenue) },
    { id: 'orders', label: t('shop_column.orders'), value: count(segment.orders) },
    { id: 'last', label: t('shop_column.last_order'), value: formatDay(segment.last_order) },
    { id: 'churn', label: t('shop_column.churn'), value: html`<${Churn} risk=${segment.churn_risk} />` },
  ];
  return html`<div class="page">
    <${PageHead} title=${store.name} note=${[store.customer_id, store.city].filter(Boolean).join(' \u00b7 ')} back=${{ href: link('stores'), label: t('page.stores') }} badge=${store.status !== 'active' && html`<${State} of="store" state=${store.status} />`} actions=${actions} />
    ${head && html`<${Stats} label=${store.name} rows=${head} />`}
    <${Trend} query=${query} of=${{ store: store.id }} range=${query.range ?? 'all'} />
    <div class="columns">
      <${Next} id=${store.id} name=${store.name} />
      <${Segment} segment=${segment} />
      <${Bought} title=${t('stores.buys')} rows=${bought} of="product" />
      <${Orders} id=${store.id} orders=${store.orders ?? []} />
      <${Suggestions} id=${store.id} />
      <${Contact} store=${store} />
      <${Preferences} id=${store.id} name=${store.name} />
      <${History} entity=${HISTORY} id=${store.id} />
    </div>
  </div>`;
}

/* Enough of the entity for its history. */
const HISTORY = { name: 'store', table: 'stores', properties: ['customer_id', 'name', 'address', 'city', 'state', 'pin', 'phone', 'email', 'gstin', 'salesperson', 'status', 'notes'].map((name) => ({ name })) };
