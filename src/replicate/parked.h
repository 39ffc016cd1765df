/*
** parked.h - how a row of headquarters comes into this file, and where it waits when a rule of the file refuses it: sync_parked, with
** the sentence, and an alert `sync_parked` as long as it waits. pull.h asks for it again with every pass.
*/
#ifndef REPLICATE_PARKED_H
#define REPLICATE_PARKED_H

#include "model/entity.h"
#include "store/store.h"

/* Inside tenant_write. The record becomes the row; its entry is of the unit hq:FROM, which never goes up again. */
int parked_take(struct ctx *cx, struct db *db, const struct entity *e, struct str from, const struct jv *row,
                const char *text);
/* Whether the failure is a rule of this file, against what is wrong with the file or the disk. */
bool parked_refused(const struct ctx *cx);

/* address: where people see what can be done. Nothing is said twice. */
int parked_add(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *reason,
               const char *address);
/* It is in, and something is left to do for which it is asked for once more; when it is still left then, people are told. */
int parked_wait(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *reason);
/* It is in now; *was: it waited. */
int parked_end(struct ctx *cx, struct db *db, const struct entity *e, const char *id, bool *was);

#endif
