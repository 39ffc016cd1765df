/* The page as a program of its own: its files are kept by a service worker (sw.js), so that it
** opens without the server, and the browser offers to install it. */
import { signal } from '@preact/signals';
import { idle } from './idle.js';

const WORKER = 'sw.js';
const PATIENCE_MS = 5000;

/* Does the browser offer to install the page? install() accepts. */
export const canInstall = signal(false);
let offer = null;
addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault(); /* it is offered where one looks for it, in the settings */
  offer = event;
  canInstall.value = true;
});
export async function install() {
  await offer?.prompt();
  canInstall.value = false;
}

/* A page may only run what it names: this is the one script that it names by address. */
function trusted(address) {
  const policy = globalThis.trustedTypes?.createPolicy('outpost-worker', { createScriptURL: () => WORKER });
  return policy ? policy.createScriptURL(address) : address;
}

const loaded = () => new Promise((resolve) => {
  if (document.readyState === 'complete') resolve();
  else addEventListener('load', resolve, { once: true });
});

/* After everything else: the first view comes first. Where a browser refuses - a certificate
** that it does not trust, a private window - the page works all the same, online. */
export async function keepShell() {
  if (!navigator.serviceWorker) return;
  await loaded();
  await idle(PATIENCE_MS);
  await navigator.serviceWorker.register(trusted(WORKER)).catch(() => {});
}
