/* Which of many are meant by a few letters: each word of the text begins a word of what is
** told of a thing ("man pi" is "Mango Pickle 500 g"), or stands somewhere in it; those where
** words begin so come first, and a code that is the whole text before all others.
**
**   const search = finder(rows, (row) => [row.name, row.sku]); search('man pi', 8)
*/
const fold = (text) => String(text ?? '').normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

export function finder(rows, told) {
  const all = rows.map((row) => {
    const texts = told(row).filter(Boolean).map(fold);
    return { row, texts, text: ` ${texts.join(' ').replace(/[^\p{L}\p{N}]+/gu, ' ')} ` };
  });
  const score = ({ text, texts }, whole, words) => {
    if (texts.includes(whole)) return 4;
    if (words.every((word) => text.includes(` ${word}`))) return text.startsWith(` ${words[0]}`) ? 3 : 2;
    return words.every((word) => text.includes(word)) ? 1 : 0;
  };
  return (text, most) => {
    const whole = fold(text).trim();
    const words = whole.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    if (!words.length) return rows.slice(0, most);
    const found = [[], [], [], [], []];
    for (const one of all) found[score(one, whole, words)].push(one.row);
    return [].concat(found[4], found[3], found[2], found[1]).slice(0, most);
  };
}
