/* A check that either holds or does not: colour, shape and word say the same. */
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from './icon.js';

export const Tick = ({ ok, label }) => html`<span class=${`tick ${ok ? 'tick-ok' : 'tick-bad'}`} data-ok=${String(ok)}>
  <${Icon} name=${ok ? 'check' : 'cross'} label=${label ?? t(ok ? 'tick.ok' : 'tick.bad')} />
</span>`;

/* What is longer stands below its check instead of beside it. */
const SHORT = 20;

/* Checks in full: { id, ok, title, text, expected, actual }. */
export const TickList = ({ rows }) => html`<ul class="ticks">
  ${rows.map(
    (row) => html`<li key=${row.id} class=${`${row.ok ? 'ok' : 'bad'} ${row.expected.length > SHORT ? 'long' : ''}`} data-check=${row.id}>
      <${Tick} ok=${row.ok} />
      <div class="tick-text">
        <h3>${row.title}</h3>
        <p>${row.text}</p>
      </div>
      <dl class="pair">
        <div>
          <dt>${t('tick.expected')}</dt>
          <dd>${row.expected}</dd>
        </div>
        <div>
          <dt>${t('tick.actual')}</dt>
          <dd>${row.actual}</dd>
        </div>
      </dl>
    </li>`,
  )}
</ul>`;
