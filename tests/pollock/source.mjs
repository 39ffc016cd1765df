// source.mjs - the clean table that is polluted: 83 rows of 9 columns, made here.
//
// It has about the shape of the benchmark's own table: a date, a time, a small
// number, a code, a price with a currency sign, a name (quoted only where it has
// a comma), a sentence and an address (always quoted), and a column that is
// always empty. Apostrophes, inch signs and a backslash stand where they hurt.

const nouns = ['Rain Jacket', 'Trail Shoes', 'Field Watch', 'Camp Stove', 'Wool Hat', 'Rod Case', 'Linen Shirt',
  'Heated Insoles', 'Canvas Bag', 'Ear Warmer', 'Leather Belt', 'Head Lamp'];
const owners = ["Women's", "Men's", "Kids'", 'Light-Up', 'All-Weather', 'Cotton/Linen'];
const tails = ['Short-Sleeve', 'Two-Pack', 'Tall', 'Plaid', 'Round 48"', 'Hooded'];
const openings = ['Made of soft cotton that resists wrinkles', 'Designed to be light, warm and dry',
  "The best we've ever offered", 'An easy choice for long days', 'Built with care, year after year',
  'Inspired by the classics'];
const endings = ['and it will not let you down.', "so you'll never want to take it off.",
  'for comfort on trails, roads and rocks.', 'with a reach of 8\\\'9" in all.', 'in a quick-drying weave.',
  'keeps heat in, and water out.', 'and folds flat.'];

let state = 20230814;
function next(n) { // a small generator, so that the table is the same everywhere
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return (state >>> 8) % n;
}
const two = (n) => String(n).padStart(2, '0');

function row(i) {
  const letters = 'ABGHKMRYZ';
  const code = letters[next(9)] + letters[next(9)] + '-' + (1000 + next(9000));
  let name = `${owners[next(owners.length)]} ${nouns[next(nouns.length)]}`;
  if (next(2)) name += `, ${tails[next(tails.length)]}`;
  const text = `${openings[next(openings.length)]} ${endings[next(endings.length)]}`;
  return [
    { text: `${two(13 + (i % 16))}/${two(1 + (i >> 4))}/2018` },
    { text: `${two(i % 24)}:${two((i * 15) % 60)}` },
    { text: String(next(34)) },
    { text: code },
    { text: `$${next(90)}.${two(next(100))}` },
    { text: name, quoted: /[",]/.test(name) },
    { text, quoted: true },
    { text: `https://www.example.com/product/${code.replace('-', '_')}.html`, quoted: true },
    { text: '' },
  ];
}

export const header = ['DATE', 'TIME', 'Qty', 'PRODUCTID', 'Price', 'ProductType', 'ProductDescription', 'URL', 'Comments']
  .map((text, i) => ({ text, quoted: i === 6 || i === 7 }));
export const rows = Array.from({ length: 83 }, (_, i) => row(i));
