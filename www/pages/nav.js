/* The navigation: a rail beside the page, or a bar below it on a narrow screen, whose
** last place opens all the rest. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { unsent } from '../lib/choices.js';
import { dataset } from '../lib/dataset.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { imports, running, useLive } from '../lib/live.js';
import { at, link, route } from '../lib/route.js';
import { may } from '../lib/session.js';
import { start } from '../lib/settings.js';
import { t } from '../lib/text.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { FIRST_MOST, NAV, NEEDS, PAGES } from './index.js';

export const Mark = () => html`<svg class="mark-logo" viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="8" />
  <path class="roof" d="M9 24V13l7-5 7 5v11" />
  <path class="sign" d="m12.5 18.2 2.7 2.7 4.6-5.2" />
</svg>`;

/* Where somebody begins: where he wants to, where the figures of his files are, or else with the
** first page that he may open. */
export const home = () => {
  const open = NAV.filter(({ id }) => may(NEEDS[id]));
  const usual = dataset.value === 'invoices' ? 'dashboard' : null;
  return (open.find(({ id }) => id === start()) ?? open.find(({ id }) => id === usual) ?? open[0] ?? NAV[0]).id;
};

const isHere = (path) => route.value.path === path || (!path.includes('/') && route.value.page === path) || (!route.value.page && path === home());

function Entry({ path, icon, label, mark, of = 'running', onGo }) {
  return html`<li>
    <a class="nav-entry" href=${link(path, path === 'imports' ? {} : undefined)} aria-current=${isHere(path) ? 'page' : undefined} onClick=${onGo}>
      <${Icon} name=${icon} /><span>${label}</span>${mark > 0 && html`<span class="nav-mark">${count(mark)}<span class="hidden"> ${t(`nav.${of}`)}</span></span>`}
    </a>
  </li>`;
}

/* Conflicts that nobody has decided, here or on the server. */
function useToDecide() {
  const { answer } = useLive(may('sync.read') ? address('/api/sync/conflicts', { limit: 1 }) : null, ['sync_conflicts']);
  const open = useKept(answer)?.total ?? 0;
  return Math.max(0, open - unsent.value);
}

function useEntries() {
  const tabsToo = PAGES.tab && may('data.read');
  const { answer } = useLive(tabsToo ? address('/api/records/tab') : null, ['tab']);
  const tabs = (answer?.data ?? []).map((tab) => ({ path: at('tab', tab.id), icon: 'board', label: tab.title ?? tab.name ?? tab.id, part: 'tabs' }));
  const busy = imports.value && running().length;
  const marks = { imports: { mark: busy }, conflicts: { mark: useToDecide(), of: 'to_decide' } };
  const fixed = NAV.filter(({ id }) => may(NEEDS[id])).map((entry) => ({ ...entry, path: entry.id, label: t(`nav.${entry.id}`), ...marks[entry.id] }));
  const more = tabsToo && may('data.write') ? [{ path: 'tab/new', icon: 'plus', label: t('nav.new_tab'), part: 'tabs' }] : [];
  return [...fixed, ...tabs, ...more];
}

const PARTS = [undefined, 'shop', 'tabs', 'stock', 'data', 'work', 'house'];

function All({ entries, onGo }) {
  return PARTS.map((part) => {
    const own = entries.filter((entry) => entry.part === part);
    if (!own.length) return null;
    return html`${part && html`<h2 class="nav-part" id=${`nav-${part}`}>${t(`nav.part.${part}`)}</h2>`}
      <ul aria-labelledby=${part && `nav-${part}`}>${own.map((entry) => html`<${Entry} key=${entry.path} ...${entry} onGo=${onGo} />`)}</ul>`;
  });
}

const ROOM = 32; /* px between what is shown and the rail's edge */

/* Of a long rail, the part is shown where one is. Not by scrollIntoView: in some Chromiums Tab goes on from what
   was shown by it, past the link to the content. */
export function Rail() {
  const own = useRef(null);
  const entries = useEntries();
  const { path } = route.value;
  useEffect(() => {
    const here = own.current.querySelector('[aria-current]')?.getBoundingClientRect();
    const rail = own.current.getBoundingClientRect();
    if (here) own.current.scrollTop += Math.min(0, here.top - ROOM - rail.top) + Math.max(0, here.bottom + ROOM - rail.bottom);
  }, [path, entries.length]);
  return html`<nav class="rail" aria-label=${t('nav.label')} ref=${own}>
    <a class="brand" href=${link(home())}><${Mark} /><span>${t('product')}</span></a>
    <${All} entries=${entries} />
  </nav>`;
}

export function Bar() {
  const [open, setOpen] = useState(false);
  const entries = useEntries();
  const selling = dataset.value === 'invoices'; /* what is looked at most stands first */
  const first = entries.filter((entry) => entry.first).sort((a, b) => selling * ((b.part === 'shop') - (a.part === 'shop'))).slice(0, FIRST_MOST);
  const here = entries.find((entry) => isHere(entry.path));
  const marked = entries.some((entry) => entry.mark > 0 && !first.includes(entry));
  return html`<nav class="bar-nav" aria-label=${t('nav.label')}>
    <ul>
      ${first.map((entry) => html`<${Entry} key=${entry.path} ...${entry} />`)}
      <li>
        <button type="button" class="nav-entry" aria-haspopup="dialog" data-here=${here && !first.includes(here) ? 'true' : undefined} onClick=${() => setOpen(true)}>
          <${Icon} name="more" /><span>${t('nav.more')}</span>${marked && html`<span class="nav-mark nav-dot"><span class="hidden">${t('nav.new')}</span></span>`}
        </button>
      </li>
    </ul>
    ${open && html`<${Dialog} title=${t('nav.all')} onClose=${() => setOpen(false)}>
      <div class="nav-all"><${All} entries=${entries} onGo=${() => setOpen(false)} /></div>
    <//>`}
  </nav>`;
}
