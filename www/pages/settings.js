/* Settings: how one's own pages look, on every device; and what is so on this one. */
import { lockAfter, setLockAfter } from '../lib/device.js';
import { html } from '../lib/html.js';
import { here, link, replace, route } from '../lib/route.js';
import { may, me } from '../lib/session.js';
import { density, DENSITIES, range, RANGES, saveLayout, saveSettings, saveWidgets, start, widgets } from '../lib/settings.js';
import { canInstall, install } from '../lib/shell.js';
import { nameOf, t } from '../lib/text.js';
import { keysOn, theme, THEMES } from '../lib/theme.js';
import { Card } from '../parts/card.js';
import { Choice } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { toastFailure } from '../parts/toast.js';
import { BOARDS, NAV, NEEDS } from './index.js';

const MINUTES = [0, 1, 2, 5, 15];

const Part = ({ title, note, children }) => html`<div class="setting"><div><h3>${title}</h3>${note && html`<p class="note">${note}</p>`}</div><div class="setting-of">${children}</div></div>`;
const told = (saving) => saving.catch(toastFailure);

function Looks() {
  const pages = NAV.filter(({ id }) => may(NEEDS[id]));
  return html`<${Card} title=${t('settings.looks')}>
    <${Part} title=${t('settings.theme')}><${Choice} label=${t('settings.theme')} options=${THEMES.map((id) => ({ id, label: t(`theme.${id}`) }))} value=${theme.value} onChange=${(id) => { theme.value = id; }} /><//>
    <${Part} title=${t('settings.density')} note=${t('settings.density_note')}><${Choice} label=${t('settings.density')} options=${DENSITIES.map((id) => ({ id, label: t(`settings.${id}`) }))} value=${density()} onChange=${(id) => told(saveLayout({ density: id }))} /><//>
    <${Part} title=${t('settings.start')} note=${t('settings.start_note')}>
      <select aria-label=${t('settings.start')} value=${start() ?? ''} onChange=${(event) => told(saveLayout({ start: event.target.value || null }))}>
        <option value="">${t('settings.start_first')}</option>
        ${pages.map(({ id }) => html`<option key=${id} value=${id} selected=${id === start()}>${t(`nav.${id}`)}</option>`)}
      </select>
    <//>
    <${Part} title=${t('settings.range')} note=${t('settings.range_note')}><${Choice} label=${t('settings.range')} options=${RANGES.map((id) => ({ id, label: t(`settings.days.${id}`) }))} value=${range()} onChange=${chooseRange} /><//>
  <//>`;
}

/* The figures follow at once: what was chosen for this visit gives way to it. */
function chooseRange(id) {
  told(saveSettings({ default_date_range: id }));
  if (route.value.query.from || route.value.query.to) replace(here({ from: null, to: null }));
}

function Board({ board, parts }) {
  const { order, hidden } = widgets(board);
  const all = [...order.filter((id) => parts.includes(id)), ...parts.filter((id) => !order.includes(id))];
  const save = (change) => told(saveWidgets(board, { order: all, hidden, ...change }));
  const move = (i, by) => {
    const next = [...all];
    next.splice(i + by, 0, ...next.splice(i, 1));
    save({ order: next });
  };
  return html`<${Card} title=${t('settings.widgets', { page: t(`nav.${board}`) })} note=${t('settings.widgets_note')}>
    <ol class="widgets">${all.map((id, i) => {
      const name = nameOf(`widget_${board}`, id);
      return html`<li key=${id} data-widget=${id}>
        <label class="switch"><input type="checkbox" checked=${!hidden.includes(id)} onChange=${(event) => save({ hidden: event.target.checked ? hidden.filter((one) => one !== id) : [...hidden, id] })} /><span>${name}</span></label>
        <button type="button" class="quiet square" disabled=${i === 0} aria-label=${t('settings.up', { name })} onClick=${() => move(i, -1)}><${Icon} name="up" /></button>
        <button type="button" class="quiet square" disabled=${i === all.length - 1} aria-label=${t('settings.down', { name })} onClick=${() => move(i, 1)}><${Icon} name="down" /></button>
      </li>`;
    })}</ol>
  <//>`;
}

const Device = () => html`<${Card} title=${t('settings.device')} note=${t('settings.device_note')}>
  <${Part} title=${t('settings.lock')} note=${t('settings.lock_note')}>
    <select aria-label=${t('settings.lock')} value=${String(lockAfter.value)} onChange=${(event) => setLockAfter(Number(event.target.value))}>
      ${MINUTES.map((n) => html`<option key=${n} value=${String(n)} selected=${n === lockAfter.value}>${n ? t('settings.minutes', { n }) : t('settings.never')}</option>`)}
    </select>
  <//>
  <${Part} title=${t('settings.keys')} note=${t('settings.keys_note')}><label class="switch"><input type="checkbox" checked=${keysOn.value} onChange=${(event) => { keysOn.value = event.target.checked; }} /><span>${t('settings.keys_on')}</span></label><//>
  ${canInstall.value && html`<${Part} title=${t('settings.install')} note=${t('settings.install_note')}><button type="button" class="plain" onClick=${install}><${Icon} name="download" /> ${t('settings.install_do')}</button><//>`}
  ${me.value.user && html`<${Part} title=${t('me.account')} note=${t('settings.account_note')}><a class="plain" href=${link('account')}><${Icon} name="user" /> ${t('me.account')}</a><//>`}
<//>`;

export const Settings = () => html`<div class="page page-narrow">
  <${PageHead} title=${t('page.settings')} note=${t('settings.note')} />
  <${Looks} />
  ${Object.entries(BOARDS).map(([board, parts]) => html`<${Board} key=${board} board=${board} parts=${parts} />`)}
  <${Device} />
</div>`;
