/* Topics: streams of events, who reads them and how far; one of them (#/topics/NAME) with
** its events; what could not be taken (#/topics/parked). */
import { useEffect, useState } from 'preact/hooks';
import { address, get, post, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatBytes, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, here, link, openDrawer, replace } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Dialog } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast } from '../parts/toast.js';
import { Parked } from './parked.js';

const OF = ['topic', 'event_segment', 'event_group', 'event_position', 'event_parked', 'stock_transactions'];
const SIZE = 25; /* of each partition */
const column = (name) => t(`group_column.${name}`);
const milliseconds = (n) => (n === null || n === undefined ? '\u2013' : n < 1000 ? `${Math.round(n)} ms` : `${(n / 1000).toFixed(1)} s`);

const Lag = ({ group }) => (group.lag ? html`<b class="ink-warn">${count(group.lag)}</b>` : html`0 <span class="note">${t('topics.caught_up')}</span>`);

const GROUPS = [
  { id: 'group', label: column('group'), kind: 'name', value: (group) => html`${group.group}${group.help && html`<p class="note">${group.help}</p>`}` },
  { id: 'lag', label: column('lag'), align: 'end', value: (group) => html`<${Lag} group=${group} />` },
  { id: 'latency', label: column('latency'), align: 'end', value: ({ latency: l }) => (l ? [l.p50_ms, l.p95_ms, l.p99_ms].map(milliseconds).join(' / ') : '') },
  { id: 'rate', label: column('rate'), align: 'end', value: (group) => count(Math.round(group.rate_minute ?? 0)) },
  { id: 'errors', label: column('errors'), align: 'end', value: (group) => html`<span class=${group.errors ? 'ink-bad' : undefined}>${count(group.errors ?? 0)}</span>` },
  { id: 'parked', label: column('parked'), align: 'end', value: (group) => (group.parked ? html`<a class="ink-bad" href=${link('topics/parked', { group: group.group })}>${count(group.parked)}</a>` : '0') },
  { id: 'active', label: column('active'), value: (group) => html`<${Badge} tone=${group.active ? 'ok' : 'plain'}>${t(`group_state.${group.active ? 'on' : 'off'}`)}<//>` },
];

function weight(topic) {
  if (topic.source === 'changes') return t('topics.source_log');
  const words = [t('topics.events', { n: count(topic.events ?? 0) }), t('topics.segments', { n: count(topic.segments ?? 0), bytes: formatBytes(topic.bytes ?? 0) })];
  if (topic.bytes_plain > topic.bytes) words.push(t('topics.saved', { share: `${Math.round((topic.bytes / topic.bytes_plain) * 100)} %` }));
  words.push(topic.retention_days ? t('topics.kept', { n: topic.retention_days }) : t('topics.kept_ever'));
  return words.join(' \u00b7 ');
}

function Topic({ topic }) {
  const actions = html`<a class="quiet" href=${link(at('topics', topic.name))}><${Icon} name="table" /> ${t('topics.show')}<span class="hidden"> ${topic.name}</span></a>`;
  return html`<${Card} wide title=${topic.name} note=${topic.help} actions=${actions}>
    <p class="note">${weight(topic)}</p>
    ${topic.groups?.length ? html`<${Table} caption=${`${topic.name}: ${t('topics.groups')}`} columns=${GROUPS} rows=${topic.groups} keyOf=${(group) => group.group} />` : html`<p class="note">${t('topics.no_groups')}</p>`}
  <//>`;
}

function All() {
  const { answer, error, again } = useLive(address('/api/topics'), OF);
  const topics = useKept(answer)?.data;
  const parked = topics?.reduce((sum, topic) => sum + (topic.parked ?? 0) + (topic.groups ?? []).reduce((n, group) => n + (group.parked ?? 0), 0), 0);
  const actions = html`<a class="plain" href=${link('topics/parked')}><${Icon} name="inbox" /> ${t('topics.parked')}${parked > 0 && html` <span class="mark tone-bad">${count(parked)}</span>`}</a>`;
  return html`<div class="page">
    <${PageHead} title=${t('page.topics')} note=${t('topics.note')} actions=${actions} />
    ${topics ? html`<div class="cards">${topics.map((topic) => html`<${Topic} key=${topic.name} topic=${topic} />`)}</div>` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="cards" n=${3} />`}
  </div>`;
}

/* ---- one topic ---- */

const EVENTS = [
  { id: 'at', label: t('event_column.at'), value: (event) => html`<time datetime=${event.time}>${formatMoment(event.time)}</time>` },
  { id: 'type', label: t('event_column.type'), kind: 'name', value: (event) => nameOf('event_type', event.type) },
  { id: 'subject', label: t('event_column.subject'), value: (event) => event.subject ?? '' },
  { id: 'partition', label: t('event_column.partition'), align: 'end', value: (event) => event.partition },
  { id: 'offset', label: t('event_column.offset'), align: 'end', value: (event) => count(event.offset) },
];

const eventKey = (topic, event) => `${topic}/${event.partition}/${event.offset}`;

function Publish({ topic, onClose, onDone }) {
  const save = async ({ body }) => {
    const { data } = await post(address(`/api/topics/${encodeURIComponent(topic)}/events`), body);
    const refused = data.refusals?.[0];
    toast({ text: refused ? t('topics.still', { why: refused.why }) : t('topics.published', data), tone: refused ? 'bad' : 'ok' });
    if (!refused) onDone();
  };
  return html`<${Dialog} title=${t('topics.publish')} onClose=${onClose}><${Form} fields=${[{ name: 'body', label: t('topics.body'), kind: 'json', required: true, rows: 10 }]} value=${{}} onSave=${save} onCancel=${onClose} save=${t('topics.publish')} /><//>`;
}

/* The newest of all partitions: a topic is read from its beginning, and people look at its end. */
function useNewest(topic, query, each) {
  const [state, setState] = useState({});
  const ends = topic.partitions.map((one) => one.next).join();
  useEffect(() => {
    const stop = new AbortController();
    const ask = (one) => {
      const offset = query.q ? one.first : Math.max(one.first, one.next - each);
      return get(address(`/api/topics/${encodeURIComponent(topic.name)}/events`, { partition: one.partition, offset, limit: query.q ? 1000 : each, q: query.q }), stop.signal);
    };
    Promise.all(topic.partitions.filter((one) => one.next > one.first).map(ask)).then(
      (answers) => setState({ events: answers.flatMap((answer) => answer.data).sort((a, b) => (a.time < b.time ? 1 : -1)) }),
      (error) => stop.signal.aborted || setState((old) => ({ ...old, error })),
    );
    return () => stop.abort();
  }, [ends, query.q, each]);
  return state;
}

function Events({ topic, query }) {
  const [each, setEach] = useState(SIZE);
  const { events, error } = useNewest(topic, query, each);
  const more = !query.q && topic.partitions.some((one) => one.next - one.first > each);
  if (error && !events?.length) return html`<${Failed} error=${error} />`;
  if (!events) return html`<${Skeleton} shape="table" n=${8} />`;
  if (!events.length) return html`<${Empty} icon="stream" title=${t('topics.none')} />`;
  return html`<${Table} caption=${t('topics.show')} columns=${EVENTS} rows=${events} keyOf=${(event) => eventKey(topic.name, event)} onOpen=${(event) => openDrawer('event', eventKey(topic.name, event))} openLabel=${(event) => t('topics.open', { id: event.id })} />
    ${more && html`<div class="pager"><button type="button" class="button-line" onClick=${() => setEach(each * 4)}>${t('topics.more')}</button></div>`}`;
}

function OneTopic({ name, query }) {
  const [publishes, setPublishes] = useState(false);
  const { answer, again } = useLive(address('/api/topics'), OF);
  const topic = useKept(answer)?.data.find((one) => one.name === name);
  const back = { href: link('topics'), label: t('page.topics') };
  const actions = may('work.write') && topic && topic.source !== 'changes' && html`<button type="button" class="plain" onClick=${() => setPublishes(true)}><${Icon} name="plus" /> ${t('topics.publish')}</button>`;
  const done = () => (setPublishes(false), again());
  return html`<div class="page">
    <${PageHead} title=${name} note=${topic?.help} back=${back} actions=${actions} />
    ${topic?.groups?.length > 0 && html`<${Card} title=${t('topics.groups')} note=${weight(topic)}><${Table} caption=${t('topics.groups')} columns=${GROUPS} rows=${topic.groups} keyOf=${(group) => group.group} /><//>`}
    <${Card} title=${t('topics.show')} actions=${html`<label class="scope-field"><span>${t('topics.search')}</span><input type="search" value=${query.q ?? ''} onChange=${(event) => replace(here({ q: event.target.value }))} /></label>`}>
      ${topic && html`<${Events} topic=${topic} query=${query} />`}
    <//>
    ${publishes && html`<${Publish} topic=${name} onClose=${() => setPublishes(false)} onDone=${done} />`}
  </div>`;
}

export function Topics({ id, query }) {
  if (id === 'parked') return html`<${Parked} query=${query} />`;
  return id ? html`<${OneTopic} name=${id} query=${query} />` : html`<${All} />`;
}
