/* Things that follow one another, drawn: boxes in columns from left to right, with a line
** from each to those that come after it.
**
**   Flow { label, nodes, selected, onSelect }
**
** A node is { id, title, note, tone, icon, after: [ids] }. A column holds what is as many
** steps from the beginning; within it a node stands near those it follows. The boxes are
** buttons, so the keyboard walks along them; the lines are decoration. */
import { html } from '../lib/html.js';
import { Icon } from './icon.js';

const WIDTH = 188;
const HEIGHT = 64;
const GAP_X = 44;
const GAP_Y = 20;

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

function layout(nodes) {
  const depth = depths(nodes);
  const columns = [];
  for (const node of nodes) (columns[depth.get(node.id)] ??= []).push(node);
  const row = new Map();
  const place = (column) => {
    const middle = (node) => node.after.reduce((sum, id) => sum + (row.get(id) ?? 0), 0) / (node.after.length || 1);
    [...column].sort((a, b) => middle(a) - middle(b)).forEach((node, i) => row.set(node.id, i - (column.length - 1) / 2));
  };
  columns.forEach(place);
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const at = (node) => ({
    x: depth.get(node.id) * (WIDTH + GAP_X),
    y: (row.get(node.id) + (tallest - 1) / 2) * (HEIGHT + GAP_Y),
  });
  return {
    places: new Map(nodes.map((node) => [node.id, at(node)])),
    width: columns.length * (WIDTH + GAP_X) - GAP_X,
    height: tallest * (HEIGHT + GAP_Y) - GAP_Y,
  };
}

function Line({ from, to, tone }) {
  const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  const bend = (x2 - x1) / 2;
  return html`<path class=${`flow-line flow-${tone}`} d=${`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`} />`;
}

export function Flow({ label, nodes, selected, onSelect }) {
  const { places, width, height } = layout(nodes);
  const lines = nodes.flatMap((node) => node.after.filter((id) => places.has(id)).map((id) => ({ id, node })));
  return html`<div class="flow-box" role="region" aria-label=${label} tabindex="0">
    <div class="flow" style=${{ width: `${width}px`, height: `${height}px` }}>
      <svg width=${width} height=${height} aria-hidden="true">
        ${lines.map(({ id, node }) => html`<${Line} key=${`${id}>${node.id}`} from=${places.get(id)} to=${places.get(node.id)} tone=${node.tone ?? 'plain'} />`)}
      </svg>
      ${nodes.map((node) => {
        const { x, y } = places.get(node.id);
        return html`<button
          key=${node.id}
          type="button"
          class=${`flow-node flow-node-${node.tone ?? 'plain'}`}
          data-node=${node.id}
          aria-pressed=${String(node.id === selected)}
          style=${{ left: `${x}px`, top: `${y}px`, width: `${WIDTH}px`, height: `${HEIGHT}px` }}
          onClick=${() => onSelect?.(node.id)}
        ><span class="flow-title">${node.icon && html`<${Icon} name=${node.icon} />`}<span>${node.title}</span></span>${node.note && html`<span class="flow-note">${node.note}</span>`}</button>`;
      })}
    </div>
  </div>`;
}
