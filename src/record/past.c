#include "base/limits.h"
#include "base/time.h"
#include "record/internal.h"

/* ---- as it was ---- */

/* What was known at a time: the last entry until then; for a row that was there
** before its first entry, what that entry says was before; else the row itself. */
static const char *known_at(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t at,
                            const char *now) {
  static const enum sql_id questions[] = { SQL_record_known_at, SQL_record_before_first };
  for (int i = 0; i < 2; i++) {
    struct stmt *s = db_ask(cx, db, questions[i], e->table, id, at);
    if (!stmt_row(cx, s)) continue;
    char *json = col_dup(cx, s, 0);
    stmt_done(s);
    return json;
  }
  return now;
}

int record_get_at(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t at,
                  struct jw *w, const char *key) {
  const char *json = known_at(cx, db, e, id, at, row_read(cx, db, e, id, NULL));
  if (!json)
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "as_of", "there was no %s %.80s then", e->name, id);
  jw_raw(w, key, str_of(json));
  return OK;
}

static bool is_deleted(struct ctx *cx, const char *json) {
  struct jv *row;
  return !jv_parse(cx, str_of(json), &row) && jv_kind(jv_get(row, "deleted_at")) != JV_NULL;
}

int record_list(struct ctx *cx, struct db *db, const struct entity *e, bool deleted, int64_t as_of,
                struct jw *w, const char *key, int64_t *total) {
  int64_t count = 0;
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx, "SELECT id, %s FROM %s ORDER BY %s", row_json(cx, e), e->table,
                                         order_sql(cx, e->order)));
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    const char *json = col_dup(cx, s, 1);
    if (as_of) json = known_at(cx, db, e, ctx_strdup(cx, col_str(s, 0)), as_of, json);
    if (json && (deleted || !is_deleted(cx, json))) jw_raw(w, NULL, str_of(json)), count++;
  }
  jw_close(w, ']');
  if (total) *total = count;
  return cx->code;
}

int record_history(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct jw *w,
                   const char *key) {
  struct stmt *s = db_ask(cx, db, SQL_record_changes, e->table, id);
  jw_array(w, key);
  while (stmt_row(cx, s))
    jw_record(w, NULL, "seq", col_int(s, 0), "at", arg_time(col_int(s, 1)), "actor", col_str(s, 2), "event",
              col_str(s, 3), "before", arg_json(col_null(s, 4) ? STR("null") : col_str(s, 4)), "after",
              arg_json(col_null(s, 5) ? STR("null") : col_str(s, 5)));
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
      bool number =
          i < STAMPS ? i >= FIRST_NUMBER && i <= LAST_NUMBER : property_is_number(&e->properties[i - STAMPS]);
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

/* The default of a property that came after the record's last entry. */
static bool is_default(struct ctx *cx, const struct property *p, const struct jv *v) {
  struct value now = { 0 }, otherwise = { 0 };
  if (!p->since || value_parse(cx, p, str_of(p->otherwise), &otherwise)) return false;
  if (jv_kind(v) != JV_NULL && value_parse(cx, p, jv_text(v), &now)) return false;
  return now.kind == otherwise.kind && now.number == otherwise.number && str_eq(now.text, otherwise.text);
}

/* Says the log the same? It knows nothing of properties that came later. */
static bool same_record(struct ctx *cx, const struct entity *e, const char *row, const char *known) {
  struct jv *a, *b;
  size_t later = 0;
  if (!row || !known) return row == known;
  if (strcmp(row, known) == 0) return true;
  if (jv_parse(cx, str_of(row), &a) || jv_parse(cx, str_of(known), &b)) return false;
  for (void *it = jv_first(a); it; it = jv_next(a, it)) {
    const char *name = ctx_strdup(cx, jv_key(it));
    const struct jv *was = jv_get(b, name);
    int i = entity_property(e, jv_key(it));
    if (was ? !jv_same(jv_value(it), was) : i < 0 || !is_default(cx, &e->properties[i], jv_value(it)))
      return false;
    later += !was;
  }
  return jv_size(a) == jv_size(b) + later;
}

static int check_row(struct ctx *cx, struct db *db, struct db *pristine, const struct entity *e,
                     const char *id) {
  const char *row = row_read(cx, db, e, id, NULL), *known = NULL;
  struct stmt *s = db_ask(cx, db, SQL_record_known_at, e->table, id, INT64_MAX);
  bool logged = stmt_row(cx, s);
  if (logged) {
    known = col_dup(cx, s, 0);
    stmt_done(s);
  } else {
    known = row_read(cx, pristine, e, id, NULL);
  }
  if (cx->code || same_record(cx, e, row, known)) return cx->code;
  if (!logged)
    return fail(cx, E_FAIL, "id", "the %s %s is not as it was shipped, and the change log knows of no change",
                e->name, id);
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
