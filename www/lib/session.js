/* Who is here, and what he may do.
**
**   me                 signal: { user: { id, email, name, role,
**                      tenant } | null, open, setup, permissions: [...] }. open: there are
**                      no accounts yet, and whoever is at this machine may do everything
**   may('sales.write') is that permitted? For what is shown; the server decides again
**   begin()            asks who is here; once, by the frame
**   enter(path, body)  logs in: '/api/auth/login', '/api/auth/pin', '/api/auth/setup'
**   leave()            logs out, and takes what was kept of the data out of this browser
**   lock()             logs out and leaves the page as it is, for the same person
**
** The session itself is a cookie that no script can read. What stands in this browser's
** storage is only who was here last, so that the page opens where the server is away. */
import { effect, signal } from '@preact/signals';
import { atDoor, Failure, reachable, shut } from './api.js';

const STORED = 'me';

export const me = signal({ user: null, open: true, setup: false, permissions: [] });
/* The page waits for its own person: locked, or his session has ended. */
export const expected = () => me.value?.user ?? null;
export const may = (permission) => !permission || !!me.value && (me.value.open || me.value.permissions.includes(permission));
/* Whose what is kept here is. */
export const owner = () => me.value?.user?.id ?? 'local';

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORED));
  } catch {
    return null;
  }
}

function store(who) {
  try {
    if (who) localStorage.setItem(STORED, JSON.stringify(who));
    else localStorage.removeItem(STORED);
  } catch {
    /* storage can be forbidden: the page then opens only where the server answers */
  }
}

/* Somebody else begins with a page of his own. */
function arrived(who) {
  const before = me.value;
  const other = before && (before.user?.id ?? null) !== (who.user?.id ?? null) && before.user;
  store(who);
  if (other) return location.reload();
  me.value = who;
  shut.value = !who.open && !who.user;
  return undefined;
}

async function look() {
  try {
    const { data } = await atDoor.get('/api/auth/me');
    arrived({ user: data.user ?? null, open: !!data.open, setup: !!data.setup, permissions: data.permissions ?? [] });
  } catch (error) {
    if (error.status === 401) arrived({ user: null, open: false, setup: false, permissions: [] });
    else throw error;
  }
}

/* Resolves when it is known who is here; rejects where the server is away and nobody was here before. */
export async function begin() {
  try {
    await look();
  } catch (error) {
    const last = stored();
    if (!(error instanceof Failure) || !last || (error.status !== 0 && error.status < 500)) throw error;
    me.value = last;
  }
}

export async function enter(path, body) {
  await atDoor.post(path, body);
  await look();
}

/* What else must go when somebody logs out; each may be a promise. */
const leaving = new Set();
export const onLeave = (fn) => leaving.add(fn);

export async function leave() {
  await atDoor.post('/api/auth/logout').catch((error) => {
    if (error.status !== 401) throw error; /* it has ended by itself */
  });
  store(null);
  await Promise.allSettled([...leaving].map((fn) => fn()));
  location.reload();
}

export async function lock() {
  await atDoor.post('/api/auth/logout').catch(() => {});
  shut.value = true;
}

/* Another window of this browser logged in or out. */
addEventListener('storage', (event) => {
  if (event.key !== STORED || !me.value) return;
  const other = stored();
  if (!other || (other.user?.id ?? null) !== (me.value.user?.id ?? null)) location.reload();
  else if (shut.value) look().catch(() => {});
});

/* Opened without the server: it is asked as soon as it is there again. */
let away = false;
effect(() => {
  const here = reachable.value;
  if (here && away && me.peek()) look().catch(() => {});
  away = !here;
});
