/*
** park.h - events that could not be taken: kept with the reason until somebody publishes them
** again, as they are or corrected, or discards them and says why.
**
** What comes again and again is one row that counts the times. One that was refused at the
** door is published anew; one that a group of this program could not take is given to that group again. Who
** did what stands in the change log: EVENT_REPLAYED, EVENT_DISCARDED.
*/
#ifndef EVENT_PARK_H
#define EVENT_PARK_H

#include "event/event.h"

/* Inside tenant_write. group: which group could not take it; "" when it was refused at the door. */
int event_park(struct ctx *cx, struct db *db, const char *topic, const char *group, const struct event *e,
               const char *reason);

/* After what was refused at the door was parked: E_BUSY when too much waits for a person by now, so that a device that
** went mad does not fill the disk. Whoever publishes keeps what he has and tries again; what is good is taken all the same,
** when it comes without what is not. */
enum { PARKED_MOST = 100000, PARKED_MIB_MOST = 256 };
int parked_check_room(struct ctx *cx, struct db *db);

struct parked_filter {
  const char *topic, *group, *state; /* NULL: all; the group "-": refused at the door */
  int64_t limit, before;             /* ids below; 0: from the newest on */
};

/* [{id, topic, group, event, partition, offset, reason, line, times, state, at, actor, body, cut, ended_at,
** ended_by, ended_text}], newest first; *total: how many there are without limit and before. */
int parked_list(struct ctx *cx, struct db *db, const struct parked_filter *f, struct jw *w, const char *key,
                int64_t *total);

/* How many wait; NULL: of all topics, of all groups and the door. */
int64_t parked_waiting(struct ctx *cx, struct db *db, const char *topic, const char *group);

/* Each a write_fn for tenant_write. body: a corrected one, p NULL for the one that is kept. What is wrong still is E_INVALID
** (E_CONFLICT for an id that was there with other content), and it stays parked. */
struct parked_deed {
  int64_t id;
  struct str body;    /* to replay it */
  const char *reason; /* to discard it */
};
int parked_replay(struct ctx *cx, struct db *db, void *deed);
int parked_discard(struct ctx *cx, struct db *db, void *deed);

/* All that wait, one by one; those that are refused again stay. topic: NULL for all. */
int parked_replay_all(struct ctx *cx, struct tenant *t, const char *topic, int64_t *replayed,
                      int64_t *refused);

#endif
