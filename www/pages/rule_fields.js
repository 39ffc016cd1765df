/* The form of a rule: what the server says of its properties, and instead of the bare
** object of parameters a field for each that its kind has. A draft is the rule as the
** server has it, params and all. */
import { address, useAnswer } from '../lib/api.js';
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';
import { Field } from '../parts/form.js';

export const KINDS = ['required', 'type', 'range', 'reference', 'not_future', 'pattern', 'expression', 'unique', 'readable', 'columns', 'extra_cells'];
/* What people add; the others say how a record is read and are there once. */
export const NEW_KINDS = ['range', 'reference', 'pattern', 'required', 'not_future', 'expression'];
export const WITHOUT_FIELD = ['readable', 'columns', 'extra_cells', 'expression', 'unique'];
const CATEGORIES = ['BUSINESS_RULE_VIOLATION', 'DATA_QUALITY_ISSUE', 'DATA_FORMAT_ERROR', 'MISSING_REQUIRED_FIELD'];
const STAGES = ['schema', 'business', 'quality', 'duplicates'];

const PARAMETERS = {
  range: ['min', 'max', 'above', 'below'],
  reference: ['list'],
  not_future: ['days'],
  pattern: ['like'],
  expression: ['sql'],
  unique: ['fields'],
};

const options = (group, ids) => ids.map((id) => ({ id, label: nameOf(group, id) }));

/* What a rule can be about: { fields: [{ name, kind }], lists: [names], items }. */
export function useWorld(rules) {
  const catalogue = useAnswer(address('/api/catalogue')).answer?.data.tables ?? [];
  const items = useAnswer(address('/api/records/reference_item', { limit: 10000 })).answer?.data ?? [];
  const dataset = catalogue.find((table) => table.kind === 'dataset' && table.name === (rules?.[0]?.dataset ?? 'sales'));
  const named = (rules ?? []).map((rule) => rule.field).filter(Boolean);
  const fields = [...new Set([...(dataset?.columns ?? []).map((column) => column.name), ...named])];
  const lists = [...new Set([...items.map((item) => item.list), ...(rules ?? []).map((rule) => rule.params?.list).filter(Boolean)])];
  return { fields, lists, items };
}

function parameterField(name, world) {
  const own = { name, label: t(`rule.param.${name}`), help: t(`rule.param_help.${name}`), kind: 'text' };
  if (name === 'list') return { ...own, kind: 'choice', required: true, options: options('list', world.lists) };
  if (name === 'sql') return { ...own, kind: 'lines', rows: 3, required: true };
  if (name === 'like' || name === 'fields') return { ...own, required: true };
  return own;
}

const shownParam = (value) => (Array.isArray(value) ? value.join(', ') : value ?? '');
const meantParam = (name, text) => (name === 'fields' ? text.split(',').map((one) => one.trim()).filter(Boolean) : text.trim());

export function Parameters({ draft, world, errors, onDraft }) {
  const set = (name) => (text) => {
    const params = { ...draft.params, [name]: meantParam(name, text) };
    if (text === '') delete params[name];
    onDraft({ ...draft, params });
  };
  const names = PARAMETERS[draft.kind] ?? [];
  return html`<div class=${names.length > 1 ? 'form-pair' : undefined}>
    ${names.map((name) => html`<${Field} key=${name} field=${parameterField(name, world)} value=${shownParam(draft.params?.[name])} error=${errors?.[name]} onInput=${set(name)} />`)}
  </div>`;
}

/* Fields of the rule itself, by name, for whoever lays them out. */
function ruleField(name, property, world) {
  const own = { ...property, name, label: t(`rule.property.${name}`), help: t(`rule.property_help.${name}`) };
  if (name === 'kind') return { ...own, kind: 'choice', options: options('rule.kind', KINDS) };
  if (name === 'field') return { ...own, kind: 'choice', required: true, options: options('field', world.fields) };
  if (name === 'category') return { ...own, kind: 'choice', options: options('category', CATEGORIES) };
  if (name === 'stage') return { ...own, kind: 'choice', options: options('stage', STAGES) };
  return own;
}

export function Property({ name, draft, properties, world, errors, onDraft }) {
  const property = properties.find((one) => one.name === name);
  if (!property) return null; // not known yet what it is
  const field = ruleField(name, property, world);
  return html`<${Field} field=${field} value=${field.kind === 'boolean' ? !!draft[name] : draft[name] ?? ''} error=${errors?.[name]} onInput=${(value) => onDraft({ ...draft, [name]: value === '' ? null : value })} />`;
}

export function useProperties() {
  const all = useAnswer(address('/api/entities')).answer?.data;
  return all?.find((one) => one.name === 'rule')?.properties ?? [];
}

/* What the server is to know of a draft. */
const KEPT = ['id', 'version', 'dataset', 'name', 'stage', 'kind', 'field', 'params', 'category', 'message', 'active', 'position'];
export const toRule = (draft) => Object.fromEntries(KEPT.filter((name) => draft[name] !== undefined).map((name) => [name, name === 'position' && draft[name] !== null ? Number(draft[name]) : draft[name]]));
