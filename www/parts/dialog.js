/* Dialogs. The element of the browser keeps the focus inside, closes on Escape and
** gives the focus back; one opened upon another lies above it.
**
**   Dialog  { title, onClose, wide, children }          in the middle
**   Drawer  { title, note, onClose, actions, children } at the side; full width on a
**           narrow screen. pages/index.js says which drawer an address opens
**
** Whoever opens one takes it away again in onClose: it is called once. */
import { useEffect, useId, useRef } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from './icon.js';

function useModal(onClose) {
  const own = useRef(null);
  const latest = useRef(onClose);
  latest.current = onClose;
  useEffect(() => {
    const element = own.current;
    const before = document.activeElement;
    let here = true;
    const ask = (event) => { /* Escape: only what is on the page decides */
      event.preventDefault();
      latest.current();
    };
    const closed = () => here && latest.current(); /* a browser may insist */
    element.addEventListener('cancel', ask);
    element.addEventListener('close', closed);
    element.showModal();
    return () => {
      here = false;
      element.close();
      if (before?.isConnected) before.focus({ preventScroll: true }); /* it may be out of the page already, then the browser does not */
    };
  }, []);
  return own;
}

function Modal({ kind, title, note, actions, onClose, children }) {
  const own = useModal(onClose);
  const id = useId();
  const beside = (event) => event.target === own.current && onClose();
  return html`<dialog ref=${own} class=${kind} aria-labelledby=${id} onMouseDown=${beside}>
    <div class="dialog-box">
      <header class="dialog-head">
        <div>
          <h2 id=${id}>${title}</h2>
          ${note && html`<p class="note">${note}</p>`}
        </div>
        ${actions}
        <button type="button" class="quiet square" onClick=${onClose} aria-label=${t('dialog.close')}><${Icon} name="cross" /></button>
      </header>
      ${children}
    </div>
  </dialog>`;
}

export const Dialog = ({ drawer, wide, ...rest }) => html`<${Modal} kind=${drawer ? 'drawer' : wide ? 'dialog dialog-wide' : 'dialog'} ...${rest} />`;
export const Drawer = (props) => html`<${Modal} kind="drawer" ...${props} />`;
