#include "field/sources.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/time.h"
#include "field/invoices.h"
#include "record/record.h"

static const char ACTOR[] = "populate";

const struct source store_source = {
  .entity = "store",
  .stage = "populate_stores",
  .key = "customer_id",
  .key_sql = "customer_id",
  .property = { { "name", "customer_name", false },
                { "address", "billing_address", false },
                { "city", "billing_city", false },
                { "state", "billing_state", false },
                { "pin", "billing_pin", false },
                { "phone", "customer_phone", false },
                { "email", "customer_email", false },
                { "gstin", "customer_gstin", false },
                { "salesperson", "salesperson", false } },
  .count = 9,
};

/* A code of ours is better than one of theirs; the price is the rate, or what a unit came to. */
const struct source product_source = {
  .entity = "product",
  .stage = "populate_products",
  .key = "name",
  .key_sql = "item_name",
  .property = { { "sku", "iif(sku = ?1, product_id, sku)", false },
                { "barcode", "barcode", false },
                { "category", "category_name", false },
                { "brand", "brand", false },
                { "unit", "unit", false },
                { "unit_price", "coalesce(rate, iif(quantity > 0, total * 10000 / quantity, NULL))", true },
                { "hsn", "hsn_code", false },
                { "gst_rate", "gst_rate", true } },
  .count = 8,
};

/* ---- what was said ---- */

/* A value of a property, and how often it was said. */
struct said {
  int64_t value, rows;
  int32_t last; /* day */
  struct said *next;
};

/* When a row spoke: what is greater counts. */
struct moment {
  int64_t day, row;
};

struct subject {
  int64_t term;
  struct moment at[SOURCE_PROPERTIES];
  int64_t value[SOURCE_PROPERTIES]; /* as of then */
  bool known[SOURCE_PROPERTIES];
  struct said *said[SOURCE_PROPERTIES]; /* of texts: all of them */
};

struct reading {
  const struct source *source;
  int64_t empty; /* the term of the empty text, or 0 */
  uint32_t *of_term;
  size_t terms;
  struct subject *subjects;
  size_t count, room;
};

static void release(void *arg) {
  struct reading *r = arg;
  free(r->of_term);
  free(r->subjects);
}

static struct subject *find(struct reading *r, int64_t term) {
  if (term < 1 || (size_t)term > r->terms) return NULL;
  uint32_t *at = &r->of_term[term];
  if (*at) return &r->subjects[*at - 1];
  if (r->count == r->room) {
    r->room = r->room ? r->room * 2 : 256;
    r->subjects = xrealloc(r->subjects, r->room * sizeof *r->subjects);
  }
  r->subjects[r->count] = (struct subject){ .term = term };
  *at = (uint32_t)++r->count;
  return &r->subjects[r->count - 1];
}

static void count_said(struct ctx *cx, struct subject *s, int property, int64_t value, int64_t day) {
  struct said *one = s->said[property];
  while (one && one->value != value) one = one->next;
  if (!one) {
    one = ctx_alloc(cx, sizeof *one);
    *one = (struct said){ .value = value, .next = s->said[property] };
    s->said[property] = one;
  }
  one->rows++;
  if (day > one->last) one->last = (int32_t)day;
}

static bool later(struct moment a, struct moment b) {
  return a.day != b.day ? a.day > b.day : a.row >= b.row;
}

enum { KEY, DAY, ROW, PROPERTIES };

static void hear(struct ctx *cx, struct reading *r, const struct stmt *q) {
  struct subject *s = find(r, col_int(q, KEY));
  struct moment at = { col_int(q, DAY), col_int(q, ROW) };
  for (int i = 0; s && i < r->source->count; i++) {
    bool number = r->source->property[i].number;
    int64_t value = col_int(q, PROPERTIES + i);
    if (col_null(q, PROPERTIES + i) || (number ? value < 0 : value == r->empty)) continue;
    if (!number) count_said(cx, s, i, value, at.day);
    if (s->known[i] && !later(at, s->at[i])) continue;
    s->known[i] = true;
    s->at[i] = at;
    s->value[i] = value;
  }
}

static int64_t term_of(struct ctx *cx, struct db *db, struct str text) {
  return stmt_number(cx, db_ask(cx, db, SQL_term_id, text), 0);
}

static int read_rows(struct ctx *cx, struct db *db, const struct source *source, struct reading *r) {
  *r = (struct reading){ .source = source, .empty = term_of(cx, db, STR("")) };
  r->terms = (size_t)db_int(cx, db, SQL_field_term_most, 0);
  r->of_term = xcalloc(r->terms + 1, sizeof *r->of_term);
  ctx_defer(cx, release, r);
  const char *sql = ctx_printf(cx, "SELECT %s, invoice_date, id", source->key_sql);
  for (int i = 0; i < source->count; i++) sql = ctx_printf(cx, "%s, %s", sql, source->property[i].sql);
  struct stmt *q = db_compose(cx, db, ctx_printf(cx, "%s FROM mangalam_invoices", sql));
  if (source == &product_source) stmt_int(q, 1, r->empty);
  while (stmt_row(cx, q)) hear(cx, r, q);
  return cx->code;
}

/* ---- as JSON ---- */

static const char *text_of(struct ctx *cx, struct db *db, int64_t term) {
  struct stmt *s = db_ask(cx, db, SQL_field_term_text, term);
  const char *text = stmt_row(cx, s) ? col_dup(cx, s, 0) : "";
  if (s) stmt_done(s);
  return text;
}

/* As much of a text as the property holds. */
static struct str clipped(const char *text, const struct property *p) {
  struct str s = str_of(text);
  int64_t left = p->has_max ? p->max : INT64_MAX;
  size_t n = 0;
  while (n < s.n && left-- > 0) do
      n++;
    while (n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80);
  return (struct str){ s.p, n };
}

static void put_value(struct ctx *cx, struct db *db, const struct source *source, const struct subject *s,
                      int i, struct jw *w) {
  const struct source_property *p = &source->property[i];
  const struct entity *e = entity_find(source->entity);
  if (p->number)
    jw_decimal(w, p->name, s->value[i], INVOICE_SCALE, 0);
  else
    jw_str(w, p->name,
           clipped(text_of(cx, db, s->value[i]), &e->properties[entity_property(e, str_of(p->name))]));
}

/* The properties as they were last said; a store without a name is called by its number. */
static const char *derive(struct ctx *cx, struct db *db, const struct source *source, const struct subject *s,
                          const char *key) {
  struct buf b;
  struct jw w;
  jw_begin(&w, &b, LIMIT_TEXT_BYTES * 4);
  for (int i = 0; i < source->count; i++)
    if (s->known[i])
      put_value(cx, db, source, s, i, &w);
    else if (strcmp(source->property[i].name, "name") == 0)
      jw_text(&w, "name", key);
  return jw_end(cx, &w);
}

static int by_rows(const void *a, const void *b) {
  const struct said *x = *(struct said *const *)a, *y = *(struct said *const *)b;
  if (x->rows != y->rows) return x->rows < y->rows ? 1 : -1;
  return (x->value > y->value) - (x->value < y->value);
}

enum { VARIANTS_NAMED = 20 };

static void put_others(struct ctx *cx, struct db *db, struct said *list, int64_t kept, struct jw *w) {
  struct said *others[VARIANTS_NAMED];
  size_t n = 0;
  for (struct said *one = list; one && n < VARIANTS_NAMED; one = one->next)
    if (one->value != kept) others[n++] = one;
  qsort(others, n, sizeof *others, by_rows);
  jw_array(w, "others");
  for (size_t i = 0; i < n; i++) {
    char day[DATE_SIZE];
    jw_object(w, NULL);
    jw_text(w, "value", text_of(cx, db, others[i]->value));
    jw_put(w, "rows", others[i]->rows, "last", date_iso(day, others[i]->last));
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

/* {"city": {"kept": "Chennai", "others": [{"value": "Madras", "rows": 12, "last": "2025-03-09"}]}}; "{}": nobody
** disagrees. */
static const char *disagreements(struct ctx *cx, struct db *db, const struct source *source,
                                 const struct subject *s) {
  struct buf b;
  struct jw w;
  jw_begin(&w, &b, LIMIT_TEXT_BYTES * 4);
  for (int i = 0; i < source->count; i++) {
    if (!s->said[i] || !s->said[i]->next) continue;
    jw_object(&w, source->property[i].name);
    jw_text(&w, "kept", text_of(cx, db, s->value[i]));
    put_others(cx, db, s->said[i], s->value[i], &w);
    jw_close(&w, '}');
  }
  jw_close(&w, '}');
  const char *json = b.full ? "{}" : ctx_strdup(cx, buf_view(&b));
  buf_clear(&b);
  return json;
}

/* ---- what was known before ---- */

struct known {
  const char *record, *said, *variant;
  bool made;
};

struct memory {
  struct map of; /* key -> index + 1 */
  struct known *list;
  size_t count, room;
};

static void forget(void *arg) {
  struct memory *m = arg;
  map_clear(&m->of);
  free(m->list);
}

static int remember(struct ctx *cx, struct db *db, const struct source *source, struct memory *m) {
  map_init(&m->of);
  ctx_defer(cx, forget, m);
  struct stmt *s = db_ask(cx, db, SQL_field_sources, source->entity);
  while (stmt_row(cx, s)) {
    if (m->count == m->room) {
      m->room = m->room ? m->room * 2 : 256;
      m->list = xrealloc(m->list, m->room * sizeof *m->list);
    }
    m->list[m->count++] = (struct known){ .record = col_dup(cx, s, 1),
                                          .made = col_int(s, 2),
                                          .said = col_dup(cx, s, 3),
                                          .variant = col_dup(cx, s, 4) };
    *map_put(&m->of, col_str(s, 0), NULL) = m->count;
  }
  return cx->code;
}

static const struct known *recall(const struct memory *m, const char *key) {
  const uint64_t *at = map_get(&m->of, str_of(key));
  return at ? &m->list[*at - 1] : NULL;
}

/* ---- one record ---- */

struct task {
  const struct source *source;
  const struct entity *entity;
  const char *key, *said, *variant;
  const struct known *known; /* NULL: nothing was said of it before */
  char id[37];
  bool made;
};

static int note(struct ctx *cx, struct db *db, const struct task *t, const char *event, const char *detail) {
  return db_act(cx, db, SQL_sync_log_add, cx->now, t->source->stage, t->source->entity, t->key, event,
                detail);
}

struct there {
  bool any, deleted, ours,
      touched; /* ours: populate deleted it; touched: by people, since populate wrote it */
};

static struct there look(struct ctx *cx, struct db *db, struct task *t) {
  struct there there = { 0 };
  struct stmt *s =
      db_compose(cx, db,
                 ctx_printf(cx,
                            "SELECT id, deleted_at IS NOT NULL, coalesce(deleted_by = ?2, 0), updated_by <> "
                            "?2, created_by = ?2 "
                            "FROM %s WHERE %s = ?1 ORDER BY deleted_at IS NOT NULL, updated_at DESC LIMIT 1",
                            t->entity->table, t->source->key));
  stmt_bind(s, t->key, ACTOR);
  if (!stmt_row(cx, s)) return there;
  str_copy(t->id, sizeof t->id, col_str(s, 0));
  there = (struct there){ true, col_int(s, 1), col_int(s, 2), col_int(s, 3) };
  t->made = (!t->known || t->known->made) && !there.touched && col_int(s, 4);
  stmt_done(s);
  return there;
}

/* The same object without one member. */
static int leave_out(struct ctx *cx, struct jv **object, const char *name) {
  struct buf b;
  struct jw w;
  jw_begin(&w, &b, LIMIT_TEXT_BYTES * 4);
  for (void *it = jv_first(*object); it; it = jv_next(*object, it))
    if (!str_eq(jv_key(it), str_of(name))) jw_str(&w, ctx_strdup(cx, jv_key(it)), jv_text(jv_value(it)));
  jw_close(&w, '}');
  jv_parse(cx, buf_view(&b), object);
  buf_clear(&b);
  return cx->code;
}

static int note_refused(struct ctx *cx, struct db *db, const struct task *t, const char *field,
                        const char *why) {
  note(cx, db, t, "kept", json_one(cx, "property", field, "because", why).p);
  return cx->code;
}

/* A value that cannot be - a code that another record has, a rate beyond its range - is left out and does not keep
** the others out. */
static int save_object(struct ctx *cx, struct db *db, struct task *t, struct str json) {
  struct jv *object;
  if (jv_parse(cx, json, &object)) return cx->code;
  while (record_save(cx, db, t->entity, object, t->id)) {
    const char *field = ctx_strdup(cx, str_of(cx->field)), *why = ctx_strdup(cx, str_of(cx->message));
    if (cx->code != E_CONFLICT && cx->code != E_INVALID) return cx->code;
    ctx_forgive(cx);
    bool whole = !jv_get(object, field) || strcmp(field, t->source->key) == 0;
    if (whole) t->id[0] = 0;
    if (note_refused(cx, db, t, field, why) || whole || leave_out(cx, &object, field)) return cx->code;
  }
  return OK;
}

/* Which of the properties are to be saved: those whose value is not that of `before`; of a record that people
** made those that are empty. */
static bool is_due(struct jv *before, const char *name, struct str value, bool fill) {
  struct str was = jv_text(jv_get(before, name));
  return fill ? !was.p || was.n == 0 : !str_eq(was, value);
}

static int save_changes(struct ctx *cx, struct db *db, struct task *t, struct str before, bool fill,
                        const char *event) {
  struct jv *said, *was;
  struct buf b;
  struct jw w;
  int changes = 0;
  if (jv_parse(cx, str_of(t->said), &said) || jv_parse(cx, before, &was)) return cx->code;
  jw_begin(&w, &b, LIMIT_TEXT_BYTES * 4);
  jw_text(&w, t->id[0] ? "id" : t->source->key, t->id[0] ? t->id : t->key);
  for (void *it = jv_first(said); it; it = jv_next(said, it)) {
    const char *name = ctx_strdup(cx, jv_key(it));
    if (!is_due(was, name, jv_text(jv_value(it)), fill)) continue;
    jw_str(&w, name, jv_text(jv_value(it)));
    changes++;
  }
  jw_close(&w, '}');
  if (changes || !t->id[0]) save_object(cx, db, t, buf_view(&b));
  if (changes && !cx->code) note(cx, db, t, event, b.p);
  buf_clear(&b);
  return cx->code;
}

static int get_record(struct ctx *cx, struct db *db, const struct task *t, struct str *json) {
  struct buf b;
  struct jw w;
  buf_init(&b, LIMIT_REPLY_BYTES);
  jw_init(&w, &b);
  record_get(cx, db, t->entity, t->id, &w, NULL);
  *json = str_of(ctx_take(cx, &b));
  return cx->code;
}

static int save_one(struct ctx *cx, struct db *db, struct task *t) {
  struct there there = look(cx, db, t);
  struct str before = STR("{}");
  if (cx->code) return cx->code;
  if (!there.any) {
    t->made = true;
    return save_changes(cx, db, t, before, false, "created");
  }
  if (there.deleted && !there.ours) return note(cx, db, t, "kept", "{\"deleted\":true}");
  if (there.deleted && (record_restore(cx, db, t->entity, t->id) || note(cx, db, t, "restored", "{}")))
    return cx->code;
  if (t->known) return save_changes(cx, db, t, str_of(t->known->said), false, "changed");
  if (get_record(cx, db, t, &before)) return cx->code;
  return save_changes(cx, db, t, before, !there.ours, "changed");
}

static int keep_source(struct ctx *cx, struct db *db, const struct task *t) {
  return db_act(cx, db, SQL_field_source_put, t->source->entity, t->key, t->id, t->made, t->said, t->variant);
}

/* A unit of work of its own for each, so that many of them need no more memory than one. */
static int settle(struct ctx *cx, struct db *db, const struct reading *r, const struct memory *m,
                  const struct subject *s) {
  struct ctx aside;
  ctx_begin(&aside, ACTOR);
  aside.now = cx->now;
  struct task t = { .source = r->source, .entity = entity_find(r->source->entity) };
  t.key = text_of(&aside, db, s->term);
  t.known = recall(m, t.key);
  t.said = derive(&aside, db, r->source, s, t.key);
  t.variant = disagreements(&aside, db, r->source, s);
  bool same = t.known && strcmp(t.known->said, t.said) == 0;
  bool agreed = t.known ? strcmp(t.known->variant, t.variant) == 0 : strcmp(t.variant, "{}") == 0;
  if (t.known) str_copy(t.id, sizeof t.id, str_of(t.known->record)), t.made = t.known->made;
  int rc = aside.code;
  if (!rc && !same) rc = save_one(&aside, db, &t);
  if (!rc && !agreed) rc = note(&aside, db, &t, "variant", t.variant);
  if (!rc && (!same || !agreed)) rc = keep_source(&aside, db, &t);
  if (rc) fail_from(cx, &aside);
  ctx_end(&aside);
  return cx->code;
}

int source_save(struct ctx *cx, struct db *db, const struct source *source) {
  struct reading *r = ctx_alloc(cx, sizeof *r);
  struct memory *m = ctx_alloc(cx, sizeof *m);
  if (read_rows(cx, db, source, r) || remember(cx, db, source, m)) return cx->code;
  for (size_t i = 0; i < r->count && !cx->code; i++) settle(cx, db, r, m, &r->subjects[i]);
  return cx->code;
}

/* ---- what is no longer spoken of ---- */

static int tidy_one(struct ctx *cx, struct db *db, struct task *t) {
  struct there there = look(cx, db, t);
  if (!cx->code && there.any && !there.deleted && t->made) {
    if (record_delete(cx, db, t->entity, t->id)) {
      if (cx->code == E_CONFLICT) ctx_forgive(cx); /* somebody needs it: asked again next time */
      return cx->code;
    }
    note(cx, db, t, "removed", "{}");
  }
  struct stmt *s = cx->code ? NULL : db_stmt(cx, db, SQL_field_source_forget);
  if (!s) return cx->code;
  stmt_bind(s, t->source->entity, t->key);
  return stmt_run(cx, s);
}

int source_tidy(struct ctx *cx, struct db *db, const struct source *source) {
  struct list {
    const char *key;
    bool made;
    struct list *next;
  } *list = NULL;
  struct stmt *s = db_ask(cx, db, SQL_field_source_unneeded, source->entity);
  while (stmt_row(cx, s)) {
    struct list *one = ctx_alloc(cx, sizeof *one);
    *one = (struct list){ col_dup(cx, s, 0), col_int(s, 2), list };
    list = one;
  }
  for (; list && !cx->code; list = list->next) {
    struct ctx aside;
    ctx_begin(&aside, ACTOR);
    aside.now = cx->now;
    struct task t = { .source = source,
                      .entity = entity_find(source->entity),
                      .key = list->key,
                      .known = &(struct known){ .made = list->made } };
    if (tidy_one(&aside, db, &t)) fail_from(cx, &aside);
    ctx_end(&aside);
  }
  return cx->code;
}
