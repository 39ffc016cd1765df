/* How a record is told: its name, its properties, and what refers to another. */
import { address } from '../lib/api.js';
import { exact } from '../lib/decimal.js';
import { formatDay, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';

const NAMES_AT_ONCE = 1000; /* of records that others refer to; beyond it the id is shown */

/* The properties that say which one it is: those of its first unique key, or its first text. */
export function namingOf(entity) {
  const plain = (name) => !entity.properties.find((p) => p.name === name).reference;
  const key = (entity.unique[0] ?? []).filter(plain);
  return key.length ? key : entity.properties.filter((p) => p.kind === 'text').slice(0, 1).map((p) => p.name);
}

export function recordName(entity, row) {
  const words = namingOf(entity).map((name) => row[name]).filter((value) => value !== null && value !== undefined && value !== '');
  return words.join(' \u00b7 ') || t('records.nameless', { id: row.id.slice(-6) });
}

export const propertyName = (p) => nameOf('property', p.name);

/* Entities that this one refers to: { [name]: Map(id -> its name) }. The entity of a component
** never changes, so neither does the number of questions. */
export function useNames(entity, entities) {
  const names = [...new Set(entity.properties.filter((p) => p.reference).map((p) => p.reference))];
  const targets = names.map((name) => entities.find((one) => one.name === name)); /* undefined: he may not see them */
  const answers = targets.map((target) => useLive(target ? address(`/api/records/${target.name}`, { fields: namingOf(target).join(), limit: NAMES_AT_ONCE }) : null, [target?.table]).answer);
  return Object.fromEntries(names.map((name, i) => [name, new Map((answers[i]?.data ?? []).map((row) => [row.id, recordName(targets[i], row)]))]));
}

/* What stands in a property, for people. */
export function shownValue(p, value, names) {
  if (value === null || value === undefined) return html`<span class="note">${t('stat.none')}</span>`;
  switch (p.kind) {
    case 'boolean': return t(value ? 'form.yes' : 'form.no');
    case 'integer': return String(value);
    case 'decimal': return exact(value);
    case 'day': return formatDay(value);
    case 'instant': return formatMoment(value);
    case 'choice': return nameOf('choice', value);
    case 'json': return html`<code>${JSON.stringify(value)}</code>`;
    case 'reference': return html`<a href=${link(at('records', p.reference, value))}>${names?.[p.reference]?.get(value) ?? value.slice(-6)}</a>`;
    default: return value;
  }
}
