/* Stores: the list (#/stores), who is to be called today (#/stores/calls), one of them
** (#/stores/ID). */
import { useMemo } from 'preact/hooks';
import { address, useAnswer, useKept } from '../lib/api.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Calls, Phone } from './calls.js';
import { Churn } from './predictions.js';
import { RecordList } from './record_list.js';
import { amount, MOST, State, storeLink, UploadLink } from './shop.js';
import { Store } from './store.js';

const SAYS = 'store_id,segment_name,segment_value,total_revenue,last_order,churn_risk';

/* Map(id of a store -> what kind of customer it is). */
function useSegments() {
  const { answer } = useLive(address('/api/customer-segments', { fields: SAYS, limit: MOST }), ['customer_segments']);
  const rows = useKept(answer)?.data;
  return useMemo(() => new Map((rows ?? []).map((row) => [row.store_id, row])), [rows]);
}

const columnsOf = (segments) => {
  const of = (row) => segments.get(row.id) ?? {};
  return [
    { id: 'name', label: t('shop_column.store'), kind: 'name', sort: true, value: (row) => html`${storeLink(row.id, row.name)}${row.deleted_at && html` <${Badge} tone="warn">${t('records.deleted')}<//>`}<p class="note">${row.customer_id}</p>` },
    { id: 'city', label: t('shop_column.city'), sort: true, value: (row) => row.city },
    { id: 'phone', label: t('shop_column.phone'), value: (row) => html`<${Phone} of=${row} />` },
    { id: 'salesperson', label: t('shop_column.salesperson'), sort: true, value: (row) => row.salesperson },
    { id: 'segment', label: t('shop_column.segment'), value: (row) => of(row).segment_name && html`${of(row).segment_name} <${State} of="value" state=${of(row).segment_value} />` },
    { id: 'revenue', label: t('shop_column.revenue'), align: 'end', value: (row) => amount(of(row).total_revenue) },
    { id: 'last_order', label: t('shop_column.last_order'), value: (row) => formatDay(of(row).last_order) },
    { id: 'churn', label: t('shop_column.churn'), align: 'end', value: (row) => html`<${Churn} risk=${of(row).churn_risk} />` },
  ];
};

function List({ entity, entities, query }) {
  const segments = useSegments();
  const columns = useMemo(() => columnsOf(segments), [segments]);
  const actions = html`<a class="plain" href=${link('stores/calls')}><${Icon} name="calendar" /> ${t('calls.title')}</a>
    ${may('sales.write') && html`<a class="button" href=${link('records/store/new')}><${Icon} name="plus" /> ${t('stores.new')}</a>`}`;
  return html`<${RecordList} entity=${entity} entities=${entities} query=${query} own=${{ title: t('page.stores'), note: t('stores.note'), back: null, list: t('stores.list'), columns, actions, none: t('stores.none'), next: html`<${UploadLink} />` }} />`;
}

/* A page whose list is that of an entity. */
export function OfEntity({ name, query, list: Own }) {
  const { answer, error, again } = useAnswer('/api/entities');
  const entities = answer?.data;
  if (error && !entities) return html`<${Failed} page error=${error} again=${again} />`;
  if (!entities) return html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="table" n=${8} /></div>`;
  return html`<${Own} entity=${entities.find((one) => one.name === name)} entities=${entities} query=${query} />`;
}

export function Stores({ id, query }) {
  if (id === 'calls') return html`<${Calls} />`;
  if (id) return html`<${Store} id=${id} query=${query} />`;
  return html`<${OfEntity} name="store" query=${query} list=${List} />`;
}
