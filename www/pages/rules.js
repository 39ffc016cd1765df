/* Rules: what every row is asked, stage by stage, in words. One of them, a new one and
** the reference lists have pages of their own (#/rules/NAME, new, lists). */
import { address } from '../lib/api.js';
import { dataset } from '../lib/dataset.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { ScopeBar } from '../parts/scope_bar.js';
import { Failed, Skeleton } from '../parts/state.js';
import { figureOf, Why } from '../parts/why.js';
import { deskLink } from './desk_filter.js';
import { Rule } from './rule.js';
import { Lists } from './rule_lists.js';
import { NewRule } from './rule_new.js';
import { ruleSays } from './rule_words.js';

export const STAGES = ['schema', 'business', 'quality', 'duplicates'];

function Line({ rule, failed }) {
  const says = ruleSays(rule);
  return html`<li class=${`rule-line ${rule.active ? '' : 'rule-off'}`} data-rule=${rule.name}>
    <div class="rule-words">
      <h3><a href=${link(`rules/${at(rule.name)}`)}>${nameOf('control', rule.name)}</a> ${!rule.active && html`<${Badge}>${t('rules.off')}<//>`}</h3>
      <p>${says}</p>
    </div>
    <span class="rule-field note">${rule.field && nameOf('field', rule.field)}</span>
    <span class="rule-version note">${t('controls.version', { n: rule.version })}</span>
    <span class="rule-failed">${failed
      ? html`<a href=${deskLink({ control: rule.name, state: 'all' })} aria-label=${t('controls.open', { n: count(failed), control: nameOf('control', rule.name) })}>${count(failed)}</a>`
      : html`<${Why} figure=${figureOf('rejected', { control: rule.name })} label=${nameOf('control', rule.name)}>0<//>`}</span>
  </li>`;
}

const Stage = ({ stage, rules, failed }) => html`<${Card} wide title=${nameOf('stage', stage)} note=${t(`rules.stage.${stage}`)}>
  <ul class="rule-lines">
    <li class="rule-line rule-heads" aria-hidden="true"><span>${t('rules.asks')}</span><span>${t('column.field')}</span><span>${t('column.version')}</span><span class="rule-failed">${t('rules.failed')}</span></li>
    ${rules.map((rule) => html`<${Line} key=${rule.id} rule=${rule} failed=${failed[rule.name] ?? 0} />`)}
  </ul>
<//>`;

function All() {
  const rules = useLive(address('/api/records/rule'), ['rule']);
  const summary = useLive(address('/api/exceptions/summary', { state: 'all' }), ['run', 'reject', 'run_undone', 'review']);
  const every = rules.answer?.data;
  const data = every?.filter((rule) => rule.dataset === dataset.value);
  const failed = Object.fromEntries((summary.answer?.data.by_control ?? []).map((row) => [row.name, row.open + row.corrected + row.accepted]));
  const actions = html`<a class="plain" href=${link('rules/lists')}><${Icon} name="table" /> ${t('rules.lists')}</a>${may('data.write') && html`<a class="button" href=${link('rules/new')}><${Icon} name="plus" /> ${t('rules.new')}</a>`}`;
  return html`<div class="page">
    <${PageHead} title=${t('rules.title')} note=${t('rules.note')} actions=${actions} />
    <${ScopeBar} only=${['dataset']} datasets=${(every ?? []).map((rule) => rule.dataset)} />
    ${rules.error && !data && html`<${Failed} error=${rules.error} again=${rules.again} />`}
    ${!rules.error && !data && html`<${Skeleton} shape="cards" n=${3} />`}
    ${data && html`<div class="cards">${STAGES.filter((stage) => data.some((rule) => rule.stage === stage)).map((stage) => html`<${Stage} key=${stage} stage=${stage} rules=${data.filter((rule) => rule.stage === stage)} failed=${failed} />`)}</div>`}
  </div>`;
}

export function Rules({ id }) {
  if (id === 'new') return html`<${NewRule} />`;
  if (id === 'lists') return html`<${Lists} />`;
  return id ? html`<${Rule} key=${id} name=${id} />` : html`<${All} />`;
}
