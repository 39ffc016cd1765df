/*
** daily.c - the ledger added up.
**
** One loop serves an increment and a full computation: groups of (day, item, warehouse) come
** out of the ledger, in the order of stock_daily's key, and go into stock_daily and into sums
** in memory, one for each item and warehouse they touch. These are written at the end.
*/
#include "inventory/daily.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/time.h"

int64_t stock_day(int64_t at) {
  int64_t day = at / DAY_US;
  return at % DAY_US < 0 ? day - 1 : day;
}

/* ---- sums in memory ---- */

struct pair {
  int64_t item, warehouse;
};

struct sums {
  struct map pairs; /* struct pair -> index */
  struct metric_sums *sum;
  struct pair *pair;
  size_t count;
};

static void sums_clear(struct sums *k) {
  map_clear(&k->pairs);
  free(k->sum);
  free(k->pair);
}

/* What is there of it, when it is there: read from stock_metric unless all begins with nothing. */
static struct metric_sums *sums_at(struct ctx *cx, struct db *db, struct sums *k, const struct pair *p,
                                   bool stored) {
  bool added;
  uint64_t *at = map_put(&k->pairs, (struct str){ (const char *)p, sizeof *p }, &added);
  if (!added) return &k->sum[*at];
  k->sum = xmore(k->sum, k->count, sizeof *k->sum);
  k->pair = xmore(k->pair, k->count, sizeof *k->pair);
  *at = k->count;
  k->pair[k->count] = *p;
  struct metric_sums *m = &k->sum[k->count++];
  *m = (struct metric_sums){ .first_day = INT64_MAX, .last_day = INT64_MIN };
  if (!stored) return m;
  struct stmt *s = db_ask(cx, db, SQL_stock_metric_at, p->item, p->warehouse);
  if (!stmt_row(cx, s)) return m;
  *m = (struct metric_sums){ col_int(s, 0), col_int(s, 1), col_int(s, 2), col_int(s, 3),
                             col_int(s, 4), col_int(s, 5), col_int(s, 6), col_int(s, 7) };
  stmt_done(s);
  return m;
}

static int too_much(struct ctx *cx) {
  return fail(cx, E_LIMIT, "quantity", "the movements of a year are more than can be added up");
}

static int sums_write(struct ctx *cx, struct db *db, const struct sums *k) {
  for (size_t i = 0; i < k->count && !cx->code; i++) {
    const struct metric_sums *m = &k->sum[i];
    struct stmt *s = db_stmt(cx, db, SQL_stock_metric_set);
    const int64_t v[] = { k->pair[i].item, k->pair[i].warehouse, m->issued_28,   m->issued_28_day,
                          m->issued_365,   m->net_365,           m->net_365_day, m->on_hand,
                          m->first_day,    m->last_day };
    for (size_t j = 0; j < sizeof v / sizeof *v; j++) stmt_int(s, (int)j + 1, v[j]);
    stmt_run(cx, s);
  }
  return cx->code;
}

/* ---- groups of the ledger into days ---- */

/* Columns of a group: day, item, warehouse, received, issued, returned, adjusted, transferred, net,
** reserved, transactions, last id. */
enum {
  DAY,
  ITEM,
  WAREHOUSE,
  RECEIVED,
  ISSUED,
  RETURNED,
  ADJUSTED,
  TRANSFERRED,
  NET,
  RESERVED,
  TRANSACTIONS,
  LAST,
  GROUP
};

static int64_t monday_of(int64_t day) { return day - ((day + 3) % 7 + 7) % 7; }

/* first: the day, or the week that it counts for. */
static int add_group(struct ctx *cx, struct db *db, enum sql_id sql, int64_t first,
                     const struct stmt *group) {
  struct stmt *s = db_ask(cx, db, sql, first);
  for (int i = 1; i < GROUP; i++) stmt_int(s, i + 1, col_int(group, i));
  return stmt_run(cx, s);
}

static int dirty_week(struct ctx *cx, struct db *db, int64_t day, int64_t *week) {
  int64_t monday = monday_of(day);
  if (monday == *week) return OK;
  *week = monday;
  return db_act(cx, db, SQL_daily_dirty, monday);
}

struct pass {
  struct sums sums;
  bool full;
  int64_t D; /* the windows' last day */
  int64_t week;
  struct daily_result *out;
};

static int add_groups(struct ctx *cx, struct db *db, struct stmt *groups, struct pass *p) {
  while (stmt_row(cx, groups)) {
    struct pair pair = { col_int(groups, ITEM), col_int(groups, WAREHOUSE) };
    int64_t day = col_int(groups, DAY);
    struct metric_sums *m = sums_at(cx, db, &p->sums, &pair, !p->full);
    if (cx->code) break;
    if (!metric_add(m, p->D, day, col_int(groups, ISSUED), col_int(groups, NET), 1)) too_much(cx);
    if (day < m->first_day) m->first_day = day;
    if (day > m->last_day) m->last_day = day;
    if (cx->code || add_group(cx, db, SQL_daily_add, day, groups)) break;
    /* Many weeks are added up from their days at the end; into one that is there a few movements go at once. */
    if (p->full ? dirty_week(cx, db, day, &p->week)
                : add_group(cx, db, SQL_weekly_add_group, monday_of(day), groups))
      break;
    p->out->days++;
    p->out->rows += col_int(groups, TRANSACTIONS);
  }
  return cx->code;
}

/* ---- windows move on ---- */

/* What becomes of the sums when a day is seen: it enters all windows of D that it lies in, leaves them
** all, or leaves that of 28 days alone. A day that leaves has still happened: on_hand keeps it. */
enum motion { ENTERS, LEAVES, LEAVES_MONTH };

static bool move_day(struct metric_sums *m, int64_t D, int64_t day, int64_t issued, int64_t net,
                     enum motion how) {
  struct metric_sums was = *m;
  if (!metric_add(m, D, day, issued, net, how == ENTERS ? 1 : -1)) return false;
  if (how != ENTERS) m->on_hand = was.on_hand;
  if (how != LEAVES_MONTH) return true;
  m->issued_365 = was.issued_365;
  m->net_365 = was.net_365;
  m->net_365_day = was.net_365_day;
  return true;
}

static int move_days(struct ctx *cx, struct db *db, struct pass *p, int64_t from, int64_t to, int64_t D,
                     enum motion how) {
  struct stmt *s = db_ask(cx, db, SQL_daily_between, from, to);
  while (stmt_row(cx, s)) {
    struct pair pair = { col_int(s, 1), col_int(s, 2) };
    struct metric_sums *m = sums_at(cx, db, &p->sums, &pair, true);
    if (cx->code) break;
    if (!move_day(m, D, col_int(s, 0), col_int(s, 3), col_int(s, 4), how)) too_much(cx);
  }
  return cx->code;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* From windows that end with D to windows that end with `to`, which is later. What leaves does so as
** seen from D, what enters as seen from `to`. A day that leaves the year's window leaves the month's. */
static int slide(struct ctx *cx, struct db *db, struct pass *p, int64_t to) {
  int64_t D = p->D, month = to - METRIC_DAYS + 1,
          year = to - METRIC_YEAR + 1; /* first days of the new ones */
  int rc = move_days(cx, db, p, D - METRIC_YEAR + 1, least(D, year - 1), D, LEAVES);
  if (!rc) rc = move_days(cx, db, p, most(D - METRIC_DAYS + 1, year), least(D, month - 1), D, LEAVES_MONTH);
  if (!rc) rc = move_days(cx, db, p, D + 1, to, to, ENTERS);
  p->D = to;
  return rc;
}

/* ---- */

int stock_position(struct ctx *cx, struct db *db, int64_t *ledger, int64_t *day) {
  struct stmt *s = db_stmt(cx, db, SQL_daily_position);
  *ledger = *day = 0;
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_FAIL, NULL, "the table stock_position is empty");
  *ledger = col_int(s, 0);
  *day = col_int(s, 1);
  stmt_done(s);
  return OK;
}

static int move_position(struct ctx *cx, struct db *db, int64_t ledger, int64_t day) {
  return db_act(cx, db, SQL_daily_position_set, ledger, day);
}

/* Groups are sorted in memory: so many rows of the ledger at a time. */
enum { ROWS_AT_ONCE = 100000 };

static int run_pass(struct ctx *cx, struct db *db, int64_t ledger, int64_t last, int64_t to, struct pass *p) {
  int rc = OK;
  for (int64_t from = ledger; from < last && !rc; from += ROWS_AT_ONCE) {
    struct stmt *s = db_ask(cx, db, SQL_daily_groups, from, least(last, from + ROWS_AT_ONCE));
    rc = add_groups(cx, db, s, p);
  }
  if (!rc && p->full) rc = add_groups(cx, db, db_stmt(cx, db, SQL_daily_groups_archived), p);
  if (!rc && to > p->D) rc = slide(cx, db, p, to);
  if (!rc) rc = sums_write(cx, db, &p->sums);
  return rc ? rc : move_position(cx, db, last, p->D);
}

int stock_daily_update(struct ctx *cx, struct db *db, int64_t today, struct daily_result *out) {
  int64_t ledger, day;
  *out = (struct daily_result){ 0 };
  if (stock_position(cx, db, &ledger, &day)) return cx->code;
  int64_t last = db_int(cx, db, SQL_ledger_last, 0), to = today > day ? today : day;
  if (!day) day = to; /* never yet: the windows begin where they are to end */
  out->from = day;
  out->day = to;
  if (cx->code || (last == ledger && to == day && ledger)) return cx->code;
  if (!last && !ledger) return OK; /* nothing was ever booked: nothing is written */
  struct pass p = { .full = !ledger, .D = day, .week = INT64_MIN, .out = out };
  map_init(&p.sums.pairs);
  int rc = run_pass(cx, db, ledger, last, to, &p);
  sums_clear(&p.sums);
  return rc;
}

int stock_daily_full(struct ctx *cx, struct db *db, int64_t today, struct daily_result *out) {
  int64_t ledger, day;
  *out = (struct daily_result){ 0 };
  if (stock_position(cx, db, &ledger, &day)) return cx->code;
  int64_t last = db_int(cx, db, SQL_ledger_last, 0);
  struct pass p = { .full = true, .D = today > day ? today : day, .week = INT64_MIN, .out = out };
  out->from = day;
  out->day = p.D;
  if (cx->code || (!last && !ledger)) return cx->code;
  if (stmt_run(cx, db_stmt(cx, db, SQL_daily_clear)) || stmt_run(cx, db_stmt(cx, db, SQL_weekly_clear)) ||
      stmt_run(cx, db_stmt(cx, db, SQL_stock_metric_clear)))
    return cx->code;
  map_init(&p.sums.pairs);
  int rc = run_pass(cx, db, 0, last, p.D, &p);
  sums_clear(&p.sums);
  return rc;
}

int stock_weekly_update(struct ctx *cx, struct db *db, int64_t *weeks) {
  *weeks = db_int(cx, db, SQL_weekly_dirty_count, 0);
  if (cx->code || !*weeks) return cx->code;
  return stmt_run(cx, db_stmt(cx, db, SQL_weekly_forget)) || stmt_run(cx, db_stmt(cx, db, SQL_weekly_add)) ||
                 stmt_run(cx, db_stmt(cx, db, SQL_weekly_clean))
             ? (int)cx->code
             : OK;
}

/* ---- a range of days again ---- */

int stock_metric_each(struct ctx *cx, struct db *db, int64_t D, metric_fn *fn, void *arg) {
  struct sums k = { .count = 0 };
  map_init(&k.pairs);
  struct stmt *s = db_ask(cx, db, SQL_daily_between, INT64_MIN, INT64_MAX);
  while (stmt_row(cx, s)) {
    struct pair pair = { col_int(s, 1), col_int(s, 2) };
    int64_t day = col_int(s, 0);
    struct metric_sums *m = sums_at(cx, db, &k, &pair, false);
    if (!metric_add(m, D, day, col_int(s, 3), col_int(s, 4), 1)) too_much(cx);
    if (day < m->first_day) m->first_day = day;
    if (day > m->last_day) m->last_day = day;
    if (cx->code) break;
  }
  for (size_t i = 0; i < k.count && !cx->code; i++)
    fn(cx, arg, k.pair[i].item, k.pair[i].warehouse, &k.sum[i]);
  sums_clear(&k);
  return cx->code;
}

struct rewrite {
  struct db *db;
  struct sums sums;
};

static int keep_sums(struct ctx *cx, void *arg, int64_t item, int64_t warehouse,
                     const struct metric_sums *m) {
  struct rewrite *r = arg;
  struct pair pair = { item, warehouse };
  struct metric_sums *to = sums_at(cx, r->db, &r->sums, &pair, false);
  *to = *m;
  return cx->code;
}

/* All sums of the windows once more, because days under them were corrected. */
static int metrics_again(struct ctx *cx, struct db *db, int64_t D) {
  struct rewrite r = { .db = db };
  map_init(&r.sums.pairs);
  int rc = stock_metric_each(cx, db, D, keep_sums, &r);
  if (!rc) rc = stmt_run(cx, db_stmt(cx, db, SQL_stock_metric_clear));
  if (!rc) rc = sums_write(cx, db, &r.sums);
  sums_clear(&r.sums);
  return rc;
}

int stock_daily_again(struct ctx *cx, struct db *db, int64_t from, int64_t to, int64_t *changed) {
  int64_t ledger, day, week = INT64_MIN;
  *changed = 0;
  if (stock_position(cx, db, &ledger, &day)) return cx->code;
  static const enum sql_id steps[] = { SQL_daily_again_gone, SQL_daily_again };
  for (int i = 0; i < 2; i++) {
    if (db_act(cx, db, steps[i], from, to, ledger)) return cx->code;
    *changed += db_changes(db);
  }
  for (int64_t d = from; *changed && d <= to && !cx->code; d++) dirty_week(cx, db, d, &week);
  return cx->code || !*changed ? (int)cx->code : metrics_again(cx, db, day);
}

int daily_series(struct ctx *cx, struct db *db, int64_t item, int64_t warehouse, int64_t D, int n,
                 int64_t *issued) {
  memset(issued, 0, (size_t)n * sizeof *issued);
  struct stmt *s = db_ask(cx, db, SQL_daily_series, item, warehouse, D - n + 1, D);
  while (stmt_row(cx, s)) issued[col_int(s, 0) - (D - n + 1)] = col_int(s, 1);
  return cx->code;
}
