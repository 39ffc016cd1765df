/*
** derive.h - the rows of a run once more, from its original bytes: what rebuild and redo have in common.
*/
#ifndef INGEST_DERIVE_H
#define INGEST_DERIVE_H

#include "ingest/flow.h"
#include "ingest/kept.h"

struct derived {
  struct flow_result flow;
  struct load_result load; /* its texts are gone */
};

/* Inside a transaction of db. mode: LOADER_DERIVED_ONLY or LOADER_REDO. */
int run_derive(struct ctx *cx, struct tenant *t, struct db *db, const struct kept_run *run,
               enum loader_mode mode, struct derived *out);

#endif
