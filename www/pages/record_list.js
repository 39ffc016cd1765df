/* The list of an entity. What is asked stands in the address, in the words of the API:
** q, sort, deleted, filter[PROPERTY][OP]. */
import { useMemo, useState } from 'preact/hooks';
import { address, useAnswer } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { useEndless } from '../lib/endless.js';
import { formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { at, here, link, replace } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { SearchBox } from '../parts/search_box.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { namingOf, propertyName, recordName, shownValue, useNames } from './record_words.js';

const COLUMNS_MOST = 7;
const LOOKED_AT = 100; /* rows that say which columns there is something in */
const FIGURES = ['integer', 'decimal'];
const OPS = { text: ['like', 'eq', 'ne'], day: ['eq', 'gte', 'lte'], instant: ['gte', 'lte'], integer: ['eq', 'gte', 'lte'], decimal: ['eq', 'gte', 'lte'], boolean: ['eq'], choice: ['eq', 'ne'], reference: ['eq'] };

/* ---- what is asked ---- */

const FILTER = /^filter\[(\w+)\]\[(\w+)\]$/;
const filtersOf = (query) => Object.entries(query).map(([key, value]) => ({ key, value, match: FILTER.exec(key) })).filter((one) => one.match).map(({ key, value, match }) => ({ key, value, name: match[1], op: match[2] }));

/* "*" is any text: who types a word means that it stands somewhere. */
const pattern = (text) => (/[*?]/.test(text) ? text : `*${text}*`);

function Choice({ label, value, options, onChange }) {
  return html`<label class="scope-field"><span>${label}</span>
    <select value=${value} onChange=${(event) => onChange(event.target.value)}>${options.map((o) => html`<option key=${o.id} value=${o.id} selected=${o.id === value}>${o.label}</option>`)}</select>
  </label>`;
}

/* One more filter: which property, how it compares, with what. */
function NewFilter({ entity, names, onAdd }) {
  const able = entity.properties.filter((p) => OPS[p.kind]);
  const [name, setName] = useState(able[0].name);
  const [op, setOp] = useState(OPS[able[0].kind][0]);
  const [value, setValue] = useState('');
  const p = able.find((one) => one.name === name);
  const known = p.kind === 'boolean' ? [{ id: 'true', label: t('form.yes') }, { id: 'false', label: t('form.no') }] : p.kind === 'choice' ? p.choices.map((id) => ({ id, label: nameOf('choice', id) })) : p.kind === 'reference' ? [...names[p.reference]].map(([id, label]) => ({ id, label })) : null;
  const choose = (next) => {
    setName(next);
    setOp(OPS[able.find((one) => one.name === next).kind][0]);
    setValue('');
  };
  const meant = known ? value || known[0]?.id : value.trim();
  const add = (event) => {
    event.preventDefault();
    if (!meant) return;
    const stamp = p.kind === 'instant' ? new Date(meant).toISOString() : meant;
    onAdd(`filter[${name}][${op}]`, op === 'like' ? pattern(stamp) : stamp);
    setValue('');
  };
  const type = p.kind === 'day' ? 'date' : p.kind === 'instant' ? 'datetime-local' : 'text';
  return html`<form class="scope scope-inner record-filter" aria-label=${t('records.filter')} onSubmit=${add}>
    <${Choice} label=${t('records.property')} value=${name} options=${able.map((one) => ({ id: one.name, label: propertyName(one) }))} onChange=${choose} />
    <${Choice} label=${t('records.compares')} value=${op} options=${OPS[p.kind].map((id) => ({ id, label: t(`records.op.${id}`) }))} onChange=${setOp} />
    ${known
      ? html`<${Choice} label=${t('records.value')} value=${meant ?? ''} options=${known} onChange=${setValue} />`
      : html`<label class="scope-field"><span>${t('records.value')}</span><input type=${type} value=${value} onInput=${(event) => setValue(event.target.value)} autocomplete="off" /></label>`}
    <button type="submit" class="plain"><${Icon} name="filter" /> ${t('records.add_filter')}</button>
  </form>`;
}

function Chosen({ entity, names, filters }) {
  if (!filters.length) return null;
  return html`<ul class="chips record-chosen" aria-label=${t('records.filters')}>${filters.map(({ key, name, op, value }) => {
    const p = entity.properties.find((one) => one.name === name);
    const words = p && p.kind !== 'text' ? (p.kind === 'reference' ? names[p.reference].get(value) ?? value : p.kind === 'instant' ? formatMoment(value) : p.kind === 'choice' ? nameOf('choice', value) : value) : value;
    const said = `${p ? propertyName(p) : name} ${t(`records.op.${op}`)} ${words}`;
    return html`<li key=${key}><button type="button" class="chip" aria-label=${t('records.without', { filter: said })} onClick=${() => replace(here({ [key]: null }))}>${said} <${Icon} name="cross" /></button></li>`;
  })}</ul>`;
}

/* A list with columns of its own is there without what is known of its entity: that is asked when somebody filters. */
const Known = ({ entity, entities, children }) => children(useNames(entity, entities));

function MoreFilters({ name, query, add }) {
  const filters = filtersOf(query);
  const [open, setOpen] = useState(false);
  const { answer, error, again } = useAnswer(open || filters.length ? '/api/entities' : null);
  const entity = answer?.data.find((one) => one.name === name);
  const of = { entity, entities: answer?.data };
  return html`<details class="more-filters" onToggle=${(event) => setOpen(event.target.open)}><summary>${t('records.more_filters')}</summary>
      ${error && !entity && html`<${Failed} error=${error} again=${again} />`}
      ${entity && html`<${Known} ...${of}>${(names) => html`<${NewFilter} entity=${entity} names=${names} onAdd=${add} />`}<//>`}
    </details>
    ${entity && html`<${Known} ...${of}>${(names) => html`<${Chosen} entity=${entity} names=${names} filters=${filters} />`}<//>`}`;
}

/* own: the list has columns of its own, and further filters are folded away. */
function Ask({ entity, names, query, own }) {
  const add = (key, value) => replace(here({ [key]: value }));
  return html`
    <div class="scope scope-inner" role="group" aria-label=${t('records.ask')}>
      ${(own || entity.properties.some((p) => p.searched)) && html`<${SearchBox} label=${t('records.search')} find=${t('records.find')} value=${query.q} onSearch=${(q) => replace(here({ q }))} />`}
      <label class="switch"><input type="checkbox" checked=${query.deleted === '1'} onChange=${(event) => replace(here({ deleted: event.target.checked ? '1' : null }))} /><span>${t('records.deleted_too')}</span></label>
    </div>
    ${own ? html`<${MoreFilters} name=${entity.name} query=${query} add=${add} />` : html`<${NewFilter} entity=${entity} names=${names} onAdd=${add} /><${Chosen} entity=${entity} names=${names} filters=${filtersOf(query)} />`}`;
}

/* ---- what there is ---- */

/* The name, and as many others as there is room for: those that say something first. */
function columnsOf(entity, rows, names) {
  const naming = namingOf(entity);
  const able = entity.properties.filter((p) => p.kind !== 'json' && !naming.includes(p.name));
  const says = (p) => rows.some((row) => row[p.name] !== null);
  const own = [...able.filter(says), ...able.filter((p) => !says(p))].slice(0, COLUMNS_MOST);
  const shown = able.filter((p) => own.includes(p));
  return [
    { id: naming[0] ?? 'id', label: naming.map((name) => nameOf('property', name)).join(' \u00b7 ') || t('records.record'), kind: 'name', sort: true, value: (row) => html`<a href=${link(at('records', entity.name, row.id))}>${recordName(entity, row)}</a> ${row.deleted_at && html`<${Badge} tone="warn">${t('records.deleted')}<//>`}` },
    ...shown.map((p) => ({ id: p.name, label: propertyName(p), align: FIGURES.includes(p.kind) ? 'end' : undefined, sort: true, value: (row) => shownValue(p, row[p.name], names) })),
    { id: 'updated_at', label: t('records.updated'), sort: true, value: (row) => formatMoment(row.updated_at / 1000) },
  ];
}

/* The first part of the order, as the headings show it. */
const orderOf = (text) => {
  const [first] = text.split(',').map((part) => part.trim());
  return { id: first.replace(/^-/, ''), down: first.startsWith('-') };
};

/* entity: as the server knows it; of a list with columns of its own { name, table, order, access } is enough.
** own: what a page of its own has in other words: { title, note, back, actions, list (the heading
** of the list), none (what to do where there are none), next (a link to that), columns, lead, children }; columns are as those of a Table, sorted by the server. */
export function RecordList({ entity, entities, query, own = {} }) {
  const names = own.columns ? {} : useNames(entity, entities);
  const wanted = { q: query.q, sort: query.sort, deleted: query.deleted, ...Object.fromEntries(filtersOf(query).map(({ key, value }) => [key, value])) };
  const { rows, total, error, again, stale, need } = useEndless((cursor, limit) => address(`/api/records/${entity.name}`, { ...wanted, limit, cursor }), [entity.table]);
  const first = rows?.slice(0, LOOKED_AT);
  const says = !own.columns && first && entity.properties.filter((p) => first.some((row) => row[p.name] !== null)).map((p) => p.name).join();
  const general = useMemo(() => !own.columns && rows && columnsOf(entity, first, names), [says, ...Object.values(names)]);
  const { title = nameOf('entity', entity.name), note = entity.help, back = { href: link('records'), label: t('records.title') }, columns = general } = own;
  const actions = own.actions ?? (may(`${entity.access}.write`) && html`<a class="plain" href=${link(at('records', entity.name, 'import'))}><${Icon} name="upload" /> ${t('records.import')}</a>
    <a class="button" href=${link(at('records', entity.name, 'new'))}><${Icon} name="plus" /> ${t('records.new')}</a>`);
  let body;
  if (error && !rows) body = html`<${Failed} error=${error} again=${again} />`;
  else if (!rows) body = html`<${Skeleton} shape="table" n=${8} />`;
  else if (!rows.length) body = html`<${Empty} icon="filter" title=${t('records.none')}><p>${filtersOf(query).length || query.q ? t('records.none_fits') : own.none ?? t('records.none_yet')}</p>${!filtersOf(query).length && !query.q && own.next}<//>`;
  else
    body = html`<${Table} caption=${title} columns=${columns} rows=${rows} total=${total} onNeed=${need} keyOf=${(row) => row.id} busy=${stale} first=${rows.length} order=${orderOf(query.sort ?? entity.order)} onOrder=${({ id, down }) => replace(here({ sort: `${down ? '-' : ''}${id}` }))} />
      <p class="pager"><span role="status">${t('records.total', { n: total, shown: { n: count(total) } })}</span></p>`;
  return html`<div class="page">
    <${PageHead} title=${title} note=${note} back=${back} actions=${actions} />
    ${own.lead}
    <${Card} title=${own.list ?? t('records.list')}>
      <${Ask} entity=${entity} names=${names} query=${query} own=${!!own.columns} />
      ${body}
    <//>
    ${own.children}
  </div>`;
}
