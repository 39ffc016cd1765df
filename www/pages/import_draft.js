/* A file on its way into the wizard: dropped anywhere on the page, it is there when
** the wizard opens. */
import { signal } from '@preact/signals';
import { go, link, route } from '../lib/route.js';

export const brought = signal(null);

export function bringFile(file) {
  brought.value = file;
  if (route.value.path !== 'imports/new') go(link('imports/new'));
}
