#include "record/record.h"

#include "base/ids.h"
#include "base/limits.h"
#include "record/internal.h"
#include "store/change.h"

/* Everything that is given, coerced; of a new record everything else, too. What is wrong is put aside. */
static int read_draft(struct ctx *cx, const struct entity *e, const struct given *g, bool fresh,
                      struct draft *d) {
  bool *given = ctx_alloc(cx, (size_t)e->property_count * sizeof *given);
  d->values = ctx_alloc(cx, (size_t)e->property_count * sizeof *d->values);
  d->given = given;
  for (int i = 0; i < e->property_count; i++) {
    given[i] = g->of[i].there || fresh;
    const struct property *p = &e->properties[i];
    if (!given[i]) continue;
    if (!value_read(cx, p, &g->of[i], &d->values[i]) && (!g->written || !value_judge(cx, p, &d->values[i])))
      continue;
    d->values[i] = (struct value){ .kind = VALUE_NULL };
    if (!fail_aside(cx)) break;
  }
  return cx->code;
}

static const struct value *value_of(const struct draft *d, const char *property) {
  static const struct value nothing;
  int i = entity_property(d->entity, str_of(property));
  return i < 0 ? &nothing : &d->values[i];
}

const char *draft_id(const struct draft *d) { return d->id; }
int64_t draft_int(const struct draft *d, const char *property) { return value_of(d, property)->number; }
struct str draft_text(const struct draft *d, const char *property) {
  return value_of(d, property)->text;
}

/* ---- store and log ---- */

/* after: what the row is now; NULL: it is read. */
static int note(struct ctx *cx, struct db *db, const struct entity *e, const char *event, const char *id,
                const char *before, const char *after, const char *text) {
  if (e->hooks.check && e->hooks.check(cx, db)) return cx->code;
  if (e->hooks.check_row && e->hooks.check_row(cx, db, id)) return cx->code;
  if (!after) after = row_read(cx, db, e, id, NULL);
  return change_append(cx, db,
                       &(struct change){ .event = event,
                                         .table = e->table,
                                         .key = id,
                                         .before = str_of(before),
                                         .after = str_of(after),
                                         .count = 1,
                                         .text = text });
}

/* ?1 the id, ?2 and ?3 the stamps. One statement for an entity, whatever is given: it stays prepared. */
enum { FIRST = 4 };

static const char *add_sql(struct ctx *cx, const struct entity *e, int key) {
  (void)key;
  struct buf columns, values;
  buf_init(&columns, LIMIT_TEXT_BYTES);
  buf_init(&values, LIMIT_TEXT_BYTES);
  for (int i = 0; i < e->property_count; i++) {
    buf_printf(&columns, ", %s", e->properties[i].name);
    buf_printf(&values, ", ?%d", FIRST + i);
  }
  const char *sql = ctx_printf(cx,
                               "INSERT INTO %s (id, created_at, created_by, updated_at, updated_by%s) "
                               "VALUES (?1, ?2, ?3, ?2, ?3%s)",
                               e->table, buf_view(&columns).p, buf_view(&values).p);
  buf_clear(&columns);
  buf_clear(&values);
  return sql;
}

/* The unique indexes of the table refuse a key that is taken; only then it is looked up which one, and whose it is. */
static int refused(struct ctx *cx, struct db *db, const struct entity *e, const struct draft *d) {
  struct ctx why = *cx;
  if (cx->code != E_CONFLICT) return cx->code;
  ctx_forgive(cx);
  return check_keys(cx, db, e, d) ? (int)cx->code : fail_from(cx, &why);
}

static int add(struct ctx *cx, struct db *db, const struct entity *e, const struct draft *d) {
  struct stmt *s =
      stmt_bind(db_compose(cx, db, sql_kept(cx, e, KEPT_ADD, add_sql)), d->id, cx->now, cx->actor);
  for (int i = 0; i < e->property_count; i++) value_bind(s, FIRST + i, &d->values[i]);
  if (stmt_run(cx, s)) return refused(cx, db, e, d);
  if (e->hooks.added && e->hooks.added(cx, db, d)) return cx->code;
  return note(cx, db, e, "RECORD_CREATED", d->id, NULL, row_added(cx, e, d),
              ctx_printf(cx, "a %s was added", e->name));
}

static int check_version(struct ctx *cx, const struct entity *e, const struct given *g,
                         const struct row_now *now) {
  const char *version = ctx_printf(cx, "%lld", (long long)now->version);
  if (g->version.there && !str_eq(g->version.text, str_of(version)))
    return fail(cx, E_CONFLICT, "version", "the %s was changed meanwhile: it is at version %s", e->name,
                version);
  return now->deleted ? fail(cx, E_CONFLICT, "id", "the %s is deleted; restore it first", e->name) : OK;
}

static const char *change_sql(struct ctx *cx, const struct entity *e, int key) {
  (void)key;
  struct buf set;
  buf_init(&set, LIMIT_TEXT_BYTES);
  for (int i = 0; i < e->property_count; i++) {
    const char *name = e->properties[i].name;
    buf_printf(&set, ", %s = iif(?%d, ?%d, %s)", name, FIRST + 2 * i, FIRST + 2 * i + 1, name);
  }
  const char *sql =
      ctx_printf(cx, "UPDATE %s SET version = version + 1, updated_at = ?2, updated_by = ?3%s WHERE id = ?1",
                 e->table, buf_view(&set).p);
  buf_clear(&set);
  return sql;
}

static int change(struct ctx *cx, struct db *db, const struct entity *e, const struct draft *d,
                  const char *before) {
  struct stmt *s =
      stmt_bind(db_compose(cx, db, sql_kept(cx, e, KEPT_CHANGE, change_sql)), d->id, cx->now, cx->actor);
  for (int i = 0; i < e->property_count; i++) {
    stmt_int(s, FIRST + 2 * i, d->given[i]);
    value_bind(s, FIRST + 2 * i + 1, &d->values[i]);
  }
  if (stmt_run(cx, s)) return cx->code;
  return note(cx, db, e, "RECORD_UPDATED", d->id, before, NULL, ctx_printf(cx, "a %s was changed", e->name));
}

/* What is to become of a record. */
struct work {
  const struct entity *e;
  const struct given *given;
  const struct jv *object; /* for the entity's check_object, if it has one */
  const char *id;
  const char *before; /* the record as it is; NULL: there is none yet */
  struct row_now now;
  bool whole; /* what is not given becomes its default, or empty */
};

static int (*guard)(struct ctx *cx, struct db *db, const struct entity *e);
void record_set_guard(int (*may_change)(struct ctx *cx, struct db *db, const struct entity *e)) {
  guard = may_change;
}

static int save(struct ctx *cx, struct db *db, const struct work *w) {
  const struct entity *e = w->e;
  struct draft d = { .entity = e, .id = w->id };
  if (guard && guard(cx, db, e)) return cx->code;
  if (w->before && check_version(cx, e, w->given, &w->now)) return cx->code;
  if (w->before && e->hooks.check_before && e->hooks.check_before(cx, db, w->id)) return cx->code;
  if (read_draft(cx, e, w->given, w->whole, &d) || check_references(cx, db, e, &d) || fail_together(cx))
    return cx->code;
  if (e->hooks.check_object && e->hooks.check_object(cx, w->object)) return cx->code;
  if (w->before && check_keys(cx, db, e, &d)) return cx->code;
  return w->before ? change(cx, db, e, &d, w->before) : add(cx, db, e, &d);
}

int save_given(struct ctx *cx, struct db *db, const struct entity *e, const struct given *g,
               const struct jv *object, char id[static 37]) {
  struct work w = { .e = e, .given = g, .object = object, .id = id };
  struct str asked = g->id.text;
  if (asked.p && !uuid_valid(asked))
    return fail(cx, E_INVALID, "id", "an id looks like 0190f3a2-...: 32 hexadecimal digits");
  if (asked.p)
    str_copy(id, 37, asked);
  else
    uuid7(id, cx->now);
  if (asked.p) w.before = row_read(cx, db, e, id, &w.now);
  w.whole = !w.before;
  return cx->code ? (int)cx->code : save(cx, db, &w);
}

int record_save(struct ctx *cx, struct db *db, const struct entity *e, struct jv *object,
                char id[static 37]) {
  struct given g;
  return given_object(cx, e, object, &g) ? (int)cx->code : save_given(cx, db, e, &g, object, id);
}

int record_store(struct ctx *cx, struct db *db, const struct entity *e, const char *id,
                 const struct record_cell *cells, size_t count, const char **saved) {
  struct given g;
  char own[37];
  if (given_cells(cx, e, cells, count, &g)) return cx->code;
  if (id) g.id = (struct member){ .kind = JV_STRING, .there = true, .text = str_of(id) };
  if (save_given(cx, db, e, &g, NULL, own)) return cx->code;
  if (saved) *saved = ctx_strdup(cx, str_of(own));
  return OK;
}

static int missing(struct ctx *cx, const struct entity *e, const char *id) {
  return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no %s %.80s", e->name, id);
}

int record_change(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct jv *object,
                  bool whole) {
  struct given g;
  struct work w = { .e = e, .given = &g, .object = object, .id = id, .whole = whole };
  if (given_object(cx, e, object, &g)) return cx->code;
  if (g.id.text.p && !str_eq(g.id.text, str_of(id)))
    return fail(cx, E_INVALID, "id", "this is the %s %s: its id cannot be changed", e->name, id);
  w.before = row_read(cx, db, e, id, &w.now);
  return w.before ? save(cx, db, &w) : missing(cx, e, id);
}

/* ---- delete and restore ---- */

/* The ids of p's records that name this one: those that are not deleted, or (with `at`) that were at this time. */
static int followers(struct ctx *cx, struct db *db, const struct entity *of, const struct property *p,
                     const char *id, int64_t at, const char ***out, size_t *count) {
  *count = 0;
  const char *when = at ? "= ?2" : "IS NULL"; /* as the conditions of indexes have it */
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx, "SELECT id FROM %s WHERE %s = ?1 AND deleted_at %s ORDER BY id",
                                         of->table, p->name, when));
  stmt_text(s, 1, id);
  if (at) stmt_int(s, 2, at);
  while (stmt_row(cx, s)) {
    *out = ctx_more(cx, *out, *count, sizeof **out);
    (*out)[(*count)++] = col_dup(cx, s, 0);
  }
  return cx->code;
}

enum marking { RESTORED, DELETED, DELETED_ALONE };
static int mark(struct ctx *cx, struct db *db, const struct entity *e, const char *id, enum marking how);

/* at: when the record was deleted that is restored; 0: it is deleted now. */
static int mark_followers(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t at) {
  const struct entity *other;
  for (int i = 0; (other = entity_at(i)) && !cx->code; i++)
    for (int k = 0; k < other->property_count && !cx->code; k++) {
      const struct property *p = &other->properties[k];
      const char **ids = NULL;
      size_t count;
      if (!p->cascade || strcmp(p->reference, e->name) != 0) continue;
      followers(cx, db, other, p, id, at, &ids, &count);
      for (size_t n = 0; n < count && !cx->code; n++)
        mark(cx, db, other, ids[n], at == 0 ? DELETED : RESTORED);
    }
  return cx->code;
}

static int deleted_when(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t *at) {
  struct stmt *s = db_compose(cx, db, ctx_printf(cx, "SELECT deleted_at FROM %s WHERE id = ?1", e->table));
  *at = 0;
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s)) return cx->code;
  *at = col_int(s, 0);
  stmt_done(s);
  return OK;
}

static int mark(struct ctx *cx, struct db *db, const struct entity *e, const char *id, enum marking how) {
  bool deleted = how != RESTORED;
  const char *before = row_read(cx, db, e, id, NULL);
  int64_t at = 0;
  if (!before) return missing(cx, e, id);
  if (guard && guard(cx, db, e)) return cx->code;
  if (e->hooks.check_before && e->hooks.check_before(cx, db, id)) return cx->code;
  if (!deleted && deleted_when(cx, db, e, id, &at)) return cx->code;
  if (how == DELETED && check_unused(cx, db, e, id)) return cx->code;
  if (!deleted && check_restored(cx, db, e, id)) return cx->code;
  const char *sql =
      ctx_printf(cx,
                 "UPDATE %s SET version = version + 1, updated_at = ?2, updated_by = ?3, deleted_at = ?4, "
                 "deleted_by = ?5 WHERE id = ?1 AND (deleted_at IS NULL) = ?6",
                 e->table);
  struct stmt *s = stmt_bind(db_compose(cx, db, sql), id, cx->now, cx->actor);
  if (deleted) stmt_int(s, 4, cx->now);
  if (deleted) stmt_text(s, 5, cx->actor);
  stmt_int(s, 6, deleted);
  if (stmt_run(cx, s)) return cx->code;
  if (db_changes(db) == 0)
    return fail(cx, E_CONFLICT, "id", "the %s is %s", e->name, deleted ? "deleted already" : "not deleted");
  if (note(cx, db, e, deleted ? "RECORD_DELETED" : "RECORD_RESTORED", id, before, NULL,
           ctx_printf(cx, "a %s was %s", e->name, deleted ? "deleted" : "restored")))
    return cx->code;
  return how == DELETED || at ? mark_followers(cx, db, e, id, at) : OK;
}

int record_delete(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  return mark(cx, db, e, id, DELETED);
}
int record_delete_alone(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  return mark(cx, db, e, id, DELETED_ALONE);
}
int record_restore(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  return mark(cx, db, e, id, RESTORED);
}

static int redirect(struct ctx *cx, struct db *db, const struct entity *of, const struct property *p,
                    const char *id, const char *to) {
  const char **ids = NULL;
  size_t count;
  if (followers(cx, db, of, p, id, 0, &ids, &count)) return cx->code;
  for (size_t i = 0; i < count && !cx->code; i++) {
    struct jv *object;
    if (!jv_parse(cx, str_of(ctx_printf(cx, "{\"%s\":\"%s\"}", p->name, to)), &object))
      record_change(cx, db, of, ids[i], object, false);
  }
  return cx->code;
}

int record_redirect(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *to) {
  const struct entity *other;
  for (int i = 0; (other = entity_at(i)); i++)
    for (int k = 0; k < other->property_count && !cx->code; k++) {
      const struct property *p = &other->properties[k];
      if (p->reference && strcmp(p->reference, e->name) == 0) redirect(cx, db, other, p, id, to);
    }
  return cx->code;
}

/* ---- reading ---- */

int record_get(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct jw *w,
               const char *key) {
  char *json = row_read(cx, db, e, id, NULL);
  if (!json) return missing(cx, e, id);
  jw_raw(w, key, str_of(json));
  return OK;
}

int record_version(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t *version) {
  struct stmt *s = db_compose(cx, db, ctx_printf(cx, "SELECT version FROM %s WHERE id = ?1", e->table));
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s)) return missing(cx, e, id);
  *version = col_int(s, 0);
  stmt_done(s);
  return OK;
}

const struct property *record_key(const struct entity *e) {
  for (int i = 0; i < e->key_count; i++) {
    const struct property *p = &e->properties[e->keys[i].property[0]];
    if (e->keys[i].count == 1 && p->kind == PROPERTY_TEXT) return p;
  }
  return NULL;
}

/* deleted: those alone. */
static int id_of(struct ctx *cx, struct db *db, const struct entity *e, const char *name, bool deleted,
                 char id[static 37]) {
  const struct property *p = record_key(e);
  if (uuid_valid(str_of(name)) && str_copy(id, 37, str_of(name))) return OK;
  if (!p) return missing(cx, e, name);
  struct stmt *s =
      db_compose(cx, db,
                 ctx_printf(cx, "SELECT id FROM %s WHERE %s = ?1 AND deleted_at IS %sNULL LIMIT 2", e->table,
                            p->name, deleted ? "NOT " : ""));
  stmt_text(s, 1, name);
  if (!stmt_row(cx, s)) return missing(cx, e, name);
  str_copy(id, 37, col_str(s, 0));
  bool another = stmt_row(cx, s);
  stmt_done(s);
  return !another
             ? (int)cx->code
             : fail(cx, E_CONFLICT, "id", "several %ss with the %s %.80s were deleted: name one by its id",
                    e->name, p->name, name);
}

int record_id(struct ctx *cx, struct db *db, const struct entity *e, const char *name, char id[static 37]) {
  return id_of(cx, db, e, name, false, id);
}

int record_id_deleted(struct ctx *cx, struct db *db, const struct entity *e, const char *name,
                      char id[static 37]) {
  if (!id_of(cx, db, e, name, false, id) || cx->code != E_NOT_FOUND) return cx->code;
  ctx_forgive(cx);
  return id_of(cx, db, e, name, true, id);
}
