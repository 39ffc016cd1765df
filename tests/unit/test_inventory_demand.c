#include <math.h>

#include "inventory/demand.h"
#include "unit.h"

enum { ONE = DEMAND_ONE };

/* Five days: 2, 2 and 1 were issued, and on two days nothing. Mean 1, variance (1+1+0+1+1)/4 = 1. */
static struct demand five_days(void) {
  struct demand d = { .days = 5, .seen = 3, .issues = { 2 * ONE, 2 * ONE, 1 * ONE } };
  demand_sum(&d);
  return d;
}

static bool near(double a, double b) { return fabs(a - b) < 1e-9; }

UNIT(demand_mean, "days without demand count in mean and variance") {
  struct demand d = five_days();
  CHECK(near(d.mean, 1));
  CHECK(near(d.variance, 1));
  CHECK_INT(d.step, ONE);
}

/* A day: 0 with 2/5, 1 with 1/5, 2 with 2/5. Two days: 0, 1, 2, 3, 4 with 4, 4, 9, 4, 4 of 25. */
UNIT(demand_risk_exact, "the risk of few things is the convolution of the days seen") {
  struct demand d = five_days();
  struct lead_time two = { 2, 0 };
  enum risk_method how;
  CHECK(near(demand_risk(&d, two, 1 * ONE, &how), 17.0 / 25));
  CHECK_INT(how, RISK_EXACT);
  CHECK(near(demand_risk(&d, two, 2 * ONE, &how), 8.0 / 25));
  CHECK(near(demand_risk(&d, two, 3 * ONE, &how), 4.0 / 25));
  CHECK(near(demand_risk(&d, two, 4 * ONE, &how), 0));
  CHECK(near(demand_risk(&d, two, 0, &how), 1));
}

/* M = 2, V = 1 * 2 + 1 * 1 = 3; (4 - 2) / sqrt(3) = 1.1547; beyond it lies 0.1241065. */
UNIT(demand_risk_normal, "a lead time that varies adds its part to the variance") {
  struct demand d = five_days();
  enum risk_method how;
  CHECK(fabs(demand_risk(&d, (struct lead_time){ 2, 1 }, 4 * ONE, &how) - 0.124106539) < 1e-8);
  CHECK_INT(how, RISK_NORMAL);
}

UNIT(demand_risk_edges,
     "nothing asked for is no risk, and a demand that never varies is a plain comparison") {
  struct demand none = { .days = 90 }, same = { .days = 2, .seen = 2, .issues = { 1000 * ONE, 1000 * ONE } };
  enum risk_method how;
  demand_sum(&none);
  demand_sum(&same);
  CHECK(near(demand_risk(&none, (struct lead_time){ 7, 0 }, 0, &how), 0));
  CHECK_INT(how, RISK_NONE);
  same.step = 1; /* too many steps for the exact way */
  CHECK(near(demand_risk(&same, (struct lead_time){ 3, 0 }, 2999 * ONE, &how), 1));
  CHECK_INT(how, RISK_NORMAL);
  CHECK(near(demand_risk(&same, (struct lead_time){ 3, 0 }, 3000 * ONE, &how), 0));
}

UNIT(demand_quantile, "quantiles of the normal distribution are those of the tables") {
  CHECK(fabs(normal_quantile(0.95) - 1.6448536269514722) < 1e-12);
  CHECK(fabs(normal_quantile(0.99) - 2.3263478740408408) < 1e-12);
  CHECK(fabs(normal_quantile(0.5)) < 1e-12);
}

/* 2 + 1.644853 * sqrt(2) = 4.3262, and only whole things are asked for: 5. */
UNIT(demand_reorder, "the reorder point covers the lead time to the service level, in whole steps") {
  struct demand d = five_days(), none = { .days = 90 };
  demand_sum(&none);
  CHECK_INT(demand_reorder_point(&d, (struct lead_time){ 2, 0 }, 0.95), 5 * ONE);
  d.step = 2500;
  CHECK_INT(demand_reorder_point(&d, (struct lead_time){ 2, 0 }, 0.95), 45000);
  CHECK_INT(demand_reorder_point(&none, (struct lead_time){ 2, 0 }, 0.95), 0);
}

/* Ten a day are 3650 a year; an order costs 50, a unit 2.50 a year: sqrt(2*3650*50/2.5) = 382.1. */
UNIT(demand_eoq, "the economic order quantity is Harris's, in whole packs") {
  struct demand d = { .days = 1, .seen = 1, .issues = { 10 * ONE } };
  struct order_terms t = {
    .method = ORDER_EOQ, .reorder_point = 70 * ONE, .order_cost = 50, .holding_cost = 2.5, .cover_days = 30
  };
  struct order_advice a;
  demand_sum(&d);
  d.step = ONE;
  demand_order(&d, &t, 60 * ONE, &a);
  CHECK_INT(a.quantity, 383 * ONE);
  CHECK_INT(a.method, ORDER_EOQ);
  t.pack = 24 * ONE;
  demand_order(&d, &t, 60 * ONE, &a);
  CHECK_INT(a.quantity, 384 * ONE);
  CHECK_INT(a.bare, 383 * ONE);
  t.minimum = 500 * ONE;
  demand_order(&d, &t, 60 * ONE, &a);
  CHECK_INT(a.quantity, 504 * ONE);
  demand_order(&d, &t, 71 * ONE, &a);
  CHECK_INT(a.quantity, 0);
  t.minimum = t.pack = 0;
  demand_order(&d, &t, -1000 * ONE, &a);
  CHECK_INT(a.quantity, 1070 * ONE); /* what lacks is more than the economic quantity */
}

UNIT(demand_min_max, "without costs the stock is brought up to a maximum") {
  struct demand d = { .days = 1, .seen = 1, .issues = { 10 * ONE } };
  struct order_terms t = { .method = ORDER_EOQ, .reorder_point = 70 * ONE, .cover_days = 30 };
  struct order_advice a;
  demand_sum(&d);
  demand_order(&d, &t, 70 * ONE, &a);
  CHECK_INT(a.method, ORDER_MIN_MAX);
  CHECK_INT(a.order_up_to, 370 * ONE);
  CHECK_INT(a.quantity, 300 * ONE);
  t.order_up_to = 100 * ONE;
  demand_order(&d, &t, 50 * ONE, &a);
  CHECK_INT(a.quantity, 50 * ONE);
}

UNIT(demand_states, "a state ends later than it begins") {
  CHECK_INT(stock_state_of(STOCK_OK, 11, 10, 0.01, 0.95, true), STOCK_OK);
  CHECK_INT(stock_state_of(STOCK_OK, 10, 10, 0.01, 0.95, true), STOCK_LOW);
  CHECK_INT(stock_state_of(STOCK_LOW, 11, 10, 0.01, 0.95, true), STOCK_LOW);
  CHECK_INT(stock_state_of(STOCK_LOW, 12, 10, 0.01, 0.95, true), STOCK_OK);
  CHECK_INT(stock_state_of(STOCK_LOW, 0, 10, 1, 0.95, true), STOCK_OUT);
  CHECK_INT(stock_state_of(STOCK_OUT, 11, 10, 0.01, 0.95, true), STOCK_LOW);
  CHECK_INT(stock_state_of(STOCK_OK, 12, 10, 0.06, 0.95, true), STOCK_AT_RISK);
  CHECK_INT(stock_state_of(STOCK_AT_RISK, 12, 10, 0.03, 0.95, true), STOCK_AT_RISK);
  CHECK_INT(stock_state_of(STOCK_AT_RISK, 12, 10, 0.02, 0.95, true), STOCK_OK);
  CHECK_INT(stock_state_of(STOCK_OK, 0, 0, 0, 0.95, false), STOCK_OK);
  CHECK_INT(stock_state_of(STOCK_OK, -1, 0, 1, 0.95, false), STOCK_OUT);
}
