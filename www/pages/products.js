/* The list of products (#/products), by category and brand. One of them (#/products/ID) is product.js. */
import { address, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { here, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { RecordList } from './record_list.js';
import { price, productLink, UploadLink } from './shop.js';

const PRODUCT = { name: 'product', table: 'products', order: 'name', access: 'sales' };
const COLUMNS = [
  { id: 'name', label: t('shop_column.product'), kind: 'name', sort: true, value: (row) => html`${productLink(row.id, row.name)} ${row.active === false && html`<${Badge}>${t('products.inactive')}<//>`}${row.deleted_at && html`<${Badge} tone="warn">${t('records.deleted')}<//>`}` },
  { id: 'sku', label: t('products.sku'), sort: true, value: (row) => row.sku },
  { id: 'category', label: t('products.category'), sort: true, value: (row) => row.category },
  { id: 'brand', label: t('products.brand'), sort: true, value: (row) => row.brand },
  { id: 'unit_price', label: t('shop_column.price'), align: 'end', sort: true, value: (row) => price(row.unit_price) },
  { id: 'unit', label: t('products.unit'), value: (row) => row.unit },
];

const filterOf = (name) => `filter[${name}][eq]`;

/* What there is of each, as chips that narrow the list. */
function Groups({ name, path, query }) {
  const { answer, error } = useLive(address(path), ['products']);
  const groups = useKept(answer)?.data;
  const key = filterOf(name);
  if (!groups && error) return null; /* the list below says why */
  if (!groups) return html`<div class="chip-row chip-row-to-come" aria-hidden="true"><p>${t(`products.${name}`)}</p><p class="chip"></p></div>`;
  if (groups.length < 2) return null;
  return html`<div class="chip-row"><p id=${`group-${name}`}>${t(`products.${name}`)}</p><ul class="chips" aria-labelledby=${`group-${name}`}>${groups.map((group) => {
    const [text, n] = typeof group === 'string' ? [group, null] : [group.name ?? group[name], group.products ?? group.count];
    const own = query[key] === text;
    return html`<li key=${text}><a class=${`chip ${own ? 'chip-on' : ''}`} aria-current=${own ? 'true' : undefined} href=${here({ [key]: own ? null : text })}>${text}${n !== null && n !== undefined && html` <span>${count(n)}</span>`}</a></li>`;
  })}</ul></div>`;
}

export function Products({ query }) {
  const lead = html`<div class="chip-rows"><${Groups} name="category" path="/api/products/categories" query=${query} /><${Groups} name="brand" path="/api/products/brands" query=${query} /></div>`;
  const actions = may('sales.write') && html`<a class="button" href=${link('records/product/new')}><${Icon} name="plus" /> ${t('products.new')}</a>`;
  return html`<${RecordList} entity=${PRODUCT} query=${query} own=${{ title: t('page.products'), note: t('products.note'), back: null, list: t('products.list'), columns: COLUMNS, actions: actions || null, lead, none: t('products.none'), next: html`<${UploadLink} />` }} />`;
}
