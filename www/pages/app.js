/* The frame: navigation, the bar at the top, the page, the drawers over it; and who
** the tenant is. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, reachable, slowed, tenant, useAnswer } from '../lib/api.js';
import { dataset, there } from '../lib/dataset.js';
import { html } from '../lib/html.js';
import { useKeys } from '../lib/keys.js';
import { connect, live, running, useLive } from '../lib/live.js';
import { refused, toSend } from '../lib/offline.js';
import { closeDrawer, go, here, link, replace, route } from '../lib/route.js';
import { wide } from '../lib/screen.js';
import { may, onLeave } from '../lib/session.js';
import { followSettings, range, rangeOf } from '../lib/settings.js';
import { store, stored } from '../lib/stored.js';
import { t } from '../lib/text.js';
import { nextTheme, theme } from '../lib/theme.js';
import { Confirms } from '../parts/confirm.js';
import { useFileDrop } from '../parts/drop_zone.js';
import { Icon } from '../parts/icon.js';
import { Command, Empty, Failed } from '../parts/state.js';
import { Toasts } from '../parts/toast.js';
import { AccountButton, AccountMenu, OpenBanner } from './account_menu.js';
import { Help } from './help.js';
import { DRAWERS, NAV, NEEDS, NEEDS_DATA, PAGES } from './index.js';
import { bringFile, forget } from './import_draft.js';
import { Bar, home, Mark, Rail } from './nav.js';
import { Welcome } from './welcome.js';

const TENANTS_POLL_MS = 30000;
const AWAY_POLL_MS = 5000; /* while there is nothing to be seen */
const LATELY = 20; /* runs that say which datasets there are files of */
const THEME_ICON = { system: 'screen', light: 'sun', dark: 'moon' };
const LIVE_TONE = { live: 'ok', polling: 'warn', slowed: 'warn', offline: 'bad' };

/* ---- the bar at the top ---- */

const TenantChoice = ({ tenants, slug }) => html`<label class="tenant">
  <span class="hidden">${t('bar.tenant')}</span>
  <select value=${slug} onChange=${(event) => go(`#/?tenant=${encodeURIComponent(event.target.value)}`)}>
    ${tenants.map((one) => html`<option key=${one.slug} value=${one.slug} selected=${one.slug === slug}>${one.name || one.slug}</option>`)}
  </select>
</label>`;

const Connection = ({ state }) => html`<span class=${`connection connection-${LIVE_TONE[state]}`} role="status" title=${t(`live.${state}.help`)}>
  <span class="dot" aria-hidden="true"></span><span class="top-word">${t(`live.${state}.word`)}</span>
</span>`;

/* What waits goes by itself; what was refused waits for somebody, and is told first. */
function ToSend() {
  const words = refused.value ? t('bar.refused', { n: refused.value }) : t('bar.to_send', { n: toSend.value });
  return html`<a class=${`quiet to-send ${refused.value ? 'to-send-refused' : ''}`} href=${link('waiting')} aria-label=${words}><${Icon} name=${refused.value ? 'warn' : 'queue'} /> ${wide.value ? words : refused.value || toSend.value}</a>`;
}

function Top({ tenants, slug, state, onHelp }) {
  const only = tenants?.length === 1 ? tenants[0] : null;
  const colours = t('bar.theme', { theme: t(`theme.${theme.value}`) });
  return html`<header class="top">
    ${!wide.value && html`<a class="brand" href=${link(home())} aria-label=${t('product')}><${Mark} /></a>`}
    ${only && html`<span class="tenant-name">${only.name || only.slug}</span>`}
    ${tenants?.length > 1 && html`<${TenantChoice} tenants=${tenants} slug=${slug} />`}
    <span class="top-space"></span>
    ${toSend.value > 0 && html`<${ToSend} />`}
    <${Connection} state=${slowed.value ? 'slowed' : state} />
    <button type="button" class="quiet square" onClick=${nextTheme} aria-label=${colours} title=${colours}><${Icon} name=${THEME_ICON[theme.value]} /></button>
    <button type="button" class="quiet square" onClick=${onHelp} aria-keyshortcuts="?" aria-label=${t('bar.help')} title=${t('bar.help')}><${Icon} name="help" /></button>
    <${AccountButton} />
    ${may('data.write') && html`<a class="button import-button" href=${link('imports/new')} aria-keyshortcuts="i"><${Icon} name="upload" /><span>${t('bar.import')}</span></a>`}
  </header>`;
}

/* ---- the page ---- */

const NoTenant = () => html`<${Empty} page icon="screen" title=${t('empty.tenants.title')}>
  <p>${t('empty.tenants.advice')}</p>
  <${Command} text=${t('empty.tenants.command')} />
<//>`;

const NoPage = () => html`<${Empty} page icon="search" title=${t('failed.missing.title')}>
  <p>${t('failed.missing.advice')}</p>
  <a class="button" href=${link(home())}>${t(`page.${home()}`)}</a>
<//>`;

const NotForYou = ({ need }) => html`<${Empty} page icon="lock" title=${t('failed.denied.title')}>
  <p>${t('failed.denied.need', { need })}</p>
  <a class="button" href=${link(home())}>${t(`page.${home()}`)}</a>
<//>`;

/* What an old bookmark meant: #/runs/ID/TAB. */
function moved({ page, id, query }) {
  if (page !== 'runs') return null;
  const [run, tab] = (id ?? '').split('/');
  const scope = run && run !== 'latest' ? { ...query, run } : query;
  return tab || !run ? link(tab || 'sales', scope) : link(`imports/${run}`, query);
}

function Page() {
  const { page, id, query } = route.value;
  const name = page ?? home();
  const known = useLive(may('data.read') ? address('/api/runs', { limit: LATELY }) : null, ['run']);
  useEffect(() => { there.value = [...new Set((known.answer?.data ?? []).map((run) => run.dataset))]; }, [known.answer]);
  const busy = name === 'imports' && (id || running().length); /* the first import goes on, or begins */
  const none = known.answer?.total === 0 && NEEDS_DATA.includes(name) && !busy;
  const elsewhere = moved(route.value);
  useEffect(() => {
    if (elsewhere) location.replace(elsewhere);
  }, [elsewhere]);
  if (elsewhere) return null;
  const Own = PAGES[name];
  if (!Own) return html`<${NoPage} />`;
  if (!may(NEEDS[name])) return html`<${NotForYou} need=${NEEDS[name]} />`;
  if (known.error && !known.answer && NEEDS_DATA.includes(name)) return html`<${Failed} page error=${known.error} again=${known.again} />`;
  if (!known.answer && NEEDS_DATA.includes(name)) return null;
  if (none) return html`<${Welcome} />`;
  return html`<${Own} key=${`${name}/${id}`} id=${id} query=${query} />`;
}

/* They lie over the page one upon the other; only the uppermost closes. The one of
** exceptions stays while it goes on from one to the next. */
const Drawers = () => route.value.drawers.map(({ kind, value }, i) => {
  const Own = DRAWERS[kind];
  return Own && html`<${Own} key=${kind === 'exception' ? i : `${kind}=${value}`} value=${value} onClose=${closeDrawer} />`;
});

/* ---- keys ---- */

const onKey = (commands) => (key) => {
  const digit = /^[1-9]$/.test(key) && NAV.filter(({ id }) => may(NEEDS[id]))[Number(key) - 1];
  if (digit) go(link(digit.id));
  else commands[key]?.();
};

/* Another page begins at its top, and the reader at its beginning. */
function useArrival() {
  const { path } = route.value;
  const [before, setBefore] = useState(path);
  useEffect(() => {
    if (before === path) return;
    setBefore(path);
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [path]);
}

function Body({ tenants, error, again }) {
  if (tenants && !tenants.length) return html`<${NoTenant} />`;
  if (tenants) return html`<${Page} key=${tenant.value} />`;
  return error ? html`<${Failed} page error=${error} again=${again} />` : null;
}

/* The days that somebody wants to see at first, where the address names none. Once: who then chooses
** all days has them. */
function useDefaultDays() {
  const { page, query } = route.value;
  const wanted = range();
  const done = useRef('all');
  const set = useRef([]); /* from and to, as they were put into the address here */
  const [from, to] = set.current;
  const chosen = query.run || ((query.from || query.to) && (query.from !== from || query.to !== to));
  if (wanted === 'all' || chosen) done.current = wanted;
  const open = done.current !== wanted && may('data.read') && NEEDS_DATA.includes(page ?? home());
  const last = useLive(open ? address('/api/figures', { as: dataset.value }) : null).answer?.data.last_day;
  useEffect(() => {
    if (!open || !last) return;
    done.current = wanted;
    set.current = rangeOf(wanted, last);
    replace(here({ from: set.current[0], to: set.current[1] }));
  }, [open, last, wanted]);
}

/* The page opens without the server, too: with what there was. */
const TENANTS = 'tenants';
function useLastKnown(tenants) {
  useEffect(() => {
    if (tenants?.length) store(TENANTS, JSON.stringify(tenants));
  }, [tenants]);
  return tenants ?? JSON.parse(stored(TENANTS, 'null')) ?? undefined;
}
onLeave(() => store(TENANTS, null));

export function Frame() {
  const [help, setHelp] = useState(false);
  const known = useRef(false);
  const { answer, error, again } = useAnswer('/api/tenants', known.current && reachable.value ? TENANTS_POLL_MS : AWAY_POLL_MS);
  known.current = answer?.data.length > 0;
  const tenants = useLastKnown(answer?.data);
  const slug = route.value.query.tenant ?? tenants?.[0]?.slug;
  tenant.value = tenants?.length > 1 || route.value.query.tenant ? slug : null;
  const over = useFileDrop(bringFile);
  useState(() => PAGES[route.value.page ?? home()]?.begin(route.value.id).catch(() => {})); /* it comes while the rest is asked for */
  useDefaultDays();
  useKeys(onKey({ '?': () => setHelp(true), t: nextTheme, i: () => go(link('imports/new')) }));
  useArrival();
  useEffect(() => {
    if (!slug) return undefined;
    connect();
    followSettings();
    return forget; /* a file half imported is the other tenant's */
  }, [slug]);

  const skip = (event) => {
    event.preventDefault(); /* the address is the route's */
    document.getElementById('main')?.focus();
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t('bar.skip')}</a>
    <div class="frame">
      ${wide.value && html`<${Rail} key=${slug} />`}
      <div class="side">
        <${Top} tenants=${tenants} slug=${slug} state=${error && tenants ? 'offline' : live.value} onHelp=${() => setHelp(true)} />
        <${OpenBanner} />
        <main id="main" tabindex="-1"><${Body} tenants=${tenants} error=${error} again=${again} /></main>
      </div>
      ${!wide.value && html`<${Bar} key=${slug} />`}
    </div>
    ${tenants?.length > 0 && html`<${Drawers} />`}
    <${AccountMenu} />
    ${help && html`<${Help} onClose=${() => setHelp(false)} />`}
    ${over && html`<div class="drop-veil" aria-hidden="true"><${Icon} name="upload" /><p>${t('drop.anywhere')}</p></div>`}
    <${Confirms} />
    <${Toasts} />
  `;
}
