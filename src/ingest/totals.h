/*
** totals.h - sums by the group fields of a dataset, in memory.
**
** Cells are few (days x regions x products); where they are many, the table is
** flushed to the file by adding, and starts anew.
*/
#ifndef INGEST_TOTALS_H
#define INGEST_TOTALS_H

#include "model/dataset.h"
#include "store/store.h"

enum { GROUPS_MAX = DATASET_GROUPS, SUMS_MAX = DATASET_TOTALS };

struct totals; /* of one run */

struct totals *totals_new(struct ctx *cx, struct db *db, const struct dataset *d, int64_t run);
/* False when a sum does not fit into 64 bits any more. */
bool totals_add(struct totals *t, const int64_t groups[GROUPS_MAX], const int64_t sums[SUMS_MAX]);
bool totals_full(const struct totals *t);
int totals_flush(struct ctx *cx,
                 struct totals *t); /* adds all to the totals of the run and to what counts now */

/* Days, regions ... whose sums of what counts now are not those of the rows; 0 is right. */
int64_t totals_unfounded(struct ctx *cx, struct db *db, const struct dataset *d);

#endif
