/* The list of stores (#/stores). Who is to be called today (#/stores/calls) is calls.js, one of them
** (#/stores/ID) store.js. */
import { useMemo } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { RecordList } from './record_list.js';
import { amount, Churn, MOST, Phone, State, storeLink, UploadLink } from './shop.js';

const STORE = { name: 'store', table: 'stores', order: 'name', access: 'sales' };
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

export function Stores({ query }) {
  const segments = useSegments();
  const columns = useMemo(() => columnsOf(segments), [segments]);
  const actions = html`<a class="plain" href=${link('stores/calls')}><${Icon} name="calendar" /> ${t('calls.title')}</a>
    ${may('sales.write') && html`<a class="button" href=${link('records/store/new')}><${Icon} name="plus" /> ${t('stores.new')}</a>`}`;
  return html`<${RecordList} entity=${STORE} query=${query} own=${{ title: t('page.stores'), note: t('stores.note'), back: null, list: t('stores.list'), columns, actions, none: t('stores.none'), next: html`<${UploadLink} />` }} />`;
}
