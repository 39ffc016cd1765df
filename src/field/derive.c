#include "field/derive.h"

#include <pthread.h>

#include "base/limits.h"

static void free_map(void *map) { map_clear(map); }

int derived_begin(struct ctx *cx, struct db *db, const char *entity, enum sql_id query, struct derived *d) {
  *d = (struct derived){ .entity = entity_find(entity) };
  map_init(&d->present);
  struct stmt *s = db_stmt(cx, db, query);
  while (stmt_row(cx, s)) {
    d->rows = ctx_more(cx, d->rows, d->count, sizeof *d->rows);
    d->rows[d->count].id = col_dup(cx, s, 0);
    *map_put(&d->present, col_str(s, 1), NULL) = ++d->count;
  }
  if (cx->code) free_map(&d->present);
  return cx->code;
}

static struct derived_row *row_of(struct derived *d, struct str key) {
  const uint64_t *at = map_get(&d->present, key);
  return at ? &d->rows[*at - 1] : NULL;
}

struct jw *derived_form(struct derived *d, struct form *f, struct str key) {
  struct derived_row *row = row_of(d, key);
  d->id = row ? row->id : NULL;
  if (row) row->put = true;
  return form_begin(f, d->id);
}

/* A form may give a number where a record shows a text. */
static bool same_value(const struct jv *a, const struct jv *b) {
  bool whole = jv_kind(a) == JV_OBJECT || jv_kind(a) == JV_ARRAY;
  return whole ? jv_same(a, b) : str_eq(jv_text(a), jv_text(b));
}

/* Every member of the form is as the record has it. */
static bool is_same(struct ctx *cx, struct db *db, const struct derived *d, const struct form *f) {
  struct buf text;
  struct jw w;
  struct jv *now, *wanted;
  bool same = true;
  buf_init(&text, LIMIT_BODY_BYTES);
  jw_init(&w, &text);
  int rc = record_get(cx, db, d->entity, d->id, &w, NULL);
  if (!rc) rc = jv_parse(cx, buf_view(&text), &now);
  if (!rc)
    rc = jv_parse(cx, (struct str){ ctx_printf(cx, "%.*s}", (int)f->json.n, f->json.p), f->json.n + 1 },
                  &wanted);
  buf_clear(&text);
  if (rc) return false;
  for (void *it = jv_first(wanted); it && same; it = jv_next(wanted, it))
    same = same_value(jv_value(it), jv_get(now, ctx_strdup(cx, jv_key(it))));
  return same;
}

int derived_put(struct ctx *cx, struct db *db, struct derived *d, struct form *f, const char **id) {
  bool same = d->id && is_same(cx, db, d, f);
  if (id) *id = d->id;
  if (same || cx->code) {
    buf_clear(&f->json);
    d->counts.same++;
    return cx->code;
  }
  if (d->id)
    d->counts.changed++;
  else
    d->counts.added++;
  return form_save(cx, db, d->entity->name, f, id);
}

int derived_end(struct ctx *cx, struct db *db, struct derived *d, struct field_counts *counts) {
  for (size_t i = 0; i < d->count && !cx->code; i++) {
    if (d->rows[i].put) continue;
    record_delete(cx, db, d->entity, d->rows[i].id);
    d->counts.removed++;
  }
  free_map(&d->present);
  if (counts) {
    counts->added += d->counts.added;
    counts->changed += d->counts.changed;
    counts->removed += d->counts.removed;
    counts->same += d->counts.same;
  }
  return cx->code;
}

/* ---- stages ---- */

struct run {
  struct ctx cx; /* of its own: it may run beside others */
  struct tenant *tenant;
  const struct derived_stage *stage;
  const struct history *history;
  void *found;
  struct field_counts *counts;
  pthread_t thread;
  bool started;
};

static int store(struct ctx *cx, struct db *db, void *arg) {
  struct run *r = arg;
  return r->stage->store(cx, db, r->history, r->found, r->counts);
}

static void *run_main(void *arg) {
  struct run *r = arg;
  struct ctx aside; /* its end gives the reader back */
  struct db *db;
  ctx_begin(&aside, r->cx.actor);
  if (tenant_read(&aside, r->tenant, &db))
    fail_from(&r->cx, &aside);
  else
    r->found = r->stage->find(&r->cx, db, r->history);
  ctx_end(&aside);
  if (!r->cx.code) tenant_write(&r->cx, r->tenant, store, r);
  return NULL;
}

/* Each on a thread of its own but the last, which stays on this one; so does one that gets none. */
static void run_together(struct run *runs, int count) {
  for (int i = 0; i < count; i++) {
    struct run *r = &runs[i];
    r->started = i < count - 1 && pthread_create(&r->thread, NULL, run_main, r) == 0;
    if (!r->started) run_main(r);
  }
  for (int i = 0; i < count; i++)
    if (runs[i].started) pthread_join(runs[i].thread, NULL);
}

static int run_over(struct ctx *cx, struct tenant *t, const struct history *h,
                    const struct derived_stage *const *stages, int count, struct field_counts *counts) {
  struct run *runs = ctx_alloc(cx, (size_t)count * sizeof *runs);
  for (int i = 0; i < count; i++) {
    runs[i] = (struct run){ .tenant = t, .stage = stages[i], .history = h, .counts = counts };
    ctx_begin(&runs[i].cx, cx->actor);
    runs[i].cx.now = cx->now;
  }
  run_together(runs, count);
  for (int i = 0; i < count; i++) {
    if (runs[i].cx.code) fail_from(cx, &runs[i].cx);
    ctx_end(&runs[i].cx);
  }
  return cx->code;
}

static int run_stages(struct ctx *cx, struct tenant *t, const struct derived_stage *const *stages, int count,
                      struct field_counts *counts) {
  struct history h;
  struct ctx aside;
  struct db *db;
  ctx_begin(&aside, cx->actor);
  aside.now = cx->now;
  int rc = tenant_read(&aside, t, &db);
  if (!rc) rc = history_read(&aside, db, &h);
  if (!rc) rc = run_over(&aside, t, &h, stages, count, counts);
  if (rc) fail_from(cx, &aside);
  ctx_end(&aside);
  return cx->code;
}

int derived_run(struct ctx *cx, struct tenant *t, const struct derived_stage *stage,
                struct field_counts *counts) {
  return run_stages(cx, t, &stage, 1, counts);
}

int derived_run_all(struct ctx *cx, struct tenant *t, const struct derived_stage *const *stages, int count) {
  return run_stages(cx, t, stages, count, NULL);
}
