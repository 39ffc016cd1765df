/*
** shipped.h - records that came with the program (lists, rules, schedules ...) and that nobody has touched: no entry of the log names
** them, so nothing else brings them to headquarters, where figures may depend on them.
**
** They are put there as they are here, unless they are there, with stamps of 0: any edit of anybody, before or after, wins. None comes
** down: each place has those of its own program. Sent when headquarters is another one, or has another schema, or was set back, and
** when this file has a newer schema: whenever everything is looked at (pull_look.c).
*/
#ifndef REPLICATE_SHIPPED_H
#define REPLICATE_SHIPPED_H

#include "base/json.h"
#include "replicate/pull_rows.h"

/* Outside of any transaction of the tenant. */
int shipped_send(struct pull *pl);

/* The same in a bundle: the object {table: [record, ...]}, written and put there. */
int shipped_write(struct ctx *cx, struct db *db, struct jw *w, const char *key);
int shipped_put(struct ctx *cx, struct pg *p, const char *organization, int64_t origin,
                const struct jv *tables);

#endif
