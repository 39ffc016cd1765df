/*
** scan.c - where a record ends.
**
** A line without a quote is a record: that is nearly every line, and it is
** found by memchr. In a line with quotes the cells are walked leniently: a
** quote opens a cell only at the cell's beginning and closes it only before a
** delimiter or the end of the line; any other quote is text ("stray").
**
** When a cell is still open at the end of its line there are two readings:
**
**   many lines  the cell goes on; the record ends with the line where it closes;
**   one line    the quote is text, and the record ends here.
**
** Against the first speaks a quote inside the would-be cell that looks like the
** beginning of another cell (,"The…), a quote that is not closed within the
** limit, and a number of cells other than the table's. The number of cells
** decides where the others do not. So a stray quote costs one line, not the rest
** of the file.
*/
#include "format/internal.h"

static bool blank(char c) { return c == ' ' || c == '\t'; }

bool scan_delimiter_at(const struct rules *r, const char *p, size_t n, size_t i) {
  return p[i] == r->delimiter[0] &&
         (r->delimiter_n == 1 ||
          (n - i >= r->delimiter_n && memcmp(p + i, r->delimiter, r->delimiter_n) == 0));
}

static bool is_end(const struct rules *r, char c) { return c == '\n' || (c == '\r' && r->cr); }

/* Blanks are skipped unless they are (the beginning of) a delimiter. */
static size_t skip_blanks(const struct rules *r, const char *p, size_t n, size_t i) {
  while (i < n && blank(p[i]) && !scan_delimiter_at(r, p, n, i)) i++;
  return i;
}

/* Whether a quote at k is followed by what may follow a closing quote. */
static bool closes(const struct rules *r, const char *p, size_t n, size_t k) {
  size_t i = skip_blanks(r, p, n, k + 1);
  return i >= n || scan_delimiter_at(r, p, n, i) || p[i] == '\n' || p[i] == '\r';
}

static bool escaped(const struct rules *r, const char *p, size_t from, size_t k) {
  if (!r->escape || r->escape == r->quote) return false;
  size_t before = k;
  while (before > from && p[before - 1] == (char)r->escape) before--;
  return (k - before) % 2 == 1;
}

/* The quote that closes a cell whose content begins at `from`; n when none does. */
static size_t find_close(const struct rules *r, const char *p, size_t n, size_t from, uint32_t *stray) {
  size_t j = from;
  while (j < n) {
    const char *q = memchr(p + j, r->quote, n - j);
    if (!q) return n;
    size_t k = (size_t)(q - p);
    if (escaped(r, p, from, k)) {
      j = k + 1;
    } else if (k + 1 < n && p[k + 1] == (char)r->quote) {
      j = k + 2;
    } else if (closes(r, p, n, k)) {
      return k;
    } else {
      ++*stray;
      j = k + 1;
    }
  }
  return n;
}

static size_t find_delimiter(const struct rules *r, const char *p, size_t n, size_t i) {
  if (r->delimiter_n == 1) {
    const char *d = i < n ? memchr(p + i, r->delimiter[0], n - i) : NULL;
    return d ? (size_t)(d - p) : n;
  }
  const char *d = i < n ? memmem(p + i, n - i, r->delimiter, r->delimiter_n) : NULL;
  return d ? (size_t)(d - p) : n;
}

static void span_put(const struct rules *r, const char *p, size_t begin, size_t end, bool quoted,
                     struct cell_span *out, uint32_t at, uint32_t max) {
  if (at >= max) return;
  if (!quoted) {
    begin = skip_blanks(r, p, end, begin);
    while (end > begin && blank(p[end - 1])) end--;
  }
  out[at] = (struct cell_span){ begin, end, quoted };
}

struct scan scan_cells(const struct rules *r, const char *p, size_t n, size_t literal, struct cell_span *out,
                       uint32_t max) {
  struct scan s = { 0 };
  for (size_t i = 0;;) {
    size_t at = skip_blanks(r, p, n, i), end;
    if (at < n && r->quote && p[at] == (char)r->quote && at != literal) {
      size_t close = find_close(r, p, n, at + 1, &s.stray);
      span_put(r, p, at + 1, close, true, out, s.cells++, max);
      if (close == n) {
        s.open = true;
        s.opened = at;
        return s;
      }
      end = skip_blanks(r, p, n, close + 1);
    } else {
      end = find_delimiter(r, p, n, at);
      span_put(r, p, at, end, false, out, s.cells++, max);
    }
    if (end >= n) return s;
    if (!scan_delimiter_at(r, p, n, end)) return s; /* a line end inside the bytes: not ours to read on */
    i = end + r->delimiter_n;
  }
}

/* The first LF or CR. Both are looked for piece by piece, because a file may hold
** only one of them: n when there is none. */
static size_t first_end(const char *p, size_t n) {
  for (size_t at = 0; at < n;) {
    size_t piece = n - at < 256 ? n - at : 256;
    const char *lf = memchr(p + at, '\n', piece);
    if (lf) piece = (size_t)(lf - p) - at;
    const char *cr = memchr(p + at, '\r', piece);
    if (cr) return (size_t)(cr - p);
    if (lf) return (size_t)(lf - p);
    at += piece;
  }
  return n;
}

size_t scan_line(const struct rules *r, const char *p, size_t n, size_t *body) {
  if (r->cr) {
    *body = first_end(p, n);
    if (*body == n) return n;
    return *body + (p[*body] == '\r' && *body + 1 < n && p[*body + 1] == '\n' ? 2 : 1);
  }
  const char *lf = memchr(p, '\n', n);
  *body = lf ? (size_t)(lf - p) : n;
  if (!lf) return n;
  size_t line = *body + 1;
  if (*body > 0 && p[*body - 1] == '\r') --*body;
  return line;
}

/* ---- the two readings ---- */

struct ahead {
  size_t end;     /* of the record in the reading "many lines"; 0 when there is none */
  uint32_t cells; /* in that reading */
  bool more;      /* more bytes are needed to tell */
  size_t reached; /* no quote closes before this place */
};

static bool begins_cell(const struct rules *r, const char *p, size_t n, size_t k) {
  size_t i = k;
  while (i > 0 && blank(p[i - 1]) && !(r->delimiter_n == 1 && p[i - 1] == r->delimiter[0])) i--;
  bool at_start = i == 0 || is_end(r, p[i - 1]) ||
                  (i >= r->delimiter_n && scan_delimiter_at(r, p, n, i - r->delimiter_n));
  return at_start && k + 1 < n && !blank(p[k + 1]) && p[k + 1] != '\n' && p[k + 1] != '\r';
}

/* Looks for the quote that closes the cell opened before `from`, in the lines
** that follow. Returns its place, or SIZE_MAX. */
static size_t close_ahead(const struct rules *r, const char *p, size_t n, size_t from, bool eof,
                          struct ahead *a) {
  size_t limit = n < LIMIT_RECORD_BYTES ? n : LIMIT_RECORD_BYTES;
  for (size_t j = from; j < limit;) {
    const char *q = memchr(p + j, r->quote, limit - j);
    if (!q) break;
    size_t k = (size_t)(q - p);
    if (k + 2 >= n && !eof) break; /* what follows is not there yet */
    if (escaped(r, p, from, k)) {
      j = k + 1;
    } else if (k + 1 < n && p[k + 1] == (char)r->quote) {
      j = k + 2;
    } else if (closes(r, p, n, k)) {
      return k;
    } else if (begins_cell(r, p, n, k)) {
      a->reached = k;
      return SIZE_MAX; /* another cell begins here: the first quote was a stray one */
    } else {
      j = k + 1;
    }
  }
  a->more = !eof && n < LIMIT_RECORD_BYTES;
  a->reached = limit;
  return SIZE_MAX;
}

static struct ahead look_ahead(const struct rules *r, const char *p, size_t n, size_t from, bool eof) {
  struct ahead a = { 0 };
  for (;;) {
    size_t close = close_ahead(r, p, n, from, eof, &a);
    if (close == SIZE_MAX) return a;
    size_t body, line = scan_line(r, p + close, n - close, &body);
    if (line == n - close && body == line && !eof) {
      a.more = true; /* the end of that line is not there yet */
      return a;
    }
    struct scan s = scan_cells(r, p, close + body, SCAN_NOWHERE, NULL, 0);
    if (!s.open) {
      a.end = close + line;
      a.cells = s.cells;
      return a;
    }
    from = close + line; /* another cell of the same record breaks over lines */
    if (from >= n) {
      a.more = !eof;
      return a;
    }
  }
}

/* Cells of the line when every quote that stays open is read as text. */
static uint32_t cells_alone(const struct rules *r, const char *p, size_t n, size_t opened) {
  struct scan s = scan_cells(r, p, n, opened, NULL, 0);
  for (int i = 0; s.open && i < 8; i++) s = scan_cells(r, p, n, s.opened, NULL, 0);
  return s.cells;
}

/* Whether one of the lines that follow is a row by itself: then what is open
** at the end of the file is a stray quote and not a file that was cut. */
static bool rows_follow(const struct rules *r, const char *p, size_t n, size_t from, uint32_t columns) {
  for (int i = 0; i < 64 && from < n && columns > 1; i++) {
    size_t body, line = scan_line(r, p + from, n - from, &body);
    struct scan s = scan_cells(r, p + from, body, SCAN_NOWHERE, NULL, 0);
    if (!s.open && s.cells == columns) return true;
    from += line;
  }
  return false;
}

static uint32_t count_lines(const struct rules *r, const char *p, size_t n) {
  uint32_t lines = 0;
  for (size_t i = 0, body; i < n; lines++) i += scan_line(r, p + i, n - i, &body);
  return lines ? lines : 1;
}

static size_t open_record(const struct rules *r, const char *p, size_t n, bool eof, size_t body, size_t line,
                          size_t opened, uint64_t at, struct scan_memo *memo) {
  struct ahead a = { .reached = n };
  size_t from = memo->until > at + line ? (size_t)(memo->until - at) : line; /* looked there already */
  if (from < n) a = look_ahead(r, p, n, from, eof);
  if (a.more || (from >= n && !eof && n < LIMIT_RECORD_BYTES)) return 0;
  uint32_t alone = cells_alone(r, p, body, opened);
  if (a.end) {
    bool fits = !r->columns || a.cells == r->columns;
    return fits || alone != r->columns ? a.end : line;
  }
  memo->until = at + a.reached;
  if (!eof || n > LIMIT_RECORD_BYTES) return line;
  if (alone == r->columns || rows_follow(r, p, n, line, r->columns ? r->columns : alone)) return line;
  return memchr(p + line, r->quote, n - line) ? line : n; /* the file was cut inside a cell */
}

size_t scan_record(const struct rules *r, const char *p, size_t n, bool eof, uint64_t at,
                   struct scan_memo *memo, uint32_t *lines) {
  size_t body, line = scan_line(r, p, n, &body);
  *lines = 1;
  bool ended = body < line;
  bool cr_last = line == n && n > 0 && p[n - 1] == '\r'; /* may be half of a CRLF */
  if ((!ended || (cr_last && r->cr)) && !eof) {
    if (n < 2 * LIMIT_RECORD_BYTES) return 0;
    return LIMIT_RECORD_BYTES; /* what is left of the line is as long again: refused, too */
  }
  if (!r->quote || !memchr(p, r->quote, body)) return line; /* nearly always */
  struct scan s = scan_cells(r, p, body, SCAN_NOWHERE, NULL, 0);
  if (!s.open) return line;
  size_t whole = open_record(r, p, n, eof, body, line, s.opened, at, memo);
  if (whole > line) *lines = count_lines(r, p, whole);
  return whole;
}
