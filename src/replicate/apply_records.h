/*
** apply_records.h - private to apply.c and apply_records.c: records from the entries of the log.
*/
#ifndef REPLICATE_APPLY_RECORDS_H
#define REPLICATE_APPLY_RECORDS_H

#include "base/map.h"
#include "replicate/net.h"

struct applier {
  struct pg *pg;
  struct ctx *cx;   /* of apply_open: names of types live there */
  struct map types; /* "table column" -> a pointer to the name of its type */
  struct map known; /* tables whose columns were asked for */
  bool merges;      /* outpost.merge_row is there */
  bool checks;      /* outpost.run_check is there */
  int temporary;    /* tables made in this transaction */
  struct net net;   /* of the batch that is under way */
  struct putting *puttings;
};

/* NULL: headquarters has no such column. */
const char *apply_type(const struct applier *a, const char *table, struct str column);

struct apply_source {
  const char *from; /* stands behind FROM, and is called s */
  struct arg json;  /* its parameter; p NULL: it has none */
};
int apply_source(struct ctx *cx, struct applier *a, const char *table, const char *columns, int64_t rows,
                 struct str copy, int parameter, struct apply_source *out);

/* The net changes of the batch: on their way first, and then, in its turn, in the records. Both in the unit of work of the batch. */
int apply_bring(struct ctx *cx, struct applier *a, const struct up_batch *b);
int apply_records(struct ctx *cx, struct applier *a, bool own); /* own: those that only this edge writes */

#endif
