/* The list of runs, newest first. Arrow keys move in it, Enter opens. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { count, money, percent } from '../lib/decimal.js';
import { formatAgo, formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { link } from '../lib/route.js';
import { wide } from '../lib/screen.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { Skeleton } from '../parts/state.js';

/* How a run stands in one sign. */
export function stateOf(run) {
  if (run.state === 'running') return { tone: 'busy', icon: 'play', word: t('state.running') };
  if (run.state === 'failed') return { tone: 'bad', icon: 'cross', word: t('state.failed') };
  if (run.state === 'interrupted') return { tone: 'warn', icon: 'pause', word: t('state.interrupted') };
  if (!run.reconciled) return { tone: 'bad', icon: 'warn', word: t('state.differs') };
  return { tone: 'ok', icon: 'check', word: t('state.reconciled') };
}

function Item({ run, chosen, first, now }) {
  const state = stateOf(run);
  const plain = run.state === 'done' && run.reconciled;
  return html`<li>
    <a
      class="run"
      href=${link({ run: run.run })}
      data-run=${run.run}
      aria-current=${chosen ? 'page' : undefined}
      tabindex=${chosen || first ? 0 : -1}
    >
      <span class=${`run-state tone-${state.tone}`}><${Icon} name=${state.icon} label=${state.word} /></span>
      <span class="run-line"><span class="run-source" title=${run.source}>${formatSource(run.source)}</span><span class="run-quality">${percent(run.rows.clean, run.rows.read)}</span></span>
      <span class="run-line"><span class="run-rows">${t('runs.rows', { n: run.rows.read, shown: { n: count(run.rows.read) } })} \u00b7 <time datetime=${run.started} title=${formatMoment(run.started)}>${formatAgo(run.started, now)}</time></span>
      <span class="run-revenue">${plain || run.state === 'running' ? money(run.revenue) : html`<span class=${`ink-${state.tone}`}>${state.word}</span>`}</span></span>
    </a>
  </li>`;
}

/* "5 min. ago" grows old by itself. */
function useNow() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 20000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(now, Date.now());
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

export function RunList({ runs, total, chosen, onMore }) {
  const list = useRef(null);
  const now = useNow();
  const onKey = (event) => {
    const items = [...list.current.querySelectorAll('a')];
    const at = items.indexOf(event.target);
    if (at < 0 || !(event.key in STEPS)) return;
    event.preventDefault();
    items[Math.min(Math.max(at + STEPS[event.key], 0), items.length - 1)].focus();
  };
  return html`<nav class="runs" aria-label=${t('runs.title')}>
    <${wide.value ? 'h2' : 'h1'} class="runs-title">${t('runs.title')} ${runs && html`<span class="note">${count(total)}</span>`}<//>
    ${!runs && html`<${Skeleton} shape="runs" n=${6} />`}
    <ul ref=${list} onKeyDown=${onKey}>
      ${runs?.map((run, i) => html`<${Item} key=${run.run} run=${run} chosen=${run.run === chosen} first=${!i && !runs.some((r) => r.run === chosen)} now=${now} />`)}
    </ul>
    ${runs && runs.length < total && html`<button type="button" class="more" onClick=${onMore}>${t('runs.more', { n: count(total - runs.length) })}</button>`}
  </nav>`;
}
