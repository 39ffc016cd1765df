/* Things that follow one another, drawn: boxes in columns from left to right, with a line
** from each to those that come after it; in rows from top to bottom where there is no room for the columns.
**
**   Flow { label, nodes, selected, onSelect }
**
** A node is { id, title, note, tone, icon, after: [ids] }. A column (or row) holds what is as many
** steps from the beginning; within it a node stands near those it follows. A row that is too long goes on below itself. The boxes are
** buttons, so the keyboard walks along them; the lines are decoration. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { Icon } from './icon.js';

const WIDTH = 188;
const NARROW = 140; /* as narrow as a box may become in a row */
const HEIGHT = 64;
const GAP = 20; /* between boxes of a column or a row */
const STEP = 44; /* from one column or row to the next, where the lines are */

/* How many steps from the beginning: one more than the furthest of those before it. */
function depths(nodes) {
  const by = new Map(nodes.map((node) => [node.id, node]));
  const known = new Map();
  const depth = (id, seen = []) => {
    if (known.has(id)) return known.get(id);
    if (!by.has(id) || seen.includes(id)) return -1;
    const n = 1 + Math.max(-1, ...by.get(id).after.map((before) => depth(before, [...seen, id])));
    known.set(id, n);
    return n;
  };
  nodes.forEach((node) => depth(node.id));
  return known;
}

/* The nodes by their steps from the beginning, each list in its order from top to bottom, or from left to right. */
function ordered(nodes) {
  const depth = depths(nodes);
  const steps = [];
  for (const node of nodes) (steps[depth.get(node.id)] ??= []).push(node);
  const at = new Map();
  return steps.map((step) => {
    const middle = (node) => node.after.reduce((sum, id) => sum + (at.get(id) ?? 0), 0) / (node.after.length || 1);
    const list = [...step].sort((a, b) => middle(a) - middle(b));
    list.forEach((node, i) => at.set(node.id, i - (list.length - 1) / 2));
    return list;
  });
}

/* Boxes of n, centred within so many. */
const centred = (i, n, most, size) => (i + (most - n) / 2) * (size + GAP);

function across(steps) {
  const most = Math.max(1, ...steps.map((list) => list.length));
  const places = new Map(steps.flatMap((list, x) => list.map((node, i) => [node.id, { x: x * (WIDTH + STEP), y: centred(i, list.length, most, HEIGHT) }])));
  return { places, box: WIDTH, width: steps.length * (WIDTH + STEP) - STEP, height: most * (HEIGHT + GAP) - GAP };
}

function down(steps, room) {
  const most = Math.min(Math.max(1, ...steps.map((list) => list.length)), Math.max(1, Math.floor((room + GAP) / (NARROW + GAP))));
  const box = Math.min(WIDTH, (room + GAP) / most - GAP);
  const places = new Map();
  let y = 0;
  for (const list of steps) {
    for (let from = 0; from < list.length; from += most) {
      const row = list.slice(from, from + most);
      row.forEach((node, i) => places.set(node.id, { x: centred(i, row.length, most, box), y }));
      y += HEIGHT + GAP;
    }
    y += STEP - GAP;
  }
  return { places, box, width: most * (box + GAP) - GAP, height: y - STEP, down: true };
}

function layout(nodes, room) {
  const steps = ordered(nodes);
  const wide = across(steps);
  return wide.width > room ? down(steps, room) : wide;
}

function curve(from, to, { box, down: falls }) {
  if (falls) {
    const [x1, y1, x2, y2] = [from.x + box / 2, from.y + HEIGHT, to.x + box / 2, to.y];
    return `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`;
  }
  const [x1, y1, x2, y2] = [from.x + box, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  return `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
}

export function Flow({ label, nodes, selected, onSelect }) {
  const box = useRef(null);
  const [room, setRoom] = useState(0);
  useLayoutEffect(() => {
    const sizes = new ResizeObserver(([{ contentRect }]) => setRoom(Math.floor(contentRect.width)));
    sizes.observe(box.current);
    return () => sizes.disconnect();
  }, []);
  const drawn = layout(nodes, room || Infinity);
  const { places, width, height } = drawn;
  const lines = nodes.flatMap((node) => node.after.filter((id) => places.has(id)).map((id) => ({ id, node })));
  return html`<div ref=${box} class="flow-box" role="group" aria-label=${label} data-down=${drawn.down ? 'yes' : undefined}>
    <div class="flow" style=${{ width: `${width}px`, height: `${height}px` }}>
      <svg width=${width} height=${height} aria-hidden="true">
        ${lines.map(({ id, node }) => html`<path key=${`${id}>${node.id}`} class=${`flow-line flow-${node.tone ?? 'plain'}`} d=${curve(places.get(id), places.get(node.id), drawn)} />`)}
      </svg>
      ${nodes.map((node) => {
        const { x, y } = places.get(node.id);
        return html`<button
          key=${node.id}
          type="button"
          class=${`flow-node flow-node-${node.tone ?? 'plain'}`}
          data-node=${node.id}
          aria-pressed=${String(node.id === selected)}
          style=${{ left: `${x}px`, top: `${y}px`, width: `${drawn.box}px`, height: `${HEIGHT}px` }}
          onClick=${() => onSelect?.(node.id)}
        ><span class="flow-title">${node.icon && html`<${Icon} name=${node.icon} />`}<span>${node.title}</span></span>${node.note && html`<span class="flow-note">${node.note}</span>`}</button>`;
      })}
    </div>
  </div>`;
}
