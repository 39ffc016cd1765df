/* Step 4: the import itself, and where to go from here. */
import { useState } from 'preact/hooks';
import { DATASETS } from '../lib/dataset.js';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { at, link } from '../lib/route.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { Stats } from '../parts/stat.js';
import { begin, change, draft } from './import_draft.js';
import { Ended, outcome } from './import_test.js';
import { isOver, Watch } from './import_watch.js';
import { Repeated } from './repeated.js';
import { useRun } from './use_run.js';
import { canUndo, Proof } from './run.js';
import { UndoDialog } from './undo.js';

function Done({ doc }) {
  const { run, error } = useRun(doc.run);
  const [undo, setUndo] = useState(false);
  const { rows } = doc.result;
  const { as } = draft.value;
  const figures = as === DATASETS[0] ? link(as, { run: doc.run, as: null }) : link('dashboard');
  return html`
    <p class="notice tone-ok" role="status"><${Icon} name="check" /> <span>${t('import.done', { name: doc.name })}</span></p>
    <${Repeated} result=${doc.result} stored />
    <${Stats} label=${t('stat.all')} rows=${outcome(rows, doc.run, as)} />
    ${run ? html`<${Proof} run=${run} />` : html`<p class="proof">${error ? error.message : t('report.loading')}</p>`}
    <div class="next-steps">
      <a class="button" href=${figures}><${Icon} name="chart" /> ${t('import.to.figures')}</a>
      ${rows.rejected > 0 && html`<a class="plain" href=${link('exceptions', { run: doc.run })}><${Icon} name="warn" /> ${t('import.to.exceptions', { n: rows.rejected, shown: { n: count(rows.rejected) } })}</a>`}
      <a class="plain" href=${link(at('imports', doc.run))}><${Icon} name="inbox" /> ${t('import.to.run')}</a>
      ${run && canUndo(run) && html`<button type="button" class="plain" onClick=${() => setUndo(true)}><${Icon} name="undo" /> ${t('undo.button')}</button>`}
      <button type="button" class="plain" onClick=${begin}><${Icon} name="upload" /> ${t('import.to.another')}</button>
    </div>
    ${undo && html`<${UndoDialog} run=${doc.run} source=${doc.name} action="undo" onClose=${() => setUndo(false)} />`}
  `;
}

export function GoStep({ real }) {
  const { doc, error } = real;
  if (error && !doc) return html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${error.message}</span></p>`;
  if (!isOver(doc)) return html`<div class="card"><p class="note">${t('import.going_note')}</p><${Watch} doc=${doc} label=${t('import.going')} /></div>`;
  if (doc.state !== 'done')
    return html`<${Ended} doc=${doc} /><p><button type="button" class="plain" onClick=${() => change({ step: 'mapping', real: null, test: null })}><${Icon} name="back" /> ${t('import.back_to_mapping')}</button></p>`;
  return html`<${Done} doc=${doc} />`;
}
