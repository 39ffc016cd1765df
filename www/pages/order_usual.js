/* What a store orders: one tap each. As a whole (what is expected, the order of last time), and the products that it
** buys, with as many as it usually takes. They stay where they are while they are tapped: one that is in the order
** says how many, and gets one more by the next tap. */
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';

const SHOWN = 12;
const KEYS = { prediction: 'F2', template: 'F4' };

const Whole = ({ one, onTake }) => html`<button type="button" class="plain usual usual-whole" aria-keyshortcuts=${KEYS[one.id]} onClick=${() => onTake(one.id)}>
  <span><b>${one.label}</b> <kbd>${KEYS[one.id]}</kbd><br /><span class="note">${one.note}</span></span></button>`;

function Product({ product, quantity, line, onTap }) {
  return html`<button type="button" class=${`plain usual ${line ? 'usual-in' : ''}`} data-usual=${product.id} onClick=${() => onTap(product, line ? '1' : quantity)}>
    <span class="usual-name">${product.name}</span>
    <span class="usual-n">${line ? html`<${Icon} name="check" /> ${line.quantity}` : html`<${Icon} name="plus" /> ${quantity}`}<span class="hidden"> ${t(line ? 'entry.usual_in' : 'entry.usual_add')}</span></span></button>`;
}

/* usual: [{ id, quantity }], known: Map(id -> product). */
export function Usual({ about, lines, known, onTake, onTap }) {
  const rows = about.usual.filter(({ id }) => known.has(id) && known.get(id).active !== false).slice(0, SHOWN);
  if (!about.ready || (!about.whole.length && !rows.length)) return null;
  const inIt = new Map(lines.map((line) => [line.product_id, line]));
  return html`<div class="usuals" role="group" aria-label=${t('entry.usual')}>
    ${about.whole.map((one) => html`<${Whole} key=${one.id} one=${one} onTake=${onTake} />`)}
    ${rows.map(({ id, quantity }) => html`<${Product} key=${id} product=${known.get(id)} quantity=${quantity} line=${inIt.get(id)} onTap=${onTap} />`)}
  </div>`;
}
