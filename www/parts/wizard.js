/* One thing after another.
**
**   Wizard { label, steps, at, onStep, next, onNext, ready, busy, canGoBack, finished,
**            children }
**
** steps are { id, title }; `at` is the id of the present one. A step that has been
** passed can be gone back to by its title; onNext is called by the button and by
** Enter; next is the word on it (none: there is no button), ready whether it can be
** pressed; finished: the last step is done, too. The heading of a new step gets the
** focus, so that a screen reader says it and Tab goes on from there. */
import { useEffect, useRef } from 'preact/hooks';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from './icon.js';

function Steps({ label, steps, now, onStep, finished }) {
  const one = (step, i) => {
    const words = html`<span class="step-no">${i < now || finished ? html`<${Icon} name="check" />` : i + 1}</span><span class="step-title">${step.title}</span>`;
    if (i < now && onStep) return html`<button type="button" class="step step-done" onClick=${() => onStep(step.id)}>${words}</button>`;
    return html`<span class=${`step ${i === now ? 'step-now' : ''} ${i < now ? 'step-done' : ''}`} aria-current=${i === now ? 'step' : undefined}>${words}</span>`;
  };
  return html`<ol class="steps" aria-label=${label}>${steps.map((step, i) => html`<li key=${step.id}>${one(step, i)}</li>`)}</ol>`;
}

export function Wizard({ label, steps, at, onStep, next, onNext, ready = true, busy, canGoBack = true, finished, children }) {
  const now = steps.findIndex((step) => step.id === at);
  const heading = useRef(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) {
      scrollTo(0, 0);
      heading.current.focus();
    }
    first.current = false;
  }, [at]);
  const submit = (event) => {
    event.preventDefault();
    if (ready && !busy && next) onNext();
  };
  const back = canGoBack && now > 0 && (() => onStep(steps[now - 1].id));
  return html`<form class="wizard" noValidate onSubmit=${submit} data-step=${at}>
    <${Steps} label=${label} steps=${steps} now=${now} onStep=${canGoBack && onStep} finished=${finished} />
    <section class="wizard-step" aria-labelledby="wizard-heading">
      <h2 id="wizard-heading" tabindex="-1" ref=${heading}><span class="hidden">${t('wizard.step', { n: now + 1, all: steps.length })} </span>${steps[now].heading ?? steps[now].title}</h2>
      ${children}
    </section>
    ${(back || next) &&
    html`<footer class="wizard-foot">
      ${back && html`<button type="button" class="plain" onClick=${back}><${Icon} name="back" /> ${t('wizard.back')}</button>`}
      ${next && html`<button type="submit" class="button" disabled=${!ready || busy}>${next}</button>`}
    </footer>`}
  </form>`;
}
