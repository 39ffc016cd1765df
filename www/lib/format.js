/* Times, durations and sizes for people; money and counts are in decimal.js. */
import { locale, t } from './text.js';

const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const hour = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
const month = new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric', timeZone: 'UTC' });
const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });

export const formatMoment = (iso) => (iso ? moment.format(new Date(iso)) : '');
export const formatHour = (iso) => (iso ? hour.format(new Date(iso)) : '');
export const formatClock = (iso) => (iso ? clock.format(new Date(iso)) : '');
export const formatDay = (iso) => (iso ? day.format(new Date(iso)) : '');
/* A sentence of the server's, with its days as people write them. */
export const withDays = (text) => text.replace(/\b\d{4}-\d\d-\d\d\b/g, formatDay);
export const formatMonth = (iso) => (iso ? month.format(new Date(iso)) : '');

/* '/data/in/sales.csv' is 'sales.csv': where it lay is in the report. */
export const formatSource = (source) => source.replace(/^.*[\\/](?=[^\\/])/, '');

const STEPS = [[60, 'second', 1], [3600, 'minute', 60], [86400, 'hour', 3600], [604800, 'day', 86400]];

/* 'now', '5 min. ago'; older than a week it is the date. */
export function formatAgo(iso, now = Date.now()) {
  if (!iso) return '';
  const seconds = Math.max(0, (now - new Date(iso)) / 1000);
  if (seconds < 10) return t('time.now');
  const step = STEPS.find(([below]) => seconds < below);
  return step ? ago.format(-Math.floor(seconds / step[2]), step[1]) : formatMoment(iso);
}

export function formatSeconds(seconds) {
  if (seconds === null || seconds === undefined) return '';
  if (seconds < 1) return t('time.milliseconds', { n: Math.round(seconds * 1000) });
  if (seconds < 60) return t('time.seconds', { n: seconds.toFixed(1) });
  return t('time.minutes', { n: Math.floor(seconds / 60), s: Math.round(seconds % 60) });
}

export function formatBytes(n) {
  const units = ['bytes', 'kib', 'mib', 'gib'];
  let at = 0;
  while (n >= 1024 && at < units.length - 1) {
    n /= 1024;
    at++;
  }
  return t(`size.${units[at]}`, { n: at ? n.toFixed(1) : n });
}

/* Beside an axis: 12.5 L, 3 Cr. Of a position, not of a figure. */
export function formatAxis(n) {
  const size = Math.abs(n);
  const [by, unit] = size >= 1e7 ? [1e7, 'crore'] : size >= 1e5 ? [1e5, 'lakh'] : size >= 1e3 ? [1e3, 'thousand'] : [1, 'one'];
  return t(`axis.${unit}`, { n: Number((n / by).toFixed(2)) });
}
