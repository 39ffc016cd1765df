/* The alerts inbox: what wants somebody, the most serious first. */
import { address, post, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatAgo, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { here, replace } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Choice } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { toast, toastFailure } from '../parts/toast.js';

const STATES = ['open', 'acknowledged', 'resolved', 'all'];
const TONES = { critical: 'bad', warning: 'warn', info: 'plain' };
const WEIGHT = ['critical', 'warning', 'info'];

async function act(alert, name, told) {
  try {
    await post(address(`/api/alerts/${encodeURIComponent(alert.id)}/${name}`), {});
    toast({ text: t(told, { title: alert.title }) });
  } catch (error) {
    toastFailure(error);
  }
}

function Alert({ alert }) {
  const note = [nameOf('alert_kind', alert.kind), alert.count > 1 ? t('alerts.seen', { n: alert.count }) : null, alert.acknowledged_by && t('alerts.by', { who: alert.acknowledged_by })];
  return html`<li class=${`alert alert-${alert.severity}`} data-alert=${alert.subject}>
    <${Badge} tone=${TONES[alert.severity]}><${Icon} name=${alert.severity === 'info' ? 'info' : 'warn'} /> ${nameOf('severity', alert.severity)}<//>
    <div>
      <h3>${alert.title}</h3>
      <p>${alert.text}</p>
      <p class="note">${note.filter(Boolean).join(' \u00b7 ')} \u00b7 <time datetime=${alert.created_at} title=${formatMoment(alert.created_at)}>${formatAgo(alert.created_at)}</time></p>
    </div>
    <div class="actions">
      ${alert.address && html`<a class="quiet" href=${alert.address}>${t('alerts.show')}<span class="hidden"> ${alert.title}</span></a>`}
      ${may('alerts.write') && alert.status === 'open' && html`<button type="button" class="quiet" onClick=${() => act(alert, 'acknowledge', 'alerts.acknowledged_told')}>${t('alerts.acknowledge')}<span class="hidden"> ${alert.title}</span></button>`}
      ${may('alerts.write') && alert.status !== 'resolved' && html`<button type="button" class="plain" onClick=${() => act(alert, 'resolve', 'alerts.resolved_told')}><${Icon} name="check" /> ${t('alerts.resolve')}<span class="hidden"> ${alert.title}</span></button>`}
    </div>
  </li>`;
}

export function Alerts({ query }) {
  const state = query.state ?? 'open';
  const { answer, error, again } = useLive(address('/api/alerts', { state, kind: query.kind }), ['alert', 'alerts', 'data_quality_alerts']);
  const all = useKept(answer);
  const alerts = all && [...all.data].sort((a, b) => WEIGHT.indexOf(a.severity) - WEIGHT.indexOf(b.severity));
  const states = STATES.map((id) => ({ id, label: t(`alert_state.${id}`), mark: all?.counts?.[id] ? count(all.counts[id]) : null }));
  let body = html`<${Skeleton} shape="table" n=${5} />`;
  if (error && !alerts) body = html`<${Failed} error=${error} again=${again} />`;
  else if (alerts && !alerts.length) body = html`<${Empty} icon="check" title=${t('alerts.none')}><p>${t('alerts.none_advice')}</p><//>`;
  else if (alerts) body = html`<ul class="alerts">${alerts.map((alert) => html`<${Alert} key=${alert.id} alert=${alert} />`)}</ul>`;
  return html`<div class="page">
    <${PageHead} title=${t('page.alerts')} note=${t('alerts.note')} />
    <${Card} title=${t('page.alerts')} actions=${html`<${Choice} label=${t('page.alerts')} options=${states} value=${state} onChange=${(to) => replace(here({ state: to }))} />`}>${body}<//>
  </div>`;
}
