/*
** column.h - columns of a row as members of a JSON object. NULL is null.
*/
#ifndef STORE_COLUMN_H
#define STORE_COLUMN_H

#include "base/json.h"
#include "store/store.h"

void column_text(struct jw *w, const char *key, const struct stmt *s, int i);
void column_int(struct jw *w, const char *key, const struct stmt *s, int i);
void column_time(struct jw *w, const char *key, const struct stmt *s, int i); /* UTC microseconds */

#endif
