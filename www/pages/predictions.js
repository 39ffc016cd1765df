/* What stores are expected to order (#/predictions), what kind of customers they are
** (#/predictions/segments), and what goes with what (#/predictions/upselling). Why something
** is expected is a drawer (because=ID). */
import { useMemo } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { useEndless } from '../lib/endless.js';
import { formatDay, withDays } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, here, link, replace } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Choice } from '../parts/chart_card.js';
import { Drawer } from '../parts/dialog.js';
import { PageHead } from '../parts/page_head.js';
import { SearchBox } from '../parts/search_box.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { Acts } from './calls.js';
import { amount, Because, Churn, Confidence, Facts, MOST, number, ORDER_TABLES, PREDICTION_TABLES, productLink, rupees, Scores, share, State, storeLink, UploadLink, useNamed, When } from './shop.js';

const WEIGHT = ['high', 'medium', 'low'];
const STATES = ['pending', 'approved', 'rejected', ''];
const VALUES = ['', 'high', 'medium', 'low'];
const NOTHING = () => {}; /* is asked for when others are looked at: all of them are there */

/* ---- the head of the three ---- */

const TABS = [['predictions', 'predictions.title'], ['predictions/segments', 'segments.title'], ['predictions/upselling', 'upselling.title']];
const Head = ({ here: own, note }) => html`<${PageHead} title=${t(TABS.find(([path]) => path === own)[1])} note=${note}>
  <nav class="sub-nav" aria-label=${t('page.predictions')}><ul>${TABS.map(([path, name]) => html`<li key=${path}><a href=${link(path)} aria-current=${path === own ? 'page' : undefined}>${t(name)}</a></li>`)}</ul></nav>
<//>`;

/* The server searches: of a long list only what is seen is drawn, so the browser's own search does not find the rest. */
const Search = ({ query, example }) => html`<div class="filters"><${SearchBox} label=${t('records.search')} find=${t('records.find')} value=${query.q} placeholder=${t(example)} onSearch=${(q) => replace(here({ q }))} /></div>`;

/* A list whose rows come as they are looked at, told in one place. */
function Rows({ list, caption, columns, none, order, sort, searched, keyOf = (row) => row.id }) {
  const { rows, total, error, again, stale, need } = list;
  if (error && !rows) return html`<${Failed} error=${error} again=${again} />`;
  if (!rows) return html`<${Skeleton} shape="table" n=${8} />`;
  if (!rows.length) return searched ? html`<${Empty} icon="search" title=${t('find.none', { text: searched })}><a class="plain" href=${here({ q: null })}>${t('find.all')}</a><//>` : none;
  const sorted = order ? { order, onOrder: ({ id, down }) => replace(here({ sort: `${down ? '-' : ''}${id}` })) } : { sort };
  return html`<${Table} caption=${caption} columns=${columns} rows=${rows} total=${total} onNeed=${need} keyOf=${keyOf} busy=${stale} first=${rows.length} ...${sorted} />
    <p class="pager"><span role="status">${t('records.total', { n: total, shown: { n: count(total) } })}</span></p>`;
}

/* ---- predictions ---- */

const predictionColumns = () => {
  const name = (row) => row.store_name;
  return [
    { id: 'store_id', label: t('shop_column.store'), kind: 'name', sort: name, value: (row) => storeLink(row.store_id, name(row)) },
    { id: 'predicted_date', label: t('shop_column.due'), sort: (row) => row.predicted_date, value: (row) => html`<${When} day=${row.predicted_date} />` },
    { id: 'priority', label: t('shop_column.priority'), sort: (row) => WEIGHT.indexOf(row.priority), value: (row) => html`<${State} of="priority" state=${row.priority} />` },
    { id: 'confidence', label: t('shop_column.confidence'), sort: (row) => Number(row.confidence), value: (row) => html`<${Confidence} prediction=${row} /> <${Because} id=${row.id} label=${name(row)} />` },
    { id: 'total_amount', label: t('shop_column.expected'), align: 'end', sort: (row) => Number(row.total_amount), value: (row) => amount(row.total_amount) },
    { id: 'act', label: t('table.act'), quiet: true, align: 'end', value: (row) => (row.status === 'pending' ? html`<${Acts} prediction=${row} name=${name(row)} />` : html`<${State} of="prediction" state=${row.status} />`) },
  ];
};

function List({ query }) {
  const state = query.state ?? 'pending';
  const { answer, error, again } = useLive(address('/api/predicted-orders', { status: state, q: query.q, limit: MOST }), [...PREDICTION_TABLES, ...ORDER_TABLES]);
  const kept = useKept(answer);
  const list = { rows: kept?.data, total: kept?.total, error, again, stale: !answer, need: NOTHING };
  const columns = useMemo(predictionColumns, []);
  const states = STATES.map((id) => ({ id: id || 'all', label: id ? nameOf('shop_prediction', id) : t('shop.all') }));
  const none = html`<${Empty} icon="check" title=${t('predictions.none')}><p>${t('predictions.none_advice')}</p><${UploadLink} /><//>`;
  return html`<div class="page">
    <${Head} here="predictions" note=${t('predictions.note')} />
    <${Card} title=${t('predictions.list')} actions=${html`<${Choice} label=${t('predictions.state')} options=${states} value=${state} onChange=${(id) => replace(here({ state: id }))} />`}>
      <${Search} query=${query} example="predictions.search" />
      <${Rows} list=${list} caption=${t('predictions.title')} columns=${columns} none=${none} searched=${query.q} sort=${{ id: 'predicted_date' }} />
    <//>
  </div>`;
}

/* ---- segments ---- */

const segmentColumns = (stores) => [
  { id: 'store_id', label: t('shop_column.store'), kind: 'name', value: (row) => storeLink(row.store_id, stores.get(row.store_id)?.name) },
  { id: 'segment_name', label: t('shop_column.segment'), sort: true, value: (row) => row.segment_name },
  { id: 'segment_value', label: t('shop_column.value'), sort: true, value: (row) => html`<${State} of="value" state=${row.segment_value} />` },
  { id: 'total_revenue', label: t('shop_column.revenue'), align: 'end', sort: true, value: (row) => amount(row.total_revenue) },
  { id: 'orders', label: t('shop_column.orders'), align: 'end', sort: true, value: (row) => count(row.orders) },
  { id: 'last_order', label: t('shop_column.last_order'), sort: true, value: (row) => formatDay(row.last_order) },
  { id: 'scores', label: t('segments.scores'), value: (row) => html`<${Scores} segment=${row} />` },
  { id: 'churn_risk', label: t('shop_column.churn'), align: 'end', sort: true, value: (row) => html`<${Churn} risk=${row.churn_risk} />` },
];

/* How many stores there are of each kind; choosing one narrows the list. */
function Kinds({ query }) {
  const { answer } = useLive(address('/api/customer-segments', { fields: 'segment_name', limit: MOST }), ['customer_segments']);
  const rows = useKept(answer)?.data;
  if (!rows?.length) return null;
  const kinds = Map.groupBy ? Map.groupBy(rows, (row) => row.segment_name) : rows.reduce((map, row) => map.set(row.segment_name, [...(map.get(row.segment_name) ?? []), row]), new Map());
  const stats = [...kinds].sort((a, b) => b[1].length - a[1].length).map(([name, own]) => ({ id: name, label: name, value: count(own.length), href: here({ segment: query.segment === name ? null : name }) }));
  return html`<${Stats} label=${t('segments.title')} rows=${stats} />`;
}

function Segments({ query }) {
  const sort = query.sort ?? '-total_revenue';
  const list = useEndless((cursor, limit) => address('/api/customer-segments', { 'filter[segment_value][eq]': query.value, 'filter[segment_name][eq]': query.segment, sort, limit, cursor }), ['customer_segments']);
  const stores = useNamed('stores');
  const columns = useMemo(() => segmentColumns(stores), [stores]);
  const values = VALUES.map((id) => ({ id, label: id ? nameOf('shop_value', id) : t('shop.all') }));
  const none = html`<${Empty} icon="user" title=${t('segments.none')}><p>${t('segments.none_advice')}</p><${UploadLink} /><//>`;
  const actions = html`${query.segment && html`<a class="chip" href=${here({ segment: null })}>${query.segment} \u00d7</a>`}<${Choice} label=${t('shop_column.value')} options=${values} value=${query.value ?? ''} onChange=${(value) => replace(here({ value }))} />`;
  return html`<div class="page">
    <${Head} here="predictions/segments" note=${t('segments.note')} />
    <${Kinds} query=${query} />
    <${Card} title=${t('segments.list')} actions=${actions}>
      <${Rows} list=${list} caption=${t('segments.title')} columns=${columns} none=${none} order=${{ id: sort.replace('-', ''), down: sort.startsWith('-') }} />
    <//>
  </div>`;
}

/* ---- what goes with what ---- */

export const ruleColumns = (products) => [
  { id: 'product_id', label: t('upselling.product'), kind: 'name', value: (row) => productLink(row.product_id, products.get(row.product_id)?.name ?? row.product) },
  { id: 'reason', label: t('upselling.reason'), value: (row) => row.reason },
  { id: 'confidence', label: t('upselling.confidence'), align: 'end', sort: (row) => Number(row.confidence), value: (row) => share(row.confidence) },
  { id: 'support', label: t('upselling.support'), align: 'end', sort: (row) => Number(row.support), value: (row) => share(row.support) },
  { id: 'lift', label: t('upselling.lift'), align: 'end', sort: (row) => Number(row.lift), value: (row) => t('upselling.times', { n: Number(row.lift).toFixed(1) }) },
];

function Upselling({ query }) {
  const { answer, error, again } = useLive(address('/api/analytics/rules', { q: query.q, limit: MOST }), ['upselling_recommendations', ...ORDER_TABLES]);
  const kept = useKept(answer);
  const list = { rows: kept?.data, total: kept?.total, error, again, stale: !answer, need: NOTHING };
  const products = useNamed('products');
  const columns = useMemo(() => [{ id: 'because_id', label: t('upselling.because'), kind: 'name', sort: (row) => row.because, value: (row) => productLink(row.because_id, row.because) }, ...ruleColumns(products).map((column) => ({ ...column, kind: undefined }))], [products]);
  const none = html`<${Empty} icon="boxes" title=${t('upselling.none')}><p>${t('upselling.none_advice')}</p><${UploadLink} /><//>`;
  return html`<div class="page">
    <${Head} here="predictions/upselling" note=${t('upselling.note')} />
    <${Card} title=${t('upselling.list')}>
      <${Search} query=${query} example="upselling.search" />
      <${Rows} list=${list} caption=${t('upselling.title')} columns=${columns} none=${none} searched=${query.q} sort=${{ id: 'confidence', down: true }} keyOf=${(row) => `${row.because_id}/${row.product_id}`} />
    <//>
  </div>`;
}

/* ---- why it is expected ---- */

const LINES = (products) => [
  { id: 'product_id', label: t('shop_column.product'), kind: 'name', value: (row) => productLink(row.product_id, products.get(row.product_id)?.name ?? row.product) },
  { id: 'quantity', label: t('shop_column.quantity'), align: 'end', value: (row) => number(row.quantity) },
  { id: 'total_price', label: t('shop_column.amount'), align: 'end', value: (row) => amount(row.total_price) },
  { id: 'chance', label: t('predictions.chance'), align: 'end', value: (row) => share(row.chance) },
];

/* What the server says it follows from. */
const TOLD = ['history', 'interval', 'usual_interval', 'outliers', 'as_of', 'amount_method', 'amount_error', 'amount_error_naive'];
const told = (key, value) => [nameOf('because', key), key.startsWith('amount_error') ? rupees(value) : key === 'as_of' ? formatDay(value) : typeof value === 'number' ? count(value) : value];

export function Explained({ prediction, lines }) {
  const products = useNamed('products');
  const { hits, tries } = prediction.explanation ?? {};
  return html`<div class="stack">
    <${Stats} label=${t('predictions.title')} rows=${[
      { id: 'date', label: t('shop_column.due'), value: formatDay(prediction.predicted_date) },
      { id: 'amount', label: t('shop_column.expected'), value: rupees(prediction.total_amount) },
      { id: 'confidence', label: t('shop_column.confidence'), value: share(prediction.confidence), note: tries > 0 && t('predictions.held', { hits: count(hits), tries: count(tries) }) },
    ]} />
    ${prediction.explanation?.text && html`<p>${withDays(prediction.explanation.text)}</p>`}
    <${Facts} rows=${[[t('predictions.method'), nameOf('prediction_method', prediction.method)], prediction.based_on && [t('predictions.based_on'), formatDay(prediction.based_on)], ...Object.entries(prediction.explanation ?? {}).filter(([key]) => TOLD.includes(key)).map(([key, value]) => told(key, value))]} />
    ${lines?.length > 0 && html`<${Table} caption=${t('predictions.lines')} columns=${LINES(products)} rows=${lines} keyOf=${(row) => row.product_id} />`}
  </div>`;
}

/* The lines that an order is likely to hold: with it, or as records of their own. */
export function usePredictionLines(prediction) {
  const { answer } = useLive(prediction && !prediction.items ? address('/api/records/predicted_order_item', { 'filter[predicted_order_id][eq]': prediction.id, sort: '-chance', limit: MOST }) : null, PREDICTION_TABLES);
  return prediction?.items ?? answer?.data;
}

export function BecauseDrawer({ value, onClose }) {
  const { answer, error, again } = useLive(address(`/api/predicted-orders/${at(value)}`), PREDICTION_TABLES);
  const prediction = useKept(answer)?.data;
  const lines = usePredictionLines(prediction);
  const store = useNamed('stores').get(prediction?.store_id)?.name ?? prediction?.store_name;
  let body = html`<${Skeleton} n=${6} />`;
  if (error && !prediction) body = html`<${Failed} error=${error} again=${again} />`;
  else if (prediction) body = html`<${Explained} prediction=${prediction} lines=${lines} /><${Acts} prediction=${prediction} name=${store} />`;
  return html`<${Drawer} title=${t('predictions.why_of', { store: store ?? '' })} onClose=${onClose}>${body}<//>`;
}

const PARTS = { segments: Segments, upselling: Upselling };

export function Predictions({ id, query }) {
  const Own = PARTS[id] ?? List;
  return html`<${Own} query=${query} />`;
}
