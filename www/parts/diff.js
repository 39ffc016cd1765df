/* What a change made of a record: for each property the value before and after. The
** two may be objects, or JSON text. */
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';

function read(value) {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return { value };
  }
}

const shown = (value) => (value === null || value === undefined || value === '' ? null : typeof value === 'object' ? JSON.stringify(value) : String(value));

function Value({ tag, text }) {
  return html`<${tag}>${text === null ? html`<em>${t('diff.nothing')}</em>` : text}<//>`;
}

export function Diff({ before, after, group }) {
  const [a, b] = [read(before) ?? {}, read(after) ?? {}];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const both = before && after;
  const changed = names.filter((name) => shown(a[name]) !== shown(b[name]));
  const same = names.filter((name) => !changed.includes(name));
  if (!names.length) return null;
  return html`<table class="diff-table">
    <caption class="hidden">${t('diff.title')}</caption>
    <thead><tr><th scope="col">${t('diff.property')}</th>${(both || before) && html`<th scope="col">${t('diff.before')}</th>`}${(both || !before) && html`<th scope="col">${t('diff.after')}</th>`}</tr></thead>
    <tbody>
      ${changed.map((name) => html`<tr key=${name} class="changed"><th scope="row">${nameOf(group, name)}</th>${(both || before) && html`<td><${Value} tag="del" text=${shown(a[name])} /></td>`}${(both || !before) && html`<td><${Value} tag="ins" text=${shown(b[name])} /></td>`}</tr>`)}
      ${same.map((name) => html`<tr key=${name}><th scope="row">${nameOf(group, name)}</th>${both && html`<td>${shown(a[name]) ?? ''}</td>`}<td>${shown(b[name]) ?? shown(a[name]) ?? ''}</td></tr>`)}
    </tbody>
  </table>`;
}
