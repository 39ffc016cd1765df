/*
** versions.h - the stack of versions of a key.
**
** Each run that brings a row for a key brings a version of it. Versions are
** ordered by the rank of their runs (0005_versions.sql). The one on top stands in
** the dataset's table, those below it in its past_table; versions of undone runs
** are in neither. So what there is depends only on which runs count.
**
** current_table is the sum of what is on top: whoever changes a stack says in
** `taken` what no longer counts.
*/
#ifndef INGEST_VERSIONS_H
#define INGEST_VERSIONS_H

#include "ingest/judge.h"
#include "ingest/totals.h"

struct versions;

struct version_top {
  int64_t run, rank, record;
  bool edit; /* a person made it, see edit.h */
};

/* A field's value as the tables have it: codes as ids of terms. */
void versions_bind(struct stmt *s, int i, const struct field *f, const struct value *v);

/* For putting the rows of a run on stacks. */
int versions_new(struct ctx *cx, struct db *db, const struct dataset *d, int64_t run, struct totals *taken,
                 struct versions **out);

/* What is on top; false when the key is free. */
bool versions_top(struct ctx *cx, struct versions *v, struct str key, struct version_top *out);

/* A row of the run takes the place of what versions_top has just found: that goes into
** past_table and out of current_table. The values of codes are ids of terms. key_field:
** see load.c. *same: whether the values are the same. */
int versions_replace(struct ctx *cx, struct versions *v, const struct judged *row, int key_field, bool *same);

#endif
