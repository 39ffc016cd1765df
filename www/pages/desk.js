/* The desk: every row that was turned away, what they have in common, and the list to
** work through. The filter stands in the address, so a colleague gets what one sees.
**
**   desk_filter.js    what is looked at
**   desk_summary.js   figures, facets, patterns, the course over the weeks
**   desk_list.js      the list: keys, choosing, pages
**   desk_bulk.js      what is done with many at once
**   exception.js      one of them, in a drawer
*/
import { useState } from 'preact/hooks';
import { address } from '../lib/api.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { usePages } from '../lib/pages.js';
import { may } from '../lib/session.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Bulk } from './desk_bulk.js';
import { filterOf, listFilter } from './desk_filter.js';
import { DeskList } from './desk_list.js';
import { Repair } from './desk_repair.js';
import { Facets, Figures, Patterns, Trends } from './desk_summary.js';

/* What changes the desk: runs that bring, settle or lose exceptions, and decisions. */
export const TOUCHES = ['reject', 'review', 'run', 'run_undone', 'sale'];
const AT_ONCE = 50;

export function Desk({ query }) {
  const [bulk, setBulk] = useState(null); /* { kind, target, count, ... } */
  const [repair, setRepair] = useState(false);
  const filter = filterOf(query);
  const wanted = listFilter(query);
  const summary = useLive(address('/api/exceptions/summary', { ...filter, state: 'all' }), TOUCHES);
  const list = usePages((after) => address('/api/exceptions', { ...wanted, limit: AT_ONCE, after }), TOUCHES);
  const data = summary.answer?.data;

  const actions = may('data.write') && html`<button type="button" class="plain" onClick=${() => setRepair(true)}><${Icon} name="table" /> ${t('desk.repair.button')}</button>`;
  return html`<div class="page desk">
    <${PageHead} title=${t('desk.title')} note=${t('desk.note')} actions=${actions} />
    ${summary.error && !data ? html`<${Failed} error=${summary.error} again=${summary.again} />` : data ? html`<${Figures} summary=${data} query=${query} />` : html`<${Skeleton} shape="stats" n=${4} />`}
    <div class="desk-sides">
      <${Facets} summary=${data} query=${query} />
      <div class="desk-main">
        ${data ? html`<div class="cards">
          <${Patterns} summary=${data} filter=${filter} onFix=${setBulk} />
          <${Trends} summary=${data} query=${query} />
        </div>` : !summary.error && html`<div class="cards">${[1, 2].map((n) => html`<section key=${n} class="card desk-to-come"><${Skeleton} n=${4} /></section>`)}</div>`}
        <${DeskList} list=${list} query=${query} filter=${wanted} onBulk=${setBulk} />
      </div>
    </div>
    ${bulk && html`<${Bulk} ...${bulk} onClose=${() => setBulk(null)} />`}
    ${repair && html`<${Repair} query=${query} onClose=${() => setRepair(false)} />`}
  </div>`;
}
