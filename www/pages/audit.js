/* Audit Trail: the five checks, and what the run did, step by step. */
import { count, exact } from '../lib/decimal.js';
import { formatClock } from '../lib/format.js';
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Empty } from '../parts/state.js';
import { TickList } from '../parts/tick.js';

/* A figure, or a list of them: numbers are grouped, codes become words. */
function figure(text) {
  if (text === null || text === undefined || text === '') return '\u2013';
  return String(text)
    .replace(/(?<![\w.-])-?\d+(\.\d+)?(?![\w.])/g, exact)
    .replace(/\b[A-Z]+(_[A-Z]+)+\b/g, (code) => nameOf('category', code));
}

const checks = (audits) =>
  audits.map((a) => ({ id: a.check, ok: a.ok, title: nameOf('check', a.check), text: a.text, expected: figure(a.expected), actual: figure(a.actual) }));

const Step = ({ step }) => html`<li>
  <time datetime=${step.at}>${formatClock(step.at)}</time>
  <div>
    <h3>${nameOf('event', step.event)}</h3>
    <p>${step.description}</p>
  </div>
  <span class="step-count">${step.count ? count(step.count) : ''}</span>
</li>`;

export const Audit = ({ run }) => html`<div class="cards">
  <${Card} wide title=${t('audit.checks')} note=${t('audit.checks_note')}>
    ${run.audits.length ? html`<${TickList} rows=${checks(run.audits)} />` : html`<${Empty} icon="pause" title=${t('empty.audits.title')}><p>${t('empty.audits.advice')}</p><//>`}
  <//>
  <${Card} wide title=${t('audit.timeline')}>
    <ol class="timeline">${run.timeline.map((step) => html`<${Step} key=${step.seq} step=${step} />`)}</ol>
  <//>
</div>`;
