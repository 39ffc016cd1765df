/*
** revenue.c - revenue of days from the sales that count now, and of months from that
** of days. Both are derived: running them again changes nothing.
**
** What the sales say is read from one unchanging state of the file; then the days that
** differ are written in slices, each looked at again in its transaction, so that a person
** who gives a figure meanwhile is not overwritten.
*/
#include <stdlib.h>

#include "base/crash.h"
#include "base/limits.h"
#include "base/time.h"
#include "notify/alert.h"
#include "record/form.h"
#include "transform/metric.h"

enum { DAYS_AT_ONCE = 100, MONTHS_AT_ONCE = 24 };

/* ---- what the sales say ---- */

struct day {
  char date[DATE_SIZE];
  int64_t total;
  bool gone;        /* no sales any more */
  const char *data; /* {"categories":{...}} */
};

struct days {
  struct day *list;
  size_t count;
};

static struct day *add_day(struct ctx *cx, struct days *d) {
  d->list = ctx_more(cx, d->list, d->count, sizeof *d->list);
  return &d->list[d->count++];
}

static void end_day(struct ctx *cx, struct day *d, struct buf *json, struct jw *w) {
  if (!d) return;
  jw_close(w, '}');
  jw_close(w, '}');
  d->data = ctx_strdup(cx, buf_view(json));
}

static int read_sales(struct ctx *cx, struct db *db, struct days *out) {
  struct buf json;
  struct jw w;
  struct day *d = NULL;
  int32_t day = INT32_MIN;
  int categories = 0;
  buf_init(&json, LIMIT_TEXT_BYTES);
  struct stmt *s = db_stmt(cx, db, SQL_metric_sales);
  while (stmt_row(cx, s)) {
    if (col_int(s, 0) != day) {
      end_day(cx, d, &json, &w);
      d = add_day(cx, out);
      day = (int32_t)col_int(s, 0);
      date_iso(d->date, day);
      d->total = col_int(s, 3);
      categories = 0;
      buf_reset(&json);
      jw_init(&w, &json);
      jw_object(&w, NULL);
      jw_object(&w, "categories");
    }
    if (categories++ < METRIC_CATEGORIES) /* what is beyond them is what the view shows without category */
      jw_decimal(&w, ctx_strdup(cx, col_str(s, 1)), col_int(s, 2), METRIC_SCALE, 2);
  }
  end_day(cx, d, &json, &w);
  buf_clear(&json);
  return cx->code;
}

static int by_date(const void *a, const void *b) {
  return strcmp(((const struct day *)a)->date, ((const struct day *)b)->date);
}

/* The days on which the metrics do not say what the sales say, and those that have no sales any more. */
static int differing(struct ctx *cx, struct db *db, const struct days *sales, struct days *out) {
  bool *same = ctx_alloc(cx, sales->count + 1);
  struct stmt *s = db_stmt(cx, db, SQL_metric_derived_days);
  while (stmt_row(cx, s)) {
    struct day key = { 0 };
    str_copy(key.date, sizeof key.date, col_str(s, 0));
    struct day *d = sales->count ? bsearch(&key, sales->list, sales->count, sizeof key, by_date) : NULL;
    if (!d) {
      key.gone = true;
      *add_day(cx, out) = key;
      continue;
    }
    bool given = str_eq(col_str(s, 2), STR("given"));
    same[d - sales->list] = col_int(s, 3) == d->total &&
                            (given || (col_int(s, 1) == d->total && str_eq(col_str(s, 4), str_of(d->data))));
  }
  for (size_t i = 0; i < sales->count; i++)
    if (!same[i]) *add_day(cx, out) = sales->list[i];
  return cx->code;
}

/* ---- writing it ---- */

struct slice {
  const struct day *list;
  size_t count;
  struct revenue_result *result;
};

/* Sales that no metric can say: less than nothing, or of the future. Told once. */
static int refuse_day(struct ctx *cx, struct db *db, const struct day *d, const char *why) {
  bool fresh;
  struct quality_alert a = { .key = ctx_printf(cx, "refused/revenue/%s", d->date),
                             .type = "schema_error",
                             .severity = "warning",
                             .message =
                                 ctx_printf(cx, "The sales of %s make no revenue metric: %s", d->date, why) };
  if (quality_alert_raise(cx, db, &a, &fresh) || !fresh) return cx->code;
  struct alert told = { .kind = "metric_refused",
                        .subject = ctx_printf(cx, "revenue %s", d->date),
                        .state = "refused",
                        .severity = SEVERITY_WARNING,
                        .title = ctx_printf(cx, "No revenue metric for %s", d->date),
                        .text = a.message,
                        .address = "#/alerts" };
  return alert_raise(cx, db, &told, &fresh);
}

static int settle_day(struct ctx *cx, struct db *db, const struct day *d) {
  int rc = quality_alert_settle(cx, db, ctx_printf(cx, "refused/revenue/%s", d->date));
  return rc ? rc : alert_settle(cx, db, "metric_refused", ctx_printf(cx, "revenue %s", d->date));
}

/* What the metric of a day is, as it stands in this transaction. */
struct present {
  const char *id; /* NULL: there is none */
  int64_t value, derived;
  bool given, has_derived;
};

static int look(struct ctx *cx, struct db *db, const char *date, struct present *p) {
  struct stmt *s = db_stmt(cx, db, SQL_metric_of_day);
  *p = (struct present){ 0 };
  stmt_bind(s, "revenue", date);
  if (!stmt_row(cx, s)) return cx->code;
  p->id = col_dup(cx, s, 0);
  p->value = col_int(s, 1);
  p->given = str_eq(col_str(s, 2), STR("given"));
  p->has_derived = !col_null(s, 3);
  p->derived = col_int(s, 3);
  p->given |= !p->has_derived || p->value != p->derived; /* somebody gave another: it is theirs from now on */
  stmt_done(s);
  return OK;
}

static int save_day(struct ctx *cx, struct db *db, const struct day *d, const struct present *p) {
  struct form f;
  struct jw *w = form_begin(&f, p->id);
  if (!p->id) jw_text(w, "metric_type", "revenue");
  if (!p->id) jw_text(w, "metric_date", d->date);
  jw_text(w, "source", p->id && p->given ? "given" : "derived");
  if (d->gone)
    jw_text(w, "derived_value", NULL);
  else
    jw_decimal(w, "derived_value", d->total, METRIC_SCALE, 2);
  if (!p->id || !p->given)
    jw_put(w, "metric_value", arg_decimal(d->total, METRIC_SCALE, 2), "data", arg_json(str_of(d->data)));
  return form_save(cx, db, "metric", &f, NULL);
}

static int write_day(struct ctx *cx, struct db *db, const struct day *d, const char *today,
                     struct revenue_result *r) {
  struct present p;
  bool future = !d->gone && strcmp(d->date, today) > 0, negative = !d->gone && d->total < 0;
  if (look(cx, db, d->date, &p)) return cx->code;
  bool ours = p.id && !p.given;
  if (future || negative) {
    r->refused++;
    if (refuse_day(cx, db, d, future ? "it is in the future" : "they add up to less than nothing"))
      return cx->code;
    return ours ? record_delete(cx, db, entity_find("metric"), p.id) : OK;
  }
  if (settle_day(cx, db, d)) return cx->code;
  if (d->gone && !p.id) return OK;
  r->changed++;
  if (d->gone && ours) return record_delete(cx, db, entity_find("metric"), p.id);
  r->kept += p.id && p.given && !d->gone && p.value != d->total;
  return save_day(cx, db, d, &p);
}

static int write_slice(struct ctx *cx, struct db *db, void *arg) {
  struct slice *sl = arg;
  char today[DATE_SIZE];
  date_iso(today, metric_today(cx, db));
  for (size_t i = 0; i < sl->count && !cx->code; i++) {
    struct ctx one; /* its texts go with it */
    ctx_begin(&one, cx->actor);
    str_copy(one.id, sizeof one.id, str_of(cx->id));
    one.now = cx->now;
    if (write_day(&one, db, &sl->list[i], today, sl->result)) fail_from(cx, &one);
    ctx_end(&one);
  }
  crash_point("revenue");
  return cx->code;
}

static int metric_derive_revenue(struct ctx *cx, struct job *job, struct revenue_result *out) {
  struct days sales = { 0 }, todo = { 0 };
  struct ctx reading; /* its end gives the reader back, before anything is written */
  struct db *db;
  *out = (struct revenue_result){ 0 };
  ctx_begin(&reading, cx->actor);
  if (tenant_read(&reading, job_tenant(job), &db))
    fail_from(cx, &reading);
  else if (!read_sales(cx, db, &sales))
    differing(cx, db, &sales, &todo);
  ctx_end(&reading);
  if (cx->code) return cx->code;
  out->days = (int64_t)sales.count;
  for (size_t i = 0; i < todo.count && !job_stopped(job); i += DAYS_AT_ONCE) {
    size_t n = todo.count - i < DAYS_AT_ONCE ? todo.count - i : DAYS_AT_ONCE;
    struct slice sl = { &todo.list[i], n, out };
    job_progress(job, (int64_t)i, (int64_t)todo.count, "days of revenue");
    if (job_write(cx, job, write_slice, &sl)) return cx->code;
  }
  return cx->code;
}

/* ---- months ---- */

static int metric_refresh_slice(struct ctx *cx, struct db *db, int months, int64_t *done) {
  const char *list[MONTHS_AT_ONCE];
  int n = 0;
  struct stmt *s = db_ask(cx, db, SQL_monthly_dirty, months < MONTHS_AT_ONCE ? months : MONTHS_AT_ONCE);
  while (stmt_row(cx, s)) list[n++] = col_dup(cx, s, 0);
  for (int i = 0; i < n && !cx->code; i++) {
    if (db_act(cx, db, SQL_monthly_sum, list[i])) break;
    db_act(cx, db, SQL_monthly_clean, list[i]);
  }
  *done = n;
  return cx->code;
}

/* readers see what was added up */
static int metric_refresh_show(struct ctx *cx, struct db *db) {
  if (db_act(cx, db, SQL_monthly_move, cx->now)) return cx->code;
  return stmt_run(cx, db_stmt(cx, db, SQL_monthly_forget));
}

static int slice_fn(struct ctx *cx, struct db *db, void *arg) {
  return metric_refresh_slice(cx, db, MONTHS_AT_ONCE, arg);
}

static int show_fn(struct ctx *cx, struct db *db, void *arg) {
  (void)arg;
  crash_point("monthly");
  return metric_refresh_show(cx, db);
}

/* ---- the jobs ---- */

static void put_result(struct jw *w, const struct revenue_result *r) {
  jw_put(w, "days", r->days, "changed", r->changed, "kept_as_given", r->kept, "refused", r->refused);
}

static int run_revenue(struct ctx *cx, struct job *job) {
  struct revenue_result r;
  struct buf json;
  struct jw w;
  if (metric_derive_revenue(cx, job, &r)) return cx->code;
  jw_begin(&w, &json, KIB(4));
  put_result(&w, &r);
  jw_close(&w, '}');
  job_result(job, buf_view(&json));
  buf_clear(&json);
  return OK;
}

static int run_monthly(struct ctx *cx, struct job *job) {
  struct revenue_result r;
  struct buf json;
  struct jw w;
  int64_t months = 0, done = 1;
  if (metric_derive_revenue(cx, job, &r)) return cx->code;
  while (done > 0 && !job_stopped(job)) {
    if (job_write(cx, job, slice_fn, &done)) return cx->code;
    months += done;
  }
  jw_begin(&w, &json, KIB(4));
  put_result(&w, &r);
  jw_int(&w, "months", months);
  jw_close(&w, '}');
  job_result(job, buf_view(&json));
  buf_clear(&json);
  return job_finish(cx, job, show_fn, NULL);
}

const struct job_kind revenue_metrics_job = {
  .name = "revenue_metrics",
  .queue = "default",
  .help = "adds up the revenue of days from the sales that count now",
  .need = "data.write",
  .run = run_revenue,
};
const struct job_kind monthly_revenue_job = {
  .name = "monthly_revenue_refresh",
  .queue = "default",
  .help = "brings the revenue of days and months up to date",
  .need = "data.write",
  .run = run_monthly,
};
