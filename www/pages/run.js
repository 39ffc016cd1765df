/* One run: what it is, its headline figures, the proof, what the reader decided. */
import { count, money, percent } from '../lib/decimal.js';
import { formatMoment, formatSeconds, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Tick } from '../parts/tick.js';
import { Audit } from './audit.js';
import { useRun } from './of_run.js';
import { RunState } from './run_state.js';

export function headline(run) {
  const { read, clean, rejected } = run.rows;
  return [
    { id: 'read', label: t('stat.read'), value: count(read), note: formatSeconds(run.seconds) },
    { id: 'clean', label: t('stat.clean'), value: count(clean), note: percent(clean, read, 2) },
    { id: 'rejected', label: t('stat.rejected'), value: count(rejected), tone: rejected ? 'bad' : undefined, note: percent(rejected, read, 2) },
    { id: 'quality', label: t('stat.quality'), value: percent(clean, read, 2) || t('stat.none'), share: read ? clean / read : 0 },
    { id: 'revenue', label: t('stat.revenue'), value: money(run.revenue), note: t('stat.clean_only') },
  ];
}

export function Proof({ run }) {
  const bad = run.audits.filter((audit) => !audit.ok).length;
  const words = bad ? t('proof.bad', { n: bad, all: run.audits.length }) : t('proof.ok', { n: run.audits.length });
  if (!run.audits.length) return html`<p class="proof">${t(run.state === 'running' ? 'proof.running' : 'proof.none')}</p>`;
  return html`<a class=${`proof ${bad ? 'proof-bad' : 'proof-ok'}`} href=${link('audit', { run: run.run })}>
    <span class="proof-ticks">${run.audits.map((audit) => html`<${Tick} key=${audit.check} ok=${audit.ok} label=${`${nameOf('check', audit.check)}: ${t(audit.ok ? 'tick.ok' : 'tick.bad')}`} />`)}</span>
    <span class="proof-words">${words}</span>
    <${Icon} name="next" />
  </a>`;
}

const Waiting = () => html`<div class="page" role="status" aria-label=${t('report.loading')}>
  <${Skeleton} shape="title" n=${2} />
  <${Skeleton} shape="stats" n=${5} />
  <${Skeleton} shape="cards" n=${3} />
</div>`;

export function Run({ id }) {
  const { run, error, again } = useRun(id);
  if (error && !run) return html`<${Failed} page error=${error} again=${again} />`;
  if (!run) return html`<${Waiting} />`;
  const facts = [nameOf('dataset', run.dataset), formatMoment(run.started), run.rows_per_second > 0 && t('report.speed', { n: count(Math.round(run.rows_per_second)) }), run.actor];
  const back = { href: link('imports'), label: t('page.imports') };
  const print = html`<button type="button" class="quiet print-button" onClick=${() => globalThis.print()}><${Icon} name="print" /> ${t('report.print')}</button>`;
  return html`<article class="page" data-run=${run.run} data-state=${run.state}>
    <${PageHead} title=${formatSource(run.source)} back=${back} badge=${html`<${RunState} run=${run} />`} actions=${print}>
      <p class="facts">${facts.filter(Boolean).map((fact, i) => html`<span key=${i}>${fact}</span>`)}<code title=${t('report.run')}>${run.run}</code></p>
    <//>
    ${run.message && html`<p class="notice tone-bad"><${Icon} name="warn" /> <span>${run.message}</span></p>`}
    <${Stats} label=${t('stat.all')} rows=${headline(run)} />
    <${Proof} run=${run} />
    <${Audit} run=${run} />
  </article>`;
}
