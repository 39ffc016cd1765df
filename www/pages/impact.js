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

const AT_FIRST = 6;

/* Where an item leads, and what it is called; a pattern of figures ("...") leads nowhere. */
const KINDS = {
  run: ({ name }) => ({ href: UUID.test(name) && link(`imports/${at(name)}`, { run: null }) }),
  rule: ({ name }) => ({ href: link(`rules/${at(name)}`), label: nameOf('control', name) }),
  list: ({ name }) => ({ href: link('rules/lists'), label: nameOf('list', name) }),
  tab: ({ name }) => ({ href: link(`tab/${at(name)}`) }),
  view: ({ name }) => ({ href: link('catalogue', { q: name }), label: name }),
  report: ({ name }) => ({ href: link('catalogue', { q: name }), label: name }),
  exceptions: ({ name }, subject) => ({ href: deskLink(subject.file ? { run: subject.file, state: 'all' } : { control: subject.rule ?? name, state: 'all' }), label: nameOf('control', name) }),
  figure: ({ name }) => ({ figure: !name.includes('...') && name, label: nameOf('column', name.replace(/^\w+\/(\w+).*$/, '$1')) }),
};
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/* Of a file it is enough to say its name. */
const short = (text) => text.replace(/^\S*[\\/](?=[^\\/]+: )/, '');

function Item({ item, subject }) {
  const { href, figure, label } = KINDS[item.kind]?.(item, subject) ?? { label: item.name };
  const text = short(item.text ?? '');
  const words = label ?? (text || item.name);
  return html`<li class="impact-item" data-kind=${item.kind}>
    <span class="impact-kind note">${nameOf('impact_kind', item.kind)}</span>
    <span class="impact-text">
      ${figure ? html`<${InDrawer} kind="why" value=${figure}>${words}<//>` : href ? html`<a href=${href}>${words}</a>` : words}
      ${label && text && html` <span class="note">${text}</span>`}
    </span>
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
