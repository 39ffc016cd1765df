#include "field/dashboard.h"

#include "base/decimal.h"
#include "base/limits.h"
#include "field/history.h"

/* ---- the nine ---- */

static int64_t average(int64_t revenue, int64_t orders) {
  return orders ? dec_div(revenue, orders * 100) : 0; /* from 1/10000 to 1/100 */
}

static int write_top(struct ctx *cx, struct db *db, enum sql_id query, const char *of, bool quantity,
                     struct jw *w) {
  struct stmt *s = db_ask(cx, db, query, DASHBOARD_TOP);
  jw_array(w, of);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    jw_put(w, "id", col_str(s, 0), "name", col_str(s, 1), "total_revenue",
           arg_number(col_int(s, 2), FIELD_SCALE, 2));
    if (quantity)
      jw_number(w, "quantity", col_int(s, 3), FIELD_SCALE, 0);
    else
      jw_int(w, "orders", col_int(s, 3));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

/* Stores, products, orders, revenue, predictions that wait, stores of high value. Orders and revenue are added up with each document; the
** others are counted, and known as long as they stay. */
enum { FIGURES = 6 };
static int figures_read(struct ctx *cx, struct db *db, int64_t v[static FIGURES]) {
  static const enum sql_id counts[] = { SQL_dashboard_stores, SQL_dashboard_products, SQL_dashboard_waiting,
                                        SQL_dashboard_high };
  static const int place[] = { 0, 1, 4, 5 };
  struct stmt *s = db_stmt(cx, db, SQL_dashboard_total);
  if (!stmt_row(cx, s)) return cx->code;
  v[2] = col_int(s, 0);
  v[3] = col_int(s, 1);
  stmt_done(s);
  for (int i = 0; i < 4; i++) {
    const struct known_row *row = stmt_known(cx, db_stmt(cx, db, counts[i]), STR(""));
    if (!row) return cx->code;
    v[place[i]] = row->cell[0].number;
  }
  return OK;
}

int dashboard_summary(struct ctx *cx, struct db *db, struct jw *w) {
  int64_t v[FIGURES];
  if (figures_read(cx, db, v)) return cx->code;
  jw_put(w, "total_stores", v[0], "total_products", v[1], "total_orders", v[2], "total_revenue",
         arg_number(v[3], FIELD_SCALE, 2), "average_order_value",
         arg_number(average(v[3], v[2]), MONEY_SCALE, 2), "pending_predictions", v[4], "high_value_customers",
         v[5]);
  return write_top(cx, db, SQL_dashboard_top_stores, "top_stores", false, w) ||
                 write_top(cx, db, SQL_dashboard_top_products, "top_products", true, w)
             ? (int)cx->code
             : OK;
}

/* ---- the second way ---- */

struct audit {
  struct ctx *cx;
  struct db *db;
  struct jw *w;
  int64_t bad;
};

static void finding(struct audit *a, const char *name, const char *shown, const char *again,
                    const char *how) {
  bool ok = shown && again && !strcmp(shown, again);
  a->bad += !ok;
  jw_record(a->w, NULL, "name", name, "shown", shown, "again", again, "ok", ok, "how", how);
}

static const char *number(struct ctx *cx, int64_t v, int scale, int least) {
  struct buf text;
  buf_init(&text, 64);
  dec_print(&text, v, scale, least);
  return ctx_take(cx, &text);
}

/* Rows as "name 12.50, name 11": a list that can be compared. */
static const char *list_of(struct ctx *cx, struct db *db, enum sql_id query) {
  struct buf out;
  struct stmt *s = db_stmt(cx, db, query);
  buf_init(&out, LIMIT_TEXT_BYTES);
  stmt_int(s, 1, DASHBOARD_TOP);
  while (stmt_row(cx, s)) {
    if (out.n) buf_puts(&out, ", ");
    buf_str(&out, col_str(s, 1));
    buf_char(&out, ' ');
    dec_print(&out, col_int(s, 2), FIELD_SCALE, 2);
    buf_puts(&out, " / ");
    buf_int(&out, col_int(s, 3));
  }
  return ctx_take(cx, &out);
}

static int audit_figures(struct audit *a) {
  struct ctx *cx = a->cx;
  int64_t shown[FIGURES], again[FIGURES];
  if (figures_read(cx, a->db, shown)) return cx->code;
  struct stmt *b = db_stmt(cx, a->db, SQL_dashboard_again);
  if (!stmt_row(cx, b)) return cx->code;
  for (int i = 0; i < FIGURES; i++) again[i] = col_int(b, i);
  stmt_done(b);
  finding(a, "total_stores", number(cx, shown[0], 0, 0), number(cx, again[0], 0, 0),
          "entries of the change log: stores that were added and not deleted");
  finding(a, "total_products", number(cx, shown[1], 0, 0), number(cx, again[1], 0, 0),
          "entries of the change log: products that were added and not deleted");
  finding(a, "total_orders", number(cx, shown[2], 0, 0), number(cx, again[2], 0, 0),
          "invoices counted among the rows as they came, and orders by their lines");
  finding(a, "total_revenue", number(cx, shown[3], FIELD_SCALE, 2), number(cx, again[3], FIELD_SCALE, 2),
          "totals of the invoice rows as they came, and of the lines of orders");
  finding(a, "average_order_value", number(cx, average(shown[3], shown[2]), MONEY_SCALE, 2),
          number(cx, average(again[3], again[2]), MONEY_SCALE, 2), "the two before, divided");
  finding(a, "pending_predictions", number(cx, shown[4], 0, 0), number(cx, again[4], 0, 0),
          "the last entry of each prediction in the change log");
  finding(a, "high_value_customers", number(cx, shown[5], 0, 0), number(cx, again[5], 0, 0),
          "the last entry of each segment in the change log");
  return cx->code;
}

int dashboard_audit(struct ctx *cx, struct db *db, struct jw *w, const char *key, int64_t *bad) {
  struct audit a = { cx, db, w, 0 };
  jw_array(w, key);
  if (!audit_figures(&a)) {
    finding(&a, "top_stores", list_of(cx, db, SQL_dashboard_top_stores),
            list_of(cx, db, SQL_dashboard_top_stores_again),
            "all rows as they came and lines of orders, added up by store");
    finding(&a, "top_products", list_of(cx, db, SQL_dashboard_top_products),
            list_of(cx, db, SQL_dashboard_top_products_again),
            "all rows as they came and lines of orders, added up by product");
  }
  jw_close(w, ']');
  *bad = a.bad;
  return cx->code;
}

/* ---- again from their rows ---- */

int sums_renew(struct ctx *cx, struct db *db, int64_t *corrected) {
  static const enum sql_id steps[] = {
    SQL_sums_forget_sales,    SQL_sums_sales,    SQL_sums_forget_stores, SQL_sums_stores,
    SQL_sums_forget_products, SQL_sums_products, SQL_sums_total
  };
  if (corrected) *corrected += db_int(cx, db, SQL_sums_wrong, 0);
  for (size_t i = 0; i < sizeof steps / sizeof *steps && !cx->code; i++) db_run_untriggered(cx, db, steps[i]);
  return cx->code;
}

int sums_verify(struct ctx *cx, struct db *db,
                void (*found)(void *arg, const char *check, bool ok, const char *text), void *arg) {
  int64_t wrong = db_int(cx, db, SQL_sums_wrong, 0);
  if (cx->code) return cx->code;
  found(arg, "field_sums", wrong == 0,
        wrong ? ctx_printf(cx,
                           "%lld sums of orders and revenue are not what their rows come to; `outpost "
                           "rebuild` adds them up",
                           (long long)wrong)
              : "the sums of orders and revenue are what their rows come to");
  return OK;
}
