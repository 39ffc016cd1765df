/* The figures of the dashboard, each with the tick of a second computation - from the rows
** behind it instead of the summary - and with a drawer (total=NAME) that says how it is
** computed and leads to these rows. */
import { address, useKept } from '../lib/api.js';
import { count, mean, money, sum } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { link } from '../lib/route.js';
import { t } from '../lib/text.js';
import { Drawer } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Tick } from '../parts/tick.js';
import { InDrawer } from '../parts/why.js';
import { rupees, SHOP_TABLES } from './shop.js';

const listed = (path, filter) => ({ path: address(path, { ...filter, limit: 1 }), read: (answer) => String(answer.total) });
/* Added up once more from the days: other statements, other sums. */
const added = (read) => ({ path: address('/api/analytics/trends', { period: 'month' }), read: ({ data }) => read(data) });
const orders = (data) => data.reduce((n, row) => n + row.orders, 0);
const revenue = (data) => sum(data.map((row) => String(row.revenue)));
const cents = (value) => money(String(value ?? ''));

/* show: as people read it; rows: where what is counted is listed; second: how else it is had. */
const FIGURES = {
  total_revenue: { show: rupees, rows: ['orders'], second: () => added(revenue) },
  total_orders: { show: count, rows: ['orders'], second: () => added((data) => String(orders(data))) },
  average_order_value: { show: rupees, rows: ['orders'], second: () => added((data) => mean(revenue(data), orders(data)) ?? '0') },
  total_stores: { show: count, rows: ['stores'], second: () => listed('/api/stores') },
  total_products: { show: count, rows: ['products'], second: () => listed('/api/products') },
  pending_predictions: { show: count, rows: ['predictions'], second: () => listed('/api/predicted-orders', { 'filter[status][eq]': 'pending' }) },
  high_value_customers: { show: count, rows: ['predictions/segments', { value: 'high' }], second: () => listed('/api/customer-segments', { 'filter[segment_value][eq]': 'high' }) },
};

/* Amounts agree when they are the same to the hundredth, figures when they are the same. */
function useSecond(name, value) {
  const { path, read } = FIGURES[name].second();
  const { answer, error } = useLive(path, SHOP_TABLES);
  const kept = useKept(answer);
  const second = kept && read(kept);
  const same = second && (FIGURES[name].show === rupees ? cents(second) === cents(value) : second === String(value));
  return { second, ok: kept ? same : null, failed: !!error };
}

function Label({ name, value }) {
  const { ok, failed } = useSecond(name, value);
  const tick = ok === null ? html`<span class=${`tick ${failed ? 'tick-none' : 'tick-wait'}`} role="img" aria-label=${t(failed ? 'why.unchecked' : 'why.checking')}></span>` : html`<${Tick} ok=${ok} label=${t(ok ? 'why.agrees' : 'why.differs')} />`;
  return html`${t(`total.${name}.name`)} ${tick}`;
}

export function Figures({ summary }) {
  const rows = Object.entries(FIGURES).map(([name, { show }]) => {
    const label = t(`total.${name}.name`);
    const value = show(summary[name]);
    return { id: name, label: html`<${Label} name=${name} value=${summary[name]} />`, value: html`<${InDrawer} kind="total" value=${name} class="why" label=${t('why.open', { label, value })}>${value}<//>` };
  });
  return html`<${Stats} label=${t('dashboard.figures')} rows=${rows} />`;
}

/* ---- the drawer ---- */

function Body({ name, value }) {
  const { show, rows } = FIGURES[name];
  const { second, ok } = useSecond(name, value);
  return html`<div class="stack">
    <p class="why-value">${show(value)}</p>
    <p>${t(`total.${name}.formula`)}</p>
    ${ok !== null && html`<div class=${`tick-panel ${ok ? 'ok' : 'bad'}`}>
      <${Tick} ok=${ok} />
      <div><b>${t(ok ? 'why.agrees' : 'why.differs')}</b><p>${t(`total.${name}.second`)}</p></div>
      <dl class="pair"><div><dt>${t('why.first')}</dt><dd>${show(value)}</dd></div><div><dt>${t('why.second')}</dt><dd>${show === rupees ? rupees(second) : count(second)}</dd></div></dl>
    </div>`}
    <a class="button total-rows" href=${link(...rows)}><${Icon} name="table" /> ${t(`total.${name}.rows`)}</a>
  </div>`;
}

export function TotalDrawer({ value: name, onClose }) {
  const { answer, error, again } = useLive(address('/api/dashboard/summary'), SHOP_TABLES);
  const summary = useKept(answer)?.data;
  let body = html`<${Skeleton} n=${4} />`;
  if (error && !summary) body = html`<${Failed} error=${error} again=${again} />`;
  else if (summary && FIGURES[name]) body = html`<${Body} name=${name} value=${summary[name]} />`;
  return html`<${Drawer} title=${t(FIGURES[name] ? `total.${name}.name` : 'total.unknown')} onClose=${onClose}>${body}<//>`;
}
