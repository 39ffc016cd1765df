/* The dashboard of field sales: what was sold, what is due, and where it goes. Which parts
** there are and in what order is everybody's own: he says so in his settings. Each part has its
** place before there is anything to show in it. */
import { address, useKept } from '../lib/api.js';
import { position } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, go, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { widgets } from '../lib/settings.js';
import { t } from '../lib/text.js';
import { Bars } from '../parts/bars.js';
import { Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Figures, ListTick, useAudit } from './dashboard_figures.js';
import { Trend } from './dashboard_trend.js';
import { DueCard } from './calls.js';
import { BOARDS } from './index.js';
import { amount, number, SHOP_TABLES } from './shop.js';

function useSummary() {
  const { answer, error, again } = useLive(address('/api/dashboard/summary'), SHOP_TABLES);
  return { summary: useKept(answer)?.data, error, again };
}

const Top = ({ name, audited, title, rows, page, note }) => html`<${Card} title=${html`${title} <${ListTick} name=${name} audited=${audited} />`} actions=${html`<a class="quiet" href=${link(page)}>${t('dashboard.all')}<span class="hidden"> ${title}</span></a>`}>
  ${!rows ? html`<${Skeleton} n=${10} />` : rows.length ? html`<${Bars} rows=${rows.map((row) => ({ name: row.name, size: position(String(row.total_revenue)), text: amount(row.total_revenue), note: note(row), onOpen: () => go(link(at(page, row.id))) }))} />` : html`<p class="note">${t('dashboard.none_yet')}</p>`}
<//>`;

/* ---- the parts: each so many of six columns wide ---- */

const WIDGETS = {
  figures: { span: 6, draw: ({ summary, audited }) => html`<${Figures} summary=${summary} audited=${audited} />` },
  trend: { span: 4, draw: ({ query }) => html`<${Trend} query=${query} />` },
  due: { span: 2, draw: () => html`<${DueCard} />` },
  top_stores: { span: 3, draw: ({ summary, audited }) => html`<${Top} name="top_stores" audited=${audited} title=${t('dashboard.top_stores')} page="stores" rows=${summary?.top_stores} note=${(row) => t('dashboard.orders', { n: row.orders })} />` },
  top_products: { span: 3, draw: ({ summary, audited }) => html`<${Top} name="top_products" audited=${audited} title=${t('dashboard.top_products')} page="products" rows=${summary?.top_products} note=${(row) => t('dashboard.sold', { n: number(row.quantity) })} />` },
};

/* Those that are shown, in the order of the settings; what they do not name stands last. */
function shown() {
  const { order, hidden } = widgets('dashboard');
  return [...new Set([...order, ...BOARDS.dashboard])].filter((id) => WIDGETS[id] && !hidden.includes(id));
}

/* ---- together ---- */

const Begin = () => html`<div class="page">
  <${PageHead} title=${t('page.dashboard')} />
  <${Empty} icon="upload" title=${t('dashboard.begin')}>
    <p>${t('dashboard.begin_advice')}</p>
    <div class="next-steps"><a class="button" href=${link('upload')}><${Icon} name="upload" /> ${t('dashboard.begin_upload')}</a>
      <a class="plain" href=${link('records/store/new')}><${Icon} name="plus" /> ${t('dashboard.begin_store')}</a></div>
  <//>
</div>`;

export function Dashboard({ query }) {
  const { summary, error, again } = useSummary();
  const audited = useAudit();
  if (error && !summary) return html`<${Failed} page error=${error} again=${again} />`;
  if (summary && !summary.total_stores && !summary.total_orders) return html`<${Begin} />`;
  const actions = html`<a class="quiet" href=${link('settings')}><${Icon} name="board" /> ${t('dashboard.arrange')}</a>
    ${may('sales.write') && html`<a class="button" href=${link('orders/new')}><${Icon} name="plus" /> ${t('orders.new')}</a>`}`;
  return html`<div class="page">
    <${PageHead} title=${t('page.dashboard')} note=${t('dashboard.note')} actions=${actions} />
    <div class="board">${shown().map((id) => html`<div key=${id} class=${`widget widget-${WIDGETS[id].span}`} data-widget=${id}>${WIDGETS[id].draw({ summary, audited, query })}</div>`)}</div>
  </div>`;
}
