// pollute.mjs - a table in every way in which RFC 4180 is broken.
//
// The pollutions are those of G. Vitagliano, M. Hameed, L. Jiang, L. Reisener,
// E. Wu and F. Naumann, "Pollock: A Data Loading Benchmark", PVLDB 16(8), 2023,
// section 4, written anew. Each file comes with the rows that a reader should
// give: the first is the header. A weight says how often the pollution was met in
// the 3,712 files of the authors' survey; a pollution that stands for many files
// (one for each row and column) shares one weight between them.
import { header, rows } from './source.mjs';

const plain = { delimiter: ',', quote: '"', escape: '"', end: '\r\n' };
const all = [header, ...rows];
const texts = (table) => table.map((r) => r.map((c) => c.text));
const clean = texts(all);

function cell(c, d) {
  const inner = c.text.split('"').join(d.escape + '"');
  const body = (c.extra ? d.quote : '') + inner;
  return c.quoted ? d.quote + body + d.quote : body;
}
const line = (r, d, end = d.end) => r.map((c) => cell(c, d)).join(d.delimiter) + end;
const file = (table, d = plain) => table.map((r) => line(r, d)).join('');

function* whole() {
  const bare = (list) => list.map((text) => ({ text, quoted: text.indexOf(',') > 0 }));
  const second = (width) => all.map((r, i) => bare([...r.map((c) => c.text), i ? '' : 'col1'].slice(0, width)));
  const lines = file(all);
  yield ['source', 1, lines, clean];
  yield ['file_no_payload', 15, '', []];
  yield ['file_no_trailing_newline', 184, lines.slice(0, -2), clean];
  yield ['file_double_trailing_newline', 5, lines + '\r\n', clean];
  yield ['file_no_header', 470, file(rows), texts(rows)];
  for (const n of [2, 3]) {
    const joined = clean[0].map((t) => Array(n).fill(t).join(' '));
    const extra = Array(n - 1).fill(bare(clean[0]));
    yield [`file_header_multirow_${n}`, 47, file([...extra, ...all]), [joined, ...clean.slice(1)]];
  }
  const blank = header.map(() => ({ text: '' }));
  const title = blank.map((c, i) => ({ text: i ? '' : 'PREAMBLE' }));
  yield ['file_preamble', 282, file([title, blank, ...all]), clean];
  for (const [name, width] of [['less', 8], ['same', 9], ['more', 10]])
    yield [`file_multitable_${name}`, 188 / 3, lines + file(second(width)), clean];
  yield ['file_header_only', 3, file([header]), [clean[0]]];
  yield ['file_one_data_row', 4, file(all.slice(0, 2)), clean.slice(0, 2)];
  const changed = [
    ['file_record_delimiter_0xA', 1691, { end: '\n' }],
    ['file_record_delimiter_0xD', 7, { end: '\r' }],
    ['file_field_delimiter_0x3B', 834, { delimiter: ';' }],
    ['file_field_delimiter_0x9', 4, { delimiter: '\t' }],
    ['file_field_delimiter_0x2C_0x20', 101, { delimiter: ', ' }],
    ['file_field_delimiter_0x20', 4, { delimiter: ' ' }],
    ['file_quotation_char_0x27', 11, { quote: "'" }],
    ['file_escape_char_0x5C', 1, { escape: '\\' }],
    ['file_escape_char_0x00', 7, { escape: '' }],
  ];
  for (const [name, weight, d] of changed) yield [name, weight, file(all, { ...plain, ...d }), clean];
}

// One line is replaced; the others stay.
function withLine(i, text) {
  return all.map((r, k) => (k === i ? text : line(r, plain))).join('');
}

function* single() {
  const shares = { row_less_sep: 247.13, row_more_sep: 278.02, row_extra_quote: 7, row_field_delimiter: 12 };
  const count = { row_less_sep: 84 * 8, row_more_sep: 84 * 9, row_extra_quote: 84 * 9, row_field_delimiter: 84 };
  const weight = (kind) => shares[kind] / count[kind];
  for (let i = 0; i < all.length; i++) {
    const cells = all[i].map((c) => cell(c, plain));
    for (let j = 0; j < cells.length; j++) {
      const before = cells.slice(0, j).join(','), after = cells.slice(j).join(',');
      const more = j ? `${before},,${after}\r\n` : `,${after}\r\n`;
      yield [`row_more_sep_row${i}_col${j}`, weight('row_more_sep'), withLine(i, more), clean];
      if (j) yield [`row_less_sep_row${i}_col${j}`, weight('row_less_sep'), withLine(i, `${before}${after}\r\n`), clean];
      const marked = all[i].map((c, k) => (k === j ? { ...c, extra: true } : c));
      const expected = clean.map((r, k) => (k === i ? r.map((t, m) => (m === j ? '"' + t : t)) : r));
      yield [`row_extra_quote${i}_col${j}`, weight('row_extra_quote'), withLine(i, line(marked, plain)), expected];
    }
    yield [`row_field_delimiter_${i}_0x20`, weight('row_field_delimiter'),
      withLine(i, line(all[i], { ...plain, delimiter: ' ' })), clean];
  }
}

// Every polluted file: { name, weight, text, expected }.
export function* pollutions() {
  for (const [name, weight, text, expected] of [...whole(), ...single()]) yield { name, weight, text, expected };
}
