/* Which products a store bought, or which stores bought a product: the most first. */
import { address, useKept } from '../lib/api.js';
import { position } from '../lib/decimal.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, go, link } from '../lib/route.js';
import { t } from '../lib/text.js';
import { Bars } from '../parts/bars.js';
import { Card } from '../parts/card.js';
import { Skeleton } from '../parts/state.js';
import { amount, number, ORDER_TABLES } from './shop.js';

const SHOWN = 8;
const PAGES = { product: 'products', store: 'stores' };

/* of: { store } gives products, { product } gives stores: [{ id, name, quantity, total_revenue,
** orders, last_order }]; null while nothing is asked. */
export function useBought(of) {
  const { answer } = useLive(of && address('/api/analytics/bought', { ...of, limit: 50 }), ORDER_TABLES);
  return useKept(answer)?.data;
}

export function Bought({ title, rows, of }) {
  let body = html`<${Skeleton} n=${5} />`;
  if (rows && !rows.length) body = html`<p class="note">${t('dashboard.none_yet')}</p>`;
  else if (rows) {
    const bars = rows.slice(0, SHOWN).map((row) => ({ name: row.name, size: position(String(row.total_revenue)), text: amount(row.total_revenue), note: t('stores.bought', { n: number(row.quantity), orders: t('dashboard.orders', { n: row.orders }), last: formatDay(row.last_order) }), onOpen: () => go(link(at(PAGES[of], row.id))) }));
    body = html`<${Bars} rows=${bars} />`;
  }
  return html`<${Card} title=${title}>${body}<//>`;
}
