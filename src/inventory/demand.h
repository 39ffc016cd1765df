/*
** demand.h - how much will be asked for before an order arrives, and what follows
** from it: the risk of a stock-out, the reorder point, the quantity to order.
** Pure arithmetic: no database, no clock.
**
** Quantities are integers in units of 1/10000, as in the ledger. Statistics of
** them are doubles; what is ordered or compared comes back as an integer.
**
** Demand of a day is what was issued on it. Of n days (those without demand count,
** too), with x the issues of a day:
**
**   mean         m = sum(x) / n
**   variance     s2 = (sum(x^2) - sum(x)^2 / n) / (n - 1)
**
** Demand over a lead time of L days, which itself varies by sL (Silver, Pyke,
** Thomas, "Inventory and Production Management in Supply Chains", 4th ed., 6.7;
** Hadley & Whitin 1963):
**
**   mean         M = m L
**   variance     V = s2 L + m^2 sL^2
**
** Risk of a stock-out: P(demand over the lead time > available).
**
**   exact        few things, one by one: the days seen are the distribution of a
**                day, and its L-fold convolution that of the lead time (days are
**                taken as independent). Used when L is a whole number that does not
**                vary and what is available is at most DEMAND_EXACT_STEPS steps, a
**                step being the greatest common divisor of all that was issued on
**                a day. No assumption about its shape.
**   normal       otherwise: 1 - Phi((available - M) / sqrt(V)). With V = 0 it is 1
**                when M > available, else 0.
**
** Reorder point: M + z sqrt(V), z being the quantile of the service level in the
** normal distribution; rounded up to the step of the demand.
**
** Order quantity:
**   eoq          sqrt(2 D S / H): D demand of a year (365 m), S what an order costs,
**                H what a unit costs in stock for a year (Harris 1913; Wilson 1934),
**                but at least what brings the stock above the reorder point
**   fixed        a given quantity, but at least what brings the stock above the reorder point
**   min_max      what brings the stock up to a maximum: a given one, or the reorder
**                point and so many days of demand
** then at least the minimum order, then up to a whole number of packs.
*/
#ifndef INVENTORY_DEMAND_H
#define INVENTORY_DEMAND_H

#include "base/buf.h"

enum { DEMAND_SCALE = 4, DEMAND_ONE = 10000, DEMAND_DAYS_MAX = 730, DEMAND_EXACT_STEPS = 512 };

/* What was issued on each of the days looked at. */
struct demand {
  int days;                        /* all of them */
  int seen;                        /* those with an issue: issues[0..seen-1] */
  int64_t issues[DEMAND_DAYS_MAX]; /* > 0, in no order */
  /* worked out by demand_sum: */
  double mean, variance;
  int64_t step; /* greatest common divisor of the issues; DEMAND_ONE when there are none */
};

void demand_sum(struct demand *d);

enum risk_method { RISK_NONE, RISK_EXACT, RISK_NORMAL };
extern const char *const risk_method_names[]; /* none: there was no demand */

struct lead_time {
  double days, deviation;
};

/* 0..1. Nothing available of what is asked for is a stock-out already: 1. */
double demand_risk(const struct demand *d, struct lead_time lead, int64_t available, enum risk_method *how);

/* 0 without demand. service: 0.5..0.9999. */
int64_t demand_reorder_point(const struct demand *d, struct lead_time lead, double service);

/* The point below which a standard normal lies with probability p, 0 < p < 1. */
double normal_quantile(double p);

/* ---- how much ---- */

enum order_method { ORDER_MIN_MAX, ORDER_EOQ, ORDER_FIXED };
extern const char *const order_method_names[]; /* min_max, eoq, fixed */

struct order_terms {
  enum order_method method;
  int64_t reorder_point;
  int64_t fixed;       /* 0: by the method */
  int64_t order_up_to; /* of min_max; 0: by cover_days */
  int cover_days;
  double order_cost, holding_cost; /* of an order; of a unit in a year. 0: not known, then min_max */
  int64_t pack, minimum;           /* 0: none */
};

struct order_advice {
  int64_t quantity;         /* to order; 0: nothing */
  int64_t bare;             /* before minimum and packs */
  enum order_method method; /* that was used */
  int64_t order_up_to;      /* of min_max */
};

/* position: available and what is ordered already. */
void demand_order(const struct demand *d, const struct order_terms *t, int64_t position,
                  struct order_advice *out);

/* ---- how it stands ---- */

enum stock_state { STOCK_OK, STOCK_AT_RISK, STOCK_LOW, STOCK_OUT };
extern const char *const stock_state_names[];       /* ok, at_risk, low, out */
enum stock_state stock_state_find(struct str name); /* STOCK_OK for anything else */

/* out: nothing available of what is wanted (there is demand, or a reorder point), or less than
** nothing; low: at most the reorder point; at_risk: above it, but the risk is more than the
** service level allows.
**
** Hysteresis: low ends only above 1.1 times the reorder point, at_risk only below half the risk
** that began it, so that a stock that swings around its limit is one alert and not many. */
enum stock_state stock_state_of(enum stock_state before, int64_t available, int64_t reorder_point,
                                double risk, double service, bool wanted);

#endif
