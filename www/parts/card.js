/* A titled surface: everything on the page that is not a headline stands in one. */
import { html } from '../lib/html.js';

export function Card({ title, note, actions, wide, children }) {
  return html`<section class=${`card ${wide ? 'card-wide' : ''}`}>
    <header class="card-head">
      <h2>${title}</h2>
      ${note && html`<p class="note">${note}</p>`}
      ${actions && html`<div class="actions">${actions}</div>`}
    </header>
    ${children}
  </section>`;
}

export const Badge = ({ tone = 'plain', children }) => html`<span class=${`badge tone-${tone}`}>${children}</span>`;
