/* Every word that people read comes from a catalogue in text/.
**
** t('runs.rows', { n: 5 }) finds catalogue.runs.rows and fills {n} in. An entry
** that is an object has plural forms ({ one, other }), chosen by n. */
import en from '../text/en.json';

const catalogue = en;
/* A page that is fetched when it is opened brings its own words along (text/en_NAME.json). */
export const learn = (words) => Object.assign(catalogue, words);
export const locale = 'en-IN';
const plurals = new Intl.PluralRules(locale);

function find(path) {
  return path.split('.').reduce((at, key) => at?.[key], catalogue);
}

export function t(path, values = {}) {
  const found = find(path);
  const pattern = typeof found === 'object' ? found[plurals.select(Number(values.n))] ?? found.other : found ?? path;
  return pattern.replace(/\{(\w+)\}/g, (_, key) => values.shown?.[key] ?? values[key] ?? '');
}

/* The class of a sentence whose first word is an address ("me@example.org logged in"): other sentences of the
** server's begin with a capital on the page. */
export const asWritten = (text) => (/^\S*[@:/]/.test(text ?? '') ? 'as-written' : '');

/* The codes that a group of the catalogue knows. */
export const codesOf = (group) => Object.keys(find(group) ?? {});

/* The name of something the server calls by a code: from the catalogue, or else
** the code made readable ("ORDER_DATE" becomes "Order date"). Words stay as they
** are: they may hold a heading of somebody's file. */
export function nameOf(group, code) {
  if (!code) return '';
  const known = find(`${group}.${code}`);
  if (known) return known;
  const words = /\s/.test(code) ? code : code.replace(/[_-]+/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
