// What the scenarios of field sales share: invoices as a file, and a second opinion on what follows from them, in
// BigInt and from the rows alone. Nothing here asks the program what is right.
import fs from 'node:fs';
import path from 'node:path';
import { csvLine, halfEven, json, ok, print, query, random, units } from './lib.mjs';

const HEAD = ['invoice_id', 'invoice_date', 'customer_id', 'customer_name', 'item_name', 'quantity', 'total', 'line_number', 'po_number'];
export const DAY = 86400e3;
export const dayNumber = (iso) => Date.parse(`${iso}T00:00:00Z`) / DAY;
export const isoDay = (n) => new Date(n * DAY).toISOString().slice(0, 10);

// rows: [{ invoice, day (ISO), store, item, quantity, total, line, po }]
export function invoiceFile(p, name, rows) {
  const file = path.join(p.dir, name);
  const lines = rows.map((r, i) => csvLine([r.invoice, r.day, r.store, `Store ${r.store}`, r.item, r.quantity, r.total, String(r.line ?? i + 1), r.po ?? '']));
  fs.writeFileSync(file, [HEAD.join(','), ...lines, ''].join('\n'));
  return file;
}

export const importInvoices = (p, file, ...more) => json(['import', file, '--as', 'invoices', ...p.args, ...more]);

// Stores with rhythms of their own, noise included: rows as above, in the order of days.
export function market(seed, { stores = 12, days = 300, items = 15, first = '2024-01-01', noise = 0.25, lines = 1, skip = 0 } = {}) {
  const r = random(seed);
  const rows = [];
  for (let s = 1; s <= stores; s++) {
    const every = 4 + r.below(14);
    const spread = Math.max(1, Math.round(every * noise));
    for (let d = r.below(every); d < days; d += Math.max(1, every + r.below(2 * spread + 1) - spread)) {
      if (skip && r.chance(skip)) continue; // an order that was missed
      const many = 1 + r.below(lines);
      const day = isoDay(dayNumber(first) + d);
      for (let k = 1; k <= many; k++) {
        const quantity = 1 + r.below(20);
        rows.push({ invoice: `I-${s}-${d}`, day, store: `C${String(s).padStart(3, '0')}`, item: `Item ${1 + r.below(items)}`, quantity: String(quantity), total: `${quantity * (10 + r.below(90))}.${String(r.below(100)).padStart(2, '0')}`, line: k });
      }
    }
  }
  return rows.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
}

// ---- rows that count, from the file of the tenant ----

// [{ ref, store, day (number), item, quantity, revenue }] in units of 1/10000.
export function countedLines(db) {
  const rows = query(db, `
    SELECT coalesce(m.invoice_id, m.key), c.text, m.invoice_date, i.text, m.quantity, m.total, coalesce(m.free_quantity, 0)
    FROM mangalam_invoices m JOIN term c ON c.id = m.customer_id JOIN term i ON i.id = m.item_name`);
  const made = query(db, `
    SELECT o.id, s.customer_id, o.order_date, p.name, i.quantity, i.unit_price FROM orders o JOIN stores s ON s.id = o.store_id
    JOIN order_items i ON i.order_id = o.id AND i.deleted_at IS NULL JOIN products p ON p.id = i.product_id
    WHERE o.deleted_at IS NULL AND o.status IN ('pending', 'approved')`);
  return [
    ...rows.map(([ref, store, day, item, quantity, revenue, free]) => ({ ref: `i ${ref}`, store, day: Number(day), item, quantity: BigInt(quantity) + BigInt(free), sold: BigInt(quantity), revenue: BigInt(revenue), invoice: true })),
    ...made.map(([ref, store, day, item, quantity, price]) => ({ ref: `o ${ref}`, store, day: dayNumber(day), item, quantity: BigInt(quantity), sold: BigInt(quantity), revenue: halfEven(BigInt(quantity) * BigInt(price), 1000000n) * 100n, invoice: false })),
  ];
}

const sum = (list, of) => list.reduce((a, x) => a + of(x), 0n);
function groups(list, by) {
  const map = new Map();
  for (const x of list) map.set(by(x), [...(map.get(by(x)) ?? []), x]);
  return map;
}
const documents = (lines) => new Set(lines.map((l) => `${l.ref} ${l.store} ${l.day}`)).size;

// The figures of the dashboard as the API writes them, without the two that follow from predictions and segments.
export function summaryOf(lines) {
  const revenue = sum(lines, (l) => l.revenue);
  const orders = documents(lines);
  const top = (by, more) => [...groups(lines, by)].map(([name, of]) => ({ name, revenue: sum(of, (l) => l.revenue), more: more(of) })).sort((a, b) => (a.revenue < b.revenue ? 1 : a.revenue > b.revenue ? -1 : 0)).slice(0, 5);
  return {
    total_orders: orders,
    total_revenue: print(revenue, 4, 2),
    average_order_value: orders ? print(halfEven(revenue, BigInt(orders) * 100n), 2, 2) : '0.00',
    top_stores: top((l) => l.store, (of) => String(documents(of))).map((t) => [print(t.revenue, 4, 2), t.more]),
    top_products: top((l) => l.item, (of) => print(sum(of, (l) => l.quantity), 4, 0)).map((t) => [print(t.revenue, 4, 2), t.more]),
  };
}

// The same from the reply, numbers as they stand in its text.
export function summaryIn(text) {
  const figure = (name) => new RegExp(`"${name}":(-?[0-9.]+)`).exec(text)[1];
  const list = (name, more) => [...new RegExp(`"${name}":\\[(.*?)\\]`).exec(text)[1].matchAll(new RegExp(`"total_revenue":([0-9.]+),"${more}":([0-9.]+)`, 'g'))].map((m) => [m[1], m[2]]);
  return { total_orders: Number(figure('total_orders')), total_revenue: figure('total_revenue'), average_order_value: figure('average_order_value'), top_stores: list('top_stores', 'orders'), top_products: list('top_products', 'quantity') };
}

// ---- rhythms, as rhythm.h says ----

const median = (sorted) => sorted[Math.floor((sorted.length - 1) / 2)];
const ascending = (list) => [...list].sort((a, b) => a - b);

export function usualIntervals(days) {
  const last = days.slice(-25);
  const gaps = ascending(last.slice(1).map((d, i) => d - last[i]));
  if (!gaps.length) return [];
  const middle = median(gaps);
  const far = Math.max(3 * 1.4826 * median(ascending(gaps.map((g) => Math.abs(g - middle)))), middle / 2);
  return gaps.filter((g) => Math.abs(g - middle) <= far);
}

const weekday = (d) => ((d % 7) + 7) % 7;
const monthDay = (d) => new Date(d * DAY).getUTCDate();

function near(day, after, reach, fits) {
  for (let away = 0; away <= reach; away++) {
    if (day - away > after && fits(day - away)) return day - away;
    if (fits(day + away)) return day + away;
  }
  return day;
}

export function nextDay(days, asOf) {
  if (days.length < 5) return null;
  const last = days.at(-1);
  const passed = Math.max(0, asOf - last);
  const usual = usualIntervals(days);
  const left = usual.filter((g) => g > passed);
  if (left.length < 2) return null;
  const out = { usual: median(usual), interval: median(left), kind: 'interval' };
  out.day = last + out.interval;
  out.window = Math.min(7, Math.max(1, Math.floor((out.usual + 2) / 4)));
  const look = days.slice(-24);
  const share = (fits) => look.filter(fits).length * 100 >= look.length * 60;
  const after = Math.max(asOf, last);
  const best = [0, 1, 2, 3, 4, 5, 6].map((w) => look.filter((d) => weekday(d) === w).length);
  const w = best.indexOf(Math.max(...best));
  if (look.length >= 6 && share((d) => weekday(d) === w)) {
    out.kind = 'weekly';
    out.day = near(out.day, after, 3, (d) => weekday(d) === w);
  } else if (out.usual >= 26 && out.usual <= 35) {
    const close = (d, m) => Math.abs(monthDay(d) - m) <= 2 || 31 - Math.abs(monthDay(d) - m) <= 2;
    const month = Array.from({ length: 31 }, (_, i) => i + 1);
    const most = Math.max(...month.map((m) => look.filter((d) => close(d, m)).length));
    if (most * 100 >= look.length * 60) {
      const all = month.filter((m) => look.filter((d) => close(d, m)).length === most);
      const exact = (m) => look.filter((d) => monthDay(d) === m).length;
      const m = all.reduce((a, b) => (exact(b) > exact(a) ? b : a));
      out.kind = 'monthly';
      out.day = near(out.day, after, 5, (d) => monthDay(d) === m || (monthDay(d) < m && monthDay(d + 1) === 1));
    }
  }
  out.tries = left.length;
  out.hits = left.filter((g) => Math.abs(last + g - out.day) <= out.window).length;
  out.score = (out.hits + 1) / (out.tries + 2);
  return out;
}

export function storesOf(lines) {
  const all = groups(lines, (l) => l.store);
  return [...all.keys()].sort().map((store) => {
    const of = all.get(store);
    return { store, lines: of, days: ascending([...new Set(of.map((l) => l.day))]), revenue: sum(of, (l) => l.revenue), orders: documents(of) };
  });
}

export const asOf = (lines) => Math.max(...lines.filter((l) => l.invoice).map((l) => l.day));

// Which stores get a prediction, and for when.
export function predictedOf(lines, horizon = 7) {
  const now = asOf(lines);
  return storesOf(lines).map((s) => ({ store: s.store, next: nextDay(s.days, now) })).filter((x) => x.next && x.next.day > now && x.next.day - now <= horizon);
}

// ---- segments, as segment.h says ----

export function segmentsOf(lines) {
  const now = asOf(lines);
  const all = storesOf(lines).map((s) => ({ ...s, last: s.days.at(-1), frequency: halfEven(BigInt(s.orders) * 3000n, BigInt(Math.max(30, now - s.days[0] + 1))) }));
  const score = (of) => all.forEach((s) => (s[`${of}_score`] = 1 + Math.floor((5 * all.filter((x) => x[of] < s[of]).length) / all.length)));
  for (const of of ['last', 'frequency', 'revenue']) score(of);
  const total = sum(all, (s) => s.revenue);
  let before = 0n;
  for (const s of [...all].sort((a, b) => (a.revenue < b.revenue ? 1 : -1))) {
    s.value = before * 100n < total * 80n ? 'high' : before * 100n < total * 95n ? 'medium' : 'low';
    before += s.revenue;
  }
  const pace = all.map((s) => ({ usual: usualIntervals(s.days), passed: Math.max(0, now - s.last) }));
  const stopped = pace.filter((p) => p.usual.length && p.passed > 3 * p.usual.at(-1)).length;
  const stop = (stopped + 1) / (all.reduce((n, s) => n + s.days.length, 0) + 2);
  const middles = ascending(pace.filter((p) => p.usual.length).map((p) => median(p.usual)));
  all.forEach((s, i) => {
    const { usual, passed } = pace[i];
    let survival = Math.exp(-passed / (middles.length ? median(middles) : 30));
    if (usual.length) {
      const mean = usual.reduce((a, b) => a + b) / usual.length;
      const spread = Math.max(Math.sqrt(usual.reduce((a, b) => a + (b - mean) ** 2, 0) / usual.length), median(usual) / 4);
      const beyond = passed - usual.at(-1);
      survival = (usual.filter((g) => g > passed).length + (beyond > 0 ? Math.exp(-beyond / spread) : 1)) / (usual.length + 1);
    }
    s.churn = stop / (stop + (1 - stop) * survival);
  });
  return all;
}

// ---- rules, as rules.h says: Fisher's test in BigInt ----

const factorials = [1n];
const factorial = (n) => {
  for (let i = factorials.length; i <= n; i++) factorials.push(factorials[i - 1] * BigInt(i));
  return factorials[n];
};
const choose = (n, k) => (k < 0 || k > n ? 0n : factorial(n) / (factorial(k) * factorial(n - k)));

// The chance in units of 10^-18.
export function fisher(n, a, b, both) {
  let tail = 0n;
  for (let k = both; k <= Math.min(a, b); k++) tail += choose(a, k) * choose(n - a, b - k);
  return (tail * 10n ** 18n) / choose(n, b);
}

// baskets: arrays of names. Map("a b" -> { both, a, b }) of the pairs that are rules.
export function rulesOf(baskets, least, rate) {
  const of = new Map();
  const pairs = new Map();
  for (const list of baskets) {
    const basket = [...new Set(list)].sort();
    basket.forEach((x) => of.set(x, (of.get(x) ?? 0) + 1));
    basket.forEach((x, i) => basket.slice(i + 1).forEach((y) => pairs.set(`${x}|${y}`, (pairs.get(`${x}|${y}`) ?? 0) + 1)));
  }
  const frequent = [...of.values()].filter((n) => n >= least).length;
  const tests = (frequent * (frequent - 1)) / 2;
  const found = [...pairs].map(([key, both]) => ({ key, both, a: of.get(key.split('|')[0]), b: of.get(key.split('|')[1]) }))
    .filter((p) => p.both >= least && p.both * baskets.length > p.a * p.b)
    .map((p) => ({ ...p, chance: fisher(baskets.length, p.a, p.b, p.both) }))
    .sort((x, y) => (x.chance < y.chance ? -1 : x.chance > y.chance ? 1 : 0));
  let kept = 0;
  found.forEach((p, i) => {
    if (Number(p.chance) / 1e18 <= ((i + 1) / tests) * rate) kept = i + 1;
  });
  return new Map(found.slice(0, kept).map((p) => [p.key, p]));
}

// What is derived, by names instead of ids: to compare two tenants.
export const derived = (db) => ({
  segments: query(db, `SELECT s.customer_id, g.segment_name, g.segment_value, g.total_revenue, g.order_frequency, g.churn_risk, g.orders, g.first_order, g.last_order, g.recency_score, g.frequency_score, g.monetary_score
    FROM customer_segments g JOIN stores s ON s.id = g.store_id WHERE g.deleted_at IS NULL ORDER BY 1`),
  predictions: query(db, `SELECT s.customer_id, p.predicted_date, p.confidence, p.priority, p.total_amount, p.days, p.based_on, p.explanation
    FROM predicted_orders p JOIN stores s ON s.id = p.store_id WHERE p.status = 'pending' AND p.deleted_at IS NULL ORDER BY 1`),
  items: query(db, `SELECT s.customer_id, r.name, i.quantity, i.unit_price, i.total_price, i.chance FROM predicted_order_items i
    JOIN predicted_orders p ON p.id = i.predicted_order_id JOIN stores s ON s.id = p.store_id JOIN products r ON r.id = i.product_id
    WHERE p.status = 'pending' AND p.deleted_at IS NULL AND i.deleted_at IS NULL ORDER BY 1, 2`),
  rules: query(db, `SELECT a.name, b.name, r.both, r.because, r.other, r.baskets, r.basket FROM field_rule r
    JOIN products a ON a.id = r.because_id JOIN products b ON b.id = r.product_id ORDER BY 1, 2`),
  sums: query(db, `SELECT s.customer_id, f.orders, f.revenue FROM field_store f JOIN stores s ON s.id = f.store_id ORDER BY 1`),
  products: query(db, `SELECT p.name, f.lines, f.quantity, f.revenue FROM field_product f JOIN products p ON p.id = f.product_id ORDER BY 1`),
  total: query(db, 'SELECT orders, revenue FROM field_total'),
});

export const work = (p) => ok(['jobs', 'work', '--until-idle', ...p.args]);
export { units };
