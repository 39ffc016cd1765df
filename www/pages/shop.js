/* What the pages of field sales have in common: the tables that their figures follow from, how
** amounts and states are shown, and the names of stores and products. */
import { useMemo } from 'preact/hooks';
import { count, exact, money, quantity } from '../lib/decimal.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { cachedList } from '../lib/offline.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { InDrawer } from '../parts/why.js';

export const ORDER_TABLES = ['orders', 'order_items', 'run', 'run_undone', 'mangalam_invoices', 'invoice_items'];
export const PREDICTION_TABLES = ['predicted_orders', 'predicted_order_items'];
export const SHOP_TABLES = [...ORDER_TABLES, ...PREDICTION_TABLES, 'stores', 'products', 'customer_segments'];
export const MOST = 10000; /* rows of a list in one answer */

/* ---- figures ---- */

const text = (value) => (value === null || value === undefined ? null : String(value));
export const amount = (value) => (text(value) === null ? t('stat.none') : money(text(value)));
/* What one costs, with all its digits: three at 10.005 are 30.02. */
export const price = (value) => (text(value) === null ? t('stat.none') : /\.\d{3}/.test(text(value)) ? exact(text(value)) : amount(value));
export const rupees = (value) => (text(value) === null ? t('stat.none') : `\u20b9\u00a0${money(text(value))}`);
export const number = (value) => (text(value) === null ? t('stat.none') : quantity(text(value)));
/* 0.61 is 61 %. */
export const share = (value) => (text(value) === null ? t('stat.none') : `${Math.round(Number(value) * 100)}\u00a0%`);
export const today = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10);

/* ---- names ---- */

/* Map(id -> store) or of products; empty until they are known. */
export function useNamed(name) {
  const { rows } = cachedList(name).value;
  return useMemo(() => new Map((rows ?? []).map((row) => [row.id, row])), [rows]);
}

export const storeLink = (id, name) => html`<a href=${link(at('stores', id))}>${name ?? id?.slice(-6)}</a>`;
export const productLink = (id, name) => (id ? html`<a href=${link(at('products', id))}>${name ?? id.slice(-6)}</a>` : name);
export const orderLink = (order) => html`<a href=${link(at('orders', order.id))}>${order.number ?? order.invoice_id ?? order.id}</a>`;

/* ---- where there is nothing ---- */

export const UploadLink = () => may('sales.write') && html`<a class="plain" href=${link('upload')}><${Icon} name="upload" /> ${t('dashboard.begin_upload')}</a>`;

/* ---- states ---- */

const TONES = {
  priority: { high: 'bad', medium: 'warn', low: 'plain' },
  value: { high: 'ok', medium: 'busy', low: 'plain' },
  order: { draft: 'plain', pending: 'warn', approved: 'busy', invoiced: 'ok', cancelled: 'plain' },
  prediction: { pending: 'warn', approved: 'ok', rejected: 'plain' },
};
export const State = ({ of, state }) => (state ? html`<${Badge} tone=${TONES[of][state]}>${nameOf(`shop_${of}`, state)}<//>` : '');

/* ---- predictions ---- */

/* How sure: how often such predictions held, with the counts that say so. */
export function Confidence({ prediction }) {
  const { hits, tries } = prediction.explanation ?? {};
  return html`<span class="confidence">${share(prediction.confidence)}${tries > 0 && html` <span class="note">${t('predictions.held', { hits: count(hits), tries: count(tries) })}</span>`}</span>`;
}

export const Because = ({ id, label }) => html`<span class="because"><${InDrawer} kind="because" value=${id}><${Icon} name="explain" /> ${t('predictions.why')}<span class="hidden"> ${label}</span><//></span>`;

/* '3 days ago', 'today', 'in 2 days'. */
const NEAR_DAYS = 15; /* beyond, a date says more */
const relative = new Intl.RelativeTimeFormat('en-IN', { numeric: 'auto' });
const daysTo = (day) => Math.round((Date.parse(day) - Date.parse(today())) / 86400000);
export const When = ({ day }) => html`<time datetime=${day} title=${formatDay(day)} class=${daysTo(day) < 0 && daysTo(day) > -NEAR_DAYS ? 'ink-warn' : undefined}>${Math.abs(daysTo(day)) < NEAR_DAYS ? relative.format(daysTo(day), 'day') : formatDay(day)}</time>`;

export const Facts = ({ rows }) => html`<dl class="details">${rows.filter(Boolean).map(([label, value]) => html`<div key=${label}><dt>${label}</dt><dd>${value || t('stat.none')}</dd></div>`)}</dl>`;

/* ---- customers ---- */

const Score = ({ name, value }) => html`<span class="score" role="img" aria-label=${t('segments.score_of', { name: t(`segments.${name}`), n: value })} title=${t(`segments.${name}_help`)}><i>${t(`segments.${name}_short`)}</i>${[1, 2, 3, 4, 5].map((n) => html`<b key=${n} class=${n <= value ? 'on' : ''}></b>`)}</span>`;
export const Scores = ({ segment }) => html`<span class="scores"><${Score} name="recency" value=${segment.recency_score} /><${Score} name="frequency" value=${segment.frequency_score} /><${Score} name="monetary" value=${segment.monetary_score} /></span>`;
export const Churn = ({ risk }) => html`<span class=${Number(risk) >= 0.7 ? 'ink-bad' : Number(risk) >= 0.4 ? 'ink-warn' : undefined}>${share(risk)}</span>`;
export const Phone = ({ of }) => (of?.phone ? html`<a class="phone" href=${`tel:${of.phone.replace(/[^+\d]/g, '')}`}>${of.phone}</a>` : '');
