/* Schedules: what runs when. One of them is a drawer (schedule=NAME, schedule.js). */
import { address, post, useKept } from '../lib/api.js';
import { formatAgo, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link, openDrawer } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';
import { WorkState } from './work_state.js';

export const SCHEDULE_TABLES = ['schedule', 'job', 'graph_run'];
const label = (name) => t(`schedule_column.${name}`);

/* 'in 5 min.': the same words as for the past, turned round. */
const relative = new Intl.RelativeTimeFormat('en-IN', { numeric: 'auto', style: 'short' });
const STEPS = [[90, 'second', 1], [5400, 'minute', 60], [129600, 'hour', 3600], [Infinity, 'day', 86400]];
export function formatIn(iso, now = Date.now()) {
  const seconds = (new Date(iso) - now) / 1000;
  const [, unit, by] = STEPS.find(([below]) => Math.abs(seconds) < below);
  return relative.format(Math.round(seconds / by), unit);
}

export async function actOn(schedule, act, told) {
  try {
    await post(address(`/api/schedules/${encodeURIComponent(schedule.name)}/${act}`));
    toast({ text: t(told, { name: schedule.name }) });
  } catch (error) {
    toastFailure(error);
  }
}

function Next({ schedule }) {
  if (!schedule.active) return html`<${Badge}>${t('schedules.off')}<//>`;
  const [next] = schedule.next ?? [];
  return next ? html`<time datetime=${next} title=${formatMoment(next)}>${formatIn(next)}</time>` : '';
}

function Last({ schedule }) {
  const { last, missed } = schedule;
  if (!last) return html`<span class="note">${t('schedules.never')}</span>`;
  return html`<${WorkState} group="slot_state" state=${last.state} /> <time class="note" datetime=${last.slot} title=${formatMoment(last.slot)}>${formatAgo(last.slot)}</time>
    ${missed > 0 && html` <${Badge} tone="warn">${t('schedules.missed', { n: missed })}<//>`}`;
}

const what = (schedule) => (schedule.graph ? html`<a href=${link(at('graphs', schedule.graph))}>${schedule.graph}</a>` : nameOf('job_kind', schedule.kind));

const COLUMNS = [
  { id: 'name', label: label('name'), kind: 'name', sort: (one) => one.name, value: (one) => html`${one.name}<p class="note">${what(one)}</p>` },
  { id: 'words', label: label('words'), value: (one) => html`${one.words}<p class="note"><code>${one.cron}</code> ${one.zone}</p>` },
  { id: 'next', label: label('next'), sort: (one) => (one.active ? one.next?.[0] : '~') ?? '~', value: (one) => html`<${Next} schedule=${one} />` },
  { id: 'last', label: label('last'), value: (one) => html`<${Last} schedule=${one} />` },
  { id: 'catch_up', label: label('catch_up'), value: (one) => t(`catch_up.${one.catch_up}`) },
  {
    id: 'act',
    label: t('table.act'),
    quiet: true,
    align: 'end',
    value: (one) => may('work.write') && html`<button type="button" class="quiet" onClick=${() => actOn(one, 'run', 'schedules.ran')}><${Icon} name="start" /> ${t('schedules.run')}<span class="hidden"> ${one.name}</span></button>`,
  },
];

export function Schedules() {
  const { answer, error, again } = useLive(address('/api/schedules'), SCHEDULE_TABLES);
  const schedules = useKept(answer)?.data;
  const actions = may('work.write') && html`<button type="button" class="button" onClick=${() => openDrawer('schedule', 'new')}><${Icon} name="plus" /> ${t('schedules.new')}</button>`;
  return html`<div class="page">
    <${PageHead} title=${t('page.schedules')} note=${t('schedules.note')} actions=${actions} />
    <${Card} title=${t('schedules.list')}>
      ${schedules
        ? html`<${Table} caption=${t('schedules.list')} columns=${COLUMNS} rows=${schedules} keyOf=${(one) => one.name} sort=${{ id: 'next' }} onOpen=${(one) => openDrawer('schedule', one.name)} openLabel=${(one) => t('schedules.open', { name: one.name })} />`
        : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="table" n=${8} />`}
    <//>
  </div>`;
}
