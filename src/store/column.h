/*
** column.h - columns of a row as members of a JSON object.
*/
#ifndef STORE_COLUMN_H
#define STORE_COLUMN_H

#include "base/json.h"
#include "store/store.h"

/* NULL is null. */
void column_text(struct jw *w, const char *key, const struct stmt *s, int i);
void column_time(struct jw *w, const char *key, const struct stmt *s, int i); /* UTC microseconds */

/* Several of them, from the column `from` on, in the words that a route's reply has, too (http/shape.h):
**
**   columns_write(w, s, 0, "seq: int, at: instant, actor, held: text?, ok: bool, -, payload: any?");
**
** text (when nothing is said), int, number4 (a whole number with so many decimals), bool, instant (UTC microseconds), any (JSON as
** it is). With a ? NULL is null, with a ! the member is left out then; without, it is "" or 0. An instant of 0 is null when it
** says `known`. A - passes one column over. */
void columns_write(struct jw *w, const struct stmt *s, int from, const char *members);

/* The rest of a statement as an array of such objects. */
int columns_list(struct ctx *cx, struct stmt *s, struct jw *w, const char *key, const char *members);

#endif
