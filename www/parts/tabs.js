/* Tabs after the ARIA pattern: one stop for the Tab key, arrows move between
** them and select at once. A tab is { id, label, mark }: mark is a small figure. */
import { useEffect, useRef } from 'preact/hooks';
import { html } from '../lib/html.js';

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

export function Tabs({ label, tabs, open, onOpen, children }) {
  const list = useRef(null);
  useEffect(() => { /* on a narrow screen the tabs scroll: the open one is brought to the middle */
    const tab = list.current.querySelector('[aria-selected="true"]');
    list.current.scrollLeft = tab.offsetLeft - (list.current.clientWidth - tab.offsetWidth) / 2;
  }, [open]);
  const onKey = (event) => {
    const at = tabs.findIndex((tab) => tab.id === open);
    let to = at;
    if (event.key in STEPS) to = (at + STEPS[event.key] + tabs.length) % tabs.length;
    else if (event.key === 'Home') to = 0;
    else if (event.key === 'End') to = tabs.length - 1;
    else return;
    event.preventDefault();
    onOpen(tabs[to].id);
    list.current.children[to].focus();
  };
  return html`<div class="tabs">
    <div class="tab-list" role="tablist" aria-label=${label} ref=${list} onKeyDown=${onKey}>
      ${tabs.map(
        (tab) => html`<button
          key=${tab.id}
          type="button"
          role="tab"
          id=${`tab-${tab.id}`}
          aria-selected=${String(tab.id === open)}
          aria-controls="tab-panel"
          tabindex=${tab.id === open ? 0 : -1}
          onClick=${() => onOpen(tab.id)}
        >
          ${tab.label}${tab.mark && html`<span class=${`mark tone-${tab.tone ?? 'plain'}`}>${tab.mark}</span>`}
        </button>`,
      )}
    </div>
    <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby=${`tab-${open}`} tabindex="-1">${children}</div>
  </div>`;
}
