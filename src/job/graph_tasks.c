/*
** graph_tasks.c - the declaration of a graph: a JSON array of tasks, read and checked.
*/
#include <stdlib.h>

#include "base/limits.h"
#include "job/graph_internal.h"

/* ---- listers ---- */

enum { LISTERS_MOST = 32 };
static struct {
  const char *name;
  graph_lister *fn;
} listers[LISTERS_MOST];
static int lister_count;

void graph_lister_register(const char *name, graph_lister *fn) {
  if (lister_count == LISTERS_MOST) abort();
  listers[lister_count].name = name;
  listers[lister_count++].fn = fn;
}

graph_lister *graph_lister_find(const char *name) {
  for (int i = 0; i < lister_count; i++)
    if (!strcmp(listers[i].name, name)) return listers[i].fn;
  return NULL;
}

static const char *lister_names(struct ctx *cx) {
  const char *names = lister_count ? listers[0].name : "none yet";
  for (int i = 1; i < lister_count; i++) names = ctx_printf(cx, "%s, %s", names, listers[i].name);
  return names;
}

const char *graph_kinds(struct ctx *cx) {
  const char *names = job_kind_at(0) ? job_kind_at(0)->name : "none";
  for (int i = 1; job_kind_at(i); i++) names = ctx_printf(cx, "%s, %s", names, job_kind_at(i)->name);
  return names;
}

const char *graph_names(struct ctx *cx, struct db *db) {
  struct stmt *s = db_stmt(cx, db, SQL_graph_names);
  const char *names = stmt_row(cx, s) ? col_dup(cx, s, 0) : NULL;
  stmt_done(s);
  return names ? names : "none";
}

/* ---- reading ---- */

struct reading {
  struct ctx *cx;
  struct tasks *out;
  bool kinds;
};

static int wrong(struct reading *r, const char *task, const char *sentence) {
  return fail(r->cx, E_INVALID, "tasks", "task %.64s: %.400s", task, sentence);
}

bool graph_is_name(struct str s) {
  if (s.n == 0 || s.n > 64) return false;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.') return false;
  }
  return true;
}

static const char *text_of(struct reading *r, const struct jv *task, const char *key) {
  const struct jv *v = jv_get(task, key);
  return jv_kind(v) == JV_STRING ? ctx_strdup(r->cx, jv_text(v)) : NULL;
}

static int read_number(struct reading *r, const struct jv *task, const char *name, const char *key,
                       int64_t most, int64_t *out) {
  const struct jv *v = jv_get(task, key);
  *out = -1;
  if (!v || jv_kind(v) == JV_NULL) return OK;
  if (jv_kind(v) == JV_NUMBER && str_to_int(jv_text(v), out) && *out >= 0 && *out <= most) return OK;
  return wrong(r, name, ctx_printf(r->cx, "%s is a whole number from 0 to %lld", key, (long long)most));
}

static int check_known(struct reading *r, const struct task *t) {
  if (!job_kind_find(t->kind))
    return wrong(
        r, t->name,
        ctx_printf(r->cx, "there is no kind of job %.64s; there are %s", t->kind, graph_kinds(r->cx)));
  if (t->map && !graph_lister_find(t->map))
    return wrong(r, t->name,
                 ctx_printf(r->cx, "there is no list %.64s to map it over; there are %s", t->map,
                            lister_names(r->cx)));
  return job_kind_allowed(r->cx, t->kind);
}

static int read_task(struct reading *r, const struct jv *v, struct task *t) {
  static const char *const known[] = { "name",    "kind",          "after", "payload",
                                       "retries", "retry_delay_s", "map",   "help" };
  enum { KNOWN = sizeof known / sizeof *known, RETRIES_MOST = 99, DELAY_MOST = 604800 };
  struct str name = jv_text(jv_get(v, "name"));
  if (jv_kind(v) != JV_OBJECT || !graph_is_name(name))
    return fail(r->cx, E_INVALID, "tasks",
                "a task is an object with a name of letters, digits, _, - and ., at most 64 of them");
  t->name = ctx_strdup(r->cx, name);
  for (void *it = jv_first(v); it; it = jv_next(v, it)) {
    int k = 0;
    while (k < KNOWN && !str_eq(jv_key(it), str_of(known[k]))) k++;
    if (k == KNOWN)
      return wrong(r, t->name,
                   ctx_printf(r->cx,
                              "there is no property %.40s; there are name, kind, after, payload, retries, "
                              "retry_delay_s, map and help",
                              ctx_strdup(r->cx, jv_key(it))));
  }
  t->kind = text_of(r, v, "kind");
  t->map = text_of(r, v, "map");
  t->payload = jv_get(v, "payload");
  if (!t->kind) return wrong(r, t->name, "its kind is missing: the kind of job that it is");
  if (t->payload && jv_kind(t->payload) == JV_NULL) t->payload = NULL;
  if (t->payload && jv_kind(t->payload) != JV_OBJECT) return wrong(r, t->name, "payload is an object");
  if (read_number(r, v, t->name, "retries", RETRIES_MOST, &t->retries)) return r->cx->code;
  if (read_number(r, v, t->name, "retry_delay_s", DELAY_MOST, &t->delay_s)) return r->cx->code;
  return r->kinds ? check_known(r, t) : OK;
}

int tasks_find(const struct tasks *t, const char *name) {
  for (int i = 0; i < t->count; i++)
    if (!strcmp(t->task[i].name, name)) return i;
  return -1;
}

static const char *task_names(struct ctx *cx, const struct tasks *t) {
  const char *names = t->task[0].name;
  for (int i = 1; i < t->count; i++) names = ctx_printf(cx, "%s, %s", names, t->task[i].name);
  return names;
}

static int read_after(struct reading *r, const struct jv *v, struct task *t) {
  const struct jv *after = jv_get(v, "after");
  if (!after || jv_kind(after) == JV_NULL) return OK;
  if (jv_kind(after) != JV_ARRAY) return wrong(r, t->name, "after is a list of names of tasks");
  t->after = ctx_alloc(r->cx, (jv_size(after) + 1) * sizeof *t->after);
  for (size_t i = 0; i < jv_size(after); i++) {
    const struct jv *one = jv_at(after, i);
    const char *name = jv_kind(one) == JV_STRING ? ctx_strdup(r->cx, jv_text(one)) : "";
    int index = tasks_find(r->out, name);
    if (index < 0)
      return wrong(r, t->name,
                   ctx_printf(r->cx, "it is after %.64s, and there is no such task; there are %s", name,
                              task_names(r->cx, r->out)));
    t->after[t->after_count++] = index;
  }
  return OK;
}

/* Takes away, again and again, what waits for nothing: what is left waits for itself. */
static int check_cycle(struct reading *r) {
  struct tasks *t = r->out;
  bool *gone = ctx_alloc(r->cx, (size_t)t->count + 1);
  int left = t->count;
  for (bool moved = true; moved;) {
    moved = false;
    for (int i = 0; i < t->count; i++) {
      bool waits = gone[i];
      for (int k = 0; k < t->task[i].after_count && !waits; k++) waits = !gone[t->task[i].after[k]];
      if (waits) continue;
      gone[i] = moved = true;
      left--;
    }
  }
  const char *names = "";
  for (int i = 0; i < t->count; i++)
    if (!gone[i]) names = ctx_printf(r->cx, "%s%s%s", names, *names ? ", " : "", t->task[i].name);
  return left ? fail(r->cx, E_INVALID, "tasks",
                     "these tasks wait for each other, so none could begin: %.400s", names)
              : OK;
}

int tasks_read(struct ctx *cx, struct str json, bool kinds, struct tasks *out) {
  struct reading r = { cx, out, kinds };
  struct jv *list;
  if (jv_parse(cx, json, &list)) return cx->code;
  int count = (int)jv_size(list);
  if (jv_kind(list) != JV_ARRAY || count == 0)
    return fail(cx, E_INVALID, "tasks",
                "tasks is a list with at least one task, such as "
                "[{\"name\":\"extract\",\"kind\":\"stock_extract\",\"after\":[]}]");
  if (count > GRAPH_TASKS_MOST)
    return fail(cx, E_LIMIT, "tasks", "a graph has at most %d tasks, not %d", GRAPH_TASKS_MOST, count);
  *out = (struct tasks){ .task = ctx_alloc(cx, (size_t)count * sizeof *out->task) };
  for (int i = 0; i < count; i++) {
    if (read_task(&r, jv_at(list, (size_t)i), &out->task[i])) return cx->code;
    if (tasks_find(out, out->task[i].name) >= 0)
      return wrong(&r, out->task[i].name, "there are two of this name");
    out->count = i + 1;
  }
  for (int i = 0; i < count; i++)
    if (read_after(&r, jv_at(list, (size_t)i), &out->task[i])) return cx->code;
  return check_cycle(&r);
}

void tasks_after(const struct tasks *t, int from, bool *in) {
  in[from] = true;
  for (bool moved = true; moved;) {
    moved = false;
    for (int i = 0; i < t->count; i++)
      for (int k = 0; k < t->task[i].after_count && !in[i]; k++)
        if (in[t->task[i].after[k]]) in[i] = moved = true;
  }
}

/* A kind that is gone makes its task fail, when it begins. */
int tasks_allowed(struct ctx *cx, const struct tasks *t) {
  for (int i = 0; i < t->count; i++)
    if (job_kind_find(t->task[i].kind) && job_kind_allowed(cx, t->task[i].kind)) return cx->code;
  return OK;
}

/* ---- what may be saved ---- */

static int check_object(struct ctx *cx, const struct jv *object) {
  struct tasks tasks;
  struct buf text;
  const struct jv *v = jv_get(object, "tasks");
  const struct jv *name = jv_get(object, "name");
  if (name && !graph_is_name(jv_text(name)))
    return fail(cx, E_INVALID, "name", "a name has letters, digits, _, - and ., at most 64 of them");
  if (!v) return OK;
  buf_init(&text, LIMIT_TEXT_BYTES);
  jv_write(&text, v);
  int rc = text.full ? fail(cx, E_LIMIT, "tasks", "tasks is too long")
                     : tasks_read(cx, buf_view(&text), true, &tasks);
  buf_clear(&text);
  return rc;
}

static const struct entity_hooks hooks = { .check_object = check_object };

#ifdef OUTPOST_TEST
/* The list `test_items`: the payload's items. */
static int test_items(struct ctx *cx, struct db *db, const struct jv *payload, struct jw *items) {
  const struct jv *list = jv_get(payload, "items");
  (void)db;
  for (size_t i = 0; i < jv_size(list); i++) jw_str(items, NULL, jv_text(jv_at(list, i)));
  return cx->code;
}
#endif

void graph_register(void) {
  entity_hooks_register("graph", &hooks);
  job_set_ended_hook(graph_task_ended);
#ifdef OUTPOST_TEST
  graph_lister_register("test_items", test_items);
#endif
}
