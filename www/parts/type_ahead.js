/* A field that finds while one types, after the ARIA pattern of a combobox with a list.
**
**   TypeAhead  { label, find, onPick, placeholder, icon, focus, keys, name, eager }
**
** find(text) gives what to offer: [{ id, label, note, mark }]; eager: also before anything is typed. The first is taken with Enter, others
** with the arrows; onPick(it, byKey) empties the field. focus: a ref that gets the input. keys(event,
** text) sees a key first, and says whether it took it. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from './icon.js';

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export function TypeAhead({ label, find, onPick, placeholder, icon = 'search', focus, keys, name, eager }) {
  const id = useId();
  const own = useRef(null);
  const input = focus ?? own;
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const list = useRef(null);
  const offered = open ? find(text) : [];
  const here = Math.min(at, offered.length - 1);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [here, open]);

  const show = (value) => {
    setText(value);
    setAt(0);
    setOpen(true);
  };
  const pick = (it, byKey) => {
    setText('');
    setAt(0);
    setOpen(false);
    onPick(it, byKey);
  };
  const onKey = (event) => {
    if (keys?.(event, text)) return event.preventDefault();
    if (event.key in STEPS) {
      event.preventDefault();
      if (!open) setOpen(true);
      else if (offered.length) setAt((here + STEPS[event.key] + offered.length) % offered.length);
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (offered[here] && (text || open)) pick(offered[here], true);
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    }
    return undefined;
  };
  const none = open && text.trim() && !offered.length;
  return html`<div class="type-ahead" data-name=${name}>
    <label for=${id}>${label}</label>
    <div class="type-ahead-field"><${Icon} name=${icon} />
      <input ref=${input} id=${id} type="text" role="combobox" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="next" placeholder=${placeholder} value=${text}
        aria-autocomplete="list" aria-expanded=${String(offered.length > 0)} aria-controls=${`${id}-list`} aria-activedescendant=${offered[here] ? `${id}-${here}` : undefined}
        onInput=${(event) => show(event.target.value)} onFocus=${() => eager && setOpen(true)} onClick=${() => setOpen(true)} onBlur=${() => setOpen(false)} onKeyDown=${onKey} /></div>
    <ul id=${`${id}-list`} ref=${list} role="listbox" aria-label=${label} hidden=${!offered.length}>
      ${offered.map((it, i) => html`<li key=${it.id} id=${`${id}-${i}`} role="option" aria-selected=${String(i === here)} onMouseDown=${(event) => event.preventDefault()} onClick=${() => pick(it, false)}>
        <span class="type-ahead-label">${it.label}</span>${it.mark && html`<span class="type-ahead-mark">${it.mark}</span>`}${it.note && html`<span class="note">${it.note}</span>`}
      </li>`)}
    </ul>
    <p class="hidden" role="status">${open && text.trim() ? t('find.n', { n: offered.length }) : ''}</p>
    ${none && html`<p class="type-ahead-none">${t('find.none', { text: text.trim() })}</p>`}
  </div>`;
}
