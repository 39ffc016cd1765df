/* What a run did, step by step, as it stands in the change log. */
import { count } from '../lib/decimal.js';
import { formatClock } from '../lib/format.js';
import { html } from '../lib/html.js';
import { asWritten, nameOf } from '../lib/text.js';

const Step = ({ step }) => html`<li>
  <time datetime=${step.at}>${formatClock(step.at)}</time>
  <div>
    <h3>${nameOf('event', step.event)}</h3>
    <p class=${asWritten(step.description)}>${step.description}</p>
  </div>
  <span class="step-count">${step.count ? count(step.count) : ''}</span>
</li>`;

export const Timeline = ({ steps }) => html`<ol class="timeline">${steps.map((step) => html`<${Step} key=${step.seq} step=${step} />`)}</ol>`;
