/*
** visible.h - who may see what the change log says of a table. Asked wherever entries leave the file: pages of the log, live
** events, the topic of changes, the table audit_log, proofs.
**
** An entry about a record is for whoever may read the group of its entity, an entry about accounts, sessions and tokens
** for people.read, one about secrets for system.read. Runs, work and stock concern those who work with them, too.
** Everything else is for audit.read.
*/
#ifndef MODEL_VISIBLE_H
#define MODEL_VISIBLE_H

#include "base/ctx.h"

/* Permissions, one of which is enough. table: empty when none was changed. */
uint64_t table_readers(struct str table);
/* For whoever acts (ctx.may). */
bool table_visible(const struct ctx *cx, struct str table);
/* The tables whose entries somebody who may read the log itself (audit.read) does not see: a JSON array, NULL when there
** are none. */
const char *tables_hidden(struct ctx *cx);

#endif
