/* One run of a graph, as it goes: the graph with the state of each task, and the chosen
** task's attempts and log. */
import { useState } from 'preact/hooks';
import { address, post, useKept } from '../lib/api.js';
import { formatMoment, formatSeconds } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { confirm } from '../parts/confirm.js';
import { Flow } from '../parts/flow.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';
import { InDrawer } from '../parts/why.js';
import { Json, LogLines } from './job.js';
import { lookOf, WorkState } from './work_state.js';

const OVER = ['done', 'failed', 'cancelled'];
const WORST = ['failed', 'running', 'ready', 'waiting', 'upstream_failed', 'cancelled', 'done'];
const label = (name) => t(`task_column.${name}`);
const titleOf = (task) => nameOf('task', task.name) + (task.item ? ` \u00b7 ${task.item}` : '');

/* A mapped task is many; in the graph it is one box that says how many are done. */
function nodesOf(tasks) {
  const names = [...new Set(tasks.map((task) => task.name))];
  return names.map((name) => {
    const own = tasks.filter((task) => task.name === name);
    const done = own.filter((task) => task.state === 'done').length;
    const state = WORST.find((one) => own.some((task) => task.state === one)) ?? 'waiting';
    const took = own.length === 1 ? formatSeconds(own[0].seconds) : t('graphs.of', { n: done, all: own.length });
    return { id: name, title: nameOf('task', name), note: [nameOf('graph_state', state), took].filter(Boolean).join(' \u00b7 '), after: own[0].after ?? [], ...lookOf(state) };
  });
}

const key = (task) => `${task.name}/${task.item ?? ''}`;

function Task({ task, run, onClear }) {
  return html`<div class="stack">
    <p><${WorkState} group="graph_state" state=${task.state} /> ${task.job && html`<${InDrawer} kind="job" value=${task.job}>${t('job.title', { id: task.job })}<//>`}</p>
    ${task.cause && html`<p class="notice tone-bad"><${Icon} name="warn" /> <span>${task.cause}</span></p>`}
    ${task.log?.length > 0 && html`<section><h3>${t('graphs.log')}</h3><${LogLines} lines=${task.log} /></section>`}
    ${task.output && html`<section><h3>${t('graphs.output')}</h3><${Json} value=${task.output} /></section>`}
    ${may('work.write') && OVER.includes(run.state) && html`<div><button type="button" class="plain" onClick=${() => onClear(task)}><${Icon} name="again" /> ${t('graphs.clear')}</button></div>`}
  </div>`;
}

const COLUMNS = [
  { id: 'task', label: label('task'), kind: 'name', value: titleOf },
  { id: 'state', label: label('state'), value: (task) => html`<${WorkState} group="graph_state" state=${task.state} />` },
  { id: 'attempts', label: label('attempts'), align: 'end', value: (task) => task.attempts || '' },
  { id: 'seconds', label: label('seconds'), align: 'end', value: (task) => formatSeconds(task.seconds) },
  { id: 'cause', label: label('cause'), value: (task) => task.cause ?? '' },
];

function useActs(id, again) {
  const act = async (name, body, told, values) => {
    try {
      await post(address(`/api/graph-runs/${encodeURIComponent(id)}/${name}`), body);
      toast({ text: t(told, values) });
      again();
    } catch (error) {
      toastFailure(error);
    }
  };
  return {
    retry: () => act('retry', {}, 'graphs.retried'),
    cancel: () => act('cancel', undefined, 'graphs.cancelled'),
    clear: async (task) => (await confirm({ title: t('graphs.clear_ask', { task: nameOf('task', task.name) }), ok: t('graphs.clear') })) && act('clear', { task: task.name }, 'graphs.cleared', { task: nameOf('task', task.name) }),
  };
}

function Body({ run, again }) {
  const [open, setOpen] = useState(null);
  const acts = useActs(run.id, again);
  const failed = run.tasks.find((task) => task.state === 'failed');
  const chosen = run.tasks.find((task) => key(task) === open) ?? failed ?? run.tasks[0];
  const choose = (name) => setOpen(key(run.tasks.find((task) => task.name === name)));
  const actions = may('work.write') && html`${run.state === 'failed' && html`<button type="button" class="button" onClick=${acts.retry}><${Icon} name="again" /> ${t('graphs.retry')}</button>`}
    ${!OVER.includes(run.state) && html`<button type="button" class="plain" onClick=${acts.cancel}><${Icon} name="cross" /> ${t('graphs.cancel')}</button>`}`;
  const note = [nameOf('graph_cause', run.cause), formatMoment(run.started_at), run.from && `${t('graphs.window')} ${formatMoment(run.from)} \u2013 ${formatMoment(run.to)}`].filter(Boolean).join(' \u00b7 ');
  return html`<div class="page">
    <${PageHead} title=${`${run.graph} \u00b7 ${run.id}`} note=${note} back=${{ href: link(at('graphs', run.graph)), label: run.graph }} badge=${html`<${WorkState} group="graph_state" state=${run.state} />`} actions=${actions} />
    <${Card} title=${t('graphs.graph')}><${Flow} label=${t('graphs.scroll', { name: run.graph })} nodes=${nodesOf(run.tasks)} selected=${chosen?.name} onSelect=${choose} /><//>
    <div class="beside">
      <${Card} title=${t('graphs.tasks')}><${Table} caption=${t('graphs.tasks')} columns=${COLUMNS} rows=${run.tasks} keyOf=${key} onOpen=${(task) => setOpen(key(task))} openLabel=${titleOf} /><//>
      ${chosen && html`<${Card} title=${titleOf(chosen)}><${Task} task=${chosen} run=${run} onClear=${acts.clear} /><//>`}
    </div>
  </div>`;
}

export function GraphRun({ id }) {
  const { answer, error, again } = useLive(address(`/api/graph-runs/${encodeURIComponent(id)}`), ['graph_run', 'job', 'graph']);
  const run = useKept(answer)?.data;
  if (run) return html`<${Body} run=${run} again=${again} />`;
  return error ? html`<${Failed} page error=${error} again=${again} />` : html`<${Skeleton} shape="cards" n=${2} />`;
}
