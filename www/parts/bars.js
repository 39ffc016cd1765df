/* Horizontal bars: names of any length, figures in one column. A row is
** { name, size, text, note, figure, onOpen, chosen }: size is a number for the length
** alone, a row without it has no bar; figure is the address of what stands in
** text (why.js); onOpen is what choosing the name does, chosen whether it is. */
import { html } from '../lib/html.js';
import { Why } from './why.js';

export function Bars({ rows, tone = 'accent' }) {
  const most = Math.max(...rows.map((row) => Math.abs(row.size ?? 0)), 0) || 1;
  return html`<ul class="bars">
    ${rows.map(
      (row) => html`<li key=${row.name} data-name=${row.name} class=${`bar-row ${row.onOpen ? 'bar-opens' : ''}`}>
        <${Name} row=${row} />
        <span class="bar-text">${row.figure ? html`<${Why} figure=${row.figure} label=${row.name}>${row.text}<//>` : row.text}</span>
        ${row.size !== undefined &&
        html`<span class=${`bar fill-${row.size < 0 ? 'bad' : (row.tone ?? tone)}`} aria-hidden="true">${row.size !== 0 && html`<span style=${{ '--share': Math.abs(row.size) / most }}></span>`}</span>`}
        ${row.note && html`<span class="bar-note">${row.note}</span>`}
      </li>`,
    )}
  </ul>`;
}

const Name = ({ row }) =>
  row.onOpen
    ? html`<button type="button" class="bar-name" aria-pressed=${row.chosen === undefined ? undefined : String(row.chosen)} onClick=${row.onOpen}>${row.name}</button>`
    : html`<span class="bar-name">${row.name}</span>`;
