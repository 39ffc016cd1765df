/* A table from a descriptor.
**
** A column is { id, label, value, align, kind }: value(row) gives text or markup;
** align is 'end' for figures; kind is 'code' for original text, 'name' for what
** stands for the row (a heading of the row, and the title when a narrow screen
** shows rows as cards). With onOpen the rows open by click, and by a button of
** their own for the keyboard. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';

const SHOWN_AT_FIRST = 100;

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

function Row({ columns, row, onOpen, openLabel }) {
  const own = onOpen && {
    class: 'opens',
    onClick: () => String(getSelection()) || onOpen(row),
  };
  return html`<tr role="row" ...${own}>
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

export function Table({ caption, columns, rows, keyOf, onOpen, openLabel, busy }) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, SHOWN_AT_FIRST);
  const [box, scrolls] = useScrolls();
  const stop = scrolls && { role: 'region', 'aria-label': caption, tabindex: 0 };
  return html`<div class="table-box" ref=${box} ...${stop} aria-busy=${busy ? 'true' : undefined}>
    <table role="table">
      <caption class="hidden">${caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          ${columns.map((c) => html`<th key=${c.id} role="columnheader" scope="col" class=${classOf(c)}>${c.label}</th>`)}
          ${onOpen && html`<th role="columnheader" scope="col" class="open-cell"><span class="hidden">${t('table.open')}</span></th>`}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${shown.map((row, i) => html`<${Row} key=${keyOf ? keyOf(row) : i} ...${{ columns, row, onOpen, openLabel }} />`)}
      </tbody>
    </table>
    ${shown.length < rows.length &&
    html`<button type="button" class="more" onClick=${() => setAll(true)}>${t('table.all', { n: count(rows.length) })}</button>`}
  </div>`;
}
