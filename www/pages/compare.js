/* Two runs beside each other: what they add up to, day by day, how clean they were,
** and what the rules had become in between. */
import { useMemo } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { csvText, saveText } from '../lib/csv.js';
import { secondsOf } from '../lib/days.js';
import { compare, count, percent, position } from '../lib/decimal.js';
import { shownFigure } from '../lib/figure.js';
import { formatDay, formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, here, link, replace } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { ChartCard } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { LineChart } from '../parts/line_chart.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { figureOf, Why } from '../parts/why.js';

const TABLES = ['run', 'sale', 'run_undone'];
const RUNS_OFFERED = 200;
const NAMES_AT_FIRST = 20;
const DATASET = 'sales'; /* its measures are compared */
const CURRENT = 'current';

const scopeOfSide = (run) => (run === CURRENT ? {} : { run });
const sideName = (summary) => (summary?.run ? formatSource(summary.source) : t('scope.all'));

/* "+12" and "−3": the sign says which way it went. */
function signed(measure, value) {
  const text = String(value);
  const shown = shownFigure(measure, typeof value === 'number' ? value : text);
  return compare(text, '0') > 0 ? `+${shown}` : shown;
}
const Difference = ({ measure, value }) => {
  const way = compare(String(value), '0');
  return html`<span class=${`difference ${way > 0 ? 'up' : way < 0 ? 'down' : ''}`}>${signed(measure, value)}</span>`;
};

/* ---- choosing ---- */

function Side({ label, value, runs, current, onChange }) {
  const known = !value || value === CURRENT || runs.some((run) => run.run === value);
  return html`<label class="scope-field"><span>${label}</span>
    <select value=${value ?? ''} onChange=${(event) => onChange(event.target.value || null)}>
      <option value="" selected=${!value} disabled>${t('compare.choose')}</option>
      ${current && html`<option value=${CURRENT} selected=${value === CURRENT}>${t('scope.all')}</option>`}
      ${!known && html`<option value=${value} selected>${value}</option>`}
      ${runs.map((run) => html`<option key=${run.run} value=${run.run} selected=${run.run === value}>${formatSource(run.source)} \u00b7 ${formatMoment(run.started)}</option>`)}
    </select>
  </label>`;
}

function Choose({ a, b, runs }) {
  const set = (changes) => replace(here(changes));
  return html`<div class="scope" role="group" aria-label=${t('compare.which')}>
    <${Side} label=${t('compare.a')} value=${a} runs=${runs} onChange=${(run) => set({ a: run })} />
    <button type="button" class="quiet" disabled=${!a || !b || b === CURRENT} onClick=${() => set({ a: b, b: a })}><${Icon} name="compare" /> ${t('compare.swap')}</button>
    <${Side} label=${t('compare.b')} value=${b} runs=${runs} current onChange=${(run) => set({ b: run })} />
  </div>`;
}

/* ---- the tables ---- */

const sides = (scopes) => ['a', 'b'].map((side) => ({ side, scope: scopes[side] }));

const totalsColumns = (scopes, names) => [
  { id: 'measure', label: t('compare.what'), kind: 'name', value: (row) => nameOf('measure', row.measure), plain: (row) => row.measure },
  ...sides(scopes).map(({ side, scope }) => ({
    id: side,
    label: names[side],
    align: 'end',
    value: (row) => html`<${Why} figure=${figureOf(row.measure, scope)} label=${`${nameOf('measure', row.measure)}, ${names[side]}`}>${shownFigure(row.measure, row[side])}<//>`,
    plain: (row) => row[side],
  })),
  { id: 'difference', label: t('compare.difference'), align: 'end', value: (row) => html`<${Difference} measure=${row.measure} value=${row.difference} />`, plain: (row) => row.difference },
  { id: 'share', label: t('compare.change'), align: 'end', value: (row) => percent(String(row.difference), String(row.a), 1), plain: (row) => percent(String(row.difference), String(row.a), 1) },
];

const groupColumns = (group, scopes, names) => [
  { id: 'name', label: nameOf('column', group), kind: 'name', sort: (row) => row.name, value: (row) => row.name, plain: (row) => row.name },
  ...sides(scopes).map(({ side, scope }) => ({
    id: side,
    label: names[side],
    align: 'end',
    decimal: true,
    sort: (row) => row[side]?.revenue ?? '0',
    value: (row) => (row[side] ? html`<${Why} figure=${figureOf('revenue', { ...scope, [group]: row.name })} label=${`${row.name}, ${names[side]}`}>${shownFigure('revenue', row[side].revenue)}<//>` : t('stat.none')),
    plain: (row) => row[side]?.revenue,
  })),
  { id: 'difference', label: t('compare.difference'), align: 'end', decimal: true, sort: (row) => row.difference.revenue, value: (row) => html`<${Difference} measure="revenue" value=${row.difference.revenue} />`, plain: (row) => row.difference.revenue },
  { id: 'orders', label: t('compare.orders'), align: 'end', sort: (row) => row.difference.orders, value: (row) => html`<${Difference} measure="orders" value=${row.difference.orders} />`, plain: (row) => row.difference.orders },
];

const save = (name, columns, rows) => () => saveText(`${name}.csv`, csvText(columns.map((c) => ({ heading: c.label, value: c.plain })), rows));
const Save = ({ onSave }) => html`<button type="button" class="quiet" onClick=${onSave}><${Icon} name="download" /> ${t('table.csv')}</button>`;

function Days({ days, names, scopes }) {
  const points = useMemo(
    () => days.map((row) => {
      const day = row.day ?? row.name;
      const [a, b] = [row.a?.revenue, row.b?.revenue];
      return { at: secondsOf(day), sizes: [a ?? null, b ?? null].map((v) => v && position(v)), text: [formatDay(day), ...[a, b].map((v, i) => `${i ? names.b : names.a}: ${v ? shownFigure('revenue', v) : t('stat.none')}`)].join('  \u00b7  ') };
    }),
    [days, names.a, names.b],
  );
  const rows = useMemo(() => days.map((row) => ({ ...row, name: row.day ?? row.name })), [days]);
  const columns = groupColumns('order_date', scopes, names).map((c) => (c.id === 'name' ? { ...c, value: (row) => formatDay(row.name) } : c));
  for (const column of columns)
    if (column.id === 'a' || column.id === 'b') column.value = (row) => (row[column.id] ? html`<${Why} figure=${figureOf('revenue', { ...scopes[column.id], from: row.name, to: row.name })} label=${`${formatDay(row.name)}, ${names[column.id]}`}>${shownFigure('revenue', row[column.id].revenue)}<//>` : t('stat.none'));
  return html`<${ChartCard} wide title=${t('compare.days')} columns=${columns} rows=${rows} onSave=${save('compare_days', columns, rows)}>
    <${LineChart} points=${points} rest="" series=${[{ name: names.a }, { name: names.b }]} />
  <//>`;
}

const controlColumns = (scopes, names) => [
  { id: 'control', label: t('column.control'), kind: 'name', value: (c) => html`<a href=${link(at('rules', c.control))}>${nameOf('control', c.control)}</a>`, plain: (c) => c.control },
  ...['a', 'b'].map((side) => ({
    id: side,
    label: `${names[side]}: ${t('column.failed')}`,
    align: 'end',
    value: (c) => (c[`${side}_failed`] === null ? t('stat.none') : html`<${Why} figure=${figureOf('rejected', { ...scopes[side], control: c.control })} label=${`${nameOf('control', c.control)}, ${names[side]}`}>${count(c[`${side}_failed`])}<//>`),
    plain: (c) => c[`${side}_failed`],
  })),
  {
    id: 'version',
    label: t('column.version'),
    value: (c) => (c.a_version === c.b_version ? t('controls.version', { n: c.a_version }) : html`${[c.a_version, c.b_version].map((n) => (n ? t('controls.version', { n }) : t('stat.none'))).join(' \u2192 ')} <${Badge} tone="warn">${t('compare.changed')}<//>`),
    plain: (c) => `${c.a_version ?? ''} ${c.b_version ?? ''}`,
  },
];

/* ---- together ---- */

function Quality({ quality, names, scopes }) {
  const share = (side) => html`<${Why} figure=${figureOf('quality', scopes[side])} label=${names[side]}>${shownFigure('quality', quality[side])}<//>`;
  return html`<dl class="pair pair-wide"><div><dt>${names.a}</dt><dd>${share('a')}</dd></div><div><dt>${names.b}</dt><dd>${share('b')}</dd></div><div><dt>${t('compare.difference')}</dt><dd><${Difference} measure="quality" value=${quality.difference} /></dd></div></dl>`;
}

function Result({ data, a, b, busy }) {
  const scopes = { a: scopeOfSide(a), b: scopeOfSide(b) };
  const names = { a: sideName(data.a), b: sideName(data.b) };
  if (names.a === names.b) Object.assign(names, { a: `${names.a} (A)`, b: `${names.b} (B)` });
  const totals = totalsColumns(scopes, names);
  const controls = controlColumns(scopes, names);
  const failing = [...data.controls].sort((x, y) => (y.a_failed ?? 0) + (y.b_failed ?? 0) - (x.a_failed ?? 0) - (x.b_failed ?? 0));
  return html`<div class="stack" aria-busy=${String(busy)}>
    <div class="cards compare-cards">
      <${Card} title=${t('compare.totals')} actions=${html`<${Save} onSave=${save('compare_totals', totals, data.totals)} />`}><${Table} caption=${t('compare.totals')} columns=${totals} rows=${data.totals} keyOf=${(r) => r.measure} /><//>
      <${Card} title=${t('compare.quality')}><${Quality} quality=${data.quality} names=${names} scopes=${scopes} />
        <h3>${data.rules_changed.length ? t('compare.rules', { n: data.rules_changed.length }) : t('nav.rules')}</h3>
        ${data.rules_changed.length ? html`<ul class="chips">${data.rules_changed.map((name) => html`<li key=${name}><a class="chip" href=${link(at('rules', name))}>${nameOf('control', name)}</a></li>`)}</ul>` : html`<p class="note">${t('compare.no_rules')}</p>`}
      <//>
      <${Days} days=${data.by_day} names=${names} scopes=${scopes} />
      ${['region', 'product'].filter((group) => data[`by_${group}`]).map((group) => {
        const columns = groupColumns(group, scopes, names);
        const rows = data[`by_${group}`];
        const title = t('compare.by', { group: nameOf('column', group).toLowerCase() });
        return html`<${Card} key=${group} title=${title} actions=${html`<${Save} onSave=${save(`compare_${group}`, columns, rows)} />`}><${Table} caption=${title} columns=${columns} rows=${rows} keyOf=${(r) => r.name} sort=${{ id: 'a', down: true }} first=${NAMES_AT_FIRST} /><//>`;
      })}
      <${Card} wide title=${t('compare.controls')} actions=${html`<${Save} onSave=${save('compare_controls', controls, failing)} />`}><${Table} caption=${t('compare.controls')} columns=${controls} rows=${failing} keyOf=${(c) => c.control} /><//>
    </div>
  </div>`;
}

export function Compare({ query }) {
  const all = useKept(useLive(address('/api/runs', { limit: RUNS_OFFERED }), TABLES).answer)?.data;
  const runs = (all ?? []).filter((run) => (run.state === 'done' || run.state === 'undone') && (run.dataset ?? DATASET) === DATASET);
  const files = runs.filter((run) => !run.kind || run.kind === 'file' || run.kind === 'rejudge');
  const a = query.a ?? files[1]?.run;
  const b = query.b ?? (query.a ? null : files[1] && files[0]?.run) ?? (a ? CURRENT : null);
  const { answer, error, again } = useLive(a && b ? address('/api/compare', { as: DATASET, a, b }) : null, TABLES);
  const data = useKept(answer)?.data;
  return html`<div class="page">
    <${PageHead} title=${t('page.compare')} note=${t('page_note.compare')} back=${{ href: link('imports'), label: t('page.imports') }} />
    <${Choose} a=${a} b=${b} runs=${runs} />
    ${error && !answer ? html`<${Failed} error=${error} again=${again} />` : data ? html`<${Result} data=${data} a=${a} b=${b} busy=${!answer} />` : all && !a ? html`<${Empty} icon="compare" title=${t('empty.compare.title')}><p>${t('empty.compare.advice')}</p><a class="button" href=${link('imports/new')}>${t('empty.figures.import')}</a><//>` : html`<${Skeleton} shape="cards" n=${3} />`}
  </div>`;
}
