/*
** pull_rows.h - what pull.c asks headquarters for (pull_rows.c), and how one row of it comes in (pull_row.c).
*/
#ifndef REPLICATE_PULL_ROWS_H
#define REPLICATE_PULL_ROWS_H

#include "model/entity.h"
#include "replicate/clock.h"
#include "replicate/pull.h"
#include "replicate/state.h"

struct pull {
  struct ctx *cx;
  struct tenant *tenant;
  struct pg *pg;
  struct sync_upstream u;
  double begun;            /* time_seconds */
  const char *now;         /* headquarters' snapshot at the beginning */
  const char *hq;          /* which headquarters it is */
  struct pg_rows *columns; /* table, column: what its tables have */
  struct pg_rows *scope;   /* table, field, value: which records this edge gets */
};

/* Asks what all tables need: now, columns, scope. */
int pull_begin(struct pull *pl);
bool pull_has(const struct pull *pl, const char *table, const char *column);
/* What is asked for, as a short text: another one begins anew. */
const char *pull_shape(const struct pull *pl, const struct entity *e);

/* A page: $1 organization, $2 origin, $3 since, $4 upto, $5 the id before the first. `whole` is given for what is no entity. */
const char *pull_rows_sql(const struct pull *pl, struct ctx *cx, const struct entity *e, bool since,
                          const char *whole);
/* The same columns of the records whose ids are in $3, a JSON array. */
const char *pull_keys_sql(const struct pull *pl, struct ctx *cx, const struct entity *e);
extern const char PULL_CONFLICTS_SQL[];

/* Their columns. C_ROW is the row as the own log would write it. */
enum { C_ID, C_SCOPED, C_ROW, C_EXTRA, C_STAMPS, C_AT, C_ORIGIN, C_XID, C_HEAD };

/* ---- in a transaction of the tenant: pull_row.c ---- */

struct pulled {
  const struct pull *pl;
  const struct entity *e;
  int64_t log_end; /* the last entry of the own log */
  struct clock *clock;
};
int pulled_begin(struct ctx *cx, struct db *db, struct pulled *p);
/* A row comes in, or is parked with the sentence that says why not. */
int pulled_record(struct ctx *cx, struct db *db, const struct pulled *p, const struct pg_rows *rows, int i);
int pulled_conflict(struct ctx *cx, struct db *db, const struct pg_rows *rows, int i);

#endif
