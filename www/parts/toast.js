/* What has just been done, told at the edge of the page, with a way back.
**
**   toast({ text, tone: 'ok'|'bad', action: { label, run }, href, hrefLabel })
**
** It goes by itself, later when there is something to click, and not while it is
** pointed at or has the focus. Toasts stands once, in the frame. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from './icon.js';

const STAYS_MS = 6000;
const STAYS_WITH_ACTION_MS = 15000;
const MOST = 3;

const shown = signal([]);
let number = 0;

export function toast(what) {
  shown.value = [...shown.value.slice(1 - MOST), { id: ++number, tone: 'ok', ...what }];
}

/* A Failure, told where no field or card can tell it. */
export const toastFailure = (error) => error.name !== 'AbortError' && toast({ tone: 'bad', text: error.message || t('failed.offline.title') });

const drop = (id) => {
  shown.value = shown.value.filter((one) => one.id !== id);
};

function Toast({ one }) {
  const held = useRef(false);
  useEffect(() => {
    let left = one.action || one.href ? STAYS_WITH_ACTION_MS : STAYS_MS;
    const timer = setInterval(() => {
      if (!held.current) left -= 500;
      if (left <= 0) drop(one.id);
    }, 500);
    return () => clearInterval(timer);
  }, []);
  const hold = (on) => () => {
    held.current = on;
  };
  const act = () => {
    drop(one.id);
    one.action.run();
  };
  return html`<div class=${`toast toast-${one.tone}`} onMouseEnter=${hold(true)} onMouseLeave=${hold(false)} onFocusIn=${hold(true)} onFocusOut=${hold(false)}>
    <${Icon} name=${one.tone === 'bad' ? 'warn' : 'check'} />
    <span>${one.text}</span>
    ${one.action && html`<button type="button" class="toast-act" onClick=${act}>${one.action.label}</button>`}
    ${one.href && html`<a class="toast-act" href=${one.href} onClick=${() => drop(one.id)}>${one.hrefLabel}</a>`}
    <button type="button" class="toast-act square" aria-label=${t('dialog.close')} onClick=${() => drop(one.id)}><${Icon} name="cross" /></button>
  </div>`;
}

/* As a popover they lie above a dialog that is open, too: the newest is brought to
** the front each time. */
export function Toasts() {
  const own = useRef(null);
  useEffect(() => {
    if (!shown.value.length) return;
    own.current.hidePopover();
    own.current.showPopover();
  }, [shown.value]);
  return html`<div class="toasts" popover="manual" role="status" aria-live="polite" ref=${own}>${shown.value.map((one) => html`<${Toast} key=${one.id} one=${one} />`)}</div>`;
}
