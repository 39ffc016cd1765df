/* Orders on their way to the server, each of them exactly once.
**
** An order is kept in this browser before it is sent, with a key of its own (UUIDv7) that
** goes along as Idempotency-Key: the server answers a repetition with its first answer. So
** an order whose answer never came is simply sent again under its key, and only one whose
** answer said "no" may be changed, under a new key.
**
** A row: { key, owner, tenant, order, shown, made, tries, first, state, answer, problem }
**   state    'waiting': not sent, or sent and no answer came (tries says how often)
**            'sent'   : answer is the order, { id, number, ... }; it stays for a day, to be seen
**            'refused': problem is { status, detail, errors }; nothing came of it. Or { old: true }: it was
**                       sent once without an answer, and the server no longer knows the key, or not under
**                       this name. Only people can say whether it arrived: it is not sent by itself
**   first    when it was sent first, and by whom
**
** Nothing here draws: lib/offline.js shows it. */
import { all, amend, one, write } from './kept.js';

const PATH = '/api/orders';
const PATIENCE_MS = 30000; /* for one answer; a server that hangs is one that is away */
const SENT_STAYS_MS = 86400000;
const KEY_LASTS_MS = 23 * 3600000; /* the server keeps its answers for a day */
/* Answers that say nothing of the order: it is sent again. 401: first somebody logs in. */
const AGAIN = [401, 408, 421, 425, 429];

/* 48 bits of milliseconds, then chance (RFC 9562, 5.7). */
export function uuid7(now = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 5, ms = now; i >= 0; i--, ms = Math.floor(ms / 256)) bytes[i] = ms % 256;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export async function rowsOf(owner) {
  const rows = await all('orders');
  const old = rows.filter((row) => row.state === 'sent' && row.made < Date.now() - SENT_STAYS_MS).map((row) => row.key);
  if (old.length) await write('orders', { gone: old });
  return rows.filter((row) => !old.includes(row.key) && (row.owner === owner || row.owner === 'local')).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/* instead: the key of one whose place it takes. */
export async function add({ owner, tenant, order, shown, instead }) {
  const row = { key: uuid7(), owner, tenant, order, shown, made: Date.now(), tries: 0, state: 'waiting' };
  await write('orders', { put: [row], gone: instead ? [instead] : [] });
  return row;
}

export const remove = (key) => write('orders', { gone: [key] });

/* One attempt to tell the server something: { status, answer, after }, status 0 when no answer of ours came - none, or
** one that is not of this server: a portal's page. */
export async function tell(path, { key, tenant, body }) {
  const target = tenant ? `${path}?tenant=${encodeURIComponent(tenant)}` : path;
  try {
    const reply = await fetch(target, { method: 'POST', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS), headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key }, body: JSON.stringify(body) });
    const answer = await reply.json();
    const ours = reply.ok ? answer?.success && answer.data : answer?.status === reply.status;
    return { status: ours ? reply.status : 0, answer, after: Number(reply.headers.get('Retry-After') ?? NaN) };
  } catch {
    return { status: 0, answer: null, after: null };
  }
}

/* It says nothing of what was sent: that is sent again. */
export const isLater = ({ status, after }) => status === 0 || status >= 500 || AGAIN.includes(status) || (status === 409 && Number.isFinite(after));

/* { state, ... } of the row after one attempt; 'waiting' with status 0 when no answer of ours came. */
async function attempt(row, owner) {
  const began = Date.now();
  if (row.first && (row.first.by !== owner || began - row.first.at > KEY_LASTS_MS)) return { state: 'refused', problem: { old: true, errors: [] } };
  const told = await tell(PATH, { key: row.key, tenant: row.tenant, body: row.order });
  const { status, answer, after } = told;
  const tried = { tries: row.tries + 1, first: row.first ?? { at: began, by: owner } };
  if (status >= 200 && status < 300) return { ...tried, state: 'sent', answer: answer.data };
  if (isLater(told)) return { ...tried, state: 'waiting', status, after };
  return { ...tried, state: 'refused', problem: { status, detail: answer.detail, errors: answer.errors ?? [] } };
}

/* Sends what waits now, the oldest first, until there is nothing or the server cannot be asked.
** begun(key) and ended(key, outcome) tell of each. Gives what stopped it: null, or
** { status, after }. */
export async function sendAll(owner, { begun, ended }) {
  for (const { key } of (await rowsOf(owner)).filter((known) => known.state === 'waiting')) {
    const row = await one('orders', key); /* it may have been discarded meanwhile */
    if (row?.state !== 'waiting') continue;
    begun(row.key);
    const { status, after, ...outcome } = await attempt(row, owner);
    await amend('orders', row.key, (now) => ({ ...now, ...outcome }));
    ended(row.key, outcome);
    if (outcome.state === 'waiting') return { status, after };
  }
  return null;
}
