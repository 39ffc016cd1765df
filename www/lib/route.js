/* Where the reader is, in the address: #/runs/ID/TAB?tenant=SLUG&category=NAME. */
import { signal } from '@preact/signals';

function read() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [, run, tab] = path.split('/').map(decodeURIComponent);
  return { run: run || null, tab: tab || null, query: Object.fromEntries(new URLSearchParams(query)) };
}

export const route = signal(read());
addEventListener('hashchange', () => {
  route.value = read();
});

/* The tenant goes along with every link, the rest of the query does not. */
export function link({ run, tab, ...query } = {}) {
  const path = ['runs', run, run && tab].filter(Boolean).map(encodeURIComponent).join('/');
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries({ tenant: route.value.query.tenant, ...query })) if (value) all.set(name, value);
  return `#/${path}${all.size ? `?${all}` : ''}`;
}

export function go(to) {
  location.hash = link(to);
}
