/* Figures by their address. A figure is DATASET/MEASURE and the filters that it
** is of: "sales/revenue?region=North&from=2024-01-01". The same text is asked of
** /api/why/, stands in the page's address (why=...) and names the figure in links
** that people send each other. */
import { count, money, percent, quantity } from './decimal.js';
import { formatDay } from './format.js';
import { SCOPE } from './route.js';
import { nameOf, t } from './text.js';

/* The filters of a query that narrow figures, and nothing else. */
export const scopeOf = (query, names = SCOPE) => Object.fromEntries(names.filter((name) => query[name]).map((name) => [name, query[name]]));

/* 'sales/revenue?region=North' is { dataset, measure, scope }; null for what is no figure. */
export function readFigure(text) {
  const m = /^([a-z_]+)\/([a-z_]+)(?:\?(.*))?$/.exec(text ?? '');
  return m && { dataset: m[1], measure: m[2], scope: Object.fromEntries(new URLSearchParams(m[3] ?? '')) };
}

const MONEY = new Set(['revenue', 'total', 'average']);
const SHARE = new Set(['quality']);

/* A figure as people read it. A share comes as a fraction of 1 ("0.915"). */
export function shownFigure(measure, value) {
  if (value === null || value === undefined || value === '') return t('stat.none');
  if (SHARE.has(measure)) return percent(String(value), '1', 2);
  if (MONEY.has(measure)) return money(String(value));
  return typeof value === 'number' ? count(value) : quantity(value);
}

/* The filters in words: [{ name, text }]. runName(run) tells a run. */
export function scopeWords(scope, runName = (run) => run) {
  const words = {
    run: runName,
    from: (day) => formatDay(day),
    to: (day) => formatDay(day),
    category: (code) => nameOf('category', code),
    control: (code) => nameOf('control', code),
  };
  return Object.keys(scope).map((name) => ({ name, label: t(`scope.${name}`), text: (words[name] ?? String)(scope[name]) }));
}
