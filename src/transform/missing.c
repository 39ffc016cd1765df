/*
** missing.c - days without a metric. Figures of a day should be there on every day:
** for every kind of metric that the tenant has, the last 30 days are looked at, from the
** first day that it has on.
**
** A missing day is told once, however often it is looked for; it settles itself when the
** day arrives, and a day that somebody resolved (closed on Sundays) stays so. The inbox has
** one alert for a kind of metric, which changes with the last day that is missing.
*/
#include "base/limits.h"
#include "base/time.h"
#include "notify/alert.h"
#include "transform/metric.h"

struct gaps {
  int64_t missing, fresh, settled;
};

static int settle_filled(struct ctx *cx, struct db *db, struct gaps *g) {
  struct stmt *s = db_stmt(cx, db, SQL_metric_gaps_filled);
  const char *keys[LIMIT_AT_ONCE];
  int n = 0;
  while (n < LIMIT_AT_ONCE && stmt_row(cx, s)) keys[n++] = col_dup(cx, s, 0);
  stmt_done(s);
  for (int i = 0; i < n && !cx->code; i++) quality_alert_settle(cx, db, keys[i]);
  g->settled = n;
  return cx->code;
}

static int tell_gaps(struct ctx *cx, struct db *db, struct gaps *g) {
  char today[DATE_SIZE];
  date_iso(today, metric_today(cx, db));
  struct stmt *s = db_ask(cx, db, SQL_metric_gaps, today);
  while (stmt_row(cx, s)) {
    bool fresh;
    struct str kind = col_str(s, 0), day = col_str(s, 1);
    struct quality_alert a = {
      .key = ctx_printf(cx, "missing/" STR_FMT "/" STR_FMT, STR_ARG(kind), STR_ARG(day)),
      .type = "missing",
      .severity = "warning",
      .message =
          ctx_printf(cx, "Missing data for date: " STR_FMT " (" STR_FMT ")", STR_ARG(day), STR_ARG(kind)),
    };
    g->missing++;
    if (quality_alert_raise(cx, db, &a, &fresh)) break;
    g->fresh += fresh;
  }
  return cx->code;
}

/* One alert for each kind of metric: which days are open stands in data_quality_alerts. */
static int tell_inbox(struct ctx *cx, struct db *db) {
  struct stmt *s = db_stmt(cx, db, SQL_metric_gaps_open);
  while (stmt_row(cx, s)) {
    bool fresh;
    const char *kind = col_dup(cx, s, 0), *last = col_dup(cx, s, 2);
    long long count = col_int(s, 1);
    struct alert a = {
      .kind = "metric_missing",
      .subject = kind,
      .state = last,
      .severity = SEVERITY_WARNING,
      .title = ctx_printf(cx, "%lld day%s without %s", count, count == 1 ? "" : "s", kind),
      .text = ctx_printf(cx, "There is no %s metric for %lld day%s, the last of them %s.", kind, count,
                         count == 1 ? "" : "s", last),
      .address = "#/alerts",
    };
    if (alert_raise(cx, db, &a, &fresh)) break;
  }
  return cx->code;
}

static int settle_inbox(struct ctx *cx, struct db *db) {
  struct stmt *s = db_stmt(cx, db, SQL_metric_gap_alerts);
  const char *subject[8]; /* there are four kinds of metrics */
  int n = 0;
  while (n < 8 && stmt_row(cx, s)) subject[n++] = col_dup(cx, s, 0);
  stmt_done(s);
  for (int i = 0; i < n && !cx->code; i++) {
    bool open = false;
    s = db_stmt(cx, db, SQL_metric_gaps_open);
    while (stmt_row(cx, s)) open |= str_eq(col_str(s, 0), str_of(subject[i]));
    if (!open) alert_settle(cx, db, "metric_missing", subject[i]);
  }
  return cx->code;
}

static int check(struct ctx *cx, struct db *db, void *arg) {
  struct gaps *g = arg;
  int rc = settle_filled(cx, db, g);
  if (!rc) rc = tell_gaps(cx, db, g);
  if (!rc) rc = tell_inbox(cx, db);
  return rc ? rc : settle_inbox(cx, db);
}

static int run_missing(struct ctx *cx, struct job *job) {
  struct gaps g = { 0 };
  if (job_step(cx, job, "check", check, &g)) return cx->code;
  job_result(job, str_of(ctx_printf(cx, "{\"missing\":%lld,\"new\":%lld,\"settled\":%lld}",
                                    (long long)g.missing, (long long)g.fresh, (long long)g.settled)));
  return OK;
}

const struct job_kind missing_data_job = {
  .name = "missing_data_check",
  .queue = "default",
  .help = "tells of days of the last 30 that have no metric, each once",
  .need = "data.write",
  .run = run_missing,
};
