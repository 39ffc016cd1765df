/* Controls Summary: which rules judged the rows, and what each of them found. */
import { count, percent } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Empty } from '../parts/state.js';
import { Table } from '../parts/table.js';

const columnsOf = (run) => [
  { id: 'control', label: t('column.control'), kind: 'name', value: (row) => nameOf('control', row.control) },
  { id: 'stage', label: t('column.stage'), value: (row) => nameOf('stage', row.stage) },
  { id: 'field', label: t('column.field'), value: (row) => nameOf('field', row.field) },
  { id: 'category', label: t('column.category'), value: (row) => nameOf('category', row.category) },
  { id: 'version', label: t('column.version'), align: 'end', value: (row) => t('controls.version', { n: row.version }) },
  { id: 'passed', label: t('column.passed'), align: 'end', value: (row) => count(row.passed) },
  {
    id: 'failed',
    label: t('column.failed'),
    align: 'end',
    value: (row) =>
      row.failed
        ? html`<a href=${link('exceptions', { run: run.run, control: row.control })} aria-label=${t('controls.open', { n: count(row.failed), control: nameOf('control', row.control) })}>${count(row.failed)}</a>`
        : count(row.failed),
  },
  { id: 'share', label: t('column.share'), align: 'end', value: (row) => percent(row.failed, row.passed + row.failed, 2) },
];

export const Controls = ({ run }) => html`<${Card} title=${t('page.controls')} note=${t('controls.note')}>
  ${run.controls.length
    ? html`<${Table} caption=${t('page.controls')} columns=${columnsOf(run)} rows=${run.controls} keyOf=${(row) => `${row.control}/${row.version}`} />`
    : html`<${Empty} title=${t('empty.controls.title')}><p>${t('empty.controls.advice')}</p><//>`}
<//>`;
