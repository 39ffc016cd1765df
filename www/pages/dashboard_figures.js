/* The figures of the dashboard, each with the tick of a second computation - the server's, from
** other rows - and with a drawer (total=NAME) that says how it is computed and leads to the rows
** behind it. */
import { address, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { link } from '../lib/route.js';
import { t } from '../lib/text.js';
import { Drawer } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Tick } from '../parts/tick.js';
import { InDrawer, Why } from '../parts/why.js';
import { amount, number, rupees, SHOP_TABLES } from './shop.js';

/* show: as people read it; rows: where what is counted is listed; why: what explains it row by row. */
const FIGURES = {
  total_revenue: { show: rupees, rows: ['orders'], why: 'invoices/total' },
  total_orders: { show: count, rows: ['orders'] },
  average_order_value: { show: rupees, rows: ['orders'] },
  total_stores: { show: count, rows: ['stores'] },
  total_products: { show: count, rows: ['products'] },
  pending_predictions: { show: count, rows: ['predictions'] },
  high_value_customers: { show: count, rows: ['predictions/segments', { value: 'high' }] },
};
/* These two are lists; they have their cards. */
const LISTS = { top_stores: { rows: ['stores'] }, top_products: { rows: ['products'] } };

/* { [name]: { ok, shown, again, how } }: each figure computed a second time. */
export function useAudit() {
  const { answer, error } = useLive(address('/api/dashboard/audit'), SHOP_TABLES);
  const kept = useKept(answer)?.data;
  return { audit: kept && Object.fromEntries(kept.map((row) => [row.name, row])), failed: !!error };
}

function Mark({ one, failed }) {
  if (!one) return html`<span class=${`tick ${failed ? 'tick-none' : 'tick-wait'}`} role="img" aria-label=${t(failed ? 'why.unchecked' : 'why.checking')}></span>`;
  return html`<${Tick} ok=${one.ok} label=${t(one.ok ? 'why.agrees' : 'why.differs')} />`;
}

/* The tick beside the heading of a list; it explains itself as the figures do. */
export function ListTick({ name, audited: { audit, failed } }) {
  return html`<${InDrawer} kind="total" value=${name} label=${t('dashboard.how', { what: t(`total.${name}.name`) })}><${Mark} one=${audit?.[name]} failed=${failed} /><//>`;
}

export function Figures({ summary, audited: { audit, failed } }) {
  const rows = Object.entries(FIGURES).map(([name, { show }]) => {
    const label = t(`total.${name}.name`);
    const value = summary ? show(summary[name]) : undefined;
    const shown = value !== undefined ? html`<${InDrawer} kind="total" value=${name} class="why" label=${t('why.open', { label, value })}>${value}<//>` : undefined;
    return { id: name, label: html`${label} <${Mark} one=${audit?.[name]} failed=${failed} />`, value: shown };
  });
  return html`<${Stats} label=${t('dashboard.figures')} rows=${rows} />`;
}

/* ---- the drawer ---- */

const Listed = ({ rows }) => html`<ol class="figure-list">${rows.map((row) => html`<li key=${row.id}>${row.name}: <b>${amount(row.total_revenue)}</b> <span class="note">${row.quantity === undefined ? t('dashboard.orders', { n: row.orders }) : t('dashboard.sold', { n: number(row.quantity) })}</span></li>`)}</ol>`;

function Body({ name, value, one }) {
  const { show, rows, why } = FIGURES[name] ?? LISTS[name];
  return html`<div class="stack">
    ${show ? html`<p class="why-value">${show(value)}</p>` : html`<${Listed} rows=${value} />`}
    <p>${t(`total.${name}.formula`)}</p>
    ${one && html`<div class=${`tick-panel ${one.ok ? 'ok' : 'bad'}`}>
      <${Tick} ok=${one.ok} />
      <div><b>${t(one.ok ? 'why.agrees' : 'why.differs')}</b><p>${t('dashboard.again', { how: one.how })}</p></div>
      ${show && html`<dl class="pair"><div><dt>${t('why.first')}</dt><dd>${show(one.shown)}</dd></div><div><dt>${t('why.second')}</dt><dd>${show(one.again)}</dd></div></dl>`}
    </div>`}
    <div class="next-steps"><a class="button" href=${link(...rows)}><${Icon} name="table" /> ${t(`total.${name}.rows`)}</a>
      ${why && html`<${Why} figure=${why} label=${t(`total.${name}.name`)}><${Icon} name="explain" /> ${t('dashboard.lines')}<//>`}</div>
  </div>`;
}

export function TotalDrawer({ value: name, onClose }) {
  const { answer, error, again } = useLive(address('/api/dashboard/summary'), SHOP_TABLES);
  const { audit } = useAudit();
  const summary = useKept(answer)?.data;
  const known = FIGURES[name] ?? LISTS[name];
  let body = html`<${Skeleton} n=${4} />`;
  if (error && !summary) body = html`<${Failed} error=${error} again=${again} />`;
  else if (summary && known) body = html`<${Body} name=${name} value=${summary[name]} one=${audit?.[name]} />`;
  return html`<${Drawer} title=${t(known ? `total.${name}.name` : 'total.unknown')} onClose=${onClose}>${body}<//>`;
}
