/* routes_jobs.c - jobs: what waits, runs, is done or dead, and what people do about it. */
#include "base/limits.h"
#include "base/time.h"
#include "http/routes.h"
#include "job/job.h"

static int id_of(struct request *rq, int64_t *id) {
  if (str_to_int(str_of(rq->param[0]), id) && *id > 0) return OK;
  return fail(rq->cx, E_NOT_FOUND, "id", "there is no job %.40s; a job is named by its number", rq->param[0]);
}

static int jobs_list(struct request *rq) {
  struct job_filter f = { 0 };
  int64_t total = 0, next = 0;
  int rc = query_texts(rq, { "state", &f.state }, { "queue", &f.queue }, { "kind", &f.kind });
  if (!rc) rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &f.limit);
  if (!rc) rc = query_int(rq, "before", 1, INT64_MAX, 0, &f.before);
  if (!rc) rc = job_list(rq->cx, rq->db, &f, &rq->json, "data", &total, &next);
  if (rc) return rc;
  jw_put(&rq->json, "total", total, "next", next);
  return job_counts(rq->cx, rq->db, &rq->json, "counts");
}

static int job_show_one(struct request *rq) {
  int64_t id;
  int rc = id_of(rq, &id);
  return rc ? rc : job_show(rq->cx, rq->db, id, &rq->json, "data");
}

static int job_queues_list(struct request *rq) { return job_queues(rq->cx, rq->db, &rq->json, "data"); }

static int job_kinds_list(struct request *rq) {
  job_kinds(&rq->json, "data");
  return OK;
}

/* ---- an order ---- */

struct order {
  struct request *rq;
  struct job_order order;
  int64_t id;
};

static int payload_of(struct request *rq, const struct jv *body, struct str *out) {
  struct jv *v = jv_get(body, "payload");
  struct buf json;
  if (!v) return OK;
  if (jv_kind(v) != JV_OBJECT)
    return fail(rq->cx, E_INVALID, "payload", "the payload of a job is a JSON object");
  buf_init(&json, LIMIT_BODY_BYTES);
  jv_write(&json, v);
  *out = str_of(ctx_take(rq->cx, &json));
  return OK;
}

static int priority_of(struct request *rq, const struct jv *body, int *out) {
  struct jv *v = jv_get(body, "priority");
  int64_t n = 0;
  if (v && (!str_to_int(jv_text(v), &n) || n < -1000000 || n > 1000000))
    return fail(rq->cx, E_INVALID, "priority", "priority is a whole number from -1000000 to 1000000");
  *out = (int)n;
  return OK;
}

static int order_of(struct request *rq, const struct jv *body, struct job_order *o) {
  struct ctx *cx = rq->cx;
  const char *due;
  if (member_text(rq, body, "due_at", &due) || member_text(rq, body, "kind", &o->kind) ||
      member_text(rq, body, "queue", &o->queue) || member_text(rq, body, "unique", &o->unique) ||
      payload_of(rq, body, &o->payload) || priority_of(rq, body, &o->priority))
    return cx->code;
  if (!o->kind)
    return fail(cx, E_INVALID, "kind", "kind is needed: what is to be done; /api/job-kinds lists them");
  if (due && !time_parse_iso(str_of(due), &o->due))
    return fail(cx, E_INVALID, "due_at", "due_at is an instant, such as 2024-02-29T12:00:00Z, not '%.40s'",
                due);
  return OK;
}

static int make(struct ctx *cx, struct db *db, void *arg) {
  struct order *o = arg;
  if (job_kind_allowed(cx, o->order.kind) || job_enqueue(cx, db, &o->order, &o->id)) return cx->code;
  return job_show(cx, db, o->id, &o->rq->json, "data");
}

static int job_post(struct request *rq) {
  struct order o = { .rq = rq };
  struct jv *body;
  int rc = body_members(rq, "kind, queue, unique, due_at, payload, priority", &body);
  if (!rc) rc = order_of(rq, body, &o.order);
  if (!rc) rc = tenant_write(rq->cx, rq->tenant, make, &o);
  if (rc) return rc;
  rq->status = 201;
  rq->location = ctx_printf(rq->cx, "/api/jobs/%lld", (long long)o.id);
  return OK;
}

/* ---- acts ---- */

struct act {
  struct request *rq;
  int64_t id, count;
  const char *queue;
  struct str payload;
  int (*act)(struct ctx *cx, struct db *db, int64_t id);
};

static int act_on_one(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  int rc = a->payload.p ? job_edit(cx, db, a->id, a->payload) : a->act(cx, db, a->id);
  return rc ? rc : job_show(cx, db, a->id, &a->rq->json, "data");
}

static int change(struct request *rq, struct act *a) {
  a->rq = rq;
  int rc = id_of(rq, &a->id);
  return rc ? rc : tenant_write(rq->cx, rq->tenant, act_on_one, a);
}

static int job_retry_post(struct request *rq) { return change(rq, &(struct act){ .act = job_retry }); }
static int job_cancel_post(struct request *rq) { return change(rq, &(struct act){ .act = job_cancel }); }

static int job_edit_post(struct request *rq) {
  struct act a = { .act = NULL };
  struct jv *body;
  int rc = body_members(rq, "payload", &body);
  if (!rc) rc = payload_of(rq, body, &a.payload);
  if (!rc && !a.payload.p)
    rc = fail(rq->cx, E_INVALID, "payload", "payload is needed: the JSON object that the job is to be given");
  return rc ? rc : change(rq, &a);
}

static int replay(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  return job_replay_dead(cx, db, a->queue, &a->count);
}

static int jobs_replay_dead(struct request *rq) {
  struct act a = { .rq = rq };
  struct jv *body;
  int rc = body_members_if_any(rq, "queue", &body);
  if (!rc) rc = member_text(rq, body, "queue", &a.queue);
  if (!rc) rc = tenant_write(rq->cx, rq->tenant, replay, &a);
  if (rc) return rc;
  jw_record(&rq->json, "data", "replayed", a.count);
  return OK;
}

/* ---- the addresses ---- */

const struct route jobs_routes[] = {
  { "GET", "/api/jobs", jobs_list, "work.read",
    "Jobs, newest first, and how many there are in each state. before: an id.",
    .reply = "[{id: int, queue, kind, state, priority: int, due_at, attempts: int, attempts_max: int, "
             "progress: #progress, cause: text?, unique: text?, created_at, created_by, started_at: text?, "
             "ended_at: text?, graph_run: int?, graph_task: text?}]; total: int, next: int?, counts: "
             "{waiting: int, running: int, done: int, dead: int, cancelled: int}",
    .query = "state: waiting|running|done|dead|cancelled, queue, kind, limit: int, before: int",
    .reads = true },
  { "POST", "/api/jobs", job_post, "work.write",
    "Orders a job: {kind, payload, queue, priority, due_at, unique}. While one of its kind and `unique` "
    "waits or runs, that one is meant.",
    .reply = "201 #job", .body = "{kind!, payload: object, queue, priority: int, due_at, unique}",
    .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/jobs/replay-dead", jobs_replay_dead, "work.write",
    "Begins all dead jobs again, or those of a queue: {queue}.", .reply = "{replayed: int}",
    .body = "{queue}", .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/jobs/{id}", job_show_one, "work.read",
    "One job: payload, result, steps, attempts with their log.", .reply = "#job", .reads = true },
  { "POST", "/api/jobs/{id}/retry", job_retry_post, "work.write",
    "Begins a dead or cancelled job again with all its attempts, or one that waits for its time at once. "
    "Steps that are done stay done. 409 for others.",
    .reply = "#job" },
  { "POST", "/api/jobs/{id}/cancel", job_cancel_post, "work.write",
    "Ends a waiting or running job: what it has not written yet it cannot write any more.", .reply = "#job" },
  { "POST", "/api/jobs/{id}/edit", job_edit_post, "work.write",
    "Gives a job that does not run another payload: {payload}.", .reply = "#job",
    .body = "{payload!: object}", .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/queues", job_queues_list, "work.read",
    "The queues with their settings and how they stand. Their settings are records of job_queue.",
    .reply = "[{name, help, weight: int, paused: bool, attempts: int, backoff_ms: int, backoff_cap_ms: int, "
             "jitter: bool, rate_count: int, rate_seconds: int, at_once: int, keep_days: int, id, waiting: "
             "int, delayed: int, running: int, dead: int, done_day: int, oldest_seconds: number?}]",
    .reads = true },
  { "GET", "/api/job-kinds", job_kinds_list, "work.read", "The kinds of jobs that this program knows.",
    .reply = "[{name, queue, need: text?, help}]", .apart = true },
  { 0 },
};
