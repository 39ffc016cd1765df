/* An original line, and what was found wrong in it. */
import { html } from '../lib/html.js';
import { nameOf } from '../lib/text.js';
import { inOrder } from '../parts/original.js';

/* The original line with the faulty cell marked, where it can be told for sure
** which one it is: the value stands in the line exactly once. */
export function Original({ raw, faults }) {
  const spans = faults
    .map((fault) => ({ from: fault.value ? raw.indexOf(fault.value) : -1, n: fault.value?.length, value: fault.value }))
    .filter((s) => s.from >= 0 && raw.indexOf(s.value, s.from + 1) < 0)
    .sort((a, b) => a.from - b.from);
  const parts = [];
  let at = 0;
  for (const span of spans) {
    if (span.from < at) continue;
    parts.push(inOrder(raw.slice(at, span.from)), html`<mark>${inOrder(raw.slice(span.from, span.from + span.n))}</mark>`);
    at = span.from + span.n;
  }
  return html`<code class="original">${parts}${inOrder(raw.slice(at))}</code>`;
}

/* "order_date is empty" is about order_date anyhow; other reasons are told whose
** they are. */
export function Reason({ fault }) {
  const { field, reason } = fault;
  const own = field && reason.startsWith(`${field} `);
  return html`<b>${nameOf('field', field)}</b>${own ? reason.slice(field.length) : ` ${reason}`}`;
}

export const Reasons = ({ faults }) => html`<ul class="reasons">
  ${faults.map((fault, i) => html`<li key=${i}><${Reason} fault=${fault} /></li>`)}
</ul>`;
