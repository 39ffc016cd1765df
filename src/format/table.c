/*
** table.c - where in the file the table is.
**
**   preamble   titles, blank lines, comments: rows with too few cells filled
**   header     no, one or several lines (header.c, headings.c)
**   rows       the table
**   second table, footer: outside (the footer is found by footer.c)
**
** The width is the commonest number of cells.
*/
#include <stdlib.h>

#include "format/table.h"

enum { WIDTHS = LIMIT_COLUMNS + 2 };

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
  t->rows = xmore(t->rows, t->count, sizeof *t->rows);
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

/* ---- the first row ---- */

/* A row with few cells that nevertheless is one: what it has fits the columns. */
static bool fits_columns(const struct table *t, const struct line_row *row) {
  struct verdict v = table_judge(t, row, t->count);
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
    while (i < t->count && t->rows[i].line < (uint64_t)given->skip) i++;
    while (i < t->count && t->rows[i].blank) i++;
    return i;
  }
  for (; i < t->kept; i++)
    if (!t->rows[i].blank && (t->rows[i].filled >= need || fits_columns(t, &t->rows[i]))) return i;
  for (i = 0; i < t->count && t->rows[i].blank; i++)
    ;
  return i;
}

/* ---- a second table ---- */

static bool rows_of_width(const struct table *t, uint32_t i, uint32_t width, uint32_t want) {
  uint32_t found = 0;
  while (found < want && table_next_row(t, &i)) {
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
  t->keep_from = given->skip > 0 ? (uint64_t)given->skip : 0;
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
  prepare(&t, found, given);
  read_rows(&t);
  table_vote(&t, 0);
  t.first = find_first(&t, given);
  bool some = t.first < t.count && t.rows[t.first].cells;
  if (!some) {
    free(t.rows);
    return fail(cx, E_INVALID, "input", "there is no table in the file%s",
                given->skip > 0 ? " behind the lines that are skipped" : ": nothing but blank lines");
  }
  bool header = table_find_header(&t, given);
  note_preamble(&t, notes);
  table_set_columns(&t, header, notes);
  p->dialect.header = header;
  p->dialect.skip = (int64_t)t.rows[t.first].line;
  p->table_begin = t.body < t.count ? sample_offset(s, p, t.rows[t.body].line) : s->raw.n;
  if (!header && p->table_begin <= s->mark) p->table_begin = 0;
  find_second(&t, notes);
  free(t.rows);
  return OK;
}
