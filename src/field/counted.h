/*
** counted.h - what is new among the orders made here, added to the sums that the dashboard shows (0018_orders.sql).
**
** Hooks of the door for orders and lines that are new. What is changed, deleted or restored later is
** counted by triggers; a trigger for what is added would make SQLite copy every page that an order touches
** before it is changed. Whoever adds rows past the door has the sums added up anew (dashboard.h).
*/
#ifndef FIELD_COUNTED_H
#define FIELD_COUNTED_H

#include "model/entity.h"

/* Nothing, when it does not count. */
int counted_order(struct ctx *cx, struct db *db, const struct draft *d);
/* Whether the order with this id counts, and with it its lines; and one of these. */
bool counted_is(struct ctx *cx, struct db *db, struct str order);
int counted_line(struct ctx *cx, struct db *db, const struct draft *d);

#endif
