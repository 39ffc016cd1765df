/* Orders: those that were made here and those that invoices speak of (#/orders). Quick entry (#/orders/new)
** is order_entry.js, one of them (#/orders/ID) order.js. */
import { useMemo } from 'preact/hooks';
import { address } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { useEndless } from '../lib/endless.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { here, link, replace } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Choice } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { SearchBox } from '../parts/search_box.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { Unsent } from './order_unsent.js';
import { amount, ORDER_TABLES, orderLink, State, storeLink, UploadLink, useNamed } from './shop.js';

/* What each part of the list asks for. */
const PARTS = {
  all: { path: '/api/orders' },
  recent: { path: '/api/orders/recent', whole: true },
  pending: { path: '/api/orders/pending' },
  made: { path: '/api/records/order', ask: { sort: '-order_date' }, store: 'filter[store_id][eq]' },
  invoices: { path: '/api/orders', ask: { source: 'invoice' } },
};

const columnsOf = (stores) => [
  { id: 'number', label: t('shop_column.number'), kind: 'name', value: orderLink },
  { id: 'order_date', label: t('shop_column.day'), value: (row) => formatDay(row.order_date) },
  { id: 'store_id', label: t('shop_column.store'), value: (row) => storeLink(row.store_id, row.store_name ?? stores.get(row.store_id)?.name) },
  { id: 'status', label: t('shop_column.status'), value: (row) => html`<${State} of="order" state=${row.status} />` },
  { id: 'source', label: t('shop_column.source'), value: (row) => html`<${Badge}>${nameOf('order_source', row.source)}<//>` },
  { id: 'item_count', label: t('shop_column.lines'), align: 'end', value: (row) => count(row.item_count ?? row.items?.length) },
  { id: 'total_amount', label: t('shop_column.amount'), align: 'end', value: (row) => amount(row.total_amount) },
];

function Rows({ part, query }) {
  const { path, ask, whole, store = 'store' } = PARTS[part];
  const narrow = whole ? {} : { ...ask, q: query.q, [store]: query.store };
  const { rows, total, error, again, stale, need } = useEndless((cursor, limit) => address(path, whole ? {} : { ...narrow, limit, cursor }), ORDER_TABLES);
  const stores = useNamed('stores');
  const columns = useMemo(() => columnsOf(stores), [stores]);
  if (error && !rows) return html`<${Failed} error=${error} again=${again} />`;
  if (!rows) return html`<${Skeleton} shape="table" n=${8} />`;
  if (!rows.length) return html`<${Empty} icon="file" title=${t('orders.none')}><p>${t(query.q || query.store ? 'orders.none_fits' : 'orders.none_advice')}</p>${!query.q && !query.store && html`<${UploadLink} />`}<//>`;
  return html`<${Table} caption=${t('page.orders')} columns=${columns} rows=${rows} total=${total} onNeed=${need} keyOf=${(row) => row.id ?? row.number} busy=${stale} first=${rows.length} />
    <p class="pager"><span role="status">${t('orders.total', { n: total, shown: { n: count(total) } })}</span></p>`;
}

export function Orders({ query }) {
  const part = PARTS[query.part] ? query.part : 'all';
  const parts = Object.keys(PARTS).map((id) => ({ id, label: t(`orders.part.${id}`) }));
  const stores = useNamed('stores');
  const actions = may('sales.write') && html`<a class="button" href=${link('orders/new')}><${Icon} name="plus" /> ${t('orders.new')}</a>`;
  return html`<div class="page">
    <${PageHead} title=${t('page.orders')} note=${t('orders.note')} actions=${actions} />
    <${Unsent} />
    <${Card} title=${t('orders.list')} actions=${html`<${Choice} label=${t('orders.which')} options=${parts} value=${part} onChange=${(id) => replace(here({ part: id === 'all' ? null : id }))} />`}>
      ${!PARTS[part].whole && html`<div class="filters">
        <${SearchBox} label=${t('records.search')} find=${t('records.find')} value=${query.q} placeholder=${t(part === 'made' ? 'orders.search_made' : 'orders.search')} onSearch=${(q) => replace(here({ q }))} />
        ${query.store && html`<a class="chip" href=${here({ store: null })}>${stores.get(query.store)?.name ?? query.store} <${Icon} name="cross" label=${t('orders.any_store')} /></a>`}
      </div>`}
      <${Rows} key=${part} part=${part} query=${query} />
    <//>
  </div>`;
}
