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
  double seconds;
};

/* E_CONFLICT names the first run that comes out differently. */
int rebuild_all(struct ctx *cx, struct tenant *t, struct rebuild_result *out);

#endif
