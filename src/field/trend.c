#include <stdio.h>

#include "base/decimal.h"
#include "base/time.h"
#include "field/dashboard.h"
#include "field/history.h"

enum period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH };

static int period_of(struct ctx *cx, const char *name, enum period *out) {
  static const char *const names[] = { "day", "week", "month" };
  for (int i = 0; i < 3; i++)
    if (!strcmp(names[i], name)) {
      *out = (enum period)i;
      return OK;
    }
  return fail(cx, E_INVALID, "period", "period is day, week or month, not '%.40s'", name);
}

/* first: the first day of the period. */
static void write_period(struct jw *w, enum period p, int32_t first) {
  char text[DATE_SIZE], day[DATE_SIZE];
  date_iso(day, first);
  if (p == PERIOD_WEEK)
    date_week(text, first);
  else
    snprintf(text, sizeof text, "%.*s", p == PERIOD_DAY ? 10 : 7, day);
  jw_put(w, "period", text, "from", day);
}

int day_check(struct ctx *cx, const char *field, const char *text) {
  int64_t at;
  if (!text || (strlen(text) == 10 && time_parse_iso(str_of(text), &at))) return OK;
  return fail(cx, E_INVALID, field, "%s is a day, such as 2024-02-29", field);
}

int trend_list(struct ctx *cx, struct db *db, const struct trend_query *q, struct jw *w, const char *key) {
  enum period p = PERIOD_DAY;
  if (period_of(cx, q->period, &p) || day_check(cx, "from", q->from) || day_check(cx, "to", q->to))
    return cx->code;
  struct stmt *s = db_ask(cx, db, q->product ? SQL_trend_of_product : SQL_trend, p, q->from, q->to, q->store);
  if (q->product) stmt_text(s, 5, q->product);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    int64_t orders = col_int(s, 1), revenue = col_int(s, 2);
    jw_object(w, NULL);
    write_period(w, p, (int32_t)col_int(s, 0));
    jw_put(w, "orders", orders, "revenue", arg_number(revenue, FIELD_SCALE, 2), "average_order_value",
           arg_number(dec_div(revenue, orders * 100), MONEY_SCALE, 2), "stores", col_int(s, 3));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}
