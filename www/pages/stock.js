/* Stock: levels by item and warehouse, found by text or by scan; the count sheet
** (#/stock/count), the checks (#/stock/quality), what to order (#/stock/reorders). One item
** is a drawer (item=SKU, item.js). */
import { useState } from 'preact/hooks';
import { address, get, useKept } from '../lib/api.js';
import { count, exact, money } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { here, link, openDrawer, replace } from '../lib/route.js';
import { useScan } from '../lib/scan.js';
import { useSearch } from '../lib/search.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Choice } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Stats } from '../parts/stat.js';
import { Table } from '../parts/table.js';
import { Tick } from '../parts/tick.js';
import { toast, toastFailure } from '../parts/toast.js';
import { Count } from './stock_count.js';
import { Reorders } from './stock_reorders.js';
import { StockQuality } from './stock_quality.js';

export const STOCK_TABLES = ['stock_transactions', 'stock_items', 'stock_reservations', 'reorder_proposal'];
const SIZE = 100;
const STATES = ['', 'low', 'out', 'over'];
const TONES = { low: 'warn', at_risk: 'warn', out: 'bad', over: 'bad', ok: 'ok' };
const label = (name) => t(`stock_column.${name}`);

/* Quantities are exact: what the server wrote is grouped, never counted with. */
export const quantity = (value) => (value === null || value === undefined ? '' : exact(String(value)));
/* What is divided is no exact quantity: of days one place is enough. */
export const days = (value) => (value === null || value === undefined ? '' : money(String(value), 1));
const figure = (name, shown = quantity) => ({ id: name, label: label(name), align: 'end', value: (row) => shown(row[name]) && html`<span class=${String(row[name]).startsWith('-') ? 'ink-bad' : undefined}>${shown(row[name])}</span>` });

const LevelState = ({ state }) => (state && state !== 'ok' ? html`<${Badge} tone=${TONES[state] ?? 'plain'}>${nameOf('stock_state', state)}<//>` : '');

const COLUMNS = [
  { id: 'sku', label: label('sku'), kind: 'name', value: (row) => html`${row.sku}${row.name && html`<p class="note">${row.name}</p>`}` },
  { id: 'warehouse', label: label('warehouse'), value: (row) => row.warehouse },
  figure('on_hand'),
  figure('reserved'),
  figure('available'),
  figure('reorder_point'),
  figure('velocity'),
  figure('days_of_cover', days),
  { id: 'state', label: label('state'), value: (row) => html`<${LevelState} state=${row.state} />` },
];

/* What a code is, and where it leads: an item, or the item of a lot or a serial number. */
export async function find(code) {
  try {
    const { data } = await get(address('/api/stock/scan', { code }));
    return { ...data, ...data.matches?.[0] };
  } catch (error) {
    if (error.status !== 404) toastFailure(error);
    return null;
  }
}

async function openCode(code) {
  const found = await find(code);
  if (found?.sku) openDrawer('item', found.sku);
  else if (found?.warehouse) replace(here({ warehouse: found.warehouse }));
  else toast({ tone: 'bad', text: t('stock.unknown', { code }) });
}

function Search({ query }) {
  const [text, setText] = useState(query.q ?? '');
  const submit = (event) => {
    event.preventDefault();
    if (text.trim()) openCode(text.trim());
  };
  const type = (event) => {
    setText(event.target.value);
    replace(here({ q: event.target.value.trim() }));
  };
  return html`<form class="scan" role="search" onSubmit=${submit}>
    <label><${Icon} name="scan" /><span class="hidden">${t('stock.search')}</span>
      <input type="search" data-scan="own" placeholder=${t('stock.search')} value=${text} onInput=${type} autocomplete="off" spellcheck="false" /></label>
    <p class="note">${t('stock.search_note')}</p>
  </form>`;
}

const Choose = ({ name, value, options }) => html`<label class="scope-field"><span>${t(`stock.${name}`)}</span>
  <select value=${value ?? ''} onChange=${(event) => replace(here({ [name]: event.target.value }))}>
    <option value="" selected=${!value}>${t('stock.all')}</option>
    ${options.map((one) => html`<option key=${one} value=${one} selected=${one === value}>${one}</option>`)}
  </select>
</label>`;

function List({ query }) {
  const path = address('/api/stock/levels', { q: query.q, warehouse: query.warehouse, state: query.state, limit: SIZE });
  const { items, first, more, busy, stale, error, again, onMore } = useSearch(path, { after: 'cursor', size: SIZE, of: STOCK_TABLES });
  const asked = query.q || query.warehouse || query.state;
  if (error && !items?.length) return html`<${Failed} error=${error} again=${again} />`;
  if (!items) return html`<${Skeleton} shape="table" n=${8} />`;
  if (!items.length) return html`<${Empty} icon="boxes" title=${t(asked ? 'stock.none_found' : 'stock.none')}><p>${t(asked ? 'stock.none_found_advice' : 'stock.none_advice')}</p>${!asked && may('stock.write') && html`<a class="plain" href=${link('stock/count')}><${Icon} name="rules" /> ${t('stock.begin')}</a>`}<//>`;
  return html`<${Table} caption=${t('stock.levels')} columns=${COLUMNS} rows=${items} keyOf=${(row) => `${row.sku}/${row.warehouse}`} busy=${stale} first=${items.length} onOpen=${(row) => openDrawer('item', row.sku)} openLabel=${(row) => t('stock.open', { sku: row.sku })} />
    <div class="pager"><span role="status">${t('rows.shown_of', { n: count(items.length), total: count(first?.total ?? items.length) })}</span>
      ${more && html`<button type="button" class="button-line" disabled=${busy} onClick=${onMore}>${t('stock.more')}</button>`}</div>`;
}

function useTotals() {
  const { answer } = useLive(address('/api/stock/levels', { limit: 1 }), STOCK_TABLES);
  return useKept(answer)?.totals;
}

export function useWarehouses() {
  const { answer } = useLive(address('/api/records/warehouse', { limit: 500, sort: 'code' }), ['warehouses']);
  return (useKept(answer)?.data ?? []).map((one) => one.code);
}

/* The second computation of every level: its movements added up again. */
function Replay() {
  const { answer } = useLive(address('/api/stock/replay'), STOCK_TABLES);
  const replay = useKept(answer)?.data;
  if (!replay) return null;
  return html`<p class="note"><${Tick} ok=${replay.ok} /> ${replay.ok ? t('stock.replay_ok') : t('stock.replay_bad', { what: replay.text ?? '' })}</p>`;
}

function Levels({ query }) {
  const totals = useTotals();
  const warehouses = useWarehouses();
  const names = ['items', 'low', 'out', 'over'];
  const stats = names.map((name) => ({ id: name, label: t(`stock.${name}`), value: totals ? count(totals[name] ?? 0) : undefined, tone: name !== 'items' && totals?.[name] ? TONES[name] : undefined, href: here({ state: name === 'items' ? null : name }) }));
  const actions = html`<a class="plain" href=${link('stock/quality')}><${Icon} name="shield" /> ${t('stock.quality')}</a>
    <a class="plain" href=${link('stock/reorders')}><${Icon} name="inbox" /> ${t('stock.reorders')}</a>
    ${may('stock.write') && html`<a class="button" href=${link('stock/count')}><${Icon} name="rules" /> ${t('stock.count')}</a>`}`;
  const states = STATES.map((id) => ({ id, label: id ? t(`stock_state.${id}`) : t('stock.all') }));
  useScan(openCode);
  return html`<div class="page">
    <${PageHead} title=${t('page.stock')} note=${t('stock.note')} actions=${actions} />
    <${Search} query=${query} />
    <${Stats} label=${t('page.stock')} rows=${stats} />
    <${Card} title=${t('stock.levels')} actions=${html`<${Replay} />`}>
      <div class="filters">
        <${Choice} label=${label('state')} options=${states} value=${query.state ?? ''} onChange=${(state) => replace(here({ state }))} />
        ${warehouses.length > 1 && html`<${Choose} name="warehouse" value=${query.warehouse} options=${warehouses} />`}
      </div>
      <${List} query=${query} />
    <//>
  </div>`;
}

const PARTS = { count: Count, quality: StockQuality, reorders: Reorders };

export function Stock({ id, query }) {
  const Own = PARTS[id] ?? Levels;
  return html`<${Own} query=${query} />`;
}
