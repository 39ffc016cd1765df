/* How far something has come: share is a part of 1, or null while it is not known. */
import { html } from '../lib/html.js';

export function Progress({ label, share, note, tone }) {
  const known = share !== null && share !== undefined;
  const percent = known ? Math.round(Math.min(share, 1) * 100) : undefined;
  return html`<div class=${`progress ${tone ? `progress-${tone}` : ''} ${known ? '' : 'progress-open'}`}>
    <div class="progress-bar" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}>
      <span style=${{ '--share': known ? Math.min(share, 1) : 1 }}></span>
    </div>
    ${note && html`<p class="progress-note">${note}</p>`}
  </div>`;
}
