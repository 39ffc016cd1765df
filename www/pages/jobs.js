/* Jobs: the queues, and what waits, runs or could not be done. One job is a drawer
** (job=ID, job.js). */
import { address, post, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatAgo, formatMoment, formatSeconds } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { here, openDrawer, replace } from '../lib/route.js';
import { useSearch } from '../lib/search.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Choice } from '../parts/chart_card.js';
import { confirm } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Progress } from '../parts/progress.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';
import { WorkState } from './work_state.js';

const STATES = ['waiting', 'running', 'done', 'dead', 'cancelled'];
const SIZE = 50;
const OF = ['job', 'job_queue', 'graph_run', 'schedule'];

const label = (name) => t(`job_column.${name}`);
const moment = (iso) => iso && html`<time datetime=${iso} title=${formatMoment(iso)}>${formatAgo(iso)}</time>`;

/* ---- queues ---- */

async function setPaused(queue, paused) {
  try {
    await post(address('/api/records/job_queue'), { id: queue.id, paused });
    toast({ text: t(paused ? 'jobs.paused_told' : 'jobs.resumed_told', { queue: queue.name }) });
  } catch (error) {
    toastFailure(error);
  }
}

const number = (name, tone) => ({
  id: name,
  label: t(`queue_column.${name}`),
  align: 'end',
  sort: (queue) => queue[name] ?? 0,
  value: (queue) => html`<span class=${queue[name] && tone ? `ink-${tone}` : undefined}>${count(queue[name] ?? 0)}</span>`,
});

const QUEUES = [
  { id: 'name', label: t('queue_column.name'), kind: 'name', sort: (queue) => queue.name, value: (queue) => html`<a href=${here({ queue: queue.name })}>${queue.name}</a> ${queue.paused && html`<${Badge} tone="warn">${t('jobs.paused')}<//>`}` },
  number('waiting'),
  number('running'),
  number('dead', 'bad'),
  number('done_day'),
  { id: 'oldest', label: t('queue_column.oldest'), align: 'end', value: (queue) => (queue.waiting ? formatSeconds(queue.oldest_seconds) : '') },
  { id: 'act', label: t('table.act'), quiet: true, align: 'end', value: (queue) => may('work.write') && html`<button type="button" class="quiet" onClick=${() => setPaused(queue, !queue.paused)}><${Icon} name=${queue.paused ? 'next' : 'pause'} /> ${t(queue.paused ? 'jobs.resume' : 'jobs.pause')}<span class="hidden"> ${queue.name}</span></button>` },
];

function Queues() {
  const { answer, error, again } = useLive(address('/api/queues'), OF);
  const queues = useKept(answer)?.data;
  if (error && !queues) return html`<${Failed} error=${error} again=${again} />`;
  if (!queues) return html`<${Skeleton} shape="table" n=${6} />`;
  return html`<${Table} caption=${t('jobs.queues')} columns=${QUEUES} rows=${queues} keyOf=${(queue) => queue.name} />`;
}

/* ---- jobs ---- */

const shareOf = ({ progress }) => (progress?.total ? progress.done / progress.total : null);

function State({ job }) {
  return html`<${WorkState} state=${job.state} />${job.state === 'running' && job.progress?.total > 0 && html`<${Progress} label=${job.progress.text || job.kind} share=${shareOf(job)} note=${job.progress.text} />`}`;
}

const COLUMNS = [
  { id: 'kind', label: label('kind'), kind: 'name', value: (job) => html`${nameOf('job_kind', job.kind)} <span class="note">${job.id}</span>` },
  { id: 'state', label: label('state'), value: (job) => html`<${State} job=${job} />` },
  { id: 'queue', label: label('queue'), value: (job) => job.queue },
  { id: 'attempts', label: label('attempts'), align: 'end', value: (job) => `${job.attempts} / ${job.attempts_max}` },
  { id: 'when', label: label('due_at'), value: (job) => moment(job.ended_at ?? job.started_at ?? job.due_at) },
  { id: 'cause', label: label('cause'), value: (job) => job.cause ?? '' },
];

const whole = (answer) => ({ items: answer.data, next: answer.next });

function List({ query }) {
  const path = address('/api/jobs', { state: query.state, queue: query.queue, kind: query.kind, limit: SIZE });
  const { items, first, more, busy, stale, error, again, onMore } = useSearch(path, { pick: whole, after: 'before', size: SIZE, of: OF });
  if (error && !items?.length) return html`<${Failed} error=${error} again=${again} />`;
  if (!items) return html`<${Skeleton} shape="table" n=${8} />`;
  if (!items.length) return html`<${Empty} icon="queue" title=${t('jobs.none')}><p>${t('jobs.none_advice')}</p><//>`;
  return html`<${Table} caption=${t('jobs.list')} columns=${COLUMNS} rows=${items} keyOf=${(job) => job.id} busy=${stale} onOpen=${(job) => openDrawer('job', job.id)} openLabel=${(job) => t('jobs.open', { id: job.id, kind: job.kind })} />
    <div class="pager"><span role="status">${t('rows.shown_of', { n: count(items.length), total: count(first?.total ?? items.length) })}</span>
      ${more && html`<button type="button" class="button-line" disabled=${busy} onClick=${onMore}>${t('jobs.more')}</button>`}</div>`;
}

async function replayDead(n, queue) {
  if (!(await confirm({ title: t('jobs.replay_dead_ask', { n: count(n) }), text: t('jobs.replay_dead_text'), ok: t('jobs.replay_dead') }))) return;
  try {
    const { data } = await post(address('/api/jobs/replay-dead'), queue ? { queue } : {});
    toast({ text: t('jobs.replayed', { n: data.replayed ?? n }) });
  } catch (error) {
    toastFailure(error);
  }
}

function useCounts(queue) {
  const { answer } = useLive(address('/api/jobs', { queue, limit: 1 }), OF);
  return useKept(answer)?.counts ?? {};
}

export function Jobs({ query }) {
  const counts = useCounts(query.queue);
  const states = ['', ...STATES].map((id) => ({ id, label: id ? t(`job_state.${id}`) : t('jobs.all'), mark: id && counts[id] ? count(counts[id]) : null }));
  const dead = may('work.write') && counts.dead > 0 && html`<button type="button" class="plain" onClick=${() => replayDead(counts.dead, query.queue)}><${Icon} name="again" /> ${t('jobs.replay_dead')}</button>`;
  const stats = STATES.slice(0, 4).map((state) => ({ id: state, label: t(`job_state.${state}`), value: count(counts[state] ?? 0), tone: state === 'dead' && counts.dead ? 'bad' : undefined, href: here({ state }) }));
  return html`<div class="page">
    <${PageHead} title=${t('page.jobs')} note=${t('jobs.note')} actions=${dead} />
    <${Stats} label=${t('page.jobs')} rows=${stats} />
    <${Card} title=${t('jobs.list')} actions=${query.queue && html`<a class="quiet" href=${here({ queue: null })}><${Icon} name="cross" /> ${query.queue}</a>`}>
      <div class="filters"><${Choice} label=${label('state')} options=${states} value=${query.state ?? ''} onChange=${(state) => replace(here({ state }))} /></div>
      <${List} query=${query} />
    <//>
    <${Card} title=${t('jobs.queues')} note=${t('jobs.queues_note')}><${Queues} /><//>
  </div>`;
}
