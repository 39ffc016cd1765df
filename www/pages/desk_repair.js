/* Repair in a spreadsheet: the exceptions of a run as a file, and the repaired file
** back. The file knows its run, so the wizard reads it as that run was read. */
import { address, useAnswer } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatMoment, formatSource } from '../lib/format.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Dialog } from '../parts/dialog.js';
import { DropZone } from '../parts/drop_zone.js';
import { Icon } from '../parts/icon.js';
import { Skeleton } from '../parts/state.js';
import { bringFile } from './import_draft.js';

const RUNS = 100;

export function Repair({ query, onClose }) {
  const runs = useAnswer(address('/api/runs', { limit: RUNS })).answer?.data;
  const own = runs?.filter((run) => run.rows.rejected && !run.undone && (!query.run || run.run === query.run));
  const bring = (file) => {
    onClose();
    bringFile(file);
  };
  return html`<${Dialog} wide title=${t('desk.repair.title')} note=${t('desk.repair.note')} onClose=${onClose}>
    <ol class="repair">
      <li>
        <h3>${t('desk.repair.download')}</h3>
        ${!own && html`<${Skeleton} n=${3} />`}
        ${own && !own.length && html`<p class="note">${t('desk.repair.none')}</p>`}
        <ul class="repair-runs">
          ${own?.map((run) => html`<li key=${run.run}>
            <a class="plain" href=${address('/api/exceptions/file', { run: run.run })} download><${Icon} name="download" /> ${formatSource(run.source)}</a>
            <span class="note">${t('desk.repair.rows', { n: run.rows.rejected, shown: { n: count(run.rows.rejected), when: formatMoment(run.started) } })}</span>
          </li>`)}
        </ul>
      </li>
      <li><h3>${t('desk.repair.mend')}</h3><p>${t('desk.repair.mend_how')}</p></li>
      <li><h3>${t('desk.repair.back')}</h3>
        <${DropZone} title=${t('desk.repair.drop')} button=${t('desk.repair.choose')} onFile=${bring} />
      </li>
    </ol>
  <//>`;
}
