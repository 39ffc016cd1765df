/* Products: the list (#/products), by category and brand beside it, and one of them
** (#/products/ID). */
import { useMemo } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, here, link } from '../lib/route.js';
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
import { RecordList } from './record_list.js';
import { amount, Facts, MOST, ORDER_TABLES, productLink, rupees, UploadLink, useNamed } from './shop.js';
import { OfEntity } from './stores.js';

/* ---- the list ---- */

const COLUMNS = [
  { id: 'name', label: t('shop_column.product'), kind: 'name', sort: true, value: (row) => html`${productLink(row.id, row.name)} ${row.active === false && html`<${Badge}>${t('products.inactive')}<//>`}${row.deleted_at && html`<${Badge} tone="warn">${t('records.deleted')}<//>`}` },
  { id: 'sku', label: t('products.sku'), sort: true, value: (row) => row.sku },
  { id: 'category', label: t('products.category'), sort: true, value: (row) => row.category },
  { id: 'brand', label: t('products.brand'), sort: true, value: (row) => row.brand },
  { id: 'unit_price', label: t('shop_column.price'), align: 'end', sort: true, value: (row) => amount(row.unit_price) },
  { id: 'unit', label: t('products.unit'), value: (row) => row.unit },
];

const filterOf = (name) => `filter[${name}][eq]`;

/* What there is of each, as chips that narrow the list. */
function Groups({ name, path, query }) {
  const { answer } = useLive(address(path), ['products']);
  const groups = useKept(answer)?.data;
  const key = filterOf(name);
  if (!groups) return html`<div class="chip-row chip-row-to-come" aria-hidden="true"><p>${t(`products.${name}`)}</p><p class="chip"></p></div>`;
  if (groups.length < 2) return null;
  return html`<div class="chip-row"><p id=${`group-${name}`}>${t(`products.${name}`)}</p><ul class="chips" aria-labelledby=${`group-${name}`}>${groups.map((group) => {
    const [text, n] = typeof group === 'string' ? [group, null] : [group.name ?? group[name], group.products ?? group.count];
    const own = query[key] === text;
    return html`<li key=${text}><a class=${`chip ${own ? 'chip-on' : ''}`} aria-current=${own ? 'true' : undefined} href=${here({ [key]: own ? null : text })}>${text}${n !== null && n !== undefined && html` <span>${count(n)}</span>`}</a></li>`;
  })}</ul></div>`;
}

function List({ entity, entities, query }) {
  const lead = html`<div class="chip-rows"><${Groups} name="category" path="/api/products/categories" query=${query} /><${Groups} name="brand" path="/api/products/brands" query=${query} /></div>`;
  const actions = may('sales.write') && html`<a class="button" href=${link('records/product/new')}><${Icon} name="plus" /> ${t('products.new')}</a>`;
  return html`<${RecordList} entity=${entity} entities=${entities} query=${query} own=${{ title: t('page.products'), note: t('products.note'), back: null, list: t('products.list'), columns: COLUMNS, actions: actions || null, lead, none: t('products.none'), next: html`<${UploadLink} />` }} />`;
}

/* ---- one of them ---- */

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

function Product({ id, query }) {
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
      <${Card} title=${t('products.data')}><${Facts} rows=${[[t('shop_column.price'), rupees(product.unit_price)], [t('products.sku'), product.sku], [t('products.barcode'), product.barcode], [t('products.unit'), product.unit], ['HSN', product.hsn], product.gst_rate && ['GST', `${amount(product.gst_rate)} %`]]} /><//>
      <${GoesWith} id=${product.id} />
      <${History} entity=${HISTORY} id=${product.id} />
    </div>
  </div>`;
}

export function Products({ id, query }) {
  return id ? html`<${Product} id=${id} query=${query} />` : html`<${OfEntity} name="product" query=${query} list=${List} />`;
}
