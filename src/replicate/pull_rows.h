/*
** pull_rows.h - what pull.c asks headquarters for (pull_look.c whether there is anything, pull_rows.c), and how one row of it
** comes in (pull_row.c).
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
  bool says_heirs;         /* what took the place of a deleted record: see gave_way.h */
  struct pg_rows *columns; /* table, column: what its tables have */
  struct pg_rows *scope;   /* table, field, value: which records this edge gets */
};

/* ---- positions, in sync_pull ---- */

struct position {
  const char *since, *upto, *last_key, *shape; /* since, upto: NULL without */
};
enum {
  PULL_SNAPSHOTS_BETWEEN =
      10000 /* transactions, after which a position moves although there was nothing new */
};
extern const char PULL_CONFLICTS[]; /* the table of conflicts, beside those of entities */

int pull_position_read(struct ctx *cx, struct db *db, const char *table, struct position *at);
int pull_position_save(struct ctx *cx, struct db *db, const char *table,
                       const struct position *at); /* inside tenant_write */
int64_t pull_snapshot_end(const char *snapshot);

/* ---- is there anything new? ---- */

struct pull_look {
  bool all, any; /* all: everything is to be looked at; any: there is something */
  bool *news;    /* of conflicts, then of each entity that comes down */
  bool requests; /* some are waiting */
  const char *shape, *version,
      *brought; /* what this depends on; the number of headquarters' schema, and of this file's */
};
bool pull_comes_down(const struct entity *e);
int pull_look(struct pull *pl, struct db *db, struct pull_look *out);
/* After a pass that left nothing. */
int pull_look_done(struct pull *pl, const struct pull_look *look);

/* ---- the questions ---- */

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

/* Parts of them. Rows `t` that a snapshot (SQL) did not see; that others than the origin $2 have written; conflicts
** that the edge of $2 lost. */
void pull_add_new(struct buf *out, const char *since);
#define PULL_NOT_MINE                                                                                        \
  " AND NOT (t.sync_origin IS NOT DISTINCT FROM $2::int AND NOT coalesce(t.sync_stamps::jsonb ? '*', "       \
  "false))"
#define PULL_NOT_SHIPPED " AND t.sync_at > 0" /* see shipped.h */
#define PULL_LOST_HERE                                                                                       \
  "t.lost_origin IN (SELECT o.origin FROM outpost.origin o JOIN outpost.origin me ON me.organization_id = "  \
  "o.organization_id AND me.edge_id = o.edge_id WHERE me.organization_id = $1::uuid AND me.origin = "        \
  "$2::int)"

/* Their columns. C_ROW is the row as the own log would write it. */
enum { C_ID, C_SCOPED, C_ROW, C_EXTRA, C_STAMPS, C_AT, C_ORIGIN, C_XID, C_HEAD, C_HEIR };

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
