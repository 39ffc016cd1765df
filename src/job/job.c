/*
** job.c - which kinds of jobs there are, and how one is ordered.
*/
#include "job/job.h"

#include <stdio.h>

#include "job/internal.h"
#include "model/permission.h"

enum { KINDS_MAX = 128 };
static const struct job_kind *kinds[KINDS_MAX];
static int kind_count;

void job_kind_register(const struct job_kind *k) {
  if (kind_count < KINDS_MAX) kinds[kind_count++] = k;
}

const struct job_kind *job_kind_find(const char *name) {
  for (int i = 0; i < kind_count; i++)
    if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
  return NULL;
}

const struct job_kind *job_kind_at(int i) { return i < kind_count ? kinds[i] : NULL; }

void job_register_kinds(void) {
  job_kind_register(&job_tidy_kind);
#ifdef OUTPOST_TEST
  job_register_test_kinds();
#endif
}

static const char *kind_names(struct ctx *cx) {
  const char *names = kind_count ? kinds[0]->name : "none";
  for (int i = 1; i < kind_count; i++) names = ctx_printf(cx, "%s, %s", names, kinds[i]->name);
  return names;
}

static const struct job_kind *kind_known(struct ctx *cx, const char *name) {
  const struct job_kind *k = job_kind_find(name);
  if (!k) fail(cx, E_INVALID, "kind", "there is no kind of job %.80s; there are: %s", name, kind_names(cx));
  return k;
}

int job_kind_allowed(struct ctx *cx, const char *name) {
  const struct job_kind *k = kind_known(cx, name);
  if (!k) return cx->code;
  if (!k->need)
    return fail(cx, E_DENIED, "kind",
                "jobs of the kind %s are ordered by the program alone, when they are due", name);
  if (permission_bit(str_of(k->need)) & cx->may) return OK;
  return fail(cx, E_DENIED, "kind", "a job of the kind %s takes the permission %s, too", name, k->need);
}

/* ---- orders ---- */

static const char *queue_names(struct ctx *cx, struct db *db) {
  const char *names = NULL;
  struct stmt *s = db_stmt(cx, db, SQL_job_queue_names);
  while (stmt_row(cx, s)) {
    struct str name = col_str(s, 0);
    names = names ? ctx_printf(cx, "%s, " STR_FMT, names, STR_ARG(name)) : ctx_strdup(cx, name);
  }
  return names ? names : "none";
}

int job_check_payload(struct ctx *cx, struct str payload) {
  struct jv *root;
  if (payload.n > LIMIT_JOB_PAYLOAD)
    return fail(cx, E_LIMIT, "payload",
                "the payload of a job has at most %zu bytes; name a file or a record in it instead",
                LIMIT_JOB_PAYLOAD);
  if (str_eq(payload, STR("{}"))) return OK;
  if (jv_parse(cx, payload, &root)) return cx->code;
  if (jv_kind(root) != JV_OBJECT)
    return fail(cx, E_INVALID, "payload",
                "the payload of a job is a JSON object, such as {\"file\":\"a.csv\"}");
  return OK;
}

atomic_uint_fast64_t jobs_ordered;

static bool known_already(struct ctx *cx, struct db *db, const struct job_order *o, int64_t *id) {
  struct stmt *s = db_ask(cx, db, SQL_job_by_unique, o->kind, o->unique);
  if (!stmt_row(cx, s)) return false;
  *id = col_int(s, 0);
  stmt_done(s);
  return true;
}

/* One that ran while the clock was put right looks as if it had taken years. */
static const int64_t REST_MOST_US = INT64_C(3600000000);

/* What is left of the rest after the last one; none when a thousand other jobs came since. */
static int64_t rest_of(struct ctx *cx, struct db *db, const struct job_order *o,
                       const struct job_kind *kind) {
  if (!kind->rest || !o->unique) return 0;
  struct stmt *s = db_ask(cx, db, SQL_job_last_done, kind->name, o->unique);
  if (!stmt_row(cx, s)) return 0;
  int64_t rest = kind->rest * (col_int(s, 1) - col_int(s, 0)), since = cx->now - col_int(s, 1);
  stmt_done(s);
  if (rest > REST_MOST_US) rest = REST_MOST_US;
  return since > 0 ? rest - since : rest; /* since < 0: the clock was set back */
}

static int add(struct ctx *cx, struct db *db, const struct job_order *o, const struct job_kind *kind,
               const char *queue, const struct queue_settings *set, struct str payload) {
  int64_t due = o->due ? o->due : cx->now, wait = rest_of(cx, db, o, kind);
  if (wait < o->wait) wait = o->wait;
  bool waits = wait > 0 && cx->now + wait >= due;
  if (waits) due = cx->now + wait;
  struct stmt *s = db_ask(cx, db, SQL_job_add, o->kind, queue, due > cx->now, o->priority, due, payload,
                          o->unique, o->attempts ? o->attempts : set->attempts);
  if (o->retry_ms) stmt_int(s, 9, o->retry_ms);
  if (o->graph_run) stmt_int(s, 10, o->graph_run);
  stmt_text(s, 11, o->graph_task);
  stmt_text(s, 12, o->item);
  if (o->window) {
    stmt_int(s, 13, o->window->from);
    stmt_int(s, 14, o->window->to);
    stmt_int(s, 15, o->window->backfill);
  }
  stmt_int(s, 16, cx->now);
  stmt_text(s, 17, cx->actor);
  if (waits) {
    stmt_int(s, 18, boot_clock() + wait);
    stmt_text(s, 19, boot_id());
  }
  atomic_fetch_add(&jobs_ordered, 1);
  return stmt_run(cx, s);
}

int job_enqueue(struct ctx *cx, struct db *db, const struct job_order *o, int64_t *id) {
  const struct job_kind *kind = kind_known(cx, o->kind);
  struct queue_settings set;
  int64_t made = 0;
  if (!kind) return cx->code;
  if (o->unique && known_already(cx, db, o, &made)) {
    if (id) *id = made;
    return cx->code;
  }
  const char *queue = o->queue ? o->queue : kind->queue;
  if (!queue_settings(cx, db, queue, &set) && !cx->code)
    return fail(cx, E_INVALID, "queue", "there is no queue %.80s; there are: %s", queue, queue_names(cx, db));
  struct str payload = o->payload.p ? o->payload : STR("{}");
  if (cx->code || job_check_payload(cx, payload)) return cx->code;
  if (o->attempts < 0 || o->attempts > 100)
    return fail(cx, E_INVALID, "attempts", "a job has 1 to 100 attempts, not %d", o->attempts);
  if (add(cx, db, o, kind, queue, &set, payload)) return cx->code;
  if (id) *id = db_last_id(db);
  return OK;
}
