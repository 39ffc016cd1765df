#include "ingest/correct.h"

#include <stdlib.h>

#include "base/limits.h"
#include "ingest/kept.h"

/* ---- the run that an exception comes from ---- */

struct origin {
  struct kept_run run;
  struct profile *profile;
  struct mapping mapping;
};

static int find_origin(struct ctx *cx, struct db *db, int64_t exception, struct origin *o) {
  if (kept_by_id(cx, db, exception >> 32, &o->run)) {
    if (cx->code == E_NOT_FOUND)
      str_copy(cx->message, sizeof cx->message,
               str_of(ctx_printf(cx, "there is no exception %lld", (long long)exception)));
    return cx->code;
  }
  return kept_headings(cx, db, &o->run, &o->profile, &o->mapping);
}

/* Date order and decimal sign of the columns that are fields, unless they are stated. */
static void take_formats(const struct origin *o, const struct dialect *stated, struct profile *p) {
  for (int i = 0; i < o->run.dataset->field_count; i++) {
    if (o->mapping.column[i] < 0) continue;
    const struct column *from = &o->profile->columns[o->mapping.column[i]];
    for (size_t k = 0; k < p->column_count; k++) {
      struct column *to = &p->columns[k];
      if (strcmp(to->heading, from->heading) != 0) continue;
      if (stated->date_order == DATE_AUTO) to->date_order = from->date_order;
      if (!stated->decimal) to->decimal = from->decimal;
    }
  }
}

/* By headings: the exception file has columns in front, and people move columns. */
static void take_mapping(struct ctx *cx, const struct origin *o, struct mapping_request *m) {
  const struct dataset *d = o->run.dataset;
  if (m->map_count == 0) {
    const char **maps = ctx_alloc(cx, (size_t)d->field_count * sizeof *maps);
    for (int i = 0; i < d->field_count; i++)
      if (o->mapping.column[i] >= 0)
        maps[m->map_count++] =
            ctx_printf(cx, "%s=%s", d->fields[i].name, o->profile->columns[o->mapping.column[i]].heading);
    m->maps = maps;
  }
  if (!m->unique) m->unique = mapping_unique(cx, o->profile, &o->mapping, column_heading);
}

/* The number of an exception that an exception file holds; 0 of any other file. */
static int find_exception(struct ctx *cx, const struct profile *p, int64_t *exception) {
  *exception = 0;
  for (size_t i = 0; i < p->column_count; i++) {
    const struct column *c = &p->columns[i];
    if (strcmp(c->heading, EXCEPTION_HEADING) == 0 && c->example)
      *exception = exception_number(str_of(c->example));
    if (*exception < 0)
      return fail(
          cx, E_INVALID, "input",
          "the column %s holds '%s', which is no number of an exception; a spreadsheet may have changed "
          "it: make its cells text before you save",
          EXCEPTION_HEADING, c->example);
  }
  return OK;
}

int correct_recall(struct ctx *cx, struct db *db, const struct profile *p, struct mapping_request *r) {
  struct mapping_request own = { .unique = r->unique };
  struct origin origin;
  int64_t exception;
  if (find_exception(cx, p, &exception) || !exception) return cx->code;
  if (find_origin(cx, db, exception, &origin)) return cx->code;
  take_mapping(cx, &origin, &own);
  r->unique = own.unique;
  r->remembered = (struct remembered){ .same = own.maps, .same_count = own.map_count };
  return OK;
}

int correct_adopt(struct ctx *cx, struct tenant *t, const struct import_request **request,
                  struct profile **profile) {
  const struct import_request *r = *request;
  struct origin origin;
  struct db *db;
  int64_t exception;
  if (profile_file(cx, r->input, &r->dialect, profile) || find_exception(cx, *profile, &exception))
    return cx->code;
  if (!exception) return OK;
  struct import_request *adopted = ctx_alloc(cx, sizeof *adopted);
  struct ctx aside; /* its end gives the reader back before the import begins */
  *adopted = *r;
  adopted->kind = "correction";
  ctx_begin(&aside, cx->actor);
  if (!tenant_read(&aside, t, &db) && !find_origin(&aside, db, exception, &origin)) {
    take_mapping(cx, &origin, &adopted->mapping);
    take_formats(&origin, &r->dialect, *profile);
  }
  if (aside.code) fail_from(cx, &aside);
  ctx_end(&aside);
  *request = adopted;
  return cx->code;
}

/* ---- in place ---- */

int correct_change_read(struct ctx *cx, const char *text, struct correct_change *out) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return fail(cx, E_INVALID, "change", "'%s' is not field=value, such as order_date=2024-03-05", text);
  out->name = ctx_strdup(cx, (struct str){ text, (size_t)(equals - text) });
  out->value = equals + 1;
  return OK;
}

/* Exceptions of one run on their way. */
struct work {
  struct tenant *t;
  const struct correct_change *changes;
  size_t change_count;
  bool by_filter;
  struct correct_result *out;
  const int64_t *exception;
  size_t count;
  size_t *end;  /* where the line of each ends in `lines`; as before where it has none */
  bool *wrong;  /* it is not to be imported */
  size_t *line; /* of each line: which exception it is */
  size_t line_count;
  struct buf heading, lines;
  const struct dataset *dataset;
  const char *source;
};

static int column_of(const struct origin *o, struct str name) {
  int field = dataset_field(o->run.dataset, name);
  if (field >= 0) return o->mapping.column[field];
  for (size_t i = 0; i < o->profile->column_count; i++)
    if (str_eq(name, str_of(o->profile->columns[i].heading))) return (int)i;
  return -1;
}

static int apply(struct ctx *cx, const struct origin *o, const struct work *w, struct str *cells) {
  for (size_t i = 0; i < w->change_count; i++) {
    int column = column_of(o, str_of(w->changes[i].name));
    if (column < 0) {
      const char *names = "";
      for (size_t k = 0; k < o->profile->column_count; k++)
        names = ctx_printf(cx, "%s%s%s", names, k ? ", " : "", o->profile->columns[k].heading);
      return fail(cx, E_INVALID, "changes", "%s has no field and no column '%s'; its columns are %s",
                  o->run.source, w->changes[i].name, names);
    }
    cells[column] = str_of(w->changes[i].value);
  }
  return OK;
}

static void put_heading(const struct origin *o, struct buf *out) {
  buf_printf(out, "%s", EXCEPTION_HEADING);
  for (size_t i = 0; i < o->profile->column_count; i++) {
    buf_char(out, ',');
    csv_put(out, str_of(o->profile->columns[i].heading));
  }
  buf_puts(out, "\r\n");
}

static void put_line(const struct origin *o, int64_t exception, const struct str *cells, struct buf *out) {
  buf_printf(out, "%lld", (long long)exception);
  for (size_t i = 0; i < o->profile->column_count; i++) {
    buf_char(out, ',');
    csv_put_guarded(out, cells[i]); /* read as any file of exceptions is */
  }
  buf_puts(out, "\r\n");
}

static void note_fault(struct ctx *cx, struct work *w, size_t i, const char *faults) {
  struct correct_result *out = w->out;
  w->wrong[i] = true;
  out->still_open++;
  if (out->fault_count == CORRECT_FAULTS) return;
  out->fault[out->fault_count].exception = w->exception[i];
  out->fault[out->fault_count++].faults = ctx_strdup(cx, str_of(faults));
}

/* ---- what cannot be corrected here ---- */

/* A rejected row of a repaired file speaks of an exception itself. */
static int check_attempt(struct ctx *cx, struct db *db, const struct origin *o, const struct row *row,
                         int64_t exception) {
  int column = o->mapping.exception_column;
  int64_t of = column >= 0 && (uint32_t)column < row->count ? exception_number(row->cells[column]) : 0;
  if (of <= 0) return OK;
  struct stmt *s = db_ask(cx, db, SQL_desk_origin, of);
  bool there = stmt_row(cx, s), early = there && !col_null(s, 0) && col_int(s, 0) <= exception >> 32;
  if (there) stmt_done(s);
  if (!there || early) return cx->code;
  return fail(cx, E_CONFLICT, "exception",
              "exception %lld is a correction of exception %lld that failed: correct that one",
              (long long)exception, (long long)of);
}

static int check_row(struct ctx *cx, struct db *db, const struct origin *o, const struct row *row,
                     int64_t exception) {
  if (row->extra)
    return fail(cx, E_CONFLICT, "exception",
                "the record has more cells than there are headings; repair it in the file that `outpost "
                "exceptions --file` writes");
  return check_attempt(cx, db, o, row, exception);
}

/* *settled: nothing is to be done. */
static int check_state(struct ctx *cx, const struct work *w, const struct stmt *s, int64_t exception,
                       bool *settled) {
  bool open = str_eq(col_str(s, 0), STR("open")), undone = !col_null(s, 2);
  *settled = !open || undone;
  if (!*settled || w->by_filter) return OK;
  return fail(cx, E_CONFLICT, "exception",
              undone ? "exception %lld belongs to a run that was undone"
                     : "exception %lld is settled already",
              (long long)exception);
}

/* ---- the lines of the corrected records ---- */

static int add_line(struct ctx *cx, struct db *db, struct work *w, const struct origin *o,
                    struct parser *parser, size_t i) {
  struct row row;
  bool settled;
  struct stmt *s = db_ask(cx, db, SQL_correct_reject, w->exception[i]);
  if (!stmt_row(cx, s))
    return cx->code
               ? (int)cx->code
               : fail(cx, E_NOT_FOUND, "exception", "there is no exception %lld", (long long)w->exception[i]);
  if (check_state(cx, w, s, w->exception[i], &settled)) return cx->code;
  w->wrong[i] = settled;
  if (settled) {
    stmt_done(s);
    return OK;
  }
  parser_row(parser, col_str(s, 1), o->profile->table_begin, &row);
  if (check_row(cx, db, o, &row, w->exception[i])) return cx->code;
  struct str *cells = ctx_alloc(cx, o->profile->column_count * sizeof *cells);
  for (size_t k = 0; k < o->profile->column_count; k++)
    cells[k] = k < row.count ? mapping_cell(cx, &o->mapping, row.cells[k]) : STR("");
  if (!apply(cx, o, w, cells)) put_line(o, w->exception[i], cells, &w->lines);
  stmt_done(s);
  return cx->code;
}

/* In a unit of work of its own: what one line needs goes with it. */
static int add_lines(struct ctx *cx, struct db *db, struct work *w, const struct origin *o,
                     struct parser *parser) {
  for (size_t i = 0; i < w->count && !cx->code; i++) {
    struct ctx one;
    ctx_begin(&one, cx->actor);
    add_line(&one, db, w, o, parser, i);
    if (one.code == E_CONFLICT && w->by_filter) {
      struct buf json;
      buf_init(&json, LIMIT_TEXT_BYTES);
      buf_puts(&json, "[{\"control\":null,\"field\":null,\"value\":null,\"reason\":");
      json_quote(&json, str_of(one.message));
      buf_puts(&json, "}]");
      note_fault(cx, w, i, json.p);
      buf_clear(&json);
    } else if (one.code) {
      fail_from(cx, &one);
    }
    ctx_end(&one);
    w->end[i] = w->lines.n;
  }
  if (w->lines.full)
    fail(cx, E_LIMIT, "ids", "these records are too large to be corrected at once; choose fewer");
  return cx->code;
}

static int compose(struct ctx *cx, struct work *w) {
  struct origin o;
  struct db *db;
  if (tenant_read(cx, w->t, &db) || find_origin(cx, db, w->exception[0], &o)) return cx->code;
  w->dataset = o.run.dataset;
  w->source = o.run.source;
  put_heading(&o, &w->heading);
  struct parser *parser = parser_new(o.profile);
  add_lines(cx, db, w, &o, parser);
  parser_free(parser);
  return cx->code;
}

/* ---- the import ---- */

/* The lines that are not wrong, as a file. */
static struct str file_of(struct ctx *cx, struct work *w) {
  char *bytes = ctx_alloc(cx, w->heading.n + w->lines.n + 1);
  size_t n = w->heading.n, begin = 0;
  memcpy(bytes, w->heading.p, n);
  w->line_count = 0;
  for (size_t i = 0; i < w->count; begin = w->end[i++]) {
    if (w->wrong[i]) continue;
    memcpy(bytes + n, w->lines.p + begin, w->end[i] - begin);
    n += w->end[i] - begin;
    w->line[w->line_count++] = i;
  }
  return (struct str){ bytes, n };
}

/* The records of a dry run that were rejected: the heading is record 1. */
static int look(struct ctx *cx, struct db *db, int64_t run, void *arg) {
  struct work *w = arg;
  struct stmt *s = db_ask(cx, db, SQL_correct_faults, run);
  while (stmt_row(cx, s)) {
    size_t line = (size_t)(col_int(s, 0) & 0xffffffff) - 2;
    if (line < w->line_count) note_fault(cx, w, w->line[line], ctx_strdup(cx, col_str(s, 1)));
  }
  return cx->code;
}

static int import_lines(struct ctx *cx, struct work *w, bool dry, struct import_result *result) {
  struct str bytes = file_of(cx, w);
  const char *name = w->line_count == 1
                         ? ctx_printf(cx, "correction of exception %lld", (long long)w->exception[w->line[0]])
                         : ctx_printf(cx, "correction of %zu exceptions of %s", w->line_count, w->source);
  struct import_request request = {
    .dataset = w->dataset, .input = input_memory(cx, bytes, name), .dry_run = dry, .look = look, .look_arg = w
  };
  *result = (struct import_result){ 0 };
  if (w->line_count == 0) return OK;
  dialect_init(&request.dialect);
  str_copy(request.dialect.encoding, sizeof request.dialect.encoding, STR("UTF-8"));
  str_copy(request.dialect.delimiter, sizeof request.dialect.delimiter, STR(","));
  request.dialect.quote = '"';
  request.dialect.escape = QUOTE_NONE;
  request.dialect.header = 1;
  request.dialect.skip = 0;
  return import_run(cx, w->t, &request, result);
}

static int correct_run(struct ctx *cx, struct work *w) {
  struct import_result result;
  struct correct_result *out = w->out;
  struct ctx aside; /* its end gives the reader back before the import begins */
  ctx_begin(&aside, cx->actor);
  if (compose(&aside, w)) fail_from(cx, &aside);
  if (w->source) w->source = ctx_strdup(cx, str_of(w->source));
  ctx_end(&aside);
  if (cx->code || import_lines(cx, w, true, &result) || import_lines(cx, w, false, &result)) return cx->code;
  out->corrected += result.clean;
  out->still_open += result.rejected; /* what became wrong between the two */
  if (!w->line_count) return OK;
  if (out->run_count < CORRECT_RUNS) memcpy(out->run[out->run_count], result.run, sizeof result.run);
  out->run_count++;
  return OK;
}

/* ---- all of them ---- */

static int by_number(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

static void work_clear(void *arg) {
  struct work *w = arg;
  buf_clear(&w->heading);
  buf_clear(&w->lines);
}

static int correct_group(struct ctx *cx, struct work *w, const int64_t *exception, size_t count) {
  w->exception = exception;
  w->count = count;
  w->end = ctx_alloc(cx, count * sizeof *w->end);
  w->wrong = ctx_alloc(cx, count * sizeof *w->wrong);
  w->line = ctx_alloc(cx, count * sizeof *w->line);
  buf_reset(&w->heading);
  buf_reset(&w->lines);
  return correct_run(cx, w);
}

int correct_many(struct ctx *cx, struct tenant *t, const int64_t *exceptions, size_t count,
                 const struct correct_change *changes, size_t change_count, bool by_filter,
                 struct correct_result *out) {
  struct work *w = ctx_alloc(cx, sizeof *w);
  *out = (struct correct_result){ 0 };
  if (count > LIMIT_AT_ONCE)
    return fail(cx, E_LIMIT, "ids", "%zu exceptions at once are too many: at most %d", count, LIMIT_AT_ONCE);
  *w = (struct work){
    .t = t, .changes = changes, .change_count = change_count, .by_filter = by_filter, .out = out
  };
  buf_init(&w->heading, LIMIT_RECORD_BYTES);
  buf_init(&w->lines, 4 * LIMIT_RECORD_BYTES);
  ctx_defer(cx, work_clear, w);
  int64_t *sorted = ctx_alloc(cx, (count + 1) * sizeof *sorted);
  size_t n = 0;
  if (count) memcpy(sorted, exceptions, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, by_number);
  for (size_t i = 0; i < count; i++)
    if (!n || sorted[n - 1] != sorted[i]) sorted[n++] = sorted[i];
  for (size_t begin = 0, end; begin < n && !cx->code; begin = end) {
    for (end = begin + 1; end < n && sorted[end] >> 32 == sorted[begin] >> 32;) end++;
    correct_group(cx, w, sorted + begin, end - begin);
  }
  return cx->code;
}

/* ---- told ---- */

void correct_write(struct jw *w, const struct correct_result *r) {
  jw_text(w, "run", r->run_count ? r->run[0] : NULL);
  jw_array(w, "runs");
  for (int i = 0; i < r->run_count && i < CORRECT_RUNS; i++) jw_text(w, NULL, r->run[i]);
  jw_close(w, ']');
  jw_put(w, "corrected", r->corrected, "still_open", r->still_open);
  jw_array(w, "faults");
  for (int i = 0; i < r->fault_count; i++)
    jw_record(w, NULL, "id", r->fault[i].exception, "faults", arg_json(str_of(r->fault[i].faults)));
  jw_close(w, ']');
}

void correct_write_one(struct jw *w, const struct correct_result *r) {
  jw_put(w, "corrected", arg_bool(r->corrected > 0), "run", r->run_count ? r->run[0] : NULL, "faults",
         arg_json(r->fault_count ? str_of(r->fault[0].faults) : STR("[]")));
}
