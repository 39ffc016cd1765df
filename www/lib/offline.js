/* What goes on without the server: orders that are kept until they could be sent, and the
** lists that are needed for them and for conflicts (lib/choices.js).
**
**   queueOrder(order, { shown, instead })
**        keeps the order (the body of POST /api/orders) and sends it as soon as that is
**        possible, exactly once. Resolves when it is safe in this browser, with { key, done }:
**        done is a promise of the row after the first attempt (row.state 'sent', 'waiting' or
**        'refused', see lib/outbox.js), and may be long in coming. shown is what people see of it meanwhile,
**        { store, lines, total }; instead: the key of a refused one that it takes the place of
**   waiting      signal: the rows of who is here, oldest first; those that were sent stay a day
**   toSend       signal: how many are still here (waiting or refused)
**   refused      signal: how many of these the server did not take (of an old one nobody knows)
**   sending      signal: the key of the one that is under way, or null
**   sendNow()    tries at once
**   discard(key) takes one out; one whose answer never came may have arrived
**   again(key)   a refused one, under a new key
**   cachedList(name)  'stores', 'products' or 'conflicts': signal of { rows, at, stale }, rows null until there
**        are some. The last known ones come at once, from this browser; the server's follow, and
**        again whenever they change. at: when the server said so; stale: it has not said so yet
**
** Everything here belongs to one person and one tenant; who logs out takes the lists along. Orders
** that were not sent stay, for he alone can send them. */
import { computed, effect, signal } from '@preact/signals';
import { address, get, reachable, shut, tenant } from './api.js';
import * as kept from './kept.js';
import { onChange } from './live.js';
import { add, remove, rowsOf, sendAll } from './outbox.js';
import { sender } from './sender.js';
import { me, may, onLeave, owner } from './session.js';

const GATHER_MS = 300;
const TABS = new BroadcastChannel('outpost-orders');

export const waiting = signal([]);
export const sending = signal(null);
export const refused = computed(() => waiting.value.filter((row) => row.state === 'refused' && !row.problem?.old).length);
export const toSend = computed(() => waiting.value.filter((row) => row.state !== 'sent').length);

/* ---- the queue ---- */

const asked = new Map(); /* key -> resolves done of queueOrder */

async function show() {
  waiting.value = await rowsOf(owner());
}

/* Other windows read it again; this one knows what has changed. */
function changed(rows) {
  waiting.value = rows;
  TABS.postMessage('changed');
}

function ended(key, outcome) {
  sending.value = null;
  changed(waiting.value.map((row) => (row.key === key ? { ...row, ...outcome } : row)));
  asked.get(key)?.({ key, ...waiting.value.find((row) => row.key === key), ...outcome });
  asked.delete(key);
}

export const sendNow = sender({
  name: 'outpost-orders',
  open: () => me.value && may('sales.write'),
  send: async () => {
    try {
      return await sendAll(owner(), { begun: (key) => { sending.value = key; }, ended });
    } finally {
      sending.value = null;
    }
  },
});

export async function queueOrder(order, { shown, instead } = {}) {
  const row = await add({ owner: owner(), tenant: tenant.value, order, shown, instead });
  navigator.storage?.persist?.().catch(() => {});
  const done = new Promise((resolve) => asked.set(row.key, resolve));
  changed([...waiting.value.filter((one) => one.key !== instead), row]);
  sendNow();
  return { key: row.key, done };
}

export async function discard(key) {
  await remove(key);
  changed(waiting.value.filter((row) => row.key !== key));
}

/* What was refused left nothing behind, so a new key makes no second one. */
export async function again(key) {
  const row = waiting.value.find((one) => one.key === key);
  if (row?.state === 'refused') await queueOrder(row.order, { shown: row.shown, instead: key });
}

let reading = 0;
TABS.onmessage = () => {
  reading ||= setTimeout(() => {
    reading = 0;
    show().catch(() => {});
  }, GATHER_MS);
};
effect(() => {
  if (me.value && reachable.value && !shut.value) setTimeout(() => show().then(sendNow, () => {}));
});

/* ---- lists ---- */

const LISTS = { stores: { path: '/api/stores', tables: ['stores'] }, products: { path: '/api/products', tables: ['products'] }, conflicts: { path: '/api/sync/conflicts', tables: ['sync_conflicts'] } };
const AT_ONCE = 1000;
const lists = new Map();

const idOf = (name) => [tenant.value ?? '', owner(), name].join('\n');

async function everything(path) {
  const rows = [];
  for (let cursor = null; ;) {
    const answer = await get(address(path, { limit: AT_ONCE, cursor }));
    rows.push(...answer.data);
    cursor = answer.next ?? null;
    if (!cursor) return rows;
  }
}

function keepFresh(name, list) {
  const { path, tables } = LISTS[name];
  const id = idOf(name);
  let timer = 0;
  const refresh = async () => {
    timer = 0;
    try {
      const rows = await everything(path);
      list.value = { rows, at: Date.now(), stale: false };
      await kept.write('lists', { put: [{ id, rows, at: list.value.at }] });
    } catch {
      list.value = { ...list.value, stale: true };
    }
  };
  kept.one('lists', id).then((last) => {
    if (last && !list.value.rows) list.value = { rows: last.rows, at: last.at, stale: true };
  }, () => {});
  refresh();
  onChange(() => { timer ||= setTimeout(refresh, GATHER_MS); }, tables);
}

export function cachedList(name) {
  const id = idOf(name);
  if (!lists.has(id)) {
    lists.set(id, signal({ rows: null, at: null, stale: true }));
    keepFresh(name, lists.get(id));
  }
  return lists.get(id);
}

onLeave(async () => {
  const own = (await kept.all('lists')).map((list) => list.id);
  await kept.write('lists', { gone: own });
});
