/* Waiting to be sent: the orders that this browser keeps until the server has them. */
import { formatAgo, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { live } from '../lib/live.js';
import { again, discard, sending, sendNow, waiting } from '../lib/offline.js';
import { at, link } from '../lib/route.js';
import { t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { confirm } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty } from '../parts/state.js';
import { toast, toastFailure } from '../parts/toast.js';
import { EDITS_ORDERS } from './index.js';

const SHOWN_MOST = 50;
const TONE = { waiting: ['warn', 'queue'], sending: ['busy', 'again'], sent: ['ok', 'check'], refused: ['bad', 'warn'] };
const stateOf = (row) => (row.state === 'waiting' && sending.value === row.key ? 'sending' : row.state);

async function throwAway(row) {
  const unsure = row.tries > 0 && (row.state === 'waiting' || row.problem?.old);
  const sure = await confirm({ title: t('waiting.discard_title'), text: t(unsure ? 'waiting.discard_unsure' : 'waiting.discard_text'), ok: t('waiting.discard'), danger: true });
  if (!sure) return;
  await discard(row.key).then(() => toast({ text: t('waiting.discarded') }), toastFailure);
}

async function sendAgain(row) {
  const sure = !row.problem.old || (await confirm({ title: t('waiting.again_title'), text: t('waiting.old'), ok: t('waiting.again') }));
  if (sure) await again(row.key).catch(toastFailure);
}

/* What it is about, in the words of who wrote it. */
function wordsOf({ shown, order }) {
  const lines = shown?.lines ?? order.items?.length ?? 0;
  return [shown?.store, t('waiting.lines', { n: lines }), shown?.total].filter(Boolean).join(' \u00b7 ');
}

function why(row) {
  if (row.problem?.old) return t('waiting.old');
  if (row.state === 'refused') return row.problem.detail || t('waiting.refused_plain');
  if (row.state === 'sent') return t('waiting.as', { number: row.answer?.number ?? '' });
  if (stateOf(row) === 'sending') return t('waiting.going');
  return row.tries ? t('waiting.tried', { n: row.tries }) : t('waiting.never');
}

function Order({ row }) {
  const state = stateOf(row);
  const [tone, icon] = TONE[state];
  const name = wordsOf(row);
  const label = (word) => html`${t(word)}<span class="hidden"> ${name}</span>`;
  const errors = row.state === 'refused' ? row.problem.errors.filter((error) => error.detail !== row.problem.detail) : [];
  return html`<li class="waiting" data-key=${row.key} data-state=${row.state}>
    <${Badge} tone=${tone}><${Icon} name=${icon} /> ${t(`waiting.state.${state}`)}<//>
    <div>
      <h3>${name}</h3>
      <p>${why(row)}</p>
      ${errors.length > 0 && html`<ul class="note">${errors.map((error, i) => html`<li key=${i}>${error.detail}</li>`)}</ul>`}
      <p class="note"><time title=${formatMoment(new Date(row.made).toISOString())}>${t('waiting.made', { when: formatAgo(new Date(row.made).toISOString()) })}</time></p>
    </div>
    <div class="actions">
      ${row.state === 'refused' && !row.problem.old && EDITS_ORDERS && html`<a class="plain" href=${link('orders/new', { draft: row.key })}><${Icon} name="edit" /> ${label('waiting.edit')}</a>`}
      ${row.state === 'refused' && html`<button type="button" class="plain" onClick=${() => sendAgain(row)}><${Icon} name="again" /> ${label('waiting.again')}</button>`}
      ${row.state !== 'sent' && html`<button type="button" class="quiet" disabled=${state === 'sending'} onClick=${() => throwAway(row)}><${Icon} name="trash" /> ${label('waiting.discard')}</button>`}
      ${row.state === 'sent' && EDITS_ORDERS && row.answer?.id && html`<a class="quiet" href=${link(at('orders', row.answer.id))}>${label('waiting.show')}</a>`}
    </div>
  </li>`;
}

const Orders = ({ title, note, rows, actions }) => rows.length > 0 && html`<${Card} title=${title} note=${note} actions=${actions}><ul class="waiting-list">${rows.slice(0, SHOWN_MOST).map((row) => html`<${Order} key=${row.key} row=${row} />`)}</ul>${rows.length > SHOWN_MOST && html`<p class="note">${t('waiting.more', { n: rows.length - SHOWN_MOST })}</p>`}<//>`;

export function Waiting() {
  const of = (state) => waiting.value.filter((row) => row.state === state);
  const [open, refused, sent] = [of('waiting'), of('refused'), of('sent').reverse()];
  const now = html`<button type="button" class="button" disabled=${!!sending.value} onClick=${() => sendNow()}><${Icon} name="again" /> ${t('waiting.now')}</button>`;
  return html`<div class="page page-narrow">
    <${PageHead} title=${t('page.waiting')} note=${t('waiting.note')} />
    <${Orders} title=${t('waiting.refused')} note=${t('waiting.refused_note')} rows=${refused} />
    <${Orders} title=${t('waiting.open')} note=${t(live.value === 'offline' ? 'waiting.offline' : 'waiting.by_itself')} rows=${open} actions=${now} />
    ${!open.length && !refused.length && html`<${Empty} icon="check" title=${t('waiting.none')}><p>${t('waiting.none_text')}</p><//>`}
    <${Orders} title=${t('waiting.sent')} note=${t('waiting.sent_note')} rows=${sent} />
  </div>`;
}
