/* A card that shows the same figures as a drawing and as a table; lead stands above
** both. onSave writes the table as a file; table: there is no drawing. */
import { useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Card } from './card.js';
import { Icon } from './icon.js';
import { Table } from './table.js';

export function ChartCard({ title, note, wide, actions, lead, columns, rows, onSave, table, children }) {
  const [asTable, setAsTable] = useState(!!table);
  const toggle = !table && html`<button
    type="button"
    class="quiet"
    aria-pressed=${String(asTable)}
    onClick=${() => setAsTable(!asTable)}
  >
    <${Icon} name=${asTable ? 'chart' : 'table'} /> ${t('chart.table')}
  </button>`;
  const save = onSave && html`<button type="button" class="quiet" onClick=${onSave} aria-label=${t('chart.save', { title })} title=${t('chart.save', { title })}><${Icon} name="download" /> CSV</button>`;
  return html`<${Card} title=${title} note=${note} wide=${wide} actions=${html`${actions}${save}${toggle}`}>
    ${lead}
    ${asTable ? html`<${Table} caption=${title} columns=${columns} rows=${rows} keyOf=${(row) => row.at ?? row.name ?? row.run} />` : children}
  <//>`;
}

/* One of a few: { id, label }. */
export const Choice = ({ label, options, value, onChange }) => html`<div class="choice" role="radiogroup" aria-label=${label}>
  ${options.map(
    (o) => html`<label key=${o.id}>
      <input type="radio" name=${label} checked=${o.id === value} onChange=${() => onChange(o.id)} />
      <span>${o.label}${o.mark && html` <span class="mark">${o.mark}</span>`}</span>
    </label>`,
  )}
</div>`;
