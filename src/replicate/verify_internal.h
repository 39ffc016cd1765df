/* verify_internal.h - what verify.c (which tables, and the report), verify_ranges.c (rows by ranges) and verify_records.c
** (records of entities) share. */
#ifndef REPLICATE_VERIFY_INTERNAL_H
#define REPLICATE_VERIFY_INTERNAL_H

#include "model/entity.h"
#include "replicate/pg.h"
#include "replicate/state.h"
#include "replicate/stream.h"
#include "replicate/verify.h"

/* The first difference of a table. */
struct difference {
  const char *table, *key, *column; /* column NULL: the row is on one side only */
  const char *here, *there;         /* values; NULL: none */
  const char *text;
};

struct verifying {
  struct ctx *cx;
  struct db *db;
  struct pg *pg;
  struct sync_upstream up;
  const char *origins; /* all of this edge that this file knows: "{1,3}" */
  int64_t compared, to_pull;
  struct difference *first; /* NULL: none so far */
};

/* ---- verify_ranges.c ---- */

/* Rows of one table that are of one origin there. */
struct ranged {
  struct up_section like; /* table, columns, keys */
  const char *kinds;      /* of the columns, see stream.h */
  const char *condition;  /* SQL at headquarters */
  /* Gives all of them, in the order of the keys, to ranged_take. */
  int (*each)(struct verifying *v, struct ranged *r);
  const char *sql;  /* composed, or ... */
  enum sql_id id;   /* ... fixed */
  int64_t from, to; /* parameters of `each` */
  const int64_t *runs;
  int run_count;
  const struct dataset *dataset;
  struct collected *into; /* private */
};
int ranged_take(struct verifying *v, struct ranged *r, const struct stmt *s);
/* `each` of movements of stock: those behind `from`, up to `to`, in the table or in files. */
int ranged_moves(struct verifying *v, struct ranged *r);
/* *rows: how many there are here; *found: the first difference, or NULL. */
int ranged_compare(struct verifying *v, struct ranged *r, int64_t *rows, struct difference **found);

/* ---- verify_records.c ---- */

/* The records of an entity; log_seq: what headquarters has of the log. */
int records_compare(struct verifying *v, const struct entity *e, int64_t log_seq, int64_t *rows,
                    struct difference **found);

/* The column in which two rows differ, and what stands there. */
void name_column(struct ctx *cx, const char *columns, struct str here, struct str there,
                 struct difference *d);

#endif
