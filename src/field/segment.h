/*
** segment.h - what kind of customer a store is.
**
** Each store with an order has a customer_segment:
**
**   recency, frequency, monetary score   1 to 5: one more than five times the share of stores that
**                      are strictly worse (rounded down), by the day of the last order, orders in 30
**                      days, and revenue
**   order_frequency    orders * 30 / days from the first one to today, both counted (at least 30)
**   segment_value      by revenue, the largest first: high as long as those before it have less than
**                      80 % of all revenue together, medium below 95 %, low after that (ABC analysis).
**                      The high ones are the dashboard's high_value_customers
**   churn_risk         the chance that it has stopped, after t days without an order:
**                        p / (p + (1 - p) * S(t))
**                      p: the share of orders after which a store stopped, (stopped + 1) / (days with
**                      an order + 2), over all stores; stopped: silent for three times its longest
**                      usual interval. S(t): the chance of an interval longer than t, by its own
**                      usual intervals g (rhythm.h): (#{g > t} + tail) / (#g + 1), where tail is 1 up to
**                      the longest one, and from there on falls as exp(-(t - longest) / spread); spread: the
**                      standard deviation of the intervals, at least a quarter of the median. A
**                      store without intervals has exp(-t / median of the usual intervals of all)
**   segment_name       New, Lost, Cannot lose, At risk, Champion, Loyal, Big spender, Promising,
**                      Hibernating, Regular: the first that fits, see name_of in segment.c
*/
#ifndef FIELD_SEGMENT_H
#define FIELD_SEGMENT_H

#include "field/history.h"

struct segment {
  const struct history_store *store;
  const char *name, *value; /* high, medium, low */
  int recency, frequency, monetary;
  int64_t order_frequency; /* 1/100 */
  double churn;
};

/* One for each store of the history, in its order; lives as long as the unit of work. */
struct segment *segment_find(struct ctx *cx, const struct history *h);

/* The stage of populate: saves those that changed. */
int segment_all(struct ctx *cx, struct tenant *t);
extern const struct derived_stage segment_stage; /* the same, for derive.h */

#endif
