/* Events that could not be taken: by the topic when they came, or by a group that reads it.
** Each can be corrected and played again, or discarded with a reason. */
import { useState } from 'preact/hooks';
import { address, post, useKept } from '../lib/api.js';
import { formatAgo, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Drawer } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast } from '../parts/toast.js';

const label = (name) => t(`event_column.${name}`);
const COLUMNS = [
  { id: 'why', label: label('why'), kind: 'name', value: (event) => event.reason },
  { id: 'topic', label: label('topic'), value: (event) => [event.topic, event.group].filter(Boolean).join(' \u00b7 ') },
  { id: 'at', label: label('at'), value: (event) => html`<time datetime=${event.at} title=${formatMoment(event.at)}>${formatAgo(event.at)}</time>` },
];

const pretty = (body) => {
  try {
    return JSON.stringify(typeof body === 'string' ? JSON.parse(body) : body, null, 2);
  } catch {
    return String(body);
  }
};

function One({ event, onClose, again }) {
  const replay = async ({ body }) => {
    const { data } = await post(address(`/api/parked/${event.id}/replay`), body === pretty(event.body) ? {} : { body });
    const why = data.why ?? data.refusals?.[0]?.why;
    toast(why ? { tone: 'bad', text: t('topics.still', { why }) } : { text: t('topics.replayed') });
    again();
    if (!why) onClose();
  };
  const discard = async ({ reason }) => {
    await post(address(`/api/parked/${event.id}/discard`), { reason });
    toast({ text: t('topics.discarded') });
    again();
    onClose();
  };
  return html`<${Drawer} title=${event.reason} note=${[event.topic, event.group].filter(Boolean).join(' \u00b7 ')} onClose=${onClose}>
    ${may('work.write') ? html`<div class="stack">
      <${Form} fields=${[{ name: 'body', label: t('topics.body'), kind: 'lines', required: true, rows: 12 }]} value=${{ body: pretty(event.body) }} onSave=${replay} save=${t('topics.replay')} clean />
      <${Form} fields=${[{ name: 'reason', label: t('topics.discard_reason'), kind: 'text', required: true }]} value=${{}} onSave=${discard} save=${t('topics.discard')} />
    </div>` : html`<pre class="json" tabindex="0">${pretty(event.body)}</pre>`}
  <//>`;
}

export function Parked({ query }) {
  const [open, setOpen] = useState(null);
  const { answer, error, again } = useLive(address('/api/parked', { topic: query.topic, group: query.group, state: 'waiting' }), ['event_parked', 'job', 'stock_transactions', 'event_segment']);
  const events = useKept(answer)?.data;
  const chosen = events?.find((event) => event.id === open);
  let body = html`<${Skeleton} shape="table" n=${6} />`;
  if (error && !events) body = html`<${Failed} error=${error} again=${again} />`;
  else if (events && !events.length) body = html`<${Empty} icon="check" title=${t('topics.no_parked')} />`;
  else if (events) body = html`<${Table} caption=${t('topics.parked')} columns=${COLUMNS} rows=${events} keyOf=${(event) => event.id} onOpen=${(event) => setOpen(event.id)} openLabel=${(event) => event.event ?? String(event.id)} />`;
  return html`<div class="page">
    <${PageHead} title=${t('topics.parked')} note=${t('topics.parked_note')} back=${{ href: link('topics'), label: t('page.topics') }} />
    <${Card} title=${t('topics.parked')} actions=${query.group && html`<a class="quiet" href=${link('topics/parked')}><${Icon} name="cross" /> ${query.group}</a>`}>${body}<//>
    ${chosen && html`<${One} key=${chosen.id} event=${chosen} onClose=${() => setOpen(null)} again=${again} />`}
  </div>`;
}
