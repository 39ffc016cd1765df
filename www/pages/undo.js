/* Undo and redo of a run: first what it would do, computed by the server without
** storing anything; then the deed. */
import { useEffect, useState } from 'preact/hooks';
import { address, post } from '../lib/api.js';
import { count, money, quantity } from '../lib/decimal.js';
import { formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { InDrawer, Why, figureOf } from '../parts/why.js';
import { Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { toast } from '../parts/toast.js';

const ROWS = { undo: ['removed', 'restored', 'kept', 'blocked', 'reopened'], redo: ['placed', 'replaced', 'below', 'settled'] };

const addressOf = (run, action, dryRun) => address(`/api/runs/${encodeURIComponent(run)}/${action}`, { dry_run: dryRun ? 1 : null });

/* Does it, and says so with the way back. */
export async function turn(run, source, action) {
  const { data } = await post(addressOf(run, action, false));
  const other = action === 'undo' ? 'redo' : 'undo';
  toast({ text: t(`undo.${action}.done`, { name: source }), action: { label: t(`undo.${other}.short`), run: () => turn(run, source, other).catch((error) => toast({ tone: 'bad', text: error.message })) } });
  return data;
}

const FIGURES = [
  { id: 'name', label: t('undo.figure'), kind: 'name', value: (row) => row.name },
  { id: 'before', label: t('undo.before'), align: 'end', value: (row) => html`<${Why} figure=${figureOf(row.id)} label=${row.name}>${row.before}<//>` },
  { id: 'after', label: t('undo.after'), align: 'end', value: (row) => row.after },
];
const NUMBERS = { orders: count, quantity, revenue: money };
const figuresOf = ({ before, after }) =>
  Object.keys(NUMBERS).filter((id) => id in before).map((id) => ({ id, name: t(`column.${id}`), before: NUMBERS[id](before[id]), after: NUMBERS[id](after[id]) }));

const KEPT = [
  { id: 'key', label: t('column.row'), kind: 'name', value: (row) => html`<${InDrawer} kind="row" value=${row.key}>${row.key}<//>` },
  { id: 'reason', label: t('column.reason'), value: (row) => row.reason },
  { id: 'actor', label: t('column.actor'), value: (row) => row.actor },
  { id: 'at', label: t('column.when'), value: (row) => formatMoment(row.at) },
];
const BLOCKED = KEPT.slice(0, 2);

const More = ({ title, note, columns, rows, total }) => rows?.length > 0 && html`<details>
  <summary>${title} (${count(total ?? rows.length)})</summary>
  <p class="note">${note}</p>
  <${Table} caption=${title} columns=${columns} rows=${rows} keyOf=${(row) => row.key} />
</details>`;

function Plan({ plan, action }) {
  const numbers = ROWS[action].map((id) => ({ id, label: t(`undo.rows.${id}`), value: count(plan.rows[id] ?? 0), tone: id === 'blocked' && plan.rows[id] ? 'bad' : undefined }));
  return html`
    <${Stats} label=${t('undo.plan')} rows=${numbers} />
    ${plan.figures && html`<${Table} caption=${t('undo.figures')} columns=${FIGURES} rows=${figuresOf(plan.figures)} />`}
    <${More} title=${t('undo.kept')} note=${t('undo.kept_note')} columns=${KEPT} rows=${plan.kept} total=${plan.rows.kept} />
    <${More} title=${t('undo.blocked')} note=${t('undo.blocked_note')} columns=${BLOCKED} rows=${plan.blocked} total=${plan.rows.blocked} />
    ${plan.dependents?.length > 0 && html`<h3>${t('undo.dependents')}</h3><ul class="plain-list">${plan.dependents.map((one, i) => html`<li key=${i}>${one.text}</li>`)}</ul>`}
  `;
}

export function UndoDialog({ run, source, action, onClose, onDone }) {
  const [state, setState] = useState({});
  useEffect(() => {
    post(addressOf(run, action, true)).then(({ data }) => setState({ plan: data }), (error) => setState({ error }));
  }, []);
  const act = async () => {
    setState({ ...state, busy: true });
    try {
      await turn(run, source, action);
      onClose();
      onDone?.();
    } catch (error) {
      setState({ plan: state.plan, error });
    }
  };
  const { plan, error, busy } = state;
  return html`<${Dialog} wide title=${t(`undo.${action}.title`, { name: source })} onClose=${onClose}>
    <p>${t(`undo.${action}.text`)}</p>
    ${error && html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${error.message || t('failed.offline.title')}</span></p>`}
    ${plan ? html`<${Plan} plan=${plan} action=${action} />` : !error && html`<${Skeleton} shape="table" n=${4} />`}
    <div class="dialog-foot">
      <button type="button" class="plain" onClick=${onClose}>${t('confirm.cancel')}</button>
      <button type="button" class="button" disabled=${!plan || busy} onClick=${act}><${Icon} name=${action} /> ${t(`undo.${action}.do`)}</button>
    </div>
  <//>`;
}
