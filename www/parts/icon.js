/* Line icons of 16 units. They are decoration: the words stand beside them. */
import { html } from '../lib/html.js';

const SHAPES = {
  check: 'm3.5 8.5 3 3 6-7',
  cross: 'm4.5 4.5 7 7m0-7-7 7',
  warn: 'M8 2.5 14 13H2zM8 6.5v3m0 1.9v.1',
  play: 'M8 2.5a5.5 5.5 0 1 0 5.5 5.5',
  pause: 'M6 4.5v7m4-7v7',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1m0 11v1M1.5 8h1m11 0h1M3.4 3.4l.7.7m7.8 7.8.7.7m0-9.2-.7.7m-7.8 7.8-.7.7',
  moon: 'M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6',
  screen: 'M2.5 3.5h11v7h-11zM6 13.5h4m-2-3v3',
  help: 'M6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.2m0 2.1v.1M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8',
  back: 'M9.5 3.5 5 8l4.5 4.5',
  next: 'M6.5 3.5 11 8l-4.5 4.5',
  copy: 'M5.5 5.5h7v7h-7zM3.5 10.5v-7h7',
  print: 'M4.5 6V2.5h7V6m-7 5h-2V6h11v5h-2m-7-2h7v4.5h-7z',
  table: 'M2.5 3.5h11v9h-11zm0 3h11m-11 3h11m-7-6v9',
  chart: 'M2.5 2.5v11h11M5 10.5l2.5-3 2 1.5 3.5-4.5',
  file: 'M4 2h5l3.5 3.5V14H4zm5 0v3.5h3.5',
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
