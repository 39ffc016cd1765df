/*
** rows.h - the clean rows behind a figure, in the order of their keys.
**
** There is no index on groups and days, so that imports stay fast: a page looks
** at a bounded number of rows and for a bounded time, gives what it found and a
** cursor to go on from. A page may be short, or empty, and still have a next one.
**
** Of a run that was undone no table holds the rows any more: they are read again
** from its original bytes, record by record.
**
** row   key, run, record, source, line, offset, length (bytes in the file),
**       fate ("clean", "replaced" by a later run, "undone"),
**       values {order_id, order_date, region, product, quantity, revenue}
*/
#ifndef EXPORT_ROWS_H
#define EXPORT_ROWS_H

#include "export/scope.h"

enum { ROWS_LIMIT = 50, ROWS_MOST = 1000 };

struct rows_query {
  struct scope scope;
  const char *prefix; /* the key begins so; NULL: any */
  const char *after;  /* a cursor, or NULL */
  int64_t limit;
  bool raw; /* each row with its original line, decoded */
};

enum { ROWS_RUNS = 8 };
struct rows_result {
  const char *next;            /* the cursor to go on from, NULL at the end */
  int64_t total;               /* rows in the scope by its stored totals; -1 where a prefix is asked for */
  int64_t looked;              /* rows that the page looked at */
  const char *runs[ROWS_RUNS]; /* those that the rows came with, the first few */
  int64_t run_ids[ROWS_RUNS];
  int run_count;
};

/* An array of rows. */
int rows_write(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct rows_query *q,
               struct rows_result *out);

/* GET /api/rows: the array, "total" and "next" beside it. */
int rows_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p);

/* ---- one row, for those who write it ---- */

struct data_row {
  const struct dataset *dataset;
  struct str key;
  int64_t run, record;
  struct value value[DATASET_FIELDS]; /* text of texts and codes, number of days and decimals */
  const char *fate;
};

/* The row from a statement that selects dataset_row_columns. Its texts live as long as the unit of work. */
void data_row_take(struct ctx *cx, struct db *db, const struct dataset *d, const struct stmt *s,
                   struct data_row *out);

struct run_name {
  int64_t id;
  const char *uuid, *source, *kind, *actor, *encoding;
  int64_t started;
  bool undone;
};
int run_name(struct ctx *cx, struct db *db, int64_t run, struct run_name *out);

/* The members of a row document, into an open object; raw: its original line, too. */
int data_row_write(struct ctx *cx, struct db *db, struct jw *w, const struct data_row *r,
                   const struct run_name *name, bool raw);
/* "line", "offset" and "length" of a record, and "raw": its bytes decoded, without the
** line end; null where there are none. */
void place_write(struct jw *w, const struct kept_record *at);
void raw_write(struct jw *w, const char *encoding, struct str bytes);

#endif
