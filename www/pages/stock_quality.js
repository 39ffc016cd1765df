/* The checks of stock and its movements: what passed, and examples of what did not. */
import { address, post, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { toast, toastFailure } from '../parts/toast.js';

const sample = (one) => (typeof one === 'string' ? one : Object.values(one).filter((value) => value !== null && value !== '').join(' \u00b7 '));

function Check({ check }) {
  const ok = !check.failed;
  return html`<li class="check-line" data-check=${check.check}>
    <${Badge} tone=${ok ? 'ok' : 'bad'}><${Icon} name=${ok ? 'check' : 'cross'} /> ${ok ? t('stock_quality.passed') : t('stock_quality.found', { n: check.failed, shown: { n: count(check.failed) } })}<//>
    <div><h3>${nameOf('stock_check', check.check)}</h3>
      ${check.help && html`<p class="note">${check.help}</p>`}
      ${check.samples?.length > 0 && html`<ul class="samples">${check.samples.slice(0, 5).map((one, i) => html`<li key=${i}><code>${sample(one)}</code></li>`)}</ul>`}</div>
  </li>`;
}

async function run() {
  try {
    await post(address('/api/jobs'), { kind: 'stock_quality', unique: 'by hand' });
    toast({ text: t('stock_quality.run') });
  } catch (error) {
    toastFailure(error);
  }
}

export function StockQuality() {
  const { answer, error, again } = useLive(address('/api/stock/quality'), ['stock_transactions', 'stock_items', 'stock_check', 'job', 'warehouses', 'stock_reservations']);
  const all = useKept(answer);
  const checks = all?.data;
  const groups = checks && [...new Set(checks.map((check) => check.group))];
  return html`<div class="page">
    <${PageHead} title=${t('stock_quality.title')} note=${all?.at ? `${t('stock_quality.note')} ${formatMoment(all.at)}` : t('stock_quality.note')} back=${{ href: link('stock'), label: t('page.stock') }} actions=${may('work.write') && html`<button type="button" class="plain" onClick=${run}><${Icon} name="again" /> ${t('stock_quality.run')}</button>`} />
    ${groups ? html`<div class="cards">${groups.map((group) => html`<${Card} key=${group} title=${nameOf('stock_check_group', group)}><ul class="check-lines">${checks.filter((check) => check.group === group).map((check) => html`<${Check} key=${check.check} check=${check} />`)}</ul><//>`)}</div>` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="cards" n=${4} />`}
  </div>`;
}
