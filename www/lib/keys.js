/* A key alone is a command; one of many in a row is a scanner's, or somebody typing. */
import { useEffect, useRef } from 'preact/hooks';
import { SCAN_GAP_MS } from './scan.js';
import { keysOn } from './theme.js';

const isTyping = (element) => /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) && element.type !== 'radio' && element.type !== 'checkbox';

/* act(key), a moment after it was pressed; not while a dialog is open, and not where keys were switched off. */
export function useKeys(act) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    let last = 0;
    let timer = 0;
    const onKey = (event) => {
      const alone = event.timeStamp - last > SCAN_GAP_MS;
      last = event.timeStamp;
      clearTimeout(timer);
      if (!alone || !keysOn.value || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      timer = setTimeout(() => latest.current(event.key), SCAN_GAP_MS);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
