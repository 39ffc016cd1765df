/* How somebody has set up his pages: GET and PUT /api/settings, the same on every device of his.
**
**   followSettings()    begins; by the frame
**   settings            signal: { theme, layout_config, widget_preferences, default_date_range }
**   saveSettings(part)  changes it here at once, then on the server; a promise
**   density             'comfortable' | 'compact'       layout_config.density
**   start               the page that opens first       layout_config.start, null: the first there is
**   widgets(board)      { order: [...], hidden: [...] } widget_preferences[board]
**   saveWidgets(board, preferences)
**   rangeOf(range, last)  '30d' and the last day that there is data of: ['2024-05-02', '2024-05-31'];
**                       'all': [null, null]
**
** The last known ones are kept in this browser, so that the page looks right before the server
** has answered. What another window or device changes is followed. */
import { effect, signal } from '@preact/signals';
import { address, get, put } from './api.js';
import { addDays } from './days.js';
import { onChange } from './live.js';
import { onLeave } from './session.js';
import { store, stored } from './stored.js';
import { theme, THEMES } from './theme.js';

const PATH = '/api/settings';
const NAMES = ['theme', 'layout_config', 'widget_preferences', 'default_date_range'];
const SAVE_MS = 400;

export const DENSITIES = ['comfortable', 'compact'];
export const RANGES = ['all', '7d', '30d', '90d', 'year'];

const only = (from) => Object.fromEntries(NAMES.map((name) => [name, from?.[name]]).filter(([, value]) => value !== undefined && value !== null));

function read(name) {
  try {
    return only(JSON.parse(stored(name)));
  } catch {
    return {};
  }
}

export const settings = signal(read('settings'));
export const density = () => (DENSITIES.includes(settings.value.layout_config?.density) ? settings.value.layout_config.density : DENSITIES[0]);
export const start = () => settings.value.layout_config?.start ?? null;
export const range = () => (settings.value.default_date_range ?? RANGES[0]);
export const widgets = (board) => ({ order: [], hidden: [], ...settings.value.widget_preferences?.[board] });

export function rangeOf(id, last) {
  if (!last || !id || id === 'all') return [null, null];
  if (id === 'year') return [`${last.slice(0, 4)}-01-01`, last];
  if (id.includes('/')) return id.split('/');
  return [addDays(last, 1 - Number.parseInt(id, 10)), last];
}

function take(values) {
  settings.value = { ...settings.value, ...only(values) };
  store('settings', JSON.stringify(settings.value));
  if (THEMES.includes(settings.value.theme)) theme.value = settings.value.theme;
}

/* What the server has not got yet: also when the page goes before it could be told. */
let unsaved = read('settings_unsaved');
let timer = 0;
let begun = false;

function keepUnsaved(values) {
  unsaved = values;
  store('settings_unsaved', Object.keys(values).length ? JSON.stringify(values) : null);
}

async function send() {
  timer = 0;
  const values = unsaved;
  if (!Object.keys(values).length) return;
  await put(address(PATH), values).catch((error) => {
    if (error.status >= 400 && error.status < 500) keepUnsaved({}); /* it will not be taken later either */
    throw error;
  });
  keepUnsaved(Object.fromEntries(Object.entries(unsaved).filter(([name, value]) => value !== values[name])));
}

/* What is changed in quick succession is one question. */
export function saveSettings(part) {
  take(part);
  keepUnsaved({ ...unsaved, ...part });
  clearTimeout(timer);
  return new Promise((resolve, reject) => {
    timer = setTimeout(() => send().then(resolve, reject), SAVE_MS);
  });
}

export const saveLayout = (part) => saveSettings({ layout_config: { ...settings.value.layout_config, ...part } });
export const saveWidgets = (board, preferences) => saveSettings({ widget_preferences: { ...settings.value.widget_preferences, [board]: preferences } });

async function ask() {
  await send();
  const { data } = await get(address(PATH));
  take({ ...only(data), ...unsaved });
}

/* Begins, or begins anew for another tenant: by the frame, when it knows which. */
export function followSettings() {
  begun = true;
  ask().catch(() => {});
}
onChange(() => begun && !timer && ask().catch(() => {}), ['dashboard_settings']);

/* The button at the top of the page changes the theme, too. */
effect(() => {
  const chosen = theme.value;
  if (begun && chosen !== (settings.peek().theme ?? THEMES[0])) saveSettings({ theme: chosen }).catch(() => {});
});
effect(() => {
  document.documentElement.dataset.density = density();
});
onLeave(() => {
  store('settings', null);
  keepUnsaved({});
});
