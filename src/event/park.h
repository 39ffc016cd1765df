/*
** park.h - events that could not be taken: kept with the reason until somebody publishes them
** again, as they are or corrected, or discards them and says why.
**
** What comes again and again is one row that counts the times.
*/
#ifndef EVENT_PARK_H
#define EVENT_PARK_H

#include "event/event.h"

/* Inside tenant_write. group: which group could not take it; "" when it was refused at the door. */
int event_park(struct ctx *cx, struct db *db, const char *topic, const char *group, const struct event *e,
               const char *reason);

#endif
