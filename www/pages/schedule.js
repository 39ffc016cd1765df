/* One schedule, as a drawer: when it runs next, what became of its slots, and the form that
** changes it, which says in words what a cron expression means while it is typed. */
import { useState } from 'preact/hooks';
import { address, del, post, useAnswer, useKept } from '../lib/api.js';
import { formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { confirm } from '../parts/confirm.js';
import { Drawer } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { Failed, Skeleton } from '../parts/state.js';
import { toast, toastFailure } from '../parts/toast.js';
import { InDrawer } from '../parts/why.js';
import { actOn, SCHEDULE_TABLES } from './schedules.js';
import { WorkState } from './work_state.js';

const NEW = { cron: '0 6 * * *', zone: 'UTC', catch_up: 'once', active: true };

/* Times of the schedule's own zone, as those who made it think. */
const inZone = (iso, zone) => {
  try {
    return new Intl.DateTimeFormat('en-IN', { dateStyle: 'medium', timeStyle: 'short', timeZone: zone }).format(new Date(iso));
  } catch {
    return formatMoment(iso);
  }
};

function Preview({ cron, zone }) {
  const { answer, error } = useAnswer(cron && zone ? address('/api/schedule-preview', { cron, zone, count: 5 }) : null);
  const preview = useKept(error ? null : answer)?.data;
  if (error?.message) return html`<p class="error" role="status"><${Icon} name="warn" /> <span>${error.message}</span></p>`;
  if (!preview) return null;
  return html`<div class="preview" role="status">
    <p><b>${preview.words}</b></p>
    <p class="note">${t('schedules.preview')} ${preview.next.slice(0, 3).map((iso) => inZone(iso, zone)).join('; ')}</p>
  </div>`;
}

function fields(kinds, graphs) {
  const options = (names, group) => names.map((id) => ({ id, label: group ? nameOf(group, id) : id }));
  return [
    { name: 'name', kind: 'text', required: true },
    { name: 'cron', kind: 'text', required: true },
    { name: 'zone', kind: 'text', required: true, placeholder: 'Europe/Berlin' },
    { name: 'graph', kind: 'choice', options: options(graphs) },
    { name: 'kind', kind: 'choice', options: options(kinds, 'job_kind'), only: (values) => !values.graph },
    { name: 'payload', kind: 'json', rows: 3, only: (values) => !values.graph },
    { name: 'catch_up', kind: 'choice', required: true, options: options(['skip', 'once', 'all'], 'catch_up') },
    { name: 'owner', kind: 'text' },
    { name: 'active', kind: 'boolean' },
  ];
}

function Edit({ schedule, onDone, onCancel }) {
  const kinds = useAnswer(address('/api/job-kinds')).answer?.data;
  const graphs = useAnswer(address('/api/graphs')).answer?.data;
  if (!kinds || !graphs) return html`<${Skeleton} n=${5} />`;
  const save = async (values, changed) => {
    const kind = values.graph ? 'graph' : values.kind;
    await post(address('/api/records/schedule'), schedule.id ? { ...changed, kind, id: schedule.id } : { ...values, kind });
    toast({ text: t('schedules.saved', { name: values.name }) });
    onDone(values.name);
  };
  const all = fields(kinds.map((one) => one.name), graphs.map((one) => one.name));
  return html`<${Form} fields=${all} value=${schedule} onSave=${save} onCancel=${onCancel} save=${t('job.payload_save')}>
    ${(texts) => html`<${Preview} cron=${texts.cron} zone=${texts.zone} />`}
  <//>`;
}

const Slot = ({ slot, zone }) => html`<li>
  <time datetime=${slot.slot}>${inZone(slot.slot, zone)}</time>
  <${WorkState} group="slot_state" state=${slot.state} />
  ${slot.reason && html`<span class="note">${slot.reason}</span>`}
  ${slot.job && html`<${InDrawer} kind="job" value=${slot.job}>${t('job.title', { id: slot.job })}<//>`}
</li>`;

function Slots({ schedule }) {
  const { answer } = useLive(address(`/api/schedules/${encodeURIComponent(schedule.name)}/slots`), SCHEDULE_TABLES);
  const slots = useKept(answer)?.data;
  if (!slots) return html`<${Skeleton} n=${3} />`;
  if (!slots.length) return html`<p class="note">${t('schedules.no_slots')}</p>`;
  return html`<ul class="slot-list">${slots.map((slot) => html`<${Slot} key=${slot.slot} slot=${slot} zone=${schedule.zone} />`)}</ul>`;
}

function Show({ schedule, onEdit, onClose }) {
  const turn = schedule.active ? ['pause', 'schedules.paused'] : ['resume', 'schedules.resumed'];
  const remove = async () => {
    if (!(await confirm({ title: t('schedules.delete_ask', { name: schedule.name }), ok: t('schedules.delete'), danger: true }))) return;
    try {
      await del(address(`/api/records/schedule/${schedule.id}`));
      toast({ text: t('schedules.deleted', { name: schedule.name }) });
      onClose();
    } catch (error) {
      toastFailure(error);
    }
  };
  return html`<div class="stack">
    ${schedule.help && html`<p>${schedule.help}</p>`}
    <p><b>${schedule.words}</b> <code>${schedule.cron}</code> ${schedule.zone} ${!schedule.active && html`<${Badge}>${t('schedules.off')}<//>`}</p>
    <p class="note">${schedule.graph ? t('schedules.of_graph', { graph: schedule.graph }) : t('schedules.of_kind', { kind: nameOf('job_kind', schedule.kind) })} \u00b7 ${t(`catch_up.${schedule.catch_up}`)}</p>
    ${may('work.write') && html`<div class="actions drawer-acts">
      <button type="button" class="button" onClick=${() => actOn(schedule, 'run', 'schedules.ran')}><${Icon} name="start" /> ${t('schedules.run')}</button>
      <button type="button" class="plain" onClick=${() => actOn(schedule, ...turn)}><${Icon} name=${schedule.active ? 'pause' : 'next'} /> ${t(`schedules.${turn[0]}`)}</button>
      <button type="button" class="plain" onClick=${onEdit}><${Icon} name="edit" /> ${t('schedules.edit')}</button>
      <button type="button" class="quiet" onClick=${remove}><${Icon} name="trash" /> ${t('schedules.delete')}</button>
    </div>`}
    ${schedule.active && html`<section><h3>${t('schedules.next')}</h3><ul class="plain-list">${(schedule.next ?? []).map((iso) => html`<li key=${iso}>${inZone(iso, schedule.zone)}</li>`)}</ul></section>`}
    <section><h3>${t('schedules.slots')}</h3><${Slots} schedule=${schedule} /></section>
  </div>`;
}

export function ScheduleDrawer({ value, onClose }) {
  const [name, setName] = useState(value);
  const [edits, setEdits] = useState(value === 'new');
  const { answer, error, again } = useLive(address('/api/schedules'), SCHEDULE_TABLES);
  const schedule = useKept(answer)?.data.find((one) => one.name === name);
  const made = (saved) => {
    setName(saved);
    setEdits(false);
    again();
  };
  const cancel = () => (value === 'new' && name === 'new' ? onClose() : setEdits(false));
  let body = html`<${Skeleton} shape="table" n=${6} />`;
  if (edits && (schedule || name === 'new')) body = html`<${Edit} schedule=${schedule ?? NEW} onDone=${made} onCancel=${cancel} />`;
  else if (schedule) body = html`<${Show} schedule=${schedule} onEdit=${() => setEdits(true)} onClose=${onClose} />`;
  else if (error) body = html`<${Failed} error=${error} again=${again} />`;
  return html`<${Drawer} title=${name === 'new' ? t('schedules.new') : name} onClose=${onClose}>${body}<//>`;
}
