/* The page before the first import. */
import { tenant } from '../lib/api.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { DropZone } from '../parts/drop_zone.js';
import { PageHead } from '../parts/page_head.js';
import { Command } from '../parts/state.js';
import { bringFile } from './import_draft.js';

export const Welcome = () => html`<div class="page page-narrow welcome">
  <${PageHead} title=${t('empty.runs.title')} note=${t('empty.runs.advice')} />
  <${DropZone} title=${t('drop.title')} note=${t('drop.note')} button=${t('drop.button')} onFile=${bringFile} />
  <details>
    <summary>${t('empty.runs.terminal')}</summary>
    <p class="note">${t('empty.runs.command_note')}</p>
    <${Command} text=${t('empty.runs.command', { tenant: tenant.value ?? 'demo' })} />
    <p class="note">${t('empty.runs.sample')}</p>
    <${Command} text=${t('empty.runs.generate', { tenant: tenant.value ?? 'demo' })} />
  </details>
</div>`;
