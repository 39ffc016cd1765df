/* A table from a descriptor.
**
**   Table { caption, columns, rows, keyOf, onOpen, openLabel, busy, sort, csv, first, order, onOrder, total, onNeed }
**
** A column is { id, label, value, align, kind, sort }: value(row) gives text or
** markup; align is 'end' for figures; kind is 'code' for original text, 'name' for
** what stands for the row (a heading of the row, and the title when a narrow screen
** shows rows as cards); quiet: its heading is only for those who hear it. sort(row) gives what the column is sorted by: text, a
** number, or exact decimal text with decimal: true. With onOpen the rows open by
** click, and by a button of their own for the keyboard.
**
** sort is what the rows are sorted by at first: { id, down }. With onOrder they come
** sorted, by order: { id, down }, and onOrder(order) asks for another one. csv is the address of
** the same rows as a file. first is how many are shown before one asks for all.
**
** Of many rows only those near what is seen are drawn (table_window.js). With total and
** onNeed(from, to) they need not all be there: rows come when they are looked at, and those that are seen
** are drawn first also where they are not so many. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { compare, count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { locale, t } from '../lib/text.js';
import { Icon } from './icon.js';
import { step, WindowedRows } from './table_window.js';

const SHOWN_AT_FIRST = 100;
const DRAWN_MOST = 1000; /* beyond it only those that are seen; less when they are fetched as they are looked at */
const DRAWN_FETCHED = 200;
const FIRST_FETCHED = 40; /* of more, those that are seen are drawn first */
const words = new Intl.Collator(locale, { numeric: true });

const classOf = (column) => [column.align === 'end' && 'end', column.kind].filter(Boolean).join(' ') || undefined;

function Cell({ column, row }) {
  const name = column.kind === 'name';
  const tag = name ? 'th' : 'td';
  return html`<${tag}
    role=${name ? 'rowheader' : 'cell'}
    scope=${name ? 'row' : undefined}
    class=${classOf(column)}
    data-column=${column.id}
    data-label=${column.label}
  >${column.value(row)}<//>`;
}

function Row({ columns, row, place, onOpen, openLabel }) {
  const own = onOpen && {
    class: 'opens',
    onClick: (event) => event.target.closest('a, button, input') || String(getSelection()) || onOpen(row),
  };
  return html`<tr role="row" aria-rowindex=${place} ...${own}>
    ${columns.map((column) => html`<${Cell} key=${column.id} column=${column} row=${row} />`)}
    ${onOpen &&
    html`<td role="cell" class="open-cell">
      <button type="button" class="quiet" aria-haspopup="dialog" onClick=${(event) => { event.stopPropagation(); onOpen(row); }}>
        ${t('table.open')}<span class="hidden"> ${openLabel(row)}</span>
      </button>
    </td>`}
  </tr>`;
}

/* A box that scrolls must be reachable by keyboard; one that does not, must not
** be a stop on the way. */
function useScrolls() {
  const box = useRef(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const element = box.current; /* the reference is empty when the table goes */
    const sizes = new ResizeObserver(() => setScrolls(element.scrollWidth > element.clientWidth));
    sizes.observe(element);
    sizes.observe(element.firstElementChild);
    return () => sizes.disconnect();
  }, []);
  return [box, scrolls];
}

function sorted(rows, column, down) {
  if (!column?.sort) return rows;
  const by = (a, b) => {
    const [x, y] = [column.sort(a), column.sort(b)];
    if (column.decimal) return compare(x, y);
    return typeof x === 'number' && typeof y === 'number' ? x - y : words.compare(x ?? '', y ?? '');
  };
  const list = [...rows].sort(by);
  return down ? list.reverse() : list;
}

function Heading({ column, order, onSort }) {
  const own = order?.id === column.id;
  const state = own ? (order.down ? 'descending' : 'ascending') : undefined;
  return html`<th role="columnheader" scope="col" class=${classOf(column)} aria-sort=${state}>
    ${column.sort
      ? html`<button type="button" class="sort" onClick=${() => onSort(column)}>${column.label}<${Icon} name=${own && !order.down ? 'up' : 'down'} /></button>`
      : column.quiet ? html`<span class="hidden">${column.label}</span>` : column.label}
  </th>`;
}

/* Columns that do not move while rows come and go: as wide as the first rows made them,
** wider when a figure or a word comes that would not fit, or when what columns say is known later. Rows as cards have no columns. */
function useSteady(box, steady, columns) {
  const [room, setRoom] = useState(0);
  const cells = (table) => [...table.tHead.rows[0].cells];
  useEffect(() => {
    if (!steady) return undefined;
    const sizes = new ResizeObserver(() => setRoom(box.current?.clientWidth ?? 0));
    sizes.observe(box.current);
    return () => sizes.disconnect();
  }, [steady]);
  const measure = (least) => {
    const table = box.current.querySelector('table');
    table.style.tableLayout = '';
    cells(table).forEach((cell, i) => Object.assign(cell.style, { width: '', minWidth: least ? `${least[i]}px` : '' }));
    if (!steady || getComputedStyle(table).display !== 'table') return;
    const widths = cells(table).map((cell) => cell.getBoundingClientRect().width); /* a pixel less, and a word breaks */
    cells(table).forEach((cell, i) => Object.assign(cell.style, { width: `${widths[i]}px`, minWidth: '' }));
    table.style.tableLayout = 'fixed';
  };
  const tight = (table) => table.style.tableLayout === 'fixed' && [...table.querySelectorAll('tbody:not(.gap) > tr > *')].some((cell) => cell.scrollWidth > cell.clientWidth);
  useLayoutEffect(() => measure(null), [steady, room, columns.map((column) => column.id).join()]);
  useLayoutEffect(() => {
    if (tight(box.current.querySelector('table'))) measure(null);
  }, [columns]);
  return () => {
    const table = box.current.querySelector('table');
    if (!tight(table)) return;
    measure(cells(table).map((cell) => cell.getBoundingClientRect().width));
    if (table.offsetWidth > box.current.clientWidth) measure(null); /* others give way rather than that it is scrolled sideways */
  };
}

export function Table({ caption, columns, rows, keyOf, onOpen, openLabel, busy, sort, csv, first = SHOWN_AT_FIRST, order: given, onOrder, total, onNeed }) {
  const [all, setAll] = useState(false);
  const [own, setOwn] = useState(sort);
  const order = given ?? own;
  const setOrder = onOrder ?? setOwn;
  const list = useMemo(() => (onOrder ? rows : sorted(rows, columns.find((c) => c.id === order?.id), order?.down)), [rows, order]);
  const shown = all || first >= list.length ? list : list.slice(0, first);
  const [box, scrolls] = useScrolls();
  const n = onNeed ? total : shown.length;
  const windowed = n > (onNeed ? FIRST_FETCHED : DRAWN_MOST);
  const whole = !!onNeed && n <= DRAWN_FETCHED;
  const widen = useSteady(box, windowed, columns);
  const draw = (row, i) => html`<${Row} key=${keyOf ? keyOf(row) : i} place=${windowed ? i + 2 : undefined} ...${{ columns, row, onOpen, openLabel }} />`;
  const stop = scrolls && { role: 'region', 'aria-label': caption, tabindex: 0 };
  /* figures begin with the largest, names with the first */
  const onSort = (column) => setOrder({ id: column.id, down: order?.id === column.id ? !order.down : column.align === 'end' });
  return html`<div class=${`table-box ${windowed ? (scrolls ? 'table-steady' : 'table-steady table-long') : ''}`} ref=${box} ...${stop} aria-busy=${busy ? 'true' : undefined}>
    <table role="table" aria-rowcount=${windowed ? Math.max(shown.length, total ?? 0) + 1 : undefined} onKeyDown=${windowed ? step : undefined}>
      <caption class="hidden">${caption}</caption>
      <thead role="rowgroup">
        <tr role="row" aria-rowindex=${windowed ? 1 : undefined}>
          ${columns.map((c) => html`<${Heading} key=${c.id} column=${c} order=${order} onSort=${onSort} />`)}
          ${onOpen && html`<th role="columnheader" scope="col" class="open-cell"><span class="hidden">${t('table.open')}</span></th>`}
        </tr>
      </thead>
      ${windowed
        ? html`<${WindowedRows} rows=${shown} total=${n} whole=${whole} span=${columns.length + (onOpen ? 1 : 0)} same=${columns} ...${{ onNeed, draw, onDrawn: widen }} />`
        : html`<tbody role="rowgroup">${shown.map(draw)}</tbody>`}
    </table>
    ${shown.length < rows.length &&
    html`<button type="button" class="more" onClick=${() => setAll(true)}>${t('table.all', { n: count(rows.length) })}</button>`}
    ${csv && html`<a class="quiet csv" href=${csv} download><${Icon} name="download" /> ${t('table.csv')}</a>`}
  </div>`;
}
