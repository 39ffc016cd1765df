/* Which figures: of one run or of all data, of which days, of which group.
**
** It stands above every page of figures and writes into the address, so the pages
** need not know it: they ask with scopeOf(). The groups and their values come from
** GET /api/figures; only: the parts that a page has use for ('run', 'days', 'groups'; or 'dataset' alone); datasets:
** among which there is a choice. */
import { useEffect, useState } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { dataset, there } from '../lib/dataset.js';
import { formatDay, formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { here, replace, route, SCOPE } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Icon } from './icon.js';

const RUNS_OFFERED = 100;
const DAY_MS = 86400000;
const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);

/* Counted back from the last day of the data: a file of last year has a last week, too. */
const PRESETS = {
  all: () => [null, null],
  week: (last) => [dayOf(Date.parse(last) - 6 * DAY_MS), last],
  month: (last) => [dayOf(Date.parse(last) - 29 * DAY_MS), last],
  quarter: (last) => [dayOf(Date.parse(last) - 89 * DAY_MS), last],
  year: (last) => [`${last.slice(0, 4)}-01-01`, last],
};

const set = (changes) => replace(here(changes));

function presetOf({ from, to }, last) {
  if (!from && !to) return 'all';
  return Object.keys(PRESETS).find((id) => id !== 'all' && last && PRESETS[id](last).join() === `${from},${to}`) ?? 'own';
}

const Select = ({ label, note, value, onChange, children }) => html`<label class="scope-field">
  <span>${label}${note && html` <span class="scope-note">${note}</span>`}</span>
  <select value=${value} onChange=${(event) => onChange(event.target.value)}>${children}</select>
</label>`;

function RunChoice({ run }) {
  const { answer } = useLive(address('/api/runs', { limit: RUNS_OFFERED }), ['run', 'run_undone']);
  const runs = (answer?.data ?? []).filter((one) => (one.state === 'done' && one.dataset === dataset.value) || one.run === run);
  const known = !run || runs.some((one) => one.run === run);
  return html`<${Select} label=${t('scope.run')} value=${run ?? ''} onChange=${(id) => set({ run: id })}>
    <option value="" selected=${!run}>${t('scope.all')}</option>
    ${!known && html`<option value=${run} selected>${run}</option>`}
    ${runs.map((one) => html`<option key=${one.run} value=${one.run} selected=${one.run === run}>${formatSource(one.source)} \u00b7 ${formatMoment(one.started)}</option>`)}
  <//>`;
}

/* A day that is being typed is not yet a day: it counts when it is whole. */
function Day({ label, value, min, max, onChange }) {
  const [text, setText] = useState(value ?? '');
  useEffect(() => setText(value ?? ''), [value]);
  const input = (event) => {
    setText(event.target.value);
    if (event.target.value === '' || event.target.checkValidity()) onChange(event.target.value || null);
  };
  return html`<label class="scope-field"><span>${label}</span><input type="date" value=${text} min=${min} max=${max} onChange=${input} /></label>`;
}

function Days({ query, first, last }) {
  const [own, setOwn] = useState(false);
  const preset = presetOf(query, last);
  const choose = (id) => {
    setOwn(id === 'own');
    if (id === 'own') return;
    const [from, to] = PRESETS[id](last);
    set({ from, to });
  };
  const ids = [...Object.keys(PRESETS).filter((id) => id === 'all' || last), 'own'];
  const open = own || preset === 'own';
  const span = !open && first && t('scope.span', { from: formatDay(query.from ?? first), to: formatDay(query.to ?? last) });
  return html`
    <${Select} label=${t('scope.days')} note=${span} value=${open ? 'own' : preset} onChange=${choose}>
      ${ids.map((id) => html`<option key=${id} value=${id} selected=${id === (open ? 'own' : preset)}>${t(`scope.preset.${id}`)}</option>`)}
    <//>
    ${open && html`
      <${Day} label=${t('scope.from')} value=${query.from} max=${query.to} onChange=${(from) => set({ from })} />
      <${Day} label=${t('scope.to')} value=${query.to} min=${query.from} onChange=${(to) => set({ to })} />
    `}
  `;
}

const Group = ({ name, rows, value }) => html`<${Select} label=${nameOf('field', name)} value=${value ?? ''} onChange=${(text) => set({ [name]: text })}>
  <option value="" selected=${!value}>${t('scope.any')}</option>
  ${value && !rows.some((row) => row.name === value) && html`<option value=${value} selected>${value}</option>`}
  ${rows.map((row) => html`<option key=${row.name} value=${row.name} selected=${row.name === value}>${row.name}</option>`)}
<//>`;

/* Of which rows: only where files of several kinds came in. */
function DatasetChoice({ known }) {
  if (known.length < 2) return null;
  const choose = (as) => replace(here({ ...Object.fromEntries(SCOPE.map((name) => [name, null])), as }));
  return html`<${Select} label=${t('scope.as')} value=${dataset.value} onChange=${choose}>
    ${known.map((name) => html`<option key=${name} value=${name} selected=${name === dataset.value}>${nameOf('dataset', name)}</option>`)}
  <//>`;
}

export function ScopeBar({ only = ['run', 'days', 'groups'], datasets = there.value, children }) {
  const { query } = route.value;
  const wanted = only.some((part) => part === 'days' || part === 'groups');
  const figures = useKept(useLive(wanted ? address('/api/figures', { as: dataset.value, run: query.run }) : null).answer)?.data;
  const groups = (figures?.groups ?? []).filter((group) => group.kind === 'code');
  const known = [...new Set([...datasets, dataset.value])];
  const used = SCOPE.filter((name) => query[name]);
  if (only.includes('dataset') && known.length < 2) return null;
  return html`<div class="scope" role="group" aria-label=${t('scope.label')}>
    <${DatasetChoice} known=${known} />
    ${only.includes('run') && html`<${RunChoice} run=${query.run} />`}
    ${only.includes('days') && html`<${Days} query=${query} first=${figures?.first_day} last=${figures?.last_day} />`}
    ${only.includes('groups') && groups.map(({ name }) => html`<${Group} key=${name} name=${name} rows=${figures[`by_${name}`] ?? []} value=${query[name]} />`)}
    ${used.length > 0 && html`<button type="button" class="quiet" onClick=${() => set(Object.fromEntries(used.map((name) => [name, null])))}><${Icon} name="cross" /> ${t('scope.clear')}</button>`}
    ${children && html`<div class="scope-more">${children}</div>`}
  </div>`;
}
