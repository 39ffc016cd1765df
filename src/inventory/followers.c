/*
** followers.c - the three consumer groups of inventory-events, and the work that follows.
**
** A handler runs in the transaction that moves its group's position, often with thousands
** of events at once, so it does little: it counts the events by day and type (event_tally:
** exactly once, because position and count are one commit) and makes sure that a job of its
** service is waiting. What the events mean is in the ledger already, in the same order; the job
** reads it from where it was last (plan_position), every item once, however many events
** spoke of it.
**
**   analytics-service       the sums by day and the metrics made of them are brought up to date
**   data-pipeline-service   for every item that moved velocity, trend, turnover and cover are kept
**                           ready (cached_figure), and velocity and trend published to
**                           analytics-events, with how many events that took
**   reorder-service         every item that moved is judged; alerts and proposals follow at once
**
** That no wake-up is lost: a job's unique key names the position it starts from. Events that come
** while it works find the same key; the step that moves the position looks at the ledger once
** more and orders the next job under the next key in the same transaction.
*/
#include "base/crash.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"
#include "event/event.h"
#include "inventory/daily.h"
#include "inventory/lowstock.h"
#include "inventory/metric.h"
#include "inventory/publish.h"
#include "inventory/stock.h"
#include "notify/alert.h"

enum { WAIT_US = 2000000, PAIRS_AT_ONCE = 100, TALLIES = 64 };

#define ANALYTICS "analytics-service"
#define PIPELINE "data-pipeline-service"
#define REORDER "reorder-service"

/* ---- positions and jobs ---- */

static int64_t position_of(struct ctx *cx, struct db *db, const char *group) {
  return stmt_number(cx, db_ask(cx, db, SQL_plan_position, group), 0);
}

static int set_position(struct ctx *cx, struct db *db, const char *group, int64_t at) {
  return db_act(cx, db, SQL_plan_position_set, group, at);
}

/* A moment later, so that a burst of events is one job. */
static int order_job(struct ctx *cx, struct db *db, const char *group, const char *kind, int64_t from) {
  struct job_order o = { .kind = kind,
                         .unique = ctx_printf(cx, "%s/%lld", group, (long long)from),
                         .wait = WAIT_US };
  return job_enqueue(cx, db, &o, NULL);
}

/* ---- counting ---- */

struct tally {
  int64_t day, events;
  struct str type;
};

static int flush(struct ctx *cx, struct db *db, const char *group, const struct tally *list, int n) {
  char day[DATE_SIZE];
  for (int i = 0; i < n && !cx->code; i++) {
    db_act(cx, db, SQL_tally_add, group, date_iso(day, (int32_t)list[i].day), list[i].type, list[i].events);
  }
  return cx->code;
}

static int count(struct ctx *cx, struct db *db, const char *group, const struct event *events, size_t n) {
  struct tally list[TALLIES];
  int used = 0, last = 0;
  for (size_t i = 0; i < n; i++) {
    int64_t day = (events[i].at - (events[i].at % DAY_US + DAY_US) % DAY_US) / DAY_US;
    if (!used || list[last].day != day || !str_eq(list[last].type, events[i].type))
      for (last = 0; last < used; last++)
        if (list[last].day == day && str_eq(list[last].type, events[i].type)) break;
    if (last == TALLIES) {
      if (flush(cx, db, group, list, used)) return cx->code;
      used = last = 0;
    }
    if (last == used) list[used++] = (struct tally){ day, 0, events[i].type };
    list[last].events++;
  }
  return flush(cx, db, group, list, used);
}

static int follow(struct ctx *cx, struct db *db, const char *group, const char *kind,
                  const struct event *events, size_t n) {
  int rc = count(cx, db, group, events, n);
  int64_t from = rc ? 0 : position_of(cx, db, group);
  return cx->code ? (int)cx->code : order_job(cx, db, group, kind, from);
}

/* ---- the pairs that moved since ---- */

struct moved {
  const char *group, *kind;
  int64_t from, to;
  struct {
    int64_t item, warehouse;
  } * pairs;
  size_t count, at; /* at: of the next to be done */
  const struct plan_rules *rules;
  struct reorder_counts orders;
};

/* How far this job goes is kept, so that an attempt after a crash goes as far, in the same slices. */
static int fix_end(struct ctx *cx, struct db *db, void *arg) {
  struct moved *m = arg;
  return set_position(cx, db, ctx_printf(cx, "%s/end", m->group), db_int(cx, db, SQL_plan_ledger_end, 0));
}

static int read_pairs(struct ctx *cx, struct db *db, struct moved *m) {
  m->from = position_of(cx, db, m->group);
  m->to = position_of(cx, db, ctx_printf(cx, "%s/end", m->group));
  struct stmt *s = db_ask(cx, db, SQL_plan_pairs_moved, m->from, m->to);
  while (stmt_row(cx, s)) {
    m->pairs = ctx_more(cx, m->pairs, m->count, sizeof *m->pairs);
    m->pairs[m->count].item = col_int(s, 0);
    m->pairs[m->count++].warehouse = col_int(s, 1);
  }
  return cx->code ? (int)cx->code : plan_rules_load(cx, db, (struct plan_rules **)&m->rules);
}

/* Reading ends before the work begins: what a reader sees keeps the write-ahead log from beginning anew. */
static int read_moved(struct ctx *cx, struct job *job, struct moved *m) {
  struct db *db;
  if (job_step(cx, job, "range", fix_end, m) || tenant_read(cx, job_tenant(job), &db) ||
      read_pairs(cx, db, m))
    return cx->code;
  tenant_read_end(db);
  return OK;
}

/* Everything up to m->to is done; what came meanwhile is the next job's. */
static int move_on(struct ctx *cx, struct db *db, void *arg) {
  struct moved *m = arg;
  crash_point("follow");
  if (set_position(cx, db, m->group, m->to)) return cx->code;
  return db_int(cx, db, SQL_plan_ledger_end, 0) > m->to ? order_job(cx, db, m->group, m->kind, m->to) : OK;
}

static int walk_moved(struct ctx *cx, struct job *job, struct moved *m, write_fn *slice) {
  while (m->at < m->count && !job_stopped(job)) {
    size_t at = m->at;
    job_progress(job, (int64_t)at, (int64_t)m->count, "items that moved");
    if (job_step(cx, job, ctx_printf(cx, "items %zu", at), slice, m)) return cx->code;
    m->at = at + PAIRS_AT_ONCE < m->count ? at + PAIRS_AT_ONCE : m->count;
  }
  return m->at < m->count ? fail(cx, E_BUSY, NULL, "it was stopped before its end") : OK;
}

static size_t slice_end(const struct moved *m) {
  return m->at + PAIRS_AT_ONCE < m->count ? m->at + PAIRS_AT_ONCE : m->count;
}

/* ---- analytics-service ---- */

static int take_analytics(struct ctx *cx, struct db *db, const struct event *events, size_t n) {
  return follow(cx, db, ANALYTICS, "analytics_service", events, n);
}

static int note_end(struct ctx *cx, struct db *db, void *arg) {
  struct moved *m = arg;
  m->to = db_int(cx, db, SQL_plan_ledger_end, 0);
  return cx->code;
}

static int run_analytics(struct ctx *cx, struct job *job) {
  struct moved m = { .group = ANALYTICS, .kind = "analytics_service" };
  if (job_write(cx, job, note_end, &m) || lowstock_update_days(cx, job)) return cx->code;
  return job_finish(cx, job, move_on, &m);
}

/* ---- data-pipeline-service ---- */

static int take_pipeline(struct ctx *cx, struct db *db, const struct event *events, size_t n) {
  return follow(cx, db, PIPELINE, "data_pipeline", events, n);
}

struct figures {
  const char *sku, *place;
  int64_t available;
  struct metric metric;
};

/* What the figures of a pair come to, as they stand in this transaction. */
static bool read_figures(struct ctx *cx, struct db *db, int64_t item, int64_t warehouse, struct figures *f) {
  struct metric_sums m;
  int64_t day;
  struct stmt *s = db_ask(cx, db, SQL_plan_figures, item, warehouse);
  if (!stmt_row(cx, s)) return false;
  f->sku = col_dup(cx, s, 0);
  f->place = col_dup(cx, s, 1);
  f->available = col_int(s, 2);
  day = col_int(s, 3);
  m = (struct metric_sums){ col_int(s, 4), col_int(s, 5), col_int(s, 6),  col_int(s, 7),
                            col_int(s, 8), col_int(s, 9), col_int(s, 10), col_int(s, 11) };
  stmt_done(s);
  metric_of(&m, day, f->available, &f->metric);
  return true;
}

static int keep_figures(struct ctx *cx, struct db *db, const struct figures *f) {
  struct buf json;
  struct jw w;
  jw_begin(&w, &json, KIB(16));
  jw_number(&w, "available", f->available, STOCK_SCALE, 0);
  metric_json(&w, &f->metric);
  jw_close(&w, '}');
  struct stmt *s = db_stmt(cx, db, SQL_cache_put);
  stmt_bind(s, ctx_printf(cx, "stock/%s/%s", f->place, f->sku), cx->now, buf_view(&json));
  stmt_run(cx, s);
  buf_clear(&json);
  return cx->code;
}

int followers_keep(struct ctx *cx, struct db *db, int64_t item, int64_t warehouse) {
  struct figures f;
  return read_figures(cx, db, item, warehouse, &f) ? keep_figures(cx, db, &f) : (int)cx->code;
}

static int transform_slice(struct ctx *cx, struct db *db, void *arg) {
  struct moved *m = arg;
  for (size_t i = m->at; i < slice_end(m) && !cx->code; i++) {
    struct ctx one; /* its texts go with it */
    ctx_begin(&one, cx->actor);
    str_copy(one.id, sizeof one.id, str_of(cx->id));
    one.now = cx->now;
    if (followers_keep(&one, db, m->pairs[i].item, m->pairs[i].warehouse)) fail_from(cx, &one);
    ctx_end(&one);
  }
  crash_point("pipeline");
  return cx->code;
}

/* How many events were turned into how many figures. */
static int publish_processed(struct ctx *cx, struct db *db, const struct moved *m) {
  char id[37];
  struct buf json;
  struct jw w;
  uuid7(id, cx->now);
  jw_begin(&w, &json, KIB(4));
  jw_put(&w, "eventId", id, "eventType", "EVENTS_PROCESSED", "metric", "events_processed", "value",
         m->to - m->from, "unit", "events", "timestamp", arg_time(cx->now));
  jw_record(&w, "details", "items", (int64_t)m->count);
  jw_close(&w, '}');
  int rc = event_emit(cx, db, "analytics-events", buf_view(&json));
  buf_clear(&json);
  return rc;
}

static int publish_all(struct ctx *cx, struct db *db, void *arg) {
  struct moved *m = arg;
  int64_t taken;
  int rc = publish_figures(cx, db, &taken);
  if (!rc && m->to > m->from) rc = publish_processed(cx, db, m);
  return rc ? rc : move_on(cx, db, m);
}

static int run_pipeline(struct ctx *cx, struct job *job) {
  struct moved m = { .group = PIPELINE, .kind = "data_pipeline" };
  if (lowstock_update_days(cx, job) || read_moved(cx, job, &m) || walk_moved(cx, job, &m, transform_slice))
    return cx->code;
  job_result(job,
             str_of(ctx_printf(cx, "{\"rows\":%lld,\"items\":%zu}", (long long)(m.to - m.from), m.count)));
  return job_finish(cx, job, publish_all, &m);
}

/* ---- reorder-service ---- */

static int take_reorder(struct ctx *cx, struct db *db, const struct event *events, size_t n) {
  return follow(cx, db, REORDER, "reorder_service", events, n);
}

static int judge_slice(struct ctx *cx, struct db *db, void *arg) {
  struct moved *m = arg;
  enum stock_state state;
  int64_t told = 1;
  for (size_t i = m->at; i < slice_end(m) && !cx->code; i++)
    lowstock_pair(cx, db, m->rules, m->pairs[i].item, m->pairs[i].warehouse, true, &m->orders, &state);
  while (!cx->code && told > 0) lowstock_tell(cx, db, PAIRS_AT_ONCE, &told);
  return cx->code;
}

/* What was told goes out together with the end of the job: many items at once are one mail. */
static int move_on_and_send(struct ctx *cx, struct db *db, void *arg) {
  int64_t sent;
  return move_on(cx, db, arg) ? (int)cx->code : alert_send_held(cx, db, LOW_STOCK, &sent);
}

static int run_reorder(struct ctx *cx, struct job *job) {
  struct moved m = { .group = REORDER, .kind = "reorder_service" };
  if (lowstock_update_days(cx, job) || read_moved(cx, job, &m) || walk_moved(cx, job, &m, judge_slice))
    return cx->code;
  job_result(job,
             str_of(ctx_printf(cx, "{\"items\":%zu,\"proposed\":%lld,\"changed\":%lld,\"withdrawn\":%lld}",
                               m.count, (long long)m.orders.proposed, (long long)m.orders.changed,
                               (long long)m.orders.withdrawn)));
  return job_finish(cx, job, move_on_and_send, &m);
}

/* ---- wiring ---- */

void followers_register(void) {
  static const struct job_kind kinds[] = {
    { .name = "analytics_service",
      .queue = "default",
      .need = "stock.write",
      .run = run_analytics,
      .at_once = 1,
      .help = "adds up the ledger by day after events came in" },
    { .name = "data_pipeline",
      .queue = "default",
      .need = "stock.write",
      .run = run_pipeline,
      .at_once = 1,
      .help = "works out and publishes the figures of items that moved" },
    { .name = "reorder_service",
      .queue = "default",
      .need = "stock.write",
      .run = run_reorder,
      .at_once = 1,
      .help = "judges items that moved: alerts and proposals" },
  };
  static const struct consumer groups[] = {
    { STOCK_TOPIC, ANALYTICS, "adds events up for analytics", take_analytics, true },
    { STOCK_TOPIC, PIPELINE, "turns events into metrics and publishes them", take_pipeline, true },
    { STOCK_TOPIC, REORDER, "looks whether items that moved must be ordered", take_reorder, true },
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) job_kind_register(&kinds[i]);
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) consumer_register(&groups[i]);
}
