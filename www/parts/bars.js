/* Horizontal bars: names of any length, figures in one column. A row is
** { name, size, text, note, onOpen }: size is a number for the length alone; a row
** without it has no bar. */
import { html } from '../lib/html.js';

export function Bars({ rows, tone = 'accent' }) {
  const most = Math.max(...rows.map((row) => Math.abs(row.size ?? 0)), 0) || 1;
  return html`<ul class="bars">
    ${rows.map(
      (row) => html`<li key=${row.name} data-name=${row.name}>
        <${Row} row=${row}>
          <span class="bar-name">${row.name}</span>
          <span class="bar-text">${row.text}</span>
          ${row.size !== undefined &&
          html`<span class=${`bar fill-${row.size < 0 ? 'bad' : tone}`} aria-hidden="true"><span style=${{ '--share': Math.abs(row.size) / most }}></span></span>`}
          ${row.note && html`<span class="bar-note">${row.note}</span>`}
        <//>
      </li>`,
    )}
  </ul>`;
}

const Row = ({ row, children }) =>
  row.onOpen
    ? html`<button type="button" class="bar-row" onClick=${row.onOpen}>${children}</button>`
    : html`<div class="bar-row">${children}</div>`;
