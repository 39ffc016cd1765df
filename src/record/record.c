#include "record/record.h"

#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"
#include "store/change.h"

/* ---- SQL from the descriptor's identifiers ---- */

/* json_object('id', id, ...) of a whole row: what the log keeps and lists show. */
static const char *row_json(struct ctx *cx, const struct entity *e) {
  static const char *const stamps[] = { "version",    "created_at", "created_by", "updated_at",
                                        "updated_by", "deleted_at", "deleted_by" };
  const char *sql = "json_object('id', id";
  for (int i = 0; i < e->property_count; i++) {
    const char *name = e->properties[i].name;
    bool json = e->properties[i].kind == PROPERTY_JSON, flag = e->properties[i].kind == PROPERTY_BOOLEAN;
    sql = json ? ctx_printf(cx, "%s, '%s', json(%s)", sql, name, name)
          : flag
              ? ctx_printf(cx, "%s, '%s', json(CASE %s WHEN 1 THEN 'true' ELSE 'false' END)", sql, name, name)
              : ctx_printf(cx, "%s, '%s', %s", sql, name, name);
  }
  for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++)
    sql = ctx_printf(cx, "%s, '%s', %s", sql, stamps[i], stamps[i]);
  return ctx_printf(cx, "%s)", sql);
}

/* The row as JSON; NULL when there is none. */
static char *read_row(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  struct stmt *s =
      db_compose(cx, db, ctx_printf(cx, "SELECT %s FROM %s WHERE id = ?1", row_json(cx, e), e->table));
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s)) return NULL;
  char *json = col_dup(cx, s, 0);
  stmt_done(s);
  return json;
}

/* ---- coerce and check ---- */

static const struct property *find_property(const struct entity *e, struct str name) {
  for (int i = 0; i < e->property_count; i++)
    if (str_eq(name, str_of(e->properties[i].name))) return &e->properties[i];
  return NULL;
}

static int check_names(struct ctx *cx, const struct entity *e, struct jv *object) {
  if (jv_kind(object) != JV_OBJECT) return fail(cx, E_INVALID, NULL, "a %s is a JSON object", e->name);
  for (void *it = jv_first(object); it; it = jv_next(object, it)) {
    struct str name = jv_key(it);
    if (str_eq(name, STR("id")) || str_eq(name, STR("version")) || find_property(e, name)) continue;
    const char *names = "id";
    for (int i = 0; i < e->property_count; i++)
      names = ctx_printf(cx, "%s, %s", names, e->properties[i].name);
    return fail(cx, E_INVALID, ctx_strdup(cx, name), "a %s has no '" STR_FMT "'; it has %s", e->name,
                STR_ARG(name), names);
  }
  return OK;
}

/* Binds one property, coerced. */
static int bind(struct ctx *cx, struct stmt *s, int at, const struct property *p, struct jv *v) {
  struct str text = jv_text(v);
  int64_t number;
  bool yes = str_eq(text, STR("true")) || str_eq(text, STR("1"));
  bool no = str_eq(text, STR("false")) || str_eq(text, STR("0"));
  if (jv_kind(v) == JV_NULL || (p->kind == PROPERTY_TEXT && text.p && text.n == 0)) {
    if (p->required) return fail(cx, E_INVALID, p->name, "%s is needed: %s", p->name, p->help);
    stmt_null(s, at);
    return OK;
  }
  if (p->kind == PROPERTY_JSON) {
    struct buf out;
    buf_init(&out, LIMIT_TEXT_BYTES);
    jv_write(&out, v);
    stmt_text(s, at, ctx_strdup(cx, buf_view(&out)));
    buf_clear(&out);
    return OK;
  }
  if (!text.p) return fail(cx, E_INVALID, p->name, "%s is a single value: %s", p->name, p->help);
  if (text.n > LIMIT_TEXT_BYTES) return fail(cx, E_LIMIT, p->name, "%s is too long", p->name);
  if (p->kind == PROPERTY_TEXT)
    stmt_str(s, at, text);
  else if (p->kind == PROPERTY_BOOLEAN && !yes && !no)
    return fail(cx, E_INVALID, p->name, "%s is true or false: %s", p->name, p->help);
  else if (p->kind == PROPERTY_BOOLEAN)
    stmt_int(s, at, yes);
  else if (str_to_int(text, &number))
    stmt_int(s, at, number);
  else
    return fail(cx, E_INVALID, p->name, "%s is a whole number: %s", p->name, p->help);
  return OK;
}

/* ---- store and log ---- */

static int note(struct ctx *cx, struct db *db, const struct entity *e, const char *event, const char *id,
                const char *before, const char *text) {
  if (e->check && e->check(cx, db)) return cx->code;
  if (e->check_row && e->check_row(cx, db, id)) return cx->code;
  return change_append(cx, db,
                       &(struct change){ .event = event,
                                         .table = e->table,
                                         .key = id,
                                         .before = str_of(before),
                                         .after = str_of(read_row(cx, db, e, id)),
                                         .count = 1,
                                         .text = text });
}

/* Runs an INSERT or UPDATE: ?1 the id, ?2 and ?3 the stamps, from ?4 on the given properties. */
static int run_with(struct ctx *cx, struct stmt *s, const struct entity *e, struct jv *object,
                    const char *id) {
  int at = 4;
  stmt_text(s, 1, id);
  stmt_int(s, 2, cx->now);
  stmt_text(s, 3, cx->actor);
  for (int i = 0; i < e->property_count; i++) {
    struct jv *v = jv_get(object, e->properties[i].name);
    if (v && bind(cx, s, at++, &e->properties[i], v)) return cx->code;
  }
  return stmt_run(cx, s);
}

static int add(struct ctx *cx, struct db *db, const struct entity *e, struct jv *object, const char *id) {
  const char *columns = "id, created_at, created_by, updated_at, updated_by", *values = "?1, ?2, ?3, ?2, ?3";
  for (int i = 0, at = 4; i < e->property_count; i++) {
    if (!jv_get(object, e->properties[i].name)) {
      if (e->properties[i].required)
        return fail(cx, E_INVALID, e->properties[i].name, "%s is needed: %s", e->properties[i].name,
                    e->properties[i].help);
      continue; /* the table's default */
    }
    columns = ctx_printf(cx, "%s, %s", columns, e->properties[i].name);
    values = ctx_printf(cx, "%s, ?%d", values, at++);
  }
  struct stmt *s =
      db_compose(cx, db, ctx_printf(cx, "INSERT INTO %s (%s) VALUES (%s)", e->table, columns, values));
  if (run_with(cx, s, e, object, id)) return cx->code;
  return note(cx, db, e, "RECORD_CREATED", id, NULL, ctx_printf(cx, "a %s was added", e->name));
}

static int check_version(struct ctx *cx, const struct entity *e, struct jv *object, const char *before) {
  struct jv *row, *wanted = jv_get(object, "version");
  if (jv_parse(cx, str_of(before), &row)) return cx->code;
  if (wanted && !str_eq(jv_text(wanted), jv_text(jv_get(row, "version"))))
    return fail(cx, E_CONFLICT, "version", "the %s was changed meanwhile: it is at version " STR_FMT, e->name,
                STR_ARG(jv_text(jv_get(row, "version"))));
  if (jv_kind(jv_get(row, "deleted_at")) != JV_NULL)
    return fail(cx, E_CONFLICT, "id", "the %s is deleted; restore it first", e->name);
  return OK;
}

static int change(struct ctx *cx, struct db *db, const struct entity *e, struct jv *object, const char *id,
                  const char *before) {
  const char *set = "version = version + 1, updated_at = ?2, updated_by = ?3";
  if (check_version(cx, e, object, before)) return cx->code;
  for (int i = 0, at = 4; i < e->property_count; i++)
    if (jv_get(object, e->properties[i].name))
      set = ctx_printf(cx, "%s, %s = ?%d", set, e->properties[i].name, at++);
  struct stmt *s = db_compose(cx, db, ctx_printf(cx, "UPDATE %s SET %s WHERE id = ?1", e->table, set));
  if (run_with(cx, s, e, object, id)) return cx->code;
  return note(cx, db, e, "RECORD_UPDATED", id, before, ctx_printf(cx, "a %s was changed", e->name));
}

int record_save(struct ctx *cx, struct db *db, const struct entity *e, struct jv *object,
                char id[static 37]) {
  if (check_names(cx, e, object)) return cx->code;
  if (e->check_object && e->check_object(cx, object)) return cx->code;
  struct str given = jv_text(jv_get(object, "id"));
  if (given.p && !uuid_valid(given))
    return fail(cx, E_INVALID, "id", "an id looks like 0190f3a2-...: 32 hexadecimal digits");
  if (given.p)
    str_copy(id, 37, given);
  else
    uuid7(id, cx->now);
  const char *before = given.p ? read_row(cx, db, e, id) : NULL;
  if (cx->code) return cx->code;
  return before ? change(cx, db, e, object, id, before) : add(cx, db, e, object, id);
}

/* ---- delete and restore ---- */

static int mark(struct ctx *cx, struct db *db, const struct entity *e, const char *id, bool deleted) {
  const char *before = read_row(cx, db, e, id);
  if (!before)
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no %s %s", e->name, id);
  const char *sql =
      ctx_printf(cx,
                 "UPDATE %s SET version = version + 1, updated_at = ?2, updated_by = ?3, deleted_at = ?4, "
                 "deleted_by = ?5 WHERE id = ?1 AND (deleted_at IS NULL) = ?6",
                 e->table);
  struct stmt *s = db_compose(cx, db, sql);
  stmt_text(s, 1, id);
  stmt_int(s, 2, cx->now);
  stmt_text(s, 3, cx->actor);
  if (deleted) stmt_int(s, 4, cx->now);
  if (deleted) stmt_text(s, 5, cx->actor);
  stmt_int(s, 6, deleted);
  if (stmt_run(cx, s)) return cx->code;
  if (db_changes(db) == 0)
    return fail(cx, E_CONFLICT, "id", "the %s is %s", e->name, deleted ? "deleted already" : "not deleted");
  return note(cx, db, e, deleted ? "RECORD_DELETED" : "RECORD_RESTORED", id, before,
              ctx_printf(cx, "a %s was %s", e->name, deleted ? "deleted" : "restored"));
}

int record_delete(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  return mark(cx, db, e, id, true);
}
int record_restore(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  return mark(cx, db, e, id, false);
}

/* ---- reading ---- */

int record_get(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct jw *w,
               const char *key) {
  char *json = read_row(cx, db, e, id);
  if (!json) return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no %s %s", e->name, id);
  jw_raw(w, key, str_of(json));
  return OK;
}

/* What was known at a time: the last entry until then; for a row that was there
** before its first entry, what that entry says was before; else the row itself. */
static const char *known_at(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t at,
                            const char *now) {
  static const enum sql_id questions[] = { SQL_record_known_at, SQL_record_before_first };
  for (int i = 0; i < 2; i++) {
    struct stmt *s = db_stmt(cx, db, questions[i]);
    stmt_text(s, 1, e->table);
    stmt_text(s, 2, id);
    stmt_int(s, 3, at);
    if (!stmt_row(cx, s)) continue;
    char *json = col_dup(cx, s, 0);
    stmt_done(s);
    return json;
  }
  return now;
}

static bool is_deleted(struct ctx *cx, const char *json) {
  struct jv *row;
  return !jv_parse(cx, str_of(json), &row) && jv_kind(jv_get(row, "deleted_at")) != JV_NULL;
}

int record_list(struct ctx *cx, struct db *db, const struct entity *e, bool deleted, int64_t as_of,
                struct jw *w, const char *key) {
  struct stmt *s = db_compose(
      cx, db, ctx_printf(cx, "SELECT id, %s FROM %s ORDER BY %s", row_json(cx, e), e->table, e->order));
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    const char *json = col_dup(cx, s, 1);
    if (as_of) json = known_at(cx, db, e, ctx_strdup(cx, col_str(s, 0)), as_of, json);
    if (json && (deleted || !is_deleted(cx, json))) jw_raw(w, NULL, str_of(json));
  }
  jw_close(w, ']');
  return cx->code;
}

int record_history(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct jw *w,
                   const char *key) {
  char at[TIME_SIZE];
  struct stmt *s = db_stmt(cx, db, SQL_record_changes);
  stmt_text(s, 1, e->table);
  stmt_text(s, 2, id);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    jw_int(w, "seq", col_int(s, 0));
    jw_text(w, "at", time_iso(at, col_int(s, 1)));
    jw_str(w, "actor", col_str(s, 2));
    jw_str(w, "event", col_str(s, 3));
    jw_raw(w, "before", col_null(s, 4) ? STR("null") : col_str(s, 4));
    jw_raw(w, "after", col_null(s, 5) ? STR("null") : col_str(s, 5));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

/* ---- a copy to try changes on ---- */

int record_copy(struct ctx *cx, struct db *from, struct db *to, const struct entity *e) {
  const char *columns = "id, version, created_at, updated_at, deleted_at, created_by, updated_by, deleted_by";
  const char *places = "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8";
  enum { FIRST_NUMBER = 1, LAST_NUMBER = 4, STAMPS = 8 };
  for (int i = 0; i < e->property_count; i++) {
    columns = ctx_printf(cx, "%s, %s", columns, e->properties[i].name);
    places = ctx_printf(cx, "%s, ?%d", places, STAMPS + i + 1);
  }
  stmt_run(cx, db_compose(cx, to, ctx_printf(cx, "DELETE FROM %s", e->table)));
  struct stmt *read = db_compose(cx, from, ctx_printf(cx, "SELECT %s FROM %s", columns, e->table));
  struct stmt *add =
      db_compose(cx, to, ctx_printf(cx, "INSERT INTO %s (%s) VALUES (%s)", e->table, columns, places));
  while (!cx->code && stmt_row(cx, read)) {
    for (int i = 0; i < stmt_columns(read); i++) {
      enum property_kind kind = i < STAMPS ? PROPERTY_TEXT : e->properties[i - STAMPS].kind;
      bool number =
          (i >= FIRST_NUMBER && i <= LAST_NUMBER) || kind == PROPERTY_INTEGER || kind == PROPERTY_BOOLEAN;
      if (col_null(read, i))
        stmt_null(add, i + 1);
      else if (number)
        stmt_int(add, i + 1, col_int(read, i));
      else
        stmt_str(add, i + 1, col_str(read, i));
    }
    stmt_run(cx, add);
  }
  return cx->code;
}

/* ---- proof ---- */

static int check_row(struct ctx *cx, struct db *db, struct db *pristine, const struct entity *e,
                     const char *id) {
  const char *row = read_row(cx, db, e, id), *known = NULL;
  struct stmt *s = db_stmt(cx, db, SQL_record_known_at);
  stmt_text(s, 1, e->table);
  stmt_text(s, 2, id);
  stmt_int(s, 3, INT64_MAX);
  if (stmt_row(cx, s)) {
    known = col_dup(cx, s, 0);
    stmt_done(s);
  } else {
    known = read_row(cx, pristine, e, id);
  }
  if (cx->code) return cx->code;
  if (str_eq(str_of(row), str_of(known)) && !row == !known) return OK;
  return fail(cx, E_FAIL, "id", "the %s %s is not as the change log says", e->name, id);
}

/* The ids of all three places: those there are, those of the log, those shipped. */
static int check_ids(struct ctx *cx, struct db *db, struct db *pristine, const struct entity *e,
                     struct db *from, const char *sql) {
  struct ctx row; /* a row's texts go with it */
  struct stmt *s = db_compose(cx, from, sql);
  while (stmt_row(cx, s)) {
    ctx_begin(&row, cx->actor);
    if (check_row(&row, db, pristine, e, ctx_strdup(&row, col_str(s, 0)))) fail_from(cx, &row);
    ctx_end(&row);
  }
  return cx->code;
}

int record_check(struct ctx *cx, struct db *db, struct db *pristine, const struct entity *e) {
  const char *there = ctx_printf(cx, "SELECT id FROM %s", e->table);
  const char *noted =
      ctx_printf(cx, "SELECT DISTINCT key FROM change_log WHERE tbl = '%s' AND key IS NOT NULL", e->table);
  int rc = check_ids(cx, db, pristine, e, db, there);
  if (!rc) rc = check_ids(cx, db, pristine, e, db, noted);
  return rc ? rc : check_ids(cx, db, pristine, e, pristine, there);
}
