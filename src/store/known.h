/*
** known.h - what was read and cannot have changed since. Private to the store.
**
** A writer reads the same few rows again and again: a product by its SKU, whether a store is there, the end of the log.
** So it remembers which tables every statement reads and which it writes - SQLite's authorizer tells, of triggers, views and
** cascades, too, whenever it compiles one - and counts the writes of each table. As long as
** the counts of the tables that a statement reads are what they were, it would read the same again.
**
** What this connection does not count: a rollback and a commit of another connection begin a new age, in which
** nothing is known. Outside of a transaction that db_begin began nothing is known either. For connections that only read there is recall.h.
*/
#ifndef STORE_KNOWN_H
#define STORE_KNOWN_H

#include "store/db.h"
#include "store/tables.h"

/* Of one statement. */
struct uses {
  struct tables reads, writes;
  bool undoes; /* it rolls back */
};

struct known *known_new(sqlite3 *lite);
void known_free(struct known *k);

/* The authorizer is asked while SQLite compiles the statement that `uses` is of; NULL: nobody keeps it. */
void known_see(struct known *k, struct uses *uses, int action, const char *name);
/* Before every step of it. */
void known_step(struct known *k, const struct uses *uses);
/* A transaction of db_begin; version: PRAGMA data_version, read in it. */
void known_begin(struct known *k, int64_t version);

/* The tables that were written since this was last asked. */
void known_written(struct known *k, struct tables *out);
/* Whether it is still of the version that known_begin was told. */
bool known_is_current(const struct known *k, int64_t version);

/* false: nothing is known now. */
bool known_moment(const struct known *k, const struct uses *uses, struct moment *out);

/* The row that s stands on, in the unit's memory. */
struct known_row *known_read(struct ctx *cx, const struct stmt *s);
/* A row of this text alone. */
struct known_row *known_text(struct ctx *cx, struct str text);

/* A row and the texts behind it are one piece; to: as large. */
struct known_row *known_copy(void *to, const struct known_row *from);

/* The row that s gave for this key, copied into the unit's memory. */
bool known_find(struct known *k, struct ctx *cx, const struct stmt *s, const struct uses *uses,
                struct str key, const struct known_row **out);
/* row NULL: there was none. */
void known_keep(struct known *k, const struct stmt *s, const struct uses *uses, struct str key,
                const struct known_row *row);

#endif
