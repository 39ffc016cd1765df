/* Conflicts: the same was changed here and elsewhere before either knew of the other. People choose; without the
** server, too (lib/choices.js).
**
**   j k, arrows    move
**   m h            mine, headquarters': of what is chosen, or of the present one
**   x, space       choose; with shift up to there
**   u              take the last choice back
**   Escape         choose nothing */
import { useEffect, useRef, useState } from 'preact/hooks';
import words from '../text/en_sync.json';
import { address, useKept } from '../lib/api.js';
import { choices, choose, decided, refused, settle, takeBack, unsent, unsentNow } from '../lib/choices.js';
import { count } from '../lib/decimal.js';
import { formatAgo } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useKeys } from '../lib/keys.js';
import { live, useLive } from '../lib/live.js';
import { cachedList } from '../lib/offline.js';
import { here, link, replace } from '../lib/route.js';
import { extend, has, isEmpty, NONE, only, toggle } from '../lib/selection.js';
import { may } from '../lib/session.js';
import { learn, t } from '../lib/text.js';
import { Choice } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { toast, toastFailure } from '../parts/toast.js';
import { actOf, Conflict, mayDecide, ofKey } from './conflict_card.js';

learn(words);

const SHOWN_AT_FIRST = 50;
const DECIDED_MOST = 100;
const KEYS = [['j k', 'move'], ['m', 'mine'], ['h', 'theirs'], ['x', 'pick'], ['u', 'undo']];

/* What was chosen last, in groups as they were chosen: u takes back one after the other. */
const past = [];

async function undo(ids) {
  if (!ids) return;
  past.splice(past.indexOf(ids) >>> 0, 1);
  try {
    await takeBack(ids);
    toast({ text: t('conflicts.undone', { n: ids.length }) });
  } catch (error) {
    toastFailure(error);
  }
}

/* A key that was given away is not taken back here: while it was not sent, it is. */
async function rename(conflict, values) {
  try {
    await choose([conflict.id], 'rename', { values });
    toast({ text: t('conflicts.told.rename') });
  } catch (error) {
    toastFailure(error);
  }
}

async function decide(conflicts, side) {
  const of = (act) => conflicts.filter((c) => actOf(c, side) === act).map((c) => c.id);
  const ids = conflicts.map((c) => c.id);
  try {
    for (const act of ['take', 'keep']) if (of(act).length) await choose(of(act), act);
    const back = conflicts.filter((c) => !ofKey(c)).map((c) => c.id); /* a key that was given away does not come back */
    if (back.length) past.push(back);
    toast({ text: t(`conflicts.told.${side}`, { n: ids.length }), action: back.length ? { label: t('conflicts.undo'), run: () => undo(back) } : undefined });
  } catch (error) {
    toastFailure(error);
  }
}

/* ---- moving and choosing ---- */

function useInbox(rows) {
  const ids = rows.map((c) => c.id);
  const [chosen, setChosen] = useState(NONE);
  const [point, setPoint] = useState(null);
  const place = useRef(0); /* of the present one: when it goes, the one that takes its place is it */
  const box = useRef(null);
  const inside = useRef(false);
  const kept = only(chosen, ids);
  const now = ids.includes(point) ? point : ids[Math.min(place.current, ids.length - 1)];
  place.current = Math.max(ids.indexOf(now), 0);

  const focus = (id) => box.current?.querySelector(`[data-id="${id}"]`)?.focus();
  useEffect(() => {
    if (inside.current && document.activeElement === document.body) focus(now);
  }, [ids.join()]);
  useEffect(() => {
    const follow = (event) => { inside.current = !!box.current?.contains(event.target); };
    addEventListener('focusin', follow);
    return () => removeEventListener('focusin', follow);
  }, []);

  const move = (step) => {
    const to = ids[Math.min(Math.max(ids.indexOf(now) + (inside.current ? step : 0), 0), ids.length - 1)];
    setPoint(to);
    focus(to);
  };
  const pick = (id, shift) => {
    setChosen(shift ? extend(kept, ids, now, id) : toggle(kept, id, ids));
    setPoint(id);
  };
  return { box, now, chosen: kept, pick, move, point: setPoint, none: () => setChosen(NONE), all: () => setChosen({ ids: new Set(ids.filter((id) => mayDecide(rows.find((c) => c.id === id)))), all: false }) };
}

/* ---- the open ones ---- */

const Bulk = ({ n, onSide, onNone }) => html`<div class="bulk-bar" role="group" aria-label=${t('conflicts.chosen', { n })}>
  <span class="bulk-count" role="status">${t('conflicts.chosen', { n })}</span>
  <span class="bulk-acts">
    <button type="button" class="button" onClick=${() => onSide('mine')}>${t('conflicts.use.mine')}</button>
    <button type="button" class="plain" onClick=${() => onSide('theirs')}>${t('conflicts.use.theirs')}</button>
  </span>
  <button type="button" class="quiet square bulk-none" aria-label=${t('conflicts.none_chosen')} onClick=${onNone}><${Icon} name="cross" /></button>
</div>`;

function Open({ rows }) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, SHOWN_AT_FIRST);
  const inbox = useInbox(shown);
  const write = (id) => {
    const input = inbox.box.current.querySelector(`[data-id="${id}"] .conflict-rename input`);
    input?.focus();
    input?.select();
  };
  const act = (side, only) => {
    const point = shown.find((c) => c.id === inbox.now);
    if (side === 'mine' && !only && isEmpty(inbox.chosen) && ofKey(point)) return write(point.id);
    const meant = shown.filter((c) => (only ? c.id === only : isEmpty(inbox.chosen) ? c.id === inbox.now : has(inbox.chosen, c.id)) && mayDecide(c) && !(side === 'mine' && ofKey(c)));
    if (meant.length) decide(meant, side);
    if (!only) inbox.none();
  };
  const commands = { m: () => act('mine'), h: () => act('theirs'), x: () => inbox.pick(inbox.now), j: () => inbox.move(1), k: () => inbox.move(-1), Escape: inbox.none };
  useKeys((key) => shown.length && commands[key]?.());
  const onKey = (event) => {
    if (event.target !== event.currentTarget) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) inbox.move(step);
    else if (event.key === ' ') inbox.pick(event.currentTarget.dataset.id, event.shiftKey);
    else return;
    event.preventDefault();
  };
  const some = rows.some(mayDecide);
  return html`
    ${some && html`<div class="conflict-tools">
      ${shown.length > 1 && html`<button type="button" class="quiet" onClick=${inbox.all}>${t('conflicts.pick_all', { n: shown.length })}</button>`}
      <p class="note desk-keys" aria-hidden="true">${KEYS.map(([keys, id]) => html`<span key=${id}>${keys.split(' ').map((key) => html`<kbd>${key}</kbd>`)} ${t(`conflicts.key.${id}`)} </span>`)}</p>
    </div>`}
    <ul class="conflicts" ref=${inbox.box}>${shown.map((c) => html`<${Conflict} key=${c.id} conflict=${c} here=${c.id === inbox.now} chosen=${has(inbox.chosen, c.id)} problem=${refused(c.id)}
      onPick=${mayDecide(c) && ((shift) => inbox.pick(c.id, shift))} onPoint=${() => inbox.point(c.id)} onKey=${onKey} onChoose=${mayDecide(c) && ((side) => act(side, c.id))} onRename=${mayDecide(c) && ((values) => rename(c, values))} />`)}</ul>
    ${shown.length < rows.length && html`<button type="button" class="more" onClick=${() => setAll(true)}>${t('conflicts.all', { n: count(rows.length) })}</button>`}
    ${!isEmpty(inbox.chosen) && html`<${Bulk} n=${inbox.chosen.ids.size} onSide=${(side) => act(side)} onNone=${inbox.none} />`}`;
}

const NoneOpen = () => html`<${Empty} icon="check" title=${t('conflicts.none')}>
  <p>${t('conflicts.none_why')}</p>
  <p>${t('conflicts.none_how')}</p>
  <a class="plain" href=${link('sync')}>${t('conflicts.to_sync')}</a>
<//>`;

/* ---- the decided ones ---- */

function Decided({ open }) {
  const { answer, error, again } = useLive(address('/api/sync/conflicts', { state: 'decided', limit: DECIDED_MOST }), ['sync_conflicts']);
  const there = useKept(answer)?.data;
  const own = open.filter((c) => decided(c.id)).map((c) => ({ ...c, state: { take: 'taken', keep: 'kept', rename: 'taken' }[decided(c.id)], decided_by: t('conflicts.you'), decided_at: new Date(choices.value.findLast((row) => row.conflict === c.id).made).toISOString() }));
  const rows = [...own, ...(there ?? []).filter((c) => !own.some((one) => one.id === c.id))];
  if (!there && !own.length) return error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="cards" n=${3} />`;
  if (!rows.length) return html`<${Empty} icon="inbox" title=${t('conflicts.none_decided')}><p>${t('conflicts.none_decided_why')}</p><//>`;
  return html`<ul class="conflicts">${rows.map((c) => html`<${Conflict} key=${c.id} conflict=${c} onUndo=${c.state !== 'settled' && mayDecide(c) && (!ofKey(c) || unsentNow(c.id)) && (() => undo([c.id]))} />`)}</ul>`;
}

/* ---- the page ---- */

function Sending() {
  if (!unsent.value) return null;
  return html`<p class="notice tone-warn" role="status"><${Icon} name="queue" /> <span>${t(live.value === 'offline' ? 'conflicts.unsent_offline' : 'conflicts.unsent', { n: unsent.value })}</span></p>`;
}

export function Conflicts({ query }) {
  const state = query.state === 'decided' ? 'decided' : 'open';
  const list = cachedList('conflicts').value;
  const all = list.rows ?? [];
  const open = all.filter((c) => !decided(c.id));
  useEffect(() => {
    if (list.rows && !list.stale) settle(list.rows.map((c) => c.id)).catch(() => {});
  }, [list, choices.value]);
  useKeys((key) => key === 'u' && may('sync.write') && undo(past.at(-1)));
  const states = ['open', 'decided'].map((id) => ({ id, label: t(`conflicts.state.${id}`), mark: id === 'open' && open.length ? count(open.length) : null }));
  let body = html`<${Skeleton} shape="cards" n=${3} />`;
  if (state === 'decided') body = html`<${Decided} open=${all} />`;
  else if (list.rows) body = open.length ? html`<${Open} rows=${open} />` : html`<${NoneOpen} />`;
  return html`<div class="page">
    <${PageHead} title=${t('page.conflicts')} note=${t('conflicts.note')} actions=${html`<${Choice} label=${t('page.conflicts')} options=${states} value=${state} onChange=${(to) => replace(here({ state: to === 'open' ? null : to }))} />`} />
    ${list.rows && list.stale && live.value === 'offline' && html`<p class="notice" role="status"><${Icon} name="info" /> <span>${t('conflicts.as_of', { when: formatAgo(new Date(list.at).toISOString()) })}</span></p>`}
    <${Sending} />
    ${body}
  </div>`;
}
