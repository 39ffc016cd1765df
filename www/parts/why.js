/* A figure that explains itself: a click opens the drawer why=FIGURE over the page.
** figure is 'DATASET/MEASURE?filters'; figureOf() writes it from a scope.
**
** InDrawer is the same for the others: <InDrawer kind="row" value=${key}>. It is a
** link, so a new tab or a bookmark is a click as usual. */
import { dataset } from '../lib/dataset.js';
import { html } from '../lib/html.js';
import { drawer, openDrawer } from '../lib/route.js';
import { t } from '../lib/text.js';

export function figureOf(measure, filters = {}, of = dataset.value) {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value));
  return `${of}/${measure}${query.size ? `?${query}` : ''}`;
}

export function InDrawer({ kind, value, label, class: own, children }) {
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    openDrawer(kind, value);
  };
  return html`<a class=${own} href=${drawer(kind, value)} aria-haspopup="dialog" aria-label=${label} onClick=${open}>${children}</a>`;
}

export const Why = ({ figure, label, children }) =>
  html`<${InDrawer} kind="why" value=${figure} class="why" label=${typeof children === 'string' ? t('why.open', { label, value: children }) : undefined}>${children}<//>`;
