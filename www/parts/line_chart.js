/* A line over days, drawn by uPlot; colours come from the style sheet. A point is
** { at (seconds), size, text }; rest is the sentence above the line while nothing
** is pointed at. The same figures are always to be had as a
** table (chart_card.js), so the drawing itself is silent for screen readers. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { formatAxis } from '../lib/format.js';
import { html } from '../lib/html.js';
import { painted } from '../lib/theme.js';

const HEIGHT = 208;


function paint() {
  const probe = document.createElement('span');
  document.body.append(probe);
  const of = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = { line: of('accent'), ink: of('ink-3'), font: getComputedStyle(document.body).fontFamily };
  probe.remove();
  return colours;
}

function axes({ ink, font }) {
  const common = { stroke: ink, font: `11px ${font}`, ticks: { show: false } };
  return [
    { ...common, grid: { show: false }, space: 80, size: 42 },
    { ...common, grid: { stroke: `color-mix(in srgb, ${ink} 22%, transparent)`, width: 1 }, size: 40, space: 40, values: (_, ticks) => ticks.map(formatAxis) },
  ];
}

/* From the colour of the line at the top to nothing at the bottom. */
function shade(u, colour) {
  const gradient = u.ctx.createLinearGradient(0, u.bbox.top, 0, u.bbox.top + u.bbox.height);
  gradient.addColorStop(0, `color-mix(in srgb, ${colour} 26%, transparent)`);
  gradient.addColorStop(1, `color-mix(in srgb, ${colour} 2%, transparent)`);
  return gradient;
}

function options(width, colours, onPoint) {
  return {
    width,
    height: HEIGHT,
    padding: [12, 8, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
    scales: { y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.06 : 1] } },
    axes: axes(colours),
    series: [{}, { stroke: colours.line, fill: (u) => shade(u, colours.line), width: 1.75, points: { show: false } }],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8, fill: colours.line } },
    hooks: { setCursor: [(u) => onPoint(u.cursor.idx)] },
  };
}

export function LineChart({ points, rest }) {
  const box = useRef(null);
  const readout = useRef(null);
  const version = painted.value;

  useEffect(() => {
    const element = box.current;
    const words = readout.current;
    const tell = (i) => {
      words.textContent = points[i]?.text ?? rest;
    };
    const data = [points.map((p) => p.at), points.map((p) => p.size)];
    const plot = new uPlot(options(element.clientWidth, paint(), tell), data, element);
    const sizes = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    sizes.observe(element);
    tell(null);
    return () => {
      sizes.disconnect();
      plot.destroy();
    };
  }, [points, version]);

  return html`<div class="line-chart" aria-hidden="true">
    <p class="readout" ref=${readout}></p>
    <div class="line-box" ref=${box}></div>
  </div>`;
}
