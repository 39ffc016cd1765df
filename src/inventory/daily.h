/*
** daily.h - the ledger added up: by day (stock_daily), by week (stock_weekly), and over the
** windows that the figures of metric.h are made of (stock_metric).
**
** Incremental: stock_position says up to which row the ledger is added up and which day the
** windows end with. Going on reads the rows behind it, adds them to their days, wherever
** these lie, and moves the windows on by the days that enter and leave. The outcome depends
** on what is in the ledger and on the day alone, not on how often or in which order it was
** added up: stock_daily_full, which begins with nothing, comes to the same.
**
** A day of the window may change later (a back-dated event): its figures change with it. What
** was put down as a snapshot does not, see snapshot.h.
**
** stock_daily's key begins with the day: ask for ranges of days, or for a day and an item.
** For one item over many days there is daily_series.
*/
#ifndef INVENTORY_DAILY_H
#define INVENTORY_DAILY_H

#include "inventory/metric.h"

int64_t stock_day(int64_t at); /* of an instant, rounded down */

struct daily_result {
  int64_t rows;      /* of the ledger that were added */
  int64_t days;      /* rows of stock_daily that were touched */
  int64_t from, day; /* the windows' last day before and after */
};

/* All within tenant_write. today: the day that the windows are to end with; they never go back. */
int stock_daily_update(struct ctx *cx, struct db *db, int64_t today, struct daily_result *out);
/* The same from the first row of the ledger on. */
int stock_daily_full(struct ctx *cx, struct db *db, int64_t today, struct daily_result *out);
/* Adds up the weeks whose days were added up from the beginning or corrected; *weeks counts them. */
int stock_weekly_update(struct ctx *cx, struct db *db, int64_t *weeks);
/* Adds the days from..to (both of them) up again, as far as the ledger is added up, and corrects
** what differs: what a backfill does. The position stays where it is. *changed counts rows. */
int stock_daily_again(struct ctx *cx, struct db *db, int64_t from, int64_t to, int64_t *changed);

/* Sums of every item and warehouse as of the day D, from stock_daily. One without movements until then
** has a first_day after D. */
typedef int metric_fn(struct ctx *cx, void *arg, int64_t item, int64_t warehouse,
                      const struct metric_sums *m);
int stock_metric_each(struct ctx *cx, struct db *db, int64_t D, metric_fn *fn, void *arg);

/* Issues of an item in a warehouse on the n days that end with D, the oldest first. */
int daily_series(struct ctx *cx, struct db *db, int64_t item, int64_t warehouse, int64_t D, int n,
                 int64_t *issued);

/* How far it is added up. */
int stock_position(struct ctx *cx, struct db *db, int64_t *ledger, int64_t *day);

#endif
