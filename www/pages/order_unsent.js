/* Orders that are in this browser and not yet at the server, in a line; #/waiting has them all. */
import { html } from '../lib/html.js';
import { sending, waiting } from '../lib/offline.js';
import { at, link } from '../lib/route.js';
import { t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';

const TONES = { waiting: 'warn', sending: 'busy', refused: 'bad', sent: 'ok' };
const LAST = 5;

export function Unsent() {
  const open = waiting.value.filter((row) => row.state === 'waiting').length;
  const refused = waiting.value.filter((row) => row.state === 'refused').length;
  if (!open && !refused) return null;
  return html`<p class=${`notice tone-${refused ? 'bad' : 'warn'}`} role="status"><${Icon} name=${refused ? 'warn' : 'queue'} />
    <span>${[open && t('unsent.waiting', { n: open }), refused && t('unsent.refused', { n: refused })].filter(Boolean).join(' ')}</span>
    <a class="plain" href=${link('waiting')}>${t('unsent.show')}</a></p>`;
}

const stateOf = (row) => (row.state === 'waiting' && sending.value === row.key ? 'sending' : row.state);

/* The last ones that were entered here, and how far they are. */
export function LastSent() {
  const rows = waiting.value.slice(-LAST).reverse();
  if (!rows.length) return null;
  return html`<${Card} title=${t('unsent.last')}>
    <ul class="last-sent">${rows.map((row) => html`<li key=${row.key} data-state=${stateOf(row)}>
      <span>${row.shown?.store}<span class="note"> \u00b7 ${row.shown?.total}</span></span>
      <${Badge} tone=${TONES[stateOf(row)]}>${t(`unsent.state.${stateOf(row)}`)}<//>
      ${row.state === 'sent' && row.answer?.id && html`<a href=${link(at('orders', row.answer.id))}>${row.answer.number ?? row.answer.order_number ?? t('orders.show')}</a>`}
      ${row.state === 'refused' && html`<a href=${link('waiting')}>${t('unsent.mend')}</a>`}
    </li>`)}</ul>
  <//>`;
}
