/*
** routes_graphs.c - graphs of tasks and their runs. An orchestrator outside starts a run by a POST, gets its
** address, and asks there for its state, or gives an address of its own that is told when the run has ended.
*/
#include "base/limits.h"
#include "base/time.h"
#include "http/routes.h"
#include "job/graph.h"

static int graphs_list(struct request *rq) { return graph_list(rq->cx, rq->db, &rq->json, "data"); }

static int graph_runs_list(struct request *rq) {
  int64_t limit, before;
  int rc = query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &limit);
  if (!rc) rc = query_int(rq, "before", 1, INT64_MAX, 0, &before);
  return rc ? rc : graph_runs(rq->cx, rq->db, rq->param[0], limit, before, &rq->json, "data");
}

static int run_of(struct request *rq, struct db *db, int64_t *run) {
  return graph_run_find(rq->cx, db, rq->param[0], run);
}

static int graph_run_show_one(struct request *rq) {
  int64_t run;
  int rc = run_of(rq, rq->db, &run);
  return rc ? rc : graph_run_show(rq->cx, rq->db, run, &rq->json, "data");
}

/* ---- acts ---- */

struct act {
  struct request *rq;
  struct graph_order order;
  int64_t run, count;
  int32_t from, to;
  const char *task;
  write_fn *fn;
};

static int day_of(struct request *rq, const struct jv *body, const char *name, int32_t *out) {
  const char *text;
  int64_t at;
  if (member_text(rq, body, name, &text)) return rq->cx->code;
  if (!text || strlen(text) != 10 || !time_parse_iso(str_of(text), &at))
    return fail(rq->cx, E_INVALID, name, "%s is a day, such as 2024-02-29", name);
  *out = (int32_t)(at / DAY_US);
  return OK;
}

static int payload_of(struct request *rq, const struct jv *body, struct str *out) {
  struct buf json;
  const struct jv *v = jv_get(body, "payload");
  if (!v || jv_kind(v) == JV_NULL) return OK;
  if (jv_kind(v) != JV_OBJECT) return fail(rq->cx, E_INVALID, "payload", "payload is an object");
  buf_init(&json, LIMIT_BODY_BYTES);
  jv_write(&json, v);
  *out = str_of(ctx_take(rq->cx, &json));
  return OK;
}

static int act(struct request *rq, struct act *a) {
  a->rq = rq;
  return tenant_write(rq->cx, rq->tenant, a->fn, a);
}

static int start(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  if (graph_start(cx, db, &a->order, &a->run)) return cx->code;
  return graph_run_show(cx, db, a->run, &a->rq->json, "data");
}

static int graph_run_post(struct request *rq) {
  struct act a = { .order = { .graph = rq->param[0], .cause = "manual" }, .fn = start };
  struct jv *body;
  int rc = body_members_if_any(rq, "payload, notify", &body);
  if (!rc) rc = payload_of(rq, body, &a.order.payload);
  if (!rc) rc = member_text(rq, body, "notify", &a.order.notify);
  if (!rc) rc = act(rq, &a);
  if (rc) return rc;
  rq->status = 202;
  rq->location = ctx_printf(rq->cx, "/api/graph-runs/%lld", (long long)a.run);
  return OK;
}

static int backfill(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  struct jw *w = &a->rq->json;
  if (graph_backfill(cx, db, a->order.graph, a->from, a->to, &a->run, &a->count)) return cx->code;
  jw_record(w, "data", "runs", a->count, "first", a->run, "last", a->run + a->count - 1);
  return OK;
}

static int graph_backfill_post(struct request *rq) {
  struct act a = { .order = { .graph = rq->param[0] }, .fn = backfill };
  struct jv *body;
  int rc = body_members(rq, "from, to", &body);
  if (!rc) rc = day_of(rq, body, "from", &a.from);
  if (!rc) rc = day_of(rq, body, "to", &a.to);
  if (!rc) rc = act(rq, &a);
  if (!rc) rq->status = 202;
  return rc;
}

/* ---- acts on a run ---- */

static int find(struct ctx *cx, struct db *db, struct act *a) {
  return graph_run_find(cx, db, a->rq->param[0], &a->run);
}

static int retry(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  if (find(cx, db, a) || graph_retry(cx, db, a->run, a->task)) return cx->code;
  return graph_run_show(cx, db, a->run, &a->rq->json, "data");
}

static int clear(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  if (find(cx, db, a) || graph_clear(cx, db, a->run, a->task)) return cx->code;
  return graph_run_show(cx, db, a->run, &a->rq->json, "data");
}

static int cancel(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  if (find(cx, db, a) || graph_cancel(cx, db, a->run)) return cx->code;
  return graph_run_show(cx, db, a->run, &a->rq->json, "data");
}

static int graph_run_retry_post(struct request *rq) {
  struct act a = { .fn = retry };
  struct jv *body;
  int rc = body_members_if_any(rq, "task", &body);
  if (!rc) rc = member_text(rq, body, "task", &a.task);
  return rc ? rc : act(rq, &a);
}

static int graph_run_clear_post(struct request *rq) {
  struct act a = { .fn = clear };
  struct jv *body;
  int rc = body_members(rq, "task", &body);
  if (!rc) rc = member_text(rq, body, "task", &a.task);
  if (!rc && !a.task)
    rc = fail(rq->cx, E_INVALID, "task",
              "task is needed: the name of the task that is done again with all after it");
  return rc ? rc : act(rq, &a);
}

static int graph_run_cancel_post(struct request *rq) { return act(rq, &(struct act){ .fn = cancel }); }

/* ---- the addresses ---- */

const struct route graphs_routes[] = {
  { "GET", "/api/graphs", graphs_list, "work.read", "The graphs of tasks with their schedules and last runs.",
    .reply =
        "[{name, help: text?, owner: text?, retries: int, retry_delay_s: int, start_day: text?, catch_up: "
        "bool, max_active: int, tasks: [{name, kind, after: [text], map: text?}], schedule: #when?, "
        "schedules: [#when], last_run: {id: int, graph, cause, state, from, to, created_at, created_by, "
        "started_at: text?, ended_at: text?}?, runs_ok: int, runs_failed: int, median_seconds: number?}]",
    .reads = true },
  { "GET", "/api/graphs/{id}/runs", graph_runs_list, "work.read",
    "The runs of a graph (by name), newest first.",
    .reply = "[{id: int, graph, cause, state, from, to, created_at, created_by, started_at: text?, ended_at: "
             "text?}]",
    .query = "limit: int, before: int", .reads = true },
  { "POST", "/api/graphs/{id}/run", graph_run_post, "work.write",
    "Runs a graph; 202 and the address of the run. Body (may be empty): {\"payload\": {}, \"notify\": a "
    "webhook, or an address (this takes system.write, too), that is told when it has ended}.",
    .reply = "202 #graph_run", .body = "{payload: object, notify}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/graphs/{id}/backfill", graph_backfill_post, "work.write",
    "A run for each slot on past days: {\"from\": \"2024-01-01\", \"to\": \"2024-01-31\"}.",
    .reply = "202 {runs: int, first: int, last: int}", .body = "{from!: day, to!: day}",
    .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/graph-runs/{id}", graph_run_show_one, "work.read",
    "A run with its tasks: states, times, causes, outputs, logs.", .reply = "#graph_run", .reads = true },
  { "POST", "/api/graph-runs/{id}/retry", graph_run_retry_post, "work.write",
    "Lets a run go on where it failed: {\"task\"} or all that failed. 409 when nothing has.",
    .reply = "#graph_run", .body = "{task}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/graph-runs/{id}/clear", graph_run_clear_post, "work.write",
    "Does a task and all after it again: {\"task\"}.", .reply = "#graph_run", .body = "{task!}",
    .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/graph-runs/{id}/cancel", graph_run_cancel_post, "work.write",
    "Ends a run. 409 when it has ended.", .reply = "#graph_run" },
  { 0 },
};
