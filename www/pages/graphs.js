/* Task graphs: all of them; one with its runs (#/graphs/NAME); one run (#/graphs/run/ID). */
import { address, post, useKept } from '../lib/api.js';
import { formatAgo, formatDay, formatMoment, formatSeconds } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, go, link, openDrawer } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Flow } from '../parts/flow.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';
import { Backfill } from './graph_backfill.js';
import { GraphRun } from './graph_run.js';
import { formatIn } from './schedules.js';
import { WorkState } from './work_state.js';

const GRAPH_TABLES = ['graph', 'graph_run', 'schedule', 'job'];
const label = (name) => t(`graph_run_column.${name}`);

export const nodesOf = (tasks) => tasks.map((task) => ({ id: task.name, title: nameOf('task', task.name), note: task.map ? `\u00d7 ${task.map}` : undefined, after: task.after ?? [] }));

async function start(name) {
  try {
    const { data } = await post(address(`/api/graphs/${encodeURIComponent(name)}/run`));
    toast({ text: t('graphs.ran', { name }) });
    go(link(at('graphs', 'run', String(data.run ?? data.id))));
  } catch (error) {
    toastFailure(error);
  }
}

const Start = ({ name }) => may('work.write') && html`<button type="button" class="button" onClick=${() => start(name)}><${Icon} name="start" /> ${t('graphs.run')}<span class="hidden"> ${name}</span></button>`;

function Facts({ graph }) {
  const next = graph.schedule?.next;
  const facts = [
    ['schedule', graph.schedule ? `${graph.schedule.words ?? graph.schedule.cron}${next ? `, ${formatIn(Array.isArray(next) ? next[0] : next)}` : ''}` : t('graphs.by_hand')],
    ['owner', graph.owner],
    ['retries', `${graph.retries} \u00d7 ${formatSeconds(graph.retry_delay_s)}`],
    ['start_day', graph.start_day && formatDay(graph.start_day)],
    ['median', formatSeconds(graph.median_seconds)],
  ];
  return html`<dl class="details details-row">${facts.filter(([, text]) => text).map(([name, text]) => html`<div key=${name}><dt>${t(`graphs.${name}`)}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function LastRun({ run }) {
  if (!run) return html`<span class="note">${t('graphs.last')}: ${t('graphs.never')}</span>`;
  return html`<a class="quiet" href=${link(at('graphs', 'run', String(run.id)))}><${WorkState} group="graph_state" state=${run.state} /> ${formatAgo(run.started_at)}</a>`;
}

const One = ({ graph }) => html`<${Card} wide title=${html`<a href=${link(at('graphs', graph.name))}>${graph.name}</a>`} note=${graph.help} actions=${html`<${LastRun} run=${graph.last_run} /><${Start} name=${graph.name} />`}>
  <${Flow} label=${t('graphs.scroll', { name: graph.name })} nodes=${nodesOf(graph.tasks)} onSelect=${() => go(link(at('graphs', graph.name)))} />
  <${Facts} graph=${graph} />
<//>`;

function All() {
  const { answer, error, again } = useLive(address('/api/graphs'), GRAPH_TABLES);
  const graphs = useKept(answer)?.data;
  return html`<div class="page">
    <${PageHead} title=${t('page.graphs')} note=${t('graphs.note')} />
    ${graphs ? html`<div class="cards">${graphs.map((graph) => html`<${One} key=${graph.name} graph=${graph} />`)}</div>` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="cards" n=${3} />`}
  </div>`;
}

const windowOf = (run) => (run.from || run.to ? `${formatMoment(run.from)} \u2013 ${formatMoment(run.to)}` : '');

const RUNS = [
  { id: 'run', label: label('run'), kind: 'name', value: (run) => html`<a href=${link(at('graphs', 'run', String(run.id)))}>${run.id}</a>` },
  { id: 'state', label: label('state'), value: (run) => html`<${WorkState} group="graph_state" state=${run.state} />` },
  { id: 'cause', label: label('cause'), value: (run) => nameOf('graph_cause', run.cause) },
  { id: 'window', label: label('window'), value: windowOf },
  { id: 'started', label: label('started'), value: (run) => html`<time datetime=${run.started_at} title=${formatMoment(run.started_at)}>${formatAgo(run.started_at)}</time>` },
  { id: 'seconds', label: label('seconds'), align: 'end', value: (run) => run.ended_at && formatSeconds((new Date(run.ended_at) - new Date(run.started_at)) / 1000) },
];

function Runs({ name }) {
  const { answer, error, again } = useLive(address(`/api/graphs/${encodeURIComponent(name)}/runs`), GRAPH_TABLES);
  const runs = useKept(answer)?.data;
  if (error && !runs) return html`<${Failed} error=${error} again=${again} />`;
  if (!runs) return html`<${Skeleton} shape="table" n=${5} />`;
  if (!runs.length) return html`<${Empty} icon="graph" title=${t('graphs.no_runs')} />`;
  return html`<${Table} caption=${t('graphs.runs')} columns=${RUNS} rows=${runs} keyOf=${(run) => run.id} />`;
}

function Graph({ name }) {
  const { answer, error, again } = useLive(address('/api/graphs'), GRAPH_TABLES);
  const graph = useKept(answer)?.data.find((one) => one.name === name);
  const back = { href: link('graphs'), label: t('page.graphs') };
  if (!graph) return error ? html`<${Failed} page error=${error} again=${again} />` : answer ? html`<${Empty} page icon="search" title=${t('failed.missing.title')} />` : html`<${Skeleton} shape="cards" n=${2} />`;
  return html`<div class="page">
    <${PageHead} title=${name} note=${graph.help} back=${back} actions=${html`<${Start} name=${name} />`} />
    <${Card} title=${t('graphs.graph')}>
      <${Flow} label=${t('graphs.scroll', { name })} nodes=${nodesOf(graph.tasks)} />
      <${Facts} graph=${graph} />
    <//>
    <${Card} title=${t('graphs.runs')}><${Runs} name=${name} /><//>
    <${Card} title=${t('graphs.backfill')} note=${t('graphs.backfill_note')}><${Backfill} name=${name} /><//>
    ${graph.schedule && html`<p><button type="button" class="button-line" onClick=${() => openDrawer('schedule', graph.schedule.name)}>${t('graphs.schedule')}: ${graph.schedule.name}</button></p>`}
  </div>`;
}

export function Graphs({ id }) {
  if (!id) return html`<${All} />`;
  return id.startsWith('run/') ? html`<${GraphRun} id=${id.slice(4)} />` : html`<${Graph} name=${id} />`;
}
