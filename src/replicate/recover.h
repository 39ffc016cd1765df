/*
** recover.h - what this file lacks and headquarters holds: the part of the log behind fork_seq that went with an older copy.
**
**   records    become what they were last; where somebody changed the same record since, field by field: what only one side
**              changed is his, and what both did stays as this file has it (headquarters keeps the other as a conflict).
**              A record whose number another one has by now gets its own with " (2)", which goes up, too, and both are
**              named. Of master data, when all else is the same it is the same thing, made twice, and the earlier one is deleted
**   runs       their bytes are imported once more, as a run of a new number; those that had been undone are undone again. The
**              old run at headquarters ceases to count when the new one is there (recover_settle)
**   movements  of stock are published again: an id that is known does nothing
**
** All of it goes through the doors that everything goes through, in units of work named hq:..., so nothing of it is
** applied at headquarters once more. What cannot be brought back (bytes that never arrived, a record that refers to none)
** is named; headquarters holds it. It can be stopped at any moment and begins again: what is there is left alone.
*/
#ifndef REPLICATE_RECOVER_H
#define REPLICATE_RECOVER_H

#include "replicate/pg.h"
#include "store/store.h"

struct lost {
  const char *organization; /* uuid */
  const char *origins;      /* "{1,3}": whose parts are lost */
  int64_t origin, from, to; /* of this one of them the entries behind `from`, up to `to`; of others all */
};

/* Two records of one number, to be told to people. */
struct renamed {
  const char *subject, *title, *text;
  struct renamed *next;
};

struct recovered {
  int64_t records, renamed, records_left;
  int64_t runs, runs_left;
  int64_t moves;
  struct renamed *renames;
  const char *first_left; /* a sentence: what could not be brought back, and why; NULL */
};

int recover_lost(struct ctx *cx, struct tenant *t, struct pg *p, const struct lost *lost,
                 struct recovered *out);

/* Runs at headquarters that were imported again cease to count, as soon as headquarters holds what stands for them. */
int recover_settle(struct ctx *cx, struct tenant *t, struct pg *p);

#endif
