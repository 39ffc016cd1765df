/* Money and quantities: decimal text in, decimal text out, BigInt between. No
** figure that people read ever passes through a double. */

/* '-12.345' is { v: -12345n, scale: 3 }; null for what is no decimal. */
export function parse(text) {
  const m = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text ?? '');
  if (!m) return null;
  const fraction = m[3] ?? '';
  const v = BigInt(m[2] + fraction);
  return { v: m[1] ? -v : v, scale: fraction.length };
}

/* a / b to the nearest whole number, halves to the even one. */
export function divide(a, b) {
  if (b < 0n) [a, b] = [-a, -b];
  const sign = a < 0n ? -1n : 1n;
  const whole = (a * sign) / b;
  const twice = ((a * sign) % b) * 2n;
  const up = twice > b || (twice === b && whole % 2n === 1n);
  return sign * (whole + (up ? 1n : 0n));
}

function rescale({ v, scale }, to) {
  return scale <= to ? v * 10n ** BigInt(to - scale) : divide(v, 10n ** BigInt(scale - to));
}

/* '1234567' is '12,34,567': three digits, then pairs. */
function groupLakh(digits) {
  if (digits.length <= 3) return digits;
  const head = digits.slice(0, -3).replace(/\B(?=(\d\d)+$)/g, ',');
  return `${head},${digits.slice(-3)}`;
}

function print(v, places) {
  const sign = v < 0n ? '\u2212' : '';
  const digits = String(v < 0n ? -v : v).padStart(places + 1, '0');
  const whole = groupLakh(places ? digits.slice(0, -places) : digits);
  return sign + whole + (places ? `.${digits.slice(-places)}` : '');
}

/* '1234567.895' is '12,34,567.90'. What is no decimal stays as it is. */
export function money(text, places = 2) {
  const d = parse(text);
  return d ? print(rescale(d, places), places) : text ?? '';
}

/* A quantity: as many places as it has, none when they are all zero. */
export function quantity(text) {
  const d = parse(text);
  return d ? print(d.v, d.scale).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') : text ?? '';
}

/* All its digits, for comparing: '1234.5' is '1,234.50', '1234' is '1,234'. */
export function exact(text) {
  const d = parse(text);
  return d ? print(rescale(d, d.scale === 1 ? 2 : d.scale), d.scale === 1 ? 2 : d.scale) : text ?? '';
}

export function count(n) {
  return n === null || n === undefined ? '' : print(BigInt(n), 0);
}

/* part of whole in percent, exactly rounded; '' when there is no whole. */
export function percent(part, whole, places = 1) {
  const p = typeof part === 'string' ? parse(part) : { v: BigInt(part), scale: 0 };
  const w = typeof whole === 'string' ? parse(whole) : { v: BigInt(whole), scale: 0 };
  if (!p || !w || w.v === 0n) return '';
  const scale = Math.max(p.scale, w.scale);
  const value = divide(rescale(p, scale) * 100n * 10n ** BigInt(places), rescale(w, scale));
  return `${print(value, places)}\u00a0%`;
}

export function sum(texts) {
  const all = texts.map(parse).filter(Boolean);
  const scale = Math.max(0, ...all.map((d) => d.scale));
  const v = all.reduce((total, d) => total + rescale(d, scale), 0n);
  return plain(v, scale);
}

function plain(v, scale) {
  const digits = String(v < 0n ? -v : v).padStart(scale + 1, '0');
  return (v < 0n ? '-' : '') + (scale ? `${digits.slice(0, -scale)}.${digits.slice(-scale)}` : digits);
}

/* total / n as decimal text with four places, halves to the even; null when n is 0. */
export function mean(total, n) {
  const d = parse(total);
  if (!d || !n) return null;
  return plain(divide(d.v * 10000n, BigInt(n) * 10n ** BigInt(d.scale)), 4);
}

/* a times b as decimal text with so many places, halves to the even; null when one is no decimal. */
export function times(a, b, places = 2) {
  const [x, y] = [parse(a), parse(b)];
  if (!x || !y) return null;
  return plain(rescale({ v: x.v * y.v, scale: x.scale + y.scale }, places), places);
}

export function difference(a, b) {
  return sum([a, b.startsWith('-') ? b.slice(1) : `-${b}`]);
}

export function compare(a, b) {
  const x = parse(a) ?? { v: 0n, scale: 0 };
  const y = parse(b) ?? { v: 0n, scale: 0 };
  const scale = Math.max(x.scale, y.scale);
  const d = rescale(x, scale) - rescale(y, scale);
  return d < 0n ? -1 : d > 0n ? 1 : 0;
}

/* A length on the screen. For positions only: digits are lost here. */
export function position(text) {
  const d = parse(text);
  return d ? Number(d.v) / 10 ** d.scale : 0;
}
