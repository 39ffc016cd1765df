/* One item of stock, as a drawer: where it is, how it moves, what happened to it; book a
** movement, or move it to another warehouse. */
import { useState } from 'preact/hooks';
import { address, post, useKept } from '../lib/api.js';
import { formatAgo, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { useSearch } from '../lib/search.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Tabs } from '../parts/tabs.js';
import { Drawer } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast } from '../parts/toast.js';
import { days, quantity, STOCK_TABLES } from './stock.js';

const KINDS = ['ADJUSTMENT', 'RECEIPT', 'SALE', 'RETURN'];
const SIZE = 50;
const label = (name) => t(`stock_column.${name}`);
const figure = (name) => ({ id: name, label: label(name), align: 'end', value: (row) => quantity(row[name]) });

const LEVELS = [
  { id: 'warehouse', label: label('warehouse'), kind: 'name', value: (row) => html`${row.warehouse}${(row.location || row.lot) && html`<p class="note">${[row.location, row.lot].filter(Boolean).join(' \u00b7 ')}</p>`}` },
  figure('on_hand'),
  figure('reserved'),
];

const HISTORY = [
  { id: 'at', label: label('at'), value: (row) => html`<time datetime=${row.at} title=${formatMoment(row.at)}>${formatAgo(row.at)}</time>` },
  { id: 'kind', label: label('kind'), kind: 'name', value: (row) => nameOf('movement', row.type) },
  { id: 'quantity', label: label('quantity'), align: 'end', value: (row) => html`<span class=${String(row.quantity).startsWith('-') ? 'ink-bad' : 'ink-ok'}>${String(row.quantity).startsWith('-') || String(row.quantity) === '0' ? '' : '+'}${quantity(row.quantity)}</span>${row.reserved && String(row.reserved) !== '0' ? html`<p class="note">${label('reserved')} ${quantity(row.reserved)}</p>` : ''}` },
  { id: 'warehouse', label: label('warehouse'), value: (row) => row.warehouse },
  { id: 'reference_id', label: label('reference_id'), value: (row) => [row.reference, row.notes].filter(Boolean).join(' \u00b7 ') },
];

function History({ sku }) {
  const { items, more, busy, error, again, onMore } = useSearch(address('/api/stock/history', { sku, limit: SIZE }), { after: 'cursor', size: SIZE, of: STOCK_TABLES });
  if (error && !items?.length) return html`<${Failed} error=${error} again=${again} />`;
  if (!items) return html`<${Skeleton} shape="table" n=${5} />`;
  if (!items.length) return html`<p class="note">${t('item.no_history')}</p>`;
  return html`<${Table} caption=${t('item.history')} columns=${HISTORY} rows=${items} keyOf=${(row) => row.id} first=${items.length} />
    ${more && html`<button type="button" class="more" disabled=${busy} onClick=${onMore}>${t('item.more_history')}</button>`}`;
}

const MEASURES = ['velocity', 'trend', 'turnover', 'days_of_cover'];
const shown = (name) => (name === 'days_of_cover' ? days : quantity);
const FIGURES = [{ id: 'warehouse', label: label('warehouse'), kind: 'name', value: (row) => row.warehouse }, ...MEASURES.map((name) => ({ id: name, label: nameOf('stock_metric', name), align: 'end', value: (row) => shown(name)(row[name]) || t('stat.none') }))];

const Metrics = ({ item }) => html`<${Table} caption=${t('item.metrics')} columns=${FIGURES} rows=${item.metrics} keyOf=${(row) => row.warehouse} />
  <dl class="details">${MEASURES.map((name) => html`<div key=${name}><dt>${nameOf('stock_metric', name)}</dt><dd class="note">${item.formulas?.[name]}</dd></div>`)}</dl>`;

function Book({ item, warehouses }) {
  const [turn, setTurn] = useState(0);
  const one = warehouses.length === 1 ? warehouses[0] : '';
  const fields = [
    { name: 'type', label: t('adjust.kind'), kind: 'choice', required: true, options: KINDS.map((id) => ({ id, label: nameOf('movement', id) })) },
    { name: 'warehouse', label: t('adjust.warehouse'), kind: 'text', required: true },
    { name: 'quantity', label: t('adjust.quantity'), kind: 'text', required: true, placeholder: '-2' },
    { name: 'reason', label: t('adjust.reason'), kind: 'text' },
    { name: 'reference', label: t('adjust.reference'), kind: 'text' },
  ];
  const save = async (values) => {
    await post(address('/api/stock/adjust'), { sku: item.item.sku, ...values });
    toast({ text: t('item.saved', { sku: item.item.sku, quantity: values.quantity, warehouse: values.warehouse }) });
    setTurn(turn + 1);
  };
  return html`<${Form} key=${turn} fields=${fields} value=${{ type: 'ADJUSTMENT', warehouse: one }} onSave=${save} save=${t('adjust.book')} />`;
}

function Transfer({ item, warehouses }) {
  const [turn, setTurn] = useState(0);
  const fields = [
    { name: 'from', label: t('adjust.from'), kind: 'choice', required: true, options: warehouses.map((id) => ({ id, label: id })) },
    { name: 'to', label: t('adjust.to'), kind: 'text', required: true },
    { name: 'quantity', label: t('adjust.amount'), kind: 'text', required: true },
  ];
  const save = async (values) => {
    await post(address('/api/stock/transfer'), { sku: item.item.sku, ...values });
    toast({ text: t('item.transferred', { sku: item.item.sku, ...values }) });
    setTurn(turn + 1);
  };
  return html`<${Form} key=${turn} fields=${fields} value=${{ from: warehouses[0] }} onSave=${save} save=${t('adjust.move')} />`;
}

const WRITES = ['adjust', 'transfer'];
const TABS = ['history', 'adjust', 'transfer', 'metrics'];

function Body({ item }) {
  const [open, setOpen] = useState('history');
  const warehouses = [...new Set(item.levels.map((level) => level.warehouse))];
  const tabs = TABS.filter((id) => (id !== 'transfer' || warehouses.length) && (!WRITES.includes(id) || may('stock.write'))).map((id) => ({ id, label: t(`item.${id}`) }));
  return html`<div class="stack">
    <${Table} caption=${t('item.levels')} columns=${LEVELS} rows=${item.levels} keyOf=${(row) => `${row.warehouse}/${row.location}/${row.lot}`} />
    <${Tabs} label=${item.item.sku} tabs=${tabs} open=${open} onOpen=${setOpen}>
      ${open === 'history' && html`<${History} sku=${item.item.sku} />`}
      ${open === 'adjust' && html`<${Book} item=${item} warehouses=${warehouses} />`}
      ${open === 'transfer' && html`<${Transfer} item=${item} warehouses=${warehouses} />`}
      ${open === 'metrics' && html`<${Metrics} item=${item} />`}
    <//>
  </div>`;
}

export function ItemDrawer({ value, onClose }) {
  const { answer, error, again } = useLive(address(`/api/stock/items/${encodeURIComponent(value)}`), STOCK_TABLES);
  const item = useKept(answer)?.data;
  const note = item && [item.item.name, item.item.category].filter(Boolean).join(' \u00b7 ');
  return html`<${Drawer} title=${value} note=${note} onClose=${onClose}>
    ${item ? html`<${Body} item=${item} />` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="table" n=${6} />`}
  <//>`;
}
