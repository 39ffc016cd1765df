/* What to order, how much, and why: accepted or dismissed by people. */
import { address, post, useKept } from '../lib/api.js';
import { percent } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';
import { InDrawer } from '../parts/why.js';
import { quantity, STOCK_TABLES } from './stock.js';

async function decide(row, act, told) {
  try {
    await post(address(`/api/reorders/${row.id}/${act}`), {});
    toast({ text: t(told, { sku: row.sku, n: quantity(row.quantity) }) });
  } catch (error) {
    toastFailure(error);
  }
}

const label = (name) => t(`stock_column.${name}`);
const share = (risk) => (risk === null || risk === undefined ? '' : percent(Math.round(Number(risk) * 1000), 1000));
const reasons = (row) => (Array.isArray(row.reasons) ? row.reasons.join('; ') : row.reasons ?? row.reason ?? '');

const COLUMNS = [
  { id: 'sku', label: label('sku'), kind: 'name', value: (row) => html`<${InDrawer} kind="item" value=${row.sku}>${row.sku}<//>${row.name && html`<p class="note">${row.name}</p>`}` },
  { id: 'warehouse', label: label('warehouse'), value: (row) => row.warehouse },
  { id: 'available', label: label('available'), align: 'end', value: (row) => quantity(row.available) },
  { id: 'risk', label: label('risk'), align: 'end', value: (row) => share(row.risk) },
  { id: 'quantity', label: t('reorders.quantity'), align: 'end', value: (row) => html`<b>${quantity(row.quantity)}</b>` },
  { id: 'reason', label: t('reorders.why'), value: reasons },
  {
    id: 'act',
    label: t('table.act'),
    quiet: true,
    align: 'end',
    value: (row) => may('stock.write') && html`<button type="button" class="button" onClick=${() => decide(row, 'accept', 'reorders.accepted')}>${t('reorders.accept')}<span class="hidden"> ${row.sku}</span></button>
      <button type="button" class="quiet" onClick=${() => decide(row, 'dismiss', 'reorders.dismissed')}>${t('reorders.dismiss')}<span class="hidden"> ${row.sku}</span></button>`,
  },
];

export function Reorders() {
  const { answer, error, again } = useLive(address('/api/reorders', { state: 'proposed' }), STOCK_TABLES);
  const rows = useKept(answer)?.data;
  let body = html`<${Skeleton} shape="table" n=${5} />`;
  if (error && !rows) body = html`<${Failed} error=${error} again=${again} />`;
  else if (rows && !rows.length) body = html`<${Empty} icon="check" title=${t('reorders.none')} />`;
  else if (rows) body = html`<${Table} caption=${t('reorders.title')} columns=${COLUMNS} rows=${rows} keyOf=${(row) => row.id} />`;
  return html`<div class="page">
    <${PageHead} title=${t('reorders.title')} note=${t('reorders.note')} back=${{ href: link('stock'), label: t('page.stock') }} />
    <${Card} title=${html`<${Icon} name="inbox" /> ${t('reorders.title')}`}>${body}<//>
  </div>`;
}
