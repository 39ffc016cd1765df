/*
** rebuild.h - derive everything again. Clean rows, exceptions and totals of all
** runs are removed and made anew from the original bytes, run by run in their
** order, each by the rules as they stood when it began; the digests must come out
** as they are noted in the runs. One transaction: when anything differs, nothing
** is changed, and the answer names the run.
*/
#ifndef INGEST_REBUILD_H
#define INGEST_REBUILD_H

#include "store/store.h"

struct rebuild_result {
  int64_t runs, records;
  int64_t corrected; /* rows of what other folders derive that were not as they should be */
  double seconds;
};

/* What other folders derive, such as the levels of stock: made again in the same transaction; *corrected
** counts rows that were wrong. Registered in main.c. */
typedef int rebuild_part_fn(struct ctx *cx, struct db *db, int64_t *corrected);
void rebuild_part_register(rebuild_part_fn *fn);

/* E_CONFLICT names the first run that comes out differently. */
int rebuild_all(struct ctx *cx, struct tenant *t, struct rebuild_result *out);

#endif
