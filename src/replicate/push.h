/*
** push.h - what is new at this edge goes up: batch after batch of each lane, composed here, applied there.
**
** Where a lane stands says headquarters, not this file: before the first batch of a lane it is asked, and what it says is taken. So
** a commit whose answer was lost, a process that was killed and an answer that came twice are all the same: the next batch begins where
** the last one ended there. Batches that arrived without our knowing are fetched into sync_batch, if they bear our signature.
**
** Batches grow while they take less than half of what a batch should take (PUSH_MS) and shrink when they take more than twice of it,
** or break; what the link bore last is where the next call begins. Lanes go in the order of business, and a lane
** gives way to the ones before it after PUSH_TURN_MS. Ranges that are long are sent over several connections at once (push_wide.c): each
** puts its batch in, and they commit in the order of the batches. OUTPOST_SYNC_CONNECTIONS says how many, 1 to 3.
*/
#ifndef REPLICATE_PUSH_H
#define REPLICATE_PUSH_H

#include "replicate/pg.h"
#include "store/store.h"

enum { PUSH_MS = 2000, PUSH_TURN_MS = 3000, PUSH_CONNECTIONS = 3 };

/* Sends what is due, for a few seconds at most; *more: there is more to be sent. Over a metered link the lane
** `log` alone, and nothing when the day's bytes are gone. E_CONFLICT when
** headquarters does not go on from what this file says (epoch.h finds out why). Called outside of any transaction. */
int push_some(struct ctx *cx, struct tenant *t, struct pg *p, bool *more);

#endif
