/*
** change.h - the change log: one append-only table in every tenant's file.
**
** Every write of a business record appends an entry in its own transaction.
** Audit trail, row history, undo, live events and replication are readers of
** this log, each with a position (seq).
**
** An entry:
**   seq    1, 2, 3 ... without a gap
**   hlc    hybrid logical clock (Kulkarni et al. 2014): milliseconds << 16 with a
**          counter below; never goes back, whatever the machine's clock does
**   unit   the unit of work it belongs to: a run's id, a request's id
**   table, key, before, after   one row, as JSON; or no key, and `after` names a
**          range of rows ({"run":..., "records":...}) so that a bulk load of a
**          million rows is one entry
**   hash   SHA-256 over the previous hash and every column of this entry above.
**          A changed, removed or reordered entry breaks the chain at its place;
**          a cut tail is noticed by the high-water mark (mark.h).
**   goes_on  1 where the entry before it is known to be of the same unit; else
**          NULL: a stretch of entries begins, and the index has it. The view
**          unit_log gives all entries of a unit.
*/
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include "base/hash.h"
#include "store/store.h"

struct change {
  const char *event; /* upper case, stable: RUN_STARTED, RECORD_UPDATED */
  const char *unit;  /* NULL: the unit of work itself */
  const char *table; /* NULL when no table changed */
  const char *key;   /* of one row, or NULL */
  struct str before; /* JSON; p NULL when there was nothing */
  struct str after;
  int64_t count;    /* rows that it stands for */
  const char *text; /* a sentence */
};

/* Appends within the open transaction. */
int change_append(struct ctx *cx, struct db *db, const struct change *c);

/* The next entry says nothing of the one before it. */
void change_new_stretch(struct db *db);

/* Walks the chain from its beginning. *bad is 0 when all is well, or the seq
** of the first entry that is missing or does not fit. *last is the last seq. */
int change_verify(struct ctx *cx, struct db *db, int64_t *bad, int64_t *last);

/* *bad is 0, or the seq of the first entry that goes on from one of another unit. */
int change_verify_units(struct ctx *cx, struct db *db, int64_t *bad);

/* The same from the first entry of a unit of work on, given that what stands
** before it holds. */
int change_verify_since(struct ctx *cx, struct db *db, const char *unit, int64_t *bad, int64_t *last);

/* The end of the log; seq 0 and zero hash when it is empty. */
struct change_end {
  int64_t seq, hlc;
  unsigned char hash[SHA256_SIZE];
};
int change_last(struct ctx *cx, struct db *db, struct change_end *out);

#endif
