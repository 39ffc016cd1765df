/* The import wizard: file, mapping, test run, import. Nothing is stored before the
** last step. */
import { useEffect, useState } from 'preact/hooks';
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { link } from '../lib/route.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Wizard } from '../parts/wizard.js';
import { begin, change, draft, hasTable, missing, start } from './import_draft.js';
import { FileStep } from './import_file.js';
import { GoStep } from './import_go.js';
import { MappingStep } from './import_mapping.js';
import { TestStep } from './import_test.js';
import { isOver, useImport } from './import_watch.js';

const IDS = ['file', 'mapping', 'test', 'go'];

export function ImportWizard() {
  const now = draft.value;
  const table = !!now.look && hasTable(now.look);
  const [failure, setFailure] = useState(null);
  const test = useImport(now.test);
  const real = useImport(now.real);
  useEffect(() => () => draft.value.real && begin(), []); /* what is done is not there when one comes back */
  useEffect(() => setFailure(null), [now.step, now.map, now.unique, now.existing]);

  const tried = async (work) => {
    try {
      setFailure(null);
      await work();
    } catch (error) {
      setFailure(error.message || t('failed.offline.title'));
    }
  };
  const steps = IDS.map((id) => ({ id, title: t(`import.step.${id}`), heading: t(id === 'file' && table ? 'import.recognised' : `import.heading.${id}`) }));
  const result = test.doc?.result;
  const clean = result?.rows.clean ?? 0;
  const forward = {
    file: { next: t('import.next.file'), ready: table, onNext: () => change({ step: 'mapping' }) },
    mapping: {
      next: t('import.next.mapping'),
      ready: table && !missing(now).length,
      onNext: () => tried(async () => change({ test: await start(true), step: 'test' })),
    },
    test: {
      next: result ? t('import.next.test', { n: clean, shown: { n: count(clean) } }) : t('import.next.testing'),
      ready: test.doc?.state === 'done' && clean > 0,
      onNext: () => tried(async () => change({ real: await start(false), step: 'go' })),
    },
    go: {},
  }[now.step];
  const back = (step) => change({ step, test: null });
  const free = now.step !== 'go' && (now.step !== 'test' || isOver(test.doc) || !!test.error);
  const own = { file: FileStep, mapping: MappingStep, test: TestStep, go: GoStep }[now.step];

  return html`<div class="page page-wizard">
    <${PageHead} title=${now.look ? t('import.title_of', { name: now.look.name }) : t('page.import')} back=${{ href: link('imports'), label: t('page.imports') }} />
    <${Wizard} label=${t('import.steps')} steps=${steps} at=${now.step} canGoBack=${free} finished=${real.doc?.state === 'done'} onStep=${back} ...${forward}>
      ${failure && html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span>${failure}</span></p>`}
      <${own} test=${test} real=${real} />
    <//>
  </div>`;
}
