/*
** totals.h - sums by the group fields of a dataset, in memory.
**
** Cells are few (days x regions x products); where they are many, the table is
** flushed to the file by adding, and starts anew.
**
** They go to one of two tables: the totals of a run, which stay as they were when
** it was imported, or what is there now (current_table), which every import, undo
** and redo moves on.
*/
#ifndef INGEST_TOTALS_H
#define INGEST_TOTALS_H

#include "model/dataset.h"
#include "store/store.h"

enum { GROUPS_MAX = DATASET_GROUPS, SUMS_MAX = DATASET_TOTALS };

struct totals;

struct totals *totals_new(struct ctx *cx, struct db *db, const struct dataset *d, int64_t run);
/* What is to be taken away from current_table. */
struct totals *totals_taken(struct ctx *cx, struct db *db, const struct dataset *d);
/* False when a sum does not fit into 64 bits any more. */
bool totals_add(struct totals *t, const int64_t groups[GROUPS_MAX], const int64_t sums[SUMS_MAX]);
bool totals_full(const struct totals *t);
int totals_flush(struct ctx *cx, struct totals *t); /* adds all to its table */

/* current_table takes in the stored totals of a run, or gives them back (sign -1). */
int totals_count(struct ctx *cx, struct db *db, const struct dataset *d, int64_t run, int sign);
/* ... or rows, by the FROM of their SELECT: ?1 in it is the run, where that is not 0; ?2
** and ?3, where `keys` is not NULL, its smallest and largest key. */
int totals_count_rows(struct ctx *cx, struct db *db, const struct dataset *d, const char *from, int64_t run,
                      const struct str keys[2]);
/* Cells of current_table that nothing is left in go. */
int totals_tidy(struct ctx *cx, struct db *db, const struct dataset *d);

#endif
