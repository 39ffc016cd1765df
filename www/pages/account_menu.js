/* Who one is, at the top of every page; and while nobody has to log in, the way to change that. */
import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { unsent as choicesUnsent } from '../lib/choices.js';
import { lockAfter } from '../lib/device.js';
import { html } from '../lib/html.js';
import { toSend } from '../lib/offline.js';
import { link } from '../lib/route.js';
import { leave, lock, may, me } from '../lib/session.js';
import { store, stored } from '../lib/stored.js';
import { nameOf, t } from '../lib/text.js';
import { confirm } from '../parts/confirm.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';

/* Orders and choices that were not sent can only be sent by him. */
export async function logOut() {
  const unsent = [['me.unsent', toSend.value], ['me.unsent_choices', choicesUnsent.value]].filter(([, n]) => n).map(([id, n]) => t(id, { n }));
  const sure = !unsent.length || (await confirm({ title: unsent.join(' \u00b7 '), text: t('me.unsent_text'), ok: t('me.leave') }));
  if (sure) await leave();
}

const Entry = ({ icon, label, ...rest }) => html`<li><${rest.href ? 'a' : 'button'} type=${rest.href ? undefined : 'button'} class="nav-entry" ...${rest}><${Icon} name=${icon} /><span>${label}</span><//></li>`;

function Menu({ onClose }) {
  const { user } = me.value;
  const away = (fn) => () => {
    onClose();
    fn();
  };
  return html`<${Dialog} title=${user ? user.name || user.email : t('me.nobody')} onClose=${onClose}>
    <p class="note">${user ? [user.email, nameOf('role', user.role)].join(' \u00b7 ') : t('me.nobody_text')}</p>
    <ul class="nav-all">
      ${user && html`<${Entry} icon="user" label=${t('me.account')} href=${link('account')} onClick=${onClose} />`}
      <${Entry} icon="sliders" label=${t('nav.settings')} href=${link('settings')} onClick=${onClose} />
      <${Entry} icon="info" label=${t('nav.about')} href=${link('about')} onClick=${onClose} />
      ${user && lockAfter.value > 0 && html`<${Entry} icon="lock" label=${t('me.lock')} onClick=${away(lock)} />`}
      ${user && html`<${Entry} icon="leave" label=${t('me.leave')} onClick=${away(logOut)} />`}
      ${!user && html`<${Entry} icon="key" label=${t('me.first')} href="#/setup" onClick=${onClose} />`}
    </ul>
  <//>`;
}

/* The button stands in the bar, what it opens beside it. */
const open = signal(false);
export function AccountButton() {
  const { user } = me.value;
  const label = t('me.menu', { name: user ? user.name || user.email : t('me.nobody') });
  return html`<button type="button" class="quiet square" aria-haspopup="dialog" aria-label=${label} title=${label} onClick=${() => { open.value = true; }}><${Icon} name="user" /></button>`;
}
export const AccountMenu = () => open.value && html`<${Menu} onClose=${() => { open.value = false; }} />`;

/* Quiet: it goes when it has been read once, and stays in the menu. */
export function OpenBanner() {
  const [gone, setGone] = useState(stored('open_read') === '1');
  if (!me.value.open || gone || !may('people.write')) return null;
  const read = () => {
    store('open_read', '1');
    setGone(true);
  };
  return html`<aside class="open-banner" aria-label=${t('me.nobody')}><${Icon} name="key" /> <span>${t('me.open')}</span> <a href="#/setup">${t('me.first')}</a>
    <button type="button" class="quiet square" aria-label=${t('me.read')} title=${t('me.read')} onClick=${read}><${Icon} name="cross" /></button></aside>`;
}
