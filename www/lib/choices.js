/* What people decide of conflicts, with or without the server: kept in this browser until it was sent.
**
**   choose(ids, act, body)  act 'take' or 'keep', of conflicts by their id; 'rename' of one of a key, body { values }
**   takeBack(ids)      what was decided is not: it is not sent any more, or the server is told
**   decided(id)        signal value: the act that this browser decided for a conflict and the list does not show yet, or null
**   unsentNow(id)      whether it was decided here, and not sent yet
**   refused(id)        what the server said to it, or null
**   settle(open)       the list as the server has it: what it shows need not be remembered
**   choices, unsent    signals: the rows of who is here; how many have not been sent
**
** A row: { key, owner, tenant, conflict, act: 'take'|'keep'|'rename'|'reopen', body, made, tries, state: 'waiting'|'sent'|'refused', problem }.
** They are sent in the order in which they were made. One whose answer never came is sent again; that the conflict
** has been decided so already is as good. */
import { computed, effect, signal } from '@preact/signals';
import { address, get, reachable, shut, tenant } from './api.js';
import * as kept from './kept.js';
import { isLater, tell, uuid7 } from './outbox.js';
import { sender } from './sender.js';
import { me, may, owner } from './session.js';

const SENT_STAYS_MS = 60000; /* until every list has heard of it */
const STATE_OF = { take: 'taken', keep: 'kept', rename: 'taken' };
const TABS = new BroadcastChannel('outpost-choices');
let under = null; /* the key of the one that is under way */

export const choices = signal([]);
export const unsent = computed(() => choices.value.filter((row) => row.state === 'waiting').length);
const last = computed(() => new Map(choices.value.map((row) => [row.conflict, row])));

export function decided(id) {
  const row = last.value.get(id);
  return row && row.state !== 'refused' && row.act !== 'reopen' ? row.act : null;
}

/* It may still be taken back without anybody else having heard of it. */
export const unsentNow = (id) => last.value.get(id)?.state === 'waiting' && !last.value.get(id).tries;

export function refused(id) {
  const row = last.value.get(id);
  return row?.state === 'refused' ? row.problem : null;
}

async function show() {
  const rows = (await kept.all('choices')).filter((row) => row.owner === owner());
  const old = rows.filter((row) => row.state === 'sent' && row.sent < Date.now() - SENT_STAYS_MS);
  if (old.length) await kept.write('choices', { gone: old.map((row) => row.key) });
  choices.value = rows.filter((row) => !old.includes(row)).sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function change({ put = [], gone = [] }) {
  await kept.write('choices', { put, gone });
  choices.value = [...choices.value.filter((row) => !gone.includes(row.key)), ...put];
  TABS.postMessage('changed');
}

/* ---- sending ---- */

/* Decided so already: by the attempt before, whose answer was lost. */
async function isSo({ conflict, act }) {
  const { data } = await get(address(`/api/records/sync_conflict/${conflict}`));
  return data.state === STATE_OF[act];
}

/* { state, ... } after one attempt; 'waiting' with status and after when it must be tried again. */
async function attempt(row) {
  const told = await tell(`/api/sync/conflicts/${row.conflict}/${row.act}`, { key: row.key, tenant: row.tenant, body: row.body ?? {} });
  const tries = row.tries + 1;
  if (isLater(told)) return { tries, state: 'waiting', status: told.status, after: told.after };
  if (told.status < 300 || (told.status === 409 && (await isSo(row).catch(() => false)))) return { tries, state: 'sent', sent: Date.now() };
  return { tries, state: 'refused', problem: { status: told.status, detail: told.answer.detail } };
}

async function send() {
  for (const { key } of choices.value.filter((row) => row.state === 'waiting')) {
    const row = await kept.one('choices', key); /* it may have been taken back meanwhile */
    if (row?.state !== 'waiting') continue;
    under = key;
    const { status, after, ...outcome } = await attempt(row).finally(() => { under = null; });
    await kept.amend('choices', key, (now) => ({ ...now, ...outcome }));
    choices.value = choices.value.map((one) => (one.key === key ? { ...one, ...outcome } : one));
    TABS.postMessage('changed');
    if (outcome.state === 'waiting') return { status, after };
  }
  return null;
}

const sendNow = sender({ name: 'outpost-choices', open: () => me.value && may('sync.write'), send });

/* ---- what people do ---- */

const row = (conflict, act, body) => ({ key: uuid7(), owner: owner(), tenant: tenant.value, conflict, act, body, made: Date.now(), tries: 0, state: 'waiting' });

export async function choose(ids, act, body) {
  const gone = choices.value.filter((one) => ids.includes(one.conflict) && one.state === 'refused').map((one) => one.key);
  await change({ put: ids.map((id) => row(id, act, body)), gone });
  sendNow();
}

export async function takeBack(ids) {
  const mine = ids.map((id) => last.value.get(id));
  const fresh = (one) => one?.state === 'waiting' && !one.tries && one.key !== under && one.act !== 'reopen';
  await change({ put: ids.filter((id, i) => !fresh(mine[i])).map((id) => row(id, 'reopen')), gone: mine.filter(fresh).map((one) => one.key) });
  sendNow();
}

/* open: the ids of those that are open. When the list says what was decided last and sent, nothing of it need be remembered. */
export async function settle(open) {
  const done = (one) => one.state === 'sent' && open.includes(one.conflict) === (one.act === 'reopen');
  const gone = choices.value.filter((one) => done(last.value.get(one.conflict))).map((one) => one.key);
  if (gone.length) await change({ gone });
}

TABS.onmessage = () => show().catch(() => {});
effect(() => {
  if (me.value && reachable.value && !shut.value) setTimeout(() => show().then(sendNow, () => {}));
});
