/* Headquarters: what it holds of what was done here, what is on its way, and what is wrong. */
import { useEffect, useState } from 'preact/hooks';
import words from '../text/en_sync.json';
import { address, post, useAnswer, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatAgo, formatBytes, formatClock, formatHour, formatMoment, formatSeconds } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useChanges } from '../lib/live.js';
import { link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { asWritten, learn, nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { confirm } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Stats } from '../parts/stat.js';
import { Command, Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';

learn(words);

/* What goes up is no change of the data, so it is asked for as well as told. */
const EVERY_MS = 2000;
const LOOKS = { 'up to date': ['ok', 'check'], sending: ['plain', 'up'], waiting: ['warn', 'warn'], refused: ['bad', 'lock'], paused: ['warn', 'pause'], none: ['plain', 'info'] };
const wordOf = (state) => state.replaceAll(' ', '_');
const today = (iso) => new Date(iso).toDateString() === new Date().toDateString();
const when = (iso) => (today(iso) ? formatClock(iso) : formatMoment(iso));
const until = (iso) => (today(iso) ? formatHour(iso) : formatMoment(iso));

function State({ sync, busy, onResend }) {
  const [tone, icon] = LOOKS[sync.state] ?? LOOKS.none;
  const holds = sync.holds_until ? t('sync.holds', { when: until(sync.holds_until) }) : t('sync.holds_nothing');
  return html`<div class=${`sync-state sync-${tone}`} role="status" data-state=${wordOf(sync.state)}>
    <p><${Badge} tone=${tone}><${Icon} name=${icon} /> ${t(`sync.state.${wordOf(sync.state)}`)}<//></p>
    <p class="sync-holds">${holds}</p>
    ${sync.error && html`<p class="sentence">${sync.error.sentence}.</p>
      <p class="note">${t('sync.next_try', { when: when(sync.error.next_try), n: sync.error.tries, since: formatAgo(sync.error.since) })}</p>`}
    ${onResend && html`<p><button type="button" class="plain" disabled=${busy} onClick=${onResend}><${Icon} name="up" /> ${t('sync.do.resend')}</button></p>`}
  </div>`;
}

function figures(sync) {
  const { rows, bytes, seconds, measured_bytes_per_second: speed } = sync.forecast;
  return [
    { id: 'rows', label: t('sync.behind_rows'), value: count(rows) },
    { id: 'bytes', label: t('sync.behind_bytes'), value: formatBytes(bytes) },
    { id: 'time', label: t('sync.takes'), value: seconds === null || !rows ? '\u2013' : formatSeconds(seconds), note: speed ? t('sync.at_speed', { speed: formatBytes(speed) }) : t('sync.no_speed') },
    { id: 'contact', label: t('sync.contact'), value: sync.contact_at ? formatAgo(sync.contact_at) : '\u2013', note: formatMoment(sync.contact_at) },
    { id: 'conflicts', label: t('sync.conflicts'), value: count(sync.conflicts), href: link('conflicts'), tone: sync.conflicts ? 'warn' : undefined },
  ];
}

const laneColumns = [
  { id: 'lane', label: t('sync.lane'), kind: 'name', value: (l) => nameOf('sync_lane', l.lane) },
  { id: 'rows', label: t('sync.behind_rows'), align: 'end', value: (l) => count(l.behind_rows) },
  { id: 'bytes', label: t('sync.behind_bytes'), align: 'end', value: (l) => formatBytes(l.behind_bytes) },
  { id: 'sequence', label: t('sync.batches'), align: 'end', value: (l) => count(l.sequence) },
  { id: 'confirmed', label: t('sync.confirmed'), value: (l) => (l.confirmed_at ? html`<time datetime=${l.confirmed_at} title=${formatMoment(l.confirmed_at)}>${formatAgo(l.confirmed_at)}</time>` : '\u2013') },
];

const batchColumns = [
  { id: 'lane', label: t('sync.lane'), value: (b) => nameOf('sync_lane', b.lane) },
  { id: 'sequence', label: t('sync.batch'), align: 'end', value: (b) => count(b.sequence) },
  { id: 'rows', label: t('sync.rows'), align: 'end', value: (b) => count(b.rows) },
  { id: 'bytes', label: t('sync.bytes'), align: 'end', value: (b) => formatBytes(b.bytes) },
  { id: 'confirmed', label: t('sync.confirmed'), value: (b) => (b.confirmed_at ? formatMoment(b.confirmed_at) : t('sync.unconfirmed')) },
  { id: 'receipt', label: t('sync.receipt'), value: (b) => (b.receipted ? html`<${Badge} tone="ok"><${Icon} name="check" /> ${t('sync.receipted')}<//>` : t('sync.no_receipt')) },
];

/* A line that costs by the byte: so many a day, and only what people did. */
const MIB = 1048576;
const USUAL_MIB = 20;

function Metered({ metered, onSet }) {
  const [mib, setMib] = useState(String(metered ? Math.max(1, Math.round(metered.bytes_a_day / MIB)) : USUAL_MIB));
  const good = /^[1-9]\d{0,5}$/.test(mib.trim());
  const [wish, setWish] = useState(null); /* until the server has heard of it */
  useEffect(() => setWish(null), [!!metered]);
  const on = wish ?? !!metered;
  const bytes = Number(mib) * MIB;
  const flip = () => {
    setWish(!on);
    onSet(on ? 0 : good ? bytes : USUAL_MIB * MIB).then((done) => done || setWish(null));
  };
  return html`<form class="metered" onSubmit=${(event) => { event.preventDefault(); if (good) onSet(bytes); }}>
    <label class="switch"><input type="checkbox" checked=${on} onChange=${flip} /><span>${t('sync.metered')}</span></label>
    <p class="note">${t(on ? 'sync.metered_on' : 'sync.metered_off')}</p>
    ${on && html`<div class="metered-most"><label for="metered-mib">${t('sync.metered_most')}</label>
      <input id="metered-mib" inputmode="numeric" size="6" value=${mib} aria-invalid=${good ? undefined : 'true'} onInput=${(event) => setMib(event.target.value)} /> <span>${t('sync.mib')}</span>
      <button type="submit" class="plain" disabled=${!good || bytes === metered?.bytes_a_day}>${t('form.save')}</button></div>`}
  </form>`;
}

const tlsOf = ({ tls }) => t(`sync.tls.${{ 'verify-full': 'sure', 'verify-ca': 'sure', require: 'unsure', disable: 'none' }[tls] ?? 'unsure'}`);

const Who = ({ sync }) => html`<dl class="details">
  <div><dt>${t('sync.name')}</dt><dd>${sync.name}</dd></div>
  <div><dt>${t('sync.epoch')}</dt><dd>${t('sync.epoch_of', { epoch: sync.epoch, origin: sync.origin })}</dd></div>
  <div><dt>${t('sync.upstream')}</dt><dd><code>${sync.upstream}</code></dd></div>
  <div><dt>${t('sync.line')}</dt><dd>${tlsOf(sync.connection)}</dd></div>
  <div><dt>${t('sync.role')}</dt><dd><code>${sync.connection.role}</code></dd></div>
  ${sync.last_receipt && html`<div><dt>${t('sync.last_receipt')}</dt><dd>${t('sync.receipt_of', { lane: nameOf('sync_lane', sync.last_receipt.lane), n: count(sync.last_receipt.sequence) })}</dd></div>`}
  ${sync.metered && html`<div><dt>${t('sync.metered')}</dt><dd>${t('sync.metered_left', { left: formatBytes(sync.metered.left_today), all: formatBytes(sync.metered.bytes_a_day) })}</dd></div>`}
</dl>`;

function History({ history, batches }) {
  return html`
    <${Card} title=${t('sync.history')}>
      ${history.length ? html`<ul class="sync-history">${history.map((line) => html`<li key=${line.id} data-kind=${line.kind}><time class="note" datetime=${line.at}>${formatMoment(line.at)}</time> <span class=${`sentence ${asWritten(line.text)}`}>${line.text}</span></li>`)}</ul>` : html`<p class="note">${t('sync.no_history')}</p>`}
    <//>
    <${Card} title=${t('sync.last_batches')} note=${t('sync.batches_note')}>
      <${Table} caption=${t('sync.last_batches')} columns=${batchColumns} rows=${batches} keyOf=${(b) => `${b.lane} ${b.sequence} ${b.hash}`} />
    <//>`;
}

const Enrolled = ({ sync, past, busy, onMetered, onResend }) => html`
  <${State} sync=${sync} busy=${busy} onResend=${sync.went_back && may('sync.write') && onResend} />
  <${Stats} label=${t('sync.forecast')} rows=${figures(sync)} />
  <${Card} title=${t('sync.lanes')} note=${t('sync.lanes_note')}><${Table} caption=${t('sync.lanes')} columns=${laneColumns} rows=${sync.lanes} keyOf=${(l) => l.lane} /><//>
  <div class="cards">
    <${Card} title=${t('sync.who')}><${Who} sync=${sync} /><//>
    ${may('sync.write') && html`<${Card} title=${t('sync.cost')}><${Metered} metered=${sync.metered} onSet=${onMetered} /><//>`}
  </div>
  ${past && html`<${History} history=${past.history} batches=${past.batches} />`}`;

const Nowhere = () => html`<${Empty} icon="building" title=${t('sync.nowhere')}><p>${t('sync.nowhere_advice')}</p><${Command} text="outpost upstream enroll --dsn DSN" /><//>`;

export function Sync() {
  const { answer, error, again } = useAnswer(address('/api/sync'), EVERY_MS);
  const sync = useKept(answer)?.data;
  const history = useAnswer(sync?.enrolled ? address('/api/sync/history', { limit: 30 }) : null, EVERY_MS);
  const past = useKept(history.answer)?.data;
  const [busy, setBusy] = useState(false);
  useChanges(again, undefined, 'sync');

  async function act(name, body, told = name) {
    let done = false;
    setBusy(true);
    try {
      await post(address(`/api/sync/${name}`), body);
      done = true;
      toast({ text: t(`sync.told.${told}`) });
      again();
      history.again();
    } catch (failure) {
      toastFailure(failure);
    }
    setBusy(false);
    return done;
  }
  const resend = async () => {
    if (await confirm({ title: t('sync.resend'), text: t('sync.resend_text'), ok: t('sync.do.resend') })) act('resend');
  };
  const button = (name, icon, look) => html`<button type="button" class=${look} disabled=${busy} onClick=${() => act(name)}><${Icon} name=${icon} /> ${t(`sync.do.${name}`)}</button>`;
  const actions = sync?.enrolled && may('sync.write') && html`${sync.paused ? button('resume', 'play', 'plain') : html`${button('pause', 'pause', 'quiet')}${button('now', 'again', 'plain')}`}`;
  let body = html`<${Skeleton} shape="cards" n=${3} />`;
  if (sync) body = sync.enrolled ? html`<${Enrolled} sync=${sync} past=${past} busy=${busy} onResend=${resend} onMetered=${(bytes) => act('metered', { bytes_a_day: bytes }, bytes ? 'metered' : 'unmetered')} />` : html`<${Nowhere} />`;
  else if (error) body = html`<${Failed} error=${error} again=${again} />`;
  return html`<div class="page"><${PageHead} title=${t('page.sync')} note=${t('sync.note')} actions=${actions} />${body}</div>`;
}
