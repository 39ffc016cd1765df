/*
** bind.h - a statement with its values in one breath: the first stands for ?1, the next for ?2.
**
**   struct stmt *s = db_ask(cx, db, SQL_runs_between, from, until, dataset->name);
**   return db_act(cx, db, SQL_run_rename, run->id, name);
**
** The values are those of base/args.h; a bool is 0 or 1. Texts and blobs are not copied, as in store.h. A statement that is
** NULL stays NULL, and cx says why. No value at all: db_stmt.
*/
#ifndef STORE_BIND_H
#define STORE_BIND_H

#include "base/args.h"
#include "store/store.h"

struct stmt *stmt_bind_all(struct stmt *s, int count, const struct arg *values);

/* What the first row says, after which the statement ends: its first column as a number (`otherwise` when there is no row),
** and whether there is one. */
int64_t stmt_number(struct ctx *cx, struct stmt *s, int64_t otherwise);
bool stmt_exists(struct ctx *cx, struct stmt *s);
/* The first column of all rows, in the unit of work. */
int stmt_numbers(struct ctx *cx, struct stmt *s, int64_t **list, size_t *count);

/* clang-format off */
#define stmt_bind(s, ...) stmt_bind_all((s), ARGS(__VA_ARGS__))
#define db_ask(cx, db, id, ...) stmt_bind(db_stmt((cx), (db), (id)), __VA_ARGS__)
#define db_act(cx, db, id, ...) stmt_run((cx), db_ask((cx), (db), (id), __VA_ARGS__))
/* clang-format on */

#endif
