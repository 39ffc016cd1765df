/*
** compose.h - a reader of the change log that makes batches for headquarters (batch.h). It knows nothing of connections.
**
** Three lanes read the log, each from a position of its own: what people did goes before what they imported, and that
** before the files' own bytes.
**
**   log    every entry of the log, as it is. Records of entities follow from it.
**   rows   what entries stand for that name a range: versions of datasets, exceptions, movements of stock, and how the runs are
**   raw    the original bytes of files
**
** A position is a JSON text:
**
**   {"seq":41}                                        all up to entry 41 is there
**   {"seq":41,"entry":57,"step":1,"after":"S-1042"}   and of entry 57 the steps before 1, and of that what stands up to S-1042
**
** A batch reads one state of the file, the next one another, and what was read between may have moved: a version keeps its key
** and stands in one of two tables, a run is told as it is now, and told again by the entry that changed it. A run that was
** undone while its rows went up leaves fewer of them there; they do not count, and an entry that brings it
** back sends all that are missing.
*/
#ifndef REPLICATE_COMPOSE_H
#define REPLICATE_COMPOSE_H

#include "replicate/clock.h"
#include "replicate/stream.h"

struct compose_budget {
  int64_t rows, bytes; /* a batch ends when it has as many, at least one row is in it */
};

/* What comes behind the position, into a batch whose seal says organization, lane, origin, sequence, previous and position_from.
** No rows: there is nothing, now; position_to may have moved all the same, over entries that this lane has no part in.
** *whole: it ends at the end of the log. Called with a reader of its own: what it reads is one state of the file. */
int compose_batch(struct ctx *cx, struct db *db, const struct compose_budget *budget, struct up_batch *b,
                  bool *whole);

/* The last entry that is wholly there; 0 for NULL and "{}". */
int64_t position_seq(struct ctx *cx, const char *position);

#endif
