/* About: what runs here, as the running program counts it (GET /api/system). No figure on this page
** was written by anybody. */
import { address, useAnswer, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';

const EVERY_MS = 5000;
const BREAKER_TONE = { closed: 'ok', half_open: 'warn', open: 'bad' };

const counters = (service) => Object.entries(service.counters).map(([name, n]) => html`<span key=${name} class="counter">${nameOf('counter', name)} <b>${count(n)}</b></span>`);

const serviceColumns = [
  { id: 'name', label: t('about.service'), kind: 'name', sort: (s) => nameOf('service', s.name), value: (s) => nameOf('service', s.name) },
  { id: 'state', label: t('about.state'), value: (s) => html`<${Badge} tone=${s.state === 'up' ? 'ok' : 'bad'}><${Icon} name=${s.state === 'up' ? 'check' : 'cross'} /> ${nameOf('service_state', s.state)}<//>` },
  { id: 'counters', label: t('about.counters'), value: (s) => html`<span class="counter-list">${counters(s)}</span>` },
  { id: 'was', label: t('about.was'), value: (s) => html`<span class="note">${s.was}</span>` },
];

const breakerColumns = [
  { id: 'name', label: t('about.breaker'), kind: 'name', value: (b) => nameOf('breaker', b.name) },
  { id: 'state', label: t('about.state'), value: (b) => html`<${Badge} tone=${BREAKER_TONE[b.state] ?? 'plain'}>${nameOf('breaker_state', b.state)}<//>` },
  { id: 'failures', label: t('about.failures'), align: 'end', value: (b) => count(b.failures ?? 0) },
];

const libraryColumns = [
  { id: 'name', label: t('about.library'), kind: 'name', sort: (l) => l.name, value: (l) => l.name },
  { id: 'version', label: t('about.version'), value: (l) => html`<code>${l.version}</code>` },
];

const Counts = ({ rows }) => html`<dl class="counters">${rows.map((row) => html`<div key=${row.name} data-count=${row.name}><dt>${nameOf('count', row.name)}</dt><dd>${count(row.count)}</dd></div>`)}</dl>`;

function Parts({ system }) {
  return html`
    <${Card} title=${t('about.services')} note=${t('about.services_note')}><${Table} caption=${t('about.services')} columns=${serviceColumns} rows=${system.services} keyOf=${(s) => s.name} /><//>
    ${system.breakers.length > 0 && html`<${Card} title=${t('about.breakers')} note=${t('about.breakers_note')}><${Table} caption=${t('about.breakers')} columns=${breakerColumns} rows=${system.breakers} keyOf=${(b) => b.name} /><//>`}
    <${Card} title=${t('about.counts')} note=${t('about.counts_note')}><${Counts} rows=${system.counts} /><//>
    <${Card} title=${t('about.libraries')} note=${t('about.libraries_note')}><${Table} caption=${t('about.libraries')} columns=${libraryColumns} rows=${system.libraries} keyOf=${(l) => l.name} sort=${{ id: 'name' }} /><//>`;
}

export function About() {
  const { answer, error, again } = useAnswer(address('/api/system'), EVERY_MS);
  const system = useKept(answer)?.data;
  const actions = html`<a class="quiet" href=${link('trust')}><${Icon} name="lock" /> ${t('page.trust')}</a><a class="quiet" href="/openapi.json"><${Icon} name="file" /> ${t('about.api')}</a>`;
  const body = system ? html`<${Parts} system=${system} />` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="cards" n=${3} />`;
  return html`<div class="page">
    <${PageHead} title=${t('page.about')} note=${system ? t('about.note', { version: system.version, since: formatMoment(system.started) }) : t('about.plain')} actions=${actions} />
    ${body}
  </div>`;
}
