/* A new rule in three steps: what it asks, how it is called, what it would do. */
import { useState } from 'preact/hooks';
import { address, useAnswer } from '../lib/api.js';
import { html } from '../lib/html.js';
import { at, link } from '../lib/route.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Wizard } from '../parts/wizard.js';
import { NEW_KINDS, Parameters, Property, WITHOUT_FIELD, toRule, useProperties, useWorld } from './rule_fields.js';
import { ruleSays } from './rule_words.js';
import { Trial } from './trial.js';

const START = { dataset: 'sales', kind: null, field: null, params: {}, stage: 'business', category: 'BUSINESS_RULE_VIOLATION', active: true, name: null, message: null };
const STEPS = ['kind', 'asks', 'name', 'try'];

const NEEDS = { range: ({ min, max, above, below }) => [min, max, above, below].some(Boolean), reference: ({ list }) => list, pattern: ({ like }) => like, expression: ({ sql }) => sql };

const complete = (draft) => draft.kind && (draft.field || WITHOUT_FIELD.includes(draft.kind)) && (!NEEDS[draft.kind] || NEEDS[draft.kind](draft.params));

const suggest = (draft) => [draft.field, draft.kind].filter(Boolean).join('_');

function Kinds({ draft, onPick }) {
  return html`<div class="kinds" role="radiogroup" aria-label=${t('rule.property.kind')}>
    ${NEW_KINDS.map((kind) => html`<label key=${kind} class="kind">
      <input type="radio" name="kind" value=${kind} checked=${draft.kind === kind} onChange=${() => onPick(kind)} />
      <span class="kind-box"><b>${t(`rule.kind.${kind}`)}</b><span class="note">${t(`rule.kind_help.${kind}`)}</span></span>
    </label>`)}
  </div>`;
}

export function NewRule() {
  const rules = useAnswer(address('/api/records/rule')).answer?.data;
  const properties = useProperties();
  const world = useWorld(rules);
  const [draft, setDraft] = useState(START);
  const [step, setStep] = useState('kind');
  const [made, setMade] = useState(null);
  const taken = rules?.some((rule) => rule.name === draft.name) && !made;
  const common = { draft, properties, world, onDraft: setDraft };
  const ready = { kind: !!draft.kind, asks: complete(draft), name: !!draft.name && !!draft.message && !taken, try: true }[step];
  const next = () => {
    if (step === 'asks') setDraft({ ...draft, name: draft.name ?? suggest(draft), message: draft.message ?? ruleSays(draft) });
    setStep(STEPS[STEPS.indexOf(step) + 1]);
  };
  const steps = STEPS.map((id) => ({ id, title: t(`rule.step.${id}`), heading: t(`rule.step_heading.${id}`) }));
  const back = { href: link('rules'), label: t('rules.title') };
  return html`<div class="page">
    <${PageHead} title=${t('rules.new')} note=${t('rule.new_note')} back=${back} />
    <${Wizard} label=${t('rules.new')} steps=${steps} at=${step} onStep=${made ? undefined : setStep} canGoBack=${!made} next=${step === 'try' ? null : t('rule.next')} onNext=${next} ready=${ready}>
      ${step === 'kind' && html`<${Kinds} draft=${draft} onPick=${(kind) => setDraft({ ...draft, kind, params: {}, field: WITHOUT_FIELD.includes(kind) ? null : draft.field })} />`}
      ${step === 'asks' && html`<div class="form">
        ${!WITHOUT_FIELD.includes(draft.kind) && html`<${Property} name="field" ...${common} />`}
        <${Parameters} draft=${draft} world=${world} onDraft=${setDraft} />
        <p class="rule-says" role="status">${ruleSays(draft)}</p>
      </div>`}
      ${step === 'name' && html`<div class="form">
        <${Property} name="name" ...${common} errors=${{ name: taken ? t('rule.taken', { name: draft.name }) : undefined }} />
        <${Property} name="message" ...${common} />
        <${Property} name="category" ...${common} />
        <${Property} name="stage" ...${common} />
      </div>`}
      ${step === 'try' && html`<p class="rule-says">${ruleSays(draft)}</p>
        <${Trial} rules=${[toRule(draft)]} changed=${!made} onPromoted=${() => setMade(draft.name)} />
        ${made && html`<p class="notice tone-ok"><${Icon} name="check" /> <span><a href=${link(`rules/${at(made)}`)}>${t('rule.to_new')}</a></span></p>`}`}
    <//>
  </div>`;
}
