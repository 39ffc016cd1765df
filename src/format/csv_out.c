/* csv_out.c - one cell of RFC 4180: quoted only when it must be; and cells that are no formulas (https://owasp.org/www-community/attacks/CSV_Injection). */
#include "base/decimal.h"
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

static void put_quoted(struct buf *out, struct str cell) {
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

void csv_put(struct buf *out, struct str cell) {
  if (needs_quotes(cell))
    put_quoted(out, cell);
  else
    buf_str(out, cell);
}

/* ---- formulas ---- */

static bool begins_formula(struct str s, bool start) {
  static const char wide[][4] = { "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
                                  "\xEF\xBC\xA0" }; /* = + - @ */
  if (s.n == 0) return false;
  if (memchr("=+-@", s.p[0], 4) || (start && memchr("\t\r\n", s.p[0], 3))) return true;
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
    if (str_starts(s, str_of(wide[i]))) return true;
  return false;
}

/* How many apostrophes stand at i in front of what may begin a formula; -1: no formula can begin there. */
static int apostrophes_at(struct str s, size_t i) {
  size_t n = 0;
  if (i > 0 && !memchr(";\t\r\n", s.p[i - 1], 4)) return -1;
  while (i + n < s.n && s.p[i + n] == '\'') n++;
  return begins_formula((struct str){ s.p + i + n, s.n - i - n }, i == 0) ? (int)n : -1;
}

void csv_put_guarded(struct buf *out, struct str cell) {
  struct buf guarded;
  int64_t number;
  bool plain = cell.n > 0 && cell.p[0] != '\'' && dec_parse(cell, 0, &number, NULL); /* "-512.00" */
  if (plain || cell.n == 0) {
    csv_put(out, cell);
    return;
  }
  buf_init(&guarded, 2 * cell.n);
  for (size_t i = 0; i < cell.n; i++) {
    if (apostrophes_at(cell, i) >= 0) buf_char(&guarded, '\'');
    buf_char(&guarded, cell.p[i]);
  }
  if (guarded.n > cell.n)
    put_quoted(out, buf_view(&guarded));
  else
    csv_put(out, cell);
  buf_clear(&guarded);
}

struct str csv_unguarded(struct ctx *cx, struct str cell) {
  char *kept = NULL;
  size_t n = 0;
  if (!cell.n || !memchr(cell.p, '\'', cell.n)) return cell;
  kept = ctx_alloc(cx, cell.n);
  for (size_t i = 0; i < cell.n; i++)
    if (apostrophes_at(cell, i) <= 0) kept[n++] = cell.p[i];
  return n == cell.n ? cell : (struct str){ kept, n };
}
