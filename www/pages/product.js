/* A product (#/products/ID): what it sells, who buys it, and what goes with it. */
import { useMemo } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { Bought, useBought } from './bought.js';
import { Trend } from './dashboard_trend.js';
import { ruleColumns } from './predictions.js';
import { History } from './record.js';
import { Facts, MOST, number, ORDER_TABLES, price, useNamed } from './shop.js';

const TOGETHER = 10;

function GoesWith({ id }) {
  const products = useNamed('products');
  const { answer } = useLive(address('/api/analytics/rules', { limit: MOST }), ['upselling_recommendations', ...ORDER_TABLES]);
  const all = useKept(answer)?.data;
  const rows = useMemo(() => all?.filter((row) => row.because_id === id).slice(0, TOGETHER), [all, id]);
  const columns = useMemo(() => ruleColumns(products), [products]);
  return html`<${Card} title=${t('upselling.together')} note=${t('upselling.together_note')}>
    ${rows?.length ? html`<${Table} caption=${t('upselling.together')} columns=${columns} rows=${rows} keyOf=${(row) => row.product_id} />` : html`<p class="note">${t('upselling.none')}</p>`}
  <//>`;
}

const HISTORY = { name: 'product', table: 'products', properties: ['name', 'sku', 'barcode', 'category', 'brand', 'unit', 'unit_price', 'hsn', 'gst_rate', 'active', 'notes'].map((name) => ({ name })) };

export function Product({ id, query }) {
  const { answer, error, again } = useLive(address(`/api/products/${at(id)}`), ['products']);
  const product = useKept(answer)?.data;
  const bought = useBought(product ? { product: product.id } : null);
  if (error && !product) return html`<${Failed} page error=${error} again=${again} />`;
  if (!product) return html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="cards" n=${3} /></div>`;
  const actions = may('sales.write') && html`<a class="plain" href=${link(at('records', 'product', product.id))}><${Icon} name="edit" /> ${t('products.edit')}</a>`;
  return html`<div class="page">
    <${PageHead} title=${product.name} note=${[product.category, product.brand].filter(Boolean).join(' \u00b7 ')} back=${{ href: link('products'), label: t('page.products') }} badge=${product.active === false && html`<${Badge}>${t('products.inactive')}<//>`} actions=${actions} />
    <${Trend} query=${query} of=${{ product: product.id }} range=${query.range ?? 'all'} />
    <div class="columns">
      <${Bought} title=${t('products.buyers')} rows=${bought} of="store" />
      <${Card} title=${t('products.data')}><${Facts} rows=${[[t('shop_column.price'), `\u20b9\u00a0${price(product.unit_price)}`], [t('products.sku'), product.sku], [t('products.barcode'), product.barcode], [t('products.unit'), product.unit], ['HSN', product.hsn], product.gst_rate && ['GST', `${number(product.gst_rate)} %`]]} /><//>
      <${GoesWith} id=${product.id} />
      <${History} entity=${HISTORY} id=${product.id} />
    </div>
  </div>`;
}
