/* Health: how everything does, section by section, in plain words and figures. */
import { address, useAnswer, useKept } from '../lib/api.js';
import { html } from '../lib/html.js';
import { asWritten, nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';

const EVERY_MS = 5000;
const TONE = { ok: ['ok', 'check'], warn: ['warn', 'warn'], bad: ['bad', 'cross'] };
const ORDER = ['bad', 'warn', 'ok'];

const State = ({ state }) => html`<${Badge} tone=${TONE[state]?.[0]}><${Icon} name=${TONE[state]?.[1] ?? 'info'} /> ${t(`health_state.${state}`)}<//>`;

function Part({ part }) {
  return html`<${Card} title=${nameOf('health_part', part.section)} actions=${html`<${State} state=${part.state} />`}>
    <p class=${`sentence ${asWritten(part.text)}`}>${part.text}</p>
  <//>`;
}

export function Health() {
  const { answer, error, again } = useAnswer(address('/api/health'), EVERY_MS);
  const health = useKept(answer)?.data;
  const parts = health && [...health.sections].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const state = parts && (ORDER.find((one) => parts.some((part) => part.state === one)) ?? 'ok');
  return html`<div class="page">
    <${PageHead} title=${t('page.health')} note=${t('health.note')} actions=${html`<a class="quiet" href="/metrics"><${Icon} name="chart" /> ${t('health.metrics')}</a>`} />
    ${state && html`<p class=${`proof proof-${state === 'ok' ? 'ok' : 'bad'}`} role="status"><${State} state=${state} /> ${t(`health.${state}`)}</p>`}
    ${parts ? html`<div class="cards">${parts.map((part) => html`<${Part} key=${part.section} part=${part} />`)}</div>` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="cards" n=${6} />`}
  </div>`;
}
