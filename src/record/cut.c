/*
** cut.c - records as they were at an entry of the log.
**
** A row that has entries behind it becomes what its last entry until there says came after;
** one that has none until there becomes what its first entry behind it says was before, or goes.
** Entries that changed nothing but counters outside the log are none of its business.
*/
#include "record/internal.h"

/* What the row was; *known is NULL when it was not there. */
static int known_until(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t seq,
                       const char **known) {
  static const enum sql_id questions[] = { SQL_record_known_until, SQL_record_before_entry };
  *known = NULL;
  for (int i = 0; i < 2; i++) {
    struct stmt *s = db_ask(cx, db, questions[i], e->table, id, seq);
    if (!stmt_row(cx, s)) continue;
    *known = col_dup(cx, s, 0);
    stmt_done(s);
    return OK;
  }
  return cx->code;
}

/* Inserts the row, or replaces what is there. */
static int put_row(struct ctx *cx, struct db *db, const struct entity *e, const char *json) {
  const char *columns = "", *places = "";
  struct jv *row;
  struct value v;
  if (jv_parse(cx, str_of(json), &row)) return cx->code;
  for (int i = 0; i < STAMPS + e->property_count; i++) {
    const char *name = i < STAMPS ? stamp_properties[i].name : e->properties[i - STAMPS].name;
    columns = ctx_printf(cx, "%s%s%s", columns, i ? ", " : "", name);
    places = ctx_printf(cx, "%s%s?%d", places, i ? ", " : "", i + 1);
  }
  struct stmt *s = db_compose(
      cx, db, ctx_printf(cx, "INSERT OR REPLACE INTO %s (%s) VALUES (%s)", e->table, columns, places));
  for (int i = 0; i < STAMPS; i++)
    if (stamp_bind(cx, s, i + 1, jv_get(row, stamp_properties[i].name))) return cx->code;
  for (int i = 0; i < e->property_count; i++) {
    struct member m = member_of(jv_get(row, e->properties[i].name));
    if (value_read(cx, &e->properties[i], &m, &v)) return cx->code;
    value_bind(s, STAMPS + i + 1, &v);
  }
  return stmt_run(cx, s);
}

static int cut_row(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t seq) {
  const char *known;
  if (known_until(cx, db, e, id, seq, &known)) return cx->code;
  if (known) return put_row(cx, db, e, known);
  struct stmt *s = db_compose(cx, db, ctx_printf(cx, "DELETE FROM %s WHERE id = ?1", e->table));
  stmt_text(s, 1, id);
  return stmt_run(cx, s);
}

struct changed {
  const char *id;
  struct changed *next;
};

/* All go first: a row that comes back may need the place that a later one took. */
static int clear_rows(struct ctx *cx, struct db *db, const struct entity *e, const struct changed *list) {
  struct stmt *s = db_compose(cx, db, ctx_printf(cx, "DELETE FROM %s WHERE id = ?1", e->table));
  for (; list && !cx->code; list = list->next) {
    stmt_text(s, 1, list->id);
    stmt_run(cx, s);
  }
  return cx->code;
}

int record_cut(struct ctx *cx, struct db *db, const struct entity *e, int64_t seq, int64_t *rows) {
  struct changed *first = NULL, **last = &first;
  struct stmt *s = db_ask(cx, db, SQL_record_changed_after, e->table, seq);
  for (; stmt_row(cx, s); last = &(*last)->next) {
    *last = ctx_alloc(cx, sizeof **last);
    (*last)->id = col_dup(cx, s, 0);
  }
  clear_rows(cx, db, e, first);
  for (struct changed *c = first; c && !cx->code; c = c->next) {
    struct ctx aside;
    ctx_begin(&aside, cx->actor);
    if (cut_row(&aside, db, e, c->id, seq)) fail_from(cx, &aside);
    ctx_end(&aside);
    ++*rows;
  }
  return cx->code;
}
