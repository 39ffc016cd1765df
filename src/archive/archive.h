/*
** archive.h - rows that are seldom asked for leave their table for Parquet files.
**
**   DIR/archive/SLUG/stock_transactions/date=2024-01/warehouse=WAREHOUSE-001/part-0001.parquet
**
** Any program that reads Parquet finds its way there; ours goes by archive_partition, an
** index of what lies in which file. A row is in the table or in one registered file, never
** in both or neither, wherever the process is killed: the file is written under another
** name, brought onto the disk, named, read back completely, and only then, in one
** transaction in which the rows are compared once more, the rows leave the table and the
** file is registered. A file that nobody registered is taken over when it holds the rows
** that are to be written, and put aside when it does not.
**
** What a legal_hold names stays where it is: in the table, or in its file. A file whose rows others still need
** (archive_set_waits: headquarters does not have them) is deleted later; an alert `archive_waits` tells when that takes a week.
*/
#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

#include "archive/table.h"
#include "base/json.h"
#include "store/store.h"

/* ---- moving ---- */

struct archive_step {
  const char *table, *month, *place, *path; /* path NULL: stayed */
  int64_t rows, bytes;
  bool purged;      /* its file was deleted */
  const char *held; /* why it stayed */
};

struct archive_result {
  struct archive_step *step;
  size_t count;
  int64_t rows, bytes, purged, held;
};

/* Does what the active policies say. dry: tells what it would do. stop: asked between
** partitions, NULL for never. What was moved before a failure stays moved. */
int archive_run(struct ctx *cx, struct tenant *t, bool dry, bool (*stop)(void *arg), void *arg,
                struct archive_result *out);
void archive_result_json(struct jw *w, const char *key, const struct archive_result *r);

/* ---- asking ---- */

struct archive_filter {
  const char *place, *key;   /* warehouse, item; NULL: all */
  int64_t from, to;          /* from <= at < to, UTC us; to 0: no end */
  int64_t first_id, last_id; /* last_id 0: all */
};

/* What it took: for those who want to know. */
struct archive_effort {
  int64_t files, files_read, groups_read, groups, rows_read, rows;
};

/* The archived rows that fit, by month and place, in each by id; fn gets the columns of
** archive_table, and its texts live until it returns. Partitions are chosen by the index
** archive_partition_place, row groups by their smallest and largest values. E_FAIL names a
** file that is missing or was changed. effort may be NULL. */
int archive_rows_each(struct ctx *cx, struct db *db, const struct archive_table *table,
                      const struct archive_filter *filter, parquet_row_fn *fn, void *arg,
                      struct archive_effort *effort);

/* Of the ledger of stock, newest first: at most so many archived rows of an item (NULL: all), a warehouse (NULL:
** all) and from <= at < to (to 0: no end) that come before (before_at, before_id) in that order; found gets each as
** a JSON object, which lives as long as cx. For inventory's history, wired in main.c. */
int archive_latest(struct ctx *cx, struct db *db, const char *sku, const char *warehouse, int64_t from,
                   int64_t to, int64_t before_at, int64_t before_id, size_t most,
                   void (*found)(void *arg, int64_t at, int64_t id, const char *json), void *arg);

/* All rows, those in files first, as one Parquet file; days: both ends included. */
int archive_export(struct ctx *cx, struct db *db, const struct archive_table *table, int32_t from,
                   int32_t until, parquet_write_fn *write, void *arg);

/* [{table, month, place, part, path, rows, bytes, ...}] */
int archive_list(struct ctx *cx, struct db *db, struct jw *w, const char *key);

/* Every file is there and is as its entry of the change log says; found tells (a part of `verify`). */
int archive_verify(struct ctx *cx, struct db *db,
                   void (*found)(void *arg, const char *check, bool ok, const char *text), void *arg);

/* ---- wiring ---- */

void archive_register(void); /* in main.c: the rules of its entities, its kinds of jobs */

/* What else a legal_hold may name, for those who ask for holds themselves. main.c, once. */
/* Who else may still need the rows of a file that a policy would delete, those with the numbers first to last: *why tells, NULL:
** nobody. For main.c, before any thread. */
void archive_set_waits(int (*waits)(struct ctx *cx, struct db *db, const char *table, int64_t first,
                                    int64_t last, const char **why));

void hold_subjects_register(bool (*fits)(struct str subject), const char *help);

#endif
