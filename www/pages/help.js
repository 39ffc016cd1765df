/* What the page can do by keyboard, and what its words mean. */
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { keysOn } from '../lib/theme.js';
import { Dialog } from '../parts/dialog.js';

const KEYS = [
  ['?', 'help'],
  ['t', 'theme'],
  ['i', 'import'],
  ['1 \u2026 9', 'page'],
  ['Esc', 'close'],
];
const DESK_KEYS = [
  ['j k', 'move'],
  ['Enter', 'open'],
  ['x', 'choose'],
  ['f', 'fix'],
  ['a', 'assign'],
  ['r', 'accept'],
];
const WORDS = ['clean', 'rejected', 'quality', 'checks', 'oddity'];

const Keys = ({ rows, group }) => html`<dl class="keys">
  ${rows.map(([key, id]) => html`<div key=${id}><dt>${key.split(' ').map((k) => html`<kbd>${k}</kbd> `)}</dt><dd>${t(`help.${group}.${id}`)}</dd></div>`)}
</dl>`;

export const Help = ({ onClose }) => html`<${Dialog} title=${t('help.title')} onClose=${onClose}>
  <h3>${t('help.keys')}</h3>
  <${Keys} rows=${KEYS} group="key" />
  <h3>${t('help.desk')}</h3>
  <${Keys} rows=${DESK_KEYS} group="desk_key" />
  <label class="switch">
    <input type="checkbox" checked=${keysOn.value} onChange=${(event) => { keysOn.value = event.target.checked; }} />
    <span>${t('help.single')}</span>
  </label>
  <h3>${t('help.words')}</h3>
  <dl class="words">
    ${WORDS.map((id) => html`<div key=${id}><dt>${t(`help.word.${id}.name`)}</dt><dd>${t(`help.word.${id}.text`)}</dd></div>`)}
  </dl>
<//>`;
