/*
** pull.h - what changed at headquarters comes down: records of the entities that say `sync down` or `sync both`, and the
** conflicts that this edge lost there.
**
** WHAT IS NEW is said by snapshots, not by numbers. Every row has the transaction that wrote it last (sync_xid). A pass over a
** table takes a snapshot `upto` and reads the rows that it sees and that the snapshot of the pass before, `since`, did not see;
** then `upto` becomes `since`. A transaction that was long open at headquarters is in neither until it ends, and then in
** the next: it neither hides a row nor keeps others waiting. A pass is read in pages by id; page and position are one transaction here,
** so a pass goes on wherever it was cut. Without `since` (the first time, another shape of the question, or a
** headquarters whose transactions began anew) it is all rows.
**
** Rows that only this edge has written are skipped: it has them.
**
** HOW A ROW COMES IN. Edits that headquarters did not know when the row was read (entries behind the head of the lane `log`, read
** in the same statement) are merged into it (merge.h), and the outcome goes through the one door with headquarters' stamps;
** nothing is logged when it is so already. The entry's unit is "hq:<transaction>", by which it is known never to go
** up again. What the merge lost goes to the inbox (conflict.h).
**
** A row that breaks a rule of this file (its key is taken here, or what it refers to did not come yet) is parked with the
** sentence and asked for again with every pass, never dropped, and never in the way of others; an alert `sync_parked`
** stands as long as it waits.
**
** Columns that this program does not know are not read; as a change goes up field by field, headquarters keeps them. Fields that
** headquarters has no column for come back from `extra`. A program that knows more asks from the beginning.
**
** SCOPE. outpost.scope says which rows an edge gets: of a table that has lines there, those that have one of the values in each
** field that is named. Others are deleted here (and not there). A scope that changed is another shape: all is looked at again.
**
** OWNERSHIP. A line of outpost.scope with the field "*" and the value "read only" keeps a table at headquarters: this edge gets
** its records and changes none, whoever asks for it (pull_may_change, the guard of the one door). What was changed before it
** heard of that goes up and is merged.
*/
#ifndef REPLICATE_PULL_H
#define REPLICATE_PULL_H

#include "model/entity.h"
#include "replicate/pg.h"
#include "store/store.h"

enum { PULL_PAGE = 500 };

/* One pass over the tables that have something new, page by page, some seconds at most; *more: there is more to come.
** *requests: some are waiting (request.h), or it is not known. Nothing new anywhere is known by one question. Called outside of any
** transaction. E_NOT_FOUND when the tenant is not enrolled. */
int pull_some(struct ctx *cx, struct tenant *t, struct pg *p, bool *requests, bool *more);

/* May records of this entity be changed here? E_CONFLICT: headquarters keeps them. */
int pull_may_change(struct ctx *cx, struct db *db, const struct entity *e);

#endif
