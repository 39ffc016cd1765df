/* Lines over days: LinePlot of line_plot.js. The library that draws is a third of the page, so it is
** fetched where there is something to draw; its place is kept meanwhile. */
import { html } from '../lib/html.js';
import { lazy } from '../lib/lazy.js';

export const Place = () => html`<div class="line-chart" aria-hidden="true"><p class="readout"></p><div class="line-box"></div></div>`;

export const LineChart = lazy(() => import('./line_plot.js'), 'LinePlot', Place);
