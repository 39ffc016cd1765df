/*
** table.c - where in the file the table is, and what its columns are called.
**
**   preamble   titles, blank lines, comments: rows with too few cells filled
**   header     no, one or several lines
**   rows       the table
**   second table, footer: outside
**
** The width is the commonest number of cells. Whether a line is a header is put
** to the vote of the columns: where values below are numbers, dates, times or
** codes of one shape, a cell that is not speaks for a header and a cell that is
** speaks against it. Columns of free text have no vote, but a value that occurs
** again below is no heading.
*/
#include <stdlib.h>

#include "format/internal.h"

enum { ROWS_KEPT = 400, HEADER_MOST = 3, WIDTHS = LIMIT_COLUMNS + 2 };

struct line_row {
  uint64_t line; /* lines of the sample before it */
  uint32_t lines, width, filled;
  bool blank; /* nothing in it, or a comment */
  uint32_t count;
  struct str *cells; /* of the first ROWS_KEPT rows only */
};

struct table {
  struct ctx *cx;
  const struct sample *s;
  struct profile *p, seen; /* seen: the profile with which the sample's text is read */
  struct rules rules;
  size_t skip; /* bytes before the first row: a "sep=" line */
  uint64_t skip_lines;
  struct line_row *rows;
  uint32_t count, room;
  uint32_t kept;        /* rows up to here may have their cells: not more than ROWS_KEPT of them */
  uint64_t keep_from;   /* line before which no cells are kept: stated with skip */
  uint32_t first, body; /* rows: the table's first, the first after the header */
  struct vote {
    enum kind kind; /* KIND_TEXT when the column is not of one kind */
    char shape[16]; /* "" when the values have not one shape */
  } * votes;
};

/* ---- reading the sample ---- */

uint64_t sample_offset(const struct sample *s, const struct profile *p, uint64_t lines) {
  enum shadow how = shadow_of(p->dialect.encoding);
  size_t unit = shadow_unit(how), at = 0, n = s->raw.n - s->mark;
  struct rules r;
  rules_shadow(p, &r);
  char *shadow = xmalloc(n + 1);
  size_t units = how == SHADOW_SAME ? n : shadow_make(how, s->raw.p + s->mark, n, shadow);
  const char *z = how == SHADOW_SAME ? s->raw.p + s->mark : shadow;
  for (size_t body; lines > 0 && at < units; lines--) at += scan_line(&r, z + at, units - at, &body);
  free(shadow);
  uint64_t offset = s->mark + (uint64_t)at * unit;
  return lines == 0 && at == 0 ? 0 : offset < s->raw.n ? offset : s->raw.n;
}

static uint32_t commonest(const uint32_t *widths, uint32_t first) {
  uint32_t best = first; /* of two tables of the same length, the first */
  for (uint32_t w = 1; w < WIDTHS; w++)
    if (widths[w] > widths[best]) best = w;
  return best < LIMIT_COLUMNS ? best : LIMIT_COLUMNS;
}

/* Lines that begin with # are not asked, unless nearly all do. */
static uint32_t common_width(struct table *t) {
  uint32_t *widths = xcalloc(2 * WIDTHS, sizeof *widths), first[2] = { 1, 1 }, rows[2] = { 0 };
  struct scan_memo memo = { 0 };
  struct str text = t->s->text;
  for (size_t at = t->skip; at < text.n && rows[0] + rows[1] < 2000;) {
    uint32_t lines;
    size_t n = scan_record(&t->rules, text.p + at, text.n - at, true, at, &memo, &lines);
    struct str body = { text.p + at, n };
    at += n;
    while (body.n && (body.p[body.n - 1] == '\n' || body.p[body.n - 1] == '\r')) body.n--;
    if (str_trim(body).n == 0) continue;
    uint32_t w = scan_cells(&t->rules, body.p, body.n, SCAN_NOWHERE, NULL, 0).cells;
    if (w >= WIDTHS) w = WIDTHS - 1;
    int hash = body.p[0] == '#';
    if (first[hash] == 1) first[hash] = w;
    widths[hash * WIDTHS + w]++;
    rows[hash]++;
  }
  int asked = rows[1] > rows[0];
  uint32_t best = commonest(widths + asked * WIDTHS, first[asked]);
  free(widths);
  return best;
}

static struct line_row *add_row(struct table *t) {
  if (t->count == t->room) {
    t->room = t->room ? t->room * 2 : 256;
    t->rows = xrealloc(t->rows, t->room * sizeof *t->rows);
  }
  struct line_row *row = &t->rows[t->count++];
  *row = (struct line_row){ 0 };
  return row;
}

static void keep_cells(struct table *t, struct line_row *row, const struct row *r) {
  row->count = row->width > r->count ? r->count : row->width;
  if (r->kind == ROW_DATA && row->width > r->count) row->count = row->width; /* the surplus lies behind */
  row->cells = ctx_alloc(t->cx, (row->count + 1) * sizeof *row->cells);
  for (uint32_t i = 0; i < row->count; i++) {
    struct str c = r->cells[i];
    row->cells[i] = (struct str){ ctx_strdup(t->cx, c), c.n };
  }
}

static void read_rows(struct table *t) {
  struct parser *parser = parser_new(&t->seen);
  struct scan_memo memo = { 0 };
  struct str text = t->s->text;
  uint64_t line = t->skip_lines;
  uint32_t kept = 0;
  t->rules.columns = (uint32_t)t->seen.column_count;
  t->count = t->kept = 0;
  for (size_t at = t->skip; at < text.n;) {
    struct line_row *row = add_row(t);
    struct row r;
    size_t n = scan_record(&t->rules, text.p + at, text.n - at, true, at, &memo, &row->lines);
    parser_row(parser, (struct str){ text.p + at, n }, at + 1, &r);
    row->line = line;
    row->blank = r.kind == ROW_OUTSIDE;
    row->width = row->blank ? 0 : parser_width(parser);
    for (uint32_t i = 0; i < r.count && !row->blank; i++) row->filled += r.cells[i].n > 0;
    row->filled += r.extra;
    bool keep = row->line >= t->keep_from && kept < ROWS_KEPT;
    if (keep) kept++, t->kept = t->count;
    if (keep && !row->blank) keep_cells(t, row, &r);
    at += n;
    line += row->lines;
  }
  parser_free(parser);
}

/* ---- what the columns say ---- */

static void shape_of(struct str s, char out[static 16]) {
  size_t n = 0;
  char last = 0;
  for (size_t i = 0; i < s.n && n < 15; i++) {
    unsigned char c = (unsigned char)s.p[i];
    bool word = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    char k = c >= '0' && c <= '9' ? '9' : word || c >= 0x80 ? 'a' : (char)c;
    if (k != last || (k != '9' && k != 'a')) out[n++] = k;
    last = k;
  }
  out[n] = 0;
}

static enum kind broad_kind(struct str s) {
  enum kind k = kind_of(s);
  return k == KIND_INTEGER ? KIND_DECIMAL : k;
}

static void vote_of(const struct table *t, uint32_t c, uint32_t from, struct vote *v) {
  uint32_t kinds[KIND_TEXT + 1] = { 0 }, values = 0, alike = 0;
  char shape[16];
  *v = (struct vote){ .kind = KIND_TEXT };
  for (uint32_t i = from; i < t->kept; i++) {
    const struct line_row *row = &t->rows[i];
    if (row->blank || !row->cells || c >= row->count || !row->cells[c].n) continue;
    enum kind k = broad_kind(row->cells[c]);
    if (k == KIND_EMPTY) continue;
    kinds[k]++;
    shape_of(row->cells[c], shape);
    if (values == 0) str_copy(v->shape, sizeof v->shape, str_of(shape));
    if (values < 3 && strcmp(shape, v->shape) != 0 && alike * 2 <= values)
      str_copy(v->shape, sizeof v->shape, str_of(shape));
    alike += strcmp(shape, v->shape) == 0;
    values++;
  }
  for (enum kind k = KIND_DECIMAL; k < KIND_TEXT; k++)
    if (kinds[k] * 10 >= values * 6 && kinds[k]) v->kind = k;
  bool code = strpbrk(v->shape, "9-_/.@:") != NULL;
  if (v->kind != KIND_TEXT || !code || alike * 10 < values * 8) v->shape[0] = 0;
}

static void count_votes(struct table *t, uint32_t from) {
  for (uint32_t c = 0; c < t->seen.column_count; c++) vote_of(t, c, from, &t->votes[c]);
}

static bool occurs_below(const struct table *t, uint32_t c, uint32_t from, struct str value) {
  for (uint32_t i = from; i < t->kept; i++)
    if (!t->rows[i].blank && c < t->rows[i].count && str_eq(t->rows[i].cells[c], value)) return true;
  return false;
}

static bool is_year(struct str s) {
  int64_t v;
  return str_to_int(s, &v) && v >= 1900 && v <= 2100;
}

struct verdict {
  double sum;
  uint32_t against, with, heard; /* typed columns: cells that are no value, that are one, both */
  uint32_t values;               /* numbers, dates, times, whatever the column */
  uint32_t alike;                /* text that occurs below, codes of the column's shape */
  bool distinct, complete;
};

static struct verdict judge(const struct table *t, const struct line_row *row, uint32_t below) {
  struct verdict v = { .distinct = true, .complete = true };
  for (uint32_t c = 0; c < t->seen.column_count; c++) {
    struct str cell = c < row->count ? row->cells[c] : STR("");
    const struct vote *vote = &t->votes[c];
    char shape[16];
    if (kind_absent(cell)) {
      v.complete = v.complete && cell.n > 0;
      continue;
    }
    enum kind k = broad_kind(cell);
    v.values += k != KIND_TEXT && k != KIND_BOOLEAN && !is_year(cell);
    if (vote->kind != KIND_TEXT) {
      bool year = is_year(cell) && !occurs_below(t, c, below, cell);
      if (k != vote->kind)
        v.against++, v.sum += 1;
      else if (!year)
        v.with++, v.sum -= 1;
    } else if (vote->shape[0]) {
      shape_of(cell, shape);
      bool alike = strcmp(shape, vote->shape) == 0;
      v.sum += alike ? -0.5 : 0.5;
      v.alike += alike;
    } else if (occurs_below(t, c, below, cell)) {
      v.sum -= 0.5;
      v.alike++;
      v.distinct = false;
    } else if (k != KIND_TEXT && k != KIND_BOOLEAN && !is_year(cell)) {
      v.sum -= 0.5; /* a number is a poor heading */
    }
    for (uint32_t d = 0; d < c && d < row->count && c < row->count && t->seen.column_count < 300; d++)
      if (str_eq(row->cells[d], cell)) v.distinct = false;
  }
  v.heard = v.against + v.with;
  return v;
}

/* ---- the first row and the header ---- */

/* A row with few cells that nevertheless is one: what it has fits the columns. */
static bool fits_columns(const struct table *t, const struct line_row *row) {
  struct verdict v = judge(t, row, t->count);
  return row->width == t->seen.column_count && v.with > 0 && v.against == 0;
}

static uint32_t usual_filled(const struct table *t) {
  uint64_t sum = 0, rows = 0;
  for (uint32_t i = 0; i < t->kept; i++)
    if (!t->rows[i].blank && t->rows[i].width == t->seen.column_count) sum += t->rows[i].filled, rows++;
  return rows ? (uint32_t)(sum / rows) : 1;
}

static uint32_t find_first(const struct table *t, const struct dialect *given) {
  uint32_t width = (uint32_t)t->seen.column_count, usual = usual_filled(t), i = 0;
  uint32_t need = width == 1 ? 1 : width == 2 ? 2 : (width + 1) / 2;
  if (need > usual) need = usual ? usual : 1;
  if (given->skip >= 0) {
    while (i < t->count && t->rows[i].line < t->skip_lines + (uint64_t)given->skip) i++;
    while (i < t->count && t->rows[i].blank) i++;
    return i;
  }
  for (; i < t->kept; i++)
    if (!t->rows[i].blank && (t->rows[i].filled >= need || fits_columns(t, &t->rows[i]))) return i;
  for (i = 0; i < t->count && t->rows[i].blank; i++)
    ;
  return i;
}

static bool next_row(const struct table *t, uint32_t *i) {
  for (++*i; *i < t->count; ++*i)
    if (!t->rows[*i].blank) return true;
  return false;
}

static bool same_cells(const struct line_row *a, const struct line_row *b) {
  bool same = a->count == b->count;
  for (uint32_t c = 0; same && c < a->count; c++) same = str_eq(a->cells[c], b->cells[c]);
  return same;
}

/* Only text where the columns below hold values: two columns must say so, and
** nothing may look like the rows below. A row full of faults is no header. */
static bool another_header(struct table *t, uint32_t i) {
  const struct line_row *row = &t->rows[i];
  if (row->blank || i + 1 >= t->count || !row->cells) return false;
  count_votes(t, i + 1);
  struct verdict v = judge(t, row, i + 1);
  uint32_t typed = 0;
  for (uint32_t c = 0; c < t->seen.column_count; c++) typed += t->votes[c].kind != KIND_TEXT;
  uint32_t below = 0;
  for (uint32_t k = i + 1; k < t->count && below < 2; k++) below += !t->rows[k].blank;
  if (v.with || v.values || !v.against || v.against * 2 < typed) return false;
  if (same_cells(row, &t->rows[t->first])) return true;
  return below == 2 && v.alike == 0 && (v.against >= 2 || t->seen.column_count < 3);
}

static bool find_header(struct table *t, const struct dialect *given, struct verdict *v) {
  uint32_t next = t->first;
  const struct line_row *row = &t->rows[t->first];
  bool more = next_row(t, &next);
  count_votes(t, more ? next : t->count);
  *v = judge(t, row, more ? next : t->count);
  if (given->header >= 0) return given->header == 1;
  if (!more) return v->sum >= 0 && v->distinct && t->seen.column_count > 1;
  if (v->heard || v->sum != 0) return v->sum > 0;
  return v->distinct && v->complete;
}

static void explain_header(struct table *t, bool header, const struct verdict *v,
                           const struct dialect *given) {
  struct profile *p = t->p;
  unsigned long long line = t->count ? (unsigned long long)t->rows[t->first].line + 1 : 1;
  if (given->header >= 0)
    p->header_evidence = "as stated";
  else if (header && v->against)
    p->header_evidence =
        ctx_printf(t->cx, "line %llu is no value in %u columns that hold values below", line, v->against);
  else if (header)
    p->header_evidence = ctx_printf(t->cx, "no cell of line %llu occurs again below", line);
  else if (v->with)
    p->header_evidence =
        ctx_printf(t->cx, "line %llu holds values in %u columns, like the lines below", line, v->with);
  else
    p->header_evidence = ctx_printf(t->cx, "line %llu looks like the lines below", line);
}

/* ---- headings ---- */

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
  const char *z = ctx_strdup(t->cx, buf_view(&b));
  buf_clear(&b);
  return z;
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

static void set_columns(struct table *t, uint32_t width, bool header, struct notes *notes) {
  struct profile *p = t->p;
  p->column_count = width;
  p->columns = ctx_alloc(t->cx, (width + 1) * sizeof *p->columns);
  for (uint32_t c = 0; c < width; c++) {
    p->columns[c].label = header ? join_labels(t, c) : "";
    p->columns[c].heading = header ? short_label(t, c) : "";
  }
  headings_make(t->cx, p, notes);
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

/* ---- a second table ---- */

static bool rows_of_width(const struct table *t, uint32_t i, uint32_t width, uint32_t want) {
  uint32_t found = 0;
  while (found < want && next_row(t, &i)) {
    if (t->rows[i].width != width) return false;
    found++;
  }
  return found > 0;
}

static uint32_t known_headings(const struct table *t, const struct row *r, uint32_t width) {
  uint32_t known = 0;
  for (uint32_t i = 0; i < width && i < t->p->column_count; i++)
    known += r->cells[i].n > 0 && str_eq(r->cells[i], str_of(t->p->columns[i].label));
  return known;
}

static bool all_text(const struct row *r, uint32_t width) {
  for (uint32_t i = 0; i < width; i++)
    if (!r->cells[i].n || kind_of(r->cells[i]) != KIND_TEXT) return false;
  return true;
}

/* A row that is the header of another table: our headings in another number, or
** after a blank line other headings, with rows of that width below. */
static bool begins_table(const struct table *t, uint32_t i, const struct row *r) {
  uint32_t width = t->rows[i].width, ours = (uint32_t)t->seen.column_count;
  if (width < 2 || width == ours) return false;
  if (known_headings(t, r, width) * 10 >= width * 6) return rows_of_width(t, i, width, 5);
  return t->rows[i - 1].blank && all_text(r, width) && rows_of_width(t, i, width, 3);
}

static void find_second(struct table *t, struct notes *notes) {
  struct parser *parser = parser_new(&t->seen);
  struct scan_memo memo = { 0 };
  struct str text = t->s->text;
  size_t at = t->skip;
  for (uint32_t i = 0; i < t->count; i++) {
    uint32_t lines;
    size_t n = scan_record(&t->rules, text.p + at, text.n - at, true, at, &memo, &lines);
    if (i > t->body && t->rows[i].width >= 2 && t->rows[i].width != t->seen.column_count) {
      struct row r;
      parser_row(parser, (struct str){ text.p + at, n }, at + 1, &r);
      if (r.kind == ROW_DATA && begins_table(t, i, &r)) {
        t->p->table_end = sample_offset(t->s, t->p, t->rows[i].line);
        note(notes, "second_table", t->rows[i].line + 1, 1,
             "another table of %u columns begins here; it is not read: import it by itself with --skip %llu",
             t->rows[i].width, (unsigned long long)t->rows[i].line);
        break;
      }
    }
    at += n;
  }
  parser_free(parser);
}

/* ---- the whole ---- */

static void prepare(struct table *t, const struct sniffed *found, const struct dialect *given) {
  t->rules = found->rules;
  t->skip = found->skip;
  t->skip_lines = found->skip > 0;
  t->seen = *t->p;
  str_copy(t->seen.dialect.encoding, sizeof t->seen.dialect.encoding, STR("UTF-8"));
  t->seen.table_begin = 0;
  t->seen.table_end = UINT64_MAX;
  t->seen.column_count = common_width(t);
  t->keep_from = given->skip > 0 ? t->skip_lines + (uint64_t)given->skip : 0;
  t->votes = ctx_alloc(t->cx, (t->seen.column_count + 1) * sizeof *t->votes);
}

static void note_preamble(struct table *t, struct notes *notes) {
  uint32_t lines = 0;
  for (uint32_t i = 0; i < t->first && i < t->count; i++) lines += !t->rows[i].blank;
  if (t->skip_lines) lines++;
  if (lines) note(notes, "preamble", 1, lines, "lines before the table that do not belong to it");
}

int table_find(struct ctx *cx, const struct sample *s, const struct sniffed *found,
               const struct dialect *given, struct profile *p, struct notes *notes) {
  struct table t = { .cx = cx, .s = s, .p = p };
  struct verdict v = { 0 };
  prepare(&t, found, given);
  read_rows(&t);
  count_votes(&t, 0);
  t.first = find_first(&t, given);
  bool some = t.first < t.count && t.rows[t.first].cells;
  if (!some) {
    free(t.rows);
    return fail(cx, E_INVALID, "input", "there is no table in the file%s",
                given->skip > 0 ? " behind the lines that are skipped" : ": nothing but blank lines");
  }
  bool header = find_header(&t, given, &v);
  explain_header(&t, header, &v, given);
  t.body = t.first + header;
  while (header && t.body < t.first + HEADER_MOST && t.body < t.count && another_header(&t, t.body)) t.body++;
  note_preamble(&t, notes);
  uint32_t width = header ? fit_width(&t, notes) : (uint32_t)t.seen.column_count;
  set_columns(&t, width, header, notes);
  p->dialect.header = header;
  p->dialect.skip = (int64_t)t.rows[t.first].line;
  p->table_begin = t.body < t.count ? sample_offset(s, p, t.rows[t.body].line) : s->raw.n;
  if (!header && p->table_begin <= s->mark) p->table_begin = 0;
  if (header) keep_header_lines(&t);
  find_second(&t, notes);
  free(t.rows);
  return OK;
}
