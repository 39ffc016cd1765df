/* The word of a list that somebody meant: "Nort" is "North". The fewest letters to
** add, drop, change or swap; case and outer blanks count nothing. null when no word
** is near enough, or two are equally near. */
export function nearest(text, words) {
  const meant = fold(text);
  const most = meant.length <= 4 ? 1 : 2;
  const all = words.map((word) => ({ word, far: distance(meant, fold(word)) })).sort((a, b) => a.far - b.far);
  if (!meant || !all.length || all[0].far > most || all[1]?.far === all[0].far) return null;
  return all[0].word;
}

const fold = (text) => (text ?? '').trim().toLowerCase();

function distance(a, b) {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}
