/*
** conflict_show.c - the inbox as the API and the page have it: a record of sync_conflict with what it takes to decide.
**
**   base         what it was before both changes, null when it was not there
**   lost, won    what did not hold, and what holds instead; null: the record was deleted, or the field emptied
**   lost_by      here: the change of this place did not hold; so `mine` speaks of `lost`, `theirs` of `won`, else the
**                other way round
**   mine, theirs {who, at}: who made it so, and when, as this file's log has it; null: it never came here, or long ago
**                a decimal is a text, as in records
**   property     the kind of the field; presence: whether the record is there at all; key: two records have one key (same_key.h), base are
**                the names of its fields, lost and won both records; null: this program does not know it
**   access       the group of permissions of the record: deciding takes its write
**   names        of a reference: what people call the records that the three values name
*/
#include "base/decimal.h"
#include "base/limits.h"
#include "replicate/conflict.h"
#include "replicate/same_key.h"

static struct str json_of(struct ctx *cx, const struct jv *v) {
  struct buf text;
  if (jv_kind(v) == JV_NULL) return (struct str){ 0 };
  buf_init(&text, LIMIT_BODY_BYTES);
  jv_write(&text, v);
  return str_of(ctx_take(cx, &text));
}

static const char *text_of(struct ctx *cx, const struct jv *row, const char *name) {
  struct str s = jv_text(jv_get(row, name));
  return s.p ? ctx_strdup(cx, s) : "";
}

/* What a conflict is about. */
struct about {
  const struct jv *row;
  const struct entity *entity;     /* NULL: this program does not know it */
  const struct property *property; /* NULL: none of the record's own */
};

static bool is_of_key(const struct about *a) {
  return str_eq(jv_text(jv_get(a->row, "field")), STR(SAME_KEY_FIELD));
}

static struct about about(struct ctx *cx, const struct jv *row) {
  struct about a = { row, entity_find(text_of(cx, row, "kind")), NULL };
  int i = a.entity ? entity_property(a.entity, jv_text(jv_get(row, "field"))) : -1;
  if (i >= 0) a.property = &a.entity->properties[i];
  return a;
}

static void put_said(struct ctx *cx, struct db *db, const struct about *a, const char *name,
                     const char *value, bool elsewhere, struct jw *w) {
  struct stmt *s =
      db_ask(cx, db, SQL_conflict_said, a->entity ? a->entity->table : "", text_of(cx, a->row, "record"),
             ctx_printf(cx, "$.\"%s\"", text_of(cx, a->row, "field")), json_of(cx, jv_get(a->row, value)).p,
             elsewhere, a->property && a->property->kind == PROPERTY_DECIMAL);
  if (!stmt_row(cx, s)) {
    jw_text(w, name, NULL);
    return;
  }
  jw_object(w, name);
  jw_put(w, "who", col_str(s, 0), "at", arg_time(col_int(s, 1)));
  jw_close(w, '}');
  stmt_done(s);
}

/* Two records with one key: who made each. */
static void put_made(struct ctx *cx, const struct jv *record, const char *name, struct jw *w) {
  int64_t at = 0;
  str_to_int(jv_text(jv_get(record, "created_at")), &at);
  jw_object(w, name);
  jw_text(w, "who", text_of(cx, record, "created_by"));
  jw_time(w, "at", at);
  jw_close(w, '}');
}

static const char *kind_of(const struct about *a) {
  if (a->property) return property_kind_name(a->property->kind);
  if (is_of_key(a)) return "key";
  return str_eq(jv_text(jv_get(a->row, "field")), STR("deleted_at")) ? "presence" : NULL;
}

/* A record that is not here has no name; nothing else goes wrong. */
static int put_names(struct ctx *cx, struct db *db, const struct about *a, struct jw *w) {
  static const char *const values[] = { "base", "lost", "won" };
  const struct property *p = a->property;
  const struct entity *of = p && p->reference ? entity_find(p->reference) : NULL;
  struct str done[3] = { { 0 } };
  jw_object(w, "names");
  for (int i = 0; of && i < 3 && !cx->code; i++) {
    struct str id = done[i] = jv_text(jv_get(a->row, values[i]));
    if (!id.p || (i > 0 && str_eq(id, done[0])) || (i > 1 && str_eq(id, done[1]))) continue;
    const char *key = ctx_strdup(cx, id), *title = conflict_title(cx, db, of, key);
    if (cx->code == E_NOT_FOUND)
      ctx_forgive(cx);
    else
      jw_text(w, key, title);
  }
  jw_close(w, '}');
  return cx->code;
}

static void put_decided(struct ctx *cx, const struct jv *row, struct jw *w) {
  bool open = str_eq(jv_text(jv_get(row, "state")), STR("open"));
  int64_t at = 0;
  if (!open) str_to_int(jv_text(jv_get(row, "updated_at")), &at);
  jw_time_known(w, "decided_at", at);
  jw_text(w, "decided_by", open ? NULL : text_of(cx, row, "updated_by"));
}

/* Headquarters' JSON has decimals as numbers. */
static void put_member(struct ctx *cx, const char *name, const struct jv *v, const struct property *p,
                       struct jw *w) {
  struct str json = json_of(cx, v);
  bool rounded;
  int64_t units;
  if (p && p->kind == PROPERTY_DECIMAL && jv_kind(v) == JV_NUMBER &&
      dec_parse(jv_text(v), p->scale, &units, &rounded))
    return jw_decimal(w, name, units, p->scale, 0);
  jw_raw(w, name, json.p ? json : STR("null"));
}

/* The stamps of the inbox' own record say nothing of the conflict. */
static bool is_stamp(const char *name) {
  static const char *const stamps[] = { "version",    "created_at", "created_by", "updated_at",
                                        "updated_by", "deleted_at", "deleted_by" };
  for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++)
    if (strcmp(name, stamps[i]) == 0) return true;
  return false;
}

static bool is_value(const char *name) {
  return strcmp(name, "base") == 0 || strcmp(name, "lost") == 0 || strcmp(name, "won") == 0;
}

static int show(struct ctx *cx, struct db *db, const struct jv *row, struct jw *w) {
  const struct about a = about(cx, row);
  bool here = str_eq(jv_text(jv_get(row, "lost_by")), STR("here"));
  jw_object(w, NULL);
  for (void *it = jv_first(row); it; it = jv_next(row, it)) {
    const char *name = ctx_strdup(cx, jv_key(it));
    if (!is_stamp(name)) put_member(cx, name, jv_value(it), is_value(name) ? a.property : NULL, w);
  }
  jw_text(w, "property", kind_of(&a));
  jw_text(w, "access", a.entity ? a.entity->access : NULL);
  put_decided(cx, row, w);
  if (is_of_key(&a)) {
    put_made(cx, jv_get(row, "lost"), "mine", w);
    put_made(cx, jv_get(row, "won"), "theirs", w);
  } else {
    put_said(cx, db, &a, "mine", here ? "lost" : "won", false, w);
    put_said(cx, db, &a, "theirs", here ? "won" : "lost", true, w);
  }
  put_names(cx, db, &a, w);
  jw_close(w, '}');
  return cx->code;
}

static int filter_of(struct ctx *cx, const char *state, struct record_query *q, struct record_filter *f) {
  if (strcmp(state, "all") == 0) return OK;
  bool open = strcmp(state, "open") == 0;
  if (!open && strcmp(state, "decided") != 0)
    return fail(cx, E_INVALID, "state", "a conflict is open or decided, or ask for all; not '%.40s'", state);
  *f = (struct record_filter){ "state", open ? "eq" : "ne", STR("open") };
  q->filters = f;
  q->filter_count = 1;
  return OK;
}

int conflict_page(struct ctx *cx, struct db *db, const char *state, int64_t limit, const char *cursor,
                  struct jw *w, const char *key, struct record_page *page) {
  struct record_query q = { .limit = limit, .cursor = cursor };
  struct record_filter filter;
  struct buf json;
  struct jw list;
  struct jv *all;
  if (filter_of(cx, state, &q, &filter)) return cx->code;
  jw_begin(&list, &json, LIMIT_REPLY_BYTES);
  int rc = record_query(cx, db, entity_find("sync_conflict"), &q, &list, "rows", page);
  jw_close(&list, '}');
  if (!rc) rc = jv_parse(cx, buf_view(&json), &all);
  buf_clear(&json);
  if (rc) return rc;
  const struct jv *rows = jv_get(all, "rows");
  jw_array(w, key);
  for (size_t i = 0; i < jv_size(rows) && !cx->code; i++) show(cx, db, jv_at(rows, i), w);
  jw_close(w, ']');
  return cx->code;
}
