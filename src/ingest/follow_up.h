/*
** follow_up.h - what follows when rows of a dataset begin or cease to count: the job that the dataset names.
**
** The table follow_up counts how often that happened (`wanted`) and how much of it was followed (`done`,
** written by the job in the transaction that ends it). A job's unique key is the dataset and the `done` that it
** starts from: while it waits or runs no second one is made, and when it ends with `wanted` larger than
** what it has seen, it orders the next itself.
*/
#ifndef INGEST_FOLLOW_UP_H
#define INGEST_FOLLOW_UP_H

#include "model/dataset.h"
#include "store/store.h"

/* In the transaction in which rows begin or cease to count. Nothing for a dataset without `follow`. */
int follow_up_order(struct ctx *cx, struct db *db, const struct dataset *d);

/* Whether all has been followed. */
int follow_up_is_done(struct ctx *cx, struct db *db, const struct dataset *d, bool *done);

#endif
