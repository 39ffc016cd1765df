/* A barcode scanner is a keyboard that types very fast and ends with Enter or Tab. Keys of a busy machine come late and then
** many at once, so it is the burst as a whole that tells: its mean gap, and that few gaps are a person's. onScan(fn) calls
** fn(code) for such a burst, wherever the cursor is - except in a field that takes scans
** itself (data-scan="own") - and gives a function that ends it. What a burst typed into a
** field meanwhile is taken out again.
**
** GS (0x1D), which separates the parts of a GS1 code, comes from many scanners as Ctrl+]. */
import { useEffect, useRef } from 'preact/hooks';

export const SCAN_GAP_MS = 40; /* between two characters: people need more */
const PAUSE_MOST_MS = 250; /* a longer one ends a burst, whoever typed it */
const A_PAUSE_IN = 6; /* characters: so many for each gap that is longer than SCAN_GAP_MS */
const LEAST = 4; /* characters: shorter bursts may be somebody's fingers */

function onScan(fn) {
  let typed = '';
  let began = 0;
  let last = -Infinity;
  let pauses = 0;
  let field = null;
  let before = '';
  const begin = (target, now) => {
    typed = '';
    began = now;
    pauses = 0;
    field = 'value' in target && target.type !== 'checkbox' && target.type !== 'radio' ? target : null;
    before = field?.value ?? '';
  };
  const giveBack = () => {
    if (!field) return;
    field.value = before;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const isScan = () => typed.length >= LEAST && pauses <= typed.length / A_PAUSE_IN && last - began <= SCAN_GAP_MS * typed.length;
  const onKey = (event) => {
    if (event.target.closest?.('[data-scan="own"]')) return;
    const now = event.timeStamp;
    if (now - last > PAUSE_MOST_MS) begin(event.target, now);
    else if (now - last > SCAN_GAP_MS) pauses++;
    last = now;
    if (event.key === 'Enter' || event.key === 'Tab') {
      const scanned = isScan();
      last = -Infinity; // what follows is another burst
      if (!scanned) return;
      event.preventDefault();
      event.stopPropagation();
      giveBack();
      fn(typed);
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
