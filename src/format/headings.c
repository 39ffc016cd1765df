/*
** headings.c - what the columns are called, and how many there are.
**
** The label is what the file says, all header lines of it; the heading is for
** matching: one line, never empty, unique, and saying a thing once that two
** header lines repeat.
*/
#include "format/table.h"

static bool unused_column(const struct table *t, uint32_t c) {
  for (uint32_t i = t->body; i < t->kept; i++)
    if (!t->rows[i].blank && c < t->rows[i].count && t->rows[i].cells[c].n) return false;
  return true;
}

static bool wider_rows(const struct table *t, uint32_t width) {
  for (uint32_t i = t->body; i < t->count; i++)
    if (t->rows[i].width > width) return true;
  return false;
}

/* A header with one delimiter too many: its empty cells go as long as it is too wide. */
static void drop_empty_cells(struct line_row *row, uint32_t width) {
  uint32_t kept = 0, over = row->count - width;
  for (uint32_t i = 0; i < row->count; i++) {
    if (over && row->cells[i].n == 0)
      over--;
    else
      row->cells[kept++] = row->cells[i];
  }
  row->count = kept;
}

static uint32_t empty_cells(const struct line_row *row) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < row->count; i++) n += row->cells[i].n == 0;
  return n;
}

static uint32_t fit_width(struct table *t, struct notes *notes) {
  uint32_t width = (uint32_t)t->seen.column_count;
  struct line_row *row = &t->rows[t->first];
  if (row->count > width && empty_cells(row) >= row->count - width && !wider_rows(t, width)) {
    note(notes, "header_width", row->line + 1, 1,
         "the header has %u cells and the rows %u: its empty cells are left out", row->count, width);
    drop_empty_cells(row, width);
  } else if (row->count > width) {
    width = row->count < LIMIT_COLUMNS ? row->count : LIMIT_COLUMNS;
  } else if (row->count < width) {
    bool unused = true;
    for (uint32_t c = row->count; c < width; c++) unused = unused && unused_column(t, c);
    if (unused) return row->count; /* a delimiter at the end of every row */
    note(notes, "header_width", row->line + 1, 1, "the header has %u cells, the rows %u", row->count, width);
  }
  return width;
}

static const char *join_labels(struct table *t, uint32_t c) {
  struct buf b;
  buf_init(&b, LIMIT_HEADING * HEADER_MOST * 4096);
  for (uint32_t i = t->first; i < t->body; i++) {
    const struct line_row *row = &t->rows[i];
    if (row->blank || !row->cells || c >= row->count || !row->cells[c].n) continue;
    if (b.n) buf_char(&b, ' ');
    buf_str(&b, row->cells[c]);
  }
  return ctx_take(t->cx, &b);
}

/* For matching: header lines that repeat each other say a thing once. */
static const char *short_label(struct table *t, uint32_t c) {
  struct str first = { NULL, 0 };
  for (uint32_t i = t->first; i < t->body; i++) {
    const struct line_row *row = &t->rows[i];
    if (row->blank || !row->cells || c >= row->count || !row->cells[c].n) continue;
    if (first.p && !str_eq(first, row->cells[c])) return join_labels(t, c);
    first = row->cells[c];
  }
  return first.p ? ctx_strdup(t->cx, first) : "";
}

static const char *one_line(struct ctx *cx, const char *z) {
  char text[LIMIT_HEADING];
  size_t n = 0;
  bool blank = false;
  for (; *z && n + 5 < sizeof text; z++) {
    if ((unsigned char)*z <= ' ') {
      blank = n > 0;
      continue;
    }
    if (blank) text[n++] = ' ';
    blank = false;
    text[n++] = *z;
  }
  while (*z && n > 0 && ((unsigned char)text[n - 1] & 0xc0) == 0x80) n--; /* no half character */
  if (*z && n > 0 && ((unsigned char)text[n - 1] & 0x80)) n--;
  return ctx_strdup(cx, (struct str){ text, n });
}

void headings_make(struct ctx *cx, struct profile *p, struct notes *notes) {
  struct map seen;
  map_init(&seen);
  for (size_t c = 0; c < p->column_count; c++) {
    const char *z = one_line(cx, p->columns[c].heading);
    if (!*z) z = ctx_printf(cx, "column %zu", c + 1);
    const char *base = z;
    bool added;
    map_put(&seen, str_of(z), &added);
    if (!added) note(notes, "same_heading", 0, 1, "more than one column is called \"%s\"", base);
    for (int i = 2; !added; i++) {
      z = ctx_printf(cx, "%s %d", base, i);
      map_put(&seen, str_of(z), &added);
    }
    p->columns[c].heading = z;
  }
  map_clear(&seen);
}

static void keep_header_lines(struct table *t) {
  struct profile *p = t->p;
  p->header_lines = ctx_alloc(t->cx, HEADER_MOST * sizeof *p->header_lines);
  enum shadow how = shadow_of(p->dialect.encoding);
  size_t unit = shadow_unit(how), low = how == SHADOW_16BE;
  for (uint32_t i = t->first; i < t->body && p->header_count < HEADER_MOST; i++) {
    if (t->rows[i].blank) continue;
    uint64_t from = sample_offset(t->s, p, t->rows[i].line);
    uint64_t to = sample_offset(t->s, p, t->rows[i].line + t->rows[i].lines);
    if (from < t->s->mark) from = t->s->mark;
    struct str line = { t->s->raw.p + from, (size_t)(to - from) };
    while (line.n >= unit && (line.p[line.n - unit + (unit == 2 ? low : 0)] == '\n' ||
                              line.p[line.n - unit + (unit == 2 ? low : 0)] == '\r'))
      line.n -= unit;
    p->header_lines[p->header_count++] = (struct str){ ctx_strdup(t->cx, line), line.n };
  }
}

void table_set_columns(struct table *t, bool header, struct notes *notes) {
  uint32_t width = header ? fit_width(t, notes) : (uint32_t)t->seen.column_count;
  struct profile *p = t->p;
  p->column_count = width;
  p->columns = ctx_alloc(t->cx, (width + 1) * sizeof *p->columns);
  for (uint32_t c = 0; c < width; c++) {
    p->columns[c].label = header ? join_labels(t, c) : "";
    p->columns[c].heading = header ? short_label(t, c) : "";
  }
  headings_make(t->cx, p, notes);
  if (header) keep_header_lines(t);
}

/* ---- headings, made comparable ---- */

/* U+00C0..U+00FF without their accents, two bytes each in UTF-8 (0xc3 0x80..0xbf);
** 0 for what is no letter. The sharp s becomes one s. */
static const char unaccented[] = "aaaaaaaceeeeiiiidnooooo\0ouuuuytsaaaaaaaceeeeiiiidnooooo\0ouuuuyty";

/* "Order  No." and "order_no" become "order no", "Número" becomes "numero"; what
** stands in brackets goes. */
struct str heading_plain(char out[static LIMIT_HEADING], const char *heading) {
  size_t n = 0;
  int depth = 0;
  for (const char *p = heading; *p && n + 1 < LIMIT_HEADING; p++) {
    unsigned char c = (unsigned char)*p;
    if (c == '(' || c == '[') depth++;
    bool inside = depth > 0;
    if (c == ')' || c == ']') depth -= depth > 0;
    if (inside) continue;
    if (c == 0xc3 && (p[1] & 0xc0) == 0x80 && unaccented[p[1] & 0x3f])
      c = (unsigned char)unaccented[*++p & 0x3f];
    if (c >= 'A' && c <= 'Z') c += 32;
    bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80 || c == '#';
    if (word)
      out[n++] = (char)c;
    else if (n > 0 && out[n - 1] != ' ')
      out[n++] = ' ';
  }
  while (n > 0 && out[n - 1] == ' ') n--;
  return (struct str){ out, n };
}
