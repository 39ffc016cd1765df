/*
** forecast.h - how much, from a series of what was.
**
** Statistics, so doubles; what becomes of them is rounded to money and quantities once, by
** whoever stores it.
**
**   smooth_of    simple exponential smoothing: level += alpha * (x - level), begun with the first
**                value; of FORECAST_ALPHAS the alpha with the least squared error one step
**                ahead (R. G. Brown 1959)
**   croston_of   intermittent demand: the size of demands and the interval between them are
**                smoothed apart (Croston 1972); rate is bias-corrected, (1 - alpha / 2) * size / interval
**                (Syntetos, Boylan 2005); chance is smoothed in every period, so it falls
**                when nothing is ordered any more (Teunter, Syntetos, Babai 2011)
*/
#ifndef FIELD_FORECAST_H
#define FIELD_FORECAST_H

#include <stddef.h>

enum { FORECAST_LEAST = 4 }; /* below it the mean is as good as anything */

struct smooth {
  double level;        /* of the next value */
  double alpha;        /* 0: the mean, because there are fewer than FORECAST_LEAST values */
  double error, naive; /* mean absolute error one step ahead; that of "as last time" */
};
void smooth_of(const double *x, size_t n, struct smooth *out);

struct croston {
  double size, interval; /* of demands above 0; interval in periods */
  double rate;           /* a period, SBA */
  double chance;         /* that the next period has a demand, TSB */
};
/* x: demand by period, 0 for none. All 0: all 0. */
void croston_of(const double *x, size_t n, double alpha, struct croston *out);

#endif
