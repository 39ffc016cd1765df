/*
** apply.h - a batch arrives at headquarters. It comes over a connection or out of a file; this side knows nothing of the edge's own.
**
** One transaction: the rows of its sections, the records that follow from the entries of the log in it, the position of its lane
** and the batch itself with hash and signature. So a batch is there whole or not at all, and once: the lane moves only from
** the sequence and hash that the batch names as the one before.
**
** COPY into tables with row-level security is not allowed, so rows are copied to a temporary table (dropped by the commit) and inserted
** from there; few rows go as one JSON parameter instead, which spares the server's catalog the temporary table. Measured with a
** million rows of clean sales, PostgreSQL 15, batches of 20,000: 0.8 to 1.0 of psql's \copy into the same table with its key, as
** fast as arrays in binary; binary COPY, ORDER BY and larger batches gained nothing.
**
** Records: what happened to one in this batch is one net change: the first `before`, the last `after`, and for every field that changed
** its last stamp. Where nobody else has written the record since this edge knew it, all net changes of an entity are one UPDATE,
** and one INSERT of those that are new; what is left is merged one by one (outpost.merge_row, see merge.h). Properties that
** headquarters has no column for are kept in `extra`. Entries of units "hq:..." came from headquarters and change nothing there.
**
** Several connections may apply batches of one lane at once: apply_rows and apply_changes in any order, apply_commit in that of the
** sequence; only this needs the batch to be sealed. Records belong to apply_commit, as two batches could hold a record that both change;
** apply_own is for those of whom that is not so.
*/
#ifndef REPLICATE_APPLY_H
#define REPLICATE_APPLY_H

#include "replicate/batch.h"

struct
    applier; /* a connection and what is known of the tables there; lives as long as the unit of work that opened it */

/* E_FAIL when there is no schema of ours. */
int apply_open(struct ctx *cx, struct pg *p, struct applier **out);

/* Has headquarters tables for this lane? One that came later waits for `outpost upstream init` there and holds nothing up. */
bool apply_takes(const struct applier *a, const char *lane);

struct apply_lane {
  int64_t sequence;                /* of the last batch that is there; 0: none */
  const char *position;            /* "{}" at the beginning */
  unsigned char hash[SHA256_SIZE]; /* of that batch */
};
/* Where a lane is; it is begun when it is not there yet. */
int apply_lane(struct ctx *cx, struct applier *a, const char *organization, int64_t origin, const char *lane,
               struct apply_lane *out);

/* Opens a transaction and puts the rows in; headquarters may still be at it. */
int apply_rows(struct ctx *cx, struct applier *a, const struct up_batch *b);
/* What follows from them for records is brought there, while that goes on. */
int apply_changes(struct ctx *cx, struct applier *a, const struct up_batch *b);
/* Changes the records that nobody but this edge writes, ahead of its turn: when no batch that is before this one and not committed speaks
** of any of them. apply_commit does it otherwise. */
int apply_own(struct ctx *cx, struct applier *a);
/* Changes the records, moves the lane, stores the batch, commits. E_CONFLICT: the lane is not where the batch begins; nothing has happened.
** When the connection breaks (pg_is_broken) the outcome is not known: ask apply_lane. */
int apply_commit(struct ctx *cx, struct applier *a, const struct up_batch *b);

#endif
