/* What a table shows, as a CSV file. A cell that a spreadsheet would take for a
** formula gets an apostrophe, and one that looks guarded already gets one more, as
** in the server's own CSV: taking one away always gives the original. */

const FORMULA = /^'*[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

function cell(value) {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
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
