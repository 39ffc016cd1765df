/*
** lowstock.h - what runs low: the tasks of the graph low_stock_alerts, and what follows
** the events in between.
**
**   low_stock_check      which items stand at or below their reorder point
**   low_stock_risk       the chance of a stock-out before an order would arrive, and with
**                        it how each item stands: ok, at_risk, low, out
**   low_stock_alerts     an alert for every item whose state changed, settled when it is ok
**   low_stock_notify     what the alerts have to say goes out: mails and requests
**   low_stock_dashboard  counts and the worst of them, kept ready for the page
**   low_stock_reorder    proposals, see reorder.h
**
** Each walks through the items in slices, a transaction each, so that nobody waits for it
** long; done twice it changes nothing. A backfill changes nothing at all: how the stock
** stands is a matter of now.
*/
#ifndef INVENTORY_LOWSTOCK_H
#define INVENTORY_LOWSTOCK_H

#include "inventory/reorder.h"
#include "job/job.h"

#define LOW_STOCK "low_stock" /* the kind of its alerts */

/* The sums by day that demand is taken from, up to the end of the ledger. */
int lowstock_update_days(struct ctx *cx, struct job *job);

/* Raises or settles what changed of at most `most` items; *done counts them. Nothing is sent
** before alert_send_held. Inside tenant_write. */
int lowstock_tell(struct ctx *cx, struct db *db, int most, int64_t *done);

/* Loads, judges and, when told, considers an order for one pair, in a unit of work of its own. */
int lowstock_pair(struct ctx *cx, struct db *db, const struct plan_rules *rules, int64_t item,
                  int64_t warehouse, bool order, struct reorder_counts *counts, enum stock_state *state);

/* {"at", "states": {ok, at_risk, low, out}, "worst": [...]} into the open object; worked out by
** low_stock_dashboard, or now when that never ran. */
int lowstock_summary(struct ctx *cx, struct db *db, struct jw *w);

void lowstock_register(void);  /* the rules of its records, kinds of jobs */
void followers_register(void); /* the consumer groups, see followers.c */

/* Velocity, trend, turnover and cover of a pair, as they stand, are kept ready. Inside tenant_write. */
int followers_keep(struct ctx *cx, struct db *db, int64_t item, int64_t warehouse);
/* What is kept ready under a name, low_stock or stock/WAREHOUSE/SKU: "name", "at" and "figures" into the
** open object. E_NOT_FOUND. */
int lowstock_kept(struct ctx *cx, struct db *db, const char *name, struct jw *w);

#endif
