/*
** metric_import.c - metrics of a file, each row through the door. See metric.h.
**
** Rows are saved many in a transaction; when one of them is refused, those of its
** slice are saved one by one, so that the refused one stops nobody.
*/
#include "base/decimal.h"
#include "base/time.h"
#include "format/format.h"
#include "record/form.h"
#include "transform/metric.h"

enum { ROWS_AT_ONCE = 200, PIECE = 256 * 1024 };
enum column_of { TYPE, VALUE, DATE, CATEGORY, DATA, COLUMNS };

static const char *const headings[COLUMNS] = {
  [TYPE] = " metric_type type metric ",
  [VALUE] = " metric_value value amount ",
  [DATE] = " metric_date date day ",
  [CATEGORY] = " category ",
  [DATA] = " data ",
};

struct metric_row {
  uint64_t line;
  const char *type, *date, *value, *category, *data; /* NULL: empty, or not in the file */
};

struct reading {
  struct ctx *cx;
  const struct profile *p;
  int column[COLUMNS]; /* -1: not in the file */
  struct metric_row *rows;
  size_t count;
  uint64_t line;
};

/* ---- reading ---- */

static int find_columns(struct reading *r) {
  for (int k = 0; k < COLUMNS; k++) r->column[k] = -1;
  for (size_t i = 0; i < r->p->column_count; i++) {
    char *name = ctx_printf(r->cx, " %s ", r->p->columns[i].heading);
    for (char *c = name; *c; c++)
      if (*c >= 'A' && *c <= 'Z') *c += 'a' - 'A';
    for (int k = 0; k < COLUMNS; k++)
      if (r->column[k] < 0 && strstr(headings[k], name)) r->column[k] = (int)i;
  }
  for (int k = TYPE; k <= DATE; k++)
    if (r->column[k] < 0)
      return fail(r->cx, E_INVALID, "file",
                  "the file needs the headings metric_type, metric_value and metric_date; it has none of%s",
                  headings[k]);
  return OK;
}

static const char *cell(const struct reading *r, const struct row *row, enum column_of k) {
  int at = r->column[k];
  if (at < 0 || (uint32_t)at >= row->count) return NULL;
  struct str s = str_trim(row->cells[at]);
  return s.n ? ctx_strdup(r->cx, s) : NULL;
}

static struct metric_row *add_row(struct reading *r) {
  r->rows = ctx_more(r->cx, r->rows, r->count, sizeof *r->rows);
  return &r->rows[r->count++];
}

/* Numbers and days as the file writes them; what cannot be read goes on as it is, and the door says why not. */
static void take_row(struct reading *r, const struct row *row) {
  struct metric_row *m = add_row(r);
  char iso[DATE_SIZE];
  int32_t day;
  int64_t number;
  bool rounded = false;
  *m = (struct metric_row){
    r->line,           cell(r, row, TYPE), cell(r, row, DATE), cell(r, row, VALUE), cell(r, row, CATEGORY),
    cell(r, row, DATA)
  };
  const struct column *value = &r->p->columns[r->column[VALUE]], *date = &r->p->columns[r->column[DATE]];
  if (m->date && value_date(str_of(m->date), date->date_order, &day))
    m->date = ctx_strdup(r->cx, str_of(date_iso(iso, day)));
  if (m->value &&
      value_number(str_of(m->value), value->decimal ? value->decimal : '.', METRIC_SCALE, &number,
                   &rounded) &&
      !rounded) {
    struct buf text;
    buf_init(&text, 64);
    dec_print(&text, number, METRIC_SCALE, 0);
    m->value = ctx_take(r->cx, &text);
  }
}

static int read_rows(struct reading *r, const struct input *in) {
  struct splitter *s = splitter_new(r->cx, in, r->p, PIECE);
  struct parser *parser = parser_new(r->p);
  struct batch b;
  int rc;
  batch_init(&b);
  while (!(rc = splitter_next(r->cx, s, &b)) && b.count) {
    uint64_t at = 0;
    r->line = b.line;
    for (uint32_t i = 0; i < b.count; i++) {
      struct row row;
      parser_row(parser, (struct str){ b.bytes + at, b.spans[i].length }, b.offset + at, &row);
      if (row.kind != ROW_OUTSIDE) take_row(r, &row);
      at += b.spans[i].length;
      r->line += b.spans[i].lines;
    }
  }
  batch_clear(&b);
  parser_free(parser);
  return rc;
}

/* ---- saving ---- */

struct saving {
  const struct metric_row *rows;
  size_t count;
  int64_t added, changed;
};

static int save_row(struct ctx *cx, struct db *db, const struct metric_row *m, struct saving *sv) {
  struct form f;
  struct stmt *s = db_ask(cx, db, SQL_metric_of_day, m->type ? m->type : "", m->date ? m->date : "");
  const char *id = stmt_row(cx, s) ? col_dup(cx, s, 0) : NULL;
  if (id) stmt_done(s);
  if (cx->code) return cx->code;
  struct jw *w = form_begin(&f, id);
  jw_put(w, "metric_type", m->type, "metric_date", m->date, "metric_value", m->value, "source", "given");
  if (m->data && *m->data == '{') {
    struct jv *data;
    if (!jv_parse(cx, str_of(m->data), &data)) jw_raw(w, "data", str_of(m->data));
  } else if (m->category) {
    jw_record(w, "data", "category", m->category);
  }
  if (form_save(cx, db, "metric", &f, NULL)) return cx->code;
  if (id)
    sv->changed++;
  else
    sv->added++;
  return OK;
}

static int save_rows(struct ctx *cx, struct db *db, void *arg) {
  struct saving *sv = arg;
  for (size_t i = 0; i < sv->count; i++) {
    struct ctx one; /* its texts go with it */
    ctx_begin(&one, cx->actor);
    str_copy(one.id, sizeof one.id, str_of(cx->id));
    one.now = cx->now;
    if (save_row(&one, db, &sv->rows[i], sv)) fail_from(cx, &one);
    ctx_end(&one);
    if (cx->code) return cx->code;
  }
  return OK;
}

static bool is_refusal(enum err code) { return code == E_INVALID || code == E_CONFLICT || code == E_LIMIT; }

static int save_slice(struct ctx *cx, struct tenant *t, struct saving *total, struct jw *w,
                      int64_t *refused) {
  struct saving all = { .rows = total->rows, .count = total->count };
  if (!tenant_write(cx, t, save_rows, &all)) {
    total->added += all.added;
    total->changed += all.changed;
    return OK;
  }
  if (!is_refusal(cx->code)) return cx->code;
  for (size_t i = 0; i < total->count; i++) {
    struct saving one = { .rows = &total->rows[i], .count = 1 };
    ctx_forgive(cx);
    tenant_write(cx, t, save_rows, &one);
    if (cx->code && !is_refusal(cx->code)) return cx->code;
    total->added += cx->code ? 0 : one.added;
    total->changed += cx->code ? 0 : one.changed;
    if (!cx->code) continue;
    (*refused)++;
    jw_record(w, NULL, "line", (int64_t)one.rows->line, "why", cx->message);
  }
  ctx_forgive(cx);
  return OK;
}

int metric_import(struct ctx *cx, struct tenant *t, const char *path, struct jw *w, int64_t *refused) {
  struct dialect given;
  struct profile *p;
  struct input *in;
  struct reading r = { .cx = cx };
  int64_t added = 0, changed = 0;
  *refused = 0;
  dialect_init(&given);
  if (input_open(cx, path, store_dir(tenant_store(t)), &in) || profile_file(cx, in, &given, &p))
    return cx->code;
  r.p = p;
  if (find_columns(&r) || read_rows(&r, in)) return cx->code;
  jw_array(w, "refused");
  for (size_t i = 0; i < r.count && !cx->code; i += ROWS_AT_ONCE) {
    struct saving sv = { .rows = &r.rows[i],
                         .count = r.count - i < ROWS_AT_ONCE ? r.count - i : ROWS_AT_ONCE };
    save_slice(cx, t, &sv, w, refused);
    added += sv.added;
    changed += sv.changed;
  }
  jw_close(w, ']');
  jw_put(w, "rows", (int64_t)r.count, "added", added, "changed", changed);
  return cx->code;
}
