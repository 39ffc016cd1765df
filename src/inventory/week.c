#include "inventory/week.h"

#include "base/limits.h"
#include "base/time.h"
#include "record/form.h"
#include "store/column.h"

enum { MOST_MOVED = 20 };

int64_t week_begin(int64_t day) { return day - ((day + 3) % 7 + 7) % 7; }

/* ---- the report ---- */

#define SUMS                                                                                                 \
  "received: number4, issued: number4, returned: number4, adjusted: number4, transferred: number4, "         \
  "net: number4, movements: int"

static int write_totals(struct ctx *cx, struct db *db, int64_t week, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_week_totals, week);
  jw_object(w, "totals");
  if (stmt_row(cx, s)) columns_write(w, s, 0, SUMS);
  if (s) stmt_done(s);
  jw_close(w, '}');
  return cx->code;
}

static int compose(struct ctx *cx, struct db *db, int64_t week, struct buf *out) {
  char name[DATE_SIZE], iso[DATE_SIZE];
  struct jw w;
  jw_init(&w, out);
  jw_object(&w, NULL);
  jw_put(&w, "week", date_week(name, (int32_t)week), "begins", date_iso(iso, (int32_t)week));
  if (write_totals(cx, db, week, &w) ||
      columns_list(cx, db_ask(cx, db, SQL_week_warehouses, week, MOST_MOVED), &w, "warehouses",
                   "warehouse, " SUMS) ||
      columns_list(cx, db_ask(cx, db, SQL_week_items, week, MOST_MOVED), &w, "items", "sku, " SUMS))
    return cx->code;
  jw_close(&w, '}');
  return OK;
}

int week_report(struct ctx *cx, struct db *db, int64_t week, bool *written) {
  struct buf json;
  buf_init(&json, LIMIT_BODY_BYTES);
  *written = false;
  if (!compose(cx, db, week, &json)) {
    if (!db_act(cx, db, SQL_week_report_set, week, cx->now, buf_view(&json))) *written = db_changes(db) > 0;
  }
  buf_clear(&json);
  return cx->code;
}

int week_show(struct ctx *cx, struct db *db, int64_t week, struct jw *w, const char *key) {
  char name[DATE_SIZE];
  struct stmt *s = db_ask(cx, db, SQL_week_report_get, week);
  if (!stmt_row(cx, s))
    return cx->code
               ? (int)cx->code
               : fail(cx, E_NOT_FOUND, "week", "week %s is not reported yet", date_week(name, (int32_t)week));
  jw_raw(w, key, col_str(s, 0));
  stmt_done(s);
  return OK;
}

/* ---- the metric ---- */

/* The record that there is of that day; *settled when it says so already, or somebody gave another figure. */
static const char *find_metric(struct ctx *cx, struct db *db, const char *day, int64_t units, bool *settled) {
  struct stmt *s = db_ask(cx, db, SQL_metric_of_day, "inventory", day);
  if (!stmt_row(cx, s)) return NULL;
  const char *id = col_dup(cx, s, 0);
  bool given = str_eq(col_str(s, 2), STR("given")) || col_null(s, 3) || col_int(s, 1) != col_int(s, 3);
  *settled = given || col_int(s, 1) == units;
  stmt_done(s);
  return id;
}

static int save_metric(struct ctx *cx, struct db *db, const char *id, const char *day, int64_t units) {
  struct form f;
  struct jw *w = form_begin(&f, id);
  jw_put(w, "metric_type", "inventory", "metric_date", day, "source", "derived", "metric_value",
         arg_decimal(units, STOCK_SCALE, 0), "derived_value", arg_decimal(units, STOCK_SCALE, 0));
  return form_save(cx, db, "metric", &f, NULL);
}

int week_dashboard(struct ctx *cx, struct db *db, int64_t day, bool *written) {
  char iso[DATE_SIZE];
  bool settled = false;
  *written = false;
  int64_t units = stmt_number(cx, db_ask(cx, db, SQL_week_units, day), 0);
  if (cx->code || units < 0) return cx->code; /* metrics are not below zero; the quality checks tell of it */
  const char *id = find_metric(cx, db, date_iso(iso, (int32_t)day), units, &settled);
  if (cx->code || settled) return cx->code;
  *written = true;
  return save_metric(cx, db, id, iso, units);
}
