/*
** reorder.h - what should be ordered: proposals with their reasons, one open one for an
** item in a warehouse, and what people do with them.
**
**   proposed    made by the program, and kept up to date by it until somebody decides;
**               withdrawn (dismissed without a decision) when it is not needed any more
**   accepted    it will be ordered: a purchase order is published, and it counts as
**               on its way from then on
**   dismissed   not now: there is no new proposal until the state of the stock changes
**   ordered     somebody noted the order's number
**   received    what was received since covers it
**
** Each step and its event on reorder-events are one transaction.
*/
#ifndef INVENTORY_REORDER_H
#define INVENTORY_REORDER_H

#include "inventory/plan.h"
#include "model/entity.h"

#define REORDER_TOPIC "reorder-events"

struct reorder_counts {
  int64_t proposed, changed, withdrawn, received;
};

/* Makes, changes or withdraws the proposal for a pair that was judged. Inside tenant_write. */
int reorder_consider(struct ctx *cx, struct db *db, const struct plan_pair *p, struct reorder_counts *counts);

/* Inside tenant_write. E_NOT_FOUND; E_CONFLICT when it was decided already. note may be NULL. */
int reorder_accept(struct ctx *cx, struct db *db, const char *id, const char *note);
int reorder_dismiss(struct ctx *cx, struct db *db, const char *id, const char *note);

/* An array, the most urgent first. status: one of the above, all, or NULL: proposed. */
int reorder_list(struct ctx *cx, struct db *db, const char *status, int64_t limit, struct jw *w,
                 const char *key);
int reorder_totals(struct ctx *cx, struct db *db, struct jw *w, const char *key);

extern const struct entity_hooks reorder_rule_hooks, reorder_proposal_hooks;

#endif
