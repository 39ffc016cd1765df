/* Audit Trail: the five checks, and what the run did, step by step. */
import { exact } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Empty } from '../parts/state.js';
import { TickList } from '../parts/tick.js';
import { Timeline } from './timeline.js';

/* A figure, or a list of them: numbers are grouped, codes become words. */
function figure(text) {
  if (text === null || text === undefined || text === '') return '\u2013';
  return String(text)
    .replace(/(?<![\w.-])-?\d+(\.\d+)?(?![\w.])/g, exact)
    .replace(/\b[A-Z]+(_[A-Z]+)+\b/g, (code) => nameOf('category', code));
}

const checks = (audits) =>
  audits.map((a) => ({ id: a.check, ok: a.ok, title: nameOf('check', a.check), text: a.text, expected: figure(a.expected), actual: figure(a.actual) }));

export const Audit = ({ run }) => html`<div class="cards">
  <${Card} wide title=${t('audit.checks')} note=${t('audit.checks_note')}>
    ${run.audits.length ? html`<${TickList} rows=${checks(run.audits)} />` : html`<${Empty} icon="pause" title=${t('empty.audits.title')}><p>${t('empty.audits.advice')}</p><//>`}
  <//>
  <${Card} wide title=${t('audit.timeline')}>
    <${Timeline} steps=${run.timeline} />
  <//>
</div>`;
