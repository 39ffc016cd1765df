/*
** push_internal.h - private to push.c and push_wide.c: one call of push_some.
*/
#ifndef REPLICATE_PUSH_INTERNAL_H
#define REPLICATE_PUSH_INTERNAL_H

#include "replicate/apply.h"
#include "replicate/compose.h"
#include "replicate/push.h"
#include "replicate/state.h"

struct push {
  struct tenant *tenant;
  struct pg *pg;
  struct applier *applier;
  const char *organization;
  int64_t origin;
  struct sign_key *key;
};

/* How much a batch may be, and what one took. full: the budget ended it. */
void push_measured(double ms, bool full);
void push_broke(void);
bool push_is_full(const struct up_batch *b);

/* The next batch of a lane that is at `lane`, not sealed yet; no rows: there is nothing. Its texts live in cx. */
int push_compose(struct ctx *cx, struct push *u, const struct sync_lane *lane, struct up_batch *b,
                 bool *whole);
/* It waits in a bundle: known here, and not confirmed. Inside tenant_write. */
int push_note(struct ctx *cx, struct db *db, const struct seal *s);
/* What a connection was asked since then. */
struct push_effort {
  int64_t statements, bytes;
};
struct push_effort push_effort(const struct pg *p);

/* It is at headquarters: the lane here moves. before: of its connection, before the batch. */
int push_confirm(struct ctx *cx, struct tenant *t, const struct up_batch *b, double seconds,
                 const struct pg *p, struct push_effort before);

/* What comes behind `from`, until that time on the clock of time_seconds; *whole: up to the end of the log. */
int push_wide(struct ctx *cx, struct push *u, const struct sync_lane *from, double until, bool *whole);

#endif
