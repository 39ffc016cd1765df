#include "inventory/etl.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/time.h"
#include "inventory/daily.h"
#include "inventory/publish.h"
#include "inventory/quality.h"
#include "inventory/snapshot.h"
#include "inventory/week.h"
#include "job/job.h"

enum { SNAPSHOT_DAYS = 31 }; /* that one run puts down at most, unless it fills in the past */

/* What a run is about: days, both of them in it. */
struct span {
  int64_t from, to, today;
  bool backfill;
};

/* Without a window: yesterday. Days that are not over yet are left out. */
static struct span span_of(const struct ctx *cx, const struct job *job) {
  const struct job_window *w = job_window(job);
  struct span s = { .today = stock_day(cx->now) };
  s.from = s.to = s.today - 1;
  if (!w) return s;
  s.backfill = w->backfill;
  s.from = stock_day(w->from);
  s.to = stock_day(w->to - 1);
  if (s.to >= s.today) s.to = s.today - 1;
  if (s.from > s.to) s.from = s.to;
  if (!s.backfill && s.to - s.from >= SNAPSHOT_DAYS) s.from = s.to - SNAPSHOT_DAYS + 1;
  return s;
}

static void result(struct job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void result(struct job *job, const char *fmt, ...) {
  char text[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  job_result(job, str_of(text));
}

/* ---- the ledger added up ---- */

struct update {
  struct span span;
  struct daily_result daily;
  int64_t weeks, changed;
};

static int update(struct ctx *cx, struct db *db, void *arg) {
  struct update *u = arg;
  if (u->span.backfill) {
    if (stock_daily_again(cx, db, u->span.from, u->span.to, &u->changed)) return cx->code;
  } else if (stock_daily_update(cx, db, u->span.today, &u->daily)) {
    return cx->code;
  }
  return stock_weekly_update(cx, db, &u->weeks);
}

static int run_update(struct ctx *cx, struct job *job) {
  struct update u = { .span = span_of(cx, job) };
  if (job_step(cx, job, "aggregate", update, &u)) return cx->code;
  job_log(job, "%lld movements added up, %lld weeks, %lld days corrected", (long long)u.daily.rows,
          (long long)u.weeks, (long long)u.changed);
  result(job, "{\"movements\":%lld,\"days\":%lld,\"weeks\":%lld,\"corrected\":%lld}", (long long)u.daily.rows,
         (long long)u.daily.days, (long long)u.weeks, (long long)u.changed);
  return OK;
}

/* ---- snapshots ---- */

struct put {
  int64_t day, rows;
};

static int put_down(struct ctx *cx, struct db *db, void *arg) {
  struct put *p = arg;
  return snapshot_make(cx, db, p->day, &p->rows);
}

static int run_snapshots(struct ctx *cx, struct job *job) {
  struct span s = span_of(cx, job);
  int64_t rows = 0, made = 0;
  for (int64_t day = s.from; day <= s.to && !job_stopped(job); day++) {
    char iso[DATE_SIZE];
    struct put p = { .day = day };
    job_progress(job, day - s.from, s.to - s.from + 1, date_iso(iso, (int32_t)day));
    if (job_step(cx, job, iso, put_down, &p)) return cx->code;
    rows += p.rows;
    made += p.rows > 0;
  }
  job_log(job, "%lld snapshots of %lld levels", (long long)made, (long long)rows);
  result(job, "{\"snapshots\":%lld,\"levels\":%lld}", (long long)made, (long long)rows);
  return OK;
}

/* ---- figures to analytics-events ---- */

struct publish {
  struct span span;
  int64_t week, taken;
};

static int publish_totals(struct ctx *cx, struct db *db, void *arg) {
  struct publish *p = arg;
  return publish_day_totals(cx, db, p->span.from, p->span.to, &p->taken);
}

static int publish_moved(struct ctx *cx, struct db *db, void *arg) {
  struct publish *p = arg;
  return p->span.backfill ? OK : publish_figures(cx, db, &p->taken);
}

static int publish_week(struct ctx *cx, struct db *db, void *arg) {
  struct publish *p = arg;
  return publish_week_totals(cx, db, p->week, &p->taken);
}

/* The last week that is over at the end of the span. */
static int64_t week_of(const struct span *s) { return week_begin(s->to + 1) - 7; }

static int run_publish(struct ctx *cx, struct job *job, write_fn *fn) {
  struct publish p = { .span = span_of(cx, job) };
  p.week = week_of(&p.span);
  if (job_step(cx, job, "publish", fn, &p)) return cx->code;
  job_log(job, "%lld events published", (long long)p.taken);
  result(job, "{\"published\":%lld}", (long long)p.taken);
  return OK;
}

static int run_totals(struct ctx *cx, struct job *job) { return run_publish(cx, job, publish_totals); }
static int run_moved(struct ctx *cx, struct job *job) { return run_publish(cx, job, publish_moved); }
static int run_week_metrics(struct ctx *cx, struct job *job) { return run_publish(cx, job, publish_week); }

/* ---- weeks ---- */

struct report {
  int64_t week, day;
  bool written;
};

static int write_report(struct ctx *cx, struct db *db, void *arg) {
  struct report *r = arg;
  return week_report(cx, db, r->week, &r->written);
}

static int run_week_report(struct ctx *cx, struct job *job) {
  struct span s = span_of(cx, job);
  struct report r = { .week = week_of(&s) };
  char name[DATE_SIZE];
  if (job_step(cx, job, "report", write_report, &r)) return cx->code;
  result(job, "{\"week\":\"%s\",\"written\":%s}", date_week(name, (int32_t)r.week),
         r.written ? "true" : "false");
  return OK;
}

static int write_dashboard(struct ctx *cx, struct db *db, void *arg) {
  struct report *r = arg;
  return week_dashboard(cx, db, r->day, &r->written);
}

static int run_week_dashboard(struct ctx *cx, struct job *job) {
  struct span s = span_of(cx, job);
  struct report r = { .day = week_of(&s) + 6 };
  if (job_step(cx, job, "dashboard", write_dashboard, &r)) return cx->code;
  result(job, "{\"written\":%s}", r.written ? "true" : "false");
  return OK;
}

/* ---- quality ---- */

struct look {
  struct quality_result results[QUALITY_CHECKS];
  int64_t failed;
};

static int keep_look(struct ctx *cx, struct db *db, void *arg) {
  struct look *l = arg;
  return quality_keep(cx, db, l->results, &l->failed) || quality_alert(cx, db, l->results) ? (int)cx->code
                                                                                           : OK;
}

static int run_quality(struct ctx *cx, struct job *job) {
  struct look *l = ctx_alloc(cx, sizeof *l);
  struct db *db;
  if (job_step_done(cx, job, "keep") || tenant_read(cx, job_tenant(job), &db) ||
      quality_look(cx, db, l->results))
    return cx->code;
  tenant_read_end(db);
  if (job_step(cx, job, "keep", keep_look, l)) return cx->code;
  for (int i = 0; i < QUALITY_CHECKS; i++)
    if (l->results[i].found) job_log(job, "%s: %lld", l->results[i].name, (long long)l->results[i].found);
  result(job, "{\"checks\":%d,\"failed\":%lld}", QUALITY_CHECKS, (long long)l->failed);
  return OK;
}

/* ---- the table ---- */

static const struct job_kind kinds[] = {
  { .name = "stock_extract",
    .queue = "graph",
    .need = "stock.write",
    .help = "adds the ledger of stock up to its end",
    .run = run_update },
  { .name = "stock_transform_load",
    .queue = "graph",
    .need = "stock.write",
    .help = "puts down what there was at the end of each day",
    .run = run_snapshots },
  { .name = "stock_aggregate_metrics",
    .queue = "graph",
    .need = "stock.write",
    .help = "publishes the totals of the days",
    .run = run_totals },
  { .name = "stock_quality",
    .queue = "graph",
    .need = "stock.write",
    .help = "makes the quality checks of the stock",
    .run = run_quality },
  { .name = "stock_aggregate",
    .queue = "graph",
    .need = "stock.write",
    .help = "adds movements up by day and week",
    .run = run_update },
  { .name = "stock_load_aggregates",
    .queue = "graph",
    .need = "stock.write",
    .help = "publishes velocity and trend of what moved",
    .run = run_moved },
  { .name = "stock_week_aggregate",
    .queue = "graph",
    .need = "stock.write",
    .help = "adds the week up",
    .run = run_update },
  { .name = "stock_week_metrics",
    .queue = "graph",
    .need = "stock.write",
    .help = "publishes the totals of the week",
    .run = run_week_metrics },
  { .name = "stock_week_report",
    .queue = "graph",
    .need = "stock.write",
    .help = "reports what moved in the week",
    .run = run_week_report },
  { .name = "stock_week_dashboard",
    .queue = "graph",
    .need = "stock.write",
    .help = "puts the units in stock among the metrics",
    .run = run_week_dashboard },
};

void stock_kinds_register(void) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) job_kind_register(&kinds[i]);
}
