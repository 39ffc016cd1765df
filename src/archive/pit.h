/*
** pit.h - a tenant's file as it was at a point in time.
**
** The change log is the clock: the point is its last entry until the time that is asked for
** (by the log's own clock, which never goes back). A source is taken that holds the log up to
** there - the file itself when it is sound, else the oldest copy that reaches so far - and a
** copy of it is taken back in a folder aside: every table by its own rule (pit_tables.c), the
** log is cut behind the point, what is derived is derived again, and all of it is verified.
** Only then it takes the place of the file, which is kept as a backup. The log goes on
** with RESTORED, which names the time.
**
** What was sent stays sent, and is not sent again: mails, requests, slots of schedules and
** positions of readers are not taken back beyond what there is to read. What was deleted for
** good since (expired events, purged files of the archive) does not come back.
*/
#ifndef ARCHIVE_PIT_H
#define ARCHIVE_PIT_H

#include "store/store.h"

/* How a table is taken back. */
enum pit_rule {
  PIT_RECORDS, /* an entity: by the entries of the log */
  PIT_CUT,     /* by a statement */
  PIT_DERIVED, /* made again from others */
  PIT_KEPT,    /* as it is: pit_tables.c says why */
};
/* false: nobody said how, and nothing can be restored. */
bool pit_rule_of(const char *table, enum pit_rule *rule);

/* What other folders do, wired in main.c: derive again, and prove. */
struct pit_hooks {
  int (*rebuild)(struct ctx *cx, struct tenant *t);                 /* what is derived */
  int (*verify)(struct ctx *cx, struct store *s, const char *slug); /* E_FAIL names what does not hold */
};
void pit_set_hooks(const struct pit_hooks *hooks);

struct pit_result {
  const char *source, *kept; /* what it was made of, and where the file of before is; kept NULL: unreadable */
  int64_t seq, cut;          /* the point; entries of the log that were taken back */
  int64_t at;                /* of the point */
  int64_t records;           /* that changed */
};

/* from: a copy to take instead of choosing; NULL. E_INVALID: the log does not reach so far. */
int pit_restore(struct ctx *cx, struct store *s, const char *slug, int64_t at, const char *from,
                struct pit_result *out);

#endif
