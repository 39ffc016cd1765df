/* rejudge_run.h - one run judged again. Private to rejudge.c. */
#ifndef INGEST_REJUDGE_RUN_H
#define INGEST_REJUDGE_RUN_H

#include "ingest/flow.h"
#include "ingest/holders.h"
#include "ingest/kept.h"
#include "ingest/rejudge.h"

/* What is carried from run to run. */
struct rejudge {
  const struct rejudge_request *request;
  struct rejudge_result *result;
  struct tenant *tenant;
  struct ctx *cx; /* of what the result holds */
  struct db *db;  /* the caller's reader */
  struct rules *rules;
  const char *holder_sql;
  bool stacks;      /* rows may have taken the place of others: see holders.h */
  bool certain;     /* a fault of the unique rule says that the key is held: no run was undone */
  bool corrections; /* exceptions were settled by rows: see rejudge_run.c */
  struct holders holders;
  struct map exceptions; /* of those that may differ: what they are after the change */
};

int rejudge_one(struct ctx *cx, struct rejudge *all, const struct kept_run *run, struct rejudge_run *out);

#endif
