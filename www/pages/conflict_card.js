/* One conflict: what it was, what was made of it here and elsewhere, by whom and when; and the choice. Of two records with one key
** (ofKey) mine gets another one, which is written in its own form, or theirs takes its place. */
import { useState } from 'preact/hooks';
import { formatAgo, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { shownValue } from './record_words.js';

const SIDES = ['mine', 'theirs'];

/* Which side did not hold, and what it takes that a side does. */
const loser = (c) => (c.lost_by === 'here' ? 'mine' : 'theirs');
export const actOf = (c, side) => (side === loser(c) ? 'take' : 'keep');
export const mayDecide = (c) => may('sync.write') && (!c.access || may(`${c.access}.write`));
export const ofKey = (c) => c.property === 'key';
const valueOf = (c, side) => (side === 'base' ? c.base : side === loser(c) ? c.lost : c.won);

export const titleOf = (c) => `${c.title ?? nameOf('entity', c.kind)} \u00b7 ${ofKey(c) ? c.base.map((name) => nameOf('property', name)).join(', ') : c.property === 'presence' ? t('conflicts.presence') : nameOf('property', c.field)}`;

const STAMPS = ['id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'deleted_at', 'deleted_by'];
const filled = (record) => record && Object.fromEntries(Object.entries(record).filter(([name, value]) => !STAMPS.includes(name) && value !== null));

const plain = (value) => (typeof value === 'boolean' ? t(value ? 'form.yes' : 'form.no') : typeof value === 'object' ? JSON.stringify(value) : String(value));

/* Of a record what it holds; what the other one holds, too, steps back. */
const Held = ({ record, other }) => html`<dl class="conflict-object">${Object.entries(record).map(([name, value]) => html`<div key=${name} class=${other && plain(other[name] ?? null) === plain(value) ? 'conflict-same' : undefined}><dt>${nameOf('property', name)}</dt><dd>${plain(value)}</dd></div>`)}</dl>`;

function Value({ conflict, value: given, other }) {
  const { property, names } = conflict;
  const value = ofKey(conflict) ? filled(given) : given;
  if (property === 'presence') return t(value === null ? 'conflicts.there' : 'conflicts.deleted');
  if (value === null) return html`<em>${t('conflicts.nothing')}</em>`;
  if (property === 'reference') return names[value] ?? t('records.nameless', { id: value.slice(-6) });
  if (typeof value === 'object') return html`<${Held} record=${value} other=${ofKey(conflict) && filled(other)} />`;
  return shownValue({ kind: property }, value);
}

function Said({ said }) {
  if (!said) return html`<p class="note">${t('conflicts.unsaid')}</p>`;
  return html`<p class="note">${said.who} \u00b7 <time datetime=${said.at} title=${formatMoment(said.at)}>${formatAgo(said.at)}</time></p>`;
}

const KEY = { mine: 'm', theirs: 'h' };

/* Another key for mine: at least one of its fields is another one. */
function Rename({ conflict, onRename }) {
  const { base: names, lost } = conflict;
  const [values, setValues] = useState(() => Object.fromEntries(names.map((name) => [name, String(lost[name] ?? '')])));
  const good = names.some((name) => values[name].trim() !== String(lost[name] ?? '')) && names.every((name) => values[name].trim());
  const send = (event) => {
    event.preventDefault();
    if (good) onRename(Object.fromEntries(names.map((name) => [name, values[name].trim()])));
  };
  return html`<form class="conflict-rename" onSubmit=${send}>
    ${names.map((name) => html`<label key=${name}><span>${t('conflicts.new_key', { what: nameOf('property', name) })}</span> <input value=${values[name]} autocomplete="off" onInput=${(event) => setValues({ ...values, [name]: event.target.value })} /></label>`)}
    <button type="submit" class="button" disabled=${!good} aria-keyshortcuts="m"><${Icon} name="check" /> ${t('conflicts.use.rename')}<span class="hidden"> ${titleOf(conflict)}</span> <kbd aria-hidden="true">M</kbd></button>
  </form>`;
}

function Side({ conflict, side, onChoose, onRename }) {
  const holds = side !== 'base' && side !== loser(conflict) && !ofKey(conflict);
  const rename = onRename && side === 'mine' && ofKey(conflict);
  const label = t(`conflicts.side.${side}`);
  return html`<div class=${`conflict-side ${holds ? 'conflict-holds' : ''}`} data-side=${side}>
    <h3>${label}${holds && html` <${Badge} tone="ok">${t('conflicts.holds')}<//>`}</h3>
    <div class="conflict-value"><${Value} conflict=${conflict} value=${valueOf(conflict, side)} other=${valueOf(conflict, side === 'mine' ? 'theirs' : 'mine')} /></div>
    ${side !== 'base' && html`<${Said} said=${conflict[side]} />`}
    ${rename && html`<${Rename} conflict=${conflict} onRename=${onRename} />`}
    ${onChoose && side !== 'base' && !rename && html`<button type="button" class=${side === 'mine' ? 'button' : 'plain'} aria-keyshortcuts=${KEY[side]} onClick=${() => onChoose(side)}>
      <${Icon} name="check" /> ${t(`conflicts.use.${side}`)}<span class="hidden"> ${titleOf(conflict)}</span> <kbd aria-hidden="true">${KEY[side].toUpperCase()}</kbd></button>`}
  </div>`;
}

/* What was decided, by whom. */
const decision = ({ property, state, decided_by: who, decided_at: when, lost_by: by }) => (property === 'key' && state !== 'settled' ? t(`conflicts.done.key_${state}`, { who, when: formatAgo(when) }) : state === 'settled' ? t('conflicts.done.settled') : t(`conflicts.done.${state}_${by}`, { who, when: formatAgo(when) }));

export function Conflict({ conflict, here, chosen, problem, onPick, onPoint, onKey, onChoose, onRename, onUndo }) {
  const name = titleOf(conflict);
  const id = `conflict-${conflict.id}`;
  const open = conflict.state === 'open';
  return html`<li class="conflict" data-id=${conflict.id} tabindex=${onPoint ? (here ? 0 : -1) : undefined} aria-labelledby=${id} onKeyDown=${onKey} onFocusIn=${onPoint}>
    <header>
      ${onPick && html`<label class="conflict-pick"><input type="checkbox" checked=${chosen} onClick=${(event) => onPick(event.shiftKey)} /><span class="hidden">${t('conflicts.pick', { what: name })}</span></label>`}
      <h2 id=${id}><a href=${link(at('records', conflict.kind, conflict.record))}>${name}</a></h2>
      <${Badge}>${nameOf('entity', conflict.kind)}<//>
      ${open && conflict.policy === 'review' && html`<${Badge} tone="warn"><${Icon} name="warn" /> ${t('conflicts.review')}<//>`}
      <time class="note" datetime=${conflict.happened_at} title=${formatMoment(conflict.happened_at)}>${t('conflicts.found', { when: formatAgo(conflict.happened_at) })}</time>
    </header>
    ${problem && html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span class="sentence">${problem.detail ?? t('conflicts.refused')}</span></p>`}
    ${ofKey(conflict) && open && html`<p class="note">${t('conflicts.key_why')}</p>`}
    <div class=${`conflict-sides ${ofKey(conflict) ? 'conflict-two' : ''}`}>${[...(ofKey(conflict) ? [] : ['base']), ...SIDES].map((side) => html`<${Side} key=${side} conflict=${conflict} side=${side} onChoose=${open && onChoose} onRename=${open && onRename} />`)}</div>
    ${open && !mayDecide(conflict) && html`<p class="note"><${Icon} name="lock" /> ${t('conflicts.not_yours')}</p>`}
    ${!open && html`<footer><span class="note sentence">${decision(conflict)}${conflict.note && ` \u00b7 ${conflict.note}`}</span>
      ${onUndo && html`<button type="button" class="quiet" onClick=${onUndo}><${Icon} name="undo" /> ${t('conflicts.undo')}<span class="hidden"> ${name}</span></button>`}</footer>`}
  </li>`;
}
