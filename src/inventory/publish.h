/*
** publish.h - figures of the stock as events of the topic analytics-events:
** VELOCITY_CALCULATED and TREND_CALCULATED of what moved, METRIC_CALCULATED for totals of
** days and weeks. An event's id is made of what it speaks of and of what was known then (the
** ledger's last row), so that the same figure is never there twice.
*/
#ifndef INVENTORY_PUBLISH_H
#define INVENTORY_PUBLISH_H

#include "inventory/stock.h"

/* All within tenant_write; *taken counts the events that are new. */
/* Velocity and trend of every item and warehouse that moved since the last time. */
int publish_figures(struct ctx *cx, struct db *db, int64_t *taken);
/* Totals of each day from..to (both of them). */
int publish_day_totals(struct ctx *cx, struct db *db, int64_t from, int64_t to, int64_t *taken);
/* Totals of the week that begins with this Monday. */
int publish_week_totals(struct ctx *cx, struct db *db, int64_t week, int64_t *taken);

#endif
