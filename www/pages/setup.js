/* A first account, or the first password of one.
**
**   #/setup/TOKEN   a link that somebody was given, good once: for the first account of all, or for
**                   one that is there already and wants a password
**   #/setup         the first account, made by who sits at the machine while nobody has to log in */
import { useState } from 'preact/hooks';
import { address, atDoor } from '../lib/api.js';
import { html } from '../lib/html.js';
import { enter, me } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Refusal, Room, Secret, Text } from './door.js';

const FIRST_ROLE = 'admin';
const HOME = '#/';

async function make(token, { name, email, password }) {
  const who = { ...(name && { name }), ...(email && { email }), password };
  if (token) return enter('/api/auth/setup', { token, ...who }, HOME);
  await atDoor.post(address('/api/users'), { ...who, role: FIRST_ROLE });
  return enter('/api/auth/login', { email, password }, HOME);
}

export function Setup({ id }) {
  const [values, setValues] = useState({ name: '', email: '', password: '' });
  const [state, setState] = useState({});
  const first = !id || me.value?.setup || me.value?.open;
  const set = (name) => (text) => setValues((all) => ({ ...all, [name]: text }));
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      await make(id, { name: values.name.trim(), email: values.email.trim(), password: values.password });
    } catch (error) {
      setState({ error: error.status ? error.message : t('failed.offline.title') });
    }
  };
  const ready = (!first || values.email.trim()) && values.password && !state.busy;
  return html`<main id="main"><${Room} title=${t(first ? 'setup.first' : 'setup.title')} note=${t(first ? 'setup.first_note' : 'setup.note')}>
    <form class="form" noValidate onSubmit=${submit}>
      ${state.error && html`<${Refusal} text=${state.error} />`}
      ${first && html`<${Text} label=${t('setup.name')} name="name" autocomplete="name" value=${values.name} onInput=${set('name')} />
        <${Text} label=${t('door.email')} name="email" type="email" autocomplete="username" value=${values.email} onInput=${set('email')} />`}
      <${Secret} label=${t('setup.password')} autocomplete="new-password" value=${values.password} onInput=${set('password')} />
      <p class="note">${t('setup.advice')}</p>
      <button type="submit" class="button door-go" disabled=${!ready}>${t('setup.go')}</button>
    </form>
    ${me.value?.open && html`<p class="door-foot"><a href="#/">${t('setup.later')}</a></p>`}
  <//></main>`;
}
