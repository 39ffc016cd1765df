#include "replicate/conflict.h"

#include "base/limits.h"
#include "notify/alert.h"
#include "record/form.h"
#include "replicate/same_key.h"

static const char ALERT[] = "sync_conflict";

/* ---- noting ---- */

const struct jv *conflict_row(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  struct buf json;
  struct jw w;
  struct jv *row = NULL;
  jw_begin(&w, &json, LIMIT_BODY_BYTES);
  if (!record_get(cx, db, e, id, &w, "row")) {
    jw_close(&w, '}');
    jv_parse(cx, buf_view(&json), &row);
  }
  buf_clear(&json);
  return jv_get(row, "row");
}

const char *conflict_title(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  const struct property *p = record_key(e);
  if (!p) return id;
  struct str text = jv_text(jv_get(conflict_row(cx, db, e, id), p->name));
  return text.p ? ctx_strdup(cx, text) : id;
}

static void put(struct jw *w, const char *name, const struct jv *v) {
  struct buf text;
  if (jv_kind(v) == JV_NULL) return;
  buf_init(&text, LIMIT_BODY_BYTES);
  jv_write(&text, v);
  jw_raw(w, name, buf_view(&text));
  buf_clear(&text);
}

void conflict_put(struct jw *w, const struct conflict *c) {
  put(w, "base", c->base);
  put(w, "lost", c->lost);
  put(w, "won", c->won);
}

/* Which of two records has a key: see same_key.h. */
static bool is_of_key(const char *field) { return strcmp(field, SAME_KEY_FIELD) == 0; }

static const char *policy_of(const struct conflict *c) {
  int i = entity_property(c->entity, str_of(c->field));
  return i >= 0 && c->entity->properties[i].merge == MERGE_REVIEW ? "review" : "latest";
}

static int tell(struct ctx *cx, struct db *db, const struct conflict *c, const char *title) {
  bool fresh;
  bool review = strcmp(policy_of(c), "review") == 0;
  if ((!c->here && !review) || is_of_key(c->field))
    return OK; /* who waits for a key is told that (parked.h) */
  const char *what = strcmp(c->field, "deleted_at") == 0 ? "that it is there or not" : c->field;
  return alert_raise(
      cx, db,
      &(struct alert){
          .kind = ALERT,
          .subject = c->id,
          .state = review ? "review" : "lost",
          .severity = review ? SEVERITY_WARNING : SEVERITY_INFO,
          .title = ctx_printf(cx, "Two changes of the %s %s: %s", c->entity->name, title, what),
          .text = review
                      ? "It was changed here and elsewhere. The latest change shows until somebody decides."
                      : "A change that was made here did not hold, because it was changed elsewhere, too. It "
                        "is kept and can be brought back.",
          .address = "#/conflicts" },
      &fresh);
}

static bool known(struct ctx *cx, struct db *db, const char *id) {
  return stmt_exists(cx, db_ask(cx, db, SQL_conflict_state, id));
}

int conflict_note(struct ctx *cx, struct db *db, const struct conflict *c) {
  struct form f;
  if (known(cx, db, c->id) || cx->code) return cx->code;
  const char *title = conflict_title(cx, db, c->entity, c->record);
  struct jw *w = form_begin(&f, c->id);
  jw_put(w, "kind", c->entity->name, "record", c->record, "title", title, "field", c->field);
  conflict_put(w, c);
  jw_text(w, "lost_by", c->here ? "here" : "elsewhere");
  jw_text(w, "policy", policy_of(c));
  jw_time(w, "happened_at", cx->now);
  if (form_save(cx, db, "sync_conflict", &f, NULL)) return cx->code;
  return tell(cx, db, c, title);
}

int conflict_decided(struct ctx *cx, struct db *db, const char *id, const char *state, const char *note) {
  struct form f;
  struct jw *w = form_begin(&f, id);
  jw_text(w, "state", state);
  if (note) jw_text(w, "note", note);
  if (form_save(cx, db, "sync_conflict", &f, NULL)) return cx->code;
  return alert_settle(cx, db, ALERT, id);
}

int conflict_settle(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_conflict_state, id);
  if (!stmt_row(cx, s)) return cx->code;
  bool open = str_eq(col_str(s, 0), STR("open"));
  stmt_done(s);
  return open ? conflict_decided(cx, db, id, "settled", NULL) : OK;
}

/* ---- deciding ---- */

struct decided {
  const struct entity *entity;
  const char *record, *field, *lost; /* lost: JSON */
  bool deleted;                      /* the record is */
};

static int read_open(struct ctx *cx, struct db *db, const char *id, struct decided *d) {
  struct stmt *s = db_ask(cx, db, SQL_conflict_get, id);
  if (!stmt_row(cx, s)) {
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no conflict %.40s", id);
  }
  const char *state = col_dup(cx, s, 4), *entity = col_dup(cx, s, 0);
  *d =
      (struct decided){ entity_find(entity), col_dup(cx, s, 1), col_dup(cx, s, 2), col_dup(cx, s, 3), false };
  stmt_done(s);
  if (strcmp(state, "open") != 0)
    return fail(cx, E_CONFLICT, "id", "this conflict was decided already: it is %s", state);
  if (!d->entity) return fail(cx, E_FAIL, "entity", "this program knows no %s", entity);
  return OK;
}

static int is_deleted(struct ctx *cx, struct db *db, struct decided *d) {
  struct stmt *s = db_compose(
      cx, db, ctx_printf(cx, "SELECT deleted_at IS NOT NULL FROM %s WHERE id = ?1", d->entity->table));
  stmt_text(s, 1, d->record);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "record", "the %s %s is not here", d->entity->name, d->record);
  d->deleted = col_int(s, 0) != 0;
  stmt_done(s);
  return OK;
}

static int bring_back(struct ctx *cx, struct db *db, struct decided *d) {
  struct jv *object;
  if (is_deleted(cx, db, d)) return cx->code;
  bool presence = strcmp(d->field, "deleted_at") == 0, gone = strcmp(d->lost, "null") != 0;
  if (presence && gone == d->deleted) return OK;
  if (presence && gone) return record_delete(cx, db, d->entity, d->record);
  if (d->deleted && record_restore(cx, db, d->entity, d->record)) return cx->code;
  if (presence) return OK;
  const char *text = ctx_printf(cx, "{\"%s\":%s}", d->field, d->lost);
  if (jv_parse(cx, str_of(text), &object)) return cx->code;
  return record_change(cx, db, d->entity, d->record, object, false);
}

int conflict_take(struct ctx *cx, struct db *db, const char *id, const char *note) {
  struct decided d = { 0 };
  if (read_open(cx, db, id, &d)) return cx->code;
  if (is_of_key(d.field))
    return fail(
        cx, E_CONFLICT, "id",
        "another record has the key of this one: give it another key (rename), or let theirs take its "
        "place (keep)");
  if (bring_back(cx, db, &d)) return cx->code;
  return conflict_decided(cx, db, id, "taken", note);
}

int conflict_keep(struct ctx *cx, struct db *db, const char *id, const char *note) {
  struct decided d = { 0 };
  if (read_open(cx, db, id, &d)) return cx->code;
  return is_of_key(d.field) ? same_key_keep(cx, db, id, note) : conflict_decided(cx, db, id, "kept", note);
}

/* ---- a choice is taken back ---- */

struct undone {
  struct conflict c;
  const char *title, *state;
};

static int read_undone(struct ctx *cx, struct db *db, const char *id, struct undone *u) {
  struct stmt *s = db_ask(cx, db, SQL_conflict_decided, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no conflict %.40s", id);
  const char *entity = col_dup(cx, s, 0);
  u->c = (struct conflict){ .id = id,
                            .entity = entity_find(entity),
                            .record = col_dup(cx, s, 1),
                            .field = col_dup(cx, s, 2),
                            .here = str_eq(col_str(s, 3), STR("here")) };
  u->title = col_dup(cx, s, 4);
  u->state = col_dup(cx, s, 5);
  stmt_done(s);
  return u->c.entity ? OK : fail(cx, E_FAIL, "entity", "this program knows no %s", entity);
}

/* What taking it made of the record, by the log: NULL when the record was so already. */
static int read_taken(struct ctx *cx, struct db *db, const struct conflict *c, const struct jv **before,
                      const struct jv **after) {
  struct jv *b = NULL, *a = NULL;
  struct stmt *s = db_ask(cx, db, SQL_conflict_taken, c->id, c->entity->table, c->record);
  if (stmt_row(cx, s)) {
    const char *was = col_dup(cx, s, 0), *is = col_dup(cx, s, 1);
    stmt_done(s);
    if (was && is && !jv_parse(cx, str_of(was), &b)) jv_parse(cx, str_of(is), &a);
  }
  *before = b;
  *after = a;
  return cx->code;
}

static int set_field(struct ctx *cx, struct db *db, const struct conflict *c, const struct jv *value) {
  struct buf text;
  struct jv *object;
  buf_init(&text, LIMIT_BODY_BYTES);
  jv_write(&text, value);
  const char *json = value ? ctx_strdup(cx, buf_view(&text)) : "null";
  buf_clear(&text);
  if (jv_parse(cx, str_of(ctx_printf(cx, "{\"%s\":%s}", c->field, json)), &object)) return cx->code;
  return record_change(cx, db, c->entity, c->record, object, false);
}

static bool same(const struct jv *a, const struct jv *b) {
  return jv_kind(a) == JV_NULL || jv_kind(b) == JV_NULL ? jv_kind(a) == jv_kind(b) : jv_same(a, b);
}

/* The record becomes what it was before, unless somebody went on from it. */
static int give_back(struct ctx *cx, struct db *db, const struct conflict *c) {
  const struct jv *before, *after, *now;
  if (read_taken(cx, db, c, &before, &after) || !before) return cx->code;
  if (!(now = conflict_row(cx, db, c->entity, c->record))) return cx->code;
  bool presence = strcmp(c->field, "deleted_at") == 0;
  bool was = jv_kind(jv_get(before, "deleted_at")) != JV_NULL,
       is = jv_kind(jv_get(now, "deleted_at")) != JV_NULL;
  if (is != (jv_kind(jv_get(after, "deleted_at")) != JV_NULL) ||
      (!presence && !same(jv_get(now, c->field), jv_get(after, c->field))))
    return fail(cx, E_CONFLICT, "id", "the %s was changed since: change it itself", c->entity->name);
  if (is && !was && record_restore(cx, db, c->entity, c->record)) return cx->code;
  if (!presence && !same(jv_get(before, c->field), jv_get(after, c->field)) &&
      set_field(cx, db, c, jv_get(before, c->field)))
    return cx->code;
  return was && !is ? record_delete(cx, db, c->entity, c->record) : OK;
}

int conflict_reopen(struct ctx *cx, struct db *db, const char *id, const char *note) {
  struct undone u;
  struct form f;
  if (read_undone(cx, db, id, &u) || strcmp(u.state, "open") == 0) return cx->code;
  if (strcmp(u.state, "settled") == 0)
    return fail(cx, E_CONFLICT, "id", "somebody went on from it: change the %s itself", u.c.entity->name);
  if (is_of_key(u.c.field))
    return fail(cx, E_CONFLICT, "id", "a key was given away: change the records themselves");
  if (strcmp(u.state, "taken") == 0 && give_back(cx, db, &u.c)) return cx->code;
  jw_text(form_begin(&f, id), "state", "open");
  if (note) jw_text(&f.w, "note", note);
  return form_save(cx, db, "sync_conflict", &f, NULL) ? (int)cx->code : tell(cx, db, &u.c, u.title);
}

/* ---- the inbox ---- */

int conflict_list(struct ctx *cx, struct db *db, bool all, int64_t limit, struct jw *w, const char *key) {
  struct record_filter open = { "state", "eq", STR("open") };
  struct record_page page;
  struct record_query q = { .filters = &open, .filter_count = all ? 0 : 1, .limit = limit };
  return record_query(cx, db, entity_find("sync_conflict"), &q, w, key, &page);
}

int conflict_entity(struct ctx *cx, struct db *db, const char *id, const struct entity **out) {
  struct undone u;
  if (read_undone(cx, db, id, &u)) return cx->code;
  *out = u.c.entity;
  return OK;
}
