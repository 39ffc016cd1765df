/* What is known of the store while an order is entered: what it may still owe, what it is
** expected to order, what it ordered last, and what goes with the lines. All of it helps and
** none is needed: without a connection there is less of it. */
import { address, get, useAnswer } from '../lib/api.js';
import { compare, difference, position, sum } from '../lib/decimal.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { at, link } from '../lib/route.js';
import { t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { linesOf, totalOf } from './order_lines.js';
import { MOST, rupees, share, useNamed } from './shop.js';

const SUGGESTED = 4;
/* As many as an order of it holds on the average, at least one. */
const usually = ({ quantity, orders }) => String(Math.max(1, Math.round(Number(quantity) / orders) || 1));
const OWED = ['pending', 'approved']; /* what counts against the credit limit */

const expected = (prediction) => ({
  id: 'prediction',
  prediction: prediction.id,
  source: 'prediction',
  label: t('entry.as_expected'),
  note: t('entry.as_expected_note', { day: formatDay(prediction.predicted_date), total: rupees(prediction.total_amount) }),
  lines: async (known) => linesOf(prediction.items, known),
});

const again = (order) => ({
  id: 'template',
  source: 'template',
  label: t('entry.as_last_time'),
  note: t('entry.as_last_time_note', { day: formatDay(order.order_date), total: rupees(order.total_amount) }),
  lines: async (known) => linesOf((await get(address(`/api/orders/${at(order.id)}`))).data.items, known),
});

/* { store, ready, terms, owed (by orders that no invoice has settled), suggestions, whole: [{ id, label, note, source, lines }], usual:
** [{ id, quantity }], the products that it buys }. */
export function useStore(id) {
  const store = useNamed('stores').get(id);
  const asked = [];
  const ask = (path, more) => {
    asked.push(useAnswer(id && address(path, more)));
    return asked.at(-1).answer?.data;
  };
  const full = ask(`/api/stores/${id && at(id)}`);
  const terms = full?.preferences;
  const prediction = ask('/api/predicted-orders', { store: id, limit: 1 })?.[0];
  const bought = ask('/api/analytics/bought', { store: id, limit: 20 }) ?? [];
  const ready = !asked.some(({ loading }) => loading); /* what is tapped comes at once, and then stays where it is */
  const suggestions = ask(`/api/upselling/suggestions/${id && at(id)}`) ?? [];
  const last = full?.orders?.[0];
  const whole = [prediction && expected(prediction), last && again(last)].filter(Boolean);
  const open = ask('/api/records/order', { 'filter[store_id][eq]': id, 'filter[status][ne]': 'invoiced', fields: 'status,total_amount', limit: MOST }) ?? [];
  const owed = sum(open.filter((order) => OWED.includes(order.status)).map((order) => String(order.total_amount)));
  return { store: full ?? store, ready, terms, owed, last, prediction, suggestions, whole, usual: bought.map((row) => ({ id: row.id, quantity: usually(row) })) };
}

function Credit({ terms, owed, lines }) {
  if (!terms) return null;
  const limit = terms.credit_limit === null || terms.credit_limit === undefined ? null : String(terms.credit_limit);
  const open = sum([owed, totalOf(lines)]);
  const over = limit !== null && compare(open, limit) > 0;
  const most = limit === null ? null : position(limit);
  return html`<div class="credit" data-over=${String(over)}>
    <p>${t('entry.terms', { n: terms.payment_terms })}</p>
    ${limit === null ? html`<p class="note">${t('entry.no_limit')}</p>` : html`<div class=${`meter ${over ? 'meter-bad' : ''}`} aria-hidden="true"><span style=${{ '--share': most ? Math.min(1, position(open) / most) : 1 }}></span></div>
      <p class=${over ? 'ink-bad' : 'note'}>${t(over ? 'entry.over' : 'entry.within', { open: rupees(open), limit: rupees(limit), over: over ? rupees(difference(open, limit)) : '' })}</p>`}
  </div>`;
}

function Suggested({ suggestions, lines, products, onSuggest }) {
  const taken = new Set(lines.map((line) => line.product_id));
  const rows = suggestions.filter((row) => !taken.has(row.product_id) && products.has(row.product_id)).slice(0, SUGGESTED);
  if (!rows.length) return null;
  return html`<${Card} title=${t('entry.suggestions')}>
    <ul class="suggestions">${rows.map((row) => html`<li key=${row.product_id}>
      <div><b>${products.get(row.product_id).name}</b><p class="note">${row.reason}</p></div>
      <button type="button" class="plain square" aria-label=${t('entry.add', { name: products.get(row.product_id).name })} onClick=${() => onSuggest(products.get(row.product_id), share(row.confidence))}><${Icon} name="plus" /></button>
    </li>`)}</ul>
  <//>`;
}

export function Aside({ about, lines, products, onSuggest }) {
  if (!about.store) return null;
  return html`<${Card} title=${t('entry.about', { store: about.store.name })} actions=${html`<a class="quiet" href=${link(at('stores', about.store.id))}>${t('entry.show_store')}</a>`}>
      <div class="stack"><${Credit} terms=${about.terms} owed=${about.owed} lines=${lines} />
      ${!about.terms && html`<p class="note">${t('entry.without')}</p>`}</div>
    <//>
    <${Suggested} suggestions=${about.suggestions} ...${{ lines, products, onSuggest }} />`;
}
