/*
** gave_way.h - a record was deleted elsewhere because it gave way to another with its key (same_key.h), and records of this place name it.
**
** They name the other from then on. Who made one of them hears of the deletion sooner or later, and until then his record waits
** at the others (parked.h), since what it names is not there; so all that is alive follows, whatever order things arrive in. The change
** is an edit of this place like any other. Which one took the place says headquarters with the row of the one that is deleted
** (outpost.gave_way): the choice is an entry before the deletion, so it is known wherever that is.
**
** The other one may not be here yet; often it waits for the very key that is free now. Or a record that names the first may not name it. Then the
** row of the first waits in sync_parked, and is asked for again with every pass; an alert says so when that was in vain.
*/
#ifndef REPLICATE_GAVE_WAY_H
#define REPLICATE_GAVE_WAY_H

#include "model/entity.h"
#include "store/store.h"

/* Can another record name one of these? */
bool gave_way_matters(const struct entity *e);

/* Inside tenant_write, after the row of `id` came in, in the place of which is `to` (NULL: in none's). *waits: why it is to be asked for again;
** NULL: nothing is left to do. */
int gave_way_follow(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *to,
                    const char **waits);

#endif
