/* One clean row: its values, the bytes it came from, its versions, who judged it,
** what people noted, and the door to change it. */
import { useState } from 'preact/hooks';
import { address, post, useAnswer, useKept } from '../lib/api.js';
import { dataset, moneyOf } from '../lib/dataset.js';
import { count } from '../lib/decimal.js';
import { formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link, route } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Drawer } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { OriginalLine } from '../parts/original.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { Tick } from '../parts/tick.js';
import { toast } from '../parts/toast.js';
import { InDrawer, Why } from '../parts/why.js';
import { readFigure, scopeWords } from '../lib/figure.js';
import { may } from '../lib/session.js';
import { linePath, shownValue } from './rows.js';

const TABLES = ['run', 'sale', 'note', 'run_undone'];

/* ---- parts of the drawer ---- */

export const Part = ({ title, actions, children }) => html`<section class="drawer-part">
  <header class="drawer-part-head"><h3>${title}</h3>${actions}</header>
  ${children}
</section>`;

const Values = ({ values }) => html`<dl class="details values">
  ${Object.entries(values).map(([name, value]) => html`<div key=${name} data-field=${name}><dt>${nameOf('field', name)}</dt><dd>${shownValue(name, value)}</dd></div>`)}
</dl>`;

function Edit({ row, onDone }) {
  const fields = Object.entries(row.values).map(([name, value]) => ({ name, kind: /^\d{4}-\d\d-\d\d$/.test(value) ? 'day' : 'text', disabled: value === row.key, required: true }));
  const save = async (_, changed) => {
    const { data } = await post(address('/api/row', { as: dataset.value, key: row.key }), changed);
    toast({ text: t('row.edited', { key: row.key }), href: data.run ? link(at('imports', data.run)) : undefined, hrefLabel: t('row.edit_run') });
    onDone();
  };
  return html`<p class="note">${t('row.edit_note')}</p><${Form} fields=${fields} value=${row.values} save=${t('row.save')} onSave=${save} onCancel=${onDone} />`;
}

function ByteTick({ tick }) {
  if (!tick) return null;
  return html`<p class=${`byte-tick ink-${tick.ok ? 'ok' : 'bad'}`} data-ok=${String(tick.ok)} role=${tick.ok ? undefined : 'alert'}><${Tick} ok=${tick.ok} /> <span>${tick.text}</span></p>`;
}

/* The cells that the figure below this drawer is made of: its measure and its filters. */
function askedFields() {
  const figure = readFigure(route.value.drawers.findLast(({ kind }) => kind === 'why')?.value);
  if (!figure) return [];
  const { from, to, ...filters } = figure.scope;
  return [figure.measure === 'average' ? moneyOf(figure.dataset) : figure.measure, (from || to) && 'order_date', ...Object.keys(filters)];
}

/* How the file of a run was read: { dialect, mapping }. */
export const useReading = (run) => useKept(useAnswer(run && address(`/api/runs/${encodeURIComponent(run)}`)).answer)?.data;

const Source = ({ row, reading }) => html`<${Part} title=${t('row.original')}>
  <${OriginalLine} raw=${row.raw ?? ''} dialect=${reading?.dialect} mapping=${reading?.mapping} fields=${askedFields()} />
  <${ByteTick} tick=${row.tick} />
  <dl class="details">
    <div><dt>${t('column.file')}</dt><dd><a href=${link(at('imports', row.run))}>${formatSource(row.source)}</a></dd></div>
    <div><dt>${t('column.line')}</dt><dd><${InDrawer} kind="line" value=${linePath(row)} label=${t('row.line_open', { line: count(row.line) })}>${count(row.line)} \u2013 ${t('row.what_came')}<//></dd></div>
    <div><dt>${t('column.bytes')}</dt><dd>${t('row.span', { n: row.length, shown: { n: count(row.length), from: count(row.offset), to: count(row.offset + row.length - 1) } })}</dd></div>
    <div><dt>${t('row.sha256')}</dt><dd><code class="wrap">${row.sha256}</code></dd></div>
  </dl>
<//>`;

/* The differences to the version below it. */
function changesOf(version, older) {
  if (!older) return [];
  return Object.keys(version.values).filter((name) => version.values[name] !== older.values[name]);
}

function Versions({ versions }) {
  const newest = [...versions].sort((a, b) => (a.current === b.current ? String(b.at).localeCompare(String(a.at)) : a.current ? -1 : 1));
  return html`<ol class="versions">
    ${newest.map((v, i) => {
      const changed = changesOf(v, newest[i + 1]);
      return html`<li key=${v.run} class=${v.current ? 'current' : ''}>
        <p><a href=${link(at('imports', v.run))}>${nameOf('kind', v.kind)}</a> ${v.current && html`<${Badge} tone="ok">${t('row.current')}<//>`}</p>
        <p class="note">${formatMoment(v.at)} \u00b7 ${v.actor}</p>
        ${i < newest.length - 1 && (changed.length
          ? html`<ul class="diff">${changed.map((name) => html`<li key=${name}><span>${nameOf('field', name)}</span> <del>${shownValue(name, newest[i + 1].values[name])}</del> <ins>${shownValue(name, v.values[name])}</ins></li>`)}</ul>`
          : html`<p class="note">${t('row.same')}</p>`)}
      </li>`;
    })}
  </ol>`;
}

const CONTROLS = [
  { id: 'control', label: t('column.control'), kind: 'name', value: (c) => html`<a href=${link(at('rules', c.control))}>${nameOf('control', c.control)}</a>` },
  { id: 'version', label: t('column.version'), align: 'end', value: (c) => t('controls.version', { n: c.version }) },
  { id: 'status', label: t('column.status'), value: (c) => nameOf('status', c.status) },
];

function Notes({ row, again }) {
  const [turn, setTurn] = useState(0);
  const save = async ({ text }) => {
    await post(address('/api/records/note'), { dataset: dataset.value, key: row.key, text });
    toast({ text: t('row.noted') });
    setTurn(turn + 1);
    again();
  };
  const fields = [{ name: 'text', kind: 'lines', rows: 2, required: true, label: t('row.note') }];
  return html`
    ${row.notes?.length > 0 && html`<ul class="notes">${row.notes.map((note) => html`<li key=${note.id}><p>${note.text}</p><p class="note">${note.created_by ?? note.actor} \u00b7 ${formatMoment(note.created_at ?? note.at)}</p></li>`)}</ul>`}
    ${may('data.write') && html`<${Form} key=${turn} fields=${fields} save=${t('row.add_note')} onSave=${save} />`}
  `;
}

/* Figures in words, each with its explanation. */
export const FigureList = ({ figures }) => html`<ul class="figure-list">
  ${figures.map((figure) => {
    const read = readFigure(figure);
    if (!read) return null;
    const words = scopeWords(read.scope, (run) => run.slice(0, 8)).map((w) => w.text).join(' \u00b7 ');
    return html`<li key=${figure}><${Why} figure=${figure} label=${words}>${nameOf('measure', read.measure)}<//> <span class="note">${words || t('why.everything')}</span></li>`;
  })}
</ul>`;

function Body({ row, again }) {
  const [editing, setEditing] = useState(false);
  const line = useLive(address('/api/line', { run: row.run, record: row.record }), TABLES).answer?.data;
  const edit = may('data.write') && !editing && html`<button type="button" class="quiet" onClick=${() => setEditing(true)}><${Icon} name="edit" /> ${t('row.edit')}</button>`;
  const done = () => {
    setEditing(false);
    again();
  };
  const reading = useReading(row.run);
  return html`
    <${Part} title=${t('row.values')} actions=${edit}>
      ${editing ? html`<${Edit} row=${row} onDone=${done} />` : html`<${Values} values=${row.values} />`}
    <//>
    <${Source} row=${row} reading=${reading} />
    <${Part} title=${t('row.versions', { n: row.versions.length })}><${Versions} versions=${row.versions} /><//>
    <${Part} title=${t('row.notes')}><${Notes} row=${row} again=${again} /><//>
    <${Part} title=${t('row.controls', { n: row.controls.length })}>
      <${Table} caption=${t('row.controls', { n: row.controls.length })} columns=${CONTROLS} rows=${row.controls} keyOf=${(c) => c.control} />
    <//>
    ${line?.figures?.length > 0 && html`<${Part} title=${t('row.impact')}><p class="note">${t('row.impact_note')}</p><${FigureList} figures=${line.figures} /><//>`}
  `;
}

export function RowDrawer({ value: key, onClose }) {
  const { answer, error, again } = useLive(address('/api/row', { as: dataset.value, key }), TABLES);
  const row = useKept(answer)?.data;
  return html`<${Drawer} title=${key} note=${row && `${formatSource(row.source)} \u00b7 ${t('rows.line', { line: count(row.line) })}`} onClose=${onClose}>
    ${row ? html`<${Body} row=${row} again=${again} />` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="table" n=${8} />`}
  <//>`;
}
