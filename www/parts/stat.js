/* Headline figures. A row is { id, label, value, note, tone, share, why, tick }:
**   value  undefined: it is not known yet, and has its place
**   share  a part of 1, drawn as a thin bar below the figure
**   why    the address of the figure ('sales/revenue?run=ID'): a click explains it
**   tick   true or false: what a second computation says of it
**   href   where a click leads instead */
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Tick } from './tick.js';
import { Why } from './why.js';

const Pending = () => html`<span class="skeleton skeleton-value" aria-hidden="true"><span></span></span>`;

function Value({ row }) {
  if (row.value === undefined) return html`<${Pending} />`;
  if (row.why) return html`<${Why} figure=${row.why} label=${row.label}>${row.value}<//>`;
  if (row.href) return html`<a href=${row.href} aria-label=${t('stat.open', { label: row.label, value: row.value })}>${row.value}</a>`;
  return row.value;
}

const Stat = ({ row }) => html`<div class="stat" data-stat=${row.id}>
  <dt>${row.label}${row.tick !== undefined && html` <${Tick} ok=${row.tick} />`}</dt>
  <dd class=${row.tone ? `ink-${row.tone}` : undefined}><${Value} row=${row} /></dd>
  ${row.share !== undefined &&
  html`<dd class="meter" aria-hidden="true"><span style=${{ '--share': row.share }}></span></dd>`}
  ${row.note && html`<dd class="note">${row.note}</dd>`}
</div>`;

export const Stats = ({ label, rows }) => html`<dl class="stats" aria-label=${label}>
  ${rows.map((row) => html`<${Stat} key=${row.id} row=${row} />`)}
</dl>`;
