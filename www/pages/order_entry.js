/* Quick entry: a store, then lines, by keyboard, finger or scanner; no step needs a mouse.
**
**   type, Enter      the store; then a product; then its quantity, Enter; then the next product
**   F2, F4           the lines that are expected, those of the last order
**   a tap            the same, or one of the products that the store usually buys (order_usual.js)
**   + and -          in an empty product field: the newest line by one
**   Ctrl+Enter       sends it
**
** Stores and products come from this browser (lib/offline.js), and the order is kept there until
** the server has it: it is all the same without a connection. What is being written survives a
** reload. The address may say what it begins with: store=, prediction=, template= (an order), and
** draft= (one that was refused). */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { address, get } from '../lib/api.js';
import { finder } from '../lib/find.js';
import { html } from '../lib/html.js';
import { cachedList, queueOrder, waiting } from '../lib/offline.js';
import { at, here, link, replace } from '../lib/route.js';
import { useScan } from '../lib/scan.js';
import { touch } from '../lib/screen.js';
import { useSheet } from '../lib/sheet.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { toast, toastFailure } from '../parts/toast.js';
import { TypeAhead } from '../parts/type_ahead.js';
import { Aside, useStore } from './order_aside.js';
import { isRight, lineOf, Lines, linesOf, stepped, Sum, totalOf, withLine } from './order_lines.js';
import { LastSent } from './order_unsent.js';
import { Usual } from './order_usual.js';
import { amount, rupees } from './shop.js';

const EMPTY = { store: null, lines: [], notes: '', wanted: '', source: 'quick', instead: null, prediction: null };
const OFFERED = 8;
const RECENT = 12;
const PATIENCE_MS = 2500; /* for the answer; without one the order is kept, and the next begins */

/* ---- what is found while one types ---- */

function useStoresFound(recent) {
  const { rows } = cachedList('stores').value;
  return useMemo(() => {
    const open = (rows ?? []).filter((row) => row.status !== 'inactive');
    const last = recent.map((id) => open.find((row) => row.id === id)).filter(Boolean);
    const search = finder(open, (row) => [row.name, row.customer_id, row.city, row.phone]);
    const found = (text) => (text.trim() ? search(text, OFFERED) : [...last, ...open.filter((row) => !last.includes(row))].slice(0, OFFERED));
    return (text) => found(text).map((row) => ({ id: row.id, label: row.name, note: [row.customer_id, row.city].filter(Boolean).join(' \u00b7 ') }));
  }, [rows, recent]);
}

function useProductsFound(store, lines) {
  const { rows } = cachedList('products').value;
  const search = useMemo(() => finder((rows ?? []).filter((row) => row.active !== false), (row) => [row.name, row.sku, row.barcode, row.brand]), [rows]);
  const known = useMemo(() => new Map((rows ?? []).map((row) => [row.id, row])), [rows]);
  const offer = (row) => ({ id: row.id, label: row.name, mark: amount(row.unit_price), note: row.sku, product: row });
  const find = (text) => {
    if (text.trim()) return search(text, OFFERED).map(offer);
    const whole = store.whole.map(({ id, label, note }) => ({ id, label, note, whole: id }));
    const taken = new Set(lines.map((line) => line.product_id));
    return [...whole, ...store.usual.filter(({ id }) => !taken.has(id)).map(({ id }) => known.get(id)).filter(Boolean).map(offer)].slice(0, OFFERED);
  };
  const scanned = (code) => (rows ?? []).find((row) => row.barcode === code || row.sku === code);
  return { find, known, scanned, ready: rows !== null };
}

/* ---- on its way ---- */

const orderOf = ({ store, lines, notes, wanted, source, override, prediction }) => ({
  store_id: store,
  source,
  items: [...lines].reverse().map(({ product_id, quantity, price }) => ({ product_id, quantity: quantity.trim(), unit_price: price })),
  ...(notes.trim() && { notes: notes.trim() }),
  ...(wanted && { requested_date: wanted }),
  ...(override && { override: true }),
  ...(prediction && { prediction_id: prediction }), /* it is decided with the order, whenever that arrives */
});

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms, null));

/* { send, sending, refused }: refused is what the server said of the order as it stands. */
function useSending(sheet, change, named) {
  const [sending, setSending] = useState(false);
  const [refused, setRefused] = useState(null);
  const send = async (override) => {
    setSending(true);
    try {
      const { key, done } = await queueOrder(orderOf({ ...sheet, override }), { shown: { store: named, lines: sheet.lines.length, total: rupees(totalOf(sheet.lines)) }, instead: sheet.instead });
      const row = await Promise.race([done, later(PATIENCE_MS)]);
      if (row?.state === 'refused') {
        change((old) => ({ ...old, instead: key }));
        setRefused(row.problem);
        return false;
      }
      setRefused(null);
      const sent = row?.state === 'sent';
      toast({ text: t(sent ? 'entry.sent' : 'entry.kept', { store: named, number: row?.answer?.number ?? row?.answer?.order_number ?? '' }), ...(sent && { href: link(at('orders', row.answer.id)), hrefLabel: t('orders.show') }) });
      change(() => EMPTY);
      return true;
    } catch (error) {
      toastFailure(error);
      return false;
    } finally {
      setSending(false);
    }
  };
  return { send, sending, refused, forgive: () => setRefused(null) };
}

/* ---- what the address brings ---- */

const merged = (lines, more) => more.reduce((all, line) => withLine(all, line, false), lines);

async function linesFrom(path, known) {
  const { data } = await get(address(path));
  return { data, lines: linesOf(data.items, known) };
}

async function predicted(id, known) {
  const [{ data }, items] = await Promise.all([get(address(`/api/predicted-orders/${at(id)}`)), get(address('/api/records/predicted_order_item', { 'filter[predicted_order_id][eq]': id, sort: '-chance' }))]);
  return { data, lines: linesOf(items.data, known) };
}

function useBeginning(query, change, { known, ready }) {
  useEffect(() => {
    if (!ready || !(query.store || query.prediction || query.template || query.draft)) return;
    const begin = (next) => change(() => ({ ...EMPTY, ...next }));
    const row = query.draft && waiting.value.find((one) => one.key === query.draft);
    if (row) begin({ store: row.order.store_id, notes: row.order.notes ?? '', wanted: row.order.requested_date ?? '', source: row.order.source, instead: row.key, lines: linesOf(row.order.items, known) });
    else if (query.prediction) predicted(query.prediction, known).then(({ data, lines }) => begin({ store: data.store_id, lines, source: 'prediction', prediction: data.id }), toastFailure);
    else if (query.template) linesFrom(`/api/orders/${at(query.template)}`, known).then(({ data, lines }) => begin({ store: data.store_id, lines, source: 'template' }), toastFailure);
    else if (query.store) begin({ store: query.store });
    replace(here({ store: null, prediction: null, template: null, draft: null }));
  }, [ready, query.store, query.prediction, query.template, query.draft]);
}

/* ---- the page ---- */

function Chosen({ store, onChange }) {
  return html`<div class="entry-store"><div><b>${store.name}</b><p class="note">${[store.customer_id, store.city, store.phone].filter(Boolean).join(' \u00b7 ')}</p></div>
    <button type="button" class="plain" onClick=${onChange}>${t('entry.other_store')}</button></div>`;
}

export function OrderEntry({ query }) {
  const [sheet, change] = useSheet('outpost.order', EMPTY);
  const [recent, keepRecent] = useSheet('outpost.order.stores', { ids: [] });
  const [storeField, productField, page] = [useRef(null), useRef(null), useRef(null)];
  const about = useStore(sheet.store);
  const findStore = useStoresFound(recent.ids);
  const products = useProductsFound(about, sheet.lines);
  const { send, sending, refused, forgive } = useSending(sheet, change, about.store?.name ?? '');
  const wrong = sheet.lines.filter((line) => !isRight(line));
  const ready = !!sheet.store && sheet.lines.length > 0 && !wrong.length && !sending;
  useBeginning(query, change, products);
  // Who types goes on typing; for who taps the keys of the screen would only cover what he wants to tap.
  const typed = useRef(!touch.value);
  useEffect(() => {
    if (!sheet.store) storeField.current?.focus();
    else if (typed.current) productField.current?.focus();
  }, [sheet.store]);
  const choose = (it, byKey) => {
    typed.current = byKey || !touch.value;
    change((old) => ({ ...old, store: it.id }));
  };

  const setLines = (lines) => {
    forgive();
    change((old) => ({ ...old, lines: typeof lines === 'function' ? lines(old.lines) : lines }));
  };
  // Before the next key comes, which belongs to the new line already.
  const counts = useRef(false);
  useLayoutEffect(() => {
    if (counts.current) page.current.querySelector('[data-quantity="0"]')?.focus();
    counts.current = false;
  }, [sheet.lines]);
  const toProduct = () => productField.current?.focus();
  const take = (id) => {
    const from = about.whole.find((one) => one.id === id);
    if (!from) return;
    from.lines(products.known).then((lines) => {
      change((old) => ({ ...old, source: old.lines.length ? old.source : from.source, prediction: from.prediction ?? old.prediction, lines: merged(old.lines, lines) }));
      if (!touch.value) toProduct();
    }, toastFailure);
  };
  const pick = (it, byKey) => {
    if (it.whole) return take(it.whole);
    counts.current = byKey;
    return setLines((lines) => withLine(lines, lineOf(it.product), !byKey));
  };
  const tap = (product, quantity) => setLines((lines) => withLine(lines, lineOf(product, quantity)));
  const suggest = (product, because) => setLines((lines) => withLine(lines, lineOf(product, '1', because)));
  const sendIt = async (override) => {
    if (!ready) return wrong.length ? page.current.querySelector('[data-quantity][aria-invalid]').focus() : undefined;
    keepRecent((old) => ({ ids: [sheet.store, ...old.ids.filter((id) => id !== sheet.store)].slice(0, RECENT) }));
    return send(override === true);
  };
  const keys = (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) sendIt();
    else if (event.key === 'F2') take('prediction');
    else if (event.key === 'F4') take('template');
    else return;
    event.preventDefault();
  };
  const plusMinus = (event, text) => {
    if (text || !sheet.lines.length || !['+', '-'].includes(event.key)) return false;
    setLines(([first, ...rest]) => [stepped(first, event.key === '+' ? 1 : -1), ...rest]);
    return true;
  };
  useScan((code) => {
    const product = products.scanned(code);
    if (product) setLines((lines) => withLine(lines, lineOf(product)));
    else toast({ tone: 'bad', text: t('entry.unknown_code', { code }) });
  });

  return html`<div class="page entry" ref=${page} onKeyDown=${keys}>
    <${PageHead} title=${t('entry.title')} back=${{ href: link('orders'), label: t('page.orders') }} actions=${sheet.lines.length > 0 && html`<button type="button" class="quiet" onClick=${() => change(() => EMPTY)}>${t('entry.empty')}</button>`} />
    <div class="entry-sides">
      <div class="stack">
        <section class="card" aria-label=${t('shop_column.store')}>
          ${sheet.store ? html`<${Chosen} store=${about.store ?? { name: sheet.store.slice(-6) }} onChange=${() => change((old) => ({ ...old, store: null, prediction: null }))} />` : html`<${TypeAhead} name="store" label=${t('entry.store')} placeholder=${t('entry.store_example')} find=${findStore} onPick=${choose} focus=${storeField} eager />`}
        </section>
        <section class="card" aria-label=${t('orders.lines')}>
          <${TypeAhead} name="product" label=${t('entry.product')} placeholder=${t('entry.product_example')} icon="scan" find=${products.find} onPick=${pick} focus=${productField} keys=${plusMinus} />
          <${Usual} about=${about} lines=${sheet.lines} known=${products.known} onTake=${take} onTap=${tap} />
          <${Lines} lines=${sheet.lines} onChange=${setLines} onEnter=${toProduct} />
        </section>
        ${refused && html`<div class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${refused.detail}</span>${refused.status === 409 && html`<button type="button" class="plain" onClick=${() => sendIt(true)}>${t('entry.override')}</button>`}</div>`}
        <details class="more-filters"><summary>${t('entry.more_about')}</summary><div class="entry-more">
          <label class="form-field"><span>${t('orders.requested')}</span><input type="date" value=${sheet.wanted} onInput=${(event) => change((old) => ({ ...old, wanted: event.target.value }))} /></label>
          <label class="form-field"><span>${t('stores.notes')}</span><textarea rows="2" maxlength="2000" value=${sheet.notes} onInput=${(event) => change((old) => ({ ...old, notes: event.target.value }))} /></label>
        </div></details>
      </div>
      <div class="stack entry-aside">
        <${Aside} about=${about} lines=${sheet.lines} products=${products.known} onSuggest=${suggest} />
        <${LastSent} />
      </div>
    </div>
    <div class="entry-foot"><${Sum} lines=${sheet.lines} />
      <button type="button" class="button" disabled=${!ready} aria-keyshortcuts="Control+Enter" onClick=${sendIt}><${Icon} name="check" /> ${t(sending ? 'entry.sending' : 'entry.send')} <kbd>${t('entry.send_key')}</kbd></button></div>
  </div>`;
}
