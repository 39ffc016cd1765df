/* What is so on this device, whoever uses it: a terminal that many share locks itself when
** nobody has touched it for a while. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { reachable, shut } from './api.js';
import { lock, me } from './session.js';
import { stored, store } from './stored.js';

const TOUCHES = ['pointerdown', 'keydown', 'wheel', 'touchstart'];
const LOOK_MS = 1000;

/* Minutes after which it locks; 0: never. */
export const lockAfter = signal(Number(stored('lock_after', '0')) || 0);
export function setLockAfter(minutes) {
  lockAfter.value = minutes;
  store('lock_after', String(minutes));
}

/* Without the server nobody could unlock it again, so it waits for the server. */
export function useIdleLock() {
  useEffect(() => {
    let touched = Date.now();
    const touch = () => {
      touched = Date.now();
    };
    const look = () => {
      const idle = Date.now() - touched > lockAfter.value * 60000;
      if (lockAfter.value && idle && me.value?.user && !shut.value && reachable.value) lock();
    };
    TOUCHES.forEach((name) => addEventListener(name, touch, { passive: true, capture: true }));
    const timer = setInterval(look, LOOK_MS);
    return () => {
      TOUCHES.forEach((name) => removeEventListener(name, touch, { capture: true }));
      clearInterval(timer);
    };
  }, []);
}
