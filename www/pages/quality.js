/* Data Quality: how many rows were good, where the others stopped and why, and how it
** went run by run. */
import { useMemo } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { csvText, saveText } from '../lib/csv.js';
import { dataset } from '../lib/dataset.js';
import { count, percent } from '../lib/decimal.js';
import { scopeOf } from '../lib/figure.js';
import { formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, go, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Bars } from '../parts/bars.js';
import { Card } from '../parts/card.js';
import { ChartCard } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { LineChart } from '../parts/line_chart.js';
import { PageHead } from '../parts/page_head.js';
import { ScopeBar } from '../parts/scope_bar.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { figureOf, Why } from '../parts/why.js';
import { FigureStats } from './figure_stats.js';

const TABLES = ['run', 'reject', 'review', 'run_undone'];
const CONTROLS_MOST = 10;

/* ---- bars that lead to the exceptions ---- */

const toExceptions = (scope, filter) => () => go(link('exceptions', { ...scope, ...filter }));

/* What is left after each stage: the rows that were read, less those that stopped. */
function funnel(data, scope) {
  let left = data.rows.read;
  const bars = [{ name: t('quality.read'), size: left, text: count(left), figure: figureOf('read', scope) }];
  for (const { stage, failed } of data.stages) {
    left -= failed;
    bars.push({
      name: nameOf('stage', stage),
      size: left,
      text: count(left),
      note: failed ? t('quality.stopped', { n: failed, shown: { n: count(failed) } }) : t('quality.none_stopped'),
      onOpen: failed ? toExceptions(scope, { stage }) : undefined,
    });
  }
  return [...bars, { name: t('quality.clean'), size: data.rows.clean, text: count(data.rows.clean), figure: figureOf('clean', scope), tone: 'ok' }];
}

const categories = (data, scope) =>
  Object.entries(data.rejected)
    .filter(([, n]) => n)
    .sort((a, b) => b[1] - a[1])
    .map(([category, n]) => ({
      name: nameOf('category', category),
      size: n,
      text: count(n),
      figure: figureOf('rejected', { ...scope, category }),
      note: t('quality.share', { share: percent(n, data.rows.read, 2) }),
      onOpen: toExceptions(scope, { category }),
    }));

/* A control has as many lines as it had versions: they are added up. */
function byControl(controls) {
  const all = new Map();
  for (const c of controls) {
    const sum = all.get(c.control) ?? { ...c, passed: 0, failed: 0, versions: [] };
    sum.passed += c.passed;
    sum.failed += c.failed;
    sum.versions.push(c.version);
    sum.version = Math.max(sum.version, c.version);
    all.set(c.control, sum);
  }
  return [...all.values()];
}

const worst = (data, scope) =>
  byControl(data.controls)
    .filter((c) => c.failed)
    .sort((a, b) => b.failed - a.failed)
    .slice(0, CONTROLS_MOST)
    .map((c) => ({
      name: nameOf('control', c.control),
      size: c.failed,
      text: count(c.failed),
      figure: figureOf('rejected', { ...scope, control: c.control }),
      note: t('quality.failed_of', { share: percent(c.failed, c.passed + c.failed, 2) }),
      onOpen: toExceptions(scope, { control: c.control }),
    }));

/* ---- run by run ---- */

const TREND = [
  { id: 'source', label: t('column.run'), kind: 'name', value: (r) => html`<a href=${link('quality', { run: r.run })}>${formatSource(r.source)}</a>`, plain: (r) => r.source },
  { id: 'started', label: t('column.started'), value: (r) => formatMoment(r.started), plain: (r) => r.started },
  ...['read', 'clean', 'rejected'].map((name) => ({
    id: name,
    label: nameOf('measure', name),
    align: 'end',
    value: (r) => html`<${Why} figure=${figureOf(name, { run: r.run })} label=${formatSource(r.source)}>${count(r[name])}<//>`,
    plain: (r) => r[name],
  })),
  { id: 'quality', label: nameOf('measure', 'quality'), align: 'end', value: (r) => html`<${Why} figure=${figureOf('quality', { run: r.run })} label=${formatSource(r.source)}>${percent(r.clean, r.read, 2) || t('stat.none')}<//>`, plain: (r) => r.quality },
];

function Trend({ runs }) {
  const newest = useMemo(() => [...runs].reverse(), [runs]);
  const points = useMemo(
    () => runs.map((r, i) => ({ at: i, size: r.read ? (100 * r.clean) / r.read : null, text: [formatSource(r.source), percent(r.clean, r.read, 2), formatMoment(r.started)].join('  \u00b7  ') })),
    [runs],
  );
  const least = Math.min(...points.map((p) => p.size ?? 100));
  const range = [Math.max(0, Math.floor((least - 5) / 10) * 10), 100];
  const last = points.at(-1)?.text ?? '';
  const save = () => saveText('quality_by_run.csv', csvText(TREND.map((c) => ({ heading: c.label, value: c.plain })), newest));
  return html`<${ChartCard} wide title=${t('quality.trend')} columns=${TREND} rows=${newest} onSave=${save}>
    ${runs.length > 1 ? html`<${LineChart} points=${points} rest=${t('quality.last_run', { what: last })} steps range=${range} axis=${(n) => `${n} %`} />` : html`<p class="readout">${last}</p><p class="note">${t('quality.trend_none')}</p>`}
  <//>`;
}

/* ---- together ---- */

function headline(data, scope) {
  const { read, clean, rejected } = data.rows;
  const open = data.settled;
  return {
    values: { quality: read ? data.quality : null, read, clean, rejected, corrected: open.corrected },
    more: {
      quality: { share: read ? clean / read : 0 },
      clean: { note: percent(clean, read, 2) },
      rejected: { tone: rejected ? 'bad' : undefined, note: percent(rejected, read, 2) },
      corrected: { note: percent(open.corrected, rejected, 1) },
    },
  };
}

/* What became of the rejected rows so far; each leads to them. */
function Settled({ settled, scope }) {
  const states = ['open', 'corrected', 'accepted'].map((state) => ({
    name: nameOf('exception_state', state),
    size: settled[state],
    text: count(settled[state]),
    tone: { open: 'bad', corrected: 'ok', accepted: 'warn' }[state],
    onOpen: toExceptions(scope, { state }),
  }));
  return html`<${Card} title=${t('quality.settled')} note=${t('quality.settled_note')}><${Bars} rows=${states} /><//>`;
}

function Figures({ data, scope, busy }) {
  const { values, more } = headline(data, scope);
  const byCategory = categories(data, scope);
  const failing = worst(data, scope);
  const clean = html`<${Empty} icon="check" title=${t('empty.rejected.title')}><p>${t('empty.rejected.advice')}</p><//>`;
  return html`<div class="stack" aria-busy=${String(busy)}>
    <${FigureStats} scope=${scope} label=${t('stat.all')} measures=${['quality', 'read', 'clean', 'rejected', 'corrected']} values=${values} more=${more} />
    <div class="columns">
      <${Card} title=${t('quality.funnel')} note=${t('quality.funnel_note')}><${Bars} rows=${funnel(data, scope)} /><//>
      <${Settled} settled=${data.settled} scope=${scope} />
      <${Card} title=${t('quality.rejected')} note=${byCategory.length ? t('quality.rejected_note') : null}>
        ${byCategory.length ? html`<${Bars} rows=${byCategory} tone="bad" />` : clean}
      <//>
      <${Card} title=${t('quality.worst')}>${failing.length ? html`<${Bars} rows=${failing} tone="bad" />` : clean}<//>
    </div>
    <${Trend} runs=${data.trend ?? []} />
  </div>`;
}

export function Quality({ query }) {
  const scope = scopeOf(query, ['run']);
  const { answer, error, again } = useLive(address('/api/quality', { as: dataset.value, ...scope }), TABLES);
  const data = useKept(answer)?.data;
  return html`<div class="page">
    <${PageHead} title=${t('page.quality')} note=${t('page_note.quality')} />
    <${ScopeBar} only=${['run']}>${scope.run && html`<a class="quiet" href=${link(at('imports', scope.run))}><${Icon} name="file" /> ${t('quality.reader')}</a>`}<//>
    ${error && !answer ? html`<${Failed} error=${error} again=${again} />` : data ? html`<${Figures} data=${data} scope=${scope} busy=${!answer} />` : html`<${Skeleton} shape="stats" n=${5} /><${Skeleton} shape="cards" n=${3} />`}
  </div>`;
}
