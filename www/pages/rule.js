/* One rule: what it asks, its form, what depends on it, and its versions. A change is
** tried on history first (trial.js); turning a rule off is a change like any other. */
import { useMemo, useState } from 'preact/hooks';
import { address } from '../lib/api.js';
import { formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Impact } from './impact.js';
import { Parameters, Property, WITHOUT_FIELD, toRule, useProperties, useWorld } from './rule_fields.js';
import { differences, ruleSays } from './rule_words.js';
import { Trial } from './trial.js';

/* ---- its versions ---- */

const Change = ({ one }) => html`<li><span class="diff-name">${t(`rule.property.${one.name}`)}</span> ${one.before && html`<del>${one.before}</del>`} ${one.after ? html`<ins>${one.after}</ins>` : html`<ins>${t('exceptions.blank')}</ins>`}</li>`;

function Version({ step, onUse }) {
  const changes = differences(step.before, step.after);
  const version = step.after?.version;
  return html`<li class="version">
    <div class="version-head"><b>${version ? t('controls.version', { n: version }) : nameOf('event', step.event)}</b> <time class="note" datetime=${step.at}>${formatMoment(step.at)}</time> <span class="note">${step.actor}</span>
      ${step.before && html`<button type="button" class="quiet" onClick=${() => onUse(step.before)}><${Icon} name="undo" /> ${t('rule.use', { n: step.before.version })}</button>`}</div>
    ${step.before ? html`<ul class="diff">${changes.map((one) => html`<${Change} key=${one.name} one=${one} />`)}</ul>` : html`<p class="note">${t('rule.made')}</p>`}
  </li>`;
}

function History({ rule, onUse }) {
  const { answer } = useLive(address(`/api/records/rule/${at(rule.id)}/history`), ['rule']);
  const steps = answer?.data;
  return html`<${Card} title=${t('rule.history')} note=${t('rule.history_note')}>
    ${!steps && html`<${Skeleton} n=${3} />`}
    ${steps && !steps.length && html`<p class="note">${t('rule.shipped')}</p>`}
    ${steps?.length > 0 && html`<ol class="versions">${[...steps].reverse().map((step) => html`<${Version} key=${step.seq} step=${step} onUse=${onUse} />`)}</ol>`}
  <//>`;
}

/* ---- its form ---- */

function Sheet({ rule, rules }) {
  const [draft, setDraft] = useState(rule);
  const properties = useProperties();
  const world = useWorld(rules);
  const changed = differences(toRule(rule), toRule(draft)).length > 0;
  const common = { draft, properties, world, onDraft: setDraft };
  const stale = changed && draft.version !== rule.version;
  const body = useMemo(() => [{ ...toRule(draft), version: rule.version }], [draft, rule.version]);
  return html`
    <div class="rule-sides">
      <${Card} title=${t('rule.form')}>
        <p class="rule-says" role="status">${ruleSays(draft)}</p>
        ${stale && html`<p class="notice tone-warn" role="alert"><${Icon} name="warn" /> <span>${t('rule.stale')}</span></p>`}
        <div class="form">
          <${Property} name="active" ...${common} />
          ${!WITHOUT_FIELD.includes(draft.kind) && html`<${Property} name="field" ...${common} />`}
          <${Parameters} draft=${draft} world=${world} onDraft=${setDraft} />
          <${Property} name="message" ...${common} />
          ${changed && draft.message !== ruleSays(draft) && html`<div><button type="button" class="chip" onClick=${() => setDraft({ ...draft, message: ruleSays(draft) })}>${t('exception.take', { near: `\u201c${ruleSays(draft)}\u201d` })}</button></div>`}
          <details class="more-fields"><summary>${t('rule.more')}</summary>
            <div class="form"><${Property} name="category" ...${common} /><${Property} name="stage" ...${common} /><${Property} name="position" ...${common} /></div>
          </details>
          ${changed && html`<div><button type="button" class="quiet" onClick=${() => setDraft(rule)}><${Icon} name="undo" /> ${t('rule.reset')}</button></div>`}
        </div>
      <//>
      <div class="rule-aside">
        <${Impact} subject=${{ rule: rule.name }} />
        <${History} rule=${rule} onUse=${(old) => setDraft({ ...old, version: rule.version })} />
      </div>
    </div>
    <${Trial} rules=${body} changed=${changed} />
  `;
}

export function Rule({ name }) {
  const { answer, error, again } = useLive(address('/api/records/rule'), ['rule']);
  const rules = answer?.data;
  const rule = rules?.find((one) => one.name === name);
  const back = { href: link('rules'), label: t('rules.title') };
  if (error && !rules) return html`<${Failed} page error=${error} again=${again} />`;
  if (!rules) return html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="cards" n=${2} /></div>`;
  if (!rule)
    return html`<div class="page"><${Empty} page icon="search" title=${t('rule.missing')}><p>${t('rule.missing_advice', { name })}</p><a class="button" href=${link('rules')}>${t('rules.title')}</a><//></div>`;
  const badge = html`<${Badge} tone=${rule.active ? 'ok' : 'plain'}>${rule.active ? t('rules.on') : t('rules.off')}<//><span class="note">${t('controls.version', { n: rule.version })} \u00b7 ${nameOf('stage', rule.stage)} \u00b7 ${nameOf('category', rule.category)}</span>`;
  return html`<div class="page">
    <${PageHead} title=${nameOf('control', rule.name)} note=${rule.message} back=${back} badge=${badge} />
    <${Sheet} rule=${rule} rules=${rules} />
  </div>`;
}
