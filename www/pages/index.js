/* What the page consists of: which component shows which address, and which drawer.
** A page gets { id, query }: what stands behind its name in the address, and what it
** asks. A drawer gets { value, onClose } and shows a Drawer of parts/dialog.js.
** What has no page here is not in the navigation either. */
import { Audit } from './audit.js';
import { Controls } from './controls.js';
import { Catalogue } from './catalogue.js';
import { Desk } from './desk.js';
import { ExceptionDrawer } from './exception.js';
import { Governance } from './governance.js';
import { Imports } from './imports.js';
import { ofRun } from './of_run.js';
import { Quality } from './quality.js';
import { Rules } from './rules.js';
import { Sales } from './sales.js';

export const PAGES = {
  sales: ofRun('sales', Sales),
  quality: ofRun('quality', Quality),
  exceptions: Desk,
  audit: ofRun('audit', Audit),
  controls: ofRun('controls', Controls),
  imports: Imports,
  rules: Rules,
  governance: Governance,
  catalogue: Catalogue,
};

/* Pages that show what is in the data: there is nothing to see before the first import. */
export const NEEDS_DATA = ['sales', 'quality', 'exceptions', 'audit', 'controls', 'compare', 'tab', 'imports'];

export const DRAWERS = { exception: ExceptionDrawer };

/* The navigation. first: it has a place of its own in the bar of a narrow screen. */
export const NAV = [
  { id: 'sales', icon: 'chart', first: true },
  { id: 'quality', icon: 'shield', first: true },
  { id: 'exceptions', icon: 'warn', first: true },
  { id: 'audit', icon: 'trail' },
  { id: 'controls', icon: 'sliders' },
  { id: 'imports', icon: 'inbox', first: true, part: 'data' },
  { id: 'rules', icon: 'rules', part: 'data' },
  { id: 'governance', icon: 'building', part: 'data' },
  { id: 'catalogue', icon: 'table', part: 'data' },
].filter(({ id }) => PAGES[id]);
