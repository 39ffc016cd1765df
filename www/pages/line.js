/* What came of one line of a file: a row that counts, an exception, or nothing. */
import { address, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Drawer } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { OriginalLine } from '../parts/original.js';
import { Failed, Skeleton } from '../parts/state.js';
import { InDrawer } from '../parts/why.js';
import { FigureList, Part, useReading } from './row.js';
import { placeWords } from './rows.js';

const TABLES = ['run', 'sale', 'reject', 'review', 'run_undone'];
const FATES = {
  clean: { tone: 'ok', icon: 'check' },
  replaced: { tone: 'plain', icon: 'again' },
  exception: { tone: 'bad', icon: 'warn' },
  undone: { tone: 'warn', icon: 'undo' },
  none: { tone: 'plain', icon: 'minus' },
};

function Fate({ line }) {
  const { tone, icon } = FATES[line.fate] ?? FATES.none;
  const words = line.fate === 'none' ? t(`line.kind.${line.kind}`) : t(`line.fate.${line.fate}`);
  return html`<p class=${`notice tone-${tone}`} data-fate=${line.fate}><${Icon} name=${icon} /> <span>${words}</span></p>`;
}

const Body = ({ line, reading }) => html`
  <${Fate} line=${line} />
  <${OriginalLine} raw=${line.raw ?? ''} dialect=${reading?.dialect} mapping=${line.kind === 'outside' ? [] : reading?.mapping} fields=${(line.exception?.faults ?? []).map((f) => f.field)} />
  ${(line.row || line.exception) && html`<p class="next-steps">
    ${line.row && html`<${InDrawer} kind="row" value=${line.row.key} class="button-line">${t('line.row', { key: line.row.key })} <${Icon} name="next" /><//>`}
    ${line.exception && html`<${InDrawer} kind="exception" value=${line.exception.id} class="button-line">${t('line.exception')} <${Icon} name="next" /><//>`}
  </p>`}
  ${line.exception?.faults?.length > 0 && html`<${Part} title=${t('exceptions.faults', { n: line.exception.faults.length })}>
    <ul class="reasons">${line.exception.faults.map((f, i) => html`<li key=${i}><b>${nameOf('field', f.field)}</b> ${f.reason}</li>`)}</ul>
  <//>`}
  <dl class="details">
    <div><dt>${t('column.file')}</dt><dd><a href=${link(at('imports', line.run))}>${formatSource(line.source)}</a></dd></div>
    <div><dt>${t('column.line')}</dt><dd>${count(line.line)}</dd></div>
    ${line.record !== undefined && line.record !== null && html`<div><dt>${t('column.record')}</dt><dd>${count(line.record)}</dd></div>`}
    <div><dt>${t('column.bytes')}</dt><dd>${placeWords(line)}</dd></div>
    <div><dt>${t('row.sha256')}</dt><dd><code class="wrap">${line.sha256}</code></dd></div>
  </dl>
  ${line.figures?.length > 0 && html`<${Part} title=${t('row.impact')}><p class="note">${t('row.impact_note')}</p><${FigureList} figures=${line.figures} /><//>`}
`;

export function LineDrawer({ value, onClose }) {
  const [run, n] = value.split(/:(?=\d+$)/);
  const { answer, error, again } = useLive(n ? address('/api/line', { run, line: n }) : null, TABLES);
  const line = useKept(answer)?.data;
  const reading = useReading(line?.run);
  const title = n ? t('line.title', { line: count(Number(n)) }) : t('why.none.title');
  return html`<${Drawer} title=${title} note=${line && formatSource(line.source)} onClose=${onClose}>
    ${!n ? html`<p>${t('line.none', { value })}</p>` : line ? html`<${Body} line=${line} reading=${reading} />` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="table" n=${5} />`}
  <//>`;
}
