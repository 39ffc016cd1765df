/* A first account, or the first password of one: #/setup/TOKEN is a link that somebody was
** given, good once. Without a token it is the first account of all, made by who sits at the
** machine. */
import { useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { go } from '../lib/route.js';
import { enter, me } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Refusal, Room, Secret, Text } from './door.js';

export function Setup({ id }) {
  const [values, setValues] = useState({ name: '', email: '', password: '' });
  const [state, setState] = useState({});
  const set = (name) => (text) => setValues((all) => ({ ...all, [name]: text }));
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      await enter('/api/auth/setup', { ...(id && { token: id }), name: values.name.trim(), email: values.email.trim(), password: values.password });
      go('#/');
    } catch (error) {
      setState({ error: error.status ? error.message : t('failed.offline.title') });
    }
  };
  const ready = values.email.trim() && values.password && !state.busy;
  return html`<main id="main"><${Room} title=${t(id ? 'setup.title' : 'setup.first')} note=${t(id ? 'setup.note' : 'setup.first_note')}>
    <form class="form" noValidate onSubmit=${submit}>
      ${state.error && html`<${Refusal} text=${state.error} />`}
      <${Text} label=${t('setup.name')} name="name" autocomplete="name" value=${values.name} onInput=${set('name')} />
      <${Text} label=${t('door.email')} name="email" type="email" autocomplete="username" value=${values.email} onInput=${set('email')} />
      <${Secret} label=${t('setup.password')} autocomplete="new-password" value=${values.password} onInput=${set('password')} />
      <p class="note">${t('setup.advice')}</p>
      <button type="submit" class="button door-go" disabled=${!ready}>${t('setup.go')}</button>
    </form>
    ${me.value?.open && html`<p class="door-foot"><a href="#/">${t('setup.later')}</a></p>`}
  <//></main>`;
}
