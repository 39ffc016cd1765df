/* The rows that figures are made of: from a figure down to the line of a file. */
import { useRef, useState } from 'preact/hooks';
import { address } from '../lib/api.js';
import { dataset } from '../lib/dataset.js';
import { count } from '../lib/decimal.js';
import { shownFigure } from '../lib/figure.js';
import { formatDay, formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useSearch } from '../lib/search.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { figureOf, InDrawer, Why } from '../parts/why.js';

const SIZE = 50;
const TYPING_MS = 250; /* not every letter is a question */
const DAY = /^\d{4}-\d\d-\d\d$/;

/* A field's value as people read it: quantities and money are grouped, days named. */
export function shownValue(name, value) {
  if (value === null || value === undefined) return '';
  if (DAY.test(value)) return formatDay(value);
  return isFigure(name) ? shownFigure(name, value) : value;
}
const isFigure = (name) => ['revenue', 'total', 'quantity'].includes(name);

export const placeWords = (row) => t('rows.bytes', { from: count(row.offset), to: count(row.offset + row.length - 1) });
export const linePath = (row) => `${row.run}:${row.line}`;

/* Where a row came from: file, line, bytes. It opens the line itself. */
const Place = ({ row }) => html`<${InDrawer} kind="line" value=${linePath(row)} label=${t('rows.line_of', { line: count(row.line), source: formatSource(row.source) })}>
  ${t('rows.line', { line: count(row.line) })}<//> <span class="note">${formatSource(row.source)} \u00b7 ${placeWords(row)}</span>`;

/* fields: names in the order of the dataset, without the key. */
function rowColumns(rows) {
  const fields = Object.keys(rows[0]?.values ?? {});
  return [
    { id: 'key', label: t('column.key'), kind: 'name', value: (row) => html`<${InDrawer} kind="row" value=${row.key} label=${t('rows.open', { key: row.key })}>${row.key}<//>` },
    ...fields
      .filter((name) => !rows.every((row) => row.values[name] === row.key))
      .map((name) => ({ id: name, label: nameOf('column', name), align: isFigure(name) ? 'end' : undefined, value: (row) => shownValue(name, row.values[name]) })),
    { id: 'place', label: t('column.place'), value: (row) => html`<${Place} row=${row} />` },
  ];
}

/* What else figures are made of: rejected rows, lines of files, whole runs. */
const REJECTS = [
  { id: 'line', label: t('column.line'), align: 'end', kind: 'name', value: (row) => html`<${InDrawer} kind=${row.id ? 'exception' : 'line'} value=${row.id ?? linePath(row)} label=${t('rows.line_of', { line: count(row.line), source: formatSource(row.source ?? '') })}>${count(row.line)}<//>` },
  { id: 'category', label: t('column.category'), value: (row) => nameOf('category', row.category) },
  { id: 'raw', label: t('column.original'), kind: 'code', value: (row) => html`<code class="original">${row.raw}</code>` },
  { id: 'place', label: t('column.place'), value: (row) => html`<span class="note">${formatSource(row.source ?? '')}${row.offset !== undefined ? ` \u00b7 ${placeWords(row)}` : ''}</span>` },
];

const RECORDS = REJECTS.filter((c) => c.id !== 'category');
const RUNS = [
  { id: 'source', label: t('column.run'), kind: 'name', value: (row) => html`<a href=${link(at('imports', row.run))}>${formatSource(row.source)}</a>` },
  { id: 'started', label: t('column.started'), value: (row) => formatMoment(row.started) },
  ...['read', 'clean', 'rejected', 'quality'].map((name) => ({ id: name, label: nameOf('measure', name), align: 'end', value: (row) => (row[name] === undefined ? '' : html`<${Why} figure=${figureOf(name, { run: row.run })} label=${formatSource(row.source)}>${shownFigure(name, row[name])}<//>`) })),
];

/* kind: rows, exceptions, records or runs. */
export const columnsOf = (kind) => ({ exceptions: () => REJECTS, records: () => RECORDS, runs: () => RUNS })[kind] ?? rowColumns;

/* A table of what useSearch gives, and the button that goes on. */
export function PagedRows({ pages, columns, caption, total, none, onOpen, openLabel, keyOf }) {
  const { items, more, busy, stale, error, again, onMore } = pages;
  if (error && !items?.length) return html`<${Failed} error=${error} again=${again} />`;
  if (!items) return html`<${Skeleton} shape="table" n=${6} />`;
  if (!items.length) return busy ? html`<${Skeleton} shape="table" n=${6} />` : html`<p class="note">${none}</p>`;
  return html`<${Table} caption=${caption} columns=${columns(items)} rows=${items} keyOf=${keyOf} busy=${stale} first=${Infinity} onOpen=${onOpen} openLabel=${openLabel} />
    <div class="pager">
      <span role="status">${busy ? t('rows.searching') : total === undefined || total === null ? t('rows.shown', { n: items.length, shown: { n: count(items.length) } }) : t('rows.shown_of', { n: count(items.length), total: count(total) })}</span>
      ${more && html`<button type="button" class="button-line" disabled=${busy} onClick=${onMore}>${t('rows.more')}</button>`}
    </div>`;
}

/* The card below the charts of Sales Analytics. */
export function RowsCard({ scope, total }) {
  const [q, setQ] = useState('');
  const typing = useRef(0);
  const onType = (event) => {
    const text = event.target.value.trim();
    clearTimeout(typing.current);
    typing.current = setTimeout(() => setQ(text), TYPING_MS);
  };
  const pages = useSearch(address('/api/rows', { as: dataset.value, ...scope, q, limit: SIZE }), { size: SIZE, of: ['run', 'sale'] });
  const search = html`<label class="field">
    <span>${t('rows.search')}</span>
    <input type="search" maxlength="100" autocomplete="off" onInput=${onType} />
  </label>
  <a class="quiet" href=${address('/api/tables/clean_sales', { format: 'csv', run: scope.run })} download>${t('table.save_all')}</a>`;
  return html`<${Card} wide title=${t('rows.title')} note=${t('rows.note')} actions=${search}>
    <${PagedRows} pages=${pages} columns=${rowColumns} caption=${t('rows.title')} total=${pages.first?.total ?? (q ? null : total)} keyOf=${(row) => `${row.run}/${row.record}`} none=${t(q ? 'rows.no_key' : 'rows.none')} />
  <//>`;
}
