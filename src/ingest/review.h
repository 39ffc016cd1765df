/*
** review.h - what people decide about exceptions: who looks at it, and that it
** may stay out, with the reason. A record of the entity `review`, at most one
** for each exception, through the one door: logged, with history and as-of.
**
** Only an exception that is open can be reviewed: one that was corrected, or
** whose run was undone, is refused (E_CONFLICT).
*/
#ifndef INGEST_REVIEW_H
#define INGEST_REVIEW_H

#include "model/entity.h"
#include "store/store.h"

extern const struct entity_hooks review_hooks;

/* What is to be done to many; what is not given stays as it is. */
struct review_change {
  bool assigns, decides;
  const char *assignee; /* NULL: nobody */
  const char *decision; /* "accepted"; NULL: open again, and the reason goes */
  const char *reason;   /* of the decision: needed with "accepted" */
};

/* All of them in one transaction, or none. skip_settled: those that somebody settled
** meanwhile are left as they are instead of refusing all. *changed counts those that
** were not so already. At most LIMIT_AT_ONCE (E_LIMIT). E_NOT_FOUND, E_CONFLICT name
** the exception. */
int review_many(struct ctx *cx, struct tenant *t, const int64_t *exceptions, size_t count,
                const struct review_change *change, bool skip_settled, int64_t *changed);

/* Within the writer's transaction: run `to` is `from` judged again. What was decided about
** a record that is rejected once more holds for its new exception; one that was corrected
** is accepted, because the corrected row counts already. */
int review_carry(struct ctx *cx, struct db *db, int64_t from, int64_t to);

#endif
