/* Records: everything that is kept one by one, as GET /api/entities describes it.
**
**   #/records               what there is
**   #/records/ENTITY        its list: searched, filtered, sorted, page by page
**   #/records/ENTITY/new    a new one
**   #/records/ENTITY/import a table of them
**   #/records/ENTITY/ID     one of them: its form, its history
**
** Nothing here knows an entity: one that is declared tomorrow has its page. */
import { useAnswer } from '../lib/api.js';
import { html } from '../lib/html.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { OneRecord } from './record.js';
import { RecordImport } from './record_import.js';
import { RecordList } from './record_list.js';

const indexColumns = [
  { id: 'name', label: t('records.entity'), kind: 'name', sort: (e) => nameOf('entity', e.name), value: (e) => html`<a href=${link(at('records', e.name))}>${nameOf('entity', e.name)}</a>` },
  { id: 'help', label: t('records.help'), value: (e) => e.help },
];

const Index = ({ entities }) => html`<div class="page records-index">
  <${PageHead} title=${t('records.title')} note=${t('records.note')} />
  <${Card} title=${t('records.all')}><${Table} caption=${t('records.title')} columns=${indexColumns} rows=${entities} keyOf=${(e) => e.name} sort=${{ id: 'name' }} /><//>
</div>`;

const Unknown = ({ name }) => html`<div class="page"><${Empty} page icon="search" title=${t('records.unknown')}>
  <p>${t('records.unknown_advice', { name })}</p><a class="button" href=${link('records')}>${t('records.title')}</a>
<//></div>`;

export function Records({ id, query }) {
  const { answer, error, again } = useAnswer('/api/entities');
  const entities = answer?.data.filter((entity) => may(`${entity.access}.read`));
  const [name, key] = (id ?? '').split('/');
  if (error && !entities) return html`<${Failed} page error=${error} again=${again} />`;
  if (!entities) return html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="table" n=${6} /></div>`;
  if (!name) return html`<${Index} entities=${entities} />`;
  const entity = entities.find((one) => one.name === name);
  if (!entity) return html`<${Unknown} name=${name} />`;
  if (key === 'import') return html`<${RecordImport} key=${name} entity=${entity} />`;
  if (key) return html`<${OneRecord} key=${key} entity=${entity} entities=${entities} id=${key === 'new' ? null : key} />`;
  return html`<${RecordList} entity=${entity} entities=${entities} query=${query} />`;
}
