/* metric.c - the rules of metrics, and the questions about them. See metric.h. */
#include "transform/metric.h"

#include "base/decimal.h"
#include "base/time.h"
#include "notify/alert.h"
#include "store/change.h"
#include "store/column.h"

/* ---- the rules ---- */

int32_t metric_today(struct ctx *cx, struct db *db) {
  struct change_end end;
  if (change_last(cx, db, &end)) return 0;
  int64_t logged = (end.hlc >> 16) * 1000, now = cx->now > logged ? cx->now : logged;
  return (int32_t)(now / DAY_US);
}

/* {"category":"A"} or {"categories":{"A":"10.00"}}: what the view by category reads must be readable. */
static int check_data(struct ctx *cx, const struct jv *object) {
  const int64_t most =
      INT64_C(100000000000) * dec_pow10[METRIC_SCALE]; /* beyond it, SQL's numbers lose cents */
  struct jv *data = jv_get(object, "data"), *categories = jv_get(data, "categories");
  struct jv *category = jv_get(data, "category");
  int64_t amount;
  bool rounded;
  if (data && jv_kind(data) != JV_NULL && jv_kind(data) != JV_OBJECT)
    return fail(cx, E_INVALID, "data", "data is an object, such as {\"category\":\"A\"}");
  if (category && jv_kind(category) != JV_STRING)
    return fail(cx, E_INVALID, "data", "data.category is a text");
  if (categories && jv_kind(categories) != JV_OBJECT)
    return fail(cx, E_INVALID, "data", "data.categories is an object, such as {\"A\":\"10.00\"}");
  for (void *it = jv_first(categories); it; it = jv_next(categories, it)) {
    struct str text = jv_text(jv_value(it));
    rounded = false;
    if (text.p && dec_parse(text, METRIC_SCALE, &amount, &rounded) && !rounded && amount <= most &&
        amount >= -most)
      continue;
    return fail(cx, E_INVALID, "data",
                "the amount of category " STR_FMT
                " is a number with at most four decimals, below 100,000,000,000",
                STR_ARG(jv_key(it)));
  }
  return OK;
}

/* What was stored of revenue beyond METRIC_OUTLIER is told; what is not any more, settled. */
static int look_at(struct ctx *cx, struct db *db, const char *id, const char *day, int64_t value, bool high) {
  struct buf amount;
  bool fresh;
  const char *key = ctx_printf(cx, "outlier/%s", id), *subject = ctx_printf(cx, "revenue %s", day);
  if (!high) {
    int rc = quality_alert_settle(cx, db, key);
    return rc ? rc : alert_settle(cx, db, "metric_outlier", subject);
  }
  buf_init(&amount, 64);
  dec_print(&amount, value, METRIC_SCALE, 0);
  const char *message = ctx_printf(cx, "Revenue value unusually high: %s", amount.p);
  buf_clear(&amount);
  struct quality_alert a = {
    .key = key, .type = "outlier", .severity = "warning", .message = message, .metric = id
  };
  if (quality_alert_raise(cx, db, &a, &fresh) || !fresh) return cx->code;
  struct alert told = { .kind = "metric_outlier",
                        .subject = subject,
                        .state = "outlier",
                        .severity = SEVERITY_WARNING,
                        .title = ctx_printf(cx, "Revenue of %s is unusually high", day),
                        .text = message,
                        .address = "#/alerts" };
  return alert_raise(cx, db, &told, &fresh);
}

static int check_row(struct ctx *cx, struct db *db, const char *id) {
  char iso[DATE_SIZE];
  struct stmt *s = db_ask(cx, db, SQL_metric_row, id);
  if (!stmt_row(cx, s)) return cx->code;
  bool revenue = str_eq(col_str(s, 0), STR("revenue")), deleted = col_int(s, 3);
  const char *day = col_dup(cx, s, 1);
  int64_t value = col_int(s, 2);
  stmt_done(s);
  const char *today = date_iso(iso, metric_today(cx, db));
  if (cx->code) return cx->code;
  if (!deleted && strcmp(day, today) > 0)
    return fail(cx, E_INVALID, "metric_date", "a metric cannot be of the future: %s is after %s (UTC)", day,
                today);
  bool high = revenue && !deleted && value > METRIC_OUTLIER * dec_pow10[METRIC_SCALE];
  return look_at(cx, db, id, day, value, high);
}

void metric_register(void) {
  static const struct entity_hooks hooks = { .check_object = check_data, .check_row = check_row };
  entity_hooks_register("metric", &hooks);
  job_kind_register(&revenue_metrics_job);
  job_kind_register(&monthly_revenue_job);
  job_kind_register(&missing_data_job);
}

/* ---- asking ---- */

/* A decimal as a JSON number, exactly as it is stored. */
static void put_number(struct jw *w, const char *key, int64_t v) {
  struct buf text;
  buf_init(&text, 64);
  dec_print(&text, v, METRIC_SCALE, 0);
  jw_raw(w, key, buf_view(&text));
  buf_clear(&text);
}

static int check_day(struct ctx *cx, const char *name, const char *day) {
  int64_t at;
  if (!day) return fail(cx, E_INVALID, name, "%s is needed: a day, such as 2024-02-29", name);
  if (strlen(day) == 10 && time_parse_iso(str_of(day), &at)) return OK;
  return fail(cx, E_INVALID, name, "%s is a day, such as 2024-02-29, not '%.40s'", name, day);
}

static int check_query(struct ctx *cx, const struct metric_query *q) {
  static const char *const types[] = { "revenue", "inventory", "staffing", "costs" };
  bool known = false;
  for (size_t i = 0; q->type && i < sizeof types / sizeof *types; i++) known |= !strcmp(q->type, types[i]);
  if (!known)
    return fail(cx, E_INVALID, "metric_type", "metric_type is revenue, inventory, staffing or costs%s%.40s",
                q->type ? ", not " : "", q->type ? q->type : "");
  if (check_day(cx, "start_date", q->start) || check_day(cx, "end_date", q->end)) return cx->code;
  if (strcmp(q->start, q->end) > 0)
    return fail(cx, E_INVALID, "end_date", "end_date %s is before start_date %s", q->end, q->start);
  return OK;
}

int metric_find(struct ctx *cx, struct db *db, const struct metric_query *q, struct jw *w) {
  static const char *const names[] = { "metric_id", "tenant_id", "metric_type" };
  int64_t count = 0;
  if (check_query(cx, q)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_metric_find, q->type, q->start, q->end);
  jw_array(w, "metrics");
  for (; stmt_row(cx, s); count++) {
    jw_object(w, NULL);
    for (int i = 0; i < 3; i++) jw_str(w, names[i], col_str(s, i));
    put_number(w, "metric_value", col_int(s, 3));
    columns_write(w, s, 4, "metric_date, created_at: instant");
    jw_raw(w, "data", col_null(s, 6) ? STR("{}") : col_str(s, 6));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  jw_int(w, "count", count);
  jw_record(w, "period", "start", q->start, "end", q->end);
  return cx->code;
}

int metric_daily(struct ctx *cx, struct db *db, const char *from, const char *to, struct jw *w) {
  if ((from && check_day(cx, "from", from)) || (to && check_day(cx, "to", to))) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_metric_daily, from, to);
  jw_array(w, "data");
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    jw_str(w, "metric_date", col_str(s, 0));
    if (col_null(s, 1))
      jw_text(w, "category", NULL);
    else
      jw_str(w, "category", col_str(s, 1));
    jw_decimal(w, "total_revenue", col_int(s, 2), METRIC_SCALE, 2);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

int metric_monthly(struct ctx *cx, struct db *db, struct jw *w) {
  struct stmt *s = db_stmt(cx, db, SQL_monthly_list);
  jw_array(w, "data");
  while (stmt_row(cx, s))
    jw_record(w, NULL, "month", col_str(s, 0), "total_revenue", arg_decimal(col_int(s, 1), METRIC_SCALE, 2),
              "avg_daily_revenue", arg_decimal(col_int(s, 2), METRIC_SCALE, 2), "days_with_data",
              col_int(s, 3));
  jw_close(w, ']');
  s = db_stmt(cx, db, SQL_monthly_state);
  while (stmt_row(cx, s)) {
    column_time(w, "refreshed_at", s, 0);
    jw_put(w, "stale", arg_bool(col_int(s, 1) > 0 || col_int(s, 2)), "months_changed", col_int(s, 1));
  }
  return cx->code;
}
