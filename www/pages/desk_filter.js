/* What the desk looks at: all of it stands in the address.
**
**   state      open (also when nothing is said), corrected, accepted or all
**   the rest   category, control, pattern (one wrong value), stage, source, week,
**              assignee ("-": nobody), q, and of the scope the run */
import { here, link, replace, route } from '../lib/route.js';
import { formatSource } from '../lib/format.js';
import { nameOf, t } from '../lib/text.js';

export const STATES = ['open', 'accepted', 'corrected', 'all'];
const NAMES = ['run', 'category', 'control', 'pattern', 'stage', 'source', 'week', 'assignee', 'q'];

/* Without the state. */
export function filterOf(query) {
  return Object.fromEntries(NAMES.filter((name) => query[name]).map((name) => [name, query[name]]));
}

export const stateOf = (query) => (STATES.includes(query.state) ? query.state : 'open');

/* What the list asks for, and what a bulk change acts on. */
export const listFilter = (query) => ({ ...filterOf(query), state: stateOf(query) });

export const setFilter = (changes) => replace(here(changes));

export const clearFilter = () => setFilter(Object.fromEntries(NAMES.map((name) => [name, null])));

/* The desk of a filter, for whoever shows a figure behind which exceptions stand. */
export const deskLink = (filter) => link('exceptions', { from: null, to: null, region: null, product: null, ...filter });

export const isFiltered = () => Object.keys(filterOf(route.value.query)).length > 0;

const WORDS = { category: 'category', control: 'control', stage: 'stage' };

/* 'control' and 'region_known' is 'Region known'. */
export function filterName(name, value) {
  if (name === 'assignee') return !value || value === '-' ? t('desk.nobody') : value;
  if (name === 'week') return weekName(value);
  if (name === 'source') return formatSource(value);
  if (name === 'run') return t('desk.one_run');
  if (name === 'pattern') return t('desk.one_pattern');
  return WORDS[name] ? nameOf(WORDS[name], value) : value;
}

/* '2026-W47' is 'week 47, 2026'. */
export function weekName(week) {
  const found = /^(\d+)-W0?(\d+)$/.exec(week ?? '');
  return found ? t('desk.week', { year: found[1], n: found[2] }) : week;
}
