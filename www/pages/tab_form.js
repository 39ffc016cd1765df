/* One card of a tab of one's own, as a form: what it is, of what, grouped and narrowed
** how, how wide, and where it stands. */
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';
import { Field } from '../parts/form.js';
import { Icon } from '../parts/icon.js';

export const NEW_CARD = { kind: 'bars', title: '', measure: 'revenue', group: 'region', filter: {}, span: 1 };
const KINDS = ['stat', 'bars', 'line', 'table'];
const MEASURES = ['revenue', 'orders', 'quantity', 'average'];

const options = (group, ids) => ids.map((id) => ({ id, label: nameOf(group, id) }));

/* Only what a kind has use for is asked, and kept. */
function tidy(card) {
  const { kind, title, measure, group, filter, span } = card;
  const own = Object.fromEntries(Object.entries(filter ?? {}).filter(([, value]) => value));
  return { kind, title, measure: measure || 'revenue', group: kind === 'bars' || kind === 'table' ? group || 'region' : null, filter: own, span };
}

export function CardForm({ n, last, card, figures, onChange, onMove, onRemove }) {
  const groups = (figures?.groups ?? []).map((g) => g.name);
  const codes = (figures?.groups ?? []).filter((g) => g.kind === 'code').map((g) => g.name);
  const grouped = card.kind === 'bars' || card.kind === 'table';
  const set = (name) => (value) => onChange(tidy({ ...card, [name]: name === 'span' ? Number(value) : value }));
  const narrow = (name) => (value) => onChange(tidy({ ...card, filter: { ...card.filter, [name]: value } }));
  const number = n + 1;
  return html`<li>
    <fieldset class="card-form" data-card=${n}>
      <legend>${t('own.card', { n: number })}</legend>
      <div class="card-form-fields">
        <${Field} field=${{ name: 'kind', label: t('own.kind'), kind: 'choice', required: true, options: options('card_kind', KINDS) }} value=${card.kind} onInput=${set('kind')} />
        ${card.kind !== 'table' && html`<${Field} field=${{ name: 'measure', label: t('own.measure'), kind: 'choice', required: true, options: options('measure', MEASURES) }} value=${card.measure ?? 'revenue'} onInput=${set('measure')} />`}
        ${grouped && html`<${Field} field=${{ name: 'group', label: t('own.group'), kind: 'choice', required: true, options: options('column', groups.length ? groups : [card.group]) }} value=${card.group} onInput=${set('group')} />`}
        ${codes.map((name) => html`<${Field} key=${name} field=${{ name, label: t('own.only', { group: nameOf('column', name).toLowerCase() }), kind: 'choice', none: t('scope.any'), options: (figures[`by_${name}`] ?? []).map((row) => ({ id: row.name, label: row.name })) }} value=${card.filter?.[name] ?? ''} onInput=${narrow(name)} />`)}
        <${Field} field=${{ name: 'span', label: t('own.span'), kind: 'choice', required: true, options: options('card_span', ['1', '2']) }} value=${String(card.span ?? 1)} onInput=${set('span')} />
        <${Field} field=${{ name: 'title', label: t('own.card_title'), kind: 'text' }} value=${card.title ?? ''} onInput=${set('title')} />
      </div>
      <div class="card-form-acts">
        <button type="button" class="quiet" disabled=${!n} onClick=${() => onMove(-1)} aria-label=${t('own.up_of', { n: number })}><${Icon} name="up" /> ${t('own.up')}</button>
        <button type="button" class="quiet" disabled=${last} onClick=${() => onMove(1)} aria-label=${t('own.down_of', { n: number })}><${Icon} name="down" /> ${t('own.down')}</button>
        <button type="button" class="quiet" onClick=${onRemove} aria-label=${t('own.drop_of', { n: number })}><${Icon} name="trash" /> ${t('own.drop')}</button>
      </div>
    </fieldset>
  </li>`;
}
