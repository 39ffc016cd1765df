/* What the exceptions have in common: by state, by category and so on, the same
** mistake many times, and how it went over the weeks. Every figure leads to its rows. */
import { useState } from 'preact/hooks';
import { address, useAnswer } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { here } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { ChartCard } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { Skeleton } from '../parts/state.js';
import { clearFilter, filterName, filterOf, setFilter, stateOf, weekName } from './desk_filter.js';

/* ---- by state ---- */

const TONES = { open: 'bad', accepted: 'warn', corrected: 'ok', all: 'plain' };

export function Figures({ summary, query }) {
  const now = stateOf(query);
  const shown = { open: summary.open, accepted: summary.accepted, corrected: summary.corrected, all: summary.total };
  return html`<nav class="desk-states" aria-label=${t('desk.states')}>
    ${Object.entries(shown).map(([state, n]) => html`<a key=${state} class=${`desk-state tone-of-${state === 'open' && !n ? 'ok' : TONES[state]}`} data-state=${state} href=${here({ state: state === 'open' ? null : state })} aria-current=${state === now ? 'true' : undefined}>
      <span class="desk-state-name">${t(`desk.state.${state}`)}</span>
      <span class="desk-state-count">${count(n)}</span>
      <span class="note">${t(`desk.state_note.${state}`)}</span>
    </a>`)}
  </nav>`;
}

/* ---- facets ---- */

const FACETS = ['category', 'control', 'source', 'week', 'assignee'];
const AT_FIRST = 6;

const inState = (row, state) => (state === 'all' ? row.open + row.corrected + row.accepted : row[state]);

function Facet({ name, rows, query }) {
  const [all, setAll] = useState(false);
  const chosen = query[name];
  const state = stateOf(query);
  const fitting = rows.map((row) => ({ name: row.name ?? '-', n: inState(row, state) })).filter((row) => row.n || row.name === chosen);
  if (!fitting.length) return null;
  const sorted = name === 'week' ? fitting.reverse() : fitting.sort((a, b) => b.n - a.n);
  const shown = all ? sorted : sorted.slice(0, AT_FIRST);
  return html`<fieldset class="facet" data-facet=${name}>
    <legend>${t(`desk.facet.${name}`)}</legend>
    <ul>
      ${shown.map((row) => {
        const on = row.name === chosen;
        return html`<li key=${row.name}>
          <button type="button" class="facet-row" data-name=${row.name} aria-pressed=${String(on)} onClick=${() => setFilter({ [name]: on ? null : row.name })}>
            <span class="facet-name">${filterName(name, row.name)}</span><span class="facet-count">${count(row.n)}</span>
          </button>
        </li>`;
      })}
    </ul>
    ${shown.length < sorted.length && html`<button type="button" class="quiet" onClick=${() => setAll(true)}>${t('desk.facet_more', { n: sorted.length - shown.length })}</button>`}
  </fieldset>`;
}

function Search({ query }) {
  const submit = (event) => {
    event.preventDefault();
    setFilter({ q: new FormData(event.target).get('q').trim() || null });
  };
  return html`<form class="facet-search" role="search" onSubmit=${submit}>
    <label class="hidden" for="desk-q">${t('desk.search')}</label>
    <input id="desk-q" key=${query.q} name="q" type="search" placeholder=${t('desk.search')} defaultValue=${query.q} autocomplete="off" />
    <button type="submit" class="plain square" aria-label=${t('desk.search')}><${Icon} name="search" /></button>
  </form>`;
}

/* What is filtered by, each with a way out. */
function Chosen({ query, summary }) {
  const words = (name, value) => {
    const known = name === 'pattern' && summary?.patterns.find((one) => one.pattern === value);
    return known ? `${nameOf('field', known.field)}: ${known.value || t('exceptions.blank')}` : filterName(name, value);
  };
  const chosen = Object.entries(filterOf(query));
  if (!chosen.length) return null;
  return html`<div class="chosen" role="group" aria-label=${t('desk.chosen')}>
    ${chosen.map(([name, value]) => html`<button key=${name} type="button" class="chip" onClick=${() => setFilter({ [name]: null })} aria-label=${t('desk.without', { name: t(`desk.facet.${name}`), value: words(name, value) })}>
      <span>${words(name, value)}</span><${Icon} name="cross" />
    </button>`)}
    <button type="button" class="quiet" onClick=${clearFilter}>${t('desk.clear')}</button>
  </div>`;
}

export function Facets({ summary, query }) {
  const [open, setOpen] = useState(false); /* on a narrow screen they are folded away */
  return html`<aside class="facets" aria-label=${t('desk.filter')}>
    <${Search} query=${query} />
    <${Chosen} query=${query} summary=${summary} />
    <button type="button" class="plain facets-fold" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}><${Icon} name="sliders" /> ${t('desk.filter')}</button>
    <div class=${`facets-all ${open ? 'facets-open' : ''}`}>
      ${summary ? FACETS.map((name) => html`<${Facet} key=${name} name=${name} rows=${summary[`by_${name}`] ?? []} query=${query} />`) : html`<${Skeleton} n=${6} />`}
    </div>
  </aside>`;
}

/* ---- the same mistake many times ---- */

const PATTERNS_AT_FIRST = 4;

/* One value can be right for all of them; but not where each must have its own. */
const canFix = (rules, { control, field }) => field && rules?.some((rule) => rule.name === control && rule.kind !== 'unique');

export function Patterns({ summary, filter, onFix }) {
  const rules = useAnswer(address('/api/records/rule')).answer?.data;
  const [all, setAll] = useState(false);
  const known = [...(summary.patterns ?? [])].sort((a, b) => Number(!!canFix(rules, b)) - Number(!!canFix(rules, a)));
  const patterns = all ? known : known.slice(0, PATTERNS_AT_FIRST);
  return html`<${Card} title=${t('desk.patterns.title')} note=${t('desk.patterns.note')}>
    ${!patterns.length && html`<p class="note">${t('desk.patterns.none')}</p>`}
    <ul class="patterns">
      ${patterns.map((one) => {
        const own = { ...filter, pattern: one.pattern };
        const words = { field: nameOf('field', one.field), value: one.value ?? t('exceptions.blank'), n: one.count, shown: { n: count(one.count) } };
        return html`<li key=${one.pattern} data-pattern=${one.value}>
          <div class="pattern-words">
            <b>${nameOf('field', one.field)}</b> ${one.value ? html`<code class="pattern-value">${one.value}</code>` : html`<em>${t('exceptions.blank')}</em>`}
            <span class="note">${nameOf('control', one.control)}</span>
          </div>
          <a class="pattern-count" href=${here({ ...own, state: null })} aria-label=${t('desk.patterns.show', words)}>${t('desk.patterns.times', words)}</a>
          ${canFix(rules, one) && html`<button type="button" class="plain" onClick=${() => onFix({ kind: 'fix', target: { filter: { ...own, state: 'open' } }, count: one.count, field: one.field, wrong: one.value })} aria-label=${t('desk.patterns.fix_label', words)}>${t('desk.patterns.fix')}</button>`}
        </li>`;
      })}
    </ul>
    ${patterns.length < known.length && html`<button type="button" class="more" onClick=${() => setAll(true)}>${t('desk.facet_more', { n: count(known.length - patterns.length) })}</button>`}
  <//>`;
}

/* ---- over the weeks ---- */

const WEEKS_SHOWN = 12;
const CONTROLS_SHOWN = 6;

function course(trends) {
  const weeks = [...new Set(trends.map((row) => row.week))].sort().slice(-WEEKS_SHOWN);
  const by = new Map();
  for (const { week, control, count: n } of trends) {
    if (!weeks.includes(week)) continue;
    const own = by.get(control) ?? { control, total: 0, week: {} };
    own.week[week] = n;
    own.total += n;
    by.set(control, own);
  }
  return { weeks, rows: [...by.values()].sort((a, b) => b.total - a.total) };
}

function Heat({ weeks, rows, most }) {
  return html`<ul class="heat" style=${{ '--weeks': weeks.length }}>
    ${rows.map((row) => html`<li class="heat-row" key=${row.control}>
      <span class="heat-name">${nameOf('control', row.control)}</span>
      <span class="heat-bars" aria-hidden="true">${weeks.map((week) => html`<span key=${week} class="heat-bar" title=${`${weekName(week)}: ${count(row.week[week] ?? 0)}`}><span style=${{ '--share': (row.week[week] ?? 0) / most }}></span></span>`)}</span>
      <a class="heat-total" href=${here({ control: row.control, state: 'all' })} aria-label=${t('controls.open', { n: count(row.total), control: nameOf('control', row.control) })}>${count(row.total)}</a>
    </li>`)}
    <li class="heat-row heat-foot" aria-hidden="true"><span></span><span class="heat-weeks"><span>${weekName(weeks[0])}</span>${weeks.length > 1 && html`<span>${weekName(weeks.at(-1))}</span>`}</span><span></span></li>
  </ul>`;
}

export function Trends({ summary }) {
  const { weeks, rows } = course(summary.trends ?? []);
  if (!weeks.length) return null;
  const most = Math.max(...rows.flatMap((row) => Object.values(row.week)), 1);
  const columns = [
    { id: 'control', label: t('column.control'), kind: 'name', value: (row) => html`<a href=${here({ control: row.control, state: 'all' })}>${nameOf('control', row.control)}</a>` },
    ...weeks.map((week) => ({ id: week, label: week.replace(/^\d+-/, ''), align: 'end', value: (row) => (row.week[week] ? html`<a href=${here({ control: row.control, week, state: 'all' })} aria-label=${`${nameOf('control', row.control)}, ${weekName(week)}: ${count(row.week[week])}`}>${count(row.week[week])}</a>` : '\u2013') })),
  ];
  return html`<${ChartCard} title=${t('desk.trends.title')} note=${t('desk.trends.note')} columns=${columns} rows=${rows}>
    <${Heat} weeks=${weeks} rows=${rows.slice(0, CONTROLS_SHOWN)} most=${most} />
    ${rows.length > CONTROLS_SHOWN && html`<p class="note">${t('desk.trends.others', { n: rows.length - CONTROLS_SHOWN })}</p>`}
  <//>`;
}
