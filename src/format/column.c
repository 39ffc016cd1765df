/*
** column.c - what the columns hold, and how their numbers and dates are read.
**
** Every value of the rows looked at is counted by kind; nearly all of one kind
** make the column's type. Two questions cannot be answered by one value:
**
**   1/2/2024   day or month first?  13/2/2024 can only be day first.
**   1,234      thousands or decimals?  1,23 can only be decimals.
**
** So every value that decides is counted for its side. Where numeric dates occur
** at all, or nothing decides about a decimal sign, the whole file is read and the
** majority wins; a contradiction is reported. Where nothing decides in the
** column, another column of the file does, or custom (dates with dots are day
** first), and else the column is called ambiguous.
*/
#include <stdlib.h>

#include "format/internal.h"

enum { SHOW_MAX = 40, WHY_MAX = 200 };

struct proof {
  uint64_t count, line; /* how many values say so; the first one's line */
  char value[SHOW_MAX + 1];
};

struct stats {
  uint64_t values, empty, kinds[KIND_TEXT + 1];
  uint64_t codes;   /* digits with a leading zero, numbers with an exponent */
  uint64_t compact; /* integers that are dates of 8 digits */
  uint64_t iso, named, month_first, numeric, dotted;
  struct proof dmy, mdy;     /* can only be that */
  struct proof point, comma; /* can only be that decimal sign */
  struct proof either;       /* 1,234 or 1.234 */
  uint64_t either_comma;
  char example[SHOW_MAX + 1];
};

/* Something about rows: how often, where first, and what it says there. */
struct event {
  uint64_t count, line;
  char text[WHY_MAX];
};

struct look {
  struct ctx *cx;
  struct profile *p;
  struct notes *notes;
  struct stats *stats;
  bool *wanted; /* columns that the rest of the file is read for; NULL while all are */
  uint64_t rows, row_bytes;
  struct event ragged, broken, quotes, repeated, blank;
};

static void prove(struct proof *k, uint64_t line, struct str s) {
  if (k->count++) return;
  k->line = line;
  size_t n = s.n < SHOW_MAX ? s.n : SHOW_MAX;
  while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80) n--;
  str_copy(k->value, sizeof k->value, (struct str){ s.p ? s.p : "", n });
}

/* ---- one value ---- */

static void see_date(struct stats *k, struct str s, uint64_t line) {
  struct date_parts d;
  date_split(s, &d);
  if (d.form == FORM_ISO) k->iso++;
  if (d.form == FORM_NAMED) k->named++, k->month_first += d.month_first;
  if (d.form != FORM_NUMERIC) return;
  k->numeric++;
  k->dotted += d.separator == '.';
  if (d.first > 12) prove(&k->dmy, line, s);
  if (d.second > 12) prove(&k->mdy, line, s);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Which decimal sign a number shows. */
static void see_number(struct stats *k, struct str s, uint64_t line) {
  size_t points = 0, commas = 0, last = 0, first = SIZE_MAX, end = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (is_digit(s.p[i])) {
      if (first == SIZE_MAX) first = i;
      end = i + 1;
    } else if ((s.p[i] == '.' || s.p[i] == ',') && first != SIZE_MAX && i + 1 < s.n && is_digit(s.p[i + 1])) {
      *(s.p[i] == '.' ? &points : &commas) += 1;
      last = i;
    }
  }
  if (points + commas == 0) return;
  bool comma = s.p[last] == ',';
  struct proof *decimal = comma ? &k->comma : &k->point, *group = comma ? &k->point : &k->comma;
  if (points && commas) {
    prove(decimal, line, s); /* the last sign is the decimal one */
  } else if (points + commas > 1) {
    prove(group, line, s); /* a sign that is repeated groups */
  } else if (end - last - 1 == 3 && last - first >= 1 && last - first <= 3 && s.p[first] != '0') {
    prove(&k->either, line, s);
    k->either_comma += comma;
  } else {
    prove(decimal, line, s);
  }
}

static bool is_compact(struct str s) {
  int32_t days;
  return s.n == 8 && value_date(s, DATE_YMD, &days) && days >= 0 && days < 36525;
}

static bool is_code(struct str s) {
  return is_digit(s.p[0]) &&
         ((s.p[0] == '0' && s.n > 1 && is_digit(s.p[1])) || memchr(s.p, 'E', s.n) || memchr(s.p, 'e', s.n));
}

static void see_value(struct stats *k, struct str s, uint64_t line) {
  enum kind kind = kind_of(s);
  if (kind == KIND_EMPTY) {
    k->empty++;
    return;
  }
  if (k->values++ == 0) {
    struct proof shown = { 0 };
    prove(&shown, 0, s);
    str_copy(k->example, sizeof k->example, str_of(shown.value));
  }
  k->kinds[kind]++;
  if (kind == KIND_INTEGER) k->compact += is_compact(s);
  if (kind == KIND_TEXT) k->codes += s.n <= 20 && is_code(s);
  if (kind == KIND_DATE) see_date(k, s, line);
  if (kind == KIND_DECIMAL) see_number(k, s, line);
}

/* ---- rows ---- */

static void seen(struct event *e, uint64_t line, const char *text) {
  if (e->count++) return;
  e->line = line;
  str_copy(e->text, sizeof e->text, str_of(text));
}

static void see_row(struct look *l, const struct row *r, uint64_t line, size_t bytes) {
  if (r->kind == ROW_OUTSIDE) {
    bool blank = bytes <= 2 || !l->p->header_count;
    seen(blank ? &l->blank : &l->repeated, line,
         blank ? "blank lines inside the table"
               : "lines inside the table that are no rows: the header again, or a comment");
    return;
  }
  l->rows++;
  l->row_bytes += bytes;
  if (r->kind == ROW_BROKEN) {
    seen(&l->broken, line, r->why);
    return;
  }
  if (r->why) seen(r->missing || r->extra ? &l->ragged : &l->quotes, line, r->why);
  for (uint32_t i = 0; i < r->count; i++)
    if (!l->wanted || l->wanted[i]) see_value(&l->stats[i], r->cells[i], line);
}

static void see_batch(struct look *l, struct parser *parser, const struct batch *b) {
  uint64_t line = b->line, at = 0;
  for (uint32_t i = 0; i < b->count; i++) {
    struct row r;
    struct str raw = { b->bytes + at, b->spans[i].length };
    uint64_t offset = b->offset + at;
    parser_row(parser, raw, offset, &r);
    if (offset >= l->p->table_begin && offset < l->p->table_end) see_row(l, &r, line, raw.n);
    at += raw.n;
    line += b->spans[i].lines;
  }
}

/* ---- decisions ---- */

static bool most(uint64_t part, uint64_t all) { return part > 0 && part * 10 >= all * 8; }

static enum column_type type_of(const struct stats *k) {
  uint64_t numbers = k->kinds[KIND_INTEGER] + k->kinds[KIND_DECIMAL];
  if (!k->values) return COLUMN_EMPTY;
  if (k->codes && k->codes * 100 >= k->values) return COLUMN_TEXT;
  if (k->compact && k->compact == k->kinds[KIND_INTEGER] && most(k->compact + k->kinds[KIND_DATE], k->values))
    return COLUMN_DATE;
  if (most(k->kinds[KIND_DATE], k->values)) return COLUMN_DATE;
  if (most(numbers, k->values)) return k->kinds[KIND_DECIMAL] ? COLUMN_DECIMAL : COLUMN_INTEGER;
  return most(k->kinds[KIND_BOOLEAN], k->values) ? COLUMN_BOOLEAN : COLUMN_TEXT;
}

static const char *say(struct ctx *cx, const struct proof *k, const char *what) {
  if (k->count == 1)
    return ctx_printf(cx, "%s in line %llu can only %s", k->value, (unsigned long long)k->line, what);
  return ctx_printf(cx, "%s in line %llu can only %s, and %llu more", k->value, (unsigned long long)k->line,
                    what, (unsigned long long)k->count - 1);
}

static void decide_date(struct look *l, struct column *c, const struct stats *k,
                        const struct dialect *given) {
  c->odd = k->values - k->kinds[KIND_DATE] - (k->kinds[KIND_DATE] < k->values ? k->compact : 0);
  if (given->date_order) {
    c->date_order = given->date_order;
    c->evidence = "as stated";
  } else if (!k->numeric) {
    c->date_order = k->named == 0 ? DATE_YMD : k->month_first * 2 > k->named ? DATE_MDY : DATE_DMY;
    c->evidence = k->named ? "months are names" : "the year comes first";
  } else if (k->dmy.count || k->mdy.count) {
    bool day = k->dmy.count >= k->mdy.count;
    c->date_order = day ? DATE_DMY : DATE_MDY;
    c->evidence = say(l->cx, day ? &k->dmy : &k->mdy, day ? "be day first" : "be month first");
    c->odd += day ? k->mdy.count : k->dmy.count;
    if (k->dmy.count && k->mdy.count)
      note(l->notes, "contradicting_dates", day ? k->mdy.line : k->dmy.line,
           day ? k->mdy.count : k->dmy.count,
           "column \"%s\" is read as %s first, but %s can only be the other way", c->heading,
           day ? "day" : "month", day ? k->mdy.value : k->dmy.value);
  }
  int forms = (k->iso + k->compact > 0) + (k->named > 0) + (k->numeric > 0);
  if (forms > 1)
    note(l->notes, "mixed_dates", 0, 1, "column \"%s\" holds dates of several forms", c->heading);
}

/* Columns that did not decide by themselves follow one that did. */
static void decide_open_dates(struct look *l) {
  const struct column *model = NULL;
  for (size_t i = 0; i < l->p->column_count; i++) {
    const struct stats *k = &l->stats[i];
    if (l->p->columns[i].type == COLUMN_DATE && (k->dmy.count || k->mdy.count)) model = &l->p->columns[i];
  }
  for (size_t i = 0; i < l->p->column_count; i++) {
    struct column *c = &l->p->columns[i];
    const struct stats *k = &l->stats[i];
    if (c->type != COLUMN_DATE || c->date_order != DATE_AUTO) continue;
    c->date_order = model ? model->date_order : DATE_DMY;
    if (model) {
      c->evidence = ctx_printf(l->cx, "no value decides; read like column \"%s\"", model->heading);
    } else if (k->dotted == k->numeric) {
      c->evidence = "no value decides; dates with dots are day first by custom";
    } else {
      c->ambiguous = true;
      c->evidence = "no value decides: day and month could be swapped";
      note(l->notes, "ambiguous_dates", 0, k->numeric,
           "column \"%s\": no value tells day from month; read day first unless --date-order mdy is given",
           c->heading);
    }
  }
}

static void decide_number(struct look *l, struct column *c, const struct stats *k,
                          const struct dialect *given) {
  uint64_t numbers = k->kinds[KIND_INTEGER] + k->kinds[KIND_DECIMAL];
  c->odd = k->values - numbers;
  if (given->decimal) {
    c->decimal = given->decimal;
    c->evidence = "as stated";
  } else if (k->point.count || k->comma.count) {
    bool comma = k->comma.count > k->point.count;
    const struct proof *won = comma ? &k->comma : &k->point, *lost = comma ? &k->point : &k->comma;
    c->decimal = comma ? ',' : '.';
    c->evidence = say(l->cx, won, comma ? "have a decimal comma" : "have a decimal point");
    c->odd += lost->count;
    if (lost->count)
      note(l->notes, "contradicting_numbers", lost->line, lost->count,
           "column \"%s\" is read with a decimal %s, but %s can only be the other way", c->heading,
           comma ? "comma" : "point", lost->value);
  } else if (!k->either.count) {
    c->decimal = '.';
    c->evidence = "whole numbers";
  }
}

static void decide_open_numbers(struct look *l) {
  uint64_t points = 0, commas = 0;
  for (size_t i = 0; i < l->p->column_count; i++) {
    points += l->stats[i].point.count;
    commas += l->stats[i].comma.count;
  }
  for (size_t i = 0; i < l->p->column_count; i++) {
    struct column *c = &l->p->columns[i];
    const struct stats *k = &l->stats[i];
    bool number = c->type == COLUMN_INTEGER || c->type == COLUMN_DECIMAL;
    if (!number || c->decimal) continue;
    c->decimal = commas > points ? ',' : '.';
    if (points || commas) {
      c->evidence = "no value decides; read like the file's other numbers";
      continue;
    }
    c->evidence =
        ctx_printf(l->cx, "%s may have three decimals or a group of thousands; read with a decimal point",
                   k->either.value);
    note(
        l->notes, "ambiguous_numbers", k->either.line, k->either.count,
        "column \"%s\": %s may have three decimals or a group of thousands; read with a decimal point unless "
        "--decimal says otherwise",
        c->heading, k->either.value);
  }
}

static void decide(struct look *l, const struct dialect *given) {
  for (size_t i = 0; i < l->p->column_count; i++) {
    struct column *c = &l->p->columns[i];
    const struct stats *k = &l->stats[i];
    c->type = type_of(k);
    c->values = k->values;
    c->empty = k->empty;
    c->odd = 0;
    c->date_order = DATE_AUTO;
    c->decimal = 0;
    c->ambiguous = false;
    c->example = ctx_strdup(l->cx, str_of(k->example));
    c->evidence = "";
    if (c->type == COLUMN_DATE) decide_date(l, c, k, given);
    if (c->type == COLUMN_INTEGER || c->type == COLUMN_DECIMAL) decide_number(l, c, k, given);
    if (c->type == COLUMN_BOOLEAN) c->odd = k->values - k->kinds[KIND_BOOLEAN];
    if (c->type == COLUMN_TEXT && k->codes)
      c->evidence = "codes: leading zeros or exponents are kept as they are";
  }
  decide_open_dates(l);
  decide_open_numbers(l);
  for (size_t i = 0; i < l->p->column_count; i++)
    if (!l->p->columns[i].decimal) l->p->columns[i].decimal = '.';
}

/* Columns that more of the file could decide, or contradict. */
static bool want_more(struct look *l, const struct dialect *given) {
  bool some = false;
  l->wanted = ctx_alloc(l->cx, l->p->column_count + 1);
  for (size_t i = 0; i < l->p->column_count; i++) {
    const struct stats *k = &l->stats[i];
    enum column_type type = type_of(k);
    bool date = type == COLUMN_DATE && k->numeric && !given->date_order;
    bool number =
        type == COLUMN_DECIMAL && k->either.count && !k->point.count && !k->comma.count && !given->decimal;
    l->wanted[i] = date || number;
    some = some || l->wanted[i];
  }
  return some;
}

static void report(struct look *l) {
  const struct {
    const char *code;
    const struct event *e;
  } all[] = { { "ragged_rows", &l->ragged },
              { "broken_rows", &l->broken },
              { "stray_quotes", &l->quotes },
              { "repeated_header", &l->repeated },
              { "blank_lines", &l->blank } };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i].e->count) note(l->notes, all[i].code, all[i].e->line, all[i].e->count, "%s", all[i].e->text);
}

static void estimate(struct look *l, const struct input *in, uint64_t read, bool whole) {
  struct profile *p = l->p;
  uint64_t end = p->table_end < input_size(in) ? p->table_end : input_size(in);
  p->rows_estimate = l->rows;
  if (whole || !l->row_bytes || read <= p->table_begin) return;
  double each = (double)(read - p->table_begin) / (double)(l->rows ? l->rows : 1);
  p->rows_estimate = (uint64_t)((double)(end - p->table_begin) / each + 0.5);
}

int columns_look(struct ctx *cx, const struct input *in, const struct dialect *given, uint64_t bytes,
                 struct profile *p, struct notes *notes) {
  struct look l = { .cx = cx, .p = p, .notes = notes };
  l.stats = xcalloc(p->column_count + 1, sizeof *l.stats);
  struct splitter *s = splitter_new(cx, in, p, KIB(256));
  struct parser *parser = parser_new(p);
  struct batch b;
  batch_init(&b);
  uint64_t read = 0;
  int rc = OK;
  for (bool more = true; !rc && more;) {
    rc = splitter_next(cx, s, &b);
    if (rc || b.count == 0) break;
    see_batch(&l, parser, &b);
    read = b.offset + b.n;
    if (read >= bytes && !l.wanted) {
      estimate(&l, in, read, read >= input_size(in));
      more = notes && want_more(&l, given);
    }
  }
  if (read < bytes || !l.wanted) estimate(&l, in, read, read >= input_size(in));
  if (!rc) decide(&l, given);
  if (!rc) report(&l);
  batch_clear(&b);
  parser_free(parser);
  free(l.stats);
  return rc;
}
