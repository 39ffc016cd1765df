/*
** take.c - a record as it is elsewhere: at headquarters, or in a part of the log that this file has lost.
*/
#include "base/ids.h"
#include "record/internal.h"
#include "store/change.h"

static const char *put_sql(struct ctx *cx, const struct entity *e, int key) {
  (void)key;
  const char *columns = "", *places = "", *set = "";
  for (int i = 0; i < STAMPS + e->property_count; i++) {
    const char *name = i < STAMPS ? stamp_properties[i].name : e->properties[i - STAMPS].name;
    columns = ctx_printf(cx, "%s%s%s", columns, i ? ", " : "", name);
    places = ctx_printf(cx, "%s%s?%d", places, i ? ", " : "", i + 1);
    if (i) set = ctx_printf(cx, "%s%s%s = excluded.%s", set, i > 1 ? ", " : "", name, name);
  }
  return ctx_printf(cx, "INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (id) DO UPDATE SET %s", e->table,
                    columns, places, set);
}

static int put(struct ctx *cx, struct db *db, const struct entity *e, const struct draft *d,
               const struct jv *row) {
  struct stmt *s = db_compose(cx, db, sql_kept(cx, e, KEPT_PUT, put_sql));
  for (int i = 0; i < STAMPS; i++)
    if (stamp_bind(cx, s, i + 1, jv_get(row, stamp_properties[i].name))) return cx->code;
  for (int i = 0; i < e->property_count; i++) value_bind(s, STAMPS + i + 1, &d->values[i]);
  return stmt_run(cx, s);
}

/* A row that is written without another time of its change is taken for an edit with the shell (a trigger of its table): once
** more, then, as it was meant. */
static int put_again(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row) {
  struct stmt *s = db_compose(
      cx, db,
      ctx_printf(cx, "UPDATE %s SET updated_at = ?2, updated_by = ?3 WHERE id = ?1 AND updated_at <> ?2",
                 e->table));
  if (stamp_bind(cx, s, 1, jv_get(row, "id")) || stamp_bind(cx, s, 2, jv_get(row, "updated_at")) ||
      stamp_bind(cx, s, 3, jv_get(row, "updated_by")))
    return cx->code;
  return stmt_run(cx, s);
}

static int read_values(struct ctx *cx, const struct entity *e, const struct jv *row, struct draft *d) {
  bool *given = ctx_alloc(cx, (size_t)e->property_count * sizeof *given);
  d->values = ctx_alloc(cx, (size_t)e->property_count * sizeof *d->values);
  d->given = given;
  for (int i = 0; i < e->property_count && !cx->code; i++) {
    struct member m = member_of(jv_get(row, e->properties[i].name));
    given[i] = true;
    value_read(cx, &e->properties[i], &m, &d->values[i]);
  }
  return cx->code;
}

static bool deleted(struct ctx *cx, const char *row) {
  struct jv *v;
  return row && !jv_parse(cx, str_of(row), &v) && jv_kind(jv_get(v, "deleted_at")) != JV_NULL;
}

static const char *event_of(bool was, bool was_deleted, bool is_deleted) {
  if (!was) return "RECORD_CREATED";
  if (was_deleted == is_deleted) return "RECORD_UPDATED";
  return is_deleted ? "RECORD_DELETED" : "RECORD_RESTORED";
}

static int take(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row, const char *text,
                bool alone) {
  struct str id = jv_text(jv_get(row, "id"));
  if (!id.p || !uuid_valid(id))
    return fail(cx, E_INVALID, "id", "a %s without an id cannot be taken", e->name);
  struct draft d = { .entity = e, .id = ctx_strdup(cx, id) };
  bool gone = jv_kind(jv_get(row, "deleted_at")) != JV_NULL;
  const char *before = row_read(cx, db, e, d.id, NULL);
  if (cx->code || read_values(cx, e, row, &d)) return cx->code;
  if (!gone && (check_references(cx, db, e, &d) || fail_together(cx) || check_keys(cx, db, e, &d)))
    return cx->code;
  if (put(cx, db, e, &d, row) || (before && put_again(cx, db, e, row))) return cx->code;
  const char *after = row_read(cx, db, e, d.id, NULL);
  if (cx->code || (before && strcmp(before, after) == 0)) return cx->code;
  if (!before && !gone && e->hooks.added && e->hooks.added(cx, db, &d)) return cx->code;
  if (alone && e->hooks.check && e->hooks.check(cx, db)) return cx->code;
  if (alone && e->hooks.check_row && e->hooks.check_row(cx, db, d.id)) return cx->code;
  return change_append(cx, db,
                       &(struct change){ .event = event_of(before != NULL, deleted(cx, before), gone),
                                         .table = e->table,
                                         .key = d.id,
                                         .before = str_of(before),
                                         .after = str_of(after),
                                         .count = 1,
                                         .text = text });
}

int record_with_key(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row,
                    const char **id, bool *keys) {
  struct draft d = { .entity = e, .id = ctx_strdup(cx, jv_text(jv_get(row, "id"))) };
  *id = NULL;
  memset(keys, 0, (size_t)e->property_count * sizeof *keys);
  if (jv_kind(jv_get(row, "deleted_at")) != JV_NULL || read_values(cx, e, row, &d)) return cx->code;
  for (int i = 0; i < e->key_count && !cx->code; i++) {
    const struct entity_key *k = &e->keys[i];
    const char *holder = key_holder(cx, db, e, k, d.id, &d);
    if (!holder || (*id && strcmp(*id, holder) != 0)) continue;
    *id = holder;
    for (int n = 0; n < k->count; n++) keys[k->property[n]] = true;
  }
  return cx->code;
}

int record_take(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row,
                const char *text) {
  return take(cx, db, e, row, text, true);
}

int record_take_part(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row,
                     const char *text) {
  return take(cx, db, e, row, text, false);
}
