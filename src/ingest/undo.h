/*
** undo.h - an import is one undoable unit.
**
** Undo takes a run's versions out of the stacks (versions.h):
**   removed    rows that it had created are gone
**   restored   where it had taken an older row's place, that row is back
**   kept       a later run or a person has changed the row since: what they made stays
**   blocked    the row would be gone, but a record speaks of it (entity.h, row_key), so
**              it stays; undo_kept says why
**   reopened   exceptions that its rows had settled are open again
** Redo puts the versions back, derived again from the original bytes:
**   placed     rows on top where there was nothing
**   replaced   ... on top of an older row
**   below      ... under what a later run or a person made meanwhile
**   there      rows that had stayed
**   settled    exceptions that they settle again
** Original bytes, exceptions and the run's own totals stay, whatever happens. The
** change log has an entry for each undo and redo.
*/
#ifndef INGEST_UNDO_H
#define INGEST_UNDO_H

#include "ingest/kept.h"

enum { UNDO_NAMED = 1000 }; /* rows that are named; the rest is counted */

struct undo_row {
  const char *key, *reason;
  const char *run, *actor; /* who made what stays; NULL for a blocked row */
  int64_t at;
};

struct undo_dependent {
  const char *kind; /* exceptions, corrections, reviews */
  int64_t count;
  const char *text;
};

struct undo_result {
  bool redo, dry_run;
  const char *run;
  const struct dataset *dataset;
  int64_t removed, restored, kept, blocked, reopened;
  int64_t placed, replaced, below, there, settled;
  struct undo_row *kept_rows, *blocked_rows;
  int kept_named, blocked_named;
  struct undo_dependent dependent[3];
  int dependent_count;
  int64_t before[1 + DATASET_TOTALS], after[1 + DATASET_TOTALS]; /* orders, then the total fields */
  double seconds;
};

/* run: an id, a unique prefix or "latest". dry_run: all is done, told and taken back.
** E_CONFLICT: it is undone already (is not), was never done, or stands for a run that
** counts again. */
int undo_run(struct ctx *cx, struct tenant *t, const char *run, bool dry_run, struct undo_result *out);
int redo_run(struct ctx *cx, struct tenant *t, const char *run, bool dry_run, struct undo_result *out);

/* {run, action, dry_run, rows {...}, kept [{key, reason, run, actor, at}], blocked [{key, reason}],
** dependents [{kind, count, text}], figures {before, after}, seconds} */
void undo_json(struct jw *w, const char *key, const struct undo_result *r);

/* Within the writer's open transaction. undo_apply notes it in the log; undo_replay and
** redo_replay do what an entry of the log says was done, and note nothing. */
int undo_apply(struct ctx *cx, struct db *db, const struct kept_run *run, struct undo_result *out);
int undo_replay(struct ctx *cx, struct db *db, const struct kept_run *run, struct str entry, int64_t at,
                const char *actor);
int redo_replay(struct ctx *cx, struct tenant *t, struct db *db, const struct kept_run *run);

#endif
