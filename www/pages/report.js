/* One run: what it is, its headline figures, the proof, and five tabs. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { address, useAnswer } from '../lib/api.js';
import { count, money, percent } from '../lib/decimal.js';
import { formatMoment, formatSeconds, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { go, link, route } from '../lib/route.js';
import { wide } from '../lib/screen.js';
import { nameOf, t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Tabs } from '../parts/tabs.js';
import { Tick } from '../parts/tick.js';
import { Audit } from './audit.js';
import { Controls } from './controls.js';
import { Exceptions } from './exceptions.js';
import { Quality } from './quality.js';
import { stateOf } from './runs.js';
import { Sales } from './sales.js';

const RUNNING_POLL_MS = 1500;

const TABS = [
  { id: 'sales', Page: Sales },
  { id: 'quality', Page: Quality },
  { id: 'exceptions', Page: Exceptions, mark: (r) => r.rows.rejected, tone: 'bad' },
  { id: 'audit', Page: Audit, mark: (r) => r.audits.filter((a) => !a.ok).length, tone: 'bad' },
  { id: 'controls', Page: Controls },
];

function headline(run) {
  const { read, clean, rejected } = run.rows;
  return [
    { id: 'read', label: t('stat.read'), value: count(read), note: formatSeconds(run.seconds) },
    { id: 'clean', label: t('stat.clean'), value: count(clean), note: percent(clean, read, 2) },
    { id: 'rejected', label: t('stat.rejected'), value: count(rejected), tone: rejected ? 'bad' : undefined, note: percent(rejected, read, 2) },
    { id: 'quality', label: t('stat.quality'), value: percent(clean, read, 2) || t('stat.none'), share: read ? clean / read : 0 },
    { id: 'revenue', label: t('stat.revenue'), value: money(run.revenue), note: t('stat.clean_only') },
  ];
}

function Head({ run }) {
  const state = stateOf(run);
  const facts = [nameOf('dataset', run.dataset), formatMoment(run.started), run.rows_per_second > 0 && t('report.speed', { n: count(Math.round(run.rows_per_second)) }), run.actor];
  return html`<header class="report-head">
    ${!wide.value && html`<a class="back" href=${link()}><${Icon} name="back" /> ${t('runs.title')}</a>`}
    <div class="report-title">
      <h1 tabindex="-1">${formatSource(run.source)}</h1>
      <${Badge} tone=${state.tone}><${Icon} name=${state.icon} /> ${state.word}<//>
      <button type="button" class="quiet print-button" onClick=${() => print()}><${Icon} name="print" /> ${t('report.print')}</button>
    </div>
    <p class="facts">${facts.filter(Boolean).map((fact, i) => html`<span key=${i}>${fact}</span>`)}<code title=${t('report.run')}>${run.run}</code></p>
  </header>`;
}

function Proof({ run }) {
  const bad = run.audits.filter((audit) => !audit.ok).length;
  const words = bad ? t('proof.bad', { n: bad, all: run.audits.length }) : t('proof.ok', { n: run.audits.length });
  if (!run.audits.length) return html`<p class="proof">${t(run.state === 'running' ? 'proof.running' : 'proof.none')}</p>`;
  return html`<a class=${`proof ${bad ? 'proof-bad' : 'proof-ok'}`} href=${link({ run: run.run, tab: 'audit' })}>
    <span class="proof-ticks">${run.audits.map((audit) => html`<${Tick} key=${audit.check} ok=${audit.ok} label=${`${nameOf('check', audit.check)}: ${t(audit.ok ? 'tick.ok' : 'tick.bad')}`} />`)}</span>
    <span class="proof-words">${words}</span>
    <${Icon} name="next" />
  </a>`;
}

/* On a narrow screen the list has gone: the reader is taken to the heading. */
function useHeading(ready) {
  const done = useRef(false);
  useEffect(() => {
    if (!ready || done.current) return;
    done.current = true;
    if (!wide.value) {
      scrollTo(0, 0);
      document.querySelector('h1')?.focus();
    }
  }, [ready]);
}

const Waiting = () => html`<div class="report" role="status" aria-label=${t('report.loading')}>
  <${Skeleton} shape="title" n=${2} />
  <${Skeleton} shape="stats" n=${5} />
  <${Skeleton} shape="cards" n=${3} />
</div>`;

/* A run that ended early has no figures yet: its report has the same shape. */
const LISTS = ['audits', 'controls', 'mapping', 'unknown_columns', 'decisions', 'oddities', 'by_region', 'by_product', 'by_day', 'timeline'];
function complete(run) {
  const lists = Object.fromEntries(LISTS.map((name) => [name, run[name] ?? []]));
  return { totals: {}, rejected: {}, ...run, ...lists };
}

export function Report({ id, tenant, summary }) {
  const path = id && address(`/api/runs/${encodeURIComponent(id)}`, { tenant });
  const { answer, error, again } = useAnswer(path, summary?.state === 'running' ? RUNNING_POLL_MS : 0);
  const run = useMemo(() => answer && complete(answer.data), [answer]);
  const open = TABS.find((tab) => tab.id === route.value.tab) ?? TABS[0];

  useHeading(!!run);
  useEffect(() => {
    document.title = run ? t('title', { source: formatSource(run.source) }) : t('product');
  }, [run?.source]);
  useEffect(() => {
    if (run && summary && summary.state !== run.state) again(); /* the list knows it first */
  }, [summary?.state]);

  if (error && !run) return html`<${Failed} page error=${error} again=${again} />`;
  if (!run) return html`<${Waiting} />`;
  const tabs = TABS.map((tab) => {
    const n = tab.mark?.(run);
    return { id: tab.id, label: t(`tab.${tab.id}`), mark: n ? count(n) : null, tone: tab.tone };
  });
  return html`<article class="report" data-run=${run.run} data-state=${run.state}>
    <${Head} run=${run} />
    ${run.message && html`<p class="notice tone-bad"><${Icon} name="warn" /> <span>${run.message}</span></p>`}
    <${Stats} label=${t('stat.all')} rows=${headline(run)} />
    <${Proof} run=${run} />
    <${Tabs} label=${t('tab.all')} tabs=${tabs} open=${open.id} onOpen=${(tab) => go({ run: run.run, tab })}>
      <${open.Page} run=${run} tenant=${tenant} />
    <//>
  </article>`;
}
