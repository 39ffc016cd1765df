/* Words that stay in this browser. Storage can be forbidden: what is stored then lasts as
** long as the page. */
export function stored(name, otherwise = null) {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/* null takes it away. */
export function store(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    /* see above */
  }
}
