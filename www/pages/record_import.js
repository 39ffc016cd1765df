/* A table of records: tried first, then brought in. What the headings are is said beside it. */
import { useState } from 'preact/hooks';
import { address } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { at, go, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { DropZone, useFileDrop } from '../parts/drop_zone.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Sending, useSending } from '../parts/sending.js';
import { Failed } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast } from '../parts/toast.js';

const HEADINGS = [
  { id: 'name', label: t('records.heading'), kind: 'name', value: (p) => p.name },
  { id: 'help', label: t('records.help'), value: (p) => (p.required ? t('records.needed', { help: p.help }) : p.help) },
];

const said = ({ rows, added, changed }) => t('records.import_said', { added: count(added), changed: count(changed), same: count(rows - added - changed) });

/* The failure, and each row that it is about. */
const Wrong = ({ error }) => html`<${Failed} error=${error} />
  ${error.errors.length > 1 && html`<ul class="record-faults">${error.errors.slice(1).map((one) => html`<li key=${one.detail}>${one.detail}</li>`)}</ul>`}`;

export function RecordImport({ entity }) {
  const [file, setFile] = useState(null);
  const [would, setWould] = useState(null);
  const to = `/api/records/${entity.name}/import`;
  const list = at('records', entity.name);
  const trial = useSending(() => address(to, { dry_run: 1 }), setWould);
  const real = useSending(() => address(to), (done) => {
    toast({ text: said(done) });
    go(link(list));
  });
  const choose = (chosen) => {
    setFile(chosen);
    setWould(null);
    trial.send(chosen);
  };
  useFileDrop(choose);
  const under = [trial, real].find(({ state }) => state && !state.error);
  const error = trial.state?.error ?? real.state?.error;
  return html`<div class="page">
    <${PageHead} title=${t('records.import_of', { entity: nameOf('entity', entity.name) })} note=${t('records.import_note')} back=${{ href: link(list), label: nameOf('entity', entity.name) }} />
    <${Card} title=${t('records.import_file')}>
      <${DropZone} title=${t('drop.title')} note=${t('drop.note')} button=${t('drop.button')} accept=".csv,.tsv,.txt,.json,.jsonl,.gz" busy=${!!under} onFile=${choose} />
      ${under && html`<${Sending} state=${under.state} onStop=${under.stop} />`}
      ${error && html`<${Wrong} error=${error} />`}
      ${would && !error && html`<p class="notice tone-ok" role="status"><${Icon} name="check" /> <span>${file.name}: ${said(would)}</span></p>
        ${would.ignored && html`<p class="note">${t('records.import_ignored', { names: would.ignored })}</p>`}
        <button type="button" class="button" disabled=${!!under || would.added + would.changed === 0} onClick=${() => real.send(file)}>${t('records.import_go')}</button>`}
    <//>
    <${Card} title=${t('records.headings')}><${Table} caption=${t('records.headings')} columns=${HEADINGS} rows=${entity.properties} keyOf=${(p) => p.name} /><//>
  </div>`;
}
