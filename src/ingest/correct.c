#include "ingest/correct.h"

#include "ingest/kept.h"

/* ---- the run that an exception comes from ---- */

struct origin {
  struct kept_run run;
  struct profile *profile;
  struct mapping mapping;
};

static int find_origin(struct ctx *cx, struct db *db, int64_t exception, struct origin *o) {
  const struct input *in;
  if (kept_by_id(cx, db, exception >> 32, &o->run) || kept_open(cx, db, &o->run, &in)) {
    if (cx->code == E_NOT_FOUND)
      str_copy(cx->message, sizeof cx->message,
               str_of(ctx_printf(cx, "there is no exception %lld", (long long)exception)));
    return cx->code;
  }
  return kept_profile(cx, in, &o->run, &o->profile, &o->mapping);
}

/* Date order and decimal sign of the columns that are fields, unless they are stated. */
static void take_formats(const struct origin *o, const struct dialect *stated, struct profile *p) {
  for (int i = 0; i < o->run.dataset->field_count; i++) {
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
  if (m->unique) return;
  m->unique = "";
  for (int i = 0; i < o->mapping.unique_count; i++)
    m->unique =
        ctx_printf(cx, "%s%s%s", m->unique, i ? "," : "", o->profile->columns[o->mapping.unique[i]].heading);
}

int correct_adopt(struct ctx *cx, struct tenant *t, const struct import_request **request,
                  struct profile **profile) {
  const struct import_request *r = *request;
  struct origin origin;
  struct db *db;
  int64_t exception = 0;
  if (profile_file(cx, r->input, &r->dialect, profile)) return cx->code;
  for (size_t i = 0; i < (*profile)->column_count; i++) {
    const struct column *c = &(*profile)->columns[i];
    if (strcmp(c->heading, EXCEPTION_HEADING) == 0 && c->example) str_to_int(str_of(c->example), &exception);
  }
  if (!exception) return OK;
  struct import_request *adopted = ctx_alloc(cx, sizeof *adopted);
  struct ctx aside; /* its end gives the reader back before the import begins */
  *adopted = *r;
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

static int column_of(const struct origin *o, struct str name) {
  int field = dataset_field(o->run.dataset, name);
  if (field >= 0) return o->mapping.column[field];
  for (size_t i = 0; i < o->profile->column_count; i++)
    if (str_eq(name, str_of(o->profile->columns[i].heading))) return (int)i;
  return -1;
}

static int apply(struct ctx *cx, const struct origin *o, const char *const *changes, int count,
                 struct str *cells) {
  for (int i = 0; i < count; i++) {
    const char *equals = strchr(changes[i], '=');
    struct str name = { changes[i], equals ? (size_t)(equals - changes[i]) : 0 };
    int column = equals ? column_of(o, name) : -1;
    if (column < 0)
      return fail(cx, E_INVALID, "change", "'%s' is not field=value with a field or heading of the file",
                  changes[i]);
    cells[column] = str_of(equals + 1);
  }
  return OK;
}

/* Headings and the one row, as a file. */
static void compose(const struct origin *o, int64_t exception, const struct str *cells, struct buf *out) {
  buf_printf(out, "%s", EXCEPTION_HEADING);
  for (size_t i = 0; i < o->profile->column_count; i++) {
    buf_char(out, ',');
    csv_put(out, str_of(o->profile->columns[i].heading));
  }
  buf_printf(out, "\r\n%lld", (long long)exception);
  for (size_t i = 0; i < o->profile->column_count; i++) {
    buf_char(out, ',');
    csv_put(out, cells[i]);
  }
  buf_puts(out, "\r\n");
}

static int read_cells(struct ctx *cx, struct db *db, const struct origin *o, int64_t exception,
                      struct str *cells) {
  struct row row;
  struct stmt *s = db_stmt(cx, db, SQL_reject_by_id);
  stmt_int(s, 1, exception);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "exception", "there is no exception %lld", (long long)exception);
  if (!str_eq(col_str(s, 0), STR("open")))
    fail(cx, E_CONFLICT, "exception", "exception %lld is settled already", (long long)exception);
  struct parser *parser = parser_new(o->profile);
  parser_row(parser, col_str(s, 1), o->profile->table_begin, &row);
  if (row.extra)
    fail(cx, E_CONFLICT, "exception",
         "the record has more cells than there are headings; repair it in the file that `outpost exceptions "
         "--file` writes");
  for (size_t i = 0; i < o->profile->column_count; i++)
    cells[i] = i < row.count ? (struct str){ ctx_strdup(cx, row.cells[i]), row.cells[i].n } : STR("");
  parser_free(parser);
  stmt_done(s);
  return cx->code;
}

int correct_exception(struct ctx *cx, struct tenant *t, int64_t exception, const char *const *changes,
                      int count, struct import_result *out) {
  struct origin origin;
  struct db *db;
  struct buf file;
  if (tenant_read(cx, t, &db) || find_origin(cx, db, exception, &origin)) return cx->code;
  struct str *cells = ctx_alloc(cx, origin.profile->column_count * sizeof *cells);
  if (read_cells(cx, db, &origin, exception, cells) || apply(cx, &origin, changes, count, cells))
    return cx->code;
  buf_init(&file, LIMIT_RECORD_BYTES);
  compose(&origin, exception, cells, &file);
  struct str bytes = { ctx_strdup(cx, buf_view(&file)), file.n };
  buf_clear(&file);
  struct import_request request = {
    .dataset = origin.run.dataset,
    .input = input_memory(cx, bytes, ctx_printf(cx, "correction of exception %lld", (long long)exception)),
  };
  dialect_init(&request.dialect);
  str_copy(request.dialect.encoding, sizeof request.dialect.encoding, STR("UTF-8"));
  str_copy(request.dialect.delimiter, sizeof request.dialect.delimiter, STR(","));
  request.dialect.quote = '"';
  request.dialect.escape = QUOTE_NONE;
  request.dialect.header = 1;
  request.dialect.skip = 0;
  return import_run(cx, t, &request, out);
}
