/*
** plan.h - how an item stands in a warehouse: what is there, what will be asked for,
** what that means, and what to order. The arithmetic is in demand.h; here it gets its
** numbers from the tenant's file.
**
** Demand is what was issued on each of the last days before today (UTC), as many as the
** rules say, but not from before the item was first booked there.
**
** What the rules leave open is taken from the next more general source, each figure by
** itself: a reorder_rule for the item (in this warehouse before everywhere), the item's own
** record, its supplier's, rules for its category, for the warehouse, for everything.
**
** What is ordered and not there yet: accepted and ordered proposals, less what was received
** since they were accepted, oldest first.
*/
#ifndef INVENTORY_PLAN_H
#define INVENTORY_PLAN_H

#include "base/json.h"
#include "inventory/demand.h"
#include "store/store.h"

struct plan_rules; /* the reorder rules, read once for many items */
int plan_rules_load(struct ctx *cx, struct db *db, struct plan_rules **out);

struct plan_terms {
  double service, lead_days, lead_deviation;
  int64_t reorder_point;    /* -1: to be worked out */
  const char *lead_from;    /* in words: "the rule for LAPTOP-001" */
  enum order_method method; /* EOQ or MIN_MAX */
  int64_t fixed, order_up_to, order_cost, holding_rate, pack, minimum; /* 0: not said */
  int64_t cover_days, window_days;
};

/* An order that what was received covers, and that does not say so yet. */
struct plan_filled {
  const char *id; /* of the proposal */
  int64_t quantity;
};

struct plan_pair {
  int64_t item, warehouse;                              /* stock_name */
  const char *sku, *place, *name, *category, *supplier; /* name, category, supplier may be NULL */
  bool active;
  int64_t on_hand, available, incoming;
  struct plan_filled *filled;
  int filled_count;
  int64_t unit_cost; /* 0: not known */
  struct plan_terms terms;
  struct demand demand;

  /* worked out: */
  struct lead_time lead;
  int64_t reorder_point;
  double risk;
  enum risk_method risk_method;
  enum stock_state before, state; /* before: as stock_risk has it */
  int64_t since;                  /* in this state, UTC microseconds */
};

/* The pair as it stands now. *found false: nothing was ever booked of it. */
int plan_pair_load(struct ctx *cx, struct db *db, const struct plan_rules *rules, int64_t item,
                   int64_t warehouse, struct plan_pair *p, bool *found);

/* The reorder point: what somebody set, or what demand and lead time make of it. */
int64_t plan_pair_point(const struct plan_pair *p);

/* Works out reorder point, risk and state, and keeps them in stock_risk. */
int plan_pair_judge(struct ctx *cx, struct db *db, struct plan_pair *p);

/* What to order, given what is there and on its way. */
void plan_pair_order(const struct plan_pair *p, struct order_advice *out);

#endif
