/* A change of rules or reference lists, tried before it counts: on every row that is
** kept, what would newly be turned away, what would newly come in, and what becomes of
** the figures. Then it is put into force, and then old runs can be judged again, one
** by one.
**
**   Trial { rules, items, changed, onPromoted }   rules, items as POST /api/rules/try wants
**         them; changed: is there anything to try? */
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, post } from '../lib/api.js';
import { compare, count, money, quantity, sum } from '../lib/decimal.js';
import { formatSeconds, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { useImport } from './import_watch.js';
import { Original, Reason } from './original.js';
import { Progress } from '../parts/progress.js';
import { Failed } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast } from '../parts/toast.js';
import { InDrawer, Why, figureOf } from '../parts/why.js';

/* ---- figures before and after ---- */

const SHOW = { orders: quantity, quantity, revenue: money };
const NEGATIVE = /^-/;
const minus = (text) => (NEGATIVE.test(text) ? text.slice(1) : /^0(\.0*)?$/.test(text) ? text : `-${text}`);

const MEASURES = ['orders', 'quantity', 'revenue'];

function Figures({ before, after }) {
  const rows = MEASURES.map((name) => {
    const difference = sum([String(after[name]), minus(String(before[name]))]);
    const sign = compare(difference, '0');
    return { name, before: before[name], after: after[name], difference, sign };
  });
  const show = (name, value) => SHOW[name](String(value));
  const columns = [
    { id: 'name', label: t('trial.figure'), kind: 'name', value: (row) => t(`column.${row.name}`) },
    { id: 'before', label: t('trial.before'), align: 'end', value: (row) => html`<${Why} figure=${figureOf(row.name)} label=${t(`column.${row.name}`)}>${show(row.name, row.before)}<//>` },
    { id: 'after', label: t('trial.after'), align: 'end', value: (row) => show(row.name, row.after) },
    { id: 'difference', label: t('trial.difference'), align: 'end', value: (row) => html`<span class=${row.sign < 0 ? 'ink-bad' : row.sign > 0 ? 'ink-ok' : 'note'}>${row.sign > 0 ? '+' : ''}${show(row.name, row.difference)}</span>` },
  ];
  return html`<${Table} caption=${t('trial.figures')} columns=${columns} rows=${rows} keyOf=${(row) => row.name} />`;
}

/* ---- rows that change sides ---- */

const AT_FIRST = 5;

function Sample({ rows, total }) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, AT_FIRST);
  return html`<ul class="sample">
      ${shown.map((row) => html`<li key=${`${row.run}:${row.record}`}>
        <p class="sample-where"><${InDrawer} kind="line" value=${`${row.run}:${row.line}`}>${t('exceptions.detail', { line: count(row.line) })}<//></p>
        <${Original} raw=${(row.raw ?? '').replace(/[\r\n]+$/, '')} faults=${row.faults ?? []} />
        ${row.faults?.length > 0 && html`<ul class="reasons note">${row.faults.map((fault, i) => html`<li key=${i}><${Reason} fault=${fault} /></li>`)}</ul>`}
      </li>`)}
    </ul>
    ${shown.length < rows.length && html`<button type="button" class="more" onClick=${() => setAll(true)}>${t('trial.more', { n: rows.length, shown: { n: count(rows.length), total: count(total) } })}</button>`}`;
}

function Side({ id, tone, side }) {
  return html`<section class=${`trial-side trial-${tone}`} data-side=${id}>
    <header><span class="trial-count">${count(side.total)}</span><h3>${t(`trial.${id}`, { n: side.total })}</h3></header>
    ${side.by_control && Object.keys(side.by_control).length > 0 && html`<p class="chips">${Object.entries(side.by_control).map(([control, n]) => html`<span key=${control} class="badge tone-plain">${nameOf('control', control)} ${count(n)}</span>`)}</p>`}
    ${side.total ? html`<${Sample} rows=${side.sample ?? []} total=${side.total} />` : html`<p class="note">${t(`trial.${id}_none`)}</p>`}
  </section>`;
}

/* ---- old runs ---- */

const OVER = { done: 'ok', failed: 'bad', cancelled: 'plain' };

function Rejudge({ run, canJudge }) {
  const [own, setOwn] = useState({ import: null, said: null });
  const { doc, error } = useImport(own.import);
  const state = own.import && (doc ?? { state: 'waiting' });
  const begin = async () => {
    try {
      const { data } = await post(address(`/api/runs/${at(run.run)}/rejudge`));
      setOwn({ import: data.import, said: null });
    } catch (error) {
      setOwn({ import: null, said: error.message || t('failed.offline.title') });
    }
  };
  const share = state?.bytes_total ? state.bytes / state.bytes_total : null;
  return html`<tr data-run=${run.run}>
    <th scope="row"><a href=${link(`imports/${at(run.run)}`, { run: null })}>${formatSource(run.source)}</a></th>
    <td class="end">${run.newly_rejected ? html`<span class="ink-bad">${count(run.newly_rejected)}</span>` : '0'}</td>
    <td class="end">${run.newly_released ? html`<span class="ink-ok">${count(run.newly_released)}</span>` : '0'}</td>
    ${canJudge && html`<td class="rejudge-do">
      ${may('data.write') && !state && html`<button type="button" class="plain" onClick=${begin}>${t('trial.rejudge')}<span class="hidden"> ${formatSource(run.source)}</span></button>`}
      ${state && !OVER[state.state] && html`<${Progress} label=${t('trial.rejudging')} share=${share} />`}
      ${state && OVER[state.state] && html`<${Badge} tone=${OVER[state.state]}>${t(`trial.over.${state.state}`)}<//>`}
      ${state?.state === 'done' && state.run && html` <a href=${link(`imports/${at(state.run)}`, { run: null })}>${t('trial.new_run')}</a>`}
      ${(own.said || error || state?.state === 'failed') && html`<p class="error" role="alert">${own.said ?? error?.message ?? state.message}</p>`}
    </td>`}
  </tr>`;
}

function Runs({ runs, promoted }) {
  const affected = runs.filter((run) => run.newly_rejected || run.newly_released);
  if (!affected.length) return html`<p class="note">${t('trial.no_runs')}</p>`;
  return html`<div class="table-box"><table class="rejudge">
    <caption class="hidden">${t('trial.runs')}</caption>
    <thead><tr><th scope="col">${t('trial.run')}</th><th scope="col" class="end">${t('trial.rejected_short')}</th><th scope="col" class="end">${t('trial.released_short')}</th>${promoted && html`<th scope="col">${t('trial.again')}</th>`}</tr></thead>
    <tbody>${affected.map((run) => html`<${Rejudge} key=${run.run} run=${run} canJudge=${promoted} />`)}</tbody>
  </table></div>`;
}

/* ---- together ---- */

export function Trial({ rules = [], items = [], changed, onPromoted }) {
  const body = { rules, items };
  const key = JSON.stringify(body);
  const [state, setState] = useState({}); /* { key, result, error, busy: 'try'|'promote', promoted } */
  const box = useRef(null);
  const own = state.key === key || state.promoted ? state : {};
  const { result, error, busy, promoted } = { ...own, busy: state.busy };

  const attempt = async () => {
    setState({ key, busy: 'try' });
    try {
      const { data } = await post(address('/api/rules/try', { as: rules[0]?.dataset ?? 'sales' }), body);
      setState({ key, result: data });
    } catch (failure) {
      setState({ key, error: failure });
    }
  };
  const promote = async () => {
    setState({ ...state, busy: 'promote' });
    try {
      const { data } = await post(address('/api/rules/promote'), body);
      setState({ key, result, promoted: true });
      toast({ text: t('trial.promoted') });
      onPromoted?.(data);
    } catch (failure) {
      setState({ key, result, error: failure });
    }
  };
  useEffect(() => {
    if (result && !promoted) box.current?.focus();
  }, [result]);

  return html`<section class="trial" aria-label=${t('trial.title')}>
    ${may('data.write') && html`<div class="trial-do">
      <button type="button" class=${result ? 'plain' : 'button'} disabled=${!changed || busy} onClick=${attempt}><${Icon} name="again" /> ${busy === 'try' ? t('trial.trying') : t('trial.try')}</button>
      <p class="note">${changed ? t('trial.try_note') : t('trial.nothing')}</p>
    </div>`}
    ${busy === 'try' && html`<${Progress} label=${t('trial.trying')} share=${null} />`}
    ${error && html`<${Failed} error=${error} again=${attempt} />`}
    ${result && html`<div class="trial-result" tabindex="-1" ref=${box}>
      <${Card} wide title=${promoted ? t('trial.result_promoted') : t('trial.result')} note=${t('trial.result_note', { n: result.rows, shown: { n: count(result.rows), seconds: formatSeconds(result.seconds) } })}>
        <div class="trial-sides">
          <${Side} id="newly_rejected" tone="bad" side=${result.newly_rejected} />
          <${Side} id="newly_released" tone="ok" side=${result.newly_released} />
        </div>
        <h3>${t('trial.figures')}</h3>
        <${Figures} before=${result.figures.before} after=${result.figures.after} />
        <h3>${t('trial.runs')}</h3>
        ${promoted && html`<p class="note">${t('trial.runs_note')}</p>`}
        <${Runs} runs=${result.runs} promoted=${promoted} />
        ${may('data.write') && !promoted && html`<div class="form-foot"><p class="note">${t('trial.promote_note')}</p><button type="button" class="button" disabled=${busy} onClick=${promote}>${busy === 'promote' ? t('desk.bulk.working') : t('trial.promote')}</button></div>`}
      <//>
    </div>`}
  </section>`;
}
