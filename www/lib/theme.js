/* Light, dark, or as the system has it; and whether single keys are commands. */
import { effect, signal } from '@preact/signals';
import { store, stored } from './stored.js';

export const THEMES = ['system', 'light', 'dark'];
export const theme = signal(stored('theme', 'system'));
export const keysOn = signal(stored('keys', 'on') === 'on');
/* Changes whenever colours do: what draws on a canvas depends on it. */
export const painted = signal(0);

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  store('theme', theme.value);
  painted.value = painted.peek() + 1;
});
effect(() => store('keys', keysOn.value ? 'on' : 'off'));

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  painted.value++;
});

export function nextTheme() {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
}
