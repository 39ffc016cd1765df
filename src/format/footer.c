/*
** footer.c - what stands below the table: totals, remarks, signatures.
**
** Only the last bytes of the file are looked at, from the end upwards, as long as
** lines look like a footer: one cell filled that does not fit its column, or a
** word for a sum and cells left empty. A last line without a line end is a row
** that was cut rather than a footer, unless it reads like one.
**
** Another table may stand there, too: rows of one other width from a line of
** plain text to the end (workbooks saved sheet after sheet look so).
*/
#include <stdlib.h>

#include "format/internal.h"

enum { TAIL = 256 * 1024, FOOTER_MOST = 40 };

struct tail_row {
  uint64_t offset, line;
  uint32_t width, filled;
  bool blank, ended, sum_word, fits, sentence;
  bool text;  /* all cells filled, and none is a value */
  bool first; /* the first cell is filled */
};

struct tail {
  const struct profile *p;
  struct tail_row *rows; /* oldest first */
  uint32_t count;
};

static bool sum_word(struct str s) {
  static const char *const words[] = { "total",  "grand total", "subtotal", "sub-total", "sum",    "summe",
                                       "gesamt", "footnote",    "source:",  "note:",     "end of", "*" };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    struct str w = str_of(words[i]);
    if (s.n < w.n || !str_eq_nocase((struct str){ s.p, w.n }, w)) continue;
    char next = s.n > w.n ? s.p[w.n] : ' ';
    if (!((next | 0x20) >= 'a' && (next | 0x20) <= 'z')) return true;
  }
  return false;
}

static bool fits(const struct column *c, struct str s) {
  int32_t days;
  int64_t v;
  switch (c->type) {
  case COLUMN_DATE: return value_date(s, c->date_order, &days);
  case COLUMN_INTEGER:
  case COLUMN_DECIMAL: return value_number(s, c->decimal, 6, &v, NULL);
  case COLUMN_BOOLEAN: return kind_of(s) == KIND_BOOLEAN;
  default: return true;
  }
}

static void describe(const struct tail *t, struct tail_row *row, const struct row *r) {
  bool first = true;
  row->fits = row->text = true;
  for (uint32_t i = 0; i < r->count; i++) {
    struct str s = r->cells[i];
    if (i < row->width && kind_of(s) != KIND_TEXT) row->text = false;
    if (!s.n) continue;
    row->filled++;
    if (i == 0) row->first = true;
    if (first) row->sum_word = sum_word(s);
    if (first && memchr(s.p, ' ', s.n)) row->sentence = true;
    if (i < t->p->column_count && !fits(&t->p->columns[i], s)) row->fits = false;
    first = false;
  }
  row->filled += r->extra;
}

static void add_row(struct tail *t, struct tail_row row) {
  t->rows = xmore(t->rows, t->count, sizeof *t->rows);
  t->rows[t->count++] = row;
}

static bool is_footer(const struct tail *t, uint32_t i) {
  const struct tail_row *row = &t->rows[i];
  uint32_t width = (uint32_t)t->p->column_count;
  bool after_blank = i > 0 && t->rows[i - 1].blank;
  if (row->blank) return true;
  if (width < 2) return false;
  if (row->sum_word && row->filled < width) return true;
  if (row->filled != 1) return false;
  if (width == 2) return row->width == 1 && after_blank;
  if (row->width == 1) return row->ended || after_blank || row->sentence;
  return !row->fits && row->first; /* a faulty value elsewhere is a faulty row */
}

static void read_tail(struct tail *t, struct batch *b, struct parser *parser, uint64_t from) {
  uint64_t at = 0, line = b->line;
  for (uint32_t i = 0; i < b->count; i++) {
    struct row r;
    size_t n = b->spans[i].length;
    uint64_t offset = from + b->offset + at;
    parser_row(parser, (struct str){ b->bytes + at, n }, offset, &r);
    struct tail_row row = { .offset = offset, .line = line, .width = parser_width(parser) };
    row.blank = r.kind == ROW_OUTSIDE;
    row.ended =
        b->bytes[at + n - 1] == '\n' || b->bytes[at + n - 1] == '\r' || n < 2 || !b->bytes[at + n - 1];
    if (!row.blank) describe(t, &row, &r);
    if (offset >= t->p->table_begin && offset < t->p->table_end) add_row(t, row);
    at += n;
    line += b->spans[i].lines;
  }
}

/* Where the last bytes begin with a whole line. */
static int tail_start(struct ctx *cx, const struct input *in, const struct profile *p, uint64_t *from) {
  uint64_t size = input_size(in);
  size_t unit = shadow_unit(shadow_of(p->dialect.encoding)), got;
  *from = p->table_begin;
  if (size < TAIL || size - TAIL <= p->table_begin) return OK; /* all of the table */
  uint64_t at = (size - TAIL) / unit * unit;
  char *piece = xmalloc(TAIL);
  int rc = input_read(cx, in, at, piece, TAIL, &got);
  *from = size;
  for (size_t i = 0; !rc && i + unit <= got; i += unit)
    if (piece[i] == '\n' || piece[i] == '\r' || (unit == 2 && piece[i + 1] == '\n' && !piece[i])) {
      *from = at + i + unit;
      break;
    }
  free(piece);
  return rc;
}

/* The first row of another table that goes on to the end; t->count when there is none. */
static uint32_t find_other(const struct tail *t) {
  uint32_t first = t->count, width = 0, rows = 0;
  for (uint32_t i = t->count; i-- > 0;) {
    const struct tail_row *row = &t->rows[i];
    if (row->blank) continue;
    if (!width) width = row->width;
    if (row->width != width || width == t->p->column_count || width < 2) break;
    rows++;
    if (row->text) first = i;
  }
  return rows >= 3 && first > 0 ? first : t->count;
}

static void end_table(struct tail *t, struct profile *p, struct notes *notes) {
  uint32_t other = find_other(t), i = t->count, lines = 0;
  if (other < t->count) {
    p->table_end = t->rows[other].offset;
    note(notes, "second_table", 0, 1,
         "another table of %u columns begins %u lines before the end; it is not read", t->rows[other].width,
         t->count - other);
    return;
  }
  while (i > 0 && t->count - i < FOOTER_MOST && is_footer(t, i - 1)) i--;
  while (i < t->count && t->rows[i].blank) i++; /* blank lines are no footer */
  for (uint32_t k = i; k < t->count; k++) lines += !t->rows[k].blank;
  if (!lines || i == 0) return;
  p->table_end = t->rows[i].offset;
  note(notes, "footer", 0, lines, "lines below the table that do not belong to it");
}

/* The last bytes, from a line's beginning, as an input of their own: cut as everywhere. */
static int open_tail(struct ctx *cx, const struct input *in, const struct profile *p, struct input **out,
                     uint64_t *from) {
  size_t got;
  int rc = tail_start(cx, in, p, from);
  if (rc) return rc;
  size_t want = (size_t)(input_size(in) - *from);
  char *bytes = ctx_alloc(cx, want + 1);
  rc = input_read(cx, in, *from, bytes, want, &got);
  *out = input_memory(cx, (struct str){ bytes, got }, input_name(in));
  return rc;
}

int footer_find(struct ctx *cx, const struct input *in, struct profile *p, struct notes *notes) {
  struct tail t = { .p = p };
  struct input *last;
  uint64_t from;
  if (p->table_end < input_size(in)) return OK; /* a second table ends it */
  int rc = open_tail(cx, in, p, &last, &from);
  if (rc || input_size(last) == 0) return rc;
  struct profile seen = *p;
  seen.table_begin = 0;
  seen.table_end = input_size(last);
  struct splitter *s = splitter_new(cx, last, &seen, 2 * TAIL);
  struct parser *parser = parser_new(p);
  struct batch b;
  batch_init(&b);
  rc = splitter_next(cx, s, &b);
  if (!rc) read_tail(&t, &b, parser, from);
  if (!rc) end_table(&t, p, notes);
  batch_clear(&b);
  parser_free(parser);
  free(t.rows);
  return rc;
}
