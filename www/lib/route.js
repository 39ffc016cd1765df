/* Where the reader is, all of it in the address, so that every view can be sent
** to somebody:
**
**   #/PAGE/ID?tenant=SLUG & scope & what the page asks & drawers
**
** scope    which figures: run, from, to, and groups such as region (parts/scope_bar.js); as= says
**          of which dataset
** drawers  why=, row=, line=, exception=, entry=, impact=, item=, job=, schedule=, event=, user=,
**          total=, because=: they lie over the page one upon the
**          other, in the order in which they stand in the address
**
**   link('sales')                   another page; tenant and scope go along
**   link('imports/ID', { run: null })   ... with a change: null takes one away
**   here({ category: 'X' })         this page with a change; drawers stay
**   drawer('row', 'A-17')           this page with one more drawer
**   go(link(...))                   goes there
*/
import { signal } from '@preact/signals';

export const SCOPE = ['run', 'from', 'to', 'region', 'product', 'billing_state', 'category_name'];
export const DRAWERS = ['why', 'row', 'line', 'exception', 'entry', 'impact', 'item', 'job', 'schedule', 'event', 'user', 'total', 'because'];

/* '#/imports/ID?x=1' is { page: 'imports', id: 'ID', path, query: { x: '1' }, drawers: [{ kind, value }] }. */
function read(hash) {
  const [path, text = ''] = hash.replace(/^#\/?/, '').split('?');
  const [page, ...rest] = path.split('/').map(decoded);
  const pairs = [...new URLSearchParams(text)];
  return {
    page: page || null,
    id: rest.join('/') || null,
    path,
    query: Object.fromEntries(pairs.filter(([name]) => !DRAWERS.includes(name))),
    drawers: pairs.filter(([name]) => DRAWERS.includes(name)).map(([kind, value]) => ({ kind, value })),
  };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; /* a bare % in an address that somebody typed */
  }
}

export const route = signal(read(location.hash));
/* The scope for address(): { run, from, to, region ... }, undefined where there is none. */
export const scopeOf = ({ query } = route.value) => Object.fromEntries(SCOPE.map((name) => [name, query[name]]));
const follow = () => {
  route.value = read(location.hash);
};
addEventListener('hashchange', follow);
addEventListener('popstate', follow);

function write(path, query, drawers = []) {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value || value === 0) all.append(name, value);
  for (const { kind, value } of drawers) all.append(kind, value);
  return `#/${path}${all.size ? `?${all}` : ''}`;
}

/* path: 'sales' or 'imports/ID', its parts encoded by at() where they may hold anything. */
export function link(path, changes = {}) {
  return write(path, { tenant: route.value.query.tenant, as: route.value.query.as, ...scopeOf(), ...changes });
}

export function here(changes = {}) {
  const { path, query, drawers } = route.value;
  return write(path, { ...query, ...changes }, drawers);
}

export const at = (...parts) => parts.map(encodeURIComponent).join('/');

/* What is open already is not opened twice: what lies above it closes. */
export function drawer(kind, value) {
  const { path, query, drawers } = route.value;
  const known = drawers.findIndex((one) => one.kind === kind && one.value === String(value));
  const below = known < 0 ? drawers : drawers.slice(0, known);
  return write(path, query, [...below, { kind, value }]);
}

export function go(hash) {
  location.hash = hash;
}

/* The same, but Back does not come here again: for filters and the like. */
export function replace(hash) {
  history.replaceState(null, '', hash);
  follow();
}

export function openDrawer(kind, value) {
  history.pushState({ drawer: true }, '', drawer(kind, value));
  follow();
}

/* A drawer opened by a click goes by going back, so that Back is never a surprise. */
export function closeDrawer() {
  const { path, query, drawers } = route.value;
  if (history.state?.drawer) history.back();
  else replace(write(path, query, drawers.slice(0, -1)));
}
