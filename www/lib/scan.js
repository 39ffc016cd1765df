/* A barcode scanner is a keyboard that types very fast and ends with Enter. onScan(fn) calls
** fn(code) for such a burst, wherever the cursor is - except in a field that takes scans
** itself (data-scan="own") - and gives a function that ends it. What a burst typed into a
** field meanwhile is taken out again.
**
** GS (0x1D), which separates the parts of a GS1 code, comes from many scanners as Ctrl+]. */
import { useEffect, useRef } from 'preact/hooks';

export const SCAN_GAP_MS = 40; /* between two characters: people need more */
const LEAST = 4; /* characters: shorter bursts may be somebody's fingers */

function onScan(fn) {
  let typed = '';
  let last = 0;
  let field = null;
  let before = '';
  const begin = (target) => {
    typed = '';
    field = 'value' in target && target.type !== 'checkbox' && target.type !== 'radio' ? target : null;
    before = field?.value ?? '';
  };
  const giveBack = () => {
    if (!field) return;
    field.value = before;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const onKey = (event) => {
    if (event.target.closest?.('[data-scan="own"]')) return;
    const now = event.timeStamp;
    if (now - last > SCAN_GAP_MS) begin(event.target);
    last = now;
    if ((event.key === 'Enter' || event.key === 'Tab') && typed.length >= LEAST) {
      event.preventDefault();
      event.stopPropagation();
      const code = typed;
      typed = '';
      giveBack();
      fn(code);
    } else if (event.ctrlKey && event.key === ']') {
      typed += '\u001d';
    } else if (event.key.length === 1) {
      typed += event.key;
    }
  };
  addEventListener('keydown', onKey, true);
  return () => removeEventListener('keydown', onKey, true);
}

export function useScan(fn) {
  const latest = useRef(fn);
  latest.current = fn;
  useEffect(() => onScan((code) => latest.current(code)), []);
}
