/*
** internal.h - what the files of this folder share. Private to it.
*/
#ifndef ARCHIVE_INTERNAL_H
#define ARCHIVE_INTERNAL_H

#include "archive/archive.h"

/* A month of a place. */
struct partition {
  const struct archive_table *table;
  int64_t place_number;      /* as the table has it */
  const char *place, *month; /* "" when the table has none; "2024-01" */
  int64_t from, to, last_id; /* from <= at < to */
  int64_t rows;
};

/* Rows of a partition that is in the table, in their order. */
int partition_each(struct ctx *cx, struct db *db, const struct partition *p, parquet_row_fn *fn, void *arg);

/* DIR/archive/SLUG of the file that the connection has opened. */
int archive_folder(struct ctx *cx, struct db *db, const char **out);

/* A file of the archive, opened; closed with the unit of work. */
int archive_open(struct ctx *cx, const char *path, struct parquet_reader **out);

/* The reason of a hold that the partition falls under; NULL: none. file: its reader, when it
** lies in a file. */
int hold_on(struct ctx *cx, struct db *db, const struct partition *p, const char *path, const char **reason);

/* A line of what a run says it did, for the partition. */
struct archive_step *archive_step_add(struct ctx *cx, struct archive_result *r, const struct partition *p);

/* Deletes the files of a table whose rows are all older than that; dry: says so only. */
int archive_purge(struct ctx *cx, struct tenant *t, const struct archive_table *table, int64_t keep_days,
                  bool dry, struct archive_result *out);

struct entity_hooks;
extern const struct entity_hooks legal_hold_hooks;

#endif
