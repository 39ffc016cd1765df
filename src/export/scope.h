/*
** scope.h - which rows a figure is about.
**
** Either a run, as it was imported (its stored totals never change), or what
** counts now: the rows on top, whichever run brought them. Within either, rows
** of one group (region=North) and of some days (from, to, both inclusive).
**
** Groups are told by their text, a date group by its day. A text that occurs
** nowhere is no error: nothing is in that group.
*/
#ifndef EXPORT_SCOPE_H
#define EXPORT_SCOPE_H

#include "base/json.h"
#include "export/params.h"
#include "ingest/kept.h"

struct scope_filter {
  int field;
  const char *text;
  int64_t term; /* 0: no row has it */
};

struct scope {
  const struct dataset *dataset;
  bool current;        /* else of `run` */
  struct kept_run run; /* state is done */
  bool undone;         /* the run was: its rows are in no table */
  int day;             /* the field of from and to; -1: the dataset has none */
  bool has_from, has_to;
  int32_t from, to;
  struct scope_filter filter[DATASET_GROUPS];
  int filter_count;
};

/* dataset: its name, or NULL for the parameter `as`, or the program's first one.
** also: further parameters that are allowed. E_NOT_FOUND: no such dataset or run;
** E_INVALID: a parameter that does not exist, a day that is none; E_CONFLICT: the
** run did not come to its end. */
int scope_read(struct ctx *cx, struct db *db, const char *dataset, const struct params *p,
               const char *const *also, struct scope *out);

/* A dataset by its name; NULL is the program's first one. E_NOT_FOUND says which there are. */
int scope_dataset(struct ctx *cx, const char *name, const struct dataset **out);

/* The table of sums, and the condition on it with its parameters. */
const char *scope_totals(const struct scope *s);
const char *scope_where(struct ctx *cx, const struct scope *s); /* " WHERE ...", or "" */
void scope_bind(const struct scope *s, struct stmt *stmt);

/* The same condition with its values in it, for people to run in the sqlite3 shell. */
const char *scope_where_shown(struct ctx *cx, const struct scope *s);
const char *scope_literal(struct ctx *cx, const char *text); /* 'it''s' */

/* Group and day conditions on a row whose fields begin at a column of a statement. */
bool scope_holds(const struct scope *s, const struct stmt *stmt, int column);

/* "scope", "run", "from", "to" into an open object. */
void scope_write(struct jw *w, const struct scope *s);
/* "region=North&from=2024-01-01&run=...": what makes it this scope; "" for all that counts now. */
const char *scope_query(struct ctx *cx, const struct scope *s);
/* "of North, from 2024-01-01 on, in run 0193... (orders.csv)"; "" for all that counts now. */
const char *scope_text(struct ctx *cx, const struct scope *s);

#endif
