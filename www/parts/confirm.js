/* "Are you sure?", for what cannot be taken back by a click elsewhere.
**
**   if (await confirm({ title, text, ok: 'Delete', danger: true })) ...
**
** Confirms stands once, in the frame. */
import { signal } from '@preact/signals';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Dialog } from './dialog.js';

const asked = signal(null);

export const confirm = (question) => new Promise((resolve) => {
  asked.value = { ...question, resolve };
});

export function Confirms() {
  const question = asked.value;
  if (!question) return null;
  const answer = (yes) => {
    asked.value = null;
    question.resolve(yes);
  };
  return html`<${Dialog} title=${question.title} onClose=${() => answer(false)}>
    ${question.text && html`<p>${question.text}</p>`}
    <div class="dialog-foot">
      <button type="button" class="plain" onClick=${() => answer(false)}>${t('confirm.cancel')}</button>
      <button type="button" class=${`button ${question.danger ? 'danger' : ''}`} onClick=${() => answer(true)}>${question.ok}</button>
    </div>
  <//>`;
}
