/* The door: a password, or on the shop floor a badge and a PIN.
**
** over: somebody's page lies behind it; he goes on where he was. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { slowed } from '../lib/api.js';
import { lockAfter } from '../lib/device.js';
import { html } from '../lib/html.js';
import { route } from '../lib/route.js';
import { enter, me } from '../lib/session.js';
import { store, stored } from '../lib/stored.js';
import { asWritten, t } from '../lib/text.js';
import { Choice } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { Mark } from './nav.js';
import { PinPad } from './pin_pad.js';

const WAYS = ['password', 'pin'];

/* ---- the room around it ---- */

export function Room({ title, note, wide, children }) {
  useEffect(() => {
    document.title = t('title', { source: title });
  }, [title]);
  return html`<div class="door-room"><div class=${`door ${wide ? 'door-wide' : ''}`}>
    <p class="door-brand"><${Mark} /> <span>${t('product')}</span></p>
    <h1>${title}</h1>
    ${note && html`<p class="page-note">${note}</p>`}
    ${children}
  </div></div>`;
}

/* Over a page: nothing of it can be reached or seen before somebody is in again. */
function Veil({ children }) {
  const own = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    own.current.showModal();
    return () => before?.isConnected && before.focus({ preventScroll: true });
  }, []);
  return html`<dialog ref=${own} class="door-veil" onCancel=${(event) => event.preventDefault()} aria-label=${t('door.title')}>${children}</dialog>`;
}

/* ---- by password ---- */

export function Secret({ label, name = 'password', autocomplete, value, onInput, first }) {
  const id = useId();
  const [seen, setSeen] = useState(false);
  return html`<div class="form-field">
    <label for=${id}>${label}</label>
    <div class="secret">
      <input id=${id} name=${name} type=${seen ? 'text' : 'password'} autocomplete=${autocomplete} autocapitalize="none" spellcheck="false" autofocus=${first} value=${value} onInput=${(event) => onInput(event.target.value)} />
      <button type="button" class="quiet square" aria-pressed=${String(seen)} aria-label=${t('door.see')} title=${t('door.see')} onClick=${() => setSeen(!seen)}><${Icon} name=${seen ? 'eye_off' : 'eye'} /></button>
    </div>
  </div>`;
}

/* first: the cursor begins there, in a dialog, too. */
export function Text({ label, name, type = 'text', autocomplete, value, onInput, first }) {
  const id = useId();
  return html`<div class="form-field">
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} type=${type} autocomplete=${autocomplete} autocapitalize="none" spellcheck="false" autofocus=${first} value=${value} onInput=${(event) => onInput(event.target.value)} />
  </div>`;
}

export const Refusal = ({ text }) => html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span class=${asWritten(text)}>${text}</span></p>`;

/* { busy, error, tenantWanted, go(body) }: one attempt after the other. */
function useAttempt(path) {
  const [state, setState] = useState({});
  const go = async (body) => {
    setState((s) => ({ ...s, busy: true, error: null }));
    try {
      await enter(path, body);
      setState({});
    } catch (error) {
      setState((s) => ({ tenantWanted: s.tenantWanted || 'tenant' in error.fields, error: error.status ? error.message : t('failed.offline.title') }));
    }
  };
  return { ...state, go };
}

function useTenant() {
  const [tenant, setTenant] = useState(route.value.query.tenant ?? stored('tenant') ?? '');
  const set = (slug) => {
    setTenant(slug);
    store('tenant', slug || null);
  };
  return [tenant, set];
}

function PasswordForm({ over }) {
  const [email, setEmail] = useState(over ? me.value.user.email : '');
  const [password, setPassword] = useState('');
  const [tenant, setTenant] = useTenant();
  const { busy, error, tenantWanted, go } = useAttempt('/api/auth/login');
  const own = useRef(null);
  useEffect(() => {
    own.current.querySelector(over ? '[name="password"]' : '[name="email"]').focus();
  }, []);
  useEffect(() => {
    if (error && !tenantWanted) own.current.querySelector('[name="password"]').select();
  }, [error]);
  const submit = (event) => {
    event.preventDefault();
    if (!busy) go({ email: email.trim(), password, ...(tenant && { tenant }) });
  };
  return html`<form class="form" ref=${own} noValidate onSubmit=${submit}>
    ${error && html`<${Refusal} text=${error} />`}
    <${Text} label=${t('door.email')} name="email" type="email" autocomplete="username" value=${email} onInput=${setEmail} />
    <${Secret} label=${t('door.password')} autocomplete="current-password" value=${password} onInput=${setPassword} first=${over} />
    ${(tenantWanted || tenant) && html`<${Text} label=${t('bar.tenant')} name="tenant" autocomplete="organization" value=${tenant} onInput=${setTenant} />`}
    <button type="submit" class="button door-go" disabled=${busy || !email.trim() || !password}>${t(busy ? 'door.entering' : 'door.enter')}</button>
  </form>`;
}

function PinForm() {
  const [tenant, setTenant] = useTenant();
  const { busy, error, tenantWanted, go } = useAttempt('/api/auth/pin');
  return html`
    ${error && html`<${Refusal} text=${error} />`}
    ${(tenantWanted || tenant) && html`<${Text} label=${t('bar.tenant')} name="tenant" value=${tenant} onInput=${setTenant} />`}
    <${PinPad} busy=${busy} failed=${error} onDone=${(user, pin) => go({ user, pin, ...(tenant && { tenant }) })} />`;
}

/* ---- both ---- */

function Ways({ over }) {
  const [way, setWay] = useState(stored('way') ?? (lockAfter.value ? 'pin' : 'password'));
  const choose = (id) => {
    setWay(id);
    store('way', id);
  };
  const who = over && me.value.user;
  return html`<${Room} title=${t(over ? 'door.again' : 'door.title')} note=${who && t('door.kept', { name: who.name || who.email })}>
    <${Choice} label=${t('door.way')} options=${WAYS.map((id) => ({ id, label: t(`door.by.${id}`) }))} value=${way} onChange=${choose} />
    ${way === 'pin' ? html`<${PinForm} />` : html`<${PasswordForm} over=${over} />`}
    ${slowed.value > 0 && html`<p class="note" role="status">${t('door.slow')}</p>`}
    ${!over && html`<p class="door-foot"><a href="#/trust">${t('door.trust')}</a></p>`}
  <//>`;
}

export const Door = ({ over }) => (over ? html`<${Veil}><${Ways} over /><//>` : html`<main id="main"><${Ways} /></main>`);
