/*
** failures.c - what goes wrong in the machinery, as alerts. The parts that it goes wrong in
** know nothing of this folder: main.c gives them these functions.
*/
#include "base/time.h"
#include "notify/alert.h"

static int raise(struct ctx *cx, struct db *db, const struct alert *a) {
  bool fresh;
  return alert_raise(cx, db, a, &fresh);
}

int alert_failure(struct ctx *cx, struct db *db, const char *kind, const char *subject, bool critical,
                  const char *title, const char *text, const char *address) {
  struct alert a = { .kind = kind,
                     .subject = subject,
                     .state = "failed",
                     .severity = critical ? SEVERITY_CRITICAL : SEVERITY_WARNING,
                     .title = title,
                     .text = text,
                     .address = address };
  return raise(cx, db, &a);
}

int alert_job_dead(struct ctx *cx, struct db *db, int64_t id, const char *kind, const char *cause) {
  struct alert a = {
    .kind = "job_dead",
    .subject = kind,
    .state = "dead",
    .severity = SEVERITY_CRITICAL,
    .title = ctx_printf(cx, "A job of the kind %s is dead", kind),
    .text = ctx_printf(cx, "Job %lld (%s) will not be tried again: %.400s", (long long)id, kind, cause),
    .detail = str_of(ctx_printf(cx, "{\"job\":%lld}", (long long)id)),
    .address = ctx_printf(cx, "#/jobs?id=%lld", (long long)id),
  };
  return raise(cx, db, &a);
}

int alert_graph_ended(struct ctx *cx, struct db *db, const char *graph, int64_t run, const char *state) {
  if (strcmp(state, "failed") != 0) return alert_settle(cx, db, "graph_failed", graph);
  struct alert a = {
    .kind = "graph_failed",
    .subject = graph,
    .state = "failed",
    .severity = SEVERITY_CRITICAL,
    .title = ctx_printf(cx, "A run of %s failed", graph),
    .text = ctx_printf(cx, "Run %lld of the graph %s failed; its tasks say why.", (long long)run, graph),
    .detail = str_of(ctx_printf(cx, "{\"run\":%lld}", (long long)run)),
    .address = ctx_printf(cx, "#/graphs?run=%lld", (long long)run),
  };
  return raise(cx, db, &a);
}

int alert_slots_missed(struct ctx *cx, struct db *db, const char *schedule, int64_t count, int64_t last,
                       const char *reason) {
  char at[TIME_SIZE];
  time_iso(at, last);
  const char *many = count < 0    ? "Many slots"
                     : count == 1 ? "A slot"
                                  : ctx_printf(cx, "%lld slots", (long long)count);
  struct alert a = {
    .kind = "schedule_missed",
    .subject = schedule,
    .state = at, /* a later miss is told again */
    .severity = SEVERITY_WARNING,
    .title = ctx_printf(cx, "%s of %s %s missed", many, schedule, count == 1 ? "was" : "were"),
    .text = ctx_printf(cx, "The last was due at %s: %.300s", at, reason),
    .address = "#/schedules",
  };
  return raise(cx, db, &a);
}
