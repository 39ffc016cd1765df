/*
** header.c - whether a line is a header, put to the vote of the columns.
**
** Where values below are numbers, dates, times or codes of one shape, a cell that
** is not speaks for a header and a cell that is speaks against it. Columns of free
** text have no vote, but a value that occurs again below is no heading. The same
** votes tell a second and a third header line; there two columns must agree and
** nothing may look like a row, because a row full of faults is a row.
*/
#include "format/table.h"

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

void table_vote(struct table *t, uint32_t from) {
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

struct verdict table_judge(const struct table *t, const struct line_row *row, uint32_t below) {
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

/* ---- the header ---- */

bool table_next_row(const struct table *t, uint32_t *i) {
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
  table_vote(t, i + 1);
  struct verdict v = table_judge(t, row, i + 1);
  uint32_t typed = 0;
  for (uint32_t c = 0; c < t->seen.column_count; c++) typed += t->votes[c].kind != KIND_TEXT;
  uint32_t below = 0;
  for (uint32_t k = i + 1; k < t->count && below < 2; k++) below += !t->rows[k].blank;
  if (v.with || v.values || !v.against || v.against * 2 < typed) return false;
  if (same_cells(row, &t->rows[t->first])) return true;
  return below == 2 && v.alike == 0 && (v.against >= 2 || t->seen.column_count < 3);
}

static bool is_header(struct table *t, const struct dialect *given, struct verdict *v) {
  uint32_t next = t->first;
  const struct line_row *row = &t->rows[t->first];
  bool more = table_next_row(t, &next);
  table_vote(t, more ? next : t->count);
  *v = table_judge(t, row, more ? next : t->count);
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

bool table_find_header(struct table *t, const struct dialect *given) {
  struct verdict v;
  bool header = is_header(t, given, &v);
  explain_header(t, header, &v, given);
  t->body = t->first + header;
  while (header && t->body < t->first + HEADER_MOST && t->body < t->count && another_header(t, t->body))
    t->body++;
  return header;
}
