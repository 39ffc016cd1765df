/* A page about one run: the one in the scope, or else the newest. */
import { useMemo } from 'preact/hooks';
import { address } from '../lib/api.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { t } from '../lib/text.js';
import { PageHead } from '../parts/page_head.js';
import { ScopeBar } from '../parts/scope_bar.js';
import { Failed, Skeleton } from '../parts/state.js';

const LISTS = ['audits', 'controls', 'mapping', 'unknown_columns', 'decisions', 'oddities', 'by_region', 'by_product', 'by_day', 'timeline'];

/* A run that ended early has no figures yet: its report has the same shape. */
export function complete(run) {
  const lists = Object.fromEntries(LISTS.map((name) => [name, run[name] ?? []]));
  return { totals: {}, rejected: {}, ...run, ...lists };
}

/* { run, error, again } of GET /api/runs/ID. */
export function useRun(id) {
  const { answer, error, again } = useLive(address(`/api/runs/${encodeURIComponent(id)}`));
  const run = useMemo(() => answer && complete(answer.data), [answer]);
  return { run, error, again };
}

export const ofRun = (name, Tab) => function OfRun({ query }) {
  const { run, error, again } = useRun(query.run ?? 'latest');
  return html`<div class="page" data-run=${run?.run}>
    <${PageHead} title=${t(`page.${name}`)} />
    <${ScopeBar} only=${['run']} />
    ${run ? html`<${Tab} run=${run} />` : error ? html`<${Failed} error=${error} again=${again} />` : html`<${Skeleton} shape="cards" n=${3} />`}
  </div>`;
};
