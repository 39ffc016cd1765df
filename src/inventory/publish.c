#include "inventory/publish.h"

#include "base/limits.h"
#include "base/time.h"
#include "event/event.h"
#include "inventory/daily.h"

#define ANALYTICS "analytics-events"

/* Events that are put together until there are enough of them. */
struct batch {
  struct ctx *cx;
  struct db *db;
  struct event *events;
  size_t count;
  int64_t taken;
};

static int flush(struct batch *b) {
  if (!b->count || b->cx->code || event_publish(b->cx, b->db, ANALYTICS, b->events, b->count))
    return b->cx->code;
  for (size_t i = 0; i < b->count; i++) {
    b->taken += b->events[i].outcome == EVENT_TAKEN;
    if (b->events[i].outcome == EVENT_REFUSED)
      return fail(b->cx, E_FAIL, NULL, "a figure was refused: %s", b->events[i].why);
  }
  memset(b->events, 0, b->count * sizeof *b->events);
  b->count = 0;
  return OK;
}

struct figure {
  const char *id, *type, *sku, *warehouse, *metric, *unit, *direction;
  int64_t value, day;
  int scale;
};

/* The topic's values have 4 decimals. */
static int add(struct batch *b, const struct figure *f) {
  char iso[DATE_SIZE];
  struct buf out;
  struct jw w;
  jw_begin(&w, &out, KIB(16));
  jw_put(&w, "eventId", f->id, "eventType", f->type, "timestamp", arg_time(f->day * DAY_US));
  if (f->sku) jw_text(&w, "sku", f->sku);
  if (f->warehouse) jw_text(&w, "warehouseId", f->warehouse);
  jw_put(&w, "metric", f->metric, "value", arg_number(f->value, f->scale, 0), "unit", f->unit, "day",
         date_iso(iso, (int32_t)f->day));
  if (f->direction) jw_text(&w, "direction", f->direction);
  b->events[b->count++].body = str_of(jw_end(b->cx, &w));
  return b->count == EVENT_BATCH ? flush(b) : OK;
}

static void batch_init(struct ctx *cx, struct db *db, struct batch *b) {
  *b = (struct batch){ .cx = cx, .db = db, .events = ctx_alloc(cx, EVENT_BATCH * sizeof *b->events) };
}

/* ---- of what moved ---- */

static int add_figures(struct batch *b, struct stmt *s, int64_t ledger, int64_t day) {
  struct metric m;
  struct metric_sums sums = { col_int(s, 2), col_int(s, 3), col_int(s, 4), col_int(s, 5),
                              col_int(s, 6), col_int(s, 7), col_int(s, 8), col_int(s, 9) };
  metric_of(&sums, day, 0, &m);
  const char *sku = col_dup(b->cx, s, 0), *warehouse = col_dup(b->cx, s, 1);
  const char *of = ctx_printf(b->cx, "%lld-%lld-%lld-%lld", (long long)day, (long long)ledger,
                              (long long)col_int(s, 10), (long long)col_int(s, 11));
  struct figure velocity = { .id = ctx_printf(b->cx, "velocity-%s", of),
                             .type = "VELOCITY_CALCULATED",
                             .sku = sku,
                             .warehouse = warehouse,
                             .metric = "velocity",
                             .unit = "units a day",
                             .day = day,
                             .value = m.velocity,
                             .scale = STOCK_SCALE };
  struct figure line = velocity;
  line.id = ctx_printf(b->cx, "trend-%s", of);
  line.type = "TREND_CALCULATED";
  line.metric = "trend";
  line.unit = "thousandths of a unit a day, more each day";
  line.value = m.trend * 10; /* values have four decimals, the trend has six */
  line.direction = m.trend > 0 ? "up" : m.trend < 0 ? "down" : "flat";
  return add(b, &velocity) || add(b, &line) ? (int)b->cx->code : OK;
}

int publish_figures(struct ctx *cx, struct db *db, int64_t *taken) {
  struct batch b;
  int64_t ledger, day;
  *taken = 0;
  if (stock_position(cx, db, &ledger, &day)) return cx->code;
  if (db_int(cx, db, SQL_publish_position, 0) == ledger) return cx->code;
  batch_init(cx, db, &b);
  struct stmt *s = db_stmt(cx, db, SQL_publish_moved);
  while (stmt_row(cx, s))
    if (add_figures(&b, s, ledger, day)) break;
  if (s) stmt_done(s);
  if (flush(&b)) return cx->code;
  *taken = b.taken;
  return stmt_run(cx, db_stmt(cx, db, SQL_publish_position_set));
}

/* ---- totals ---- */

static const char *const totals[] = { "received", "issued", "returned", "adjusted", "net", "transactions" };
enum { TOTALS = sizeof totals / sizeof *totals };

/* Columns: the totals in their order, then the last row of the ledger in them. */
static int add_totals(struct batch *b, const struct stmt *s, const char *period, int64_t day) {
  for (int i = 0; i < TOTALS; i++) {
    struct figure f = { .type = "METRIC_CALCULATED",
                        .metric = ctx_printf(b->cx, "%s_%s", period, totals[i]),
                        .unit = i + 1 == TOTALS ? "movements" : "units",
                        .day = day,
                        .value = col_int(s, i),
                        .scale = i + 1 == TOTALS ? 0 : STOCK_SCALE };
    f.id = ctx_printf(b->cx, "%s-%lld-%lld", f.metric, (long long)day, (long long)col_int(s, TOTALS));
    if (add(b, &f)) return b->cx->code;
  }
  return OK;
}

static int publish_range(struct ctx *cx, struct db *db, enum sql_id sql, const char *period, int64_t from,
                         int64_t to, int64_t *taken) {
  struct batch b;
  batch_init(cx, db, &b);
  struct stmt *s = db_ask(cx, db, sql, from, to);
  while (stmt_row(cx, s))
    if (add_totals(&b, s, period, col_int(s, TOTALS + 1))) break;
  if (s) stmt_done(s);
  flush(&b);
  *taken = b.taken;
  return cx->code;
}

int publish_day_totals(struct ctx *cx, struct db *db, int64_t from, int64_t to, int64_t *taken) {
  return publish_range(cx, db, SQL_publish_days, "daily", from, to, taken);
}

int publish_week_totals(struct ctx *cx, struct db *db, int64_t week, int64_t *taken) {
  return publish_range(cx, db, SQL_publish_weeks, "weekly", week, week, taken);
}
