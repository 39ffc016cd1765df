/*
** snapshot.h - what there was at the end of a day, put down for good: levels, figures, and
** what the items and warehouses were called then (name, category).
**
** A snapshot says what was known when it was made and never changes (triggers see to that).
** What became known later is in the ledger: every question "what was there at the end of day
** D, as known at the end of day K" is a sum over rows with at <= D and recorded_at <= K.
*/
#ifndef INVENTORY_SNAPSHOT_H
#define INVENTORY_SNAPSHOT_H

#include "inventory/stock.h"

/* Within tenant_write, when the ledger is added up (daily.h). Does nothing when there is one of that
** day already; *rows is 0 then. */
int snapshot_make(struct ctx *cx, struct db *db, int64_t day, int64_t *rows);

/* {day, made_at, ledger, known, rows: [{sku, name, category, warehouse, on_hand, reserved, velocity, ...}]}.
** known -1: the snapshot itself, or, when there is none, what is known now; else what was known at the end
** of that day, from the ledger. */
int snapshot_show(struct ctx *cx, struct db *db, int64_t day, int64_t known, struct jw *w, const char *key);

/* [{day, made_at, ledger, rows}], newest first. */
int snapshot_list(struct ctx *cx, struct db *db, int64_t limit, struct jw *w, const char *key);

#endif
