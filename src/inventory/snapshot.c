#include "inventory/snapshot.h"

#include "base/time.h"
#include "inventory/daily.h"
#include "store/column.h"

/* ---- making ---- */

struct snapshot {
  struct db *db;
  int64_t day, rows;
};

static void optional(struct stmt *s, int i, bool has, int64_t v) {
  if (has)
    stmt_int(s, i, v);
  else
    stmt_null(s, i);
}

static int put_down(struct ctx *cx, void *arg, int64_t item, int64_t warehouse, const struct metric_sums *m) {
  struct snapshot *k = arg;
  struct metric figures;
  if (m->first_day > k->day) return OK;
  struct stmt *s = db_ask(cx, k->db, SQL_snapshot_reserved, item, warehouse, k->day);
  int64_t reserved = stmt_row(cx, s) ? col_int(s, 0) : 0;
  if (s) stmt_done(s);
  metric_of(m, k->day, m->on_hand - reserved, &figures);
  s = db_ask(cx, k->db, SQL_snapshot_add, k->day, item, warehouse, m->on_hand, reserved, figures.velocity,
             figures.trend);
  optional(s, 8, figures.has_turnover, figures.turnover);
  optional(s, 9, figures.has_cover, figures.days_of_cover);
  k->rows++;
  return stmt_run(cx, s);
}

static bool is_made(struct ctx *cx, struct db *db, int64_t day) {
  return stmt_exists(cx, db_ask(cx, db, SQL_snapshot_day, day));
}

int snapshot_make(struct ctx *cx, struct db *db, int64_t day, int64_t *rows) {
  struct snapshot k = { .db = db, .day = day };
  *rows = 0;
  if (is_made(cx, db, day) || cx->code || stock_metric_each(cx, db, day, put_down, &k)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_snapshot_seal, day, cx->now, k.rows);
  *rows = k.rows;
  return stmt_run(cx, s);
}

/* ---- showing ---- */

static int show_made(struct ctx *cx, struct db *db, int64_t day, struct jw *w) {
  return columns_list(
      cx, db_ask(cx, db, SQL_snapshot_rows, day), w, "rows",
      "sku, warehouse, on_hand: number4, reserved: number4, velocity: number4?, trend: number6?, "
      "turnover: number4?, days_of_cover: number4?, name, category, warehouse_name");
}

static int show_known(struct ctx *cx, struct db *db, int64_t day, int64_t known, struct jw *w) {
  struct stmt *s =
      db_ask(cx, db, SQL_snapshot_known, (day + 1) * DAY_US, known < 0 ? INT64_MAX : (known + 1) * DAY_US);
  return columns_list(cx, s, w, "rows", "sku, warehouse, on_hand: number4, reserved: number4");
}

static void days(struct jw *w, int64_t day, int64_t made_at, int64_t ledger) {
  char iso[DATE_SIZE];
  jw_put(w, "day", date_iso(iso, (int32_t)day), "made_at", arg_time_known(made_at));
  if (ledger) jw_int(w, "ledger", ledger);
}

int snapshot_show(struct ctx *cx, struct db *db, int64_t day, int64_t known, struct jw *w, const char *key) {
  char iso[DATE_SIZE];
  struct stmt *s = db_ask(cx, db, SQL_snapshot_day, day);
  bool made = stmt_row(cx, s);
  if (cx->code) return cx->code;
  jw_object(w, key);
  days(w, day, made && known < 0 ? col_int(s, 0) : 0, made && known < 0 ? col_int(s, 1) : 0);
  if (made) stmt_done(s);
  if (known >= 0) jw_text(w, "known", date_iso(iso, (int32_t)known));
  int rc = made && known < 0 ? show_made(cx, db, day, w) : show_known(cx, db, day, known, w);
  jw_close(w, '}');
  return rc;
}

int snapshot_list(struct ctx *cx, struct db *db, int64_t limit, struct jw *w, const char *key) {
  struct stmt *s = db_ask(cx, db, SQL_snapshot_days, limit);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    days(w, col_int(s, 0), col_int(s, 1), col_int(s, 2));
    jw_int(w, "rows", col_int(s, 3));
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}
