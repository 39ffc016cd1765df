#include "export/tables.h"

#include <stdio.h>

#include "base/decimal.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/utf8.h"
#include "format/parquet.h"
#include "ingest/kept.h"
#include "model/visible.h"

enum { COLUMNS_MAX = 64 };
static const size_t FLUSH_BYTES = 65536;

enum cell_kind { CELL_INT, CELL_TEXT, CELL_DAY, CELL_TIME, CELL_DECIMAL };

struct column_spec {
  const char *name;
  enum cell_kind kind;
  int scale, min;
};

struct out {
  enum export_format format;
  export_write_fn *write;
  void *arg;
  struct column_spec column[COLUMNS_MAX];
  int columns;
  struct buf buf;
  struct jw w; /* of the line that is being written */
  int cell;
  int64_t rows;
  bool plain; /* formulas are not guarded */
  struct parquet_writer *parquet;
  struct parquet_value value[COLUMNS_MAX]; /* of its row */
  struct buf repaired[COLUMNS_MAX];        /* texts that were not UTF-8 */
  int32_t from, until;                     /* days, of the first column that is one */
};

/* ---- cells ---- */

static int flush_at(struct ctx *cx, struct out *o, size_t limit) {
  if (o->buf.n < limit) return OK;
  if (o->buf.full) return fail(cx, E_LIMIT, NULL, "a row is too large to be exported");
  int rc = o->write(cx, o->arg, o->buf.p, o->buf.n);
  buf_reset(&o->buf);
  return rc;
}

/* Parquet's texts are UTF-8: what is not becomes U+FFFD, as it does in JSON. */
static struct str text_of(struct out *o, struct str text) {
  struct buf *b = &o->repaired[o->cell];
  char bytes[4];
  if (utf8_valid(text)) return text;
  buf_init(b, LIMIT_RECORD_BYTES * 3);
  for (size_t i = 0, step; i < text.n; i += step) {
    uint32_t c = utf8_decode(text.p + i, text.n - i, &step);
    buf_add(b, bytes, utf8_put(bytes, c));
  }
  return buf_view(b);
}

static void put_value(struct out *o, struct str text) {
  struct parquet_value *v = &o->value[o->cell];
  *v = (struct parquet_value){ 0 };
  if (o->column[o->cell].kind == CELL_TEXT)
    v->s = text_of(o, text);
  else
    v->null = !str_to_int(text, &v->n);
}

static void put_cell(struct out *o, struct str text, bool number) {
  const char *name = o->column[o->cell].name;
  if (o->format == EXPORT_PARQUET) {
    put_value(o, text);
  } else if (o->format == EXPORT_JSON) {
    if (o->column[o->cell].kind == CELL_INT && number)
      jw_raw(&o->w, name, text);
    else
      jw_str(&o->w, name, text);
  } else {
    if (o->cell) buf_char(&o->buf, ',');
    if (number || o->plain)
      csv_put(&o->buf, text);
    else
      csv_put_guarded(&o->buf, text);
  }
  o->cell++;
}

static void put_null(struct out *o) {
  if (o->format == EXPORT_PARQUET)
    o->value[o->cell] = (struct parquet_value){ .null = true };
  else if (o->format == EXPORT_JSON)
    jw_text(&o->w, o->column[o->cell].name, NULL);
  else if (o->cell)
    buf_char(&o->buf, ',');
  o->cell++;
}

static void begin_row(struct out *o) {
  o->cell = 0;
  jw_init(&o->w, &o->buf);
  if (o->format != EXPORT_JSON) return;
  buf_puts(&o->buf, o->rows++ ? ",\n" : "[\n");
  jw_object(&o->w, NULL);
}

static int end_row(struct ctx *cx, struct out *o) {
  if (o->format == EXPORT_PARQUET) {
    int rc = parquet_add(cx, o->parquet, o->value);
    for (int i = 0; i < o->columns; i++)
      if (o->repaired[i].p) buf_clear(&o->repaired[i]);
    return rc;
  }
  if (o->format == EXPORT_JSON)
    jw_close(&o->w, '}');
  else
    buf_puts(&o->buf, "\r\n");
  return flush_at(cx, o, FLUSH_BYTES);
}

static int parquet_begin(struct ctx *cx, struct out *o) {
  static const enum parquet_kind kinds[] = { [CELL_INT] = PARQUET_INT,
                                             [CELL_TEXT] = PARQUET_TEXT,
                                             [CELL_DAY] = PARQUET_DAY,
                                             [CELL_TIME] = PARQUET_TIME,
                                             [CELL_DECIMAL] = PARQUET_DECIMAL };
  struct parquet_column *columns = ctx_alloc(cx, COLUMNS_MAX * sizeof *columns);
  for (int i = 0; i < o->columns; i++)
    columns[i] = (struct parquet_column){ .name = o->column[i].name,
                                          .kind = kinds[o->column[i].kind],
                                          .scale = o->column[i].scale };
  struct parquet_setup setup = {
    .columns = columns, .column_count = o->columns, .write = o->write, .arg = o->arg
  };
  return parquet_new(cx, &setup, &o->parquet);
}

static int put_heading(struct ctx *cx, struct out *o) {
  if (o->format == EXPORT_PARQUET) return parquet_begin(cx, o);
  if (o->format != EXPORT_CSV) return OK;
  for (int i = 0; i < o->columns; i++) {
    if (i) buf_char(&o->buf, ',');
    csv_put_guarded(&o->buf, str_of(o->column[i].name)); /* of a file that somebody sent, perhaps */
  }
  buf_puts(&o->buf, "\r\n");
  return OK;
}

/* ---- tables of a SELECT ---- */

/* "revenue dec4.2" */
static void read_spec(struct ctx *cx, struct str text, struct column_spec *c) {
  struct str s = str_trim(text);
  size_t blank = 0;
  while (blank < s.n && s.p[blank] != ' ') blank++;
  struct str kind = str_trim((struct str){ s.p + blank, s.n - blank });
  *c = (struct column_spec){ .name = ctx_strdup(cx, (struct str){ s.p, blank }), .kind = CELL_TEXT };
  if (str_eq(kind, STR("int")))
    c->kind = CELL_INT;
  else if (str_eq(kind, STR("day")))
    c->kind = CELL_DAY;
  else if (str_eq(kind, STR("time")))
    c->kind = CELL_TIME;
  else if (str_starts(kind, STR("dec")) && kind.n == 6) {
    c->kind = CELL_DECIMAL;
    c->scale = kind.p[3] - '0';
    c->min = kind.p[5] - '0';
  }
}

static void read_specs(struct ctx *cx, const char *text, struct out *o) {
  while (*text && o->columns < COLUMNS_MAX) {
    size_t n = strcspn(text, ",");
    if (str_trim((struct str){ text, n }).n) read_spec(cx, (struct str){ text, n }, &o->column[o->columns++]);
    text += n + (text[n] == ',');
  }
}

static void put_column(struct out *o, const struct stmt *s, int i) {
  char text[TIME_SIZE];
  struct buf number;
  bool whole = o->format == EXPORT_PARQUET && o->column[i].kind != CELL_TEXT;
  int64_t n = whole ? col_int(s, i) : 0; /* NULL is read as 0: a number that is another one needs no look */
  if (!n && col_null(s, i)) {
    put_null(o);
    return;
  }
  if (whole) {
    o->value[o->cell++] = (struct parquet_value){ .n = n };
    return;
  }
  switch (o->column[i].kind) {
  case CELL_DAY: put_cell(o, str_of(date_iso(text, (int32_t)col_int(s, i))), true); break;
  case CELL_TIME: put_cell(o, str_of(time_iso(text, col_int(s, i))), true); break;
  case CELL_DECIMAL:
    buf_init(&number, 64);
    dec_print(&number, col_int(s, i), o->column[i].scale, o->column[i].min);
    put_cell(o, buf_view(&number), true);
    buf_clear(&number);
    break;
  case CELL_INT: put_cell(o, col_str(s, i), true); break;
  case CELL_TEXT: put_cell(o, col_str(s, i), false); break;
  }
}

/* The SELECT, or the SELECT from it that keeps to the days asked for. */
static const char *select_between(struct ctx *cx, const struct report_text *r, const struct out *o) {
  int at = 0;
  const char *names = "";
  size_t n = strlen(r->text);
  if (o->from == INT32_MIN && o->until == INT32_MAX) return r->text;
  while (at < o->columns && o->column[at].kind != CELL_DAY && o->column[at].kind != CELL_TIME) at++;
  if (at == o->columns) {
    fail(cx, E_INVALID, "from",
         "the table %s has no day or instant that --from and --until could be compared with", r->name);
    return NULL;
  }
  for (int i = 0; i < o->columns; i++) names = ctx_printf(cx, "%s%sc%d", names, i ? ", " : "", i);
  while (n && (r->text[n - 1] == ';' || r->text[n - 1] == '\n')) n--;
  int64_t unit = o->column[at].kind == CELL_TIME ? DAY_US : 1;
  return ctx_printf(cx, "WITH t(%s) AS (%.*s) SELECT * FROM t WHERE c%d >= %lld AND c%d < %lld", names,
                    (int)n, r->text, at, (long long)(o->from == INT32_MIN ? INT64_MIN / 2 : o->from * unit),
                    at, (long long)(o->until == INT32_MAX ? INT64_MAX / 2 : (o->until + INT64_C(1)) * unit));
}

static int export_select(struct ctx *cx, struct db *db, const struct report_text *r, const char *run,
                         struct out *o) {
  read_specs(cx, r->columns, o);
  const char *sql = select_between(cx, r, o);
  struct stmt *s = sql ? db_compose(cx, db, sql) : NULL;
  if (!s || put_heading(cx, o)) return cx->code;
  stmt_named(s, ":run", run);
  stmt_named(s, ":hidden", tables_hidden(cx));
  while (stmt_row(cx, s)) {
    begin_row(o);
    for (int i = 0; i < o->columns; i++) put_column(o, s, i);
    if (end_row(cx, o)) break;
  }
  return cx->code;
}

/* ---- rows from the original bytes ---- */

typedef void raw_row_fn(struct out *o, const struct kept_run *run, const struct profile *p,
                        const struct mapping *m, const struct row *row, int64_t record);

/* Every data record of a run, in the order of the file. */
static int walk_raw(struct ctx *cx, struct db *db, const struct kept_run *run, raw_row_fn *fn,
                    struct out *o) {
  const struct input *in;
  struct profile *p;
  struct mapping m;
  struct batch b;
  struct row row;
  if (kept_open(cx, db, run, &in) || kept_profile(cx, in, run, &p, &m)) return cx->code;
  struct splitter *splitter = splitter_new(cx, in, p, MIB(1));
  struct parser *parser = parser_new(p);
  batch_init(&b);
  int64_t record = 1;
  while (!cx->code && !splitter_next(cx, splitter, &b) && b.count > 0) {
    uint64_t at = 0;
    for (uint32_t i = 0; i < b.count && !cx->code; i++, record++) {
      parser_row(parser, (struct str){ b.bytes + at, b.spans[i].length }, b.offset + at, &row);
      at += b.spans[i].length;
      if (row.kind == ROW_OUTSIDE) continue;
      begin_row(o);
      fn(o, run, p, &m, &row, record);
      end_row(cx, o);
    }
  }
  batch_clear(&b);
  parser_free(parser);
  return cx->code;
}

static void put_raw_row(struct out *o, const struct kept_run *run, const struct profile *p,
                        const struct mapping *m, const struct row *row, int64_t record) {
  char number[24];
  (void)p;
  snprintf(number, sizeof number, "%lld", (long long)(run->id << 32 | record));
  put_cell(o, str_of(number), true);
  put_cell(o, str_of(run->uuid), false);
  put_cell(o, str_of(run->started), true);
  put_cell(o, str_of(run->source), false);
  for (int i = 0; i < run->dataset->field_count; i++) {
    uint32_t column = (uint32_t)m->column[i];
    put_cell(o, column < row->count ? row->cells[column] : STR(""), false);
  }
}

static void raw_specs(const struct dataset *d, struct out *o) {
  static const char *const own[] = { "id", "run_id", "ingestion_timestamp", "source_name" };
  for (int i = 0; i < 4; i++)
    o->column[o->columns++] = (struct column_spec){ .name = own[i], .kind = i ? CELL_TEXT : CELL_INT };
  for (int i = 0; i < d->field_count; i++)
    o->column[o->columns++] = (struct column_spec){ .name = d->fields[i].name, .kind = CELL_TEXT };
}

static int export_raw(struct ctx *cx, struct db *db, const struct dataset *d, const char *run,
                      struct out *o) {
  struct kept_run *list;
  size_t count;
  raw_specs(d, o);
  if (o->from != INT32_MIN || o->until != INT32_MAX)
    return fail(cx, E_INVALID, "from", "the rows of raw_%s have no day: they are as they came", d->name);
  if (put_heading(cx, o)) return cx->code;
  if (kept_list(cx, db, &list, &count)) return cx->code;
  for (size_t i = 0; i < count && !cx->code; i++)
    if (list[i].dataset == d && (!run || strcmp(run, list[i].uuid) == 0))
      walk_raw(cx, db, &list[i], put_raw_row, o);
  return cx->code;
}

/* ---- which table ---- */

const char *export_names(struct ctx *cx) {
  const char *names = "";
  for (size_t i = 0; i < report_count; i++) names = ctx_printf(cx, "%s%s, ", names, report_texts[i].name);
  return ctx_printf(cx, "%sand raw_ before a dataset: %s", names, dataset_names());
}

static void list_table(struct jw *w, const char *name, const struct out *o) {
  static const char *const kinds[] = { [CELL_INT] = "int",
                                       [CELL_TEXT] = "text",
                                       [CELL_DAY] = "day",
                                       [CELL_TIME] = "time",
                                       [CELL_DECIMAL] = "decimal" };
  jw_object(w, NULL);
  jw_text(w, "name", name);
  jw_array(w, "columns");
  for (int i = 0; i < o->columns; i++)
    jw_record(w, NULL, "name", o->column[i].name, "kind", kinds[o->column[i].kind]);
  jw_close(w, ']');
  jw_close(w, '}');
}

void export_list(struct ctx *cx, struct jw *w, const char *key) {
  struct out *o = ctx_alloc(cx, sizeof *o);
  const struct dataset *d;
  jw_array(w, key);
  for (size_t i = 0; i < report_count; i++) {
    o->columns = 0;
    read_specs(cx, report_texts[i].columns, o);
    list_table(w, report_texts[i].name, o);
  }
  for (int i = 0; (d = dataset_at(i)); i++) {
    o->columns = 0;
    raw_specs(d, o);
    list_table(w, ctx_printf(cx, "raw_%s", d->name), o);
  }
  jw_close(w, ']');
}

bool export_has(const char *table, const char *column) {
  struct ctx cx;
  struct out *o;
  const struct dataset *d = strncmp(table, "raw_", 4) == 0 ? dataset_find(table + 4) : NULL;
  bool found = d != NULL, fits = column == NULL;
  ctx_begin(&cx, "export");
  o = ctx_alloc(&cx, sizeof *o);
  if (d) raw_specs(d, o);
  for (size_t i = 0; i < report_count && !found; i++) {
    found = strcmp(report_texts[i].name, table) == 0;
    if (found) read_specs(&cx, report_texts[i].columns, o);
  }
  for (int i = 0; i < o->columns && !fits; i++) fits = strcmp(o->column[i].name, column) == 0;
  ctx_end(&cx);
  return found && fits;
}

static int export_named(struct ctx *cx, struct db *db, const char *table, const char *run, struct out *o) {
  for (size_t i = 0; i < report_count; i++)
    if (strcmp(report_texts[i].name, table) == 0) return export_select(cx, db, &report_texts[i], run, o);
  const struct dataset *d = strncmp(table, "raw_", 4) == 0 ? dataset_find(table + 4) : NULL;
  if (d) return export_raw(cx, db, d, run, o);
  return fail(cx, E_NOT_FOUND, "table", "there is no table %s; there are %s", table, export_names(cx));
}

static void clear_out(void *arg) {
  struct out *o = arg;
  buf_clear(&o->buf);
  for (int i = 0; i < COLUMNS_MAX; i++)
    if (o->repaired[i].p) buf_clear(&o->repaired[i]);
}

static struct out *new_out(struct ctx *cx, enum export_format format, export_write_fn *write, void *arg) {
  struct out *o = ctx_alloc(cx, sizeof *o);
  o->format = format == EXPORT_CSV_PLAIN ? EXPORT_CSV : format;
  o->plain = format == EXPORT_CSV_PLAIN;
  o->write = write;
  o->arg = arg;
  o->from = INT32_MIN;
  o->until = INT32_MAX;
  buf_init(&o->buf, LIMIT_REPLY_BYTES);
  ctx_defer(cx, clear_out, o);
  return o;
}

static int export_out(struct ctx *cx, struct db *db, const char *table, const char *run, struct out *o) {
  struct kept_run found;
  if (run) {
    if (kept_find(cx, db, run, &found)) return cx->code;
    run = found.uuid;
  }
  if (export_named(cx, db, table, run, o)) return cx->code;
  if (o->format == EXPORT_PARQUET) {
    parquet_note(cx, o->parquet, "table", table);
    return parquet_end(cx, o->parquet);
  }
  if (o->format == EXPORT_JSON) buf_puts(&o->buf, o->rows ? "\n]\n" : "[]\n");
  return flush_at(cx, o, 1);
}

int export_table(struct ctx *cx, struct db *db, const char *table, const char *run, enum export_format format,
                 export_write_fn *write, void *arg) {
  return export_out(cx, db, table, run, new_out(cx, format, write, arg));
}

int export_parquet(struct ctx *cx, struct db *db, const char *table, const char *run, int32_t from,
                   int32_t until, export_write_fn *write, void *arg) {
  struct out *o = new_out(cx, EXPORT_PARQUET, write, arg);
  o->from = from;
  o->until = until;
  return export_out(cx, db, table, run, o);
}

/* ---- the exception file ---- */

/* A file that brought corrections has our two columns itself: they are not its data. */
static bool is_ours(const struct profile *p, size_t column) {
  return !strcmp(p->columns[column].heading, EXCEPTION_HEADING) ||
         !strcmp(p->columns[column].heading, REASONS_HEADING);
}

/* A row with more cells than there are headings gets its whole line as one cell too
** many: read again as it is, it is refused again, until somebody has looked at it. */
static void put_original(struct ctx *cx, struct out *o, const struct profile *p, const struct mapping *m,
                         const struct row *row, struct str raw) {
  struct buf line;
  for (uint32_t i = 0; i < row->count && o->cell < o->columns; i++)
    if (!is_ours(p, i)) put_cell(o, mapping_cell(cx, m, row->cells[i]), false);
  if (row->extra == 0) return;
  buf_init(&line, LIMIT_RECORD_BYTES * 4);
  text_show(p->dialect.encoding, raw, &line);
  buf_char(&o->buf, ',');
  csv_put_guarded(&o->buf, str_trim(buf_view(&line)));
  buf_clear(&line);
}

/* A correction that failed goes out under the number of the exception that it was for;
** 0 when that one was settled since. */
static int64_t number_of(struct ctx *cx, struct db *db, const struct mapping *m, const struct row *row,
                         int64_t id) {
  bool carries = m->exception_column >= 0 && (uint32_t)m->exception_column < row->count;
  int64_t of = carries ? exception_number(row->cells[m->exception_column]) : 0;
  if (of <= 0) return id;
  struct stmt *s = db_ask(cx, db, SQL_desk_origin, of);
  if (!stmt_row(cx, s)) return id;
  bool open = col_null(s, 0), early = !open && col_int(s, 0) <= id >> 32;
  stmt_done(s);
  return open ? of : early ? id : 0;
}

static void put_number(struct ctx *cx, struct out *o, int64_t number) {
  const char *digits = ctx_printf(cx, "%lld", (long long)number);
  if (strlen(digits) > EXCEPTION_DIGITS) digits = ctx_printf(cx, "x%s", digits);
  put_cell(o, str_of(digits), true);
}

static int put_exceptions(struct ctx *cx, struct db *db, struct out *o, int64_t run, const struct profile *p,
                          const struct mapping *m) {
  struct row row;
  struct parser *parser = parser_new(p);
  struct stmt *s = db_ask(cx, db, SQL_reject_open_of_run, run);
  while (stmt_row(cx, s)) {
    struct ctx one; /* a row's texts go with it */
    ctx_begin(&one, cx->actor);
    parser_row(parser, col_str(s, 2), p->table_begin, &row);
    int64_t number = number_of(&one, db, m, &row, col_int(s, 0));
    if (number) {
      begin_row(o);
      put_number(&one, o, number);
      put_cell(o, col_str(s, 1), false);
      put_original(&one, o, p, m, &row, col_str(s, 2));
      end_row(cx, o);
    }
    if (one.code) fail_from(cx, &one);
    ctx_end(&one);
  }
  parser_free(parser);
  return cx->code;
}

int export_exception_file(struct ctx *cx, struct db *db, const char *name, export_write_fn *write,
                          void *arg) {
  struct out *o = new_out(cx, EXPORT_CSV, write, arg);
  struct kept_run run;
  const struct input *in;
  struct profile *p;
  struct mapping m;
  if (kept_find(cx, db, name, &run) || kept_open(cx, db, &run, &in) || kept_profile(cx, in, &run, &p, &m))
    return cx->code;
  if (p->column_count + 2 > COLUMNS_MAX)
    return fail(cx, E_LIMIT, NULL, "the file has more than %d columns", COLUMNS_MAX - 2);
  o->column[o->columns++] = (struct column_spec){ .name = EXCEPTION_HEADING, .kind = CELL_INT };
  o->column[o->columns++] = (struct column_spec){ .name = REASONS_HEADING, .kind = CELL_TEXT };
  for (size_t i = 0; i < p->column_count; i++)
    if (!is_ours(p, i))
      o->column[o->columns++] = (struct column_spec){ .name = p->columns[i].heading, .kind = CELL_TEXT };
  put_heading(cx, o);
  return put_exceptions(cx, db, o, run.id, p, &m) ? (int)cx->code : flush_at(cx, o, 1);
}
