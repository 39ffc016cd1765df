/* Tabs of one's own: cards that are data, not code (entity tab). #/tab/ID shows one,
** #/tab/ID?edit=1 and #/tab/new change it; the cards below the form are shown as they
** will be.
**
** A card is { kind: stat|bars|line|table, title, measure, group, filter, span }. The
** scope bar narrows the whole tab; a card's own filter goes before it. */
import { useMemo, useState } from 'preact/hooks';
import { address, del, post, useKept } from '../lib/api.js';
import { csvText, saveText } from '../lib/csv.js';
import { groupDays } from '../lib/days.js';
import { compare, mean, position } from '../lib/decimal.js';
import { scopeOf, scopeWords, shownFigure } from '../lib/figure.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, go, here, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Bars } from '../parts/bars.js';
import { Card } from '../parts/card.js';
import { ChartCard } from '../parts/chart_card.js';
import { confirm } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';
import { LineChart } from '../parts/line_chart.js';
import { PageHead } from '../parts/page_head.js';
import { ScopeBar } from '../parts/scope_bar.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { toast, toastFailure } from '../parts/toast.js';
import { figureOf, Why } from '../parts/why.js';
import { FigureStats } from './figure_stats.js';
import { CardForm, NEW_CARD } from './tab_form.js';

const TABLES = ['run', 'sale', 'run_undone'];
const BARS_MOST = 12;

/* ---- cards ---- */

const rowsOf = (data, group) => (group === 'order_date' ? data.by_day.map((row) => ({ ...row, name: row.day })) : (data[`by_${group}`] ?? []));
const valueOf = (row, measure) => (measure === 'average' ? (mean(row.revenue, row.orders) ?? '0') : row[measure]);
const figureOfRow = (measure, scope, group, row) => figureOf(measure, group === 'order_date' ? { ...scope, from: row.name, to: row.name } : { ...scope, [group]: row.name });
const nameOfRow = (group, row) => (group === 'order_date' ? formatDay(row.name) : row.name);

function BarsCard({ card, data, scope }) {
  const rows = rowsOf(data, card.group).sort((a, b) => compare(String(valueOf(b, card.measure)), String(valueOf(a, card.measure))));
  const bars = rows.slice(0, BARS_MOST).map((row) => {
    const value = valueOf(row, card.measure);
    return { name: nameOfRow(card.group, row), size: position(String(value)), text: shownFigure(card.measure, value), figure: figureOfRow(card.measure, scope, card.group, row) };
  });
  return html`<${Bars} rows=${bars} />${rows.length > BARS_MOST && html`<p class="note">${t('own.largest', { n: BARS_MOST, all: rows.length })}</p>`}`;
}

function LineCard({ card, data }) {
  const points = useMemo(
    () => groupDays(data.by_day, 'day', data.measures).map((row) => ({ at: row.at, size: position(String(valueOf(row, card.measure))), text: [row.name, shownFigure(card.measure, valueOf(row, card.measure))].join('  \u00b7  ') })),
    [data, card.measure],
  );
  return html`<${LineChart} points=${points} rest=${points.at(-1)?.text ?? ''} />`;
}

function cardColumns(card, data, scope) {
  const group = card.group ?? 'order_date';
  const one = (measure) => ({
    id: measure,
    label: nameOf('column', measure),
    align: 'end',
    decimal: true,
    sort: (row) => String(valueOf(row, measure)),
    value: (row) => html`<${Why} figure=${figureOfRow(measure, scope, group, row)} label=${`${nameOfRow(group, row)}, ${nameOf('measure', measure)}`}>${shownFigure(measure, valueOf(row, measure))}<//>`,
    plain: (row) => valueOf(row, measure),
  });
  const measures = card.kind === 'table' ? data.measures.map((m) => m.name) : [card.measure];
  return [{ id: 'name', label: nameOf('column', group), kind: 'name', sort: (row) => row.name, value: (row) => nameOfRow(group, row), plain: (row) => row.name }, ...measures.map(one)];
}

function Shown({ card, data, scope, title }) {
  const columns = cardColumns(card, data, scope);
  const rows = useMemo(() => rowsOf(data, card.group ?? 'order_date'), [data, card.group]);
  const onSave = () => saveText(`${title}.csv`, csvText(columns.map((c) => ({ heading: c.label, value: c.plain })), rows));
  const body = card.kind === 'bars' ? html`<${BarsCard} card=${card} data=${data} scope=${scope} />` : card.kind === 'line' ? html`<${LineCard} card=${card} data=${data} />` : null;
  const words = scopeWords(card.filter ?? {}).map((w) => w.text).join(' \u00b7 ');
  return html`<${ChartCard} wide=${card.span === 2} title=${title} note=${words} columns=${columns} rows=${rows} table=${card.kind === 'table'} onSave=${onSave}>${body}<//>`;
}

export const titleOf = (card) =>
  card.title || (card.kind === 'stat' ? nameOf('measure', card.measure) : t('own.by', { measure: card.kind === 'table' ? t('own.figures') : nameOf('measure', card.measure), group: nameOf('column', card.kind === 'line' ? 'order_date' : (card.group ?? 'order_date')).toLowerCase() }));

function OwnCard({ card, scope: outer }) {
  const scope = { ...outer, ...card.filter };
  const { answer, error, again } = useLive(address('/api/figures', { as: 'sales', ...scope }), TABLES);
  const data = useKept(answer)?.data;
  const title = titleOf(card);
  if (error && !data) return html`<${Card} title=${title} wide=${card.span === 2}><${Failed} error=${error} again=${again} /><//>`;
  if (!data) return html`<${Card} title=${title} wide=${card.span === 2}><${Skeleton} n=${4} /><//>`;
  if (card.kind !== 'stat') return html`<${Shown} card=${card.kind === 'line' ? { ...card, group: 'order_date' } : card} data=${data} scope=${scope} title=${title} />`;
  const words = scopeWords(card.filter ?? {}).map((w) => w.text).join(' \u00b7 ');
  return html`<${Card} title=${title} note=${words} wide=${card.span === 2}><div class="own-stat"><${FigureStats} scope=${scope} label=${title} measures=${[card.measure]} values=${data.totals} /></div><//>`;
}

const Cards = ({ cards, scope }) => html`<div class="cards">${cards.map((card, i) => html`<${OwnCard} key=${`${i}/${JSON.stringify(card)}`} card=${card} scope=${scope} />`)}</div>`;

/* ---- changing one ---- */

function Editor({ tab, scope, onSaved }) {
  const [title, setTitle] = useState(tab?.title ?? '');
  const [cards, setCards] = useState(tab?.cards ?? [NEW_CARD]);
  const [error, setError] = useState(null);
  const [saving, setSaving] = useState(false);
  const figures = useLive(address('/api/figures', { as: 'sales' }), TABLES).answer?.data;
  const put = (i, card) => setCards(cards.map((one, k) => (k === i ? card : one)));
  const move = (i, by) => {
    const list = [...cards];
    [list[i], list[i + by]] = [list[i + by], list[i]];
    setCards(list);
  };
  const save = async (event) => {
    event.preventDefault();
    if (!title.trim()) return setError({ fields: { title: t('form.required') } });
    setSaving(true);
    try {
      const { data } = await post(address('/api/records/tab'), { ...(tab && { id: tab.id, version: tab.version, position: tab.position }), title: title.trim(), cards: cards.map((card) => ({ ...card, title: titleOf(card) })) });
      toast({ text: t('own.saved', { title: data.title }) });
      onSaved();
      go(link(at('tab', data.id)));
    } catch (failure) {
      setError(failure);
      setSaving(false);
    }
    return undefined;
  };
  const about = error?.fields?.title;
  return html`<form class="stack" noValidate onSubmit=${save}>
    ${error && !about && html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${error.message || t('failed.offline.title')}</span></p>`}
    <${Card} title=${t('own.cards')} note=${t('own.cards_note')}>
      <div class="form">
        <div class="form-field" data-field="title">
          <label for="tab-title">${t('own.title')}</label>
          <input id="tab-title" type="text" maxlength="80" autocomplete="off" value=${title} aria-invalid=${about ? 'true' : undefined} aria-describedby=${about ? 'tab-title-error' : undefined} onInput=${(event) => { setTitle(event.target.value); setError(null); }} />
          ${about && html`<p class="error" id="tab-title-error"><${Icon} name="warn" /> <span>${about}</span></p>`}
        </div>
      </div>
      <ol class="card-forms">
        ${cards.map((card, i) => html`<${CardForm} key=${i} n=${i} last=${i === cards.length - 1} card=${card} figures=${figures}
          onChange=${(changed) => put(i, changed)} onMove=${(by) => move(i, by)} onRemove=${() => setCards(cards.filter((_, k) => k !== i))} />`)}
      </ol>
      <div class="form-foot">
        <button type="button" class="plain" onClick=${() => setCards([...cards, NEW_CARD])}><${Icon} name="plus" /> ${t('own.add')}</button>
        <span class="top-space"></span>
        <a class="plain" href=${tab ? here({ edit: null }) : link('sales')}>${t('confirm.cancel')}</a>
        <button type="submit" class="button" disabled=${saving}>${saving ? t('form.saving') : t('own.save')}</button>
      </div>
    <//>
    <h2 class="part-title">${t('own.preview')}</h2>
    <${Cards} cards=${cards} scope=${scope} />
  </form>`;
}

async function remove(tab) {
  if (!(await confirm({ title: t('own.remove_title', { title: tab.title }), text: t('own.remove_text'), ok: t('own.remove'), danger: true }))) return;
  try {
    await del(address(`/api/records/tab/${tab.id}`));
    go(link('sales'));
    const restore = () => post(address(`/api/records/tab/${tab.id}/restore`)).then(() => go(link(at('tab', tab.id))), toastFailure);
    toast({ text: t('own.removed', { title: tab.title }), action: { label: t('own.restore'), run: restore } });
  } catch (error) {
    toastFailure(error);
  }
}

/* ---- together ---- */

const cardsOf = (tab) => (typeof tab.cards === 'string' ? JSON.parse(tab.cards) : (tab.cards ?? []));

export function Tab({ id, query }) {
  const scope = scopeOf(query);
  const fresh = id === 'new';
  const { answer, error, again } = useLive(fresh || !id ? null : address(`/api/records/tab/${encodeURIComponent(id)}`), ['tab']);
  const kept = useKept(answer)?.data;
  const tab = useMemo(() => kept && { ...kept, cards: cardsOf(kept) }, [kept]);
  const editing = fresh || query.edit;
  const actions = may('data.write') && tab && !editing && html`
    <a class="quiet" href=${here({ edit: 1 })}><${Icon} name="edit" /> ${t('own.edit')}</a>
    <button type="button" class="quiet" onClick=${() => remove(tab)}><${Icon} name="trash" /> ${t('own.remove')}</button>`;
  let body = html`<${Skeleton} shape="cards" n=${3} />`;
  if (error && !tab) body = html`<${Failed} error=${error} again=${again} />`;
  else if (!id) body = html`<${Empty} icon="board" title=${t('own.which')}>${may('data.write') && html`<a class="button" href=${link('tab/new')}>${t('own.new')}</a>`}<//>`;
  else if (editing && (fresh || tab)) body = html`<${Editor} key=${tab?.id} tab=${tab} scope=${scope} onSaved=${again} />`;
  else if (tab?.cards.length) body = html`<${Cards} cards=${tab.cards} scope=${scope} />`;
  else if (tab) body = html`<${Empty} icon="board" title=${t('empty.tab.title')}><p>${t('empty.tab.advice')}</p>${may('data.write') && html`<a class="button" href=${here({ edit: 1 })}>${t('own.edit')}</a>`}<//>`;
  return html`<div class="page">
    <${PageHead} title=${fresh ? t('own.new') : (tab?.title ?? t('own.tab'))} actions=${actions} />
    <${ScopeBar} />
    ${body}
  </div>`;
}
