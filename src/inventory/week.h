/*
** week.h - what a week comes to (ISO 8601: it begins on Monday).
*/
#ifndef INVENTORY_WEEK_H
#define INVENTORY_WEEK_H

#include "inventory/stock.h"

int64_t week_begin(int64_t day); /* the Monday of its week, days since 1970 */

/* Within tenant_write: the report of a week, when it says something else than the one that is there. */
int week_report(struct ctx *cx, struct db *db, int64_t week, bool *written);
/* The units in stock at the end of a day, as the metric "inventory". */
int week_dashboard(struct ctx *cx, struct db *db, int64_t day, bool *written);

/* {week, begins, made_at, totals, warehouses, items}: as it was reported; E_NOT_FOUND. */
int week_show(struct ctx *cx, struct db *db, int64_t week, struct jw *w, const char *key);

#endif
