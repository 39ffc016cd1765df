/* Step 1: which file, and what was recognised in it. */
import { useEffect, useState } from 'preact/hooks';
import { address } from '../lib/api.js';
import { DATASETS } from '../lib/dataset.js';
import { count } from '../lib/decimal.js';
import { formatBytes } from '../lib/format.js';
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';
import { Choice } from '../parts/chart_card.js';
import { DropZone } from '../parts/drop_zone.js';
import { Icon } from '../parts/icon.js';
import { Sending, useSending } from '../parts/sending.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { begin, bringFile, brought, change, draft, hasTable, recognise, takeAs } from './import_draft.js';

const SIGNS = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar', tab: 'tab' };

function Paste({ onFile }) {
  const [text, setText] = useState('');
  return html`<details class="paste">
    <summary>${t('import.paste.title')}</summary>
    <label class="form-field"><span class="hidden">${t('import.paste.label')}</span>
      <textarea class="code" rows="6" spellcheck="false" placeholder=${t('import.paste.example')} value=${text} onInput=${(event) => setText(event.target.value)} />
    </label>
    <button type="button" class="plain" disabled=${!text.trim()} onClick=${() => onFile(new File([text], t('import.paste.name'), { type: 'text/csv' }))}>${t('import.paste.use')}</button>
  </details>`;
}

/* ---- what was recognised ---- */

function facts(look) {
  const said = Object.fromEntries(look.decisions.map((d) => [d.subject, d.decision]));
  const delimiter = said.delimiter && SIGNS[said.delimiter] ? t(`sign.${SIGNS[said.delimiter]}`) : said.delimiter;
  return [
    { id: 'rows', label: t('import.fact.rows'), value: t('import.about', { n: count(look.rows_estimate) }) },
    { id: 'columns', label: t('import.fact.columns'), value: count(look.columns.length) },
    { id: 'encoding', label: t('import.fact.encoding'), value: look.encoding ?? t('stat.none') },
    { id: 'delimiter', label: t('import.fact.delimiter'), value: delimiter ?? look.kind },
    { id: 'bytes', label: t('import.fact.bytes'), value: formatBytes(look.bytes) },
  ];
}

const DECISIONS = [
  { id: 'subject', label: t('column.subject'), kind: 'name', value: (row) => nameOf('subject', row.subject) },
  { id: 'decision', label: t('column.decision'), value: (row) => row.decision },
  { id: 'evidence', label: t('column.evidence'), value: (row) => row.evidence },
];

function Sample({ look }) {
  const columns = look.columns.map((c, i) => ({ id: `c${c.index}`, label: c.heading, value: (row) => row[i] ?? '' }));
  return html`<${Table} caption=${t('import.sample')} columns=${columns} rows=${look.sample} />`;
}

const Oddities = ({ rows }) => rows.length > 0 && html`<ul class="oddities">
  ${rows.map((row) => html`<li key=${row.code}><${Icon} name="info" /> <span>${row.text}</span></li>`)}
</ul>`;

/* What the rows are taken for. */
function Kind() {
  const { as } = draft.value;
  const options = DATASETS.map((id) => ({ id, label: nameOf('dataset', id) }));
  return html`<div class="field"><span>${t('import.as')}</span> <${Choice} label=${t('import.as')} options=${options} value=${as} onChange=${takeAs} /></div>`;
}

function Recognised({ look }) {
  return html`
    <${Stats} label=${t('import.recognised')} rows=${facts(look)} />
    <${Kind} />
    <${Oddities} rows=${look.oddities} />
    <section class="card sample">
      <header class="card-head"><h3>${t('import.sample')}</h3></header>
      <${Sample} look=${look} />
      ${look.decisions.length > 0 && html`<details><summary>${t('import.why')}</summary><${Table} caption=${t('quality.decisions')} columns=${DECISIONS} rows=${look.decisions} /></details>`}
    </section>
    <p><button type="button" class="plain" onClick=${begin}><${Icon} name="file" /> ${t('import.other')}</button></p>
  `;
}

export function FileStep() {
  const { look } = draft.value;
  const { state, send, stop } = useSending((file) => address('/api/uploads', { name: file.name }), (data) => recognise(data.upload));
  useEffect(() => {
    if (!brought.value) return;
    const file = brought.value;
    brought.value = null;
    change({ file: file.name });
    send(file);
  }, [brought.value]);

  if (state && !state.error) return html`<${Sending} state=${state} onStop=${stop} />`;
  if (look && hasTable(look)) return html`<${Recognised} look=${look} />`;
  return html`
    ${look && html`<p class="notice tone-bad" role="alert" data-notice="no_table"><${Icon} name="warn" /> <span>${look.problem}</span></p>`}
    ${state?.error && html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${state.error.message || t('import.not_sent', { name: state.file.name })}</span></p>`}
    <${DropZone} title=${t('drop.title')} note=${t('drop.note')} button=${t('drop.button')} onFile=${bringFile} />
    <${Paste} onFile=${bringFile} />
  `;
}
