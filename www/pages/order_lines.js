/* The lines of an order that is being entered. A line is { product_id, name, unit, price, quantity,
** because }: price and quantity are decimal text; because: what suggested it. The newest stands
** first. */
import { compare, count, sum, times } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { amount, price, rupees } from './shop.js';

const QUANTITY = /^\d{1,9}(\.\d{1,4})?$/;
export const isRight = (line) => QUANTITY.test(line.quantity.trim()) && compare(line.quantity.trim(), '0') > 0;
const priceOf = (line) => times(line.price, line.quantity.trim());
export const totalOf = (lines) => sum(lines.map(priceOf).filter(Boolean));
const plainest = (text) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

export const lineOf = (product, quantity = '1', because) => ({ product_id: product.id, name: product.name, unit: product.unit, price: String(product.unit_price ?? '0'), quantity: plainest(String(quantity)), because });

/* Those of an order or a prediction, at the prices of today; known: Map(id -> product). */
export const linesOf = (items, known) => (items ?? []).map((item) => lineOf({ ...(known.get(item.product_id) ?? { name: item.product, unit_price: item.unit_price }), id: item.product_id }, item.quantity)).reverse();

/* One that is there already gets more of it, and comes to the top. */
export function withLine(lines, line, more = true) {
  const known = lines.find((one) => one.product_id === line.product_id);
  const rest = lines.filter((one) => one !== known);
  if (!known) return [line, ...rest];
  return [{ ...known, quantity: more && isRight(known) ? plainest(sum([known.quantity, line.quantity])) : known.quantity }, ...rest];
}

/* By so many more or less, but never none. */
export function stepped(line, by) {
  const next = isRight(line) ? sum([line.quantity.trim(), String(by)]) : '1';
  return { ...line, quantity: compare(next, '0') > 0 ? plainest(next) : line.quantity };
}

function Line({ line, index, onChange, onRemove, onEnter }) {
  const key = (event) => {
    if (event.key !== 'Enter' || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    onEnter();
  };
  const name = { name: line.name };
  return html`<li class="entry-line" data-product=${line.product_id}>
    <div class="entry-name"><b>${line.name}</b><p class="note">${price(line.price)}${line.unit && ` / ${line.unit}`}${line.because && html` \u00b7 ${line.because}`}</p></div>
    <div class="stepper" role="group" aria-label=${t('entry.quantity_of', name)}>
      <button type="button" aria-label=${t('entry.less', name)} onClick=${() => onChange(stepped(line, -1))}><${Icon} name="minus" /></button>
      <input inputmode="decimal" enterkeyhint="next" aria-label=${t('entry.quantity_of', name)} aria-invalid=${isRight(line) ? undefined : 'true'} data-quantity=${index} value=${line.quantity} onFocus=${(event) => event.target.select()} onInput=${(event) => onChange({ ...line, quantity: event.target.value.replace(',', '.') })} onKeyDown=${key} />
      <button type="button" aria-label=${t('entry.more', name)} onClick=${() => onChange(stepped(line, 1))}><${Icon} name="plus" /></button>
    </div>
    <b class="entry-amount">${isRight(line) ? amount(priceOf(line)) : t('stat.none')}</b>
    <button type="button" class="quiet square" aria-label=${t('entry.remove', name)} onClick=${onRemove}><${Icon} name="trash" /></button>
  </li>`;
}

/* onEnter: the quantity is right, go on. */
export function Lines({ lines, onChange, onEnter }) {
  if (!lines.length) return html`<p class="note entry-none">${t('entry.none')}</p>`;
  const put = (i, line) => onChange(lines.map((one, k) => (k === i ? line : one)));
  return html`<ol class="entry-lines" aria-label=${t('orders.lines')}>${lines.map((line, i) => html`<${Line} key=${line.product_id} line=${line} index=${i} onEnter=${onEnter} onChange=${(changed) => put(i, changed)} onRemove=${() => onChange(lines.filter((one) => one !== line))} />`)}</ol>`;
}

export const Sum = ({ lines }) => html`<p class="entry-sum"><span>${t('entry.lines', { n: lines.length, shown: { n: count(lines.length) } })}</span> <output aria-live="polite">${rupees(totalOf(lines))}</output></p>`;
