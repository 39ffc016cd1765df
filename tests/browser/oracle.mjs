// How figures must look, worked out digit by digit, as one would on paper, and
// not in the way the page does it.

// '1234567' is '12,34,567'.
export function grouped(digits) {
  let shown = digits.slice(-3);
  for (let rest = digits.slice(0, -3); rest; rest = rest.slice(0, -2)) shown = `${rest.slice(-2)},${shown}`;
  return shown;
}

function plusOne(digits) {
  const last = digits.search(/9*$/);
  const nines = '0'.repeat(digits.length - last);
  return last === 0 ? `1${nines}` : digits.slice(0, last - 1) + String(Number(digits[last - 1]) + 1) + nines;
}

// '-1234567.895' is '−12,34,567.90': two places, halves to the even neighbour.
export function rupees(text) {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  let digits = whole + fraction.padEnd(2, '0').slice(0, 2);
  const dropped = fraction.slice(2);
  const isHalf = /^50*$/.test(dropped);
  if (isHalf ? /[13579]$/.test(digits) : /^[5-9]/.test(dropped)) digits = plusOne(digits);
  return `${sign && '\u2212'}${grouped(digits.slice(0, -2).replace(/^0+(?=\d)/, ''))}.${digits.slice(-2)}`;
}

// The rows of a file whose cells are separated by commas.
export function parseCsv(text) {
  const rows = [];
  let row = [], cell = '', quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') cell += text[++i];
      else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"') quoted = true;
    else if (c === ',') row.push(cell), (cell = '');
    else if (c === '\n') rows.push([...row, cell]), (row = []), (cell = '');
    else if (c !== '\r') cell += c;
  }
  return rows;
}
