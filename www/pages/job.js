/* One job, as a drawer: what it is to do, its attempts with their logs, its steps; run it
** again, change it, cancel it. */
import { useState } from 'preact/hooks';
import { address, post, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatClock, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { confirm } from '../parts/confirm.js';
import { Drawer } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { Progress } from '../parts/progress.js';
import { Failed, Skeleton } from '../parts/state.js';
import { toast, toastFailure } from '../parts/toast.js';
import { WorkState } from './work_state.js';

const OVER = ['done', 'dead', 'cancelled'];

export const Json = ({ value }) => html`<pre class="json" tabindex="0">${JSON.stringify(value, null, 2)}</pre>`;

export const LogLines = ({ lines }) => lines?.length > 0 && html`<pre class="log-lines" tabindex="0">${lines.join('\n')}</pre>`;

const Try = ({ one }) => html`<li>
  <time datetime=${one.started_at}>${formatClock(one.started_at)}</time>
  <div>
    <h4>${t('job.try', { n: one.n })} <${WorkState} group="job_outcome" state=${one.outcome ?? 'running'} /></h4>
    ${one.cause && html`<p>${one.cause}</p>`}
    <p class="note">${[one.worker, one.ended_at && formatMoment(one.ended_at)].filter(Boolean).join(' \u00b7 ')}</p>
    <${LogLines} lines=${one.log} />
  </div>
  <span></span>
</li>`;

function Payload({ job, onDone }) {
  const [edits, setEdits] = useState(false);
  const open = job.state === 'waiting' || job.state === 'dead';
  const save = async ({ payload }) => {
    await post(address(`/api/jobs/${job.id}/edit`), { payload });
    toast({ text: t('job.payload_saved', { id: job.id }) });
    setEdits(false);
    onDone();
  };
  const field = { name: 'payload', label: t('job.payload'), kind: 'json', required: true, rows: 8 };
  return html`<section>
    <header class="card-head"><h3>${t('job.payload')}</h3>${may('work.write') && open && !edits && html`<div class="actions"><button type="button" class="quiet" onClick=${() => setEdits(true)}><${Icon} name="edit" /> ${t('job.payload_edit')}</button></div>`}</header>
    ${edits ? html`<${Form} fields=${[field]} value=${{ payload: job.payload }} save=${t('job.payload_save')} onSave=${save} onCancel=${() => setEdits(false)} />` : html`<${Json} value=${job.payload} />`}
  </section>`;
}

function useActs(job, again) {
  const act = (name, told) => async () => {
    try {
      await post(address(`/api/jobs/${job.id}/${name}`));
      toast({ text: t(told, { id: job.id }) });
      again();
    } catch (error) {
      toastFailure(error);
    }
  };
  const cancel = act('cancel', 'job.cancelled');
  return {
    retry: act('retry', 'job.retried'),
    cancel: async () => (await confirm({ title: t('job.cancel_ask', { id: job.id }), text: t('job.cancel_text'), ok: t('job.cancel'), danger: true })) && cancel(),
  };
}

function facts(job) {
  const tried = job.attempts_max ? `${job.attempts} / ${job.attempts_max}` : null;
  return [
    ['queue', job.queue],
    ['attempts', tried],
    ['priority', job.priority ? count(job.priority) : null],
    ['unique', job.unique],
    ['due_at', formatMoment(job.due_at)],
    ['created_at', formatMoment(job.created_at)],
    ['created_by', job.created_by],
    ['started_at', formatMoment(job.started_at)],
    ['ended_at', formatMoment(job.ended_at)],
  ].filter(([, text]) => text);
}

function Body({ job, again }) {
  const acts = useActs(job, again);
  const share = job.progress?.total ? job.progress.done / job.progress.total : null;
  return html`
    <p><${WorkState} state=${job.state} /></p>
    ${job.cause && html`<p class="notice tone-bad"><${Icon} name="warn" /> <span>${job.cause}</span></p>`}
    ${job.state === 'running' && html`<${Progress} label=${job.kind} share=${share} note=${job.progress?.text} />`}
    ${may('work.write') && html`<div class="actions drawer-acts">
      ${(job.state === 'dead' || job.state === 'cancelled') && html`<button type="button" class="button" onClick=${acts.retry}><${Icon} name="again" /> ${t('job.retry')}</button>`}
      ${!OVER.includes(job.state) && html`<button type="button" class="plain" onClick=${acts.cancel}><${Icon} name="cross" /> ${t('job.cancel')}</button>`}
    </div>`}
    <dl class="details">${facts(job).map(([name, text]) => html`<div key=${name}><dt>${t(`job_column.${name}`)}</dt><dd class="wrap">${text}</dd></div>`)}</dl>
    ${job.graph_run && html`<p><a class="button-line" href=${link(at('graphs', 'run', job.graph_run))}>${t('job.graph')}: ${job.graph_task}</a></p>`}
    <${Payload} job=${job} onDone=${again} />
    ${job.result && html`<section><h3>${t('job.result')}</h3><${Json} value=${job.result} /></section>`}
    <section><h3>${t('job.tries')}</h3>${job.tries?.length ? html`<ol class="timeline">${job.tries.map((one) => html`<${Try} key=${one.n} one=${one} />`)}</ol>` : html`<p class="note">${t('job.no_tries')}</p>`}</section>
    ${job.steps?.length > 0 && html`<section><h3>${t('job.steps')}</h3><ul class="plain-list">${job.steps.map((step) => html`<li key=${step.name}><${Icon} name="check" /> ${step.name} <span class="note">${formatClock(step.at)}</span></li>`)}</ul></section>`}
  `;
}

export function JobDrawer({ value, onClose }) {
  const { answer, error, again } = useLive(address(`/api/jobs/${encodeURIComponent(value)}`), (change) => change.table === 'job' && (!change.job || String(change.job.id) === value));
  const job = useKept(answer)?.data;
  return html`<${Drawer} title=${job ? nameOf('job_kind', job.kind) : t('job.title', { id: value })} note=${t('job.title', { id: value })} onClose=${onClose}>
    ${job ? html`<div class="stack"><${Body} job=${job} again=${again} /></div>` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="table" n=${6} />`}
  <//>`;
}
