/* One exception, in a drawer: the line as it came, what is wrong with it and what
** would be right, its cells to be corrected in place - the faulty ones first - and
** what has happened to it. When one is corrected, the next follows by itself. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, get, post } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { nearest } from '../lib/near.js';
import { at, link, route } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Drawer } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { Original, Reason } from './original.js';
import { Failed, Skeleton } from '../parts/state.js';
import { toast } from '../parts/toast.js';
import { InDrawer } from '../parts/why.js';
import { Bulk, accept, useWords } from './desk_bulk.js';
import { filterOf, listFilter } from './desk_filter.js';
import { STATE_TONE, shownIds } from './desk_list.js';

/* ---- which one is next ---- */

/* In the list if there is one; else, or at its end, by asking. null: none is left. */
async function nextOf(id) {
  const ids = shownIds.current;
  const place = ids.findIndex((one) => String(one) === String(id));
  if (place >= 0 && place + 1 < ids.length) return ids[place + 1];
  const filter = route.value.page === 'exceptions' ? listFilter(route.value.query) : { ...filterOf(route.value.query), state: 'open' };
  const { data } = await get(address('/api/exceptions', { ...filter, state: 'open', after: id, limit: 1 }));
  return data[0]?.id ?? null;
}

/* This drawer shows another one: Back still leads to where one came from. */
function show(id) {
  const { path, query, drawers } = route.value;
  const all = new URLSearchParams(Object.entries(query));
  for (const one of drawers) all.append(one.kind, one.kind === 'exception' ? id : one.value);
  history.replaceState(history.state, '', `#/${path}?${all}`);
  dispatchEvent(new PopStateEvent('popstate'));
}

/* ---- what is wrong ---- */

const Faults = ({ one }) => html`<section>
  <h3>${t('exceptions.faults', { n: one.faults.length })}</h3>
  <ul class="faults">
    ${one.faults.map((fault, i) => html`<li key=${i} data-control=${fault.control}>
      <p class="fault-what"><${Reason} fault=${fault} /></p>
      <p class="note">
        ${fault.value ? html`<code>${fault.value}</code>` : html`<em>${t('exceptions.blank')}</em>`}
        ${' \u00b7 '}<a href=${link(`rules/${at(fault.control)}`)}>${nameOf('control', fault.control)}</a>${' '}${t('controls.version', { n: fault.version })}
      </p>
    </li>`)}
  </ul>
</section>`;

/* ---- the cells ---- */

/* Faulty ones first; what the table has no field for is shown but cannot be changed. */
function inOrder(one) {
  const bad = new Set(one.faults.map((fault) => fault.field));
  const cells = one.cells.filter((cell) => cell.field);
  return [...cells.filter((cell) => bad.has(cell.field)), ...cells.filter((cell) => !bad.has(cell.field))];
}

function Cell({ cell, faults, first }) {
  const id = `cell-${cell.field}`;
  const bad = faults.length > 0;
  const words = useWords(bad ? cell.field : null);
  const near = bad && nearest(cell.value, words);
  const take = () => {
    const input = document.getElementById(id);
    input.value = near;
    input.focus();
  };
  return html`<div class="form-field" data-cell=${cell.field}>
    <label for=${id}>${nameOf('field', cell.field)}${cell.heading && cell.heading !== cell.field && html` <span class="note">${cell.heading}</span>`}</label>
    <input id=${id} name=${cell.field} dir="auto" defaultValue=${cell.value ?? ''} autocomplete="off" spellcheck=${false} aria-invalid=${bad ? 'true' : undefined} aria-describedby=${bad ? `${id}-why` : undefined} list=${words.length ? `${id}-words` : undefined} ref=${first} />
    ${words.length > 0 && html`<datalist id=${`${id}-words`}>${words.map((word) => html`<option key=${word} value=${word} />`)}</datalist>`}
    ${bad && html`<p class="error" id=${`${id}-why`}><${Icon} name="warn" /> <span>${faults.map((fault) => fault.reason).join('; ')}</span></p>`}
    ${near && html`<p><button type="button" class="chip" onClick=${take}>${t('exception.take', { near })}</button></p>`}
  </div>`;
}

function Cells({ one, onDone }) {
  const [state, setState] = useState({ busy: false, faults: one.faults, said: null });
  const first = useRef(null);
  const cells = inOrder(one);
  useEffect(() => {
    first.current?.focus();
    first.current?.select();
  }, []);
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const changes = Object.fromEntries(cells.filter((cell) => form.get(cell.field) !== (cell.value ?? '')).map((cell) => [cell.field, form.get(cell.field)]));
    if (!Object.keys(changes).length) return setState({ ...state, said: t('exception.unchanged') });
    setState({ ...state, busy: true, said: null });
    try {
      const { data } = await post(address(`/api/exceptions/${at(one.id)}/fix`), { changes });
      if (data.corrected) return onDone(data);
      setState({ busy: false, faults: data.faults ?? [], said: t('exception.still') });
      const bad = data.faults?.[0]?.field;
      requestAnimationFrame(() => document.getElementById(`cell-${bad}`)?.focus());
    } catch (error) {
      setState({ ...state, busy: false, said: error.message || t('failed.offline.title') });
    }
    return undefined;
  };
  return html`<form class="form cells" onSubmit=${submit} noValidate>
    <h3>${t('exception.correct')}</h3>
    ${state.said && html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${state.said}</span></p>`}
    <div class="cells-all">
      ${cells.map((cell, i) => html`<${Cell} key=${cell.field} cell=${cell} faults=${state.faults.filter((fault) => fault.field === cell.field)} first=${i ? undefined : first} />`)}
    </div>
    ${may('data.write') && html`<div class="form-foot"><button type="submit" class="button" disabled=${state.busy}>${state.busy ? t('desk.bulk.working') : t('exception.save')} <kbd aria-hidden="true">Enter</kbd></button></div>`}
  </form>`;
}

/* ---- the rest ---- */

const Facts = ({ one }) => html`<dl class="details">
  <div><dt>${t('column.category')}</dt><dd>${nameOf('category', one.category)}</dd></div>
  <div><dt>${t('column.stage')}</dt><dd>${nameOf('stage', one.stage)}</dd></div>
  <div><dt>${t('desk.facet.assignee')}</dt><dd>${one.assignee ?? t('desk.nobody')}</dd></div>
  ${one.reason && html`<div><dt>${t('exception.reason')}</dt><dd>${one.reason}</dd></div>`}
  <div><dt>${t('exception.run')}</dt><dd><a href=${link(`imports/${at(one.run)}`, { run: null })}>${formatSource(one.source)}</a></dd></div>
  <div><dt>${t('exception.line')}</dt><dd><${InDrawer} kind="line" value=${`${one.run}:${one.line}`}>${t('exceptions.detail', { line: count(one.line) })}<//> <span class="note">${t('exception.bytes', { from: count(one.offset), n: count(one.length) })}</span></dd></div>
</dl>`;

const History = ({ one }) => html`<section>
  <h3>${t('exception.history')}</h3>
  ${!one.history?.length && html`<p class="note">${t('exception.came')}</p>`}
  <ol class="story">
    ${(one.history ?? []).map((step, i) => html`<li key=${i}><time class="note" datetime=${step.at}>${formatMoment(step.at)}</time><span>${step.text ?? nameOf('event', step.event)}${step.actor && html` <span class="note">${step.actor}</span>`}</span></li>`)}
  </ol>
</section>`;

function Body({ one, onNext }) {
  const [bulk, setBulk] = useState(null);
  const mine = { target: { ids: [one.id] }, count: 1 };
  const done = (data) => {
    toast({ text: t('exception.corrected', { line: count(one.line) }), ...(data.run && { href: link(`imports/${at(data.run)}`, { run: null }), hrefLabel: t('desk.bulk.run') }) });
    onNext(true);
  };
  const undecide = () => accept({ ids: [one.id] }, null);
  return html`
    <div class="exception-state">
      <${Badge} tone=${STATE_TONE[one.state]}>${t(`desk.state.${one.state}`)}<//>
      ${may('data.write') && one.state === 'open' && html`<button type="button" class="plain" onClick=${() => setBulk({ kind: 'assign', ...mine })}>${t('desk.bulk.assign')}</button>
        <button type="button" class="plain" onClick=${() => setBulk({ kind: 'accept', ...mine, done: () => onNext(true) })}>${t('desk.bulk.accept')}</button>`}
      ${may('data.write') && one.state === 'accepted' && html`<button type="button" class="plain" onClick=${undecide}>${t('exception.reopen')}</button>`}
      <button type="button" class="quiet exception-next" onClick=${() => onNext(false)}>${t('exception.next')} <${Icon} name="next" /></button>
    </div>
    <pre class="original-block" tabindex="0" aria-label=${t('column.original')}><${Original} raw=${one.raw} faults=${one.faults} /></pre>
    ${one.state !== 'corrected' && one.cells && html`<${Cells} key=${one.id} one=${one} onDone=${done} />`}
    <${Faults} one=${one} />
    <${Facts} one=${one} />
    <${History} one=${one} />
    ${bulk && html`<${Bulk} ...${bulk} onClose=${() => setBulk(null)} />`}
  `;
}

export function ExceptionDrawer({ value, onClose }) {
  const { answer, error, again } = useLive(address(`/api/exceptions/${at(value)}`), ['reject', 'review', 'run', 'run_undone']);
  const one = answer?.data;
  const next = async (settled) => {
    const id = await nextOf(value).catch(() => null);
    if (id !== null) return show(id);
    if (settled) onClose();
    return toast({ text: t('exception.last') });
  };
  return html`<${Drawer} title=${one ? t('exceptions.detail', { line: count(one.line) }) : t('exception.title')} note=${one && formatSource(one.source)} onClose=${onClose}>
    ${error && !one && html`<${Failed} error=${error} again=${again} />`}
    ${!error && !one && html`<${Skeleton} shape="table" n=${6} />`}
    ${one && html`<${Body} key=${one.id} one=${one} onNext=${next} />`}
  <//>`;
}
