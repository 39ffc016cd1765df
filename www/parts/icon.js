/* Line icons of 16 units. They are decoration: the words stand beside them. */
import { html } from '../lib/html.js';

const SHAPES = {
  /* signs */
  check: 'm3.5 8.5 3 3 6-7',
  cross: 'm4.5 4.5 7 7m0-7-7 7',
  minus: 'M4 8h8',
  plus: 'M8 3.5v9M3.5 8h9',
  warn: 'M8 2.5 14 13H2zM8 6.5v3m0 1.9v.1',
  info: 'M8 7.5v4m0-6.6v.1M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8',
  play: 'M8 2.5a5.5 5.5 0 1 0 5.5 5.5',
  pause: 'M6 4.5v7m4-7v7',
  more: 'M3.4 8h.2m4.3 0h.2m4.3 0h.2',
  up: 'M3.5 10 8 5.5l4.5 4.5',
  down: 'M3.5 6 8 10.5 12.5 6',
  back: 'M9.5 3.5 5 8l4.5 4.5',
  next: 'M6.5 3.5 11 8l-4.5 4.5',
  /* acts */
  upload: 'M8 10.5V2.8M4.8 6 8 2.8 11.2 6M2.5 10.5v3h11v-3',
  download: 'M8 2.5v7.7M4.8 7 8 10.2 11.2 7M2.5 10.5v3h11v-3',
  undo: 'M5.5 3 2.5 6l3 3M3 6h6a4 4 0 0 1 0 8H6.5',
  redo: 'm10.5 3 3 3-3 3M13 6H7a4 4 0 0 0 0 8h2.5',
  again: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5V5h-2.5',
  edit: 'm3 13 .6-2.8 7-7a1.3 1.3 0 0 1 1.9 0l.3.3a1.3 1.3 0 0 1 0 1.9l-7 7z',
  trash: 'M2.8 4.3h10.4M6 4.2V2.6h4v1.6M4.2 4.5l.6 9h6.4l.6-9',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9m3.3 7.8 3.2 3.2',
  filter: 'M2.5 3.5h11L9.3 8.7v4.1l-2.6-1.3V8.7z',
  copy: 'M5.5 5.5h7v7h-7zM3.5 10.5v-7h7',
  print: 'M4.5 6V2.5h7V6m-7 5h-2V6h11v5h-2m-7-2h7v4.5h-7z',
  compare: 'M5.5 2.5v11m5-11v11M2.5 5l3-2.5M2.5 11l3 2.5m8-8.5-3-2.5m3 8.5-3 2.5',
  explain: 'M6.2 3.5H3.5v9h9V9.8M8.5 2.5h5v5m0-5-6 6',
  /* things */
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1m0 11v1M1.5 8h1m11 0h1M3.4 3.4l.7.7m7.8 7.8.7.7m0-9.2-.7.7m-7.8 7.8-.7.7',
  moon: 'M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6',
  screen: 'M2.5 3.5h11v7h-11zM6 13.5h4m-2-3v3',
  help: 'M6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.2m0 2.1v.1M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8',
  table: 'M2.5 3.5h11v9h-11zm0 3h11m-11 3h11m-7-6v9',
  chart: 'M2.5 2.5v11h11M5 10.5l2.5-3 2 1.5 3.5-4.5',
  file: 'M4 2h5l3.5 3.5V14H4zm5 0v3.5h3.5',
  shield: 'M8 1.8 13.2 4v3.6c0 3.2-2.1 5.5-5.2 6.6-3.1-1.1-5.2-3.4-5.2-6.6V4zM5.7 8l1.7 1.7L10.5 6.5',
  inbox: 'M2.5 9.5 4.2 3h7.6l1.7 6.5v4h-11zm0 0h3.2c.2 1.2 1.1 2 2.3 2s2.1-.8 2.3-2h3.2',
  trail: 'M4 3.5v9M4 3.5h.1M4 8h.1M4 12.5h.1M7.2 3.5h6.3M7.2 8h6.3m-6.3 4.5h4',
  sliders: 'M2.5 4.5h5m3.4 0h2.6M2.5 11.5h2.6m3.4 0h5M9.2 2.8a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4M6.8 9.8a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4',
  rules: 'M3 3.5h10M3 8h5m-5 4.5h4m2.5-1.6 1.6 1.6 2.7-3.3',
  building: 'M2.5 6 8 2.5 13.5 6zm1.2 1v5m2.9-5v5m2.8-5v5m2.9-5v5M2.5 13.5h11',
  board: 'M2.5 2.5h4.6v6H2.5zm6.4 0h4.6v3.4H8.9zm0 5.2h4.6v5.8H8.9zm-6.4 2.6h4.6v3.2H2.5z',
  user: 'M8 2.5a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4M2.8 13.8c.5-2.6 2.5-4 5.2-4s4.7 1.4 5.2 4',
  calendar: 'M2.5 3.8h11v9.7h-11zm0 3h11M5.3 2v2.8m5.4-2.8v2.8',
};

export const Icon = ({ name, label }) => html`<svg
  class="icon"
  viewBox="0 0 16 16"
  role=${label ? 'img' : undefined}
  aria-label=${label}
  aria-hidden=${label ? undefined : 'true'}
>
  <path d=${SHAPES[name]} />
</svg>`;
