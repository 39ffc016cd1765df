/*
** spoken.h - of which records the batches on their way speak, so that two of them that speak of the same one change it in their order.
**
** At most SPOKEN_AT_ONCE batches of the log are on their way: batch i is composed when batch i - SPOKEN_AT_ONCE has been committed, and so have
** all before it. Nobody needs to wait for those, so what they spoke of is forgotten: as much is kept as there are batches, however long the
** backlog is.
*/
#ifndef REPLICATE_SPOKEN_H
#define REPLICATE_SPOKEN_H

#include <stdint.h>

#include "base/map.h"

enum { SPOKEN_AT_ONCE = 5 };

struct spoken {
  struct map of[SPOKEN_AT_ONCE]; /* of batch i in [i % SPOKEN_AT_ONCE]: table and key of each record */
};
void spoken_init(struct spoken *s);
void spoken_clear(struct spoken *s);

/* Batch i, of the entries in `lines` (COPY text of change_log). Called for 0, 1, 2 ... The answer is the last batch before it, of those that may
** be on their way, that speaks of one of its records, too; -1: none does. */
int64_t spoken_batch(struct spoken *s, int64_t i, struct str lines);

#endif
