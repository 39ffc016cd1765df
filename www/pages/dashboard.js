/* The dashboard of field sales: what was sold, what is due, and where it goes. Which parts
** there are and in what order is everybody's own (Arrange); it is kept with his settings. */
import { useState } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { position } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, go, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { saveWidgets, widgets } from '../lib/settings.js';
import { t } from '../lib/text.js';
import { Bars } from '../parts/bars.js';
import { Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { toastFailure } from '../parts/toast.js';
import { Figures } from './dashboard_figures.js';
import { Trend } from './dashboard_trend.js';
import { DueCard } from './calls.js';
import { amount, number, SHOP_TABLES } from './shop.js';

export function useSummary() {
  const { answer, error, again } = useLive(address('/api/dashboard/summary'), SHOP_TABLES);
  return { summary: useKept(answer)?.data, error, again };
}

const Top = ({ title, rows, page, note }) => html`<${Card} title=${title} actions=${html`<a class="quiet" href=${link(page)}>${t('dashboard.all')}<span class="hidden"> ${title}</span></a>`}>
  ${rows.length ? html`<${Bars} rows=${rows.map((row) => ({ name: row.name, size: position(String(row.total_revenue)), text: amount(row.total_revenue), note: note(row), onOpen: () => go(link(at(page, row.id))) }))} />` : html`<p class="note">${t('dashboard.none_yet')}</p>`}
<//>`;

/* ---- the parts: each so many of six columns wide ---- */

export const WIDGETS = {
  figures: { span: 6, draw: ({ summary }) => html`<${Figures} summary=${summary} />` },
  trend: { span: 4, draw: ({ query }) => html`<${Trend} query=${query} />` },
  due: { span: 2, draw: () => html`<${DueCard} />` },
  top_stores: { span: 3, draw: ({ summary }) => html`<${Top} title=${t('dashboard.top_stores')} page="stores" rows=${summary.top_stores} note=${(row) => t('dashboard.orders', { n: row.orders })} />` },
  top_products: { span: 3, draw: ({ summary }) => html`<${Top} title=${t('dashboard.top_products')} page="products" rows=${summary.top_products} note=${(row) => t('dashboard.sold', { n: number(row.quantity) })} />` },
};
const IDS = Object.keys(WIDGETS);

/* [{ id, hidden }]: all of them, in the order of the settings; what they do not name stands last. */
function layout() {
  const { order, hidden } = widgets('dashboard');
  return [...new Set([...order.filter((id) => IDS.includes(id)), ...IDS])].map((id) => ({ id, hidden: hidden.includes(id) }));
}

const keepLayout = (all) => saveWidgets('dashboard', { order: all.map(({ id }) => id), hidden: all.filter(({ hidden }) => hidden).map(({ id }) => id) }).catch(toastFailure);

function Arrange({ all, onDone }) {
  const move = (i, by) => {
    const list = [...all];
    [list[i], list[i + by]] = [list[i + by], list[i]];
    keepLayout(list);
  };
  const show = (i, hidden) => keepLayout(all.map((one, k) => (k === i ? { ...one, hidden } : one)));
  return html`<${Card} title=${t('dashboard.arrange')} note=${t('dashboard.arrange_note')} actions=${html`<button type="button" class="button" onClick=${onDone}>${t('dashboard.done')}</button>`}>
    <ol class="arrange">${all.map(({ id, hidden }, i) => {
      const name = t(`dashboard.widget.${id}`);
      return html`<li key=${id} data-widget=${id}>
        <label class="switch"><input type="checkbox" checked=${!hidden} onChange=${(event) => show(i, !event.target.checked)} /><span>${name}</span></label>
        <button type="button" class="quiet square" disabled=${!i} aria-label=${t('dashboard.up', { name })} onClick=${() => move(i, -1)}><${Icon} name="up" /></button>
        <button type="button" class="quiet square" disabled=${i === all.length - 1} aria-label=${t('dashboard.down', { name })} onClick=${() => move(i, 1)}><${Icon} name="down" /></button>
      </li>`;
    })}</ol>
  <//>`;
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
  const [arranging, setArranging] = useState(false);
  const all = layout();
  if (error && !summary) return html`<${Failed} page error=${error} again=${again} />`;
  if (!summary) return html`<div class="page"><${Skeleton} shape="title" n=${1} /><${Skeleton} shape="stats" n=${7} /><${Skeleton} shape="cards" n=${2} /></div>`;
  if (!summary.total_stores && !summary.total_orders) return html`<${Begin} />`;
  const actions = html`<button type="button" class="quiet" aria-pressed=${String(arranging)} onClick=${() => setArranging(!arranging)}><${Icon} name="board" /> ${t('dashboard.arrange')}</button>
    ${may('sales.write') && html`<a class="button" href=${link('orders/new')}><${Icon} name="plus" /> ${t('orders.new')}</a>`}`;
  return html`<div class="page">
    <${PageHead} title=${t('page.dashboard')} note=${t('dashboard.note')} actions=${actions} />
    ${arranging && html`<${Arrange} all=${all} onDone=${() => setArranging(false)} />`}
    <div class="board">${all.filter(({ hidden }) => !hidden).map(({ id }) => html`<div key=${id} class=${`widget widget-${WIDGETS[id].span}`} data-widget=${id}>${WIDGETS[id].draw({ summary, query })}</div>`)}</div>
  </div>`;
}
