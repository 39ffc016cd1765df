#include "inventory/plan.h"

#include <math.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/time.h"

enum { ORDERS_MOST = 64, ORDER_DAYS = 400 }; /* orders looked at for what is on its way */

/* ---- the rules ---- */

/* A figure that a rule may leave open. */
struct figure {
  bool said;
  int64_t value;
};
enum rule_figure {
  SERVICE,
  LEAD,
  LEAD_SD,
  POINT,
  QUANTITY,
  UP_TO,
  COST,
  HOLDING,
  PACK,
  MINIMUM,
  COVER,
  WINDOW,
  FIGURES
};

struct rule {
  const char *sku, *warehouse, *category; /* NULL: of all */
  const char *method;                     /* NULL: not said */
  struct figure figure[FIGURES];
};

struct plan_rules {
  struct rule *list; /* the most particular first */
  size_t count;
};

static void read_rule(struct ctx *cx, const struct stmt *s, struct rule *r) {
  static const int columns[FIGURES] = {
    [SERVICE] = 3, [LEAD] = 4,     [LEAD_SD] = 5, [POINT] = 6,    [QUANTITY] = 8, [UP_TO] = 9,
    [COST] = 10,   [HOLDING] = 11, [PACK] = 12,   [MINIMUM] = 13, [COVER] = 14,   [WINDOW] = 15
  };
  r->sku = col_dup(cx, s, 0);
  r->warehouse = col_dup(cx, s, 1);
  r->category = col_dup(cx, s, 2);
  r->method = col_dup(cx, s, 7);
  for (int i = 0; i < FIGURES; i++)
    r->figure[i] = (struct figure){ !col_null(s, columns[i]), col_int(s, columns[i]) };
}

int plan_rules_load(struct ctx *cx, struct db *db, struct plan_rules **out) {
  struct plan_rules *rules = ctx_alloc(cx, sizeof *rules);
  struct stmt *s = db_stmt(cx, db, SQL_plan_rules);
  while (stmt_row(cx, s)) {
    rules->list = ctx_more(cx, rules->list, rules->count, sizeof *rules->list);
    read_rule(cx, s, &rules->list[rules->count++]);
  }
  *out = rules;
  return cx->code;
}

static bool fits(const char *wanted, const char *have) { return !wanted || (have && !strcmp(wanted, have)); }

static bool rule_fits(const struct rule *r, const struct plan_pair *p) {
  return fits(r->sku, p->sku) && fits(r->warehouse, p->place) && fits(r->category, p->category);
}

/* Which rules are asked: those that name the item, or those that do not. */
static const struct rule *find_figure(const struct plan_rules *rules, const struct plan_pair *p, bool of_item,
                                      int figure) {
  for (size_t i = 0; i < rules->count; i++) {
    const struct rule *r = &rules->list[i];
    if ((r->sku != NULL) == of_item && rule_fits(r, p) &&
        (figure < 0 ? r->method != NULL : r->figure[figure].said))
      return r;
  }
  return NULL;
}

/* A figure from the rules of the item, else what its records say (own.said), else from the other rules. */
static int64_t figure_of(const struct plan_rules *rules, const struct plan_pair *p, int figure,
                         struct figure own, int64_t otherwise) {
  const struct rule *r = find_figure(rules, p, true, figure);
  if (!r && own.said) return own.value;
  if (!r) r = find_figure(rules, p, false, figure);
  return r ? r->figure[figure].value : otherwise;
}

static const char *lead_source(struct ctx *cx, const struct plan_rules *rules, const struct plan_pair *p,
                               bool item_says, bool supplier_says) {
  if (find_figure(rules, p, true, LEAD)) return ctx_printf(cx, "the rule for %s", p->sku);
  if (item_says) return "the item";
  if (supplier_says) return ctx_printf(cx, "its supplier %s", p->supplier);
  const struct rule *r = find_figure(rules, p, false, LEAD);
  if (r && r->category) return ctx_printf(cx, "the rule for %s", r->category);
  if (r && r->warehouse) return ctx_printf(cx, "the rule for %s", r->warehouse);
  return r ? "the rule for everything" : "no rule";
}

static enum order_method method_of(const struct plan_rules *rules, const struct plan_pair *p,
                                   const char *own) {
  const struct rule *r = find_figure(rules, p, true, -1);
  const char *name = r ? r->method : own;
  if (!name && (r = find_figure(rules, p, false, -1))) name = r->method;
  return name && !strcmp(name, "eoq") ? ORDER_EOQ : ORDER_MIN_MAX;
}

static struct figure column(const struct stmt *s, int i, int64_t times) {
  return (struct figure){ !col_null(s, i), col_int(s, i) * times };
}

/* From the row of SQL_plan_pair. */
static void find_terms(struct ctx *cx, const struct plan_rules *rules, const struct stmt *s,
                       struct plan_pair *p) {
  const struct figure nothing = { 0 };
  const int64_t hundredths = 100; /* lead times of rules have two decimals */
  struct plan_terms *t = &p->terms;
  struct figure item_lead = column(s, 11, hundredths), supplier_lead = column(s, 13, hundredths);
  t->lead_from = lead_source(cx, rules, p, item_lead.said, supplier_lead.said);
  struct figure lead = item_lead.said ? item_lead : supplier_lead;
  t->service = (double)figure_of(rules, p, SERVICE, nothing, 9500) / 10000;
  t->lead_days = (double)figure_of(rules, p, LEAD, lead, 7 * hundredths) / 100;
  t->lead_deviation = (double)figure_of(rules, p, LEAD_SD, nothing, 0) / 100;
  t->reorder_point = figure_of(rules, p, POINT, column(s, 9, 1), -1);
  t->method = method_of(rules, p, col_dup(cx, s, 12));
  t->fixed = figure_of(rules, p, QUANTITY, column(s, 10, 1), 0);
  t->order_up_to = figure_of(rules, p, UP_TO, nothing, 0);
  t->order_cost = figure_of(rules, p, COST, nothing, 0);
  t->holding_rate = figure_of(rules, p, HOLDING, nothing, 0);
  t->pack = figure_of(rules, p, PACK, nothing, 0);
  t->minimum = figure_of(rules, p, MINIMUM, nothing, 0);
  t->cover_days = figure_of(rules, p, COVER, nothing, 30);
  t->window_days = figure_of(rules, p, WINDOW, nothing, 90);
}

/* ---- what is on its way ---- */

struct order {
  const char *id;
  bool received;
  int64_t quantity, since, left;
};

/* Receipts fill orders, the oldest first, from when each was accepted on. */
static int fill(struct ctx *cx, struct db *db, const struct plan_pair *p, struct order *orders, int count) {
  struct stmt *s = db_ask(cx, db, SQL_plan_receipts, p->item, p->warehouse, orders[0].since);
  while (stmt_row(cx, s)) {
    int64_t at = col_int(s, 0), got = col_int(s, 1);
    for (int i = 0; i < count && got > 0; i++) {
      if (orders[i].since > at) continue;
      int64_t taken = got < orders[i].left ? got : orders[i].left;
      orders[i].left -= taken;
      got -= taken;
    }
  }
  return cx->code;
}

static int find_incoming(struct ctx *cx, struct db *db, struct plan_pair *p) {
  struct order orders[ORDERS_MOST];
  int count = 0;
  struct stmt *s = db_ask(cx, db, SQL_plan_orders, p->sku, p->place, cx->now - ORDER_DAYS * DAY_US);
  while (count < ORDERS_MOST && stmt_row(cx, s)) {
    orders[count++] = (struct order){ col_dup(cx, s, 0), str_eq(col_str(s, 1), STR("received")),
                                      col_int(s, 2), col_int(s, 3), col_int(s, 2) };
  }
  stmt_done(s);
  p->incoming = 0;
  if (cx->code || !count || fill(cx, db, p, orders, count)) return cx->code;
  p->filled = ctx_alloc(cx, (size_t)count * sizeof *p->filled);
  for (int i = 0; i < count; i++) {
    if (orders[i].received) continue;
    p->incoming += orders[i].left;
    if (!orders[i].left)
      p->filled[p->filled_count++] = (struct plan_filled){ orders[i].id, orders[i].quantity };
  }
  return OK;
}

/* ---- a pair ---- */

static int read_issues(struct ctx *cx, struct db *db, struct plan_pair *p, int64_t first_day, bool known) {
  int64_t today = cx->now / DAY_US, window = p->terms.window_days;
  if (window > DEMAND_DAYS_MAX) window = DEMAND_DAYS_MAX;
  int64_t from = today - window;
  if (known && first_day > from) from = first_day < today ? first_day : today - 1;
  p->demand.days = (int)(today - from);
  struct stmt *s = db_ask(cx, db, SQL_plan_issues, p->item, p->warehouse, from, today);
  while (stmt_row(cx, s))
    if (p->demand.seen < DEMAND_DAYS_MAX) p->demand.issues[p->demand.seen++] = col_int(s, 0);
  demand_sum(&p->demand);
  return cx->code;
}

int plan_pair_load(struct ctx *cx, struct db *db, const struct plan_rules *rules, int64_t item,
                   int64_t warehouse, struct plan_pair *p, bool *found) {
  *p = (struct plan_pair){ .item = item, .warehouse = warehouse };
  struct stmt *s = db_ask(cx, db, SQL_plan_pair, item, warehouse);
  *found = stmt_row(cx, s);
  if (!*found) return cx->code;
  p->sku = col_dup(cx, s, 0);
  p->place = col_dup(cx, s, 1);
  p->name = col_dup(cx, s, 2);
  p->category = col_dup(cx, s, 3);
  p->supplier = col_dup(cx, s, 4);
  p->active = col_int(s, 5);
  p->on_hand = col_int(s, 6);
  p->available = p->on_hand - col_int(s, 7);
  p->unit_cost = col_int(s, 8);
  find_terms(cx, rules, s, p);
  bool known = !col_null(s, 14);
  int64_t first = col_int(s, 14);
  p->before = col_null(s, 15) ? STOCK_OK : stock_state_find(col_str(s, 15));
  p->since = col_null(s, 16) ? cx->now : col_int(s, 16);
  stmt_done(s);
  int rc = read_issues(cx, db, p, first, known);
  return rc ? rc : find_incoming(cx, db, p);
}

static void bind_real(struct ctx *cx, struct stmt *s, int i, double v) {
  stmt_text(s, i, ctx_printf(cx, "%.17g", v));
}

static int keep(struct ctx *cx, struct db *db, const struct plan_pair *p) {
  struct stmt *s = db_stmt(cx, db, SQL_plan_keep);
  const int64_t whole[] = { p->item,      p->warehouse, cx->now,       p->on_hand,
                            p->available, p->incoming,  p->demand.days };
  for (int i = 0; i < 7; i++) stmt_int(s, i + 1, whole[i]);
  bind_real(cx, s, 8, p->demand.mean);
  bind_real(cx, s, 9, sqrt(p->demand.variance));
  bind_real(cx, s, 10, p->lead.days);
  stmt_int(s, 11, p->reorder_point);
  bind_real(cx, s, 12, p->risk);
  stmt_text(s, 13, risk_method_names[p->risk_method]);
  stmt_text(s, 14, stock_state_names[p->state]);
  stmt_int(s, 15, p->since);
  return stmt_run(cx, s);
}

int64_t plan_pair_point(const struct plan_pair *p) {
  const struct plan_terms *t = &p->terms;
  struct lead_time lead = { t->lead_days, t->lead_deviation };
  return t->reorder_point >= 0 ? t->reorder_point : demand_reorder_point(&p->demand, lead, t->service);
}

int plan_pair_judge(struct ctx *cx, struct db *db, struct plan_pair *p) {
  const struct plan_terms *t = &p->terms;
  p->lead = (struct lead_time){ t->lead_days, t->lead_deviation };
  p->reorder_point = plan_pair_point(p);
  p->risk = demand_risk(&p->demand, p->lead, p->available, &p->risk_method);
  bool wanted = p->active && (p->demand.seen > 0 || p->reorder_point > 0);
  p->state = stock_state_of(p->before, p->available, p->reorder_point, p->risk, t->service, wanted);
  if (!p->active) p->state = STOCK_OK; /* what is not used any more may run out */
  if (p->state != p->before) p->since = cx->now;
  return keep(cx, db, p);
}

void plan_pair_order(const struct plan_pair *p, struct order_advice *out) {
  const struct plan_terms *t = &p->terms;
  struct order_terms o = {
    .method = t->method,
    .reorder_point = p->reorder_point,
    .fixed = t->fixed,
    .order_up_to = t->order_up_to,
    .cover_days = (int)t->cover_days,
    .order_cost = (double)t->order_cost / DEMAND_ONE,
    .holding_cost = (double)t->holding_rate / DEMAND_ONE * ((double)p->unit_cost / DEMAND_ONE),
    .pack = t->pack,
    .minimum = t->minimum,
  };
  demand_order(&p->demand, &o, p->available + p->incoming, out);
  if (!p->active) out->quantity = 0;
}
