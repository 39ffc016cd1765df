/*
** load.h - judged rows into the tenant's file. Runs on the thread that has the
** writer, inside the run's transaction.
**
** Rows come in batches: a span of original bytes and the rows judged from it.
** The loader keeps the bytes, finds keys that are there already, stores clean
** rows 50 a statement, rejects with all their faults, and adds up totals.
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
};

/* rows_expected: about how many are to come, for the size of the key filter. */
int loader_new(struct ctx *cx, struct db *db, const struct judge_setup *setup, int64_t run,
               uint64_t rows_expected, enum loader_mode mode, struct loader **out);
int loader_add(struct ctx *cx, struct loader *l, const struct load_batch *b);
void loader_counts(const struct loader *l, int64_t *clean, int64_t *rejected); /* so far */
int loader_end(struct ctx *cx, struct loader *l, struct load_result *out);     /* writes the totals */

#endif
