/* The frame: bar at the top, list of runs, report; and who the tenant is. */
import { useEffect, useState } from 'preact/hooks';
import { address, useAnswer } from '../lib/api.js';
import { html } from '../lib/html.js';
import { go, route } from '../lib/route.js';
import { wide } from '../lib/screen.js';
import { t } from '../lib/text.js';
import { keysOn, nextTheme, theme } from '../lib/theme.js';
import { Icon } from '../parts/icon.js';
import { Command, Empty, Failed } from '../parts/state.js';
import { Help } from './help.js';
import { Report } from './report.js';
import { RunList } from './runs.js';

const POLL_MS = 5000;
const RUNS_AT_ONCE = 50;
const THEME_ICON = { system: 'screen', light: 'sun', dark: 'moon' };

const Mark = () => html`<svg class="mark-logo" viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="8" />
  <path class="roof" d="M9 24V13l7-5 7 5v11" />
  <path class="proof" d="m12.5 18.2 2.7 2.7 4.6-5.2" />
</svg>`;

const TenantChoice = ({ tenants, slug }) => html`<label class="tenant">
  <span class="hidden">${t('bar.tenant')}</span>
  <select value=${slug} onChange=${(event) => go({ tenant: event.target.value })}>
    ${tenants.map((one) => html`<option key=${one.slug} value=${one.slug}>${one.name || one.slug}</option>`)}
  </select>
</label>`;

function Top({ tenants, slug, offline, onHelp }) {
  const only = tenants?.length === 1 ? tenants[0] : null;
  return html`<header class="top">
    <a class="brand" href="#/"><${Mark} /><span>${t('product')}</span></a>
    ${only && html`<span class="tenant-name">${only.name || only.slug}</span>`}
    ${tenants?.length > 1 && html`<${TenantChoice} tenants=${tenants} slug=${slug} />`}
    <span class="top-space"></span>
    <span class="connection" role="status">${offline && html`<span class="badge tone-bad">${t('bar.offline')}</span>`}</span>
    <button type="button" class="quiet" onClick=${nextTheme} aria-label=${t('bar.theme', { theme: t(`theme.${theme.value}`) })} title=${t('bar.theme', { theme: t(`theme.${theme.value}`) })}>
      <${Icon} name=${THEME_ICON[theme.value]} /><span class="top-word">${t(`theme.${theme.value}`)}</span>
    </button>
    <button type="button" class="quiet" onClick=${onHelp} aria-keyshortcuts="?">
      <${Icon} name="help" /><span class="top-word">${t('bar.help')}</span>
    </button>
  </header>`;
}

const NoTenant = () => html`<${Empty} page icon="screen" title=${t('empty.tenants.title')}>
  <p>${t('empty.tenants.advice')}</p>
  <${Command} text=${t('empty.tenants.command')} />
<//>`;

const NoRuns = ({ slug }) => html`<${Empty} page title=${t('empty.runs.title')}>
  <p>${t('empty.runs.advice')}</p>
  <${Command} text=${t('empty.runs.command', { tenant: slug })} />
  <p class="note">${t('empty.runs.sample')}</p>
  <${Command} text=${t('empty.runs.generate', { tenant: slug })} />
<//>`;

/* The list and the report, or on a narrow screen one of them. */
function Runs({ tenant, slug }) {
  const [limit, setLimit] = useState(RUNS_AT_ONCE);
  const { answer, error, again } = useAnswer(address('/api/runs', { tenant, limit }), POLL_MS);
  const runs = answer?.data;
  const chosen = route.value.run ?? (wide.value ? runs?.[0]?.run : null);
  if (runs && !runs.length) return html`<main id="main" class="whole" tabindex="-1"><${NoRuns} slug=${slug} /></main>`;
  if (error && !runs) return html`<main id="main" class="whole" tabindex="-1"><${Failed} page error=${error} again=${again} /></main>`;
  const list = html`<${RunList} runs=${runs} total=${answer?.total} chosen=${chosen} onMore=${() => setLimit(limit + RUNS_AT_ONCE)} />`;
  const report = html`<main id="main" tabindex="-1"><${Report} key=${chosen} id=${chosen} tenant=${tenant} summary=${runs?.find((r) => r.run === chosen)} /></main>`;
  if (wide.value) return html`<div class="sides">${list}${report}</div>`;
  return chosen ? report : html`<main id="main" class="whole" tabindex="-1">${list}</main>`;
}

function useKeys(onHelp) {
  useEffect(() => {
    const onKey = (event) => {
      const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== 'radio';
      if (!keysOn.value || typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if (event.key === '?') onHelp();
      if (event.key === 't') nextTheme();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

export function App() {
  const [help, setHelp] = useState(false);
  const { answer, error, again } = useAnswer('/api/tenants', POLL_MS);
  const tenants = answer?.data;
  const slug = route.value.query.tenant ?? tenants?.[0]?.slug;
  const tenant = tenants?.length > 1 || route.value.query.tenant ? slug : null;
  useKeys(() => setHelp(true));

  let body = null;
  if (tenants && !tenants.length) body = html`<main id="main" class="whole" tabindex="-1"><${NoTenant} /></main>`;
  else if (tenants) body = html`<${Runs} key=${tenant} tenant=${tenant} slug=${slug} />`;
  else if (error) body = html`<main id="main" class="whole" tabindex="-1"><${Failed} page error=${error} again=${again} /></main>`;
  const skip = (event) => {
    event.preventDefault(); /* the address is the route's */
    document.getElementById('main')?.focus();
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t('bar.skip')}</a>
    <${Top} tenants=${tenants} slug=${slug} offline=${!!error && !!tenants} onHelp=${() => setHelp(true)} />
    ${body}
    ${help && html`<${Help} onClose=${() => setHelp(false)} />`}
  `;
}
