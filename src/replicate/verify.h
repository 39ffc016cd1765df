/*
** verify.h - do both sides hold the same? Every table is compared by digests of ranges of rows, which each side computes of
** what it has stored; where two differ, the rows of the range are looked at, and then their columns.
**
**   log, runs and how they were judged, exceptions and what settled them, rows that undo kept, raw chunks, movements of stock,
**   versions of dataset rows    up to where headquarters has confirmed them
**   records of entities    those that this edge was the last to write; what others wrote there since is still to be pulled
**
** What was not sent yet is no difference: it is counted. Versions of undone runs stand at headquarters alone, so only runs that
** count are compared; what headquarters has under an epoch of this edge is looked for there.
*/
#ifndef REPLICATE_VERIFY_H
#define REPLICATE_VERIFY_H

#include "base/json.h"
#include "replicate/pg.h"
#include "store/store.h"

/* {"same", "sentence", "compared", "not_sent", "rows_not_sent", "to_pull", "first": null | {"table", "key", "column", "here", "there", "text"},
** "tables": [{"table", "rows", "same"}], "seals": [texts], "stays": [...]}: a table is left at its first difference. seals: what
** outpost.check_chain and check_batches find at headquarters. stays: what is not held there row by row, and why (holdings.h). */
int sync_verify(struct ctx *cx, struct tenant *t, struct pg *p, struct jw *w, bool *same);

#endif
