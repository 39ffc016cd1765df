/* Why is a figure what it is: how it is computed, the same figure computed in
** another way, and the rows it is made of, down to the line of a file. */
import { address, useAnswer, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { readFigure, scopeWords, shownFigure } from '../lib/figure.js';
import { formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useSearch } from '../lib/search.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Drawer } from '../parts/dialog.js';
import { Command, Failed, Skeleton } from '../parts/state.js';
import { Tick } from '../parts/tick.js';
import { whyPath } from './figure_stats.js';
import { columnsOf, PagedRows } from './rows.js';

const SIZE = 50;
const TABLES = ['run', 'sale', 'reject', 'rule'];
const pick = (answer) => ({ items: answer.data.rows?.items ?? [], next: answer.data.rows?.next });

/* Both figures beside each other, and what to do when they differ. */
function TickPanel({ measure, tick }) {
  const shown = (value) => shownFigure(measure, value);
  return html`<div class=${`tick-panel ${tick.ok ? 'ok' : 'bad'}`} data-ok=${String(tick.ok)} role=${tick.ok ? undefined : 'alert'}>
    <${Tick} ok=${tick.ok} label=${t(tick.ok ? 'why.agrees' : 'why.differs')} />
    <div>
      <h3>${t(tick.ok ? 'why.agrees' : 'why.differs')}</h3>
      <p>${tick.method}</p>
      ${!tick.ok && html`<p>${t('why.advice')}</p><${Command} text="outpost verify" />`}
    </div>
    <dl class="pair">
      <div><dt>${t('why.first')}</dt><dd>${shown(tick.first)}</dd></div>
      <div><dt>${t('why.second')}</dt><dd>${shown(tick.second)}</dd></div>
    </dl>
  </div>`;
}

/* The tick comes with the answer or is asked for by itself. */
function Second({ figure, data }) {
  const { answer, error, again } = useAnswer(data.tick ? null : whyPath(figure, { tick: 1 }));
  const tick = data.tick ?? answer?.data.tick;
  const measure = readFigure(figure).measure;
  if (tick) return html`<${TickPanel} measure=${measure} tick=${tick} />`;
  if (error) return html`<${Failed} error=${error} again=${again} />`;
  return html`<div class="tick-panel" role="status"><span class="tick tick-wait"></span><div><h3>${t(answer ? 'why.unchecked' : 'why.checking')}</h3>${answer?.data.tick_reason && html`<p>${answer.data.tick_reason}</p>`}</div></div>`;
}

/* What the figure is of, in words. */
function Scope({ scope, runs }) {
  const name = (run) => formatSource(runs?.find((one) => one.run === run)?.source ?? run.slice(0, 8));
  const words = scopeWords(scope, name);
  if (!words.length) return html`<p class="note">${t('why.everything')}</p>`;
  return html`<ul class="scope-words">${words.map((w) => html`<li key=${w.name}><span>${w.label}</span> <b>${w.text}</b></li>`)}</ul>`;
}

/* Each rule once, in whatever runs it judged; several versions of one stand beside each other. */
const Rules = ({ rules }) => html`<details class="more-box">
  <summary>${t('why.rules', { n: rules.length })}</summary>
  <ul class="chips">${rules.map((r) => html`<li key=${`${r.control}/${r.version}`}><a class="chip" href=${link(at('rules', r.control))}>${nameOf('control', r.control)} <span>${t('controls.version', { n: r.version })}</span></a></li>`)}</ul>
</details>`;

const Sql = ({ sql }) => html`<details class="more-box">
  <summary>${t('why.sql')}</summary>
  <p class="note">${t('why.sql_note')}</p>
  <${Command} text=${sql} block />
</details>`;

const rulesOf = (byRun) => [...new Map(Object.values(byRun ?? {}).flat().map((r) => [`${r.control}/${r.version}`, r])).values()];

function Body({ figure, pages }) {
  const { measure, scope } = readFigure(figure);
  const runs = useKept(useAnswer(scope.run ? address('/api/runs', { limit: 200 }) : null).answer)?.data;
  const data = pages.first.data;
  const of = data.rows;
  const rules = rulesOf(data.rules);
  return html`
    <${Scope} scope=${scope} runs=${runs} />
    <p class="why-value">${shownFigure(measure, data.value)}</p>
    <${Second} figure=${figure} data=${data} />
    <section class="drawer-part">
      <h3>${t('why.formula')}</h3>
      <p class="formula">${data.formula}</p>
      ${data.sql && html`<${Sql} sql=${data.sql} />`}
      ${rules.length > 0 && html`<${Rules} rules=${rules} />`}
    </section>
    ${of && html`<section class="drawer-part">
      <h3>${of.total === null || of.total === undefined ? t('why.rows') : t(`why.n.${of.kind ?? 'rows'}`, { n: of.total, shown: { n: count(of.total) } })}</h3>
      <${PagedRows} pages=${pages} columns=${columnsOf(of.kind)} caption=${t('why.rows')} total=${of.total} keyOf=${(row) => `${row.run}/${row.record ?? ''}`} none=${t('why.no_rows')} />
    </section>`}
    <p class="note">${t('why.address')} <code class="wrap">${figure}</code></p>
  `;
}

export function WhyDrawer({ value: figure, onClose }) {
  const read = readFigure(figure);
  const pages = useSearch(read && whyPath(figure, { limit: SIZE }), { pick, size: SIZE, of: TABLES });
  const title = read ? (pages.first?.data.title ?? nameOf('measure', read.measure)) : t('why.none.title');
  return html`<${Drawer} title=${title} onClose=${onClose}>
    ${!read ? html`<p>${t('why.none.advice', { figure })}</p>` : pages.first ? html`<${Body} figure=${figure} pages=${pages} />` : pages.error ? html`<${Failed} error=${pages.error} again=${pages.again} />` : html`<${Skeleton} shape="table" n=${6} />`}
  <//>`;
}
