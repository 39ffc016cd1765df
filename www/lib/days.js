/* Days, weeks and months of sums by day. A day is YYYY-MM-DD; at is the second of
** its beginning in UTC, for drawing. */
import { sum } from './decimal.js';
import { formatDay, formatMonth } from './format.js';
import { t } from './text.js';

const DAY_S = 86400;
export const secondsOf = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;
export const dayOf = (at) => new Date(at * 1000).toISOString().slice(0, 10);
export const addDays = (day, n) => dayOf(secondsOf(day) + n * DAY_S);
/* Monday of the week: 1970-01-01 was a Thursday. */
const weekOf = (at) => at - ((((at / DAY_S + 3) % 7) + 7) % 7) * DAY_S;
const nextMonth = (at) => {
  const d = new Date(at * 1000);
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 1) / 1000;
};
const isoOf = (at) => new Date(at * 1000).toISOString();

export const SPANS = {
  day: { start: secondsOf, end: (at) => at, name: (at) => formatDay(isoOf(at)) },
  week: { start: (day) => weekOf(secondsOf(day)), end: (at) => at + 6 * DAY_S, name: (at) => t('sales.week', { day: formatDay(isoOf(at)) }) },
  month: { start: (day) => secondsOf(`${day.slice(0, 7)}-01`), end: (at) => nextMonth(at) - DAY_S, name: (at) => formatMonth(isoOf(at)) },
};

/* Rows { day, [measure]... } by span: [{ at, from, to, name, [measure]... }], oldest
** first, exact. measures: [{ name, kind }]. */
export function groupDays(days, span, measures) {
  const { start, end, name } = SPANS[span];
  const groups = new Map();
  for (const row of days) {
    const at = start(row.day);
    const group = groups.get(at) ?? { at, rows: [] };
    group.rows.push(row);
    groups.set(at, group);
  }
  const added = (rows) => Object.fromEntries(measures.map((m) => [m.name, m.kind === 'count' ? rows.reduce((n, row) => n + row[m.name], 0) : sum(rows.map((row) => row[m.name]))]));
  return [...groups.values()].sort((a, b) => a.at - b.at).map(({ at, rows }) => ({ at, from: dayOf(at), to: dayOf(end(at)), name: name(at), ...added(rows) }));
}
