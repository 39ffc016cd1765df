/* A new password: of one's own will (a form on the page of the account), or because the present
** one was given out by somebody else. */
import { useState } from 'preact/hooks';
import { atDoor } from '../lib/api.js';
import { html } from '../lib/html.js';
import { begin, leave } from '../lib/session.js';
import { t } from '../lib/text.js';
import { toast, toastFailure } from '../parts/toast.js';
import { Refusal, Room, Secret } from './door.js';

export function PasswordChange({ onDone }) {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      await atDoor.post('/api/auth/password', { old, new: fresh });
      setOld('');
      setFresh('');
      setState({});
      toast({ text: t('account.changed') });
      onDone?.();
    } catch (error) {
      setState({ error: error.status ? error.message : t('failed.offline.title') });
    }
  };
  return html`<form class="form" noValidate onSubmit=${submit}>
    ${state.error && html`<${Refusal} text=${state.error} />`}
    <${Secret} label=${t('account.old')} name="old" autocomplete="current-password" value=${old} onInput=${setOld} />
    <${Secret} label=${t('account.new')} name="new" autocomplete="new-password" value=${fresh} onInput=${setFresh} />
    <p class="note">${t('setup.advice')}</p>
    <div class="form-foot"><button type="submit" class="button" disabled=${!old || !fresh || state.busy}>${t('account.change')}</button></div>
  </form>`;
}

export const FirstPassword = () => html`<main id="main"><${Room} title=${t('account.first')} note=${t('account.first_note')}>
  <${PasswordChange} onDone=${begin} />
  <p class="door-foot"><button type="button" class="quiet" onClick=${() => leave().catch(toastFailure)}>${t('account.leave')}</button></p>
<//></main>`;
