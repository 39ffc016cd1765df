/* Who is here, and what he may do.
**
**   me                 signal: null until it is known, then { user: { id, email, name, role,
**                      tenant } | null, open, setup, permissions: [...] }. open: there are
**                      no accounts yet, and whoever is at this machine may do everything
**   may('sales.write') is that permitted? For what is shown; the server decides again
**   begin()            asks who is here; once, by the frame
**   enter(path, body, where)  logs in: '/api/auth/login', '/api/auth/pin', '/api/auth/setup'; and goes
**                      to where, if that is given
**   leave()            logs out, and takes what was kept of the data out of this browser
**   lock()             logs out and leaves the page as it is, for the same person
**
** Who logs out or locks while the server is away is out here at once; the server is told before it is asked
** anything else.
**
** The session itself is a cookie that no script can read. What stands in this browser's
** storage is only who was here last, so that the page opens where the server is away. */
import { effect, signal } from '@preact/signals';
import { atDoor, reachable, renew, shut } from './api.js';
import { store, stored } from './stored.js';

const STORED = 'me';
const PARTING = 'parting'; /* somebody went, and the server does not know it yet */
const NOBODY = { user: null, open: false, setup: false, permissions: [] };

export const me = signal(null);
export const may = (permission) => !permission || !!me.value && (me.value.open || me.value.permissions.includes(permission));
/* Whose what is kept here is. */
export const owner = () => me.value?.user?.id ?? 'local';

function last() {
  try {
    return JSON.parse(stored(STORED));
  } catch {
    return null;
  }
}

const remember = (who) => store(STORED, who?.user || who?.open ? JSON.stringify(who) : null);

/* Somebody else begins with a page of his own; the same person, or nobody, leaves it as it is. */
function arrived(who) {
  const before = me.value?.user;
  if (before && !who.user && !who.open) {
    shut.value = true;
    return;
  }
  remember(who);
  if (before && who.user?.id !== before.id) {
    location.reload();
    return;
  }
  shut.value = !who.open && !who.user; /* first: who listens to both asks nothing in between */
  me.value = who;
}

/* Ends the session, and says whether the server knows it. 401: it had ended by itself. */
async function part() {
  store(PARTING, '1');
  const known = await atDoor.post('/api/auth/logout').then(() => true, (error) => error.status === 401);
  if (known) store(PARTING, null);
  return known;
}

/* Nobody, though somebody was: his session may go on by the cookie that refreshes it. */
async function look(again = true) {
  if (stored(PARTING) && !(await part())) return undefined;
  const { data } = await atDoor.get('/api/auth/me');
  if (again && !data.user && !data.open && last()?.user && (await renew())) return look(false);
  return arrived({ user: data.user ?? null, open: !!data.open, setup: !!data.setup, permissions: data.permissions ?? [] });
}

/* Resolves when it is known who is here. Who was here last is taken for it until the server has
** said so, and where the server is away; rejects when nobody was and nobody can be asked. */
export async function begin() {
  me.value = stored(PARTING) ? NOBODY : last();
  const asked = look();
  if (!me.value) return asked;
  asked.catch(() => {});
  return undefined;
}

export async function enter(path, body, where) {
  if (stored(PARTING)) await part();
  await atDoor.post(path, body);
  store(PARTING, null); /* whoever is here now stays */
  if (where) location.hash = where; /* before the page of somebody else begins */
  await look();
}

/* What else must go when somebody logs out; each may be a promise. */
const leaving = new Set();
export const onLeave = (fn) => leaving.add(fn);

export async function leave() {
  await part();
  remember(null);
  await Promise.allSettled([...leaving].map((fn) => fn()));
  location.reload();
}

export async function lock() {
  await part();
  shut.value = true;
}

/* Another window of this browser logged in or out. */
addEventListener('storage', (event) => {
  if (event.key !== STORED || !me.value) return;
  const other = last();
  if (!other || (other.user?.id ?? null) !== (me.value.user?.id ?? null)) location.reload();
  else if (shut.value) look().catch(() => {});
});

addEventListener('online', () => {
  if (stored(PARTING)) look().catch(() => {});
});

/* Opened without the server: it is asked as soon as it is there again. */
let away = false;
effect(() => {
  const here = reachable.value;
  if (here && away && me.peek()) look().catch(() => {});
  away = !here;
});
