/* About: what runs here, as the running program counts it (GET /api/system). */
import { address, useKept } from '../lib/api.js';
import { useAnswer } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';

export function About() {
  const { answer, error, again } = useAnswer(address('/api/system'), 5000);
  const system = useKept(answer)?.data;
  if (error && !system) return html`<div class="page"><${Failed} page error=${error} again=${again} /></div>`;
  if (!system) return html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="cards" n=${3} /></div>`;
  return html`<div class="page"><${PageHead} title=${t('page.about')} note=${t('about.note')} /></div>`;
}
