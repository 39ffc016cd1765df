/* A field that searches a list while one types, a moment after the last key; at once by Enter, as a scanner ends.
**
**   SearchBox  { label, find (the word of its button), value (what is searched for), placeholder, onSearch }
**
** onSearch(text) gets null where there is nothing to search for. */
import { useEffect, useRef } from 'preact/hooks';
import { html } from '../lib/html.js';
import { Icon } from './icon.js';

const PAUSE_MS = 250;

export function SearchBox({ label, find, value = '', placeholder, onSearch }) {
  const input = useRef(null);
  const asked = useRef(value);
  const timer = useRef(0);
  useEffect(() => {
    if (value === asked.current) return; /* what is typed meanwhile stays */
    asked.current = value;
    input.current.value = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = () => {
    clearTimeout(timer.current);
    const text = input.current.value.trim();
    if (text === asked.current) return;
    asked.current = text;
    onSearch(text || null);
  };
  const soon = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(search, PAUSE_MS);
  };
  const submit = (event) => {
    event.preventDefault();
    search();
  };
  return html`<form class="record-search" role="search" onSubmit=${submit}>
    <label class="scope-field"><span>${label}</span><input ref=${input} type="search" name="q" defaultValue=${value} placeholder=${placeholder} autocomplete="off" onInput=${soon} /></label>
    <button type="submit" class="plain"><${Icon} name="search" /> ${find}</button>
  </form>`;
}
