/* The original text of a row, as its bytes say it, with its cells told apart.
**
** dialect is how the file was read ({ delimiter, quote }), mapping which column
** became which field ([{ field, heading, column from 1 }]); both are in the report of
** a run. `fields` are the ones that matter here: they are marked. Without a dialect
** the text stands as it is. */
import { html } from '../lib/html.js';
import { nameOf } from '../lib/text.js';

const NAMED = { tab: '\t', space: ' ', none: null };
const sign = (text) => (text in NAMED ? NAMED[text] : text);

/* Words from right to left, and marks that turn a text around: each stands for itself, or the commas
** and figures behind it would change places with what is before it. */
const LETTER = '\\p{Script=Arabic}\\p{Script=Hebrew}\\p{Script=Syriac}\\p{Script=Thaana}\\p{Script=Nko}';
const WORD = `[${LETTER}][${LETTER}\\p{M}]*`;
const TURNING = new RegExp(`(${WORD}(?:\\p{Zs}+${WORD})*|[\\u202A-\\u202E\\u2066-\\u2069]+)`, 'u');
export const inOrder = (text) => text.split(TURNING).map((part, i) => (i % 2 ? html`<bdi>${part}</bdi>` : part));

/* Where the cells lie, quotes included: [{ from, to }]. */
function cellSpans(raw, dialect) {
  const delimiter = sign(dialect.delimiter);
  const quote = sign(dialect.quote);
  const spans = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at <= raw.length; at++) {
    if (at === raw.length || (!quoted && raw.startsWith(delimiter, at))) {
      spans.push({ from, to: at });
      from = at + delimiter.length;
      at = from - 1;
    } else if (quote && raw[at] === quote && (quoted || at === from)) quoted = !quoted;
  }
  return spans;
}

export function OriginalLine({ raw, dialect, mapping = [], fields = [] }) {
  const text = raw.replace(/[\r\n]+$/, '');
  const spans = dialect?.delimiter ? cellSpans(text, dialect) : [];
  const parts = [];
  let at = 0;
  for (const { field, column } of [...mapping].sort((a, b) => a.column - b.column)) {
    const span = spans[column - 1];
    const own = fields.includes(field);
    if (!span || span.from < at || (span.from === span.to && !own)) continue;
    const cell = text.slice(span.from, span.to);
    parts.push(inOrder(text.slice(at, span.from)), own ? html`<mark class=${cell ? undefined : 'gap'} title=${nameOf('field', field)}>${inOrder(cell)}</mark>` : html`<span class="cell" title=${nameOf('field', field)}>${inOrder(cell)}</span>`);
    at = span.to;
  }
  return html`<pre class="original-block" tabindex="0"><code class="original">${parts}${inOrder(text.slice(at))}</code></pre>`;
}
