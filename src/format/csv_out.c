/* csv_out.c - one cell of RFC 4180: quoted only when it must be. */
#include "format/format.h"

static bool needs_quotes(struct str s) {
  if (s.n == 0) return false;
  char first = s.p[0], last = s.p[s.n - 1];
  /* Readers that trim blanks would otherwise change the value. */
  if (first == ' ' || last == ' ' || first == '\t' || last == '\t') return true;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '"' || c == ',' || c == '\n' || c == '\r') return true;
  }
  return false;
}

void csv_put(struct buf *out, struct str cell) {
  if (!needs_quotes(cell)) {
    buf_str(out, cell);
    return;
  }
  buf_char(out, '"');
  size_t from = 0;
  for (size_t i = 0; i < cell.n; i++) {
    if (cell.p[i] != '"') continue;
    buf_add(out, cell.p + from, i + 1 - from); /* up to the quote, then the quote again */
    from = i;
  }
  buf_add(out, cell.p + from, cell.n - from);
  buf_char(out, '"');
}
