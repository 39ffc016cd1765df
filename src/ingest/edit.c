#include "ingest/edit.h"

#include "base/decimal.h"
#include "base/time.h"

enum { EDIT_COLUMNS = DATASET_FIELDS + LIMIT_UNIQUE_PARTS };

/* The row as a file: fields, and columns that the key is made of besides. */
struct edit {
  const struct dataset *dataset;
  struct str heading[EDIT_COLUMNS], cell[EDIT_COLUMNS];
  bool of_key[EDIT_COLUMNS];
  int columns;
  const char *unique;
};

static int column_of(const struct edit *e, struct str heading) {
  for (int i = 0; i < e->columns; i++)
    if (str_eq(e->heading[i], heading)) return i;
  return -1;
}

static struct str show(struct ctx *cx, const struct field *f, const struct stmt *s, int column) {
  char day[DATE_SIZE];
  struct buf b;
  if (col_null(s, column)) return STR("");
  if (f->kind == FIELD_DATE)
    return str_of(ctx_strdup(cx, str_of(date_iso(day, (int32_t)col_int(s, column)))));
  if (f->kind != FIELD_DECIMAL) return str_of(ctx_strdup(cx, col_str(s, column)));
  buf_init(&b, 64);
  dec_print(&b, col_int(s, column), f->scale, 0);
  return str_of(ctx_take(cx, &b));
}

static int read_fields(struct ctx *cx, struct db *db, struct edit *e, struct str key) {
  const struct dataset *d = e->dataset;
  const char *columns = "", *joins = "";
  for (int i = 0; i < d->field_count; i++) {
    const char *name = d->fields[i].name, *comma = i ? ", " : "";
    bool code = d->fields[i].kind == FIELD_CODE, is_key = strcmp(name, d->key_field) == 0;
    columns = code     ? ctx_printf(cx, "%s%st%d.text", columns, comma, i)
              : is_key ? ctx_printf(cx, "%s%scoalesce(x.%s, x.key)", columns, comma, name)
                       : ctx_printf(cx, "%s%sx.%s", columns, comma, name);
    if (code) joins = ctx_printf(cx, "%s JOIN term t%d ON t%d.id = x.%s", joins, i, i, name);
  }
  struct stmt *s =
      db_compose(cx, db, ctx_printf(cx, "SELECT %s FROM %s x%s WHERE x.key = ?1", columns, d->table, joins));
  if (!s) return cx->code;
  stmt_str(s, 1, key);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "key", "%s has no row '" STR_FMT "'", d->name, STR_ARG(key));
  for (int i = 0; i < d->field_count; i++) {
    e->heading[i] = str_of(d->fields[i].name);
    e->cell[i] = show(cx, &d->fields[i], s, i);
  }
  e->columns = d->field_count;
  stmt_done(s);
  return OK;
}

/* The key says what it is made of ("name=value", joined by U+001F), unless it is the
** key field as it stands. Its parts stay as they were written. */
static int read_key(struct ctx *cx, struct db *db, struct edit *e, struct str key) {
  const struct dataset *d = e->dataset;
  int own = dataset_field(d, str_of(d->key_field));
  struct stmt *s =
      db_compose(cx, db, ctx_printf(cx, "SELECT %s IS NULL FROM %s WHERE key = ?1", d->key_field, d->table));
  if (!s) return cx->code;
  stmt_str(s, 1, key);
  bool plain = stmt_row(cx, s) && col_int(s, 0);
  stmt_done(s);
  e->unique = plain ? d->key_field : "";
  if (plain) e->of_key[own] = true;
  while (!plain && key.n > 0) {
    const char *end = memchr(key.p, '\x1f', key.n);
    struct str part = { key.p, end ? (size_t)(end - key.p) : key.n };
    const char *equals = memchr(part.p, '=', part.n);
    if (!equals)
      return fail(cx, E_FAIL, "key", "the key '" STR_FMT "' has no names of its parts", STR_ARG(part));
    struct str name = { part.p, (size_t)(equals - part.p) };
    int at = column_of(e, name);
    if (at < 0 && e->columns < EDIT_COLUMNS) at = e->columns++;
    e->heading[at] = str_of(ctx_strdup(cx, name));
    e->cell[at] = str_of(ctx_strdup(cx, (struct str){ equals + 1, part.n - name.n - 1 }));
    e->of_key[at] = true;
    e->unique = ctx_printf(cx, "%s%s#%d", e->unique, *e->unique ? "," : "", at + 1);
    key.n -= end ? part.n + 1 : part.n;
    key.p += end ? part.n + 1 : part.n;
  }
  return cx->code;
}

static int apply(struct ctx *cx, struct edit *e, const struct correct_change *changes, size_t count) {
  if (count == 0) return fail(cx, E_INVALID, "changes", "say what is to be changed: field=value");
  for (size_t i = 0; i < count; i++) {
    int at = dataset_field(e->dataset, str_of(changes[i].name));
    if (at < 0)
      return fail(cx, E_INVALID, changes[i].name, "%s has no field '%.80s'", e->dataset->name,
                  changes[i].name);
    if (e->of_key[at])
      return fail(cx, E_INVALID, changes[i].name, "the row is known by its %s, which therefore stays",
                  changes[i].name);
    e->cell[at] = str_of(changes[i].value);
  }
  return OK;
}

static struct str compose(struct ctx *cx, const struct edit *e) {
  struct buf b;
  buf_init(&b, LIMIT_RECORD_BYTES);
  for (int line = 0; line < 2; line++) {
    for (int i = 0; i < e->columns; i++) {
      if (i) buf_char(&b, ',');
      csv_put(&b, line ? e->cell[i] : e->heading[i]);
    }
    buf_puts(&b, "\r\n");
  }
  struct str bytes = { ctx_strdup(cx, buf_view(&b)), b.n };
  buf_clear(&b);
  return bytes;
}

static void set_dialect(struct dialect *d) {
  dialect_init(d);
  str_copy(d->encoding, sizeof d->encoding, STR("UTF-8"));
  str_copy(d->delimiter, sizeof d->delimiter, STR(","));
  d->quote = '"';
  d->escape = QUOTE_NONE;
  d->header = 1;
  d->skip = 0;
  d->decimal = '.';
  d->date_order = DATE_YMD;
}

static int read_row(struct ctx *cx, struct tenant *t, struct edit *e, struct str key) {
  struct db *db;
  if (tenant_read(cx, t, &db) || read_fields(cx, db, e, key) || read_key(cx, db, e, key)) return cx->code;
  tenant_read_end(db); /* before the import begins */
  return OK;
}

int edit_row(struct ctx *cx, struct tenant *t, const struct dataset *d, struct str key,
             const struct correct_change *changes, size_t count, struct import_result *out) {
  struct edit e = { .dataset = d };
  const char *maps[DATASET_FIELDS];
  if (read_row(cx, t, &e, key) || apply(cx, &e, changes, count)) return cx->code;
  for (int i = 0; i < d->field_count; i++) maps[i] = ctx_printf(cx, "%s=#%d", d->fields[i].name, i + 1);
  struct import_request request = {
    .dataset = d,
    .input = input_memory(cx, compose(cx, &e), ctx_printf(cx, "edit of " STR_FMT, STR_ARG(key))),
    .mapping = { .maps = maps, .map_count = d->field_count, .unique = e.unique },
    .kind = "edit",
    .update = true,
    .whole = true,
  };
  set_dialect(&request.dialect);
  request.dry_run = true; /* what is refused leaves no run behind */
  if (import_run(cx, t, &request, out)) return cx->code;
  request.dry_run = false;
  return import_run(cx, t, &request, out);
}
