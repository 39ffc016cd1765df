/*
** schema_tables.h - the tables that entities and datasets have at headquarters. Private to replicate/.
*/
#ifndef REPLICATE_SCHEMA_TABLES_H
#define REPLICATE_SCHEMA_TABLES_H

#include "replicate/schema.h"

/* Within the transaction of init: makes what is missing, adds columns, grants. */
int schema_tables(struct ctx *cx, struct pg *p, struct jw *said);

/* Then the views of datasets. */
int schema_views(struct ctx *cx, struct pg *p, struct jw *said);

/* Was it made of this text the last time? And: it was made of this one now. */
int schema_part_same(struct ctx *cx, struct pg *p, const char *name, const char *text, bool *same);
int schema_part_note(struct ctx *cx, struct pg *p, const char *name, const char *text);

#endif
