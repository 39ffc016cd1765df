/* The list of the desk. One row is the present one; it has the focus.
**
**   j k, arrows         move (at the end the next page comes by itself)
**   Enter               open
**   x, space            choose; with shift and an arrow, or a shift-click: up to there
**   Ctrl+A              choose all that are shown
**   f a r               correct, assign, accept what is chosen, or the present row
**   Escape              choose nothing
**
** For a screen reader it is a grid whose rows can be selected. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { count } from '../lib/decimal.js';
import { formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { openDrawer, route } from '../lib/route.js';
import { ALL, NONE, extend, has, isEmpty, only, size, target, toggle } from '../lib/selection.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { keysOn } from '../lib/theme.js';
import { Badge } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { Original, Reason } from './original.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { clearFilter, isFiltered, setFilter, stateOf } from './desk_filter.js';

const STEPS = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1, J: 1, K: -1, Home: -Infinity, End: Infinity };
const COMMANDS = { f: 'fix', a: 'assign', r: 'accept' };
export const STATE_TONE = { open: 'bad', accepted: 'warn', corrected: 'ok' };

/* The ids that the list shows, so that the drawer can go on to the next one. */
export const shownIds = { current: [] };

const isTyping = (element) => /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) && element.type !== 'checkbox';

function Row({ row, here, chosen, own, onChoose, onPoint }) {
  const click = (event) => {
    if (event.target.closest('a, input, label, button')) return;
    if (event.shiftKey) onChoose(row.id, true);
    else if (!String(getSelection())) open();
  };
  const open = () => {
    onPoint(row.id);
    openDrawer('exception', row.id);
  };
  const name = t('exceptions.detail', { line: count(row.line) });
  return html`<tr ref=${own} class="desk-row" data-id=${row.id} aria-selected=${String(chosen)} tabindex=${here ? 0 : -1} onClick=${click} onFocus=${(event) => event.target === event.currentTarget && onPoint(row.id)}>
    <td class="desk-choose"><label><input type="checkbox" tabindex="-1" checked=${chosen} onClick=${(event) => onChoose(row.id, event.shiftKey)} /><span class="hidden">${t('desk.choose', { what: name })}</span></label></td>
    <th scope="row" class="desk-where"><button type="button" class="link" tabindex="-1" aria-haspopup="dialog" onClick=${open}><span class="hidden">${t('table.open')}: </span>${name}</button><span class="note" title=${row.source}>${formatSource(row.source)}</span></th>
    <td class="desk-what">
      <ul class="reasons">${row.faults.map((fault, i) => html`<li key=${i}><${Reason} fault=${fault} /></li>`)}</ul>
      <${Original} raw=${row.raw.replace(/[\r\n]+$/, '')} faults=${row.faults} />
    </td>
    <td class="desk-state-cell">
      ${row.state !== 'open' && html`<${Badge} tone=${STATE_TONE[row.state]}>${t(`desk.state.${row.state}`)}<//>`}
      ${row.assignee && html`<${Badge}><${Icon} name="user" /> ${row.assignee}<//>`}
    </td>
  </tr>`;
}

function useList(list, filter, onBulk) {
  const ids = (list.rows ?? []).map((row) => row.id);
  const [chosen, setChosen] = useState(NONE);
  const [point, setPoint] = useState(null); /* id of the present row */
  const anchor = useRef(null); /* where choosing with shift began, and what was chosen then */
  const box = useRef(null);
  const wish = useRef(false); /* to go on when the next page has come */
  const key = JSON.stringify(filter);
  const kept = only(chosen, ids);
  const place = useRef(0); /* of the present row: when it goes, the one that takes its place is it */
  const now = ids.includes(point) ? point : ids[Math.min(place.current, ids.length - 1)];
  place.current = Math.max(ids.indexOf(now), 0);
  shownIds.current = ids;

  const focus = (id) => box.current?.querySelector(`[data-id="${id}"]`)?.focus();
  useEffect(() => {
    setChosen(NONE);
    place.current = 0;
  }, [key]);

  const inside = useRef(false); /* a row that goes while it has the focus tells nobody */
  useEffect(() => {
    const follow = (event) => {
      inside.current = box.current?.contains(event.target);
    };
    addEventListener('focusin', follow);
    return () => removeEventListener('focusin', follow);
  }, []);
  useEffect(() => {
    if (inside.current && document.activeElement === document.body) focus(now);
  }, [ids.join()]);
  useEffect(() => {
    if (!wish.current || list.busy) return;
    wish.current = false;
    move(1);
  }, [ids.length, list.busy]);

  const move = (step, shift) => {
    const at = ids.indexOf(now);
    const to = Math.min(Math.max(at + step, 0), ids.length - 1);
    if (step === 1 && at === ids.length - 1 && list.next) {
      wish.current = true;
      return list.more();
    }
    if (shift) {
      anchor.current ??= { id: now, before: kept };
      setChosen(extend(anchor.current.before, ids, anchor.current.id, ids[to]));
    } else anchor.current = null;
    setPoint(ids[to]);
    focus(ids[to]);
    return undefined;
  };
  const choose = (id, shift) => {
    const before = shift ? kept : toggle(kept, id, ids);
    setChosen(shift ? extend(kept, ids, anchor.current?.id ?? now, id) : before);
    anchor.current = { id, before };
    setPoint(id);
  };
  const act = (kind) => {
    const own = isEmpty(kept) ? { ids: new Set([now]), all: false } : kept;
    onBulk({ kind, target: target(own, filter), count: size(own, list.total), sample: own.all ? now : [...own.ids][0], done: () => setChosen(NONE) });
  };
  return { ids, chosen: kept, setChosen, now, setPoint, move, choose, act, box, focus };
}

function useKeys(all, rows) {
  const latest = useRef();
  latest.current = all;
  useEffect(() => {
    const onKey = (event) => {
      const { ids, now, move, choose, act, setChosen, box } = latest.current;
      if (!ids.length || isTyping(event.target) || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      const inside = box.current?.contains(event.target);
      const letter = event.key.length === 1 && event.key !== ' ';
      if (letter && !event.ctrlKey && !keysOn.value) return;
      if (!letter && !inside) return;
      if (event.ctrlKey) {
        if (event.key !== 'a' || !inside) return;
        setChosen({ ids: new Set(ids), all: false });
      } else if (event.key in STEPS) move(inside || !letter ? STEPS[event.key] : 0, event.shiftKey);
      else if (event.key === 'Enter' && event.target.matches('.desk-row')) openDrawer('exception', now);
      else if (event.key === 'x' || (event.key === ' ' && event.target.matches('.desk-row'))) choose(now, false);
      else if (event.key in COMMANDS) act(COMMANDS[event.key]);
      else if (event.key === 'Escape') setChosen(NONE);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  /* The drawer goes on by itself: when it closes, one is where it ended. */
  const open = route.value.drawers.find((one) => one.kind === 'exception')?.value;
  const before = useRef(null);
  useEffect(() => {
    if (open) all.setPoint(rows?.find((row) => String(row.id) === open)?.id ?? all.now);
    else if (before.current) requestAnimationFrame(() => all.focus(latest.current.now));
    before.current = open;
  }, [open]);
}

function Nothing({ query }) {
  const state = stateOf(query);
  if (isFiltered())
    return html`<${Empty} icon="search" title=${t('desk.empty.filter')}><p>${t('desk.empty.filter_advice')}</p>
      <div class="empty-do"><button type="button" class="button" onClick=${clearFilter}>${t('desk.clear')}</button>
      ${state !== 'all' && html`<button type="button" class="plain" onClick=${() => setFilter({ state: 'all' })}>${t('desk.empty.any_state')}</button>`}</div><//>`;
  return html`<${Empty} icon="check" title=${t(`desk.empty.${state}`)}><p>${t(`desk.empty.${state}_advice`)}</p><//>`;
}

/* What can be done with what is chosen stands at the foot of the screen. */
function Bar({ chosen, total, act, setChosen }) {
  const n = size(chosen, total);
  return html`<div class="bulk-bar" role="region" aria-label=${t('desk.bulk.label')}>
    <span class="bulk-count" role="status">${t('desk.bulk.chosen', { n, shown: { n: count(n) } })}</span>
    ${!chosen.all && n < total && html`<button type="button" class="quiet" onClick=${() => setChosen(ALL)}>${t('desk.bulk.all', { n: count(total) })}</button>`}
    <span class="bulk-acts">
      <button type="button" class="button" aria-keyshortcuts="f" onClick=${() => act('fix')}>${t('desk.bulk.fix')}</button>
      <button type="button" class="plain" aria-keyshortcuts="a" onClick=${() => act('assign')}>${t('desk.bulk.assign')}</button>
      <button type="button" class="plain" aria-keyshortcuts="r" onClick=${() => act('accept')}>${t('desk.bulk.accept')}</button>
    </span>
    <button type="button" class="quiet square bulk-none" aria-label=${t('desk.bulk.none')} onClick=${() => setChosen(NONE)}><${Icon} name="cross" /></button>
  </div>`;
}

export function DeskList({ list, query, filter, onBulk }) {
  const all = useList(list, filter, onBulk);
  useKeys(all, list.rows);
  const { chosen, setChosen } = all;
  if (list.error && !list.rows) return html`<section class="card"><${Failed} error=${list.error} again=${list.again} /></section>`;
  if (!list.rows) return html`<section class="card"><${Skeleton} shape="table" n=${8} /></section>`;
  const known = list.total >= 0;
  const some = !isEmpty(chosen) && !chosen.all && chosen.ids.size < list.rows.length;
  return html`<section class="card desk-card" aria-labelledby="desk-list">
    <header class="card-head">
      ${list.rows.length > 0 && html`<label class="desk-all"><input type="checkbox" checked=${!isEmpty(chosen) && !some} ref=${(box) => box && (box.indeterminate = some)} onChange=${() => setChosen(isEmpty(chosen) ? { ids: new Set(all.ids), all: false } : NONE)} /><span class="hidden">${t('desk.choose_all')}</span></label>`}
      <h2 id="desk-list">${t(`desk.list.${stateOf(query)}`)}</h2>
      <span class="note" role="status">${known ? t('desk.shown', { n: list.total, shown: { n: count(list.total), some: count(list.rows.length) } }) : t('desk.shown_some', { n: count(list.rows.length) })}</span>
      <p class="note desk-keys" aria-hidden="true"><kbd>j</kbd><kbd>k</kbd> ${t('desk.key.move')} <kbd>Enter</kbd> ${t('desk.key.open')} <kbd>x</kbd> ${t('desk.key.choose')} <kbd>f</kbd> ${t('desk.key.fix')} <kbd>a</kbd> ${t('desk.key.assign')} <kbd>r</kbd> ${t('desk.key.accept')}</p>
    </header>
    ${!list.rows.length && !list.next ? html`<${Nothing} query=${query} />` : html`<table class="desk-list" role="grid" aria-multiselectable="true" aria-labelledby="desk-list" aria-busy=${list.stale ? 'true' : undefined} ref=${all.box}>
      <colgroup><col class="col-choose" /><col class="col-where" /><col /><col class="col-state" /></colgroup>
      <thead class="hidden"><tr><th scope="col">${t('desk.column.choose')}</th><th scope="col">${t('column.line')}</th><th scope="col">${t('column.reason')}</th><th scope="col">${t('column.state')}</th></tr></thead>
      <tbody>
        ${list.rows.map((row) => html`<${Row} key=${row.id} row=${row} here=${row.id === all.now} chosen=${has(chosen, row.id)} onChoose=${all.choose} onPoint=${all.setPoint} />`)}
      </tbody>
    </table>`}
    ${list.next && html`<button type="button" class="more" disabled=${list.busy} onClick=${list.more}>${known ? t('desk.more', { n: count(list.total - list.rows.length) }) : t('desk.more_search')}</button>`}
    ${may('data.write') && !isEmpty(chosen) && html`<${Bar} chosen=${chosen} total=${known ? list.total : list.rows.length} act=${all.act} setChosen=${setChosen} />`}
  </section>`;
}
