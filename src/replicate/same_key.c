#include "replicate/same_key.h"

#include "base/limits.h"
#include "record/form.h"
#include "replicate/conflict.h"
#include "replicate/parked.h"

static const char *id_of(struct ctx *cx, const struct jv *row) {
  return ctx_strdup(cx, jv_text(jv_get(row, "id")));
}

/* ---- which one gives way ---- */

static bool is_later(struct ctx *cx, const struct jv *a, const struct jv *b) {
  int64_t at = 0, other = 0;
  str_to_int(jv_text(jv_get(a, "created_at")), &at);
  str_to_int(jv_text(jv_get(b, "created_at")), &other);
  return at != other ? at > other : strcmp(id_of(cx, a), id_of(cx, b)) > 0;
}

/* Somebody here has made it, or changed it: it did not only come from headquarters. */
static bool is_ours(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  return stmt_exists(cx, db_ask(cx, db, SQL_same_key_ours, e->table, id));
}

/* ---- the conflict ---- */

/* Those of this record of headquarters that are not `but` (NULL: all) are over. */
static int settle_others(struct ctx *cx, struct db *db, const struct entity *e, const char *theirs,
                         const char *but) {
  for (const char *id = ""; id && !cx->code;) {
    struct stmt *s = db_ask(cx, db, SQL_same_key_open, e->name, theirs, but ? but : "");
    id = stmt_row(cx, s) ? col_dup(cx, s, 0) : NULL;
    if (s) stmt_done(s);
    if (id) conflict_decided(cx, db, id, "settled", NULL);
  }
  return cx->code;
}

/* It is there already, and says the same; or it is brought up to date. Those that people decided stay decided, unless it is so again. */
static int note(struct ctx *cx, struct db *db, const struct conflict *c) {
  struct form f;
  const struct jv *was = conflict_row(cx, db, entity_find("sync_conflict"), c->id);
  if (cx->code == E_NOT_FOUND) ctx_forgive(cx);
  if (cx->code) return cx->code;
  if (!was) return conflict_note(cx, db, c);
  if (str_eq(jv_text(jv_get(was, "state")), STR("open")) && jv_same(jv_get(was, "lost"), c->lost) &&
      jv_same(jv_get(was, "won"), c->won) && jv_same(jv_get(was, "base"), c->base))
    return OK;
  struct jw *w = form_begin(&f, c->id);
  jw_text(w, "state", "open");
  conflict_put(w, c);
  return form_save(cx, db, "sync_conflict", &f, NULL);
}

static const struct jv *key_names(struct ctx *cx, const struct entity *e, const bool *keys) {
  struct buf text;
  struct jw w;
  struct jv *names = NULL;
  buf_init(&text, LIMIT_TEXT_BYTES);
  jw_init(&w, &text);
  jw_array(&w, NULL);
  for (int i = 0; i < e->property_count; i++)
    if (keys[i]) jw_text(&w, NULL, e->properties[i].name);
  jw_close(&w, ']');
  jv_parse(cx, str_of(ctx_strdup(cx, buf_view(&text))), &names);
  buf_clear(&text);
  return names;
}

int same_key_refused(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *theirs,
                     const char **reason, const char **address) {
  bool *keys = ctx_alloc(cx, (size_t)e->property_count * sizeof *keys);
  const char *mine, *id = id_of(cx, theirs);
  if (record_with_key(cx, db, e, theirs, &mine, keys)) return cx->code;
  const struct jv *here = mine ? conflict_row(cx, db, e, mine) : NULL;
  bool ours = here && is_ours(cx, db, e, mine), gives_way = ours && is_later(cx, here, theirs);
  if (cx->code) return cx->code;
  if (ours && !gives_way)
    *reason =
        ctx_printf(cx, "%s. The one here was made earlier, so whoever made the other one is asked", *reason);
  if (!gives_way) return settle_others(cx, db, e, id, NULL);
  *reason = ctx_printf(
      cx, "%s. The other one was made earlier: choose whether the one here gets another key, or gives way",
      *reason);
  *address = "#/conflicts";
  char conflict[37];
  merge_conflict_id(conflict, e->table, mine, ctx_printf(cx, "%s %s", SAME_KEY_FIELD, id),
                    (struct merge_mark){ 0, 0 });
  const struct conflict c = { .id = ctx_strdup(cx, str_of(conflict)),
                              .entity = e,
                              .record = mine,
                              .field = SAME_KEY_FIELD,
                              .base = key_names(cx, e, keys),
                              .lost = here,
                              .won = theirs,
                              .here = true };
  return note(cx, db, &c) ? (int)cx->code : settle_others(cx, db, e, id, c.id);
}

int same_key_over(struct ctx *cx, struct db *db, const struct entity *e, const char *theirs) {
  return settle_others(cx, db, e, theirs, NULL);
}

/* ---- choosing ---- */

struct choice {
  const struct entity *entity;
  const char *id, *mine, *theirs;
  const struct jv *keys, *row; /* row: theirs */
};

static int read_open(struct ctx *cx, struct db *db, const char *id, struct choice *c) {
  const struct jv *row = conflict_row(cx, db, entity_find("sync_conflict"), id);
  if (cx->code) return cx->code;
  struct str state = jv_text(jv_get(row, "state"));
  if (!str_eq(jv_text(jv_get(row, "field")), STR(SAME_KEY_FIELD)))
    return fail(cx, E_CONFLICT, "id", "this conflict is not about a key: take or keep decides it");
  if (!str_eq(state, STR("open")))
    return fail(cx, E_CONFLICT, "id", "this conflict was decided already: it is " STR_FMT, STR_ARG(state));
  *c = (struct choice){ .entity = entity_find(ctx_strdup(cx, jv_text(jv_get(row, "kind")))),
                        .id = id,
                        .mine = ctx_strdup(cx, jv_text(jv_get(row, "record"))),
                        .keys = jv_get(row, "base"),
                        .row = jv_get(row, "won") };
  c->theirs = id_of(cx, c->row);
  return c->entity ? OK : fail(cx, E_FAIL, "entity", "this program does not know what the conflict is about");
}

static int come_in(struct ctx *cx, struct db *db, const struct choice *c) {
  bool was;
  const char *text = ctx_printf(cx, "a %s came from headquarters", c->entity->name);
  return parked_take(cx, db, c->entity, str_of("same-key"), c->row, text)
             ? (int)cx->code
             : parked_end(cx, db, c->entity, c->theirs, &was);
}

/* Perhaps something else is in its way: then it waits as before. */
static int come_in_if(struct ctx *cx, struct db *db, const struct choice *c) {
  if (stmt_run(cx, db_once(cx, db, "SAVEPOINT same_key"))) return cx->code;
  if (come_in(cx, db, c)) {
    if (!parked_refused(cx)) return cx->code;
    ctx_forgive(cx);
    if (stmt_run(cx, db_once(cx, db, "ROLLBACK TO same_key"))) return cx->code;
  }
  return stmt_run(cx, db_once(cx, db, "RELEASE same_key"));
}

static bool is_key(const struct choice *c, struct str name) {
  for (size_t i = 0; i < jv_size(c->keys); i++)
    if (str_eq(jv_text(jv_at(c->keys, i)), name)) return true;
  return false;
}

/* "sku" or "name, sku" */
static const char *names_of(struct ctx *cx, const struct choice *c) {
  const char *names = "";
  for (size_t i = 0; i < jv_size(c->keys); i++)
    names = ctx_printf(cx, "%s%s" STR_FMT, names, i ? ", " : "", STR_ARG(jv_text(jv_at(c->keys, i))));
  return names;
}

static int check_values(struct ctx *cx, const struct choice *c, const struct jv *values) {
  for (void *it = jv_first(values); it; it = jv_next(values, it))
    if (!is_key(c, jv_key(it)))
      return fail(cx, E_INVALID, "values", STR_FMT " is no part of the key; that is %s", STR_ARG(jv_key(it)),
                  names_of(cx, c));
  if (jv_kind(values) != JV_OBJECT || !jv_size(values))
    return fail(cx, E_INVALID, "values", "another %s is needed, such as {\"" STR_FMT "\": \"...\"}",
                names_of(cx, c), STR_ARG(jv_text(jv_at(c->keys, 0))));
  return OK;
}

/* Whose key theirs still is in the way of; keys as in record_with_key. When it is not mine any more (it was renamed, or deleted, since), there
** is nothing left to choose: theirs comes in if it can. */
static int still_open(struct ctx *cx, struct db *db, const struct choice *c, bool *keys, bool *open) {
  const char *holder;
  *open = false;
  if (record_with_key(cx, db, c->entity, c->row, &holder, keys)) return cx->code;
  *open = holder && strcmp(holder, c->mine) == 0;
  return OK;
}

static int settle(struct ctx *cx, struct db *db, const struct choice *c, const char *note) {
  return come_in_if(cx, db, c) ? (int)cx->code : conflict_decided(cx, db, c->id, "settled", note);
}

static bool *keys_of(struct ctx *cx, const struct choice *c) {
  return ctx_alloc(cx, (size_t)c->entity->property_count * sizeof(bool));
}

int same_key_rename(struct ctx *cx, struct db *db, void *rename) {
  const struct same_key_rename *r = rename;
  struct choice c;
  bool open;
  if (read_open(cx, db, r->id, &c) || check_values(cx, &c, r->values)) return cx->code;
  bool *keys = keys_of(cx, &c);
  if (still_open(cx, db, &c, keys, &open)) return cx->code;
  if (!open) return settle(cx, db, &c, r->note);
  if (record_change(cx, db, c.entity, c.mine, r->values, false) || still_open(cx, db, &c, keys, &open))
    return cx->code;
  for (int i = 0; open && i < c.entity->property_count; i++)
    if (keys[i])
      return fail(cx, E_CONFLICT, c.entity->properties[i].name,
                  "%s is the same as theirs still: give another", c.entity->properties[i].name);
  return come_in_if(cx, db, &c) ? (int)cx->code : conflict_decided(cx, db, r->id, "taken", r->note);
}

int same_key_keep(struct ctx *cx, struct db *db, const char *id, const char *note) {
  struct choice c;
  bool open;
  if (read_open(cx, db, id, &c) || still_open(cx, db, &c, keys_of(cx, &c), &open)) return cx->code;
  if (!open) return settle(cx, db, &c, note);
  /* The choice before the deletion: see gave_way.h. */
  if (conflict_decided(cx, db, id, "kept", note)) return cx->code;
  if (record_delete_alone(cx, db, c.entity, c.mine) || come_in(cx, db, &c) ||
      record_redirect(cx, db, c.entity, c.mine, c.theirs)) {
    if (!parked_refused(cx)) return cx->code;
    const char *text = ctx_strdup(cx, str_of(cx->message));
    ctx_forgive(cx);
    return fail(cx, E_CONFLICT, "id", "theirs cannot take the place of yours: %s. Give yours another %s",
                text, names_of(cx, &c));
  }
  return cx->code;
}
