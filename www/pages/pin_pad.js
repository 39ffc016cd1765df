/* A badge and a PIN, with large keys for hands in gloves; the keyboard does the same, and a
** scanner's burst is the badge. The PIN goes off by itself when Enter follows. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { useScan } from '../lib/scan.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'back', '0', 'go'];

function Key({ id, onKey, disabled }) {
  if (id === 'back') return html`<button type="button" class="key key-act" aria-label=${t('door.key.back')} onClick=${() => onKey('back')}><${Icon} name="back" /></button>`;
  if (id === 'go') return html`<button type="submit" class="key key-go" disabled=${disabled} aria-label=${t('door.key.go')}><${Icon} name="check" /></button>`;
  return html`<button type="button" class="key" onClick=${() => onKey(id)}>${id}</button>`;
}

export function PinPad({ busy, failed, onDone }) {
  const [user, setUser] = useState('');
  const [pin, setPin] = useState('');
  const [at, setAt] = useState('user');
  const field = useRef(null);
  const id = useId();
  useEffect(() => {
    field.current.focus();
  }, [at]);
  useEffect(() => {
    if (failed) setPin('');
  }, [failed]);
  useScan((code) => {
    setUser(code);
    setPin('');
    setAt('pin');
  });
  const pinNow = at === 'pin';
  const value = pinNow ? pin : user;
  const set = pinNow ? setPin : setUser;
  const back = () => {
    if (value) set(value.slice(0, -1));
    else setAt('user');
  };
  const key = (what) => {
    if (what === 'back') back();
    else set(value + what);
    field.current.focus();
  };
  const submit = (event) => {
    event.preventDefault();
    if (!value.trim() || busy) return;
    if (pinNow) onDone(user.trim(), pin);
    else setAt('pin');
  };
  return html`<form class="pad" noValidate onSubmit=${submit}>
    ${pinNow && html`<p class="pad-who"><${Icon} name="user" /> <strong>${user}</strong> <button type="button" class="quiet" onClick=${() => { setPin(''); setAt('user'); }}>${t('door.other')}</button></p>`}
    <label for=${id}>${t(pinNow ? 'door.pin' : 'door.badge')}</label>
    <input key=${at} id=${id} ref=${field} class="pad-field" name=${pinNow ? 'pin' : 'badge'} type=${pinNow ? 'password' : 'text'} inputmode=${pinNow ? 'none' : undefined} autocomplete="off" autocapitalize="none" spellcheck="false" value=${value} onInput=${(event) => set(event.target.value)} />
    <div class="pad-keys" role="group" aria-label=${t('door.keys')}>${KEYS.map((one) => html`<${Key} key=${one} id=${one} onKey=${key} disabled=${busy || !value.trim()} />`)}</div>
    ${!pinNow && html`<p class="note"><${Icon} name="scan" /> ${t('door.scan')}</p>`}
  </form>`;
}
