/*
** inventory.h - what main.c wires up of the inventory: the door of its topic, the hooks of
** its records, its kinds of jobs, and what it proves and derives.
*/
#ifndef INVENTORY_INVENTORY_H
#define INVENTORY_INVENTORY_H

#include "store/store.h"

void inventory_register(void); /* before any tenant is opened */

/* Parts of `verify` (ingest/verify.h): every row of the ledger is as the change log seals it; the levels
** follow from it. */
typedef void inventory_found_fn(void *arg, const char *check, bool ok, const char *text);
int inventory_verify_ledger(struct ctx *cx, struct db *db, inventory_found_fn *found, void *arg);
int inventory_verify_levels(struct ctx *cx, struct db *db, inventory_found_fn *found, void *arg);
/* Part of `rebuild`: levels and sums once more, from the ledger. */
int inventory_rebuild(struct ctx *cx, struct db *db, int64_t *corrected);

#endif
