/* routes_schedules.c - schedules: what is due when, and what became of what was due. */
#include "base/time.h"
#include "http/routes.h"
#include "job/schedule.h"

enum { SLOTS = 100, SLOTS_MOST = 2000, PREVIEW = 5, PREVIEW_MOST = 1000 };

static int schedules_list(struct request *rq) { return schedule_list(rq->cx, rq->db, &rq->json, "data"); }

static int schedule_slots_list(struct request *rq) {
  int64_t limit;
  int rc = query_int(rq, "limit", 1, SLOTS_MOST, SLOTS, &limit);
  return rc ? rc : schedule_slots(rq->cx, rq->db, rq->param[0], limit, &rq->json, "data");
}

static int schedule_preview_show(struct request *rq) {
  const char *cron, *zone, *from;
  int64_t count, after = rq->cx->now;
  int rc = query_texts(rq, { "cron", &cron }, { "zone", &zone }, { "from", &from });
  if (!rc) rc = query_int(rq, "count", 1, PREVIEW_MOST, PREVIEW, &count);
  if (rc) return rc;
  if (!cron) return fail(rq->cx, E_INVALID, "cron", "cron is needed: five fields, such as 0 2 * * mon");
  if (from && !time_parse_iso(str_of(from), &after))
    return fail(rq->cx, E_INVALID, "from",
                "from is a day or an instant, such as 2024-02-29T12:00:00Z, not '%.40s'", from);
  return schedule_preview(rq->cx, cron, zone ? zone : "UTC", from ? after - 1 : after, INT64_MAX, count,
                          &rq->json, "data");
}

/* ---- acts ---- */

struct act {
  struct request *rq;
  bool run, paused;
};

static int act(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  const char *name = a->rq->param[0];
  int64_t job, run;
  if (!a->run)
    return schedule_pause(cx, db, name, a->paused) ? (int)cx->code
                                                   : schedule_show(cx, db, name, &a->rq->json, "data");
  if (schedule_run(cx, db, name, &job, &run)) return cx->code;
  struct jw *w = &a->rq->json;
  jw_object(w, "data");
  if (job) jw_int(w, "job", job);
  if (run) jw_int(w, "run", run);
  jw_text(w, job ? "run" : "job", NULL);
  jw_close(w, '}');
  a->rq->location =
      ctx_printf(cx, job ? "/api/jobs/%lld" : "/api/graph-runs/%lld", (long long)(job ? job : run));
  return OK;
}

static int change(struct request *rq, struct act *a) {
  a->rq = rq;
  return tenant_write(rq->cx, rq->tenant, act, a);
}

static int schedule_run_post(struct request *rq) {
  int rc = change(rq, &(struct act){ .run = true });
  if (!rc) rq->status = 202;
  return rc;
}
static int schedule_pause_post(struct request *rq) { return change(rq, &(struct act){ .paused = true }); }
static int schedule_resume_post(struct request *rq) { return change(rq, &(struct act){ .paused = false }); }

/* ---- the addresses ---- */

const struct route schedules_routes[] = {
  { "GET", "/api/schedules", schedules_list, "work.read",
    "The schedules: when, what, the next slots, what became of the last one.", .reply = "[#schedule]",
    .reads = true },
  { "GET", "/api/schedules/{id}/slots", schedule_slots_list, "work.read",
    "What became of the slots of a schedule (by name), newest first.",
    .reply = "[{slot, state, since?, reason?, at, job: int?, run: int?}]", .query = "limit: int",
    .reads = true },
  { "POST", "/api/schedules/{id}/run", schedule_run_post, "work.write",
    "Starts what a schedule starts, now; 202.", .reply = "202 {job: int?, run: int?}" },
  { "POST", "/api/schedules/{id}/pause", schedule_pause_post, "work.write",
    "Stops a schedule from starting anything.", .reply = "#schedule" },
  { "POST", "/api/schedules/{id}/resume", schedule_resume_post, "work.write",
    "Lets a paused schedule go on, from now.", .reply = "#schedule" },
  { "GET", "/api/schedule-preview", schedule_preview_show, "work.read",
    "A cron expression in words, and its next slots.", .reply = "{cron, zone, words, next: [text]}",
    .query = "cron!, zone, count: int, from: instant", .apart = true },
  { 0 },
};
