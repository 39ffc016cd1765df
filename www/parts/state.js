/* What stands where data is not: not yet, none, or not to be had. Each says what
** to do about it. */
import { useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from './icon.js';

export const Skeleton = ({ shape = 'lines', n = 3 }) => html`<div class=${`skeleton skeleton-${shape}`} aria-hidden="true">
  ${Array.from({ length: n }, (_, i) => html`<span key=${i}></span>`)}
</div>`;

/* A command to be typed, with a button that copies it; block: it has several lines. */
export function Command({ text, block }) {
  const [copied, setCopied] = useState(false);
  const copy = () => navigator.clipboard.writeText(text).then(() => {
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  }, () => {});
  return html`<div class=${`command ${block ? 'command-block' : ''}`}>
    <code tabindex="0">${text}</code>
    <button type="button" class="quiet" onClick=${copy}>
      <${Icon} name=${copied ? 'check' : 'copy'} /> <span aria-live="polite">${t(copied ? 'command.copied' : 'command.copy')}</span>
    </button>
  </div>`;
}

/* page: it stands for the whole page, so its title is the page's heading. */
export const Empty = ({ icon = 'file', title, page, children }) => html`<div class="empty">
  <span class="empty-mark"><${Icon} name=${icon} /></span>
  <${page ? 'h1' : 'h2'}>${title}<//>
  ${children}
</div>`;

/* error is a Failure of api.js. */
export function Failed({ error, again, page }) {
  const kind = error.status === 0 ? 'offline' : error.status === 404 ? 'missing' : error.status === 403 ? 'denied' : error.status >= 500 ? 'sick' : 'refused';
  return html`<div class="empty failed" role="alert">
    <span class="empty-mark"><${Icon} name="warn" /></span>
    <${page ? 'h1' : 'h2'}>${t(`failed.${kind}.title`)}<//>
    ${error.message && html`<p class="said">${error.message}</p>`}
    <p>${t(`failed.${kind}.advice`)}</p>
    ${again && html`<button type="button" class="button" onClick=${again}>${t('failed.again')}</button>`}
  </div>`;
}
