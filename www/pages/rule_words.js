/* A rule in words, from its kind and its parameters: so that what is being typed can
** be read before it is saved. The rule's own message is for the exceptions. */
import { nameOf, t } from '../lib/text.js';

const LIMITS = ['min', 'above', 'max', 'below'];

const given = (value) => value !== undefined && value !== null && value !== '';

function range(field, params) {
  const parts = LIMITS.filter((name) => given(params[name])).map((name) => t(`rule.says.${name}`, { n: params[name] }));
  return t('rule.says.range', { field, limits: parts.join(t('rule.says.and')) || '\u2026' });
}

export function ruleSays({ kind, field, params = {} }) {
  const name = field ? nameOf('field', field) : t('rule.says.some_field');
  if (kind === 'range') return range(name, params);
  const days = Number(params.days ?? 0);
  return t(`rule.says.${kind === 'not_future' && days ? 'not_future_days' : kind}`, {
    field: name,
    n: days,
    list: given(params.list) ? nameOf('list', params.list) : '\u2026',
    like: given(params.like) ? params.like : '\u2026',
    sql: given(params.sql) ? params.sql : '\u2026',
    fields: (params.fields ?? []).map((one) => nameOf('field', one)).join(', ') || name,
  });
}

/* What of two versions differs: [{ name, before, after }], texts. */
const NOT_SAID = ['id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'deleted_at', 'deleted_by'];
const said = (value) => (value === null || value === undefined ? '' : typeof value === 'object' ? Object.entries(value).map(([name, one]) => `${name} ${Array.isArray(one) ? one.join(', ') : one}`).join(', ') : String(value));

export function differences(before, after) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((name) => !NOT_SAID.includes(name));
  return names.map((name) => ({ name, before: said(before?.[name]), after: said(after?.[name]) })).filter((one) => one.before !== one.after);
}
