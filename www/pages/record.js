/* One record: its form, what became of it, and the way out and back in. */
import { useState } from 'preact/hooks';
import { address, del, post } from '../lib/api.js';
import { formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, go, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { confirm } from '../parts/confirm.js';
import { Diff } from '../parts/diff.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { toast, toastFailure } from '../parts/toast.js';
import { propertyName, recordName, useNames } from './record_words.js';

const LINES_FROM = 200; /* a text that may be longer than this has several lines */

/* A choice among the records that there are, narrowed by a search where they are many. */
const SHOWN_MOST = 50;
function Reference({ field, id, value, onInput, ...common }) {
  const [search, setSearch] = useState('');
  const all = [...field.names];
  const fits = all.filter(([, name]) => name.toLowerCase().includes(search.trim().toLowerCase()));
  const some = fits.slice(0, SHOWN_MOST);
  const shown = value && !some.some(([one]) => one === value) ? [[value, field.names.get(value) ?? value], ...some] : some;
  return html`<div class="record-reference">
    ${all.length > SHOWN_MOST && html`<input type="search" aria-label=${t('records.narrow', { name: field.label })} placeholder=${t('records.narrow_example')} value=${search} onInput=${(event) => setSearch(event.target.value)} />`}
    <select ...${common} id=${id} value=${value} onChange=${(event) => onInput(event.target.value)}>
      ${field.required ? html`<option value="" disabled selected=${!value}>${t('form.choose')}</option>` : html`<option value="" selected=${!value}>${t('form.none')}</option>`}
      ${shown.map(([one, name]) => html`<option key=${one} value=${one} selected=${one === value}>${name}</option>`)}
    </select>
  </div>`;
}

const fieldOf = (p, names) => ({
  ...p,
  label: propertyName(p),
  ...(p.kind === 'choice' && { options: p.choices.map((id) => ({ id, label: nameOf('choice', id) })) }),
  ...(p.kind === 'reference' && { input: Reference, names: names[p.reference] }),
  ...(p.kind === 'text' && p.max > LINES_FROM && { kind: 'lines' }),
  ...(p.format && { kind: p.format }),
});

const defaultsOf = (entity) => Object.fromEntries(entity.properties.filter((p) => p.default !== undefined).map((p) => [p.name, p.default]));

/* ---- its history ---- */

const own = (entity, row) => row && Object.fromEntries(entity.properties.map((p) => [p.name, row[p.name]]));

const Step = ({ entity, step }) => html`<li class="version">
  <div class="version-head"><b>${nameOf('event', step.event)}</b> <time class="note" datetime=${step.at}>${formatMoment(step.at)}</time> <span class="note">${step.actor}</span></div>
  ${step.before && step.event === 'RECORD_UPDATED' && html`<${Diff} before=${own(entity, step.before)} after=${own(entity, step.after)} group="property" />`}
</li>`;

export function History({ entity, id }) {
  const { answer } = useLive(address(`/api/records/${entity.name}/${at(id)}/history`), [entity.table]);
  const steps = answer?.data;
  return html`<${Card} title=${t('records.history')}>
    ${!steps && html`<${Skeleton} n=${3} />`}
    ${steps && !steps.length && html`<p class="note">${t('records.shipped')}</p>`}
    ${steps?.length > 0 && html`<ol class="versions">${[...steps].reverse().map((step) => html`<${Step} key=${step.seq} entity=${entity} step=${step} />`)}</ol>`}
  <//>`;
}

/* ---- the record ---- */

async function restore(entity, id) {
  await post(address(`/api/records/${entity.name}/${at(id)}/restore`));
  toast({ text: t('records.restored') });
}

async function remove(entity, row) {
  const name = recordName(entity, row);
  if (!(await confirm({ title: t('records.delete_title', { name }), text: t('records.delete_text'), ok: t('records.delete'), danger: true }))) return;
  try {
    await del(address(`/api/records/${entity.name}/${at(row.id)}`));
    toast({ text: t('records.gone', { name }), action: { label: t('records.restore'), run: () => restore(entity, row.id).catch(toastFailure) } });
  } catch (error) {
    toastFailure(error);
  }
}

/* What is being written stays while somebody else changes the record. */
function Sheet({ entity, names, row }) {
  const [base, setBase] = useState(row);
  const save = async (values, changed) => {
    const { data } = await post(address(`/api/records/${entity.name}`), base ? { id: base.id, version: base.version, ...changed } : values);
    toast({ text: t('records.saved', { name: recordName(entity, data) }) });
    if (base) setBase(data);
    else go(link(at('records', entity.name, data.id)));
  };
  const stale = row && row.version > base.version;
  return html`
    ${stale && html`<p class="notice tone-warn" role="alert"><${Icon} name="warn" /> <span>${t('records.stale')}</span> <button type="button" class="plain" onClick=${() => setBase(row)}>${t('records.take')}</button></p>`}
    <${Form} key=${base?.version ?? 'new'} fields=${entity.properties.map((p) => fieldOf(p, names))} value=${base ?? defaultsOf(entity)} onSave=${save} readOnly=${!may(`${entity.access}.write`)} />`;
}

function Known({ entity, entities, id, back }) {
  const names = useNames(entity, entities);
  const { answer, error, again } = useLive(address(`/api/records/${entity.name}/${at(id)}`), [entity.table]);
  const row = answer?.data;
  if (error && !row) return html`<${Failed} page error=${error} again=${again} />`;
  if (!row) return html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="cards" n=${2} /></div>`;
  const gone = !!row.deleted_at;
  const badge = html`${gone && html`<${Badge} tone="warn">${t('records.deleted')}<//>`}<span class="note">${t('controls.version', { n: row.version })} \u00b7 ${formatMoment(row.updated_at / 1000)} \u00b7 ${row.updated_by}</span>`;
  const actions = !may(`${entity.access}.write`) ? null : gone
    ? html`<button type="button" class="button" onClick=${() => restore(entity, id).catch(toastFailure)}><${Icon} name="undo" /> ${t('records.restore')}</button>`
    : html`<button type="button" class="plain" onClick=${() => remove(entity, row)}><${Icon} name="trash" /> ${t('records.delete')}</button>`;
  return html`<div class="page">
    <${PageHead} title=${recordName(entity, row)} note=${entity.help} back=${back} badge=${badge} actions=${actions} />
    <div class="rule-sides">
      ${gone ? html`<${Card} title=${t('records.form')}><p class="note">${t('records.restore_first')}</p><//>` : html`<${Card} title=${t('records.form')}><${Sheet} entity=${entity} names=${names} row=${row} /><//>`}
      <${History} entity=${entity} id=${id} />
    </div>
  </div>`;
}

function Fresh({ entity, entities, back }) {
  const names = useNames(entity, entities);
  return html`<div class="page">
    <${PageHead} title=${t('records.new_of', { entity: nameOf('entity', entity.name) })} note=${entity.help} back=${back} />
    <${Card} title=${t('records.form')}><${Sheet} entity=${entity} names=${names} /><//>
  </div>`;
}

export function OneRecord({ entity, entities, id }) {
  const back = { href: link(at('records', entity.name)), label: nameOf('entity', entity.name) };
  return id ? html`<${Known} entity=${entity} entities=${entities} id=${id} back=${back} />` : html`<${Fresh} entity=${entity} entities=${entities} back=${back} />`;
}
