/* The catalogue: what there is, what it means, who answers for it, where it comes from,
** and what depends on it. Owner and description are written in place. */
import { useMemo, useState } from 'preact/hooks';
import { address, post } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatAgo, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, here, link, replace } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { toast } from '../parts/toast.js';
import { Why, figureOf } from '../parts/why.js';
import { Act } from './desk_bulk.js';
import { ImpactList } from './impact.js';

const KINDS = ['dataset', 'entity', 'report', 'view', 'table'];
const TOUCHES = ['steward', 'run', 'rule', 'reference_item', 'run_undone', 'review'];

/* ---- who answers, and in which words ---- */

/* The record of a subject is found by its name: it is made when there is none. */
async function save(stewards, subject, { owner, description }) {
  const known = stewards?.find((one) => one.subject === subject);
  await post(address('/api/records/steward'), { ...(known && { id: known.id, version: known.version }), subject, owner: owner.trim() || null, description: description.trim() || null });
}

function Edit({ subject, stewards, shown, onClose }) {
  const known = stewards?.find((one) => one.subject === subject);
  const act = async (values) => {
    await save(stewards, subject, values);
    toast({ text: t('catalogue.saved', { subject }) });
  };
  return html`<${Act} title=${subject} note=${t('catalogue.edit_note')} ok=${t('form.save')} act=${act} onClose=${onClose}>
    <div class="form-field"><label for="steward-owner">${t('catalogue.owner')}</label><input id="steward-owner" name="owner" defaultValue=${known?.owner ?? ''} autocomplete="off" autofocus /></div>
    <div class="form-field"><label for="steward-words">${t('catalogue.description')}</label><textarea id="steward-words" name="description" rows="3" placeholder=${shown} defaultValue=${known?.description ?? ''}></textarea></div>
  <//>`;
}

/* ---- one table ---- */

/* The rows that a table's count is of: their explanation, their page, or their changes. */
const PAGES = { run: 'imports', rule: 'rules', reference_item: 'rules/lists', reject: 'exceptions', exceptions: 'exceptions', change_log: 'audit', audit_log: 'audit' };
const isCounted = ({ rows }) => rows !== null && rows !== undefined;
const rowsOf = ({ rows, rows_exact }) => t(rows_exact ? 'catalogue.rows' : 'catalogue.rows_about', { n: rows, shown: { n: count(rows) } });
function Rows({ table }) {
  const words = rowsOf(table);
  if (table.kind === 'dataset') return html`<${Why} figure=${figureOf('orders', {}, table.name)} label=${table.name}>${words}<//>`;
  if (PAGES[table.name]) return html`<a href=${link(PAGES[table.name], { run: null })}>${words}</a>`;
  if (table.kind === 'entity') return html`<a href=${link(at('records', table.name), { run: null })}>${words}</a>`;
  if (table.kind === 'report') return html`<a href=${address(`/api/tables/${at(table.name)}`, { format: 'csv' })} download>${words}</a>`;
  return html`<a href=${link('audit', { run: null, table: table.name })}>${words}</a>`;
}

const Owner = ({ owner, subject, onEdit }) => !may('audit.write') ? html`<span class="note">${owner ?? ''}</span>` : html`<button type="button" class=${owner ? 'owner' : 'owner owner-none'} onClick=${() => onEdit(subject)}><${Icon} name="user" /> <span>${owner ?? t('catalogue.no_owner')}</span><span class="hidden">. ${t('catalogue.edit', { subject })}</span></button>`;

const Rules = ({ rules }) => rules?.length > 0 && html`<span class="chips">${rules.map((rule) => html`<a key=${rule} class="chip" href=${link(`rules/${at(rule)}`)}>${nameOf('control', rule)}</a>`)}</span>`;

function Column({ table, column, onEdit, onImpact }) {
  const subject = `${table.name}.${column.name}`;
  return html`<li class="column" data-column=${subject}>
    <div class="column-head"><b class="column-name">${column.name}</b> <span class="note">${column.type}</span></div>
    <div class="column-words">${column.description && html`<p>${column.description}</p>`}${column.lineage && html`<p class="note lineage"><${Icon} name="trail" /> ${column.lineage}</p>`}<${Rules} rules=${column.rules} /></div>
    <div class="column-acts">
      <${Owner} owner=${column.owner} subject=${subject} onEdit=${onEdit} />
      ${table.kind === 'dataset' && html`<button type="button" class="quiet" onClick=${() => onImpact(column.name)}>${t('catalogue.impact')}<span class="hidden"> ${column.name}</span></button>`}
    </div>
  </li>`;
}

function Entry({ table, open, wanted, onEdit, onImpact }) {
  const columns = wanted ? table.columns.filter((column) => fits(wanted, column.name, column.description, column.owner, column.lineage, ...(column.rules ?? []))) : table.columns;
  const shown = columns.length ? columns : table.columns;
  return html`<details class="card catalogue-entry" open=${open} data-table=${table.name}>
    <summary><span class="entry-head">
      <span class="entry-title"><h2>${table.name}</h2> <${Badge}>${nameOf('catalogue_kind', table.kind)}<//></span>
      <span class="entry-words">${table.description}</span>
      <span class="entry-facts note">
        <span>${isCounted(table) ? rowsOf(table) : ''}</span>
        <span title=${table.fresh && formatMoment(table.fresh)}>${table.fresh ? t('catalogue.fresh', { when: formatAgo(table.fresh) }) : ''}</span>
        <span>${t('catalogue.columns', { n: table.columns.length })}</span>
      </span>
    </span></summary>
    <div class="entry-own">
      ${isCounted(table) && html`<${Rows} table=${table} />`}
      <${Owner} owner=${table.owner} subject=${table.name} onEdit=${onEdit} />
      <${Rules} rules=${table.rules} />
      ${table.kind === 'report' && html`<a class="quiet" href=${address(`/api/tables/${at(table.name)}`, { format: 'csv' })} download><${Icon} name="download" /> CSV</a>`}
    </div>
    <ul class="columns-list">${shown.map((column) => html`<${Column} key=${column.name} table=${table} column=${column} onEdit=${onEdit} onImpact=${onImpact} />`)}</ul>
  </details>`;
}

/* ---- finding ---- */

const fits = (wanted, ...texts) => texts.some((text) => text?.toLowerCase().includes(wanted));

const fitsTable = (wanted, table) => !wanted || fits(wanted, table.name, table.description, table.owner, ...(table.rules ?? [])) || table.columns.some((column) => fits(wanted, column.name, column.description, column.owner, column.lineage, ...(column.rules ?? [])));

function Search({ value, kind, kinds, onChange }) {
  return html`<div class="catalogue-search" role="search">
    <label class="hidden" for="catalogue-q">${t('catalogue.search')}</label>
    <input id="catalogue-q" type="search" placeholder=${t('catalogue.search')} value=${value} autocomplete="off" onInput=${(event) => onChange({ q: event.target.value || null })} />
    <label class="hidden" for="catalogue-kind">${t('catalogue.kind')}</label>
    <select id="catalogue-kind" onChange=${(event) => onChange({ kind: event.target.value || null })}>
      <option value="">${t('catalogue.any')}</option>
      ${kinds.map((one) => html`<option key=${one} value=${one} selected=${one === kind}>${nameOf('catalogue_kind', one)}</option>`)}
    </select>
  </div>`;
}

export function Catalogue({ query }) {
  const { answer, error, again } = useLive(address('/api/catalogue'), TOUCHES);
  const stewards = useLive(address('/api/records/steward'), ['steward']).answer?.data;
  const [edit, setEdit] = useState(null);
  const [impact, setImpact] = useState(null);
  const tables = answer?.data.tables;
  const wanted = (query.q ?? '').trim().toLowerCase();
  const found = useMemo(() => (tables ?? []).filter((table) => (!query.kind || table.kind === query.kind) && fitsTable(wanted, table)).sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)), [tables, wanted, query.kind]);
  const shownOf = (subject) => {
    const [name, column] = subject.split('.');
    const table = tables.find((one) => one.name === name);
    return (column ? table?.columns.find((one) => one.name === column) : table)?.description;
  };
  return html`<div class="page catalogue">
    <${PageHead} title=${t('catalogue.title')} note=${t('catalogue.note')} back=${{ href: link('governance'), label: t('governance.title') }} />
    ${error && !tables && html`<${Failed} error=${error} again=${again} />`}
    ${!error && !tables && html`<${Skeleton} shape="cards" n=${3} />`}
    ${tables && html`
      <${Search} value=${query.q ?? ''} kind=${query.kind} kinds=${KINDS.filter((kind) => tables.some((table) => table.kind === kind))} onChange=${(changes) => replace(here(changes))} />
      <p class="note" role="status">${t('catalogue.found', { n: found.length, shown: { n: count(found.length), all: count(tables.length) } })}</p>
      ${!found.length && html`<${Empty} icon="search" title=${t('catalogue.none')}><p>${t('catalogue.none_advice')}</p><//>`}
      ${found.map((table, i) => html`<${Entry} key=${table.name} table=${table} open=${!!wanted || i === 0} wanted=${wanted} onEdit=${setEdit} onImpact=${setImpact} />`)}`}
    ${edit && html`<${Edit} subject=${edit} stewards=${stewards} shown=${shownOf(edit)} onClose=${() => setEdit(null)} />`}
    ${impact && html`<${Dialog} wide title=${t('catalogue.impact_of', { column: impact })} note=${t('impact.note')} onClose=${() => setImpact(null)}><${ImpactList} subject=${{ column: impact }} /><//>`}
  </div>`;
}
