/* The drawing of a LineChart (line_chart.js), by uPlot; colours come from the style sheet. A point is
** { at (seconds), size, text }, or with several lines { at, sizes: [..], text }; a
** size of null is a gap. rest is the sentence above the lines while nothing is
** pointed at; series: [{ name }] names several lines. With onSelect a stretch of
** time is chosen by dragging: onSelect(from, to) in seconds of two points. steps: at is
** a place in a row of things instead.
**
** The same figures are always to be had as a table (chart_card.js) and the same
** stretch by the fields of the scope, so the drawing itself is silent for screen
** readers. New points move the lines; the drawing is made anew only when its
** colours or its lines are others. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { formatAxis } from '../lib/format.js';
import { html } from '../lib/html.js';
import { painted } from '../lib/theme.js';

const HEIGHT = 208;
const DRAG_LEAST = 6; /* less is a click with an unsteady hand */
const TONES = ['accent', 'warn'];
const GAP_STEPS = 30; /* nothing for so many steps: no line is drawn across */

function paint() {
  const probe = document.createElement('span');
  document.body.append(probe);
  const of = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = { lines: TONES.map(of), ink: of('ink-3'), font: getComputedStyle(document.body).fontFamily };
  probe.remove();
  return colours;
}

function axes({ ink, font }, { axis, steps }) {
  const common = { stroke: ink, font: `11px ${font}`, ticks: { show: false } };
  return [
    { ...common, grid: { show: false }, space: 80, size: steps ? 8 : 42, ...(steps && { values: () => [] }) },
    { ...common, grid: { stroke: `color-mix(in srgb, ${ink} 22%, transparent)`, width: 1 }, size: 44, space: 40, values: (_, ticks) => ticks.map(axis) },
  ];
}

/* From the colour of the line at the top to nothing at the bottom. */
function shade(u, colour) {
  const gradient = u.ctx.createLinearGradient(0, u.bbox.top, 0, u.bbox.top + u.bbox.height);
  gradient.addColorStop(0, `color-mix(in srgb, ${colour} 26%, transparent)`);
  gradient.addColorStop(1, `color-mix(in srgb, ${colour} 2%, transparent)`);
  return gradient;
}

const lineOf = (colour, first, few) => ({
  stroke: colour,
  fill: first ? (u) => shade(u, colour) : undefined,
  width: 1.75,
  dash: first ? undefined : [5, 4],
  points: { show: few, size: 6, fill: colour },
});

const sizesOf = (point) => point.sizes ?? [point.size];

/* The points, and a gap where there was nothing for long: a line across years would tell of figures that there are not. */
function withGaps(points, lines) {
  const steps = points.slice(1).map((p, i) => p.at - points[i].at);
  const usual = [...steps].sort((a, b) => a - b)[steps.length >> 1];
  const gap = (i) => ({ at: points[i].at + usual, sizes: Array(lines).fill(null), text: '' });
  return points.flatMap((p, i) => (steps[i] > GAP_STEPS * usual ? [p, gap(i)] : [p]));
}

function dataOf(points, lines) {
  return [points.map((p) => p.at), ...Array.from({ length: lines }, (_, i) => points.map((p) => sizesOf(p)[i] ?? null))];
}

function options(width, colours, { lines, few, axis, range, steps, on }) {
  const selects = !!on.current.onSelect;
  return {
    width,
    height: HEIGHT,
    padding: [12, 16, 0, 0], /* the last name below stands half beside the line */
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
    scales: { x: { time: !steps }, y: { range: range ? () => range : (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.06 : 1] } },
    axes: axes(colours, { axis, steps }),
    series: [{}, ...Array.from({ length: lines }, (_, i) => lineOf(colours.lines[i], !i, few))],
    cursor: { y: false, drag: { x: selects, y: false, setScale: false }, points: { size: 8, fill: (_, i) => colours.lines[i - 1] } },
    hooks: { setCursor: [(u) => on.current.tell(u.cursor.idx)], setSelect: [(u) => selected(u, on)] },
  };
}

function selected(u, on) {
  const { left, width } = u.select;
  if (!width) return;
  const [a, b] = [u.posToIdx(left), u.posToIdx(left + width)];
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  if (width >= DRAG_LEAST) on.current.onSelect?.(u.data[0][a], u.data[0][b]);
}

export function LinePlot({ points: given, rest, series, onSelect, axis = formatAxis, range, steps }) {
  const box = useRef(null);
  const readout = useRef(null);
  const plot = useRef(null);
  const on = useRef({});
  const lines = series?.length ?? 1;
  const few = given.length < 32;
  const points = useMemo(() => (steps ? given : withGaps(given, lines)), [given, steps, lines]);
  const version = painted.value;
  const tell = (i) => {
    readout.current.textContent = points[i]?.text || rest;
  };
  on.current = { tell, onSelect };

  useEffect(() => {
    const element = box.current;
    const made = new uPlot(options(element.clientWidth, paint(), { lines, few, axis, range, steps, on }), dataOf(points, lines), element);
    const sizes = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    sizes.observe(element);
    plot.current = made;
    return () => {
      sizes.disconnect();
      made.destroy();
    };
  }, [lines, few, !!onSelect, range?.join(), version]);
  useEffect(() => {
    plot.current.setData(dataOf(points, lines));
    tell(null);
  }, [points, rest]);

  return html`<div class="line-chart" aria-hidden="true">
    ${series && html`<p class="legend">${series.map((one, i) => html`<span key=${one.name} class=${`legend-${i}`}>${one.name}</span>`)}</p>`}
    <p class="readout" ref=${readout}></p>
    <div class=${`line-box ${onSelect ? 'line-selects' : ''}`} ref=${box}></div>
  </div>`;
}
