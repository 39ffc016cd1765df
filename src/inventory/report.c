#include "inventory/report.h"

#include "base/time.h"
#include "inventory/daily.h"
#include "inventory/levels.h"
#include "store/column.h"

enum { SERIES = 28, MOVEMENTS = 20 };

/* Columns from `at` on as they stand in stock_metric; false when there are none. */
static bool sums_from(const struct stmt *s, int at, struct metric_sums *m) {
  *m = (struct metric_sums){ col_int(s, at),     col_int(s, at + 1), col_int(s, at + 2), col_int(s, at + 3),
                             col_int(s, at + 4), col_int(s, at + 5), col_int(s, at + 6), col_int(s, at + 7) };
  return !col_null(s, at);
}

/* ---- levels ---- */

static const struct {
  const char *name, *column;
} sorts[] = {
  { "sku", "sku" },
  { "name", "name" },
  { "category", "category" },
  { "warehouse", "warehouse" },
  { "on_hand", "on_hand" },
  { "reserved", "reserved" },
  { "available", "available" },
  { "velocity", "issued_28" },
  { "updated_at", "updated_at" },
};

static int order_by(struct ctx *cx, const char *sort, const char **out) {
  bool down = sort && sort[0] == '-';
  const char *name = sort ? sort + down : "sku", *names = "";
  for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
    names = ctx_printf(cx, "%s%s%s", names, i ? ", " : "", sorts[i].name);
    if (strcmp(sorts[i].name, name) != 0) continue;
    *out = ctx_printf(cx, "%s %s, sku, warehouse", sorts[i].column, down ? "DESC" : "ASC");
    return OK;
  }
  return fail(cx, E_INVALID, "sort", "levels are sorted by %s, not by %.40s", names, name);
}

static int check_state(struct ctx *cx, const char *state) {
  static const char *const states[] = { "all", "ok", "low", "out", "over" };
  for (size_t i = 0; state && i < sizeof states / sizeof *states; i++)
    if (strcmp(states[i], state) == 0) return OK;
  return state ? fail(cx, E_INVALID, "state", "state is ok, low, out, over or all, not %.40s", state) : OK;
}

/* ?1 search ?2 warehouse ?3 category ?4 state */
static const char levels_from[] =
    "FROM (SELECT v.sku, v.name, v.category, v.warehouse, v.quantity_on_hand AS on_hand, v.quantity_reserved "
    "AS "
    "reserved, v.quantity_available AS available, coalesce(v.reorder_point, r.reorder_point) AS "
    "reorder_point, "
    "CAST(round(r.risk * 10000) AS INTEGER) AS risk, v.updated_at, m.issued_28, "
    "m.issued_28_day, "
    "m.issued_365, m.net_365, m.net_365_day, m.on_hand AS day_end, m.first_day, m.last_day, "
    "CASE WHEN v.quantity_reserved > max(v.quantity_on_hand, 0) THEN 'over' WHEN v.quantity_available <= 0 "
    "THEN 'out' "
    "WHEN v.quantity_available <= coalesce(v.reorder_point, r.reorder_point) THEN 'low' ELSE 'ok' END AS "
    "state "
    "FROM stock_levels v LEFT JOIN stock_metric m ON m.item = v.item_id AND m.warehouse = v.warehouse_id "
    "LEFT JOIN stock_risk r ON r.item = v.item_id AND r.warehouse = v.warehouse_id) "
    "WHERE (?1 IS NULL OR instr(lower(sku || ' ' || coalesce(name, '')), lower(?1)) > 0) "
    "AND (?2 IS NULL OR warehouse = ?2) AND (?3 IS NULL OR category = ?3) "
    "AND (?4 IS NULL OR ?4 = 'all' OR state = ?4)";

static void bind_scope(struct stmt *s, const struct levels_scope *scope) {
  stmt_bind(s, scope->search, scope->warehouse, scope->category, scope->state);
}

static void level_row(struct jw *w, const struct stmt *s, int64_t day) {
  struct metric_sums sums;
  struct metric m = { 0 };
  if (sums_from(s, 8, &sums)) metric_of(&sums, day, col_int(s, 6), &m);
  jw_object(w, NULL);
  columns_write(w, s, 0,
                "sku, name: text?, category: text?, warehouse, on_hand: number4, reserved: number4, "
                "available: number4, reorder_point: number4?");
  metric_json(w, &m);
  columns_write(w, s, 16, "state, updated_at: instant, risk: number4?");
  jw_close(w, '}');
}

static int write_levels(struct ctx *cx, struct db *db, const struct levels_scope *scope, struct jw *w) {
  const char *order = "";
  int64_t ledger, day, from = 0, count = 0;
  if (order_by(cx, scope->sort, &order) || stock_position(cx, db, &ledger, &day)) return cx->code;
  if (scope->cursor && (!str_to_int(str_of(scope->cursor), &from) || from < 0))
    return fail(cx, E_INVALID, "cursor", "a cursor is what `next` of the page before says, not '%.40s'",
                scope->cursor);
  struct stmt *s = db_compose(
      cx, db,
      ctx_printf(
          cx,
          "SELECT sku, name, category, warehouse, on_hand, reserved, available, reorder_point, issued_28, "
          "issued_28_day, issued_365, net_365, net_365_day, day_end, first_day, last_day, state, updated_at, "
          "risk %s "
          "ORDER BY %s LIMIT ?5 OFFSET ?6",
          levels_from, order));
  bind_scope(s, scope);
  stmt_int(s, 5, scope->limit + 1);
  stmt_int(s, 6, from);
  jw_array(w, "data");
  while (stmt_row(cx, s))
    if (count++ < scope->limit) level_row(w, s, day);
  jw_close(w, ']');
  jw_text(w, "next", count > scope->limit ? ctx_printf(cx, "%lld", (long long)(from + scope->limit)) : NULL);
  return cx->code;
}

static int write_totals(struct ctx *cx, struct db *db, const struct levels_scope *scope, struct jw *w) {
  struct stmt *s = db_compose(cx, db,
                              ctx_printf(cx,
                                         "SELECT count(*), count(DISTINCT sku), count(DISTINCT warehouse), "
                                         "coalesce(sum(on_hand), 0), coalesce(sum(reserved), 0), "
                                         "coalesce(sum(state = 'low'), 0), coalesce(sum(state = 'out'), 0), "
                                         "coalesce(sum(state = 'over'), 0) %s",
                                         levels_from));
  bind_scope(s, scope);
  if (!stmt_row(cx, s)) return cx->code;
  jw_object(w, "totals");
  columns_write(
      w, s, 0,
      "levels: int, items: int, warehouses: int, on_hand: number4, reserved: number4, low: int, out: int, "
      "over: int");
  jw_close(w, '}');
  stmt_done(s);
  return OK;
}

int report_levels(struct ctx *cx, struct db *db, const struct levels_scope *scope, struct jw *w) {
  return check_state(cx, scope->state) || write_levels(cx, db, scope, w) || write_totals(cx, db, scope, w)
             ? (int)cx->code
             : OK;
}

/* ---- figures ---- */

struct metrics_list {
  struct db *db;
  struct jw *w;
  int64_t item, warehouse, day;
};

static int metric_entry(struct ctx *cx, void *arg, int64_t item, int64_t warehouse,
                        const struct metric_sums *sums) {
  struct metrics_list *l = arg;
  char iso[DATE_SIZE];
  struct metric m;
  bool other = (l->item && item != l->item) || (l->warehouse && warehouse != l->warehouse);
  if (other || sums->first_day > l->day) return OK;
  struct stmt *s = db_ask(cx, l->db, SQL_report_names, item, warehouse);
  if (!stmt_row(cx, s)) return cx->code;
  metric_of(sums, l->day, col_int(s, 5), &m);
  jw_object(l->w, NULL);
  columns_write(l->w, s, 0, "sku, name: text?, category: text?, warehouse, warehouse_name: text?");
  jw_text(l->w, "day", date_iso(iso, (int32_t)l->day));
  metric_json(l->w, &m);
  jw_close(l->w, '}');
  stmt_done(s);
  return OK;
}

static int kept_metrics(struct ctx *cx, struct metrics_list *l) {
  struct stmt *s = db_ask(cx, l->db, SQL_report_metrics, l->item, l->warehouse);
  while (stmt_row(cx, s)) {
    struct metric_sums m;
    sums_from(s, 2, &m);
    if (metric_entry(cx, l, col_int(s, 0), col_int(s, 1), &m)) break;
  }
  return cx->code;
}

int report_metrics(struct ctx *cx, struct db *db, const char *sku, const char *warehouse, int64_t day,
                   struct jw *w, const char *key) {
  struct metrics_list l = { .db = db, .w = w, .day = day };
  int64_t ledger;
  if (stock_name_asked(cx, db, "sku", NAME_ITEM, sku, &l.item) ||
      stock_name_asked(cx, db, "warehouse", NAME_WAREHOUSE, warehouse, &l.warehouse))
    return cx->code;
  if (day < 0 && stock_position(cx, db, &ledger, &l.day)) return cx->code;
  jw_array(w, key);
  if (day < 0)
    kept_metrics(cx, &l);
  else
    stock_metric_each(cx, db, day, metric_entry, &l);
  jw_close(w, ']');
  return cx->code;
}

/* ---- one item ---- */

static int item_record(struct ctx *cx, struct db *db, const char *sku, struct jw *w, bool *found) {
  struct stmt *s = db_ask(cx, db, SQL_report_item, sku);
  *found = stmt_row(cx, s);
  if (!*found) return cx->code;
  jw_object(w, "item");
  columns_write(
      w, s, 0,
      "id: text?, sku: text?, name: text?, barcode: text?, category: text?, unit: text?, tracked: text?, "
      "unit_cost: number4?, reorder_point: number4?, reorder_quantity: number4?, lead_time_days: int!, "
      "active: bool");
  jw_close(w, '}');
  stmt_done(s);
  return OK;
}

/* The last 28 days of each warehouse with the line through them: what one can only see with the days at hand. */
static int item_trends(struct ctx *cx, struct db *db, int64_t item, struct jw *w) {
  int64_t ledger, day, issued[SERIES], slope, error;
  char iso[DATE_SIZE];
  if (stock_position(cx, db, &ledger, &day)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_report_item_warehouses, item);
  jw_array(w, "trends");
  while (stmt_row(cx, s)) {
    if (daily_series(cx, db, item, col_int(s, 0), day, SERIES, issued)) break;
    trend_of(issued, SERIES, &slope, &error);
    jw_object(w, NULL);
    jw_put(w, "warehouse", col_str(s, 1), "until", date_iso(iso, (int32_t)day), "trend",
           arg_number(slope, TREND_SCALE, 0), "standard_error", arg_number(error, TREND_SCALE, 0));
    jw_array(w, "issued");
    for (int i = 0; i < SERIES; i++) jw_number(w, NULL, issued[i], STOCK_SCALE, 0);
    jw_close(w, ']');
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

int report_item(struct ctx *cx, struct db *db, const char *sku, struct jw *w, const char *key) {
  const char *next;
  bool found;
  int64_t item = stock_name_find(cx, db, NAME_ITEM, str_of(sku));
  jw_object(w, key);
  if (item_record(cx, db, sku, w, &found)) return cx->code;
  if (!found && !item) return fail(cx, E_NOT_FOUND, "sku", "there is no item %.80s", sku);
  if (columns_list(
          cx, db_ask(cx, db, SQL_report_item_levels, item), w, "levels",
          "warehouse, location: text?, lot: text?, on_hand: number4, reserved: number4, expires: text?, "
          "updated_at: instant") ||
      columns_list(cx, db_ask(cx, db, SQL_report_item_lots, sku), w, "lots",
                   "code: text?, made: text?, expires: text?, blocked: text?, notes: text?") ||
      columns_list(cx, db_ask(cx, db, SQL_report_item_serials, sku), w, "serials",
                   "code: text?, lot: text?, state: text?, warehouse: text?, location: text?") ||
      columns_list(cx, db_ask(cx, db, SQL_report_item_reservations, sku), w, "reservations",
                   "id: text?, warehouse: text?, location: text?, lot: text?, quantity: number4, "
                   "reference: text?, customer: text?, until: text?"))
    return cx->code;
  const struct history_scope scope = { .sku = sku, .from = INT64_MIN, .limit = MOVEMENTS };
  if (item) {
    if (report_metrics(cx, db, sku, NULL, -1, w, "metrics") || item_trends(cx, db, item, w) ||
        stock_history(cx, db, &scope, w, "movements", &next))
      return cx->code;
  }
  metric_formulas(w, "formulas");
  jw_close(w, '}');
  return OK;
}
