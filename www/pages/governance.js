/* Governance: how well the controls work, who changed them, what the log says, and how
** somebody who has no access here can check all of it. On paper it is a report. */
import { useMemo, useState } from 'preact/hooks';
import { address } from '../lib/api.js';
import { dataset } from '../lib/dataset.js';
import { count, percent } from '../lib/decimal.js';
import { formatDay, formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { ScopeBar } from '../parts/scope_bar.js';
import { Stats } from '../parts/stat.js';
import { Command, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { Why, figureOf } from '../parts/why.js';
import { deskLink } from './desk_filter.js';

const EFFECT = { catches: 'ok', silent: 'plain', off: 'warn' };
const DASH = '\u2013';
const KEY_MS = 1500; /* the first proof makes the key */

/* ---- headline ---- */

const imports = () => link('imports', { run: null });

const days = (n) => (n === null || n === undefined ? DASH : t('governance.days', { n: Number(n.toFixed(1)) }));

function headline({ runs, audits, exceptions, controls }) {
  const effect = (kind) => controls.filter((one) => one.effective === kind).length;
  return [
    { id: 'runs', label: t('governance.runs'), value: count(runs.done), href: imports(), note: t('governance.runs_note', { failed: count(runs.failed), undone: count(runs.undone), interrupted: count(runs.interrupted) }) },
    { id: 'audits', label: t('governance.audits'), value: count(audits.passed), href: link('audit'), tone: audits.failed ? 'bad' : undefined, note: t('governance.audits_note', { n: audits.failed, shown: { n: count(audits.failed) } }) },
    { id: 'open', label: t('governance.open'), value: count(exceptions.open), href: deskLink({}), note: exceptions.open ? t('governance.open_note', { days: days(exceptions.median_days_open) }) : t('governance.open_none') },
    { id: 'corrected', label: t('desk.state.corrected'), value: count(exceptions.corrected), href: deskLink({ state: 'corrected' }), note: exceptions.corrected + exceptions.accepted ? t('governance.settled_note', { days: days(exceptions.median_days_to_settle) }) : t('governance.settled_none') },
    { id: 'accepted', label: t('desk.state.accepted'), value: count(exceptions.accepted), href: deskLink({ state: 'accepted' }), note: t('governance.accepted_note') },
    { id: 'controls', label: t('governance.controls'), value: count(controls.length), href: link('rules'), note: t('governance.controls_note', { catches: count(effect('catches')), silent: count(effect('silent')), off: count(effect('off')) }) },
  ];
}

/* ---- controls ---- */

const behind = (row, text) => html`<${Why} figure=${figureOf('rejected', { control: row.control })} label=${nameOf('control', row.control)}>${text}<//>`;

const CONTROLS = [
  { id: 'control', label: t('column.control'), kind: 'name', sort: (row) => nameOf('control', row.control), value: (row) => (row.changes ? html`<a href=${link(`rules/${at(row.control)}`)}>${nameOf('control', row.control)}</a>` : nameOf('control', row.control)) },
  { id: 'effective', label: t('governance.effective'), sort: (row) => row.effective, value: (row) => html`<${Badge} tone=${EFFECT[row.effective]}>${nameOf('effective', row.effective)}<//>` },
  { id: 'stage', label: t('column.stage'), sort: (row) => row.stage, value: (row) => nameOf('stage', row.stage) },
  { id: 'version', label: t('column.version'), align: 'end', value: (row) => t('controls.version', { n: row.version }) },
  { id: 'runs', label: t('governance.in_runs'), align: 'end', sort: (row) => row.runs, value: (row) => html`<a href=${imports()}>${count(row.runs)}</a>` },
  { id: 'records', label: t('governance.judged'), align: 'end', sort: (row) => row.records, value: (row) => html`<a href=${imports()}>${count(row.records)}</a>` },
  { id: 'failed', label: t('column.failed'), align: 'end', sort: (row) => row.failed, value: (row) => (row.failed ? html`<a href=${deskLink({ control: row.control, state: 'all' })}>${count(row.failed)}</a>` : behind(row, '0')) },
  { id: 'passed', label: t('governance.pass_rate'), align: 'end', sort: (row) => row.pass_rate ?? 2, value: (row) => (row.records ? behind(row, percent(row.records - row.failed, row.records, 2)) : DASH) },
  { id: 'last', label: t('governance.last_caught'), value: (row) => (row.last_caught ? formatDay(row.last_caught) : DASH) },
];

/* ---- rule changes ---- */

const WHERE = { rule: (name) => link(`rules/${at(name)}`), reference_item: () => link('rules/lists') };

function Changes({ changes }) {
  if (!changes?.length) return html`<p class="note">${t('governance.no_changes')}</p>`;
  return html`<ol class="story">${changes.map((one) => html`<li key=${one.seq}>
    <time class="note" datetime=${one.at}>${formatMoment(one.at)}</time>
    <span>${one.name && WHERE[one.table] ? html`<a href=${WHERE[one.table](one.name)}>${one.table === 'rule' ? nameOf('control', one.name) : one.name}</a> ` : ''}${one.text ?? nameOf('event', one.event)} <span class="note">${one.actor}</span></span>
  </li>`)}</ol>`;
}

/* ---- proof ---- */

function Proofs({ onProof }) {
  const runs = useLive(address('/api/runs', { limit: 200 }), ['run', 'run_undone']).answer?.data?.filter((run) => run.state === 'done' || run.state === 'undone');
  const [picked, setPicked] = useState(null);
  const run = picked ?? runs?.[0]?.run;
  if (!runs) return html`<${Skeleton} n=${2} />`;
  if (!runs.length) return html`<p class="note">${t('governance.no_runs')}</p>`;
  return html`<div class="proof-pick">
    <div class="form-field"><label for="proof-run">${t('governance.proof_run')}</label>
      <select id="proof-run" onChange=${(event) => setPicked(event.target.value)}>${runs.map((one) => html`<option key=${one.run} value=${one.run} selected=${one.run === run}>${formatSource(one.source)} \u00b7 ${formatMoment(one.started)}</option>`)}</select>
    </div>
    <div class="proof-do">
      <a class="button" href=${address('/api/proof', { run })} download onClick=${onProof}><${Icon} name="download" /> ${t('governance.proof')}</a>
      <a class="plain" href=${address('/api/proof', { run, rows: 1 })} download onClick=${onProof}><${Icon} name="download" /> ${t('governance.proof_rows')}</a>
    </div>
  </div>`;
}

const Verify = ({ fingerprint, onProof }) => html`<${Card} title=${t('governance.verify')} note=${t('governance.verify_note')}>
  <div class="no-print"><${Proofs} onProof=${onProof} /></div>
  <h3>${t('governance.fingerprint')}</h3>
  ${fingerprint ? html`<p class="fingerprint"><code>${fingerprint}</code></p><p class="note">${t('governance.fingerprint_note')}</p>` : html`<p class="note">${t('governance.no_key')}</p>`}
  <h3>${t('governance.how')}</h3>
  <ol class="how">${['one', 'two', 'three'].map((step) => html`<li key=${step}>${t(`governance.how_${step}`)}</li>`)}</ol>
  <${Command} text=${t('governance.command', { key: fingerprint ? ` --fingerprint ${fingerprint}` : '' })} />
<//>`;

/* ---- the log ---- */

const Log = ({ log }) => html`<${Card} title=${t('governance.log')} note=${t('governance.log_note')}>
  <dl class="details">
    <div><dt>${t('governance.entries')}</dt><dd><a href=${link('audit')}>${count(log.entries)}</a></dd></div>
    <div><dt>${t('governance.first')}</dt><dd>${log.first ? formatMoment(log.first) : DASH}</dd></div>
    <div><dt>${t('governance.last')}</dt><dd>${log.last ? formatMoment(log.last) : DASH}</dd></div>
    ${log.verified && html`<div><dt>${t('governance.walked')}</dt><dd>${formatMoment(log.verified)}</dd></div>`}
    <div><dt>${t('governance.head')}</dt><dd class="wrap"><code>${log.head ?? DASH}</code></dd></div>
  </dl>
<//>`;

/* ---- together ---- */

export function Governance() {
  const { answer, error, again } = useLive(address('/api/governance'), ['run', 'rule', 'reference_item', 'review', 'reject', 'run_undone']);
  const of = dataset.value;
  const data = useMemo(() => answer && { ...answer.data, controls: answer.data.controls.filter((row) => row.dataset === of) }, [answer, of]);
  const actions = html`<a class="plain" href=${address('/api/support')} download><${Icon} name="download" /> ${t('governance.support')}</a>
    <button type="button" class="button" onClick=${() => print()}><${Icon} name="print" /> ${t('report.print')}</button>`;
  return html`<div class="page governance">
    <${PageHead} title=${t('governance.title')} note=${t('governance.note')} actions=${actions} />
    <p class="print-only note">${t('governance.printed', { when: formatMoment(new Date().toISOString()) })}</p>
    ${error && !data && html`<${Failed} error=${error} again=${again} />`}
    ${!error && !data && html`<${Skeleton} shape="stats" n=${6} /><${Skeleton} shape="cards" n=${2} />`}
    ${data && html`
      <${ScopeBar} only=${['dataset']} />
      <${Stats} label=${t('governance.title')} rows=${headline(data)} />
      <${Card} wide title=${t('governance.effectiveness')} note=${t('governance.effectiveness_note')}>
        <${Table} caption=${t('governance.effectiveness')} columns=${CONTROLS} rows=${data.controls} keyOf=${(row) => `${row.dataset}/${row.control}`} />
      <//>
      <div class="cards">
        <${Verify} fingerprint=${data.proof?.key_fingerprint} onProof=${() => data.proof?.key_fingerprint || setTimeout(again, KEY_MS)} />
        <${Log} log=${data.log} />
        <${Card} wide title=${t('governance.changes')} note=${t('governance.changes_note')}><${Changes} changes=${data.rule_changes} /><//>
      </div>`}
  </div>`;
}
