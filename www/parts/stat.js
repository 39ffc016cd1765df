/* Headline figures. A row is { id, label, value, note, tone, share }: share is a
** part of 1 that is drawn as a thin bar below the figure. */
import { html } from '../lib/html.js';

const Stat = ({ id, label, value, note, tone, share }) => html`<div class="stat" data-stat=${id}>
  <dt>${label}</dt>
  <dd class=${tone ? `ink-${tone}` : undefined}>${value}</dd>
  ${share !== undefined &&
  html`<dd class="meter" aria-hidden="true"><span style=${{ '--share': share }}></span></dd>`}
  ${note && html`<dd class="note">${note}</dd>`}
</div>`;

export const Stats = ({ label, rows }) => html`<dl class="stats" aria-label=${label}>
  ${rows.map((row) => html`<${Stat} key=${row.id} ...${row} />`)}
</dl>`;
