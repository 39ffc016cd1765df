/* A dialog in the middle, or, as a drawer, at the edge. The element of the
** browser keeps the focus inside, closes on Escape and gives the focus back. */
import { useEffect, useRef } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from './icon.js';

export function Dialog({ title, drawer, onClose, children }) {
  const own = useRef(null);
  useEffect(() => {
    const element = own.current;
    element.showModal();
    return () => element.close();
  }, []);
  const onClick = (event) => event.target === own.current && onClose(); /* beside it */
  return html`<dialog ref=${own} class=${drawer ? 'drawer' : 'dialog'} aria-labelledby="dialog-title" onClose=${onClose} onClick=${onClick}>
    <div class="dialog-box">
      <header class="dialog-head">
        <h2 id="dialog-title">${title}</h2>
        <button type="button" class="quiet square" onClick=${onClose} aria-label=${t('dialog.close')}><${Icon} name="cross" /></button>
      </header>
      ${children}
    </div>
  </dialog>`;
}
