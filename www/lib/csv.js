/* What a table shows, as a CSV file. Where a spreadsheet might see a formula begin, in a
** cell or behind what cuts one in two, there is an apostrophe more, as in the server's own
** CSV (csv_put_guarded): taking one away always gives the original. */

const START = /^(?='*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])/;
const INSIDE = /([;\t\r\n])(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
const NUMBER = /^-?\d+(\.\d+)?$/;

function cell(value) {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = NUMBER.test(text) ? text : text.replace(INSIDE, "$1'").replace(START, "'");
  return safe !== text || /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/* columns: [{ heading, value(row) }]; values go in whole, not rounded for reading. */
export function csvText(columns, rows) {
  const lines = [columns.map((c) => cell(c.heading)), ...rows.map((row) => columns.map((c) => cell(c.value(row))))];
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

export function saveText(name, text, type = 'text/csv;charset=utf-8') {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
