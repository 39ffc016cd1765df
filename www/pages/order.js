/* One order, or what an invoice says was ordered: its lines, and what may become of it. */
import { address, post, useKept } from '../lib/api.js';
import { formatDay, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { confirm } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';
import { History } from './record.js';
import { amount, Facts, number, ORDER_TABLES, price, productLink, rupees, State, storeLink, useNamed } from './shop.js';

const linesOf = (products) => [
  { id: 'product_id', label: t('shop_column.product'), kind: 'name', value: (row) => productLink(row.product_id, products.get(row.product_id)?.name ?? row.product) },
  { id: 'quantity', label: t('shop_column.quantity'), align: 'end', value: (row) => number(row.quantity) },
  { id: 'unit_price', label: t('shop_column.price'), align: 'end', value: (row) => price(row.unit_price) },
  { id: 'total_price', label: t('shop_column.amount'), align: 'end', value: (row) => amount(row.total_price) },
];

async function act(order, name) {
  try {
    await post(address(`/api/orders/${at(order.id)}/${name}`), {});
    toast({ text: t(`orders.${name}_done`, { number: order.number }) });
  } catch (error) {
    toastFailure(error);
  }
}

async function cancel(order) {
  const sure = await confirm({ title: t('orders.cancel_title', { number: order.number }), text: t('orders.cancel_text'), ok: t('orders.cancel'), danger: true });
  if (sure) await act(order, 'cancel');
}

function Actions({ order }) {
  if (!may('sales.write')) return null;
  const open = order.source !== 'invoice' && ['draft', 'pending'].includes(order.status);
  return html`<a class="plain" href=${link('orders/new', { template: order.id })}><${Icon} name="copy" /> ${t('orders.again')}</a>
    ${order.source !== 'invoice' && ['draft', 'pending', 'approved'].includes(order.status) && html`<button type="button" class="plain" onClick=${() => cancel(order)}>${t('orders.cancel')}</button>`}
    ${open && html`<button type="button" class="button" onClick=${() => act(order, 'approve')}><${Icon} name="check" /> ${t('orders.approve')}</button>`}`;
}

const HISTORY = { name: 'order', table: 'orders', properties: ['number', 'store_id', 'order_date', 'requested_date', 'due_date', 'status', 'total_amount', 'notes', 'over_limit', 'invoice_id'].map((name) => ({ name })) };

export function Order({ id }) {
  const { answer, error, again } = useLive(address(`/api/orders/${at(id)}`), ORDER_TABLES);
  const order = useKept(answer)?.data;
  const products = useNamed('products');
  const store = useNamed('stores').get(order?.store_id);
  if (error && !order) return html`<${Failed} page error=${error} again=${again} />`;
  if (!order) return html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="table" n=${5} /></div>`;
  const items = order.items ?? [];
  const facts = [
    [t('shop_column.source'), nameOf('order_source', order.source)],
    order.requested_date && [t('orders.requested'), formatDay(order.requested_date)],
    order.due_date && [t('orders.due'), formatDay(order.due_date)],
    order.approved_at && [t('orders.approved'), `${formatMoment(order.approved_at)} \u00b7 ${order.approved_by ?? ''}`],
    order.over_limit && [t('preference.credit_limit'), t('orders.over_limit')],
    order.source !== 'invoice' && order.invoice_id && [t('orders.invoice'), html`<a href=${link(at('orders', order.invoice_id))}>${order.invoice_id}</a>`],
    order.notes && [t('stores.notes'), order.notes],
  ];
  return html`<div class="page">
    <${PageHead} title=${order.number ?? order.invoice_id} back=${{ href: link('orders'), label: t('page.orders') }} badge=${html`<${State} of="order" state=${order.status} />`} actions=${html`<${Actions} order=${order} />`} />
    <${Stats} label=${order.number} rows=${[
      { id: 'store', label: t('shop_column.store'), value: storeLink(order.store_id, order.store_name ?? store?.name) },
      { id: 'day', label: t('shop_column.day'), value: formatDay(order.order_date) },
      { id: 'lines', label: t('shop_column.lines'), value: number(items.length) },
      { id: 'total', label: t('shop_column.amount'), value: rupees(order.total_amount) },
    ]} />
    <${Card} title=${t('orders.lines')}><${Table} caption=${t('orders.lines')} columns=${linesOf(products)} rows=${items} keyOf=${(row, i) => row.id ?? i} /><//>
    <div class="cards">
      <${Card} title=${t('orders.about')}><${Facts} rows=${facts} /><//>
      ${order.source !== 'invoice' && html`<${History} entity=${HISTORY} id=${order.id} />`}
    </div>
  </div>`;
}
