/*
** recall.h - rows that those who read a tenant's file remember in common. Private to the store.
**
** Each commit makes SQLite forget the pages that a reader holds, and so a count over a table is read anew after each order, though nobody
** touched that table. Here the row stays as long as nobody has written a table that it was made of (content.h).
**
** A reader sees one state, which may be an older one. It takes a row only when its tables were written neither since the row was read nor since
** it looked, which was before it began to read; and when nobody else has committed between that look and now, when it
** has begun. So the row is that of its state, too.
*/
#ifndef STORE_RECALL_H
#define STORE_RECALL_H

#include "store/known.h"

struct recall;

struct recall *recall_new(void);
void recall_free(struct recall *r);

/* As known_find and known_keep, for a statement of this text on a reader. */
bool recall_find(struct ctx *cx, struct db *db, const char *sql, struct str key,
                 const struct known_row **out);
void recall_keep(struct db *db, const char *sql, const struct tables *of, struct str key,
                 const struct known_row *row);

#endif
