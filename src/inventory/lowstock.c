#include "inventory/lowstock.h"

#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "inventory/daily.h"
#include "inventory/stock.h"
#include "notify/alert.h"
#include "store/column.h"

enum { PAIRS_AT_ONCE = 100, ALERTS_AT_ONCE = 100 };

#define DASHBOARD "low_stock" /* its cached figure */

/* ---- through all pairs, in slices ---- */

struct pair {
  int64_t item, warehouse;
};

struct walk {
  int (*visit)(struct ctx *cx, struct db *db, struct walk *w, struct pair p);
  enum sql_id next; /* the pairs after one */
  const struct plan_rules *rules;
  struct pair last;
  int64_t visited, count[4]; /* by state */
  struct reorder_counts orders;
  bool over;
};

static int visit_slice(struct ctx *cx, struct db *db, void *arg) {
  struct walk *w = arg;
  struct pair list[PAIRS_AT_ONCE];
  int n = 0;
  if (!w->rules && plan_rules_load(cx, db, (struct plan_rules **)&w->rules)) return cx->code;
  struct stmt *s = db_ask(cx, db, w->next, w->last.item, w->last.warehouse, PAIRS_AT_ONCE);
  while (stmt_row(cx, s)) list[n++] = (struct pair){ col_int(s, 0), col_int(s, 1) };
  for (int i = 0; i < n && !cx->code; i++) {
    w->visit(cx, db, w, list[i]);
    w->last = list[i];
  }
  w->over = n < PAIRS_AT_ONCE;
  return cx->code;
}

static int walk_all(struct ctx *cx, struct job *job, struct walk *w) {
  w->last = (struct pair){ -1, -1 };
  while (!w->over && !job_stopped(job)) {
    struct walk before = *w; /* a slice that is done again counts once */
    if (job_write(cx, job, visit_slice, w)) {
      *w = before;
      return cx->code;
    }
    w->visited += w->over ? 0 : PAIRS_AT_ONCE;
    job_progress(job, w->visited, 0, "items");
  }
  return cx->code;
}

static bool is_backfill(struct job *job) {
  const struct job_window *w = job_window(job);
  if (!w || !w->backfill) return false;
  job_result(job, STR("{\"skipped\":\"how the stock stands is a matter of now\"}"));
  return true;
}

/* ---- check ---- */

static int update_days(struct ctx *cx, struct db *db, void *arg) {
  struct daily_result r;
  (void)arg;
  return stock_daily_update(cx, db, stock_day(cx->now), &r);
}

int lowstock_update_days(struct ctx *cx, struct job *job) { return job_write(cx, job, update_days, NULL); }

static int visit_check(struct ctx *cx, struct db *db, struct walk *w, struct pair at) {
  struct ctx one; /* its texts go with it */
  struct plan_pair p;
  bool found;
  ctx_begin(&one, cx->actor);
  one.now = cx->now;
  if (!plan_pair_load(&one, db, w->rules, at.item, at.warehouse, &p, &found) && found) {
    int64_t point = plan_pair_point(&p);
    bool wanted = p.active && (p.demand.seen > 0 || point > 0);
    w->count[stock_state_of(STOCK_OK, p.available, point, 0, p.terms.service, wanted)]++;
  }
  if (one.code) fail_from(cx, &one);
  ctx_end(&one);
  return cx->code;
}

static void put_counts(struct ctx *cx, struct job *job, const struct walk *w) {
  job_result(job, str_of(ctx_printf(cx, "{\"ok\":%lld,\"at_risk\":%lld,\"low\":%lld,\"out\":%lld}",
                                    (long long)w->count[STOCK_OK], (long long)w->count[STOCK_AT_RISK],
                                    (long long)w->count[STOCK_LOW], (long long)w->count[STOCK_OUT])));
}

static int run_check(struct ctx *cx, struct job *job) {
  struct walk w = { .visit = visit_check, .next = SQL_plan_pairs_after };
  if (is_backfill(job)) return OK;
  if (lowstock_update_days(cx, job) || walk_all(cx, job, &w)) return cx->code;
  put_counts(cx, job, &w);
  return OK;
}

/* ---- risk ---- */

int lowstock_pair(struct ctx *cx, struct db *db, const struct plan_rules *rules, int64_t item,
                  int64_t warehouse, bool order, struct reorder_counts *counts, enum stock_state *state) {
  struct ctx one; /* its texts go with it */
  struct plan_pair p;
  bool found;
  ctx_begin(&one, cx->actor);
  str_copy(one.id, sizeof one.id, str_of(cx->id));
  one.now = cx->now;
  *state = STOCK_OK;
  int rc = plan_pair_load(&one, db, rules, item, warehouse, &p, &found);
  if (!rc && found) rc = plan_pair_judge(&one, db, &p);
  if (!rc && found && order) rc = reorder_consider(&one, db, &p, counts);
  if (!rc && found) *state = p.state;
  if (one.code) fail_from(cx, &one);
  ctx_end(&one);
  return cx->code;
}

static int visit_risk(struct ctx *cx, struct db *db, struct walk *w, struct pair at) {
  enum stock_state state;
  int rc = lowstock_pair(cx, db, w->rules, at.item, at.warehouse, false, &w->orders, &state);
  if (!rc) w->count[state]++;
  return rc;
}

static int run_risk(struct ctx *cx, struct job *job) {
  struct walk w = { .visit = visit_risk, .next = SQL_plan_pairs_after };
  if (is_backfill(job)) return OK;
  if (walk_all(cx, job, &w)) return cx->code;
  put_counts(cx, job, &w);
  return OK;
}

/* ---- alerts ---- */

struct untold { /* a row of SQL_plan_untold */
  int64_t item, warehouse;
  const char *sku, *place, *state;
  int64_t available, point, incoming;
  double mean, lead, risk;
};

static double real(const struct stmt *s, int i) {
  char text[64];
  double v = 0;
  str_copy(text, sizeof text, col_str(s, i));
  return sscanf(text, "%lf", &v) == 1 ? v : 0;
}

static struct untold read_untold(struct ctx *cx, const struct stmt *s) {
  return (struct untold){ .item = col_int(s, 0),
                          .warehouse = col_int(s, 1),
                          .sku = col_dup(cx, s, 2),
                          .place = col_dup(cx, s, 3),
                          .state = col_dup(cx, s, 4),
                          .available = col_int(s, 5),
                          .point = col_int(s, 6),
                          .mean = real(s, 7),
                          .lead = real(s, 8),
                          .risk = real(s, 9),
                          .incoming = col_int(s, 11) };
}

static int tell_one(struct ctx *cx, struct db *db, const struct untold *u) {
  const char *subject = ctx_printf(cx, "%s in %s", u->sku, u->place), *is;
  enum stock_state state = stock_state_find(str_of(u->state));
  bool fresh;
  if (state == STOCK_OK) return alert_settle(cx, db, LOW_STOCK, subject);
  is = state == STOCK_OUT ? "is out of stock" : state == STOCK_LOW ? "is low" : "may run out";
  struct str detail =
      json_one(cx, "sku", u->sku, "warehouse", u->place, "available", stock_number(u->available),
               "reorder_point", stock_number(u->point), "incoming", stock_number(u->incoming), "demand_a_day",
               arg_real(u->mean, 4), "lead_days", arg_real(u->lead, 2), "risk", arg_real(u->risk, 4));
  struct alert a = {
    .kind = LOW_STOCK,
    .subject = subject,
    .state = u->state,
    .severity = state == STOCK_OUT ? SEVERITY_CRITICAL : SEVERITY_WARNING,
    .title = ctx_printf(cx, "%s %s", subject, is),
    .text =
        ctx_printf(cx,
                   "%s %s: %s available, reorder point %s, %s on the way. Demand is %.2f a day and an order "
                   "takes %g days; the chance of running out before is %.0f %%.",
                   subject, is, stock_text(cx, u->available), stock_text(cx, u->point),
                   stock_text(cx, u->incoming), u->mean, u->lead, u->risk * 100),
    .detail = detail,
    .address = ctx_printf(cx, "#/stock?sku=%s", u->sku),
    .hold = true,
  };
  int rc = alert_raise(cx, db, &a, &fresh);
  return rc;
}

int lowstock_tell(struct ctx *cx, struct db *db, int most, int64_t *done) {
  struct untold list[ALERTS_AT_ONCE];
  int n = 0;
  struct stmt *s = db_ask(cx, db, SQL_plan_untold, most < ALERTS_AT_ONCE ? most : ALERTS_AT_ONCE);
  while (stmt_row(cx, s)) list[n++] = read_untold(cx, s);
  for (int i = 0; i < n && !cx->code; i++) {
    if (tell_one(cx, db, &list[i])) break;
    db_act(cx, db, SQL_plan_told, list[i].item, list[i].warehouse);
  }
  *done = n;
  return cx->code;
}

static int tell_slice(struct ctx *cx, struct db *db, void *arg) {
  return lowstock_tell(cx, db, ALERTS_AT_ONCE, arg);
}

static int run_alerts(struct ctx *cx, struct job *job) {
  int64_t done = 1, all = 0;
  if (is_backfill(job)) return OK;
  while (done > 0 && !job_stopped(job)) {
    if (job_write(cx, job, tell_slice, &done)) return cx->code;
    all += done;
  }
  job_result(job, str_of(ctx_printf(cx, "{\"changed\":%lld}", (long long)all)));
  return OK;
}

/* ---- notify ---- */

static int send(struct ctx *cx, struct db *db, void *arg) { return alert_send_held(cx, db, LOW_STOCK, arg); }

static int run_notify(struct ctx *cx, struct job *job) {
  int64_t sent = 0;
  if (is_backfill(job)) return OK;
  if (job_step(cx, job, "send", send, &sent)) return cx->code;
  job_result(job, str_of(ctx_printf(cx, "{\"sent\":%lld}", (long long)sent)));
  return OK;
}

/* ---- dashboard ---- */

static int compose(struct ctx *cx, struct db *db, struct jw *w) {
  struct stmt *s = db_stmt(cx, db, SQL_plan_states);
  jw_object(w, "states");
  while (stmt_row(cx, s)) jw_int(w, ctx_strdup(cx, col_str(s, 0)), col_int(s, 1));
  jw_close(w, '}');
  s = db_stmt(cx, db, SQL_plan_worst);
  jw_array(w, "worst");
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    columns_write(w, s, 0,
                  "sku, warehouse, state, available: number4, reorder_point: number4, -, incoming: number4");
    jw_real(w, "risk", real(s, 5), 4);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return reorder_totals(cx, db, w, "proposals");
}

int lowstock_summary(struct ctx *cx, struct db *db, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_cache_get, DASHBOARD);
  if (!stmt_row(cx, s)) {
    jw_time(w, "at", cx->now);
    jw_object(w, "figures");
    compose(cx, db, w);
    jw_close(w, '}');
    return cx->code;
  }
  columns_write(w, s, 0, "at: instant, figures: any");
  stmt_done(s);
  return OK;
}

static int put_dashboard(struct ctx *cx, struct db *db, void *arg) {
  struct buf json;
  struct jw w;
  (void)arg;
  jw_begin(&w, &json, LIMIT_BODY_BYTES);
  compose(cx, db, &w);
  jw_close(&w, '}');
  if (!cx->code) {
    db_act(cx, db, SQL_cache_put, DASHBOARD, cx->now, buf_view(&json));
  }
  buf_clear(&json);
  return cx->code;
}

/* Figures move on with the day, also of what did not move itself. */
static int visit_keep(struct ctx *cx, struct db *db, struct walk *w, struct pair at) {
  struct ctx one; /* its texts go with it */
  (void)w;
  ctx_begin(&one, cx->actor);
  one.now = cx->now;
  if (followers_keep(&one, db, at.item, at.warehouse)) fail_from(cx, &one);
  ctx_end(&one);
  return cx->code;
}

static int run_dashboard(struct ctx *cx, struct job *job) {
  struct walk w = { .visit = visit_keep, .next = SQL_plan_pairs_after };
  if (is_backfill(job)) return OK;
  return walk_all(cx, job, &w) ? (int)cx->code : job_finish(cx, job, put_dashboard, NULL);
}

int lowstock_kept(struct ctx *cx, struct db *db, const char *name, struct jw *w) {
  struct stmt *s = db_ask(cx, db, SQL_cache_get, name);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "name", "nothing is kept ready under %.200s", name);
  jw_text(w, "name", name);
  columns_write(w, s, 0, "at: instant, figures: any");
  stmt_done(s);
  return OK;
}

/* ---- reorder ---- */

static int visit_reorder(struct ctx *cx, struct db *db, struct walk *w, struct pair at) {
  enum stock_state state;
  return lowstock_pair(cx, db, w->rules, at.item, at.warehouse, true, &w->orders, &state);
}

static int run_reorder(struct ctx *cx, struct job *job) {
  struct walk w = { .visit = visit_reorder, .next = SQL_plan_needing };
  if (is_backfill(job)) return OK;
  if (walk_all(cx, job, &w)) return cx->code;
  job_result(
      job, str_of(ctx_printf(cx, "{\"proposed\":%lld,\"changed\":%lld,\"withdrawn\":%lld,\"received\":%lld}",
                             (long long)w.orders.proposed, (long long)w.orders.changed,
                             (long long)w.orders.withdrawn, (long long)w.orders.received)));
  return OK;
}

void lowstock_register(void) {
  static const struct job_kind kinds[] = {
    { .name = "low_stock_check",
      .queue = "graph",
      .need = "stock.write",
      .run = run_check,
      .help = "counts the items that stand at or below their reorder point" },
    { .name = "low_stock_risk",
      .queue = "graph",
      .need = "stock.write",
      .run = run_risk,
      .help = "works out the chance of a stock-out of every item, and how it stands" },
    { .name = "low_stock_alerts",
      .queue = "graph",
      .need = "stock.write",
      .run = run_alerts,
      .help = "tells of items whose state changed, each once" },
    { .name = "low_stock_notify",
      .queue = "graph",
      .need = "stock.write",
      .run = run_notify,
      .help = "sends what the alerts of low stock have to say" },
    { .name = "low_stock_dashboard",
      .queue = "graph",
      .need = "stock.write",
      .run = run_dashboard,
      .help = "keeps counts and the worst items ready for the page" },
    { .name = "low_stock_reorder",
      .queue = "graph",
      .need = "stock.write",
      .run = run_reorder,
      .help = "proposes what should be ordered, with its reasons" },
  };
  entity_hooks_register("reorder_rule", &reorder_rule_hooks);
  entity_hooks_register("reorder_proposal", &reorder_proposal_hooks);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) job_kind_register(&kinds[i]);
}
