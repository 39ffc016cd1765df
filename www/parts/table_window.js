/* The rows of a long table that are near what is seen; what is above and below them is
** empty space of the same height. Rows stand in blocks, each a rowgroup, so that a step of
** scrolling adds and removes a block and leaves the others alone.
**
**   WindowedRows  { rows, total, whole, onNeed, onDrawn, span, draw, same }
**
** whole: the others follow when there is nothing else to do, a block at a time; so all of it can be printed and found.
** total: how many there will be; onNeed(from, to) is told which are looked at, onDrawn() that
** others are there. draw(row, i) gives a row; it is drawn again when same is another. The block that has the focus stays,
** wherever it is scrolled to; arrows up and down go from row to row. Each row tells its place
** among all (aria-rowindex), for whoever cannot see the scroll bar. */
import { Component } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { idle } from '../lib/idle.js';

const BLOCK = 20;
const BEYOND_PX = 700; /* drawn beyond what is seen, on both sides */
const GUESS_PX = 40 * BLOCK;
const NEXT_MS = 100; /* where there is always something else to do */

class Block extends Component {
  shouldComponentUpdate({ rows, same, from, to }) {
    if (same !== this.props.same || to !== this.props.to) return true;
    for (let i = from; i < to; i++) if (rows[i] !== this.props.rows[i]) return true;
    return false;
  }

  render({ rows, from, to, draw }) {
    return html`<tbody role="rowgroup" data-block=${from / BLOCK}>${rows.slice(from, to).map((row, i) => draw(row, from + i))}</tbody>`;
  }
}

const Gap = ({ height, span, open }) => height > 0 && html`<tbody aria-hidden="true" class=${`gap ${open ? 'gap-open' : ''}`}><tr><td colspan=${span}><div style=${{ height: `${height}px` }}></div></td></tr></tbody>`;

/* How high blocks are: as measured, or as high as the others. */
class Heights {
  constructor() {
    this.known = new Map();
    this.sum = 0;
  }

  set(block, height) {
    this.sum += height - (this.known.get(block) ?? 0);
    this.known.set(block, height);
  }

  of(block) {
    return this.known.get(block) ?? (this.known.size ? this.sum / this.known.size : GUESS_PX);
  }

  between(from, to) {
    let sum = 0;
    for (let block = from; block < to; block++) sum += this.of(block);
    return sum;
  }
}

/* Which blocks lie between two heights, counted from the first row. */
function blocksAt(heights, blocks, top, bottom) {
  let [from, y] = [0, 0];
  while (from < blocks - 1 && y + heights.of(from) < top) y += heights.of(from++);
  let to = from;
  while (to < blocks && y < bottom) y += heights.of(to++);
  return [from, Math.max(to, from + 1)];
}

function useSeen(own, heights, blocks) {
  const [seen, setSeen] = useState([0, 1]);
  useEffect(() => {
    if (!own.current) return undefined; /* gone before it was seen */
    let frame = 0;
    const look = () => {
      frame = 0;
      if (!own.current) return; /* the table has gone, and this effect ends a moment later */
      const first = own.current.parentNode.tBodies[0];
      const top = -first.getBoundingClientRect().top;
      const next = blocksAt(heights, blocks, top - BEYOND_PX, top + innerHeight + BEYOND_PX);
      setSeen((old) => (old.join() === next.join() ? old : next));
    };
    const soon = () => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    addEventListener('scroll', soon, { capture: true, passive: true }); /* of the page, or of the drawer that it stands in */
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', soon, { capture: true });
      removeEventListener('resize', soon);
    };
  }, [blocks]);
  return seen;
}

/* How many blocks there are by now where all are wanted: one more each time. */
function useGrowing(wanted) {
  const [n, setN] = useState(1);
  useEffect(() => {
    let left = n >= wanted;
    if (!left) idle(NEXT_MS).then(() => left || setN(n + 1));
    return () => {
      left = true;
    };
  }, [n, wanted]);
  return Math.min(n, wanted);
}

/* Those that are seen, and the one that has the focus, in order. */
function blocksDrawn(from, to, held) {
  const seen = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  if (held === null || seen.includes(held)) return seen;
  return held < from ? [held, ...seen] : [...seen, held];
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/* On a key: from a link of one row to the same of the next. */
export function step(event) {
  const by = STEPS[event.key];
  if (!by || !event.target.matches('a, button')) return;
  const rows = [...event.currentTarget.querySelectorAll('tbody:not(.gap) > tr')];
  const row = event.target.closest('tr');
  const place = [...row.querySelectorAll('a, button')].indexOf(event.target);
  const others = rows[rows.indexOf(row) + by]?.querySelectorAll('a, button');
  if (!others?.length) return;
  event.preventDefault();
  const to = others[Math.min(place, others.length - 1)];
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: 'nearest' });
}

export function WindowedRows({ rows, total, whole, onNeed, onDrawn, span, draw, same }) {
  const own = useRef(null); /* an empty rowgroup at the end, for where the table is */
  const [heights] = useState(() => new Heights());
  const [held, setHeld] = useState(null);
  const blocks = Math.ceil(Math.max(total, rows.length) / BLOCK);
  const loaded = Math.ceil(rows.length / BLOCK);
  const grown = useGrowing(whole ? blocks : 0);
  const seen = useSeen(own, heights, blocks);
  const [from, to] = whole ? [0, Math.max(grown, seen[1])] : seen;
  const drawn = blocksDrawn(from, Math.min(to, loaded), held < loaded ? held : null);

  useEffect(() => onNeed?.(from * BLOCK, to * BLOCK), [from, to, rows.length, total]);
  useLayoutEffect(() => {
    for (const body of own.current.parentNode.tBodies) if (body.dataset.block && body.rows.length === BLOCK) heights.set(Number(body.dataset.block), body.offsetHeight);
  });
  useLayoutEffect(() => onDrawn?.(), [from, to, rows.length > from * BLOCK]);
  useEffect(() => {
    const table = own.current?.parentNode;
    if (!table) return undefined;
    const hold = (event) => setHeld(event.target.closest('tbody')?.dataset.block ? Number(event.target.closest('tbody').dataset.block) : null);
    const drop = (event) => table.contains(event.relatedTarget) || (event.relatedTarget && setHeld(null));
    table.addEventListener('focusin', hold);
    table.addEventListener('focusout', drop);
    return () => {
      table.removeEventListener('focusin', hold);
      table.removeEventListener('focusout', drop);
    };
  }, []);

  const parts = [];
  let at = 0;
  for (const block of drawn) {
    parts.push(html`<${Gap} key=${`gap${at ? block : 0}`} height=${heights.between(at, block)} span=${span} />`);
    parts.push(html`<${Block} key=${block} from=${block * BLOCK} to=${Math.min((block + 1) * BLOCK, rows.length)} ...${{ rows, draw, same }} />`);
    at = block + 1;
  }
  const known = Math.max(at, Math.min(loaded, blocks));
  return html`${parts}
    <${Gap} key="below" height=${heights.between(at, known)} span=${span} />
    <${Gap} key="open" open height=${heights.between(known, blocks)} span=${span} />
    <tbody ref=${own} key="end" hidden></tbody>`;
}
