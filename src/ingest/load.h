/*
** load.h - judged rows into the tenant's file. Runs on the thread that has the
** writer, inside the run's transaction.
**
** Rows come in batches: a span of original bytes and the rows judged from it.
** The loader keeps the bytes, finds keys that are there already, stores clean
** rows 50 a statement, rejects with all their faults, and adds up totals.
**
** With batches (setup.batch) clean rows go into the table by so many, each lot in a savepoint. One that the
** database refuses is undone alone and halved until the row stands alone that it refuses: that one is
** an exception, of the rule `stored`, and all others are stored. (A trigger or a constraint that
** somebody added refuses rows; a disk that is full fails the run.)
*/
#ifndef INGEST_LOAD_H
#define INGEST_LOAD_H

#include "ingest/judge.h"

struct load_batch {
  const struct batch *raw;
  uint64_t first_record;
  struct str index; /* the `records` of raw_chunk, see 0003_runs.sql */
  uint32_t crc;     /* of the bytes, then the index */
  struct judged *rows;
  uint32_t row_count;
  struct ctx *keep; /* texts of the rows; faults are added to it */
};

struct load_result {
  int64_t read, clean, rejected;
  uint64_t clean_crc, reject_crc;       /* sums of row_crc and, alike, over the rejects */
  int64_t duplicate_sums[LIMIT_FIELDS]; /* of rows that were good but for their key */
  int64_t taken;                        /* rows whose key was taken, with or without other faults */
  int64_t repeated;                     /* ... by an earlier row of this file */
  int64_t updated, unchanged;           /* of the clean: took an older row's place; said the same as it */
  int64_t edits;                        /* of the updated: the older row was a person's edit */
  int64_t below;                        /* of the clean: went below the version of a later run */
  int64_t there;                        /* of the clean, redone: had stayed */
  int64_t settled;                      /* exceptions that clean rows settled */
  int64_t refused;                      /* rows that the database did not take */
  int64_t batches, failed_batches;      /* savepoints, and those of them that had to be divided */
  struct {
    const char *name;
    int64_t rows;
  } category[8]; /* rejected rows by category, in order of appearance */
  int category_count;
  struct str key_min, key_max; /* of the clean rows */
  struct str key_mid;          /* about half of them are not larger; empty when it is not known */
};

struct loader;

enum loader_mode {
  LOADER_ALL,
  LOADER_DERIVED_ONLY, /* the bytes are kept already */
  LOADER_REDO,         /* so are exceptions and totals: which rows are clean is known */
};

struct loader_setup {
  const struct judge_setup *judge;
  int64_t run, rank; /* rank: its place in the stacks of versions (versions.h) */
  bool update;       /* a row takes the place of an older one with its key; else it is rejected */
  enum loader_mode mode;
  int batch;              /* rows of a savepoint; 0: without */
  uint64_t rows_expected; /* about how many are to come, for the size of the key filter */
  int64_t at;             /* when and by whom exceptions are settled */
  const char *actor;
};

int loader_new(struct ctx *cx, struct db *db, const struct loader_setup *setup, struct loader **out);
int loader_add(struct ctx *cx, struct loader *l, const struct load_batch *b);
void loader_so_far(const struct loader *l, struct load_result *out); /* its counts */
/* Rows that failed a rule which the loader asks: uniqueness, and whether the database takes them. */
int64_t loader_failed(const struct load_result *r, const struct rules *rules, int rule);
int loader_end(struct ctx *cx, struct loader *l, struct load_result *out); /* writes the totals */

#endif
