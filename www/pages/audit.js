/* Audit Trail: the change log, newest first and without end; the checks that a run
** passed; and why the log can be believed. */
import { address, useAnswer, useKept } from '../lib/api.js';
import { dataset } from '../lib/dataset.js';
import { count, exact } from '../lib/decimal.js';
import { formatClock, formatDay, formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { useSearch } from '../lib/search.js';
import { at, here, link, replace } from '../lib/route.js';
import { asWritten, codesOf, nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Diff } from '../parts/diff.js';
import { Drawer } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { ScopeBar } from '../parts/scope_bar.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { TickList } from '../parts/tick.js';
import { InDrawer } from '../parts/why.js';

const SIZE = 50;
const RUN_TABLES = ['run', 'run_undone'];

/* ---- checks of a run ---- */

/* A figure, or a list of them: numbers are grouped, codes become words. */
function figure(text) {
  if (text === null || text === undefined || text === '') return t('stat.none');
  return String(text)
    .replace(/(^|[^\w.-])(-?\d+(?:\.\d+)?)(?![\w.])/g, (_, before, n) => before + exact(n))
    .replace(/\b[A-Z]+(_[A-Z]+)+\b/g, (code) => nameOf('category', code));
}

const checks = (audits) =>
  audits.map((a) => ({ id: a.check, ok: a.ok, title: nameOf('check', a.check), text: a.text, expected: figure(a.expected), actual: figure(a.actual) }));

function Checks({ run }) {
  if (!run.audits?.length) return html`<${Empty} icon="pause" title=${t('empty.audits.title')}><p>${t('empty.audits.advice')}</p><//>`;
  return html`<${TickList} rows=${checks(run.audits)} />`;
}

function ChecksCard({ id }) {
  const { answer, error, again } = useLive(address(`/api/runs/${encodeURIComponent(id ?? 'latest')}`), RUN_TABLES);
  const run = useKept(answer)?.data;
  const of = run && html`<a class="quiet wrap" href=${link(at('imports', run.run))}>${formatSource(run.source)} \u00b7 ${formatMoment(run.started)}</a>`;
  return html`<${Card} title=${t(id ? 'audit.checks' : 'audit.checks_latest')} note=${t('audit.checks_note')} actions=${of}>
    ${run ? html`<${Checks} run=${run} />` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="table" n=${5} />`}
  <//>`;
}

/* ---- the chain ---- */

function Chain() {
  const { answer } = useLive(address('/api/governance', { as: dataset.value }));
  const log = useKept(answer)?.data.log;
  if (!log) return null;
  return html`<${Card} title=${t('audit.chain')}>
    <p>${t('audit.chain_note', { n: log.entries, shown: { n: count(log.entries), first: count(1), last: count(log.entries) } })}</p>
    <dl class="details">
      <div><dt>${t('audit.head')}</dt><dd><code class="wrap">${log.head}</code></dd></div>
      <div><dt>${t('audit.since')}</dt><dd>${formatMoment(log.first)}</dd></div>
    </dl>
    <p class="note">${t('audit.verify')} <code>outpost verify</code></p>
  <//>`;
}

/* ---- the log ---- */

const TONES = { FAILED: 'bad', INTERRUPTED: 'warn', DELETED: 'warn', UNDONE: 'warn', COMPLETED: 'ok', AUDITED: 'ok', CREATED: 'ok' };
const toneOf = (event) => TONES[event.split('_').at(-1)] ?? 'plain';

const Entry = ({ entry }) => html`<li data-seq=${entry.seq}>
  <time datetime=${entry.at}>${formatClock(entry.at)}</time>
  <div>
    <h4><${InDrawer} kind="entry" value=${entry.seq} label=${t('audit.entry_open', { event: nameOf('event', entry.event), seq: count(entry.seq) })}>${nameOf('event', entry.event)}<//>
      ${toneOf(entry.event) !== 'plain' && html`<span class=${`entry-dot tone-${toneOf(entry.event)}`}></span>`}</h4>
    <p class=${asWritten(entry.text)}>${entry.text}</p>
    <p class="note">${[entry.actor, entry.table && nameOf('table_name', entry.table), entry.key].filter(Boolean).join(' \u00b7 ')}</p>
  </div>
  <span class="step-count">${entry.count > 1 ? count(entry.count) : ''}</span>
</li>`;

function byDay(entries) {
  const days = [];
  for (const entry of entries) {
    const name = formatDay(entry.at);
    if (days.at(-1)?.name !== name) days.push({ name, entries: [] });
    days.at(-1).entries.push(entry);
  }
  return days;
}

const Choose = ({ label, value, options, onChange }) => html`<label class="scope-field"><span>${label}</span>
  <select value=${value ?? ''} onChange=${(event) => onChange(event.target.value || null)}>
    <option value="" selected=${!value}>${t('scope.any')}</option>
    ${options.map((o) => html`<option key=${o.id} value=${o.id} selected=${o.id === value}>${o.label}</option>`)}
  </select>
</label>`;

/* What is known of, what is asked for, and what has been seen. */
const optionsOf = (group, known, entries, asked) =>
  [...new Set([...known, ...entries, asked])].filter(Boolean).map((id) => ({ id, label: group ? nameOf(group, id) : id })).sort((a, b) => a.label.localeCompare(b.label));

function Filters({ query, entries }) {
  const set = (name) => (value) => replace(here({ [name]: value }));
  const seen = (name) => entries.map((entry) => entry[name]);
  return html`
    <${Choose} label=${t('audit.event')} value=${query.event} options=${optionsOf('event', codesOf('event'), seen('event'), query.event)} onChange=${set('event')} />
    <${Choose} label=${t('audit.table')} value=${query.table} options=${optionsOf('table_name', codesOf('table_name'), seen('table'), query.table)} onChange=${set('table')} />
    <${Choose} label=${t('audit.actor')} value=${query.actor} options=${optionsOf(null, [], seen('actor'), query.actor)} onChange=${set('actor')} />
    <label class="scope-field"><span>${t('scope.from')}</span><input type="date" value=${query.from ?? ''} max=${query.to} onChange=${(event) => set('from')(event.target.value)} /></label>
    <label class="scope-field"><span>${t('scope.to')}</span><input type="date" value=${query.to ?? ''} min=${query.from} onChange=${(event) => set('to')(event.target.value)} /></label>`;
}

function Log({ query }) {
  const { run, event, actor, table, from, to } = query;
  const pages = useSearch(address('/api/changes', { unit: run, event, actor, table, from, to, limit: SIZE }), { after: 'before', size: SIZE });
  const { items, more, busy, stale, error, again, onMore, first } = pages;
  let body;
  if (error && !items?.length) body = html`<${Failed} error=${error} again=${again} />`;
  else if (!items) body = html`<${Skeleton} shape="table" n=${8} />`;
  else if (!items.length) body = html`<${Empty} icon="filter" title=${t('empty.changes.title')}><p>${t('empty.changes.advice')}</p><//>`;
  else
    body = html`<div aria-busy=${String(stale)}>${byDay(items).map((day) => html`<section key=${day.name}><h3 class="timeline-day">${day.name}</h3><ol class="timeline">${day.entries.map((entry) => html`<${Entry} key=${entry.seq} entry=${entry} />`)}</ol></section>`)}</div>
      <div class="pager"><span role="status">${t('rows.shown_of', { n: count(items.length), total: count(first.total ?? items.length) })}</span>
        ${more && html`<button type="button" class="button-line" disabled=${busy} onClick=${onMore}>${t('audit.more')}</button>`}</div>`;
  const csv = html`<a class="quiet" href=${address('/api/tables/audit_log', { format: 'csv', run })} download><${Icon} name="download" /> ${t('table.csv')}</a>`;
  return html`<${Card} title=${t(run ? 'audit.timeline' : 'audit.everything')} actions=${csv}>
    <div class="scope scope-inner" role="group" aria-label=${t('audit.filters')}><${Filters} query=${query} entries=${items ?? []} /></div>
    ${body}
  <//>`;
}

export function Audit({ query }) {
  return html`<div class="page">
    <${PageHead} title=${t('page.audit')} note=${t('page_note.audit')} />
    <${ScopeBar} only=${['run']} />
    <div class="beside">
      <${Log} query=${query} />
      <div class="stack">
        <${ChecksCard} key=${query.run} id=${query.run} />
        <${Chain} />
      </div>
    </div>
  </div>`;
}

/* ---- one entry ---- */

export function EntryDrawer({ value, onClose }) {
  const seq = Number(value);
  const { answer, error, again } = useAnswer(Number.isSafeInteger(seq) ? address('/api/changes', { before: seq + 1, limit: 1 }) : null);
  const entry = answer?.data.find((one) => one.seq === seq);
  const title = entry ? nameOf('event', entry.event) : t('audit.entry', { seq: value });
  const facts = entry && [
    ['number', count(entry.seq)],
    ['at', formatMoment(entry.at)],
    ['actor', entry.actor],
    ['table', entry.table && nameOf('table_name', entry.table)],
    ['key', entry.key],
    ['count', entry.count ? count(entry.count) : null],
    ['unit', entry.unit],
  ];
  return html`<${Drawer} title=${title} note=${entry && t('audit.entry', { seq: count(seq) })} onClose=${onClose}>
    ${error ? html`<${Failed} error=${error} again=${again} />` : !answer ? html`<${Skeleton} shape="table" n=${5} />` : !entry ? html`<p>${t('audit.no_entry', { seq: value })}</p>` : html`
      <p>${entry.text} ${toneOf(entry.event) !== 'plain' && html`<${Badge} tone=${toneOf(entry.event)}>${nameOf('event', entry.event)}<//>`}</p>
      <dl class="details">${facts.filter(([, text]) => text).map(([name, text]) => html`<div key=${name}><dt>${t(`column.${name}`)}</dt><dd class="wrap">${text}</dd></div>`)}</dl>
      <${Diff} before=${entry.before} after=${entry.after} group="field" />
      ${entry.table === 'run' && entry.key && html`<p><a class="button-line" href=${link(at('imports', entry.key))}>${t('audit.to_run')}</a></p>`}
    `}
  <//>`;
}
