/* The top of a page: its heading (the only h1), what it is about, and its buttons.
** back is { href, label }: the page that this one belongs to. */
import { useEffect } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from './icon.js';

export function PageHead({ title, note, back, badge, actions, children }) {
  useEffect(() => {
    document.title = t('title', { source: title });
  }, [title]);
  return html`<header class="page-head">
    ${back && html`<a class="back" href=${back.href}><${Icon} name="back" /> ${back.label}</a>`}
    <div class="page-title">
      <h1 tabindex="-1">${title}</h1>
      ${badge}
      ${actions && html`<div class="actions">${actions}</div>`}
    </div>
    ${note && html`<p class="page-note">${note}</p>`}
    ${children}
  </header>`;
}
