/* The page starts here.
**
**   lib/     what has no looks: server, address, figures, words
**   parts/   looks without meaning: cards, tables, charts, dialogs. They know
**            nothing of runs and are told what to show by descriptors
**   pages/   meaning: which parts stand where, and what they show; index.js says which
**            page and which drawer an address opens
**   text/    every word
**   style/   tokens first, then parts, then the frame, then pages
**
** A page more: 1. pages/NAME.js with a component that begins with PageHead, 2. its
** line in PAGES and NAV of pages/index.js, 3. page.NAME and nav.NAME in text/en.json; a family
** of pages may bring the rest of its words along (work_words.js).
** What it asks it asks with useLive, which names the tables that it depends on (stock_items,
** not the entity stock_item), so that it follows what happens; which figures are meant
** stands in the address (scopeOf), and what explains itself is a drawer.
**
** Every page gets this file along (esbuild's inject), so that all it needs is one file, and a page
** brings only what is its own; hence the parts that most pages have. Words of a part of the
** pages and the library that draws come later.
*/
import { render } from 'preact';
import { html } from './lib/html.js';
import { keepShell } from './lib/shell.js';
import { Doorway } from './pages/doorway.js';
import './parts/chart_card.js';
import './parts/form.js';
import './parts/stat.js';
import './parts/tick.js';
import './parts/why.js';

render(html`<${Doorway} />`, document.getElementById('app'));
keepShell();
