/* Where a file can be put: dropped, or chosen by a button.
**
**   DropZone      { title, note, onFile, accept, busy }
**   useFileDrop   (onFile) -> is a file being dragged over the window? For a page
**                 that takes one anywhere */
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { Icon } from './icon.js';

const hasFile = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');

export function useFileDrop(onFile) {
  const [over, setOver] = useState(false);
  const latest = useRef(onFile);
  latest.current = onFile;
  useEffect(() => {
    let depth = 0; /* every element inside enters and leaves, too */
    const enter = (event) => hasFile(event) && (depth++, setOver(true));
    const leave = (event) => hasFile(event) && (depth = Math.max(0, depth - 1)) === 0 && setOver(false);
    const move = (event) => hasFile(event) && event.preventDefault();
    const drop = (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      if (event.dataTransfer.files[0]) latest.current(event.dataTransfer.files[0]);
    };
    const all = { dragenter: enter, dragleave: leave, dragover: move, drop };
    for (const [name, listener] of Object.entries(all)) addEventListener(name, listener);
    return () => Object.entries(all).forEach(([name, listener]) => removeEventListener(name, listener));
  }, []);
  return over;
}

/* A file dropped here bubbles to the window: the page's useFileDrop takes it, so
** the zone itself only shows that it is the place. */
export function DropZone({ title, note, button, onFile, accept, busy }) {
  const input = useRef(null);
  const choose = (event) => {
    const file = event.target.files[0];
    event.target.value = '';
    if (file) onFile(file);
  };
  return html`<div class="drop-zone">
    <span class="empty-mark"><${Icon} name="upload" /></span>
    <p class="drop-title">${title}</p>
    ${note && html`<p class="note">${note}</p>`}
    <button type="button" class="button" disabled=${busy} onClick=${() => input.current.click()}>${button}</button>
    <input ref=${input} type="file" class="hidden" tabindex="-1" aria-hidden="true" accept=${accept} onChange=${choose} />
  </div>`;
}
