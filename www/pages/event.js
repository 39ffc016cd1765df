/* One event of a topic, as a drawer: event=TOPIC/PARTITION/OFFSET. */
import { address, useAnswer } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';
import { Drawer } from '../parts/dialog.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Json } from './job.js';

export function EventDrawer({ value, onClose }) {
  const [topic, partition, offset] = value.split('/');
  const { answer, error, again } = useAnswer(address(`/api/topics/${encodeURIComponent(topic)}/events`, { partition, offset, limit: 1 }));
  const event = answer?.data[0];
  const facts = event && [
    ['at', formatMoment(event.time)],
    ['type', nameOf('event_type', event.type)],
    ['subject', event.subject],
    ['id', event.id],
    ['partition', event.partition],
    ['offset', count(event.offset)],
  ];
  return html`<${Drawer} title=${event ? nameOf('event_type', event.type) : t('topics.event')} note=${topic} onClose=${onClose}>
    ${event
      ? html`<dl class="details">${facts.filter(([, text]) => text !== undefined && text !== '').map(([name, text]) => html`<div key=${name}><dt>${t(`event_column.${name}`)}</dt><dd class="wrap">${text}</dd></div>`)}</dl><${Json} value=${event.data} />`
      : error ? html`<${Failed} error=${error} again=${again} />` : answer ? html`<p>${t('topics.none')}</p>` : html`<${Skeleton} shape="table" n=${5} />`}
  <//>`;
}
