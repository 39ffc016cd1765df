/* What breaks if it changes: the runs, rows, figures, tabs and exceptions that depend
** on a rule, a list, a column or a file. subject is { rule | list | column | file: NAME }. */
import { address } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Skeleton } from '../parts/state.js';
import { InDrawer } from '../parts/why.js';
import { deskLink } from './desk_filter.js';

const AT_FIRST = 12;

function where({ kind, name }, subject) {
  if (kind === 'run') return link(`imports/${at(name)}`, { run: null });
  if (kind === 'rule') return link(`rules/${at(name)}`);
  if (kind === 'tab') return link(`tab/${at(name)}`);
  if (kind === 'exceptions') return deskLink(subject.rule ? { control: subject.rule, state: 'all' } : subject.file ? { run: subject.file, state: 'all' } : { state: 'all' });
  return null;
}

function Item({ item, subject }) {
  const href = where(item, subject);
  const words = html`${item.text ?? item.name}`;
  return html`<li class="impact-item">
    <span class="impact-kind note">${nameOf('impact_kind', item.kind)}</span>
    <span class="impact-text">${item.kind === 'figure' ? html`<${InDrawer} kind="why" value=${item.name}>${words}<//>` : href ? html`<a href=${href}>${words}</a>` : words}</span>
    ${item.count !== undefined && item.count !== null && html`<span class="impact-count">${count(item.count)}</span>`}
  </li>`;
}

export function ImpactList({ subject }) {
  const { answer, error } = useLive(address('/api/impact', subject), ['run', 'rule', 'reference_item', 'tab', 'run_undone']);
  const data = answer?.data;
  if (error && !data) return html`<p class="note">${error.message || t('failed.offline.title')}</p>`;
  if (!data) return html`<${Skeleton} n=${4} />`;
  if (!data.items.length) return html`<p class="note">${t('impact.none')}</p>`;
  return html`<ul class="impact">${data.items.slice(0, AT_FIRST).map((item, i) => html`<${Item} key=${i} item=${item} subject=${subject} />`)}</ul>
    ${data.items.length > AT_FIRST && html`<details class="more-fields"><summary>${t('impact.more', { n: data.items.length - AT_FIRST })}</summary><ul class="impact">${data.items.slice(AT_FIRST).map((item, i) => html`<${Item} key=${i} item=${item} subject=${subject} />`)}</ul></details>`}`;
}

export const Impact = ({ subject }) => html`<${Card} title=${t('impact.title')} note=${t('impact.note')}><${ImpactList} subject=${subject} /><//>`;
