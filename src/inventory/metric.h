/*
** metric.h - velocity, trend, turnover and cover of an item in a warehouse. What they mean:
**
** Days are UTC; D is the day that the figures are as of, the windows end with it.
** issued(d) is what left on day d by sale (sales that were taken back count against it).
**
**   velocity       = sum of issued over the 28 days D-27..D, divided by 28: units a day
**   trend          = slope of the least-squares line through these 28 points (day, issued):
**                    (28 Sxy - Sx Sy) / (28 Sxx - Sx^2), units a day, more each day;
**                    its direction is up, down or flat by its sign
**   standard error of the trend = sqrt( SSE / 26 / (Sxx - Sx^2/28) ), SSE the squares that
**                    the line leaves; told for one item, where the days are at hand
**   average stock  = mean of what was on hand at the end of each day, over the last 365 days,
**                    or over those since the first movement when they are fewer
**   turnover       = issued over the same days, times 365 / their number, divided by the average
**                    stock: how often a year it is turned over; none without stock
**   days of cover  = (on hand - reserved) now, divided by velocity; none without velocity
**
** Everything is computed in integers and rounded half to even once, at the end. Velocity,
** turnover and cover have 4 decimals, the trend 6.
**
** What is stored are sums over the windows (struct metric_sums) from which the figures
** follow. Each day's issues count with the number of the day since 2020-01-01, so that a
** window moves on by taking in the days that enter and letting go those that leave,
** without a look at the others.
*/
#ifndef INVENTORY_METRIC_H
#define INVENTORY_METRIC_H

#include "inventory/stock.h"

enum {
  METRIC_DAYS = 28,
  METRIC_YEAR = 365,
  METRIC_EPOCH = 18262, /* 2020-01-01 */
  TREND_SCALE = 6,
};

struct metric_sums {
  int64_t issued_28, issued_28_day; /* the second: times (day - METRIC_EPOCH) */
  int64_t issued_365, net_365, net_365_day;
  int64_t on_hand;             /* at the end of D */
  int64_t first_day, last_day; /* with movements */
};

/* The day d of an item's movements enters (sign 1) or leaves (-1) the sums as they are for D.
** false: the sums would be more than can be counted. */
bool metric_add(struct metric_sums *m, int64_t D, int64_t d, int64_t issued, int64_t net, int sign);

struct metric {
  int64_t velocity, trend;
  bool has_turnover, has_cover;
  int64_t average, turnover, days_of_cover;
};
void metric_of(const struct metric_sums *m, int64_t D, int64_t available, struct metric *out);

/* The least-squares line through n values, the oldest first, in exact integers as far as they go:
** slope at TREND_SCALE, *error the same of its standard error. n at least 3. */
void trend_of(const int64_t *values, int n, int64_t *slope, int64_t *error);

/* velocity, trend, ... into an open object. */
void metric_json(struct jw *w, const struct metric *m);
/* The formulas as sentences: {"velocity": "...", ...}. */
void metric_formulas(struct jw *w, const char *key);

#endif
