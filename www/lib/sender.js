/* Sends what this browser keeps until the server has it, whenever that is possible.
**
**   sender({ name, open, send })   gives a function that tries at once, and resolves when no more can be done for now
**
** name: of the lock, so that of several windows one sends. open(): may anything be sent now? send(): sends what
** waits, the oldest first, and gives what stopped it: null, or { status, after: seconds }. After that it is tried again by
** itself, later each time, and when the network or the window comes back. */
import { shut } from './api.js';

const AGAIN_MS = [1000, 2000, 5000, 15000, 30000, 60000];

/* One window at a time, where windows can agree; where not, the keys keep it right. */
const alone = (name, fn) => (navigator.locks ? navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? fn() : { status: 0 })) : fn());

export function sender({ name, open, send }) {
  let timer = 0;
  let failures = 0;
  let busy = null; /* a promise while something is being sent */
  let wanted = false; /* and is to be looked for more afterwards */

  function later(after) {
    clearTimeout(timer);
    const ms = Number.isFinite(after) ? after * 1000 : AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)];
    timer = setTimeout(now, ms * (1 + Math.random() / 4));
  }

  async function once() {
    const stopped = await alone(name, send);
    if (!stopped) failures = 0;
    else if (stopped.status === 401) shut.value = true;
    else later(stopped.after);
  }

  async function whileWanted() {
    do {
      wanted = false;
      await once().catch(() => later());
    } while (wanted);
    busy = null;
  }

  async function now() {
    clearTimeout(timer);
    if (shut.value || !open()) return;
    wanted = true;
    busy ??= whileWanted();
    await busy;
  }

  addEventListener('online', () => now());
  document.addEventListener('visibilitychange', () => document.hidden || now());
  return now;
}
