/* The page starts here.
**
**   lib/     what has no looks: server, address, figures, words
**   parts/   looks without meaning: cards, tables, charts, dialogs. They know
**            nothing of runs and are told what to show by descriptors
**   pages/   meaning: which parts stand where, and what they show
**   text/    every word
**   style/   tokens first, then parts, then pages
*/
import { render } from 'preact';
import { html } from './lib/html.js';
import { App } from './pages/app.js';

render(html`<${App} />`, document.getElementById('app'));
