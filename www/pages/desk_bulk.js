/* What is done with many exceptions at once: a field set to a value, somebody who
** looks at them, or a decision with its reason. The button says how many; the toast,
** what came of it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, post, useAnswer } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { nearest } from '../lib/near.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { Skeleton } from '../parts/state.js';
import { toast } from '../parts/toast.js';

const MANY = (n) => ({ n, shown: { n: count(n) } });

/* A dialog with a form: act(form data) is a promise; its Failure stands above. */
export function Act({ title, note, ok, act, onClose, children }) {
  const [state, setState] = useState({ busy: false, said: null });
  const submit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    setState({ busy: true, said: null });
    try {
      await act(values);
      onClose();
    } catch (error) {
      setState({ busy: false, said: error.message || t('failed.offline.title') });
    }
  };
  return html`<${Dialog} title=${title} note=${note} onClose=${onClose}>
    <form class="form" onSubmit=${submit}>
      ${state.said && html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${state.said}</span></p>`}
      ${children}
      <div class="dialog-foot">
        <button type="button" class="plain" onClick=${onClose}>${t('confirm.cancel')}</button>
        <button type="submit" class="button" disabled=${state.busy}>${state.busy ? t('desk.bulk.working') : ok}</button>
      </div>
    </form>
  <//>`;
}

/* ---- correct ---- */

/* What a reference list would have instead: for "Nort" it is "North". */
export function useWords(field) {
  const rules = useAnswer(address('/api/records/rule')).answer?.data;
  const items = useAnswer(address('/api/records/reference_item', { limit: 10000 })).answer?.data;
  const lists = (rules ?? []).filter((rule) => rule.field === field && rule.kind === 'reference').map((rule) => rule.params.list);
  return (items ?? []).filter((item) => lists.includes(item.list)).map((item) => item.value);
}

function Value({ field, wrong }) {
  const words = useWords(field);
  const near = nearest(wrong, words);
  const input = useRef(null);
  useEffect(() => {
    input.current.focus();
    input.current.select();
  }, [field, near]);
  return html`<div class="form-field">
    <label for="bulk-value">${t('desk.bulk.value', { field: nameOf('field', field) })}</label>
    <input id="bulk-value" ref=${input} key=${`${field}|${near}`} name="value" required defaultValue=${near ?? ''} list=${words.length ? 'bulk-words' : undefined} autocomplete="off" aria-describedby=${near ? 'bulk-near' : undefined} />
    ${words.length > 0 && html`<datalist id="bulk-words">${words.map((word) => html`<option key=${word} value=${word} />`)}</datalist>`}
    ${near && html`<p class="help" id="bulk-near">${t('desk.bulk.near', { value: wrong, near })}</p>`}
  </div>`;
}

const corrected = ({ corrected: n, still_open: rest, run }) =>
  toast({
    tone: rest ? 'bad' : 'ok',
    text: rest ? t('desk.bulk.partly', { n, shown: { n: count(n), rest: count(rest) } }) : t('desk.bulk.corrected', MANY(n)),
    ...(run && { href: link(`imports/${at(run)}`, { run: null }), hrefLabel: t('desk.bulk.run') }),
  });

function Fix({ target, count: n, sample, field: given, wrong, done, onClose }) {
  const one = useAnswer(given ? null : address(`/api/exceptions/${at(sample)}`)).answer?.data;
  const fields = given ? [given] : [...new Set((one?.cells ?? []).map((cell) => cell.field).filter(Boolean))];
  const [picked, setPicked] = useState(null);
  const field = picked ?? given ?? one?.faults.find((fault) => fields.includes(fault.field))?.field ?? fields[0];
  const fault = one?.faults.find((own) => own.field === field);
  const act = async ({ value }) => {
    const { data } = await post(address('/api/exceptions/fix'), { ...target, changes: { [field]: value } });
    corrected(data);
    done?.();
  };
  return html`<${Act} title=${t('desk.bulk.fix_title', MANY(n))} note=${wrong ? t('desk.bulk.fix_same', { field: nameOf('field', field), value: wrong }) : t('desk.bulk.fix_note')} ok=${t('desk.bulk.fix_ok', MANY(n))} act=${act} onClose=${onClose}>
    ${!field && html`<${Skeleton} n=${2} />`}
    ${fields.length > 1 && html`<div class="form-field"><label for="bulk-field">${t('column.field')}</label>
      <select id="bulk-field" value=${field} onChange=${(event) => setPicked(event.target.value)}>${fields.map((id) => html`<option key=${id} value=${id} selected=${id === field}>${nameOf('field', id)}</option>`)}</select></div>`}
    ${field && html`<${Value} field=${field} wrong=${wrong ?? fault?.value} />`}
  <//>`;
}

/* ---- assign ---- */

export const assign = (target, assignee) => post(address('/api/exceptions/review'), { ...target, assignee });
export const accept = (target, reason) => post(address('/api/exceptions/review'), { ...target, decision: reason ? 'accepted' : null, reason });

function Assign({ target, count: n, done, onClose }) {
  const known = useAnswer(address('/api/exceptions/summary', { state: 'all' })).answer?.data.by_assignee ?? [];
  const act = async ({ assignee }) => {
    const { data } = await assign(target, assignee.trim() || null);
    toast({ text: assignee.trim() ? t('desk.bulk.assigned', { ...MANY(data.changed), name: assignee.trim() }) : t('desk.bulk.unassigned', MANY(data.changed)) });
    done?.();
  };
  return html`<${Act} title=${t('desk.bulk.assign_title', MANY(n))} ok=${t('desk.bulk.assign_ok')} act=${act} onClose=${onClose}>
    <div class="form-field">
      <label for="bulk-assignee">${t('desk.bulk.assignee')}</label>
      <input id="bulk-assignee" name="assignee" list="bulk-people" autocomplete="off" autofocus aria-describedby="bulk-assignee-help" />
      <datalist id="bulk-people">${known.filter((one) => one.name && one.name !== '-').map((one) => html`<option key=${one.name} value=${one.name} />`)}</datalist>
      <p class="help" id="bulk-assignee-help">${t('desk.bulk.assignee_help')}</p>
    </div>
  <//>`;
}

/* ---- accept ---- */

function Accept({ target, count: n, done, onClose }) {
  const act = async ({ reason }) => {
    const { data } = await accept(target, reason.trim());
    toast({ text: t('desk.bulk.accepted', MANY(data.changed)) });
    done?.();
  };
  return html`<${Act} title=${t('desk.bulk.accept_title', MANY(n))} note=${t('desk.bulk.accept_note')} ok=${t('desk.bulk.accept_ok', MANY(n))} act=${act} onClose=${onClose}>
    <div class="form-field">
      <label for="bulk-reason">${t('desk.bulk.reason')}</label>
      <textarea id="bulk-reason" name="reason" rows="3" required autofocus placeholder=${t('desk.bulk.reason_example')}></textarea>
    </div>
  <//>`;
}

const KINDS = { fix: Fix, assign: Assign, accept: Accept };

export function Bulk({ kind, ...rest }) {
  const Own = KINDS[kind];
  return html`<${Own} ...${rest} />`;
}
