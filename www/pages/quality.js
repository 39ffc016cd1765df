/* Data Quality: what was rejected and why, and what the reader made of the file. */
import { count, percent } from '../lib/decimal.js';
import { formatBytes } from '../lib/format.js';
import { html } from '../lib/html.js';
import { go, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Bars } from '../parts/bars.js';
import { Card } from '../parts/card.js';
import { Empty } from '../parts/state.js';
import { Table } from '../parts/table.js';

const DECISIONS = [
  { id: 'subject', label: t('column.subject'), kind: 'name', value: (row) => nameOf('subject', row.subject) },
  { id: 'decision', label: t('column.decision'), value: (row) => row.decision },
  { id: 'evidence', label: t('column.evidence'), value: (row) => row.evidence },
];
const ODDITIES = [
  { id: 'text', label: t('column.oddity'), kind: 'name', value: (row) => row.text },
  { id: 'line', label: t('column.first_line'), align: 'end', value: (row) => (row.line ? count(row.line) : '') },
  { id: 'count', label: t('column.count'), align: 'end', value: (row) => count(row.count) },
];
const MAPPING = [
  { id: 'field', label: t('column.field'), kind: 'name', value: (row) => nameOf('field', row.field) },
  { id: 'heading', label: t('column.heading'), value: (row) => row.heading },
  { id: 'how', label: t('column.how'), value: (row) => nameOf('how', row.how) },
];

function categories(run) {
  return Object.entries(run.rejected)
    .filter(([, n]) => n)
    .sort((a, b) => b[1] - a[1])
    .map(([category, n]) => ({
      name: nameOf('category', category),
      size: n,
      text: count(n),
      note: t('quality.share', { share: percent(n, run.rows.read, 2) }),
      onOpen: () => go(link('exceptions', { run: run.run, category })),
    }));
}

/* A card with a table, or with a sentence instead of an empty table. */
const TableCard = ({ title, note, columns, rows, none }) => html`<${Card} title=${title} note=${note}>
  ${rows.length ? html`<${Table} caption=${title} columns=${columns} rows=${rows} />` : html`<p class="note">${none}</p>`}
<//>`;

const Source = ({ run }) => html`<${Card} title=${t('quality.source')}>
  <dl class="details">
    <div><dt>${t('quality.path')}</dt><dd class="wrap">${run.source}</dd></div>
    <div><dt>${t('quality.bytes')}</dt><dd>${formatBytes(run.bytes ?? 0)}</dd></div>
    <div><dt>${t('quality.memory')}</dt><dd>${formatBytes(run.memory_bytes ?? 0)}</dd></div>
    <div><dt>${t('quality.sha256')}</dt><dd><code class="wrap">${run.sha256}</code></dd></div>
    ${run.unknown_columns.length > 0 &&
    html`<div><dt>${t('quality.unknown')}</dt><dd class="chips">${run.unknown_columns.map((name) => html`<code key=${name}>${name}</code>`)}</dd></div>`}
  </dl>
<//>`;

export function Quality({ run }) {
  const rows = categories(run);
  return html`<div class="columns">
    <${Card} title=${t('quality.rejected')} note=${rows.length ? t('quality.rejected_note') : null}>
      ${rows.length ? html`<${Bars} rows=${rows} tone="bad" />` : html`<${Empty} icon="check" title=${t('empty.rejected.title')}><p>${t('empty.rejected.advice')}</p><//>`}
    <//>
    <${TableCard} title=${t('quality.mapping')} columns=${MAPPING} rows=${run.mapping} none=${t('quality.no_mapping')} />
    <${TableCard} title=${t('quality.decisions')} columns=${DECISIONS} rows=${run.decisions} none=${t('quality.no_decisions')} />
    <${TableCard} title=${t('quality.oddities')} columns=${ODDITIES} rows=${run.oddities} none=${t('quality.no_oddities')} />
    <${Source} run=${run} />
  </div>`;
}
