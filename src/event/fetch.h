/*
** fetch.h - reading events out of a topic's log. Private to the folder.
*/
#ifndef EVENT_FETCH_H
#define EVENT_FETCH_H

#include "event/event.h"
#include "event/measure.h"

/* Events of one partition from an offset on, at most `most`, appended to events[*n]; fewer than
** there are where they are large, but never none. Texts live as
** long as the unit of work. A gap in the offsets (what retention took) is stepped over.
** brief: key and value are not set, which takes a third of the time. */
int fetch_events(struct ctx *cx, struct db *db, const struct topic *t, int partition, int64_t offset,
                 size_t most, bool brief, struct event *events, size_t *n);

#endif
